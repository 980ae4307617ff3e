//! The trial's rules: no I/O, no clock, no dice, no wire format. Everything here is a plain value or a pure function.

pub mod access;
pub mod entry;
pub mod ids;
pub mod people;
pub mod time;
