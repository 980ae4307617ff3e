//! Signed records of a participant's way: one page for every kind, made from the questions that the kind asks.

use super::form::{Choice, Field, Kind, Line, Signing, day_of, day_typed};
use super::frame::{Frame, paper};
use super::sentence::Teller;
use crate::domain::access::Correct;
use crate::domain::access::{
    Act, EndTreatment, RecordVisit, ReportAccident, ResumeTreatment, Transfer,
};
use crate::domain::entry::{Fact, fact};
use crate::domain::ids::Reference;
use crate::domain::life::Life;
use crate::domain::people::Role;
use crate::domain::record::{
    Accident, Asked, Infusion, Kind as Recorded, Leave, MissedDose, Mistake, Move, Question,
    Resumption, Stop,
};
use crate::http::pages::{Next, Page, Paper, Visit};
use crate::refusal::Refusal;
use crate::service::way::Told;
use askama::Template;
use std::collections::BTreeMap;

/// The pages of this file.
pub fn pages() -> Vec<Page> {
    vec![
        Page::of("/participants/{reference}/infusion", RecordVisit, ask::<Infusion>)
            .acts(sign::<Infusion>),
        Page::of("/participants/{reference}/missed", RecordVisit, ask::<MissedDose>)
            .acts(sign::<MissedDose>),
        Page::of("/participants/{reference}/stop", EndTreatment, ask::<Stop>).acts(sign::<Stop>),
        Page::of("/participants/{reference}/resume", ResumeTreatment, ask::<Resumption>)
            .acts(sign::<Resumption>),
        Page::of("/participants/{reference}/leave", EndTreatment, ask::<Leave>).acts(sign::<Leave>),
        Page::of("/participants/{reference}/move", Transfer, ask::<Move>).acts(sign::<Move>),
        Page::of("/participants/{reference}/mistake", Correct, ask::<Mistake>)
            .acts(sign::<Mistake>),
        Page::of("/accident", ReportAccident, accident).acts(report),
        Page::of("/accident/recorded", ReportAccident, recorded),
    ]
}

#[derive(Template)]
#[template(path = "record.html")]
struct Ask<'v> {
    f: Frame<'v>,
    /// Whose; none for a record about nobody in particular.
    number: Option<String>,
    what: String,
    /// What matters beside the questions, such as until when an infusion must end.
    beside: Vec<String>,
    fields: Vec<Field>,
    signing: Signing,
    button: (String, String),
}

async fn ask<K: Recorded>(visit: Visit) -> Result<Paper, Refusal> {
    let reference: Reference = visit.name(0)?;
    let caller = visit.caller()?;
    let participant = visit.house.participant(caller, &reference).await?.participant;
    visit.house.may::<K::Right>(caller, &participant.centre).await?;
    let life = visit.house.way(caller, &reference).await?.life;
    let back = format!("/participants/{}", reference.as_str());
    let number = Some(participant.number.to_string());
    let beside = beside::<K>(&Frame::of(&visit, "recording.more"), &life);
    drawn::<K>(&visit, Around { back, number, life: Some(&life), beside, ..Around::default() })
}

/// What stands around a record's questions.
#[derive(Default)]
pub(super) struct Around<'l> {
    /// Where "back" leads.
    pub back: String,
    /// Whose; none for a record about nobody in particular.
    pub number: Option<String>,
    /// The participant's way, where choices depend on it.
    pub life: Option<&'l Life>,
    /// What matters beside the questions, such as until when an infusion must end.
    pub beside: Vec<String>,
    /// What was recorded before, by question: it is offered again.
    pub stored: BTreeMap<String, String>,
    /// Questions that need no answer as things stand: they are not asked.
    pub needless: Vec<&'static str>,
}

/// The page of a kind of record.
pub(super) fn drawn<K: Recorded>(visit: &Visit, around: Around<'_>) -> Result<Paper, Refusal> {
    let Around { back, number, life, beside, stored, needless } = around;
    let said = |part: &str| format!("recording.{}{part}", K::ENTRY);
    let mut f = Frame::of(visit, &said("")).back(back).with_form();
    let asked = K::QUESTIONS.iter().filter(|question| !needless.contains(&question.id));
    let fields: Vec<Field> = asked.map(|q| field::<K>(&f, q, life, &stored)).collect();
    f.labels = fields.iter().map(|field| (field.name.clone(), field.label.clone())).collect();
    let page = Ask {
        what: f.say(&said("-what")),
        beside,
        button: match number {
            Some(_) => f.around(&said("-sign"), "number"),
            None => (f.say(&said("-sign")), String::new()),
        },
        signing: Signing::of(visit, K::Right::NAME),
        number,
        fields,
        f,
    };
    paper(&page)
}

