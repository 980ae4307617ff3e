//! The trial's own tables: participants, answers, allocations, visits, deviations, breaks. Rows stand by enrolment number,
//! never in the order of the list, and no table counts anything by stratum.

use super::subject::{Event, Subject};
use super::{Cell, Column, Holds, Table};
use crate::domain::trial::Trial;

fn column(id: &str, label: &str, holds: Holds) -> Column {
    Column::new(id, label, holds)
}

/// The level of each factor, beside each other.
fn levels(trial: &Trial, corrected: bool) -> Vec<Column> {
    let factors = trial.stratification.factors.iter();
    let named = factors.map(|factor| match corrected {
        false => (factor.id.clone(), factor.name.en.clone()),
        true => (format!("{}_corrected", factor.id), format!("{}, as corrected", factor.name.en)),
    });
    named.map(|(id, label)| Column::new(id, label, Holds::Text).private()).collect()
}

fn level_cells(trial: &Trial, levels: Option<&[String]>) -> Vec<Cell> {
    let factors = 0..trial.stratification.factors.len();
    factors.map(|at| levels.and_then(|all| all.get(at)).map(String::as_str).into()).collect()
}

/// Everybody who was screened, with how far each has come.
pub fn participants(trial: &Trial, subjects: &[Subject]) -> Table {
    let mut columns = vec![
        column("participant", "Enrolment number", Holds::Text),
        column("centre", "Present centre", Holds::Text),
        column("screened_at", "Centre that screened", Holds::Text),
        column("initials", "Initials", Holds::Text).private(),
        column("birth_date", "Date of birth", Holds::Day).private(),
        column("sex", "Sex", Holds::Text).private(),
        column("consent", "Consent signed, UTC", Holds::Moment).private(),
        column("consent_version", "Version of the consent form", Holds::Text).private(),
        column("screened", "Answers recorded, UTC", Holds::Moment),
        column("screened_by", "By", Holds::Text),
        column("outcome", "Outcome of screening", Holds::Text),
        column("eligible", "Eligibility signed, UTC", Holds::Moment),
        column("eligible_by", "By", Holds::Text),
        column("randomised", "Randomised, UTC", Holds::Moment),
        column("randomised_by", "By", Holds::Text),
    ];
    columns.extend(levels(trial, false));
    columns.extend(levels(trial, true));
    columns.push(column("state", "State", Holds::Text));
    columns.push(column("code_broken", "Was the code broken?", Holds::Text));
    let mut table = Table::new("participants", "Participants", columns);
    for one in subjects {
        let allocation = one.allocation.as_ref().map(|(_, event)| event);
        let eligible = one.eligible.as_ref();
        let mut row: Vec<Cell> = vec![
            one.number.as_str().into(),
            one.centre.as_str().into(),
            one.screened_at.as_str().into(),
            one.initials.clone().into(),
            one.birth_date.clone().into(),
            one.sex.clone().into(),
            one.consent.into(),
            one.consent_version.clone().into(),
            one.screened.at.into(),
            one.screened.name.as_str().into(),
            one.outcome.as_str().into(),
            eligible.map(|event| event.at).into(),
            eligible.map(|event| event.name.as_str()).into(),
            allocation.map(|event| event.at).into(),
            allocation.map(|event| event.name.as_str()).into(),
        ];
        row.extend(level_cells(trial, Some(&one.levels)));
        row.extend(level_cells(trial, one.corrected.as_deref()));
        row.push(one.state.into());
        row.push(one.acts("release-for-break").next().is_some().into());
        table.push(row);
    }
    table
}

