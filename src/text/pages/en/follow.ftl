# After a code break: its record, its closure, planned safety unblindings.

follow =
    .title = A code break
    .when = Broken
    .why = Reason
    .until = Record due by
    .opening = Opening
    .record = Record
    .due = record due
    .overdue = record overdue
    .written = record written
    .closed = closed
    .by-then = due by { $time }
    .late = { $ref } is overdue since { $time }
    .in-time = Record of { $ref }: due by { $time }
    .write = Write the record
    .write-again = Write the record again
    .close = Close as principal investigator
    .no-treatment = Do not write the treatment here, nor anything that tells it.
    .unconfirmed-what = No device has confirmed that the release was opened. It counts as unblinded; write what is known of it.
    .overdue-count = Records of code breaks that are overdue: { $count }.
    .you-know = You know this treatment. It is not shown here; to see it again, break the code again.
    .again-person = second break by this person within a day
    .again-centre = second break at this centre within a day
    .withdrawn = Requests that were withdrawn, so that no code was broken: { $count }.
