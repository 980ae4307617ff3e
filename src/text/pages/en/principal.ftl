# Who is principal investigator, where that changes later.
principal =
    .title = Principal investigator
    .is = principal investigator
    .give = Mark { $name } as principal investigator
    .take = Take the mark of principal investigator from { $name }
    .give-question = Mark { $name } as principal investigator?
    .take-question = Take the mark of principal investigator from { $name }?
    .what = A principal investigator closes code breaks of the own centres. Where anybody is marked, nobody else does.
    .give-what = From now on, other investigators of these centres who are not marked close no code break.
    .take-what = If nobody else is marked there, any investigator of the centre closes code breaks again.
