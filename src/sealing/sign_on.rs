//! What is kept of the account that somebody has at their hospital.
//!
//! ```text
//! link = HKDF(salt empty, ikm HKDF(…, "klero/v1/sign-on", 32), info "klero/v1/sign-on" ‖ 00 ‖ LP(issuer) ‖ LP(subject), 32)
//! ```
//! A keyed hash, so that a copied database names nobody there, and no list of a hospital's accounts can be tried on it.

use super::bytes::{Hash, hkdf, label, lp};
use super::lock::ServerSecret;

impl ServerSecret {
    /// What is kept of an account: it follows from the hospital's server and the account's name there, and tells neither.
    pub fn sign_on_link(&self, issuer: &str, subject: &str) -> Hash {
        let mut info = label("sign-on");
        lp(&mut info, issuer);
        lp(&mut info, subject);
        hkdf(&[], &*self.derive("sign-on"), &info)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_is_of_one_account_at_one_server_under_one_secret() {
        let (ours, other) = (ServerSecret::from_bytes([7; 32]), ServerSecret::from_bytes([8; 32]));
        let link = ours.sign_on_link("https://sso.example", "4711");
        assert_eq!(link, ours.sign_on_link("https://sso.example", "4711"));
        assert_ne!(link, ours.sign_on_link("https://sso.example", "4712"));
        assert_ne!(link, ours.sign_on_link("https://sso.example4", "711"));
        assert_ne!(link, other.sign_on_link("https://sso.example", "4711"));
    }
}
