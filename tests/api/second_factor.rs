//! The second factor: who must have one, what opens the door with it, what is lost and set up anew; and the own account.

use crate::house::{House, anonymous, fields, refused};
use klero::cli::stage::{Reply, password, signature};
use klero::clock::Clock;
use klero::domain::ids::PersonId;
use klero::domain::people::Anew;
use klero::limits::DEVICE_SECONDS;
use klero::sealing::bytes::{sha256, unhex};
use klero::sealing::totp::{TotpSecret, step_at};
use serde_json::{Value, json};

/// Tries the door with a password and more.
fn knock(house: &House, who: &str, more: Value) -> Reply {
    let mut body = json!({"name": who, "password": password(who)});
    for (field, value) in more.as_object().unwrap() {
        body[field] = value.clone();
    }
    house.send("POST", "/v1/sessions", &[], Some(&body))
}

const BASE32: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// The digits that the phone shows so many half minutes from now.
fn digits(house: &House, secret: &TotpSecret, later: u64) -> String {
    secret.code(step_at(house.clock.now()) + later)
}

fn with(token: &str) -> String {
    format!("Bearer {token}")
}

// shows: AC-9 (whoever could learn an arm, or let others in, does nothing without it in a live trial)
#[test]
fn in_a_live_trial_nothing_is_done_by_password_alone_where_an_arm_could_be_learned() {
    let house = House::raise_live();
    let invited =
        [("p-new", "pharmacist", json!(["huashan"])), ("c-new", "coordinator", json!(["huashan"]))];
    for (person, role, centres) in invited {
        let body = json!({"person": person, "name": format!("Demo {person}"), "role": role, "centres": centres});
        let invited = house.post("admin-1", "/v1/people", body);
        let body = json!({"token": invited.text_at("token"), "password": password(person)});
        assert_eq!(house.send("POST", "/v1/invitations/accept", &[], Some(&body)).status, 201);
    }
    house.so_far();
    let token = knock(&house, "p-new", json!({})).text_at("token").to_owned();
    let bearer = with(&token);
    let get = |path: &str| house.send("GET", path, &[("authorization", bearer.as_str())], None);
    refused(&get("/v1/keys"), 401, "second-factor-needed");
    assert_eq!(get("/v1/second-factor").body["needed"], true);
    // A coordinator learns no arm, and works at once.
    let token = knock(&house, "c-new", json!({})).text_at("token").to_owned();
    let coordinator = with(&token);
    let headers = [("authorization", coordinator.as_str())];
    assert_eq!(house.send("GET", "/v1/participants", &headers, None).status, 200);
    house.trail_is(["signed-in", "refused second-factor-needed", "signed-in"]);
    // No lock-out: it is set up there and then.
    let offered = get("/v1/second-factor");
    let secret = TotpSecret::from_base32(offered.text_at("secret")).unwrap();
    let enrol = |code: String, key: &str| {
        let headers = [("authorization", bearer.as_str()), ("idempotency-key", key)];
        let body = json!({"code": code, "password": password("p-new")});
        house.send("POST", "/v1/second-factor", &headers, Some(&body))
    };
    let wrong = enrol(digits(&house, &secret, 7), "one-key-for-one-act");
    assert_eq!(fields(&wrong), ["/code factor-code"]);
    assert_eq!(enrol(digits(&house, &secret, 0), "one-key-for-one-act").status, 201);
    assert_eq!(get("/v1/keys").status, 200);
    // What was shown once is not shown twice: the same key gives other codes, and the first ones end.
    let again = enrol(digits(&house, &secret, 0), "one-key-for-one-act");
    assert_eq!((again.status, &again.body["repeated"]), (200, &json!(true)));
    refused(&knock(&house, "p-new", json!({})), 401, "second-factor-needed");
    house.trail_is(["second-factor-enrolled", "recovery-codes-made"]);
}

