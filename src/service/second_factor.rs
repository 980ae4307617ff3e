//! The second factor (AC-9): six digits from a phone, or a recovery code. Asked for in a live trial of everybody who could
//! learn an arm or let others in; whoever else wants one has it. Nobody is locked out: a lost phone is a recovery code, or
//! a link of the administrator's, and the monitor reads of either.

use super::passkeys::Shown;
use super::refuse::Noted;
use super::{Answered, House, first_answer};
use crate::dice::roll;
use crate::domain::access::Caller;
use crate::domain::entry::Entry;
use crate::domain::ids::PersonId;
use crate::domain::people::Role;
use crate::domain::time::Moment;
use crate::limits::{FREE_CODES, RECOVERY_CODES};
use crate::refusal::{Code as Why, FieldCode, FieldError, Refusal};
use crate::sealing::bytes::{Hash, sha256};
use crate::sealing::manifest::ListPurpose;
use crate::sealing::passkey::Used;
use crate::sealing::totp::{TotpSecret, recovery_code, step_at};
use crate::store::factors::Factor;
use crate::store::repeats::OnceKey;
use crate::store::{Stamp, StoreError, Tx, View};
use std::collections::BTreeMap;
use std::sync::Mutex;
use zeroize::Zeroizing;

/// What is shown beside the password.
#[derive(Default)]
pub struct Second {
    /// Six digits, or a recovery code; empty when nothing was typed.
    pub code: String,
    /// The token of a device on which no code is asked for.
    pub device: Option<Zeroizing<String>>,
    /// Is this the person's own phone, to be known for thirty days?
    pub keep: bool,
    /// What a passkey answered, in the place of a code.
    pub passkey: Option<Shown>,
}

/// By what somebody gets past the second step.
pub(super) enum Way {
    /// None is set up.
    None,
    /// A device that is known.
    Device,
    /// Digits of this step.
    Step(u64),
    /// A recovery code, hashed.
    Recovery(Hash),
    /// A passkey that has answered.
    Passkey(Used),
    /// The hospital's server asked for one of its own, which counts here.
    Hospital,
}

/// Why somebody does not.
pub(super) enum NotPast {
    /// Nothing was typed yet.
    Asked,
    /// The old one was given up; a link sets up the new one.
    GivenUp,
    /// What was typed fits nothing.
    Wrong,
}

/// How often digits were tried since the last that fitted. Kept in memory: a restart forgives.
#[derive(Debug, Default)]
pub struct Guesses(Mutex<BTreeMap<PersonId, (u32, u64)>>);

impl Guesses {
    /// May digits be looked at? The first few tries always, then one in half a minute: six digits must not be guessed.
    /// A recovery code is not counted, so nobody is kept out who has one.
    fn one_more(&self, person: &PersonId, step: u64) -> bool {
        let Ok(mut tries) = self.0.lock() else { return false };
        let (count, last) = tries.entry(person.clone()).or_insert((0, 0));
        let may = *count < FREE_CODES || *last != step;
        if may {
            (*count, *last) = (count.saturating_add(1), step);
        }
        may
    }

    fn fitted(&self, person: &PersonId) {
        if let Ok(mut tries) = self.0.lock() {
            tries.remove(person);
        }
    }
}

/// Where somebody stands with the second factor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// Is one set up?
    pub enrolled: bool,
    /// Must one be?
    pub needed: bool,
    /// How many recovery codes are left.
    pub codes: u64,
}

impl House {
    /// Does this role need a second factor here?
    pub fn needs_second_factor(&self, role: Role) -> bool {
        let guards =
            matches!(role, Role::Pharmacist | Role::Hotline | Role::Statistician | Role::Admin);
        guards && self.purpose() == ListPurpose::Live
    }

    /// May nothing be done yet, because a second factor must be set up first?
    ///
    /// # Errors
    /// When the store fails.
    pub fn lacks_second_factor(&self, caller: &Caller) -> Result<bool, Refusal> {
        if caller.is_machine() || !self.needs_second_factor(caller.person.role) {
            return Ok(false);
        }
        let factor = self.store.read(|view| view.factor(&caller.person.id))?;
        Ok(factor.is_none_or(|factor| factor.sealed.is_none()))
    }

