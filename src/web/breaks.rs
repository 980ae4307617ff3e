//! Codes that were broken: that, when, why in a word, confirmed or not, read back or not, and how far the
//! record of each is. Never what.

use super::follow_up;
use super::frame::{Frame, paper};
use crate::domain::access::ReadBreaks;
use crate::domain::people::Role;
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
    /// How far its record is: the key of the words, and is it late?
    progress: (String, bool),
    due: String,
    /// Opened without the service: the words for how and when.
    outside: Option<String>,
    /// Not the first within a day: the keys of the words.
    again: Vec<&'static str>,
    there: String,
}

#[derive(Template)]
#[template(path = "breaks.html")]
struct Breaks<'v> {
    f: Frame<'v>,
    breaks: Vec<Broken>,
    unconfirmed: bool,
    /// Asked for and not done, for the monitor.
    withdrawn: Option<u64>,
}

async fn breaks(visit: Visit) -> Result<Paper, Refusal> {
    let f = Frame::of(&visit, "breaks.title").back("/");
    let breaks = visit.house.breaks(visit.caller()?).await?.value.into_iter().map(|broken| {
        let release = &broken.release;
        let again = [
            ("follow.again-person", broken.again.person),
            ("follow.again-centre", broken.again.centre),
        ];
        Broken {
            number: release.number.to_string(),
            reference: release.reference.to_string(),
            at: visit.minute(release.at),
            centre: f.centre(&release.centre),
            by: release.person.to_string(),
            why: follow_up::why(&f, &broken),
            opened: follow_up::opening(&broken),
            read_back: release.read_back.is_some(),
            progress: follow_up::progress(&broken),
            due: visit.minute(broken.due),
            outside: follow_up::outside(&f, &broken),
            again: again.into_iter().filter_map(|(key, is)| is.then_some(key)).collect(),
            there: format!("/breaks/{}", release.reference.as_str()),
        }
    });
    let breaks: Vec<_> = breaks.collect();
    let unconfirmed = breaks.iter().any(|broken| broken.opened.1);
    let monitor = visit.caller()?.person.role == Role::Monitor;
    let withdrawn = monitor.then(|| visit.house.withdrawals()).transpose()?;
    paper(&Breaks { breaks, unconfirmed, withdrawn, f })
}