/// Every answer of every participant, with its question and its unit.
pub fn answers(trial: &Trial, subjects: &[Subject]) -> Table {
    let columns = vec![
        column("participant", "Enrolment number", Holds::Text),
        column("field", "Field", Holds::Text),
        column("question", "Question", Holds::Text),
        column("answer", "Answer", Holds::Text),
        column("unit", "Unit", Holds::Text),
        column("entry", "Entry that holds it", Holds::Whole),
    ];
    let mut table = Table::new("answers", "Answers at screening", columns);
    for one in subjects {
        for field in &trial.fields {
            let id = field.id.as_str();
            let Some((_, answer)) = one.answers.iter().find(|(known, _)| known == id) else {
                continue;
            };
            table.push(vec![
                one.number.as_str().into(),
                id.into(),
                field.name.en.as_str().into(),
                answer.as_str().into(),
                field.unit.as_ref().map(|unit| unit.en.as_str()).into(),
                one.screened.entry.into(),
            ]);
        }
    }
    table
}

/// Everybody's code, with an arm that stays empty until the disclosure.
pub fn allocations(trial: &Trial, subjects: &[Subject]) -> Table {
    let mut columns = vec![
        column("participant", "Enrolment number", Holds::Text),
        column("centre", "Centre that randomised", Holds::Text),
        column("code", "Treatment code", Holds::Code),
        column("randomised", "Randomised, UTC", Holds::Moment),
        column("randomised_by", "By", Holds::Text),
        column("entry", "Entry", Holds::Whole),
    ];
    columns.extend(levels(trial, false));
    columns.push(column("arm", "Arm, after the disclosure", Holds::Disclosed));
    let mut table = Table::new("allocations", "Allocations", columns);
    for one in subjects {
        let Some((code, event)) = &one.allocation else { continue };
        let mut row: Vec<Cell> = vec![
            one.number.as_str().into(),
            one.screened_at.as_str().into(),
            code.as_str().into(),
            event.at.into(),
            event.name.as_str().into(),
            event.entry.into(),
        ];
        row.extend(level_cells(trial, Some(&one.levels)));
        row.push(Cell::Empty);
        table.push(row);
    }
    table
}

/// What `klero verify --data` reads, with an arm that stays empty until the disclosure.
pub fn analysis(subjects: &[Subject]) -> Table {
    let columns = vec![
        column("participant", "Enrolment number", Holds::Text),
        // As programs read it: this table is for one.
        column("code", "Treatment code", Holds::Text),
        column("arm", "Arm, after the disclosure", Holds::Disclosed),
        column("broken", "Was the code broken?", Holds::Text),
    ];
    let mut table = Table::new("analysis", "Analysis data set", columns);
    for one in subjects {
        let Some((code, _)) = &one.allocation else { continue };
        let broken = one.acts("release-for-break").next().is_some();
        table.push(vec![
            one.number.as_str().into(),
            code.as_str().into(),
            Cell::Empty,
            broken.into(),
        ]);
    }
    table
}

/// The acts that are about a visit, or move a participant on.
const OF_VISITS: [&str; 9] = [
    "release-for-preparation",
    "preparation-recorded",
    "handed-over",
    "infusion-recorded",
    "infusion-missed",
    "treatment-ended",
    "treatment-resumed",
    "participation-ended",
    "participant-transferred",
];

/// Preparations and infusions in their blinded part, and what ended or moved a treatment.
pub fn visits(subjects: &[Subject]) -> Table {
    let mut columns = about_events();
    let more = [
        ("visit", "Visit", Holds::Text),
        ("started", "Infusion began, UTC", Holds::Moment),
        ("ended", "Infusion ended, UTC", Holds::Moment),
        ("volume", "Volume, mL", Holds::Whole),
        ("interrupted", "Was it interrupted?", Holds::Text),
        ("reaction", "Was there a reaction?", Holds::Text),
        ("reason", "Why missed or ended, or how the participation ended", Holds::Text),
        ("day", "On which day", Holds::Day),
        ("deviation", "Deviation", Holds::Text),
    ];
    columns.extend(more.map(|(id, label, holds)| column(id, label, holds)));
    columns.push(column("text", "Free text", Holds::Text).private());
    let mut table = Table::new("visits", "Visits", columns);
    for one in subjects {
        for event in one.events.iter().filter(|event| OF_VISITS.contains(&event.act.as_str())) {
            let mut row = event_cells(one, event);
            for name in ["visit", "started", "ended"] {
                row.push(event.fact(name).into());
            }
            row.push(event.fact("volume").parse::<u64>().ok().into());
            row.push(event.fact("interrupted").into());
            row.push(event.fact("reaction").into());
            let reason = ["why", "reason", "how", "to"].map(|name| event.fact(name));
            row.push(reason.into_iter().find(|text| !text.is_empty()).into());
            row.push(event.fact("day").into());
            row.push(event.fact("deviation").into());
            row.push(event.told().into());
            table.push(row);
        }
    }
    table
}

