//! What becomes of a participant, on pages: records with their mistakes, stops and what lifts them, corrections beside
//! what was said first.

use crate::browser::{Browser, Shown};
use crate::frame::stage;
use crate::walk::ready;
use klero::cli::stage::{Stage, password, signature};
use serde_json::json;

/// A randomised participant: the record's page, and the code.
fn randomised(stage: &Stage, number: &str) -> (String, String) {
    let there = ready(stage, number);
    let body = json!({"signature": signature("c-rjs", "randomise")});
    let made = stage.act("c-rjs", "POST", &format!("/v1{there}/allocation"), body);
    assert_eq!(made.status, 201, "{}", made.text);
    (there, made.text_at("code").to_owned())
}

fn sign(browser: &mut Browser<'_>, page: &Shown, who: &str, fields: &[(&str, &str)]) -> Shown {
    let password = password(who);
    let all: Vec<_> = fields.iter().copied().chain([("password", password.as_str())]).collect();
    browser.press(page, &all)
}

// shows: DI-8, AC-3
#[test]
fn a_stop_is_signed_seen_and_lifted_by_an_investigator_alone_in_both_languages() {
    let stage = stage();
    let words = [("en", "RJS-018", "treatment ended"), ("zh-CN", "RJS-019", "已终止治疗")];
    for (language, number, ended) in words {
        let (there, code) = randomised(&stage, number);
        let mut coordinator = Browser::signed_in(&stage, language, "c-rjs");
        let page = coordinator.get(&there);
        assert!(page.links().contains(&format!("{there}/stop")));
        assert!(!page.links().contains(&format!("{there}/resume")), "not the coordinator's");
        assert!(!page.links().contains(&format!("{there}/infusion")), "nothing is prepared");
        let form = coordinator.get(&format!("{there}/stop"));
        let day = [("day.year", "2026"), ("day.month", "11"), ("day.day", "21")];
        let future = [("day.year", "2026"), ("day.month", "11"), ("day.day", "22")];
        let rest = [("reason", "pregnancy"), ("follow-up", "yes"), ("note", "an invented note")];
        let wrong = sign(&mut coordinator, &form, "c-rjs", &[&rest[..], &future[..]].concat());
        assert_eq!(wrong.status, 422);
        assert!(wrong.html.contains("an invented note"), "what was typed stays");
        assert!(wrong.html.contains("id=\"day-error\""), "{}", wrong.html);
        let done = sign(&mut coordinator, &wrong, "c-rjs", &day);
        assert_eq!((done.status, done.path.as_str()), (200, there.as_str()), "{}", done.html);
        assert!(done.html.contains(&format!("<span class=\"state\">{ended}</span>")));
        assert!(done.html.contains("<q>an invented note</q>"), "{}", done.html);
        let body = json!({"code": code, "identifier": "DEMO", "visit": "V1"});
        let refused = stage.act("p-rjs", "POST", "/v1/preparations", body);
        assert_eq!(refused.text_at("code"), "treatment-ended");
        let mut investigator = Browser::signed_in(&stage, language, "i-rjs");
        let form = investigator.get(&format!("{there}/resume"));
        let lifted = sign(&mut investigator, &form, "i-rjs", &[("note", "looked at again")]);
        assert!(!lifted.html.contains(&format!("<span class=\"state\">{ended}</span>")));
    }
}

// shows: AL-9, AT-1 (old and new value)
#[test]
fn a_correction_begins_with_the_answers_as_they_stand_and_shows_both_afterwards() {
    let stage = stage();
    let (there, code) = randomised(&stage, "RJS-017");
    let mut browser = Browser::signed_in(&stage, "en", "c-rjs");
    let ask = browser.get(&format!("{there}/change"));
    assert!(ask.html.contains("nothing is undone"), "{}", ask.html);
    let check = browser.press(&ask, &[]);
    let links = check.links();
    let change = links.iter().find(|link| link.ends_with("/change#sledai"));
    let change = change.expect("each answer can be changed").split('#').next().unwrap().to_owned();
    let page = browser.get(&change);
    let check = browser.press(&page, &[("sledai", "5")]);
    assert!(check.path.ends_with("/check"), "{}", check.html);
    let bare = sign(&mut browser, &check, "c-rjs", &[]);
    assert_eq!(bare.status, 422, "why it was wrong must be said");
    assert!(bare.html.contains("id=\"why-error\""), "{}", bare.html);
    let named = sign(&mut browser, &bare, "c-rjs", &[("why", "they are on belimumab")]);
    assert_eq!(named.status, 422, "no treatment is named");
    let done = sign(&mut browser, &named, "c-rjs", &[("why", "misread")]);
    assert_eq!((done.status, done.path.as_str()), (200, there.as_str()), "{}", done.html);
    let table = done.html.split("Corrected answers").nth(1).expect("a table of what changed");
    let table = table.split("</table>").next().unwrap();
    assert!(table.contains("SELENA-SLEDAI") && table.contains(">5"), "{table}");
    assert_eq!(table.matches("<tr>").count(), 3, "the head, the score, the level: {table}");
    let kept = stage.get("c-rjs", &format!("/v1{there}/allocation"));
    assert_eq!(
        (kept.text_at("code"), kept.text_at("stratum")),
        (code.as_str(), "renji-south/lldas")
    );
}

// shows: EU-11
#[test]
fn everybody_can_report_an_accident_and_is_told_what_to_do_next() {
    let stage = stage();
    for who in ["c-rjs", "i-rjs", "p-rjs", "hot-1", "stat-1", "mon-1", "spon-1", "admin-1"] {
        let mut browser = Browser::signed_in(&stage, "en", who);
        assert!(browser.get("/").links().contains(&"/accident".to_owned()), "{who}");
        let form = browser.get("/accident");
        let said = [
            ("knowledge", "group-figures"),
            ("source", "report"),
            ("day.year", "2026"),
            ("day.month", "11"),
            ("day.day", "21"),
            ("who", "an invented reader"),
            ("contained", "it was deleted"),
            ("impact", "none"),
        ];
        let done = sign(&mut browser, &form, who, &said);
        assert_eq!((done.status, done.path.as_str()), (200, "/accident/recorded"), "{}", done.html);
        assert!(done.html.contains("Tell the sponsor"));
    }
}

// shows: DI-11, DI-6
#[test]
fn an_infusion_waits_on_the_home_page_until_it_is_recorded() {
    let stage = stage();
    let (there, code) = randomised(&stage, "RJS-017");
    let mut browser = Browser::signed_in(&stage, "en", "c-rjs");
    let waits = format!("{there}/infusion");
    assert!(!browser.get("/").links().contains(&waits));
    let body = json!({"code": code, "identifier": "DEMO", "visit": "V1"});
    assert_eq!(stage.act("p-rjs", "POST", "/v1/preparations", body).status, 201);
    assert!(browser.get("/").links().contains(&waits));
    let form = browser.get(&waits);
    assert!(form.html.contains("2026-11-21 17:00"), "eight hours from the release: {}", form.html);
    let said = [
        ("visit", "V1"),
        ("started.year", "2026"),
        ("started.month", "11"),
        ("started.day", "21"),
        ("started.time", "09:00"),
        ("ended.year", "2026"),
        ("ended.month", "11"),
        ("ended.day", "21"),
        ("ended.time", "09:00"),
        ("volume", "250"),
        ("interrupted", "no"),
        ("reaction", "no"),
    ];
    let done = sign(&mut browser, &form, "c-rjs", &said);
    assert_eq!(done.path, there, "{}", done.html);
    assert!(!browser.get("/").links().contains(&waits), "nothing waits any more");
}
