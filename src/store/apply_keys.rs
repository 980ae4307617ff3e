//! What entries about keys do to the projections: who holds which centre key, who ever did, and which keys there were.

use super::StoreError;
use super::apply::{Happened, number, run};
use crate::domain::entry::{Fact, Facts};
use crate::sealing::bytes::unhex;
use rusqlite::{Connection, ToSql};

/// A key's registration, its grant, its removal, a centre's next key, one slot's key passed on.
pub(super) fn changed(connection: &Connection, e: &Happened<'_>) -> Result<(), StoreError> {
    match e.entry.act.as_str() {
        "key-registered" => run(
            connection,
            "INSERT INTO cards (person, fingerprint, card, identity) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (person) DO UPDATE SET fingerprint = excluded.fingerprint,
               card = excluded.card, identity = excluded.identity",
            &[&e.on("person"), &e.data("fingerprint"), &e.bytes("card"), &e.bytes("identity")],
        ),
        "key-granted" => wrapped(connection, e.seq(), &e.entry.data, e.on("person")),
        "key-rotated" => {
            let mut given = e.list("wraps").iter();
            given.try_for_each(|wrap| wrapped_in(connection, e.seq(), wrap))
        }
        "slot-key-passed" => run(
            connection,
            "INSERT INTO passed_keys (participant, centre, epoch, sealed, entry)
             VALUES (?1, ?2, ?3, ?4, ?5)",
            &[&e.on("reference"), &e.data("to"), &e.number("epoch"), &e.bytes("sealed"), &e.seq()],
        ),
        _ => match forget_wraps(connection, e.on("person"), e.data("centre"))? {
            0 => Err(StoreError::Constraint),
            _ => Ok(()),
        },
    }
}

/// Keeps every key and every holder for ever: whoever once held a key counts as unblinded (AC-5). From these entries
/// alone, so that an older folder's trail fills the tables when it is brought up.
pub(super) fn remember(connection: &Connection, e: &Happened<'_>) -> Result<(), StoreError> {
    match e.entry.act.as_str() {
        "list-imported" | "drill-list-imported" => {
            for wrap in e.list("wraps") {
                let Fact::Group(wrap) = wrap else { return Err(StoreError::Constraint) };
                let segment = e.number("segment");
                new_key(
                    connection,
                    e,
                    (Happened::text(wrap, "centre"), number(wrap, "epoch"), segment),
                )?;
                holds(connection, e, wrap, Happened::text(wrap, "person"))?;
            }
            Ok(())
        }
        "key-rotated" => {
            new_key(connection, e, (e.centre(), e.number("epoch"), e.number("segment")))?;
            for wrap in e.list("wraps") {
                let Fact::Group(wrap) = wrap else { return Err(StoreError::Constraint) };
                holds(connection, e, wrap, Happened::text(wrap, "person"))?;
            }
            Ok(())
        }
        "key-granted" => holds(connection, e, &e.entry.data, e.on("person")),
        "grant-removed" => held_no_more(connection, e, e.data("centre")),
        "person-disabled" => held_no_more(connection, e, None),
        _ => Ok(()),
    }
}

fn always(connection: &Connection, sql: &str, values: &[&dyn ToSql]) -> Result<(), StoreError> {
    connection.prepare_cached(sql)?.execute(values)?;
    Ok(())
}

fn new_key(
    connection: &Connection,
    e: &Happened<'_>,
    (centre, epoch, segment): (Option<&str>, Option<i64>, Option<i64>),
) -> Result<(), StoreError> {
    // Whoever holds a key to practise with knows nothing by it.
    let drill = i64::from(e.entry.act == "drill-list-imported");
    always(
        connection,
        "INSERT INTO centre_keys (centre, epoch, segment, drill, sealed, entry)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT DO NOTHING",
        &[&centre, &epoch, &segment, &drill, &e.bytes("sealed"), &e.seq()],
    )
}

fn holds(
    connection: &Connection,
    e: &Happened<'_>,
    wrap: &Facts,
    person: Option<&str>,
) -> Result<(), StoreError> {
    always(
        connection,
        "INSERT INTO held (centre, epoch, person, granted) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT DO NOTHING",
        &[&Happened::text(wrap, "centre"), &number(wrap, "epoch"), &person, &e.seq()],
    )
}

fn held_no_more(
    connection: &Connection,
    e: &Happened<'_>,
    centre: Option<&str>,
) -> Result<(), StoreError> {
    always(
        connection,
        "UPDATE held SET ended = ?3 WHERE person = ?1 AND (?2 IS NULL OR centre = ?2)
           AND ended IS NULL",
        &[&e.on("person"), &centre, &e.seq()],
    )
}

/// A wrap as a list's or a rotation's entry holds it.
pub(super) fn wrapped_in(connection: &Connection, seq: i64, wrap: &Fact) -> Result<(), StoreError> {
    let Fact::Group(wrap) = wrap else { return Err(StoreError::Constraint) };
    wrapped(connection, seq, wrap, Happened::text(wrap, "person"))
}

/// Somebody holds a centre key.
fn wrapped(
    connection: &Connection,
    seq: i64,
    wrap: &Facts,
    person: Option<&str>,
) -> Result<(), StoreError> {
    let text = |name| Happened::text(wrap, name);
    run(
        connection,
        "INSERT OR REPLACE INTO wraps (centre, epoch, person, fingerprint, wrap, granted)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        &[
            &text("centre"),
            &number(wrap, "epoch"),
            &person,
            &text("fingerprint"),
            &text("hash").and_then(unhex),
            &seq,
        ],
    )
}

/// Takes a person's wraps away, of one centre or of all; returns how many there were. Their bytes go too: who steals
/// that person's identity afterwards must not find in this file what it opens (design 4, AC-7).
pub(super) fn forget_wraps(
    connection: &Connection,
    person: Option<&str>,
    centre: Option<&str>,
) -> Result<usize, StoreError> {
    let sql = "DELETE FROM wraps WHERE person = ?1 AND (?2 IS NULL OR centre = ?2) RETURNING wrap";
    let mut gone = connection.prepare_cached(sql)?;
    let gone = gone.query_map((person, centre), |row| row.get::<_, Vec<u8>>(0))?;
    let gone: Vec<_> = gone.collect::<Result<_, _>>()?;
    let sql = "DELETE FROM contents WHERE hash = ?1
               AND NOT EXISTS (SELECT 1 FROM wraps WHERE wrap = ?1)";
    for hash in &gone {
        connection.prepare_cached(sql)?.execute([hash])?;
    }
    Ok(gone.len())
}
