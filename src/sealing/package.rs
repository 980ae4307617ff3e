//! The package (design 5): what the statistician hands the service. Manifest, report, cards, wraps and sealed slots; no
//! arm, no secret, no key that opens one.
//!
//! ```text
//! {"klero":"package/v1","manifest":"<manifest file>","report":{…},"cards":[card…],
//!  "wraps":[{"centre","epoch","person","wrap":"<hex 113>"}…],
//!  "slots":[{"stratum","position","code","epoch","leaf":"<hex 32>","sealed":"<hex 92>"}…]}
//! report = {"strata":[{"stratum","slots"}…],"blocks","unbalanced_blocks","duplicate_codes","root","program","signature"}
//!          signed as a manifest is, over its compact JSON without the signature
//! ```

use super::bytes::{Hash, hex, unhex, unhex_array};
use super::card::{Card, CardError, CardText};
use super::manifest::{ListPurpose, Manifest, ManifestError, SLOTS_MAX, SignedManifest};
use super::signature::{Purpose, verify};
use super::slot::{Place, SealedArm, Wrap, centre_of};
use super::tree::root;
use crate::domain::ids::{CentreId, Code, PersonId, StratumId, TrialId};
use crate::domain::people::Role;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// The longest package, in bytes: [`SLOTS_MAX`] slots with long names fit.
pub const PACKAGE_BYTES_MAX: usize = 64 * 1024 * 1024;
/// The most cards.
pub const CARDS_MAX: usize = 500;
/// The most wraps.
pub const WRAPS_MAX: usize = 10_000;
/// The longest name of the program that made a report, in bytes.
pub const PROGRAM_BYTES_MAX: usize = 100;

/// What the statistician's command found in the list, for a second person to approve. It assigns nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// The strata in manifest order, each with its slots.
    pub strata: Vec<(StratumId, u32)>,
    /// How many blocks all strata have together.
    pub blocks: u32,
    /// How many of them do not hold the arms in the ratio: none, or the list is wrong.
    pub unbalanced_blocks: u32,
    /// How many codes stand twice: none, or the list is wrong.
    pub duplicate_codes: u32,
    /// The root over the leaves.
    pub root: Hash,
    /// Which program of which version counted.
    pub program: String,
    /// By the manifest's signer, over [`Report::signed_text`].
    pub signature: [u8; 64],
}

/// A centre key for one person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PackedWrap {
    /// Whose key it is.
    pub centre: CentreId,
    /// The key's number.
    pub epoch: u32,
    /// Who can unwrap it.
    pub person: PersonId,
    /// The wrapped key.
    pub wrap: Wrap,
}

/// A sealed slot with its public leaf hash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PackedSlot {
    /// The stratum.
    pub stratum: StratumId,
    /// The place in it, from 0.
    pub position: u32,
    /// The code.
    pub code: Code,
    /// The number of the centre key that seals it.
    pub epoch: u32,
    /// The leaf hash the manifest's root was made from.
    pub leaf: Hash,
    /// The sealed arm.
    pub sealed: SealedArm,
}

impl PackedSlot {
    /// What its arm is sealed and locked for.
    pub fn place(&self, trial: &TrialId, segment: u32) -> Place {
        let (stratum, position, code, epoch) =
            (self.stratum.clone(), self.position, self.code, self.epoch);
        Place { trial: trial.clone(), segment, stratum, position, code, epoch }
    }
}

/// Everything the service is given of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Package {
    /// The signed commitment.
    pub manifest: SignedManifest,
    /// The machine-made report.
    pub report: Report,
    /// The public cards of all who hold a key, and of the statistician.
    pub cards: Vec<Card>,
    /// The centre keys, wrapped.
    pub wraps: Vec<PackedWrap>,
    /// The slots, strata in manifest order, positions ascending.
    pub slots: Vec<PackedSlot>,
}

