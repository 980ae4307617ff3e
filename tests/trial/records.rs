//! Which record fits what happened so far, and how its answers are read: each rule at its limit and one step past it.

use super::*;
use klero::domain::follow_up::{BreakRecord, Closure, Progress, SafetyPlan, Standing};
use klero::domain::ids::VisitId;
use klero::domain::life::{Happened, Life, State, Unfit};
use klero::domain::record::{
    self, Accident, Answer, Infusion, Kind, Leave, MissedDose, Mistake, Move, Resumption, Stop,
    read,
};

fn visit(id: &str) -> VisitId {
    VisitId::parse(id).unwrap()
}

fn life(randomised: bool, happened: Vec<Happened>) -> Life {
    let randomised = randomised.then(|| at("2026-11-20T10:00"));
    Life::of(centre(), true, randomised, happened, &TRIAL.zone)
}

fn stopped(reason: &str) -> Happened {
    Happened::Stopped(reason.to_owned())
}

fn left() -> Happened {
    Happened::Left("lost".to_owned())
}

fn raw(said: &[(&str, &str)]) -> BTreeMap<String, String> {
    said.iter().map(|(question, said)| ((*question).to_owned(), (*said).to_owned())).collect()
}

/// Reads without asking whether every question was answered.
fn some<K: Kind>(said: &[(&str, &str)]) -> record::Answers {
    let mut all = raw(said);
    for question in K::QUESTIONS.iter().filter(|question| question.must) {
        let filler = match question.asked {
            record::Asked::Choice(words) => words[0],
            record::Asked::Visit => "V1",
            record::Asked::StopReason => "pregnancy",
            record::Asked::Centre => "huashan",
            record::Asked::Number => "HSH-007",
            record::Asked::Day | record::Asked::Coming => "2026-11-21",
            record::Asked::Moment => "2026-11-21T12:00",
            record::Asked::Whole { .. } => "1",
            record::Asked::YesNo => "yes",
            record::Asked::Text => "said",
        };
        all.entry(question.id.to_owned()).or_insert_with(|| filler.to_owned());
    }
    read::<K>(&TRIAL, &all, noon(), 500).unwrap()
}

fn fits<K: Kind>(life: &Life, said: &[(&str, &str)]) -> Result<Option<&'static str>, Unfit> {
    K::fits(&TRIAL, life, &some::<K>(said))
}

// shows: DI-6, DI-11
#[test]
fn an_infusion_begins_after_its_preparation_and_ends_within_the_hours_or_is_a_deviation() {
    let prepared = |more: Vec<Happened>| {
        let moment = at("2026-11-20T08:00").plus_seconds(30);
        let all = [vec![Happened::Prepared(visit("V1"), moment)], more].concat();
        life(true, all)
    };
    let given = |life: &Life, started: &str, ended: &str, more: &[(&str, &str)]| {
        let day = |minute: &str| format!("2026-11-20T{minute}");
        let (started, ended) = (day(started), day(ended));
        fits::<Infusion>(life, &[&[("started", &*started), ("ended", &*ended)], more].concat())
    };
    let once = prepared(vec![]);
    assert_eq!(given(&life(true, vec![]), "08:00", "09:00", &[]), Err(Unfit::NotPrepared));
    assert_eq!(given(&once, "08:00", "09:00", &[]), Ok(None), "people write down the minute");
    assert_eq!(given(&once, "07:59", "09:00", &[]), Err(Unfit::Before("started")));
    assert_eq!(given(&once, "09:00", "08:59", &[]), Err(Unfit::Before("ended")));
    assert_eq!(given(&once, "09:00", "09:00", &[]), Ok(None));
    assert_eq!(given(&once, "15:00", "16:00", &[]), Ok(None));
    assert_eq!(given(&once, "15:00", "16:01", &[]), Ok(Some("late-end")));
    let to_the_minute = life(true, vec![Happened::Prepared(visit("V1"), at("2026-11-20T08:00"))]);
    assert_eq!(given(&to_the_minute, "15:00", "16:00", &[]), Ok(None), "eight hours are eight");
    let twice = prepared(vec![Happened::Infused(visit("V1"), at("2026-11-20T09:00"))]);
    assert_eq!(given(&twice, "09:00", "10:00", &[]), Err(Unfit::Recorded("again")));
    assert_eq!(
        given(&twice, "09:00", "10:00", &[("again", "the clock was read wrongly")]),
        Ok(None)
    );
}

