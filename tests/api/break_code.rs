//! Breaking one code: a minute's writing suffices, nothing else is ever asked, and everybody is told that, never what.

use crate::house::{House, anonymous, fields, refused};
use klero::cli::stage::{Reply, signature};
use klero::limits::UNCONFIRMED_SECONDS;
use serde_json::{Value, json};

fn emergency(who: &str, participant: &str) -> Value {
    json!({
        "participant": participant, "identifier": "DEMO",
        "requester": "Demo physician", "callBack": "000", "category": "sae-management",
        "whatHappened": "an invented emergency", "depends": true,
        "signature": signature(who, "break-code"),
    })
}

fn break_code(house: &House, who: &str, body: Value) -> Reply {
    house.post(who, "/v1/breaks", body)
}

fn with(who: &str, participant: &str, changes: &[(&str, Value)]) -> Value {
    let mut body = emergency(who, participant);
    for (name, value) in changes {
        match value {
            Value::Null => drop(body.as_object_mut().unwrap().remove(*name)),
            value => body[*name] = value.clone(),
        }
    }
    body
}

// shows: EU-1, EU-3, EU-4, EU-7, EU-8, I3
#[test]
fn the_short_fields_alone_break_one_code_and_others_are_told_that_it_happened() {
    let house = House::raise();
    let (_, number, code) = house.randomised(0, 1, true);
    house.so_far();
    // No number of an event, no form, no approval, no second person; and any field beyond these is refused.
    let release = break_code(&house, "hot-1", emergency("hot-1", &number));
    assert_eq!(release.status, 201, "{}", release.text);
    let (line, _) = house.check_receipt(&release.body["receipt"]);
    assert_eq!((&line["act"], &line["on"]["code"]), (&json!("release-for-break"), &json!(code)));
    assert_eq!(line["data"]["identifiers"], "matched");
    for private in ["Demo physician", "an invented emergency"] {
        assert!(!release.text.contains(private), "{private}");
    }
    assert_eq!(house.open(&release.body, &house.stage.identities["hot-1"]), Ok(house.drawn(&code)));
    assert_eq!(release.body["told"], json!(["i-rjs", "mon-1", "spon-1"]));
    assert!(house.pinned().arms.iter().all(|arm| !release.text.contains(arm)));
    let more = with("hot-1", &number, &[("saeNumber", json!("7"))]);
    assert_eq!(fields(&break_code(&house, "hot-1", more)), [" unknown-field"]);
    // An investigator breaks a code of the own centre, by treatment code as well, and is not told twice.
    let release = break_code(&house, "i-rjs", emergency("i-rjs", &code));
    assert_eq!(release.status, 201, "{}", release.text);
    assert_eq!(release.body["told"], json!(["mon-1", "spon-1"]));
    assert_eq!(house.open(&release.body, &house.stage.identities["i-rjs"]), Ok(house.drawn(&code)));
    house.trail_is(["release-for-break"; 2]);
}

// shows: EU-4, EU-5 (a missing identifier and a no are flagged, never refused)
#[test]
fn a_missing_second_identifier_and_a_no_are_flagged_and_still_release() {
    let house = House::raise();
    let (_, number, code) = house.randomised(0, 1, true);
    house.so_far();
    let spaced = format!("{} {} {}", &code[..3], &code[3..6], &code[6..]);
    let changes = [("identifier", Value::Null), ("depends", json!(false))];
    for named in [&number, &code, &spaced] {
        let reply = break_code(&house, "hot-2", with("hot-2", named, &changes));
        assert_eq!(reply.status, 201, "{}", reply.text);
        let (line, _) = house.check_receipt(&reply.body["receipt"]);
        assert_eq!(line["data"]["identifiers"], "not-available");
        assert_eq!(line["data"]["depends"], false);
    }
    // The letters of the initials are what counts, not their size.
    let small = with("hot-2", &number, &[("identifier", json!("demo"))]);
    assert_eq!(break_code(&house, "hot-2", small).status, 201);
    house.trail_is(["release-for-break"; 4]);
}

