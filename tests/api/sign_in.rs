//! Signing in, sessions, invitations.

use crate::house::{House, anonymous, fields, refused};
use klero::cli::stage::password;
use klero::http;
use klero::limits::{
    IDLE_SECONDS, INVITATION_SECONDS, PASSWORD_MAX, PASSWORD_MIN, SESSION_SECONDS,
};
use klero::service::sign_in::Failures;
use serde_json::json;
use zeroize::Zeroizing;

// shows: AT-3, AC-1
#[test]
fn a_sign_in_gives_a_token_once_and_leaves_an_entry() {
    let house = House::raise();
    let reply = house.try_sign_in("c-rjs", &password("c-rjs"));
    assert_eq!(reply.status, 201);
    assert_eq!(reply.text_at("token").len(), 64);
    assert_eq!(reply.text_at("role"), "coordinator");
    assert_eq!(reply.body["centres"], json!(["renji-south"]));
    assert_eq!(reply.text_at("expires"), "2026-11-21T13:00:00.000Z");
    let mine = house.get("c-rjs", "/v1/sessions/mine");
    assert_eq!((mine.status, mine.text_at("person")), (200, "c-rjs"));
    assert!(mine.body.get("token").is_none(), "a token is shown once");
    house.trail_is(["signed-in"]);
}

// shows: AT-3, AC-1
#[test]
fn a_wrong_password_and_an_unknown_name_are_answered_alike_and_are_entries() {
    let house = House::raise();
    let wrong = house.try_sign_in("c-rjs", "not the password");
    refused(&wrong, 401, "credentials-wrong");
    for nobody in ["nobody-here", "RJS-001", "名字"] {
        let unknown = house.try_sign_in(nobody, "not the password");
        assert_eq!(anonymous(&wrong), anonymous(&unknown));
    }
    let entries = house.entries();
    assert!(entries.iter().all(|entry| entry["act"] == "sign-in-failed"));
    assert_eq!(entries.len(), 4);
    assert_eq!(entries[0]["on"], json!({"person": "c-rjs"}));
    // An unknown name may be somebody's identity, so it is not kept.
    assert!(entries[1..].iter().all(|entry| entry["on"] == json!({})));
}

// shows: AC-1 (an emergency is delayed, never locked out)
#[test]
fn a_wait_grows_with_every_failure_and_the_right_password_is_still_taken() {
    let house = House::raise();
    let (service, failures) = (house.stage.house().clone(), Failures::default());
    let attempt = |word: &str| {
        let password = Zeroizing::new(word.to_owned());
        http::block_on(service.sign_in(&failures, "hot-1", password))
    };
    let mut waits = vec![];
    for _ in 0..9 {
        waits.push(attempt("not the password").err().unwrap().wait.as_secs());
    }
    assert_eq!(waits, [0, 0, 1, 2, 4, 8, 10, 10, 10]);
    assert_eq!(attempt(&password("hot-1")).ok().unwrap().caller.person.id.as_str(), "hot-1");
    // A success forgives.
    assert_eq!(attempt("not the password").err().unwrap().wait.as_secs(), 0);
    let acts: Vec<_> = house.entries().iter().map(|e| e["act"].as_str().unwrap().len()).collect();
    assert_eq!(acts.len(), 11);
}

// shows: AC-1
#[test]
fn an_idle_session_ends_after_twenty_minutes_and_a_used_one_after_twelve_hours() {
    let mut house = House::raise();
    house.clock.step(IDLE_SECONDS - 1);
    assert_eq!(house.get("mon-1", "/v1/sessions/mine").status, 200);
    // An act is carried out after the note that the session was used.
    assert_eq!(house.get("mon-1", "/v1/breaks").status, 200);
    house.clock.step(1);
    // The other session was not used for twenty minutes; this one was.
    refused(&house.get("spon-1", "/v1/sessions/mine"), 401, "sign-in-needed");
    assert_eq!(house.get("mon-1", "/v1/sessions/mine").status, 200);
    // 12 hours on from the sign-in, although it is used every ten minutes.
    house.stage.sign_in("mon-1");
    let mut left = SESSION_SECONDS;
    while left > 600 {
        house.clock.step(600);
        left -= 600;
        assert_eq!(house.get("mon-1", "/v1/breaks").status, 200, "{left}");
    }
    house.clock.step(left - 1);
    assert_eq!(house.get("mon-1", "/v1/breaks").status, 200);
    house.clock.step(1);
    refused(&house.get("mon-1", "/v1/breaks"), 401, "sign-in-needed");
    assert!(house.entries().len() > 70);
}

