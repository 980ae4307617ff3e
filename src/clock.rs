//! The time of day, passed in: nothing else in the house asks the operating system for it.

use crate::domain::time::Moment;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Instant;

/// Tells the time.
pub trait Clock: Send + Sync {
    /// Now, in UTC.
    fn now(&self) -> Moment;

    /// Milliseconds since some moment in the past, on a clock that nobody can set. Two of these, compared with two of the
    /// other kind, show that the time of day was set in between.
    fn steady(&self) -> i64;
}

/// The machine's clock.
#[derive(Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Moment {
        Moment::from_millis(jiff::Timestamp::now().as_millisecond())
    }

    fn steady(&self) -> i64 {
        static BEGUN: LazyLock<Instant> = LazyLock::new(Instant::now);
        i64::try_from(BEGUN.elapsed().as_millis()).unwrap_or(i64::MAX)
    }
}

/// A clock that stands still until it is moved: demonstration and tests.
#[derive(Debug)]
pub struct FixedClock {
    wall: AtomicI64,
    steady: AtomicI64,
}

impl FixedClock {
    /// A clock that shows `start`.
    pub fn at(start: Moment) -> Self {
        Self { wall: AtomicI64::new(start.millis()), steady: AtomicI64::new(0) }
    }

    /// Time goes by; negative seconds set it back, since no time goes by backwards.
    pub fn step(&self, seconds: i64) {
        self.set_by(seconds);
        self.steady.fetch_add(seconds.max(0) * 1000, Ordering::SeqCst);
    }

    /// Somebody sets it by so many seconds, while no time goes by.
    pub fn set_by(&self, seconds: i64) {
        self.wall.fetch_add(seconds * 1000, Ordering::SeqCst);
    }
}

impl Clock for FixedClock {
    fn now(&self) -> Moment {
        Moment::from_millis(self.wall.load(Ordering::SeqCst))
    }

    fn steady(&self) -> i64 {
        self.steady.load(Ordering::SeqCst)
    }
}
