//! Walks a TOML table and says what is wrong with it, in plain English, by line, and all of it in one go.

use super::{Finding, Severity};
use crate::domain::ids::{FieldId, IdError};
use crate::domain::quantity::Quantity;
use crate::domain::time::Date;
use crate::domain::trial::{Choice, Origin, Source, Words};
use std::cell::RefCell;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// The longest text in the file, in characters.
const TEXT_CHARS_MAX: usize = 500;
/// The most members of a list.
const MEMBERS_MAX: usize = 400;
/// Ids of criteria, choices, pages, decisions and the like are no longer.
const ID_CHARS_MAX: usize = 40;

/// Where the lines begin, and what was found so far.
#[derive(Debug)]
pub(super) struct Notes {
    starts: Vec<usize>,
    findings: RefCell<Vec<Finding>>,
    /// The decisions that sources name; whether they are there is asked at the end.
    pub(super) named_decisions: RefCell<Vec<Placed<String>>>,
}

impl Notes {
    pub(super) fn of(text: &str) -> Self {
        let breaks = text.bytes().enumerate().filter(|(_, b)| *b == b'\n').map(|(at, _)| at + 1);
        Self {
            starts: std::iter::once(0).chain(breaks).collect(),
            findings: RefCell::default(),
            named_decisions: RefCell::default(),
        }
    }

    /// The line of a byte, counted from 1.
    pub(super) fn line(&self, at: usize) -> usize {
        self.starts.partition_point(|start| *start <= at)
    }

    pub(super) fn error(&self, line: usize, what: impl Into<String>, next: impl Into<String>) {
        self.add(Severity::Error, line, what.into(), next.into());
    }

    pub(super) fn warning(&self, line: usize, what: impl Into<String>, next: impl Into<String>) {
        self.add(Severity::Warning, line, what.into(), next.into());
    }

    fn add(&self, severity: Severity, line: usize, what: String, next: String) {
        self.findings.borrow_mut().push(Finding { severity, line, what, next });
    }

    pub(super) fn has_errors(&self) -> bool {
        self.findings.borrow().iter().any(|finding| finding.severity == Severity::Error)
    }

    /// Everything found, by line.
    pub(super) fn into_findings(self) -> Vec<Finding> {
        let mut found = self.findings.into_inner();
        found.sort_by_key(|finding| (finding.line, finding.severity));
        found
    }
}

/// A value with the line it stands on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Placed<T> {
    pub(super) value: T,
    pub(super) line: usize,
}

/// One table of the file.
#[derive(Debug, Clone)]
pub(super) struct Table<'t> {
    pub(super) notes: &'t Notes,
    /// The line of its heading or opening brace.
    pub(super) line: usize,
    /// What people call it, such as "criterion E04a".
    pub(super) name: String,
    inner: &'t DeTable<'t>,
}

impl<'t> Table<'t> {
    pub(super) fn root(notes: &'t Notes, inner: &'t DeTable<'t>) -> Self {
        Self { notes, line: 1, name: "the file".to_owned(), inner }
    }

    /// Any other key than these is an error: a slip in a key must not silently switch a rule off.
    pub(super) fn only(&self, known: &[&str]) {
        for (key, _) in self.inner {
            if !known.contains(&key.get_ref().as_ref()) {
                let line = self.notes.line(key.span().start);
                let what = format!("{} has an unknown key `{}`", self.name, short(key.get_ref()));
                self.notes.error(line, what, format!("keys here: {}", known.join(", ")));
            }
        }
    }

    pub(super) fn has(&self, key: &str) -> bool {
        self.inner.contains_key(key)
    }

    /// The line of a key's value, or of the table when the key is missing.
    pub(super) fn line_of(&self, key: &str) -> usize {
        self.inner.get(key).map_or(self.line, |value| self.notes.line(value.span().start))
    }

    /// The line of one member of a list, counted from 0.
    pub(super) fn line_of_member(&self, key: &str, number: usize) -> usize {
        let array = self.inner.get(key).and_then(|value| value.get_ref().as_array());
        let member = array.and_then(|array| array.get(number));
        member.map_or_else(|| self.line_of(key), |member| self.notes.line(member.span().start))
    }

