//! Taking up an invitation: the invited person chooses a password, once, and nobody else ever knows it. Whoever has the
//! link may do so, hence it is good for 72 hours and once; showing the page uses nothing up.

use super::form::{Field, Kind, Line};
use super::frame::{Frame, in_language, paper};
use crate::domain::people::{Anew, Person};
use crate::http::pages::{Next, Page, Paper, Visit};
use crate::limits::PASSWORD_MIN;
use crate::refusal::Refusal;
use crate::service::second_factor::Second;
use crate::service::sign_in::Failures;
use askama::Template;
use zeroize::Zeroizing;

/// The pages of this file.
pub fn pages() -> Vec<Page> {
    vec![Page::public("/start", ready), Page::public("/start/{token}", start).acts(take_up)]
}

#[derive(Template)]
#[template(path = "start.html")]
struct Start<'v> {
    f: Frame<'v>,
    id: String,
    name: String,
    role: String,
    places: String,
    least: usize,
    error: Option<String>,
}

async fn start(visit: Visit) -> Result<Paper, Refusal> {
    if let Ok((person, anew)) = visit.house.recovering(visit.part(0)) {
        return recovering(&visit, &person, anew);
    }
    let person = visit.house.invited(visit.part(0))?;
    let trial = &visit.house.trial;
    let centres = person.centres.iter().filter_map(|id| trial.centre(id));
    let names: Vec<_> = centres.map(|c| in_language(&c.name, visit.language)).collect();
    let error = visit.errors.first().map(|error| error.words(visit.language));
    paper(&Start {
        f: Frame::of(&visit, "start-account.title").with_form(),
        role: visit.say(&format!("role.{}", person.role)),
        places: names.join(" · "),
        id: person.id.to_string(),
        name: person.name,
        least: PASSWORD_MIN,
        error,
    })
}

async fn take_up(visit: Visit) -> Result<Next, Refusal> {
    let password = Zeroizing::new(visit.said.get("password").to_owned());
    if let Ok((_, anew)) = visit.house.recovering(visit.part(0)) {
        return take_recovery(&visit, anew, password).await;
    }
    let person = visit.house.accept_invitation(visit.part(0), password.clone()).await?;
    // Whoever has just chosen the password is asked for the second factor next, without typing it again.
    let signed_in = visit.house.sign_in(&Failures::default(), person.as_str(), password).await;
    match signed_in {
        Ok(signed_in) => Ok(Next::Entered(signed_in, "/account/second-factor".to_owned())),
        Err(_) => Ok(Next::To("/start".to_owned())),
    }
}

#[derive(Template)]
#[template(path = "recovering.html")]
struct Recovering<'v> {
    f: Frame<'v>,
    what: String,
    id: String,
    name: String,
    fields: Vec<Field>,
}

/// A link of the administrator's for whoever lost password or phone.
fn recovering(visit: &Visit, person: &Person, anew: Anew) -> Result<Paper, Refusal> {
    let f = Frame::of(visit, "recover.title").with_form();
    let fields = match anew {
        Anew::SecondFactor => {
            vec![Field::new("password", f.say("account.present"), Kind::Password).told(visit)]
        }
        Anew::Password => {
            let hint = f.with("start-account.password-hint", "least", PASSWORD_MIN);
            let new = Field::new("password", f.say("account.new-password"), Kind::NewPassword);
            let (mode, width, autocomplete) = ("text", 20, "one-time-code");
            let code = Kind::Line(Line { value: String::new(), mode, width, autocomplete });
            let code = Field::new("_code", f.say("factor.code"), code);
            vec![new.hint(hint).told(visit), code.hint(f.say("recover.code-hint"))]
        }
    };
    let page = Recovering {
        what: f.say(&format!("recover.{}-what", anew.as_str())),
        id: person.id.to_string(),
        name: person.name.clone(),
        fields,
        f,
    };
    paper(&page)
}

async fn take_recovery(
    visit: &Visit,
    anew: Anew,
    password: Zeroizing<String>,
) -> Result<Next, Refusal> {
    let second = Second { code: visit.said.get("_code").to_owned(), ..Second::default() };
    let token = visit.part(0);
    let person = visit.house.take_recovery(token, password.clone(), &second).await?;
    if anew == Anew::Password {
        return Ok(Next::To("/start".to_owned()));
    }
    let signed_in = visit.house.sign_in(&Failures::default(), person.id.as_str(), password).await;
    match signed_in {
        Ok(signed_in) => Ok(Next::Entered(signed_in, "/account/second-factor".to_owned())),
        Err(_) => Ok(Next::To("/start".to_owned())),
    }
}

#[derive(Template)]
#[template(path = "start_ready.html")]
struct Ready<'v> {
    f: Frame<'v>,
}

async fn ready(visit: Visit) -> Result<Paper, Refusal> {
    paper(&Ready { f: Frame::of(&visit, "start-account.ready") })
}
