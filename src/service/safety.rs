//! Safety unblindings that are planned: one named person is told one participant's treatment by the hotline, for a report
//! to an authority. The team learns that, never what (EU-13).

use super::confirmation::{printed_name, read_line};
use super::records::{deviation, of_participant};
use super::{Answered, House, Signature};
use crate::domain::access::{Act, Caller, PlanUnblinding, ReadSafetyPlans};
use crate::domain::entry::{Fact, fact};
use crate::domain::follow_up::SafetyPlan;
use crate::domain::ids::{EnrolmentNumber, Reference};
use crate::domain::record::Answers;
use crate::domain::time::Moment;
use crate::refusal::{Code as Why, FieldCode, FieldError, Refusal};
use crate::store::queries::{Participant, View};
use crate::store::repeats::OnceKey;
use std::collections::BTreeMap;
use std::sync::Arc;

/// A plan, as those read it who make plans or carry them out.
pub struct Planned {
    /// Its entry, by which a code break names it.
    pub entry: u64,
    /// About whom.
    pub number: EnrolmentNumber,
    /// Who is to be told; none once that was erased.
    pub to_tell: Option<String>,
    /// Why; none once that was erased.
    pub why: Option<String>,
    /// The day of the report, year-month-day.
    pub due: String,
    /// When it was planned.
    pub at: Moment,
    /// The printed name of who planned it.
    pub by: String,
    /// Was it carried out?
    pub done: bool,
}

impl House {
    /// Plans that one named person is told one participant's treatment.
    ///
    /// # Errors
    /// `invalid-fields`; `no-such-record` for a participant who is unknown or has no code; `signature-needed`.
    pub async fn plan_safety_unblinding(
        &self,
        caller: &Caller,
        raw: BTreeMap<String, String>,
        signature: &Signature,
        once: OnceKey,
    ) -> Result<Answered<()>, Refusal> {
        let may = self.may_somewhere::<PlanUnblinding>(caller).await?;
        let answers = self.read_record::<SafetyPlan>(&raw)?;
        let number = EnrolmentNumber::parse(answers.text("participant")).ok();
        let found = self.store.read(|view| with_code(view, number.as_ref()))?;
        let Some(participant) = found else {
            return Err(self.refuse(caller, PlanUnblinding::NAME, Why::NoSuchRecord).await);
        };
        let signed = self.check_signature(caller, PlanUnblinding::NAME, signature).await?;
        let trial = Arc::clone(&self.trial);
        let about = move |view: &View<'_>, answers: &Answers| {
            let deviation = deviation::<SafetyPlan>(view, &trial, &participant, answers)?;
            Ok((of_participant::<SafetyPlan>(&participant), deviation))
        };
        self.keep_record::<SafetyPlan>(&may, answers, signed, once, about).await
    }

    /// Every plan, oldest first.
    ///
    /// # Errors
    /// `not-your-role`.
    pub async fn safety_plans(&self, caller: &Caller) -> Result<Vec<Planned>, Refusal> {
        self.may_somewhere::<ReadSafetyPlans>(caller).await?;
        self.store.read(|view| {
            let plans = view.safety_plans()?.into_iter().map(|plan| {
                let line = read_line(view, plan.entry)?;
                let private = view.private_record(plan.entry)?;
                let text = |name: &str| match fact(private.as_ref()?, name)? {
                    Fact::Text(text) => Some(text.clone()),
                    _ => None,
                };
                Ok(Planned {
                    entry: plan.entry,
                    to_tell: text("to-tell"),
                    why: text("why"),
                    by: printed_name(view, &line.by)?,
                    at: line.at,
                    number: plan.number,
                    due: plan.due,
                    done: plan.done.is_some(),
                })
            });
            plans.collect()
        })
    }
}

/// A participant who has a code: nobody, and somebody who has none yet, are one answer.
fn with_code(
    view: &View<'_>,
    number: Option<&EnrolmentNumber>,
) -> Result<Option<Participant>, Refusal> {
    let found = number.map(|number| view.participant_by_number(number)).transpose()?.flatten();
    let Some(participant) = found else { return Ok(None) };
    let allocation = view.allocation(&participant.reference)?;
    Ok(allocation.map(|_| participant))
}

/// Does this plan wait for this participant's code to be broken?
///
/// # Errors
/// `choice-unknown` when it does not.
pub(super) fn waits(view: &View<'_>, plan: u64, participant: &Reference) -> Result<(), Refusal> {
    let fits = view
        .safety_plans()?
        .into_iter()
        .any(|one| one.entry == plan && one.participant == *participant && one.done.is_none());
    if fits { Ok(()) } else { Err(unknown_plan()) }
}

/// A plan that cannot be meant.
pub(super) fn unknown_plan() -> Refusal {
    Refusal::fields(vec![FieldError::new("/plan", FieldCode::ChoiceUnknown)])
}
