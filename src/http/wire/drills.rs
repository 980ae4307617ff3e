//! Bodies of drills. The one that holds a sealed arm holds a training list's, which is nobody's.

use super::acts::{ReceiptBody, SlotBody, WrapBody};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Begins a drill. Centre and training participant are the service's to choose.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DrillBody {
    /// How the device knows the commitment of the list that issues: `known`, `compared` or `not-compared`.
    pub root: Option<String>,
}

/// What a holder's device practises with.
#[derive(Serialize, ToSchema)]
pub struct PracticeBody {
    /// The drill.
    pub reference: String,
    /// `drill`.
    pub purpose: String,
    /// Whose training participant it is.
    pub centre: String,
    /// The sealed slot of the training list.
    pub slot: SlotBody,
    /// The caller's wrap of the key to practise with.
    pub wrap: WrapBody,
    /// Every other key that the caller holds: the device tries whether each opens.
    pub keys: Vec<WrapBody>,
    /// The training list's signed manifest; the entry holds the hash of its text.
    pub manifest: String,
    /// The entry that had to be durable first.
    pub receipt: ReceiptBody,
    /// The same request was answered before.
    pub repeated: bool,
}

/// A holder's device says what came of a drill.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct DrillOpenedBody {
    /// The drill, as in the path.
    pub reference: String,
    /// Did the slot open and fit its list?
    pub fits: bool,
    /// How many of the keys opened.
    pub keys_opened: u32,
    /// The device's time, RFC 3339.
    pub at: String,
    /// 64 bytes, hexadecimal.
    pub signature: String,
}

/// What came of a drill.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct DrillResultBody {
    /// Did it open in time, fit, and did every key open?
    pub passed: bool,
    /// From the entry to the receipt, by the service's clock.
    pub seconds: u32,
    /// How many keys were handed over.
    pub keys: u32,
    /// How many of them opened.
    pub keys_opened: u32,
    /// The same request was answered before.
    pub repeated: bool,
    /// What proves it.
    pub receipt: ReceiptBody,
}

/// Drills, and how the roads stand.
#[derive(Serialize, ToSchema)]
pub struct DrillsBody {
    /// Is there a training list to practise with?
    pub possible: bool,
    /// The hotline's road for readers of the whole trial, then each centre's.
    pub roads: Vec<RoadBody>,
    /// Newest first.
    pub drills: Vec<DrillToldBody>,
}

/// How a road stands.
#[derive(Serialize, ToSchema)]
pub struct RoadBody {
    /// At this centre, whoever drilled for it. Absent: the hotline, wherever it drilled.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub centre: Option<String>,
    /// `green` under 28 days after a passed drill, `amber` under 35, otherwise `red`.
    pub light: String,
    /// The last drill that was passed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub passed: Option<String>,
}

/// One drill: that, when, by whom, and how it went.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct DrillToldBody {
    /// The drill.
    pub reference: String,
    /// Whose training participant it was.
    pub centre: String,
    /// Who practised.
    pub by: String,
    /// In which role.
    pub role: String,
    /// When.
    pub at: String,
    /// Was it passed? Absent while no receipt has come.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub passed: Option<bool>,
    /// From the entry to the receipt.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seconds: Option<u32>,
    /// How many keys were tried.
    pub keys: u32,
    /// How many of them opened.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub keys_opened: Option<u32>,
}
