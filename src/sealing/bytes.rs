//! How everything that is hashed, bound or derived is written as bytes (design 4), and the few primitives all share.

use ring::{digest, hkdf as ring_hkdf};

/// A SHA-256 value.
pub type Hash = [u8; 32];

/// Appends `LP(text)`: its length as 16 bits big-endian, then its UTF-8 bytes.
///
/// # Panics
/// When `text` is longer than 65,535 bytes; every id is parsed with a limit far below.
pub fn lp(out: &mut Vec<u8>, text: &str) {
    let length = u16::try_from(text.len()).expect("ids are parsed with limits far below 65,535");
    out.extend_from_slice(&length.to_be_bytes());
    out.extend_from_slice(text.as_bytes());
}

/// Appends `n` as 32 bits big-endian.
pub fn put_u32(out: &mut Vec<u8>, n: u32) {
    out.extend_from_slice(&n.to_be_bytes());
}

/// `"klero/v1/" ‖ name ‖ 00`: the beginning of everything that is bound to a purpose.
pub fn label(name: &str) -> Vec<u8> {
    let mut out = format!("klero/v1/{name}").into_bytes();
    out.push(0);
    out
}

/// SHA-256.
pub fn sha256(bytes: &[u8]) -> Hash {
    fixed(digest::digest(&digest::SHA256, bytes).as_ref())
}

/// SHA-256 of several pieces, one after the other.
pub fn sha256_of(pieces: &[&[u8]]) -> Hash {
    let mut context = digest::Context::new(&digest::SHA256);
    pieces.iter().for_each(|piece| context.update(piece));
    fixed(context.finish().as_ref())
}

