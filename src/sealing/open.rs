//! Opening one released slot, and proving it (design 1.4, 4).

use super::aead;
use super::arm::Arm;
use super::bytes::same;
use super::centre_key::CentreKey;
use super::leaf::leaf_hash;
use super::manifest::Manifest;
use super::seal::read_payload;
use super::slot::{LeafPath, Place, SealedArm};
use super::tree;
use std::fmt;

/// Why no arm came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotProven {
    /// The seal does not open: the wrong centre key, a slot that was moved from its place, or altered bytes.
    DoesNotOpen,
    /// The slot is said to belong to another trial, segment or size of list than the pinned manifest's.
    OtherList,
    /// The seal opened, and what it says is not in the list that was committed to: somebody sealed something else.
    DoesNotFit,
}

impl fmt::Display for NotProven {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::DoesNotOpen => "the slot does not open with this key at this place",
            Self::OtherList => "the slot does not belong to the list of this manifest",
            Self::DoesNotFit => "the slot opened, but what it says does not fit the commitment",
        })
    }
}

impl std::error::Error for NotProven {}

/// `payload = open(slot key, aad, inner)`; `leaf hash = SHA-256(00 ‖ 01 ‖ ctx ‖ … ‖ arm ‖ salt)`;
/// `root(leaf hash, path) = pinned root`                                                         design 1.4, 4, 5
///
/// Opens one released slot and proves it: seal, then leaf, then path to the pinned root. No arm comes out unproven.
///
/// # Errors
/// [`NotProven`], which tells nothing about the arm.
pub fn open(
    arm: &SealedArm,
    at: &Place,
    key: &CentreKey,
    path: &LeafPath,
    pinned: &Manifest,
) -> Result<Arm, NotProven> {
    let same_list = at.trial == pinned.trial && at.segment == pinned.segment;
    if !same_list || path.size != pinned.total() {
        return Err(NotProven::OtherList);
    }
    let payload =
        aead::open(&key.slot_key(at), &at.aad(), arm.as_bytes()).ok_or(NotProven::DoesNotOpen)?;
    let (arm, salt) = read_payload(&payload).ok_or(NotProven::DoesNotFit)?;
    if usize::from(arm.index()) >= pinned.arms.len() {
        return Err(NotProven::DoesNotFit);
    }
    let leaf = leaf_hash(at, &arm, &pinned.arms, &salt);
    let root = tree::root_from_path(&leaf, path.index, path.size, &path.path)
        .ok_or(NotProven::DoesNotFit)?;
    if same(&root, &pinned.root) { Ok(arm) } else { Err(NotProven::DoesNotFit) }
}
