//! Checks the test vectors of every format: `klero vectors check FILE…`. Whoever builds a second program, or doubts
//! this one, can see value by value that both mean the same bytes (design 4, 5, 7).

use super::aead;
use super::bytes::{hex, sha256, unhex, unhex_array};
use super::card::Card;
use super::centre_key::CentreKey;
use super::ceremony::{ListSecret, seed_commit};
use super::checkpoint::{TrailSigner, is_origin};
use super::identity;
use super::list::{Design, List};
use super::lock::ServerSecret;
use super::manifest::ListPurpose;
use super::seal::seal_index;
use super::sealed_record::{RecordKind, RecordPlace, open_record, seal_record};
use super::slot::{Place, Wrap};
use super::tree;
use super::wrap::{self, OpeningKey};
use crate::domain::ids::{CentreId, Code, PersonId, Reference, StratumId, TrialId};
use crate::domain::people::Role;
use serde::Deserialize;
use std::collections::BTreeSet;
use std::fmt;

/// The longest file of vectors, in bytes.
pub const VECTORS_BYTES_MAX: usize = 4 * 1024 * 1024;

/// What came of one case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaseResult {
    /// The case's name in the file.
    pub name: String,
    /// How many values were computed anew and compared.
    pub values: u32,
    /// The first value that came out otherwise: its name, what the file says, what was computed.
    pub difference: Option<Difference>,
}

/// A value that came out otherwise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// Which value.
    pub value: String,
    /// What the file says.
    pub expected: String,
    /// What was computed.
    pub found: String,
}

/// Why a file was not checked at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VectorsError {
    /// Longer than [`VECTORS_BYTES_MAX`].
    TooLong,
    /// Neither an array of list cases nor an object of sealing cases, or one with an unknown key.
    Unknown,
    /// A value in it could not be read, such as hex that is none.
    Malformed(&'static str),
}

impl fmt::Display for VectorsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong => f.write_str("the file of vectors is too long"),
            Self::Unknown => f.write_str("not a file of vectors that this program knows"),
            Self::Malformed(value) => write!(f, "a vector's {value} cannot be read"),
        }
    }
}

impl std::error::Error for VectorsError {}

/// Recognises the file and computes every value of every case anew.
///
/// # Errors
/// [`VectorsError`] when there is nothing to compare; a difference is a result, not an error.
pub fn check_file(text: &str) -> Result<Vec<CaseResult>, VectorsError> {
    if text.len() > VECTORS_BYTES_MAX {
        return Err(VectorsError::TooLong);
    }
    let from = |_| VectorsError::Unknown;
    if text.trim_start().starts_with('[') {
        let cases: Vec<ListCase> = serde_json::from_str(text).map_err(from)?;
        return cases.iter().map(ListCase::check).collect();
    }
    if let Ok(file) = serde_json::from_str::<RecordCases>(text) {
        return file.records.iter().map(RecordCase::check).collect();
    }
    let cases: SealingCases = serde_json::from_str(text).map_err(from)?;
    Ok(vec![
        cases.slot.check()?,
        cases.wrap.check()?,
        cases.identity.check()?,
        cases.checkpoint.check()?,
    ])
}

/// Sealed records: of the pharmacy, or about code breaks.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RecordCases {
    #[serde(rename = "about")]
    _about: String,
    records: Vec<RecordCase>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RecordCase {
    kind: String,
    trial: String,
    centre: String,
    record: String,
    centre_key: String,
    nonce: String,
    info: String,
    record_key: String,
    text: String,
    sealed: String,
}

impl RecordCase {
    fn check(&self) -> Result<CaseResult, VectorsError> {
        let kind = RecordKind::parse(&self.kind).ok_or(VectorsError::Malformed("kind"))?;
        let at = RecordPlace {
            trial: TrialId::parse(&self.trial).map_err(|_| VectorsError::Malformed("trial"))?,
            centre: CentreId::parse(&self.centre).map_err(|_| VectorsError::Malformed("centre"))?,
            record: Reference::parse(&self.record)
                .map_err(|_| VectorsError::Malformed("record"))?,
            epoch: 1,
            kind,
        };
        let key = CentreKey::from_bytes(
            unhex_array(&self.centre_key).ok_or(VectorsError::Malformed("centre_key"))?,
        );
        let nonce = unhex_array(&self.nonce).ok_or(VectorsError::Malformed("nonce"))?;
        let sealed = seal_record(&key, &at, &self.text, nonce);
        let sealed = sealed.map_err(|_| VectorsError::Malformed("text"))?;
        let read = open_record(&key, &at, &sealed).unwrap_or_default();
        let mut compared = Comparison::new();
        compared.bytes("info", &self.info, &at.info());
        compared.bytes("record_key", &self.record_key, &*key.record_key(&at.info()));
        compared.bytes("sealed", &self.sealed, sealed.as_bytes());
        compared.value("text", &self.text, &read);
        Ok(compared.result(&format!("sealed record: {}", self.kind)))
    }
}

