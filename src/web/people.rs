//! Everybody with an account: who has which role where. An administrator invites and disables; a monitor reads.

use super::form::{Choice, Field, Kind, Line, typed};
use super::frame::{Frame, in_language, paper};
use super::principal::may_be;
use super::standing::in_fours;
use crate::domain::access::{ManagePeople, MarkPrincipal, ReadKeys, ReadPeople};
use crate::domain::ids::{CentreId, PersonId};
use crate::domain::people::{Anew, Person, Role};
use crate::http::pages::{Next, Page, Paper, Visit};
use crate::refusal::{Code, FieldCode, FieldError, Refusal};
use crate::service::people::Invitation;
use crate::service::unblinded::Past;
use askama::Template;
use std::collections::BTreeMap;

/// The pages of this file.
pub fn pages() -> Vec<Page> {
    vec![
        Page::of("/people", ReadPeople, people),
        Page::of("/people/invite", ManagePeople, invite_form).acts(invite),
        Page::of("/people/{person}/disable", ManagePeople, disable_form).acts(disable),
        Page::of("/people/{person}/recover", ManagePeople, recover_form).acts(recover),
    ]
}

/// Somebody, as the list shows them.
struct Shown {
    id: String,
    name: String,
    role: String,
    places: String,
    /// The key of the state's words, and is the account closed?
    state: (&'static str, bool),
    fingerprint: Option<String>,
    /// May the reader disable this account?
    may_end: bool,
    /// Is it a principal investigator, and may the reader change that?
    principal: bool,
    may_mark: bool,
    /// May the reader give a link for a lost phone or password?
    may_recover: bool,
}

#[derive(Template)]
#[template(path = "people.html")]
struct People<'v> {
    f: Frame<'v>,
    invites: bool,
    people: Vec<Shown>,
}

async fn people(visit: Visit) -> Result<Paper, Refusal> {
    let caller = visit.caller()?;
    let invites = caller.may_somewhere::<ManagePeople>().is_ok();
    let marks = caller.may_somewhere::<MarkPrincipal>().is_ok();
    let cards = match caller.may_somewhere::<ReadKeys>() {
        Ok(_) => visit.house.keys(caller).await?.0,
        Err(_) => vec![],
    };
    let cards: BTreeMap<_, _> =
        cards.into_iter().map(|held| (held.person.to_string(), held.fingerprint)).collect();
    let accounts = visit.house.people(caller).await?.into_iter();
    let people = accounts.map(|account| Shown {
        id: account.person.id.to_string(),
        role: visit.say(&format!("role.{}", account.person.role)),
        places: places(&visit, &account.person),
        state: state(&account.state),
        principal: account.principal,
        may_mark: marks && may_be(&account.person, &account.state),
        fingerprint: cards.get(account.person.id.as_str()).map(|hex| in_fours(hex)),
        may_recover: invites && account.state == "active" && account.person.id != caller.person.id,
        may_end: invites && account.state != "disabled" && account.person.id != caller.person.id,
        name: account.person.name,
    });
    let people = people.collect();
    paper(&People { f: Frame::of(&visit, "people.title").back("/"), invites, people })
}

fn state(word: &str) -> (&'static str, bool) {
    match word {
        "active" => ("people.active", false),
        "disabled" => ("people.disabled", true),
        _ => ("people.invited", false),
    }
}

pub(super) fn places(visit: &Visit, person: &Person) -> String {
    let trial = &visit.house.trial;
    let centres = person.centres.iter().filter_map(|id| trial.centre(id));
    let names: Vec<_> = centres.map(|c| in_language(&c.name, visit.language)).collect();
    if names.is_empty() { visit.say("people.whole-trial") } else { names.join(" · ") }
}

#[derive(Template)]
#[template(path = "invite.html")]
struct Invite<'v> {
    f: Frame<'v>,
    fields: Vec<Field>,
    once: String,
}

