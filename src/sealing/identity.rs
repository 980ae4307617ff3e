//! The private half of a key-holder: two key pairs, and the file that keeps them under six words (design 4).

use super::aead;
use super::bytes::{hex, label, lp, unhex, unhex_array};
use super::card::Card;
use super::signature::{Purpose, signing_bytes};
use super::wrap::OpeningKey;
use crate::dice::{Dice, roll};
use crate::domain::ids::{CentreId, PersonId};
use crate::domain::people::Role;
use diceware_wordlists::EFF_LONG_WORDLIST;
use ring::pbkdf2::{self, PBKDF2_HMAC_SHA256};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::num::NonZeroU32;
use unicode_normalization::UnicodeNormalization;
use zeroize::Zeroizing;

/// The longest identity file, in bytes.
pub const IDENTITY_BYTES_MAX: usize = 16 * 1024;
/// How often the passphrase is hashed in a new file.
pub const ITERATIONS: u32 = 600_000;
/// Fewer are refused in a file that is read: somebody has weakened it.
pub const ITERATIONS_MIN: u32 = 100_000;
/// More are refused: the file would only keep the machine busy.
pub const ITERATIONS_MAX: u32 = 10_000_000;
/// How many words a passphrase has: 77 bits.
pub const WORDS: usize = 6;

/// A person's two key pairs. `Debug` says whose they are and no more.
pub struct Identity {
    card: Card,
    opening: OpeningKey,
    signing: Signing,
}

struct Signing {
    scalar: Zeroizing<[u8; 32]>,
    public: [u8; 65],
    pair: EcdsaKeyPair,
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Identity({})", self.card.person)
    }
}

/// Why there is no identity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IdentityError {
    /// Not an identity file; the part that is wrong.
    Malformed(&'static str),
    /// The file's passphrase is hashed less than [`ITERATIONS_MIN`] or more than [`ITERATIONS_MAX`] times.
    Iterations(u32),
    /// The six words are not right, or the file was altered: the two cannot be told apart.
    WrongWords,
    /// A role that holds no keys (I11), or centres that do not fit it.
    Role,
}

impl fmt::Display for IdentityError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed(part) => write!(f, "not an identity file: {part}"),
            Self::Iterations(count) => {
                write!(f, "the identity file hashes its words {count} times, which is not allowed")
            }
            Self::WrongWords => f.write_str("the six words are not right"),
            Self::Role => f.write_str("this role holds no keys, or not at these centres"),
        }
    }
}

impl std::error::Error for IdentityError {}

impl Identity {
    /// `opening, signing = DeriveKeyPair(32 random bytes)`, each of its own            design 4, RFC 9180 7.1.3
    ///
    /// # Errors
    /// [`IdentityError::Role`] for a role that holds no keys, a centre's role without a centre, a trial's with one.
    pub fn generate(
        person: &PersonId,
        role: Role,
        centres: &[CentreId],
        dice: &dyn Dice,
    ) -> Result<Self, IdentityError> {
        let opening = OpeningKey::derive(&Zeroizing::new(roll(dice)));
        let signing = OpeningKey::derive(&Zeroizing::new(roll(dice)));
        let signing = Signing::new(signing.scalar(), signing.public())
            .expect("a derived pair of P-256 is one that ring takes");
        Self::of(person.clone(), role, centres.to_vec(), opening, signing)
    }

    fn of(
        person: PersonId,
        role: Role,
        centres: Vec<CentreId>,
        opening: OpeningKey,
        signing: Signing,
    ) -> Result<Self, IdentityError> {
        if !role.holds_keys() || centres.is_empty() == role.works_at_centres() {
            return Err(IdentityError::Role);
        }
        let (public, signs) = (opening.public(), signing.public);
        let card = Card { person, role, centres, opening: public, signing: signs };
        Ok(Self { card, opening, signing })
    }

    /// The public half.
    pub fn card(&self) -> &Card {
        &self.card
    }

    /// What unwraps.
    pub fn opening(&self) -> &OpeningKey {
        &self.opening
    }

    /// `ECDSA-P256-SHA256("klero/v1/" ‖ purpose ‖ 00 ‖ bytes)`, as `r ‖ s`                                design 4
    ///
    /// # Panics
    /// When the operating system has no randomness to give. The nonce is ring's own affair: it mixes key, message and
    /// randomness, so signatures differ from run to run even under fixed dice.
    pub fn sign(&self, purpose: Purpose, bytes: &[u8]) -> [u8; 64] {
        let signature = self
            .signing
            .pair
            .sign(&SystemRandom::new(), &signing_bytes(purpose, bytes))
            .expect("the operating system gives randomness, or nothing may go on");
        signature.as_ref().try_into().expect("the fixed form is 64 bytes")
    }

