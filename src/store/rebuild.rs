//! Proves that the tables say what the trail says: applies every entry anew beside the old tables, and compares.

use super::apply::{Happened, apply};
use super::startup::{Folder, OpenError, check_stretch};
use super::{StoreError, history};
use crate::sealing::line;
use rusqlite::{Connection, OpenFlags};

/// Every projection, in an order in which rows may refer to earlier ones.
const PROJECTIONS: [&str; 9] = [
    "people",
    "person_centres",
    "recruitment",
    "lists",
    "cards",
    "wraps",
    "participants",
    "allocations",
    "releases",
];

/// What a check of a stored trail found right.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Checked {
    /// How many entries.
    pub entries: u64,
    /// How many of them were also compared with the tables.
    pub compared: u64,
}

impl Folder {
    /// Checks every entry of the stored trail, and with `tables` that every projection follows from it. Reads only, so
    /// that it may run beside the service.
    ///
    /// # Errors
    /// The first entry, or the first table, that does not fit.
    pub fn verify(&self, tables: bool) -> Result<Checked, OpenError> {
        if !self.database().exists() {
            return Err(OpenError::NotThere(self.path.clone()));
        }
        let stored = super::open_reader(&self.database())?;
        let version: i32 = stored.query_row("PRAGMA user_version", [], |row| row.get(0))?;
        if version != super::SCHEMA_VERSION {
            return Err(OpenError::Schema(version));
        }
        let snapshot = stored.unchecked_transaction()?;
        let entries = history::size(&snapshot)?;
        if let Some(fault) = check_stretch(&snapshot, 0, entries)? {
            return Err(OpenError::Damaged(fault));
        }
        let compared = if tables { self.compare_tables(entries)? } else { 0 };
        Ok(Checked { entries, compared })
    }

    fn compare_tables(&self, entries: u64) -> Result<u64, OpenError> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_URI;
        let remade = Connection::open_in_memory_with_flags(flags)?;
        remade.execute_batch(include_str!("../../schema.sql"))?;
        let path = self.database();
        // A path becomes a URI here; what would end or part it is written as a byte.
        let path =
            path.to_string_lossy().replace('%', "%25").replace('?', "%3f").replace('#', "%23");
        remade.execute("ATTACH DATABASE ?1 AS old", [format!("file:{path}?mode=ro")])?;
        remade.execute_batch(
            // A wrap that was taken away again left its name in the trail and nothing in the contents.
            "PRAGMA foreign_keys = OFF;
             BEGIN;
             INSERT INTO main.contents SELECT * FROM old.contents;
             INSERT INTO main.slots SELECT * FROM old.slots ORDER BY rowid;",
        )?;
        let mut statement = remade.prepare(
            "SELECT e.line, p.record FROM old.entries e LEFT JOIN old.private_records p USING (seq)
             WHERE e.seq < ?1 ORDER BY e.seq",
        )?;
        let mut rows = statement.query([entries as i64])?;
        while let Some(row) = rows.next()? {
            apply_stored(&remade, &row.get::<_, String>(0)?, row.get(1)?)?;
        }
        for table in PROJECTIONS {
            let differ = format!(
                "SELECT (SELECT count(*) FROM (SELECT * FROM main.{table} EXCEPT SELECT * FROM old.{table}))
                      + (SELECT count(*) FROM (SELECT * FROM old.{table} EXCEPT SELECT * FROM main.{table}))"
            );
            if remade.query_row(&differ, [], |row| row.get::<_, i64>(0))? != 0 {
                return Err(OpenError::Tables(table));
            }
        }
        Ok(entries)
    }
}

fn apply_stored(remade: &Connection, text: &str, record: Option<String>) -> Result<(), OpenError> {
    let read = line::parse(text).map_err(|_| StoreError::Damaged)?;
    let mut entry = read.entry;
    if let Some(record) = record {
        let salt = read.salt.ok_or(StoreError::Damaged)?;
        if read.private != Some(line::private_hash(&salt, &record)) {
            return Err(OpenError::Tables("private_records"));
        }
        entry.private = Some(line::read_private(&record).map_err(|_| StoreError::Damaged)?);
    }
    let happened = Happened { seq: read.seq, at: read.at, by: &read.by, entry: &entry };
    Ok(apply(remade, &happened)?)
}
