//! Screening: what is taken, what is refused by which word, and what a change does to the investigator's signature.

use crate::house::{House, anonymous, fields, refused};
use klero::cli::stage::{Reply, answers, signature};
use serde_json::{Value, json};

fn screened(house: &House, who: &str, centre: &str, answers: Value) -> Reply {
    house.post(who, "/v1/participants", json!({"centre": centre, "answers": answers}))
}

fn with(changes: &[(&str, Value)]) -> Value {
    let mut all = answers("RJS-001", true, "2026-11-20");
    for (field, answer) in changes {
        all[field] = answer.clone();
    }
    all
}

fn without(field: &str) -> Value {
    let mut all = answers("RJS-001", true, "2026-11-20");
    all.as_object_mut().unwrap().remove(field);
    all
}

// shows: AL-3, AL-4, AL-15, AT-15
#[test]
fn screening_is_kept_eligible_or_not_with_its_criteria_and_stratum() {
    let house = House::raise();
    let reply = screened(&house, "c-rjs", "renji-south", with(&[]));
    assert_eq!(reply.status, 201, "{}", reply.text);
    let (line, _) = house.check_receipt(&reply.body["receipt"]);
    assert_eq!(line["data"]["outcome"], "eligible");
    assert_eq!(line["data"]["stratum"], "renji-south/lldas");
    // Nothing that tells who it is stands in the line.
    assert!(!reply.body["receipt"]["entry"].as_str().unwrap().contains("1988-01-01"));
    let other = [("enrolment_number", json!("RJS-002")), ("sledai", json!("7"))];
    let reply = screened(&house, "c-rjs", "renji-south", with(&other));
    assert_eq!(reply.status, 201, "{}", reply.text);
    let path = format!("/v1/participants/{}", reply.text_at("reference"));
    let read = house.get("c-rjs", &path);
    assert_eq!(read.text_at("outcome"), "not-eligible");
    let criteria = read.body["criteria"].as_array().unwrap();
    let blocked = criteria.iter().find(|criterion| criterion["id"] == "I03a").unwrap();
    assert_eq!((&blocked["result"], &blocked["on_false"]), (&json!("not-met"), &json!("block")));
    let other = [("enrolment_number", json!("RJS-003")), ("sledai", json!("not-sure"))];
    let reply = screened(&house, "c-rjs", "renji-south", with(&other));
    let path = format!("/v1/participants/{}", reply.text_at("reference"));
    let read = house.get("c-rjs", &path);
    assert_eq!(read.text_at("outcome"), "incomplete");
    assert_eq!(read.body["stratum"], Value::Null);
    house.trail_is(["participant-screened"; 3]);
}

// shows: AT-8, AT-10
#[test]
fn who_enters_values_may_sign_them_and_a_wrong_signature_keeps_nothing() {
    let house = House::raise();
    let sign = |who: &str, act: &str, extra: Value| {
        let mut body = extra;
        body["signature"] = signature(who, act);
        body
    };
    let body = || json!({"centre": "renji-south", "answers": with(&[])});
    for (who, act) in [("c-hsh", "screen"), ("c-rjs", "randomise")] {
        let reply = house.post("c-rjs", "/v1/participants", sign(who, act, body()));
        refused(&reply, 401, "signature-needed");
    }
    house.trail_is(["refused signature-needed"; 2]);
    let reply = house.post("c-rjs", "/v1/participants", sign("c-rjs", "screen", body()));
    assert_eq!(reply.status, 201, "{}", reply.text);
    let (line, _) = house.check_receipt(&reply.body["receipt"]);
    let meaning = "I entered these values; they agree with the source documents";
    assert_eq!(line["data"]["meaning"], meaning);
    assert_eq!(line["data"]["signed"], "password");
    let path = format!("/v1/participants/{}", reply.text_at("reference"));
    let version = || house.get("c-rjs", &path).text_at("version").to_owned();
    let body = || json!({"answers": with(&[("sledai", json!("3"))])});
    let wrong = house.edit("c-rjs", &path, &version(), sign("c-hsh", "screen", body()));
    refused(&wrong, 401, "signature-needed");
    let changed = house.edit("c-rjs", &path, &version(), sign("c-rjs", "screen", body()));
    assert_eq!(changed.status, 200, "{}", changed.text);
    let (line, _) = house.check_receipt(&changed.body["receipt"]);
    assert_eq!(line["data"]["meaning"], meaning);
    // Without one it is taken as before, and the entry says of none.
    let changed = house.edit("c-rjs", &path, &version(), body());
    let (line, _) = house.check_receipt(&changed.body["receipt"]);
    assert!(line["data"].get("meaning").is_none() && line["data"].get("signed").is_none());
    house.trail_is([
        "participant-screened",
        "refused signature-needed",
        "screening-changed",
        "screening-changed",
    ]);
}