    /// The file, sealed under `passphrase` in its canonical form.
    ///
    /// # Panics
    /// When `iterations` is 0. A file for anything but a test is given [`ITERATIONS`] or more.
    pub fn to_file(&self, passphrase: &str, iterations: u32, dice: &dyn Dice) -> String {
        let salt = roll(dice);
        let key = stretch(passphrase, iterations, &salt);
        let pair = |use_for: &str, public: [u8; 65], scalar: &[u8; 32]| {
            let aad = aad(&self.card.person, use_for, &public);
            let sealed = aead::seal(&key, roll(dice), &aad, &pkcs8(scalar, &public));
            PairText { public: hex(&public), sealed: hex(&sealed) }
        };
        let file = IdentityText {
            klero: IDENTITY_V1.to_owned(),
            person: self.card.person.to_string(),
            role: self.card.role.to_string(),
            centres: self.card.centres.iter().map(CentreId::to_string).collect(),
            kdf: KDF.to_owned(),
            iterations,
            salt: hex(&salt),
            opening: pair("opening", self.card.opening, &self.opening.scalar()),
            signing: pair("signing", self.card.signing, &self.signing.scalar),
            fingerprint: hex(&self.card.fingerprint()),
        };
        let mut text = serde_json::to_string_pretty(&file).expect("plain texts and numbers");
        text.push('\n');
        text
    }

    /// Reads the file with the six words, in whatever case, width and spacing they were typed.
    ///
    /// # Errors
    /// What is wrong, as an [`IdentityError`]; a file that was made weak or endless is refused before any hashing.
    pub fn from_file(text: &str, passphrase: &str) -> Result<Self, IdentityError> {
        let file = IdentityText::read(text)?;
        if (ITERATIONS_MIN..=ITERATIONS_MAX).contains(&file.iterations) {
            file.unseal(passphrase)
        } else {
            Err(IdentityError::Iterations(file.iterations))
        }
    }

    /// The same for test vectors and a demonstration, whose files are cheap to open.
    ///
    /// # Errors
    /// As [`Identity::from_file`]; only a file that was never hashed at all is refused for its cost.
    pub fn from_file_with_any_cost(text: &str, passphrase: &str) -> Result<Self, IdentityError> {
        let file = IdentityText::read(text)?;
        if file.iterations == 0 {
            Err(IdentityError::Iterations(0))
        } else {
            file.unseal(passphrase)
        }
    }
}

impl Signing {
    fn new(scalar: Zeroizing<[u8; 32]>, public: [u8; 65]) -> Option<Self> {
        let pair = EcdsaKeyPair::from_private_key_and_public_key(
            &ECDSA_P256_SHA256_FIXED_SIGNING,
            scalar.as_slice(),
            &public,
            &SystemRandom::new(),
        )
        .ok()?;
        Some(Self { scalar, public, pair })
    }
}

/// `K = PBKDF2-HMAC-SHA256(passphrase, salt 16, iterations, 32)`                              design 4, RFC 8018
pub(super) fn stretch(passphrase: &str, iterations: u32, salt: &[u8; 16]) -> Zeroizing<[u8; 32]> {
    let iterations = NonZeroU32::new(iterations).expect("a passphrase is hashed at least once");
    let words = Zeroizing::new(canonical_words(passphrase));
    let mut key = Zeroizing::new([0; 32]);
    pbkdf2::derive(PBKDF2_HMAC_SHA256, iterations, salt, words.as_bytes(), key.as_mut_slice());
    key
}

/// `aad = "klero/v1/identity" ‖ 00 ‖ LP(person) ‖ LP("opening" or "signing") ‖ public point (65)`            design 4
pub(super) fn aad(person: &PersonId, use_for: &str, public: &[u8; 65]) -> Vec<u8> {
    let mut out = label("identity");
    lp(&mut out, person.as_str());
    lp(&mut out, use_for);
    out.extend_from_slice(public);
    out
}

/// PKCS#8 (RFC 5208) with an ECPrivateKey (RFC 5915) of P-256, up to the scalar.
const PKCS8_HEAD: [u8; 36] = [
    0x30, 0x81, 0x87, 0x02, 0x01, 0x00, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02,
    0x01, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x04, 0x6d, 0x30, 0x6b, 0x02,
    0x01, 0x01, 0x04, 0x20,
];
/// Between scalar and point.
const PKCS8_MIDDLE: [u8; 5] = [0xa1, 0x44, 0x03, 0x42, 0x00];

