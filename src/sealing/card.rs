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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sealing::samples::{one_bit_off, public, text, vector};

    fn card() -> Card {
        Card {
            person: PersonId::parse("p-hs-1").unwrap(),
            role: Role::Pharmacist,
            centres: vec![CentreId::parse("huashan").unwrap()],
            opening: public("opening"),
            signing: public("signing"),
        }
    }

    fn altered(from: &str, to: &str) -> Result<Card, CardError> {
        let json = card().to_json();
        assert!(json.contains(from), "{from}");
        Card::from_json(&json.replacen(from, to, 1))
    }

    #[test]
    fn a_fingerprint_is_that_of_the_vector_and_is_shown_in_groups_of_four() {
        let expected = text(&vector("identity"), "fingerprint");
        assert_eq!(hex(&card().fingerprint()), expected);
        assert_eq!(card().fingerprint_words(), "3599 2b72 ae59 de8c 3e9d f0f3 d4f3 f5e4");
        assert_eq!(card().fingerprint_words().replace(' ', ""), expected);
    }

    #[test]
    fn a_card_reads_back_in_the_order_it_is_written_and_in_any_layout() {
        let json = card().to_json();
        assert!(json.starts_with(
            r#"{"klero":"card/v1","person":"p-hs-1","role":"pharmacist","centres":["huashan"],"#
        ));
        assert_eq!(Card::from_json(&json), Ok(card()));
        assert_eq!(Card::from_json(&json.replace(',', ",\n  ")), Ok(card()));
        let hotline = Card { role: Role::Hotline, centres: vec![], ..card() };
        assert_eq!(Card::from_json(&hotline.to_json()), Ok(hotline));
    }

    #[test]
    fn a_flipped_bit_anywhere_in_the_keys_or_fingerprint_of_a_card_is_refused() {
        let json = card().to_json();
        let keys = json.find("\"opening\"").unwrap();
        for altered in one_bit_off(&json[keys..]) {
            // A space is a layout, no alteration.
            assert!(Card::from_json(&format!("{}{altered}", &json[..keys])).is_err(), "{altered}");
        }
    }

    #[test]
    fn a_point_off_the_curve_is_refused_however_right_the_fingerprint() {
        assert!(is_point(&public("opening")) && is_point(&public("signing")));
        let zeros = [&[4], &[0; 64][..]].concat().try_into().unwrap();
        let mut swapped = public("opening");
        swapped[1..].rotate_left(32);
        let mut compressed = public("opening");
        compressed[0] = 2;
        for point in [zeros, swapped, compressed, [0; 65], [0xff; 65]] {
            assert!(!is_point(&point));
            let (opening, signing) = (card().opening, card().signing);
            for off in [
                Card { opening: point, signing, ..card() },
                Card { opening, signing: point, ..card() },
            ] {
                assert_eq!(Card::from_json(&off.to_json()), Err(CardError::Point));
            }
        }
    }

    // shows: I11
    #[test]
    fn a_card_is_refused_for_a_role_that_never_holds_a_key() {
        for role in Role::ALL {
            let centres = if role.works_at_centres() { card().centres } else { vec![] };
            let card = Card { role, centres, ..card() };
            let read = Card::from_json(&card.to_json());
            assert_eq!(read.is_ok(), role.holds_keys(), "{role}");
            assert_eq!(read.err(), (!role.holds_keys()).then_some(CardError::Role), "{role}");
        }
    }

    // shows: I11
    #[test]
    fn a_person_may_hold_the_keys_of_their_own_centres_or_of_all_for_the_whole_trial() {
        let (here, elsewhere) =
            (CentreId::parse("huashan").unwrap(), CentreId::parse("renji").unwrap());
        let may = |role: Role| {
            let centres = if role.works_at_centres() { card().centres } else { vec![] };
            let card = Card { role, centres, ..card() };
            (card.may_hold(&here), card.may_hold(&elsewhere))
        };
        for role in Role::ALL {
            let expected = match role {
                Role::Pharmacist | Role::Investigator => (true, false),
                Role::Hotline | Role::Statistician => (true, true),
                Role::Coordinator | Role::Monitor | Role::Sponsor | Role::Admin => (false, false),
            };
            assert_eq!(may(role), expected, "{role}");
        }
    }

    #[test]
    fn centres_must_fit_the_role_and_stand_once() {
        let hotline = Card { role: Role::Hotline, ..card() };
        let nowhere = Card { centres: vec![], ..card() };
        let twice = Card { centres: [card().centres, card().centres].concat(), ..card() };
        for card in [hotline, nowhere, twice] {
            assert_eq!(Card::from_json(&card.to_json()), Err(CardError::Centres));
        }
    }

    #[test]
    fn what_is_not_a_card_is_refused() {
        assert_eq!(altered("card/v1", "card/v2"), Err(CardError::NotACard));
        assert_eq!(altered("\"role\"", "\"arm\":\"x\",\"role\""), Err(CardError::NotACard));
        assert_eq!(altered("\"role\":\"pharmacist\",", ""), Err(CardError::NotACard));
        assert_eq!(altered("\"role\"", "\"role\":\"hotline\",\"role\""), Err(CardError::NotACard));
        assert_eq!(altered("p-hs-1", "Li Wei"), Err(CardError::Person));
        assert_eq!(altered("pharmacist", "apothecary"), Err(CardError::Role));
        assert_eq!(altered("huashan", "华山"), Err(CardError::Centres));
        assert_eq!(altered("\"opening\":\"04", "\"opening\":\""), Err(CardError::Point));
        assert_eq!(altered("3599", "3590"), Err(CardError::Fingerprint));
    }

    #[test]
    fn a_card_has_limits_and_is_refused_one_past_them() {
        let centres = |n: usize| {
            let centres = (0..n).map(|i| CentreId::parse(&format!("c{i}")).unwrap()).collect();
            Card::from_json(&Card { centres, ..card() }.to_json()).map(|card| card.centres.len())
        };
        assert_eq!(centres(CARD_CENTRES_MAX), Ok(CARD_CENTRES_MAX));
        assert_eq!(centres(CARD_CENTRES_MAX + 1), Err(CardError::TooLong));
        let json = card().to_json();
        let padded = |n: usize| Card::from_json(&format!("{json}{}", " ".repeat(n - json.len())));
        assert!(padded(CARD_BYTES_MAX).is_ok());
        assert_eq!(padded(CARD_BYTES_MAX + 1), Err(CardError::TooLong));
    }
}