/// What is wrong with one answer, and the word that says so.
const SLIPS: [(&str, &str, &str); 22] = [
    ("enrolment_number", "RJW-001", "enrol-format"),
    ("enrolment_number", "RJS-01", "enrol-format"),
    ("initials", "DEM", "init-format"),
    ("initials", "张三", "init-cjk"),
    ("birth_date", "1988-13-01", "date-form"),
    ("birth_date", "2026-11-21", "date-future"),
    ("birth_date", "1906-11-20", "date-too-old"),
    ("sex", "unknown", "choice-unknown"),
    ("consent_given", "maybe", "choice-unknown"),
    ("consent_signed_at", "yesterday", "moment-format"),
    ("consent_signed_at", "2026-11-22T08:00", "date-future"),
    ("consent_version", "0.9", "consent-form-unknown"),
    ("screening_date", "2026-11-19", "date-order"),
    ("screening_date", "2026-11-22", "date-future"),
    ("sledai", "106", "num-range"),
    ("sledai", "four", "number-form"),
    ("sledai", "4.5", "num-places"),
    ("prednisone", "61", "num-confirm"),
    ("activity_by", "Demo\tassessor", "text-control"),
    ("activity_by", "call 13800 138000", "identity-in-text"),
    ("background_other", "an invented drug", "not-asked"),
    ("previous_on", "2026-11-20", "date-order"),
];

// shows: AL-3
#[test]
fn each_wrong_answer_is_named_by_its_field_and_its_reason_in_both_languages() {
    let house = House::raise();
    for (field, answer, code) in SLIPS {
        let reply = screened(&house, "c-rjs", "renji-south", with(&[(field, json!(answer))]));
        refused(&reply, 422, "invalid-fields");
        let said = fields(&reply);
        assert!(said.contains(&format!("/answers/{field} {code}")), "{field} {answer}: {said:?}");
        for error in reply.body["errors"].as_array().unwrap() {
            assert_ne!(error["words"]["en"], error["words"]["zh-CN"]);
            assert_ne!(error["words"]["en"], error["code"]);
        }
    }
    let many = |list: Value| {
        let reply = screened(&house, "c-rjs", "renji-south", with(&[("background", list)]));
        fields(&reply).join(" ")
    };
    assert_eq!(many(json!(["none", "azathioprine"])), "/answers/background choice-none-and-others");
    let twice = json!(["azathioprine", "azathioprine"]);
    assert_eq!(many(twice), "/answers/background doubled");
    assert_eq!(many(json!(["aspirin"])), "/answers/background choice-unknown");
    let two = with(&[("sledai", json!(["4", "5"]))]);
    let reply = screened(&house, "c-rjs", "renji-south", two);
    assert_eq!(fields(&reply), ["/answers/sledai wrong-type"]);
    for field in ["enrolment_number", "initials", "birth_date", "sex"] {
        let reply = screened(&house, "c-rjs", "renji-south", without(field));
        assert!(fields(&reply).contains(&format!("/answers/{field} required")), "{field}");
    }
    let old = with(&[("consent_signed_at", json!("2021-03-18T08:00"))]);
    let reply = screened(&house, "c-rjs", "renji-south", old);
    assert_eq!(fields(&reply), ["/answers/consent_version consent-form-unknown"]);
    house.trail_is([]);
}