/// Compares, and keeps the first difference.
struct Comparison {
    values: u32,
    difference: Option<Difference>,
}

impl Comparison {
    fn new() -> Self {
        Self { values: 0, difference: None }
    }

    fn value(&mut self, name: impl fmt::Display, expected: &str, found: &str) {
        self.values += 1;
        if expected != found && self.difference.is_none() {
            let (expected, found) = (expected.to_owned(), found.to_owned());
            self.difference = Some(Difference { value: name.to_string(), expected, found });
        }
    }

    fn bytes(&mut self, name: &str, expected: &str, found: &[u8]) {
        self.value(name, expected, &hex(found));
    }

    fn result(self, name: &str) -> CaseResult {
        CaseResult { name: name.to_owned(), values: self.values, difference: self.difference }
    }
}

fn bytes<const N: usize>(name: &'static str, text: &str) -> Result<[u8; N], VectorsError> {
    unhex_array(text).ok_or(VectorsError::Malformed(name))
}

fn any_bytes(name: &'static str, text: &str) -> Result<Vec<u8>, VectorsError> {
    unhex(text).ok_or(VectorsError::Malformed(name))
}

fn trial(text: &str) -> Result<TrialId, VectorsError> {
    TrialId::parse(text).map_err(|_| VectorsError::Malformed("trial"))
}

fn stratum(text: &str) -> Result<StratumId, VectorsError> {
    StratumId::parse(text).map_err(|_| VectorsError::Malformed("stratum"))
}

/// A list with what must come out of it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ListCase {
    name: String,
    trial: String,
    segment: u32,
    arms: Vec<String>,
    ratio: Vec<u32>,
    sizes: Vec<u32>,
    slots: u32,
    strata: Vec<String>,
    secret: String,
    beacon: String,
    #[serde(default)]
    training: bool,
    expect: ListExpected,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ListExpected {
    prk: String,
    seed_commit: String,
    slots: usize,
    csv_sha256: String,
    root: String,
    first_rows: Vec<String>,
    first_leaf_hashes: Vec<String>,
    last_row: String,
}

impl ListCase {
    fn check(&self) -> Result<CaseResult, VectorsError> {
        let design = self.design()?;
        let secret = ListSecret::from_bytes(bytes("secret", &self.secret)?);
        let beacon = any_bytes("beacon", &self.beacon)?;
        let list = List::draw(&design, &secret, &beacon, &BTreeSet::new())
            .map_err(|_| VectorsError::Malformed("design"))?;
        let mut seen = Comparison::new();
        let expect = &self.expect;
        seen.bytes("prk", &expect.prk, &prk(&beacon, secret.bytes()));
        let commit = seed_commit(&design.trial, self.segment, &secret);
        seen.bytes("seed_commit", &expect.seed_commit, &commit);
        let rows: Vec<String> = list.rows().iter().map(|row| list.csv_row(row)).collect();
        let nothing = String::new();
        for (at, expected) in expect.first_rows.iter().enumerate() {
            let found = rows.get(at).unwrap_or(&nothing);
            seen.value(format_args!("first_rows[{at}]"), expected, found);
        }
        seen.value("last_row", &expect.last_row, rows.last().unwrap_or(&nothing));
        seen.value("slots", &expect.slots.to_string(), &rows.len().to_string());
        seen.bytes("csv_sha256", &expect.csv_sha256, &sha256(list.to_csv().as_bytes()));
        for (at, expected) in expect.first_leaf_hashes.iter().enumerate() {
            let found = list.leaves().get(at).map(|leaf| hex(leaf)).unwrap_or_default();
            seen.value(format_args!("first_leaf_hashes[{at}]"), expected, &found);
        }
        seen.bytes("root", &expect.root, &list.root());
        Ok(seen.result(&self.name))
    }

