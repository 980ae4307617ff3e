//! Codes that became known before they were issued: voided by the statistician, never issued, told to nobody who is blind.

use crate::house::{House, fields, refused};
use klero::cli::stage::signature;
use klero::domain::ids::Code;
use klero::text::{Language, meaning};
use serde_json::{Value, json};

const REASON: &str = "the letter was found open";

fn body(code: &str) -> Value {
    json!({"code": code, "reason": REASON, "signature": signature("stat-1", "void-code")})
}

/// The codes of a centre's first stratum, in list order.
fn codes(house: &House) -> Vec<Code> {
    let rows = house.stage.study.list.rows().iter();
    rows.filter(|row| row.stratum.as_str() == "huashan/lldas").map(|row| row.code).collect()
}

// shows: I4, AL-5, AT-10
#[test]
fn a_void_code_is_passed_over_and_every_other_is_issued_in_list_order() {
    let house = House::raise();
    let list = codes(&house);
    for place in [0, 2, 3] {
        let voided = house.post("stat-1", "/v1/codes/void", body(&list[place].grouped()));
        assert_eq!(voided.status, 200, "{}", voided.text);
        let (line, _) = house.check_receipt(&voided.body["receipt"]);
        assert_eq!(line["on"], json!({"code": list[place].to_string()}), "and no place");
        let meant = meaning("void-code", Language::En);
        assert_eq!(line["data"], json!({"meaning": meant, "signed": "password"}));
        assert!(line.get("centre").is_none() && !line.to_string().contains(REASON));
    }
    house.so_far();
    for (number, place) in [(1, 1), (2, 4), (3, 5)] {
        let (_, _, code) = house.randomised(2, number, true);
        assert_eq!(code, list[place].to_string(), "participant {number}");
    }
    let strata = house.get("stat-1", "/v1/lists/strata");
    let all = strata.body["strata"].as_array().unwrap();
    let here = all.iter().find(|s| s["stratum"] == "huashan/lldas").unwrap();
    assert_eq!((&here["issued"], &here["voided"]), (&json!(3), &json!(3)));
    let elsewhere: u64 = all.iter().map(|s| s["voided"].as_u64().unwrap()).sum();
    assert_eq!(elsewhere, 3);
    house.so_far();
}

// shows: I5, AL-6, AL-8
#[test]
fn an_issued_an_unknown_and_a_void_code_are_refused_and_a_repeat_is_one_entry() {
    let house = House::raise();
    let list = codes(&house);
    let (_, _, issued) = house.randomised(2, 1, true);
    house.so_far();
    let void = |code: &str| house.post("stat-1", "/v1/codes/void", body(code));
    refused(&void(&issued), 409, "wrong-state");
    let unknown = (0..10).map(|n| Code::from_digits([9, 9, 9, 9, 9, n]).unwrap());
    let rows = house.stage.study.list.rows();
    let mut unknown = unknown.filter(|code| rows.iter().all(|row| row.code != *code));
    refused(&void(&unknown.next().unwrap().to_string()), 404, "no-such-record");
    let slip = void("9000002");
    refused(&slip, 422, "invalid-fields");
    assert_eq!(fields(&slip), ["/code code-check"]);
    let mut silent = body(&list[1].to_string());
    silent["reason"] = " ".into();
    let silent = house.post("stat-1", "/v1/codes/void", silent);
    assert_eq!(fields(&silent), ["/reason reason-needed"]);
    let mut unsigned = body(&list[1].to_string());
    unsigned["signature"] = signature("stat-1", "review-list");
    refused(&house.post("stat-1", "/v1/codes/void", unsigned), 401, "signature-needed");
    let act = |key: &str| {
        let (path, body) = ("/v1/codes/void", body(&list[1].to_string()));
        house.act_once("stat-1", "POST", path, key, body)
    };
    let (first, again) = (act("one-key-for-one-void"), act("one-key-for-one-void"));
    assert_eq!((first.status, again.body["repeated"].as_bool()), (200, Some(true)));
    assert_eq!(first.body["receipt"]["entry"], again.body["receipt"]["entry"]);
    refused(&act("two-keys-for-one-void"), 409, "wrong-state");
    house.trail_is([
        "refused wrong-state",
        "refused no-such-record",
        "refused signature-needed",
        "code-voided",
        "refused wrong-state",
    ]);
}

// shows: I3, CO-1
#[test]
fn a_void_code_is_never_released() {
    let house = House::raise();
    let code = codes(&house)[0].to_string();
    assert_eq!(house.post("stat-1", "/v1/codes/void", body(&code)).status, 200);
    house.so_far();
    let prepare = json!({"code": code, "identifier": "DEMO", "visit": "V1"});
    refused(&house.post("p-hsh", "/v1/preparations", prepare), 404, "no-such-record");
    let broken = json!({
        "participant": code, "requester": "Demo", "callBack": "000", "depends": true,
        "category": "pregnancy", "whatHappened": "nothing",
        "signature": signature("hot-1", "break-code"),
    });
    refused(&house.post("hot-1", "/v1/breaks", broken), 404, "no-such-record");
    house.trail_is(["refused no-such-record", "refused no-such-record"]);
}

// shows: AL-5 (a stratum whose last codes are void is used up, and its statistician is told)
#[test]
fn a_stratum_with_nothing_but_void_codes_left_is_used_up() {
    let house = House::raise_with(|play| play.slots = 4);
    let list = codes(&house);
    for code in &list[1..] {
        assert_eq!(house.post("stat-1", "/v1/codes/void", body(&code.to_string())).status, 200);
    }
    house.randomised(2, 1, true);
    let reference = house.stage.screen_eligible(2, 2, true);
    let refused_to = house.stage.randomise(2, &reference);
    refused(&refused_to, 409, "no-allocation-available");
    let strata = house.get("stat-1", "/v1/lists/strata").body;
    let all = strata["strata"].as_array().unwrap();
    assert!(all.iter().any(|s| s["stratum"] == "huashan/lldas" && s["usedUp"].is_string()));
    house.so_far();
}
