//! What home pages and figures ask of the store: short answers from the projections, one question each.

use super::{StoreError, View};
use crate::domain::ids::PersonId;
use crate::domain::time::Moment;
use crate::sealing::bytes::Hash;

/// How far somebody verified the trail, the last time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LastVerified {
    /// How many entries there were.
    pub size: u64,
    /// The root over them.
    pub root: Hash,
    /// When.
    pub at: Moment,
}

impl View<'_> {
    /// How far this person verified the trail, the last time.
    pub fn last_verified(&self, person: &PersonId) -> Result<Option<LastVerified>, StoreError> {
        let sql = "SELECT size, root, at FROM verifications WHERE person = ?1";
        self.one(sql, [person.as_str()], |row| {
            let size = row.get::<_, i64>(0)?.unsigned_abs();
            Ok(LastVerified { size, root: row.get(1)?, at: Moment::from_millis(row.get(2)?) })
        })
    }

    /// When each code was issued, oldest first.
    pub fn randomised_at(&self) -> Result<Vec<Moment>, StoreError> {
        let sql = "SELECT at FROM allocations ORDER BY entry";
        self.all(sql, [], |row| Ok(Moment::from_millis(row.get(0)?)))
    }
}
