//! Machines: what a token may, where, from where and how long; and the coordinator's signature on which one randomises.

use crate::house::{House, anonymous, fields, refused};
use klero::cli::stage::{Reply, TRIAL, signature};
use klero::domain::ids::Code;
use klero::limits::ENTRUST_SECONDS;
use serde_json::{Value, json};

const VERBS: [&str; 3] = ["screen", "randomise", "read-participants"];

/// A house whose trial lets machines ask for allocations.
fn raise() -> House {
    House::raise_with(|play| {
        play.trial = format!(
            "{TRIAL}\n[machines]\nrandomise = true\nsource = \"inferred\"\nbecause = \"a test\"\n"
        );
    })
}

fn wanted(changes: &[(&str, Value)]) -> Value {
    let mut body = json!({"id": "edc-1", "what": "Demo data system", "verbs": VERBS,
                          "centres": ["renji-south"], "days": 30});
    changes.iter().for_each(|(field, value)| body[field] = value.clone());
    body
}

/// Makes a token, and gives it.
fn token(house: &House, changes: &[(&str, Value)]) -> String {
    let made = house.post("admin-1", "/v1/tokens", wanted(changes));
    assert_eq!(made.status, 201, "{}", made.text);
    made.text_at("token").to_owned()
}

/// A machine asks.
fn ask(house: &House, token: &str, method: &str, path: &str, body: Option<Value>) -> Reply {
    let bearer = format!("Bearer {token}");
    let key = house.stage.new_key();
    let headers = [("authorization", bearer.as_str()), ("idempotency-key", key.as_str())];
    house.send(method, path, &headers, body.as_ref())
}

fn allocation(house: &House, token: &str, reference: &str) -> Reply {
    let path = format!("/v1/participants/{reference}/allocation");
    ask(house, token, "POST", &path, Some(json!({})))
}

fn entrust(house: &House, who: &str, reference: &str) -> Reply {
    let path = format!("/v1/participants/{reference}/entrust");
    house.post(who, &path, json!({"signature": signature(who, "entrust")}))
}

// shows: AC-2, AC-7, AT-3 (shown once, kept hashed, every use under its name, ended at once)
#[test]
fn a_token_is_shown_once_and_is_over_as_soon_as_it_is_ended() {
    let house = raise();
    let made = house.post("admin-1", "/v1/tokens", wanted(&[]));
    let (line, _) = house.check_receipt(&made.body["receipt"]);
    assert_eq!(line["on"], json!({"token": "edc-1"}));
    assert!(!line.to_string().contains("Demo data system"), "what it is for is not in the line");
    let token = made.text_at("token").to_owned();
    assert!(token.starts_with("klero_training_") && !line.to_string().contains(&token[15..]));
    let mine = ask(&house, &token, "GET", "/v1/sessions/mine", None);
    assert_eq!((mine.text_at("person"), mine.text_at("role")), ("edc-1", "machine"));
    assert_eq!(ask(&house, &token, "GET", "/v1/participants", None).status, 200);
    let all = house.get("mon-1", "/v1/tokens");
    assert!(!all.text.contains(&token) && all.text.contains("edc-1"));
    // The same name is nobody's any more, neither machine nor person.
    refused(&house.post("admin-1", "/v1/tokens", wanted(&[])), 409, "wrong-state");
    refused(
        &house.post("admin-1", "/v1/tokens", wanted(&[("id", json!("c-rjs"))])),
        409,
        "wrong-state",
    );
    let person = json!({"person": "edc-1", "name": "Demo", "role": "monitor", "centres": []});
    refused(&house.post("admin-1", "/v1/people", person), 409, "wrong-state");
    house.so_far();
    assert_eq!(house.post("admin-1", "/v1/tokens/edc-1/end", json!({})).status, 200);
    let over = ask(&house, &token, "GET", "/v1/participants", None);
    refused(&over, 401, "sign-in-needed");
    let unknown =
        ask(&house, &format!("klero_training_{}", "0".repeat(40)), "GET", "/v1/participants", None);
    assert_eq!(anonymous(&over), anonymous(&unknown));
    refused(&house.post("admin-1", "/v1/tokens/edc-1/end", json!({})), 409, "wrong-state");
    house.trail_is(["token-ended", "refused wrong-state"]);
}