/// What was wrong with a package. It repeats nothing of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PackageError {
    /// Longer than [`PACKAGE_BYTES_MAX`], or with more cards, wraps or slots than there may be.
    TooLong,
    /// Not the JSON of a package: a key is missing, unknown or doubled, or a value malformed.
    NotAPackage,
    /// The manifest in it was refused.
    Manifest(ManifestError),
    /// A card in it was refused.
    Card(CardError),
    /// It is a list of another trial.
    Trial,
    /// The list was drawn for another version of the trial's file.
    Configuration,
    /// A training list where a live one is wanted, or the other way round.
    Purpose,
    /// The signer of the manifest is no statistician with a card in the package, or the card has another key.
    Signer,
    /// The report is not signed by the manifest's signer, or is about another list.
    Report,
    /// The report itself says that a block is unbalanced or a code stands twice.
    ReportFindsFault,
    /// The slots are not those of the manifest's strata, one by one in order.
    Slots,
    /// A code stands twice.
    CodeTwice,
    /// A code does not begin as codes of this purpose do: 9 for training, never 9 for participants.
    CodePurpose,
    /// The leaves do not give the root in the manifest.
    Root,
    /// A stratum's name does not begin with a centre, or slots of one centre are sealed under several keys.
    CentreKey,
    /// Two cards are of one person.
    CardTwice,
    /// A key is wrapped to one person twice.
    WrapTwice,
    /// A wrap is of a centre key that seals no slot.
    WrapOfNoSlot,
    /// A key is wrapped to somebody without a card, or whose role or centres do not allow to hold it (I11).
    WrapToStranger,
    /// A centre's slots could be opened by nobody: its key is wrapped to no one.
    CentreWithoutHolder,
}

impl fmt::Display for PackageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            PackageError::Manifest(error) => return error.fmt(f),
            PackageError::Card(error) => return error.fmt(f),
            PackageError::TooLong => "the package is too long",
            PackageError::NotAPackage => "this is not a package of version 1",
            PackageError::Trial => "the package is of another trial",
            PackageError::Configuration => {
                "the list was drawn for another version of the trial file"
            }
            PackageError::Purpose => "training and live lists must not be mixed up",
            PackageError::Signer => "the manifest's signer is not a statistician with this key",
            PackageError::Report => "the report is not the signer's about this list",
            PackageError::ReportFindsFault => "the report itself finds a fault in the list",
            PackageError::Slots => "the slots are not those the manifest counts",
            PackageError::CodeTwice => "a code stands twice in the list",
            PackageError::CodePurpose => "a code does not begin as codes of this purpose do",
            PackageError::Root => "the leaves do not give the root in the manifest",
            PackageError::CentreKey => "a stratum has no centre, or a centre has several keys",
            PackageError::CardTwice => "a person has two cards",
            PackageError::WrapTwice => "a centre key is given to a person twice",
            PackageError::WrapOfNoSlot => "a centre key is given that seals no slot",
            PackageError::WrapToStranger => "a centre key is given to somebody who may not hold it",
            PackageError::CentreWithoutHolder => "a centre's key is given to nobody",
        })
    }
}

impl std::error::Error for PackageError {}

impl Report {
    /// Reads a report as it is kept beside the list's entry. Its signature was checked when the package came in.
    pub fn read(json: &str) -> Option<Self> {
        serde_json::from_str::<ReportText>(json).ok()?.read()
    }

    /// What the statistician signs: the report's compact JSON without the signature.
    pub fn signed_text(&self) -> String {
        to_json(&self.to_text(None))
    }

    /// The report's compact JSON with its signature.
    pub fn to_json(&self) -> String {
        to_json(&self.to_text(Some(hex(&self.signature))))
    }
}

impl Package {
    /// The slots with their places, in list order.
    pub fn places(&self) -> impl Iterator<Item = (Place, &PackedSlot)> {
        let manifest = &self.manifest.manifest;
        self.slots.iter().map(|slot| (slot.place(&manifest.trial, manifest.segment), slot))
    }

