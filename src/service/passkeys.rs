//! Passkeys (AC-9): an extra for whoever has a second factor, in the place of its code, always beside the password. None
//! ever signs an act. What a browser was asked lives in memory, a few minutes and once: after a restart it is asked anew.

use super::first_step::Kept;
use super::refuse::Noted;
use super::second_factor::{NotPast, Way, noted, person_only};
use super::sign_in::{Failures, FirstStep, NotSignedIn};
use super::{Answered, House, first_answer};
use crate::dice::roll;
use crate::domain::access::Caller;
use crate::domain::entry::Entry;
use crate::domain::ids::PersonId;
use crate::domain::time::Moment;
use crate::limits::{PASSKEY_QUESTIONS, PASSKEY_SECONDS, PASSKEYS};
use crate::refusal::{Code as Why, FieldCode, FieldError, Refusal};
use crate::sealing::bytes::{Hash, hex, sha256};
use crate::sealing::manifest::ListPurpose;
use crate::sealing::passkey::{Adding, Asking, Relying};
use crate::store::passkeys::KeptPasskey;
use crate::store::repeats::OnceKey;
use crate::store::{Stamp, StoreError, View};
use std::collections::BTreeMap;
use std::sync::{Mutex, OnceLock};
use zeroize::Zeroizing;

/// What a question is tied to when the password itself was shown: it is shown again with the answer.
pub(super) const ANY_DOOR: Hash = [0; 32];

/// What a browser is asked.
#[derive(Debug)]
pub struct Question {
    /// By what the answer names it. It opens nothing.
    pub ceremony: String,
    /// The options for `navigator.credentials`, as JSON; bytes are base64url.
    pub options: String,
}

/// What a browser answers.
pub struct Shown {
    /// The question.
    pub ceremony: String,
    /// The credential, as JSON; bytes are base64url.
    pub credential: String,
}

/// Where somebody stands with passkeys.
#[derive(Debug)]
pub struct OwnPasskeys {
    /// May one be added? Only beside a second factor, and not without end.
    pub may_add: bool,
    /// Those that there are.
    pub all: Vec<KeptPasskey>,
}

/// Where passkeys are made, and the questions that stand open.
#[derive(Default)]
pub(super) struct Passkeys {
    at: OnceLock<Relying>,
    adding: Open<Adding>,
    asking: Open<Asking>,
}

/// Questions that stand open, each person's own: nobody pushes out another's.
struct Open<S>(Mutex<BTreeMap<PersonId, Vec<Waiting<S>>>>);

struct Waiting<S> {
    ceremony: String,
    tie: Hash,
    until: Moment,
    state: S,
}

impl<S> Default for Open<S> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<S> Open<S> {
    fn keep(&self, person: &PersonId, one: Waiting<S>, now: Moment) {
        let Ok(mut open) = self.0.lock() else { return };
        open.retain(|_, theirs| {
            theirs.retain(|one| now < one.until);
            !theirs.is_empty()
        });
        let own = open.entry(person.clone()).or_default();
        if own.len() >= PASSKEY_QUESTIONS {
            own.remove(0);
        }
        own.push(one);
    }

    /// The question is closed by whoever answers it, rightly or not: of two answers one comes too late.
    fn take(&self, person: &PersonId, ceremony: &str, tie: &Hash, now: Moment) -> Option<S> {
        let mut open = self.0.lock().ok()?;
        let own = open.get_mut(person)?;
        let place = own.iter().position(|one| one.ceremony == ceremony)?;
        let one = own.remove(place);
        (one.tie == *tie && now < one.until).then_some(one.state)
    }
}

impl House {
    /// Says once, before it serves, at which address passkeys are made. No when none can be made there.
    pub fn take_passkeys(&self, origin: &str) -> bool {
        let training = match self.purpose() {
            ListPurpose::Live => "",
            ListPurpose::Training => " training",
        };
        let name = format!("Klero {}{training}", self.trial.id);
        let at = Relying::of(origin, &name);
        at.is_some_and(|at| self.passkeys.at.set(at).is_ok())
    }

    /// Are there passkeys here at all?
    pub fn has_passkeys(&self) -> bool {
        self.passkeys.at.get().is_some()
    }

    fn passkeys_at(&self) -> Result<&Relying, Refusal> {
        self.passkeys.at.get().ok_or_else(|| Refusal::new(Why::NoSuchPage))
    }

    /// The caller's passkeys.
    ///
    /// # Errors
    /// `no-such-page` where there are none; `sign-in-needed` for a machine.
    pub fn own_passkeys(&self, caller: &Caller) -> Result<OwnPasskeys, Refusal> {
        person_only(caller)?;
        self.passkeys_at()?;
        let person = &caller.person.id;
        self.store.read(|view| {
            let all = view.passkeys(person)?;
            Ok(OwnPasskeys { may_add: may_add(view, person)?, all })
        })
    }

