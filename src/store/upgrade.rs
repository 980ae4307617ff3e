//! Folders of an older schema are brought up to this program's, once, in one transaction. The trail is not touched; what
//! is new is made from `schema.sql` itself and filled from the trail, so that it cannot differ from a new folder.

use super::apply::{Happened, apply};
use super::startup::OpenError;
use super::{SCHEMA_VERSION, StoreError};
use crate::sealing::line;
use rusqlite::Connection;

/// The oldest schema that can be brought up.
const OLDEST: i32 = 1;
/// What schema 2 has and schema 1 had not.
const NEW_IN_2: [&str; 4] = ["drafts", "sign_ins", "verifications", "shortages"];
/// The entries that the new projections are made from.
const ACTS_FOR_2: [&str; 2] = ["signed-in", "refused"];

/// The schema of a stored database.
///
/// # Errors
/// When this program neither knows it nor can bring it up.
pub(super) fn known_version(connection: &Connection) -> Result<i32, OpenError> {
    let version: i32 = connection.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    let known = (OLDEST..=SCHEMA_VERSION).contains(&version);
    if known { Ok(version) } else { Err(OpenError::Schema(version)) }
}

/// Brings a checked database up to [`SCHEMA_VERSION`]; one that is there already stays as it is.
///
/// # Errors
/// When it cannot be written; it is then as it was.
pub(super) fn bring_up(connection: &Connection, version: i32) -> Result<(), OpenError> {
    if version == SCHEMA_VERSION {
        return Ok(());
    }
    tracing::info!(from = version, to = SCHEMA_VERSION, "the schema is brought up");
    let model = Connection::open_in_memory()?;
    model.execute_batch(include_str!("../../schema.sql"))?;
    let act = connection.unchecked_transaction()?;
    for table in NEW_IN_2 {
        let sql = "SELECT sql FROM sqlite_schema WHERE name = ?1";
        act.execute_batch(&model.query_row(sql, [table], |row| row.get::<_, String>(0))?)?;
    }
    let mut lines = act.prepare("SELECT line FROM entries ORDER BY seq")?;
    let mut rows = lines.query([])?;
    while let Some(row) = rows.next()? {
        let line = row.get_ref(0)?.as_str().map_err(|_| StoreError::Damaged)?;
        let read = line::parse(line).map_err(|_| StoreError::Damaged)?;
        if ACTS_FOR_2.contains(&read.entry.act.as_str()) {
            // None of them has a private record that a projection is made from.
            let (seq, at) = (read.seq, read.at);
            apply(&act, &Happened { seq, at, by: &read.by, entry: &read.entry })?;
        }
    }
    drop(rows);
    drop(lines);
    act.pragma_update(None, "user_version", SCHEMA_VERSION)?;
    Ok(act.commit()?)
}
