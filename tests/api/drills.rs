//! Drills: the road of an emergency, practised on the service with a slot that is nobody's. Counted as drills alone.

use crate::house::{House, fields, refused};
use klero::cli::stage::signature;
use klero::service::lists::NotImported;
use klero::store::StoreError;
use serde_json::{Value, json};

fn practising() -> House {
    let house = House::raise();
    house.stage.import_drills();
    house.trail_is(["drill-list-imported"]);
    house
}

/// The receipt that this holder's device signs for a drill.
fn receipt(house: &House, who: &str, practice: &Value) -> Value {
    house.stage.practise(who, &practice.to_string())
}

fn opened_at(practice: &Value) -> String {
    format!("/v1/drills/{}/opened", practice["reference"].as_str().unwrap())
}

// shows: EU-2, EU-18, I3
#[test]
fn a_drill_is_an_entry_then_a_release_then_a_signed_receipt_and_the_service_takes_the_time() {
    let house = practising();
    let begun = house.post("hot-1", "/v1/drills", json!({"root": "known"}));
    assert_eq!(begun.status, 201, "{}", begun.text);
    let practice = &begun.body;
    assert_eq!(
        (&practice["purpose"], &practice["centre"]),
        (&json!("drill"), &json!("renji-south"))
    );
    let code = practice["slot"]["code"].as_str().unwrap();
    assert!(code.starts_with('9'));
    let (line, _) = house.check_receipt(&practice["receipt"]);
    assert_eq!(line["act"], "drill");
    assert_eq!(line["on"], json!({"reference": practice["reference"], "code": code}));
    assert_eq!((&line["data"]["keys"], &line["data"]["root"]), (&json!(4), &json!("known")));
    assert_eq!(practice["keys"].as_array().unwrap().len(), 4, "every centre's, and no drill's");
    house.clock.step(71);
    let receipt = receipt(&house, "hot-1", practice);
    let told = house.post("hot-1", &opened_at(practice), receipt);
    assert_eq!(told.status, 200, "{}", told.text);
    let (line, _) = house.check_receipt(&told.body["receipt"]);
    assert_eq!((&line["act"], &line["data"]["seconds"]), (&json!("drill-opened"), &json!(71)));
    let said = ["passed", "seconds", "keys", "keysOpened"].map(|name| told.body[name].clone());
    assert_eq!(said, [json!(true), json!(71), json!(4), json!(4)]);
    house.trail_is(["drill", "drill-opened"]);
}

// shows: EU-1, I11 (an investigator at the own centre; nobody else; and never an arm)
#[test]
fn whoever_may_break_codes_may_drill_and_the_rest_are_told_so() {
    let house = practising();
    assert!(house.stage.drill("i-hsh"));
    house.so_far();
    for who in ["c-hsh", "p-hsh", "stat-1", "mon-1", "spon-1", "admin-1"] {
        refused(&house.post(who, "/v1/drills", json!({})), 403, "not-your-role");
    }
    house.trail_is(["refused not-your-role"; 6]);
    for who in ["c-hsh", "p-hsh", "stat-1", "spon-1"] {
        refused(&house.get(who, "/v1/drills"), 403, "not-your-role");
    }
    house.trail_is(["refused not-your-role"; 4]);
    let own = house.get("i-hsh", "/v1/drills");
    let drill = &own.body["drills"][0];
    let names = ["centre", "by", "role", "passed", "keys", "keysOpened"];
    let told = names.map(|name| drill[name].clone());
    let expected = ["huashan", "i-hsh", "investigator"].map(Value::from);
    assert_eq!(told[..3], expected);
    assert_eq!(told[3..], [json!(true), json!(1), json!(1)]);
    assert_eq!(
        own.body["roads"],
        json!([{
            "centre": "huashan", "light": "green", "passed": "2026-11-21T01:00:00.000Z"
        }])
    );
    // Another centre's investigator reads nothing of it; who reads the whole trial reads all roads.
    let other = house.get("i-rjs", "/v1/drills").body;
    assert_eq!((&other["drills"], &other["roads"][0]["light"]), (&json!([]), &json!("red")));
    for who in ["hot-2", "mon-1", "admin-1"] {
        let all = house.get(who, "/v1/drills");
        let lights: Vec<_> =
            all.body["roads"].as_array().unwrap().iter().map(|r| r["light"].clone()).collect();
        assert_eq!(lights, ["red", "red", "red", "green", "red"], "{who}");
        let arms = &house.pinned().arms;
        assert!(arms.iter().all(|arm| !all.text.contains(arm.as_str())), "{who}");
    }
    house.trail_is([]);
}

