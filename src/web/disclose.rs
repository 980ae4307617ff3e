//! That a file of the list was published: the statistician records its hash. The file is never handed in, since it names
//! groups or arms.

use super::form::{Choice, Field, Kind, Line, Signing, typed};
use super::frame::{Frame, paper};
use super::standing::in_fours;
use crate::domain::access::Disclose;
use crate::http::pages::{Next, Page, Paper, Visit};
use crate::refusal::{FieldCode, FieldError, Refusal};
use crate::sealing::bytes::{hex, unhex_array};
use crate::service::disclosures::Stage;
use askama::Template;

/// The pages of this file.
pub fn pages() -> Vec<Page> {
    vec![Page::of("/list/disclose", Disclose, form).acts(disclose)]
}

#[derive(Template)]
#[template(path = "disclose.html")]
struct Disclosure<'v> {
    f: Frame<'v>,
    /// What was published so far: what it was, and the file's hash.
    before: Vec<(String, String)>,
    fields: Vec<Field>,
    signing: Signing,
}

async fn form(visit: Visit) -> Result<Paper, Refusal> {
    let stage = |stage: Stage| Choice {
        value: stage.as_str().to_owned(),
        label: visit.say(&format!("disclose.{}", stage.as_str())),
        chosen: visit.said.get("stage") == stage.as_str(),
    };
    let stages = Kind::One(Stage::ALL.map(stage).into());
    let value = typed(&visit, "file", "");
    let file = Kind::Line(Line { value, mode: "text", width: 40, autocomplete: "off" });
    let field = |name: &str, kind| {
        let hint = visit.say(&format!("disclose.{name}-hint"));
        Field::new(name, visit.say(&format!("disclose.{name}")), kind).hint(hint).told(&visit)
    };
    let before = visit.house.disclosed(visit.caller()?).await?.into_iter();
    let before = before.map(|(stage, file)| {
        (visit.say(&format!("disclose.{}", stage.as_str())), in_fours(&hex(&file)))
    });
    paper(&Disclosure {
        before: before.collect(),
        fields: vec![field("stage", stages), field("file", file)],
        signing: Signing::of(&visit, "disclose"),
        f: Frame::of(&visit, "disclose.title").back("/list").with_form(),
    })
}

async fn disclose(visit: Visit) -> Result<Next, Refusal> {
    let once = visit.once("disclose")?;
    // A hash is read off in groups, and copied with what stands around it.
    let typed: String = visit.said.get("file").split_whitespace().collect();
    let (stage, file) = (Stage::parse(visit.said.get("stage")), unhex_array(&typed.to_lowercase()));
    let (Some(stage), Some(file)) = (stage, file) else {
        let form = if typed.is_empty() { FieldCode::Required } else { FieldCode::BytesForm };
        let wrong = [
            stage.is_none().then(|| FieldError::new("/stage", FieldCode::Required)),
            file.is_none().then(|| FieldError::new("/file", form)),
        ];
        return Err(Refusal::fields(wrong.into_iter().flatten().collect()));
    };
    let signature = visit.signature("disclose");
    visit.house.disclose(visit.caller()?, stage, file, &signature, once).await?;
    Ok(Next::To("/list/disclose".to_owned()))
}
