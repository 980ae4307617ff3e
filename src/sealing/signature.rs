//! Signatures of people (design 4): ECDSA P-256 with SHA-256, 64 bytes `r ‖ s`, over
//!
//! ```text
//! "klero/v1/" ‖ purpose ‖ 00 ‖ the exact bytes that travel
//! ```
//! The purpose is signed too, so that a receipt can never be shown as a grant.

use super::bytes::label;
use ring::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};

/// What a signature is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// A manifest's text, and the report that goes with it (a text begins with `klero`, a report with `{`).
    Manifest,
    /// A centre key given to a newcomer.
    Grant,
    /// That a released slot was opened, and whether it fitted.
    Receipt,
    /// A record made without the network, from the offline kit.
    Offline,
}

impl Purpose {
    fn word(self) -> &'static str {
        match self {
            Purpose::Manifest => "manifest",
            Purpose::Grant => "grant",
            Purpose::Receipt => "receipt",
            Purpose::Offline => "offline",
        }
    }
}

/// What is signed: `"klero/v1/" ‖ purpose ‖ 00 ‖ bytes`.
pub fn signing_bytes(purpose: Purpose, bytes: &[u8]) -> Vec<u8> {
    let mut out = label(purpose.word());
    out.extend_from_slice(bytes);
    out
}

/// Did the holder of `card_signing` (an uncompressed point) sign these bytes for this purpose? A point that is not on
/// the curve has signed nothing.
pub fn verify(
    card_signing: &[u8; 65],
    purpose: Purpose,
    bytes: &[u8],
    signature: &[u8; 64],
) -> bool {
    UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, card_signing)
        .verify(&signing_bytes(purpose, bytes), signature)
        .is_ok()
}
