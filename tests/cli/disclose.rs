//! What is published of a list before its secret, or instead of it: groups, their meaning, single slots; and that anybody
//! can check it with public files.

use crate::desk::Desk;
use klero::cli::stage::{CENTRES, Play, Stage, signature};
use klero::dice::FixedDice;
use klero::sealing::identity::{ITERATIONS, passphrase};
use serde_json::{Value, json};
use std::process::Command;

const DISCLOSE: &str = "list disclose --manifest manifest.txt --secret secret.json --identity \
                        stat-1.key.json --words-file stat-1.words --trail export";
const VERIFY: &str = "verify --manifest manifest.txt --trail export";

/// Five participants at two centres, one code void, and recruitment closed below its target, if it is to be.
pub fn trial(name: &str, closed: bool) -> Desk {
    let desk = Desk::new(name);
    let (play, _) = Play::quick(desk.path("service"), 6);
    let stage = Stage::raise(play);
    let rows = stage.study.list.rows().iter();
    let known = rows.filter(|row| row.stratum.as_str() == "renji-south/lldas").nth(1);
    let known = known.expect("twelve slots").code.to_string();
    let void =
        json!({"code": known, "reason": "a letter", "signature": signature("stat-1", "void-code")});
    assert_eq!(stage.act("stat-1", "POST", "/v1/codes/void", void).status, 200);
    let mut data = "participant,code,arm\n".to_owned();
    for (centre, number) in [(0, 1), (0, 2), (0, 3), (2, 1), (2, 2)] {
        let reference = stage.screen_eligible(centre, number, true);
        let code = stage.randomise(centre, &reference).text_at("code").to_owned();
        let row = stage.study.list.rows().iter().find(|row| row.code.to_string() == code);
        let arm = row.expect("an issued code").arm.name(&stage.study.manifest.manifest);
        let letters = CENTRES[centre].1.to_uppercase();
        data.push_str(&format!("{letters}-00{number},{code},{arm}\n"));
    }
    desk.write("data.csv", &data);
    if closed {
        let body =
            json!({"reason": "slow", "signature": signature("spon-1", "decide-recruitment")});
        let done = stage.act("spon-1", "POST", "/v1/recruitment/close", body);
        assert_eq!(done.status, 200, "{}", done.text);
    }
    let (study, dice) = (&stage.study, FixedDice::new(77));
    let (statistician, words) = (&stage.identities["stat-1"], passphrase(&dice));
    desk.write_escrow(&stage, &dice);
    desk.write_secret("stat-1.key.json", &statistician.to_file(&words, ITERATIONS, &dice));
    desk.write_secret("stat-1.words", &words);
    desk.write("manifest.txt", &study.manifest.to_file_text());
    let everything: Vec<_> = study.list.rows().iter().map(|row| study.list.csv_row(row)).collect();
    desk.write_secret("all.csv", &everything.join("\n"));
    desk.keep(stage);
    desk.data("trail export --data kept -o export");
    desk
}

/// The exit code of the second verifier, in Python, over the same papers.
fn twin(desk: &Desk, line: &str) -> Option<i32> {
    let program = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/twin/verify.py");
    let words = format!("{VERIFY} {line}");
    let ran = Command::new("python3")
        .arg(program)
        .args(words.split_whitespace().skip(1))
        .current_dir(desk.path(""))
        .output()
        .expect("the second verifier needs python3");
    ran.status.code()
}

/// Both verifiers are content.
fn fits(desk: &Desk, line: &str) -> String {
    let ran = desk.done(&format!("{VERIFY} {line}"));
    assert_eq!(twin(desk, line), Some(0), "the second verifier: {line}");
    ran.out
}

/// The check that fails, by the command's words; the second verifier finds it too.
fn fails(desk: &Desk, line: &str, check: &str) -> String {
    assert_eq!(twin(desk, line), Some(20), "the second verifier: {line}");
    let ran = desk.run(&format!("{VERIFY} {line}"));
    assert_eq!(ran.code, 20, "{line}: {}{}", ran.out, ran.err);
    assert!(ran.err.contains(&format!(", {check}, does not hold")), "{line}: {}", ran.err);
    ran.err
}

