//! Watching the clock (AT-7). The time of day can be set by anybody who administers the machine; how much time went by
//! cannot. Where the two part, somebody set the clock, or the machine slept: it is told at once, and stands in the trail as
//! soon as the trail may be written.

use super::House;
use super::refuse::Noted;
use crate::clock::Clock;
use crate::domain::entry::Entry;
use crate::limits::{CLOCK_BACK_MILLIS, CLOCK_LOOK_MILLIS};
use crate::store::Stamp;
use std::sync::Mutex;

/// The time of day beside the time that went by, and what was noticed.
#[derive(Debug)]
pub struct ClockWatch(Mutex<Watched>);

#[derive(Debug, Clone, Copy)]
struct Watched {
    /// The time of day less the time that went by, when the watch began, in milliseconds.
    begun: i64,
    /// By how much the difference has changed since.
    skew: i64,
    /// How much of that is in the trail.
    recorded: i64,
    /// Is somebody writing the entry?
    recording: bool,
    changes: u64,
}

/// What is known of the clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Skew {
    /// By how much the clock was set since the service began, in milliseconds; forward is positive.
    pub millis: i64,
    /// How many changes are in the trail.
    pub changes: u64,
    /// Is there one that is not in the trail yet?
    pub unrecorded: bool,
}

impl ClockWatch {
    /// Begins to watch.
    pub fn start(clock: &dyn Clock) -> Self {
        let begun = difference(clock);
        Self(Mutex::new(Watched { begun, skew: 0, recorded: 0, recording: false, changes: 0 }))
    }

    /// What was known after the last look.
    pub fn skew(&self) -> Skew {
        let seen = self.seen();
        Skew { millis: seen.skew, changes: seen.changes, unrecorded: seen.unwritten() != 0 }
    }

    /// Looks, and gives what has to be written, to one caller at a time.
    fn look(&self, clock: &dyn Clock) -> Option<i64> {
        let now = difference(clock);
        let mut seen = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        seen.skew = now - seen.begun;
        let change = seen.unwritten();
        if change == 0 || seen.recording {
            return None;
        }
        seen.recording = true;
        Some(change)
    }

    /// The change was written, or could not be.
    fn settle(&self, change: i64, kept: bool) {
        let mut seen = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        seen.recording = false;
        if kept {
            seen.recorded += change;
            seen.changes += 1;
        }
    }

    fn seen(&self) -> Watched {
        *self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

impl Watched {
    /// Small steps add up: a clock that creeps is noticed once it has crept far enough.
    fn unwritten(self) -> i64 {
        let change = self.skew - self.recorded;
        if change.abs() > CLOCK_BACK_MILLIS { change } else { 0 }
    }
}

/// The time of day less the time that went by. Both are read, and a reading is taken again if the machine was held up in
/// between: the pause would look like a step.
fn difference(clock: &dyn Clock) -> i64 {
    let mut best = (i64::MAX, 0);
    for _ in 0..3 {
        let before = clock.steady();
        let now = clock.now().millis();
        let took = clock.steady() - before;
        if took < best.0 {
            best = (took, now - before);
        }
        if took <= CLOCK_LOOK_MILLIS {
            break;
        }
    }
    best.1
}

impl House {
    /// Looks at the clock. A change is an entry; while the trail may not be written, since the clock is behind its last
    /// entry, the change waits for the next look.
    pub async fn watch_clock(&self) -> Skew {
        if let Some(change) = self.watch.look(self.clock.as_ref()) {
            let direction = if change < 0 { "back" } else { "forward" };
            tracing::error!(direction, milliseconds = change.unsigned_abs(), "the clock was set");
            let entry = Entry::new("clock-changed").with("direction", direction);
            let entry = entry.with("seconds", change.unsigned_abs().div_ceil(1000));
            let pending =
                self.store.write(Stamp::service(), |tx| Ok::<_, Noted>(tx.append(entry)?));
            self.watch.settle(change, pending.answer().await.is_ok());
        }
        self.watch.skew()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::FixedClock;
    use crate::domain::time::Moment;

    fn watched() -> (FixedClock, ClockWatch) {
        let clock = FixedClock::at(Moment::from_millis(1_000_000));
        let watch = ClockWatch::start(&clock);
        (clock, watch)
    }

    // shows: AT-7
    #[test]
    fn time_that_goes_by_is_no_change_and_a_clock_that_is_set_is_one() {
        let (clock, watch) = watched();
        clock.step(86_400);
        assert_eq!(watch.look(&clock), None);
        clock.set_by(-600);
        assert_eq!(watch.look(&clock), Some(-600_000));
        assert_eq!(watch.look(&clock), None, "somebody writes it already");
        watch.settle(-600_000, false);
        assert_eq!(watch.look(&clock), Some(-600_000), "it was not kept: it is tried again");
        watch.settle(-600_000, true);
        assert_eq!(watch.look(&clock), None);
        assert_eq!(watch.skew(), Skew { millis: -600_000, changes: 1, unrecorded: false });
        clock.set_by(600);
        assert_eq!(watch.look(&clock), Some(600_000), "to set it right is a change too");
    }

    #[test]
    fn small_steps_add_up_until_they_are_noticed() {
        let (clock, watch) = watched();
        clock.set_by(-2);
        assert_eq!(watch.look(&clock), None, "as much as the trail itself tolerates");
        clock.set_by(-1);
        assert_eq!(watch.look(&clock), Some(-3_000));
    }
}