/// The one form of 138 bytes that WebCrypto writes and this house reads: head 36 ‖ scalar 32 ‖ middle 5 ‖ point 65.
pub(super) fn pkcs8(scalar: &[u8; 32], public: &[u8; 65]) -> Zeroizing<Vec<u8>> {
    Zeroizing::new([&PKCS8_HEAD[..], scalar, &PKCS8_MIDDLE, public].concat())
}

/// The scalar in bytes 36 to 68, if all the others are what they must be.
fn scalar_of(der: &[u8], public: &[u8; 65]) -> Option<Zeroizing<[u8; 32]>> {
    let scalar = Zeroizing::new(<[u8; 32]>::try_from(der.get(36..68)?).ok()?);
    (pkcs8(&scalar, public).as_slice() == der).then_some(scalar)
}

const IDENTITY_V1: &str = "identity/v1";
/// The one way a passphrase is hashed.
pub(super) const KDF: &str = "PBKDF2-HMAC-SHA256";

/// An identity file as it is written.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct IdentityText {
    klero: String,
    person: String,
    role: String,
    centres: Vec<String>,
    kdf: String,
    iterations: u32,
    salt: String,
    opening: PairText,
    signing: PairText,
    fingerprint: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct PairText {
    public: String,
    sealed: String,
}

impl IdentityText {
    fn read(text: &str) -> Result<Self, IdentityError> {
        use IdentityError::Malformed;
        if text.len() > IDENTITY_BYTES_MAX {
            return Err(Malformed("its length"));
        }
        let file: Self = serde_json::from_str(text).map_err(|_| Malformed("its JSON"))?;
        match () {
            () if file.klero != IDENTITY_V1 => Err(Malformed("klero")),
            () if file.kdf != KDF => Err(Malformed("kdf")),
            () if file.iterations == 0 => Err(Malformed("iterations")),
            () => Ok(file),
        }
    }

    fn unseal(&self, passphrase: &str) -> Result<Identity, IdentityError> {
        use IdentityError::Malformed;
        let person = PersonId::parse(&self.person).map_err(|_| Malformed("person"))?;
        let role = Role::parse(&self.role).ok_or(Malformed("role"))?;
        let centres = self.centres.iter().map(|c| CentreId::parse(c)).collect::<Result<_, _>>();
        let centres = centres.map_err(|_| Malformed("centres"))?;
        let salt = unhex_array(&self.salt).ok_or(Malformed("salt"))?;
        let key = stretch(passphrase, self.iterations, &salt);
        let (scalar, public) = self.opening.unseal(&key, &person, "opening")?;
        let opening = OpeningKey::from_scalar(scalar.as_slice()).ok_or(Malformed("opening"))?;
        if opening.public() != public {
            return Err(Malformed("opening"));
        }
        let (scalar, public) = self.signing.unseal(&key, &person, "signing")?;
        let signing = Signing::new(scalar, public).ok_or(Malformed("signing"))?;
        let identity = Identity::of(person, role, centres, opening, signing)?;
        if hex(&identity.card.fingerprint()) != self.fingerprint {
            return Err(Malformed("fingerprint"));
        }
        Ok(identity)
    }
}

impl PairText {
    fn unseal(
        &self,
        key: &[u8; 32],
        person: &PersonId,
        use_for: &'static str,
    ) -> Result<(Zeroizing<[u8; 32]>, [u8; 65]), IdentityError> {
        use IdentityError::{Malformed, WrongWords};
        let public = unhex_array(&self.public).ok_or(Malformed(use_for))?;
        let sealed = unhex(&self.sealed).ok_or(Malformed(use_for))?;
        let der = aead::open(key, &aad(person, use_for, &public), &sealed).ok_or(WrongWords)?;
        let scalar = scalar_of(&der, &public).ok_or(Malformed(use_for))?;
        Ok((scalar, public))
    }
}

/// Six words of the EFF long list, each equally likely: `word = w / 8` of 16 bits `w < 62,208 = 8 · 7,776`     design 4
///
/// Four words of the list have a hyphen, which the canonical form reads as a space; they are drawn again.
pub fn passphrase(dice: &dyn Dice) -> Zeroizing<String> {
    let mut words = Vec::with_capacity(WORDS);
    while words.len() < WORDS {
        let drawn = usize::from(u16::from_be_bytes(roll(dice)));
        words.extend(EFF_LONG_WORDLIST.get(drawn / 8).filter(|word| !word.contains('-')).copied());
    }
    Zeroizing::new(words.join(" "))
}

