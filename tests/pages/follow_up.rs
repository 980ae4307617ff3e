//! The pages about a code break afterwards: start pages that say what is due, the record, its closure, planned safety
//! unblindings. No page of the service says a treatment.

use crate::browser::{Browser, plain};
use crate::frame::{Service, stage_with};
use klero::cli::stage::{Play, opening_day, password, signature};
use klero::clock::FixedClock;
use serde_json::json;
use std::sync::Arc;

/// A service on which the hotline broke a code, and the clock it goes by.
fn broken() -> (Service, Arc<FixedClock>, String) {
    let clock = Arc::new(FixedClock::at(opening_day()));
    let service = stage_with(|play: &mut Play| play.clock = clock.clone());
    let reference = service.screen_eligible(0, 1, true);
    assert_eq!(service.randomise(0, &reference).status, 201);
    let released = break_code(&service, "hot-1");
    (service, clock, released)
}

fn break_code(service: &Service, who: &str) -> String {
    let body = json!({"participant": "RJS-001", "requester": "Demo physician", "callBack": "000",
                      "category": "sae-management", "whatHappened": "invented", "depends": true,
                      "signature": signature(who, "break-code")});
    let told = service.act(who, "POST", "/v1/breaks", body);
    assert_eq!(told.status, 201, "{}", told.text);
    told.text_at("reference").to_owned()
}

const ANSWERS: [(&str, &str); 9] = [
    ("serious", "yes"),
    ("severity", "severe"),
    ("related-before", "possible"),
    ("treatment", "stopped"),
    ("goes-on", "yes"),
    ("knows", "the treating physician, 09:20, for care"),
    ("stays-blind", "everybody else"),
    ("in-line", "yes"),
    ("impact", "none for the endpoint"),
];

