//! A screening record as people read it: every answer with its question, every criterion with its values, the stratum
//! item by item. Shown before the entries are signed, to whoever signs after, and on paper.

use super::frame::{Frame, field_of};
use crate::domain::answers::{Answers, NEVER, NOT_SURE, Raw};
use crate::domain::eligibility::{Judged, Outcome};
use crate::domain::ids::{CentreId, FieldId};
use crate::domain::people::Role;
use crate::domain::rule::{Rule, Truth, quantity};
use crate::domain::trial::{Effect, Field, FieldKind, Trial};
use crate::refusal::FieldError;
use crate::service::record::{Acknowledged, Around, SignedBy};
use crate::service::screen;
use crate::text::Language;
use std::collections::BTreeMap;

/// Answers by the id of their field.
pub type AnswersSaid = BTreeMap<String, Raw>;

/// The answers of one page of the form.
pub struct Part {
    /// The page's name.
    pub heading: String,
    /// Its questions, in their order.
    pub rows: Vec<Row>,
}

/// One question with its answer.
pub struct Row {
    /// The field's id, and the row's on the page.
    pub id: String,
    /// The question.
    pub label: String,
    /// The answer in words.
    pub value: String,
    /// Is it still open?
    pub open: bool,
    /// What is wrong with it.
    pub error: Option<String>,
    /// Where it can be changed.
    pub change: Option<String>,
}

/// Is this field asked, as the answers stand? It may want another answer first.
pub fn is_asked(said: &AnswersSaid, field: &Field) -> bool {
    field.only_when.as_ref().is_none_or(|condition| {
        let raw = said.get(condition.field.as_str());
        raw.is_some_and(|raw| raw.as_slice().contains(&condition.choice))
    })
}

/// Every answer, page by page. `change` says where a field can be changed, if it can.
pub fn answers(
    f: &Frame<'_>,
    said: &AnswersSaid,
    errors: &[FieldError],
    change: impl Fn(&Field) -> Option<String>,
) -> Vec<Part> {
    let trial = &f.visit.house.trial;
    let row = |field: &Field| {
        let id = field.id.as_str().to_owned();
        let raw = said.get(&id);
        let error = errors.iter().find(|error| field_of(&error.pointer) == id);
        Row {
            label: f.words(&field.name).to_owned(),
            value: shown(f, field, raw),
            open: raw.is_none_or(|raw| raw.as_slice() == [NOT_SURE]),
            error: error.map(|error| error.words(f.visit.language)),
            change: change(field),
            id,
        }
    };
    let part = |page: &crate::domain::trial::Page| {
        let fields = trial.fields.iter().filter(|field| field.page == page.id);
        // An answer to a question that is not asked is shown: it is wrong, and must be found.
        let fields = fields.filter(|f| is_asked(said, f) || said.contains_key(f.id.as_str()));
        Part { heading: f.words(&page.name).to_owned(), rows: fields.map(row).collect() }
    };
    trial.pages.iter().map(part).filter(|part| !part.rows.is_empty()).collect()
}

/// An answer in words.
pub fn shown(f: &Frame<'_>, field: &Field, raw: Option<&Raw>) -> String {
    let Some(raw) = raw else { return f.say("record.open") };
    let between = match f.visit.language {
        Language::En => ", ",
        Language::ZhCn => "、",
    };
    let texts: Vec<String> = raw.as_slice().iter().map(|text| word(f, field, text)).collect();
    let all = texts.join(between);
    match &field.unit {
        Some(unit) if raw.as_slice() != [NOT_SURE] => format!("{all} {}", f.words(unit)),
        _ => all,
    }
}

fn word(f: &Frame<'_>, field: &Field, text: &str) -> String {
    match (&field.kind, text) {
        (_, NOT_SURE) => f.say("form.not-sure"),
        (FieldKind::DateOrNever(_), NEVER) => f.say("form.never"),
        (FieldKind::YesNo, "yes" | "no") => f.say(&format!("form.{text}")),
        (FieldKind::Choice(options) | FieldKind::Choices { options, .. }, _) => {
            let option = options.iter().find(|option| option.id == text);
            option.map_or(text, |option| f.words(&option.name)).to_owned()
        }
        (FieldKind::Moment, _) => {
            let zone = &f.visit.house.trial.zone;
            zone.moment(text).map_or_else(|| text.replace('T', " "), |at| zone.shown(at))
        }
        _ => text.to_owned(),
    }
}

/// What the answers give.
pub struct Findings {
    /// `eligible`, `not-eligible` or `incomplete`.
    pub outcome: &'static str,
    /// The criteria in groups: what stands in the way first.
    pub groups: Vec<Group>,
    /// The factors of the stratum.
    pub factors: Vec<Level>,
    /// Combinations of answers that are asked about again.
    pub again: Vec<String>,
}

/// Criteria that came to the same.
pub struct Group {
    /// `unmet`, `warned`, `open` or `met`: the key of its words.
    pub key: &'static str,
    /// They, in the order of the file.
    pub rules: Vec<Ruled>,
}

/// A rule with what it looked at.
pub struct Ruled {
    /// Its number.
    pub id: String,
    /// Its words.
    pub words: String,
    /// `met`, `not-met` or `unknown`.
    pub truth: &'static str,
    /// Each question with its answer.
    pub values: Vec<(String, String)>,
}

/// A factor of the stratum.
pub struct Level {
    /// Its name.
    pub name: String,
    /// `yes`, `no` or `unknown`.
    pub level: &'static str,
    /// Item by item.
    pub items: Vec<Ruled>,
}