// shows: AC-1, AC-9, AT-3 (one text whatever is wrong; a used code is refused; every failure is an entry)
#[test]
fn digits_open_once_and_whatever_is_wrong_is_said_alike() {
    let house = House::raise();
    let (secret, codes) = house.stage.enrol("mon-1", house.clock.now());
    assert_eq!(codes.len(), 10);
    house.so_far();
    let wrong_password = house.try_sign_in("mon-1", "not the password");
    refused(&wrong_password, 401, "credentials-wrong");
    let asked = knock(&house, "mon-1", json!({}));
    refused(&asked, 401, "second-factor-needed");
    assert!(asked.body.get("token").is_none());
    // The code by which it was set up is used up, and so is one before it.
    let used = knock(&house, "mon-1", json!({"code": digits(&house, &secret, 0)}));
    assert_eq!(anonymous(&used), anonymous(&wrong_password));
    let right = digits(&house, &secret, 1);
    assert_eq!(knock(&house, "mon-1", json!({"code": right})).status, 201);
    refused(&knock(&house, "mon-1", json!({"code": right})), 401, "credentials-wrong");
    house.clock.step(60);
    let spaced = digits(&house, &secret, 0);
    let spaced = format!("{} {}", &spaced[..3], &spaced[3..]);
    assert_eq!(knock(&house, "mon-1", json!({"code": spaced})).status, 201);
    house.trail_is([
        "sign-in-failed",
        "second-factor-failed",
        "signed-in",
        "second-factor-failed",
        "signed-in",
    ]);
    // A recovery code is good once, however it is written.
    let code = codes[0].to_lowercase().replace('-', " ");
    assert_eq!(knock(&house, "mon-1", json!({"code": code})).status, 201);
    refused(&knock(&house, "mon-1", json!({"code": codes[0]})), 401, "credentials-wrong");
    let left = house.entries();
    assert_eq!(left[0]["act"], "recovery-code-used");
    assert_eq!(left[0]["data"]["left"], 9);
    assert_eq!(
        (&left[1]["act"], &left[2]["act"]),
        (&json!("signed-in"), &json!("second-factor-failed"))
    );
}

// shows: AC-7 (an own phone is revoked like a session)
#[test]
fn an_own_phone_is_not_asked_for_thirty_days_unless_it_is_ended() {
    let house = House::raise();
    let (secret, _) = house.stage.enrol("mon-1", house.clock.now());
    let first =
        knock(&house, "mon-1", json!({"code": digits(&house, &secret, 1), "keepDevice": true}));
    let device = first.text_at("device").to_owned();
    assert_eq!(device.len(), 64);
    assert_eq!(knock(&house, "mon-1", json!({"device": device})).status, 201);
    // It is this person's alone, and no password.
    let (other, _) = house.stage.enrol("stat-1", house.clock.now());
    refused(&knock(&house, "stat-1", json!({"device": device})), 401, "second-factor-needed");
    let stolen = json!({"name": "mon-1", "password": "not the password", "device": device});
    refused(&house.send("POST", "/v1/sessions", &[], Some(&stolen)), 401, "credentials-wrong");
    house.clock.step(DEVICE_SECONDS);
    refused(&knock(&house, "mon-1", json!({"device": device})), 401, "second-factor-needed");
    let next = json!({"code": digits(&house, &other, 0), "keepDevice": true});
    let known = knock(&house, "stat-1", next);
    let (bearer, device) = (with(known.text_at("token")), known.text_at("device").to_owned());
    let headers = [("authorization", bearer.as_str())];
    let all = house.send("GET", "/v1/sessions", &headers, None);
    let sessions = all.body["sessions"].as_array().unwrap();
    assert_eq!(sessions.iter().filter(|one| one["mine"] == true).count(), 1);
    let id = sessions.iter().find(|one| one["kind"] == "device").unwrap()["id"].as_str().unwrap();
    assert!(!device.contains(id) && !known.text_at("token").contains(id));
    let path = format!("/v1/sessions/{id}");
    assert_eq!(house.send("DELETE", &path, &headers, None).status, 204);
    refused(&house.send("DELETE", &path, &headers, None), 404, "no-such-record");
    refused(&knock(&house, "stat-1", json!({"device": device})), 401, "second-factor-needed");
    house.so_far();
}

