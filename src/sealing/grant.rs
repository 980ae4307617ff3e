//! A signed grant: an existing holder gives a newcomer the key of a centre, and says so over their signature (design 4).
//!
//! The service checks it and keeps it; it could not have made it, so an administrator alone can give nobody anything.

use super::bytes::{Hash, hex};
use super::signature::{Purpose, verify};
use super::slot::Wrap;
use crate::domain::ids::{CentreId, PersonId, TrialId};

#[cfg(feature = "offline")]
pub use give::grant_key;

/// What the giver signs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// The trial.
    pub trial: TrialId,
    /// The centre whose slots the key opens.
    pub centre: CentreId,
    /// The key's number.
    pub epoch: u32,
    /// Who is given it.
    pub person: PersonId,
    /// The card it was wrapped to, as it was compared by voice.
    pub fingerprint: [u8; 16],
    /// SHA-256 of the wrap.
    pub wrap: Hash,
    /// Who gives it.
    pub by: PersonId,
}

impl Grant {
    /// The exact bytes that are signed: compact JSON, keys in this order.
    pub fn text(&self) -> String {
        serde_json::json!({
            "trial": self.trial.as_str(),
            "centre": self.centre.as_str(),
            "epoch": self.epoch,
            "person": self.person.as_str(),
            "fingerprint": hex(&self.fingerprint),
            "wrap": hex(&self.wrap),
            "by": self.by.as_str(),
        })
        .to_string()
    }

    /// Is this the giver's signature over these very bytes? `giver` is the signing point on the giver's card.
    pub fn is_signed(&self, giver: &[u8; 65], signature: &[u8; 64]) -> bool {
        verify(giver, Purpose::Grant, self.text().as_bytes(), signature)
    }
}

/// A centre key on its way to a newcomer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GivenKey {
    /// What was signed.
    pub grant: Grant,
    /// By the giver.
    pub signature: [u8; 64],
    /// The key, wrapped to the newcomer.
    pub wrap: Wrap,
}

/// Giving a key happens on the giver's own machine.
#[cfg(feature = "offline")]
mod give {
    use super::{GivenKey, Grant};
    use crate::dice::Dice;
    use crate::sealing::bytes::sha256;
    use crate::sealing::card::Card;
    use crate::sealing::centre_key::CentreKey;
    use crate::sealing::identity::Identity;
    use crate::sealing::signature::Purpose;
    use crate::sealing::wrap::{NotAPoint, WrapPlace, wrap};

    /// Wraps a centre key to a newcomer and signs for it. The giver has compared the fingerprint by voice.
    ///
    /// `of` is the giver's own place: trial, centre and epoch are taken from it.
    ///
    /// # Errors
    /// [`NotAPoint`] when the newcomer's card does not hold a point of the curve.
    pub fn grant_key(
        key: &CentreKey,
        of: &WrapPlace,
        to: &Card,
        by: &Identity,
        dice: &dyn Dice,
    ) -> Result<GivenKey, NotAPoint> {
        let at = WrapPlace { person: to.person.clone(), ..of.clone() };
        let wrap = wrap(key, &at, &to.opening, dice)?;
        let grant = Grant {
            trial: at.trial,
            centre: at.centre,
            epoch: at.epoch,
            person: at.person,
            fingerprint: to.fingerprint(),
            wrap: sha256(wrap.as_bytes()),
            by: by.card().person.clone(),
        };
        let signature = by.sign(Purpose::Grant, grant.text().as_bytes());
        Ok(GivenKey { grant, signature, wrap })
    }
}

#[cfg(feature = "offline")]
#[cfg(test)]
mod tests {
    use super::{Grant, grant_key};
    use crate::dice::FixedDice;
    use crate::domain::people::Role;
    use crate::sealing::bytes::sha256;
    use crate::sealing::centre_key::CentreKey;
    use crate::sealing::fixture::{centre, identity, person, trial};
    use crate::sealing::wrap::{WrapPlace, unwrap};

    // shows: I1, I11
    #[test]
    fn a_newcomer_unwraps_what_was_granted_and_every_word_of_the_grant_is_signed() {
        let dice = FixedDice::new(1);
        let (giver, newcomer) =
            (identity(1, "p-1", Role::Pharmacist), identity(2, "p-2", Role::Pharmacist));
        let key = CentreKey::roll(&dice);
        let of = WrapPlace {
            trial: trial(),
            centre: centre("east"),
            epoch: 3,
            person: giver.card().person.clone(),
        };
        let given = grant_key(&key, &of, newcomer.card(), &giver, &dice).unwrap();
        let at = WrapPlace { person: person("p-2"), ..of };
        let got = unwrap(&given.wrap, &at, newcomer.opening()).unwrap();
        assert_eq!(got.bytes(), key.bytes());
        assert_eq!(
            given.grant.text(),
            format!(
                r#"{{"trial":"TEST-0001","centre":"east","epoch":3,"person":"p-2","fingerprint":"{}","wrap":"{}","by":"p-1"}}"#,
                crate::sealing::bytes::hex(&newcomer.card().fingerprint()),
                crate::sealing::bytes::hex(&sha256(given.wrap.as_bytes())),
            )
        );
        let signing = giver.card().signing;
        assert!(given.grant.is_signed(&signing, &given.signature));
        assert!(!given.grant.is_signed(&newcomer.card().signing, &given.signature));
        let signed = given.grant;
        for forged in [
            Grant { trial: crate::domain::ids::TrialId::parse("T").unwrap(), ..signed.clone() },
            Grant { centre: centre("west"), ..signed.clone() },
            Grant { epoch: 4, ..signed.clone() },
            Grant { person: person("p-3"), ..signed.clone() },
            Grant { fingerprint: [0; 16], ..signed.clone() },
            Grant { wrap: [0; 32], ..signed.clone() },
            Grant { by: person("p-3"), ..signed.clone() },
        ] {
            assert!(!forged.is_signed(&signing, &given.signature), "{forged:?}");
        }
    }
}
