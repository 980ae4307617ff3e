//! Papers that the service makes: the confirmation sheet, the participant's card, the infusion's label. Each is a page
//! to be printed. None of them names a treatment, and the label's bytes are the same for every arm.

use super::frame::{Frame, paper};
use super::qr::{self, Drawn, Spare};
use super::randomise::{Receipt, identity, levels, receipt, said, spoken};
use super::record::{self, Level, Signed};
use crate::domain::access::{ReadParticipants, ReadPreparations};
use crate::domain::field::built_in;
use crate::domain::ids::Reference;
use crate::http::pages::{Page, Paper, Visit};
use crate::refusal::{Code, Refusal};
use crate::sealing::bytes::hex;
use askama::Template;

/// The pages of this file.
pub fn pages() -> Vec<Page> {
    vec![
        Page::of("/participants/{reference}/sheet", ReadParticipants, sheet),
        Page::of("/participants/{reference}/card", ReadParticipants, card),
        Page::of("/participants/{reference}/label", ReadPreparations, label),
    ]
}

/// Cards on a sheet of A4.
const CARDS: usize = 8;

#[derive(Template)]
#[template(path = "sheet.html")]
struct Sheet<'v> {
    f: Frame<'v>,
    number: String,
    centre: String,
    code: String,
    spoken: String,
    reference: String,
    at: String,
    identity: String,
    consent: String,
    levels: Vec<Level>,
    entered: Signed,
    eligible: Option<Signed>,
    acknowledged: Vec<(String, String)>,
    randomised: Option<Signed>,
    configuration: String,
    receipt: Receipt,
    qr: Drawn,
    printed: String,
    version: &'static str,
}

async fn sheet(visit: Visit) -> Result<Paper, Refusal> {
    let reference: Reference = visit.name(0)?;
    let caller = visit.caller()?;
    let screened = visit.house.participant(caller, &reference).await?;
    let allocation = visit.house.allocation(caller, &reference).await?;
    let around = visit.house.around(caller, &reference).await?;
    let there = format!("/participants/{}", reference.as_str());
    let f = Frame::of(&visit, "sheet.title").back(&there);
    let signed = |by: &Option<_>| by.as_ref().map(|by| record::signed_words(&f, by));
    let consent = [built_in::CONSENT_SIGNED_AT, built_in::CONSENT_VERSION];
    let page = Sheet {
        number: screened.participant.number.to_string(),
        centre: f.centre(&screened.participant.centre),
        code: allocation.code.grouped(),
        spoken: spoken(&f, &allocation.code.grouped()),
        reference: allocation.reference.to_string(),
        at: visit.minute(allocation.at),
        identity: identity(&f, &screened),
        consent: said(&f, &screened, &consent),
        levels: levels(&f, &screened),
        entered: record::signed_words(&f, &around.entered),
        eligible: signed(&around.eligible),
        acknowledged: record::acknowledged(&f, &around),
        randomised: signed(&around.randomised),
        configuration: hex(&visit.house.configuration),
        receipt: receipt(&visit, &reference).await?,
        qr: scan(&format!("{}{there}", visit.origin))?,
        printed: visit.minute(visit.house.clock.now()),
        version: env!("CARGO_PKG_VERSION"),
        f,
    };
    paper(&page)
}

#[derive(Template)]
#[template(path = "card.html")]
struct Cards<'v> {
    f: Frame<'v>,
    number: String,
    centre: String,
    code: String,
    qr: Drawn,
    copies: usize,
}

async fn card(visit: Visit) -> Result<Paper, Refusal> {
    let reference: Reference = visit.name(0)?;
    let caller = visit.caller()?;
    let screened = visit.house.participant(caller, &reference).await?;
    let allocation = visit.house.allocation(caller, &reference).await?;
    let f = Frame::of(&visit, "card.title");
    // What stands behind `#` stays in the telephone that scans it.
    let address = format!("{}/e#{}", visit.origin, reference.as_str());
    let page = Cards {
        number: screened.participant.number.to_string(),
        centre: f.centre(&screened.participant.centre),
        code: allocation.code.grouped(),
        qr: scan(&address)?,
        copies: CARDS,
        f: f.back(format!("/participants/{}", reference.as_str())),
    };
    paper(&page)
}

#[derive(Template)]
#[template(path = "label.html")]
struct Label<'v> {
    f: Frame<'v>,
    number: String,
    code: String,
    visit: String,
    volume: u32,
    diluent: String,
    before: String,
}

async fn label(visit: Visit) -> Result<Paper, Refusal> {
    let reference: Reference = visit.name(0)?;
    let label = visit.house.label(visit.caller()?, &reference).await?;
    let f = Frame::of(&visit, "label.title").back("/pharmacy");
    let preparation = &visit.house.trial.preparation;
    let hours = i64::from(preparation.use_within_hours);
    let page = Label {
        number: label.number.to_string(),
        code: label.code.grouped(),
        visit: label.visit,
        volume: preparation.diluent_ml,
        diluent: f.words(&preparation.diluent).to_owned(),
        before: visit.minute(label.released.plus_seconds(hours * 60 * 60)),
        f,
    };
    paper(&page)
}

/// An address to be scanned. Ours are short; one that is not is a mistake of ours.
fn scan(address: &str) -> Result<Drawn, Refusal> {
    qr::draw(address, Spare::Some).ok_or_else(|| Refusal::new(Code::Internal))
}
