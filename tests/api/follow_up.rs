//! What follows a code break: its record, due within a day; its closure; and what is said to whom while it is open.

use crate::house::{House, anonymous, fields, refused};
use klero::cli::stage::{Reply, password, signature};
use serde_json::{Value, json};

/// Everything that must be answered.
fn answers() -> Value {
    json!({
        "serious": "yes", "severity": "severe", "related-before": "possible", "treatment": "stopped",
        "goes-on": "yes", "knows": "the treating physician, 09:20, to choose an antidote",
        "stays-blind": "participant, assessors, sponsor, monitor", "in-line": "yes",
        "impact": "none for the endpoint, which was assessed before",
    })
}

fn with(changes: &[(&str, &str)]) -> Value {
    let mut answers = answers();
    for (question, answer) in changes {
        answers[*question] = (*answer).into();
    }
    answers
}

fn emergency(who: &str, participant: &str) -> Value {
    json!({"participant": participant, "requester": "Demo physician", "callBack": "000",
           "category": "sae-management", "whatHappened": "an invented emergency", "depends": true,
           "signature": signature(who, "break-code")})
}

/// A code of Renji South, broken by the hotline: the release, not opened yet.
fn broken(house: &House, number: u32) -> Reply {
    let (_, number, _) = house.randomised(0, number, true);
    let release = house.post("hot-1", "/v1/breaks", emergency("hot-1", &number));
    assert_eq!(release.status, 201, "{}", release.text);
    house.so_far();
    release
}

fn opened(house: &House, release: &Reply) {
    let path = format!("/v1/breaks/{}/opened", release.text_at("reference"));
    let receipt = house.opening_receipt(&release.body, &house.stage.identities["hot-1"]);
    assert_eq!(house.post("hot-1", &path, receipt).status, 200);
    house.so_far();
}

fn body(who: &str, act: &str, answers: Value) -> Value {
    json!({"answers": answers, "signature": signature(who, act)})
}

fn written(house: &House, who: &str, release: &Reply, answers: Value) -> Reply {
    let path = format!("/v1/breaks/{}/follow-up", release.text_at("reference"));
    house.post(who, &path, body(who, "follow-up", answers))
}

/// Closes a break about which nothing was sealed, and says so.
fn closed(house: &House, who: &str, release: &Reply, mut answers: Value) -> Reply {
    answers["no-sealed-part"] = "nothing to add".into();
    let path = format!("/v1/breaks/{}/close", release.text_at("reference"));
    house.post(who, &path, body(who, "close-break", answers))
}

fn later(house: &mut House, seconds: i64) {
    house.clock.step(seconds);
    for who in ["i-rjs", "i-hsh", "hot-1", "hot-2", "mon-1", "spon-1", "c-rjs"] {
        house.stage.sign_in(who);
    }
    house.so_far();
}

/// The newest break as somebody reads it.
fn newest(house: &House, who: &str) -> Value {
    let one = house.get(who, "/v1/breaks").body["breaks"][0].clone();
    house.so_far();
    one
}

