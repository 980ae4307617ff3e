//! The hospital's sign-on, from the button to the home page, against a server made up for it; and everything by which
//! somebody might get in who should not.

use crate::browser::{Browser, Shown, plain};
use crate::frame::{Service, stage_with};
use crate::hospital::{Answering, CLIENT, Hospital, SECRET, Signing};
use crate::log;
use klero::cli::stage::{opening_day, password};
use klero::clock::{Clock, FixedClock};
use klero::domain::target::{Target, Targets};
use klero::limits::HALF_WAY_SECONDS;
use klero::post::sign_on::{BadHospital, Server, Settings};
use klero::sealing::bytes::{hex, sha256};
use klero::sealing::totp::step_at;
use klero::store::StoreError;
use rcgen::generate_simple_self_signed;
use rustls::ServerConfig;
use rustls::crypto::ring::default_provider;
use rustls::pki_types::PrivateKeyDer;
use serde_json::{Value, json};
use std::sync::Arc;
use zeroize::Zeroizing;

/// A service with a hospital beside it.
struct Both {
    service: Service,
    hospital: Hospital,
    clock: Arc<FixedClock>,
}

fn settings(hospital: &Hospital) -> Settings {
    Settings {
        issuer: hospital.issuer.clone(),
        client_id: CLIENT.to_owned(),
        client_secret: Zeroizing::new(SECRET.to_owned()),
        name: "Demo SSO".to_owned(),
        back: "http://klero.example/sign-in/hospital/back".to_owned(),
        second_step: None,
        authority: None,
        targets: Targets {
            public: vec![],
            private: vec![Target::parse(&hospital.issuer).unwrap()],
        },
    }
}

fn both() -> Both {
    both_with(|_| {})
}

fn both_with(alter: impl FnOnce(&mut Settings)) -> Both {
    both_behind(None, alter)
}

fn both_behind(tls: Option<Arc<ServerConfig>>, alter: impl FnOnce(&mut Settings)) -> Both {
    let clock = Arc::new(FixedClock::at(opening_day()));
    let service = stage_with(|play| play.clock = clock.clone());
    let hospital = Hospital::open_behind(tls, clock.now().millis() / 1000);
    let mut settings = settings(&hospital);
    alter(&mut settings);
    service.house().sign_on.is_by(Arc::new(Server::new(settings).unwrap()));
    Both { service, hospital, clock }
}

impl Both {
    fn size(&self) -> u64 {
        self.service.house().health().unwrap().entries
    }

    /// Act, person and way of the entries since then.
    fn entries(&self, from: u64) -> Vec<String> {
        let line = |seq| {
            let house = self.service.house();
            let line = house.store.read(|view| Ok::<_, StoreError>(view.line(seq)?.unwrap()));
            let line: Value = serde_json::from_str(&line.unwrap()).unwrap();
            let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
            let (person, way) = (text(&line["on"]["person"]), text(&line["data"]["way"]));
            format!("{} {person} {way}", text(&line["act"]))
        };
        (from..self.size()).map(line).collect()
    }

    /// Links an account there, from the account page.
    fn link(&self, browser: &mut Browser<'_>, who: &str, subject: &str) -> Shown {
        let confirm = self.bring(browser, subject);
        browser.press(&confirm, &[("password", &password(who))])
    }

    /// Brings an account to be linked: the page that asks for the password.
    fn bring(&self, browser: &mut Browser<'_>, subject: &str) -> Shown {
        let back = self.there(browser, "/account/hospital/begin", subject);
        let sent = browser.get(&back);
        assert_eq!(sent.header("location"), Some("/account/hospital/confirm"));
        browser.follow(sent)
    }

    /// To the hospital's page, where somebody signs in: where the browser is sent back to.
    fn there(&self, browser: &mut Browser<'_>, from: &str, subject: &str) -> String {
        let sent = browser.get(from);
        assert_eq!(sent.status, 303, "{}", sent.html);
        self.hospital.sign_in(sent.header("location").unwrap(), subject)
    }

