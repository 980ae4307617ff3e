//! Is the service ready: can everything that it promises be done at this moment? Each check names its state by one word for
//! machines; none says anything about people, codes or counts.

use super::House;
use crate::limits::{CLOCK_BACK_MILLIS, PROBE_SECONDS};
use crate::sealing::line;
use crate::store::StoreError;
use std::time::Duration;
use tokio::time::timeout;

/// One thing that was looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Check {
    /// What: `write`, `checkpoint`, `clock`, `trail`, `list`.
    pub check: &'static str,
    /// How it is, in one word.
    pub state: &'static str,
    /// Is it as it must be?
    pub well: bool,
}

/// Whether a restart could mend what is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pulse {
    /// The writer answers; what may be wrong, a restart would not mend, and who is up can still tell people what to do.
    Alive,
    /// The writer does not answer, or its disk fails under it: a new process may do better.
    Lost,
}

/// Everything that was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Readiness {
    /// Each thing.
    pub checks: Vec<Check>,
    /// Does the writer live?
    pub pulse: Pulse,
}

impl Readiness {
    /// Is everything as it must be?
    pub fn is_ready(&self) -> bool {
        self.checks.iter().all(|check| check.well)
    }

    /// The states of what is not.
    pub fn reasons(&self) -> impl Iterator<Item = &'static str> {
        self.checks.iter().filter(|check| !check.well).map(|check| check.state)
    }
}

impl House {
    /// Looks at everything: writes, puts a checkpoint, reads the clock, asks what was found in the trail, and whether
    /// there is a list.
    pub async fn ready(&self) -> Readiness {
        let written =
            timeout(Duration::from_secs(PROBE_SECONDS), self.store.check_write().answer());
        let written = written.await.map(|answer| answer.err());
        if written.is_ok() {
            self.watch_clock().await;
        }
        let (write, checkpoint) = match written {
            Err(_) => ("no-answer", "unknown"),
            Ok(None) => ("ok", "ok"),
            Ok(Some(error)) => state_of(error),
        };
        let pulse = match written {
            Err(_) | Ok(Some(StoreError::Failed | StoreError::Stopped)) => Pulse::Lost,
            Ok(_) => Pulse::Alive,
        };
        let well = |check, state: &'static str, good: &[&str]| Check {
            check,
            state,
            well: good.contains(&state),
        };
        let checks = vec![
            well("write", write, &["ok", "unknown"]),
            well("checkpoint", checkpoint, &["ok", "unknown"]),
            well("clock", self.clock_state(), &["ok"]),
            well("trail", self.trail_state(), &["checked", "checking"]),
            well("list", self.list_state(), &["imported"]),
        ];
        Readiness { checks, pulse }
    }

    fn clock_state(&self) -> &'static str {
        let last = self.store.read(|view| match view.trail_size()?.checked_sub(1) {
            Some(seq) => view.line(seq),
            None => Ok(None),
        });
        let last = last.ok().flatten().and_then(|text| line::parse(&text).ok());
        let now = self.clock.now().millis() + CLOCK_BACK_MILLIS;
        match last {
            Some(last) if now < last.at.millis() => "clock-off",
            _ if self.watch.skew().unrecorded => "clock-changed",
            _ => "ok",
        }
    }

    fn trail_state(&self) -> &'static str {
        let health = self.store.health();
        match (health.is_damaged(), health.is_fully_checked()) {
            (true, _) => "trail-damaged",
            (false, true) => "checked",
            (false, false) => "checking",
        }
    }

    fn list_state(&self) -> &'static str {
        match self.store.read(|view| view.lists()) {
            Ok(lists) if lists.is_empty() => "list-not-imported",
            Ok(_) => "imported",
            Err(_) => "unreadable",
        }
    }
}

/// A failed write says what of the two failed, and nothing of what was not reached.
fn state_of(error: StoreError) -> (&'static str, &'static str) {
    match error {
        StoreError::CheckpointStoreAway => ("ok", "checkpoint-store-away"),
        // Acts are refused before anything is written; the clock's own check says so.
        StoreError::ClockOff => ("unknown", "unknown"),
        // The trail's own check says so.
        StoreError::Damaged => ("unknown", "unknown"),
        StoreError::Full => ("disk-full", "unknown"),
        StoreError::Busy => ("slow-down", "unknown"),
        StoreError::Failed | StoreError::Constraint => ("disk-failed", "unknown"),
        StoreError::Stopped => ("stopping", "unknown"),
    }
}
