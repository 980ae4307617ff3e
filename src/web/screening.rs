//! The coordinator's way from an empty form to a signed screening record. The form is made from the trial's
//! configuration, page by page; what was typed is kept as a draft with every press of a button.

mod begun;
mod check;
mod fields;

use begun::{NEW, begun, next_page};

use super::form::{Choice, Field, Kind};
use super::frame::{Frame, paper};
use crate::domain::access::Screen;
use crate::domain::answers::Raw;
use crate::domain::field::built_in;
use crate::domain::ids::{CentreId, Reference};
use crate::domain::people::Role;
use crate::domain::trial::{self, Trial};
use crate::http::pages::{Next, Page, Paper, Visit};
use crate::limits::DRAFT_SECONDS;
use crate::refusal::{Code, FieldCode, FieldError, Refusal};
use crate::service::drafts::Draft;
use crate::service::screen::{Progress, Screened};
use askama::Template;
use begun::{Begun, Found, find};
use std::collections::BTreeMap;

/// The pages of this file and those below it.
pub fn pages() -> Vec<Page> {
    vec![
        Page::of("/screening", Screen, begin).acts(make),
        Page::of("/screening/{draft}/check", Screen, check::check).acts(check::sign),
        Page::of("/screening/{draft}/{page}", Screen, show).acts(save),
        // The same page, from which the way leads straight back to the check.
        Page::of("/screening/{draft}/{page}/change", Screen, show).acts(save),
        Page::of("/participants/{reference}/change", Screen, change::ask).acts(change::begin),
    ]
}

/// What waits for a coordinator (own drafts first, then records to complete, records to be signed, codes to be asked for)
/// or an investigator (records to be signed): whose, in which state, where.
pub async fn todo(visit: &Visit) -> Result<Vec<(String, String, String)>, Refusal> {
    let caller = visit.caller()?;
    let f = Frame::of(visit, "home.title");
    let coordinator = caller.person.role == Role::Coordinator;
    let mut todo = vec![];
    for draft in if coordinator { begun(visit).await? } else { vec![] } {
        todo.push((draft.name(&f), f.say("todo.draft"), draft.resume(&visit.house.trial)));
    }
    for (reference, number) in
        if coordinator { visit.house.not_recorded(caller).await? } else { vec![] }
    {
        let there = format!("/participants/{}/infusion", reference.as_str());
        todo.push((number.to_string(), f.say("todo.infusion"), there));
    }
    for waiting in visit.house.waiting(caller).await? {
        let (key, page) = match waiting.progress {
            Progress::Incomplete => ("todo.incomplete", ""),
            Progress::Unsigned if coordinator => ("todo.with-investigator", ""),
            Progress::Unsigned => ("todo.unsigned", "/eligibility"),
            Progress::Ready => ("todo.ready", "/randomise"),
            Progress::Randomised => continue,
        };
        let there = format!("/participants/{}{page}", waiting.reference.as_str());
        todo.push((waiting.number.to_string(), f.say(key), there));
    }
    Ok(todo)
}

#[derive(Template)]
#[template(path = "screening_begin.html")]
struct Begin<'v> {
    f: Frame<'v>,
    centres: Option<Field>,
    drafts: Vec<(String, String, String)>,
}

async fn begin(visit: Visit) -> Result<Paper, Refusal> {
    let caller = visit.caller()?;
    let trial = &visit.house.trial;
    let f = Frame::of(&visit, "screening.title").back("/").with_form();
    let choice = |id: &CentreId| {
        let centre = trial.centre(id)?;
        let chosen = visit.said.get("centre") == id.as_str();
        Some(Choice { value: id.to_string(), label: f.words(&centre.name).to_owned(), chosen })
    };
    let choices: Vec<_> = caller.person.centres.iter().filter_map(choice).collect();
    let centres = (choices.len() > 1)
        .then(|| Field::new("centre", f.say("screening.centre"), Kind::One(choices)).told(&visit));
    let mut drafts = vec![];
    for draft in begun(&visit).await? {
        let until = visit.minute(draft.at.plus_seconds(DRAFT_SECONDS));
        let state = f.with("screening.until", "time", until);
        drafts.push((draft.name(&f), state, draft.resume(trial)));
    }
    paper(&Begin { centres, drafts, f })
}

