//! After a transfer: one code's key is passed on, the new centre prepares, the old one gets nothing more.

use crate::house::{House, fields, refused};
use klero::cli::stage::signature;
use klero::domain::ids::{CentreId, Code, EnrolmentNumber, PersonId, StratumId};
use klero::sealing::bytes::{hex, sha256, unhex};
use klero::sealing::centre_key::CentreKey;
use klero::sealing::open::NotProven;
use klero::sealing::passed::{PassedTerms, pass_key, sign_passed};
use klero::sealing::slot::{Place, Wrap};
use klero::sealing::wrap::{WrapPlace, unwrap};
use serde_json::{Value, json};

fn moved(house: &House, reference: &str, to: &str) {
    let answers = json!({"to": to, "day": "2026-11-21", "note": "moved house"});
    let body = json!({"answers": answers, "signature": signature("i-rjs", "transfer")});
    let path = format!("/v1/participants/{reference}/transfers");
    let told = house.post("i-rjs", &path, body);
    assert_eq!(told.status, 200, "{}", told.text);
}

fn centre_key(house: &House, who: &str, centre: &str, epoch: u32) -> CentreKey {
    let wraps = house.get(who, &format!("/v1/wraps/{centre}"));
    let wraps = wraps.body["wraps"].as_array().unwrap().clone();
    let held = wraps.iter().find(|held| held["epoch"] == epoch).unwrap();
    let at = WrapPlace {
        trial: house.stage.house().trial.id.clone(),
        centre: CentreId::parse(centre).unwrap(),
        epoch,
        person: PersonId::parse(who).unwrap(),
    };
    let wrap = Wrap::from_bytes(&unhex(held["wrap"].as_str().unwrap()).unwrap()).unwrap();
    unwrap(&wrap, &at, house.stage.identities[who].opening()).unwrap()
}

/// What the passer's own device makes of the one that waits.
fn passed(house: &House, who: &str, waits: &Value) -> Value {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let number = |value: &Value| u32::try_from(value.as_u64().unwrap()).unwrap();
    let slot = &waits["slot"];
    let at = Place {
        trial: house.stage.house().trial.id.clone(),
        segment: number(&slot["segment"]),
        stratum: StratumId::parse(&text(&slot["stratum"])).unwrap(),
        position: number(&slot["position"]),
        code: Code::parse(&text(&slot["code"])).unwrap(),
        epoch: number(&slot["epoch"]),
    };
    let (from, to, epoch) = (text(&waits["from"]), text(&waits["to"]), number(&waits["epoch"]));
    let old = centre_key(house, who, &from, at.epoch);
    let new = centre_key(house, who, &to, epoch);
    let to = CentreId::parse(&to).unwrap();
    let sealed = pass_key(&old, &at, (&new, &to, epoch), [5; 12]);
    let terms = PassedTerms {
        trial: at.trial.clone(),
        participant: EnrolmentNumber::parse(&text(&waits["number"])).unwrap(),
        code: at.code,
        centre: to.clone(),
        epoch,
        sealed: sha256(sealed.as_bytes()),
        by: PersonId::parse(who).unwrap(),
    };
    let signature = sign_passed(&terms, &house.stage.identities[who]);
    json!({"participant": waits["participant"], "centre": to.as_str(), "epoch": epoch,
           "sealed": hex(sealed.as_bytes()), "signature": hex(&signature)})
}

fn wish(code: &str) -> Value {
    json!({"code": code, "identifier": "DEMO", "visit": "V1"})
}

