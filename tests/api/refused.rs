//! Refusals that are made from the one table of routes, so that no route can be forgotten here; and the description of
//! the interface, which is made from the same table.

use crate::house::{House, description, fields, refused, routes};
use klero::cli::stage::{Reply, Stage, signature};
use klero::domain::access;
use klero::domain::ids::Code as TreatmentCode;
use klero::domain::people::Role;
use klero::http::routes::{Door, Route, Verb};
use klero::limits::{ADDRESS, BODY, IMPORT};
use klero::refusal::Code;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Somebody in each role; those who work at a centre work at Huashan, where there is nobody to be found.
const EACH: [(Role, &str); 8] = [
    (Role::Coordinator, "c-hsh"),
    (Role::Investigator, "i-hsh"),
    (Role::Pharmacist, "p-hsh"),
    (Role::Hotline, "hot-1"),
    (Role::Statistician, "stat-1"),
    (Role::Monitor, "mon-1"),
    (Role::Sponsor, "spon-1"),
    (Role::Admin, "admin-1"),
];

/// Does the route take a signed record about a participant, whatever its kind?
fn records(path: &str) -> bool {
    path.starts_with("/v1/participants/{reference}/") || path == "/v1/accidents"
}

/// A body that each route would take, so that nothing but a right is missing. A new route needs a line here.
fn body(path: &str, who: &str) -> Value {
    let signed = |act| signature(who, act);
    match path {
        "/v1/participants/{reference}/entrust" => json!({"signature": signed("entrust")}),
        "/v1/rights/reviews" => json!({"signature": signed("review-access")}),
        "/v1/participants" => json!({"centre": "huashan", "answers": {}}),
        "/v1/participants/{reference}" => json!({"answers": {}}),
        "/v1/participants/search" => json!({"number": "RJS-001"}),
        "/v1/participants/{reference}/eligibility" => {
            json!({"version": "1", "signature": signed("sign-eligibility")})
        }
        "/v1/participants/{reference}/allocation" => json!({"signature": signed("randomise")}),
        "/v1/preparations" => {
            let code = TreatmentCode::from_digits([9, 0, 0, 0, 0, 0]).unwrap().to_string();
            json!({"code": code, "identifier": "DEMO", "visit": "V1"})
        }
        "/v1/breaks" => json!({
            "participant": "RJS-001", "requester": "Demo", "callBack": "000", "depends": true,
            "category": "pregnancy", "whatHappened": "nothing", "signature": signed("break-code"),
        }),
        "/v1/breaks/import" => letter(who),
        "/v1/breaks/find" => json!({"participant": "RJS-001", "caller": "physician"}),
        "/v1/breaks/cases" => json!({"participant": "RJS-001", "callBack": "000"}),
        "/v1/breaks/leave" => json!({"participant": "RJS-001"}),
        "/v1/breaks/{reference}/read-back" => json!({"correct": true}),
        "/v1/breaks/{reference}/follow-up"
        | "/v1/breaks/{reference}/close"
        | "/v1/safety-plans" => json!({"answers": {}, "signature": signed("follow-up")}),
        "/v1/participants/{reference}/corrections" => {
            json!({"version": "1", "answers": {}, "why": "a slip", "signature": signed("correct")})
        }
        "/v1/drills" => json!({}),
        path if records(path) => json!({"answers": {}, "signature": signed("correct")}),
        path if path.ends_with("/confirm") => {
            json!({"sha256": "00".repeat(32), "signature": signed("confirm-export")})
        }
        path if path.ends_with("/opened") => opened(path),
        path if path.ends_with("/hand-over") => json!({"to": "Demo nurse"}),
        "/v1/keys/mine" => json!({"card": "no card"}),
        "/v1/grants" => json!({
            "person": "p-rjs", "centre": "renji-south", "epoch": 1, "fingerprint": "00".repeat(16),
            "wrap": "00".repeat(113), "signature": "00".repeat(64),
        }),
        "/v1/grants/remove" => json!({"person": "p-rjs", "centre": "renji-south"}),
        "/v1/passed-keys" => json!({
            "participant": "ZZZZZZZZ", "centre": "huashan", "epoch": 1,
            "sealed": "00".repeat(60), "signature": "00".repeat(64),
        }),
        "/v1/disclosures" => {
            json!({"stage": "groups", "file": "00".repeat(32), "signature": signed("disclose")})
        }
        "/v1/trail/review" => json!({"scope": "none", "signature": signed("review-trail")}),
        "/v1/rotations" => json!({"rotation": "{}"}),
        "/v1/codes/void" => {
            let code = TreatmentCode::from_digits([9, 0, 0, 0, 0, 0]).unwrap().to_string();
            json!({"code": code, "reason": "none", "signature": signed("void-code")})
        }
        "/v1/lists/{segment}/review" => json!({"signature": signed("review-list")}),
        path if path.starts_with("/v1/recruitment/") => {
            json!({"reason": "none", "signature": signed("decide-recruitment")})
        }
        path => account(path).unwrap_or_else(|| sealed(path, who)),
    }
}

