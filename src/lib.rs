#![doc = include_str!("../ARCHITECTURE.md")]
#![forbid(unsafe_code)]
#![deny(missing_docs)]

pub mod clock;
pub mod dice;
pub mod domain;
pub mod limits;
pub mod refusal;
pub mod sealing;
#[cfg(feature = "server")]
pub mod store;
pub mod text;
