//! `klero report` on the files of a small trial, as they lie on the statistician's machine.

use crate::desk::{Desk, TRIAL};
use klero::cli::stage::{Play, Stage, signature};
use klero::dice::FixedDice;
use klero::sealing::bytes::{hex, sha256, unhex_array};
use klero::sealing::card::Card;
use klero::sealing::signature::{Purpose, verify};
use serde_json::{Value, json};
use std::collections::BTreeMap;

const SOURCES: &str = "--manifest export/manifest.txt --secret secret.json --identity stat-1.key.json \
                       --words-file stat-1.words --trail export";

/// A trial of five at one centre: one prepared, the codes of two broken. Gives each participant's arm.
fn small_trial(name: &str) -> (Desk, BTreeMap<String, String>) {
    let desk = Desk::new(name);
    let (play, _) = Play::quick(desk.path("service"), 6);
    let stage = Stage::raise(play);
    let mut arms = BTreeMap::new();
    let mut data = "participant,code,arm\n".to_owned();
    for number in 1..=5u32 {
        let reference = stage.screen_eligible(0, number, true);
        let code = stage.randomise(0, &reference).text_at("code").to_owned();
        let row = stage.study.list.rows().iter().find(|row| row.code.to_string() == code);
        let arm = row.expect("an issued code").arm.name(&stage.study.manifest.manifest);
        data.push_str(&format!("RJS-00{number},{code},{arm}\n"));
        arms.insert(format!("RJS-00{number}"), arm.to_owned());
        if number == 1 {
            let body = json!({"code": code, "identifier": "DEMO", "visit": "V1"});
            assert_eq!(stage.act("p-rjs", "POST", "/v1/preparations", body).status, 201);
        }
    }
    for number in [1, 2] {
        let mut body = json!({
            "participant": format!("RJS-00{number}"), "identifier": "DEMO", "requester": "Demo physician",
            "callBack": "000", "category": "sae-management", "whatHappened": "an invented emergency",
            "depends": true, "how": "an antidote would be chosen by it",
        });
        body["signature"] = signature("hot-1", "break-code");
        let reply = stage.act("hot-1", "POST", "/v1/breaks", body);
        assert_eq!(reply.status, 201, "{}", reply.text);
    }
    desk.write("data.csv", &data);
    let statistician = &stage.identities["stat-1"];
    let words = "one two three four five six";
    desk.write_escrow(&stage, &FixedDice::new(3));
    desk.write_secret("stat-1.key.json", &statistician.to_file(words, 600_000, &FixedDice::new(4)));
    desk.write("stat-1.pub.json", &statistician.card().to_json());
    let pharmacist = &stage.identities["p-rjs"];
    desk.write_secret("p-rjs.key.json", &pharmacist.to_file(words, 600_000, &FixedDice::new(5)));
    desk.write_secret("stat-1.words", words);
    desk.keep(stage);
    desk.data("trail export --data kept -o export");
    (desk, arms)
}

fn count(arms: &BTreeMap<String, String>, who: &[&str], arm: &str) -> u64 {
    who.iter().filter(|who| arms[**who] == arm).count() as u64
}

fn by_arm(row: &Value, arms: &BTreeMap<String, String>, who: &[&str]) {
    for arm in ["belimumab", "placebo"] {
        assert_eq!(row["arms"][arm], count(arms, who, arm), "{arm}: {row}");
    }
}

// shows: RP-3, I1
#[test]
fn the_closed_part_counts_by_arm_names_no_number_for_one_and_is_marked_on_every_side() {
    let (desk, arms) = small_trial("closed");
    let everybody: Vec<&str> = arms.keys().map(String::as_str).collect();
    let data = desk.data(&format!("report closed {SOURCES}"));
    assert_eq!(data["mark"], "UNBLINDED 非盲文件");
    let parts = &data["parts"];
    by_arm(&parts["randomised"][0], &arms, &everybody);
    by_arm(&parts["breaks"][0], &arms, &["RJS-001", "RJS-002"]);
    assert_eq!(parts["breaks-by-category"][0]["of"], "sae-management");
    assert_eq!(parts["breaks-by-relatedness"][0]["of"], "not recorded yet");
    assert_eq!((&parts["leak"][1]["known"], &parts["leak"][1]["blocks"]), (&"2".into(), &1.into()));
    let certain = if arms["RJS-001"] == arms["RJS-002"] { 2 } else { 0 };
    assert_eq!(parts["leak"][1]["certain"], certain);

    let ran = desk.done(&format!("report closed {SOURCES} --html closed.html"));
    assert!(ran.out.starts_with("UNBLINDED 非盲文件\n"), "{}", ran.out);
    assert!(ran.out.contains("\nUNBLINDED 非盲文件\nwritten  closed.html"), "{}", ran.out);
    assert!(ran.err.contains("names arms"), "whoever runs it is warned beside the result");
    for line in ran.out.lines().filter(|line| !line.contains("root")) {
        assert!(line.chars().count() <= 80, "{line}");
    }
    assert_eq!(desk.mode("closed.html"), 0o600);
    let page = desk.read("closed.html");
    assert_eq!(page.matches("<p class=\"mark\">UNBLINDED 非盲文件</p>").count(), 2);
    assert!(page.contains("belimumab") && !page.contains("<script") && !page.contains("http"));
    desk.refused(17, "file-exists", &format!("report closed {SOURCES} --html closed.html"));
    let by_name = SOURCES.replace("--identity", "--key");
    desk.data(&format!("report closed {by_name}"));
}

