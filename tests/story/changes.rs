//! The chapters of keys that change.

use super::World;
use super::acts::{emergency, preparation, text};
use klero::dice::FixedDice;
use klero::domain::ids::{CentreId, Code, EnrolmentNumber, PersonId, StratumId};
use klero::sealing::bytes::{hex, sha256, unhex};
use klero::sealing::centre_key::CentreKey;
use klero::sealing::passed::{PassedTerms, pass_key, sign_passed};
use klero::sealing::rotate::rotate;
use klero::sealing::slot::{Place, Wrap};
use klero::sealing::wrap::{WrapPlace, unwrap};
use klero::store::StoreError;
use serde_json::{Value, json};
use std::collections::BTreeSet;

impl World {
    /// The western campus gets its next key: once too late, once in time; and what is issued after it opens.
    pub fn rotated(&mut self) {
        let path = "/v1/rotations";
        let late = self.rotation();
        self.one_more(8, false);
        self.act("stat-1", path, late, 409);
        let body = self.rotation();
        self.act("admin-1", path, body.clone(), 403);
        self.act("stat-1", path, json!({"rotation": "{}"}), 422);
        let key = self.stage.new_key();
        self.act_once("stat-1", path, &key, body.clone(), 201);
        self.act_once("stat-1", path, &key, body.clone(), 201);
        self.act("stat-1", path, body, 409);
        let code = self.one_more(6, true);
        let body = preparation(&code, "V1", None);
        let release = self.act("p-rjw", "/v1/preparations", body, 201);
        assert_eq!(release["slot"]["epoch"], 2);
        self.open_and_confirm("p-rjw", &release);
    }

    /// Somebody more at the western campus, with a code.
    fn one_more(&mut self, number: u32, lldas: bool) -> String {
        let number = self.screen(1, number, lldas, &[]);
        self.sign("i-rjw", &number, true, 200);
        let key = self.stage.new_key();
        text(&self.randomise("c-rjw", &number, &key, 201), "code")
    }

    /// What the statistician's machine makes of the list, as it stands.
    fn rotation(&self) -> Value {
        let centre = CentreId::parse("renji-west").expect("a centre's id");
        let unissued = self.stage.house().store.read(|view| view.unissued(&centre, 0));
        let unissued: BTreeSet<Code> =
            unissued.map_err(|e: StoreError| e).expect("slots").iter().map(|s| s.code).collect();
        let list = &self.stage.study.list;
        let codes = list.rows().iter().map(|row| row.code);
        let issued = codes.filter(|code| !unissued.contains(code)).collect();
        let cards: Vec<_> = self.stage.identities.values().map(|one| one.card().clone()).collect();
        let by = self.identity("stat-1");
        let made = rotate(list, &centre, 2, &issued, (&cards, by), &FixedDice::new(4713));
        json!({"rotation": made.expect("cards of that campus").to_json()})
    }
}

impl World {
    /// The keys of those who moved: nobody there opens before they are passed on, and everybody who may does then.
    pub fn passed_on(&mut self, codes: &[(String, String)]) {
        let path = "/v1/passed-keys";
        let (number, code) = &codes[9];
        let body = emergency("i-rjs", code, Some("DEMO"));
        self.act("i-rjs", "/v1/breaks", body, 403);
        let told = self.send("hot-1", "GET", path, &[], None).body();
        let waits = told["waiting"].as_array().cloned().unwrap_or_default();
        let waits = waits.iter().find(|one| one["number"] == *number).expect("moved");
        let body = self.passed("hot-1", waits);
        self.act("p-rjs", path, body.clone(), 403);
        self.act("hot-2", path, body.clone(), 422);
        let key = self.stage.new_key();
        self.act_once("hot-1", path, &key, body.clone(), 201);
        self.act_once("hot-1", path, &key, body.clone(), 201);
        self.act("hot-1", path, body, 409);
        let body = emergency("i-rjs", code, Some("DEMO"));
        let release = self.act("i-rjs", "/v1/breaks", body, 201);
        assert_eq!(release["passed"]["centre"], "renji-south");
        self.open_and_confirm("i-rjs", &release);
    }

    /// A key of a centre, as the holder's own wrap gives it.
    pub fn centre_key(&mut self, who: &str, centre: &str, epoch: u64) -> CentreKey {
        let told = self.send(who, "GET", &format!("/v1/wraps/{centre}"), &[], None).body();
        let wraps = told["wraps"].as_array().cloned().unwrap_or_default();
        let held = wraps.iter().find(|held| held["epoch"] == epoch).expect("a wrap");
        let bytes = unhex(&text(held, "wrap")).and_then(|bytes| Wrap::from_bytes(&bytes));
        let at = WrapPlace {
            trial: self.stage.house().trial.id.clone(),
            centre: CentreId::parse(centre).expect("a centre's id"),
            epoch: epoch as u32,
            person: PersonId::parse(who).expect("a person's id"),
        };
        unwrap(&bytes.expect("a wrap"), &at, self.identity(who).opening()).expect("their own")
    }

    /// What the passer's device makes for the one that waits.
    fn passed(&mut self, who: &str, waits: &Value) -> Value {
        let (slot, to) = (&waits["slot"], text(waits, "to"));
        let place = Place {
            trial: self.stage.house().trial.id.clone(),
            segment: slot["segment"].as_u64().unwrap_or_default() as u32,
            stratum: StratumId::parse(&text(slot, "stratum")).expect("an id"),
            position: slot["position"].as_u64().unwrap_or_default() as u32,
            code: Code::parse(&text(slot, "code")).expect("a code"),
            epoch: slot["epoch"].as_u64().unwrap_or_default() as u32,
        };
        let epoch = waits["epoch"].as_u64().unwrap_or_default();
        let old = self.centre_key(who, &text(waits, "from"), u64::from(place.epoch));
        let new = self.centre_key(who, &to, epoch);
        let centre = CentreId::parse(&to).expect("a centre's id");
        let sealed = pass_key(&old, &place, (&new, &centre, epoch as u32), [5; 12]);
        let terms = PassedTerms {
            trial: place.trial.clone(),
            participant: EnrolmentNumber::parse(&text(waits, "number")).expect("a number"),
            code: place.code,
            centre,
            epoch: epoch as u32,
            sealed: sha256(sealed.as_bytes()),
            by: PersonId::parse(who).expect("a person's id"),
        };
        let signature = sign_passed(&terms, self.identity(who));
        json!({"participant": waits["participant"], "centre": to, "epoch": epoch,
               "sealed": hex(sealed.as_bytes()), "signature": hex(&signature)})
    }
}
