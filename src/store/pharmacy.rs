//! Sealed records: kept under the service's lock, and lifted only after the entry that says so is durable, as a slot is.
//! What they say is known on holders' devices alone. How far preparations have come is looked up here too.

use super::queries::{read_id, reference};
use super::release::HeldWrap;
use super::writer::Receipt;
use super::{StoreError, Tx, View};
use crate::domain::access::{Granted, ReadStock};
use crate::domain::entry::Entry;
use crate::domain::ids::{CentreId, PersonId, Reference, TrialId};
use crate::domain::time::Moment;
use crate::sealing::lock::{NotOurLock, ServerSecret};
use crate::sealing::sealed_record::{LockedRecord, RecordKind, RecordPlace, SealedRecord};

/// How far a released preparation has come: the same for every arm.
#[derive(Debug, Clone)]
pub struct Progress {
    /// The release.
    pub reference: Reference,
    /// For which visit.
    pub visit: String,
    /// When it was released.
    pub at: Moment,
    /// Was an opening receipt kept?
    pub opened: bool,
    /// Was the preparation recorded?
    pub recorded: bool,
    /// Was it handed over?
    pub handed_over: bool,
}

/// A sealed record without the service's lock, as its reader's device gets it.
#[derive(Debug)]
pub struct LiftedRecord {
    /// Where it belongs.
    pub place: RecordPlace,
    /// The release it is about: of a preparation, or of a code break.
    pub release: Option<Reference>,
    /// The entry that kept it.
    pub entry: u64,
    /// Under the centre key.
    pub sealed: SealedRecord,
}

/// Records that were asked for, its entry appended in this act's savepoint. Nothing can be read out
/// of it.
#[derive(Debug)]
pub struct WantedRecords {
    pub(super) records: Vec<(RecordPlace, Option<Reference>, u64, LockedRecord)>,
    pub(super) wraps: Vec<HeldWrap>,
    pub(super) more: bool,
}

/// Records without the service's lock, with the reader's own wraps of the keys that open them.
#[derive(Debug)]
pub struct LiftedRecords {
    /// Oldest first.
    pub records: Vec<LiftedRecord>,
    /// The caller's wraps, one an epoch. A key that was never given to the caller is not here.
    pub wraps: Vec<HeldWrap>,
    /// Are there later ones?
    pub more: bool,
    /// The entry that says they were read.
    pub receipt: Receipt,
}

impl WantedRecords {
    /// Does the caller hold any key of the centre?
    pub fn has_keys(&self) -> bool {
        !self.wraps.is_empty()
    }

    pub(super) fn lift_all(
        self,
        secret: &ServerSecret,
        receipt: Receipt,
    ) -> Result<LiftedRecords, NotOurLock> {
        let lifted = self.records.into_iter().map(|(place, release, entry, locked)| {
            let sealed = secret.lift_record(&locked, &place)?;
            Ok(LiftedRecord { place, release, entry, sealed })
        });
        let records = lifted.collect::<Result<_, _>>()?;
        Ok(LiftedRecords { records, wraps: self.wraps, more: self.more, receipt })
    }
}