// shows: EU-9, EU-10, AT-1
#[test]
fn the_record_of_a_break_is_written_again_until_it_is_closed_and_free_text_is_private() {
    let house = House::raise();
    let release = broken(&house, 1);
    opened(&house, &release);
    // Whoever broke it, and the investigator of the centre: either may write.
    let first = written(&house, "hot-1", &release, answers());
    assert_eq!(first.status, 200, "{}", first.text);
    let (line, _) = house.check_receipt(&first.body["receipt"]);
    assert_eq!(line["act"], "follow-up-recorded");
    assert_eq!(line["on"]["reference"], release.body["reference"]);
    assert_eq!(line["data"]["severity"], "severe");
    assert_eq!(line["data"]["serious"], true);
    assert_eq!(line["data"].get("deviation"), None);
    for private in ["antidote", "assessors", "endpoint"] {
        assert!(!first.text.contains(private), "{private}");
    }
    let out = with(&[("in-line", "no"), ("deviation", "asked for by a relative")]);
    let again = written(&house, "i-rjs", &release, out);
    let (line, _) = house.check_receipt(&again.body["receipt"]);
    assert_eq!(line["data"]["replaces"], first.body["receipt"]["index"]);
    assert_eq!(line["data"]["deviation"], "break-out-of-line");
    assert!(!again.text.contains("relative"));
    assert_eq!(newest(&house, "mon-1")["followUp"], "written");
    let end = closed(&house, "i-rjs", &release, json!({}));
    assert_eq!(end.status, 200, "{}", end.text);
    let (line, _) = house.check_receipt(&end.body["receipt"]);
    assert_eq!(line["data"]["follow-up"], again.body["receipt"]["index"]);
    let meaning = line["data"]["meaning"].as_str().unwrap();
    assert!(meaning.starts_with("I have assessed this code break as principal investigator"));
    assert_eq!(newest(&house, "spon-1")["followUp"], "closed");
    refused(&written(&house, "hot-1", &release, answers()), 409, "wrong-state");
    refused(&closed(&house, "i-rjs", &release, json!({})), 409, "wrong-state");
    house.trail_is(["refused wrong-state"; 2]);
}

// shows: EU-10
#[test]
fn no_break_closes_without_a_record_with_its_impact_or_unconfirmed_without_a_word() {
    let house = House::raise();
    let release = broken(&house, 1);
    refused(&closed(&house, "i-rjs", &release, json!({})), 409, "wrong-state");
    for question in ["serious", "severity", "related-before", "treatment", "goes-on", "knows"] {
        let mut lacks = answers();
        lacks.as_object_mut().unwrap().remove(question);
        let told = written(&house, "i-rjs", &release, lacks);
        assert_eq!(fields(&told), [format!("/answers/{question} required")]);
    }
    let told = written(&house, "i-rjs", &release, with(&[("impact", " ")]));
    assert_eq!(fields(&told), ["/answers/impact required"]);
    let told = written(&house, "i-rjs", &release, with(&[("in-line", "no")]));
    assert_eq!(fields(&told), ["/answers/deviation required"]);
    let told = written(&house, "i-rjs", &release, with(&[("impact", "belimumab was given")]));
    assert_eq!(fields(&told), ["/answers/impact names-treatment"]);
    assert_eq!(written(&house, "i-rjs", &release, answers()).status, 200);
    let told = closed(&house, "i-rjs", &release, json!({}));
    assert_eq!(fields(&told), ["/answers/unconfirmed required"]);
    let word = json!({"unconfirmed": "the telephone's battery was empty"});
    assert_eq!(closed(&house, "i-rjs", &release, word).status, 200);
    house.trail_is(["refused wrong-state", "follow-up-recorded", "break-closed"]);
}

// shows: EU-9, AC-5
#[test]
fn another_centres_break_and_none_at_all_are_one_answer_and_only_an_investigator_closes() {
    let house = House::raise();
    let release = broken(&house, 1);
    let (_, _, code) = house.randomised(0, 2, true);
    let wish = json!({"code": code, "identifier": "DEMO", "visit": "V1"});
    let prepared = house.post("p-rjs", "/v1/preparations", wish);
    house.so_far();
    let foreign = written(&house, "i-hsh", &release, answers());
    refused(&foreign, 404, "no-such-record");
    for of in [prepared.text_at("reference"), "ZZZZZZZZ"] {
        let path = format!("/v1/breaks/{of}/follow-up");
        let told = house.post("i-hsh", &path, body("i-hsh", "follow-up", answers()));
        assert_eq!(anonymous(&told), anonymous(&foreign));
    }
    refused(&closed(&house, "i-hsh", &release, json!({})), 404, "no-such-record");
    for who in ["c-rjs", "p-rjs", "stat-1", "mon-1", "spon-1", "admin-1"] {
        refused(&written(&house, who, &release, answers()), 403, "not-your-role");
        refused(&closed(&house, who, &release, json!({})), 403, "not-your-role");
    }
    refused(&closed(&house, "hot-1", &release, json!({})), 403, "not-your-role");
    let entries = house.entries();
    assert_eq!(entries.len(), 4 + 12 + 1);
    assert!(entries.iter().all(|entry| entry["act"] == "refused"));
}

