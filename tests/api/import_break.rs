//! A code that was opened without the service, taken in afterwards: it counts once, with all that follows from a code
//! break, and a code of nobody is an incident.

use crate::house::{House, fields, refused};
use klero::cli::stage::{Reply, signature};
use klero::domain::ids::{Code, PersonId};
use klero::domain::time::Moment;
use klero::sealing::offline_record::OfflineRecord;
use serde_json::{Value, json};

const PATH: &str = "/v1/breaks/import";

/// What `klero open --kit` writes on this holder's device, an hour before the service is back.
fn record(house: &House, who: &str, code: &str) -> String {
    let record = OfflineRecord {
        code: Code::parse(code).unwrap(),
        at: hour_ago(house),
        by: PersonId::parse(who).unwrap(),
        reason: "the service was away, an invented emergency".to_owned(),
        fits: true,
    };
    record.sign(&house.stage.identities[who]).unwrap().to_json()
}

fn hour_ago(house: &House) -> Moment {
    house.stage.house().clock.now().plus_seconds(-3600)
}

fn kit(record: &str) -> Value {
    json!({"record": record, "category": "sae-management",
           "signature": signature("hot-1", "import-break")})
}

fn letter(house: &House, serial: &str, code: &str, by: &str) -> Value {
    json!({"letter": {"serial": serial, "code": code, "by": by, "at": hour_ago(house).to_string(),
                      "why": "the service was away, an invented emergency"},
           "category": "sae-management", "signature": signature("hot-1", "import-break")})
}

fn import(house: &House, body: Value) -> Reply {
    house.post("hot-1", PATH, body)
}

/// A code of Huashan that nobody has.
fn waiting(house: &House) -> String {
    let rows = house.stage.study.list.rows().iter();
    let mut here = rows.filter(|row| row.stratum.as_str() == "huashan/lldas");
    here.nth(3).unwrap().code.to_string()
}

// shows: EU-12, EU-8, EU-9, I5
#[test]
fn a_kits_record_becomes_a_code_break_with_all_that_follows_from_one() {
    let mut house = House::raise();
    let (_, number, code) = house.randomised(0, 1, true);
    house.clock.step(2 * 3600);
    for who in ["hot-1", "mon-1", "i-rjs"] {
        house.stage.sign_in(who);
    }
    house.so_far();
    let told = import(&house, kit(&record(&house, "hot-2", &code)));
    assert_eq!(told.status, 201, "{}", told.text);
    assert_eq!(
        (&told.body["participant"], &told.body["incident"]),
        (&json!(number), &json!(false))
    );
    assert_eq!(told.body["told"], json!(["i-rjs", "mon-1", "spon-1"]));
    let (line, _) = house.check_receipt(&told.body["receipt"]);
    let data = &line["data"];
    assert_eq!((&line["act"], &line["by"]), (&json!("break-imported"), &json!("hot-1")));
    assert_eq!((&data["opener"], &data["fits"]), (&json!("hot-2"), &json!(true)));
    assert_eq!(data["opened-at"], hour_ago(&house).to_string());
    assert!(line["at"].as_str() > data["opened-at"].as_str(), "when it was taken in is said too");
    assert!(!told.text.contains("an invented emergency"), "why is private");
    house.trail_is(["break-imported"]);
    let seen = house.get("mon-1", "/v1/breaks").body["breaks"][0].clone();
    assert_eq!((&seen["by"], &seen["openedOffline"]), (&json!("hot-2"), &data["opened-at"]));
    assert_eq!((&seen["opened"], &seen["followUp"]), (&json!(true), &json!("due")));
    let answers = json!({
        "serious": "yes", "severity": "severe", "related-before": "possible", "treatment": "stopped",
        "goes-on": "yes", "knows": "x", "stays-blind": "x", "in-line": "yes", "impact": "none",
    });
    let path = format!("/v1/breaks/{}/follow-up", told.text_at("reference"));
    let body = json!({"answers": answers, "signature": signature("i-rjs", "follow-up")});
    assert_eq!(house.post("i-rjs", &path, body).status, 200);
    house.trail_is(["breaks-read", "follow-up-recorded"]);
}

