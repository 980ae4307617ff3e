//! Which hospital account enters as whom: what belongs to accounts and is nobody's history. The entries beside it say that
//! somebody linked one, and never hold any of this.

use super::queries::read_id;
use super::{StoreError, Tx, View};
use crate::domain::ids::PersonId;
use crate::domain::time::Moment;
use crate::sealing::bytes::Hash;

impl View<'_> {
    /// A person's hospital account as it is kept, and since when.
    ///
    /// # Errors
    /// When the store fails.
    pub fn sign_on_of(&self, person: &PersonId) -> Result<Option<(Hash, Moment)>, StoreError> {
        let sql = "SELECT link, at FROM sign_on_links WHERE person = ?1";
        self.one(sql, [person.as_str()], |row| Ok((row.get(0)?, Moment::from_millis(row.get(1)?))))
    }

    /// Whose hospital account this is.
    ///
    /// # Errors
    /// When the store fails.
    pub fn signs_on(&self, link: &Hash) -> Result<Option<PersonId>, StoreError> {
        let sql = "SELECT person FROM sign_on_links WHERE link = ?1";
        self.one(sql, [&link[..]], |row| read_id(PersonId::parse(&row.get::<_, String>(0)?)))
    }
}

impl Tx<'_> {
    /// Keeps a person's hospital account, of which there was none. No when it is somebody's already.
    ///
    /// # Errors
    /// When the store fails.
    pub fn keep_sign_on(&self, person: &PersonId, link: &Hash) -> Result<bool, StoreError> {
        let sql = "INSERT INTO sign_on_links (person, link, at) VALUES (?1, ?2, ?3)
                   ON CONFLICT DO NOTHING";
        Ok(self.put(sql, (person.as_str(), &link[..], self.now().millis()))? == 1)
    }

    /// Forgets a person's hospital account. No when there is none.
    ///
    /// # Errors
    /// When the store fails.
    pub fn forget_sign_on(&self, person: &PersonId) -> Result<bool, StoreError> {
        Ok(self.put("DELETE FROM sign_on_links WHERE person = ?1", [person.as_str()])? == 1)
    }
}
