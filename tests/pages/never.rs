//! What must never appear on a page of a blinded role, nor follow from one (screens A5).

use crate::browser::Browser;
use crate::frame::{Service, stage_with};
use klero::dice::{Dice, FixedDice};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

/// Dice that can begin anew: two services that have rolled for lists of different lengths go on alike.
struct Anew(Mutex<FixedDice>);

impl Dice for Anew {
    fn fill(&self, bytes: &mut [u8]) {
        self.0.lock().unwrap().fill(bytes);
    }
}

const SEED: u64 = 42;

/// A service whose list has so many slots in each stratum, and on which three of five participants are randomised.
fn service(slots: u32) -> Service {
    let dice = Arc::new(Anew(Mutex::new(FixedDice::new(SEED))));
    let service = stage_with(|play| {
        play.slots = slots;
        play.dice = dice.clone();
    });
    *dice.0.lock().unwrap() = FixedDice::new(SEED + 1);
    let references: Vec<String> =
        (1..=5).map(|number| service.screen_eligible(0, number, true)).collect();
    for reference in &references[..3] {
        assert_eq!(service.randomise(0, reference).status, 201);
    }
    service
}

/// Every page that somebody reaches from the start page, by link.
fn pages(service: &Service, who: &str, language: &'static str) -> BTreeMap<String, String> {
    let mut browser = Browser::signed_in(service, language, who);
    let mut waiting = vec!["/".to_owned()];
    let mut seen = BTreeMap::new();
    while let Some(path) = waiting.pop() {
        if seen.contains_key(&path)
            || ["/docs", "/static", "/v1"].iter().any(|p| path.starts_with(p))
        {
            continue;
        }
        let shown = browser.get(&path);
        let links = shown.links().into_iter().filter(|link| link.starts_with('/'));
        waiting.extend(links.map(|link| link.split('#').next().unwrap().to_owned()));
        let told = format!("{} {:?} {}", shown.status, shown.header("content-length"), shown.html);
        seen.insert(path, told);
    }
    seen
}

/// Without what is hashed from the list, which stands in elements of its own, and without the short names of sessions,
/// whose tokens were rolled after it.
fn without_hashes(html: &str) -> String {
    let mut sessions = html.split("name=\"end\" value=\"");
    let first = sessions.next().unwrap_or_default().to_owned();
    let html = sessions.fold(first, |out, part| out + part.get(16..).unwrap_or(part));
    let mut parts = html.split("<code class=\"root\">");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |out, part| out + part.split_once("</code>").map_or(part, |(_, rest)| rest))
}

// shows: I2, RP-4
#[test]
fn pages_of_blinded_roles_are_the_same_however_long_the_list_is() {
    let (short, long) = (service(4), service(24));
    for who in ["c-rjs", "i-rjs", "spon-1", "admin-1"] {
        for language in ["en", "zh-CN"] {
            let (one, other) = (pages(&short, who, language), pages(&long, who, language));
            assert!(one.len() > 3, "{who}: {:?}", one.keys());
            assert_eq!(one.keys().collect::<Vec<_>>(), other.keys().collect::<Vec<_>>(), "{who}");
            for (path, html) in &one {
                assert_eq!(without_hashes(html), without_hashes(&other[path]), "{who} {path}");
            }
        }
    }
}

// What a phone must load before a code is broken.
#[test]
fn all_scripts_together_are_under_sixty_kilobytes_and_every_module_is_served() {
    let service = stage_with(|_| {});
    let mut browser = Browser::signed_in(&service, "en", "hot-1");
    for page in ["/emergency", "/drill"] {
        weighed(&mut browser, page);
    }
}

fn weighed(browser: &mut Browser<'_>, page: &str) {
    let page = browser.get(page).html;
    let loads: Vec<&str> = page.split("rel=\"modulepreload\" href=\"").skip(1).collect();
    let (mut bytes, mut texts) = (0, String::new());
    for load in &loads {
        let script = browser.get(load.split('"').next().unwrap());
        assert_eq!(script.status, 200);
        bytes += script.html.len();
        texts += &script.html;
    }
    assert!(bytes > 20_000 && bytes < 60_000, "{bytes} bytes");
    for import in texts.split("from './").skip(1) {
        let name = import.split('\'').next().unwrap();
        assert!(loads.iter().any(|load| load.contains(&format!("/{name}\""))), "{name}");
    }
}
