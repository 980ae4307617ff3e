//! What a holder signs after opening a slot from the emergency kit without the network (design 6): taken in later by
//! `klero break import`, and checked by the service, which could not have made it.

use super::signature::{Purpose, verify};
use crate::domain::ids::{Code, PersonId};
use crate::domain::time::Moment;
use serde::{Deserialize, Serialize};
use std::fmt;

#[cfg(feature = "offline")]
use super::identity::Identity;

/// The longest record, in bytes.
pub const OFFLINE_RECORD_BYTES_MAX: usize = 16 * 1024;
/// The longest reason, in bytes.
pub const OFFLINE_REASON_BYTES_MAX: usize = 4_000;

/// A code that was broken without the service. It says that, when, by whom and why; never what the code stood for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OfflineRecord {
    /// The code.
    pub code: Code,
    /// When it was opened, by the clock of the holder's device.
    pub at: Moment,
    /// Who opened it.
    pub by: PersonId,
    /// Why: free text, so it belongs into a private record.
    pub reason: String,
    /// Whether what was opened fitted the pinned root.
    pub fits: bool,
}

/// A record with the signature over it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedRecord {
    /// What was signed.
    pub record: OfflineRecord,
    /// By the holder named in it.
    pub signature: [u8; 64],
}

/// Why a record was not read; the part that is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RecordError(pub &'static str);

impl fmt::Display for RecordError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "not an offline record: {}", self.0)
    }
}

impl std::error::Error for RecordError {}

const OFFLINE_V1: &str = "offline/v1";

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RecordText {
    klero: String,
    code: String,
    at: String,
    by: String,
    reason: String,
    fits: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    signature: Option<String>,
}

impl OfflineRecord {
    fn write(&self, signature: Option<String>) -> String {
        let text = RecordText {
            klero: OFFLINE_V1.to_owned(),
            code: self.code.to_string(),
            at: self.at.to_string(),
            by: self.by.to_string(),
            reason: self.reason.clone(),
            fits: self.fits,
            signature,
        };
        serde_json::to_string(&text).expect("plain texts and a yes or no")
    }

    /// The exact bytes that are signed: compact JSON, without the signature.
    pub fn text(&self) -> String {
        self.write(None)
    }

    /// Signed by the holder, who becomes its `by`.
    ///
    /// # Errors
    /// [`RecordError`] when the reason is empty or longer than [`OFFLINE_REASON_BYTES_MAX`].
    #[cfg(feature = "offline")]
    pub fn sign(mut self, holder: &Identity) -> Result<SignedRecord, RecordError> {
        self.by = holder.card().person.clone();
        self.check_reason()?;
        let signature = holder.sign(Purpose::Offline, self.text().as_bytes());
        Ok(SignedRecord { record: self, signature })
    }

    fn check_reason(&self) -> Result<(), RecordError> {
        let said = !self.reason.trim().is_empty();
        let short = self.reason.len() <= OFFLINE_REASON_BYTES_MAX;
        if said && short { Ok(()) } else { Err(RecordError("reason")) }
    }
}

impl SignedRecord {
    /// The file: the signed text with the signature as its last key.
    pub fn to_json(&self) -> String {
        self.record.write(Some(super::bytes::hex(&self.signature)))
    }

    /// Reads the file, in any layout; unknown keys are refused. The signature is not checked here.
    ///
    /// # Errors
    /// [`RecordError`] names the part that is wrong.
    pub fn from_json(text: &str) -> Result<Self, RecordError> {
        if text.len() > OFFLINE_RECORD_BYTES_MAX {
            return Err(RecordError("its length"));
        }
        let file: RecordText = serde_json::from_str(text).map_err(|_| RecordError("its JSON"))?;
        if file.klero != OFFLINE_V1 {
            return Err(RecordError("klero"));
        }
        let signature = file.signature.as_deref().and_then(super::bytes::unhex_array);
        let record = OfflineRecord {
            code: Code::parse(&file.code).map_err(|_| RecordError("code"))?,
            at: Moment::parse(&file.at).ok_or(RecordError("at"))?,
            by: PersonId::parse(&file.by).map_err(|_| RecordError("by"))?,
            reason: file.reason,
            fits: file.fits,
        };
        record.check_reason()?;
        Ok(Self { record, signature: signature.ok_or(RecordError("signature"))? })
    }

    /// Is this the signature of the holder whose card has this signing point?
    pub fn is_signed(&self, holder: &[u8; 65]) -> bool {
        verify(holder, Purpose::Offline, self.record.text().as_bytes(), &self.signature)
    }
}

#[cfg(feature = "offline")]
#[cfg(test)]
mod tests {
    use super::{OFFLINE_REASON_BYTES_MAX, OfflineRecord, RecordError, SignedRecord};
    use crate::domain::ids::Code;
    use crate::domain::people::Role;
    use crate::domain::time::Moment;
    use crate::sealing::fixture::{identity, person};

    fn record() -> OfflineRecord {
        OfflineRecord {
            code: Code::parse("7429133").unwrap(),
            at: Moment::parse("2026-11-21T08:15:30.123Z").unwrap(),
            by: person("hot-1"),
            reason: "不明原因的 \"anaphylaxis\", service down".to_owned(),
            fits: true,
        }
    }

    // shows: EU-12
    #[test]
    fn a_record_reads_back_and_an_altered_word_breaks_its_signature() {
        let holder = identity(3, "hot-1", Role::Hotline);
        let signed = record().sign(&holder).unwrap();
        let text = signed.to_json();
        assert!(text.starts_with(r#"{"klero":"offline/v1","code":"7429133","at":"2026-11-21T08:15:30.123Z","by":"hot-1","reason":"#));
        let read = SignedRecord::from_json(&text).unwrap();
        assert_eq!(read, signed);
        assert!(read.is_signed(&holder.card().signing));
        for (from, to) in [
            ("7429133", "5850826"),
            ("08:15", "08:16"),
            ("hot-1", "hot-2"),
            ("anaphylaxis", "anaphylaxy"),
            ("true", "false"),
        ] {
            let forged = SignedRecord::from_json(&text.replace(from, to)).unwrap();
            assert!(!forged.is_signed(&holder.card().signing), "{to}");
        }
        let unknown = text.replace(r#""fits""#, r#""arm":"x","fits""#);
        assert_eq!(SignedRecord::from_json(&unknown), Err(RecordError("its JSON")));
        assert!(SignedRecord::from_json(&record().text()).is_err(), "unsigned");
    }

    #[test]
    fn a_reason_is_required_and_bounded() {
        let holder = identity(3, "hot-1", Role::Hotline);
        let with = |reason: String| OfflineRecord { reason, ..record() }.sign(&holder).is_ok();
        assert!(!with("  ".to_owned()));
        assert!(with("r".repeat(OFFLINE_REASON_BYTES_MAX)));
        assert!(!with("r".repeat(OFFLINE_REASON_BYTES_MAX + 1)));
    }
}
