//! The closed part of a safety board's report: what happened, by arm (requirements, section 3).

use super::{Issued, Looked, word};
use crate::sealing::line::Line;
use std::collections::{BTreeMap, BTreeSet};

/// Counts by arm. A row's counts are in the order of the arms' names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// One word for programs.
    pub id: &'static str,
    /// For people.
    pub title: &'static str,
    /// What is counted, and how often in each arm.
    pub rows: Vec<(String, Vec<u64>)>,
}

/// How one stratum's list stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// The stratum.
    pub stratum: String,
    /// How many slots were drawn.
    pub drawn: usize,
    /// How many were issued.
    pub issued: usize,
    /// How many were set aside.
    pub voided: usize,
    /// How many are left.
    pub left: usize,
}

/// Counts, by row in the order of first sight.
struct Counter<'l> {
    looked: &'l Looked,
    rows: Vec<(String, Vec<u64>)>,
}

impl<'l> Counter<'l> {
    fn new(looked: &'l Looked) -> Self {
        Self { looked, rows: vec![] }
    }

    fn add(&mut self, label: &str, arm: usize) {
        let at = self.rows.iter().position(|(known, _)| known == label).unwrap_or_else(|| {
            self.rows.push((label.to_owned(), vec![0; self.looked.arms.len()]));
            self.rows.len() - 1
        });
        self.rows[at].1[arm] += 1;
    }

    fn table(mut self, id: &'static str, title: &'static str) -> Table {
        self.rows.sort();
        Table { id, title, rows: self.rows }
    }
}

/// Who is in which arm: all, by centre, by level, by stratum.
pub fn balance(looked: &Looked) -> Vec<Table> {
    let by = |id, title, label: &dyn Fn(&Issued) -> String| {
        let mut counter = Counter::new(looked);
        looked.issued.iter().for_each(|one| counter.add(&label(one), one.arm));
        counter.table(id, title)
    };
    vec![
        by("randomised", "Randomised", &|_| "all".to_owned()),
        by("randomised-by-centre", "Randomised, by centre", &|one| one.centre.clone()),
        by("randomised-by-level", "Randomised, by level", &|one| one.level.clone()),
        by("randomised-by-stratum", "Randomised, by stratum", &|one| one.stratum.clone()),
    ]
}

/// How each stratum's list stands.
pub fn standing(looked: &Looked) -> Vec<Standing> {
    let issued: BTreeSet<&str> = looked.issued.iter().map(|one| one.code.as_str()).collect();
    let mut all: Vec<Standing> = vec![];
    for block in &looked.blocks {
        let at = all.iter().position(|one| one.stratum == block.stratum).unwrap_or_else(|| {
            let stratum = block.stratum.clone();
            all.push(Standing { stratum, drawn: 0, issued: 0, voided: 0, left: 0 });
            all.len() - 1
        });
        for (code, _) in &block.members {
            all[at].drawn += 1;
            match () {
                () if issued.contains(code.as_str()) => all[at].issued += 1,
                () if looked.voided.contains(code) => all[at].voided += 1,
                () => all[at].left += 1,
            }
        }
    }
    all
}

/// What was judged once the arm was known, by the name of the code break: opened with a holder's key.
pub type Judged = BTreeMap<String, String>;

/// Everything of the closed part that is counted by arm.
pub fn tables(looked: &Looked, judged: &Judged) -> Vec<Table> {
    let mut all = balance(looked);
    all.extend(breaks(looked, judged));
    all.extend(mistakes(looked));
    all.extend(ends(looked));
    all
}

fn breaks(looked: &Looked, judged: &Judged) -> Vec<Table> {
    let related: BTreeMap<String, String> = looked
        .acts("follow-up-recorded")
        .filter_map(|line| Some((word(line, "reference")?, word(line, "related-before")?)))
        .collect();
    let later = Later::of(looked, judged);
    let [mut all, mut category, mut before, mut after, mut both] =
        [(); 5].map(|()| Counter::new(looked));
    let mut people = BTreeSet::new();
    for (line, one) in broken(looked) {
        all.add("code breaks", one.arm);
        if people.insert(&one.participant) {
            all.add("participants whose code was broken", one.arm);
        }
        category.add(&word(line, "category").unwrap_or_else(|| NOT_SAID.to_owned()), one.arm);
        let reference = word(line, "reference").unwrap_or_default();
        let first = related.get(&reference).map_or(NOT_RECORDED, String::as_str);
        let then = later.word(&reference);
        before.add(first, one.arm);
        after.add(then, one.arm);
        both.add(&format!("{first}, then {then}"), one.arm);
    }
    vec![
        all.table("breaks", "Code breaks"),
        category.table("breaks-by-category", "Code breaks, by category"),
        before.table(
            "breaks-by-relatedness",
            "Code breaks, by relatedness as judged before the arm was known",
        ),
        after.table(
            "breaks-by-relatedness-after",
            "Code breaks, by relatedness as judged once the arm was known",
        ),
        both.table(
            "breaks-by-relatedness-both",
            "Code breaks, by relatedness before the arm was known, and then",
        ),
    ]
}

