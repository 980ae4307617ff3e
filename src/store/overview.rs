//! What home pages and figures ask of the store: short answers from the projections, one question each.

use super::queries::{one_value, read_id, reference};
use super::{StoreError, View};
use crate::domain::forecast::is_low;
use crate::domain::ids::{CentreId, EnrolmentNumber, PersonId, Reference, StratumId};
use crate::domain::time::Moment;
use crate::sealing::bytes::Hash;
use crate::sealing::slot::centre_of;

/// How far a participant has come on the way to a code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// An answer that eligibility hangs on is still open.
    Incomplete,
    /// Eligible, and the investigator has not signed it.
    Unsigned,
    /// Signed: the code can be asked for.
    Ready,
    /// The code is issued.
    Randomised,
}

/// A participant with whom something is to be done, or was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    /// The name in paths.
    pub reference: Reference,
    /// The enrolment number.
    pub number: EnrolmentNumber,
    /// How far.
    pub progress: Progress,
}

/// One stratum's gauge. For the statistician alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gauge {
    /// The stratum.
    pub stratum: StratumId,
    /// Slots in all segments.
    pub slots: u64,
    /// Issued.
    pub issued: u64,
    /// Void: never to be issued.
    pub voided: u64,
    /// No approved slot is left, and a code was asked for since the last one was issued: the last time.
    pub used_up: Option<Moment>,
}

impl Gauge {
    /// Slots that are neither issued nor void.
    pub fn left(&self) -> u64 {
        self.slots.saturating_sub(self.issued + self.voided)
    }

    /// Is so much gone that the next segment should be prepared?
    pub fn is_low(&self) -> bool {
        is_low(self.slots, self.issued + self.voided)
    }
}

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
    /// How many releases from before this moment have no confirmed opening.
    ///
    /// # Errors
    /// When the disk fails.
    pub fn unconfirmed(&self, before: Moment) -> Result<u64, StoreError> {
        let sql = "SELECT count(*) FROM releases WHERE opened IS NULL AND at < ?1";
        let count = self.one(sql, [before.millis()], |row| row.get::<_, i64>(0))?;
        Ok(count.unwrap_or(0).unsigned_abs())
    }

    /// The codes that were issued from this entry on, in the order of their entries: what a copy that ends before it
    /// does not know.
    ///
    /// # Errors
    /// When the disk fails.
    pub fn codes_since(&self, entry: u64) -> Result<Vec<String>, StoreError> {
        let sql = "SELECT code FROM allocations WHERE entry >= ?1 ORDER BY entry";
        self.all(sql, [entry as i64], |row| row.get(0))
    }

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

    /// When each code of each stratum was issued. For the statistician alone.
    pub fn issued_by_stratum(&self) -> Result<Vec<(StratumId, Moment)>, StoreError> {
        let sql = "SELECT stratum, at FROM allocations ORDER BY entry";
        self.all(sql, [], |row| {
            let stratum = read_id(StratumId::parse(&row.get::<_, String>(0)?))?;
            Ok((stratum, Moment::from_millis(row.get(1)?)))
        })
    }

    /// Participants on the way to a code, what is to be done before what is done, by enrolment number; of these centres,
    /// or of all; with `only`, those that are so far.
    pub fn waiting(
        &self,
        centres: Option<&[CentreId]>,
        only: Option<Progress>,
        limit: u32,
    ) -> Result<Vec<Waiting>, StoreError> {
        let sql = "SELECT p.reference, p.number, CASE
                     WHEN a.participant IS NOT NULL THEN 3
                     WHEN p.outcome = 'incomplete' THEN 0
                     WHEN p.outcome = 'eligible' AND p.eligibility IS NULL THEN 1
                     WHEN p.outcome = 'eligible' THEN 2
                   END AS progress
                   FROM participants p LEFT JOIN allocations a ON a.participant = p.reference
                   WHERE progress IS NOT NULL AND (?1 IS NULL OR progress = ?1)
                     AND (?2 IS NULL OR instr(?2, ',' || p.centre || ',') > 0)
                   ORDER BY progress = 3, p.number LIMIT ?3";
        let only = only.map(|progress| progress as u32);
        self.all(sql, (only, centres.map(one_value), limit), |row| {
            Ok(Waiting {
                reference: reference(row, 0)?,
                number: read_id(EnrolmentNumber::parse(&row.get::<_, String>(1)?))?,
                progress: match row.get(2)? {
                    0 => Progress::Incomplete,
                    1 => Progress::Unsigned,
                    2 => Progress::Ready,
                    _ => Progress::Randomised,
                },
            })
        })
    }

    /// The last entry after `since` that sent a participant's record back. Only records that are neither signed nor
    /// changed since are asked about, so few lines lie behind them.
    pub fn sent_back(&self, of: &Reference, since: u64) -> Result<Option<u64>, StoreError> {
        let sql = "SELECT seq FROM entries WHERE seq > ?1
                     AND instr(line, '\"act\":\"eligibility-sent-back\"') > 0
                     AND instr(line, ?2) > 0
                   ORDER BY seq DESC LIMIT 1";
        let reference = format!("\"reference\":\"{}\"", of.as_str());
        let values = (i64::try_from(since).unwrap_or(i64::MAX), reference);
        let found = self.one(sql, values, |row| row.get::<_, i64>(0))?;
        Ok(found.map(i64::unsigned_abs))
    }

    /// When this person signed in before the newest session.
    pub fn sign_in_before(&self, person: &PersonId) -> Result<Option<Moment>, StoreError> {
        let sql = "SELECT before FROM sign_ins WHERE person = ?1";
        let before = self.one(sql, [person.as_str()], |row| row.get::<_, Option<i64>>(0))?;
        Ok(before.flatten().map(Moment::from_millis))
    }

    /// Every stratum's gauge, in list order. For the statistician alone. A refusal names the centre and no stratum, so
    /// when two strata of a centre are used up, the moment may be the other's.
    pub fn gauges(&self) -> Result<Vec<Gauge>, StoreError> {
        let sql = "SELECT centre, at, entry FROM shortages";
        let shortages: Vec<(String, i64, i64)> =
            self.all(sql, [], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
        let sql = "SELECT s.stratum, count(*), count(a.code), count(v.code),
                     count(l.reviewed) FILTER (WHERE a.code IS NULL AND v.code IS NULL), max(a.entry)
                   FROM slots s JOIN lists l ON l.segment = s.segment
                   LEFT JOIN allocations a USING (segment, stratum, position)
                   LEFT JOIN voids v USING (segment, stratum, position)
                   GROUP BY s.stratum ORDER BY min(s.rowid)";
        self.all(sql, [], |row| {
            let stratum = read_id(StratumId::parse(&row.get::<_, String>(0)?))?;
            let count = |column| row.get::<_, i64>(column).map(i64::unsigned_abs);
            let (slots, issued, voided, waiting) = (count(1)?, count(2)?, count(3)?, count(4)?);
            let last_issued: Option<i64> = row.get(5)?;
            let here = centre_of(&stratum);
            let since = |(centre, _, entry): &&(String, i64, i64)| {
                here.as_ref().is_some_and(|here| here.as_str() == centre.as_str())
                    && last_issued.is_none_or(|last| *entry > last)
            };
            let refused = shortages.iter().find(since).filter(|_| waiting == 0);
            let used_up = refused.map(|(_, at, _)| Moment::from_millis(*at));
            Ok(Gauge { stratum, slots, issued, voided, used_up })
        })
    }
}
