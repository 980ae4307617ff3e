//! Relatedness as judged once the arm was known: sealed for holders, collected by the statistician, opened at home, and
//! counted by arm in the closed report.

use crate::desk::Desk;
use klero::cli::stage::{Play, Stage, password, signature};
use klero::dice::{FixedDice, roll};
use klero::domain::ids::{CentreId, Reference};
use klero::sealing::bytes::{hex, unhex};
use klero::sealing::sealed_record::{RecordKind, RecordPlace, seal_record};
use klero::sealing::slot::Wrap;
use klero::sealing::wrap::{WrapPlace, unwrap};
use serde_json::{Value, json};
use std::collections::BTreeMap;

const SOURCES: &str = "--manifest export/manifest.txt --secret secret.json --words-file words \
                       --trail export --identity";
/// What nobody may find on a report, nor on the way to it.
const NARRATIVE: &str = "a narrative that names belimumab";

/// Three participants at one centre, all of their codes broken by the hotline, each break with its record. The stage stays up.
struct Told {
    desk: Desk,
    stage: Stage,
    arms: Vec<String>,
    breaks: Vec<String>,
    dice: FixedDice,
}

impl Told {
    fn new(name: &str) -> Self {
        let desk = Desk::new(name);
        let (play, _) = Play::quick(desk.path("service"), 6);
        let stage = Stage::raise(play);
        let drawn: BTreeMap<String, &str> = stage.study.arms();
        let (mut arms, mut breaks) = (vec![], vec![]);
        for number in 1..=3u32 {
            let reference = stage.screen_eligible(0, number, true);
            let code = stage.randomise(0, &reference).text_at("code").to_owned();
            arms.push(drawn[&code].to_owned());
            let mut body = json!({
                "participant": format!("RJS-00{number}"), "identifier": "DEMO",
                "requester": "Demo physician", "callBack": "000", "category": "sae-management",
                "whatHappened": "an invented emergency", "depends": true,
                "how": "an antidote would be chosen by it",
            });
            body["signature"] = signature("hot-1", "break-code");
            let release = stage.act("hot-1", "POST", "/v1/breaks", body);
            let reference = release.text_at("reference").to_owned();
            let answers = json!({
                "serious": "yes", "severity": "severe", "related-before": "possible",
                "treatment": "stopped", "goes-on": "yes", "knows": "the physician",
                "stays-blind": "everybody else", "in-line": "yes", "impact": "none",
            });
            let body = json!({"answers": answers, "signature": signature("i-rjs", "follow-up")});
            let path = format!("/v1/breaks/{reference}/follow-up");
            assert_eq!(stage.act("i-rjs", "POST", &path, body).status, 200);
            breaks.push(reference);
        }
        for (seed, who) in [(4, "stat-1"), (5, "hot-1")] {
            let words = "one two three four five six";
            let file = stage.identities[who].to_file(words, 600_000, &FixedDice::new(seed));
            desk.write_secret(&format!("{who}.key.json"), &file);
            desk.write_secret("words", words);
            desk.write_secret(&format!("{who}.password"), &password(who));
        }
        desk.write_secret("mon-1.password", &password("mon-1"));
        desk.write_escrow(&stage, &FixedDice::new(3));
        Self { desk, stage, arms, breaks, dice: FixedDice::new(77) }
    }