    /// Reads a package: every value well formed, the manifest's signature verified, no key unknown, every length and
    /// count within its limit. Whether the parts belong together is for [`Package::check`].
    ///
    /// # Errors
    /// What does not fit, as a [`PackageError`].
    pub fn read(json: &str) -> Result<Self, PackageError> {
        if json.len() > PACKAGE_BYTES_MAX {
            return Err(PackageError::TooLong);
        }
        let text: PackageText =
            serde_json::from_str(json).map_err(|_| PackageError::NotAPackage)?;
        if text.klero != "package/v1" {
            return Err(PackageError::NotAPackage);
        }
        let counts = text.cards.len() > CARDS_MAX || text.wraps.len() > WRAPS_MAX;
        if counts || text.slots.len() > SLOTS_MAX as usize {
            return Err(PackageError::TooLong);
        }
        let cards = text.cards.iter().map(Card::from_text).collect::<Result<_, _>>();
        let wraps = text.wraps.iter().map(WrapText::read).collect::<Option<_>>();
        let slots = text.slots.iter().map(SlotText::read).collect::<Option<_>>();
        Ok(Self {
            manifest: SignedManifest::parse(&text.manifest).map_err(PackageError::Manifest)?,
            report: text.report.read().ok_or(PackageError::NotAPackage)?,
            cards: cards.map_err(PackageError::Card)?,
            wraps: wraps.ok_or(PackageError::NotAPackage)?,
            slots: slots.ok_or(PackageError::NotAPackage)?,
        })
    }

    /// The package as compact JSON.
    pub fn to_json(&self) -> String {
        to_json(&PackageText {
            klero: "package/v1".to_owned(),
            manifest: self.manifest.to_file_text(),
            report: self.report.to_text(Some(hex(&self.report.signature))),
            cards: self.cards.iter().map(Card::to_text).collect(),
            wraps: self.wraps.iter().map(WrapText::of).collect(),
            slots: self.slots.iter().map(SlotText::of).collect(),
        })
    }

    /// Checks that everything belongs together and to this trial: signature, purpose, configuration, counts, order,
    /// codes, leaves against the root, and every wrap to somebody who may hold it. Whether a code is already in an
    /// earlier segment, and whether the cards are those people registered, is for the caller.
    ///
    /// # Errors
    /// The first thing that is wrong, as a [`PackageError`].
    pub fn check(
        &self,
        trial: &TrialId,
        configuration: &Hash,
        purpose: ListPurpose,
    ) -> Result<(), PackageError> {
        let manifest = &self.manifest.manifest;
        manifest.agrees().map_err(PackageError::Manifest)?;
        ensure(self.manifest.is_genuine(), PackageError::Manifest(ManifestError::Signature))?;
        ensure(manifest.trial == *trial, PackageError::Trial)?;
        ensure(manifest.configuration == *configuration, PackageError::Configuration)?;
        ensure(manifest.purpose == purpose, PackageError::Purpose)?;
        let cards = self.cards_by_person()?;
        let signer = cards
            .get(&manifest.signer)
            .filter(|card| card.role == Role::Statistician && card.signing == manifest.signer_key);
        ensure(signer.is_some(), PackageError::Signer)?;
        self.check_report(manifest)?;
        self.check_slots(manifest)?;
        self.check_wraps(&cards, &self.centre_keys()?)
    }

    fn cards_by_person(&self) -> Result<BTreeMap<&PersonId, &Card>, PackageError> {
        let cards: BTreeMap<_, _> = self.cards.iter().map(|card| (&card.person, card)).collect();
        ensure(cards.len() == self.cards.len(), PackageError::CardTwice).map(|()| cards)
    }

    fn check_report(&self, manifest: &Manifest) -> Result<(), PackageError> {
        let report = &self.report;
        let text = report.signed_text();
        let key = &manifest.signer_key;
        let signed = verify(key, Purpose::Manifest, text.as_bytes(), &report.signature);
        let same_list = report.root == manifest.root && report.strata == manifest.strata;
        ensure(signed && same_list, PackageError::Report)?;
        let faultless = report.unbalanced_blocks == 0 && report.duplicate_codes == 0;
        ensure(faultless, PackageError::ReportFindsFault)
    }

    fn check_slots(&self, manifest: &Manifest) -> Result<(), PackageError> {
        let counted =
            manifest.strata.iter().flat_map(|(stratum, n)| (0..*n).map(move |p| (stratum, p)));
        let given = self.slots.iter().map(|slot| (&slot.stratum, slot.position));
        ensure(counted.eq(given), PackageError::Slots)?;
        let codes: BTreeSet<_> = self.slots.iter().map(|slot| slot.code).collect();
        ensure(codes.len() == self.slots.len(), PackageError::CodeTwice)?;
        let training = manifest.purpose == ListPurpose::Training;
        let fitting = codes.iter().all(|code| code.is_training() == training);
        ensure(fitting, PackageError::CodePurpose)?;
        let leaves: Vec<_> = self.slots.iter().map(|slot| slot.leaf).collect();
        ensure(root(&leaves) == manifest.root, PackageError::Root)
    }

