//! The list secret: what is published of it before the draw, and how it is kept until the end (design 5).

use super::bytes::{Hash, label, lp, put_u32, sha256_of};
use super::bytes::{hex, same, unhex_array};
use super::card::Card;
use super::identity::Identity;
use super::manifest::ListPurpose;
use super::wrap::{NotAPoint, SEALED_TO_PERSON, open_from, seal_to};
use crate::dice::{Dice, roll};
use crate::domain::ids::{PersonId, TrialId};
use serde::{Deserialize, Serialize};
use std::fmt;
use zeroize::{Zeroize, ZeroizeOnDrop};

/// The statistician's 32 bytes, from which the whole list follows. Overwritten when dropped; `Debug` shows nothing.
///
/// A training list needs a secret of its own: the purpose changes the codes alone, so the same secret would give
/// the live list's arms to whoever trains.
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct ListSecret([u8; 32]);

impl ListSecret {
    /// A new one.
    pub fn roll(dice: &dyn Dice) -> Self {
        Self(roll(dice))
    }

    /// One that was published, or unsealed.
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The bytes: to draw, to commit, and at the very end to publish.
    pub fn bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for ListSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ListSecret(32 bytes)")
    }
}

/// `ctx = LP(trial) ‖ u32(segment)`                                                                         design 5
pub(super) fn context(trial: &TrialId, segment: u32) -> Vec<u8> {
    let mut out = vec![];
    lp(&mut out, trial.as_str());
    put_u32(&mut out, segment);
    out
}

/// `seed commit = SHA-256("klero/v1/seed-commit" ‖ 00 ‖ ctx ‖ secret)`                                      design 5
///
/// Published before the beacon is known: afterwards no other secret can be tried until a pleasing list comes out.
pub fn seed_commit(trial: &TrialId, segment: u32, secret: &ListSecret) -> Hash {
    sha256_of(&[&label("seed-commit"), &context(trial, segment), &secret.0])
}

/// `sizes-commit = SHA-256("klero/v1/sizes-commit" ‖ 00 ‖ ctx ‖ secret ‖ LP(compact JSON of sizes))`         design 5
///
/// For a trial that has not published its block sizes. The secret salts it: sizes are few and easily guessed.
pub fn sizes_commit(trial: &TrialId, segment: u32, secret: &ListSecret, sizes: &[u32]) -> Hash {
    let mut text = vec![];
    lp(&mut text, &serde_json::json!(sizes).to_string());
    sha256_of(&[&label("sizes-commit"), &context(trial, segment), &secret.0, &text])
}

/// The list secret, sealed to named people: the only form in which it is ever stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Escrow {
    /// The trial.
    pub trial: TrialId,
    /// The segment.
    pub segment: u32,
    /// Live or training.
    pub purpose: ListPurpose,
    /// What was published of the secret.
    pub seed_commit: Hash,
    /// One for each person who can unseal it.
    pub sealed: Vec<SealedSecret>,
}

/// The list secret, sealed to one person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedSecret {
    /// Who.
    pub person: PersonId,
    /// Of which public card.
    pub fingerprint: [u8; 16],
    /// `enc (65) ‖ ciphertext (48)`.
    pub sealed: [u8; SEALED_TO_PERSON],
}

/// Why an escrow file gave no secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EscrowError {
    /// Not such a file; the part that is wrong.
    Malformed(&'static str),
    /// It was not sealed to this person, or not to this key of theirs.
    NotSealedToThisKey,
    /// It was unsealed, and is not the secret whose commitment was published.
    OtherSecret,
}

impl fmt::Display for EscrowError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed(part) => write!(f, "not a file with a sealed list secret: {part}"),
            Self::NotSealedToThisKey => f.write_str("the list secret was not sealed to this key"),
            Self::OtherSecret => {
                f.write_str("the sealed secret does not fit its published commitment")
            }
        }
    }
}

impl std::error::Error for EscrowError {}

