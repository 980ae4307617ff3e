//! From a request to a page: who comes, what was typed, what stands in the way.

use super::cookie::{
    drop_session, keep_language, keep_phone, keep_session, own_phone, session, way,
};
use super::sign_on;
use super::visit::{Said, Visit};
use super::{Next, Page, Pages, Paper, SignInStep};
use crate::http::exports;
use crate::http::extract::Form;
use crate::http::frame::Asked;
use crate::http::page::{CSP_KEYS, CSP_PAGE};
use crate::http::problem::{self, Problem};
use crate::http::routes::{Door, Route};
use crate::refusal::{Code, FieldCode, FieldError, Refusal};
use crate::service::House;
use crate::service::passkeys::Shown;
use crate::service::second_factor::Second;
use crate::service::sign_in::{Failures, FirstStep, SignedIn};
use crate::text::Language;
use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderMap};
use actix_web::rt::time::sleep;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use std::sync::Arc;
use zeroize::Zeroizing;

/// Every page as rows of the table of routes.
pub(in crate::http) fn routes(pages: &Arc<Pages>) -> Vec<Route> {
    let each = pages.all.iter().flat_map(|page| [shown(page.clone()), sent(page.clone())]);
    let each = each.chain(sign_on::routes());
    each.chain([Route::get("/static/{hash}/{file}", file).public().page()]).collect()
}

fn shown(page: Page) -> Route {
    let (path, door) = (page.path, page.door);
    let handler = move |req: HttpRequest, asked: Asked, house: Data<House>, pages: Data<Pages>| {
        let page = page.clone();
        async move {
            let visit = visit(&req, &asked, &house, &pages, Said::default());
            match too_fast(&visit, &asked) {
                Some(wait) => wait,
                None => show(&page, visit, &asked).await,
            }
        }
    };
    Route::get(path, handler).behind(door).page()
}

fn sent(page: Page) -> Route {
    let (path, door) = (page.path, page.door);
    let handler = move |req: HttpRequest,
                        asked: Asked,
                        house: Data<House>,
                        pages: Data<Pages>,
                        failures: Data<Failures>,
                        form: Form| {
        let page = page.clone();
        async move {
            if !is_ours(req.headers()) {
                return Err(Problem::new(Code::MalformedRequest));
            }
            let visit = visit(&req, &asked, &house, &pages, Said(form.0));
            match too_fast(&visit, &asked) {
                Some(wait) => Ok(wait),
                None => Ok(answer(&page, visit, &asked, &failures).await),
            }
        }
    };
    Route::post(path, handler).behind(door).page()
}

/// For somebody who asks faster than people do: the page that says so, and when to come back.
pub(super) fn too_fast(visit: &Visit, asked: &Asked) -> Option<HttpResponse> {
    let refusal = visit.house.let_through(visit.caller.as_ref()?).err()?;
    let mut wait = refused(visit, &refusal, asked);
    put(wait.headers_mut(), header::RETRY_AFTER.as_str(), "1");
    Some(wait)
}

/// A browser says which site a form was sent from. An older one, told to send no referrer, says `null` or nothing; then
/// the form's token decides alone, which no other site can read.
fn is_ours(headers: &HeaderMap) -> bool {
    let one = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    match (one("sec-fetch-site"), one("origin"), one("host")) {
        (Some(site), _, _) => site == "same-origin",
        (None, None | Some("null"), _) => true,
        (None, Some(origin), host) => origin.split_once("://").map(|(_, from)| from) == host,
    }
}

pub(super) fn visit(
    req: &HttpRequest,
    asked: &Asked,
    house: &Data<House>,
    pages: &Data<Pages>,
    said: Said,
) -> Visit {
    let token = session(req, asked.https).map(Zeroizing::new);
    let caller = token.as_ref().and_then(|token| house.caller(token).ok());
    Visit {
        house: Arc::clone(house),
        pages: Arc::clone(pages),
        token: token.filter(|_| caller.is_some()),
        phone: own_phone(req.headers(), asked.https).map(Zeroizing::new),
        way: way(req.headers(), asked.https).map(Zeroizing::new),
        caller,
        language: asked.language,
        here: req.path().to_owned(),
        origin: origin(req.headers(), asked.https),
        said,
        errors: vec![],
        id: asked.id.clone(),
        names: req.match_info().iter().map(|(_, part)| part.to_owned()).collect(),
    }
}

/// Where the browser thinks it is. A host that is no plain name is left out rather than printed on paper.
fn origin(headers: &HeaderMap, https: bool) -> String {
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let plain = |b: u8| b.is_ascii_alphanumeric() || b".-:[]".contains(&b);
    let scheme = if https { "https" } else { "http" };
    if host.is_empty() || host.len() > 255 || !host.bytes().all(plain) {
        return String::new();
    }
    format!("{scheme}://{host}")
}

