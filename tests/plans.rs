//! How SQLite goes about each statement of the store: what an act runs must not grow with the trial.

use rusqlite::Connection;

/// The files that hold what runs inside an act or for one request.
const FILES: [(&str, &str); 11] = [
    ("queries.rs", include_str!("../src/store/queries.rs")),
    ("tx.rs", include_str!("../src/store/tx.rs")),
    ("release.rs", include_str!("../src/store/release.rs")),
    ("apply.rs", include_str!("../src/store/apply.rs")),
    ("history.rs", include_str!("../src/store/history.rs")),
    ("repeats.rs", include_str!("../src/store/repeats.rs")),
    ("drafts.rs", include_str!("../src/store/drafts.rs")),
    ("records.rs", include_str!("../src/store/records.rs")),
    ("offline.rs", include_str!("../src/store/offline.rs")),
    ("overview.rs", include_str!("../src/store/overview.rs")),
    ("outbox.rs", include_str!("../src/store/outbox.rs")),
];

/// Tables that stay as small as the trial's staff and centres are, by the names under which statements read them.
const SMALL: [&str; 13] = [
    "people",
    "person_centres",
    "recruitment",
    "lists",
    "l",
    "cards",
    "c",
    "wraps",
    "shortages",
    // At most 50 a coordinator, and none older than 72 hours.
    "drafts",
    "sign_ins",
    "addresses",
    "webhooks",
];

/// Statements that read much and may: how they begin, and when they run. None of them is part of an act of design 6.
const COLD: &[(&str, &str)] = &[
    ("SELECT count(*) FROM allocations", "the sponsor's figures, from a snapshot"),
    ("SELECT count(*) FROM participants WHERE centre", "the sponsor's figures, from a snapshot"),
    ("SELECT s.stratum, count(*)", "the statistician's gauge"),
    ("SELECT at FROM allocations ORDER BY entry", "the sponsor's curve, from a snapshot"),
    ("SELECT p.reference, p.number, CASE", "what waits, on a home page, from a snapshot"),
    (
        "SELECT segment, stratum, position, code, epoch, sealed",
        "the demonstration's look at what a thief has",
    ),
    ("SELECT entry, act, participant, release, at FROM records ORDER BY", "reports"),
    ("SELECT p.reference, p.number FROM participants p", "what waits, on a home page"),
    ("SELECT stratum, at FROM allocations ORDER BY entry", "the statistician's forecast"),
    ("SELECT count(*) FROM withdrawals", "the monitor's page of code breaks"),
    ("SELECT s.entry, s.participant, p.number, s.due", "planned safety unblindings, a handful"),
    ("SELECT entry, kind, at, reference, centre, number FROM notices", "the feed, from a snapshot"),
    ("SELECT d.entry, d.way, d.target", "what is due and the log of it, from a snapshot"),
    ("SELECT ?1, ?2, ", "what time makes known, once a minute"),
    ("SELECT count(*) FROM releases WHERE opened IS NULL", "klero doctor"),
    (
        "SELECT code FROM allocations WHERE entry >=",
        "a restore drill: the codes that would not come back",
    ),
    ("SELECT segment, leaf FROM slots", "start-up, import and approval of a list"),
    (
        "SELECT r.reference, r.purpose, p.number, r.code, r.centre, r.visit, r.category, r.person, \
      r.at, r.entry, r.opened, r.read_back, r.participant, p.centre, o.item, o.opened \
      FROM releases r LEFT JOIN offline_breaks o ON o.release = r.reference \
      JOIN participants p ON p.reference = r.participant WHERE r.purpose = 'break'",
        "the list of code breaks",
    ),
];