/// The same for accounts and how they are entered.
fn account(path: &str) -> Option<Value> {
    Some(match path {
        "/v1/sessions" => json!({"name": "nobody-here", "password": "not the password"}),
        "/v1/invitations/accept" => json!({"token": "0", "password": "twelve characters"}),
        "/v1/tokens" => json!({"id": "edc-1", "what": "Demo", "verbs": ["screen"],
                               "centres": ["huashan"], "networks": [], "days": 1}),
        "/v1/second-factor" => json!({"code": "000000", "password": "not the password"}),
        "/v1/second-factor/recovery-codes" => json!({"password": "not the password"}),
        "/v1/passkeys/question" => json!({"password": "not the password"}),
        "/v1/passkeys" => json!({"ceremony": "none", "credential": {}}),
        "/v1/sessions/question" => json!({"name": "nobody-here", "password": "not the password"}),
        "/v1/password" => json!({"password": "not the password", "new": "a word of my own"}),
        "/v1/people/{person}/recover" => json!({"what": "password"}),
        "/v1/recoveries/accept" => json!({"token": "0", "password": "a word of my own"}),
        "/v1/people/{person}/principal" => json!({"principal": true}),
        "/v1/people" => json!({"person": "new", "name": "Demo", "role": "monitor", "centres": []}),
        _ => return None,
    })
}

/// A body with a sealed record in it.
fn sealed(path: &str, who: &str) -> Value {
    let signed = |act| signature(who, act);
    match path {
        path if path.ends_with("/record") => json!({
            "volume": 250, "masked": "masked", "appearance": true, "noSecondCheck": "alone",
            "record": {"record": "ZZZZZZZZ", "epoch": 1, "sealed": "00".repeat(1052)},
            "signature": signed("record-preparation"),
        }),
        "/v1/pharmacy-records" => json!({
            "centre": "renji-south",
            "record": {"record": "ZZZZZZZZ", "epoch": 1, "sealed": "00".repeat(540)},
        }),
        "/v1/sealed-parts" => json!({
            "reference": "ZZZZZZZZ", "signature": signed("seal-part"),
            "record": {"record": "ZZZZZZZZ", "epoch": 1, "sealed": "00".repeat(4124)},
        }),
        "/v1/notices/address" => json!({"address": "demo@hospital.example"}),
        "/v1/webhooks" => json!({"url": "https://nowhere.example/hook"}),
        "/v1/deliveries/replay" => json!({"event": 0, "way": "mail", "target": "nobody-here"}),
        other => panic!("{other} takes a body: say which in the tests"),
    }
}

/// A letter of a code that no list has.
fn letter(who: &str) -> Value {
    let letter = json!({"serial": "huashan-0-0001-A", "code": "9000001", "by": "i-hsh",
                        "at": "2026-11-20T01:00:00Z", "why": "nothing"});
    json!({"letter": letter, "category": "pregnancy", "signature": signature(who, "import-break")})
}

/// A receipt, of a release or of a drill.
fn opened(path: &str) -> Value {
    let mut receipt = json!({
        "reference": "ZZZZZZZZ", "fits": true, "at": "2026-11-21T01:00:00Z",
        "signature": "00".repeat(64),
    });
    if path.starts_with("/v1/drills/") {
        receipt["keysOpened"] = json!(4);
    }
    receipt
}

