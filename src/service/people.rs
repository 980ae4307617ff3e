//! Accounts: one person, one role, for ever (AT-11). An administrator invites and disables, and can give nobody a key.

use super::unblinded::{Past, check_role};
use super::{Answered, House, first_answer};
use crate::dice::roll;
use crate::domain::access::{Caller, ManagePeople, ReadPeople};
use crate::domain::entry::{Entry, Fact};
use crate::domain::ids::{CentreId, PersonId};
use crate::domain::people::{Person, Role};
use crate::domain::trial::Trial;
use crate::limits::{INVITATION_SECONDS, NAME};
use crate::refusal::{Code as Why, FieldCode, FieldError, Refusal};
use crate::sealing::bytes::{hex, sha256};
use crate::store::queries::Account;
use crate::store::repeats::OnceKey;
use crate::store::{StoreError, Tx};
use std::collections::BTreeSet;
use zeroize::Zeroizing;

/// Somebody who is to get an account.
pub struct Invitation {
    /// The account's id, for ever.
    pub person: PersonId,
    /// The printed name.
    pub name: String,
    /// The one role.
    pub role: Role,
    /// Where; empty for a role that works for the whole trial.
    pub centres: Vec<CentreId>,
    /// Is it a principal investigator of those centres, who closes code breaks there?
    pub principal: bool,
}

/// What the administrator passes on to the invited person.
pub struct Invited {
    /// The account.
    pub person: PersonId,
    /// The token, shown once, good for 72 hours.
    pub token: Zeroizing<String>,
}

impl House {
    /// Invites a person. Asked again with the same key, a new token is given and the old one ends: a token is never
    /// kept, so it cannot be shown twice.
    ///
    /// # Errors
    /// `invalid-fields`; `wrong-state` when the account exists and is not just invited; `was-unblinded` for a blinded
    /// role and somebody who once was unblinded.
    pub async fn invite(
        &self,
        caller: &Caller,
        invitation: Invitation,
        past: Past,
        once: OnceKey,
    ) -> Result<Answered<Invited>, Refusal> {
        let may = self.may_somewhere::<ManagePeople>(caller).await?;
        check_invitation(&self.trial, &invitation)?;
        self.check_past(&past)?;
        let token = Zeroizing::new(hex(&roll::<20>(self.dice.as_ref())));
        let hash = sha256(token.as_bytes());
        let done = self.act(&may, move |tx| {
            let person = invitation.person.clone();
            if let Some(first) = first_answer(tx, &once)? {
                if tx.view().account(&person)?.is_none_or(|account| account.state != "invited") {
                    return Err(Refusal::new(Why::WrongState));
                }
                tx.append(Entry::new("invitation-renewed").on("person", person.as_str()))?;
                tx.keep_invitation(&hash, &person, tx.now().plus_seconds(INVITATION_SECONDS))?;
                tx.receipt_about(first.seq);
                return Ok((person, true));
            }
            if tx.view().account(&person)?.is_some() || tx.view().token(&person)?.is_some() {
                return Err(Refusal::new(Why::WrongState));
            }
            check_role(&tx.view(), &invitation.name, invitation.role, &past)?;
            let seq = write_invitation(tx, &invitation, past, &hash)?;
            tx.remember(&once, person.as_str(), seq)?;
            Ok((person, false))
        });
        Ok(Answered::from(done.await?).map(|person| Invited { person, token }))
    }

    /// Whose invitation this is, if it can still be taken up. The token itself is the right to know it.
    ///
    /// # Errors
    /// `no-such-record` for a token that is unknown, used or older than 72 hours.
    pub fn invited(&self, token: &str) -> Result<Person, Refusal> {
        let gone = || Refusal::new(Why::NoSuchRecord);
        let now = self.clock.now();
        self.store.read(|view| {
            let found = view.invitation(&sha256(token.as_bytes()))?;
            let (person, _) = found.filter(|(_, expires)| now < *expires).ok_or_else(gone)?;
            Ok(view.account(&person)?.ok_or_else(gone)?.person)
        })
    }

