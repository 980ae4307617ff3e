//! Taking up an invitation: the invited person chooses a password, once, and nobody else ever knows it. Whoever has the
//! link may do so, hence it is good for 72 hours and once; showing the page uses nothing up.

use super::frame::{Frame, in_language, paper};
use crate::http::pages::{Next, Page, Paper, Visit};
use crate::limits::PASSWORD_MIN;
use crate::refusal::Refusal;
use askama::Template;
use zeroize::Zeroizing;

/// The pages of this file.
pub fn pages() -> Vec<Page> {
    vec![Page::public("/start", ready), Page::public("/start/{token}", start).acts(take_up)]
}

#[derive(Template)]
#[template(path = "start.html")]
struct Start<'v> {
    f: Frame<'v>,
    id: String,
    name: String,
    role: String,
    places: String,
    least: usize,
    error: Option<String>,
}

async fn start(visit: Visit) -> Result<Paper, Refusal> {
    let person = visit.house.invited(visit.part(0))?;
    let trial = &visit.house.trial;
    let centres = person.centres.iter().filter_map(|id| trial.centre(id));
    let names: Vec<_> = centres.map(|c| in_language(&c.name, visit.language)).collect();
    let error = visit.errors.first().map(|error| error.words(visit.language));
    paper(&Start {
        f: Frame::of(&visit, "start-account.title").with_form(),
        role: visit.say(&format!("role.{}", person.role)),
        places: names.join(" · "),
        id: person.id.to_string(),
        name: person.name,
        least: PASSWORD_MIN,
        error,
    })
}

async fn take_up(visit: Visit) -> Result<Next, Refusal> {
    let password = Zeroizing::new(visit.said.get("password").to_owned());
    visit.house.accept_invitation(visit.part(0), password).await?;
    Ok(Next::To("/start".to_owned()))
}

#[derive(Template)]
#[template(path = "start_ready.html")]
struct Ready<'v> {
    f: Frame<'v>,
}

async fn ready(visit: Visit) -> Result<Paper, Refusal> {
    paper(&Ready { f: Frame::of(&visit, "start-account.ready") })
}
