//! The sealed part of a code break's record: kept without being read, asked for at the closure, opened by holders alone.

use crate::house::{House, anonymous, fields, refused};
use klero::cli::stage::{Reply, signature};
use klero::dice::{FixedDice, roll};
use klero::domain::ids::{CentreId, Reference};
use klero::sealing::bytes::{hex, sha256, unhex, unhex_array};
use klero::sealing::centre_key::CentreKey;
use klero::sealing::checkpoint::TrailKey;
use klero::sealing::sealed_record::{
    RecordKind, RecordPlace, SealedRecord, open_record, seal_record,
};
use klero::sealing::signature::{Purpose, act_text};
use klero::sealing::slot::Wrap;
use klero::sealing::tree::{self, leaf_hash};
use klero::sealing::wrap::{WrapPlace, unwrap};
use serde_json::{Value, json};

const PARTS: &str = "/v1/sealed-parts";
const THINKS: &str = r#"{"v":1,"relatedAfter":"definite","narrative":"belimumab did it"}"#;

/// A code of Renji South, broken by the hotline and written about.
fn broken(house: &House) -> String {
    let (_, number, _) = house.randomised(0, 1, true);
    let release = house.post(
        "hot-1",
        "/v1/breaks",
        json!({"participant": number, "requester": "Demo physician", "callBack": "000",
               "category": "sae-management", "whatHappened": "invented", "depends": true,
               "signature": signature("hot-1", "break-code")}),
    );
    let reference = release.text_at("reference").to_owned();
    let answers = json!({
        "serious": "yes", "severity": "severe", "related-before": "possible",
        "treatment": "stopped", "goes-on": "yes", "knows": "the physician",
        "stays-blind": "everybody else", "in-line": "yes", "impact": "none",
    });
    let body = json!({"answers": answers, "signature": signature("i-rjs", "follow-up")});
    let path = format!("/v1/breaks/{reference}/follow-up");
    assert_eq!(house.post("i-rjs", &path, body).status, 200);
    house.so_far();
    reference
}

fn key(house: &House, who: &str, wrap: &Value) -> CentreKey {
    let at = WrapPlace {
        trial: house.stage.house().trial.id.clone(),
        centre: CentreId::parse(wrap["centre"].as_str().unwrap()).unwrap(),
        epoch: 1,
        person: house.stage.identities[who].card().person.clone(),
    };
    let wrap = Wrap::from_bytes(&unhex(wrap["wrap"].as_str().unwrap()).unwrap()).unwrap();
    unwrap(&wrap, &at, house.stage.identities[who].opening()).unwrap()
}

fn place(house: &House, record: &str) -> RecordPlace {
    RecordPlace {
        trial: house.stage.house().trial.id.clone(),
        centre: CentreId::parse("renji-south").unwrap(),
        record: Reference::parse(record).unwrap(),
        epoch: 1,
        kind: RecordKind::Break,
    }
}

/// A part as the writer's device seals it, not signed yet.
fn part(house: &House, who: &str, reference: &str, text: &str, n: u64) -> Value {
    let wraps = house.get(who, &format!("{PARTS}/{reference}")).body;
    house.so_far();
    let key = key(house, who, &wraps["wraps"][0]);
    let dice = FixedDice::new(n);
    let record = Reference::from_bytes(roll(&dice));
    let sealed = seal_record(&key, &place(house, record.as_str()), text, roll(&dice)).unwrap();
    let sealed = hex(sealed.as_bytes());
    json!({"reference": reference,
           "record": {"record": record.as_str(), "epoch": 1, "sealed": sealed}})
}

fn signed(who: &str, mut part: Value) -> Value {
    part["signature"] = signature(who, "seal-part");
    part
}

fn closed(house: &House, reference: &str, answers: Value) -> Reply {
    let body = json!({"answers": answers, "signature": signature("i-rjs", "close-break")});
    house.post("i-rjs", &format!("/v1/breaks/{reference}/close"), body)
}

