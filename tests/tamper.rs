//! Whatever is altered in a stored trail is found and located, at start-up or by verification; an old backup stops the
//! service instead of issuing the same codes again (I7).

mod staged;

use klero::dice::SystemDice;
use klero::domain::entry::Entry;
use klero::refusal::Code;
use klero::sealing::checkpoint::TrailKey;
use klero::service::founding::HouseError;
use klero::service::refuse::Noted;
use klero::store::faults::NoFaults;
use klero::store::{Folder, OpenError, Stamp, TrailFault};
use rusqlite::Connection;
use staged::*;
use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

/// The database as a forger has it: every trigger gone, foreign keys off.
fn forge(folder: &Path) -> Connection {
    let database = Connection::open(folder.join("klero.db")).expect("a copy can be opened");
    let triggers: Vec<String> = {
        let sql = "SELECT name FROM sqlite_schema WHERE type = 'trigger'";
        let mut names = database.prepare(sql).expect("it reads");
        let names = names.query_map([], |row| row.get(0)).expect("it reads");
        names.collect::<Result<_, _>>().expect("it reads")
    };
    for trigger in triggers {
        database.execute_batch(&format!("DROP TRIGGER {trigger}")).expect("it is gone");
    }
    database
        .execute_batch("PRAGMA foreign_keys = OFF; PRAGMA ignore_check_constraints = ON")
        .expect("a pragma");
    database
}

/// A copy in which these statements were run.
fn forged(sql: &str) -> Scratch {
    let copy = Staged::shared().copy();
    let database = forge(copy.path());
    database.execute_batch(sql).expect("a forger can do it");
    assert!(database.changes() > 0 || sql.contains("ROWID"), "nothing was forged: {sql}");
    copy
}

fn refused(folder: &Path) -> OpenError {
    match open(folder, Box::new(NoFaults)) {
        Ok(_) => panic!("it was opened"),
        Err(HouseError::Open(error)) => error,
        Err(other) => panic!("{other}"),
    }
}

fn found_by_verify(folder: &Path) -> OpenError {
    Folder::at(folder).verify(true).expect_err("verification finds it")
}

fn entry_of(error: OpenError) -> u64 {
    match error {
        OpenError::Damaged(TrailFault { entry, .. }) => entry,
        other => panic!("not located: {other}"),
    }
}

fn table_of(error: OpenError) -> &'static str {
    match error {
        OpenError::Tables(table) => table,
        other => panic!("no table is named: {other}"),
    }
}

fn size_of(folder: &Path) -> u64 {
    let checked = Folder::at(folder).verify(false).expect("it was not forged yet");
    checked.entries
}

// Bytes ---------------------------------------------------------------------------------------------------------------

// shows: I7, AT-2
#[test]
fn every_flipped_byte_of_every_line_is_found_and_located() {
    let copy = Staged::shared().copy();
    let database = forge(copy.path());
    let read = |seq: u64| -> Vec<u8> {
        let sql = "SELECT CAST(line AS BLOB) FROM entries WHERE seq = ?1";
        database.query_row(sql, [seq as i64], |row| row.get(0)).expect("it is there")
    };
    let write = |seq: u64, line: &[u8]| {
        let sql = "UPDATE entries SET line = CAST(?2 AS TEXT) WHERE seq = ?1";
        database.execute(sql, (seq as i64, line)).expect("a forger can do it");
    };
    database.pragma_update(None, "synchronous", "OFF").expect("a pragma");
    let entries = size_of(copy.path());
    let folder = copy.folder();
    let mut flipped = 0;
    // The first lines, some in the middle, and the last two, byte by byte; of the others every 29th byte.
    let whole = |seq: u64| seq < 2 || seq == entries / 2 || seq + 2 >= entries;
    for seq in 0..entries {
        let line = read(seq);
        for at in (0..line.len()).filter(|at| whole(seq) || (*at as u64 + seq).is_multiple_of(29)) {
            let mut altered = line.clone();
            // A different bit each time, so that all eight come by.
            altered[at] ^= 1 << ((at + seq as usize) % 8);
            write(seq, &altered);
            let error = folder.verify(false).expect_err("it is found");
            assert_eq!(entry_of(error), seq, "byte {at}");
            flipped += 1;
        }
        write(seq, &line);
    }
    assert!(flipped > 2_500, "only {flipped} bytes");
    verify(copy.path());
}

