//! One code break and what is written about it afterwards: the record, again if need be, and the closing signature.
//! Also what start pages and the page of health say about records that are due.

use super::frame::{Frame, paper};
use super::records::{Around, answers, drawn};
use super::sentence::Teller;
use crate::domain::access::{Act, CloseBreak, FollowUp, ReadBreaks, SealPart};
use crate::domain::entry::{Fact, fact};
use crate::domain::follow_up::{BreakRecord, Closure, Progress};
use crate::domain::ids::Reference;
use crate::domain::people::Role;
use crate::domain::record::{Asked, Kind};
use crate::http::pages::{Next, Page, Paper, Visit};
use crate::refusal::Refusal;
use crate::service::breaks::Broken;
use crate::service::way::Told;
use crate::text::Arg;
use askama::Template;
use std::collections::BTreeMap;

/// The pages of this file.
pub fn pages() -> Vec<Page> {
    vec![
        Page::of("/breaks/{release}", ReadBreaks, one),
        Page::of("/breaks/{release}/follow-up", FollowUp, ask::<BreakRecord>)
            .acts(sign::<BreakRecord>),
        Page::of("/breaks/{release}/close", CloseBreak, ask::<Closure>).acts(sign::<Closure>),
    ]
}

#[derive(Template)]
#[template(path = "break.html")]
struct One<'v> {
    f: Frame<'v>,
    number: String,
    reference: String,
    /// The key of its words, and is something amiss?
    progress: (String, bool),
    facts: Vec<(String, String)>,
    /// The last record, question by question.
    record: Vec<(String, String)>,
    /// Everything that was recorded, oldest first: when, and what.
    told: Vec<(String, String)>,
    /// What may be done now: the words, and the page.
    offered: Vec<(String, String)>,
}

async fn one(visit: Visit) -> Result<Paper, Refusal> {
    let reference: Reference = visit.name(0)?;
    let caller = visit.caller()?;
    let (broken, records) = visit.house.break_of(caller, &reference).await?;
    let f = Frame::of(&visit, "follow.title").back("/breaks");
    let release = &broken.release;
    let fact = |key: &str, value: String| (f.say(key), value);
    let mut facts = vec![
        fact("follow.when", visit.minute(release.at)),
        fact("participant.centre", f.centre(&release.centre)),
        fact("breaks.by", release.person.to_string()),
        fact("follow.why", why(&f, &broken)),
        fact("follow.until", visit.minute(broken.due)),
        fact("follow.opening", f.say(opening(&broken).0)),
        fact("sealed.fact", f.say(sealed_part(&broken))),
    ];
    facts.extend(outside(&f, &broken).map(|words| fact("offline.state", words)));
    let teller = Teller::new(&visit).await?;
    let told = records.iter().map(|one| (visit.minute(one.line.at), teller.tell(&one.line)));
    let told = told.collect();
    let page = One {
        number: release.number.to_string(),
        progress: progress(&broken),
        record: recorded::<BreakRecord>(&f, records.iter().rev())
            .into_iter()
            .chain(recorded::<Closure>(&f, records.iter().rev()))
            .collect(),
        offered: offered(&f, &broken)?,
        reference: reference.to_string(),
        facts,
        told,
        f,
    };
    paper(&page)
}

/// Why in a word of the configuration.
pub(super) fn why(f: &Frame<'_>, broken: &Broken) -> String {
    let category = broken.release.category.as_deref().unwrap_or_default();
    let all = &f.visit.house.trial.emergency.categories;
    let known = all.iter().find(|known| known.id == category);
    known.map_or(category, |known| f.words(&known.name)).to_owned()
}

/// How and when a code was opened without the service, if it was.
pub(super) fn outside(f: &Frame<'_>, broken: &Broken) -> Option<String> {
    let outside = broken.release.outside.as_ref()?;
    let at = Arg::Text(f.visit.minute(outside.at));
    Some(match &outside.letter {
        None => f.visit.say_with("offline.by-kit", &[("time", at)]),
        Some(serial) => {
            let serial = Arg::Text(serial.clone());
            f.visit.say_with("offline.by-letter", &[("time", at), ("serial", serial)])
        }
    })
}

/// The key of an opening's words, and is something amiss?
pub(super) fn opening(broken: &Broken) -> (&'static str, bool) {
    match (broken.opened, broken.unconfirmed) {
        (true, _) => ("breaks.confirmed", false),
        (false, true) => ("breaks.unconfirmed", true),
        (false, false) => ("breaks.awaited", false),
    }
}

/// The key of the words for whether anything was sealed once the arm was known: that, never what.
fn sealed_part(broken: &Broken) -> &'static str {
    if broken.standing.sealed.is_some() { "sealed.there" } else { "sealed.missing" }
}

/// The key of the words for how far a record is, and is something amiss?
pub(super) fn progress(broken: &Broken) -> (String, bool) {
    let overdue = broken.progress == Progress::Overdue;
    (format!("follow.{}", broken.progress.as_str()), overdue)
}

/// The last record of a kind, in words, in the order of its questions. What the reader may not read is left out.
fn recorded<'t, K: Kind>(
    f: &Frame<'_>,
    mut records: impl Iterator<Item = &'t Told>,
) -> Vec<(String, String)> {
    let Some(last) = records.find(|one| one.line.entry.act == K::ENTRY) else { return vec![] };
    let question = |question: &crate::domain::record::Question| {
        let said = said::<K>(last, question.id)?;
        let said = match question.asked {
            Asked::Choice(_) | Asked::YesNo => f.visit.find(&format!("word.{said}")),
            _ => None,
        }
        .unwrap_or(said);
        Some((f.say(&format!("ask.{}", question.id)), said))
    };
    K::QUESTIONS.iter().filter_map(question).collect()
}