/// For an infusion: until when each preparation may be used.
fn beside<K: Recorded>(f: &Frame<'_>, life: &Life) -> Vec<String> {
    if K::ENTRY != Infusion::ENTRY {
        return vec![];
    }
    let hours = i64::from(f.visit.house.trial.preparation.use_within_hours);
    let open = life.prepared.iter().filter(|(visit, _)| life.infused(visit).is_none());
    let told = |(visit, at): &(crate::domain::ids::VisitId, crate::domain::time::Moment)| {
        let until = f.visit.minute(at.plus_seconds(hours * 60 * 60));
        let args = [("visit", visit.to_string().into()), ("until", until.into())];
        f.visit.say_with("recording.use-before", &args)
    };
    open.map(told).collect()
}

fn field<K: Recorded>(
    f: &Frame<'_>,
    question: &Question,
    life: Option<&Life>,
    stored: &BTreeMap<String, String>,
) -> Field {
    let (visit, id) = (f.visit, question.id);
    let value = match visit.said.is_empty() {
        true => stored.get(id).cloned().unwrap_or_default(),
        false => typed(visit, question),
    };
    let line = |value, mode, width| Kind::Line(Line { value, mode, width, autocomplete: "off" });
    let kind = match question.asked {
        Asked::Text => Kind::Area { value },
        Asked::Number => line(value, "text", 12),
        Asked::Whole { .. } => line(value, "numeric", 4),
        Asked::Day | Asked::Coming => Kind::Date(day_of(&value, false, false)),
        Asked::Moment => Kind::Date(day_of(&value, true, false)),
        _ => Kind::One(choices::<K>(f, question, life, &value)),
    };
    let drawn = Field::new(id, label(f, question), kind).told(visit);
    let drawn = match f.visit.find(&format!("ask.{id}-hint")) {
        Some(hint) => drawn.hint(hint),
        None => drawn,
    };
    Field { unit: (id == "volume").then(|| "mL".to_owned()), ..drawn }
}

fn label(f: &Frame<'_>, question: &Question) -> String {
    let label = f.say(&format!("ask.{}", question.id));
    if question.must { label } else { f.with("ask.optional", "question", label) }
}

fn choices<K: Recorded>(
    f: &Frame<'_>,
    question: &Question,
    life: Option<&Life>,
    chosen: &str,
) -> Vec<Choice> {
    let trial = &f.visit.house.trial;
    let of = |value: &str, label: String| Choice {
        value: value.to_owned(),
        label,
        chosen: chosen == value,
    };
    match question.asked {
        Asked::Choice(words) => {
            words.iter().map(|word| of(word, f.say(&format!("word.{word}")))).collect()
        }
        Asked::YesNo => ["yes", "no"].map(|word| of(word, f.say(&format!("word.{word}")))).into(),
        Asked::StopReason => {
            trial.stop_reasons.iter().map(|r| of(&r.id, f.words(&r.name).to_owned())).collect()
        }
        Asked::Centre => {
            let others = trial.centres.iter().filter(|c| life.is_none_or(|l| l.centre != c.id));
            others.map(|c| of(c.id.as_str(), f.words(&c.name).to_owned())).collect()
        }
        Asked::Visit => {
            // Only visits that the record can be about: prepared for an infusion, not given for a missed dose.
            let fits = |id| {
                life.is_none_or(|life| match K::ENTRY == Infusion::ENTRY {
                    true => life.prepared(id).is_some(),
                    false => life.infused(id).is_none() && !life.missed.contains(id),
                })
            };
            let visits = trial.visits.iter().filter(|v| v.infusion && fits(&v.id));
            visits.map(|v| of(v.id.as_str(), f.words(&v.name).to_owned())).collect()
        }
        _ => vec![],
    }
}

