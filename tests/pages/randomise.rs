//! From a record to a code: the investigator's signature, the check, the result that stays, the papers.

use crate::browser::Browser;
use crate::frame::stage;
use crate::walk::{changed, eligible, fill, ready};
use klero::cli::stage::{password, signature};
use serde_json::json;

// shows: AL-1, AL-13
#[test]
fn from_consent_to_code_without_scripts_in_both_languages() {
    let stage = stage();
    let words = [
        ("en", "RJS-018", "Sign and randomise", "is randomised"),
        ("zh-CN", "RJS-019", "签名并随机", "已完成随机"),
    ];
    for (language, number, button, heading) in words {
        let there = ready(&stage, number);
        let mut browser = Browser::signed_in(&stage, language, "c-rjs");
        assert!(browser.get("/").links().contains(&format!("{there}/randomise")));
        let check = browser.get(&format!("{there}/randomise"));
        assert!(check.html.contains(button) && check.html.contains(number), "{}", check.html);
        let wrong = browser.press(&check, &[("password", "not the password")]);
        assert_eq!(wrong.status, 422);
        let done = browser.sign(&wrong, "c-rjs", &[]);
        assert_eq!(done.path, format!("{there}/allocation"));
        assert!(done.html.contains(heading), "{}", done.html);
        let stored = stage.get("c-rjs", &format!("/v1{there}/allocation"));
        let code = stored.text_at("code");
        let grouped = format!("{} {} {}", &code[..3], &code[3..6], &code[6..]);
        assert!(done.html.contains(&format!("<bdi class=\"code\">{grouped}</bdi>")));
        assert!(done.html.contains(&spoken(language, code)), "{}", done.html);
        assert!(done.html.contains("UTC+8"));
    }
}

fn spoken(language: &str, code: &str) -> String {
    const EN: [&str; 10] =
        ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"];
    const ZH: [&str; 10] = ["洞", "幺", "两", "三", "四", "五", "六", "拐", "八", "勾"];
    let digits: Vec<usize> = code.bytes().map(|b| usize::from(b - b'0')).collect();
    let groups = [&digits[..3], &digits[3..6], &digits[6..]];
    let say = |words: &[&str], within: &str, between: &str| {
        let group = |group: &&[usize]| group.iter().map(|d| words[*d]).collect::<Vec<_>>();
        let groups: Vec<_> = groups.iter().map(|g| group(g).join(within)).collect();
        groups.join(between)
    };
    if language == "en" { say(&EN, " ", ", ") } else { say(&ZH, "", "，") }
}

// shows: I5
#[test]
fn a_second_press_a_second_tab_and_the_way_back_give_the_first_code() {
    let stage = stage();
    let there = ready(&stage, "RJS-017");
    let mut browser = Browser::signed_in(&stage, "en", "c-rjs");
    let check = browser.get(&format!("{there}/randomise"));
    let mut tab = browser.second_tab();
    let other = tab.get(&format!("{there}/randomise"));
    let first = browser.sign(&check, "c-rjs", &[]);
    let code = |html: &str| html.split("<bdi class=\"code\">").nth(1).unwrap()[..9].to_owned();
    for again in [browser.sign(&check, "c-rjs", &[]), tab.sign(&other, "c-rjs", &[])] {
        assert_eq!((code(&again.html), &again.path), (code(&first.html), &first.path));
    }
    for end in ["randomise", "allocation"] {
        let again = tab.get(&format!("{there}/{end}"));
        assert_eq!((again.status, code(&again.html)), (200, code(&first.html)), "{end}");
    }
    let trail = stage.get("mon-1", "/v1/trail?from=0&limit=200").text;
    assert_eq!(trail.matches("\\\"act\\\":\\\"randomised\\\"").count(), 1);
}

// shows: AL-1
#[test]
fn whatever_stands_in_the_way_is_a_page_in_words_before_a_password_is_asked_for() {
    let stage = stage();
    let mut browser = Browser::signed_in(&stage, "en", "c-rjs");
    let check = browser.enter(&eligible("RJS-017"));
    let there = browser.sign(&check, "c-rjs", &[]).path;
    let stop = browser.get(&format!("{there}/randomise"));
    assert!(stop.html.contains("The investigator has not signed eligibility yet"));
    assert!(!stop.html.contains("type=\"password\""));
    let check = browser.enter(&changed("RJS-018", &[("crcl", "59.9")]));
    assert!(check.html.contains("Not eligible.") && check.html.contains("Nobody can override"));
    let there = browser.sign(&check, "c-rjs", &[]).path;
    let stop = browser.get(&format!("{there}/randomise"));
    assert_eq!(stop.status, 422);
    assert!(stop.html.contains("Creatinine clearance 60 mL/min or more"), "{}", stop.html);
    assert_eq!(browser.get(&format!("{there}/allocation")).status, 404);
}

