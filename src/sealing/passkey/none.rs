//! What stands in the place of `passkey.rs` in a program that was built without passkeys: there is no address for which
//! one could be made, so nothing below it is ever reached.

/// There is none.
pub enum Relying {}

/// There is none.
pub enum Adding {}

/// There is none.
pub enum Asking {}

/// A passkey that was taken up.
pub struct Added {
    /// By what its authenticator knows it.
    pub id: Vec<u8>,
    /// The public key and what is known of it, as it is kept.
    pub key: String,
}

/// A passkey that has answered.
pub struct Used {
    /// Which.
    pub id: Vec<u8>,
    /// The same as it is to be kept from now on.
    pub key: String,
    /// How often it has signed, as it says; 0 for one that does not count.
    pub counter: u32,
}

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