// shows: EU-18, EU-3 (each month another centre; each time another training participant)
#[test]
fn the_centre_longest_undrilled_comes_next_and_a_failed_drill_stays_due() {
    let house = practising();
    let mut seen = vec![];
    let mut codes = vec![];
    for _ in 0..5 {
        house.clock.step(60);
        let begun = house.post("hot-1", "/v1/drills", json!({})).body;
        seen.push(begun["centre"].as_str().unwrap().to_owned());
        codes.push(begun["slot"]["code"].as_str().unwrap().to_owned());
        let receipt = receipt(&house, "hot-1", &begun);
        assert_eq!(house.post("hot-1", &opened_at(&begun), receipt).body["passed"], true);
    }
    assert_eq!(seen, ["renji-south", "renji-west", "huashan", "sixth-people", "renji-south"]);
    codes.sort();
    codes.dedup();
    assert_eq!(codes.len(), 5);
    // Begun and never opened, or opened too late: it is no passed drill, and stays the next.
    house.clock.step(60);
    let begun = house.post("hot-1", "/v1/drills", json!({})).body;
    assert_eq!(begun["centre"], "renji-west");
    let late = receipt(&house, "hot-1", &begun);
    house.clock.step(601);
    let told = house.post("hot-1", &opened_at(&begun), late);
    assert_eq!((&told.body["passed"], &told.body["seconds"]), (&json!(false), &json!(601)));
    assert_eq!(house.post("hot-1", "/v1/drills", json!({})).body["centre"], "renji-west");
    let all = house.get("mon-1", "/v1/drills").body;
    assert_eq!(all["drills"].as_array().unwrap().len(), 7);
    assert!(all["drills"][0]["passed"].is_null());
    let light = |house: &House| house.get("mon-1", "/v1/drills").body["roads"][1]["light"].clone();
    assert_eq!(light(&house), "green");
    house.so_far();
    let mut house = house;
    for (days, expected) in [(28, "amber"), (7, "red")] {
        house.clock.step(days * 24 * 60 * 60);
        house.stage.sign_in("mon-1");
        assert_eq!(light(&house), expected);
    }
    house.trail_is(["signed-in", "signed-in"]);
}

// shows: I5, AL-6 (asked again: the same slot and one entry; told again: one result)
#[test]
fn the_same_drill_asked_for_again_is_the_same_slot_under_one_entry() {
    let house = practising();
    let begin =
        || house.act_once("hot-1", "POST", "/v1/drills", "one-drill-of-this-night", json!({}));
    let (first, again) = (begin(), begin());
    assert_eq!((first.status, again.status), (201, 200));
    assert_eq!(again.body["repeated"], true);
    for part in ["reference", "slot", "wrap", "keys", "manifest", "centre"] {
        assert_eq!(first.body[part], again.body[part], "{part}");
    }
    assert_eq!(first.body["receipt"]["entry"], again.body["receipt"]["entry"]);
    let receipt = receipt(&house, "hot-1", &first.body);
    let path = opened_at(&first.body);
    let tell = |key: &str| house.act_once("hot-1", "POST", &path, key, receipt.clone());
    let (told, twice) = (tell("the-receipt-of-it-0001"), tell("the-receipt-of-it-0001"));
    assert_eq!((told.status, &twice.body["repeated"]), (200, &json!(true)));
    assert_eq!(told.body["seconds"], twice.body["seconds"]);
    refused(&tell("the-receipt-of-it-0002"), 409, "wrong-state");
    house.trail_is(["drill", "drill-opened", "refused wrong-state"]);
}