/// Judges the answers as the service does, and puts it into words. Nothing while an answer cannot be read.
pub fn findings(f: &Frame<'_>, centre: &CentreId, said: &AnswersSaid) -> Option<Findings> {
    let judged = f.visit.house.judge(centre, said).ok()?;
    let trial = &f.visit.house.trial;
    let rule = |id: &str, words: &str, truth: Truth, rule: &Rule| Ruled {
        id: id.to_owned(),
        words: words.to_owned(),
        truth: screen::truth(truth),
        values: values(f, &judged.answers, said, rule),
    };
    let criterion = |judged: &&Judged| {
        let criterion = trial.criterion(&judged.id)?;
        Some(rule(&judged.id, f.words(&criterion.name), judged.truth, &criterion.rule))
    };
    let group = |key: &'static str, truth: Truth, effect: Option<Effect>| {
        let fits = |judged: &&Judged| {
            judged.truth == truth && effect.is_none_or(|effect| judged.effect == effect)
        };
        let rules = judged.verdict.criteria.iter().filter(fits).filter_map(|j| criterion(&j));
        Group { key, rules: rules.collect() }
    };
    let groups = [
        group("unmet", Truth::No, Some(Effect::Block)),
        group("warned", Truth::No, Some(Effect::Warn)),
        group("open", Truth::Unknown, None),
        group("met", Truth::Yes, None),
    ];
    let item = |(id, words, of): (&str, &str, &Rule)| {
        rule(id, words, of.truth(trial, &judged.answers), of)
    };
    let known = judged.stratum.missing.is_empty();
    let factor = |factor: &crate::domain::trial::Factor| {
        let items = factor.items.iter();
        let items: Vec<_> =
            items.map(|i| item((i.id.as_str(), f.words(&i.name), &i.rule))).collect();
        let truths = factor.items.iter().map(|i| i.rule.truth(trial, &judged.answers));
        let level = match Truth::all(truths) {
            Truth::Yes if known => "yes",
            Truth::No if known => "no",
            _ => "unknown",
        };
        Level { name: f.words(&factor.name).to_owned(), level, items }
    };
    let again = judged.answers.cross_checks(trial);
    Some(Findings {
        outcome: judged.verdict.outcome.as_str(),
        groups: groups.into_iter().filter(|group| !group.rules.is_empty()).collect(),
        factors: trial.stratification.factors.iter().map(factor).collect(),
        again: again.into_iter().map(|check| f.words(&check.ask).to_owned()).collect(),
    })
}

impl Findings {
    /// Is there nothing in the way?
    pub fn eligible(&self) -> bool {
        self.outcome == Outcome::Eligible.as_str()
    }
}

/// What a rule looks at: questions with answers, and values worked out from them.
fn values(
    f: &Frame<'_>,
    answers: &Answers,
    said: &AnswersSaid,
    rule: &Rule,
) -> Vec<(String, String)> {
    let trial: &Trial = &f.visit.house.trial;
    let mut ids: Vec<&FieldId> = vec![];
    leaves(rule, &mut ids);
    let value = |id: &FieldId| match (trial.field(id), trial.derived(id)) {
        (Some(field), _) => {
            Some((f.words(&field.name).to_owned(), shown(f, field, said.get(id.as_str()))))
        }
        (None, Some(derived)) => {
            let number = quantity(trial, answers, id).map(|number| number.to_string());
            let unit = derived.unit.as_ref().map(|unit| f.words(unit));
            let number = match (number, unit) {
                (Some(number), Some(unit)) => format!("{number} {unit}"),
                (number, _) => number.unwrap_or_else(|| f.say("record.open")),
            };
            Some((f.words(&derived.name).to_owned(), number))
        }
        (None, None) => None,
    };
    // A question's mark before a colon is no sentence.
    let plain =
        |(label, value): (String, String)| (label.trim_end_matches(['?', '？']).to_owned(), value);
    ids.into_iter().filter_map(value).map(plain).collect()
}

fn leaves<'r>(rule: &'r Rule, found: &mut Vec<&'r FieldId>) {
    match rule {
        Rule::AllOf(rules) | Rule::AnyOf(rules) => {
            rules.iter().for_each(|rule| leaves(rule, found));
        }
        Rule::NoneWithin(id, months) => {
            for id in [id, &months.before] {
                if !found.contains(&id) {
                    found.push(id);
                }
            }
        }
        Rule::AtLeast(id, _)
        | Rule::AtMost(id, _)
        | Rule::MoreThan(id, _)
        | Rule::LessThan(id, _)
        | Rule::MustBe(id, _) => {
            if !found.contains(&id) {
                found.push(id);
            }
        }
    }
}

/// Who signed, and when.
pub struct Signed {
    /// Printed name and role.
    pub who: String,
    /// In the trial's zone; never broken in two.
    pub at: String,
}

/// Who signed and when, in words.
pub fn signed_words(f: &Frame<'_>, signed: &SignedBy) -> Signed {
    let role = Role::parse(&signed.role).map(|role| f.role(role)).unwrap_or_default();
    Signed { who: format!("{} · {role}", signed.name), at: f.visit.minute(signed.at) }
}

/// The warnings that the investigator accepted, each with the reason given.
pub fn acknowledged(f: &Frame<'_>, around: &Around) -> Vec<(String, String)> {
    let trial = &f.visit.house.trial;
    let words = |warned: &Acknowledged| {
        let criterion = trial.criterion(&warned.criterion)?;
        Some((f.words(&criterion.name).to_owned(), warned.reason.clone()))
    };
    around.acknowledged.iter().filter_map(words).collect()
}