/// `info = "klero/v1/secret" ‖ 00 ‖ LP(trial) ‖ u32(segment) ‖ LP(person)`                                  design 5
fn info(trial: &TrialId, segment: u32, person: &PersonId) -> Vec<u8> {
    let mut out = label("secret");
    out.extend_from_slice(&context(trial, segment));
    lp(&mut out, person.as_str());
    out
}

impl Escrow {
    /// Seals the secret to each of these people: see [`seal_to`], with the info above.
    pub fn seal(
        secret: &ListSecret,
        (trial, segment, purpose): (&TrialId, u32, ListPurpose),
        to: &[Card],
        dice: &dyn Dice,
    ) -> Result<Self, NotAPoint> {
        let sealed = to
            .iter()
            .map(|card| {
                let info = info(trial, segment, &card.person);
                let sealed = seal_to(&card.opening, &info, &secret.0, dice)?;
                let fingerprint = card.fingerprint();
                Ok(SealedSecret { person: card.person.clone(), fingerprint, sealed })
            })
            .collect::<Result<_, NotAPoint>>()?;
        let seed_commit = seed_commit(trial, segment, secret);
        Ok(Self { trial: trial.clone(), segment, purpose, seed_commit, sealed })
    }

    /// The secret, for one of the people it was sealed to; proven against the published commitment.
    pub fn unseal(&self, identity: &Identity) -> Result<ListSecret, EscrowError> {
        let card = identity.card();
        let mine = self
            .sealed
            .iter()
            .find(|one| one.person == card.person && one.fingerprint == card.fingerprint())
            .ok_or(EscrowError::NotSealedToThisKey)?;
        let info = info(&self.trial, self.segment, &card.person);
        let secret = open_from(identity.opening(), &info, &mine.sealed)
            .map_err(|_| EscrowError::NotSealedToThisKey)?;
        let secret = ListSecret(*secret);
        let commit = seed_commit(&self.trial, self.segment, &secret);
        if same(&commit, &self.seed_commit) { Ok(secret) } else { Err(EscrowError::OtherSecret) }
    }

    /// The file.
    pub fn to_json(&self) -> String {
        let file = EscrowFile {
            klero: SECRET_V1.to_owned(),
            trial: self.trial.to_string(),
            segment: self.segment,
            purpose: self.purpose.as_str().to_owned(),
            seed_commit: hex(&self.seed_commit),
            sealed: self
                .sealed
                .iter()
                .map(|one| SealedEntry {
                    person: one.person.to_string(),
                    fingerprint: hex(&one.fingerprint),
                    sealed: hex(&one.sealed),
                })
                .collect(),
        };
        let mut text = serde_json::to_string_pretty(&file).expect("plain texts and numbers");
        text.push('\n');
        text
    }

    /// Reads the file back. Unknown keys are refused.
    pub fn from_json(text: &str) -> Result<Self, EscrowError> {
        use EscrowError::Malformed;
        let file: EscrowFile = serde_json::from_str(text).map_err(|_| Malformed("its JSON"))?;
        if file.klero != SECRET_V1 {
            return Err(Malformed("klero"));
        }
        let sealed = file.sealed.iter().map(SealedEntry::read).collect::<Result<_, _>>()?;
        Ok(Self {
            trial: TrialId::parse(&file.trial).map_err(|_| Malformed("trial"))?,
            segment: file.segment,
            purpose: ListPurpose::parse(&file.purpose).ok_or(Malformed("purpose"))?,
            seed_commit: unhex_array(&file.seed_commit).ok_or(Malformed("seedCommit"))?,
            sealed,
        })
    }
}

