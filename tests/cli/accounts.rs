//! Accounts and programs from the command line: as an administrator at a running service, and as a receiver of messages who
//! has nothing but the public key.

use crate::desk::Desk;
use klero::cli::stage::{Play, Stage, password};
use klero::clock::{Clock, SystemClock};
use klero::domain::target::{Target, Targets};
use klero::sealing::lock::ServerSecret;
use klero::sealing::webhook::WebhookSigner;
use serde_json::{Value, json};

const PROGRAM: &str = "http://127.0.0.1:9/hook";

/// A running service, and how its administrator is named at the end of a command.
fn service(desk: &Desk, seed: u64) -> (Stage, String) {
    let (play, _) = Play::quick(desk.path("service"), seed);
    let stage = Stage::raise(play);
    desk.write_secret("password", &password("admin-1"));
    let account = format!("--server {} --name admin-1 --password-file password", stage.base);
    (stage, account)
}

// shows: AT-11, AC-1, I6
#[test]
fn an_administrator_invites_a_table_lists_and_ends_accounts_from_the_command_line() {
    let desk = Desk::new("accounts");
    let (stage, admin) = service(&desk, 31);
    let who = || {
        let all = desk.data(&format!("user list {admin}"));
        let all = all["people"].as_array().expect("a list").clone();
        let text = |one: &Value, name: &str| one[name].as_str().unwrap_or_default().to_owned();
        all.iter().map(|one| (text(one, "person"), text(one, "state"))).collect::<Vec<_>>()
    };
    let has = |id: &str, state: &str| who().contains(&(id.to_owned(), state.to_owned()));
    assert!(has("c-rjs", "active"));
    let table =
        "账户名,姓名,角色,研究中心\r\nc-new,演示甲,协调员,huashan\r\nm-new,演示乙,监查员,\r\n";
    let (gbk, ..) = encoding_rs::GBK.encode(table);
    std::fs::write(desk.path("people.csv"), &gbk).expect("the folder takes it");
    let dry = desk.data(&format!("user import people.csv {admin}"));
    assert_eq!((&dry["applied"], &dry["people"][0]["name"]), (&json!(false), &json!("演示甲")));
    assert!(dry["people"][0].get("token").is_none() && !has("c-new", "invited"));
    let line = format!("user import people.csv --apply {admin}");
    let token = |done: &Value| done["people"][1]["token"].as_str().map(str::to_owned);
    let (first, again) = (token(&desk.data(&line)), token(&desk.data(&line)));
    assert!(first.is_some() && again.is_some() && first != again, "the older one has ended");
    assert!(has("c-new", "invited") && has("m-new", "invited"));
    desk.write("wrong.csv", "person,name,role\nx-1,Demo,surgeon\nx-2,Demo\n");
    let ran = desk.refused(15, "table-wrong", &format!("user import wrong.csv --apply {admin}"));
    for named in ["row 2, role: Choose", "row 3: This is not a table"] {
        assert!(ran.err.contains(named), "{}", ran.err);
    }
    assert!(!has("x-1", "invited"));
    desk.refused(10, "file-missing", &format!("user import none.csv {admin}"));
    let invite = format!("user invite spon-9 --printed Demo --role sponsor {admin}");
    let (one, two) = (desk.data(&invite), desk.data(&invite));
    assert!(one["token"] != two["token"] && has("spon-9", "invited"));
    let end = format!("user disable spon-9 {admin}");
    desk.done(&end);
    desk.done(&end);
    assert!(has("spon-9", "disabled"));
    desk.refused(18, "service-refused", &format!("user disable admin-1 {admin}"));
    // Sessions end with their commands: nobody's stays behind.
    let left = stage.house().store.read(|view| {
        let lines = (0..view.trail_size()?).map(|seq| view.line(seq));
        lines.collect::<Result<Vec<_>, _>>()
    });
    let left = left.expect("it reads").into_iter().flatten().collect::<Vec<_>>();
    let acts = |act: &str| left.iter().filter(|line| line.contains(&format!("\"{act}\""))).count();
    assert_eq!(acts("people-imported"), 1);
    assert_eq!(acts("person-disabled"), 1);
    assert!(left.iter().all(|line| !line.contains("演示") && !line.contains("surgeon")));
}

