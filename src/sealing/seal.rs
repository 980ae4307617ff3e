//! Sealing: an arm under its slot's own key, and the whole package for the service (design 4, 5).

use super::aead;
use super::arm::Arm;
use super::centre_key::CentreKey;
use super::slot::{Place, SealedArm};
use zeroize::Zeroizing;

/// How long a payload is, whatever the arm (I9).
const PAYLOAD: usize = 64;

/// `payload (64) = 01 ‖ arm index (1) ‖ 30 × 00 ‖ salt (32)`                                                design 4
fn payload(index: u8, salt: &[u8; 32]) -> Zeroizing<[u8; PAYLOAD]> {
    let mut payload = Zeroizing::new([0; PAYLOAD]);
    payload[0] = 1;
    payload[1] = index;
    payload[32..].copy_from_slice(salt);
    payload
}

/// Reads a payload back; nothing when it is not of this form.
pub(super) fn read_payload(payload: &[u8]) -> Option<(Arm, [u8; 32])> {
    let payload: &[u8; PAYLOAD] = payload.try_into().ok()?;
    let (head, salt) = payload.split_at(32);
    let formed = head[0] == 1 && head[2..].iter().all(|byte| *byte == 0);
    formed.then_some((Arm::of_index(head[1]), salt.try_into().ok()?))
}

/// `inner (92) = nonce 12 ‖ AES-256-GCM(slot key, nonce, aad, payload)`                                     design 4
///
/// The aad is the whole place: a slot that is moved to another trial, segment, stratum, position, code or epoch does
/// not open. Nonces come from dice; each slot key seals once an epoch.
pub fn seal(arm: &Arm, salt: &[u8; 32], at: &Place, key: &CentreKey, nonce: [u8; 12]) -> SealedArm {
    seal_index(arm.index(), salt, at, key, nonce)
}

/// The same from an arm's index, as test vectors give it.
pub(super) fn seal_index(
    index: u8,
    salt: &[u8; 32],
    at: &Place,
    key: &CentreKey,
    nonce: [u8; 12],
) -> SealedArm {
    let sealed = aead::seal(&key.slot_key(at), nonce, &at.aad(), &payload(index, salt)[..]);
    SealedArm::from_bytes(&sealed).expect("12 of nonce, 64 of payload, 16 of tag")
}
