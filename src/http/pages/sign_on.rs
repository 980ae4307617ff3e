//! To the hospital's sign-on and back. Each answer here leads on (303) to an address that says nothing: what the hospital's
//! server put into the address stays in no history, and no page is shown at it that could pass it on.

use super::answer::{because, cookies, put, see_other, sheet, too_fast, visit};
use super::cookie::{drop_way, keep_way};
use super::{Pages, Said, SignInStep, Visit};
use crate::http::frame::Asked;
use crate::http::problem::Problem;
use crate::http::routes::{Door, Route};
use crate::refusal::Code;
use crate::service::House;
use crate::service::sign_in::Failures;
use crate::service::sign_on::{CameBack, NotOn};
use actix_web::http::{StatusCode, header};
use actix_web::web::{Data, Query};
use actix_web::{HttpRequest, HttpResponse};
use zeroize::Zeroizing;

/// Where the hospital's server sends a browser back to.
pub const BACK: &str = "/sign-in/hospital/back";
const STEP: &str = "/sign-in/hospital/step";
const CONFIRM: &str = "/account/hospital/confirm";

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get("/sign-in/hospital", enter).public().page(),
        Route::get("/account/hospital/begin", link).behind(Door::SignedIn).page(),
        Route::get(BACK, back).public().page(),
        Route::get(STEP, step).public().page(),
    ]
}

fn visiting(
    req: &HttpRequest,
    asked: &Asked,
    house: &Data<House>,
    pages: &Data<Pages>,
) -> Result<Visit, Problem> {
    match house.sign_on.name() {
        Some(_) => Ok(visit(req, asked, house, pages, Said::default())),
        None => Err(Problem::new(Code::NoSuchPage)),
    }
}

/// Whoever presses the button. It is a link, since a page's forms lead nowhere but to us.
async fn enter(
    req: HttpRequest,
    asked: Asked,
    house: Data<House>,
    pages: Data<Pages>,
) -> Result<HttpResponse, Problem> {
    let visit = visiting(&req, &asked, &house, &pages)?;
    if visit.caller.is_some() {
        return Ok(see_other("/"));
    }
    Ok(away(&asked, house.go_to_hospital(None).await))
}

/// Whoever wants to link the own account there.
async fn link(
    req: HttpRequest,
    asked: Asked,
    house: Data<House>,
    pages: Data<Pages>,
) -> Result<HttpResponse, Problem> {
    let visit = visiting(&req, &asked, &house, &pages)?;
    let Some(caller) = &visit.caller else { return Ok(see_other("/account/hospital")) };
    if let Some(wait) = too_fast(&visit, &asked) {
        return Ok(wait);
    }
    Ok(away(&asked, house.go_to_hospital(Some((caller, visit.session()))).await))
}

fn away(asked: &Asked, gone: Result<(Zeroizing<String>, String), NotOn>) -> HttpResponse {
    match gone {
        Ok((token, there)) => with_cookie(see_other(&there), &keep_way(&token, asked.https)),
        Err(not) => not_on(&not),
    }
}

/// What came back with a browser.
struct Brought {
    state: Zeroizing<String>,
    /// None: the server says that nobody signed in.
    code: Option<Zeroizing<String>>,
}

impl Brought {
    /// Standing twice nothing is guessed at.
    fn read(query: &str) -> Option<Self> {
        let pairs = Query::<Vec<(String, String)>>::from_query(query).ok()?.into_inner();
        let one = |name: &str| {
            let mut found = pairs.iter().filter(|(key, _)| key == name).map(|(_, text)| text);
            match (found.next(), found.next()) {
                (Some(text), None) => Some(Zeroizing::new(text.clone())),
                _ => None,
            }
        };
        let failed = pairs.iter().any(|(key, _)| key == "error");
        Some(Self { state: one("state")?, code: one("code").filter(|_| !failed) })
    }
}

async fn back(
    req: HttpRequest,
    asked: Asked,
    house: Data<House>,
    pages: Data<Pages>,
    failures: Data<Failures>,
) -> Result<HttpResponse, Problem> {
    let visit = visiting(&req, &asked, &house, &pages)?;
    let brought = Brought::read(req.query_string());
    let Some((token, brought)) = visit.way.clone().zip(brought) else {
        return Ok(not_on(&NotOn::Over));
    };
    let Brought { state, code } = brought;
    let phone = visit.phone.clone();
    let https = asked.https;
    Ok(match house.came_back(&failures, &token, &state, code, phone).await {
        Ok(CameBack::In(signed_in)) => {
            let (session, _) = cookies(&signed_in, &asked);
            with_cookie(with_cookie(see_other("/"), &session), &drop_way(https))
        }
        Ok(CameBack::SecondStep(token)) => with_cookie(see_other(STEP), &keep_way(&token, https)),
        Ok(CameBack::Linking(token)) => with_cookie(see_other(CONFIRM), &keep_way(&token, https)),
        // Somebody may have sent this browser here while it is on a way of its own.
        Err(NotOn::Over) => not_on(&NotOn::Over),
        Err(not) => with_cookie(not_on(&not), &drop_way(https)),
    })
}

/// The second step, as after a password. What shows that the first was taken is given to this page once.
async fn step(
    req: HttpRequest,
    asked: Asked,
    house: Data<House>,
    pages: Data<Pages>,
) -> Result<HttpResponse, Problem> {
    let mut visit = visiting(&req, &asked, &house, &pages)?;
    let found = visit.way.as_ref().and_then(|token| house.second_step_of(token));
    let Some((person, half)) = found else { return Ok(not_on(&NotOn::Over)) };
    visit.here = "/".to_owned();
    visit.said = Said(vec![("_name".to_owned(), person.to_string())]);
    visit.caller = None;
    let passkey = house.ask_half_way(person.as_str(), &half);
    let scripts = passkey.is_some();
    let paper = (visit.pages.sign_in)(&visit, &SignInStep::Second(half, false, passkey));
    let page = sheet(StatusCode::UNAUTHORIZED, paper, scripts, &asked);
    Ok(with_cookie(because(page, Code::SecondFactorNeeded), &drop_way(asked.https)))
}

/// To the page that says why not.
fn not_on(not: &NotOn) -> HttpResponse {
    let word = not.as_str();
    match not {
        NotOn::Refusal(refusal) => because(see_other(&format!("/problems/{word}")), refusal.code),
        NotOn::Refused | NotOn::Unlinked => {
            because(see_other(&format!("/sign-in/hospital/not/{word}")), Code::CredentialsWrong)
        }
        NotOn::Away | NotOn::Over => see_other(&format!("/sign-in/hospital/not/{word}")),
    }
}

fn with_cookie(mut answer: HttpResponse, cookie: &str) -> HttpResponse {
    put(answer.headers_mut(), header::SET_COOKIE.as_str(), cookie);
    answer
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_twice_or_not_at_all_is_not_guessed_at() {
        let read = |query| {
            let found = Brought::read(query)?;
            Some((found.state.to_string(), found.code.map(|code| code.to_string())))
        };
        let both = Some(("s".to_owned(), Some("c d".to_owned())));
        assert_eq!(read("code=c%20d&state=s&session_state=x"), both);
        assert_eq!(read("state=s&code=a&code=b"), Some(("s".to_owned(), None)));
        assert_eq!(read("state=s&error=access_denied&code=a"), Some(("s".to_owned(), None)));
        assert_eq!(read("state=s&state=s&code=a"), None);
        assert_eq!(read("code=a"), None);
        assert_eq!(read(""), None);
    }
}