/// Every string of a source file, as the compiler reads it; tests at the file's end are left out.
fn strings(source: &str) -> Vec<String> {
    let source = source.split("#[cfg(test)]").next().unwrap_or_default();
    let code = source.lines().filter(|line| !line.trim_start().starts_with("//"));
    let code = code.collect::<Vec<_>>().join("\n");
    let (mut found, mut open, mut text) = (vec![], false, String::new());
    let mut letters = code.chars().peekable();
    while let Some(letter) = letters.next() {
        match (open, letter) {
            (false, '\'') if letters.peek() == Some(&'"') => drop(letters.next()),
            (true, '\\') => match letters.next() {
                Some('\n') => while letters.next_if(|l| l.is_whitespace()).is_some() {},
                Some(escaped) => text.push(escaped),
                None => {}
            },
            (true, '"') => found.push(std::mem::take(&mut text)),
            (true, other) => text.push(other),
            _ => {}
        }
        if letter == '"' {
            open = !open;
        }
    }
    found
}

/// The statements among them. What `queries.rs` puts together from a beginning and an end is put together here too.
fn statements(file: &str, source: &str) -> Vec<String> {
    let strings = strings(source);
    let heads = |word: &str| strings.iter().find(|s| s.starts_with("SELECT") && s.ends_with(word));
    let (participants, releases) =
        (heads("FROM participants "), heads("p.reference = r.participant "));
    let mut statements = vec![];
    for text in &strings {
        let head = if text.starts_with("WHERE r.") { releases } else { participants };
        if text.starts_with("WHERE") {
            let head = head.unwrap_or_else(|| panic!("{file}: no beginning for {text}"));
            statements.push(format!("{head}{text}"));
        } else if ["SELECT ", "INSERT ", "UPDATE ", "DELETE "].iter().any(|w| text.starts_with(w)) {
            let whole = Some(text) != participants && Some(text) != releases;
            statements.extend(whole.then(|| text.clone()));
        }
    }
    statements
}

/// The tables, by the names in the statement, that are read from end to end.
fn scanned(database: &Connection, sql: &str) -> Vec<String> {
    let explain = format!("EXPLAIN QUERY PLAN {sql}");
    let mut plan = database.prepare(&explain).unwrap_or_else(|fault| panic!("{sql}: {fault}"));
    let mut rows = plan.raw_query();
    let mut scanned = vec![];
    while let Some(row) = rows.next().expect("a plan") {
        let detail: String = row.get(3).expect("a text");
        if let Some(rest) = detail.strip_prefix("SCAN ") {
            let name = rest.split(' ').next().unwrap_or_default();
            // `SCAN CONSTANT ROW` and sub-queries are no tables.
            if name != "CONSTANT" && !name.starts_with('(') {
                scanned.push(name.to_owned());
            }
        }
    }
    scanned
}

// shows: AL-5
#[test]
fn no_statement_of_an_act_reads_a_growing_table_from_end_to_end() {
    let database = Connection::open_in_memory().expect("a database");
    database.execute_batch(include_str!("../schema.sql")).expect("the schema");
    let (mut looked, mut cold) = (0, vec![]);
    let mut wrong = vec![];
    for (file, source) in FILES {
        for sql in statements(file, source) {
            looked += 1;
            let mut growing = scanned(&database, &sql);
            growing.retain(|name| !SMALL.contains(&name.as_str()));
            match COLD.iter().find(|(begins, _)| sql.starts_with(begins)) {
                Some((begins, _)) => cold.push(*begins),
                None if growing.is_empty() => {}
                None => wrong.push(format!("{file}: scans {growing:?}: {sql}")),
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(looked > 60, "only {looked} statements were found");
    for (begins, why) in COLD {
        assert!(cold.contains(begins), "{begins} ({why}) is not there any more");
    }
}

// shows: AL-5
#[test]
fn a_statement_that_scans_is_seen() {
    let database = Connection::open_in_memory().expect("a database");
    database.execute_batch(include_str!("../schema.sql")).expect("the schema");
    let scan = "SELECT code FROM allocations WHERE at > ?1";
    assert_eq!(scanned(&database, scan), ["allocations"]);
    assert!(scanned(&database, "SELECT code FROM allocations WHERE participant = ?1").is_empty());
    let source = "let sql = \"SELECT a \\\n     FROM b\"; let c = '\"';\n// \"SELECT c\"\nlet d = \"UPDATE e\";";
    assert_eq!(strings(source), ["SELECT a FROM b", "UPDATE e"]);
}