const SECRET_V1: &str = "secret/v1";

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct EscrowFile {
    klero: String,
    trial: String,
    segment: u32,
    purpose: String,
    seed_commit: String,
    sealed: Vec<SealedEntry>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SealedEntry {
    person: String,
    fingerprint: String,
    sealed: String,
}

impl SealedEntry {
    fn read(&self) -> Result<SealedSecret, EscrowError> {
        use EscrowError::Malformed;
        Ok(SealedSecret {
            person: PersonId::parse(&self.person).map_err(|_| Malformed("person"))?,
            fingerprint: unhex_array(&self.fingerprint).ok_or(Malformed("fingerprint"))?,
            sealed: unhex_array(&self.sealed).ok_or(Malformed("sealed"))?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{Escrow, EscrowError, ListSecret};
    use crate::dice::FixedDice;
    use crate::domain::people::Role;
    use crate::sealing::bytes::hex;
    use crate::sealing::fixture::{SECRET, identity, statistician, trial};
    use crate::sealing::manifest::ListPurpose;

    fn escrow() -> Escrow {
        let secret = ListSecret::from_bytes(SECRET);
        let cards = [
            statistician().card().clone(),
            identity(91, "stat-2", Role::Statistician).card().clone(),
        ];
        let of = (&trial(), 0, ListPurpose::Live);
        Escrow::seal(&secret, of, &cards, &FixedDice::new(5)).unwrap()
    }

    // shows: SG-1, I10
    #[test]
    fn the_secret_is_stored_only_sealed_and_each_named_person_can_unseal_it() {
        let text = escrow().to_json();
        assert!(!text.contains(&hex(&SECRET)));
        let read = Escrow::from_json(&text).unwrap();
        assert_eq!(read, escrow());
        for one in [statistician(), identity(91, "stat-2", Role::Statistician)] {
            assert_eq!(read.unseal(&one).unwrap().bytes(), &SECRET);
        }
        for thief in
            [identity(92, "stat-3", Role::Statistician), identity(92, "stat-1", Role::Statistician)]
        {
            assert_eq!(read.unseal(&thief).err(), Some(EscrowError::NotSealedToThisKey));
        }
        assert_eq!(format!("{:?}", read.unseal(&statistician()).unwrap()), "ListSecret(32 bytes)");
    }

    #[test]
    fn a_person_with_an_old_and_a_new_card_unseals_with_either() {
        let (old, new) =
            (identity(1, "stat-2", Role::Statistician), identity(2, "stat-2", Role::Statistician));
        let cards = [old.card().clone(), new.card().clone()];
        let of = (&trial(), 0, ListPurpose::Live);
        let secret = ListSecret::from_bytes(SECRET);
        let escrow = Escrow::seal(&secret, of, &cards, &FixedDice::new(5)).unwrap();
        for one in [old, new] {
            assert_eq!(escrow.unseal(&one).unwrap().bytes(), &SECRET);
        }
    }

    #[test]
    fn a_sealed_secret_is_bound_to_trial_segment_person_and_commitment() {
        let good = escrow();
        let mut moved = good.clone();
        moved.segment = 1;
        assert_eq!(moved.unseal(&statistician()).err(), Some(EscrowError::NotSealedToThisKey));
        let mut moved = good.clone();
        moved.trial = crate::domain::ids::TrialId::parse("TEST-0002").unwrap();
        assert_eq!(moved.unseal(&statistician()).err(), Some(EscrowError::NotSealedToThisKey));
        let mut swapped = good.clone();
        swapped.sealed[0].sealed = good.sealed[1].sealed;
        assert_eq!(swapped.unseal(&statistician()).err(), Some(EscrowError::NotSealedToThisKey));
        let mut other = good.clone();
        other.seed_commit[0] ^= 1;
        assert_eq!(other.unseal(&statistician()).err(), Some(EscrowError::OtherSecret));
    }

    #[test]
    fn an_escrow_file_with_an_unknown_key_or_a_wrong_part_is_refused() {
        let text = escrow().to_json();
        let refused = |from: &str, to: &str| Escrow::from_json(&text.replacen(from, to, 1)).err();
        assert_eq!(
            refused("\"trial\"", "\"secret\":1,\"trial\""),
            Some(EscrowError::Malformed("its JSON"))
        );
        assert_eq!(
            refused("\"person\"", "\"arm\":1,\"person\""),
            Some(EscrowError::Malformed("its JSON"))
        );
        assert_eq!(refused("secret/v1", "secret/v2"), Some(EscrowError::Malformed("klero")));
        assert_eq!(refused("live", "dead"), Some(EscrowError::Malformed("purpose")));
        assert_eq!(refused("stat-1", "Stat 1"), Some(EscrowError::Malformed("person")));
    }
}
