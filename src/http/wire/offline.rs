//! Bodies about codes that were opened without the service.

use super::acts::{ReceiptBody, SignatureBody};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Takes in one opening: a kit's signed record, or what is said of a letter; never both.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ImportBody {
    /// The file that `klero open --kit` wrote, as its text.
    #[schema(max_length = 16384)]
    pub record: Option<String>,
    /// A letter that was opened by hand.
    pub letter: Option<LetterBody>,
    /// A category of the configuration.
    pub category: String,
    /// The signature of whoever takes it in.
    pub signature: SignatureBody,
}

/// What is said of a letter.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LetterBody {
    /// As it is printed on the letter: `huashan-0-0007-A`.
    #[schema(max_length = 80)]
    pub serial: String,
    /// The treatment code on the letter.
    pub code: String,
    /// The account of whoever opened it.
    pub by: String,
    /// When, RFC 3339 with an offset; not in the future.
    pub at: String,
    /// Why.
    #[schema(max_length = 500)]
    pub why: String,
}

/// What came of it.
#[derive(Debug, Serialize, ToSchema)]
pub struct ImportedBody {
    /// The code break that it counts as; none for an incident.
    pub reference: Option<String>,
    /// The enrolment number; none for an incident.
    pub participant: Option<String>,
    /// Nobody had the code: an incident, and the code is void from now on.
    pub incident: bool,
    /// Who was told that, never what.
    pub told: Vec<String>,
    /// It was taken in before; this is what came of it then.
    pub repeated: bool,
    /// Proves the entry.
    pub receipt: ReceiptBody,
}
