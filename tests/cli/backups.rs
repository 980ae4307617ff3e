//! Backups that come back: made, verified, thinned out, tried, restored; and every reason not to.

use crate::desk::{Desk, Ran};
use crate::staged::{
    LETTERS, RANDOMISED, Scratch, Staged, acts_from, break_code, break_code_of, entries, open_at,
    randomise, sound, verify,
};
use klero::cli::stage::{CENTRES, Play, Stage};
use klero::clock::{Clock, FixedClock, SystemClock};
use klero::dice::FixedDice;
use klero::domain::ids::{CentreId, Code};
use klero::sealing::bytes::{hex, sha256};
use klero::sealing::card::Card;
use klero::sealing::package::Package;
use klero::sealing::rotate::rotate;
use klero::sealing::rotation::Rotation;
use klero::store::faults::NoFaults;
use rusqlite::Connection;
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A service's folder in use, a desk beside it, and a copy from before two more were randomised.
struct Site {
    desk: Desk,
    live: Scratch,
    staged: Arc<Staged>,
}

const BY: &str = "--by admin-1 --why Disk-failed --password-file word";

impl Site {
    fn new(name: &str) -> Self {
        let (desk, staged) = (Desk::new(name), Staged::shared());
        let live = staged.copy();
        desk.write_secret("word", "demo password of admin-1\n");
        Self { desk, live, staged }
    }

    /// `--data` and what lies beside it: the live folder's checkpoint store and secret, whatever the folder.
    fn at(&self, data: &str) -> String {
        let live = self.live.path().display();
        format!("--data {data} --checkpoint {live}/checkpoint --server-secret {live}/server-secret")
    }

    fn live(&self) -> String {
        self.at(&self.live.path().display().to_string())
    }

    /// One more of those who wait gets the next code.
    fn randomise(&self, number: usize) -> Code {
        let house = sound(self.live.path());
        let who = &self.staged.participants[number];
        let answer = randomise(&house, LETTERS, who, who.as_str());
        answer.expect("everybody is eligible").value.code
    }

    fn copy(&self, name: &str) -> u64 {
        let made = self.desk.data(&format!("backup create {} {name}", self.live()));
        made["entries"].as_u64().expect("a number")
    }

    fn export(&self, name: &str) -> u64 {
        let made = self.desk.data(&format!("trail export {} -o {name}", self.live()));
        made["entries"].as_u64().expect("a number")
    }

    /// A restored folder with its secret and the checkpoint store inside, as `staged` opens one.
    fn whole(&self, name: &str) -> PathBuf {
        for file in ["checkpoint", "server-secret"] {
            let to = self.desk.path(name).join(file);
            fs::copy(self.live.path().join(file), to).expect("it can be copied");
        }
        self.desk.path(name)
    }

    fn nothing_in(&self, name: &str) {
        let left: Vec<_> = match fs::read_dir(self.desk.path(name)) {
            Ok(all) => all.flatten().map(|entry| entry.file_name()).collect(),
            Err(_) => vec![],
        };
        let left: Vec<_> = left.into_iter().filter(|file| file != "in-use").collect();
        assert!(left.is_empty(), "{name} holds {left:?}");
    }
}

fn failure(ran: &Ran) -> Value {
    serde_json::from_str(ran.err.lines().last().unwrap_or_default()).expect("JSON")
}

fn now() -> Arc<FixedClock> {
    Arc::new(FixedClock::at(SystemClock.now().plus_seconds(60)))
}

/// One of each way in that is an extra, as mon-1's.
fn extras_at(database: &Path) {
    let database = Connection::open(database).expect("it opens");
    let sql = "INSERT INTO passkeys VALUES (x'01', 'mon-1', 1, 0, '{}', 0);
               INSERT INTO sign_on_links (person, link, at) VALUES ('mon-1', zeroblob(32), 0);";
    database.execute_batch(sql).expect("both are kept");
}

fn rows(database: &Path, table: &str) -> i64 {
    let database = Connection::open(database).expect("it opens");
    let sql = format!("SELECT count(*) FROM {table}");
    database.query_row(&sql, [], |row| row.get(0)).expect("a number")
}

