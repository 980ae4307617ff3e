//! The service's half of a sealed arm (design 4): without it a copied database opens for nobody, key-holders included.
//!
//! ```text
//! lock key = HKDF(salt empty, ikm server secret, info "klero/v1/lock", 32)          RFC 5869
//! locked   = nonce 12 ‖ AES-256-GCM(lock key, nonce, aad, sealed)                   aad as in `slot`
//! ```
//! Every slot, and every sealed pharmacy record (`sealed_record`), is locked once, under a random nonce; one key locks
//! at most some hundred thousand of them, far below the 2^32 that random nonces of 96 bits allow.

use super::bytes::hkdf;
use super::slot::{LockedArm, Place, SealedArm};
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use std::fmt;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

/// 32 bytes that the service keeps outside its database: what locks slots and signs checkpoints is derived from them.
#[derive(ZeroizeOnDrop)]
pub struct ServerSecret([u8; 32]);

/// The lock is not ours, or the slot is not the one it was locked as. Which of the two cannot be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotOurLock;

impl fmt::Display for NotOurLock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the slot was not locked with this server secret, or was moved or altered")
    }
}

impl std::error::Error for NotOurLock {}

impl fmt::Debug for ServerSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ServerSecret(32 bytes)")
    }
}

impl ServerSecret {
    /// Takes the secret as it was read from its file.
    pub fn from_bytes(mut bytes: [u8; 32]) -> Self {
        let secret = Self(bytes);
        bytes.zeroize();
        secret
    }

    /// `HKDF(salt empty, ikm server secret, info "klero/v1/" ‖ name, 32)`: a key for one purpose. (No 00 follows here.)
    pub(super) fn derive(&self, name: &str) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(hkdf(&[], &self.0, format!("klero/v1/{name}").as_bytes()))
    }

    fn lock_key(&self) -> LessSafeKey {
        let key = self.derive("lock");
        LessSafeKey::new(UnboundKey::new(&AES_256_GCM, &*key).expect("the key has 32 bytes"))
    }

    /// Locks a sealed arm as the slot `at`. The nonce must be random and used for nothing else.
    pub fn lock(&self, arm: &SealedArm, at: &Place, nonce: [u8; 12]) -> LockedArm {
        let bytes = self.lock_bytes(arm.as_bytes(), at.aad(), nonce);
        LockedArm::from_bytes(&bytes).expect("12 + 92 + 16 = 120")
    }

    /// `nonce 12 ‖ AES-256-GCM(lock key, nonce, aad, sealed)`. Each kind of thing that is locked has a label of its own
    /// at the beginning of its aad, so that none is ever lifted as another.
    pub(super) fn lock_bytes(&self, sealed: &[u8], aad: Vec<u8>, nonce: [u8; 12]) -> Vec<u8> {
        let mut bytes = sealed.to_vec();
        self.lock_key()
            .seal_in_place_append_tag(
                Nonce::assume_unique_for_key(nonce),
                Aad::from(aad),
                &mut bytes,
            )
            .expect("what is locked is far below the limit of AES-GCM");
        [&nonce, &bytes[..]].concat()
    }

    /// Undoes [`ServerSecret::lock_bytes`].
    pub(super) fn lift_bytes(&self, locked: &[u8], aad: Vec<u8>) -> Result<Vec<u8>, NotOurLock> {
        let (nonce, ciphertext) = locked.split_first_chunk::<12>().ok_or(NotOurLock)?;
        let mut bytes = ciphertext.to_vec();
        let opened = self
            .lock_key()
            .open_in_place(Nonce::assume_unique_for_key(*nonce), Aad::from(aad), &mut bytes)
            .map_err(|_| NotOurLock)?;
        Ok(opened.to_vec())
    }

    /// Lifts the lock of the slot `at`.
    ///
    /// # Errors
    /// [`NotOurLock`] when the secret is another, or trial, segment, stratum, position, code or epoch is not the one
    /// that was locked, or a byte was altered.
    pub fn lift(&self, locked: &LockedArm, at: &Place) -> Result<SealedArm, NotOurLock> {
        let arm = self.lift_bytes(locked.as_bytes(), at.aad())?;
        SealedArm::from_bytes(&arm).ok_or(NotOurLock)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sealing::bytes::hex;
    use crate::sealing::samples::{array, bytes, moved, place, text, vector};

    fn secret() -> ServerSecret {
        ServerSecret::from_bytes(array(&vector("slot"), "server_secret"))
    }

    fn locked() -> LockedArm {
        LockedArm::from_bytes(&bytes(&vector("slot"), "stored")).unwrap()
    }

    #[test]
    fn a_lock_has_the_bytes_of_the_vector() {
        let slot = vector("slot");
        let inner = SealedArm::from_bytes(&bytes(&slot, "inner")).unwrap();
        assert_eq!(hex(&*secret().derive("lock")), text(&slot, "lock_key"));
        let stored = secret().lock(&inner, &place(), array(&slot, "lock_nonce"));
        assert_eq!(hex(stored.as_bytes()), text(&slot, "stored"));
        assert_eq!(secret().lift(&stored, &place()), Ok(inner));
    }

    // shows: I10
    #[test]
    fn a_slot_that_was_moved_anywhere_is_not_lifted() {
        assert!(secret().lift(&locked(), &place()).is_ok());
        for (part, elsewhere) in moved() {
            assert_eq!(secret().lift(&locked(), &elsewhere), Err(NotOurLock), "{part}");
        }
    }

    // shows: I10
    #[test]
    fn a_stolen_database_is_not_lifted_without_the_server_secret() {
        for bit in 0..256 {
            let mut other: [u8; 32] = array(&vector("slot"), "server_secret");
            other[bit / 8] ^= 1 << (bit % 8);
            let thief = ServerSecret::from_bytes(other);
            assert_eq!(thief.lift(&locked(), &place()), Err(NotOurLock), "bit {bit}");
        }
    }

    #[test]
    fn a_flipped_bit_anywhere_in_a_locked_slot_is_refused() {
        for bit in 0..120 * 8 {
            let mut bytes = *locked().as_bytes();
            bytes[bit / 8] ^= 1 << (bit % 8);
            let altered = LockedArm::from_bytes(&bytes).unwrap();
            assert_eq!(secret().lift(&altered, &place()), Err(NotOurLock), "bit {bit}");
        }
    }

    #[test]
    fn a_server_secret_is_not_printed() {
        assert_eq!(format!("{:?}", secret()), "ServerSecret(32 bytes)");
    }
}
