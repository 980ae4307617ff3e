//! Records of a participant's way after screening: what each kind asks, as data, and how an answer is read. One table
//! serves the interface, the pages and the trail, so that a kind of record is its questions, its words, and one check.

use super::access::{
    Act, Correct, EndTreatment, RecordVisit, ReportAccident, ResumeTreatment, Transfer,
};
use super::answers::FieldProblem;
use super::follow_up::Standing;
use super::ids::{CentreId, EnrolmentNumber, VisitId};
use super::life::{Life, Unfit};
use super::time::{Date, Moment};
use super::trial::Trial;
use std::collections::BTreeMap;

/// What kind of answer a question takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asked {
    /// One of these words.
    Choice(&'static [&'static str]),
    /// A visit with an infusion.
    Visit,
    /// A stop reason of the configuration.
    StopReason,
    /// A study centre.
    Centre,
    /// An enrolment number.
    Number,
    /// A day, not after today.
    Day,
    /// A day, not before today.
    Coming,
    /// A minute where the trial is, not after now: `2026-11-21T20:35`.
    Moment,
    /// A whole number from `least` to `most`.
    Whole {
        /// The least.
        least: u32,
        /// The most.
        most: u32,
    },
    /// `yes` or `no`.
    YesNo,
    /// Free text: at most 500 characters, no identity in it, no treatment named.
    Text,
}

/// One question of a record. Free text is private; everything else stands in the line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Question {
    /// Its name in bodies, forms and entries.
    pub id: &'static str,
    /// What is answered.
    pub asked: Asked,
    /// Must it be?
    pub must: bool,
}

pub(super) const fn must(id: &'static str, asked: Asked) -> Question {
    Question { id, asked, must: true }
}

pub(super) const fn may(id: &'static str, asked: Asked) -> Question {
    Question { id, asked, must: false }
}

/// An answer that was taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// A word: of a choice, a visit, a centre; or free text.
    Text(String),
    /// A day.
    Day(Date),
    /// A moment.
    Moment(Moment),
    /// A number.
    Whole(u32),
    /// Yes or no.
    Yes(bool),
}

/// A record's answers, each well formed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answers(BTreeMap<&'static str, Answer>);

impl Answers {
    /// The answer to a question, if there is one.
    pub fn get(&self, question: &str) -> Option<&Answer> {
        self.0.get(question)
    }

    /// A word or a text; empty when it was not answered.
    pub fn text(&self, question: &str) -> &str {
        match self.get(question) {
            Some(Answer::Text(text)) => text,
            _ => "",
        }
    }

    /// A moment.
    pub fn moment(&self, question: &str) -> Option<Moment> {
        match self.get(question) {
            Some(Answer::Moment(moment)) => Some(*moment),
            _ => None,
        }
    }

    /// The visit that the record is about.
    pub fn visit(&self) -> Option<VisitId> {
        VisitId::parse(self.text("visit")).ok()
    }
}

/// A kind of record: whose right it is, which entry it leaves, what it asks, and when it fits.
pub trait Kind: 'static {
    /// Who may make one.
    type Right: Act + Send + 'static;
    /// The same, as a value.
    const RIGHT: Self::Right;
    /// The word of its entry.
    const ENTRY: &'static str;
    /// What it asks, in this order.
    const QUESTIONS: &'static [Question];

    /// Does it fit what happened so far? Gives the deviation that it is, if it is one.
    ///
    /// # Errors
    /// Why it does not.
    fn fits(trial: &Trial, life: &Life, answers: &Answers) -> Result<Option<&'static str>, Unfit>;

    /// Does it fit what there is about the code break? Asked of records about one.
    ///
    /// # Errors
    /// Why it does not.
    fn follows(_: &Standing, _: &Answers) -> Result<(), Unfit> {
        Ok(())
    }
}

