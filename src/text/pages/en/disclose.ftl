# The list is published, in stages or at once: what the statistician records.
disclose =
    .title = Record a disclosure
    .what = For a file that klero list disclose wrote and that you have published. Its hash is recorded here, under your signature; the file itself never comes to this service, which must know neither groups nor arms.
    .when = Possible once recruitment of the whole trial is closed. A meaning is recorded after the groups, and each file once.
    .before = Recorded so far
    .stage = What was published
    .stage-hint = As the command says it: published.
    .groups = Groups: who was in A or B, and no arm
    .meaning = Meaning: which arm was A
    .issued = Issued slots alone; all others stay sealed
    .list = The whole list: its secret
    .file = Hash of the file
    .file-hint = As the command prints it: 64 digits and letters from a to f. Spaces do not matter.
    .for-ever = This cannot be taken back.
    .sign = Sign and record the disclosure