// shows: CN-2, CN-3, I4, I7
#[test]
fn yesterdays_copy_refuses_and_comes_forward_from_a_mirror_with_every_code_that_was_issued() {
    let site = Site::new("restore");
    let desk = &site.desk;
    extras_at(&site.live.path().join("klero.db"));
    let stored = site.copy("old.db");
    let issued = [RANDOMISED, RANDOMISED + 1].map(|number| site.randomise(number));
    // Its reason is a private record, which no trail holds.
    let broken = break_code(&sound(site.live.path()), &issued[0], "a break");
    broken.expect("the code is broken");
    let promised = site.export("export");
    let restore = format!("backup restore old.db {} {BY}", site.at("new"));

    let ran = desk.refused(22, "behind-checkpoint-store", &restore);
    let told = failure(&ran);
    assert_eq!(told["data"]["missing"], serde_json::json!([[stored, promised - 1]]));
    assert!(ran.err.contains("going on would issue them again"), "{}", ran.err);
    site.nothing_in("new");

    let restore = format!("{restore} --from export");
    let with = |from: &str, to: &str| restore.replace(from, to);
    desk.write_secret("wrong", "another password\n");
    for other in
        [with("file word", "file wrong"), with("admin-1", "mon-1"), with("admin-1", "nobody-1")]
    {
        desk.refused(12, "not-an-administrator", &other);
        site.nothing_in("new");
    }
    desk.write("open", "demo password of admin-1\n");
    desk.refused(18, "file-open-to-others", &with("file word", "file open"));
    let restored = desk.data(&restore);
    assert_eq!(restored["stored"], stored);
    assert_eq!(restored["recovered"], promised - stored);
    assert_eq!(restored["entry"], promised, "it says so in the entry after them");
    assert!(!restored["lost"]["private"].as_array().expect("a list").is_empty(), "{restored}");
    desk.refused(17, "store-exists", &restore);

    let folder = site.whole("new");
    verify(&folder);
    for table in ["passkeys", "sign_on_links"] {
        assert_eq!(rows(&desk.path("old.db"), table), 1, "the copy has one: {table}");
        assert_eq!(rows(&folder.join("klero.db"), table), 0, "it may be in wrong hands: {table}");
    }
    let house = open_at(&folder, now(), Box::new(NoFaults)).expect("it opens");
    assert_eq!(acts_from(&house, promised), ["restored"]);
    let who = &site.staged.participants;
    for (number, code) in [RANDOMISED, RANDOMISED + 1].into_iter().zip(issued) {
        assert_eq!(crate::staged::code_of(&house, &who[number]), Some(code), "nothing is lost");
    }
    let next = randomise(&house, LETTERS, &who[RANDOMISED + 2], "once").expect("it goes on");
    assert_eq!(next.value.code, site.staged.codes()[RANDOMISED + 2], "no gap and no repeat");
    drop(house);
    verify(&folder);
    desk.data(&format!("trail verify --data {} --tables", folder.display()));
}

// shows: CN-2, CN-3, AT-2
#[test]
fn a_mirror_with_a_hole_or_an_altered_line_restores_nothing_and_names_the_entry() {
    let site = Site::new("mirror");
    let desk = &site.desk;
    let stored = site.copy("old.db");
    site.randomise(RANDOMISED);
    site.export("export");
    let restore = format!("backup restore old.db {} {BY}", site.at("new"));
    let lines = desk.read("export/trail.jsonl");
    let gap: Vec<&str> = lines.lines().skip(stored as usize).collect();
    assert!(gap.len() >= 2);

    desk.write("holed.jsonl", &gap[1..].join("\n"));
    let ran = desk.refused(22, "behind-checkpoint-store", &format!("{restore} --from holed.jsonl"));
    assert_eq!(failure(&ran)["data"]["missing"], serde_json::json!([[stored, stored]]));
    // Two sources that fill each other's holes are as good as one.
    desk.write("rest.jsonl", gap[0]);
    let altered = gap[0].replacen("coordinator", "sponsor", 1);
    assert_ne!(altered, gap[0]);
    desk.write("altered.jsonl", &altered);
    let both = |first: &str| format!("{restore} --from holed.jsonl --from {first}");
    let ran = desk.refused(20, "mirror-strange", &both("altered.jsonl"));
    assert!(ran.err.contains(&format!("entry {}", stored + 1)), "{}", ran.err);
    site.nothing_in("new");
    let two = format!("{restore} --from export --from altered.jsonl");
    desk.refused(20, "mirror-strange", &two);
    desk.data(&both("rest.jsonl"));
    verify(&site.whole("new"));
}

/// The service of [`in_the_gap`]: its copy is older than its list.
struct Gap {
    desk: Desk,
    /// What came in since: list, training list, rotation.
    files: [String; 3],
    /// Issued before the rotation, and after it.
    codes: [Code; 2],
}

