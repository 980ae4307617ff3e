//! Cards, sealed identity files, grants by voice, and their removal.

use crate::house::{House, anonymous, fields, refused};
use klero::cli::stage::Reply;
use klero::dice::FixedDice;
use klero::domain::ids::{CentreId, PersonId};
use klero::domain::people::Role;
use klero::limits::{CARD, IDENTITY};
use klero::sealing::bytes::{hex, sha256, unhex};
use klero::sealing::grant::grant_key;
use klero::sealing::identity::{IDENTITY_BYTES_MAX, Identity};
use klero::sealing::slot::Wrap;
use klero::sealing::wrap::{WrapPlace, unwrap};
use serde_json::{Value, json};

fn identity(person: &str, role: Role, centre: &str, seed: u64) -> Identity {
    let person = PersonId::parse(person).unwrap();
    let centres = [CentreId::parse(centre).unwrap()];
    Identity::generate(&person, role, &centres, &FixedDice::new(seed)).unwrap()
}

fn register(house: &House, who: &str, card: &str) -> Reply {
    house.act(who, "PUT", "/v1/keys/mine", json!({"card": card}))
}

/// What the giver's own machine makes of the wrap it fetched.
fn grant_body(house: &House, giver: &str, to: &Identity, centre: &str) -> Value {
    let wraps = house.get(giver, &format!("/v1/wraps/{centre}"));
    assert_eq!(wraps.status, 200, "{}", wraps.text);
    let held = &wraps.body["wraps"][0];
    let by = &house.stage.identities[giver];
    let at = WrapPlace {
        trial: house.stage.house().trial.id.clone(),
        centre: CentreId::parse(centre).unwrap(),
        epoch: 1,
        person: by.card().person.clone(),
    };
    let wrap = Wrap::from_bytes(&unhex(held["wrap"].as_str().unwrap()).unwrap()).unwrap();
    let key = unwrap(&wrap, &at, by.opening()).unwrap();
    let given = grant_key(&key, &at, to.card(), by, &FixedDice::new(9)).unwrap();
    json!({
        "person": to.card().person.as_str(), "centre": centre, "epoch": 1,
        "fingerprint": hex(&to.card().fingerprint()),
        "wrap": hex(given.wrap.as_bytes()), "signature": hex(&given.signature),
    })
}

fn newcomer(house: &mut House) -> Identity {
    house.admit("p-rjs-2", "pharmacist", &["renji-south"]);
    let new = identity("p-rjs-2", Role::Pharmacist, "renji-south", 77);
    let reply = register(house, "p-rjs-2", &new.card().to_json());
    assert_eq!(reply.status, 200, "{}", reply.text);
    new
}

fn wish(code: &str) -> Value {
    json!({"code": code, "identifier": "DEMO", "visit": "V1"})
}

// shows: AC-8, I10 (a holder gives the key, no administrator)
#[test]
fn a_newcomer_opens_after_a_holder_gave_the_key_and_no_more_after_it_was_taken() {
    let mut house = House::raise();
    let new = newcomer(&mut house);
    let (_, _, code) = house.randomised(0, 1, true);
    let (_, _, other) = house.randomised(0, 2, true);
    house.so_far();
    refused(&house.post("p-rjs-2", "/v1/preparations", wish(&code)), 403, "not-granted-yet");
    refused(&house.get("p-rjs-2", "/v1/wraps/renji-south"), 403, "not-granted-yet");
    let body = grant_body(&house, "p-rjs", &new, "renji-south");
    let granted = house.post("p-rjs", "/v1/grants", body);
    assert_eq!(granted.status, 201, "{}", granted.text);
    let (line, _) = house.check_receipt(&granted.body["receipt"]);
    assert_eq!((&line["act"], &line["by"]), (&json!("key-granted"), &json!("p-rjs")));
    let release = house.post("p-rjs-2", "/v1/preparations", wish(&code));
    assert_eq!(release.status, 201, "{}", release.text);
    assert_eq!(house.open(&release.body, &new), Ok(house.drawn(&code)));
    let path = format!("/v1/preparations/{}/opened", release.text_at("reference"));
    assert_eq!(
        house.post("p-rjs-2", &path, house.opening_receipt(&release.body, &new)).status,
        200
    );
    let removal = json!({"person": "p-rjs-2", "centre": "renji-south"});
    assert_eq!(house.post("p-rjs", "/v1/grants/remove", removal).status, 200);
    refused(&house.post("p-rjs-2", "/v1/preparations", wish(&other)), 403, "not-granted-yet");
    // The other holder goes on.
    assert_eq!(house.post("p-rjs", "/v1/preparations", wish(&other)).status, 201);
    house.trail_is([
        "refused not-granted-yet",
        "refused not-granted-yet",
        "wrap-read",
        "key-granted",
        "release-for-preparation",
        "opened",
        "grant-removed",
        "refused not-granted-yet",
        "release-for-preparation",
    ]);
}

