//! How the service is. No identities, no counts of participants: an administrator may see all of it (AC-8).

use super::House;
use crate::domain::time::Moment;
use crate::limits::CLOCK_BACK_MILLIS;
use crate::refusal::Refusal;
use crate::sealing::line;
use crate::store::SCHEMA_VERSION;

/// What is known of the running service.
#[derive(Debug, Clone)]
pub struct HouseHealth {
    /// Was damage found in the trail?
    pub damaged: bool,
    /// Has every entry been checked since the start?
    pub fully_checked: bool,
    /// Did the disk take the last acts?
    pub writable: bool,
    /// Did the last checkpoint reach the checkpoint store?
    pub checkpoint_kept: bool,
    /// Is the clock not behind the last entry?
    pub clock_right: bool,
    /// Now, as the service has it.
    pub now: Moment,
    /// How many entries the trail has.
    pub entries: u64,
    /// When the last one was written.
    pub last: Option<Moment>,
    /// The version of the tables.
    pub schema: i32,
    /// Which program of which version answers.
    pub program: &'static str,
}

impl HouseHealth {
    /// Can everything be recorded?
    pub fn is_well(&self) -> bool {
        !self.damaged && self.writable && self.checkpoint_kept && self.clock_right
    }
}

impl House {
    /// How the service is, now.
    ///
    /// # Errors
    /// When the store cannot even be read.
    pub fn health(&self) -> Result<HouseHealth, Refusal> {
        let (entries, last) = self.store.read(|view| {
            let entries = view.trail_size()?;
            let last = entries.checked_sub(1).map(|seq| view.line(seq)).transpose()?.flatten();
            Ok::<_, Refusal>((entries, last))
        })?;
        let last = last.and_then(|text| line::parse(&text).ok()).map(|line| line.at);
        let now = self.clock.now();
        let behind = |last: Moment| now.millis() + CLOCK_BACK_MILLIS < last.millis();
        let health = self.store.health();
        Ok(HouseHealth {
            damaged: health.is_damaged(),
            fully_checked: health.is_fully_checked(),
            writable: health.is_writable(),
            checkpoint_kept: health.is_checkpoint_kept(),
            clock_right: !last.is_some_and(behind) && !self.watch.skew().unrecorded,
            now,
            entries,
            last,
            schema: SCHEMA_VERSION,
            program: concat!("klero ", env!("CARGO_PKG_VERSION")),
        })
    }
}
