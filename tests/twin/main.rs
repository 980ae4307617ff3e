//! Two verifiers, written by different hands from the same design, judge the same finished trial: ours, and a program in
//! Python's standard library. They must agree on the honest story and on every forgery, check by check.

use klero::cli::stage::{Play, Stage};
use klero::sealing::bytes::hex;
use klero::sealing::checkpoint::TrailSigner;
use klero::sealing::data_set::read_data_set;
use klero::sealing::disclosure::Disclosure;
use klero::sealing::tree::{leaf_hash, root};
use klero::sealing::verify::{Evidence, verify};
use serde_json::{Value, json};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

struct Papers {
    folder: PathBuf,
}

impl Drop for Papers {
    fn drop(&mut self) {
        // What cannot be removed stays in the system's temporary folder.
        let _ = fs::remove_dir_all(&self.folder);
    }
}

impl Papers {
    fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).expect("a paper of the story")
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).expect("a temporary folder can be written");
    }

    /// The first check that fails, by our program: 0 when all hold.
    fn ours(&self) -> usize {
        let manifests = [self.read("manifest.txt")];
        let Ok(disclosure) = Disclosure::from_json(&self.read("disclosure.json")) else { return 1 };
        let rows = read_data_set(&self.read("data.csv")).expect("a data set that reads");
        let (checkpoint, key) =
            (self.read("trail/checkpoint.txt"), self.read("trail/trail-key.txt"));
        let evidence = Evidence {
            manifests: &manifests,
            disclosures: std::slice::from_ref(&disclosure),
            checkpoint: &checkpoint,
            trail_key: key.trim_end(),
            kept: &[],
            data: &rows,
        };
        let trail = self.read("trail/trail.jsonl");
        let verdict = verify(&evidence, trail.split_inclusive('\n'));
        verdict.failure().map_or(0, |(step, _)| step.number)
    }

    /// The same, by the program in Python.
    fn theirs(&self) -> usize {
        let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/twin/verify.py");
        let ran = Command::new("python3")
            .arg(program)
            .arg("--manifest")
            .arg(self.path("manifest.txt"))
            .arg("--disclosure")
            .arg(self.path("disclosure.json"))
            .arg("--trail")
            .arg(self.path("trail"))
            .arg("--data")
            .arg(self.path("data.csv"))
            .arg("--json")
            .output()
            .expect("the second verifier needs python3");
        let said: Value = serde_json::from_slice(&ran.stdout)
            .unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&ran.stderr)));
        let checks = said["checks"].as_array().expect("a list of checks");
        let failed = checks.iter().find(|check| check["ok"] == false);
        let number = failed.map_or(0, |check| check["check"].as_u64().expect("a number") as usize);
        assert_eq!(ran.status.code(), Some(if number == 0 { 0 } else { 20 }));
        number
    }

    fn both(&self, what: &str, expected: usize) {
        assert_eq!((self.ours(), self.theirs()), (expected, expected), "{what}");
    }

    /// Judges a trail that its own service wrote anew with other lines: numbered, chained and signed as it should be.
    fn rewrite(&self, what: &str, change: impl FnOnce(&mut Vec<Value>), expected: usize) {
        let (lines, note) = (self.read("trail/trail.jsonl"), self.read("trail/checkpoint.txt"));
        let mut all: Vec<Value> =
            lines.lines().map(|line| serde_json::from_str(line).expect("a line")).collect();
        change(&mut all);
        let (mut text, mut leaves, mut prev) = (String::new(), vec![], [0; 32]);
        for (seq, mut line) in all.into_iter().enumerate() {
            (line["seq"], line["prev"]) = (seq.into(), hex(&prev).into());
            let line = line.to_string();
            prev = leaf_hash(line.as_bytes());
            leaves.push(prev);
            text.push_str(&line);
            text.push('\n');
        }
        let (signer, key) =
            (TrailSigner::from_seed("klero/forged", [7; 32]), self.read("trail/trail-key.txt"));
        self.write("trail/trail-key.txt", &format!("{}\n", signer.vkey()));
        self.write("trail/trail.jsonl", &text);
        self.write("trail/checkpoint.txt", &signer.sign(leaves.len() as u64, &root(&leaves)));
        self.both(what, expected);
        self.write("trail/trail.jsonl", &lines);
        self.write("trail/checkpoint.txt", &note);
        self.write("trail/trail-key.txt", &key);
    }

    /// Judges with one paper altered, and puts it back.
    fn forge(&self, name: &str, from: &str, to: &str, expected: usize) {
        let honest = self.read(name);
        let forged = honest.replacen(from, to, 1);
        assert_ne!(honest, forged, "{name} holds {from}");
        self.write(name, &forged);
        self.both(&format!("{name}: {from} for {to}"), expected);
        self.write(name, &honest);
    }
}

