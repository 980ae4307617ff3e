#![doc = include_str!("../ARCHITECTURE.md")]
#![forbid(unsafe_code)]
#![deny(missing_docs)]

pub mod cli;
pub mod clock;
#[cfg(feature = "server")]
pub mod config;
pub mod dice;
pub mod domain;
pub mod export;
#[cfg(feature = "server")]
pub mod http;
pub mod limits;
#[cfg(feature = "server")]
pub mod meter;
#[cfg(feature = "server")]
pub mod post;
pub mod refusal;
pub mod sealing;
#[cfg(feature = "server")]
pub mod service;
#[cfg(feature = "server")]
pub mod store;
#[cfg(feature = "server")]
pub mod telemetry;
pub mod text;
pub mod trial_file;
#[cfg(feature = "server")]
pub mod web;
