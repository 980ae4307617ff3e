//! The pharmacy's sealed records: kept without being read, and handed back to holders under an entry. What a stock event
//! is, and of which lot, is inside the seal.

use super::{Answered, House, first_answer};
use crate::domain::access::{Act, Caller, Granted, KeepStock, ReadStock};
use crate::domain::entry::Entry;
use crate::domain::ids::{CentreId, PersonId, Reference};
use crate::limits::RECORDS;
use crate::refusal::{Code as Why, Refusal};
use crate::sealing::bytes::{Hash, hex, sha256};
use crate::sealing::checkpoint::TrailKey;
use crate::sealing::lock::ServerSecret;
use crate::sealing::sealed_record::{RecordKind, RecordPlace, SealedRecord};
use crate::store::pharmacy::{LiftedRecord, LiftedRecords};
use crate::store::release::HeldWrap;
use crate::store::repeats::OnceKey;
use crate::store::{Receipt, StoreError, Tx};
use std::sync::Arc;

/// A record as the pharmacist's device sealed it.
pub struct Sealed {
    /// Its name, rolled by the device: the seal is bound to it.
    pub record: Reference,
    /// The number of the centre key that seals it.
    pub epoch: u32,
    /// The bytes.
    pub bytes: SealedRecord,
}

impl Sealed {
    /// What the entry says of it: its hash, so that a holder can tell that none was exchanged or dropped.
    pub(super) fn hash(&self) -> String {
        hex(&sha256(self.bytes.as_bytes()))
    }

    /// Locks and keeps it. Who cannot read it back may not write it either; a name is used once.
    pub(super) fn keep(
        &self,
        tx: &Tx<'_>,
        secret: &ServerSecret,
        place: &RecordPlace,
        by: &PersonId,
    ) -> Result<(), Refusal> {
        let held = tx.view().wrap(&place.centre, place.epoch, by)?;
        held.ok_or_else(|| Refusal::new(Why::NotGrantedYet))?;
        if tx.view().has_record(place.kind, &place.record)? {
            return Err(Refusal::new(Why::WrongState));
        }
        let locked = secret.lock_record(&self.bytes, place, tx.roll());
        Ok(tx.keep_record(place, &locked)?)
    }
}

/// A record without the service's lock, beside the entry that kept it: its reader's device holds the hash in that entry
/// against the bytes that came.
pub struct Kept {
    /// The record.
    pub record: LiftedRecord,
    /// The entry, byte for byte.
    pub line: String,
    /// Its path to the checkpoint of [`Lifted::receipt`].
    pub proof: Vec<Hash>,
}

/// Records as their reader's device gets them.
pub struct Lifted {
    /// Oldest first.
    pub records: Vec<Kept>,
    /// The caller's own wraps, one an epoch.
    pub wraps: Vec<HeldWrap>,
    /// Are there later ones?
    pub more: bool,
    /// The entry that says they were read, and the checkpoint over it and all before.
    pub receipt: Receipt,
}

impl House {
    /// Records that were lifted, each beside the entry that kept it.
    pub(super) fn beside_entries(&self, lifted: LiftedRecords) -> Result<Lifted, Refusal> {
        let LiftedRecords { records, wraps, more, receipt } = lifted;
        let ours = TrailKey::parse(&self.store.signer().vkey());
        let signed = ours.and_then(|key| key.check(&receipt.checkpoint));
        let size = signed.map_err(|_| StoreError::Damaged)?.size;
        let kept = self.store.read(|view| {
            let beside = records.into_iter().map(|record| {
                let line = view.line(record.entry)?.ok_or(StoreError::Damaged)?;
                Ok(Kept { line, proof: view.trail_path(size, record.entry)?, record })
            });
            beside.collect::<Result<Vec<_>, Refusal>>()
        })?;
        Ok(Lifted { records: kept, wraps, more, receipt })
    }

    /// Where a sealed record belongs.
    pub(super) fn record_place(
        &self,
        sealed: &Sealed,
        centre: &CentreId,
        kind: RecordKind,
    ) -> RecordPlace {
        RecordPlace {
            trial: self.trial.id.clone(),
            centre: centre.clone(),
            record: sealed.record.clone(),
            epoch: sealed.epoch,
            kind,
        }
    }

    /// Keeps one sealed event of a centre's stock.
    ///
    /// # Errors
    /// `no-such-record` at another centre, `not-granted-yet` without that key, `wrong-state` for a name that was used.
    pub async fn keep_stock(
        &self,
        caller: &Caller,
        centre: CentreId,
        sealed: Sealed,
        once: OnceKey,
    ) -> Result<Answered<()>, Refusal> {
        let may: Granted<KeepStock> = self.may(caller, &centre).await?;
        let (secret, by) = (Arc::clone(&self.secret), caller.person.id.clone());
        let place = self.record_place(&sealed, &centre, RecordKind::Stock);
        let done = self.act(&may, move |tx| {
            if first_answer(tx, &once)?.is_some() {
                return Ok(true);
            }
            sealed.keep(tx, &secret, &place, &by)?;
            let entry = Entry::new("stock-recorded").at(&centre);
            let entry = entry.on("record", place.record.as_str());
            let entry = entry.with("epoch", place.epoch).with("sealed", sealed.hash());
            let seq = tx.append(entry)?;
            tx.remember(&once, place.record.as_str(), seq)?;
            Ok(false)
        });
        Ok(done.await?.into())
    }

    /// Lifts the locks of a page of a centre's records, preparations and stock, after the one that is named. An entry.
    ///
    /// # Errors
    /// `not-your-role`, `no-such-record` at another centre, `not-granted-yet` without any key of the centre.
    pub async fn read_stock(
        &self,
        caller: &Caller,
        centre: CentreId,
        after: Option<Reference>,
    ) -> Result<Lifted, Refusal> {
        let may: Granted<ReadStock> = self.may(caller, &centre).await?;
        if self.trial.centre(&centre).is_none() {
            return Err(self.refuse(caller, ReadStock::NAME, Why::NoSuchRecord).await);
        }
        let (trial, granted) = (Arc::clone(&self.trial), may.clone());
        let done = self.act(&may, move |tx| {
            let wanted = tx.want_records(&granted, &trial.id, &centre, after.as_ref(), RECORDS)?;
            if wanted.has_keys() { Ok(wanted) } else { Err(Refusal::new(Why::NotGrantedYet)) }
        });
        let lifted = done.await?.lift_records(&self.secret).map_err(|_| self.not_our_lock())?;
        self.beside_entries(lifted)
    }
}
