//! That the list was published, in one stage or two: kept by its hash, after recruitment is closed, and no arm of it.

use crate::house::{House, fields, refused};
use klero::cli::stage::signature;
use serde_json::{Value, json};

fn body(stage: &str, file: u8) -> Value {
    let file = format!("{file:02x}").repeat(32);
    json!({"stage": stage, "file": file, "signature": signature("stat-1", "disclose")})
}

// shows: RP-7, AT-10, AL-11
#[test]
fn a_release_is_recorded_stage_by_stage_once_recruitment_is_closed() {
    let house = House::raise();
    let disclose = |stage, file| house.post("stat-1", "/v1/disclosures", body(stage, file));
    refused(&disclose("groups", 1), 409, "wrong-state");
    let close = json!({"reason": "slow", "signature": signature("spon-1", "decide-recruitment")});
    assert_eq!(house.post("spon-1", "/v1/recruitment/close", close).status, 200);
    refused(&disclose("meaning", 2), 409, "wrong-state");
    let groups = disclose("groups", 1);
    assert_eq!(groups.status, 201, "{}", groups.text);
    let (line, _) = house.check_receipt(&groups.body["receipt"]);
    assert_eq!(line["on"], json!({}));
    assert_eq!(
        (&line["data"]["stage"], &line["data"]["signed"]),
        (&json!("groups"), &json!("password"))
    );
    assert_eq!(line["data"]["file"], "01".repeat(32));
    refused(&disclose("meaning", 1), 409, "wrong-state");
    assert_eq!(disclose("meaning", 2).status, 201);
    assert_eq!(disclose("list", 3).status, 201);
    house.trail_is([
        "refused wrong-state",
        "recruitment-closed",
        "refused wrong-state",
        "disclosed",
        "refused wrong-state",
        "disclosed",
        "disclosed",
    ]);
}

// shows: I5, AL-6
#[test]
fn a_record_of_a_release_is_made_once_and_only_of_a_known_stage_and_a_hash() {
    let house = House::raise();
    let close = json!({"reason": "slow", "signature": signature("spon-1", "decide-recruitment")});
    assert_eq!(house.post("spon-1", "/v1/recruitment/close", close).status, 200);
    house.so_far();
    let act =
        |key: &str| house.act_once("stat-1", "POST", "/v1/disclosures", key, body("issued", 5));
    let (first, again) = (act("one-key-for-one-stage"), act("one-key-for-one-stage"));
    assert_eq!((first.status, again.body["repeated"].as_bool()), (201, Some(true)));
    assert_eq!(first.body["receipt"]["entry"], again.body["receipt"]["entry"]);
    let odd = house.post("stat-1", "/v1/disclosures", body("arms", 6));
    assert_eq!(fields(&odd), ["/stage choice-unknown"]);
    let mut short = body("list", 6);
    short["file"] = "06".into();
    let short = house.post("stat-1", "/v1/disclosures", short);
    assert_eq!(fields(&short), ["/file bytes-form"]);
    house.trail_is(["disclosed"]);
}
