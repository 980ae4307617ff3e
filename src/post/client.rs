//! The service's one client to the world outside, and only to hosts that the house's configuration names.
//!
//! The host's name is looked up once, every address that belongs to no public host is left out unless the host is listed
//! as one of the house's own, and exactly those addresses are spoken to: a name that changes in between leads nowhere
//! else. No redirect is followed, no proxy of the environment is used.

use crate::domain::target::{Target, Targets, is_public};
use std::sync::Arc;
use std::time::Duration;
use ureq::config::Config;
use ureq::http::Uri;
use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig, TlsProvider, parse_pem};
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{DefaultConnector, NextTimeout};
use ureq::{Agent, Error};

/// Speaks to listed hosts.
#[derive(Clone)]
pub struct Client {
    tls: TlsConfig,
    patience: Duration,
}

impl Client {
    /// Trusts as [`trusting`] does. An answer is waited for so long, from looking the host up to its last byte.
    pub fn new(authority: Option<&[u8]>, patience: Duration) -> Option<Self> {
        Some(Self { tls: trusting(authority)?, patience })
    }

    /// For one conversation with this host, if it is listed; is it one of the house's own? A new one each time: a
    /// connection that was kept would keep its address too.
    pub fn speak_to(&self, targets: &Targets, url: &str) -> Option<(Agent, bool)> {
        let target = Target::parse(url).filter(|target| targets.allow(target))?;
        let private = targets.may_be_private(&target);
        let config = Agent::config_builder()
            .proxy(None)
            .https_only(!private)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .http_status_as_error(false)
            .timeout_global(Some(self.patience))
            .user_agent("klero")
            .tls_config(self.tls.clone())
            .build();
        let pinned = Pinned { private, names: DefaultResolver::default() };
        Some((Agent::with_parts(config, DefaultConnector::default(), pinned), private))
    }
}

/// Trusts the authorities that the machine trusts, and a hospital's own beside them, as PEM. None when that cannot be read.
pub fn trusting(authority: Option<&[u8]>) -> Option<TlsConfig> {
    let known = rustls_native_certs::load_native_certs().certs;
    let mut known: Vec<_> = known.iter().map(|c| Certificate::from_der(c).to_owned()).collect();
    if let Some(pem) = authority {
        let before = known.len();
        for item in parse_pem(pem) {
            if let PemItem::Certificate(own) = item.ok()? {
                known.push(own);
            }
        }
        if known.len() == before {
            return None;
        }
    }
    let ciphers = Arc::new(rustls::crypto::ring::default_provider());
    let tls = TlsConfig::builder()
        .provider(TlsProvider::Rustls)
        .unversioned_rustls_crypto_provider(ciphers)
        .root_certs(RootCerts::new_with_certs(&known));
    Some(tls.build())
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
