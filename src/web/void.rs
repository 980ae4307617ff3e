//! A code that became known before it was issued: the statistician voids it. The page knows neither stratum nor place.

use super::form::{Field, Kind, Line, Signing, typed};
use super::frame::{Frame, paper};
use crate::domain::access::VoidCode;
use crate::domain::ids::Code;
use crate::http::pages::{Next, Page, Paper, Visit};
use crate::refusal::{FieldCode, FieldError, Refusal};
use askama::Template;

/// The pages of this file.
pub fn pages() -> Vec<Page> {
    vec![Page::of("/list/void", VoidCode, form).acts(void)]
}

#[derive(Template)]
#[template(path = "void.html")]
struct Void<'v> {
    f: Frame<'v>,
    fields: Vec<Field>,
    signing: Signing,
}

async fn form(visit: Visit) -> Result<Paper, Refusal> {
    let field = |name: &str, kind| {
        let hint = visit.say(&format!("void.{name}-hint"));
        Field::new(name, visit.say(&format!("void.{name}")), kind).hint(hint).told(&visit)
    };
    let value = typed(&visit, "code", "");
    let code = Kind::Line(Line { value, mode: "numeric", width: 12, autocomplete: "off" });
    let reason = Kind::Area { value: typed(&visit, "reason", "") };
    let fields = vec![field("code", code), field("reason", reason)];
    let f = Frame::of(&visit, "void.title").back("/list").with_form();
    paper(&Void { f, fields, signing: Signing::of(&visit, "void-code") })
}

async fn void(visit: Visit) -> Result<Next, Refusal> {
    let once = visit.once("void-code")?;
    let reason = visit.said.get("reason").trim().to_owned();
    let Ok(code) = Code::parse(visit.said.get("code")) else {
        let code = FieldError::new("/code", FieldCode::CodeCheck);
        let silent = reason.is_empty().then(|| FieldError::new("/reason", FieldCode::ReasonNeeded));
        return Err(Refusal::fields([code].into_iter().chain(silent).collect()));
    };
    let signature = visit.signature("void-code");
    visit.house.void_code(visit.caller()?, code, reason, &signature, once).await?;
    Ok(Next::To("/list".to_owned()))
}