// shows: I7, AT-2, CN-3
#[test]
fn a_flipped_byte_in_any_line_stops_the_start() {
    let staged = Staged::shared();
    let entries = size_of(staged.path());
    for seq in 0..entries {
        let copy = staged.copy();
        forge(copy.path())
            .execute(
                "UPDATE entries SET line = replace(line, '\"at\":\"2', '\"at\":\"3') WHERE seq = ?1",
                [seq as i64],
            )
            .expect("a forger can do it");
        assert_eq!(entry_of(refused(copy.path())), seq);
    }
}

// shows: I7, AT-2
#[test]
fn a_hash_altered_beside_its_line_is_found_and_located() {
    for seq in [0, 1, 17] {
        let copy = forged(&format!("UPDATE entries SET leaf = zeroblob(32) WHERE seq = {seq}"));
        assert_eq!(entry_of(found_by_verify(copy.path())), seq);
        assert_eq!(entry_of(refused(copy.path())), seq);
    }
}

// Entries -------------------------------------------------------------------------------------------------------------

// shows: I7, AT-2, CN-3
#[test]
fn a_deleted_entry_is_found_and_located() {
    for seq in [1, 17, 40] {
        let copy = forged(&format!("DELETE FROM entries WHERE seq = {seq}"));
        assert_eq!(entry_of(found_by_verify(copy.path())), seq);
        assert_eq!(entry_of(refused(copy.path())), seq);
    }
}

// shows: I7, AT-2
#[test]
fn a_deleted_entry_that_is_closed_up_is_found_and_located() {
    let copy = forged(
        "DELETE FROM entries WHERE seq = 17;
         UPDATE entries SET seq = -seq WHERE seq > 17;
         UPDATE entries SET seq = -seq - 1 WHERE seq < 0",
    );
    assert_eq!(entry_of(found_by_verify(copy.path())), 17);
}

// shows: I7, AT-2
#[test]
fn an_inserted_entry_is_found_and_located() {
    let copy = forged(
        "UPDATE entries SET seq = -seq WHERE seq >= 17;
         UPDATE entries SET seq = 1 - seq WHERE seq < 0;
         INSERT INTO entries SELECT 17, leaf, line FROM entries WHERE seq = 16",
    );
    assert_eq!(entry_of(found_by_verify(copy.path())), 17);
    assert_eq!(entry_of(refused(copy.path())), 17);
}

// shows: I7, AT-2
#[test]
fn swapped_entries_are_found_and_located() {
    let copy = forged(
        "UPDATE entries SET seq = 100000 WHERE seq = 20;
         UPDATE entries SET seq = 20 WHERE seq = 21;
         UPDATE entries SET seq = 21 WHERE seq = 100000",
    );
    assert_eq!(entry_of(found_by_verify(copy.path())), 20);
    assert_eq!(entry_of(refused(copy.path())), 20);
}

// shows: I7, AT-2, CN-3
#[test]
fn a_truncated_trail_stops_the_start_and_says_how_much_is_gone() {
    let promised = size_of(Staged::shared().path());
    let copy = forged(&format!("DELETE FROM entries WHERE seq >= {}", promised - 3));
    match refused(copy.path()) {
        OpenError::Behind { stored, promised: by } => {
            assert_eq!((stored, by), (promised - 3, promised));
        }
        other => panic!("{other}"),
    }
}

/// Rewrites one line, and makes hash and chain fit again as far as `until`.
fn rewrite(folder: &Path, seq: u64, until: u64) {
    let database = forge(folder);
    let read = |seq: u64| -> String {
        let sql = "SELECT line FROM entries WHERE seq = ?1";
        database.query_row(sql, [seq as i64], |row| row.get(0)).expect("it is there")
    };
    let mut prev: Option<String> = None;
    for at in seq..until {
        let mut line = read(at);
        if at == seq {
            line = line.replace("\"at\":\"2026", "\"at\":\"2025");
        }
        if let Some(prev) = prev {
            let start = line.rfind("\"prev\":\"").expect("every line has it") + 8;
            line.replace_range(start..start + 64, &prev);
        }
        let leaf = klero::sealing::tree::leaf_hash(line.as_bytes());
        prev = Some(klero::sealing::bytes::hex(&leaf));
        let sql = "UPDATE entries SET line = ?2, leaf = ?3 WHERE seq = ?1";
        database.execute(sql, (at as i64, &line, &leaf[..])).expect("a forger can do it");
    }
}