    /// Begins to add a passkey: what the caller's browser is asked. The answer counts in this session alone.
    ///
    /// # Errors
    /// `no-such-page`; `signature-needed` for a wrong password; `wrong-state` without a second factor, or with all the
    /// passkeys that one account may have.
    pub async fn begin_passkey(
        &self,
        caller: &Caller,
        session: &str,
        password: &Zeroizing<String>,
    ) -> Result<Question, Refusal> {
        person_only(caller)?;
        let at = self.passkeys_at()?;
        let person = &caller.person.id;
        self.own_password(caller, password).await?;
        let known = self.store.read(|view| {
            let may = may_add(view, person)?;
            Ok::<_, StoreError>(if may { Some(view.passkeys(person)?) } else { None })
        })?;
        let known = known.ok_or_else(|| Refusal::new(Why::WrongState))?;
        let begun = at.begin_adding(person.as_str(), &keys(known));
        let (options, state) = begun.ok_or_else(|| Refusal::new(Why::Internal))?;
        let tie = sha256(session.as_bytes());
        Ok(self.stand_open(&self.passkeys.adding, person, tie, options, state))
    }

    /// Adds the passkey with which the caller's browser answered. Gives its number.
    ///
    /// # Errors
    /// `no-such-page`; `invalid-fields` for an answer that was not asked for in this session just now, or does not fit;
    /// `wrong-state` as [`House::begin_passkey`].
    pub async fn add_passkey(
        &self,
        caller: &Caller,
        session: &str,
        shown: &Shown,
        once: OnceKey,
    ) -> Result<Answered<u64>, Refusal> {
        person_only(caller)?;
        let at = self.passkeys_at()?;
        let person = caller.person.id.clone();
        let (tie, now) = (sha256(session.as_bytes()), self.clock.now());
        let asked = self.passkeys.adding.take(&person, &shown.ceremony, &tie, now);
        let added = asked.and_then(|asked| at.finish_adding(&shown.credential, &asked));
        let pending = self.store.write(Stamp::person(&person, caller.role()), move |tx| {
            if let Some(first) = first_answer(tx, &once).map_err(noted)? {
                let number = first.answer.parse().map_err(|_| StoreError::Damaged)?;
                return Ok::<_, Noted>((number, true));
            }
            let unfit = || {
                let error = FieldError::new("/credential", FieldCode::PasskeyUnfit);
                noted(Refusal::fields(vec![error]))
            };
            let added = added.ok_or_else(unfit)?;
            // The second factor may have been given up meanwhile, or other passkeys added.
            if !may_add(&tx.view(), &person)? {
                return Err(noted(Refusal::new(Why::WrongState)));
            }
            let number = tx.keep_passkey(&person, &added.id, &added.key)?.ok_or_else(unfit)?;
            let entry = Entry::new("passkey-added").on("person", person.as_str());
            let seq = tx.append(entry.with("number", number))?;
            tx.remember(&once, &number.to_string(), seq)?;
            Ok((number, false))
        });
        let answer = pending.answer().await.map_err(|noted| noted.refusal)?;
        Ok(answer.into())
    }

    /// Removes one of the caller's passkeys: it opens nothing from now on.
    ///
    /// # Errors
    /// `no-such-page`; `no-such-record` when there is none of this number.
    pub async fn remove_passkey(&self, caller: &Caller, number: u64) -> Result<(), Refusal> {
        person_only(caller)?;
        self.passkeys_at()?;
        let person = caller.person.id.clone();
        let pending = self.store.write(Stamp::person(&person, caller.role()), move |tx| {
            if !tx.forget_passkey(&person, number)? {
                return Err(noted(Refusal::new(Why::NoSuchRecord)));
            }
            let entry = Entry::new("passkey-removed").on("person", person.as_str());
            tx.append(entry.with("number", number))?;
            Ok(())
        });
        pending.answer().await.map(|_| ()).map_err(|noted: Noted| noted.refusal)
    }

    /// Asks for a passkey of somebody who shows name and password.
    ///
    /// # Errors
    /// As [`House::sign_in_with`]; `second-factor-needed` for a right password where there is no passkey;
    /// `no-such-page`.
    pub async fn ask_for_passkey(
        &self,
        failures: &Failures,
        name: &str,
        door: FirstStep,
    ) -> Result<Question, NotSignedIn> {
        self.passkeys_at().map_err(noted)?;
        let tie = door.tie();
        let (account, _, _) = self.past_first_step(failures, name, door).await?;
        let asked = self.ask(&account.person.id, tie);
        Ok(asked.ok_or_else(|| noted(Refusal::new(Why::SecondFactorNeeded)))?)
    }

