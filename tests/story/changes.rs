//! The chapters of keys that change.

use super::World;
use super::acts::{preparation, text};
use klero::dice::FixedDice;
use klero::domain::ids::{CentreId, Code};
use klero::sealing::rotate::rotate;
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
