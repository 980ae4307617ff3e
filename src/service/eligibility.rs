//! The investigator's signature over a screening record: eligible, or back to the coordinator (AL-1).

use super::randomise::{find, stored_answers};
use super::recruitment::check_reason;
use super::{Answered, House, Signature, first_answer};
use crate::domain::access::{Act, Caller, SignEligibility};
use crate::domain::eligibility;
use crate::domain::entry::{Entry, Fact};
use crate::domain::ids::Reference;
use crate::domain::recruitment::{self, SignRefusal};
use crate::domain::trial::Trial;
use crate::refusal::{Code as Why, FieldCode, FieldError, Refusal};
use crate::store::repeats::OnceKey;
use std::collections::BTreeMap;
use std::sync::Arc;

/// What sending a record back means, as it is signed: not that the participant is eligible.
pub const SEND_BACK: &str = "send-back";

/// What the investigator says.
pub enum Judgement {
    /// Eligible. Each warning is acknowledged with a reason, by criterion; `another_person` answers a possible duplicate.
    Eligible {
        /// Reasons by criterion id.
        acknowledged: BTreeMap<String, String>,
        /// Why this is another person than the one with the same initials, birth date and sex.
        another_person: Option<String>,
    },
    /// Back to the coordinator.
    SentBack {
        /// What is wrong.
        note: String,
    },
}

impl House {
    /// Signs a participant eligible, or sends the record back.
    ///
    /// # Errors
    /// `changed-since-read` when `seen` is not the present screening entry; `no-consent` and `dates-out-of-order` when a
    /// step before this one is missing; `not-eligible` when a rule blocks or is open;
    /// `reason-needed` for a warning that was not acknowledged; `possible-duplicate`; `signature-needed`.
    pub async fn sign_eligibility(
        &self,
        caller: &Caller,
        reference: Reference,
        seen: u64,
        judgement: Judgement,
        signature: &Signature,
        once: OnceKey,
    ) -> Result<Answered<()>, Refusal> {
        let (_, may) = self.may_about::<SignEligibility>(caller, &reference).await?;
        check_texts(&self.trial, &judgement)?;
        let meant = match judgement {
            Judgement::Eligible { .. } => SignEligibility::NAME,
            Judgement::SentBack { .. } => SEND_BACK,
        };
        let signed = self.check_signature(caller, meant, signature).await?;
        let trial = Arc::clone(&self.trial);
        let done = self.act(&may, move |tx| {
            if first_answer(tx, &once)?.is_some() {
                return Ok(true);
            }
            let view = tx.view();
            let participant = find(&view, &reference)?;
            if participant.screening != seen {
                return Err(Refusal::new(Why::ChangedSinceRead));
            }
            if view.allocation(&reference)?.is_some() {
                return Err(Refusal::new(Why::WrongState));
            }
            let about = |act| {
                let entry = Entry::new(act).at(&participant.centre);
                let entry = entry.on("participant", participant.number.as_str());
                entry.on("reference", reference.as_str()).with("screening", participant.screening)
            };
            let entry = match judgement {
                Judgement::SentBack { note } => {
                    signed.on(about("eligibility-sent-back")).private("note", note)
                }
                Judgement::Eligible { acknowledged, another_person } => {
                    let answers = stored_answers(&view, &trial, &participant)?;
                    let verdict = eligibility::judge(&trial, &answers);
                    let ids: Vec<String> = acknowledged.keys().cloned().collect();
                    let now = tx.now();
                    match recruitment::may_sign_eligibility(&trial, &answers, &verdict, &ids, now) {
                        Ok(()) | Err(SignRefusal::NotAcknowledged(_)) => {}
                        Err(refusal) => return Err(told(&refusal)),
                    }
                    check_warnings(&trial, &verdict, &acknowledged)?;
                    if another_person.is_none() && !view.same_person(&participant)?.is_empty() {
                        return Err(Refusal::new(Why::PossibleDuplicate));
                    }
                    let ids = acknowledged.keys().map(|id| Fact::from(id.as_str())).collect();
                    let entry = signed.on(about("eligibility-signed"));
                    let entry = entry.with("acknowledged", Fact::List(ids));
                    let entry = entry.with("another-person", another_person.is_some());
                    let reasons = acknowledged.into_iter().map(|(id, why)| (id, why.into()));
                    let entry = entry.private("reasons", Fact::Group(reasons.collect()));
                    match another_person {
                        Some(why) => entry.private("another-person", why),
                        None => entry,
                    }
                }
            };
            let seq = tx.append(entry)?;
            tx.remember(&once, reference.as_str(), seq)?;
            Ok(false)
        });
        Ok(done.await?.into())
    }
}

fn told(refusal: &SignRefusal) -> Refusal {
    Refusal::new(match refusal {
        SignRefusal::NoConsent => Why::NoConsent,
        SignRefusal::DatesOutOfOrder { .. } => Why::DatesOutOfOrder,
        SignRefusal::NotEligible | SignRefusal::Incomplete(_) | SignRefusal::NotAcknowledged(_) => {
            Why::NotEligible
        }
    })
}

/// Where a reason stands. A name that is no criterion of ours is not repeated: it could be anything.
fn pointer(trial: &Trial, criterion: &str) -> String {
    match trial.criterion(criterion) {
        Some(known) => format!("/acknowledged/{}", known.id),
        None => "/acknowledged".to_owned(),
    }
}

fn check_texts(trial: &Trial, judgement: &Judgement) -> Result<(), Refusal> {
    match judgement {
        Judgement::SentBack { note } => check_reason("/sendBack", note),
        Judgement::Eligible { acknowledged, another_person } => {
            for (criterion, reason) in acknowledged {
                check_reason(&pointer(trial, criterion), reason)?;
            }
            another_person.iter().try_for_each(|reason| check_reason("/anotherPerson", reason))
        }
    }
}

/// Every warning is acknowledged, and nothing else is.
fn check_warnings(
    trial: &Trial,
    verdict: &eligibility::Verdict,
    acknowledged: &BTreeMap<String, String>,
) -> Result<(), Refusal> {
    let warnings = verdict.to_acknowledge();
    let pointer = |id: &str| pointer(trial, id);
    let missing = warnings.iter().filter(|id| !acknowledged.contains_key(**id));
    let mut errors: Vec<FieldError> =
        missing.map(|id| FieldError::new(pointer(id), FieldCode::ReasonNeeded)).collect();
    let odd = acknowledged.keys().filter(|id| !warnings.contains(&id.as_str()));
    errors.extend(odd.map(|id| FieldError::new(pointer(id), FieldCode::UnknownField)));
    if errors.is_empty() { Ok(()) } else { Err(Refusal::fields(errors)) }
}
