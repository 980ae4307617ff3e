//! Can anything be recorded? Asked of the writer itself, by a real commit and a real checkpoint that say nothing new.

use super::writer::Pending;
use super::{Refuses, SCHEMA_VERSION, Stamp, Store, StoreError};
use crate::domain::entry::Entry;

impl Refuses for StoreError {
    fn entry(&self) -> Option<Entry> {
        None
    }
}

impl Store {
    /// Writes what stands there already, in the database and in the checkpoint store, through queue, commit and sync like
    /// any act: the schema's number into the page it is on, and the newest checkpoint over the older one. It leaves no
    /// entry and changes no row, so it may be asked as often as somebody wants to know.
    pub fn check_write(&self) -> Pending<(), StoreError> {
        self.write(Stamp::service(), |tx| {
            tx.connection().pragma_update(None, "user_version", SCHEMA_VERSION)?;
            tx.want_put();
            Ok(())
        })
    }
}
