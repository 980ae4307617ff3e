//! The steps of an emergency that release nothing: each is an entry, and none tells more than that somebody is there.

use crate::house::{House, anonymous, fields, refused};
use klero::cli::stage::signature;
use serde_json::{Value, json};

fn ask(participant: &str, identifier: Option<&str>, caller: &str) -> Value {
    let mut body = json!({"participant": participant, "caller": caller});
    if let Some(identifier) = identifier {
        body["identifier"] = identifier.into();
    }
    body
}

const FIND: &str = "/v1/breaks/find";

// shows: EU-6, EU-3, AT-3
#[test]
fn a_participant_is_found_by_two_identifiers_with_the_last_preparation_and_an_entry() {
    let house = House::raise();
    let (_, number, code) = house.randomised(0, 1, true);
    house.so_far();
    let key = "one-key-for-one-act";
    let first = house.act_once("hot-1", "POST", FIND, key, ask(&code, Some("demo"), "physician"));
    assert_eq!(first.status, 200, "{}", first.text);
    let (line, _) = house.check_receipt(&first.body["receipt"]);
    assert_eq!((&line["act"], &line["centre"]), (&json!("break-begun"), &json!("renji-south")));
    assert_eq!(line["on"], json!({"participant": number, "code": code}));
    assert_eq!(line["data"], json!({"caller": "physician", "identifiers": "matched"}));
    let found = |body: &Value| {
        let mut body = body.clone();
        body.as_object_mut().unwrap().remove("receipt");
        body
    };
    let mut expected = json!({
        "participant": number, "code": code, "centre": "renji-south", "identifiers": "matched",
        "lastPreparation": null, "repeated": false,
    });
    assert_eq!(found(&first.body), expected);
    house.clock.step(60);
    let wish = json!({"code": code, "identifier": "DEMO", "visit": "V1"});
    assert_eq!(house.post("p-rjs", "/v1/preparations", wish).status, 201);
    // The first answer is given again, also when more is known by now.
    let again = house.act_once("hot-1", "POST", FIND, key, ask(&code, Some("demo"), "physician"));
    expected["repeated"] = true.into();
    assert_eq!(found(&again.body), expected);
    assert_eq!(again.body["receipt"]["entry"], first.body["receipt"]["entry"]);
    // An investigator of the centre, without a second identifier: flagged, never refused.
    let own = house.post("i-rjs", FIND, ask(&number, None, "investigator"));
    assert_eq!(own.text_at("identifiers"), "not-available");
    assert_eq!(own.text_at("lastPreparation"), "2026-11-21T01:01:00.000Z");
    house.trail_is(["break-begun", "release-for-preparation", "break-begun"]);
}

// shows: EU-6, AC-6
#[test]
fn nobody_without_a_code_and_somebody_elsewhere_are_one_answer_for_every_step() {
    let house = House::raise();
    let (_, number, _) = house.randomised(0, 1, true);
    house.stage.screen_eligible(0, 2, true);
    house.so_far();
    let steps = |who: &str, participant: &str| {
        let cases = json!({"participant": participant, "callBack": "000"});
        let leave = json!({"participant": participant});
        [
            house.post(who, FIND, ask(participant, Some("DEMO"), "physician")),
            house.post(who, "/v1/breaks/cases", cases),
            house.post(who, "/v1/breaks/leave", leave),
        ]
    };
    let unknown = steps("hot-1", "RJS-999").map(|reply| anonymous(&reply));
    for (who, participant) in [("hot-1", "RJS-002"), ("i-hsh", number.as_str())] {
        for (reply, unknown) in steps(who, participant).iter().zip(&unknown) {
            refused(reply, 404, "no-such-record");
            assert_eq!(&anonymous(reply), unknown);
        }
    }
    house.trail_is(["refused no-such-record"; 9]);
    for identifier in ["OMED", "", number.as_str()] {
        let reply = house.post("hot-1", FIND, ask(&number, Some(identifier), "physician"));
        refused(&reply, 409, "identifiers-do-not-match");
    }
    house.trail_is(["refused identifiers-do-not-match"; 3]);
    for (body, wrong) in [
        (ask(&number, None, "relative"), "/caller choice-unknown"),
        (ask("who", None, "physician"), "/participant code-check"),
    ] {
        assert_eq!(fields(&house.post("hot-1", FIND, body)), [wrong]);
    }
    house.trail_is([]);
}

