//! Founding a service: the first entry names the trial's configuration and the public commitment, and everything after
//! it hangs from there.

use super::clock_watch::ClockWatch;
use super::pace::{Pace, Paces};
use super::passkeys::Passkeys;
use super::people::{Invitation, write_invitation};
use super::refuse::Noted;
use super::second_factor::Guesses;
use super::sign_in::Failures;
use super::sign_on::SignOn;
use super::unblinded::Past;
use super::{House, passwords::Passwords};
use crate::clock::Clock;
use crate::dice::{Dice, roll};
use crate::domain::entry::{Entry, Fact, fact};
use crate::sealing::bytes::{hex, sha256, unhex_array};
use crate::sealing::line;
use crate::sealing::lock::ServerSecret;
use crate::sealing::manifest::SignedManifest;
use crate::sealing::password::Cost;
use crate::store::faults::{Faults, NoFaults};
use crate::store::{Folder, OpenError, Opening, Stamp, StoreError, View};
use crate::trial_file;
use std::fmt;
use std::sync::{Arc, OnceLock};
use zeroize::Zeroizing;

/// Why a house could not be founded or opened.
#[derive(Debug)]
pub enum HouseError {
    /// The folder.
    Open(OpenError),
    /// The store, in the middle.
    Store(StoreError),
    /// The configuration does not read. The findings say where.
    Trial(Vec<trial_file::Finding>),
    /// The manifest is not of this trial file.
    OtherConfiguration,
    /// The first entry, or what it names, is not there.
    NotFounded,
}

impl fmt::Display for HouseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Open(error) => error.fmt(f),
            Self::Store(error) => error.fmt(f),
            Self::Trial(_) => f.write_str("the trial's configuration has mistakes"),
            Self::OtherConfiguration => {
                f.write_str("the manifest was signed over another trial or configuration")
            }
            Self::NotFounded => f.write_str("the first entry of the trail is not there"),
        }
    }
}

impl std::error::Error for HouseError {}

impl From<OpenError> for HouseError {
    fn from(error: OpenError) -> Self {
        Self::Open(error)
    }
}

impl From<StoreError> for HouseError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// What a house is opened with.
pub struct Means {
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// The randomness.
    pub dice: Arc<dyn Dice>,
    /// How dear a password guess is.
    pub cost: Cost,
    /// What may fail; in earnest, nothing.
    pub faults: Box<dyn Faults>,
}

impl Means {
    /// In earnest.
    pub fn new(clock: Arc<dyn Clock>, dice: Arc<dyn Dice>) -> Self {
        Self { clock, dice, cost: Cost::EARNEST, faults: Box::new(NoFaults) }
    }
}

/// Founds a store for a trial and its public commitment, and invites the first administrator. Returns the token.
///
/// # Errors
/// When anything exists already, or trial file and manifest do not belong together.
pub fn found(
    folder: &Folder,
    trial_text: &str,
    manifest: &SignedManifest,
    admin: Invitation,
    means: Means,
) -> Result<Zeroizing<String>, HouseError> {
    let trial = trial_file::read(trial_text).map_err(HouseError::Trial)?;
    let configuration = sha256(trial_text.as_bytes());
    let committed = &manifest.manifest;
    if committed.trial != trial.id || committed.configuration != configuration {
        return Err(HouseError::OtherConfiguration);
    }
    folder.found(means.dice.as_ref())?;
    let secret = folder.read_secret()?;
    let origin = origin(trial.id.as_str());
    let token = Zeroizing::new(hex(&roll::<20>(means.dice.as_ref())));
    let hash = sha256(token.as_bytes());
    let opening = Opening { clock: means.clock, dice: means.dice, faults: means.faults, origin };
    let store = folder.open(&secret, opening)?;
    let entry = Entry::new("founded")
        .with("trial", trial.id.as_str())
        .with("configuration", hex(&configuration))
        .with("manifest", hex(&manifest.hash()))
        .with("purpose", committed.purpose.as_str())
        .with("program", concat!("klero ", env!("CARGO_PKG_VERSION")));
    let (trial_text, file) = (trial_text.to_owned(), manifest.to_file_text());
    let pending = store.write(Stamp::service(), move |tx| {
        tx.keep(trial_text.as_bytes())?;
        let file = tx.keep(file.as_bytes())?;
        tx.append(entry.with("file", file))?;
        write_invitation(tx, &admin, Past::default(), &hash)?;
        Ok::<_, Noted>(())
    });
    match pending.wait() {
        Ok(_) => Ok(token),
        // Nothing can be refused here but by the store.
        Err(_) => Err(HouseError::Store(StoreError::Failed)),
    }
}

/// The origin line of checkpoints.
pub fn origin(trial: &str) -> String {
    format!("klero/{trial}")
}

impl House {
    /// Opens a founded folder.
    ///
    /// # Errors
    /// Every reason for which nothing may be answered.
    pub fn open(folder: &Folder, means: Means) -> Result<Self, HouseError> {
        let secret = folder.read_secret()?;
        Self::open_with(folder, secret, means)
    }

    /// Opens a founded folder with a secret that came from elsewhere, such as a systemd credential.
    ///
    /// # Errors
    /// As [`House::open`].
    pub fn open_with(
        folder: &Folder,
        secret: ServerSecret,
        means: Means,
    ) -> Result<Self, HouseError> {
        let Means { clock, dice, cost, faults } = means;
        let origin = origin(&folder.trial_of()?);
        let opening = Opening { clock: clock.clone(), dice: dice.clone(), faults, origin };
        let store = folder.open(&secret, opening)?;
        let (trial_text, manifest) = store.read(founded_in)?;
        let trial = trial_file::read(&trial_text).map_err(HouseError::Trial)?;
        let configuration = sha256(trial_text.as_bytes());
        let passwords = Passwords::start(cost, dice.as_ref());
        let signature_slips = Failures::default();
        let (trial, secret) = (Arc::new(trial), Arc::new(secret));
        let watch = ClockWatch::start(clock.as_ref());
        Ok(Self {
            store,
            trial,
            configuration,
            manifest,
            secret,
            clock,
            dice,
            passwords,
            signature_slips,
            guesses: Guesses::default(),
            passkeys: Passkeys::default(),
            speaks_to: OnceLock::new(),
            sign_on: SignOn::default(),
            paces: Paces::new(Pace::Any),
            watch,
        })
    }
}

/// The trial file and the manifest that the first entry names.
pub(super) fn founded_in(view: &View<'_>) -> Result<(String, SignedManifest), HouseError> {
    let text = view.line(0)?.ok_or(HouseError::NotFounded)?;
    let line = line::parse(&text).map_err(|_| StoreError::Damaged)?;
    let content = |name: &str| match fact(&line.entry.data, name) {
        Some(Fact::Text(hash)) => match unhex_array(hash) {
            Some(hash) => view.content(&hash),
            None => Ok(None),
        },
        _ => Ok(None),
    };
    let named = content("configuration")?.zip(content("file")?);
    let (trial, manifest) = named.ok_or(HouseError::NotFounded)?;
    let trial = String::from_utf8(trial).map_err(|_| HouseError::NotFounded)?;
    let manifest = String::from_utf8(manifest).map_err(|_| HouseError::NotFounded)?;
    let manifest = SignedManifest::parse(&manifest).map_err(|_| HouseError::NotFounded)?;
    Ok((trial, manifest))
}
