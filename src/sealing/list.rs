//! The list: every slot of a segment with its code, its arm and its salt (design 5).

use super::arm::Arm;
use super::bytes::{Hash, hex};
use super::ceremony::{ListSecret, seed_commit, sizes_commit};
use super::draw::{self, ListKeys};
use super::identity::Identity;
use super::leaf::leaf_hash;
use super::manifest::{ARMS_MAX, BLOCK_MAX, SIZES_MAX, SLOTS_MAX, STRATA_MAX};
use super::manifest::{ListPurpose, Manifest, ManifestError, SignedManifest, Sizes};
use super::signature::Purpose;
use super::slot::Place;
use super::tree;
use crate::domain::ids::{Code, StratumId, TrialId};
use std::collections::BTreeSet;
use std::fmt;

/// How many codes training lists may have together: half of the 100,000 that begin with 9, so that drawing ends.
pub const TRAINING_CODES_MAX: u64 = 50_000;
/// How many codes the live lists of a trial may have together: half of the 800,000 there are.
pub const LIVE_CODES_MAX: u64 = 400_000;

/// What the statistician decides about a segment's list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Design {
    /// The trial.
    pub trial: TrialId,
    /// For participants, or for drills.
    pub purpose: ListPurpose,
    /// The list's extension, from 0.
    pub segment: u32,
    /// The arms' names.
    pub arms: Vec<String>,
    /// How many of each arm, in the arms' order.
    pub ratio: Vec<u32>,
    /// The block sizes, each as likely as it is often named; every one a multiple of the ratio's sum.
    pub sizes: Vec<u32>,
    /// Keep the sizes out of the manifest, which then holds a commitment to them.
    pub hide_sizes: bool,
    /// How many slots each stratum has at least.
    pub slots: u32,
    /// The strata, in the order of the manifest.
    pub strata: Vec<StratumId>,
    /// SHA-256 of the trial file's bytes.
    pub configuration: Hash,
}

/// Why a list was not drawn, or not signed for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ListError {
    /// Fewer than two arms, too many, or one named twice.
    Arms,
    /// Not one part for each arm, a part of 0, or a sum that no block can hold.
    Ratio,
    /// No size, too many, one too large, or one that is not a multiple of the ratio's sum.
    Sizes,
    /// No stratum, too many, or one named twice.
    Strata,
    /// No slots, or more in the segment than a manifest takes.
    Slots,
    /// More codes in the trial than can be drawn.
    Codes,
    /// The manifest would not be one that can be read back.
    Manifest(ManifestError),
}

impl fmt::Display for ListError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Arms => "the list needs two arms or more, each named once",
            Self::Ratio => "the ratio does not fit the arms",
            Self::Sizes => "a block size is not a multiple of the ratio's sum, or too large",
            Self::Strata => "the list needs strata, each named once",
            Self::Slots => "the list has no slots, or too many",
            Self::Codes => "the trial would have more codes than can be drawn",
            Self::Manifest(error) => return error.fmt(f),
        })
    }
}

impl std::error::Error for ListError {}

impl Design {
    /// Can it be drawn, and will drawing end?
    fn check(&self, taken: usize) -> Result<(), ListError> {
        let distinct =
            |count: usize, of: usize, most: usize| count == of && (1..=most).contains(&of);
        let arms = self.arms.iter().collect::<BTreeSet<_>>().len();
        let strata = self.strata.iter().collect::<BTreeSet<_>>().len();
        let sum: u64 = self.ratio.iter().copied().map(u64::from).sum();
        let largest = self.sizes.iter().copied().max().unwrap_or(0);
        let fits = |size: &u32| (1..=BLOCK_MAX).contains(size) && u64::from(*size) % sum == 0;
        // At most: the last block of each stratum is kept whole.
        let total = self.strata.len() as u64 * (u64::from(self.slots) + u64::from(largest));
        let training = self.purpose == ListPurpose::Training;
        let codes_max = if training { TRAINING_CODES_MAX } else { LIVE_CODES_MAX };
        match () {
            () if arms < 2 || !distinct(arms, self.arms.len(), ARMS_MAX) => Err(ListError::Arms),
            () if self.ratio.len() != arms || self.ratio.contains(&0) => Err(ListError::Ratio),
            () if sum > u64::from(BLOCK_MAX) => Err(ListError::Ratio),
            () if !(1..=SIZES_MAX).contains(&self.sizes.len()) => Err(ListError::Sizes),
            () if !self.sizes.iter().all(fits) => Err(ListError::Sizes),
            () if !distinct(strata, self.strata.len(), STRATA_MAX) => Err(ListError::Strata),
            () if self.slots == 0 || total > u64::from(SLOTS_MAX) => Err(ListError::Slots),
            () if taken as u64 + total > codes_max => Err(ListError::Codes),
            () => Ok(()),
        }
    }
}

