//! What a handler may ask of a request. Each part is read within limits, or refused with a problem; what was sent is
//! never repeated and never logged.

use super::frame::Asked;
use super::pages;
use super::problem::Problem;
use super::wire::{self, Readable};
use crate::domain::ids::{CentreId, PersonId, Reference};
use crate::limits::{BODY, BODY_SECONDS, IMPORT, PAGE};
use crate::refusal::{Code, FieldCode, FieldError};
use actix_web::http::header::{self, HeaderName};
use actix_web::rt::time::timeout;
use actix_web::web::{self, Bytes};
use actix_web::{FromRequest, HttpMessage, HttpRequest, dev};
use std::fmt;
use std::future::{Future, Ready, ready};
use std::pin::Pin;
use std::time::Duration;

type Reading<T> = Pin<Box<dyn Future<Output = Result<T, Problem>>>>;

/// A JSON body, read as `T`. The bytes stay beside it, since "the same body" of a repeated act means the same bytes.
pub struct Body<T, const MAX: usize = BODY> {
    /// What was said.
    pub said: T,
    /// The bytes in which it was said.
    pub raw: Bytes,
}

impl<T: Readable + 'static, const MAX: usize> FromRequest for Body<T, MAX> {
    type Error = Problem;
    type Future = Reading<Self>;

    fn from_request(req: &HttpRequest, payload: &mut dev::Payload) -> Self::Future {
        let raw = json_bytes(req, payload, MAX);
        Box::pin(async move {
            let raw = raw.await?;
            let said = wire::read(&raw).map_err(Problem::malformed)?;
            Ok(Self { said, raw })
        })
    }
}

/// A JSON document that another room reads, such as a list's package: UTF-8, and no more is known of it here.
pub struct Document<const MAX: usize = IMPORT>(pub String);

impl<const MAX: usize> FromRequest for Document<MAX> {
    type Error = Problem;
    type Future = Reading<Self>;

    fn from_request(req: &HttpRequest, payload: &mut dev::Payload) -> Self::Future {
        let raw = json_bytes(req, payload, MAX);
        Box::pin(async move {
            let text = String::from_utf8(raw.await?.into());
            let not_text = |_| Problem::malformed(FieldError::new("", FieldCode::BadJson));
            text.map(Self).map_err(not_text)
        })
    }
}

/// The type of a table.
const TABLE: &str = "text/csv";

/// A table as spreadsheets write it, in whatever coding. What is wrong with the body is told by the handler, which asks for
/// the right first.
pub struct Sheet(pub Result<Bytes, Problem>);

impl FromRequest for Sheet {
    type Error = Problem;
    type Future = Reading<Self>;

    fn from_request(req: &HttpRequest, payload: &mut dev::Payload) -> Self::Future {
        let raw = whole_body(req, payload, TABLE, BODY);
        Box::pin(async move { Ok(Self(raw.await)) })
    }
}

/// What a form sends: names and texts, in the order of the form.
pub struct Form(pub Vec<(String, String)>);

impl FromRequest for Form {
    type Error = Problem;
    type Future = Reading<Self>;

    fn from_request(req: &HttpRequest, payload: &mut dev::Payload) -> Self::Future {
        let kind = "application/x-www-form-urlencoded";
        let raw = whole_body(req, payload, kind, BODY);
        Box::pin(async move {
            let raw = raw.await?;
            let text = std::str::from_utf8(&raw).map_err(|_| Problem::new(Code::MalformedRequest));
            let read = web::Query::<Vec<(String, String)>>::from_query(text?);
            read.map(|q| Self(q.into_inner())).map_err(|_| Code::MalformedRequest.into())
        })
    }
}

/// The whole body, if it says that it is JSON and is not longer than `max`.
fn json_bytes(req: &HttpRequest, payload: &mut dev::Payload, max: usize) -> Reading<Bytes> {
    whole_body(req, payload, "application/json", max)
}

