//! What follows a code break: the record that is due within hours of it, and the signature that closes it. Also a safety
//! unblinding that is planned for one named person, so that nobody of the trial's team needs to know (EU-9, EU-10, EU-13).

use super::access::{CloseBreak, FollowUp, PlanUnblinding};
use super::life::{Life, Unfit};
use super::record::{Answer, Answers, Asked, Kind, Question, may, must};
use super::time::Moment;
use super::trial::Trial;

/// How far the record of a code break is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// Not written, and still in time.
    Due,
    /// Not written in time. Being late refuses nothing.
    Overdue,
    /// Written; it may be written again.
    Written,
    /// Signed by the principal investigator: nothing is written any more.
    Closed,
}

impl Progress {
    /// All four.
    pub const ALL: [Progress; 4] =
        [Progress::Due, Progress::Overdue, Progress::Written, Progress::Closed];

    /// The word that travels.
    pub fn as_str(self) -> &'static str {
        match self {
            Progress::Due => "due",
            Progress::Overdue => "overdue",
            Progress::Written => "written",
            Progress::Closed => "closed",
        }
    }
}

/// What there is so far about one code break.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// When the code was broken.
    pub broken: Moment,
    /// Did the holder's device confirm that it opened the release?
    pub opened: bool,
    /// The entry of the last follow-up record.
    pub written: Option<u64>,
    /// The entry of the last sealed part: what was written once the arm was known.
    pub sealed: Option<u64>,
    /// The entry of the closure.
    pub closed: Option<u64>,
}

impl Standing {
    /// Until when the record should be written, if that is due so many hours after the break.
    pub fn due(&self, hours: u32) -> Moment {
        self.broken.plus_seconds(i64::from(hours) * 60 * 60)
    }

    /// How far the record is, at this moment.
    pub fn progress(&self, hours: u32, now: Moment) -> Progress {
        match (self.closed, self.written) {
            (Some(_), _) => Progress::Closed,
            (None, Some(_)) => Progress::Written,
            (None, None) if now > self.due(hours) => Progress::Overdue,
            (None, None) => Progress::Due,
        }
    }
}

/// The record of a code break: it may be written again until the break is closed, and the last one counts.
pub struct BreakRecord;
/// The principal investigator has assessed the break; the record is complete.
pub struct Closure;
/// One named person is to be told one participant's treatment, for a report to an authority. Nobody else is.
pub struct SafetyPlan;

/// How severe the event is.
pub const SEVERITIES: &[&str] =
    &["mild", "moderate", "severe", "life-threatening", "fatal", "unknown"];
/// Was the event held to be related to treatment, before the treatment was known?
pub const RELATED: &[&str] =
    &["unrelated", "unlikely", "possible", "probable", "definite", "not-assessed"];
/// What was done about treatment.
pub const TREATED: &[&str] = &["continued", "interrupted", "stopped", "not-applicable"];

impl Kind for BreakRecord {
    type Right = FollowUp;
    const RIGHT: FollowUp = FollowUp;
    const ENTRY: &'static str = "follow-up-recorded";
    const QUESTIONS: &'static [Question] = &[
        may("report-number", Asked::Text),
        must("serious", Asked::YesNo),
        must("severity", Asked::Choice(SEVERITIES)),
        must("related-before", Asked::Choice(RELATED)),
        must("treatment", Asked::Choice(TREATED)),
        must("goes-on", Asked::YesNo),
        must("knows", Asked::Text),
        must("stays-blind", Asked::Text),
        may("sponsor-told", Asked::Day),
        may("ethics-told", Asked::Day),
        may("board-told", Asked::Day),
        must("in-line", Asked::YesNo),
        may("deviation", Asked::Text),
        must("impact", Asked::Text),
        may("action", Asked::Text),
    ];

    fn fits(_: &Trial, _: &Life, answers: &Answers) -> Result<Option<&'static str>, Unfit> {
        match (answers.get("in-line"), answers.get("deviation")) {
            (Some(Answer::Yes(false)), None) => Err(Unfit::Needed("deviation")),
            (Some(Answer::Yes(false)), _) => Ok(Some("break-out-of-line")),
            _ => Ok(None),
        }
    }

    fn follows(standing: &Standing, _: &Answers) -> Result<(), Unfit> {
        if standing.closed.is_some() { Err(Unfit::State) } else { Ok(()) }
    }
}

impl Kind for Closure {
    type Right = CloseBreak;
    const RIGHT: CloseBreak = CloseBreak;
    const ENTRY: &'static str = "break-closed";
    const QUESTIONS: &'static [Question] =
        &[may("unconfirmed", Asked::Text), may("no-sealed-part", Asked::Text)];

    fn fits(_: &Trial, _: &Life, _: &Answers) -> Result<Option<&'static str>, Unfit> {
        Ok(None)
    }

    /// Every record holds a statement of impact, so one record is enough (EU-10). Its sealed part is there, or the reason
    /// why there is none.
    fn follows(standing: &Standing, answers: &Answers) -> Result<(), Unfit> {
        if standing.closed.is_some() || standing.written.is_none() {
            return Err(Unfit::State);
        }
        if !standing.opened && answers.get("unconfirmed").is_none() {
            return Err(Unfit::Needed("unconfirmed"));
        }
        if standing.sealed.is_none() && answers.get("no-sealed-part").is_none() {
            return Err(Unfit::Needed("no-sealed-part"));
        }
        Ok(())
    }
}

impl Kind for SafetyPlan {
    type Right = PlanUnblinding;
    const RIGHT: PlanUnblinding = PlanUnblinding;
    const ENTRY: &'static str = "safety-unblinding-planned";
    const QUESTIONS: &'static [Question] = &[
        must("participant", Asked::Number),
        must("to-tell", Asked::Text),
        must("why", Asked::Text),
        must("report-due", Asked::Coming),
    ];

    fn fits(_: &Trial, life: &Life, _: &Answers) -> Result<Option<&'static str>, Unfit> {
        if life.randomised.is_none() { Err(Unfit::State) } else { Ok(None) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn standing(written: Option<u64>, closed: Option<u64>) -> Standing {
        Standing { broken: Moment::from_millis(0), opened: true, written, sealed: None, closed }
    }

    #[test]
    fn a_record_is_overdue_only_when_it_is_late_and_not_written() {
        let due = standing(None, None).due(24);
        assert_eq!(due.millis(), 24 * 60 * 60 * 1000);
        let late = due.plus_seconds(1);
        for (written, closed, now, progress) in [
            (None, None, due, Progress::Due),
            (None, None, late, Progress::Overdue),
            (Some(7), None, late, Progress::Written),
            (Some(7), Some(8), due, Progress::Closed),
        ] {
            assert_eq!(standing(written, closed).progress(24, now), progress);
        }
    }
}
