//! Keys that change: who can open and who left, a centre's next key, one code's key after a transfer; and the register
//! of who is unblinded.

use super::frame::{Frame, in_language, paper};
use super::opening::{Device, device};
use crate::domain::access::{PassKey, ReadKeys, ReadReports, RotateKey};
use crate::domain::ids::CentreId;
use crate::http::pages::{Page, Paper, Visit};
use crate::refusal::Refusal;
use crate::service::openers::Thin;
use crate::service::unblinded::{How, Registered, stays_blind};
use crate::text::Arg;
use askama::Template;

/// The pages of this file.
pub fn pages() -> Vec<Page> {
    vec![
        Page::of("/keys", ReadKeys, key_holders),
        Page::of("/rotate", RotateKey, rotate).with_keys(),
        Page::of("/pass-on", PassKey, pass_on).with_keys(),
        Page::of("/people/unblinded", ReadReports, unblinded),
    ]
}

/// Somebody who moved: the reference, the number, and the centres by name.
struct Moved {
    participant: String,
    number: String,
    from: String,
    to: String,
}

#[derive(Template)]
#[template(path = "pass_on.html")]
struct PassOn<'v> {
    f: Frame<'v>,
    on: Device,
    waiting: Vec<Moved>,
}

async fn pass_on(visit: Visit) -> Result<Paper, Refusal> {
    let waiting = visit.house.waiting_for_keys(visit.caller()?).await?;
    let f = Frame::of(&visit, "pass-on.title").back("/").with_script("pass_on.js");
    let named = |centre: &CentreId| f.centre(centre);
    let waiting = waiting.iter().map(|one| Moved {
        participant: one.moved.participant.as_str().to_owned(),
        number: one.moved.number.to_string(),
        from: named(&one.moved.from),
        to: named(&one.moved.to),
    });
    let waiting = waiting.collect();
    let on = device(&f, "", false)?;
    paper(&PassOn { on, waiting, f })
}

#[derive(Template)]
#[template(path = "key_holders.html")]
struct KeyHolders<'v> {
    f: Frame<'v>,
    /// Where too few can open.
    thin: Vec<String>,
    /// Whose leaving asks for a rotation.
    left: Vec<String>,
    /// Is the reader the one who rotates?
    rotates: bool,
}

async fn key_holders(visit: Visit) -> Result<Paper, Refusal> {
    let caller = visit.caller()?;
    let warnings = visit.house.key_warnings(caller).await?;
    let rotates = caller.may_somewhere::<RotateKey>().is_ok();
    let f = Frame::of(&visit, "key-holders.title").back("/");
    let thin = warnings.thin.iter().map(|thin| thin_words(&visit, thin)).collect();
    let left = warnings.left.iter().map(|left| {
        let place = Arg::Text(centre_name(&visit, &left.centre));
        let person = Arg::Text(left.person.to_string());
        visit.say_with("key-holders.left", &[("place", place), ("person", person)])
    });
    let left = left.collect();
    paper(&KeyHolders { thin, left, rotates, f })
}

fn centre_name(visit: &Visit, centre: &CentreId) -> String {
    let known = visit.house.trial.centre(centre);
    known.map_or_else(String::new, |c| in_language(&c.name, visit.language).to_owned())
}

fn thin_words(visit: &Visit, thin: &Thin) -> String {
    let n = ("n", Arg::Number(thin.openers as u64));
    match &thin.centre {
        None => visit.say_with("key-holders.hotline", &[n]),
        Some(centre) => {
            let place = ("place", Arg::Text(centre_name(visit, centre)));
            visit.say_with("key-holders.centre", &[n, place])
        }
    }
}

/// What waits for whoever watches over the keys.
///
/// # Errors
/// When the store fails.
pub async fn to_do(visit: &Visit) -> Result<Vec<(String, String, String)>, Refusal> {
    let warnings = visit.house.key_warnings(visit.caller()?).await?;
    let page = || "/keys".to_owned();
    let mut all: Vec<_> = warnings
        .thin
        .iter()
        .map(|thin| (thin_words(visit, thin), visit.say("key-holders.see"), page()))
        .collect();
    if !warnings.left.is_empty() {
        all.push((visit.say("key-holders.due"), visit.say("key-holders.see"), page()));
    }
    Ok(all)
}

#[derive(Template)]
#[template(path = "rotate.html")]
struct Rotate<'v> {
    f: Frame<'v>,
    on: Device,
}

async fn rotate(visit: Visit) -> Result<Paper, Refusal> {
    let f = Frame::of(&visit, "rotate.title").back("/keys").with_script("rotate.js");
    let on = device(&f, "", false)?;
    paper(&Rotate { on, f })
}

/// Somebody in the register.
struct Person {
    id: String,
    name: String,
    role: String,
    /// Is the account closed?
    gone: bool,
    since: String,
    how: String,
}

#[derive(Template)]
#[template(path = "unblinded.html")]
struct Unblinded<'v> {
    f: Frame<'v>,
    now: String,
    unblinded: Vec<Person>,
    blind: Vec<Person>,
}

async fn unblinded(visit: Visit) -> Result<Paper, Refusal> {
    let all = visit.house.unblinded(visit.caller()?).await?;
    let how = |how: How| {
        visit.say(match how {
            How::Key => "unblinded.by-key",
            How::Prepared => "unblinded.by-preparation",
            How::Broke => "unblinded.by-break",
        })
    };
    let person = |one: &Registered| Person {
        id: one.account.person.id.to_string(),
        name: one.account.person.name.clone(),
        role: visit.say(&format!("role.{}", one.account.person.role)),
        gone: one.account.state == "disabled",
        since: one.since().map_or_else(String::new, |at| visit.minute(at)),
        how: one.how.iter().map(|(by, _)| how(*by)).collect::<Vec<_>>().join(" · "),
    };
    let (known, blind): (Vec<_>, Vec<_>) = all.iter().partition(|one| !one.how.is_empty());
    let page = Unblinded {
        f: Frame::of(&visit, "unblinded.title").back("/"),
        now: visit.minute(visit.house.clock.now()),
        unblinded: known.into_iter().map(person).collect(),
        // Whoever may hold a key and has none yet is neither.
        blind: blind
            .into_iter()
            .filter(|one| stays_blind(one.account.person.role))
            .map(person)
            .collect(),
    };
    paper(&page)
}
