//! That a monitor reviewed the trail (AT-12): up to the entry that they verified last, what they looked at, and why that.

use super::recruitment::check_reason;
use super::{Answered, House, Signature, first_answer};
use crate::domain::access::{Act, Caller, ReviewTrail};
use crate::domain::entry::Entry;
use crate::refusal::{Code as Why, Refusal};
use crate::sealing::bytes::hex;
use crate::store::repeats::OnceKey;

impl House {
    /// Records a review of the trail. It reaches as far as the reviewer's last verification, so that a review always says
    /// which trail was reviewed. `scope` may name persons, and stays out of the line.
    ///
    /// # Errors
    /// `wrong-state` for somebody who never verified the trail, `reason-needed` as a field, `signature-needed`.
    pub async fn review_trail(
        &self,
        caller: &Caller,
        scope: String,
        signature: &Signature,
        once: OnceKey,
    ) -> Result<Answered<()>, Refusal> {
        let may = self.may_somewhere::<ReviewTrail>(caller).await?;
        check_reason("/scope", &scope)?;
        let signed = self.check_signature(caller, ReviewTrail::NAME, signature).await?;
        let reviewer = caller.person.id.clone();
        let done = self.act(&may, move |tx| {
            if first_answer(tx, &once)?.is_some() {
                return Ok(true);
            }
            let verified = tx.view().last_verified(&reviewer)?;
            let verified = verified.ok_or_else(|| Refusal::new(Why::WrongState))?;
            let entry = Entry::new("trail-reviewed").with("size", verified.size);
            let entry = entry.with("root", hex(&verified.root));
            let seq = tx.append(signed.on(entry).private("scope", scope))?;
            tx.remember(&once, "reviewed", seq)?;
            Ok(false)
        });
        Ok(done.await?.into())
    }
}
