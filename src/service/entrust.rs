//! A coordinator signs that a machine may ask for one participant's allocation (screens E1). That signature is the
//! request: it takes password and account like any other (AT-10), names the answers and the investigator's signature it
//! was given over, falls with either, and stands for three days. The machine only fetches what was asked for.

use super::randomise::find;
use super::{Answered, House, Signature, first_answer};
use crate::domain::access::{Act, Caller, Entrust, Randomise};
use crate::domain::entry::Entry;
use crate::domain::ids::Reference;
use crate::limits::ENTRUST_SECONDS;
use crate::refusal::{Code as Why, Refusal};
use crate::store::Tx;
use crate::store::queries::Participant;
use crate::store::repeats::OnceKey;
use crate::store::tokens::Entrusted;

impl House {
    /// Lets machines of the centre ask for the participant's allocation, on this signature.
    ///
    /// # Errors
    /// `not-your-role` when the trial's file lets no machine randomise; `eligibility-not-signed`; `wrong-state` when the
    /// participant is randomised; `signature-needed`.
    pub async fn entrust(
        &self,
        caller: &Caller,
        reference: Reference,
        signature: &Signature,
        once: OnceKey,
    ) -> Result<Answered<()>, Refusal> {
        let (_, may) = self.may_about::<Entrust>(caller, &reference).await?;
        if !self.trial.machines_randomise {
            return Err(self.refuse(caller, Entrust::NAME, Why::NotYourRole).await);
        }
        let signed = self.check_signature(caller, Entrust::NAME, signature).await?;
        let done = self.act(&may, move |tx| {
            if first_answer(tx, &once)?.is_some() {
                return Ok(true);
            }
            let participant = find(&tx.view(), &reference)?;
            if tx.view().allocation(&reference)?.is_some() {
                return Err(Refusal::new(Why::WrongState));
            }
            let Some(eligibility) = participant.eligibility else {
                return Err(Refusal::new(Why::EligibilityNotSigned));
            };
            let entry = Entry::new("randomisation-entrusted")
                .at(&participant.centre)
                .on("participant", participant.number.as_str())
                .on("reference", participant.reference.as_str())
                .with("screening", participant.screening)
                .with("eligibility", eligibility);
            let seq = tx.append(signed.on(entry))?;
            tx.remember(&once, reference.as_str(), seq)?;
            Ok(false)
        });
        Ok(done.await?.into())
    }
}

/// The coordinator's signature on which a machine may ask now.
///
/// # Errors
/// `not-entrusted` when there is none, when it is of other answers or too old, or whoever gave it could not randomise
/// here any more.
pub(super) fn standing(tx: &Tx<'_>, participant: &Participant) -> Result<Entrusted, Refusal> {
    let none = || Refusal::new(Why::NotEntrusted);
    let view = tx.view();
    let given = view.entrusted(&participant.reference)?.ok_or_else(none)?;
    let same = given.screening == participant.screening
        && Some(given.eligibility) == participant.eligibility;
    let stands = tx.now() < given.at.plus_seconds(ENTRUST_SECONDS);
    let account = view.account(&given.person)?.filter(|account| account.state == "active");
    let there = account.is_some_and(|account| {
        Caller::person(account.person).may::<Randomise>(&participant.centre).is_ok()
    });
    if same && stands && there { Ok(given) } else { Err(none()) }
}
