//! Tokens of machines.

use super::acts::{ReceiptBody, SignatureBody};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use zeroize::Zeroizing;

/// Asks for a machine's token.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TokenWanted {
    /// Its id, for ever, by which entries name the machine: lower-case letters, digits, hyphens.
    #[schema(max_length = 40, example = "edc-1")]
    pub id: String,
    /// What it is for, in one line.
    #[schema(max_length = 80)]
    pub what: String,
    /// The acts it may ask for: `screen`, `randomise` (where the trial's file lets machines do so), `read-participants`,
    /// `read-recruitment`, `read-notices`.
    pub verbs: Vec<String>,
    /// At which centres.
    #[serde(default)]
    pub centres: Vec<String>,
    /// From which networks, such as `10.20.0.0/16`; anywhere when left out.
    #[serde(default)]
    pub networks: Vec<String>,
    /// For how many days.
    #[schema(minimum = 1, maximum = 366)]
    pub days: u32,
}

/// A token to hand over.
#[derive(Serialize, ToSchema)]
pub struct TokenMade {
    /// Its id.
    pub id: String,
    /// The token, shown this once: `klero_live_…` or `klero_training_…`. It goes where a person's session goes, behind
    /// `Authorization: Bearer`.
    #[schema(value_type = String)]
    pub token: Zeroizing<String>,
    /// The entry had been written before; the old token has ended.
    pub repeated: bool,
    /// Its proof.
    pub receipt: ReceiptBody,
}

/// What a machine may ask for; never its token.
#[derive(Debug, Serialize, ToSchema)]
pub struct TokenBody {
    /// Its id.
    pub id: String,
    /// What it is for.
    pub what: String,
    /// The acts it may ask for.
    pub verbs: Vec<String>,
    /// At which centres.
    pub centres: Vec<String>,
    /// From where; empty is anywhere.
    pub networks: Vec<String>,
    /// Who made it; it ends when that person's access ends.
    pub by: String,
    /// When, in UTC.
    pub made: String,
    /// Until when it is good, in UTC.
    pub expires: String,
    /// Was it ended before?
    pub ended: bool,
    /// When it was last used, to the minute.
    pub seen: Option<String>,
}

/// Every token there ever was.
#[derive(Debug, Serialize, ToSchema)]
pub struct TokensBody {
    /// The tokens, by id.
    pub tokens: Vec<TokenBody>,
}

/// Signs that a machine may ask for the allocation.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EntrustBody {
    /// The coordinator's signature, act `entrust`.
    pub signature: SignatureBody,
}