// shows: CO-3
#[test]
fn balance_and_exposure_are_told_to_the_statistician_alone() {
    let (desk, arms) = small_trial("exposure");
    let everybody: Vec<&str> = arms.keys().map(String::as_str).collect();
    let data = desk.data(&format!("report balance {SOURCES}"));
    let parts = &data["parts"];
    by_arm(&parts["randomised-by-stratum"][0], &arms, &everybody);
    let list = &parts["lists"][0];
    assert_eq!((&list["stratum"], &list["issued"]), (&"renji-south/lldas".into(), &5.into()));
    let data = desk.data(&format!("report exposure {SOURCES}"));
    let people = data["parts"]["people"].as_array().expect("people");
    let of = |who: &str| people.iter().find(|one| one["person"] == who).expect("they were shown");
    assert_eq!((&of("p-rjs")["shown"], &of("p-rjs")["follows"]), (&1.into(), &json!([])));
    assert_eq!(of("hot-1")["shown"], 2);
    let equal = arms["RJS-001"] == arms["RJS-002"];
    let follows = of("hot-1")["follows"].as_array().expect("a list");
    assert_eq!(follows.len(), if equal { 2 } else { 0 });
    for one in follows {
        let participant = one["participant"].as_str().expect("all four were issued");
        assert_eq!(one["arm"], *arms[participant]);
    }
    let collateral = data["parts"]["collateral"].as_array().expect("two breaks");
    assert_eq!(collateral.len(), 2);
    desk.done(&format!("report exposure {SOURCES} --html exposure.html"));

    // Others have no way to it.
    let pharmacist = SOURCES.replace("stat-1.key.json", "p-rjs.key.json");
    desk.refused(18, "not-a-statistician", &format!("report balance {pharmacist}"));
    desk.refused(
        2,
        "secret-for-each-manifest",
        &format!(
            "report closed {}",
            SOURCES.replace("--secret secret.json", "--secret secret.json secret.json")
        ),
    );
    let lines = desk.read("export/trail.jsonl");
    desk.write("export/trail.jsonl", &lines.replacen("sae-management", "sae-managemenT", 1));
    let ran = desk.refused(20, "does-not-verify", &format!("report closed {SOURCES}"));
    assert!(ran.err.contains("does not chain"), "{}", ran.err);
}

/// The command with so much beside list and trail; a new output each time.
fn reconcile(more: &str, output: &str) -> String {
    format!("report reconcile --trial {TRIAL} {SOURCES} -o {output} {more}")
}

/// How each line stands, from a report's data.
fn stands(data: &Value) -> Vec<String> {
    let lines = data["lines"].as_array().expect("fifteen lines");
    lines.iter().map(|line| line["stands"].as_str().unwrap_or_default().to_owned()).collect()
}

/// The data that came with a failure.
fn found(ran: &crate::desk::Ran) -> Value {
    let last = ran.err.lines().last().unwrap_or_default();
    serde_json::from_str::<Value>(last).expect("JSON")["data"].clone()
}

fn statements(lines: &[usize]) -> String {
    let one = |line: &usize| {
        let more = match line {
            6 => json!({"document": "forms.txt", "sha256": hex(&sha256(b"the forms"))}),
            _ => json!({}),
        };
        let mut all =
            json!({"line": line, "says": "as it should be", "by": "mon-1", "on": "2027-05-01"});
        for (name, value) in more.as_object().expect("an object") {
            all[name] = value.clone();
        }
        all
    };
    json!({"statements": lines.iter().map(one).collect::<Vec<_>>()}).to_string()
}

const STATED: [usize; 10] = [4, 5, 6, 9, 11, 12, 13, 14, 15, 1];
const ALL: &str = "--data data.csv --kept export/checkpoint.txt --pharmacy pharmacy.json \
                   --statements statements.json";