    /// The one key of each centre that seals its slots, by its number.
    fn centre_keys(&self) -> Result<BTreeMap<CentreId, u32>, PackageError> {
        let mut keys = BTreeMap::new();
        for slot in &self.slots {
            let centre = centre_of(&slot.stratum).ok_or(PackageError::CentreKey)?;
            let epoch = *keys.entry(centre).or_insert(slot.epoch);
            ensure(epoch == slot.epoch && epoch > 0, PackageError::CentreKey)?;
        }
        Ok(keys)
    }

    fn check_wraps(
        &self,
        cards: &BTreeMap<&PersonId, &Card>,
        keys: &BTreeMap<CentreId, u32>,
    ) -> Result<(), PackageError> {
        let mut given = BTreeSet::new();
        for wrap in &self.wraps {
            let card = cards.get(&wrap.person);
            let may = card.is_some_and(|card| card.may_hold(&wrap.centre));
            ensure(keys.get(&wrap.centre) == Some(&wrap.epoch), PackageError::WrapOfNoSlot)?;
            ensure(may, PackageError::WrapToStranger)?;
            ensure(given.insert((&wrap.centre, &wrap.person)), PackageError::WrapTwice)?;
        }
        let held: BTreeSet<_> = given.iter().map(|(centre, _)| *centre).collect();
        ensure(held.len() == keys.len(), PackageError::CentreWithoutHolder)
    }
}

fn ensure(fits: bool, otherwise: PackageError) -> Result<(), PackageError> {
    if fits { Ok(()) } else { Err(otherwise) }
}

fn to_json(text: &impl Serialize) -> String {
    serde_json::to_string(text).expect("texts and numbers are JSON")
}

/// A package as it is written.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct PackageText {
    klero: String,
    manifest: String,
    report: ReportText,
    cards: Vec<CardText>,
    wraps: Vec<WrapText>,
    slots: Vec<SlotText>,
}

