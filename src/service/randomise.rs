//! The first act: one participant gets the next code of the stratum, once (design 6). Nobody learns an arm, this service
//! included, so there is nothing to conceal from itself.

use super::signature::Signed;
use super::{Answered, House, Signature, entrust, first_answer};
use crate::domain::access::{Act, Caller, Randomise};
use crate::domain::answers::Answers;
use crate::domain::eligibility::{self, Verdict};
use crate::domain::entry::Entry;
use crate::domain::ids::Reference;
use crate::domain::record::{Kind, Leave};
use crate::domain::recruitment::{
    self, EligibilitySignature, RandomiseRefusal, Recruitment, Standing,
};
use crate::domain::time::Moment;
use crate::domain::trial::Trial;
use crate::refusal::{Code as Why, Refusal};
use crate::sealing::bytes::hex;
use crate::sealing::line;
use crate::store::queries::{Allocation, Participant, View};
use crate::store::repeats::OnceKey;
use crate::store::tokens::Entrusted;
use crate::store::{StoreError, Tx};
use std::sync::Arc;

impl House {
    /// Randomises a participant. Asked again, in whatever way, it answers with the same code (I5). A person signs now; a
    /// machine has nothing to sign with, and asks on the signature that a coordinator left for it.
    ///
    /// # Errors
    /// Every refusal of design 6, by name; nothing was allocated then.
    pub async fn randomise(
        &self,
        caller: &Caller,
        reference: Reference,
        signature: Option<&Signature>,
        once: OnceKey,
    ) -> Result<Answered<Allocation>, Refusal> {
        let (participant, may) = self.may_about::<Randomise>(caller, &reference).await?;
        // Judged beside the writer; inside the act only what may have changed since is asked again.
        let case = self.store.read(|view| Case::read(view, &self.trial, &participant))?;
        let signed = self.asked_for(caller, signature).await?;
        let requested = self.clock.now();
        let trial = Arc::clone(&self.trial);
        let done = self.act(&may, move |tx| {
            let repeat = first_answer(tx, &once)?;
            if let Some(first) = tx.view().allocation(&reference)? {
                // The same key or another one: the participant's first answer stands.
                tx.receipt_about(first.entry);
                return Ok((first, true));
            }
            debug_assert!(repeat.is_none(), "a remembered randomisation has its allocation");
            let participant = find(&tx.view(), &reference)?;
            let case = match case {
                case if case.is_of(&participant) => case,
                _ => Case::read(&tx.view(), &trial, &participant)?,
            };
            check(tx, &trial, &participant, &case)?;
            let asked = match signed {
                Some(signed) => Asked::Here(signed),
                None => Asked::Before(entrust::standing(tx, &participant)?),
            };
            allocate(tx, &participant, requested, &asked, &once)
        });
        Ok(done.await?.into())
    }

    /// The signature of a person; nothing for a machine that may ask at all.
    async fn asked_for(
        &self,
        caller: &Caller,
        signature: Option<&Signature>,
    ) -> Result<Option<Signed>, Refusal> {
        match signature {
            Some(signature) => {
                self.check_signature(caller, Randomise::NAME, signature).await.map(Some)
            }
            None if !caller.is_machine() => {
                Err(self.refuse(caller, Randomise::NAME, Why::SignatureNeeded).await)
            }
            None if self.trial.machines_randomise => Ok(None),
            None => Err(self.refuse(caller, Randomise::NAME, Why::NotYourRole).await),
        }
    }

    /// A participant's code, for those who may read the participant.
    ///
    /// # Errors
    /// `no-such-record` when there is none, or it is not the caller's to see.
    pub async fn allocation(
        &self,
        caller: &Caller,
        reference: &Reference,
    ) -> Result<Allocation, Refusal> {
        let participant = self.participant(caller, reference).await?.participant;
        let allocation = self.store.read(|view| view.allocation(&participant.reference));
        allocation?.ok_or_else(|| Refusal::new(Why::NoSuchRecord))
    }
}

pub(super) fn find(view: &View<'_>, reference: &Reference) -> Result<Participant, Refusal> {
    view.participant(reference)?.ok_or_else(|| Refusal::new(Why::NoSuchRecord))
}

/// Whose signature asks for the allocation.
enum Asked {
    /// The caller's, under this request.
    Here(Signed),
    /// A coordinator's, given before for a machine.
    Before(Entrusted),
}

/// What the rules say about one state of a participant's record.
struct Case {
    screening: u64,
    eligibility: Option<u64>,
    answers: Answers,
    verdict: Verdict,
    /// When eligibility was signed, and whether the investigator signed that this is another person.
    signed: Option<(Moment, bool)>,
}

impl Case {
    fn read(view: &View<'_>, trial: &Trial, participant: &Participant) -> Result<Self, Refusal> {
        let answers = stored_answers(view, trial, participant)?;
        let verdict = eligibility::judge(trial, &answers);
        let signed = participant.eligibility.map(|seq| signed_at(view, seq)).transpose()?;
        let Participant { screening, eligibility, .. } = *participant;
        Ok(Self { screening, eligibility, answers, verdict, signed })
    }

    fn is_of(&self, participant: &Participant) -> bool {
        (self.screening, self.eligibility) == (participant.screening, participant.eligibility)
    }
}

