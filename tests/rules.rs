//! The house's own rules, read from its source: which room may import which, who may name an outside crate, who may
//! name the opener, who may name an arm; and that every invariant is shown by a test.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// A room, and what it may import. What is not here imports nothing from the crate.
const ARROWS: &[(&str, &[&str])] = &[
    ("domain", &[]),
    ("clock.rs", &["domain"]),
    ("dice.rs", &[]),
    ("limits.rs", &[]),
    ("config", &["domain"]),
    ("meter.rs", &[]),
    ("text.rs", &[]),
    ("refusal.rs", &["text"]),
    ("trial_file", &["domain"]),
    ("export", &["domain"]),
    ("sealing", &["domain", "dice", "limits"]),
    ("store", &["domain", "sealing", "clock", "dice", "limits", "meter"]),
    (
        "service",
        &[
            "domain",
            "sealing",
            "store",
            "export",
            "clock",
            "dice",
            "text",
            "limits",
            "refusal",
            "trial_file",
            "meter",
        ],
    ),
    // `sealing` for hashes and hexadecimal, `store` for the values that a service's answers are made of.
    (
        "http",
        &["domain", "sealing", "store", "service", "text", "limits", "refusal", "dice", "meter"],
    ),
    // `sealing` signs what programs are told; `http` writes its body.
    ("post", &["domain", "sealing", "service", "http", "text", "refusal"]),
    // `sealing` for hexadecimal alone: the root, the fingerprints.
    ("web", &["domain", "sealing", "service", "http", "text", "limits", "refusal"]),
    (
        "cli",
        &[
            "domain",
            "sealing",
            "store",
            "service",
            "http",
            "web",
            "post",
            "text",
            "limits",
            "refusal",
            "clock",
            "dice",
            "trial_file",
            "export",
            "telemetry",
            "config",
        ],
    ),
    ("telemetry.rs", &[]),
];

/// An outside crate, and who may name it: a room, or one of its files.
const CRATES: &[(&str, &[&str])] = &[
    ("actix_web", &["http"]),
    ("utoipa", &["http"]),
    ("utoipa_swagger_ui", &["http"]),
    ("rusqlite", &["store"]),
    // Where TLS is spoken it is its provider, named through rustls.
    ("ring", &["sealing", "dice.rs", "http/tls.rs", "post/client.rs"]),
    ("hpke", &["sealing/wrap.rs"]),
    ("rand_chacha", &["sealing/stream.rs"]),
    ("webauthn_rs", &["sealing/passkey/webauthn.rs"]),
    ("argon2", &["sealing/password.rs"]),
    ("diceware_wordlists", &["sealing/identity.rs", "web/mod.rs"]),
    ("unicode_normalization", &["sealing/identity.rs"]),
    ("clap", &["cli"]),
    ("rpassword", &["cli"]),
    ("rustix", &["cli/core_dumps.rs", "cli/doctor.rs"]),
    ("ureq", &["cli", "post/client.rs", "post/webhook.rs"]),
    ("lettre", &["post/mail.rs"]),
    ("rustls", &["http/tls.rs", "post/client.rs"]),
    ("rustls_native_certs", &["post/client.rs"]),
    ("openidconnect", &["post/sign_on.rs"]),
    ("jiff", &["domain/time.rs", "clock.rs"]),
    ("fluent", &["text.rs"]),
    ("toml", &["trial_file", "config"]),
    (
        "tokio",
        &[
            "store/writer.rs",
            "store/check.rs",
            "service/passwords.rs",
            "service/ready.rs",
            "service/sign_on.rs",
            "cli/stage.rs",
        ],
    ),
    ("sd_notify", &["cli/systemd.rs"]),
    ("clap_complete", &["cli/shell.rs"]),
    ("clap_mangen", &["cli/shell.rs"]),
    (
        "base64",
        &[
            "sealing/checkpoint.rs",
            "sealing/witness.rs",
            "sealing/webhook.rs",
            "http/pages/statics.rs",
        ],
    ),
    ("askama", &["web"]),
    ("qrcode", &["web"]),
    ("tracing_subscriber", &["telemetry.rs", "http"]),
    ("serde", &["http/wire", "trial_file", "sealing", "cli"]),
    ("serde_json", &["http/wire", "http/extract.rs", "sealing", "cli", "export"]),
    ("csv", &["export/comma.rs", "service/people_table.rs"]),
    ("encoding_rs", &["service/people_table.rs"]),
    ("rust_xlsxwriter", &["export/xlsx.rs"]),
];

/// Who may name `sealing::open`: nothing the service runs.
const OPENERS: &[&str] = &["cli/open.rs", "cli/demo.rs"];

