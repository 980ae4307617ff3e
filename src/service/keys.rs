//! Keys: a newcomer registers a public card, an existing holder wraps the centre key to it and signs. An administrator
//! alone can give nobody anything (design 4).

use super::{Answered, House, first_answer};
use crate::domain::access::{Caller, GrantKey, ReadKeys, RegisterKey};
use crate::domain::entry::Entry;
use crate::domain::ids::{CentreId, PersonId};
use crate::domain::people::{Person, Role};
use crate::limits::{CARD, IDENTITY};
use crate::refusal::{Code as Why, FieldCode, FieldError, Refusal};
use crate::sealing::bytes::{hex, sha256};
use crate::sealing::card::Card;
use crate::sealing::grant::Grant as SignedTerms;
use crate::sealing::slot::Wrap;
use crate::store::queries::{HeldCard, Holding};
use crate::store::release::HeldWrap;
use crate::store::repeats::OnceKey;
use std::sync::Arc;

/// A centre key given to a newcomer, as the granting holder's device made it.
pub struct Grant {
    /// To whom.
    pub person: PersonId,
    /// Which centre's key.
    pub centre: CentreId,
    /// That key's number.
    pub epoch: u32,
    /// The card it is wrapped to: its fingerprint was compared by voice.
    pub fingerprint: [u8; 16],
    /// The wrap.
    pub wrap: Wrap,
    /// The granting holder's signature over [`SignedTerms::text`].
    pub signature: [u8; 64],
}

/// A person who has registered a card, at one centre: do they hold that centre's keys?
#[derive(Debug, Clone)]
pub struct KeyStanding {
    /// The holder, or who waits to be one.
    pub person: Person,
    /// The card's fingerprint, in hex.
    pub fingerprint: String,
    /// The centre.
    pub centre: CentreId,
    /// The last of these grants; none while the person waits for one.
    pub granted: Option<u64>,
}

impl House {
    /// Registers the caller's own card, and keeps a copy of the sealed identity file.
    ///
    /// # Errors
    /// `invalid-fields` when the card is not the caller's, or either text is too long; `wrong-state` when another card holds grants: a new key needs
    /// its old grants removed first.
    pub async fn register_key(
        &self,
        caller: &Caller,
        card_json: String,
        identity: Option<String>,
        once: OnceKey,
    ) -> Result<Answered<String>, Refusal> {
        let may = self.may_somewhere::<RegisterKey>(caller).await?;
        check_length("/card", &card_json, CARD)?;
        check_length("/identity", identity.as_deref().unwrap_or_default(), IDENTITY)?;
        let card = Card::from_json(&card_json).ok().filter(|card| {
            let own = &caller.person;
            card.person == own.id && card.role == own.role && card.centres == own.centres
        });
        let Some(card) = card else {
            let error = FieldError::new("/card", FieldCode::BytesForm);
            return Err(Refusal::fields(vec![error]));
        };
        let fingerprint = hex(&card.fingerprint());
        let person = caller.person.id.clone();
        let done = self.act(&may, move |tx| {
            if first_answer(tx, &once)?.is_some() {
                return Ok((fingerprint, true));
            }
            let wraps = tx.view().wraps()?;
            if wraps.iter().any(|held| held.person == person && held.fingerprint != fingerprint) {
                return Err(Refusal::new(Why::WrongState));
            }
            let kept = tx.keep(card.to_json().as_bytes())?;
            let entry = Entry::new("key-registered").on("person", person.as_str());
            let entry = entry.with("fingerprint", fingerprint.as_str()).with("card", kept);
            let entry = match identity {
                Some(file) => entry.with("identity", tx.keep(file.as_bytes())?),
                None => entry,
            };
            let seq = tx.append(entry)?;
            tx.remember(&once, &fingerprint, seq)?;
            Ok((fingerprint, false))
        });
        Ok(done.await?.into())
    }

    /// The caller's own card and sealed identity file: a new phone fetches them after sign-in. An entry.
    ///
    /// # Errors
    /// `not-your-role`; `no-such-record` before a card is registered.
    pub async fn own_key(&self, caller: &Caller) -> Result<(HeldCard, Option<String>), Refusal> {
        let may = self.may_somewhere::<RegisterKey>(caller).await?;
        let person = caller.person.id.clone();
        let done = self.act(&may, move |tx| {
            tx.append(Entry::new("own-key-read").on("person", person.as_str()))?;
            let card = tx.view().card(&person)?.ok_or_else(|| Refusal::new(Why::NoSuchRecord))?;
            Ok((card, tx.view().identity_file(&person)?))
        });
        Ok(done.await?.into_parts().0)
    }

