//! The signed records of a participant's way. The table says which entries they are; what they say stands in the
//! entries alone.

use super::StoreError;
use super::queries::{View, one_value, read_id, reference};
use crate::domain::ids::{CentreId, EnrolmentNumber, PersonId, Reference};
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

/// A safety unblinding that was planned. Who is to be told, and why, is in the private record of its entry.
#[derive(Debug, Clone)]
pub struct SafetyPlan {
    /// The entry that says it.
    pub entry: u64,
    /// About whom.
    pub participant: Reference,
    /// Their enrolment number.
    pub number: EnrolmentNumber,
    /// The day of the report, year-month-day.
    pub due: String,
    /// The release that did it.
    pub done: Option<u64>,
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

    /// The records about one release, oldest first.
    pub fn records_about(&self, release: &Reference) -> Result<Vec<Recorded>, StoreError> {
        let sql = "SELECT entry, act, participant, release, at FROM records
                   WHERE release = ?1 ORDER BY entry";
        self.all(sql, [release.as_str()], read_recorded)
    }

    /// The principal investigators of a centre who have not left.
    pub fn principals(&self, centre: &CentreId) -> Result<Vec<PersonId>, StoreError> {
        let sql = "SELECT m.person FROM principals m JOIN people p ON p.id = m.person
                   JOIN person_centres c ON c.person = m.person
                   WHERE c.centre = ?1 AND p.state <> 'disabled' ORDER BY m.person";
        self.all(sql, [centre.as_str()], |row| read_id(PersonId::parse(&row.get::<_, String>(0)?)))
    }

    /// How many code breaks were asked for and not done.
    pub fn withdrawals(&self) -> Result<u64, StoreError> {
        let count = self.one("SELECT count(*) FROM withdrawals", [], |row| row.get::<_, i64>(0))?;
        Ok(count.unwrap_or_default().unsigned_abs())
    }

    /// Every safety unblinding that was planned, oldest first.
    pub fn safety_plans(&self) -> Result<Vec<SafetyPlan>, StoreError> {
        let sql = "SELECT s.entry, s.participant, p.number, s.due, s.done FROM safety_plans s
                   JOIN participants p ON p.reference = s.participant ORDER BY s.entry";
        self.all(sql, [], |row| {
            Ok(SafetyPlan {
                entry: row.get::<_, i64>(0)?.unsigned_abs(),
                participant: reference(row, 1)?,
                number: read_id(EnrolmentNumber::parse(&row.get::<_, String>(2)?))?,
                due: row.get(3)?,
                done: row.get::<_, Option<i64>>(4)?.map(i64::unsigned_abs),
            })
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
