//! A coordinator's hands: fills the screening form page by page from answers as the interface names them.

use crate::browser::{Browser, Shown};
use klero::cli::stage::{Stage, answers, password};
use serde_json::Value;

/// A field as it is sent: name and text.
pub type Typed = Vec<(String, String)>;

/// Everything of `answers` that is asked on this page, as a browser would send it.
pub fn fill(page: &Shown, answers: &Value) -> Typed {
    let asked = |name: &str| page.html.contains(&format!(" name=\"{name}\""));
    let mut typed = vec![];
    for (field, answer) in answers.as_object().unwrap() {
        let texts: Vec<&str> = match answer {
            Value::Array(all) => all.iter().filter_map(Value::as_str).collect(),
            one => vec![one.as_str().unwrap()],
        };
        if asked(&format!("{field}.year")) {
            typed.extend(day(field, texts[0]));
        } else if asked(field) {
            typed.extend(texts.iter().map(|text| (field.clone(), (*text).to_owned())));
        }
    }
    typed
}

/// A day in its boxes.
pub fn day(field: &str, text: &str) -> Typed {
    let part = |part: &str, text: &str| (format!("{field}.{part}"), text.to_owned());
    if text == "never" {
        return vec![part("never", "never")];
    }
    let (date, time) = text.split_once('T').unwrap_or((text, ""));
    let parts: Vec<&str> = date.split('-').collect();
    let mut typed = vec![part("year", parts[0]), part("month", parts[1]), part("day", parts[2])];
    if !time.is_empty() {
        typed.push(part("time", time));
    }
    typed
}

fn borrowed(typed: &Typed) -> Vec<(&str, &str)> {
    typed.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect()
}

impl Browser<'_> {
    /// Fills and presses.
    pub fn press_typed(&mut self, page: &Shown, typed: &Typed) -> Shown {
        self.press(page, &borrowed(typed))
    }

    /// Begins a screening form: its first page.
    pub fn begin(&mut self) -> Shown {
        let start = self.get("/screening");
        self.press(&start, &[])
    }

    /// From the first page to the check, with these answers.
    pub fn enter(&mut self, answers: &Value) -> Shown {
        let mut page = self.begin();
        self.go_on(&mut page, answers);
        page
    }

    /// From any page of the form to the check.
    pub fn go_on(&mut self, page: &mut Shown, answers: &Value) {
        for _ in 0..20 {
            if page.path.ends_with("/check") {
                return;
            }
            let before = page.path.clone();
            *page = self.press_typed(page, &fill(page, answers));
            assert_eq!(page.status, 200, "{before}: {}", page.html);
        }
        panic!("the form does not end: {}", page.path);
    }

    /// Types the login password and presses the button.
    pub fn sign(&mut self, page: &Shown, who: &str, more: &[(&str, &str)]) -> Shown {
        let word = password(who);
        let all = [&[("password", word.as_str())], more].concat();
        self.press(page, &all)
    }
}

/// An eligible participant's answers.
pub fn eligible(number: &str) -> Value {
    answers(number, true, "2026-11-20")
}

/// The same with some of them changed.
pub fn changed(number: &str, changes: &[(&str, &str)]) -> Value {
    let mut all = eligible(number);
    changes.iter().for_each(|(field, answer)| all[*field] = (*answer).into());
    all
}

/// A participant of RJS entered and signed by hand at pages: the address of the page, without its end.
pub fn ready(stage: &Stage, number: &str) -> String {
    let mut coordinator = Browser::signed_in(stage, "en", "c-rjs");
    let check = coordinator.enter(&eligible(number));
    let there = coordinator.sign(&check, "c-rjs", &[]).path;
    let mut investigator = Browser::signed_in(stage, "en", "i-rjs");
    let page = investigator.get(&format!("{there}/eligibility"));
    let signed = investigator.sign(&page, "i-rjs", &[("anotherPerson", "seen in person")]);
    assert_eq!(signed.path, there, "{}", signed.html);
    there
}
