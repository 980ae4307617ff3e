//! What the store knows of centre keys over time: which there were, who held them, and the slots that a rotation sealed
//! anew. It holds none of them.

use super::queries::read_id;
use super::{StoreError, Tx, View};
use crate::domain::ids::{CentreId, Code, PersonId, StratumId};
use crate::sealing::bytes::{Hash, sha256_of};
use crate::sealing::slot::{LockedArm, Place};

/// A key that a centre has or had.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownKey {
    /// The centre.
    pub centre: CentreId,
    /// The key's number.
    pub epoch: u32,
    /// The segment of the list whose slots it seals.
    pub segment: u32,
    /// A list to practise with.
    pub drill: bool,
}

/// Somebody who held a key of a centre, and gave it up or lost it before the centre had another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Left {
    /// The centre.
    pub centre: CentreId,
    /// The key.
    pub epoch: u32,
    /// Who held it.
    pub person: PersonId,
}

/// An unissued slot, as a rotation must seal it anew.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unissued {
    /// The stratum.
    pub stratum: StratumId,
    /// The place in it.
    pub position: u32,
    /// The code.
    pub code: Code,
    /// Its leaf, which no rotation changes.
    pub leaf: Hash,
}

/// The hash that a rotation's entry holds over the slots as they are kept, in their order.
pub fn hash_of(slots: &[LockedArm]) -> Hash {
    let parts: Vec<&[u8]> = slots.iter().map(|slot| &slot.as_bytes()[..]).collect();
    sha256_of(&parts)
}

/// `?` followed by a slash and whatever: the strata of a centre. Centre ids hold neither `%` nor `_` of a pattern.
const OF_CENTRE: &str = "(s.stratum = ?1 OR substr(s.stratum, 1, length(?1) + 1) = ?1 || '/')";

impl View<'_> {
    /// Every key of every centre, the oldest of each centre first.
    pub fn centre_keys(&self) -> Result<Vec<KnownKey>, StoreError> {
        let sql = "SELECT centre, epoch, segment, drill FROM centre_keys ORDER BY centre, epoch";
        self.all(sql, [], |row| {
            let centre = read_id(CentreId::parse(&row.get::<_, String>(0)?))?;
            let (epoch, segment) = (row.get(1)?, row.get(2)?);
            Ok(KnownKey { centre, epoch, segment, drill: row.get::<_, i64>(3)? == 1 })
        })
    }

    /// Who held a key that still seals what its centre issues next, and holds it no more: the centre's key should be
    /// rotated.
    pub fn left_holders(&self) -> Result<Vec<Left>, StoreError> {
        let sql = "SELECT DISTINCT h.centre, h.epoch, h.person
                   FROM held h JOIN centre_keys k USING (centre, epoch)
                   WHERE h.ended IS NOT NULL AND k.drill = 0
                     AND NOT EXISTS (SELECT 1 FROM centre_keys n WHERE n.centre = k.centre
                       AND n.segment = k.segment AND n.epoch > k.epoch)
                     AND NOT EXISTS (SELECT 1 FROM wraps w WHERE w.centre = h.centre
                       AND w.epoch = h.epoch AND w.person = h.person)
                   ORDER BY h.centre, h.epoch, h.person";
        self.all(sql, [], |row| {
            let centre = read_id(CentreId::parse(&row.get::<_, String>(0)?))?;
            let person = read_id(PersonId::parse(&row.get::<_, String>(2)?))?;
            Ok(Left { centre, epoch: row.get(1)?, person })
        })
    }

    /// The slots of a centre in one segment that were not issued, in list order.
    pub fn unissued(&self, centre: &CentreId, segment: u32) -> Result<Vec<Unissued>, StoreError> {
        let sql = format!(
            "SELECT s.stratum, s.position, s.code, s.leaf FROM slots s
             LEFT JOIN allocations a USING (segment, stratum, position)
             WHERE {OF_CENTRE} AND s.segment = ?2 AND a.code IS NULL ORDER BY s.rowid"
        );
        self.all(&sql, (centre.as_str(), segment), |row| {
            let stratum = read_id(StratumId::parse(&row.get::<_, String>(0)?))?;
            let code = read_id(Code::parse(&row.get::<_, String>(2)?))?;
            Ok(Unissued { stratum, position: row.get(1)?, code, leaf: row.get(3)? })
        })
    }

    /// The keys that came by rotation: centre, number, segment, and the hash over what was sealed anew.
    pub(super) fn rotated_keys(&self) -> Result<Vec<(CentreId, u32, u32, Hash)>, StoreError> {
        let sql = "SELECT centre, epoch, segment, sealed FROM centre_keys
                   WHERE sealed IS NOT NULL ORDER BY centre, epoch";
        self.all(sql, [], |row| {
            let centre = read_id(CentreId::parse(&row.get::<_, String>(0)?))?;
            Ok((centre, row.get(1)?, row.get(2)?, row.get(3)?))
        })
    }

    /// The slots of a centre that were sealed anew under this key, in list order, as they are kept.
    pub(super) fn resealed_slots(
        &self,
        centre: &CentreId,
        segment: u32,
        epoch: u32,
    ) -> Result<Vec<LockedArm>, StoreError> {
        let sql = format!(
            "SELECT s.sealed FROM resealed s JOIN slots l USING (segment, stratum, position)
             WHERE {OF_CENTRE} AND s.segment = ?2 AND s.epoch = ?3 ORDER BY l.rowid"
        );
        self.all(&sql, (centre.as_str(), segment, epoch), |row| {
            let sealed = LockedArm::from_bytes(&row.get::<_, Vec<u8>>(0)?);
            sealed.ok_or(rusqlite::Error::InvalidQuery)
        })
    }
}

impl Tx<'_> {
    /// Keeps a slot that was sealed anew beside the one that it replaces.
    ///
    /// # Errors
    /// When there is no such slot, it was sealed under this key before, or the store fails.
    pub fn insert_resealed(&self, at: &Place, locked: &LockedArm) -> Result<(), StoreError> {
        self.connection()
            .prepare_cached(
                "INSERT INTO resealed (segment, stratum, position, epoch, sealed)
                 VALUES (?1, ?2, ?3, ?4, ?5)",
            )?
            .execute((
                at.segment,
                at.stratum.as_str(),
                at.position,
                at.epoch,
                &locked.as_bytes()[..],
            ))?;
        Ok(())
    }
}
