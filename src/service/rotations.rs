//! A centre's next key comes in (design 4): the statistician sealed the unissued slots anew, at home and from the list. The
//! service learns nothing by it; a dishonest rotation is found at the next opening, since leaves and commitment stay.

use super::{Answered, House, first_answer};
use crate::domain::access::{Caller, RotateKey};
use crate::domain::entry::{Entry, Fact};
use crate::domain::ids::{CentreId, PersonId, TrialId};
use crate::domain::people::Role;
use crate::refusal::{Code as Why, FieldCode, FieldError, Refusal};
use crate::sealing::bytes::{hex, sha256};
use crate::sealing::card::Card;
use crate::sealing::grant::GivenKey;
use crate::sealing::package::PackedSlot;
use crate::sealing::rotation::Rotation;
use crate::sealing::slot::LockedArm;
use crate::store::keyring::{Unissued, hash_of};
use crate::store::queries::{Account, View};
use crate::store::repeats::OnceKey;
use crate::store::{StoreError, Tx};
use std::collections::BTreeSet;
use std::sync::Arc;

impl House {
    /// Takes a rotation in: every grant signed by the caller's own card, exactly the unissued slots of the centre, the
    /// next number. From then on what is issued there opens with the new key alone.
    ///
    /// # Errors
    /// `invalid-fields` for a file that is none; `no-such-record` for an unknown centre; `rotation-outdated` when a
    /// code was issued or the key rotated since the file was made; `rotation-does-not-fit`, `signature-does-not-verify`.
    pub async fn rotate_key(
        &self,
        caller: &Caller,
        file: &str,
        once: OnceKey,
    ) -> Result<Answered<()>, Refusal> {
        self.may_somewhere::<RotateKey>(caller).await?;
        let Ok(rotation) = Rotation::read(file) else {
            let error = FieldError::new("/rotation", FieldCode::BytesForm);
            return Err(Refusal::fields(vec![error]));
        };
        let may = self.may::<RotateKey>(caller, &rotation.centre).await?;
        let hash = hex(&sha256(file.as_bytes()));
        let (trial, secret) = (self.trial.id.clone(), Arc::clone(&self.secret));
        let done = self.act(&may, move |tx| {
            if first_answer(tx, &once)?.is_some() {
                return Ok(true);
            }
            check_place(&tx.view(), &rotation, &trial)?;
            check_slots(&tx.view(), &rotation)?;
            check_grants(tx, &rotation)?;
            let sealed = tx.keepsakes(&secret).rotation(&rotation)?;
            let seq = tx.append(describe(&rotation, &hash, &sealed))?;
            tx.remember(&once, rotation.centre.as_str(), seq)?;
            Ok(false)
        });
        Ok(done.await?.into())
    }
}

fn unfit() -> Refusal {
    Refusal::new(Why::RotationDoesNotFit)
}

/// This trial, a centre and segment that have a key, and the number after the last one that the centre ever had.
fn check_place(view: &View<'_>, rotation: &Rotation, trial: &TrialId) -> Result<(), Refusal> {
    let keys = view.centre_keys()?;
    let here = keys.iter().filter(|key| key.centre == rotation.centre && !key.drill);
    let last = here.clone().map(|key| key.epoch).max();
    let last = last.ok_or_else(|| Refusal::new(Why::NoSuchRecord))?;
    let issues = here.clone().any(|key| key.segment == rotation.segment);
    if rotation.trial != *trial || !issues {
        return Err(unfit());
    }
    if last.checked_add(1) == Some(rotation.epoch) {
        return Ok(());
    }
    // The number of a rotation that came in before this one.
    Err(if rotation.epoch <= last { Refusal::new(Why::RotationOutdated) } else { unfit() })
}

/// The slots are the unissued ones, each once and in list order, each with the leaf that was committed to.
fn check_slots(view: &View<'_>, rotation: &Rotation) -> Result<(), Refusal> {
    let unissued = view.unissued(&rotation.centre, rotation.segment)?;
    let same = |given: &PackedSlot, kept: &Unissued| {
        (&given.stratum, given.position, given.code) == (&kept.stratum, kept.position, kept.code)
    };
    let fits = |(given, kept): (&PackedSlot, &Unissued)| {
        same(given, kept) && given.leaf == kept.leaf && given.epoch == rotation.epoch
    };
    let given = &rotation.slots;
    if given.len() == unissued.len() && given.iter().zip(&unissued).all(fits) {
        return Ok(());
    }
    // A code issued since is in the file and no longer here; anything else was never made from this list.
    let mut rest = given.iter();
    let within = unissued.iter().all(|kept| rest.any(|given| fits((given, kept))));
    let more = given.len() > unissued.len();
    Err(if within && more { Refusal::new(Why::RotationOutdated) } else { unfit() })
}

/// Every wrap goes to a registered card of somebody who may hold it, once, and is signed by the caller; and somebody who
/// works at the centre is among them.
fn check_grants(tx: &Tx<'_>, rotation: &Rotation) -> Result<(), Refusal> {
    let (view, by) = (tx.view(), tx.stamp().by.clone());
    let own = PersonId::parse(&by).map_err(|_| StoreError::Failed)?;
    let own = view.card(&own)?.and_then(|held| Card::from_json(&held.card).ok());
    let own = own.ok_or_else(|| Refusal::new(Why::NotGrantedYet))?;
    let mut works_there = false;
    let mut given_to = BTreeSet::new();
    for GivenKey { grant, signature, .. } in &rotation.given {
        let card = view.card(&grant.person)?;
        let fits = card.is_some_and(|card| card.fingerprint == hex(&grant.fingerprint));
        let account = view.account(&grant.person)?.filter(|account| account.state == "active");
        let may = account.as_ref().is_some_and(|account| may_hold(account, &rotation.centre));
        if !fits || !may || grant.by.as_str() != by || !given_to.insert(&grant.person) {
            return Err(unfit());
        }
        if !grant.is_signed(&own.signing, signature) {
            return Err(Refusal::new(Why::SignatureDoesNotVerify));
        }
        works_there |= account.is_some_and(|account| account.person.role.works_at_centres());
    }
    if works_there { Ok(()) } else { Err(unfit()) }
}

/// May somebody with this account hold the key of this centre?
pub(super) fn may_hold(account: &Account, centre: &CentreId) -> bool {
    let person = &account.person;
    let whole_trial = matches!(person.role, Role::Hotline | Role::Statistician);
    person.role.holds_keys() && (whole_trial || person.centres.contains(centre))
}

/// What the trail says: which key, from which file, for whom. Not how many slots: that would show what is left.
fn describe(rotation: &Rotation, file: &str, sealed: &[LockedArm]) -> Entry {
    let wrap = |one: &GivenKey| {
        Fact::Group(vec![
            ("centre".into(), rotation.centre.as_str().into()),
            ("epoch".into(), rotation.epoch.into()),
            ("person".into(), one.grant.person.as_str().into()),
            ("fingerprint".into(), hex(&one.grant.fingerprint).into()),
            ("hash".into(), hex(&one.grant.wrap).into()),
            ("signature".into(), hex(&one.signature).into()),
        ])
    };
    Entry::new("key-rotated")
        .at(&rotation.centre)
        .with("segment", rotation.segment)
        .with("epoch", rotation.epoch)
        .with("file", file)
        .with("sealed", hex(&hash_of(sealed)))
        .with("wraps", rotation.given.iter().map(wrap).collect::<Vec<_>>())
}