// shows: AC-8
#[test]
fn a_grant_that_is_not_signed_over_these_very_bytes_is_refused() {
    let mut house = House::raise();
    let new = newcomer(&mut house);
    let body = grant_body(&house, "p-rjs", &new, "renji-south");
    house.so_far();
    let with = |field: &str, value: Value| {
        let mut body = body.clone();
        body[field] = value;
        house.post("p-rjs", "/v1/grants", body)
    };
    let mut wrap = unhex(body["wrap"].as_str().unwrap()).unwrap();
    wrap[112] ^= 1;
    refused(&with("wrap", json!(hex(&wrap))), 422, "signature-does-not-verify");
    // Signed by a holder, sent by another.
    refused(&house.post("hot-1", "/v1/grants", body.clone()), 422, "signature-does-not-verify");
    house.trail_is(["refused signature-does-not-verify"; 2]);
    refused(&with("epoch", json!(2)), 403, "not-granted-yet");
    // A card that is not the registered one, nobody, somebody of another centre, somebody who never holds a key.
    refused(&with("fingerprint", json!("00".repeat(16))), 404, "no-such-record");
    for person in ["nobody-here", "p-hsh", "c-rjs", "admin-1"] {
        refused(&with("person", json!(person)), 404, "no-such-record");
    }
    house.trail_is([
        "refused not-granted-yet",
        "refused no-such-record",
        "refused no-such-record",
        "refused no-such-record",
        "refused no-such-record",
        "refused no-such-record",
    ]);
    assert_eq!(fields(&with("wrap", json!("00"))), ["/wrap bytes-form"]);
    assert_eq!(fields(&with("signature", json!("zz".repeat(64)))), ["/signature bytes-form"]);
    assert_eq!(fields(&with("fingerprint", json!("00"))), ["/fingerprint bytes-form"]);
    assert_eq!(fields(&with("person", json!("Not A Person"))), ["/person choice-unknown"]);
    assert_eq!(fields(&with("centre", json!("Not A Centre"))), ["/centre choice-unknown"]);
    refused(&with("centre", json!("huashan")), 404, "no-such-record");
    house.trail_is(["refused no-such-record"]);
    let key = "one-key-for-one-act";
    let first = house.act_once("p-rjs", "POST", "/v1/grants", key, body.clone());
    let again = house.act_once("p-rjs", "POST", "/v1/grants", key, body.clone());
    assert_eq!((first.status, again.body["repeated"].as_bool()), (201, Some(true)));
    assert_eq!(first.body["receipt"]["entry"], again.body["receipt"]["entry"]);
    refused(&house.post("p-rjs", "/v1/grants", body), 409, "wrong-state");
    house.trail_is(["key-granted", "refused wrong-state"]);
}

// shows: AC-8
#[test]
fn only_ones_own_card_is_registered_and_a_new_one_only_without_old_grants() {
    let mut house = House::raise();
    house.admit("p-rjs-2", "pharmacist", &["renji-south"]);
    house.so_far();
    refused(&house.get("p-rjs-2", "/v1/keys/mine"), 404, "no-such-record");
    let own = identity("p-rjs-2", Role::Pharmacist, "renji-south", 1);
    for wrong in [
        identity("p-rjs-3", Role::Pharmacist, "renji-south", 1),
        identity("p-rjs-2", Role::Investigator, "renji-south", 1),
        identity("p-rjs-2", Role::Pharmacist, "huashan", 1),
    ] {
        let reply = register(&house, "p-rjs-2", &wrong.card().to_json());
        assert_eq!(fields(&reply), ["/card bytes-form"]);
    }
    assert_eq!(fields(&register(&house, "p-rjs-2", "no card")), ["/card bytes-form"]);
    house.trail_is(["refused no-such-record"]);
    let file = own.to_file("six words of an invented passphrase", 1, &FixedDice::new(1));
    let body = json!({"card": own.card().to_json(), "identity": file});
    let key = "one-key-for-one-act";
    let path = "/v1/keys/mine";
    let first = house.act_once("p-rjs-2", "PUT", path, key, body.clone());
    let again = house.act_once("p-rjs-2", "PUT", path, key, body.clone());
    assert_eq!(first.text_at("reference"), hex(&own.card().fingerprint()));
    assert_eq!((first.status, again.body["repeated"].as_bool()), (200, Some(true)));
    let mine = house.get("p-rjs-2", path);
    assert_eq!(mine.text_at("identity"), file);
    assert_eq!(mine.text_at("fingerprint"), first.text_at("reference"));
    let reused = json!({"card": own.card().to_json()});
    refused(&house.act_once("p-rjs-2", "PUT", path, key, reused), 422, "idempotency-key-reused");
    // Without a grant the card may be replaced; with one it stays.
    let other = identity("p-rjs-2", Role::Pharmacist, "renji-south", 2);
    assert_eq!(register(&house, "p-rjs-2", &other.card().to_json()).status, 200);
    let other = identity("p-rjs", Role::Pharmacist, "renji-south", 2);
    refused(&register(&house, "p-rjs", &other.card().to_json()), 409, "wrong-state");
    house.trail_is(["key-registered", "own-key-read", "key-registered", "refused wrong-state"]);
}

