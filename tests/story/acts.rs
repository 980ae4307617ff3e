//! The acts of the story, chapter by chapter.

use super::World;
use klero::cli::stage::{CENTRES, answers, password, signature};
use klero::dice::FixedDice;
use klero::domain::ids::{CentreId, PersonId};
use klero::domain::people::Role;
use klero::sealing::bytes::{hex, unhex};
use klero::sealing::grant::grant_key;
use klero::sealing::identity::Identity;
use klero::sealing::slot::Wrap;
use klero::sealing::wrap::{WrapPlace, unwrap};
use serde_json::{Value, json};

const DAY: &str = "2026-11-20";
const HASTE: &str = "the demonstration's reason";

/// The text of a member of an answer.
pub fn text(body: &Value, name: &str) -> String {
    body[name].as_str().unwrap_or_default().to_owned()
}

/// A code break of this participant, signed by `who`.
pub fn emergency(who: &str, participant: &str, identifier: Option<&str>) -> Value {
    let mut body = json!({
        "participant": participant, "requester": "Demo physician", "callBack": "000",
        "category": "sae-management", "whatHappened": "an invented emergency", "depends": true,
        "how": "an antidote would be chosen by it", "signature": signature(who, "break-code"),
    });
    if let Some(identifier) = identifier {
        body["identifier"] = identifier.into();
    }
    body
}

pub fn preparation(code: &str, visit: &str, reason: Option<&str>) -> Value {
    let mut body = json!({"code": code, "identifier": "DEMO", "visit": visit});
    if let Some(reason) = reason {
        body["reason"] = reason.into();
    }
    body
}

impl World {
    /// The whole story, without the reading at its end.
    pub fn play(&mut self) {
        self.mistyped_passwords();
        self.wants_to_be_told();
        self.screened();
        self.not_randomised();
        let codes = self.randomised();
        self.prepared(&codes);
        self.stocked(&codes);
        self.handed_over();
        self.rotated();
        self.called_about(&codes);
        self.broke(&codes);
        self.codes_became_known(&codes);
        self.opened_offline(&codes);
        self.recruitment_ended();
        // The wait before hand-over took most of an hour; the later chapters begin at the hour at which they are told.
        self.wait(-50 * 60);
        self.days_later(14);
        self.prepared_later(&codes);
        self.lived(&codes);
        self.passed_on(&codes);
        self.keys_changed_hands(&codes);
        self.told_others();
    }

    fn mistyped_passwords(&mut self) {
        for (name, typed) in [("hot-1", "not the password"), ("nobody-9", "a wrong password")] {
            let body = json!({"name": name, "password": typed});
            let told = self.send("nobody", "POST", "/v1/sessions", &[], Some(&body));
            assert_eq!(told.status, 401);
        }
        self.send("hot-2", "DELETE", "/v1/sessions/mine", &[], None);
        self.send("hot-2", "GET", "/v1/sessions/mine", &[], None);
        self.sign_in("hot-2");
        let token = json!({"token": "0".repeat(40), "password": password("hot-2")});
        self.send("nobody", "POST", "/v1/invitations/accept", &[], Some(&token));
    }

    /// Screens one participant; `other` are answers that differ.
    pub fn screen(
        &mut self,
        centre: usize,
        number: u32,
        lldas: bool,
        other: &[(&str, &str)],
    ) -> String {
        let (place, letters) = CENTRES[centre];
        let number = format!("{}-{number:03}", letters.to_uppercase());
        let mut answers = answers(&number, lldas, DAY);
        for (field, answer) in other {
            answers[*field] = (*answer).into();
        }
        let body = json!({"centre": place, "answers": answers});
        let made = self.act(&format!("c-{letters}"), "/v1/participants", body, 201);
        self.references.insert(number.clone(), text(&made, "reference"));
        number
    }

