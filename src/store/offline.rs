//! Questions about codes that were opened without the service.

use super::queries::{Release, reference};
use super::{StoreError, View};
use crate::domain::ids::{CentreId, Code, PersonId, Reference};
use crate::domain::time::Moment;

pub use super::apply_offline::item;

/// How a code was opened without the service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outside {
    /// When, by the holder's own clock.
    pub at: Moment,
    /// The serial of the letter that was opened; none: the emergency kit.
    pub letter: Option<String>,
}

/// From the columns of an opening that was taken in.
pub(super) fn outside(item: Option<String>, opened: Option<i64>) -> Option<Outside> {
    let (item, at) = (item?, Moment::from_millis(opened?));
    Some(Outside { at, letter: item.strip_prefix("letter ").map(str::to_owned) })
}

impl Release {
    /// When the arm was known: at the release, or when a kit or a letter was opened.
    pub fn known(&self) -> Moment {
        self.outside.as_ref().map_or(self.at, |outside| outside.at)
    }
}

/// An opening that was taken in.
#[derive(Debug, Clone)]
pub struct OfflineBreak {
    /// The code break it counts as; none: nobody had the code.
    pub release: Option<Reference>,
    /// Which code.
    pub code: String,
    /// When it was opened, by the holder's own clock.
    pub opened: Moment,
    /// The entry that took it in.
    pub entry: u64,
}

impl View<'_> {
    /// The opening that is known by this, if it was taken in.
    pub fn offline_break(&self, item: &str) -> Result<Option<OfflineBreak>, StoreError> {
        let sql = "SELECT release, code, opened, entry FROM offline_breaks WHERE item = ?1";
        self.one(sql, [item], |row| {
            let release: Option<String> = row.get(0)?;
            Ok(OfflineBreak {
                release: release.map(|_| reference(row, 0)).transpose()?,
                code: row.get(1)?,
                opened: Moment::from_millis(row.get(2)?),
                entry: row.get::<_, i64>(3)? as u64,
            })
        })
    }

    /// Did this person ever hold a key of this centre?
    pub fn ever_held(&self, person: &PersonId, centre: &CentreId) -> Result<bool, StoreError> {
        let sql = "SELECT EXISTS (SELECT 1 FROM held WHERE person = ?1 AND centre = ?2)";
        Ok(self.one(sql, (person.as_str(), centre.as_str()), |row| row.get(0))?.unwrap_or(false))
    }

    /// The stratum's centre of a code, whatever became of it.
    pub fn centre_of_code(&self, code: &Code) -> Result<Option<CentreId>, StoreError> {
        let sql = "SELECT stratum FROM slots WHERE code = ?1";
        let stratum: Option<String> = self.one(sql, [code.to_string()], |row| row.get(0))?;
        let centre = stratum.as_deref().and_then(|stratum| stratum.split('/').next());
        centre.map(|id| CentreId::parse(id).map_err(|_| StoreError::Damaged)).transpose()
    }
}
