//! The real binary in temporary folders: what it prints, what it writes, how it ends.

#![cfg(all(feature = "server", feature = "offline"))]

mod accounts;
mod backups;
mod ceremony;
mod conform;
mod demo;
mod desk;
mod disclose;
mod export;
mod extension;
mod help;
mod hostile;
mod house_file;
mod key;
mod opening;
mod operation;
mod operator;
mod pharmacy;
mod relatedness;
mod report;
mod rotation;
mod second_road;
mod shell;
mod simulate;
#[path = "../staged/mod.rs"]
mod staged;
mod validate;
mod vectors;
mod verify;
mod witness;
