//! AES-256-GCM as this house writes it: the nonce in front, the tag behind (design 4).

use ring::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use zeroize::Zeroizing;

/// `nonce 12 ‖ AES-256-GCM(key, nonce, aad, plaintext)`                                                     design 4
///
/// Each key seals once, or under random nonces far fewer than 2^32 times; `nonce` comes from dice.
pub(super) fn seal(key: &[u8; 32], nonce: [u8; 12], aad: &[u8], plaintext: &[u8]) -> Vec<u8> {
    let mut body = Zeroizing::new(plaintext.to_vec());
    let tag = cipher(key)
        .seal_in_place_separate_tag(
            Nonce::assume_unique_for_key(nonce),
            Aad::from(aad),
            body.as_mut_slice(),
        )
        .expect("plaintexts here are far below GCM's 64 GiB");
    [&nonce[..], &body, tag.as_ref()].concat()
}

/// The plaintext, when key, nonce, aad and every byte are as they were sealed.
pub(super) fn open(key: &[u8; 32], aad: &[u8], sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let (nonce, body) = sealed.split_first_chunk::<12>()?;
    let mut body = Zeroizing::new(body.to_vec());
    let length = cipher(key)
        .open_in_place(Nonce::assume_unique_for_key(*nonce), Aad::from(aad), body.as_mut_slice())
        .ok()?
        .len();
    body.truncate(length);
    Some(body)
}

fn cipher(key: &[u8; 32]) -> LessSafeKey {
    LessSafeKey::new(UnboundKey::new(&AES_256_GCM, key).expect("AES-256 takes 32 bytes"))
}

#[cfg(test)]
mod tests {
    use super::{open, seal};

    #[test]
    fn a_changed_key_aad_nonce_body_or_tag_opens_nothing() {
        let sealed = seal(&[1; 32], [2; 12], b"place", b"plaintext");
        assert_eq!(sealed.len(), 12 + 9 + 16);
        assert_eq!(open(&[1; 32], b"place", &sealed).as_deref(), Some(&b"plaintext".to_vec()));
        assert!(open(&[3; 32], b"place", &sealed).is_none());
        assert!(open(&[1; 32], b"plaice", &sealed).is_none());
        for at in 0..sealed.len() {
            let mut altered = sealed.clone();
            altered[at] ^= 1;
            assert!(open(&[1; 32], b"place", &altered).is_none(), "byte {at}");
            assert!(open(&[1; 32], b"place", &sealed[..at]).is_none(), "cut at {at}");
        }
    }
}
