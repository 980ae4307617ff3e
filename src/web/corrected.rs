//! Corrected answers beside those that the allocation was made by: what was said then, what is true.

use super::frame::Frame;
use super::record::{self, AnswersSaid};
use crate::service::correct::Corrected;
use crate::service::screen::Screened;

/// One question whose answer was corrected, or one result that came out differently.
pub struct Change {
    /// The question, or the result's name.
    pub what: String,
    /// When randomised.
    pub then: String,
    /// Corrected.
    pub now: String,
}

/// Everything that differs: answers first, then what they give.
pub fn changes(f: &Frame<'_>, screened: &Screened, corrected: &Corrected) -> Vec<Change> {
    let then = &screened.answers;
    let rows = |said: &AnswersSaid| {
        let parts = record::answers(f, said, &[], |_| None);
        parts.into_iter().flat_map(|part| part.rows).collect::<Vec<_>>()
    };
    let (before, after) = (rows(then), rows(&corrected.answers));
    let open = f.say("record.open");
    let value = |rows: &[record::Row], id: &str| {
        rows.iter().find(|row| row.id == id).map_or_else(|| open.clone(), |row| row.value.clone())
    };
    let gone = before.iter().filter(|row| after.iter().all(|other| other.id != row.id));
    let all = after.iter().chain(gone);
    let change = |row: &record::Row| {
        let (then, now) = (value(&before, &row.id), value(&after, &row.id));
        (then != now).then(|| Change { what: row.label.clone(), then, now })
    };
    let mut changes: Vec<Change> = all.filter_map(change).collect();
    let centre = screened.participant.screened_at();
    let results = [then, &corrected.answers].map(|said| record::findings(f, &centre, said));
    if let [Some(then), Some(now)] = results {
        let outcome = |outcome| f.say(&format!("outcome.{outcome}"));
        let level = |level: &record::Level| f.say(&format!("level.{}", level.level));
        let factors = then.factors.iter().zip(&now.factors);
        let factors = factors.map(|(a, b)| (a.name.clone(), level(a), level(b)));
        let first = (f.say("correct.outcome"), outcome(then.outcome), outcome(now.outcome));
        let differ = std::iter::once(first).chain(factors).filter(|(_, then, now)| then != now);
        changes.extend(differ.map(|(what, then, now)| Change { what, then, now }));
    }
    changes
}
