//! The investigator reads a record and signs that the participant is eligible, or sends it back with a note.

use super::form::{Field, Kind, Signing, typed};
use super::frame::{Frame, paper};
use super::record::{self, Findings, Part};
use crate::domain::access::{Act, SignEligibility};
use crate::domain::ids::Reference;
use crate::http::pages::{Next, Page, Paper, Visit};
use crate::refusal::{Code, Refusal};
use crate::service::eligibility::{Judgement, SEND_BACK};
use crate::service::record::Around;
use crate::service::screen::Screened;
use askama::Template;

/// The pages of this file.
pub fn pages() -> Vec<Page> {
    vec![
        Page::of("/participants/{reference}/eligibility", SignEligibility, ask).acts(sign),
        Page::of("/participants/{reference}/send-back", SignEligibility, back).acts(send_back),
    ]
}

/// The name of the box "this is another person", as the service points at it.
const ANOTHER: &str = "anotherPerson";

#[derive(Template)]
#[template(path = "eligibility.html")]
struct Ask<'v> {
    f: Frame<'v>,
    number: String,
    seen: u64,
    entered: String,
    findings: Option<Findings>,
    parts: Vec<Part>,
    alike: Vec<Option<String>>,
    reasons: Vec<Field>,
    signing: Option<Signing>,
    send_back: String,
}

async fn read(visit: &Visit) -> Result<(Reference, Screened, Around), Refusal> {
    let (reference, caller): (Reference, _) = (visit.name(0)?, visit.caller()?);
    let screened = visit.house.participant(caller, &reference).await?;
    let around = visit.house.around(caller, &reference).await?;
    Ok((reference, screened, around))
}

async fn ask(visit: Visit) -> Result<Paper, Refusal> {
    let (reference, screened, around) = read(&visit).await?;
    if screened.randomised.is_some() {
        return Err(Refusal::new(Code::WrongState));
    }
    let back = format!("/participants/{}", reference.as_str());
    let f = Frame::of(&visit, "eligibility.title").back(&back).with_form();
    let participant = &screened.participant;
    let findings = record::findings(&f, &participant.centre, &screened.answers);
    let ready = findings.as_ref().is_some_and(Findings::eligible);
    let mut reasons = warnings(&f, &screened);
    if !around.alike.is_empty() {
        reasons.push(area(&f, ANOTHER, f.say("eligibility.another")));
    }
    let alike = around.alike.iter().map(|number| number.as_ref().map(ToString::to_string));
    let page = Ask {
        number: participant.number.to_string(),
        seen: participant.screening,
        entered: record::signed_words(&f, &around.entered),
        parts: record::answers(&f, &screened.answers, &[], |_| None),
        findings,
        alike: alike.collect(),
        reasons,
        signing: ready.then(|| Signing::of(&visit, SignEligibility::NAME)),
        send_back: format!("{back}/send-back"),
        f,
    };
    paper(&page)
}

fn area(f: &Frame<'_>, name: &str, label: String) -> Field {
    let value = typed(f.visit, name, "");
    Field::new(name, label, Kind::Area { value }).told(f.visit)
}

/// One box a warning: why it is accepted.
fn warnings(f: &Frame<'_>, screened: &Screened) -> Vec<Field> {
    let field = |id: &str| {
        let criterion = f.visit.house.trial.criterion(id)?;
        let name = f.words(&criterion.name);
        Some(area(f, id, f.with("eligibility.reason", "criterion", name)))
    };
    screened.verdict.to_acknowledge().into_iter().filter_map(field).collect()
}

/// The version of the record that was on the page.
fn seen(visit: &Visit) -> Result<u64, Refusal> {
    visit.said.get("seen").parse().map_err(|_| Refusal::new(Code::ChangedSinceRead))
}

async fn sign(visit: Visit) -> Result<Next, Refusal> {
    let (reference, screened, around) = read(&visit).await?;
    let (house, caller) = (&visit.house, visit.caller()?);
    let reason = |name: &str| visit.said.get(name).trim().to_owned();
    let warned = screened.verdict.to_acknowledge().into_iter();
    let acknowledged = warned.map(|id| (id.to_owned(), reason(id)));
    let acknowledged = acknowledged.filter(|(_, reason)| !reason.is_empty()).collect();
    let another_person = (!around.alike.is_empty()).then(|| reason(ANOTHER));
    let judgement = Judgement::Eligible { acknowledged, another_person };
    let (signature, once) =
        (visit.signature(SignEligibility::NAME), visit.once(SignEligibility::NAME)?);
    let seen = seen(&visit)?;
    let there = format!("/participants/{}", reference.as_str());
    house.sign_eligibility(caller, reference, seen, judgement, &signature, once).await?;
    Ok(Next::To(there))
}

#[derive(Template)]
#[template(path = "send_back.html")]
struct Back<'v> {
    f: Frame<'v>,
    number: String,
    seen: u64,
    note: Field,
    signing: Signing,
}

async fn back(visit: Visit) -> Result<Paper, Refusal> {
    let (reference, screened, _) = read(&visit).await?;
    if screened.randomised.is_some() {
        return Err(Refusal::new(Code::WrongState));
    }
    let back = format!("/participants/{}/eligibility", reference.as_str());
    let f = Frame::of(&visit, "send-back.title").back(back).with_form();
    let note = area(&f, "sendBack", f.say("send-back.note")).hint(f.say("send-back.hint"));
    let participant = screened.participant;
    let signing = Signing::of(&visit, SEND_BACK);
    let (number, seen) = (participant.number.to_string(), participant.screening);
    paper(&Back { number, seen, note, signing, f })
}

async fn send_back(visit: Visit) -> Result<Next, Refusal> {
    let reference: Reference = visit.name(0)?;
    let note = visit.said.get("sendBack").trim().to_owned();
    let (signature, once) = (visit.signature(SEND_BACK), visit.once(SEND_BACK)?);
    let judgement = Judgement::SentBack { note };
    let (seen, caller) = (seen(&visit)?, visit.caller()?);
    let there = format!("/participants/{}", reference.as_str());
    let house = &visit.house;
    house.sign_eligibility(caller, reference, seen, judgement, &signature, once).await?;
    Ok(Next::To(there))
}