#[test]
fn a_card_and_a_sealed_file_have_a_greatest_length() {
    let house = House::raise();
    assert_eq!(IDENTITY, IDENTITY_BYTES_MAX, "what a device makes is what is kept");
    let card = house.stage.identities["p-rjs"].card().to_json();
    let put = |identity: usize| {
        let body = json!({"card": card, "identity": "x".repeat(identity)});
        house.act("p-rjs", "PUT", "/v1/keys/mine", body)
    };
    assert_eq!(fields(&put(IDENTITY + 1)), ["/identity text-too-long"]);
    assert_eq!(put(IDENTITY).status, 200);
    let padded = format!("{card}{}", " ".repeat(CARD + 1 - card.len()));
    assert_eq!(fields(&register(&house, "p-rjs", &padded)), ["/card text-too-long"]);
    house.trail_is(["key-registered"]);
}

// shows: AC-2, AC-7
#[test]
fn cards_and_holdings_are_listed_and_a_disabled_person_holds_nothing() {
    let house = House::raise();
    let held = |house: &House| {
        let keys = house.get("mon-1", "/v1/keys");
        assert_eq!(keys.status, 200);
        assert_eq!(keys.body["cards"].as_array().unwrap().len(), 11);
        let holdings = keys.body["holdings"].as_array().unwrap().clone();
        holdings.iter().filter(|held| held["person"] == "p-rjs").count()
    };
    assert_eq!(held(&house), 1);
    assert!(!house.get("mon-1", "/v1/keys").text.contains("wrap"));
    assert_eq!(house.post("admin-1", "/v1/people/p-rjs/disable", json!({})).status, 200);
    assert_eq!(held(&house), 0);
    house.trail_is(["person-disabled"]);
}

// shows: AC-5
#[test]
fn wraps_are_ones_own_and_of_ones_own_centre() {
    let house = House::raise();
    let own = house.get("p-rjs", "/v1/wraps/renji-south");
    let wraps = own.body["wraps"].as_array().unwrap();
    assert_eq!((wraps.len(), &wraps[0]["person"]), (1, &json!("p-rjs")));
    let foreign = house.get("p-rjs", "/v1/wraps/huashan");
    refused(&foreign, 404, "no-such-record");
    let unknown = house.get("p-rjs", "/v1/wraps/nowhere");
    assert_eq!(anonymous(&foreign), anonymous(&unknown));
    assert_eq!(house.get("hot-1", "/v1/wraps/huashan").status, 200);
    house.trail_is(["wrap-read", "refused no-such-record", "refused no-such-record", "wrap-read"]);
}

// shows: AC-7
#[test]
fn a_grant_is_removed_once_and_only_at_ones_own_centre() {
    let house = House::raise();
    let remove = |who: &str, key: &str, person: &str, centre: &str| {
        let body = json!({"person": person, "centre": centre});
        house.act_once(who, "POST", "/v1/grants/remove", key, body)
    };
    let (one, two, three) = ("one-key-for-one-act", "two-keys-for-an-act", "three-keys-an-act");
    refused(&remove("p-rjs", one, "p-hsh", "huashan"), 404, "no-such-record");
    refused(&remove("p-rjs", one, "p-hsh", "renji-south"), 404, "no-such-record");
    assert_eq!(remove("stat-1", one, "p-hsh", "huashan").status, 200);
    assert_eq!(remove("stat-1", one, "p-hsh", "huashan").body["repeated"], true);
    refused(&remove("stat-1", one, "p-rjs", "renji-south"), 422, "idempotency-key-reused");
    refused(&remove("stat-1", two, "p-hsh", "huashan"), 404, "no-such-record");
    assert_eq!(
        fields(&remove("stat-1", three, "Not A Person", "huashan")),
        ["/person choice-unknown"]
    );
    house.trail_is([
        "refused no-such-record",
        "refused no-such-record",
        "grant-removed",
        "refused no-such-record",
    ]);
}

