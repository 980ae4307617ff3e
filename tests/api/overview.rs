//! What pages show beside the acts: a confirmation for ever, a participant's visits, the curve, what waits, what ran out.

use crate::house::House;
use klero::domain::access::Caller;
use klero::domain::ids::Reference;
use klero::domain::time::Date;
use klero::http::block_on;
use klero::refusal::{Code, Refusal};
use klero::sealing::tree;
use klero::service::House as Service;
use klero::service::way::VisitDay;
use serde_json::json;

const DAY: i64 = 24 * 60 * 60;

fn caller(house: &House, who: &str) -> Caller {
    house.stage.house().caller(house.stage.token(who)).unwrap()
}

fn service(house: &House) -> &Service {
    house.stage.house()
}

fn why<T>(answer: Result<T, Refusal>) -> Option<Code> {
    answer.err().map(|refusal| refusal.code)
}

fn day(text: &str) -> Date {
    Date::parse(text).unwrap()
}

// shows: AL-13, AT-8
#[test]
fn a_randomisation_is_confirmed_for_ever_with_a_proof_and_the_names_under_it() {
    let house = House::raise();
    let reference = house.stage.screen_eligible(0, 1, true);
    house.clock.step(60);
    let randomised = house.stage.randomise(0, &reference);
    house.clock.step(60);
    house.stage.screen_eligible(0, 2, true);
    house.so_far();
    let reference = Reference::parse(&reference).unwrap();
    for who in ["c-rjs", "i-rjs", "mon-1"] {
        let who = caller(&house, who);
        let confirmed = block_on(service(&house).allocation_receipt(&who, &reference)).unwrap();
        assert_eq!(confirmed.participant.number.as_str(), "RJS-001");
        assert_eq!(confirmed.allocation.code.to_string(), randomised.text_at("code"));
        assert_eq!(confirmed.randomised_by, klero::cli::stage::printed_name("c-rjs"));
        let (at, by) = confirmed.eligible.unwrap();
        assert_eq!(at.to_string(), "2026-11-21T01:00:00.000Z");
        assert_eq!(confirmed.allocation.at.to_string(), "2026-11-21T01:01:00.000Z");
        assert_eq!(by, klero::cli::stage::printed_name("i-rjs"));
        // The entry of the act, under a checkpoint of now.
        let receipt = confirmed.receipt;
        assert_eq!(randomised.body["receipt"]["entry"], receipt.line);
        let checkpoint = house.trail_key().check(&receipt.checkpoint).unwrap();
        assert!(checkpoint.size > receipt.seq + 1);
        let leaf = tree::leaf_hash(receipt.line.as_bytes());
        let root = tree::root_from_path(&leaf, receipt.seq, checkpoint.size, &receipt.proof);
        assert_eq!(root, Some(checkpoint.root));
    }
    let ask = |who: &str, reference: &Reference| {
        why(block_on(service(&house).allocation_receipt(&caller(&house, who), reference)))
    };
    assert_eq!(ask("c-hsh", &reference), Some(Code::NoSuchRecord));
    assert_eq!(ask("c-rjs", &Reference::from_bytes([9; 5])), Some(Code::NoSuchRecord));
    house.trail_is([]);
    for who in ["p-rjs", "hot-1", "admin-1"] {
        assert_eq!(ask(who, &reference), Some(Code::NotYourRole));
    }
    house.trail_is(["refused not-your-role"; 3]);
}