    /// The investigator signs the answers as they stand.
    pub fn sign(&mut self, who: &str, number: &str, another: bool, status: u16) -> Value {
        let path = format!("/v1/participants/{}", self.references[number]);
        let version = text(&self.send(who, "GET", &path, &[], None).body(), "version");
        let mut body = json!({"version": version, "signature": signature(who, "sign-eligibility")});
        if another {
            body["anotherPerson"] = "the invented people share their particulars".into();
        }
        self.act(who, &format!("{path}/eligibility"), body, status)
    }

    fn screened(&mut self) {
        for (centre, (_, letters)) in CENTRES.iter().enumerate() {
            let who = format!("i-{letters}");
            for number in 1..=8 {
                // Five in the first stratum, whose list holds four; everywhere else two are enough.
                let lldas = number <= 5;
                if centre > 0 && !matches!(number, 1 | 2 | 7) {
                    continue;
                }
                let number = self.screen(centre, number, lldas, &[]);
                self.sign(&who, &number, true, 200);
            }
        }
        self.screen(0, 20, true, &[("malignancy_ever", "yes")]);
        self.screen(0, 21, true, &[("consent_given", "no")]);
        self.screen(0, 22, true, &[("sledai", "not-sure")]);
        self.screen(0, 23, true, &[]);
        self.screen(0, 24, true, &[]);
        self.screening_refused();
        self.screening_changed();
    }

    fn screening_refused(&mut self) {
        for (field, answer) in [("sledai", "999"), ("birth_date", "2030-01-01"), ("pga", "x")] {
            let mut answers = answers("RJS-030", true, DAY);
            answers[field] = answer.into();
            let body = json!({"centre": "renji-south", "answers": answers});
            self.act("c-rjs", "/v1/participants", body, 422);
        }
        let taken = json!({"centre": "renji-south", "answers": answers("RJS-001", true, DAY)});
        self.act("c-rjs", "/v1/participants", taken.clone(), 422);
        self.act("c-hsh", "/v1/participants", taken.clone(), 404);
        self.act("p-rjs", "/v1/participants", taken.clone(), 403);
        self.act("nobody", "/v1/participants", taken.clone(), 401);
        self.send("c-rjs", "POST", "/v1/participants", &[], Some(&taken));
        self.act("c-rjs", "/v1/participants", json!({"centre": "renji-south", "arm": 1}), 400);
        self.send("c-rjs", "PUT", "/v1/participants", &[], None);
        self.send("c-rjs", "GET", "/v1/nothing", &[], None);
        self.act("c-rjs", "/v1/participants/search", json!({"number": "RJS-001"}), 200);
        self.act("c-hsh", "/v1/participants/search", json!({"number": "RJS-001"}), 404);
    }

    fn screening_changed(&mut self) {
        let path = format!("/v1/participants/{}", self.references["RJS-022"]);
        let version = text(&self.send("c-rjs", "GET", &path, &[], None).body(), "version");
        let body = json!({"answers": answers("RJS-022", true, DAY)});
        let tag = format!("\"{version}\"");
        let changes =
            [("change-key-000001", tag.as_str(), 200), ("change-key-000002", "\"0\"", 412)];
        for (key, tag, status) in changes {
            let headers = [("idempotency-key", key), ("if-match", tag)];
            let told = self.send("c-rjs", "PATCH", &path, &headers, Some(&body));
            assert_eq!(told.status, status, "{}", told.text);
        }
        let (who, act) = ("i-rjs", "send-back");
        let note = json!({"version": version, "sendBack": "a value is missing",
                          "signature": signature(who, act)});
        self.act(who, &format!("{path}/eligibility"), note, 412);
        self.sign(who, "RJS-020", true, 422);
        // Somebody with the same particulars, without a word about it.
        self.sign(who, "RJS-023", false, 409);
        self.sign("c-rjs", "RJS-023", true, 403);
    }

    pub fn randomise(&mut self, who: &str, number: &str, key: &str, status: u16) -> Value {
        let path = format!("/v1/participants/{}/allocation", self.references[number]);
        let body = json!({"signature": signature(who, "randomise")});
        self.act_once(who, &path, key, body, status)
    }

