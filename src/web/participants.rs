//! The participants a person may see: the list with its search, and one participant's page.

use super::frame::{Frame, paper};
use super::record::{self, Findings, Part};
use crate::domain::access::ReadParticipants;
use crate::domain::ids::{EnrolmentNumber, Reference};
use crate::domain::people::Role;
use crate::domain::time::Moment;
use crate::http::pages::{Next, Page, Paper, Visit};
use crate::refusal::{Code, Refusal};
use crate::service::record::Listed;
use crate::service::screen::Screened;
use askama::Template;

/// Participants on one page of the list.
const SHOWN: usize = 50;

/// The pages of this file.
pub fn pages() -> Vec<Page> {
    vec![
        Page::of("/participants", ReadParticipants, first).acts(search),
        Page::of("/participants/after/{reference}", ReadParticipants, later).acts(search),
        Page::of("/participants/{reference}", ReadParticipants, one),
    ]
}

/// A participant in the list.
struct Line {
    number: String,
    centre: String,
    state: String,
    broken: Option<String>,
    there: String,
}

#[derive(Template)]
#[template(path = "participants.html")]
struct List<'v> {
    f: Frame<'v>,
    lines: Vec<Line>,
    more: Option<String>,
    several: bool,
}

async fn first(visit: Visit) -> Result<Paper, Refusal> {
    list(visit, String::new()).await
}

/// The list goes on after a participant, whose number never stands in the address.
async fn later(visit: Visit) -> Result<Paper, Refusal> {
    let after: Reference = visit.name(0)?;
    let after = visit.house.participant(visit.caller()?, &after).await?.participant.number;
    list(visit, after.to_string()).await
}

async fn list(visit: Visit, after: String) -> Result<Paper, Refusal> {
    let caller = visit.caller()?;
    let back = if after.is_empty() { "/" } else { "/participants" };
    let f = Frame::of(&visit, "participants.title").back(back).with_form();
    let mut found = visit.house.listed(caller, &after, SHOWN as u32 + 1).await?;
    let whole = found.len() <= SHOWN;
    found.truncate(SHOWN);
    let last = found.last().filter(|_| !whole);
    let more = last
        .map(|listed| format!("/participants/after/{}", listed.participant.reference.as_str()));
    let several = caller.person.centres.len() != 1;
    let lines = found.iter().map(|listed| line(&f, listed)).collect();
    paper(&List { lines, more, several, f })
}

fn line(f: &Frame<'_>, listed: &Listed) -> Line {
    let participant = &listed.participant;
    let centre = f.visit.house.trial.centre(&participant.centre);
    Line {
        number: participant.number.to_string(),
        centre: centre.map(|centre| f.words(&centre.name).to_owned()).unwrap_or_default(),
        state: state(
            f,
            &participant.outcome,
            participant.eligibility.is_some(),
            listed.randomised.is_some(),
        ),
        broken: listed.broken.map(|at| broken(f, at)),
        there: format!("/participants/{}", participant.reference.as_str()),
    }
}

/// How far a participant has come, in words.
pub fn state(f: &Frame<'_>, outcome: &str, signed: bool, randomised: bool) -> String {
    let key = match (randomised, signed) {
        (true, _) => "randomised",
        (false, true) => "signed",
        (false, false) => outcome,
    };
    f.say(&format!("state.{key}"))
}

/// That a code was broken, and on which day; no more is said to whoever stays blinded.
pub fn broken(f: &Frame<'_>, at: Moment) -> String {
    f.with("state.broken", "day", f.visit.house.trial.zone.day(at))
}

/// Finds one by number. The number travels in the form, never in an address.
async fn search(visit: Visit) -> Result<Next, Refusal> {
    let said = visit.said.get("number").trim().to_ascii_uppercase();
    let number = EnrolmentNumber::parse(&said).map_err(|_| Refusal::new(Code::NoSuchRecord))?;
    let found = visit.house.find_participant(visit.caller()?, &number).await?;
    Ok(Next::To(format!("/participants/{}", found.reference.as_str())))
}

/// Something that can be done now: the words of the button, and where it leads.
struct Todo {
    words: String,
    there: String,
    main: bool,
}

#[derive(Template)]
#[template(path = "participant.html")]
struct One<'v> {
    f: Frame<'v>,
    number: String,
    reference: String,
    state: String,
    broken: Option<String>,
    centre: String,
    code: Option<String>,
    randomised: Option<String>,
    entered: String,
    signed: Option<String>,
    acknowledged: Vec<(String, String)>,
    todo: Vec<Todo>,
    papers: Vec<(String, String)>,
    findings: Option<Findings>,
    parts: Vec<Part>,
}

async fn one(visit: Visit) -> Result<Paper, Refusal> {
    let reference: Reference = visit.name(0)?;
    let caller = visit.caller()?;
    let screened = visit.house.participant(caller, &reference).await?;
    let around = visit.house.around(caller, &reference).await?;
    let code = match screened.randomised {
        Some(_) => Some(visit.house.allocation(caller, &reference).await?.code.grouped()),
        None => None,
    };
    let f = Frame::of(&visit, "participant.title").back("/participants");
    let participant = &screened.participant;
    let centre = visit.house.trial.centre(&participant.centre);
    let findings = record::findings(&f, &participant.centre, &screened.answers);
    let number = participant.number.to_string();
    let signed = participant.eligibility.is_some();
    let role = caller.person.role;
    let page = One {
        reference: reference.to_string(),
        state: state(&f, &participant.outcome, signed, screened.randomised.is_some()),
        broken: screened.broken.map(|at| broken(&f, at)),
        centre: centre.map(|centre| f.words(&centre.name).to_owned()).unwrap_or_default(),
        code,
        randomised: screened.randomised.map(|at| visit.minute(at)),
        entered: record::signed_words(&f, &around.entered),
        signed: around.eligible.as_ref().map(|signed| record::signed_words(&f, signed)),
        acknowledged: record::acknowledged(&f, &around),
        todo: todo(&f, role, &screened, &number),
        papers: papers(&f, role, &screened),
        parts: record::answers(&f, &screened.answers, &[], |_| None),
        findings,
        number,
        f,
    };
    paper(&page)
}

/// What this role may do with the record as it stands, the next step first.
fn todo(f: &Frame<'_>, role: Role, screened: &Screened, number: &str) -> Vec<Todo> {
    let participant = &screened.participant;
    let signed = participant.eligibility.is_some();
    let at = |part: &str, key: &str, main| Todo {
        words: f.with(key, "number", number),
        there: format!("/participants/{}/{part}", participant.reference.as_str()),
        main,
    };
    match (role, screened.randomised, signed) {
        (Role::Coordinator, Some(_), _) => vec![at("allocation", "participant.allocation", true)],
        (Role::Coordinator, None, true) => {
            vec![
                at("randomise", "participant.randomise", true),
                at("change", "change.begin", false),
            ]
        }
        (Role::Coordinator, None, false) => vec![at("change", "change.begin", true)],
        (Role::Investigator, None, false) => {
            vec![at("eligibility", "participant.eligibility", true)]
        }
        _ => vec![],
    }
}

/// The papers this role may print.
fn papers(f: &Frame<'_>, role: Role, screened: &Screened) -> Vec<(String, String)> {
    let reference = screened.participant.reference.as_str();
    let link =
        |part: &str| (f.say(&format!("paper.{part}")), format!("/participants/{reference}/{part}"));
    match (role, screened.randomised) {
        (Role::Coordinator | Role::Investigator, Some(_)) => vec![link("sheet"), link("card")],
        (Role::Monitor, Some(_)) => vec![link("sheet")],
        _ => vec![],
    }
}
