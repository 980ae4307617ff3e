//! From a refusal to an answer: the one table of statuses, and the body of RFC 9457 (screens E1, E2).

use super::frame::Asked;
use super::page;
use super::wire::{self, ProblemBody};
use crate::refusal::{Code, FieldError, Refusal};
use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderName, HeaderValue};
use actix_web::{HttpResponse, ResponseError};
use std::fmt;

/// The status of a code. The only place where a reason meets HTTP.
pub fn status(code: Code) -> StatusCode {
    match code {
        Code::MalformedRequest | Code::IdempotencyKeyMissing => StatusCode::BAD_REQUEST,
        Code::SignInNeeded
        | Code::CredentialsWrong
        | Code::SecondFactorNeeded
        | Code::SignatureNeeded => StatusCode::UNAUTHORIZED,
        Code::NotYourRole | Code::NotGrantedYet | Code::KeyNotPassed | Code::SecondCheckNeeded => {
            StatusCode::FORBIDDEN
        }
        Code::NoSuchPage | Code::NoSuchRecord => StatusCode::NOT_FOUND,
        Code::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
        Code::PossibleDuplicate
        | Code::IdentifiersDoNotMatch
        | Code::RecruitmentPaused
        | Code::CentreNotOpen
        | Code::TargetReached
        | Code::NoAllocationAvailable
        | Code::VisitNotDue
        | Code::AlreadyPrepared
        | Code::HandoverEarly
        | Code::NotPrepared
        | Code::TreatmentEnded
        | Code::ListAlreadyImported
        | Code::ListNotReviewed
        | Code::WrongState
        | Code::RotationOutdated
        | Code::WasUnblinded
        | Code::NoDrillList
        | Code::DrillNotPassed
        | Code::DecisionsOpen => StatusCode::CONFLICT,
        Code::ChangedSinceRead => StatusCode::PRECONDITION_FAILED,
        Code::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        Code::WrongContentType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        Code::InvalidFields
        | Code::IdempotencyKeyReused
        | Code::NotEligible
        | Code::NoConsent
        | Code::DatesOutOfOrder
        | Code::EligibilityNotSigned
        | Code::NotEntrusted
        | Code::ListDoesNotVerify
        | Code::RotationDoesNotFit
        | Code::SignatureDoesNotVerify => StatusCode::UNPROCESSABLE_ENTITY,
        Code::IfMatchNeeded => StatusCode::PRECONDITION_REQUIRED,
        Code::SlowDown => StatusCode::TOO_MANY_REQUESTS,
        Code::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        Code::ReadOnly
        | Code::TrailDamaged
        | Code::CheckpointStoreAway
        | Code::ClockOff
        | Code::Starting => StatusCode::SERVICE_UNAVAILABLE,
    }
}

/// The media type of a refusal.
pub const MEDIA_TYPE: &str = "application/problem+json";

/// A refusal on its way out. It speaks the language of the request once [`super::frame`] has told it which.
#[derive(Clone)]
pub struct Problem {
    /// The reason, with fields and words.
    pub refusal: Refusal,
    headers: Vec<(HeaderName, HeaderValue)>,
    asked: Option<Asked>,
}

impl Problem {
    /// A problem with this reason.
    pub fn new(code: Code) -> Self {
        Refusal::new(code).into()
    }

    /// A request that cannot be read at this place.
    pub fn malformed(error: FieldError) -> Self {
        let code = Code::MalformedRequest;
        Refusal { code, errors: vec![error], args: vec![] }.into()
    }

    /// Adds a header, such as `Allow` or `Retry-After`.
    #[must_use]
    pub fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.push((name, value));
        self
    }

    /// For whom and about which request it speaks.
    #[must_use]
    pub fn told(mut self, asked: &Asked) -> Self {
        self.asked = Some(asked.clone());
        self
    }

    /// The headers that belong to some codes wherever they occur (RFC 9110, 11.6.1 and 10.2.3).
    fn own_header(&self) -> Option<(HeaderName, HeaderValue)> {
        match self.refusal.code {
            Code::SignInNeeded
            | Code::CredentialsWrong
            | Code::SecondFactorNeeded
            | Code::SignatureNeeded => {
                Some((header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer")))
            }
            Code::SlowDown => Some((header::RETRY_AFTER, HeaderValue::from_static("1"))),
            Code::Starting => Some((header::RETRY_AFTER, HeaderValue::from_static("5"))),
            _ => None,
        }
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        Self { refusal, headers: vec![], asked: None }
    }
}

impl From<Code> for Problem {
    fn from(code: Code) -> Self {
        Self::new(code)
    }
}

/// The code alone: what its words were given may be a participant's number, and this text may end in a log.
impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.refusal.code.as_str())
    }
}

/// As [`fmt::Display`], for the same reason.
impl fmt::Debug for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Problem({self})")
    }
}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        status(self.refusal.code)
    }

    fn error_response(&self) -> HttpResponse {
        let status = self.status_code();
        let asked = self.asked.clone().unwrap_or_default();
        let body = ProblemBody::new(&self.refusal, status.as_u16(), asked.language, &asked.id);
        let mut answer = HttpResponse::build(status);
        answer.insert_header((header::CONTENT_TYPE, MEDIA_TYPE));
        answer.insert_header((header::CONTENT_LANGUAGE, asked.language.tag()));
        answer.insert_header((header::VARY, "Accept-Language"));
        for (name, value) in self.own_header().into_iter().chain(self.headers.iter().cloned()) {
            answer.insert_header((name, value));
        }
        let mut answer = answer.body(wire::write(&body));
        page::dress(answer.headers_mut(), &asked.id, asked.https);
        answer
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    // Codes and statuses are promises: a change here breaks somebody's program.
    #[test]
    fn every_code_has_the_status_that_was_promised() {
        let mut table: BTreeMap<u16, Vec<&str>> = BTreeMap::new();
        for code in Code::ALL {
            table.entry(status(*code).as_u16()).or_default().push(code.as_str());
        }
        let lines: Vec<_> =
            table.iter().map(|(s, codes)| format!("{s} {}", codes.join(" "))).collect();
        assert_eq!(
            lines,
            [
                "400 malformed-request idempotency-key-missing",
                "401 sign-in-needed credentials-wrong second-factor-needed signature-needed",
                "403 not-your-role not-granted-yet key-not-passed second-check-needed",
                "404 no-such-page no-such-record",
                "405 method-not-allowed",
                "409 possible-duplicate identifiers-do-not-match recruitment-paused \
                 centre-not-open target-reached no-allocation-available visit-not-due \
                 already-prepared handover-early not-prepared treatment-ended \
                 list-already-imported list-not-reviewed rotation-outdated wrong-state was-unblinded \
                 decisions-open no-drill-list drill-not-passed",
                "412 changed-since-read",
                "413 too-large",
                "415 wrong-content-type",
                "422 list-does-not-verify rotation-does-not-fit invalid-fields \
                 idempotency-key-reused not-eligible no-consent dates-out-of-order \
                 eligibility-not-signed not-entrusted signature-does-not-verify",
                "428 if-match-needed",
                "429 slow-down",
                "500 internal",
                "503 read-only trail-damaged checkpoint-store-away clock-off starting",
            ]
        );
    }

    #[test]
    fn a_problem_in_a_log_says_its_code_and_nothing_else() {
        let problem = Problem::from(Refusal::new(Code::NoConsent).with("number", "RJS-017"));
        assert_eq!(format!("{problem} {problem:?}"), "no-consent Problem(no-consent)");
    }
}
