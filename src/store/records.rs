//! The signed records of a participant's way. The table says which entries they are; what they say stands in the
//! entries alone.

use super::StoreError;
use super::queries::{View, one_value, read_id, reference};
use crate::domain::ids::{CentreId, EnrolmentNumber, Reference};
use crate::domain::time::Moment;

/// A record's place in the trail.
#[derive(Debug, Clone)]
pub struct Recorded {
    /// The entry that says what was recorded.
    pub entry: u64,
    /// Its act.
    pub act: String,
    /// Whose.
    pub participant: Reference,
    /// The release that it is about, if it is about one.
    pub release: Option<Reference>,
    /// When it was written.
    pub at: Moment,
}

impl View<'_> {
    /// A participant's records, oldest first.
    pub fn records_of(&self, participant: &Reference) -> Result<Vec<Recorded>, StoreError> {
        let sql = "SELECT entry, act, participant, release, at FROM records
                   WHERE participant = ?1 ORDER BY entry";
        self.all(sql, [participant.as_str()], read_recorded)
    }

    /// Participants of these centres, or of all, for whom something was prepared after their last record of an infusion
    /// or a missed dose; by enrolment number.
    pub fn not_recorded(
        &self,
        centres: Option<&[CentreId]>,
    ) -> Result<Vec<(Reference, EnrolmentNumber)>, StoreError> {
        let sql = "SELECT p.reference, p.number FROM participants p
                   WHERE (SELECT max(entry) FROM releases r
                          WHERE r.participant = p.reference AND r.purpose = 'prepare')
                       > coalesce((SELECT max(entry) FROM records o WHERE o.participant = p.reference
                          AND o.act IN ('infusion-recorded', 'infusion-missed',
                                        'participation-ended')), -1)
                     AND (?1 IS NULL OR instr(?1, ',' || p.centre || ',') > 0)
                   ORDER BY p.number";
        self.all(sql, [centres.map(one_value)], |row| {
            Ok((reference(row, 0)?, read_id(EnrolmentNumber::parse(&row.get::<_, String>(1)?))?))
        })
    }

    /// The records of everybody, oldest first.
    pub fn records(&self) -> Result<Vec<Recorded>, StoreError> {
        let sql = "SELECT entry, act, participant, release, at FROM records ORDER BY entry";
        self.all(sql, [], read_recorded)
    }
}

fn read_recorded(row: &rusqlite::Row<'_>) -> rusqlite::Result<Recorded> {
    let release: Option<String> = row.get(3)?;
    Ok(Recorded {
        entry: row.get::<_, i64>(0)?.unsigned_abs(),
        act: row.get(1)?,
        participant: reference(row, 2)?,
        release: release.map(|_| reference(row, 3)).transpose()?,
        at: Moment::from_millis(row.get(4)?),
    })
}
