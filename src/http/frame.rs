//! What stands around every answer: a reference, the language, the headers, one line in the access log, and the
//! promise that whatever goes wrong ends as a problem in our words and never as somebody else's text.

use super::problem::{self, Problem};
use super::traffic::{NOWHERE, Traffic};
use super::{page, pages};
use crate::limits::{ADDRESS, ADDRESS_BACK};
use crate::meter::Begun;
use crate::refusal::Code;
use crate::text::Language;
use actix_web::body::BoxBody;
use actix_web::dev::{Payload, ServiceRequest, ServiceResponse};
use actix_web::http::header;
use actix_web::http::{Method, StatusCode};
use actix_web::middleware::Next;
use actix_web::{Error, FromRequest, HttpMessage, HttpRequest, HttpResponse, ResponseError};
use std::convert::Infallible;
use std::future::{Future, Ready, poll_fn, ready};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use tracing::{Instrument, info_span};

/// Gives each request its reference. Passed in, so that two worlds may have the same ones.
pub type Ids = Arc<dyn Fn() -> String + Send + Sync>;

/// What is the same around every answer of a port.
#[derive(Clone)]
pub struct Around {
    /// Gives each request its reference.
    pub ids: Ids,
    /// The public address is https.
    pub https: bool,
    /// Where requests are counted.
    pub traffic: Arc<Traffic>,
    /// Machines ask here every few seconds: an answer is worth no line.
    pub quiet: bool,
}

/// The circumstances of a request. A handler that writes words asks for it.
#[derive(Debug, Clone)]
pub struct Asked {
    /// The request's reference, which an answer and a log line share.
    pub id: String,
    /// The language that was asked for.
    pub language: Language,
    /// Is the public address https?
    pub https: bool,
}

impl Default for Asked {
    fn default() -> Self {
        Self { id: String::new(), language: Language::En, https: false }
    }
}

impl FromRequest for Asked {
    type Error = Infallible;
    type Future = Ready<Result<Self, Infallible>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Ok(req.extensions().get::<Asked>().cloned().unwrap_or_default()))
    }
}

/// Lets a request through and dresses what comes back.
///
/// # Errors
/// A problem, when no answer came back: a panic, or a failure between here and the handler.
pub async fn frame(
    around: Around,
    req: ServiceRequest,
    next: Next<BoxBody>,
) -> Result<ServiceResponse, Error> {
    let id = (around.ids)();
    // Route templates only: a path may hold a reference, and a query anything at all.
    let route = req.match_pattern().unwrap_or_else(|| NOWHERE.to_owned());
    let span = info_span!("request", request = id, method = word(req.method()), route);
    framed(around, id, route, req, next).instrument(span).await
}

async fn framed(
    around: Around,
    id: String,
    route: String,
    req: ServiceRequest,
    next: Next<BoxBody>,
) -> Result<ServiceResponse, Error> {
    let begun = Begun::new();
    let asked = Asked { id, language: language(&req), https: around.https };
    let method = word(req.method());
    req.extensions_mut().insert(asked.clone());
    let outcome = if is_too_long(&req) {
        Ok(req.error_response(Problem::new(Code::TooLarge)))
    } else {
        caught(next.call(req)).await
    };
    let outcome = match outcome {
        Ok(answer) => Ok(finished(answer, &asked)),
        Err(error) => Err(Error::from(ours(&error).told(&asked))),
    };
    let (status, refused) = match &outcome {
        Ok(answer) => (answer.status(), answer.response().extensions().get::<Code>().copied()),
        Err(error) => (error.as_response_error().status_code(), Some(ours(error).refusal.code)),
    };
    let (status, duration_ms) = (status.as_u16(), begun.millis());
    around.traffic.answered(method, &route, status, begun.micros());
    if let Some(code) = refused {
        around.traffic.refused(code);
    }
    let problem = refused.map(Code::as_str);
    if around.quiet {
        tracing::debug!(status, problem, duration_ms, "answered");
    } else {
        tracing::info!(status, problem, duration_ms, "answered");
    }
    outcome
}

/// A panic ends this request, not the service.
async fn caught<T>(work: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
    let mut work = pin!(work);
    poll_fn(|context| {
        let polled = catch_unwind(AssertUnwindSafe(|| work.as_mut().poll(context)));
        polled.unwrap_or_else(|_| {
            tracing::error!("a handler panicked");
            Poll::Ready(Err(Problem::new(Code::Internal).into()))
        })
    })
    .await
}

/// An answer in our words and headers.
fn finished(answer: ServiceResponse, asked: &Asked) -> ServiceResponse {
    let response = answer.response();
    let problem = match response.error() {
        Some(error) => Some(ours(error)),
        None if is_bare(response) => Some(by_status(response.status())),
        None => None,
    };
    match problem {
        Some(problem) => {
            let told = problem.told(asked);
            let page = pages::stop(answer.request(), asked, &told.refusal);
            let mut answer = answer.into_response(page.unwrap_or_else(|| told.error_response()));
            answer.response_mut().extensions_mut().insert(told.refusal.code);
            page::dress(answer.headers_mut(), &asked.id, asked.https);
            answer
        }
        None => {
            let mut answer = answer;
            page::dress(answer.headers_mut(), &asked.id, asked.https);
            answer
        }
    }
}

/// A failure that is neither a problem nor a page: somebody else's.
fn is_bare(response: &HttpResponse) -> bool {
    let kind = response.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    let said = |kind: &str| kind == problem::MEDIA_TYPE || kind.starts_with("text/html");
    let failed = response.status().is_client_error() || response.status().is_server_error();
    failed && !kind.is_some_and(said)
}

/// The problem in an error, or the one that comes nearest to somebody else's error. Its own text is dropped.
fn ours(error: &Error) -> Problem {
    let other = || by_status(error.as_response_error().status_code());
    error.as_error::<Problem>().cloned().unwrap_or_else(other)
}

fn by_status(status: StatusCode) -> Problem {
    Problem::new(match status {
        StatusCode::NOT_FOUND => Code::NoSuchPage,
        StatusCode::METHOD_NOT_ALLOWED => Code::MethodNotAllowed,
        StatusCode::PAYLOAD_TOO_LARGE | StatusCode::URI_TOO_LONG => Code::TooLarge,
        StatusCode::UNSUPPORTED_MEDIA_TYPE => Code::WrongContentType,
        StatusCode::TOO_MANY_REQUESTS => Code::SlowDown,
        status if status.is_client_error() => Code::MalformedRequest,
        _ => Code::Internal,
    })
}

/// The language that was chosen on a page, or else the one that the browser likes best.
fn language(req: &ServiceRequest) -> Language {
    if let Some(chosen) = pages::language(req.headers()) {
        return chosen;
    }
    let header = req.headers().get(header::ACCEPT_LANGUAGE).and_then(|wish| wish.to_str().ok());
    Language::from_accept(header.unwrap_or_default())
}

fn is_too_long(req: &ServiceRequest) -> bool {
    let max = if req.path() == pages::BACK { ADDRESS_BACK } else { ADDRESS };
    req.uri().path_and_query().is_some_and(|address| address.as_str().len() > max)
}

/// The method, if it is a usual one: a client may send any word as a method, and words are not logged.
fn word(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}
