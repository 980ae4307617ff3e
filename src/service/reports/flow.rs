//! From screening to the end, as a CONSORT diagram counts; never by arm: that half of the diagram is made after the
//! disclosure.

use super::{Label, Row, Table, Tally, Told, heads, word};
use crate::domain::entry::{Fact, Facts, fact};
use crate::domain::trial::Effect;
use crate::sealing::line::Line;
use std::collections::BTreeMap;

/// One participant's way, as far as it is counted.
#[derive(Debug, Clone, Default)]
struct Way {
    centre: String,
    outcome: String,
    failing: Option<String>,
    randomised: bool,
    infused: bool,
    stops: Vec<String>,
    left: Option<String>,
}

/// What the diagram shows, for one centre or all.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Stages {
    /// Whoever was entered.
    pub screened: u64,
    /// Not eligible.
    pub failed: u64,
    /// Answers are missing.
    pub incomplete: u64,
    /// Eligible and without a code.
    pub waiting: u64,
    /// Eligible, and left before there was a code.
    pub left_before: u64,
    /// With a code.
    pub randomised: u64,
    /// Randomised, and no infusion recorded.
    pub never_infused: u64,
    /// At least one infusion recorded.
    pub infused: u64,
    /// A stop of treatment stands.
    pub stopped: u64,
    /// All visits done.
    pub completed: u64,
    /// Consent withdrawn.
    pub withdrawn: u64,
    /// Lost to follow-up.
    pub lost: u64,
    /// Dead.
    pub died: u64,
    /// Randomised, and the participation has not ended.
    pub going_on: u64,
}

/// The whole diagram.
#[derive(Debug)]
pub struct Flow {
    /// Of the trial.
    pub all: Stages,
    /// The most frequent first failing criteria, most frequent first.
    pub criteria: Vec<(String, u64)>,
    /// The standing stop reasons, most frequent first.
    pub stops: Vec<(String, u64)>,
    centres: Vec<(String, Stages)>,
}

impl Stages {
    fn add(&mut self, way: &Way) {
        self.screened += 1;
        match (way.randomised, way.outcome.as_str()) {
            (true, _) => self.randomised += 1,
            (false, "not-eligible") => self.failed += 1,
            (false, "eligible") if way.left.is_some() => self.left_before += 1,
            (false, "eligible") => self.waiting += 1,
            (false, _) => self.incomplete += 1,
        }
        if !way.randomised {
            return;
        }
        let counter = if way.infused { &mut self.infused } else { &mut self.never_infused };
        *counter += 1;
        self.stopped += u64::from(!way.stops.is_empty());
        match way.left.as_deref() {
            Some("completed") => self.completed += 1,
            Some("withdrawn") => self.withdrawn += 1,
            Some("lost") => self.lost += 1,
            Some("died") => self.died += 1,
            _ => self.going_on += 1,
        }
    }