// shows: I7, AT-2
#[test]
fn a_line_rewritten_with_its_hash_breaks_the_chain_at_the_next() {
    let copy = Staged::shared().copy();
    rewrite(copy.path(), 30, 31);
    assert_eq!(entry_of(found_by_verify(copy.path())), 31);
    assert_eq!(entry_of(refused(copy.path())), 31);
}

// shows: I7, AT-2, CN-3
#[test]
fn a_trail_rewritten_to_its_end_is_not_the_one_that_was_signed() {
    let staged = Staged::shared();
    let entries = size_of(staged.path());
    for from in [0, 30, entries - 1] {
        let copy = staged.copy();
        rewrite(copy.path(), from, entries);
        match refused(copy.path()) {
            OpenError::Inconsistent { size } => assert_eq!(size, entries),
            other => panic!("{other}"),
        }
    }
}

// shows: I7
#[test]
fn stored_nodes_altered_missing_or_made_up_are_found() {
    let long = Staged::shared().copy();
    // Long enough for the first stored node.
    {
        let house = sound(long.path());
        for _ in 0..3 {
            let pending = house.store.write(Stamp::service(), |tx| {
                (0..100).try_for_each(|_| tx.append(Entry::new("keys-read")).map(|_| ()))?;
                Ok::<_, Noted>(())
            });
            pending.wait().map_err(|noted| noted.refusal.code).expect("it stands");
        }
    }
    verify(long.path());
    let forgeries =
        ["UPDATE nodes SET hash = zeroblob(32)", "DELETE FROM nodes", "UPDATE nodes SET idx = 1"];
    for forgery in forgeries {
        let copy = copy_of(long.path());
        forge(copy.path()).execute_batch(forgery).expect("a forger can do it");
        assert_eq!(entry_of(found_by_verify(copy.path())), 0, "{forgery}");
        assert_eq!(entry_of(refused(copy.path())), 0, "{forgery}");
    }
    let copy = copy_of(long.path());
    let forgery = "INSERT INTO nodes VALUES (8, 1, zeroblob(32))";
    forge(copy.path()).execute_batch(forgery).expect("a forger can do it");
    assert_eq!(table_of(found_by_verify(copy.path())), "nodes");
}

// Beside the trail ----------------------------------------------------------------------------------------------------

// shows: I7, AT-2
#[test]
fn a_private_record_altered_moved_or_made_up_is_found() {
    let forgeries = [
        "UPDATE private_records SET record = replace(record, 'DEMO', 'OMED')
           WHERE record LIKE '%DEMO%'",
        "UPDATE private_records SET record = record || ' '",
        "UPDATE private_records SET record = (SELECT record FROM private_records ORDER BY seq DESC)",
        "INSERT INTO private_records VALUES (0, '{}')",
    ];
    for forgery in forgeries {
        let copy = forged(forgery);
        assert_eq!(table_of(found_by_verify(copy.path())), "private_records", "{forgery}");
    }
}

