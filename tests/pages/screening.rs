//! The coordinator's form: made from the configuration, kept as a draft, refused field by field, signed once.

use crate::browser::{Browser, Shown, plain};
use crate::frame::{stage, stage_with};
use crate::walk::{Typed, changed, eligible, fill};
use klero::cli::stage::{TRIAL, password};
use serde_json::Value;

/// A wrong answer: the page, what is typed there, the field, and what is said in both languages.
type Wrong<'w> = (&'w str, &'w [(&'w str, &'w str)], &'w str, [&'w str; 2]);

const WRONG: [Wrong<'_>; 20] = [
    ("identity", &[("initials", "")], "initials", ["This is needed", "此项必填"]),
    (
        "identity",
        &[("enrolment_number", "17")],
        "enrolment_number",
        ["Enter RJS- and three digits", "请填写 RJS- 加三位数字"],
    ),
    (
        "identity",
        &[("initials", "ZX")],
        "initials",
        ["Enter 4 letters; fill a missing one with -", "请填写 4 个字母，不足处填 -"],
    ),
    (
        "identity",
        &[("initials", "张三")],
        "initials",
        [
            "Enter letters, not the name or an identity number",
            "请填写字母缩写，不要填写姓名或身份证号",
        ],
    ),
    (
        "identity",
        &[("birth_date.year", "2030")],
        "birth_date",
        ["The date must not be in the future", "日期不能晚于今天"],
    ),
    (
        "identity",
        &[("birth_date.month", "")],
        "birth_date",
        ["Enter a date as year-month-day", "请按“年-月-日”填写"],
    ),
    (
        "consent",
        &[("consent_signed_at.time", "25:00")],
        "consent_signed_at",
        ["Enter day and time", "请填写日期和时间"],
    ),
    (
        "consent",
        &[("consent_signed_at.year", "2020")],
        "consent_version",
        ["This form version was not approved here on that day", "该版本当日未在本中心获批"],
    ),
    (
        "screening",
        &[("screening_date.day", "19")],
        "screening_date",
        ["Date of screening must not be before Signed on, at", "筛选日期不能早于签署日期和时间"],
    ),
    (
        "screening",
        &[("slicc_clinical", "12")],
        "slicc_clinical",
        ["must be a number from 0 to 11", "应为 0 至 11 的数值"],
    ),
    (
        "screening",
        &[("slicc_clinical", "")],
        "slicc_clinical",
        ["Answer this, or save and come back later", "请回答此项，或保存后稍后继续"],
    ),
    (
        "screening",
        &[("slicc_clinical.unsure", "not-sure")],
        "slicc_clinical",
        ["Give the answer, or tick the box beside it, not both", "二者只选其一"],
    ),
    (
        "treatment",
        &[("prednisone", "7,5")],
        "prednisone",
        ["Enter a number in digits", "请填写数字"],
    ),
    (
        "treatment",
        &[("prednisone", "7.555")],
        "prednisone",
        ["Enter at most this many decimals: 2", "小数位数最多为 2 位"],
    ),
    ("treatment", &[("prednisone", "65")], "prednisone", ["above 60 is unusual", "高于 60 较少见"]),
    (
        "treatment",
        &[("background", "none"), ("background", "hydroxychloroquine")],
        "background",
        ["Choose either none or one of the others", "“无”与其他选项不能同时选择"],
    ),
    (
        "treatment",
        &[("background_other", "a drug")],
        "background_other",
        ["This is asked only after another answer. Leave it out", "请留空"],
    ),
    (
        "activity",
        &[("activity_by", "tel 13912345678901")],
        "activity_by",
        ["Leave out identity and telephone numbers", "请勿填写身份证号或电话号码"],
    ),
    (
        "activity",
        &[("previous_on.year", "2026"), ("previous_on.month", "11"), ("previous_on.day", "20")],
        "previous_on",
        ["must not be before", "不能早于"],
    ),
    (
        "history",
        &[("zoster_last.year", "2027")],
        "zoster_last",
        ["Give the answer, or tick the box beside it", "二者只选其一"],
    ),
];

fn with(page: &Shown, answers: &Value, wrong: &[(&str, &str)]) -> Typed {
    let mut typed = fill(page, answers);
    typed.retain(|(name, _)| !wrong.iter().any(|(field, _)| field == name));
    typed.extend(wrong.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())));
    typed
}

/// Is every text that was typed on the page still in its form?
fn keeps(page: &Shown, typed: &[(&str, &str)]) -> bool {
    let (_, standing) = page.form();
    typed.iter().all(|(name, text)| {
        standing.iter().any(|(field, value)| field == name && value == text)
            || (*name == "enrolment_number" && page.html.contains(text))
    })
}

