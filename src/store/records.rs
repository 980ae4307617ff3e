//! The signed records of a participant's way. The table says which entries they are; what they say stands in the
//! entries alone.

use super::queries::{View, reference};
use super::{StoreError, apply::Happened};
use crate::domain::ids::Reference;
use crate::domain::time::Moment;
use rusqlite::Connection;

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

/// Acts about a participant.
const OF_PARTICIPANT: [&str; 9] = [
    "infusion-recorded",
    "infusion-missed",
    "treatment-ended",
    "treatment-resumed",
    "participation-ended",
    "participant-transferred",
    "mistake-recorded",
    "answers-corrected",
    "accident-recorded",
];
/// Acts about one release to which a participant's code led.
const OF_RELEASE: [&str; 4] =
    ["preparation-recorded", "handed-over", "follow-up-recorded", "break-closed"];

/// Notes an entry that is a participant's record, and moves whoever was transferred.
pub(super) fn noted(connection: &Connection, e: &Happened<'_>) -> Result<(), StoreError> {
    let act = e.entry.act.as_str();
    let about = OF_RELEASE.contains(&act);
    // An accident may be about nobody in particular.
    if !(about || OF_PARTICIPANT.contains(&act)) || e.on("participant").is_none() {
        return Ok(());
    }
    let release = e.on("reference").filter(|_| about);
    let inserted = connection
        .prepare_cached(
            "INSERT INTO records (entry, act, participant, release, at)
             SELECT ?1, ?2, reference, ?4, ?5 FROM participants WHERE number = ?3",
        )?
        .execute((e.seq as i64, act, e.on("participant"), release, e.at.millis()))?;
    let moved = match act {
        "participant-transferred" => connection
            .prepare_cached("UPDATE participants SET centre = ?2 WHERE number = ?1")?
            .execute((e.on("participant"), e.data("to")))?,
        _ => 1,
    };
    if inserted == 1 && moved == 1 { Ok(()) } else { Err(StoreError::Constraint) }
}

impl View<'_> {
    /// A participant's records, oldest first.
    pub fn records_of(&self, participant: &Reference) -> Result<Vec<Recorded>, StoreError> {
        let sql = "SELECT entry, act, participant, release, at FROM records
                   WHERE participant = ?1 ORDER BY entry";
        self.all(sql, [participant.as_str()], read_recorded)
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
