//! The two pages that stand in the place of another: sign in first; and a refusal that no retyping cures.

use super::frame::{Frame, paper};
use crate::http::pages::{Paper, SignInStep, Visit};
use crate::refusal::Refusal;
use crate::sealing::bytes::hex;
use crate::service::passkeys::Question;
use askama::Template;

#[derive(Template)]
#[template(path = "sign_in.html")]
struct SignIn<'v> {
    f: Frame<'v>,
    wrong: bool,
    /// What shows that the password was right, when the second factor is asked for.
    half: Option<String>,
    /// What a passkey is asked beside it, where the person has one.
    passkey: Option<&'v Question>,
    /// The service's time, after a wrong code: phones whose clock is off show others.
    time: String,
    name: String,
    carried: Vec<(String, String)>,
    sealed: Option<String>,
    /// The hospital's sign-on, where there is one and nothing typed would be lost by going there.
    hospital: Option<String>,
}

/// Asks for name and password, and then for the second factor, in the place of a page, and carries along what was typed on it.
pub fn sign_in(visit: &Visit, step: &SignInStep) -> Paper {
    let (wrong, half, passkey) = match step {
        SignInStep::First(wrong) => (*wrong, None, None),
        SignInStep::Second(half, wrong, asked) => (*wrong, Some(half.to_string()), asked.as_ref()),
    };
    let f = Frame::of(visit, "sign-in.title").with_form();
    let carried: Vec<_> = visit.said.kept().cloned().collect();
    let start = visit.here == "/";
    let hospital = visit.house.sign_on.name().filter(|_| half.is_none() && carried.is_empty());
    let page = SignIn {
        hospital: hospital.map(str::to_owned),
        f: if passkey.is_some() { f.with_script("passkey.js") } else { f },
        wrong,
        half,
        passkey,
        time: visit.minute(visit.house.clock.now()),
        name: visit.said.get("_name").to_owned(),
        carried,
        sealed: start.then(|| in_fours(&hex(&visit.house.manifest.manifest.root))),
    };
    paper(&page).unwrap_or_else(|_| Paper { html: String::new() })
}

#[derive(Template)]
#[template(path = "stop.html")]
struct Stop<'v> {
    f: Frame<'v>,
    detail: String,
    next: String,
    code: &'static str,
}

/// Says why something was not done, and what to do now.
pub fn refused(visit: &Visit, refusal: &Refusal) -> Paper {
    let language = visit.language;
    let mut f = Frame::of(visit, "stop.title");
    f.title = refusal.title(language);
    let (detail, next) = (refusal.detail(language), refusal.next(language));
    let page = Stop { f, detail, next, code: refusal.code.as_str() };
    paper(&page).unwrap_or_else(|_| Paper { html: String::new() })
}

/// Hexadecimal in groups of four, as it is compared with paper.
pub fn in_fours(hex: &str) -> String {
    let digits: Vec<char> = hex.chars().collect();
    let groups: Vec<String> = digits.chunks(4).map(|group| group.iter().collect()).collect();
    groups.join(" ")
}
