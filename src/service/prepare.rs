//! The second act: a pharmacist of the centre gets one slot, for one participant and one due visit (design 6).

use super::preparation_record::Times;
use super::way::life_of;
use super::{House, first_answer};
use crate::domain::access::{Act, Caller, Prepare, ReadPreparations};
use crate::domain::entry::Entry;
use crate::domain::ids::{Code, EnrolmentNumber, Reference, VisitId};
use crate::domain::time::Moment;
use crate::domain::trial::Trial;
use crate::domain::visit::{self, VisitRefusal};
use crate::refusal::{Code as Why, FieldCode, FieldError, Refusal};
use crate::sealing::bytes::same;
use crate::store::pharmacy::Progress;
use crate::store::queries::{Participant, View};
use crate::store::release::{Released, Wanted};
use crate::store::repeats::OnceKey;
use crate::store::{StoreError, Tx};
use std::sync::Arc;

/// Which slot a pharmacist asks for: two identifiers, and the visit.
pub struct Preparation {
    /// The code on the prescription.
    pub code: Code,
    /// Initials or birth date, as on the prescription.
    pub identifier: String,
    /// The visit.
    pub visit: VisitId,
    /// Why, outside the window or a second time.
    pub reason: Option<String>,
    /// How the device knows the root that it proves against, if it said.
    pub root: Option<RootSeen>,
}

/// How a holder's device knows the commitment that it proves an opening against (screens A2). An emergency never waits
/// for paper; that nobody compared is flagged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RootSeen {
    /// From an earlier use of this device.
    Known,
    /// Compared with the key sheet now.
    Compared,
    /// Taken as it came: no sheet was at hand.
    NotCompared,
}

impl RootSeen {
    /// The word that travels.
    pub fn as_str(self) -> &'static str {
        match self {
            RootSeen::Known => "known",
            RootSeen::Compared => "compared",
            RootSeen::NotCompared => "not-compared",
        }
    }

    /// Reads the word back.
    pub fn parse(word: &str) -> Option<Self> {
        let all = [RootSeen::Known, RootSeen::Compared, RootSeen::NotCompared];
        all.into_iter().find(|root| root.as_str() == word)
    }
}

/// The release's entry says how the device knows its root, when the device says so.
pub(super) fn with_root(entry: Entry, root: Option<RootSeen>) -> Entry {
    match root {
        Some(root) => entry.with("root", root.as_str()),
        None => entry,
    }
}

/// A visit whose preparation is due, or was released.
#[derive(Debug, Clone)]
pub struct Due {
    /// The participant.
    pub participant: Reference,
    /// The enrolment number.
    pub number: EnrolmentNumber,
    /// The code.
    pub code: Code,
    /// The visit whose infusion is due today, if one is.
    pub visit: Option<VisitId>,
    /// What was released for preparation and may still be used, oldest first.
    pub released: Vec<Progress>,
}

/// A release with what is said beside it.
pub struct Handed {
    /// The sealed arm and its proofs.
    pub released: Released,
    /// Whose.
    pub number: EnrolmentNumber,
    /// The same request was answered before; this hand-over is an entry of its own.
    pub repeated: bool,
    /// Of a preparation: counted from the first release, whenever it was answered.
    pub times: Option<Times>,
}

impl House {
    /// Releases one slot for preparation.
    ///
    /// # Errors
    /// `identifiers-do-not-match`, `visit-not-due`, `already-prepared`, `not-granted-yet`, `no-such-record` for a code
    /// that is unknown, not issued, or another centre's.
    pub async fn prepare(
        &self,
        caller: &Caller,
        wish: Preparation,
        once: OnceKey,
    ) -> Result<Handed, Refusal> {
        self.may_somewhere::<Prepare>(caller).await?;
        if let Some(reason) = &wish.reason {
            super::recruitment::check_reason("/reason", reason)?;
        }
        let found = self.store.read(|view| view.participant_by_code(&wish.code));
        let Some(participant) = found.map_err(Refusal::from)? else {
            // A code of nobody and one of another centre are one answer, and one entry (EU-6).
            return Err(self.refuse(caller, Prepare::NAME, Why::NoSuchRecord).await);
        };
        let may = self.may::<Prepare>(caller, &participant.centre).await?;
        let trial = Arc::clone(&self.trial);
        let number = participant.number.clone();
        let granted = may.clone();
        let done = self.act(&may, move |tx| {
            if let Some(first) = first_answer(tx, &once)? {
                return redeliver(tx, &granted, &trial, &first.answer, first.seq);
            }
            check_identifier(&participant, &wish.identifier)?;
            check_visit(&tx.view(), &trial, &participant, &wish, tx.now())?;
            let reference = tx.reference();
            let entry = Entry::new("release-for-preparation")
                .at(&participant.centre)
                .on("participant", participant.number.as_str())
                .on("reference", reference.as_str())
                .on("code", wish.code.to_string())
                .with("visit", wish.visit.as_str());
            let entry = with_root(entry, wish.root);
            let entry = match wish.reason {
                Some(reason) => entry.private("reason", reason),
                None => entry,
            };
            let answer = reference.to_string();
            let wanted = tx.want(&granted, &trial.id, &wish.code, reference, entry)?;
            let seq = tx.last_appended();
            tx.remember(&once, &answer, seq)?;
            Ok((wanted, false))
        });
        let (durable, repeated) = done.await?.split();
        let released = durable.release(&self.secret).map_err(|_| self.not_our_lock())?;
        let reference = &released.reference;
        let kept = self.store.read(|view| Ok::<_, Refusal>(view.release(reference)?))?;
        let times = kept.map(|kept| self.times(kept.at));
        Ok(Handed { released, number, repeated, times })
    }

