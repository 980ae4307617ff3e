//! The pharmacy's pages: preparing with record and hand-over, and the stock. Neither holds an arm, a lot or a count: the
//! pharmacist's own device opens, adds up and seals them.

use super::frame::{Frame, paper};
use super::opening::{Device, device};
use super::sealed_part::{RECORD_SAID, said};
use crate::domain::access::Act;
use crate::domain::access::{KeepStock, Prepare, RecordPreparation};
use crate::http::pages::{Page, Paper, Visit};
use crate::limits::SHORT_TEXT;
use crate::refusal::Refusal;
use crate::text;
use askama::Template;

/// The pages of this file.
pub fn pages() -> Vec<Page> {
    vec![
        Page::of("/pharmacy", Prepare, pharmacy).with_keys(),
        Page::of("/pharmacy/stock", KeepStock, stock).with_keys(),
    ]
}

/// What the scripts say of lots and records, beside what every page with keys says.
const SAID: [(&str, &str); 13] = [
    ("lot.foreign", "stock-says.foreign"),
    ("lot.product", "stock-says.product"),
    ("lot.expiry", "stock-says.expiry"),
    ("lot.expired", "stock-says.expired"),
    ("lot.quarantined", "stock-says.quarantined"),
    ("lot.recalled", "stock-says.recalled"),
    ("lot.short", "stock-says.short"),
    ("lot.reason", "stock-says.reason"),
    ("lot.appearance", "stock-says.appearance"),
    ("lot.masked", "stock-says.masked"),
    ("lot.second", "stock-says.second"),
    ("lot.any", "stock-says.any"),
    ("lot.differs", "stock-says.differs"),
];

/// The fields that a device may find wrong, and what each is called on the page.
const FIELDS: [(&str, &str); 15] = [
    ("product", "preparing.scan"),
    ("lot", "pharmacy.lot"),
    ("expiry", "preparing.expiry"),
    ("units", "preparing.units"),
    ("diluent", "preparing.diluent"),
    ("from", "preparing.from"),
    ("to", "preparing.to"),
    ("waste", "preparing.waste"),
    ("remark", "preparing.remark"),
    ("volume", "preparing.volume"),
    ("scan", "stock.scan"),
    ("other", "stock.other"),
    ("reason", "stock.reason"),
    ("event", "stock.kind"),
    ("stock-product", "stock.product"),
];

/// The device of these pages: it says what is wrong with a lot, too.
fn of_lots(f: &Frame<'_>, act: &str) -> Result<Device, Refusal> {
    let mut on = device(f, act, true)?;
    on.said.extend(said(f, &SAID));
    on.said.extend(said(f, &RECORD_SAID));
    let again = FIELDS.map(|(field, key)| {
        (format!("lot.field-{field}"), f.with("stock-says.field", "field", f.say(key)))
    });
    on.said.extend(again);
    let centres = f.visit.house.trial.centres.iter();
    let names = centres.map(|one| (format!("centre.{}", one.id), f.words(&one.name).to_owned()));
    on.said.extend(names);
    Ok(on)
}

#[derive(Template)]
#[template(path = "pharmacy.html")]
struct Pharmacy<'v> {
    f: Frame<'v>,
    on: Device,
    /// What the colleague signs.
    check: String,
    visits: Vec<String>,
    volume: u32,
    /// The longest short text.
    short: usize,
}

async fn pharmacy(visit: Visit) -> Result<Paper, Refusal> {
    let f = Frame::of(&visit, "pharmacy.title").back("/").with_script("pharmacy.js");
    let infused = visit.house.trial.visits.iter().filter(|one| one.infusion);
    let visits = infused.map(|one| one.id.to_string()).collect();
    let on = of_lots(&f, RecordPreparation::NAME)?;
    let check = text::meaning("check", f.visit.language);
    let volume = visit.house.trial.preparation.diluent_ml;
    paper(&Pharmacy { on, check, visits, volume, short: SHORT_TEXT, f })
}

#[derive(Template)]
#[template(path = "stock.html")]
struct Stock<'v> {
    f: Frame<'v>,
    on: Device,
    /// Each column of what moves, by the word that the sealed record has for it, and its heading.
    moves: Vec<(&'static str, String)>,
    /// Each kind of event, and its words.
    events: Vec<(&'static str, String)>,
}

async fn stock(visit: Visit) -> Result<Paper, Refusal> {
    let f = Frame::of(&visit, "stock.title").back("/pharmacy").with_script("stockroom.js");
    let worded = |kinds: &[(&'static str, &str)]| -> Vec<(&'static str, String)> {
        kinds.iter().map(|(kind, key)| (*kind, f.say(key))).collect()
    };
    let came = [("received", "stock.received"), ("transferred-in", "stock.transferred-in")];
    let went = [
        ("transferred-out", "stock.transferred-out"),
        ("returned", "stock.returned"),
        ("destroyed", "stock.destroyed"),
        ("damaged", "stock.damaged"),
        ("lost", "stock.lost"),
    ];
    let stands = [
        ("quarantined", "stock.quarantined"),
        ("released", "stock.released"),
        ("recalled", "stock.recalled"),
        ("count", "stock.count"),
    ];
    let moves = worded(&[&came[..], &[("used", "stock.used")], &went[..]].concat());
    let events = worded(&[&came[..], &went[..], &stands[..]].concat());
    let on = of_lots(&f, "")?;
    paper(&Stock { on, moves, events, f })
}