/// A copy before the list comes in; then list, training list, a code, a stock record, the centre's next key, a code.
fn in_the_gap() -> Gap {
    let desk = Desk::new("gap");
    desk.write_secret("word", "demo password of admin-1\n");
    let (play, _) = Play::quick(desk.path("service"), 12);
    let stage = Stage::raise_unlisted(play);
    desk.data("backup create --data service old.db");
    let (list, drills) = (stage.study.package.clone(), stage.drill_package(0, 1));
    stage.house().import_list(&list).expect("the list committed to");
    stage.open_recruitment();
    stage.house().import_drill_list(&drills).expect("a training list");
    let issue = |number| {
        let reference = stage.screen_eligible(0, number, true);
        let code = stage.randomise(0, &reference);
        Code::parse(code.text_at("code")).expect("a code")
    };
    let before = issue(1);
    // Its bytes are in no trail.
    let record = serde_json::json!({"record": "ZZZZZZZZ", "epoch": 1, "sealed": "00".repeat(540)});
    let stock = serde_json::json!({"centre": CENTRES[0].0, "record": record});
    assert_eq!(stage.act("p-rjs", "POST", "/v1/pharmacy-records", stock).status, 201);
    let cards: Vec<Card> = stage.identities.values().map(|one| one.card().clone()).collect();
    let (centre, by) = (CentreId::parse(CENTRES[0].0).expect("an id"), &stage.identities["stat-1"]);
    let issued = BTreeSet::from([before]);
    let made = rotate(&stage.study.list, &centre, 2, &issued, (&cards, by), &FixedDice::new(2));
    let rotation = made.expect("it can be made").to_json();
    let body = serde_json::json!({"rotation": rotation});
    assert_eq!(stage.act("stat-1", "POST", "/v1/rotations", body).status, 201);
    let codes = [before, issue(2)];
    desk.keep(stage);
    desk.data("trail export --data kept -o export");
    Gap { desk, files: [list, drills, rotation], codes }
}

// shows: CN-2, CN-3, I4
#[test]
fn lists_and_rotations_that_came_in_since_the_copy_come_back_from_their_files() {
    let Gap { desk, files, codes } = in_the_gap();
    let restore = format!(
        "backup restore old.db --data new --checkpoint kept/checkpoint --server-secret \
         kept/server-secret {BY} --from export"
    );
    let drill = "backup drill old.db --data kept --from export";
    let mut packages = String::new();
    for (number, file) in files.iter().enumerate() {
        let (altered, whole) = (format!("altered{number}.json"), format!("file{number}.json"));
        desk.write(&altered, &file.replacen("\"epoch\":", "\"epoch\": ", 1));
        let hash = hex(&sha256(file.as_bytes()));
        for line in [&restore[..], drill] {
            let line = format!("{line}{packages} --package {altered}");
            let ran = desk.refused(22, "package-needed", &line);
            assert_eq!(failure(&ran)["data"]["sha256"], hash, "the one that comes next is named");
        }
        desk.write(&whole, file);
        packages.push_str(&format!(" --package {whole}"));
    }
    assert!(!desk.path("new/klero.db").exists());
    assert_eq!(desk.data(&format!("{drill}{packages}"))["lost"], serde_json::json!([]));
    desk.data(&format!("{restore}{packages}"));
    verify(&desk.path("new"));
    for table in ["slots", "drill_slots", "resealed", "allocations", "centre_keys", "wraps", "held"]
    {
        let [old, new] = ["kept", "new"].map(|at| rows(&desk.path(at).join("klero.db"), table));
        assert!(new > 0 && new == old, "{table}: {new} of {old}");
    }
    for file in ["checkpoint", "server-secret"] {
        fs::copy(desk.path("kept").join(file), desk.path("new").join(file)).expect("it is copied");
    }
    let house = open_at(&desk.path("new"), now(), Box::new(NoFaults)).expect("it opens");
    // The one code as the list sealed it, the other as the rotation did: what holders open is the same as before.
    let list = Package::read(&files[0]).expect("a package").slots;
    let rotation = Rotation::read(&files[2]).expect("a rotation").slots;
    for (code, slots) in codes.iter().zip([list, rotation]) {
        // Who they are was a private record; that nobody can say it now is flagged, and never refused.
        let handed = break_code_of(&house, code, None, &code.to_string());
        let released = handed.expect("it is released").released;
        let slot = slots.iter().find(|slot| slot.code == *code).expect("its slot");
        assert_eq!((released.sealed, released.place.epoch), (slot.sealed.clone(), slot.epoch));
    }
}