// shows: EU-6
#[test]
fn identifiers_that_do_not_match_open_nothing_and_leave_an_entry() {
    let house = House::raise();
    let (_, number, _) = house.randomised(0, 1, true);
    house.stage.screen_eligible(0, 2, true);
    house.so_far();
    for identifier in ["OMED", "1988-01-02", "", number.as_str()] {
        let body = with("hot-1", &number, &[("identifier", json!(identifier))]);
        let reply = break_code(&house, "hot-1", body);
        refused(&reply, 409, "identifiers-do-not-match");
        assert!(reply.body.get("slot").is_none());
    }
    house.trail_is(["refused identifiers-do-not-match"; 4]);
    // Nobody, and somebody who has no code yet, are one answer.
    let nobody = break_code(&house, "hot-1", emergency("hot-1", "RJS-999"));
    refused(&nobody, 404, "no-such-record");
    let unissued = break_code(&house, "hot-1", emergency("hot-1", "RJS-002"));
    assert_eq!(anonymous(&nobody), anonymous(&unissued));
    house.trail_is(["refused no-such-record"; 2]);
}

// shows: EU-1 (an investigator of the own centre), AC-5
#[test]
fn an_investigator_of_another_centre_learns_nothing() {
    let house = House::raise();
    let (_, number, code) = house.randomised(0, 1, true);
    house.so_far();
    let unknown = break_code(&house, "i-hsh", emergency("i-hsh", "RJS-999"));
    for named in [&number, &code] {
        let foreign = break_code(&house, "i-hsh", emergency("i-hsh", named));
        refused(&foreign, 404, "no-such-record");
        assert_eq!(anonymous(&foreign), anonymous(&unknown));
    }
    house.trail_is(["refused no-such-record"; 3]);
}

// shows: AT-10, EU-4, EU-13
#[test]
fn a_reason_and_a_signature_are_needed_and_each_wrong_field_is_named() {
    let house = House::raise();
    let (_, number, _) = house.randomised(0, 1, true);
    house.so_far();
    let attempt =
        |who: &str, changes: &[(&str, Value)]| break_code(&house, who, with(who, &number, changes));
    for field in ["requester", "callBack", "whatHappened", "how"] {
        let empty = attempt("hot-1", &[(field, json!(" "))]);
        assert_eq!(fields(&empty), [format!("/{field} reason-needed")]);
        let long = attempt("hot-1", &[(field, json!("x".repeat(501)))]);
        assert_eq!(fields(&long), [format!("/{field} text-too-long")]);
    }
    assert_eq!(
        fields(&attempt("hot-1", &[("category", json!("curiosity"))])),
        ["/category choice-unknown"]
    );
    assert_eq!(
        fields(&attempt("hot-1", &[("participant", json!("who"))])),
        ["/participant code-check"]
    );
    // A safety report is the hotline's: the investigator stays blinded.
    let report = [("category", json!("safety-report"))];
    assert_eq!(fields(&attempt("i-rjs", &report)), ["/category choice-unknown"]);
    house.trail_is([]);
    let other = [("signature", signature("hot-2", "break-code"))];
    refused(&attempt("hot-1", &other), 401, "signature-needed");
    let words = [("signature", signature("hot-1", "randomise"))];
    refused(&attempt("hot-1", &words), 401, "signature-needed");
    house.trail_is(["refused signature-needed"; 2]);
    let most = "x".repeat(500);
    let full: Vec<(&str, Value)> = ["requester", "callBack", "whatHappened", "how"]
        .map(|field| (field, json!(most)))
        .into_iter()
        .chain([("category", json!("safety-report"))])
        .collect();
    assert_eq!(attempt("hot-1", &full).status, 201);
    house.trail_is(["release-for-break"]);
}

// shows: I3, AC-7
#[test]
fn a_holder_without_a_grant_gets_nothing_and_the_entry_says_so() {
    let mut house = House::raise();
    house.admit("hot-3", "hotline", &[]);
    let (_, number, _) = house.randomised(0, 1, true);
    house.so_far();
    refused(&break_code(&house, "hot-3", emergency("hot-3", &number)), 403, "not-granted-yet");
    house.trail_is(["refused not-granted-yet"]);
}

