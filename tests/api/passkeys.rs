//! Passkeys: added beside a second factor, taken in the place of its code, gone with it; and everything that is no answer
//! to what was asked.

use crate::authenticator::{Authenticator, PRESENT, UNLOCKED};
use crate::house::{House, anonymous, fields, refused};
use klero::cli::stage::{Reply, Stage, password};
use klero::clock::Clock;
use klero::limits::{PASSKEY_SECONDS, PASSKEYS};
use klero::sealing::totp::step_at;
use serde_json::{Value, json};

const ORIGIN: &str = "https://klero.example.org";

/// A house that takes passkeys, and whose `mon-1` has a second factor.
fn raise() -> House {
    let house = House::raise();
    assert!(house.stage.house().take_passkeys(ORIGIN));
    house.stage.enrol("mon-1", house.clock.now());
    house.so_far();
    house
}

fn device(id: &str) -> Authenticator {
    Authenticator::new(id, ORIGIN)
}

fn question(house: &House, who: &str) -> Reply {
    let body = json!({"password": password(who)});
    let bearer = format!("Bearer {}", house.stage.token(who));
    let headers = [("authorization", bearer.as_str())];
    house.send("POST", "/v1/passkeys/question", &headers, Some(&body))
}

/// Adds a new device's passkey to somebody's account.
fn add(house: &House, who: &str, id: &str) -> Authenticator {
    let device = device(id);
    let asked = question(house, who);
    assert_eq!(asked.status, 200, "{}", asked.text);
    let added = house.post(who, "/v1/passkeys", device.create(&asked.body));
    assert_eq!(added.status, 201, "{}", added.text);
    device
}

/// Name and password at the door, and a passkey asked for.
fn ask(house: &House, who: &str) -> Reply {
    let body = json!({"name": who, "password": password(who)});
    house.send("POST", "/v1/sessions/question", &[], Some(&body))
}

/// The same as [`knock`] for `mon-1`, from several threads.
fn at_the_door(stage: &Stage, answer: &Value) -> Reply {
    let body = json!({"name": "mon-1", "password": password("mon-1"), "passkey": answer});
    stage.send("POST", "/v1/sessions", &[], Some(&body))
}

fn knock(house: &House, who: &str, answer: &Value) -> Reply {
    let body = json!({"name": who, "password": password(who), "passkey": answer});
    house.send("POST", "/v1/sessions", &[], Some(&body))
}

/// Signs in as it should be; whatever was tried before has changed nothing.
fn sign_in(house: &House, who: &str, device: &mut Authenticator) -> Value {
    let answer = device.answer(&ask(house, who).body);
    let entered = knock(house, who, &answer);
    assert_eq!(entered.status, 201, "{}", entered.text);
    answer
}

// shows: AC-9 (a passkey is an extra in the place of a code, never of the password)
#[test]
fn a_passkey_takes_the_place_of_a_code_beside_the_password() {
    let house = raise();
    let mut phone = add(&house, "mon-1", "a phone");
    let mut stick = add(&house, "mon-1", "a stick that does not count");
    stick.counter = 0;
    let own = house.get("mon-1", "/v1/passkeys");
    let numbers: Vec<_> = own.body["passkeys"].as_array().unwrap().iter().collect();
    assert_eq!((&numbers[0]["number"], &numbers[1]["number"]), (&json!(1), &json!(2)));
    assert_eq!(own.body["mayAdd"], true);
    house.trail_is(["passkey-added", "passkey-added"]);
    sign_in(&house, "mon-1", &mut phone);
    // Code and paper stay good, and the password alone is still not enough.
    refused(&house.try_sign_in("mon-1", &password("mon-1")), 401, "second-factor-needed");
    let answer = phone.answer(&ask(&house, "mon-1").body);
    let stolen = json!({"name": "mon-1", "password": "not the password", "passkey": answer});
    refused(&house.send("POST", "/v1/sessions", &[], Some(&stolen)), 401, "credentials-wrong");
    // The question was not reached, so its answer is still good.
    assert_eq!(knock(&house, "mon-1", &answer).status, 201);
    house.trail_is(["signed-in", "sign-in-failed", "signed-in"]);
    // An own phone is known from now on, as after a code.
    let body = json!({"name": "mon-1", "password": password("mon-1"), "keepDevice": true,
                      "passkey": phone.answer(&ask(&house, "mon-1").body)});
    let entered = house.send("POST", "/v1/sessions", &[], Some(&body));
    assert_eq!(entered.text_at("device").len(), 64);
    house.trail_is(["signed-in"]);
}