// shows: EU-8 (delivery log, replay and trial from the command line)
#[test]
fn an_administrator_adds_tries_and_replays_a_webhook_from_the_command_line() {
    let desk = Desk::new("programs");
    let (stage, admin) = service(&desk, 32);
    let add = format!("webhook add {PROGRAM} {admin}");
    let target = Target::parse(PROGRAM).expect("an address");
    stage.house().speak_to(Targets { public: vec![], private: vec![target] });
    let other = format!("webhook add https://elsewhere.example/ {admin}");
    let ran = desk.refused(18, "service-refused", &other);
    assert!(ran.err.contains("configuration"), "which host is missing is said: {}", ran.err);
    let reference = desk.data(&add)["reference"].as_str().expect("a reference").to_owned();
    let all = desk.data(&format!("webhook list {admin}"));
    assert_eq!(all["webhooks"][0]["reference"], reference.as_str());
    let key = all["publicKey"].as_str().expect("a key");
    assert_eq!(key, WebhookSigner::new(&stage.house().secret).public());
    desk.done(&format!("webhook test {reference} {admin}"));
    let queued = || desk.data(&format!("webhook deliveries {admin}"))["deliveries"].clone();
    let first = queued()[0].clone();
    assert_eq!((&first["type"], &first["target"]), (&json!("webhook.tested"), &json!(reference)));
    let event = first["event"].as_u64().expect("a number");
    desk.done(&format!("webhook replay {event} {reference} {admin}"));
    desk.refused(18, "service-refused", &format!("webhook replay 999999 {reference} {admin}"));
    desk.done(&format!("webhook end {reference} {admin}"));
    desk.refused(18, "service-refused", &format!("webhook test {reference} {admin}"));
    desk.refused(2, "wrong-usage", &format!("webhook replay {event} {admin}"));
    assert_eq!(queued().as_array().map(Vec::len), Some(1));
}

// shows: EU-8 (a receiver needs no secret, and no network)
#[test]
fn a_receiver_checks_a_message_offline_with_the_public_key_alone() {
    let desk = Desk::new("receiver");
    let signer = WebhookSigner::new(&ServerSecret::from_bytes([7; 32]));
    let other = WebhookSigner::new(&ServerSecret::from_bytes([8; 32]));
    let body = r#"{"type":"code.broken","timestamp":"2026-11-21T01:00:00.000Z","data":{"reference":"K7Q29MXT"}}"#;
    desk.write("body.json", body);
    let now = SystemClock.now().millis() / 1000;
    let line = |at: i64, signed: i64, key: &str, body: &str, id: &str| {
        let text = std::fs::read(desk.path("body.json")).expect("it is there");
        let signature = signer.sign("event-412", signed, &text);
        format!(
            "webhook verify {body} --key {key} --id {id} --timestamp {at} --signature {signature}"
        )
    };
    let key = signer.public();
    let genuine = line(now, now, &key, "body.json", "event-412");
    let said = desk.data(&genuine);
    assert_eq!((&said["type"], &said["id"]), (&json!("code.broken"), &json!("event-412")));
    desk.write("altered.json", &body.replace("K7Q29MXT", "K7Q29MXV"));
    let not = "signature-does-not-fit";
    desk.refused(20, not, &line(now, now, &key, "altered.json", "event-412"));
    desk.refused(20, not, &line(now, now, &key, "body.json", "event-413"));
    desk.refused(20, not, &line(now + 1, now, &key, "body.json", "event-412"));
    desk.refused(20, not, &line(now, now, &other.public(), "body.json", "event-412"));
    desk.refused(15, "key-unreadable", &line(now, now, "whpk_AAAA", "body.json", "event-412"));
    desk.refused(10, "file-missing", &line(now, now, &key, "none.json", "event-412"));
    // Genuine, and sent again a day later by somebody else.
    let old = line(now - 86_400, now - 86_400, &key, "body.json", "event-412");
    desk.done(&old);
    desk.refused(20, "message-old", &format!("{old} --within 300"));
    desk.done(&format!("{genuine} --within 300"));
}
