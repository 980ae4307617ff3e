//! Signing in and out. A wrong password is answered later and later, to ten seconds at most; nobody is locked out.

use super::House;
use super::common::is_common;
use super::first_step::{By, Kept};
use super::passkeys::ANY_DOOR;
use super::refuse::Noted;
use super::second_factor::{NotPast, Second, Way, noted, use_up};
use crate::domain::access::Caller;
use crate::domain::entry::Entry;
use crate::domain::ids::PersonId;
use crate::domain::time::Moment;
use crate::limits::{
    DELAY_SECONDS_MAX, DEVICE_SECONDS, FAILURES_TOLD, HALF_WAY_SECONDS, IDLE_SECONDS, PASSWORD_MAX,
    PASSWORD_MIN, SESSION_SECONDS,
};
use crate::refusal::{Code as Why, FieldCode, FieldError, Refusal};
use crate::sealing::bytes::{Hash, hex, sha256};
use crate::store::Stamp;
use crate::store::queries::Account;
use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::Duration;
use zeroize::Zeroizing;

/// By what somebody comes to the second step.
pub enum FirstStep {
    /// The password.
    Password(Zeroizing<String>),
    /// The proof that the password was right a few minutes ago.
    HalfWay(Zeroizing<String>),
    /// The same after the hospital's sign-on; did its server ask for a second step that counts here as well?
    SignOn(Zeroizing<String>, bool),
}

impl FirstStep {
    /// What a passkey's question is tied to, so that it is answered behind the door at which it was asked.
    pub(super) fn tie(&self) -> Hash {
        match self {
            FirstStep::Password(_) => ANY_DOOR,
            FirstStep::HalfWay(shown) | FirstStep::SignOn(shown, _) => sha256(shown.as_bytes()),
        }
    }
}

/// A session that has just begun. The token is shown this once.
pub struct SignedIn {
    /// 64 hex digits: the bearer token.
    pub token: Zeroizing<String>,
    /// Who is signed in.
    pub caller: Caller,
    /// The absolute end.
    pub expires: Moment,
    /// The token of the person's own phone, where it is to be known from now on.
    pub device: Option<Zeroizing<String>>,
}

/// Not signed in: how long to wait before saying so.
#[derive(Debug)]
pub struct NotSignedIn {
    /// The refusal: the same for a wrong name and a wrong password.
    pub refusal: Refusal,
    /// Grows with each failure under the same name.
    pub wait: Duration,
    /// The password was right: what shows so when the second step is sent.
    pub half_way: Option<Zeroizing<String>>,
}

impl NotSignedIn {
    fn at_once(refusal: Refusal) -> Self {
        Self { refusal, wait: Duration::ZERO, half_way: None }
    }
}

impl From<Noted> for NotSignedIn {
    fn from(noted: Noted) -> Self {
        Self::at_once(noted.refusal)
    }
}

/// How often a name has failed since it last succeeded. Kept in memory: a restart forgives.
#[derive(Debug, Default)]
pub struct Failures(Mutex<BTreeMap<Hash, u32>>);

/// What the entry of a sign-in says of its way when it was not the password.
const SIGN_ON: &str = "sign-on";

/// So many names are remembered; beyond it the oldest by hash order is forgotten, which forgives somebody at random.
const NAMES: usize = 10_000;

impl Failures {
    /// How long to wait before saying so; and have there been so many that somebody else should know?
    pub(super) fn failed(&self, name: &Hash) -> (Duration, bool) {
        let Ok(mut failures) = self.0.lock() else { return (Duration::ZERO, false) };
        if failures.len() >= NAMES && !failures.contains_key(name) {
            failures.pop_first();
        }
        let count = failures.entry(*name).or_insert(0);
        *count = count.saturating_add(1);
        (delay_after(*count), *count == FAILURES_TOLD)
    }

    pub(super) fn succeeded(&self, name: &Hash) {
        if let Ok(mut failures) = self.0.lock() {
            failures.remove(name);
        }
    }
}

/// None for the first two slips, then 1, 2, 4, 8, 10 seconds.
fn delay_after(failures: u32) -> Duration {
    let seconds = match failures {
        0..=2 => 0,
        more => 1u64.checked_shl(more - 3).unwrap_or(u64::MAX),
    };
    Duration::from_secs(seconds.min(DELAY_SECONDS_MAX))
}