// shows: I7
#[test]
fn an_altered_row_of_any_table_that_follows_from_the_trail_is_found_and_its_table_named() {
    let forgeries = [
        ("people", "UPDATE people SET role = 'pharmacist' WHERE id = 'c-hsh'"),
        ("people", "UPDATE people SET state = 'disabled' WHERE id = 'hot-1'"),
        ("person_centres", "UPDATE person_centres SET centre = 'huashan' WHERE person = 'p-rjs'"),
        ("person_centres", "DELETE FROM person_centres WHERE person = 'c-hsh'"),
        ("recruitment", "UPDATE recruitment SET state = 'paused' WHERE place = 'huashan'"),
        ("lists", "UPDATE lists SET reviewed = reviewed - 1"),
        ("cards", "UPDATE cards SET card = (SELECT max(card) FROM cards) WHERE person = 'hot-1'"),
        ("wraps", "UPDATE wraps SET wrap = (SELECT max(wrap) FROM wraps) WHERE person = 'hot-1'"),
        ("wraps", "DELETE FROM wraps WHERE person = 'hot-1'"),
        ("participants", "UPDATE participants SET initials = 'OMED' WHERE number = 'HSH-001'"),
        ("participants", "UPDATE participants SET stratum = 'huashan/non-lldas'"),
        ("allocations", "DELETE FROM allocations WHERE position = 1"),
        ("allocations", "UPDATE allocations SET at = at + 1 WHERE position = 1"),
        (
            "voids",
            "INSERT INTO voids SELECT segment, stratum, position, code, 9 FROM slots WHERE position = 9",
        ),
        (
            "releases",
            "INSERT INTO releases SELECT reference, 'break', participant, code, 'huashan',
                        NULL, NULL, 'hot-1', 0, 3, NULL, NULL FROM allocations LIMIT 1",
        ),
        ("contents", "UPDATE contents SET bytes = zeroblob(113) WHERE length(bytes) = 113"),
        ("slots", "UPDATE slots SET leaf = zeroblob(32) WHERE position = 11"),
        ("slots", "DELETE FROM slots WHERE position = 11 AND stratum = 'huashan/lldas'"),
    ];
    for (table, forgery) in forgeries {
        let copy = forged(forgery);
        assert_eq!(table_of(found_by_verify(copy.path())), table, "{forgery}");
    }
}

// shows: I4, I7
#[test]
fn codes_issued_out_of_the_lists_order_stop_the_start() {
    let forgeries = [
        // A gap, a swap, and a row that nobody issued.
        "UPDATE allocations SET position = 5 WHERE position = 1",
        "UPDATE allocations SET entry = 3 WHERE position = 1",
        "INSERT INTO allocations SELECT reference, 'AAAAAAAA', 0, 'huashan/lldas', 7, '9000000', 0, 99
           FROM participants WHERE number = 'HSH-006'",
    ];
    for forgery in forgeries {
        let copy = forged(forgery);
        assert_eq!(table_of(refused(copy.path())), "allocations", "{forgery}");
    }
}

// shows: I4, I7
#[test]
fn a_void_code_that_is_taken_away_leaves_a_gap_that_stops_the_start() {
    let staged = Staged::shared();
    let copy = staged.copy();
    {
        let house = sound(copy.path());
        let next = staged.codes()[RANDOMISED];
        void(&house, &next, "void").expect("it waits");
        let one = &staged.participants[RANDOMISED];
        let code = randomise(&house, LETTERS, one, "after it").expect("a code").value.code;
        assert_eq!(code, staged.codes()[RANDOMISED + 1]);
    }
    verify(copy.path());
    drop(sound(copy.path()));
    let taken = copy_of(copy.path());
    forge(taken.path()).execute_batch("DELETE FROM voids").expect("a forger can do it");
    assert_eq!(table_of(refused(taken.path())), "allocations");
    assert_eq!(table_of(found_by_verify(taken.path())), "voids");
    // The gap moved to where nothing was left out.
    forge(copy.path())
        .execute_batch("UPDATE voids SET position = position + 2")
        .expect("a forger can do it");
    assert_eq!(table_of(refused(copy.path())), "allocations");
}

// shows: I4 (the schema itself)
#[test]
fn the_schema_itself_keeps_issued_and_void_codes_apart_for_ever() {
    let staged = Staged::shared();
    let copy = staged.copy();
    {
        let house = sound(copy.path());
        void(&house, &staged.codes()[RANDOMISED], "void").expect("it waits");
    }
    let database = Connection::open(copy.path().join("klero.db")).expect("it opens");
    let slot =
        "SELECT segment, stratum, position, code, 9 FROM slots WHERE stratum = 'huashan/lldas'";
    for (sql, words) in [
        ("UPDATE voids SET entry = 3".to_owned(), "stays void"),
        ("DELETE FROM voids".to_owned(), "stays void"),
        (format!("INSERT INTO voids {slot} AND position = 0"), "never void"),
        (
            format!(
                "INSERT INTO allocations (participant, reference, segment, stratum, position, code, at, entry)
                 SELECT reference, 'AAAAAAAA', 0, 'huashan/lldas', {RANDOMISED}, '9000000', 0, 99
                 FROM participants WHERE number = 'HSH-006'"
            ),
            "never issued",
        ),
    ] {
        let refused = database.execute_batch(&sql).expect_err(&sql).to_string();
        assert!(refused.contains(words), "{sql}: {refused}");
    }
    drop(database);
    verify(copy.path());
}