    /// Says that something is wrong with the value of a key.
    pub(super) fn wrong(&self, key: &str, what: &str, next: &str) {
        let what = format!("{}: `{key}` {what}", self.name);
        self.notes.error(self.line_of(key), what, next);
    }

    fn required(&self, key: &str) -> Option<&'t Spanned<DeValue<'t>>> {
        let found = self.inner.get(key);
        if found.is_none() {
            let what = format!("{} has no `{key}`", self.name);
            self.notes.error(self.line, what, format!("add `{key} = …` below this line"));
        }
        found
    }

    /// A text of at least one character.
    pub(super) fn text(&self, key: &str) -> Option<String> {
        let text = self.maybe_empty(key)?;
        if text.trim().is_empty() {
            self.wrong(key, "is empty", "fill it in");
            return None;
        }
        Some(text)
    }

    /// A text that may be `""`.
    pub(super) fn maybe_empty(&self, key: &str) -> Option<String> {
        let Some(text) = self.required(key)?.get_ref().as_str() else {
            self.wrong(key, "is not a text", "put it in double quotes");
            return None;
        };
        if text.chars().count() > TEXT_CHARS_MAX {
            self.wrong(key, "is too long", &format!("keep to {TEXT_CHARS_MAX} characters"));
            return None;
        }
        if text.chars().any(char::is_control) {
            self.wrong(key, "holds a line break or control character", "keep to one line");
            return None;
        }
        Some(text.to_owned())
    }

    /// A text that may be left out.
    pub(super) fn maybe_text(&self, key: &str) -> Option<String> {
        if self.has(key) { self.text(key) } else { None }
    }

    /// A short id: letters, digits, hyphens, underscores and points.
    pub(super) fn id(&self, key: &str) -> Option<String> {
        let id = self.text(key)?;
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        if id.len() > ID_CHARS_MAX || !id.chars().all(plain) {
            self.wrong(key, "is not an id", "use at most 40 letters, digits, hyphens, underscores");
            return None;
        }
        Some(id)
    }

    /// A text that some name is parsed from.
    pub(super) fn parsed<T>(&self, key: &str, parse: fn(&str) -> Result<T, IdError>) -> Option<T> {
        let text = self.text(key)?;
        let found = parse(&text);
        if let Err(wrong) = &found {
            self.wrong(key, &format!("is {wrong}"), "look at the others of its kind");
        }
        found.ok()
    }

    /// The id of a field or derived value; whether there is one is asked later.
    pub(super) fn field(&self, key: &str) -> Option<Placed<FieldId>> {
        let value = self.parsed(key, FieldId::parse)?;
        Some(Placed { value, line: self.line_of(key) })
    }

    /// A day as text, `2026-11-21`.
    pub(super) fn date(&self, key: &str) -> Option<Date> {
        let found = Date::parse(&self.text(key)?);
        if found.is_none() {
            self.wrong(key, "is not a day", "write it as \"2026-11-21\"");
        }
        found
    }

    /// `{ en = "…", zh = "…" }`.
    pub(super) fn words(&self, key: &str) -> Option<Words> {
        let table = self.table(key)?;
        table.only(&["en", "zh"]);
        table.translated()
    }

    /// The two languages that stand in this table itself.
    pub(super) fn translated(&self) -> Option<Words> {
        let language = |key: &str, name: &str| {
            if !self.has(key) {
                let what = format!("{} has no {name} words", self.name);
                self.notes.error(self.line, what, format!("add `{key} = \"…\"`"));
                return None;
            }
            self.text(key)
        };
        let (en, zh) = (language("en", "English"), language("zh", "Chinese"));
        Some(Words { en: en?, zh: zh? })
    }

    /// A unit: one text for both languages, or words.
    pub(super) fn unit(&self, key: &str) -> Option<Words> {
        match self.inner.get(key)?.get_ref() {
            DeValue::Table(_) => self.words(key),
            _ => self.text(key).map(|unit| Words { en: unit.clone(), zh: unit }),
        }
    }

