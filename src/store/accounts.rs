//! What belongs to accounts and is nobody's history: passwords, invitations, sessions. The entries beside them say that
//! something happened, and never hold any of this.

use super::{StoreError, Tx};
use crate::domain::ids::PersonId;
use crate::domain::time::Moment;
use crate::sealing::bytes::Hash;
use rusqlite::Params;

impl Tx<'_> {
    pub(super) fn put(&self, sql: &str, values: impl Params) -> Result<usize, StoreError> {
        Ok(self.connection().prepare_cached(sql)?.execute(values)?)
    }

    /// Keeps an invitation's token, hashed; an older invitation of the same person ends.
    ///
    /// # Errors
    /// When the store fails.
    pub fn keep_invitation(
        &self,
        token: &Hash,
        person: &PersonId,
        expires: Moment,
    ) -> Result<(), StoreError> {
        self.put("DELETE FROM invitations WHERE person = ?1", [person.as_str()])?;
        let sql = "INSERT INTO invitations (token, person, expires) VALUES (?1, ?2, ?3)";
        self.put(sql, (&token[..], person.as_str(), expires.millis())).map(|_| ())
    }

    /// Uses an invitation up, and keeps the person's first password hash.
    ///
    /// # Errors
    /// When the store fails.
    pub fn accept_invitation(&self, person: &PersonId, password: &str) -> Result<(), StoreError> {
        self.put("DELETE FROM invitations WHERE person = ?1", [person.as_str()])?;
        let sql = "INSERT OR REPLACE INTO credentials (person, password) VALUES (?1, ?2)";
        self.put(sql, (person.as_str(), password)).map(|_| ())
    }

    /// Begins a session.
    ///
    /// # Errors
    /// When the store fails.
    pub fn begin_session(
        &self,
        token: &Hash,
        person: &PersonId,
        expires: Moment,
    ) -> Result<(), StoreError> {
        let sql = "DELETE FROM sessions WHERE expires < ?1";
        self.put(sql, [self.now().millis()])?;
        let sql = "INSERT INTO sessions (token, person, seen, expires) VALUES (?1, ?2, ?3, ?4)";
        self.put(sql, (&token[..], person.as_str(), self.now().millis(), expires.millis()))?;
        Ok(())
    }

    /// Notes that a session is alive.
    ///
    /// # Errors
    /// When the store fails.
    pub fn touch_session(&self, token: &Hash) -> Result<(), StoreError> {
        let sql = "UPDATE sessions SET seen = ?2 WHERE token = ?1";
        self.put(sql, (&token[..], self.now().millis())).map(|_| ())
    }

    /// Ends one session.
    ///
    /// # Errors
    /// When the store fails.
    pub fn end_session(&self, token: &Hash) -> Result<(), StoreError> {
        self.put("DELETE FROM sessions WHERE token = ?1", [&token[..]]).map(|_| ())
    }

    /// Ends every session of a person, and forgets the password: leaving ends access at once (AC-7).
    ///
    /// # Errors
    /// When the store fails.
    pub fn end_access(&self, person: &PersonId) -> Result<(), StoreError> {
        self.put("DELETE FROM sessions WHERE person = ?1", [person.as_str()])?;
        self.put("DELETE FROM credentials WHERE person = ?1", [person.as_str()])?;
        self.forget_factors(person)?;
        self.put("DELETE FROM invitations WHERE person = ?1", [person.as_str()]).map(|_| ())
    }
}