// shows: I11, AT-3
#[test]
fn a_receipt_that_is_not_the_holders_own_or_says_too_much_is_refused() {
    let house = practising();
    let begun = house.post("hot-1", "/v1/drills", json!({})).body;
    house.so_far();
    let receipt = receipt(&house, "hot-1", &begun);
    let path = opened_at(&begun);
    refused(&house.post("hot-2", &path, receipt.clone()), 404, "no-such-record");
    refused(&house.post("i-rjs", &path, receipt.clone()), 404, "no-such-record");
    let with = |name: &str, value: Value| {
        let mut altered = receipt.clone();
        altered[name] = value;
        house.post("hot-1", &path, altered)
    };
    for (name, value) in [("keysOpened", json!(3)), ("fits", json!(false))] {
        refused(&with(name, value), 422, "signature-does-not-verify");
    }
    assert_eq!(fields(&with("keysOpened", json!(5))), ["/keysOpened num-range"]);
    assert_eq!(fields(&with("at", json!("tonight"))), ["/at moment-format"]);
    assert_eq!(fields(&with("reference", json!("00000000"))), ["/reference choice-unknown"]);
    house.trail_is([
        "refused no-such-record",
        "refused no-such-record",
        "refused signature-does-not-verify",
        "refused signature-does-not-verify",
    ]);
    refused(
        &house.post("hot-1", "/v1/drills/00000000/opened", {
            let mut other = receipt.clone();
            other["reference"] = json!("00000000");
            other
        }),
        404,
        "no-such-record",
    );
    house.trail_is(["refused no-such-record"]);
}

// shows: EU-18 (a road that would not hold fails its drill before the night it is needed)
#[test]
fn a_key_that_was_taken_away_or_never_opens_is_found_by_a_drill() {
    let house = practising();
    let begun = house.post("hot-1", "/v1/drills", json!({})).body;
    // One of the wraps is another person's: it does not open on this device.
    let mut practice = begun.clone();
    let other = house.post("hot-2", "/v1/drills", json!({})).body;
    practice["keys"][2]["wrap"] = other["keys"][2]["wrap"].clone();
    let receipt = receipt(&house, "hot-1", &practice);
    let told = house.post("hot-1", &opened_at(&begun), receipt);
    let said = ["passed", "keys", "keysOpened"].map(|name| told.body[name].clone());
    assert_eq!(said, [json!(false), json!(4), json!(3)]);
    house.so_far();
    let removed = json!({"person": "i-hsh", "centre": "huashan"});
    assert_eq!(house.post("hot-2", "/v1/grants/remove", removed).status, 200);
    refused(&house.post("i-hsh", "/v1/drills", json!({})), 403, "not-granted-yet");
    house.trail_is(["grant-removed", "refused not-granted-yet"]);
}

// shows: SG-8, AL-2
#[test]
fn nothing_is_issued_from_a_training_list_and_none_of_its_codes_is_released_or_broken() {
    let house = practising();
    let begun = house.post("hot-1", "/v1/drills", json!({})).body;
    let code = begun["slot"]["code"].as_str().unwrap().to_owned();
    house.so_far();
    let prepare = json!({"code": code, "identifier": "DEMO", "visit": "V1"});
    refused(&house.post("p-rjs", "/v1/preparations", prepare), 404, "no-such-record");
    let broken = json!({
        "participant": code, "requester": "Demo", "callBack": "000", "depends": true,
        "category": "pregnancy", "whatHappened": "nothing",
        "signature": signature("hot-1", "break-code"),
    });
    refused(&house.post("hot-1", "/v1/breaks", broken), 404, "no-such-record");
    let void = json!({"code": code, "reason": "x", "signature": signature("stat-1", "void-code")});
    refused(&house.post("stat-1", "/v1/codes/void", void), 404, "no-such-record");
    house.trail_is(["refused no-such-record"; 3]);
    let (_, _, issued) = house.randomised(0, 1, true);
    let rows = house.stage.study.list.rows();
    let first = rows.iter().find(|row| row.stratum.as_str() == "renji-south/lldas").unwrap();
    assert_eq!(issued, first.code.to_string());
    house.so_far();
    // A drill unblinds nobody, is no code break, and is counted as a drill alone.
    let report = house.get("mon-1", "/v1/reports/unblinded-persons");
    assert!(report.status == 404 || !report.text.contains("drill"));
    let breaks = house.get("mon-1", "/v1/breaks").body;
    assert_eq!(breaks["breaks"], json!([]));
    house.so_far();
}

