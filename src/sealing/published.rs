//! Openings: single slots published with what proves them, while all others stay sealed. Each slot has a salt of its own,
//! so an opened leaf says nothing about any other.
//!
//! ```text
//! {"klero":"openings/v1","trial","purpose","centre"?,"openings":[{"participant","segment","stratum","position","code",
//!  "arm","salt":"<hex 32>","index","path":["<hex 32>"…]}…]}
//! ```

use super::bytes::{Hash, hex, same, unhex_array};
use super::leaf::named_leaf;
use super::list::List;
use super::manifest::{ListPurpose, SLOTS_MAX, SignedManifest};
use super::slot::{LeafPath, Place, centre_of};
use super::tree::{leaf_hash, path, root_from_path};
use super::verify_trail::demand;
use crate::domain::ids::{CentreId, Code, StratumId, TrialId};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fmt;

/// The longest file of openings, in bytes.
pub const OPENINGS_BYTES_MAX: usize = 256 * 1024 * 1024;
const OPENINGS_V1: &str = "openings/v1";

/// One slot, with whom it was issued to, what it stands for, and the way from its leaf to the root.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opening {
    /// The enrolment number.
    pub participant: String,
    /// Where the slot stands; its epoch is not part of the leaf.
    pub place: Place,
    /// The arm, by name.
    pub arm: String,
    /// What hid it.
    pub salt: [u8; 32],
    /// From the leaf to the root.
    pub path: LeafPath,
}

/// Opened slots of a trial, or of one of its centres.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Openings {
    /// The trial.
    pub trial: TrialId,
    /// Live or training.
    pub purpose: ListPurpose,
    /// The centre whose participants these are; none: everybody.
    pub centre: Option<CentreId>,
    /// By participant.
    pub openings: Vec<Opening>,
}

/// Not such a file; the part that is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotReadable(pub &'static str);

impl fmt::Display for NotReadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "not a file of this kind: {}", self.0)
    }
}

impl std::error::Error for NotReadable {}

impl Openings {
    /// Opens these participants' codes, and no other slot of the lists. None: a code is on no list.
    pub fn of(
        lists: &[List],
        issued: &[(String, String)],
        centre: Option<&CentreId>,
    ) -> Option<Self> {
        let design = lists.first()?.design();
        let mut openings = vec![];
        for (participant, code) in issued {
            let (list, index) = lists.iter().find_map(|list| {
                let at = list.rows().iter().position(|row| row.code.to_string() == *code)?;
                Some((list, at))
            })?;
            let row = &list.rows()[index];
            if centre.is_some() && centre_of(&row.stratum).as_ref() != centre {
                continue;
            }
            let (leaves, index) = (list.leaves(), index as u64);
            openings.push(Opening {
                participant: participant.clone(),
                place: list.place(row, 0),
                arm: row.arm.name_among(&list.design().arms).to_owned(),
                salt: row.salt,
                path: LeafPath { index, size: leaves.len() as u64, path: path(leaves, index) },
            });
        }
        openings.sort_by(|a, b| a.participant.cmp(&b.participant));
        let (trial, purpose) = (design.trial.clone(), design.purpose);
        Some(Self { trial, purpose, centre: centre.cloned(), openings })
    }

    /// Does every opened leaf lead to the root of its segment's manifest, and is nobody opened twice?
    ///
    /// # Errors
    /// Whose does not.
    pub fn prove(&self, manifests: &[SignedManifest]) -> Result<(), String> {
        let (mut people, mut codes) = (BTreeSet::new(), BTreeSet::new());
        for one in &self.openings {
            let (who, code) = (&one.participant, one.place.code);
            let manifest = manifests.get(one.place.segment as usize).map(|signed| &signed.manifest);
            let manifest =
                manifest.ok_or_else(|| format!("{who}: no manifest of that segment was given"))?;
            demand(people.insert(who) && codes.insert(code), || format!("{who}: opened twice"))?;
            demand(manifest.arms.contains(&one.arm), || format!("{who}: no such arm"))?;
            let leaf = leaf_hash(&named_leaf(&one.place, &one.arm, &one.salt));
            let LeafPath { index, path, .. } = &one.path;
            let root = root_from_path(&leaf, *index, manifest.total(), path);
            demand(root.is_some_and(|root| same(&root, &manifest.root)), || {
                format!("{who}, code {code}: the opened slot does not fit the root")
            })?;
        }
        Ok(())
    }