// shows: AC-9, AT-15 (an entry says that one came or went, and nothing of the device)
#[test]
fn the_trail_knows_a_passkey_by_its_number_alone_and_one_that_is_removed_opens_nothing() {
    let house = raise();
    let mut phone = add(&house, "mon-1", "a phone");
    let entry = house.entries().pop().unwrap();
    assert_eq!((&entry["act"], &entry["by"]), (&json!("passkey-added"), &json!("mon-1")));
    assert_eq!(entry["on"], json!({"person": "mon-1"}));
    assert_eq!(entry["data"], json!({"number": 1}));
    let asked = ask(&house, "mon-1").body;
    let bearer = format!("Bearer {}", house.stage.token("mon-1"));
    let headers = [("authorization", bearer.as_str())];
    let remove =
        |number: &str| house.send("DELETE", &format!("/v1/passkeys/{number}"), &headers, None);
    for nothing in ["2", "0", "18446744073709551615", "one"] {
        refused(&remove(nothing), 404, "no-such-record");
    }
    let others = format!("Bearer {}", house.stage.token("stat-1"));
    let others = [("authorization", others.as_str())];
    refused(&house.send("DELETE", "/v1/passkeys/1", &others, None), 404, "no-such-record");
    assert_eq!(remove("1").status, 204);
    refused(&remove("1"), 404, "no-such-record");
    // Not even what was asked before it went.
    refused(&knock(&house, "mon-1", &phone.answer(&asked)), 401, "credentials-wrong");
    refused(&ask(&house, "mon-1"), 401, "second-factor-needed");
    house.trail_is(["passkey-removed", "second-factor-failed"]);
}

// shows: AC-1, AC-9, AT-3 (one text whatever is wrong, and every failure is an entry)
#[test]
fn what_is_no_answer_to_what_was_asked_here_and_now_is_refused_alike() {
    let house = raise();
    let mut phone = add(&house, "mon-1", "a phone");
    house.stage.enrol("stat-1", house.clock.now());
    let mut other = add(&house, "stat-1", "another phone");
    house.so_far();
    let wrong = anonymous(&house.try_sign_in("mon-1", "not the password"));
    house.trail_is(["sign-in-failed"]);
    let fails = |answer: &Value, what: &str| {
        let reply = knock(&house, "mon-1", answer);
        assert_eq!(anonymous(&reply), wrong, "{what}");
        house.trail_is(["second-factor-failed"]);
    };
    let mut used = sign_in(&house, "mon-1", &mut phone);
    house.so_far();
    fails(&used, "an answer that was used");
    let asked = ask(&house, "mon-1").body;
    used["ceremony"] = asked["ceremony"].clone();
    fails(&used, "an old answer to a new question");
    let mut pretend = |change: fn(&mut Authenticator), what: &str| {
        let (flags, counter) = (phone.flags, phone.counter);
        change(&mut phone);
        fails(&phone.answer_as_it_stands(&ask(&house, "mon-1").body), what);
        (phone.flags, phone.counter, phone.claimed) = (flags, counter, None);
        (phone.origin, phone.id) = (ORIGIN.into(), b"a phone".to_vec());
        // Nothing was broken by it; and who succeeds is not kept waiting the next time.
        sign_in(&house, "mon-1", &mut phone);
        house.trail_is(["signed-in"]);
    };
    pretend(|phone| phone.origin = "https://klero.example.com".into(), "another site");
    pretend(|phone| phone.origin = "https://klero.example.org:8443".into(), "another port");
    pretend(|phone| phone.origin = "https://a.klero.example.org".into(), "below the name");
    pretend(|phone| phone.claimed = Some("klero.example.com".into()), "another name");
    pretend(|phone| phone.flags = PRESENT, "touched by anybody, unlocked by nobody");
    pretend(|phone| phone.flags = UNLOCKED, "nobody there");
    pretend(|phone| phone.counter -= 1, "a counter that went back");
    pretend(|_| (), "a counter that stands still");
    pretend(|phone| phone.counter = 0, "one that counted, and does not");
    pretend(|phone| phone.id = b"another id".to_vec(), "an id that is not known");
    let asked = ask(&house, "mon-1").body;
    fails(&other.answer(&asked), "another person's device");
    let theirs = ask(&house, "stat-1").body;
    fails(&phone.answer(&theirs), "a question that another person was asked");
    sign_in(&house, "mon-1", &mut phone);
    let asked = ask(&house, "mon-1").body;
    house.clock.step(PASSKEY_SECONDS);
    house.so_far();
    fails(&phone.answer(&asked), "an old question");
    let ceremony = ask(&house, "mon-1").body["ceremony"].clone();
    fails(&json!({"ceremony": ceremony, "credential": {"id": [{}]}}), "something else");
    assert_eq!(knock(&house, "stat-1", &other.answer(&ask(&house, "stat-1").body)).status, 201);
    house.so_far();
}

