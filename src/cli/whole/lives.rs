//! One day of the simulated trial: who comes, who is infused, what goes wrong.

use super::{Someone, Task, Whole, changes, pharmacy};
use crate::cli::stage::{CENTRES, answers, signature};
use serde_json::{Value, json};

/// Days between two who come to one centre, on average.
const BETWEEN: u32 = 3;
/// Of a thousand who come, so many fail the screening.
const FAIL: u32 = 200;
/// Of a thousand visits, so many see the treatment end.
const STOP: u32 = 6;
/// Of a thousand visits, so many are missed.
const MISS: u32 = 12;
/// Of a thousand participants, so many have their code broken.
const BREAK: u32 = 20;
/// Of a thousand participants, so many are the matter of a mistake.
const ERR: u32 = 12;

/// Everything of one day: screening first, then preparations, then infusions.
pub fn day(whole: &mut Whole, tasks: Vec<Task>) {
    let mut visits = vec![];
    let mut later = vec![];
    for task in tasks {
        match task {
            Task::Arrives(centre) => {
                let first = whole.stage.house().trial.visits.iter().position(|v| v.infusion);
                visits.extend(arrives(whole, centre).zip(first));
            }
            Task::Visits(one, visit) if !whole.people[one].gone => visits.push((one, visit)),
            Task::Visits(..) => {}
            other => later.push(other),
        }
    }
    given(whole, &visits);
    for task in later {
        match task {
            Task::Breaks(one) => broken(whole, one),
            Task::Closes(one, number) => closed(whole, one, number),
            Task::Errs(one) => mistaken(whole, one),
            Task::Voids => voided(whole),
            Task::Rotates => changes::rotated(whole),
            Task::Moves => changes::moved(whole),
            Task::Slips => slipped(whole),
            _ => {}
        }
    }
}

/// Somebody comes, and is randomised unless the screening fails. The next one is planned.
fn arrives(whole: &mut Whole, centre: usize) -> Option<usize> {
    if !whole.open {
        return None;
    }
    let today = whole.today();
    let wait = 1 + whole.draw(2 * BETWEEN - 1);
    whole.plan(today.plus_days(wait as i32), Task::Arrives(centre));
    let (id, letters) = CENTRES[centre];
    whole.screened[centre] += 1;
    let number = format!("{}-{:03}", letters.to_uppercase(), whole.screened[centre]);
    if whole.screened[centre] > 999 {
        return None;
    }
    let (who, investigator) = (format!("c-{letters}"), format!("i-{letters}"));
    let lldas = whole.draw(2) == 0;
    let yesterday = today.plus_days(-1).to_string();
    let mut answers = answers(&number, lldas, &yesterday);
    let initials = person(whole, &mut answers);
    let fails = whole.by_chance(FAIL);
    if fails {
        let reasons = [("hbsag", "positive"), ("crcl", "40"), ("sledai", "9"), ("hiv", "yes")];
        let (field, answer) = reasons[whole.draw(4) as usize];
        answers[field] = answer.into();
    }
    let body = json!({"centre": id, "answers": answers, "signature": signature(&who, "screen")});
    let reference = whole.done(&who, "/v1/participants", body).text_at("reference").to_owned();
    whole.count("screened");
    if fails {
        whole.count("failed screening");
        return None;
    }
    let there = format!("/v1/participants/{reference}");
    signed(whole, &investigator, &there);
    let body = json!({"signature": signature(&who, "randomise")});
    let answer = whole.act(&who, &format!("{there}/allocation"), body);
    if answer.text_at("code") == "target-reached" {
        whole.open = false;
        whole.count("refused: the target was reached");
        return None;
    }
    assert_eq!(answer.status, 201, "{}", answer.text);
    whole.count("randomised");
    let code = answer.text_at("code").to_owned();
    let one = whole.people.len();
    let someone = Someone { number, centre, reference, code, first: today, initials, gone: false };
    whole.people.push(someone);
    plan(whole, one);
    Some(one)
}

/// Letters and a birthday that are this person's own.
fn person(whole: &Whole, answers: &mut Value) -> String {
    let letter = || char::from(b'A' + whole.draw(26) as u8);
    let initials: String = (0..4).map(|_| letter()).collect();
    let (year, month, day) = (1950 + whole.draw(50), 1 + whole.draw(12), 1 + whole.draw(28));
    answers["initials"] = initials.as_str().into();
    answers["birth_date"] = format!("{year}-{month:02}-{day:02}").into();
    initials
}