/// The whole body, if it says that it is of this kind and is not longer than `max`.
fn whole_body(
    req: &HttpRequest,
    payload: &mut dev::Payload,
    kind: &str,
    max: usize,
) -> Reading<Bytes> {
    let checked = check_type(req, kind).and_then(|()| check_length(req, max));
    let body = web::Payload::from_request(req, payload).into_inner();
    Box::pin(async move {
        checked?;
        let body = body.map_err(|_| Problem::new(Code::MalformedRequest))?;
        match timeout(Duration::from_secs(BODY_SECONDS), body.to_bytes_limited(max)).await {
            Ok(Ok(Ok(bytes))) => Ok(bytes),
            Ok(Err(_)) => Err(Problem::new(Code::TooLarge)),
            // Half sent, or too slowly.
            Ok(Ok(Err(_))) | Err(_) => Err(Problem::new(Code::MalformedRequest)),
        }
    })
}

/// What a table may say of its coding, which is found out from its bytes all the same.
const CHINESE: [&str; 3] = ["charset=gbk", "charset=gb2312", "charset=gb18030"];

/// The expected type, in UTF-8 if it names a character set (a table may be in GBK), and not compressed.
fn check_type(req: &HttpRequest, expected: &str) -> Result<(), Problem> {
    let plain = one(req, &header::CONTENT_ENCODING)?.is_none_or(|e| e == "identity");
    let kind = one(req, &header::CONTENT_TYPE)?.unwrap_or_default();
    let (kind, parameter) = kind.split_once(';').unwrap_or((kind, ""));
    let fits = kind.trim().eq_ignore_ascii_case(expected);
    let parameter = parameter.trim().to_ascii_lowercase();
    let utf8 = ["", "charset=utf-8", "charset=\"utf-8\""].contains(&parameter.as_str());
    let gbk = expected == TABLE && CHINESE.contains(&parameter.as_str());
    if plain && fits && (utf8 || gbk) { Ok(()) } else { Err(Code::WrongContentType.into()) }
}

/// Refuses a body that announces to be too long before a byte of it is read.
fn check_length(req: &HttpRequest, max: usize) -> Result<(), Problem> {
    let length = one(req, &header::CONTENT_LENGTH)?.and_then(|text| text.parse::<usize>().ok());
    if length.is_some_and(|length| length > max) { Err(Code::TooLarge.into()) } else { Ok(()) }
}

/// A header that may stand once. Standing twice, or in other than visible ASCII, is refused rather than guessed at.
fn one<'r>(req: &'r HttpRequest, name: &HeaderName) -> Result<Option<&'r str>, Problem> {
    let mut values = req.headers().get_all(name);
    match (values.next(), values.next()) {
        (None, _) => Ok(None),
        (Some(value), None) => {
            value.to_str().map(Some).map_err(|_| Problem::new(Code::MalformedRequest))
        }
        (Some(_), Some(_)) => Err(Code::MalformedRequest.into()),
    }
}

fn is_plain(text: &str, lengths: std::ops::RangeInclusive<usize>) -> bool {
    lengths.contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic())
}

/// The key by which an act happens once, however often it is sent: 16 to 64 printable characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdempotencyKey(String);

impl IdempotencyKey {
    /// The key as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromRequest for IdempotencyKey {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(req: &HttpRequest, _: &mut dev::Payload) -> Self::Future {
        let name = HeaderName::from_static("idempotency-key");
        ready(one(req, &name).and_then(|key| match key {
            Some(key) if is_plain(key, 16..=64) => Ok(Self(key.to_owned())),
            _ => Err(Code::IdempotencyKeyMissing.into()),
        }))
    }
}

/// The version of a record that an edit is based on: what was in the marks of its `ETag`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IfMatch(pub String);

impl FromRequest for IfMatch {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(req: &HttpRequest, _: &mut dev::Payload) -> Self::Future {
        ready(one(req, &header::IF_MATCH).and_then(|tag| {
            let Some(tag) = tag else { return Err(Code::IfMatchNeeded.into()) };
            let version = tag.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
            match version {
                Some(version) if is_plain(version, 1..=64) && !version.contains('"') => {
                    Ok(Self(version.to_owned()))
                }
                _ => Err(Code::MalformedRequest.into()),
            }
        }))
    }
}

/// What a signed-in person's program shows with every request. It opens the account, so it has no voice in a log.
#[derive(Clone, PartialEq, Eq)]
pub struct SessionToken(String);

