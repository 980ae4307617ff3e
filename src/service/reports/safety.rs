//! The open part of the safety board's report (requirements, section 3): code breaks and what surrounds them, without an
//! arm.

use super::{Label, Row, Table, Tally, Told, centre, heads, word};
use crate::domain::entry::{Fact, fact};
use crate::domain::time::Moment;
use crate::sealing::line::Line;
use std::collections::{BTreeMap, BTreeSet};

/// The follow-up of a code break is due after so long.
const DUE_MILLIS: i64 = 24 * 60 * 60 * 1000;
/// An opening that is not confirmed after so long is unconfirmed.
const CONFIRM_MILLIS: i64 = 10 * 60 * 1000;
/// A month, as participant-months are counted.
const MONTH_MILLIS: f64 = 30.4375 * 24.0 * 60.0 * 60.0 * 1000.0;
/// A code broken by the service's release, and one opened without it that was taken in.
const BREAKS: [&str; 2] = ["release-for-break", IMPORTED];
const IMPORTED: &str = "break-imported";
/// From this hour on, and before that one, of the trial's own day, it is in hours.
const HOURS: (u8, u8) = (8, 18);

/// All tables of the open part.
pub(super) fn tables(told: &Told<'_>) -> Vec<Table> {
    let breaks: Vec<&Line> =
        told.lines.iter().filter(|line| BREAKS.contains(&line.entry.act.as_str())).collect();
    let by = |id, column, label: &dyn Fn(&Line) -> Label| {
        let mut tally = Tally::default();
        breaks.iter().for_each(|line| tally.add([label(line)]));
        tally.table(id, &[column, "breaks"])
    };
    let said = |line: &Line, name: &str| word(line, name).unwrap_or_default();
    let month = |line: &Line| told.zone().day(line.at).to_string().chars().take(7).collect();
    vec![
        figures(told, &breaks),
        times(told, &breaks),
        by("breaks-by-centre", "centre", &centre),
        by("breaks-by-category", "category", &|line| Label::Category(said(line, "category"))),
        by("breaks-by-role", "role", &|line| Label::Role(opener(line).1)),
        by("breaks-by-month", "month", &|line| Label::Text(month(line))),
        accidents(told, "knowledge"),
        accidents(told, "source"),
        unblinded(told),
    ]
}

/// What is one figure each.
fn figures(told: &Told<'_>, breaks: &[&Line]) -> Table {
    let references = |act: &'static str| -> BTreeSet<String> {
        told.of(act).filter_map(|line| word(line, "reference")).collect()
    };
    let mut opened = references("opened");
    // Taken in is what was opened.
    opened.extend(references(IMPORTED));
    let followed = references("follow-up-recorded");
    let old = |line: &&&Line, millis: i64| told.now.millis() - line.at.millis() > millis;
    let missing = |line: &&&Line, there: &BTreeSet<String>| {
        word(line, "reference").is_none_or(|reference| !there.contains(&reference))
    };
    let is = |line: &Line, name: &str, what: &str| word(line, name).as_deref() == Some(what);
    let in_line =
        |what| told.of("follow-up-recorded").filter(|line| is(line, "in-line", what)).count();
    let passed = |line: &&Line| fact(&line.entry.data, "passed") == Some(&Fact::Yes(true));
    let people: BTreeSet<_> = breaks.iter().filter_map(|line| word(line, "participant")).collect();
    let figures = [
        ("breaks", breaks.len()),
        ("broken-participants", people.len()),
        ("condition-no", breaks.iter().filter(|line| is(line, "depends", "no")).count()),
        ("in-line", in_line("yes")),
        ("not-in-line", in_line("no")),
        (
            "follow-up-overdue",
            breaks.iter().filter(|line| old(line, DUE_MILLIS) && missing(line, &followed)).count(),
        ),
        (
            "unconfirmed",
            breaks
                .iter()
                .filter(|line| old(line, CONFIRM_MILLIS) && missing(line, &opened))
                .count(),
        ),
        ("requests-withdrawn", told.of("break-left").count()),
        ("breaks-offline", told.of(IMPORTED).count()),
        ("incidents-unissued", told.of("unissued-opened").count()),
        ("cases-opened", told.of("break-case-opened").count()),
        ("drills", told.of("drill").count()),
        ("drills-passed", told.of("drill-opened").filter(passed).count()),
        ("accidents", told.of("accident-recorded").count()),
    ];
    let row = |(word, count): (&str, usize)| Row {
        labels: vec![Label::Told(word.to_owned())],
        counts: vec![count as u64],
    };
    Table { id: "figures", columns: heads(&["figure", "times"]), rows: figures.map(row).to_vec() }
}

