//! After the release: the record of a preparation, its second check, the hand-over; and the sealed records, which the
//! service keeps and never reads.

use crate::house::{House, anonymous, fields, refused};
use klero::cli::stage::{Reply, password, signature};
use klero::dice::{FixedDice, roll};
use klero::domain::ids::{CentreId, Reference};
use klero::domain::time::Moment;
use klero::sealing::bytes::{hex, sha256, unhex};
use klero::sealing::centre_key::CentreKey;
use klero::sealing::sealed_record::{
    RecordKind, RecordPlace, SealedRecord, open_record, seal_record,
};
use klero::sealing::slot::Wrap;
use klero::sealing::wrap::{WrapPlace, unwrap};
use serde_json::{Value, json};

const PREPARATION: &str = r#"{"v":1,"arm":"belimumab","lines":[{"lot":"AB12","units":1}]}"#;
const RECEIVED: &str = r#"{"v":1,"event":"received","lot":"AB12","units":20}"#;

/// The centre key, unwrapped on the holder's device.
fn key(house: &House, who: &str, wrap: &Value) -> CentreKey {
    let identity = &house.stage.identities[who];
    let at = WrapPlace {
        trial: house.stage.house().trial.id.clone(),
        centre: CentreId::parse(wrap["centre"].as_str().unwrap()).unwrap(),
        epoch: u32::try_from(wrap["epoch"].as_u64().unwrap()).unwrap(),
        person: identity.card().person.clone(),
    };
    let wrap = Wrap::from_bytes(&unhex(wrap["wrap"].as_str().unwrap()).unwrap()).unwrap();
    unwrap(&wrap, &at, identity.opening()).unwrap()
}

fn place(house: &House, centre: &str, record: &str, kind: RecordKind) -> RecordPlace {
    RecordPlace {
        trial: house.stage.house().trial.id.clone(),
        centre: CentreId::parse(centre).unwrap(),
        record: Reference::parse(record).unwrap(),
        epoch: 1,
        kind,
    }
}

/// A record as the pharmacist's device seals it: its name, its bytes.
fn sealed(house: &House, who: &str, centre: &str, kind: RecordKind, text: &str, n: u64) -> Value {
    let wraps = house.stage.get(who, &format!("/v1/wraps/{centre}"));
    let key = key(house, who, &wraps.body["wraps"][0]);
    let dice = FixedDice::new(n);
    let record = Reference::from_bytes(roll(&dice));
    let at = place(house, centre, record.as_str(), kind);
    let sealed = seal_record(&key, &at, text, roll(&dice)).unwrap();
    json!({"record": record.as_str(), "epoch": 1, "sealed": hex(sealed.as_bytes())})
}

/// A release for V1, and a record of it that lacks nothing.
fn released(house: &House, centre: usize, number: u32) -> (Reply, Value) {
    let (_, _, code) = house.randomised(centre, number, true);
    let (place, letters) = klero::cli::stage::CENTRES[centre];
    let who = format!("p-{letters}");
    let wish = json!({"code": code, "identifier": "DEMO", "visit": "V1"});
    let release = house.post(&who, "/v1/preparations", wish);
    assert_eq!(release.status, 201, "{}", release.text);
    let kind = RecordKind::Preparation;
    let record = sealed(house, &who, place, kind, PREPARATION, u64::from(number));
    let body = json!({
        "volume": 250, "masked": "masked", "appearance": true, "prescription": "Rx 0815",
        "noSecondCheck": "nobody else on duty", "record": record,
        "signature": signature(&who, "record-preparation"),
    });
    house.so_far();
    (release, body)
}

fn path(release: &Reply, step: &str) -> String {
    format!("/v1/preparations/{}/{step}", release.text_at("reference"))
}

fn check(person: &str, password: &str) -> Value {
    let meaning = signature(person, "check")["meaning"].clone();
    json!({"person": person, "password": password, "meaning": meaning})
}

fn with(body: &Value, field: &str, value: Value) -> Value {
    let mut body = body.clone();
    body[field] = value;
    body
}

