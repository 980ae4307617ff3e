//! The frame of the interface on a real server: whatever is wrong with a request is answered with a problem of ours,
//! in both languages, and nothing of the request is repeated or logged.
#![cfg(feature = "server")]
#![allow(clippy::unwrap_used, reason = "a test stops where it stumbles")]

use actix_web::HttpResponse;
use klero::domain::access;
use klero::domain::ids::Reference;
use klero::http::answer::Answer;
use klero::http::extract::{Body, Document, IdempotencyKey, IfMatch, InPath, Query, SessionToken};
use klero::http::problem::Problem;
use klero::http::routes::{Door, Route, Table, Verb};
use klero::http::{self, Served, about};
use klero::limits::{ADDRESS, BODY};
use klero::refusal::{Code, FieldCode, FieldError, Refusal};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, LazyLock, Mutex};
use utoipa::{IntoParams, ToSchema};

const REQUEST: &str = "K7Q29MXT";

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Wish {
    number: u8,
    /// Free text.
    note: Option<String>,
}

#[derive(Serialize, ToSchema)]
struct Done {
    number: u64,
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
struct Page {
    /// At most 200.
    limit: Option<u8>,
}

async fn act(key: IdempotencyKey, wish: Body<Wish>) -> Result<Answer<Done>, Problem> {
    match wish.said.number {
        0 => Err(Refusal::new(Code::NoConsent).with("number", "RJS-017").into()),
        1 => {
            let error = FieldError::new("/note", FieldCode::TextTooLong).with("max", 40);
            Err(Refusal::fields(vec![error]).into())
        }
        2 => panic!("ZEBRA in a panic"),
        number => {
            let length =
                wish.raw.len() + key.as_str().len() + wish.said.note.map_or(0, |n| n.len());
            assert!(length > 0);
            Ok(Answer::created(Done { number: number.into() }))
        }
    }
}

async fn import(text: Document<200_000>) -> Answer<Done> {
    Answer::ok(Done { number: text.0.len() as u64 })
}

async fn edit(name: InPath<Reference>, version: IfMatch, _: Body<Wish>) -> Answer<Done> {
    assert!(!name.0.as_str().is_empty());
    Answer::ok(Done { number: 1 }).version(&version.0)
}

async fn read(name: InPath<Reference>) -> Answer<Done> {
    assert_eq!(name.0.as_str().len(), 8);
    Answer::ok(Done { number: 1 }).version("7")
}

async fn search() -> Answer<Done> {
    Answer::ok(Done { number: 9 })
}

async fn list(page: Query<Page>) -> Answer<Done> {
    Answer::ok(Done { number: page.0.limit.map_or(0, u64::from) })
}

async fn mine(token: SessionToken) -> Answer<Done> {
    assert_eq!(format!("{token:?}"), "SessionToken(..)");
    Answer::ok(Done { number: token.reveal().len() as u64 })
}

/// A handler's failure that is somebody else's error with somebody else's text.
async fn foreign() -> Result<Answer<Done>, std::io::Error> {
    Err(std::io::Error::other("ZEBRA in an error"))
}

/// A handler's own failure without a problem.
async fn bare() -> HttpResponse {
    HttpResponse::BadGateway().body("ZEBRA in a body")
}

/// A page that says no in its own way.
async fn stop_page() -> HttpResponse {
    HttpResponse::Conflict().content_type("text/html; charset=utf-8").body("<p>Stop")
}

fn table() -> Table {
    let mut routes = about::routes();
    routes.extend([
        Route::post("/v1/acts", act)
            .act(access::Randomise)
            .says("Does it once")
            .takes::<Wish>()
            .gives::<Done>(201, "Done")
            .refuses(&[Code::NoConsent])
            .idempotent(),
        Route::post("/v1/imports", import).public().gives::<Done>(200, "Taken"),
        Route::get("/v1/records", list).signed_in().asks::<Page>().gives::<Done>(200, "Some"),
        Route::post("/v1/records/search", search).public().gives::<Done>(200, "Found"),
        Route::get("/v1/records/{reference}", read).public().gives::<Done>(200, "It"),
        Route::new(Verb::Patch, "/v1/records/{reference}", edit)
            .act(access::Screen)
            .takes::<Wish>()
            .gives::<Done>(200, "Changed")
            .if_match(),
        Route::get("/v1/mine", mine).signed_in().gives::<Done>(200, "Mine"),
        Route::get("/v1/foreign", foreign).public(),
        Route::get("/v1/bare", bare).public(),
        Route::get("/stop", stop_page).public().page(),
    ]);
    Table::new(routes)
}

static LOG: LazyLock<Arc<Mutex<Vec<u8>>>> = LazyLock::new(Arc::default);

struct IntoLog;

impl Write for IntoLog {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        LOG.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// One server for all tests, with every log line of every level kept.
static SERVER: LazyLock<SocketAddr> = LazyLock::new(|| {
    use tracing_subscriber::EnvFilter;
    let all = EnvFilter::new("trace,mio=off");
    tracing_subscriber::fmt().with_env_filter(all).json().with_writer(|| IntoLog).init();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(|| http::block_on(http::serve(listener, served(), std::future::pending())));
    address
});

#[derive(Debug)]
struct Reply {
    status: u16,
    head: String,
    body: Vec<u8>,
}

impl Reply {
    fn header(&self, name: &str) -> Option<&str> {
        let mut lines = self.head.lines().filter_map(|line| line.split_once(": "));
        lines.find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("not JSON: {self:?}"))
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// This is a problem of ours with this code and status, complete in both languages.
    fn is_problem(&self, status: u16, code: &str) -> Value {
        assert_eq!(self.status, status, "{self:?}");
        assert_eq!(self.header("content-type"), Some("application/problem+json"), "{self:?}");
        let body = self.json();
        assert_eq!(body["code"], code, "{body}");
        assert_eq!(body["type"], format!("/problems/{code}"));
        assert_eq!(body["status"], status);
        assert_eq!(body["instance"], REQUEST);
        for part in ["title", "detail", "next"] {
            let [en, zh] = ["en", "zh-CN"].map(|l| body["words"][l][part].as_str().unwrap());
            assert!(en.len() > 5 && zh.len() > 5 && en != zh, "{body}");
            assert!(body[part] == en || body[part] == zh);
        }
        self.is_dressed();
        body
    }

