//! People from a table: every mistake by row and column, all of it or nothing, in either language and coding.

use crate::house::{House, fields, refused};
use klero::cli::stage::{Reply, password};
use serde_json::{Value, json};

const TABLE: &str = "person,name,role,centres,principal\n\
    c-hsh-9,Demo nine,coordinator,huashan,\n\
    i-hsh-9,Demo principal,Investigator,huashan;renji-south,yes\n\
    mon-9,Demo monitor,monitor,,no\n";

fn send(house: &House, path: &str, key: &str, table: &[u8]) -> Reply {
    let bearer = format!("Bearer {}", house.stage.token("admin-1"));
    let headers = [
        ("authorization", bearer.as_str()),
        ("idempotency-key", key),
        ("content-type", "text/csv"),
    ];
    house.send_raw("POST", path, &headers, table)
}

fn check(house: &House, table: &[u8]) -> Reply {
    send(house, "/v1/imports/people?dry_run=true", "one-key-for-one-act", table)
}

fn take(house: &House, key: &str, table: &[u8]) -> Reply {
    send(house, "/v1/imports/people", key, table)
}

// shows: AT-11, AC-1 (invited like anybody: links shown once, no password in the table)
#[test]
fn a_table_invites_everybody_once_and_a_dry_run_nobody() {
    let house = House::raise();
    let dry = check(&house, TABLE.as_bytes());
    assert_eq!((dry.status, &dry.body["dryRun"]), (200, &json!(true)), "{}", dry.text);
    assert!(dry.body["people"][0].get("token").is_none());
    house.trail_is([]);
    let done = take(&house, "one-key-for-one-act", TABLE.as_bytes());
    assert_eq!(done.status, 201, "{}", done.text);
    let (line, _) = house.check_receipt(&done.body["receipt"]);
    assert_eq!((&line["act"], &line["data"]["people"]), (&json!("people-imported"), &json!(3)));
    house.trail_is(["person-invited", "person-invited", "person-invited", "people-imported"]);
    let token =
        |reply: &Reply, at: usize| reply.body["people"][at]["token"].as_str().map(str::to_owned);
    let accept = |token: &str, person: &str| {
        let body = json!({"token": token, "password": password(person)});
        house.send("POST", "/v1/invitations/accept", &[], Some(&body)).status
    };
    assert_eq!(accept(&token(&done, 0).unwrap(), "c-hsh-9"), 201);
    // Sent again: who has come stays, who has not gets a new link and the old one ends.
    let again = take(&house, "one-key-for-one-act", TABLE.as_bytes());
    assert_eq!((again.status, &again.body["repeated"]), (200, &json!(true)));
    assert_eq!(token(&again, 0), None);
    assert_eq!(accept(&token(&done, 2).unwrap(), "mon-9"), 404);
    assert_eq!(accept(&token(&again, 2).unwrap(), "mon-9"), 201);
    refused(&take(&house, "one-key-for-one-act", b"person,name,role\n"), 422, "invalid-fields");
    house.trail_is([
        "account-activated",
        "invitation-renewed",
        "invitation-renewed",
        "account-activated",
    ]);
}

// shows: I6 (all or nothing)
#[test]
fn one_mistake_in_a_table_invites_nobody_and_every_mistake_is_named() {
    let house = House::raise();
    let table = "person,name,role,centres\n\
        c-rjs,Demo taken,coordinator,huashan\n\
        c-new,Demo new,coordinator,huashan\n";
    assert_eq!(
        fields(&take(&house, "one-key-for-one-act", table.as_bytes())),
        ["/2/person account-taken"]
    );
    let table = "person,name,role,centres\n\
        Not An Id,Demo,surgeon,nowhere\n\
        c-new,,coordinator,\n\
        h-new,Demo,hotline,huashan\n\
        m-new,Demo,monitor,\n\
        m-new,Demo,monitor,\n";
    assert_eq!(
        fields(&check(&house, table.as_bytes())),
        [
            "/2/person account-form",
            "/2/role choice-unknown",
            "/2/centres choice-unknown",
            "/3/name text-empty",
            "/3/centres required",
            "/4/centres choice-unknown",
            "/6/person doubled",
        ]
    );
    let wrong = |table: &str| fields(&check(&house, table.as_bytes()));
    assert_eq!(
        wrong("person,name,password\nc-new,Demo,secret words\n"),
        ["/1/3 unknown-field", "/1/role required"]
    );
    assert_eq!(wrong("person,name,role,role\n"), ["/1/role doubled"]);
    assert_eq!(wrong("person,name,role\n"), [" required"]);
    assert_eq!(
        wrong("person,name,role\nc-new,Demo\nm-new,Demo,monitor\nx-1,Demo,surgeon\n"),
        ["/2 table-form", "/4/role choice-unknown"]
    );
    // As spreadsheets end their lines, with an empty one between.
    assert_eq!(
        wrong("person,name,role\r\nm-new,Demo,monitor\r\n\r\nx-1,Demo,surgeon\r\n"),
        ["/4/role choice-unknown"]
    );
    assert_eq!(fields(&check(&house, b"\xef\xbb\xbfperson,\xd0\xd5\n")), [" table-form"]);
    assert_eq!(fields(&check(&house, b"\xff\xff\xff")), [" table-form"]);
    house.trail_is([]);
}

