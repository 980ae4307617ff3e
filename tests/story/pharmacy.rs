//! The pharmacy's part of the story: what is sealed differs with the arm wherever it can, and nobody else may notice.

use super::World;
use klero::cli::stage::{CENTRES, password, signature};
use klero::dice::{FixedDice, roll};
use klero::domain::ids::{CentreId, Reference};
use klero::sealing::bytes::hex;
use klero::sealing::centre_key::CentreKey;
use klero::sealing::sealed_record::{RecordKind, RecordPlace, seal_record};
use serde_json::{Value, json};

const RECORDS: &str = "/v1/pharmacy-records";

impl World {
    /// The newest number: every record's name and nonce are rolled from one of their own.
    pub fn sealed(
        &mut self,
        key: &CentreKey,
        (centre, epoch): (&str, u32),
        kind: RecordKind,
        text: &Value,
    ) -> Value {
        self.sealed_records += 1;
        let dice = FixedDice::new(90_000 + self.sealed_records);
        let record = Reference::from_bytes(roll(&dice));
        let at = RecordPlace {
            trial: self.stage.house().trial.id.clone(),
            centre: CentreId::parse(centre).expect("a centre's id"),
            record: record.clone(),
            epoch,
            kind,
        };
        let sealed = seal_record(key, &at, &text.to_string(), roll(&dice)).expect("it fits");
        json!({"record": record.as_str(), "epoch": epoch, "sealed": hex(sealed.as_bytes())})
    }

    /// The record of a release, its sealed part as the arm asks for: another lot, another waste, a longer remark.
    pub fn recording(&mut self, who: &str, release: &Value) -> Value {
        let (place, _, key, _) = self.parts(who, release);
        let arm = self.arms()[&place.code.to_string()].clone();
        let centre = place.stratum.as_str().split('/').next().unwrap_or_default().to_owned();
        let active = arm == "belimumab";
        let lines = if active {
            json!([{"product": "0415", "lot": "AB12", "expiry": "2027-03-31", "units": 1}])
        } else {
            json!([])
        };
        let remark = if active { "half of the vial was left over" } else { "" };
        let text = json!({"v": 1, "arm": arm, "fits": true, "lines": lines, "remark": remark});
        let record = self.sealed(&key, (&centre, place.epoch), RecordKind::Preparation, &text);
        json!({
            "volume": 250, "masked": "masked", "appearance": true, "prescription": "Rx 1",
            "noSecondCheck": "the colleague is away", "record": record,
            "signature": signature(who, "record-preparation"),
        })
    }

    /// Records a preparation with the mistakes that can be made, and hands over too early.
    pub fn preparation_recorded(&mut self, who: &str, release: &Value) {
        let reference = release["reference"].as_str().unwrap_or_default().to_owned();
        let path = format!("/v1/preparations/{reference}");
        self.act(who, &format!("{path}/hand-over"), json!({"to": "Demo nurse"}), 409);
        let body = self.recording(who, release);
        let mut unsigned = body.clone();
        unsigned["signature"]["password"] = "not the password".into();
        self.act(who, &format!("{path}/record"), unsigned, 401);
        let mut alone = body.clone();
        alone["noSecondCheck"] = " ".into();
        self.act(who, &format!("{path}/record"), alone, 422);
        let key = self.stage.new_key();
        self.act_once(who, &format!("{path}/record"), &key, body.clone(), 201);
        self.act_once(who, &format!("{path}/record"), &key, body.clone(), 200);
        self.act(who, &format!("{path}/record"), body.clone(), 409);
        self.act("c-rjs", &format!("{path}/record"), body, 403);
        self.act(who, &format!("{path}/hand-over"), json!({"to": "Demo nurse"}), 409);
        self.prepared.push((who.to_owned(), reference));
    }

    /// The newcomer's first preparation is checked by the colleague, who mistypes first.
    pub fn checked_by_a_second(&mut self, release: &Value) {
        let reference = release["reference"].as_str().unwrap_or_default();
        let path = format!("/v1/preparations/{reference}/record");
        let mut body = self.recording("p-new", release);
        if let Some(fields) = body.as_object_mut() {
            fields.remove("noSecondCheck");
        }
        let meaning = signature("p-rjw", "check")["meaning"].clone();
        let check =
            |password: String| json!({"person": "p-rjw", "password": password, "meaning": meaning});
        body["secondCheck"] = check("not the password".to_owned());
        self.act("p-new", &path, body.clone(), 403);
        body["secondCheck"] = check(password("p-rjw"));
        self.act("p-new", &path, body, 201);
    }

    /// The wait is over: everything that was recorded is handed over, whatever it was.
    pub fn handed_over(&mut self) {
        self.wait(46 * 60);
        self.days_later(0);
        for (who, reference) in std::mem::take(&mut self.prepared) {
            let path = format!("/v1/preparations/{reference}/hand-over");
            self.act(&who, &path, json!({"to": "Demo nurse"}), 201);
            self.act(&who, &path, json!({"to": "Demo nurse"}), 409);
            self.act("hot-1", &path, json!({"to": "Demo nurse"}), 403);
        }
        for who in ["p-rjs", "p-hsh"] {
            self.send(who, "GET", "/v1/preparations", &[], None);
        }
    }

    /// What comes in, what is counted, and a loss of whatever the first participant had.
    pub fn stocked(&mut self, codes: &[(String, String)]) {
        for (centre, letters) in CENTRES {
            let who = format!("p-{letters}");
            let key = self.centre_key(&who, centre, 1);
            let prefix = letters.to_uppercase();
            let mine = codes.iter().find(|(number, _)| number.starts_with(&prefix));
            let arm = mine.map(|(_, code)| self.arms()[code].clone()).unwrap_or_default();
            for event in ["received", "quarantined", "damaged", "count"] {
                let text = json!({"v": 1, "event": event, "product": arm, "lot": "AB12",
                                  "units": if arm == "belimumab" { 1 } else { 20 }});
                let record = self.sealed(&key, (centre, 1), RecordKind::Stock, &text);
                let body = json!({"centre": centre, "record": record});
                let once = self.stage.new_key();
                self.act_once(&who, RECORDS, &once, body.clone(), 201);
                self.act_once(&who, RECORDS, &once, body.clone(), 200);
                self.act(&who, RECORDS, body.clone(), 409);
                self.act("mon-1", RECORDS, body, 403);
            }
            for reader in [who.as_str(), "stat-1", "p-rjs", "c-rjs"] {
                self.send(reader, "GET", &format!("{RECORDS}/{centre}"), &[], None);
            }
        }
    }
}
