//! Exports, and the centre's word that it checked its copy.

use super::acts::SignatureBody;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

/// How an export is wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct ExportQuery {
    /// `csv`, `xlsx`, `odm`, `odm2`, `dataset-json`, `fhir`, for the trail `json` or `csv`; the kind's first when left out.
    pub format: Option<String>,
    /// CSV without byte order mark, groups in codes and apostrophes before formulas.
    pub raw: Option<bool>,
}

/// Confirms that a downloaded copy was checked.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ConfirmBody {
    /// SHA-256 of the file that was checked, in hexadecimal.
    #[schema(min_length = 64, max_length = 64)]
    pub sha256: String,
    /// The signature.
    pub signature: SignatureBody,
}
