//! Witnesses (AT-14): independent people who hold the trail to what it said before, by C2SP tlog-witness and
//! tlog-cosignature. A witness remembers, of each trail, the largest checkpoint that it cosigned, and cosigns only what is
//! proven to have grown from it.
//!
//! ```text
//! vkey        = name "+" hex(key id) "+" base64(04 ‖ public key)
//! key id      = first 4 bytes of SHA-256(name ‖ LF ‖ 04 ‖ public key)
//! signed      = "cosignature/v1" LF "time " <seconds> LF <the checkpoint's text, with its last LF>
//! cosignature = "— " name " " base64(key id ‖ u64 seconds ‖ Ed25519 signature 64) LF
//! submission  = "old " <size> LF (base64(hash) LF)* LF <checkpoint>
//! ```

use super::bytes::{Hash, hex, same, sha256, sha256_of};
use super::checkpoint::{Checkpoint, NOTE_BYTES_MAX, TrailKey, is_origin};
use super::tree::consistent;
use base64::{Engine, engine::general_purpose::STANDARD};
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};
use std::fmt;

/// The most hashes of a consistency proof.
pub const PROOF_MAX: usize = 63;
/// The longest submission, in bytes.
pub const SUBMISSION_BYTES_MAX: usize = NOTE_BYTES_MAX + 64 * (PROOF_MAX + 1);
const COSIGNATURE_KIND: u8 = 4;

/// A witness's public key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WitnessKey {
    name: String,
    public: [u8; 32],
}

impl fmt::Display for WitnessKey {
    /// The verifier key, as it is handed out.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let key = [&[COSIGNATURE_KIND], &self.public[..]].concat();
        write!(f, "{}+{}+{}", self.name, hex(&self.id()), STANDARD.encode(key))
    }
}

impl WitnessKey {
    /// Reads a verifier key.
    pub fn parse(vkey: &str) -> Option<Self> {
        let (name, rest) = vkey.trim().split_once('+').filter(|(name, _)| is_origin(name))?;
        let key = STANDARD.decode(rest.split_once('+')?.1).ok()?;
        let (kind, public) = key.split_first()?;
        let public = public.try_into().ok().filter(|_| *kind == COSIGNATURE_KIND)?;
        let read = Self { name: name.to_owned(), public };
        // Written back, so that id and base64 are exactly the right ones.
        (read.to_string() == vkey.trim()).then_some(read)
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    fn id(&self) -> [u8; 4] {
        let hash = sha256_of(&[self.name.as_bytes(), b"\n", &[COSIGNATURE_KIND], &self.public]);
        [hash[0], hash[1], hash[2], hash[3]]
    }

    /// When this witness cosigned the note, in seconds since 1970; none when it did not, or the cosignature does not fit.
    pub fn cosigned(&self, note: &str) -> Option<u64> {
        let (text, lines) = parts(note)?;
        lines.lines().filter_map(|line| self.time_of(&text, line)).max()
    }

    fn time_of(&self, text: &str, line: &str) -> Option<u64> {
        let (name, encoded) = line.strip_prefix("— ")?.split_once(' ')?;
        let signed = STANDARD.decode(encoded).ok()?;
        if name != self.name || signed.len() != 76 || signed[..4] != self.id() {
            return None;
        }
        let seconds = u64::from_be_bytes(signed[4..12].try_into().ok()?);
        let message = message(seconds, text);
        let key = UnparsedPublicKey::new(&ED25519, &self.public);
        key.verify(message.as_bytes(), &signed[12..]).ok().map(|()| seconds)
    }
}

/// Text and signature lines of a note.
fn parts(note: &str) -> Option<(String, &str)> {
    let (above, below) = note.split_once("\n\n").filter(|_| note.len() <= NOTE_BYTES_MAX)?;
    Some((format!("{above}\n"), below))
}

fn message(seconds: u64, text: &str) -> String {
    format!("cosignature/v1\ntime {seconds}\n{text}")
}

/// A witness's own key.
pub struct Cosigner {
    key: WitnessKey,
    pair: Ed25519KeyPair,
}

impl fmt::Debug for Cosigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Cosigner({})", self.key)
    }
}