// shows: AC-9, I4 (what two requests could both have is used up once)
#[test]
fn of_two_answers_to_one_question_or_with_one_count_one_opens_the_door() {
    let house = raise();
    let mut phone = add(&house, "mon-1", "a phone");
    let stage = &house.stage;
    let at_once = |answers: [&Value; 2]| {
        let mut opened: Vec<u16> = std::thread::scope(|scope| {
            let each = answers.map(|answer| scope.spawn(|| at_the_door(stage, answer).status));
            each.map(|one| one.join().unwrap()).to_vec()
        });
        opened.sort_unstable();
        opened
    };
    let one = phone.answer(&ask(&house, "mon-1").body);
    assert_eq!(at_once([&one, &one]), [201, 401]);
    // A copy of the device counts on from where the device is: two questions, the same count.
    let asked = [ask(&house, "mon-1").body, ask(&house, "mon-1").body];
    phone.counter += 1;
    let twins = [phone.answer_as_it_stands(&asked[0]), phone.answer_as_it_stands(&asked[1])];
    assert_eq!(at_once([&twins[0], &twins[1]]), [201, 401]);
    house.so_far();
}

// shows: AC-9 (password and code stay the floor; adding is this person's, in this session, once)
#[test]
fn a_passkey_is_added_beside_a_second_factor_with_the_password_in_its_own_session() {
    let house = raise();
    refused(&question(&house, "stat-1"), 409, "wrong-state");
    assert_eq!(house.get("stat-1", "/v1/passkeys").body["mayAdd"], false);
    let body = json!({"password": "not the password"});
    let bearer = format!("Bearer {}", house.stage.token("mon-1"));
    let headers = [("authorization", bearer.as_str())];
    let wrong = house.send("POST", "/v1/passkeys/question", &headers, Some(&body));
    refused(&wrong, 401, "signature-needed");
    let post = |answer: Value| house.post("mon-1", "/v1/passkeys", answer);
    let unfit = |reply: &Reply| assert_eq!(fields(reply), ["/credential passkey-unfit"]);
    let asked = || question(&house, "mon-1").body;
    // Another person's question, another session's, and one that is over.
    house.stage.enrol("stat-1", house.clock.now());
    house.so_far();
    unfit(&post(device("a phone").create(&question(&house, "stat-1").body)));
    let (here, answer) = (asked(), device("a phone"));
    let mut phone = add(&house, "mon-1", "a first phone");
    let entered = sign_in_elsewhere(&house, &mut phone);
    unfit(&elsewhere(&house, &entered, answer.create(&here)));
    unfit(&post(answer.create(&here)));
    let old = asked();
    house.clock.step(PASSKEY_SECONDS);
    unfit(&post(answer.create(&old)));
    // Pages, names and bodies that do not fit; and a passkey that is kept already, whoever has it.
    let mut liar = device("a liar");
    liar.origin = "https://klero.example.com".into();
    unfit(&post(liar.create(&asked())));
    liar.origin = ORIGIN.into();
    liar.claimed = Some("example.org".into());
    unfit(&post(liar.create(&asked())));
    unfit(&post(json!({"ceremony": asked()["ceremony"], "credential": {"response": 7}})));
    unfit(&post(json!({"ceremony": "none", "credential": {}})));
    unfit(&post(device("a first phone").create(&asked())));
    let theirs = question(&house, "stat-1").body;
    unfit(&house.post("stat-1", "/v1/passkeys", device("a first phone").create(&theirs)));
    let left: Vec<_> = house.entries().iter().map(|entry| entry["act"].clone()).collect();
    assert_eq!(left, ["passkey-added", "signed-in"]);
    // Once under one key, and so many and no more.
    let body = device("a second phone").create(&asked());
    let again =
        || house.act_once("mon-1", "POST", "/v1/passkeys", "one-key-for-one-act", body.clone());
    assert_eq!((again().status, again().status), (201, 200));
    assert_eq!((&again().body["number"], &again().body["repeated"]), (&json!(2), &json!(true)));
    for number in 3..PASSKEYS {
        add(&house, "mon-1", &format!("phone {number}"));
    }
    // Two were asked for the last place: one answer comes too late.
    let (last, late) = (asked(), asked());
    assert_eq!(post(device("the last").create(&last)).status, 201);
    refused(&post(device("one too many").create(&late)), 409, "wrong-state");
    refused(&question(&house, "mon-1"), 409, "wrong-state");
    assert_eq!(house.get("mon-1", "/v1/passkeys").body["mayAdd"], false);
    house.so_far();
}

