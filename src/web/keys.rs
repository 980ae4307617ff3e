//! Pages on which a key is made, tried and given: one's own key, its sheet, the grants. The scripts beside them make and
//! open keys on the person's own device; what stands here is words.

use super::frame::{Frame, paper};
use super::opening::{Device, device};
use super::qr::{self, Drawn, Spare};
use super::standing::in_fours;
use crate::domain::access::{GrantKey, RegisterKey};
use crate::http::pages::{Page, Paper, Visit};
use crate::refusal::{Code, Refusal};
use crate::sealing::bytes::hex;
use crate::service::keys::KeyStanding;
use askama::Template;

/// The pages of this file.
pub fn pages() -> Vec<Page> {
    vec![
        Page::of("/key", RegisterKey, key).with_keys(),
        Page::of("/key/sheet", RegisterKey, sheet),
        Page::of("/grants", GrantKey, grants).with_keys(),
    ]
}

#[derive(Template)]
#[template(path = "key.html")]
struct Key<'v> {
    f: Frame<'v>,
    on: Device,
    fingerprint: Option<String>,
    /// Each centre by name, and whether its key was given.
    centres: Vec<(String, bool)>,
}

async fn key(visit: Visit) -> Result<Paper, Refusal> {
    let caller = visit.caller()?;
    let standings = visit.house.key_standings(caller).await?;
    let own: Vec<_> = standings.iter().filter(|one| one.person.id == caller.person.id).collect();
    let f = Frame::of(&visit, "key.title").back("/").with_script("key.js");
    let centres = own.iter().map(|one| (f.centre(&one.centre), one.granted.is_some())).collect();
    let fingerprint = own.first().map(|one| in_fours(&one.fingerprint));
    let on = device(&f, "", false)?;
    paper(&Key { f, on, fingerprint, centres })
}

#[derive(Template)]
#[template(path = "key_sheet.html")]
struct Sheet<'v> {
    f: Frame<'v>,
    name: String,
    person: String,
    fingerprint: String,
    root: String,
    file: String,
    /// The sealed file as a picture to be scanned.
    qr: Option<Drawn>,
}

/// The sealed key on paper. It holds nothing that opens without the six words, which are not on it.
async fn sheet(visit: Visit) -> Result<Paper, Refusal> {
    let caller = visit.caller()?.clone();
    let (held, identity) = visit.house.own_key(&caller).await?;
    let file = identity.ok_or_else(|| Refusal::new(Code::NoSuchRecord))?;
    // Without its line breaks the same JSON fits into a picture that a phone can read.
    let compact: String = file.lines().map(str::trim).collect();
    let compact = compact.replace("\": ", "\":");
    let root = in_fours(&hex(&visit.house.manifest.manifest.root));
    let page = Sheet {
        f: Frame::of(&visit, "key-sheet.title").back("/key"),
        name: caller.person.name,
        person: caller.person.id.to_string(),
        fingerprint: in_fours(&held.fingerprint),
        root,
        qr: qr::draw(&compact, Spare::Little),
        file: compact,
    };
    paper(&page)
}

/// A line of the list: who, in which role, where.
struct Line {
    person: String,
    name: String,
    role: String,
    centre: String,
    centre_name: String,
    own: bool,
}

#[derive(Template)]
#[template(path = "grants.html")]
struct Grants<'v> {
    f: Frame<'v>,
    on: Device,
    meaning: String,
    waiting: Vec<Line>,
    /// By centre.
    holding: Vec<(String, Vec<Line>)>,
}

async fn grants(visit: Visit) -> Result<Paper, Refusal> {
    let caller = visit.caller()?.clone();
    let standings = visit.house.key_standings(&caller).await?;
    let f = Frame::of(&visit, "grants.title").back("/").with_script("grants.js");
    let line = |one: &KeyStanding| Line {
        person: one.person.id.to_string(),
        name: one.person.name.clone(),
        role: f.role(one.person.role),
        centre: one.centre.to_string(),
        centre_name: f.centre(&one.centre),
        own: one.person.id == caller.person.id,
    };
    // Nobody can give what they do not hold.
    let held = |one: &&KeyStanding| {
        standings.iter().any(|own| {
            own.person.id == caller.person.id && own.centre == one.centre && own.granted.is_some()
        })
    };
    let waiting = standings.iter().filter(|one| one.granted.is_none()).filter(held);
    let waiting = waiting.map(line).filter(|one| !one.own).collect();
    let mut holding: Vec<(String, Vec<Line>)> = vec![];
    for centre in &visit.house.trial.centres {
        let here = standings.iter().filter(|one| one.granted.is_some() && one.centre == centre.id);
        let here: Vec<_> = here.map(line).collect();
        if !here.is_empty() {
            holding.push((f.words(&centre.name).to_owned(), here));
        }
    }
    let meaning = crate::text::meaning("grant-key", visit.language);
    let on = device(&f, "", false)?;
    paper(&Grants { on, meaning, waiting, holding, f })
}