impl Cosigner {
    /// From a seed; none for a name that cannot stand in a signature line.
    pub fn from_seed(name: &str, seed: [u8; 32]) -> Option<Self> {
        let seed = zeroize::Zeroizing::new(seed);
        let pair = Ed25519KeyPair::from_seed_unchecked(&*seed).ok()?;
        let public = pair.public_key().as_ref().try_into().ok()?;
        is_origin(name).then(|| Self { key: WitnessKey { name: name.to_owned(), public }, pair })
    }

    /// The key that others check with.
    pub fn key(&self) -> &WitnessKey {
        &self.key
    }

    /// The cosignature's line over a checkpoint that was verified before.
    fn cosign(&self, text: &str, seconds: u64) -> String {
        let signature = self.pair.sign(message(seconds, text).as_bytes());
        let signed = [&self.key.id()[..], &seconds.to_be_bytes(), signature.as_ref()].concat();
        format!("— {} {}\n", self.key.name, STANDARD.encode(signed))
    }
}

/// What a witness is asked to cosign.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Submission {
    /// The size of the checkpoint that it cosigned last.
    pub old: u64,
    /// The proof that the one grew into the other.
    pub proof: Vec<Hash>,
    /// The checkpoint.
    pub note: String,
}

impl Submission {
    /// The body of `add-checkpoint`.
    pub fn to_text(&self) -> String {
        let lines: String =
            self.proof.iter().map(|hash| format!("{}\n", STANDARD.encode(hash))).collect();
        format!("old {}\n{lines}\n{}", self.old, self.note)
    }

    /// Reads such a body.
    pub fn parse(text: &str) -> Option<Self> {
        let (above, note) =
            text.split_once("\n\n").filter(|_| text.len() <= SUBMISSION_BYTES_MAX)?;
        let mut lines = above.split('\n');
        let old = lines.next()?.strip_prefix("old ")?;
        let plain =
            old.bytes().all(|b| b.is_ascii_digit()) && (old == "0" || !old.starts_with('0'));
        let hash = |line: &str| STANDARD.decode(line).ok()?.try_into().ok();
        let proof: Vec<Hash> = lines.map(hash).collect::<Option<_>>()?;
        let fits = plain && proof.len() <= PROOF_MAX;
        fits.then_some(Self { old: old.parse().ok()?, proof, note: note.to_owned() })
    }
}

/// Why a witness does not cosign.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotCosigned {
    /// The submission cannot be read, or its old size is larger than its new one. 400
    Malformed,
    /// A trail that this witness does not watch. 404
    UnknownLog,
    /// The trail's own signature is missing or does not fit. 403
    NotSigned,
    /// The witness is at another size than was thought. 409
    AtSize(u64),
    /// The same size under another root: the trail forked. 409
    Forked(u64),
    /// The proof does not lead from the one to the other. 422
    NotConsistent,
}

impl NotCosigned {
    /// The status of tlog-witness.
    pub fn status(&self) -> u16 {
        match self {
            NotCosigned::Malformed => 400,
            NotCosigned::UnknownLog => 404,
            NotCosigned::NotSigned => 403,
            NotCosigned::AtSize(_) | NotCosigned::Forked(_) => 409,
            NotCosigned::NotConsistent => 422,
        }
    }
}

impl fmt::Display for NotCosigned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NotCosigned::Malformed => f.write_str("this is no submission of a checkpoint"),
            NotCosigned::UnknownLog => f.write_str("this trail is not watched here"),
            NotCosigned::NotSigned => f.write_str("the trail did not sign this checkpoint"),
            NotCosigned::AtSize(size) => {
                write!(f, "the last checkpoint here is over {size} entries")
            }
            NotCosigned::Forked(size) => {
                write!(f, "FORK: another root over the same {size} entries was cosigned here")
            }
            NotCosigned::NotConsistent => {
                f.write_str("the proof does not show that the trail only grew")
            }
        }
    }
}

/// A checkpoint that may be cosigned once it is remembered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    /// What it says.
    pub checkpoint: Checkpoint,
    text: String,
}

impl Verified {
    /// The cosignature. Only for a checkpoint that was durably remembered.
    pub fn cosigned_by(&self, witness: &Cosigner, seconds: u64) -> String {
        witness.cosign(&self.text, seconds)
    }
}

