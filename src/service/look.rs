//! What time makes known: records and drills that are late, openings that nobody confirmed, somebody with a code and no
//! infusion. The service looks every minute, and leaves an entry for each, once; the entry makes the notice like any other.

use super::House;
use super::drills::roads_in;
use super::follow_up::standing_of;
use super::refuse::Noted;
use crate::domain::drill::Light;
use crate::domain::follow_up::Progress;
use crate::domain::notice::{Kind, Notice};
use crate::domain::time::Moment;
use crate::domain::trial::Trial;
use crate::limits::INFUSION_SECONDS;
use crate::refusal::Refusal;
use crate::sealing::line;
use crate::store::{Stamp, StoreError, View};
use std::sync::Arc;

/// A checkpoint is told once a day.
const DAY_SECONDS: i64 = 24 * 60 * 60;

impl House {
    /// Looks once, and says how many notices it made. What was told before is not told again, however often it looks and
    /// whoever looks beside it.
    ///
    /// # Errors
    /// When the store fails.
    pub fn look(&self) -> Result<usize, Refusal> {
        let now = self.clock.now();
        let trial = Arc::clone(&self.trial);
        // Read beside the writer first: nearly always there is nothing.
        if self.store.read(|view| waiting(view, now, &trial))?.is_empty() {
            return Ok(0);
        }
        let pending = self.store.write(Stamp::service(), move |tx| {
            let all = waiting(&tx.view(), tx.now(), &trial)?;
            for notice in &all {
                tx.append(notice.entry())?;
            }
            Ok::<_, Noted>(all.len())
        });
        let (made, _) = pending.wait().map_err(|noted| noted.refusal)?.into_parts();
        Ok(made)
    }
}

fn waiting(view: &View<'_>, now: Moment, trial: &Trial) -> Result<Vec<Notice>, StoreError> {
    let mut all = view.unconfirmed_openings(now)?;
    all.extend(view.broken_again(now)?);
    all.extend(overdue(view, now, trial.emergency.follow_up_hours)?);
    all.extend(view.not_infused(now, INFUSION_SECONDS)?);
    all.extend(undrilled(view, now, trial)?);
    all.extend(checkpoint(view, now)?);
    Ok(all)
}

/// Code breaks whose record was not written in time (EU-9).
fn overdue(view: &View<'_>, now: Moment, hours: u32) -> Result<Vec<Notice>, StoreError> {
    let mut late = vec![];
    for release in view.breaks(None)? {
        let is_late = standing_of(view, &release)?.progress(hours, now) == Progress::Overdue;
        if is_late && !view.was_noticed(Kind::FollowUpOverdue, &release.reference)? {
            late.push(Notice {
                kind: Kind::FollowUpOverdue,
                at: now,
                reference: Some(release.reference),
                centre: Some(release.present),
                number: Some(release.number),
            });
        }
    }
    Ok(late)
}

/// Roads of an emergency on which no drill was passed in time (EU-18): each is told once, and again only after a drill
/// that was passed has grown old in its turn. A road that nobody ever drilled counts from the first list that may issue.
fn undrilled(view: &View<'_>, now: Moment, trial: &Trial) -> Result<Vec<Notice>, StoreError> {
    let approved = view.lists()?.iter().filter_map(|list| list.reviewed).min();
    let Some(approved) = approved else { return Ok(vec![]) };
    let approved = view.line(approved)?.and_then(|text| line::parse(&text).ok());
    let approved = approved.ok_or(StoreError::Damaged)?.at;
    let mut late = vec![];
    for road in roads_in(view, trial)?.into_iter().filter(|road| road.needed) {
        let since = road.passed.unwrap_or(approved);
        if Light::since(Some(since), now) != Light::Red {
            continue;
        }
        let told = view.last_noticed_at(Kind::DrillOverdue, road.centre.as_ref())?;
        if told.is_none_or(|told| told < since) {
            let (kind, centre) = (Kind::DrillOverdue, road.centre);
            late.push(Notice { kind, at: now, reference: None, centre, number: None });
        }
    }
    Ok(late)
}

/// A day's entries are under a checkpoint; a day without any is not told.
fn checkpoint(view: &View<'_>, now: Moment) -> Result<Option<Notice>, StoreError> {
    let last = match view.last_noticed(Kind::CheckpointMade)? {
        Some(last) => last,
        None => {
            let first = view.line(0)?.and_then(|text| line::parse(&text).ok());
            let Some(first) = first else { return Ok(None) };
            (0, first.at)
        }
    };
    let (entry, at) = last;
    let grown = view.trail_size()? > entry + 1;
    let is_due = grown && now >= at.plus_seconds(DAY_SECONDS);
    let (reference, centre, number) = (None, None, None);
    Ok(is_due.then_some(Notice { kind: Kind::CheckpointMade, at: now, reference, centre, number }))
}