    fn design(&self) -> Result<Design, VectorsError> {
        Ok(Design {
            trial: trial(&self.trial)?,
            purpose: if self.training { ListPurpose::Training } else { ListPurpose::Live },
            segment: self.segment,
            arms: self.arms.clone(),
            ratio: self.ratio.clone(),
            sizes: self.sizes.clone(),
            hide_sizes: false,
            slots: self.slots,
            strata: self.strata.iter().map(|id| stratum(id)).collect::<Result<_, _>>()?,
            configuration: [0; 32],
        })
    }
}

/// `HKDF-Extract(salt, ikm) = HMAC-SHA256(salt, ikm)`                                                     RFC 5869
///
/// The list itself uses ring's, which does not give the key out; that both agree, the keys expanded from it show.
fn prk(salt: &[u8], ikm: &[u8]) -> Vec<u8> {
    let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, salt);
    ring::hmac::sign(&key, ikm).as_ref().to_vec()
}

/// The one file of everything else.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SealingCases {
    slot: SlotCase,
    wrap: WrapCase,
    identity: IdentityCase,
    checkpoint: CheckpointCase,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SlotCase {
    trial: String,
    segment: u32,
    stratum: String,
    position: u32,
    code: String,
    epoch: u32,
    arm_index: u8,
    salt: String,
    centre_key: String,
    nonce: String,
    aad: String,
    slot_key: String,
    inner: String,
    server_secret: String,
    lock_key: String,
    lock_nonce: String,
    stored: String,
}