    /// Where the caller stands.
    ///
    /// # Errors
    /// When the store fails.
    pub fn second_factor(&self, caller: &Caller) -> Result<Standing, Refusal> {
        let needed = self.needs_second_factor(caller.person.role);
        self.store.read(|view| {
            let factor = view.factor(&caller.person.id)?;
            let enrolled = factor.is_some_and(|factor| factor.sealed.is_some());
            Ok(Standing { enrolled, needed, codes: view.recovery_codes(&caller.person.id)? })
        })
    }

    /// The secret that the caller's phone is to take up, and the address in which it is scanned.
    ///
    /// # Errors
    /// When the store fails; `sign-in-needed` for a machine.
    pub fn new_second_factor(
        &self,
        caller: &Caller,
        session: &str,
    ) -> Result<(TotpSecret, Zeroizing<String>), Refusal> {
        person_only(caller)?;
        let factor = self.store.read(|view| view.factor(&caller.person.id))?;
        let secret = self.secret_for(&caller.person.id, session, factor.as_ref());
        let training = match self.purpose() {
            ListPurpose::Live => "",
            ListPurpose::Training => " training",
        };
        let issuer = format!("Klero {}{training}", self.trial.id);
        let link = secret.link(&issuer, caller.person.id.as_str());
        Ok((secret, link))
    }

    fn secret_for(&self, of: &PersonId, session: &str, present: Option<&Factor>) -> TotpSecret {
        let present = present.and_then(|factor| factor.sealed.as_deref()).unwrap_or_default();
        self.secret.new_totp(of, &sha256(session.as_bytes()), present)
    }

    /// Sets a second factor up, with the first code that the phone shows, and gives ten recovery codes, this once.
    ///
    /// # Errors
    /// `signature-needed` for a wrong password; `invalid-fields` for a code that is not of this secret.
    pub async fn enrol(
        &self,
        caller: &Caller,
        session: &str,
        code: &str,
        password: &Zeroizing<String>,
        once: OnceKey,
    ) -> Result<Answered<Vec<Zeroizing<String>>>, Refusal> {
        person_only(caller)?;
        self.own_password(caller, password).await?;
        let person = caller.person.id.clone();
        let before = self.store.read(|view| view.factor(&person))?;
        let secret = self.secret_for(&person, session, before.as_ref());
        let step = secret.step_of(&digits(code), self.clock.now());
        let nonce = roll::<12>(self.dice.as_ref());
        let sealed = self.secret.seal_totp(&secret, &person, nonce);
        let (codes, hashes) = self.roll_codes(&person);
        let pending = self.store.write(Stamp::person(&person, caller.role()), move |tx| {
            let on = |act| Entry::new(act).on("person", person.as_str());
            if first_answer(tx, &once).map_err(noted)?.is_some() {
                // What was shown once cannot be shown twice: other codes, and the first ones end.
                tx.keep_recovery_codes(&person, &hashes)?;
                tx.append(on("recovery-codes-made"))?;
                return Ok::<_, Noted>(true);
            }
            let wrong = || {
                let error = FieldError::new("/code", FieldCode::FactorCode);
                noted(Refusal::fields(vec![error]))
            };
            let step = step.ok_or_else(wrong)?;
            // Another tab may have set one up meanwhile.
            if tx.view().factor(&person)? != before {
                return Err(wrong());
            }
            tx.keep_factor(&person, &sealed, step, &hashes)?;
            let seq = tx.append(on("second-factor-enrolled"))?;
            tx.remember(&once, "enrolled", seq)?;
            Ok(false)
        });
        let answer = pending.answer().await.map_err(|noted| noted.refusal)?;
        Ok(Answered::from(answer).map(|()| codes))
    }

    /// Makes the recovery codes anew; the old ones end.
    ///
    /// # Errors
    /// `signature-needed` for a wrong password; `wrong-state` without a second factor.
    pub async fn new_recovery_codes(
        &self,
        caller: &Caller,
        password: &Zeroizing<String>,
    ) -> Result<Answered<Vec<Zeroizing<String>>>, Refusal> {
        person_only(caller)?;
        self.own_password(caller, password).await?;
        let person = caller.person.id.clone();
        let (codes, hashes) = self.roll_codes(&person);
        let pending = self.store.write(Stamp::person(&person, caller.role()), move |tx| {
            if tx.view().factor(&person)?.is_none_or(|factor| factor.sealed.is_none()) {
                return Err(noted(Refusal::new(Why::WrongState)));
            }
            tx.keep_recovery_codes(&person, &hashes)?;
            tx.append(Entry::new("recovery-codes-made").on("person", person.as_str()))?;
            Ok(())
        });
        let answer = pending.answer().await.map_err(|noted: Noted| noted.refusal)?;
        let ((), receipt) = answer.into_parts();
        Ok(Answered { value: codes, receipt, repeated: false })
    }