// shows: AC-5, AC-3 (a table gives no blinded role to somebody who was unblinded; nobody of it is invited then)
#[test]
fn a_table_gives_no_blinded_role_to_a_name_that_was_unblinded() {
    let house = House::raise();
    let (_, _, code) = house.randomised(0, 1, true);
    let wish = json!({"code": code, "identifier": "DEMO", "visit": "V1"});
    assert_eq!(house.post("p-rjs", "/v1/preparations", wish).status, 201);
    assert_eq!(house.post("admin-1", "/v1/people/p-rjs/disable", json!({})).status, 200);
    house.so_far();
    let name = klero::cli::stage::printed_name("p-rjs");
    let written = [name.to_uppercase(), name.replace(' ', "-"), name.replace(' ', "\u{3000}·")];
    for (at, written) in written.iter().enumerate() {
        for role in ["coordinator", "monitor", "sponsor", "admin"] {
            let centre = if role == "coordinator" { "huashan" } else { "" };
            let table = format!(
                "person,name,role,centres\nm-ok,Somebody else,monitor,\nnew-{at},{written},{role},{centre}\n"
            );
            let dry = check(&house, table.as_bytes());
            assert_eq!(fields(&dry), ["/3/name past-unknown"], "{written} {role}");
            let done = take(&house, &house.stage.new_key(), table.as_bytes());
            assert_eq!(fields(&done), ["/3/name past-unknown"], "{written} {role}");
        }
    }
    // Both told the administrator who was once unblinded, and both are entries.
    house.trail_is(["refused was-unblinded"; 24]);
    // A role that may know arms is open to them.
    let table = format!("person,name,role,centres\nnew-p,{name},pharmacist,huashan\n");
    let done = take(&house, "one-key-for-one-act", table.as_bytes());
    assert_eq!(done.status, 201, "{}", done.text);
    house.trail_is(["person-invited", "people-imported"]);
}

// shows: AT-11 (UTF-8, its mark and GBK are found out; headers, roles and centres in Chinese)
#[test]
fn a_table_reads_in_either_language_and_in_the_codings_of_either() {
    let house = House::raise();
    let trial: Value = house.get("mon-1", "/v1/trial").body;
    let centre = trial["centres"][0]["name"]["zh-CN"].as_str().unwrap_or("huashan").to_owned();
    let table = format!("账户名,姓名,角色,研究中心\nc-gbk,演示甲,协调员,{centre}\n");
    let (gbk, _, lossy) = encoding_rs::GBK.encode(&table);
    assert!(!lossy);
    let marked = ["\u{feff}".as_bytes(), table.as_bytes()].concat();
    let pasted = table.replace(',', "\t");
    let bearer = format!("Bearer {}", house.stage.token("admin-1"));
    for (kind, status) in
        [("text/csv; charset=gbk", 200), ("text/csv; charset=latin1", 415), ("text/plain", 415)]
    {
        let headers = [
            ("authorization", bearer.as_str()),
            ("idempotency-key", "one-key-for-one-act"),
            ("content-type", kind),
        ];
        let path = "/v1/imports/people?dry_run=true";
        assert_eq!(house.send_raw("POST", path, &headers, &gbk).status, status, "{kind}");
    }
    for bytes in [table.as_bytes(), &marked, &gbk, pasted.as_bytes()] {
        let read = check(&house, bytes);
        assert_eq!(read.status, 200, "{}", read.text);
        let one = &read.body["people"][0];
        assert_eq!((&one["name"], &one["role"]), (&json!("演示甲"), &json!("coordinator")));
        assert_eq!(one["centres"].as_array().unwrap().len(), 1);
    }
    house.trail_is([]);
}
