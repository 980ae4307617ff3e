//! Who had which right from when to when.

use super::acts::SignatureBody;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// On which day.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct OnDay {
    /// A day where the trial is, such as `2026-11-21`; every right there ever was when left out.
    pub on: Option<String>,
}

/// What a person or a machine might do, and for how long.
#[derive(Debug, Serialize, ToSchema)]
pub struct RightBody {
    /// The account's, or the token's, id.
    pub id: String,
    /// The printed name, or what the token is for.
    pub name: String,
    /// The role, or `machine`.
    pub role: String,
    /// A machine's verbs.
    pub verbs: Vec<String>,
    /// Where; empty for the whole trial.
    pub centres: Vec<String>,
    /// When it was given, in UTC.
    pub given: String,
    /// The entry that gave it.
    pub entry: u64,
    /// From when it could be used, in UTC.
    pub from: Option<String>,
    /// When it ended, or will.
    pub until: Option<String>,
}

/// Rights, read from the trail.
#[derive(Debug, Serialize, ToSchema)]
pub struct RightsBody {
    /// In the order in which they were given.
    pub rights: Vec<RightBody>,
    /// When they were last reviewed, in UTC.
    pub reviewed: Option<String>,
    /// The day by which they are to be reviewed again.
    pub due: Option<String>,
    /// How many entries of the trail were read.
    pub entries: u64,
}

/// Signs a review.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReviewBody {
    /// The monitor's signature, act `review-access`.
    pub signature: SignatureBody,
}
