//! Verifying the trail: by the service, for a first look; and how to do it without the service, which is what counts.

use super::frame::{Frame, paper};
use super::standing::in_fours;
use crate::domain::access::{ReadTrail, ReviewTrail};
use crate::http::pages::{Next, Page, Paper, Visit};
use crate::refusal::Refusal;
use crate::sealing::bytes::hex;
use crate::text::Arg;
use askama::Template;

/// The pages of this file.
pub fn pages() -> Vec<Page> {
    vec![Page::of("/verify", ReadTrail, ask).acts(verify)]
}

#[derive(Template)]
#[template(path = "verify.html")]
struct Ask<'v> {
    f: Frame<'v>,
    trail_key: String,
}

async fn ask(visit: Visit) -> Result<Paper, Refusal> {
    let trail_key = visit.house.store.signer().vkey();
    paper(&Ask { f: Frame::of(&visit, "verify.title").back("/trail"), trail_key })
}

#[derive(Template)]
#[template(path = "verified.html")]
struct Verified<'v> {
    f: Frame<'v>,
    /// The key of the verdict's words, and is it a good one?
    verdict: (&'static str, bool),
    what: String,
    size: u64,
    root: Option<String>,
    last: String,
    checkpoint: Option<String>,
    /// May the reader sign a review of it?
    may_review: bool,
}

async fn verify(visit: Visit) -> Result<Next, Refusal> {
    let verified = visit.house.verify_trail(visit.caller()?).await?;
    let (verdict, what) = match (verified.fault, verified.consistent) {
        (Some(entry), _) => {
            let entry = [("entry", Arg::Number(entry))];
            (("verify.damaged", false), visit.say_with("verify.damaged-what", &entry))
        }
        (None, false) => (("verify.changed", false), visit.say("verify.changed-what")),
        (None, true) => (("verify.whole", true), visit.say("verify.whole-what")),
    };
    let last = match verified.consistent_with {
        None => visit.say("verify.first-time"),
        Some((size, at)) => {
            let key = if verified.consistent { "verify.same" } else { "verify.other" };
            visit.say_with(key, &[("size", Arg::Number(size)), ("at", visit.minute(at).into())])
        }
    };
    let page = Verified {
        f: Frame::of(&visit, "verify.title").back("/trail"),
        verdict,
        what,
        size: verified.size,
        root: verified.root.map(|root| in_fours(&hex(&root))),
        last,
        checkpoint: verified.checkpoint,
        may_review: visit.caller()?.may_somewhere::<ReviewTrail>().is_ok(),
    };
    paper(&page).map(Next::Shown)
}
