//! Drills: the road of an emergency practised by the hotline and an investigator, read by whoever may.

use super::World;
use klero::sealing::bytes::hex;
use klero::sealing::signature::{Purpose, drill_text};
use klero::sealing::tree::leaf_hash;
use serde_json::{Value, json};

impl World {
    /// A training list comes in; two people practise, one of them fails, and the others may not.
    pub fn drilled(&mut self) {
        let path = "/v1/drills";
        // Whoever was idle since the last chapter comes back.
        for who in ["hot-1", "hot-2", "i-hsh", "p-rjs", "mon-1", "admin-1"] {
            self.sign_in(who);
        }
        self.act("hot-1", path, json!({}), 409);
        self.stage.import_drills();
        for who in ["p-rjs", "mon-1", "admin-1"] {
            self.act(who, path, json!({}), 403);
        }
        let key = self.stage.new_key();
        let practice = self.act_once("hot-1", path, &key, json!({"root": "known"}), 201);
        self.act_once("hot-1", path, &key, json!({"root": "known"}), 200);
        let opened = format!("{path}/{}/opened", super::acts::text(&practice, "reference"));
        self.act("hot-2", &opened, self.practised("hot-1", &practice, 4), 404);
        let mut slip = self.practised("hot-1", &practice, 4);
        slip["keysOpened"] = 3.into();
        self.act("hot-1", &opened, slip, 422);
        let receipt = self.practised("hot-1", &practice, 4);
        self.act("hot-1", &opened, receipt.clone(), 200);
        self.act("hot-1", &opened, receipt, 409);
        let practice = self.act("i-hsh", path, json!({"root": "not-compared"}), 201);
        let opened = format!("{path}/{}/opened", super::acts::text(&practice, "reference"));
        let failed = self.practised("i-hsh", &practice, 0);
        self.act("i-hsh", &opened, failed, 200);
        for who in ["hot-1", "i-hsh", "i-rjs", "mon-1", "admin-1", "c-hsh", "spon-1"] {
            self.send(who, "GET", path, &[], None);
        }
    }

    /// What a holder's device says of a drill.
    fn practised(&self, who: &str, practice: &Value, keys: u32) -> Value {
        let reference = super::acts::text(practice, "reference");
        let line = super::acts::text(&practice["receipt"], "entry");
        let (entry, at) = (hex(&leaf_hash(line.as_bytes())), "2026-11-21T01:02:03Z");
        let text = drill_text(&reference, &entry, true, keys, at);
        let signature = hex(&self.identity(who).sign(Purpose::Receipt, text.as_bytes()));
        json!({"reference": reference, "fits": true, "keysOpened": keys, "at": at,
               "signature": signature})
    }
}