// shows: EU-9, EU-11, I1, I3, I9
#[test]
fn what_is_thought_once_the_arm_is_known_is_sealed_for_holders_and_everybody_else_learns_that_it_is_there()
 {
    let house = House::raise();
    let reference = broken(&house);
    let there = format!("{PARTS}/{reference}");
    let know = |who: &str| house.get(who, "/v1/breaks").body["breaks"][0]["sealedPart"].clone();
    assert_eq!(know("mon-1"), false);
    house.so_far();
    let body = signed("hot-1", part(&house, "hot-1", &reference, THINKS, 1));
    let second = part(&house, "i-rjs", &reference, "{}", 2);
    let kept = house.act_once("hot-1", "POST", PARTS, "one-key-for-one-part", body.clone());
    assert_eq!(kept.status, 201, "{}", kept.text);
    let (line, _) = house.check_receipt(&kept.body["receipt"]);
    let sealed = unhex(body["record"]["sealed"].as_str().unwrap()).unwrap();
    assert_eq!(line["data"]["sealed"], hex(&sha256(&sealed)));
    assert_eq!(line["on"]["reference"], reference);
    let again = house.act_once("hot-1", "POST", PARTS, "one-key-for-one-part", body.clone());
    assert_eq!((again.status, &again.body["repeated"]), (200, &json!(true)));
    // A name is used once; written again, the last one counts.
    refused(&house.post("hot-1", PARTS, body), 409, "wrong-state");
    let second = house.post("i-rjs", PARTS, signed("i-rjs", second));
    let (line, _) = house.check_receipt(&second.body["receipt"]);
    assert_eq!(line["data"]["replaces"], kept.body["receipt"]["index"]);
    house.trail_is(["sealed-part-kept", "refused wrong-state", "sealed-part-kept"]);
    for who in ["mon-1", "spon-1"] {
        assert_eq!(know(who), true);
    }
    house.so_far();
    for who in ["mon-1", "spon-1", "c-rjs", "p-rjs", "admin-1"] {
        refused(&house.get(who, &there), 403, "not-your-role");
    }
    house.so_far();
    for who in ["i-rjs", "hot-1", "stat-1"] {
        let read = house.get(who, &there);
        assert_eq!(read.status, 200, "{who}: {}", read.text);
        house.trail_is(["sealed-part-read"]);
        let one = &read.body["records"][0];
        let at = place(&house, one["record"].as_str().unwrap());
        let bytes = unhex(one["sealed"].as_str().unwrap()).unwrap();
        let sealed = SealedRecord::of(RecordKind::Break, &bytes).unwrap();
        let key = key(&house, who, &read.body["wraps"][0]);
        assert_eq!(*open_record(&key, &at, &sealed).unwrap(), THINKS);
        stands(&house, &read, one);
    }
}

/// The entry that kept a record is in the tree of the answer's checkpoint, and holds the hash of its bytes.
fn stands(house: &House, read: &Reply, one: &Value) {
    let vkey = house.stage.get("mon-1", "/v1/commitment").text_at("trailKey").to_owned();
    let note = read.body["receipt"]["checkpoint"].as_str().unwrap();
    let signed = TrailKey::parse(&vkey).unwrap().check(note).unwrap();
    let line = one["line"].as_str().unwrap();
    let proof: Vec<_> = one["proof"].as_array().unwrap().iter().collect();
    let proof: Vec<_> = proof.iter().map(|h| unhex_array(h.as_str().unwrap()).unwrap()).collect();
    let (leaf, index) = (leaf_hash(line.as_bytes()), one["entry"].as_u64().unwrap());
    assert_eq!(tree::root_from_path(&leaf, index, signed.size, &proof), Some(signed.root));
    let line: Value = serde_json::from_str(line).unwrap();
    let sealed = unhex(one["sealed"].as_str().unwrap()).unwrap();
    assert_eq!(line["data"]["sealed"], hex(&sha256(&sealed)));
}