    /// The figures with their words, in the order of the way.
    pub fn told(&self) -> [(&'static str, u64); 14] {
        [
            ("screened", self.screened),
            ("failed", self.failed),
            ("incomplete", self.incomplete),
            ("waiting", self.waiting),
            ("left-before", self.left_before),
            ("randomised", self.randomised),
            ("never-infused", self.never_infused),
            ("infused", self.infused),
            ("stopped", self.stopped),
            ("completed", self.completed),
            ("withdrawn", self.withdrawn),
            ("lost", self.lost),
            ("died", self.died),
            ("going-on", self.going_on),
        ]
    }
}

impl Flow {
    /// Folds every participant's entries.
    pub(super) fn of(told: &Told<'_>) -> Self {
        let mut ways: BTreeMap<String, Way> = BTreeMap::new();
        for line in &told.lines {
            if let Some(reference) = word(line, "reference") {
                follow(told, line, &reference, &mut ways);
            }
        }
        let mut all = Stages::default();
        let mut centres: Vec<(String, Stages)> =
            told.trial.centres.iter().map(|c| (c.id.to_string(), Stages::default())).collect();
        for way in ways.values() {
            all.add(way);
            let here = centres.iter_mut().find(|(id, _)| *id == way.centre);
            here.into_iter().for_each(|(_, stages)| stages.add(way));
        }
        let failed = ways.values().filter(|way| !way.randomised && way.outcome == "not-eligible");
        let criteria = counted(failed.filter_map(|way| way.failing.clone()));
        let stops = counted(ways.values().flat_map(|way| way.stops.last().cloned()));
        Self { all, criteria, stops, centres }
    }
}

/// How often each occurs, most frequent first.
fn counted(words: impl Iterator<Item = String>) -> Vec<(String, u64)> {
    let mut counts: BTreeMap<String, u64> = BTreeMap::new();
    words.for_each(|word| *counts.entry(word).or_insert(0) += 1);
    let mut counts: Vec<_> = counts.into_iter().collect();
    counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    counts
}

fn follow(told: &Told<'_>, line: &Line, reference: &str, ways: &mut BTreeMap<String, Way>) {
    let act = line.entry.act.as_str();
    if act == "participant-screened" {
        ways.entry(reference.to_owned()).or_default().centre =
            line.entry.centre.as_ref().map_or_else(String::new, ToString::to_string);
    }
    let Some(way) = ways.get_mut(reference) else { return };
    match act {
        "participant-screened" | "screening-changed" => {
            way.outcome = word(line, "outcome").unwrap_or_default();
            way.failing = first_failing(told, &line.entry.data);
        }
        "randomised" => way.randomised = true,
        "infusion-recorded" => way.infused = true,
        "treatment-ended" => way.stops.extend(word(line, "reason")),
        "treatment-resumed" => way.stops.clear(),
        "participation-ended" => way.left = word(line, "how"),
        _ => {}
    }
}

/// The first criterion, in the order of the configuration, that keeps somebody out and is not met.
fn first_failing(told: &Told<'_>, data: &Facts) -> Option<String> {
    let Some(Fact::List(all)) = fact(data, "criteria") else { return None };
    let id = |one: &Fact| match one {
        Fact::Group(group) if fact(group, "result") == Some(&"not-met".into()) => {
            match fact(group, "id") {
                Some(Fact::Text(id)) => Some(id.clone()),
                _ => None,
            }
        }
        _ => None,
    };
    let blocks = |id: &String| {
        let known = told.trial.criteria.iter().find(|criterion| criterion.id == *id);
        known.is_some_and(|criterion| criterion.on_false == Effect::Block)
    };
    all.iter().filter_map(id).find(blocks)
}

/// The diagram's figures as tables: the way, failing criteria, stops, moves.
pub(super) fn tables(flow: &Flow, told: &Told<'_>) -> Vec<Table> {
    let mut columns = heads(&["stage", "all"]);
    columns.extend(flow.centres.iter().map(|(id, _)| Label::Centre(id.clone())));
    let everywhere = || std::iter::once(&flow.all).chain(flow.centres.iter().map(|(_, here)| here));
    let stage = |at: usize, word: &str| Row {
        labels: vec![Label::Told(word.to_owned())],
        counts: everywhere().map(|stages| stages.told()[at].1).collect(),
    };
    let way = flow.all.told().iter().enumerate().map(|(at, (word, _))| stage(at, word)).collect();
    let counts = |all: &[(String, u64)], label: fn(String) -> Label| -> Vec<Row> {
        let row = |(word, count): &(String, u64)| Row {
            labels: vec![label(word.clone())],
            counts: vec![*count],
        };
        all.iter().map(row).collect()
    };
    let mut moved = Tally::default();
    for line in told.of("participant-transferred") {
        moved.add([super::centre(line), Label::Centre(word(line, "to").unwrap_or_default())]);
    }
    vec![
        Table { id: "way", columns, rows: way },
        Table {
            id: "criteria",
            columns: heads(&["criterion", "participants"]),
            rows: counts(&flow.criteria, Label::Criterion),
        },
        Table {
            id: "stops",
            columns: heads(&["reason", "participants"]),
            rows: counts(&flow.stops, Label::Stop),
        },
        moved.table("moved", &["centre", "to-centre", "participants"]),
    ]
}
