//! Sign-in passwords: `Argon2id(password, salt 16, cost)`, stored as a PHC string (RFC 9106).
//!
//! They open nothing that is sealed: the six words do that, and never reach the service.

use argon2::password_hash::phc::PasswordHash;
use argon2::{Algorithm, Argon2, Params, PasswordHasher, PasswordVerifier, Version};

/// How dear one guess is.
#[derive(Debug, Clone, Copy)]
pub struct Cost {
    memory_kib: u32,
    passes: u32,
}

impl Cost {
    /// 19 MiB, two passes: what the OWASP sheet asks at least.
    pub const EARNEST: Cost = Cost { memory_kib: 19 * 1024, passes: 2 };
    /// For tests and load measurements only: next to nothing.
    pub const CHEAP: Cost = Cost { memory_kib: 8, passes: 1 };

    fn argon2(self) -> Argon2<'static> {
        let params = Params::new(self.memory_kib, self.passes, 1, None);
        let params = params.expect("both costs are within Argon2's limits");
        Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
    }
}

/// A stored password.
pub struct Hashed(String);

impl Hashed {
    /// Hashes a password.
    pub fn new(password: &str, salt: [u8; 16], cost: Cost) -> Self {
        let hash = cost.argon2().hash_password_with_salt(password.as_bytes(), &salt);
        Self(hash.expect("a 16-byte salt and a bounded password are always hashed").to_string())
    }

    /// Reads a stored one.
    pub fn read(text: &str) -> Option<Self> {
        PasswordHash::new(text).ok().map(|_| Self(text.to_owned()))
    }

    /// Is this the password? Costs what the stored hash says.
    pub fn fits(&self, password: &str) -> bool {
        let hash = PasswordHash::new(&self.0);
        hash.is_ok_and(|h| Argon2::default().verify_password(password.as_bytes(), &h).is_ok())
    }

    /// The PHC string.
    pub fn into_string(self) -> String {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // shows: AC-1
    #[test]
    fn a_password_is_kept_at_its_cost_and_fits_itself_alone() {
        for (cost, kept) in [
            (Cost::CHEAP, "$argon2id$v=19$m=8,t=1,p=1$"),
            (Cost::EARNEST, "$argon2id$v=19$m=19456,t=2,p=1$"),
        ] {
            let hashed = Hashed::new("a long enough password", [7; 16], cost);
            assert!(hashed.fits("a long enough password"));
            assert!(!hashed.fits("a long enough Password") && !hashed.fits(""));
            let text = hashed.into_string();
            assert!(text.starts_with(kept), "{text}");
            assert!(Hashed::read(&text).is_some_and(|again| again.fits("a long enough password")));
        }
        assert!(Hashed::read("").is_none() && Hashed::read("no hash at all").is_none());
    }
}