// shows: AL-3
#[test]
fn an_unusual_value_is_taken_once_it_is_confirmed_and_words_name_the_question() {
    let house = House::raise();
    let unusual = [("prednisone", json!("61"))];
    let reply = screened(&house, "c-rjs", "renji-south", with(&unusual));
    let words = reply.body["errors"][0]["words"].clone();
    assert!(words["en"].as_str().unwrap().contains("60"), "{words}");
    let confirmed = [("prednisone", json!("61")), ("confirmed", json!(["prednisone"]))];
    assert_eq!(screened(&house, "c-rjs", "renji-south", with(&confirmed)).status, 201);
    let wrong = with(&[("sledai", json!("106"))]);
    let reply = screened(&house, "c-rjs", "renji-south", wrong);
    let words = &reply.body["errors"][0]["words"];
    assert_eq!(words["en"], "SELENA-SLEDAI total score must be a number from 0 to 105");
    assert_eq!(words["zh-CN"], "SELENA-SLEDAI 总分应为 0 至 105 的数值");
    let order = with(&[("screening_date", json!("2026-11-19"))]);
    let reply = screened(&house, "c-rjs", "renji-south", order);
    let words = reply.body["errors"][0]["words"]["en"].as_str().unwrap();
    assert_eq!(words, "Date of screening must not be before Signed on, at");
    let order = with(&[("previous_on", json!("2026-11-20"))]);
    let reply = screened(&house, "c-rjs", "renji-south", order);
    let words = reply.body["errors"][0]["words"]["en"].as_str().unwrap();
    assert!(words.starts_with("Date of SLEDAI, BILAG and PGA must"), "{words}");
    let format = with(&[("enrolment_number", json!("RJS-1"))]);
    let reply = screened(&house, "c-rjs", "renji-south", format);
    assert_eq!(reply.body["errors"][0]["words"]["en"], "Enter RJS- and three digits");
    house.trail_is(["participant-screened"]);
}

// shows: AL-7
#[test]
fn an_enrolment_number_is_given_once() {
    let house = House::raise();
    assert_eq!(screened(&house, "c-rjs", "renji-south", with(&[])).status, 201);
    let again = screened(&house, "c-rjs", "renji-south", with(&[("initials", json!("ABCD"))]));
    refused(&again, 422, "invalid-fields");
    assert_eq!(fields(&again), ["/answers/enrolment_number enrol-taken"]);
    house.trail_is(["participant-screened"]);
}

// shows: AL-6
#[test]
fn the_same_key_gives_the_same_record_and_another_body_is_refused() {
    let house = House::raise();
    let body = json!({"centre": "renji-south", "answers": with(&[])});
    let act = |body: &Value| {
        house.act_once("c-rjs", "POST", "/v1/participants", "one-key-for-one-act", body.clone())
    };
    let first = act(&body);
    let again = act(&body);
    assert_eq!((first.status, again.status), (201, 200));
    assert_eq!(first.text_at("reference"), again.text_at("reference"));
    assert_eq!(first.body["receipt"]["entry"], again.body["receipt"]["entry"]);
    assert_eq!((&first.body["repeated"], &again.body["repeated"]), (&json!(false), &json!(true)));
    let other = json!({"centre": "renji-south", "answers": with(&[("sledai", json!("5"))])});
    refused(&act(&other), 422, "idempotency-key-reused");
    // Another person's key of the same letters is another key.
    let body = json!({"centre": "huashan", "answers": answers("HSH-001", true, "2026-11-20")});
    let path = "/v1/participants";
    let other = house.act_once("c-hsh", "POST", path, "one-key-for-one-act", body);
    assert_eq!(other.status, 201);
    house.trail_is(["participant-screened"; 2]);
}

