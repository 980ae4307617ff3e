//! What entries about openings without the service do to the projections: each is a code break like any other, and is
//! taken in once.

use super::StoreError;
use super::apply::{Happened, run};
use crate::domain::time::Moment;
use rusqlite::Connection;

/// A code of a participant, or an incident about one that nobody had.
pub(super) fn taken_in(connection: &Connection, e: &Happened<'_>) -> Result<(), StoreError> {
    let run = |sql: &str, values: &[&dyn rusqlite::ToSql]| run(connection, sql, values);
    let opened = e.data("opened-at").and_then(Moment::parse).ok_or(StoreError::Constraint)?;
    let release = match e.entry.act.as_str() {
        "break-imported" => {
            // Who opened it has confirmed it by the record itself, or under the form.
            run(
                "INSERT INTO releases (reference, purpose, participant, code, centre, category,
                   person, at, entry, opened)
                 SELECT ?1, 'break', reference, ?3, centre, ?4, ?5, ?6, ?7, ?7
                 FROM participants WHERE number = ?2",
                &[
                    &e.on("reference"),
                    &e.on("participant"),
                    &e.on("code"),
                    &e.data("category"),
                    &e.data("opener"),
                    &e.at.millis(),
                    &e.seq(),
                ],
            )?;
            e.on("reference")
        }
        _ => None,
    };
    run(
        "INSERT INTO offline_breaks (item, release, code, opened, entry)
         VALUES (?1, ?2, ?3, ?4, ?5)",
        &[
            &item(e.data("record"), e.data("serial")),
            &release,
            &e.on("code"),
            &opened.millis(),
            &e.seq(),
        ],
    )
}

/// By what an opening is known: the hash of the signed record, or the letter's serial.
pub fn item(record: Option<&str>, serial: Option<&str>) -> Option<String> {
    let of_record = record.map(|hash| format!("kit {hash}"));
    of_record.or_else(|| serial.map(|serial| format!("letter {serial}")))
}
