//! A screening form that was begun: what was typed so far, for which centre, and whether it corrects a record.

use crate::domain::answers::{NOT_SURE, Raw};
use crate::domain::field::built_in;
use crate::domain::ids::{CentreId, EnrolmentNumber, Reference};
use crate::domain::time::Moment;
use crate::domain::trial::{Field, Trial};
use crate::http::pages::Visit;
use crate::refusal::{Code, Refusal};
use crate::service::drafts::{Draft, KeptDraft};
use crate::web::frame::Frame;
use crate::web::record::is_asked;
use std::collections::BTreeMap;

/// The kind of a draft for a participant who is new; its centre follows.
pub const NEW: &str = "screening";
/// The kind of a draft that corrects a record; the record's version and centre follow.
const CHANGE: &str = "change";
/// The kind of a draft that corrects the answers of a randomised participant; version and centre follow.
const CORRECT: &str = "correct";
/// The kind of what stays of a draft that became a record: the record's reference and nothing else, so that a second
/// press, a second tab and going back find the first result.
const SENT: &str = "sent";

/// The kind of a draft that changes this version of a record, or corrects it once a code was issued.
pub fn change_kind(randomised: bool, seen: u64, centre: &CentreId) -> String {
    let kind = if randomised { CORRECT } else { CHANGE };
    format!("{kind} {seen} {centre}")
}

/// A form that was begun.
pub struct Begun {
    pub reference: Reference,
    pub at: Moment,
    pub centre: CentreId,
    pub answers: BTreeMap<String, Raw>,
    /// The record that is corrected, and the version of it that was read.
    pub change: Option<(Reference, u64)>,
    kind: String,
}

/// What a draft's address leads to.
pub enum Found {
    Begun(Begun),
    /// It became this participant's record.
    Sent(Reference),
}

fn read(draft: KeptDraft) -> Option<Found> {
    let parts: Vec<&str> = draft.kind.split(' ').collect();
    let (centre, change) = match (parts.as_slice(), draft.about) {
        ([SENT], Some(participant)) => return Some(Found::Sent(participant)),
        ([NEW, centre], None) => (CentreId::parse(centre).ok()?, None),
        ([CHANGE | CORRECT, seen, centre], Some(about)) => {
            (CentreId::parse(centre).ok()?, Some((about, seen.parse().ok()?)))
        }
        _ => return None,
    };
    let (reference, at, answers) = (draft.reference, draft.at, draft.answers);
    Some(Found::Begun(Begun { reference, at, centre, answers, change, kind: draft.kind }))
}

/// The draft in the address.
pub async fn find(visit: &Visit) -> Result<Found, Refusal> {
    let reference: Reference = visit.name(0)?;
    let caller = visit.caller()?;
    let kept = visit.house.draft(caller, &reference).await?;
    match read(kept) {
        // Whoever changed centres since has no business with it.
        // A correction keeps the centre of the screening; who may sign it is asked of the record itself.
        Some(Found::Begun(begun))
            if !begun.corrects() && !caller.person.centres.contains(&begun.centre) =>
        {
            Err(Refusal::new(Code::NoSuchRecord))
        }
        found => found.ok_or_else(|| Refusal::new(Code::NoSuchRecord)),
    }
}

/// The caller's forms that wait to be gone on with, oldest first. One without any answer was only looked at.
pub async fn begun(visit: &Visit) -> Result<Vec<Begun>, Refusal> {
    let mut drafts = visit.house.drafts(visit.caller()?).await?;
    drafts.reverse();
    let begun = drafts.into_iter().filter_map(|draft| match read(draft)? {
        Found::Begun(begun) => Some(begun),
        Found::Sent(_) => None,
    });
    Ok(begun.filter(|begun| !begun.answers.is_empty()).collect())
}

/// The page after this one, or the first; after the last comes the check.
pub fn next_page(trial: &Trial, draft: &Reference, after: Option<&str>) -> String {
    let here = after.and_then(|id| trial.pages.iter().position(|page| page.id == id));
    let next = trial.pages.get(here.map_or(0, |here| here + 1));
    let page = next.map_or("check", |page| page.id.as_str());
    format!("/screening/{}/{page}", draft.as_str())
}

