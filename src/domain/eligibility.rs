//! The verdict on a screening record: every criterion, three-valued, with what a mismatch does and what is still open.

use super::answers::Answers;
use super::ids::FieldId;
use super::rule::Truth;
use super::trial::{Effect, Trial};

/// What the answers come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Every blocking criterion holds and nothing is open. Warnings may still need acknowledging.
    Eligible,
    /// A blocking criterion does not hold. Nobody overrides it, and no answer still open could change it.
    NotEligible,
    /// Something is unanswered that must be answered before the investigator can sign.
    Incomplete,
}

impl Outcome {
    /// The word for lines and bodies.
    pub fn as_str(self) -> &'static str {
        match self {
            Outcome::Eligible => "eligible",
            Outcome::NotEligible => "not-eligible",
            Outcome::Incomplete => "incomplete",
        }
    }
}

/// One criterion, judged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judged {
    /// The criterion's number.
    pub id: String,
    /// Does it hold?
    pub truth: Truth,
    /// What it does when it does not.
    pub effect: Effect,
    /// The unanswered fields that keep it unknown.
    pub open: Vec<FieldId>,
}

/// All of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// What it comes to.
    pub outcome: Outcome,
    /// Every criterion, in the order of the file.
    pub criteria: Vec<Judged>,
    /// The fields that must still be answered, whether a criterion asks for them or the form alone does.
    pub missing: Vec<FieldId>,
}

impl Verdict {
    /// The criteria that do not hold and only warn: the investigator's signature must acknowledge each, with a reason.
    pub fn to_acknowledge(&self) -> Vec<&str> {
        self.failed(Effect::Warn)
    }

    /// The criteria that do not hold and block.
    pub fn blocked_by(&self) -> Vec<&str> {
        self.failed(Effect::Block)
    }

    fn failed(&self, effect: Effect) -> Vec<&str> {
        let failed = |judged: &&Judged| judged.truth == Truth::No && judged.effect == effect;
        self.criteria.iter().filter(failed).map(|judged| judged.id.as_str()).collect()
    }
}

/// Judges the answers by the trial's criteria.
pub fn judge(trial: &Trial, answers: &Answers) -> Verdict {
    let criteria: Vec<Judged> = trial
        .criteria
        .iter()
        .map(|criterion| Judged {
            id: criterion.id.clone(),
            truth: criterion.rule.truth(trial, answers),
            effect: criterion.on_false,
            open: criterion.rule.open_fields(trial, answers),
        })
        .collect();
    let missing = answers.missing(trial);
    let blocked = |judged: &Judged| judged.truth == Truth::No && judged.effect == Effect::Block;
    let outcome = if criteria.iter().any(blocked) {
        Outcome::NotEligible
    } else if !missing.is_empty() || criteria.iter().any(|judged| judged.truth == Truth::Unknown) {
        Outcome::Incomplete
    } else {
        Outcome::Eligible
    };
    Verdict { outcome, criteria, missing }
}