// shows: DI-11
#[test]
fn a_dose_is_missed_once_by_somebody_with_a_code_and_never_after_it_was_given() {
    let v1 = || visit("V1");
    assert_eq!(fits::<MissedDose>(&life(false, vec![]), &[]), Err(Unfit::State));
    assert_eq!(fits::<MissedDose>(&life(true, vec![]), &[]), Ok(Some("missed-dose")));
    for before in [Happened::Infused(v1(), noon()), Happened::Missed(v1())] {
        assert_eq!(fits::<MissedDose>(&life(true, vec![before]), &[]), Err(Unfit::State));
    }
    let other = Happened::Missed(visit("V2"));
    assert_eq!(fits::<MissedDose>(&life(true, vec![other]), &[]), Ok(Some("missed-dose")));
}

// shows: DI-8, DI-12
#[test]
fn only_whoever_is_still_in_the_trial_stops_moves_or_leaves_it() {
    let out = |randomised| life(randomised, vec![left()]);
    let (screened, in_it) = (life(false, vec![]), life(true, vec![]));
    let stops = |life: &Life| fits::<Stop>(life, &[]);
    let moves = |life: &Life| fits::<Move>(life, &[("to", "renji-south")]);
    for fits in [&stops as &dyn Fn(&Life) -> _, &moves] {
        assert_eq!(fits(&screened), Err(Unfit::State));
        assert_eq!(fits(&out(true)), Err(Unfit::State));
        assert_eq!(fits(&out(false)), Err(Unfit::State));
        assert_eq!(fits(&in_it), Ok(None));
    }
    assert_eq!(fits::<Move>(&in_it, &[("to", "huashan")]), Err(Unfit::Choice("to")));
    let (completed, lost) = ([("how", "completed")], [("how", "lost")]);
    assert_eq!(fits::<Leave>(&screened, &lost), Ok(None));
    assert_eq!(fits::<Leave>(&screened, &completed), Err(Unfit::State), "nothing was begun");
    assert_eq!(fits::<Leave>(&in_it, &completed), Ok(None));
    assert_eq!(fits::<Leave>(&out(true), &lost), Err(Unfit::State));
    assert_eq!(fits::<Leave>(&out(false), &completed), Err(Unfit::State));
}

// shows: DI-8
#[test]
fn a_stop_is_lifted_only_when_every_one_that_stands_may_be() {
    let stops = |reasons: &[&str], more: Vec<Happened>| {
        let reasons = reasons.iter().map(|reason| stopped(reason));
        fits::<Resumption>(&life(true, reasons.chain(more).collect()), &[])
    };
    assert_eq!(stops(&["pregnancy"], vec![]), Ok(None));
    assert_eq!(stops(&["pregnancy", "serious-adverse-event"], vec![]), Ok(None));
    assert_eq!(stops(&[], vec![]), Err(Unfit::State));
    assert_eq!(stops(&["pregnancy", "severe-flare"], vec![]), Err(Unfit::State));
    assert_eq!(stops(&["pregnancy"], vec![left()]), Err(Unfit::State));
    assert_eq!(stops(&["pregnancy"], vec![Happened::Resumed]), Err(Unfit::State));
}

// shows: AL-8, EU-13
#[test]
fn a_mistake_and_a_safety_plan_are_about_a_code_and_an_accident_may_be_about_nobody() {
    let (screened, in_it) = (life(false, vec![]), life(true, vec![]));
    assert_eq!(fits::<Mistake>(&screened, &[]), Err(Unfit::State));
    assert_eq!(fits::<Mistake>(&in_it, &[]), Ok(Some("mistake")));
    assert_eq!(fits::<SafetyPlan>(&screened, &[]), Err(Unfit::State));
    assert_eq!(fits::<SafetyPlan>(&in_it, &[]), Ok(None));
    assert_eq!(fits::<Accident>(&screened, &[]), Ok(None));
}

