//! Keys that change: what is taken in and answered.

use serde::Deserialize;
use utoipa::ToSchema;

/// A centre's next key.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RotationBody {
    /// The file that `klero key rotate` wrote, as it is.
    #[schema(max_length = 4_000_000)]
    pub rotation: String,
}