// shows: AC-7 (whoever made a token may have kept it)
#[test]
fn a_token_ends_with_its_day_with_its_maker_and_outside_its_network() {
    let mut house = raise();
    house.admit("admin-2", "admin", &[]);
    let by = |who: &str, changes: &[(&str, Value)]| {
        let made = house.post(who, "/v1/tokens", wanted(changes));
        assert_eq!(made.status, 201, "{}", made.text);
        made.text_at("token").to_owned()
    };
    let short = by("admin-2", &[("id", json!("edc-short")), ("days", json!(1))]);
    let long = by("admin-2", &[("id", json!("edc-long"))]);
    let near = by("admin-1", &[("id", json!("edc-near")), ("networks", json!(["127.0.0.0/8"]))]);
    let far = by("admin-1", &[("id", json!("edc-far")), ("networks", json!(["10.20.0.0/16"]))]);
    let asks = |token: &str| ask(&house, token, "GET", "/v1/participants", None).status;
    assert_eq!([&short, &long, &near, &far].map(|token| asks(token)), [200, 200, 200, 401]);
    // Through a proxy on this machine it is the address that the proxy added, and none that the client wrote before.
    let from = |token: &str, address: &str| {
        let bearer = format!("Bearer {token}");
        let headers = [("authorization", bearer.as_str()), ("x-forwarded-for", address)];
        house.send("GET", "/v1/participants", &headers, None).status
    };
    assert_eq!(from(&far, "10.20.3.4"), 200);
    assert_eq!(from(&far, "10.20.3.4, 198.51.100.7"), 401);
    assert_eq!(from(&near, "198.51.100.7"), 401);
    house.clock.step(24 * 60 * 60);
    house.stage.house();
    assert_eq!([&short, &long].map(|token| asks(token)), [401, 200]);
    house.stage.sign_in("admin-1");
    assert_eq!(house.post("admin-1", "/v1/people/admin-2/disable", json!({})).status, 200);
    let asks = |token: &str| ask(&house, token, "GET", "/v1/participants", None).status;
    assert_eq!([&long, &near].map(|token| asks(token)), [401, 200]);
    house.so_far();
}

// shows: I11, AC-6 (no token releases, breaks, grants or signs)
#[test]
fn a_machine_is_refused_whatever_its_token_does_not_name() {
    let house = raise();
    let edc = token(&house, &[("verbs", json!(["read-participants"]))]);
    let reference = house.stage.screen_eligible(0, 1, true);
    let elsewhere = house.stage.screen_eligible(1, 1, true);
    house.so_far();
    let see =
        |reference: &str| ask(&house, &edc, "GET", &format!("/v1/participants/{reference}"), None);
    assert_eq!(see(&reference).status, 200);
    refused(&see(&elsewhere), 404, "no-such-record");
    refused(&allocation(&house, &edc, &reference), 403, "not-your-role");
    refused(&ask(&house, &edc, "GET", "/v1/trail", None), 403, "not-your-role");
    refused(&ask(&house, &edc, "GET", "/v1/tokens", None), 403, "not-your-role");
    refused(&ask(&house, &edc, "GET", "/v1/recruitment", None), 403, "not-your-role");
    let code = Code::from_digits([9, 0, 0, 0, 0, 0]).unwrap().to_string();
    let wish = json!({"code": code, "identifier": "DEMO", "visit": "V1"});
    refused(&ask(&house, &edc, "POST", "/v1/preparations", Some(wish)), 403, "not-your-role");
    let left = house.entries();
    assert_eq!(left.len(), 5);
    assert!(left.iter().all(|entry| entry["by"] == "edc-1" && entry["role"] == "machine"));
}