    /// A slot that this server secret does not lift: the wrong secret was installed, or the row was altered.
    pub(super) fn not_our_lock(&self) -> Refusal {
        tracing::error!("a slot's lock does not fit the server secret");
        Refusal::new(Why::TrailDamaged)
    }

    /// What the pharmacist's centres have to prepare, oldest participant first.
    ///
    /// # Errors
    /// `not-your-role`.
    pub async fn preparations(&self, caller: &Caller) -> Result<Vec<Due>, Refusal> {
        let may = self.may_somewhere::<ReadPreparations>(caller).await?;
        let centres = caller.places(&may);
        let now = self.clock.now();
        let hours = i64::from(self.trial.preparation.use_within_hours);
        let since = now.plus_seconds(-hours * 3600);
        self.store.read(|view| {
            let mut all = vec![];
            let mut after = String::new();
            loop {
                let page = view.participants(centres, &after, crate::limits::PAGE)?;
                let Some(last) = page.last() else { return Ok(all) };
                after = last.number.to_string();
                for participant in page {
                    let Some(allocation) = view.allocation(&participant.reference)? else {
                        continue;
                    };
                    let life = life_of(view, &self.trial, &participant)?;
                    let today = self.trial.zone.day(now);
                    let released = view.progress_since(&participant.reference, since)?;
                    let course = life.course(&self.trial.zone);
                    let due = course.and_then(|c| visit::due_today(&self.trial, &c, today));
                    all.push(Due {
                        participant: participant.reference,
                        number: participant.number,
                        code: allocation.code,
                        visit: due.map(|visit| visit.id.clone()),
                        released,
                    });
                }
            }
        })
    }
}

/// The first answer was lost: the same slot again, under the first entry, and an entry that says so.
pub(super) fn redeliver<A: crate::domain::access::Reveals>(
    tx: &mut Tx<'_>,
    may: &crate::domain::access::Granted<A>,
    trial: &Trial,
    answer: &str,
    first: u64,
) -> Result<(Wanted, bool), Refusal> {
    let reference = Reference::parse(answer).map_err(|_| StoreError::Damaged)?;
    let release = tx.view().release(&reference)?.ok_or(StoreError::Damaged)?;
    let entry = Entry::new("release-redelivered")
        .at(&release.centre)
        .on("participant", release.number.as_str())
        .on("reference", reference.as_str())
        .on("code", release.code.to_string())
        .with("first", first);
    let wanted = tx.want_again(may, &trial.id, &release.code, reference, first, entry)?;
    Ok((wanted, true))
}

/// Initials or birth date, either of them, compared without telling how close. Small letters are taken as the capitals
/// they stand for, as at screening: nobody looks for the shift key in an emergency.
pub(super) fn identifies(participant: &Participant, identifier: &str) -> bool {
    let said = identifier.trim().to_ascii_uppercase();
    let kept = [&participant.initials, &participant.birth_date];
    kept.into_iter().flatten().any(|kept| same(kept.as_bytes(), said.as_bytes()))
}

fn check_identifier(participant: &Participant, identifier: &str) -> Result<(), Refusal> {
    if identifies(participant, identifier) {
        return Ok(());
    }
    Err(Refusal::new(Why::IdentifiersDoNotMatch))
}

fn check_visit(
    view: &View<'_>,
    trial: &Trial,
    participant: &Participant,
    wish: &Preparation,
    now: Moment,
) -> Result<(), Refusal> {
    let life = life_of(view, trial, participant)?;
    let course = life.course(&trial.zone).ok_or_else(|| Refusal::new(Why::NoSuchRecord))?;
    let reason = wish.reason.is_some();
    match visit::may_prepare(trial, &wish.visit, &course, trial.zone.day(now), reason) {
        Ok(_) => Ok(()),
        Err(VisitRefusal::Unknown) => {
            Err(Refusal::fields(vec![FieldError::new("/visit", FieldCode::ChoiceUnknown)]))
        }
        Err(VisitRefusal::TreatmentEnded) => Err(Refusal::new(Why::TreatmentEnded)),
        Err(VisitRefusal::NotDue { .. }) => Err(Refusal::new(Why::VisitNotDue)),
        Err(VisitRefusal::AlreadyPrepared { .. }) => Err(Refusal::new(Why::AlreadyPrepared)),
    }
}