// shows: I9 (a participant's visits say when, and nothing else)
#[test]
fn a_participants_visits_lie_around_the_first_release_and_say_which_were_released() {
    let house = House::raise();
    let waiting = Reference::parse(&house.stage.screen_eligible(0, 2, true)).unwrap();
    let (reference, _, code) = house.randomised(0, 1, true);
    let reference = Reference::parse(&reference).unwrap();
    let course = |who: &str, reference: &Reference| {
        block_on(service(&house).way(&caller(&house, who), reference)).map(|way| way.visits)
    };
    let find = |days: &[VisitDay], id: &str| {
        days.iter().find(|day| day.visit.as_str() == id).unwrap().clone()
    };
    let before = course("c-rjs", &reference).unwrap();
    assert_eq!(before.len(), service(&house).trial.visits.len());
    let first = find(&before, "V1");
    let window = first.window.unwrap();
    assert_eq!((window.planned, first.released), (day("2026-11-21"), None));
    assert!(first.infusion && window.opens <= window.planned && window.planned <= window.closes);
    assert_eq!(find(&before, "V2").window, None, "its day follows from the first infusion");
    house.clock.step(60);
    for reason in [None, Some("spilt")] {
        let wish = json!({"code": code, "identifier": "DEMO", "visit": "V1", "reason": reason});
        assert_eq!(house.post("p-rjs", "/v1/preparations", wish).status, 201);
    }
    house.so_far();
    for who in ["c-rjs", "i-rjs", "mon-1"] {
        let days = course(who, &reference).unwrap();
        assert_eq!(find(&days, "V1").released, Some(day("2026-11-21")));
        let second = find(&days, "V2");
        let visit = service(&house).trial.visits.iter().find(|v| v.id.as_str() == "V2").unwrap();
        let planned = day("2026-11-21").plus_days(visit.day);
        assert_eq!((second.window.unwrap().planned, second.released), (planned, None));
    }
    assert_eq!(course("c-rjs", &waiting).unwrap(), [], "nothing before randomisation");
    assert_eq!(why(course("c-hsh", &reference)), Some(Code::NoSuchRecord));
    house.trail_is([]);
    assert_eq!(why(course("p-rjs", &reference)), Some(Code::NotYourRole));
    house.trail_is(["refused not-your-role"]);
}

// shows: RP-2, AC-3 (the trial's sum alone: no stratum, no centre)
#[test]
fn the_curve_has_a_point_for_each_day_on_which_somebody_was_randomised() {
    let mut house = House::raise();
    let curve =
        |house: &House, who: &str| block_on(service(house).recruitment_curve(&caller(house, who)));
    assert_eq!(curve(&house, "spon-1").unwrap(), []);
    let all: Vec<_> =
        (1..=4).map(|n| house.stage.screen_eligible(n as usize % 2, n, true)).collect();
    house.stage.randomise(1, &all[0]);
    house.stage.randomise(0, &all[1]);
    // At midnight in Shanghai, not in Greenwich.
    house.clock.step(15 * 60 * 60);
    for who in ["c-rjs", "c-rjw", "spon-1", "stat-1", "mon-1"] {
        house.stage.sign_in(who);
    }
    house.stage.randomise(1, &all[2]);
    house.clock.step(3 * DAY);
    for who in ["c-rjs", "c-rjw", "spon-1", "stat-1", "mon-1"] {
        house.stage.sign_in(who);
    }
    house.stage.randomise(0, &all[3]);
    house.so_far();
    let expected = [(day("2026-11-21"), 2), (day("2026-11-22"), 3), (day("2026-11-25"), 4)];
    for who in ["spon-1", "stat-1", "mon-1"] {
        assert_eq!(curve(&house, who).unwrap(), expected, "{who}");
    }
    house.trail_is([]);
    assert_eq!(why(curve(&house, "c-rjs")), Some(Code::NotYourRole));
    house.trail_is(["refused not-your-role"]);
}

// shows: AL-1, AC-6
#[test]
fn what_waits_is_told_to_whom_it_waits_for() {
    let house = House::raise();
    let ready = house.stage.screen_eligible(0, 1, true);
    let (randomised, ..) = house.randomised(0, 2, true);
    let screen = |number: &str, sledai: &str| {
        let mut answers = klero::cli::stage::answers(number, true, "2026-11-20");
        answers["sledai"] = sledai.into();
        let (centre, who) = match &number[..3] {
            "RJS" => ("renji-south", "c-rjs"),
            _ => ("huashan", "c-hsh"),
        };
        let body = json!({"centre": centre, "answers": answers});
        let reply = house.post(who, "/v1/participants", body);
        assert_eq!(reply.status, 201, "{}", reply.text);
        reply.text_at("reference").to_owned()
    };
    let (unsigned, open) = (screen("RJS-003", "3"), screen("RJS-004", "not-sure"));
    screen("RJS-005", "7");
    let elsewhere = screen("HSH-001", "3");
    house.so_far();
    let waiting = |who: &str| {
        let found = block_on(service(&house).waiting(&caller(&house, who)))?;
        let plain =
            found.into_iter().map(|one| (one.reference.to_string().replace('-', ""), one.progress));
        Ok::<Vec<_>, Refusal>(plain.collect())
    };
    use klero::store::overview::Progress::{Incomplete, Randomised, Ready, Unsigned};
    let own = [
        (ready.clone(), Ready),
        (unsigned.clone(), Unsigned),
        (open.clone(), Incomplete),
        (randomised.clone(), Randomised),
    ];
    assert_eq!(waiting("c-rjs").unwrap(), own);
    assert_eq!(waiting("i-rjs").unwrap(), [(unsigned.clone(), Unsigned)]);
    assert_eq!(waiting("c-hsh").unwrap(), [(elsewhere.clone(), Unsigned)]);
    assert_eq!(waiting("c-rjw").unwrap(), []);
    let all = waiting("mon-1").unwrap();
    assert_eq!((all.len(), &all[0].0, &all[4].0), (5, &elsewhere, &randomised));
    house.trail_is([]);
    assert_eq!(why(waiting("p-rjs")), Some(Code::NotYourRole));
    house.trail_is(["refused not-your-role"]);
}

