//! What the tests of this room share: the vectors, made-up people whose keys stand in them, and a flipped bit.

use super::bytes::{hex, unhex, unhex_array};
use super::manifest::{ListPurpose, Manifest, SignedManifest, Sizes};
use super::signature::{Purpose, signing_bytes};
use super::slot::Place;
use super::tree::{leaf_hash, root};
use crate::domain::ids::{Code, PersonId, StratumId, TrialId};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use serde_json::Value;

/// `tests/vectors/sealing.json`, the part of this name.
pub fn vector(part: &str) -> Value {
    let all: Value = serde_json::from_str(include_str!("../../tests/vectors/sealing.json"))
        .expect("the vectors are JSON");
    all[part].clone()
}

/// A text of a vector.
pub fn text(vector: &Value, name: &str) -> String {
    vector[name].as_str().expect("this vector has this text").to_owned()
}

/// Bytes of a vector, whatever their number.
pub fn bytes(vector: &Value, name: &str) -> Vec<u8> {
    unhex(&text(vector, name)).expect("this vector is hex")
}

/// Bytes of a vector.
pub fn array<const N: usize>(vector: &Value, name: &str) -> [u8; N] {
    unhex_array(&text(vector, name)).expect("this vector has this length")
}

/// A number of a vector.
pub fn number(vector: &Value, name: &str) -> u32 {
    vector[name].as_u64().and_then(|n| n.try_into().ok()).expect("this vector has this number")
}

/// Where the slot of the vectors belongs.
pub fn place() -> Place {
    let slot = vector("slot");
    Place {
        trial: TrialId::parse(&text(&slot, "trial")).expect("a trial id"),
        segment: number(&slot, "segment"),
        stratum: StratumId::parse(&text(&slot, "stratum")).expect("a stratum id"),
        position: number(&slot, "position"),
        code: Code::parse(&text(&slot, "code")).expect("a code"),
        epoch: number(&slot, "epoch"),
    }
}

/// The same slot somewhere else, once for each part of its place.
pub fn moved() -> Vec<(&'static str, Place)> {
    let here = place();
    let code = Code::from_digits([5, 8, 5, 0, 8, 3]).expect("six digits");
    let stratum = StratumId::parse("B").expect("a stratum id");
    vec![
        ("trial", Place { trial: TrialId::parse("TEST-0002").expect("an id"), ..here.clone() }),
        ("segment", Place { segment: 1, ..here.clone() }),
        ("stratum", Place { stratum, ..here.clone() }),
        ("position", Place { position: 1, ..here.clone() }),
        ("code", Place { code, ..here.clone() }),
        ("epoch", Place { epoch: 2, ..here }),
    ]
}

/// A key pair of the vectors' person: `opening` or `signing`. Its public point and a signature with it.
pub fn public(pair: &str) -> [u8; 65] {
    array(&vector("identity")[pair], "public")
}

/// Signs with the signing key of the vectors' person.
pub fn sign(purpose: Purpose, message: &[u8]) -> [u8; 64] {
    let random = SystemRandom::new();
    let pkcs8 = bytes(&vector("identity")["signing"], "pkcs8");
    let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &pkcs8, &random)
        .expect("the vector holds a key pair");
    let signature = pair.sign(&random, &signing_bytes(purpose, message)).expect("it signs");
    signature.as_ref().try_into().expect("r and s are 64 bytes")
}

/// A manifest of seven slots in two strata, signed by nobody yet.
pub fn manifest() -> Manifest {
    let stratum = |name, slots| (StratumId::parse(name).expect("a stratum id"), slots);
    Manifest {
        trial: TrialId::parse("TEST-0001").expect("a trial id"),
        purpose: ListPurpose::Live,
        segment: 0,
        configuration: [0xc0; 32],
        arms: vec!["ZEBRA".to_owned(), "OKAPI".to_owned()],
        ratio: vec![1, 1],
        sizes: Sizes::Published(vec![2, 4]),
        slots: 3,
        strata: vec![stratum("renji-south/lldas", 4), stratum("huashan/非 LLDAS", 3)],
        seed_commit: [0x5e; 32],
        beacon: vec![],
        beacon_description: "none".to_owned(),
        root: root(&leaves()),
        signer: PersonId::parse("stat-1").expect("a person id"),
        signer_key: public("signing"),
    }
}

/// The leaf hashes of that manifest's seven slots.
pub fn leaves() -> Vec<[u8; 32]> {
    (0..7u8).map(|i| leaf_hash(&[i])).collect()
}

/// A manifest with the signature of the vectors' person.
pub fn signed(manifest: Manifest) -> SignedManifest {
    let text = manifest.to_text();
    let signature = sign(Purpose::Manifest, text.as_bytes());
    SignedManifest { manifest, text, signature }
}

/// Every text that differs from this one in one bit, as far as it is still UTF-8.
pub fn one_bit_off(text: &str) -> impl Iterator<Item = String> + '_ {
    (0..text.len() * 8).filter_map(|bit| {
        let mut bytes = text.as_bytes().to_vec();
        bytes[bit / 8] ^= 1 << (bit % 8);
        String::from_utf8(bytes).ok()
    })
}

#[test]
fn the_samples_can_tell_bits_apart() {
    assert_eq!(one_bit_off("ab").count(), 14);
    assert!(one_bit_off("ab").all(|other| other != "ab"));
    assert_eq!(hex(&public("signing")[..1]), "04");
}
