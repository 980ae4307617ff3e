//! After the release: what was prepared is recorded, in a blinded part and a sealed one, checked by a second pharmacist;
//! and it is handed over, never sooner than the wait that is alike for every preparation (DI-2, DI-5, DI-7, DI-9).

use super::stock::Sealed;
use super::{Answered, House, Signature, first_answer};
use crate::domain::access::{Act, Caller, Granted, RecordPreparation};
use crate::domain::entry::Entry;
use crate::domain::ids::{CentreId, PersonId, Reference};
use crate::domain::time::Moment;
use crate::limits::{SHORT_TEXT, VOLUME_MAX};
use crate::refusal::{Code as Why, FieldCode, FieldError, Refusal};
use crate::sealing::sealed_record::RecordKind;
use crate::store::queries::Release;
use crate::store::repeats::OnceKey;
use crate::text::{self, Language};
use std::sync::Arc;
use zeroize::Zeroizing;

/// The meaning of the second check has a word of its own: it is part of the preparer's act.
const CHECK: &str = "check";

/// How blinding at the bedside is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Masked {
    /// Bag and line are masked.
    Masked,
    /// They were compared, and need no mask.
    Compared,
}

impl Masked {
    /// The word that travels.
    pub fn as_str(self) -> &'static str {
        match self {
            Masked::Masked => "masked",
            Masked::Compared => "compared",
        }
    }

    /// Reads the word back.
    pub fn parse(word: &str) -> Option<Self> {
        [Masked::Masked, Masked::Compared].into_iter().find(|masked| masked.as_str() == word)
    }
}

/// The second pair of eyes, or why there was none.
pub enum SecondCheck {
    /// A colleague of this pharmacy, who signs with the own password in the same act.
    By {
        /// The colleague's account.
        person: String,
        /// The colleague's login password.
        password: Zeroizing<String>,
        /// The meaning's exact words.
        meaning: String,
    },
    /// Nobody, for this reason.
    None {
        /// Kept out of the line.
        why: String,
    },
}

/// What was prepared: the part that blinded readers may see, and the sealed one.
pub struct Prepared {
    /// Total volume in mL, the same for both arms.
    pub volume: u32,
    /// Mask, or comparison.
    pub masked: Masked,
    /// Was the appearance checked? Nothing is handed over unseen.
    pub appearance: bool,
    /// The prescription's reference.
    pub prescription: Option<String>,
    /// The second check.
    pub second: SecondCheck,
    /// Products, lots, times, waste.
    pub sealed: Sealed,
}

/// When an infusion may leave the pharmacy, and until when it may be given. Both count from the release alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Times {
    /// Not handed over before.
    pub hand_over_from: Moment,
    /// Not given after.
    pub use_before: Moment,
}

impl House {
    /// The times that follow from a release.
    pub fn times(&self, released: Moment) -> Times {
        let facts = &self.trial.preparation;
        Times {
            hand_over_from: released.plus_seconds(i64::from(facts.hand_over_wait_minutes) * 60),
            use_before: released.plus_seconds(i64::from(facts.use_within_hours) * 3600),
        }
    }

    /// Records what was prepared under a release of the caller's centre, once.
    ///
    /// # Errors
    /// `no-such-record` for a release of another centre or purpose, `signature-needed`, `second-check-needed`,
    /// `not-granted-yet`, `wrong-state` when the release has its record or the sealed record's name was used.
    pub async fn record_preparation(
        &self,
        caller: &Caller,
        reference: Reference,
        prepared: Prepared,
        signature: &Signature,
        once: OnceKey,
    ) -> Result<Answered<Times>, Refusal> {
        let (release, may) = self.centres_release(caller, &reference).await?;
        check(&prepared)?;
        let signed = self.check_signature(caller, RecordPreparation::NAME, signature).await?;
        let checker = self.check_second(caller, &release.centre, &prepared.second).await?;
        let place = self.record_place(&prepared.sealed, &release.centre, RecordKind::Preparation);
        let (secret, by) = (Arc::clone(&self.secret), caller.person.id.clone());
        let times = self.times(release.at);
        let done = self.act(&may, move |tx| {
            if first_answer(tx, &once)?.is_some() {
                return Ok(true);
            }
            let so_far = tx.view().progress(&reference)?;
            if so_far.is_none_or(|so_far| so_far.recorded) {
                return Err(Refusal::new(Why::WrongState));
            }
            prepared.sealed.keep(tx, &secret, &place, &by)?;
            let entry = about(&release, "preparation-recorded")
                .with("volume", prepared.volume)
                .with("masked", prepared.masked.as_str())
                .with("appearance", prepared.appearance);
            let entry = match (&checker, &prepared.second) {
                (Some((person, meaning)), _) => {
                    entry.with("checked-by", person.as_str()).with("checked", meaning.as_str())
                }
                (None, SecondCheck::None { why }) => {
                    entry.with("checked-none", true).private("why-none", why.trim())
                }
                (None, SecondCheck::By { .. }) => return Err(Refusal::new(Why::Internal)),
            };
            let entry = match prepared.prescription.as_deref().map(str::trim) {
                Some(text) if !text.is_empty() => entry.private("prescription", text),
                _ => entry,
            };
            let entry = entry
                .with("record", place.record.as_str())
                .with("epoch", place.epoch)
                .with("sealed", prepared.sealed.hash());
            let seq = tx.append(signed.on(entry))?;
            tx.remember(&once, reference.as_str(), seq)?;
            Ok(false)
        });
        Ok(Answered::from(done.await?).map(|()| times))
    }

