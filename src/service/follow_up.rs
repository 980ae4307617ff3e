//! What is written about a code break afterwards: its record, as often as needed, and once the signature that closes it.
//! Being late refuses nothing (EU-9); no break closes without a statement of its impact (EU-10).

use super::randomise::find;
use super::records::{deviation, refusal};
use super::{Answered, House, Signature};
use crate::domain::access::{Act, Caller, CloseBreak, Reveals};
use crate::domain::entry::Entry;
use crate::domain::follow_up::{BreakRecord, Closure, Standing};
use crate::domain::ids::{CentreId, Reference};
use crate::domain::record::{Answers, Kind};
use crate::refusal::{Code as Why, Refusal};
use crate::store::StoreError;
use crate::store::queries::{Release, View};
use crate::store::repeats::OnceKey;
use std::collections::BTreeMap;
use std::sync::Arc;

impl House {
    /// May this person close code breaks of this centre? The principal investigator does; where nobody is marked as
    /// such, any investigator of the centre.
    ///
    /// # Errors
    /// When the store fails.
    pub fn closes(&self, caller: &Caller, centre: &CentreId) -> Result<bool, Refusal> {
        if caller.may::<CloseBreak>(centre).is_err() {
            return Ok(false);
        }
        let principals = self.store.read(|view| view.principals(centre))?;
        Ok(principals.is_empty() || principals.contains(&caller.person.id))
    }

    /// Makes a record of this kind about a code break.
    ///
    /// # Errors
    /// `no-such-record` for a break that is unknown or another centre's; `invalid-fields`; `wrong-state` after the
    /// closure, and for a closure before there is a record; `signature-needed`; `not-your-role` for a closure by an
    /// investigator where another is principal.
    pub async fn record_about_break<K: Kind>(
        &self,
        caller: &Caller,
        reference: Reference,
        raw: BTreeMap<String, String>,
        signature: &Signature,
        once: OnceKey,
    ) -> Result<Answered<()>, Refusal> {
        let release = self.break_for::<K::Right>(caller, &reference).await?;
        let may = self.may::<K::Right>(caller, &release.present).await?;
        if K::ENTRY == Closure::ENTRY && !self.closes(caller, &release.present)? {
            return Err(self.refuse(caller, K::Right::NAME, Why::NotYourRole).await);
        }
        let answers = self.read_record::<K>(&raw)?;
        let signed = self.check_signature(caller, K::Right::NAME, signature).await?;
        let trial = Arc::clone(&self.trial);
        let places = caller.places(&may).map(<[_]>::to_vec);
        let about = move |view: &View<'_>, answers: &Answers| {
            let release = view.release(&reference)?.ok_or(StoreError::Damaged)?;
            // Moved away since the right was asked: another centre's from now on.
            if places.is_some_and(|own| !own.contains(&release.present)) {
                return Err(Refusal::new(Why::NoSuchRecord));
            }
            let standing = standing_of(view, &release)?;
            K::follows(&standing, answers).map_err(|unfit| refusal(&unfit))?;
            let participant = find(view, &release.participant)?;
            let deviation = deviation::<K>(view, &trial, &participant, answers)?;
            Ok((of_break::<K>(&release, &standing), deviation))
        };
        self.keep_record::<K>(&may, answers, signed, once, about).await
    }

    /// A code break for somebody with the right `A` somewhere. Unknown and of another purpose are one answer and one
    /// entry; another centre's is refused by the right itself, in the same words.
    pub(super) async fn break_for<A: Act>(
        &self,
        caller: &Caller,
        reference: &Reference,
    ) -> Result<Release, Refusal> {
        self.may_somewhere::<A>(caller).await?;
        let found = self.store.read(|view| Ok::<_, Refusal>(view.release(reference)?))?;
        let purpose = crate::domain::access::BreakCode::PURPOSE;
        match found.filter(|release| release.purpose == purpose) {
            Some(release) => Ok(release),
            None => Err(self.refuse(caller, A::NAME, Why::NoSuchRecord).await),
        }
    }
}

/// The entry says which earlier record it signs, or takes the place of.
fn of_break<K: Kind>(release: &Release, standing: &Standing) -> Entry {
    let entry = Entry::new(K::ENTRY)
        .at(&release.present)
        .on("participant", release.number.as_str())
        .on("reference", release.reference.as_str())
        .on("code", release.code.to_string());
    let earlier = if K::ENTRY == Closure::ENTRY { "follow-up" } else { "replaces" };
    match standing.written {
        Some(written) => entry.with(earlier, written),
        None => entry,
    }
}

/// What there is so far about a code break.
pub(super) fn standing_of(view: &View<'_>, release: &Release) -> Result<Standing, StoreError> {
    let records = view.records_about(&release.reference)?;
    let last = |act: &str| records.iter().rev().find(|one| one.act == act).map(|one| one.entry);
    Ok(Standing {
        broken: release.at,
        opened: release.opened.is_some(),
        written: last(BreakRecord::ENTRY),
        sealed: last(super::sealed_part::KEPT),
        closed: last(Closure::ENTRY),
    })
}