    /// `{ id = "…", en = "…", zh = "…" }`.
    pub(super) fn choice(&self) -> Option<Choice> {
        self.only(&["id", "en", "zh"]);
        let (id, name) = (self.id("id"), self.translated());
        Some(Choice { id: id?, name: name? })
    }

    /// Yes or no; no when left out.
    pub(super) fn flag(&self, key: &str) -> bool {
        let Some(value) = self.inner.get(key) else {
            return false;
        };
        value.get_ref().as_bool().unwrap_or_else(|| {
            self.wrong(key, "is neither true nor false", "write true or false without quotes");
            false
        })
    }

    /// Yes or no, and it must be said.
    pub(super) fn said(&self, key: &str) -> bool {
        self.required(key).is_some() && self.flag(key)
    }

    /// An exact number. TOML's floats are taken as the digits that were typed, never as binary fractions.
    pub(super) fn number(&self, key: &str) -> Option<Quantity> {
        let typed = match self.required(key)?.get_ref() {
            DeValue::Integer(whole) if whole.radix() == 10 => Some(whole.as_str()),
            DeValue::Float(decimal) => Some(decimal.as_str()),
            _ => None,
        };
        let found = typed.and_then(Quantity::parse).map(|(number, _)| number);
        if found.is_none() {
            self.wrong(
                key,
                "is not a number",
                "write digits, at most nine, without quotes or sign",
            );
        }
        found
    }

    /// A whole number from `least` to `most`.
    pub(super) fn whole(&self, key: &str, least: i32, most: i32) -> Option<i32> {
        let typed = match self.required(key)?.get_ref() {
            DeValue::Integer(whole) if whole.radix() == 10 => whole.as_str().parse::<i32>().ok(),
            _ => None,
        };
        let found = typed.filter(|number| (least..=most).contains(number));
        if found.is_none() {
            let next = format!("write a whole number from {least} to {most}, without quotes");
            self.wrong(key, "is not taken", &next);
        }
        found
    }

    /// A count from `least` to `most`; `least` is not negative.
    pub(super) fn count(&self, key: &str, least: u32, most: u32) -> Option<u32> {
        let (least, most) = (i32::try_from(least).ok()?, i32::try_from(most).ok()?);
        self.whole(key, least, most).and_then(|number| u32::try_from(number).ok())
    }

