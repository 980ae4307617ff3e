//! What a coordinator answered: read once from text, refused field by field, and from then on well formed. An answer that
//! is missing, or "not sure", is no answer: it is never taken for a "no".

mod read;

use super::field::built_in;
use super::ids::{CentreId, EnrolmentNumber, FieldId};
use super::quantity::Quantity;
use super::rule::Truth;
use super::time::{Date, Moment, PartialDate, Zone};
use super::trial::{Condition, CrossCheck, Field, Trial};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// The answer that saves and counts as unanswered.
pub const NOT_SURE: &str = "not-sure";
/// The answer that says a thing never happened.
pub const NEVER: &str = "never";
/// Beside the fields, the names of those whose unusual values were looked at again and confirmed.
pub const CONFIRMED: &str = "confirmed";

/// What arrives for a field: one text, or several where several may be ticked.
#[derive(Clone, PartialEq, Eq)]
pub enum Raw {
    /// One text.
    One(String),
    /// Several.
    Many(Vec<String>),
}

impl Raw {
    /// The texts, one or several alike.
    pub fn as_slice(&self) -> &[String] {
        match self {
            Raw::One(text) => std::slice::from_ref(text),
            Raw::Many(texts) => texts,
        }
    }
}

impl fmt::Debug for Raw {
    /// Says how much arrived, never what: it may name a person.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Raw::One(_) => f.write_str("Raw(one text)"),
            Raw::Many(texts) => write!(f, "Raw({} texts)", texts.len()),
        }
    }
}

/// An answer that was taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// A whole day.
    Day(Date),
    /// A day, perhaps to the month or year only, where "never" could have been said.
    Partial(PartialDate),
    /// It never happened.
    Never,
    /// A minute.
    Moment(Moment),
    /// Yes or no.
    YesNo(bool),
    /// One option.
    Choice(String),
    /// The ticked options, in the form's order; never empty.
    Several(Vec<String>),
    /// The option that says none of the others.
    NoneTicked(String),
    /// A number.
    Number(Quantity),
    /// A line of text.
    Text(String),
    /// Kept, and counted as unanswered.
    NotSure,
}

/// Why an answer was not taken. It never repeats what was typed: that could be somebody's identity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldProblem {
    /// Which field; empty when what arrived was not even named like one.
    pub field: String,
    /// One of [`CODES`].
    pub code: &'static str,
    /// The least that is taken, where there is such a thing.
    pub min: Option<String>,
    /// The most that is taken: a value, or a number of characters or places.
    pub max: Option<String>,
    /// The field it does not agree with.
    pub other: Option<FieldId>,
}

/// Every code of a [`FieldProblem`]. They are never renamed or reused.
pub const CODES: [&str; 23] = [
    "unknown-field",
    "not-asked",
    "required",
    "wrong-type",
    "doubled",
    "number-form",
    "num-places",
    "num-range",
    "num-confirm",
    "choice-unknown",
    "choice-none-and-others",
    "consent-form-unknown",
    "date-form",
    "date-future",
    "date-order",
    "date-too-old",
    "moment-format",
    "text-too-long",
    "text-control",
    "identity-in-text",
    "init-format",
    "init-cjk",
    "enrol-format",
];

/// Is this a free text that a record may hold? The problem names no field: whoever asked knows it.
pub(super) fn check_text(text: &str, longest: usize) -> Result<(), FieldProblem> {
    read::check_text(text, longest)
}

/// Who a participant is, as far as a trial may know: no name, no identity number, no telephone.
#[derive(Clone, PartialEq, Eq)]
pub struct Identity {
    /// Given by the centre at screening, and kept.
    pub enrolment_number: EnrolmentNumber,
    /// Four letters.
    pub initials: String,
    /// A day in the past.
    pub birth_date: Date,
    /// A choice's id.
    pub sex: String,
}

impl fmt::Debug for Identity {
    /// Silent about the person, so that no log line can name one.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Identity(..)")
    }
}

/// The answers of one screening record.
#[derive(Clone, PartialEq, Eq)]
pub struct Answers {
    identity: Identity,
    values: BTreeMap<FieldId, Value>,
    confirmed: BTreeSet<FieldId>,
    zone: Zone,
}

impl fmt::Debug for Answers {
    /// Says how many, never what.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Answers({})", self.values.len())
    }
}

