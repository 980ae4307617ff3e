//! The pages, over a real port, by a browser that runs no scripts.
#![cfg(all(feature = "server", feature = "offline"))]
#![allow(clippy::unwrap_used, reason = "a test stops where it stumbles")]
// All of it is tests, and so are the hands that help them.

#[path = "../authenticator/mod.rs"]
mod authenticator;
mod browser;
mod doors;
mod drill;
mod follow_up;
mod frame;
#[cfg(feature = "oidc")]
mod hospital;
mod life;
#[cfg(feature = "oidc")]
#[path = "../story/log.rs"]
mod log;
mod never;
mod office;
mod offline;
mod passkeys;
mod randomise;
mod rights;
mod screening;
#[cfg(feature = "oidc")]
mod sign_on;
mod walk;
