//! What the port of operations says.

use serde::Serialize;
use utoipa::ToSchema;

/// The process answers.
#[derive(Debug, Serialize, ToSchema)]
pub struct Live {
    /// True; there is no other answer.
    pub live: bool,
}

/// Whether everything can be done that is promised.
#[derive(Debug, Serialize, ToSchema)]
pub struct Ready {
    /// Can it?
    pub ready: bool,
    /// The status of this answer.
    pub status: u16,
    /// What was looked at.
    pub checks: Vec<CheckBody>,
}

/// One thing that was looked at.
#[derive(Debug, Serialize, ToSchema)]
pub struct CheckBody {
    /// `write`, `checkpoint`, `clock`, `trail` or `list`.
    #[schema(example = "checkpoint")]
    pub check: String,
    /// How it is, in one word: `ok`, `checked`, `imported`, or a reason such as `checkpoint-store-away` or `clock-off`.
    #[schema(example = "checkpoint-store-away")]
    pub state: String,
    /// Is it as it must be?
    pub well: bool,
}
