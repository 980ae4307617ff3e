//! What surrounds a code break and releases nothing: the participant is found, the request is withdrawn, or it came from
//! somebody who may not be told (EU-6, EU-15, EU-16). Each is an entry.

use super::break_code::Named;
use super::prepare::identifies;
use super::recruitment::check_reason;
use super::{Answered, House, first_answer};
use crate::domain::access::{Act, BreakCode, Caller, Granted};
use crate::domain::entry::Entry;
use crate::domain::ids::{Code, Reference};
use crate::domain::time::Moment;
use crate::refusal::{Code as Why, Refusal};
use crate::store::queries::{Participant, View};
use crate::store::repeats::OnceKey;

/// Who calls. A participant or a relative is neither: see [`House::open_case`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Calling {
    /// The treating physician.
    Physician,
    /// An investigator.
    Investigator,
}

impl Calling {
    /// The word that travels.
    pub fn as_str(self) -> &'static str {
        match self {
            Calling::Physician => "physician",
            Calling::Investigator => "investigator",
        }
    }

    /// Reads the word back.
    pub fn parse(word: &str) -> Option<Self> {
        [Calling::Physician, Calling::Investigator].into_iter().find(|who| who.as_str() == word)
    }
}

/// The participant about whom somebody calls. Nothing is released by finding one.
#[derive(Debug)]
pub struct Found {
    /// The participant.
    pub participant: Participant,
    /// The code.
    pub code: Code,
    /// `matched`, or `not-available` when the caller could give no second identifier.
    pub identifiers: String,
    /// When a preparation was released last.
    pub last_preparation: Option<Moment>,
}

impl House {
    /// The participant of an emergency. Unknown, without a code and another centre's are one answer and one entry.
    ///
    /// # Errors
    /// `not-your-role`, `no-such-record`.
    pub(super) async fn emergency_of(
        &self,
        caller: &Caller,
        named: &Named,
    ) -> Result<(Participant, Code, Granted<BreakCode>), Refusal> {
        self.may_somewhere::<BreakCode>(caller).await?;
        let found = self.store.read(|view| find(view, named))?;
        let Some((participant, code)) = found else {
            return Err(self.refuse(caller, BreakCode::NAME, Why::NoSuchRecord).await);
        };
        let may = self.may::<BreakCode>(caller, &participant.centre).await?;
        Ok((participant, code, may))
    }

    /// Finds the participant about whom somebody calls.
    ///
    /// # Errors
    /// `no-such-record`; `identifiers-do-not-match` for a wrong second identifier. Both are entries.
    pub async fn begin_break(
        &self,
        caller: &Caller,
        named: &Named,
        identifier: Option<String>,
        calling: Calling,
        once: OnceKey,
    ) -> Result<Answered<Found>, Refusal> {
        let (participant, code, may) = self.emergency_of(caller, named).await?;
        let done = self.act(&may, move |tx| {
            let first = first_answer(tx, &once)?;
            let (repeated, until) = (first.is_some(), first.as_ref().map(|first| first.seq));
            let identifiers = match first {
                Some(first) => first.answer,
                None => matched(&participant, identifier.as_deref())?.to_owned(),
            };
            let releases = tx.view().releases_of(&participant.reference, "prepare")?;
            let known = |entry: u64| until.is_none_or(|until| entry < until);
            let last = releases.iter().rev().find(|release| known(release.entry));
            let last_preparation = last.map(|release| release.at);
            if !repeated {
                let entry = about("break-begun", &participant, &code);
                let entry = entry.with("caller", calling.as_str());
                let seq = tx.append(entry.with("identifiers", identifiers.as_str()))?;
                tx.remember(&once, &identifiers, seq)?;
            }
            Ok((Found { participant, code, identifiers, last_preparation }, repeated))
        });
        Ok(done.await?.into())
    }

    /// A participant or a relative called: nobody but a treating clinician can be told, so a case is opened and nothing
    /// is released (EU-15).
    ///
    /// # Errors
    /// `no-such-record`; `reason-needed` or `text-too-long` for the number to call back.
    pub async fn open_case(
        &self,
        caller: &Caller,
        named: &Named,
        call_back: String,
        once: OnceKey,
    ) -> Result<Answered<Reference>, Refusal> {
        let (participant, code, may) = self.emergency_of(caller, named).await?;
        check_reason("/callBack", &call_back)?;
        let done = self.act(&may, move |tx| {
            if let Some(first) = first_answer(tx, &once)? {
                let reference = Reference::parse(&first.answer);
                return Ok((reference.map_err(|_| Refusal::new(Why::Internal))?, true));
            }
            let reference = tx.reference();
            let entry = about("break-case-opened", &participant, &code);
            let entry = entry.on("reference", reference.as_str()).private("call-back", call_back);
            let seq = tx.append(entry)?;
            tx.remember(&once, reference.as_str(), seq)?;
            Ok((reference, false))
        });
        Ok(done.await?.into())
    }

    /// The request was withdrawn before the code was broken (EU-16).
    ///
    /// # Errors
    /// `no-such-record`.
    pub async fn leave_break(
        &self,
        caller: &Caller,
        named: &Named,
        once: OnceKey,
    ) -> Result<Answered<()>, Refusal> {
        let (participant, code, may) = self.emergency_of(caller, named).await?;
        let done = self.act(&may, move |tx| {
            if first_answer(tx, &once)?.is_some() {
                return Ok(true);
            }
            let seq = tx.append(about("break-left", &participant, &code))?;
            tx.remember(&once, "left", seq)?;
            Ok(false)
        });
        Ok(done.await?.into())
    }
}

fn find(view: &View<'_>, named: &Named) -> Result<Option<(Participant, Code)>, Refusal> {
    let participant = match named {
        Named::Code(code) => view.participant_by_code(code)?,
        Named::Number(number) => view.participant_by_number(number)?,
        Named::Reference(reference) => view.participant(reference)?,
    };
    let Some(participant) = participant else { return Ok(None) };
    let allocation = view.allocation(&participant.reference)?;
    Ok(allocation.map(|allocation| (participant, allocation.code)))
}

/// What is said of the second identifier: that it fits, or that there is none, which is flagged and never refused.
///
/// # Errors
/// `identifiers-do-not-match`.
pub(super) fn matched(
    participant: &Participant,
    identifier: Option<&str>,
) -> Result<&'static str, Refusal> {
    match identifier {
        Some(identifier) if identifies(participant, identifier) => Ok("matched"),
        Some(_) => Err(Refusal::new(Why::IdentifiersDoNotMatch)),
        None => Ok("not-available"),
    }
}

fn about(act: &str, participant: &Participant, code: &Code) -> Entry {
    let entry = Entry::new(act).at(&participant.centre);
    entry.on("participant", participant.number.as_str()).on("code", code.to_string())
}
