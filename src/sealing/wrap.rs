//! Sealing something to one person (RFC 9180). The only file that names `hpke`.

use super::bytes::{label, lp, put_u32};
use super::centre_key::CentreKey;
use super::slot::Wrap;
use crate::dice::{Dice, roll};
use crate::domain::ids::{CentreId, PersonId, TrialId};
use hpke::rand_core::{Infallible, TryCryptoRng, TryRng};
use hpke::{Deserializable, Kem, OpModeR, OpModeS, Serializable};
use hpke::{aead::AesGcm256, kdf::HkdfSha256, kem::DhP256HkdfSha256};
use std::fmt;
use zeroize::Zeroizing;

/// `enc (65) ‖ ciphertext (32 + 16)`: anything of 32 bytes, sealed to one person.
pub const SEALED_TO_PERSON: usize = 113;

/// A public point that is not on the curve, or the point at infinity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotAPoint;

impl fmt::Display for NotAPoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the public card's opening key is not a point of P-256")
    }
}

impl std::error::Error for NotAPoint {}

/// It was sealed to another person's key, or for another trial, centre or epoch, or it was altered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotWrappedToThisKey;

impl fmt::Display for NotWrappedToThisKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("this was not wrapped to this key")
    }
}

impl std::error::Error for NotWrappedToThisKey {}

/// The private half of an opening key, in the form HPKE needs it. `Debug` shows nothing.
pub struct OpeningKey(<DhP256HkdfSha256 as Kem>::PrivateKey);

impl OpeningKey {
    /// `DeriveKeyPair(ikm)` of DHKEM(P-256, HKDF-SHA256).                                 design 4, RFC 9180 7.1.3
    pub(super) fn derive(ikm: &[u8; 32]) -> Self {
        Self(DhP256HkdfSha256::derive_keypair(ikm).0)
    }

    /// A scalar from 1 to the group's order − 1, 32 bytes big-endian.
    pub(super) fn from_scalar(scalar: &[u8]) -> Option<Self> {
        <DhP256HkdfSha256 as Kem>::PrivateKey::from_bytes(scalar).ok().map(Self)
    }

    /// The scalar, to be sealed under a passphrase.
    pub(super) fn scalar(&self) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(self.0.to_bytes().into())
    }

    /// The public point, uncompressed.
    pub fn public(&self) -> [u8; 65] {
        DhP256HkdfSha256::sk_to_pk(&self.0).to_bytes().into()
    }
}

impl fmt::Debug for OpeningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OpeningKey(private)")
    }
}

/// Whose centre key it is, and for whom: what a wrap is bound to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrapPlace {
    /// The trial.
    pub trial: TrialId,
    /// The centre whose slots the key opens.
    pub centre: CentreId,
    /// The key's number, from 1.
    pub epoch: u32,
    /// The one person who can unwrap it.
    pub person: PersonId,
}

impl WrapPlace {
    /// See [`info`].
    fn info(&self) -> Vec<u8> {
        info(self.trial.as_str(), self.centre.as_str(), self.epoch, self.person.as_str())
    }
}

/// `info = "klero/v1/wrap" ‖ 00 ‖ LP(trial) ‖ LP(centre) ‖ u32(epoch) ‖ LP(person)`                         design 4
pub(super) fn info(trial: &str, centre: &str, epoch: u32, person: &str) -> Vec<u8> {
    let mut out = label("wrap");
    lp(&mut out, trial);
    lp(&mut out, centre);
    put_u32(&mut out, epoch);
    lp(&mut out, person);
    out
}

/// Wraps a centre key to the opening key of one person: see [`seal_to`] and [`info`].
pub fn wrap(
    key: &CentreKey,
    at: &WrapPlace,
    opening: &[u8; 65],
    dice: &dyn Dice,
) -> Result<Wrap, NotAPoint> {
    let sealed = seal_to(opening, &at.info(), key.bytes(), dice)?;
    Ok(Wrap::from_bytes(&sealed).expect("sealed to a person is 113 bytes long, as a wrap is"))
}

/// Takes a centre key out of its wrap.
pub fn unwrap(
    wrap: &Wrap,
    at: &WrapPlace,
    opening: &OpeningKey,
) -> Result<CentreKey, NotWrappedToThisKey> {
    let key = open_from(opening, &at.info(), wrap.as_bytes())?;
    Ok(CentreKey::from_bytes(*key))
}

/// `enc (65) ‖ HPKE(base, DHKEM(P-256, HKDF-SHA256), HKDF-SHA256, AES-256-GCM; info, aad empty)`  design 4, RFC 9180
///
/// The ephemeral key is derived from 32 bytes of dice: fixed dice give the same 113 bytes again.
pub(super) fn seal_to(
    opening: &[u8; 65],
    info: &[u8],
    plaintext: &[u8; 32],
    dice: &dyn Dice,
) -> Result<[u8; SEALED_TO_PERSON], NotAPoint> {
    let to = <DhP256HkdfSha256 as Kem>::PublicKey::from_bytes(opening).map_err(|_| NotAPoint)?;
    let (enc, ciphertext) = hpke::single_shot_seal_with_rng::<
        AesGcm256,
        HkdfSha256,
        DhP256HkdfSha256,
    >(&OpModeS::Base, &to, info, plaintext, &[], &mut DiceRng(dice))
    .map_err(|_| NotAPoint)?;
    let sealed = [&enc.to_bytes()[..], &ciphertext].concat();
    Ok(sealed.try_into().expect("a point of 65, 32 bytes and a tag of 16"))
}