// shows: EU-9, EU-10
#[test]
fn the_record_of_a_break_says_why_it_was_out_of_line_and_closes_once_with_all_that_is_due() {
    let in_it = life(true, vec![]);
    assert_eq!(fits::<BreakRecord>(&in_it, &[("in-line", "yes")]), Ok(None));
    let out = fits::<BreakRecord>(&in_it, &[("in-line", "no")]);
    assert_eq!(out, Err(Unfit::Needed("deviation")));
    let said = [("in-line", "no"), ("deviation", "the sponsor was told late")];
    assert_eq!(fits::<BreakRecord>(&in_it, &said), Ok(Some("break-out-of-line")));
    assert_eq!(fits::<Closure>(&in_it, &[]), Ok(None));

    let whole =
        Standing { broken: noon(), opened: true, written: Some(7), sealed: Some(8), closed: None };
    let closes = |standing: &Standing, said: &[(&str, &str)]| {
        Closure::follows(standing, &some::<Closure>(said))
    };
    let record = |standing: &Standing| BreakRecord::follows(standing, &some::<BreakRecord>(&[]));
    assert_eq!((record(&whole), closes(&whole, &[])), (Ok(()), Ok(())));
    let closed = Standing { closed: Some(9), ..whole.clone() };
    assert_eq!(record(&closed), Err(Unfit::State));
    assert_eq!(closes(&closed, &[]), Err(Unfit::State));
    let unwritten = Standing { written: None, ..whole.clone() };
    assert_eq!((record(&unwritten), closes(&unwritten, &[])), (Ok(()), Err(Unfit::State)));
    for (standing, needed) in [
        (Standing { opened: false, ..whole.clone() }, "unconfirmed"),
        (Standing { sealed: None, ..whole.clone() }, "no-sealed-part"),
    ] {
        assert_eq!(closes(&standing, &[]), Err(Unfit::Needed(needed)));
        assert_eq!(closes(&standing, &[(needed, "the device is lost")]), Ok(()));
    }
    let words = Progress::ALL.map(Progress::as_str);
    assert_eq!(words, ["due", "overdue", "written", "closed"]);
}

// shows: DI-8
#[test]
fn the_state_is_what_the_records_come_to() {
    let state = |randomised, happened| life(randomised, happened).state();
    let infused = || Happened::Infused(visit("V1"), noon());
    let ended = |how: &str| Happened::Left(how.to_owned());
    assert_eq!(state(false, vec![]), State::Screened);
    let not_eligible = Life::of(centre(), false, None, vec![], &TRIAL.zone);
    assert_eq!(not_eligible.state(), State::Failed);
    assert_eq!(state(false, vec![ended("withdrawn")]), State::Failed);
    assert_eq!(state(true, vec![]), State::Randomised);
    assert_eq!(state(true, vec![infused()]), State::OnTreatment);
    assert_eq!(state(true, vec![infused(), stopped("pregnancy")]), State::Discontinued);
    assert_eq!(
        state(true, vec![stopped("pregnancy"), Happened::Resumed, infused()]),
        State::OnTreatment
    );
    for (how, is) in [
        ("completed", State::Completed),
        ("lost", State::Lost),
        ("died", State::Died),
        ("withdrawn", State::Withdrawn),
    ] {
        assert_eq!(state(true, vec![infused(), stopped("pregnancy"), ended(how)]), is);
    }
    let twice = life(true, vec![Happened::Missed(visit("V1")), infused(), infused()]);
    assert_eq!((twice.missed.len(), twice.infused.len()), (0, 1), "the last record counts");
}

/// What is told of one answer that cannot be taken: field, code, least, most.
fn told<K: Kind>(question: &str, said: &str) -> Option<[String; 4]> {
    let mut all: BTreeMap<String, String> = BTreeMap::new();
    all.insert(question.to_owned(), said.to_owned());
    let problems = read::<K>(&TRIAL, &all, noon(), 20).err().unwrap_or_default();
    let of = |problem: &&FieldProblem| problem.field == question && problem.code != "required";
    let found = problems.iter().find(of)?;
    let or_none = |text: &Option<String>| text.clone().unwrap_or_default();
    let (field, code) = (found.field.clone(), found.code.to_owned());
    Some([field, code, or_none(&found.min), or_none(&found.max)])
}

