//! The hospital's server, by OpenID Connect: authorization code with PKCE, state and nonce. The only file that names the
//! crate which knows it; what the crate leaves open is decided here.
//!
//! - It speaks through our own client alone, so nothing leaves for a host that is not on the list, whatever the server's
//!   own description names; no redirect is followed, an answer has a bound in size and in time.
//! - Only signatures of a public key count: no token without one, and none keyed with the client's secret.
//! - The token is for this client and nobody else, signed now, for this very way; the subject is all that is read of it.

use super::client::Client;
use crate::domain::target::Targets;
use crate::domain::time::Moment;
use crate::service::sign_on::{Ask, Back, Hospital, Proof, Trouble};
use openidconnect::core::{
    CoreAuthPrompt, CoreClient, CoreClientAuthMethod, CoreIdToken, CoreIdTokenClaims,
    CoreIdTokenVerifier, CoreJwsSigningAlgorithm as Alg, CoreProviderMetadata, CoreResponseType,
    CoreTokenResponse,
};
use openidconnect::{
    AccessTokenHash, AuthType, AuthenticationFlow, AuthorizationCode, ClaimsVerificationError,
    ClientId, ClientSecret, CsrfToken, EndpointMaybeSet, EndpointNotSet, EndpointSet, HttpRequest,
    HttpResponse, IssuerUrl, Nonce, OAuth2TokenResponse, PkceCodeChallenge, PkceCodeVerifier,
    RedirectUrl, SignatureVerificationError, TokenResponse,
};
use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};
use zeroize::Zeroizing;

/// How long the server may take for one answer: somebody is waiting at a page.
const PATIENCE: Duration = Duration::from_secs(10);
/// The largest answer, in bytes: a set of keys has a few kilobytes.
const ANSWER_BYTES_MAX: u64 = 256 * 1024;
/// The server's description and keys are read anew after so many seconds.
const KNOWN_SECONDS: i64 = 15 * 60;
/// The clocks of two machines may differ by so many seconds.
const SKEW_SECONDS: i64 = 120;
/// The longest subject, by the standard.
const SUBJECT_MAX: usize = 255;
/// Signatures by a public key; nothing else is one.
const SIGNED_BY: [Alg; 9] = [
    Alg::RsaSsaPkcs1V15Sha256,
    Alg::RsaSsaPkcs1V15Sha384,
    Alg::RsaSsaPkcs1V15Sha512,
    Alg::RsaSsaPssSha256,
    Alg::RsaSsaPssSha384,
    Alg::RsaSsaPssSha512,
    Alg::EcdsaP256Sha256,
    Alg::EcdsaP384Sha384,
    Alg::EdDsa,
];

/// A client that knows where browsers go; the other addresses the server may have named or not.
type OwnClient = CoreClient<
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointMaybeSet,
    EndpointMaybeSet,
>;

/// What the house's configuration says of the hospital's server.
pub struct Settings {
    /// The server, as it names itself.
    pub issuer: String,
    /// This service's name there.
    pub client_id: String,
    /// What it shows to be that.
    pub client_secret: Zeroizing<String>,
    /// What the button calls the server.
    pub name: String,
    /// Where a browser comes back to: `https://klero.example/sign-in/hospital/back`.
    pub back: String,
    /// A value of `amr` or `acr` by which the server says that it asked for a second step.
    pub second_step: Option<String>,
    /// A hospital's own authority, as PEM.
    pub authority: Option<Vec<u8>>,
    /// The hosts that may be spoken to.
    pub targets: Targets,
}

/// Why the server cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BadHospital {
    /// Its address, or the one to come back to, is none.
    Address,
    /// The authority's certificate cannot be read.
    Authority,
    /// A host that it leads to is not on the list.
    NotListed(String),
    /// It does not answer.
    Unreachable,
    /// It answers, and not as such a server does.
    Odd,
}

