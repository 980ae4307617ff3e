//! Folders of an older schema are brought up to this program's, once, in one transaction. The trail is not touched; what
//! is new is made from `schema.sql` itself and filled from the trail, so that it cannot differ from a new folder. A
//! schema only ever gains tables: whatever a stored one has not is made, and nothing that it has is altered.

use super::apply::{Happened, apply};
use super::apply_keys::remember;
use super::apply_notices::noted;
use super::startup::OpenError;
use super::{SCHEMA_VERSION, StoreError};
use crate::sealing::line;
use rusqlite::Connection;

/// The oldest schema that can be brought up.
const OLDEST: i32 = 1;
/// The entries that a schema's new projections are made from, where the act is older than the schema. Keys and notices
/// are looked at beside them: the acts behind all other projections are new themselves.
const FILLED: [(&str, i32); 3] = [("signed-in", 2), ("refused", 2), ("break-left", 3)];
/// The schema that first keeps every key and holder: a folder that has it remembers them already.
const KEYS_SINCE: i32 = 3;

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
    let act = connection.unchecked_transaction()?;
    for sql in missing(&act)? {
        act.execute_batch(&sql)?;
    }
    fill(&act, version)?;
    act.pragma_update(None, "user_version", SCHEMA_VERSION)?;
    Ok(act.commit()?)
}

/// The statements of `schema.sql` whose table, index or trigger is not there, in their order.
fn missing(stored: &Connection) -> Result<Vec<String>, OpenError> {
    let model = Connection::open_in_memory()?;
    model.execute_batch(include_str!("../../schema.sql"))?;
    let sql = "SELECT name, sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY rowid";
    let mut statement = model.prepare(sql)?;
    let all = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let all: Vec<(String, String)> = all.collect::<Result<_, _>>()?;
    let mut there = stored.prepare("SELECT count(*) FROM sqlite_schema WHERE name = ?1")?;
    let mut missing = vec![];
    for (name, sql) in all {
        if there.query_row([&name], |row| row.get::<_, i64>(0))? == 0 {
            missing.push(sql);
        }
    }
    Ok(missing)
}

fn fill(act: &Connection, version: i32) -> Result<(), OpenError> {
    let newer = |name: &str| FILLED.iter().any(|(act, since)| *act == name && version < *since);
    let mut lines = act.prepare("SELECT line FROM entries ORDER BY seq")?;
    let mut rows = lines.query([])?;
    while let Some(row) = rows.next()? {
        let line = row.get_ref(0)?.as_str().map_err(|_| StoreError::Damaged)?;
        let read = line::parse(line).map_err(|_| StoreError::Damaged)?;
        // None of them has a private record that a projection is made from.
        let happened = Happened { seq: read.seq, at: read.at, by: &read.by, entry: &read.entry };
        if newer(&read.entry.act) {
            apply(act, &happened)?;
        }
        if version < KEYS_SINCE {
            remember(act, &happened)?;
        }
        noted(act, &happened)?;
    }
    Ok(())
}