// shows: RP-7, RP-4
#[test]
fn a_release_in_two_stages_tells_no_arm_first_and_is_proven_by_its_second() {
    let desk = trial("stages", true);
    let data = desk.data(&format!("{DISCLOSE} --groups -o groups.json"));
    assert_eq!((&data["stage"], &data["participants"]), (&"groups".into(), &5.into()));
    desk.data(&format!("{DISCLOSE} --groups -o again.json"));
    let groups = desk.read("groups.json");
    assert_eq!(desk.read("again.json"), groups, "nobody draws letters until they please");
    assert!(
        !groups.contains("belimumab") && !groups.contains("placebo") && !groups.contains("salt")
    );
    fits(&desk, "--groups groups.json");
    desk.data(&format!("{DISCLOSE} --meaning -o meaning.json"));
    let both = "--groups groups.json --meaning meaning.json --data data.csv";
    let out = fits(&desk, both);
    assert_eq!(out.matches(" fits ").count(), 6, "{out}");
    // One participant in the other group; the label turned round; a salt; somebody left out.
    let member = groups.find("\"group\": \"").expect("a group") + 10;
    let other = if groups.as_bytes()[member] == b'A' { "B" } else { "A" };
    desk.write("moved.json", &format!("{}{other}{}", &groups[..member], &groups[member + 1..]));
    fits(&desk, "--groups moved.json");
    fails(&desk, "--groups moved.json --meaning meaning.json", "meaning");
    let meaning = desk.read("meaning.json");
    let parsed: Value = serde_json::from_str(&meaning).expect("JSON");
    let a = parsed["arm-a"].as_str().expect("an arm");
    let b = if a == "placebo" { "belimumab" } else { "placebo" };
    desk.write(
        "turned.json",
        &meaning.replacen(&format!("\"arm-a\": \"{a}"), &format!("\"arm-a\": \"{b}"), 1),
    );
    fails(&desk, "--groups groups.json --meaning turned.json", "meaning");
    let arm = format!("\"arm\": \"{a}");
    desk.write("swapped.json", &meaning.replacen(&arm, &format!("\"arm\": \"{b}"), 1));
    fails(&desk, "--groups groups.json --meaning swapped.json", "openings");
    let mut fewer: Value = serde_json::from_str(&groups).expect("JSON");
    fewer["groups"].as_array_mut().expect("a list").pop();
    desk.write("fewer.json", &fewer.to_string());
    fails(&desk, "--groups fewer.json", "groups");
    fewer["groups"][0]["code"] = "1234567".into();
    desk.write("code.json", &fewer.to_string());
    fails(&desk, "--groups code.json", "groups");
    desk.write("groups.txt", &groups.replacen("groups/v1", "groups/v2", 1));
    desk.refused(15, "paper-unreadable", &format!("{VERIFY} --groups groups.txt"));
}

// shows: RP-4, RP-8, AL-11, SG-7
#[test]
fn issued_slots_are_opened_one_by_one_and_all_others_stay_sealed() {
    let desk = trial("issued", true);
    let data = desk.data(&format!("{DISCLOSE} --issued -o issued.json"));
    let issued = desk.read("issued.json");
    // Each row of the list: its salt is in the file exactly if its code was issued.
    let codes = desk.read("data.csv");
    let mut opened = 0;
    for row in desk.read("all.csv").lines() {
        let fields: Vec<&str> = row.split(',').collect();
        let (code, salt) = (fields[2], fields[4]);
        assert_eq!(issued.contains(salt), codes.contains(code), "{code}");
        assert_eq!(issued.contains(code), codes.contains(code), "{code}");
        opened += usize::from(issued.contains(salt));
    }
    assert_eq!(opened, 5);
    // Blocks of four: after three issued and one void nothing follows; after two issued two do.
    assert_eq!(data["follow"].as_array().map(Vec::len), Some(2), "{data}");
    let out = fits(&desk, "--openings issued.json --data data.csv");
    assert_eq!(out.matches(" fits ").count(), 4, "{out}");
    fits(&desk, "--openings issued.json");
    let table = desk.read("data.csv");
    let swapped =
        table.replace("belimumab", "x").replace("placebo", "belimumab").replace('x', "placebo");
    desk.write("swapped.csv", &swapped);
    fails(&desk, "--openings issued.json --data swapped.csv", "arms");
    let mut fewer: Value = serde_json::from_str(&issued).expect("JSON");
    let first = fewer["openings"].as_array_mut().expect("a list").remove(0);
    desk.write("fewer.json", &fewer.to_string());
    assert!(fails(&desk, "--openings fewer.json", "openings").contains("not opened"));
    let mut other = first.clone();
    other["participant"] = "RJS-009".into();
    fewer["openings"].as_array_mut().expect("a list").push(other);
    desk.write("other.json", &fewer.to_string());
    fails(&desk, "--openings other.json", "openings");
    for (name, value) in
        [("salt", json!("00".repeat(32))), ("index", json!(3)), ("position", json!(9))]
    {
        let mut altered: Value = serde_json::from_str(&issued).expect("JSON");
        altered["openings"][0][name] = value;
        desk.write("altered.json", &altered.to_string());
        let why = fails(&desk, "--openings altered.json", "openings");
        assert!(why.contains("does not fit the root"), "{name}: {why}");
    }
    // One centre's investigators learn their own participants', and nobody else's.
    desk.data(&format!("{DISCLOSE} --centre huashan -o huashan.json"));
    let huashan = desk.read("huashan.json");
    assert!(huashan.contains("HSH-002") && !huashan.contains("RJS-"));
    fits(&desk, "--openings huashan.json --data data.csv");
    let whole = huashan.replacen("\"centre\": \"huashan\"", "\"centre\": \"renji-south\"", 1);
    desk.write("whole.json", &whole);
    fails(&desk, "--openings whole.json", "openings");
}

// shows: RP-4, AL-11
#[test]
fn nothing_is_opened_while_recruitment_goes_on_or_from_a_trail_that_was_altered() {
    let desk = trial("open", false);
    for stage in ["--groups", "--meaning", "--issued", "--centre huashan"] {
        let line = format!("{DISCLOSE} {stage} -o out.json");
        desk.refused(18, "recruitment-not-closed", &line);
    }
    let lines = desk.read("export/trail.jsonl");
    desk.write("export/trail.jsonl", &lines.replacen("HSH-001", "HSH-009", 1));
    desk.refused(20, "trail-damaged", &format!("{DISCLOSE} --issued -o out.json"));
    let twice =
        "list disclose --groups --issued --manifest m --secret s --identity i --trail t -o o";
    assert_eq!(desk.run(twice).code, 2);
    let without = "list disclose --groups --manifest m --secret s --identity i -o o";
    assert_eq!(desk.run(without).code, 2);
    assert!(!desk.path("out.json").exists());
}
