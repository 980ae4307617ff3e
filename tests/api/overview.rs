//! What pages show beside the acts: a confirmation for ever, a participant's visits, the curve, what waits, what ran out.

use crate::house::House;
use klero::domain::access::Caller;
use klero::domain::ids::Reference;
use klero::domain::time::Date;
use klero::http::block_on;
use klero::refusal::{Code, Refusal};
use klero::sealing::tree;
use klero::service::House as Service;
use klero::service::confirmation::VisitDay;
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
        block_on(service(&house).course_of(&caller(&house, who), reference))
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