fn signed(who: &str, answers: &[(&'static str, &str)]) -> Vec<(&'static str, String)> {
    let answers = answers.iter().map(|(name, text)| (*name, (*text).to_owned()));
    answers.chain([("password", password(who).to_string())]).collect()
}

fn strs<'f>(fields: &'f [(&'static str, String)]) -> Vec<(&'f str, &'f str)> {
    fields.iter().map(|(name, text)| (*name, text.as_str())).collect()
}

// shows: EU-9, EU-10
#[test]
fn an_investigator_finds_the_record_that_is_due_writes_it_and_closes_the_break() {
    let (service, _, released) = broken();
    let mut investigator = Browser::signed_in(&service, "en", "i-rjs");
    let home = investigator.get("/");
    let there = format!("/breaks/{released}/follow-up");
    assert!(plain(&home.html).contains("due by 2026-11-22") && home.links().contains(&there));
    let form = investigator.get(&there);
    let lacking: Vec<_> = ANSWERS.into_iter().filter(|(name, _)| *name != "impact").collect();
    let fields = signed("i-rjs", &lacking);
    let again = investigator.press(&form, &strs(&fields));
    assert_eq!(again.status, 422);
    assert!(again.field_says("impact", "This is needed"));
    assert!(again.html.contains("everybody else"), "what was typed stays");
    let fields = signed("i-rjs", &ANSWERS);
    let one = investigator.press(&again, &strs(&fields));
    assert_eq!(one.path, format!("/breaks/{released}"));
    for said in ["record written", "Severe", "none for the endpoint", "the treating physician"] {
        assert!(plain(&one.html).contains(said), "{said}");
    }
    assert!(!one.title().contains("RJS-001"));
    // Written again, it begins with what was written.
    let (_, standing) = investigator.get(&there).form();
    assert!(standing.contains(&("severity".to_owned(), "severe".to_owned())));
    assert!(standing.contains(&("impact".to_owned(), "none for the endpoint".to_owned())));
    let close = investigator.get(&format!("/breaks/{released}/close"));
    assert!(plain(&close.html).contains("No device has confirmed"));
    let fields = signed(
        "i-rjs",
        &[("unconfirmed", "the battery was empty"), ("no-sealed-part", "nothing to add")],
    );
    let closed = investigator.press(&close, &strs(&fields));
    assert!(plain(&closed.html).contains("closed") && !closed.links().contains(&there));
    assert!(!plain(&investigator.get("/").html).contains("Record of B-"));
}

/// Something sealed about the break, as the hotline's device sends it: the service cannot read it.
fn sealed(service: &Service, released: &str) {
    let body = json!({"reference": released,
                      "record": {"record": "K7Q29MXT", "epoch": 1, "sealed": "00".repeat(4124)},
                      "signature": signature("hot-1", "seal-part")});
    let kept = service.act("hot-1", "POST", "/v1/sealed-parts", body);
    assert_eq!(kept.status, 201, "{}", kept.text);
}

// shows: EU-10
#[test]
fn a_closing_page_asks_why_something_is_missing_only_while_it_is_missing() {
    let (service, _, released) = broken();
    let mut investigator = Browser::signed_in(&service, "en", "i-rjs");
    let form = investigator.get(&format!("/breaks/{released}/follow-up"));
    investigator.press(&form, &strs(&signed("i-rjs", &ANSWERS)));
    let there = format!("/breaks/{released}/close");
    let missing = "No sealed part was written";
    let close = investigator.get(&there);
    assert!(plain(&close.html).contains(missing) && close.html.contains("name=\"no-sealed-part\""));
    sealed(&service, &released);
    let close = investigator.get(&there);
    assert!(!plain(&close.html).contains(missing));
    assert!(!close.html.contains("no-sealed-part") && close.html.contains("name=\"unconfirmed\""));
    let fields = signed("i-rjs", &[("unconfirmed", "the battery was empty")]);
    let closed = investigator.press(&close, &strs(&fields));
    assert_eq!(closed.path, format!("/breaks/{released}"), "{}", closed.html);
    assert!(plain(&closed.html).contains("closed"));
}

// shows: EU-9
#[test]
fn a_record_that_is_late_is_said_to_the_monitor_at_the_start_and_counted_on_the_page_of_health() {
    let (service, clock, released) = broken();
    let reference = format!("B-{}-{}", &released[..4], &released[4..]);
    clock.step(24 * 60 * 60 + 60);
    for (who, language, said) in [
        ("mon-1", "en", format!("{reference} is overdue since 2026-11-22")),
        ("i-rjs", "zh-CN", format!("{reference} 的后续记录自 2026-11-22")),
    ] {
        let mut browser = Browser::signed_in(&service, language, who);
        let home = browser.get("/").html;
        assert!(plain(&home).contains(&said) && home.contains("late-record"), "{who}");
        assert!(!home.contains("RJS-001"), "nobody is named, so that looking is no entry");
    }
    let mut monitor = Browser::signed_in(&service, "en", "mon-1");
    let entries = || service.house().health().expect("the store can be read").entries;
    let before = entries();
    monitor.get("/");
    let health = plain(&monitor.get("/health").html);
    assert!(health.contains("Records of code breaks that are overdue: 1."));
    assert!(!health.contains(&reference) && !health.contains("RJS-001"));
    assert_eq!(entries(), before);
    let page = monitor.get(&format!("/breaks/{released}")).html;
    assert!(plain(&page).contains("record overdue") && page.contains("RJS-001"));
    assert_eq!(entries(), before + 1, "reading about one is an entry");
    // Who has nothing to do with it reads nothing of it.
    for who in ["c-rjs", "p-rjs", "i-hsh", "stat-1"] {
        let mut other = Browser::signed_in(&service, "en", who);
        assert!(!other.get("/").html.contains("overdue"), "{who}");
        assert!(!other.get("/health").html.contains("overdue"), "{who}");
        assert!(other.get(&format!("/breaks/{released}")).status >= 400, "{who}");
    }
    // A sponsor reads how far it is, and none of the free text.
    let mut investigator = Browser::signed_in(&service, "en", "i-rjs");
    let form = investigator.get(&format!("/breaks/{released}/follow-up"));
    let fields = signed("i-rjs", &ANSWERS);
    assert_eq!(investigator.press(&form, &strs(&fields)).status, 200);
    let sponsor = Browser::signed_in(&service, "en", "spon-1").get(&format!("/breaks/{released}"));
    assert!(plain(&sponsor.html).contains("record written"));
    assert!(!sponsor.html.contains("the treating physician"));
}

// shows: EU-17, EU-16
#[test]
fn a_second_break_within_a_day_and_withdrawn_requests_stand_on_the_monitors_page() {
    let (service, _, _) = broken();
    break_code(&service, "hot-1");
    let left = json!({"participant": "RJS-001"});
    assert_eq!(service.act("hot-1", "POST", "/v1/breaks/leave", left).status, 200);
    let read = |who| plain(&Browser::signed_in(&service, "en", who).get("/breaks").html);
    let (monitor, sponsor, hotline) = (read("mon-1"), read("spon-1"), read("hot-1"));
    for said in ["second break by this person within a day", "second break at this centre"] {
        assert!(monitor.contains(said) && sponsor.contains(said), "{said}");
        assert!(!hotline.contains(said), "{said}");
    }
    let withdrawn = "Requests that were withdrawn, so that no code was broken: 1.";
    assert!(monitor.contains(withdrawn) && !sponsor.contains(withdrawn));
}

// shows: EU-7
#[test]
fn whoever_broke_a_code_is_told_that_they_know_it_and_nobody_else_is() {
    let (service, _, _) = broken();
    let page = |who: &str| {
        let mut browser = Browser::signed_in(&service, "en", who);
        let list = browser.get("/participants");
        let mut links = list.links().into_iter();
        let there = links.rfind(|link| link.len() == "/participants/".len() + 8);
        plain(&browser.get(&there.expect("a participant")).html)
    };
    let know = "You know this treatment";
    assert!(!page("i-rjs").contains(know), "the hotline broke it");
    break_code(&service, "i-rjs");
    assert!(page("i-rjs").contains(know));
    assert!(!page("c-rjs").contains(know) && !page("mon-1").contains(know));
}

// shows: EU-13
#[test]
fn a_planned_safety_unblinding_waits_on_the_hotlines_start_page_until_it_is_carried_out() {
    let (service, _, _) = broken();
    let mut sponsor = Browser::signed_in(&service, "en", "spon-1");
    let form = sponsor.get("/safety/plan");
    let fields = signed(
        "spon-1",
        &[
            ("participant", "rjs-001"),
            ("to-tell", "Dr Demo, safety officer"),
            ("why", "an expedited report"),
            ("report-due.year", "2026"),
            ("report-due.month", "12"),
            ("report-due.day", "1"),
        ],
    );
    let plans = sponsor.press(&form, &strs(&fields));
    assert_eq!(plans.path, "/safety", "{}", plans.html);
    assert!(plain(&plans.html).contains("waits for the hotline"));
    let mut hotline = Browser::signed_in(&service, "en", "hot-1");
    let home = plain(&hotline.get("/").html);
    assert!(home.contains("RJS-001") && home.contains("tell Dr Demo, safety officer"));
    assert!(home.contains("report due 2026-12-01"));
    let emergency = hotline.get("/emergency").html;
    assert!(emergency.contains("data-of=\"RJS-001\"") && emergency.contains("Dr Demo"));
    let mut investigator = Browser::signed_in(&service, "en", "i-rjs");
    assert!(!investigator.get("/emergency").html.contains("Dr Demo"));
    assert!(investigator.get("/safety").status >= 400);
}
