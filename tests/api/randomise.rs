//! The investigator's signature and the allocation: in order, once, and every refusal by its name.

use crate::house::{House, anonymous, fields, refused};
use klero::cli::stage::{Reply, TRIAL, answers, password, signature};
use klero::text::{Language, meaning};
use serde_json::{Value, json};

const DAY: i64 = 24 * 60 * 60;

fn screened(house: &House, answers: Value) -> String {
    let body = json!({"centre": "renji-south", "answers": answers});
    let reply = house.post("c-rjs", "/v1/participants", body);
    assert_eq!(reply.status, 201, "{}", reply.text);
    reply.text_at("reference").to_owned()
}

fn sign(house: &House, reference: &str, more: &[(&str, Value)]) -> Reply {
    let path = format!("/v1/participants/{reference}");
    let version = house.get("i-rjs", &path).text_at("version").to_owned();
    let back = more.iter().any(|(name, _)| *name == "sendBack");
    let act = if back { "send-back" } else { "sign-eligibility" };
    let mut body = json!({"version": version, "signature": signature("i-rjs", act)});
    more.iter().for_each(|(name, value)| body[name] = value.clone());
    house.post("i-rjs", &format!("{path}/eligibility"), body)
}

fn randomise(house: &House, reference: &str) -> Reply {
    let body = json!({"signature": signature("c-rjs", "randomise")});
    house.post("c-rjs", &format!("/v1/participants/{reference}/allocation"), body)
}

fn eligible(changes: &[(&str, &str)]) -> Value {
    let mut all = answers("RJS-001", true, "2026-11-20");
    changes.iter().for_each(|(field, answer)| all[field] = json!(answer));
    all
}

// shows: AL-1, AL-5, AL-13, I5, I8
#[test]
fn a_participant_gets_the_next_code_of_the_stratum_with_a_receipt_and_no_arm() {
    let house = House::raise();
    let reference = screened(&house, eligible(&[]));
    assert_eq!(sign(&house, &reference, &[]).status, 200);
    let reply = randomise(&house, &reference);
    assert_eq!(reply.status, 201, "{}", reply.text);
    let rows = house.stage.study.list.rows();
    let first = rows.iter().find(|row| row.stratum.as_str() == "renji-south/lldas").unwrap();
    assert_eq!(reply.text_at("code"), first.code.to_string());
    assert_eq!(reply.text_at("stratum"), "renji-south/lldas");
    assert_eq!(reply.text_at("zone"), "Asia/Shanghai");
    let (line, _) = house.check_receipt(&reply.body["receipt"]);
    assert_eq!(line["on"]["code"], reply.text_at("code"));
    assert_eq!(line["data"]["meaning"], meaning("randomise", Language::En));
    assert!(house.pinned().arms.iter().all(|arm| !reply.text.contains(arm)));
    let path = format!("/v1/participants/{reference}/allocation");
    for who in ["c-rjs", "i-rjs", "mon-1"] {
        assert_eq!(house.get(who, &path).text_at("code"), reply.text_at("code"));
    }
    let path = format!("/v1/participants/{reference}");
    assert_eq!(house.get("c-rjs", &path).text_at("randomised_at"), "2026-11-21T01:00:00.000Z");
    house.trail_is(["participant-screened", "eligibility-signed", "randomised"]);
}

// shows: I5, AL-6
#[test]
fn asked_again_in_any_way_it_gives_the_first_answer() {
    let house = House::raise();
    let reference = house.stage.screen_eligible(0, 1, true);
    house.so_far();
    let path = format!("/v1/participants/{reference}/allocation");
    let body = json!({"signature": signature("c-rjs", "randomise")});
    let act = |key: &str, body: Value| house.act_once("c-rjs", "POST", &path, key, body);
    let first = act("one-key-for-one-act", body.clone());
    assert_eq!((first.status, &first.body["repeated"]), (201, &json!(false)));
    let in_chinese = json!({"signature": {"password": password("c-rjs"),
                            "meaning": meaning("randomise", Language::ZhCn)}});
    for (key, body) in [("one-key-for-one-act", &body), ("quite-another-key", &in_chinese)] {
        let again = act(key, body.clone());
        assert_eq!((again.status, &again.body["repeated"]), (200, &json!(true)));
        assert_eq!(again.text_at("code"), first.text_at("code"));
        assert_eq!(again.text_at("at"), first.text_at("at"));
        assert_eq!(again.body["receipt"]["entry"], first.body["receipt"]["entry"]);
        house.check_receipt(&again.body["receipt"]);
    }
    // The key is bound to its act: the same key with the words in Chinese is another body.
    refused(&act("one-key-for-one-act", in_chinese), 422, "idempotency-key-reused");
    house.trail_is(["randomised"]);
}

