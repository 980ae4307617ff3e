//! The description of the interface (OpenAPI 3.1), made from the one table of routes.

use super::problem::{self, MEDIA_TYPE};
use super::routes::{Door, Route, Table, Verb};
use super::wire::ProblemBody;
use crate::refusal::{Code, Refusal};
use crate::text::Language;
use std::collections::BTreeMap;
use utoipa::openapi::path::{
    HttpMethod, Operation, OperationBuilder, Parameter, ParameterBuilder, ParameterIn,
};
use utoipa::openapi::request_body::RequestBodyBuilder;
use utoipa::openapi::schema::{ObjectBuilder, Schema};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{
    ComponentsBuilder, Content, InfoBuilder, License, OpenApiBuilder, PathItem, PathsBuilder, Ref,
    RefOr, Required, Response, ResponseBuilder, Type,
};
use utoipa::{PartialSchema, ToSchema};

/// The description as it is served.
#[derive(Debug)]
pub struct Description(pub String);

const ABOUT: &str = "Randomisation and sealed treatment codes for a blinded trial. No answer holds \
a treatment: what tells it is sealed, and opens on a key-holder's own device alone.\n\n\
A refusal is a problem document (RFC 9457) with a `code` that never changes and words in English \
and Chinese. Every act needs an `Idempotency-Key` and happens once however often it is sent. Bodies \
are JSON of at most 64 KiB (imports 4 MiB), addresses at most 2,048 bytes; a field that is not \
described here is refused. Times are RFC 3339 in UTC.";

impl Description {
    /// Describes every route of the table that is not a page.
    ///
    /// # Panics
    /// When two different bodies have the same name: one of them would be described by the other.
    pub fn of(table: &Table) -> Self {
        let shown = || table.routes().iter().filter(|route| !route.page);
        let paths = shown().fold(PathsBuilder::new(), |paths, route| {
            paths.path(route.path, PathItem::new(method(route.verb), operation(route)))
        });
        let schemas = shown().flat_map(|route| route.schemas.iter().cloned());
        let bearer = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .description(Some("The token of a signed-in person's session"))
            .build();
        let components = ComponentsBuilder::new()
            .schemas_from_iter(named(schemas))
            .security_scheme(SESSION, SecurityScheme::Http(bearer));
        let info = InfoBuilder::new()
            .title("Klero")
            .version(env!("CARGO_PKG_VERSION"))
            .description(Some(ABOUT))
            .license(Some(License::new(env!("CARGO_PKG_LICENSE"))));
        let document = OpenApiBuilder::new()
            .info(info.build())
            .paths(paths.build())
            .components(Some(components.build()))
            .build();
        Self(document.to_json().expect("schemas are plain values"))
    }
}

/// Every body by its name, that of a refusal among them.
fn named(bodies: impl Iterator<Item = (String, RefOr<Schema>)>) -> BTreeMap<String, RefOr<Schema>> {
    let mut refusal = vec![(ProblemBody::name().into_owned(), ProblemBody::schema())];
    ProblemBody::schemas(&mut refusal);
    let mut named = BTreeMap::new();
    for (name, schema) in bodies.chain(refusal) {
        let before = named.insert(name.clone(), schema.clone());
        assert!(before.is_none_or(|before| before == schema), "two bodies are called {name}");
    }
    named
}

const SESSION: &str = "session";

fn method(verb: Verb) -> HttpMethod {
    match verb {
        Verb::Get => HttpMethod::Get,
        Verb::Post => HttpMethod::Post,
        Verb::Put => HttpMethod::Put,
        Verb::Patch => HttpMethod::Patch,
        Verb::Delete => HttpMethod::Delete,
    }
}

fn operation(route: &Route) -> Operation {
    let mut operation = OperationBuilder::new()
        .operation_id(Some(operation_id(route)))
        .summary(Some(route.summary))
        .description(Some(format!("For {}.", route.who)))
        .parameters(Some(parameters(route)));
    if let Some(tag) = route.path.split('/').nth(2) {
        operation = operation.tag(tag);
    }
    if let Some(name) = &route.request {
        let body = RequestBodyBuilder::new()
            .required(Some(Required::True))
            .content("application/json", content(name));
        operation = operation.request_body(Some(body.build()));
    }
    if route.table {
        let table = Content::new(Some(RefOr::T(text(""))));
        let body = RequestBodyBuilder::new().required(Some(Required::True));
        operation = operation.request_body(Some(body.content("text/csv", table).build()));
    }
    if route.door != Door::Public {
        operation = operation.security(SecurityRequirement::new(SESSION, [""; 0]));
    }
    for (status, response) in responses(route) {
        operation = operation.response(status, response);
    }
    operation.build()
}

/// `post_v1_participants_reference_allocation`: what generated clients call it.
fn operation_id(route: &Route) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() { c } else { '_' };
    let address: String = route.path.chars().filter(|c| !"{}".contains(*c)).map(plain).collect();
    format!("{}{address}", route.verb.as_str().to_ascii_lowercase())
}

fn parameters(route: &Route) -> Vec<Parameter> {
    let in_path = route.names().map(|name| {
        let schema = match name {
            "reference" => text(r"^[0-9A-HJKMNP-TV-Z]{8}$"),
            _ => text(""),
        };
        parameter(name, ParameterIn::Path, "The name of the record", schema)
    });
    let key = (route.idempotent).then(|| {
        let words = "The same for every repetition of the act, another for every other act";
        parameter("Idempotency-Key", ParameterIn::Header, words, text("^[!-~]{16,64}$"))
    });
    let version = (route.if_match).then(|| {
        let words = "The ETag of the record as it was read";
        parameter("If-Match", ParameterIn::Header, words, text("^\"[!#-~]{1,64}\"$"))
    });
    in_path.chain(key).chain(version).chain(route.query.iter().cloned()).collect()
}

fn parameter(name: &str, place: ParameterIn, words: &str, schema: Schema) -> Parameter {
    ParameterBuilder::new()
        .name(name)
        .parameter_in(place)
        .required(Required::True)
        .description(Some(words))
        .schema(Some(schema))
        .build()
}

fn text(pattern: &str) -> Schema {
    let pattern = (!pattern.is_empty()).then_some(pattern);
    ObjectBuilder::new().schema_type(Type::String).pattern(pattern).into()
}

fn content(schema: &str) -> Content {
    Content::new(Some(Ref::from_schema_name(schema)))
}

/// Answers and refusals by status: a status of several reasons names each of them.
fn responses(route: &Route) -> BTreeMap<String, Response> {
    let given = route.gives.iter().map(|given| {
        let mut response = ResponseBuilder::new().description(given.words);
        if let Some(name) = &given.schema {
            response = response.content("application/json", content(name));
        }
        (given.status.to_string(), response.build())
    });
    let mut reasons: BTreeMap<String, Vec<Code>> = BTreeMap::new();
    for code in route.problems() {
        reasons.entry(problem::status(code).as_str().to_owned()).or_default().push(code);
    }
    let refused = reasons.into_iter().map(|(status, codes)| {
        let words: Vec<_> = codes.into_iter().map(words).collect();
        let body = content(&ProblemBody::name());
        (
            status,
            ResponseBuilder::new().description(words.join("\n")).content(MEDIA_TYPE, body).build(),
        )
    });
    given.chain(refused).collect()
}

fn words(code: Code) -> String {
    format!("- `{}`: {}", code.as_str(), Refusal::new(code).title(Language::En))
}
