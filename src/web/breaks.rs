//! Codes that were broken: that, when, why in a word, confirmed or not, read back or not. Never what.

use super::frame::{Frame, paper};
use crate::domain::access::ReadBreaks;
use crate::http::pages::{Page, Paper, Visit};
use crate::refusal::Refusal;
use askama::Template;

/// The pages of this file.
pub fn pages() -> Vec<Page> {
    vec![Page::of("/breaks", ReadBreaks, breaks)]
}

/// One code break as everybody who may know of it sees it. There is no field for what was found.
struct Broken {
    number: String,
    reference: String,
    at: String,
    centre: String,
    by: String,
    why: String,
    /// The key of its state's words, and is something amiss?
    opened: (&'static str, bool),
    read_back: bool,
}

#[derive(Template)]
#[template(path = "breaks.html")]
struct Breaks<'v> {
    f: Frame<'v>,
    breaks: Vec<Broken>,
    unconfirmed: bool,
}

async fn breaks(visit: Visit) -> Result<Paper, Refusal> {
    let (f, trial) = (Frame::of(&visit, "breaks.title").back("/"), &visit.house.trial);
    let breaks = visit.house.breaks(visit.caller()?).await?.value.into_iter().map(|broken| {
        let release = broken.release;
        let category = release.category.unwrap_or_default();
        let known = trial.emergency.categories.iter().find(|known| known.id == category);
        Broken {
            number: release.number.to_string(),
            reference: release.reference.to_string(),
            at: visit.minute(release.at),
            centre: f.centre(&release.centre),
            by: release.person.to_string(),
            why: known.map_or(category.as_str(), |known| f.words(&known.name)).to_owned(),
            opened: match (broken.opened, broken.unconfirmed) {
                (true, _) => ("breaks.confirmed", false),
                (false, true) => ("breaks.unconfirmed", true),
                (false, false) => ("breaks.awaited", false),
            },
            read_back: release.read_back.is_some(),
        }
    });
    let breaks: Vec<_> = breaks.collect();
    let unconfirmed = breaks.iter().any(|broken| broken.opened.1);
    paper(&Breaks { breaks, unconfirmed, f })
}