// shows: DI-2, DI-5, DI-7, I3
#[test]
fn a_preparation_is_recorded_once_and_its_sealed_part_comes_back_byte_for_byte() {
    let house = House::raise();
    let (release, body) = released(&house, 0, 1);
    let record = path(&release, "record");
    let key = "one-key-for-one-record";
    let kept = house.act_once("p-rjs", "POST", &record, key, body.clone());
    assert_eq!(kept.status, 201, "{}", kept.text);
    let (line, _) = house.check_receipt(&kept.body["receipt"]);
    let sealed = unhex(body["record"]["sealed"].as_str().unwrap()).unwrap();
    assert_eq!(line["data"]["volume"], 250);
    assert_eq!(line["data"]["masked"], "masked");
    assert_eq!(line["data"]["checked-none"], true);
    assert_eq!(line["data"]["sealed"], hex(&sha256(&sealed)));
    assert_eq!(line["data"]["signed"], "password");
    assert!(!kept.text.contains("Rx 0815") && !kept.text.contains("on duty"), "kept out of it");
    let again = house.act_once("p-rjs", "POST", &record, key, body.clone());
    assert_eq!((again.status, &again.body["repeated"]), (200, &json!(true)));
    refused(&house.post("p-rjs", &record, body.clone()), 409, "wrong-state");
    house.trail_is(["preparation-recorded", "refused wrong-state"]);
    let read = house.get("p-rjs", "/v1/pharmacy-records/renji-south");
    assert_eq!(read.status, 200, "{}", read.text);
    let one = &read.body["records"][0];
    assert_eq!((&one["kind"], &one["record"]), (&json!("preparation"), &body["record"]["record"]));
    assert_eq!(one["release"], release.text_at("reference"));
    assert_eq!(one["sealed"], body["record"]["sealed"]);
    assert_eq!(read.body["more"], false);
    let (line, _) = house.check_receipt(&read.body["receipt"]);
    assert_eq!(line["data"], json!({}), "not even how many there were");
    house.trail_is(["stock-read"]);
    // On the reader's device.
    let key = self::key(&house, "p-rjs", &read.body["wraps"][0]);
    let kind = RecordKind::Preparation;
    let at = place(&house, "renji-south", one["record"].as_str().unwrap(), kind);
    let sealed = SealedRecord::of(kind, &sealed).unwrap();
    assert_eq!(*open_record(&key, &at, &sealed).unwrap(), PREPARATION);
}

// shows: DI-9
#[test]
fn a_second_pharmacist_signs_in_the_same_act_or_a_reason_says_why_none_did() {
    let mut house = House::raise();
    house.admit("p-rjs-2", "pharmacist", &["renji-south"]);
    house.admit("p-hsh-2", "pharmacist", &["huashan"]);
    house.admit("p-gone", "pharmacist", &["renji-south"]);
    assert_eq!(house.post("admin-1", "/v1/people/p-gone/disable", json!({})).status, 200);
    let (release, body) = released(&house, 0, 1);
    let record = path(&release, "record");
    let with_second = |second: Option<Value>, none: Option<&str>| {
        let mut body = body.clone();
        body.as_object_mut().unwrap().remove("noSecondCheck");
        if let Some(second) = second {
            body["secondCheck"] = second;
        }
        if let Some(none) = none {
            body["noSecondCheck"] = none.into();
        }
        house.post("p-rjs", &record, body)
    };
    let good = || Some(check("p-rjs-2", &password("p-rjs-2")));
    assert_eq!(fields(&with_second(None, None)), ["/secondCheck required"]);
    assert_eq!(fields(&with_second(good(), Some("and none"))), ["/secondCheck doubled"]);
    assert_eq!(fields(&with_second(None, Some(" "))), ["/noSecondCheck reason-needed"]);
    house.trail_is([]);
    let mut other_words = check("p-rjs-2", &password("p-rjs-2"));
    other_words["meaning"] = signature("p-rjs", "record-preparation")["meaning"].clone();
    let mut answers = vec![];
    for wrong in [
        check("p-rjs", &password("p-rjs")),
        check("p-rjs-2", "not the password"),
        check("p-hsh-2", &password("p-hsh-2")),
        check("c-rjs", &password("c-rjs")),
        check("p-gone", &password("p-gone")),
        check("nobody here", "not the password"),
        other_words,
    ] {
        let told = with_second(Some(wrong), None);
        refused(&told, 403, "second-check-needed");
        answers.push(anonymous(&told));
    }
    assert!(answers.windows(2).all(|pair| pair[0] == pair[1]), "which of it is not said");
    house.trail_is(["refused second-check-needed"; 7]);
    let kept = with_second(good(), None);
    assert_eq!(kept.status, 201, "{}", kept.text);
    let (line, _) = house.check_receipt(&kept.body["receipt"]);
    assert_eq!(line["data"]["checked-by"], "p-rjs-2");
    assert_eq!(line["data"]["checked"], "I checked product, lot, expiry and participant");
    house.trail_is(["preparation-recorded"]);
}