// shows: EU-4
#[test]
fn a_wrong_answer_is_told_beside_its_field_and_above_and_stays_as_it_was_typed() {
    let stage = stage();
    for (language, place) in [("en", 0), ("zh-CN", 1)] {
        let mut browser = Browser::signed_in(&stage, language, "c-rjs");
        let right = eligible("RJS-017");
        let mut page = browser.begin();
        while !page.path.ends_with("/check") {
            let here = page.path.rsplit('/').next().unwrap().to_owned();
            for (_, wrong, field, words) in WRONG.iter().filter(|(page, ..)| *page == here) {
                let shown = browser.press_typed(&page, &with(&page, &right, wrong));
                assert_eq!(shown.status, 422, "{here} {wrong:?}");
                let plain = Shown { html: plain(&shown.html), ..shown.clone() };
                assert!(plain.field_says(field, words[place]), "{wrong:?}: {}", shown.html);
                assert!(plain.summary_says(words[place]), "{wrong:?}: {}", shown.html);
                assert!(shown.html.contains(&format!("href=\"#{field}\"")), "{wrong:?}");
                let typed: Vec<_> = wrong.iter().filter(|(_, t)| !t.is_empty()).copied().collect();
                assert!(keeps(&shown, &typed), "{wrong:?}: {}", shown.html);
            }
            page = browser.press_typed(&page, &with(&page, &right, &[]));
            assert_eq!(page.status, 200, "{}", page.html);
        }
    }
}

#[test]
fn an_unusual_value_is_taken_once_it_is_confirmed_and_another_one_is_asked_about_again() {
    let stage = stage();
    let mut browser = Browser::signed_in(&stage, "en", "c-rjs");
    let answers = changed("RJS-017", &[("alt", "600")]);
    let mut page = browser.begin();
    while !page.path.ends_with("/laboratory") {
        page = browser.press_typed(&page, &fill(&page, &answers));
    }
    let asked = browser.press_typed(&page, &fill(&page, &answers));
    assert!(asked.field_says("alt", "is unusual"));
    assert!(asked.html.contains("It is right: 600"));
    assert!(!asked.html.contains("name=\"alt.confirmed\" value=\"600\" checked"));
    let other = with(&asked, &changed("RJS-017", &[("alt", "700")]), &[("alt.confirmed", "600")]);
    let again = browser.press_typed(&asked, &other);
    assert!(again.field_says("alt", "is unusual") && again.html.contains("It is right: 700"));
    let right = with(&again, &answers, &[("alt.confirmed", "600")]);
    let on = browser.press_typed(&again, &right);
    assert!(on.path.ends_with("/history"), "{}", on.html);
}

#[test]
fn nothing_is_chosen_beforehand_and_not_sure_saves_every_open_question() {
    let stage = stage();
    let mut browser = Browser::signed_in(&stage, "zh-CN", "c-rjs");
    let mut page = browser.begin();
    let right = eligible("RJS-017");
    while !page.path.ends_with("/check") {
        assert!(!page.html.contains(" checked>"), "{}", page.path);
        let identity = ["/identity", "/consent"].iter().any(|end| page.path.ends_with(end));
        let typed: Typed = if identity {
            fill(&page, &right)
        } else {
            let unsure = page.html.split("value=\"not-sure\"").collect::<Vec<_>>();
            let name = |before: &&str| before.rsplit("name=\"").next().unwrap()[..].to_owned();
            let names = unsure[..unsure.len() - 1].iter().map(name);
            names.map(|n| (n.split('"').next().unwrap().to_owned(), "not-sure".into())).collect()
        };
        let next = browser.press_typed(&page, &typed);
        assert_eq!(next.status, 200, "{}: {}", page.path, next.html);
        page = next;
    }
    assert!(page.html.contains("回答不完整"));
    let there = browser.sign(&page, "c-rjs", &[]);
    assert!(there.html.contains("已录入，不完整"), "{}", there.html);
}

#[test]
fn who_is_not_asked_a_question_does_not_see_it_and_an_answer_from_before_is_left_out() {
    let stage = stage();
    let mut browser = Browser::signed_in(&stage, "en", "c-rjs");
    let check = browser.enter(&eligible("RJS-017"));
    assert!(check.html.contains("Pregnant?"));
    let draft = check.path.trim_end_matches("/check");
    let identity = browser.get(&format!("{draft}/identity/change"));
    let man = changed("RJS-017", &[("sex", "male")]);
    let check = browser.press_typed(&identity, &fill(&identity, &man));
    assert!(check.path.ends_with("/check"), "a change leads back to the check");
    assert!(!check.html.contains("Pregnant?"));
    assert!(!browser.get(&format!("{draft}/history")).html.contains("pregnant"));
    let there = browser.sign(&check, "c-rjs", &[]);
    assert!(there.html.contains("entered, eligible") && !there.html.contains("Pregnant?"));
}

