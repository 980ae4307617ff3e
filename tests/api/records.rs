//! A participant's way after randomisation: infusions, missed doses, stops, moves, mistakes, accidents.

use crate::house::House;
use klero::cli::stage::{Reply, signature};
use serde_json::{Value, json};

/// A randomised participant of Renji South whose first preparation was released an hour ago, and the code.
fn prepared(house: &mut House) -> (String, String) {
    let (reference, _, code) = house.randomised(0, 1, true);
    let body = json!({"code": code, "identifier": "DEMO", "visit": "V1"});
    let told = house.post("p-rjs", "/v1/preparations", body);
    assert_eq!(told.status, 201, "{}", told.text);
    later(house, 60 * 60);
    (reference, code)
}

/// Time passes, and whoever goes on signs in again.
fn later(house: &mut House, seconds: i64) {
    house.clock.step(seconds);
    ["c-rjs", "i-rjs", "p-rjs", "mon-1"].into_iter().for_each(|who| house.stage.sign_in(who));
    house.so_far();
}

fn randomised(house: &House, number: u32) -> (String, String) {
    let (reference, _, code) = house.randomised(0, number, true);
    house.so_far();
    (reference, code)
}

fn act_once(house: &House, who: &str, path: &str, body: Value, key: &str) -> Reply {
    house.act_once(who, "POST", path, key, body)
}

fn record(house: &House, who: &str, act: &str, path: &str, answers: Value) -> Reply {
    let body = json!({"answers": answers, "signature": signature(who, act)});
    house.post(who, path, body)
}

fn about(house: &House, who: &str, act: &str, (one, page): (&str, &str), answers: Value) -> Reply {
    record(house, who, act, &format!("/v1/participants/{one}/{page}"), answers)
}

fn infusion(started: &str, ended: &str) -> Value {
    json!({"visit": "V1", "started": started, "ended": ended, "volume": "250",
           "interrupted": "no", "reaction": "no"})
}

fn way(house: &House, one: &str) -> Value {
    house.get("mon-1", &format!("/v1/participants/{one}/records")).body
}

fn deviation(reply: &Reply) -> Value {
    let line: Value =
        serde_json::from_str(reply.body["receipt"]["entry"].as_str().unwrap()).unwrap();
    line["data"]["deviation"].clone()
}

// The stage opens at 09:00 where the trial is; everything below is told in that zone.

// shows: DI-11, DI-6, AT-1
#[test]
fn an_infusion_is_recorded_without_the_product_and_a_late_end_is_a_deviation() {
    let mut house = House::raise();
    let (one, _) = prepared(&mut house);
    later(&mut house, 9 * 60 * 60);
    let told = about(
        &house,
        "c-rjs",
        "record-visit",
        (&one, "infusions"),
        infusion("2026-11-21T10:00", "2026-11-21T17:00"),
    );
    assert_eq!(told.status, 200, "{}", told.text);
    assert_eq!(deviation(&told), Value::Null, "eight hours from nine are over at five");
    assert_eq!(way(&house, &one)["state"], "on-treatment");
    // Once more wants a reason, and one minute more is a deviation.
    let late = infusion("2026-11-21T10:00", "2026-11-21T17:01");
    let refused = about(&house, "c-rjs", "record-visit", (&one, "infusions"), late.clone());
    assert_eq!(refused.body["errors"][0]["code"], "again-why");
    let mut again = late;
    again["again"] = "the clock on the wall was wrong".into();
    let told = about(&house, "c-rjs", "record-visit", (&one, "infusions"), again);
    assert_eq!(deviation(&told), "late-end");
    house.trail_is(["infusion-recorded", "infusion-recorded"]);
}

// shows: AL-1 (prepare, then infuse), DI-11
#[test]
fn an_infusion_needs_its_preparation_and_times_in_their_order() {
    let mut house = House::raise();
    let (one, _) = prepared(&mut house);
    let mut unprepared = infusion("2026-11-21T09:30", "2026-11-21T09:40");
    unprepared["visit"] = "V2".into();
    let told = about(&house, "c-rjs", "record-visit", (&one, "infusions"), unprepared);
    assert_eq!((told.status, told.text_at("code")), (409, "not-prepared"));
    for (started, ended, field) in [
        ("2026-11-21T08:59", "2026-11-21T09:40", "/answers/started"),
        ("2026-11-21T09:30", "2026-11-21T09:29", "/answers/ended"),
        ("2026-11-21T09:30", "2026-11-21T10:01", "/answers/ended"),
    ] {
        let told =
            about(&house, "c-rjs", "record-visit", (&one, "infusions"), infusion(started, ended));
        assert_eq!(told.body["errors"][0]["pointer"], field, "{started} {ended} {}", told.text);
    }
    assert_eq!(way(&house, &one)["state"], "randomised");
    house.trail_is(["refused not-prepared"]);
}

