//! Pages for anybody: help, where a scanned card leads, the commitment, what a problem means. No counts, no participants'
//! dates, no block sizes.

use super::frame::{Frame, paper};
use super::standing::in_fours;
use crate::http::pages::{Page, Paper, Visit};
use crate::http::problem;
use crate::refusal::{Code, Refusal};
use crate::sealing::bytes::hex;
use crate::sealing::manifest::SignedManifest;
use crate::text::{self, Language};
use askama::Template;

/// The pages of this file.
pub fn pages() -> Vec<Page> {
    vec![
        Page::public("/help", help),
        Page::public("/e", card).with_keys(),
        Page::public("/commitment", commitment),
        Page::public("/problems/{code}", problem),
    ]
}

#[derive(Template)]
#[template(path = "help.html")]
struct Help<'v> {
    f: Frame<'v>,
    card: bool,
}

async fn help(visit: Visit) -> Result<Paper, Refusal> {
    paper(&Help { f: Frame::of(&visit, "help.title").back("/"), card: false })
}

/// Where the code on a participant's card leads. What stands behind `#` in that address never reaches the service.
async fn card(visit: Visit) -> Result<Paper, Refusal> {
    let f = Frame::of(&visit, "help.card-title").with_script("scanned.js");
    paper(&Help { f, card: true })
}

#[derive(Template)]
#[template(path = "commitment.html")]
struct Commitment<'v> {
    f: Frame<'v>,
    root: String,
    seed: String,
    beacon: String,
    manifest: String,
    trail_key: String,
    /// Of later segments: the number, and the root.
    later: Vec<(u32, String)>,
}

async fn commitment(visit: Visit) -> Result<Paper, Refusal> {
    let (signed, house) = (&visit.house.manifest, &visit.house);
    let fours = |bytes: &[u8]| in_fours(&hex(bytes));
    let beacon = match signed.manifest.beacon_description.as_str() {
        "" => visit.say("commitment.no-beacon"),
        words => words.to_owned(),
    };
    // The service read them when they were imported.
    let later =
        house.extensions()?.into_iter().filter_map(|text| SignedManifest::parse(&text).ok());
    let later = later.map(|next| (next.manifest.segment, fours(&next.manifest.root)));
    let page = Commitment {
        later: later.collect(),
        f: Frame::of(&visit, "commitment.title").back("/"),
        root: fours(&signed.manifest.root),
        seed: fours(&signed.manifest.seed_commit),
        beacon,
        manifest: fours(&signed.hash()),
        trail_key: house.store.signer().vkey(),
    };
    paper(&page)
}

/// A problem in one language: tag, title, heading, what happened, heading, what next.
type Told = (&'static str, String, String, String, String, String);

#[derive(Template)]
#[template(path = "problem.html")]
struct Problem<'v> {
    f: Frame<'v>,
    both: Vec<Told>,
    code: &'static str,
    status: u16,
}

/// What a problem code means, in both languages, the visitor's first.
async fn problem(visit: Visit) -> Result<Paper, Refusal> {
    let code: Code = visit.name(0)?;
    let refusal = Refusal::new(code);
    let told = |language: Language| {
        let label = |part: &str| text::say(language, &format!("problem-page.{part}"), &[]);
        let (title, detail) = (refusal.title(language), refusal.detail(language));
        (language.tag(), title, label("about"), detail, label("next"), refusal.next(language))
    };
    let mut order = Language::ALL;
    if visit.language == Language::ZhCn {
        order.reverse();
    }
    let mut f = Frame::of(&visit, "stop.title");
    f.title = code.as_str().to_owned();
    let status = problem::status(code).as_u16();
    paper(&Problem { f, both: order.map(told).to_vec(), code: code.as_str(), status })
}
