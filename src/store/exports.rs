//! Which exports are copies that a centre may confirm. What they hold stands in their entries alone.

use super::StoreError;
use super::apply::{Happened, run};
use super::queries::View;
use crate::domain::ids::PersonId;
use rusqlite::Connection;

/// Notes a copy of all records, and that it was confirmed.
pub(super) fn apply(connection: &Connection, e: &Happened<'_>) -> Result<(), StoreError> {
    match e.entry.act.as_str() {
        "exported" if e.data("kind") == Some("records") => {
            let sql = "INSERT INTO copies (entry, person) VALUES (?1, ?2)";
            run(connection, sql, &[&e.seq(), &e.by])
        }
        "export-confirmed" => run(
            connection,
            "UPDATE copies SET confirmed = ?2 WHERE entry = ?1 AND confirmed IS NULL",
            &[&super::apply::number(&e.entry.on, "export"), &e.seq()],
        ),
        _ => Ok(()),
    }
}

impl View<'_> {
    /// The copies of all records that a person made, newest first: the entry, and was it confirmed?
    pub fn copies(&self, person: &PersonId) -> Result<Vec<(u64, bool)>, StoreError> {
        let sql = "SELECT entry, confirmed IS NOT NULL FROM copies WHERE person = ?1
                   ORDER BY entry DESC";
        self.all(sql, [person.as_str()], |row| {
            Ok((row.get::<_, i64>(0)?.unsigned_abs(), row.get(1)?))
        })
    }
}