    fn is_dressed(&self) {
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "no-referrer"),
            ("cross-origin-opener-policy", "same-origin"),
            ("cross-origin-resource-policy", "same-origin"),
            ("cache-control", "no-store"),
            ("klero-request", REQUEST),
        ] {
            assert_eq!(self.header(name), Some(value), "{name} {self:?}");
        }
        let csp = self.header("content-security-policy").unwrap();
        assert!(csp.starts_with("default-src 'none';") && csp.contains("frame-ancestors 'none'"));
        assert!(self.header("permissions-policy").unwrap().contains("camera=()"));
        assert_eq!(self.header("server"), None);
    }
}

fn exchange(request: &[u8], half: bool) -> Reply {
    exchange_with(*SERVER, request, half)
}

fn exchange_with(address: SocketAddr, request: &[u8], half: bool) -> Reply {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(std::time::Duration::from_secs(20))).unwrap();
    // The server may answer and hang up before it has read everything.
    let _ = stream.write_all(request);
    if half {
        stream.shutdown(Shutdown::Write).unwrap();
    }
    let (mut all, mut some) = (vec![], [0; 4096]);
    while !is_whole(&all, request) {
        match stream.read(&mut some) {
            Ok(0) | Err(_) => break,
            Ok(read) => all.extend_from_slice(&some[..read]),
        }
    }
    let (head, body) = parts(&all).unwrap_or_else(|| {
        panic!("no answer to {}", String::from_utf8_lossy(&request[..request.len().min(200)]))
    });
    Reply { status: head[9..12].parse().unwrap(), head, body }
}

fn parts(all: &[u8]) -> Option<(String, Vec<u8>)> {
    let end = all.windows(4).position(|w| w == b"\r\n\r\n")?;
    Some((String::from_utf8(all[..end].to_vec()).unwrap(), all[end + 4..].to_vec()))
}

/// The server may wait for us to hang up, so the answer's own length says when it is over.
fn is_whole(all: &[u8], request: &[u8]) -> bool {
    let Some((head, body)) = parts(all) else { return false };
    let mut lengths = head.lines().filter_map(|line| line.strip_prefix("content-length: "));
    let length = lengths.next().map_or(0, |length| length.parse().unwrap());
    body.len() >= length && !request.starts_with(b"HEAD")
}