// shows: I11, DI-2, DI-7
#[test]
fn each_wrong_record_of_a_preparation_is_refused_by_name() {
    let mut house = House::raise();
    house.admit("p-rjs-2", "pharmacist", &["renji-south"]);
    let (release, body) = released(&house, 0, 1);
    let (foreign, _) = released(&house, 2, 1);
    let record = path(&release, "record");
    let wrong = |field, value| fields(&house.post("p-rjs", &record, with(&body, field, value)));
    assert_eq!(wrong("volume", json!(0)), ["/volume num-range"]);
    assert_eq!(wrong("volume", json!(5001)), ["/volume num-range"]);
    assert_eq!(wrong("masked", json!("neither")), ["/masked choice-unknown"]);
    assert_eq!(wrong("appearance", json!(false)), ["/appearance required"]);
    assert_eq!(wrong("prescription", json!("x".repeat(81))), ["/prescription text-too-long"]);
    let short = json!({"record": "ZZZZZZZZ", "epoch": 1, "sealed": "00".repeat(540)});
    assert_eq!(wrong("record", short), ["/record/sealed bytes-form"]);
    house.trail_is([]);
    let unsigned = json!({"password": "not the password", "meaning": "none"});
    refused(
        &house.post("p-rjs", &record, with(&body, "signature", unsigned)),
        401,
        "signature-needed",
    );
    let later = with(&body["record"], "epoch", json!(2));
    refused(&house.post("p-rjs", &record, with(&body, "record", later)), 403, "not-granted-yet");
    let own = with(&body, "signature", signature("p-rjs-2", "record-preparation"));
    refused(&house.post("p-rjs-2", &record, own), 403, "not-granted-yet");
    let elsewhere = house.post("p-rjs", &path(&foreign, "record"), body.clone());
    refused(&elsewhere, 404, "no-such-record");
    let none = house.post("p-rjs", "/v1/preparations/ZZZZZZZZ/record", body.clone());
    assert_eq!(anonymous(&elsewhere), anonymous(&none));
    refused(&house.post("hot-1", &record, body.clone()), 403, "not-your-role");
    house.trail_is([
        "refused signature-needed",
        "refused not-granted-yet",
        "refused not-granted-yet",
        "refused no-such-record",
        "refused no-such-record",
        "refused not-your-role",
    ]);
    // The same name of a sealed record is taken once.
    assert_eq!(house.post("p-rjs", &record, body.clone()).status, 201);
    let (second, other) = released(&house, 0, 2);
    let doubled = with(&other, "record", body["record"].clone());
    refused(&house.post("p-rjs", &path(&second, "record"), doubled), 409, "wrong-state");
    house.trail_is(["refused wrong-state"]);
}

