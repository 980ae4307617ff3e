//! What stands in the place of `webauthn.rs` in a program that was built without passkeys: there is no address for which
//! one could be made, so nothing below it is ever reached.

use super::{Added, Used};

/// There is none.
pub enum Relying {}

/// There is none.
pub enum Adding {}

/// There is none.
pub enum Asking {}

impl Relying {
    /// Never: the program was built without passkeys.
    pub fn of(_: &str, _: &str) -> Option<Self> {
        None
    }

    /// Never reached.
    pub fn begin_adding(&self, _: &str, _: &[String]) -> Option<(String, Adding)> {
        match *self {}
    }

    /// Never reached.
    pub fn finish_adding(&self, _: &str, _: &Adding) -> Option<Added> {
        match *self {}
    }

    /// Never reached.
    pub fn ask(&self, _: &[String]) -> Option<(String, Asking)> {
        match *self {}
    }

    /// Never reached.
    pub fn check(&self, _: &str, _: &Asking) -> Option<Used> {
        match *self {}
    }
}
