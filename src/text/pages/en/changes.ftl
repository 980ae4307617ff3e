# Keys and the list as they change: rotation, passing on, voided codes, drills.

pass-on =
    .title = Pass on a key
    .what = These participants moved. Their code stays, and opens at the new centre once the key of this one code was passed on. You open nothing by it.
    .nobody = Nobody's key waits.
    .give = Pass on: { $number }
    .sign-title = Pass on the key of { $number }
    .to = To
    .gives = Gives
    .one-code = the key of this one code, and no other
    .sign = Sign and pass on: { $number }
    .done-title = Passed on: { $number }
    .done-what = The pharmacists of that centre can prepare from now on. Your key is locked again.
    .to-list = Back to the list
