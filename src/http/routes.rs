//! One table of routes. Addresses, the OpenAPI document and the list by which refusals are tested are all made from
//! it, so that no route can be in one of them and not in the others.

use super::problem::Problem;
use crate::domain::access::{Act, Reach};
use crate::domain::people::Role;
use crate::refusal::Code;
use actix_web::http::header::{self, HeaderValue};
use actix_web::http::{Method, StatusCode};
use actix_web::{FromRequest, Handler, HttpRequest, HttpResponse, Responder, guard, web};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use utoipa::openapi::RefOr;
use utoipa::openapi::path::{Parameter, ParameterIn};
use utoipa::openapi::schema::{AdditionalProperties, Schema};
use utoipa::{IntoParams, ToSchema};

/// What is done to an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verb {
    /// Reads; HEAD goes with it.
    Get,
    /// Acts.
    Post,
    /// Replaces.
    Put,
    /// Changes in part.
    Patch,
    /// Ends.
    Delete,
}

impl Verb {
    /// The method's word.
    pub fn as_str(self) -> &'static str {
        match self {
            Verb::Get => "GET",
            Verb::Post => "POST",
            Verb::Put => "PUT",
            Verb::Patch => "PATCH",
            Verb::Delete => "DELETE",
        }
    }

    fn takes(self, method: &Method) -> bool {
        let word = if *method == Method::HEAD { "GET" } else { method.as_str() };
        word == self.as_str()
    }
}

/// Who may come in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Door {
    /// Anybody.
    Public,
    /// Anybody who is signed in, about themselves.
    SignedIn,
    /// Whom the table of rights lets do this act.
    Act(&'static str),
}

/// One answer that a route gives when it is not a refusal.
#[derive(Debug, Clone)]
pub struct Given {
    /// The status.
    pub status: u16,
    /// What it means here.
    pub words: &'static str,
    /// The body's schema, if it has a JSON body.
    pub schema: Option<String>,
}

type Make = Arc<dyn Fn() -> actix_web::Route + Send + Sync>;

/// A route whose door has not been decided yet. It is no [`Route`], so a table cannot hold it.
#[must_use = "a route needs a door: act, signed_in or public"]
pub struct Undecided {
    verb: Verb,
    path: &'static str,
    make: Make,
}

/// A row of the table.
#[derive(Clone)]
pub struct Route {
    /// What is done.
    pub verb: Verb,
    /// To which address; variable parts as `{reference}`, named after what stands there.
    pub path: &'static str,
    /// Who may come in.
    pub door: Door,
    /// The same in words, for readers of the description.
    pub who: String,
    /// What it does, in one sentence.
    pub summary: &'static str,
    /// The schema of the body that is sent, if one is.
    pub request: Option<String>,
    /// Is a table sent instead, as CSV?
    pub table: bool,
    /// What comes back when nothing is refused.
    pub gives: Vec<Given>,
    /// The reasons of its own for a refusal; those that follow from the row itself are not repeated here.
    pub refuses: Vec<Code>,
    /// Does it need an `Idempotency-Key`?
    pub idempotent: bool,
    /// Does it need `If-Match`?
    pub if_match: bool,
    /// Is it a page for people, left out of the description of the interface?
    pub page: bool,
    /// What may stand behind the question mark.
    pub query: Vec<Parameter>,
    /// The schemas that request and answers are made of, by name.
    pub schemas: Vec<(String, RefOr<Schema>)>,
    make: Make,
}

