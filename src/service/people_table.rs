//! A table of people as it is read: CSV as spreadsheets write it here, in UTF-8 with or without a mark, or in GBK;
//! headers, roles and centres in English or Chinese. Every mistake is named by row and column; no password is in it.

use super::people::{Invitation, check_invitation};
use crate::domain::ids::{CentreId, PersonId};
use crate::domain::people::Role;
use crate::domain::trial::Trial;
use crate::limits::IMPORTED_PEOPLE;
use crate::refusal::{FieldCode, FieldError, Refusal};
use crate::text::{self, Language};
use encoding_rs::GBK;
use std::borrow::Cow;
use std::collections::BTreeSet;

/// The columns, each with the names it may have in a header.
const COLUMNS: [(&str, &[&str]); 5] = [
    ("person", &["person", "account", "账户名", "账户"]),
    ("name", &["name", "姓名"]),
    ("role", &["role", "角色"]),
    ("centres", &["centres", "centre", "centers", "center", "研究中心", "中心"]),
    ("principal", &["principal", "主要研究者"]),
];

/// Columns that every table must have.
const NEEDED: [&str; 3] = ["person", "name", "role"];

/// Everybody in the table of bytes as it was written, or every mistake in it; no more than [`IMPORTED_PEOPLE`] rows are
/// looked at.
///
/// # Errors
/// `invalid-fields`, each by `/row/column`, counted from 1 as the spreadsheet does.
pub fn read_table(trial: &Trial, table: &[u8]) -> Result<Vec<Row>, Refusal> {
    let wrong = |pointer: String, code| Refusal::fields(vec![FieldError::new(pointer, code)]);
    let text = decoded(table).ok_or_else(|| wrong(String::new(), FieldCode::TableForm))?;
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(delimiter(&text))
        .trim(csv::Trim::All)
        .flexible(true)
        .from_reader(text.as_bytes());
    let unread = |_| wrong(String::new(), FieldCode::TableForm);
    let header = reader.headers().map_err(unread)?.clone();
    let columns = columns(&header).map_err(Refusal::fields)?;
    let (mut rows, mut errors, mut seen) = (vec![], vec![], BTreeSet::new());
    let filled = |record: &csv::StringRecord| !record.iter().all(str::is_empty);
    let records = reader.records().filter(|record| record.as_ref().map_or(true, filled));
    for (number, record) in records.enumerate() {
        let record = record.map_err(unread)?;
        if number == IMPORTED_PEOPLE {
            let error = FieldError::new("", FieldCode::TableLong);
            errors.push(error.with("max", IMPORTED_PEOPLE as u64));
            break;
        }
        let line = line_of(&text, &record);
        if record.len() != columns.len() {
            errors.push(FieldError::new(format!("/{line}"), FieldCode::TableForm));
            continue;
        }
        let cell = |column: &str| {
            let at = columns.iter().position(|known| *known == Some(column));
            at.and_then(|at| record.get(at)).unwrap_or_default()
        };
        match read_row(trial, line, cell) {
            Ok(row) if seen.insert(row.invitation.person.clone()) => rows.push(row),
            Ok(row) => errors.push(row.wrong("person", FieldCode::Doubled)),
            Err(found) => errors.extend(found),
        }
    }
    if rows.is_empty() && errors.is_empty() {
        errors.push(FieldError::new("", FieldCode::Required));
    }
    if errors.is_empty() { Ok(rows) } else { Err(Refusal::fields(errors)) }
}

fn read_row<'c>(
    trial: &Trial,
    line: usize,
    cell: impl Fn(&str) -> &'c str,
) -> Result<Row, Vec<FieldError>> {
    let mut errors = vec![];
    let mut wrong = |column: &str, code| errors.push(at(line, column, code));
    let person = PersonId::parse(&cell("person").to_lowercase());
    if person.is_err() {
        wrong("person", FieldCode::AccountForm);
    }
    let role = role_of(cell("role"));
    if role.is_none() {
        wrong("role", FieldCode::ChoiceUnknown);
    }
    let centres: Option<Vec<CentreId>> = cell("centres")
        .split([';', '；', '、', '|'])
        .map(str::trim)
        .filter(|word| !word.is_empty())
        .map(|word| centre_of(trial, word))
        .collect();
    if centres.is_none() {
        wrong("centres", FieldCode::ChoiceUnknown);
    }
    let principal = match cell("principal").to_lowercase().as_str() {
        "yes" | "是" => true,
        "" | "no" | "否" => false,
        _ => {
            wrong("principal", FieldCode::ChoiceUnknown);
            false
        }
    };
    let name = cell("name").to_owned();
    let (Ok(person), Some(role), Some(centres)) = (person, role, centres) else {
        return Err(errors);
    };
    let invitation = Invitation { person, name, role, centres, principal };
    // The same checks as for one person, each named by its row.
    if let Err(refusal) = check_invitation(trial, &invitation) {
        let named = |error: FieldError| FieldError {
            pointer: format!("/{line}{}", error.pointer),
            ..error
        };
        errors.extend(refusal.errors.into_iter().map(named));
    }
    if errors.is_empty() { Ok(Row { line, invitation }) } else { Err(errors) }
}

