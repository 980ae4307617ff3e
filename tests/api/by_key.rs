//! Signing with the key that the six words unlock, instead of the sign-in password: over one request, and no other.

use crate::house::{House, fields, refused};
use klero::cli::stage::{Reply, signature};
use klero::sealing::bytes::{hex, sha256};
use klero::sealing::signature::{Purpose, act_text};
use klero::text::{Language, meaning};
use serde_json::{Value, json};

const ONCE: &str = "one-key-\"for\\one-act";

/// What is sent, without its signature.
fn emergency(participant: &str) -> Value {
    json!({
        "participant": participant, "identifier": "DEMO", "requester": "Demo physician: \"急诊\"",
        "callBack": "000", "category": "sae-management", "whatHappened": "an invented \\ event",
        "depends": true,
    })
}

/// What a device signs, with every part open to alteration.
struct Said<'s> {
    who: &'s str,
    act: &'s str,
    once: &'s str,
    body: &'s Value,
    meaning: String,
    purpose: Purpose,
}

impl<'s> Said<'s> {
    fn right(body: &'s Value) -> Self {
        let meaning = meaning("break-code", Language::ZhCn);
        Self { who: "hot-1", act: "break-code", once: ONCE, body, meaning, purpose: Purpose::Act }
    }

    fn signature(&self, house: &House) -> String {
        let body = sha256(self.body.to_string().as_bytes());
        let text = act_text(self.act, self.once, &body, &self.meaning);
        hex(&house.stage.identities[self.who].sign(self.purpose, text.as_bytes()))
    }
}

fn send(house: &House, body: &Value, key: &str, words: &str) -> Reply {
    let mut body = body.clone();
    body["signature"] = json!({"meaning": words, "key": key});
    house.act_once("hot-1", "POST", "/v1/breaks", ONCE, body)
}

// shows: AT-10, EU-1, EU-4
#[test]
fn a_key_signs_a_break_and_the_entry_says_with_what_it_was_signed() {
    let house = House::raise();
    let (_, number, code) = house.randomised(0, 1, true);
    house.so_far();
    let body = emergency(&number);
    let said = Said::right(&body);
    let release = send(&house, &body, &said.signature(&house), &said.meaning);
    assert_eq!(release.status, 201, "{}", release.text);
    let (line, _) = house.check_receipt(&release.body["receipt"]);
    assert_eq!(line["data"]["signed"], "key");
    assert_eq!(line["data"]["meaning"], said.meaning);
    assert_eq!(house.open(&release.body, &house.stage.identities["hot-1"]), Ok(house.drawn(&code)));
    // A retry is signed anew: other bytes, the same act. So is one with the password.
    let again = send(&house, &body, &said.signature(&house), &said.meaning);
    assert_eq!(again.status, 200, "{}", again.text);
    let mut typed = body.clone();
    typed["signature"] = signature("hot-1", "break-code");
    typed["signature"]["meaning"] = said.meaning.as_str().into();
    let again = house.act_once("hot-1", "POST", "/v1/breaks", ONCE, typed.clone());
    assert_eq!(again.status, 200, "{}", again.text);
    assert_eq!(again.body["receipt"]["entry"], release.body["receipt"]["entry"]);
    let other = house.post("hot-1", "/v1/breaks", typed);
    let (line, _) = house.check_receipt(&other.body["receipt"]);
    assert_eq!(line["data"]["signed"], "password");
    house.trail_is([
        "release-for-break",
        "release-redelivered",
        "release-redelivered",
        "release-for-break",
    ]);
}

// shows: AT-9, AT-10 (a signature cannot be moved to another record)
#[test]
fn a_key_signature_over_anything_else_is_none() {
    let house = House::raise();
    let (_, number, _) = house.randomised(0, 1, true);
    let (_, other_number, _) = house.randomised(0, 2, true);
    house.so_far();
    let body = emergency(&number);
    let right = || Said::right(&body);
    let other = emergency(&other_number);
    let english = meaning("break-code", Language::En);
    let wrong = [
        ("another person's key", Said { who: "hot-2", ..right() }),
        ("another act", Said { act: "randomise", ..right() }),
        ("another key against doing it twice", Said { once: "another-key-of-16", ..right() }),
        ("another body", Said { body: &other, ..right() }),
        ("another meaning", Said { meaning: english, ..right() }),
        ("another purpose", Said { purpose: Purpose::Receipt, ..right() }),
    ];
    let words = right().meaning;
    for (what, said) in &wrong {
        let reply = send(&house, &body, &said.signature(&house), &words);
        assert_eq!((reply.status, reply.text_at("code")), (401, "signature-needed"), "{what}");
    }
    house.trail_is(["refused signature-needed"; 6]);
    // Words that are not the act's, however well they are signed.
    let flipped = "The treatment need not be known".to_owned();
    let said = Said { meaning: flipped, ..right() };
    refused(&send(&house, &body, &said.signature(&house), &said.meaning), 401, "signature-needed");
    house.trail_is(["refused signature-needed"]);
    // None of these was a guess at a password: the next password is answered at once, and the right key too.
    assert_eq!(send(&house, &body, &right().signature(&house), &words).status, 201);
    house.trail_is(["release-for-break"]);
}

// shows: AT-10
#[test]
fn a_signature_is_a_password_or_a_key_and_a_key_signs_only_where_the_six_words_are_typed() {
    let mut house = House::raise();
    house.admit("hot-3", "hotline", &[]);
    let (_, number, _) = house.randomised(0, 1, true);
    let reference = house.stage.screen_eligible(0, 2, true);
    house.so_far();
    let body = emergency(&number);
    let key = Said::right(&body).signature(&house);
    let words = Said::right(&body).meaning;
    for (given, wrong) in [
        (json!({"meaning": words}), "/signature/password required"),
        (json!({"meaning": words, "key": key, "password": "x"}), "/signature/key doubled"),
    ] {
        let mut body = body.clone();
        body["signature"] = given;
        let reply = house.post("hot-1", "/v1/breaks", body);
        refused(&reply, 400, "malformed-request");
        assert_eq!(fields(&reply), [wrong]);
    }
    let reply = send(&house, &body, "00", &words);
    assert_eq!(fields(&reply), ["/signature/key bytes-form"]);
    house.trail_is([]);
    // An act whose page asks for the password; and somebody whose card nobody knows.
    let words = meaning("sign-eligibility", Language::En);
    let version = house.get("i-rjs", &format!("/v1/participants/{reference}"));
    let mut judged = json!({"version": version.text_at("version"), "anotherPerson": "invented"});
    let text = act_text("sign-eligibility", ONCE, &sha256(judged.to_string().as_bytes()), &words);
    let key_of = |who: &str| hex(&house.stage.identities[who].sign(Purpose::Act, text.as_bytes()));
    judged["signature"] = json!({"meaning": words, "key": key_of("i-rjs")});
    let path = format!("/v1/participants/{reference}/eligibility");
    let reply = house.act_once("i-rjs", "POST", &path, ONCE, judged);
    refused(&reply, 401, "signature-needed");
    let mut unknown = body.clone();
    unknown["signature"] = json!({"meaning": Said::right(&body).meaning, "key": key});
    refused(&house.act_once("hot-3", "POST", "/v1/breaks", ONCE, unknown), 401, "signature-needed");
    house.trail_is(["refused signature-needed"; 2]);
}
