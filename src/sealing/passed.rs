//! One slot's key on its way to the centre that prepares from now on, after a participant moved there (DI-12). Stratum,
//! code and seal stay as they are; whoever passes the key on opens nothing, and the other slots stay closed to the new
//! centre.
//!
//! ```text
//! slot key     = HKDF(salt empty, ikm old centre key, info slot aad, 32)                        as in `centre_key`
//! info         = "klero/v1/passed-key" ‖ 00 ‖ slot aad ‖ LP(new centre) ‖ u32(new epoch)
//! key          = HKDF(salt empty, ikm new centre key, info, 32)
//! passed (60)  = nonce 12 ‖ AES-256-GCM(key, nonce, aad = info, slot key)
//! signed       = "klero/v1/grant" ‖ 00 ‖ {"trial","participant","code","centre","epoch","sealed":"<SHA-256>","by"}
//! ```

use super::bytes::{Hash, hex, label, lp, put_u32};
use super::signature::{Purpose, verify};
use super::slot::Place;
use crate::domain::ids::{CentreId, Code, EnrolmentNumber, PersonId, TrialId};

#[cfg(feature = "offline")]
pub use pass::{pass_key, sign_passed, take_key};

/// What whoever passes a slot's key on signs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PassedTerms {
    /// The trial.
    pub trial: TrialId,
    /// Whose slot it is.
    pub participant: EnrolmentNumber,
    /// Its code.
    pub code: Code,
    /// The centre that gets the key.
    pub centre: CentreId,
    /// The number of that centre's key, under which it travels.
    pub epoch: u32,
    /// SHA-256 of the passed key.
    pub sealed: Hash,
    /// Who passes it on.
    pub by: PersonId,
}

impl PassedTerms {
    /// The exact bytes that are signed: compact JSON, keys in this order.
    pub fn text(&self) -> String {
        serde_json::json!({
            "trial": self.trial.as_str(),
            "participant": self.participant.as_str(),
            "code": self.code.to_string(),
            "centre": self.centre.as_str(),
            "epoch": self.epoch,
            "sealed": hex(&self.sealed),
            "by": self.by.as_str(),
        })
        .to_string()
    }

    /// Is this the signature of whoever passes it on, over these very bytes?
    pub fn is_signed(&self, by: &[u8; 65], signature: &[u8; 64]) -> bool {
        verify(by, Purpose::Grant, self.text().as_bytes(), signature)
    }
}

/// `"klero/v1/passed-key" ‖ 00 ‖ slot aad ‖ LP(new centre) ‖ u32(new epoch)`
pub fn info(at: &Place, to: &CentreId, epoch: u32) -> Vec<u8> {
    let mut out = label("passed-key");
    out.extend(at.aad());
    lp(&mut out, to.as_str());
    put_u32(&mut out, epoch);
    out
}

/// Passing on and taking happen on holders' own machines.
#[cfg(feature = "offline")]
mod pass {
    use super::{PassedTerms, info};
    use crate::domain::ids::CentreId;
    use crate::sealing::aead;
    use crate::sealing::bytes::hkdf;
    use crate::sealing::centre_key::{CentreKey, SlotKey};
    use crate::sealing::identity::Identity;
    use crate::sealing::signature::Purpose;
    use crate::sealing::slot::{PassedKey, Place};
    use zeroize::Zeroizing;

    /// Seals one slot's key, which the old centre's key gives, to the new centre's key. The nonce must be random.
    pub fn pass_key(
        old: &CentreKey,
        at: &Place,
        (new, to, epoch): (&CentreKey, &CentreId, u32),
        nonce: [u8; 12],
    ) -> PassedKey {
        let info = info(at, to, epoch);
        let key = Zeroizing::new(hkdf(&[], new.bytes(), &info));
        let sealed = aead::seal(&key, nonce, &info, &old.slot_key(at)[..]);
        PassedKey::from_bytes(&sealed).expect("12 of nonce, 32 of key, 16 of tag")
    }

    /// Takes a slot's key out of what was passed on. Nothing when the key is another, or anything was moved or altered.
    pub fn take_key(
        passed: &PassedKey,
        at: &Place,
        (new, to, epoch): (&CentreKey, &CentreId, u32),
    ) -> Option<SlotKey> {
        let info = info(at, to, epoch);
        let key = Zeroizing::new(hkdf(&[], new.bytes(), &info));
        let bytes = aead::open(&key, &info, passed.as_bytes())?;
        Some(SlotKey::from_bytes(bytes.as_slice().try_into().ok()?))
    }

    /// Signs for a key that is passed on.
    pub fn sign_passed(terms: &PassedTerms, by: &Identity) -> [u8; 64] {
        by.sign(Purpose::Grant, terms.text().as_bytes())
    }
}

