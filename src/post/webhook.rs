//! Messages to programs: thin, signed, and only to hosts that the house's configuration names (`client`).

use super::client::Client;
use crate::domain::target::Targets;
use crate::domain::time::Moment;
use crate::sealing::lock::ServerSecret;
use crate::sealing::webhook::WebhookSigner;
use crate::service::deliveries::Tried;
use std::time::Duration;
use ureq::Error;

/// How long a program may take, from looking its host up to its answer.
const PATIENCE: Duration = Duration::from_secs(20);

/// Speaks to programs.
pub struct Programs {
    signer: WebhookSigner,
    client: Client,
}

impl Programs {
    /// With the service's signing key, trusting the authorities that the machine trusts.
    pub fn new(secret: &ServerSecret) -> Self {
        let client =
            Client::new(None, PATIENCE).expect("only an authority of one's own can be unreadable");
        Self { signer: WebhookSigner::new(secret), client }
    }

    /// Sends one message. `id` is the same each time it is tried.
    pub fn send(&self, targets: &Targets, url: &str, id: &str, now: Moment, body: &[u8]) -> Tried {
        // Asked again each time: the list may have become shorter since the webhook was added.
        let Some((agent, private)) = self.client.speak_to(targets, url) else {
            return Tried::Not("not-allowed");
        };
        let seconds = now.millis().div_euclid(1000);
        let sent = agent
            .post(url)
            .header("content-type", "application/json")
            .header("webhook-id", id)
            .header("webhook-timestamp", seconds.to_string())
            .header("webhook-signature", self.signer.sign(id, seconds, body))
            .send(body);
        match sent {
            Ok(answer) if answer.status().is_success() => Tried::Taken,
            Ok(_) => Tried::Not("refused"),
            Err(Error::HostNotFound) if !private => Tried::Not("not-allowed"),
            Err(Error::Timeout(_)) => Tried::Not("slow"),
            Err(_) => Tried::Not("unreachable"),
        }
    }
}
