//! Importing a list, one to issue or one to practise with: every slot in one transaction, locked again by the service,
//! written once and never changed.

use super::{StoreError, Tx};
use crate::sealing::bytes::Hash;
use crate::sealing::slot::{LockedArm, Place};

/// The columns of a sealed slot, the same for slots to issue and slots to practise with.
const COLUMNS: &str =
    "(segment, stratum, position, code, epoch, leaf, sealed) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";

impl Tx<'_> {
    /// Writes one slot. Slots of a segment must come in list order.
    ///
    /// # Errors
    /// When the slot is there already, its code is taken, or the store fails.
    pub fn insert_slot(
        &self,
        at: &Place,
        leaf: &Hash,
        locked: &LockedArm,
    ) -> Result<(), StoreError> {
        self.insert_sealed("slots", at, leaf, locked)
    }

    /// Writes one slot to practise with. Slots of a training list must come in list order.
    ///
    /// # Errors
    /// When the slot is there already, its code is taken or no training code, or the store fails.
    pub fn insert_drill_slot(
        &self,
        at: &Place,
        leaf: &Hash,
        locked: &LockedArm,
    ) -> Result<(), StoreError> {
        self.insert_sealed("drill_slots", at, leaf, locked)
    }

    fn insert_sealed(
        &self,
        table: &str,
        at: &Place,
        leaf: &Hash,
        locked: &LockedArm,
    ) -> Result<(), StoreError> {
        self.connection().prepare_cached(&format!("INSERT INTO {table} {COLUMNS}"))?.execute((
            at.segment,
            at.stratum.as_str(),
            at.position,
            at.code.to_string(),
            at.epoch,
            &leaf[..],
            &locked.as_bytes()[..],
        ))?;
        Ok(())
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