/// A report as it is written; without the signature it is what is signed.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ReportText {
    strata: Vec<StratumText>,
    blocks: u32,
    unbalanced_blocks: u32,
    duplicate_codes: u32,
    root: String,
    program: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    signature: Option<String>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct StratumText {
    stratum: String,
    slots: u32,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrapText {
    centre: String,
    epoch: u32,
    person: String,
    wrap: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SlotText {
    stratum: String,
    position: u32,
    code: String,
    epoch: u32,
    leaf: String,
    sealed: String,
}

impl Report {
    fn to_text(&self, signature: Option<String>) -> ReportText {
        let stratum = |(stratum, slots): &(StratumId, u32)| StratumText {
            stratum: stratum.to_string(),
            slots: *slots,
        };
        ReportText {
            strata: self.strata.iter().map(stratum).collect(),
            blocks: self.blocks,
            unbalanced_blocks: self.unbalanced_blocks,
            duplicate_codes: self.duplicate_codes,
            root: hex(&self.root),
            program: self.program.clone(),
            signature,
        }
    }
}

impl ReportText {
    fn read(self) -> Option<Report> {
        let stratum =
            |text: &StratumText| Some((StratumId::parse(&text.stratum).ok()?, text.slots));
        let one_line = self.program.len() <= PROGRAM_BYTES_MAX;
        let one_line = one_line && !self.program.chars().any(char::is_control);
        Some(Report {
            strata: self.strata.iter().map(stratum).collect::<Option<_>>()?,
            blocks: self.blocks,
            unbalanced_blocks: self.unbalanced_blocks,
            duplicate_codes: self.duplicate_codes,
            root: unhex_array(&self.root)?,
            program: Some(self.program).filter(|_| one_line)?,
            signature: unhex_array(&self.signature?)?,
        })
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

    fn read(&self) -> Option<PackedWrap> {
        Some(PackedWrap {
            centre: CentreId::parse(&self.centre).ok()?,
            epoch: self.epoch,
            person: PersonId::parse(&self.person).ok()?,
            wrap: Wrap::from_bytes(&unhex(&self.wrap)?)?,
        })
    }
}

impl SlotText {
    /// A slot as it is written.
    pub(super) fn of(slot: &PackedSlot) -> Self {
        Self {
            stratum: slot.stratum.to_string(),
            position: slot.position,
            code: slot.code.to_string(),
            epoch: slot.epoch,
            leaf: hex(&slot.leaf),
            sealed: hex(slot.sealed.as_bytes()),
        }
    }

    /// A slot as it was written.
    pub(super) fn read(&self) -> Option<PackedSlot> {
        // Spaces are for people: in a file a code has seven digits.
        let code = Code::parse(&self.code).ok().filter(|code| code.to_string() == self.code)?;
        Some(PackedSlot {
            stratum: StratumId::parse(&self.stratum).ok()?,
            position: self.position,
            code,
            epoch: self.epoch,
            leaf: unhex_array(&self.leaf)?,
            sealed: SealedArm::from_bytes(&unhex(&self.sealed)?)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sealing::samples::{leaves, manifest, public, sign, signed};

    fn person(name: &str, role: Role, centres: &[&str]) -> Card {
        Card {
            person: PersonId::parse(name).unwrap(),
            role,
            centres: centres.iter().map(|name| centre(name)).collect(),
            opening: public("opening"),
            signing: public("signing"),
        }
    }

    fn centre(name: &str) -> CentreId {
        CentreId::parse(name).unwrap()
    }

    fn wrap(centre_name: &str, name: &str) -> PackedWrap {
        let (centre, person) = (centre(centre_name), PersonId::parse(name).unwrap());
        PackedWrap { centre, epoch: 1, person, wrap: Wrap::from_bytes(&[3; 113]).unwrap() }
    }

    /// Two centres, seven slots, a statistician, a hotline, and a pharmacist at one of the centres.
    fn package() -> Package {
        packed(manifest())
    }

    fn packed(manifest: Manifest) -> Package {
        let first = if manifest.purpose == ListPurpose::Training { 9 } else { 1 };
        let places =
            manifest.strata.iter().flat_map(|(id, n)| (0..*n).map(move |p| (id.clone(), p)));
        let slots =
            places.zip(leaves()).zip(0..).map(|(((stratum, position), leaf), i)| PackedSlot {
                stratum,
                position,
                code: Code::from_digits([first, 2, 3, 4, 5, i]).unwrap(),
                epoch: 1,
                leaf,
                sealed: SealedArm::from_bytes(&[i; 92]).unwrap(),
            });
        let slots = slots.collect();
        let report = Report {
            strata: manifest.strata.clone(),
            blocks: 3,
            unbalanced_blocks: 0,
            duplicate_codes: 0,
            root: manifest.root,
            program: "klero 0.1.0".to_owned(),
            signature: [0; 64],
        };
        let mut package = Package {
            manifest: signed(manifest),
            report,
            cards: vec![
                person("stat-1", Role::Statistician, &[]),
                person("hot-1", Role::Hotline, &[]),
                person("p-hs-1", Role::Pharmacist, &["huashan"]),
            ],
            wraps: vec![
                wrap("renji-south", "hot-1"),
                wrap("huashan", "hot-1"),
                wrap("huashan", "p-hs-1"),
            ],
            slots,
        };
        sign_report(&mut package);
        package
    }

    fn sign_report(package: &mut Package) {
        let text = package.report.signed_text();
        package.report.signature = sign(Purpose::Manifest, text.as_bytes());
    }

    /// The same package, its manifest changed and signed anew, its report too.
    fn resigned(change: impl Fn(&mut Manifest)) -> Package {
        let mut package = package();
        change(&mut package.manifest.manifest);
        package.manifest = signed(package.manifest.manifest);
        package.report.root = package.manifest.manifest.root;
        package.report.strata = package.manifest.manifest.strata.clone();
        sign_report(&mut package);
        package
    }

    fn check(package: &Package) -> Result<(), PackageError> {
        let sample = manifest();
        package.check(&sample.trial, &sample.configuration, ListPurpose::Live)
    }

    /// What becomes of the package after one change to it.
    fn changed(change: impl FnOnce(&mut Package)) -> Result<(), PackageError> {
        let mut package = package();
        change(&mut package);
        check(&package)
    }

    // shows: I1
    #[test]
    fn a_package_that_belongs_together_is_taken_and_reads_back() {
        assert_eq!(check(&package()), Ok(()));
        let package = package();
        let json = package.to_json();
        assert_eq!(Package::read(&json), Ok(package));
        let keys = r#"{"stratum":"renji-south/lldas","position":0,"code":"#;
        assert!(json.contains(keys));
        let slots = json.split_once("\"slots\":[{\"stratum\"").unwrap().1;
        assert!(!slots.contains("ZEBRA") && !slots.contains("OKAPI"));
    }

    #[test]
    fn a_training_package_is_taken_for_training_alone() {
        let training = packed(Manifest { purpose: ListPurpose::Training, ..manifest() });
        let sample = manifest();
        let check = |purpose| training.check(&sample.trial, &sample.configuration, purpose);
        assert_eq!(check(ListPurpose::Training), Ok(()));
        assert_eq!(check(ListPurpose::Live), Err(PackageError::Purpose));
    }

    #[test]
    fn a_package_for_another_trial_file_or_purpose_is_refused() {
        let (package, sample) = (package(), manifest());
        let other = TrialId::parse("TEST-0002").unwrap();
        let live = ListPurpose::Live;
        let refused = package.check(&other, &sample.configuration, live);
        assert_eq!(refused, Err(PackageError::Trial));
        let refused = package.check(&sample.trial, &[0; 32], live);
        assert_eq!(refused, Err(PackageError::Configuration));
        let refused = package.check(&sample.trial, &sample.configuration, ListPurpose::Training);
        assert_eq!(refused, Err(PackageError::Purpose));
    }

    #[test]
    fn a_package_is_refused_unless_a_statistician_in_it_signed_the_manifest() {
        let not_signed = PackageError::Manifest(ManifestError::Signature);
        assert_eq!(changed(|p| p.manifest.signature[0] ^= 1), Err(not_signed));
        assert_eq!(changed(|p| p.manifest.manifest.segment = 1), Err(not_signed));
        let apart = PackageError::Manifest(ManifestError::Strata);
        assert_eq!(check(&resigned(|m| m.slots = 9)), Err(apart));
        assert_eq!(changed(|p| drop(p.cards.remove(0))), Err(PackageError::Signer));
        assert_eq!(changed(|p| p.cards[0].role = Role::Hotline), Err(PackageError::Signer));
        let key = public("opening");
        assert_eq!(changed(|p| p.cards[0].signing = key), Err(PackageError::Signer));
    }

    #[test]
    fn a_report_about_another_list_or_with_a_fault_is_refused() {
        let reported = |change: &dyn Fn(&mut Report)| {
            changed(|package| {
                change(&mut package.report);
                sign_report(package);
            })
        };
        assert_eq!(reported(&|_| ()), Ok(()));
        assert_eq!(reported(&|r| r.root[0] ^= 1), Err(PackageError::Report));
        assert_eq!(reported(&|r| r.strata[0].1 += 1), Err(PackageError::Report));
        assert_eq!(reported(&|r| r.strata.reverse()), Err(PackageError::Report));
        let fault = Err(PackageError::ReportFindsFault);
        assert_eq!(reported(&|r| r.unbalanced_blocks = 1), fault);
        assert_eq!(reported(&|r| r.duplicate_codes = 1), fault);
        assert_eq!(changed(|p| p.report.blocks += 1), Err(PackageError::Report));
        assert_eq!(changed(|p| p.report.program.push('!')), Err(PackageError::Report));
        assert_eq!(changed(|p| p.report.signature[9] ^= 1), Err(PackageError::Report));
    }

    // shows: I4
    #[test]
    fn slots_missing_doubled_or_out_of_order_are_refused() {
        let refused = Err(PackageError::Slots);
        assert_eq!(changed(|p| drop(p.slots.pop())), refused);
        assert_eq!(changed(|p| drop(p.slots.remove(2))), refused);
        assert_eq!(changed(|p| p.slots.push(p.slots[6].clone())), refused);
        assert_eq!(changed(|p| p.slots.swap(0, 1)), refused);
        assert_eq!(changed(|p| p.slots.rotate_left(4)), refused);
        assert_eq!(changed(|p| p.slots[3].position = 4), refused);
        assert_eq!(changed(|p| p.slots[3].stratum = p.slots[4].stratum.clone()), refused);
        assert_eq!(changed(|p| p.slots.clear()), refused);
    }

    // shows: I4
    #[test]
    fn a_code_that_stands_twice_or_is_of_the_other_purpose_is_refused() {
        assert_eq!(changed(|p| p.slots[6].code = p.slots[0].code), Err(PackageError::CodeTwice));
        let training = Code::from_digits([9, 2, 3, 4, 5, 6]).unwrap();
        assert_eq!(changed(|p| p.slots[6].code = training), Err(PackageError::CodePurpose));
        let live = check(&resigned(|m| m.purpose = ListPurpose::Training));
        assert_eq!(live, Err(PackageError::Purpose));
        let list = resigned(|m| m.purpose = ListPurpose::Training);
        let sample = manifest();
        let refused = list.check(&sample.trial, &sample.configuration, ListPurpose::Training);
        assert_eq!(refused, Err(PackageError::CodePurpose));
    }

    #[test]
    fn leaves_that_do_not_give_the_root_are_refused() {
        for slot in 0..7 {
            let refused = changed(|package| package.slots[slot].leaf[31] ^= 1);
            assert_eq!(refused, Err(PackageError::Root), "slot {slot}");
        }
        assert_eq!(check(&resigned(|m| m.root[0] ^= 1)), Err(PackageError::Root));
    }

    #[test]
    fn slots_without_one_key_for_their_centre_are_refused() {
        let refused = Err(PackageError::CentreKey);
        assert_eq!(changed(|p| p.slots[1].epoch = 2), refused);
        assert_eq!(changed(|p| p.slots.iter_mut().for_each(|slot| slot.epoch = 0)), refused);
        let nowhere = StratumId::parse("华山/lldas").unwrap();
        let mut package = resigned(|m| m.strata[1].0 = nowhere.clone());
        package.slots[4..].iter_mut().for_each(|slot| slot.stratum = nowhere.clone());
        assert_eq!(check(&package), refused);
    }

    // shows: I11
    #[test]
    fn a_centre_key_goes_only_to_a_card_that_may_hold_it() {
        let refused = Err(PackageError::WrapToStranger);
        let given = |name| changed(|p| p.wraps.push(wrap("renji-south", name)));
        assert_eq!(given("stat-1"), Ok(()));
        assert_eq!(given("nobody"), refused);
        assert_eq!(given("p-hs-1"), refused, "a pharmacist of the other centre");
        for role in Role::ALL.into_iter().filter(|role| !role.holds_keys()) {
            let card = person("x-1", role, &["renji-south"]);
            let refused_too = changed(|p| {
                p.cards.push(card);
                p.wraps.push(wrap("renji-south", "x-1"));
            });
            assert_eq!(refused_too, refused, "{role}");
        }
    }

    #[test]
    fn wraps_that_are_doubled_useless_or_missing_are_refused() {
        assert_eq!(changed(|p| p.wraps.push(p.wraps[0].clone())), Err(PackageError::WrapTwice));
        assert_eq!(changed(|p| p.wraps[0].epoch = 2), Err(PackageError::WrapOfNoSlot));
        let elsewhere = wrap("sixth-people", "hot-1");
        assert_eq!(changed(|p| p.wraps.push(elsewhere)), Err(PackageError::WrapOfNoSlot));
        let refused = Err(PackageError::CentreWithoutHolder);
        assert_eq!(changed(|p| drop(p.wraps.remove(0))), refused);
        assert_eq!(changed(|p| p.wraps.clear()), refused);
        assert_eq!(changed(|p| p.cards.push(p.cards[1].clone())), Err(PackageError::CardTwice));
    }

    #[test]
    fn what_is_not_a_package_is_refused() {
        let package = package();
        let json = package.to_json();
        let altered = |from: &str, to: &str| {
            assert!(json.contains(from), "{from}");
            Package::read(&json.replacen(from, to, 1)).err()
        };
        let not_a_package = Some(PackageError::NotAPackage);
        for (from, to) in [
            ("package/v1", "package/v2"),
            ("\"report\"", "\"arms\":[],\"report\""),
            ("{\"centre\"", "{\"arm\":1,\"centre\""),
            ("{\"stratum\":\"renji", "{\"arm\":1,\"stratum\":\"renji"),
            ("\"blocks\"", "\"arm\":1,\"blocks\""),
            ("\"position\":0,", ""),
            ("\"position\":0,", "\"position\":0,\"position\":0,"),
            ("\"position\":0", "\"position\":-1"),
            ("\"position\":0", "\"position\":0.0"),
            ("\"code\":\"123", "\"code\":\"123 "),
            ("\"code\":\"123", "\"code\":\"124"),
            ("\"leaf\":\"", "\"leaf\":\"00"),
            ("\"sealed\":\"", "\"sealed\":\"00"),
            ("\"wrap\":\"", "\"wrap\":\"00"),
            ("\"centre\":\"huashan", "\"centre\":\"Huashan"),
            ("\"person\":\"hot-1\",\"wrap\"", "\"person\":\"\",\"wrap\""),
            ("klero 0.1.0", "klero\\n0.1.0"),
        ] {
            assert_eq!(altered(from, to), not_a_package, "{to}");
        }
        let signature = format!(",\"signature\":\"{}\"", hex(&package.report.signature));
        let unsigned = json.replace(&signature, "");
        assert!(unsigned.len() < json.len());
        assert_eq!(Package::read(&unsigned).err(), not_a_package);
        let card = Some(PackageError::Card(CardError::Fingerprint));
        assert_eq!(altered("\"fingerprint\":\"3599", "\"fingerprint\":\"3590"), card);
        let manifest = Some(PackageError::Manifest(ManifestError::Signature));
        assert_eq!(altered("ZEBRA", "ZEBRO"), manifest);
    }

    #[test]
    fn a_package_has_limits_and_is_refused_one_past_them() {
        let read = |change: &dyn Fn(&mut Package)| {
            let mut package = package();
            change(&mut package);
            Package::read(&package.to_json()).map(|_| ())
        };
        let wraps = |n: usize| read(&|p| p.wraps = vec![p.wraps[0].clone(); n]);
        assert_eq!(wraps(WRAPS_MAX), Ok(()));
        assert_eq!(wraps(WRAPS_MAX + 1), Err(PackageError::TooLong));
        let cards = |n: usize| read(&|p| p.cards = vec![p.cards[0].clone(); n]);
        assert_eq!(cards(CARDS_MAX), Ok(()));
        assert_eq!(cards(CARDS_MAX + 1), Err(PackageError::TooLong));
        let program = |n: usize| read(&|p| p.report.program = "p".repeat(n));
        assert_eq!(program(PROGRAM_BYTES_MAX), Ok(()));
        assert_eq!(program(PROGRAM_BYTES_MAX + 1), Err(PackageError::NotAPackage));
        // Written by repeating the last slot's text, which is quicker than packing so many.
        let json = package().to_json();
        let last = json.rfind("{\"stratum\"").unwrap();
        let slot = json[last..].strip_suffix("]}").unwrap();
        let slots = |n: usize| {
            let more = format!(",{slot}").repeat(n - package().slots.len());
            Package::read(&format!("{}{slot}{more}]}}", &json[..last])).map(|p| p.slots.len())
        };
        assert_eq!(slots(SLOTS_MAX as usize), Ok(SLOTS_MAX as usize));
        assert_eq!(slots(SLOTS_MAX as usize + 1), Err(PackageError::TooLong));
        let padded = |n: usize| {
            let read = Package::read(&format!("{json}{}", " ".repeat(n - json.len())));
            read.map(|_| ())
        };
        assert_eq!(padded(PACKAGE_BYTES_MAX), Ok(()));
        assert_eq!(padded(PACKAGE_BYTES_MAX + 1), Err(PackageError::TooLong));
    }

    #[test]
    fn a_report_is_signed_without_its_signature_and_sent_with_it() {
        let report = package().report;
        let text = report.signed_text();
        let expected = concat!(
            r#"{"strata":[{"stratum":"renji-south/lldas","slots":4},"#,
            r#"{"stratum":"huashan/非 LLDAS","slots":3}],"blocks":3,"unbalanced_blocks":0,"#,
            r#""duplicate_codes":0,"root":"ROOT","program":"klero 0.1.0"}"#
        );
        assert_eq!(text, expected.replace("ROOT", &hex(&report.root)));
        let signature = hex(&report.signature);
        let expected = format!("{},\"signature\":\"{signature}\"}}", &text[..text.len() - 1]);
        assert_eq!(report.to_json(), expected);
    }
}
