//! The trail as its readers get it: byte for byte, with proofs that anybody can check.

use crate::house::{House, hashes, refused};
use klero::cli::stage::{Reply, signature};
use klero::http::block_on;
use klero::sealing::checkpoint::Checkpoint;
use klero::sealing::tree;
use serde_json::{Value, json};

fn checkpoint(house: &House) -> Checkpoint {
    let reply = house.get("c-rjs", "/v1/checkpoints/latest");
    assert_eq!(reply.status, 200);
    house.trail_key().check(reply.text_at("checkpoint")).unwrap()
}

fn consistency(house: &House, from: u64, to: u64) -> Reply {
    house.get("spon-1", &format!("/v1/checkpoints/consistency?from={from}&to={to}"))
}

// shows: I7, AT-14
#[test]
fn between_any_two_checkpoints_that_were_seen_the_trail_only_grew() {
    let house = House::raise();
    let mut seen = vec![checkpoint(&house)];
    for number in 1..=3 {
        house.stage.screen_eligible(0, number, true);
        seen.push(checkpoint(&house));
        let (_, _, _) = house.randomised(0, number + 10, true);
        seen.push(checkpoint(&house));
    }
    house.so_far();
    for (at, old) in seen.iter().enumerate() {
        for new in &seen[at..] {
            let proof = hashes(&consistency(&house, old.size, new.size).body["proof"]);
            let grown = tree::consistent(old.size, &old.root, new.size, &new.root, &proof);
            assert!(grown, "{} to {}", old.size, new.size);
            // A root that was never signed is not the beginning of anything.
            let forged = [7; 32];
            assert!(!tree::consistent(old.size, &forged, new.size, &new.root, &proof));
        }
    }
    let size = seen.last().unwrap().size;
    for (from, to) in [(0, 1), (2, 1), (1, size + 1)] {
        refused(&consistency(&house, from, to), 404, "no-such-record");
    }
    for wrong in ["", "?from=1", "?from=1&to=x", "?from=1&to=2&size=3"] {
        let reply = house.get("spon-1", &format!("/v1/checkpoints/consistency{wrong}"));
        refused(&reply, 400, "malformed-request");
    }
    house.trail_is([]);
}

// shows: I7, AT-2, AT-5
#[test]
fn every_line_comes_byte_for_byte_and_the_pages_give_the_checkpoints_root() {
    let house = House::raise();
    house.randomised(0, 1, true);
    house.so_far();
    let mut lines: Vec<String> = vec![];
    let page = |from: usize, limit: usize| {
        house.get("mon-1", &format!("/v1/trail?from={from}&limit={limit}"))
    };
    let mut note = String::new();
    loop {
        let reply = page(lines.len(), 25);
        let some = reply.body["lines"].as_array().unwrap().clone();
        assert!(some.len() <= 25);
        note = if some.is_empty() { break } else { reply.text_at("checkpoint").to_owned() };
        lines.extend(some.iter().map(|line| line.as_str().unwrap().to_owned()));
    }
    assert!(note.is_empty() || !lines.is_empty());
    let head = checkpoint(&house);
    let leaves: Vec<_> = lines.iter().map(|line| tree::leaf_hash(line.as_bytes())).collect();
    assert_eq!((head.size, head.root), (lines.len() as u64, tree::root(&leaves)));
    for (seq, line) in lines.iter().enumerate() {
        let proven = house.get("stat-1", &format!("/v1/trail/{seq}/proof"));
        house.check_receipt(&proven.body);
        assert_eq!(proven.text_at("entry"), line);
    }
    house.trail_is([]);
}