/// The investigator reads and signs; a warning is accepted with a reason, and whoever resembles another participant is
/// looked at again.
fn signed(whole: &mut Whole, who: &str, there: &str) {
    whole.wake(who);
    let version = whole.stage.get(who, there).text_at("version").to_owned();
    let mut body = json!({"version": version, "signature": signature(who, "sign-eligibility")});
    let path = format!("{there}/eligibility");
    let mut told = whole.act(who, &path, body.clone());
    let wrong = told.body["errors"].as_array().cloned().unwrap_or_default();
    for error in &wrong {
        let warning = error["pointer"].as_str().and_then(|p| p.strip_prefix("/acknowledged/"));
        if let Some(criterion) = warning {
            body["acknowledged"][criterion] = "an invented reason".into();
        }
    }
    if !wrong.is_empty() {
        whole.count("warnings accepted with a reason");
        told = whole.act(who, &path, body.clone());
    }
    if told.text_at("code") == "possible-duplicate" {
        whole.count("looked at again as a possible duplicate");
        body["anotherPerson"] = "both were met on one day".into();
        whole.done(who, &path, body);
        return;
    }
    assert_eq!(told.status, 200, "{who} signs: {}", told.text);
}

/// Every visit of a new participant, a little early or late; and perhaps an emergency or a slip.
fn plan(whole: &mut Whole, one: usize) {
    let visits = whole.stage.house().trial.visits.clone();
    let first = whole.people[one].first;
    for (place, visit) in visits.iter().enumerate().filter(|(_, visit)| visit.day > 0) {
        // Two days either way keep the least interval between two infusions.
        let reach = visit.early.min(visit.late).min(2);
        let late = whole.draw(2 * reach + 1) as i32 - reach as i32;
        whole.plan(first.plus_days(visit.day + late), Task::Visits(one, place));
    }
    if whole.by_chance(BREAK) {
        let day = first.plus_days(1 + whole.draw(300) as i32);
        whole.plan(day, Task::Breaks(one));
    }
    if whole.by_chance(ERR) {
        let day = first.plus_days(1 + whole.draw(60) as i32);
        whole.plan(day, Task::Errs(one));
    }
}

/// The infusions of a day: prepared in the morning, handed over after the wait, recorded when they have ended.
fn given(whole: &mut Whole, visits: &[(usize, usize)]) {
    let mut prepared = vec![];
    for &(one, place) in visits {
        if let Some(visit) = comes(whole, one, place) {
            let release = prepare(whole, one, &visit);
            prepared.push((one, visit, release));
        }
    }
    if prepared.is_empty() {
        return;
    }
    let preparation = whole.stage.house().trial.preparation.clone();
    whole.minutes(i64::from(preparation.hand_over_wait_minutes) + 5);
    for (one, _, release) in &prepared {
        pharmacy::handed_over(whole, *one, release);
    }
    let started = whole.now();
    whole.minutes(i64::from(preparation.infusion_minutes));
    let ended = whole.now();
    whole.minutes(10);
    for (one, visit, _) in prepared {
        let who = whole.staff(one, "c");
        let yes = |chance| if chance { "yes" } else { "no" };
        let (interrupted, reaction) = (yes(whole.by_chance(20)), yes(whole.by_chance(10)));
        let answers = json!({
            "visit": visit, "started": whole.minute(started), "ended": whole.minute(ended),
            "volume": preparation.diluent_ml.to_string(), "interrupted": interrupted,
            "reaction": reaction,
        });
        whole.record((&who, "record-visit"), one, "infusions", answers);
        whole.count("infusions");
    }
}

/// The visit that a participant comes for, unless it is missed, is the last, or treatment ends on that day.
fn comes(whole: &mut Whole, one: usize, place: usize) -> Option<String> {
    let trial = whole.stage.house().trial.clone();
    let visit = &trial.visits[place];
    let later = visit.day > 0;
    let (coordinator, today) = (whole.staff(one, "c"), whole.today().to_string());
    if !visit.infusion {
        let answers = json!({"how": "completed", "day": today});
        whole.record((&coordinator, "end-treatment"), one, "end", answers);
        whole.people[one].gone = true;
        whole.count("completed");
        return None;
    }
    if later && whole.by_chance(STOP) {
        stopped(whole, one, &today);
        return None;
    }
    if later && whole.by_chance(MISS) {
        let answers = json!({"visit": visit.id.as_str(), "why": "absent"});
        whole.record((&coordinator, "record-visit"), one, "missed-doses", answers);
        whole.count("missed doses");
        return None;
    }
    Some(visit.id.to_string())
}

fn stopped(whole: &mut Whole, one: usize, today: &str) {
    let reasons = [
        ("severe-flare", "withdrawn"),
        ("consent-withdrawn", "withdrawn"),
        ("lost", "lost"),
        ("serious-adverse-event", "withdrawn"),
    ];
    let (reason, how) = reasons[whole.draw(4) as usize];
    let investigator = whole.staff(one, "i");
    let by = (investigator.as_str(), "end-treatment");
    whole.record(by, one, "stops", json!({"reason": reason, "day": today, "follow-up": "no"}));
    whole.record(by, one, "end", json!({"how": how, "day": today}));
    whole.people[one].gone = true;
    whole.count("left before the end");
}

/// Released, opened on the pharmacist's own device, confirmed, prepared and recorded. Gives the release's reference.
fn prepare(whole: &mut Whole, one: usize, visit: &str) -> String {
    let who = whole.staff(one, "p");
    let (code, initials) = (whole.people[one].code.clone(), whole.people[one].initials.clone());
    let body = json!({"code": code, "identifier": initials, "visit": visit});
    let release = whole.done(&who, "/v1/preparations", body);
    let arm = whole.open(&who, "preparations", &release);
    pharmacy::recorded(whole, one, visit, &release, &arm);
    whole.count("preparations opened and recorded");
    release.text_at("reference").to_owned()
}

