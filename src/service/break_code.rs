//! The third act: one code broken in an emergency. A reason is required; an event number, a form, an approval or the
//! sponsor's presence never is (design 6, EU-1, EU-4). Limits shout; they never refuse.

use super::emergency::matched;
use super::prepare::{Handed, RootSeen, redeliver, with_root};
use super::signature::Signed;
use super::{House, Signature, first_answer};
use crate::domain::access::{Act, BreakCode, Caller};
use crate::domain::entry::{Entry, Fact};
use crate::domain::ids::{Code, EnrolmentNumber, PersonId, Reference};
use crate::domain::notice::Kind;
use crate::domain::people::{Person, Role};
use crate::limits::TEXT;
use crate::refusal::{FieldCode, FieldError, Refusal};
use crate::store::Tx;
use crate::store::queries::Participant;
use crate::store::repeats::OnceKey;
use std::sync::Arc;

/// How the participant is named.
#[derive(Debug, Clone)]
pub enum Named {
    /// By treatment code.
    Code(Code),
    /// By enrolment number.
    Number(EnrolmentNumber),
    /// By the reference on the participant's card.
    Reference(Reference),
}

/// What must be said before a code is broken: a minute's writing.
#[derive(Debug, Clone)]
pub struct Emergency {
    /// Who is meant.
    pub named: Named,
    /// Initials or birth date; none: the caller cannot give it, which is flagged and never refused.
    pub identifier: Option<String>,
    /// Who asks: name, role, institution.
    pub requester: String,
    /// How to call back.
    pub call_back: String,
    /// A category of the configuration.
    pub category: String,
    /// What happened.
    pub what_happened: String,
    /// Does management depend on the allocation? A no warns and is flagged, never refused.
    pub depends: bool,
    /// How it depends.
    pub how: Option<String>,
    /// The planned safety unblinding that this is, by its entry, if it is one.
    pub plan: Option<u64>,
    /// How the device knows the root that it proves against, if it said.
    pub root: Option<RootSeen>,
}

/// The release of a code break, and who was told.
pub struct BrokenCode {
    /// What the holder's device opens.
    pub handed: Handed,
    /// Who was told that, never what.
    pub told: Vec<PersonId>,
}

impl House {
    /// Breaks one code.
    ///
    /// # Errors
    /// `identifiers-do-not-match` for a wrong second identifier (an entry, and nothing opened), `invalid-fields`,
    /// `not-granted-yet`, `no-such-record`; never a missing form or approval.
    pub async fn break_code(
        &self,
        caller: &Caller,
        emergency: Emergency,
        signature: &Signature,
        once: OnceKey,
    ) -> Result<BrokenCode, Refusal> {
        self.may_somewhere::<BreakCode>(caller).await?;
        self.check_emergency(caller, &emergency)?;
        let (participant, code, may) = self.emergency_of(caller, &emergency.named).await?;
        let signed = self.check_signature(caller, BreakCode::NAME, signature).await?;
        let trial = Arc::clone(&self.trial);
        let (granted, number) = (may.clone(), participant.number.clone());
        let done = self.act(&may, move |tx| {
            let told = told(tx, &participant)?;
            let ids: Vec<PersonId> = told.iter().map(|person| person.id.clone()).collect();
            if let Some(first) = first_answer(tx, &once)? {
                let (wanted, _) = redeliver(tx, &granted, &trial, &first.answer, first.seq)?;
                return Ok((wanted, (ids, true)));
            }
            let matched = matched(&participant, emergency.identifier.as_deref())?;
            if let Some(plan) = emergency.plan {
                super::safety::waits(&tx.view(), plan, &participant.reference)?;
            }
            let reference = tx.reference();
            let entry = describe(&participant, &code, &reference, &emergency, matched, &signed);
            let entry = entry
                .with("told", ids.iter().map(|id| Fact::from(id.as_str())).collect::<Vec<_>>());
            let answer = reference.to_string();
            let wanted = tx.want(&granted, &trial.id, &code, reference, entry)?;
            tx.remember(&once, &answer, tx.last_appended())?;
            Ok((wanted, (ids, false)))
        });
        let (durable, (told, repeated)) = done.await?.split();
        let released = durable.release(&self.secret).map_err(|_| self.not_our_lock())?;
        Ok(BrokenCode { handed: Handed { released, number, repeated, times: None }, told })
    }

    fn check_emergency(&self, caller: &Caller, emergency: &Emergency) -> Result<(), Refusal> {
        let mut errors = vec![];
        let texts = [
            ("/requester", Some(&emergency.requester)),
            ("/callBack", Some(&emergency.call_back)),
            ("/whatHappened", Some(&emergency.what_happened)),
            ("/how", emergency.how.as_ref()),
        ];
        for (pointer, text) in texts.into_iter().filter_map(|(p, text)| Some((p, text?))) {
            let length = text.trim().chars().count();
            if length == 0 {
                errors.push(FieldError::new(pointer, FieldCode::ReasonNeeded));
            } else if length > TEXT {
                let error = FieldError::new(pointer, FieldCode::TextTooLong);
                errors.push(error.with("max", TEXT as u64));
            }
        }
        let category =
            self.trial.emergency.categories.iter().find(|c| c.id.as_str() == emergency.category);
        if category.is_none_or(|c| c.hotline_only && caller.person.role != Role::Hotline) {
            errors.push(FieldError::new("/category", FieldCode::ChoiceUnknown));
        } else if emergency.plan.is_some() && !category.is_some_and(|c| c.hotline_only) {
            return Err(super::safety::unknown_plan());
        }
        if errors.is_empty() { Ok(()) } else { Err(Refusal::fields(errors)) }
    }
}

/// Sponsor, monitors, and the investigators of the centre are told at once (EU-8): by the same table as every notice.
pub(super) fn told(tx: &Tx<'_>, participant: &Participant) -> Result<Vec<Person>, Refusal> {
    let own = tx.stamp().by.clone();
    Ok(super::people::active(tx, |person| {
        Kind::CodeBroken.is_mailed(person, Some(&participant.centre), &own)
    })?)
}

fn describe(
    participant: &Participant,
    code: &Code,
    reference: &Reference,
    emergency: &Emergency,
    matched: &str,
    signed: &Signed,
) -> Entry {
    let entry = Entry::new("release-for-break")
        .at(&participant.centre)
        .on("participant", participant.number.as_str())
        .on("reference", reference.as_str())
        .on("code", code.to_string())
        .with("category", emergency.category.as_str())
        .with("depends", emergency.depends)
        .with("identifiers", matched);
    let entry = match emergency.plan {
        Some(plan) => entry.with("plan", plan),
        None => entry,
    };
    let entry = with_root(entry, emergency.root);
    let entry = signed
        .on(entry)
        .private("requester", emergency.requester.as_str())
        .private("call-back", emergency.call_back.as_str())
        .private("what-happened", emergency.what_happened.as_str());
    match &emergency.how {
        Some(how) => entry.private("how", how.as_str()),
        None => entry,
    }
}