impl Route {
    /// Reads. HEAD is answered alike, without the body.
    pub fn get<F, A>(path: &'static str, handler: F) -> Undecided
    where
        F: Handler<A, Output: Responder + 'static> + Send + Sync,
        A: FromRequest + 'static,
    {
        Self::new(Verb::Get, path, handler)
    }

    /// Acts.
    pub fn post<F, A>(path: &'static str, handler: F) -> Undecided
    where
        F: Handler<A, Output: Responder + 'static> + Send + Sync,
        A: FromRequest + 'static,
    {
        Self::new(Verb::Post, path, handler)
    }

    /// Any verb.
    #[expect(clippy::new_ret_no_self, reason = "a route whose door is not decided is no route yet")]
    pub fn new<F, A>(verb: Verb, path: &'static str, handler: F) -> Undecided
    where
        F: Handler<A, Output: Responder + 'static> + Send + Sync,
        A: FromRequest + 'static,
    {
        let make = move || {
            let fits = guard::fn_guard(move |asked| verb.takes(&asked.head().method));
            web::route().guard(fits).to(handler.clone())
        };
        Undecided { verb, path, make: Arc::new(make) }
    }

    /// What it does, in one sentence.
    #[must_use]
    pub fn says(mut self, summary: &'static str) -> Self {
        self.summary = summary;
        self
    }

    /// The body that is sent.
    ///
    /// # Panics
    /// When the body, or a part of it, would take fields that nobody described: it lacks `deny_unknown_fields`.
    #[must_use]
    pub fn takes<T: ToSchema>(mut self) -> Self {
        let known = self.schemas.len();
        self.request = Some(self.learn::<T>());
        for (name, schema) in &self.schemas[known..] {
            assert!(is_closed(schema), "{name} takes fields that nobody described");
        }
        self
    }

    /// A table is sent, as CSV in UTF-8 or GBK.
    #[must_use]
    pub fn takes_table(mut self) -> Self {
        self.table = true;
        self
    }

    /// What may stand behind the question mark.
    #[must_use]
    pub fn asks<T: IntoParams>(mut self) -> Self {
        self.query = T::into_params(|| Some(ParameterIn::Query));
        self
    }

    /// An answer with a JSON body.
    #[must_use]
    pub fn gives<T: ToSchema>(mut self, status: u16, words: &'static str) -> Self {
        let schema = Some(self.learn::<T>());
        self.gives.push(Given { status, words, schema });
        self
    }

    /// An answer without a JSON body.
    #[must_use]
    pub fn gives_plain(mut self, status: u16, words: &'static str) -> Self {
        self.gives.push(Given { status, words, schema: None });
        self
    }

    /// Reasons of its own for a refusal.
    #[must_use]
    pub fn refuses(mut self, codes: &[Code]) -> Self {
        self.refuses.extend_from_slice(codes);
        self
    }

    /// An act that happens once, however often it is sent: the handler takes an `IdempotencyKey`.
    #[must_use]
    pub fn idempotent(mut self) -> Self {
        self.idempotent = true;
        self
    }

    /// An edit of what was read: the handler takes an `IfMatch`.
    #[must_use]
    pub fn if_match(mut self) -> Self {
        self.if_match = true;
        self
    }

    /// A page for people.
    #[must_use]
    pub fn page(mut self) -> Self {
        self.page = true;
        self
    }

    /// The names of the variable parts of the address.
    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        self.path.split('{').skip(1).filter_map(|rest| rest.split('}').next())
    }

    /// Every reason for which this route may refuse: its own, and those that follow from its row.
    pub fn problems(&self) -> BTreeSet<Code> {
        let mut codes: BTreeSet<Code> = self.refuses.iter().copied().collect();
        codes.extend([Code::MalformedRequest, Code::TooLarge, Code::Internal, Code::SlowDown]);
        codes.insert(Code::Starting);
        if self.names().next().is_some() {
            codes.insert(Code::NoSuchRecord);
        }
        if self.request.is_some() || self.table {
            codes.extend([Code::WrongContentType, Code::InvalidFields]);
        }
        if self.door != Door::Public {
            codes.insert(Code::SignInNeeded);
        }
        if let Door::Act(_) = self.door {
            codes.extend([Code::NotYourRole, Code::SecondFactorNeeded]);
        }
        if self.idempotent {
            codes.extend([Code::IdempotencyKeyMissing, Code::IdempotencyKeyReused]);
        }
        if self.if_match {
            codes.extend([Code::IfMatchNeeded, Code::ChangedSinceRead]);
        }
        if self.verb != Verb::Get {
            codes.extend([Code::ReadOnly, Code::TrailDamaged]);
            codes.extend([Code::CheckpointStoreAway, Code::ClockOff]);
        }
        codes
    }

    fn learn<T: ToSchema>(&mut self) -> String {
        let name = T::name().into_owned();
        self.schemas.push((name.clone(), T::schema()));
        T::schemas(&mut self.schemas);
        name
    }
}

impl Undecided {
    /// For whom the table of rights lets do this act. The handler still asks the table: only it knows the centre.
    pub fn act<A: Act>(self, _act: A) -> Route {
        let reaches = Role::ALL.into_iter().filter_map(|role| match A::reach(role) {
            Reach::Never => None,
            Reach::Centre => Some(format!("{role} at the own centre")),
            Reach::Trial => Some(role.to_string()),
        });
        let who: Vec<_> = reaches.collect();
        self.open(Door::Act(A::NAME), who.join(", "))
    }

    /// For anybody who is signed in, about themselves.
    pub fn signed_in(self) -> Route {
        self.open(Door::SignedIn, "anybody who is signed in".to_owned())
    }

    /// For anybody.
    pub fn public(self) -> Route {
        self.open(Door::Public, "anybody".to_owned())
    }

    /// Behind the door of a page, which was decided in the table of pages.
    pub(super) fn behind(self, door: Door) -> Route {
        self.open(door, String::new())
    }

    fn open(self, door: Door, who: String) -> Route {
        Route {
            verb: self.verb,
            path: self.path,
            door,
            who,
            summary: "",
            request: None,
            table: false,
            gives: vec![],
            refuses: vec![],
            idempotent: false,
            if_match: false,
            page: false,
            query: vec![],
            schemas: vec![],
            make: self.make,
        }
    }
}

/// All routes of a port.
#[derive(Clone)]
pub struct Table {
    /// In the order of addresses; a plain part of an address comes before a variable one.
    routes: Vec<Route>,
}

impl Table {
    /// A table of these routes.
    ///
    /// # Panics
    /// When a method stands twice at one address: one of the two would never be reached.
    pub fn new(mut routes: Vec<Route>) -> Self {
        // `{` comes after every letter and digit, so that `/search` is found before `/{reference}`.
        routes.sort_by_key(|route| (route.path, route.verb));
        for pair in routes.windows(2) {
            let same = (pair[0].path, pair[0].verb) == (pair[1].path, pair[1].verb);
            assert!(!same, "{} stands twice", pair[0].path);
        }
        Self { routes }
    }

    /// Every row.
    pub fn routes(&self) -> &[Route] {
        &self.routes
    }

    /// Puts the table into a server. What is not in it is answered with a problem.
    pub(super) fn configure(&self, config: &mut web::ServiceConfig) {
        let mut places: BTreeMap<&str, Vec<&Route>> = BTreeMap::new();
        for route in &self.routes {
            places.entry(route.path).or_default().push(route);
        }
        for (path, routes) in places {
            let allow = allow(&routes);
            let mut resource = web::resource(path);
            for route in routes {
                resource = resource.route((route.make)());
            }
            let other = move |req: HttpRequest| other_method(req, allow.clone());
            config.service(resource.default_service(web::route().to(other)));
        }
        let nowhere = || async { Err::<HttpResponse, _>(Problem::new(Code::NoSuchPage)) };
        config.default_service(web::route().to(nowhere));
    }
}

/// Does it refuse a field that it does not describe?
fn is_closed(schema: &RefOr<Schema>) -> bool {
    let RefOr::T(Schema::Object(object)) = schema else { return true };
    let closed = AdditionalProperties::FreeForm(false);
    object.properties.is_empty() || object.additional_properties.as_deref() == Some(&closed)
}

/// The methods of an address, as `Allow` names them.
fn allow(routes: &[&Route]) -> HeaderValue {
    let verbs = routes.iter().map(|route| match route.verb {
        Verb::Get => "GET, HEAD",
        verb => verb.as_str(),
    });
    let words: Vec<_> = verbs.chain(["OPTIONS"]).collect();
    HeaderValue::from_str(&words.join(", ")).expect("methods are plain words")
}

/// To a method that an address does not take: which ones it does take.
async fn other_method(req: HttpRequest, allow: HeaderValue) -> Result<HttpResponse, Problem> {
    if req.method() == Method::OPTIONS {
        let mut answer = HttpResponse::new(StatusCode::NO_CONTENT);
        answer.headers_mut().insert(header::ALLOW, allow);
        return Ok(answer);
    }
    Err(Problem::new(Code::MethodNotAllowed).with_header(header::ALLOW, allow))
}
