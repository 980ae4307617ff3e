//! Accounts: one person, one role, for ever.

use crate::house::{House, anonymous, fields, refused};
use klero::cli::stage::{Reply, password};
use serde_json::{Value, json};

fn invitation() -> Value {
    json!({"person": "c-new", "name": "Demo newcomer", "role": "coordinator", "centres": ["huashan"]})
}

fn invite(house: &House, changes: &[(&str, Value)]) -> Reply {
    let mut body = invitation();
    changes.iter().for_each(|(field, value)| body[field] = value.clone());
    house.post("admin-1", "/v1/people", body)
}

// shows: AT-11, AC-2
#[test]
fn a_person_is_invited_listed_and_never_invited_again() {
    let house = House::raise();
    let reply = invite(&house, &[]);
    assert_eq!(reply.status, 201, "{}", reply.text);
    let (line, _) = house.check_receipt(&reply.body["receipt"]);
    assert_eq!(line["data"], json!({"role": "coordinator", "centres": ["huashan"]}));
    assert!(!line.to_string().contains("newcomer"), "a name is not in a line");
    let people = house.get("mon-1", "/v1/people");
    let all = people.body["people"].as_array().unwrap();
    let new = all.iter().find(|person| person["person"] == "c-new").unwrap();
    assert_eq!((&new["state"], &new["name"]), (&json!("invited"), &json!("Demo newcomer")));
    assert!(!people.text.contains(reply.text_at("token")));
    // An id is given once, to whomever it was given.
    for taken in ["c-new", "c-rjs", "admin-1"] {
        refused(&invite(&house, &[("person", json!(taken))]), 409, "wrong-state");
    }
    house.trail_is([
        "person-invited",
        "refused wrong-state",
        "refused wrong-state",
        "refused wrong-state",
    ]);
}

// shows: AL-6, AT-3 (a token is shown once; asked again there is a new one, and that is an entry)
#[test]
fn the_same_key_gives_a_new_token_and_ends_the_old_one() {
    let house = House::raise();
    let act =
        |body: Value| house.act_once("admin-1", "POST", "/v1/people", "one-key-for-one-act", body);
    let first = act(invitation());
    let again = act(invitation());
    assert_eq!((first.status, again.status), (201, 200));
    assert_ne!(first.text_at("token"), again.text_at("token"));
    assert_eq!(first.body["receipt"]["entry"], again.body["receipt"]["entry"]);
    let mut other = invitation();
    other["name"] = json!("Demo somebody else");
    refused(&act(other), 422, "idempotency-key-reused");
    let accept = |token: &str| {
        let body = json!({"token": token, "password": password("c-new")});
        house.send("POST", "/v1/invitations/accept", &[], Some(&body)).status
    };
    assert_eq!(accept(first.text_at("token")), 404);
    assert_eq!(accept(again.text_at("token")), 201);
    refused(&act(invitation()), 409, "wrong-state");
    house.trail_is([
        "person-invited",
        "invitation-renewed",
        "account-activated",
        "refused wrong-state",
    ]);
}

// shows: AC-1, I11
#[test]
fn each_wrong_field_of_an_invitation_is_named() {
    let house = House::raise();
    let wrong = |changes: &[(&str, Value)]| fields(&invite(&house, changes)).join(", ");
    assert_eq!(wrong(&[("person", json!("Not An Id"))]), "/person choice-unknown");
    assert_eq!(wrong(&[("person", json!("x".repeat(41)))]), "/person choice-unknown");
    // The service acts under this name itself.
    assert_eq!(wrong(&[("person", json!("service"))]), "/person choice-unknown");
    assert_eq!(wrong(&[("role", json!("surgeon"))]), "/role choice-unknown");
    assert_eq!(wrong(&[("name", json!(""))]), "/name text-empty");
    assert_eq!(wrong(&[("name", json!(" \u{3000}"))]), "/name text-empty");
    assert_eq!(wrong(&[("name", json!("two\nlines"))]), "/name text-control");
    assert_eq!(wrong(&[("name", json!("名".repeat(81)))]), "/name text-too-long");
    assert_eq!(wrong(&[("centres", json!([]))]), "/centres required");
    assert_eq!(wrong(&[("centres", json!(["nowhere"]))]), "/centres choice-unknown");
    assert_eq!(wrong(&[("centres", json!(["huashan", "huashan"]))]), "/centres doubled");
    assert_eq!(wrong(&[("role", json!("hotline"))]), "/centres choice-unknown");
    house.trail_is([]);
    let most = [("person", json!("x".repeat(40))), ("name", json!("名".repeat(80)))];
    assert_eq!(invite(&house, &most).status, 201);
    let both = [("role", json!("pharmacist")), ("centres", json!(["renji-south", "renji-west"]))];
    assert_eq!(invite(&house, &both).status, 201);
    house.trail_is(["person-invited"; 2]);
}

// shows: AC-7, AT-11
#[test]
fn a_person_is_disabled_once_and_never_by_themselves() {
    let house = House::raise();
    let disable = |key: &str, person: &str| {
        let path = format!("/v1/people/{person}/disable");
        house.act_once("admin-1", "POST", &path, key, json!({}))
    };
    let (one, two) = ("one-key-for-one-act", "two-keys-for-an-act");
    refused(&disable(one, "admin-1"), 409, "wrong-state");
    let nobody = disable(one, "nobody-here");
    refused(&nobody, 404, "no-such-record");
    assert_eq!(anonymous(&nobody), anonymous(&disable(one, "Not-An-Id")));
    assert_eq!(disable(one, "spon-1").status, 200);
    assert_eq!(disable(one, "spon-1").body["repeated"], true);
    refused(&disable(one, "mon-1"), 422, "idempotency-key-reused");
    refused(&disable(two, "spon-1"), 409, "wrong-state");
    refused(&house.get("spon-1", "/v1/recruitment"), 401, "sign-in-needed");
    // Somebody who never took the invitation up cannot do so any more.
    let invited = invite(&house, &[]);
    assert_eq!(disable(two, "c-new").status, 200);
    let body = json!({"token": invited.text_at("token"), "password": password("c-new")});
    let late = house.send("POST", "/v1/invitations/accept", &[], Some(&body));
    refused(&late, 404, "no-such-record");
    house.trail_is([
        "refused wrong-state",
        "refused no-such-record",
        "person-disabled",
        "refused wrong-state",
        "person-invited",
        "person-disabled",
    ]);
}
