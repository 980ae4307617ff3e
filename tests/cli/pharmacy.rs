//! `klero pharmacy report` on records as the service hands them out: opened, added up, and what does not balance named.

use crate::desk::{Desk, TRIAL};
use klero::dice::{FixedDice, roll};
use klero::domain::ids::{CentreId, PersonId, Reference, TrialId};
use klero::domain::people::Role;
use klero::sealing::bytes::hex;
use klero::sealing::centre_key::CentreKey;
use klero::sealing::identity::{ITERATIONS_MIN, Identity, passphrase};
use klero::sealing::sealed_record::{RecordKind, RecordPlace, seal_record};
use klero::sealing::wrap::{WrapPlace, wrap};
use serde_json::{Value, json};

const REPORT: &str =
    "pharmacy report stock.json --identity p.key.json --words-file words --day 2026-11-21";

/// A holder's desk with sealed records.
struct Pharmacy {
    desk: Desk,
    key: CentreKey,
    dice: FixedDice,
    file: Value,
}

impl Pharmacy {
    fn new(name: &str) -> Self {
        let (desk, dice) = (Desk::new(name), FixedDice::new(31));
        let person = PersonId::parse("p-hs-1").expect("an id");
        let centre = CentreId::parse("huashan").expect("an id");
        let here = [centre.clone()];
        let identity = Identity::generate(&person, Role::Pharmacist, &here, &dice).expect("a key");
        let words = passphrase(&dice);
        desk.write_secret("p.key.json", &identity.to_file(&words, ITERATIONS_MIN, &dice));
        desk.write_secret("words", &words);
        let key = CentreKey::roll(&dice);
        let at = WrapPlace { trial: trial(), centre, epoch: 1, person };
        let wrapped = wrap(&key, &at, &identity.card().opening, &dice).expect("a card's point");
        let file = json!({
            "trial": trial().as_str(), "centre": "huashan", "records": [],
            "wraps": [{"centre": "huashan", "epoch": 1, "person": "p-hs-1",
                       "wrap": hex(wrapped.as_bytes())}],
        });
        Self { desk, key, dice, file }
    }

    fn keep(&mut self, kind: RecordKind, body: &Value) {
        let record = Reference::from_bytes(roll(&self.dice));
        let at = RecordPlace {
            trial: trial(),
            centre: CentreId::parse("huashan").expect("an id"),
            record: record.clone(),
            epoch: 1,
            kind,
        };
        let text = body.to_string();
        let sealed = seal_record(&self.key, &at, &text, roll(&self.dice)).expect("it fits");
        let records = self.file["records"].as_array_mut().expect("a list");
        let entry = records.len() * 3 + 7;
        records.push(json!({"record": record.as_str(), "kind": kind.as_str(), "epoch": 1,
                            "release": null, "entry": entry, "sealed": hex(sealed.as_bytes())}));
    }

    fn event(&mut self, event: &str, product: &str, lot: &str, units: u32) {
        self.keep(
            RecordKind::Stock,
            &json!({"v": 1, "event": event, "product": product, "lot": lot,
                    "expiry": "2027-03-31", "units": units, "scan": "", "reason": ""}),
        );
    }

    fn prepared(&mut self, participant: &str, visit: &str, arm: &str, units: u32) {
        self.keep(
            RecordKind::Preparation,
            &json!({"v": 1, "participant": participant, "visit": visit, "arm": arm, "fits": true,
                    "lines": [{"product": "", "lot": "A1", "expiry": "2027-03-31",
                               "units": units}]}),
        );
    }

    fn file(&self) -> &Desk {
        self.desk.write("stock.json", &self.file.to_string());
        &self.desk
    }
}

fn trial() -> TrialId {
    TrialId::parse("NCT04515719").expect("an id")
}

/// Twenty came in of each product; two infusions of one participant, one of another.
fn filled(name: &str) -> Pharmacy {
    let mut pharmacy = Pharmacy::new(name);
    for product in ["belimumab", "placebo"] {
        pharmacy.event("received", product, "A1", 20);
    }
    pharmacy.prepared("HSH-001", "V1", "belimumab", 1);
    pharmacy.prepared("HSH-001", "V2", "belimumab", 1);
    pharmacy.prepared("HSH-002", "V1", "placebo", 0);
    pharmacy
}

