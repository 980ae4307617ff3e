//! Drills on a stage: a training list beside the one that issues, and holders who practise on it.

use super::open::practise;
use super::stage::Stage;
use crate::dice::FixedDice;
use crate::domain::ids::Code;
use crate::sealing::card::Card;
use crate::sealing::ceremony::ListSecret;
use crate::sealing::list::{Design, List};
use crate::sealing::manifest::ListPurpose;
use crate::sealing::seal::seal_package;
use crate::sealing::slot::DRILL_EPOCHS;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Training participants a centre has at least; a drill a month goes round them.
const SLOTS: u32 = 4;

impl Stage {
    /// The statistician draws and seals a training list, and the service takes it in beside its list.
    ///
    /// # Panics
    /// When it is refused: there is no play then.
    pub fn import_drills(&self) {
        let package = self.drill_package(0, 1);
        self.house().import_drill_list(&package).expect("a list that was just sealed");
    }

    /// A sealed training list of this number, whose keys have this number among those of training lists.
    ///
    /// # Panics
    /// When it cannot be drawn.
    pub fn drill_package(&self, segment: u32, epoch: u32) -> String {
        let of = self.study.list.design();
        let dice = FixedDice::new(0x000d_1211 + u64::from(segment));
        let design = Design { purpose: ListPurpose::Training, segment, slots: SLOTS, ..of.clone() };
        let taken: BTreeSet<Code> = self.study.list.rows().iter().map(|row| row.code).collect();
        let drawn = List::draw(&design, &ListSecret::roll(&dice), b"", &taken);
        let list = drawn.expect("the shipped design can be drawn");
        let statistician = &self.identities["stat-1"];
        let manifest = list.manifest("none", statistician).expect("the statistician may sign");
        let cards: Vec<Card> =
            self.identities.values().map(|identity| identity.card().clone()).collect();
        let sealed =
            seal_package(&list, &manifest, &cards, statistician, DRILL_EPOCHS + epoch, &dice);
        sealed.expect("the package is made of what was just drawn").to_json()
    }

    /// A holder's drill from its beginning to its receipt, on the holder's own device. True when it was passed.
    ///
    /// # Panics
    /// When the service refuses a step, or the slot does not open.
    pub fn drill(&self, who: &str) -> bool {
        let begun = self.act(who, "POST", "/v1/drills", json!({}));
        assert_eq!(begun.status, 201, "{}", begun.text);
        let receipt = self.practise(who, &begun.text);
        let path = format!("/v1/drills/{}/opened", begun.text_at("reference"));
        let opened = self.act(who, "POST", &path, receipt);
        assert_eq!(opened.status, 200, "{}", opened.text);
        opened.body["passed"] == true
    }

    /// The receipt that this holder's own device signs for a drill.
    ///
    /// # Panics
    /// When the release is not proven, or not this holder's.
    pub fn practise(&self, who: &str, release: &str) -> Value {
        let commitment = self.send("GET", "/v1/commitment", &[], None).text;
        let receipt = practise(release, &commitment, &self.identities[who]);
        receipt.unwrap_or_else(|failure| panic!("{who} practises: {failure}"))
    }
}
