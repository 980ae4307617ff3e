//! The statistician's gauge: what is issued, void and left in each stratum, and until when it lasts at the pace so far.

use crate::house::{House, refused};
use serde_json::{Value, json};

const DAY: i64 = 24 * 60 * 60;

fn here(house: &House) -> Value {
    let strata = house.get("stat-1", "/v1/lists/strata").body;
    let all = strata["strata"].as_array().unwrap();
    all.iter().find(|stratum| stratum["stratum"] == "huashan/lldas").unwrap().clone()
}

// shows: SG-5, CO-3
#[test]
fn each_stratum_is_told_with_what_is_left_and_until_when_it_lasts() {
    let mut house = House::raise_with(|play| play.slots = 12);
    for number in 1..=3 {
        house.randomised(2, number, true);
    }
    let early = here(&house);
    assert_eq!((&early["left"], &early["low"]), (&json!(9), &json!(false)));
    assert_eq!(early["runsOut"], Value::Null, "on the first day");
    // The clock stood at 21 November; the window is 30 days long.
    house.clock.step(29 * DAY);
    house.stage.sign_in("stat-1");
    let told = here(&house)["runsOut"].clone();
    assert_eq!((&told["counted"], &told["days"]), (&json!(3), &json!(30)));
    // Nine at three in thirty days; Byar for three: 0.60 to 8.77.
    assert_eq!(told["likely"], "2027-03-20");
    assert_eq!(told["earliest"], "2027-01-20");
    assert_eq!(told["latest"], "2028-03-12");
    let nobody = house.get("stat-1", "/v1/lists/strata").body["strata"][0]["runsOut"].clone();
    assert_eq!((&nobody["counted"], &nobody["likely"]), (&json!(0), &Value::Null));
    assert!(nobody["earliest"].is_string() && nobody["latest"].is_null());
    house.so_far();
    for who in ["c-hsh", "mon-1", "spon-1", "admin-1"] {
        house.stage.sign_in(who);
        house.so_far();
        refused(&house.get(who, "/v1/lists/strata"), 403, "not-your-role");
        house.trail_is(["refused not-your-role"]);
    }
}