    /// Records to whom an infusion was handed over.
    ///
    /// # Errors
    /// `handover-early`, `no-such-record`, `wrong-state` before the preparation is recorded, or a second time.
    pub async fn hand_over(
        &self,
        caller: &Caller,
        reference: Reference,
        to: String,
        once: OnceKey,
    ) -> Result<Answered<Times>, Refusal> {
        let (release, may) = self.centres_release(caller, &reference).await?;
        check_text("/to", &to, SHORT_TEXT)?;
        let (times, trial) = (self.times(release.at), Arc::clone(&self.trial));
        let done = self.act(&may, move |tx| {
            if first_answer(tx, &once)?.is_some() {
                return Ok(true);
            }
            let so_far = tx.view().progress(&reference)?;
            if so_far.is_none_or(|so_far| !so_far.recorded || so_far.handed_over) {
                return Err(Refusal::new(Why::WrongState));
            }
            if tx.now() < times.hand_over_from {
                let from = trial.zone.shown(times.hand_over_from);
                return Err(Refusal::new(Why::HandoverEarly).with("at", from));
            }
            let seq = tx.append(about(&release, "handed-over").private("to", to.trim()))?;
            tx.remember(&once, reference.as_str(), seq)?;
            Ok(false)
        });
        Ok(Answered::from(done.await?).map(|()| times))
    }

    /// A release for preparation of the caller's centre. Unknown, elsewhere and of another purpose are one answer.
    async fn centres_release(
        &self,
        caller: &Caller,
        reference: &Reference,
    ) -> Result<(Release, Granted<RecordPreparation>), Refusal> {
        self.may_somewhere::<RecordPreparation>(caller).await?;
        let release = self.store.read(|view| Ok::<_, Refusal>(view.release(reference)?))?;
        match release.filter(|release| release.purpose == "prepare") {
            Some(release) => {
                let may = self.may::<RecordPreparation>(caller, &release.centre).await?;
                Ok((release, may))
            }
            None => Err(self.refuse(caller, RecordPreparation::NAME, Why::NoSuchRecord).await),
        }
    }

    /// The colleague is somebody else, may prepare at this centre, and signs with the own password. What of it does not
    /// fit is not said: an account that is no colleague's costs as much as a wrong password.
    async fn check_second(
        &self,
        caller: &Caller,
        centre: &CentreId,
        second: &SecondCheck,
    ) -> Result<Option<(PersonId, String)>, Refusal> {
        let SecondCheck::By { person, password, meaning } = second else { return Ok(None) };
        let words = [Language::En, Language::ZhCn].map(|language| text::meaning(CHECK, language));
        // An account that does not parse is nobody's; it is asked about as the caller's own, which is refused below.
        let person = PersonId::parse(person.trim()).unwrap_or_else(|_| caller.person.id.clone());
        let account = self.store.read(|view| view.account(&person).map_err(Refusal::from))?;
        let colleague = account.filter(|account| {
            let colleague = Caller::person(account.person.clone());
            account.state == "active" && colleague.may::<RecordPreparation>(centre).is_ok()
        });
        let fits = self.password_fits(&person, password).await?;
        let other = colleague.is_some() && person != caller.person.id;
        if other && fits && words.contains(meaning) {
            return Ok(Some((person, meaning.clone())));
        }
        Err(self.refuse(caller, RecordPreparation::NAME, Why::SecondCheckNeeded).await)
    }
}

/// An entry about this release.
fn about(release: &Release, act: &str) -> Entry {
    let entry = Entry::new(act)
        .at(&release.centre)
        .on("participant", release.number.as_str())
        .on("reference", release.reference.as_str())
        .on("code", release.code.to_string());
    entry.with("visit", release.visit.clone().unwrap_or_default())
}

fn check(prepared: &Prepared) -> Result<(), Refusal> {
    if prepared.volume == 0 || prepared.volume > VOLUME_MAX {
        let error = FieldError::new("/volume", FieldCode::NumRange)
            .with("field", "mL")
            .with("min", 1)
            .with("max", u64::from(VOLUME_MAX));
        return Err(Refusal::fields(vec![error]));
    }
    if !prepared.appearance {
        return Err(Refusal::fields(vec![FieldError::new("/appearance", FieldCode::Required)]));
    }
    if let Some(text) = prepared.prescription.as_deref().filter(|text| !text.trim().is_empty()) {
        check_text("/prescription", text, SHORT_TEXT)?;
    }
    match &prepared.second {
        SecondCheck::None { why } => super::recruitment::check_reason("/noSecondCheck", why),
        SecondCheck::By { .. } => Ok(()),
    }
}

fn check_text(pointer: &str, text: &str, max: usize) -> Result<(), Refusal> {
    let code = match text.trim().chars().count() {
        0 => FieldCode::TextEmpty,
        n if n > max => FieldCode::TextTooLong,
        _ if text.chars().any(char::is_control) => FieldCode::TextControl,
        _ => return Ok(()),
    };
    Err(Refusal::fields(vec![FieldError::new(pointer, code).with("max", max as u64)]))
}
