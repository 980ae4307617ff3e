//! Passkeys on pages: said nothing of where the house has none, offered at the second step to whoever has one.

use crate::authenticator::Authenticator;
use crate::browser::{Browser, Shown, between, plain};
use crate::frame::stage;
use klero::cli::stage::password;
use serde_json::{Value, json};

pub const ORIGIN: &str = "https://klero.example";

/// What the page asks a browser.
pub fn question(page: &Shown) -> Value {
    let options = between(&page.html, "data-options=\"", "\"").expect("the page asks");
    let options: Value = serde_json::from_str(&plain(options)).unwrap();
    let (_, fields) = page.form();
    let (_, ceremony) = fields.iter().find(|(name, _)| name == "_ceremony").unwrap();
    json!({"ceremony": ceremony, "options": options})
}

fn runs_scripts(page: &Shown) -> bool {
    page.header("content-security-policy").unwrap().contains("script-src 'self'")
}

fn knock(browser: &mut Browser<'_>) -> Shown {
    let start = browser.get("/");
    let second = browser.press(&start, &[("_name", "mon-1"), ("_password", &password("mon-1"))]);
    assert_eq!(second.status, 401);
    second
}

// shows: AC-9 (an extra that is switched on, added by its owner, and asked of whoever has one)
#[test]
fn a_passkey_is_added_and_used_by_the_pages_own_forms_where_the_house_wants_them() {
    let stage = stage();
    let (_, codes) = stage.enrol("mon-1", stage.house().clock.now());
    let mut browser = Browser::new(&stage, "en");
    let second = knock(&mut browser);
    assert!(!second.html.contains("passkey") && !runs_scripts(&second));
    assert_eq!(browser.press(&second, &[("_code", &codes[0])]).status, 200);
    assert!(!browser.get("/account").html.contains("passkey"));
    assert_eq!(browser.get("/account/passkeys").status, 404);
    assert_eq!(browser.get("/account/passkeys/new").status, 404);

    assert!(stage.house().take_passkeys(ORIGIN));
    assert!(browser.get("/account").links().contains(&"/account/passkeys".to_owned()));
    let own = browser.get("/account/passkeys");
    assert!(own.html.contains("You have no passkey") && !runs_scripts(&own));
    let form = browser.get("/account/passkeys/new");
    let wrong = browser.press(&form, &[("password", "not the password")]);
    assert!(wrong.status == 422 && !wrong.html.contains("data-options"));
    let asked = browser.press(&form, &[("password", &password("mon-1"))]);
    assert!(asked.status == 200 && runs_scripts(&asked) && asked.html.contains("passkey.js"));
    let mut phone = Authenticator::new("a phone", ORIGIN);
    let answer = phone.create(&question(&asked))["credential"].to_string();
    let nonsense = browser.press(&asked, &[("_passkey", "{}")]);
    assert!(nonsense.status == 422 && nonsense.summary_says("Begin once more"));
    assert_eq!(browser.press(&asked, &[("_passkey", &answer)]).status, 422, "answered already");
    let asked = browser.press(&form, &[("password", &password("mon-1"))]);
    let answer = phone.create(&question(&asked))["credential"].to_string();
    let added = browser.press(&asked, &[("_passkey", &answer)]);
    assert_eq!((added.status, added.path.as_str()), (200, "/account/passkeys"));
    assert!(added.html.contains("Passkey 1") && !added.html.contains("You have no passkey"));

    // At the door, in the other language.
    let mut browser = Browser::new(&stage, "zh-CN");
    let second = knock(&mut browser);
    assert!(runs_scripts(&second) && second.html.contains("使用通行密钥"));
    let slip = browser.press(&second, &[("_code", "000000")]);
    assert!(slip.status == 401 && slip.html.contains("name=\"_code\""));
    let answer = phone.answer(&question(&slip))["credential"].to_string();
    let home = browser.press(&slip, &[("_passkey", &answer)]);
    assert_eq!((home.status, home.path.as_str()), (200, "/"));
    let mut thief = Browser::new(&stage, "en");
    let again = thief.press(&slip, &[("_passkey", &answer)]);
    assert!(again.status == 401 && again.html.contains("data-options"), "it was used");
}
