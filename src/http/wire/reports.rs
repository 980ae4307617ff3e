//! Reports that the service counts from its trail.

use serde::Serialize;
use utoipa::ToSchema;

/// A report: tables without an arm, a stratum, a block or a stock.
#[derive(Serialize, ToSchema)]
pub struct ReportBody {
    /// `flow`, `deviations`, `delegation` or `safety`.
    pub report: String,
    /// How many entries of the trail it was counted from.
    pub entries: u64,
    /// When, in UTC.
    pub at: String,
    /// Its tables.
    pub tables: Vec<TableBody>,
}

/// One table.
#[derive(Serialize, ToSchema)]
pub struct TableBody {
    /// Its word.
    pub id: String,
    /// The words of its columns: first those of the labels, then those of the figures. A centre is its id.
    pub columns: Vec<String>,
    /// Its rows.
    pub rows: Vec<RowBody>,
}

/// One row.
#[derive(Serialize, ToSchema)]
pub struct RowBody {
    /// What it is about: ids of the configuration, words, names.
    pub labels: Vec<String>,
    /// Its figures.
    pub counts: Vec<u64>,
}
