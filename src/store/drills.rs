//! Training lists, and the drills that were done on them. They lie in tables of their own: nothing here is ever issued,
//! and no act of issue reads any of it (SG-8).

use super::queries::{read_id, reference};
use super::release::{NotWanted, Wanted};
use super::{StoreError, Tx, View};
use crate::domain::access::{Drill, Granted};
use crate::domain::entry::Entry;
use crate::domain::ids::{CentreId, Code, PersonId, Reference, StratumId, TrialId};
use crate::domain::people::Role;
use crate::domain::time::Moment;
use crate::sealing::bytes::Hash;
use crate::sealing::slot::{LeafPath, LockedArm, Place, centre_of};
use crate::sealing::tree;
use rusqlite::Row;

/// A training list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DrillList {
    /// Its number: training lists count for themselves.
    pub segment: u32,
    /// SHA-256 of its manifest's signed text.
    pub manifest: Hash,
    /// The hash by which the manifest file is kept.
    pub file: Hash,
}

/// A slot to practise with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DrillSlot {
    /// The code, which is nobody's.
    pub code: Code,
    /// Of which training list.
    pub segment: u32,
}

/// One drill.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DrillDone {
    /// Its name.
    pub reference: Reference,
    /// Whose training participant.
    pub centre: CentreId,
    /// The code of the training list.
    pub code: Code,
    /// Who practised.
    pub person: PersonId,
    /// In which role.
    pub role: Role,
    /// How many centre keys were handed over to be tried.
    pub keys: u32,
    /// When it began.
    pub at: Moment,
    /// Its entry.
    pub entry: u64,
    /// What came of it; none: the receipt never came.
    pub result: Option<DrillResult>,
}

/// What came of a drill.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DrillResult {
    /// How many of the keys opened.
    pub keys_opened: u32,
    /// From the entry to the receipt, by the service's clock.
    pub seconds: u32,
    /// Did the road hold?
    pub passed: bool,
}

const DRILL: &str = "SELECT reference, centre, code, person, role, keys, at, entry, keys_opened, \
                     seconds, passed FROM drills ";

fn read(row: &Row<'_>) -> rusqlite::Result<DrillDone> {
    let role = Role::parse(&row.get::<_, String>(4)?).ok_or(rusqlite::Error::InvalidQuery)?;
    let result = match row.get::<_, Option<bool>>(10)? {
        None => None,
        Some(passed) => {
            Some(DrillResult { keys_opened: row.get(8)?, seconds: row.get(9)?, passed })
        }
    };
    Ok(DrillDone {
        reference: reference(row, 0)?,
        centre: read_id(CentreId::parse(&row.get::<_, String>(1)?))?,
        code: read_id(Code::parse(&row.get::<_, String>(2)?))?,
        person: read_id(PersonId::parse(&row.get::<_, String>(3)?))?,
        role,
        keys: row.get(5)?,
        at: Moment::from_millis(row.get(6)?),
        entry: row.get::<_, i64>(7)? as u64,
        result,
    })
}

impl View<'_> {
    /// The training lists, oldest first.
    pub fn drill_lists(&self) -> Result<Vec<DrillList>, StoreError> {
        let sql = "SELECT segment, manifest, file FROM drill_lists ORDER BY segment";
        self.all(sql, [], |row| {
            Ok(DrillList { segment: row.get(0)?, manifest: row.get(1)?, file: row.get(2)? })
        })
    }

    /// Is this a code to practise with?
    pub fn is_drill_code(&self, code: &Code) -> Result<bool, StoreError> {
        let sql = "SELECT EXISTS (SELECT 1 FROM drill_slots WHERE code = ?1)";
        Ok(self.one(sql, [code.to_string()], |row| row.get(0))?.unwrap_or(false))
    }

    /// The centre's training participant who was longest at rest, on its newest training list.
    pub fn next_drill(&self, centre: &CentreId) -> Result<Option<DrillSlot>, StoreError> {
        let sql = "SELECT s.code, s.segment FROM drill_slots s
                   WHERE substr(s.stratum, 1, length(?1) + 1) = ?1 || '/' OR s.stratum = ?1
                   ORDER BY s.segment DESC, (SELECT max(d.entry) FROM drills d WHERE d.code = s.code)
                     NULLS FIRST, s.rowid LIMIT 1";
        self.one(sql, [centre.as_str()], |row| {
            let code = read_id(Code::parse(&row.get::<_, String>(0)?))?;
            Ok(DrillSlot { code, segment: row.get(1)? })
        })
    }

    /// Every drill, newest first.
    pub fn drills(&self) -> Result<Vec<DrillDone>, StoreError> {
        self.all(&format!("{DRILL}ORDER BY entry DESC"), [], read)
    }

    /// One drill.
    pub fn drill(&self, reference: &Reference) -> Result<Option<DrillDone>, StoreError> {
        self.one(&format!("{DRILL}WHERE reference = ?1"), [reference.as_str()], read)
    }

    /// Was a drill ever passed on a training participant of this centre?
    pub fn has_passed_drill(&self, centre: &CentreId) -> Result<bool, StoreError> {
        let sql = "SELECT EXISTS (SELECT 1 FROM drills WHERE centre = ?1 AND passed = 1)";
        Ok(self.one(sql, [centre.as_str()], |row| row.get(0))?.unwrap_or(false))
    }
}

impl Tx<'_> {
    /// Asks for one slot to practise with, under an entry that must be durable before it is released (I3). Asked again,
    /// the first entry stands for it.
    ///
    /// # Errors
    /// `NotIssued` when it is no code of a training list, `NotGranted` when this person has no key for it.
    pub fn want_drill(
        &mut self,
        may: &Granted<Drill>,
        trial: &TrialId,
        code: &Code,
        reference: Reference,
        entry: Option<Entry>,
    ) -> Result<Wanted, NotWanted> {
        let sql = "SELECT segment, stratum, position, epoch, leaf, sealed FROM drill_slots
                   WHERE code = ?1";
        let slot = self.view().one(sql, [code.to_string()], |row| {
            let stratum = read_id(StratumId::parse(&row.get::<_, String>(1)?))?;
            let (segment, position, epoch) = (row.get(0)?, row.get(2)?, row.get(3)?);
            let place =
                Place { trial: trial.clone(), segment, stratum, position, code: *code, epoch };
            Ok((place, row.get::<_, Hash>(4)?, row.get::<_, Vec<u8>>(5)?))
        })?;
        let (place, leaf, sealed) = slot.ok_or(NotWanted::NotIssued)?;
        let centre = centre_of(&place.stratum).ok_or(StoreError::Damaged)?;
        let wrap = self.view().wrap(&centre, place.epoch, may.by())?;
        let wrap = wrap.ok_or(NotWanted::NotGranted)?;
        // A training list is short, and a drill rare: its tree is made when it is asked for.
        let sql = "SELECT leaf FROM drill_slots WHERE segment = ?1 ORDER BY rowid";
        let leaves: Vec<Hash> = self.view().all(sql, [place.segment], |row| row.get(0))?;
        let index = leaves.iter().position(|l| *l == leaf).ok_or(StoreError::Damaged)? as u64;
        let path = tree::path(&leaves, index);
        let path = LeafPath { index, size: leaves.len() as u64, path };
        let locked = LockedArm::from_bytes(&sealed).ok_or(StoreError::Failed)?;
        if let Some(entry) = entry {
            self.append(entry)?;
        }
        Ok(Wanted::to_practise(reference, place, locked, wrap, path))
    }
}