    /// From the button to where it leads in the end.
    fn enter(&self, browser: &mut Browser<'_>, subject: &str) -> Shown {
        let back = self.there(browser, "/sign-in/hospital", subject);
        let sent = browser.get(&back);
        assert_eq!((sent.status, sent.html.as_str()), (303, ""), "no page at that address");
        assert_eq!(sent.header("referrer-policy"), Some("no-referrer"));
        browser.follow(sent)
    }

    /// Somebody with a linked account, signed out again.
    fn linked(&self, who: &str, subject: &str) {
        let mut browser = Browser::signed_in(&self.service, "en", who);
        let done = self.link(&mut browser, who, subject);
        assert_eq!((done.status, done.path.as_str()), (200, "/account/hospital"), "{}", done.html);
        self.hospital.asked();
    }
}

fn is_in(page: &Shown, who: &str) -> bool {
    page.status == 200 && page.path == "/" && page.html.contains(&format!("Demo {who}"))
}

fn is_not(page: &Shown, why: &str) -> bool {
    page.path == format!("/sign-in/hospital/not/{why}") && page.status == 200
}

// shows: AC-1, AC-9, AT-3, AT-10 (an extra way in, which gives nobody an account and signs nothing)
#[test]
fn a_hospital_account_enters_once_its_owner_has_linked_it_in_either_language() {
    log::listen("trace,mio=off");
    let both = both();
    for (language, who, button, unlinked, never) in [
        ("en", "c-rjs", "Sign in with Demo SSO", "Then link it", "It signs nothing"),
        ("zh-CN", "c-rjw", "使用Demo SSO登录", "然后在", "不能用于签名"),
    ] {
        let subject = format!("staff-{who}@hospital.example");
        let from = both.size();
        let mut browser = Browser::new(&both.service, language);
        let start = browser.get("/");
        assert!(start.html.contains(button) && start.html.contains("_password"), "{}", start.html);
        assert!(start.links().contains(&"/sign-in/hospital".to_owned()));
        // Nobody gets in, nor an account, by being known there.
        let not = both.enter(&mut browser, &subject);
        assert!(is_not(&not, "unlinked") && not.html.contains(unlinked), "{}", not.html);
        assert!(not.links().contains(&"/".to_owned()), "the road by password stands beside it");
        assert_eq!(both.entries(from), ["sign-in-failed - -"]);
        let mut browser = Browser::signed_in(&both.service, language, who);
        assert!(browser.get("/account").links().contains(&"/account/hospital".to_owned()));
        let own = browser.get("/account/hospital");
        assert!(own.html.contains(never), "{}", own.html);
        // A wrong password links nothing, and uses nothing up.
        let confirm = both.bring(&mut browser, &subject);
        let wrong = browser.press(&confirm, &[("password", "not the password")]);
        assert_eq!(wrong.status, 422);
        let done = browser.press(&wrong, &[("password", &password(who))]);
        assert_eq!((done.status, done.path.as_str()), (200, "/account/hospital"));
        assert!(done.html.contains("2026-11-21"), "since when: {}", done.html);
        let mut other = Browser::new(&both.service, language);
        let home = both.enter(&mut other, &subject);
        assert!(is_in(&home, who), "{} {}", home.path, home.html);
        assert!(!home.path.contains("code") && !home.path.contains("state"));
        // Unlinked with the password of here, and with nothing else.
        let own = other.get("/account/hospital");
        assert_eq!(other.press(&own, &[("password", "")]).status, 422);
        other.press(&own, &[("password", &password(who))]);
        let mut stranger = Browser::new(&both.service, language);
        assert!(is_not(&both.enter(&mut stranger, &subject), "unlinked"));
        let expected = [
            "sign-in-failed - -".to_owned(),
            format!("signed-in {who} -"),
            format!("sign-on-linked {who} -"),
            format!("signed-in {who} sign-on"),
            format!("sign-on-unlinked {who} -"),
            "sign-in-failed - -".to_owned(),
        ];
        assert_eq!(both.entries(from), expected);
    }
    let mut monitor = Browser::signed_in(&both.service, "en", "mon-1");
    let trail = plain(&monitor.get("/trail").html);
    for said in [
        "Demo c-rjw signed in by the hospital’s sign-on",
        "Demo c-rjs linked an account of the hospital’s sign-on",
        "The account of the hospital’s sign-on was unlinked from Demo c-rjs",
    ] {
        assert!(trail.contains(said), "{said}: {trail}");
    }
}

