//! What each entry does to the projections. Nothing else writes them, so the trail holds everything they say.
//!
//! An entry that is not named here changes no projection: it is a fact about reading, refusing or signing in.

use super::StoreError;
use super::apply_accounts;
use super::apply_drills;
use super::apply_keys::{self, forget_wraps, wrapped_in};
use super::apply_notices;
use super::apply_offline;
use super::exports;
use crate::domain::entry::{Entry, Fact, Facts, fact};
use crate::domain::time::Moment;
use crate::sealing::bytes::unhex;
use rusqlite::{Connection, ToSql};

/// The refusal of a randomisation for which the list had no code left. Its entry names the centre and no stratum.
const USED_UP: &str = "no-allocation-available";

/// Acts about a participant.
const OF_PARTICIPANT: [&str; 9] = [
    "infusion-recorded",
    "infusion-missed",
    "treatment-ended",
    "treatment-resumed",
    "participation-ended",
    "participant-transferred",
    "mistake-recorded",
    "answers-corrected",
    "accident-recorded",
];
/// Acts about one release to which a participant's code led.
const OF_RELEASE: [&str; 5] = [
    "preparation-recorded",
    "handed-over",
    "follow-up-recorded",
    "sealed-part-kept",
    "break-closed",
];

/// An entry with its place in the trail.
pub(super) struct Happened<'e> {
    pub seq: u64,
    pub at: Moment,
    pub by: &'e str,
    pub entry: &'e Entry,
}

impl Happened<'_> {
    pub(super) fn text<'f>(facts: &'f Facts, name: &str) -> Option<&'f str> {
        match fact(facts, name)? {
            Fact::Text(text) => Some(text),
            _ => None,
        }
    }

    pub(super) fn on(&self, name: &str) -> Option<&str> {
        Self::text(&self.entry.on, name)
    }

    pub(super) fn data(&self, name: &str) -> Option<&str> {
        Self::text(&self.entry.data, name)
    }

    pub(super) fn number(&self, name: &str) -> Option<i64> {
        number(&self.entry.data, name)
    }

    pub(super) fn bytes(&self, name: &str) -> Option<Vec<u8>> {
        unhex(self.data(name)?)
    }

    pub(super) fn list<'f>(&'f self, name: &str) -> &'f [Fact] {
        match fact(&self.entry.data, name) {
            Some(Fact::List(list)) => list,
            _ => &[],
        }
    }

    /// A field of the private record, which may have been erased.
    fn answer(&self, name: &str) -> Option<&str> {
        match fact(self.entry.private.as_ref()?, "answers")? {
            Fact::Group(answers) => Self::text(answers, name),
            _ => None,
        }
    }

    pub(super) fn centre(&self) -> Option<&str> {
        self.entry.centre.as_ref().map(|c| c.as_str())
    }

    pub(super) fn seq(&self) -> i64 {
        self.seq as i64
    }
}

pub(super) fn number(facts: &Facts, name: &str) -> Option<i64> {
    match fact(facts, name)? {
        Fact::Number(number) => i64::try_from(*number).ok(),
        _ => None,
    }
}

pub(super) fn run(
    connection: &Connection,
    sql: &str,
    values: &[&dyn ToSql],
) -> Result<(), StoreError> {
    let changed = connection.prepare_cached(sql)?.execute(values)?;
    if changed == 0 { Err(StoreError::Constraint) } else { Ok(()) }
}