// shows: AC-7, AC-9 (a lost phone: the administrator's link, seen in the trail; nothing by the password alone)
#[test]
fn a_lost_phone_is_set_up_anew_by_a_link_and_the_password() {
    let house = House::raise();
    let (secret, codes) = house.stage.enrol("mon-1", house.clock.now());
    house.so_far();
    let recover = |who: &str, what: &str| {
        house.post("admin-1", &format!("/v1/people/{who}/recover"), json!({"what": what}))
    };
    refused(&recover("admin-1", "password"), 409, "wrong-state");
    refused(&recover("nobody-here", "password"), 404, "no-such-record");
    let link = recover("mon-1", "second-factor");
    assert_eq!(link.status, 201, "{}", link.text);
    let link = link.text_at("token").to_owned();
    // The phone may be in somebody's hand: sessions, digits and recovery codes are over, and the password opens nothing.
    refused(&house.get("mon-1", "/v1/trail"), 401, "sign-in-needed");
    for code in [digits(&house, &secret, 1), codes[0].clone(), String::new()] {
        refused(&knock(&house, "mon-1", json!({"code": code})), 401, "second-factor-needed");
    }
    let take = |password: &str| {
        let body = json!({"token": link, "password": password});
        house.send("POST", "/v1/recoveries/accept", &[], Some(&body))
    };
    refused(&take("not the password"), 401, "credentials-wrong");
    assert_eq!(take(&password("mon-1")).status, 201);
    refused(&take(&password("mon-1")), 404, "no-such-record");
    assert_eq!(knock(&house, "mon-1", json!({})).status, 201);
    house.trail_is([
        "refused wrong-state",
        "refused no-such-record",
        "recovery-begun",
        "recovery-taken",
        "signed-in",
    ]);
}

// shows: AC-1, AT-10 (a lost password: link and second factor; the present one changes only with itself)
#[test]
fn a_password_is_changed_with_the_old_one_or_by_a_link_with_the_second_factor() {
    let house = House::raise();
    let (secret, _) = house.stage.enrol("mon-1", house.clock.now());
    house.so_far();
    let link = house.post("admin-1", "/v1/people/mon-1/recover", json!({"what": "password"}));
    let take = |more: Value| {
        let mut body = json!({"token": link.text_at("token"), "password": "a word of my own"});
        more.as_object().unwrap().iter().for_each(|(name, value)| body[name] = value.clone());
        house.send("POST", "/v1/recoveries/accept", &[], Some(&body))
    };
    // Until the link is taken up, nothing has changed.
    assert_eq!(house.get("mon-1", "/v1/trail?from=0").status, 200);
    refused(&take(json!({})), 401, "second-factor-needed");
    refused(&take(json!({"code": "000000"})), 401, "credentials-wrong");
    assert_eq!(fields(&take(json!({"password": "short"}))), ["/password password-short"]);
    assert_eq!(take(json!({"code": digits(&house, &secret, 1)})).status, 201);
    refused(&house.get("mon-1", "/v1/trail?from=0"), 401, "sign-in-needed");
    house.clock.step(60);
    let code = digits(&house, &secret, 0);
    let body = json!({"name": "mon-1", "password": "a word of my own", "code": code});
    let token = house.send("POST", "/v1/sessions", &[], Some(&body)).text_at("token").to_owned();
    house.trail_is(["recovery-begun", "recovery-taken", "signed-in"]);
    let change = |token: &str, present: &str, new: &str, key: &str| {
        let bearer = with(token);
        let headers = [("authorization", bearer.as_str()), ("idempotency-key", key)];
        let body = json!({"password": present, "new": new});
        house.send("POST", "/v1/password", &headers, Some(&body))
    };
    let (own, other) = ("a word of my own", "another of my own");
    refused(
        &change(&token, "not the password", other, "one-key-for-one-act"),
        401,
        "signature-needed",
    );
    assert_eq!(
        fields(&change(&token, own, "Password12345!", "one-key-for-one-act")),
        ["/new password-common"]
    );
    let done = change(&token, own, other, "one-key-for-one-act");
    assert_eq!(done.status, 200, "{}", done.text);
    assert_eq!(change(&token, own, other, "one-key-for-one-act").body["repeated"], true);
    house.trail_is(["password-changed"]);
    // A machine has no account to change.
    let body = json!({"id": "edc-1", "what": "Demo", "verbs": ["read-participants"], "centres": ["huashan"], "days": 1});
    let edc = house.post("admin-1", "/v1/tokens", body).text_at("token").to_owned();
    refused(&change(&edc, own, other, "one-key-for-one-act"), 401, "sign-in-needed");
    house.trail_is(["token-made"]);
}

