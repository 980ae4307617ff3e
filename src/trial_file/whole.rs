//! Looks at the trial as a whole: twins, sizes that do not fit together, words that must not stand where everybody reads.

use super::list::{ArmText, ListText};
use super::table::Table;
use crate::domain::trial::{Trial, Words};
use std::collections::BTreeSet;

/// More strata than this cannot be balanced, or reviewed.
const STRATA_MAX: usize = 1000;
/// Shorter arm ids, such as A and B, are also ordinary words.
const ARM_WORD_CHARS_MIN: usize = 4;

/// Two things of one kind may not have the same id.
pub(super) fn no_twins<'i>(table: &Table<'_>, key: &str, ids: impl Iterator<Item = &'i str>) {
    let mut seen = BTreeSet::new();
    for (number, id) in ids.enumerate() {
        if !seen.insert(id) {
            let line = table.line_of_member(key, number);
            let what = format!("`{id}` is there twice in `{key}`");
            table.notes.error(line, what, "give each an id of its own");
        }
    }
}

/// What no section can see alone.
pub(super) fn check(root: &Table<'_>, trial: &Trial, list: Option<&ListText>) {
    let strata = trial.strata().len();
    if strata > STRATA_MAX {
        let what = format!("there are {strata} strata");
        root.notes.error(root.line_of("centres"), what, format!("keep to {STRATA_MAX}"));
    }
    let Some(list) = list else {
        return;
    };
    if list.slots < trial.target {
        let what =
            format!("{} slots a stratum are fewer than {} participants", list.slots, trial.target);
        let next = "all participants could fall into one stratum: give each as many slots";
        root.notes.warning(root.line_of("list"), what, next);
    }
    for arm in &list.arms {
        no_arm_in_words(root, trial, arm);
    }
}

/// Pages show these words to blinded readers, and tests search those pages for arms: so no arm's id may stand in them.
fn no_arm_in_words(root: &Table<'_>, trial: &Trial, arm: &ArmText) {
    if arm.id.chars().count() < ARM_WORD_CHARS_MIN {
        return;
    }
    let id = arm.id.to_lowercase();
    let names = |words: &Words| {
        words.en.to_lowercase().contains(&id) || words.zh.to_lowercase().contains(&id)
    };
    let sections = [
        ("trial", names(&trial.title)),
        ("fields", trial.fields.iter().any(|field| names(&field.name))),
        ("criteria", trial.criteria.iter().any(|criterion| names(&criterion.name))),
        ("visits", trial.visits.iter().any(|visit| names(&visit.name))),
        (
            "stop_reasons",
            trial.stop_reasons.iter().any(|stop| names(&stop.name) || names(&stop.effect)),
        ),
        ("decisions", trial.decisions.iter().any(|decision| names(&decision.question))),
        ("preparation", names(&trial.preparation.diluent) || names(&trial.preparation.masking)),
        ("emergency", names(&trial.emergency.condition)),
    ];
    for (section, _) in sections.iter().filter(|(_, named)| *named) {
        let what =
            format!("`{section}` names the arm `{}` in words that blinded people read", arm.id);
        root.notes.warning(root.line_of(section), what, "say it without the arm's id");
    }
}
