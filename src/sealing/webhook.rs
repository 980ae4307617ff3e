//! Signs what programs are told (Standard Webhooks, asymmetric): the receiver holds no secret of ours.
//!
//! ```text
//! seed      = HKDF(salt empty, ikm server secret, info "klero/v1/webhook-sign", 32)
//! signed    = webhook-id "." webhook-timestamp "." body          Ed25519
//! signature = "v1a," base64(signature 64)         public key = "whpk_" base64(public key 32)
//! ```

use super::lock::ServerSecret;
use base64::{Engine, engine::general_purpose::STANDARD};
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};
use std::fmt;

/// Signs messages to programs.
pub struct WebhookSigner(Ed25519KeyPair);

impl fmt::Debug for WebhookSigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "WebhookSigner({})", self.public())
    }
}

impl WebhookSigner {
    /// The signer of a service: its seed is derived from the server secret, by a label of its own.
    pub fn new(server: &ServerSecret) -> Self {
        let seed = server.derive("webhook-sign");
        Self(Ed25519KeyPair::from_seed_unchecked(&*seed).expect("a seed has 32 bytes"))
    }

    /// The public key, as receivers are given it.
    pub fn public(&self) -> String {
        format!("whpk_{}", STANDARD.encode(self.0.public_key()))
    }

    /// The header `webhook-signature` of a message.
    pub fn sign(&self, id: &str, timestamp: i64, body: &[u8]) -> String {
        format!("v1a,{}", STANDARD.encode(self.0.sign(&said(id, timestamp, body))))
    }
}

/// A public key as receivers are given it; none for any other text.
pub fn public_key(text: &str) -> Option<[u8; 32]> {
    let bytes = text.strip_prefix("whpk_").and_then(|text| STANDARD.decode(text).ok())?;
    bytes.try_into().ok()
}

/// Does a header fit a message? As a receiver asks who knows the public key alone. A header may name several signatures,
/// of several kinds, with blanks between: one that fits is enough.
pub fn fits(public: &str, header: &str, id: &str, timestamp: i64, body: &[u8]) -> bool {
    let Some(key) = public_key(public) else { return false };
    let (key, said) = (UnparsedPublicKey::new(&ED25519, key), said(id, timestamp, body));
    let of_kind = header.split(' ').filter_map(|one| one.strip_prefix("v1a,"));
    let mut signatures = of_kind.filter_map(|text| STANDARD.decode(text).ok());
    signatures.any(|signature| key.verify(&said, &signature).is_ok())
}

fn said(id: &str, timestamp: i64, body: &[u8]) -> Vec<u8> {
    [format!("{id}.{timestamp}.").as_bytes(), body].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_fits_its_message_and_no_other() {
        let signer = WebhookSigner::new(&ServerSecret::from_bytes([7; 32]));
        let header = signer.sign("42-webhook", 1_700_000_000, b"{}");
        let fits = |id, at, body| fits(&signer.public(), &header, id, at, body);
        assert!(fits("42-webhook", 1_700_000_000, b"{}"));
        assert!(!fits("43-webhook", 1_700_000_000, b"{}"));
        assert!(!fits("42-webhook", 1_700_000_001, b"{}"));
        assert!(!fits("42-webhook", 1_700_000_000, b"{ }"));
        let other = WebhookSigner::new(&ServerSecret::from_bytes([8; 32]));
        assert!(!super::fits(&other.public(), &header, "42-webhook", 1_700_000_000, b"{}"));
        let both = format!("v1,AAAA {} {header}", other.sign("42-webhook", 1_700_000_000, b"{}"));
        assert!(super::fits(&signer.public(), &both, "42-webhook", 1_700_000_000, b"{}"));
        let none = header.replace("v1a,", "v1,");
        assert!(!super::fits(&signer.public(), &none, "42-webhook", 1_700_000_000, b"{}"));
        assert_eq!(public_key("whpk_AAAA"), None);
    }
}