// shows: AT-15 (nothing of who somebody is there is kept or logged)
#[test]
fn neither_subject_nor_name_nor_code_nor_state_is_kept_or_logged() {
    log::listen("trace,mio=off");
    let both = both();
    let subject = "subject-0815-of-the-hospital";
    both.linked("c-rjs", subject);
    let mut browser = Browser::new(&both.service, "en");
    let back = both.there(&mut browser, "/sign-in/hospital", subject);
    let sent = browser.get(&back);
    assert!(is_in(&browser.follow(sent), "c-rjs"));
    let pairs = crate::hospital::form(back.split_once('?').unwrap().1);
    let words = [
        subject.to_owned(),
        hex(&sha256(subject.as_bytes())),
        pairs["code"].clone(),
        pairs["state"].clone(),
        "Demo Somebody".to_owned(),
        "somebody@hospital.example".to_owned(),
        SECRET.to_owned(),
    ];
    let log = log::heard();
    assert!(log.contains("/sign-in/hospital/back"), "the way back is in the log: {log}");
    let house = both.service.house();
    let copy = std::env::temp_dir().join(format!("klero-sign-on-{}.db", std::process::id()));
    let _ = std::fs::remove_file(&copy);
    house.store.backup_to(&copy).unwrap();
    let kept = std::fs::read(&copy).unwrap();
    std::fs::remove_file(&copy).unwrap();
    let finds = |hay: &[u8], needle: &[u8]| hay.windows(needle.len()).any(|part| part == needle);
    let link = house.secret.sign_on_link(&both.hospital.issuer, subject);
    assert!(finds(&kept, &link), "what is kept is where it is looked for");
    assert!(!finds(&kept, &sha256(subject.as_bytes())));
    for word in words {
        assert!(!finds(&kept, word.as_bytes()), "{word} is kept");
        assert!(!log.contains(&word), "{word} is logged");
    }
}

// shows: AC-9, AC-1 (the second step stays; recovery ends the link)
#[test]
fn the_second_step_is_asked_for_after_it_as_after_a_password() {
    let both = both();
    both.linked("mon-1", "m");
    let (secret, _) = both.service.enrol("mon-1", both.clock.now());
    let from = both.size();
    let mut browser = Browser::new(&both.service, "en");
    let asked = both.enter(&mut browser, "m");
    assert_eq!((asked.status, asked.path.as_str()), (401, "/sign-in/hospital/step"));
    assert!(asked.html.contains("_code") && !asked.html.contains("_password"));
    // What shows the first step is given out once.
    assert_eq!(
        browser.get("/sign-in/hospital/step").header("location").unwrap(),
        "/sign-in/hospital/not/over"
    );
    let code = |later| secret.code(step_at(both.clock.now()) + later);
    let wrong = browser.press(&asked, &[("_code", &code(9))]);
    assert_eq!(wrong.status, 401);
    let home = browser.press(&wrong, &[("_code", &code(1))]);
    assert!(is_in(&home, "mon-1"), "{}", home.html);
    assert_eq!(both.entries(from), ["second-factor-failed mon-1 -", "signed-in mon-1 sign-on"]);
    // Too late, and it is over.
    let asked = both.enter(&mut Browser::new(&both.service, "en"), "m");
    both.clock.step(HALF_WAY_SECONDS + 1);
    let late = Browser::new(&both.service, "en").press(&asked, &[("_code", &code(0))]);
    assert_eq!(late.status, 401);
    // The phone is lost: the link ends with it, and is made anew by whoever has the password.
    let body = json!({"what": "second-factor"});
    let given = both.service.act("admin-1", "POST", "/v1/people/mon-1/recover", body);
    assert_eq!(given.status, 201, "{}", given.text);
    both.hospital.script().now_is(both.clock.now().millis() / 1000);
    let not = both.enter(&mut Browser::new(&both.service, "en"), "m");
    assert!(is_not(&not, "unlinked"), "{}", not.path);
}

