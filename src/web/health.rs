//! How the service is: for everybody in a sentence, for an administrator in full. No identities.

use super::drill::{RoadTold, roads};
use super::follow_up;
use super::frame::{Frame, paper};
use super::standing::in_fours;
use crate::domain::access::ManagePeople;
use crate::domain::time::Moment;
use crate::http::pages::{Page, Paper, Visit};
use crate::limits::{BACKUP_HOURS_MAX, DRILL_DAYS_MAX};
use crate::refusal::Refusal;
use crate::sealing::bytes::hex;
use crate::service::backups::Done;
use crate::text::{self, Arg};
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

/// When a copy was made, read again and restored the last time.
fn backups(visit: &Visit, now: Moment) -> Vec<Look> {
    let shelf = visit.house.shelf();
    let (night, week) = (BACKUP_HOURS_MAX * 3600, DRILL_DAYS_MAX * 86_400);
    let look = |name: &str, done: Option<Done>, seconds_max: i64| {
        let say = |part: &str| visit.say(&format!("backups.{name}{part}"));
        let well = done.as_ref().is_some_and(|done| now < done.at.plus_seconds(seconds_max));
        let state = match done {
            None => say("-none"),
            Some(done) => {
                let (at, entries) = (visit.minute(done.at), done.entries.to_string());
                let args = [("at", Arg::from(at)), ("entries", Arg::from(entries))];
                text::say(visit.language, "backups.at", &args)
            }
        };
        Look { what: say(""), state, well, remedy: (!well).then(|| say("-remedy")) }
    };
    let lost = shelf.drilled.as_ref().map_or(0, |done| done.lost);
    let mut looks = vec![
        look("made", shelf.created, night),
        look("read", shelf.verified, week),
        look("tried", shelf.drilled, week),
    ];
    if lost > 0 {
        let args = [("lost", Arg::from(lost.to_string()))];
        let said = text::say(visit.language, "backups.tried-lost", &args);
        looks[2].state = format!("{}; {said}", looks[2].state);
    }
    looks
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
    looks.extend(backups(&visit, health.now));
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
