//! A release as the service answers it, and everything about it that is checked before a key is touched: commitment,
//! checkpoint, entry, proof. No arm is in it, and nothing here could open one.

use super::failure::{Exit, Failure};
use crate::domain::entry::{Fact, fact};
use crate::domain::ids::{CentreId, PersonId, Reference};
use crate::sealing::bytes::{Hash, hex, unhex, unhex_array};
use crate::sealing::checkpoint::TrailKey;
use crate::sealing::kit::PortableSlot;
use crate::sealing::line::{self, Line};
use crate::sealing::manifest::{ListPurpose, Manifest, SignedManifest};
use crate::sealing::signature::{drill_text, receipt_text};
use crate::sealing::slot::{PassedKey, Wrap, centre_of};
use crate::sealing::tree::{leaf_hash, root_from_path};
use serde::Deserialize;
use serde_json::Value;

/// The longest release, and the longest commitment, in bytes.
pub const RELEASE_BYTES_MAX: usize = 512 * 1024;

/// The purpose of a release that is nobody's.
const DRILL: &str = "drill";

/// The public commitment, as `GET /v1/commitment` gives it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct CommitmentText {
    manifest: String,
    trail_key: String,
    /// Of later segments of the list.
    #[serde(default)]
    extensions: Vec<String>,
}

/// What the service answered. It may say more than is needed here.
#[derive(Deserialize)]
struct ReleaseText {
    reference: String,
    purpose: String,
    /// Of a drill: nobody's.
    #[serde(default)]
    participant: String,
    slot: Value,
    wrap: WrapText,
    passed: Option<PassedText>,
    receipt: ReceiptText,
    /// Of a drill: the training list's manifest.
    manifest: Option<String>,
    /// Of a drill: the keys to try.
    #[serde(default)]
    keys: Vec<WrapText>,
}