// shows: I7
#[test]
fn the_schema_itself_refuses_to_change_trail_contents_slots_and_allocations() {
    let copy = Staged::shared().copy();
    let database = Connection::open(copy.path().join("klero.db")).expect("it opens");
    let refusals = [
        ("UPDATE entries SET line = 'x'", "the trail only grows"),
        ("DELETE FROM entries", "the trail only grows"),
        ("UPDATE private_records SET record = 'x'", "never altered"),
        ("UPDATE nodes SET hash = zeroblob(32)", ""),
        ("UPDATE contents SET bytes = x'00'", "named by their hash"),
        ("UPDATE slots SET position = 3", "a slot never changes"),
        ("DELETE FROM slots", "a slot never goes"),
        ("UPDATE allocations SET position = 3", "an allocation never changes"),
        ("DELETE FROM allocations", "an allocation never goes"),
    ];
    for (sql, words) in refusals.into_iter().filter(|(_, words)| !words.is_empty()) {
        let refused = database.execute_batch(sql).expect_err(sql).to_string();
        assert!(refused.contains(words), "{sql}: {refused}");
    }
    drop(database);
    verify(copy.path());
}

// Backups, forks, checkpoint stores -----------------------------------------------------------------------------------

// shows: I4, I7, CN-3
#[test]
fn an_old_backup_with_the_present_checkpoint_store_issues_nothing() {
    let staged = Staged::shared();
    let (copy, backup) = (staged.copy(), Scratch::new());
    fs::create_dir_all(backup.path()).expect("a folder");
    let file = backup.path().join("backup.db");
    let old = copy.folder().backup_to(&file).expect("it is taken and verified").entries;
    {
        let house = sound(copy.path());
        randomise(&house, LETTERS, &staged.participants[RANDOMISED], "key").expect("one more");
    }
    let now = size_of(copy.path());
    fs::copy(&file, copy.path().join("klero.db")).expect("the backup is put back");
    match refused(copy.path()) {
        OpenError::Behind { stored, promised } => assert_eq!((stored, promised), (old, now)),
        other => panic!("{other}"),
    }
}

// shows: I7, CN-3
#[test]
fn a_fork_of_the_database_is_refused_even_when_it_is_longer() {
    let staged = Staged::shared();
    let (copy, fork) = (staged.copy(), staged.copy());
    for (folder, participants) in [(&copy, 2..3), (&fork, 3..6)] {
        let house = sound(folder.path());
        for one in &staged.participants[participants] {
            randomise(&house, LETTERS, one, one.as_str()).expect("a code");
        }
    }
    let promised = size_of(copy.path());
    assert!(size_of(fork.path()) > promised, "the fork is the longer one");
    fs::copy(fork.folder().database(), copy.folder().database()).expect("the fork is put in");
    match refused(copy.path()) {
        OpenError::Inconsistent { size } => assert_eq!(size, promised),
        other => panic!("{other}"),
    }
}

/// Overwrites one of the two places of a checkpoint store.
fn spoil(folder: &Path, place: usize) {
    let file = folder.join("checkpoint");
    let mut bytes = fs::read(&file).expect("it is there");
    bytes[place * 1024..place * 1024 + 700].fill(0x5a);
    fs::write(&file, bytes).expect("it can be written");
}

// shows: I7, CN-3
#[test]
fn a_torn_checkpoint_store_still_opens_and_one_with_nothing_whole_does_not() {
    let staged = Staged::shared();
    let mut remembered = vec![];
    for place in 0..2 {
        let copy = staged.copy();
        let before = size_of(copy.path());
        spoil(copy.path(), place);
        remembered.push(promised(copy.path()).expect("the other place is whole"));
        {
            let house = sound(copy.path());
            randomise(&house, LETTERS, &staged.participants[RANDOMISED], "key").expect("a code");
            assert_eq!(promised(copy.path()), Some(before + 1), "and it is written again");
        }
        sound(copy.path());
        spoil(copy.path(), 0);
        spoil(copy.path(), 1);
        assert!(matches!(refused(copy.path()), OpenError::CheckpointMissing(_)));
    }
    remembered.sort_unstable();
    assert!(remembered[0] < remembered[1], "two checkpoints, the older and the newest");
    assert_eq!(remembered[1], size_of(staged.path()));
}

