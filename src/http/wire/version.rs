//! What is running.

use serde::Serialize;
use utoipa::ToSchema;

/// Which program answers, and by which forms and rules.
#[derive(Debug, Serialize, ToSchema)]
pub struct Version {
    /// Name and version of the program.
    #[schema(example = "klero 0.1.0")]
    pub program: String,
    /// The commit it was built from, if its maker said so.
    pub commit: Option<String>,
    /// The version of this interface: within one, things are only added.
    #[schema(example = "v1")]
    pub api: String,
    /// The version of the stored tables.
    pub schema: u32,
    /// SHA-256 of the trial's configuration, hexadecimal: the one that the manifest names.
    pub configuration: String,
}
