//! A drill: release and opening of an emergency, practised on the live service with a slot that is nobody's (design 6).
//! It touches no participant, leaves entries of its own, and is never a code break.

use super::prepare::{RootSeen, with_root};
use super::{Answered, House, first_answer};
use crate::domain::access::{Act, Caller, Drill, Granted, ReadDrills};
use crate::domain::drill::{Light, passes};
use crate::domain::entry::Entry;
use crate::domain::ids::{CentreId, Reference};
use crate::domain::people::Role;
use crate::domain::time::Moment;
use crate::domain::trial::Trial;
use crate::limits::UNCONFIRMED_SECONDS;
use crate::refusal::{Code as Why, FieldCode, FieldError, Refusal};
use crate::sealing::bytes::hex;
use crate::sealing::card::Card;
use crate::sealing::signature::{Purpose, drill_text, verify};
use crate::sealing::slot::DRILL_EPOCHS;
use crate::sealing::tree::leaf_hash;
pub use crate::store::drills::DrillDone;
use crate::store::queries::View;
use crate::store::release::{HeldWrap, Released, Wanted};
use crate::store::repeats::OnceKey;
use crate::store::{StoreError, Tx};
use std::sync::Arc;

/// What a holder's device is given to practise with.
pub struct Practice {
    /// The slot with its proofs.
    pub released: Released,
    /// Whose training participant it is.
    pub centre: CentreId,
    /// Every key that this person would need on a real night, to be tried.
    pub keys: Vec<HeldWrap>,
    /// The training list's signed manifest, whose hash the entry holds.
    pub manifest: String,
    /// The same request was answered before.
    pub repeated: bool,
}

/// The receipt of a drill as the device signed it.
#[derive(Debug, Clone)]
pub struct DrillReceipt {
    /// Did the slot open and fit its list?
    pub fits: bool,
    /// How many of the keys opened.
    pub keys_opened: u32,
    /// The device's time, RFC 3339.
    pub at: String,
    /// By the holder's signing key, over [`drill_text`].
    pub signature: [u8; 64],
}

/// How a road stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Road {
    /// At this centre, whoever drilled for it; none: the hotline, wherever it drilled.
    pub centre: Option<CentreId>,
    /// The last drill that was passed.
    pub passed: Option<Moment>,
    /// What a glance should tell.
    pub light: Light,
    /// The last drill of all.
    pub last: Option<DrillDone>,
}

/// What is known of drills, within the reader's reach.
#[derive(Debug, Clone, Default)]
pub struct Drills {
    /// Is there a list to practise with?
    pub possible: bool,
    /// The hotline's road for readers of the whole trial, then each centre's.
    pub roads: Vec<Road>,
    /// Every drill, newest first.
    pub drills: Vec<DrillDone>,
}

impl House {
    /// Begins a drill: at the caller's centre that was longest without one, on the training participant who was longest
    /// at rest. From its entry on the seconds are counted.
    ///
    /// # Errors
    /// `not-your-role`; `no-drill-list`; `not-granted-yet` without the centre's keys, the live one or the one to practise
    /// with.
    pub async fn drill(
        &self,
        caller: &Caller,
        root: Option<RootSeen>,
        once: OnceKey,
    ) -> Result<Practice, Refusal> {
        let may = self.may_somewhere::<Drill>(caller).await?;
        let next = self.store.read(|view| self.longest_undrilled(view, caller, &may))?;
        let Some(centre) = next else {
            return Err(self.refuse(caller, Drill::NAME, Why::NoDrillList).await);
        };
        let may = self.may::<Drill>(caller, &centre).await?;
        let (trial, granted) = (Arc::clone(&self.trial), may.clone());
        let done = self.act(&may, move |tx| {
            if let Some(first) = first_answer(tx, &once)? {
                let reference = Reference::parse(&first.answer).map_err(|_| StoreError::Damaged)?;
                let drill = tx.view().drill(&reference)?.ok_or(StoreError::Damaged)?;
                let wanted = tx.want_drill(&granted, &trial.id, &drill.code, reference, None)?;
                return Ok((wanted, (drill.centre, true)));
            }
            let wanted = begin(tx, &granted, &trial.id, &centre, root)?;
            tx.remember(&once, wanted.reference().as_str(), tx.last_appended())?;
            Ok((wanted, (centre, false)))
        });
        let (durable, (centre, repeated)) = done.await?.split();
        let released = durable.release(&self.secret).map_err(|_| self.not_our_lock())?;
        let (keys, manifest) = self.store.read(|view| -> Result<_, Refusal> {
            let lists = view.drill_lists()?;
            let list = lists.iter().find(|list| list.segment == released.place.segment);
            let file = list.map(|list| view.content(&list.file)).transpose()?.flatten();
            Ok((live_keys(view, caller)?, file.ok_or(StoreError::Damaged)?))
        })?;
        let manifest = String::from_utf8(manifest).map_err(|_| StoreError::Damaged)?;
        Ok(Practice { released, centre, keys, manifest, repeated })
    }