// shows: DI-5, DI-6
#[test]
fn nobody_hands_over_before_the_wait_that_is_alike_for_all_and_everybody_is_told_the_times() {
    let mut house = House::raise();
    let (release, body) = released(&house, 0, 1);
    let hand_over = path(&release, "hand-over");
    let to = || json!({"to": "Demo nurse, ward 3"});
    let trial = house.stage.house().trial.clone();
    let facts = &trial.preparation;
    let (wait, hours) = (facts.hand_over_wait_minutes, facts.use_within_hours);
    let (line, _) = house.check_receipt(&release.body["receipt"]);
    let at = Moment::parse(line["at"].as_str().unwrap()).unwrap();
    let times = json!({
        "handOverFrom": at.plus_seconds(i64::from(wait) * 60).to_string(),
        "useBefore": at.plus_seconds(i64::from(hours) * 3600).to_string(),
    });
    assert_eq!(release.body["times"], times);
    refused(&house.post("p-rjs", &hand_over, to()), 409, "wrong-state");
    let kept = house.post("p-rjs", &path(&release, "record"), body);
    assert_eq!(kept.body["times"], times);
    house.trail_is(["refused wrong-state", "preparation-recorded"]);
    house.clock.step(i64::from(wait) * 60 - 60);
    house.stage.sign_in("p-rjs");
    let early = house.post("p-rjs", &hand_over, to());
    refused(&early, 409, "handover-early");
    let from = trial.zone.shown(at.plus_seconds(i64::from(wait) * 60));
    assert!(early.text_at("detail").contains(&from), "{}", early.text);
    house.trail_is(["signed-in", "refused handover-early"]);
    assert_eq!(fields(&house.post("p-rjs", &hand_over, json!({"to": " "}))), ["/to text-empty"]);
    house.clock.step(60);
    let key = "one-key-for-one-hand-over";
    let done = house.act_once("p-rjs", "POST", &hand_over, key, to());
    assert_eq!(done.status, 201, "{}", done.text);
    assert!(!done.text.contains("Demo nurse"), "to whom is private");
    assert_eq!(house.act_once("p-rjs", "POST", &hand_over, key, to()).status, 200);
    refused(&house.post("p-rjs", &hand_over, to()), 409, "wrong-state");
    house.trail_is(["handed-over", "refused wrong-state"]);
}

// shows: DI-5
#[test]
fn the_list_of_what_is_due_says_how_far_each_release_has_come_and_forgets_it_when_it_is_of_no_use()
{
    let mut house = House::raise();
    let (release, body) = released(&house, 0, 1);
    let far = |house: &House| {
        let due = house.get("p-rjs", "/v1/preparations");
        let released = due.body["preparations"][0]["released"].clone();
        let one = released[0].clone();
        let yes = |name: &str| one[name].as_bool();
        (released.as_array().unwrap().len(), yes("opened"), yes("recorded"), yes("handedOver"))
    };
    assert_eq!(far(&house), (1, Some(false), Some(false), Some(false)));
    let identity = &house.stage.identities["p-rjs"];
    let receipt = house.opening_receipt(&release.body, identity);
    assert_eq!(house.post("p-rjs", &path(&release, "opened"), receipt).status, 200);
    assert_eq!(far(&house), (1, Some(true), Some(false), Some(false)));
    assert_eq!(house.post("p-rjs", &path(&release, "record"), body).status, 201);
    assert_eq!(far(&house), (1, Some(true), Some(true), Some(false)));
    house.clock.step(3600);
    house.stage.sign_in("p-rjs");
    let to = json!({"to": "Demo nurse"});
    assert_eq!(house.post("p-rjs", &path(&release, "hand-over"), to).status, 201);
    assert_eq!(far(&house), (1, Some(true), Some(true), Some(true)));
    house.clock.step(8 * 3600);
    house.stage.sign_in("p-rjs");
    assert_eq!(far(&house), (0, None, None, None));
    house.trail_is(["opened", "preparation-recorded", "signed-in", "handed-over", "signed-in"]);
}

