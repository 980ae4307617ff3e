//! Checkpoints (design 7): the trail's size and root in a signed note, by C2SP tlog-checkpoint and signed-note.
//!
//! ```text
//! <origin> LF <size> LF <base64 of root> LF LF "— " <origin> " " <base64(key id 4 ‖ Ed25519 signature 64)> LF
//! key id = first 4 bytes of SHA-256(origin ‖ LF ‖ 01 ‖ public key)        signed: everything before the empty line
//! vkey   = origin "+" hex(key id) "+" base64(01 ‖ public key)
//! seed   = HKDF(salt empty, ikm server secret, info "klero/v1/trail-sign", 32)
//! ```

use super::bytes::{Hash, hex, sha256_of};
use super::lock::ServerSecret;
use base64::{Engine, engine::general_purpose::STANDARD};
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};
use std::fmt;

/// The longest note, in bytes.
pub const NOTE_BYTES_MAX: usize = 8 * 1024;
/// The most signatures under a note: ours, and those of witnesses.
pub const SIGNATURES_MAX: usize = 16;
/// The longest origin, in bytes.
pub const ORIGIN_BYTES_MAX: usize = 200;
/// The kind of key that signed notes call Ed25519.
const ED25519_KIND: u8 = 1;

/// What a checkpoint says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// Whose trail.
    pub origin: String,
    /// How many lines.
    pub size: u64,
    /// The RFC 6962 root over them.
    pub root: Hash,
}

/// Why a key or a note was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CheckpointError {
    /// The text is no verifier key `origin+id+key` for Ed25519, or its id is not its own.
    NotAKey,
    /// The text is no checkpoint in a signed note.
    NotANote,
    /// The note is of another trail, or nobody signed it with this key.
    NotOurs,
    /// The signature does not fit the note.
    Signature,
}

impl fmt::Display for CheckpointError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            CheckpointError::NotAKey => "this is not the key of a trail",
            CheckpointError::NotANote => "this is not a checkpoint",
            CheckpointError::NotOurs => "the checkpoint is not of this trail",
            CheckpointError::Signature => "the checkpoint was altered: its signature does not fit",
        })
    }
}

impl std::error::Error for CheckpointError {}

/// May this name a trail? 1 to [`ORIGIN_BYTES_MAX`] bytes, without spaces, control characters and `+`, as signed notes
/// want it.
pub fn is_origin(text: &str) -> bool {
    let forbidden = |c: char| c.is_whitespace() || c.is_control() || c == '+';
    (1..=ORIGIN_BYTES_MAX).contains(&text.len()) && !text.chars().any(forbidden)
}

/// Signs the trail's checkpoints.
pub struct TrailSigner {
    key: TrailKey,
    pair: Ed25519KeyPair,
}

impl fmt::Debug for TrailSigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TrailSigner({})", self.vkey())
    }
}

impl TrailSigner {
    /// The signer of a service: its seed is derived from the server secret.
    ///
    /// # Panics
    /// When `origin` is none, see [`is_origin`]: the configuration is checked when it is read.
    pub fn new(origin: &str, server: &ServerSecret) -> Self {
        Self::from_seed(origin, *server.derive("trail-sign"))
    }

    /// The signer with this Ed25519 seed.
    ///
    /// # Panics
    /// When `origin` is none, see [`is_origin`].
    pub fn from_seed(origin: &str, seed: [u8; 32]) -> Self {
        assert!(is_origin(origin), "an origin is checked when the configuration is read");
        let seed = zeroize::Zeroizing::new(seed);
        let pair = Ed25519KeyPair::from_seed_unchecked(&*seed).expect("a seed has 32 bytes");
        let public = pair.public_key().as_ref().try_into().expect("the public key has 32 bytes");
        Self { key: TrailKey { origin: origin.to_owned(), public }, pair }
    }

    /// The text by which everybody checks these signatures.
    pub fn vkey(&self) -> String {
        self.key.to_string()
    }

    /// Whose trail this is.
    pub fn origin(&self) -> &str {
        &self.key.origin
    }

