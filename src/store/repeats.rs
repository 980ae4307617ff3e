//! Acts are done once: the first answer is kept under the caller's key, in the act's own transaction (I5, I6).

use super::queries::Repeat;
use super::{StoreError, Tx};
use crate::sealing::bytes::Hash;

/// A caller's key against doing an act twice, with what the act was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OnceKey {
    /// SHA-256 of the key.
    pub key: Hash,
    /// SHA-256 of act, address and body, the signature's password left out.
    pub body: Hash,
}

/// What the caller's key finds.
#[derive(Debug)]
pub enum Before {
    /// Nothing: the act is new.
    New,
    /// The first answer.
    Done(Repeat),
    /// The key was used for something else.
    OtherBody,
}

impl Tx<'_> {
    /// Was this done before?
    ///
    /// # Errors
    /// When the store fails.
    pub fn before(&self, once: &OnceKey) -> Result<Before, StoreError> {
        Ok(match self.view().repeat(&self.stamp().by, &once.key)? {
            None => Before::New,
            Some(first) if first.body == once.body => Before::Done(first),
            Some(_) => Before::OtherBody,
        })
    }

    /// Keeps the first answer: a word or a reference from which it can be given again.
    ///
    /// # Errors
    /// When the store fails.
    pub fn remember(&self, once: &OnceKey, answer: &str, seq: u64) -> Result<(), StoreError> {
        self.connection()
            .prepare_cached(
                "INSERT INTO repeats (person, key, body, answer, seq) VALUES (?1, ?2, ?3, ?4, ?5)",
            )?
            .execute((&self.stamp().by, &once.key[..], &once.body[..], answer, seq as i64))?;
        Ok(())
    }
}
