//! TLS in the process itself, for a house without a proxy before it: certificate and key from files, TLS 1.2 and 1.3, with
//! ring as the only provider of ciphers. Read once, at the start.

use rustls::ServerConfig;
use rustls::crypto::ring::default_provider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use std::fmt;
use std::sync::Arc;

/// A certificate with its key, as a port uses it.
pub struct Tls(ServerConfig);

/// Why there is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TlsError {
    /// The certificate's file holds no certificate in PEM.
    NoCertificate,
    /// The key's file holds no private key in PEM.
    NoKey,
    /// Key and certificate do not belong together, or are of a kind that is not known.
    DoNotFit,
}

impl fmt::Display for TlsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            TlsError::NoCertificate => "there is no certificate in PEM in it",
            TlsError::NoKey => "there is no private key in PEM in it",
            TlsError::DoNotFit => "certificate and key do not belong together",
        })
    }
}

impl Tls {
    /// From the texts of both files; the certificate's own comes first, those that vouch for it after it.
    ///
    /// # Errors
    /// When one of them is not what it should be. Nothing of the key is repeated.
    pub fn read(certificate: &[u8], key: &[u8]) -> Result<Self, TlsError> {
        let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(certificate).collect();
        let chain = chain.map_err(|_| TlsError::NoCertificate)?;
        if chain.is_empty() {
            return Err(TlsError::NoCertificate);
        }
        let key = PrivateKeyDer::from_pem_slice(key).map_err(|_| TlsError::NoKey)?;
        let config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(|_| TlsError::DoNotFit)?
            .with_no_client_auth()
            .with_single_cert(chain, key)
            .map_err(|_| TlsError::DoNotFit)?;
        Ok(Self(config))
    }

    pub(super) fn into_config(self) -> ServerConfig {
        self.0
    }
}
