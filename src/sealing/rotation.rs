//! A rotation on its way (design 4): the next key of a centre, wrapped to those who stay, and the unissued slots under it.
//! Neither an arm nor a key that opens one is in it.
//!
//! ```text
//! {"klero":"rotation/v1","trial","segment","centre","epoch",
//!  "grants":[{"person","fingerprint","wrap":"<hex 113>","by","signature":"<hex 64>"}…],
//!  "slots":[{"stratum","position","code","epoch","leaf":"<hex 32>","sealed":"<hex 92>"}…]}
//! ```

use super::bytes::{hex, sha256, unhex, unhex_array};
use super::grant::{GivenKey, Grant};
use super::package::{CARDS_MAX, PACKAGE_BYTES_MAX, PackedSlot, SlotText};
use super::slot::{Place, Wrap};
use crate::domain::ids::{CentreId, PersonId, TrialId};
use serde::{Deserialize, Serialize};
use std::fmt;

/// What the service takes in: the new key for those who stay, and the unissued slots under it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rotation {
    /// The trial.
    pub trial: TrialId,
    /// The list's segment.
    pub segment: u32,
    /// The centre.
    pub centre: CentreId,
    /// The new key's number.
    pub epoch: u32,
    /// The new key, wrapped to each who stays, each grant signed by the statistician.
    pub given: Vec<GivenKey>,
    /// The unissued slots of the centre, in list order, sealed anew.
    pub slots: Vec<PackedSlot>,
}

/// Not the JSON of a rotation: too long, a key missing, unknown or doubled, or a value malformed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotARotation;

impl fmt::Display for NotARotation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("this is not a rotation of version 1")
    }
}

impl std::error::Error for NotARotation {}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RotationText {
    klero: String,
    trial: String,
    segment: u32,
    centre: String,
    epoch: u32,
    grants: Vec<GivenText>,
    slots: Vec<SlotText>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct GivenText {
    person: String,
    fingerprint: String,
    wrap: String,
    by: String,
    signature: String,
}

impl Rotation {
    /// The slots with their places, in list order.
    pub fn places(&self) -> impl Iterator<Item = (Place, &PackedSlot)> {
        self.slots.iter().map(|slot| (slot.place(&self.trial, self.segment), slot))
    }

    /// Reads a rotation: every value well formed. Whether it fits the trial, its list and its people is for the caller.
    ///
    /// # Errors
    /// [`NotARotation`].
    pub fn read(json: &str) -> Result<Self, NotARotation> {
        Self::parse(json).ok_or(NotARotation)
    }

    fn parse(json: &str) -> Option<Self> {
        let text = Some(json).filter(|json| json.len() <= PACKAGE_BYTES_MAX)?;
        let text: RotationText = serde_json::from_str(text).ok()?;
        if text.klero != "rotation/v1" || text.grants.len() > CARDS_MAX {
            return None;
        }
        let (trial, centre) =
            (TrialId::parse(&text.trial).ok()?, CentreId::parse(&text.centre).ok()?);
        let given = text.grants.iter().map(|given| given.read(&trial, &centre, text.epoch));
        Some(Self {
            segment: text.segment,
            epoch: text.epoch,
            given: given.collect::<Option<_>>()?,
            slots: text.slots.iter().map(SlotText::read).collect::<Option<_>>()?,
            trial,
            centre,
        })
    }

    /// The file, as compact JSON.
    pub fn to_json(&self) -> String {
        let given = self.given.iter().map(|one| GivenText {
            person: one.grant.person.to_string(),
            fingerprint: hex(&one.grant.fingerprint),
            wrap: hex(one.wrap.as_bytes()),
            by: one.grant.by.to_string(),
            signature: hex(&one.signature),
        });
        let text = RotationText {
            klero: "rotation/v1".to_owned(),
            trial: self.trial.to_string(),
            segment: self.segment,
            centre: self.centre.to_string(),
            epoch: self.epoch,
            grants: given.collect(),
            slots: self.slots.iter().map(SlotText::of).collect(),
        };
        serde_json::to_string(&text).expect("texts and numbers are JSON")
    }
}

impl GivenText {
    /// The grant is of this rotation's trial, centre and key: these are not said again for each.
    fn read(&self, trial: &TrialId, centre: &CentreId, epoch: u32) -> Option<GivenKey> {
        let wrap = Wrap::from_bytes(&unhex(&self.wrap)?)?;
        let grant = Grant {
            trial: trial.clone(),
            centre: centre.clone(),
            epoch,
            person: PersonId::parse(&self.person).ok()?,
            fingerprint: unhex_array(&self.fingerprint)?,
            wrap: sha256(wrap.as_bytes()),
            by: PersonId::parse(&self.by).ok()?,
        };
        Some(GivenKey { grant, signature: unhex_array(&self.signature)?, wrap })
    }
}

#[cfg(feature = "offline")]
#[cfg(test)]
mod tests {
    use super::{CARDS_MAX, NotARotation, Rotation};
    use crate::dice::FixedDice;
    use crate::sealing::fixture::{Story, centre, statistician, story};
    use crate::sealing::rotate::rotate;
    use std::collections::BTreeSet;

    #[test]
    fn a_rotation_is_read_as_it_was_written_and_nothing_else_is() {
        let Story { list, cards, .. } = story();
        let (stat, none) = (statistician(), BTreeSet::new());
        let made = rotate(&list, &centre("east"), 2, &none, (&cards, &stat), &FixedDice::new(9));
        let made = made.unwrap();
        let json = made.to_json();
        assert_eq!(Rotation::read(&json), Ok(made));
        for (from, to) in [
            ("rotation/v1", "rotation/v2"),
            ("\"segment\":0", "\"segment\":-1"),
            ("\"segment\":0", "\"segment\":0,\"more\":1"),
            ("\"centre\":\"east\"", "\"centre\":\"Not A Centre\""),
            ("\"wrap\":\"", "\"wrap\":\"00"),
            ("\"sealed\":\"", "\"sealed\":\"00"),
            ("\"signature\":\"", "\"signature\":\"zz"),
            ("\"position\":0", "\"position\":\"0\""),
        ] {
            assert!(json.contains(from), "{from}");
            assert_eq!(Rotation::read(&json.replacen(from, to, 1)), Err(NotARotation), "{to}");
        }
    }

    #[test]
    fn a_rotation_gives_the_key_to_no_more_than_a_trial_has_cards() {
        let Story { list, cards, .. } = story();
        let (stat, none) = (statistician(), BTreeSet::new());
        let made = rotate(&list, &centre("east"), 2, &none, (&cards, &stat), &FixedDice::new(9));
        let mut made = made.unwrap();
        let one = made.given[0].clone();
        made.given = vec![one.clone(); CARDS_MAX];
        assert_eq!(Rotation::read(&made.to_json()).map(|read| read.given.len()), Ok(CARDS_MAX));
        made.given.push(one);
        assert_eq!(Rotation::read(&made.to_json()), Err(NotARotation));
    }
}
