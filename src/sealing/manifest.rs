//! The manifest (design 5): the short signed text by which a list is known to everybody and opened to nobody.
//!
//! Lines `name: value`, LF, in one order; then an empty line and `signature: <hex 64>`. Signed and hashed is everything
//! before the empty line, its last LF included. It names the arms, all alike, and never who has which.

use super::bytes::{Hash, hex, sha256, unhex, unhex_array};
use super::signature::{Purpose, verify};
use crate::domain::ids::{PersonId, StratumId, TrialId};
use std::collections::BTreeSet;
use std::fmt;

/// The longest manifest file, in bytes.
pub const MANIFEST_BYTES_MAX: usize = 256 * 1024;
/// The most arms, and the longest name of one in bytes.
pub const ARMS_MAX: usize = 16;
/// The longest name of an arm, in bytes.
pub const ARM_NAME_BYTES_MAX: usize = 100;
/// The most block sizes a list mixes.
pub const SIZES_MAX: usize = 16;
/// The largest block: the draw takes one byte (design 5).
pub const BLOCK_MAX: u32 = 256;
/// The most strata.
pub const STRATA_MAX: usize = 1_000;
/// The most slots in one segment: well below the 800,000 codes there are.
pub const SLOTS_MAX: u32 = 100_000;
/// The longest beacon, in bytes.
pub const BEACON_BYTES_MAX: usize = 1_024;
/// The longest description of the beacon, in bytes.
pub const DESCRIPTION_BYTES_MAX: usize = 500;

/// What a list is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ListPurpose {
    /// Participants.
    Live,
    /// Drills: its codes begin with 9.
    Training,
}

impl ListPurpose {
    /// The word in manifests.
    pub fn as_str(self) -> &'static str {
        match self {
            ListPurpose::Live => "live",
            ListPurpose::Training => "training",
        }
    }

    /// Reads the word back.
    pub fn parse(word: &str) -> Option<Self> {
        [ListPurpose::Live, ListPurpose::Training].into_iter().find(|p| p.as_str() == word)
    }
}

/// The block sizes, or a promise about them for a trial that has not published them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sizes {
    /// In the order the draw counts them.
    Published(Vec<u32>),
    /// `SHA-256("klero/v1/sizes-commit" ‖ 00 ‖ ctx ‖ secret ‖ LP(compact JSON of the sizes))`, opened at the end.
    Hidden(Hash),
}

/// What the statistician signs about a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Manifest {
    /// The trial.
    pub trial: TrialId,
    /// For participants, or for drills.
    pub purpose: ListPurpose,
    /// The list's extension, from 0.
    pub segment: u32,
    /// SHA-256 of the trial file's bytes.
    pub configuration: Hash,
    /// The arms' names; an arm is an index into them.
    pub arms: Vec<String>,
    /// How many of each arm, in the arms' order.
    pub ratio: Vec<u32>,
    /// The block sizes.
    pub sizes: Sizes,
    /// How many slots each stratum has at least: what the draw was asked for.
    pub slots: u32,
    /// The strata in order, each with the slots it has: at least `slots`, since the last block is kept whole.
    pub strata: Vec<(StratumId, u32)>,
    /// The commitment to the list secret.
    pub seed_commit: Hash,
    /// The public value that was not known when the secret was made; may be empty.
    pub beacon: Vec<u8>,
    /// Where the beacon comes from: one line.
    pub beacon_description: String,
    /// The RFC 6962 root over all leaves.
    pub root: Hash,
    /// Who signs.
    pub signer: PersonId,
    /// With which key (an uncompressed point).
    pub signer_key: [u8; 65],
}

/// Why a manifest was refused. It repeats nothing of the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ManifestError {
    /// Longer than [`MANIFEST_BYTES_MAX`].
    TooLong,
    /// The line of this name is missing, out of order, malformed or beyond its limit.
    Line(&'static str),
    /// The text says the same thing in other bytes than it must.
    NotCanonical,
    /// The ratio does not fit the arms, or a block size the ratio.
    Ratio,
    /// A stratum is named twice, or its slots do not fit `slots` and the block sizes.
    Strata,
    /// The signature is not the signer's over this text.
    Signature,
}

impl fmt::Display for ManifestError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ManifestError::TooLong => f.write_str("the manifest is too long"),
            ManifestError::Line(name) => write!(f, "the manifest's line \"{name}\" is not right"),
            ManifestError::NotCanonical => f.write_str("the manifest is not written as it must be"),
            ManifestError::Ratio => f.write_str("the manifest's arms, ratio and sizes do not fit"),
            ManifestError::Strata => f.write_str("the manifest's strata and slots do not fit"),
            ManifestError::Signature => f.write_str("the manifest's signature does not fit it"),
        }
    }
}

impl std::error::Error for ManifestError {}

