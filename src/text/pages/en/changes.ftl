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

gauge =
    .gauge = Gauge
    .drawn = { $issued } issued and { $voided } void of { $slots }; the line marks four fifths
    .until = How long it lasts
    .lasts = until about { $likely } (between { $earliest } and { $latest })
    .nobody = no code was issued lately; not before { $earliest }
    .far = later than ten years from now
    .from = { $counted } codes in { $days } days
    .too-little = nothing can be said yet, or nothing is left
    .method = What is left, divided by the pace of the last 90 days, or of all days since the trial's first code when there are fewer (at least 14). In brackets: the same with the ends of the pace's 95 % range, taken as a Poisson count. What chance does from now on is not in it, nor a change of pace.
