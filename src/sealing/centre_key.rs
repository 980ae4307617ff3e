//! What opens the slots of one centre and epoch (design 4). It exists on holders' own machines alone.

use super::bytes::hkdf;
use super::slot::Place;
use crate::dice::{Dice, roll};
use std::fmt;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

/// 32 random bytes for one centre and epoch, overwritten when dropped.
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct CentreKey([u8; 32]);

impl CentreKey {
    /// A new one.
    pub fn roll(dice: &dyn Dice) -> Self {
        Self(roll(dice))
    }

    /// One that was unwrapped.
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Its bytes, for wrapping alone.
    pub(super) fn bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// `slot key = HKDF(salt empty, ikm centre key, info aad, 32)`                              design 4, RFC 5869
    ///
    /// Each slot has its own key, so that one participant can be disclosed without the others.
    pub(super) fn slot_key(&self, at: &Place) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(hkdf(&[], &self.0, &at.aad()))
    }

    /// `record key = HKDF(salt empty, ikm centre key, info, 32)`, info as in `sealed_record`            design 4
    pub(super) fn record_key(&self, info: &[u8]) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(hkdf(&[], &self.0, info))
    }
}

/// What opens one slot, taken from a key that was passed on. Overwritten when dropped.
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct SlotKey([u8; 32]);

impl SlotKey {
    /// One that was taken out of its seal.
    pub(super) fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Its bytes, for opening alone.
    pub(super) fn bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for SlotKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SlotKey(32 bytes)")
    }
}

impl fmt::Debug for CentreKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CentreKey(32 bytes)")
    }
}
