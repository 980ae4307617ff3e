//! Commands for people.

pub mod stage;
