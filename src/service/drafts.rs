//! Forms that were begun and not sent (screens A1): kept 72 hours for their author. They are personal data and nobody's
//! history: no entry, no log line and no other person ever sees one.

use super::House;
use super::refuse::Noted;
use super::screen::{facts_of, raw_of};
use crate::domain::access::{Caller, Screen};
use crate::domain::answers::Raw;
use crate::domain::ids::Reference;
use crate::domain::time::Moment;
use crate::limits::{DRAFT, NAME};
use crate::refusal::{Code as Why, Refusal};
use crate::sealing::line::{facts_from_json, facts_json};
use crate::store::drafts::StoredDraft;
use crate::store::{Stamp, Tx};
use std::collections::BTreeMap;

/// A form to keep.
pub struct Draft {
    /// Under which reference it was kept before; none is a new one.
    pub reference: Option<Reference>,
    /// Of which form.
    pub kind: String,
    /// The record that the form is about, if it is about one.
    pub about: Option<Reference>,
    /// What was typed so far.
    pub answers: BTreeMap<String, Raw>,
}

/// A form that was kept.
pub struct KeptDraft {
    /// Its reference.
    pub reference: Reference,
    /// Of which form.
    pub kind: String,
    /// The record that the form is about, if it is about one.
    pub about: Option<Reference>,
    /// What was typed so far.
    pub answers: BTreeMap<String, Raw>,
    /// When it was kept last.
    pub at: Moment,
}

impl House {
    /// Keeps a form as it stands.
    ///
    /// # Errors
    /// `not-your-role`; `too-large`; `no-such-record` for a reference that is another author's.
    pub async fn keep_draft(&self, caller: &Caller, draft: Draft) -> Result<Reference, Refusal> {
        self.may_somewhere::<Screen>(caller).await?;
        let body = facts_json(&vec![("answers".to_owned(), facts_of(&draft.answers))]);
        // What could not be read again is not kept.
        if body.len() > DRAFT || facts_from_json(&body).is_err() || draft.kind.len() > NAME {
            return Err(Refusal::new(Why::TooLarge));
        }
        let author = caller.person.id.clone();
        self.unrecorded(caller, move |tx| {
            let reference = draft.reference.unwrap_or_else(|| tx.reference());
            let (kind, about, at) = (draft.kind, draft.about, tx.now());
            let stored = StoredDraft { reference: reference.clone(), kind, about, body, at };
            let kept = tx.keep_draft(&author, &stored)?;
            if kept { Ok(reference) } else { Err(Refusal::new(Why::NoSuchRecord)) }
        })
        .await
    }

    /// One of the caller's own drafts.
    ///
    /// # Errors
    /// `not-your-role`; `no-such-record` when there is none, its time is over, or it is another author's.
    pub async fn draft(
        &self,
        caller: &Caller,
        reference: &Reference,
    ) -> Result<KeptDraft, Refusal> {
        self.may_somewhere::<Screen>(caller).await?;
        let now = self.clock.now();
        let found = self.store.read(|view| view.draft(&caller.person.id, reference, now))?;
        found.and_then(kept).ok_or_else(|| Refusal::new(Why::NoSuchRecord))
    }

    /// The caller's own drafts, newest first.
    ///
    /// # Errors
    /// `not-your-role`.
    pub async fn drafts(&self, caller: &Caller) -> Result<Vec<KeptDraft>, Refusal> {
        self.may_somewhere::<Screen>(caller).await?;
        let now = self.clock.now();
        let found = self.store.read(|view| view.drafts(&caller.person.id, now))?;
        Ok(found.into_iter().filter_map(kept).collect())
    }

    /// Drops a draft: the form was sent, or is not wanted any more.
    ///
    /// # Errors
    /// `not-your-role`; `no-such-record` when there is none, or it is another author's.
    pub async fn drop_draft(&self, caller: &Caller, reference: &Reference) -> Result<(), Refusal> {
        self.may_somewhere::<Screen>(caller).await?;
        let (author, reference) = (caller.person.id.clone(), reference.clone());
        self.unrecorded(caller, move |tx| {
            let gone = tx.drop_draft(&author, &reference)?;
            if gone { Ok(()) } else { Err(Refusal::new(Why::NoSuchRecord)) }
        })
        .await
    }

    /// Writes what leaves no entry, refused or not.
    async fn unrecorded<T: Send + 'static>(
        &self,
        caller: &Caller,
        write: impl FnOnce(&mut Tx<'_>) -> Result<T, Refusal> + Send + 'static,
    ) -> Result<T, Refusal> {
        let stamp = Stamp::person(&caller.person.id, caller.role());
        let plain = |refusal| Noted { refusal, wanted: None };
        let pending = self.store.write(stamp, move |tx| write(tx).map_err(plain));
        let done = pending.answer().await.map_err(|noted: Noted| noted.refusal)?;
        Ok(done.into_parts().0)
    }
}

fn kept(stored: StoredDraft) -> Option<KeptDraft> {
    let facts = facts_from_json(&stored.body).ok()?;
    let StoredDraft { reference, kind, about, at, .. } = stored;
    Some(KeptDraft { reference, kind, about, answers: raw_of(Some(&facts))?, at })
}