    /// Ends a person's access at once: sessions, password, and every wrap (AC-7).
    ///
    /// # Errors
    /// `no-such-record`; `wrong-state` when it was disabled before, or is the caller's own.
    pub async fn disable(
        &self,
        caller: &Caller,
        person: PersonId,
        once: OnceKey,
    ) -> Result<Answered<()>, Refusal> {
        let may = self.may_somewhere::<ManagePeople>(caller).await?;
        let own = caller.person.id == person;
        let done = self.act(&may, move |tx| {
            if first_answer(tx, &once)?.is_some() {
                return Ok(true);
            }
            let account = tx.view().account(&person)?;
            let account = account.ok_or_else(|| Refusal::new(Why::NoSuchRecord))?;
            if own || account.state == "disabled" {
                return Err(Refusal::new(Why::WrongState));
            }
            tx.end_access(&person)?;
            let seq = tx.append(Entry::new("person-disabled").on("person", person.as_str()))?;
            tx.forget_ended_tokens()?;
            tx.remember(&once, person.as_str(), seq)?;
            Ok(false)
        });
        Ok(done.await?.into())
    }

    /// Everybody with an account.
    ///
    /// # Errors
    /// `not-your-role`.
    pub async fn people(&self, caller: &Caller) -> Result<Vec<Account>, Refusal> {
        self.may_somewhere::<ReadPeople>(caller).await?;
        self.store.read(|view| Ok(view.accounts()?))
    }
}

/// What can be said of an invitation without the records.
pub(super) fn check_invitation(trial: &Trial, invitation: &Invitation) -> Result<(), Refusal> {
    let mut errors = vec![];
    let length = invitation.name.chars().count();
    if invitation.name.trim().is_empty() {
        errors.push(FieldError::new("/name", FieldCode::TextEmpty));
    } else if invitation.name.chars().any(char::is_control) {
        // It stands under signatures, in one line.
        errors.push(FieldError::new("/name", FieldCode::TextControl));
    } else if length > NAME {
        let error = FieldError::new("/name", FieldCode::TextTooLong);
        errors.push(error.with("max", NAME as u64));
    }
    let wants_centres = invitation.role.works_at_centres();
    let different: BTreeSet<_> = invitation.centres.iter().collect();
    let known = |centre: &CentreId| trial.centre(centre).is_some();
    if wants_centres && invitation.centres.is_empty() {
        errors.push(FieldError::new("/centres", FieldCode::Required));
    } else if !invitation.centres.iter().all(known)
        || (!wants_centres && !invitation.centres.is_empty())
    {
        errors.push(FieldError::new("/centres", FieldCode::ChoiceUnknown));
    } else if different.len() != invitation.centres.len() {
        errors.push(FieldError::new("/centres", FieldCode::Doubled));
    }
    if invitation.principal && invitation.role != Role::Investigator {
        errors.push(FieldError::new("/principal", FieldCode::ChoiceUnknown));
    }
    if errors.is_empty() { Ok(()) } else { Err(Refusal::fields(errors)) }
}

/// The entry and the token of an invitation.
pub(super) fn write_invitation(
    tx: &mut Tx<'_>,
    invitation: &Invitation,
    past: Past,
    token: &[u8; 32],
) -> Result<u64, StoreError> {
    let Invitation { person, name, role, centres, principal } = invitation;
    let centres = centres.iter().map(|centre| Fact::from(centre.as_str())).collect::<Vec<_>>();
    let entry = Entry::new("person-invited").on("person", person.as_str());
    let entry = entry.with("role", role.as_str()).with("centres", centres);
    let entry = if *principal { entry.with("principal", true) } else { entry };
    let entry = entry.private("name", name.as_str());
    let entry = match past.formerly {
        Some(former) => entry.with("formerly", former.as_str()),
        None => entry,
    };
    let entry = match past.another_person {
        Some(how) => entry.with("another-person", true).private("another-person", how),
        None => entry,
    };
    let seq = tx.append(entry)?;
    tx.keep_invitation(token, person, tx.now().plus_seconds(INVITATION_SECONDS))?;
    Ok(seq)
}

/// Who is told that something happened: everybody active whom `wants` names.
pub(super) fn active(
    tx: &Tx<'_>,
    wants: impl Fn(&Person) -> bool,
) -> Result<Vec<Person>, StoreError> {
    let accounts = tx.view().accounts()?.into_iter();
    let active = accounts.filter(|account| account.state == "active").map(|account| account.person);
    Ok(active.filter(|person| wants(person)).collect())
}
