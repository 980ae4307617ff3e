//! From the trial's configuration to the questions of one page, and from what was typed back to answers. What an answer
//! must be is decided by the same reader that the record is read with, and nowhere here.

use super::begun::{Begun, is_left_out};
use crate::domain::answers::{CONFIRMED, NEVER, NOT_SURE, Raw};
use crate::domain::field::built_in;
use crate::domain::time::Date;
use crate::domain::trial::{self, Condition, ConsentVersion, FieldKind, Range, Trial};
use crate::http::pages::Visit;
use crate::refusal::{FieldCode, FieldError};
use crate::text::Arg;
use crate::web::form::{Choice, Field, Kind, Line, boxes_typed, day_of, day_typed};
use crate::web::frame::{Frame, field_of};
use crate::web::record::is_asked;

/// Questions that cannot be passed over: who it is, and whether consent was given.
const NO_DOUBT: [&str; 7] = [
    built_in::ENROLMENT_NUMBER,
    built_in::INITIALS,
    built_in::BIRTH_DATE,
    built_in::SEX,
    built_in::CONSENT_GIVEN,
    built_in::CONSENT_SIGNED_AT,
    built_in::CONSENT_VERSION,
];

fn may_be_unsure(field: &trial::Field) -> bool {
    !NO_DOUBT.contains(&field.id.as_str())
}

/// The questions of a page: those that other pages leave out are not there, nor is a number that was given for ever.
pub fn shown<'t>(trial: &'t Trial, draft: &Begun, page: &trial::Page) -> Vec<&'t trial::Field> {
    let here = trial.fields.iter().filter(|field| field.page == page.id);
    let asked = here.filter(|field| !is_left_out(trial, &draft.answers, field));
    let given =
        |field: &&trial::Field| draft.change.is_some() && field.kind == FieldKind::EnrolmentNumber;
    asked.filter(|field| !given(field)).collect()
}

/// Puts what was typed on this page into the draft.
pub fn merge(visit: &Visit, draft: &mut Begun, page: &trial::Page) {
    let trial = &visit.house.trial;
    let prefix = trial.centre(&draft.centre).map_or("", |centre| centre.prefix.as_str());
    let mut confirmed: Vec<String> =
        draft.answers.get(CONFIRMED).map_or(vec![], |raw| raw.as_slice().to_vec());
    for field in shown(trial, draft, page) {
        let name = field.id.as_str();
        confirmed.retain(|id| id != name);
        let Some(raw) = typed(visit, field, prefix) else {
            draft.answers.remove(name);
            continue;
        };
        // What was confirmed is this value and no other.
        let value = visit.said.get(&format!("{name}.confirmed"));
        if raw.as_slice().first().is_some_and(|text| !value.is_empty() && text == value) {
            confirmed.push(name.to_owned());
        }
        draft.answers.insert(name.to_owned(), raw);
    }
    if confirmed.is_empty() {
        draft.answers.remove(CONFIRMED);
    } else {
        draft.answers.insert(CONFIRMED.to_owned(), Raw::Many(confirmed));
    }
}

/// What was typed for a field. An answer with "never" or "not sure" beside it stays two texts, which no reader takes.
fn typed(visit: &Visit, field: &trial::Field, prefix: &str) -> Option<Raw> {
    let name = field.id.as_str();
    let line = || Some(visit.said.get(name).trim().to_owned()).filter(|text| !text.is_empty());
    let ticked = |part: &str| {
        let text = visit.said.get(&format!("{name}.{part}"));
        (!text.is_empty()).then(|| text.to_owned())
    };
    let texts: Vec<String> = match &field.kind {
        FieldKind::Choices { .. } => {
            let texts: Vec<String> = visit.said.all(name).map(str::to_owned).collect();
            return (!texts.is_empty()).then_some(Raw::Many(texts));
        }
        FieldKind::Date(_) | FieldKind::Moment => {
            [day_typed(visit, name), ticked("unsure")].into_iter().flatten().collect()
        }
        FieldKind::DateOrNever(_) => {
            let never = ticked("never").filter(|text| text == NEVER);
            [boxes_typed(visit, name), never, ticked("unsure")].into_iter().flatten().collect()
        }
        FieldKind::EnrolmentNumber => {
            let whole = |text: String| {
                let digits = text.bytes().all(|b| b.is_ascii_digit());
                if digits { format!("{prefix}-{text}") } else { text.to_ascii_uppercase() }
            };
            line().map(whole).into_iter().collect()
        }
        _ => [line(), ticked("unsure")].into_iter().flatten().collect(),
    };
    match texts.as_slice() {
        [] => None,
        [one] => Some(Raw::One(one.clone())),
        _ => Some(Raw::Many(texts)),
    }
}