    fn not_randomised(&mut self) {
        for (who, number, status) in [
            ("c-rjs", "RJS-020", 422),
            ("c-rjs", "RJS-021", 422),
            ("c-rjs", "RJS-022", 422),
            ("c-hsh", "RJS-001", 404),
            ("i-rjs", "RJS-001", 403),
            ("spon-1", "RJS-001", 403),
        ] {
            let key = self.stage.new_key();
            self.randomise(who, number, &key, status);
        }
        let path = format!("/v1/participants/{}/allocation", self.references["RJS-001"]);
        let mut body = json!({"signature": signature("c-rjs", "randomise")});
        body["signature"]["password"] = "not the password".into();
        self.act("c-rjs", &path, body, 401);
        let body = json!({"signature": signature("c-rjs", "break-code")});
        self.act("c-rjs", &path, body, 401);
        self.act("c-rjs", "/v1/participants/K7Q29MXT/allocation", json!({}), 404);
    }

    /// Everybody who can be; again with the same key, and again with another. Returns numbers with codes.
    fn randomised(&mut self) -> Vec<(String, String)> {
        let mut codes = vec![];
        for (centre, (_, letters)) in CENTRES.iter().enumerate() {
            let (who, prefix) = (format!("c-{letters}"), letters.to_uppercase());
            for number in 1..=8 {
                if centre > 0 && !matches!(number, 1 | 2 | 7) {
                    continue;
                }
                let number = format!("{prefix}-{number:03}");
                let key = self.stage.new_key();
                if number == "RJS-005" {
                    // The fifth of four.
                    self.randomise(&who, &number, &key, 409);
                    continue;
                }
                let first = self.randomise(&who, &number, &key, 201);
                codes.push((number.clone(), text(&first, "code")));
                self.randomise(&who, &number, &key, 200);
                let other = self.stage.new_key();
                self.randomise(&who, &number, &other, 200);
            }
        }
        assert_eq!(codes.len(), 7 + 3 * 3);
        codes
    }

    fn prepare(&mut self, who: &str, body: Value, status: u16) -> Value {
        self.act(who, "/v1/preparations", body, status)
    }

    /// The first infusions, of both arms, with every mistake that can be made.
    fn prepared(&mut self, codes: &[(String, String)]) {
        for (number, code) in codes {
            let who = format!("p-{}", number[..3].to_lowercase());
            let key = self.stage.new_key();
            let body = preparation(code, "V1", None);
            let release = self.act_once(&who, "/v1/preparations", &key, body.clone(), 201);
            self.open_and_confirm(&who, &release);
            self.preparation_recorded(&who, &release);
            // The answer was lost, and asked for again under the same key.
            self.act_once(&who, "/v1/preparations", &key, body.clone(), 200);
            self.prepare(&who, body, 409);
            self.confirm(&who, &release, &who, 409);
            let spilt = preparation(code, "V1", Some("the bag was spilt"));
            if number.ends_with('1') {
                let again = self.prepare(&who, spilt, 201);
                let stranger = if who == "p-rjs" { "p-hsh" } else { "p-rjs" };
                self.confirm(&who, &again, stranger, 422);
            }
            self.prepare(&who, preparation(code, "V2", None), 409);
        }
        let code = &codes[0].1;
        let mut wrong = preparation(code, "V1", None);
        wrong["identifier"] = "WRNG".into();
        self.prepare("p-rjs", wrong, 409);
        self.prepare("p-hsh", preparation(code, "V1", None), 404);
        self.prepare("hot-1", preparation(code, "V1", None), 403);
        self.prepare("p-rjs", preparation("9000000", "V1", None), 422);
        self.prepare("p-rjs", preparation(code, "V99", None), 422);
        self.prepare("p-rjs", preparation(code, "V1", Some(" ")), 422);
    }