// shows: AC-1, AT-3
#[test]
fn a_session_that_was_signed_out_is_over() {
    let house = House::raise();
    let bearer = format!("Bearer {}", house.stage.token("mon-1"));
    let headers = [("authorization", bearer.as_str())];
    assert_eq!(house.send("DELETE", "/v1/sessions/mine", &headers, None).status, 204);
    refused(&house.get("mon-1", "/v1/sessions/mine"), 401, "sign-in-needed");
    let again = house.send("DELETE", "/v1/sessions/mine", &headers, None);
    refused(&again, 401, "sign-in-needed");
    house.trail_is(["signed-out"]);
}

// shows: AT-11 (each account is taken up once, by the person it is for)
#[test]
fn an_invitation_is_taken_up_once_and_within_three_days() {
    let house = House::raise();
    let invite = |person: &str| {
        let body = json!({"person": person, "name": "Demo", "role": "monitor", "centres": []});
        house.post("admin-1", "/v1/people", body).text_at("token").to_owned()
    };
    let accept = |token: &str, password: &str| {
        let body = json!({"token": token, "password": password});
        house.send("POST", "/v1/invitations/accept", &[], Some(&body))
    };
    let (first, second) = (invite("mon-2"), invite("mon-3"));
    assert_ne!(first, second);
    let before = house.try_sign_in("mon-2", "twelve characters");
    refused(&before, 401, "credentials-wrong");
    let unknown = accept(&"0".repeat(40), "twelve characters");
    refused(&unknown, 404, "no-such-record");
    assert_eq!(accept(&first, "twelve characters").status, 201);
    assert_eq!(anonymous(&accept(&first, "another password")), anonymous(&unknown));
    assert_eq!(house.try_sign_in("mon-2", "twelve characters").status, 201);
    house.clock.step(INVITATION_SECONDS - 1);
    assert_eq!(accept(&second, "twelve characters").status, 201);
    house.stage.house();
    house.trail_is([
        "person-invited",
        "person-invited",
        "sign-in-failed",
        "account-activated",
        "signed-in",
        "account-activated",
    ]);
}

// shows: AT-11
#[test]
fn an_invitation_that_is_three_days_old_is_over() {
    let house = House::raise();
    let body = json!({"person": "mon-2", "name": "Demo", "role": "monitor", "centres": []});
    let token = house.post("admin-1", "/v1/people", body).text_at("token").to_owned();
    house.clock.step(INVITATION_SECONDS);
    let body = json!({"token": token, "password": "twelve characters"});
    let late = house.send("POST", "/v1/invitations/accept", &[], Some(&body));
    refused(&late, 404, "no-such-record");
    refused(&house.try_sign_in("mon-2", "twelve characters"), 401, "credentials-wrong");
    house.trail_is(["person-invited", "sign-in-failed"]);
}

#[test]
fn a_password_has_a_least_and_a_greatest_length_and_is_none_that_everybody_tries_first() {
    let house = House::raise();
    let body = json!({"person": "mon-2", "name": "Demo", "role": "monitor", "centres": []});
    let token = house.post("admin-1", "/v1/people", body).text_at("token").to_owned();
    let accept = |password: &str| {
        let body = json!({"token": token, "password": password});
        house.send("POST", "/v1/invitations/accept", &[], Some(&body))
    };
    let short = accept(&"x".repeat(PASSWORD_MIN - 1));
    assert_eq!(fields(&short), ["/password password-short"]);
    let long = accept(&"x".repeat(PASSWORD_MAX + 1));
    assert_eq!(fields(&long), ["/password text-too-long"]);
    // Twelve characters, not bytes; and 256 bytes, however many characters.
    assert_eq!(fields(&accept(&"密".repeat(PASSWORD_MIN - 1))), ["/password password-short"]);
    assert_eq!(fields(&accept(&"x".repeat(PASSWORD_MAX))), ["/password password-common"]);
    let longest: String = "a word of my own, ".chars().cycle().take(PASSWORD_MAX).collect();
    assert_eq!(accept(&longest).status, 201);
    assert_eq!(house.try_sign_in("mon-2", &longest).status, 201);
    // What nobody can have as a password is not even compared at leisure.
    let endless = house.try_sign_in("mon-2", &"x".repeat(60_000));
    refused(&endless, 401, "credentials-wrong");
    house.trail_is(["person-invited", "account-activated", "signed-in", "sign-in-failed"]);
}

// shows: AC-7 (leaving ends access at once)
#[test]
fn a_disabled_persons_next_request_finds_no_session() {
    let house = House::raise();
    assert_eq!(house.get("c-rjs", "/v1/participants").status, 200);
    let reply = house.post("admin-1", "/v1/people/c-rjs/disable", json!({}));
    assert_eq!(reply.status, 200, "{}", reply.text);
    refused(&house.get("c-rjs", "/v1/participants"), 401, "sign-in-needed");
    refused(&house.try_sign_in("c-rjs", &password("c-rjs")), 401, "credentials-wrong");
    house.trail_is(["person-disabled", "sign-in-failed"]);
}
