//! A slot on its way: where it belongs, and the opaque bytes that stand for its arm (design 4).
//!
//! ```text
//! aad    = "klero/v1/slot" ‖ 00 ‖ LP(trial) ‖ u32(segment) ‖ LP(stratum) ‖ u32(position) ‖ LP(code) ‖ u32(epoch)
//! sealed = nonce 12 ‖ AES-256-GCM(slot key, nonce, aad, payload 64)  =  92 bytes
//! locked = nonce 12 ‖ AES-256-GCM(lock key, nonce, aad, sealed)      = 120 bytes
//! wrap   = enc 65 ‖ ciphertext 48                                    = 113 bytes (HPKE, RFC 9180)
//! ```

use super::bytes::{Hash, label, lp, put_u32};
use crate::domain::ids::{CentreId, Code, StratumId, TrialId};
use std::fmt;

/// Keys of training lists beside the one that issues are numbered above this, and no others: so a drill's key is known by
/// its number, and a rotation never meets it.
pub const DRILL_EPOCHS: u32 = 1_000_000;

/// Where a slot belongs. Seal and lock are bound to every part of it, so a slot that was moved does not open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The trial.
    pub trial: TrialId,
    /// The list's extension, from 0.
    pub segment: u32,
    /// The stratum.
    pub stratum: StratumId,
    /// The place in the stratum's order, from 0.
    pub position: u32,
    /// The code that is spoken.
    pub code: Code,
    /// The number of the centre key, from 1; a rotation counts on.
    pub epoch: u32,
}

impl Place {
    /// The bytes that seal and lock are bound to.
    pub fn aad(&self) -> Vec<u8> {
        let mut aad = label("slot");
        lp(&mut aad, self.trial.as_str());
        put_u32(&mut aad, self.segment);
        lp(&mut aad, self.stratum.as_str());
        put_u32(&mut aad, self.position);
        lp(&mut aad, &self.code.to_string());
        put_u32(&mut aad, self.epoch);
        aad
    }
}

/// The centre a stratum belongs to: its name up to the first `/`. Nothing when that is no centre's name.
pub fn centre_of(stratum: &StratumId) -> Option<CentreId> {
    CentreId::parse(stratum.as_str().split('/').next()?).ok()
}

macro_rules! opaque {
    ($(#[$doc:meta])* $name:ident, $length:literal) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq)]
        pub struct $name([u8; $length]);

        impl $name {
            /// Its length in bytes, which never varies.
            pub const LENGTH: usize = $length;

            /// Takes bytes of exactly this length.
            pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
                bytes.try_into().ok().map(Self)
            }

            /// The bytes as they are stored and travel.
            pub fn as_bytes(&self) -> &[u8; $length] {
                &self.0
            }
        }

        impl fmt::Debug for $name {
            /// The length and no byte more: what is sealed has no business in a log.
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "(", $length, " bytes)"))
            }
        }
    };
}

opaque!(
    /// An arm under the centre key: what leaves the service with a release, and what the statistician sends in.
    SealedArm,
    92
);
opaque!(
    /// A sealed arm under the service's lock: the only form that is stored (I10).
    LockedArm,
    120
);
opaque!(
    /// A centre key wrapped to one person.
    Wrap,
    113
);
opaque!(
    /// One slot's key under another centre's key, after a participant moved there.
    PassedKey,
    60
);

/// The path from a slot's leaf to the root in the manifest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeafPath {
    /// The leaf's number over all strata in manifest order.
    pub index: u64,
    /// How many leaves the list has.
    pub size: u64,
    /// The neighbours, lowest first.
    pub path: Vec<Hash>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sealing::bytes::hex;
    use crate::sealing::samples::{moved, place, text, vector};
    use std::collections::BTreeSet;

    #[test]
    fn the_bytes_a_slot_is_bound_to_are_those_of_the_vector() {
        assert_eq!(hex(&place().aad()), text(&vector("slot"), "aad"));
    }

    // shows: I10
    #[test]
    fn every_part_of_a_place_changes_the_bytes_the_slot_is_bound_to() {
        let mut all: BTreeSet<_> = moved().into_iter().map(|(_, place)| place.aad()).collect();
        all.insert(place().aad());
        assert_eq!(all.len(), 7);
    }

    #[test]
    fn sealed_bytes_have_one_length_and_are_not_printed() {
        assert_eq!(format!("{:?}", SealedArm::from_bytes(&[7; 92])), "Some(SealedArm(92 bytes))");
        assert_eq!(format!("{:?}", LockedArm([7; 120])), "LockedArm(120 bytes)");
        assert_eq!(format!("{:?}", Wrap([7; 113])), "Wrap(113 bytes)");
        assert!(SealedArm::from_bytes(&[0; 91]).is_none());
        assert!(LockedArm::from_bytes(&[0; 121]).is_none());
        assert!(Wrap::from_bytes(&[]).is_none());
    }

    #[test]
    fn a_stratum_belongs_to_the_centre_before_its_first_slash() {
        let centre = |name: &str| centre_of(&StratumId::parse(name).unwrap());
        assert_eq!(centre("renji-south/lldas/x"), CentreId::parse("renji-south").ok());
        assert_eq!(centre("all"), CentreId::parse("all").ok());
        assert_eq!(centre("/lldas"), None);
        assert_eq!(centre("华山/lldas"), None);
    }
}