/// A row that reads, with its line in the file.
pub struct Row {
    line: usize,
    /// What it says.
    pub invitation: Invitation,
}

impl Row {
    pub(super) fn wrong(&self, column: &str, code: FieldCode) -> FieldError {
        at(self.line, column, code)
    }
}

fn at(line: usize, column: &str, code: FieldCode) -> FieldError {
    FieldError::new(format!("/{line}/{column}"), code)
}

/// UTF-8 with or without its mark, or else GBK; nothing when it is neither.
fn decoded(bytes: &[u8]) -> Option<Cow<'_, str>> {
    if let Some(marked) = bytes.strip_prefix(b"\xEF\xBB\xBF") {
        return std::str::from_utf8(marked).ok().map(Cow::Borrowed);
    }
    match std::str::from_utf8(bytes) {
        Ok(text) => Some(Cow::Borrowed(text)),
        Err(_) => GBK.decode_without_bom_handling_and_without_replacement(bytes),
    }
}

/// On which line of the text a row begins. The reader counts a line end of two characters when it meets the next row, and
/// skips empty lines, so its own number is often too small.
fn line_of(text: &str, record: &csv::StringRecord) -> usize {
    let before = record.position().map_or(0, |position| position.byte() as usize);
    let (before, rest) = text.split_at_checked(before).unwrap_or((text, ""));
    let blank = rest.len() - rest.trim_start_matches(['\r', '\n']).len();
    let lines = |part: &str| part.matches('\n').count();
    1 + lines(before) + lines(&rest[..blank])
}

/// What parts the columns of the first line: a comma, a semicolon, or the tab of a table that was pasted.
fn delimiter(text: &str) -> u8 {
    let first = text.lines().next().unwrap_or_default();
    [b'\t', b';'].into_iter().find(|part| first.contains(char::from(*part))).unwrap_or(b',')
}

/// Which column stands where.
fn columns(header: &csv::StringRecord) -> Result<Vec<Option<&'static str>>, Vec<FieldError>> {
    let mut errors = vec![];
    let mut found: Vec<Option<&'static str>> = vec![];
    for (number, word) in header.iter().enumerate() {
        let word = word.to_lowercase();
        let known = COLUMNS.iter().find(|(_, names)| names.contains(&word.as_str()));
        let column = known.map(|(column, _)| *column);
        match column {
            None => {
                errors.push(FieldError::new(format!("/1/{}", number + 1), FieldCode::UnknownField))
            }
            Some(column) if found.contains(&Some(column)) => {
                errors.push(at(1, column, FieldCode::Doubled));
            }
            Some(_) => {}
        }
        found.push(column);
    }
    for needed in NEEDED.into_iter().filter(|needed| !found.contains(&Some(*needed))) {
        errors.push(at(1, needed, FieldCode::Required));
    }
    if errors.is_empty() { Ok(found) } else { Err(errors) }
}

/// A role by its word, or as either language calls it.
fn role_of(word: &str) -> Option<Role> {
    let called = |role: &Role| {
        let said = |language| text::say(language, &format!("role.{role}"), &[]).to_lowercase();
        let word = word.to_lowercase();
        role.as_str() == word || Language::ALL.into_iter().any(|language| said(language) == word)
    };
    Role::ALL.into_iter().find(called)
}

/// A centre by its id, or as either language calls it.
fn centre_of(trial: &Trial, word: &str) -> Option<CentreId> {
    let called = trial
        .centres
        .iter()
        .find(|centre| [centre.id.as_str(), &centre.name.en, &centre.name.zh].contains(&word));
    called.map(|centre| centre.id.clone())
}
