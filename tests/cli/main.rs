//! The real binary in temporary folders: what it prints, what it writes, how it ends.

#![cfg(all(feature = "server", feature = "offline"))]

mod ceremony;
mod demo;
mod desk;
mod disclose;
mod extension;
mod help;
mod key;
mod opening;
mod operator;
mod pharmacy;
mod report;
mod rotation;
mod simulate;
#[path = "../staged/mod.rs"]
mod staged;
mod validate;
mod vectors;
mod verify;
