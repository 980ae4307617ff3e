# The sealed part of a code break's record, and what is said of sealed records.

sealed =
    .title = Sealed part
    .what = Write here what could tell the treatment: relatedness as you judge it now that you know, and any text. It is sealed on this device, and the service cannot read it.
    .who = Investigators of this centre, the hotline and the statistician can open it. Everybody else sees that it exists. Opening it is an entry.
    .open = Unlock and open
    .none = Nothing is sealed about this code break yet.
    .no-key = Sealed under a key that you do not hold, and not shown:
    .at = Sealed
    .related = Relatedness, the treatment known
    .narrative = Text that could tell the treatment
    .narrative-hint = At most 1,000 characters. No names: what is sealed cannot be altered afterwards.
    .write = Seal what you know now
    .sign = Seal and sign: { $number }
    .ended = This code break is closed. Nothing is written about it any more.
    .fact = Sealed part
    .there = sealed
    .missing = missing
    .offer = Sealed part: read or write
    .missing-what = No sealed part was written: relatedness once the treatment was known. Seal it first, or write why there is none.
sealed-says =
    .long = What was typed is too long. Nothing was kept.
    .sealed = A sealed record does not open: it was altered or exchanged. Nothing of it is shown or counted. Tell the statistician.
    .entry = A sealed record is not the one that its entry in the trail kept. Nothing is shown or counted. Tell the statistician.
    .related = Say whether the event is related to treatment.
    .narrative = The text is at most 1,000 characters, without control characters.
