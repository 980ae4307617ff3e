//! The second road, as its run-book says it: the service is killed, a code is broken from the kit, the service is back, the
//! opening is taken in, and everything is counted.

use crate::desk::{Desk, TRIAL};
use klero::cli::stage::{Play, Stage, password};
use klero::dice::FixedDice;
use klero::sealing::bytes::hex;
use klero::sealing::letters::Inventory;
use serde_json::Value;
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::process::Child;

/// The commands of the run-book, in their order, as they stand in it.
fn run_book() -> Vec<String> {
    let text = include_str!("../../deploy/run-books/service-down.md");
    let lines = text.lines().map(str::trim).filter(|line| line.starts_with("klero "));
    lines.map(|line| line.trim_start_matches("klero ").to_owned()).collect()
}

/// A process of the service, killed like by a power cut.
struct Service(Child, String);

impl Service {
    fn start(desk: &Desk) -> Self {
        let command = "serve --data kept --listen 127.0.0.1:0";
        let mut child = desk.command(command).spawn().expect("the service starts");
        let err = child.stderr.take().expect("stderr is piped");
        let mut line = String::new();
        BufReader::new(err).read_line(&mut line).expect("it says where it listens");
        let address = line.split("http://").nth(1).and_then(|rest| rest.split(' ').next());
        let address = address.unwrap_or_else(|| panic!("{line}")).to_owned();
        Self(child, format!("http://{address}"))
    }