    /// The trial file as it was founded with: a holder's device takes the words of an arm from it, once it has opened a
    /// slot. It names all arms alike, and nothing of who has which.
    ///
    /// # Errors
    /// `not-your-role`.
    pub async fn trial_file(&self, caller: &Caller) -> Result<String, Refusal> {
        self.may_somewhere::<RegisterKey>(caller).await?;
        let file = self.store.read(|view| view.content(&self.configuration))?;
        let text = file.and_then(|bytes| String::from_utf8(bytes).ok());
        text.ok_or_else(|| Refusal::new(Why::Internal))
    }

    /// Everybody's cards, and who holds which centre key.
    ///
    /// # Errors
    /// `not-your-role`.
    pub async fn keys(&self, caller: &Caller) -> Result<(Vec<HeldCard>, Vec<Holding>), Refusal> {
        self.may_somewhere::<ReadKeys>(caller).await?;
        self.store.read(|view| Ok((view.cards()?, view.wraps()?)))
    }

    /// Everybody active who has registered a card, at each centre within the caller's reach.
    ///
    /// # Errors
    /// `not-your-role`.
    pub async fn key_standings(&self, caller: &Caller) -> Result<Vec<KeyStanding>, Refusal> {
        self.may_somewhere::<ReadKeys>(caller).await?;
        let (cards, holdings, accounts, keys) = self.store.read(|view| -> Result<_, Refusal> {
            Ok((view.cards()?, view.wraps()?, view.accounts()?, view.centre_keys()?))
        })?;
        let mut standings = vec![];
        for account in accounts.into_iter().filter(|account| account.state == "active") {
            let person = account.person;
            let Some(card) = cards.iter().find(|card| card.person == person.id) else { continue };
            for centre in self.trial.centres.iter().map(|centre| &centre.id) {
                let at = |who: &Person| who.centres.is_empty() || who.centres.contains(centre);
                if !at(&person) || !at(&caller.person) {
                    continue;
                }
                let own: Vec<_> = holdings
                    .iter()
                    .filter(|held| held.centre == *centre && held.person == person.id)
                    .collect();
                // After a rotation the last key still opens what was issued under it: both are needed. Of the keys to
                // practise with, the newest.
                let here = || keys.iter().filter(|key| key.centre == *centre);
                let drill = here().filter(|key| key.drill).map(|key| key.epoch).max();
                let mut needed = here().filter(|key| !key.drill || Some(key.epoch) == drill);
                let all = needed.all(|key| own.iter().any(|held| held.epoch == key.epoch));
                let last = own.iter().map(|held| held.granted).max();
                standings.push(KeyStanding {
                    person: person.clone(),
                    fingerprint: card.fingerprint.clone(),
                    centre: centre.clone(),
                    granted: last.filter(|_| all),
                });
            }
        }
        Ok(standings)
    }

    /// The caller's own wraps of one centre's keys: what is needed to grant. An entry.
    ///
    /// # Errors
    /// `not-your-role`, `no-such-record` at another centre, `not-granted-yet` without a wrap.
    pub async fn own_wraps(
        &self,
        caller: &Caller,
        centre: CentreId,
    ) -> Result<Vec<HeldWrap>, Refusal> {
        let may = self.may::<GrantKey>(caller, &centre).await?;
        let person = caller.person.id.clone();
        let done = self.act(&may, move |tx| {
            let entry = Entry::new("wrap-read").at(&centre);
            tx.append(entry.on("person", person.as_str()))?;
            let view = tx.view();
            let mut own = vec![];
            for held in view.wraps()? {
                if held.centre == centre && held.person == person {
                    own.extend(view.wrap(&centre, held.epoch, &person)?);
                }
            }
            if own.is_empty() { Err(Refusal::new(Why::NotGrantedYet)) } else { Ok(own) }
        });
        Ok(done.await?.into_parts().0)
    }