/// The address with names that lead nowhere, and a question where one must be asked.
fn address(route: &Route) -> String {
    let path = route.path.replace("{reference}", "ZZZZZZZZ").replace("{person}", "nobody-here");
    let path = path.replace("{machine}", "no-machine").replace("{session}", "nothing");
    let path = path.replace("{release}", "ZZZZZZZZ");
    let path = path.replace("{centre}", "nowhere").replace("{segment}", "9");
    let path = path.replace("{entry}", "999999").replace("{code}", "internal");
    let path = path.replace("{file:.*}", "index.html").replace("{kind}", "nothing");
    let must = route.query.iter().any(|asked| asked.name == "to");
    if must { format!("{path}?from=1&to=1") } else { path }
}

fn acts() -> impl Iterator<Item = &'static Route> {
    routes().iter().filter(|route| route.verb != Verb::Get)
}

struct Ask<'h> {
    house: &'h House,
    route: &'static Route,
    token: Option<String>,
    headers: Vec<(&'static str, String)>,
}

impl<'h> Ask<'h> {
    /// A request that lacks nothing.
    fn whole(house: &'h House, route: &'static Route, who: &str) -> Self {
        let mut headers = vec![];
        if route.idempotent {
            headers.push(("idempotency-key", house.stage.new_key()));
        }
        if route.if_match {
            headers.push(("if-match", "\"7\"".to_owned()));
        }
        Self { house, route, token: Some(house.stage.token(who).to_owned()), headers }
    }

    fn without(mut self, header: &str) -> Self {
        self.headers.retain(|(name, _)| *name != header);
        self
    }

    fn nobody(mut self) -> Self {
        self.token = None;
        self
    }

    fn send(&self, body: Option<&Value>) -> Reply {
        let bearer = self.token.as_ref().map(|token| format!("Bearer {token}"));
        let mut headers: Vec<(&str, &str)> =
            self.headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        headers.extend(bearer.as_deref().map(|bearer| ("authorization", bearer)));
        self.house.send(self.route.verb.as_str(), &address(self.route), &headers, body)
    }

    /// Sends bytes that need not be JSON.
    fn send_raw(&self, kind: &str, body: &[u8]) -> Reply {
        let mut headers = vec![("content-type", kind)];
        let bearer = self.token.as_ref().map(|token| format!("Bearer {token}"));
        headers.extend(bearer.as_deref().map(|bearer| ("authorization", bearer)));
        headers.extend(self.headers.iter().map(|(name, value)| (*name, value.as_str())));
        self.house.send_raw(self.route.verb.as_str(), &address(self.route), &headers, body)
    }
}

fn may(route: &Route, role: Role) -> bool {
    let Door::Act(act) = route.door else { return true };
    let table = access::table();
    let (_, reaches) = table.iter().find(|(name, _)| *name == act).unwrap();
    let at = Role::ALL.iter().position(|other| *other == role).unwrap();
    reaches[at] != access::Reach::Never
}

/// Somebody whose right the route asks for.
fn entitled(route: &Route) -> &'static str {
    EACH.iter().find(|(role, _)| may(route, *role)).unwrap().1
}

// shows: I11, DI-1, CO-7, AT-3 (every route and every role)
#[test]
fn a_role_without_the_right_is_refused_whatever_it_names_and_that_is_an_entry() {
    let house = House::raise();
    let mut refusals = 0;
    for route in routes().iter().filter(|route| matches!(route.door, Door::Act(_))) {
        let Door::Act(act) = route.door else { continue };
        for (role, who) in EACH {
            let body = route.request.is_some().then(|| body(route.path, who));
            let whole = Ask::whole(&house, route, who);
            if may(route, role) {
                // Whatever is answered, it is not the role.
                let reply = whole.send(body.as_ref());
                assert_ne!(reply.text_at("code"), "not-your-role", "{} {who}", route.path);
                house.so_far();
                continue;
            }
            let reply = whole.send(body.as_ref());
            assert_eq!(
                (reply.status, reply.text_at("code")),
                (403, "not-your-role"),
                "{} {who}",
                route.path
            );
            let left = house.entries();
            assert_eq!(left.len(), 1, "{} {who}", route.path);
            assert_eq!((&left[0]["act"], &left[0]["by"]), (&json!("refused"), &json!(who)));
            assert_eq!(left[0]["data"], json!({"wanted": act, "problem": "not-your-role"}));
            refusals += 1;
        }
    }
    assert!(refusals > 130, "{refusals}");
}