/// What is wrong with the answers of this page, as the reader of records says it; and the questions passed over.
pub fn wrong_on(visit: &Visit, draft: &Begun, page: &trial::Page) -> Vec<FieldError> {
    let trial = &visit.house.trial;
    let raw = draft.asked(trial);
    let found = visit.house.judge(&draft.centre, &raw).err().map(|refusal| refusal.errors);
    let found = named(draft, found.unwrap_or_default());
    let mut errors = vec![];
    for field in shown(trial, draft, page) {
        let name = field.id.as_str();
        let own = |error: &&FieldError| field_of(&error.pointer) == name;
        let asked = is_asked(&raw, field);
        match found.iter().find(own) {
            Some(error) => errors.push(error.clone()),
            None if asked && !field.optional && !raw.contains_key(name) => {
                let pointer = format!("/answers/{name}");
                errors.push(FieldError::new(pointer, FieldCode::AnswerOpen));
            }
            None => {}
        }
    }
    errors
}

/// The reader knows no boxes to tick: two texts for one answer are of the wrong type to it.
pub fn named(draft: &Begun, errors: Vec<FieldError>) -> Vec<FieldError> {
    let twice = |error: &FieldError| {
        let raw = draft.answers.get(&field_of(&error.pointer));
        error.code == FieldCode::WrongType && raw.is_some_and(|raw| raw.as_slice().len() > 1)
    };
    let renamed = errors.into_iter().map(|error| match twice(&error) {
        true => FieldError { code: FieldCode::AnswerTwice, ..error },
        false => error,
    });
    renamed.collect()
}

/// The questions of a page with the answers so far.
pub fn fields(f: &Frame<'_>, draft: &Begun, page: &trial::Page) -> Vec<Field> {
    let trial = &f.visit.house.trial;
    shown(trial, draft, page).into_iter().map(|field| one(f, draft, field)).collect()
}

/// The texts of an answer, parted: the answer itself, and what was ticked beside it.
struct Parts {
    value: String,
    never: bool,
    unsure: bool,
}

fn parts(raw: Option<&Raw>) -> Parts {
    let texts = raw.map_or(&[][..], Raw::as_slice);
    let has = |word: &str| texts.iter().any(|text| text == word);
    let value = texts.iter().find(|text| *text != NEVER && *text != NOT_SURE);
    Parts { value: value.cloned().unwrap_or_default(), never: has(NEVER), unsure: has(NOT_SURE) }
}

fn one(f: &Frame<'_>, draft: &Begun, field: &trial::Field) -> Field {
    let raw = draft.answers.get(field.id.as_str());
    let parts = parts(raw);
    let unsure = may_be_unsure(field);
    let never = matches!(field.kind, FieldKind::DateOrNever(_)).then_some(parts.never);
    let day = |time| {
        let day = day_of(&parts.value, time, never.is_some());
        Kind::Date(crate::web::form::Day { never, ..day })
    };
    let kind = match &field.kind {
        FieldKind::EnrolmentNumber => line(number_behind(f, draft, &parts.value), "numeric", 4),
        FieldKind::Initials => line(parts.value.clone(), "text", 8),
        FieldKind::Integer(_) => line(parts.value.clone(), "numeric", 8),
        FieldKind::Decimal { .. } => line(parts.value.clone(), "decimal", 8),
        FieldKind::Text { .. } => line(parts.value.clone(), "text", 40),
        FieldKind::Date(_) | FieldKind::DateOrNever(_) => day(false),
        FieldKind::Moment => day(true),
        FieldKind::YesNo | FieldKind::Choice(_) | FieldKind::ConsentVersion => {
            Kind::One(choices(f, draft, field, raw, unsure))
        }
        FieldKind::Choices { .. } => Kind::Many(choices(f, draft, field, raw, unsure)),
    };
    let boxed = !matches!(kind, Kind::One(_) | Kind::Many(_));
    let label = f.words(&field.name).to_owned();
    let label = if field.optional { f.with("screening.optional", "field", label) } else { label };
    let mut drawn = Field::new(field.id.as_str(), label, kind).told(f.visit);
    drawn.unit = field.unit.as_ref().map(|unit| f.words(unit).to_owned());
    drawn.hint = hint(f, draft, field);
    drawn.not_sure = (boxed && unsure).then_some(parts.unsure);
    if field.kind == FieldKind::EnrolmentNumber {
        let centre = f.visit.house.trial.centre(&draft.centre);
        drawn.before = centre.map(|centre| format!("{}-", centre.prefix));
    }
    drawn.confirm = confirmation(f, draft, field, &parts.value);
    drawn
}

fn line(value: String, mode: &'static str, width: u8) -> Kind {
    Kind::Line(Line { value, mode, width, autocomplete: "off" })
}

/// The part of the enrolment number that is typed: the prefix stands before the box.
fn number_behind(f: &Frame<'_>, draft: &Begun, value: &str) -> String {
    let centre = f.visit.house.trial.centre(&draft.centre);
    let prefix = centre.map(|centre| format!("{}-", centre.prefix)).unwrap_or_default();
    value.strip_prefix(&prefix).unwrap_or(value).to_owned()
}

