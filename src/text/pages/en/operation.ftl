# The manual: its first page is written in both languages, the pages of the commands in English.

manual =
    .name = NAME
    .about = randomises the participants of a blinded trial, hands out sealed codes, and cannot unblind anybody
    .synopsis = SYNOPSIS
    .what = DESCRIPTION
    .description = The statistician seals the list at home, after a public commitment. The service keeps sealed slots and no key that opens one. Holders open single slots on their own devices, and every opening proves itself against the commitment. What a command finds goes to standard output, what is said beside it to standard error; nothing is ever overwritten.
    .commands = COMMANDS
    .exit = EXIT STATUS
    .done = done
    .exits = Any other number says why not; each command’s --help lists its own.
    .more = SEE ALSO
    .read-on = klero COMMAND --help has examples. The pages of the commands, such as klero-serve(1) and klero-trail-verify(1), are in English.

# Commands, as the manual’s first page lists them.
manual-command =
    .trial = check the trial’s file
    .key = identities and public cards, on the holder’s own machine
    .list = draw, seal, verify, import, simulate and disclose the list
    .open = open one released slot on the holder’s own device
    .kit = the emergency kit, for the day when the service is down
    .pharmacy = the pharmacy’s sealed records, on a holder’s own machine
    .verify = verify list, trail and data set from public files, without a network
    .report = reports that name arms, on the statistician’s own machine
    .vectors = check the test vectors of every format
    .trail = verify and export the trail
    .init = found a service for one trial and its public commitment
    .serve = run the service
    .backup = copies of the database
    .schema = the database’s schema
    .openapi = print the description of the interface
    .demo = play the whole story with invented people
    .completions = print what a shell needs to complete the commands
    .man = write the pages of the manual