// shows: EU-12, AL-6
#[test]
fn the_same_record_is_one_break_however_often_and_by_whomever_it_is_brought() {
    let house = House::raise();
    let (_, _, code) = house.randomised(0, 1, true);
    let record = record(&house, "hot-1", &code);
    house.so_far();
    let act = |key: &str| house.act_once("hot-1", "POST", PATH, key, kit(&record));
    let (first, same_key, other_key) =
        (act("one-key-for-one-record"), act("one-key-for-one-record"), act("another-key-for-it"));
    let mut other = kit(&record);
    other["signature"] = signature("hot-2", "import-break");
    let other_person = house.post("hot-2", PATH, other);
    assert_eq!(first.status, 201, "{}", first.text);
    for again in [same_key, other_key, other_person] {
        assert_eq!((again.status, &again.body["repeated"]), (200, &json!(true)), "{}", again.text);
        assert_eq!(again.body["reference"], first.body["reference"]);
        assert_eq!(again.body["receipt"]["entry"], first.body["receipt"]["entry"]);
    }
    house.trail_is(["break-imported"]);
    assert_eq!(house.get("mon-1", "/v1/breaks").body["breaks"].as_array().unwrap().len(), 1);
    house.trail_is(["breaks-read"]);
}

// shows: EU-12, AT-2
#[test]
fn a_record_that_was_altered_or_signed_by_another_is_refused() {
    let house = House::raise();
    let (_, _, code) = house.randomised(0, 1, true);
    let honest = record(&house, "hot-1", &code);
    house.so_far();
    for forged in [
        honest.replace("an invented emergency", "nothing at all"),
        honest.replace("\"by\":\"hot-1\"", "\"by\":\"hot-2\""),
        honest.replace("\"fits\":true", "\"fits\":false"),
        honest.replace("\"by\":\"hot-1\"", "\"by\":\"nobody-here\""),
    ] {
        refused(&import(&house, kit(&forged)), 422, "signature-does-not-verify");
    }
    assert_eq!(fields(&import(&house, kit("{}"))), ["/record record-form"]);
    // A holder of another centre's key alone cannot have opened it.
    refused(&import(&house, kit(&record(&house, "i-hsh", &code))), 403, "not-granted-yet");
    let mut silent = kit(&honest);
    silent["signature"] = signature("hot-1", "break-code");
    refused(&import(&house, silent), 401, "signature-needed");
    let mut both = letter(&house, "renji-south-0-0001-A", &code, "i-rjs");
    both["record"] = honest.clone().into();
    assert_eq!(fields(&import(&house, both)), ["/letter doubled"]);
    let mut why = kit(&honest);
    why["category"] = "curiosity".into();
    assert_eq!(fields(&import(&house, why)), ["/category choice-unknown"]);
    house.trail_is([
        "refused signature-does-not-verify",
        "refused signature-does-not-verify",
        "refused signature-does-not-verify",
        "refused signature-does-not-verify",
        "refused not-granted-yet",
        "refused signature-needed",
    ]);
}

// shows: EU-12
#[test]
fn a_letter_opened_by_hand_is_taken_in_from_a_form_and_counts_once() {
    let house = House::raise();
    let (_, number, code) = house.randomised(0, 1, true);
    house.so_far();
    let body = |by: &str| letter(&house, "renji-south-0-0001-B", &code, by);
    let told = import(&house, body("i-rjs"));
    assert_eq!((told.status, &told.body["participant"]), (201, &json!(number)), "{}", told.text);
    let (line, _) = house.check_receipt(&told.body["receipt"]);
    assert_eq!(line["data"]["serial"], "renji-south-0-0001-B");
    assert_eq!(line["data"]["opener-role"], "investigator");
    assert_eq!(import(&house, body("i-rjs")).body["repeated"], true);
    // The other copy is another opening, and the first one holds another code never.
    let copy = import(&house, letter(&house, "renji-south-0-0001-A", &code, "i-rjs"));
    assert_eq!(copy.status, 201, "{}", copy.text);
    let (_, _, second) = house.randomised(0, 2, true);
    let other = import(&house, letter(&house, "renji-south-0-0001-B", &second, "i-rjs"));
    refused(&other, 409, "wrong-state");
    let mut wrong = body("nobody at all");
    wrong["letter"]["serial"] = "7".into();
    wrong["letter"]["code"] = "1234567".into();
    wrong["letter"]["at"] = "yesterday".into();
    assert_eq!(
        fields(&import(&house, wrong)),
        [
            "/letter/serial serial-form",
            "/letter/code code-check",
            "/letter/by choice-unknown",
            "/letter/at moment-format"
        ]
    );
    let mut late = body("i-rjs");
    late["letter"]["at"] = "2099-01-01T00:00:00Z".into();
    late["letter"]["why"] = " ".into();
    assert_eq!(
        fields(&import(&house, late)),
        ["/letter/at date-future", "/letter/why reason-needed"]
    );
    let unknown = letter(&house, "renji-south-0-0003-B", &second, "nobody-here");
    assert_eq!(fields(&import(&house, unknown)), ["/letter/by choice-unknown"]);
    house.so_far();
}

