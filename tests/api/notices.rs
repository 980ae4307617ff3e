//! What others are told: that something happened, to those whom the one table names, in the transaction in which it did.

use crate::house::{House, fields, refused};
use klero::cli::stage::{Reply, signature};
use klero::limits::{INFUSION_SECONDS, UNCONFIRMED_SECONDS};
use serde_json::{Value, json};
use std::collections::BTreeSet;

pub fn break_code(house: &House, who: &str, number: &str) -> Reply {
    let body = json!({
        "participant": number, "identifier": "DEMO", "requester": "Demo physician",
        "callBack": "000", "category": "sae-management", "whatHappened": "an invented emergency",
        "depends": true, "signature": signature(who, "break-code"),
    });
    let reply = house.post(who, "/v1/breaks", body);
    assert_eq!(reply.status, 201, "{}", reply.text);
    reply
}

fn events(house: &House, who: &str, after: Option<u64>) -> Vec<Value> {
    let asked = after.map(|after| format!("?after={after}")).unwrap_or_default();
    let reply = house.get(who, &format!("/v1/events{asked}"));
    assert_eq!(reply.status, 200, "{}", reply.text);
    reply.body["events"].as_array().unwrap().clone()
}

fn kinds(house: &House, who: &str, after: Option<u64>) -> Vec<String> {
    let events = events(house, who, after);
    events.iter().map(|event| event["type"].as_str().unwrap().to_owned()).collect()
}

fn last(house: &House) -> u64 {
    events(house, "mon-1", None).last().unwrap()["event"].as_u64().unwrap()
}

// shows: EU-8, AT-4, AC-6 (thin: that, when, about which record; by role and centre; reading leaves no entry)
#[test]
fn the_feed_says_that_something_happened_to_those_whom_the_table_names_and_nothing_else() {
    let house = House::raise();
    let before = last(&house);
    let (reference, number, code) = house.randomised(0, 1, true);
    let broken = break_code(&house, "hot-1", &number);
    house.so_far();
    let all = events(&house, "mon-1", Some(before));
    let told: Vec<_> = all.iter().map(|event| event["type"].as_str().unwrap()).collect();
    assert_eq!(
        told,
        ["participant.entered", "eligibility.signed", "allocation.made", "code.broken"]
    );
    for event in &all {
        let names: Vec<_> = event.as_object().unwrap().keys().collect();
        assert_eq!(names, ["event", "type", "timestamp", "data"]);
        let names: Vec<_> = event["data"].as_object().unwrap().keys().collect();
        assert_eq!(names, ["reference"]);
        assert!(!event.to_string().contains(&number) && !event.to_string().contains(&code));
    }
    assert_eq!(all[2]["data"]["reference"], reference);
    assert_eq!(all[3]["data"]["reference"], broken.text_at("reference"));
    // It goes on where it was left.
    let third = all[2]["event"].as_u64();
    assert_eq!(events(&house, "mon-1", third), all[3..]);
    assert_eq!(events(&house, "mon-1", all[3]["event"].as_u64()), [] as [Value; 0]);
    let page = house.get("mon-1", &format!("/v1/events?after={before}&limit=1"));
    assert_eq!(page.body["events"].as_array().unwrap(), &all[..1]);
    for (who, told) in [
        ("c-rjs", vec!["eligibility.signed", "allocation.made"]),
        ("i-rjs", vec!["participant.entered", "allocation.made", "code.broken"]),
        ("p-rjs", vec!["allocation.made"]),
        ("spon-1", vec!["code.broken"]),
        ("hot-1", vec!["code.broken"]),
        ("c-hsh", vec![]),
        ("i-hsh", vec![]),
        ("admin-1", vec![]),
        ("stat-1", vec![]),
    ] {
        assert_eq!(kinds(&house, who, Some(before)), told, "{who}");
    }
    house.trail_is([]);
}

