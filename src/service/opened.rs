//! What comes back from the holder's device: that a slot was opened and fits, signed by the holder's key; and that the
//! caller read the answer back. Never what it was.

use super::{Answered, House, first_answer};
use crate::domain::access::{BreakCode, Caller, Reveals};
use crate::domain::entry::Entry;
use crate::domain::ids::Reference;
use crate::refusal::{Code as Why, FieldCode, FieldError, Refusal};
use crate::sealing::bytes::hex;
use crate::sealing::card::Card;
use crate::sealing::signature::{Purpose, receipt_text, verify};
use crate::sealing::tree::leaf_hash;
use crate::store::queries::Release;
use crate::store::repeats::OnceKey;

/// An opening receipt as the device signed it.
#[derive(Debug, Clone)]
pub struct OpeningReceipt {
    /// Did the leaf fit the pinned root?
    pub fits: bool,
    /// The device's time, RFC 3339.
    pub at: String,
    /// By the holder's signing key, over [`receipt_text`].
    pub signature: [u8; 64],
}

impl House {
    /// Keeps the opening receipt of a release by `A`.
    ///
    /// # Errors
    /// `no-such-record` for a release that is not the caller's own; `wrong-state` when there is a receipt already;
    /// `signature-does-not-verify`.
    pub async fn opened<A: Reveals + Send + 'static>(
        &self,
        caller: &Caller,
        reference: Reference,
        receipt: OpeningReceipt,
        once: OnceKey,
    ) -> Result<Answered<()>, Refusal> {
        let release = self.own_release::<A>(caller, &reference).await?;
        let may = self.may::<A>(caller, &release.centre).await?;
        // The text is signed as it stands, so it may hold nothing but a time.
        if crate::domain::time::Moment::parse(&receipt.at).is_none() || receipt.at.len() > 40 {
            return Err(Refusal::fields(vec![FieldError::new("/at", FieldCode::MomentForm)]));
        }
        let person = caller.person.id.clone();
        let done = self.act(&may, move |tx| {
            if first_answer(tx, &once)?.is_some() {
                return Ok(true);
            }
            let release = tx.view().release(&release.reference)?;
            let release = release.ok_or_else(|| Refusal::new(Why::NoSuchRecord))?;
            if release.opened.is_some() {
                return Err(Refusal::new(Why::WrongState));
            }
            let card = tx.view().card(&person)?.and_then(|held| Card::from_json(&held.card).ok());
            let card = card.ok_or_else(|| Refusal::new(Why::NotGrantedYet))?;
            let line = tx.view().line(release.entry)?.unwrap_or_default();
            let entry = hex(&leaf_hash(line.as_bytes()));
            let reference = release.reference.as_str();
            let text = receipt_text(reference, &entry, receipt.fits, &receipt.at);
            if !verify(&card.signing, Purpose::Receipt, text.as_bytes(), &receipt.signature) {
                return Err(Refusal::new(Why::SignatureDoesNotVerify));
            }
            let seq = tx.append(
                Entry::new("opened")
                    .at(&release.centre)
                    .on("participant", release.number.as_str())
                    .on("reference", reference)
                    .on("code", release.code.to_string())
                    .with("fits", receipt.fits)
                    .with("at", receipt.at)
                    .with("signature", hex(&receipt.signature)),
            )?;
            tx.remember(&once, reference, seq)?;
            Ok(false)
        });
        Ok(done.await?.into())
    }

    /// Unknown, not yours and of another purpose are one answer, and one entry.
    async fn own_release<A: Reveals>(
        &self,
        caller: &Caller,
        reference: &Reference,
    ) -> Result<Release, Refusal> {
        self.may_somewhere::<A>(caller).await?;
        let release = self.store.read(|view| Ok::<_, Refusal>(view.release(reference)?))?;
        let own =
            |release: &Release| release.person == caller.person.id && release.purpose == A::PURPOSE;
        match release.filter(own) {
            Some(release) => Ok(release),
            None => Err(self.refuse(caller, A::NAME, Why::NoSuchRecord).await),
        }
    }

    /// Keeps whether the caller read the answer back correctly.
    ///
    /// # Errors
    /// `no-such-record` for a release that is not the caller's own code break; `wrong-state` when it was kept before.
    pub async fn read_back(
        &self,
        caller: &Caller,
        reference: Reference,
        correct: bool,
        once: OnceKey,
    ) -> Result<Answered<()>, Refusal> {
        let release = self.own_release::<BreakCode>(caller, &reference).await?;
        let may = self.may::<BreakCode>(caller, &release.centre).await?;
        let done = self.act(&may, move |tx| {
            if first_answer(tx, &once)?.is_some() {
                return Ok(true);
            }
            let now = tx.view().release(&reference)?;
            if now.is_none_or(|release| release.read_back.is_some()) {
                return Err(Refusal::new(Why::WrongState));
            }
            let entry = Entry::new("read-back").at(&release.centre);
            let entry = entry.on("participant", release.number.as_str());
            let entry = entry.on("reference", reference.as_str()).with("correct", correct);
            let seq = tx.append(entry)?;
            tx.remember(&once, reference.as_str(), seq)?;
            Ok(false)
        });
        Ok(done.await?.into())
    }
}