/// Takes 32 bytes out of what [`seal_to`] made.
pub(super) fn open_from(
    opening: &OpeningKey,
    info: &[u8],
    sealed: &[u8; SEALED_TO_PERSON],
) -> Result<Zeroizing<[u8; 32]>, NotWrappedToThisKey> {
    let (enc, ciphertext) = sealed.split_at(65);
    let enc =
        <DhP256HkdfSha256 as Kem>::EncappedKey::from_bytes(enc).map_err(|_| NotWrappedToThisKey)?;
    let plaintext = hpke::single_shot_open::<AesGcm256, HkdfSha256, DhP256HkdfSha256>(
        &OpModeR::Base,
        &opening.0,
        &enc,
        info,
        ciphertext,
        &[],
    )
    .map(Zeroizing::new)
    .map_err(|_| NotWrappedToThisKey)?;
    let bytes = plaintext.as_slice().try_into().map_err(|_| NotWrappedToThisKey)?;
    Ok(Zeroizing::new(bytes))
}

/// Our dice in the shape that `hpke` asks for. It draws 32 bytes once a wrap.
struct DiceRng<'d>(&'d dyn Dice);

impl TryRng for DiceRng<'_> {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok(u32::from_le_bytes(roll(self.0)))
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        Ok(u64::from_le_bytes(roll(self.0)))
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        self.0.fill(bytes);
        Ok(())
    }
}

impl TryCryptoRng for DiceRng<'_> {}

#[cfg(test)]
mod tests {
    use super::{
        DiceRng, NotAPoint, NotWrappedToThisKey, OpeningKey, TryRng, WrapPlace, unwrap, wrap,
    };
    use crate::dice::{FixedDice, roll};
    use crate::domain::ids::TrialId;
    use crate::domain::people::Role;
    use crate::sealing::centre_key::CentreKey;
    use crate::sealing::fixture::{centre, identity, person, trial};
    use crate::sealing::slot::Wrap;

    fn place() -> WrapPlace {
        WrapPlace { trial: trial(), centre: centre("east"), epoch: 1, person: person("p-1") }
    }

    // shows: I10
    #[test]
    fn a_wrap_opens_for_one_person_centre_and_epoch_of_one_trial() {
        let holder = identity(1, "p-1", Role::Pharmacist);
        let key = CentreKey::from_bytes([5; 32]);
        let wrapped = wrap(&key, &place(), &holder.card().opening, &FixedDice::new(8)).unwrap();
        let got = unwrap(&wrapped, &place(), holder.opening()).unwrap();
        assert_eq!(got.bytes(), key.bytes());
        for moved in [
            WrapPlace { trial: TrialId::parse("TEST-0002").unwrap(), ..place() },
            WrapPlace { centre: centre("west"), ..place() },
            WrapPlace { epoch: 2, ..place() },
            WrapPlace { person: person("p-2"), ..place() },
        ] {
            let opened = unwrap(&wrapped, &moved, holder.opening());
            assert_eq!(opened.err(), Some(NotWrappedToThisKey), "{moved:?}");
        }
        let thief = identity(2, "p-1", Role::Pharmacist);
        assert!(unwrap(&wrapped, &place(), thief.opening()).is_err());
        for at in 0..113 {
            let mut altered = *wrapped.as_bytes();
            altered[at] ^= 1;
            let altered = Wrap::from_bytes(&altered).unwrap();
            assert!(unwrap(&altered, &place(), holder.opening()).is_err(), "byte {at}");
        }
    }

    // shows: I2
    #[test]
    fn the_same_dice_wrap_the_same_bytes_and_others_others() {
        let holder = identity(1, "p-1", Role::Pharmacist);
        let key = CentreKey::from_bytes([5; 32]);
        let wrapped =
            |seed| wrap(&key, &place(), &holder.card().opening, &FixedDice::new(seed)).unwrap();
        assert_eq!(wrapped(8), wrapped(8));
        assert_ne!(wrapped(8), wrapped(9));
    }

    #[test]
    fn nothing_is_wrapped_to_what_is_not_a_point() {
        let key = CentreKey::from_bytes([5; 32]);
        let mut point = identity(1, "p-1", Role::Pharmacist).card().opening;
        point[64] ^= 1;
        for wrong in [point, [0; 65]] {
            assert_eq!(wrap(&key, &place(), &wrong, &FixedDice::new(8)), Err(NotAPoint));
        }
        assert!(OpeningKey::from_scalar(&[0; 32]).is_none());
        assert!(OpeningKey::from_scalar(&[0xff; 32]).is_none(), "beyond the group's order");
    }

    // shows: I1
    #[test]
    fn a_key_in_a_log_shows_nothing() {
        assert_eq!(format!("{:?}", CentreKey::from_bytes([5; 32])), "CentreKey(32 bytes)");
        assert_eq!(format!("{:?}", OpeningKey::derive(&[5; 32])), "OpeningKey(private)");
    }

    #[test]
    fn the_dice_of_the_wraps_are_ours_whatever_is_asked_of_them() {
        let rolled = FixedDice::new(4);
        let (four, eight): ([u8; 4], [u8; 8]) = (roll(&rolled), roll(&rolled));
        let (dice, mut bytes) = (FixedDice::new(4), [0; 3]);
        let mut rng = DiceRng(&dice);
        assert_eq!(rng.try_next_u32(), Ok(u32::from_le_bytes(four)));
        assert_eq!(rng.try_next_u64(), Ok(u64::from_le_bytes(eight)));
        assert_eq!(rng.try_fill_bytes(&mut bytes), Ok(()));
        assert_eq!(bytes, roll::<3>(&rolled));
    }
}
