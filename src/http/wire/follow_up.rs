//! Planned safety unblindings.

use serde::Serialize;
use utoipa::ToSchema;

/// Planned safety unblindings, oldest first.
#[derive(Debug, Serialize, ToSchema)]
pub struct PlansBody {
    /// All of them.
    pub plans: Vec<PlanBody>,
}

/// One named person is to be told one participant's treatment.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PlanBody {
    /// Its entry: a code break that carries it out names it.
    pub entry: u64,
    /// The enrolment number.
    pub participant: String,
    /// Who is to be told; none once that was erased.
    pub to_tell: Option<String>,
    /// Why; none once that was erased.
    pub why: Option<String>,
    /// The day of the report.
    pub due: String,
    /// When it was planned, UTC.
    pub at: String,
    /// By whom.
    pub by: String,
    /// Was it carried out?
    pub done: bool,
}