// shows: AC-1
#[test]
fn everybody_is_told_of_the_sign_in_before_this_one() {
    let mut house = House::raise();
    let last = |house: &House, who: &str| {
        let last = service(house).last_sign_in(&caller(house, who));
        last.map(|at| at.to_string())
    };
    assert_eq!(last(&house, "c-rjs"), None, "the first time");
    house.clock.step(60);
    house.stage.sign_in("c-rjs");
    assert_eq!(last(&house, "c-rjs").unwrap(), "2026-11-21T01:00:00.000Z");
    house.clock.step(60);
    house.stage.sign_in("c-rjs");
    assert_eq!(last(&house, "c-rjs").unwrap(), "2026-11-21T01:01:00.000Z");
    assert_eq!(last(&house, "c-hsh"), None);
    house.trail_is(["signed-in"; 2]);
}

// shows: I4, CO-3, AT-4 (the statistician is told which stratum; the site and the trail are not)
#[test]
fn a_stratum_whose_list_is_used_up_is_told_to_the_statistician_once_somebody_was_refused() {
    let house = House::raise_with(|play| play.slots = 4);
    let notices = |who: &str| {
        let found = block_on(service(&house).used_up(&caller(&house, who)))?;
        let plain = found.into_iter().map(|one| (one.stratum.to_string(), one.asked.to_string()));
        Ok::<Vec<_>, Refusal>(plain.collect())
    };
    let mut number = 0;
    let mut ask = |lldas: bool| {
        number += 1;
        let reference = house.stage.screen_eligible(2, number, lldas);
        house.stage.randomise(2, &reference).status
    };
    // As many as the list has: nobody was refused, and there is nothing to tell.
    let slots = house.stage.study.list.rows().iter();
    let slots = slots.filter(|row| row.stratum.as_str() == "huashan/lldas").count();
    for _ in 0..slots {
        assert_eq!(ask(true), 201);
    }
    assert_eq!(notices("stat-1").unwrap(), []);
    house.clock.step(60);
    assert_eq!(ask(true), 409);
    let used_up = |at: &str| vec![("huashan/lldas".to_owned(), at.to_owned())];
    assert_eq!(notices("stat-1").unwrap(), used_up("2026-11-21T01:01:00.000Z"));
    house.clock.step(60);
    // The other stratum of the centre goes on, and changes nothing of it; the last refusal counts.
    assert_eq!(ask(false), 201);
    assert_eq!(notices("stat-1").unwrap(), used_up("2026-11-21T01:01:00.000Z"));
    assert_eq!(ask(true), 409);
    assert_eq!(notices("stat-1").unwrap(), used_up("2026-11-21T01:02:00.000Z"));
    house.so_far();
    let strata = house.get("stat-1", "/v1/lists/strata");
    let gauges = strata.body["strata"].as_array().unwrap();
    let told: Vec<_> = gauges.iter().filter(|gauge| !gauge["usedUp"].is_null()).collect();
    assert_eq!(told.len(), 1);
    assert_eq!(
        (&told[0]["stratum"], &told[0]["usedUp"]),
        (&json!("huashan/lldas"), &json!("2026-11-21T01:02:00.000Z"))
    );
    house.trail_is(["strata-read"]);
    let lines = house.get("mon-1", "/v1/trail?from=0").text
        + &house.get("mon-1", "/v1/trail?from=150").text;
    let refusal = lines.split("\\\"act\\\":\\\"refused\\\"").nth(1).unwrap();
    assert!(!refusal[..refusal.find("prev").unwrap()].contains("lldas"), "{refusal}");
    house.trail_is([]);
    for who in ["mon-1", "c-hsh", "spon-1"] {
        assert_eq!(why(notices(who)), Some(Code::NotYourRole));
    }
    house.trail_is(["refused not-your-role"; 3]);
}
