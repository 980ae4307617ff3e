//! The stratum is computed from recorded components and never chosen (I8). Every component must be answered, even where
//! one alone would decide: a half-filled form must not pick a list.

use super::answers::Answers;
use super::eligibility::{Outcome, judge};
use super::ids::{CentreId, FieldId, StratumId};
use super::rule::Truth;
use super::trial::{Choice, Factor, Trial, stratum_id};

/// What the components give.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StratumResult {
    /// The stratum; nothing while a component is open, and nothing for somebody who is not eligible.
    pub stratum: Option<StratumId>,
    /// Every item of every factor, shown to people line by line.
    pub items: Vec<(String, Truth)>,
    /// The components that are still unanswered.
    pub missing: Vec<FieldId>,
}

/// Computes the stratum of a participant of this centre.
pub fn compute(trial: &Trial, centre: &CentreId, answers: &Answers) -> StratumResult {
    let factors = &trial.stratification.factors;
    let items = factors.iter().flat_map(|factor| &factor.items);
    let items: Vec<(String, Truth)> =
        items.map(|item| (item.id.clone(), item.rule.truth(trial, answers))).collect();
    let missing = missing(trial, answers);
    let known = missing.is_empty() && trial.centre(centre).is_some();
    let levels: Option<Vec<&Choice>> =
        factors.iter().map(|factor| level(trial, factor, answers)).collect();
    let stratum = match levels {
        Some(levels) if known && judge(trial, answers).outcome != Outcome::NotEligible => {
            Some(stratum_id(centre, &levels))
        }
        _ => None,
    };
    StratumResult { stratum, items, missing }
}

/// The level of one factor, once its items are decided.
fn level<'t>(trial: &Trial, factor: &'t Factor, answers: &Answers) -> Option<&'t Choice> {
    match Truth::all(factor.items.iter().map(|item| item.rule.truth(trial, answers))) {
        Truth::Yes => Some(&factor.when_all),
        Truth::No => Some(&factor.otherwise),
        Truth::Unknown => None,
    }
}

fn missing(trial: &Trial, answers: &Answers) -> Vec<FieldId> {
    let items = trial.stratification.factors.iter().flat_map(|factor| &factor.items);
    let components: Vec<FieldId> = items.flat_map(|item| item.rule.fields(trial)).collect();
    let open = |id: &&FieldId| components.contains(id) && answers.get(id).is_none();
    trial.fields.iter().map(|field| &field.id).filter(open).cloned().collect()
}