// shows: AL-1, AT-6
#[test]
fn a_changed_answer_withdraws_the_investigators_signature() {
    let house = House::raise();
    let reference = house.stage.screen_eligible(0, 1, true);
    house.so_far();
    let path = format!("/v1/participants/{reference}");
    let read = house.get("c-rjs", &path);
    assert_eq!(read.body["eligibility_signed"], true);
    let version = read.text_at("version").to_owned();
    let tag = read.headers.iter().find(|(name, _)| name == "etag").unwrap();
    assert_eq!(tag.1, format!("\"{version}\""));
    let body = json!({"answers": with(&[("sledai", json!("5"))])});
    let changed = house.edit("c-rjs", &path, &version, body.clone());
    assert_eq!(changed.status, 200, "{}", changed.text);
    let (line, _) = house.check_receipt(&changed.body["receipt"]);
    assert_eq!(line["data"]["before"].to_string(), version);
    let read = house.get("c-rjs", &path);
    assert_eq!(read.body["eligibility_signed"], false);
    assert_eq!(read.body["answers"]["sledai"], "5");
    refused(&house.stage.randomise(0, &reference), 422, "eligibility-not-signed");
    // What was read is no longer what stands there.
    refused(&house.edit("c-rjs", &path, &version, body.clone()), 412, "changed-since-read");
    refused(&house.edit("c-rjs", &path, "no-number", body.clone()), 412, "changed-since-read");
    refused(&house.act("c-rjs", "PATCH", &path, body), 428, "if-match-needed");
    house.trail_is(["screening-changed", "refused eligibility-not-signed"]);
}

// shows: AL-7, AL-8, AL-9
#[test]
fn a_change_keeps_the_number_and_ends_with_randomisation() {
    let house = House::raise();
    let reference = house.stage.screen_eligible(0, 1, true);
    house.so_far();
    let path = format!("/v1/participants/{reference}");
    let version = house.get("c-rjs", &path).text_at("version").to_owned();
    let body = json!({"answers": with(&[("enrolment_number", json!("RJS-002"))])});
    let other = house.edit("c-rjs", &path, &version, body);
    refused(&other, 422, "invalid-fields");
    let wrong = json!({"answers": with(&[("sledai", json!("106"))])});
    let other = house.edit("c-rjs", &path, &version, wrong);
    assert_eq!(fields(&other), ["/answers/sledai num-range"]);
    assert_eq!(house.stage.randomise(0, &reference).status, 201);
    let body = json!({"answers": with(&[("sledai", json!("5"))])});
    refused(&house.edit("c-rjs", &path, &version, body), 409, "wrong-state");
    house.trail_is(["randomised", "refused wrong-state"]);
}

// shows: AL-6
#[test]
fn a_change_under_the_same_key_is_made_once() {
    let house = House::raise();
    let reference = house.stage.screen_eligible(0, 1, true);
    house.so_far();
    let path = format!("/v1/participants/{reference}");
    let version = house.get("c-rjs", &path).text_at("version").to_owned();
    let bearer = format!("Bearer {}", house.stage.token("c-rjs"));
    let tag = format!("\"{version}\"");
    let key = ("idempotency-key", "one-key-for-one-act");
    let headers = [("authorization", bearer.as_str()), key, ("if-match", tag.as_str())];
    let body = json!({"answers": with(&[("sledai", json!("5"))])});
    let first = house.send("PATCH", &path, &headers, Some(&body));
    let again = house.send("PATCH", &path, &headers, Some(&body));
    assert_eq!((first.status, again.status), (200, 200));
    assert_eq!(first.body["receipt"]["entry"], again.body["receipt"]["entry"]);
    assert_eq!(again.body["repeated"], true);
    let other = json!({"answers": with(&[("sledai", json!("3"))])});
    let reused = house.send("PATCH", &path, &headers, Some(&other));
    refused(&reused, 422, "idempotency-key-reused");
    house.trail_is(["screening-changed"]);
}