// shows: AC-9 (a passkey takes the place of the digits behind either door)
#[cfg(feature = "passkeys")]
#[test]
fn a_passkey_is_asked_for_after_it_as_after_a_password() {
    use crate::passkeys::{ORIGIN, question};
    let both = both();
    assert!(both.service.house().take_passkeys(ORIGIN));
    both.linked("mon-1", "m");
    let (_, codes) = both.service.enrol("mon-1", both.clock.now());
    let mut browser = Browser::new(&both.service, "en");
    let asked = both.enter(&mut browser, "m");
    assert!(!asked.html.contains("data-options"), "there is none yet");
    assert!(is_in(&browser.press(&asked, &[("_code", &codes[0])]), "mon-1"));
    let form = browser.get("/account/passkeys/new");
    let made = browser.press(&form, &[("password", &password("mon-1"))]);
    let mut phone = crate::authenticator::Authenticator::new("a phone", ORIGIN);
    let answer = phone.create(&question(&made))["credential"].to_string();
    assert_eq!(browser.press(&made, &[("_passkey", &answer)]).path, "/account/passkeys");

    let from = both.size();
    let mut browser = Browser::new(&both.service, "en");
    let asked = both.enter(&mut browser, "m");
    let slip = browser.press(&asked, &[("_code", "000000")]);
    assert_eq!(slip.status, 401);
    let answer = phone.answer(&question(&slip))["credential"].to_string();
    // Asked behind this door, it is no answer behind another.
    let mut other = Browser::new(&both.service, "en");
    let start = other.get("/");
    let second = other.press(&start, &[("_name", "mon-1"), ("_password", &password("mon-1"))]);
    assert_eq!(other.press(&second, &[("_passkey", &answer)]).status, 401);
    // And it is used up by that: this one is asked anew.
    let anew = browser.press(&slip, &[("_code", "000000")]);
    let answer = phone.answer(&question(&anew))["credential"].to_string();
    assert!(is_in(&browser.press(&anew, &[("_passkey", &answer)]), "mon-1"));
    let failed = "second-factor-failed mon-1 -";
    assert_eq!(both.entries(from), [failed, failed, failed, "signed-in mon-1 sign-on"]);
}

// shows: AC-9 (the hospital's own second step counts only where it was agreed, and only when it was asked for)
#[test]
fn the_hospitals_second_step_counts_where_the_house_says_so() {
    let both = both_with(|settings| settings.second_step = Some("mfa".to_owned()));
    both.linked("mon-1", "m");
    both.service.enrol("mon-1", both.clock.now());
    for (name, value, counts) in [
        ("amr", json!(["pwd", "mfa"]), true),
        ("acr", json!("mfa"), true),
        ("amr", json!(["pwd"]), false),
        ("acr", json!("mfa "), false),
    ] {
        both.hospital.script().alter = Box::new(move |_, claims| claims[name] = value.clone());
        let came = both.enter(&mut Browser::new(&both.service, "en"), "m");
        assert_eq!(is_in(&came, "mon-1"), counts, "{name}: {}", came.path);
        assert_eq!(came.path == "/sign-in/hospital/step", !counts);
    }
}

