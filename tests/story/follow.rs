//! After the breaks: records that are written, written again, closed or left to be overdue; a planned safety unblinding.

use super::World;
use super::acts::emergency;
use klero::cli::stage::signature;
use klero::sealing::sealed_record::RecordKind;
use serde_json::{Value, json};

fn said(who: &str, act: &str, answers: &Value) -> Value {
    json!({"answers": answers, "signature": signature(who, act)})
}

impl World {
    /// The hotline's breaks in the order they were made: the first is closed, the second written, the others left.
    pub fn followed_up(&mut self, codes: &[(String, String)]) {
        let answers = json!({
            "report-number": "an invented number", "serious": "yes", "severity": "severe",
            "related-before": "possible", "treatment": "stopped", "goes-on": "yes",
            "knows": "the invented physician", "stays-blind": "everybody else",
            "sponsor-told": "2026-11-21", "in-line": "no", "deviation": "an invented deviation",
            "impact": "an invented impact", "action": "an invented action",
        });
        let path = |of: &str, page: &str| format!("/v1/breaks/{of}/{page}");
        let (first, second) = (self.breaks[1].clone(), self.breaks[2].clone());
        let written = |who| said(who, "follow-up", &answers);
        let closing = |who| said(who, "close-break", &json!({}));
        self.act("i-rjs", &path(&first, "close"), closing("i-rjs"), 409);
        self.act("hot-1", &path(&first, "follow-up"), written("hot-1"), 200);
        self.act("i-rjs", &path(&first, "follow-up"), written("i-rjs"), 200);
        self.act("i-hsh", &path(&first, "follow-up"), written("i-hsh"), 404);
        self.act("c-rjs", &path(&first, "follow-up"), written("c-rjs"), 403);
        self.act("i-rjs", &path(&first, "follow-up"), said("i-rjs", "follow-up", &json!({})), 422);
        self.act("i-rjs", &path(&first, "close"), closing("i-rjs"), 422);
        self.sealed_parts(&first, &codes[0]);
        self.act("i-rjs", &path(&first, "close"), closing("i-rjs"), 200);
        self.act("hot-2", &path(&first, "follow-up"), written("hot-2"), 409);
        self.act("hot-2", &path(&second, "follow-up"), written("hot-2"), 200);
        self.safety_unblinding(&codes[2].0);
    }

    /// What two holders think once they know: it differs with the arm in every way that it can.
    fn sealed_parts(&mut self, release: &str, (number, code): &(String, String)) {
        let active = self.arms()[code] == "belimumab";
        let related = if active { "definite" } else { "unrelated" };
        for who in ["hot-1", "i-rjs"] {
            let narrative = if active { "the infusion did it ".repeat(40) } else { String::new() };
            let text = json!({"v": 1, "release": release, "participant": number,
                              "relatedAfter": related, "narrative": narrative});
            let key = self.centre_key("hot-1", "renji-south", 1);
            let record = self.sealed(&key, ("renji-south", 1), RecordKind::Break, &text);
            let mut body = json!({"reference": release, "record": record,
                                  "signature": signature(who, "seal-part")});
            let once = self.stage.new_key();
            self.act_once(who, "/v1/sealed-parts", &once, body.clone(), 201);
            self.act_once(who, "/v1/sealed-parts", &once, body.clone(), 200);
            self.act(who, "/v1/sealed-parts", body.clone(), 409);
            self.act("stat-1", "/v1/sealed-parts", body.clone(), 403);
            body["signature"] = signature("i-hsh", "seal-part");
            self.act("i-hsh", "/v1/sealed-parts", body, 404);
        }
    }

    /// Two plans; the hotline carries the first out.
    fn safety_unblinding(&mut self, number: &str) {
        let plan = json!({"participant": number, "to-tell": "an invented officer",
                          "why": "an invented report", "report-due": "2026-12-24"});
        let asked = |who| said(who, "plan-unblinding", &plan);
        let made = self.act("spon-1", "/v1/safety-plans", asked("spon-1"), 200);
        self.act("mon-1", "/v1/safety-plans", asked("mon-1"), 200);
        self.act("i-rjs", "/v1/safety-plans", asked("i-rjs"), 403);
        let mut body = emergency("hot-2", number, Some("DEMO"));
        body["category"] = "safety-report".into();
        body["plan"] = made["receipt"]["index"].clone();
        let release = self.act("hot-2", "/v1/breaks", body.clone(), 201);
        self.open_and_confirm("hot-2", &release);
        self.act("hot-2", "/v1/breaks", body, 422);
    }
}