// shows: I7, CN-3
#[test]
fn without_a_checkpoint_store_nothing_is_opened() {
    type Spoil = fn(&Path) -> std::io::Result<()>;
    let ways: [Spoil; 3] = [
        |file| fs::remove_file(file),
        |file| fs::write(file, []),
        |file| fs::write(file, [0; 2048]),
    ];
    for way in ways {
        let copy = Staged::shared().copy();
        way(&copy.folder().checkpoint).expect("it can be spoilt");
        assert!(matches!(refused(copy.path()), OpenError::CheckpointMissing(_)));
    }
}

// Beside the service --------------------------------------------------------------------------------------------------

// shows: I7, AT-2, AT-3, AT-14
#[test]
fn a_trail_verified_beside_the_service_is_compared_with_the_last_time_and_leaves_an_entry() {
    let copy = Staged::shared().copy();
    let house = sound(copy.path());
    let (monitor, statistician) = (caller("mon-1"), caller("stat-1"));
    let first = wait(house.verify_trail(&monitor)).expect("it verifies");
    let size = first.size;
    assert_eq!((first.fault, first.consistent_with, first.consistent), (None, None, true));
    let root = house.store.read(|view| view.trail_root(size)).expect("a root");
    assert_eq!(first.root, Some(root));
    let key = TrailKey::parse(&house.store.signer().vkey()).expect("our own key");
    let signed = key.check(&first.checkpoint.expect("a checkpoint")).expect("ours");
    assert_eq!((signed.size, signed.root), (size, root));
    assert_eq!(entries(&house), size + 1);
    // Each person is told of what that person saw.
    let other = wait(house.verify_trail(&statistician)).expect("it verifies");
    assert_eq!((other.size, other.consistent_with), (size + 1, None));
    let again = wait(house.verify_trail(&monitor)).expect("it verifies");
    assert_eq!(again.consistent_with.map(|(seen, _)| seen), Some(size));
    assert!(again.consistent && again.fault.is_none());
    assert_eq!(acts_from(&house, size), ["trail-verified"; 3]);
    let coordinator = wait(house.verify_trail(&caller("c-hsh")));
    assert_eq!(coordinator.expect_err("not hers").code, Code::NotYourRole);
    drop(house);
    verify(copy.path());
}

// shows: I7, AT-2, I3
#[test]
fn a_byte_altered_beside_the_service_is_found_by_verifying_and_stops_it() {
    let copy = Staged::shared().copy();
    let house = sound(copy.path());
    let before = wait(house.verify_trail(&caller("mon-1"))).expect("it verifies");
    forge(copy.path())
        .execute(
            "UPDATE entries SET line = replace(line, '\"at\":\"2', '\"at\":\"3') WHERE seq = 7",
            [],
        )
        .expect("a forger can do it");
    let found = wait(house.verify_trail(&caller("mon-1"))).expect("it answers");
    assert_eq!((found.fault, found.consistent), (Some(7), false));
    assert_eq!((found.root, found.checkpoint), (None, None), "nothing is signed over it");
    assert_eq!(entries(&house), before.size + 1, "and nothing more is written");
    assert!(house.store.health().is_damaged());
    let third = &Staged::shared().participants[RANDOMISED];
    let refused = randomise(&house, LETTERS, third, "after the damage");
    assert_eq!(refused.expect_err("nothing is issued").code, Code::TrailDamaged);
}

// shows: I7, AT-14
#[test]
fn a_trail_that_does_not_begin_with_what_somebody_verified_is_not_taken_for_whole() {
    for forgery in ["root = zeroblob(32)", "size = size + 1000"] {
        let copy = Staged::shared().copy();
        let house = sound(copy.path());
        wait(house.verify_trail(&caller("mon-1"))).expect("it verifies");
        forge(copy.path())
            .execute_batch(&format!("UPDATE verifications SET {forgery}"))
            .expect("a forger can do it");
        let found = wait(house.verify_trail(&caller("mon-1"))).expect("it answers");
        assert_eq!((found.fault, found.consistent, found.checkpoint), (None, false, None));
        assert!(found.consistent_with.is_some() && house.store.health().is_damaged());
    }
}

