//! Who had which right on a day, read from the trail; and the monitor's review of it.

use crate::house::{House, fields, refused};
use klero::cli::stage::signature;
use serde_json::{Value, json};

const DAY: i64 = 24 * 60 * 60;

fn on(house: &House, day: &str) -> Vec<(String, String)> {
    let found = house.get("mon-1", &format!("/v1/rights?on={day}"));
    assert_eq!(found.status, 200, "{}", found.text);
    let all = found.body["rights"].as_array().unwrap().clone();
    let text = |right: &Value, name: &str| right[name].as_str().unwrap_or_default().to_owned();
    all.iter().map(|right| (text(right, "id"), text(right, "role"))).collect()
}

// shows: AC-2, AC-7 (who had which right on any day, from the trail)
#[test]
fn the_rights_of_any_day_are_read_from_the_trail() {
    let mut house = House::raise();
    let has = |rights: &[(String, String)], id: &str| rights.iter().any(|(who, _)| who == id);
    house.clock.step(DAY);
    ["admin-1", "mon-1"].into_iter().for_each(|who| house.stage.sign_in(who));
    house.admit("c-new", "coordinator", &["huashan"]);
    let invited =
        json!({"person": "c-never", "name": "Demo", "role": "coordinator", "centres": ["huashan"]});
    assert_eq!(house.post("admin-1", "/v1/people", invited).status, 201);
    let body = json!({"id": "edc-1", "what": "Demo system", "verbs": ["read-participants"],
                      "centres": ["huashan"], "days": 2});
    assert_eq!(house.post("admin-1", "/v1/tokens", body).status, 201);
    house.clock.step(DAY);
    ["admin-1", "mon-1"].into_iter().for_each(|who| house.stage.sign_in(who));
    assert_eq!(house.post("admin-1", "/v1/people/c-new/disable", json!({})).status, 200);
    house.so_far();
    let (before, then, last) =
        (on(&house, "2026-11-21"), on(&house, "2026-11-22"), on(&house, "2026-11-23"));
    assert!(has(&before, "c-rjs") && !has(&before, "c-new") && !has(&before, "edc-1"));
    assert!(has(&then, "c-new") && then.contains(&("edc-1".to_owned(), "machine".to_owned())));
    // Somebody who was invited and never came could do nothing.
    assert!(!has(&then, "c-never") && !has(&last, "c-never"));
    // Ended on that day: it was there until then.
    assert!(has(&last, "c-new") && has(&last, "edc-1"));
    let after = on(&house, "2026-11-25");
    assert!(!has(&after, "c-new") && !has(&after, "edc-1") && has(&after, "c-rjs"));
    assert!(on(&house, "2026-11-20").is_empty());
    let wrong = house.get("mon-1", "/v1/rights?on=yesterday");
    assert_eq!(fields(&wrong), ["/on date-form"]);
    house.trail_is([]);
}

// shows: AC-2, AT-12 (a review is signed, and says when the next is due)
#[test]
fn a_monitor_signs_the_review_of_rights_and_the_next_is_due() {
    let house = House::raise();
    let none = house.get("admin-1", "/v1/rights");
    assert_eq!((none.status, &none.body["due"]), (200, &Value::Null));
    let sign = |who: &str, password: Option<&str>| {
        let mut signature = signature(who, "review-access");
        if let Some(password) = password {
            signature["password"] = password.into();
        }
        house.post(who, "/v1/rights/reviews", json!({"signature": signature}))
    };
    refused(&sign("mon-1", Some("not the password")), 401, "signature-needed");
    // Whoever gives rights does not review them.
    refused(&sign("admin-1", None), 403, "not-your-role");
    let done = sign("mon-1", None);
    assert_eq!(done.status, 200, "{}", done.text);
    let (line, _) = house.check_receipt(&done.body["receipt"]);
    assert_eq!(line["data"]["due"], "2027-02-19");
    let then = house.get("mon-1", "/v1/rights");
    assert_eq!(
        (then.text_at("due"), then.text_at("reviewed")),
        ("2027-02-19", "2026-11-21T01:00:00.000Z")
    );
    house.trail_is(["refused signature-needed", "refused not-your-role", "access-reviewed"]);
}
