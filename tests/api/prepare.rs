//! Releases for preparation: one slot, one participant, one due visit, an entry first; and the opening receipt.

use crate::house::{House, anonymous, fields, refused};
use klero::cli::stage::Reply;
use serde_json::{Value, json};

const DAY: i64 = 24 * 60 * 60;

fn wish(code: &str, visit: &str) -> Value {
    json!({"code": code, "identifier": "DEMO", "visit": visit})
}

fn prepare(house: &House, who: &str, body: Value) -> Reply {
    house.post(who, "/v1/preparations", body)
}

// shows: I3, DI-1, SG-7
#[test]
fn a_pharmacist_gets_one_slot_after_its_entry_and_opens_it_on_the_own_device() {
    let house = House::raise();
    let (reference, number, code) = house.randomised(0, 1, true);
    house.so_far();
    let due = house.get("p-rjs", "/v1/preparations");
    let wanted = json!([{"participant": reference, "number": number, "code": code, "visit": "V1",
                         "released": []}]);
    assert_eq!(due.body["preparations"], wanted);
    let release = prepare(&house, "p-rjs", wish(&code, "V1"));
    assert_eq!(release.status, 201, "{}", release.text);
    assert_eq!((release.text_at("purpose"), release.text_at("participant")), ("prepare", &*number));
    let (line, _) = house.check_receipt(&release.body["receipt"]);
    assert_eq!((&line["act"], &line["by"]), (&json!("release-for-preparation"), &json!("p-rjs")));
    assert_eq!((&line["on"]["code"], &line["data"]["visit"]), (&json!(code), &json!("V1")));
    let identities = &house.stage.identities;
    assert_eq!(house.open(&release.body, &identities["p-rjs"]), Ok(house.drawn(&code)));
    assert!(house.pinned().arms.iter().all(|arm| !release.text.contains(arm)));
    // What was released cannot be opened elsewhere: not with another slot's place, not with another path.
    let (_, _, other) = house.randomised(0, 2, true);
    let second = prepare(&house, "p-rjs", wish(&other, "V1"));
    let mut moved = release.body.clone();
    moved["slot"]["sealed"] = second.body["slot"]["sealed"].clone();
    assert!(house.open(&moved, &identities["p-rjs"]).is_err());
    let mut moved = release.body.clone();
    moved["slot"]["leafPath"] = second.body["slot"]["leafPath"].clone();
    assert!(house.open(&moved, &identities["p-rjs"]).is_err());
    let again = house.get("p-rjs", "/v1/preparations");
    assert!(again.body["preparations"].as_array().unwrap().iter().all(|d| d["visit"].is_null()));
    let ways = ["participant-screened", "eligibility-signed", "randomised"];
    let release = "release-for-preparation";
    house.trail_is([release, ways[0], ways[1], ways[2], release]);
}

// shows: I3 (an answer that was lost is given again, and that is an entry)
#[test]
fn the_same_key_gives_the_same_entry_again_and_says_so_in_the_trail() {
    let house = House::raise();
    let (_, _, code) = house.randomised(0, 1, true);
    house.so_far();
    let act = |body: Value| {
        house.act_once("p-rjs", "POST", "/v1/preparations", "one-key-for-one-act", body)
    };
    let first = act(wish(&code, "V1"));
    let again = act(wish(&code, "V1"));
    assert_eq!((first.status, again.status), (201, 200));
    assert_eq!((&first.body["repeated"], &again.body["repeated"]), (&json!(false), &json!(true)));
    for part in ["reference", "slot", "wrap", "participant"] {
        assert_eq!(first.body[part], again.body[part], "{part}");
    }
    assert_eq!(first.body["receipt"]["entry"], again.body["receipt"]["entry"]);
    house.check_receipt(&again.body["receipt"]);
    assert_eq!(house.open(&again.body, &house.stage.identities["p-rjs"]), Ok(house.drawn(&code)));
    refused(&act(wish(&code, "V2")), 422, "idempotency-key-reused");
    let entries = house.entries();
    let acts: Vec<_> = entries.iter().map(|entry| entry["act"].as_str().unwrap()).collect();
    assert_eq!(acts, ["release-for-preparation", "release-redelivered"]);
    assert_eq!(entries[1]["data"]["first"], entries[0]["seq"]);
    assert_eq!(entries[1]["on"]["code"], json!(code));
}

