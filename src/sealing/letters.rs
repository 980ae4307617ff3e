//! Code-break letters: for every slot one, printed twice, for the day when neither service nor kit is at hand. Made from
//! list and manifest on the statistician's machine, and nowhere else: what stands inside is the arm itself.
//!
//! Serials are numbered within a centre by the codes' own order, so they tell nothing about the order of issue.

use super::bytes::{Hash, unhex_array};
use super::leaf::named_leaf;
use super::list::{List, Row};
use super::manifest::Manifest;
use super::slot::{LeafPath, Place, centre_of};
use super::tree;
use crate::domain::ids::{CentreId, Code};
use crate::domain::offline::{CopyOf, LETTERS_MAX, Serial};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// The longest inventory, in bytes.
pub const INVENTORY_BYTES_MAX: usize = 64 * 1024 * 1024;

/// One letter before it is printed: everything that stands on it.
pub struct Letter<'l> {
    /// The serial of each copy.
    pub serials: [Serial; 2],
    /// Where its slot stands, but for the key that seals it.
    pub at: Place,
    /// The arm's name in the manifest.
    pub arm: &'l str,
    /// What hides the arm in the leaf.
    pub salt: [u8; 32],
    /// From the leaf to the manifest's root.
    pub path: LeafPath,
}

/// The letters of a list, by serial; of one centre, or of all.
///
/// # Errors
/// The centre that would need a longer number than a serial has.
pub fn letters<'l>(
    list: &'l List,
    manifest: &'l Manifest,
    only: Option<&CentreId>,
) -> Result<Vec<Letter<'l>>, CentreId> {
    let mut by_centre: BTreeMap<CentreId, BTreeMap<Code, (u64, &Row)>> = BTreeMap::new();
    for (index, row) in (0..).zip(list.rows()) {
        let Some(centre) = centre_of(&row.stratum) else { continue };
        if only.is_none_or(|only| *only == centre) {
            by_centre.entry(centre).or_default().insert(row.code, (index, row));
        }
    }
    let leaves = list.leaves();
    let paths = tree::Frontier::empty().paths_for_new(leaves);
    let mut letters = vec![];
    for (centre, rows) in by_centre {
        if rows.len() > LETTERS_MAX as usize {
            return Err(centre);
        }
        for (number, (index, row)) in (1..).zip(rows.into_values()) {
            let (centre, segment) = (centre.clone(), manifest.segment);
            letters.push(Letter {
                serials: CopyOf::ALL.map(|copy| Serial {
                    centre: centre.clone(),
                    segment,
                    number,
                    copy,
                }),
                at: list.place(row, 0),
                arm: row.arm.name(manifest),
                salt: row.salt,
                path: LeafPath {
                    index,
                    size: leaves.len() as u64,
                    path: paths[index as usize].clone(),
                },
            });
        }
    }
    Ok(letters)
}

/// Is this what the slot stands for? Proven by salt and path against the manifest's root, without any key.
pub fn proves(at: &Place, arm: &str, salt: &[u8; 32], path: &LeafPath, root: &Hash) -> bool {
    let leaf = tree::leaf_hash(&named_leaf(at, arm, salt));
    tree::root_from_path(&leaf, path.index, path.size, &path.path) == Some(*root)
}

/// Which letter lies where: what is counted at the end. It names no arm and no place in the list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Inventory {
    /// `letters/v1`.
    pub klero: String,
    /// The trial.
    pub trial: String,
    /// The segment of the list.
    pub segment: u32,
    /// The hash of the manifest's signed text.
    pub manifest: String,
    /// Where the copies lie.
    pub places: Places,
    /// Every letter, by serial.
    pub letters: Vec<Listed>,
}

/// Where each set of copies lies.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Places {
    /// The first set.
    #[serde(rename = "A")]
    pub a: String,
    /// The second set.
    #[serde(rename = "B")]
    pub b: String,
}

/// A letter in the inventory.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Listed {
    /// Its serial.
    pub serial: String,
    /// Its code.
    pub code: String,
}

/// What an inventory is marked with.
pub const LETTERS_V1: &str = "letters/v1";

impl Inventory {
    /// Reads an inventory, and holds that each serial stands in it once and is one of its segment.
    ///
    /// # Errors
    /// What is wrong, in words.
    pub fn read(text: &str) -> Result<Self, String> {
        let read: Self = serde_json::from_str(text).map_err(|error| error.to_string())?;
        if read.klero != LETTERS_V1 || unhex_array::<32>(&read.manifest).is_none() {
            return Err("it is not marked as an inventory of letters".to_owned());
        }
        let mut seen = BTreeSet::new();
        for letter in &read.letters {
            let serial = Serial::parse(&letter.serial).filter(|one| one.segment == read.segment);
            let fits = serial.is_some_and(|serial| serial.to_string() == letter.serial);
            if !fits || !seen.insert(&letter.serial) || Code::parse(&letter.code).is_err() {
                return Err(format!("{} is not a letter of it", letter.serial));
            }
        }
        Ok(read)
    }

