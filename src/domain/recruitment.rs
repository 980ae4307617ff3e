//! May this participant be randomised now? The order of steps and days is built in, not configured: consent, screening,
//! rules true, the investigator's signature, randomisation. A skipped step is refused by name (AL-1).

use super::answers::Answers;
use super::eligibility::{Outcome, Verdict};
use super::field::built_in;
use super::ids::FieldId;
use super::time::Moment;
use super::trial::Trial;

/// Whether a centre, or the trial, takes participants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Recruitment {
    /// Not yet.
    NotOpen,
    /// Yes.
    Open,
    /// Not for now.
    Paused,
    /// Never again.
    Closed,
}

/// The investigator's signature under an eligible participant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EligibilitySignature {
    /// When it was given.
    pub at: Moment,
    /// Is it under the screening record as it stands now? A changed answer withdraws it.
    pub current: bool,
}

/// How things stand for one participant.
#[derive(Debug, Clone, Copy)]
pub struct Standing<'a> {
    /// The trial's recruitment.
    pub trial: Recruitment,
    /// The centre's recruitment.
    pub centre: Recruitment,
    /// How many were randomised before, in the whole trial.
    pub randomised: u32,
    /// The screening record.
    pub answers: &'a Answers,
    /// What it comes to.
    pub verdict: &'a Verdict,
    /// The investigator's signature, if there is one.
    pub signature: Option<EligibilitySignature>,
}

/// A step on the way to randomisation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// The consent form was signed.
    Consent,
    /// Values were measured.
    Screening,
    /// The investigator signed.
    Signature,
    /// The allocation.
    Randomisation,
}

/// Why a participant cannot be randomised now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RandomiseRefusal {
    /// The trial, or the centre, is not open yet, or closed for ever.
    CentreNotOpen,
    /// The trial, or the centre, is paused.
    RecruitmentPaused,
    /// The trial has its number of participants.
    TargetReached,
    /// No signed consent, or not known when.
    NoConsent,
    /// A later step lies before an earlier one.
    DatesOutOfOrder {
        /// The step that must come first.
        earlier: Step,
        /// The step that must not lie before it.
        later: Step,
    },
    /// A blocking criterion does not hold, or an answer is missing, so that nothing shows eligibility.
    NotEligible,
    /// The investigator has not signed this screening record as it now stands.
    EligibilityNotSigned,
    /// Values are too old and must be assessed anew.
    ScreeningTooOld {
        /// The field with the day.
        field: FieldId,
        /// How old, in days.
        days: i32,
        /// How old they may be.
        at_most: u32,
    },
}

/// Why an investigator cannot sign that a participant is eligible.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SignRefusal {
    /// No signed consent, or not known when.
    NoConsent,
    /// Consent lies after the signature, or after screening.
    DatesOutOfOrder {
        /// The step that must come first.
        earlier: Step,
        /// The step that must not lie before it.
        later: Step,
    },
    /// A blocking criterion does not hold.
    NotEligible,
    /// These are unanswered.
    Incomplete(Vec<FieldId>),
    /// These warnings are not acknowledged.
    NotAcknowledged(Vec<String>),
}

/// May this participant be randomised now? The first thing that stands in the way is named.
pub fn may_randomise(
    trial: &Trial,
    standing: &Standing<'_>,
    now: Moment,
) -> Result<(), RandomiseRefusal> {
    recruiting(trial, standing)?;
    let Some(consent) = standing.answers.consent_at() else {
        return Err(RandomiseRefusal::NoConsent);
    };
    let out_of_order = |earlier, later| Err(RandomiseRefusal::DatesOutOfOrder { earlier, later });
    if screened_before_consent(trial, standing.answers, consent) {
        return out_of_order(Step::Consent, Step::Screening);
    }
    if standing.verdict.outcome != Outcome::Eligible {
        return Err(RandomiseRefusal::NotEligible);
    }
    let Some(signature) = standing.signature.filter(|signature| signature.current) else {
        return Err(RandomiseRefusal::EligibilityNotSigned);
    };
    if signature.at < consent {
        return out_of_order(Step::Consent, Step::Signature);
    }
    if now < signature.at {
        return out_of_order(Step::Signature, Step::Randomisation);
    }
    fresh(trial, standing.answers, now)
}

