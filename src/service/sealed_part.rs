//! The sealed part of a code break's record (design 6): relatedness as judged once the arm was known, and any text that
//! could tell the arm. It is kept without being read, and handed back to holders under an entry; whoever is blinded learns
//! that it is there.

use super::follow_up::standing_of;
use super::stock::{Lifted, Sealed};
use super::{Answered, House, Signature, first_answer};
use crate::domain::access::{Act, Caller, ReadSealedPart, SealPart};
use crate::domain::entry::Entry;
use crate::domain::ids::{CentreId, Reference};
use crate::refusal::{Code as Why, Refusal};
use crate::sealing::sealed_record::RecordKind;
use crate::store::StoreError;
use crate::store::queries::Release;
use crate::store::repeats::OnceKey;
use std::sync::Arc;

/// The word of its entry.
pub const KEPT: &str = "sealed-part-kept";

impl House {
    /// Keeps what was sealed about a code break. Sealed again, the last one counts, until the break is closed.
    ///
    /// # Errors
    /// `no-such-record` for a break that is unknown or another centre's; `signature-needed`; `not-granted-yet` without
    /// that key of the centre where the participant is; `wrong-state` after the closure, or for a name that was used.
    pub async fn keep_sealed_part(
        &self,
        caller: &Caller,
        reference: Reference,
        sealed: Sealed,
        signature: &Signature,
        once: OnceKey,
    ) -> Result<Answered<()>, Refusal> {
        let release = self.break_for::<SealPart>(caller, &reference).await?;
        let may = self.may::<SealPart>(caller, &release.present).await?;
        let signed = self.check_signature(caller, SealPart::NAME, signature).await?;
        let place = self.record_place(&sealed, &release.present, RecordKind::Break);
        let (secret, by) = (Arc::clone(&self.secret), caller.person.id.clone());
        let done = self.act(&may, move |tx| {
            if first_answer(tx, &once)?.is_some() {
                return Ok(true);
            }
            let release = tx.view().release(&reference)?.ok_or(StoreError::Damaged)?;
            // Moved away since it was sealed: its writer holds another key than those who read it from now on.
            if release.present != place.centre {
                return Err(Refusal::new(Why::NoSuchRecord));
            }
            let standing = standing_of(&tx.view(), &release)?;
            if standing.closed.is_some() {
                return Err(Refusal::new(Why::WrongState));
            }
            sealed.keep(tx, &secret, &place, &by)?;
            let entry = about(KEPT, &release)
                .with("record", place.record.as_str())
                .with("epoch", place.epoch)
                .with("sealed", sealed.hash());
            let entry = match standing.sealed {
                Some(earlier) => entry.with("replaces", earlier),
                None => entry,
            };
            let seq = tx.append(signed.on(entry))?;
            tx.remember(&once, place.record.as_str(), seq)?;
            Ok(false)
        });
        Ok(done.await?.into())
    }

    /// Lifts the locks of what was sealed about one code break; an entry. Beside it the centre where the participant is,
    /// whose key seals what is written next.
    ///
    /// # Errors
    /// `no-such-record`, `not-your-role`; `not-granted-yet` without any key that could open it.
    pub async fn read_sealed_part(
        &self,
        caller: &Caller,
        reference: Reference,
    ) -> Result<(Lifted, CentreId), Refusal> {
        let release = self.break_for::<ReadSealedPart>(caller, &reference).await?;
        let may = self.may::<ReadSealedPart>(caller, &release.present).await?;
        let centre = release.present.clone();
        let (trial, granted, reader) = (Arc::clone(&self.trial), may.clone(), caller.clone());
        let done = self.act(&may, move |tx| {
            let entry = about("sealed-part-read", &release);
            let wanted = tx.want_sealed_parts(&reader, &granted, &release, &trial.id, entry)?;
            if wanted.has_keys() { Ok(wanted) } else { Err(Refusal::new(Why::NotGrantedYet)) }
        });
        let lifted = done.await?.lift_records(&self.secret).map_err(|_| self.not_our_lock())?;
        Ok((self.beside_entries(lifted)?, centre))
    }
}

/// An entry about this code break, at the centre where the participant is.
fn about(act: &str, release: &Release) -> Entry {
    Entry::new(act)
        .at(&release.present)
        .on("participant", release.number.as_str())
        .on("reference", release.reference.as_str())
        .on("code", release.code.to_string())
}
