//! Before the entries are signed: what they give, all of them once more, and the password.

use super::begun::{Begun, Found, find};
use super::fields;
use crate::domain::access::{Act, Correct, Screen};
use crate::domain::field::built_in;
use crate::domain::ids::Reference;
use crate::domain::trial::{self, FieldKind};
use crate::http::pages::{Next, Paper, Visit};
use crate::refusal::{FieldCode, FieldError, Refusal};
use crate::service::correct::Correction;
use crate::web::form::{Field, Kind, Signing, typed};
use crate::web::frame::{Frame, paper};
use crate::web::record::{self, Findings, Part};
use askama::Template;

#[derive(Template)]
#[template(path = "screening_check.html")]
struct Check<'v> {
    f: Frame<'v>,
    number: String,
    findings: Option<Findings>,
    parts: Vec<Part>,
    change: bool,
    /// Why the answers of a randomised participant were wrong.
    why: Option<Field>,
    signing: Option<Signing>,
}

/// The page: what the answers give, all answers, and the signature under them.
pub async fn check(visit: Visit) -> Result<Paper, Refusal> {
    let draft = match find(&visit).await? {
        Found::Begun(draft) => draft,
        Found::Sent(participant) => return sent(&visit, &participant),
    };
    draft.consent()?;
    let (visit, ready) = told(visit, &draft);
    let trial = &visit.house.trial;
    let mut f = Frame::of(&visit, "check.title").with_form();
    f.back = Some(match trial.pages.last() {
        Some(last) => draft.address(&last.id),
        None => "/screening".to_owned(),
    });
    let said = draft.asked(trial);
    let findings = record::findings(&f, &draft.centre, &said);
    let change = |field: &trial::Field| {
        let given = draft.change.is_some() && field.kind == FieldKind::EnrolmentNumber;
        let id = field.id.as_str();
        (!given).then(|| draft.address(&format!("{}/change#{id}", field.page)))
    };
    let parts = record::answers(&f, &said, &visit.errors, change);
    let rows = parts.iter().flat_map(|part| &part.rows);
    f.labels = rows.map(|row| (row.id.clone(), row.label.clone())).collect();
    let number = draft.number().unwrap_or_default().to_owned();
    let (corrects, act) = (draft.corrects(), act(&draft));
    let signing = ready.then(|| Signing::of(&visit, act));
    let area = Kind::Area { value: typed(&visit, "why", "") };
    let why = corrects.then(|| Field::new("why", f.say("correct.why"), area).told(&visit));
    let change = draft.change.is_some() && !corrects;
    paper(&Check { number, findings, parts, change, why, signing, f })
}

/// The visit with what is wrong with the answers beside what went wrong in it, and whether they may be signed.
fn told(mut visit: Visit, draft: &Begun) -> (Visit, bool) {
    let wrong = wrong(&visit, draft);
    let ready = wrong.is_empty();
    visit.errors.extend(wrong);
    (visit, ready)
}

fn wrong(visit: &Visit, draft: &Begun) -> Vec<FieldError> {
    let raw = draft.asked(&visit.house.trial);
    let read = visit.house.judge(&draft.centre, &raw);
    let mut wrong = fields::named(draft, read.err().map(|r| r.errors).unwrap_or_default());
    if draft.consent_is_open() {
        let pointer = format!("/answers/{}", built_in::CONSENT_GIVEN);
        wrong.push(FieldError::new(pointer, FieldCode::AnswerOpen));
    }
    wrong
}

/// What is signed: that the values agree with the source, or that corrected ones are true.
fn act(draft: &Begun) -> &'static str {
    if draft.corrects() { Correct::NAME } else { Screen::NAME }
}

/// Signs the entries: a new record, a change of one, or a correction after the code was issued.
pub async fn sign(visit: Visit) -> Result<Next, Refusal> {
    let draft = match find(&visit).await? {
        Found::Begun(draft) => draft,
        Found::Sent(participant) => return Ok(to(&participant)),
    };
    draft.consent()?;
    let wrong = wrong(&visit, &draft);
    if !wrong.is_empty() {
        // They are found again when the page is shown; here they only stop the signature.
        return Err(Refusal::fields(vec![]));
    }
    let (house, caller) = (&visit.house, visit.caller()?);
    let (raw, once) = (draft.asked(&house.trial), visit.once(act(&draft))?);
    let signature = visit.signature(act(&draft));
    let participant = match draft.change.clone() {
        None => house.screen(caller, draft.centre.clone(), raw, Some(&signature), once).await?,
        Some((participant, seen)) if draft.corrects() => {
            let why = visit.said.get("why").trim().to_owned();
            let correction = Correction { seen, answers: raw, why };
            house.correct_answers(caller, participant, correction, &signature, once).await?
        }
        Some((participant, seen)) => {
            house.change_screening(caller, participant, seen, raw, Some(&signature), once).await?
        }
    };
    draft.sent(&visit, &participant.value).await?;
    Ok(to(&participant.value))
}

/// Where a signed record stands.
pub fn to(participant: &Reference) -> Next {
    Next::To(format!("/participants/{}", participant.as_str()))
}

#[derive(Template)]
#[template(path = "screening_sent.html")]
struct Sent<'v> {
    f: Frame<'v>,
    there: String,
}

/// In the place of a draft that became a record: going back, or a second tab.
pub fn sent(visit: &Visit, participant: &Reference) -> Result<Paper, Refusal> {
    let f = Frame::of(visit, "screening.sent").back("/screening");
    paper(&Sent { f, there: format!("/participants/{}", participant.as_str()) })
}