// shows: EU-15, EU-16, AT-15
#[test]
fn a_relatives_call_opens_a_case_and_a_withdrawn_request_is_an_entry_and_neither_releases() {
    let house = House::raise();
    let (_, number, code) = house.randomised(0, 1, true);
    house.so_far();
    let body = json!({"participant": number, "callBack": "the daughter, 000 333"});
    let key = "one-key-for-one-act";
    let opened = house.act_once("hot-1", "POST", "/v1/breaks/cases", key, body.clone());
    assert_eq!(opened.status, 201, "{}", opened.text);
    let (line, _) = house.check_receipt(&opened.body["receipt"]);
    let on = json!({"participant": number, "code": code, "reference": opened.body["reference"]});
    assert_eq!((&line["on"], &line["data"]), (&on, &json!({})));
    assert!(!line.to_string().contains("daughter"), "it stands in the private record");
    let again = house.act_once("hot-1", "POST", "/v1/breaks/cases", key, body);
    assert_eq!((again.status, &again.body["repeated"]), (200, &json!(true)));
    assert_eq!(again.body["reference"], opened.body["reference"]);
    for wrong in [" ".to_owned(), "x".repeat(501)] {
        let reply = house.post(
            "hot-1",
            "/v1/breaks/cases",
            json!({"participant": number, "callBack": wrong}),
        );
        assert!(fields(&reply)[0].starts_with("/callBack "), "{}", reply.text);
    }
    let left =
        house.act_once("i-rjs", "POST", "/v1/breaks/leave", key, json!({"participant": code}));
    assert_eq!(left.status, 200, "{}", left.text);
    let again =
        house.act_once("i-rjs", "POST", "/v1/breaks/leave", key, json!({"participant": code}));
    assert_eq!(again.body["receipt"]["entry"], left.body["receipt"]["entry"]);
    for reply in [opened, left] {
        assert!(!reply.text.contains("slot") && !reply.text.contains("sealed"));
    }
    assert_eq!(house.get("mon-1", "/v1/breaks").body["breaks"], json!([]));
    house.trail_is(["break-case-opened", "break-left", "breaks-read"]);
}

// shows: I3, EU-1
#[test]
fn a_release_says_how_the_device_knows_its_root_when_the_device_says_so() {
    let house = House::raise();
    let (_, number, code) = house.randomised(0, 1, true);
    house.so_far();
    let emergency = |root: Option<&str>| {
        let mut body = json!({
            "participant": number, "identifier": "DEMO", "requester": "Demo physician",
            "callBack": "000", "category": "pregnancy", "whatHappened": "an invented emergency",
            "depends": true, "signature": signature("hot-1", "break-code"),
        });
        body["root"] = json!(root);
        body
    };
    for root in [Some("known"), Some("compared"), Some("not-compared"), None] {
        let release = house.post("hot-1", "/v1/breaks", emergency(root));
        let (line, _) = house.check_receipt(&release.body["receipt"]);
        assert_eq!(line["data"].get("root"), root.map(|root| json!(root)).as_ref());
    }
    let odd = house.post("hot-1", "/v1/breaks", emergency(Some("believed")));
    assert_eq!(fields(&odd), ["/root choice-unknown"]);
    let wish =
        |root: &str| json!({"code": code, "identifier": "DEMO", "visit": "V1", "root": root});
    let odd = house.post("p-rjs", "/v1/preparations", wish("believed"));
    assert_eq!(fields(&odd), ["/root choice-unknown"]);
    let release = house.post("p-rjs", "/v1/preparations", wish("compared"));
    let (line, _) = house.check_receipt(&release.body["receipt"]);
    assert_eq!(line["data"], json!({"visit": "V1", "root": "compared"}));
    house.trail_is([
        "release-for-break",
        "release-for-break",
        "release-for-break",
        "release-for-break",
        "release-for-preparation",
    ]);
}
