//! A participant's way through the trial, folded from what was recorded: nothing of it is kept as a state that could
//! disagree with the records behind it.

use super::ids::{CentreId, VisitId};
use super::time::{Date, Moment, Zone};
use super::visit::Course;

/// One record of a participant's way, as its entry says it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Happened {
    /// A code was released for a visit's preparation.
    Prepared(VisitId, Moment),
    /// An infusion was given.
    Infused(VisitId, Moment),
    /// A dose was missed.
    Missed(VisitId),
    /// Treatment ended, for this reason of the configuration.
    Stopped(String),
    /// Every standing stop was lifted.
    Resumed,
    /// The participation ended, in this way.
    Left(String),
    /// A mistake was recorded.
    Mistaken(String),
}

/// How far a participant has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Answers are there, and no code.
    Screened,
    /// Screened and not to be randomised any more.
    Failed,
    /// A code, and no infusion yet.
    Randomised,
    /// At least one infusion was given.
    OnTreatment,
    /// A stop reason stands.
    Discontinued,
    /// All visits done.
    Completed,
    /// Consent was withdrawn.
    Withdrawn,
    /// Lost to follow-up.
    Lost,
    /// Dead.
    Died,
}

impl State {
    /// Every state, in the order of a way through the trial.
    pub const ALL: [State; 9] = [
        State::Screened,
        State::Failed,
        State::Randomised,
        State::OnTreatment,
        State::Discontinued,
        State::Completed,
        State::Withdrawn,
        State::Lost,
        State::Died,
    ];

    /// The word that travels.
    pub fn as_str(self) -> &'static str {
        match self {
            State::Screened => "screened",
            State::Failed => "failed",
            State::Randomised => "randomised",
            State::OnTreatment => "on-treatment",
            State::Discontinued => "discontinued",
            State::Completed => "completed",
            State::Withdrawn => "withdrawn",
            State::Lost => "lost",
            State::Died => "died",
        }
    }
}

/// Why a record does not fit what happened so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unfit {
    /// The participant's state does not allow it.
    State,
    /// Nothing was prepared for the visit.
    NotPrepared,
    /// This answer lies before what comes first.
    Before(&'static str),
    /// It is recorded already; this answer says why it is again.
    Recorded(&'static str),
    /// This answer is needed, after what the others say.
    Needed(&'static str),
    /// This answer cannot be chosen here.
    Choice(&'static str),
}

/// A participant's way so far.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Life {
    /// The present centre.
    pub centre: CentreId,
    /// Did the answers come to "eligible"?
    pub eligible: bool,
    /// When the code was issued.
    pub randomised: Option<Moment>,
    /// Every release for preparation, oldest first.
    pub prepared: Vec<(VisitId, Moment)>,
    /// Every infusion that was given, with its beginning; the last record of a visit counts.
    pub infused: Vec<(VisitId, Moment)>,
    /// Doses that were missed.
    pub missed: Vec<VisitId>,
    /// The stop reasons that stand.
    pub stops: Vec<String>,
    /// How the participation ended.
    pub left: Option<String>,
    /// Mistakes that were recorded, oldest first.
    pub mistakes: Vec<String>,
    days: Vec<(VisitId, Date)>,
}

impl Life {
    /// Folds what was recorded, oldest first.
    pub fn of(
        centre: CentreId,
        eligible: bool,
        randomised: Option<Moment>,
        happened: impl IntoIterator<Item = Happened>,
        zone: &Zone,
    ) -> Self {
        let (prepared, infused, days) = (vec![], vec![], vec![]);
        let (missed, stops, left, mistakes) = (vec![], vec![], None, vec![]);
        let life = Self {
            centre,
            eligible,
            randomised,
            prepared,
            infused,
            missed,
            stops,
            left,
            mistakes,
            days,
        };
        happened.into_iter().fold(life, |life, one| life.then(one, zone))
    }

    fn then(mut self, happened: Happened, zone: &Zone) -> Self {
        match happened {
            Happened::Prepared(visit, at) => {
                self.days.push((visit.clone(), zone.day(at)));
                self.prepared.push((visit, at));
            }
            Happened::Infused(visit, at) => {
                self.infused.retain(|(other, _)| *other != visit);
                self.missed.retain(|other| *other != visit);
                self.infused.push((visit, at));
            }
            Happened::Missed(visit) => self.missed.push(visit),
            Happened::Stopped(reason) => self.stops.push(reason),
            Happened::Resumed => self.stops.clear(),
            Happened::Left(how) => self.left = Some(how),
            Happened::Mistaken(mistake) => self.mistakes.push(mistake),
        }
        self
    }

    /// When a visit's preparation was released, the last time.
    pub fn prepared(&self, visit: &VisitId) -> Option<Moment> {
        self.prepared.iter().rev().find(|(id, _)| id == visit).map(|(_, at)| *at)
    }

    /// When a visit's infusion began.
    pub fn infused(&self, visit: &VisitId) -> Option<Moment> {
        self.infused.iter().find(|(id, _)| id == visit).map(|(_, at)| *at)
    }

    /// How far.
    pub fn state(&self) -> State {
        match (self.left.as_deref(), self.randomised) {
            (Some(_), None) => State::Failed,
            (Some("completed"), _) => State::Completed,
            (Some("lost"), _) => State::Lost,
            (Some("died"), _) => State::Died,
            (Some(_), _) => State::Withdrawn,
            (None, None) if self.eligible => State::Screened,
            (None, None) => State::Failed,
            (None, Some(_)) if !self.stops.is_empty() => State::Discontinued,
            (None, Some(_)) if self.infused.is_empty() => State::Randomised,
            (None, Some(_)) => State::OnTreatment,
        }
    }

    /// The course that the schedule asks about. The days count from the actual first infusion; until it is recorded,
    /// from the first preparation, so that late paperwork moves no visit. None before randomisation.
    pub fn course(&self, zone: &Zone) -> Option<Course<'_>> {
        let first = self.infused.iter().map(|(_, at)| zone.day(*at)).min();
        let first_prepared = self.days.first().map(|(_, day)| *day);
        Some(Course {
            randomised_on: zone.day(self.randomised?),
            first_infusion: first.or(first_prepared),
            released: &self.days,
            missed: &self.missed,
            stopped: !self.stops.is_empty() || self.left.is_some(),
        })
    }
}