impl Tx<'_> {
    /// Keeps a locked record. Its entry must follow in the same act.
    ///
    /// # Errors
    /// When the name was used, or the store fails.
    pub fn keep_record(&self, at: &RecordPlace, locked: &LockedRecord) -> Result<(), StoreError> {
        let (record, kind, sealed) = (at.record.as_str(), at.kind.as_str(), locked.as_bytes());
        match at.kind {
            RecordKind::Preparation | RecordKind::Stock => self
                .connection()
                .prepare_cached(
                    "INSERT INTO sealed_records (record, kind, sealed) VALUES (?1, ?2, ?3)",
                )?
                .execute((record, kind, sealed))?,
            RecordKind::Break => self
                .connection()
                .prepare_cached(
                    "INSERT INTO sealed_break_records (record, sealed) VALUES (?1, ?2)",
                )?
                .execute((record, sealed))?,
        };
        Ok(())
    }

    /// Asks for a page of a centre's records after the one that is named, and appends the entry that must be durable
    /// before any lock is lifted (I3).
    ///
    /// # Errors
    /// When the store fails.
    pub fn want_records(
        &mut self,
        may: &Granted<ReadStock>,
        trial: &TrialId,
        centre: &CentreId,
        after: Option<&Reference>,
        limit: u32,
    ) -> Result<WantedRecords, StoreError> {
        self.append(Entry::new("stock-read").at(centre))?;
        let view = self.view();
        let wraps = view.own_wraps(centre, may.by())?;
        let sql = "SELECT p.record, p.kind, p.epoch, p.release, p.entry, s.sealed
                   FROM pharmacy_records p JOIN sealed_records s USING (record)
                   WHERE p.centre = ?1 AND p.entry > coalesce(
                     (SELECT entry FROM pharmacy_records WHERE record = ?2 AND centre = ?1), -1)
                   ORDER BY p.entry LIMIT ?3";
        let after = after.map(Reference::as_str);
        let values = (centre.as_str(), after, i64::from(limit) + 1);
        let mut records = view.all(sql, values, |row| {
            let damaged = rusqlite::Error::InvalidQuery;
            let kind = RecordKind::parse(&row.get::<_, String>(1)?).ok_or(damaged)?;
            let release: Option<String> = row.get(3)?;
            let place = RecordPlace {
                trial: trial.clone(),
                centre: centre.clone(),
                record: reference(row, 0)?,
                epoch: row.get(2)?,
                kind,
            };
            let release = release.map(|text| read_id(Reference::parse(&text))).transpose()?;
            let locked = LockedRecord::of(kind, &row.get::<_, Vec<u8>>(5)?);
            let locked = locked.ok_or(rusqlite::Error::InvalidQuery)?;
            Ok((place, release, row.get::<_, i64>(4)? as u64, locked))
        })?;
        let more = records.len() > limit as usize;
        records.truncate(limit as usize);
        Ok(WantedRecords { records, wraps, more })
    }
}

impl View<'_> {
    /// A person's wraps of a centre's keys, one an epoch.
    pub fn own_wraps(
        &self,
        centre: &CentreId,
        person: &PersonId,
    ) -> Result<Vec<HeldWrap>, StoreError> {
        let all = self.wraps()?;
        let own = all.iter().filter(|held| held.centre == *centre && held.person == *person);
        let own = own.map(|held| self.wrap(centre, held.epoch, person));
        Ok(own.collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect())
    }

    /// Was this name of a sealed record used?
    pub fn has_record(&self, kind: RecordKind, record: &Reference) -> Result<bool, StoreError> {
        let sql = match kind {
            RecordKind::Preparation | RecordKind::Stock => {
                "SELECT 1 FROM sealed_records WHERE record = ?1"
            }
            RecordKind::Break => "SELECT 1 FROM sealed_break_records WHERE record = ?1",
        };
        Ok(self.one(sql, [record.as_str()], |_| Ok(()))?.is_some())
    }

    /// How far one release for preparation has come.
    pub fn progress(&self, release: &Reference) -> Result<Option<Progress>, StoreError> {
        self.one(&format!("{PROGRESS} WHERE r.reference = ?1"), [release.as_str()], read_progress)
    }

    /// The releases for preparation of one participant since then, at the present centre, oldest first.
    pub fn progress_since(
        &self,
        participant: &Reference,
        since: Moment,
    ) -> Result<Vec<Progress>, StoreError> {
        let sql = format!(
            "{PROGRESS} WHERE r.participant = ?1 AND r.purpose = 'prepare' AND r.at >= ?2
             AND r.centre = (SELECT centre FROM participants WHERE reference = r.participant)
             ORDER BY r.entry"
        );
        self.all(&sql, (participant.as_str(), since.millis()), read_progress)
    }
}

const PROGRESS: &str = "SELECT r.reference, coalesce(r.visit, ''), r.at, r.opened IS NOT NULL, \
                        EXISTS (SELECT 1 FROM records WHERE release = r.reference \
                                AND act = 'preparation-recorded'), \
                        EXISTS (SELECT 1 FROM records WHERE release = r.reference \
                                AND act = 'handed-over') \
                        FROM releases r";

fn read_progress(row: &rusqlite::Row<'_>) -> rusqlite::Result<Progress> {
    Ok(Progress {
        reference: reference(row, 0)?,
        visit: row.get(1)?,
        at: Moment::from_millis(row.get(2)?),
        opened: row.get(3)?,
        recorded: row.get(4)?,
        handed_over: row.get(5)?,
    })
}
