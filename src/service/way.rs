//! A participant's way through the trial as it is read: the state folded from releases and records, the visits, the
//! records themselves, and the answers that were corrected; all of it from one look at the store.

use super::House;
use super::confirmation::{printed_name, read_line};
use super::correct::{self, Corrected};
use super::randomise::find;
use crate::domain::access::{Caller, Granted, ReadParticipants};
use crate::domain::entry::{Fact, Facts, fact};
use crate::domain::ids::{Reference, VisitId};
use crate::domain::life::{Happened, Life};
use crate::domain::time::{Date, Moment};
use crate::domain::trial::{self, Trial};
use crate::domain::visit::{self, Window};
use crate::refusal::{Code as Why, Refusal};
use crate::sealing::line::Line;
use crate::store::StoreError;
use crate::store::queries::{Participant, View};

/// One visit of a participant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VisitDay {
    /// Which visit.
    pub visit: VisitId,
    /// Does it have an infusion?
    pub infusion: bool,
    /// Where it lies; none until the first infusion gives the others their days.
    pub window: Option<Window>,
    /// When a preparation was released for it, the last time.
    pub released: Option<Date>,
    /// When its infusion began, once that is recorded.
    pub infused: Option<Date>,
    /// Was its dose recorded as missed?
    pub missed: bool,
}

/// A record as it is read.
pub struct Told {
    /// Its line.
    pub line: Line,
    /// The printed name of who signed it.
    pub by: String,
    /// Free text, as long as it was not erased.
    pub private: Option<Facts>,
}

/// A participant's way so far.
pub struct Way {
    /// What the records add up to.
    pub life: Life,
    /// The visits of the schedule; none before randomisation.
    pub visits: Vec<VisitDay>,
    /// The signed records, oldest first, with their private parts.
    pub records: Vec<Told>,
    /// The corrected answers; none while nothing was corrected.
    pub corrected: Option<Corrected>,
}

impl House {
    /// A participant's way so far.
    ///
    /// # Errors
    /// `no-such-record` when unknown or another centre's.
    pub async fn way(&self, caller: &Caller, reference: &Reference) -> Result<Way, Refusal> {
        let may = self.may_somewhere::<ReadParticipants>(caller).await?;
        self.store.read(|view| {
            let participant = own(view, caller, &may, reference)?;
            let life = life_of(view, &self.trial, &participant)?;
            let records = view.records_of(reference)?.into_iter();
            Ok(Way {
                visits: visits(&self.trial, &life),
                records: records.map(|r| told(view, r.entry)).collect::<Result<_, _>>()?,
                corrected: correct::corrected(view, &self.trial, &participant)?,
                life,
            })
        })
    }
}

/// A record that the reader may see: another centre's and none at all are one answer.
pub(super) fn own(
    view: &View<'_>,
    caller: &Caller,
    may: &Granted<ReadParticipants>,
    reference: &Reference,
) -> Result<Participant, Refusal> {
    let participant = find(view, reference)?;
    match caller.places(may) {
        Some(own) if !own.contains(&participant.centre) => Err(Refusal::new(Why::NoSuchRecord)),
        _ => Ok(participant),
    }
}

/// Where each visit lies, and what became of it.
fn visits(trial: &Trial, life: &Life) -> Vec<VisitDay> {
    let Some(course) = life.course(&trial.zone) else { return vec![] };
    let day = |visit: &trial::Visit| VisitDay {
        visit: visit.id.clone(),
        infusion: visit.infusion,
        window: visit::window(trial, visit, &course),
        released: life.prepared(&visit.id).map(|at| trial.zone.day(at)),
        infused: life.infused(&visit.id).map(|at| trial.zone.day(at)),
        missed: life.missed.contains(&visit.id),
    };
    trial.visits.iter().map(day).collect()
}

/// A record with its private part.
pub(super) fn told(view: &View<'_>, entry: u64) -> Result<Told, StoreError> {
    let line = read_line(view, entry)?;
    let by = printed_name(view, &line.by)?;
    Ok(Told { by, private: view.private_record(entry)?, line })
}

/// A participant's way, folded from releases and records.
pub(super) fn life_of(
    view: &View<'_>,
    trial: &Trial,
    participant: &Participant,
) -> Result<Life, Refusal> {
    let mut happened: Vec<(u64, Happened)> = vec![];
    for release in view.releases_of(&participant.reference, "prepare")? {
        let visit = VisitId::parse(release.visit.as_deref().unwrap_or_default());
        let visit = visit.map_err(|_| StoreError::Damaged)?;
        happened.push((release.entry, Happened::Prepared(visit, release.at)));
    }
    for record in view.records_of(&participant.reference)? {
        let line = read_line(view, record.entry)?;
        happened.extend(happened_in(&line).map(|one| (record.entry, one)));
    }
    happened.sort_by_key(|(entry, _)| *entry);
    let allocation = view.allocation(&participant.reference)?;
    let randomised = allocation.map(|allocation| allocation.at);
    let eligible = participant.outcome == "eligible";
    let happened = happened.into_iter().map(|(_, one)| one);
    Ok(Life::of(participant.centre.clone(), eligible, randomised, happened, &trial.zone))
}

/// What an entry means for the participant's way; nothing when it does not change it.
pub fn happened_in(line: &Line) -> Option<Happened> {
    let text = |name: &str| match fact(&line.entry.data, name) {
        Some(Fact::Text(text)) => Some(text.clone()),
        _ => None,
    };
    let visit = || VisitId::parse(&text("visit")?).ok();
    match line.entry.act.as_str() {
        "infusion-recorded" => Some(Happened::Infused(visit()?, Moment::parse(&text("started")?)?)),
        "infusion-missed" => Some(Happened::Missed(visit()?)),
        "treatment-ended" => Some(Happened::Stopped(text("reason")?)),
        "treatment-resumed" => Some(Happened::Resumed),
        "participation-ended" => Some(Happened::Left(text("how")?)),
        "mistake-recorded" => Some(Happened::Mistaken(text("mistake")?)),
        _ => None,
    }
}