    fn longest_undrilled(
        &self,
        view: &View<'_>,
        caller: &Caller,
        may: &Granted<Drill>,
    ) -> Result<Option<CentreId>, Refusal> {
        let places = caller.places(may);
        let drills = view.drills()?;
        let mut longest: Option<(Option<Moment>, &CentreId)> = None;
        for centre in self.trial.centres.iter().map(|centre| &centre.id) {
            let here = places.is_none_or(|own| own.contains(centre));
            if !here || view.next_drill(centre)?.is_none() {
                continue;
            }
            let passed = last_passed(&drills, |drill| drill.centre == *centre);
            if longest.is_none_or(|(before, _)| passed < before) {
                longest = Some((passed, centre));
            }
        }
        Ok(longest.map(|(_, centre)| centre.clone()))
    }

    /// Keeps what came of a drill.
    ///
    /// # Errors
    /// `no-such-record` for a drill that is not the caller's own; `wrong-state` when its receipt is there;
    /// `invalid-fields` for more keys than were handed over; `signature-does-not-verify`.
    pub async fn drill_opened(
        &self,
        caller: &Caller,
        reference: Reference,
        receipt: DrillReceipt,
        once: OnceKey,
    ) -> Result<Answered<DrillDone>, Refusal> {
        self.may_somewhere::<Drill>(caller).await?;
        let found = self.store.read(|view| Ok::<_, Refusal>(view.drill(&reference)?))?;
        let Some(drill) = found.filter(|drill| drill.person == caller.person.id) else {
            return Err(self.refuse(caller, Drill::NAME, Why::NoSuchRecord).await);
        };
        let may = self.may::<Drill>(caller, &drill.centre).await?;
        check_receipt(&receipt, &drill)?;
        let done = self.act(&may, move |tx| {
            if first_answer(tx, &once)?.is_some() {
                return Ok(true);
            }
            let entry = describe(tx, &drill.reference, &receipt)?;
            let seq = tx.append(entry)?;
            tx.remember(&once, drill.reference.as_str(), seq)?;
            Ok(false)
        });
        let (repeated, receipt) = done.await?.into_parts();
        let drill = self.store.read(|view| Ok::<_, Refusal>(view.drill(&reference)?))?;
        let value = drill.ok_or(StoreError::Damaged)?;
        Ok(Answered { value, receipt, repeated })
    }

    /// When drills were done, by whom, whether they were passed, and how fast; and how the roads stand.
    ///
    /// # Errors
    /// `not-your-role`.
    pub async fn drills(&self, caller: &Caller) -> Result<Drills, Refusal> {
        let may = self.may_somewhere::<ReadDrills>(caller).await?;
        let places = caller.places(&may);
        let within = |centre: &CentreId| places.is_none_or(|own| own.contains(centre));
        let (all, lists) =
            self.store.read(|view| Ok::<_, Refusal>((view.drills()?, view.drill_lists()?)))?;
        let now = self.clock.now();
        let road = |centre: Option<&CentreId>| {
            let passed = last_passed(&all, |drill| is_on(drill, centre));
            let last = all.iter().find(|drill| is_on(drill, centre)).cloned();
            Road { centre: centre.cloned(), passed, light: Light::since(passed, now), last }
        };
        let centres = self.trial.centres.iter().map(|centre| &centre.id);
        let hotline = places.is_none().then(|| road(None));
        let roads = hotline
            .into_iter()
            .chain(centres.filter(|centre| within(centre)).map(|centre| road(Some(centre))));
        let roads = roads.collect();
        let drills = all.iter().filter(|drill| within(&drill.centre)).cloned().collect();
        Ok(Drills { possible: !lists.is_empty(), roads, drills })
    }
}

/// A road as its age is watched.
pub(super) struct Trodden {
    /// At this centre; none: the hotline's.
    pub centre: Option<CentreId>,
    /// The last drill that was passed.
    pub passed: Option<Moment>,
    /// Might it be needed tonight? A centre's once it was opened or drilled, the hotline's once a list may issue.
    pub needed: bool,
}

/// The hotline's road, then each centre's.
pub(super) fn roads_in(view: &View<'_>, trial: &Trial) -> Result<Vec<Trodden>, StoreError> {
    let all = view.drills()?;
    let passed = |centre| last_passed(&all, |drill| is_on(drill, centre));
    let issues = view.lists()?.iter().any(|list| list.reviewed.is_some());
    let mut roads = vec![Trodden { centre: None, passed: passed(None), needed: issues }];
    for centre in trial.centres.iter().map(|centre| &centre.id) {
        let passed = passed(Some(centre));
        let opened = view.recruitment(centre.as_str())?.is_some();
        let needed = passed.is_some() || (issues && opened);
        roads.push(Trodden { centre: Some(centre.clone()), passed, needed });
    }
    Ok(roads)
}