/// Sends a request with these extra header lines and this body.
fn send(line: &str, headers: &[&str], body: &[u8]) -> Reply {
    let mut request = format!("{line} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n");
    for header in headers {
        request.push_str(header);
        request.push_str("\r\n");
    }
    if !body.is_empty() {
        request.push_str(&format!("Content-Length: {}\r\n", body.len()));
    }
    request.push_str("\r\n");
    exchange(&[request.as_bytes(), body].concat(), false)
}

const JSON: &str = "Content-Type: application/json";
const KEY: &str = "Idempotency-Key: 0123456789abcdef";

fn do_act(body: &str) -> Reply {
    send("POST /v1/acts", &[JSON, KEY], body.as_bytes())
}

#[test]
fn a_good_request_is_answered() {
    let reply = do_act("{\"number\":7,\"note\":\"x\"}");
    assert_eq!((reply.status, reply.text().as_str()), (201, "{\"number\":7}"), "{reply:?}");
    assert_eq!(reply.header("content-type"), Some("application/json"));
    reply.is_dressed();
}

#[test]
fn a_body_that_is_no_json_is_malformed() {
    for body in ["x", "{", "{\"number\":7}x", "\u{feff}{\"number\":7}", "{\"number\":7,}"] {
        let problem = do_act(body).is_problem(400, "malformed-request");
        assert_eq!(problem["errors"][0]["code"], "bad-json", "{problem}");
    }
    let problem = send("POST /v1/acts", &[JSON, KEY], b"{\"note\":\"\xff\"}");
    problem.is_problem(400, "malformed-request");
    let empty = send("POST /v1/acts", &[JSON, KEY, "Content-Length: 0"], b"");
    empty.is_problem(400, "malformed-request");
}

#[test]
fn a_wrong_field_is_named_by_its_place_and_never_by_its_content() {
    for (body, pointer, code) in [
        ("{\"number\":\"ZEBRA\"}", "/number", "wrong-type"),
        ("{\"number\":-1}", "/number", "wrong-type"),
        ("{\"note\":\"ZEBRA\"}", "/number", "required"),
        ("{\"number\":7,\"zebra\":1}", "", "unknown-field"),
        ("{\"number\":7,\"number\":8}", "/number", "doubled"),
        ("[\"ZEBRA\"]", "/0", "wrong-type"),
    ] {
        let reply = do_act(body);
        let problem = reply.is_problem(400, "malformed-request");
        assert_eq!(problem["errors"][0]["code"], code, "{body}");
        assert_eq!(problem["errors"][0]["pointer"], pointer, "{body}");
        let words = &problem["errors"][0]["words"];
        assert!(words["en"].is_string() && words["zh-CN"].is_string());
        assert!(!reply.text().to_lowercase().contains("zebra"), "{}", reply.text());
    }
}

#[test]
fn a_refusal_of_the_handler_comes_with_its_words_and_fields() {
    let problem = do_act("{\"number\":0}").is_problem(422, "no-consent");
    assert!(problem["detail"].as_str().unwrap().ends_with("This is about RJS-017."));
    let problem = do_act("{\"number\":1}").is_problem(422, "invalid-fields");
    assert_eq!(problem["errors"][0]["words"]["zh-CN"], "最多填写 40 个字符");
}

#[test]
fn the_language_is_the_one_that_was_asked_for() {
    let chinese = send("GET /nowhere", &["Accept-Language: zh-CN,zh;q=0.9,en;q=0.8"], b"");
    assert_eq!(chinese.is_problem(404, "no-such-page")["title"], "没有该页面");
    assert_eq!(chinese.header("content-language"), Some("zh-CN"));
    let english = send("GET /nowhere", &[], b"");
    assert_eq!(english.is_problem(404, "no-such-page")["title"], "There is no such page");
    assert_eq!(english.header("vary"), Some("Accept-Language"));
}

#[test]
fn a_body_of_another_type_is_refused() {
    for kind in [
        "Content-Type: text/plain",
        "Content-Type: application/x-www-form-urlencoded",
        "Content-Type: application/json; charset=gbk",
        "Content-Type: application/jsonx",
        "Content-Type:",
        "X: y",
        "Content-Type: application/json\r\nContent-Encoding: gzip",
    ] {
        let reply = send("POST /v1/acts", &[kind, KEY], b"{\"number\":7}");
        reply.is_problem(415, "wrong-content-type");
    }
    let utf8 = "Content-Type: Application/JSON; charset=UTF-8";
    assert_eq!(send("POST /v1/acts", &[utf8, KEY], b"{\"number\":7}").status, 201);
}

