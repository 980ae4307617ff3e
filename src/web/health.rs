//! How the service is: for everybody in a sentence, for an administrator in full. No identities.

use super::drill::{RoadTold, roads};
use super::follow_up;
use super::frame::{Frame, paper};
use super::standing::in_fours;
use crate::domain::access::ManagePeople;
use crate::http::pages::{Page, Paper, Visit};
use crate::refusal::Refusal;
use crate::sealing::bytes::hex;
use askama::Template;

/// The pages of this file.
pub fn pages() -> Vec<Page> {
    vec![Page::signed_in("/health", health)]
}

/// One thing that was looked at: what, how it is, is it well, and what to do when it is not.
struct Look {
    what: String,
    state: String,
    well: bool,
    remedy: Option<String>,
}

#[derive(Template)]
#[template(path = "health.html")]
struct Health<'v> {
    f: Frame<'v>,
    well: bool,
    now: String,
    /// Overdue records of code breaks, for whoever may know of them: how many, never whose.
    overdue: Option<u64>,
    /// How the roads of an emergency stand, for whoever may know.
    roads: Vec<RoadTold>,
    /// For administrators alone.
    looks: Vec<Look>,
    facts: Vec<(String, String)>,
}

async fn health(visit: Visit) -> Result<Paper, Refusal> {
    let health = visit.house.health()?;
    let full = visit.caller()?.may_somewhere::<ManagePeople>().is_ok();
    let look = |name: &str, well: bool| {
        let word = |part: &str| visit.say(&format!("health.{name}{part}"));
        let state = if well { word("-well") } else { word("-ill") };
        Look { what: word(""), state, well, remedy: (!well).then(|| word("-remedy")) }
    };
    let mut looks = vec![
        look("trail", !health.damaged),
        look("disk", health.writable),
        look("checkpoint", health.checkpoint_kept),
        look("clock", health.clock_right),
        look("openers", visit.house.thin()?.is_empty()),
    ];
    if !health.fully_checked && !health.damaged {
        looks[0].state = visit.say("health.trail-checking");
    }
    let fact = |name: &str, value: String| (visit.say(&format!("health.{name}")), value);
    let facts = vec![
        fact("entries", health.entries.to_string()),
        fact("last", health.last.map_or_else(|| "–".to_owned(), |at| visit.minute(at))),
        fact("program", health.program.to_owned()),
        fact("schema", health.schema.to_string()),
        fact("configuration", in_fours(&hex(&visit.house.configuration))),
    ];
    paper(&Health {
        f: Frame::of(&visit, "health.title").back("/"),
        well: health.is_well(),
        now: visit.minute(health.now),
        overdue: Some(follow_up::overdue(&visit)?).filter(|count| *count > 0),
        roads: roads(&visit).await?,
        looks: if full { looks } else { vec![] },
        facts: if full { facts } else { vec![] },
    })
}
