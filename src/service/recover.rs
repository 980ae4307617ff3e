//! A lost phone, a lost password: the administrator lets a person set either up anew, by a link that is good once and for
//! 72 hours. Neither touches the opening key, so nobody learns an arm by it; both are entries that the monitor reads.

use super::second_factor::{Second, noted, use_up};
use super::sign_in::check_new_password;
use super::sign_on::unlink;
use super::{Answered, House, first_answer};
use crate::dice::roll;
use crate::domain::access::{Caller, ManagePeople};
use crate::domain::entry::Entry;
use crate::domain::ids::PersonId;
use crate::domain::people::{Anew, Person};
use crate::limits::INVITATION_SECONDS;
use crate::refusal::{Code as Why, Refusal};
use crate::sealing::bytes::{hex, sha256};
use crate::service::people::Invited;
use crate::store::repeats::OnceKey;
use crate::store::{Stamp, Tx};
use std::time::Duration;
use zeroize::Zeroizing;

impl House {
    /// Gives a link by which a person sets password or second factor up anew. A second factor is given up at once, with
    /// its recovery codes and every session: the phone may be in somebody's hand. Asked again with the same key, a new
    /// link is given and the old one ends.
    ///
    /// # Errors
    /// `no-such-record`; `wrong-state` unless the account is active and somebody else's.
    pub async fn recover(
        &self,
        caller: &Caller,
        person: PersonId,
        anew: Anew,
        once: OnceKey,
    ) -> Result<Answered<Invited>, Refusal> {
        let may = self.may_somewhere::<ManagePeople>(caller).await?;
        let token = Zeroizing::new(hex(&roll::<20>(self.dice.as_ref())));
        let hash = sha256(token.as_bytes());
        let (own, asked) = (caller.person.id == person, person.clone());
        let done = self.act(&may, move |tx| {
            let repeated = first_answer(tx, &once)?.is_some();
            let account = tx.view().account(&asked)?;
            let account = account.ok_or_else(|| Refusal::new(Why::NoSuchRecord))?;
            if own || account.state != "active" {
                return Err(Refusal::new(Why::WrongState));
            }
            let seq = lose(tx, &asked, anew)?;
            let expires = tx.now().plus_seconds(INVITATION_SECONDS);
            tx.keep_recovery(&hash, &asked, anew, expires)?;
            if !repeated {
                tx.remember(&once, asked.as_str(), seq)?;
            }
            Ok(repeated)
        });
        Ok(Answered::from(done.await?).map(|()| Invited { person, token }))
    }

    /// The same on a stopped folder, for the day when no administrator can sign in: the service's own act.
    ///
    /// # Errors
    /// `no-such-record`; `wrong-state` unless the account is active.
    pub fn recover_here(
        &self,
        person: &PersonId,
        anew: Anew,
    ) -> Result<Zeroizing<String>, Refusal> {
        let token = Zeroizing::new(hex(&roll::<20>(self.dice.as_ref())));
        let (hash, person) = (sha256(token.as_bytes()), person.clone());
        let pending = self.store.write(Stamp::service(), move |tx| {
            let account = tx.view().account(&person)?;
            let account = account.ok_or_else(|| noted(Refusal::new(Why::NoSuchRecord)))?;
            if account.state != "active" {
                return Err(noted(Refusal::new(Why::WrongState)));
            }
            lose(tx, &person, anew).map_err(noted)?;
            let expires = tx.now().plus_seconds(INVITATION_SECONDS);
            Ok(tx.keep_recovery(&hash, &person, anew, expires)?)
        });
        pending.wait().map(|_| token).map_err(|noted: super::refuse::Noted| noted.refusal)
    }

    /// Whose link this is, and what it sets up anew. The token itself is the right to know it.
    ///
    /// # Errors
    /// `no-such-record` for a token that is unknown, used or older than 72 hours.
    pub fn recovering(&self, token: &str) -> Result<(Person, Anew), Refusal> {
        let gone = || Refusal::new(Why::NoSuchRecord);
        let now = self.clock.now();
        self.store.read(|view| {
            let found = view.recovery(&sha256(token.as_bytes()))?;
            let (person, anew, _) = found.filter(|(.., until)| now < *until).ok_or_else(gone)?;
            let account = view.account(&person)?.filter(|account| account.state == "active");
            Ok((account.ok_or_else(gone)?.person, anew))
        })
    }