// shows: AT-8, AT-10
#[test]
fn being_signed_in_does_not_sign() {
    let house = House::raise();
    let reference = house.stage.screen_eligible(0, 1, true);
    house.so_far();
    let path = format!("/v1/participants/{reference}/allocation");
    let words = meaning("randomise", Language::En);
    let wrong = [
        json!({"password": "not the password", "meaning": words}),
        json!({"password": password("c-rjs"), "meaning": meaning("break-code", Language::En)}),
        json!({"password": password("i-rjs"), "meaning": words}),
        json!({"password": password("c-rjs"), "meaning": ""}),
    ];
    for signature in wrong {
        let reply = house.post("c-rjs", &path, json!({"signature": signature}));
        refused(&reply, 401, "signature-needed");
    }
    // Without one, too: only a machine may leave it out, and has it from a coordinator before.
    refused(&house.post("c-rjs", &path, json!({})), 401, "signature-needed");
    house.trail_is(["refused signature-needed"; 5]);
    refused(&house.get("c-rjs", &path), 404, "no-such-record");
    house.trail_is([]);
}

// shows: AL-1, AL-2 (each skipped step is refused by name)
#[test]
fn each_skipped_step_is_refused_by_name() {
    let house = House::raise();
    let mut number = 0;
    let mut next = |changes: &[(&str, &str)]| {
        number += 1;
        let mut all = eligible(changes);
        all["enrolment_number"] = json!(format!("RJS-{number:03}"));
        screened(&house, all)
    };
    let unsigned = next(&[]);
    refused(&randomise(&house, &unsigned), 422, "eligibility-not-signed");
    for changes in [[("consent_given", "no")], [("consent_given", "not-sure")]] {
        let without = next(&changes);
        refused(&randomise(&house, &without), 422, "no-consent");
        refused(&sign(&house, &without, &[]), 422, "no-consent");
    }
    let blocked = next(&[("sledai", "7")]);
    refused(&randomise(&house, &blocked), 422, "not-eligible");
    refused(&sign(&house, &blocked, &[]), 422, "not-eligible");
    let open = next(&[("hiv", "not-sure")]);
    refused(&randomise(&house, &open), 422, "not-eligible");
    refused(&sign(&house, &open, &[]), 422, "not-eligible");
    let left: Vec<_> = house.entries();
    let refusals = left.iter().filter(|entry| entry["act"] == "refused").count();
    assert_eq!((left.len(), refusals), (5 + 9, 9));
}

// shows: AL-1, I6
#[test]
fn the_investigator_signs_what_was_read_and_answers_every_warning() {
    let house = House::raise();
    let reference = screened(&house, eligible(&[("ast", "90")]));
    let silent = sign(&house, &reference, &[]);
    refused(&silent, 422, "invalid-fields");
    let warned = fields(&silent);
    assert_eq!(warned.len(), 1);
    let id = warned[0].split(['/', ' ']).nth(2).unwrap().to_owned();
    assert_eq!(warned[0], format!("/acknowledged/{id} reason-needed"));
    let acknowledged =
        |id: &str, why: &str| sign(&house, &reference, &[("acknowledged", json!({id: why}))]);
    assert_eq!(fields(&acknowledged(&id, "")), [format!("/acknowledged/{id} reason-needed")]);
    let long = fields(&acknowledged(&id, &"x".repeat(501)));
    assert_eq!(long, [format!("/acknowledged/{id} text-too-long")]);
    // A criterion that does not exist is refused, and its name is not repeated.
    let odd = sign(
        &house,
        &reference,
        &[("acknowledged", json!({id.as_str(): "seen", "Demo Person": "x"}))],
    );
    assert_eq!(fields(&odd), ["/acknowledged unknown-field"]);
    let both = [("acknowledged", json!({id.as_str(): "seen"})), ("sendBack", json!("look again"))];
    assert_eq!(fields(&sign(&house, &reference, &both)), ["/sendBack unknown-field"]);
    let stale = sign(&house, &reference, &[("version", json!("1"))]);
    refused(&stale, 412, "changed-since-read");
    house.trail_is(["participant-screened"]);
    let signed = acknowledged(&id, &"x".repeat(500));
    assert_eq!(signed.status, 200, "{}", signed.text);
    let (line, _) = house.check_receipt(&signed.body["receipt"]);
    assert_eq!(line["data"]["acknowledged"], json!([id]));
    assert_eq!(line["data"]["meaning"], meaning("sign-eligibility", Language::En));
    house.trail_is(["eligibility-signed"]);
}

