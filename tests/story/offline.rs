//! Codes that were opened without the service: a kit's record, a letter, and a letter of a code that nobody has.

use super::World;
use klero::cli::stage::signature;
use klero::domain::ids::{Code, PersonId};
use klero::sealing::offline_record::OfflineRecord;
use serde_json::{Value, json};

const PATH: &str = "/v1/breaks/import";

impl World {
    /// Each is brought twice; whoever may not bring it is refused.
    pub fn opened_offline(&mut self, codes: &[(String, String)]) {
        let at = self.stage.house().clock.now().plus_seconds(-600);
        let record = OfflineRecord {
            code: Code::parse(&codes[0].1).expect("a code"),
            at,
            by: PersonId::parse("hot-2").expect("a person's id"),
            reason: "an invented emergency".to_owned(),
            fits: true,
        };
        let record = record.sign(self.identity("hot-2")).expect("a reason is given").to_json();
        let kit = |who: &str| {
            json!({"record": record, "category": "sae-management",
                   "signature": signature(who, "import-break")})
        };
        let letter = |who: &str, serial: &str, code: &str| -> Value {
            let letter = json!({"serial": serial, "code": code, "by": "i-rjs",
                                "at": at.to_string(), "why": "an invented emergency"});
            json!({"letter": letter, "category": "pregnancy",
                   "signature": signature(who, "import-break")})
        };
        for (who, status) in [("mon-1", 403), ("i-rjs", 403), ("hot-1", 201), ("hot-2", 200)] {
            self.act(who, PATH, kit(who), status);
        }
        let mut forged = kit("hot-1");
        forged["record"] = record.replace("emergency", "accident").into();
        self.act("hot-1", PATH, forged, 422);
        for status in [201, 200] {
            self.act("hot-1", PATH, letter("hot-1", "renji-south-0-0002-A", &codes[1].1), status);
        }
        let rows = self.stage.study.list.rows().iter();
        let mut there = rows.filter(|row| row.stratum.as_str() == "renji-west/non-lldas");
        let waits = there.nth(3).expect("four slots a stratum").code.to_string();
        for status in [201, 200] {
            self.act("hot-1", PATH, letter("hot-1", "renji-west-0-0003-B", &waits), status);
        }
    }
}