/// What a record answers to a question, as it was typed. Free text is beside the line, and `deviation` means another
/// thing in it.
fn said<K: Kind>(record: &Told, id: &str) -> Option<String> {
    let text = K::QUESTIONS.iter().any(|q| q.id == id && q.asked == Asked::Text);
    let facts = if text { record.private.as_ref()? } else { &record.line.entry.data };
    Some(match fact(facts, id)? {
        Fact::Text(text) => text.clone(),
        Fact::Yes(yes) => if *yes { "yes" } else { "no" }.to_owned(),
        Fact::Number(number) => number.to_string(),
        Fact::List(_) | Fact::Group(_) => return None,
    })
}

/// What this person may do about it now.
fn offered(f: &Frame<'_>, broken: &Broken) -> Result<Vec<(String, String)>, Refusal> {
    let caller = f.visit.caller()?;
    let there = |page: &str| format!("/breaks/{}/{page}", broken.release.reference.as_str());
    let mut offered = vec![];
    let at = &broken.release.present;
    if caller.may::<FollowUp>(at).is_ok() && broken.progress != Progress::Closed {
        let again = broken.progress == Progress::Written;
        let key = if again { "follow.write-again" } else { "follow.write" };
        offered.push((f.say(key), there("follow-up")));
    }
    if caller.may::<SealPart>(at).is_ok() {
        offered.push((f.say("sealed.offer"), there("sealed")));
    }
    if f.visit.house.closes(caller, at)? && broken.progress == Progress::Written {
        offered.push((f.say("follow.close"), there("close")));
    }
    Ok(offered)
}

async fn ask<K: Kind>(visit: Visit) -> Result<Paper, Refusal> {
    let reference: Reference = visit.name(0)?;
    let (broken, records) = visit.house.break_of(visit.caller()?, &reference).await?;
    visit.house.may::<K::Right>(visit.caller()?, &broken.release.present).await?;
    let f = Frame::of(&visit, "follow.title");
    let mut beside = vec![f.say("follow.no-treatment")];
    beside.extend(late(&f, &broken));
    let mut needless = vec![];
    if K::ENTRY == Closure::ENTRY {
        for (question, there, words) in [
            ("unconfirmed", broken.opened, "follow.unconfirmed-what"),
            ("no-sealed-part", broken.standing.sealed.is_some(), "sealed.missing-what"),
        ] {
            // Why something is missing is asked only while it is missing.
            if there { needless.push(question) } else { beside.push(f.say(words)) }
        }
    }
    let last = records.iter().rev().find(|one| one.line.entry.act == K::ENTRY);
    let stored: BTreeMap<String, String> = K::QUESTIONS
        .iter()
        .filter_map(|question| Some((question.id.to_owned(), said::<K>(last?, question.id)?)))
        .collect();
    let back = format!("/breaks/{}", reference.as_str());
    let number = Some(broken.release.number.to_string());
    drawn::<K>(&visit, Around { back, number, life: None, beside, stored, needless })
}

async fn sign<K: Kind>(visit: Visit) -> Result<Next, Refusal> {
    let reference: Reference = visit.name(0)?;
    let there = format!("/breaks/{}", reference.as_str());
    let (once, signature) = (visit.once(K::ENTRY)?, visit.signature(K::Right::NAME));
    let said = answers::<K>(&visit);
    let caller = visit.caller()?;
    visit.house.record_about_break::<K>(caller, reference, said, &signature, once).await?;
    Ok(Next::To(there))
}

/// That a record is overdue, if it is.
fn late(f: &Frame<'_>, broken: &Broken) -> Option<String> {
    (broken.progress == Progress::Overdue).then(|| since(f.visit, "follow.late", broken))
}

fn since(visit: &Visit, key: &str, broken: &Broken) -> String {
    let reference = Arg::Text(format!("B-{}", broken.release.reference));
    let due = Arg::Text(visit.minute(broken.due));
    visit.say_with(key, &[("ref", reference), ("time", due)])
}

/// What a start page says about records that are not written, the longest due first: the words, where they lead, and is
/// it late? Nobody is named, so that looking is no entry.
///
/// # Errors
/// When the store fails.
pub fn waiting(visit: &Visit) -> Result<Vec<(String, String, bool)>, Refusal> {
    let caller = visit.caller()?;
    let page = match caller.person.role {
        Role::Investigator => "/follow-up",
        Role::Monitor => "",
        _ => return Ok(vec![]),
    };
    let Ok(may) = caller.may_somewhere::<ReadBreaks>() else { return Ok(vec![]) };
    let open = visit.house.breaks_at_a_glance(caller, &may)?.into_iter().rev();
    let told = open.filter_map(|broken| {
        let key = match broken.progress {
            Progress::Overdue => "follow.late",
            Progress::Due => "follow.in-time",
            Progress::Written | Progress::Closed => return None,
        };
        let there = format!("/breaks/{}{page}", broken.release.reference.as_str());
        Some((since(visit, key, &broken), there, broken.progress == Progress::Overdue))
    });
    Ok(told.collect())
}

/// How many records are overdue, for whoever may know of code breaks.
///
/// # Errors
/// When the store fails.
pub fn overdue(visit: &Visit) -> Result<u64, Refusal> {
    let caller = visit.caller()?;
    let Ok(may) = caller.may_somewhere::<ReadBreaks>() else { return Ok(0) };
    let all = visit.house.breaks_at_a_glance(caller, &may)?;
    Ok(all.iter().filter(|one| one.progress == Progress::Overdue).count() as u64)
}
