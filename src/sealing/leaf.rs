//! What the public commitment holds of a slot, before it is hashed (design 5).

use super::arm::Arm;
use super::bytes::{Hash, lp, put_u32};
use super::slot::Place;
use super::tree;

/// `leaf = 01 ‖ LP(trial) ‖ u32(segment) ‖ LP(stratum) ‖ u32(position) ‖ LP(code) ‖ LP(arm) ‖ salt`          design 5
///
/// The arm stands by name, so that the commitment means the same to whoever reads it without this program. The epoch
/// of `at` is not in it: re-sealing under a new centre key changes no leaf. The salt hides the arm until it is shown.
pub fn leaf(at: &Place, arm: &Arm, arms: &[String], salt: &[u8; 32]) -> Vec<u8> {
    named_leaf(at, arm.name_among(arms), salt)
}

/// The same, of an arm that was published by its name.
pub fn named_leaf(at: &Place, arm: &str, salt: &[u8; 32]) -> Vec<u8> {
    let mut out = vec![1];
    lp(&mut out, at.trial.as_str());
    put_u32(&mut out, at.segment);
    lp(&mut out, at.stratum.as_str());
    put_u32(&mut out, at.position);
    lp(&mut out, &at.code.to_string());
    lp(&mut out, arm);
    out.extend_from_slice(salt);
    out
}

/// `leaf hash = SHA-256(00 ‖ leaf)`                                                            design 5, RFC 6962
pub fn leaf_hash(at: &Place, arm: &Arm, arms: &[String], salt: &[u8; 32]) -> Hash {
    tree::leaf_hash(&leaf(at, arm, arms, salt))
}
