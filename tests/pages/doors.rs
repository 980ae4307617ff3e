//! Every page of the table, as every role, in both languages: shown to whom the table of rights lets in, refused to
//! everybody else, and never with a treatment, nor with anybody in its title or its address.

use crate::browser::Browser;
use crate::frame::{Service, stage};
use klero::cli::stage::signature;
use klero::domain::access;
use klero::domain::access::Reach;
use klero::domain::people::Role;
use klero::http::routes::Door;
use klero::trial_file;
use klero::web;
use serde_json::json;

/// Somebody of each role, in the order of [`Role::ALL`].
const WHO: [&str; 8] = ["c-rjs", "i-rjs", "p-rjs", "hot-1", "stat-1", "mon-1", "spon-1", "admin-1"];

/// A service on which something of everything has happened.
fn eventful() -> (Service, String) {
    let stage = stage();
    let reference = stage.screen_eligible(0, 1, true);
    assert_eq!(stage.randomise(0, &reference).status, 201);
    let broken = json!({
        "participant": "RJS-001", "identifier": "1988-01-01", "requester": "Demo physician",
        "callBack": "000", "category": "sae-management", "whatHappened": "an invented emergency",
        "depends": true, "how": "an antidote", "signature": signature("hot-1", "break-code"),
    });
    let broken = stage.act("hot-1", "POST", "/v1/breaks", broken);
    assert_eq!(broken.status, 201, "{}", broken.text);
    (stage, reference)
}

/// The address with something in its variable parts that is there, or may be.
fn filled(path: &str, reference: &str) -> String {
    let mut filled = path.to_owned();
    for name in path.split('{').skip(1).filter_map(|rest| rest.split('}').next()) {
        let value = match name {
            "reference" => reference,
            "entry" => "40",
            "segment" => "0",
            "person" => "c-rjw",
            "kind" => "breaks",
            "token" => "0000000000000000000000000000000000000000",
            "code" => "internal",
            "page" => "demographics",
            _ => "nothing",
        };
        filled = filled.replace(&format!("{{{name}}}"), value);
    }
    filled
}

/// Every arm's name and preparation, in both languages, and what nobody may read either.
fn treatments() -> Vec<String> {
    let design = trial_file::read_design(klero::cli::stage::TRIAL).expect("the shipped trial file");
    let ids = design.arms.iter().map(ToString::to_string);
    let words =
        ["Belimumab", "belimumab", "placebo", "saline", "120 mg", "贝利尤", "安慰剂", "生理盐水"];
    ids.chain(words.map(str::to_owned)).collect()
}

// shows: AC-3, AC-8, I2
#[test]
fn every_page_opens_to_its_roles_and_to_nobody_else() {
    let (stage, reference) = eventful();
    let (rights, treatments) = (access::table(), treatments());
    assert!(treatments.len() >= 8);
    for language in ["en", "zh-CN"] {
        for (number, who) in WHO.iter().enumerate() {
            let mut browser = Browser::signed_in(&stage, language, who);
            for page in web::pages().all {
                let path = filled(page.path, &reference);
                let shown = browser.get(&path);
                let may = match page.door {
                    Door::Public | Door::SignedIn => true,
                    Door::Act(act) => {
                        let (_, reaches) = rights.iter().find(|(name, _)| *name == act).unwrap();
                        reaches[number] != Reach::Never
                    }
                };
                let role = Role::ALL[number];
                let fits =
                    if may { [200, 404, 409].contains(&shown.status) } else { shown.status == 403 };
                assert!(fits, "{role} {path}: {}", shown.status);
                assert!(shown.html.contains(&format!("<html lang=\"{language}\">")), "{path}");
                for treatment in &treatments {
                    assert!(!shown.html.contains(treatment), "{role} {path}: {treatment}");
                }
                assert!(!names_somebody(shown.title()), "{role} {path}: {}", shown.title());
                for link in shown.links() {
                    assert!(!names_somebody(&link), "{role} {path} leads to {link}");
                }
            }
        }
    }
}

fn names_somebody(text: &str) -> bool {
    text.contains("RJS-") || text.contains("Demo ") || text.contains("1988")
}

#[test]
fn every_page_that_is_not_public_asks_a_stranger_to_sign_in() {
    let (stage, reference) = eventful();
    let mut browser = Browser::new(&stage, "en");
    for page in web::pages().all {
        let path = filled(page.path, &reference);
        let shown = browser.get(&path);
        match page.door {
            Door::Public => assert!([200, 404].contains(&shown.status), "{path}: {}", shown.status),
            _ => assert_eq!(shown.status, 401, "{path}"),
        }
        assert!(!shown.html.contains("RJS-001"), "{path}");
    }
}

#[test]
fn every_address_a_home_page_leads_to_is_there() {
    let (stage, _) = eventful();
    for who in ["spon-1", "admin-1"] {
        let mut browser = Browser::signed_in(&stage, "en", who);
        let home = browser.get("/");
        let links = home.links().into_iter().filter(|link| link.starts_with('/'));
        for link in links {
            assert_eq!(browser.get(&link).status, 200, "{who} {link}");
        }
    }
}