/// One slot with everything that is secret about it.
pub struct Row {
    /// The stratum.
    pub stratum: StratumId,
    /// The place in the stratum's order, from 0.
    pub position: u32,
    /// The code that is spoken.
    pub code: Code,
    /// What the slot stands for.
    pub arm: Arm,
    /// What hides the arm in the leaf.
    pub salt: [u8; 32],
}

/// The figures by which a second person reviews a list that nobody shows them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Balance {
    /// How many blocks were drawn.
    pub blocks: usize,
    /// How many of them do not hold the ratio exactly; anything but none is a fault of the program.
    pub unbalanced_blocks: usize,
    /// How many codes stand twice; likewise.
    pub duplicate_codes: usize,
}

/// A drawn list. It prints nothing of itself.
pub struct List {
    design: Design,
    beacon: Vec<u8>,
    seed_commit: Hash,
    sizes: Sizes,
    rows: Vec<Row>,
    block_lengths: Vec<usize>,
    leaves: Vec<Hash>,
}

impl List {
    /// Draws the list of this design: always the same one from the same secret and beacon.            design 5
    ///
    /// `taken` are the codes that other segments of the trial already have.
    ///
    /// # Errors
    /// A [`ListError`] that names what cannot be drawn.
    pub fn draw(
        design: &Design,
        secret: &ListSecret,
        beacon: &[u8],
        taken: &BTreeSet<Code>,
    ) -> Result<Self, ListError> {
        let training = design.purpose == ListPurpose::Training;
        let mut taken: BTreeSet<Code> =
            taken.iter().filter(|code| code.is_training() == training).copied().collect();
        design.check(taken.len())?;
        let keys = ListKeys::new(&design.trial, design.segment, secret, beacon);
        let mut codes = keys.codes();
        let (mut rows, mut block_lengths) = (vec![], vec![]);
        for stratum in &design.strata {
            let mut arms = keys.arms(stratum);
            let blocks = draw::stratum(&mut arms, &design.sizes, &design.ratio, design.slots);
            block_lengths.extend(blocks.iter().map(Vec::len));
            for (position, arm) in (0u32..).zip(blocks.into_iter().flatten()) {
                let code = draw::code(&mut codes, training, &mut taken);
                let salt = keys.salt(stratum, position);
                rows.push(Row { stratum: stratum.clone(), position, code, arm, salt });
            }
        }
        let sizes = if design.hide_sizes {
            Sizes::Hidden(sizes_commit(&design.trial, design.segment, secret, &design.sizes))
        } else {
            Sizes::Published(design.sizes.clone())
        };
        let mut list = Self {
            design: design.clone(),
            beacon: beacon.to_vec(),
            seed_commit: seed_commit(&design.trial, design.segment, secret),
            sizes,
            rows,
            block_lengths,
            leaves: vec![],
        };
        list.leaves = list.hash_leaves();
        Ok(list)
    }

    /// The same list with the arms in reverse order, in every row, before anything is sealed.
    ///
    /// It exists for the two-worlds test (I2) alone: swapping the names in the manifest instead would leave all
    /// payloads alike and prove nothing. No secret gives this list, so `klero verify` must refuse it.
    #[must_use]
    pub fn mirrored(&self) -> Self {
        let last = u8::try_from(self.design.arms.len() - 1).expect("a design has 16 arms at most");
        let turn = |row: &Row| Row {
            stratum: row.stratum.clone(),
            position: row.position,
            code: row.code,
            arm: Arm::of_index(last - row.arm.index()),
            salt: row.salt,
        };
        let mut list = Self {
            design: self.design.clone(),
            beacon: self.beacon.clone(),
            seed_commit: self.seed_commit,
            sizes: self.sizes.clone(),
            rows: self.rows.iter().map(turn).collect(),
            block_lengths: self.block_lengths.clone(),
            leaves: vec![],
        };
        list.leaves = list.hash_leaves();
        list
    }