    /// What the hotline thinks of a break, sealed on its device and kept.
    fn thinks(&self, number: usize, text: &str) {
        let wraps = self.stage.get("hot-1", &format!("/v1/sealed-parts/{}", self.breaks[number]));
        let trial = self.stage.house().trial.id.clone();
        let centre = CentreId::parse("renji-south").expect("a centre of the play");
        let person = self.stage.identities["hot-1"].card().person.clone();
        let at = WrapPlace { trial: trial.clone(), centre: centre.clone(), epoch: 1, person };
        let wrap = wraps.body["wraps"][0]["wrap"].as_str().and_then(unhex).expect("a wrap");
        let wrap = Wrap::from_bytes(&wrap).expect("a wrap's bytes");
        let key = unwrap(&wrap, &at, self.stage.identities["hot-1"].opening()).expect("its own");
        let record = Reference::from_bytes(roll(&self.dice));
        let kind = RecordKind::Break;
        let at = RecordPlace { trial, centre, record: record.clone(), epoch: 1, kind };
        let sealed = seal_record(&key, &at, text, roll(&self.dice)).expect("it fits");
        let body = json!({
            "reference": self.breaks[number],
            "record": {"record": record.as_str(), "epoch": 1, "sealed": hex(sealed.as_bytes())},
            "signature": signature("hot-1", "seal-part"),
        });
        let kept = self.stage.act("hot-1", "POST", "/v1/sealed-parts", body);
        assert_eq!(kept.status, 201, "{}", kept.text);
    }

    fn judges(&self, number: usize, word: &str) {
        let text = json!({"v": 1, "release": self.breaks[number], "relatedAfter": word,
                          "narrative": NARRATIVE});
        self.thinks(number, &text.to_string());
    }

    /// What klero trail export writes, while the service goes on.
    fn export(&self) {
        let (lines, checkpoint) = self.trail();
        let house = self.stage.house();
        std::fs::create_dir_all(self.desk.path("export")).expect("a folder");
        self.desk.write("export/trail.jsonl", &lines);
        self.desk.write("export/checkpoint.txt", &checkpoint);
        self.desk.write("export/trail-key.txt", &format!("{}\n", house.store.signer().vkey()));
        self.desk.write("export/manifest.txt", &house.manifest.to_file_text());
    }

    /// Every line so far, and the checkpoint over them.
    fn trail(&self) -> (String, String) {
        let mut lines = String::new();
        let checkpoint = self.stage.house().export_trail(|line| {
            lines.push_str(line);
            lines.push('\n');
            Ok(())
        });
        (lines, checkpoint.map_err(|_| ()).expect("the trail is exported"))
    }

    fn collect(&self, who: &str, file: &str) -> String {
        let server = &self.stage.base;
        format!(
            "break collect --trail export --server {server} --name {who} \
             --password-file {who}.password -o {file}"
        )
    }

    fn report(&self, more: &str) -> Value {
        self.desk.data(&format!("report closed {SOURCES} stat-1.key.json {more}"))["parts"].clone()
    }

    /// This row, and no other, counts these breaks by their arms.
    fn counts(&self, parts: &Value, table: &str, label: &str, breaks: &[usize]) {
        let rows = parts[table].as_array().expect("a table");
        let row = rows.iter().find(|row| row["of"] == label);
        let row = row.unwrap_or_else(|| panic!("{table} has no row {label}: {rows:?}"));
        for arm in ["belimumab", "placebo"] {
            let count = breaks.iter().filter(|number| self.arms[**number] == arm).count();
            assert_eq!(row["arms"][arm], count, "{table}, {label}, {arm}");
        }
    }
}

// shows: RP-3, EU-9, EU-11
#[test]
fn relatedness_before_and_after_is_counted_by_arm_and_the_last_word_counts() {
    let told = Told::new("relatedness");
    told.judges(0, "unlikely");
    told.judges(0, "definite");
    told.thinks(1, "no JSON at all");
    told.export();
    told.judges(2, "probable");
    let after = "breaks-by-relatedness-after";
    let bare = told.report("");
    told.counts(&bare, after, "sealed, not opened here", &[0, 1]);
    told.counts(&bare, after, "not recorded yet", &[2]);

    let fetched = told.desk.data(&told.collect("stat-1", "parts.json"));
    assert_eq!((&fetched["breaks"], &fetched["fetched"]), (&2.into(), &2.into()));
    assert_eq!(told.desk.mode("parts.json"), 0o600);
    let file = told.desk.read("parts.json");
    assert!(!file.contains("relatedAfter") && !file.contains(NARRATIVE), "it came sealed");
    told.desk.refused(17, "file-exists", &told.collect("stat-1", "parts.json"));
    // What was sealed after the export is not counted, like everything else that came after it.
    let opened = told.report("--sealed parts.json");
    told.counts(&opened, "breaks-by-relatedness", "possible", &[0, 1, 2]);
    told.counts(&opened, after, "definite", &[0]);
    told.counts(&opened, after, "sealed, and not readable", &[1]);
    told.counts(&opened, after, "not recorded yet", &[2]);
    assert_eq!(opened[after].as_array().map(Vec::len), Some(3), "the first word is gone");
    told.counts(&opened, "breaks-by-relatedness-both", "possible, then definite", &[0]);

    let line = format!("report closed {SOURCES} stat-1.key.json --sealed parts.json");
    let ran = told.desk.done(&format!("{line} --html closed.html"));
    for text in [ran.out, ran.err, told.desk.read("closed.html")] {
        assert!(!text.contains(NARRATIVE), "the narrative is for its holders");
    }
    assert!(told.desk.read("closed.html").contains("possible, then definite"));
}