/// Does a field depend on an answer of another page? On its own page it is shown with its condition in words, since no
/// script can bring it in.
fn depends_elsewhere(trial: &Trial, field: &Field) -> bool {
    let other = field.only_when.as_ref().and_then(|condition| trial.field(&condition.field));
    other.is_some_and(|other| other.page != field.page)
}

/// Is this field left out, because an answer on another page says so?
pub fn is_left_out(trial: &Trial, answers: &BTreeMap<String, Raw>, field: &Field) -> bool {
    !is_asked(answers, field) && depends_elsewhere(trial, field)
}

impl Begun {
    /// The answers without those to questions that other pages leave out. The draft keeps them, in case the other
    /// answer was a slip.
    pub fn asked(&self, trial: &Trial) -> BTreeMap<String, Raw> {
        let left_out = |name: &String| {
            let mut fields = trial.fields.iter();
            let field = fields.find(|field| field.id.as_str() == name);
            field.is_some_and(|field| is_left_out(trial, &self.answers, field))
        };
        let kept = self.answers.iter().filter(|(name, _)| !left_out(name));
        kept.map(|(name, raw)| (name.clone(), raw.clone())).collect()
    }

    /// Is a code issued already, so that both the old answers and these are kept?
    pub fn corrects(&self) -> bool {
        self.kind.starts_with(CORRECT)
    }

    /// The address of one of its pages.
    pub fn address(&self, page: &str) -> String {
        format!("/screening/{}/{page}", self.reference.as_str())
    }

    fn text(&self, field: &str) -> Option<&str> {
        self.answers.get(field)?.as_slice().first().map(String::as_str)
    }

    /// The enrolment number as it was typed.
    pub fn number(&self) -> Option<&str> {
        self.text(built_in::ENROLMENT_NUMBER)
    }

    /// The enrolment number, if it is one.
    pub fn number_read(&self) -> Option<EnrolmentNumber> {
        EnrolmentNumber::parse(&self.number()?.trim().to_ascii_uppercase()).ok()
    }

    /// What it is called among others.
    pub fn name(&self, f: &Frame<'_>) -> String {
        let number = self.number().map(str::to_owned);
        let number = number.unwrap_or_else(|| f.say("screening.no-number"));
        if self.change.is_some() { f.with("screening.changing", "number", number) } else { number }
    }

    /// Where to go on: the first page with an open question, or the check.
    pub fn resume(&self, trial: &Trial) -> String {
        let open = |field: &&Field| {
            !field.optional
                && is_asked(&self.answers, field)
                && !self.answers.contains_key(field.id.as_str())
        };
        let first = trial.fields.iter().find(open).map(|field| field.page.as_str());
        self.address(first.unwrap_or("check"))
    }

    /// Nobody goes on without consent.
    ///
    /// # Errors
    /// `no-consent` once "no" was answered.
    pub fn consent(&self) -> Result<(), Refusal> {
        // That consent was missing may turn out later: a correction says so.
        if self.corrects() || self.text(built_in::CONSENT_GIVEN) != Some("no") {
            return Ok(());
        }
        let refusal = Refusal::new(Code::NoConsent);
        Err(match self.number() {
            Some(number) => refusal.with("number", number),
            None => refusal,
        })
    }

    /// Was "has consent been given" answered at all?
    pub fn consent_is_open(&self) -> bool {
        self.text(built_in::CONSENT_GIVEN).is_none_or(|text| text == NOT_SURE)
    }

    /// Keeps it as it stands, for 72 hours from now.
    pub async fn keep(&self, visit: &Visit) -> Result<(), Refusal> {
        let draft = Draft {
            reference: Some(self.reference.clone()),
            kind: self.kind.clone(),
            about: self.change.as_ref().map(|(about, _)| about.clone()),
            answers: self.answers.clone(),
        };
        visit.house.keep_draft(visit.caller()?, draft).await?;
        Ok(())
    }

    /// Empties it: of what was typed nothing stays, only which record came of it.
    pub async fn sent(&self, visit: &Visit, participant: &Reference) -> Result<(), Refusal> {
        let draft = Draft {
            reference: Some(self.reference.clone()),
            kind: SENT.to_owned(),
            about: Some(participant.clone()),
            answers: BTreeMap::new(),
        };
        visit.house.keep_draft(visit.caller()?, draft).await?;
        Ok(())
    }
}
