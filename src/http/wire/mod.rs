//! Every JSON body that goes in or out, a file an act. The only folder of this room where serde stands: a body is
//! made from domain values by hand, field by field, so that nothing travels that nobody decided to send.

pub mod account;
pub mod acts;
pub mod changes;
pub mod drills;
pub mod exports;
pub mod follow_up;
pub mod imports;
pub mod list;
pub mod notices;
pub mod offline;
pub mod operations;
pub mod passkeys;
pub mod pharmacy;
mod problem;
mod read;
pub mod records;
pub mod reports;
pub mod rights;
pub mod sealed_part;
pub mod steps;
pub mod tokens;
mod version;

pub use problem::{ProblemBody, Said, Spoken, WrongField};
pub use read::{read, without_proof, without_signature};
pub use serde::Serialize as Written;
pub use serde::de::DeserializeOwned as Readable;
pub use version::Version;

/// A body as JSON.
///
/// # Panics
/// When a body has a map whose keys are not text. No body of this folder has one.
pub fn write<T: Written>(body: &T) -> Vec<u8> {
    serde_json::to_vec(body).expect("a body of this folder has text keys only")
}