/// What there is about relatedness once the arm was known.
struct Later<'l> {
    judged: &'l Judged,
    sealed: BTreeSet<String>,
    closed: BTreeSet<String>,
}

impl<'l> Later<'l> {
    fn of(looked: &Looked, judged: &'l Judged) -> Self {
        let named = |act| looked.acts(act).filter_map(|line| word(line, "reference")).collect();
        Self { judged, sealed: named(SEALED), closed: named("break-closed") }
    }

    fn word(&self, reference: &str) -> &str {
        match self.judged.get(reference) {
            Some(word) => word,
            None if self.sealed.contains(reference) => "sealed, not opened here",
            None if self.closed.contains(reference) => "closed without it",
            None => NOT_RECORDED,
        }
    }
}

/// The entry that keeps what was judged once the arm was known.
pub const SEALED: &str = "sealed-part-kept";

const NOT_SAID: &str = "not said";
const NOT_RECORDED: &str = "not recorded yet";

/// The releases of this act, each with the allocation it was of.
pub fn released<'l>(
    looked: &'l Looked,
    act: &'l str,
) -> impl Iterator<Item = (&'l Line, &'l Issued)> {
    looked.acts(act).filter_map(|line| Some((line, looked.about(line)?)))
}

/// Code breaks, by the service's release or without it, in the order of the trail.
pub fn broken(looked: &Looked) -> impl Iterator<Item = (&Line, &Issued)> {
    let breaks = |line: &&Line| BREAKS.contains(&line.entry.act.as_str());
    looked.lines.iter().filter(breaks).filter_map(|line| Some((line, looked.about(line)?)))
}

/// The acts by which a code is broken.
pub const BREAKS: [&str; 2] = ["release-for-break", "break-imported"];

fn mistakes(looked: &Looked) -> Vec<Table> {
    let [mut kinds, mut wrong] = [(); 2].map(|()| Counter::new(looked));
    // One participant counts once for each kind, however often it is recorded.
    let mut seen = BTreeSet::new();
    for (line, one) in released(looked, "mistake-recorded") {
        let kind = word(line, "mistake").unwrap_or_else(|| NOT_SAID.to_owned());
        if seen.insert((one.participant.as_str(), kind.clone())) {
            kinds.add(&kind, one.arm);
        }
    }
    // The last correction says how it stands now.
    let mut last = BTreeMap::new();
    for (line, one) in released(looked, "answers-corrected") {
        last.insert(&one.participant, (line, one));
    }
    for (line, one) in last.values() {
        let now = word(line, "stratum").unwrap_or_default();
        let then = word(line, "randomised-stratum").unwrap_or_else(|| one.stratum.clone());
        if now != then {
            wrong.add(&format!("{then}, should be {now}"), one.arm);
        }
        if word(line, "outcome").is_some_and(|outcome| outcome != "eligible") {
            wrong.add("not eligible by the corrected answers", one.arm);
        }
    }
    vec![
        kinds.table("mistakes", "Mistakes recorded: randomised in error, wrong product and others"),
        wrong.table("corrected", "Randomised with answers that were corrected afterwards"),
    ]
}

fn ends(looked: &Looked) -> Vec<Table> {
    let [mut before, mut after, mut left] = [(); 3].map(|()| Counter::new(looked));
    let broken = |one: &Issued, seq: u64| {
        self::broken(looked).any(|(line, of)| of.participant == one.participant && line.seq < seq)
    };
    for (line, one) in released(looked, "treatment-ended") {
        let reason = word(line, "reason").unwrap_or_else(|| NOT_SAID.to_owned());
        let counter = if broken(one, line.seq) { &mut after } else { &mut before };
        counter.add(&reason, one.arm);
    }
    for (line, one) in released(looked, "participation-ended") {
        left.add(&word(line, "how").unwrap_or_else(|| NOT_SAID.to_owned()), one.arm);
    }
    vec![
        before.table("stops-before-break", "Treatment ended, with no code broken before"),
        after.table("stops-after-break", "Treatment ended after a code break"),
        left.table("ends", "Participation ended"),
    ]
}
