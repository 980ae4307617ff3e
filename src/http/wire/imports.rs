//! People from a table.

use super::acts::ReceiptBody;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use zeroize::Zeroizing;

/// Only look?
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct DryRun {
    /// Check every row and write nothing.
    #[serde(default)]
    #[param(required = false)]
    pub dry_run: bool,
}

/// A row of the table.
#[derive(Serialize, ToSchema)]
pub struct ImportedPerson {
    /// The account's id.
    pub person: String,
    /// The printed name.
    pub name: String,
    /// The one role.
    pub role: String,
    /// Where; empty for the whole trial.
    pub centres: Vec<String>,
    /// Principal investigator of those centres.
    pub principal: bool,
    /// The token of the invitation, shown this once.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub token: Option<Zeroizing<String>>,
}

/// What an import did, or would do.
#[derive(Serialize, ToSchema)]
pub struct ImportedPeopleBody {
    /// In the order of the rows.
    pub people: Vec<ImportedPerson>,
    /// Nothing was written.
    #[serde(rename = "dryRun")]
    pub dry_run: bool,
    /// It was done before; whoever has not come yet has a new token.
    pub repeated: bool,
    /// Its proof, when something was written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub receipt: Option<ReceiptBody>,
}
