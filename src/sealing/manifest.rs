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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sealing::samples::{manifest, one_bit_off, public, sign, signed};

    /// What becomes of a manifest whose text is altered and signed anew: the signature is not what finds it.
    fn altered(from: &str, to: &str) -> Result<SignedManifest, ManifestError> {
        let text = manifest().to_text();
        assert!(text.contains(from), "{from}");
        let text = text.replacen(from, to, 1);
        let signature = sign(Purpose::Manifest, text.as_bytes());
        SignedManifest::parse(&format!("{text}\nsignature: {}\n", hex(&signature)))
    }

    #[test]
    fn a_manifest_has_its_lines_in_one_order() {
        let expected = format!(
            "klero manifest v1\ntrial: TEST-0001\npurpose: live\nsegment: 0\nconfiguration: {}\n\
             arms: [\"ZEBRA\",\"OKAPI\"]\nratio: [1,1]\nsizes: [2,4]\nslots: 3\n\
             stratum: 4 renji-south/lldas\nstratum: 3 huashan/非 LLDAS\nseed-commit: {}\nbeacon:\n\
             beacon-description: none\nroot: {}\nsigner: stat-1\nsigner-key: {}\n",
            "c0".repeat(32),
            "5e".repeat(32),
            hex(&manifest().root),
            hex(&public("signing")),
        );
        assert_eq!(manifest().to_text(), expected);
        let signed = signed(manifest());
        let file = format!("{expected}\nsignature: {}\n", hex(&signed.signature));
        assert_eq!(signed.to_file_text(), file);
        assert_eq!(signed.hash(), sha256(expected.as_bytes()));
    }

    // shows: I1
    #[test]
    fn a_manifest_reads_back_with_everything_it_says() {
        let beacon = (0..=255).collect();
        let description = "双色球 2026131 期，2026-11-15".to_owned();
        let hidden = Manifest {
            sizes: Sizes::Hidden([9; 32]),
            purpose: ListPurpose::Training,
            segment: u32::MAX,
            beacon,
            beacon_description: description,
            arms: vec!["a \"quoted\" arm".to_owned(), "安慰剂".to_owned()],
            ..manifest()
        };
        for manifest in [manifest(), hidden] {
            let file = signed(manifest.clone()).to_file_text();
            let read = SignedManifest::parse(&file).unwrap();
            assert_eq!(read.manifest, manifest);
            assert_eq!(read.to_file_text(), file);
            assert_eq!(manifest.total(), 7);
        }
    }

    #[test]
    fn a_flipped_bit_anywhere_in_a_manifest_is_refused() {
        for altered in one_bit_off(&signed(manifest()).to_file_text()) {
            assert!(SignedManifest::parse(&altered).is_err(), "{altered}");
        }
    }

    #[test]
    fn a_manifest_signed_by_another_key_than_it_names_is_refused() {
        let stranger = Manifest { signer_key: public("opening"), ..manifest() };
        let file = signed(stranger).to_file_text();
        assert_eq!(SignedManifest::parse(&file), Err(ManifestError::Signature));
        let mut other = signed(manifest());
        other.manifest.slots = 2;
        assert!(!other.is_genuine(), "the text must be what the manifest says");
    }

    #[test]
    fn the_same_manifest_in_other_bytes_is_refused() {
        use ManifestError::{Line, NotCanonical};
        for (from, to, error) in [
            ("purpose: live\nsegment: 0", "segment: 0\npurpose: live", Line("purpose")),
            ("\nsegment: 0", "\nsegment: 00", NotCanonical),
            ("[1,1]", "[1, 1]", NotCanonical),
            ("beacon:\n", "beacon: \n", NotCanonical),
            ("trial: T", "trial:T", NotCanonical),
            ("trial: T", "trial:  T", Line("trial")),
            ("ZEBRA", "\\u005aEBRA", NotCanonical),
            ("stratum: 4 ", "stratum: +4 ", NotCanonical),
            ("signer: stat-1\n", "signer: stat-1\r\n", Line("signer")),
            ("slots: 3\n", "slots: 3\nslots: 3\n", Line("stratum")),
            ("sizes: [2,4]\n", "sizes-commit: 00\n", Line("sizes-commit")),
            ("manifest v1", "manifest v2", Line("klero manifest v1")),
            ("root: ", "root: A", Line("root")),
        ] {
            assert_eq!(altered(from, to), Err(error), "{to}");
        }
        let key = format!("{}\n", hex(&public("signing")));
        assert_eq!(altered(&key, &format!("{key}note: x\n")), Err(NotCanonical));
        let signed = signed(manifest());
        let (file, signature) = (signed.to_file_text(), hex(&signed.signature));
        for (from, to) in [
            (signature.clone(), signature.to_uppercase()),
            (format!("{signature}\n"), signature.clone()),
            (format!("{signature}\n"), format!("{signature}\n\n")),
            ("\n\nsignature".to_owned(), "\nsignature".to_owned()),
        ] {
            let refused = SignedManifest::parse(&file.replace(&from, &to));
            assert_eq!(refused, Err(Line("signature")), "{to}");
        }
    }

    #[test]
    fn a_manifest_that_does_not_agree_with_itself_is_refused() {
        use ManifestError::{Ratio, Strata};
        for (from, to, error) in [
            ("ratio: [1,1]", "ratio: [1,1,1]", Ratio),
            ("ratio: [1,1]", "ratio: [1,0]", Ratio),
            ("ratio: [1,1]", "ratio: [4294967295,1]", Ratio),
            ("sizes: [2,4]", "sizes: [2,3]", Ratio),
            ("sizes: [2,4]", "sizes: [2,0]", Ratio),
            ("sizes: [2,4]", "sizes: [2,258]", Ratio),
            ("[\"ZEBRA\",\"OKAPI\"]", "[\"ZEBRA\",\"ZEBRA\"]", Ratio),
            ("slots: 3", "slots: 4", Strata),
            ("stratum: 4 ", "stratum: 7 ", Strata),
            ("huashan/非 LLDAS", "renji-south/lldas", Strata),
        ] {
            assert_eq!(altered(from, to), Err(error), "{to}");
        }
        let one_arm_twice = changed(|m| {
            m.arms[1] = m.arms[0].clone();
            m.ratio.truncate(1);
        });
        assert_eq!(one_arm_twice, Err(Ratio));
        assert!(altered("stratum: 4 ", "stratum: 6 ").is_ok(), "the last block is kept whole");
        assert!(altered("sizes: [2,4]", "sizes: [2,256]").is_ok());
    }

    fn changed(change: impl Fn(&mut Manifest)) -> Result<(), ManifestError> {
        let mut manifest = manifest();
        change(&mut manifest);
        Manifest::from_text(&manifest.to_text()).map(|_| ())
    }

    fn line(name: &'static str) -> Result<(), ManifestError> {
        Err(ManifestError::Line(name))
    }

    #[test]
    fn the_counts_in_a_manifest_have_limits_and_are_refused_one_past_them() {
        let arms = |n: usize| {
            changed(|m| {
                m.arms = (0..n).map(|i| format!("arm {i}")).collect();
                m.ratio = vec![1; n];
                m.sizes = Sizes::Hidden([0; 32]);
            })
        };
        assert_eq!([2, ARMS_MAX].map(arms), [Ok(()), Ok(())]);
        assert_eq!([1, ARMS_MAX + 1].map(arms), [line("arms"), line("arms")]);
        let sizes = |n: usize| changed(|m| m.sizes = Sizes::Published(vec![2; n]));
        assert_eq!([1, SIZES_MAX].map(sizes), [Ok(()), Ok(())]);
        assert_eq!([0, SIZES_MAX + 1].map(sizes), [line("sizes"), line("sizes")]);
        let strata = |n: usize| {
            let id = |i| StratumId::parse(&format!("s{i}")).unwrap();
            changed(|m| m.strata = (0..n).map(|i| (id(i), 3)).collect())
        };
        assert_eq!([1, STRATA_MAX].map(strata), [Ok(()), Ok(())]);
        assert_eq!([0, STRATA_MAX + 1].map(strata), [line("stratum"), line("stratum")]);
        let slots = |n: u32| {
            changed(|m| {
                m.slots = n;
                m.strata.truncate(1);
                m.strata[0].1 = n;
            })
        };
        let refused = Err(ManifestError::Strata);
        assert_eq!([1, SLOTS_MAX].map(slots), [Ok(()), Ok(())]);
        assert_eq!([0, SLOTS_MAX + 1].map(slots), [refused, refused]);
    }

    #[test]
    fn the_texts_in_a_manifest_have_limits_and_are_refused_one_past_them() {
        let name = |n: usize| changed(|m| m.arms[0] = "a".repeat(n));
        assert_eq!([1, ARM_NAME_BYTES_MAX].map(name), [Ok(()), Ok(())]);
        assert_eq!([0, ARM_NAME_BYTES_MAX + 1].map(name), [line("arms"), line("arms")]);
        assert_eq!(changed(|m| m.arms[0] = "a\n".to_owned()), line("arms"));
        let beacon = |n: usize| changed(|m| m.beacon = vec![7; n]);
        assert_eq!([0, BEACON_BYTES_MAX].map(beacon), [Ok(()), Ok(())]);
        assert_eq!(beacon(BEACON_BYTES_MAX + 1), line("beacon"));
        let words = |n: usize| changed(|m| m.beacon_description = "x".repeat(n));
        let refused = line("beacon-description");
        assert_eq!([1, DESCRIPTION_BYTES_MAX].map(words), [Ok(()), Ok(())]);
        assert_eq!([0, DESCRIPTION_BYTES_MAX + 1].map(words), [refused, refused]);
        let long = "x".repeat(MANIFEST_BYTES_MAX + 1);
        assert_eq!(SignedManifest::parse(&long), Err(ManifestError::TooLong));
        assert_eq!(SignedManifest::parse(&long[1..]), Err(ManifestError::Line("signature")));
        assert_eq!(Manifest::from_text(&long), Err(ManifestError::TooLong));
        assert_ne!(Manifest::from_text(&long[1..]), Err(ManifestError::TooLong));
    }
}
