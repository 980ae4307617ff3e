//! Bodies about the list's life: gauges, forecasts, void codes; and the review of the trail.

use super::acts::SignatureBody;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// One stratum's gauge, for the statistician alone.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct StratumBody {
    /// The stratum.
    pub stratum: String,
    /// Slots in all segments.
    pub slots: u64,
    /// Issued.
    pub issued: u64,
    /// Void: became known before they were issued, and never will be.
    pub voided: u64,
    /// Neither issued nor void.
    pub left: u64,
    /// Four fifths are gone.
    pub low: bool,
    /// No approved slot is left, and a code was asked for since the last one was issued: the last time, UTC.
    pub used_up: Option<String>,
    /// When it runs out at the pace so far; none in the trial's first two weeks, or when nothing is left.
    pub runs_out: Option<RunsOutBody>,
}

/// What is left, divided by the pace of the last 90 days.
#[derive(Debug, Serialize, ToSchema)]
pub struct RunsOutBody {
    /// So many codes of the stratum …
    pub counted: u64,
    /// … in so many days.
    pub days: u32,
    /// The likely day; none when no code was issued in them, or beyond ten years.
    pub likely: Option<String>,
    /// With the upper end of the pace's 95 % range (Poisson).
    pub earliest: Option<String>,
    /// With its lower end.
    pub latest: Option<String>,
}

/// The gauges.
#[derive(Debug, Serialize, ToSchema)]
pub struct StrataBody {
    /// In manifest order.
    pub strata: Vec<StratumBody>,
}

/// Voids a code that became known before it was issued.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct VoidBody {
    /// The code: seven digits.
    pub code: String,
    /// How it became known.
    #[schema(max_length = 500)]
    pub reason: String,
    /// The signature.
    pub signature: SignatureBody,
}

/// Records that something of the list was published.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DisclosureBody {
    /// `groups`, `meaning`, `issued` or `list`.
    pub stage: String,
    /// SHA-256 of the published file, in hexadecimal. The file itself must not be sent: it holds arms.
    #[schema(min_length = 64, max_length = 64)]
    pub file: String,
    /// The signature.
    pub signature: SignatureBody,
}

/// Signs that the trail was reviewed.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReviewTrailBody {
    /// What was looked at, by which plan, and what was found; kept as a private record.
    #[schema(max_length = 500)]
    pub scope: String,
    /// The signature.
    pub signature: SignatureBody,
}