#[cfg(feature = "offline")]
#[cfg(test)]
mod tests {
    use super::{PassedTerms, info, pass_key, sign_passed, take_key};
    use crate::dice::FixedDice;
    use crate::domain::ids::{CentreId, EnrolmentNumber, TrialId};
    use crate::domain::people::Role;
    use crate::sealing::bytes::{hex, sha256};
    use crate::sealing::centre_key::CentreKey;
    use crate::sealing::fixture::{centre, identity, person, story};
    use crate::sealing::open::{NotProven, open, open_with};
    use crate::sealing::samples::place;
    use crate::sealing::seal::seal;
    use crate::sealing::slot::{LeafPath, PassedKey, Place};
    use crate::sealing::tree;

    /// The vector of this format: keys of equal bytes, so that a second program can be held against it.
    #[test]
    fn a_passed_key_has_the_bytes_of_the_vector() {
        let (old, new) = (CentreKey::from_bytes([1; 32]), CentreKey::from_bytes([2; 32]));
        let to = CentreId::parse("renji-west").unwrap();
        assert_eq!(
            hex(&info(&place(), &to, 3)[..20]),
            "6b6c65726f2f76312f7061737365642d6b657900",
            "klero/v1/passed-key and a zero"
        );
        let passed = pass_key(&old, &place(), (&new, &to, 3), [3; 12]);
        assert_eq!(hex(passed.as_bytes()), VECTOR);
        let taken = take_key(&passed, &place(), (&new, &to, 3)).unwrap();
        assert_eq!(taken.bytes(), &*old.slot_key(&place()));
    }

    const VECTOR: &str = "030303030303030303030303e163594cc7dd27124960cdc329d5620d2651e54e4bcb04b404c67039\
                          ca5f5419a98828b8dd634ea9562b52ffec003345";

    // shows: DI-12, I10
    #[test]
    fn the_new_centre_opens_this_slot_and_no_other_and_a_moved_or_altered_key_opens_none() {
        let story = story();
        let (list, pinned) = (&story.list, &story.package.manifest.manifest);
        let (old, new) = (CentreKey::roll(&FixedDice::new(1)), CentreKey::roll(&FixedDice::new(2)));
        let slot = |index: usize| {
            let row = &list.rows()[index];
            let at = list.place(row, 1);
            let sealed = seal(&row.arm, &row.salt, &at, &old, [index as u8; 12]);
            let path = tree::path(list.leaves(), index as u64);
            let path = LeafPath { index: index as u64, size: pinned.total(), path };
            (sealed, at, path, row.arm.name(pinned).to_owned())
        };
        let (sealed, at, path, arm) = slot(3);
        let west = centre("west");
        let passed = pass_key(&old, &at, (&new, &west, 1), [9; 12]);
        let key = take_key(&passed, &at, (&new, &west, 1)).unwrap();
        let opened = open_with(&sealed, &at, &key, &path, pinned).unwrap();
        assert_eq!(opened.name(pinned), arm);
        assert_eq!(
            open(&sealed, &at, &new, &path, pinned).map(|_| ()),
            Err(NotProven::DoesNotOpen)
        );
        let (other, there, path, _) = slot(4);
        let opened = open_with(&other, &there, &key, &path, pinned).map(|_| ());
        assert_eq!(opened, Err(NotProven::DoesNotOpen));
        for (moved, to, epoch) in [(&there, &west, 1), (&at, &centre("east"), 1), (&at, &west, 2)] {
            assert!(take_key(&passed, moved, (&new, to, epoch)).is_none());
        }
        assert!(take_key(&passed, &at, (&old, &west, 1)).is_none());
        for byte in 0..60 {
            let mut altered = *passed.as_bytes();
            altered[byte] ^= 1;
            let altered = PassedKey::from_bytes(&altered).unwrap();
            assert!(take_key(&altered, &at, (&new, &west, 1)).is_none(), "{byte}");
        }
    }

    #[test]
    fn every_word_of_what_is_passed_on_is_signed() {
        let by = identity(1, "hot-1", Role::Hotline);
        let at: Place = place();
        let terms = PassedTerms {
            trial: at.trial.clone(),
            participant: EnrolmentNumber::parse("RJS-001").unwrap(),
            code: at.code,
            centre: centre("west"),
            epoch: 2,
            sealed: sha256(b"passed"),
            by: person("hot-1"),
        };
        let signature = sign_passed(&terms, &by);
        assert!(terms.is_signed(&by.card().signing, &signature));
        for forged in [
            PassedTerms { trial: TrialId::parse("T").unwrap(), ..terms.clone() },
            PassedTerms {
                participant: EnrolmentNumber::parse("RJS-002").unwrap(),
                ..terms.clone()
            },
            PassedTerms { centre: centre("east"), ..terms.clone() },
            PassedTerms { epoch: 1, ..terms.clone() },
            PassedTerms { sealed: [0; 32], ..terms.clone() },
            PassedTerms { by: person("hot-2"), ..terms.clone() },
        ] {
            assert!(!forged.is_signed(&by.card().signing, &signature), "{forged:?}");
        }
    }
}