// shows: CO-3, EU-8 (which stratum is the statistician's alone; site and sponsor read no more than before)
#[test]
fn a_used_up_list_is_noticed_by_the_statistician_alone() {
    let house = House::raise_with(|play| play.slots = 4);
    let slots = house.stage.study.list.rows().iter();
    let slots = slots.filter(|row| row.stratum.as_str() == "huashan/lldas").count();
    let mut ask = (1..).map(|number| {
        let reference = house.stage.screen_eligible(2, number, true);
        house.stage.randomise(2, &reference)
    });
    assert!(ask.by_ref().take(slots).all(|reply| reply.status == 201));
    let refusal = ask.next().unwrap();
    refused(&refusal, 409, "no-allocation-available");
    house.so_far();
    let page = |who: &str| {
        let cookie = format!("klero={}", house.stage.token(who));
        house.stage.send("GET", "/notices", &[("cookie", &cookie)], None).text
    };
    let words = "No code is left in a stratum";
    assert!(page("stat-1").contains(words));
    for who in ["c-hsh", "i-hsh", "p-hsh", "spon-1", "mon-1", "admin-1", "hot-1"] {
        let page = page(who);
        assert!(page.contains("<h1>Notices</h1>"), "{who} {page}");
        assert!(!page.contains(words) && !page.contains("LLDAS"), "{who}");
    }
    house.trail_is(["strata-read"]);
}

// shows: EU-9, EU-17, AL-14 (each once, whoever looks and however often)
#[test]
fn what_time_makes_known_is_noticed_once_under_an_entry() {
    let house = House::raise();
    let service = house.stage.house();
    let (reference, number, _) = house.randomised(0, 1, true);
    let first = break_code(&house, "hot-1", &number);
    let second = break_code(&house, "i-rjs", &number);
    house.so_far();
    // The second within a day, at the same centre, is pointed out at once; it was not refused.
    assert_eq!(service.look().unwrap(), 1);
    assert_eq!(service.look().unwrap(), 0);
    let left = house.entries();
    assert_eq!((&left[0]["act"], &left[0]["by"]), (&json!("noticed"), &json!("service")));
    assert_eq!(left[0]["data"]["kind"], "code.broken-again");
    assert_eq!(left[0]["on"]["reference"], second.text_at("reference"));
    house.clock.step(UNCONFIRMED_SECONDS - 1);
    assert_eq!(service.look().unwrap(), 0);
    house.clock.step(1);
    assert_eq!(service.look().unwrap(), 2);
    assert_eq!(service.look().unwrap(), 0);
    let told = |entry: &Value| {
        (entry["data"]["kind"].clone(), entry["on"]["reference"].as_str().unwrap().to_owned())
    };
    let left: Vec<_> = house.entries().iter().map(told).collect();
    let unconfirmed = json!("opening.unconfirmed");
    assert_eq!(left[0], (unconfirmed.clone(), first.text_at("reference").to_owned()));
    assert_eq!(left[1], (unconfirmed, second.text_at("reference").to_owned()));
    house.clock.step(INFUSION_SECONDS + 60);
    assert_eq!(service.look().unwrap(), 4);
    assert_eq!(service.look().unwrap(), 0);
    let left = house.entries();
    let kinds: Vec<_> = left.iter().map(|entry| entry["data"]["kind"].as_str().unwrap()).collect();
    assert_eq!(
        kinds,
        ["follow-up.overdue", "follow-up.overdue", "infusion.waiting", "checkpoint.made"]
    );
    assert_eq!(left[2]["on"]["reference"], reference);
    assert_eq!(left[2]["on"]["participant"], number);
    // A day on which nothing happened makes no checkpoint to tell of.
    house.clock.step(2 * INFUSION_SECONDS);
    assert_eq!(service.look().unwrap(), 0);
    house.trail_is([]);
}