/// A wrap as the service hands it out.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PassedText {
    centre: String,
    epoch: u32,
    sealed: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WrapText {
    centre: String,
    epoch: u32,
    person: String,
    wrap: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ReceiptText {
    entry: String,
    index: u64,
    proof: Vec<String>,
    checkpoint: String,
}

/// The centre key, wrapped to one person.
#[derive(Debug, Clone)]
pub struct HeldWrap {
    /// Whose slots it opens.
    pub centre: CentreId,
    /// The key's number.
    pub epoch: u32,
    /// Who can unwrap it.
    pub person: PersonId,
    /// The wrapped key.
    pub wrap: Wrap,
}

/// A release whose entry is proven to be in the trail, and to be about this very slot.
#[derive(Debug)]
pub struct Proven {
    /// The commitment that the slot must fit.
    pub pinned: Manifest,
    /// The release's name.
    pub reference: String,
    /// `prepare`, `break` or `drill`.
    pub purpose: String,
    /// Whose code it is.
    pub participant: String,
    /// The sealed slot.
    pub slot: PortableSlot,
    /// The centre by whose key it opens: its own, or the one where the participant is now.
    pub centre: CentreId,
    /// The caller's wrap.
    pub wrap: HeldWrap,
    /// After a participant moved: the slot's own key, under the key in the wrap.
    pub passed: Option<PassedKey>,
    /// Of a drill: every key that the person would need on a real night.
    pub keys: Vec<HeldWrap>,
    /// The entry's leaf hash, which the opening receipt names.
    pub leaf: Hash,
    /// The entry's number.
    pub entry: u64,
}

/// The commitment's two parts.
#[derive(Debug)]
pub struct Commitment {
    /// The manifest, its signature verified.
    pub signed: SignedManifest,
    /// Those of later segments of the list, verified too.
    pub extensions: Vec<SignedManifest>,
    /// The key that signs checkpoints.
    pub trail_key: TrailKey,
}

impl Commitment {
    /// Reads the commitment and verifies the manifest's signature.
    ///
    /// # Errors
    /// 25 for anything that is not as its signer signed it.
    pub fn read(text: &str) -> Result<Self, Failure> {
        let altered = |why: String| {
            let what = "the commitment is not one that its signer signed";
            let next = "fetch it again, compare it with the published manifest, and open nothing until it fits";
            Failure::new(Exit::AlteredManifest, "manifest-altered", what, next).because(why)
        };
        let read: CommitmentText = serde_json::from_str(text)
            .map_err(|_| altered("It is not the JSON of a commitment.".to_owned()))?;
        let signed = SignedManifest::parse(&read.manifest).map_err(|e| altered(e.to_string()))?;
        let trail_key = TrailKey::parse(&read.trail_key).map_err(|e| altered(e.to_string()))?;
        let extensions = read.extensions.iter().map(|text| {
            let next = SignedManifest::parse(text).map_err(|e| altered(e.to_string()))?;
            let (of, first) = (&next.manifest, &signed.manifest);
            if (&of.trial, of.purpose, &of.arms) == (&first.trial, first.purpose, &first.arms) {
                return Ok(next);
            }
            Err(altered(format!("Its segment {} is another trial's.", of.segment)))
        });
        let extensions = extensions.collect::<Result<_, _>>()?;
        Ok(Self { signed, extensions, trail_key })
    }

    /// The manifest of a segment; the first where there is none of it, against which nothing of that segment opens.
    fn of(self, segment: u32) -> Manifest {
        let mut later = self.extensions.into_iter().map(|signed| signed.manifest);
        later.find(|next| next.segment == segment).unwrap_or(self.signed.manifest)
    }
}

/// Proves a release: the checkpoint is signed, the entry is under it, and it is about this slot, this participant and
/// this person.
///
/// # Errors
/// 15 when it is no release, 20 when something does not prove.
pub fn prove(text: &str, commitment: Commitment) -> Result<Proven, Failure> {
    let release: ReleaseText = serde_json::from_str(text).map_err(|error| {
        not_a_release(&format!("Its JSON ends or differs at line {}.", error.line()))
    })?;
    let slot = PortableSlot::from_json(&release.slot.to_string())
        .map_err(|error| not_a_release(&error.to_string()))?;
    let wrap = release.wrap.read().ok_or_else(|| not_a_release("Its wrap cannot be read."))?;
    let centre = centre_of(&slot.at.stratum)
        .ok_or_else(|| not_a_release("Its stratum belongs to no centre."))?;
    let passed = match release.passed {
        None => None,
        Some(text) => Some(
            text.read(&wrap).ok_or_else(|| not_a_release("The key passed on cannot be read."))?,
        ),
    };
    let centre = if passed.is_some() { wrap.centre.clone() } else { centre };
    let (line, leaf) = release.receipt.prove(&commitment.trail_key)?;
    let keys: Option<Vec<HeldWrap>> = release.keys.iter().map(WrapText::read).collect();
    let keys = keys.ok_or_else(|| not_a_release("One of its keys cannot be read."))?;
    let pinned = match release.manifest {
        Some(text) if release.purpose == DRILL => of_training(&text, &commitment.signed, &line)?,
        _ => commitment.of(slot.at.segment),
    };
    let proven = Proven {
        pinned,
        reference: release.reference,
        purpose: release.purpose,
        participant: release.participant,
        slot,
        centre,
        wrap,
        passed,
        keys,
        leaf,
        entry: line.seq,
    };
    proven.is_told_by(&line).map(|()| proven)
}

/// A drill's manifest: of this trial, for training, and the one of which its proven entry holds the hash.
fn of_training(text: &str, live: &SignedManifest, line: &Line) -> Result<Manifest, Failure> {
    let signed = SignedManifest::parse(text).map_err(|error| not_proven(&error.to_string()))?;
    let said = match fact(&line.entry.data, "manifest") {
        Some(Fact::Text(hash)) => *hash == hex(&signed.hash()),
        _ => false,
    };
    let (training, live) = (&signed.manifest, &live.manifest);
    let fits = training.purpose == ListPurpose::Training
        && training.trial == live.trial
        && training.configuration == live.configuration;
    if said && fits && signed.is_genuine() {
        return Ok(signed.manifest);
    }
    Err(not_proven("The training list is not the one that the entry names."))
}

fn not_a_release(why: &str) -> Failure {
    let next = "save the service's answer as it came, and try again";
    Failure::new(Exit::Unreadable, "release-unreadable", "this is not a release", next).because(why)
}

fn not_proven(why: &str) -> Failure {
    let what = "the release is not proven by the trail";
    let next = "open nothing; tell the monitor, who can compare the trail with kept checkpoints";
    Failure::new(Exit::NotVerified, "release-not-proven", what, next).because(why)
}

impl WrapText {
    /// The wrap, if each part of it is well formed.
    pub fn read(&self) -> Option<HeldWrap> {
        Some(HeldWrap {
            centre: CentreId::parse(&self.centre).ok()?,
            epoch: self.epoch,
            person: PersonId::parse(&self.person).ok()?,
            wrap: Wrap::from_bytes(&unhex(&self.wrap)?)?,
        })
    }
}

impl PassedText {
    /// It is under the very key that the wrap holds.
    fn read(&self, wrap: &HeldWrap) -> Option<PassedKey> {
        let same = self.centre == wrap.centre.as_str() && self.epoch == wrap.epoch;
        PassedKey::from_bytes(&unhex(&self.sealed)?).filter(|_| same)
    }
}

impl ReceiptText {
    /// `root(leaf(entry), proof) = root of the signed checkpoint`                                design 7, RFC 6962
    fn prove(&self, key: &TrailKey) -> Result<(Line, Hash), Failure> {
        let checkpoint =
            key.check(&self.checkpoint).map_err(|error| not_proven(&error.to_string()))?;
        let line = line::parse(&self.entry).map_err(|error| not_proven(&error.to_string()))?;
        let proof: Option<Vec<Hash>> = self.proof.iter().map(|node| unhex_array(node)).collect();
        let leaf = leaf_hash(self.entry.as_bytes());
        let root = proof
            .filter(|proof| proof.len() <= 64)
            .and_then(|proof| root_from_path(&leaf, self.index, checkpoint.size, &proof));
        if root != Some(checkpoint.root) || line.seq != self.index {
            return Err(not_proven("The entry is not under the signed checkpoint."));
        }
        Ok((line, leaf))
    }
}

impl Proven {
    /// Is this entry about this release, slot and person?
    fn is_told_by(&self, line: &Line) -> Result<(), Failure> {
        let act = match self.purpose.as_str() {
            "prepare" => "release-for-preparation",
            "break" => "release-for-break",
            DRILL => "drill",
            _ => return Err(not_a_release("Its purpose is neither prepare nor break nor drill.")),
        };
        let says = |name: &str, value: &str| match fact(&line.entry.on, name) {
            Some(Fact::Text(text)) => text == value,
            _ => false,
        };
        // References travel with and without their hyphen.
        let reference = Reference::parse(&self.reference)
            .map_err(|_| not_a_release("Its reference is not well formed."))?;
        let why = match () {
            () if line.entry.act != act => "The entry is of another act.",
            () if line.by != self.wrap.person.as_str() => "The entry is another person's.",
            () if !says("code", &self.slot.at.code.to_string()) => "The entry is of another code.",
            () if self.is_drill() && fact(&line.entry.on, "participant").is_some() => {
                "The entry of a drill is about a participant."
            }
            () if !self.is_drill() && !says("participant", &self.participant) => {
                "The entry is of another participant."
            }
            () if !says("reference", reference.as_str()) => "The entry is of another release.",
            // A code break's entry is of the participant's centre, and the hotline holds the key of the code's.
            () if self.purpose != "break"
                && line.entry.centre.as_ref().is_some_and(|at| *at != self.centre) =>
            {
                "The entry is of another centre."
            }
            () => return Ok(()),
        };
        Err(not_proven(why))
    }

    /// Is it a slot to practise with?
    pub fn is_drill(&self) -> bool {
        self.purpose == DRILL
    }

    /// What the receipt of a drill signs.
    pub fn drill_text(&self, fits: bool, keys_opened: u32, at: &str) -> String {
        drill_text(&self.reference, &hex(&self.leaf), fits, keys_opened, at)
    }

    /// What the opening receipt signs: compact JSON, keys in this order.
    pub fn receipt_text(&self, fits: bool, at: &str) -> String {
        receipt_text(&self.reference, &hex(&self.leaf), fits, at)
    }
}