impl SessionToken {
    /// The token itself, for the one comparison it is made for.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for SessionToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SessionToken(..)")
    }
}

impl FromRequest for SessionToken {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(req: &HttpRequest, _: &mut dev::Payload) -> Self::Future {
        ready(one(req, &header::AUTHORIZATION).and_then(|shown| {
            if let (None, Some(token)) = (shown, of_page(req)?) {
                return Ok(Self(token));
            }
            let token = shown.and_then(|shown| shown.split_once(' '));
            let url_safe = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
            match token {
                // 32 bytes are 43 characters of base64url or 64 of hexadecimal.
                Some((scheme, token))
                    if scheme.eq_ignore_ascii_case("bearer")
                        && (43..=64).contains(&token.len())
                        && token.bytes().all(url_safe) =>
                {
                    Ok(Self(token.to_owned()))
                }
                _ => Err(Code::SignInNeeded.into()),
            }
        }))
    }
}

/// The session of the page whose script asks. The cookie alone is not enough, since a browser sends it along for any
/// site: only our own pages can read the form token that goes with it.
fn of_page(req: &HttpRequest) -> Result<Option<String>, Problem> {
    let shown = one(req, &HeaderName::from_static("klero-form"))?;
    let https = req.extensions().get::<Asked>().is_some_and(|asked| asked.https);
    let token = pages::session(req, https);
    Ok(token.filter(|token| shown == Some(pages::form_token(token).as_str())))
}

/// Something that can be named in an address.
pub trait Named: Sized {
    /// What is missing when the name leads nowhere, or is no name at all: both are answered alike.
    const MISSING: Code = Code::NoSuchRecord;
    /// Reads the name.
    fn named(name: &str) -> Option<Self>;
}

impl Named for Reference {
    fn named(name: &str) -> Option<Self> {
        Self::parse(name).ok()
    }
}

impl Named for CentreId {
    fn named(name: &str) -> Option<Self> {
        Self::parse(name).ok()
    }
}

impl Named for PersonId {
    fn named(name: &str) -> Option<Self> {
        Self::parse(name).ok()
    }
}

impl Named for u64 {
    /// Decimal digits alone, without a sign or a leading zero: a number has one address.
    fn named(name: &str) -> Option<Self> {
        let number: u64 = name.parse().ok()?;
        (number.to_string() == name).then_some(number)
    }
}

impl Named for u32 {
    fn named(name: &str) -> Option<Self> {
        u64::named(name)?.try_into().ok()
    }
}

impl Named for Code {
    const MISSING: Code = Code::NoSuchPage;
    fn named(name: &str) -> Option<Self> {
        Code::parse(name)
    }
}

/// The one variable part of the address, read as `T`.
#[derive(Debug)]
pub struct InPath<T>(pub T);

impl<T: Named> FromRequest for InPath<T> {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(req: &HttpRequest, _: &mut dev::Payload) -> Self::Future {
        let name = req.match_info().iter().next().map(|(_, name)| name);
        ready(name.and_then(T::named).map(Self).ok_or(Problem::new(T::MISSING)))
    }
}

/// What stands behind the question mark, read as `T`. It is a problem to ask for something that `T` does not know.
#[derive(Debug)]
pub struct Query<T>(pub T);

impl<T: Readable> FromRequest for Query<T> {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(req: &HttpRequest, _: &mut dev::Payload) -> Self::Future {
        // Through actix's own reader of queries, but past its extractor, which logs the path.
        let read = web::Query::<T>::from_query(req.query_string());
        ready(read.map(|q| Self(q.into_inner())).map_err(|_| Code::MalformedRequest.into()))
    }
}

/// How many records a page has: what was asked for, from 1 to [`PAGE`], or all a page can hold.
///
/// # Errors
/// `malformed-request` beyond that: fewer than were asked for would look like the end.
pub fn limit(asked: Option<u32>) -> Result<u32, Problem> {
    let limit = asked.unwrap_or(PAGE);
    if (1..=PAGE).contains(&limit) { Ok(limit) } else { Err(Code::MalformedRequest.into()) }
}