    /// A table within.
    pub(super) fn table(&self, key: &str) -> Option<Table<'t>> {
        let value = self.required(key)?;
        let found = self.as_table(value, format!("{}, `{key}`", self.name));
        if found.is_none() {
            self.wrong(key, "is not a table", "write it in braces: { … }");
        }
        found
    }

    /// A table within, if it is there.
    pub(super) fn maybe_table(&self, key: &str) -> Option<Table<'t>> {
        if self.has(key) { self.table(key) } else { None }
    }

    fn as_table(&self, value: &'t Spanned<DeValue<'t>>, name: String) -> Option<Table<'t>> {
        let line = self.notes.line(value.span().start);
        let inner = value.get_ref().as_table()?;
        Some(Table { notes: self.notes, line, name, inner })
    }

    fn members(&self, key: &str) -> Option<&'t [Spanned<DeValue<'t>>]> {
        let Some(array) = self.required(key)?.get_ref().as_array() else {
            self.wrong(key, "is not a list", "write it in square brackets: [ … ]");
            return None;
        };
        if array.is_empty() || array.len() > MEMBERS_MAX {
            let next = format!("give it 1 to {MEMBERS_MAX} members");
            self.wrong(key, "has no or too many members", &next);
            return None;
        }
        Some(array)
    }

    /// A list of tables, each called `kind` and its id.
    pub(super) fn tables(&self, key: &str, kind: &str) -> Vec<Table<'t>> {
        let mut found = vec![];
        for (number, member) in self.members(key).unwrap_or_default().iter().enumerate() {
            let id = member.get_ref().get("id").and_then(|id| id.get_ref().as_str()).map(short);
            let name = match id {
                Some(id) => format!("{kind} `{id}`"),
                None => format!("{kind} number {}", number + 1),
            };
            match self.as_table(member, name) {
                Some(table) => found.push(table),
                None => self.wrong(key, "has a member that is not a table", "write it in braces"),
            }
        }
        found
    }

    /// A list of tables that may be left out.
    pub(super) fn maybe_tables(&self, key: &str, kind: &str) -> Vec<Table<'t>> {
        if self.has(key) { self.tables(key, kind) } else { vec![] }
    }

    /// A list of texts.
    pub(super) fn texts(&self, key: &str) -> Vec<Placed<String>> {
        let mut found = vec![];
        for member in self.members(key).unwrap_or_default() {
            match member.get_ref().as_str() {
                Some(text) => found.push(Placed {
                    value: text.to_owned(),
                    line: self.notes.line(member.span().start),
                }),
                None => self.wrong(key, "has a member that is not a text", "use double quotes"),
            }
        }
        found
    }

    /// A list of fields.
    pub(super) fn fields(&self, key: &str) -> Vec<Placed<FieldId>> {
        let mut found = vec![];
        for text in self.texts(key) {
            match FieldId::parse(&text.value) {
                Ok(value) => found.push(Placed { value, line: text.line }),
                Err(_) => self.wrong(key, "has a member that is no field id", "look at [[fields]]"),
            }
        }
        found
    }

    /// A list of whole numbers from `least` to `most`.
    pub(super) fn counts(&self, key: &str, least: u32, most: u32) -> Vec<Placed<u32>> {
        let mut found = vec![];
        for member in self.members(key).unwrap_or_default() {
            let typed = member.get_ref().as_integer().filter(|whole| whole.radix() == 10);
            let number = typed.and_then(|whole| whole.as_str().parse::<u32>().ok());
            match number.filter(|number| (least..=most).contains(number)) {
                Some(value) => {
                    found.push(Placed { value, line: self.notes.line(member.span().start) });
                }
                None => {
                    let next = format!("write whole numbers from {least} to {most}");
                    self.wrong(key, "has a member that is not taken", &next);
                }
            }
        }
        found
    }

    /// Who says so. It must be said, and what is inferred must say why.
    pub(super) fn source(&self) -> Source {
        let Some(value) = self.inner.get("source") else {
            let what = format!("{} does not name its source", self.name);
            let next = "add `source = \"paper\"`, \"registry\" or \"inferred\"; \
                        an inferred number also needs `because`";
            self.notes.error(self.line, what, next);
            return Source::default();
        };
        let words: Vec<String> = match value.get_ref() {
            DeValue::String(one) => vec![one.to_string()],
            _ => self.texts("source").into_iter().map(|text| text.value).collect(),
        };
        let mut origins = vec![];
        for word in &words {
            match origin(word) {
                Some(origin) if !origins.contains(&origin) => origins.push(origin),
                _ => self.wrong("source", "is unknown or named twice", "paper, registry, inferred"),
            }
        }
        let because = self.maybe_text("because");
        if origins.contains(&Origin::Inferred) && because.is_none() {
            let what = format!("{} is inferred and does not say why", self.name);
            self.notes.error(self.line_of("source"), what, "add `because = \"…\"`");
        }
        let decision = self.maybe_text("decision");
        if let Some(value) = decision.clone() {
            let named = Placed { value, line: self.line_of("decision") };
            self.notes.named_decisions.borrow_mut().push(named);
        }
        Source { origins, because, decision }
    }
}

fn origin(word: &str) -> Option<Origin> {
    match word {
        "paper" => Some(Origin::Paper),
        "registry" => Some(Origin::Registry),
        "inferred" => Some(Origin::Inferred),
        _ => None,
    }
}

/// At most forty characters of something typed, for a message.
pub(super) fn short(text: &str) -> String {
    text.chars().take(ID_CHARS_MAX).collect()
}