    fn hash_leaves(&self) -> Vec<Hash> {
        let hash = |row| leaf_hash(&self.place(row, 0), &row.arm, &self.design.arms, &row.salt);
        self.rows.iter().map(hash).collect()
    }

    /// What it was drawn for.
    pub fn design(&self) -> &Design {
        &self.design
    }

    /// All rows: strata in the design's order, positions ascending.
    pub fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// The rows of every block, in the rows' order.
    pub fn blocks(&self) -> impl Iterator<Item = &[Row]> {
        let mut rest = self.rows.as_slice();
        self.block_lengths.iter().map(move |length| {
            let (block, after) = rest.split_at(*length);
            rest = after;
            block
        })
    }

    /// The rows' leaf hashes, in the rows' order.
    pub fn leaves(&self) -> &[Hash] {
        &self.leaves
    }

    /// The RFC 6962 root over all leaves.
    pub fn root(&self) -> Hash {
        tree::root(&self.leaves)
    }

    /// Where a row's slot belongs under the centre key of this number.
    pub fn place(&self, row: &Row, epoch: u32) -> Place {
        Place {
            trial: self.design.trial.clone(),
            segment: self.design.segment,
            stratum: row.stratum.clone(),
            position: row.position,
            code: row.code,
            epoch,
        }
    }

    /// How many slots each stratum has, in the design's order.
    pub fn counts(&self) -> Vec<(StratumId, u32)> {
        let count = |stratum: &StratumId| {
            let rows = self.rows.iter().filter(|row| row.stratum == *stratum);
            u32::try_from(rows.count()).expect("a segment has 100,000 slots at most")
        };
        self.design.strata.iter().map(|stratum| (stratum.clone(), count(stratum))).collect()
    }

    /// The codes of blocks that were begun and not finished: whoever knows the arms of those issued counts the rest.
    pub fn begun(&self, issued: &BTreeSet<Code>) -> Vec<Code> {
        let mut rest = self.rows.as_slice();
        let mut begun = vec![];
        for length in &self.block_lengths {
            let (block, after) = rest.split_at(*length);
            rest = after;
            let left = block.iter().map(|row| row.code).filter(|code| !issued.contains(code));
            let left: Vec<Code> = left.collect();
            if left.len() < block.len() {
                begun.extend(left);
            }
        }
        begun
    }

    /// Counted anew from the rows, not from how they were drawn.
    pub fn balance(&self) -> Balance {
        let sum: u32 = self.design.ratio.iter().sum();
        let mut unbalanced = 0;
        for block in self.blocks() {
            let share = block.len() / sum as usize;
            let holds = |(index, weight): (u8, &u32)| {
                let count = block.iter().filter(|row| row.arm.index() == index).count();
                count == share * *weight as usize
            };
            unbalanced += usize::from(!(0u8..).zip(&self.design.ratio).all(holds));
        }
        let codes: BTreeSet<Code> = self.rows.iter().map(|row| row.code).collect();
        Balance {
            blocks: self.block_lengths.len(),
            unbalanced_blocks: unbalanced,
            duplicate_codes: self.rows.len() - codes.len(),
        }
    }

    /// The whole list: `stratum,position,code,arm,salt` on every line, LF after each, no header. For the
    /// statistician's own machine; its SHA-256 is what two programs compare.
    pub fn to_csv(&self) -> String {
        let mut text = String::new();
        for row in &self.rows {
            text.push_str(&self.csv_row(row));
            text.push('\n');
        }
        text
    }

    /// One line of [`List::to_csv`], without its end.
    pub fn csv_row(&self, row: &Row) -> String {
        let arm = row.arm.name_among(&self.design.arms);
        let stratum = csv_field(row.stratum.as_str());
        format!("{stratum},{},{},{},{}", row.position, row.code, csv_field(arm), hex(&row.salt))
    }