// shows: DI-11
#[test]
fn an_answer_is_taken_at_its_limit_and_one_past_it_is_told_what_the_limit_is() {
    let past = |field: &str, code: &str, min: &str, max: &str| {
        Some([field, code, min, max].map(str::to_owned))
    };
    let today = "2026-11-21";
    assert_eq!(told::<Stop>("day", today), None);
    assert_eq!(told::<Stop>("day", "2026-11-22"), past("day", "date-future", "", today));
    assert_eq!(told::<Stop>("day", "22.11.2026"), past("day", "date-form", "", ""));
    assert_eq!(told::<SafetyPlan>("report-due", today), None);
    let yesterday = told::<SafetyPlan>("report-due", "2026-11-20");
    assert_eq!(yesterday, past("report-due", "date-too-old", today, ""));
    let now = "2026-11-21T12:00";
    assert_eq!(told::<Infusion>("started", now), None);
    let later = told::<Infusion>("started", "2026-11-21T12:01");
    assert_eq!(later, past("started", "date-future", "", now));
    assert_eq!(told::<Infusion>("volume", "0").or(told::<Infusion>("volume", "1000")), None);
    assert_eq!(told::<Infusion>("volume", "1001"), past("volume", "num-range", "0", "1000"));
    assert_eq!(told::<Infusion>("volume", "-1"), past("volume", "number-form", "", ""));
    assert_eq!(told::<Infusion>("interrupted", "no"), None);
    let unknown = |field: &str| past(field, "choice-unknown", "", "");
    assert_eq!(told::<Infusion>("interrupted", "maybe"), unknown("interrupted"));
    assert_eq!(told::<Infusion>("visit", "V1"), None);
    assert_eq!(
        told::<Infusion>("visit", "screening"),
        unknown("visit"),
        "no infusion is given there"
    );
    assert_eq!(told::<MissedDose>("why", "illness"), None);
    assert_eq!(told::<MissedDose>("why", "rain"), unknown("why"));
    assert_eq!(told::<Stop>("reason", "pregnancy"), None);
    assert_eq!(told::<Stop>("reason", "rain"), unknown("reason"));
    assert_eq!(told::<Move>("to", "renji-south"), None);
    assert_eq!(told::<Move>("to", "elsewhere"), unknown("to"));
    assert_eq!(told::<Accident>("participant", "hsh-007"), None);
    assert_eq!(told::<Accident>("participant", "007"), unknown("participant"));
    assert_eq!(told::<Move>("note", &"a".repeat(20)), None);
    assert_eq!(told::<Move>("note", &"a".repeat(21)), past("note", "text-too-long", "", "20"));
}

// shows: DI-11
#[test]
fn every_question_is_asked_and_none_that_is_not_there_is_repeated() {
    let all = raw(&[("visit", " V1 "), ("why", "other"), ("weather", "rain")]);
    let problems = read::<MissedDose>(&TRIAL, &all, noon(), 500).unwrap_err();
    let told: Vec<_> = problems.iter().map(|one| (one.field.as_str(), one.code)).collect();
    assert_eq!(told, [("", "unknown-field")], "what was typed could be anything");
    let none = read::<MissedDose>(&TRIAL, &raw(&[("note", "  ")]), noon(), 500).unwrap_err();
    let told: Vec<_> = none.iter().map(|one| (one.field.as_str(), one.code)).collect();
    assert_eq!(told, [("visit", "required"), ("why", "required")]);
    let answers = some::<MissedDose>(&[("visit", " V2 ")]);
    assert_eq!((answers.text("visit"), answers.visit()), ("V2", Some(visit("V2"))));
    assert_eq!(
        (answers.get("note"), answers.text("note"), answers.moment("visit")),
        (None, "", None)
    );
    let infusion = some::<Infusion>(&[]);
    assert_eq!(infusion.moment("started"), Some(noon()));
    assert_eq!(infusion.get("volume"), Some(&Answer::Whole(1)));
}