    /// What was opened of this participant.
    pub fn of_participant(&self, participant: &str) -> Option<&Opening> {
        self.openings.iter().find(|one| one.participant == participant)
    }

    /// The file.
    pub fn to_json(&self) -> String {
        let mut text = serde_json::to_string_pretty(&self.to_text()).expect("texts and numbers");
        text.push('\n');
        text
    }

    /// Reads the file; unknown keys are refused.
    ///
    /// # Errors
    /// Which part is wrong. Whether it fits a manifest is for [`Openings::prove`].
    pub fn from_json(text: &str) -> Result<Self, NotReadable> {
        if text.len() > OPENINGS_BYTES_MAX {
            return Err(NotReadable("its length"));
        }
        let text: OpeningsText = serde_json::from_str(text).map_err(|_| NotReadable("its JSON"))?;
        text.read()
    }

    pub(super) fn to_text(&self) -> OpeningsText {
        OpeningsText {
            klero: OPENINGS_V1.to_owned(),
            trial: self.trial.to_string(),
            purpose: self.purpose.as_str().to_owned(),
            centre: self.centre.as_ref().map(|centre| centre.to_string()),
            openings: self.openings.iter().map(OpeningText::of).collect(),
        }
    }
}

/// Openings as they are written, in a file of their own or in another.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct OpeningsText {
    klero: String,
    trial: String,
    purpose: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    centre: Option<String>,
    openings: Vec<OpeningText>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct OpeningText {
    participant: String,
    segment: u32,
    stratum: String,
    position: u32,
    code: String,
    arm: String,
    salt: String,
    index: u64,
    path: Vec<String>,
}

impl OpeningsText {
    pub(super) fn read(self) -> Result<Openings, NotReadable> {
        if self.klero != OPENINGS_V1 {
            return Err(NotReadable("klero"));
        }
        if self.openings.len() > SLOTS_MAX as usize {
            return Err(NotReadable("openings"));
        }
        let trial = TrialId::parse(&self.trial).map_err(|_| NotReadable("trial"))?;
        let centre = self.centre.as_deref().map(CentreId::parse).transpose();
        let openings = self.openings.into_iter().map(|one| one.read(&trial));
        Ok(Openings {
            purpose: ListPurpose::parse(&self.purpose).ok_or(NotReadable("purpose"))?,
            centre: centre.map_err(|_| NotReadable("centre"))?,
            openings: openings.collect::<Option<_>>().ok_or(NotReadable("openings"))?,
            trial,
        })
    }
}

impl OpeningText {
    fn of(one: &Opening) -> Self {
        Self {
            participant: one.participant.clone(),
            segment: one.place.segment,
            stratum: one.place.stratum.to_string(),
            position: one.place.position,
            code: one.place.code.to_string(),
            arm: one.arm.clone(),
            salt: hex(&one.salt),
            index: one.path.index,
            path: one.path.path.iter().map(|hash| hex(hash)).collect(),
        }
    }

    fn read(self, trial: &TrialId) -> Option<Opening> {
        let path = self.path.iter().map(|hash| unhex_array(hash)).collect::<Option<Vec<Hash>>>()?;
        let code = Code::parse(&self.code).ok().filter(|code| code.to_string() == self.code)?;
        Some(Opening {
            participant: self.participant,
            place: Place {
                trial: trial.clone(),
                segment: self.segment,
                stratum: StratumId::parse(&self.stratum).ok()?,
                position: self.position,
                code,
                epoch: 0,
            },
            arm: self.arm,
            salt: unhex_array(&self.salt)?,
            path: LeafPath { index: self.index, size: 0, path },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sealing::fixture::{design, draw};

    #[test]
    fn no_more_slots_are_opened_than_a_list_has() {
        let list = draw(&design(8));
        let issued = [("ES-001".to_owned(), list.rows()[0].code.to_string())];
        let mut openings = Openings::of(std::slice::from_ref(&list), &issued, None).unwrap();
        openings.openings[0].path.path.clear();
        let one = openings.openings[0].clone();
        openings.openings = vec![one.clone(); SLOTS_MAX as usize];
        let read = Openings::from_json(&openings.to_json()).map(|read| read.openings.len());
        assert_eq!(read, Ok(SLOTS_MAX as usize));
        openings.openings.push(one);
        assert_eq!(Openings::from_json(&openings.to_json()), Err(NotReadable("openings")));
    }
}
