//! The service over HTTP: a real server on a free port, a real SQLite file, a clock that stands still, and everybody
//! signed in. One file a part of the interface; each test ends by naming the entries it must leave.
#![cfg(all(feature = "server", feature = "offline"))]
#![allow(clippy::unwrap_used, reason = "a test stops where it stumbles")]

mod break_code;
mod by_key;
mod disclosures;
mod drafts;
mod emergency;
mod follow_up;
mod house;
mod imports;
mod keys;
mod lists;
mod overview;
mod pass_on;
mod people;
mod pharmacy;
mod prepare;
mod randomise;
mod records;
mod recruitment;
mod refused;
mod reports;
mod rights;
mod rotations;
mod screen;
mod second_factor;
mod sign_in;
mod strata;
mod tokens;
mod trail;
mod voids;
