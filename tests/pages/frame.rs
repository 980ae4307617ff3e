//! What stands around every page: cookies, languages, sign-in in the way, foreign forms, headers.

use crate::browser::Browser;
use klero::cli::stage::{Play, Stage, password};
use klero::refusal::Code;
use std::ops::Deref;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};

static NAMES: AtomicU32 = AtomicU32::new(0);

/// A service of its own for a test, whose folder goes with it.
pub struct Service {
    stage: Stage,
    folder: PathBuf,
}

impl Deref for Service {
    type Target = Stage;
    fn deref(&self) -> &Stage {
        &self.stage
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        self.stage.strike();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// The cast's service, open, with nobody screened.
pub fn stage() -> Service {
    stage_with(|_| {})
}

/// The same, raised in another way.
pub fn stage_with(alter: impl FnOnce(&mut Play)) -> Service {
    raised(alter, Stage::raise)
}

/// A service whose list nobody has approved, and where nothing is open.
pub fn stage_unopened() -> Service {
    raised(|_| {}, Stage::raise_unopened)
}

fn raised(alter: impl FnOnce(&mut Play), raise: fn(Play) -> Stage) -> Service {
    let name = NAMES.fetch_add(1, Ordering::SeqCst);
    let folder = std::env::temp_dir().join(format!("klero-pages-{}-{name}", std::process::id()));
    let (mut play, _) = Play::quick(folder.clone(), 7);
    alter(&mut play);
    Service { stage: raise(play), folder }
}

#[test]
fn whoever_is_not_signed_in_is_asked_at_the_pages_own_address_and_comes_to_it() {
    let stage = stage();
    let mut browser = Browser::new(&stage, "en");
    let asked = browser.get("/sign-out");
    assert_eq!(asked.status, 401);
    assert!(asked.html.contains("action=\"/sign-out\""));
    let wrong = browser.press(&asked, &[("_name", "c-rjs"), ("_password", "not the password")]);
    assert_eq!(wrong.status, 401);
    assert!(wrong.summary_says("Name, password or code is not right"));
    assert!(wrong.html.contains("value=\"c-rjs\"") && !wrong.html.contains("not the password"));
    let word = password("c-rjs");
    let home = browser.press(&wrong, &[("_name", "C-RJS "), ("_password", &word)]);
    assert_eq!(home.status, 200);
    assert!(home.html.contains("Demo c-rjs") && !home.html.contains(&word));
}

// shows: AT-11
#[test]
fn a_session_ends_when_somebody_signs_out_and_its_cookie_is_of_no_use() {
    let stage = stage();
    let mut browser = Browser::signed_in(&stage, "en", "c-rjs");
    let mut tab = browser.second_tab();
    let token = klero_form(&tab.get("/").html);
    let left = browser.post("/sign-out", &[("_form", &token)]);
    assert_eq!((left.status, left.header("location")), (303, Some("/")));
    assert_eq!(left.header("clear-site-data"), Some("\"cache\""));
    assert!(left.header("set-cookie").unwrap().ends_with("Max-Age=0"));
    for other in [&mut browser, &mut tab] {
        assert!(other.get("/").html.contains("name=\"_password\""));
        assert_eq!(other.get("/sign-out").status, 401);
    }
}

#[test]
fn another_sites_form_does_nothing_and_neither_does_one_without_the_sessions_token() {
    let stage = stage();
    let mut browser = Browser::signed_in(&stage, "en", "c-rjs");
    let token = klero_form(&browser.get("/").html);
    let foreign = browser.post_from("/sign-out", &[("_form", &token)], "cross-site");
    assert_eq!(foreign.status, 400);
    for wrong in ["", "0123456789abcdef0123456789abcdef"] {
        let sent = browser.post("/sign-out", &[("_form", wrong)]);
        assert_eq!(sent.status, 200, "the page is shown, and nothing done");
    }
    assert!(browser.get("/").html.contains("Demo c-rjs"), "still signed in");
}

#[test]
fn a_pages_script_may_ask_the_interface_with_the_cookie_and_the_forms_token_and_with_neither_alone()
{
    let stage = stage();
    let token = stage.token("p-rjs").to_owned();
    let cookie = format!("klero={token}");
    let form = klero::http::pages::form_token(&token);
    let ask =
        |headers: &[(&str, &str)]| stage.send("GET", "/v1/sessions/mine", headers, None).status;
    assert_eq!(ask(&[("cookie", &cookie), ("klero-form", &form)]), 200);
    assert_eq!(ask(&[("cookie", &cookie)]), 401);
    assert_eq!(ask(&[("klero-form", &form)]), 401);
    let other = klero::http::pages::form_token(stage.token("c-rjs"));
    assert_eq!(ask(&[("cookie", &cookie), ("klero-form", &other)]), 401);
}

fn klero_form(html: &str) -> String {
    html.split("name=\"klero-form\" content=\"").nth(1).unwrap()[..32].to_owned()
}

#[test]
fn the_other_language_is_one_press_away_and_stays() {
    let stage = stage();
    let mut browser = Browser::new(&stage, "en");
    let start = browser.get("/");
    assert!(start.html.starts_with("<!doctype html>\n<html lang=\"en\">"));
    let chinese = browser.press(&start, &[("_language", "zh-CN"), ("_name", "c-rjs")]);
    assert!(chinese.html.contains("<html lang=\"zh-CN\">"));
    assert!(browser.get("/help").html.contains("<html lang=\"zh-CN\">"));
    let back = browser.post("/help", &[("_language", "en")]);
    assert_eq!((back.status, back.header("location")), (303, Some("/help")));
    assert!(browser.get("/help").html.contains("<html lang=\"en\">"));
}

#[test]
fn the_page_of_a_problem_speaks_both_languages_and_loads_nothing_but_style() {
    let stage = stage();
    let mut browser = Browser::new(&stage, "zh-CN");
    for code in Code::ALL {
        let page = browser.get(&format!("/problems/{}", code.as_str()));
        assert_eq!(page.status, 200);
        assert!(page.html.contains("<section lang=\"en\">"));
        assert!(page.html.contains("<section lang=\"zh-CN\">"));
        for never in ["<script", "<style", "style=", "http:", "https:"] {
            assert!(!page.html.contains(never), "{never}");
        }
    }
    let page = browser.get("/problems/read-only").html;
    assert!(page.find("目前无法写入记录") < page.find("Nothing can be recorded now"));
    assert_eq!(browser.get("/problems/already-randomised").status, 404);
}

#[test]
fn an_address_that_leads_nowhere_is_told_in_a_page_to_a_browser_and_in_json_to_a_program() {
    let stage = stage();
    let page = Browser::new(&stage, "en").get("/nowhere");
    assert_eq!(page.status, 404);
    assert!(page.html.contains("There is no such page") && page.html.contains("no-such-page"));
    let told = stage.send("GET", "/nowhere", &[], None);
    assert_eq!((told.status, told.text_at("code")), (404, "no-such-page"));
}

#[test]
fn every_page_is_dressed_and_may_run_nothing() {
    let stage = stage();
    let mut browser = Browser::signed_in(&stage, "en", "mon-1");
    for path in ["/", "/help", "/commitment", "/nowhere", "/problems/internal"] {
        let page = browser.get(path);
        let policy = page.header("content-security-policy").unwrap();
        assert!(policy.starts_with("default-src 'none';") && !policy.contains("script"), "{path}");
        assert_eq!(page.header("cache-control"), Some("no-store"), "{path}");
        assert_eq!(page.header("referrer-policy"), Some("no-referrer"), "{path}");
        assert_eq!(page.header("x-content-type-options"), Some("nosniff"), "{path}");
    }
}

#[test]
fn style_has_its_hash_in_its_address_and_is_kept_for_ever() {
    let stage = stage();
    let mut browser = Browser::new(&stage, "en");
    let start = browser.get("/").html;
    let style = start.split("stylesheet\" href=\"").nth(1).unwrap().split('"').next().unwrap();
    let kept = browser.get(style);
    assert_eq!((kept.status, kept.header("content-type")), (200, Some("text/css")));
    assert_eq!(kept.header("cache-control"), Some("public, max-age=31536000, immutable"));
    assert!(!kept.html.contains("url(") && !kept.html.contains("@import"));
    assert_eq!(browser.get("/static/0000000000000000/klero.css").status, 404);
}