/// Who may name the type of an arm.
const ARM_FILES: &[&str] = &[
    "sealing/arm.rs",
    "sealing/draw.rs",
    "sealing/list.rs",
    "sealing/leaf.rs",
    "sealing/seal.rs",
    "sealing/open.rs",
    "sealing/rotate.rs",
    "sealing/verify.rs",
    "sealing/vectors.rs",
    "sealing/fixture.rs",
    "cli/list.rs",
    "cli/open.rs",
    "cli/verify.rs",
    "cli/demo.rs",
];

struct Source {
    /// From `src/`, such as `store/tx.rs`.
    path: String,
    /// Without comments and texts, and without the tests at its end.
    code: String,
    lines: usize,
}

fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = vec![];
    walk(&root, &mut files);
    files.sort();
    assert!(files.len() > 30, "the sources are found");
    let read = |file: PathBuf| {
        let text = fs::read_to_string(&file).expect("a source file is text");
        let body = text.split("#[cfg(test)]\nmod ").next().unwrap_or_default().to_owned();
        let path = file.strip_prefix(&root).expect("below src").to_string_lossy().into_owned();
        Source { path, lines: body.lines().count(), code: bare(&body) }
    };
    files.into_iter().map(read).collect()
}

fn walk(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder of sources").flatten() {
        let path = entry.path();
        if path.is_dir() {
            walk(&path, files);
        } else if path.extension().is_some_and(|e| e == "rs") && !path.ends_with("tests.rs") {
            files.push(path);
        }
    }
}

/// The code alone: comments go, texts in quotes go.
fn bare(text: &str) -> String {
    let lines = text.lines().map(|line| match line.find("//") {
        Some(at) if !line[..at].ends_with(':') => &line[..at],
        _ => line,
    });
    let mut out = String::new();
    let mut quoted = false;
    let mut last = ' ';
    for c in lines.collect::<Vec<_>>().join("\n").chars() {
        if c == '"' && last != '\\' && last != '\'' {
            quoted = !quoted;
        } else if !quoted {
            out.push(c);
        }
        last = if last == '\\' && c == '\\' { ' ' } else { c };
    }
    out
}

fn is_in(path: &str, place: &str) -> bool {
    path == place
        || path == format!("{place}.rs")
        || path.strip_prefix(place).is_some_and(|rest| rest.starts_with('/'))
}

/// The rooms that a piece of code names as `crate::room`.
fn imports(code: &str) -> BTreeSet<String> {
    let word = |rest: &str| rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
    code.split("crate::").skip(1).map(word).filter(|w: &String| !w.is_empty()).collect()
}

fn names(code: &str, name: &str) -> bool {
    code.split(|c: char| !c.is_alphanumeric() && c != '_').any(|word| word == name)
}

