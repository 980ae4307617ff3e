//! People from a table: CSV as spreadsheets write it here, in UTF-8 with or without a mark, or in GBK; headers, roles and
//! centres in English or Chinese. All of it or nothing; every mistake is named by row and column; no password is in it.
//! Centres are not imported: they are the trial's file, whose hash the commitment holds.

use super::people::{Invitation, Invited, write_invitation};
use super::unblinded::{Past, check_role};
use super::{Answered, House, first_answer};
use crate::dice::roll;
use crate::domain::access::{Caller, ManagePeople};
use crate::domain::entry::Entry;
use crate::domain::ids::{CentreId, PersonId};
use crate::domain::people::Role;
use crate::domain::trial::Trial;
use crate::limits::{IMPORTED_PEOPLE, INVITATION_SECONDS};
use crate::refusal::{Code as Why, FieldCode, FieldError, Refusal};
use crate::sealing::bytes::{hex, sha256};
use crate::store::repeats::OnceKey;
use crate::store::{StoreError, Tx, View};
use crate::text::{self, Language};
use encoding_rs::GBK;
use std::borrow::Cow;
use std::collections::BTreeSet;
use zeroize::Zeroizing;

/// What an import did, or would do.
pub struct Imported {
    /// Who, in the order of the rows.
    pub people: Vec<Invitation>,
    /// Their tokens, each shown this once; none for a dry run.
    pub invited: Vec<Invited>,
}

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

impl House {
    /// What the table would do: every check of the import, and nothing written.
    ///
    /// # Errors
    /// `not-your-role`; `invalid-fields`, each by `/row/column`.
    pub async fn check_import(&self, caller: &Caller, table: &[u8]) -> Result<Imported, Refusal> {
        self.may_somewhere::<ManagePeople>(caller).await?;
        let rows = self.read_table(table)?;
        self.store.read(|view| check_against(view, &rows))?;
        Ok(Imported {
            people: rows.into_iter().map(|row| row.invitation).collect(),
            invited: vec![],
        })
    }

    /// Invites everybody in the table, or nobody. Asked again with the same key, whoever has not come yet gets a new
    /// token, and the old one ends.
    ///
    /// # Errors
    /// As [`House::check_import`].
    pub async fn import_people(
        &self,
        caller: &Caller,
        table: &[u8],
        once: OnceKey,
    ) -> Result<Answered<Imported>, Refusal> {
        let may = self.may_somewhere::<ManagePeople>(caller).await?;
        let rows = self.read_table(table)?;
        let file = hex(&sha256(table));
        let tokens: Vec<_> =
            rows.iter().map(|_| Zeroizing::new(hex(&roll::<20>(self.dice.as_ref())))).collect();
        let given = tokens.clone();
        let done = self.act(&may, move |tx| {
            if first_answer(tx, &once)?.is_some() {
                let renewed = renew(tx, &rows, &given)?;
                return Ok((rows, renewed, true));
            }
            check_against(&tx.view(), &rows)?;
            for (row, token) in rows.iter().zip(&given) {
                let hash = sha256(token.as_bytes());
                write_invitation(tx, &row.invitation, Past::default(), &hash)?;
            }
            let entry = Entry::new("people-imported").with("people", rows.len() as u64);
            // A file of names can be guessed from its hash, so that stays beside the line and can be erased.
            let seq = tx.append(entry.private("file", file))?;
            tx.remember(&once, "imported", seq)?;
            let all = vec![true; rows.len()];
            Ok((rows, all, false))
        });
        let ((rows, with, repeated), receipt) = done.await?.into_parts();
        let people: Vec<_> = rows.into_iter().map(|row| row.invitation).collect();
        let invited = people.iter().zip(tokens).zip(with).filter(|(_, with)| *with);
        let invited = invited
            .map(|((invitation, token), _)| Invited { person: invitation.person.clone(), token })
            .collect();
        Ok(Answered { value: Imported { people, invited }, receipt, repeated })
    }

    fn read_table(&self, table: &[u8]) -> Result<Vec<Row>, Refusal> {
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
        for record in reader.records() {
            let record = record.map_err(unread)?;
            if record.iter().all(str::is_empty) {
                continue;
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
            match self.read_row(line, cell) {
                Ok(row) if seen.insert(row.invitation.person.clone()) => rows.push(row),
                Ok(row) => errors.push(row.wrong("person", FieldCode::Doubled)),
                Err(found) => errors.extend(found),
            }
        }
        if rows.len() > IMPORTED_PEOPLE {
            let error = FieldError::new("", FieldCode::TableLong);
            errors.push(error.with("max", IMPORTED_PEOPLE as u64));
        }
        if rows.is_empty() && errors.is_empty() {
            errors.push(FieldError::new("", FieldCode::Required));
        }
        if errors.is_empty() { Ok(rows) } else { Err(Refusal::fields(errors)) }
    }

    fn read_row<'c>(
        &self,
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
            .map(|word| centre_of(&self.trial, word))
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
        if let Err(refusal) = self.check_invitation(&invitation) {
            let named = |error: FieldError| FieldError {
                pointer: format!("/{line}{}", error.pointer),
                ..error
            };
            errors.extend(refusal.errors.into_iter().map(named));
        }
        if errors.is_empty() { Ok(Row { line, invitation }) } else { Err(errors) }
    }
}

/// A row that reads, with its line in the file.
struct Row {
    line: usize,
    invitation: Invitation,
}

impl Row {
    fn wrong(&self, column: &str, code: FieldCode) -> FieldError {
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

/// What only the records know: taken accounts, and a past that keeps somebody out of a blinded role.
fn check_against(view: &View<'_>, rows: &[Row]) -> Result<(), Refusal> {
    let mut errors = vec![];
    for row in rows {
        let Invitation { person, name, role, .. } = &row.invitation;
        if view.account(person)?.is_some() || view.token(person)?.is_some() {
            errors.push(row.wrong("person", FieldCode::AccountTaken));
        } else if let Err(refusal) = check_role(view, name, *role, &Past::default()) {
            match refusal.code {
                // Whoever it is, is invited alone, by somebody who says what is known of the past.
                Why::WasUnblinded => errors.push(row.wrong("name", FieldCode::PastUnknown)),
                _ => return Err(refusal),
            }
        }
    }
    if errors.is_empty() { Ok(()) } else { Err(Refusal::fields(errors)) }
}

/// New tokens for whoever has not come yet; says for each row whether it has one.
fn renew(
    tx: &mut Tx<'_>,
    rows: &[Row],
    tokens: &[Zeroizing<String>],
) -> Result<Vec<bool>, StoreError> {
    let mut with = vec![];
    for (row, token) in rows.iter().zip(tokens) {
        let person = &row.invitation.person;
        let waits = tx.view().account(person)?.is_some_and(|account| account.state == "invited");
        if waits {
            tx.append(Entry::new("invitation-renewed").on("person", person.as_str()))?;
            let expires = tx.now().plus_seconds(INVITATION_SECONDS);
            tx.keep_invitation(&sha256(token.as_bytes()), person, expires)?;
        }
        with.push(waits);
    }
    Ok(with)
}
