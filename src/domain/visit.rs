//! Which infusion is due: days counted from the actual first one, windows around them, and a least interval between
//! two. A late visit does not move those after it.

use super::ids::VisitId;
use super::time::Date;
use super::trial::{Trial, Visit};

/// How far a participant has come.
#[derive(Debug, Clone, Copy)]
pub struct Course<'a> {
    /// The day of randomisation, on which the first infusion should be.
    pub randomised_on: Date,
    /// The day of the actual first infusion.
    pub first_infusion: Option<Date>,
    /// Every release for preparation so far, oldest first.
    pub released: &'a [(VisitId, Date)],
    /// Visits whose dose was recorded as missed. A reason prepares one after all.
    pub missed: &'a [VisitId],
    /// Does a stop reason stand that nobody has lifted?
    pub stopped: bool,
}

/// Where a visit lies on the calendar of one participant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// First day.
    pub opens: Date,
    /// The planned day.
    pub planned: Date,
    /// Last day.
    pub closes: Date,
}

impl Window {
    /// Is this day inside?
    pub fn holds(&self, day: Date) -> bool {
        self.opens <= day && day <= self.closes
    }
}

/// An infusion that may be prepared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Due {
    /// Where it lies.
    pub window: Window,
    /// Missed before, outside its window, or too soon after the one before: a deviation, for which the reason was given.
    pub deviation: bool,
    /// Prepared before, and again for the reason given.
    pub again: bool,
}

/// Why nothing is released for a visit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VisitRefusal {
    /// The schedule has no such visit.
    Unknown,
    /// A stop reason stands.
    TreatmentEnded,
    /// Released on that day. A reason, such as a spilt bag, goes on.
    AlreadyPrepared {
        /// The last release for this visit.
        on: Date,
    },
    /// Today is not its day. With a window a reason goes on; without one nothing does: no infusion belongs to this
    /// visit, the first one has not been given, or a later one has.
    NotDue {
        /// Its window, if it has one.
        window: Option<Window>,
        /// Today lies inside the window but too few days after the infusion before: the first day that does not.
        not_before: Option<Date>,
    },
}

/// Where a visit lies for this participant. The days count from the actual first infusion; until it was given only
/// the first visit has a window, which lies around the day of randomisation.
pub fn window(trial: &Trial, visit: &Visit, course: &Course<'_>) -> Option<Window> {
    let first = trial.visits.iter().find(|visit| visit.infusion)?;
    let day_zero = match course.first_infusion {
        Some(day) => day,
        None if visit.id == first.id => course.randomised_on,
        None => return None,
    };
    let planned = day_zero.plus_days(visit.day);
    let days = |count: u32| i32::try_from(count).unwrap_or(i32::MAX);
    Some(Window {
        opens: planned.plus_days(-days(visit.early)),
        planned,
        closes: planned.plus_days(days(visit.late)),
    })
}

/// The infusion that is due today: inside its window, not yet released, not too soon.
pub fn due_today<'t>(trial: &'t Trial, course: &Course<'_>, today: Date) -> Option<&'t Visit> {
    // Without a reason nothing is released again, and nothing that deviates.
    trial.visits.iter().find(|visit| may_prepare(trial, &visit.id, course, today, false).is_ok())
}

/// May this visit's infusion be prepared today? `reason` says whether one was given for preparing again or outside
/// the window: it is a deviation then, and kept.
pub fn may_prepare(
    trial: &Trial,
    visit: &VisitId,
    course: &Course<'_>,
    today: Date,
    reason: bool,
) -> Result<Due, VisitRefusal> {
    let visit = trial.visit(visit).ok_or(VisitRefusal::Unknown)?;
    if course.stopped {
        return Err(VisitRefusal::TreatmentEnded);
    }
    let not_due = VisitRefusal::NotDue { window: None, not_before: None };
    if !visit.infusion || later_one_released(trial, visit, course) {
        return Err(not_due);
    }
    let window = window(trial, visit, course).ok_or(not_due)?;
    let last = course.released.iter().rev().find(|(id, _)| *id == visit.id);
    if let (Some((_, on)), false) = (last, reason) {
        return Err(VisitRefusal::AlreadyPrepared { on: *on });
    }
    let not_before = earliest(trial, visit, course).filter(|earliest| today < *earliest);
    let missed = course.missed.contains(&visit.id);
    let deviation = missed || !window.holds(today) || not_before.is_some();
    if deviation && !reason {
        let not_before = not_before.filter(|_| window.holds(today));
        return Err(VisitRefusal::NotDue { window: Some(window), not_before });
    }
    Ok(Due { window, deviation, again: last.is_some() })
}

/// After a later infusion an earlier one that was missed is over.
fn later_one_released(trial: &Trial, visit: &Visit, course: &Course<'_>) -> bool {
    let later = |id: &VisitId| trial.visit(id).is_some_and(|other| other.day > visit.day);
    course.released.iter().any(|(id, _)| later(id))
}

/// The first day that keeps the least interval to the infusion before; releases for this visit itself do not count.
fn earliest(trial: &Trial, visit: &Visit, course: &Course<'_>) -> Option<Date> {
    let others = course.released.iter().filter(|(id, _)| *id != visit.id);
    let last = others.map(|(_, on)| *on).max()?;
    Some(last.plus_days(i32::try_from(trial.least_days).unwrap_or(i32::MAX)))
}
