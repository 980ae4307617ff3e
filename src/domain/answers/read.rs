//! From text to answers: each kind of field in turn, then what the answers say about one another.

use super::{Answers, CONFIRMED, FieldProblem, Identity, NEVER, NOT_SURE, Raw, Value, meets};
use crate::domain::field::built_in;
use crate::domain::ids::{CentreId, EnrolmentNumber, FieldId};
use crate::domain::quantity::Quantity;
use crate::domain::time::{Date, Moment, PartialDate};
use crate::domain::trial::{Centre, Choice, DateLimits, Field, FieldKind, Range, Trial};
use std::collections::{BTreeMap, BTreeSet};

/// Nothing that arrives for a field is longer, in characters; texts have limits of their own below it.
const RAW_CHARS_MAX: usize = 200;
/// No list that arrives for a field has more members.
const RAW_TEXTS_MAX: usize = 64;
/// Runs of so many digits are telephone, identity-card or record numbers, and are refused in texts.
const DIGIT_RUN_MAX: usize = 10;

/// A refusal of one answer, before it is known whose it is.
struct Refusal {
    code: &'static str,
    min: Option<String>,
    max: Option<String>,
    other: Option<FieldId>,
}

impl Refusal {
    fn named(self, field: &FieldId) -> FieldProblem {
        let Refusal { code, min, max, other } = self;
        FieldProblem { field: field.as_str().to_owned(), code, min, max, other }
    }

    fn max(mut self, most: impl ToString) -> Self {
        self.max = Some(most.to_string());
        self
    }

    fn min(mut self, least: impl ToString) -> Self {
        self.min = Some(least.to_string());
        self
    }
}

fn because(code: &'static str) -> Refusal {
    Refusal { code, min: None, max: None, other: None }
}

/// What reading has come to.
struct Reading<'t> {
    trial: &'t Trial,
    centre: &'t Centre,
    now: Moment,
    today: Date,
    values: BTreeMap<FieldId, Value>,
    confirmed: BTreeSet<FieldId>,
    problems: Vec<FieldProblem>,
}

/// See [`Answers::read`].
pub(super) fn read(
    trial: &Trial,
    centre: &CentreId,
    raw: &BTreeMap<String, Raw>,
    now: Moment,
) -> Result<Answers, Vec<FieldProblem>> {
    let Some(centre) = trial.centre(centre) else {
        let Refusal { code, min, max, other } = because("choice-unknown");
        return Err(vec![FieldProblem { field: String::new(), code, min, max, other }]);
    };
    let mut reading = Reading {
        trial,
        centre,
        now,
        today: trial.zone.day(now),
        values: BTreeMap::new(),
        confirmed: BTreeSet::new(),
        problems: vec![],
    };
    reading.names(raw);
    for field in &trial.fields {
        if let Some(raw) = raw.get(field.id.as_str())
            && let Err(refusal) = reading.field(field, raw)
        {
            reading.problems.push(refusal.named(&field.id));
        }
    }
    for field in &trial.fields {
        if let Err(refusal) = reading.among_others(field) {
            reading.problems.push(refusal.named(&field.id));
        }
    }
    reading.finish()
}

