//! The pages about drills: the light at home and on the health page, the list, and the page with keys; never a treatment.

use crate::browser::{Browser, plain};
use crate::frame::stage_with;
use klero::cli::stage::{Play, opening_day};
use klero::clock::FixedClock;
use std::sync::Arc;

const ARMS: [&str; 4] = ["belimumab", "贝利尤", "saline", "placebo"];

// shows: EU-18 (last result and age are on the health page), AC-8
#[test]
fn the_lights_say_how_long_ago_each_road_was_proven_in_words_and_both_languages() {
    let clock = Arc::new(FixedClock::at(opening_day()));
    let service = stage_with(|play: &mut Play| play.clock = clock.clone());
    service.import_drills();
    let home = Browser::signed_in(&service, "en", "hot-1").get("/");
    assert!(plain(&home.html).contains("a drill is long due, no drill was ever passed"));
    assert!(home.links().contains(&"/drill".to_owned()) && home.html.contains("class=\"light red"));
    assert!(service.drill("hot-1") && service.drill("i-hsh"));
    for who in ["mon-1", "admin-1"] {
        let health = plain(&Browser::signed_in(&service, "en", who).get("/health").html);
        assert!(health.contains("Hotline: in order, last passed today"), "{who}: {health}");
        assert!(health.contains("long due, no drill was ever passed"), "{who}");
    }
    let health = Browser::signed_in(&service, "en", "c-rjs").get("/health");
    assert!(!health.html.contains("class=\"light "), "a coordinator reads no drills");
    assert!(!Browser::signed_in(&service, "en", "p-rjs").get("/").html.contains("/drill"));
    clock.step(29 * 24 * 60 * 60);
    let home = plain(&Browser::signed_in(&service, "zh-CN", "hot-1").get("/").html);
    assert!(home.contains("应当演练，上次通过：29 天前"), "{home}");
    let own = plain(&Browser::signed_in(&service, "en", "i-hsh").get("/").html);
    assert!(own.contains("a drill is due, last passed 29 days ago"), "{own}");
}

// shows: EU-18, RP-4
#[test]
fn who_drilled_when_how_fast_and_how_it_went_is_listed_for_those_who_may_read_it() {
    let service = stage_with(|_| {});
    let mut monitor = Browser::signed_in(&service, "en", "mon-1");
    assert!(plain(&monitor.get("/drills").html).contains("There were no drills yet."));
    service.import_drills();
    assert!(service.drill("i-hsh"));
    let listed = monitor.get("/drills");
    let text = plain(&listed.html);
    assert!(text.contains("i-hsh") && text.contains("passed in 0 seconds") && text.contains("1/1"));
    assert!(!ARMS.iter().any(|arm| listed.html.contains(arm)));
    let mut elsewhere = Browser::signed_in(&service, "en", "i-rjs");
    assert!(!elsewhere.get("/drills").html.contains("i-hsh"));
    for who in ["c-hsh", "p-hsh", "spon-1", "stat-1"] {
        assert_eq!(Browser::signed_in(&service, "en", who).get("/drills").status, 403, "{who}");
        assert_eq!(Browser::signed_in(&service, "en", who).get("/drill").status, 403, "{who}");
    }
    let mut trail = Browser::signed_in(&service, "en", "mon-1");
    let told = plain(&trail.get("/trail").html);
    assert!(told.contains("began a drill with training code") && told.contains("passed the drill"));
}

// shows: CO-1, SG-8
#[test]
fn the_page_of_a_drill_is_striped_says_what_is_missing_and_holds_no_treatment_and_no_code() {
    let service = stage_with(|_| {});
    let mut hotline = Browser::signed_in(&service, "en", "hot-1");
    let page = hotline.get("/drill");
    assert!(
        page.html.contains("stripe training") && page.html.contains("klero list import --drill")
    );
    service.import_drills();
    let page = hotline.get("/drill");
    assert!(plain(&page.html).contains("Begin the drill"));
    assert!(!ARMS.iter().any(|arm| page.html.contains(arm)));
    assert!(page.header("content-security-policy").unwrap().contains("script-src 'self'"));
}