    /// The code of each serial.
    pub fn codes(&self) -> BTreeMap<&str, &str> {
        self.letters.iter().map(|one| (one.serial.as_str(), one.code.as_str())).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ids::StratumId;
    use crate::sealing::fixture::{centre, design, draw, manifest, story};
    use crate::sealing::list::Design;

    // shows: EU-12, SG-7
    #[test]
    fn every_letter_proves_its_arm_against_the_root_and_no_other_arm() {
        let story = story();
        let manifest = &story.package.manifest.manifest;
        let all = letters(&story.list, manifest, None).unwrap();
        assert_eq!(all.len(), story.list.rows().len());
        for one in &all {
            let proven =
                |arm: &str, salt: &[u8; 32]| proves(&one.at, arm, salt, &one.path, &manifest.root);
            assert!(proven(one.arm, &one.salt));
            let other = manifest.arms.iter().find(|arm| *arm != one.arm).unwrap();
            assert!(!proven(other, &one.salt) && !proven(one.arm, &[0; 32]));
        }
    }

    // shows: I2, EU-12 (a serial tells neither arm nor place)
    #[test]
    fn serials_follow_the_codes_and_are_the_same_when_the_arms_are_swapped() {
        let story = story();
        let manifest = &story.package.manifest.manifest;
        let mirrored = story.list.mirrored();
        let serials = |list: &List| -> Vec<(String, String)> {
            let all = letters(list, manifest, None).unwrap();
            all.iter().map(|one| (one.serials[0].to_string(), one.at.code.to_string())).collect()
        };
        let here = serials(&story.list);
        assert_eq!(here, serials(&mirrored));
        let of_east: Vec<_> =
            here.iter().filter(|(serial, _)| serial.starts_with("east")).collect();
        assert!(of_east.windows(2).all(|two| two[0].1 < two[1].1), "by code, not by place");
        assert_eq!(of_east[0].0, "east-0-0001-A");
        let east = centre("east");
        let only = letters(&story.list, manifest, Some(&east)).unwrap();
        let only = only.iter().map(|one| one.serials[0].to_string());
        assert!(only.eq(of_east.iter().map(|(serial, _)| serial.clone())));
    }

    #[test]
    fn a_centre_has_as_many_letters_as_four_digits_count() {
        let three = |slots| Design {
            ratio: vec![2, 1],
            sizes: vec![3],
            strata: vec![StratumId::parse("east/mild").unwrap()],
            ..design(slots)
        };
        let most = draw(&three(LETTERS_MAX));
        let first = manifest(&most).manifest;
        let all = letters(&most, &first, None).unwrap();
        assert_eq!(all.last().map(|one| one.serials[1].to_string()).unwrap(), "east-0-9999-B");
        assert_eq!(all.len(), LETTERS_MAX as usize);
        let more = draw(&three(LETTERS_MAX + 1));
        let first = manifest(&more).manifest;
        assert_eq!(letters(&more, &first, None).err(), Some(centre("east")));
    }

    #[test]
    fn an_inventory_with_a_strange_or_a_doubled_serial_is_not_read() {
        let listed = |serial: &str| Listed { serial: serial.into(), code: "7429133".into() };
        let marked = |klero: &str, manifest: &str, letters: Vec<Listed>| {
            let places = Places { a: "x".into(), b: "y".into() };
            let (klero, manifest) = (klero.to_owned(), manifest.to_owned());
            let inventory =
                Inventory { klero, trial: "T".into(), segment: 0, manifest, places, letters };
            Inventory::read(&serde_json::to_string(&inventory).unwrap())
        };
        let hash = "00".repeat(32);
        let with = |letters: Vec<Listed>| marked(LETTERS_V1, &hash, letters);
        assert!(marked("letters/v2", &hash, vec![]).is_err());
        assert!(marked(LETTERS_V1, &hash[1..], vec![]).is_err());
        assert!(with(vec![listed("east-0-0001-A"), listed("east-0-0001-B")]).is_ok());
        assert!(with(vec![listed("east-0-0001-A"), listed("east-0-0001-A")]).is_err());
        assert!(with(vec![listed("east-1-0001-A")]).is_err());
        assert!(with(vec![listed("7")]).is_err());
    }
}
