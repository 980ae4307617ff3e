//! People from a table, all of them or nobody. Centres are not imported: they are the trial's file, whose hash the
//! commitment holds.

use super::people::{Invitation, Invited, write_invitation};
use super::people_table::{Row, read_table};
use super::unblinded::{Past, check_role};
use super::{Answered, House, first_answer};
use crate::dice::roll;
use crate::domain::access::{Act, Caller, ManagePeople};
use crate::domain::entry::Entry;
use crate::limits::INVITATION_SECONDS;
use crate::refusal::{Code as Why, FieldCode, Refusal};
use crate::sealing::bytes::{hex, sha256};
use crate::store::repeats::OnceKey;
use crate::store::{StoreError, Tx, View};
use zeroize::Zeroizing;

/// What an import did, or would do.
pub struct Imported {
    /// Who, in the order of the rows.
    pub people: Vec<Invitation>,
    /// Their tokens, each shown this once; none for a dry run.
    pub invited: Vec<Invited>,
}

impl House {
    /// What the table would do: every check of the import, and nothing written.
    ///
    /// # Errors
    /// `not-your-role`; `invalid-fields`, each by `/row/column`.
    pub async fn check_import(&self, caller: &Caller, table: &[u8]) -> Result<Imported, Refusal> {
        self.may_somewhere::<ManagePeople>(caller).await?;
        let rows = read_table(&self.trial, table)?;
        let fits = self.store.read(|view| check_against(view, &rows));
        self.keep_told(caller, fits).await?;
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
        let rows = read_table(&self.trial, table)?;
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
        let done = self.keep_told(caller, done.await).await?;
        let ((rows, with, repeated), receipt) = done.into_parts();
        let people: Vec<_> = rows.into_iter().map(|row| row.invitation).collect();
        let invited = people.iter().zip(tokens).zip(with).filter(|(_, with)| *with);
        let invited = invited
            .map(|((invitation, token), _)| Invited { person: invitation.person.clone(), token })
            .collect();
        Ok(Answered { value: Imported { people, invited }, receipt, repeated })
    }

    /// That somebody was once unblinded is told to an administrator by naming the row, and leaves the entry that inviting
    /// this one person would leave.
    async fn keep_told<T>(&self, caller: &Caller, done: Result<T, Refusal>) -> Result<T, Refusal> {
        let tells = |refusal: &Refusal| {
            refusal.errors.iter().any(|error| error.code == FieldCode::PastUnknown)
        };
        if done.as_ref().is_err_and(tells) {
            self.refuse(caller, ManagePeople::NAME, Why::WasUnblinded).await;
        }
        done
    }
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