/// An infusion as those who gave it saw it: nothing of it is about the product (DI-11).
pub struct Infusion;
/// A dose that was not given.
pub struct MissedDose;
/// Treatment ends: nothing is prepared any more.
pub struct Stop;
/// An investigator lifts a stop.
pub struct Resumption;
/// The participant leaves the trial, or has completed it.
pub struct Leave;
/// The participant goes to another centre. Stratum and code stay.
pub struct Move;
/// A mistake that was made. Nothing is undone.
pub struct Mistake;
/// Somebody learned by accident what they should not know: that, never what.
pub struct Accident;

/// Why a dose was missed.
pub const MISSED: &[&str] = &["illness", "absent", "supply", "decision", "other"];
/// How a participation ends.
pub const ENDS: &[&str] = &["completed", "withdrawn", "lost", "died"];
/// The mistakes that are recorded as such; wrong values are corrected instead.
pub const MISTAKES: &[&str] = &[
    "randomised-in-error",
    "wrong-person",
    "duplicate-person",
    "ineligible",
    "wrong-product",
    "other",
];
/// What kind of knowledge came out.
pub const KNOWLEDGE: &[&str] = &["exact-arm", "same-as-another", "group-figures"];
/// Where it came from.
pub const SOURCES: &[&str] =
    &["mail", "screen", "label", "laboratory", "colour", "phone", "report", "other"];

impl Kind for Infusion {
    type Right = RecordVisit;
    const RIGHT: RecordVisit = RecordVisit;
    const ENTRY: &'static str = "infusion-recorded";
    const QUESTIONS: &'static [Question] = &[
        must("visit", Asked::Visit),
        must("started", Asked::Moment),
        must("ended", Asked::Moment),
        must("volume", Asked::Whole { least: 0, most: 1000 }),
        must("interrupted", Asked::YesNo),
        must("reaction", Asked::YesNo),
        may("note", Asked::Text),
        may("again", Asked::Text),
    ];

    fn fits(trial: &Trial, life: &Life, answers: &Answers) -> Result<Option<&'static str>, Unfit> {
        let visit = answers.visit().ok_or(Unfit::State)?;
        let prepared = life.prepared(&visit).ok_or(Unfit::NotPrepared)?;
        let (Some(started), Some(ended)) = (answers.moment("started"), answers.moment("ended"))
        else {
            return Err(Unfit::State);
        };
        if started < prepared.minute() {
            return Err(Unfit::Before("started"));
        }
        if ended < started {
            return Err(Unfit::Before("ended"));
        }
        if life.infused(&visit).is_some() && answers.get("again").is_none() {
            return Err(Unfit::Recorded("again"));
        }
        let hours = i64::from(trial.preparation.use_within_hours);
        Ok((ended > prepared.plus_seconds(hours * 60 * 60)).then_some("late-end"))
    }
}

impl Kind for MissedDose {
    type Right = RecordVisit;
    const RIGHT: RecordVisit = RecordVisit;
    const ENTRY: &'static str = "infusion-missed";
    const QUESTIONS: &'static [Question] = &[
        must("visit", Asked::Visit),
        must("why", Asked::Choice(MISSED)),
        may("note", Asked::Text),
    ];

    fn fits(_: &Trial, life: &Life, answers: &Answers) -> Result<Option<&'static str>, Unfit> {
        let visit = answers.visit().ok_or(Unfit::State)?;
        life.randomised.ok_or(Unfit::State)?;
        if life.infused(&visit).is_some() || life.missed.contains(&visit) {
            return Err(Unfit::State);
        }
        Ok(Some("missed-dose"))
    }
}

impl Kind for Stop {
    type Right = EndTreatment;
    const RIGHT: EndTreatment = EndTreatment;
    const ENTRY: &'static str = "treatment-ended";
    const QUESTIONS: &'static [Question] = &[
        must("reason", Asked::StopReason),
        must("day", Asked::Day),
        must("follow-up", Asked::YesNo),
        may("note", Asked::Text),
    ];

    fn fits(_: &Trial, life: &Life, _: &Answers) -> Result<Option<&'static str>, Unfit> {
        // A second reason may stand beside the first: lifting one must not lift the other.
        if life.randomised.is_none() || life.left.is_some() {
            return Err(Unfit::State);
        }
        Ok(None)
    }
}

