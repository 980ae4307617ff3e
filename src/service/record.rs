//! What stands around a participant's record for whoever reads it: who signed what and when, with whom the person might
//! be confused, what was sent back. All of it is read from the trail's own lines, and nothing of it is an arm.

use super::House;
use super::confirmation::{printed_name, read_line};
use super::randomise::find;
use crate::domain::access::{Caller, ReadParticipants, ReadPreparations};
use crate::domain::entry::{Fact, fact};
use crate::domain::ids::{Code, EnrolmentNumber, Reference};
use crate::domain::time::Moment;
use crate::limits::PAGE;
use crate::refusal::{Code as Why, Refusal};
use crate::store::StoreError;
use crate::store::queries::{Participant, View};

/// Something that a person signed.
#[derive(Debug, Clone)]
pub struct SignedBy {
    /// The printed name.
    pub name: String,
    /// The role, as the entry has it.
    pub role: String,
    /// When.
    pub at: Moment,
    /// The entry.
    pub entry: u64,
}

/// A warning that the investigator acknowledged.
#[derive(Debug, Clone)]
pub struct Acknowledged {
    /// The criterion's number.
    pub criterion: String,
    /// The reason that was given.
    pub reason: String,
}

/// What stands around a record.
#[derive(Debug)]
pub struct Around {
    /// Who entered the answers as they stand.
    pub entered: SignedBy,
    /// The investigator's signature, if one stands.
    pub eligible: Option<SignedBy>,
    /// The warnings acknowledged by it.
    pub acknowledged: Vec<Acknowledged>,
    /// Who sent the answers back as they stand, and the note; nothing once they were changed or signed.
    pub sent_back: Option<(SignedBy, String)>,
    /// Who asked for the code.
    pub randomised: Option<SignedBy>,
    /// Others with the same initials, birth date and sex: their number only where the reader may see it.
    pub alike: Vec<Option<EnrolmentNumber>>,
}

/// A participant in a list.
#[derive(Debug)]
pub struct Listed {
    /// The record.
    pub participant: Participant,
    /// When a code was issued, if one was.
    pub randomised: Option<Moment>,
    /// When its code was broken: that, never what.
    pub broken: Option<Moment>,
}

/// What stands on an infusion's label: the same for both arms.
#[derive(Debug)]
pub struct Label {
    /// Whose.
    pub number: EnrolmentNumber,
    /// The code.
    pub code: Code,
    /// The visit that was released last.
    pub visit: String,
    /// When it was released: its hours count from here.
    pub released: Moment,
}

impl House {
    /// Who signed a participant's record, and with whom the person might be confused.
    ///
    /// # Errors
    /// `no-such-record` when unknown or another centre's.
    pub async fn around(&self, caller: &Caller, reference: &Reference) -> Result<Around, Refusal> {
        let may = self.may_somewhere::<ReadParticipants>(caller).await?;
        let centres = caller.places(&may);
        self.store.read(|view| {
            let participant = find(view, reference)?;
            let own = |of: &Participant| centres.is_none_or(|own| own.contains(&of.centre));
            if !own(&participant) {
                return Err(Refusal::new(Why::NoSuchRecord));
            }
            let alike = view.same_person(&participant)?;
            let alike = alike.into_iter().map(|other| own(&other).then_some(other.number));
            let allocation = view.allocation(reference)?;
            let eligible = participant.eligibility;
            Ok(Around {
                entered: signed_by(view, participant.screening)?,
                eligible: eligible.map(|entry| signed_by(view, entry)).transpose()?,
                acknowledged: eligible.map_or(Ok(vec![]), |entry| acknowledged(view, entry))?,
                sent_back: match eligible {
                    None => sent_back(view, reference, participant.screening)?,
                    Some(_) => None,
                },
                randomised: allocation.map(|a| signed_by(view, a.entry)).transpose()?,
                alike: alike.collect(),
            })
        })
    }

    /// Participants after an enrolment number with their states, at most 200.
    ///
    /// # Errors
    /// `not-your-role`.
    pub async fn listed(
        &self,
        caller: &Caller,
        after: &str,
        limit: u32,
    ) -> Result<Vec<Listed>, Refusal> {
        let may = self.may_somewhere::<ReadParticipants>(caller).await?;
        let centres = caller.places(&may);
        self.store.read(|view| {
            let found = view.participants(centres, after, limit.min(PAGE))?;
            let listed = found.into_iter().map(|participant| {
                let allocation = view.allocation(&participant.reference)?;
                let breaks = view.releases_of(&participant.reference, "break")?;
                let broken = breaks.first().map(|release| release.at);
                let randomised = allocation.map(|allocation| allocation.at);
                Ok(Listed { participant, randomised, broken })
            });
            listed.collect()
        })
    }

    /// What the label of the infusion says that was released last for a participant.
    ///
    /// # Errors
    /// `no-such-record` when unknown or another centre's; `wrong-state` before anything was released.
    pub async fn label(&self, caller: &Caller, reference: &Reference) -> Result<Label, Refusal> {
        let (participant, _) = self.may_about::<ReadPreparations>(caller, reference).await?;
        let releases = self.store.read(|view| view.releases_of(reference, "prepare"));
        let last = releases.map_err(Refusal::from)?.pop();
        let last = last.ok_or_else(|| Refusal::new(Why::WrongState))?;
        Ok(Label {
            number: participant.number,
            code: last.code,
            visit: last.visit.unwrap_or_default(),
            released: last.at,
        })
    }
}

fn signed_by(view: &View<'_>, entry: u64) -> Result<SignedBy, StoreError> {
    let line = read_line(view, entry)?;
    let name = printed_name(view, &line.by)?;
    Ok(SignedBy { name, role: line.role, at: line.at, entry })
}

fn sent_back(
    view: &View<'_>,
    reference: &Reference,
    screening: u64,
) -> Result<Option<(SignedBy, String)>, StoreError> {
    let Some(entry) = view.sent_back(reference, screening)? else { return Ok(None) };
    let record = view.private_record(entry)?;
    let note = match record.as_ref().and_then(|record| fact(record, "note")) {
        Some(Fact::Text(note)) => note.clone(),
        _ => String::new(),
    };
    Ok(Some((signed_by(view, entry)?, note)))
}

fn acknowledged(view: &View<'_>, entry: u64) -> Result<Vec<Acknowledged>, StoreError> {
    let record = view.private_record(entry)?;
    let reasons = record.as_ref().and_then(|record| fact(record, "reasons"));
    let Some(Fact::Group(reasons)) = reasons else { return Ok(vec![]) };
    let read = |(criterion, reason): &(String, Fact)| match reason {
        Fact::Text(reason) => {
            Some(Acknowledged { criterion: criterion.clone(), reason: reason.clone() })
        }
        _ => None,
    };
    Ok(reasons.iter().filter_map(read).collect())
}
