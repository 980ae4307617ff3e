//! The reports that the service itself can make: counted from the trail, line by line, so that they cannot say anything
//! else than it. Nothing by arm, since the service knows none; nothing by stratum, block or stock, since it would show one.

mod delegation;
mod deviations;
mod flow;
mod safety;

pub use flow::Flow;

use super::House;
use super::confirmation::read_line;
use crate::domain::access::{Caller, ReadReports};
use crate::domain::entry::{Entry, Fact, fact};
use crate::domain::time::{Moment, Zone};
use crate::domain::trial::Trial;
use crate::refusal::Refusal;
use crate::sealing::line::Line;
use std::collections::BTreeMap;

/// Which report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// From screening to the end, as a CONSORT diagram counts.
    Flow,
    /// Departures from the plan, by centre.
    Deviations,
    /// Who had which task from when to when.
    Delegation,
    /// The open part of the safety board's report.
    Safety,
}

impl Kind {
    /// All of them.
    pub const ALL: [Kind; 4] = [Kind::Flow, Kind::Deviations, Kind::Delegation, Kind::Safety];

    /// The word that travels.
    pub fn as_str(self) -> &'static str {
        match self {
            Kind::Flow => "flow",
            Kind::Deviations => "deviations",
            Kind::Delegation => "delegation",
            Kind::Safety => "safety",
        }
    }
}

/// What a row is about: the words are the reader's language's.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Label {
    /// A centre, by its id.
    Centre(String),
    /// A criterion of the configuration, by its id.
    Criterion(String),
    /// A stop reason of the configuration.
    Stop(String),
    /// A category of code breaks.
    Category(String),
    /// A role.
    Role(String),
    /// A choice of a recorded question.
    Word(String),
    /// A word of these reports.
    Told(String),
    /// As it is: a name, a day, a figure.
    Text(String),
}

/// One row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// What it is about.
    pub labels: Vec<Label>,
    /// Its figures.
    pub counts: Vec<u64>,
}

/// One table. `columns` name the labels first, then the figures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// Its word.
    pub id: &'static str,
    /// Its columns.
    pub columns: Vec<Label>,
    /// Its rows.
    pub rows: Vec<Row>,
}

/// A report.
#[derive(Debug)]
pub struct Report {
    /// Which.
    pub kind: Kind,
    /// How many entries it was counted from.
    pub entries: u64,
    /// When.
    pub at: Moment,
    /// Its tables.
    pub tables: Vec<Table>,
    /// The figures of the flow diagram, in the report of that name.
    pub flow: Option<Flow>,
}

/// What a report is counted from.
struct Told<'t> {
    trial: &'t Trial,
    lines: Vec<Line>,
    now: Moment,
    names: BTreeMap<String, String>,
}

impl Told<'_> {
    fn of<'l>(&'l self, act: &'l str) -> impl Iterator<Item = &'l Line> {
        self.lines.iter().filter(move |line| line.entry.act == act)
    }

    fn zone(&self) -> &Zone {
        &self.trial.zone
    }
}

/// The acts that no report counts, and of which there are many.
const PASSED_BY: [&str; 6] =
    ["signed-in", "signed-out", "sign-in-failed", "wrap-read", "own-key-read", "report-read"];

impl House {
    /// Counts a report anew, and leaves an entry that it was read.
    ///
    /// # Errors
    /// `not-your-role`.
    pub async fn report(&self, caller: &Caller, kind: Kind) -> Result<Report, Refusal> {
        let may = self.may_somewhere::<ReadReports>(caller).await?;
        let word = kind.as_str();
        let read = self
            .act(&may, move |tx| Ok(tx.append(Entry::new("report-read").with("report", word))?));
        read.await?;
        let now = self.clock.now();
        let (entries, lines, names) = self.store.read(|view| {
            let size = view.trail_size()?;
            let mut lines = vec![];
            for seq in 0..size {
                let line = read_line(view, seq)?;
                if !PASSED_BY.contains(&line.entry.act.as_str()) {
                    lines.push(line);
                }
            }
            let names = view.accounts()?.into_iter();
            let names = names.map(|one| (one.person.id.to_string(), one.person.name));
            Ok::<_, Refusal>((size, lines, names.collect()))
        })?;
        let told = Told { trial: &self.trial, lines, now, names };
        let flow = (kind == Kind::Flow).then(|| Flow::of(&told));
        let tables = match kind {
            Kind::Flow => flow.as_ref().map(|flow| flow::tables(flow, &told)).unwrap_or_default(),
            Kind::Deviations => deviations::tables(&told),
            Kind::Delegation => delegation::tables(&told),
            Kind::Safety => safety::tables(&told),
        };
        Ok(Report { kind, entries, at: now, tables, flow })
    }
}

/// Counts how often each label, or pair of labels, occurs.
#[derive(Default)]
struct Tally(BTreeMap<Vec<Label>, u64>);

impl Tally {
    fn add(&mut self, labels: impl Into<Vec<Label>>) {
        *self.0.entry(labels.into()).or_insert(0) += 1;
    }

    fn table(self, id: &'static str, columns: &[&'static str]) -> Table {
        let row = |(labels, count)| Row { labels, counts: vec![count] };
        Table { id, columns: heads(columns), rows: self.0.into_iter().map(row).collect() }
    }
}

/// Columns by their words.
fn heads(words: &[&str]) -> Vec<Label> {
    words.iter().map(|word| Label::Told(format!("head-{word}"))).collect()
}

/// A word of the entry, from what it is about or what it says.
fn word(line: &Line, name: &str) -> Option<String> {
    match fact(&line.entry.on, name).or_else(|| fact(&line.entry.data, name))? {
        Fact::Text(text) => Some(text.clone()),
        Fact::Number(number) => Some(number.to_string()),
        Fact::Yes(yes) => Some(if *yes { "yes" } else { "no" }.to_owned()),
        Fact::List(_) | Fact::Group(_) => None,
    }
}

fn centre(line: &Line) -> Label {
    match &line.entry.centre {
        Some(centre) => Label::Centre(centre.to_string()),
        None => Label::Told("no-centre".to_owned()),
    }
}