    /// Gives a centre key to a newcomer.
    ///
    /// # Errors
    /// `no-such-record` for a person without a fitting card, `not-granted-yet` when the granting caller does not hold
    /// that key, `signature-does-not-verify`, `wrong-state` when it was given before.
    pub async fn grant_key(
        &self,
        caller: &Caller,
        wish: Grant,
        once: OnceKey,
    ) -> Result<Answered<()>, Refusal> {
        let may = self.may::<GrantKey>(caller, &wish.centre).await?;
        let (trial, by) = (Arc::clone(&self.trial), caller.person.id.clone());
        let done = self.act(&may, move |tx| {
            if first_answer(tx, &once)?.is_some() {
                return Ok(true);
            }
            let view = tx.view();
            let account = view.account(&wish.person)?.filter(|account| account.state == "active");
            let account = account.ok_or_else(|| Refusal::new(Why::NoSuchRecord))?;
            let role = account.person.role;
            let whole_trial = matches!(role, Role::Hotline | Role::Statistician);
            let here = whole_trial || account.person.centres.contains(&wish.centre);
            let card = view.card(&wish.person)?;
            let fits = card.is_some_and(|card| card.fingerprint == hex(&wish.fingerprint));
            if !role.holds_keys() || !here || !fits {
                return Err(Refusal::new(Why::NoSuchRecord));
            }
            let own = view.wrap(&wish.centre, wish.epoch, &by)?;
            own.ok_or_else(|| Refusal::new(Why::NotGrantedYet))?;
            if view.wrap(&wish.centre, wish.epoch, &wish.person)?.is_some() {
                return Err(Refusal::new(Why::WrongState));
            }
            let granting = view.card(&by)?.and_then(|held| Card::from_json(&held.card).ok());
            let granting = granting.ok_or_else(|| Refusal::new(Why::NotGrantedYet))?;
            let grant = SignedTerms {
                trial: trial.id.clone(),
                centre: wish.centre.clone(),
                epoch: wish.epoch,
                person: wish.person.clone(),
                fingerprint: wish.fingerprint,
                wrap: sha256(wish.wrap.as_bytes()),
                by,
            };
            if !grant.is_signed(&granting.signing, &wish.signature) {
                return Err(Refusal::new(Why::SignatureDoesNotVerify));
            }
            tx.keep(wish.wrap.as_bytes())?;
            let entry = Entry::new("key-granted")
                .at(&wish.centre)
                .on("person", wish.person.as_str())
                .with("centre", wish.centre.as_str())
                .with("epoch", wish.epoch)
                .with("fingerprint", hex(&wish.fingerprint))
                .with("hash", hex(&grant.wrap))
                .with("signature", hex(&wish.signature));
            let seq = tx.append(entry)?;
            tx.remember(&once, wish.person.as_str(), seq)?;
            Ok(false)
        });
        Ok(done.await?.into())
    }

    /// Takes a centre's key from a person: the next release is refused. What was opened before stays known, so a
    /// rotation should follow.
    ///
    /// # Errors
    /// `no-such-record` when that person holds none there.
    pub async fn remove_grant(
        &self,
        caller: &Caller,
        person: PersonId,
        centre: CentreId,
        once: OnceKey,
    ) -> Result<Answered<()>, Refusal> {
        let may = self.may::<GrantKey>(caller, &centre).await?;
        let done = self.act(&may, move |tx| {
            if first_answer(tx, &once)?.is_some() {
                return Ok(true);
            }
            let wraps = tx.view().wraps()?;
            let held = |held: &&Holding| held.centre == centre && held.person == person;
            let held = wraps.iter().find(held).ok_or_else(|| Refusal::new(Why::NoSuchRecord))?;
            let entry = Entry::new("grant-removed").at(&centre).on("person", person.as_str());
            let entry = entry.with("centre", centre.as_str()).with("epoch", held.epoch);
            let seq = tx.append(entry)?;
            tx.remember(&once, person.as_str(), seq)?;
            Ok(false)
        });
        Ok(done.await?.into())
    }
}

fn check_length(pointer: &str, text: &str, max: usize) -> Result<(), Refusal> {
    if text.len() <= max {
        return Ok(());
    }
    let error = FieldError::new(pointer, FieldCode::TextTooLong).with("max", max as u64);
    Err(Refusal::fields(vec![error]))
}
