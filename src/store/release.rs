//! How a sealed arm leaves the house: wanted in an act, durable in the trail, then lifted and handed over (I3).

use super::writer::Receipt;
use super::{StoreError, Tx};
use crate::domain::access::{Granted, Reveals};
use crate::domain::entry::Entry;
use crate::domain::ids::{CentreId, Code, PersonId, Reference, StratumId, TrialId};
use crate::sealing::bytes::Hash;
use crate::sealing::lock::{NotOurLock, ServerSecret};
use crate::sealing::slot::{LeafPath, LockedArm, PassedKey, Place, SealedArm, Wrap};
use crate::sealing::tree;
use rusqlite::{Connection, OptionalExtension};
use std::collections::BTreeMap;
use std::sync::RwLock;

/// The trees over the sealed lists, for leaf paths: 32 bytes a slot, read once.
#[derive(Debug, Default)]
pub struct ListTrees {
    segments: RwLock<BTreeMap<u32, Vec<Hash>>>,
}

impl ListTrees {
    /// Reads the leaves of every list: strata in manifest order, positions ascending.
    pub(super) fn load(&self, connection: &Connection) -> Result<(), StoreError> {
        // Slots are inserted in list order, which is the order of their row numbers.
        let mut statement =
            connection.prepare("SELECT segment, leaf FROM slots ORDER BY segment, rowid")?;
        let mut rows = statement.query([])?;
        let mut segments: BTreeMap<u32, Vec<Hash>> = BTreeMap::new();
        while let Some(row) = rows.next()? {
            segments.entry(row.get(0)?).or_default().push(row.get(1)?);
        }
        *self.segments.write().map_err(|_| StoreError::Stopped)? = segments;
        Ok(())
    }

    fn path(&self, segment: u32, leaf: &Hash) -> Result<LeafPath, StoreError> {
        let segments = self.segments.read().map_err(|_| StoreError::Stopped)?;
        let leaves = segments.get(&segment).ok_or(StoreError::Damaged)?;
        let index = leaves.iter().position(|l| l == leaf).ok_or(StoreError::Damaged)? as u64;
        Ok(LeafPath { index, size: leaves.len() as u64, path: tree::path(leaves, index) })
    }
}

/// A wrap as it is handed to its one holder.
#[derive(Debug, Clone)]
pub struct HeldWrap {
    /// Whose centre key it holds.
    pub centre: CentreId,
    /// That key's number.
    pub epoch: u32,
    /// Who can unwrap it.
    pub person: PersonId,
    /// The sealed key.
    pub wrap: Wrap,
}

/// One slot's key, sealed under the key of the centre where the participant is now.
#[derive(Debug, Clone)]
pub struct HeldPassed {
    /// That centre.
    pub centre: CentreId,
    /// Its key's number.
    pub epoch: u32,
    /// The sealed key.
    pub sealed: PassedKey,
}

/// A slot that was asked for, its entry appended in this act's savepoint. Nothing can be read out of it.
#[derive(Debug)]
pub struct Wanted {
    reference: Reference,
    place: Place,
    locked: LockedArm,
    wrap: HeldWrap,
    passed: Option<HeldPassed>,
    leaf_path: LeafPath,
}

/// A sealed arm that leaves the house, with all that its holder needs to open and to prove it.
#[derive(Debug)]
pub struct Released {
    /// The release.
    pub reference: Reference,
    /// Where the slot stands.
    pub place: Place,
    /// The arm, sealed under the centre key.
    pub sealed: SealedArm,
    /// The centre key, wrapped to the caller.
    pub wrap: HeldWrap,
    /// After a participant moved: the slot's key under that centre key, which then is the new centre's.
    pub passed: Option<HeldPassed>,
    /// From the leaf to the manifest's root.
    pub leaf_path: LeafPath,
    /// The entry that had to be durable first.
    pub receipt: Receipt,
}

impl Wanted {
    /// A slot to practise with: no participant's, so its key was never passed on.
    pub(super) fn to_practise(
        reference: Reference,
        place: Place,
        locked: LockedArm,
        wrap: HeldWrap,
        leaf_path: LeafPath,
    ) -> Self {
        Self { reference, place, locked, wrap, passed: None, leaf_path }
    }

    /// The release's name.
    pub fn reference(&self) -> &Reference {
        &self.reference
    }

    pub(super) fn lift(
        self,
        secret: &ServerSecret,
        receipt: Receipt,
    ) -> Result<Released, NotOurLock> {
        let sealed = secret.lift(&self.locked, &self.place)?;
        let Wanted { reference, place, wrap, passed, leaf_path, .. } = self;
        Ok(Released { reference, place, sealed, wrap, passed, leaf_path, receipt })
    }
}