// shows: CO-2, AL-5, I4
#[test]
fn an_opened_code_that_nobody_has_is_an_incident_and_is_never_issued() {
    let house = House::raise();
    let known = waiting(&house);
    house.so_far();
    let record = record(&house, "hot-1", &known);
    let told = import(&house, kit(&record));
    assert_eq!(told.status, 201, "{}", told.text);
    assert_eq!((&told.body["incident"], &told.body["reference"]), (&json!(true), &Value::Null));
    assert_eq!(told.body["told"], json!(["mon-1", "spon-1", "stat-1"]));
    let lines = house.entries();
    let [incident, void] = &lines[..] else { panic!("{lines:?}") };
    assert_eq!(
        (&incident["act"], &void["act"]),
        (&json!("unissued-opened"), &json!("code-voided"))
    );
    assert_eq!(void["data"]["incident"], incident["seq"]);
    assert!(incident.get("centre").is_none() && void.get("centre").is_none(), "no place is said");
    assert_eq!(import(&house, kit(&record)).body["repeated"], true);
    // A second opening of it is a second incident; void it is already.
    let copy = import(&house, letter(&house, "huashan-0-0001-A", &known, "i-hsh"));
    assert_eq!(copy.body["incident"], true, "{}", copy.text);
    house.trail_is(["unissued-opened"]);
    for number in 1..=4 {
        assert_ne!(house.randomised(2, number, true).2, known);
    }
    let unknown = Code::from_digits([9, 9, 9, 9, 9, 9]).unwrap().to_string();
    house.so_far();
    let strange = letter(&house, "huashan-0-0001-B", &unknown, "i-hsh");
    refused(&import(&house, strange), 404, "no-such-record");
    house.trail_is(["refused no-such-record"]);
}

// shows: EU-17, AC-5
#[test]
fn an_offline_break_alarms_and_unblinds_whoever_opened_it_and_not_who_took_it_in() {
    let house = House::raise();
    let (_, _, first) = house.randomised(0, 1, true);
    let (_, _, second) = house.randomised(0, 2, false);
    let broken = json!({"participant": first, "requester": "Demo physician", "callBack": "000",
        "category": "sae-management", "whatHappened": "an invented emergency", "depends": true,
        "signature": signature("hot-2", "break-code")});
    assert_eq!(house.post("hot-2", "/v1/breaks", broken).status, 201);
    let body = letter(&house, "renji-south-0-0002-A", &second, "c-rjs");
    assert_eq!(import(&house, body).status, 201);
    let all = house.get("mon-1", "/v1/breaks").body["breaks"].clone();
    // By its own time the letter was opened first; so it is the other that is the second within a day.
    let again: Vec<_> = all.as_array().unwrap().iter().map(|one| one["again"].clone()).collect();
    assert_eq!(again, [json!([]), json!(["centre"])]);
    let report = house.get("mon-1", "/v1/reports/safety").text;
    assert!(report.contains("breaks-offline"), "{report}");
    let who = |person: &str| {
        let all = house
            .stage
            .house()
            .store
            .read(|view| view.unblinded_by(&PersonId::parse(person).unwrap()));
        all.unwrap().iter().any(|(how, _)| how == "break")
    };
    assert!(who("c-rjs") && who("hot-2") && !who("hot-1"));
    house.so_far();
}
