//! What becomes of the participants: infusions, missed doses, stops, moves, mistakes and accidents, of both arms alike.

use super::World;
use klero::cli::stage::{answers, signature};
use serde_json::{Value, json};

impl World {
    fn recorded(
        &mut self,
        (who, act): (&str, &str),
        number: &str,
        page: &str,
        answers: Value,
        status: u16,
    ) {
        let path = format!("/v1/participants/{}/{page}", self.references[number]);
        let body = json!({"answers": answers, "signature": signature(who, act)});
        self.act(who, &path, body, status);
    }

    /// Two hours after the preparations of the second visit.
    pub fn lived(&mut self, codes: &[(String, String)]) {
        self.hours_later(2);
        for (place, (number, _)) in codes.iter().enumerate() {
            let letters = number[..3].to_lowercase();
            let (c, i) = (format!("c-{letters}"), format!("i-{letters}"));
            self.given(&c, place, number);
            self.ended(&c, &i, place, number);
            if place % 5 == 4 {
                let to = if letters == "rjs" { "renji-west" } else { "renji-south" };
                let moved = json!({"to": to, "day": "2026-12-05", "note": "moved house"});
                self.recorded((&c, "transfer"), number, "transfers", moved.clone(), 403);
                self.recorded((&i, "transfer"), number, "transfers", moved.clone(), 200);
                self.recorded((&i, "transfer"), number, "transfers", moved, 404);
            }
        }
        self.mistaken(&codes[1].0);
    }

    fn given(&mut self, c: &str, place: usize, number: &str) {
        let visit = ["V2", "V3", "V1"][place % 3];
        let late = if place % 3 == 2 { "2026-11-22T09:00" } else { "2026-12-05T10:30" };
        let start = if place % 3 == 2 { "2026-11-21T10:00" } else { "2026-12-05T10:00" };
        let answers = json!({"visit": visit, "started": start, "ended": late, "volume": "250",
                             "interrupted": "no", "reaction": "no", "note": "calm"});
        let by = (c, "record-visit");
        self.recorded(by, number, "infusions", answers.clone(), 200);
        self.recorded(by, number, "infusions", answers, 422);
        let unprepared = json!({"visit": "V9", "started": start, "ended": late, "volume": "250",
                                "interrupted": "yes", "reaction": "yes"});
        self.recorded(by, number, "infusions", unprepared, 409);
        let missed = json!({"visit": "V4", "why": "absent"});
        self.recorded(by, number, "missed-doses", missed, 200);
    }

    fn ended(&mut self, c: &str, i: &str, place: usize, number: &str) {
        let reasons = ["pregnancy", "severe-flare", "investigator-decision", "lost"];
        let reason = reasons[place % reasons.len()];
        let stop = json!({"reason": reason, "day": "2026-12-05", "follow-up": "yes"});
        self.recorded((c, "end-treatment"), number, "stops", stop, 200);
        let lifted = json!({"note": "looked at again"});
        let status = if reason == "severe-flare" { 409 } else { 200 };
        self.recorded((i, "resume-treatment"), number, "resumptions", lifted, status);
        if place % 6 == 5 {
            let left = json!({"how": "withdrawn", "day": "2026-12-05"});
            self.recorded((i, "end-treatment"), number, "end", left.clone(), 200);
            self.recorded((i, "end-treatment"), number, "end", left, 409);
        }
    }

    /// The other stratum, then not eligible at all; and once from what was read too early.
    fn corrected(&mut self, number: &str) {
        let there = format!("/v1/participants/{}", self.references[number]);
        let screened = self.send("c-rjs", "GET", &there, &[], None).body();
        let mut version = screened["version"].as_str().unwrap_or_default().to_owned();
        for (field, answer) in [("sledai", "5"), ("hbsag", "positive")] {
            let mut answers = answers(number, true, "2026-11-20");
            answers[field] = answer.into();
            let body = json!({"version": version, "answers": answers, "why": "misread",
                              "signature": signature("c-rjs", "correct")});
            let path = format!("{there}/corrections");
            self.act("c-rjs", &path, body.clone(), 200);
            self.act("c-rjs", &path, body, 412);
            let way = self.send("c-rjs", "GET", &format!("{there}/records"), &[], None).body();
            version = way["corrected"]["version"].as_str().unwrap_or_default().to_owned();
        }
    }

    fn mistaken(&mut self, number: &str) {
        self.corrected(number);
        for mistake in ["randomised-in-error", "wrong-product"] {
            let told = json!({"mistake": mistake, "since": "2026-12-05",
                              "truth": "an invented truth", "why": "an invented slip"});
            self.recorded(("c-rjs", "correct"), number, "mistakes", told, 200);
        }
        let named = format!("it was {}", self.stage.study.manifest.manifest.arms[0]);
        for (who, contained, status) in [
            ("c-rjs", "the screen was turned away", 200),
            ("p-rjs", named.as_str(), 422),
            ("p-rjs", "the screen was turned away", 200),
            ("c-hsh", "the screen was turned away", 404),
        ] {
            let answers = json!({"participant": number, "knowledge": "exact-arm", "day": "2026-12-05",
                                 "source": "screen", "who": "a nurse", "impact": "none",
                                 "contained": contained});
            let body = json!({"answers": answers, "signature": signature(who, "report-accident")});
            self.act(who, "/v1/accidents", body, status);
        }
    }
}
