//! Proves that the tables say what the trail says: applies every entry anew beside the old tables, and compares.

use super::apply::{Happened, apply};
use super::startup::{Folder, OpenError, check_stretch};
use super::{StoreError, history};
use crate::sealing::bytes::{Hash, sha256};
use crate::sealing::{line, tree};
use rusqlite::{Connection, OpenFlags};
use std::ops::Range;
use std::path::Path;

/// Every projection, in an order in which rows may refer to earlier ones.
const PROJECTIONS: &[&str] = &[
    "people",
    "person_centres",
    "recruitment",
    "lists",
    "cards",
    "wraps",
    "participants",
    "allocations",
    "voids",
    "disclosures",
    "releases",
    "sign_ins",
    "verifications",
    "shortages",
    "records",
    "pharmacy_records",
    "break_records",
    "centre_keys",
    "held",
    "passed_keys",
    "principals",
    "withdrawals",
    "safety_plans",
    "offline_breaks",
    "tokens",
    "entrusted",
    "notices",
    "addresses",
    "webhooks",
    "copies",
    "drill_lists",
    "drills",
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
        verify_file(&self.database(), tables, 0..0)
    }
}

/// The same for any file that holds a database, and these entries from a mirror that no entry says so of yet.
pub(super) fn verify_file(
    database: &Path,
    tables: bool,
    mirrored: Range<u64>,
) -> Result<Checked, OpenError> {
    let stored = super::open_reader(database)?;
    let version: i32 = stored.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    if version != super::SCHEMA_VERSION {
        return Err(OpenError::Schema(version));
    }
    let snapshot = stored.unchecked_transaction()?;
    let entries = history::size(&snapshot)?;
    if let Some(fault) = check_stretch(&snapshot, 0, entries)? {
        return Err(OpenError::Damaged(fault));
    }
    if !tables {
        return Ok(Checked { entries, compared: 0 });
    }
    check_tree(&snapshot, entries)?;
    check_keepsakes(&snapshot, mirrored)?;
    Ok(Checked { entries, compared: compare_tables(database)? })
}

/// Entries and tables are read from one snapshot, so that an act committed meanwhile is in both or in neither.
fn compare_tables(database: &Path) -> Result<u64, OpenError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_URI;
    let remade = Connection::open_in_memory_with_flags(flags)?;
    remade.execute_batch(include_str!("../../schema.sql"))?;
    // A path becomes a URI here; what would end or part it is written as a byte.
    let path =
        database.to_string_lossy().replace('%', "%25").replace('?', "%3f").replace('#', "%23");
    remade.execute("ATTACH DATABASE ?1 AS old", [format!("file:{path}?mode=ro")])?;
    remade.execute_batch(
        // A wrap that was taken away again left its name in the trail and nothing in the contents.
        "PRAGMA foreign_keys = OFF;
         BEGIN;
         INSERT INTO main.contents SELECT * FROM old.contents;
         INSERT INTO main.slots SELECT * FROM old.slots ORDER BY rowid;
         INSERT INTO main.drill_slots SELECT * FROM old.drill_slots ORDER BY rowid;",
    )?;
    let mut statement = remade.prepare(
        "SELECT e.line, p.record FROM old.entries e LEFT JOIN old.private_records p USING (seq)
         ORDER BY e.seq",
    )?;
    let mut rows = statement.query([])?;
    let mut entries = 0;
    while let Some(row) = rows.next()? {
        apply_stored(&remade, &row.get::<_, String>(0)?, row.get(1)?)?;
        entries += 1;
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

/// No stored node but those of whole tiles, each of which [`check_stretch`] has compared: one too many would stop the
/// trail from growing when it comes to its place.
fn check_tree(connection: &Connection, entries: u64) -> Result<(), OpenError> {
    let whole = [8, 16, 24].map(|level| entries >> level).iter().sum::<u64>();
    let stored: i64 = connection.query_row("SELECT count(*) FROM nodes", [], |row| row.get(0))?;
    if stored as u64 == whole { Ok(()) } else { Err(OpenError::Tables("nodes")) }
}

/// Contents are what their names say, and the slots' leaves give the roots that were committed to.
fn check_keepsakes(connection: &Connection, mirrored: Range<u64>) -> Result<(), OpenError> {
    let mut statement = connection.prepare("SELECT hash, bytes FROM contents")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        if row.get::<_, Hash>(0)? != sha256(row.get_ref(1)?.as_blob().unwrap_or_default()) {
            return Err(OpenError::Tables("contents"));
        }
    }
    let mut gaps = super::restore::gaps(connection)?;
    gaps.push(mirrored);
    check_sealed_records(connection, &gaps)?;
    for (lists, slots) in [("lists", "slots"), ("drill_lists", "drill_slots")] {
        check_roots(connection, lists, slots)?;
    }
    check_resealed(connection, &gaps)
}