impl House {
    /// Signs a person in with the password alone, where nothing more is set up.
    ///
    /// # Errors
    /// As [`House::sign_in_with`].
    pub async fn sign_in(
        &self,
        failures: &Failures,
        name: &str,
        password: Zeroizing<String>,
    ) -> Result<SignedIn, NotSignedIn> {
        self.sign_in_with(failures, name, FirstStep::Password(password), &Second::default()).await
    }

    /// Signs a person in. Costs the same for an unknown name as for a known one, and says the same for a wrong name, a
    /// wrong password, a wrong code and a closed account.
    ///
    /// # Errors
    /// `credentials-wrong` after a wait; `second-factor-needed` for a right password when a code is missing; the store's
    /// failures at once.
    pub async fn sign_in_with(
        &self,
        failures: &Failures,
        name: &str,
        door: FirstStep,
        second: &Second,
    ) -> Result<SignedIn, NotSignedIn> {
        let tie = door.tie();
        let (account, kept, by) = self.past_first_step(failures, name, door).await?;
        let name = sha256(name.as_bytes());
        let own = account.person.id.clone();
        let step = match &second.passkey {
            Some(shown) => Ok(self.past_by_passkey(&own, &tie, shown)),
            None => self.store.read(|view| self.second_step(view, &own, second, by)),
        };
        let done = match step.map_err(|error| NotSignedIn::at_once(error.into()))? {
            Ok(way) => self.begin(account, way, second, by).await,
            Err(NotPast::Wrong) => Err(noted(Refusal::new(Why::CredentialsWrong))),
            Err(NotPast::GivenUp) => {
                return Err(NotSignedIn::at_once(Refusal::new(Why::SecondFactorNeeded)));
            }
            Err(NotPast::Asked) => {
                let until = self.clock.now().plus_seconds(HALF_WAY_SECONDS);
                let half = kept.by(by).map(|kept| self.secret.half_way(&own, kept, until));
                let refusal = Refusal::new(Why::SecondFactorNeeded);
                return Err(NotSignedIn { half_way: half, ..NotSignedIn::at_once(refusal) });
            }
        };
        match done {
            Ok(signed_in) => {
                failures.succeeded(&name);
                self.code_fitted(&own);
                Ok(signed_in)
            }
            Err(noted) if noted.refusal.code == Why::CredentialsWrong => {
                Err(self.not_in(failures, &name, "second-factor-failed", Some(&own)).await)
            }
            Err(noted) => Err(noted.into()),
        }
    }

    /// Who takes the first step at this door, what is kept of them for it, and by what they took it. Costs and says the
    /// same whatever is wrong.
    ///
    /// # Errors
    /// `credentials-wrong` after a wait; the store's failures at once.
    pub(super) async fn past_first_step(
        &self,
        failures: &Failures,
        name: &str,
        door: FirstStep,
    ) -> Result<(Account, Kept, By), NotSignedIn> {
        let person = PersonId::parse(name).ok();
        let known = self.store.read(|view| {
            let Some(person) = &person else { return Ok::<_, Refusal>((None, Kept::default())) };
            Ok((view.account(person)?, Kept::of(view, person)?))
        });
        let (account, kept) = known.map_err(NotSignedIn::at_once)?;
        let by = self.first_step(person.as_ref(), door, &kept).await;
        let account = account.filter(|account| account.state == "active");
        match account.zip(by) {
            Some((account, by)) => Ok((account, kept, by)),
            None => {
                let name = sha256(name.as_bytes());
                Err(self.not_in(failures, &name, "sign-in-failed", person.as_ref()).await)
            }
        }
    }

    /// What is told after a wait, whatever was wrong.
    async fn not_in(
        &self,
        failures: &Failures,
        name: &Hash,
        act: &'static str,
        person: Option<&PersonId>,
    ) -> NotSignedIn {
        let (wait, again) = failures.failed(name);
        self.note_failure(act, person, again).await;
        let refusal = Refusal::new(Why::CredentialsWrong);
        NotSignedIn { wait, ..NotSignedIn::at_once(refusal) }
    }

