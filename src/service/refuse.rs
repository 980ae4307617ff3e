//! Refusals: told to the caller, and kept in the trail when they were about a right or a state.

use super::House;
use crate::domain::access::Caller;
use crate::domain::entry::Entry;
use crate::domain::ids::CentreId;
use crate::refusal::{Code as Why, Refusal};
use crate::store::release::NotWanted;
use crate::store::{Refuses, Stamp, StoreError};

/// A refusal with what was wanted.
#[derive(Debug)]
pub struct Noted {
    /// What the caller is told.
    pub refusal: Refusal,
    /// The act, and where.
    pub wanted: Option<(&'static str, Option<CentreId>)>,
}

impl From<StoreError> for Noted {
    fn from(error: StoreError) -> Self {
        Self { refusal: error.into(), wanted: None }
    }
}

impl Refuses for Noted {
    fn entry(&self) -> Option<Entry> {
        let (act, centre) = self.wanted.as_ref()?;
        leaves_an_entry(self.refusal.code).then(|| entry(act, centre.as_ref(), self.refusal.code))
    }
}

fn entry(act: &str, centre: Option<&CentreId>, why: Why) -> Entry {
    let entry = Entry::new("refused").with("wanted", act).with("problem", why.as_str());
    match centre {
        Some(centre) => entry.at(centre),
        None => entry,
    }
}

/// A slip of the pen or a fault of the machine is no refusal; everything the trial's rules say is.
fn leaves_an_entry(why: Why) -> bool {
    !matches!(
        why,
        Why::MalformedRequest
            | Why::InvalidFields
            | Why::ChangedSinceRead
            | Why::IdempotencyKeyReused
            | Why::SlowDown
            | Why::Internal
            | Why::ReadOnly
            | Why::TrailDamaged
            | Why::CheckpointStoreAway
            | Why::ClockOff
            | Why::Starting
    )
}

impl House {
    /// Keeps a refusal that was decided before the writer was asked.
    pub(super) async fn refuse(&self, caller: &Caller, act: &str, why: Why) -> Refusal {
        let stamp = Stamp::person(&caller.person.id, caller.role());
        let entry = entry(act, None, why);
        let pending = self.store.write(stamp, |tx| Ok::<_, Noted>(tx.append(entry)?));
        // The refusal stands whether or not its entry could be kept; a full disk must not turn a no into a yes.
        let _ = pending.answer().await;
        Refusal::new(why)
    }
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        Refusal::new(match error {
            StoreError::Busy => Why::SlowDown,
            StoreError::Full | StoreError::Failed => Why::ReadOnly,
            StoreError::Constraint => Why::Internal,
            StoreError::CheckpointStoreAway => Why::CheckpointStoreAway,
            StoreError::ClockOff => Why::ClockOff,
            StoreError::Damaged => Why::TrailDamaged,
            StoreError::Stopped => Why::Starting,
        })
    }
}

impl From<NotWanted> for Refusal {
    fn from(not: NotWanted) -> Self {
        match not {
            NotWanted::NotIssued => Refusal::new(Why::NoSuchRecord),
            NotWanted::NotGranted => Refusal::new(Why::NotGrantedYet),
            NotWanted::NotPassed => Refusal::new(Why::KeyNotPassed),
            NotWanted::Store(error) => error.into(),
        }
    }
}