// shows: AL-1
#[test]
fn a_pause_stops_the_act_in_words_and_nothing_is_randomised() {
    let stage = stage();
    let there = ready(&stage, "RJS-017");
    let mut browser = Browser::signed_in(&stage, "zh-CN", "c-rjs");
    let check = browser.get(&format!("{there}/randomise"));
    let decide = |verb: &str| {
        let body = json!({"reason": "a storm", "centre": "renji-south",
                          "signature": signature("spon-1", "decide-recruitment")});
        let told = stage.act("spon-1", "POST", &format!("/v1/recruitment/{verb}"), body);
        assert_eq!(told.status, 200, "{}", told.text);
    };
    decide("pause");
    let stop = browser.sign(&check, "c-rjs", &[]);
    assert_eq!(stop.status, 409);
    assert!(stop.html.contains("入组已暂停") || stop.html.contains("已暂停入组"), "{}", stop.html);
    assert_eq!(browser.get(&format!("{there}/allocation")).status, 404);
    decide("open");
    let done = browser.sign(&check, "c-rjs", &[]);
    assert!(done.path.ends_with("/allocation"), "{}", done.html);
}

// shows: AL-7
#[test]
fn the_investigator_says_why_for_each_warning_and_for_somebody_alike() {
    let stage = stage();
    // Somebody alike at another centre: the number is not shown.
    stage.screen_eligible(1, 1, true);
    let mut coordinator = Browser::signed_in(&stage, "en", "c-rjs");
    let check = coordinator.enter(&changed("RJS-017", &[("ast", "90")]));
    assert!(check.html.contains("AST not above 2"), "the warning stands on the check");
    let there = coordinator.sign(&check, "c-rjs", &[]).path;
    let mut browser = Browser::signed_in(&stage, "en", "i-rjs");
    assert!(browser.get("/").links().contains(&format!("{there}/eligibility")));
    let page = browser.get(&format!("{there}/eligibility"));
    assert!(page.html.contains("a participant of another centre"));
    assert!(!page.html.contains("RJW-001"));
    let silent = browser.sign(&page, "i-rjs", &[]);
    assert_eq!(silent.status, 422);
    assert!(silent.field_says("anotherPerson", "Say why"), "{}", silent.html);
    let half = browser.sign(&silent, "i-rjs", &[("anotherPerson", "twins, seen today")]);
    assert!(half.field_says("E01-r", "Say why") && half.summary_says("Say why"));
    assert!(half.html.contains("twins, seen today"), "what was typed stays");
    let signed = browser.sign(&half, "i-rjs", &[("E01-r", "known haemolysis")]);
    assert_eq!(signed.path, there, "{}", signed.html);
    assert!(signed.html.contains("known haemolysis") && signed.html.contains("eligible, signed"));
    let mut second = Browser::signed_in(&stage, "en", "i-rjw");
    assert_eq!(second.get(&format!("{there}/eligibility")).status, 404);
}

// shows: AL-1
#[test]
fn a_record_that_was_read_before_it_changed_is_not_signed() {
    let stage = stage();
    let mut coordinator = Browser::signed_in(&stage, "en", "c-rjs");
    let check = coordinator.enter(&eligible("RJS-017"));
    let there = coordinator.sign(&check, "c-rjs", &[]).path;
    let mut browser = Browser::signed_in(&stage, "en", "i-rjs");
    let page = browser.get(&format!("{there}/eligibility"));
    let ask = coordinator.get(&format!("{there}/change"));
    let check = coordinator.press(&ask, &[]);
    assert!(check.path.ends_with("/check") && check.html.contains("withdraws"));
    let draft = check.path.trim_end_matches("/check");
    let laboratory = coordinator.get(&format!("{draft}/laboratory/change"));
    let typed = fill(&laboratory, &changed("RJS-017", &[("weight", "61")]));
    let check = coordinator.press_typed(&laboratory, &typed);
    assert!(check.html.contains("61 kg"));
    assert!(!coordinator.get(&format!("{draft}/identity")).html.contains("enrolment_number"));
    assert_eq!(coordinator.sign(&check, "c-rjs", &[]).path, there);
    let stale = browser.sign(&page, "i-rjs", &[]);
    assert_eq!(stale.status, 412);
    assert!(stale.html.contains("Someone changed this while you were reading"));
    let page = browser.get(&format!("{there}/eligibility"));
    assert!(page.html.contains("61 kg"));
    assert_eq!(browser.sign(&page, "i-rjs", &[]).path, there);
    // A change after the signature withdraws it.
    let ask = coordinator.get(&format!("{there}/change"));
    assert!(ask.html.contains("withdraws the investigator&#39;s signature"), "{}", ask.html);
    let check = coordinator.press(&ask, &[]);
    let again = coordinator.sign(&check, "c-rjs", &[]);
    assert!(again.html.contains("entered, eligible"), "{}", again.html);
    let stop = coordinator.get(&format!("{there}/randomise"));
    assert!(stop.html.contains("has not signed eligibility yet"));
}

