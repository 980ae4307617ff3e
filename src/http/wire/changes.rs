//! Keys that change: what is taken in and answered.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A centre's next key.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RotationBody {
    /// The file that `klero key rotate` wrote, as it is.
    #[schema(max_length = 4_000_000)]
    pub rotation: String,
}

/// Whose key waits to be passed on.
#[derive(Debug, Serialize, ToSchema)]
pub struct MovedBodies {
    /// By enrolment number.
    pub waiting: Vec<MovedBody>,
}

/// A participant whose code was sealed for another centre than the one where the participant is now.
#[derive(Debug, Serialize, ToSchema)]
pub struct MovedBody {
    /// The participant's reference.
    pub participant: String,
    /// The enrolment number.
    pub number: String,
    /// The centre whose key seals the slot.
    pub from: String,
    /// The participant's present centre.
    pub to: String,
    /// The number of that centre's newest key.
    pub epoch: u32,
    /// The slot, for which its key is derived; not the sealed arm.
    pub slot: PlaceBody,
}

/// Where a slot stands: what its key is derived for.
#[derive(Debug, Serialize, ToSchema)]
pub struct PlaceBody {
    /// The trial.
    pub trial: String,
    /// The list's segment.
    pub segment: u32,
    /// The stratum.
    pub stratum: String,
    /// The place in the stratum's list: the key is bound to it.
    pub position: u32,
    /// The treatment code.
    pub code: String,
    /// Which centre key seals it.
    pub epoch: u32,
}

/// One slot's key on its way to another centre.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PassOnBody {
    /// The participant's reference.
    pub participant: String,
    /// The participant's present centre.
    pub centre: String,
    /// The number of that centre's key.
    pub epoch: u32,
    /// 60 bytes, hexadecimal.
    pub sealed: String,
    /// By the holder's signing key, 64 bytes, hexadecimal.
    pub signature: String,
}

/// One slot's key, under the key of the centre where the participant is now.
#[derive(Debug, Serialize, ToSchema)]
pub struct PassedBody {
    /// That centre.
    pub centre: String,
    /// Its key's number.
    pub epoch: u32,
    /// 60 bytes, hexadecimal.
    pub sealed: String,
}

/// Something to be seen to with the keys.
#[derive(Debug, Serialize, ToSchema)]
pub struct KeyWarningBody {
    /// `few-openers`: fewer than two can open; `rotation-due`: whoever left held the key that still issues.
    pub warning: String,
    /// The centre; none: the hotline.
    pub centre: Option<String>,
    /// How many can open.
    pub openers: Option<u64>,
    /// The key's number.
    pub epoch: Option<u32>,
    /// Who left.
    pub person: Option<String>,
}