// shows: EU-9, I3, I8
#[test]
fn sealed_parts_are_collected_by_who_may_read_them_and_each_is_the_one_that_its_entry_kept() {
    let told = Told::new("relatedness-refused");
    told.judges(0, "definite");
    told.export();
    let desk = &told.desk;
    desk.refused(18, "service-refused", &told.collect("mon-1", "monitor.json"));
    desk.data(&told.collect("stat-1", "parts.json"));
    desk.data(&told.collect("hot-1", "hotline.json"));
    let closed = |file: &str| format!("report closed {SOURCES} stat-1.key.json --sealed {file}");
    desk.refused(13, "not-wrapped-to-this-key", &closed("hotline.json"));
    // Another's bytes, another break's name, a record that no entry kept: all with the statistician's own keys.
    let good: Value = serde_json::from_str(&desk.read("parts.json")).expect("JSON");
    let differs = |change: &dyn Fn(&mut Value)| {
        let mut file = good.clone();
        change(&mut file["parts"][0]);
        desk.write("changed.json", &file.to_string());
        desk.refused(20, "sealed-part-differs", &closed("changed.json"));
    };
    differs(&|part| {
        let sealed = part["records"][0]["sealed"].as_str().unwrap_or_default().to_owned();
        let last = if sealed.ends_with('0') { "1" } else { "0" };
        part["records"][0]["sealed"] = format!("{}{last}", &sealed[..sealed.len() - 1]).into();
    });
    differs(&|part| part["reference"] = told.breaks[1].as_str().into());
    differs(&|part| part["records"][0]["record"] = "ZZZZZZZZ".into());
    differs(&|part| part["records"][0]["entry"] = 3.into());
    differs(&|part| part["records"][0]["epoch"] = 2.into());
    desk.write("changed.json", "{\"parts\":[{}]}");
    desk.refused(15, "sealed-parts-unreadable", &closed("changed.json"));
    // Each reading was an entry.
    let readings = || told.trail().0.matches("\"act\":\"sealed-part-read\"").count();
    let before = readings();
    desk.data(&told.collect("stat-1", "again.json"));
    assert_eq!(readings(), before + 1);
}

// shows: EU-9
#[test]
fn without_a_key_of_the_centre_the_rest_is_fetched_and_what_is_missing_is_named() {
    let told = Told::new("relatedness-keyless");
    told.judges(0, "definite");
    let body = json!({"centre": "renji-south", "person": "stat-1"});
    let removed = told.stage.act("hot-1", "POST", "/v1/grants/remove", body);
    assert_eq!(removed.status, 200, "{}", removed.text);
    told.export();
    let ran = told.desk.run(&told.collect("stat-1", "parts.json"));
    assert_eq!(ran.code, 3, "{}{}", ran.out, ran.err);
    assert!(ran.err.contains(&format!("B-{}", told.breaks[0])), "{}", ran.err);
    assert!(ran.out.contains("fetched      0"), "{}", ran.out);
    let parts = told.report("--sealed parts.json");
    told.counts(&parts, "breaks-by-relatedness-after", "sealed, not opened here", &[0]);
}
