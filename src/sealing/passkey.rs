//! Passkeys (WebAuthn Level 3): what a browser is asked, and whether what it answers is signed by a key that was taken up
//! for this very address. What goes in and out is text, so that no other room learns of the library.

#[cfg_attr(feature = "passkeys", path = "passkey/webauthn.rs")]
#[cfg_attr(not(feature = "passkeys"), path = "passkey/none.rs")]
mod relying;

pub use relying::{Adding, Asking, Relying};

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