impl fmt::Display for BadHospital {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            BadHospital::Address => f.write_str("sign_on.issuer is not the address of a server"),
            BadHospital::Authority => f.write_str("sign_on.authority_file holds no certificate"),
            BadHospital::NotListed(host) => write!(f, "{host} is on no list of hosts"),
            BadHospital::Unreachable => f.write_str("the hospital's server does not answer"),
            BadHospital::Odd => {
                f.write_str("what answers at sign_on.issuer is no server for OpenID Connect")
            }
        }
    }
}

impl std::error::Error for BadHospital {}

/// Nothing was answered that could be used. What was said stays unsaid: an answer may name somebody.
#[derive(Debug)]
enum NotAnswered {
    NotListed(String),
    Unreachable,
}

impl fmt::Display for NotAnswered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("no answer")
    }
}

impl std::error::Error for NotAnswered {}

/// The hospital's server.
pub struct Server {
    issuer: IssuerUrl,
    client_id: ClientId,
    client_secret: ClientSecret,
    name: String,
    back: RedirectUrl,
    second_step: Option<String>,
    targets: Targets,
    client: Client,
    known: Mutex<Option<(Moment, Arc<CoreProviderMetadata>)>>,
}

impl Server {
    /// As it is configured; nothing is asked yet.
    ///
    /// # Errors
    /// [`BadHospital`].
    pub fn new(settings: Settings) -> Result<Self, BadHospital> {
        let issuer = IssuerUrl::new(settings.issuer).map_err(|_| BadHospital::Address)?;
        let back = RedirectUrl::new(settings.back).map_err(|_| BadHospital::Address)?;
        let client = Client::new(settings.authority.as_deref(), PATIENCE);
        let secret = settings.client_secret.to_string();
        let server = Self {
            issuer,
            client_id: ClientId::new(settings.client_id),
            client_secret: ClientSecret::new(secret),
            name: settings.name,
            back,
            second_step: settings.second_step,
            targets: settings.targets,
            client: client.ok_or(BadHospital::Authority)?,
            known: Mutex::new(None),
        };
        server.is_listed(server.issuer.as_str())?;
        Ok(server)
    }

    fn is_listed(&self, url: &str) -> Result<(), BadHospital> {
        match self.client.speak_to(&self.targets, url) {
            Some(_) => Ok(()),
            None => Err(BadHospital::NotListed(host_of(url))),
        }
    }

    /// One question to the server, and its answer.
    fn ask(&self, request: HttpRequest) -> Result<HttpResponse, NotAnswered> {
        let url = request.uri().to_string();
        let agent = self.client.speak_to(&self.targets, &url);
        let (agent, _) = agent.ok_or_else(|| NotAnswered::NotListed(host_of(&url)))?;
        let mut answer = agent.run(request).map_err(|_| NotAnswered::Unreachable)?;
        let body = answer.body_mut().with_config().limit(ANSWER_BYTES_MAX).read_to_vec();
        let body = body.map_err(|_| NotAnswered::Unreachable)?;
        let (head, _) = answer.into_parts();
        Ok(HttpResponse::from_parts(head, body))
    }

    /// The server's description of itself, with its keys. Every host in it is on the list.
    fn describe(&self, now: Moment, anew: bool) -> Result<Arc<CoreProviderMetadata>, BadHospital> {
        let kept = self.known.lock().ok().and_then(|known| known.clone());
        if let Some((at, known)) = kept.filter(|_| !anew)
            && at <= now
            && now < at.plus_seconds(KNOWN_SECONDS)
        {
            return Ok(known);
        }
        let seen = Mutex::new(None);
        let ask = |request: HttpRequest| {
            self.ask(request).inspect_err(|error| {
                let bad = match error {
                    NotAnswered::NotListed(host) => BadHospital::NotListed(host.clone()),
                    NotAnswered::Unreachable => BadHospital::Unreachable,
                };
                if let Ok(mut seen) = seen.lock() {
                    *seen = Some(bad);
                }
            })
        };
        let found = CoreProviderMetadata::discover(&self.issuer, &ask);
        let seen = seen.into_inner().ok().flatten();
        let found = found.map_err(|_| seen.unwrap_or(BadHospital::Odd))?;
        self.is_listed(found.authorization_endpoint().as_str())?;
        self.is_listed(found.token_endpoint().ok_or(BadHospital::Odd)?.as_str())?;
        let found = Arc::new(found);
        if let Ok(mut known) = self.known.lock() {
            *known = Some((now, Arc::clone(&found)));
        }
        Ok(found)
    }