// shows: DI-1, DI-8, EU-6
#[test]
fn each_wrong_preparation_is_refused_by_name_and_releases_nothing() {
    let house = House::raise();
    let (_, _, code) = house.randomised(0, 1, true);
    let (_, _, foreign) = house.randomised(2, 1, true);
    house.so_far();
    let rows = house.stage.study.list.rows();
    let mut unissued = rows.iter().map(|row| row.code.to_string());
    let unissued = unissued.rfind(|c| *c != code && *c != foreign).unwrap();
    let unknown = prepare(&house, "p-rjs", wish(&unissued, "V1"));
    refused(&unknown, 404, "no-such-record");
    let elsewhere = prepare(&house, "p-rjs", wish(&foreign, "V1"));
    assert_eq!(anonymous(&unknown), anonymous(&elsewhere));
    house.trail_is(["refused no-such-record"; 2]);
    let mut slip = code.clone().into_bytes();
    slip[6] = b'0' + (slip[6] - b'0' + 1) % 10;
    let slip = String::from_utf8(slip).unwrap();
    assert_eq!(fields(&prepare(&house, "p-rjs", wish(&slip, "V1"))), ["/code code-check"]);
    assert_eq!(fields(&prepare(&house, "p-rjs", wish(&code, "V99"))), ["/visit choice-unknown"]);
    assert_eq!(fields(&prepare(&house, "p-rjs", wish(&code, "V 1"))), ["/visit choice-unknown"]);
    house.trail_is([]);
    for identifier in ["OMED", "1988-01-02", "", "DEMO1988-01-01"] {
        let body = json!({"code": code, "identifier": identifier, "visit": "V1"});
        refused(&prepare(&house, "p-rjs", body), 409, "identifiers-do-not-match");
    }
    house.trail_is(["refused identifiers-do-not-match"; 4]);
    refused(&prepare(&house, "p-rjs", wish(&code, "V2")), 409, "visit-not-due");
    refused(&prepare(&house, "p-rjs", wish(&code, "screening")), 409, "visit-not-due");
    let body = json!({"code": code, "identifier": " 1988-01-01 ", "visit": "V1"});
    assert_eq!(prepare(&house, "p-rjs", body).status, 201);
    refused(&prepare(&house, "p-rjs", wish(&code, "V1")), 409, "already-prepared");
    house.trail_is([
        "refused visit-not-due",
        "refused visit-not-due",
        "release-for-preparation",
        "refused already-prepared",
    ]);
}

// shows: DI-8 (a second time, or outside the window, only with a reason that is kept)
#[test]
fn a_reason_goes_on_outside_the_window_and_a_second_time() {
    let mut house = House::raise();
    let (_, _, code) = house.randomised(0, 1, true);
    house.so_far();
    let with = |reason: &str| {
        let mut body = wish(&code, "V1");
        body["reason"] = json!(reason);
        body
    };
    assert_eq!(fields(&prepare(&house, "p-rjs", with(" "))), ["/reason reason-needed"]);
    let long = prepare(&house, "p-rjs", with(&"x".repeat(501)));
    assert_eq!(fields(&long), ["/reason text-too-long"]);
    house.trail_is([]);
    house.clock.step(2 * DAY);
    house.stage.sign_in("p-rjs");
    refused(&prepare(&house, "p-rjs", wish(&code, "V1")), 409, "visit-not-due");
    let late = prepare(&house, "p-rjs", with(&"x".repeat(500)));
    assert_eq!(late.status, 201, "{}", late.text);
    let again = prepare(&house, "p-rjs", with("the bag was spilt"));
    assert_eq!(again.status, 201, "{}", again.text);
    assert!(!again.text.contains("spilt"), "free text stays in the private record");
    assert_ne!(late.text_at("reference"), again.text_at("reference"));
    house.trail_is([
        "signed-in",
        "refused visit-not-due",
        "release-for-preparation",
        "release-for-preparation",
    ]);
}

// shows: I10, AC-7 (who was given no key gets no slot)
#[test]
fn a_pharmacist_without_a_grant_gets_nothing() {
    let mut house = House::raise();
    house.admit("p-rjs-2", "pharmacist", &["renji-south"]);
    let (_, _, code) = house.randomised(0, 1, true);
    house.so_far();
    refused(&prepare(&house, "p-rjs-2", wish(&code, "V1")), 403, "not-granted-yet");
    house.trail_is(["refused not-granted-yet"]);
}