fn sign_in_elsewhere(house: &House, phone: &mut Authenticator) -> String {
    let answer = phone.answer(&ask(house, "mon-1").body);
    format!("Bearer {}", knock(house, "mon-1", &answer).text_at("token"))
}

fn elsewhere(house: &House, bearer: &str, answer: Value) -> Reply {
    let headers = [("authorization", bearer), ("idempotency-key", "a-key-of-another-session")];
    house.send("POST", "/v1/passkeys", &headers, Some(&answer))
}

// shows: AC-7, AC-9 (a passkey ends with what it stands beside)
#[test]
fn passkeys_end_with_the_second_factor_and_with_the_account() {
    let house = raise();
    let mut phone = add(&house, "mon-1", "a phone");
    let asked = ask(&house, "mon-1").body;
    house.clock.step(60);
    house.stage.enrol("mon-1", house.clock.now());
    refused(&ask(&house, "mon-1"), 401, "second-factor-needed");
    refused(&knock(&house, "mon-1", &phone.answer(&asked)), 401, "credentials-wrong");
    // A lost phone: the administrator's link ends them at once.
    let mut phone = add(&house, "mon-1", "a phone");
    let asked = ask(&house, "mon-1").body;
    let link = house.post("admin-1", "/v1/people/mon-1/recover", json!({"what": "second-factor"}));
    assert_eq!(link.status, 201, "{}", link.text);
    refused(&knock(&house, "mon-1", &phone.answer(&asked)), 401, "credentials-wrong");
    refused(&ask(&house, "mon-1"), 401, "second-factor-needed");
    let taken = json!({"token": link.text_at("token"), "password": password("mon-1")});
    assert_eq!(house.send("POST", "/v1/recoveries/accept", &[], Some(&taken)).status, 201);
    // The account is dismissed.
    house.stage.enrol("stat-1", house.clock.now());
    let mut other = add(&house, "stat-1", "another phone");
    let asked = ask(&house, "stat-1").body;
    assert_eq!(house.post("admin-1", "/v1/people/stat-1/disable", json!({})).status, 200);
    refused(&knock(&house, "stat-1", &other.answer(&asked)), 401, "credentials-wrong");
    refused(&ask(&house, "stat-1"), 401, "credentials-wrong");
    let kept = house
        .stage
        .house()
        .store
        .read(|view| view.passkeys(&klero::domain::ids::PersonId::parse("stat-1").unwrap()));
    assert_eq!(kept.unwrap(), []);
    house.so_far();
}

// shows: AC-1 (an unknown name, a wrong password: one answer, one wait)
#[test]
fn a_question_at_the_door_tells_nothing_to_whoever_has_no_password() {
    let house = raise();
    add(&house, "mon-1", "a phone");
    house.so_far();
    let knock = |name: &str| {
        let body = json!({"name": name, "password": "not the password"});
        house.send("POST", "/v1/sessions/question", &[], Some(&body))
    };
    let (known, unknown) = (knock("mon-1"), knock("nobody-here"));
    refused(&known, 401, "credentials-wrong");
    assert_eq!(anonymous(&known), anonymous(&unknown));
    assert_eq!(anonymous(&known), anonymous(&knock("stat-1")));
    house.trail_is(["sign-in-failed", "sign-in-failed", "sign-in-failed"]);
}

// shows: AC-9 (off unless the house wants them)
#[test]
fn where_no_address_is_configured_nothing_lives_at_passkeys() {
    let house = House::raise();
    let (secret, _) = house.stage.enrol("mon-1", house.clock.now());
    house.so_far();
    refused(&house.get("mon-1", "/v1/passkeys"), 404, "no-such-page");
    refused(&question(&house, "mon-1"), 404, "no-such-page");
    refused(&ask(&house, "mon-1"), 404, "no-such-page");
    let answer = json!({"ceremony": "none", "credential": {}});
    refused(&house.post("mon-1", "/v1/passkeys", answer.clone()), 404, "no-such-page");
    let bearer = format!("Bearer {}", house.stage.token("mon-1"));
    let headers = [("authorization", bearer.as_str())];
    refused(&house.send("DELETE", "/v1/passkeys/1", &headers, None), 404, "no-such-page");
    refused(&knock(&house, "mon-1", &answer), 401, "credentials-wrong");
    let code = secret.code(step_at(house.clock.now()) + 1);
    let body = json!({"name": "mon-1", "password": password("mon-1"), "code": code});
    assert_eq!(house.send("POST", "/v1/sessions", &[], Some(&body)).status, 201);
    house.trail_is(["second-factor-failed", "signed-in"]);
    assert!(!house.stage.house().take_passkeys("https://192.0.2.1"));
}