impl Kind for Resumption {
    type Right = ResumeTreatment;
    const RIGHT: ResumeTreatment = ResumeTreatment;
    const ENTRY: &'static str = "treatment-resumed";
    const QUESTIONS: &'static [Question] = &[must("note", Asked::Text)];

    fn fits(trial: &Trial, life: &Life, _: &Answers) -> Result<Option<&'static str>, Unfit> {
        let liftable = |reason: &String| trial.stop_reason(reason).is_some_and(|r| r.liftable);
        if life.left.is_some() || life.stops.is_empty() || !life.stops.iter().all(liftable) {
            return Err(Unfit::State);
        }
        Ok(None)
    }
}

impl Kind for Leave {
    type Right = EndTreatment;
    const RIGHT: EndTreatment = EndTreatment;
    const ENTRY: &'static str = "participation-ended";
    const QUESTIONS: &'static [Question] =
        &[must("how", Asked::Choice(ENDS)), must("day", Asked::Day), may("note", Asked::Text)];

    fn fits(_: &Trial, life: &Life, answers: &Answers) -> Result<Option<&'static str>, Unfit> {
        let completes = answers.text("how") == "completed";
        if life.left.is_some() || (completes && life.randomised.is_none()) {
            return Err(Unfit::State);
        }
        Ok(None)
    }
}

impl Kind for Move {
    type Right = Transfer;
    const RIGHT: Transfer = Transfer;
    const ENTRY: &'static str = "participant-transferred";
    const QUESTIONS: &'static [Question] =
        &[must("to", Asked::Centre), must("day", Asked::Day), must("note", Asked::Text)];

    fn fits(_: &Trial, life: &Life, answers: &Answers) -> Result<Option<&'static str>, Unfit> {
        if life.randomised.is_none() || life.left.is_some() {
            return Err(Unfit::State);
        }
        if answers.text("to") == life.centre.as_str() {
            return Err(Unfit::Choice("to"));
        }
        Ok(None)
    }
}

impl Kind for Mistake {
    type Right = Correct;
    const RIGHT: Correct = Correct;
    const ENTRY: &'static str = "mistake-recorded";
    const QUESTIONS: &'static [Question] = &[
        must("mistake", Asked::Choice(MISTAKES)),
        must("since", Asked::Day),
        must("truth", Asked::Text),
        must("why", Asked::Text),
    ];

    fn fits(_: &Trial, life: &Life, _: &Answers) -> Result<Option<&'static str>, Unfit> {
        if life.randomised.is_none() { Err(Unfit::State) } else { Ok(Some("mistake")) }
    }
}

impl Kind for Accident {
    type Right = ReportAccident;
    const RIGHT: ReportAccident = ReportAccident;
    const ENTRY: &'static str = "accident-recorded";
    const QUESTIONS: &'static [Question] = &[
        may("participant", Asked::Number),
        must("knowledge", Asked::Choice(KNOWLEDGE)),
        must("source", Asked::Choice(SOURCES)),
        must("day", Asked::Day),
        must("who", Asked::Text),
        may("spread", Asked::Text),
        must("contained", Asked::Text),
        must("impact", Asked::Text),
        may("action", Asked::Text),
    ];

    fn fits(_: &Trial, _: &Life, _: &Answers) -> Result<Option<&'static str>, Unfit> {
        Ok(None)
    }
}