/// Rate and times: figures that are no counts.
fn times(told: &Told<'_>, breaks: &[&Line]) -> Table {
    let months = participant_months(told);
    let rate = match months {
        months if months > 0.0 => format!("{:.2}", breaks.len() as f64 * 100.0 / months),
        _ => "–".to_owned(),
    };
    let opened: BTreeMap<String, Moment> =
        told.of("opened").filter_map(|line| Some((word(line, "reference")?, line.at))).collect();
    let seconds = |within: Option<bool>| {
        let asked =
            breaks.iter().filter(|line| within.is_none_or(|w| in_hours(told, line.at) == w));
        let answered = asked.filter_map(|line| {
            let at = opened.get(&word(line, "reference")?)?;
            Some((at.millis() - line.at.millis()).max(0) / 1000)
        });
        median_and_worst(answered.collect())
    };
    let row = |word: &str, figure: String| Row {
        labels: vec![Label::Told(word.to_owned()), Label::Text(figure)],
        counts: vec![],
    };
    let mut rows = vec![row("participant-months", format!("{months:.1}")), row("rate", rate)];
    for (within, word) in [(None, "all"), (Some(true), "in-hours"), (Some(false), "out-of-hours")] {
        let (median, worst) = seconds(within);
        rows.push(row(&format!("median-{word}"), median));
        rows.push(row(&format!("worst-{word}"), worst));
    }
    let drilled =
        told.of("drill-opened").filter_map(|line| match fact(&line.entry.data, "seconds") {
            Some(Fact::Number(seconds)) => i64::try_from(*seconds).ok(),
            _ => None,
        });
    let (median, worst) = median_and_worst(drilled.collect());
    rows.push(row("median-drills", median));
    rows.push(row("worst-drills", worst));
    Table { id: "times", columns: heads(&["figure", "value"]), rows }
}

fn median_and_worst(mut all: Vec<i64>) -> (String, String) {
    all.sort_unstable();
    match all.as_slice() {
        [] => ("–".to_owned(), "–".to_owned()),
        [.., worst] => {
            let median = f64::midpoint(all[(all.len() - 1) / 2] as f64, all[all.len() / 2] as f64);
            (format!("{median}"), worst.to_string())
        }
    }
}

fn in_hours(told: &Told<'_>, at: Moment) -> bool {
    // `2026-11-21T20:35`, where the trial is.
    let hour = told.zone().minute(at).get(11..13).and_then(|hour| hour.parse::<u8>().ok());
    hour.is_some_and(|hour| (HOURS.0..HOURS.1).contains(&hour))
}

/// From each randomisation to the end of the participation, or to now.
fn participant_months(told: &Told<'_>) -> f64 {
    let ended: BTreeMap<String, Moment> = told
        .of("participation-ended")
        .filter_map(|line| Some((word(line, "participant")?, line.at)))
        .collect();
    let lived = told.of("randomised").map(|line| {
        let end = word(line, "participant").and_then(|who| ended.get(&who).copied());
        (end.unwrap_or(told.now).millis() - line.at.millis()).max(0) as f64
    });
    lived.sum::<f64>() / MONTH_MILLIS
}

fn accidents(told: &Told<'_>, by: &'static str) -> Table {
    let mut tally = Tally::default();
    for line in told.of("accident-recorded") {
        tally.add([Label::Word(word(line, by).unwrap_or_default())]);
    }
    let id = if by == "source" { "accidents-by-source" } else { "accidents-by-knowledge" };
    tally.table(id, &[by, "accidents"])
}

/// Who learned the arm, and in which role: whoever opened a kit or a letter, not who took it in.
fn opener(line: &Line) -> (String, String) {
    let said = |name: &str, other: &str| word(line, name).unwrap_or_else(|| other.to_owned());
    (said("opener", &line.by), said("opener-role", &line.role))
}

/// How many people of each role were handed a slot that they can open.
fn unblinded(told: &Told<'_>) -> Table {
    let mut people: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for act in ["release-for-preparation", "release-for-break", IMPORTED] {
        for (person, role) in told.of(act).map(opener) {
            people.entry(role).or_default().insert(person);
        }
    }
    let row = |(role, people): (&String, &BTreeSet<String>)| Row {
        labels: vec![Label::Role(role.clone())],
        counts: vec![people.len() as u64],
    };
    let rows = people.iter().map(row).collect();
    Table { id: "unblinded", columns: heads(&["role", "people"]), rows }
}
