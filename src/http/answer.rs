//! An answer that is not a refusal: a status, a body of `wire`, and the headers that belong to a record.

use super::wire::{self, Written};
use actix_web::body::BoxBody;
use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderName, HeaderValue};
use actix_web::{HttpRequest, HttpResponse, Responder};

/// A body as JSON with its status.
#[derive(Debug)]
pub struct Answer<T> {
    status: StatusCode,
    body: T,
    headers: Vec<(HeaderName, HeaderValue)>,
}

impl<T: Written> Answer<T> {
    /// 200: here it is; or it was done before, and this is the first answer.
    pub fn ok(body: T) -> Self {
        Self { status: StatusCode::OK, body, headers: vec![] }
    }

    /// 201: done now.
    pub fn created(body: T) -> Self {
        Self { status: StatusCode::CREATED, body, headers: vec![] }
    }

    /// The record's version, to be sent back as `If-Match`.
    ///
    /// # Panics
    /// When `version` has characters that a header cannot carry: versions are numbers and hexadecimal text.
    #[must_use]
    pub fn version(mut self, version: &str) -> Self {
        let tag = HeaderValue::from_str(&format!("\"{version}\""));
        self.headers.push((header::ETAG, tag.expect("a version is plain ASCII text")));
        self
    }
}

impl<T: Written> Responder for Answer<T> {
    type Body = BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        let mut answer = HttpResponse::build(self.status);
        answer.insert_header((header::CONTENT_TYPE, "application/json"));
        for header in self.headers {
            answer.insert_header(header);
        }
        answer.body(wire::write(&self.body))
    }
}