    /// Asks for a passkey of somebody whom a page has just let past the first step. None where there is none to ask for.
    pub fn ask_half_way(&self, name: &str, half: &Zeroizing<String>) -> Option<Question> {
        let person = PersonId::parse(name).ok()?;
        let kept = self.store.read(|view| Kept::of(view, &person)).ok()?;
        self.half_way_by(&person, &kept, half)?;
        self.ask(&person, sha256(half.as_bytes()))
    }

    fn ask(&self, person: &PersonId, tie: Hash) -> Option<Question> {
        let at = self.passkeys.at.get()?;
        let known = self.store.read(|view| view.passkeys(person)).ok()?;
        let (options, state) = at.ask(&keys(known))?;
        Some(self.stand_open(&self.passkeys.asking, person, tie, options, state))
    }

    fn stand_open<S>(
        &self,
        open: &Open<S>,
        person: &PersonId,
        tie: Hash,
        options: String,
        state: S,
    ) -> Question {
        let now = self.clock.now();
        let ceremony = hex(&roll::<16>(self.dice.as_ref()));
        let until = now.plus_seconds(PASSKEY_SECONDS);
        open.keep(person, Waiting { ceremony: ceremony.clone(), tie, until, state }, now);
        Question { ceremony, options }
    }

    /// The second step by a passkey. What it has signed is used up in the writer, as a code is.
    pub(super) fn past_by_passkey(
        &self,
        person: &PersonId,
        tie: &Hash,
        shown: &Shown,
    ) -> Result<Way, NotPast> {
        let now = self.clock.now();
        let at = self.passkeys.at.get().ok_or(NotPast::Wrong)?;
        let asked = self.passkeys.asking.take(person, &shown.ceremony, tie, now);
        let used = asked.and_then(|asked| at.check(&shown.credential, &asked));
        used.map(Way::Passkey).ok_or(NotPast::Wrong)
    }
}

/// Only beside a second factor: password and code stay the floor on which everybody stands.
fn may_add(view: &View<'_>, person: &PersonId) -> Result<bool, StoreError> {
    let enrolled = view.factor(person)?.is_some_and(|factor| factor.sealed.is_some());
    Ok(enrolled && view.passkeys(person)?.len() < PASSKEYS)
}

fn keys(kept: Vec<KeptPasskey>) -> Vec<String> {
    kept.into_iter().map(|one| one.key).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn person(id: &str) -> PersonId {
        PersonId::parse(id).unwrap()
    }

    fn waiting(ceremony: &str, until: i64) -> Waiting<u8> {
        let until = Moment::from_millis(until);
        Waiting { ceremony: ceremony.to_owned(), tie: ANY_DOOR, until, state: 1 }
    }

    // shows: AC-1, AC-9
    #[test]
    fn a_question_is_answered_once_in_time_behind_its_own_door_and_by_its_own_person() {
        let (open, now) = (Open::default(), Moment::from_millis(0));
        let take = |who: &str, ceremony: &str, tie: Hash, at: i64| {
            open.take(&person(who), ceremony, &tie, Moment::from_millis(at))
        };
        for ceremony in ["a", "b", "c", "d"] {
            open.keep(&person("mon-1"), waiting(ceremony, 10), now);
        }
        assert_eq!(take("mon-2", "a", ANY_DOOR, 0), None, "another person's");
        assert_eq!(take("mon-1", "a", ANY_DOOR, 9), Some(1));
        assert_eq!(take("mon-1", "a", ANY_DOOR, 9), None, "answered before");
        assert_eq!(take("mon-1", "b", ANY_DOOR, 10), None, "too late");
        assert_eq!(take("mon-1", "c", [1; 32], 0), None, "behind another door");
        assert_eq!(take("mon-1", "c", ANY_DOOR, 0), None, "a wrong answer closes it too");
        assert_eq!(take("mon-1", "e", ANY_DOOR, 0), None, "never asked");
    }

    #[test]
    fn questions_are_bounded_in_number_and_time_and_nobody_pushes_out_anothers() {
        let (open, now) = (Open::default(), Moment::from_millis(0));
        open.keep(&person("mon-2"), waiting("theirs", 10), now);
        for number in 0..100 {
            open.keep(&person("mon-1"), waiting(&number.to_string(), 10), now);
        }
        let kept = |open: &Open<u8>| open.0.lock().unwrap().values().map(Vec::len).sum::<usize>();
        assert_eq!(kept(&open), PASSKEY_QUESTIONS + 1);
        assert_eq!(open.take(&person("mon-1"), "0", &ANY_DOOR, now), None, "pushed out");
        assert_eq!(open.take(&person("mon-1"), "99", &ANY_DOOR, now), Some(1));
        open.keep(&person("mon-3"), waiting("later", 99), Moment::from_millis(10));
        assert_eq!(kept(&open), 1, "what is over is gone");
    }
}
