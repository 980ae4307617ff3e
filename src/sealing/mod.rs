//! The only room that knows ciphers: list, slots, keys, commitment, trail lines (design 4, 5, 7).

pub mod bytes;
pub mod card;
pub mod manifest;
pub mod signature;
pub mod slot;
pub mod tree;