// shows: DI-8
#[test]
fn every_stop_reason_ends_preparing_and_only_what_may_be_lifted_is_lifted() {
    let reasons = [
        ("severe-flare", false),
        ("consent-withdrawn", false),
        ("pregnancy", true),
        ("serious-adverse-event", true),
        ("fatal-comorbidity", true),
        ("investigator-decision", true),
        ("lost", true),
        ("death", false),
    ];
    for (reason, liftable) in reasons {
        let house = House::raise();
        let (one, code) = randomised(&house, 1);
        let stop = json!({"reason": reason, "day": "2026-11-21", "follow-up": "yes"});
        let told = about(&house, "c-rjs", "end-treatment", (&one, "stops"), stop);
        assert_eq!(told.status, 200, "{reason}: {}", told.text);
        let body = json!({"code": code, "identifier": "DEMO", "visit": "V1"});
        let refused = house.post("p-rjs", "/v1/preparations", body.clone());
        assert_eq!(refused.text_at("code"), "treatment-ended", "{reason}");
        let note = json!({"note": "looked at again"});
        let lifted = about(&house, "i-rjs", "resume-treatment", (&one, "resumptions"), note);
        assert_eq!(lifted.status, if liftable { 200 } else { 409 }, "{reason}");
        let prepared = house.post("p-rjs", "/v1/preparations", body);
        assert_eq!(prepared.status, if liftable { 201 } else { 409 }, "{reason}");
        let (then, last) = match liftable {
            true => ("treatment-resumed", "release-for-preparation"),
            false => ("refused wrong-state", "refused treatment-ended"),
        };
        house.trail_is(["treatment-ended", "refused treatment-ended", then, last]);
    }
}

// shows: DI-8, I5
#[test]
fn whoever_left_the_trial_is_neither_prepared_for_nor_randomised() {
    let house = House::raise();
    let (one, code) = randomised(&house, 1);
    let left = json!({"how": "withdrawn", "day": "2026-11-21"});
    let told = about(&house, "i-rjs", "end-treatment", (&one, "end"), left.clone());
    assert_eq!(told.status, 200, "{}", told.text);
    assert_eq!(way(&house, &one)["state"], "withdrawn");
    let body = json!({"code": code, "identifier": "DEMO", "visit": "V1"});
    assert_eq!(house.post("p-rjs", "/v1/preparations", body).text_at("code"), "treatment-ended");
    house.trail_is(["participation-ended", "refused treatment-ended"]);
    // And before the code is issued: signed, and gone.
    let two = house.stage.screen_eligible(0, 2, true);
    house.so_far();
    assert_eq!(about(&house, "c-rjs", "end-treatment", (&two, "end"), left).status, 200);
    let asked = json!({"signature": signature("c-rjs", "randomise")});
    let path = format!("/v1/participants/{two}/allocation");
    let told = house.post("c-rjs", &path, asked);
    assert_eq!((told.status, told.text_at("code")), (409, "wrong-state"));
    assert_eq!(way(&house, &two)["state"], "failed");
    house.trail_is(["participation-ended", "refused wrong-state"]);
}

// shows: DI-8
#[test]
fn a_missed_dose_is_not_due_any_more_and_wants_a_reason_to_be_prepared_after_all() {
    let house = House::raise();
    let (one, code) = randomised(&house, 1);
    let missed = json!({"visit": "V1", "why": "absent"});
    let told = about(&house, "c-rjs", "record-visit", (&one, "missed-doses"), missed.clone());
    assert_eq!(deviation(&told), "missed-dose");
    let twice = about(&house, "c-rjs", "record-visit", (&one, "missed-doses"), missed);
    assert_eq!(twice.text_at("code"), "wrong-state");
    let due = house.get("p-rjs", "/v1/preparations").body;
    assert_eq!(due["preparations"][0]["visit"], Value::Null);
    let mut body = json!({"code": code, "identifier": "DEMO", "visit": "V1"});
    assert_eq!(
        house.post("p-rjs", "/v1/preparations", body.clone()).text_at("code"),
        "visit-not-due"
    );
    body["reason"] = "came after all".into();
    assert_eq!(house.post("p-rjs", "/v1/preparations", body).status, 201);
    house.trail_is([
        "infusion-missed",
        "refused wrong-state",
        "refused visit-not-due",
        "release-for-preparation",
    ]);
}