// shows: I3, AT-9 (an opening receipt is of one release, by its own holder)
#[test]
fn an_opening_receipt_is_kept_once_and_only_if_the_holders_key_signed_this_very_entry() {
    let house = House::raise();
    let (_, _, code) = house.randomised(0, 1, true);
    let (_, _, other) = house.randomised(0, 2, true);
    let release = prepare(&house, "p-rjs", wish(&code, "V1"));
    let second = prepare(&house, "p-rjs", wish(&other, "V1"));
    house.so_far();
    let path = format!("/v1/preparations/{}/opened", release.text_at("reference"));
    let identities = &house.stage.identities;
    let receipt = house.opening_receipt(&release.body, &identities["p-rjs"]);
    // By another key, of another release, with another answer.
    let foreign = house.opening_receipt(&release.body, &identities["p-rjw"]);
    let mut moved = house.opening_receipt(&second.body, &identities["p-rjs"]);
    moved["reference"] = receipt["reference"].clone();
    let mut turned = receipt.clone();
    turned["fits"] = json!(false);
    for wrong in [foreign, moved, turned] {
        refused(&house.post("p-rjs", &path, wrong), 422, "signature-does-not-verify");
    }
    house.trail_is(["refused signature-does-not-verify"; 3]);
    let with = |field: &str, value: &str| {
        let mut body = receipt.clone();
        body[field] = json!(value);
        fields(&house.post("p-rjs", &path, body))
    };
    assert_eq!(with("signature", "00"), ["/signature bytes-form"]);
    assert_eq!(with("at", "yesterday"), ["/at moment-format"]);
    assert_eq!(with("reference", second.text_at("reference")), ["/reference choice-unknown"]);
    house.trail_is([]);
    let key = "one-key-for-one-act";
    let kept = house.act_once("p-rjs", "POST", &path, key, receipt.clone());
    assert_eq!(kept.status, 200, "{}", kept.text);
    let (line, _) = house.check_receipt(&kept.body["receipt"]);
    assert_eq!((&line["act"], &line["data"]["fits"]), (&json!("opened"), &json!(true)));
    let again = house.act_once("p-rjs", "POST", &path, key, receipt.clone());
    assert_eq!((again.status, &again.body["repeated"]), (200, &json!(true)));
    refused(&house.post("p-rjs", &path, receipt.clone()), 409, "wrong-state");
    house.trail_is(["opened", "refused wrong-state"]);
    // Somebody else's release, a release of another kind and none at all are one answer.
    let body = |reference: &str| {
        let mut body = receipt.clone();
        body["reference"] = json!(reference);
        body
    };
    let reference = release.text_at("reference");
    let elsewhere = house.post("p-rjw", &path, body(reference));
    refused(&elsewhere, 404, "no-such-record");
    let none = house.post("p-rjs", "/v1/preparations/ZZZZZZZZ/opened", body("ZZZZZZZZ"));
    assert_eq!(anonymous(&elsewhere), anonymous(&none));
    let as_break = house.post("i-rjs", &format!("/v1/breaks/{reference}/opened"), body(reference));
    assert_eq!(anonymous(&elsewhere), anonymous(&as_break));
    house.trail_is(["refused no-such-record"; 3]);
}

// shows: DI-1 (one participant, one visit, one request)
#[test]
fn no_request_asks_for_two_slots() {
    let house = House::raise();
    let (_, _, code) = house.randomised(0, 1, true);
    house.so_far();
    let two = json!({"code": [code, code], "identifier": "DEMO", "visit": "V1"});
    let reply = prepare(&house, "p-rjs", two);
    refused(&reply, 400, "malformed-request");
    assert_eq!(fields(&reply), ["/code wrong-type"]);
    let list = house.post("p-rjs", "/v1/preparations", json!([wish(&code, "V1")]));
    refused(&list, 400, "malformed-request");
    let more = json!({"code": code, "identifier": "DEMO", "visit": "V1", "all": true});
    assert_eq!(fields(&prepare(&house, "p-rjs", more)), [" unknown-field"]);
    house.trail_is([]);
}
