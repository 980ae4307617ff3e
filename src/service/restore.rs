//! Restoring: from a backup alone when nothing was answered since, else with lines that a mirror has kept. An administrator
//! attests it with account and password, and says why; the entry `restored` stands in the trail before anything is issued.

use super::founding::{Means, origin};
use crate::dice::{Dice, roll};
use crate::domain::access::{Caller, RestoreBackup};
use crate::domain::entry::Entry;
use crate::domain::ids::PersonId;
use crate::sealing::bytes::hex;
use crate::sealing::checkpoint::{TrailKey, TrailSigner};
use crate::sealing::password::Hashed;
use crate::store::backup::fits_its_hash;
use crate::store::restore::{Lost, Mirror, NotRestored, Restoring, read_backup};
use crate::store::{Folder, OpenError, View};
use std::path::Path;
use zeroize::Zeroizing;

/// Who restores, and why.
pub struct Attested {
    /// An administrator's account.
    pub by: PersonId,
    /// Its password, as it was when the backup was made.
    pub password: Zeroizing<String>,
    /// In their words; kept beside the line.
    pub why: String,
}

/// What was restored.
#[derive(Debug)]
pub struct Restored {
    /// Entries in the backup.
    pub stored: u64,
    /// Entries that a mirror gave.
    pub recovered: u64,
    /// The entry that says so.
    pub entry: u64,
    /// What came back without its whole.
    pub lost: Lost,
}

/// The key that a folder's secret signs a trial's checkpoints with.
///
/// # Errors
/// When the secret cannot be read.
pub fn trail_key(folder: &Folder, trial: &str) -> Result<TrailKey, OpenError> {
    let signer = TrailSigner::new(&origin(trial), &folder.read_secret()?);
    TrailKey::parse(&signer.vkey()).map_err(|_| OpenError::WrongSecret)
}

/// Makes a folder again from a backup, and from lines that were kept elsewhere.
///
/// # Errors
/// Every reason for which nothing was restored; the folder then has no database, as before.
pub fn restore(
    folder: &Folder,
    backup: &Path,
    mirror: &Mirror,
    attested: &Attested,
    means: &Means,
) -> Result<Restored, NotRestored> {
    let (hash, fits) = fits_its_hash(backup)?;
    if fits == Some(false) {
        return Err(OpenError::Tables("file").into());
    }
    let mut restoring = begin(folder, backup, mirror)?;
    let secret = folder.read_secret()?;
    let stored = restoring.stored();
    let recovered = restoring.bring_forward(mirror, &secret, means.dice.as_ref())?;
    attest(&restoring.view(), attested)?;
    let lost = restoring.lost().clone();
    let size = stored + recovered;
    let entry = Entry::new("restored")
        .on("person", attested.by.as_str())
        .with("from", stored)
        .with("to", size)
        .with("promised", restoring.promised())
        .with("backup", hex(&hash))
        .with("private-lost", lost.private.len() as u64)
        .with("keys-lost", lost.keys.len() as u64)
        .with("pharmacy-lost", lost.pharmacy.len() as u64)
        .with("accounts-lost", lost.accounts.len() as u64)
        .private("why", attested.why.as_str());
    let entry = restoring.finish(entry, means.clock.now(), roll(means.dice.as_ref()))?;
    Ok(Restored { stored, recovered, entry, lost })
}

/// What a drill came to.
#[derive(Debug)]
pub struct Tried {
    /// How many entries came back.
    pub entries: u64,
    /// What came back without its whole.
    pub lost: Lost,
}

/// A restore that is tried: everything but the entry and the name. What a mirror does not reach is left out, and told by
/// how many entries came back: only then would a restore in earnest be refused.
///
/// # Errors
/// When copy or mirror do not verify.
pub fn try_restore(
    scratch: &Folder,
    backup: &Path,
    mirror: &Mirror,
    dice: &dyn Dice,
) -> Result<Tried, NotRestored> {
    let (trial, stored) = read_backup(backup)?;
    let promised = scratch.promised(&trail_key(scratch, &trial)?)?;
    let mut restoring = scratch.begin_restore(backup, promised.clone())?;
    if mirror.covers(stored, promised.size).is_ok() {
        restoring.bring_forward(mirror, &scratch.read_secret()?, dice)?;
    }
    let entries = restoring.check()?;
    Ok(Tried { entries, lost: restoring.lost().clone() })
}

fn begin(folder: &Folder, backup: &Path, mirror: &Mirror) -> Result<Restoring, NotRestored> {
    let (trial, stored) = read_backup(backup)?;
    let promised = folder.promised(&trail_key(folder, &trial)?)?;
    // Told before anything is copied: a backup may be large.
    mirror.covers(stored, promised.size)?;
    folder.begin_restore(backup, promised)
}

/// An administrator who is one now, with the password as it stands in the backup.
fn attest(view: &View<'_>, attested: &Attested) -> Result<(), NotRestored> {
    let account = view.account(&attested.by)?.filter(|account| account.state == "active");
    let account = account.ok_or(NotRestored::NotTheirs)?;
    let caller = Caller { person: account.person, verbs: None };
    caller.may_somewhere::<RestoreBackup>().map_err(|_| NotRestored::NotTheirs)?;
    let hash = view.password_hash(&attested.by)?.and_then(|text| Hashed::read(&text));
    match hash.is_some_and(|hash| hash.fits(&attested.password)) {
        true => Ok(()),
        false => Err(NotRestored::NotTheirs),
    }
}