// The folder ----------------------------------------------------------------------------------------------------------

// shows: CN-3
#[test]
fn a_schema_that_this_program_does_not_know_is_refused_older_or_newer() {
    for version in [-1, 0, 6] {
        let copy = Staged::shared().copy();
        let database = forge(copy.path());
        database.pragma_update(None, "user_version", version).expect("a pragma");
        drop(database);
        assert!(matches!(refused(copy.path()), OpenError::Schema(v) if v == version));
        assert!(matches!(found_by_verify(copy.path()), OpenError::Schema(v) if v == version));
    }
}

/// A copy as the program of an older schema would have left it.
fn of_schema(version: i32) -> Scratch {
    let copy = Staged::shared().copy();
    let database = Connection::open(copy.path().join("klero.db")).expect("a copy can be opened");
    let schema = include_str!("../schema.sql");
    let since = |line: &str| -> Option<i32> {
        line.split_once("-- since schema ")?.1.split(':').next()?.trim().parse().ok()
    };
    for line in schema.lines().filter(|line| since(line).is_some_and(|since| since > version)) {
        let table = line.strip_prefix("CREATE TABLE ").and_then(|rest| rest.split(' ').next());
        let table = table.expect("only tables are marked");
        database.execute_batch(&format!("DROP TABLE {table}")).expect("it is gone");
    }
    database.pragma_update(None, "user_version", version).expect("a pragma");
    copy
}

/// Everything that a schema consists of, in the words of its statements.
fn schema_of(database: &Connection) -> BTreeSet<(String, String)> {
    let sql = "SELECT name, sql FROM sqlite_schema WHERE sql IS NOT NULL";
    let mut all = database.prepare(sql).expect("it reads");
    let all = all.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).expect("it reads");
    all.collect::<Result<_, _>>().expect("it reads")
}

// shows: I7, I6 (the trail is not touched, and everything new follows from it)
#[test]
fn a_folder_of_an_older_schema_is_brought_up_when_it_is_opened_and_is_then_like_a_new_one() {
    for version in [1, 2, 3, 4] {
        brought_up_from(version);
    }
}

fn brought_up_from(version: i32) {
    let copy = of_schema(version);
    let entries = Staged::shared().copy();
    let entries = size_of(entries.path());
    assert_eq!(copy.folder().schema().expect("it is known"), version);
    // A copy is taken before, not after.
    let saved = copy.path().join("before.db");
    assert_eq!(copy.folder().backup_to(&saved).expect("a backup").entries, entries);
    let house = sound(copy.path());
    drop(house);
    assert_eq!(copy.folder().schema().expect("it is known"), 4);
    let database = Connection::open(copy.path().join("klero.db")).expect("it opens");
    let model = Connection::open_in_memory().expect("memory");
    model.execute_batch(include_str!("../schema.sql")).expect("the schema");
    assert_eq!(schema_of(&database), schema_of(&model));
    assert_eq!(size_of(copy.path()), entries);
    // The tables that are new hold what a folder that always had them holds.
    verify(copy.path());
    let sql = "SELECT count(*) FROM sign_ins";
    let people: i64 = database.query_row(sql, [], |row| row.get(0)).expect("it reads");
    assert!(people > 10, "{people} people have signed in");
    // And once more: nothing is left to do.
    drop(sound(copy.path()));
    verify(copy.path());
}

// shows: I7
#[test]
fn a_damaged_folder_of_schema_1_is_refused_and_left_as_it_was() {
    let copy = of_schema(1);
    forge(copy.path())
        .execute_batch("UPDATE entries SET leaf = zeroblob(32) WHERE seq = 3")
        .expect("a forger can do it");
    assert_eq!(entry_of(refused(copy.path())), 3);
    assert_eq!(copy.folder().schema().expect("it is known"), 1);
}

