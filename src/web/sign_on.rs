//! The hospital's sign-on, as its pages say it: why nobody entered by it, and the own account there, linked and unlinked with
//! the password of here. It enters; it never signs.

use super::account::{present, typed};
use super::form::{Field, Kind};
use super::frame::{Frame, paper};
use crate::http::pages::{Next, Page, Paper, Visit};
use crate::refusal::{Code, Refusal};
use crate::service::sign_on::NotOn;
use askama::Template;

/// The pages of this file.
pub fn pages() -> Vec<Page> {
    vec![
        Page::public("/sign-in/hospital/not/{why}", not_on),
        Page::signed_in("/account/hospital", own).acts(unlink),
        Page::signed_in("/account/hospital/confirm", confirm).acts(link),
    ]
}

/// What the hospital's sign-on is called here.
fn name(visit: &Visit) -> Result<&str, Refusal> {
    visit.house.sign_on.name().ok_or_else(|| Refusal::new(Code::NoSuchPage))
}

#[derive(Template)]
#[template(path = "sign_on_not.html")]
struct Not<'v> {
    f: Frame<'v>,
    why: String,
    next: String,
    again: String,
}

/// Why nobody entered, with the road by password beside it.
async fn not_on(visit: Visit) -> Result<Paper, Refusal> {
    let name = name(&visit)?;
    let why = NotOn::ALL.iter().find(|not| not.as_str() == visit.part(0));
    let word = why.ok_or_else(|| Refusal::new(Code::NoSuchPage))?.as_str();
    let f = Frame::of(&visit, "sign-on.not");
    paper(&Not {
        why: f.with(&format!("sign-on.not-{word}"), "name", name),
        next: f.with(&format!("sign-on.next-{word}"), "name", name),
        again: f.with("sign-on.enter", "name", name),
        f,
    })
}

#[derive(Template)]
#[template(path = "sign_on.html")]
struct Own<'v> {
    f: Frame<'v>,
    name: String,
    /// Since when one is linked.
    since: Option<String>,
    /// Is there one to be linked now?
    confirming: bool,
    fields: Vec<Field>,
    once: String,
}

async fn own(visit: Visit) -> Result<Paper, Refusal> {
    shown(&visit, false)
}

/// One was brought, and the password links it. Without one it is the page from which one is fetched.
async fn confirm(visit: Visit) -> Result<Paper, Refusal> {
    let brought = visit.house.may_link(visit.caller()?, visit.session(), visit.way());
    shown(&visit, brought)
}

fn shown(visit: &Visit, brought: bool) -> Result<Paper, Refusal> {
    let (name, caller) = (name(visit)?.to_owned(), visit.caller()?);
    let since = visit.house.linked_since(caller)?.map(|at| visit.minute(at));
    let confirming = brought && since.is_none();
    let f = Frame::of(visit, "sign-on.title").back("/account");
    let form = confirming || since.is_some();
    let f = if form { f.with_form() } else { f };
    let fields = vec![present(visit)];
    paper(&Own { name, since, confirming, fields, once: visit.act_token(), f })
}

async fn link(visit: Visit) -> Result<Next, Refusal> {
    name(&visit)?;
    let once = visit.once("sign-on-link")?;
    let (house, caller) = (&visit.house, visit.caller()?);
    house.link_sign_on(caller, visit.session(), visit.way(), &typed(&visit), once).await?;
    Ok(Next::To("/account/hospital".to_owned()))
}

async fn unlink(visit: Visit) -> Result<Next, Refusal> {
    name(&visit)?;
    let once = visit.once("sign-on-unlink")?;
    visit.house.unlink_sign_on(visit.caller()?, &typed(&visit), once).await?;
    Ok(Next::To("/account/hospital".to_owned()))
}
