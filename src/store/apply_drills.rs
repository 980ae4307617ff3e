//! What entries about drills do to the projections. None of them touches a participant, a release or the list that issues.

use super::StoreError;
use super::apply::{Happened, run};
use super::apply_keys::wrapped_in;
use crate::domain::entry::{Fact, fact};
use rusqlite::Connection;

/// A training list, a drill, what came of it.
pub(super) fn apply(connection: &Connection, e: &Happened<'_>) -> Result<(), StoreError> {
    match e.entry.act.as_str() {
        "drill-list-imported" => {
            run(
                connection,
                "INSERT INTO drill_lists (segment, manifest, file, root, imported)
                 VALUES (?1, ?2, ?3, ?4, ?5)",
                &[
                    &e.number("segment"),
                    &e.bytes("manifest"),
                    &e.bytes("file"),
                    &e.bytes("root"),
                    &e.seq(),
                ],
            )?;
            e.list("wraps").iter().try_for_each(|wrap| wrapped_in(connection, e.seq(), wrap))
        }
        "drill" => run(
            connection,
            "INSERT INTO drills (reference, centre, code, person, role, keys, at, entry)
             SELECT ?1, ?2, ?3, id, role, ?5, ?6, ?7 FROM people WHERE id = ?4",
            &[
                &e.on("reference"),
                &e.centre(),
                &e.on("code"),
                &e.by,
                &e.number("keys"),
                &e.at.millis(),
                &e.seq(),
            ],
        ),
        _ => {
            let yes = |name| fact(&e.entry.data, name) == Some(&Fact::Yes(true));
            run(
                connection,
                "UPDATE drills SET opened = ?2, fits = ?3, keys_opened = ?4, seconds = ?5, passed = ?6
                 WHERE reference = ?1 AND opened IS NULL",
                &[
                    &e.on("reference"),
                    &e.seq(),
                    &yes("fits"),
                    &e.number("keys-opened"),
                    &e.number("seconds"),
                    &yes("passed"),
                ],
            )
        }
    }
}