// shows: AT-13, CN-6
#[test]
fn a_copy_to_which_nothing_was_added_restores_alone_and_verifies() {
    let site = Site::new("alone");
    let stored = site.copy("copy.db");
    // What a killed attempt left is in nobody's way.
    fs::create_dir(site.desk.path("new")).expect("a new folder");
    site.desk.write("new/klero.db.restoring", "half a database");
    let restored = site.desk.data(&format!("backup restore copy.db {} {BY}", site.at("new")));
    assert_eq!((&restored["recovered"], &restored["entry"]), (&0.into(), &stored.into()));
    let folder = site.whole("new");
    assert!(!folder.join("klero.db.restoring").exists());
    verify(&folder);
    let house = open_at(&folder, now(), Box::new(NoFaults)).expect("it opens");
    assert_eq!(acts_from(&house, stored), ["restored"]);
    let caller = sha256(b"any token");
    let session = house.store.read(|view| view.session(&caller)).expect("it reads");
    assert!(session.is_none());
}

// shows: CN-3, I6
#[test]
fn a_restore_that_is_killed_leaves_no_database_or_a_whole_one() {
    let site = Site::new("killed");
    site.copy("copy.db");
    for number in 0..4 {
        let name = format!("new{number}");
        let line = format!("backup restore copy.db {} {BY}", site.at(&name));
        let mut child = site.desk.command(&line).spawn().expect("it starts");
        let part = site.desk.path(&name).join("klero.db.restoring");
        // Killed as soon as it writes; the later rounds a little later, by what it has written.
        let written = |at: &Path| fs::metadata(at).map_or(0, |found| found.len());
        while written(&part) < number * 65_536 + 1 {
            if child.try_wait().expect("it is ours").is_some() {
                break;
            }
        }
        let _ = child.kill();
        child.wait().expect("it is ours");
        if !site.desk.path(&name).join("klero.db").exists() {
            site.desk.data(&line);
        }
        verify(&site.whole(&name));
        let house = open_at(&site.desk.path(&name), now(), Box::new(NoFaults)).expect("it opens");
        let last = entries(&house) - 1;
        assert_eq!(acts_from(&house, last), ["restored"], "nobody goes on without saying so");
    }
}

// shows: I10, CN-2
#[test]
fn a_copy_that_was_altered_or_holds_what_it_must_not_is_not_verified() {
    let site = Site::new("verify");
    let desk = &site.desk;
    let stored = site.copy("copy.db");
    let hash = desk.read("copy.db.sha256");
    let found = desk.data(&format!("backup verify copy.db {}", site.live()));
    assert!(
        hash.starts_with(found["sha256"].as_str().expect("text")) && hash.ends_with("copy.db\n")
    );
    assert_eq!((&found["entries"], &found["behind"]), (&stored.into(), &0.into()));
    assert_eq!(found["entries"], found["compared"]);
    desk.refused(17, "store-exists", &format!("backup create {} copy.db", site.live()));
    desk.refused(10, "file-missing", "backup verify none.db");
    desk.write("text.db", "this is no database");
    desk.refused(20, "backup-damaged", "backup verify text.db");

    let spoil = |name: &str, sql: &str| {
        fs::copy(desk.path("copy.db"), desk.path(name)).expect("it is copied");
        let database = Connection::open(desk.path(name)).expect("it opens");
        database.execute_batch(sql).expect(sql);
    };
    spoil("arms.db", "CREATE TABLE arms (code TEXT, arm TEXT)");
    desk.refused(20, "backup-damaged", "backup verify arms.db");
    spoil("people.db", "UPDATE people SET role = 'hotline' WHERE id = 'mon-1'");
    desk.refused(20, "backup-damaged", "backup verify people.db");
    let secret = fs::read(site.live.path().join("server-secret")).expect("it reads");
    let secret = klero::sealing::bytes::hex(&secret);
    let sql = format!("INSERT INTO drafts VALUES ('r', 'p', 'k', NULL, '{secret}', 0)");
    spoil("secret.db", &sql);
    desk.refused(20, "secret-in-backup", &format!("backup verify secret.db {}", site.live()));
    spoil("copy.db.other", "INSERT INTO drafts VALUES ('r', 'p', 'k', NULL, 'x', 0)");
    fs::copy(desk.path("copy.db.other"), desk.path("copy.db")).expect("it is replaced");
    desk.refused(20, "backup-altered", "backup verify copy.db");
    desk.refused(20, "backup-damaged", &format!("backup drill copy.db {}", site.live()));
}

