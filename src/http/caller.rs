//! Who asks: the bearer token of a session becomes a `Caller`. And how often: the key of an act becomes an `OnceKey`.

use super::extract::{IdempotencyKey, SessionToken};
use super::problem::Problem;
use super::wire;
use super::wire::acts::{ReceiptBody, SignatureBody};
use crate::domain::access::Caller;
use crate::refusal::{Code, FieldCode, FieldError, Refusal};
use crate::sealing::bytes::{hex, sha256, sha256_of};
use crate::service::tokens::is_token;
use crate::service::{House, KeyProof, Proof, Signature};
use crate::store::Receipt;
use crate::store::repeats::OnceKey;
use actix_web::{FromRequest, HttpRequest, dev, web};
use std::future::{Ready, ready};
use std::net::IpAddr;

/// A signed-in person with the token of the session.
pub struct Who {
    /// The person, with role and centres as they stand now.
    pub caller: Caller,
    /// The session's token.
    pub token: SessionToken,
}

impl FromRequest for Who {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(req: &HttpRequest, payload: &mut dev::Payload) -> Self::Future {
        let token = SessionToken::from_request(req, payload).into_inner();
        ready(token.and_then(|token| {
            let house = req.app_data::<web::Data<House>>();
            let house = house.ok_or_else(|| Problem::new(Code::Starting))?;
            let caller = if is_token(token.reveal()) {
                house.machine(token.reveal(), address(req))?
            } else {
                house.caller(token.reveal())?
            };
            house.let_through(&caller)?;
            Ok(Self { caller, token })
        }))
    }
}

/// Where a request comes from. Behind our own proxy, which stands on this machine, it is the last address that the proxy
/// wrote down; whatever a client wrote before it is not looked at.
fn address(req: &HttpRequest) -> Option<IpAddr> {
    let peer = req.peer_addr()?.ip();
    let forwarded = req.headers().get_all("x-forwarded-for").last();
    match forwarded.and_then(|header| header.to_str().ok()) {
        Some(header) if peer.is_loopback() => header.rsplit(',').next()?.trim().parse().ok(),
        _ => Some(peer),
    }
}

/// What an act is done once under: the caller's key, the act with its record, and the body without password or key
/// signature. A hash of the password would be a second, cheaper way to guess it; a key signs differently each time.
pub fn once(key: &IdempotencyKey, act: &str, body: &[u8]) -> OnceKey {
    let body = sha256_of(&[act.as_bytes(), b"\n", &wire::without_proof(body)]);
    OnceKey { key: sha256(key.as_str().as_bytes()), body }
}

/// A signature as the service takes it: by password, or by a key over exactly this request.
///
/// # Errors
/// `malformed-request` unless it is one of the two.
pub fn signature(
    key: &IdempotencyKey,
    raw: &[u8],
    body: SignatureBody,
) -> Result<Signature, Problem> {
    let SignatureBody { password, key: signed, meaning } = body;
    let wrong = |name: &str, code| {
        Err(Problem::malformed(FieldError::new(format!("/signature/{name}"), code)))
    };
    let proof = match (password, signed) {
        (Some(password), None) => Proof::Password(password),
        (None, Some(signed)) => Proof::Key(KeyProof {
            once: key.as_str().to_owned(),
            body: sha256(&wire::without_signature(raw)),
            signature: bytes("/signature/key", &signed)?,
        }),
        (None, None) => return wrong("password", FieldCode::Required),
        (Some(_), Some(_)) => return wrong("key", FieldCode::Doubled),
    };
    Ok(Signature { proof, meaning })
}

/// A receipt as it travels.
pub fn receipt(receipt: Receipt) -> ReceiptBody {
    ReceiptBody {
        entry: receipt.line,
        index: receipt.seq,
        proof: receipt.proof.iter().map(|hash| hex(hash)).collect(),
        checkpoint: receipt.checkpoint,
    }
}

/// Reads a name in a body; one that is not well formed is a wrong field.
pub fn named<T, E>(pointer: &str, code: FieldCode, read: Result<T, E>) -> Result<T, Problem> {
    read.map_err(|_| Refusal::fields(vec![FieldError::new(pointer, code)]).into())
}

/// Reads `N` bytes of hexadecimal in a body.
pub fn bytes<const N: usize>(pointer: &str, text: &str) -> Result<[u8; N], Problem> {
    let read = crate::sealing::bytes::unhex_array(text).ok_or(());
    named(pointer, FieldCode::BytesForm, read)
}
