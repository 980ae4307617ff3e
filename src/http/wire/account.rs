//! The own account.

use super::acts::ReceiptBody;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use zeroize::Zeroizing;

/// Where one's own second factor stands.
#[derive(Serialize, ToSchema)]
pub struct SecondFactorBody {
    /// Is one set up?
    pub enrolled: bool,
    /// Must one be, before anything can be done?
    pub needed: bool,
    /// How many recovery codes are left.
    #[serde(rename = "recoveryCodes")]
    pub recovery_codes: u64,
    /// The secret for a new phone (RFC 6238, SHA-1, six digits, 30 seconds), in base32. It counts once its first code
    /// was sent.
    #[schema(value_type = String)]
    pub secret: Zeroizing<String>,
    /// The same as an `otpauth` address, for a code to be scanned.
    #[schema(value_type = String)]
    pub link: Zeroizing<String>,
}

/// Sets a second factor up.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EnrolBody {
    /// The six digits that the phone shows.
    #[schema(max_length = 20)]
    pub code: String,
    /// The sign-in password.
    #[schema(value_type = String, max_length = 256)]
    pub password: Zeroizing<String>,
}

/// The sign-in password, typed for this act.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PasswordBody {
    /// The sign-in password.
    #[schema(value_type = String, max_length = 256)]
    pub password: Zeroizing<String>,
}

/// Recovery codes.
#[derive(Serialize, ToSchema)]
pub struct CodesBody {
    /// Each is good once, in the place of the six digits. Shown this once.
    #[serde(rename = "recoveryCodes")]
    #[schema(value_type = Vec<String>)]
    pub recovery_codes: Vec<Zeroizing<String>>,
    /// The act was done before; the codes that were shown then have ended.
    pub repeated: bool,
    /// Its proof.
    pub receipt: ReceiptBody,
}

/// Changes the password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewPasswordBody {
    /// The present password.
    #[schema(value_type = String, max_length = 256)]
    pub password: Zeroizing<String>,
    /// The new one: at least twelve characters.
    #[schema(value_type = String, min_length = 12, max_length = 256)]
    pub new: Zeroizing<String>,
}

/// A session of one's own, or a device on which no code is asked for.
#[derive(Debug, Serialize, ToSchema)]
pub struct OwnSessionBody {
    /// A short name for it; it opens nothing.
    pub id: String,
    /// `session` or `device`.
    pub kind: String,
    /// Is it the session that asks?
    pub mine: bool,
    /// Last used, to the minute; of a device, since when it is known. UTC.
    pub seen: String,
    /// When it is over, in UTC.
    pub expires: String,
}

/// One's own sessions.
#[derive(Debug, Serialize, ToSchema)]
pub struct SessionsBody {
    /// Those that are not over.
    pub sessions: Vec<OwnSessionBody>,
}

/// Lets a person set something up anew.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RecoverBody {
    /// `password` or `second-factor`.
    pub what: String,
}

/// Takes a link up.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RecoveryBody {
    /// The token that was handed over.
    #[schema(value_type = String, max_length = 64)]
    pub token: Zeroizing<String>,
    /// Of a link for the password: the new one. Of a link for the second factor: the present one.
    #[schema(value_type = String, max_length = 256)]
    pub password: Zeroizing<String>,
    /// Of a link for the password: six digits or a recovery code, where a second factor is set up.
    #[schema(max_length = 40)]
    pub code: Option<String>,
}
