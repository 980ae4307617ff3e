//! The service over HTTP: a real server on a free port, a real SQLite file, a clock that stands still, and everybody
//! signed in. One file a part of the interface; each test ends by naming the entries it must leave.
#![cfg(all(feature = "server", feature = "offline"))]
#![allow(clippy::unwrap_used, reason = "a test stops where it stumbles")]

#[path = "../authenticator/mod.rs"]
mod authenticator;
mod break_code;
mod by_key;
mod deliveries;
mod disclosures;
mod drafts;
mod drills;
mod emergency;
mod exports;
mod follow_up;
mod house;
mod import_break;
mod imports;
mod keys;
mod lists;
mod notices;
mod operations;
mod overview;
mod pace;
mod pass_on;
mod passkeys;
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
mod sealed_part;
mod second_factor;
mod sign_in;
mod strata;
mod tokens;
mod trail;
mod voids;