    /// 64 hex digits that nobody guesses.
    pub(super) fn token(&self) -> Zeroizing<String> {
        Zeroizing::new(hex(&crate::dice::roll::<32>(self.dice.as_ref())))
    }

    async fn begin(
        &self,
        account: Account,
        way: Way,
        second: &Second,
        by: By,
    ) -> Result<SignedIn, Noted> {
        let token = self.token();
        // Where no code was asked for, there is nothing to do without.
        let asked = matches!(way, Way::Step(_) | Way::Recovery(_) | Way::Passkey(_));
        let device = (second.keep && asked).then(|| self.token());
        let hash = sha256(token.as_bytes());
        let device_hash = device.as_ref().map(|device| sha256(device.as_bytes()));
        let person = account.person.clone();
        let stamp = Stamp::person(&person.id, person.role);
        let pending = self.store.write(stamp, move |tx| {
            if !use_up(tx, &person.id, &way)? {
                return Err(noted(Refusal::new(Why::CredentialsWrong)));
            }
            let expires = tx.now().plus_seconds(SESSION_SECONDS);
            tx.begin_session(&hash, &person.id, expires)?;
            if let Some(device) = device_hash {
                tx.keep_device(&device, &person.id, tx.now().plus_seconds(DEVICE_SECONDS))?;
            }
            let entry = Entry::new("signed-in").on("person", person.id.as_str());
            tx.append(if by == By::Password { entry } else { entry.with("way", SIGN_ON) })?;
            Ok(expires)
        });
        let (expires, _) = pending.answer().await?.into_parts();
        Ok(SignedIn { token, caller: Caller::person(account.person), expires, device })
    }

    /// An unknown name may be somebody's identity, so the entry names only accounts that exist.
    /// One of them says that it was not the first, so that it is told (AC-1); nobody is locked out by that.
    pub(super) async fn note_failure(
        &self,
        act: &'static str,
        person: Option<&PersonId>,
        again: bool,
    ) {
        let known = self.store.read(|view| match person {
            Some(person) => Ok::<_, Refusal>(view.account(person)?.is_some()),
            None => Ok(false),
        });
        let entry = Entry::new(act);
        let entry = match person {
            Some(person) if known == Ok(true) => entry.on("person", person.as_str()),
            _ => entry,
        };
        let entry = if again { entry.with("again", true) } else { entry };
        let pending = self.store.write(Stamp::service(), |tx| Ok::<_, Noted>(tx.append(entry)?));
        // A failed sign-in is refused whether or not its entry could be kept.
        let _ = pending.answer().await;
    }

    /// Whose request this is: role and centres as they stand now.
    ///
    /// # Errors
    /// `sign-in-needed` for an unknown, idle, ended or disabled session.
    pub fn caller(&self, token: &str) -> Result<Caller, Refusal> {
        let hash = sha256(token.as_bytes());
        let now = self.clock.now();
        let needed = || Refusal::new(Why::SignInNeeded);
        let (session, account) = self.store.read(|view| {
            let session = view.session(&hash)?.ok_or_else(needed)?;
            let account = view.account(&session.person)?.ok_or_else(needed)?;
            Ok::<_, Refusal>((session, account))
        })?;
        let idle_end = session.seen.plus_seconds(IDLE_SECONDS);
        if now >= session.expires || now >= idle_end || account.state != "active" {
            return Err(needed());
        }
        // To the minute, so that reading costs no write each time.
        if now >= session.seen.plus_seconds(60) {
            let stamp = Stamp::person(&account.person.id, account.person.role);
            drop(self.store.write(stamp, move |tx| Ok::<_, Noted>(tx.touch_session(&hash)?)));
        }
        Ok(Caller::person(account.person))
    }

    /// When the caller signed in before this session, to be told on every page: somebody else's sign-in is seen by it.
    /// None the first time, and when the store cannot be read: it is a help, and no page hangs from it.
    pub fn last_sign_in(&self, caller: &Caller) -> Option<Moment> {
        self.store.read(|view| view.sign_in_before(&caller.person.id)).ok().flatten()
    }

