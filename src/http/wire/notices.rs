//! What others are told, and what is on its way out. An event has no field for a participant, a code or a place.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// Where the feed goes on.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct EventsPage {
    /// The last event's number; all from the beginning when left out.
    pub after: Option<u64>,
    /// At most this many; 200 when left out.
    #[param(maximum = 200)]
    pub limit: Option<u32>,
}

/// Events, oldest first.
#[derive(Debug, Serialize, ToSchema)]
pub struct EventsBody {
    /// All of this page.
    pub events: Vec<EventBody>,
}

/// That something happened.
#[derive(Debug, Serialize, ToSchema)]
pub struct EventBody {
    /// Its number: `after` of the next request. Numbers grow, and have gaps.
    pub event: u64,
    /// What happened, such as `allocation.made`.
    #[serde(rename = "type")]
    pub kind: String,
    /// When, UTC.
    pub timestamp: String,
    /// What it is about.
    pub data: EventData,
}

/// What an event is about. Reading the record itself is another request, and an entry.
#[derive(Debug, Serialize, ToSchema)]
pub struct EventData {
    /// The record's reference; none where it is about no record.
    pub reference: Option<String>,
}

/// What a webhook is sent, and nothing else.
#[derive(Debug, Serialize, ToSchema)]
pub struct WebhookMessage {
    /// What happened.
    #[serde(rename = "type")]
    pub kind: String,
    /// When, UTC.
    pub timestamp: String,
    /// What it is about.
    pub data: EventData,
}

/// Where somebody wants notices by mail.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AddressBody {
    /// A mail address; none: nowhere.
    #[schema(max_length = 254)]
    pub address: Option<String>,
}

/// A new webhook.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewWebhook {
    /// Where to. The host must be one that the service's configuration names.
    #[schema(max_length = 500)]
    pub url: String,
}

/// A program that is told.
#[derive(Debug, Serialize, ToSchema)]
pub struct WebhookBody {
    /// Its reference.
    pub reference: String,
    /// Where to; none once that was erased.
    pub url: Option<String>,
    /// Is it told?
    pub active: bool,
}

/// Webhooks, the newest first.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct WebhooksBody {
    /// All of them.
    pub webhooks: Vec<WebhookBody>,
    /// The public key that every message is signed with (Standard Webhooks, Ed25519).
    pub public_key: String,
}

/// The key by which receivers check what they are sent.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct WebhookKeyBody {
    /// `whpk_` and the Ed25519 key in base64.
    pub public_key: String,
}

/// Which delivery.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WhichBody {
    /// The event's number.
    pub event: u64,
    /// `mail` or `webhook`.
    pub way: String,
    /// An account, or a webhook's reference.
    #[schema(max_length = 40)]
    pub target: String,
}

/// Deliveries, the newest first.
#[derive(Debug, Serialize, ToSchema)]
pub struct DeliveriesBody {
    /// At most 200.
    pub deliveries: Vec<DeliveryBody>,
}

/// How one delivery went. It names no participant and no address.
#[derive(Debug, Serialize, ToSchema)]
pub struct DeliveryBody {
    /// The event's number.
    pub event: u64,
    /// What happened.
    #[serde(rename = "type")]
    pub kind: String,
    /// `mail` or `webhook`.
    pub way: String,
    /// An account, or a webhook's reference.
    pub target: String,
    /// `waiting`, `sent` or `given-up`.
    pub state: String,
    /// How often it was tried.
    pub tries: u32,
    /// Since when, UTC.
    pub since: String,
    /// When it is tried next, or was tried last, UTC.
    pub due: String,
    /// How the last try went.
    pub said: Option<String>,
}