/// Writes what one entry means.
pub(super) fn apply(connection: &Connection, e: &Happened<'_>) -> Result<(), StoreError> {
    let run = |sql: &str, values: &[&dyn ToSql]| run(connection, sql, values);
    apply_keys::remember(connection, e)?;
    apply_accounts::happened(connection, e)?;
    apply_notices::noted(connection, e)?;
    match e.entry.act.as_str() {
        "person-invited" => person_invited(connection, e),
        "account-activated" => run(
            "UPDATE people SET state = 'active' WHERE id = ?1 AND state = 'invited'",
            &[&e.on("person")],
        ),
        "person-disabled" => {
            // Whoever left holds no key any more, whatever may be done to the account later (AC-7).
            run(
                "UPDATE people SET state = 'disabled' WHERE id = ?1 AND state <> 'disabled'",
                &[&e.on("person")],
            )?;
            forget_wraps(connection, e.on("person"), None).map(|_| ())
        }
        "principal-marked" => principal_marked(connection, e),
        "recruitment-opened" => decided(connection, e, "open"),
        "recruitment-paused" => decided(connection, e, "paused"),
        "recruitment-closed" => decided(connection, e, "closed"),
        "key-registered" | "key-granted" | "key-rotated" | "grant-removed" | "slot-key-passed" => {
            apply_keys::changed(connection, e)
        }
        "list-imported" | "list-reviewed" | "code-voided" | "disclosed" => {
            of_the_list(connection, e)
        }
        "drill-list-imported" | "drill" | "drill-opened" => apply_drills::apply(connection, e),
        "participant-screened" => participant_screened(connection, e),
        "screening-changed" => run(
            "UPDATE participants SET initials = ?2, birth_date = ?3, sex = ?4, outcome = ?5,
               stratum = ?6, screening = ?7, eligibility = NULL WHERE reference = ?1",
            &[
                &e.on("reference"),
                &e.answer("initials"),
                &e.answer("birth_date"),
                &e.answer("sex"),
                &e.data("outcome"),
                &e.data("stratum"),
                &e.seq(),
            ],
        ),
        "eligibility-signed" => run(
            "UPDATE participants SET eligibility = ?2 WHERE reference = ?1",
            &[&e.on("reference"), &e.seq()],
        ),
        "eligibility-sent-back" => run(
            "UPDATE participants SET eligibility = NULL WHERE reference = ?1",
            &[&e.on("reference")],
        ),
        "randomised" => randomised(connection, e),
        "release-for-preparation" => released(connection, e, "prepare"),
        "release-for-break" => released(connection, e, "break"),
        "break-imported" | "unissued-opened" => apply_offline::taken_in(connection, e),
        "opened" => run(
            "UPDATE releases SET opened = ?2 WHERE reference = ?1 AND opened IS NULL",
            &[&e.on("reference"), &e.seq()],
        ),
        "read-back" => run(
            "UPDATE releases SET read_back = ?2 WHERE reference = ?1 AND read_back IS NULL",
            &[&e.on("reference"), &e.seq()],
        ),
        _ => noticed(connection, e)
            .and_then(|()| recorded(connection, e))
            .and_then(|()| sealed(connection, e))
            .and_then(|()| exports::apply(connection, e)),
    }
}

/// What the pages look up: who signed in when, who verified how far, where the list had no code left.
fn noticed(connection: &Connection, e: &Happened<'_>) -> Result<(), StoreError> {
    let run = |sql: &str, values: &[&dyn ToSql]| run(connection, sql, values);
    match e.entry.act.as_str() {
        "signed-in" => run(
            "INSERT INTO sign_ins (person, last) VALUES (?1, ?2)
             ON CONFLICT (person) DO UPDATE SET before = last, last = excluded.last",
            &[&e.on("person"), &e.at.millis()],
        ),
        "address-given" | "webhook-added" | "webhook-ended" => {
            apply_notices::changed(connection, e)
        }
        "trail-verified" => run(
            "INSERT INTO verifications (person, size, root, at) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (person) DO UPDATE SET size = excluded.size, root = excluded.root,
               at = excluded.at",
            &[&e.by, &e.number("size"), &e.bytes("root"), &e.at.millis()],
        ),
        "refused" if e.centre().is_some() && e.data("problem") == Some(USED_UP) => run(
            "INSERT INTO shortages (centre, at, entry) VALUES (?1, ?2, ?3)
             ON CONFLICT (centre) DO UPDATE SET at = excluded.at, entry = excluded.entry",
            &[&e.centre(), &e.at.millis(), &e.seq()],
        ),
        "break-left" => {
            run("INSERT INTO withdrawals (entry, at) VALUES (?1, ?2)", &[&e.seq(), &e.at.millis()])
        }
        "safety-unblinding-planned" => run(
            "INSERT INTO safety_plans (entry, participant, due) VALUES (?1, ?2, ?3)",
            &[&e.seq(), &e.on("reference"), &e.data("report-due")],
        ),
        _ => Ok(()),
    }
}