// shows: EU-9, EU-8
#[test]
fn a_record_is_overdue_a_second_after_its_day_and_being_late_refuses_nothing() {
    let mut house = House::raise();
    let release = broken(&house, 1);
    let one = newest(&house, "mon-1");
    assert_eq!(
        (&one["followUp"], &one["due"]),
        (&json!("due"), &json!("2026-11-22T01:00:00.000Z"))
    );
    later(&mut house, 24 * 60 * 60);
    assert_eq!(newest(&house, "mon-1")["followUp"], "due");
    house.clock.step(1);
    for who in ["mon-1", "spon-1", "i-rjs", "hot-2"] {
        assert_eq!(newest(&house, who)["followUp"], "overdue", "{who}");
    }
    assert_eq!(written(&house, "i-rjs", &release, answers()).status, 200);
    assert_eq!(newest(&house, "mon-1")["followUp"], "written");
}

// shows: EU-17, EU-16
#[test]
fn a_second_break_within_a_day_is_released_and_pointed_out_to_monitor_and_sponsor() {
    let mut house = House::raise();
    let numbers: Vec<String> = [(0, 1), (0, 2), (2, 1)]
        .into_iter()
        .map(|(centre, number)| house.randomised(centre, number, true).1)
        .collect();
    for (who, number) in [("hot-1", 0), ("hot-2", 1), ("hot-1", 2)] {
        let told = house.post(who, "/v1/breaks", emergency(who, &numbers[number]));
        assert_eq!(told.status, 201, "{}", told.text);
    }
    let again = |house: &House, who: &str| {
        let all = house.get(who, "/v1/breaks").body["breaks"].clone();
        let all = all.as_array().unwrap().iter().map(|one| one["again"].clone());
        Value::Array(all.collect())
    };
    let marked = json!([["person"], ["centre"], []]);
    assert_eq!((again(&house, "mon-1"), again(&house, "spon-1")), (marked.clone(), marked));
    assert_eq!(again(&house, "hot-1"), json!([[], [], []]));
    // A day and a second later it is another matter.
    later(&mut house, 24 * 60 * 60 + 1);
    let told = house.post("hot-1", "/v1/breaks", emergency("hot-1", &numbers[0]));
    assert_eq!(told.status, 201, "{}", told.text);
    assert_eq!(again(&house, "mon-1")[0], json!([]));
    house.trail_is(["release-for-break", "breaks-read"]);
}

// shows: AL-6, AT-10
#[test]
fn a_record_asked_for_twice_is_made_once_and_each_needs_its_own_words() {
    let house = House::raise();
    let release = broken(&house, 1);
    let path = format!("/v1/breaks/{}/follow-up", release.text_at("reference"));
    let (key, said) = ("one-key-for-one-act", body("i-rjs", "follow-up", answers()));
    let first = house.act_once("i-rjs", "POST", &path, key, said.clone());
    let again = house.act_once("i-rjs", "POST", &path, key, said);
    assert_eq!((&first.body["repeated"], &again.body["repeated"]), (&json!(false), &json!(true)));
    assert_eq!(first.body["receipt"]["index"], again.body["receipt"]["index"]);
    let wrong = house.post("i-rjs", &path, body("i-rjs", "close-break", answers()));
    refused(&wrong, 401, "signature-needed");
    house.trail_is(["follow-up-recorded", "refused signature-needed"]);
}