    /// Found, gone back from, opened as a case: by number, by code, and for everybody who may not.
    fn called_about(&mut self, codes: &[(String, String)]) {
        let find = "/v1/breaks/find";
        for (number, code) in codes.iter().step_by(2) {
            let who = format!("i-{}", number[..3].to_lowercase());
            let asked = json!({"participant": code, "identifier": "DEMO", "caller": "physician"});
            let key = self.stage.new_key();
            self.act_once("hot-1", find, &key, asked.clone(), 200);
            self.act_once("hot-1", find, &key, asked, 200);
            let own = json!({"participant": number, "caller": "investigator"});
            self.act(&who, find, own, 200);
            self.act(&who, "/v1/breaks/leave", json!({"participant": number}), 200);
            let relative = json!({"participant": number, "callBack": "000 222"});
            self.act("hot-2", "/v1/breaks/cases", relative, 201);
        }
        let (number, code) = &codes[0];
        for (who, participant, identifier, status) in [
            ("hot-1", number.as_str(), "WRNG", 409),
            ("hot-1", "RJS-999", "DEMO", 404),
            ("hot-1", "RJS-023", "DEMO", 404),
            ("i-hsh", code, "DEMO", 404),
            ("c-rjs", number, "DEMO", 403),
            ("p-rjs", number, "DEMO", 403),
        ] {
            let asked = json!({"participant": participant, "identifier": identifier,
                               "caller": "physician"});
            self.act(who, find, asked, status);
        }
    }

    fn broke(&mut self, codes: &[(String, String)]) {
        let path = "/v1/breaks";
        for (number, _) in codes.iter().step_by(3) {
            let key = self.stage.new_key();
            let body = emergency("hot-1", number, Some("1988-01-01"));
            let release = self.act_once("hot-1", path, &key, body.clone(), 201);
            self.open_and_confirm("hot-1", &release);
            self.act_once("hot-1", path, &key, body, 200);
            let reference = text(&release, "reference");
            self.breaks.push(reference.clone());
            let read_back = format!("{path}/{reference}/read-back");
            self.act("hot-1", &read_back, json!({"correct": true}), 200);
            self.act("hot-1", &read_back, json!({"correct": true}), 409);
            self.act("hot-2", &read_back, json!({"correct": true}), 404);
        }
        for (number, code) in codes.iter().step_by(4) {
            let who = format!("i-{}", number[..3].to_lowercase());
            // One without a second identifier, which is flagged and never refused.
            let release = self.act(&who, path, emergency(&who, code, None), 201);
            self.open_and_confirm(&who, &release);
        }
        let (number, code) = &codes[1];
        self.act("hot-1", path, emergency("hot-1", number, Some("WRNG")), 409);
        self.act("hot-1", path, emergency("hot-1", "RJS-023", Some("DEMO")), 404);
        self.act("hot-1", path, emergency("hot-1", "RJS-999", Some("DEMO")), 404);
        self.act("i-hsh", path, emergency("i-hsh", code, Some("DEMO")), 404);
        for who in ["c-rjs", "p-rjs", "stat-1", "mon-1", "spon-1", "admin-1"] {
            self.act(who, path, emergency(who, number, Some("DEMO")), 403);
        }
        for (field, value) in [("requester", ""), ("category", "curiosity")] {
            let mut body = emergency("hot-1", number, Some("DEMO"));
            body[field] = value.into();
            self.act("hot-1", path, body, 422);
        }
        let mut body = emergency("hot-1", number, Some("DEMO"));
        body["signature"]["password"] = "not the password".into();
        self.act("hot-1", path, body, 401);
        // One nobody confirms: it is shouted about after ten minutes.
        self.act("hot-2", path, emergency("hot-2", number, Some("DEMO")), 201);
        self.wait(11 * 60);
        self.send("mon-1", "GET", path, &[], None);
        self.followed_up(codes);
        self.drilled();
    }