// shows: EU-7, CO-2 (the words of an arm come from a text that is the same for everybody)
#[test]
fn a_holders_device_gets_the_trial_file_that_the_manifest_was_signed_over() {
    let house = House::raise();
    house.so_far();
    for who in ["p-rjs", "i-hsh", "hot-1", "stat-1"] {
        let reply = house.get(who, "/v1/trial/file");
        assert_eq!(reply.status, 200, "{}", reply.text);
        assert_eq!(reply.text_at("file"), klero::cli::stage::TRIAL);
        let hash = sha256(reply.text_at("file").as_bytes());
        assert_eq!(hash, house.pinned().configuration);
    }
    house.trail_is([]);
    for who in ["c-rjs", "mon-1", "spon-1", "admin-1"] {
        refused(&house.get(who, "/v1/trial/file"), 403, "not-your-role");
    }
    house.trail_is(["refused not-your-role"; 4]);
}

fn warnings(house: &House, who: &str) -> Vec<String> {
    let keys = house.get(who, "/v1/keys");
    assert_eq!(keys.status, 200, "{}", keys.text);
    let told = |one: &Value| {
        let word = |name: &str| one[name].as_str().unwrap_or("-").to_owned();
        let n = one["openers"].as_u64().or(one["epoch"].as_u64()).unwrap_or_default();
        format!("{} {} {n} {}", word("warning"), word("centre"), word("person"))
    };
    keys.body["warnings"].as_array().unwrap().iter().map(told).collect()
}

// shows: CO-2, AC-7, EU-12
#[test]
fn fewer_than_two_openers_anywhere_and_whoever_left_are_warned_of_until_it_is_seen_to() {
    let mut house = House::raise();
    assert_eq!(warnings(&house, "mon-1"), [""; 0]);
    let remove = |house: &House, person: &str, centre: &str| {
        let body = json!({"person": person, "centre": centre});
        assert_eq!(house.post("stat-1", "/v1/grants/remove", body).status, 200);
    };
    remove(&house, "p-rjs", "renji-south");
    let left = "rotation-due renji-south 1 p-rjs";
    assert_eq!(warnings(&house, "mon-1"), ["few-openers renji-south 1 -", left]);
    assert_eq!(warnings(&house, "stat-1").len(), 2);
    assert_eq!(warnings(&house, "p-hsh"), [""; 0], "another centre's are not theirs");
    let page = |house: &House, who: &str, path: &str| {
        let cookie = format!("klero={}; klero-language=en", house.stage.token(who));
        let headers = [("cookie", cookie.as_str()), ("accept", "text/html")];
        house.stage.send("GET", path, &headers, None).text
    };
    for (who, path) in [("mon-1", "/"), ("stat-1", "/"), ("mon-1", "/keys"), ("stat-1", "/keys")] {
        assert!(page(&house, who, path).contains("fewer than two"), "{who} {path}");
    }
    let health = page(&house, "admin-1", "/health");
    assert!(health.contains("fewer than two somewhere") && !health.contains("p-rjs"));
    // One more who works there; and the hotline down to one.
    let new = newcomer(&mut house);
    let body = grant_body(&house, "hot-1", &new, "renji-south");
    assert_eq!(house.post("hot-1", "/v1/grants", body).status, 201);
    assert_eq!(warnings(&house, "mon-1"), [left]);
    assert_eq!(house.post("admin-1", "/v1/people/hot-2/disable", json!({})).status, 200);
    let told = warnings(&house, "mon-1");
    assert!(told.contains(&"few-openers - 1 -".to_owned()), "{told:?}");
    assert!(told.contains(&"rotation-due huashan 1 hot-2".to_owned()), "{told:?}");
    house.so_far();
}

// shows: AC-7 (a lost passphrase: the old card and its wraps go, a new one waits to be granted)
#[test]
fn a_lost_passphrase_is_mended_by_removal_a_new_key_and_a_new_grant() {
    let house = House::raise();
    let (_, _, code) = house.randomised(0, 1, true);
    let new = identity("p-rjs", Role::Pharmacist, "renji-south", 5);
    refused(&register(&house, "p-rjs", &new.card().to_json()), 409, "wrong-state");
    let removal = json!({"person": "p-rjs", "centre": "renji-south"});
    assert_eq!(house.post("hot-1", "/v1/grants/remove", removal).status, 200);
    assert_eq!(register(&house, "p-rjs", &new.card().to_json()).status, 200);
    refused(&house.post("p-rjs", "/v1/preparations", wish(&code)), 403, "not-granted-yet");
    let body = grant_body(&house, "hot-1", &new, "renji-south");
    assert_eq!(house.post("hot-1", "/v1/grants", body).status, 201);
    let release = house.post("p-rjs", "/v1/preparations", wish(&code));
    assert_eq!(release.status, 201, "{}", release.text);
    assert_eq!(house.open(&release.body, &new), Ok(house.drawn(&code)));
    // The key that was lost opens it no more: it is wrapped to the new one.
    let lost = &house.stage.identities["p-rjs"];
    assert!(house.open(&release.body, lost).is_err());
    assert_eq!(warnings(&house, "mon-1"), [""; 0], "who holds again has not left");
    house.so_far();
}
