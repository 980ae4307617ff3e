//! Reports counted from the trail: what they say, what they never say, and who may read them.

use crate::house::{House, refused};
use klero::cli::stage::{answers, signature};
use serde_json::{Value, json};

const KINDS: [&str; 4] = ["flow", "deviations", "delegation", "safety"];

fn read(house: &House, who: &str, kind: &str) -> Value {
    let told = house.get(who, &format!("/v1/reports/{kind}"));
    assert_eq!(told.status, 200, "{}", told.text);
    told.body
}

fn rows<'r>(report: &'r Value, table: &str) -> &'r Vec<Value> {
    let tables = report["tables"].as_array().unwrap();
    let table = tables.iter().find(|one| one["id"] == table).unwrap();
    table["rows"].as_array().unwrap()
}

/// The figures of the row that begins with these labels.
fn counts(report: &Value, table: &str, labels: &[&str]) -> Value {
    let row = rows(report, table)
        .iter()
        .find(|row| labels.iter().enumerate().all(|(at, label)| row["labels"][at] == **label));
    row.map_or(Value::Null, |row| row["counts"].clone())
}

fn record(house: &House, who: &str, act: &str, path: &str, answers: Value) {
    let body = json!({"answers": answers, "signature": signature(who, act)});
    let told = house.post(who, path, body);
    assert_eq!(told.status, 200, "{path}: {}", told.text);
}

/// One waits, one failed, one left, three randomised: one infused late and stopped, one broken, one with a mistake.
fn played() -> House {
    let mut house = House::raise();
    house.stage.screen_eligible(0, 1, true);
    let left = house.stage.screen_eligible(0, 2, true);
    let mut failing = answers("RJS-003", true, "2026-11-20");
    failing["sledai"] = "7".into();
    let told = house.post(
        "c-rjs",
        "/v1/participants",
        json!({"centre": "renji-south", "answers": failing}),
    );
    assert_eq!(told.status, 201, "{}", told.text);
    let day = json!({"how": "withdrawn", "day": "2026-11-21"});
    record(&house, "c-rjs", "end-treatment", &format!("/v1/participants/{left}/end"), day);
    let (one, _, code) = house.randomised(0, 4, true);
    let (two, ..) = house.randomised(0, 5, false);
    house.randomised(2, 1, true);
    let body = json!({"code": code, "identifier": "DEMO", "visit": "V1"});
    assert_eq!(house.post("p-rjs", "/v1/preparations", body).status, 201);
    house.clock.step(10 * 60 * 60);
    for who in ["c-rjs", "i-rjs", "p-rjs", "hot-1", "stat-1", "mon-1", "spon-1", "admin-1"] {
        house.stage.sign_in(who);
    }
    let infusion = json!({"visit": "V1", "started": "2026-11-21T10:00", "ended": "2026-11-21T17:01",
                          "volume": "250", "interrupted": "no", "reaction": "no"});
    let at = |one: &str, page: &str| format!("/v1/participants/{one}/{page}");
    record(&house, "c-rjs", "record-visit", &at(&one, "infusions"), infusion);
    let stop = json!({"reason": "severe-flare", "day": "2026-11-21", "follow-up": "yes"});
    record(&house, "c-rjs", "end-treatment", &at(&one, "stops"), stop);
    let mistake = json!({"mistake": "randomised-in-error", "since": "2026-11-21",
                         "truth": "another day", "why": "read wrongly"});
    record(&house, "c-rjs", "correct", &at(&two, "mistakes"), mistake);
    let mut body = json!({
        "participant": "HSH-001", "identifier": "DEMO", "requester": "Demo physician", "callBack": "000",
        "category": "sae-management", "whatHappened": "an invented emergency", "depends": false,
    });
    body["signature"] = signature("hot-1", "break-code");
    let told = house.post("hot-1", "/v1/breaks", body);
    assert_eq!(told.status, 201, "{}", told.text);
    house.so_far();
    house
}

// shows: RP-1, RP-2, AL-15
#[test]
fn the_flow_counts_everybody_once_at_each_stage_and_at_each_centre() {
    let house = played();
    let flow = read(&house, "mon-1", "flow");
    // All, then the four centres in the order of the configuration.
    for (stage, figures) in [
        ("screened", [6, 5, 0, 1, 0]),
        ("failed", [1, 1, 0, 0, 0]),
        ("incomplete", [0, 0, 0, 0, 0]),
        ("waiting", [1, 1, 0, 0, 0]),
        ("left-before", [1, 1, 0, 0, 0]),
        ("randomised", [3, 2, 0, 1, 0]),
        ("never-infused", [2, 1, 0, 1, 0]),
        ("infused", [1, 1, 0, 0, 0]),
        ("stopped", [1, 1, 0, 0, 0]),
        ("completed", [0, 0, 0, 0, 0]),
        ("going-on", [3, 2, 0, 1, 0]),
    ] {
        assert_eq!(counts(&flow, "way", &[stage]), json!(figures), "{stage}");
    }
    assert_eq!(counts(&flow, "criteria", &["I03a"]), json!([1]), "the first that was not met");
    assert_eq!(counts(&flow, "stops", &["severe-flare"]), json!([1]));
    assert_eq!(flow["tables"][0]["columns"][1], "all");
    house.trail_is(["report-read"]);
}