// shows: AL-1
#[test]
fn nobody_goes_on_without_consent_and_the_answers_stay() {
    let stage = stage();
    for (language, words) in [("en", "There is no signed consent"), ("zh-CN", "知情同意")] {
        let mut browser = Browser::signed_in(&stage, language, "c-rjs");
        let mut page = browser.begin();
        page = browser.press_typed(&page, &fill(&page, &eligible("RJS-017")));
        let stop = browser.press(&page, &[("consent_given", "no")]);
        assert_eq!(stop.status, 422, "{}", stop.html);
        assert!(stop.html.contains(words) && stop.html.contains("RJS-017"));
        let draft = page.path.trim_end_matches("/consent").to_owned();
        assert_eq!(browser.get(&format!("{draft}/check")).status, 422);
        let again = browser.get(&page.path);
        assert!(again.html.contains("value=\"no\" checked"));
        let later = browser.press(&again, &[("consent_given", "no"), ("later", "1")]);
        assert_eq!((later.status, later.path.as_str()), (200, "/screening"));
    }
    let trail = stage.get("mon-1", "/v1/trail?from=0").text;
    assert!(!trail.contains("participant-screened"), "nothing was recorded");
}

#[test]
fn what_was_typed_is_there_after_the_session_ended_and_for_nobody_else() {
    let stage = stage();
    let mut browser = Browser::signed_in(&stage, "en", "c-rjs");
    let page = browser.begin();
    browser.lose_session();
    let typed = fill(&page, &eligible("RJS-017"));
    let asked = browser.press_typed(&page, &typed);
    assert_eq!((asked.status, asked.path.as_str()), (401, page.path.as_str()));
    assert!(asked.html.contains("What you typed is kept"));
    let word = password("c-rjs");
    let again = browser.press(&asked, &[("_name", "c-rjs"), ("_password", &word)]);
    assert!(again.html.contains("value=\"DEMO\"") && again.html.contains("value=\"017\""));
    let next = browser.press(&again, &[]);
    assert!(next.path.ends_with("/consent"), "{}", next.html);
    assert!(browser.get("/").html.contains("RJS-017"), "it waits on the start page");
    assert!(browser.get("/screening").html.contains("RJS-017"));
    let mut other = Browser::signed_in(&stage, "en", "c-rjw");
    assert_eq!(other.get(&page.path).status, 404);
    assert!(!other.get("/screening").html.contains("RJS-017"));
}

#[test]
fn the_other_language_keeps_what_was_typed_and_records_nothing() {
    let stage = stage();
    let mut browser = Browser::signed_in(&stage, "en", "c-rjs");
    let page = browser.begin();
    let mut typed = fill(&page, &eligible("RJS-017"));
    typed.push(("_language".into(), "zh-CN".into()));
    let chinese = browser.press_typed(&page, &typed);
    assert!(chinese.html.contains("姓名拼音缩写") && chinese.html.contains("value=\"DEMO\""));
    assert!(!browser.get(&page.path).html.contains("value=\"DEMO\""), "only shown, not kept");
}

// shows: I5
#[test]
fn a_second_press_a_second_tab_and_the_way_back_find_the_one_record() {
    let stage = stage();
    let mut browser = Browser::signed_in(&stage, "en", "c-rjs");
    let check = browser.enter(&eligible("RJS-017"));
    let mut tab = browser.second_tab();
    let other = tab.get(&check.path);
    let wrong = browser.press(&check, &[("password", "not the password")]);
    assert_eq!(wrong.status, 422);
    assert!(wrong.field_says("password", "The password is not right. Nothing has been done"));
    assert!(wrong.summary_says("The password is not right. Nothing has been done"));
    let first = browser.sign(&wrong, "c-rjs", &[]);
    assert!(first.path.starts_with("/participants/"), "{}", first.html);
    let second = browser.sign(&wrong, "c-rjs", &[]);
    let elsewhere = tab.sign(&other, "c-rjs", &[]);
    assert_eq!((&second.path, &elsewhere.path), (&first.path, &first.path));
    let back = browser.get(&check.path);
    assert!(back.html.contains("already signed") && back.links().contains(&first.path));
    let draft = check.path.trim_end_matches("/check");
    assert!(browser.get(&format!("{draft}/identity")).links().contains(&first.path));
    assert!(!browser.get(&format!("{draft}/identity")).html.contains("DEMO"), "it is emptied");
    let trail = stage.get("mon-1", "/v1/trail?from=0&limit=200").text;
    assert_eq!(trail.matches("\\\"act\\\":\\\"participant-screened\\\"").count(), 1, "{trail}");
}