async fn invite_form(visit: Visit) -> Result<Paper, Refusal> {
    let line = |name: &str, width, autocomplete| {
        let value = typed(&visit, name, "");
        Kind::Line(Line { value, mode: "text", width, autocomplete })
    };
    let role = |role: Role| Choice {
        value: role.to_string(),
        label: visit.say(&format!("role.{role}")),
        chosen: visit.said.get("role") == role.as_str(),
    };
    let centre = |centre: &crate::domain::trial::Centre| Choice {
        value: centre.id.to_string(),
        label: in_language(&centre.name, visit.language).to_owned(),
        chosen: visit.said.all("centres").any(|id| id == centre.id.as_str()),
    };
    let roles = Kind::One(Role::ALL.map(role).into_iter().collect());
    let centres = Kind::Many(visit.house.trial.centres.iter().map(centre).collect());
    let principal = Kind::Many(vec![Choice {
        value: "yes".to_owned(),
        label: visit.say("people.principal-yes"),
        chosen: visit.said.get("principal") == "yes",
    }]);
    let field = |name: &str, kind| {
        let words = |part: &str| visit.say(&format!("people.{name}{part}"));
        Field::new(name, words(""), kind).hint(words("-hint")).told(&visit)
    };
    let fields = vec![
        field("person", line("person", 20, "off")),
        field("name", line("name", 20, "off")),
        field("role", roles),
        field("centres", centres),
        field("formerly", line("formerly", 20, "off")),
        field("anotherPerson", line("anotherPerson", 40, "off")),
        field("principal", principal),
    ];
    let f = Frame::of(&visit, "people.invite").back("/people").with_form();
    paper(&Invite { f, fields, once: visit.act_token() })
}

#[derive(Template)]
#[template(path = "invited.html")]
struct Invited<'v> {
    f: Frame<'v>,
    name: String,
    id: String,
    link: String,
}

/// Shows the link once: the service keeps nothing it could be shown from again.
async fn invite(visit: Visit) -> Result<Next, Refusal> {
    let once = visit.once("invite")?;
    let invitation = read(&visit)?;
    let name = invitation.name.clone();
    let past = past(&visit)?;
    let invited = visit.house.invite(visit.caller()?, invitation, past, once).await?.value;
    let page = Invited {
        f: Frame::of(&visit, "people.invited-title").back("/people"),
        name,
        id: invited.person.to_string(),
        link: format!("{}/start/{}", visit.origin, *invited.token),
    };
    paper(&page).map(Next::Shown)
}

/// What is said of the person's past, where anything is.
fn past(visit: &Visit) -> Result<Past, Refusal> {
    let said = |name: &str| Some(visit.said.get(name).trim().to_owned()).filter(|s| !s.is_empty());
    let former = said("formerly").map(|id| PersonId::parse(&id.to_lowercase())).transpose();
    let formerly = former.map_err(|_| visit.wrong("formerly", FieldCode::ChoiceUnknown))?;
    Ok(Past { formerly, another_person: said("anotherPerson") })
}

fn read(visit: &Visit) -> Result<Invitation, Refusal> {
    let said = |name: &str| visit.said.get(name).trim().to_owned();
    let mut errors = vec![];
    let mut wrong = |name: &str, code| errors.push(FieldError::new(format!("/{name}"), code));
    let person = PersonId::parse(&said("person").to_lowercase());
    if person.is_err() {
        let empty = said("person").is_empty();
        wrong("person", if empty { FieldCode::Required } else { FieldCode::AccountForm });
    }
    if said("name").is_empty() {
        wrong("name", FieldCode::TextEmpty);
    }
    let role = Role::parse(&said("role"));
    if role.is_none() {
        wrong("role", FieldCode::Required);
    }
    let centres = visit.said.all("centres").map(CentreId::parse).collect::<Result<Vec<_>, _>>();
    match (role, person, centres) {
        (Some(role), Ok(person), Ok(centres)) if errors.is_empty() => {
            let principal = said("principal") == "yes";
            Ok(Invitation { person, name: said("name"), role, centres, principal })
        }
        (_, _, Err(_)) => Err(visit.wrong("centres", FieldCode::ChoiceUnknown)),
        _ => Err(Refusal::fields(errors)),
    }
}