/// Everything that must hold, asked inside the act, where nothing can change any more.
fn check(
    tx: &Tx<'_>,
    trial: &Trial,
    participant: &Participant,
    case: &Case,
) -> Result<(), Refusal> {
    let view = tx.view();
    if !view.lists()?.iter().any(|list| list.reviewed.is_some()) {
        return Err(Refusal::new(Why::ListNotReviewed));
    }
    let standing = Standing {
        trial: state(view.recruitment("trial")?.as_deref()),
        centre: state(view.recruitment(participant.centre.as_str())?.as_deref()),
        // A trial of more than four milliards is full.
        randomised: u32::try_from(tx.issued()).unwrap_or(u32::MAX),
        answers: &case.answers,
        verdict: &case.verdict,
        // A changed answer withdraws the signature, so one that stands is of these answers.
        signature: case.signed.map(|(at, _)| EligibilitySignature { at, current: true }),
    };
    recruitment::may_randomise(trial, &standing, tx.now()).map_err(told)?;
    // Whoever has left the trial does not enter it.
    let records = view.records_of(&participant.reference)?;
    if records.iter().any(|record| record.act == Leave::ENTRY) {
        return Err(Refusal::new(Why::WrongState));
    }
    let another_person = case.signed.is_some_and(|(_, another)| another);
    if !another_person && !view.same_person(participant)?.is_empty() {
        return Err(Refusal::new(Why::PossibleDuplicate));
    }
    Ok(())
}

/// The answers as they were screened, from the private record.
pub(super) fn stored_answers(
    view: &View<'_>,
    trial: &Trial,
    participant: &Participant,
) -> Result<Answers, Refusal> {
    let record = view.private_record(participant.screening)?;
    let raw =
        super::screen::raw_of(record.as_ref()).ok_or_else(|| Refusal::new(Why::WrongState))?;
    // They were read before they were stored; the day they were entered is what they are judged by.
    let line = view.line(participant.screening)?.ok_or(StoreError::Damaged)?;
    let entered = line::parse(&line).map_err(|_| StoreError::Damaged)?.at;
    Answers::read(trial, &participant.screened_at(), &raw, entered)
        .map_err(|_| Refusal::new(Why::WrongState))
}

/// When eligibility was signed, and whether the investigator signed that this is another person.
fn signed_at(view: &View<'_>, seq: u64) -> Result<(Moment, bool), StoreError> {
    let line = view.line(seq)?.ok_or(StoreError::Damaged)?;
    let line = line::parse(&line).map_err(|_| StoreError::Damaged)?;
    let another = crate::domain::entry::fact(&line.entry.data, "another-person");
    Ok((line.at, another == Some(&true.into())))
}

fn state(word: Option<&str>) -> Recruitment {
    match word {
        Some("open") => Recruitment::Open,
        Some("paused") => Recruitment::Paused,
        Some(_) => Recruitment::Closed,
        None => Recruitment::NotOpen,
    }
}

fn told(refusal: RandomiseRefusal) -> Refusal {
    Refusal::new(match refusal {
        RandomiseRefusal::NoConsent => Why::NoConsent,
        RandomiseRefusal::DatesOutOfOrder { .. } | RandomiseRefusal::ScreeningTooOld { .. } => {
            Why::DatesOutOfOrder
        }
        RandomiseRefusal::NotEligible => Why::NotEligible,
        RandomiseRefusal::EligibilityNotSigned => Why::EligibilityNotSigned,
        RandomiseRefusal::RecruitmentPaused => Why::RecruitmentPaused,
        RandomiseRefusal::CentreNotOpen => Why::CentreNotOpen,
        RandomiseRefusal::TargetReached => Why::TargetReached,
    })
}

fn allocate(
    tx: &mut Tx<'_>,
    participant: &Participant,
    requested: Moment,
    asked: &Asked,
    once: &OnceKey,
) -> Result<(Allocation, bool), Refusal> {
    // An eligible participant has every component answered, and with them a stratum.
    let stratum = participant.stratum.clone().ok_or_else(|| Refusal::new(Why::NotEligible))?;
    let Some((segment, code)) = tx.issue_next(&stratum)? else {
        return Err(Refusal::new(Why::NoAllocationAvailable));
    };
    let reference = tx.reference();
    let entry = Entry::new("randomised")
        .at(&participant.centre)
        .on("participant", participant.number.as_str())
        .on("reference", participant.reference.as_str())
        .on("allocation", reference.as_str())
        .on("code", code.to_string())
        .with("stratum", stratum.as_str())
        .with("segment", segment)
        .with("requested", requested.to_string());
    let entry = match asked {
        Asked::Here(signed) => signed.on(entry),
        Asked::Before(before) => {
            entry.with("asked-by", before.person.as_str()).with("entrusted", before.entry)
        }
    };
    let entry = entry
        .with("screening", participant.screening)
        .with("eligibility", participant.eligibility.unwrap_or_default())
        .with("key", hex(&once.key));
    let entry = tx.append(entry)?;
    tx.remember(once, reference.as_str(), entry)?;
    Ok((Allocation { reference, stratum, code, at: tx.now(), entry }, false))
}