/// Makes an empty draft for one of the caller's centres.
async fn make(visit: Visit) -> Result<Next, Refusal> {
    let caller = visit.caller()?;
    let own = &caller.person.centres;
    let centre = match (own.as_slice(), visit.said.get("centre")) {
        ([only], _) => only.clone(),
        (_, "") => return Err(visit.wrong("centre", FieldCode::ChoiceUnknown)),
        (_, said) => {
            let found = own.iter().find(|id| id.as_str() == said).cloned();
            found.ok_or_else(|| visit.wrong("centre", FieldCode::ChoiceUnknown))?
        }
    };
    let kind = format!("{NEW} {centre}");
    let draft = Draft { reference: None, kind, about: None, answers: BTreeMap::new() };
    let reference = visit.house.keep_draft(caller, draft).await?;
    Ok(Next::To(next_page(&visit.house.trial, &reference, None)))
}

#[derive(Template)]
#[template(path = "screening_page.html")]
struct Form<'v> {
    f: Frame<'v>,
    place: String,
    saved: String,
    fields: Vec<Field>,
    change: bool,
}

fn page_of<'t>(visit: &Visit, trial: &'t Trial) -> Result<&'t trial::Page, Refusal> {
    let found = trial.pages.iter().find(|page| page.id == visit.part(1));
    found.ok_or_else(|| Refusal::new(Code::NoSuchPage))
}

/// Did the way to this page begin at the check?
fn from_check(visit: &Visit) -> bool {
    visit.here.ends_with("/change")
}

async fn show(visit: Visit) -> Result<Paper, Refusal> {
    let trial = &visit.house.trial;
    let page = page_of(&visit, trial)?;
    let mut draft = match find(&visit).await? {
        Found::Begun(draft) => draft,
        Found::Sent(participant) => return check::sent(&visit, &participant),
    };
    if !visit.said.is_empty() {
        fields::merge(&visit, &mut draft, page);
    }
    let here = trial.pages.iter().position(|other| other.id == page.id).unwrap_or_default();
    let mut f = Frame::of(&visit, "screening.title").with_form();
    f.title = f.words(&page.name).to_owned();
    f.back = Some(match here.checked_sub(1).and_then(|before| trial.pages.get(before)) {
        _ if from_check(&visit) => draft.address("check"),
        Some(before) => draft.address(&before.id),
        None => "/screening".to_owned(),
    });
    let of = visit.say_with(
        "screening.place",
        &[("page", (here as u64 + 1).into()), ("all", (trial.pages.len() as u64).into())],
    );
    let place = match draft.number() {
        Some(number) => format!("{number} · {of}"),
        None => of,
    };
    let saved = f.with("screening.saved", "time", visit.minute(draft.at));
    let fields = fields::fields(&f, &draft, page);
    f.labels = fields.iter().map(|field| (field.name.clone(), field.label.clone())).collect();
    let change = draft.change.is_some();
    paper(&Form { place, saved, fields, change, f })
}

/// Keeps what was typed, whatever it is; then says what is wrong with it, or goes on.
async fn save(visit: Visit) -> Result<Next, Refusal> {
    let trial = &visit.house.trial;
    let page = page_of(&visit, trial)?;
    let mut draft = match find(&visit).await? {
        Found::Begun(draft) => draft,
        Found::Sent(participant) => return Ok(check::to(&participant)),
    };
    fields::merge(&visit, &mut draft, page);
    draft.keep(&visit).await?;
    if visit.said.has("later") {
        return Ok(Next::To("/screening".to_owned()));
    }
    draft.consent()?;
    let mut errors = fields::wrong_on(&visit, &draft, page);
    if errors.is_empty() && taken(&visit, &draft, page).await {
        let pointer = format!("/answers/{}", built_in::ENROLMENT_NUMBER);
        errors.push(FieldError::new(pointer, FieldCode::EnrolTaken));
    }
    if !errors.is_empty() {
        return Err(Refusal::fields(errors));
    }
    let on = if from_check(&visit) {
        draft.address("check")
    } else {
        next_page(trial, &draft.reference, Some(&page.id))
    };
    Ok(Next::To(on))
}

