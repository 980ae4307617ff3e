//! What home pages and figures ask of the store: short answers from the projections, one question each.

use super::{StoreError, View};
use crate::domain::time::Moment;

impl View<'_> {
    /// When each code was issued, oldest first.
    pub fn randomised_at(&self) -> Result<Vec<Moment>, StoreError> {
        let sql = "SELECT at FROM allocations ORDER BY entry";
        self.all(sql, [], |row| Ok(Moment::from_millis(row.get(0)?)))
    }
}