    /// Two weeks on: due, too early, too late, out of order.
    fn prepared_later(&mut self, codes: &[(String, String)]) {
        for (place, (number, code)) in codes.iter().enumerate() {
            let who = format!("p-{}", number[..3].to_lowercase());
            match place % 3 {
                0 => {
                    let release = self.prepare(&who, preparation(code, "V2", None), 201);
                    self.open_and_confirm(&who, &release);
                }
                1 => {
                    self.prepare(&who, preparation(code, "V3", None), 409);
                    let release = self.prepare(&who, preparation(code, "V3", Some(HASTE)), 201);
                    self.open_and_confirm(&who, &release);
                    self.prepare(&who, preparation(code, "V2", Some(HASTE)), 409);
                }
                _ => {}
            }
        }
        for who in ["p-rjs", "p-hsh"] {
            self.send(who, "GET", "/v1/preparations", &[], None);
        }
    }

    /// A newcomer is invited and given a key; another loses it; a third loses the account.
    fn keys_changed_hands(&mut self, codes: &[(String, String)]) {
        let invitation = json!({"person": "p-new", "name": "Demo newcomer", "role": "pharmacist",
                                "centres": ["renji-west"]});
        let invited = self.act("admin-1", "/v1/people", invitation.clone(), 201);
        self.act("admin-1", "/v1/people", invitation, 409);
        let accepted = json!({"token": text(&invited, "token"), "password": password("p-new")});
        self.act("nobody", "/v1/invitations/accept", accepted, 201);
        self.sign_in("p-new");
        let here = [CentreId::parse("renji-west").expect("a centre's id")];
        let id = PersonId::parse("p-new").expect("a person's id");
        let made = Identity::generate(&id, Role::Pharmacist, &here, &FixedDice::new(4711));
        let card = made.expect("a pharmacist may hold keys");
        let body = json!({"card": card.card().to_json()});
        let headers = [("idempotency-key", "register-key-0001")];
        let told = self.send("p-new", "PUT", "/v1/keys/mine", &headers, Some(&body));
        assert_eq!(told.status, 200, "{}", told.text);
        self.stage.identities.insert("p-new".to_owned(), card);
        let west = codes.iter().find(|(number, _)| number.starts_with("RJW"));
        let code = west.expect("somebody at the western campus").1.clone();
        let spilt = preparation(&code, "V3", Some("spilt twice"));
        self.prepare("p-new", spilt.clone(), 403);
        self.grant("hot-1", "p-new", 201);
        self.grant("hot-1", "p-new", 409);
        let release = self.prepare("p-new", spilt.clone(), 201);
        self.open_and_confirm("p-new", &release);
        self.checked_by_a_second(&release);
        let removal = json!({"person": "p-rjw", "centre": "renji-west"});
        self.act("spon-1", "/v1/grants/remove", removal.clone(), 403);
        self.act("hot-1", "/v1/grants/remove", removal.clone(), 200);
        self.act("hot-1", "/v1/grants/remove", removal, 404);
        self.prepare("p-rjw", spilt, 403);
        for (by, person, principal, status) in [
            ("mon-1", "i-rjw", true, 403),
            ("admin-1", "p-rjw", true, 409),
            ("admin-1", "nobody-here", true, 404),
            ("admin-1", "i-rjw", true, 200),
            ("admin-1", "i-rjw", true, 409),
            ("admin-1", "i-rjw", false, 200),
        ] {
            let path = format!("/v1/people/{person}/principal");
            self.act(by, &path, json!({"principal": principal}), status);
        }
        for who in ["c-sph", "p-sph"] {
            let path = format!("/v1/people/{who}/disable");
            self.act("admin-1", &path, json!({}), 200);
            self.act("admin-1", &path, json!({}), 409);
            self.send(who, "GET", "/v1/trial", &[], None);
            self.gone(who);
        }
    }

