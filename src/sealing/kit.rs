//! The emergency kit (design 6): one sealed file a slot, for the day when the service is down. It lives apart from the
//! keys that open it, and is the one exception to I10: a slot in it is sealed, but not locked.
//!
//! ```text
//! manifest.txt   the signed manifest
//! wraps.json     {"klero":"kit-wraps/v1","wraps":[{"centre","epoch","person","wrap":"<hex 113>"}…]}, hotline alone
//! CODE.json      {"klero":"kit/v1","slot":{"trial","segment","stratum","position","code","epoch",
//!                 "sealed":"<hex 92>","leafPath":{"index","size","path":["<hex 32>"…]}}}
//! ```

use super::bytes::{hex, unhex, unhex_array};
use super::package::{Package, PackedWrap};
use super::slot::{LeafPath, Place, SealedArm, Wrap, centre_of};
use super::tree::Frontier;
use crate::domain::ids::{CentreId, Code, PersonId, StratumId, TrialId};
use crate::domain::people::Role;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fmt;

/// The longest file of a kit but its manifest, in bytes.
pub const KIT_FILE_BYTES_MAX: usize = 8 * 1024 * 1024;
/// The name of the file with the manifest.
pub const KIT_MANIFEST: &str = "manifest.txt";
/// The name of the file with the wraps.
pub const KIT_WRAPS: &str = "wraps.json";

/// A file of a kit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KitFile {
    /// Its name in the kit's folder.
    pub name: String,
    /// What is in it.
    pub text: String,
}

/// Why there is no kit, or a file of one was not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KitError {
    /// The package wraps no centre key to the hotline, or not all of them: the kit could not be opened.
    NoHotline,
    /// Not such a file; the part that is wrong.
    Malformed(&'static str),
}

impl fmt::Display for KitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoHotline => f.write_str("the hotline does not hold the key of every centre"),
            Self::Malformed(part) => write!(f, "not a file of an emergency kit: {part}"),
        }
    }
}

impl std::error::Error for KitError {}

/// A slot as it travels: in a kit, and in the service's answer to a release.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PortableSlot {
    /// Where it belongs.
    pub at: Place,
    /// What it holds.
    pub sealed: SealedArm,
    /// What proves it.
    pub path: LeafPath,
}

/// The name of a slot's file.
pub fn kit_file_name(code: &Code) -> String {
    format!("{code}.json")
}

/// Makes a kit from the package alone: manifest, wraps, then every slot in list order; of one centre, or of all.
///
/// # Errors
/// [`KitError::NoHotline`].
pub fn make_kit(package: &Package, only: Option<&CentreId>) -> Result<Vec<KitFile>, KitError> {
    let wanted = |centre: &CentreId| only.is_none_or(|only| only == centre);
    let hotline = |wrap: &&PackedWrap| {
        package.cards.iter().any(|card| card.person == wrap.person && card.role == Role::Hotline)
    };
    let here = || package.wraps.iter().filter(|wrap| wanted(&wrap.centre));
    let wraps: Vec<WrapText> = here().filter(hotline).map(WrapText::of).collect();
    let held: BTreeSet<_> = wraps.iter().map(|wrap| &wrap.centre).collect();
    let all: BTreeSet<_> = here().map(|wrap| wrap.centre.to_string()).collect();
    if held.is_empty() || held.len() != all.len() {
        return Err(KitError::NoHotline);
    }
    let manifest = &package.manifest.manifest;
    let leaves: Vec<_> = package.slots.iter().map(|slot| slot.leaf).collect();
    let paths = Frontier::empty().paths_for_new(&leaves);
    let file = |name: &str, text| KitFile { name: name.to_owned(), text };
    let mut files = vec![
        file(KIT_MANIFEST, package.manifest.to_file_text()),
        file(KIT_WRAPS, json(&WrapsText { klero: WRAPS_V1.to_owned(), wraps })),
    ];
    for ((index, slot), path) in (0..).zip(&package.slots).zip(paths) {
        if !centre_of(&slot.stratum).is_some_and(|centre| wanted(&centre)) {
            continue;
        }
        let at = Place {
            trial: manifest.trial.clone(),
            segment: manifest.segment,
            stratum: slot.stratum.clone(),
            position: slot.position,
            code: slot.code,
            epoch: slot.epoch,
        };
        let path = LeafPath { index, size: leaves.len() as u64, path };
        let slot = PortableSlot { at, sealed: slot.sealed.clone(), path };
        let text = json(&KitSlotText { klero: KIT_V1.to_owned(), slot: SlotText::of(&slot) });
        files.push(file(&kit_file_name(&slot.at.code), text));
    }
    Ok(files)
}

/// Reads a slot's file.
///
/// # Errors
/// [`KitError::Malformed`]; unknown keys are refused.
pub fn read_kit_slot(text: &str) -> Result<PortableSlot, KitError> {
    let file: KitSlotText = read(text)?;
    if file.klero != KIT_V1 {
        return Err(KitError::Malformed("klero"));
    }
    file.slot.read()
}

