//! `klero verify` and `klero trail` on the files of a whole small trial.

use crate::desk::Desk;
use klero::cli::stage::{Play, Stage};
use serde_json::Value;

const VERIFY: &str =
    "verify --manifest export/manifest.txt --disclosure disclosure.json --trail export --data";

/// Two participants randomised, one prepared; the service struck; trail exported, list disclosed.
fn finished_trial(name: &str) -> Desk {
    let desk = Desk::new(name);
    let (play, _) = Play::quick(desk.path("service"), 6);
    let stage = Stage::raise(play);
    let mut data = "participant,code,arm\n".to_owned();
    for (number, lldas) in [(1, true), (2, false)] {
        let reference = stage.screen_eligible(0, number, lldas);
        let code = stage.randomise(0, &reference).text_at("code").to_owned();
        let row = stage.study.list.rows().iter().find(|row| row.code.to_string() == code);
        let arm = row.expect("an issued code").arm.name(&stage.study.manifest.manifest);
        data.push_str(&format!("RJS-00{number},{code},{arm}\n"));
    }
    let code = data.lines().nth(1).and_then(|row| row.split(',').nth(1)).expect("a code");
    let body = serde_json::json!({"code": code, "identifier": "DEMO", "visit": "V1"});
    assert_eq!(stage.act("p-rjs", "POST", "/v1/preparations", body).status, 201);
    desk.write("data.csv", &data);
    desk.write("disclosure.json", &stage.study.disclosure().to_json());
    desk.keep(stage);
    let exported = desk.data("trail export --data kept -o export");
    assert_eq!(exported["origin"], "klero/NCT04515719");
    desk
}

// shows: SG-1, SG-7, AL-10, I4, I7
#[test]
fn seven_checks_hold_for_an_honest_trial_and_the_first_that_fails_is_named() {
    let desk = finished_trial("verify");
    let ran = desk.done(&format!("{VERIFY} data.csv"));
    let lines: Vec<_> = ran.out.lines().collect();
    assert_eq!(lines.len(), 7, "{}", ran.out);
    let numbered = |(line, number): (&&str, usize)| {
        line.starts_with(&number.to_string()) && line.contains("fits")
    };
    assert!(lines.iter().zip(1..).all(numbered), "{}", ran.out);
    let data = desk.data(&format!("{VERIFY} data.csv"));
    assert_eq!(data["checks"].as_array().map(Vec::len), Some(7));

    let honest = desk.read("data.csv");
    let swapped =
        honest.replace("belimumab", "x").replace("placebo", "belimumab").replace('x', "placebo");
    desk.write("swapped.csv", &swapped);
    let ran = desk.run(&format!("{VERIFY} swapped.csv"));
    assert_eq!(ran.code, 20);
    assert!(ran.out.contains("5 arms        FAILED"), "{}", ran.out);
    assert!(ran.out.contains("6 releases    not checked"), "{}", ran.out);
    assert!(ran.err.contains("check 5, arms, does not hold"), "{}", ran.err);
    let ran = desk.refused(20, "does-not-verify", &format!("{VERIFY} swapped.csv"));
    let last: Value =
        serde_json::from_str(ran.err.lines().last().unwrap_or_default()).expect("JSON");
    assert_eq!(last["data"]["checks"][4]["outcome"], "failed");
    desk.write("broken.csv", "who,what\n");
    desk.refused(15, "data-set-unreadable", &format!("{VERIFY} broken.csv"));
    desk.refused(10, "file-missing", &format!("{VERIFY} none.csv"));
    let other = VERIFY.replace("disclosure.json", "data.csv");
    desk.refused(15, "disclosure-unreadable", &format!("{other} data.csv"));
}

// shows: I7, AT-2, AT-13
#[test]
fn an_exported_trail_that_was_altered_cut_or_signed_by_another_is_found() {
    let desk = finished_trial("trail");
    let sound = desk.data("trail verify export");
    assert!(sound["entries"].as_u64().is_some_and(|entries| entries > 40), "{sound}");
    desk.refused(17, "file-exists", "trail export --data kept -o export");
    let lines = desk.read("export/trail.jsonl");
    let damaged = |text: &str, words: &str| {
        desk.write("export/trail.jsonl", text);
        let ran = desk.refused(20, "trail-damaged", "trail verify export");
        assert!(ran.err.contains(words), "{words}: {}", ran.err);
    };
    damaged(
        &lines.replacen("\"seq\":17,\"at\":\"2026", "\"seq\":17,\"at\":\"2027", 1),
        "Entry 18 does not chain",
    );
    let last = lines.lines().count() - 1;
    let without_last: String = lines.split_inclusive('\n').take(last).collect();
    damaged(&without_last, "the trail has");
    let last_altered = lines.replace(
        &format!("\"seq\":{last},\"at\":\"2026"),
        &format!("\"seq\":{last},\"at\":\"2027"),
    );
    damaged(&last_altered, &format!("Entry {last} was altered"));
    damaged(&lines[..lines.len() - 1], "is cut");
    damaged(&lines.replacen("\"v\":1", "\"v\":2", 1), "Entry 0 does not read");
    damaged(&format!("{}{lines}", "x".repeat(70_000)), "Entry 0 is cut");
    desk.write("export/trail.jsonl", &lines);
    desk.data("trail verify export --trail-key export/trail-key.txt");
    let key = desk.read("export/trail-key.txt");
    desk.write("printed.txt", &key.replacen("klero/NCT04515719", "klero/other", 1));
    desk.refused(20, "trail-damaged", "trail verify export --trail-key printed.txt");
    desk.refused(10, "file-missing", "trail verify nowhere");
}