    /// An existing holder wraps the key of the western campus to somebody, and signs.
    fn grant(&mut self, by: &str, to: &str, status: u16) {
        let told = self.send(by, "GET", "/v1/wraps/renji-west", &[], None).body();
        let held = unhex(told["wraps"][0]["wrap"].as_str().unwrap_or_default());
        let held = Wrap::from_bytes(&held.unwrap_or_default()).expect("a wrap");
        let at = WrapPlace {
            trial: self.stage.house().trial.id.clone(),
            centre: CentreId::parse("renji-west").expect("a centre's id"),
            epoch: 1,
            person: PersonId::parse(by).expect("a person's id"),
        };
        let key = unwrap(&held, &at, self.identity(by).opening()).expect("the holder's own wrap");
        let (card, giver) = (self.identity(to).card(), self.identity(by));
        let given = grant_key(&key, &at, card, giver, &FixedDice::new(4712)).expect("a card");
        let body = json!({
            "person": to, "centre": "renji-west", "epoch": 1,
            "fingerprint": hex(&given.grant.fingerprint), "wrap": hex(given.wrap.as_bytes()),
            "signature": hex(&given.signature),
        });
        self.act(by, "/v1/grants", body.clone(), status);
        let mut forged = body;
        forged["signature"] = "00".repeat(64).into();
        self.act("admin-1", "/v1/grants", forged, 403);
    }

    /// A letter was found open: its code is never issued. One that is issued, void or of no list is refused.
    fn codes_became_known(&mut self, codes: &[(String, String)]) {
        let path = "/v1/codes/void";
        let body = |who: &str, code: &str| json!({"code": code, "reason": HASTE, "signature": signature(who, "void-code")});
        let rows = self.stage.study.list.rows().iter();
        let mut there = rows.filter(|row| row.stratum.as_str() == "huashan/lldas");
        let waits = there.nth(2).expect("four slots a stratum").code.to_string();
        self.act("c-hsh", path, body("c-hsh", &waits), 403);
        // Nobody signs a review of what they did not verify.
        let review =
            |who: &str| json!({"scope": HASTE, "signature": signature(who, "review-trail")});
        self.act("mon-1", "/v1/trail/review", review("mon-1"), 409);
        self.act("stat-1", "/v1/trail/review", review("stat-1"), 403);
        let key = self.stage.new_key();
        for _ in 0..2 {
            self.act_once("stat-1", path, &key, body("stat-1", &waits), 200);
        }
        self.act("stat-1", path, body("stat-1", &waits), 409);
        self.act("stat-1", path, body("stat-1", &codes[0].1), 409);
        self.act("stat-1", path, body("stat-1", "9000002"), 422);
        let break_it = emergency("hot-1", &waits, None);
        self.act("hot-1", "/v1/breaks", break_it, 404);
    }

    fn decide(&mut self, who: &str, decision: &str, centre: Option<&str>, status: u16) {
        let mut body = json!({"reason": HASTE, "signature": signature(who, "decide-recruitment")});
        if let Some(centre) = centre {
            body["centre"] = centre.into();
        }
        self.act(who, &format!("/v1/recruitment/{decision}"), body, status);
    }

    fn recruitment_ended(&mut self) {
        for (number, decision) in [(9, "pause"), (10, "close")] {
            let number = self.screen(2, number, true, &[]);
            self.sign("i-hsh", &number, true, 200);
            self.decide("spon-1", decision, Some("huashan"), 200);
            let key = self.stage.new_key();
            self.randomise("c-hsh", &number, &key, 409);
        }
        let key = self.stage.new_key();
        self.randomise("c-rjs", "RJS-024", &key, 422);
        self.decide("spon-1", "open", Some("huashan"), 409);
        self.decide("mon-1", "pause", None, 403);
        self.decide("spon-1", "pause", None, 200);
        self.decide("spon-1", "open", None, 200);
        self.decide("spon-1", "close", None, 200);
        let body = json!({"signature": signature("mon-1", "review-list")});
        self.act("mon-1", "/v1/lists/0/review", body, 409);
        // Hashes of files that never come here.
        for (who, stage, file, status) in [
            ("stat-1", "meaning", "01", 409),
            ("mon-1", "groups", "01", 403),
            ("stat-1", "groups", "01", 201),
            ("stat-1", "groups", "01", 409),
            ("stat-1", "meaning", "02", 201),
        ] {
            let signature = signature(who, "disclose");
            let body = json!({"stage": stage, "file": file.repeat(32), "signature": signature});
            self.act(who, "/v1/disclosures", body, status);
        }
    }
}