#[test]
fn a_body_may_be_as_long_as_the_limit_and_not_a_byte_longer() {
    let body = |length: usize| {
        let body = "{\"number\":7,\"note\":\"\"}";
        body.replace("\"\"}", &format!("\"{}\"}}", "x".repeat(length - body.len())))
    };
    assert_eq!(do_act(&body(BODY)).status, 201);
    do_act(&body(BODY + 1)).is_problem(413, "too-large");
    let chunks = |body: &str| {
        let head = "POST /v1/acts HTTP/1.1\r\nHost: a\r\nConnection: close\r\n";
        let size = body.len();
        let sent = format!(
            "{head}{JSON}\r\n{KEY}\r\nTransfer-Encoding: chunked\r\n\r\n{size:x}\r\n{body}\r\n0\r\n\r\n"
        );
        exchange(sent.as_bytes(), false)
    };
    assert_eq!(chunks(&body(BODY)).status, 201);
    chunks(&body(BODY + 1)).is_problem(413, "too-large");
    let announced = ["Content-Length: 99999999999", JSON, KEY];
    send("POST /v1/acts", &announced, b"").is_problem(413, "too-large");
    let text = "\"".to_owned() + &"x".repeat(199_998) + "\"";
    assert_eq!(send("POST /v1/imports", &[JSON], text.as_bytes()).status, 200);
    send("POST /v1/imports", &[JSON], &[b'x'; 200_001]).is_problem(413, "too-large");
    send("POST /v1/imports", &[JSON], b"\"\xff\"").is_problem(400, "malformed-request");
}

#[test]
fn a_body_that_ends_half_way_is_malformed() {
    let request = format!(
        "POST /v1/acts HTTP/1.1\r\nHost: a\r\n{JSON}\r\n{KEY}\r\nContent-Length: 50\r\n\r\n{{\"numb"
    );
    exchange(request.as_bytes(), true).is_problem(400, "malformed-request");
}

#[test]
fn an_idempotency_key_has_sixteen_to_sixty_four_printable_characters() {
    for (length, fits) in [(15, false), (16, true), (64, true), (65, false)] {
        let key = format!("Idempotency-Key: {}", "k".repeat(length));
        let reply = send("POST /v1/acts", &[JSON, &key], b"{\"number\":7}");
        if fits {
            assert_eq!(reply.status, 201);
        } else {
            reply.is_problem(400, "idempotency-key-missing");
        }
    }
    for key in ["X: y", "Idempotency-Key:", "Idempotency-Key: 01234567 9abcdef"] {
        let reply = send("POST /v1/acts", &[JSON, key], b"{\"number\":7}");
        reply.is_problem(400, "idempotency-key-missing");
    }
}

#[test]
fn a_header_that_stands_twice_is_refused_rather_than_guessed_at() {
    let twice = [JSON, KEY, "Idempotency-Key: another-key-16-16"];
    let reply = send("POST /v1/acts", &twice, b"{\"number\":7}");
    reply.is_problem(400, "malformed-request");
    let reply = send("POST /v1/acts", &[JSON, JSON, KEY], b"{\"number\":7}");
    reply.is_problem(400, "malformed-request");
    let token = format!("Authorization: Bearer {}", "a".repeat(64));
    send("GET /v1/mine", &[&token, &token], b"").is_problem(400, "malformed-request");
    let reply = send("PATCH /v1/records/K7Q29MXT", &["If-Match: \"1\"", "If-Match: \"2\""], b"{}");
    reply.is_problem(400, "malformed-request");
}

#[test]
fn a_session_token_is_looked_for_in_one_header_and_one_form() {
    let with = |shown: &str| send("GET /v1/mine", &[&format!("Authorization: {shown}")], b"");
    assert_eq!(with(&format!("Bearer {}", "a".repeat(64))).status, 200);
    assert_eq!(with(&format!("bearer {}", "-_Z9".repeat(11))).status, 200);
    for shown in [
        "Bearer",
        "Bearer ",
        &format!("Bearer {}", "a".repeat(42)),
        &format!("Bearer {}", "a".repeat(65)),
        &format!("Bearer {} x", "a".repeat(64)),
        &format!("Basic {}", "a".repeat(64)),
        &"a".repeat(64),
    ] {
        let reply = with(shown);
        reply.is_problem(401, "sign-in-needed");
        assert_eq!(reply.header("www-authenticate"), Some("Bearer"));
    }
    send("GET /v1/mine", &[], b"").is_problem(401, "sign-in-needed");
}

