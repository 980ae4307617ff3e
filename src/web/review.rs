//! A monitor's review of the trail, signed after it was verified.

use super::form::{Field, Kind, Signing, typed};
use super::frame::{Frame, paper};
use crate::domain::access::ReviewTrail;
use crate::http::pages::{Next, Page, Paper, Visit};
use crate::refusal::Refusal;
use askama::Template;

/// The pages of this file.
pub fn pages() -> Vec<Page> {
    vec![Page::of("/verify/review", ReviewTrail, form).acts(review)]
}

#[derive(Template)]
#[template(path = "review.html")]
struct Review<'v> {
    f: Frame<'v>,
    field: Field,
    signing: Signing,
}

async fn form(visit: Visit) -> Result<Paper, Refusal> {
    let scope = Kind::Area { value: typed(&visit, "scope", "") };
    let field = Field::new("scope", visit.say("review.scope"), scope);
    let field = field.hint(visit.say("review.scope-hint")).told(&visit);
    let f = Frame::of(&visit, "review.title").back("/verify").with_form();
    paper(&Review { f, field, signing: Signing::of(&visit, "review-trail") })
}

async fn review(visit: Visit) -> Result<Next, Refusal> {
    let once = visit.once("review-trail")?;
    let scope = visit.said.get("scope").trim().to_owned();
    let signature = visit.signature("review-trail");
    visit.house.review_trail(visit.caller()?, scope, &signature, once).await?;
    Ok(Next::To("/trail/kind/reading".to_owned()))
}