impl Manifest {
    /// The text that is signed, hashed and printed.
    pub fn to_text(&self) -> String {
        let mut text = String::from("klero manifest v1\n");
        let mut line = |name: &str, value: &str| {
            let space = if value.is_empty() { "" } else { " " };
            text.push_str(&format!("{name}:{space}{value}\n"));
        };
        line("trial", self.trial.as_str());
        line("purpose", self.purpose.as_str());
        line("segment", &self.segment.to_string());
        line("configuration", &hex(&self.configuration));
        line("arms", &serde_json::to_string(&self.arms).expect("a list of texts is JSON"));
        line("ratio", &numbers(&self.ratio));
        match &self.sizes {
            Sizes::Published(sizes) => line("sizes", &numbers(sizes)),
            Sizes::Hidden(commit) => line("sizes-commit", &hex(commit)),
        }
        line("slots", &self.slots.to_string());
        for (stratum, count) in &self.strata {
            line("stratum", &format!("{count} {stratum}"));
        }
        line("seed-commit", &hex(&self.seed_commit));
        line("beacon", &hex(&self.beacon));
        line("beacon-description", &self.beacon_description);
        line("root", &hex(&self.root));
        line("signer", self.signer.as_str());
        line("signer-key", &hex(&self.signer_key));
        text
    }

    /// Reads a text, which must be exactly the one [`Manifest::to_text`] writes, and checks that it agrees with itself.
    ///
    /// # Errors
    /// What does not fit, as a [`ManifestError`].
    pub fn from_text(text: &str) -> Result<Self, ManifestError> {
        if text.len() > MANIFEST_BYTES_MAX {
            return Err(ManifestError::TooLong);
        }
        let manifest = read(&mut Lines(text))?;
        if manifest.to_text() != text {
            return Err(ManifestError::NotCanonical);
        }
        manifest.agrees().map(|()| manifest)
    }

    /// How many slots all strata have together.
    pub fn total(&self) -> u64 {
        self.strata.iter().map(|(_, count)| u64::from(*count)).sum()
    }

    /// Do arms, ratio, sizes, strata and slots fit each other and their limits?
    ///
    /// # Errors
    /// [`ManifestError::Ratio`] or [`ManifestError::Strata`].
    pub fn agrees(&self) -> Result<(), ManifestError> {
        let names: BTreeSet<_> = self.arms.iter().collect();
        let sum = self.ratio.iter().try_fold(0u32, |sum, part| sum.checked_add(*part));
        let sum = sum.filter(|sum| (1..=BLOCK_MAX).contains(sum)).ok_or(ManifestError::Ratio)?;
        let block = |size: &u32| (1..=BLOCK_MAX).contains(size) && size.is_multiple_of(sum);
        let largest = match &self.sizes {
            Sizes::Published(sizes) if sizes.iter().all(block) => sizes.iter().copied().max(),
            Sizes::Published(_) => None,
            Sizes::Hidden(_) => Some(BLOCK_MAX),
        };
        let largest = largest.ok_or(ManifestError::Ratio)?;
        let whole = self.ratio.len() == names.len() && !self.ratio.contains(&0);
        if !whole || names.len() != self.arms.len() {
            return Err(ManifestError::Ratio);
        }
        let strata: BTreeSet<_> = self.strata.iter().map(|(stratum, _)| stratum).collect();
        let most = self.slots.saturating_add(largest);
        let filled = self.strata.iter().all(|(_, n)| (self.slots..most).contains(n));
        let counted = (1..=u64::from(SLOTS_MAX)).contains(&self.total());
        let once = strata.len() == self.strata.len();
        if filled && counted && once { Ok(()) } else { Err(ManifestError::Strata) }
    }
}

fn numbers(list: &[u32]) -> String {
    serde_json::to_string(list).expect("a list of numbers is JSON")
}

/// The lines still to be read.
struct Lines<'t>(&'t str);

impl<'t> Lines<'t> {
    /// The value of the next line, when that line has this name.
    fn maybe(&mut self, name: &str) -> Option<&'t str> {
        let (line, rest) = self.0.split_once('\n')?;
        let value = line.strip_prefix(name)?.strip_prefix(':')?;
        self.0 = rest;
        Some(value.strip_prefix(' ').unwrap_or(value))
    }

    /// The value of the next line, which must have this name and be read by `take`.
    fn next<T>(
        &mut self,
        name: &'static str,
        take: impl FnOnce(&'t str) -> Option<T>,
    ) -> Result<T, ManifestError> {
        self.maybe(name).and_then(take).ok_or(ManifestError::Line(name))
    }
}