// shows: AC-1
#[test]
fn without_a_session_every_route_that_is_not_public_asks_for_one_and_does_nothing() {
    let house = House::raise();
    for route in routes().iter().filter(|route| route.door != Door::Public) {
        let body = route.request.is_some().then(|| body(route.path, "hot-1"));
        let none = Ask::whole(&house, route, "hot-1").nobody().send(body.as_ref());
        refused(&none, 401, "sign-in-needed");
        let mut stale = Ask::whole(&house, route, "hot-1");
        stale.token = Some("0".repeat(64));
        let stale = stale.send(body.as_ref());
        refused(&stale, 401, "sign-in-needed");
        assert!(stale.headers.iter().any(|(name, _)| name == "www-authenticate"));
    }
    house.trail_is([]);
}

// shows: I5, AL-6 (no act without its key)
#[test]
fn every_act_needs_its_key_and_every_edit_its_version() {
    let house = House::raise();
    for route in acts().filter(|route| route.idempotent) {
        let who = entitled(route);
        let body = route.request.is_some().then(|| body(route.path, who));
        let none = Ask::whole(&house, route, who).without("idempotency-key").send(body.as_ref());
        refused(&none, 400, "idempotency-key-missing");
        let with = |key: &str| {
            let mut ask = Ask::whole(&house, route, who).without("idempotency-key");
            ask.headers.push(("idempotency-key", key.to_owned()));
            ask.send(body.as_ref())
        };
        for key in ["x".repeat(15), "x".repeat(65), "sixteen with gap".to_owned()] {
            refused(&with(&key), 400, "idempotency-key-missing");
        }
        if route.if_match {
            let none = Ask::whole(&house, route, who).without("if-match").send(body.as_ref());
            refused(&none, 428, "if-match-needed");
        }
    }
    // Acts without a key are the ones that begin and end a session, find somebody, ask for a passkey or forget one, or use a
    // token up.
    let keyless: Vec<_> = acts().filter(|route| !route.idempotent).map(|r| r.path).collect();
    let known = [
        "/v1/invitations/accept",
        "/v1/participants/search",
        "/v1/passkeys/question",
        "/v1/passkeys/{number}",
        "/v1/recoveries/accept",
        "/v1/sessions",
        "/v1/sessions/mine",
        "/v1/sessions/question",
        "/v1/sessions/{session}",
    ];
    assert_eq!(keyless, known);
    house.trail_is([]);
}

// shows: E1 of the interface (whatever is wrong with a body, it is said without repeating it)
#[test]
fn what_is_wrong_with_a_body_is_said_and_nothing_of_it_repeated() {
    let house = House::raise();
    for route in acts().filter(|route| route.request.is_some()) {
        let who = entitled(route);
        let ask = || Ask::whole(&house, route, who);
        let json = "application/json";
        refused(&ask().send_raw(json, b"{\"OKAPI\": "), 400, "malformed-request");
        refused(&ask().send_raw(json, b"OKAPI"), 400, "malformed-request");
        refused(&ask().send_raw(json, b""), 400, "malformed-request");
        refused(&ask().send_raw("text/plain", b"{\"OKAPI\":1}"), 415, "wrong-content-type");
        refused(
            &ask().send_raw("application/x-www-form-urlencoded", b"OKAPI=1"),
            415,
            "wrong-content-type",
        );
        let mut more = body(route.path, who);
        more["OKAPI"] = json!("OKAPI");
        let unknown = ask().send(Some(&more));
        refused(&unknown, 400, "malformed-request");
        assert_eq!(fields(&unknown), [" unknown-field"]);
        for field in body(route.path, who).as_object().unwrap().keys() {
            let mut wrong = body(route.path, who);
            wrong[field] = json!([[{"OKAPI": 1}]]);
            let reply = ask().send(Some(&wrong));
            refused(&reply, 400, "malformed-request");
            assert!(fields(&reply)[0].starts_with(&format!("/{field}")), "{:?}", fields(&reply));
            assert!(!reply.text.contains("OKAPI"));
        }
        let most = if route.path == "/v1/rotations" { IMPORT } else { BODY };
        let long = vec![b' '; most + 1];
        refused(&ask().send_raw(json, &long), 413, "too-large");
        for reply in [ask().send_raw(json, b"{\"OKAPI\": "), unknown] {
            assert!(!reply.text.contains("OKAPI"), "{}", reply.text);
            assert_eq!(
                reply.headers.iter().find(|(n, _)| n == "cache-control").unwrap().1,
                "no-store"
            );
        }
    }
    house.trail_is([]);
}

