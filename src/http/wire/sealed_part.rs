//! The sealed part of a code break's record.

use super::acts::{ReceiptBody, SignatureBody, WrapBody};
use super::pharmacy::SealedBody;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Keeps the sealed part of a code break's record.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SealedPartBody {
    /// The code break's release.
    #[schema(max_length = 16)]
    pub reference: String,
    /// What was sealed to the centre key of the centre where the participant is.
    pub record: SealedBody,
    /// The signature: by the key that sealed it, or by password.
    pub signature: SignatureBody,
}

/// What was sealed about a code break, the service's lock lifted.
#[derive(Debug, Serialize, ToSchema)]
pub struct SealedPartsBody {
    /// The trial.
    pub trial: String,
    /// The code break's release.
    pub reference: String,
    /// The centre where the participant is: its newest key seals what is written next.
    pub centre: String,
    /// Oldest first: the last one counts.
    pub records: Vec<SealedPartRecordBody>,
    /// The caller's own wraps of the keys of these centres.
    pub wraps: Vec<WrapBody>,
    /// The entry that says they were read.
    pub receipt: ReceiptBody,
}

/// One sealed part.
#[derive(Debug, Serialize, ToSchema)]
pub struct SealedPartRecordBody {
    /// Its name, which the seal is bound to.
    pub record: String,
    /// The centre whose key seals it.
    pub centre: String,
    /// The number of that key.
    pub epoch: u32,
    /// The entry that kept it; it holds the SHA-256 of the sealed bytes.
    pub entry: u64,
    /// Hexadecimal: 4124 bytes.
    pub sealed: String,
    /// The entry, byte for byte.
    pub line: String,
    /// From its leaf hash to the root of the receipt's checkpoint, in hexadecimal.
    pub proof: Vec<String>,
}
