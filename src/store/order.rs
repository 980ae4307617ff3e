//! The order of issue (I4): in each stratum the list's slots one by one, and the only gaps are codes that were void before
//! their turn came.

use super::startup::OpenError;
use super::{StoreError, Tx, View};
use crate::domain::ids::{Code, StratumId};
use rusqlite::Connection;
use std::collections::BTreeMap;

/// What has become of a slot of the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// Nothing yet.
    Waits,
    /// It is somebody's.
    Issued,
    /// It became known, and is nobody's for ever.
    Void,
}

impl View<'_> {
    /// What has become of this code. None: no list has it.
    pub fn fate(&self, code: &Code) -> Result<Option<Fate>, StoreError> {
        let sql = "SELECT EXISTS (SELECT 1 FROM allocations WHERE code = ?1),
                          EXISTS (SELECT 1 FROM voids WHERE code = ?1)
                   FROM slots WHERE code = ?1";
        self.one(sql, [code.to_string()], |row| {
            Ok(match (row.get(0)?, row.get(1)?) {
                (true, _) => Fate::Issued,
                (false, true) => Fate::Void,
                (false, false) => Fate::Waits,
            })
        })
    }
}

impl Tx<'_> {
    /// Takes the stratum's next slot, in list order, past those that are void (I4). None: the stratum's list is used up.
    ///
    /// # Errors
    /// When the store fails.
    pub fn issue_next(&mut self, stratum: &StratumId) -> Result<Option<(u32, Code)>, StoreError> {
        let segments = self.view().reviewed_segments(stratum)?;
        while let Some(passed) = self.pass_next(stratum) {
            let Some((segment, position)) = place(&segments, passed) else { return Ok(None) };
            let (code, void): (String, bool) = self
                .connection()
                .prepare_cached(
                    "SELECT s.code, v.entry IS NOT NULL FROM slots s
                     LEFT JOIN voids v USING (segment, stratum, position)
                     WHERE s.segment = ?1 AND s.stratum = ?2 AND s.position = ?3",
                )?
                .query_row((segment, stratum.as_str(), position as i64), |row| {
                    Ok((row.get(0)?, row.get(1)?))
                })?;
            if !void {
                self.count_issued();
                let code = Code::parse(&code).map_err(|_| StoreError::Failed)?;
                return Ok(Some((segment, code)));
            }
        }
        Ok(None)
    }
}

/// The segment and position of the slot that so many others of its stratum come before.
fn place(segments: &[(u32, u64)], mut before: u64) -> Option<(u32, u64)> {
    for (segment, count) in segments {
        if before < *count {
            return Some((*segment, before));
        }
        before -= count;
    }
    None
}

/// The strata of the sealed lists, and how far each has come.
pub(super) struct Strata {
    pub names: BTreeMap<StratumId, usize>,
    /// Up to and with the last slot that was issued; a void one after it is passed when its turn comes.
    pub passed: Vec<u64>,
    pub issued: u64,
}

/// Reads them.
pub(super) fn strata(connection: &Connection) -> Result<Strata, StoreError> {
    let sql = "WITH last AS (SELECT stratum, count(*) AS issued,
                                    max((segment << 32) | position) AS place
                             FROM allocations GROUP BY stratum)
               SELECT s.stratum, coalesce(l.issued, 0),
                      count(*) FILTER (WHERE ((s.segment << 32) | s.position) <= l.place)
               FROM slots s LEFT JOIN last l USING (stratum) GROUP BY s.stratum ORDER BY s.stratum";
    let mut statement = connection.prepare(sql)?;
    let mut rows = statement.query([])?;
    let mut all = Strata { names: BTreeMap::new(), passed: vec![], issued: 0 };
    while let Some(row) = rows.next()? {
        let name: String = row.get(0)?;
        let name = StratumId::parse(&name).map_err(|_| StoreError::Failed)?;
        all.names.insert(name, all.passed.len());
        all.issued += row.get::<_, i64>(1)?.unsigned_abs();
        all.passed.push(row.get::<_, i64>(2)?.unsigned_abs());
    }
    Ok(all)
}

/// In each stratum the issued slots are the first of the list in the order of their entries, but for void ones (I4).
pub(super) fn check(connection: &Connection, version: i32) -> Result<(), OpenError> {
    // A folder of an older schema has no void codes yet.
    let voids = if version < 3 { "(SELECT * FROM allocations WHERE 0)" } else { "voids" };
    let sql = format!(
        "WITH last AS (SELECT stratum, max((segment << 32) | position) AS place
                       FROM allocations GROUP BY stratum)
         SELECT (SELECT count(*) FROM (
                   SELECT row_number() OVER (PARTITION BY stratum ORDER BY segment, position) AS place,
                          row_number() OVER (PARTITION BY stratum ORDER BY entry) AS turn
                   FROM allocations) WHERE place <> turn)
              + (SELECT count(*) FROM slots s JOIN last l USING (stratum)
                 WHERE ((s.segment << 32) | s.position) < l.place
                   AND NOT EXISTS (SELECT 1 FROM allocations a
                     WHERE (a.segment, a.stratum, a.position) = (s.segment, s.stratum, s.position))
                   AND NOT EXISTS (SELECT 1 FROM {voids} v
                     WHERE (v.segment, v.stratum, v.position) = (s.segment, s.stratum, s.position)))"
    );
    let wrong: i64 = connection.query_row(&sql, [], |row| row.get(0))?;
    if wrong > 0 { Err(OpenError::Tables("allocations")) } else { Ok(()) }
}