// shows: DI-10
#[test]
fn every_lot_is_added_up_and_what_balances_is_said_to() {
    let mut pharmacy = filled("balances");
    pharmacy.event("damaged", "belimumab", "A1", 1);
    pharmacy.event("returned", "belimumab", "A1", 2);
    pharmacy.event("count", "belimumab", "A1", 15);
    let ran = pharmacy.file().done(REPORT);
    assert!(ran.out.ends_with("every lot balances\n"), "{}", ran.out);
    assert!(!ran.err.contains("belimumab"), "what is opened goes to stdout alone");
    let told = pharmacy.file().done(&format!("{REPORT} --json"));
    let told: Value = serde_json::from_str(&told.out).expect("one document");
    let lot = &told["data"]["centres"][0]["lots"][0];
    let of = |name: &str| lot[name].as_i64().expect("a number");
    assert_eq!((of("received"), of("used"), of("damaged"), of("returned")), (20, 2, 1, 2));
    assert_eq!(of("onHand"), 15);
    assert_eq!(told["data"]["balances"], true);
}

// shows: DI-10, DI-3
#[test]
fn what_does_not_balance_is_named_and_ends_with_20() {
    let mut pharmacy = filled("wrong");
    pharmacy.event("count", "belimumab", "A1", 15);
    pharmacy.event("lost", "placebo", "NEVER", 1);
    pharmacy.event("recalled", "placebo", "A1", 0);
    let ran = pharmacy.file().refused(20, "stock-does-not-balance", REPORT);
    for words in ["the last count differs by -3", "never received here", "1 more went", "recalled"]
    {
        assert!(ran.err.contains(words), "{words}: {}", ran.err);
    }
    assert!(ran.err.contains("in 3 places"), "{}", ran.err);
}

// shows: DI-10
#[test]
fn the_need_is_projected_at_its_worst_from_what_was_opened_and_who_was_not() {
    let pharmacy = filled("needs");
    let ran = pharmacy.file().done(&format!("{REPORT} --trial {TRIAL} --unprepared 2"));
    // 14 infusions: 12 to come of the one, and twice 14 of those whose product nobody here knows.
    assert!(ran.out.contains("belimumab: at most 40 units"), "{}", ran.out);
    assert!(ran.out.contains("18 usable here, 22 short"), "{}", ran.out);
    assert!(ran.out.contains("placebo: at most 0 units"), "{}", ran.out);
    let late = REPORT.replace("2026-11-21", "2027-04-01");
    let ran = pharmacy.file().done(&format!("{late} --trial {TRIAL}"));
    assert!(ran.out.contains("0 usable here, 12 short"), "all of it has expired: {}", ran.out);
}

#[test]
fn a_record_that_was_altered_a_page_that_is_missing_and_a_key_that_is_not_held_are_told_apart() {
    let mut pharmacy = filled("altered");
    let whole = pharmacy.file.clone();
    let sealed = pharmacy.file["records"][1]["sealed"].as_str().expect("bytes").to_owned();
    let first = if sealed.starts_with('0') { "1" } else { "0" };
    pharmacy.file["records"][1]["sealed"] = format!("{first}{}", &sealed[1..]).into();
    let ran = pharmacy.file().refused(21, "record-does-not-open", REPORT);
    assert!(!ran.err.contains("onHand"), "nothing is added up without it: {}", ran.err);
    pharmacy.file = whole.clone();
    pharmacy.file["more"] = true.into();
    pharmacy.file().refused(15, "records-not-whole", REPORT);
    pharmacy.file = whole.clone();
    pharmacy.file["records"][0]["epoch"] = 2.into();
    let ran = pharmacy.file().refused(20, "stock-does-not-balance", REPORT);
    assert!(ran.err.contains("\"closed\":1"), "{}", ran.err);
    pharmacy.file = whole;
    pharmacy.file["wraps"][0]["epoch"] = 2.into();
    pharmacy.file().refused(13, "not-wrapped-to-this-key", REPORT);
    pharmacy.desk.write("stock.json", "{}");
    pharmacy.desk.refused(15, "records-unreadable", REPORT);
}
