//! The hotline's pages for codes that were opened without the service: a kit's record, a letter, and the incident.

use crate::browser::{Browser, plain};
use crate::frame::stage;
use klero::cli::stage::password;
use klero::domain::ids::PersonId;
use klero::sealing::offline_record::OfflineRecord;

fn strs<'f>(fields: &'f [(&'static str, String)]) -> Vec<(&'f str, &'f str)> {
    fields.iter().map(|(name, text)| (*name, text.as_str())).collect()
}

// shows: EU-12
#[test]
fn the_hotline_pastes_a_record_and_finds_the_code_break_it_became() {
    let stage = stage();
    let reference = stage.screen_eligible(0, 1, true);
    let code = stage.randomise(0, &reference).text_at("code").to_owned();
    let record = OfflineRecord {
        code: klero::domain::ids::Code::parse(&code).unwrap(),
        at: stage.house().clock.now().plus_seconds(-60),
        by: PersonId::parse("hot-1").unwrap(),
        reason: "an invented emergency".to_owned(),
        fits: true,
    };
    let record = record.sign(&stage.identities["hot-1"]).unwrap().to_json();
    let mut browser = Browser::signed_in(&stage, "en", "hot-1");
    assert!(browser.get("/").links().contains(&"/breaks/import".to_owned()));
    let form = browser.get("/breaks/import");
    let slip = browser.press(&form, &[("record", "{}"), ("password", "x")]);
    assert!(slip.status == 422 && slip.field_says("record", "not the record that klero open"));
    let word = password("hot-1").to_string();
    let typed = [
        ("record", format!("{record}\n")),
        ("category", "sae-management".to_owned()),
        ("password", word),
    ];
    let done = browser.press(&slip, &strs(&typed));
    assert!(done.status == 200 && done.path.starts_with("/breaks/"), "{} {}", done.path, done.html);
    let told = plain(&done.html);
    assert!(told.contains("from the kit") && told.contains("RJS-001"), "{told}");
    assert!(!done.html.contains("an invented emergency"), "why is not on it");
    let chinese = Browser::signed_in(&stage, "zh-CN", "mon-1").get("/breaks").html;
    assert!(chinese.contains("服务之外"), "{chinese}");
    let trail = Browser::signed_in(&stage, "en", "mon-1").get("/trail/kind/breaks").html;
    assert!(plain(&trail).contains("without the service"), "{trail}");
    for who in ["i-rjs", "mon-1", "stat-1", "c-rjs"] {
        let mut other = Browser::signed_in(&stage, "en", who);
        assert_eq!(other.get("/breaks/import").status, 403, "{who}");
    }
}

// shows: EU-12, CO-2
#[test]
fn a_letters_form_keeps_what_was_typed_and_a_code_of_nobody_leads_to_the_incident() {
    let stage = stage();
    let rows = stage.study.list.rows().iter();
    let code = rows.filter(|row| row.stratum.as_str() == "huashan/lldas").nth(5).unwrap().code;
    let mut browser = Browser::signed_in(&stage, "zh-CN", "hot-1");
    let form = browser.get("/breaks/letter");
    let at = stage.house().trial.zone.minute(stage.house().clock.now().plus_seconds(-600));
    let (day, time) = at.split_once('T').unwrap();
    let mut date = day.split('-').map(str::to_owned);
    let mut next = || date.next().unwrap();
    let mut typed = vec![
        ("serial", "7".to_owned()),
        ("code", code.grouped()),
        ("by", "i-hsh".to_owned()),
        ("at.year", next()),
        ("at.month", next()),
        ("at.day", next()),
        ("at.time", time.to_owned()),
        ("why", "服务中断".to_owned()),
        ("category", "pregnancy".to_owned()),
        ("password", password("hot-1").to_string()),
    ];
    let slip = browser.press(&form, &strs(&typed));
    assert!(slip.status == 422 && slip.field_says("serial", "huashan-0-0007-A"), "{}", slip.html);
    assert!(slip.html.contains("服务中断") && slip.html.contains("value=\"i-hsh\""));
    typed[0].1 = "huashan-0-0003-B".to_owned();
    let done = browser.press(&slip, &strs(&typed));
    assert_eq!((done.status, done.path.as_str()), (200, "/breaks/incident"), "{}", done.html);
    assert!(done.html.contains("此编码未发放"));
    let trail = Browser::signed_in(&stage, "en", "mon-1").get("/trail/kind/breaks").html;
    assert!(plain(&trail).contains("an incident") && !trail.contains("服务中断"), "{trail}");
}
