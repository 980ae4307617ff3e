//! The sealed parts of code breaks' records: what was written once the arm was known. Lifted for one break at a time, so
//! that nobody reads several arms' worth of text by asking once.

use super::pharmacy::WantedRecords;
use super::queries::{Release, read_id, reference};
use super::{StoreError, Tx};
use crate::domain::access::{Caller, Granted, ReadSealedPart};
use crate::domain::entry::Entry;
use crate::domain::ids::{CentreId, TrialId};
use crate::sealing::sealed_record::{LockedRecord, RecordKind, RecordPlace};

impl Tx<'_> {
    /// Asks for what was sealed about a code break, and appends the entry that must be durable before any lock is lifted
    /// (I3). What was sealed at a centre that the caller may not read for is left out.
    ///
    /// # Errors
    /// When the store fails.
    pub fn want_sealed_parts(
        &mut self,
        caller: &Caller,
        may: &Granted<ReadSealedPart>,
        release: &Release,
        trial: &TrialId,
        entry: Entry,
    ) -> Result<WantedRecords, StoreError> {
        self.append(entry)?;
        let sql = "SELECT p.record, p.centre, p.epoch, p.entry, s.sealed
                   FROM break_records p JOIN sealed_break_records s USING (record)
                   WHERE p.release = ?1 ORDER BY p.entry";
        let view = self.view();
        let mut records = view.all(sql, [release.reference.as_str()], |row| {
            let place = RecordPlace {
                trial: trial.clone(),
                centre: read_id(CentreId::parse(&row.get::<_, String>(1)?))?,
                record: reference(row, 0)?,
                epoch: row.get(2)?,
                kind: RecordKind::Break,
            };
            let locked = LockedRecord::of(RecordKind::Break, &row.get::<_, Vec<u8>>(4)?);
            let locked = locked.ok_or(rusqlite::Error::InvalidQuery)?;
            let about = Some(release.reference.clone());
            Ok((place, about, row.get::<_, i64>(3)?.unsigned_abs(), locked))
        })?;
        let places = caller.places(may);
        records.retain(|(place, ..)| places.is_none_or(|own| own.contains(&place.centre)));
        let mut centres: Vec<&CentreId> =
            records.iter().map(|(place, ..)| &place.centre).chain([&release.present]).collect();
        centres.sort();
        centres.dedup();
        let mut wraps = vec![];
        for centre in centres {
            wraps.extend(view.own_wraps(centre, may.by())?);
        }
        Ok(WantedRecords { records, wraps, more: false })
    }
}
