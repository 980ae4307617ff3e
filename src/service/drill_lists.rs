//! A training list comes in beside the one that issues: checked as that one is, locked as that one is, and kept where
//! nothing is issued from (SG-8). It needs no approval by a second person, since it assigns nobody anything.

use super::House;
use super::lists::{NotImported, named, wraps};
use super::refuse::Noted;
use crate::domain::entry::Entry;
use crate::sealing::bytes::hex;
use crate::sealing::lock::ServerSecret;
use crate::sealing::manifest::ListPurpose;
use crate::sealing::package::Package;
use crate::sealing::slot::DRILL_EPOCHS;
use crate::store::{Stamp, StoreError, Tx};
use std::sync::Arc;

impl House {
    /// Imports a training list to practise with.
    ///
    /// # Errors
    /// Everything that does not verify; a code or a key number of the list that issues; a key for a card that is not
    /// registered here. Nothing is changed then.
    pub fn import_drill_list(&self, json: &str) -> Result<(), NotImported> {
        let package = Package::read(json).map_err(NotImported::Package)?;
        let training = ListPurpose::Training;
        let checked = package.check(&self.trial.id, &self.configuration, training);
        checked.map_err(NotImported::Package)?;
        if !package.slots.iter().all(|slot| slot.epoch > DRILL_EPOCHS) {
            return Err(NotImported::KeyNumber);
        }
        let lists = self.store.read(|view| view.drill_lists()).map_err(NotImported::Store)?;
        let segment = package.manifest.manifest.segment;
        if lists.iter().any(|list| list.segment == segment) {
            return Err(NotImported::AlreadyImported);
        }
        if segment as usize != lists.len() {
            return Err(NotImported::OutOfOrder);
        }
        self.check_unused(&package)?;
        self.check_cards(&package)?;
        let hash = named(json.as_bytes());
        let secret = Arc::clone(&self.secret);
        let pending = self.store.write(Stamp::service(), move |tx| {
            import(tx, &package, &hash, &secret).map_err(Noted::from)
        });
        // The one refusal here is the store's.
        pending.wait().map(|_| ()).map_err(|_| NotImported::Store(StoreError::Failed))
    }

    /// The list that issues brings its holders' cards along. A training list comes later and changes nobody's: its signer
    /// is a statistician known here, its holders are whom the real road is for.
    fn check_cards(&self, package: &Package) -> Result<(), NotImported> {
        let known = self.store.read(|view| view.cards()).map_err(NotImported::Store)?;
        let stranger = package.cards.iter().find(|card| {
            let print = hex(&card.fingerprint());
            !known.iter().any(|held| held.person == card.person && held.fingerprint == print)
        });
        stranger.map_or(Ok(()), |card| Err(NotImported::OtherCard(card.person.clone())))
    }
}

fn import(
    tx: &mut Tx<'_>,
    package: &Package,
    hash: &str,
    secret: &ServerSecret,
) -> Result<(), StoreError> {
    tx.keepsakes(secret).drill_list(package)?;
    let manifest = &package.manifest.manifest;
    let entry = Entry::new("drill-list-imported")
        .with("segment", manifest.segment)
        .with("manifest", hex(&package.manifest.hash()))
        .with("file", named(package.manifest.to_file_text().as_bytes()))
        .with("root", hex(&manifest.root))
        .with("package", hash)
        .with("slots", package.slots.len() as u64)
        .with("wraps", wraps(package)?);
    tx.append(entry).map(|_| ())
}
