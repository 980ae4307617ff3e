//! A code that became known before it was issued, because a letter was opened or a kit lost, is never issued: the one gap in
//! the order that verifiers allow. Nothing here says where the gap is.

use super::recruitment::check_reason;
use super::{Answered, House, Signature, first_answer};
use crate::domain::access::{Act, Caller, VoidCode};
use crate::domain::entry::Entry;
use crate::domain::ids::Code;
use crate::refusal::{Code as Why, Refusal};
use crate::store::order::Fate;
use crate::store::repeats::OnceKey;

impl House {
    /// Voids one unissued code, for ever.
    ///
    /// # Errors
    /// `no-such-record` for a code of no list, `wrong-state` for one that is issued or void already, `reason-needed` as
    /// a field, `signature-needed`.
    pub async fn void_code(
        &self,
        caller: &Caller,
        code: Code,
        reason: String,
        signature: &Signature,
        once: OnceKey,
    ) -> Result<Answered<()>, Refusal> {
        let may = self.may_somewhere::<VoidCode>(caller).await?;
        check_reason("/reason", &reason)?;
        let signed = self.check_signature(caller, VoidCode::NAME, signature).await?;
        let done = self.act(&may, move |tx| {
            if first_answer(tx, &once)?.is_some() {
                return Ok(true);
            }
            match tx.view().fate(&code)? {
                None => return Err(Refusal::new(Why::NoSuchRecord)),
                Some(Fate::Issued | Fate::Void) => return Err(Refusal::new(Why::WrongState)),
                Some(Fate::Waits) => {}
            }
            // No centre and no stratum: whoever reads the trail must not learn where a number is left out.
            let entry = Entry::new("code-voided").on("code", code.to_string());
            let seq = tx.append(signed.on(entry).private("reason", reason))?;
            tx.remember(&once, "voided", seq)?;
            Ok(false)
        });
        Ok(done.await?.into())
    }
}