#[derive(Template)]
#[template(path = "disable.html")]
struct Disable<'v> {
    f: Frame<'v>,
    id: String,
    name: String,
    role: String,
    places: String,
    once: String,
}

async fn disable_form(visit: Visit) -> Result<Paper, Refusal> {
    let person: PersonId = visit.name(0)?;
    let accounts = visit.house.people(visit.caller()?).await?;
    let found = accounts.into_iter().find(|account| account.person.id == person);
    let found = found.ok_or_else(|| Refusal::new(Code::NoSuchRecord))?;
    if found.state == "disabled" {
        return Err(Refusal::new(Code::WrongState));
    }
    let page = Disable {
        f: Frame::of(&visit, "people.disable-title").back("/people").with_form(),
        id: person.to_string(),
        role: visit.say(&format!("role.{}", found.person.role)),
        places: places(&visit, &found.person),
        name: found.person.name,
        once: visit.act_token(),
    };
    paper(&page)
}

async fn disable(visit: Visit) -> Result<Next, Refusal> {
    let once = visit.once("disable")?;
    visit.house.disable(visit.caller()?, visit.name(0)?, once).await?;
    Ok(Next::To("/people".to_owned()))
}

#[derive(Template)]
#[template(path = "recover.html")]
struct Recover<'v> {
    f: Frame<'v>,
    name: String,
    field: Field,
    once: String,
}

async fn recover_form(visit: Visit) -> Result<Paper, Refusal> {
    let person: PersonId = visit.name(0)?;
    let accounts = visit.house.people(visit.caller()?).await?;
    let found = accounts.into_iter().find(|account| account.person.id == person);
    let found = found.ok_or_else(|| Refusal::new(Code::NoSuchRecord))?;
    if found.state != "active" {
        return Err(Refusal::new(Code::WrongState));
    }
    let choice = |anew: Anew| Choice {
        value: anew.as_str().to_owned(),
        label: visit.say(&format!("recover.{}", anew.as_str())),
        chosen: visit.said.get("what") == anew.as_str(),
    };
    let choices = vec![choice(Anew::SecondFactor), choice(Anew::Password)];
    let field = Field::new("what", visit.say("recover.lost"), Kind::One(choices)).told(&visit);
    let f = Frame::of(&visit, "recover.title").back("/people").with_form();
    paper(&Recover { f, name: found.person.name, field, once: visit.act_token() })
}

async fn recover(visit: Visit) -> Result<Next, Refusal> {
    let once = visit.once("recover")?;
    let person: PersonId = visit.name(0)?;
    let anew = Anew::parse(visit.said.get("what"));
    let anew = anew.ok_or_else(|| visit.wrong("what", FieldCode::Required))?;
    let given = visit.house.recover(visit.caller()?, person, anew, once).await?.value;
    let page = Invited {
        f: Frame::of(&visit, "recover.title").back("/people"),
        name: given.person.to_string(),
        id: given.person.to_string(),
        link: format!("{}/start/{}", visit.origin, *given.token),
    };
    paper(&page).map(Next::Shown)
}

/// What waits for an administrator: people who were invited and have not come yet.
///
/// # Errors
/// When the store fails.
pub async fn to_do(visit: &Visit) -> Result<Vec<(String, String, String)>, Refusal> {
    let accounts = visit.house.people(visit.caller()?).await?.into_iter();
    let waiting = accounts.filter(|account| account.state == "invited");
    let told = waiting
        .map(|account| (account.person.name, visit.say("people.invited"), "/people".to_owned()));
    Ok(told.collect())
}
