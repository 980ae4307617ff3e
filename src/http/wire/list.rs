//! Bodies about the list's life: void codes.

use super::acts::SignatureBody;
use serde::Deserialize;
use utoipa::ToSchema;

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