impl Answers {
    /// Reads what arrived for one participant of a centre. The four identity fields must be there at once; anything
    /// else may be missing, and is then unanswered. All problems are told together, in the order of the form.
    pub fn read(
        trial: &Trial,
        centre: &CentreId,
        raw: &BTreeMap<String, Raw>,
        now: Moment,
    ) -> Result<Self, Vec<FieldProblem>> {
        read::read(trial, centre, raw, now)
    }

    /// The texts from which these same answers would be read again.
    pub fn to_raw(&self) -> BTreeMap<String, Raw> {
        let mut raw: BTreeMap<String, Raw> = self
            .values
            .iter()
            .map(|(id, value)| (id.as_str().to_owned(), value.to_raw(&self.zone)))
            .collect();
        if !self.confirmed.is_empty() {
            let ids = self.confirmed.iter().map(|id| id.as_str().to_owned()).collect();
            raw.insert(CONFIRMED.to_owned(), Raw::Many(ids));
        }
        raw
    }

    /// Who it is.
    pub fn identity(&self) -> &Identity {
        &self.identity
    }

    /// When consent was signed; nothing while it was not, or not said when.
    pub fn consent_at(&self) -> Option<Moment> {
        match (self.named(built_in::CONSENT_GIVEN)?, self.named(built_in::CONSENT_SIGNED_AT)?) {
            (Value::YesNo(true), Value::Moment(at)) => Some(*at),
            _ => None,
        }
    }

    /// The answer to a field, unless it is missing or not sure.
    pub fn get(&self, id: &FieldId) -> Option<&Value> {
        self.values.get(id).filter(|value| **value != Value::NotSure)
    }

    /// The number answered.
    pub fn number(&self, id: &FieldId) -> Option<Quantity> {
        match self.get(id)? {
            Value::Number(number) => Some(*number),
            _ => None,
        }
    }

    /// The whole day answered: of a moment, the day on which it fell at the centre.
    pub fn day(&self, id: &FieldId) -> Option<Date> {
        match self.get(id)? {
            Value::Day(day) | Value::Partial(PartialDate::Day(day)) => Some(*day),
            Value::Moment(moment) => Some(self.zone.day(*moment)),
            _ => None,
        }
    }

    /// Is this field asked of this participant?
    pub fn asks(&self, field: &Field) -> bool {
        field.only_when.as_ref().is_none_or(|condition| meets(&self.values, condition))
    }

    /// The fields that must still be answered before the investigator can sign, in the order of the form.
    pub fn missing(&self, trial: &Trial) -> Vec<FieldId> {
        let open = |field: &&Field| !field.optional && self.asks(field);
        let fields = trial.fields.iter().filter(open).map(|field| &field.id);
        fields.filter(|id| self.get(id).is_none()).cloned().collect()
    }

    /// The combinations of answers to ask about again. They refuse nothing.
    pub fn cross_checks<'t>(&self, trial: &'t Trial) -> Vec<&'t CrossCheck> {
        let holds = |check: &&CrossCheck| check.when.truth(trial, self) == Truth::Yes;
        trial.cross_checks.iter().filter(holds).collect()
    }

    fn named(&self, id: &str) -> Option<&Value> {
        self.get(&FieldId::parse(id).ok()?)
    }
}

impl Value {
    fn to_raw(&self, zone: &Zone) -> Raw {
        Raw::One(match self {
            Value::Day(day) => day.to_string(),
            Value::Partial(day) => day.to_string(),
            Value::Never => NEVER.to_owned(),
            Value::Moment(moment) => zone.minute(*moment),
            Value::YesNo(yes) => (if *yes { "yes" } else { "no" }).to_owned(),
            Value::Choice(id) | Value::Text(id) => id.clone(),
            Value::Several(ids) => return Raw::Many(ids.clone()),
            Value::NoneTicked(id) => return Raw::Many(vec![id.clone()]),
            Value::Number(number) => number.to_string(),
            Value::NotSure => NOT_SURE.to_owned(),
        })
    }
}

fn meets(values: &BTreeMap<FieldId, Value>, condition: &Condition) -> bool {
    match values.get(&condition.field) {
        Some(Value::Choice(chosen)) => *chosen == condition.choice,
        Some(Value::Several(ticked)) => ticked.contains(&condition.choice),
        Some(Value::YesNo(yes)) => (if *yes { "yes" } else { "no" }) == condition.choice,
        _ => false,
    }
}
