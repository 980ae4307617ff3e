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

    /// Counted anew from the rows, not from how they were drawn.
    pub fn balance(&self) -> Balance {
        let sum: u32 = self.design.ratio.iter().sum();
        let mut rest = self.rows.as_slice();
        let mut unbalanced = 0;
        for length in &self.block_lengths {
            let (block, after) = rest.split_at(*length);
            rest = after;
            let share = *length / sum as usize;
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