/// Reads the answers to a kind's questions; free text has at most `longest` characters.
///
/// # Errors
/// Every answer that cannot be taken, in the order of the questions; what was typed is never repeated.
pub fn read<K: Kind>(
    trial: &Trial,
    raw: &BTreeMap<String, String>,
    now: Moment,
    longest: usize,
) -> Result<Answers, Vec<FieldProblem>> {
    let mut answers = BTreeMap::new();
    let mut problems = vec![];
    for question in K::QUESTIONS {
        let said = raw.get(question.id).map_or("", |text| text.trim());
        match (said, question.must) {
            ("", false) => {}
            ("", true) => problems.push(problem(question.id, "required")),
            (said, _) => match one(trial, question.asked, said, now, longest) {
                Ok(answer) => drop(answers.insert(question.id, answer)),
                Err(wrong) => {
                    problems.push(FieldProblem { field: question.id.to_owned(), ..wrong });
                }
            },
        }
    }
    let known = |name: &&String| K::QUESTIONS.iter().any(|question| question.id == **name);
    // A name that is no question of ours is not repeated: it could be anything.
    problems.extend(raw.keys().filter(|name| !known(name)).map(|_| problem("", "unknown-field")));
    if problems.is_empty() { Ok(Answers(answers)) } else { Err(problems) }
}

fn problem(field: &str, code: &'static str) -> FieldProblem {
    FieldProblem { field: field.to_owned(), code, min: None, max: None, other: None }
}

fn one(
    trial: &Trial,
    asked: Asked,
    said: &str,
    now: Moment,
    longest: usize,
) -> Result<Answer, FieldProblem> {
    let because = |code| problem("", code);
    let known = |known: bool| match known {
        true => Ok(Answer::Text(said.to_owned())),
        false => Err(because("choice-unknown")),
    };
    match asked {
        Asked::Choice(words) => known(words.contains(&said)),
        Asked::Visit => {
            let visit = VisitId::parse(said).ok();
            known(visit.and_then(|id| trial.visit(&id)).is_some_and(|visit| visit.infusion))
        }
        Asked::StopReason => known(trial.stop_reason(said).is_some()),
        Asked::Centre => {
            known(CentreId::parse(said).ok().is_some_and(|id| trial.centre(&id).is_some()))
        }
        Asked::Number => {
            let number = EnrolmentNumber::parse(&said.to_ascii_uppercase());
            let number = number.map_err(|_| because("choice-unknown"))?;
            Ok(Answer::Text(number.as_str().to_owned()))
        }
        Asked::Day => {
            let day = Date::parse(said).ok_or(because("date-form"))?;
            let today = trial.zone.day(now);
            let future = FieldProblem { max: Some(today.to_string()), ..because("date-future") };
            if day > today { Err(future) } else { Ok(Answer::Day(day)) }
        }
        Asked::Coming => {
            let day = Date::parse(said).ok_or(because("date-form"))?;
            let today = trial.zone.day(now);
            let past = FieldProblem { min: Some(today.to_string()), ..because("date-too-old") };
            if day < today { Err(past) } else { Ok(Answer::Day(day)) }
        }
        Asked::Moment => {
            let moment = trial.zone.moment(said).ok_or(because("moment-format"))?;
            let today = trial.zone.minute(now);
            let future = FieldProblem { max: Some(today), ..because("date-future") };
            if moment > now { Err(future) } else { Ok(Answer::Moment(moment)) }
        }
        Asked::Whole { least, most } => {
            let number: u32 = said.parse().map_err(|_| because("number-form"))?;
            let (min, max) = (Some(least.to_string()), Some(most.to_string()));
            let range = FieldProblem { min, max, ..because("num-range") };
            if (least..=most).contains(&number) { Ok(Answer::Whole(number)) } else { Err(range) }
        }
        Asked::YesNo => match said {
            "yes" => Ok(Answer::Yes(true)),
            "no" => Ok(Answer::Yes(false)),
            _ => Err(because("choice-unknown")),
        },
        Asked::Text => {
            super::answers::check_text(said, longest).map(|()| Answer::Text(said.to_owned()))
        }
    }
}