// shows: DI-12, AL-9, I8, AC-6
#[test]
fn a_transfer_changes_the_centre_and_neither_stratum_nor_code() {
    let house = House::raise();
    let (one, code) = randomised(&house, 1);
    let before = house.get("mon-1", &format!("/v1/participants/{one}")).body;
    let to = json!({"to": "huashan", "day": "2026-11-21", "note": "moved house"});
    assert_eq!(about(&house, "c-rjs", "transfer", (&one, "transfers"), to.clone()).status, 403);
    let mut same = to.clone();
    same["to"] = "renji-south".into();
    let told = about(&house, "i-rjs", "transfer", (&one, "transfers"), same);
    assert_eq!(told.body["errors"][0]["pointer"], "/answers/to");
    let told = about(&house, "i-rjs", "transfer", (&one, "transfers"), to);
    assert_eq!(told.status, 200, "{}", told.text);
    let after = house.get("mon-1", &format!("/v1/participants/{one}")).body;
    assert_eq!(after["centre"], "huashan");
    assert_eq!(after["stratum"], before["stratum"]);
    assert_eq!(after["criteria"], before["criteria"]);
    let path = format!("/v1/participants/{one}/allocation");
    assert_eq!(house.get("c-hsh", &path).text_at("code"), code);
    assert_eq!(house.get("c-rjs", &path).status, 404, "the old centre reads no more");
    house.trail_is(["refused not-your-role", "participant-transferred"]);
}

// shows: AL-8, RP-5
#[test]
fn a_mistake_is_recorded_and_undoes_nothing() {
    let house = House::raise();
    let (one, code) = randomised(&house, 1);
    for mistake in [
        "randomised-in-error",
        "wrong-person",
        "duplicate-person",
        "ineligible",
        "wrong-product",
        "other",
    ] {
        let body = json!({"mistake": mistake, "since": "2026-11-21", "truth": "an invented truth",
                          "why": "an invented slip"});
        let told = about(&house, "c-rjs", "correct", (&one, "mistakes"), body);
        assert_eq!(deviation(&told), "mistake", "{}", told.text);
        let line = told.body["receipt"]["entry"].as_str().unwrap();
        assert!(!line.contains("invented"), "free text is private");
    }
    let path = format!("/v1/participants/{one}/allocation");
    assert_eq!(house.get("c-rjs", &path).text_at("code"), code);
    house.trail_is(["mistake-recorded"; 6]);
    let next = randomised(&house, 2).1;
    assert_ne!(next, code, "no code returns to the list");
}

// shows: EU-11, AC-5
#[test]
fn anybody_reports_an_accident_and_nobody_writes_a_treatment_into_it() {
    let house = House::raise();
    let (one, _) = randomised(&house, 1);
    let body = |contained: &str| {
        json!({"participant": "RJS-001", "knowledge": "exact-arm", "source": "screen",
               "day": "2026-11-21", "who": "a nurse", "contained": contained, "impact": "none"})
    };
    for named in ["it was belimumab", "PLACEBO was read aloud", "belimumab/placebo", "Beli-Mumab"] {
        let told = record(&house, "c-rjs", "report-accident", "/v1/accidents", body(named));
        assert_eq!(told.body["errors"][0]["code"], "names-treatment", "{named}");
    }
    for who in ["c-rjs", "i-rjs", "p-rjs", "hot-1", "stat-1", "mon-1", "spon-1", "admin-1"] {
        let told =
            record(&house, who, "report-accident", "/v1/accidents", body("the screen was turned"));
        assert_eq!(told.status, 200, "{who}: {}", told.text);
    }
    let foreign = record(&house, "c-hsh", "report-accident", "/v1/accidents", body("turned"));
    assert_eq!(foreign.text_at("code"), "no-such-record");
    let mut of_nobody = body("turned");
    of_nobody.as_object_mut().unwrap().remove("participant");
    let told = record(&house, "c-hsh", "report-accident", "/v1/accidents", of_nobody);
    assert_eq!(told.status, 200);
    let acts = way(&house, &one)["records"].as_array().unwrap().len();
    assert_eq!(acts, 8);
    let mut left = vec!["accident-recorded"; 10];
    left[8] = "refused no-such-record";
    house.trail_is::<10>(left.try_into().unwrap());
}

// shows: AT-8
#[test]
fn the_words_that_each_kind_of_record_is_signed_with_can_be_read() {
    let house = House::raise();
    let forms = house.get("mon-1", "/v1/records/forms").body["forms"].clone();
    let meanings = house.get("mon-1", "/v1/trial").body["meanings"].clone();
    let acts: Vec<_> = forms.as_array().unwrap().iter().map(|form| form["act"].clone()).collect();
    assert!(acts.len() > 10);
    for act in acts.iter().map(|act| act.as_str().unwrap()) {
        let words = signature("mon-1", act)["meaning"].clone();
        assert_eq!(meanings[act]["en"], words, "{act}");
    }
}