// shows: AC-5, AL-7 (another centre's record is as if it did not exist)
#[test]
fn another_centres_record_is_answered_like_one_that_does_not_exist() {
    let house = House::raise();
    let reference = house.stage.screen_eligible(2, 1, true);
    house.so_far();
    let nobody = "ZZZZZZZZ";
    let alike = |foreign: Reply, unknown: Reply| {
        refused(&foreign, 404, "no-such-record");
        assert_eq!(anonymous(&foreign), anonymous(&unknown));
    };
    for tail in ["", "/allocation"] {
        let read =
            |reference: &str| house.get("c-rjs", &format!("/v1/participants/{reference}{tail}"));
        alike(read(&reference), read(nobody));
    }
    let search =
        |number: &str| house.post("c-rjs", "/v1/participants/search", json!({"number": number}));
    alike(search("HSH-001"), search("HSH-999"));
    alike(search("HSH-001"), search("not a number at all"));
    let after =
        |reference: &str| house.get("c-rjs", &format!("/v1/participants?after={reference}"));
    alike(after(&reference), after(nobody));
    house.trail_is([]);
    let body = json!({"answers": with(&[])});
    let change = |reference: &str| {
        house.edit("c-rjs", &format!("/v1/participants/{reference}"), "7", body.clone())
    };
    alike(change(&reference), change(nobody));
    let signed = json!({"version": "7", "signature": signature("i-rjs", "sign-eligibility")});
    let sign = |reference: &str| {
        let path = format!("/v1/participants/{reference}/eligibility");
        house.post("i-rjs", &path, signed.clone())
    };
    alike(sign(&reference), sign(nobody));
    let asked = json!({"signature": signature("c-rjs", "randomise")});
    let ask = |reference: &str| {
        house.post("c-rjs", &format!("/v1/participants/{reference}/allocation"), asked.clone())
    };
    alike(ask(&reference), ask(nobody));
    let elsewhere = screened(&house, "c-rjs", "huashan", answers("HSH-002", true, "2026-11-20"));
    let nowhere = screened(&house, "c-rjs", "nowhere", answers("HSH-002", true, "2026-11-20"));
    alike(elsewhere, nowhere);
    // Trying is recorded, whether or not there was something to find.
    house.trail_is(["refused no-such-record"; 8]);
}

#[test]
fn participants_are_listed_by_number_at_most_two_hundred_and_only_ones_own() {
    let house = House::raise();
    for number in 1..=3 {
        house.stage.screen_eligible(0, number, true);
    }
    house.stage.screen_eligible(2, 1, true);
    house.so_far();
    let numbers = |reply: &Reply| -> Vec<String> {
        let all = reply.body["participants"].as_array().unwrap().iter();
        all.map(|one| one["number"].as_str().unwrap().to_owned()).collect()
    };
    let own = house.get("c-rjs", "/v1/participants");
    assert_eq!(numbers(&own), ["RJS-001", "RJS-002", "RJS-003"]);
    let all = house.get("mon-1", "/v1/participants");
    assert_eq!(numbers(&all), ["HSH-001", "RJS-001", "RJS-002", "RJS-003"]);
    let first = own.body["participants"][0]["reference"].as_str().unwrap();
    let rest = house.get("c-rjs", &format!("/v1/participants?after={first}&limit=1"));
    assert_eq!(numbers(&rest), ["RJS-002"]);
    assert_eq!(numbers(&house.get("c-rjs", "/v1/participants?limit=200")).len(), 3);
    for wrong in ["limit=201", "limit=0", "limit=many", "page=2", "limit=1&limit=2"] {
        let reply = house.get("c-rjs", &format!("/v1/participants?{wrong}"));
        refused(&reply, 400, "malformed-request");
    }
    let found = house.post("c-rjs", "/v1/participants/search", json!({"number": "RJS-002"}));
    assert_eq!((found.status, found.text_at("number")), (200, "RJS-002"));
    house.trail_is([]);
}
