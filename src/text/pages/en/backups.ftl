# How the copies of the database are: on the page of the service's health.

backups =
    .made = Last backup
    .made-none = None was ever made here
    .made-remedy = A backup is made every night: klero backup create
    .read = Last backup read again
    .read-none = None was ever read again
    .read-remedy = Where the copies are kept: klero backup verify
    .tried = Last backup restored to try it
    .tried-none = None was ever tried
    .tried-remedy = A backup that was never restored is a hope: klero backup drill
    .tried-lost = issued codes that did not come back: { $lost }
    .at = { $at }, { $entries } entries