    /// The note that says: the trail has `size` lines and this root.
    pub fn sign(&self, size: u64, root: &Hash) -> String {
        let origin = self.origin();
        let text = format!("{origin}\n{size}\n{}\n", STANDARD.encode(root));
        let signature = self.pair.sign(text.as_bytes());
        let signed = [&self.key.id()[..], signature.as_ref()].concat();
        format!("{text}\n— {origin} {}\n", STANDARD.encode(signed))
    }
}

/// Checks the trail's checkpoints. Its text (`Display`) is the verifier key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrailKey {
    origin: String,
    public: [u8; 32],
}

impl fmt::Display for TrailKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let key = [&[ED25519_KIND], &self.public[..]].concat();
        write!(f, "{}+{}+{}", self.origin, hex(&self.id()), STANDARD.encode(key))
    }
}

impl TrailKey {
    /// Reads a verifier key.
    ///
    /// # Errors
    /// [`CheckpointError::NotAKey`].
    pub fn parse(vkey: &str) -> Result<Self, CheckpointError> {
        let read = || {
            let (origin, rest) = vkey.split_once('+').filter(|(origin, _)| is_origin(origin))?;
            let key = STANDARD.decode(rest.split_once('+')?.1).ok()?;
            let (kind, public) = key.split_first()?;
            let public = public.try_into().ok().filter(|_| *kind == ED25519_KIND)?;
            Some(Self { origin: origin.to_owned(), public })
        };
        // Written back, so that id and base64 are exactly the right ones.
        read().filter(|key| key.to_string() == vkey).ok_or(CheckpointError::NotAKey)
    }

    /// Whose trail this is.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    fn id(&self) -> [u8; 4] {
        let hash = sha256_of(&[self.origin.as_bytes(), b"\n", &[ED25519_KIND], &self.public]);
        [hash[0], hash[1], hash[2], hash[3]]
    }

    /// Reads a note of this trail and checks our signature under it. Signatures of others (witnesses) may stand
    /// beside ours, as signed notes allow; they are not looked at.
    ///
    /// # Errors
    /// What does not fit, as a [`CheckpointError`].
    pub fn check(&self, note: &str) -> Result<Checkpoint, CheckpointError> {
        if note.len() > NOTE_BYTES_MAX {
            return Err(CheckpointError::NotANote);
        }
        let (above, below) = note.split_once("\n\n").ok_or(CheckpointError::NotANote)?;
        let text = format!("{above}\n");
        let checkpoint = read_text(&text).ok_or(CheckpointError::NotANote)?;
        if checkpoint.origin != self.origin {
            return Err(CheckpointError::NotOurs);
        }
        let signature = self.find_signature(below)?;
        UnparsedPublicKey::new(&ED25519, &self.public)
            .verify(text.as_bytes(), &signature)
            .map_err(|_| CheckpointError::Signature)?;
        Ok(checkpoint)
    }

    /// The one signature that says it is ours.
    fn find_signature(&self, lines: &str) -> Result<Vec<u8>, CheckpointError> {
        let lines = lines.strip_suffix('\n').ok_or(CheckpointError::NotANote)?;
        let mut ours = None;
        for (i, line) in lines.split('\n').enumerate() {
            let (name, encoded) = line
                .strip_prefix("— ")
                .and_then(|rest| rest.split_once(' '))
                .ok_or(CheckpointError::NotANote)?;
            let signed = STANDARD.decode(encoded).map_err(|_| CheckpointError::NotANote)?;
            if i >= SIGNATURES_MAX || signed.len() < 5 || !is_origin(name) {
                return Err(CheckpointError::NotANote);
            }
            let (id, signature) = signed.split_at(4);
            if name == self.origin && id == self.id() {
                let again = ours.replace(signature.to_vec()).is_some();
                if again {
                    return Err(CheckpointError::NotANote);
                }
            }
        }
        ours.ok_or(CheckpointError::NotOurs)
    }
}

