//! Machines: which token may ask for what, since when and until when. And the coordinator's page that lets one ask for a
//! participant's allocation.

use super::form::{Choice, Field, Kind, Line, Signing, typed};
use super::frame::{Frame, in_language, paper};
use crate::domain::access::{Act, Entrust, MACHINES, ManageTokens, Randomise, ReadTokens};
use crate::domain::ids::{CentreId, PersonId, Reference};
use crate::domain::network::Network;
use crate::http::pages::{Next, Page, Paper, Visit};
use crate::limits::TOKEN_DAYS_MAX;
use crate::refusal::{Code, FieldCode, FieldError, Refusal};
use crate::service::tokens::NewToken;
use askama::Template;

/// The pages of this file.
pub fn pages() -> Vec<Page> {
    vec![
        Page::of("/tokens", ReadTokens, tokens),
        Page::of("/tokens/new", ManageTokens, form).acts(make),
        Page::of("/tokens/{machine}/end", ManageTokens, end_form).acts(end),
        Page::of("/participants/{reference}/entrust", Entrust, entrust_form).acts(entrust),
    ]
}

/// A token, as the list shows it.
struct Shown {
    id: String,
    what: String,
    /// What it may ask for, and where.
    may: String,
    places: String,
    from: String,
    by: String,
    expires: String,
    seen: String,
    /// The key of its state's words, and is it over?
    state: (&'static str, bool),
    may_end: bool,
}

#[derive(Template)]
#[template(path = "tokens.html")]
struct Tokens<'v> {
    f: Frame<'v>,
    makes: bool,
    tokens: Vec<Shown>,
}

async fn tokens(visit: Visit) -> Result<Paper, Refusal> {
    let caller = visit.caller()?;
    let makes = caller.may_somewhere::<ManageTokens>().is_ok();
    let f = Frame::of(&visit, "tokens.title").back("/");
    let now = visit.house.clock.now();
    let or = |text: String, key: &str| if text.is_empty() { f.say(key) } else { text };
    let all = visit.house.tokens(caller).await?.into_iter().map(|token| {
        let verbs: Vec<_> = token.verbs.iter().map(|v| f.say(&format!("wants.{v}"))).collect();
        let places: Vec<_> = token.centres.iter().map(|centre| f.centre(centre)).collect();
        let networks: Vec<_> = token.networks.iter().map(Network::to_string).collect();
        let state = match (token.ended, now < token.expires) {
            (true, _) => ("tokens.ended", true),
            (false, false) => ("tokens.over", true),
            (false, true) => ("tokens.good", false),
        };
        Shown {
            id: token.id.to_string(),
            what: token.what,
            may: verbs.join(" · "),
            places: or(places.join(" · "), "people.whole-trial"),
            from: or(networks.join(" · "), "tokens.anywhere"),
            by: token.by.to_string(),
            expires: visit.minute(token.expires),
            seen: token.seen.map_or_else(|| f.say("tokens.never"), |at| visit.minute(at)),
            state,
            may_end: makes && !token.ended,
        }
    });
    let tokens = all.collect();
    paper(&Tokens { makes, tokens, f })
}

#[derive(Template)]
#[template(path = "token_new.html")]
struct New<'v> {
    f: Frame<'v>,
    fields: Vec<Field>,
    once: String,
}

async fn form(visit: Visit) -> Result<Paper, Refusal> {
    let line = |name: &str, before: &str, width, mode| {
        let value = typed(&visit, name, before);
        Kind::Line(Line { value, mode, width, autocomplete: "off" })
    };
    let chosen = |name: &str, word: &str| visit.said.all(name).any(|said| said == word);
    let machines = visit.house.trial.machines_randomise;
    let open = MACHINES.iter().filter(|(verb, _)| machines || *verb != Randomise::NAME);
    let verbs = open.map(|(verb, _)| Choice {
        value: (*verb).to_owned(),
        label: visit.say(&format!("wants.{verb}")),
        chosen: chosen("verbs", verb),
    });
    let centres = visit.house.trial.centres.iter().map(|centre| Choice {
        value: centre.id.to_string(),
        label: in_language(&centre.name, visit.language).to_owned(),
        chosen: chosen("centres", centre.id.as_str()),
    });
    let field = |name: &str, kind| {
        let words = |part: &str| visit.say(&format!("tokens.{name}{part}"));
        Field::new(name, words(""), kind).hint(words("-hint")).told(&visit)
    };
    let fields = vec![
        field("id", line("id", "", 20, "text")),
        field("what", line("what", "", 40, "text")),
        field("verbs", Kind::Many(verbs.collect())),
        field("centres", Kind::Many(centres.collect())),
        field("networks", line("networks", "", 40, "text")),
        field("days", line("days", "90", 4, "numeric")),
    ];
    let f = Frame::of(&visit, "tokens.new").back("/tokens").with_form();
    paper(&New { f, fields, once: visit.act_token() })
}

