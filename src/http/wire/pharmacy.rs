//! What is recorded of preparations, and the sealed records of the pharmacy. What a sealed record says is nowhere here.

use super::acts::{ReceiptBody, SignatureBody, WrapBody};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use zeroize::Zeroizing;

/// When an infusion may leave the pharmacy, and until when it may be given: counted from the release, for every
/// preparation alike.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct TimesBody {
    /// Not handed over before.
    pub hand_over_from: String,
    /// Not given after.
    pub use_before: String,
}

/// How far a released preparation has come.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ReleasedBody {
    /// The release.
    pub reference: String,
    /// For which visit.
    pub visit: String,
    /// When.
    pub at: String,
    /// When it may leave, and until when it may be given.
    pub times: TimesBody,
    /// Was an opening receipt kept?
    pub opened: bool,
    /// Was the preparation recorded?
    pub recorded: bool,
    /// Was it handed over?
    pub handed_over: bool,
}

/// A record as the pharmacist's device sealed it to the centre key.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SealedBody {
    /// Its name, eight characters, rolled by the device before it sealed: the seal is bound to it.
    #[schema(max_length = 9)]
    pub record: String,
    /// The number of the centre key.
    pub epoch: u32,
    /// Hexadecimal: 1052 bytes for a preparation, 540 for an event of the stock.
    #[schema(max_length = 2104)]
    pub sealed: String,
}

/// A colleague of this pharmacy checks, and signs in the same act.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SecondCheckBody {
    /// The colleague's account.
    #[schema(max_length = 80)]
    pub person: String,
    /// The colleague's sign-in password, typed for this act.
    #[schema(value_type = String, max_length = 256)]
    pub password: Zeroizing<String>,
    /// The exact words of `check`, as `GET /v1/trial` lists them.
    #[schema(max_length = 500)]
    pub meaning: String,
}

/// What was prepared: a part that blinded readers may see, and a sealed one.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct PreparationRecordBody {
    /// Total volume in mL, the same for both arms.
    #[schema(minimum = 1, maximum = 5000)]
    pub volume: u32,
    /// `masked`: bag and line are; `compared`: they need no mask.
    pub masked: String,
    /// The appearance was checked.
    pub appearance: bool,
    /// The prescription's reference. Kept out of the line.
    #[schema(max_length = 80)]
    pub prescription: Option<String>,
    /// The second check. This or `noSecondCheck`, never both.
    pub second_check: Option<SecondCheckBody>,
    /// Why there is no second check. Kept out of the line.
    #[schema(max_length = 500)]
    pub no_second_check: Option<String>,
    /// Products, lots, times, waste: one record for every preparation, saline too.
    pub record: SealedBody,
    /// The preparer's signature.
    pub signature: SignatureBody,
}

/// Hands an infusion over.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct HandOverBody {
    /// To whom: name and role. Kept out of the line.
    #[schema(max_length = 80)]
    pub to: String,
}

/// A step of a preparation was kept.
#[derive(Debug, Serialize, ToSchema)]
pub struct KeptBody {
    /// When the infusion may leave, and until when it may be given.
    pub times: TimesBody,
    /// It was done before, under the same key; this is the first answer.
    pub repeated: bool,
    /// Its proof.
    pub receipt: ReceiptBody,
}

/// One sealed event of a centre's stock.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StockBody {
    /// The centre.
    #[schema(max_length = 40)]
    pub centre: String,
    /// The event, sealed.
    pub record: SealedBody,
}

/// A sealed record, the service's lock lifted.
#[derive(Debug, Serialize, ToSchema)]
pub struct PharmacyRecordBody {
    /// Its name, which the seal is bound to.
    pub record: String,
    /// `preparation` or `stock`.
    pub kind: String,
    /// The number of the centre key.
    pub epoch: u32,
    /// The release it is about, for a preparation.
    pub release: Option<String>,
    /// The entry that kept it; it holds the SHA-256 of the sealed bytes.
    pub entry: u64,
    /// Hexadecimal: 1052 or 540 bytes.
    pub sealed: String,
    /// The entry, byte for byte.
    pub line: String,
    /// From its leaf hash to the root of the receipt's checkpoint, in hexadecimal.
    pub proof: Vec<String>,
}

/// A page of a centre's sealed records.
#[derive(Debug, Serialize, ToSchema)]
pub struct PharmacyRecordsBody {
    /// The trial.
    pub trial: String,
    /// The centre.
    pub centre: String,
    /// Oldest first.
    pub records: Vec<PharmacyRecordBody>,
    /// The caller's own wraps, one an epoch.
    pub wraps: Vec<WrapBody>,
    /// Are there later ones? Then ask after the last of these.
    pub more: bool,
    /// The entry that says they were read.
    pub receipt: ReceiptBody,
}

/// Where a page of sealed records begins.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct RecordsPage {
    /// After this record; the first page without it.
    pub after: Option<String>,
}