#[test]
fn an_edit_needs_the_version_that_it_edits() {
    let edit =
        |header: &str| send("PATCH /v1/records/K7Q29MXT", &[JSON, header], b"{\"number\":7}");
    let reply = edit("If-Match: \"42\"");
    assert_eq!((reply.status, reply.header("etag")), (200, Some("\"42\"")));
    edit("X: y").is_problem(428, "if-match-needed");
    for wrong in
        ["*", "42", "W/\"42\"", "\"\"", "\"a\", \"b\"", "\"a", &format!("\"{}\"", "a".repeat(65))]
    {
        edit(&format!("If-Match: {wrong}")).is_problem(400, "malformed-request");
    }
}

#[test]
fn a_name_in_the_address_that_is_none_leads_to_no_record() {
    assert_eq!(send("GET /v1/records/K7Q29MXT", &[], b"").status, 200);
    for name in ["RJS-017", "K7Q29MX", "K7Q29MXTT", "%00", "%FF%FE", "k7q29mxt", "%E5%BC%A0", "..."]
    {
        let reply = send(&format!("GET /v1/records/{name}"), &[], b"");
        reply.is_problem(404, "no-such-record");
    }
}

#[test]
fn a_question_that_nobody_knows_is_malformed() {
    assert_eq!(send("GET /v1/records?limit=200", &[], b"").text(), "{\"number\":200}");
    for query in ["limit=x", "limit=300", "ZEBRA=1", "limit=1&limit=2", "limit=%FF"] {
        let reply = send(&format!("GET /v1/records?{query}"), &[], b"");
        reply.is_problem(400, "malformed-request");
        assert!(!reply.text().contains("ZEBRA"));
    }
}

#[test]
fn an_unknown_address_is_no_such_page_whatever_the_method() {
    for line in [
        "GET /nowhere",
        "POST /nowhere",
        "BREW /nowhere",
        "OPTIONS /nowhere",
        "GET /v1/version/",
        "GET /v1/version;x",
        "GET //v1/version",
        "GET /v1/version%00",
        "GET /v1/version%FF",
        "GET /%2e%2e/%2e%2e/etc/passwd",
        "GET /v1/../nowhere",
        "GET /v1/records/",
        "GET /v1/records/K7Q29MXT/x",
        "GET /docs/nothing.js",
        "GET /docs/%00",
        "GET /problems/no-such-code",
    ] {
        send(line, &[], b"").is_problem(404, "no-such-page");
    }
    let head = send("HEAD /nowhere", &[], b"");
    assert_eq!((head.status, head.body.len()), (404, 0));
}

#[test]
fn a_known_address_names_the_methods_it_takes() {
    for (line, allow) in [
        ("DELETE /v1/version", "GET, HEAD, OPTIONS"),
        ("GET /v1/acts", "POST, OPTIONS"),
        ("HEAD /v1/acts", "POST, OPTIONS"),
        ("POST /v1/records/K7Q29MXT", "GET, HEAD, PATCH, OPTIONS"),
        ("GET /v1/records/search", "POST, OPTIONS"),
        ("BREW /v1/version", "GET, HEAD, OPTIONS"),
        ("TRACE /v1/version", "GET, HEAD, OPTIONS"),
    ] {
        let reply = send(line, &[], b"");
        assert_eq!(reply.header("allow"), Some(allow), "{line}");
        if !line.starts_with("HEAD") {
            reply.is_problem(405, "method-not-allowed");
        }
    }
    let options = send("OPTIONS /v1/acts", &[], b"");
    assert_eq!((options.status, options.header("allow")), (204, Some("POST, OPTIONS")));
    options.is_dressed();
    assert_eq!(send("POST /v1/records/search", &[], b"").text(), "{\"number\":9}");
}

#[test]
fn head_is_get_without_the_body() {
    let [get, head] = ["GET", "HEAD"].map(|verb| send(&format!("{verb} /v1/version"), &[], b""));
    assert_eq!((get.status, head.status), (200, 200));
    assert!(head.body.is_empty() && !get.body.is_empty());
    assert_eq!(get.header("content-length"), head.header("content-length"));
    assert!(get.json()["program"].as_str().unwrap().starts_with("klero "));
}