/// Broken by the hotline, opened, read back.
fn broken(whole: &mut Whole, one: usize) {
    if whole.people[one].gone {
        return;
    }
    let (number, initials) = (whole.people[one].number.clone(), whole.people[one].initials.clone());
    let body = json!({
        "participant": number, "identifier": initials,
        "requester": "Demo physician, Demo emergency department", "callBack": "000",
        "category": "sae-management", "whatHappened": "an invented emergency",
        "depends": true, "how": "an antidote would be chosen by it",
        "signature": signature("hot-1", "break-code"),
    });
    let release = whole.done("hot-1", "/v1/breaks", body);
    whole.open("hot-1", "breaks", &release);
    let read_back = format!("/v1/breaks/{}/read-back", release.text_at("reference"));
    whole.done("hot-1", &read_back, json!({"correct": true}));
    whole.count("codes broken");
    whole.breaks.push(release.text_at("reference").to_owned());
    let (tomorrow, number) = (whole.today().plus_days(1), whole.breaks.len() - 1);
    whole.plan(tomorrow, Task::Closes(one, number));
}

/// Within a day: what followed, who knows now, what it means for the trial; then the signature that closes it.
fn closed(whole: &mut Whole, one: usize, number: usize) {
    let (who, there) = (whole.staff(one, "i"), format!("/v1/breaks/{}", whole.breaks[number]));
    let answers = json!({
        "serious": "yes", "severity": "severe", "related-before": "possible",
        "treatment": "continued", "goes-on": "yes", "knows": "the physician who asked",
        "stays-blind": "everybody of the trial's team", "in-line": "yes",
        "impact": "none that is known",
    });
    let body = json!({"answers": answers, "signature": signature(&who, "follow-up")});
    whole.done(&who, &format!("{there}/follow-up"), body);
    // Every third is left without what its holder thinks once the arm is known, and then the reason is asked for.
    let mut last = json!({});
    if number % 3 == 2 {
        last["no-sealed-part"] = "the physician could not be reached again".into();
    } else {
        pharmacy::sealed_about(whole, one, number);
    }
    let body = json!({"answers": last, "signature": signature(&who, "close-break")});
    whole.done(&who, &format!("{there}/close"), body);
    whole.count("code breaks closed");
}

/// Two codes of strata that have hardly begun.
fn voided(whole: &mut Whole) {
    let rows = whole.stage.study.list.rows().iter();
    let known = rows
        .filter(|row| matches!(row.position, 3 | 9) && row.stratum.as_str().ends_with("/lldas"));
    let codes: Vec<String> = known.take(2).map(|row| row.code.to_string()).collect();
    for code in codes {
        let body = json!({"code": &code, "reason": "its letter was found open",
                          "signature": signature("stat-1", "void-code")});
        whole.done("stat-1", "/v1/codes/void", body);
        whole.voided.insert(code);
        whole.count("codes voided");
    }
}

/// An accidental unblinding: that, never what.
fn slipped(whole: &mut Whole) {
    let (number, today) = (whole.people[0].number.clone(), whole.today().to_string());
    let who = whole.staff(0, "c");
    let answers = json!({"participant": number, "knowledge": "exact-arm", "source": "screen",
                         "day": today, "who": "an invented nurse", "impact": "none",
                         "contained": "the screen was turned away"});
    let body = json!({"answers": answers, "signature": signature(&who, "report-accident")});
    whole.done(&who, "/v1/accidents", body);
    whole.count("accidental unblindings");
}

/// A wrong answer is corrected, which may give another stratum; or a mistake is recorded. Nothing is undone.
fn mistaken(whole: &mut Whole, one: usize) {
    if whole.by_chance(500) {
        return corrected(whole, one);
    }
    let mistakes = ["ineligible", "randomised-in-error", "other"];
    let mistake = mistakes[whole.draw(3) as usize];
    let (who, today) = (whole.staff(one, "c"), whole.today().to_string());
    let answers = json!({"mistake": mistake, "since": today, "truth": "an invented truth",
                         "why": "an invented slip"});
    whole.record((&who, "correct"), one, "mistakes", answers);
    whole.count("mistakes recorded");
}

fn corrected(whole: &mut Whole, one: usize) {
    let who = whole.staff(one, "c");
    let there = format!("/v1/participants/{}", whole.people[one].reference);
    whole.wake(&who);
    let read = whole.stage.get(&who, &there);
    let mut answers = read.body["answers"].clone();
    answers["sledai"] = if answers["sledai"] == "4" { "5".into() } else { "4".into() };
    let body = json!({"version": read.text_at("version"), "answers": answers, "why": "misread",
                      "signature": signature(&who, "correct")});
    whole.done(&who, &format!("{there}/corrections"), body);
    whole.count("answers corrected");
}
