//! After a transfer (DI-12): somebody who holds keys of the whole trial passes one slot's key on to the centre that prepares
//! from now on. Nothing is opened by it; the other slots stay closed to that centre.

use super::{Answered, House, first_answer};
use crate::domain::access::{Caller, PassKey};
use crate::domain::entry::Entry;
use crate::domain::ids::{CentreId, Reference};
use crate::refusal::{Code as Why, Refusal};
use crate::sealing::bytes::{hex, sha256};
use crate::sealing::card::Card;
use crate::sealing::passed::PassedTerms;
use crate::sealing::slot::PassedKey;
use crate::store::keyring::Moved;
use crate::store::repeats::OnceKey;
use std::sync::Arc;

/// A slot's key that is passed on, as the holder's device made it.
pub struct PassOn {
    /// Whose slot.
    pub participant: Reference,
    /// To which centre: the participant's present one.
    pub centre: CentreId,
    /// The number of that centre's key, under which it travels.
    pub epoch: u32,
    /// The sealed key.
    pub sealed: PassedKey,
    /// By the holder's signing key, over [`PassedTerms::text`].
    pub signature: [u8; 64],
}

/// Somebody who moved, and the newest key of the centre where they are now.
pub struct WaitsForKey {
    /// Who, and which slot.
    pub moved: Moved,
    /// That key's number.
    pub epoch: u32,
}

impl House {
    /// Whose key waits to be passed on. It says where the slot stands, since its key is derived for that place; so
    /// reading it is an entry.
    ///
    /// # Errors
    /// `not-your-role`.
    pub async fn waiting_for_keys(&self, caller: &Caller) -> Result<Vec<WaitsForKey>, Refusal> {
        let may = self.may_somewhere::<PassKey>(caller).await?;
        let trial = self.trial.id.clone();
        let done = self.act(&may, move |tx| {
            tx.append(Entry::new("passing-read"))?;
            let keys = tx.view().centre_keys()?;
            let newest = |at: &CentreId| {
                let here = keys.iter().filter(|key| key.centre == *at);
                here.map(|key| key.epoch).max()
            };
            let moved = tx.view().moved(&trial)?.into_iter();
            let waits = |moved: Moved| Some(WaitsForKey { epoch: newest(&moved.to)?, moved });
            Ok(moved.filter_map(waits).collect::<Vec<_>>())
        });
        Ok(done.await?.into_parts().0)
    }

    /// Keeps a slot's key that was passed on.
    ///
    /// # Errors
    /// `no-such-record`; `wrong-state` when it waits for none, or not at this centre; `not-granted-yet` when the caller
    /// holds no such key of that centre; `signature-does-not-verify`.
    pub async fn pass_key(
        &self,
        caller: &Caller,
        wish: PassOn,
        once: OnceKey,
    ) -> Result<Answered<()>, Refusal> {
        let (_, may) = self.may_about::<PassKey>(caller, &wish.participant).await?;
        let (trial, by) = (Arc::clone(&self.trial), caller.person.id.clone());
        let done = self.act(&may, move |tx| {
            if first_answer(tx, &once)?.is_some() {
                return Ok(true);
            }
            let view = tx.view();
            let moved = view.moved(&trial.id)?.into_iter();
            let mut moved = moved.filter(|one| one.participant == wish.participant);
            let moved = moved.next().filter(|one| one.to == wish.centre);
            let moved = moved.ok_or_else(|| Refusal::new(Why::WrongState))?;
            let keys = view.centre_keys()?;
            let live = keys.iter().filter(|key| key.centre == wish.centre);
            if !live.map(|key| key.epoch).any(|epoch| epoch == wish.epoch) {
                return Err(Refusal::new(Why::NotGrantedYet));
            }
            let own = view.wrap(&wish.centre, wish.epoch, &by)?;
            own.ok_or_else(|| Refusal::new(Why::NotGrantedYet))?;
            let card = view.card(&by)?.and_then(|held| Card::from_json(&held.card).ok());
            let card = card.ok_or_else(|| Refusal::new(Why::NotGrantedYet))?;
            let terms = PassedTerms {
                trial: trial.id.clone(),
                participant: moved.number.clone(),
                code: moved.place.code,
                centre: wish.centre.clone(),
                epoch: wish.epoch,
                sealed: sha256(wish.sealed.as_bytes()),
                by,
            };
            if !terms.is_signed(&card.signing, &wish.signature) {
                return Err(Refusal::new(Why::SignatureDoesNotVerify));
            }
            let kept = tx.keep(wish.sealed.as_bytes())?;
            let entry = Entry::new("slot-key-passed")
                .at(&wish.centre)
                .on("participant", moved.number.as_str())
                .on("reference", moved.participant.as_str())
                .with("to", wish.centre.as_str())
                .with("epoch", wish.epoch)
                .with("sealed", kept)
                .with("signature", hex(&wish.signature));
            let seq = tx.append(entry)?;
            tx.remember(&once, moved.participant.as_str(), seq)?;
            Ok(false)
        });
        Ok(done.await?.into())
    }
}
