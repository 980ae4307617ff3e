//! Four cookies: the session, the own phone and the way to the hospital's sign-on, which no script can read, and the
//! language. There is no fifth.

use crate::limits::{DEVICE_SECONDS, HALF_WAY_SECONDS};
use crate::text::Language;
use actix_web::HttpRequest;
use actix_web::http::header::{self, HeaderMap};

/// Behind https the name itself binds the cookie to this host and to https. On plain loopback some browsers would not
/// keep a cookie marked `Secure`, so there it goes without.
fn name(https: bool) -> &'static str {
    if https { "__Host-klero" } else { "klero" }
}

/// The same for a phone on which its owner is not asked for a code.
fn own_name(https: bool) -> &'static str {
    if https { "__Host-klero-own" } else { "klero-own" }
}

/// The same for a browser on its way to the hospital's sign-on and back.
fn way_name(https: bool) -> &'static str {
    if https { "__Host-klero-way" } else { "klero-way" }
}

const LANGUAGE: &str = "klero-language";

/// The value of the one cookie with this name. Standing twice it is not guessed at.
fn cookie<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    let lines = headers.get_all(header::COOKIE).filter_map(|line| line.to_str().ok());
    let pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.split_once('='));
    let mut found = pairs.filter(|(key, _)| key.trim() == name).map(|(_, value)| value.trim());
    match (found.next(), found.next()) {
        (Some(value), None) => Some(value),
        _ => None,
    }
}

/// The token of the browser's session, if it has the form of one.
pub(in crate::http) fn session(req: &HttpRequest, https: bool) -> Option<String> {
    token(req.headers(), name(https))
}

/// The token of somebody's own phone, if it has the form of one.
pub(super) fn own_phone(headers: &HeaderMap, https: bool) -> Option<String> {
    token(headers, own_name(https))
}

/// The token of a way to the hospital's sign-on, if it has the form of one.
pub(super) fn way(headers: &HeaderMap, https: bool) -> Option<String> {
    token(headers, way_name(https))
}

fn token(headers: &HeaderMap, name: &str) -> Option<String> {
    let value = cookie(headers, name)?;
    let fits = value.len() == 64 && value.bytes().all(|b| b.is_ascii_hexdigit());
    fits.then(|| value.to_owned())
}

/// The language that was chosen on a page.
pub(in crate::http) fn language(headers: &HeaderMap) -> Option<Language> {
    let chosen = cookie(headers, LANGUAGE)?;
    Language::ALL.into_iter().find(|language| language.tag() == chosen)
}

fn written(name: &str, value: &str, https: bool, rest: &str) -> String {
    let secure = if https { "; Secure" } else { "" };
    format!("{name}={value}; Path=/; SameSite=Lax{secure}{rest}")
}

/// Keeps the session until the browser is closed. Strict would break links from mail.
pub(super) fn keep_session(token: &str, https: bool) -> String {
    written(name(https), token, https, "; HttpOnly")
}

/// Keeps the own phone's token for as long as the service knows it.
pub(super) fn keep_phone(token: &str, https: bool) -> String {
    let rest = format!("; HttpOnly; Max-Age={DEVICE_SECONDS}");
    written(own_name(https), token, https, &rest)
}

/// Keeps the token of a way for the minutes that it may take. Strict would not come back from another site.
pub(super) fn keep_way(token: &str, https: bool) -> String {
    let rest = format!("; HttpOnly; Max-Age={HALF_WAY_SECONDS}");
    written(way_name(https), token, https, &rest)
}

/// Forgets it.
pub(super) fn drop_way(https: bool) -> String {
    written(way_name(https), "", https, "; HttpOnly; Max-Age=0")
}

/// Forgets the session.
pub(super) fn drop_session(https: bool) -> String {
    written(name(https), "", https, "; HttpOnly; Max-Age=0")
}

/// Keeps the language for a year.
pub(super) fn keep_language(language: Language, https: bool) -> String {
    written(LANGUAGE, language.tag(), https, "; HttpOnly; Max-Age=31536000")
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::test::TestRequest;

    fn asked(cookie: &str) -> HttpRequest {
        TestRequest::default().insert_header((header::COOKIE, cookie)).to_http_request()
    }

    #[test]
    fn a_session_is_read_from_its_own_cookie_alone() {
        let token = "0f".repeat(32);
        let read = |line: String, https| session(&asked(&line), https);
        assert_eq!(read(format!("a=b; klero={token}"), false), Some(token.clone()));
        assert_eq!(read(format!("__Host-klero={token}"), true), Some(token.clone()));
        assert_eq!(read(format!("klero={token}"), true), None);
        assert_eq!(read(format!("klero={token}; klero={token}"), false), None);
        assert_eq!(read("klero=nonsense".to_owned(), false), None);
    }

    #[test]
    fn behind_https_a_session_is_bound_to_host_and_https() {
        let kept = keep_session("token", true);
        assert_eq!(kept, "__Host-klero=token; Path=/; SameSite=Lax; Secure; HttpOnly");
        assert!(drop_session(true).ends_with("Max-Age=0"));
    }

    #[test]
    fn a_language_is_one_of_ours_or_none() {
        let read = |line| language(asked(line).headers());
        assert_eq!(read("klero-language=zh-CN"), Some(Language::ZhCn));
        assert_eq!(read("klero-language=en"), Some(Language::En));
        assert_eq!(read("klero-language=fr"), None);
        assert_eq!(read("x=1"), None);
    }
}