/// Why a slot cannot be wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotWanted {
    /// No such code was issued.
    NotIssued,
    /// This person has no wrap of the centre key that seals the slot.
    NotGranted,
    /// The participant moved, and nobody has passed the slot's key on to the centre yet.
    NotPassed,
    /// The store failed.
    Store(StoreError),
}

impl From<StoreError> for NotWanted {
    fn from(error: StoreError) -> Self {
        NotWanted::Store(error)
    }
}

impl From<rusqlite::Error> for NotWanted {
    fn from(error: rusqlite::Error) -> Self {
        NotWanted::Store(error.into())
    }
}

impl Tx<'_> {
    /// Asks for one issued slot, and appends the entry that must be durable before it is released (I3).
    ///
    /// # Errors
    /// When the code was not issued, or this person holds no key for it.
    pub fn want<A: Reveals>(
        &mut self,
        may: &Granted<A>,
        trial: &TrialId,
        code: &Code,
        reference: Reference,
        entry: Entry,
    ) -> Result<Wanted, NotWanted> {
        let wanted = self.find_wanted(may.by(), trial, code, reference)?;
        self.append(entry)?;
        Ok(wanted)
    }

    /// Asks again for a slot that was released before, under the first entry: the answer may have been lost.
    ///
    /// # Errors
    /// As [`Tx::want`].
    pub fn want_again<A: Reveals>(
        &mut self,
        may: &Granted<A>,
        trial: &TrialId,
        code: &Code,
        reference: Reference,
        first: u64,
        redelivered: Entry,
    ) -> Result<Wanted, NotWanted> {
        let wanted = self.find_wanted(may.by(), trial, code, reference)?;
        self.append(redelivered)?;
        self.receipt_about(first);
        Ok(wanted)
    }

    fn find_wanted(
        &self,
        person: &PersonId,
        trial: &TrialId,
        code: &Code,
        reference: Reference,
    ) -> Result<Wanted, NotWanted> {
        let slot = self
            .connection()
            .prepare_cached(
                // Sealed anew was what nobody had been issued yet, so the newest seal is the one that counts.
                "SELECT s.segment, s.stratum, s.position, coalesce(r.epoch, s.epoch), s.leaf,
                   coalesce(r.sealed, s.sealed)
                 FROM allocations a JOIN slots s USING (segment, stratum, position)
                 LEFT JOIN resealed r USING (segment, stratum, position)
                 WHERE a.code = ?1 ORDER BY r.epoch DESC LIMIT 1",
            )?
            .query_row([code.to_string()], |row| {
                let stratum: String = row.get(1)?;
                let place = (row.get(0)?, stratum, row.get(2)?, row.get(3)?);
                Ok((place, row.get::<_, Hash>(4)?, row.get::<_, Vec<u8>>(5)?))
            })
            .optional()?;
        let Some(((segment, stratum, position, epoch), leaf, sealed)) = slot else {
            return Err(NotWanted::NotIssued);
        };
        let stratum = StratumId::parse(&stratum).map_err(|_| StoreError::Failed)?;
        let centre = stratum.as_str().split('/').next().unwrap_or_default();
        let centre = CentreId::parse(centre).map_err(|_| StoreError::Failed)?;
        let (wrap, passed) = self.key_for(person, code, &centre, epoch)?;
        let leaf_path = self.lists().path(segment, &leaf)?;
        let place = Place { trial: trial.clone(), segment, stratum, position, code: *code, epoch };
        let locked = LockedArm::from_bytes(&sealed).ok_or(StoreError::Failed)?;
        Ok(Wanted { reference, place, locked, wrap, passed, leaf_path })
    }

    /// By which key this person opens the slot: the one that seals it, or, where the participant moved, the key of the
    /// centre where the participant is now, with the slot's own key under it.
    fn key_for(
        &self,
        person: &PersonId,
        code: &Code,
        centre: &CentreId,
        epoch: u32,
    ) -> Result<(HeldWrap, Option<HeldPassed>), NotWanted> {
        let view = self.view();
        if let Some(wrap) = view.wrap(centre, epoch, person)? {
            return Ok((wrap, None));
        }
        let participant = view.participant_by_code(code)?.ok_or(NotWanted::NotIssued)?;
        if participant.centre == *centre {
            return Err(NotWanted::NotGranted);
        }
        let passed = view.passed_keys(&participant.reference, &participant.centre)?;
        if passed.is_empty() {
            return Err(NotWanted::NotPassed);
        }
        for one in passed {
            if let Some(wrap) = view.wrap(&one.centre, one.epoch, person)? {
                return Ok((wrap, Some(one)));
            }
        }
        Err(NotWanted::NotGranted)
    }
}