#[derive(Template)]
#[template(path = "token_made.html")]
struct Made<'v> {
    f: Frame<'v>,
    id: String,
    token: String,
}

/// Shows the token once: the service keeps nothing it could be shown from again.
async fn make(visit: Visit) -> Result<Next, Refusal> {
    let once = visit.once("make-token")?;
    let wanted = read(&visit)?;
    let made = visit.house.make_token(visit.caller()?, wanted, once).await?.value;
    let page = Made {
        f: Frame::of(&visit, "tokens.made").back("/tokens"),
        id: made.id.to_string(),
        token: made.token.to_string(),
    };
    paper(&page).map(Next::Shown)
}

fn read(visit: &Visit) -> Result<NewToken, Refusal> {
    let said = |name: &str| visit.said.get(name).trim().to_owned();
    let mut errors = vec![];
    let mut wrong = |name: &str, code| errors.push(FieldError::new(format!("/{name}"), code));
    let id = PersonId::parse(&said("id").to_lowercase());
    if id.is_err() {
        wrong("id", FieldCode::AccountForm);
    }
    let networks = said("networks");
    let networks: Option<Vec<_>> = networks.split_whitespace().map(Network::parse).collect();
    if networks.is_none() {
        wrong("networks", FieldCode::NetworkForm);
    }
    // What is no number is out of range, whatever it is.
    let days = said("days").parse().unwrap_or(TOKEN_DAYS_MAX + 1);
    let centres = visit.said.all("centres").map(CentreId::parse).collect::<Result<Vec<_>, _>>();
    let verbs = visit.said.all("verbs").map(str::to_owned).collect();
    match (id, networks, centres) {
        (Ok(id), Some(networks), Ok(centres)) => {
            Ok(NewToken { id, what: said("what"), verbs, centres, networks, days })
        }
        (_, _, Err(_)) => Err(visit.wrong("centres", FieldCode::ChoiceUnknown)),
        _ => Err(Refusal::fields(errors)),
    }
}

#[derive(Template)]
#[template(path = "token_end.html")]
struct End<'v> {
    f: Frame<'v>,
    id: String,
    what: String,
    once: String,
}

async fn end_form(visit: Visit) -> Result<Paper, Refusal> {
    let id: PersonId = visit.name(0)?;
    let tokens = visit.house.tokens(visit.caller()?).await?;
    let found = tokens.into_iter().find(|token| token.id == id);
    let found = found.ok_or_else(|| Refusal::new(Code::NoSuchRecord))?;
    if found.ended {
        return Err(Refusal::new(Code::WrongState));
    }
    let f = Frame::of(&visit, "tokens.end-title").back("/tokens").with_form();
    paper(&End { f, id: id.to_string(), what: found.what, once: visit.act_token() })
}

async fn end(visit: Visit) -> Result<Next, Refusal> {
    let once = visit.once("end-token")?;
    visit.house.end_token(visit.caller()?, visit.name(0)?, once).await?;
    Ok(Next::To("/tokens".to_owned()))
}

#[derive(Template)]
#[template(path = "entrust.html")]
struct Entrusting<'v> {
    f: Frame<'v>,
    number: String,
    signing: Signing,
}

async fn entrust_form(visit: Visit) -> Result<Paper, Refusal> {
    let reference: Reference = visit.name(0)?;
    let caller = visit.caller()?;
    let screened = visit.house.participant(caller, &reference).await?;
    if !visit.house.trial.machines_randomise || screened.randomised.is_some() {
        return Err(Refusal::new(Code::WrongState));
    }
    if screened.participant.eligibility.is_none() {
        return Err(Refusal::new(Code::EligibilityNotSigned));
    }
    let back = format!("/participants/{}", reference.as_str());
    let page = Entrusting {
        f: Frame::of(&visit, "entrust.title").back(back).with_form(),
        number: screened.participant.number.to_string(),
        signing: Signing::of(&visit, Entrust::NAME),
    };
    paper(&page)
}

async fn entrust(visit: Visit) -> Result<Next, Refusal> {
    let reference: Reference = visit.name(0)?;
    let once = visit.once(Entrust::NAME)?;
    let signature = visit.signature(Entrust::NAME);
    visit.house.entrust(visit.caller()?, reference.clone(), &signature, once).await?;
    Ok(Next::To(format!("/participants/{}", reference.as_str())))
}
