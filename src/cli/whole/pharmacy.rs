//! The simulated pharmacies: what comes in, what is used for whom, all of it sealed on the pharmacist's own device.

use super::Whole;
use super::changes::centre_key;
use crate::cli::pharmacy::imbalances;
use crate::cli::stage::{CENTRES, Reply, signature};
use crate::dice::roll;
use crate::domain::ids::{CentreId, Reference};
use crate::sealing::bytes::hex;
use crate::sealing::centre_key::CentreKey;
use crate::sealing::sealed_record::{RecordKind, RecordPlace, seal_record};
use serde_json::{Value, json};

/// Every centre gets a lot of each product, enough for everybody.
pub fn stocked(whole: &mut Whole, each: u32) {
    for (centre, letters) in CENTRES {
        let who = format!("p-{letters}");
        let key = (1, centre_key(whole, &who, centre, 1));
        let arms = whole.stage.study.manifest.manifest.arms.clone();
        for (number, arm) in arms.iter().enumerate() {
            let text = json!({"v": 1, "event": "received", "product": arm,
                              "lot": format!("LOT{number}"), "expiry": "2036-12-31",
                              "units": each});
            let record = sealed(whole, &key, centre, RecordKind::Stock, &text);
            let body = json!({"centre": centre, "record": record});
            whole.done(&who, "/v1/pharmacy-records", body);
        }
        whole.keys.insert(centre.to_owned(), key);
    }
}

fn sealed(
    whole: &Whole,
    (epoch, key): &(u32, CentreKey),
    centre: &str,
    kind: RecordKind,
    text: &Value,
) -> Value {
    let record = Reference::from_bytes(roll(&whole.dice));
    let at = RecordPlace {
        trial: whole.stage.house().trial.id.clone(),
        centre: CentreId::parse(centre).expect("the cast's centres are well formed"),
        record: record.clone(),
        epoch: *epoch,
        kind,
    };
    let sealed = seal_record(key, &at, &text.to_string(), roll(&whole.dice)).expect("it fits");
    json!({"record": record.as_str(), "epoch": epoch, "sealed": hex(sealed.as_bytes())})
}

/// Records what was prepared: a part for everybody, and one for holders alone.
pub fn recorded(whole: &mut Whole, one: usize, visit: &str, release: &Reply, arm: &str) {
    let who = whole.staff(one, "p");
    let centre = CENTRES[whole.people[one].centre].0;
    let arms = &whole.stage.study.manifest.manifest.arms;
    let number = arms.iter().position(|name| name == arm).unwrap_or_default();
    let line = json!({"product": arm, "lot": format!("LOT{number}"), "expiry": "2036-12-31",
                      "units": 1});
    let text = json!({"v": 1, "participant": whole.people[one].number, "visit": visit, "arm": arm,
                      "fits": true, "lines": [line], "remark": ""});
    let key = &whole.keys[centre];
    let record = sealed(whole, key, centre, RecordKind::Preparation, &text);
    let body = json!({
        "volume": whole.stage.house().trial.preparation.diluent_ml, "masked": "masked",
        "appearance": true, "noSecondCheck": "the simulation has one pharmacist a centre",
        "record": record, "signature": signature(&who, "record-preparation"),
    });
    let path = format!("/v1/preparations/{}/record", release.text_at("reference"));
    whole.done(&who, &path, body);
    *whole.used.entry(arm.to_owned()).or_default() += 1;
    let code = &whole.people[one].code;
    whole.discordant += u64::from(whole.arms.get(code).is_none_or(|drawn| drawn != arm));
}

/// What the hotline thinks of a code break once the arm is known, sealed to the centre where the participant is.
pub fn sealed_about(whole: &mut Whole, one: usize, number: usize) {
    let (centre, release) = (CENTRES[whole.people[one].centre].0, whole.breaks[number].clone());
    let text = json!({"v": 1, "release": release, "participant": whole.people[one].number,
                      "relatedAfter": "possible", "narrative": "an invented narrative"});
    let record = sealed(whole, &whole.keys[centre], centre, RecordKind::Break, &text);
    let body = json!({"reference": release, "record": record,
                      "signature": signature("hot-1", "seal-part")});
    whole.done("hot-1", "/v1/sealed-parts", body);
    whole.count("code breaks with a sealed part");
}

/// Hands over, after the wait.
pub fn handed_over(whole: &mut Whole, one: usize, reference: &str) {
    let who = whole.staff(one, "p");
    let path = format!("/v1/preparations/{reference}/hand-over");
    whole.done(&who, &path, json!({"to": "Demo nurse"}));
}

/// Each centre's records, opened by its pharmacist at home: how many of them, and what does not balance.
pub fn reconciled(whole: &mut Whole) -> (usize, Result<usize, String>) {
    let (mut count, mut wrong) = (0, 0);
    for (centre, letters) in CENTRES {
        let who = format!("p-{letters}");
        whole.wake(&who);
        let (mut pages, mut after) = (vec![], String::new());
        loop {
            let page = whole.stage.get(&who, &format!("/v1/pharmacy-records/{centre}{after}"));
            let records = page.body["records"].as_array().cloned().unwrap_or_default();
            count += records.len();
            let last = records.last().and_then(|record| record["record"].as_str());
            after = format!("?after={}", last.unwrap_or_default());
            let more = page.body["more"] == true;
            pages.push(page.text);
            if !more {
                break;
            }
        }
        match imbalances(&pages, &whole.stage.identities[&who]) {
            Ok(found) => wrong += found,
            Err(failure) => return (count, Err(failure.to_string())),
        }
    }
    (count, Ok(wrong))
}
