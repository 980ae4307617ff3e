//! What a participant's pages show long after the act: the randomisation with its proof (AL-13).

use super::House;
use super::randomise::find;
use crate::domain::access::{Caller, ReadParticipants};
use crate::domain::entry::{Fact, fact};
use crate::domain::ids::{PersonId, Reference};
use crate::domain::time::Moment;
use crate::refusal::{Code as Why, Refusal};
use crate::sealing::line::{self, Line};
use crate::store::queries::{Allocation, Participant, View};
use crate::store::{Receipt, StoreError};

/// A randomisation as it is confirmed, the same for ever but for the checkpoint of its proof.
#[derive(Debug)]
pub struct Confirmation {
    /// Whose.
    pub participant: Participant,
    /// The code.
    pub allocation: Allocation,
    /// The entry with a proof under the present checkpoint.
    pub receipt: Receipt,
    /// The printed name of the person who randomised.
    pub randomised_by: String,
    /// When eligibility was signed, and the printed name of the person who did.
    pub eligible: Option<(Moment, String)>,
}

impl House {
    /// A randomisation with its proof, for those who may read the participant.
    ///
    /// # Errors
    /// `no-such-record` when there is none, or it is not the caller's to see.
    pub async fn allocation_receipt(
        &self,
        caller: &Caller,
        reference: &Reference,
    ) -> Result<Confirmation, Refusal> {
        let may = self.may_somewhere::<ReadParticipants>(caller).await?;
        self.store.read(|view| {
            let participant = find(view, reference)?;
            let own = caller.places(&may).is_none_or(|own| own.contains(&participant.centre));
            let allocation = view.allocation(reference)?.filter(|_| own);
            let allocation = allocation.ok_or_else(|| Refusal::new(Why::NoSuchRecord))?;
            let receipt = self.receipt_now(view, allocation.entry)?;
            let randomised = read_line(view, allocation.entry)?;
            let eligible = match fact(&randomised.entry.data, "eligibility") {
                Some(Fact::Number(seq)) if *seq > 0 => {
                    let signed = read_line(view, *seq)?;
                    Some((signed.at, printed_name(view, &signed.by)?))
                }
                _ => None,
            };
            // Who signed, whether it was this person's request or a machine's that was let do so.
            let by = match fact(&randomised.entry.data, "asked-by") {
                Some(Fact::Text(person)) => person,
                _ => &randomised.by,
            };
            let randomised_by = printed_name(view, by)?;
            Ok(Confirmation { participant, allocation, receipt, randomised_by, eligible })
        })
    }

    /// A line with its proof under the present checkpoint.
    pub(super) fn receipt_now(&self, view: &View<'_>, seq: u64) -> Result<Receipt, Refusal> {
        let line = view.line(seq)?.ok_or_else(|| Refusal::new(Why::NoSuchRecord))?;
        let size = view.trail_size()?;
        let proof = view.trail_path(size, seq)?;
        let checkpoint = self.store.signer().sign(size, &view.trail_root(size)?);
        Ok(Receipt { seq, line, proof, checkpoint })
    }
}

pub(super) fn read_line(view: &View<'_>, seq: u64) -> Result<Line, StoreError> {
    let line = view.line(seq)?.ok_or(StoreError::Damaged)?;
    line::parse(&line).map_err(|_| StoreError::Damaged)
}

/// The name as printed under signatures; the account's id when the name was erased by law.
pub(super) fn printed_name(view: &View<'_>, id: &str) -> Result<String, StoreError> {
    let person = PersonId::parse(id).ok();
    let account = person.map(|person| view.account(&person)).transpose()?.flatten();
    Ok(account.map_or_else(|| id.to_owned(), |account| account.person.name))
}
