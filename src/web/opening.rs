//! What the pages share on which something is opened, and the page on which a code is broken; the pharmacy's stand in
//! `pharmacy.rs`. No page holds an arm: the person's own device opens it, and takes its words from the trial file.

use super::frame::{Frame, paper};
use super::safety;
use crate::domain::access::BreakCode;
use crate::domain::people::Role;
use crate::http::pages::{Page, Paper, Visit};
use crate::refusal::Refusal;
use crate::text::{self, Arg};
use askama::Template;

/// The pages of this file.
pub fn pages() -> Vec<Page> {
    vec![Page::of("/emergency", BreakCode, emergency).with_keys()]
}

/// What the scripts are told: whose key it is, for what, and every sentence they may have to say.
pub struct Device {
    /// The person's id.
    pub person: String,
    /// The role.
    pub role: String,
    /// The centres, parted by spaces.
    pub centres: String,
    /// The trial.
    pub trial: String,
    /// Where the list of words is.
    pub words: String,
    /// The words that the key signs, where it signs an act.
    pub meaning: String,
    /// Is the sealed list's root asked for?
    pub root: bool,
    /// Sentences by code.
    pub said: Vec<(String, String)>,
}

/// The codes that the scripts say, and the words of each.
const SAID: [(&str, &str); 22] = [
    ("key.words", "device-says.words"),
    ("key.word", "device-says.word"),
    ("key.count", "device-says.count"),
    ("key.list", "device-says.failed"),
    ("key.file", "device-says.file"),
    ("key.none", "device-says.none"),
    ("key.other", "device-says.other"),
    ("key.browser", "device-says.browser"),
    ("key.fp", "device-says.fingerprint"),
    ("card.bad", "device-says.card"),
    ("seal.bad", "device-says.seal"),
    ("proof.bad", "device-says.proof"),
    ("manifest.bad", "device-says.manifest"),
    ("root.new", "device-says.root"),
    ("code.check", "device-says.code"),
    ("no-match", "device-says.no-match"),
    ("identifier", "device-says.identifier"),
    ("say-all", "device-says.all"),
    ("unknown", "device-says.unknown"),
    ("failed", "device-says.failed"),
    ("opening", "device-says.opening"),
    ("opens", "device-says.opens"),
];

/// For the person who visits. `act` is what the key signs, if anything.
///
/// # Errors
/// `sign-in-needed`; the table of pages has asked before.
pub fn device(f: &Frame<'_>, act: &str, root: bool) -> Result<Device, Refusal> {
    let person = &f.visit.caller()?.person;
    let centres: Vec<_> = person.centres.iter().map(|centre| centre.as_str()).collect();
    // The script puts the number in.
    let number = [("n", Arg::Text("{n}".to_owned()))];
    let said = SAID.map(|(code, key)| (code.to_owned(), text::say(f.visit.language, key, &number)));
    Ok(Device {
        person: person.id.to_string(),
        role: person.role.to_string(),
        centres: centres.join(" "),
        trial: f.trial().to_owned(),
        words: f.visit.file("words.txt"),
        meaning: if act.is_empty() { String::new() } else { text::meaning(act, f.visit.language) },
        root,
        said: said.to_vec(),
    })
}

#[derive(Template)]
#[template(path = "emergency.html")]
struct Emergency<'v> {
    f: Frame<'v>,
    on: Device,
    condition: String,
    /// Id and name of each reason that this role may give.
    categories: Vec<(String, String)>,
    /// Planned safety unblindings: entry, whose, and who is to be told. Offered when it is about that participant.
    plans: Vec<(u64, String, String)>,
    /// An investigator asks for the own participant first.
    investigator: bool,
}

async fn emergency(visit: Visit) -> Result<Paper, Refusal> {
    let role = visit.caller()?.person.role;
    let f = Frame::of(&visit, "emergency.title").back("/").with_script("emergency.js");
    let trial = &visit.house.trial;
    let offered = trial.emergency.categories.iter();
    let offered = offered.filter(|one| !one.hotline_only || role == Role::Hotline);
    let categories = offered.map(|one| (one.id.clone(), f.words(&one.name).to_owned())).collect();
    let mut on = device(&f, "break-code", true)?;
    let names = trial.centres.iter();
    let names = names.map(|one| (format!("centre.{}", one.id), f.words(&one.name).to_owned()));
    on.said.extend(names);
    let plans = safety::waiting(&visit).await?.into_iter();
    let plans =
        plans.map(|one| (one.entry, one.number.to_string(), one.to_tell.unwrap_or_default()));
    let page = Emergency {
        on,
        plans: plans.collect(),
        condition: f.words(&trial.emergency.condition).to_owned(),
        categories,
        investigator: role == Role::Investigator,
        f,
    };
    paper(&page)
}