// shows: I3, AT-3
#[test]
fn a_break_without_an_opening_receipt_is_unconfirmed_after_ten_minutes() {
    let house = House::raise();
    let (_, number, _) = house.randomised(0, 1, true);
    let first = break_code(&house, "hot-1", emergency("hot-1", &number));
    let second = break_code(&house, "hot-1", emergency("hot-1", &number));
    house.so_far();
    let path = format!("/v1/breaks/{}/opened", first.text_at("reference"));
    let receipt = house.opening_receipt(&first.body, &house.stage.identities["hot-1"]);
    assert_eq!(house.post("hot-1", &path, receipt).status, 200);
    let seen = |who: &str| {
        let reply = house.get(who, "/v1/breaks");
        assert_eq!(reply.status, 200);
        let breaks = reply.body["breaks"].as_array().unwrap().clone();
        let (line, _) = house.check_receipt(&reply.body["receipt"]);
        assert_eq!(line["act"], "breaks-read");
        let flags = breaks.iter().map(|one| {
            let reference = one["reference"].as_str().unwrap().to_owned();
            (reference, one["opened"] == true, one["unconfirmed"] == true)
        });
        flags.collect::<Vec<_>>()
    };
    let (first, second) = (first.text_at("reference"), second.text_at("reference"));
    let flags = |late| vec![(second.to_owned(), false, late), (first.to_owned(), true, false)];
    house.clock.step(UNCONFIRMED_SECONDS - 1);
    assert_eq!(seen("mon-1"), flags(false));
    house.clock.step(1);
    for who in ["mon-1", "spon-1", "hot-2", "i-rjs"] {
        assert_eq!(seen(who), flags(true));
    }
    assert_eq!(seen("i-hsh"), []);
    house.trail_is([
        "opened",
        "breaks-read",
        "breaks-read",
        "breaks-read",
        "breaks-read",
        "breaks-read",
        "breaks-read",
    ]);
}

// shows: I3
#[test]
fn a_break_that_is_asked_for_again_is_delivered_again_under_the_first_entry() {
    let house = House::raise();
    let (_, number, code) = house.randomised(0, 1, true);
    house.so_far();
    let act =
        |body: Value| house.act_once("hot-1", "POST", "/v1/breaks", "one-key-for-one-act", body);
    let first = act(emergency("hot-1", &number));
    let again = act(emergency("hot-1", &number));
    assert_eq!((first.status, again.status), (201, 200));
    assert_eq!(first.body["receipt"]["entry"], again.body["receipt"]["entry"]);
    assert_eq!(first.body["slot"], again.body["slot"]);
    assert_eq!(house.open(&again.body, &house.stage.identities["hot-1"]), Ok(house.drawn(&code)));
    // The password is no part of the body, and the signature is asked for every time.
    let mut wrong = emergency("hot-1", &number);
    wrong["signature"]["password"] = json!("not the password");
    refused(&act(wrong), 401, "signature-needed");
    let other = with("hot-1", &number, &[("depends", json!(false))]);
    refused(&act(other), 422, "idempotency-key-reused");
    house.trail_is(["release-for-break", "release-redelivered", "refused signature-needed"]);
}

// shows: EU-1, AT-3
#[test]
fn whether_it_was_read_back_is_kept_once_and_by_the_one_who_broke_it() {
    let house = House::raise();
    let (_, number, code) = house.randomised(0, 1, true);
    let release = break_code(&house, "hot-1", emergency("hot-1", &number));
    let wish = json!({"code": code, "identifier": "DEMO", "visit": "V1"});
    let prepared = house.post("p-rjs", "/v1/preparations", wish);
    house.so_far();
    let path = format!("/v1/breaks/{}/read-back", release.text_at("reference"));
    let foreign = house.post("hot-2", &path, json!({"correct": true}));
    refused(&foreign, 404, "no-such-record");
    let other = format!("/v1/breaks/{}/read-back", prepared.text_at("reference"));
    for path in [&other, "/v1/breaks/ZZZZZZZZ/read-back", "/v1/breaks/no-reference/read-back"] {
        let none = house.post("hot-1", path, json!({"correct": true}));
        assert_eq!(anonymous(&none), anonymous(&foreign));
    }
    let key = "one-key-for-one-act";
    let kept = house.act_once("hot-1", "POST", &path, key, json!({"correct": false}));
    assert_eq!(kept.status, 200, "{}", kept.text);
    let again = house.act_once("hot-1", "POST", &path, key, json!({"correct": false}));
    assert_eq!(again.body["repeated"], true);
    let reused = house.act_once("hot-1", "POST", &path, key, json!({"correct": true}));
    refused(&reused, 422, "idempotency-key-reused");
    refused(&house.post("hot-1", &path, json!({"correct": true})), 409, "wrong-state");
    let breaks = house.get("mon-1", "/v1/breaks");
    assert_eq!(breaks.body["breaks"][0]["readBack"], true);
    house.trail_is([
        "refused no-such-record",
        "refused no-such-record",
        "refused no-such-record",
        "read-back",
        "refused wrong-state",
        "breaks-read",
    ]);
}