/// The box "it is right", for a value that was found unusual just now, or was confirmed before.
fn confirmation(
    f: &Frame<'_>,
    draft: &Begun,
    field: &trial::Field,
    value: &str,
) -> Option<(String, bool)> {
    let name = field.id.as_str();
    let confirmed = draft.answers.get(CONFIRMED).map_or(&[][..], Raw::as_slice);
    let was = confirmed.iter().any(|id| id == name);
    let asked = f
        .visit
        .errors
        .iter()
        .any(|error| error.code == FieldCode::NumConfirm && field_of(&error.pointer) == name);
    (was || asked).then(|| (value.to_owned(), was))
}

fn choices(
    f: &Frame<'_>,
    draft: &Begun,
    field: &trial::Field,
    raw: Option<&Raw>,
    unsure: bool,
) -> Vec<Choice> {
    let ticked = raw.map_or(&[][..], Raw::as_slice);
    let choice = |value: &str, label: String| {
        let chosen = ticked.iter().any(|text| text == value);
        Choice { value: value.to_owned(), label, chosen }
    };
    let mut all: Vec<Choice> = match &field.kind {
        FieldKind::YesNo => {
            vec![choice("yes", f.say("form.yes")), choice("no", f.say("form.no"))]
        }
        FieldKind::Choice(options) | FieldKind::Choices { options, .. } => {
            options.iter().map(|o| choice(&o.id, f.words(&o.name).to_owned())).collect()
        }
        FieldKind::ConsentVersion => versions(f, draft, ticked)
            .into_iter()
            .map(|version| choice(&version.id, version_words(f, version)))
            .collect(),
        _ => vec![],
    };
    if unsure {
        all.push(choice(NOT_SURE, f.say("form.not-sure")));
    }
    all
}

/// The consent forms approved at the centre on the day of consent; all of them while the day is not known. One that was
/// chosen before stays in sight, so that it can be seen to be wrong.
fn versions<'t>(f: &Frame<'t>, draft: &Begun, ticked: &[String]) -> Vec<&'t ConsentVersion> {
    let trial = &f.visit.house.trial;
    let signed = draft.answers.get(built_in::CONSENT_SIGNED_AT);
    let signed = signed.and_then(|raw| raw.as_slice().first());
    let day = signed.and_then(|text| Date::parse(text.split('T').next()?));
    let approved = |version: &&ConsentVersion| {
        day.is_none_or(|day| version.approved_on(day)) || ticked.contains(&version.id)
    };
    let Some(centre) = trial.centre(&draft.centre) else { return vec![] };
    centre.consent_versions.iter().filter(approved).collect()
}

fn version_words(f: &Frame<'_>, version: &ConsentVersion) -> String {
    let id = ("version", Arg::from(version.id.as_str()));
    let from = ("from", Arg::from(version.from.to_string()));
    match version.until {
        None => f.visit.say_with("screening.version-from", &[id, from]),
        Some(last) => {
            let until = ("until", Arg::from(last.to_string()));
            f.visit.say_with("screening.version-until", &[id, from, until])
        }
    }
}

/// How to answer, in words: the condition first, then the form of the answer.
fn hint(f: &Frame<'_>, draft: &Begun, field: &trial::Field) -> Option<String> {
    let trial = &f.visit.house.trial;
    let condition = field.only_when.as_ref().map(|condition| condition_words(f, condition));
    let form = match &field.kind {
        FieldKind::EnrolmentNumber => {
            trial.centre(&draft.centre).map(|c| f.with("hint.number", "prefix", &c.prefix))
        }
        FieldKind::Initials => Some(f.say("hint.initials")),
        FieldKind::Moment => Some(f.say("hint.moment")),
        FieldKind::DateOrNever(_) => Some(f.say("hint.partial")),
        FieldKind::Integer(range) => Some(between(f, range)),
        FieldKind::Decimal { places, range } => {
            let range = between(f, range);
            Some(format!("{range} {}", f.with("hint.places", "places", places)))
        }
        FieldKind::Choices { .. } => Some(f.say("hint.several")),
        FieldKind::Text { longest } => Some(f.with("hint.text", "longest", longest)),
        _ => None,
    };
    let all: Vec<String> = condition.into_iter().chain(form).collect();
    (!all.is_empty()).then(|| all.join(" "))
}

fn between(f: &Frame<'_>, range: &Range) -> String {
    let ends = [("from", range.from.to_string().into()), ("to", range.to.to_string().into())];
    f.visit.say_with("hint.range", &ends)
}

/// When a field is asked at all, in words: the other question, and the answer that was meant.
pub fn condition_words(f: &Frame<'_>, condition: &Condition) -> String {
    let Some(other) = f.visit.house.trial.field(&condition.field) else { return String::new() };
    let choice = match &other.kind {
        FieldKind::Choice(options) | FieldKind::Choices { options, .. } => options
            .iter()
            .find(|option| option.id == condition.choice)
            .map(|option| f.words(&option.name).to_owned()),
        _ => None,
    };
    let choice = choice.unwrap_or_else(|| f.say(&format!("form.{}", condition.choice)));
    let field = f.words(&other.name).to_owned();
    f.visit.say_with("hint.only-when", &[("field", field.into()), ("choice", choice.into())])
}