/// Opened, not paused, and not full.
fn recruiting(trial: &Trial, standing: &Standing<'_>) -> Result<(), RandomiseRefusal> {
    let both = [standing.trial, standing.centre];
    let shut = |state: &Recruitment| matches!(state, Recruitment::NotOpen | Recruitment::Closed);
    if both.iter().any(shut) {
        Err(RandomiseRefusal::CentreNotOpen)
    } else if both.iter().any(|state| *state != Recruitment::Open) {
        Err(RandomiseRefusal::RecruitmentPaused)
    } else if standing.randomised >= trial.target {
        Err(RandomiseRefusal::TargetReached)
    } else {
        Ok(())
    }
}

/// Each day that counts is there, not in the future, and not too long ago. Days are the centre's, from midnight there.
fn fresh(trial: &Trial, answers: &Answers, now: Moment) -> Result<(), RandomiseRefusal> {
    let today = trial.zone.day(now);
    for field in &trial.freshness.fields {
        let Some(day) = answers.day(field) else {
            return Err(RandomiseRefusal::NotEligible);
        };
        let days = today.days_since(day);
        if days < 0 {
            let (earlier, later) = (Step::Screening, Step::Randomisation);
            return Err(RandomiseRefusal::DatesOutOfOrder { earlier, later });
        }
        let at_most = trial.freshness.days;
        if days.unsigned_abs() > at_most {
            return Err(RandomiseRefusal::ScreeningTooOld { field: field.clone(), days, at_most });
        }
    }
    Ok(())
}

fn screened_before_consent(trial: &Trial, answers: &Answers, consent: Moment) -> bool {
    let field = FieldId::parse(built_in::SCREENING_DATE).ok();
    let screened = field.and_then(|field| answers.day(&field));
    screened.is_some_and(|day| day < trial.zone.day(consent))
}

/// May the investigator sign now that this participant is eligible? `acknowledged` holds the numbers of the warnings
/// that were acknowledged, each with a reason kept elsewhere.
pub fn may_sign_eligibility(
    trial: &Trial,
    answers: &Answers,
    verdict: &Verdict,
    acknowledged: &[String],
    now: Moment,
) -> Result<(), SignRefusal> {
    let Some(consent) = answers.consent_at() else {
        return Err(SignRefusal::NoConsent);
    };
    let out_of_order = |earlier, later| Err(SignRefusal::DatesOutOfOrder { earlier, later });
    if screened_before_consent(trial, answers, consent) {
        return out_of_order(Step::Consent, Step::Screening);
    }
    if now < consent {
        return out_of_order(Step::Consent, Step::Signature);
    }
    match verdict.outcome {
        Outcome::NotEligible => return Err(SignRefusal::NotEligible),
        Outcome::Incomplete => return Err(SignRefusal::Incomplete(open(verdict))),
        Outcome::Eligible => {}
    }
    let warned = verdict.to_acknowledge().into_iter();
    let silent: Vec<String> =
        warned.filter(|id| !acknowledged.iter().any(|a| a == id)).map(str::to_owned).collect();
    if silent.is_empty() { Ok(()) } else { Err(SignRefusal::NotAcknowledged(silent)) }
}

/// What the form and the criteria still ask for, each once.
fn open(verdict: &Verdict) -> Vec<FieldId> {
    let mut open = verdict.missing.clone();
    for field in verdict.criteria.iter().flat_map(|judged| &judged.open) {
        if !open.contains(field) {
            open.push(field.clone());
        }
    }
    open
}

/// Is it time to warn that the target is near, once so many are randomised?
pub fn target_is_near(trial: &Trial, randomised: u32) -> bool {
    randomised >= trial.warn_at
}
