//! Signatures of people (design 4): ECDSA P-256 with SHA-256, 64 bytes `r ‖ s`, over
//!
//! ```text
//! "klero/v1/" ‖ purpose ‖ 00 ‖ the exact bytes that travel
//! ```
//! The purpose is signed too, so that a receipt can never be shown as a grant.

use super::bytes::{Hash, hex, label};
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
    /// An act at the service, signed with the key instead of the sign-in password.
    Act,
    /// A report that the statistician made from list and trail.
    Report,
}

impl Purpose {
    fn word(self) -> &'static str {
        match self {
            Purpose::Manifest => "manifest",
            Purpose::Grant => "grant",
            Purpose::Receipt => "receipt",
            Purpose::Offline => "offline",
            Purpose::Act => "act",
            Purpose::Report => "report",
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

/// What an opening receipt is signed over: that a release was opened and whether it fitted, never what. Compact JSON in
/// this order; `entry` is the leaf hash of the release's entry in hex, `at` a time in RFC 3339.
///
/// The values are plain words, hexadecimal and times: nothing in them needs an escape.
pub fn receipt_text(reference: &str, entry: &str, fits: bool, at: &str) -> String {
    format!(r#"{{"reference":"{reference}","entry":"{entry}","fits":{fits},"at":"{at}"}}"#)
}

/// What the receipt of a drill is signed over: that it opened and whether it fitted, and how many of the person's centre
/// keys opened. Compact JSON in this order; the entry, which `entry` names by its leaf hash, holds how many there were.
pub fn drill_text(reference: &str, entry: &str, fits: bool, keys_opened: u32, at: &str) -> String {
    format!(
        r#"{{"reference":"{reference}","entry":"{entry}","fits":{fits},"keysOpened":{keys_opened},"at":"{at}"}}"#
    )
}

/// What an act is signed over when a key signs it: which act, under which key against doing it twice, with which body,
/// meaning what. Compact JSON in this order, texts escaped as `JSON.stringify` escapes them. `body` is the SHA-256 of the
/// request's compact JSON without its `signature`, in hex: no other request can carry this signature.
pub fn act_text(act: &str, once: &str, body: &Hash, meaning: &str) -> String {
    let text = |text: &str| serde_json::Value::from(text).to_string();
    let (act, once, meaning) = (text(act), text(once), text(meaning));
    format!(r#"{{"act":{act},"once":{once},"body":"{}","meaning":{meaning}}}"#, hex(body))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sealing::samples::{public, sign};

    const PURPOSES: [Purpose; 6] = [
        Purpose::Manifest,
        Purpose::Grant,
        Purpose::Receipt,
        Purpose::Offline,
        Purpose::Act,
        Purpose::Report,
    ];

    #[test]
    fn receipts_are_signed_over_these_bytes_and_no_others() {
        assert_eq!(
            receipt_text("K7Q29MXT", "0a", true, "2026-11-29T03:00:00.000Z"),
            r#"{"reference":"K7Q29MXT","entry":"0a","fits":true,"at":"2026-11-29T03:00:00.000Z"}"#
        );
        let drill = r#"{"reference":"K7Q29MXT","entry":"0a","fits":false,"keysOpened":2,"at":"T"}"#;
        assert_eq!(drill_text("K7Q29MXT", "0a", false, 2, "T"), drill);
    }

    // shows: SG-3
    #[test]
    fn a_signature_for_one_purpose_is_none_for_another() {
        for signed in PURPOSES {
            let signature = sign(signed, b"the exact bytes");
            for asked in PURPOSES {
                let taken = verify(&public("signing"), asked, b"the exact bytes", &signature);
                assert_eq!(taken, signed == asked, "{signed:?} as {asked:?}");
            }
        }
    }

    #[test]
    fn a_flipped_bit_in_text_or_signature_or_another_key_is_refused() {
        let (key, text) = (public("signing"), *b"the exact bytes");
        let signature = sign(Purpose::Grant, &text);
        assert!(verify(&key, Purpose::Grant, &text, &signature));
        assert!(!verify(&public("opening"), Purpose::Grant, &text, &signature));
        assert!(!verify(&[4; 65], Purpose::Grant, &text, &signature));
        for bit in 0..text.len() * 8 {
            let mut altered = text;
            altered[bit / 8] ^= 1 << (bit % 8);
            assert!(!verify(&key, Purpose::Grant, &altered, &signature), "text bit {bit}");
        }
        for bit in 0..64 * 8 {
            let mut altered = signature;
            altered[bit / 8] ^= 1 << (bit % 8);
            assert!(!verify(&key, Purpose::Grant, &text, &altered), "signature bit {bit}");
        }
    }

    #[test]
    fn what_is_signed_begins_with_its_purpose() {
        let bytes = PURPOSES.map(|purpose| signing_bytes(purpose, b"x"));
        let expected: [&[u8]; 6] = [
            b"klero/v1/manifest\0x",
            b"klero/v1/grant\0x",
            b"klero/v1/receipt\0x",
            b"klero/v1/offline\0x",
            b"klero/v1/act\0x",
            b"klero/v1/report\0x",
        ];
        assert_eq!(bytes, expected);
    }

    // As `JSON.stringify({act, once, body, meaning})` writes it, tried in a browser's engine.
    #[test]
    fn the_text_of_an_act_is_written_as_a_browser_writes_it() {
        let once = "sixteen\"and\\more/";
        let text = act_text("break-code", once, &[0xab; 32], "所述原因属实\n\u{7f}\u{1}");
        let body = "ab".repeat(32);
        let expected = format!(
            r#"{{"act":"break-code","once":"sixteen\"and\\more/","body":"{body}","meaning":"所述原因属实\n{}\u0001"}}"#,
            '\u{7f}'
        );
        assert_eq!(text, expected);
    }
}
