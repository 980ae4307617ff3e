//! The participants a person may see: the list with its search, and one participant's page.

use super::corrected::{self, Change};
use super::frame::{Frame, paper};
use super::record::{self, Findings, Part, Signed};
use super::records::{self, Sentence};
use crate::domain::access::ReadParticipants;
use crate::domain::ids::{EnrolmentNumber, Reference};
use crate::domain::life::State;
use crate::domain::people::Role;
use crate::domain::time::Moment;
use crate::domain::visit::Window;
use crate::http::pages::{Next, Page, Paper, Visit};
use crate::refusal::{Code, Refusal};
use crate::service::record::Listed;
use crate::service::screen::Screened;
use crate::service::way::{VisitDay, Way};
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
    let more =
        last.map(|listed| format!("/participants/after/{}", listed.participant.reference.as_str()));
    let several = caller.person.centres.len() != 1;
    let lines = found.iter().map(|listed| line(&f, listed)).collect();
    paper(&List { lines, more, several, f })
}

fn line(f: &Frame<'_>, listed: &Listed) -> Line {
    let participant = &listed.participant;
    Line {
        number: participant.number.to_string(),
        centre: f.centre(&participant.centre),
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
    /// Before and after the number.
    words: (String, String),
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
    /// Did the reader break this code? Then the page says so, and not what was found.
    knows: bool,
    centre: String,
    code: Option<String>,
    randomised: Option<String>,
    entered: Signed,
    signed: Option<Signed>,
    acknowledged: Vec<(String, String)>,
    todo: Vec<Todo>,
    visits: Vec<Visited>,
    /// Do some visits wait for the first infusion to have their days?
    days_open: bool,
    sent_back: Option<(Signed, String)>,
    papers: Vec<(String, String)>,
    findings: Option<Findings>,
    parts: Vec<Part>,
    /// Answers that were corrected since, and what they give.
    changes: Vec<Change>,
    /// What was recorded since, oldest first.
    records: Vec<Sentence>,
    /// What can be recorded now: the words, and the page.
    offered: Vec<(String, String)>,
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
    let Way { life, visits: course, records, corrected } =
        visit.house.way(caller, &reference).await?;
    let f = Frame::of(&visit, "participant.title").back("/participants");
    let participant = &screened.participant;
    let findings = record::findings(&f, &participant.screened_at(), &screened.answers);
    let number = participant.number.to_string();
    let signed = participant.eligibility.is_some();
    let role = caller.person.role;
    let page = One {
        reference: reference.to_string(),
        state: match life.state() {
            State::Screened | State::Failed if life.left.is_none() => {
                state(&f, &participant.outcome, signed, false)
            }
            far => f.say(&format!("way.{}", far.as_str())),
        },
        broken: screened.broken.map(|at| broken(&f, at)),
        knows: visit.house.knows(caller, &reference)?,
        centre: f.centre(&participant.centre),
        code,
        randomised: screened.randomised.map(|at| visit.minute(at)),
        entered: record::signed_words(&f, &around.entered),
        signed: around.eligible.as_ref().map(|signed| record::signed_words(&f, signed)),
        acknowledged: record::acknowledged(&f, &around),
        todo: todo(&f, role, &screened),
        visits: visits(&f, &course),
        changes: corrected
            .map_or(vec![], |corrected| corrected::changes(&f, &screened, &corrected)),
        records: records::told(&f, &records).await?,
        offered: records::offered(role, &life)
            .into_iter()
            .map(|(key, page)| (f.say(key), format!("/participants/{}/{page}", reference.as_str())))
            .collect(),
        days_open: course.iter().any(|day| day.window.is_none()),
        sent_back: around.sent_back.map(|(by, note)| (record::signed_words(&f, &by), note)),
        papers: papers(&f, role, &screened),
        parts: record::answers(&f, &screened.answers, &[], |_| None),
        findings,
        number,
        f,
    };
    paper(&page)
}

/// A visit in the table.
struct Visited {
    name: String,
    planned: String,
    window: String,
    /// When it was prepared, or whether it has an infusion at all.
    prepared: String,
}

fn visits(f: &Frame<'_>, course: &[VisitDay]) -> Vec<Visited> {
    let one = |day: &VisitDay| {
        let visit = f.visit.house.trial.visit(&day.visit)?;
        let window = |window: &Window| {
            let ends = [
                ("from", window.opens.to_string().into()),
                ("to", window.closes.to_string().into()),
            ];
            f.visit.say_with("visit.from-to", &ends)
        };
        let open = || "–".to_owned();
        Some(Visited {
            name: f.words(&visit.name).to_owned(),
            planned: day.window.map_or_else(open, |window| window.planned.to_string()),
            window: day.window.as_ref().map(window).unwrap_or_default(),
            prepared: match (day.infused, day.released) {
                _ if !day.infusion => f.say("visit.none"),
                (Some(on), _) => f.with("visit.infused", "day", on),
                _ if day.missed => f.say("visit.missed"),
                (None, None) => f.say("visit.not-prepared"),
                (None, Some(on)) => f.with("visit.prepared", "day", on),
            },
        })
    };
    course.iter().filter_map(one).collect()
}

/// What this role may do with the record as it stands, the next step first.
fn todo(f: &Frame<'_>, role: Role, screened: &Screened) -> Vec<Todo> {
    let participant = &screened.participant;
    let signed = participant.eligibility.is_some();
    let at = |part: &str, key: &str, main| Todo {
        words: f.around(key, "number"),
        there: format!("/participants/{}/{part}", participant.reference.as_str()),
        main,
    };
    match (role, screened.randomised, signed) {
        (Role::Coordinator, Some(_), _) => vec![at("allocation", "participant.allocation", true)],
        (Role::Coordinator, None, true) => {
            let machines = f.visit.house.trial.machines_randomise;
            let entrust = machines.then(|| at("entrust", "entrust.begin", false));
            let first = [
                at("randomise", "participant.randomise", true),
                at("change", "change.begin", false),
            ];
            first.into_iter().chain(entrust).collect()
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
