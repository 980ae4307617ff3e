//! What entries do to the projections from which others are told: the notices themselves, and where they go.

use super::StoreError;
use super::apply::{Happened, run};
use crate::domain::ids::Reference;
use crate::domain::notice::Notice;
use rusqlite::Connection;

/// Keeps what others are told of this entry. From entries alone, so that an older folder's trail fills the table when it
/// is brought up; a second time it changes nothing.
pub(super) fn noted(connection: &Connection, e: &Happened<'_>) -> Result<(), StoreError> {
    let Some(notice) = Notice::of(e.entry, e.at) else { return Ok(()) };
    connection
        .prepare_cached(
            "INSERT INTO notices (entry, kind, at, reference, centre, number)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT DO NOTHING",
        )?
        .execute((
            e.seq(),
            notice.kind.as_str(),
            notice.at.millis(),
            notice.reference.as_ref().map(Reference::as_str),
            e.centre(),
            notice.number.as_ref().map(|number| number.as_str()),
        ))?;
    Ok(())
}

/// Somebody says where notices go; a webhook comes or ends.
pub(super) fn changed(connection: &Connection, e: &Happened<'_>) -> Result<(), StoreError> {
    // Personal or not ours to tell: from the private record, which may have been erased.
    let private = |name| Happened::text(e.entry.private.as_ref()?, name);
    match e.entry.act.as_str() {
        "address-given" => {
            connection
                .prepare_cached("DELETE FROM addresses WHERE person = ?1")?
                .execute([e.on("person")])?;
            match private("address") {
                None => Ok(()),
                Some(address) => run(
                    connection,
                    "INSERT INTO addresses (person, address) VALUES (?1, ?2)",
                    &[&e.on("person"), &address],
                ),
            }
        }
        "webhook-added" => run(
            connection,
            "INSERT INTO webhooks (reference, url, host, active, entry) VALUES (?1, ?2, ?3, 1, ?4)",
            &[&e.on("reference"), &private("url"), &e.data("host"), &e.seq()],
        ),
        _ => run(
            connection,
            "UPDATE webhooks SET active = 0 WHERE reference = ?1 AND active = 1",
            &[&e.on("reference")],
        ),
    }
}
