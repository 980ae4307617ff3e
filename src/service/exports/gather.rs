//! Gathers what an export says of everybody, by enrolment number, from records and the lines of the trail they stand on.

use crate::domain::entry::{Fact, fact};
use crate::domain::field::built_in;
use crate::domain::ids::{CentreId, StratumId};
use crate::domain::trial::Trial;
use crate::export::subject::{Event, Subject};
use crate::limits::PAGE;
use crate::refusal::Refusal;
use crate::sealing::line::Line;
use crate::service::confirmation::{printed_name, read_line};
use crate::service::correct::corrected;
use crate::service::randomise::stored_answers;
use crate::service::way::life_of;
use crate::store::StoreError;
use crate::store::queries::{Participant, View};

/// What an export takes from a line. Hashes of what was sealed are not among it, nor anything that could hint at an arm.
const KEPT: [&str; 22] = [
    "visit",
    "started",
    "ended",
    "volume",
    "interrupted",
    "reaction",
    "why",
    "reason",
    "day",
    "follow-up",
    "how",
    "to",
    "mistake",
    "since",
    "knowledge",
    "source",
    "deviation",
    "category",
    "depends",
    "identifiers",
    "masked",
    "fits",
];
/// Acts whose private record is about the participant: the callers and colleagues of others are nobody's to export.
const TOLD: [&str; 9] = [
    "infusion-recorded",
    "infusion-missed",
    "treatment-ended",
    "treatment-resumed",
    "participation-ended",
    "participant-transferred",
    "mistake-recorded",
    "answers-corrected",
    "release-for-preparation",
];

/// Acts about one release: openings and follow-ups find theirs by it.
const OF_RELEASE: [&str; 8] = [
    "release-for-preparation",
    "preparation-recorded",
    "handed-over",
    "release-for-break",
    "opened",
    "read-back",
    "follow-up-recorded",
    "break-closed",
];

/// Everybody of these centres, or of all.
pub(super) fn subjects(
    view: &View<'_>,
    trial: &Trial,
    centres: Option<&[CentreId]>,
) -> Result<Vec<Subject>, Refusal> {
    let (mut all, mut after) = (vec![], String::new());
    loop {
        let page = view.participants(centres, &after, PAGE)?;
        let Some(last) = page.last() else { return Ok(all) };
        after = last.number.to_string();
        for participant in &page {
            all.push(subject(view, trial, participant)?);
        }
    }
}

fn subject(view: &View<'_>, trial: &Trial, of: &Participant) -> Result<Subject, Refusal> {
    // Erased by law: the line still says what followed from the answers.
    let answers = stored_answers(view, trial, of).ok();
    let consent = answers.as_ref().and_then(|answers| answers.consent_at());
    let raw = answers.as_ref().map(|answers| answers.to_raw()).unwrap_or_default();
    let said: Vec<(String, String)> =
        raw.into_iter().map(|(field, raw)| (field, raw.as_slice().join("; "))).collect();
    let version = said.iter().find(|(field, _)| field == built_in::CONSENT_VERSION);
    let born = answers.as_ref().map(|answers| answers.identity().birth_date);
    let age = born.zip(consent).map(|(born, at)| born.full_years_at(trial.zone.day(at)));
    let allocation = view.allocation(&of.reference)?;
    let stratum = allocation.as_ref().map(|one| &one.stratum).or(of.stratum.as_ref());
    let issued = allocation
        .as_ref()
        .map(|one| Ok::<_, StoreError>((one.code.to_string(), event(view, one.entry)?)));
    let corrected = corrected(view, trial, of)?;
    Ok(Subject {
        number: of.number.to_string(),
        centre: of.centre.to_string(),
        screened_at: of.screened_at().to_string(),
        initials: of.initials.clone(),
        birth_date: of.birth_date.clone(),
        sex: of.sex.clone(),
        age,
        consent,
        consent_version: version.map(|(_, version)| version.clone()),
        outcome: of.outcome.clone(),
        state: life_of(view, trial, of)?.state().as_str(),
        levels: levels(stratum),
        corrected: corrected.map(|corrected| levels(corrected.stratum.as_ref())),
        answers: said,
        screened: event(view, of.screening)?,
        eligible: of.eligibility.map(|entry| event(view, entry)).transpose()?,
        allocation: issued.transpose()?,
        events: events(view, of)?,
    })
}

/// The levels of a stratum: what stands after the centre.
fn levels(stratum: Option<&StratumId>) -> Vec<String> {
    let parts = stratum.map(|stratum| stratum.as_str().split('/').skip(1));
    parts.into_iter().flatten().map(str::to_owned).collect()
}

/// Releases, what followed from them, and records; oldest first.
fn events(view: &View<'_>, of: &Participant) -> Result<Vec<Event>, StoreError> {
    let mut entries: Vec<u64> = vec![];
    for purpose in ["prepare", "break"] {
        for release in view.releases_of(&of.reference, purpose)? {
            entries.push(release.entry);
            entries.extend(release.opened.into_iter().chain(release.read_back));
        }
    }
    entries.extend(view.records_of(&of.reference)?.iter().map(|record| record.entry));
    entries.sort_unstable();
    entries.into_iter().map(|entry| event(view, entry)).collect()
}

fn event(view: &View<'_>, entry: u64) -> Result<Event, StoreError> {
    let line = read_line(view, entry)?;
    let named = |name: &str| fact(&line.entry.data, name).and_then(plain);
    let mut facts: Vec<(String, String)> =
        KEPT.iter().filter_map(|name| Some(((*name).to_owned(), named(name)?))).collect();
    let about = OF_RELEASE.contains(&line.entry.act.as_str());
    let release = fact(&line.entry.on, "reference").and_then(plain).filter(|_| about);
    facts.extend(release.map(|release| ("release".to_owned(), release)));
    Ok(Event {
        entry,
        at: line.at,
        name: printed_name(view, &line.by)?,
        role: line.role.clone(),
        act: line.entry.act.clone(),
        centre: line.entry.centre.as_ref().map(ToString::to_string).unwrap_or_default(),
        meaning: named("meaning"),
        facts,
        texts: texts(view, &line)?,
        by: line.by,
    })
}

fn texts(view: &View<'_>, line: &Line) -> Result<Vec<(String, String)>, StoreError> {
    if !TOLD.contains(&line.entry.act.as_str()) {
        return Ok(vec![]);
    }
    let record = view.private_record(line.seq)?.unwrap_or_default();
    let text = |(name, fact): (String, Fact)| match fact {
        Fact::Text(text) => Some((name, text)),
        _ => None,
    };
    Ok(record.into_iter().filter_map(text).collect())
}

fn plain(fact: &Fact) -> Option<String> {
    match fact {
        Fact::Text(text) => Some(text.clone()),
        Fact::Number(number) => Some(number.to_string()),
        Fact::Yes(yes) => Some((if *yes { "yes" } else { "no" }).to_owned()),
        Fact::List(_) | Fact::Group(_) => None,
    }
}
