//! Rules are data, in eight forms, over fields and derived values. There is no expression language, and an unanswered
//! value is not a "no".

use super::answers::{Answers, Value};
use super::ids::FieldId;
use super::quantity::Quantity;
use super::trial::Trial;

/// Whether a rule holds. All of = the least, any of = the greatest: Kleene's logic.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Truth {
    /// It does not hold, whatever is still unanswered.
    No,
    /// An answer is missing that could decide it.
    Unknown,
    /// It holds, whatever is still unanswered.
    Yes,
}

impl Truth {
    /// True of all; of none of them, too.
    pub fn all(of: impl IntoIterator<Item = Truth>) -> Truth {
        of.into_iter().min().unwrap_or(Truth::Yes)
    }

    /// True of at least one; never of none.
    pub fn any(of: impl IntoIterator<Item = Truth>) -> Truth {
        of.into_iter().max().unwrap_or(Truth::No)
    }
}

impl From<bool> for Truth {
    fn from(holds: bool) -> Self {
        if holds { Truth::Yes } else { Truth::No }
    }
}

/// Calendar months before a day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Months {
    /// How many.
    pub count: u32,
    /// The field whose day they are counted back from.
    pub before: FieldId,
}

/// What must be true.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rule {
    /// The number, or more.
    AtLeast(FieldId, Quantity),
    /// The number, or less.
    AtMost(FieldId, Quantity),
    /// More than the number.
    MoreThan(FieldId, Quantity),
    /// Less than the number.
    LessThan(FieldId, Quantity),
    /// This answer: a choice's id, or `yes` or `no`.
    MustBe(FieldId, String),
    /// *Never*, or not later than so many months before a day.
    NoneWithin(FieldId, Months),
    /// All of these.
    AllOf(Vec<Rule>),
    /// At least one of these.
    AnyOf(Vec<Rule>),
}

impl Rule {
    /// Does it hold for these answers?
    pub fn truth(&self, trial: &Trial, answers: &Answers) -> Truth {
        let number =
            |id: &FieldId, fits: &dyn Fn(Quantity) -> bool| match quantity(trial, answers, id) {
                Some(value) => Truth::from(fits(value)),
                None => Truth::Unknown,
            };
        match self {
            Rule::AtLeast(id, limit) => number(id, &|value| value >= *limit),
            Rule::AtMost(id, limit) => number(id, &|value| value <= *limit),
            Rule::MoreThan(id, limit) => number(id, &|value| value > *limit),
            Rule::LessThan(id, limit) => number(id, &|value| value < *limit),
            Rule::MustBe(id, choice) => must_be(answers, id, choice),
            Rule::NoneWithin(id, months) => none_within(answers, id, months),
            Rule::AllOf(rules) => Truth::all(rules.iter().map(|rule| rule.truth(trial, answers))),
            Rule::AnyOf(rules) => Truth::any(rules.iter().map(|rule| rule.truth(trial, answers))),
        }
    }

    /// The unanswered fields that keep it unknown; none when it is decided.
    pub fn open_fields(&self, trial: &Trial, answers: &Answers) -> Vec<FieldId> {
        if self.truth(trial, answers) != Truth::Unknown {
            return vec![];
        }
        match self {
            Rule::AllOf(rules) | Rule::AnyOf(rules) => {
                let mut open: Vec<FieldId> = vec![];
                for field in rules.iter().flat_map(|rule| rule.open_fields(trial, answers)) {
                    if !open.contains(&field) {
                        open.push(field);
                    }
                }
                open
            }
            leaf => {
                let parts = leaf.fields(trial).into_iter();
                parts.filter(|field| answers.get(field).is_none()).collect()
            }
        }
    }

    /// The fields of the form it looks at, derived values taken apart, each once.
    pub fn fields(&self, trial: &Trial) -> Vec<FieldId> {
        let mut found: Vec<FieldId> = vec![];
        let mut add = |id: &FieldId| {
            if !found.contains(id) {
                found.push(id.clone());
            }
        };
        for (id, before) in self.leaves() {
            match trial.derived(id) {
                Some(derived) => derived.form.fields().into_iter().for_each(&mut add),
                None => add(id),
            }
            before.into_iter().for_each(&mut add);
        }
        found
    }

    /// Each leaf's field, with the one it is counted back from.
    fn leaves(&self) -> Vec<(&FieldId, Option<&FieldId>)> {
        match self {
            Rule::AtLeast(id, _)
            | Rule::AtMost(id, _)
            | Rule::MoreThan(id, _)
            | Rule::LessThan(id, _)
            | Rule::MustBe(id, _) => vec![(id, None)],
            Rule::NoneWithin(id, months) => vec![(id, Some(&months.before))],
            Rule::AllOf(rules) | Rule::AnyOf(rules) => {
                rules.iter().flat_map(Rule::leaves).collect()
            }
        }
    }
}

/// The number behind an id: a derived value or an answered field.
pub fn quantity(trial: &Trial, answers: &Answers, id: &FieldId) -> Option<Quantity> {
    match trial.derived(id) {
        Some(derived) => derived.form.value(answers),
        None => answers.number(id),
    }
}

fn must_be(answers: &Answers, id: &FieldId, choice: &str) -> Truth {
    match answers.get(id) {
        Some(Value::Choice(chosen)) => Truth::from(chosen == choice),
        Some(Value::YesNo(yes)) => Truth::from((if *yes { "yes" } else { "no" }) == choice),
        _ => Truth::Unknown,
    }
}

/// A day known to its month or year only counts as its last day, but never as one after the reference day. Only a field
/// that can be answered with *never* is looked back at: its days are partial ones, even when they are whole.
fn none_within(answers: &Answers, id: &FieldId, months: &Months) -> Truth {
    let last = match answers.get(id) {
        Some(Value::Never) => return Truth::Yes,
        Some(Value::Partial(day)) => day.last_day(),
        _ => return Truth::Unknown,
    };
    match answers.day(&months.before) {
        Some(reference) => Truth::from(last.min(reference) <= reference.minus_months(months.count)),
        None => Truth::Unknown,
    }
}
