//! Opening one released slot, and proving it (design 1.4, 4).

use super::aead;
use super::arm::Arm;
use super::bytes::same;
use super::centre_key::{CentreKey, SlotKey};
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
    open_by(arm, at, &key.slot_key(at), path, pinned)
}

/// The same with the slot's own key, which was passed on to the centre where the participant is now.
///
/// # Errors
/// As [`open`].
pub fn open_with(
    arm: &SealedArm,
    at: &Place,
    key: &SlotKey,
    path: &LeafPath,
    pinned: &Manifest,
) -> Result<Arm, NotProven> {
    open_by(arm, at, key.bytes(), path, pinned)
}

fn open_by(
    arm: &SealedArm,
    at: &Place,
    key: &[u8; 32],
    path: &LeafPath,
    pinned: &Manifest,
) -> Result<Arm, NotProven> {
    let same_list = at.trial == pinned.trial && at.segment == pinned.segment;
    if !same_list || path.size != pinned.total() {
        return Err(NotProven::OtherList);
    }
    let payload = aead::open(key, &at.aad(), arm.as_bytes()).ok_or(NotProven::DoesNotOpen)?;
    let (arm, salt) = read_payload(&payload).ok_or(NotProven::DoesNotFit)?;
    if usize::from(arm.index()) >= pinned.arms.len() {
        return Err(NotProven::DoesNotFit);
    }
    let leaf = leaf_hash(at, &arm, &pinned.arms, &salt);
    let root = tree::root_from_path(&leaf, path.index, path.size, &path.path)
        .ok_or(NotProven::DoesNotFit)?;
    if same(&root, &pinned.root) { Ok(arm) } else { Err(NotProven::DoesNotFit) }
}

#[cfg(test)]
mod tests {
    use super::{NotProven, open};
    use crate::dice::FixedDice;
    use crate::domain::ids::{Code, StratumId, TrialId};
    use crate::sealing::centre_key::CentreKey;
    use crate::sealing::fixture::{design, draw, manifest};
    use crate::sealing::list::List;
    use crate::sealing::manifest::Manifest;
    use crate::sealing::seal::{seal, seal_index};
    use crate::sealing::slot::{LeafPath, Place, SealedArm};
    use crate::sealing::tree;

    struct Story {
        list: List,
        pinned: Manifest,
        key: CentreKey,
    }

    impl Story {
        fn new() -> Self {
            let list = draw(&design(8));
            let pinned = manifest(&list).manifest;
            Self { list, pinned, key: CentreKey::roll(&FixedDice::new(1)) }
        }

        fn slot(&self, index: usize) -> (SealedArm, Place, LeafPath) {
            let row = &self.list.rows()[index];
            let at = self.list.place(row, 1);
            let sealed = seal(&row.arm, &row.salt, &at, &self.key, [index as u8; 12]);
            (sealed, at, self.path(index))
        }

        fn path(&self, index: usize) -> LeafPath {
            let path = tree::path(self.list.leaves(), index as u64);
            LeafPath { index: index as u64, size: self.pinned.total(), path }
        }

        fn says(&self, arm: &SealedArm, at: &Place, path: &LeafPath) -> Result<String, NotProven> {
            open(arm, at, &self.key, path, &self.pinned)
                .map(|arm| arm.name(&self.pinned).to_owned())
        }
    }

    // shows: SG-7
    #[test]
    fn every_slot_opens_and_proves_the_arm_that_the_list_gave_it() {
        let story = Story::new();
        for (index, row) in story.list.rows().iter().enumerate() {
            let (sealed, at, path) = story.slot(index);
            assert_eq!(story.says(&sealed, &at, &path), Ok(row.arm.name(&story.pinned).to_owned()));
        }
    }

