//! Codes that were opened without the service: the hotline takes in a kit's signed record, or what is said of a letter. No
//! page asks what was found inside, and none has a place for it.

use super::form::{Choice, Field, Kind, Line, Signing, day_of, day_typed, typed};
use super::frame::{Frame, paper};
use crate::domain::access::{Act, ImportBreak};
use crate::http::pages::{Next, Page, Paper, Visit};
use crate::refusal::Refusal;
use crate::service::import_break::{Letter, Outside};
use askama::Template;

/// The pages of this file.
pub fn pages() -> Vec<Page> {
    vec![
        Page::of("/breaks/import", ImportBreak, kit_form).acts(kit),
        Page::of("/breaks/letter", ImportBreak, letter_form).acts(letter),
        Page::of("/breaks/incident", ImportBreak, incident),
    ]
}

#[derive(Template)]
#[template(path = "offline.html")]
struct Form<'v> {
    f: Frame<'v>,
    what: String,
    /// The other form: the words, and the page.
    instead: (String, &'static str),
    fields: Vec<Field>,
    signing: Signing,
}

async fn kit_form(visit: Visit) -> Result<Paper, Refusal> {
    let record = Kind::Area { value: typed(&visit, "record", "") };
    let fields = vec![field(&visit, "record", record), category(&visit)];
    let instead = (visit.say("offline.letter-instead"), "/breaks/letter");
    drawn(&visit, ("offline.title", "offline.what"), instead, fields)
}

async fn letter_form(visit: Visit) -> Result<Paper, Refusal> {
    let line = |name: &str, mode, width| {
        let value = typed(&visit, name, "");
        field(&visit, name, Kind::Line(Line { value, mode, width, autocomplete: "off" }))
    };
    let at = day_of(&day_typed(&visit, "at").unwrap_or_default(), true, false);
    let fields = vec![
        line("serial", "text", 20),
        line("code", "numeric", 12),
        line("by", "text", 20),
        field(&visit, "at", Kind::Date(at)),
        field(&visit, "why", Kind::Area { value: typed(&visit, "why", "") }),
        category(&visit),
    ];
    let instead = (visit.say("offline.kit-instead"), "/breaks/import");
    drawn(&visit, ("offline.letter-title", "offline.letter-what"), instead, fields)
}

fn drawn(
    visit: &Visit,
    (title, what): (&'static str, &str),
    instead: (String, &'static str),
    fields: Vec<Field>,
) -> Result<Paper, Refusal> {
    let f = Frame::of(visit, title).back("/breaks").with_form();
    let (what, signing) = (f.say(what), Signing::of(visit, ImportBreak::NAME));
    paper(&Form { f, what, instead, fields, signing })
}

fn field(visit: &Visit, name: &str, kind: Kind) -> Field {
    let hint = visit.say(&format!("offline.{name}-hint"));
    Field::new(name, visit.say(&format!("offline.{name}")), kind).hint(hint).told(visit)
}

/// Why, in a word of the configuration: every one of them, since the hotline asks.
fn category(visit: &Visit) -> Field {
    let choice = |known: &crate::domain::trial::Category| Choice {
        value: known.id.clone(),
        label: super::frame::in_language(&known.name, visit.language).to_owned(),
        chosen: visit.said.get("category") == known.id,
    };
    let all = visit.house.trial.emergency.categories.iter().map(choice);
    Field::new("category", visit.say("offline.category"), Kind::One(all.collect())).told(visit)
}

async fn kit(visit: Visit) -> Result<Next, Refusal> {
    let outside = Outside::record(visit.said.get("record"))?;
    take_in(&visit, outside).await
}

async fn letter(visit: Visit) -> Result<Next, Refusal> {
    let said = |name| visit.said.get(name);
    let at = day_typed(&visit, "at").and_then(|minute| visit.house.trial.zone.moment(&minute));
    let named = [said("serial"), said("code"), said("by")];
    let letter = Letter::read(named, at, said("why"))?;
    take_in(&visit, Outside::Letter(letter)).await
}

async fn take_in(visit: &Visit, outside: Outside) -> Result<Next, Refusal> {
    let (once, signature) = (visit.once(ImportBreak::NAME)?, visit.signature(ImportBreak::NAME));
    let category = visit.said.get("category").to_owned();
    let caller = visit.caller()?;
    let taken = visit.house.import_break(caller, outside, category, &signature, once).await?;
    Ok(Next::To(match taken.value.broken {
        Some((reference, _)) => format!("/breaks/{}", reference.as_str()),
        None => "/breaks/incident".to_owned(),
    }))
}

#[derive(Template)]
#[template(path = "incident.html")]
struct Incident<'v> {
    f: Frame<'v>,
}

async fn incident(visit: Visit) -> Result<Paper, Refusal> {
    paper(&Incident { f: Frame::of(&visit, "offline.incident-title").back("/breaks") })
}