impl SlotCase {
    fn check(&self) -> Result<CaseResult, VectorsError> {
        let at = Place {
            trial: trial(&self.trial)?,
            segment: self.segment,
            stratum: stratum(&self.stratum)?,
            position: self.position,
            code: Code::parse(&self.code).map_err(|_| VectorsError::Malformed("code"))?,
            epoch: self.epoch,
        };
        let key = CentreKey::from_bytes(bytes("centre_key", &self.centre_key)?);
        let salt = bytes("salt", &self.salt)?;
        let nonce = bytes("nonce", &self.nonce)?;
        let mut seen = Comparison::new();
        seen.bytes("aad", &self.aad, &at.aad());
        seen.bytes("slot_key", &self.slot_key, &key.slot_key(&at)[..]);
        let inner = seal_index(self.arm_index, &salt, &at, &key, nonce);
        seen.bytes("inner", &self.inner, inner.as_bytes());
        let server = ServerSecret::from_bytes(bytes("server_secret", &self.server_secret)?);
        seen.bytes("lock_key", &self.lock_key, &server.derive("lock")[..]);
        let stored = server.lock(&inner, &at, bytes("lock_nonce", &self.lock_nonce)?);
        seen.bytes("stored", &self.stored, stored.as_bytes());
        Ok(seen.result("slot"))
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrapCase {
    trial: String,
    centre: String,
    epoch: u32,
    person: String,
    info: String,
    centre_key: String,
    person_pkcs8_der: String,
    person_public: String,
    ephemeral_public: String,
    wrapped: String,
}

impl WrapCase {
    /// The ephemeral key cannot be chosen through this house's own functions, nor should it be: that `wrapped` is
    /// right is shown by unwrapping it, since HPKE opens nothing but what was sealed with this key and this info.
    fn check(&self) -> Result<CaseResult, VectorsError> {
        let der = any_bytes("person_pkcs8_der", &self.person_pkcs8_der)?;
        let scalar: [u8; 32] = der
            .get(36..68)
            .and_then(|scalar| scalar.try_into().ok())
            .ok_or(VectorsError::Malformed("person_pkcs8_der"))?;
        let opening =
            OpeningKey::from_scalar(&scalar).ok_or(VectorsError::Malformed("person_pkcs8_der"))?;
        let info = wrap::info(&self.trial, &self.centre, self.epoch, &self.person);
        let wrapped = any_bytes("wrapped", &self.wrapped)?;
        let wrapped = Wrap::from_bytes(&wrapped).ok_or(VectorsError::Malformed("wrapped"))?;
        let mut seen = Comparison::new();
        seen.bytes("person_public", &self.person_public, &opening.public());
        let rebuilt = identity::pkcs8(&scalar, &opening.public());
        seen.bytes("person_pkcs8_der", &self.person_pkcs8_der, &rebuilt);
        seen.bytes("info", &self.info, &info);
        seen.bytes("ephemeral_public", &self.ephemeral_public, &wrapped.as_bytes()[..65]);
        let key = wrap::open_from(&opening, &info, wrapped.as_bytes());
        let key = key.map(|key| hex(&key[..])).unwrap_or_else(|error| error.to_string());
        seen.value("centre_key", &self.centre_key, &key);
        Ok(seen.result("wrap"))
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct IdentityCase {
    person: String,
    passphrase: String,
    kdf: String,
    iterations: u32,
    salt: String,
    key: String,
    fingerprint: String,
    opening: PairCase,
    signing: PairCase,
    #[serde(rename = "note")]
    _note: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PairCase {
    public: String,
    pkcs8: String,
    aad: String,
    sealed: String,
}

impl IdentityCase {
    fn check(&self) -> Result<CaseResult, VectorsError> {
        let person =
            PersonId::parse(&self.person).map_err(|_| VectorsError::Malformed("person"))?;
        let salt = bytes("salt", &self.salt)?;
        if !(1..=identity::ITERATIONS_MAX).contains(&self.iterations) {
            return Err(VectorsError::Malformed("iterations"));
        }
        let mut seen = Comparison::new();
        seen.value("kdf", &self.kdf, identity::KDF);
        let key = identity::stretch(&self.passphrase, self.iterations, &salt);
        seen.bytes("key", &self.key, &key[..]);
        self.opening.check(&mut seen, "opening", &person, &key)?;
        self.signing.check(&mut seen, "signing", &person, &key)?;
        let opening = bytes("opening.public", &self.opening.public)?;
        let signing = bytes("signing.public", &self.signing.public)?;
        let card = Card { person, role: Role::Pharmacist, centres: vec![], opening, signing };
        seen.bytes("fingerprint", &self.fingerprint, &card.fingerprint());
        Ok(seen.result("identity"))
    }
}

impl PairCase {
    /// All of the pair follows from the scalar, the key and the nonce.
    fn check(
        &self,
        seen: &mut Comparison,
        use_for: &'static str,
        person: &PersonId,
        key: &[u8; 32],
    ) -> Result<(), VectorsError> {
        let der = any_bytes("pkcs8", &self.pkcs8)?;
        let sealed = any_bytes("sealed", &self.sealed)?;
        let scalar = der.get(36..68).and_then(|scalar| scalar.try_into().ok());
        let scalar: [u8; 32] = scalar.ok_or(VectorsError::Malformed("pkcs8"))?;
        let nonce = sealed.first_chunk().ok_or(VectorsError::Malformed("sealed"))?;
        let pair = OpeningKey::from_scalar(&scalar).ok_or(VectorsError::Malformed("pkcs8"))?;
        let aad = identity::aad(person, use_for, &pair.public());
        let again = identity::pkcs8(&scalar, &pair.public());
        seen.bytes(&format!("{use_for}.public"), &self.public, &pair.public());
        seen.bytes(&format!("{use_for}.pkcs8"), &self.pkcs8, &again);
        seen.bytes(&format!("{use_for}.aad"), &self.aad, &aad);
        let found = aead::seal(key, *nonce, &aad, &again);
        seen.bytes(&format!("{use_for}.sealed"), &self.sealed, &found);
        Ok(())
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CheckpointCase {
    seed: String,
    origin: String,
    entries: Vec<String>,
    vkey: String,
    note: String,
}

impl CheckpointCase {
    /// Ed25519 signs the same bytes the same way (RFC 8032), so the whole note comes out again.
    fn check(&self) -> Result<CaseResult, VectorsError> {
        if !is_origin(&self.origin) {
            return Err(VectorsError::Malformed("origin"));
        }
        let signer = TrailSigner::from_seed(&self.origin, bytes("seed", &self.seed)?);
        let leaves: Vec<_> =
            self.entries.iter().map(|entry| tree::leaf_hash(entry.as_bytes())).collect();
        let note = signer.sign(leaves.len() as u64, &tree::root(&leaves));
        let mut seen = Comparison::new();
        seen.value("vkey", &self.vkey, &signer.vkey());
        seen.value("note", &self.note, &note);
        Ok(seen.result("checkpoint"))
    }
}

#[cfg(test)]
mod tests {
    use super::{CaseResult, VectorsError, check_file};

    const LISTS: &str = include_str!("../../tests/vectors/allocation_list.json");
    const SEALING: &str = include_str!("../../tests/vectors/sealing.json");

    fn all_same(results: &[CaseResult]) {
        for case in results {
            assert_eq!(case.difference, None, "{}", case.name);
        }
    }

    fn counted(results: &[CaseResult]) -> Vec<(&str, u32)> {
        results.iter().map(|case| (case.name.as_str(), case.values)).collect()
    }

    // shows: SG-1, SG-4
    #[test]
    fn every_list_of_the_vectors_is_re_created_byte_for_byte() {
        let results = check_file(LISTS).unwrap();
        all_same(&results);
        assert_eq!(
            counted(&results),
            [
                ("tiny", 12),
                ("mixed-blocks-unicode-stratum", 12),
                ("unequal-ratio-second-segment", 12),
                ("rejection", 12),
                ("training", 12),
                ("nct04515719", 12),
            ]
        );
    }

    #[test]
    fn every_sealing_vector_is_re_created_byte_for_byte() {
        let results = check_file(SEALING).unwrap();
        all_same(&results);
        assert_eq!(
            counted(&results),
            [("slot", 5), ("wrap", 5), ("identity", 11), ("checkpoint", 2)]
        );
    }

    /// Every text and number below `value`, with where it stands.
    fn places(value: &serde_json::Value, at: &str, all: &mut Vec<String>) {
        match value {
            serde_json::Value::Object(group) => {
                group.iter().for_each(|(name, inner)| places(inner, &format!("{at}/{name}"), all));
            }
            serde_json::Value::Array(list) => {
                for (n, inner) in list.iter().enumerate() {
                    places(inner, &format!("{at}/{n}"), all);
                }
            }
            _ => all.push(at.to_owned()),
        }
    }

    /// The same value, with its last hex digit, letter or unit changed.
    fn altered(value: &serde_json::Value) -> serde_json::Value {
        match value {
            // Not 00: HMAC pads its key with zeros, so an empty beacon and one of zeros are the same.
            serde_json::Value::String(text) if text.is_empty() => "01".into(),
            serde_json::Value::String(text) => {
                let mut letters: Vec<char> = text.chars().collect();
                let last = letters.len() - 1 - usize::from(text.ends_with('\n'));
                letters[last] = if letters[last] == '0' { '1' } else { '0' };
                letters.into_iter().collect::<String>().into()
            }
            serde_json::Value::Bool(yes) => (!yes).into(),
            // Not one more: a stratum's last block is kept whole, whatever of it is asked for.
            number => (number.as_u64().unwrap() + 12).into(),
        }
    }

    // A checker that passes whatever it is given would be no checker.
    #[test]
    fn a_change_to_any_value_of_the_vectors_is_found() {
        let lists: serde_json::Value = serde_json::from_str(LISTS).unwrap();
        let small = ["tiny", "mixed-blocks-unicode-stratum", "unequal-ratio-second-segment"];
        let lists = lists.as_array().unwrap().iter().filter(|case| {
            small.iter().any(|name| case["name"] == *name) || case["training"] == true
        });
        let mut files: Vec<_> = lists.map(|case| serde_json::json!([case])).collect();
        files.push(serde_json::from_str(SEALING).unwrap());
        for whole in files {
            let mut all = vec![];
            places(&whole, "", &mut all);
            // Names and remarks are for people.
            for at in all.iter().filter(|at| !["/0/name", "/identity/note"].contains(&at.as_str()))
            {
                let mut changed = whole.clone();
                let value = changed.pointer_mut(at).unwrap();
                *value = altered(value);
                let found = match check_file(&changed.to_string()) {
                    Ok(results) => results.iter().any(|case| case.difference.is_some()),
                    Err(_) => true,
                };
                assert!(found, "{at} of {}", whole[0]["name"]);
            }
        }
    }

    #[test]
    fn a_difference_is_named_with_both_values() {
        let changed = LISTS.replacen("A,1,4617448,active", "A,1,4617448,placebo", 1);
        let results = check_file(&changed).unwrap();
        let found = results[0].difference.as_ref().unwrap();
        assert_eq!(found.value, "first_rows[1]");
        assert!(found.expected.contains("placebo") && found.found.contains("active"));
        all_same(&results[1..]);
    }

    #[test]
    fn what_is_no_file_of_vectors_is_not_checked() {
        for text in ["", "{}", "[1]", "{\"slot\":{}}", "null"] {
            assert_eq!(check_file(text), Err(VectorsError::Unknown), "{text}");
        }
        let unknown = LISTS.replacen("\"beacon\"", "\"more\": 1, \"beacon\"", 1);
        assert_eq!(check_file(&unknown), Err(VectorsError::Unknown));
        let longest = format!("[]{}", " ".repeat(super::VECTORS_BYTES_MAX - 2));
        assert_eq!(check_file(&longest), Ok(vec![]));
        let long = " ".repeat(super::VECTORS_BYTES_MAX + 1);
        assert_eq!(check_file(&long), Err(VectorsError::TooLong));
    }
}
