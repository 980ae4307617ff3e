//! What is counted while the service runs: plain numbers, without a name beside them. Rooms count; what is told of it, and
//! under which words, is decided where it is told.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

/// Something that happened so many times.
#[derive(Debug, Default)]
pub struct Count(AtomicU64);

impl Count {
    /// Once more.
    pub fn one(&self) {
        self.add(1);
    }

    /// So many times more.
    pub fn add(&self, more: u64) {
        self.0.fetch_add(more, Ordering::Relaxed);
    }

    /// So many times less: for what comes and goes.
    pub fn take(&self, fewer: u64) {
        self.0.fetch_sub(fewer, Ordering::Relaxed);
    }

    /// How many times.
    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// How values spread: how many were at most each bound, and their sum.
#[derive(Debug)]
pub struct Spread {
    bounds: &'static [u64],
    /// One more than bounds: the last counts what is beyond all of them.
    counts: Vec<Count>,
    sum: Count,
}

impl Spread {
    /// Nothing seen yet; `bounds` ascend.
    pub fn new(bounds: &'static [u64]) -> Self {
        let counts = std::iter::repeat_with(Count::default).take(bounds.len() + 1).collect();
        Self { bounds, counts, sum: Count::default() }
    }

    /// A value was seen.
    pub fn saw(&self, value: u64) {
        let at = self.bounds.partition_point(|bound| *bound < value);
        self.counts[at].one();
        self.sum.add(value);
    }

    /// Each bound with how many values were at most that.
    pub fn up_to(&self) -> impl Iterator<Item = (u64, u64)> {
        let mut so_far = 0;
        self.bounds.iter().zip(&self.counts).map(move |(bound, count)| {
            so_far += count.get();
            (*bound, so_far)
        })
    }

    /// How many values were seen.
    pub fn count(&self) -> u64 {
        self.counts.iter().map(Count::get).sum()
    }

    /// Their sum.
    pub fn sum(&self) -> u64 {
        self.sum.get()
    }
}

/// Something that has begun and is timed. It knows no time of day.
#[derive(Debug, Clone, Copy)]
pub struct Begun(Instant);

impl Begun {
    /// It begins now.
    #[expect(clippy::new_without_default, reason = "a beginning is not a default value")]
    pub fn new() -> Self {
        Self(Instant::now())
    }

    /// Microseconds since.
    pub fn micros(self) -> u64 {
        u64::try_from(self.0.elapsed().as_micros()).unwrap_or(u64::MAX)
    }

    /// Milliseconds since, with their fraction.
    pub fn millis(self) -> f64 {
        self.0.elapsed().as_secs_f64() * 1000.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_counted_under_every_bound_that_it_does_not_pass() {
        let spread = Spread::new(&[1, 10, 100]);
        for value in [0, 1, 2, 10, 11, 100, 101, 7_000] {
            spread.saw(value);
        }
        let up_to: Vec<_> = spread.up_to().collect();
        assert_eq!(up_to, [(1, 2), (10, 4), (100, 6)]);
        assert_eq!((spread.count(), spread.sum()), (8, 7_225));
    }

    #[test]
    fn what_comes_and_goes_is_counted_both_ways() {
        let count = Count::default();
        count.add(3);
        count.take(1);
        count.one();
        assert_eq!(count.get(), 3);
    }
}
