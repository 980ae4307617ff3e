//! Puts the trial together, section by section, and then looks at it as a whole.

use super::rules::Known;
use super::table::Table;
use super::{form, list, rules, sections, whole};
use crate::domain::ids::TrialId;
use crate::domain::time::Zone;
use crate::domain::trial::{Stratification, Trial, Words};

/// The word by which a program knows that it can read this file.
const FORMAT: &str = "klero trial 1";

/// Every section of the file. Another is an error.
const SECTIONS: [&str; 20] = [
    "format",
    "trial",
    "recruitment",
    "list",
    "arms",
    "centres",
    "factors",
    "pages",
    "fields",
    "derived",
    "criteria",
    "cross_checks",
    "schedule",
    "visits",
    "preparation",
    "stop_reasons",
    "emergency",
    "machines",
    "signatures",
    "decisions",
];

/// The trial; nothing when something is missing, which has then been noted.
pub(super) fn trial(root: &Table<'_>) -> Option<Trial> {
    root.only(&SECTIONS);
    if root.text("format").is_some_and(|format| format != FORMAT) {
        root.wrong("format", "is not one this program reads", &format!("write \"{FORMAT}\""));
    }
    let heading = heading(root);
    let centres = sections::centres(root);
    let pages = form::pages(root);
    let fields = form::fields(root, &pages);
    let known = Known::of(&fields);
    let (derived, known) = form::derived(root, known);
    let criteria = rules::criteria(root, &known);
    let factors = rules::factors(root, &known, &criteria);
    let cross_checks = rules::cross_checks(root, &known);
    let recruitment = sections::recruitment(root, &known);
    let visits = sections::visits(root);
    let interval = sections::schedule(root, &visits);
    let decisions = sections::decisions(root);
    let stop_reasons = sections::stop_reasons(root);
    let preparation = sections::preparation(root);
    let emergency = sections::emergency(root);
    let machines_randomise = sections::machines_randomise(root);
    let meaning = sections::eligibility_meaning(root);
    let arms = list::read(root);
    let (id, title, zone) = heading?;
    let (target, warn_at, freshness) = recruitment?;
    let trial = Trial {
        id,
        title,
        zone,
        centres,
        pages,
        fields: fields.into_iter().map(|field| field.value).collect(),
        derived,
        criteria: criteria.into_iter().map(|criterion| criterion.criterion).collect(),
        stratification: Stratification { factors },
        cross_checks,
        freshness,
        visits: visits.into_iter().map(|visit| visit.value).collect(),
        least_days: interval?,
        target,
        warn_at,
        decisions,
        stop_reasons,
        preparation: preparation?,
        emergency: emergency?,
        machines_randomise,
        eligibility_meaning: meaning?,
    };
    whole::check(root, &trial, arms.as_ref());
    Some(trial)
}

fn heading(root: &Table<'_>) -> Option<(TrialId, Words, Zone)> {
    let table = root.table("trial")?;
    table.only(&["id", "title", "zone", "source", "because", "decision"]);
    table.source();
    let id = table.parsed("id", TrialId::parse);
    let title = table.words("title");
    let zone = table.text("zone").and_then(|name| {
        let zone = Zone::parse(&name);
        if zone.is_none() {
            table.wrong("zone", "is no IANA time zone", "write one such as \"Asia/Shanghai\"");
        }
        zone
    });
    Some((id?, title?, zone?))
}