// shows: I11, AC-6, EU-8 (a machine hears what a coordinator of its centre hears: that, never what)
#[test]
fn a_machine_reads_the_feed_as_a_blinded_reader_of_its_own_centre() {
    let house = raise();
    let edc = token(&house, &[("verbs", json!(["read-notices"]))]);
    let other = [("id", json!("edc-2")), ("verbs", json!(["read-participants"]))];
    let other = token(&house, &other);
    let feed = |after: u64| {
        let path = format!("/v1/events?after={after}");
        let read = ask(&house, &edc, "GET", &path, None);
        assert_eq!(read.status, 200, "{}", read.text);
        read.body["events"].as_array().unwrap().clone()
    };
    let before = feed(0).last().map_or(0, |event| event["event"].as_u64().unwrap());
    let (here, number, code) = house.randomised(0, 1, true);
    let (there, ..) = house.randomised(2, 1, true);
    crate::notices::break_code(&house, "hot-1", &number);
    house.so_far();
    let own = house.get("c-rjs", &format!("/v1/events?after={before}"));
    let told = feed(before);
    assert_eq!(own.body["events"].as_array().unwrap(), &told, "as the centre's coordinator");
    let kinds: Vec<_> = told.iter().map(|event| event["type"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["eligibility.signed", "allocation.made"]);
    let text = format!("{told:?}");
    assert!(text.contains(&here) && !text.contains(&there));
    assert!(!text.contains(&number) && !text.contains(&code));
    // It reads no page, no address and no delivery with that verb; and without the verb no feed.
    for path in ["/v1/participants", "/v1/deliveries", "/v1/webhooks", "/v1/breaks"] {
        refused(&ask(&house, &edc, "GET", path, None), 403, "not-your-role");
    }
    refused(&ask(&house, &other, "GET", "/v1/events", None), 403, "not-your-role");
    house.trail_is(["refused not-your-role"; 5]);
}

// shows: AT-10, I5, I8 (the coordinator's signature is in the record before a machine randomises)
#[test]
fn a_machine_randomises_on_a_coordinators_signature_over_these_answers_and_no_other() {
    let mut house = raise();
    let edc = token(&house, &[]);
    let reference = house.stage.screen_eligible(0, 1, true);
    house.so_far();
    refused(&allocation(&house, &edc, &reference), 422, "not-entrusted");
    // Whatever it sends, it signs nothing: not even with a coordinator's own password.
    let path = format!("/v1/participants/{reference}/allocation");
    let with = json!({"signature": signature("c-rjs", "randomise")});
    refused(&ask(&house, &edc, "POST", &path, Some(with)), 401, "signature-needed");
    let path = format!("/v1/participants/{reference}/entrust");
    let unsigned = json!({"signature": {"password": "not the password",
        "meaning": signature("c-rjs", "entrust")["meaning"]}});
    refused(&house.post("c-rjs", &path, unsigned), 401, "signature-needed");
    refused(&entrust(&house, "c-rjw", &reference), 404, "no-such-record");
    let signed = entrust(&house, "c-rjs", &reference);
    assert_eq!(signed.status, 200, "{}", signed.text);
    let seq = signed.body["receipt"]["index"].clone();
    let first = allocation(&house, &edc, &reference);
    assert_eq!(first.status, 201, "{}", first.text);
    let (line, _) = house.check_receipt(&first.body["receipt"]);
    assert_eq!((&line["by"], &line["role"]), (&json!("edc-1"), &json!("machine")));
    assert_eq!(line["data"]["asked-by"], "c-rjs");
    assert_eq!(line["data"]["entrusted"], seq);
    let again = allocation(&house, &edc, &reference);
    assert_eq!((again.status, again.text_at("code")), (200, first.text_at("code")));
    refused(&entrust(&house, "c-rjs", &reference), 409, "wrong-state");
    house.trail_is([
        "refused not-entrusted",
        "refused signature-needed",
        "refused signature-needed",
        "refused no-such-record",
        "randomisation-entrusted",
        "randomised",
        "refused wrong-state",
    ]);
    // A signature that is three days old, or whose coordinator has left, asks for nothing.
    let (old, left) =
        (house.stage.screen_eligible(0, 2, true), house.stage.screen_eligible(0, 3, true));
    assert_eq!(entrust(&house, "c-rjs", &old).status, 200);
    house.clock.step(ENTRUST_SECONDS);
    ["c-rjs", "i-rjs", "admin-1"].into_iter().for_each(|who| house.stage.sign_in(who));
    house.so_far();
    refused(&allocation(&house, &edc, &old), 422, "not-entrusted");
    assert_eq!(entrust(&house, "c-rjs", &left).status, 200);
    assert_eq!(house.post("admin-1", "/v1/people/c-rjs/disable", json!({})).status, 200);
    refused(&allocation(&house, &edc, &left), 422, "not-entrusted");
    house.trail_is([
        "refused not-entrusted",
        "randomisation-entrusted",
        "person-disabled",
        "refused not-entrusted",
    ]);
}

// shows: VA-4 (a trial whose file says nothing of machines lets none ask)
#[test]
fn no_machine_randomises_unless_the_trials_file_says_so() {
    let house = House::raise();
    let reference = house.stage.screen_eligible(0, 1, true);
    house.so_far();
    let barred = house.post("admin-1", "/v1/tokens", wanted(&[]));
    assert_eq!(fields(&barred), ["/verbs choice-unknown"]);
    refused(&entrust(&house, "c-rjs", &reference), 403, "not-your-role");
    house.trail_is(["refused not-your-role"]);
}

#[test]
fn each_wrong_field_of_a_token_is_named() {
    let house = raise();
    let wrong = |field: &str, value: Value| {
        fields(&house.post("admin-1", "/v1/tokens", wanted(&[(field, value)]))).join(", ")
    };
    assert_eq!(wrong("id", json!("Not An Id")), "/id account-form");
    assert_eq!(wrong("what", json!(" ")), "/what text-empty");
    assert_eq!(wrong("what", json!("two\nlines")), "/what text-control");
    assert_eq!(wrong("what", json!("名".repeat(81))), "/what text-too-long");
    assert_eq!(wrong("verbs", json!([])), "/verbs required");
    assert_eq!(wrong("verbs", json!(["prepare"])), "/verbs choice-unknown");
    assert_eq!(wrong("verbs", json!(["screen", "screen"])), "/verbs doubled");
    assert_eq!(wrong("centres", json!([])), "/centres required");
    assert_eq!(wrong("centres", json!(["nowhere"])), "/centres choice-unknown");
    assert_eq!(wrong("networks", json!(["10.20.0.7/16"])), "/networks network-form");
    assert_eq!(wrong("days", json!(0)), "/days num-range");
    assert_eq!(wrong("days", json!(367)), "/days num-range");
    house.trail_is([]);
}
