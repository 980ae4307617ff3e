//! What a package or a rotation brings that no trail holds: slots, locked here, and the bytes that its entry names. An act
//! takes them in; a restore takes them in again from the same file.

use super::{StoreError, Tx};
use crate::dice::{Dice, roll};
use crate::sealing::bytes::{hex, sha256};
use crate::sealing::lock::ServerSecret;
use crate::sealing::package::{Package, PackedSlot};
use crate::sealing::rotation::Rotation;
use crate::sealing::slot::{LockedArm, Place};
use rusqlite::Connection;

/// Locks what comes in, and keeps it: written once and never changed.
pub struct Keepsakes<'a> {
    connection: &'a Connection,
    secret: &'a ServerSecret,
    dice: &'a dyn Dice,
}

impl<'a> Keepsakes<'a> {
    pub(super) fn new(
        connection: &'a Connection,
        secret: &'a ServerSecret,
        dice: &'a dyn Dice,
    ) -> Self {
        Self { connection, secret, dice }
    }

    /// A list to issue from: its slots, its holders' cards and keys, manifest and report.
    ///
    /// # Errors
    /// When a slot is there already, its code is taken, or the store fails.
    pub fn list(&self, package: &Package) -> Result<(), StoreError> {
        self.package("slots", package)?;
        for card in &package.cards {
            keep(self.connection, card.to_json().as_bytes())?;
        }
        keep(self.connection, package.report.to_json().as_bytes()).map(|_| ())
    }

    /// A list to practise with: its slots, its holders' keys, and manifest.
    ///
    /// # Errors
    /// When a slot is there already, its code is taken or no training code, or the store fails.
    pub fn drill_list(&self, package: &Package) -> Result<(), StoreError> {
        self.package("drill_slots", package)
    }

    fn package(&self, table: &str, package: &Package) -> Result<(), StoreError> {
        let mut insert = self.connection.prepare(&format!(
            "INSERT INTO {table} (segment, stratum, position, code, epoch, leaf, sealed)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)"
        ))?;
        // In list order, by which they are issued and their leaves make the root.
        for (at, slot) in package.places() {
            let locked = self.secret.lock(&slot.sealed, &at, roll(self.dice));
            let (stratum, code) = (at.stratum.as_str(), at.code.to_string());
            let (leaf, sealed) = (&slot.leaf[..], &locked.as_bytes()[..]);
            insert.execute((at.segment, stratum, at.position, code, at.epoch, leaf, sealed))?;
        }
        for packed in &package.wraps {
            keep(self.connection, packed.wrap.as_bytes())?;
        }
        keep(self.connection, package.manifest.to_file_text().as_bytes()).map(|_| ())
    }

    /// Slots that were sealed anew, each beside the one that it replaces, and the keys of those who stay. Returns the
    /// slots as they are kept, in their order.
    ///
    /// # Errors
    /// When there is no such slot, it was sealed under this key before, or the store fails.
    pub fn rotation(&self, rotation: &Rotation) -> Result<Vec<LockedArm>, StoreError> {
        for given in &rotation.given {
            keep(self.connection, given.wrap.as_bytes())?;
        }
        let mut insert = self.connection.prepare(
            "INSERT INTO resealed (segment, stratum, position, epoch, sealed)
             VALUES (?1, ?2, ?3, ?4, ?5)",
        )?;
        let lock = |(at, slot): (Place, &PackedSlot)| {
            let locked = self.secret.lock(&slot.sealed, &at, roll(self.dice));
            let (stratum, sealed) = (at.stratum.as_str(), &locked.as_bytes()[..]);
            insert.execute((at.segment, stratum, at.position, at.epoch, sealed))?;
            Ok(locked)
        };
        rotation.places().map(lock).collect()
    }
}

/// Keeps bytes that an entry names by their hash; returns the name in hex.
fn keep(connection: &Connection, bytes: &[u8]) -> Result<String, StoreError> {
    let hash = sha256(bytes);
    connection
        .prepare_cached("INSERT OR IGNORE INTO contents (hash, bytes) VALUES (?1, ?2)")?
        .execute((&hash[..], bytes))?;
    Ok(hex(&hash))
}

impl Tx<'_> {
    /// Takes in what a package or a rotation brings beside its entry.
    pub fn keepsakes<'a>(&'a self, secret: &'a ServerSecret) -> Keepsakes<'a> {
        Keepsakes::new(self.connection(), secret, self.dice())
    }

    /// Keeps bytes that an entry names by their hash; returns the name in hex.
    ///
    /// # Errors
    /// When the store fails.
    pub fn keep(&self, bytes: &[u8]) -> Result<String, StoreError> {
        keep(self.connection(), bytes)
    }

    /// After an import or an approval: what can be issued from now on.
    ///
    /// # Errors
    /// When the store fails.
    pub fn lists_changed(&mut self) -> Result<(), StoreError> {
        self.forget_strata()?;
        self.lists().load(self.connection())
    }
}