// shows: AL-6
#[test]
fn a_record_asked_for_twice_is_made_once() {
    let house = House::raise();
    let (one, _) = randomised(&house, 1);
    let path = format!("/v1/participants/{one}/stops");
    let body = json!({"answers": {"reason": "lost", "day": "2026-11-21", "follow-up": "no"},
                      "signature": signature("c-rjs", "end-treatment")});
    let key = "0123456789abcdef0123";
    let first = act_once(&house, "c-rjs", &path, body.clone(), key);
    let second = act_once(&house, "c-rjs", &path, body, key);
    assert_eq!(
        (first.body["repeated"].clone(), second.body["repeated"].clone()),
        (false.into(), true.into())
    );
    assert_eq!(first.body["receipt"]["index"], second.body["receipt"]["index"]);
    house.trail_is(["treatment-ended"]);
}

/// The answers of `RJS-001` as the stage gives them, with these replaced.
fn corrected(other: &[(&str, &str)]) -> Value {
    let mut answers = klero::cli::stage::answers("RJS-001", true, "2026-11-20");
    for (field, answer) in other {
        answers[*field] = (*answer).into();
    }
    answers
}

// shows: AL-9, I8, RP-5, AT-6
#[test]
fn a_wrong_stratum_is_corrected_beside_the_one_of_the_randomisation() {
    let house = House::raise();
    let (one, code) = randomised(&house, 1);
    let there = format!("/v1/participants/{one}");
    let path = format!("{there}/corrections");
    let version = house.get("c-rjs", &there).text_at("version").to_owned();
    let body = |version: &str, other: &[(&str, &str)]| {
        json!({"version": version, "answers": corrected(other), "why": "misread",
               "signature": signature("c-rjs", "correct")})
    };
    let told = house.post("c-rjs", &path, body(&version, &[("sledai", "5")]));
    assert_eq!(told.status, 200, "{}", told.text);
    assert_eq!(deviation(&told), "wrong-stratum");
    let way = way(&house, &one);
    assert_eq!(way["corrected"]["stratum"], "renji-south/non-lldas");
    let kept = house.get("c-rjs", &there).body;
    assert_eq!(kept["stratum"], "renji-south/lldas", "the stratum of the randomisation stays");
    assert_eq!(kept["answers"]["sledai"], corrected(&[])["sledai"], "and so do its answers");
    let allocation = house.get("c-rjs", &format!("{there}/allocation"));
    assert_eq!(allocation.text_at("code"), code);
    // Corrected again: only what was read last, and back to where it was.
    let stale = house.post("c-rjs", &path, body(&version, &[]));
    assert_eq!((stale.status, stale.text_at("code")), (412, "changed-since-read"));
    let last = way["corrected"]["version"].as_str().unwrap();
    let back = house.post("c-rjs", &path, body(last, &[]));
    assert_eq!(deviation(&back), Value::Null);
    house.trail_is(["answers-corrected", "answers-corrected"]);
}

// shows: AL-8, AL-3, EU-6
#[test]
fn who_turns_out_ineligible_stays_allocated_and_is_known_by_the_true_birth_date() {
    let house = House::raise();
    let (one, code) = randomised(&house, 1);
    let there = format!("/v1/participants/{one}");
    let version = house.get("i-rjs", &there).text_at("version").to_owned();
    let body = json!({"version": version, "why": "the laboratory called",
                      "answers": corrected(&[("hbsag", "positive"), ("birth_date", "1987-02-03")]),
                      "signature": signature("i-rjs", "correct")});
    let told = house.post("i-rjs", &format!("{there}/corrections"), body);
    assert_eq!(deviation(&told), "ineligible", "{}", told.text);
    assert_eq!(way(&house, &one)["corrected"]["outcome"], "not-eligible");
    let asked = |said: &str| json!({"code": code, "identifier": said, "visit": "V1"});
    let old = house.post("p-rjs", "/v1/preparations", asked("1988-01-01"));
    assert_eq!(old.text_at("code"), "identifiers-do-not-match");
    assert_eq!(house.post("p-rjs", "/v1/preparations", asked("1987-02-03")).status, 201);
    let acts = ["answers-corrected", "refused identifiers-do-not-match", "release-for-preparation"];
    house.trail_is(acts);
}

// shows: AL-1
#[test]
fn answers_are_corrected_only_once_a_code_is_issued() {
    let house = House::raise();
    let one = house.stage.screen_eligible(0, 1, true);
    house.so_far();
    let there = format!("/v1/participants/{one}");
    let version = house.get("c-rjs", &there).text_at("version").to_owned();
    let body = json!({"version": version, "why": "too early", "answers": corrected(&[]),
                      "signature": signature("c-rjs", "correct")});
    let told = house.post("c-rjs", &format!("{there}/corrections"), body);
    assert_eq!((told.status, told.text_at("code")), (409, "wrong-state"));
    house.trail_is(["refused wrong-state"]);
}
