//! How the writer fares: numbers about groups, commits and checkpoints, and none about what was in them.

use super::{Store, StoreError, View};
use crate::domain::time::Moment;
use crate::limits::IDLE_SECONDS;
use crate::meter::{Count, Spread};
use std::sync::atomic::{AtomicI64, Ordering};

/// How long something took, in microseconds: from a memory's speed to a disk that is dying.
pub const MICROS: &[u64] = &[
    100, 250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000,
    1_000_000, 2_500_000, 10_000_000,
];

const GROUPS: &[u64] = &[1, 2, 4, 8, 16, 32, 64, 128, 256];

/// What the writer counts.
#[derive(Debug)]
pub struct Figures {
    /// Acts that wait.
    pub waiting: Count,
    /// How many acts went into each group.
    pub groups: Spread,
    /// Groups of which nothing was kept, or whose checkpoint was not.
    pub failed: Count,
    /// How long commits took, in microseconds.
    pub commits: Spread,
    /// How long it took to put checkpoints, in microseconds.
    pub puts: Spread,
    last_put: AtomicI64,
}

impl Default for Figures {
    fn default() -> Self {
        Self {
            waiting: Count::default(),
            groups: Spread::new(GROUPS),
            failed: Count::default(),
            commits: Spread::new(MICROS),
            puts: Spread::new(MICROS),
            last_put: AtomicI64::new(i64::MIN),
        }
    }
}

impl Figures {
    pub(super) fn put(&self, micros: u64, at: Moment) {
        self.puts.saw(micros);
        self.last_put.store(at.millis(), Ordering::Relaxed);
    }

    /// When the checkpoint store last took a checkpoint from this process.
    pub fn last_put(&self) -> Option<Moment> {
        let millis = self.last_put.load(Ordering::Relaxed);
        (millis != i64::MIN).then(|| Moment::from_millis(millis))
    }
}

/// How large things are, and how many people are signed in: no more is said of them.
#[derive(Debug, Clone, Copy)]
pub struct Sizes {
    /// Entries of the trail.
    pub entries: u64,
    /// Bytes of the database.
    pub database: u64,
    /// Sessions that are neither idle nor over.
    pub sessions: u64,
}

impl Store {
    /// How large things are at this moment.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn sizes(&self, now: Moment) -> Result<Sizes, StoreError> {
        self.read(|view| view.sizes(now))
    }

    /// Bytes of the write-ahead log: one that only grows is held by a reader that does not end.
    pub fn log_bytes(&self) -> u64 {
        let mut log = self.database.clone().into_os_string();
        log.push("-wal");
        std::fs::metadata(log).map_or(0, |file| file.len())
    }
}

impl View<'_> {
    fn sizes(&self, now: Moment) -> Result<Sizes, StoreError> {
        let number = |sql: &str| Ok::<_, StoreError>(self.one(sql, [], count)?.unwrap_or_default());
        let database = number("PRAGMA page_count")? * number("PRAGMA page_size")?;
        let sql = "SELECT count(*) FROM sessions WHERE expires > ?1 AND seen > ?2";
        let idle_since = now.plus_seconds(-IDLE_SECONDS);
        let sessions = self.one(sql, (now.millis(), idle_since.millis()), count)?;
        Ok(Sizes { entries: self.trail_size()?, database, sessions: sessions.unwrap_or_default() })
    }
}

fn count(row: &rusqlite::Row<'_>) -> rusqlite::Result<u64> {
    row.get::<_, i64>(0).map(i64::unsigned_abs)
}
