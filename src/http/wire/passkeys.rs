//! Passkeys (WebAuthn): what a browser is asked, and what it answers.

use super::acts::ReceiptBody;
use crate::service::passkeys::{Question, Shown};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;
use zeroize::Zeroizing;

/// One's own passkeys.
#[derive(Debug, Serialize, ToSchema)]
pub struct PasskeysBody {
    /// May one be added? Only beside a second factor, and not without end.
    #[serde(rename = "mayAdd")]
    pub may_add: bool,
    /// Those that there are.
    pub passkeys: Vec<PasskeyBody>,
}

/// A passkey.
#[derive(Debug, Serialize, ToSchema)]
pub struct PasskeyBody {
    /// 1, 2, 3: what it is called.
    pub number: u64,
    /// Since when, in UTC.
    pub added: String,
}

/// What a browser is asked.
#[derive(Debug, Serialize, ToSchema)]
pub struct PasskeyQuestionBody {
    /// By what the answer names it. It opens nothing.
    pub ceremony: String,
    /// The options for `navigator.credentials`, as WebAuthn Level 3 writes them in JSON: bytes are base64url.
    #[schema(value_type = Object)]
    pub options: Value,
}

impl From<Question> for PasskeyQuestionBody {
    fn from(question: Question) -> Self {
        let options = serde_json::from_str(&question.options).unwrap_or_default();
        Self { ceremony: question.ceremony, options }
    }
}

/// What a browser answers.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PasskeyAnswerBody {
    /// The question's.
    #[schema(max_length = 32)]
    pub ceremony: String,
    /// The credential, as WebAuthn Level 3 writes it in JSON: bytes are base64url.
    #[schema(value_type = Object)]
    pub credential: Map<String, Value>,
}

impl From<PasskeyAnswerBody> for Shown {
    fn from(body: PasskeyAnswerBody) -> Self {
        Self { ceremony: body.ceremony, credential: Value::Object(body.credential).to_string() }
    }
}

/// Asks for a passkey's question at the door.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PasskeyDoorBody {
    /// The account's id.
    #[schema(max_length = 80)]
    pub name: String,
    /// The sign-in password.
    #[schema(value_type = String, max_length = 256)]
    pub password: Zeroizing<String>,
}

/// A passkey was added.
#[derive(Debug, Serialize, ToSchema)]
pub struct PasskeyAddedBody {
    /// Its number.
    pub number: u64,
    /// It was added before; this is the first answer.
    pub repeated: bool,
    /// Its proof.
    pub receipt: ReceiptBody,
}
