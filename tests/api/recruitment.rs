//! Opening, pausing and closing, of a centre or of the trial.

use crate::house::{House, fields, refused};
use klero::cli::stage::{Reply, signature};
use serde_json::{Value, json};

fn body(centre: Option<&str>) -> Value {
    let signature = signature("spon-1", "decide-recruitment");
    let mut body = json!({"reason": "an invented reason", "signature": signature});
    if let Some(centre) = centre {
        body["centre"] = json!(centre);
    }
    body
}

fn decide(house: &House, what: &str, centre: Option<&str>) -> Reply {
    house.post("spon-1", &format!("/v1/recruitment/{what}"), body(centre))
}

// shows: AL-11, AL-12
#[test]
fn a_paused_and_a_closed_place_randomise_nobody_and_other_places_go_on() {
    let house = House::raise();
    let here = house.stage.screen_eligible(0, 1, true);
    let there = house.stage.screen_eligible(2, 1, true);
    house.so_far();
    assert_eq!(decide(&house, "pause", Some("renji-south")).status, 200);
    refused(&house.stage.randomise(0, &here), 409, "recruitment-paused");
    assert_eq!(house.stage.randomise(2, &there).status, 201);
    assert_eq!(decide(&house, "open", Some("renji-south")).status, 200);
    assert_eq!(decide(&house, "pause", None).status, 200);
    refused(&house.stage.randomise(0, &here), 409, "recruitment-paused");
    assert_eq!(decide(&house, "open", None).status, 200);
    assert_eq!(decide(&house, "close", Some("renji-south")).status, 200);
    let closed = house.stage.randomise(0, &here);
    refused(&closed, 409, "centre-not-open");
    house.trail_is([
        "recruitment-paused",
        "refused recruitment-paused",
        "randomised",
        "recruitment-opened",
        "recruitment-paused",
        "refused recruitment-paused",
        "recruitment-opened",
        "recruitment-closed",
        "refused centre-not-open",
    ]);
}

// shows: AL-11 (each step from a state that allows it; closing is for ever)
#[test]
fn each_decision_needs_a_state_that_allows_it() {
    let house = House::raise();
    let place = Some("huashan");
    refused(&decide(&house, "open", place), 409, "wrong-state");
    assert_eq!(decide(&house, "pause", place).status, 200);
    refused(&decide(&house, "pause", place), 409, "wrong-state");
    assert_eq!(decide(&house, "close", place).status, 200);
    for what in ["open", "pause", "close"] {
        refused(&decide(&house, what, place), 409, "wrong-state");
    }
    house.trail_is([
        "refused wrong-state",
        "recruitment-paused",
        "refused wrong-state",
        "recruitment-closed",
        "refused wrong-state",
        "refused wrong-state",
        "refused wrong-state",
    ]);
    let unopened = House::raise_unopened();
    for what in ["pause", "close"] {
        refused(&decide(&unopened, what, None), 409, "wrong-state");
    }
    unopened.trail_is(["refused wrong-state"; 2]);
}

// shows: AT-8, AT-10, AL-6
#[test]
fn a_decision_needs_a_reason_and_a_signature_and_is_made_once() {
    let house = House::raise();
    let act = |key: &str, body: Value| {
        house.act_once("spon-1", "POST", "/v1/recruitment/pause", key, body)
    };
    let with = |field: &str, value: Value| {
        let mut body = body(None);
        body[field] = value;
        act("three-keys-an-act", body)
    };
    assert_eq!(fields(&with("reason", json!(" "))), ["/reason reason-needed"]);
    assert_eq!(fields(&with("reason", json!("x".repeat(501)))), ["/reason text-too-long"]);
    assert_eq!(fields(&with("centre", json!("nowhere"))), ["/centre choice-unknown"]);
    assert_eq!(fields(&with("centre", json!("No Where"))), ["/centre choice-unknown"]);
    house.trail_is([]);
    let others = signature("mon-1", "decide-recruitment");
    refused(&with("signature", others), 401, "signature-needed");
    house.trail_is(["refused signature-needed"]);
    let mut longest = body(None);
    longest["reason"] = json!("x".repeat(500));
    let first = act("one-key-for-one-act", longest.clone());
    let again = act("one-key-for-one-act", longest.clone());
    assert_eq!((first.status, again.body["repeated"].as_bool()), (200, Some(true)));
    assert_eq!(first.body["receipt"]["entry"], again.body["receipt"]["entry"]);
    let (line, _) = house.check_receipt(&first.body["receipt"]);
    assert!(line.get("centre").is_none());
    refused(&act("one-key-for-one-act", body(None)), 422, "idempotency-key-reused");
    let key = "one-key-for-one-act";
    let other = house.act_once("spon-1", "POST", "/v1/recruitment/close", key, longest);
    refused(&other, 422, "idempotency-key-reused");
    house.trail_is(["recruitment-paused"]);
}

// shows: CO-3
#[test]
fn figures_count_participants_by_centre_and_never_by_stratum() {
    let house = House::raise();
    house.randomised(0, 1, true);
    house.randomised(0, 2, false);
    house.stage.screen_eligible(2, 1, true);
    house.so_far();
    let figures = house.get("spon-1", "/v1/recruitment");
    assert_eq!(figures.body["target"], 334);
    let places = figures.body["places"].as_array().unwrap();
    let of = |place: &Value| (place["screened"].as_u64(), place["randomised"].as_u64());
    assert_eq!(places.len(), 5);
    assert_eq!((&places[0]["centre"], of(&places[0])), (&Value::Null, (Some(3), Some(2))));
    assert_eq!((&places[1]["centre"], of(&places[1])), (&json!("renji-south"), (Some(2), Some(2))));
    assert_eq!((&places[3]["centre"], of(&places[3])), (&json!("huashan"), (Some(1), Some(0))));
    assert!(!figures.text.contains("lldas"));
    house.trail_is([]);
}