/// The words as they are hashed: NFKC, lower case, runs of spaces, hyphens and commas made one space, trimmed.
pub fn canonical_words(typed: &str) -> String {
    let plain: String = typed.nfkc().flat_map(char::to_lowercase).collect();
    let between = |c: char| c.is_whitespace() || c == '-' || c == ',';
    plain.split(between).filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

/// Which of the words, counted from 1, is not in the list: a slip is named before anything is tried.
pub fn unknown_word(typed: &str) -> Option<usize> {
    let known = |word: &str| EFF_LONG_WORDLIST.contains(&word);
    canonical_words(typed).split(' ').position(|word| !known(word)).map(|at| at + 1)
}

#[cfg(test)]
mod tests {
    use super::{
        ITERATIONS, ITERATIONS_MAX, ITERATIONS_MIN, Identity, IdentityError, canonical_words,
        passphrase, unknown_word,
    };
    use crate::dice::{Dice, FixedDice};
    use crate::domain::people::Role;
    use crate::sealing::bytes::{hex, unhex};
    use crate::sealing::fixture::{centre, identity, person};
    use crate::sealing::signature::{Purpose, verify};
    use std::sync::Mutex;

    const VECTORS: &str = include_str!("../../tests/vectors/sealing.json");
    const WORDS: &str = "correct horse battery staple tray zebra";

    /// The vector's identity as the file it belongs into.
    fn vector_file() -> String {
        let vectors: serde_json::Value = serde_json::from_str(VECTORS).unwrap();
        let v = &vectors["identity"];
        serde_json::json!({
            "klero": "identity/v1", "person": v["person"], "role": "pharmacist", "centres": ["a"],
            "kdf": v["kdf"], "iterations": v["iterations"], "salt": v["salt"],
            "opening": {"public": v["opening"]["public"], "sealed": v["opening"]["sealed"]},
            "signing": {"public": v["signing"]["public"], "sealed": v["signing"]["sealed"]},
            "fingerprint": v["fingerprint"],
        })
        .to_string()
    }

    fn error(file: &str, words: &str) -> IdentityError {
        Identity::from_file_with_any_cost(file, words).unwrap_err()
    }

    #[test]
    fn the_vectors_file_opens_with_its_words_however_they_are_typed() {
        for typed in [WORDS, " CORRECT-horse,  Battery\u{3000}staple tray\nＺｅｂｒａ "] {
            let identity = Identity::from_file_with_any_cost(&vector_file(), typed).unwrap();
            assert_eq!(hex(&identity.card().fingerprint()), "35992b72ae59de8c3e9df0f3d4f3f5e4");
            let signature = identity.sign(Purpose::Receipt, b"bytes");
            let signing = identity.card().signing;
            assert!(verify(&signing, Purpose::Receipt, b"bytes", &signature));
            assert!(!verify(&signing, Purpose::Offline, b"bytes", &signature));
        }
    }

    // shows: I10
    #[test]
    fn wrong_words_or_an_altered_file_open_nothing() {
        use IdentityError::{Malformed, WrongWords};
        let file = vector_file();
        assert_eq!(error(&file, "correct horse battery staple tray zebu"), WrongWords);
        let other = file.replace("pharmacist-a", "pharmacist-b");
        assert_eq!(error(&other, WORDS), WrongWords, "the file is bound to its person");
        assert_eq!(error(&file.replace("1000", "1001"), WORDS), WrongWords);
        let mut value: serde_json::Value = serde_json::from_str(&file).unwrap();
        let pair = value["opening"].clone();
        value["opening"] = value["signing"].clone();
        value["signing"] = pair;
        assert_eq!(error(&value.to_string(), WORDS), WrongWords, "bound to its use");
        let good: serde_json::Value = serde_json::from_str(&file).unwrap();
        for pair in ["opening", "signing"] {
            let sealed = unhex(good[pair]["sealed"].as_str().unwrap()).unwrap();
            for at in [0, 11, 12, 80, sealed.len() - 1] {
                let mut altered = sealed.clone();
                altered[at] ^= 0x80;
                let mut file = good.clone();
                file[pair]["sealed"] = hex(&altered).into();
                assert_eq!(error(&file.to_string(), WORDS), WrongWords, "{pair} byte {at}");
            }
        }
        let wrong = file.replace("35992b72", "35992b73");
        assert_eq!(error(&wrong, WORDS), Malformed("fingerprint"));
        assert_eq!(error(&file.replace("PBKDF2", "PBKDF3"), WORDS), Malformed("kdf"));
        assert_eq!(error(&file.replace("identity/v1", "identity/v2"), WORDS), Malformed("klero"));
        let unknown = file.replacen('{', r#"{"arm":1,"#, 1);
        assert_eq!(error(&unknown, WORDS), Malformed("its JSON"));
        assert_eq!(error(&file.replace(":1000,", ":0,"), WORDS), Malformed("iterations"));
    }

    #[test]
    fn a_file_that_was_made_weak_or_endless_is_refused_before_any_hashing() {
        let file = vector_file();
        for (count, refused) in [
            (1000, true),
            (ITERATIONS_MIN - 1, true),
            (ITERATIONS_MIN, false),
            (ITERATIONS_MAX + 1, true),
        ] {
            let file = file.replace(":1000,", &format!(":{count},"));
            let error = Identity::from_file(&file, WORDS).unwrap_err();
            assert_eq!(error == IdentityError::Iterations(count), refused, "{count}");
        }
    }

    #[test]
    fn a_new_file_reads_back_as_the_same_person_with_the_same_keys() {
        let identity = identity(1, "p-1", Role::Pharmacist);
        let file = identity.to_file("six words", ITERATIONS, &FixedDice::new(2));
        assert!(file.contains("600000"));
        let again = Identity::from_file(&file, "SIX   words").unwrap();
        assert_eq!(again.card(), identity.card());
        assert_eq!(again.opening().scalar(), identity.opening().scalar());
        let signature = again.sign(Purpose::Grant, b"g");
        assert!(verify(&identity.card().signing, Purpose::Grant, b"g", &signature));
        let scalars = [identity.opening().scalar(), identity.signing.scalar.clone()];
        assert_ne!(scalars[0], scalars[1], "opening and signing are pairs of their own");
        for scalar in scalars {
            assert!(!file.contains(&hex(&scalar[..])));
        }
        let same = identity.to_file("six words", 1, &FixedDice::new(2));
        assert_eq!(same, identity.to_file("six words", 1, &FixedDice::new(2)));
        assert_eq!(format!("{identity:?}"), "Identity(p-1)");
    }

    // shows: I11
    #[test]
    fn who_randomises_or_runs_the_house_is_never_given_keys() {
        for role in Role::ALL {
            let centres = if role.works_at_centres() { vec![centre("east")] } else { vec![] };
            let made = Identity::generate(&person("x"), role, &centres, &FixedDice::new(1));
            assert_eq!(made.is_ok(), role.holds_keys(), "{role}");
        }
        let nowhere = Identity::generate(&person("x"), Role::Pharmacist, &[], &FixedDice::new(1));
        assert_eq!(nowhere.err(), Some(IdentityError::Role));
    }

    /// Gives these bytes, two at a time, and then zeros.
    struct Script(Mutex<Vec<u8>>);

    impl Dice for Script {
        fn fill(&self, bytes: &mut [u8]) {
            let mut left = self.0.lock().unwrap();
            bytes.iter_mut().for_each(|byte| {
                *byte = if left.is_empty() { 0 } else { left.remove(0) };
            });
        }
    }

    #[test]
    fn a_passphrase_is_six_words_of_the_list_drawn_without_bias() {
        let drawn = passphrase(&FixedDice::new(1));
        assert_eq!(drawn.split(' ').count(), 6);
        assert_eq!(unknown_word(&drawn), None);
        assert_ne!(drawn, passphrase(&FixedDice::new(2)));
        // 62,208 and 65,535 would favour some words; 62,207 is the last word, 0 to 7 the first.
        let script = [0xf3, 0x00, 0xff, 0xff, 0xf2, 0xff, 0x00, 0x07, 0x00, 0x08];
        let drawn = passphrase(&Script(Mutex::new(script.to_vec())));
        assert_eq!(*drawn, "zoom abacus abdomen abacus abacus abacus");
        let hyphen = super::EFF_LONG_WORDLIST.iter().position(|w| *w == "yo-yo").unwrap() * 8;
        let script = Script(Mutex::new((hyphen as u16).to_be_bytes().to_vec()));
        assert_eq!(*passphrase(&script), "abacus abacus abacus abacus abacus abacus");
    }

    #[test]
    fn a_slip_in_the_words_is_named_by_its_number() {
        assert_eq!(super::EFF_LONG_WORDLIST.len(), 7_776);
        assert_eq!(unknown_word("zoom abacus abdomen zooom abacus abacus"), Some(4));
        assert_eq!(unknown_word("Zoom, ABACUS"), None);
        assert_eq!(unknown_word(""), Some(1));
        assert_eq!(canonical_words("--Ａ,, b\t\u{a0}C -"), "a b c");
    }
}