/// Whoever drilled for a centre was on its road; the hotline is on its own wherever it drilled.
fn is_on(drill: &DrillDone, road: Option<&CentreId>) -> bool {
    match road {
        Some(centre) => drill.centre == *centre,
        None => drill.role == Role::Hotline,
    }
}

fn last_passed(drills: &[DrillDone], is: impl Fn(&DrillDone) -> bool) -> Option<Moment> {
    let passed = |drill: &&DrillDone| drill.result.is_some_and(|result| result.passed);
    drills.iter().filter(|drill| is(drill)).find(passed).map(|drill| drill.at)
}

/// The keys that seal what was issued, as far as this person holds them.
fn live_keys(view: &View<'_>, caller: &Caller) -> Result<Vec<HeldWrap>, StoreError> {
    let mut keys = vec![];
    for held in view.wraps()? {
        if held.person == caller.person.id && held.epoch <= DRILL_EPOCHS {
            keys.extend(view.wrap(&held.centre, held.epoch, &held.person)?);
        }
    }
    Ok(keys)
}

fn begin(
    tx: &mut Tx<'_>,
    may: &Granted<Drill>,
    trial: &crate::domain::ids::TrialId,
    centre: &CentreId,
    root: Option<RootSeen>,
) -> Result<Wanted, Refusal> {
    let view = tx.view();
    let slot = view.next_drill(centre)?.ok_or_else(|| Refusal::new(Why::NoDrillList))?;
    let lists = view.drill_lists()?;
    let list = lists.iter().find(|list| list.segment == slot.segment);
    let list = list.ok_or(StoreError::Damaged)?;
    let wraps = view.wraps()?;
    let live = wraps.iter().filter(|held| held.person == *may.by() && held.epoch <= DRILL_EPOCHS);
    // A drill without the real key would prove nothing about the real road.
    let newest = view.centre_keys()?.into_iter().filter(|key| key.centre == *centre && !key.drill);
    let newest = newest.map(|key| key.epoch).max();
    if !live.clone().any(|held| held.centre == *centre && Some(held.epoch) == newest) {
        return Err(Refusal::new(Why::NotGrantedYet));
    }
    let reference = tx.reference();
    let entry = Entry::new("drill")
        .at(centre)
        .on("reference", reference.as_str())
        .on("code", slot.code.to_string())
        .with("manifest", hex(&list.manifest))
        .with("keys", live.count() as u64);
    let entry = with_root(entry, root);
    Ok(tx.want_drill(may, trial, &slot.code, reference, Some(entry))?)
}

fn check_receipt(receipt: &DrillReceipt, drill: &DrillDone) -> Result<(), Refusal> {
    let mut errors = vec![];
    // The text is signed as it stands, so it may hold nothing but a time.
    if Moment::parse(&receipt.at).is_none() || receipt.at.len() > 40 {
        errors.push(FieldError::new("/at", FieldCode::MomentForm));
    }
    if receipt.keys_opened > drill.keys {
        let error = FieldError::new("/keysOpened", FieldCode::NumRange).with("field", "keysOpened");
        errors.push(error.with("min", 0_u64).with("max", u64::from(drill.keys)));
    }
    if errors.is_empty() { Ok(()) } else { Err(Refusal::fields(errors)) }
}

fn describe(tx: &Tx<'_>, reference: &Reference, receipt: &DrillReceipt) -> Result<Entry, Refusal> {
    let view = tx.view();
    let drill = view.drill(reference)?.ok_or_else(|| Refusal::new(Why::NoSuchRecord))?;
    if drill.result.is_some() {
        return Err(Refusal::new(Why::WrongState));
    }
    let card = view.card(&drill.person)?.and_then(|held| Card::from_json(&held.card).ok());
    let card = card.ok_or_else(|| Refusal::new(Why::NotGrantedYet))?;
    let begun = view.line(drill.entry)?.ok_or(StoreError::Damaged)?;
    let entry = hex(&leaf_hash(begun.as_bytes()));
    let DrillReceipt { fits, keys_opened, ref at, ref signature } = *receipt;
    let text = drill_text(reference.as_str(), &entry, fits, keys_opened, at);
    if !verify(&card.signing, Purpose::Receipt, text.as_bytes(), signature) {
        return Err(Refusal::new(Why::SignatureDoesNotVerify));
    }
    let seconds = (tx.now().millis() - drill.at.millis()).max(0) / 1000;
    let passed = passes(fits, (keys_opened, drill.keys), seconds, UNCONFIRMED_SECONDS);
    Ok(Entry::new("drill-opened")
        .at(&drill.centre)
        .on("reference", reference.as_str())
        .on("code", drill.code.to_string())
        .with("fits", fits)
        .with("keys-opened", keys_opened)
        .with("seconds", seconds.unsigned_abs())
        .with("passed", passed)
        .with("at", at.as_str())
        .with("signature", hex(signature)))
}