/// Reads the file with the wraps.
///
/// # Errors
/// [`KitError::Malformed`]; unknown keys are refused.
pub fn read_kit_wraps(text: &str) -> Result<Vec<PackedWrap>, KitError> {
    let file: WrapsText = read(text)?;
    if file.klero != WRAPS_V1 {
        return Err(KitError::Malformed("klero"));
    }
    file.wraps.iter().map(WrapText::read).collect()
}

impl PortableSlot {
    /// The JSON object that a release answer has under `slot`.
    pub fn to_json(&self) -> String {
        json(&SlotText::of(self))
    }

    /// Reads that object.
    ///
    /// # Errors
    /// [`KitError::Malformed`]; unknown keys are refused.
    pub fn from_json(text: &str) -> Result<Self, KitError> {
        read::<SlotText>(text)?.read()
    }
}

const KIT_V1: &str = "kit/v1";
const WRAPS_V1: &str = "kit-wraps/v1";

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct KitSlotText {
    klero: String,
    slot: SlotText,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct SlotText {
    trial: String,
    segment: u32,
    stratum: String,
    position: u32,
    code: String,
    epoch: u32,
    sealed: String,
    leaf_path: PathText,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct PathText {
    index: u64,
    size: u64,
    path: Vec<String>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrapsText {
    klero: String,
    wraps: Vec<WrapText>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrapText {
    centre: String,
    epoch: u32,
    person: String,
    wrap: String,
}

fn json(file: &impl Serialize) -> String {
    let mut text = serde_json::to_string(file).expect("texts and numbers are JSON");
    text.push('\n');
    text
}

fn read<'t, T: Deserialize<'t>>(text: &'t str) -> Result<T, KitError> {
    if text.len() > KIT_FILE_BYTES_MAX {
        return Err(KitError::Malformed("its length"));
    }
    serde_json::from_str(text).map_err(|_| KitError::Malformed("its JSON"))
}

impl SlotText {
    fn of(slot: &PortableSlot) -> Self {
        Self {
            trial: slot.at.trial.to_string(),
            segment: slot.at.segment,
            stratum: slot.at.stratum.to_string(),
            position: slot.at.position,
            code: slot.at.code.to_string(),
            epoch: slot.at.epoch,
            sealed: hex(slot.sealed.as_bytes()),
            leaf_path: PathText {
                index: slot.path.index,
                size: slot.path.size,
                path: slot.path.path.iter().map(|node| hex(node)).collect(),
            },
        }
    }

    fn read(&self) -> Result<PortableSlot, KitError> {
        use KitError::Malformed;
        let at = Place {
            trial: TrialId::parse(&self.trial).map_err(|_| Malformed("trial"))?,
            segment: self.segment,
            stratum: StratumId::parse(&self.stratum).map_err(|_| Malformed("stratum"))?,
            position: self.position,
            code: Code::parse(&self.code).map_err(|_| Malformed("code"))?,
            epoch: self.epoch,
        };
        let sealed = unhex(&self.sealed).and_then(|sealed| SealedArm::from_bytes(&sealed));
        let path = self.leaf_path.path.iter().map(|node| unhex_array(node)).collect::<Option<_>>();
        let path = LeafPath {
            index: self.leaf_path.index,
            size: self.leaf_path.size,
            path: path.ok_or(Malformed("leafPath"))?,
        };
        Ok(PortableSlot { at, sealed: sealed.ok_or(Malformed("sealed"))?, path })
    }
}

impl WrapText {
    fn of(wrap: &PackedWrap) -> Self {
        Self {
            centre: wrap.centre.to_string(),
            epoch: wrap.epoch,
            person: wrap.person.to_string(),
            wrap: hex(wrap.wrap.as_bytes()),
        }
    }

    fn read(&self) -> Result<PackedWrap, KitError> {
        use KitError::Malformed;
        let wrap = unhex(&self.wrap).and_then(|wrap| Wrap::from_bytes(&wrap));
        Ok(PackedWrap {
            centre: CentreId::parse(&self.centre).map_err(|_| Malformed("centre"))?,
            epoch: self.epoch,
            person: PersonId::parse(&self.person).map_err(|_| Malformed("person"))?,
            wrap: wrap.ok_or(Malformed("wrap"))?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{KIT_MANIFEST, KIT_WRAPS, KitError, PortableSlot, kit_file_name, make_kit};
    use super::{read_kit_slot, read_kit_wraps};
    use crate::sealing::fixture::{Story, person, story, trial};
    use crate::sealing::manifest::SignedManifest;
    use crate::sealing::open::{NotProven, open};
    use crate::sealing::slot::centre_of;
    use crate::sealing::wrap::{WrapPlace, unwrap};

    // shows: EU-12, EU-3
    #[test]
    fn with_the_kit_and_a_hotline_key_each_slot_opens_without_the_service() {
        let Story { list, package, hotline, .. } = story();
        let files = make_kit(&package, None).unwrap();
        assert_eq!(files.len(), 2 + 32);
        let text = |name: &str| &files.iter().find(|file| file.name == name).unwrap().text;
        let pinned = SignedManifest::parse(text(KIT_MANIFEST)).unwrap().manifest;
        let wraps = read_kit_wraps(text(KIT_WRAPS)).unwrap();
        assert!(wraps.iter().all(|wrap| wrap.person == person("hot-1")), "nobody else's");
        for row in list.rows() {
            let slot = read_kit_slot(text(&kit_file_name(&row.code))).unwrap();
            assert_eq!(PortableSlot::from_json(&slot.to_json()), Ok(slot.clone()));
            let centre = centre_of(&slot.at.stratum).unwrap();
            let wrap = wraps.iter().find(|wrap| wrap.centre == centre).unwrap();
            let at =
                WrapPlace { trial: trial(), centre, epoch: wrap.epoch, person: person("hot-1") };
            let key = unwrap(&wrap.wrap, &at, hotline.opening()).unwrap();
            let arm = open(&slot.sealed, &slot.at, &key, &slot.path, &pinned).unwrap();
            assert_eq!(arm.name(&pinned), row.arm.name(&pinned));
        }
    }

    // shows: EU-12, CO-2
    #[test]
    fn a_kit_for_one_centre_holds_that_centres_slots_and_wraps_and_no_others() {
        let Story { package, .. } = story();
        let east = crate::sealing::fixture::centre("east");
        let files = make_kit(&package, Some(&east)).unwrap();
        assert_eq!(files.len(), 2 + 16);
        let wraps = read_kit_wraps(&files[1].text).unwrap();
        assert!(wraps.iter().all(|wrap| wrap.centre == east));
        for file in &files[2..] {
            assert_eq!(
                centre_of(&read_kit_slot(&file.text).unwrap().at.stratum),
                Some(east.clone())
            );
        }
        let nowhere = crate::sealing::fixture::centre("nowhere");
        assert_eq!(make_kit(&package, Some(&nowhere)), Err(KitError::NoHotline));
    }

    // shows: EU-12, SG-7
    #[test]
    fn a_file_of_the_kit_that_was_renamed_inside_does_not_open() {
        let Story { list, package, hotline, .. } = story();
        let files = make_kit(&package, None).unwrap();
        let (here, there) = (list.rows()[0].code.to_string(), list.rows()[1].code.to_string());
        let slot = read_kit_slot(&files[2].text.replace(&here, &there)).unwrap();
        let wrap = &read_kit_wraps(&files[1].text).unwrap()[0];
        let at = WrapPlace {
            trial: trial(),
            centre: wrap.centre.clone(),
            epoch: 1,
            person: person("hot-1"),
        };
        let key = unwrap(&wrap.wrap, &at, hotline.opening()).unwrap();
        let pinned = &package.manifest.manifest;
        let opened = open(&slot.sealed, &slot.at, &key, &slot.path, pinned).map(|_| ());
        assert_eq!(opened, Err(NotProven::DoesNotOpen));
    }

    // shows: I1
    #[test]
    fn a_file_of_the_kit_says_where_its_slot_belongs_and_names_no_arm() {
        let Story { list, package, .. } = story();
        let files = make_kit(&package, None).unwrap();
        for (file, row) in files[2..].iter().zip(list.rows()) {
            assert_eq!(file.name, kit_file_name(&row.code));
            assert!(!file.text.contains(row.arm.name(&package.manifest.manifest)));
            assert_eq!(read_kit_slot(&file.text).unwrap().at, list.place(row, 1));
        }
    }

    #[test]
    fn a_kit_that_nobody_could_open_is_not_made_and_a_strange_file_is_not_read() {
        let Story { package, .. } = story();
        let mut nobody = package.clone();
        nobody
            .wraps
            .retain(|wrap| wrap.person != person("hot-1") || wrap.centre.as_str() == "east");
        assert_eq!(make_kit(&nobody, None), Err(KitError::NoHotline));
        let files = make_kit(&package, None).unwrap();
        let slot = |from: &str, to: &str| read_kit_slot(&files[2].text.replacen(from, to, 1)).err();
        assert_eq!(slot("kit/v1", "kit/v2"), Some(KitError::Malformed("klero")));
        assert_eq!(slot("\"epoch\"", "\"arm\":1,\"epoch\""), Some(KitError::Malformed("its JSON")));
        assert_eq!(slot("\"sealed\":\"", "\"sealed\":\"0"), Some(KitError::Malformed("sealed")));
        assert_eq!(slot("\"code\":\"", "\"code\":\"1"), Some(KitError::Malformed("code")));
        let wraps = files[1].text.replace("\"wrap\":\"", "\"wrap\":\"zz");
        assert_eq!(read_kit_wraps(&wraps), Err(KitError::Malformed("wrap")));
    }
}
