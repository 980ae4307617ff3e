//! The questions of the screening form, and what each takes.

use super::ids::FieldId;
use super::quantity::Quantity;
use super::trial::{Choice, Source, Words};

/// One question of the screening form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// Its id.
    pub id: FieldId,
    /// The page it stands on.
    pub page: String,
    /// What may be answered.
    pub kind: FieldKind,
    /// The unit of a number.
    pub unit: Option<Words>,
    /// May it stay empty when the investigator signs?
    pub optional: bool,
    /// Asked only of those who gave this answer to another field.
    pub only_when: Option<Condition>,
    /// Does it name or describe a person, so that it may never leave the private record?
    pub private: bool,
    /// The question.
    pub name: Words,
    /// Who asks for it.
    pub source: Source,
}

/// One answer to another field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Condition {
    /// The other field.
    pub field: FieldId,
    /// What must have been chosen there.
    pub choice: String,
}

/// What a field takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FieldKind {
    /// The centre's prefix, a hyphen, three digits.
    EnrolmentNumber,
    /// Four capital letters; a missing second or fourth is a hyphen.
    Initials,
    /// A whole day.
    Date(DateLimits),
    /// A day, perhaps known to the month or the year only, or the explicit answer *never*.
    DateOrNever(DateLimits),
    /// A minute, in the centre's time, not in the future.
    Moment,
    /// Yes or no.
    YesNo,
    /// One of these.
    Choice(Vec<Choice>),
    /// One of the consent forms approved at the centre on the day of consent.
    ConsentVersion,
    /// Several of these, or the one that says "none".
    Choices {
        /// What may be ticked.
        options: Vec<Choice>,
        /// The option that excludes all others.
        none: Option<String>,
    },
    /// A whole number.
    Integer(Range),
    /// A decimal.
    Decimal {
        /// At most so many places after the point.
        places: usize,
        /// From, to.
        range: Range,
    },
    /// One line of text, at most so many characters.
    Text {
        /// In characters.
        longest: usize,
    },
}

/// Numbers that are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Range {
    /// Smallest.
    pub from: Quantity,
    /// Largest.
    pub to: Quantity,
    /// Above this it is taken only when confirmed.
    pub ask_above: Option<Quantity>,
}

/// Days that are taken. Future days never are.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DateLimits {
    /// Not before this field's day and some days (negative: earlier).
    pub not_before: Option<(FieldId, i32)>,
    /// Strictly before this field's day.
    pub before: Option<FieldId>,
    /// Strictly before today.
    pub past: bool,
    /// At most so many years ago.
    pub years_back: Option<u32>,
}

impl FieldKind {
    /// The kind's word, as the configuration writes it.
    pub fn word(&self) -> &'static str {
        match self {
            FieldKind::EnrolmentNumber => "enrolment-number",
            FieldKind::Initials => "initials",
            FieldKind::Date(_) => "date",
            FieldKind::DateOrNever(_) => "date-or-never",
            FieldKind::Moment => "moment",
            FieldKind::YesNo => "yes-no",
            FieldKind::Choice(_) => "choice",
            FieldKind::ConsentVersion => "consent-version",
            FieldKind::Choices { .. } => "choices",
            FieldKind::Integer(_) => "integer",
            FieldKind::Decimal { .. } => "decimal",
            FieldKind::Text { .. } => "text",
        }
    }
}

/// Fields that the steps of every trial need, whatever else its form asks: the order of consent, screening,
/// signature and randomisation is built in, not configured (trial facts, section 7).
pub mod built_in {
    /// The number given at screening.
    pub const ENROLMENT_NUMBER: &str = "enrolment_number";
    /// Four letters.
    pub const INITIALS: &str = "initials";
    /// A day.
    pub const BIRTH_DATE: &str = "birth_date";
    /// A choice.
    pub const SEX: &str = "sex";
    /// Yes or no.
    pub const CONSENT_GIVEN: &str = "consent_given";
    /// A moment.
    pub const CONSENT_SIGNED_AT: &str = "consent_signed_at";
    /// A version of the consent form.
    pub const CONSENT_VERSION: &str = "consent_version";
    /// A day.
    pub const SCREENING_DATE: &str = "screening_date";
    /// Those without which nothing is saved at all.
    pub const IDENTITY: [&str; 4] = [ENROLMENT_NUMBER, INITIALS, BIRTH_DATE, SEX];
}
