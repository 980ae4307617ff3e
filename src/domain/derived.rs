//! Values worked out from answers: a closed set of five, exact, and unknown as soon as one part is.

use super::answers::{Answers, Value};
use super::ids::FieldId;
use super::quantity::Quantity;
use super::trial::Words;

/// A derived value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Derived {
    /// Its id, which rules use like a field's.
    pub id: FieldId,
    /// How it is worked out.
    pub form: DerivedForm,
    /// Its unit.
    pub unit: Option<Words>,
    /// Its name.
    pub name: Words,
}

/// How a value is worked out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DerivedForm {
    /// Age in full years at a day.
    Age {
        /// The day of birth.
        born: FieldId,
        /// The day at which the age counts.
        at: FieldId,
    },
    /// Days from one day to another; negative when the second lies before the first.
    Days {
        /// First day.
        from: FieldId,
        /// Second day.
        to: FieldId,
    },
    /// One number divided by another, kept as a fraction.
    Ratio {
        /// Above.
        of: FieldId,
        /// Below; its range leaves zero out.
        to: FieldId,
    },
    /// Numbers together.
    Sum(Vec<FieldId>),
    /// How many options were ticked; "none" counts nothing.
    Count(FieldId),
}

impl DerivedForm {
    /// The fields it is worked out from.
    pub fn fields(&self) -> Vec<&FieldId> {
        match self {
            DerivedForm::Age { born, at } => vec![born, at],
            DerivedForm::Days { from, to } => vec![from, to],
            DerivedForm::Ratio { of, to } => vec![of, to],
            DerivedForm::Sum(parts) => parts.iter().collect(),
            DerivedForm::Count(field) => vec![field],
        }
    }

    /// The value, or nothing while a part of it is unanswered.
    pub fn value(&self, answers: &Answers) -> Option<Quantity> {
        match self {
            DerivedForm::Age { born, at } => {
                let (born, at) = (answers.day(born)?, answers.day(at)?);
                Some(born.full_years_at(at).into())
            }
            DerivedForm::Days { from, to } => {
                Some(answers.day(to)?.days_since(answers.day(from)?).into())
            }
            DerivedForm::Ratio { of, to } => answers.number(of)?.divided_by(answers.number(to)?),
            DerivedForm::Sum(parts) => {
                parts.iter().try_fold(Quantity::ZERO, |sum, part| sum.plus(answers.number(part)?))
            }
            DerivedForm::Count(field) => match answers.get(field)? {
                Value::Several(ticked) => Some(u32::try_from(ticked.len()).ok()?.into()),
                Value::NoneTicked(_) => Some(Quantity::ZERO),
                _ => None,
            },
        }
    }
}