    /// Takes up a link. For a password: the new one, with the second factor where one is set up. For a second factor: the
    /// present password; then the account page sets it up.
    ///
    /// # Errors
    /// `no-such-record`; `credentials-wrong` for what does not fit, `second-factor-needed` for what is missing, both after
    /// a wait; `invalid-fields`.
    pub async fn take_recovery(
        &self,
        token: &str,
        password: Zeroizing<String>,
        second: &Second,
    ) -> Result<Person, Refusal> {
        let (person, anew) = self.recovering(token)?;
        let hash = sha256(token.as_bytes());
        match anew {
            Anew::SecondFactor => self.take_factor_link(&person, hash, &password).await?,
            Anew::Password => self.take_password_link(&person, hash, password, second).await?,
        }
        Ok(person)
    }

    async fn take_factor_link(
        &self,
        person: &Person,
        token: [u8; 32],
        password: &Zeroizing<String>,
    ) -> Result<(), Refusal> {
        if !self.password_fits(&person.id, password).await? {
            return Err(Refusal::new(Why::CredentialsWrong));
        }
        let id = person.id.clone();
        let pending = self.store.write(Stamp::service(), move |tx| {
            still_there(tx, &token)?;
            tx.forget_recovery(&id, Anew::SecondFactor)?;
            tx.let_factor_be_set_up(&id)?;
            let entry = Entry::new("recovery-taken").on("person", id.as_str());
            tx.append(entry.with("what", Anew::SecondFactor.as_str()))?;
            Ok(())
        });
        pending.answer().await.map(|_| ()).map_err(|noted: super::refuse::Noted| noted.refusal)
    }

    async fn take_password_link(
        &self,
        person: &Person,
        token: [u8; 32],
        password: Zeroizing<String>,
        second: &Second,
    ) -> Result<(), Refusal> {
        check_new_password(&password, person.id.as_str(), "/password")?;
        let way = self.store.read(|view| {
            let factor = view.factor(&person.id)?;
            // Given up at the same time: whoever lost both shows the one link, then the other.
            match factor.filter(|factor| factor.sealed.is_some()) {
                None => Ok::<_, Refusal>(None),
                Some(_) => Ok(Some(self.past_second_step(view, &person.id, second)?)),
            }
        })?;
        let way = match way {
            None => None,
            Some(Ok(way)) => Some(way),
            Some(Err(_)) if second.code.trim().is_empty() => {
                return Err(Refusal::new(Why::SecondFactorNeeded));
            }
            Some(Err(_)) => {
                super::passwords::rest(Duration::from_secs(1)).await;
                return Err(Refusal::new(Why::CredentialsWrong));
            }
        };
        let salt = roll::<16>(self.dice.as_ref());
        let hashed = self.passwords.hash(password, salt).await;
        let hashed = hashed.ok_or_else(|| Refusal::new(Why::Internal))?;
        let id = person.id.clone();
        let pending = self.store.write(Stamp::service(), move |tx| {
            still_there(tx, &token)?;
            if let Some(way) = &way
                && !use_up(tx, &id, way)?
            {
                return Err(noted(Refusal::new(Why::CredentialsWrong)));
            }
            tx.forget_recovery(&id, Anew::Password)?;
            tx.keep_password(&id, &hashed, None)?;
            let entry = Entry::new("recovery-taken").on("person", id.as_str());
            tx.append(entry.with("what", Anew::Password.as_str()))?;
            Ok(())
        });
        pending.answer().await.map(|_| ()).map_err(|noted: super::refuse::Noted| noted.refusal)
    }
}

/// What is lost ends, as far as it could be somebody else's now; the entry names it.
fn lose(tx: &mut Tx<'_>, person: &PersonId, anew: Anew) -> Result<u64, Refusal> {
    if anew == Anew::SecondFactor {
        tx.give_factor_up(person)?;
    }
    // Whoever had the password may have linked another hospital account by it.
    unlink(tx, person)?;
    let entry = Entry::new("recovery-begun").on("person", person.as_str());
    Ok(tx.append(entry.with("what", anew.as_str()))?)
}

/// The link may have been used, or another given, since it was looked at.
fn still_there(tx: &Tx<'_>, token: &[u8; 32]) -> Result<(), super::refuse::Noted> {
    let found = tx.view().recovery(token)?.filter(|(.., until)| tx.now() < *until);
    found.map(|_| ()).ok_or_else(|| noted(Refusal::new(Why::NoSuchRecord)))
}