/// Notes an entry that is a participant's record, and moves whoever was transferred.
fn recorded(connection: &Connection, e: &Happened<'_>) -> Result<(), StoreError> {
    let act = e.entry.act.as_str();
    let about = OF_RELEASE.contains(&act);
    // An accident may be about nobody in particular.
    if !(about || OF_PARTICIPANT.contains(&act)) || e.on("participant").is_none() {
        return Ok(());
    }
    let release = e.on("reference").filter(|_| about);
    let inserted = connection
        .prepare_cached(
            "INSERT INTO records (entry, act, participant, release, at)
             SELECT ?1, ?2, reference, ?4, ?5 FROM participants WHERE number = ?3",
        )?
        .execute((e.seq(), act, e.on("participant"), release, e.at.millis()))?;
    let moved = match act {
        "participant-transferred" => connection
            .prepare_cached("UPDATE participants SET centre = ?2 WHERE number = ?1")?
            .execute((e.on("participant"), e.data("to")))?,
        // Whoever calls in an emergency says what is true, not what was typed first.
        "answers-corrected" => connection
            .prepare_cached(
                "UPDATE participants SET initials = coalesce(?2, initials),
                   birth_date = coalesce(?3, birth_date), sex = coalesce(?4, sex) WHERE number = ?1",
            )?
            .execute((
                e.on("participant"),
                e.answer("initials"),
                e.answer("birth_date"),
                e.answer("sex"),
            ))?,
        _ => 1,
    };
    if inserted == 1 && moved == 1 { Ok(()) } else { Err(StoreError::Constraint) }
}

fn person_invited(connection: &Connection, e: &Happened<'_>) -> Result<(), StoreError> {
    let name = e.entry.private.as_ref().and_then(|private| Happened::text(private, "name"));
    run(
        connection,
        "INSERT INTO people (id, name, role, state) VALUES (?1, ?2, ?3, 'invited')
         ON CONFLICT (id) DO UPDATE SET state = 'invited' WHERE people.state = 'invited'",
        // A name that was erased by law leaves the account's id.
        &[&e.on("person"), &name.or(e.on("person")), &e.data("role")],
    )?;
    for centre in e.list("centres") {
        let Fact::Text(centre) = centre else { return Err(StoreError::Constraint) };
        run(
            connection,
            "INSERT INTO person_centres (person, centre) VALUES (?1, ?2)",
            &[&e.on("person"), centre],
        )?;
    }
    if fact(&e.entry.data, "principal").is_some() {
        principal_marked(connection, e)
    } else {
        Ok(())
    }
}

/// The mark is given or taken. Where it stands already, or is not there to take, the entry cannot be.
fn principal_marked(connection: &Connection, e: &Happened<'_>) -> Result<(), StoreError> {
    let sql = match fact(&e.entry.data, "principal") {
        Some(Fact::Yes(true)) => "INSERT INTO principals (person) VALUES (?1)",
        _ => "DELETE FROM principals WHERE person = ?1",
    };
    run(connection, sql, &[&e.on("person")])
}

fn decided(connection: &Connection, e: &Happened<'_>, state: &str) -> Result<(), StoreError> {
    run(
        connection,
        "INSERT INTO recruitment (place, state, at, by) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (place) DO UPDATE SET state = excluded.state, at = excluded.at, by = excluded.by",
        &[&e.centre().unwrap_or("trial"), &state, &e.at.millis(), &e.by],
    )
}

fn of_the_list(connection: &Connection, e: &Happened<'_>) -> Result<(), StoreError> {
    match e.entry.act.as_str() {
        "list-imported" => list_imported(connection, e),
        "list-reviewed" => run(
            connection,
            "UPDATE lists SET reviewed = ?2 WHERE segment = ?1 AND reviewed IS NULL",
            &[&number(&e.entry.on, "segment"), &e.seq()],
        ),
        "disclosed" => run(
            connection,
            "INSERT INTO disclosures (entry, stage, file) VALUES (?1, ?2, ?3)",
            &[&e.seq(), &e.data("stage"), &e.bytes("file")],
        ),
        // Where the code stood only the slots know: its line must not show the gap.
        _ => run(
            connection,
            "INSERT INTO voids (segment, stratum, position, code, entry)
             SELECT segment, stratum, position, code, ?2 FROM slots WHERE code = ?1",
            &[&e.on("code"), &e.seq()],
        ),
    }
}

