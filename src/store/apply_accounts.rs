//! What entries about machines' tokens, and about participants entrusted to them, do to the projections.

use super::StoreError;
use super::apply::{Happened, run};
use crate::domain::entry::Fact;
use crate::domain::time::Moment;
use rusqlite::Connection;

/// Writes what one entry means; most mean nothing here.
pub(super) fn happened(connection: &Connection, e: &Happened<'_>) -> Result<(), StoreError> {
    match e.entry.act.as_str() {
        "token-made" => made(connection, e),
        "token-ended" => run(
            connection,
            "UPDATE tokens SET ended = ?2 WHERE id = ?1 AND ended IS NULL",
            &[&e.on("token"), &e.seq()],
        ),
        // Whoever made a token may have kept it: leaving ends both.
        "person-disabled" => {
            let sql = "UPDATE tokens SET ended = ?2 WHERE by = ?1 AND ended IS NULL";
            connection.prepare_cached(sql)?.execute((e.on("person"), e.seq()))?;
            Ok(())
        }
        "randomisation-entrusted" => run(
            connection,
            "INSERT INTO entrusted (participant, person, screening, eligibility, at, entry)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)
             ON CONFLICT (participant) DO UPDATE SET person = excluded.person,
               screening = excluded.screening, eligibility = excluded.eligibility,
               at = excluded.at, entry = excluded.entry",
            &[
                &e.on("reference"),
                &e.by,
                &e.number("screening"),
                &e.number("eligibility"),
                &e.at.millis(),
                &e.seq(),
            ],
        ),
        _ => Ok(()),
    }
}

fn made(connection: &Connection, e: &Happened<'_>) -> Result<(), StoreError> {
    let what = e.entry.private.as_ref().and_then(|private| Happened::text(private, "what"));
    let words = |name| {
        let texts = e.list(name).iter().filter_map(|fact| match fact {
            Fact::Text(text) => Some(text.as_str()),
            _ => None,
        });
        texts.collect::<Vec<_>>().join(" ")
    };
    let expires = e.data("expires").and_then(Moment::parse).map(Moment::millis);
    run(
        connection,
        "INSERT INTO tokens (id, what, verbs, centres, networks, by, at, expires)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        &[
            &e.on("token"),
            // Words that were erased by law leave the token's id.
            &what.or(e.on("token")),
            &words("verbs"),
            &words("centres"),
            &words("networks"),
            &e.by,
            &e.at.millis(),
            &expires,
        ],
    )
}