#[test]
fn a_record_is_sent_back_with_a_note_and_a_signature_of_its_own() {
    let stage = stage();
    let there = ready(&stage, "RJS-017");
    let mut browser = Browser::signed_in(&stage, "en", "i-rjs");
    let page = browser.get(&format!("{there}/send-back"));
    assert!(!page.html.contains("I confirm that this participant is eligible"));
    let silent = browser.sign(&page, "i-rjs", &[]);
    assert!(silent.field_says("sendBack", "Say why"), "{}", silent.html);
    let sent = browser.sign(&silent, "i-rjs", &[("sendBack", "the laboratory day is wrong")]);
    assert_eq!(sent.path, there, "{}", sent.html);
    assert!(sent.html.contains("entered, eligible"));
    let mut coordinator = Browser::signed_in(&stage, "en", "c-rjs");
    let read = coordinator.get(&there);
    assert!(read.html.contains("the laboratory day is wrong"), "{}", read.html);
    assert!(!stage.get("mon-1", "/v1/trail?from=0&limit=200").text.contains("laboratory day"));
    let ask = coordinator.get(&format!("{there}/change"));
    let check = coordinator.press(&ask, &[]);
    let changed = coordinator.sign(&check, "c-rjs", &[]);
    assert!(!changed.html.contains("the laboratory day is wrong"), "it was answered");
}

// shows: EU-7
#[test]
fn the_monitor_reads_every_centre_and_finds_nothing_to_press() {
    let stage = stage();
    let there = ready(&stage, "RJS-017");
    stage.screen_eligible(1, 1, true);
    let mut browser = Browser::signed_in(&stage, "en", "mon-1");
    let list = browser.get("/participants");
    assert!(list.html.contains("RJS-017") && list.html.contains("RJW-001"));
    let found = browser.press(&list, &[("number", " rjs-017 ")]);
    assert_eq!(found.path, there);
    assert!(!found.html.contains("class=\"button\"") && found.html.contains("eligible, signed"));
    assert_eq!(browser.press(&list, &[("number", "RJS-999")]).status, 404);
    for end in ["randomise", "eligibility", "change"] {
        assert_eq!(browser.get(&format!("{there}/{end}")).status, 403, "{end}");
    }
    let mut other = Browser::signed_in(&stage, "en", "c-rjw");
    let own = other.get("/participants");
    assert!(!own.html.contains("RJS-017") && own.html.contains("RJW-001"));
    assert_eq!(other.get(&there).status, 404);
}

#[test]
fn papers_hold_what_is_printed_and_the_label_is_the_pharmacists() {
    let stage = stage();
    let there = ready(&stage, "RJS-017");
    let mut browser = Browser::signed_in(&stage, "en", "c-rjs");
    let check = browser.get(&format!("{there}/randomise"));
    browser.sign(&check, "c-rjs", &[]);
    let stored = stage.get("c-rjs", &format!("/v1{there}/allocation"));
    let code = stored.text_at("code").to_owned();
    let grouped = format!("{} {} {}", &code[..3], &code[3..6], &code[6..]);
    let sheet = browser.get(&format!("{there}/sheet"));
    for held in ["RJS-017", &grouped, "1988-01-01", "Demo i-rjs", "Page 1 of 1", "checkpoint"] {
        assert!(sheet.html.contains(held), "{held}: {}", sheet.html);
    }
    let card = browser.get(&format!("{there}/card"));
    assert_eq!(card.html.matches("<svg").count(), 9, "eight cards, and the mark above");
    assert!(card.html.contains(&grouped) && !card.html.contains("1988"));
    let label = format!("{there}/label");
    assert_eq!(browser.get(&label).status, 403);
    let mut pharmacist = Browser::signed_in(&stage, "zh-CN", "p-rjs");
    assert_eq!(pharmacist.get(&label).status, 409, "nothing was released yet");
    let body = json!({"code": code, "identifier": "DEMO", "visit": "V1"});
    let released = stage.act("p-rjs", "POST", "/v1/preparations", body);
    assert_eq!(released.status, 201, "{}", released.text);
    let shown = pharmacist.get(&label);
    assert!(shown.html.contains(&grouped) && shown.html.contains("访视 V1"), "{}", shown.html);
    assert!(shown.html.contains("请于 2026-11-21 17:00 UTC+8 前输注完毕"), "{}", shown.html);
    let visits = browser.get(&there);
    assert!(visits.html.contains("prepared 2026-11-21"), "{}", visits.html);
    assert!(!password("p-rjs").is_empty());
}