/// Checks a submission against what the witness remembers of the trail: `last` by origin.
///
/// # Errors
/// Why it is not cosigned, in the order of tlog-witness.
pub fn judge(
    submission: &str,
    logs: &[TrailKey],
    last: impl FnOnce(&str) -> Option<Checkpoint>,
) -> Result<Verified, NotCosigned> {
    let asked = Submission::parse(submission).ok_or(NotCosigned::Malformed)?;
    let origin = asked.note.split('\n').next().unwrap_or_default();
    let of_log: Vec<_> = logs.iter().filter(|log| log.origin() == origin).collect();
    if of_log.is_empty() {
        return Err(NotCosigned::UnknownLog);
    }
    let read = of_log.iter().find_map(|log| log.check(&asked.note).ok());
    let checkpoint = read.ok_or(NotCosigned::NotSigned)?;
    let (text, _) = parts(&asked.note).ok_or(NotCosigned::Malformed)?;
    if asked.old > checkpoint.size {
        return Err(NotCosigned::Malformed);
    }
    // Whoever saw nothing yet remembers the empty trail.
    let (size, root) = last(origin).map_or((0, sha256(b"")), |last| (last.size, last.root));
    if asked.old != size {
        return Err(NotCosigned::AtSize(size));
    }
    if size == checkpoint.size && !same(&root, &checkpoint.root) {
        return Err(NotCosigned::Forked(size));
    }
    let grown = consistent(size, &root, checkpoint.size, &checkpoint.root, &asked.proof);
    if grown { Ok(Verified { checkpoint, text }) } else { Err(NotCosigned::NotConsistent) }
}