    /// Asks the server to describe itself: for whoever looks after the house.
    ///
    /// # Errors
    /// [`BadHospital`].
    pub fn look(&self, now: Moment) -> Result<(), BadHospital> {
        self.describe(now, true).map(|_| ())
    }

    fn described(&self, now: Moment, anew: bool) -> Result<Arc<CoreProviderMetadata>, Trouble> {
        self.describe(now, anew).map_err(|bad| {
            tracing::warn!(%bad, "the hospital's sign-on cannot be used");
            Trouble::Away
        })
    }

    /// This service, as the server described itself to it.
    fn as_client(&self, described: &CoreProviderMetadata) -> OwnClient {
        let (id, secret) = (self.client_id.clone(), self.client_secret.clone());
        CoreClient::from_provider_metadata(described.clone(), id, Some(secret))
            .set_redirect_uri(self.back.clone())
    }

    /// The tokens that the code is worth.
    fn exchange(
        &self,
        described: &CoreProviderMetadata,
        back: &Back,
    ) -> Result<CoreTokenResponse, Trouble> {
        let methods = described.token_endpoint_auth_methods_supported();
        let by_header =
            methods.is_none_or(|m| m.contains(&CoreClientAuthMethod::ClientSecretBasic));
        let way = if by_header { AuthType::BasicAuth } else { AuthType::RequestBody };
        let client = self.as_client(described).set_auth_type(way);
        let code = AuthorizationCode::new(back.code.to_string());
        let request = client.exchange_code(code).map_err(|_| Trouble::Away)?;
        let verifier = PkceCodeVerifier::new(back.ask.verifier.to_string());
        let ask = |request: HttpRequest| self.ask(request);
        request.set_pkce_verifier(verifier).request(&ask).map_err(|error| {
            let (trouble, why) = match error {
                openidconnect::RequestTokenError::Request(_) => (Trouble::Away, "no answer"),
                openidconnect::RequestTokenError::ServerResponse(_) => {
                    (Trouble::Refused, "refused")
                }
                _ => (Trouble::Refused, "not understood"),
            };
            tracing::warn!(why, "the hospital's server gave no token for a code");
            trouble
        })
    }