/// Does the code name `name::`, and not something that only ends so?
fn names_path(code: &str, name: &str) -> bool {
    let path = format!("{name}::");
    let inside = |at: usize| code[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_');
    code.match_indices(&path).any(|(at, _)| !inside(at))
}

#[test]
fn arrows_between_rooms_point_one_way() {
    for source in sources() {
        if ["lib.rs", "main.rs"].contains(&source.path.as_str()) {
            continue;
        }
        let room =
            ARROWS.iter().find(|(room, _)| is_in(&source.path, room.trim_end_matches(".rs")));
        let (room, may) = room.unwrap_or_else(|| panic!("{} is in no room", source.path));
        let own = room.trim_end_matches(".rs");
        for import in imports(&source.code) {
            assert!(
                import == own || may.contains(&import.as_str()),
                "{} imports {import}, which {room} may not",
                source.path
            );
        }
        assert!(!source.code.contains("super::super"), "{}: a hidden door", source.path);
    }
}

#[test]
fn outside_crates_are_named_only_where_they_belong() {
    let sources = sources();
    for (name, places) in CRATES {
        for source in &sources {
            let allowed =
                places.iter().any(|place| is_in(&source.path, place.trim_end_matches(".rs")));
            let used =
                names_path(&source.code, name) || source.code.contains(&format!("use {name};"));
            assert!(allowed || !used, "{} names {name}", source.path);
        }
    }
    let manifest = include_str!("../Cargo.toml");
    let section = manifest.split("[dependencies]").nth(1).unwrap_or_default();
    let section = section.split("[dev-dependencies]").next().unwrap_or_default();
    for line in section.lines().filter(|l| l.contains('=') && !l.starts_with(['#', ' ', '['])) {
        let name = line.split('=').next().unwrap_or_default().trim().replace('-', "_");
        let listed = CRATES.iter().any(|(known, _)| *known == name);
        let everywhere = ["zeroize", "tracing"].contains(&name.as_str());
        assert!(listed || everywhere, "{name} stands in no table of rules.rs");
    }
}

// shows: I1, I10, CO-2
#[test]
fn only_two_commands_name_the_opener_and_nobody_hands_it_on() {
    for source in sources() {
        let opens = source.code.contains("sealing::open") || source.code.contains("open::open(");
        let inside = source.path.starts_with("sealing/");
        assert!(
            !opens || inside || OPENERS.contains(&source.path.as_str()),
            "{} names the opener",
            source.path
        );
        assert!(!source.code.contains("pub use open"), "{} hands it on", source.path);
    }
}

// shows: I1, CO-2
#[test]
fn an_arm_is_named_only_where_lists_are_drawn_opened_and_verified() {
    for source in sources() {
        let allowed = ARM_FILES.contains(&source.path.as_str());
        assert!(allowed || !names(&source.code, "Arm"), "{} names an arm", source.path);
        let server =
            ["store/", "service/", "http/"].iter().any(|room| source.path.starts_with(room));
        let secrets = ["Identity", "ListSecret", "CentreKey", "SlotPayload"];
        for secret in secrets.iter().filter(|_| server) {
            // The form's identity fields have a type of that name too; the key pair's is sealing's.
            let named = source.code.contains(&format!("identity::{secret}"))
                || source.code.contains(&format!("ceremony::{secret}"))
                || source.code.contains(&format!("centre_key::{secret}"));
            assert!(!named, "{} names {secret}", source.path);
        }
    }
}

// shows: I3
#[test]
fn the_lock_is_lifted_in_one_place_behind_a_durable_entry() {
    for source in sources() {
        let lifts = source.code.contains(".lift(");
        // The demonstration lifts too, to show that nothing is gained by it.
        let allowed =
            ["store/release.rs", "store/writer.rs", "cli/demo.rs"].contains(&source.path.as_str());
        let own = source.path.starts_with("sealing/");
        assert!(allowed || own || !lifts, "{} lifts a lock", source.path);
        let lifts = [".lift_record(", ".lift_bytes("].iter().any(|name| source.code.contains(name));
        assert!(source.path == "store/pharmacy.rs" || own || !lifts, "{}", source.path);
        let releases = [".release(&self.secret)", ".lift_records(&self.secret)"];
        let releases = releases.iter().any(|name| source.code.contains(name));
        assert!(!releases || source.path.starts_with("service/"), "{}", source.path);
    }
    let writer = sources().into_iter().find(|s| s.path == "store/writer.rs").expect("the writer");
    // `Durable` is made where a group's answers are given, and where one is parted: nowhere else.
    assert_eq!(writer.code.matches("Durable { value").count(), 2, "makers of Durable");
}

// shows: CN-4, CO-1
#[test]
fn a_code_is_issued_by_one_use_case_of_the_service_and_by_nothing_that_works_offline() {
    let issuers: Vec<_> = sources().into_iter().filter(|s| s.code.contains("issue_next")).collect();
    let paths: Vec<&str> = issuers.iter().map(|source| source.path.as_str()).collect();
    assert_eq!(paths, ["service/randomise.rs", "store/order.rs"]);
}

// shows: CN-8
#[test]
fn every_known_issue_has_a_severity_an_effect_and_the_day_it_was_last_reviewed() {
    let log = include_str!("../deploy/issue-log.md");
    let rows: Vec<Vec<&str>> = log
        .lines()
        .filter(|line| line.starts_with("| K-"))
        .map(|line| line.trim_matches('|').split('|').map(str::trim).collect())
        .collect();
    assert!(!rows.is_empty(), "a program without known issues is one that nobody looked at");
    for row in rows {
        let [id, severity, what, effect, until, reviewed] = row[..] else {
            panic!("six cells: {row:?}")
        };
        assert!(["critical", "major", "minor"].contains(&severity), "{id}: {severity}");
        assert!([what, effect, until].iter().all(|cell| cell.len() > 3), "{id} says too little");
        assert!(klero::domain::time::Date::parse(reviewed).is_some(), "{id}: reviewed {reviewed}");
    }
}

#[test]
fn sql_writes_projections_only_where_entries_are_applied() {
    let tables = [
        "people",
        "person_centres",
        "recruitment",
        "lists",
        "cards",
        "wraps",
        "participants",
        "allocations",
        "releases",
        "sign_ins",
        "verifications",
        "shortages",
        "pharmacy_records",
        "break_records",
        "records",
        "centre_keys",
        "held",
        "passed_keys",
        "tokens",
        "entrusted",
        "notices",
        "addresses",
        "webhooks",
        "copies",
    ];
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    for source in sources()
        .iter()
        .filter(|s| !s.path.starts_with("store/apply") && s.path != "store/exports.rs")
    {
        let text = fs::read_to_string(root.join(&source.path)).expect("a source file is text");
        let text = text.split("#[cfg(test)]\nmod ").next().unwrap_or_default();
        for table in tables {
            for verb in ["INSERT INTO", "UPDATE", "DELETE FROM", "REPLACE INTO"] {
                let sql = format!("{verb} {table} ");
                assert!(!text.contains(&sql), "{} has {sql}", source.path);
            }
        }
    }
}

#[test]
fn functions_and_files_keep_their_size_and_lines_their_width() {
    for source in sources() {
        let allowed = match source.path.as_str() {
            // Every body of the interface, field by field; every question to the store.
            "http/wire/acts.rs" => 900,
            "store/queries.rs" => 660,
            // The whole tree of commands.
            "cli/mod.rs" => 560,
            // One whole service with everybody in it.
            "cli/stage.rs" => 530,
            // Every way in which a folder may not open, with its words.
            "store/startup.rs" => 500,
            _ => 480,
        };
        assert!(source.lines <= allowed, "{} has {} lines", source.path, source.lines);
    }
}

// shows: VA-5
#[test]
fn the_map_has_a_paragraph_for_each_room() {
    let map = include_str!("../ARCHITECTURE.md");
    for room in ["domain", "sealing", "store", "service", "http", "post", "cli"] {
        assert!(map.contains(&format!("### {room}")), "ARCHITECTURE.md says nothing of {room}");
    }
}

/// Which test shows which invariant or requirement: read from the lines above the tests.
fn traced() -> BTreeMap<String, BTreeSet<String>> {
    let top = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = vec![];
    walk(&top.join("src"), &mut files);
    walk(&top.join("tests"), &mut files);
    files.extend(["src/http/tests.rs"].iter().map(|f| top.join(f)).filter(|f| f.exists()));
    let journeys = fs::read_dir(top.join("tests/e2e")).expect("the journeys");
    let journeys = journeys.flatten().map(|entry| entry.path());
    files.extend(journeys.filter(|path| path.to_string_lossy().ends_with(".test.mjs")));
    let mut traced: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for file in files {
        let text = fs::read_to_string(&file).expect("a source file is text");
        let mut ids: Vec<String> = vec![];
        for line in text.lines().map(str::trim) {
            if let Some(shown) = line.strip_prefix("// shows: ") {
                let plain = shown.split('(').next().unwrap_or_default();
                ids.extend(plain.split(',').map(|id| id.trim().to_owned()));
            } else if let Some(rest) = line.strip_prefix("fn ").or(line.strip_prefix("async fn ")) {
                let name = rest.split('(').next().unwrap_or_default().to_owned();
                for id in ids.drain(..) {
                    traced.entry(id).or_default().insert(name.clone());
                }
            } else if let Some(rest) = line.strip_prefix("test('") {
                // A journey in a browser is named by its sentence.
                let name = rest.split("',").next().unwrap_or_default().replace(' ', "_");
                for id in ids.drain(..) {
                    traced.entry(id).or_default().insert(name.clone());
                }
            }
        }
    }
    traced
}

// shows: VA-2
#[test]
fn every_invariant_of_the_design_and_every_requirement_is_shown_by_a_test() {
    let traced = traced();
    for number in 1..=11 {
        let id = format!("I{number}");
        assert!(traced.contains_key(&id), "no test shows {id}");
    }
    let requirements = include_str!("../deploy/validation/requirements.tsv");
    let ids = requirements.lines().filter_map(|line| line.split_once('\t').map(|(id, _)| id));
    let bare: Vec<&str> = ids.clone().filter(|id| !traced.contains_key(*id)).collect();
    assert!(bare.is_empty(), "required, and shown by no test: {bare:?}");
    let known: BTreeSet<&str> = ids.collect();
    let invented: Vec<_> =
        traced.keys().filter(|id| id.contains('-') && !known.contains(id.as_str())).collect();
    assert!(invented.is_empty(), "shown, and required nowhere: {invented:?}");
}

// shows: VA-2
#[test]
fn the_matrix_of_requirements_and_tests_is_what_the_source_says() {
    let row = |(id, tests): (String, BTreeSet<String>)| {
        format!("{id}\t{}\n", tests.into_iter().collect::<Vec<_>>().join(" "))
    };
    let said: String = traced().into_iter().map(row).collect();
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy/validation/matrix.tsv");
    if std::env::var_os("KLERO_WRITE_MATRIX").is_some() {
        fs::write(&file, &said).expect("the matrix can be written");
    }
    let written = fs::read_to_string(&file).expect("the matrix is text");
    assert!(written == said, "write it anew: KLERO_WRITE_MATRIX=1 cargo test --test rules matrix");
}

/// Every text in quotes of the pages' sources and templates.
fn said_on_pages() -> BTreeSet<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = vec![];
    walk(&root, &mut files);
    let templates = fs::read_dir(root.join("web/templates")).expect("the templates");
    files.extend(templates.flatten().map(|entry| entry.path()));
    let mut said = BTreeSet::new();
    for file in files {
        let text = fs::read_to_string(&file).expect("a source file is text");
        said.extend(text.split('"').map(str::to_owned));
    }
    said
}

