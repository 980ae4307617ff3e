//! The trial's rules: no I/O, no clock, no dice, no wire format. Everything here is a plain value or a pure function.

pub mod access;
pub mod answers;
pub mod derived;
pub mod drill;
pub mod duplicate;
pub mod eligibility;
pub mod entry;
pub mod field;
pub mod follow_up;
pub mod forecast;
pub mod ids;
pub mod life;
pub mod people;
pub mod quantity;
pub mod record;
pub mod recruitment;
pub mod rule;
#[cfg(feature = "offline")]
pub mod simulate;
pub mod stock;
pub mod stratum;
pub mod time;
pub mod trial;
pub mod visit;