    /// Ends the session.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn sign_out(&self, caller: &Caller, token: &str) -> Result<(), Refusal> {
        let hash = sha256(token.as_bytes());
        let person = caller.person.id.clone();
        let stamp = Stamp::person(&person, caller.person.role);
        let pending = self.store.write(stamp, move |tx| {
            tx.end_session(&hash)?;
            tx.append(Entry::new("signed-out").on("person", person.as_str()))?;
            Ok::<_, Noted>(())
        });
        pending.answer().await.map(|_| ()).map_err(|noted| noted.refusal)
    }

    /// Takes up an invitation: the person chooses the password, and nobody else ever knows it (AT-10).
    ///
    /// # Errors
    /// `invalid-fields` for a password that is too short, too long or too common; `no-such-record` for a token that is unknown,
    /// used or older than 72 hours.
    pub async fn accept_invitation(
        &self,
        token: &str,
        password: Zeroizing<String>,
    ) -> Result<PersonId, Refusal> {
        check_length(&password, "/password")?;
        let gone = || Refusal::new(Why::NoSuchRecord);
        let token = sha256(token.as_bytes());
        let salt = crate::dice::roll::<16>(self.dice.as_ref());
        // Found before the expensive hash, and once more in the act: the token may have been used meanwhile.
        let (invited, _) = self.store.read(|view| view.invitation(&token)?.ok_or_else(gone))?;
        check_new_password(&password, invited.as_str(), "/password")?;
        let hashed = self.passwords.hash(password, salt).await;
        let hashed = hashed.ok_or_else(|| Refusal::new(Why::Internal))?;
        let pending = self.store.write(Stamp::service(), move |tx| {
            let found = tx.view().invitation(&token)?;
            let Some((person, _)) = found.filter(|(_, expires)| tx.now() < *expires) else {
                return Err(Noted { refusal: Refusal::new(Why::NoSuchRecord), wanted: None });
            };
            tx.accept_invitation(&person, &hashed)?;
            tx.append(Entry::new("account-activated").on("person", person.as_str()))?;
            Ok(person)
        });
        let answer = pending.answer().await.map_err(|noted| noted.refusal)?;
        Ok(answer.into_parts().0)
    }
}

/// A password that somebody may choose: long enough, and none that everybody tries first.
///
/// # Errors
/// `invalid-fields`, about `pointer`.
pub(super) fn check_new_password(
    password: &str,
    account: &str,
    pointer: &str,
) -> Result<(), Refusal> {
    check_length(password, pointer)?;
    if is_common(password, account) {
        let error = FieldError::new(pointer, FieldCode::PasswordCommon);
        return Err(Refusal::fields(vec![error]));
    }
    Ok(())
}

fn check_length(password: &str, pointer: &str) -> Result<(), Refusal> {
    let wrong = |code| {
        Err(Refusal::fields(vec![
            FieldError::new(pointer, code)
                .with("min", PASSWORD_MIN as u64)
                .with("max", PASSWORD_MAX as u64),
        ]))
    };
    if password.chars().count() < PASSWORD_MIN {
        return wrong(FieldCode::PasswordShort);
    }
    if password.len() > PASSWORD_MAX {
        return wrong(FieldCode::TextTooLong);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    // shows: AC-1 (delayed, never locked out)
    #[test]
    fn the_wait_grows_to_ten_seconds_and_no_further() {
        let waits: Vec<u64> = (1..=9).map(|n| delay_after(n).as_secs()).collect();
        assert_eq!(waits, [0, 0, 1, 2, 4, 8, 10, 10, 10]);
        assert_eq!(delay_after(u32::MAX).as_secs(), 10);
    }

    #[test]
    fn a_success_forgives_and_the_memory_for_names_is_bounded() {
        let failures = Failures::default();
        let name = sha256(b"h-1");
        for _ in 0..5 {
            failures.failed(&name);
        }
        failures.succeeded(&name);
        assert_eq!(failures.failed(&name).0, Duration::ZERO);
        for n in 0..NAMES as u32 + 5 {
            failures.failed(&sha256(&n.to_be_bytes()));
        }
        assert!(failures.0.lock().is_ok_and(|names| names.len() <= NAMES));
    }
}