/// The page itself, or what stands in its way.
async fn show(page: &Page, visit: Visit, asked: &Asked) -> HttpResponse {
    if page.door != Door::Public && visit.caller.is_none() {
        return sheet(
            StatusCode::UNAUTHORIZED,
            (visit.pages.sign_in)(&visit, &SignInStep::First(false)),
            false,
            asked,
        );
    }
    if let Err(refusal) = (page.may)(visit.clone()).await {
        return refused(&visit, &refusal, asked);
    }
    let status = if visit.errors.is_empty() { 200 } else { 422 };
    let status = StatusCode::from_u16(status).unwrap_or_default();
    match (page.show)(visit.clone()).await {
        Ok(paper) => sheet(status, paper, page.keys, asked),
        Err(refusal) => refused(&visit, &refusal, asked),
    }
}

/// What was sent: another language, a sign-in, or the act.
async fn answer(page: &Page, visit: Visit, asked: &Asked, failures: &Failures) -> HttpResponse {
    if visit.said.has("_language") {
        return in_language(page, visit, asked).await;
    }
    if visit.said.has("_name") && visit.caller.is_none() {
        return signing_in(page, visit, asked, failures).await;
    }
    let guarded = page.door != Door::Public;
    let foreign = visit.caller.is_some() && visit.said.get("_form") != visit.form_token();
    let act = match &page.act {
        Some(act) if !foreign && (visit.caller.is_some() || !guarded) => act,
        // An idle session has ended, or another began since: the page again, with everything that was typed.
        _ => return show(page, visit, asked).await,
    };
    match act(visit.clone()).await {
        Ok(Next::To(there)) => see_other(&there),
        Ok(Next::Shown(paper)) => sheet(StatusCode::OK, paper, page.keys, asked),
        Ok(Next::Entered(signed_in, there)) => {
            let mut entered = see_other(&there);
            let (cookie, _) = cookies(&signed_in, asked);
            put(entered.headers_mut(), header::SET_COOKIE.as_str(), &cookie);
            entered
        }
        Ok(Next::File(file)) => exports::sent(file),
        Ok(Next::SignedOut) => {
            let mut left = see_other("/");
            let headers = left.headers_mut();
            put(headers, header::SET_COOKIE.as_str(), &drop_session(asked.https));
            put(headers, "clear-site-data", "\"cache\"");
            left
        }
        Err(refusal) => match fields(&refusal) {
            Some(errors) => show(page, Visit { errors, ..visit }, asked).await,
            None => refused(&visit, &refusal, asked),
        },
    }
}

/// What can be mended by typing again stands beside its field; everything else is a page of its own.
fn fields(refusal: &Refusal) -> Option<Vec<FieldError>> {
    match refusal.code {
        Code::InvalidFields => Some(refusal.errors.clone()),
        Code::SignatureNeeded => Some(vec![FieldError::new("/password", FieldCode::PasswordWrong)]),
        _ => None,
    }
}

async fn in_language(page: &Page, visit: Visit, asked: &Asked) -> HttpResponse {
    let wish = visit.said.get("_language");
    let language = Language::ALL.into_iter().find(|language| language.tag() == wish);
    let language = language.unwrap_or(visit.language);
    let mut answer = if visit.said.is_empty() {
        see_other(&visit.here)
    } else {
        let asked = Asked { language, ..asked.clone() };
        show(page, Visit { language, ..visit }, &asked).await
    };
    put(answer.headers_mut(), header::SET_COOKIE.as_str(), &keep_language(language, asked.https));
    answer
}

async fn signing_in(
    page: &Page,
    mut visit: Visit,
    asked: &Asked,
    failures: &Failures,
) -> HttpResponse {
    let signed_in = match at_the_door(&visit, failures, asked).await {
        Ok(signed_in) => signed_in,
        Err(answer) => return answer,
    };
    let (cookie, phone) = cookies(&signed_in, asked);
    let mut answer = if visit.said.is_empty() {
        see_other(&visit.here)
    } else {
        (visit.caller, visit.token) = (Some(signed_in.caller), Some(signed_in.token));
        show(page, visit, asked).await
    };
    put(answer.headers_mut(), header::SET_COOKIE.as_str(), &cookie);
    phone.iter().for_each(|own| put(answer.headers_mut(), header::SET_COOKIE.as_str(), own));
    answer
}

