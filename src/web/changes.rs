//! Keys that change: passing one code's key on after a transfer.

use super::frame::{Frame, paper};
use super::opening::{Device, device};
use crate::domain::access::PassKey;
use crate::domain::ids::CentreId;
use crate::http::pages::{Page, Paper, Visit};
use crate::refusal::Refusal;
use askama::Template;

/// The pages of this file.
pub fn pages() -> Vec<Page> {
    vec![Page::of("/pass-on", PassKey, pass_on).with_keys()]
}

/// Somebody who moved: the reference, the number, and the centres by name.
struct Moved {
    participant: String,
    number: String,
    from: String,
    to: String,
}

#[derive(Template)]
#[template(path = "pass_on.html")]
struct PassOn<'v> {
    f: Frame<'v>,
    on: Device,
    waiting: Vec<Moved>,
}

async fn pass_on(visit: Visit) -> Result<Paper, Refusal> {
    let waiting = visit.house.waiting_for_keys(visit.caller()?).await?;
    let f = Frame::of(&visit, "pass-on.title").back("/").with_script("pass_on.js");
    let named = |centre: &CentreId| f.centre(centre);
    let waiting = waiting.iter().map(|one| Moved {
        participant: one.moved.participant.as_str().to_owned(),
        number: one.moved.number.to_string(),
        from: named(&one.moved.from),
        to: named(&one.moved.to),
    });
    let waiting = waiting.collect();
    let on = device(&f, "", false)?;
    paper(&PassOn { on, waiting, f })
}