// shows: CN-2
#[test]
fn a_drill_loses_no_issued_code_or_stops_and_says_which() {
    let site = Site::new("drill");
    let desk = &site.desk;
    let stored = site.copy("copy.db");
    let drill = format!("backup drill copy.db {}", site.live());
    assert_eq!(desk.data(&drill)["lost"], serde_json::json!([]));
    let code = site.randomise(RANDOMISED);
    let told = failure(&desk.refused(3, "codes-not-in-backup", &drill));
    assert_eq!(told["data"]["lost"], serde_json::json!([code.to_string()]), "it says which");
    let promised = site.export("export");
    let found = desk.data(&format!("{drill} --from export"));
    assert_eq!((&found["stored"], &found["entries"]), (&stored.into(), &promised.into()));
    assert_eq!(found["lost"], serde_json::json!([]));
    let left = desk.files().into_iter().filter(|(name, _)| name.contains(".klero-drill")).count();
    assert_eq!(left, 0, "the scratch folder is gone");
    // The service takes it in, once.
    let house = open_at(site.live.path(), now(), Box::new(NoFaults)).expect("it opens");
    let entry = house.take_in_drill().expect("it is taken in").expect("there is one");
    assert_eq!(house.take_in_drill().expect("it is known"), Some(entry));
    assert_eq!(acts_from(&house, entry), ["backup-drilled"]);
    assert_eq!(house.shelf().drilled.expect("it is noted").entries, promised);
}

// shows: CN-2
#[test]
fn copies_are_thinned_out_by_days_weeks_and_months_and_the_newest_verified_one_stays() {
    let site = Site::new("prune");
    let desk = &site.desk;
    fs::create_dir(desk.path("shelf")).expect("a new folder");
    desk.write("klero.toml", "[backup]\nfolder = \"shelf\"\nkeep = \"daily=1\"\n");
    for day in ["2026-11-01", "2026-11-02", "2026-11-03"] {
        desk.write(&format!("shelf/klero-{day}T080000Z.db"), day);
    }
    desk.write("shelf/notes.txt", "not a copy");
    let made = desk.data(&format!("backup create --config klero.toml {}", site.live()));
    let file = made["file"].as_str().expect("text").to_owned();
    assert!(file.starts_with("shelf/klero-"), "{file}");
    let would = desk.data("backup prune --config klero.toml --keep daily=2 --dry-run");
    assert_eq!(would["deleted"].as_array().map(Vec::len), Some(2));
    desk.refused(2, "wrong-usage", "backup prune --config klero.toml --keep often");
    desk.refused(2, "no-backup-folder", "backup prune");
    let gone = desk.data("backup prune --config klero.toml");
    assert_eq!((&gone["kept"], gone["deleted"].as_array().map(Vec::len)), (&1.into(), Some(3)));
    let left: Vec<_> = desk.files().into_iter().map(|(name, _)| name).collect();
    for name in [file.as_str(), &format!("{file}.sha256"), "shelf/notes.txt"] {
        assert!(left.iter().any(|left| left.ends_with(name)), "{name}: {left:?}");
    }
    let found = desk.data(&format!("backup drill --config klero.toml {}", site.live()));
    assert_eq!(found["file"], file, "the newest is tried");
    desk.refused(2, "no-backup-folder", "backup verify");
    let found = desk.data("backup verify --config klero.toml");
    assert_eq!(found["file"], file, "and verified");
}

