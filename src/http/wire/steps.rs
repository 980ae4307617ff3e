//! What the steps of an emergency take and answer, before a code is broken or instead of it. Nothing here is released.

use super::acts::ReceiptBody;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Finds the participant about whom somebody calls.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FindBody {
    /// Treatment code, enrolment number, or the reference that a participant's card holds.
    pub participant: String,
    /// Initials or birth date; left out when the caller cannot give it, which is flagged and never refused.
    pub identifier: Option<String>,
    /// Who calls: `physician` or `investigator`. For anybody else a case is opened.
    pub caller: String,
}

/// The participant about whom somebody calls.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct FoundBody {
    /// The enrolment number.
    pub participant: String,
    /// The treatment code.
    pub code: String,
    /// The centre.
    pub centre: String,
    /// `matched` or `not-available`.
    pub identifiers: String,
    /// When a preparation was released last, UTC.
    pub last_preparation: Option<String>,
    /// The same request was answered before; this is the first answer.
    pub repeated: bool,
    /// Finding is an entry.
    pub receipt: ReceiptBody,
}

/// A participant or a relative called.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct CaseBody {
    /// Treatment code, enrolment number, or the reference that a participant's card holds.
    pub participant: String,
    /// How to call back.
    #[schema(max_length = 500)]
    pub call_back: String,
}

/// The request was withdrawn.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LeaveBody {
    /// Treatment code, enrolment number, or the reference that a participant's card holds.
    pub participant: String,
}
