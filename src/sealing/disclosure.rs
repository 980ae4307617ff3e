//! What the statistician publishes at the very end: the secret from which anybody draws the list again (design 5).

use super::bytes::{hex, unhex, unhex_array};
use super::ceremony::ListSecret;
use super::manifest::{BEACON_BYTES_MAX, ListPurpose, SIZES_MAX};
use crate::domain::ids::TrialId;
use serde::{Deserialize, Serialize};
use std::fmt;

/// The longest disclosure, in bytes.
pub const DISCLOSURE_BYTES_MAX: usize = 16 * 1024;

/// The secret of one segment, with what else the draw took that the manifest may have kept back.
#[derive(Debug)]
pub struct Disclosure {
    /// The trial.
    pub trial: TrialId,
    /// The segment.
    pub segment: u32,
    /// Live or training.
    pub purpose: ListPurpose,
    /// The secret. Once this file is public it is one no more.
    pub secret: ListSecret,
    /// The beacon, as in the manifest.
    pub beacon: Vec<u8>,
    /// The block sizes, which the manifest may have hidden.
    pub sizes: Vec<u32>,
}

/// Not a disclosure; the part that is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DisclosureError(pub &'static str);

impl fmt::Display for DisclosureError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "not a disclosure: {}", self.0)
    }
}

impl std::error::Error for DisclosureError {}

const DISCLOSURE_V1: &str = "disclosure/v1";

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct DisclosureText {
    klero: String,
    trial: String,
    segment: u32,
    purpose: String,
    secret: String,
    beacon: String,
    sizes: Vec<u32>,
}

impl Disclosure {
    /// The file.
    pub fn to_json(&self) -> String {
        let file = DisclosureText {
            klero: DISCLOSURE_V1.to_owned(),
            trial: self.trial.to_string(),
            segment: self.segment,
            purpose: self.purpose.as_str().to_owned(),
            secret: hex(self.secret.bytes()),
            beacon: hex(&self.beacon),
            sizes: self.sizes.clone(),
        };
        let mut text = serde_json::to_string_pretty(&file).expect("plain texts and numbers");
        text.push('\n');
        text
    }

    /// Reads the file, in any layout; unknown keys are refused.
    ///
    /// # Errors
    /// [`DisclosureError`] names the part that is wrong. Whether it fits a manifest is for `verify` to say.
    pub fn from_json(text: &str) -> Result<Self, DisclosureError> {
        if text.len() > DISCLOSURE_BYTES_MAX {
            return Err(DisclosureError("its length"));
        }
        let file: DisclosureText =
            serde_json::from_str(text).map_err(|_| DisclosureError("its JSON"))?;
        if file.klero != DISCLOSURE_V1 {
            return Err(DisclosureError("klero"));
        }
        if !(1..=SIZES_MAX).contains(&file.sizes.len()) {
            return Err(DisclosureError("sizes"));
        }
        let beacon = unhex(&file.beacon).filter(|beacon| beacon.len() <= BEACON_BYTES_MAX);
        let secret = unhex_array(&file.secret).ok_or(DisclosureError("secret"))?;
        Ok(Self {
            trial: TrialId::parse(&file.trial).map_err(|_| DisclosureError("trial"))?,
            segment: file.segment,
            purpose: ListPurpose::parse(&file.purpose).ok_or(DisclosureError("purpose"))?,
            secret: ListSecret::from_bytes(secret),
            beacon: beacon.ok_or(DisclosureError("beacon"))?,
            sizes: file.sizes,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{Disclosure, DisclosureError};
    use crate::sealing::ceremony::ListSecret;
    use crate::sealing::fixture::{BEACON, SECRET, trial};
    use crate::sealing::manifest::ListPurpose;

    #[test]
    fn a_disclosure_reads_back_and_an_unknown_key_or_a_wrong_part_is_refused() {
        let disclosure = Disclosure {
            trial: trial(),
            segment: 2,
            purpose: ListPurpose::Live,
            secret: ListSecret::from_bytes(SECRET),
            beacon: BEACON.to_vec(),
            sizes: vec![4, 8],
        };
        let text = disclosure.to_json();
        let read = Disclosure::from_json(&text).unwrap();
        assert_eq!(read.to_json(), text);
        assert_eq!(read.secret.bytes(), &SECRET);
        let refused = |from: &str, to: &str| {
            Disclosure::from_json(&text.replacen(from, to, 1)).err().map(|error| error.0)
        };
        assert_eq!(refused("\"segment\"", "\"arm\": 1, \"segment\""), Some("its JSON"));
        assert_eq!(refused("disclosure/v1", "secret/v1"), Some("klero"));
        assert_eq!(refused("0707", "07"), Some("secret"));
        assert_eq!(refused("live", "Live"), Some("purpose"));
        let long = format!("{text}{}", " ".repeat(super::DISCLOSURE_BYTES_MAX));
        assert_eq!(Disclosure::from_json(&long).err(), Some(DisclosureError("its length")));
    }
}