// shows: RP-5, DI-6
#[test]
fn departures_are_counted_by_centre_and_kind() {
    let house = played();
    let told = read(&house, "mon-1", "deviations");
    let place = "renji-south";
    assert_eq!(counts(&told, "kinds", &[place, "kind-late-end"]), json!([1]));
    assert_eq!(counts(&told, "kinds", &[place, "kind-mistake"]), json!([1]));
    assert_eq!(counts(&told, "mistakes", &[place, "randomised-in-error"]), json!([1]));
    assert!(rows(&told, "missed").is_empty());
    house.trail_is(["report-read"]);
}

// shows: AC-2
#[test]
fn the_delegation_log_says_who_had_which_task_from_when_to_when() {
    let house = played();
    let body = json!({});
    assert_eq!(house.post("admin-1", "/v1/people/c-hsh/disable", body).status, 200);
    for (person, principal) in [("i-rjs", true), ("i-hsh", true), ("i-hsh", false)] {
        let path = format!("/v1/people/{person}/principal");
        let marked = house.post("admin-1", &path, json!({"principal": principal}));
        assert_eq!(marked.status, 200, "{}", marked.text);
    }
    let told = read(&house, "mon-1", "delegation");
    let all = rows(&told, "people");
    let of = |who: &str| all.iter().find(|row| row["labels"][1] == who).unwrap()["labels"].clone();
    assert_eq!(all.len(), 18, "everybody of the play");
    assert_eq!(of("p-rjs")[0], "Demo p-rjs");
    assert_eq!((&of("p-rjs")[2], &of("p-rjs")[3]), (&"pharmacist".into(), &"renji-south".into()));
    assert_eq!(of("p-rjs")[4], "2026-11-21");
    assert_eq!((&of("p-rjs")[5], &of("c-hsh")[5]), (&"–".into(), &"2026-11-21".into()));
    assert_eq!(of("p-rjs")[6], "Demo admin-1");
    assert_eq!((&of("p-rjs")[7], &of("i-rjs")[7]), (&"–".into(), &"2026-11-21 –".into()));
    assert_eq!(of("i-hsh")[7], "2026-11-21 – 2026-11-21");
    let marked = "principal-marked";
    house.trail_is(["person-disabled", marked, marked, marked, "report-read"]);
}

// shows: RP-3
#[test]
fn the_open_part_counts_breaks_and_says_which_follow_up_and_confirmation_are_missing() {
    let mut house = played();
    let told = read(&house, "mon-1", "safety");
    let figure = |told: &Value, word: &str| counts(told, "figures", &[word]);
    assert_eq!(figure(&told, "breaks"), json!([1]));
    assert_eq!(figure(&told, "condition-no"), json!([1]));
    assert_eq!(figure(&told, "unconfirmed"), json!([0]), "not yet");
    assert_eq!(counts(&told, "breaks-by-centre", &["huashan"]), json!([1]));
    assert_eq!(counts(&told, "breaks-by-category", &["sae-management"]), json!([1]));
    assert_eq!(counts(&told, "breaks-by-role", &["hotline"]), json!([1]));
    assert_eq!(counts(&told, "breaks-by-month", &["2026-11"]), json!([1]));
    assert_eq!(counts(&told, "unblinded", &["pharmacist"]), json!([1]));
    house.clock.step(24 * 60 * 60 + 1);
    house.stage.sign_in("mon-1");
    let told = read(&house, "mon-1", "safety");
    assert_eq!(figure(&told, "unconfirmed"), json!([1]));
    assert_eq!(figure(&told, "follow-up-overdue"), json!([1]));
    let value = |word: &str| {
        let row = rows(&told, "times").iter().find(|row| row["labels"][0] == word).unwrap();
        row["labels"][1].as_str().unwrap().to_owned()
    };
    // Three for a day and ten hours: 4.25 days of 30.4375.
    assert_eq!((value("participant-months").as_str(), value("rate").as_str()), ("0.1", "716.17"));
    assert_eq!(value("median-all"), "–", "nothing was confirmed");
    house.trail_is(["report-read", "signed-in", "report-read"]);
}

// shows: CO-3, AT-3, RP-4
#[test]
fn monitor_and_sponsor_read_reports_under_an_entry_and_nothing_in_them_tells_arm_or_stratum() {
    let house = played();
    for kind in KINDS {
        let told = read(&house, "spon-1", kind).to_string();
        for word in ["belimumab", "placebo", "lldas", "stratum", "position", "block"] {
            assert!(!told.to_lowercase().contains(word), "{kind} says {word}");
        }
    }
    for who in ["c-rjs", "i-rjs", "p-rjs", "hot-1", "stat-1", "admin-1"] {
        refused(&house.get(who, "/v1/reports/flow"), 403, "not-your-role");
    }
    house.trail_is([
        "report-read",
        "report-read",
        "report-read",
        "report-read",
        "refused not-your-role",
        "refused not-your-role",
        "refused not-your-role",
        "refused not-your-role",
        "refused not-your-role",
        "refused not-your-role",
    ]);
}
