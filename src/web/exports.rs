//! Files to download, each an entry; and the centre's own copy, which an investigator confirms. No arm is in any of them.

use super::form::{Kind, Signing};
use super::frame::{Frame, paper};
use crate::domain::access::{ConfirmExport, ExportOverview, ExportTrail};
use crate::domain::people::Role;
use crate::http::pages::{Next, Page, Paper, Visit};
use crate::refusal::{Code, Refusal};
use crate::sealing::bytes::unhex_array;
use crate::service::exports::{Exported, Format, Kind as Data, Wish, kinds_for};
use askama::Template;

/// The pages of this file.
pub fn pages() -> Vec<Page> {
    vec![
        Page::of("/exports", ExportOverview, index).acts(download),
        Page::of("/exports/trail", ExportTrail, trail).acts(download_trail),
        Page::of("/exports/{entry}/confirm", ConfirmExport, confirm_form).acts(confirm),
    ]
}

/// What can be had, in words.
struct Offered {
    title: String,
    what: String,
    /// What the form sends, and the button's words.
    formats: Vec<(String, String)>,
}

/// A copy that was downloaded: when and in which form, where it is confirmed, and was it?
struct Copy {
    words: String,
    there: String,
    confirmed: bool,
}

#[derive(Template)]
#[template(path = "exports.html")]
struct Exports<'v> {
    f: Frame<'v>,
    offered: Vec<Offered>,
    copies: Vec<Copy>,
}

fn offered(visit: &Visit, kind: Data) -> Offered {
    let word = kind.as_str();
    let format = |format: &Format| {
        let value = format!("{word}.{}", format.as_str());
        (value, visit.say(&format!("exports.format-{}", format.as_str())))
    };
    Offered {
        title: visit.say(&format!("exports.kind-{word}")),
        what: visit.say(&format!("exports.what-{word}")),
        formats: kind.formats().iter().map(format).collect(),
    }
}

async fn index(visit: Visit) -> Result<Paper, Refusal> {
    let role = visit.caller()?.person.role;
    let offered = kinds_for(role).into_iter().map(|kind| offered(&visit, kind)).collect();
    let copies = match role {
        Role::Investigator => visit.house.own_copies(visit.caller()?).await?,
        _ => vec![],
    };
    let copy = |one: Exported| Copy {
        words: visit.minute(one.at),
        there: format!("/exports/{}/confirm", one.entry),
        confirmed: one.confirmed,
    };
    let copies = copies.into_iter().map(copy).collect();
    paper(&Exports { f: Frame::of(&visit, "exports.title").back("/").with_form(), offered, copies })
}

async fn trail(visit: Visit) -> Result<Paper, Refusal> {
    let f = Frame::of(&visit, "exports.kind-trail").back("/trail").with_form();
    paper(&Exports { offered: vec![offered(&visit, Data::Trail)], copies: vec![], f })
}

async fn download(visit: Visit) -> Result<Next, Refusal> {
    let wish = wish(&visit)?;
    Ok(Next::File(visit.house.export(visit.caller()?, wish).await?))
}

async fn download_trail(visit: Visit) -> Result<Next, Refusal> {
    let wish = wish(&visit)?;
    Ok(Next::File(visit.house.export(visit.caller()?, wish).await?))
}

/// What the pressed button names: a kind and a format.
fn wish(visit: &Visit) -> Result<Wish, Refusal> {
    let named = visit.said.get("export").split_once('.').and_then(|(kind, format)| {
        Wish::of(Data::parse(kind)?, Some(Format::parse(format)?), false)
    });
    named.ok_or_else(|| Refusal::new(Code::MalformedRequest))
}

#[derive(Template)]
#[template(path = "export_confirm.html")]
struct Confirm<'v> {
    f: Frame<'v>,
    at: String,
    sha256: String,
    confirmed: bool,
    signing: Signing,
}

async fn own(visit: &Visit) -> Result<Exported, Refusal> {
    let entry: u64 = visit.name(0)?;
    let copies = visit.house.own_copies(visit.caller()?).await?;
    let own = copies.into_iter().find(|copy| copy.entry == entry);
    own.ok_or_else(|| Refusal::new(Code::NoSuchRecord))
}

async fn confirm_form(visit: Visit) -> Result<Paper, Refusal> {
    let copy = own(&visit).await?;
    let f = Frame::of(&visit, "exports.confirm-title").back("/exports").with_form();
    let signing = Signing::of(&visit, "confirm-export");
    let at = visit.minute(copy.at);
    paper(&Confirm { f, at, sha256: copy.sha256, confirmed: copy.confirmed, signing })
}

async fn confirm(visit: Visit) -> Result<Next, Refusal> {
    let once = visit.once("confirm-export")?;
    let copy = own(&visit).await?;
    let sha256 = unhex_array(&copy.sha256).ok_or_else(|| Refusal::new(Code::Internal))?;
    let signature = visit.signature("confirm-export");
    let caller = visit.caller()?;
    visit.house.confirm_export(caller, copy.entry, sha256, &signature, once).await?;
    Ok(Next::To("/exports".to_owned()))
}