/// Departures from the plan: whatever an entry itself calls one, and preparations that needed a reason.
pub fn deviations(subjects: &[Subject]) -> Table {
    let mut columns = about_events();
    columns.push(column("visit", "Visit", Holds::Text));
    columns.push(column("deviation", "Deviation", Holds::Text));
    columns.push(column("kind", "What kind of mistake, or why", Holds::Text));
    columns.push(column("text", "Free text", Holds::Text).private());
    let mut table = Table::new("deviations", "Deviations", columns);
    for one in subjects {
        for event in &one.events {
            let deviation = match event.fact("deviation") {
                "" if event.act == "release-for-preparation" && !event.texts.is_empty() => {
                    "with-reason"
                }
                "" => continue,
                deviation => deviation,
            };
            let mut row = event_cells(one, event);
            row.push(event.fact("visit").into());
            row.push(deviation.into());
            let kind = ["mistake", "why"].map(|name| event.fact(name));
            row.push(kind.into_iter().find(|text| !text.is_empty()).into());
            row.push(event.told().into());
            table.push(row);
        }
    }
    table
}

/// That codes were broken: when, by whom, for which category, and how far the record of each is. Never what.
pub fn breaks(subjects: &[Subject]) -> Table {
    let mut columns = about_events();
    for (id, label) in [
        ("category", "Category"),
        ("depends", "Did care depend on it?"),
        ("identifiers", "Which identifiers fitted"),
        ("opened", "Was the opening confirmed?"),
        ("read_back", "Was it read back?"),
        ("followed_up", "Is its record written?"),
        ("closed", "Is it closed?"),
    ] {
        columns.push(column(id, label, Holds::Text));
    }
    let mut table = Table::new("breaks", "Code breaks", columns);
    for one in subjects {
        for event in one.acts("release-for-break") {
            let mut row = event_cells(one, event);
            for name in ["category", "depends", "identifiers"] {
                row.push(event.fact(name).into());
            }
            let release = event.fact("release");
            let about = |act| one.acts(act).any(|other| other.fact("release") == release);
            for act in ["opened", "read-back", "follow-up-recorded", "break-closed"] {
                row.push(about(act).into());
            }
            table.push(row);
        }
    }
    table
}

/// What every table of events begins with.
fn about_events() -> Vec<Column> {
    vec![
        column("participant", "Enrolment number", Holds::Text),
        column("centre", "Centre at that time", Holds::Text),
        column("act", "What happened", Holds::Text),
        column("at", "Recorded, UTC", Holds::Moment),
        column("by", "By", Holds::Text),
        column("role", "In which role", Holds::Text),
        column("meaning", "What the signature meant", Holds::Text),
        column("entry", "Entry", Holds::Whole),
    ]
}

fn event_cells(one: &Subject, event: &Event) -> Vec<Cell> {
    vec![
        one.number.as_str().into(),
        event.centre.as_str().into(),
        event.act.as_str().into(),
        event.at.into(),
        event.name.as_str().into(),
        event.role.as_str().into(),
        event.meaning.clone().into(),
        event.entry.into(),
    ]
}
