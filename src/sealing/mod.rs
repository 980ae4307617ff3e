//! The only room that knows ciphers: list, slots, keys, commitment, trail lines (design 4, 5, 7).

pub mod bytes;
pub mod card;
pub mod checkpoint;
pub mod line;
pub mod lock;
pub mod manifest;
pub mod package;
#[cfg(test)]
mod samples;
pub mod signature;
pub mod slot;
pub mod tree;
