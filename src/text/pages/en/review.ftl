# A monitor's review of the trail.
review =
    .title = Review of the trail
    .what = It reaches as far as you verified the trail last. Verify it first, then read what your plan says, then sign here.
    .scope = What you looked at, and why
    .scope-hint = At most 500 characters: the plan you followed, the entries or kinds you read, what you found. No treatment.
    .sign = Sign: reviewed
    .link = Sign that you reviewed it