// shows: AT-10, RP-1, SG-7
#[test]
fn fifteen_lines_pass_fail_or_are_not_shown_and_are_signed_as_they_stand() {
    let (desk, arms) = small_trial("reconcile");
    let bare = desk.refused(3, "not-all-shown", &reconcile("", "bare.txt"));
    let lines = stands(&found(&bare));
    assert_eq!(lines.len(), 15);
    assert_eq!(lines[..3], ["pass", "pass", "pass"], "list and trail alone show these");
    assert!(lines[3..].iter().all(|stands| stands == "not shown"), "{lines:?}");
    desk.refused(17, "file-exists", &reconcile("", "bare.txt"));

    desk.write("forms.txt", "the forms");
    desk.write("statements.json", &statements(&STATED));
    let active = u64::from(arms["RJS-001"] == "belimumab");
    let lots = json!([{"centre": "renji-south", "lot": "B-1", "balances": true}]);
    let figures = json!({"discordant": [], "vials-used": active, "vials-wasted": 0, "lots": lots});
    desk.write("pharmacy.json", &json!({"data": figures}).to_string());
    let whole = desk.done(&reconcile(ALL, "whole.txt"));
    assert!(whole.out.contains("signed by stat-1"), "{}", whole.out);

    let text = desk.read("whole.txt");
    let (report, signature) = text.trim_end().split_once("\nsignature: ").expect("two lines");
    let card = Card::from_json(&desk.read("stat-1.pub.json")).expect("the card reads");
    let signature = unhex_array(signature).expect("64 bytes");
    assert!(verify(&card.signing, Purpose::Report, report.as_bytes(), &signature));
    let forged = report.replacen("pass", "fail", 1);
    assert!(!verify(&card.signing, Purpose::Report, forged.as_bytes(), &signature));
    let lines = stands(&serde_json::from_str(report).expect("JSON"));
    assert!(lines.iter().all(|stands| stands == "pass"), "{lines:?}");
}

// shows: RP-5
#[test]
fn each_planted_fault_fails_its_own_line() {
    let (desk, arms) = small_trial("reconcile-faults");
    desk.write("forms.txt", "the forms");
    desk.write("statements.json", &statements(&STATED));
    let active = u64::from(arms["RJS-001"] == "belimumab");
    let pharmacy = |discordant: u64, used: u64, balances: bool| {
        let lots = json!([{"centre": "renji-south", "lot": "B-1", "balances": balances}]);
        json!({"discordant": discordant, "vials-used": used, "vials-wasted": 0, "lots": lots})
            .to_string()
    };
    let mut run = 0;
    let mut fails = |more: &str| {
        run += 1;
        let ran = desk.refused(20, "does-not-reconcile", &reconcile(more, &format!("{run}.txt")));
        let lines = stands(&found(&ran)).into_iter().zip(1..);
        lines.filter(|(stands, _)| stands == "fail").map(|(_, number)| number).collect::<Vec<_>>()
    };
    desk.write("pharmacy.json", &pharmacy(1, active, true));
    assert_eq!(fails(ALL), [7]);
    desk.write("pharmacy.json", &pharmacy(0, active, false));
    assert_eq!(fails(ALL), [8]);
    desk.write("pharmacy.json", &pharmacy(0, active + 1, true));
    assert_eq!(fails(ALL), [8], "one vial more than was prepared and wasted");
    desk.write("pharmacy.json", &pharmacy(0, active, true));
    desk.done(&format!("{} --html page.html", reconcile(ALL, "whole.txt")));
    assert!(desk.read("page.html").contains("archive restored on a clean machine"));

    desk.write("forms.txt", "other forms");
    assert_eq!(fails(ALL), [6]);
    desk.write("forms.txt", "the forms");
    let data = desk.read("data.csv");
    let swapped =
        data.replace("belimumab", "x").replace("placebo", "belimumab").replace('x', "placebo");
    desk.write("data.csv", &swapped);
    assert_eq!(fails(ALL), [2]);
    desk.write(
        "data.csv",
        &data
            .replace("arm\n", "arm,broken\n")
            .replace("mab\n", "mab,no\n")
            .replace("bo\n", "bo,no\n"),
    );
    assert_eq!(fails(ALL), [9], "two codes were broken");
    desk.write("data.csv", &data);

    let other = reconcile(ALL, "other.txt").replace(TRIAL, "other.toml");
    let text = std::fs::read_to_string(TRIAL).expect("the trial file is there");
    desk.write("other.toml", &format!("{text}\n"));
    desk.refused(20, "trial-of-another-hash", &other);
    desk.write("statements.json", &statements(&[16]));
    desk.refused(15, "statements-unreadable", &reconcile(ALL, "none.txt"));
    desk.write("pharmacy.json", "stock");
    desk.refused(15, "pharmacy-unreadable", &reconcile("--pharmacy pharmacy.json", "none.txt"));
}