/// A note with more signature lines: those that are not in it yet.
pub fn with_lines(note: &str, lines: &str) -> String {
    let new = lines.lines().filter(|line| line.starts_with("— ") && !note.contains(*line));
    let new: String = new.map(|line| format!("{line}\n")).collect();
    format!("{note}{new}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sealing::checkpoint::TrailSigner;
    use crate::sealing::samples::one_bit_off;
    use crate::sealing::tree::{consistency, leaf_hash, root};

    fn signer() -> TrailSigner {
        TrailSigner::from_seed("klero/TEST-0001", [3; 32])
    }

    fn witness() -> Cosigner {
        Cosigner::from_seed("witness.example/w1", [5; 32]).unwrap()
    }

    fn leaves(count: u8) -> Vec<Hash> {
        (0..count).map(|n| leaf_hash(&[n])).collect()
    }

    fn note(leaves: &[Hash]) -> String {
        signer().sign(leaves.len() as u64, &root(leaves))
    }

    fn ask(old: u64, new: &[Hash]) -> Submission {
        Submission { old, proof: consistency(new, old), note: note(new) }
    }

    fn at(leaves: &[Hash]) -> Option<Checkpoint> {
        let origin = signer().origin().to_owned();
        Some(Checkpoint { origin, size: leaves.len() as u64, root: root(leaves) })
    }

    fn judged(asked: &Submission, last: Option<Checkpoint>) -> Result<Verified, NotCosigned> {
        let log = TrailKey::parse(&signer().vkey()).unwrap();
        judge(&asked.to_text(), &[log], |_| last.clone())
    }

    // shows: AT-14
    #[test]
    fn the_bytes_are_those_of_the_specification() {
        // The example of tlog-cosignature: its key is known to nobody here, so its form alone is held.
        let vkey = witness().key().to_string();
        assert!(vkey.starts_with("witness.example/w1+"), "{vkey}");
        assert_eq!(WitnessKey::parse(&vkey).as_ref(), Some(witness().key()));
        let text =
            "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n";
        assert_eq!(
            message(1_679_315_147, text),
            "cosignature/v1\ntime 1679315147\nexample.com/behind-the-sofa\n20852163\n\
             CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"
        );
        let body = "old 20852014\nPlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=\n\
             jrJZDmY8Y7SyJE0MWLpLozkIVMSMZcD5kvuKxPC3swk=\n\nexample.com/behind-the-sofa\n20852163\n\
             CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n\
             — example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n";
        let read = Submission::parse(body).unwrap();
        assert_eq!((read.old, read.proof.len(), read.to_text().as_str()), (20_852_014, 2, body));
        for wrong in ["old 07\n\nx", "old\n\nx", "new 7\n\nx", "old 7\nnot base64\n\nx", "old 7\nx"]
        {
            assert!(Submission::parse(wrong).is_none(), "{wrong}");
        }
        let long = Submission { old: 1, proof: vec![[0; 32]; PROOF_MAX + 1], note: "x".into() };
        assert!(Submission::parse(&long.to_text()).is_none(), "63 hashes at most");
    }

    // shows: AT-14, I7
    #[test]
    fn a_witness_cosigns_what_grew_and_its_line_verifies_beside_the_trails_own() {
        let (old, new) = (leaves(5), leaves(12));
        for (asked, last) in
            [(ask(0, &old), None), (ask(5, &new), at(&old)), (ask(12, &new), at(&new))]
        {
            let verified = judged(&asked, last).unwrap();
            let line = verified.cosigned_by(&witness(), 1_795_000_000);
            let both = with_lines(&asked.note, &line);
            assert_eq!(witness().key().cosigned(&both), Some(1_795_000_000));
            let log = TrailKey::parse(&signer().vkey()).unwrap();
            assert!(log.check(&both).is_ok(), "the trail's own signature stands beside it");
            assert_eq!(with_lines(&both, &line), both, "once is enough");
            let other = Cosigner::from_seed("witness.example/w1", [6; 32]).unwrap();
            assert_eq!(other.key().cosigned(&both), None, "another key of the same name");
        }
    }

    // shows: AT-14, I7
    #[test]
    fn every_reason_of_the_specification_not_to_cosign_has_its_status() {
        let (old, new) = (leaves(5), leaves(12));
        let mut forked = new.clone();
        forked[2] = leaf_hash(b"another");
        let says = |asked: &Submission, last| judged(asked, last).unwrap_err();
        let unknown = Submission { note: note(&old).replace("TEST-0001", "OTHER"), ..ask(0, &old) };
        assert_eq!(says(&unknown, None).status(), 404);
        let forged = Submission { note: note(&old).replacen("5\n", "6\n", 1), ..ask(0, &old) };
        assert_eq!(says(&forged, None).status(), 403);
        let shrunk = Submission { old: 13, proof: vec![], note: note(&new) };
        assert_eq!(says(&shrunk, at(&leaves(13))).status(), 400);
        assert_eq!(says(&ask(0, &new), at(&old)), NotCosigned::AtSize(5));
        assert_eq!(says(&ask(5, &new), None), NotCosigned::AtSize(0));
        assert_eq!(says(&ask(12, &forked), at(&new)), NotCosigned::Forked(12));
        assert_eq!(says(&ask(5, &forked), at(&old)).status(), 422);
        let more = Submission { proof: vec![[1; 32]], ..ask(0, &old) };
        assert_eq!(says(&more, None).status(), 422, "the proof from nothing is empty");
        // The empty trail has one root, whether it was seen before or not.
        assert!(judged(&ask(0, &[]), None).is_ok() && judged(&ask(0, &[]), at(&[])).is_ok());
        let strange = Submission { note: signer().sign(0, &[1; 32]), ..ask(0, &[]) };
        assert_eq!(says(&strange, None), NotCosigned::Forked(0));
        assert!(judged(&ask(0, &old), at(&[])).is_ok());
        let log = TrailKey::parse(&signer().vkey()).unwrap();
        assert_eq!(judge("nonsense", &[log], |_| None), Err(NotCosigned::Malformed));
    }

    // shows: AT-14
    #[test]
    fn a_flipped_bit_in_a_cosignature_or_a_key_is_found() {
        let asked = ask(0, &leaves(3));
        let line = judged(&asked, None).unwrap().cosigned_by(&witness(), 7);
        for altered in one_bit_off(&line) {
            let both = format!("{}{altered}", asked.note);
            assert_eq!(witness().key().cosigned(&both), None, "{altered}");
        }
        for altered in one_bit_off(&witness().key().to_string()) {
            assert_eq!(WitnessKey::parse(&altered), None, "{altered}");
        }
    }
}