// shows: DI-12, I10, AC-6
#[test]
fn the_new_centre_prepares_once_the_key_was_passed_on_and_the_old_centre_gets_nothing_more() {
    let house = House::raise();
    let (one, number, code) = house.randomised(0, 1, true);
    let (_, _, stays) = house.randomised(0, 2, true);
    house.so_far();
    moved(&house, &one, "huashan");
    refused(&house.post("p-rjs", "/v1/preparations", wish(&code)), 404, "no-such-record");
    refused(&house.post("p-hsh", "/v1/preparations", wish(&code)), 403, "key-not-passed");
    house.trail_is(["participant-transferred", "refused no-such-record", "refused key-not-passed"]);
    // The hotline never waits for anybody.
    let emergency = json!({
        "participant": code, "identifier": "DEMO", "requester": "Demo", "callBack": "000",
        "category": "sae-management", "whatHappened": "an invented emergency", "depends": false,
        "signature": signature("hot-1", "break-code"),
    });
    let broken = house.post("hot-1", "/v1/breaks", emergency);
    assert_eq!(broken.status, 201, "{}", broken.text);
    assert!(broken.body["passed"].is_null());
    assert_eq!(house.open(&broken.body, &house.stage.identities["hot-1"]), Ok(house.drawn(&code)));
    let waiting = house.get("hot-1", "/v1/passed-keys");
    let waiting = waiting.body["waiting"].as_array().unwrap().clone();
    assert_eq!((waiting.len(), &waiting[0]["number"]), (1, &json!(number)));
    let body = passed(&house, "hot-1", &waiting[0]);
    house.so_far();
    let told = house.post("hot-1", "/v1/passed-keys", body.clone());
    assert_eq!(told.status, 201, "{}", told.text);
    let (line, _) = house.check_receipt(&told.body["receipt"]);
    assert_eq!((&line["act"], &line["centre"]), (&json!("slot-key-passed"), &json!("huashan")));
    assert_eq!(line["on"]["participant"], number);
    refused(&house.post("hot-1", "/v1/passed-keys", body), 409, "wrong-state");
    let release = house.post("p-hsh", "/v1/preparations", wish(&code));
    assert_eq!(release.status, 201, "{}", release.text);
    assert_eq!(release.body["passed"]["centre"], "huashan");
    let holder = &house.stage.identities["p-hsh"];
    assert_eq!(house.open(&release.body, holder), Ok(house.drawn(&code)));
    // The key passed on opens this slot alone.
    let other = house.post("p-rjs", "/v1/preparations", wish(&stays));
    let mut mixed = release.body.clone();
    mixed["slot"] = other.body["slot"].clone();
    assert_eq!(house.open(&mixed, holder), Err(NotProven::DoesNotOpen));
    refused(&house.post("p-rjs", "/v1/preparations", wish(&code)), 404, "no-such-record");
    assert_eq!(house.get("hot-1", "/v1/passed-keys").body["waiting"], json!([]));
    house.trail_is([
        "slot-key-passed",
        "refused wrong-state",
        "release-for-preparation",
        "release-for-preparation",
        "refused no-such-record",
        "passing-read",
    ]);
}

// shows: DI-12, AC-8
#[test]
fn a_key_is_passed_on_by_its_sender_for_who_moved_to_where_they_are_and_once() {
    let house = House::raise();
    let (one, _, _) = house.randomised(0, 1, true);
    let (two, _, _) = house.randomised(0, 2, true);
    moved(&house, &one, "huashan");
    let waiting = house.get("stat-1", "/v1/passed-keys").body["waiting"][0].clone();
    let good = passed(&house, "stat-1", &waiting);
    house.so_far();
    let with = |who: &str, field: &str, value: Value| {
        let mut body = good.clone();
        body[field] = value;
        house.post(who, "/v1/passed-keys", body)
    };
    refused(&with("stat-1", "sealed", json!("00".repeat(60))), 422, "signature-does-not-verify");
    refused(&with("hot-1", "epoch", json!(1)), 422, "signature-does-not-verify");
    refused(&with("stat-1", "epoch", json!(2)), 403, "not-granted-yet");
    refused(&with("stat-1", "centre", json!("renji-west")), 409, "wrong-state");
    refused(&with("stat-1", "participant", json!(two)), 409, "wrong-state");
    refused(&with("stat-1", "participant", json!("ZZZZZZZZ")), 404, "no-such-record");
    for who in ["p-hsh", "i-hsh", "admin-1", "mon-1"] {
        refused(&house.post(who, "/v1/passed-keys", good.clone()), 403, "not-your-role");
        refused(&house.get(who, "/v1/passed-keys"), 403, "not-your-role");
    }
    house.so_far();
    assert_eq!(fields(&with("stat-1", "sealed", json!("00"))), ["/sealed bytes-form"]);
    assert_eq!(fields(&with("stat-1", "centre", json!("No Centre"))), ["/centre choice-unknown"]);
    let key = "one-key-for-one-act";
    let first = house.act_once("stat-1", "POST", "/v1/passed-keys", key, good.clone());
    let again = house.act_once("stat-1", "POST", "/v1/passed-keys", key, good);
    assert_eq!((first.status, again.body["repeated"].as_bool()), (201, Some(true)));
    house.trail_is(["slot-key-passed"]);
}
