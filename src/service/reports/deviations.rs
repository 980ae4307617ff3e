//! Departures from the plan, by centre: whatever an entry itself calls a deviation, and what had to be given a reason.

use super::{Label, Table, Tally, Told, centre, word};

/// Every kind of departure, how often it occurred at each centre; mistakes and missed doses by what they were.
pub(super) fn tables(told: &Told<'_>) -> Vec<Table> {
    let [mut kinds, mut mistakes, mut missed] = [(); 3].map(|()| Tally::default());
    for line in &told.lines {
        let mut kind = |word: &str| kinds.add([centre(line), Label::Told(format!("kind-{word}"))]);
        match line.entry.act.as_str() {
            // A reason is asked for outside the window, and for a second preparation of a visit.
            "release-for-preparation" if line.private.is_some() => kind("with-reason"),
            _ => {}
        }
        if let Some(deviation) = word(line, "deviation") {
            kind(&deviation);
        }
        let said = |name: &str| Label::Word(word(line, name).unwrap_or_default());
        match line.entry.act.as_str() {
            "mistake-recorded" => mistakes.add([centre(line), said("mistake")]),
            "infusion-missed" => missed.add([centre(line), said("why")]),
            _ => {}
        }
    }
    vec![
        kinds.table("kinds", &["centre", "kind", "times"]),
        mistakes.table("mistakes", &["centre", "mistake", "times"]),
        missed.table("missed", &["centre", "why", "times"]),
    ]
}