    fn roll_codes(&self, of: &PersonId) -> (Vec<Zeroizing<String>>, Vec<Hash>) {
        let one = |_| recovery_code(roll(self.dice.as_ref()));
        let codes: Vec<_> = (0..RECOVERY_CODES).map(one).collect();
        let hashes = codes.iter().map(|code| self.secret.recovery_hash(of, code)).collect();
        (codes, hashes)
    }

    /// By what this person gets past the second step. It decides nothing that two requests could both have: what is used
    /// up is used up in the writer.
    pub(super) fn past_second_step(
        &self,
        view: &View<'_>,
        person: &PersonId,
        second: &Second,
    ) -> Result<Result<Way, NotPast>, StoreError> {
        let Some(factor) = view.factor(person)? else { return Ok(Ok(Way::None)) };
        let Some(sealed) = &factor.sealed else { return Ok(Err(NotPast::GivenUp)) };
        let now = self.clock.now();
        if let Some(device) = &second.device
            && view.knows_device(&sha256(device.as_bytes()), person, now)?
        {
            return Ok(Ok(Way::Device));
        }
        let typed = second.code.trim();
        if typed.is_empty() {
            return Ok(Err(NotPast::Asked));
        }
        let six = digits(typed);
        if six.len() != 6 || six.bytes().any(|b| !b.is_ascii_digit()) {
            return Ok(Ok(Way::Recovery(self.secret.recovery_hash(person, typed))));
        }
        Ok(self.step(person, &factor, sealed, &six, now).map(Way::Step).ok_or(NotPast::Wrong))
    }

    fn step(
        &self,
        person: &PersonId,
        factor: &Factor,
        sealed: &[u8],
        six: &str,
        now: Moment,
    ) -> Option<u64> {
        if !self.guesses.one_more(person, step_at(now)) {
            return None;
        }
        let secret = self.secret.open_totp(sealed, person)?;
        secret.step_of(six, now).filter(|step| *step > factor.step)
    }

    pub(super) fn code_fitted(&self, person: &PersonId) {
        self.guesses.fitted(person);
    }
}

/// Uses up what was shown. No when another request was first.
///
/// # Errors
/// When the store fails.
pub(super) fn use_up(tx: &mut Tx<'_>, person: &PersonId, way: &Way) -> Result<bool, StoreError> {
    match way {
        Way::None | Way::Device | Way::Hospital => Ok(true),
        Way::Step(step) => tx.use_step(person, *step),
        Way::Passkey(used) => tx.use_passkey(person, &used.id, &used.key, used.counter),
        Way::Recovery(code) => {
            let used = tx.use_recovery_code(person, code)?;
            if used {
                let left = tx.view().recovery_codes(person)?;
                let entry = Entry::new("recovery-code-used").on("person", person.as_str());
                tx.append(entry.with("left", left))?;
            }
            Ok(used)
        }
    }
}

/// Six digits as they are typed: spaces between them do not count.
fn digits(typed: &str) -> String {
    typed.chars().filter(|c| !c.is_whitespace()).collect()
}

pub(super) fn noted(refusal: Refusal) -> Noted {
    Noted { refusal, wanted: None }
}

/// A machine has no account of its own to change.
///
/// # Errors
/// `sign-in-needed`.
pub(super) fn person_only(caller: &Caller) -> Result<(), Refusal> {
    if caller.is_machine() { Err(Refusal::new(Why::SignInNeeded)) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    // shows: AC-1 (limited attempts, and a way round for whoever has a recovery code)
    #[test]
    fn digits_are_looked_at_a_few_times_and_then_once_in_half_a_minute() {
        let guesses = Guesses::default();
        let person = PersonId::parse("hot-1").unwrap();
        let looked = (0..10).filter(|_| guesses.one_more(&person, 7)).count();
        assert_eq!(looked, FREE_CODES as usize);
        assert!(guesses.one_more(&person, 8) && !guesses.one_more(&person, 8));
        assert!(guesses.one_more(&PersonId::parse("hot-2").unwrap(), 8));
        guesses.fitted(&person);
        assert!(guesses.one_more(&person, 8));
    }
}