// shows: CN-1, CN-2, AT-7
#[test]
fn the_doctor_names_each_fault_with_its_remedy_and_ends_with_23() {
    let site = Site::new("doctor");
    let desk = &site.desk;
    desk.refused(10, "no-store", "doctor --data none");
    let line = format!("doctor {}", site.live());
    let state = |check: &str| {
        let told = failure(&desk.refused(23, "doctor-found", &line));
        let all = told["data"]["checks"].as_array().expect("a list").clone();
        for one in all.iter().filter(|one| one["state"] != "well") {
            assert_ne!(one["remedy"], "", "{one}");
        }
        let found = all.into_iter().find(|one| one["check"] == check);
        found.unwrap_or_else(|| panic!("{check} was looked at"))["state"].clone()
    };
    use std::os::unix::fs::PermissionsExt;
    let mode = |path: PathBuf, mode| {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("a mode can be set");
    };
    mode(site.live.path().to_owned(), 0o755);
    assert_eq!(state("folder"), "mend");
    mode(site.live.path().to_owned(), 0o700);
    for (check, expected) in [
        ("folder", "well"),
        ("server-secret", "note"),
        ("schema", "well"),
        ("integrity", "well"),
        ("checkpoint-store", "well"),
        ("checkpoint-disk", "mend"),
        ("clock", "well"),
        ("list", "well"),
        ("emergency-drill", "mend"),
        ("backup", "mend"),
        ("backup-drill", "mend"),
        ("configuration", "note"),
        ("core-dumps", if cfg!(target_os = "linux") { "well" } else { "note" }),
    ] {
        assert_eq!(state(check), expected, "{check}");
    }
    site.copy("copy.db");
    desk.data(&format!("backup verify copy.db {}", site.live()));
    desk.data(&format!("backup drill copy.db {}", site.live()));
    for check in ["backup", "backup-verified", "backup-drill"] {
        assert_eq!(state(check), "well", "{check}");
    }
    let live = |name: &str| site.live.path().join(name);
    site.randomise(RANDOMISED);
    fs::copy(desk.path("copy.db"), live("klero.db")).expect("an old database is put back");
    assert_eq!(state("checkpoint-store"), "mend");
    mode(live("server-secret"), 0o644);
    assert_eq!(state("server-secret"), "mend");
}

#[test]
fn a_service_that_does_not_answer_is_not_healthy() {
    let desk = Desk::new("health");
    // Nothing listens on a port that was free a moment ago.
    let free = std::net::TcpListener::bind("127.0.0.1:0").expect("a port").local_addr();
    let at = free.expect("an address");
    desk.refused(14, "no-answer", &format!("health http://{at}/v1/version"));
    desk.write("klero.toml", &format!("[service]\noperations = \"{at}\"\n"));
    desk.refused(14, "no-answer", "healthcheck --config klero.toml");
}

// shows: AC-8, CN-1 (what is wrong with the hospital's sign-on is named, and its secret is in no answer)
#[cfg(feature = "oidc")]
#[test]
fn the_doctor_looks_at_the_hospitals_sign_on_where_one_is_named() {
    let site = Site::new("doctor-sign-on");
    let desk = &site.desk;
    // A port that nobody listens on.
    let free = std::net::TcpListener::bind(("127.0.0.1", 0)).and_then(|bound| bound.local_addr());
    let issuer = format!("http://{}", free.expect("loopback has a free port"));
    let write = |listed: &str, public: &str, keys: &str| {
        desk.write(
            "klero.toml",
            &format!(
                "[service]\n{public}\n[webhooks]\nown_hosts = [{listed}]\n[sign_on]\n\
                 issuer = \"{issuer}\"\nclient_id = \"klero\"\n{keys}"
            ),
        );
    };
    let line = format!("doctor --config klero.toml {}", site.live());
    let said = || {
        let told = failure(&desk.refused(23, "doctor-found", &line));
        assert!(!told.to_string().contains("c0ffee"), "{told}");
        let all = told["data"]["checks"].as_array().expect("a list").clone();
        let one = all.into_iter().find(|one| one["check"] == "sign-on").expect("it is looked at");
        assert_ne!(one["remedy"], "", "{one}");
        format!("{} {}", one["state"].as_str().unwrap_or_default(), one["said"])
    };
    let public = "public_url = \"https://klero.example.org\"\nhttps = true\n";
    let listed = format!("\"{issuer}\"");
    let keys = "client_secret_file = \"sso\"\nname = \"Demo SSO\"\n";
    desk.write("sso", "c0ffee\n");
    for (listed, public, keys, part) in [
        ("", public, "", "belong together"),
        (listed.as_str(), "", keys, "public_url is not set"),
        (&listed, public, keys, "others may read sso"),
    ] {
        write(listed, public, keys);
        let said = said();
        assert!(said.starts_with("mend ") && said.contains(part), "{said}");
        // Neither does the service start with it.
        let serve = format!(
            "serve --config klero.toml --operations off --listen 127.0.0.1:0 {}",
            site.live()
        );
        let ran = desk.run(&serve);
        assert!([15, 18].contains(&ran.code) && ran.err.contains(part), "{}", ran.err);
    }
    desk.write_secret("sso", "c0ffee\n");
    write("", public, keys);
    assert!(said().contains("is on no list of hosts"));
    write(&listed, public, keys);
    assert!(said().contains("does not answer"));
    let shown = desk.data("config show --config klero.toml").to_string();
    assert!(shown.contains("sign_on.client_secret_file") && !shown.contains("c0ffee"), "{shown}");
}
