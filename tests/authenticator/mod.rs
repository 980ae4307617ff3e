//! A passkey in software, written from WebAuthn Level 3 by hand and sharing nothing with the library that checks it:
//! P-256, no attestation. What a dishonest device or page could do is a field that a test may set.
#![allow(dead_code, reason = "each test program uses a part of it")]

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use klero::sealing::bytes::sha256;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair};
use serde_json::{Value, json};

/// The flags of a device that was touched, and unlocked by its owner.
pub const PRESENT: u8 = 0x01;
pub const UNLOCKED: u8 = 0x04;
const NEW_KEY: u8 = 0x40;

/// One passkey on one device.
pub struct Authenticator {
    key: EcdsaKeyPair,
    dice: SystemRandom,
    pub id: Vec<u8>,
    /// What it says it has signed so far; one that stays at 0 does not count.
    pub counter: u32,
    /// The page on which it is used.
    pub origin: String,
    /// The name that the page claims; none: the one that is asked for.
    pub claimed: Option<String>,
    pub flags: u8,
}

fn text(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

impl Authenticator {
    pub fn new(id: &str, origin: &str) -> Self {
        let dice = SystemRandom::new();
        let made = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &dice);
        let made = made.expect("a key");
        let alg = &ECDSA_P256_SHA256_ASN1_SIGNING;
        let key = EcdsaKeyPair::from_pkcs8(alg, made.as_ref(), &dice).expect("our own key");
        let (id, origin) = (id.as_bytes().to_vec(), origin.to_owned());
        Self { key, dice, id, counter: 1, origin, claimed: None, flags: PRESENT | UNLOCKED }
    }

    fn head(&self, asked: &Value, more: u8) -> Vec<u8> {
        let name = self.claimed.as_deref().or(asked.as_str()).expect("a name is asked for");
        let mut head = sha256(name.as_bytes()).to_vec();
        head.push(self.flags | more);
        head.extend(self.counter.to_be_bytes());
        head
    }

    fn client(&self, kind: &str, challenge: &Value) -> String {
        let origin = &self.origin;
        json!({"type": kind, "challenge": challenge, "origin": origin, "crossOrigin": false})
            .to_string()
    }

    /// `navigator.credentials.create`.
    pub fn create(&self, question: &Value) -> Value {
        let asked = &question["options"]["publicKey"];
        let client = self.client("webauthn.create", &asked["challenge"]);
        let mut data = self.head(&asked["rp"]["id"], NEW_KEY);
        data.extend([0; 16]);
        data.extend(u16::try_from(self.id.len()).expect("a short id").to_be_bytes());
        data.extend(&self.id);
        let (x, y) = self.key.public_key().as_ref()[1..].split_at(32);
        // COSE, in CBOR: {1: 2, 3: -7, -1: 1, -2: x, -3: y}.
        data.extend([0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21, 0x58, 0x20]);
        data.extend(x);
        data.extend([0x22, 0x58, 0x20]);
        data.extend(y);
        let mut object = b"\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData\x58".to_vec();
        object.push(u8::try_from(data.len()).expect("a short id"));
        object.extend(data);
        let id = text(&self.id);
        let said =
            json!({"attestationObject": text(&object), "clientDataJSON": text(client.as_bytes())});
        let credential = json!({"id": id, "rawId": id, "type": "public-key", "response": said});
        json!({"ceremony": question["ceremony"], "credential": credential})
    }

    /// `navigator.credentials.get`: counts one on, if it counts at all.
    pub fn answer(&mut self, question: &Value) -> Value {
        self.counter += u32::from(self.counter > 0);
        self.answer_as_it_stands(question)
    }

    /// The same without counting: a copy of the device, or an answer that was kept.
    pub fn answer_as_it_stands(&self, question: &Value) -> Value {
        let asked = &question["options"]["publicKey"];
        let client = self.client("webauthn.get", &asked["challenge"]);
        let data = self.head(&asked["rpId"], 0);
        let signed = [&data[..], &sha256(client.as_bytes())].concat();
        let signature = self.key.sign(&self.dice, &signed).expect("a signature");
        let id = text(&self.id);
        let said = json!({
            "authenticatorData": text(&data), "clientDataJSON": text(client.as_bytes()),
            "signature": text(signature.as_ref()), "userHandle": null,
        });
        let credential = json!({"id": id, "rawId": id, "type": "public-key", "response": said});
        json!({"ceremony": question["ceremony"], "credential": credential})
    }
}