// shows: AL-1
#[test]
fn a_record_that_was_sent_back_is_not_randomised() {
    let house = House::raise();
    let reference = house.stage.screen_eligible(0, 1, true);
    house.so_far();
    assert_eq!(
        fields(&sign(&house, &reference, &[("sendBack", json!(" "))])),
        ["/sendBack reason-needed"]
    );
    let back = sign(&house, &reference, &[("sendBack", json!("the day of the test is missing"))]);
    assert_eq!(back.status, 200, "{}", back.text);
    assert!(!back.text.contains("the day of the test"), "free text stays in the private record");
    refused(&randomise(&house, &reference), 422, "eligibility-not-signed");
    house.trail_is(["eligibility-sent-back", "refused eligibility-not-signed"]);
}

// shows: AL-6
#[test]
fn a_signature_under_the_same_key_is_given_once_and_not_after_randomisation() {
    let house = House::raise();
    let reference = screened(&house, eligible(&[]));
    let path = format!("/v1/participants/{reference}");
    let version = house.get("i-rjs", &path).text_at("version").to_owned();
    let body = json!({"version": version, "signature": signature("i-rjs", "sign-eligibility")});
    let path = format!("{path}/eligibility");
    let act =
        |body: &Value| house.act_once("i-rjs", "POST", &path, "one-key-for-one-act", body.clone());
    let (first, again) = (act(&body), act(&body));
    assert_eq!((first.status, again.status), (200, 200));
    assert_eq!(first.body["receipt"]["entry"], again.body["receipt"]["entry"]);
    assert_eq!((&first.body["repeated"], &again.body["repeated"]), (&json!(false), &json!(true)));
    let mut other = body.clone();
    other["anotherPerson"] = json!("somebody else");
    refused(&act(&other), 422, "idempotency-key-reused");
    let mut wrong = body.clone();
    wrong["signature"]["password"] = json!("not the password");
    refused(&act(&wrong), 401, "signature-needed");
    assert_eq!(randomise(&house, &reference).status, 201);
    refused(&sign(&house, &reference, &[]), 409, "wrong-state");
    house.trail_is([
        "participant-screened",
        "eligibility-signed",
        "refused signature-needed",
        "randomised",
        "refused wrong-state",
    ]);
}

// shows: AL-7
#[test]
fn a_person_like_one_at_another_centre_needs_a_signed_reason_and_nothing_of_the_other_is_shown() {
    let house = House::raise();
    house.stage.screen_eligible(2, 7, true);
    house.so_far();
    let reference = screened(&house, eligible(&[]));
    let here = sign(&house, &reference, &[]);
    refused(&here, 409, "possible-duplicate");
    for told in ["HSH", "huashan", "007"] {
        assert!(!here.text.contains(told), "{told}");
    }
    // Word for word what a duplicate at the own centre is answered with.
    let mut own = eligible(&[("initials", "ABCD")]);
    own["enrolment_number"] = json!("RJS-002");
    screened(&house, own.clone());
    own["enrolment_number"] = json!("RJS-003");
    let third = screened(&house, own);
    assert_eq!(anonymous(&sign(&house, &third, &[])), anonymous(&here));
    // One slip in the birth date does not hide the person.
    let mut near = eligible(&[("birth_date", "1988-02-01"), ("initials", "ABCD")]);
    near["enrolment_number"] = json!("RJS-004");
    let near = screened(&house, near);
    refused(&sign(&house, &near, &[]), 409, "possible-duplicate");
    let blank = sign(&house, &reference, &[("anotherPerson", json!(" "))]);
    assert_eq!(fields(&blank), ["/anotherPerson reason-needed"]);
    let signed = sign(&house, &reference, &[("anotherPerson", json!("met both on one day"))]);
    assert_eq!(signed.status, 200, "{}", signed.text);
    assert_eq!(randomise(&house, &reference).status, 201);
    house.trail_is([
        "participant-screened",
        "refused possible-duplicate",
        "participant-screened",
        "participant-screened",
        "refused possible-duplicate",
        "participant-screened",
        "refused possible-duplicate",
        "eligibility-signed",
        "randomised",
    ]);
}