#[test]
fn a_number_that_somebody_has_is_told_on_its_own_page() {
    let stage = stage();
    stage.screen_eligible(0, 17, true);
    let mut browser = Browser::signed_in(&stage, "en", "c-rjs");
    let page = browser.begin();
    let told = browser.press_typed(&page, &fill(&page, &eligible("RJS-017")));
    assert!(told.field_says("enrolment_number", "This enrolment number is already in use"));
}

#[test]
fn no_number_no_initials_and_no_date_of_birth_are_in_an_address_or_a_title() {
    let stage = stage();
    let mut browser = Browser::signed_in(&stage, "en", "c-rjs");
    let mut page = browser.begin();
    let answers = changed("RJS-017", &[("initials", "QXZW"), ("birth_date", "1977-01-01")]);
    let mut seen = vec![];
    while !page.path.ends_with("/check") {
        seen.push((page.path.clone(), page.title().to_owned()));
        page = browser.press_typed(&page, &fill(&page, &answers));
    }
    seen.push((page.path.clone(), page.title().to_owned()));
    let there = browser.sign(&page, "c-rjs", &[]);
    for end in ["", "/change", "/randomise", "/allocation", "/sheet", "/card"] {
        let shown = browser.get(&format!("{}{end}", there.path));
        seen.push((shown.path.clone(), shown.title().to_owned()));
        seen.extend(shown.links().into_iter().map(|link| (link, String::new())));
    }
    for (path, title) in seen {
        for never in ["RJS-017", "017", "QXZW", "1977"] {
            assert!(!path.contains(never) && !title.contains(never), "{path} {title}");
        }
    }
}

#[test]
fn another_trial_file_needs_no_other_page() {
    let trial = TRIAL
        .replace(
            "[[pages]]\nid = \"history\"",
            "[[pages]]\nid = \"sleep\"\nname = { en = \"Sleep and rest\", zh = \"睡眠\" }\n\
             [[pages]]\nid = \"history\"",
        )
        .replace("name = { en = \"Laboratory\", zh", "name = { en = \"Blood\", zh")
        .replace(
            "[[fields]]\nid = \"cyclophosphamide_last\"",
            "[[fields]]\nid = \"sleep_kind\"\npage = \"sleep\"\ntype = \"choice\"\n\
             choices = [{ id = \"deep\", en = \"deep\", zh = \"深\" }, \
             { id = \"light\", en = \"light\", zh = \"浅\" }]\noptional = true\n\
             name = { en = \"Kind of sleep\", zh = \"睡眠类型\" }\nsource = \"paper\"\n\n\
             [[fields]]\nid = \"sleep_hours\"\npage = \"sleep\"\ntype = \"decimal\"\nplaces = 1\n\
             range = { from = 0, to = 24 }\nunit = \"h\"\n\
             only_when = { field = \"sleep_kind\", choice = \"light\" }\n\
             name = { en = \"Hours of light sleep\", zh = \"浅睡时长\" }\nsource = \"paper\"\n\n\
             [[fields]]\nid = \"cyclophosphamide_last\"",
        );
    let stage = stage_with(|play| play.trial = trial);
    for (language, heading, condition) in [
        ("en", "Sleep and rest", "Only if “Kind of sleep” is “light”"),
        ("zh-CN", "睡眠", "仅当“睡眠类型”为“浅”时填写"),
    ] {
        let mut browser = Browser::signed_in(&stage, language, "c-rjs");
        let mut page = browser.begin();
        let mut met = vec![];
        let mut answers = eligible("RJS-017");
        answers["sleep_kind"] = "light".into();
        answers["sleep_hours"] = "6.5".into();
        while !page.path.ends_with("/check") {
            if page.path.ends_with("/sleep") {
                assert!(page.html.contains(&format!("<h1>{heading}</h1>")), "{}", page.html);
                assert!(page.html.contains(condition), "{}", page.html);
                let wrong = [("sleep_hours", "25")];
                let told = browser.press_typed(&page, &with(&page, &answers, &wrong));
                assert!(told.field_says("sleep_hours", "24"), "{}", told.html);
            }
            met.push(page.title().to_owned());
            page = browser.press_typed(&page, &fill(&page, &answers));
            assert_eq!(page.status, 200, "{}", page.html);
        }
        assert_eq!(met.len(), 8, "{met:?}");
        assert!(language != "en" || met.contains(&"Blood · Klero".to_owned()), "{met:?}");
        assert!(page.html.contains("6.5 h"));
    }
}
