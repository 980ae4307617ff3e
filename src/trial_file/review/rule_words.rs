//! A rule as a sentence, in one language or the other.

use crate::domain::ids::FieldId;
use crate::domain::quantity::Quantity;
use crate::domain::rule::Rule;
use crate::domain::trial::{FieldKind, Trial, Words};

/// A language of the review.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tongue {
    En,
    Zh,
}

fn in_tongue(words: &Words, tongue: Tongue) -> &str {
    match tongue {
        Tongue::En => &words.en,
        Tongue::Zh => &words.zh,
    }
}

/// What a field or derived value is called.
pub(super) fn name_of(trial: &Trial, id: &FieldId, tongue: Tongue) -> String {
    let field = trial.field(id).map(|field| &field.name);
    let found = field.or_else(|| trial.derived(id).map(|derived| &derived.name));
    found.map_or_else(|| id.to_string(), |words| in_tongue(words, tongue).to_owned())
}

/// A rule without parts as a sentence.
pub(super) fn say(trial: &Trial, rule: &Rule, tongue: Tongue) -> String {
    let number = |id, en: &str, zh: &str, limit| match tongue {
        Tongue::En => compared(trial, id, en, limit, tongue),
        Tongue::Zh => compared(trial, id, zh, limit, tongue),
    };
    match rule {
        Rule::AtLeast(id, limit) => number(id, "at least", "至少", limit),
        Rule::AtMost(id, limit) => number(id, "at most", "至多", limit),
        Rule::MoreThan(id, limit) => number(id, "more than", "大于", limit),
        Rule::LessThan(id, limit) => number(id, "less than", "小于", limit),
        Rule::MustBe(id, choice) => {
            format!("{} = {}", name_of(trial, id, tongue), choice_name(trial, id, choice, tongue))
        }
        Rule::NoneWithin(id, months) => {
            let (name, day) = (name_of(trial, id, tongue), name_of(trial, &months.before, tongue));
            let count = months.count;
            match tongue {
                Tongue::En => format!("{name}: never, or at least {count} months before {day}"),
                Tongue::Zh => format!("{name}：从未，或早于{day}至少 {count} 个月"),
            }
        }
        // Their parts are said one by one.
        Rule::AllOf(_) | Rule::AnyOf(_) => String::new(),
    }
}

fn compared(trial: &Trial, id: &FieldId, word: &str, limit: &Quantity, tongue: Tongue) -> String {
    let field = trial.field(id).and_then(|field| field.unit.as_ref());
    let unit = field.or_else(|| trial.derived(id).and_then(|derived| derived.unit.as_ref()));
    let unit = unit.map(|unit| in_tongue(unit, tongue)).unwrap_or_default();
    format!("{} {word} {limit} {unit}", name_of(trial, id, tongue)).trim_end().to_owned()
}

fn choice_name(trial: &Trial, id: &FieldId, choice: &str, tongue: Tongue) -> String {
    let options = match trial.field(id).map(|field| &field.kind) {
        Some(FieldKind::Choice(options)) => options.as_slice(),
        _ => &[],
    };
    match (options.iter().find(|option| option.id == choice), choice, tongue) {
        (Some(option), ..) => in_tongue(&option.name, tongue).to_owned(),
        (None, "yes", Tongue::Zh) => "是".to_owned(),
        (None, "no", Tongue::Zh) => "否".to_owned(),
        _ => choice.to_owned(),
    }
}