// shows: AL-7
#[test]
fn a_duplicate_that_came_after_the_signature_stops_the_randomisation() {
    let house = House::raise();
    let reference = screened(&house, eligible(&[]));
    assert_eq!(sign(&house, &reference, &[]).status, 200);
    house.stage.screen_eligible(2, 7, true);
    house.so_far();
    refused(&randomise(&house, &reference), 409, "possible-duplicate");
    house.trail_is(["refused possible-duplicate"]);
}

// shows: AL-1 (values are at most fourteen days old)
#[test]
fn values_of_fourteen_days_ago_serve_and_of_fifteen_do_not() {
    let mut house = House::raise();
    let on = |house: &House, number: u32| {
        let reference = house.stage.screen_eligible_on(0, number, true, "2026-11-20");
        house.so_far();
        reference
    };
    let (first, second, third) = (on(&house, 1), on(&house, 2), on(&house, 3));
    // The clock stands at 09:00 in Shanghai on 21 November. Days are counted from midnight there.
    house.clock.step(13 * DAY);
    house.stage.sign_in("c-rjs");
    assert_eq!(randomise(&house, &first).status, 201);
    house.clock.step(15 * 60 * 60 - 1);
    house.stage.sign_in("c-rjs");
    assert_eq!(randomise(&house, &second).status, 201);
    house.clock.step(1);
    refused(&randomise(&house, &third), 422, "dates-out-of-order");
    house.trail_is([
        "signed-in",
        "randomised",
        "signed-in",
        "randomised",
        "refused dates-out-of-order",
    ]);
}

// shows: AL-11
#[test]
fn beyond_the_target_nobody_is_randomised() {
    let house = House::raise_with(|play| {
        play.trial = TRIAL
            .replacen("target = { participants = 334", "target = { participants = 2", 1)
            .replacen("warn_at = { participants = 320", "warn_at = { participants = 1", 1);
        assert_ne!(play.trial, TRIAL);
    });
    let all: Vec<_> = (0..3).map(|centre| house.stage.screen_eligible(centre, 1, true)).collect();
    house.so_far();
    assert_eq!(house.stage.randomise(0, &all[0]).status, 201);
    assert_eq!(house.stage.randomise(1, &all[1]).status, 201);
    refused(&house.stage.randomise(2, &all[2]), 409, "target-reached");
    // The first answer stands all the same.
    assert_eq!(house.stage.randomise(0, &all[0]).status, 200);
    house.trail_is(["randomised", "randomised", "refused target-reached"]);
}

// shows: I4, SG-5
#[test]
fn a_list_that_is_used_up_in_one_stratum_goes_on_in_the_others() {
    let house = House::raise_with(|play| play.slots = 4);
    let all: Vec<_> = (1..=5).map(|n| house.stage.screen_eligible(0, n, true)).collect();
    let other = house.stage.screen_eligible(0, 6, false);
    house.so_far();
    let mut issued = vec![];
    for reference in &all[..4] {
        issued.push(house.stage.randomise(0, reference).text_at("code").to_owned());
    }
    let rows = house.stage.study.list.rows().iter();
    let drawn = rows.filter(|row| row.stratum.as_str() == "renji-south/lldas");
    assert_eq!(issued, drawn.map(|row| row.code.to_string()).collect::<Vec<_>>());
    let none = randomise(&house, &all[4]);
    refused(&none, 409, "no-allocation-available");
    assert!(!none.text.contains("lldas"), "the site is not told which list is used up");
    assert_eq!(house.stage.randomise(0, &other).status, 201);
    house.trail_is([
        "randomised",
        "randomised",
        "randomised",
        "randomised",
        "refused no-allocation-available",
        "randomised",
    ]);
}
