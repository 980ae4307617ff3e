//! The public card of a key-holder (design 4): whose keys these are, to be compared by voice before anything is given.
//!
//! ```text
//! fingerprint = first 16 bytes of SHA-256("klero/v1/fingerprint" ‖ 00 ‖ opening ‖ signing)
//! {"klero":"card/v1","person":"p-hs-1","role":"pharmacist","centres":["huashan"],
//!  "opening":"<hex 65>","signing":"<hex 65>","fingerprint":"<hex 16>"}
//! ```

use super::bytes::{hex, label, sha256_of, unhex_array};
use crate::domain::ids::{CentreId, PersonId};
use crate::domain::people::Role;
use ring::agreement::{ECDH_P256, EphemeralPrivateKey, UnparsedPublicKey, agree_ephemeral};
use ring::rand::SystemRandom;
use serde::{Deserialize, Serialize};
use std::fmt;

/// The longest card, in bytes.
pub const CARD_BYTES_MAX: usize = 8 * 1024;
/// The most centres one person serves.
pub const CARD_CENTRES_MAX: usize = 64;

/// The public half of an identity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Card {
    /// Whose.
    pub person: PersonId,
    /// The person's one role.
    pub role: Role,
    /// Where; empty for a role that works for the whole trial.
    pub centres: Vec<CentreId>,
    /// The point that centre keys are wrapped to (ECDH, uncompressed).
    pub opening: [u8; 65],
    /// The point that signatures are checked with (ECDSA, uncompressed).
    pub signing: [u8; 65],
}

/// Why a card was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CardError {
    /// Longer than [`CARD_BYTES_MAX`], or with more centres than [`CARD_CENTRES_MAX`].
    TooLong,
    /// Not the JSON of a card: a key is missing, unknown, doubled or of the wrong kind.
    NotACard,
    /// The person's id is not well formed.
    Person,
    /// The role is none of the eight, or one that never holds a key (I11).
    Role,
    /// A centre is not well formed or named twice, a centre's role names none, or a trial's role names one.
    Centres,
    /// A key is not a point of P-256, as 130 lower-case hex digits.
    Point,
    /// The fingerprint written on the card is not that of its keys.
    Fingerprint,
}

impl fmt::Display for CardError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            CardError::TooLong => "the card is too long",
            CardError::NotACard => "this is not a card of version 1",
            CardError::Person => "the person on the card is not well formed",
            CardError::Role => "the role on the card is not one that holds keys",
            CardError::Centres => "the centres on the card do not fit its role",
            CardError::Point => "a key on the card is not a point of P-256",
            CardError::Fingerprint => "the fingerprint on the card is not that of its keys",
        })
    }
}

impl std::error::Error for CardError {}

/// A card as it is written.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CardText {
    klero: String,
    person: String,
    role: String,
    centres: Vec<String>,
    opening: String,
    signing: String,
    fingerprint: String,
}

impl Card {
    /// What is compared by voice before a key is given.
    pub fn fingerprint(&self) -> [u8; 16] {
        let hash = sha256_of(&[&label("fingerprint"), &self.opening, &self.signing]);
        let mut first = [0; 16];
        first.copy_from_slice(&hash[..16]);
        first
    }

    /// The fingerprint in eight groups of four hex digits, as it is shown and read aloud.
    pub fn fingerprint_words(&self) -> String {
        self.fingerprint().chunks(2).map(hex).collect::<Vec<_>>().join(" ")
    }

    /// May this person hold the key of this centre? Whoever works for the whole trial holds them all, others those of
    /// the centres on the card, and a role without keys none.
    pub fn may_hold(&self, centre: &CentreId) -> bool {
        let anywhere = !self.role.works_at_centres();
        self.role.holds_keys() && (anywhere || self.centres.contains(centre))
    }

    /// The card as compact JSON.
    pub fn to_json(&self) -> String {
        serde_json::to_string(&self.to_text()).expect("a card is text only")
    }

    pub(super) fn to_text(&self) -> CardText {
        CardText {
            klero: "card/v1".to_owned(),
            person: self.person.to_string(),
            role: self.role.to_string(),
            centres: self.centres.iter().map(CentreId::to_string).collect(),
            opening: hex(&self.opening),
            signing: hex(&self.signing),
            fingerprint: hex(&self.fingerprint()),
        }
    }

    /// Reads a card: any layout of the JSON, but no key too many, both points on the curve, and the fingerprint right.
    ///
    /// # Errors
    /// What does not fit, as a [`CardError`].
    pub fn from_json(text: &str) -> Result<Self, CardError> {
        if text.len() > CARD_BYTES_MAX {
            return Err(CardError::TooLong);
        }
        Self::from_text(&serde_json::from_str(text).map_err(|_| CardError::NotACard)?)
    }

    pub(super) fn from_text(text: &CardText) -> Result<Self, CardError> {
        if text.klero != "card/v1" {
            return Err(CardError::NotACard);
        }
        let person = PersonId::parse(&text.person).map_err(|_| CardError::Person)?;
        let role = Role::parse(&text.role).filter(|r| r.holds_keys()).ok_or(CardError::Role)?;
        let centres = read_centres(&text.centres, role)?;
        let opening = read_point(&text.opening)?;
        let signing = read_point(&text.signing)?;
        let card = Self { person, role, centres, opening, signing };
        if hex(&card.fingerprint()) != text.fingerprint {
            return Err(CardError::Fingerprint);
        }
        Ok(card)
    }
}

fn read_centres(names: &[String], role: Role) -> Result<Vec<CentreId>, CardError> {
    if names.len() > CARD_CENTRES_MAX {
        return Err(CardError::TooLong);
    }
    let mut centres = vec![];
    for name in names {
        let centre = CentreId::parse(name).map_err(|_| CardError::Centres)?;
        if centres.contains(&centre) {
            return Err(CardError::Centres);
        }
        centres.push(centre);
    }
    let fits = centres.is_empty() != role.works_at_centres();
    if fits { Ok(centres) } else { Err(CardError::Centres) }
}

fn read_point(text: &str) -> Result<[u8; 65], CardError> {
    unhex_array(text).filter(is_point).ok_or(CardError::Point)
}

/// Is this an uncompressed point of P-256 (`04 ‖ x ‖ y`), on the curve and not its zero?
///
/// The library checks this wherever a point is used, and only there; so it is used once, with a key that is thrown
/// away. The answer does not depend on that key.
///
/// # Panics
/// When the operating system has no randomness to give, as all dice do.
pub fn is_point(point: &[u8; 65]) -> bool {
    let passing = EphemeralPrivateKey::generate(&ECDH_P256, &SystemRandom::new())
        .expect("the operating system gives randomness, or nothing may go on");
    agree_ephemeral(passing, &UnparsedPublicKey::new(&ECDH_P256, point), |_| ()).is_ok()
}