    /// The claims of a token that is signed by one of the server's keys, for this client, now, for this way.
    fn claims<'t>(
        &self,
        described: &CoreProviderMetadata,
        token: &'t CoreIdToken,
        answer: &CoreTokenResponse,
        back: &Back,
    ) -> Result<&'t CoreIdTokenClaims, NotProven> {
        let (begun, now) = (back.begun, back.now);
        let (from, to) = (begun.plus_seconds(-SKEW_SECONDS), now.plus_seconds(SKEW_SECONDS));
        let (from, to) = (from.millis().div_euclid(1000), to.millis().div_euclid(1000));
        let time = SystemTime::UNIX_EPOCH + Duration::from_millis(now.millis().unsigned_abs());
        // As a client without a secret: then the crate has no key for a symmetric signature at all.
        let verifier = CoreIdTokenVerifier::new_public_client(
            self.client_id.clone(),
            self.issuer.clone(),
            described.jwks().clone(),
        )
        .set_allowed_algs(SIGNED_BY)
        .set_time_fn(move || time.into())
        .set_issue_time_verifier_fn(move |at| {
            let at = at.timestamp();
            if (from..=to).contains(&at) { Ok(()) } else { Err(String::new()) }
        })
        .set_auth_time_verifier_fn(move |at| match at {
            // Somebody else's open session at a shared machine is not this person's word.
            Some(at) if at.timestamp() < from => Err(String::new()),
            _ => Ok(()),
        });
        let nonce = Nonce::new(back.ask.nonce.to_string());
        let claims = token.claims(&verifier, &nonce).map_err(|error| match error {
            ClaimsVerificationError::SignatureVerification(
                SignatureVerificationError::NoMatchingKey,
            ) => NotProven::UnknownKey,
            _ => NotProven::Unfit,
        })?;
        // The crate leaves the authorised party to its callers. Other audiences than this client it refuses by itself.
        let alone = claims.audiences().len() == 1;
        let ours = claims.authorized_party().is_none_or(|party| *party == self.client_id);
        if !alone || !ours {
            return Err(NotProven::Unfit);
        }
        if let Some(hash) = claims.access_token_hash() {
            let key = token.signing_key(&verifier).map_err(|_| NotProven::Unfit)?;
            let alg = token.signing_alg().map_err(|_| NotProven::Unfit)?;
            let found = AccessTokenHash::from_token(answer.access_token(), alg, key);
            if found.map_err(|_| NotProven::Unfit)? != *hash {
                return Err(NotProven::Unfit);
            }
        }
        Ok(claims)
    }

    /// Does the server say that it asked for a second step, in the words that were agreed?
    fn asked_twice(&self, claims: &CoreIdTokenClaims) -> bool {
        let Some(word) = &self.second_step else { return false };
        let amr = claims.auth_method_refs().is_some_and(|all| all.iter().any(|one| **one == *word));
        amr || claims.auth_context_ref().is_some_and(|acr| **acr == *word)
    }
}

enum NotProven {
    /// A key that the server may have begun to use since it was asked for its keys.
    UnknownKey,
    Unfit,
}

impl Hospital for Server {
    fn name(&self) -> &str {
        &self.name
    }

    fn way_there(&self, ask: &Ask, now: Moment) -> Result<String, Trouble> {
        let described = self.described(now, false)?;
        let client = self.as_client(&described);
        let (state, nonce) = (ask.state.to_string(), ask.nonce.to_string());
        let verifier = PkceCodeVerifier::new(ask.verifier.to_string());
        let flow = AuthenticationFlow::<CoreResponseType>::AuthorizationCode;
        let request = client.authorize_url(flow, || CsrfToken::new(state), || Nonce::new(nonce));
        let (there, ..) = request
            .set_pkce_challenge(PkceCodeChallenge::from_code_verifier_sha256(&verifier))
            // Ward machines are shared: whoever sits there now signs in, not whoever did before.
            .add_prompt(CoreAuthPrompt::Login)
            .url();
        Ok(there.to_string())
    }

    fn proof(&self, back: &Back) -> Result<Proof, Trouble> {
        let described = self.described(back.now, false)?;
        let answer = self.exchange(&described, back)?;
        let token = answer.id_token().ok_or(Trouble::Refused)?;
        let claims = match self.claims(&described, token, &answer, back) {
            // It may have begun to sign with another key: asked once more, and not again.
            Err(NotProven::UnknownKey) => {
                let described = self.described(back.now, true)?;
                self.claims(&described, token, &answer, back)
            }
            other => other,
        };
        let claims = claims.map_err(|_| {
            tracing::warn!("a token of the hospital's server does not fit");
            Trouble::Refused
        })?;
        let subject = Zeroizing::new(claims.subject().to_string());
        if subject.is_empty() || subject.len() > SUBJECT_MAX {
            return Err(Trouble::Refused);
        }
        let issuer = self.issuer.to_string();
        Ok(Proof { issuer, subject, second_step: self.asked_twice(claims) })
    }
}

/// The host of an address, for whoever keeps the list.
fn host_of(url: &str) -> String {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    rest.split(['/', '?', '#']).next().unwrap_or_default().chars().take(253).collect()
}