impl Reading<'_> {
    /// Nothing may arrive that is not asked, and confirmations must be of fields.
    fn names(&mut self, raw: &BTreeMap<String, Raw>) {
        let known =
            |name: &str| FieldId::parse(name).ok().filter(|id| self.trial.field(id).is_some());
        for (name, texts) in raw {
            if name == CONFIRMED {
                let ids = texts.as_slice().iter().take(RAW_TEXTS_MAX);
                self.confirmed = ids.filter_map(|id| known(id)).collect();
            } else if known(name).is_none() {
                let field = FieldId::parse(name).map(|id| id.to_string()).unwrap_or_default();
                let Refusal { code, min, max, other } = because("unknown-field");
                self.problems.push(FieldProblem { field, code, min, max, other });
            }
        }
    }

    fn field(&mut self, field: &Field, raw: &Raw) -> Result<(), Refusal> {
        let texts = raw.as_slice();
        if texts.len() > RAW_TEXTS_MAX {
            return Err(because("choice-unknown"));
        }
        if texts.iter().any(|text| text.chars().count() > RAW_CHARS_MAX) {
            return Err(because("text-too-long").max(RAW_CHARS_MAX));
        }
        let given: Vec<&str> = texts.iter().map(|t| t.trim()).filter(|t| !t.is_empty()).collect();
        let value = match (&field.kind, given.as_slice()) {
            (_, []) => return Ok(()),
            (_, [NOT_SURE]) => Value::NotSure,
            (FieldKind::Choices { options, none }, ticked) => several(options, none, ticked)?,
            (_, [text]) => self.value(field, text)?,
            _ => return Err(because("wrong-type")),
        };
        self.values.insert(field.id.clone(), value);
        Ok(())
    }

    fn value(&self, field: &Field, text: &str) -> Result<Value, Refusal> {
        match &field.kind {
            FieldKind::EnrolmentNumber => enrolment_number(self.centre, text),
            FieldKind::Initials => initials(text),
            FieldKind::Date(_) => Date::parse(text).map(Value::Day).ok_or(because("date-form")),
            FieldKind::DateOrNever(_) if text == NEVER => Ok(Value::Never),
            FieldKind::DateOrNever(_) => {
                PartialDate::parse(text).map(Value::Partial).ok_or(because("date-form"))
            }
            FieldKind::Moment => {
                let moment = self.trial.zone.moment(text).ok_or(because("moment-format"))?;
                if moment <= self.now {
                    Ok(Value::Moment(moment))
                } else {
                    Err(because("date-future"))
                }
            }
            FieldKind::YesNo => match text {
                "yes" => Ok(Value::YesNo(true)),
                "no" => Ok(Value::YesNo(false)),
                _ => Err(because("choice-unknown")),
            },
            FieldKind::Choice(options) => chosen(options.iter().map(|o| o.id.as_str()), text),
            FieldKind::ConsentVersion => {
                let known = self.centre.consent_versions.iter().any(|version| version.id == text);
                let value = Value::Choice(text.to_owned());
                if known { Ok(value) } else { Err(because("consent-form-unknown")) }
            }
            FieldKind::Choices { .. } => Err(because("choice-unknown")),
            FieldKind::Integer(range) => number(text, 0, range, self.confirmed.contains(&field.id)),
            FieldKind::Decimal { places, range } => {
                number(text, *places, range, self.confirmed.contains(&field.id))
            }
            FieldKind::Text { longest } => line(text, *longest),
        }
    }

    /// What an answer must be beside the others: asked at all, and in the order of days.
    fn among_others(&self, field: &Field) -> Result<(), Refusal> {
        let Some(value) = self.values.get(&field.id) else {
            return Ok(());
        };
        if let Some(condition) = &field.only_when
            && *value != Value::NotSure
            && !meets(&self.values, condition)
        {
            return Err(Refusal { other: Some(condition.field.clone()), ..because("not-asked") });
        }
        match (&field.kind, value) {
            (FieldKind::Date(limits), Value::Day(day)) => self.days(limits, *day, *day),
            (FieldKind::DateOrNever(limits), Value::Partial(day)) => {
                self.days(limits, day.first_day(), day.last_day())
            }
            (FieldKind::ConsentVersion, Value::Choice(id)) => self.consent_version(id),
            _ => Ok(()),
        }
    }

    fn days(&self, limits: &DateLimits, first: Date, last: Date) -> Result<(), Refusal> {
        let today = self.today;
        if first > today || (limits.past && first == today) {
            return Err(because("date-future").max(today));
        }
        if let Some(years) = limits.years_back {
            let oldest = today.minus_months(years * 12);
            if last < oldest {
                return Err(because("date-too-old").min(oldest));
            }
        }
        if let Some((other, days)) = &limits.not_before
            && let Some(least) = self.day(other).map(|day| day.plus_days(*days))
            && last < least
        {
            return Err(Refusal { other: Some(other.clone()), ..because("date-order").min(least) });
        }
        if let Some(other) = &limits.before
            && let Some(end) = self.day(other)
            && first >= end
        {
            let most = end.plus_days(-1);
            return Err(Refusal { other: Some(other.clone()), ..because("date-order").max(most) });
        }
        Ok(())
    }

    fn consent_version(&self, id: &str) -> Result<(), Refusal> {
        let signed = FieldId::parse(built_in::CONSENT_SIGNED_AT).ok();
        let Some(day) = signed.and_then(|field| self.day(&field)) else {
            return Ok(());
        };
        let mut same = self.centre.consent_versions.iter().filter(|version| version.id == id);
        if same.any(|version| version.approved_on(day)) {
            Ok(())
        } else {
            Err(because("consent-form-unknown"))
        }
    }

    fn day(&self, id: &FieldId) -> Option<Date> {
        match self.values.get(id)? {
            Value::Day(day) | Value::Partial(PartialDate::Day(day)) => Some(*day),
            Value::Moment(moment) => Some(self.trial.zone.day(*moment)),
            _ => None,
        }
    }

    fn finish(mut self) -> Result<Answers, Vec<FieldProblem>> {
        for name in built_in::IDENTITY {
            let id = FieldId::parse(name).expect("the built-in names are well formed");
            let answered = self.values.get(&id).is_some_and(|value| *value != Value::NotSure);
            if !answered && !self.problems.iter().any(|problem| problem.field == name) {
                self.problems.push(because("required").named(&id));
            }
        }
        match self.identity() {
            Some(identity) if self.problems.is_empty() => Ok(Answers {
                identity,
                values: self.values,
                confirmed: self.confirmed,
                zone: self.trial.zone.clone(),
            }),
            _ => Err(self.in_form_order()),
        }
    }

    fn identity(&self) -> Option<Identity> {
        let value = |name: &str| self.values.get(&FieldId::parse(name).ok()?);
        let text = |name: &str| match value(name)? {
            Value::Text(text) | Value::Choice(text) => Some(text.clone()),
            _ => None,
        };
        let number = EnrolmentNumber::parse(&text(built_in::ENROLMENT_NUMBER)?).ok()?;
        let Some(Value::Day(birth_date)) = value(built_in::BIRTH_DATE) else {
            return None;
        };
        Some(Identity {
            enrolment_number: number,
            initials: text(built_in::INITIALS)?,
            birth_date: *birth_date,
            sex: text(built_in::SEX)?,
        })
    }

    fn in_form_order(mut self) -> Vec<FieldProblem> {
        let place = |problem: &FieldProblem| {
            self.trial.fields.iter().position(|field| field.id.as_str() == problem.field)
        };
        self.problems.sort_by_key(place);
        self.problems
    }
}