fn read(lines: &mut Lines<'_>) -> Result<Manifest, ManifestError> {
    let first = "klero manifest v1\n";
    lines.0 = lines.0.strip_prefix(first).ok_or(ManifestError::Line("klero manifest v1"))?;
    let manifest = Manifest {
        trial: lines.next("trial", |v| TrialId::parse(v).ok())?,
        purpose: lines.next("purpose", ListPurpose::parse)?,
        segment: lines.next("segment", |v| v.parse().ok())?,
        configuration: lines.next("configuration", unhex_array)?,
        arms: lines.next("arms", read_arms)?,
        ratio: lines.next("ratio", |v| read_numbers(v, ARMS_MAX))?,
        sizes: match lines.maybe("sizes-commit") {
            Some(commit) => {
                Sizes::Hidden(unhex_array(commit).ok_or(ManifestError::Line("sizes-commit"))?)
            }
            None => Sizes::Published(lines.next("sizes", |v| read_numbers(v, SIZES_MAX))?),
        },
        slots: lines.next("slots", |v| v.parse().ok())?,
        strata: read_strata(lines)?,
        seed_commit: lines.next("seed-commit", unhex_array)?,
        beacon: lines.next("beacon", |v| unhex(v).filter(|b| b.len() <= BEACON_BYTES_MAX))?,
        beacon_description: lines.next("beacon-description", |v| {
            is_one_line(v, DESCRIPTION_BYTES_MAX).then(|| v.to_owned())
        })?,
        root: lines.next("root", unhex_array)?,
        signer: lines.next("signer", |v| PersonId::parse(v).ok())?,
        signer_key: lines.next("signer-key", unhex_array)?,
    };
    if lines.0.is_empty() { Ok(manifest) } else { Err(ManifestError::NotCanonical) }
}

fn is_one_line(text: &str, longest: usize) -> bool {
    (1..=longest).contains(&text.len()) && !text.chars().any(char::is_control)
}

fn read_arms(value: &str) -> Option<Vec<String>> {
    let arms: Vec<String> = serde_json::from_str(value).ok()?;
    let named = arms.iter().all(|name| is_one_line(name, ARM_NAME_BYTES_MAX));
    (named && (2..=ARMS_MAX).contains(&arms.len())).then_some(arms)
}

fn read_numbers(value: &str, most: usize) -> Option<Vec<u32>> {
    let list: Vec<u32> = serde_json::from_str(value).ok()?;
    (1..=most).contains(&list.len()).then_some(list)
}

fn read_strata(lines: &mut Lines<'_>) -> Result<Vec<(StratumId, u32)>, ManifestError> {
    let bad = ManifestError::Line("stratum");
    let mut strata = vec![];
    while let Some(value) = lines.maybe("stratum") {
        let (count, id) = value.split_once(' ').ok_or(bad)?;
        let id = StratumId::parse(id).map_err(|_| bad)?;
        strata.push((id, count.parse().map_err(|_| bad)?));
    }
    if (1..=STRATA_MAX).contains(&strata.len()) { Ok(strata) } else { Err(bad) }
}

/// A manifest with the text it was read from and the signature over it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedManifest {
    /// What it says.
    pub manifest: Manifest,
    /// The exact text that is signed.
    pub text: String,
    /// By the key on the line `signer-key`.
    pub signature: [u8; 64],
}

impl SignedManifest {
    /// Reads a manifest file and verifies its signature against the key it names. Whether that key is the
    /// statistician's is for the caller to ask: a stranger's manifest is signed too.
    ///
    /// # Errors
    /// What does not fit, as a [`ManifestError`].
    pub fn parse(file_text: &str) -> Result<Self, ManifestError> {
        if file_text.len() > MANIFEST_BYTES_MAX {
            return Err(ManifestError::TooLong);
        }
        let bad = ManifestError::Line("signature");
        let (above, below) = file_text.split_once("\n\n").ok_or(bad)?;
        let text = format!("{above}\n");
        let digits = below.strip_prefix("signature: ").and_then(|rest| rest.strip_suffix('\n'));
        let signature = digits.and_then(unhex_array).ok_or(bad)?;
        let signed = Self { manifest: Manifest::from_text(&text)?, text, signature };
        if signed.is_genuine() { Ok(signed) } else { Err(ManifestError::Signature) }
    }

    /// Is the text what the manifest says, and the signature the signer's over it?
    pub fn is_genuine(&self) -> bool {
        let key = &self.manifest.signer_key;
        self.manifest.to_text() == self.text
            && verify(key, Purpose::Manifest, self.text.as_bytes(), &self.signature)
    }

    /// The file: text, empty line, signature.
    pub fn to_file_text(&self) -> String {
        format!("{}\nsignature: {}\n", self.text, hex(&self.signature))
    }

    /// SHA-256 of the text: what the trail's first entry holds and every opener pins.
    pub fn hash(&self) -> Hash {
        sha256(self.text.as_bytes())
    }
}