// shows: CO-5, I9, I10
#[test]
fn the_service_keeps_stock_without_knowing_what_happened_and_hands_it_to_holders_alone() {
    let mut house = House::raise();
    house.admit("p-rjs-2", "pharmacist", &["renji-south"]);
    let stock = |n, text: &str| {
        let kind = RecordKind::Stock;
        let record = sealed(&house, "p-rjs", "renji-south", kind, text, n);
        json!({"centre": "renji-south", "record": record})
    };
    let (first, second) = (stock(1, RECEIVED), stock(2, r#"{"v":1,"event":"lost"}"#));
    let length = |body: &Value| body["record"]["sealed"].as_str().unwrap().len();
    assert_eq!(length(&first), length(&second));
    house.so_far();
    let key = "one-key-for-one-event";
    let post = "/v1/pharmacy-records";
    let kept = house.act_once("p-rjs", "POST", post, key, first.clone());
    assert_eq!(kept.status, 201, "{}", kept.text);
    let (line, _) = house.check_receipt(&kept.body["receipt"]);
    let names: Vec<_> = line["data"].as_object().unwrap().keys().collect();
    assert_eq!(names, ["epoch", "sealed"], "the event itself is sealed");
    assert_eq!(house.act_once("p-rjs", "POST", post, key, first.clone()).status, 200);
    refused(&house.post("p-rjs", post, first.clone()), 409, "wrong-state");
    assert_eq!(house.post("p-rjs", post, second.clone()).status, 201);
    refused(&house.post("p-rjs-2", post, second.clone()), 403, "not-granted-yet");
    refused(&house.post("p-hsh", post, second.clone()), 404, "no-such-record");
    refused(&house.post("stat-1", post, second.clone()), 403, "not-your-role");
    house.trail_is([
        "stock-recorded",
        "refused wrong-state",
        "stock-recorded",
        "refused not-granted-yet",
        "refused no-such-record",
        "refused not-your-role",
    ]);
    let get = "/v1/pharmacy-records/renji-south";
    for who in ["p-rjs", "stat-1"] {
        let read = house.get(who, get);
        let sealed: Vec<_> =
            read.body["records"].as_array().unwrap().iter().map(|one| &one["sealed"]).collect();
        assert_eq!(sealed, [&first["record"]["sealed"], &second["record"]["sealed"]]);
        assert_eq!(read.body["wraps"][0]["person"], who);
        let after = read.body["records"][0]["record"].as_str().unwrap();
        let rest = house.get(who, &format!("{get}?after={after}"));
        assert_eq!(rest.body["records"].as_array().unwrap().len(), 1);
    }
    house.trail_is(["stock-read"; 4]);
    refused(&house.get("p-rjs-2", get), 403, "not-granted-yet");
    refused(&house.get("p-hsh", get), 404, "no-such-record");
    refused(&house.get("p-rjs", "/v1/pharmacy-records/nowhere"), 404, "no-such-record");
    for who in ["c-rjs", "i-rjs", "hot-1", "mon-1", "spon-1", "admin-1"] {
        refused(&house.get(who, get), 403, "not-your-role");
    }
    assert_eq!(
        fields(&house.get("p-rjs", &format!("{get}?after=nothing"))),
        ["/after choice-unknown"]
    );
    house.trail_is([
        "refused not-granted-yet",
        "refused no-such-record",
        "refused no-such-record",
        "refused not-your-role",
        "refused not-your-role",
        "refused not-your-role",
        "refused not-your-role",
        "refused not-your-role",
        "refused not-your-role",
    ]);
}

// shows: DI-5 (a long list of records comes in pages, none twice and none left out)
#[test]
fn many_records_come_in_pages() {
    let house = House::raise();
    let wraps = house.stage.get("p-rjs", "/v1/wraps/renji-south");
    let key = key(&house, "p-rjs", &wraps.body["wraps"][0]);
    let dice = FixedDice::new(77);
    let mut sent = vec![];
    for n in 0..103 {
        let record = Reference::from_bytes(roll(&dice));
        let at = place(&house, "renji-south", record.as_str(), RecordKind::Stock);
        let sealed = seal_record(&key, &at, &n.to_string(), roll(&dice)).unwrap();
        let record =
            json!({"record": record.as_str(), "epoch": 1, "sealed": hex(sealed.as_bytes())});
        let body = json!({"centre": "renji-south", "record": record});
        assert_eq!(house.post("p-rjs", "/v1/pharmacy-records", body.clone()).status, 201);
        sent.push(body["record"]["record"].clone());
    }
    let (mut read, mut after) = (vec![], String::new());
    loop {
        let page = house.get("p-rjs", &format!("/v1/pharmacy-records/renji-south{after}"));
        read.extend(page.body["records"].as_array().unwrap().iter().map(|r| r["record"].clone()));
        after = format!("?after={}", read.last().unwrap().as_str().unwrap());
        if page.body["more"] == false {
            break;
        }
    }
    assert_eq!(read, sent);
    house.so_far();
}