// shows: EU-18, EU-2 (each road once, until a drill was passed there and grew old in its turn)
#[test]
fn an_overdue_drill_is_told_once_for_each_road_and_again_after_the_next_one_grew_old() {
    let mut house = House::raise();
    house.stage.import_drills();
    let look = |house: &House| {
        house.so_far();
        house.stage.house().look().unwrap();
        let left = house.entries().into_iter();
        let drills = left.filter(|entry| entry["data"]["kind"] == "drill.overdue");
        drills.map(|entry| entry["centre"].as_str().unwrap_or("-").to_owned()).collect::<Vec<_>>()
    };
    let day = 24 * 60 * 60;
    house.clock.step(35 * day - 1);
    assert_eq!(look(&house), [] as [&str; 0]);
    house.clock.step(1);
    let all = ["-", "renji-south", "renji-west", "huashan", "sixth-people"];
    assert_eq!(look(&house), all);
    assert_eq!(look(&house), [] as [&str; 0]);
    house.clock.step(40 * day);
    assert_eq!(look(&house), [] as [&str; 0], "told once, however long it lasts");
    // A drill that was passed begins a new period on its own road; one that failed begins none.
    house.stage.sign_in("i-hsh");
    assert!(house.stage.drill("i-hsh"));
    house.clock.step(35 * day - 1);
    assert_eq!(look(&house), [] as [&str; 0]);
    house.clock.step(1);
    assert_eq!(look(&house), ["huashan"]);
    assert_eq!(look(&house), [] as [&str; 0]);
    // Who is told: the hotline and monitors of every road, an investigator of the own and of the hotline's.
    for (who, many) in [("hot-1", 6), ("mon-1", 6), ("i-hsh", 3), ("i-rjs", 2), ("c-rjs", 0)] {
        house.stage.sign_in(who);
        let told = kinds(&house, who, None).iter().filter(|kind| *kind == "drill.overdue").count();
        assert_eq!(told, many, "{who}");
    }
    house.so_far();
}

// shows: AC-1 (failures are alarmed; nobody is locked out)
#[test]
fn wrong_passwords_again_and_again_are_told_once_and_the_right_one_still_opens() {
    let house = House::raise();
    for _ in 0..6 {
        refused(&house.try_sign_in("c-rjs", "not the password"), 401, "credentials-wrong");
    }
    let again: Vec<bool> =
        house.entries().iter().map(|entry| entry["data"]["again"] == json!(true)).collect();
    assert_eq!(again, [false, false, false, false, false, true]);
    let service = house.stage.house();
    let told = |kind| service.store.read(|view| view.last_noticed(kind)).unwrap().is_some();
    assert!(told(klero::domain::notice::Kind::SignInFailing));
    assert_eq!(kinds(&house, "mon-1", None).iter().filter(|k| k.contains("sign-in")).count(), 0);
    house.stage.house();
    house.trail_is([]);
}

// shows: AT-15 (the address is in no line; its owner alone reads it)
#[test]
fn an_address_is_personal_and_given_by_its_owner() {
    let house = House::raise();
    let give = |who: &str, address: Value| {
        house.post(who, "/v1/notices/address", json!({"address": address}))
    };
    let done = give("mon-1", json!("monitor@hospital.example"));
    assert_eq!(done.status, 200, "{}", done.text);
    assert!(!done.text.contains("hospital.example"));
    let own = |who: &str| house.get(who, "/v1/notices/address").body["address"].clone();
    assert_eq!(own("mon-1"), "monitor@hospital.example");
    assert_eq!(own("spon-1"), Value::Null);
    for bad in ["monitor", "a@b.cn, c@d.cn", "a@b.cn\r\nBcc: x@y.z", ""] {
        let reply = give("mon-1", json!(bad));
        refused(&reply, 422, "invalid-fields");
        assert_eq!(fields(&reply), ["/address mail-form"]);
    }
    assert_eq!(give("mon-1", Value::Null).status, 200);
    assert_eq!(own("mon-1"), Value::Null);
    let entries = house.entries();
    let acts: BTreeSet<_> = entries.iter().map(|entry| entry["act"].as_str().unwrap()).collect();
    assert_eq!((entries.len(), acts), (2, BTreeSet::from(["address-given"])));
    assert!(entries.iter().all(|entry| !entry.to_string().contains("hospital.example")));
}