/// Has somebody this number already? The service asks again when the entries are signed; to learn it here saves six
/// pages of work.
async fn taken(visit: &Visit, draft: &Begun, page: &trial::Page) -> bool {
    let asked = fields::shown(&visit.house.trial, draft, page);
    if draft.change.is_some() || !asked.iter().any(|f| f.id.as_str() == built_in::ENROLMENT_NUMBER)
    {
        return false;
    }
    let (Some(number), Ok(caller)) = (draft.number_read(), visit.caller()) else { return false };
    visit.house.find_participant(caller, &number).await.is_ok()
}

/// A change before randomisation, or a correction after it.
mod change {
    use super::{
        Draft, Frame, Next, Paper, Raw, Reference, Refusal, Screen, Screened, Template, Visit,
        begun, paper,
    };

    #[derive(Template)]
    #[template(path = "screening_change.html")]
    struct Ask<'v> {
        f: Frame<'v>,
        number: String,
        signed: bool,
        randomised: bool,
    }

    /// The record, the entry of its answers as they stand, and the answers: corrected ones come before the first.
    async fn stands(
        visit: &Visit,
    ) -> Result<(Screened, u64, std::collections::BTreeMap<String, Raw>), Refusal> {
        let reference: Reference = visit.name(0)?;
        let caller = visit.caller()?;
        let screened = visit.house.participant(caller, &reference).await?;
        visit.house.may::<Screen>(caller, &screened.participant.centre).await?;
        let corrected = visit.house.corrected(caller, &reference).await?;
        let (seen, answers) = match corrected {
            Some(corrected) => (corrected.entry, corrected.answers),
            None => (screened.participant.screening, screened.answers.clone()),
        };
        Ok((screened, seen, answers))
    }

    /// Says what a change does.
    pub async fn ask(visit: Visit) -> Result<Paper, Refusal> {
        let (screened, ..) = stands(&visit).await?;
        let participant = screened.participant;
        let back = format!("/participants/{}", participant.reference.as_str());
        let randomised = screened.randomised.is_some();
        let title = if randomised { "correct.title" } else { "change.title" };
        let f = Frame::of(&visit, title).back(back).with_form();
        let signed = participant.eligibility.is_some();
        paper(&Ask { f, number: participant.number.to_string(), signed, randomised })
    }

    /// Begins a draft from the stored answers. A draft that was begun before, of the same version, goes on.
    pub async fn begin(visit: Visit) -> Result<Next, Refusal> {
        let (screened, seen, answers) = stands(&visit).await?;
        let (caller, participant) = (visit.caller()?, screened.participant);
        let reference = participant.reference.clone();
        let randomised = screened.randomised.is_some();
        let kind = begun::change_kind(randomised, seen, &participant.screened_at());
        let before = visit.house.drafts(caller).await?;
        let same = |kind: &str, about: &Option<Reference>, was: &str| {
            kind == was && about.as_ref() == Some(&reference)
        };
        let found = before.into_iter().find(|draft| same(&draft.kind, &draft.about, &kind));
        let draft = match found {
            Some(draft) => draft.reference,
            None => {
                let about = Some(reference);
                let draft = Draft { reference: None, kind, about, answers };
                visit.house.keep_draft(caller, draft).await?
            }
        };
        Ok(Next::To(format!("/screening/{}/check", draft.as_str())))
    }
}