// shows: AC-1 (a server that takes the client's secret in no header)
#[test]
fn the_clients_secret_goes_among_what_is_posted_where_the_hospital_wants_it_there() {
    let both = both();
    both.hospital.script().secret_in_body = true;
    both.linked("c-rjs", "m");
    assert!(is_in(&both.enter(&mut Browser::new(&both.service, "en"), "m"), "c-rjs"));
}

// shows: AC-1, AT-3 (the hospital's own authority, and no stranger's)
#[test]
fn a_hospitals_own_authority_is_trusted_where_the_house_names_it_and_no_other() {
    let made = generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
    let other = generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
    let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
    let tls = ServerConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .unwrap();
    let tls = Arc::new(tls);
    let names = |pem: String| {
        both_behind(Some(Arc::clone(&tls)), |settings| settings.authority = Some(pem.into_bytes()))
    };
    let both = names(made.cert.pem());
    both.linked("c-rjs", "m");
    assert!(is_in(&both.enter(&mut Browser::new(&both.service, "en"), "m"), "c-rjs"));
    let sent = |both: Both| {
        let sent = Browser::new(&both.service, "en").get("/sign-in/hospital");
        (sent.header("location").unwrap().to_owned(), both.hospital.asked())
    };
    let away = ("/sign-in/hospital/not/away".to_owned(), vec![]);
    assert_eq!(sent(names(other.cert.pem())), away);
    assert_eq!(sent(both_behind(Some(Arc::clone(&tls)), |_| {})), away);
}