/// What was typed, question by question.
pub(super) fn answers<K: Recorded>(visit: &Visit) -> BTreeMap<String, String> {
    let said = |question: &Question| (question.id.to_owned(), typed(visit, question));
    K::QUESTIONS.iter().map(said).collect()
}

fn typed(visit: &Visit, question: &Question) -> String {
    match question.asked {
        Asked::Day | Asked::Coming | Asked::Moment => {
            day_typed(visit, question.id).unwrap_or_default()
        }
        _ => visit.said.get(question.id).to_owned(),
    }
}

async fn sign<K: Recorded>(visit: Visit) -> Result<Next, Refusal> {
    let reference: Reference = visit.name(0)?;
    let there = format!("/participants/{}", reference.as_str());
    let (once, signature) = (visit.once(K::ENTRY)?, visit.signature(K::Right::NAME));
    let said = answers::<K>(&visit);
    visit.house.record::<K>(visit.caller()?, reference, said, &signature, once).await?;
    // Whoever moved a participant away cannot read the record any more.
    Ok(Next::To(if K::ENTRY == Move::ENTRY { "/participants".to_owned() } else { there }))
}

async fn accident(visit: Visit) -> Result<Paper, Refusal> {
    drawn::<Accident>(&visit, Around { back: "/".to_owned(), ..Around::default() })
}

async fn report(visit: Visit) -> Result<Next, Refusal> {
    let act = ReportAccident::NAME;
    let (once, signature) = (visit.once(Accident::ENTRY)?, visit.signature(act));
    let said = answers::<Accident>(&visit);
    visit.house.report_accident(visit.caller()?, said, &signature, once).await?;
    Ok(Next::To("/accident/recorded".to_owned()))
}

#[derive(Template)]
#[template(path = "accident_recorded.html")]
struct Reported<'v> {
    f: Frame<'v>,
}

async fn recorded(visit: Visit) -> Result<Paper, Refusal> {
    paper(&Reported { f: Frame::of(&visit, "recording.accident-done").back("/") })
}

/// A record on the participant's page.
pub struct Sentence {
    /// When.
    pub at: String,
    /// What, in a sentence.
    pub told: String,
    /// Free text, each with its question.
    pub notes: Vec<(String, String)>,
    /// What to do now.
    pub next: Option<String>,
}

/// A participant's records in sentences, oldest first.
///
/// # Errors
/// When the store fails.
pub async fn told(f: &Frame<'_>, records: &[Told]) -> Result<Vec<Sentence>, Refusal> {
    let teller = Teller::new(f.visit).await?;
    let one = |record: &Told| {
        let private = record.private.iter().flatten();
        let notes = private.filter_map(|(question, fact)| match fact {
            Fact::Text(text) => Some((f.visit.find(&format!("ask.{question}"))?, text.clone())),
            _ => None,
        });
        let mistake = match fact(&record.line.entry.data, "mistake") {
            Some(Fact::Text(mistake)) => f.visit.find(&format!("next.{mistake}")),
            _ => None,
        };
        Sentence {
            at: f.visit.minute(record.line.at),
            told: teller.tell(&record.line),
            notes: notes.collect(),
            next: mistake,
        }
    };
    Ok(records.iter().map(one).collect())
}

/// What this role may record about the participant now: the key of its words, and the page.
pub fn offered(role: Role, life: &Life) -> Vec<(&'static str, &'static str)> {
    let (site, inside) = (role == Role::Coordinator, life.left.is_none());
    let both = site || role == Role::Investigator;
    let on = life.randomised.is_some();
    let stopped = !life.stops.is_empty();
    let given = |visit| life.infused(visit).is_none();
    let prepared = life.prepared.iter().any(|(visit, _)| given(visit));
    let all = [
        ("recording.infusion-recorded", "infusion", site && prepared),
        ("recording.infusion-missed", "missed", site && on && inside && !stopped),
        ("recording.treatment-ended", "stop", both && on && inside),
        ("recording.treatment-resumed", "resume", !site && both && stopped && inside),
        ("recording.participation-ended", "leave", both && inside),
        ("recording.participant-transferred", "move", !site && both && on && inside),
        ("correct.title", "change", site && on),
        ("recording.mistake-recorded", "mistake", both && on),
    ];
    all.into_iter().filter(|(.., offered)| *offered).map(|(key, page, _)| (key, page)).collect()
}
