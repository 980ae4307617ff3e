//! Somebody is marked as principal investigator, or is it no longer. The accounts' page leads here.

use super::frame::{Frame, paper};
use super::people::places;
use crate::domain::access::MarkPrincipal;
use crate::domain::ids::PersonId;
use crate::domain::people::{Person, Role};
use crate::http::pages::{Next, Page, Paper, Visit};
use crate::refusal::{Code, FieldCode, Refusal};
use askama::Template;

/// The pages of this file.
pub fn pages() -> Vec<Page> {
    vec![Page::of("/people/{person}/principal", MarkPrincipal, form).acts(mark)]
}

/// Can somebody be marked whose account is in this state, or the mark be taken from them?
pub(super) fn may_be(person: &Person, state: &str) -> bool {
    person.role == Role::Investigator && state != "disabled"
}

#[derive(Template)]
#[template(path = "principal.html")]
struct Principal<'v> {
    f: Frame<'v>,
    id: String,
    name: String,
    places: String,
    /// What stands now; the button turns it round.
    marked: bool,
    once: String,
}

async fn form(visit: Visit) -> Result<Paper, Refusal> {
    let person: PersonId = visit.name(0)?;
    let accounts = visit.house.people(visit.caller()?).await?;
    let found = accounts.into_iter().find(|account| account.person.id == person);
    let found = found.ok_or_else(|| Refusal::new(Code::NoSuchRecord))?;
    if !may_be(&found.person, &found.state) {
        return Err(Refusal::new(Code::WrongState));
    }
    paper(&Principal {
        f: Frame::of(&visit, "principal.title").back("/people").with_form(),
        id: person.to_string(),
        places: places(&visit, &found.person),
        marked: found.principal,
        name: found.person.name,
        once: visit.act_token(),
    })
}

async fn mark(visit: Visit) -> Result<Next, Refusal> {
    let once = visit.once("principal")?;
    // What the page said, not the other of what stands now: it may have been turned round since.
    let principal = match visit.said.get("principal") {
        "yes" => true,
        "no" => false,
        _ => return Err(visit.wrong("principal", FieldCode::Required)),
    };
    visit.house.mark_principal(visit.caller()?, visit.name(0)?, principal, once).await?;
    Ok(Next::To("/people".to_owned()))
}