    // shows: EU-3, SG-7
    #[test]
    fn a_slot_that_was_moved_in_any_part_of_its_place_does_not_open() {
        let story = Story::new();
        let (sealed, at, path) = story.slot(3);
        for moved in [
            Place { stratum: StratumId::parse("east/severe").unwrap(), ..at.clone() },
            Place { position: 4, ..at.clone() },
            Place { code: Code::parse("7429133").unwrap(), ..at.clone() },
            Place { epoch: 2, ..at.clone() },
        ] {
            assert_eq!(
                story.says(&sealed, &moved, &path),
                Err(NotProven::DoesNotOpen),
                "{moved:?}"
            );
        }
        let trial = Place { trial: TrialId::parse("TEST-0002").unwrap(), ..at.clone() };
        let segment = Place { segment: 1, ..at.clone() };
        for moved in [trial, segment] {
            assert_eq!(story.says(&sealed, &moved, &path), Err(NotProven::OtherList), "{moved:?}");
            // Even when the manifest is moved with it, the seal stays where it was.
            let mut pinned = story.pinned.clone();
            (pinned.trial, pinned.segment) = (moved.trial.clone(), moved.segment);
            let opened = open(&sealed, &moved, &story.key, &path, &pinned).map(|_| ());
            assert_eq!(opened, Err(NotProven::DoesNotOpen), "{moved:?}");
        }
    }

    // shows: I10
    #[test]
    fn another_key_or_an_altered_byte_opens_nothing() {
        let story = Story::new();
        let (sealed, at, path) = story.slot(3);
        let other = CentreKey::roll(&FixedDice::new(2));
        let opened = open(&sealed, &at, &other, &path, &story.pinned).map(|_| ());
        assert_eq!(opened, Err(NotProven::DoesNotOpen));
        for byte in 0..92 {
            let mut altered = *sealed.as_bytes();
            altered[byte] ^= 1;
            let altered = SealedArm::from_bytes(&altered).unwrap();
            assert_eq!(story.says(&altered, &at, &path), Err(NotProven::DoesNotOpen), "{byte}");
        }
    }

    // shows: SG-7, I1
    #[test]
    fn a_slot_that_was_sealed_with_another_arm_or_salt_opens_and_is_refused() {
        let story = Story::new();
        let (_, at, path) = story.slot(3);
        let row = &story.list.rows()[3];
        let other = 1 - row.arm.index();
        for (index, salt) in [(other, row.salt), (row.arm.index(), [0; 32]), (2, row.salt)] {
            let sealed = seal_index(index, &salt, &at, &story.key, [1; 12]);
            assert_eq!(story.says(&sealed, &at, &path), Err(NotProven::DoesNotFit), "{index}");
        }
    }

    // shows: SG-7
    #[test]
    fn a_path_of_another_leaf_or_size_or_to_another_root_proves_nothing() {
        let story = Story::new();
        let (sealed, at, path) = story.slot(3);
        assert_eq!(story.says(&sealed, &at, &story.path(4)), Err(NotProven::DoesNotFit));
        let mut cut = path.clone();
        cut.path.pop();
        assert_eq!(story.says(&sealed, &at, &cut), Err(NotProven::DoesNotFit));
        let mut altered = path.clone();
        altered.path[0][0] ^= 1;
        assert_eq!(story.says(&sealed, &at, &altered), Err(NotProven::DoesNotFit));
        let smaller = LeafPath { size: 16, ..path.clone() };
        assert_eq!(story.says(&sealed, &at, &smaller), Err(NotProven::OtherList));
        let mut pinned = story.pinned.clone();
        pinned.root[0] ^= 1;
        let opened = open(&sealed, &at, &story.key, &path, &pinned).map(|_| ());
        assert_eq!(opened, Err(NotProven::DoesNotFit));
    }

    // shows: CO-6, I9
    #[test]
    fn equal_arms_never_give_equal_bytes_and_all_are_of_one_length() {
        let story = Story::new();
        let sealed: Vec<_> = (0..32).map(|index| *story.slot(index).0.as_bytes()).collect();
        for (n, one) in sealed.iter().enumerate() {
            assert!(sealed[..n].iter().all(|other| other[12..] != one[12..]));
        }
    }
}
