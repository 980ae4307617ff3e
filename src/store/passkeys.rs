//! Passkeys: what belongs to accounts and is nobody's history. The entries beside them say that one came or went, and
//! never hold any of this.

use super::{StoreError, Tx, View};
use crate::domain::ids::PersonId;
use crate::domain::time::Moment;

/// A passkey as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptPasskey {
    /// 1, 2, 3 of this person: what it is called, since a name that somebody gives could say anything.
    pub number: u64,
    /// Since when.
    pub at: Moment,
    /// The public key and what is known of it.
    pub key: String,
}

impl View<'_> {
    /// A person's passkeys, in the order in which they were added.
    ///
    /// # Errors
    /// When the store fails.
    pub fn passkeys(&self, person: &PersonId) -> Result<Vec<KeptPasskey>, StoreError> {
        let sql = "SELECT number, at, key FROM passkeys WHERE person = ?1 ORDER BY number";
        self.all(sql, [person.as_str()], |row| {
            let (number, at) = (row.get::<_, i64>(0)?.unsigned_abs(), row.get(1)?);
            Ok(KeptPasskey { number, at: Moment::from_millis(at), key: row.get(2)? })
        })
    }
}

impl Tx<'_> {
    /// Keeps a passkey under the person's next number. None when one with this id is kept already, whoever has it.
    ///
    /// # Errors
    /// When the store fails.
    pub fn keep_passkey(
        &self,
        person: &PersonId,
        id: &[u8],
        key: &str,
    ) -> Result<Option<u64>, StoreError> {
        let view = self.view();
        let number = view.passkeys(person)?.last().map_or(0, |last| last.number) + 1;
        let sql = "INSERT INTO passkeys (id, person, number, at, key, counter)
                   VALUES (?1, ?2, ?3, ?4, ?5, 0) ON CONFLICT (id) DO NOTHING";
        let values = (id, person.as_str(), number as i64, self.now().millis(), key);
        Ok((self.put(sql, values)? == 1).then_some(number))
    }

    /// Uses an answer of a passkey up. No when it is gone, or when it has counted as far or farther before: then somebody
    /// else has signed with it, or this answer is an old one. One that does not count always says 0.
    ///
    /// # Errors
    /// When the store fails.
    pub fn use_passkey(
        &self,
        person: &PersonId,
        id: &[u8],
        key: &str,
        counter: u32,
    ) -> Result<bool, StoreError> {
        let sql = "UPDATE passkeys SET key = ?3, counter = ?4 WHERE person = ?1 AND id = ?2
                   AND (counter < ?4 OR (counter = 0 AND ?4 = 0))";
        Ok(self.put(sql, (person.as_str(), id, key, counter))? == 1)
    }

    /// Forgets one of a person's passkeys. No when there is none of this number.
    ///
    /// # Errors
    /// When the store fails.
    pub fn forget_passkey(&self, person: &PersonId, number: u64) -> Result<bool, StoreError> {
        let Ok(number) = i64::try_from(number) else { return Ok(false) };
        let sql = "DELETE FROM passkeys WHERE person = ?1 AND number = ?2";
        Ok(self.put(sql, (person.as_str(), number))? == 1)
    }

    /// Forgets all of them: they stand beside a second factor, and end with it.
    ///
    /// # Errors
    /// When the store fails.
    pub fn forget_passkeys(&self, person: &PersonId) -> Result<(), StoreError> {
        self.put("DELETE FROM passkeys WHERE person = ?1", [person.as_str()]).map(|_| ())
    }
}