/// A way in which a token is not what it must be.
type Wrong = (&'static str, Signing, fn(&mut Value, &mut Value));

const WRONG: [Wrong; 22] = [
    ("another nonce", Signing::Es256, |_, c| c["nonce"] = "0".repeat(64).into()),
    ("no nonce", Signing::Es256, |_, c| drop(c.as_object_mut().unwrap().remove("nonce"))),
    ("another audience", Signing::Es256, |_, c| c["aud"] = "another".into()),
    ("an audience more", Signing::Es256, |_, c| c["aud"] = json!([CLIENT, "another"])),
    ("no audience", Signing::Es256, |_, c| drop(c.as_object_mut().unwrap().remove("aud"))),
    ("another party", Signing::Es256, |_, c| c["azp"] = "another".into()),
    ("another issuer", Signing::Es256, |_, c| c["iss"] = "https://sso.evil.example".into()),
    ("almost the issuer", Signing::Es256, |_, c| {
        c["iss"] = format!("{}/", c["iss"].as_str().unwrap()).into()
    }),
    ("expired", Signing::Es256, |_, c| c["exp"] = c["iat"].clone()),
    ("signed an hour ago", Signing::Es256, |_, c| {
        c["iat"] = (c["iat"].as_i64().unwrap() - 3600).into()
    }),
    ("signed in an hour", Signing::Es256, |_, c| {
        c["iat"] = (c["iat"].as_i64().unwrap() + 3600).into()
    }),
    ("an old session there", Signing::Es256, |_, c| {
        c["auth_time"] = (c["iat"].as_i64().unwrap() - 3600).into()
    }),
    ("another access token", Signing::Es256, |_, c| c["at_hash"] = "AAAAAAAAAAAAAAAAAAAAAA".into()),
    ("nobody", Signing::Es256, |_, c| c["sub"] = "".into()),
    ("a long subject", Signing::Es256, |_, c| c["sub"] = "m".repeat(256).into()),
    ("no signature", Signing::None, |_, _| {}),
    ("no signature, under another word", Signing::None, |h, _| h["alg"] = "NONE".into()),
    ("no signature behind a real word", Signing::None, |h, _| h["alg"] = "ES256".into()),
    ("the client's own secret", Signing::Hs256, |_, _| {}),
    ("a stranger's key", Signing::Stranger, |_, _| {}),
    ("a stranger's key without a name", Signing::Stranger, |h, _| {
        drop(h.as_object_mut().unwrap().remove("kid"))
    }),
    ("the other kind of key", Signing::Rs256, |h, _| h["alg"] = "ES256".into()),
];

// shows: AC-1, AT-3
#[test]
fn a_token_that_is_not_what_it_must_be_opens_nothing_and_leaves_an_entry() {
    let both = both();
    both.linked("c-rjs", "m");
    for (what, signing, alter) in WRONG {
        both.hospital.script().signing = signing;
        both.hospital.script().alter = Box::new(alter);
        let from = both.size();
        let mut browser = Browser::new(&both.service, "en");
        let not = both.enter(&mut browser, "m");
        assert!(is_not(&not, "refused"), "{what}: {}", not.path);
        assert_eq!(both.entries(from), ["sign-in-failed - -"], "{what}");
        assert_eq!(browser.get("/account").status, 401, "{what}");
    }
    // The same way with nothing wrong in it, by either kind of key.
    both.hospital.script().alter = Box::new(|_, _| {});
    for signing in [Signing::Es256, Signing::Rs256] {
        both.hospital.script().signing = signing;
        assert!(is_in(&both.enter(&mut Browser::new(&both.service, "en"), "m"), "c-rjs"));
    }
}

// shows: AC-1
#[test]
fn what_comes_back_is_taken_once_and_from_the_browser_that_went() {
    let both = both();
    both.linked("c-rjs", "m");
    let (mut one, mut other) =
        (Browser::new(&both.service, "en"), Browser::new(&both.service, "en"));
    let (back, own) = (
        both.there(&mut one, "/sign-in/hospital", "m"),
        both.there(&mut other, "/sign-in/hospital", "m"),
    );
    let from = both.size();
    both.hospital.asked();
    let over = Some("/sign-in/hospital/not/over");
    // Sent to another browser, to one that is on no way, or without its state: nothing is asked of the hospital.
    assert_eq!(other.get(&back).header("location"), over);
    assert_eq!(Browser::new(&both.service, "en").get(&back).header("location"), over);
    let code = back.split('&').next().unwrap();
    assert_eq!(one.get(code).header("location"), over);
    assert_eq!(one.get(&format!("{code}&state={}", "0".repeat(64))).header("location"), over);
    assert!(both.hospital.asked().is_empty() && both.entries(from).is_empty());
    // Its own way is not lost by that; and two at the same time are one.
    let tab = one.second_tab();
    let came = std::thread::scope(|scope| {
        let both_tabs = [one.second_tab(), tab].map(|mut tab| {
            let back = back.clone();
            scope.spawn(move || tab.get(&back).header("location").unwrap().to_owned())
        });
        both_tabs.map(|tab| tab.join().unwrap())
    });
    let entered = came.iter().filter(|there| *there == "/").count();
    assert_eq!((entered, both.entries(from).len()), (1, 1), "{came:?}");
    assert_eq!(both.hospital.asked(), ["POST /token"]);
    assert_eq!(one.get(&back).header("location"), over, "and no third time");
    // Turned away there.
    let refused =
        format!("/sign-in/hospital/back?error=access_denied&{}", own.split('&').nth(1).unwrap());
    assert_eq!(other.get(&refused).header("location"), Some("/sign-in/hospital/not/refused"));
    assert!(both.hospital.asked().is_empty());
    // Too late.
    let back = both.there(&mut other, "/sign-in/hospital", "m");
    both.clock.step(HALF_WAY_SECONDS);
    assert_eq!(other.get(&back).header("location"), over);
}

// shows: AC-1, AC-7 (leaving ends it)
#[test]
fn one_account_there_is_one_person_here_and_leaving_ends_it() {
    let both = both();
    both.linked("c-rjs", "m");
    let mut second = Browser::signed_in(&both.service, "en", "c-rjw");
    let refused = both.link(&mut second, "c-rjw", "m");
    assert_eq!(refused.status, 422);
    assert!(
        refused.html.contains("linked to another account here") && !refused.html.contains("c-rjs")
    );
    assert!(second.get("/account/hospital").html.contains("No account there is linked"));
    // What one session brought, another cannot link, be it the same person's in the same browser.
    let confirm = both.bring(&mut second, "w");
    let mut again = second.second_tab();
    again.lose_session();
    let door = again.get("/");
    again.press(&door, &[("_name", "c-rjw"), ("_password", &password("c-rjw"))]);
    let (_, own) = again.get("/account/password").form();
    let token = own.iter().find(|(name, _)| name == "_form").map(|(_, token)| token.as_str());
    let fields = [("_form", token.unwrap()), ("password", &password("c-rjw"))];
    assert_eq!(again.press(&confirm, &fields).status, 409);
    // Of two that two browsers brought before either was linked, the second is one too many.
    let browser = || Browser::signed_in(&both.service, "en", "c-hsh");
    let (mut one, mut two) = (browser(), browser());
    let (first, late) = (both.bring(&mut one, "x"), both.bring(&mut two, "y"));
    let fields = [("password", &*password("c-hsh"))];
    for _ in ["pressed", "and again"] {
        assert_eq!(one.press(&first, &fields).path, "/account/hospital");
    }
    assert_eq!(two.press(&late, &fields).status, 409);
    let unlinking = one.get("/account/hospital");
    for _ in ["pressed", "and again"] {
        assert_eq!(one.press(&unlinking, &fields).status, 200);
    }
    // Two at once are none: the first is unlinked first.
    let mut first = Browser::signed_in(&both.service, "en", "c-rjs");
    let brought = both.bring(&mut first, "another");
    assert!(brought.html.contains("Unlink it"), "{}", brought.html);
    let disabled = both.service.act("admin-1", "POST", "/v1/people/c-rjs/disable", json!({}));
    assert_eq!(disabled.status, 200, "{}", disabled.text);
    assert!(is_not(&both.enter(&mut Browser::new(&both.service, "en"), "m"), "unlinked"));
    // Free again for whom it belongs to now.
    assert_eq!(both.link(&mut second, "c-rjw", "m").path, "/account/hospital");
    assert!(is_in(&both.enter(&mut Browser::new(&both.service, "en"), "m"), "c-rjw"));
}

// shows: AC-8, AT-3 (nothing leaves for a host that is not on the list; an answer has an end)
#[test]
fn a_server_that_answers_nonsense_or_leads_elsewhere_is_away() {
    let elsewhere = Hospital::open(0);
    let both = both();
    both.linked("c-rjs", "m");
    let fresh = || both.clock.step(16 * 60);
    let odd: [Answering; 4] = [
        Answering::Says("text/html", "<h1>Welcome</h1>".to_owned()),
        Answering::Says("application/json", "{\"issuer\": 7}".to_owned()),
        Answering::Endless,
        Answering::Redirect(format!("{}/.well-known/openid-configuration", elsewhere.issuer)),
    ];
    for answering in odd.clone() {
        // Its description is not known any more.
        fresh();
        both.hospital.script().describes = answering;
        let sent = Browser::new(&both.service, "en").get("/sign-in/hospital");
        assert_eq!(sent.header("location"), Some("/sign-in/hospital/not/away"));
    }
    both.hospital.script().describes = Answering::Right;
    for name in ["authorization_endpoint", "token_endpoint", "jwks_uri"] {
        fresh();
        let there = format!("{}/keys", elsewhere.issuer);
        both.hospital.script().described = Box::new(move |own| own[name] = there.clone().into());
        let sent = Browser::new(&both.service, "en").get("/sign-in/hospital");
        assert_eq!(sent.header("location"), Some("/sign-in/hospital/not/away"), "{name}");
    }
    fresh();
    both.hospital.script().described =
        Box::new(|own| own["issuer"] = "https://sso.evil.example".into());
    let sent = Browser::new(&both.service, "en").get("/sign-in/hospital");
    assert_eq!(sent.header("location"), Some("/sign-in/hospital/not/away"));
    both.hospital.script().described = Box::new(|_| {});
    for answering in odd {
        both.hospital.script().now_is(both.clock.now().millis() / 1000);
        both.hospital.script().gives = answering;
        let not = both.enter(&mut Browser::new(&both.service, "en"), "m");
        assert!(is_not(&not, "refused") || is_not(&not, "away"), "{}", not.path);
    }
    assert!(elsewhere.asked().is_empty(), "nothing was sent elsewhere");
    both.hospital.script().gives = Answering::Right;
    assert!(is_in(&both.enter(&mut Browser::new(&both.service, "en"), "m"), "c-rjs"));
}

// shows: AC-8, AT-3 (the service, and every password, works without it)
#[test]
fn when_the_hospitals_server_is_down_the_page_says_so_with_the_password_beside_it() {
    let mut both = both();
    both.linked("hot-1", "h");
    both.clock.step(16 * 60);
    both.hospital.close();
    for (language, said, beside) in [
        ("en", "Demo SSO does not answer", "Sign in with name and password"),
        ("zh-CN", "Demo SSO目前没有响应", "使用账户名和密码登录"),
    ] {
        let mut browser = Browser::new(&both.service, language);
        let sent = browser.get("/sign-in/hospital");
        let not = browser.follow(sent);
        assert!(is_not(&not, "away"), "{}", not.path);
        assert!(not.html.contains(said) && not.html.contains(beside), "{}", not.html);
        assert!(not.links().contains(&"/emergency".to_owned()));
        let mut hotline = Browser::signed_in(&both.service, language, "hot-1");
        assert_eq!(hotline.get("/emergency").status, 200);
    }
}

// shows: AC-8
#[test]
fn a_host_that_is_not_on_the_list_is_never_spoken_to() {
    let hospital = Hospital::open(0);
    let unlisted = Settings { targets: Targets::default(), ..settings(&hospital) };
    let host = hospital.issuer.strip_prefix("http://").unwrap().to_owned();
    assert_eq!(Server::new(unlisted).err(), Some(BadHospital::NotListed(host)));
    // In public, only over TLS.
    let listed = vec![Target::parse(&hospital.issuer).unwrap()];
    let open =
        Settings { targets: Targets { public: listed, private: vec![] }, ..settings(&hospital) };
    assert!(Server::new(open).is_err());
    assert!(hospital.asked().is_empty());
}

#[test]
fn keys_are_asked_for_again_once_when_the_server_signs_with_a_new_one() {
    let both = both();
    both.linked("c-rjs", "m");
    both.hospital.script().kid = "two";
    assert!(is_in(&both.enter(&mut Browser::new(&both.service, "en"), "m"), "c-rjs"));
    let again = ["POST /token", "GET /.well-known/openid-configuration", "GET /keys"];
    assert_eq!(both.hospital.asked(), again);
    both.hospital.script().alter = Box::new(|header, _| header["kid"] = "three".into());
    assert!(is_not(&both.enter(&mut Browser::new(&both.service, "en"), "m"), "refused"));
    assert_eq!(both.hospital.asked(), again, "asked once, and not again");
}

#[test]
fn where_no_hospital_is_named_nothing_of_it_is_there() {
    let service = stage_with(|_| {});
    let mut browser = Browser::signed_in(&service, "en", "c-rjs");
    assert!(!browser.get("/account").html.contains("/account/hospital"));
    for path in [
        "/sign-in/hospital",
        "/sign-in/hospital/back?code=a&state=b",
        "/sign-in/hospital/step",
        "/sign-in/hospital/not/away",
        "/account/hospital",
        "/account/hospital/begin",
        "/account/hospital/confirm",
    ] {
        assert_eq!(browser.get(path).status, 404, "{path}");
    }
    assert!(!Browser::new(&service, "en").get("/").html.contains("/sign-in/hospital"));
}