// shows: I10 (a stolen database signs nobody in: it holds no secret, no code, no token)
#[test]
fn what_is_stored_of_second_factors_and_tokens_opens_nothing() {
    let house = House::raise();
    let (secret, codes) = house.stage.enrol("hot-1", house.clock.now());
    let known =
        knock(&house, "hot-1", json!({"code": digits(&house, &secret, 1), "keepDevice": true}));
    let body = json!({"id": "edc-1", "what": "Demo", "verbs": ["read-participants"], "centres": ["huashan"], "days": 1});
    let edc = house.post("admin-1", "/v1/tokens", body).text_at("token").to_owned();
    let mut stolen = vec![];
    for file in ["klero.db", "klero.db-wal"] {
        stolen.extend(std::fs::read(house.stage.folder.path.join(file)).unwrap_or_default());
    }
    let holds = |bytes: &[u8]| stolen.windows(bytes.len()).any(|here| here == bytes);
    assert!(holds(b"edc-1") && holds(b"hot-1"), "it is looked for in the right place");
    let text = secret.base32();
    assert!(!holds(text.as_bytes()));
    let letter = |c| BASE32.find(c).expect("a letter of base32") as u64;
    let raw = text.chars().collect::<Vec<_>>();
    let raw = raw.chunks(8).flat_map(|eight| {
        let bits = eight.iter().fold(0, |bits, c| bits << 5 | letter(*c));
        bits.to_be_bytes()[3..].to_vec()
    });
    let raw: Vec<u8> = raw.collect();
    assert!(!holds(&raw[..]));
    for code in &codes {
        assert!(!holds(code.as_bytes()) && !holds(code.replace('-', "").as_bytes()));
        assert!(!holds(&sha256(code.as_bytes())), "fifty bits under a plain hash would be guessed");
    }
    for token in [known.text_at("token"), known.text_at("device"), edc.as_str()] {
        assert!(!holds(token.as_bytes()));
        assert!(unhex(token).is_none_or(|bytes| !holds(&bytes)));
        assert!(holds(&sha256(token.as_bytes())), "only its hash is kept");
    }
    house.so_far();
}

// shows: AT-8 (one's own signatures, in the words that were shown)
#[test]
fn a_person_reads_every_own_signature_again() {
    let house = House::raise();
    let reference = house.stage.screen_eligible(0, 1, true);
    assert_eq!(house.stage.randomise(0, &reference).status, 201);
    let caller = house.stage.house().caller(house.stage.token("c-rjs")).unwrap();
    let signed = house.stage.house().own_signatures(&caller, None).unwrap();
    let acts: Vec<_> = signed.signed.iter().map(|line| line.entry.act.as_str()).collect();
    assert_eq!(acts, ["randomised"]);
    assert!(signed.before.is_none() && signed.signed.iter().all(|line| line.by == "c-rjs"));
    let words = signature("c-rjs", "randomise")["meaning"].as_str().unwrap().to_owned();
    assert!(format!("{:?}", signed.signed[0].entry.data).contains(&words));
    house.so_far();
}

// shows: AC-7, CN-1 (no administrator can sign in: the folder's keeper gives the link, and the trail says so)
#[test]
fn the_only_administrator_is_let_in_again_from_the_folder() {
    let house = House::raise();
    house.stage.enrol("admin-1", house.clock.now());
    house.so_far();
    let person = |id: &str| PersonId::parse(id).unwrap();
    let service = house.stage.house();
    assert!(service.recover_here(&person("nobody-here"), Anew::SecondFactor).is_err());
    let token = service.recover_here(&person("admin-1"), Anew::SecondFactor).unwrap();
    refused(&house.get("admin-1", "/v1/people"), 401, "sign-in-needed");
    refused(&knock(&house, "admin-1", json!({})), 401, "second-factor-needed");
    let body = json!({"token": *token, "password": password("admin-1")});
    assert_eq!(house.send("POST", "/v1/recoveries/accept", &[], Some(&body)).status, 201);
    assert_eq!(knock(&house, "admin-1", json!({})).status, 201);
    let left = house.entries();
    let acts: Vec<_> = left.iter().map(|entry| entry["act"].as_str().unwrap()).collect();
    assert_eq!(acts, ["recovery-begun", "recovery-taken", "signed-in"]);
    assert_eq!(left[0]["by"], "service");
}
