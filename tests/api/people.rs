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

// shows: EU-10, AC-3, AT-11
#[test]
fn the_mark_of_principal_investigator_is_given_and_taken_later_and_refused_where_it_cannot_be() {
    let house = House::raise();
    let mark = |key: &str, who: &str, person: &str, principal: bool| {
        let path = format!("/v1/people/{person}/principal");
        house.act_once(who, "POST", &path, key, json!({"principal": principal}))
    };
    let stands = || {
        let people = house.get("mon-1", "/v1/people").body["people"].clone();
        let all = people.as_array().expect("a list").clone();
        let marked = all.iter().filter(|one| one["principal"] == true);
        marked.filter_map(|one| one["person"].as_str().map(str::to_owned)).collect::<Vec<_>>()
    };
    assert_eq!(stands(), [""; 0]);
    let (one, two, three) = ("one-key-for-one-act", "two-keys-for-an-act", "three-keys-for-acts");
    refused(&mark(one, "mon-1", "i-rjs", true), 403, "not-your-role");
    refused(&mark(one, "i-rjs", "i-rjs", true), 403, "not-your-role");
    refused(&mark(one, "admin-1", "nobody-here", true), 404, "no-such-record");
    refused(&mark(one, "admin-1", "p-rjs", true), 409, "wrong-state");
    refused(&mark(one, "admin-1", "i-rjs", false), 409, "wrong-state");
    let given = mark(one, "admin-1", "i-rjs", true);
    assert_eq!(given.status, 200, "{}", given.text);
    let (line, _) = house.check_receipt(&given.body["receipt"]);
    assert_eq!(
        (&line["on"]["person"], &line["data"]["principal"]),
        (&json!("i-rjs"), &json!(true))
    );
    assert_eq!(line["centre"], "renji-south");
    assert_eq!(mark(one, "admin-1", "i-rjs", true).body["repeated"], true);
    refused(&mark(two, "admin-1", "i-rjs", true), 409, "wrong-state");
    assert_eq!(stands(), ["i-rjs"]);
    assert_eq!(mark(two, "admin-1", "i-rjs", false).status, 200);
    assert_eq!(stands(), [""; 0]);
    let disabled = house.act_once("admin-1", "POST", "/v1/people/i-rjw/disable", three, json!({}));
    assert_eq!(disabled.status, 200);
    refused(&mark("four-keys-for-an-act", "admin-1", "i-rjw", true), 409, "wrong-state");
    house.trail_is([
        "refused not-your-role",
        "refused not-your-role",
        "refused no-such-record",
        "refused wrong-state",
        "refused wrong-state",
        "principal-marked",
        "refused wrong-state",
        "principal-marked",
        "person-disabled",
        "refused wrong-state",
    ]);
}

// shows: AC-5, AC-3 (whoever was unblinded never takes a blinded role, not even with a new account)
#[test]
fn whoever_held_a_key_or_released_a_code_gets_no_blinded_role_under_any_account() {
    let house = House::raise();
    let (_, _, code) = house.randomised(0, 1, true);
    let wish = json!({"code": code, "identifier": "DEMO", "visit": "V1"});
    assert_eq!(house.post("p-rjs", "/v1/preparations", wish).status, 201);
    assert_eq!(house.post("admin-1", "/v1/people/p-rjs/disable", json!({})).status, 200);
    house.so_far();
    let invite = |role: &str, name: &str, more: Value| {
        let here = ["coordinator", "investigator", "pharmacist"].contains(&role);
        let centres = if here { json!(["huashan"]) } else { json!([]) };
        let person = format!("new-{role}-{}", house.stage.new_key());
        let person: String =
            person.chars().rev().take(38).collect::<Vec<_>>().into_iter().rev().collect();
        let person = person.trim_start_matches('-').to_owned();
        let mut body = json!({"person": person, "name": name, "role": role, "centres": centres});
        for (field, value) in more.as_object().unwrap() {
            body[field] = value.clone();
        }
        house.post("admin-1", "/v1/people", body)
    };
    let former = json!({"formerly": "p-rjs"});
    for role in ["coordinator", "monitor", "sponsor", "admin"] {
        refused(&invite(role, "Another Name", former.clone()), 409, "was-unblinded");
    }
    house.trail_is(["refused was-unblinded"; 4]);
    // The role may know arms, or the former account never did.
    assert_eq!(invite("pharmacist", "Another Name", former.clone()).status, 201);
    assert_eq!(invite("monitor", "Another Name", json!({"formerly": "c-rjs"})).status, 201);
    assert_eq!(
        fields(&invite("monitor", "Another Name", json!({"formerly": "nobody-here"}))),
        ["/formerly choice-unknown"]
    );
    // The same name, however it is written; unless somebody says how they know that it is another person.
    let name = klero::cli::stage::printed_name("p-rjs");
    let written = format!("  {}  ", name.to_uppercase().replace(' ', "   "));
    refused(&invite("monitor", &written, json!({})), 409, "was-unblinded");
    assert_eq!(
        fields(&invite("monitor", &name, json!({"anotherPerson": " "}))),
        ["/anotherPerson reason-needed"]
    );
    let other = json!({"anotherPerson": "born another year, seen in person"});
    assert_eq!(invite("monitor", &name, other).status, 201);
    let left = house.entries();
    let last = left.last().unwrap();
    assert_eq!(
        (&last["act"], &last["data"]["another-person"]),
        (&json!("person-invited"), &json!(true))
    );
    assert!(!last.to_string().contains("born another year"), "how it is known is private");
    let cookie = format!("klero={}; klero-language=en", house.stage.token("mon-1"));
    let headers = [("cookie", cookie.as_str()), ("accept", "text/html")];
    let page = house.stage.send("GET", "/people/unblinded", &headers, None).text;
    let (are, stay) = page.split_once("Must stay blind").unwrap();
    assert!(are.contains("p-rjs") && are.contains("held a key · released a code"), "{are}");
    assert!(are.contains("hot-1") && are.contains("stat-1") && !are.contains("c-rjs"));
    assert!(stay.contains("c-rjs") && stay.contains("mon-1") && !stay.contains("<bdi>p-rjs</bdi>"));
    for arm in ["belimumab", "placebo", "Belimumab"] {
        assert!(!page.contains(arm));
    }
    house.so_far();
}
