//! What the store knows of centre keys over time: which there were, who held them, and the slots that a rotation sealed
//! anew. It holds none of them.

use super::queries::{read_id, reference};
use super::release::HeldPassed;
use super::{StoreError, View};
use crate::domain::ids::{
    CentreId, Code, EnrolmentNumber, PersonId, Reference, StratumId, TrialId,
};
use crate::sealing::bytes::{Hash, sha256_of};
use crate::sealing::slot::{LockedArm, PassedKey, Place, centre_of};

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

/// A key that a rotation brought.
pub(super) struct RotatedKey {
    pub centre: CentreId,
    pub epoch: u32,
    pub segment: u32,
    /// The hash of its slots as they were first kept.
    pub sealed: Hash,
    pub entry: u64,
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

/// A participant whose code was sealed for another centre than the one where the participant is now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moved {
    /// The name in paths.
    pub participant: Reference,
    /// The enrolment number.
    pub number: EnrolmentNumber,
    /// The centre whose key seals the slot.
    pub from: CentreId,
    /// The centre where the participant is now.
    pub to: CentreId,
    /// The slot: what its key is derived for.
    pub place: Place,
}

/// The hash that a rotation's entry holds over the slots as they are kept, in their order.
pub fn hash_of(slots: &[LockedArm]) -> Hash {
    let parts: Vec<&[u8]> = slots.iter().map(|slot| &slot.as_bytes()[..]).collect();
    sha256_of(&parts)
}

/// The strata of a centre: named after it, up to the first slash.
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

    /// The keys of one slot that were passed on to a centre, the newest first.
    pub fn passed_keys(
        &self,
        participant: &Reference,
        centre: &CentreId,
    ) -> Result<Vec<HeldPassed>, StoreError> {
        let sql = "SELECT p.epoch, c.bytes FROM passed_keys p JOIN contents c ON c.hash = p.sealed
                   WHERE p.participant = ?1 AND p.centre = ?2 ORDER BY p.epoch DESC";
        self.all(sql, (participant.as_str(), centre.as_str()), |row| {
            let sealed = PassedKey::from_bytes(&row.get::<_, Vec<u8>>(1)?);
            let sealed = sealed.ok_or(rusqlite::Error::InvalidQuery)?;
            Ok(HeldPassed { centre: centre.clone(), epoch: row.get(0)?, sealed })
        })
    }

    /// Who has a code and moved to a centre that has not been passed its key, by enrolment number.
    pub fn moved(&self, trial: &TrialId) -> Result<Vec<Moved>, StoreError> {
        let sql =
            "SELECT p.reference, p.number, p.centre, s.segment, s.stratum, s.position, s.code,
                     (SELECT coalesce(max(r.epoch), s.epoch) FROM resealed r WHERE
                       (r.segment, r.stratum, r.position) = (s.segment, s.stratum, s.position))
                   FROM participants p JOIN allocations a ON a.participant = p.reference
                   JOIN slots s USING (segment, stratum, position)
                   WHERE s.stratum <> p.centre
                     AND substr(s.stratum, 1, length(p.centre) + 1) <> p.centre || '/'
                     AND NOT EXISTS (SELECT 1 FROM passed_keys k
                       WHERE k.participant = p.reference AND k.centre = p.centre)
                   ORDER BY p.number";
        self.all(sql, [], |row| {
            let stratum = read_id(StratumId::parse(&row.get::<_, String>(4)?))?;
            let place = Place {
                trial: trial.clone(),
                segment: row.get(3)?,
                stratum,
                position: row.get(5)?,
                code: read_id(Code::parse(&row.get::<_, String>(6)?))?,
                epoch: row.get(7)?,
            };
            Ok(Moved {
                participant: reference(row, 0)?,
                number: read_id(EnrolmentNumber::parse(&row.get::<_, String>(1)?))?,
                from: centre_of(&place.stratum).ok_or(rusqlite::Error::InvalidQuery)?,
                to: read_id(CentreId::parse(&row.get::<_, String>(2)?))?,
                place,
            })
        })
    }

    /// How a person came to know arms: `key`, `prepare` or `break`, each with its first entry.
    pub fn unblinded_by(&self, person: &PersonId) -> Result<Vec<(String, u64)>, StoreError> {
        let sql =
            "SELECT 'key', min(h.granted) FROM held h JOIN centre_keys k USING (centre, epoch)
                     WHERE h.person = ?1 AND k.drill = 0 HAVING count(*) > 0
                   UNION ALL
                   SELECT purpose, min(entry) FROM releases WHERE person = ?1 GROUP BY purpose";
        self.all(sql, [person.as_str()], |row| Ok((row.get(0)?, row.get::<_, i64>(1)? as u64)))
    }

    /// The keys that came by rotation: centre, number, segment, and the hash over what was sealed anew.
    pub(super) fn rotated_keys(&self) -> Result<Vec<RotatedKey>, StoreError> {
        let sql = "SELECT centre, epoch, segment, sealed, entry FROM centre_keys
                   WHERE sealed IS NOT NULL ORDER BY centre, epoch";
        self.all(sql, [], |row| {
            let centre = read_id(CentreId::parse(&row.get::<_, String>(0)?))?;
            let (epoch, segment, sealed) = (row.get(1)?, row.get(2)?, row.get(3)?);
            Ok(RotatedKey { centre, epoch, segment, sealed, entry: row.get::<_, i64>(4)? as u64 })
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