fn list_imported(connection: &Connection, e: &Happened<'_>) -> Result<(), StoreError> {
    run(
        connection,
        "INSERT INTO lists (segment, purpose, manifest, file, report, root, imported)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        &[
            &e.number("segment"),
            &e.data("purpose"),
            &e.bytes("manifest"),
            &e.bytes("file"),
            &e.bytes("report"),
            &e.bytes("root"),
            &e.seq(),
        ],
    )?;
    for holder in e.list("holders") {
        let Fact::Group(holder) = holder else { return Err(StoreError::Constraint) };
        let text = |name| Happened::text(holder, name);
        run(
            connection,
            "INSERT INTO cards (person, fingerprint, card) VALUES (?1, ?2, ?3)
             ON CONFLICT (person) DO UPDATE SET fingerprint = excluded.fingerprint, card = excluded.card",
            &[&text("person"), &text("fingerprint"), &text("card").and_then(unhex)],
        )?;
    }
    e.list("wraps").iter().try_for_each(|wrap| wrapped_in(connection, e.seq(), wrap))
}

fn participant_screened(connection: &Connection, e: &Happened<'_>) -> Result<(), StoreError> {
    run(
        connection,
        "INSERT INTO participants (reference, number, centre, initials, birth_date, sex, outcome,
           stratum, screening) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        &[
            &e.on("reference"),
            &e.on("participant"),
            &e.centre(),
            &e.answer("initials"),
            &e.answer("birth_date"),
            &e.answer("sex"),
            &e.data("outcome"),
            &e.data("stratum"),
            &e.seq(),
        ],
    )
}

/// The line says which code was issued; where that code stands in the list only the slots know.
fn randomised(connection: &Connection, e: &Happened<'_>) -> Result<(), StoreError> {
    run(
        connection,
        "INSERT INTO allocations (participant, reference, segment, stratum, position, code, at, entry)
         SELECT ?1, ?2, segment, stratum, position, code, ?4, ?5 FROM slots WHERE code = ?3",
        &[
            &e.on("reference"),
            &e.on("allocation"),
            &e.on("code"),
            &e.at.millis(),
            &e.seq(),
        ],
    )
}

fn released(connection: &Connection, e: &Happened<'_>, purpose: &str) -> Result<(), StoreError> {
    run(
        connection,
        "INSERT INTO releases (reference, purpose, participant, code, centre, visit, category,
           person, at, entry)
         SELECT ?1, ?2, reference, ?4, centre, ?5, ?6, ?7, ?8, ?9 FROM participants WHERE number = ?3",
        &[
            &e.on("reference"),
            &purpose,
            &e.on("participant"),
            &e.on("code"),
            &e.data("visit"),
            &e.data("category"),
            &e.by,
            &e.at.millis(),
            &e.seq(),
        ],
    )?;
    match e.number("plan") {
        None => Ok(()),
        Some(plan) => run(
            connection,
            "UPDATE safety_plans SET done = ?2 WHERE entry = ?1 AND done IS NULL",
            &[&plan, &e.seq()],
        ),
    }
}

/// That a sealed record was kept. What it says is in no entry.
fn sealed(connection: &Connection, e: &Happened<'_>) -> Result<(), StoreError> {
    if e.entry.act == "sealed-part-kept" {
        return run(
            connection,
            "INSERT INTO break_records (record, release, centre, epoch, entry)
             VALUES (?1, ?2, ?3, ?4, ?5)",
            &[&e.data("record"), &e.on("reference"), &e.centre(), &e.number("epoch"), &e.seq()],
        );
    }
    let (kind, record, release) = match e.entry.act.as_str() {
        "preparation-recorded" => ("preparation", e.data("record"), e.on("reference")),
        "stock-recorded" => ("stock", e.on("record"), None),
        _ => return Ok(()),
    };
    run(
        connection,
        "INSERT INTO pharmacy_records (record, kind, centre, epoch, release, entry)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        &[&record, &kind, &e.centre(), &e.number("epoch"), &release, &e.seq()],
    )
}
