//! The check straight before randomising, and the result: the same code for ever, however the page is come to.

use super::form::{Kind, Signing};
use super::frame::{Frame, paper};
use super::record::{self, Findings, Level, Signed};
use super::standing::in_fours;
use crate::domain::access::{Act, Randomise, ReadParticipants};
use crate::domain::answers::Raw;
use crate::domain::eligibility::Outcome;
use crate::domain::field::built_in;
use crate::domain::ids::{FieldId, Reference};
use crate::http::pages::{Next, Page, Paper, Visit};
use crate::refusal::{Code, Refusal};
use crate::sealing::bytes::hex;
use crate::sealing::checkpoint::TrailKey;
use crate::service::screen::Screened;
use crate::text::{Arg, Language};
use askama::Template;

/// The pages of this file.
pub fn pages() -> Vec<Page> {
    vec![
        Page::of("/participants/{reference}/randomise", Randomise, check).acts(randomise),
        Page::of("/participants/{reference}/allocation", ReadParticipants, allocation),
    ]
}

#[derive(Template)]
#[template(path = "randomise.html")]
struct Check<'v> {
    f: Frame<'v>,
    number: String,
    identity: String,
    consent: String,
    signed: Option<Signed>,
    levels: Vec<Level>,
    change: String,
    signing: Signing,
}

async fn check(visit: Visit) -> Result<Paper, Refusal> {
    let reference: Reference = visit.name(0)?;
    let caller = visit.caller()?;
    let screened = visit.house.participant(caller, &reference).await?;
    visit.house.may::<Randomise>(caller, &screened.participant.centre).await?;
    if screened.randomised.is_some() {
        // A second tab, going back, a bookmark: the first result, not a second question.
        return allocation(visit).await;
    }
    let around = visit.house.around(caller, &reference).await?;
    let f = Frame::of(&visit, "randomise.title");
    let back = format!("/participants/{}", reference.as_str());
    let f = f.back(&back).with_form();
    may_go_on(&f, &screened)?;
    let signed = around.eligible.as_ref().map(|signed| record::signed_words(&f, signed));
    let page = Check {
        number: screened.participant.number.to_string(),
        identity: identity(&f, &screened),
        consent: said(&f, &screened, &CONSENT),
        signed,
        levels: levels(&f, &screened),
        change: format!("{back}/change"),
        signing: Signing::of(&visit, Randomise::NAME),
        f,
    };
    paper(&page)
}

const CONSENT: [&str; 2] = [built_in::CONSENT_SIGNED_AT, built_in::CONSENT_VERSION];

/// What the service would refuse anyway is said before a password is asked for.
fn may_go_on(f: &Frame<'_>, screened: &Screened) -> Result<(), Refusal> {
    if screened.verdict.outcome != Outcome::Eligible {
        let blocked = screened.verdict.blocked_by();
        let criterion = blocked.first().and_then(|id| f.visit.house.trial.criterion(id));
        let refusal = Refusal::new(Code::NotEligible);
        return Err(match criterion {
            Some(criterion) => {
                let (en, zh_cn) = (criterion.name.en.clone(), criterion.name.zh.clone());
                refusal.with("criterion", Arg::Words { en, zh_cn })
            }
            None => refusal,
        });
    }
    match screened.participant.eligibility {
        Some(_) => Ok(()),
        None => Err(Refusal::new(Code::EligibilityNotSigned)),
    }
}

/// Initials, birth date and sex in one line.
pub fn identity(f: &Frame<'_>, screened: &Screened) -> String {
    said(f, screened, &[built_in::INITIALS, built_in::BIRTH_DATE, built_in::SEX])
}

/// The answers to some built-in questions in one line.
pub fn said(f: &Frame<'_>, screened: &Screened, names: &[&str]) -> String {
    let one = |name: &&str| {
        let id = FieldId::parse(name).ok()?;
        let field = f.visit.house.trial.field(&id)?;
        let raw: &Raw = screened.answers.get(*name)?;
        Some(record::shown(f, field, Some(raw)))
    };
    names.iter().filter_map(one).collect::<Vec<_>>().join(" · ")
}

/// Each factor of the stratum with its level; never how many have it.
pub fn levels(f: &Frame<'_>, screened: &Screened) -> Vec<Level> {
    let found = record::findings(f, &screened.participant.centre, &screened.answers);
    found.map(|found: Findings| found.factors).unwrap_or_default()
}

async fn randomise(visit: Visit) -> Result<Next, Refusal> {
    let reference: Reference = visit.name(0)?;
    let once = visit.once(Randomise::NAME)?;
    let signature = visit.signature(Randomise::NAME);
    visit.house.randomise(visit.caller()?, reference.clone(), Some(&signature), once).await?;
    Ok(Next::To(format!("/participants/{}/allocation", reference.as_str())))
}

#[derive(Template)]
#[template(path = "allocation.html")]
struct Allocated<'v> {
    f: Frame<'v>,
    number: String,
    code: String,
    /// Digit and word, group by group.
    spoken: String,
    reference: String,
    at: String,
    levels: Vec<Level>,
    receipt: Receipt,
    participant: String,
    coordinator: bool,
}

/// What proves an allocation.
pub struct Receipt {
    /// The entry's number.
    pub entry: u64,
    /// How many entries the checkpoint vouches for, and the beginning of its root; nothing while it cannot be read.
    pub checkpoint: Option<(u64, String)>,
}

async fn allocation(visit: Visit) -> Result<Paper, Refusal> {
    let reference: Reference = visit.name(0)?;
    let caller = visit.caller()?;
    let screened = visit.house.participant(caller, &reference).await?;
    let allocation = visit.house.allocation(caller, &reference).await?;
    let participant = format!("/participants/{}", reference.as_str());
    let f = Frame::of(&visit, "allocation.title").back(&participant);
    let page = Allocated {
        number: screened.participant.number.to_string(),
        code: allocation.code.grouped(),
        spoken: spoken(&f, &allocation.code.grouped()),
        reference: allocation.reference.to_string(),
        at: visit.minute(allocation.at),
        levels: levels(&f, &screened),
        receipt: receipt(&visit, &reference).await?,
        coordinator: caller.may_somewhere::<Randomise>().is_ok(),
        participant,
        f,
    };
    paper(&page)
}

/// The receipt as it is shown: the entry, and the checkpoint that vouches for it now.
pub async fn receipt(visit: &Visit, reference: &Reference) -> Result<Receipt, Refusal> {
    let confirmed = visit.house.allocation_receipt(visit.caller()?, reference).await?;
    let key = TrailKey::parse(&visit.house.store.signer().vkey());
    let checkpoint = key.and_then(|key| key.check(&confirmed.receipt.checkpoint)).ok();
    let short = |root: &[u8]| in_fours(&hex(&root[..6]));
    let checkpoint = checkpoint.map(|checkpoint| (checkpoint.size, short(&checkpoint.root)));
    Ok(Receipt { entry: confirmed.receipt.seq, checkpoint })
}

/// A code in words, digit by digit, in the groups it is printed in: `seven four two, nine one three, three`.
pub fn spoken(f: &Frame<'_>, grouped: &str) -> String {
    let word = |digit: char| f.say(&format!("digit.d{digit}"));
    let (within, between) = match f.visit.language {
        Language::En => (" ", ", "),
        Language::ZhCn => ("", "，"),
    };
    let group = |group: &str| group.chars().map(word).collect::<Vec<_>>().join(within);
    grouped.split(' ').map(group).collect::<Vec<_>>().join(between)
}
