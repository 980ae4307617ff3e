//! What a person does with the own account: another password, sessions ended, signatures read again.

use super::second_factor::{noted, person_only};
use super::sign_in::check_new_password;
use super::{Answered, House, first_answer};
use crate::domain::access::Caller;
use crate::domain::entry::{Entry, Fact, fact};
use crate::limits::PAGE;
use crate::refusal::{Code as Why, Refusal};
use crate::sealing::bytes::sha256;
use crate::sealing::line::{self, Line};
use crate::service::refuse::Noted;
use crate::store::factors::{OwnSession, short_name};
use crate::store::repeats::OnceKey;
use crate::store::{Stamp, StoreError};
use zeroize::Zeroizing;

/// Signatures, the newest first.
pub struct Signatures {
    /// The lines that hold them.
    pub signed: Vec<Line>,
    /// Entries before this one were not looked at; none: that was all.
    pub before: Option<u64>,
}

/// How many entries are looked through at once.
const LOOKED: u64 = 20_000;

impl House {
    /// Keeps another password. Every other session of the person ends.
    ///
    /// # Errors
    /// `signature-needed` for a wrong present one; `invalid-fields` for a new one that is too short or too common.
    pub async fn change_password(
        &self,
        caller: &Caller,
        session: &str,
        present: &Zeroizing<String>,
        new: Zeroizing<String>,
        once: OnceKey,
    ) -> Result<Answered<()>, Refusal> {
        person_only(caller)?;
        let person = caller.person.id.clone();
        let stamp = Stamp::person(&person, caller.role());
        // The present password is another one after the first time: a repeat is known by its key alone.
        let done = self.store.read(|view| {
            let repeat = view.repeat(person.as_str(), &once.key)?;
            Ok::<_, StoreError>(repeat.is_some())
        });
        if !done? && !self.password_fits(&person, present).await? {
            return Err(Refusal::new(Why::SignatureNeeded));
        }
        check_new_password(&new, person.as_str(), "/new")?;
        let salt = crate::dice::roll::<16>(self.dice.as_ref());
        let hashed = self.passwords.hash(new, salt).await;
        let hashed = hashed.ok_or_else(|| Refusal::new(Why::Internal))?;
        let own = sha256(session.as_bytes());
        let pending = self.store.write(stamp, move |tx| {
            if first_answer(tx, &once).map_err(noted)?.is_some() {
                return Ok(true);
            }
            tx.keep_password(&person, &hashed, Some(&own))?;
            let seq = tx.append(Entry::new("password-changed").on("person", person.as_str()))?;
            tx.remember(&once, person.as_str(), seq)?;
            Ok::<_, Noted>(false)
        });
        let answer = pending.answer().await.map_err(|noted| noted.refusal)?;
        Ok(answer.into())
    }

    /// The caller's sessions and known devices, and the short name of this session.
    ///
    /// # Errors
    /// When the store fails.
    pub fn own_sessions(
        &self,
        caller: &Caller,
        session: &str,
    ) -> Result<(Vec<OwnSession>, String), Refusal> {
        person_only(caller)?;
        let now = self.clock.now();
        let all = self.store.read(|view| view.own_sessions(&caller.person.id, now))?;
        Ok((all, short_name(&sha256(session.as_bytes()))))
    }

    /// Ends one of the caller's sessions, or forgets a device. One that is over already stays so.
    ///
    /// # Errors
    /// `no-such-record` when it is none of the caller's.
    pub async fn end_own_session(&self, caller: &Caller, id: &str) -> Result<(), Refusal> {
        person_only(caller)?;
        let (person, id) = (caller.person.id.clone(), id.to_owned());
        let stamp = Stamp::person(&person, caller.role());
        let pending = self.store.write(stamp, move |tx| {
            if !tx.end_one(&person, &id)? {
                return Err(noted(Refusal::new(Why::NoSuchRecord)));
            }
            tx.append(Entry::new("session-ended").on("person", person.as_str()))?;
            Ok(())
        });
        pending.answer().await.map(|_| ()).map_err(|noted: Noted| noted.refusal)
    }

    /// What the caller signed, the newest first: read from the trail, whose lines keep the exact words.
    ///
    /// # Errors
    /// When the store fails.
    pub fn own_signatures(
        &self,
        caller: &Caller,
        before: Option<u64>,
    ) -> Result<Signatures, Refusal> {
        person_only(caller)?;
        let own = caller.person.id.as_str();
        self.store.read(|view| {
            let size = view.trail_size()?;
            let end = before.unwrap_or(size).min(size);
            let start = end.saturating_sub(LOOKED);
            let (mut signed, mut next) = (vec![], start);
            while next < end {
                let lines = view.lines(next, PAGE)?;
                let here = lines.iter().take((end - next) as usize);
                // Reading a line whole costs more than looking for the name in it.
                for text in here.filter(|text| text.contains(own)) {
                    let line = line::parse(text).map_err(|_| StoreError::Damaged)?;
                    if is_signed_by(&line, own) {
                        signed.push(line);
                    }
                }
                next += u64::from(PAGE);
            }
            signed.reverse();
            Ok(Signatures { signed, before: (start > 0).then_some(start) })
        })
    }
}

/// A signature of one's own act, or the second check of a colleague's.
fn is_signed_by(line: &Line, person: &str) -> bool {
    let checked = fact(&line.entry.data, "checked-by");
    let own = line.by == person && fact(&line.entry.data, "meaning").is_some();
    own || matches!(checked, Some(Fact::Text(by)) if by == person)
}
