//! How fast one account may ask: counted by account, never by address, and never for who may have to break a code.

use crate::house::House;
use klero::limits::{PACE_AT_ONCE, PACE_PER_SECOND};
use klero::service::pace::Pace;

const MINE: &str = "/v1/sessions/mine";

fn ask(house: &House, who: &str, times: i64) -> Vec<u16> {
    (0..times).map(|_| house.stage.get(who, MINE).status).collect()
}

// shows: AC-1
#[test]
fn an_account_that_asks_too_fast_waits_and_nobody_else_does() {
    let house = House::raise_with(|play| play.pace = Pace::Limited);
    // What arranging the stage took has been given back.
    house.clock.step(60);
    assert!(ask(&house, "c-rjs", PACE_AT_ONCE).iter().all(|status| *status == 200));
    let reply = house.get("c-rjs", MINE);
    assert_eq!((reply.status, reply.text_at("code")), (429, "slow-down"));
    let wait = reply.headers.iter().find(|(name, _)| name == "retry-after");
    assert_eq!(wait.unwrap().1, "1");
    let cookie = format!("klero={}", house.stage.token("c-rjs"));
    let headers = [("cookie", cookie.as_str()), ("accept", "text/html")];
    let page = house.stage.send("GET", "/health", &headers, None);
    assert_eq!(page.status, 429, "pages are asked for by the same account");
    assert!(page.headers.contains(&("retry-after".to_owned(), "1".to_owned())));
    assert!(!page.text.contains("type=\"password\""), "it does not look like being signed out");
    // From the same address.
    for other in ["c-hsh", "mon-1", "admin-1"] {
        assert_eq!(ask(&house, other, 3), [200, 200, 200], "{other}");
    }
    house.clock.step(1);
    let then = ask(&house, "c-rjs", PACE_PER_SECOND + 1);
    let (last, passed) = then.split_last().unwrap();
    assert!(passed.iter().all(|status| *status == 200) && *last == 429, "{then:?}");
    house.trail_is([]);
}

// shows: EU-1, AC-1 (in an emergency nobody is slowed down)
#[test]
fn who_may_have_to_break_a_code_is_never_slowed_down() {
    let house = House::raise_with(|play| play.pace = Pace::Limited);
    for who in ["hot-1", "i-rjs"] {
        let all = ask(&house, who, 2 * PACE_AT_ONCE);
        assert!(all.iter().all(|status| *status == 200), "{who}");
    }
    house.trail_is([]);
}
