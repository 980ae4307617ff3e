//! Importing a list: every slot in one transaction, locked again by the service, written once and never changed.

use super::{StoreError, Tx};
use crate::sealing::bytes::Hash;
use crate::sealing::slot::{LockedArm, Place};

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
        self.connection()
            .prepare_cached(
                "INSERT INTO slots (segment, stratum, position, code, epoch, leaf, sealed)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            )?
            .execute((
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