// shows: EU-14, DI-12
#[test]
fn a_break_ends_nothing_and_goes_with_its_participant_to_another_centre() {
    let mut house = House::raise();
    let release = broken(&house, 1);
    opened(&house, &release);
    let (found, code) = (house.get("mon-1", "/v1/participants"), &release.body["slot"]["code"]);
    let reference = found.body["participants"][0]["reference"].as_str().unwrap().to_owned();
    let way = house.get("mon-1", &format!("/v1/participants/{reference}/records")).body;
    assert_eq!(way["state"], "randomised");
    let wish = json!({"code": code, "identifier": "DEMO", "visit": "V1"});
    assert_eq!(house.post("p-rjs", "/v1/preparations", wish).status, 201, "visits stay due");
    let to = json!({"to": "huashan", "day": "2026-11-21", "note": "moved house"});
    let path = format!("/v1/participants/{reference}/transfers");
    assert_eq!(house.post("i-rjs", &path, body("i-rjs", "transfer", to)).status, 200);
    later(&mut house, 60);
    refused(&written(&house, "i-rjs", &release, answers()), 404, "no-such-record");
    assert_eq!(house.get("i-rjs", "/v1/breaks").body["breaks"], json!([]));
    house.so_far();
    let told = written(&house, "i-hsh", &release, answers());
    let (line, _) = house.check_receipt(&told.body["receipt"]);
    assert_eq!((&line["centre"], told.status), (&json!("huashan"), 200));
    house.trail_is(["follow-up-recorded"]);
}

// shows: EU-10, AC-3
#[test]
fn where_a_principal_investigator_is_marked_nobody_else_closes() {
    let mut house = House::raise();
    let release = broken(&house, 1);
    opened(&house, &release);
    assert_eq!(written(&house, "i-rjs", &release, answers()).status, 200);
    let invite = |role: &str, centre: &str| {
        json!({"person": "pi-rjs", "name": "Demo principal", "role": role, "centres": [centre],
               "principal": true})
    };
    let told = house.post("admin-1", "/v1/people", invite("pharmacist", "renji-south"));
    assert_eq!(fields(&told), ["/principal choice-unknown"]);
    let invited = house.post("admin-1", "/v1/people", invite("investigator", "renji-south"));
    let (line, _) = house.check_receipt(&invited.body["receipt"]);
    assert_eq!(line["data"]["principal"], true);
    let token = json!({"token": invited.text_at("token"), "password": password("pi-rjs")});
    assert_eq!(house.post("admin-1", "/v1/invitations/accept", token).status, 201);
    house.stage.sign_in("pi-rjs");
    house.so_far();
    refused(&closed(&house, "i-rjs", &release, json!({})), 403, "not-your-role");
    assert_eq!(closed(&house, "pi-rjs", &release, json!({})).status, 200);
    house.trail_is(["refused not-your-role", "break-closed"]);
}

// shows: EU-10
#[test]
fn who_closes_follows_the_mark_wherever_it_is_given_or_taken() {
    let mut house = House::raise();
    house.admit("i-rjs-2", "investigator", &["renji-south"]);
    let release = broken(&house, 1);
    opened(&house, &release);
    assert_eq!(written(&house, "i-rjs", &release, answers()).status, 200);
    let mark = |principal: bool| {
        let body = json!({"principal": principal});
        assert_eq!(house.post("admin-1", "/v1/people/i-rjs-2/principal", body).status, 200);
    };
    mark(true);
    house.so_far();
    refused(&closed(&house, "i-rjs", &release, json!({})), 403, "not-your-role");
    mark(false);
    assert_eq!(closed(&house, "i-rjs", &release, json!({})).status, 200);
    house.trail_is(["refused not-your-role", "principal-marked", "break-closed"]);
}

/// Plans that somebody is told the treatment of this participant.
fn planned(house: &House, who: &str, participant: &str) -> Reply {
    let answers = json!({"participant": participant, "to-tell": "Dr Demo, safety officer",
                         "why": "an expedited report", "report-due": "2026-11-28"});
    house.post(who, "/v1/safety-plans", body(who, "plan-unblinding", answers))
}