// shows: EU-10
#[test]
fn a_break_closes_with_its_sealed_part_or_with_the_reason_why_there_is_none_and_then_nothing_is_sealed()
 {
    let house = House::raise();
    let (first, told) = (broken(&house), json!({"unconfirmed": "the battery was empty"}));
    let late = signed("hot-1", part(&house, "hot-1", &first, THINKS, 2));
    let body = signed("i-rjs", part(&house, "i-rjs", &first, THINKS, 1));
    let lacking = closed(&house, &first, told.clone());
    assert_eq!(fields(&lacking), ["/answers/no-sealed-part required"]);
    assert_eq!(house.post("i-rjs", PARTS, body).status, 201);
    assert_eq!(closed(&house, &first, told).status, 200);
    refused(&house.post("hot-1", PARTS, late), 409, "wrong-state");
    house.trail_is(["sealed-part-kept", "break-closed", "refused wrong-state"]);
}

// shows: EU-9, AC-5, I10
#[test]
fn elsewhere_unknown_unsigned_and_without_a_key_nothing_is_kept_and_no_lock_is_lifted() {
    let mut house = House::raise();
    let reference = broken(&house);
    house.admit("i-new", "investigator", &["renji-south"]);
    house.so_far();
    let good = part(&house, "hot-1", &reference, THINKS, 1);
    let foreign = house.post("i-hsh", PARTS, signed("i-hsh", good.clone()));
    refused(&foreign, 404, "no-such-record");
    let mut unknown = good.clone();
    unknown["reference"] = "ZZZZZZZZ".into();
    let unknown = house.post("i-hsh", PARTS, signed("i-hsh", unknown));
    refused(&unknown, 404, "no-such-record");
    assert_eq!(anonymous(&foreign), anonymous(&unknown));
    for path in [format!("{PARTS}/{reference}"), format!("{PARTS}/ZZZZZZZZ")] {
        refused(&house.get("i-hsh", &path), 404, "no-such-record");
    }
    // Who cannot read it back may not write it.
    let keyless = house.post("i-new", PARTS, signed("i-new", good.clone()));
    refused(&keyless, 403, "not-granted-yet");
    refused(&house.get("i-new", &format!("{PARTS}/{reference}")), 403, "not-granted-yet");
    refused(&house.post("hot-1", PARTS, signed("hot-2", good.clone())), 401, "signature-needed");
    for length in [4123, 4125, 1052] {
        let mut other = good.clone();
        other["record"]["sealed"] = "00".repeat(length).into();
        let told = house.post("hot-1", PARTS, signed("hot-1", other));
        assert_eq!(fields(&told), ["/record/sealed bytes-form"]);
    }
    house.trail_is([
        "refused no-such-record",
        "refused no-such-record",
        "refused no-such-record",
        "refused no-such-record",
        "refused not-granted-yet",
        "refused not-granted-yet",
        "refused signature-needed",
    ]);
}

// shows: AT-8
#[test]
fn the_key_that_seals_it_signs_it_too_and_its_signature_fits_no_other_part() {
    let house = House::raise();
    let reference = broken(&house);
    let body = part(&house, "hot-1", &reference, THINKS, 1);
    let other = part(&house, "hot-1", &reference, "{}", 2);
    let once = "a-key-for-the-signed-part";
    let meaning = signature("hot-1", "seal-part")["meaning"].as_str().unwrap().to_owned();
    let hash = sha256(body.to_string().as_bytes());
    let text = act_text("seal-part", once, &hash, &meaning);
    let key = house.stage.identities["hot-1"].sign(Purpose::Act, text.as_bytes());
    let with = |mut part: Value| {
        part["signature"] = json!({"key": hex(&key), "meaning": meaning});
        house.act_once("hot-1", "POST", PARTS, once, part)
    };
    refused(&with(other), 401, "signature-needed");
    let kept = with(body);
    assert_eq!(kept.status, 201, "{}", kept.text);
    let (line, _) = house.check_receipt(&kept.body["receipt"]);
    assert_eq!(line["data"]["signed"], "key");
    house.trail_is(["refused signature-needed", "sealed-part-kept"]);
}