fn chosen<'o>(mut options: impl Iterator<Item = &'o str>, text: &str) -> Result<Value, Refusal> {
    let known = options.any(|option| option == text);
    if known { Ok(Value::Choice(text.to_owned())) } else { Err(because("choice-unknown")) }
}

fn several(options: &[Choice], none: &Option<String>, ticked: &[&str]) -> Result<Value, Refusal> {
    let known = |text: &&str| options.iter().any(|option| option.id == **text);
    if !ticked.iter().all(known) {
        return Err(because("choice-unknown"));
    }
    if ticked.iter().collect::<BTreeSet<_>>().len() != ticked.len() {
        return Err(because("doubled"));
    }
    match none {
        Some(none) if ticked == [none.as_str()] => Ok(Value::NoneTicked(none.clone())),
        Some(none) if ticked.contains(&none.as_str()) => Err(because("choice-none-and-others")),
        _ => {
            let ids = options.iter().map(|option| &option.id);
            Ok(Value::Several(ids.filter(|id| ticked.contains(&id.as_str())).cloned().collect()))
        }
    }
}

fn number(text: &str, places: usize, range: &Range, confirmed: bool) -> Result<Value, Refusal> {
    let (number, found) = Quantity::parse(text).ok_or(because("number-form"))?;
    if found > places {
        return Err(because("num-places").max(places));
    }
    if number < range.from || number > range.to {
        return Err(because("num-range").min(range.from).max(range.to));
    }
    match range.ask_above {
        Some(usual) if number > usual && !confirmed => Err(because("num-confirm").max(usual)),
        _ => Ok(Value::Number(number)),
    }
}

fn line(text: &str, longest: usize) -> Result<Value, Refusal> {
    if text.contains(['\n', '\r']) {
        return Err(because("text-control"));
    }
    several_lines(text, longest)?;
    Ok(Value::Text(text.to_owned()))
}

/// Free text: not too long, nothing but letters and line breaks, no number that could be somebody's identity.
fn several_lines(text: &str, longest: usize) -> Result<(), Refusal> {
    if text.chars().count() > longest {
        return Err(because("text-too-long").max(longest));
    }
    if text.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\r')) {
        return Err(because("text-control"));
    }
    if longest_digit_run(text) > DIGIT_RUN_MAX {
        return Err(because("identity-in-text").max(DIGIT_RUN_MAX));
    }
    Ok(())
}

/// See [`super::check_text`].
pub(super) fn check_text(text: &str, longest: usize) -> Result<(), FieldProblem> {
    several_lines(text, longest).map_err(|refusal| {
        let Refusal { code, min, max, other } = refusal;
        FieldProblem { field: String::new(), code, min, max, other }
    })
}

/// Digits in a row, wide ones too; a single space or hyphen between two of them does not end the row.
fn longest_digit_run(text: &str) -> usize {
    let is_digit = |c: char| c.is_ascii_digit() || ('\u{ff10}'..='\u{ff19}').contains(&c);
    let (mut longest, mut run, mut gap) = (0, 0, 0);
    for c in text.chars() {
        if is_digit(c) {
            run = if gap > 1 { 1 } else { run + 1 };
            gap = 0;
            longest = longest.max(run);
        } else if matches!(c, ' ' | '-') {
            gap += 1;
        } else {
            (run, gap) = (0, 0);
        }
    }
    longest
}

/// Small letters are taken as the capitals they stand for.
fn initials(text: &str) -> Result<Value, Refusal> {
    let letters = text.to_ascii_uppercase();
    let foreign = |c: char| !c.is_ascii() || c.is_ascii_digit();
    match letters.as_bytes() {
        [a, b, c, d]
            if a.is_ascii_uppercase()
                && c.is_ascii_uppercase()
                && [b, d].iter().all(|l| l.is_ascii_uppercase() || **l == b'-') =>
        {
            Ok(Value::Text(letters))
        }
        _ if letters.chars().any(foreign) => Err(because("init-cjk")),
        _ => Err(because("init-format")),
    }
}

fn enrolment_number(centre: &Centre, text: &str) -> Result<Value, Refusal> {
    let number = EnrolmentNumber::parse(&text.to_ascii_uppercase());
    match number {
        Ok(number) if number.prefix() == centre.prefix => {
            Ok(Value::Text(number.as_str().to_owned()))
        }
        _ => Err(because("enrol-format")),
    }
}