/// A trial of some participants, prepared and broken, with all that is published at its end.
fn story(name: &str) -> Papers {
    told(name, |_, _| vec![])
}

/// The same with something more at its end; gives back whose code was broken by it.
fn told(name: &str, more: impl FnOnce(&Stage, &[String]) -> Vec<String>) -> Papers {
    let name = format!("klero-twin-{name}-{}", std::process::id());
    let folder = std::env::temp_dir().join(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(folder.join("trail")).expect("a temporary folder");
    let papers = Papers { folder };
    let (play, _) = Play::quick(papers.path("service"), 11);
    let stage = Stage::raise(play);
    for (row, at) in void_rows(&stage) {
        let code = stage.study.list.rows()[row].code;
        let signature = klero::cli::stage::signature("stat-1", "void-code");
        let body = json!({"code": code.to_string(), "reason": "a letter", "signature": signature});
        let done = stage.act("stat-1", "POST", "/v1/codes/void", body);
        assert_eq!(done.status, 200, "position {at}: {}", done.text);
    }
    let list = &stage.study.list;
    let manifest = &stage.study.manifest;
    let mut data = "participant,code,arm,broken\n".to_owned();
    let mut codes = vec![];
    for n in 0..10 {
        let reference = stage.screen_eligible(n as usize % 4, n, n % 3 == 0);
        let code = stage.randomise(n as usize % 4, &reference).text_at("code").to_owned();
        let (centre, letters) = klero::cli::stage::CENTRES[n as usize % 4];
        let body = json!({"code": code, "identifier": "DEMO", "visit": "V1"});
        let who = format!("p-{letters}");
        assert_eq!(stage.act(&who, "POST", "/v1/preparations", body).status, 201, "{centre}");
        let broken = n == 4;
        if broken {
            let body = json!({
                "participant": code, "requester": "Demo physician", "callBack": "000",
                "category": "sae-management", "whatHappened": "invented", "depends": true,
                "signature": klero::cli::stage::signature("hot-1", "break-code"),
            });
            assert_eq!(stage.act("hot-1", "POST", "/v1/breaks", body).status, 201);
        }
        let row = list.rows().iter().find(|row| row.code.to_string() == code).expect("issued");
        let (arm, broken) = (row.arm.name(&manifest.manifest), if broken { "yes" } else { "no" });
        let number = format!("{}-{n:03}", letters.to_uppercase());
        data.push_str(&format!("{number},{code},{arm},{broken}\n"));
        codes.push(code);
    }
    for code in more(&stage, &codes) {
        let row = data.lines().find(|row| row.contains(&code)).expect("somebody's").to_owned();
        data = data.replace(&row, &row.replace(",no", ",yes"));
    }
    let mut lines = String::new();
    let checkpoint = stage.house().export_trail(|line| {
        lines.push_str(line);
        lines.push('\n');
        Ok(())
    });
    papers.write("manifest.txt", &manifest.to_file_text());
    papers.write("trail/manifest.txt", &manifest.to_file_text());
    papers.write("disclosure.json", &stage.study.disclosure().to_json());
    papers.write("data.csv", &data);
    papers.write("trail/trail.jsonl", &lines);
    papers.write("trail/checkpoint.txt", &checkpoint.expect("exported"));
    papers.write("trail/trail-key.txt", &format!("{}\n", stage.house().store.signer().vkey()));
    papers
}

/// A kit's record, a letter, and a letter of a code that nobody has, all taken in by the hotline.
fn opened_offline(stage: &Stage, codes: &[String]) -> Vec<String> {
    let import = |body: Value| {
        let mut body = body;
        body["category"] = "sae-management".into();
        body["signature"] = klero::cli::stage::signature("hot-1", "import-break");
        let done = stage.act("hot-1", "POST", "/v1/breaks/import", body);
        assert_eq!(done.status, 201, "{}", done.text);
    };
    let at = stage.house().clock.now();
    let record = klero::sealing::offline_record::OfflineRecord {
        code: klero::domain::ids::Code::parse(&codes[0]).expect("a code"),
        at,
        by: klero::domain::ids::PersonId::parse("hot-2").expect("a person"),
        reason: "invented".to_owned(),
        fits: true,
    };
    let record = record.sign(&stage.identities["hot-2"]).expect("a reason").to_json();
    import(json!({"record": record}));
    let letter = |serial: &str, code: &str| {
        json!({"letter": {"serial": serial, "code": code, "by": "c-hsh", "at": at.to_string(),
                          "why": "invented"}})
    };
    import(letter("huashan-0-0001-A", &codes[2]));
    let mut rows = stage.study.list.rows().iter();
    let last = rows.rfind(|row| row.stratum.as_str() == "huashan/lldas");
    import(letter("huashan-0-0002-A", &last.expect("slots").code.to_string()));
    vec![codes[0].clone(), codes[2].clone()]
}

/// A code whose turn comes in the story, and one whose turn does not: rows, with their positions.
fn void_rows(stage: &Stage) -> Vec<(usize, u32)> {
    let rows = stage.study.list.rows().iter().enumerate();
    let here = rows.filter(|(_, row)| row.stratum.as_str() == "renji-south/non-lldas");
    here.filter(|(_, row)| [0, 8].contains(&row.position)).map(|(n, r)| (n, r.position)).collect()
}

// shows: SG-1, SG-7, AL-10, RP-1, RP-4
#[test]
fn both_verifiers_agree_on_an_honest_trial_and_on_each_forgery() {
    let papers = story("forged");
    papers.both("the honest story", 0);
    let data = papers.read("data.csv");
    let arm = if data.lines().nth(1).is_some_and(|l| l.contains("placebo")) {
        ("placebo", "belimumab")
    } else {
        ("belimumab", "placebo")
    };
    papers.forge("data.csv", arm.0, arm.1, 5);
    papers.forge("data.csv", ",yes", ",no", 7);
    let last = data.lines().last().expect("ten rows").to_owned() + "\n";
    papers.forge("data.csv", &last, "", 5);
    papers.forge("trail/trail.jsonl", "\"act\":\"randomised\"", "\"act\":\"randomise0\"", 3);
    papers.forge("trail/checkpoint.txt", "\n\n", "\n\n\n", 3);
    papers.forge("trail/trail-key.txt", "+", "+0", 3);
    let secret: Value = serde_json::from_str(&papers.read("disclosure.json")).expect("JSON");
    let secret = secret["secret"].as_str().expect("hexadecimal").to_owned();
    let other = secret.chars().rev().collect::<String>();
    papers.forge("disclosure.json", &secret, &other, 1);
    papers.forge("manifest.txt", "slots: 12", "slots: 13", 1);
}

/// Where the nth entry of this act stands.
fn place(lines: &[Value], act: &str, nth: usize) -> usize {
    let found = lines.iter().enumerate().filter(|(_, line)| line["act"] == act).nth(nth);
    found.unwrap_or_else(|| panic!("entry {nth} of {act}")).0
}

// shows: I4, I11, AL-5, AL-8
#[test]
fn both_verifiers_let_exactly_void_codes_be_left_out() {
    let papers = story("void");
    let void = "code-voided";
    papers.rewrite("written anew as it was", |_| (), 0);
    let gone = |lines: &mut Vec<Value>| drop(lines.remove(place(lines, void, 0)));
    papers.rewrite("a gap without a void", gone, 4);
    let waits = |lines: &mut Vec<Value>| drop(lines.remove(place(lines, void, 1)));
    papers.rewrite("the turn of the other never came", waits, 0);
    let late = |lines: &mut Vec<Value>| {
        let entry = lines.remove(place(lines, void, 0));
        lines.push(entry);
    };
    papers.rewrite("voided after it was passed over", late, 4);
    let twice = |lines: &mut Vec<Value>| lines.push(lines[place(lines, void, 1)].clone());
    papers.rewrite("voided twice", twice, 4);
    let issued = |lines: &mut Vec<Value>| {
        let (from, to) = (place(lines, "randomised", 3), place(lines, void, 1));
        let mut entry = lines.remove(to);
        entry["on"]["code"] = lines[from - usize::from(to < from)]["on"]["code"].clone();
        lines.push(entry);
    };
    papers.rewrite("a void after its issue", issued, 4);
    let unknown = |lines: &mut Vec<Value>| {
        let at = place(lines, void, 1);
        lines[at]["on"]["code"] = "9000000".into();
    };
    papers.rewrite("a void of an unknown code", unknown, 4);
    let used = |lines: &mut Vec<Value>| {
        let (first, at) = (place(lines, void, 0), place(lines, "randomised", 0));
        lines[at]["on"]["code"] = lines[first]["on"]["code"].clone();
    };
    papers.rewrite("the issue of a void code", used, 4);
    for (by, role) in [("c-rjs", "coordinator"), ("hot-1", "hotline"), ("service", "service")] {
        let other = |lines: &mut Vec<Value>| {
            let at = place(lines, void, 0);
            (lines[at]["by"], lines[at]["role"]) = (by.into(), role.into());
        };
        papers.rewrite(&format!("voided by {by}"), other, 6);
    }
}

// shows: EU-12, CO-2, AT-2
#[test]
fn both_verifiers_check_codes_that_were_opened_without_the_service() {
    let papers = told("offline", opened_offline);
    papers.rewrite("written anew as it was", |_| (), 0);
    papers.forge("data.csv", ",yes", ",no", 7);
    let set = |act: &'static str, nth: usize, name: &'static str, value: Value| {
        move |lines: &mut Vec<Value>| {
            let at = place(lines, act, nth);
            lines[at]["data"][name] = value;
        }
    };
    papers.rewrite("a kit without its key", set("break-imported", 0, "opener", "c-hsh".into()), 6);
    papers.rewrite("a letter by nobody", set("break-imported", 1, "opener", "nobody".into()), 6);
    papers.rewrite("another incident's void", set("code-voided", 2, "incident", 7.into()), 6);
    let gone = |lines: &mut Vec<Value>| drop(lines.remove(place(lines, "unissued-opened", 0)));
    papers.rewrite("a void without its incident", gone, 6);
    let by = |lines: &mut Vec<Value>| {
        let at = place(lines, "break-imported", 0);
        (lines[at]["by"], lines[at]["role"]) = ("i-rjs".into(), "investigator".into());
    };
    papers.rewrite("taken in by an investigator", by, 6);
    let other = |lines: &mut Vec<Value>| {
        let at = place(lines, "break-imported", 0);
        lines[at]["on"]["participant"] = "HSH-002".into();
    };
    papers.rewrite("another's code", other, 6);
}

// shows: SG-1, VA-6
#[test]
fn the_second_verifier_recomputes_the_test_vectors_and_passes_its_own_tests() {
    let top = Path::new(env!("CARGO_MANIFEST_DIR"));
    let vectors = Command::new("python3")
        .arg(top.join("tests/twin/verify.py"))
        .arg("--vectors")
        .arg(top.join("tests/vectors/allocation_list.json"))
        .arg(top.join("tests/vectors/sealing.json"))
        .output()
        .expect("the second verifier needs python3");
    assert!(vectors.status.success(), "{}", String::from_utf8_lossy(&vectors.stdout));
    let own = Command::new("python3")
        .current_dir(top.join("tests/twin"))
        .args(["-B", "test_verify.py"])
        .output()
        .expect("the second verifier needs python3");
    assert!(own.status.success(), "{}", String::from_utf8_lossy(&own.stderr));
}
