//! Messages to programs: thin, signed, and only to hosts that the house's configuration names.
//!
//! The host's name is looked up once, every address that belongs to no public host is left out unless the host is listed
//! as one of the house's own, and exactly those addresses are spoken to: a name that changes in between leads nowhere
//! else. No redirect is followed, no proxy of the environment is used.

use crate::domain::target::{Target, Targets, is_public};
use crate::domain::time::Moment;
use crate::sealing::lock::ServerSecret;
use crate::sealing::webhook::WebhookSigner;
use crate::service::deliveries::Tried;
use std::sync::Arc;
use std::time::Duration;
use ureq::config::Config;
use ureq::http::Uri;
use ureq::tls::{Certificate, RootCerts, TlsConfig, TlsProvider};
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{DefaultConnector, NextTimeout};
use ureq::{Agent, Error};

/// How long a program may take, from looking its host up to its answer.
const PATIENCE: Duration = Duration::from_secs(20);

/// Speaks to programs.
pub struct Programs {
    signer: WebhookSigner,
    tls: TlsConfig,
}

impl Programs {
    /// With the service's signing key, trusting the authorities that the machine trusts.
    pub fn new(secret: &ServerSecret) -> Self {
        let known = rustls_native_certs::load_native_certs().certs;
        let known: Vec<_> = known.iter().map(|c| Certificate::from_der(c).to_owned()).collect();
        let ciphers = Arc::new(rustls::crypto::ring::default_provider());
        let tls = TlsConfig::builder()
            .provider(TlsProvider::Rustls)
            .unversioned_rustls_crypto_provider(ciphers)
            .root_certs(RootCerts::new_with_certs(&known))
            .build();
        Self { signer: WebhookSigner::new(secret), tls }
    }

    /// Sends one message. `id` is the same each time it is tried.
    pub fn send(&self, targets: &Targets, url: &str, id: &str, now: Moment, body: &[u8]) -> Tried {
        // Asked again each time: the list may have become shorter since the webhook was added.
        let target = Target::parse(url).filter(|target| targets.allow(target));
        let Some(target) = target else { return Tried::Not("not-allowed") };
        let private = targets.may_be_private(&target);
        let seconds = now.millis().div_euclid(1000);
        let sent = self
            .agent(private)
            .post(&target.url)
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

    /// A new one each time: a connection that was kept would keep its address too.
    fn agent(&self, private: bool) -> Agent {
        let config = Agent::config_builder()
            .proxy(None)
            .https_only(!private)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .http_status_as_error(false)
            .timeout_global(Some(PATIENCE))
            .user_agent("klero")
            .tls_config(self.tls.clone())
            .build();
        let pinned = Pinned { private, names: DefaultResolver::default() };
        Agent::with_parts(config, DefaultConnector::default(), pinned)
    }
}

/// Looks a host up, and leaves out every address that it may not have.
#[derive(Debug)]
struct Pinned {
    private: bool,
    names: DefaultResolver,
}

impl Resolver for Pinned {
    fn resolve(
        &self,
        uri: &Uri,
        config: &Config,
        timeout: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, Error> {
        let found = self.names.resolve(uri, config, timeout)?;
        let mut kept = self.empty();
        for address in found.iter().filter(|address| self.private || is_public(address.ip())) {
            kept.push(*address);
        }
        if kept.is_empty() { Err(Error::HostNotFound) } else { Ok(kept) }
    }
}