    /// The manifest of this list, signed.
    ///
    /// # Errors
    /// [`ListError::Manifest`] when a name or the beacon's description is not one that a manifest can hold.
    pub fn manifest(
        &self,
        beacon_description: &str,
        signer: &Identity,
    ) -> Result<SignedManifest, ListError> {
        let manifest = Manifest {
            trial: self.design.trial.clone(),
            purpose: self.design.purpose,
            segment: self.design.segment,
            configuration: self.design.configuration,
            arms: self.design.arms.clone(),
            ratio: self.design.ratio.clone(),
            sizes: self.sizes.clone(),
            slots: self.design.slots,
            strata: self.counts(),
            seed_commit: self.seed_commit,
            beacon: self.beacon.clone(),
            beacon_description: beacon_description.to_owned(),
            root: self.root(),
            signer: signer.card().person.clone(),
            signer_key: signer.card().signing,
        };
        let text = manifest.to_text();
        let manifest = Manifest::from_text(&text).map_err(ListError::Manifest)?;
        let signature = signer.sign(Purpose::Manifest, text.as_bytes());
        Ok(SignedManifest { manifest, text, signature })
    }
}

/// RFC 4180: a field with a comma or a quote is quoted.
fn csv_field(text: &str) -> String {
    if text.contains([',', '"']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::{Design, List, ListError};
    use crate::domain::ids::{Code, StratumId};
    use crate::sealing::bytes::sha256;
    use crate::sealing::ceremony::ListSecret;
    use crate::sealing::fixture::{BEACON, SECRET, design, draw, manifest};
    use crate::sealing::manifest::{ListPurpose, SignedManifest, Sizes};
    use proptest::prelude::{Strategy, any, prop_assert, prop_assert_eq, proptest};
    use std::collections::{BTreeMap, BTreeSet};

    fn arms(list: &List) -> Vec<&str> {
        list.rows().iter().map(|row| row.arm.name_among(&list.design.arms)).collect()
    }

    /// Any design that can be drawn, of at most four arms and four strata.
    fn designs() -> impl Strategy<Value = Design> {
        let ratio = proptest::collection::vec(1u32..4, 2..5);
        let times = proptest::collection::vec(1u32..4, 1..4);
        (ratio, times, 1u32..40, 1usize..5, any::<bool>()).prop_map(
            |(ratio, times, slots, strata, training)| {
                let sum: u32 = ratio.iter().sum();
                let id = |n| StratumId::parse(&format!("east/层-{n}")).unwrap();
                Design {
                    purpose: if training { ListPurpose::Training } else { ListPurpose::Live },
                    arms: (0..ratio.len()).map(|n| format!("arm {n}")).collect(),
                    sizes: times.iter().map(|n| n * sum).collect(),
                    ratio,
                    strata: (0..strata).map(id).collect(),
                    ..design(slots)
                }
            },
        )
    }

    proptest! {
        // shows: SG-3, SG-8, AL-5
        #[test]
        fn every_block_is_balanced_no_code_stands_twice_and_training_never_mixes(
            design in designs(),
            secret in any::<[u8; 32]>(),
        ) {
            let secret = ListSecret::from_bytes(secret);
            let list = List::draw(&design, &secret, b"", &BTreeSet::new()).unwrap();
            let balance = list.balance();
            prop_assert_eq!(balance.unbalanced_blocks, 0);
            prop_assert_eq!(balance.duplicate_codes, 0);
            prop_assert_eq!(list.block_lengths.iter().sum::<usize>(), list.rows().len());
            let training = design.purpose == ListPurpose::Training;
            let strata: Vec<_> = list.rows().iter().map(|row| &row.stratum).collect();
            prop_assert!(strata.chunk_by(|a, b| a == b).map(|run| run[0]).eq(&design.strata));
            prop_assert!(list.rows().iter().all(|row| row.code.is_training() == training));
            for (stratum, count) in list.counts() {
                prop_assert!(count >= design.slots);
                let rows = list.rows().iter().filter(|row| row.stratum == stratum);
                prop_assert!(rows.map(|row| row.position).eq(0..count), "ascending, without gaps");
            }
        }

        #[test]
        fn two_secrets_or_two_beacons_give_two_lists(a in any::<[u8; 32]>(), b in any::<[u8; 32]>()) {
            let root = |secret, beacon: &[u8]| {
                let secret = ListSecret::from_bytes(secret);
                List::draw(&design(4), &secret, beacon, &BTreeSet::new()).unwrap().root()
            };
            prop_assert_eq!(root(a, &b), root(a, &b));
            prop_assert_eq!(a == b, root(a, b"") == root(b, b""));
            prop_assert_eq!(a == b, root(SECRET, &a) == root(SECRET, &b));
        }
    }

    // A check that never finds anything would be no check.
    // shows: SG-3, SG-6
    #[test]
    fn an_unbalanced_block_and_a_code_that_stands_twice_are_counted() {
        let mut list = draw(&design(8));
        assert_eq!(list.balance().blocks, 8);
        let other = (1..4).find(|n| arms(&list)[*n] != arms(&list)[0]).unwrap();
        list.rows[0].arm = super::Arm::of_index(list.rows[other].arm.index());
        list.rows[30].code = list.rows[31].code;
        let balance = list.balance();
        assert_eq!((balance.unbalanced_blocks, balance.duplicate_codes), (1, 1));
    }

    // shows: I2
    #[test]
    fn the_mirrored_list_differs_in_every_arm_and_in_nothing_else_that_is_not_hashed_from_it() {
        let list = draw(&design(8));
        let mirrored = list.mirrored();
        for (here, there) in list.rows().iter().zip(mirrored.rows()) {
            assert_eq!(
                (here.position, here.code, here.salt),
                (there.position, there.code, there.salt)
            );
            assert_ne!(here.arm.index(), there.arm.index());
        }
        assert_eq!(mirrored.balance(), list.balance());
        assert!(list.leaves().iter().zip(mirrored.leaves()).all(|(here, there)| here != there));
        assert_eq!(mirrored.mirrored().root(), list.root());
        assert_eq!(mirrored.counts(), list.counts());
    }

    // shows: SG-10
    #[test]
    fn a_later_segment_shares_no_code_with_those_before_it() {
        let list = draw(&design(100));
        let taken: BTreeSet<Code> = list.rows().iter().map(|row| row.code).collect();
        let secret = ListSecret::from_bytes(SECRET);
        let again = List::draw(&design(100), &secret, BEACON, &taken).unwrap();
        assert!(again.rows().iter().all(|row| !taken.contains(&row.code)));
        assert_eq!(arms(&again), arms(&list), "codes taken elsewhere move no arm");
    }

    /// The chi-square of a table, as a multiple of the value that chance passes once in 10,000 times.
    fn dependence<A: Ord + Copy, B: Ord + Copy>(pairs: &[(A, B)]) -> f64 {
        let (mut cells, mut rows, mut columns) =
            (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        for (a, b) in pairs {
            *cells.entry((*a, *b)).or_insert(0.0) += 1.0;
            *rows.entry(*a).or_insert(0.0) += 1.0;
            *columns.entry(*b).or_insert(0.0) += 1.0;
        }
        let mut chi = 0.0;
        for (a, row) in &rows {
            for (b, column) in &columns {
                let expected: f64 = row * column / pairs.len() as f64;
                let found: f64 = cells.get(&(*a, *b)).copied().unwrap_or(0.0);
                chi += (found - expected).powi(2) / expected;
            }
        }
        let degrees = ((rows.len() - 1) * (columns.len() - 1)) as f64;
        let spread = 2.0 / (9.0 * degrees);
        chi / (degrees * (1.0 - spread + 3.719 * spread.sqrt()).powi(3))
    }

    // shows: CO-4
    #[test]
    fn a_hundred_thousand_codes_say_nothing_about_arm_stratum_or_position() {
        let strata = (0..8).map(|n| StratumId::parse(&format!("c{n}/s")).unwrap()).collect();
        let list = draw(&Design { strata, ..design(12_496) });
        let rows: Vec<_> = list
            .rows()
            .iter()
            .map(|row| (row.code.to_string(), row.arm.index(), &row.stratum, row.position))
            .collect();
        assert_eq!(rows.len(), 99_968);
        for digit in 0..7 {
            let at = |code: &str| code.as_bytes()[digit];
            let arm: Vec<_> = rows.iter().map(|r| (at(&r.0), r.1)).collect();
            let stratum: Vec<_> = rows.iter().map(|r| (at(&r.0), r.2)).collect();
            let in_block: Vec<_> = rows.iter().map(|r| (at(&r.0), r.3 % 4)).collect();
            let tenth: Vec<_> = rows.iter().map(|r| (at(&r.0), r.3 * 10 / 12_496)).collect();
            let before: Vec<_> = rows.windows(2).map(|r| (at(&r[0].0), at(&r[1].0))).collect();
            let all = [
                dependence(&arm),
                dependence(&stratum),
                dependence(&in_block),
                dependence(&tenth),
                dependence(&before),
            ];
            assert!(all.iter().all(|of_limit| *of_limit < 1.0), "digit {digit}: {all:?}");
        }
        let rising = rows.windows(2).filter(|pair| pair[0].0 < pair[1].0).count() as f64;
        let expected = (rows.len() - 1) as f64 / 2.0;
        assert!((rising - expected).abs() < 3.9 * (rows.len() as f64 / 12.0).sqrt(), "{rising}");
        let planted: Vec<_> = rows
            .iter()
            .enumerate()
            .map(|(n, r)| (if n % 30 == 0 { 0 } else { r.0.as_bytes()[1] }, r.3 % 4))
            .collect();
        assert!(dependence(&planted) > 1.0, "a planted pattern is found");
    }

    // shows: SG-9
    #[test]
    fn a_design_that_cannot_be_drawn_is_refused_by_name() {
        let good = design(8);
        let with = |change: fn(&mut Design)| {
            let mut design = good.clone();
            change(&mut design);
            let secret = ListSecret::from_bytes(SECRET);
            List::draw(&design, &secret, b"", &BTreeSet::new()).map(|_| ()).err()
        };
        assert_eq!(with(|_| ()), None);
        assert_eq!(with(|d| d.arms.truncate(1)), Some(ListError::Arms));
        assert_eq!(with(|d| d.arms[1] = d.arms[0].clone()), Some(ListError::Arms));
        assert_eq!(with(|d| d.ratio = vec![1]), Some(ListError::Ratio));
        assert_eq!(with(|d| d.ratio = vec![2, 0]), Some(ListError::Ratio));
        assert_eq!(with(|d| d.ratio = vec![u32::MAX, 1]), Some(ListError::Ratio));
        assert_eq!(with(|d| d.sizes = vec![]), Some(ListError::Sizes));
        assert_eq!(with(|d| d.sizes = vec![4, 5]), Some(ListError::Sizes));
        assert_eq!(with(|d| d.sizes = vec![0]), Some(ListError::Sizes));
        assert_eq!(with(|d| d.sizes = vec![256]), None);
        assert_eq!(with(|d| d.sizes = vec![258]), Some(ListError::Sizes));
        assert_eq!(with(|d| d.strata.clear()), Some(ListError::Strata));
        assert_eq!(with(|d| d.strata[1] = d.strata[0].clone()), Some(ListError::Strata));
        assert_eq!(with(|d| d.slots = 0), Some(ListError::Slots));
        assert_eq!(with(|d| d.slots = 24_996), None);
        assert_eq!(with(|d| d.slots = 24_997), Some(ListError::Slots));
        let training = |d: &mut Design| (d.purpose, d.slots) = (ListPurpose::Training, 12_497);
        assert_eq!(with(training), Some(ListError::Codes));
        let training = |d: &mut Design| (d.purpose, d.slots) = (ListPurpose::Training, 12_496);
        assert_eq!(with(training), None);
        let largest = |d: &mut Design| (d.ratio, d.sizes) = (vec![255, 1], vec![256]);
        assert_eq!(with(largest), None);
        let larger = |d: &mut Design| (d.ratio, d.sizes) = (vec![255, 2], vec![257]);
        assert_eq!(with(larger), Some(ListError::Ratio));
    }

    // shows: SG-7, SG-9
    #[test]
    fn the_signed_manifest_reads_back_and_hides_the_sizes_when_told_to() {
        let open = manifest(&draw(&design(8)));
        assert_eq!(SignedManifest::parse(&open.to_file_text()), Ok(open.clone()));
        assert_eq!(open.manifest.sizes, Sizes::Published(vec![4]));
        assert_eq!(open.manifest.total(), 32);
        let hidden = Design { hide_sizes: true, ..design(8) };
        let hidden = manifest(&draw(&hidden));
        let text = [&b"klero/v1/sizes-commit\0\0\x09TEST-0001\0\0\0\0"[..], &SECRET, b"\0\x03[4]"]
            .concat();
        assert_eq!(hidden.manifest.sizes, Sizes::Hidden(sha256(&text)));
        assert_eq!(hidden.manifest.root, open.manifest.root);
        assert!(!hidden.text.contains("[4]"));
    }

    #[test]
    fn a_name_with_a_comma_or_a_quote_is_quoted_in_the_csv() {
        let strata = vec![StratumId::parse("east/a,\"b\"").unwrap()];
        let list = draw(&Design { strata, ..design(4) });
        assert!(list.to_csv().starts_with("\"east/a,\"\"b\"\"\",0,"));
    }
}
