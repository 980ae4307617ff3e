//! Reading about code breaks: that, when, why in a word, and how far the record of each is. Never what.

use super::follow_up::standing_of;
use super::way::{Told, told};
use super::{Answered, House};
use crate::domain::access::{Caller, FollowUp, Granted, ReadBreaks, ReadParticipants};
use crate::domain::entry::Entry;
use crate::domain::follow_up::{Progress, Standing};
use crate::domain::ids::{CentreId, Reference};
use crate::domain::people::Role;
use crate::domain::time::Moment;
use crate::limits::{AGAIN_SECONDS, UNCONFIRMED_SECONDS};
use crate::refusal::{Code as Why, Refusal};
use crate::store::StoreError;
use crate::store::queries::{Release, View};

/// A code break as everybody who may know of it sees it: that, never what.
#[derive(Debug, Clone)]
pub struct Broken {
    /// The release.
    pub release: Release,
    /// Opened on the holder's device, by its own receipt; without one it counts as unblinded all the same.
    pub opened: bool,
    /// No receipt after ten minutes.
    pub unconfirmed: bool,
    /// What there is about it so far.
    pub standing: Standing,
    /// Until when its record should be written.
    pub due: Moment,
    /// How far the record is.
    pub progress: Progress,
    /// Not the first within a day (EU-17); for monitor and sponsor alone.
    pub again: Again,
}

/// Within the day before a code break there was another. It refuses nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Again {
    /// By the same person.
    pub person: bool,
    /// At the same centre.
    pub centre: bool,
}

impl Again {
    /// Either.
    pub fn is_any(self) -> bool {
        self.person || self.centre
    }
}

impl House {
    /// Code breaks, newest first. Reading is an entry.
    ///
    /// # Errors
    /// `not-your-role`.
    pub async fn breaks(&self, caller: &Caller) -> Result<Answered<Vec<Broken>>, Refusal> {
        let may = self.may_somewhere::<ReadBreaks>(caller).await?;
        let (hours, role) = (self.trial.emergency.follow_up_hours, caller.person.role);
        let centres = caller.places(&may).map(<[_]>::to_vec);
        let done = self.act(&may, move |tx| {
            tx.append(Entry::new("breaks-read"))?;
            let at = Looked { now: tx.now(), hours, role };
            Ok(broken(&tx.view(), centres.as_deref(), &at)?)
        });
        let (value, receipt) = done.await?.into_parts();
        Ok(Answered { value, receipt, repeated: false })
    }

    /// The same without an entry, for who has to do something about it: a page that names nobody counts or links them.
    ///
    /// # Errors
    /// When the store fails.
    pub fn breaks_at_a_glance(
        &self,
        caller: &Caller,
        may: &Granted<ReadBreaks>,
    ) -> Result<Vec<Broken>, Refusal> {
        let hours = self.trial.emergency.follow_up_hours;
        let at = Looked { now: self.clock.now(), hours, role: caller.person.role };
        self.store.read(|view| Ok(broken(view, caller.places(may), &at)?))
    }

    /// One code break, with what was recorded about it. Free text is for those who write it, and for the monitor. Reading
    /// is an entry.
    ///
    /// # Errors
    /// `no-such-record` for a break that is unknown or another centre's.
    pub async fn break_of(
        &self,
        caller: &Caller,
        reference: &Reference,
    ) -> Result<(Broken, Vec<Told>), Refusal> {
        let release = self.break_for::<ReadBreaks>(caller, reference).await?;
        let may = self.may::<ReadBreaks>(caller, &release.present).await?;
        let entry = Entry::new("breaks-read")
            .at(&release.present)
            .on("participant", release.number.as_str())
            .on("reference", reference.as_str());
        self.act(&may, move |tx| Ok(tx.append(entry)?)).await?;
        let all = self.breaks_at_a_glance(caller, &may)?;
        let one = all.into_iter().find(|one| one.release.reference == *reference);
        let one = one.ok_or_else(|| Refusal::new(Why::NoSuchRecord))?;
        let reads = caller.may_somewhere::<FollowUp>().is_ok()
            || caller.may_somewhere::<ReadParticipants>().is_ok();
        let told = self.store.read(|view| {
            let told = view.records_about(reference)?.into_iter().map(|record| {
                let told = told(view, record.entry)?;
                Ok(Told { private: told.private.filter(|_| reads), ..told })
            });
            told.collect::<Result<Vec<_>, Refusal>>()
        })?;
        Ok((one, told))
    }

    /// How many code breaks were asked for and not done (EU-16).
    ///
    /// # Errors
    /// When the store fails.
    pub fn withdrawals(&self) -> Result<u64, Refusal> {
        self.store.read(|view| Ok(view.withdrawals()?))
    }

    /// Did this person break the participant's code, and so knows the treatment? Never which.
    ///
    /// # Errors
    /// When the store fails.
    pub fn knows(&self, caller: &Caller, participant: &Reference) -> Result<bool, Refusal> {
        let own = |release: &Release| release.person == caller.person.id;
        self.store.read(|view| Ok(view.releases_of(participant, "break")?.iter().any(own)))
    }
}

/// When somebody looks, and who.
struct Looked {
    now: Moment,
    hours: u32,
    role: Role,
}

fn broken(
    view: &View<'_>,
    centres: Option<&[CentreId]>,
    at: &Looked,
) -> Result<Vec<Broken>, StoreError> {
    let all = view.breaks(None)?;
    let late = at.now.plus_seconds(-UNCONFIRMED_SECONDS);
    let watches = matches!(at.role, Role::Monitor | Role::Sponsor);
    let seen = |release: &Release| {
        let standing = standing_of(view, release)?;
        Ok(Broken {
            opened: release.opened.is_some(),
            unconfirmed: release.opened.is_none() && release.at <= late,
            due: standing.due(at.hours),
            progress: standing.progress(at.hours, at.now),
            again: if watches { again(&all, release) } else { Again::default() },
            standing,
            release: release.clone(),
        })
    };
    let own = |release: &&Release| centres.is_none_or(|own| own.contains(&release.present));
    all.iter().filter(own).map(seen).collect()
}

/// Was there another within the day before? By the same person, or at the same centre: never by block or stratum, which
/// would show where in the list a code stands.
fn again(all: &[Release], one: &Release) -> Again {
    let (since, until) = (one.known().plus_seconds(-AGAIN_SECONDS), one.known());
    let earlier = |other: &&Release| (other.known(), other.entry) < (until, one.entry);
    let before = || all.iter().filter(earlier).filter(|other| other.known() >= since);
    Again {
        person: before().any(|other| other.person == one.person),
        centre: before().any(|other| other.centre == one.centre),
    }
}