// shows: EU-13, EU-8
#[test]
fn a_safety_unblinding_is_planned_for_a_named_person_and_the_hotline_carries_it_out() {
    let house = House::raise();
    let (_, number, code) = house.randomised(0, 1, true);
    let (_, other, _) = house.randomised(0, 2, true);
    house.so_far();
    let plan = planned(&house, "spon-1", &number);
    assert_eq!(plan.status, 200, "{}", plan.text);
    let (line, _) = house.check_receipt(&plan.body["receipt"]);
    assert_eq!(
        (&line["act"], &line["centre"]),
        (&json!("safety-unblinding-planned"), &json!("renji-south"))
    );
    assert_eq!(line["data"]["report-due"], "2026-11-28");
    assert!(!plan.text.contains("Dr Demo") && !plan.text.contains("expedited"));
    let entry = plan.body["receipt"]["index"].clone();
    let read = |who: &str| house.get(who, "/v1/safety-plans").body["plans"].clone();
    for who in ["hot-1", "mon-1", "spon-1"] {
        assert_eq!(read(who)[0]["toTell"], "Dr Demo, safety officer", "{who}");
        assert_eq!((&read(who)[0]["entry"], &read(who)[0]["done"]), (&entry, &json!(false)));
    }
    let asked = |number: &str, category: &str, plan: &Value| {
        let mut body = emergency("hot-1", number);
        body["category"] = category.into();
        body["plan"] = plan.clone();
        house.post("hot-1", "/v1/breaks", body)
    };
    for (number, category, plan) in [
        (&other, "safety-report", entry.clone()),
        (&number, "sae-management", entry.clone()),
        (&number, "safety-report", json!(1)),
    ] {
        assert_eq!(fields(&asked(number, category, &plan)), ["/plan choice-unknown"]);
    }
    let release = asked(&number, "safety-report", &entry);
    assert_eq!(release.status, 201, "{}", release.text);
    let (line, _) = house.check_receipt(&release.body["receipt"]);
    assert_eq!(line["data"]["plan"], entry);
    assert_eq!(release.body["told"], json!(["i-rjs", "mon-1", "spon-1"]), "that, never what");
    assert_eq!(house.open(&release.body, &house.stage.identities["hot-1"]), Ok(house.drawn(&code)));
    assert_eq!(read("mon-1")[0]["done"], true);
    assert_eq!(fields(&asked(&number, "safety-report", &entry)), ["/plan choice-unknown"]);
    house.trail_is(["safety-unblinding-planned", "release-for-break"]);
}

// shows: EU-13, AC-5
#[test]
fn nobody_is_planned_for_who_has_no_code_and_a_plan_is_not_the_teams() {
    let house = House::raise();
    house.stage.screen_eligible(0, 1, true);
    house.so_far();
    let unknown = planned(&house, "mon-1", "RJS-999");
    refused(&unknown, 404, "no-such-record");
    assert_eq!(anonymous(&planned(&house, "mon-1", "RJS-001")), anonymous(&unknown));
    house.trail_is(["refused no-such-record"; 2]);
    for who in ["c-rjs", "i-rjs", "p-rjs", "stat-1", "admin-1"] {
        refused(&planned(&house, who, "RJS-001"), 403, "not-your-role");
        refused(&house.get(who, "/v1/safety-plans"), 403, "not-your-role");
    }
    refused(&planned(&house, "hot-1", "RJS-001"), 403, "not-your-role");
    assert_eq!(house.entries().len(), 11);
    let past = json!({"participant": "RJS-001", "to-tell": "Dr Demo", "why": "placebo, says he",
                      "report-due": "2026-11-20"});
    let told = house.post("mon-1", "/v1/safety-plans", body("mon-1", "plan-unblinding", past));
    assert_eq!(fields(&told), ["/answers/report-due date-too-old"]);
}