// shows: AT-5
#[test]
fn a_page_has_at_most_two_hundred_lines_and_beyond_the_end_there_is_nothing() {
    let house = House::raise();
    let end = checkpoint(&house).size;
    assert_eq!(house.get("mon-1", "/v1/trail?limit=200").status, 200);
    for wrong in ["limit=201", "limit=0", "limit=-1", "from=-1", "from=x", "who=me"] {
        let reply = house.get("mon-1", &format!("/v1/trail?{wrong}"));
        refused(&reply, 400, "malformed-request");
    }
    for far in [end, u64::from(u32::MAX), u64::MAX] {
        let reply = house.get("mon-1", &format!("/v1/trail?from={far}"));
        assert_eq!(reply.body["lines"], json!([]), "{far}");
        let none = house.get("mon-1", &format!("/v1/trail/{far}/proof"));
        refused(&none, 404, "no-such-record");
    }
    for odd in ["007", "x", "+1"] {
        let none = house.get("mon-1", &format!("/v1/trail/{odd}/proof"));
        refused(&none, 404, "no-such-record");
    }
    house.trail_is([]);
}

// shows: AT-15, AT-4
#[test]
fn no_line_holds_who_somebody_is_or_what_somebody_wrote() {
    let house = House::raise();
    let (_, number, _) = house.randomised(0, 1, true);
    let body = json!({
        "participant": number, "identifier": "DEMO", "requester": "Demo physician",
        "callBack": "000 111", "category": "pregnancy", "whatHappened": "an invented emergency",
        "depends": true, "how": "an invented how",
        "signature": klero::cli::stage::signature("hot-1", "break-code"),
    });
    assert_eq!(house.post("hot-1", "/v1/breaks", body).status, 201);
    house.so_far();
    let all = house.get("mon-1", "/v1/trail?from=0").text;
    let arms = house.pinned().arms.clone();
    let private = ["DEMO", "1988-01-01", "Demo ", "000 111", "invented", "demo password"];
    for never in private.iter().copied().chain(arms.iter().map(String::as_str)) {
        assert!(!all.contains(never), "{never}");
    }
    house.trail_is([]);
}

// shows: SG-7
#[test]
fn the_commitment_is_public_and_names_the_key_of_every_checkpoint() {
    let house = House::raise();
    let commitment = house.send("GET", "/v1/commitment", &[], None);
    assert_eq!(commitment.text_at("manifest"), house.stage.study.manifest.to_file_text());
    let note = house.get("mon-1", "/v1/checkpoints/latest").text_at("checkpoint").to_owned();
    assert!(house.trail_key().check(&note).is_ok());
    assert!(house.trail_key().check(&note.replacen('\n', "\n1", 1)).is_err());
    let trial = house.get("mon-1", "/v1/trial");
    assert_eq!(trial.body["purpose"], "training");
    for hidden in ["belimumab", "placebo", "sizes", "\"ratio"] {
        assert!(!trial.text.contains(hidden), "{hidden}");
    }
    assert_ne!(trial.body["meanings"]["randomise"], Value::Null);
    house.trail_is([]);
}

// shows: AT-12, AT-8
#[test]
fn a_monitor_signs_a_review_as_far_as_they_verified_and_nobody_without_having_verified() {
    let house = House::raise();
    let body = json!({"scope": "all breaks, by the plan", "signature": signature("mon-1", "review-trail")});
    let review = |who: &str, body: Value| house.post(who, "/v1/trail/review", body);
    refused(&review("mon-1", body.clone()), 409, "wrong-state");
    let monitor = house.stage.house().caller(house.stage.token("mon-1")).unwrap();
    let verified = block_on(house.stage.house().verify_trail(&monitor)).unwrap();
    house.randomised(0, 1, true);
    house.so_far();
    let reviewed = review("mon-1", body.clone());
    assert_eq!(reviewed.status, 200, "{}", reviewed.text);
    let (line, _) = house.check_receipt(&reviewed.body["receipt"]);
    assert_eq!(line["data"]["size"], verified.size);
    assert_eq!(line["data"]["signed"], "password");
    assert!(!reviewed.text.contains("by the plan"), "what was looked at is a private record");
    let mut silent = body.clone();
    silent["scope"] = " ".into();
    refused(&review("mon-1", silent), 422, "invalid-fields");
    let mut wrong = body;
    wrong["signature"]["password"] = "not the password".into();
    refused(&review("mon-1", wrong), 401, "signature-needed");
    house.trail_is(["trail-reviewed", "refused signature-needed"]);
}