#[test]
fn an_address_may_be_as_long_as_the_limit_and_not_a_byte_longer() {
    let line = |length: usize| format!("GET /v1/version?{}", "x".repeat(length - 12));
    assert_eq!(send(&line(ADDRESS), &[], b"").status, 200);
    let long = send(&line(ADDRESS + 1), &[], b"");
    long.is_problem(413, "too-large");
    let long = format!("GET /{}", "x".repeat(40_000));
    send(&long, &[], b"").is_problem(413, "too-large");
}

/// What is not HTTP never reaches us: actix answers it with an empty 400 and hangs up.
#[test]
fn what_is_no_http_is_refused_without_a_word() {
    let long_headers = format!("GET / HTTP/1.1\r\nA: {}\r\n\r\n", "x".repeat(200_000));
    for request in [
        b"GET /v1/ver\0sion HTTP/1.1\r\nHost: a\r\n\r\n".as_slice(),
        b"GET /v1/\xff\xfe HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"ZEBRA\r\n\r\n",
        b"GET / HTTP/1.1\r\nA : b\r\n\r\n",
        b"POST /v1/acts HTTP/1.1\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
        b"POST /v1/acts HTTP/1.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        long_headers.as_bytes(),
    ] {
        let reply = exchange(request, false);
        assert!([400, 404, 431].contains(&reply.status), "{reply:?}");
        assert!(!reply.text().contains("ZEBRA"));
        if reply.status == 404 || !reply.body.is_empty() {
            assert_eq!(reply.header("content-type"), Some("application/problem+json"));
        }
    }
}

#[test]
fn a_panic_and_somebody_elses_error_end_as_internal_without_their_text() {
    let others = ["/v1/foreign", "/v1/bare"].map(|path| send(&format!("GET {path}"), &[], b""));
    for reply in others.into_iter().chain([do_act("{\"number\":2}")]) {
        reply.is_problem(500, "internal");
        assert!(!reply.text().contains("ZEBRA"));
    }
    assert_eq!(do_act("{\"number\":7}").status, 201, "the service goes on");
    let page = send("GET /stop", &[], b"");
    assert_eq!((page.status, page.text().as_str()), (409, "<p>Stop"), "a page keeps its own words");
    page.is_dressed();
}

#[test]
fn a_log_line_has_the_route_and_nothing_that_was_sent() {
    let secret = "Authorization: Bearer OKAPIOKAPIOKAPIOKAPIOKAPIOKAPIOKAPIOKAPIOKAPI";
    let cookie = "Cookie: OKAPI";
    for line in [
        "GET /v1/records/OKAPI",
        "GET /v1/records?OKAPI=OKAPI",
        "GET /v1/records?limit=OKAPI",
        "GET /OKAPI?OKAPI",
        "OKAPI /v1/version",
        "GET /v1/mine",
        "GET /docs/OKAPI",
        "GET /problems/OKAPI",
    ] {
        send(line, &[secret, cookie], b"");
    }
    for body in
        ["{\"number\":7,\"note\":\"OKAPI\"}", "{\"OKAPI\":1}", "OKAPI", "{\"number\":\"OKAPI\"}"]
    {
        do_act(body);
        send("PATCH /v1/records/OKAPI", &[JSON, KEY, "If-Match: \"OKAPI\""], body.as_bytes());
        send("POST /v1/imports", &[JSON, "Idempotency-Key: OKAPIOKAPIOKAPIOKAPI"], body.as_bytes());
        send("POST /v1/acts", &["Content-Type: OKAPI"], body.as_bytes());
    }
    exchange(b"OKAPI\r\n\r\n", false);
    do_act("{\"number\":0}");
    // The line is written just before the answer goes out.
    let log = String::from_utf8(LOG.lock().unwrap().clone()).unwrap();
    for said in ["\"route\":\"/v1/records/{reference}\"", "\"route\":\"-\"", "\"method\":\"other\""]
    {
        assert!(log.contains(said), "{said}");
    }
    assert!(log.contains("\"target\":\"actix"), "the libraries' lines are heard too");
    assert!(log.contains("\"status\":201") && log.contains("\"duration_ms\""));
    assert!(log.contains(&format!("\"request\":\"{REQUEST}\"")));
    let leak = log.lines().find(|line| line.contains("OKAPI") || line.contains("RJS-017"));
    assert_eq!(leak, None);
}