// shows: I4
#[test]
fn a_second_service_on_the_same_folder_is_refused_until_the_first_has_ended() {
    let copy = Staged::shared().copy();
    let first = sound(copy.path());
    assert!(matches!(refused(copy.path()), OpenError::InUse));
    drop(first);
    sound(copy.path());
}

// shows: I10
#[test]
fn a_secret_that_others_may_read_or_that_is_another_stores_is_refused() {
    for mode in [0o644, 0o640, 0o604] {
        let copy = Staged::shared().copy();
        let secret = copy.folder().server_secret;
        fs::set_permissions(&secret, fs::Permissions::from_mode(mode)).expect("our own file");
        assert!(matches!(refused(copy.path()), OpenError::SecretIsOpen(path) if path == secret));
    }
    for length in [0, 31, 33] {
        let copy = Staged::shared().copy();
        fs::write(copy.folder().server_secret, vec![7; length]).expect("our own file");
        assert!(matches!(refused(copy.path()), OpenError::WrongSecret));
    }
    let copy = Staged::shared().copy();
    fs::write(copy.folder().server_secret, [7; 32]).expect("our own file");
    // Nothing in the checkpoint store was signed with it.
    assert!(matches!(refused(copy.path()), OpenError::CheckpointMissing(_)));
}

// shows: I4, I7
#[test]
fn founding_never_overwrites_and_leaves_nothing_behind_when_it_fails() {
    let dice = SystemDice::default();
    let copy = Staged::shared().copy();
    let folder = copy.folder();
    for kept in [folder.database(), folder.server_secret.clone(), folder.checkpoint.clone()] {
        let scratch = Scratch::new();
        fs::create_dir_all(scratch.path()).expect("a folder");
        let name = kept.file_name().expect("a file");
        fs::copy(&kept, scratch.path().join(name)).expect("it can be copied");
        let error = scratch.folder().found(&dice).expect_err("it is there");
        assert!(matches!(error, OpenError::Exists(_)), "{error}");
        assert_eq!(
            fs::read(scratch.path().join(name)).expect("it is there"),
            fs::read(&kept).expect("it is there")
        );
        assert_eq!(fs::read_dir(scratch.path()).expect("a folder").count(), 1, "nothing beside it");
    }
    let scratch = Scratch::new();
    let nowhere = Folder { checkpoint: "/nowhere/at/all".into(), ..scratch.folder() };
    assert!(matches!(nowhere.found(&dice), Err(OpenError::Io(..))));
    assert_eq!(fs::read_dir(scratch.path()).expect("a folder").count(), 0, "nothing is left");
    scratch.folder().found(&dice).expect("the second try is not in the way of the first");
    // Founded and empty: killed before the first entry. Nothing was ever answered from it.
    assert_eq!(entry_of(refused(scratch.path())), 0);
    assert!(matches!(scratch.folder().found(&dice), Err(OpenError::Exists(_))));
}

// shows: I7, AC-7
#[test]
fn verification_agrees_after_a_grant_was_removed_and_its_bytes_with_it() {
    let copy = Staged::shared().copy();
    let house = sound(copy.path());
    let pending = house.store.write(Stamp::service(), |tx| {
        let removed = Entry::new("grant-removed").on("person", "p-hsh");
        Ok::<_, Noted>(tx.append(removed.with("centre", "huashan"))?)
    });
    pending.wait().map_err(|noted| noted.refusal.code).expect("it stands");
    drop(house);
    verify(copy.path());
}

// shows: I7
#[test]
fn verification_beside_a_working_service_raises_no_false_alarm() {
    let staged = Staged::shared();
    let copy = staged.copy();
    let house = sound(copy.path());
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for turn in 0..30 {
                let code = staged.codes()[turn % RANDOMISED];
                break_code(&house, &code, &format!("key {turn}")).expect("it is released");
            }
            done.store(true, Ordering::SeqCst);
        });
        let mut looks = 0;
        while !done.load(Ordering::SeqCst) || looks < 3 {
            verify_beside(copy.path());
            looks += 1;
        }
    });
}

/// The trail may grow between its own check and the comparison of the tables.
fn verify_beside(folder: &Path) {
    let checked = Folder::at(folder).verify(true);
    let checked = checked.unwrap_or_else(|fault| panic!("a false alarm: {fault}"));
    assert!(checked.compared >= checked.entries);
}
