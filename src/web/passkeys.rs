//! One's own passkeys: which there are, one removed, one added. The password is typed on the first page of adding; the
//! second holds what the browser is asked, and the script beside it brings the answer back by the page's own form.

use super::account::{present, typed};
use super::form::{Field, Kind};
use super::frame::{Frame, paper};
use crate::http::pages::{Next, Page, Paper, Visit};
use crate::refusal::{Code, Refusal};
use crate::service::passkeys::{Question, Shown};
use askama::Template;

/// The pages of this file.
pub fn pages() -> Vec<Page> {
    vec![
        Page::signed_in("/account/passkeys", own).acts(remove),
        Page::signed_in("/account/passkeys/new", begin).acts(add).with_keys(),
    ]
}

/// A passkey as its owner knows it.
struct Kept {
    number: u64,
    words: String,
    remove: String,
}

#[derive(Template)]
#[template(path = "passkeys.html")]
struct Own<'v> {
    f: Frame<'v>,
    may_add: bool,
    all: Vec<Kept>,
}

async fn own(visit: Visit) -> Result<Paper, Refusal> {
    let own = visit.house.own_passkeys(visit.caller()?)?;
    let f = Frame::of(&visit, "passkey.title").back("/account");
    let all = own.all.into_iter().map(|one| Kept {
        words: f.with("passkey.since", "at", visit.minute(one.at)),
        remove: f.with("passkey.remove", "number", one.number),
        number: one.number,
    });
    paper(&Own { all: all.collect(), may_add: own.may_add, f })
}

async fn remove(visit: Visit) -> Result<Next, Refusal> {
    let number = visit.said.get("remove").parse();
    let number = number.map_err(|_| Refusal::new(Code::NoSuchRecord))?;
    visit.house.remove_passkey(visit.caller()?, number).await?;
    Ok(Next::To("/account/passkeys".to_owned()))
}

#[derive(Template)]
#[template(path = "passkey_new.html")]
struct New<'v> {
    f: Frame<'v>,
    fields: Vec<Field>,
    /// What the browser is asked, once the password was typed.
    passkey: Option<Question>,
    once: String,
}

async fn begin(visit: Visit) -> Result<Paper, Refusal> {
    if !visit.house.own_passkeys(visit.caller()?)?.may_add {
        return Err(Refusal::new(Code::WrongState));
    }
    new(&visit, None)
}

fn new(visit: &Visit, passkey: Option<Question>) -> Result<Paper, Refusal> {
    let f = Frame::of(visit, "passkey.add").back("/account/passkeys").with_form();
    let f = if passkey.is_some() { f.with_script("passkey.js") } else { f };
    paper(&New { fields: vec![present(visit)], passkey, once: visit.act_token(), f })
}

async fn add(visit: Visit) -> Result<Next, Refusal> {
    let (house, caller) = (&visit.house, visit.caller()?);
    let Some(shown) = answer(&visit) else {
        let asked = house.begin_passkey(caller, visit.session(), &typed(&visit)).await?;
        return new(&visit, Some(asked)).map(Next::Shown);
    };
    let once = visit.once("add-passkey")?;
    house.add_passkey(caller, visit.session(), &shown, once).await?;
    Ok(Next::To("/account/passkeys".to_owned()))
}

/// What the script brought, if it did.
fn answer(visit: &Visit) -> Option<Shown> {
    let credential = visit.said.get("_passkey").to_owned();
    let ceremony = visit.said.get("_ceremony").to_owned();
    (!credential.is_empty()).then_some(Shown { ceremony, credential })
}