#[test]
fn the_description_to_read_comes_from_the_binary_and_asks_nobody() {
    let moved = send("GET /docs", &[], b"");
    assert_eq!((moved.status, moved.header("location")), (308, Some("/docs/")));
    let page = send("GET /docs/", &[], b"");
    assert_eq!((page.status, page.header("content-type")), (200, Some("text/html")));
    assert!(page.header("content-security-policy").unwrap().contains("script-src 'self';"));
    let settings = send("GET /docs/swagger-initializer.js", &[], b"").text();
    assert!(settings.contains("\"validatorUrl\": \"none\"") && settings.contains("/openapi.json"));
    assert!(!settings.contains("https://"));
    assert_eq!(send("GET /docs/swagger-ui-bundle.js", &[], b"").status, 200);
}

#[test]
fn the_description_has_every_route_with_its_problems() {
    let reply = send("GET /openapi.json", &[], b"");
    assert_eq!((reply.status, reply.header("content-type")), (200, Some("application/json")));
    let document = reply.json();
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1"));
    for route in table().routes() {
        let operation =
            &document["paths"][route.path][route.verb.as_str().to_ascii_lowercase().as_str()];
        assert_eq!(operation.is_object(), !route.page, "{}", route.path);
        if route.page {
            continue;
        }
        for code in route.problems() {
            let status = klero::http::problem::status(code);
            let response = &operation["responses"][status.as_str()];
            assert!(response["description"].as_str().unwrap().contains(code.as_str()));
            let schema = &response["content"]["application/problem+json"]["schema"]["$ref"];
            assert_eq!(schema, "#/components/schemas/Problem");
        }
        assert_eq!(operation["security"].is_array(), route.door != Door::Public);
    }
    let act = &document["paths"]["/v1/acts"]["post"];
    assert_eq!(act["operationId"], "post_v1_acts");
    assert_eq!(act["description"], "For coordinator at the own centre.");
    assert_eq!(act["parameters"][0]["name"], "Idempotency-Key");
    assert_eq!(
        act["responses"]["201"]["content"]["application/json"]["schema"]["$ref"],
        "#/components/schemas/Done"
    );
    let edit = &document["paths"]["/v1/records/{reference}"]["patch"]["parameters"];
    assert_eq!(
        (edit[0]["name"].as_str(), edit[1]["name"].as_str()),
        (Some("reference"), Some("If-Match"))
    );
    assert_eq!(document["paths"]["/v1/records"]["get"]["parameters"][0]["name"], "limit");
    let wish = &document["components"]["schemas"]["Wish"];
    assert_eq!(wish["additionalProperties"], false);
    references_lead_somewhere(&document, &document);
}

fn references_lead_somewhere(document: &Value, part: &Value) {
    match part {
        Value::Object(fields) => {
            for (name, value) in fields {
                if let (true, Some(to)) = (name == "$ref", value.as_str()) {
                    assert!(document.pointer(&to[1..]).is_some(), "{to}");
                }
                references_lead_somewhere(document, value);
            }
        }
        Value::Array(items) => items.iter().for_each(|i| references_lead_somewhere(document, i)),
        _ => {}
    }
}

#[test]
#[should_panic(expected = "/v1/version stands twice")]
fn a_method_cannot_stand_twice_at_one_address() {
    let routes = about::routes().into_iter().chain(about::routes());
    Table::new(routes.filter(|route| route.path == "/v1/version").collect());
}

mod elsewhere {
    /// Has the name of another body, and is another body.
    #[derive(utoipa::ToSchema, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    #[allow(dead_code)]
    pub struct Wish {
        other: u8,
    }

    /// Would swallow a field that nobody described.
    #[derive(utoipa::ToSchema, serde::Deserialize)]
    #[allow(dead_code)]
    pub struct Open {
        number: u8,
    }

    #[derive(utoipa::ToSchema, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    #[allow(dead_code)]
    pub struct Outer {
        inner: Vec<Open>,
    }
}

#[test]
#[should_panic(expected = "two bodies are called Wish")]
fn two_bodies_cannot_have_one_name() {
    let again = Route::post("/v1/again", search).public().takes::<elsewhere::Wish>();
    let routes = table().routes().iter().cloned().chain([again]).collect();
    http::openapi::Description::of(&Table::new(routes));
}

#[test]
#[should_panic(expected = "Open takes fields that nobody described")]
fn a_body_that_takes_any_field_cannot_be_in_the_table() {
    let _ = Route::post("/v1/open", search).public().takes::<elsewhere::Outer>();
}