#[test]
fn every_word_of_a_page_is_said_and_every_word_that_is_said_exists() {
    let said = said_on_pages();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/text/pages/en");
    let mut known = BTreeSet::new();
    for file in fs::read_dir(folder).expect("the words of pages").flatten() {
        let text = fs::read_to_string(file.path()).expect("words are text");
        let mut message = String::new();
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            let Some((name, words)) = line.split_once(" =") else { continue };
            match name.trim().strip_prefix('.') {
                Some(part) => drop(known.insert(format!("{message}.{part}"))),
                None => {
                    name.trim().clone_into(&mut message);
                    if !words.trim().is_empty() {
                        known.insert(message.clone());
                    }
                }
            }
        }
    }
    assert!(known.len() > 60, "the words are found");
    // Keys that are put together: what stands before the first brace is their beginning.
    let starts = said.iter().filter_map(|text| text.split_once('{').map(|(start, _)| start));
    let starts: BTreeSet<&str> = starts.filter(|start| start.contains('.')).collect();
    let put = |key: &str| starts.iter().any(|start| key.starts_with(start));
    let idle: Vec<_> = known.iter().filter(|key| !put(key) && !said.contains(*key)).collect();
    assert!(idle.is_empty(), "said nowhere: {idle:?}");
    // Whatever looks like a key of a message of the pages is one.
    let messages: BTreeSet<&str> = known.iter().filter_map(|key| key.split('.').next()).collect();
    let looks = |text: &str| {
        let (message, part) = text.split_once('.')?;
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        (messages.contains(message) && !part.is_empty() && part.chars().all(plain)).then_some(())
    };
    let file = |text: &str| {
        [".html", ".css", ".svg", ".js", ".rs", ".json", ".jsonl"].iter().any(|e| text.ends_with(e))
    };
    // What a script says went wrong has the form of a key; these give each such code its words.
    let read = |file: &str| {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/web").join(file);
        fs::read_to_string(path).expect("a source file is text")
    };
    let opening = read("opening.rs") + &read("sealed_part.rs");
    let mishap = |text: &str| {
        let told = |by: &str| opening.contains(&format!("(\"{text}\", \"{by}-says."));
        told("device") || told("sealed")
    };
    let unknown: Vec<_> = said
        .iter()
        // Kinds of notices have words of their own, under `notice`.
        .filter(|text| klero::domain::notice::Kind::parse(text).is_none())
        .filter(|text| looks(text).is_some() && !file(text) && !mishap(text))
        .filter(|text| !known.contains(*text))
        .collect();
    assert!(unknown.is_empty(), "no words for: {unknown:?}");
}
/// The first class of each rule of a sheet.
fn classes(sheet: &str) -> BTreeSet<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/web/css").join(sheet);
    let text = fs::read_to_string(path).expect("a sheet is text");
    let selectors = text.split(['{', '}']).flat_map(|part| part.split(','));
    let first = selectors.filter_map(|selector| selector.trim().strip_prefix('.'));
    let other = |c: char| !c.is_ascii_alphanumeric() && c != '-';
    first.filter_map(|rest| rest.split(other).next().map(str::to_owned)).collect()
}

#[test]
fn a_class_has_its_look_from_one_sheet_beside_the_common_one() {
    let common = classes("base.css");
    let sheets = ["screening.css", "keys.css", "office.css", "pharmacy.css"].map(classes);
    assert!(sheets.iter().all(|sheet| sheet.len() > 2), "the sheets are read");
    for (at, sheet) in sheets.iter().enumerate() {
        for other in &sheets[at + 1..] {
            let both: Vec<_> = sheet.intersection(other).filter(|c| !common.contains(*c)).collect();
            assert!(both.is_empty(), "in two sheets: {both:?}");
        }
    }
}
