//! Drafts of forms: for their author alone, for 72 hours, and nobody's history. They hold personal data, so no entry
//! says a word of them; a dropped one is overwritten on the disk.

use super::queries::{read_id, reference};
use super::{StoreError, Tx, View};
use crate::domain::ids::{PersonId, Reference};
use crate::domain::time::Moment;
use crate::limits::{DRAFT_SECONDS, DRAFTS};
use rusqlite::Row;

/// A form that was begun.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredDraft {
    /// Its reference.
    pub reference: Reference,
    /// Of which form.
    pub kind: String,
    /// The record that the form is about, if it is about one.
    pub about: Option<Reference>,
    /// The answers as text.
    pub body: String,
    /// When it was kept last.
    pub at: Moment,
}

const DRAFT: &str = "SELECT reference, kind, about, body, at FROM drafts ";

fn read_draft(row: &Row<'_>) -> rusqlite::Result<StoredDraft> {
    let about: Option<String> = row.get(2)?;
    Ok(StoredDraft {
        reference: reference(row, 0)?,
        kind: row.get(1)?,
        about: about.map(|text| read_id(Reference::parse(&text))).transpose()?,
        body: row.get(3)?,
        at: Moment::from_millis(row.get(4)?),
    })
}

fn end(now: Moment) -> i64 {
    now.plus_seconds(-DRAFT_SECONDS).millis()
}

impl View<'_> {
    /// One draft of its author; of anybody else's there is none.
    pub fn draft(
        &self,
        author: &PersonId,
        reference: &Reference,
        now: Moment,
    ) -> Result<Option<StoredDraft>, StoreError> {
        let sql = format!("{DRAFT}WHERE person = ?1 AND reference = ?2 AND at > ?3");
        self.one(&sql, (author.as_str(), reference.as_str(), end(now)), read_draft)
    }

    /// An author's drafts, newest first.
    pub fn drafts(&self, author: &PersonId, now: Moment) -> Result<Vec<StoredDraft>, StoreError> {
        let sql = format!("{DRAFT}WHERE person = ?1 AND at > ?2 ORDER BY at DESC, rowid DESC");
        self.all(&sql, (author.as_str(), end(now)), read_draft)
    }
}

impl Tx<'_> {
    /// Keeps a draft, new or in place of the author's own under this reference; what has had its 72 hours goes, and so
    /// does the author's oldest beyond [`DRAFTS`]. False when the reference is somebody else's: nothing is kept then.
    ///
    /// # Errors
    /// When the store fails.
    pub fn keep_draft(&self, author: &PersonId, draft: &StoredDraft) -> Result<bool, StoreError> {
        let database = self.connection();
        let mut old = database.prepare_cached("DELETE FROM drafts WHERE at <= ?1")?;
        old.execute([end(self.now())])?;
        let sql = "INSERT INTO drafts (reference, person, kind, about, body, at)
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6)
                   ON CONFLICT (reference) DO UPDATE SET kind = excluded.kind,
                     about = excluded.about, body = excluded.body, at = excluded.at
                   WHERE person = excluded.person";
        let kept = database.prepare_cached(sql)?.execute((
            draft.reference.as_str(),
            author.as_str(),
            &draft.kind,
            draft.about.as_ref().map(Reference::as_str),
            &draft.body,
            draft.at.millis(),
        ))?;
        let sql = "DELETE FROM drafts WHERE person = ?1 AND rowid NOT IN (SELECT rowid FROM drafts
                     WHERE person = ?1 ORDER BY at DESC, rowid DESC LIMIT ?2)";
        database.prepare_cached(sql)?.execute((author.as_str(), DRAFTS as i64))?;
        Ok(kept > 0)
    }

    /// Drops an author's draft. False when there is none, or it is somebody else's.
    ///
    /// # Errors
    /// When the store fails.
    pub fn drop_draft(&self, author: &PersonId, reference: &Reference) -> Result<bool, StoreError> {
        let sql = "DELETE FROM drafts WHERE person = ?1 AND reference = ?2";
        let values = (author.as_str(), reference.as_str());
        Ok(self.connection().prepare_cached(sql)?.execute(values)? > 0)
    }
}
