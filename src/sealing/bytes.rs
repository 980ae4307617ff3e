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
    bytes
        .iter()
        .flat_map(|b| [b >> 4, b & 15])
        .map(|n| char::from(b"0123456789abcdef"[usize::from(n)]))
        .collect()
}

/// Reads lower-case hex; anything else is nothing.
pub fn unhex(text: &str) -> Option<Vec<u8>> {
    let nibble = |c: u8| match c {
        b'0'..=b'9' => Some(c - b'0'),
        b'a'..=b'f' => Some(c - b'a' + 10),
        _ => None,
    };
    let digits = text.as_bytes();
    if !digits.len().is_multiple_of(2) {
        return None;
    }
    digits.chunks(2).map(|pair| Some((nibble(pair[0])? << 4) | nibble(pair[1])?)).collect()
}

/// Reads exactly `N` bytes of lower-case hex.
pub fn unhex_array<const N: usize>(text: &str) -> Option<[u8; N]> {
    unhex(text)?.try_into().ok()
}
