//! `klero conform` against a real service on a port: what it promises is kept; what is not kept is named.

use crate::desk::Desk;
use klero::cli::stage::{Play, Stage, password};
use serde_json::{Value, json};

/// A service with everybody in it, and the file of people for it.
fn raised(name: &str) -> (Desk, Stage, Value) {
    let desk = Desk::new(name);
    let (play, _) = Play::quick(desk.path("service"), 17);
    let stage = Stage::raise(play);
    let cases = include_str!("../../deploy/validation/nct04515719.cases.json");
    let cases: Value = serde_json::from_str(cases).expect("JSON");
    let account = |name: &str| json!({"name": name, "password": password(name)});
    let people = json!({
        "people": {"coordinator": account("c-rjs"), "investigator": account("i-rjs"), "monitor": account("mon-1")},
        "centre": "renji-south", "numbers": ["RJS-901", "RJS-902"], "answers": cases["eligible"],
        "arms": ["belimumab", "placebo"],
    });
    (desk, stage, people)
}

// shows: VA-3, AL-6, I5, I7
#[test]
fn a_running_service_keeps_every_promise_of_the_table_and_one_code_is_used_up() {
    let (desk, stage, people) = raised("conform");
    desk.write_secret("people.json", &people.to_string());
    let codes = |stage: &Stage| {
        let lines = stage.get("mon-1", "/v1/trail?from=0").body["lines"].clone();
        let lines = lines.as_array().expect("lines").clone();
        lines
            .iter()
            .filter(|line| line.to_string().contains("\\\"act\\\":\\\"randomised\\\""))
            .count()
    };
    let before = codes(&stage);
    let line = format!("conform --server {} people.json", stage.base);
    let data = desk.data(&line);
    assert_eq!(data["kept"], data["of"], "{data}");
    assert!(data["promises"].as_array().expect("a list").len() >= 11);
    assert_eq!(codes(&stage), before + 1);
    assert!(!data.to_string().contains(&password("c-rjs")));
    // The numbers are taken now: it says which promise was not kept, and what came instead.
    let again = desk.refused(20, "does-not-conform", &line);
    assert!(!again.err.contains(&password("c-rjs")));
    let again = desk.run(&line);
    assert!(again.out.contains("FAIL  PR-05") && again.out.contains("not 201"), "{}", again.out);
    assert_eq!(codes(&stage), before + 1, "a second run gives nobody a code");
}

// shows: VA-3
#[test]
fn words_that_stand_in_answers_are_found_and_a_file_of_another_form_or_open_to_others_is_refused() {
    let (desk, stage, mut people) = raised("conform-not");
    // A word that every answer about the centre holds, in the place of an arm.
    people["arms"] = json!(["renji-south"]);
    desk.write_secret("people.json", &people.to_string());
    let line = format!("conform --server {} people.json", stage.base);
    let ran = desk.run(&line);
    assert_eq!(ran.code, 20);
    let failed: Vec<&str> = ran.out.lines().filter(|line| line.starts_with("FAIL")).collect();
    assert!(failed.len() == 1 && failed[0].contains("searched for the arms' words"), "{}", ran.out);
    people["people"]["monitor"] = Value::Null;
    desk.write_secret("people.json", &people.to_string());
    desk.refused(15, "people-unreadable", &line);
    desk.write("open.json", &people.to_string());
    desk.refused(18, "file-open-to-others", &line.replace("people.json", "open.json"));
    desk.refused(10, "file-missing", &line.replace("people.json", "nowhere.json"));
}