// shows: SG-8, I4
#[test]
fn a_training_list_that_meets_the_list_or_gives_strangers_keys_is_not_taken_in() {
    let house = House::raise();
    let service = house.stage.house();
    let size =
        || service.store.read(|view| Ok::<_, StoreError>(view.trail_size().unwrap())).unwrap();
    let before = size();
    // The list that issues, handed in as one to practise with: its keys have live numbers.
    let own = service.import_drill_list(&house.stage.study.package);
    assert!(matches!(own, Err(NotImported::KeyNumber)), "{own:?}");
    let late = service.import_drill_list(&house.stage.drill_package(1, 1));
    assert!(matches!(late, Err(NotImported::OutOfOrder)), "{late:?}");
    // A training list handed in as the next segment of the list that issues.
    let as_list = service.import_list(&house.stage.drill_package(1, 1));
    assert!(matches!(as_list, Err(NotImported::KeyNumber)), "{as_list:?}");
    let stranger = House::raise();
    let theirs = service.import_drill_list(&stranger.stage.drill_package(0, 1));
    assert!(matches!(theirs, Err(NotImported::OtherCard(_))), "{theirs:?}");
    assert_eq!(size(), before);
    house.stage.import_drills();
    let again = service.import_drill_list(&house.stage.drill_package(0, 2));
    assert!(matches!(again, Err(NotImported::AlreadyImported)), "{again:?}");
    let same_key = service.import_drill_list(&house.stage.drill_package(1, 1));
    assert!(matches!(same_key, Err(NotImported::CentreKeyTaken)), "{same_key:?}");
    service.import_drill_list(&house.stage.drill_package(1, 2)).unwrap();
    // The newest is practised on.
    let begun = house.post("hot-1", "/v1/drills", json!({})).body;
    assert_eq!(begun["slot"]["segment"], 1);
    house.trail_is(["drill-list-imported", "drill-list-imported", "drill"]);
}

#[test]
fn without_a_training_list_a_drill_says_what_is_missing() {
    let house = House::raise();
    refused(&house.post("hot-1", "/v1/drills", json!({})), 409, "no-drill-list");
    let all = house.get("admin-1", "/v1/drills").body;
    assert_eq!((&all["possible"], &all["drills"]), (&json!(false), &json!([])));
    house.trail_is(["refused no-drill-list"]);
}

// shows: EU-2
#[test]
fn in_a_live_trial_a_centre_opens_only_after_a_drill_was_passed_for_it() {
    let mut house = House::raise_live();
    let review = json!({"signature": signature("mon-1", "review-list")});
    assert_eq!(house.post("mon-1", "/v1/lists/0/review", review).status, 200);
    let open = |house: &House, centre: Option<&str>| {
        let mut body =
            json!({"reason": "begin", "signature": signature("spon-1", "decide-recruitment")});
        if let Some(centre) = centre {
            body["centre"] = centre.into();
        }
        house.post("spon-1", "/v1/recruitment/open", body)
    };
    assert_eq!(open(&house, None).status, 200, "the trial; each centre is asked for itself");
    house.so_far();
    refused(&open(&house, Some("huashan")), 409, "drill-not-passed");
    house.stage.import_drills();
    let begun = house.post("i-hsh", "/v1/drills", json!({})).body;
    refused(&open(&house, Some("huashan")), 409, "drill-not-passed");
    let receipt = receipt(&house, "i-hsh", &begun);
    assert_eq!(house.post("i-hsh", &opened_at(&begun), receipt).body["passed"], true);
    assert_eq!(open(&house, Some("huashan")).status, 200);
    refused(&open(&house, Some("renji-south")), 409, "drill-not-passed");
    // The hotline proves the road of a centre as well, and goes to the centre that has none first.
    assert!(house.stage.drill("hot-1"));
    assert_eq!(open(&house, Some("renji-south")).status, 200);
    house.trail_is([
        "refused drill-not-passed",
        "drill-list-imported",
        "drill",
        "refused drill-not-passed",
        "drill-opened",
        "recruitment-opened",
        "refused drill-not-passed",
        "drill",
        "drill-opened",
        "recruitment-opened",
    ]);
    house.stage.sign_in("mon-1");
    house.so_far();
}