/// Name and password, then the second factor where one is set up; both at the page's own address.
async fn at_the_door(
    visit: &Visit,
    failures: &Failures,
    asked: &Asked,
) -> Result<SignedIn, HttpResponse> {
    let said = |name: &str| visit.said.get(name).to_owned();
    let name = said("_name").trim().to_lowercase();
    let half = Some(said("_half")).filter(|half| !half.is_empty()).map(Zeroizing::new);
    let door = match &half {
        Some(half) => FirstStep::HalfWay(half.clone()),
        None => FirstStep::Password(Zeroizing::new(said("_password"))),
    };
    let device = visit.phone.clone();
    let shown = Shown { ceremony: said("_ceremony"), credential: said("_passkey") };
    let passkey = Some(shown).filter(|shown| !shown.credential.is_empty());
    let second = Second { code: said("_code"), device, keep: said("_keep") == "yes", passkey };
    let not = match visit.house.sign_in_with(failures, &name, door, &second).await {
        Ok(signed_in) => return Ok(signed_in),
        Err(not) => not,
    };
    sleep(not.wait).await;
    let second_step = |half: Zeroizing<String>, wrong| {
        let asked = visit.house.ask_half_way(&name, &half);
        SignInStep::Second(half, wrong, asked)
    };
    let step = match (not.refusal.code, half, not.half_way) {
        (Code::SecondFactorNeeded, before, Some(half)) => second_step(half, before.is_some()),
        (Code::CredentialsWrong, Some(half), _) => second_step(half, true),
        (Code::CredentialsWrong, None, _) => SignInStep::First(true),
        _ => return Err(refused(visit, &not.refusal, asked)),
    };
    let paper = (visit.pages.sign_in)(visit, &step);
    let scripts = matches!(step, SignInStep::Second(_, _, Some(_)));
    Err(because(sheet(StatusCode::UNAUTHORIZED, paper, scripts, asked), not.refusal.code))
}

/// The session's cookie, and that of the own phone.
pub(super) fn cookies(signed_in: &SignedIn, asked: &Asked) -> (String, Option<String>) {
    let phone = signed_in.device.as_ref().map(|own| keep_phone(own, asked.https));
    (keep_session(&signed_in.token, asked.https), phone)
}

pub(super) fn refused(visit: &Visit, refusal: &Refusal, asked: &Asked) -> HttpResponse {
    let page = (visit.pages.refused)(visit, refusal);
    because(sheet(problem::status(refusal.code), page, false, asked), refusal.code)
}

/// A page that refuses, with the reason for whoever counts.
pub(super) fn because(mut page: HttpResponse, code: Code) -> HttpResponse {
    page.extensions_mut().insert(code);
    page
}

/// For a browser that asked for a page and met a problem before any page could answer.
pub(in crate::http) fn stop(
    req: &HttpRequest,
    asked: &Asked,
    refusal: &Refusal,
) -> Option<HttpResponse> {
    let accept = req.headers().get(header::ACCEPT)?.to_str().ok()?;
    if !accept.contains("text/html") || req.path().starts_with("/v1") {
        return None;
    }
    let (house, pages) = (req.app_data::<Data<House>>()?, req.app_data::<Data<Pages>>()?);
    let visit = visit(req, asked, house, pages, Said::default());
    Some(refused(&visit, refusal, asked))
}

pub(super) fn sheet(status: StatusCode, paper: Paper, keys: bool, asked: &Asked) -> HttpResponse {
    HttpResponse::build(status)
        .content_type("text/html; charset=utf-8")
        .insert_header((header::CONTENT_LANGUAGE, asked.language.tag()))
        .insert_header((header::VARY, "Accept-Language, Cookie"))
        .insert_header((header::CONTENT_SECURITY_POLICY, if keys { CSP_KEYS } else { CSP_PAGE }))
        .body(paper.html)
}

pub(super) fn see_other(there: &str) -> HttpResponse {
    HttpResponse::SeeOther().insert_header((header::LOCATION, there)).finish()
}

pub(super) fn put(headers: &mut HeaderMap, name: &str, value: &str) {
    let name = header::HeaderName::from_bytes(name.as_bytes());
    if let (Ok(name), Ok(value)) = (name, header::HeaderValue::from_str(value)) {
        headers.append(name, value);
    }
}

/// A file of the program. Its address holds its hash, so it may be kept for ever.
async fn file(pages: Data<Pages>, req: HttpRequest) -> Result<HttpResponse, Problem> {
    let part = |name| req.match_info().query(name);
    let found = pages.statics.at(part("hash"), part("file"));
    let found = found.ok_or_else(|| Problem::new(Code::NoSuchPage))?;
    Ok(HttpResponse::Ok()
        .content_type(found.kind)
        .insert_header((header::CACHE_CONTROL, "public, max-age=31536000, immutable"))
        .body(found.bytes.clone()))
}