    fn kill(mut self) -> String {
        let address = self.1.clone();
        self.0.kill().expect("it runs");
        self.0.wait().expect("it ends");
        address
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

struct Road {
    desk: Desk,
    code: String,
    arm: String,
    unissued: String,
    arms: BTreeMap<String, String>,
}

const KEY: &str = "--identity stat-1.key.json --words-file words";

/// A service with one participant; the statistician's and the hotline's things on the desk; kit and letters made.
fn road(name: &str) -> Road {
    let desk = Desk::new(name);
    let (play, _) = Play::quick(desk.path("service"), 8);
    let stage = Stage::raise(play);
    let reference = stage.screen_eligible(0, 1, true);
    let code = stage.randomise(0, &reference).text_at("code").to_owned();
    let arms: BTreeMap<String, String> =
        stage.study.arms().into_iter().map(|(code, arm)| (code, arm.to_owned())).collect();
    let words = "one two three four five six";
    for (seed, who) in [(4, "stat-1"), (5, "hot-1")] {
        let file = stage.identities[who].to_file(words, 600_000, &FixedDice::new(seed));
        desk.write_secret(&format!("{who}.key.json"), &file);
    }
    desk.write_secret("words", words);
    desk.write_secret("password", &password("hot-1"));
    desk.write("package.json", &stage.study.package);
    desk.write("manifest.txt", &stage.study.manifest.to_file_text());
    desk.write_escrow(&stage, &FixedDice::new(3));
    let mut rows = stage.study.list.rows().iter();
    let last = rows.rfind(|row| row.stratum.as_str() == "renji-south/lldas");
    let unissued = last.expect("the stratum has slots").code.to_string();
    desk.keep(stage);
    desk.data("kit make --package package.json -o kit");
    let letters = format!(
        "kit letters --manifest manifest.txt --secret secret.json {KEY} --trial {TRIAL} -o letters"
    );
    desk.data(&letters);
    desk.refused(17, "file-exists", &letters);
    Road { arm: arms[&code].clone(), desk, code, unissued, arms }
}

impl Road {
    /// A command of the run-book with what is only known here put in.
    fn said(&self, line: &str, server: &str) -> String {
        line.replace("CODE", &self.code)
            .replace("http://127.0.0.1:8787", server)
            .replace("/var/lib/klero", "kept")
            .replace("hot-1.key.json", "hot-1.key.json --words-file words")
            .replace("--name hot-1", "--name hot-1 --password-file password")
    }

    /// The count sheet, all intact but what is said here.
    fn seen(&self, other: &[(&str, &str)]) {
        let inventory =
            Inventory::read(&self.desk.read("letters/inventory.json")).expect("it reads");
        let state =
            |serial: &str| other.iter().find(|(of, _)| *of == serial).map_or("intact", |o| o.1);
        let lines: Vec<String> = inventory
            .letters
            .iter()
            .map(|one| format!("{},{}", one.serial, state(&one.serial)))
            .collect();
        self.desk.write("seen.csv", &format!("serial,state\n{}\n", lines.join("\n")));
    }
}

// shows: EU-12, CN-1, CN-4, CO-2
#[test]
fn the_run_book_leads_from_a_dead_service_to_a_count_that_agrees() {
    let road = road("second-road");
    let desk = &road.desk;
    let [open, import, export, count] = &run_book()[..] else { panic!("four commands") };
    let dead = Service::start(desk).kill();
    // Dead: nobody takes anything in, and there is no command that randomises without it.
    let ran = desk.done(&road.said(open, &dead));
    assert!(ran.out.starts_with(&format!("ARM  {}\n", road.arm)), "{}", ran.out);
    assert!(!desk.read("record.json").contains(&road.arm), "that, never what");
    desk.refused(1, "no-answer", &road.said(import, &dead));
    let commands = desk.done("--help").out;
    assert!(!commands.contains("andomise offline"), "{commands}");

    let back = Service::start(desk);
    let data = desk.data(&road.said(import, &back.1));
    assert_eq!((&data["participant"], &data["incident"]), (&"RJS-001".into(), &false.into()));
    let again = desk.data(&road.said(import, &back.1));
    assert_eq!((&again["repeated"], &again["reference"]), (&true.into(), &data["reference"]));
    // A code that nobody has, opened from the kit: an incident.
    let other = road.said(open, &back.1).replace(&road.code, &road.unissued);
    desk.done(&other.replace("record.json", "other.json"));
    let incident = road.said(import, &back.1).replace("record.json", "other.json");
    assert_eq!(desk.data(&incident)["incident"], true);
    let forged = desk.read("record.json").replace("anaphylaxis", "curiosity");
    desk.write("forged.json", &forged);
    let forged = road.said(import, &back.1).replace("record.json", "forged.json");
    let ran = desk.refused(18, "service-refused", &forged);
    assert!(ran.err.contains("signature-does-not-verify"), "{}", ran.err);

    let address = back.kill();
    desk.data(&road.said(export, &address));
    road.seen(&[]);
    let count = road.said(count, &address).replace("record.json", "record.json other.json");
    let data = desk.data(&count);
    assert_eq!(data["differences"], Value::Array(vec![]));
    assert_eq!(data["letters"]["intact"], 2 * road.arms.len());
    assert_eq!(data["taken-in"].as_array().map(Vec::len), Some(2));
    let written: Value = serde_json::from_str(&desk.read("count.json")).expect("JSON");
    assert_eq!(written, data);
    differs(&road, &count.replace(" -o count.json", ""));
    reconciled(&road);
}

/// What does not agree is named: an open letter that nobody took in, one that is gone, a record that was not handed in.
fn differs(road: &Road, count: &str) {
    let inventory = Inventory::read(&road.desk.read("letters/inventory.json")).expect("it reads");
    let (first, second) = (&inventory.letters[0].serial, &inventory.letters[1].serial);
    road.seen(&[(first, "opened"), (second, "missing")]);
    let ran = road.desk.run(count);
    assert_eq!(ran.code, 20, "{}", ran.err);
    for words in [format!("letter {first} of code"), format!("letter {second} of code")] {
        assert!(ran.out.contains(&words), "{}", ran.out);
    }
    road.seen(&[]);
    let ran = road.desk.run(&count.replace(" other.json", ""));
    assert!(ran.code == 20 && ran.out.contains("was not handed in"), "{}", ran.out);
    let text = road.desk.read("seen.csv");
    road.desk.write("seen.csv", &text.replacen("intact", "fine", 1));
    road.desk.refused(15, "count-unreadable", count);
    road.seen(&[]);
}

/// Line 9 of the reconciliation takes the count, and fails when it is another trail's or differs.
fn reconciled(road: &Road) {
    let desk = &road.desk;
    desk.write(
        "statements.json",
        r#"{"statements":[{"line":9,"says":"forms agree","by":"x","on":"2027-05-01"}]}"#,
    );
    let line = format!(
        "report reconcile --trial-file {TRIAL} --manifest manifest.txt --secret secret.json {KEY} \
         --trail export --statements statements.json --record record.json other.json"
    )
    .replace("--trial-file", "--trial");
    let nine = |name: &str, count: &str| {
        let ran = desk.run(&format!("{line} --count {count} -o {name} --json"));
        let said = if ran.code == 0 {
            ran.out.clone()
        } else {
            ran.err.lines().last().unwrap_or_default().to_owned()
        };
        let all: Value = serde_json::from_str(&said).unwrap_or_else(|_| panic!("{}", ran.err));
        all["data"]["lines"][8].clone()
    };
    let fine = nine("r1.txt", "count.json");
    assert_eq!(fine["stands"], "pass", "{fine}");
    assert!(fine["evidence"].as_str().unwrap_or_default().contains("letters counted"), "{fine}");
    let count = desk.read("count.json");
    desk.write("other-count.json", &count.replace("\"differences\":[]", "\"differences\":[\"x\"]"));
    assert_eq!(nine("r2.txt", "other-count.json")["stands"], "fail");
    let opened = count.replace("\"opened\":[]", "\"opened\":[\"huashan-0-0001-A\"]");
    assert_ne!(opened, count);
    desk.write("opened-count.json", &opened);
    assert_eq!(nine("r3.txt", "opened-count.json")["stands"], "fail");
}

// shows: EU-12, I1, SG-7
#[test]
fn letters_are_made_twice_prove_themselves_and_the_inventory_names_no_arm() {
    let road = road("letters");
    let desk = &road.desk;
    let files = desk.files();
    let named = |bytes: &[u8]| {
        ["belimumab", "placebo"]
            .iter()
            .any(|arm| bytes.windows(arm.len()).any(|window| window == arm.as_bytes()))
    };
    for (name, bytes) in files.iter().filter(|(name, _)| name.contains("/letters/")) {
        let html = name.ends_with("-A.html") || name.ends_with("-B.html");
        assert_eq!(named(bytes), html, "{name}");
    }
    assert_eq!((desk.mode("letters"), desk.mode("letters/huashan-A.html")), (0o700, 0o600));
    let pages = desk.read("letters/renji-south-B.html");
    let one = pages.split("<section").find(|page| page.contains(&grouped(&road.code)));
    let one = one.expect("the code has a letter");
    assert!(one.contains(&format!("<p class=\"arm\">{}</p>", road.arm)));
    let salt = one.split("<br>salt ").nth(1).and_then(|rest| rest.get(..64)).expect("a salt");
    let prove = |arm: &str| format!("kit prove kit --code {} --arm {arm} --salt {salt}", road.code);
    assert_eq!(desk.data(&prove(&road.arm))["fits"], true);
    let other = if road.arm == "placebo" { "belimumab" } else { "placebo" };
    desk.refused(21, "does-not-fit", &prove(other));
    desk.refused(15, "salt-unreadable", &prove(&road.arm).replace(salt, "00"));
    let manifest = klero::sealing::manifest::SignedManifest::parse(&desk.read("manifest.txt"));
    assert!(one.contains(&hex(&manifest.expect("it is signed").manifest.root)));
}

fn grouped(code: &str) -> String {
    format!("{} {} {}", &code[..3], &code[3..6], &code[6..])
}

// shows: I9, I2, EU-12
#[test]
fn a_letter_has_the_same_layout_and_length_for_both_arms() {
    let road = road("letters-alike");
    let pages = road.desk.read("letters/renji-south-A.html");
    let mut shapes: BTreeMap<String, Vec<(usize, String)>> = BTreeMap::new();
    for page in pages.split("<section").skip(1).filter_map(|page| page.split("</section>").next()) {
        let (before, rest) = page.split_once("<div class=\"what\">").expect("an inside");
        let (what, after) = rest.split_once("</div>").expect("its end");
        // Digits and hexadecimal are each letter's own; words, boxes and lengths are everybody's.
        let shape = format!("{before}|{}|{after}", what.len());
        let own = |c: char| if c.is_ascii_hexdigit() { 'x' } else { c };
        let stratum =
            if page.contains("stratum renji-south/lldas") { "lldas" } else { "non-lldas" };
        let arm = what.split("</p>").next().unwrap_or_default().to_owned();
        shapes.entry(stratum.to_owned()).or_default().push((page.len(), arm));
        let plain: String = shape.chars().map(own).collect();
        shapes.entry(format!("{stratum} shape")).or_default().push((0, plain));
    }
    for (stratum, all) in shapes {
        let (first, lengths) = (&all[0], all.iter().map(|(length, _)| length));
        if stratum.ends_with("shape") {
            assert!(all.iter().all(|one| one.1 == first.1), "{stratum}: one layout");
        } else {
            assert!(all.iter().any(|one| one.1 != first.1), "{stratum}: both arms occur");
            assert!(lengths.clone().all(|length| *length == first.0), "{stratum}: one length");
        }
    }
}
