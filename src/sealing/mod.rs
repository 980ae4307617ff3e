//! The only room that knows ciphers: list, slots, keys, commitment, trail lines (design 4, 5, 7).

pub mod bytes;
pub mod card;
pub mod checkpoint;
pub mod line;
pub mod lock;
pub mod manifest;
#[cfg(test)]
mod oracle;
pub mod package;
pub mod passed;
#[cfg(feature = "server")]
pub mod passkey;
#[cfg(feature = "server")]
pub mod password;
#[cfg(test)]
mod samples;
pub mod sealed_record;
#[cfg(feature = "server")]
mod sign_on;
pub mod signature;
pub mod slot;
pub mod tiles;
#[cfg(feature = "server")]
pub mod totp;
pub mod tree;
#[cfg(feature = "server")]
pub mod webhook;
pub mod witness;

#[cfg(feature = "offline")]
mod aead;
#[cfg(feature = "offline")]
pub mod arm;
#[cfg(feature = "offline")]
pub mod centre_key;
#[cfg(feature = "offline")]
pub mod ceremony;
#[cfg(feature = "offline")]
pub mod data_set;
#[cfg(feature = "offline")]
pub mod disclosure;
#[cfg(feature = "offline")]
mod draw;
#[cfg(feature = "offline")]
#[cfg(test)]
mod fixture;
pub mod grant;
#[cfg(feature = "offline")]
pub mod groups;
#[cfg(feature = "offline")]
pub mod identity;
#[cfg(feature = "offline")]
pub mod kit;
#[cfg(feature = "offline")]
pub mod kit_count;
#[cfg(feature = "offline")]
mod leaf;
#[cfg(feature = "offline")]
pub mod letters;
#[cfg(feature = "offline")]
pub mod list;
pub mod offline_record;
#[cfg(feature = "offline")]
pub mod open;
#[cfg(feature = "offline")]
pub mod published;
#[cfg(feature = "offline")]
pub mod report;
#[cfg(feature = "offline")]
pub mod rotate;
pub mod rotation;
#[cfg(feature = "offline")]
pub mod seal;
#[cfg(feature = "offline")]
pub mod simulate;
#[cfg(feature = "offline")]
mod stream;
#[cfg(feature = "offline")]
#[cfg(test)]
mod tale;
#[cfg(all(test, feature = "server", feature = "offline"))]
mod told;
#[cfg(feature = "offline")]
pub mod vectors;
#[cfg(feature = "offline")]
pub mod verify;
#[cfg(feature = "offline")]
pub mod verify_openings;
#[cfg(feature = "offline")]
mod verify_releases;
#[cfg(feature = "offline")]
pub mod verify_trail;
#[cfg(feature = "offline")]
pub mod wrap;
