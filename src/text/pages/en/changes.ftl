# Keys and the list as they change: rotation, passing on, voided codes, drills.

void =
    .title = Void a code
    .what = For a code that became known before it was issued: its letter was opened, or it was in a kit that is lost. It is never issued; participants get the next ones. Whoever verifies the trial sees that it was left out, and no blinded reader sees where.
    .only-unissued = A code that is issued stays its participant's. If its arm became known, have that reported as an accidental unblinding.
    .code = Code
    .code-hint = Seven digits
    .reason = How it became known
    .reason-hint = At most 500 characters. No names, nothing about a participant, no arm.
    .for-ever = This cannot be taken back.
    .sign = Sign and void this code
    .done = The code is void. It will not be issued.