/// Reads the three lines of a checkpoint; they must be written as [`TrailSigner::sign`] writes them.
fn read_text(text: &str) -> Option<Checkpoint> {
    let mut lines = text.strip_suffix('\n')?.split('\n');
    let (origin, size, root) = (lines.next()?, lines.next()?, lines.next()?);
    let plain = size.bytes().all(|b| b.is_ascii_digit()) && (size == "0" || !size.starts_with('0'));
    if lines.next().is_some() || !plain || !is_origin(origin) {
        return None;
    }
    let root = STANDARD.decode(root).ok()?.try_into().ok()?;
    Some(Checkpoint { origin: origin.to_owned(), size: size.parse().ok()?, root })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sealing::samples::{array, one_bit_off, text, vector};
    use crate::sealing::tree::{leaf_hash, root};

    fn signer() -> TrailSigner {
        let vector = vector("checkpoint");
        TrailSigner::from_seed(&text(&vector, "origin"), array(&vector, "seed"))
    }

    fn key() -> TrailKey {
        TrailKey::parse(&text(&vector("checkpoint"), "vkey")).unwrap()
    }

    fn note() -> String {
        text(&vector("checkpoint"), "note")
    }

    #[test]
    fn a_checkpoint_has_the_bytes_of_the_vector() {
        let leaves = ["a", "b", "c"].map(|entry| leaf_hash(entry.as_bytes()));
        assert_eq!(signer().vkey(), text(&vector("checkpoint"), "vkey"));
        assert_eq!(signer().sign(3, &root(&leaves)), note());
        let origin = text(&vector("checkpoint"), "origin");
        assert_eq!(key().check(&note()), Ok(Checkpoint { origin, size: 3, root: root(&leaves) }));
    }

    // shows: I7
    #[test]
    fn a_flipped_bit_anywhere_in_a_note_is_refused() {
        for altered in one_bit_off(&note()) {
            assert!(key().check(&altered).is_err(), "{altered}");
        }
    }

    #[test]
    fn a_flipped_bit_anywhere_in_a_verifier_key_is_refused() {
        for altered in one_bit_off(&signer().vkey()) {
            assert_eq!(TrailKey::parse(&altered), Err(CheckpointError::NotAKey), "{altered}");
        }
    }

    #[test]
    fn a_note_of_another_trail_or_of_another_signer_is_not_ours() {
        let other = TrailSigner::from_seed("klero.example/OTHER", [7; 32]);
        assert_eq!(key().check(&other.sign(3, &[0; 32])), Err(CheckpointError::NotOurs));
        let impostor = TrailSigner::from_seed(signer().origin(), [7; 32]);
        assert_eq!(key().check(&impostor.sign(3, &[0; 32])), Err(CheckpointError::NotOurs));
        // The same words under our signature's line, but signed by nobody: the id is ours, the signature is not.
        let (_, ours) =
            note().split_once("\n\n").map(|(a, b)| (a.to_owned(), b.to_owned())).unwrap();
        let forged = signer().sign(4, &[0; 32]).split_once("\n\n").unwrap().0.to_owned();
        let forged = format!("{forged}\n\n{ours}");
        assert_eq!(key().check(&forged), Err(CheckpointError::Signature));
    }

    /// A note that our key did sign, with our signature's line, whatever it says.
    fn signed_by_us(text: &str) -> String {
        let signature = signer().pair.sign(text.as_bytes());
        let signed = [&key().id()[..], signature.as_ref()].concat();
        format!("{text}\n— {} {}\n", signer().origin(), STANDARD.encode(signed))
    }

    #[test]
    fn a_text_that_is_no_checkpoint_of_this_trail_is_refused_even_when_signed() {
        let (origin, root) = (signer().origin().to_owned(), STANDARD.encode([9; 32]));
        let good = format!("{origin}\n3\n{root}\n");
        assert!(key().check(&signed_by_us(&good)).is_ok());
        let elsewhere = format!("klero.example/OTHER\n3\n{root}\n");
        assert_eq!(key().check(&signed_by_us(&elsewhere)), Err(CheckpointError::NotOurs));
        for wrong in [
            format!("{good}an extension\n"),
            format!("{origin}\n3\n"),
            format!("{origin}\n03\n{root}\n"),
            format!("{origin}\n3\n{}\n", STANDARD.encode([9; 31])),
            format!("a b\n3\n{root}\n"),
        ] {
            let refused = key().check(&signed_by_us(&wrong));
            assert_eq!(refused, Err(CheckpointError::NotANote), "{wrong}");
        }
    }

    #[test]
    fn a_witness_may_sign_beside_us_but_not_instead_of_us() {
        let witness = "— witness.example 9nxoq5H381k=\n";
        assert!(key().check(&format!("{}{witness}", note())).is_ok());
        let text = note().split_once("\n\n").unwrap().0.to_owned();
        let alone = format!("{text}\n\n{witness}");
        assert_eq!(key().check(&alone), Err(CheckpointError::NotOurs));
        let crowd = |n: usize| format!("{}{}", note(), witness.repeat(n));
        assert!(key().check(&crowd(SIGNATURES_MAX - 1)).is_ok());
        assert_eq!(key().check(&crowd(SIGNATURES_MAX)), Err(CheckpointError::NotANote));
        // A key's id alone is no signature; whatever follows it is somebody else's to judge.
        let beside = |bytes: &[u8]| {
            key().check(&format!("{}— witness.example {}\n", note(), STANDARD.encode(bytes)))
        };
        assert_eq!(beside(&[1, 2, 3, 4]), Err(CheckpointError::NotANote));
        assert_eq!(beside(&[]), Err(CheckpointError::NotANote));
        assert!(beside(&[1, 2, 3, 4, 5]).is_ok());
        let nameless = format!("{}— a+b 9nxoq5H381k=\n", note());
        assert_eq!(key().check(&nameless), Err(CheckpointError::NotANote));
        let (text, ours) = (text, note().split_once("\n\n").unwrap().1.to_owned());
        let twice = format!("{text}\n\n{ours}{ours}");
        assert_eq!(key().check(&twice), Err(CheckpointError::NotANote));
    }

    #[test]
    fn every_size_reads_back_and_only_in_plain_decimal() {
        for size in [0, 1, u64::MAX] {
            let note = signer().sign(size, &[9; 32]);
            assert_eq!(key().check(&note).map(|c| (c.size, c.root)), Ok((size, [9; 32])));
        }
        for size in ["03", "+3", "", "3 ", "18446744073709551616"] {
            let text = format!("{}\n{size}\n{}\n", signer().origin(), STANDARD.encode([9; 32]));
            assert!(read_text(&text).is_none(), "{size}");
        }
    }

    #[test]
    fn a_note_has_a_limit_and_is_refused_one_past_it() {
        // A witness with an endless signature; base64 comes in fours, and the name makes up the difference.
        let long = |length: usize| {
            let room = length - note().len() - "— w \n".len();
            format!("{}— w{} {}\n", note(), "w".repeat(room % 4), "A".repeat(room - room % 4))
        };
        let (full, over) = (long(NOTE_BYTES_MAX), long(NOTE_BYTES_MAX + 1));
        assert_eq!((full.len(), over.len()), (NOTE_BYTES_MAX, NOTE_BYTES_MAX + 1));
        assert!(key().check(&full).is_ok());
        assert_eq!(key().check(&over), Err(CheckpointError::NotANote));
    }

    #[test]
    fn the_seed_comes_from_the_server_secret_and_nothing_else() {
        let secret = |byte| ServerSecret::from_bytes([byte; 32]);
        let vkey = |byte| TrailSigner::new("klero/TEST-0001", &secret(byte)).vkey();
        assert_eq!(vkey(1), vkey(1));
        assert_ne!(vkey(1), vkey(2));
    }

    #[test]
    fn an_origin_has_a_limit_and_no_spaces() {
        assert!(is_origin(&"o".repeat(ORIGIN_BYTES_MAX)));
        assert!(!is_origin(&"o".repeat(ORIGIN_BYTES_MAX + 1)));
        for wrong in ["", "a b", "a+b", "a\nb", "a\u{3000}b"] {
            assert!(!is_origin(wrong), "{wrong:?}");
        }
    }
}