/// The leaves give the root of their list, one list after the other.
fn check_roots(connection: &Connection, lists: &str, slots: &'static str) -> Result<(), OpenError> {
    let mut statement = connection.prepare(&format!("SELECT segment, root FROM {lists}"))?;
    let roots =
        statement.query_map([], |row| Ok((row.get::<_, u32>(0)?, row.get::<_, Hash>(1)?)))?;
    let leaves = format!("SELECT leaf FROM {slots} WHERE segment = ?1 ORDER BY rowid");
    let mut leaves = connection.prepare(&leaves)?;
    for list in roots {
        let (segment, root) = list?;
        let own = leaves.query_map([segment], |row| row.get(0))?;
        if tree::root(&own.collect::<Result<Vec<Hash>, _>>()?) != root {
            return Err(OpenError::Tables(slots));
        }
    }
    Ok(())
}

/// The slots that were sealed anew are those of which the rotation's entry holds the hash. A restore that took a rotation in
/// again locked them under other nonces.
fn check_resealed(connection: &Connection, gaps: &[Range<u64>]) -> Result<(), OpenError> {
    let view = super::View::new(connection);
    let mut known = 0;
    for key in view.rotated_keys()? {
        let slots = view.resealed_slots(&key.centre, key.segment, key.epoch)?;
        known += slots.len() as i64;
        let again = gaps.iter().any(|gap| gap.contains(&key.entry));
        if !again && super::keyring::hash_of(&slots) != key.sealed {
            return Err(OpenError::Tables("resealed"));
        }
    }
    // None that no rotation's entry knows.
    let all = connection.query_row("SELECT count(*) FROM resealed", [], |row| row.get(0));
    if all == Ok(known) { Ok(()) } else { Err(OpenError::Tables("resealed")) }
}

/// Every sealed record that the trail knows has its bytes, and there are no others. What was brought forward from a
/// mirror has none: no trail holds them, and the entry `restored` says so.
fn check_sealed_records(connection: &Connection, gaps: &[Range<u64>]) -> Result<(), OpenError> {
    let pharmacy = "SELECT p.entry FROM pharmacy_records p FULL JOIN sealed_records s
                    ON s.record = p.record AND s.kind = p.kind
                    WHERE s.record IS NULL OR p.record IS NULL";
    let breaks = "SELECT p.entry FROM break_records p FULL JOIN sealed_break_records s
                  ON s.record = p.record WHERE s.record IS NULL OR p.record IS NULL";
    for (table, alone) in [("sealed_records", pharmacy), ("sealed_break_records", breaks)] {
        let mut alone = connection.prepare(alone)?;
        let mut rows = alone.query([])?;
        while let Some(row) = rows.next()? {
            let entry: Option<i64> = row.get(0)?;
            let told = entry.is_some_and(|seq| gaps.iter().any(|gap| gap.contains(&(seq as u64))));
            if !told {
                return Err(OpenError::Tables(table));
            }
        }
    }
    Ok(())
}

fn apply_stored(remade: &Connection, text: &str, record: Option<String>) -> Result<(), OpenError> {
    let read = line::parse(text).map_err(|_| StoreError::Damaged)?;
    let mut entry = read.entry;
    if let Some(record) = record {
        let hash = read.salt.map(|salt| line::private_hash(&salt, &record));
        if hash.is_none() || read.private != hash {
            return Err(OpenError::Tables("private_records"));
        }
        entry.private = Some(line::read_private(&record).map_err(|_| StoreError::Damaged)?);
    }
    let happened = Happened { seq: read.seq, at: read.at, by: &read.by, entry: &entry };
    Ok(apply(remade, &happened)?)
}