/// SHA-256 of everything that a reader gives, however long it is.
///
/// # Errors
/// The reader's.
pub fn sha256_read(reader: &mut dyn std::io::Read) -> std::io::Result<Hash> {
    let mut context = digest::Context::new(&digest::SHA256);
    let mut piece = vec![0; 64 * 1024];
    loop {
        match reader.read(&mut piece) {
            Ok(0) => return Ok(fixed(context.finish().as_ref())),
            Ok(n) => context.update(&piece[..n]),
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

fn fixed(bytes: &[u8]) -> Hash {
    bytes.try_into().expect("SHA-256 gives 32 bytes")
}

/// `HKDF(salt, ikm, info, 32)` over SHA-256 (RFC 5869).
pub fn hkdf(salt: &[u8], ikm: &[u8], info: &[u8]) -> [u8; 32] {
    expand(&extract(salt, ikm), info)
}

/// HKDF-Extract: a pseudorandom key to expand from.
pub fn extract(salt: &[u8], ikm: &[u8]) -> ring_hkdf::Prk {
    ring_hkdf::Salt::new(ring_hkdf::HKDF_SHA256, salt).extract(ikm)
}

/// HKDF-Expand to 32 bytes.
pub fn expand(prk: &ring_hkdf::Prk, info: &[u8]) -> [u8; 32] {
    let mut key = [0; 32];
    prk.expand(&[info], ring_hkdf::HKDF_SHA256)
        .and_then(|okm| okm.fill(&mut key))
        .expect("32 bytes are far below HKDF's limit of 8,160");
    key
}

/// Equal, in a time that does not depend on where they differ.
pub fn same(a: &[u8], b: &[u8]) -> bool {
    a.len() == b.len() && a.iter().zip(b).fold(0, |all, (x, y)| all | (x ^ y)) == 0
}

/// Lower-case hex.
pub fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        text.push(char::from(DIGITS[usize::from(byte >> 4)]));
        text.push(char::from(DIGITS[usize::from(byte & 15)]));
    }
    text
}

/// Reads lower-case hex; anything else is nothing.
pub fn unhex(text: &str) -> Option<Vec<u8>> {
    let mut bytes = vec![0; text.len() / 2];
    unhex_into(text, &mut bytes).then_some(bytes)
}

/// Reads exactly `N` bytes of lower-case hex.
pub fn unhex_array<const N: usize>(text: &str) -> Option<[u8; N]> {
    let mut bytes = [0; N];
    unhex_into(text, &mut bytes).then_some(bytes)
}

/// Was `text` lower-case hex of just so many bytes?
fn unhex_into(text: &str, bytes: &mut [u8]) -> bool {
    let digits = text.as_bytes();
    if digits.len() != bytes.len() * 2 {
        return false;
    }
    // A value above 15 marks what is no digit, whichever of them it was.
    let mut all = 0;
    for (i, byte) in bytes.iter_mut().enumerate() {
        let (high, low) = (nibble(digits[2 * i]), nibble(digits[2 * i + 1]));
        all |= high | low;
        *byte = (high << 4) | low;
    }
    all <= 15
}

fn nibble(digit: u8) -> u8 {
    match digit {
        b'0'..=b'9' => digit - b'0',
        b'a'..=b'f' => digit - b'a' + 10,
        _ => 0xff,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives what it is asked for byte by byte, and stumbles before each.
    struct Halting<'b>(&'b [u8], bool, std::io::ErrorKind);

    impl std::io::Read for Halting<'_> {
        fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
            self.1 = !self.1;
            if self.1 { Err(self.2.into()) } else { self.0.read(&mut into[..1]) }
        }
    }

    #[test]
    fn a_file_of_any_length_has_the_hash_of_its_bytes_and_an_interruption_loses_none() {
        use std::io::ErrorKind::{Interrupted, Other};
        let long: Vec<u8> = (0..200_000u32).map(|n| n as u8).collect();
        assert_eq!(sha256_read(&mut long.as_slice()).unwrap(), sha256(&long));
        let short = &long[..300];
        let hash = sha256_read(&mut Halting(short, false, Interrupted)).unwrap();
        assert_eq!(hash, sha256(short));
        let error = sha256_read(&mut Halting(short, false, Other)).unwrap_err();
        assert_eq!(error.kind(), Other);
    }

    #[test]
    fn hex_reads_back_and_only_lower_case_of_the_right_length() {
        let every: Vec<u8> = (0..=255).collect();
        let text = hex(&every);
        assert_eq!((&text[..8], &text[504..]), ("00010203", "fcfdfeff"));
        assert_eq!(unhex(&text), Some(every));
        assert_eq!(unhex_array("0aff"), Some([0x0a, 0xff]));
        for c in (0u8..128).map(char::from) {
            let digit = c.is_ascii_digit() || ('a'..='f').contains(&c);
            assert_eq!(unhex(&format!("{c}0")).is_some(), digit, "{c:?}");
            assert_eq!(unhex(&format!("0{c}")).is_some(), digit, "{c:?}");
        }
        assert_eq!((unhex(""), unhex("0"), unhex("é")), (Some(vec![]), None, None));
        assert_eq!((unhex_array::<2>("00"), unhex_array::<2>("000000")), (None, None));
    }

    #[test]
    fn pieces_are_hashed_as_if_they_were_one() {
        assert_eq!(sha256_of(&[b"a", b"", b"bc"]), sha256(b"abc"));
        let expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(hex(&sha256(b"abc")), expected);
    }

    #[test]
    fn a_text_is_preceded_by_its_length_and_a_label_ends_with_zero() {
        let mut out = label("slot");
        lp(&mut out, "华山");
        put_u32(&mut out, 0x0102_0304);
        let expected = [b"klero/v1/slot\0\x00\x06", "华山".as_bytes(), &[1, 2, 3, 4]].concat();
        assert_eq!(out, expected);
    }

    #[test]
    fn bytes_are_the_same_only_when_all_of_them_are() {
        assert!(same(b"abc", b"abc") && same(b"", b""));
        assert!(!same(b"abc", b"abd") && !same(b"abc", b"bbc") && !same(b"abc", b"ab"));
    }
}