#[test]
fn a_body_that_was_not_read_is_never_taken_for_a_request() {
    let hidden = "GET /v1/records/K7Q29MXT HTTP/1.1\r\nHost: a\r\n\r\n";
    let length = hidden.len();
    for head in [
        format!("POST /v1/acts HTTP/1.1\r\nContent-Type: text/plain\r\n{KEY}"),
        format!("POST /v1/acts HTTP/1.1\r\n{JSON}\r\n{KEY}"),
        "POST /nowhere HTTP/1.1".to_owned(),
        "DELETE /v1/version HTTP/1.1".to_owned(),
        "GET /v1/version HTTP/1.1".to_owned(),
    ] {
        let request = format!(
            "{head}\r\nHost: a\r\nContent-Length: {length}\r\n\r\n{hidden}\
             GET /v1/version HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
        );
        let mut stream = TcpStream::connect(*SERVER).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        let mut all = vec![];
        let _ = stream.read_to_end(&mut all);
        let all = String::from_utf8(all).unwrap();
        assert!(all.starts_with("HTTP/1.1 "), "{head}: {all}");
        assert!(!all.contains("{\"number\":1}"), "{head}: {all}");
    }
}

fn served() -> Served {
    Served::new(table(), about::About::default(), || REQUEST.to_owned())
}

#[test]
fn browsers_are_told_to_remember_https_only_where_the_public_address_is_https() {
    assert_eq!(send("GET /v1/version", &[], b"").header("strict-transport-security"), None);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let https = served().behind_https();
    std::thread::spawn(|| http::block_on(http::serve(listener, https, std::future::pending())));
    for path in ["/v1/version", "/nowhere"] {
        let request = format!("GET {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
        let reply = exchange_with(address, request.as_bytes(), false);
        let told = reply.header("strict-transport-security");
        assert_eq!(told, Some("max-age=31536000; includeSubDomains"));
    }
}

#[test]
fn serving_ends_when_it_is_told_to() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    assert!(http::block_on(http::serve(listener, served(), async {})).is_ok());
}

/// The service's own table, not the one of these tests.
#[test]
fn every_route_of_the_service_says_what_it_does_and_every_act_happens_once() {
    let table = http::table();
    let document = http::openapi::Description::of(&table).0;
    references_lead_somewhere(
        &serde_json::from_str(&document).unwrap(),
        &serde_json::from_str(&document).unwrap(),
    );
    let rights: Vec<_> = access::table().into_iter().map(|(act, _)| act).collect();
    assert!(table.routes().len() > 20);
    for route in table.routes() {
        let name = format!("{} {}", route.verb.as_str(), route.path);
        assert!(!route.summary.is_empty(), "{name} does not say what it does");
        assert!(route.page || !route.gives.is_empty(), "{name} gives nothing");
        let Door::Act(act) = route.door else { continue };
        assert!(rights.contains(&act), "{name}: {act} is not in the table of rights");
        // A search reads; it is POST only because a number must not stand in an address.
        let acts = route.verb != Verb::Get && !route.path.ends_with("/search");
        assert_eq!(route.idempotent, acts, "{name}: an act needs an Idempotency-Key");
    }
}

/// What a server still says before it hangs up on somebody who dawdles.
fn until_it_hangs_up(mut stream: TcpStream) -> String {
    stream.set_read_timeout(Some(std::time::Duration::from_secs(60))).unwrap();
    let mut all = vec![];
    stream.read_to_end(&mut all).expect("it hangs up by itself");
    String::from_utf8_lossy(&all).into_owned()
}

// shows: CN-1
#[test]
fn who_sends_a_head_drop_by_drop_is_hung_up_on_and_holds_nobody_else_up() {
    let slow: Vec<TcpStream> = (0..200)
        .map(|_| {
            let mut stream = TcpStream::connect(*SERVER).unwrap();
            stream.write_all(b"GET /v1/version HTTP/1.1\r\nHost: a\r\nX-Slow: ").unwrap();
            stream
        })
        .collect();
    for drop in 0..5 {
        // The others go on, one drop at a time.
        for mut stream in &slow {
            stream.write_all(b"x").unwrap();
        }
        assert_eq!(send("GET /v1/version", &[], b"").status, 200, "drop {drop}");
        assert_eq!(do_act("{\"number\":7}").status, 201, "drop {drop}");
    }
    for stream in slow {
        let said = until_it_hangs_up(stream);
        assert!(said.is_empty() || said.starts_with("HTTP/1.1 408 "), "{said}");
    }
}