// shows: I6 (a body as long as the limit is read, one byte more is not)
#[test]
fn a_body_may_be_as_long_as_the_limit() {
    let house = House::raise();
    let route = acts().find(|route| route.path == "/v1/participants/search").unwrap();
    let mut text = br#"{"number":"RJS-001""#.to_vec();
    text.resize(BODY - 1, b' ');
    text.push(b'}');
    let ask = Ask::whole(&house, route, "c-rjs");
    refused(&ask.send_raw("application/json", &text), 404, "no-such-record");
    text.insert(20, b' ');
    refused(&ask.send_raw("application/json", &text), 413, "too-large");
    let long = |length: usize| {
        let path = "/v1/participants?limit=";
        house.get("c-rjs", &format!("{path}{}", "1".repeat(length - path.len())))
    };
    refused(&long(ADDRESS), 400, "malformed-request");
    refused(&long(ADDRESS + 1), 413, "too-large");
    house.trail_is([]);
}

#[test]
fn a_method_that_an_address_does_not_take_is_refused_with_those_it_takes() {
    let house = House::raise();
    let mut taken: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for route in routes() {
        taken.entry(route.path).or_default().push(route.verb.as_str());
    }
    for (path, verbs) in taken {
        let route = routes().iter().find(|route| route.path == path).unwrap();
        for other in ["GET", "POST", "PUT", "PATCH", "DELETE"] {
            if verbs.contains(&other) {
                continue;
            }
            let reply = house.send(other, &address(route), &[], None);
            refused(&reply, 405, "method-not-allowed");
            let allow = &reply.headers.iter().find(|(name, _)| name == "allow").unwrap().1;
            assert!(verbs.iter().all(|verb| allow.contains(verb)), "{path} {allow}");
        }
    }
    refused(&house.get("mon-1", "/v1/nothing-here"), 404, "no-such-page");
    house.trail_is([]);
}

// shows: E2 of the interface: the title is in the language that was asked for, the words in both
#[test]
fn a_refusal_speaks_the_language_that_was_asked_for() {
    let house = House::raise();
    for (wish, tag) in [("zh-CN", "zh-CN"), ("en", "en"), ("fr", "en")] {
        let reply = house.send("GET", "/v1/trial", &[("accept-language", wish)], None);
        refused(&reply, 401, "sign-in-needed");
        assert_eq!(reply.body["title"], reply.body["words"][tag]["title"]);
        assert_eq!(reply.body["detail"], reply.body["words"][tag]["detail"]);
        let language = reply.headers.iter().find(|(name, _)| name == "content-language").unwrap();
        assert_eq!(language.1, tag);
    }
    house.trail_is([]);
}

// shows: every reason has a page that explains it, at the address that problems give as their type
#[test]
fn every_code_has_its_page() {
    let house = House::raise();
    for code in Code::ALL {
        let page = house.stage.send("GET", &format!("/problems/{}", code.as_str()), &[], None);
        assert_eq!(page.status, 200);
        assert!(page.text.contains(code.as_str()));
    }
    house.trail_is([]);
}

// shows: E1 of the interface: what is served is what was committed, so a change is seen in review
#[test]
fn the_description_is_the_one_that_was_committed() {
    let renew =
        "the interface changed: klero openapi > deploy/openapi.json, and read the difference";
    let committed: Value =
        serde_json::from_str(include_str!("../../deploy/openapi.json")).expect(renew);
    let made: Value = serde_json::from_str(&description()).unwrap();
    assert!(committed == made, "{renew}");
    let house = House::raise();
    let stage: &Stage = &house.stage;
    let served = stage.send("GET", "/openapi.json", &[], None);
    assert_eq!(served.body, made);
    house.trail_is([]);
}
