//! Sealed records (design 4, 6): what tells the arm is sealed on its writer's own device to the centre key, and the service
//! locks it as it locks slots. Lot, expiry, vials and waste of a preparation; an event of the stock; and what is written
//! about a code break once the arm is known.
//!
//! ```text
//! info       = "klero/v1/pharmacy-record" ‖ 00 ‖ LP(trial) ‖ LP(record)
//!              "klero/v1/break-record" ‖ 00 ‖ LP(trial) ‖ LP(record)                      about a code break
//! record key = HKDF(salt empty, ikm centre key, info, 32)                                               RFC 5869
//! plaintext  = text in UTF-8, filled up with spaces to the one length of its kind: 1024, 512 or 4096 bytes
//! sealed     = nonce 12 ‖ AES-256-GCM(record key, nonce, info, plaintext)             = 1052, 540 or 4124 bytes
//! locked     = nonce 12 ‖ AES-256-GCM(lock key, nonce, aad, sealed)                   = 1080, 568 or 4152 bytes
//! aad        = "klero/v1/pharmacy-lock" ‖ 00 ‖ LP(trial) ‖ LP(centre) ‖ LP(record) ‖ u32(epoch) ‖ LP(kind)
//!              "klero/v1/break-lock" ‖ 00 ‖ the same                                      about a code break
//! ```
//! The device rolls the record's name before it seals, since the seal is bound to it; the service refuses a name that was
//! used. The lock key is the slots' own: the labels at the beginning of each aad keep them apart.

use super::bytes::{label, lp, put_u32};
use super::lock::{NotOurLock, ServerSecret};
#[cfg(feature = "offline")]
use super::{aead, centre_key::CentreKey};
use crate::domain::ids::{CentreId, Reference, TrialId};
use std::fmt;
#[cfg(feature = "offline")]
use zeroize::Zeroizing;

/// What a sealed record is about. Each kind has one length, whatever it says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RecordKind {
    /// One preparation, saline too: products, lots, times, waste.
    Preparation,
    /// One event of the stock. Which event it is, is sealed too.
    Stock,
    /// What is written about a code break once the arm is known: relatedness, and whatever could tell the arm.
    Break,
}

impl RecordKind {
    /// All three.
    pub const ALL: [RecordKind; 3] =
        [RecordKind::Preparation, RecordKind::Stock, RecordKind::Break];

    /// The word that travels and is stored.
    pub fn as_str(self) -> &'static str {
        match self {
            RecordKind::Preparation => "preparation",
            RecordKind::Stock => "stock",
            RecordKind::Break => "break",
        }
    }

    /// Reads the word back.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }

    /// Bytes of the filled-up text.
    pub fn plain(self) -> usize {
        match self {
            RecordKind::Preparation => 1024,
            RecordKind::Stock => 512,
            RecordKind::Break => 4096,
        }
    }

    /// What the labels of seal and lock begin with.
    fn family(self) -> &'static str {
        match self {
            RecordKind::Preparation | RecordKind::Stock => "pharmacy",
            RecordKind::Break => "break",
        }
    }

    /// Bytes as the device sends them: a nonce before, a tag behind.
    pub fn sealed(self) -> usize {
        12 + self.plain() + 16
    }

    /// Bytes as they are stored.
    pub fn locked(self) -> usize {
        12 + self.sealed() + 16
    }
}

/// Where a record belongs: what its lock is bound to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordPlace {
    /// The trial.
    pub trial: TrialId,
    /// The centre whose key seals it.
    pub centre: CentreId,
    /// Its own name.
    pub record: Reference,
    /// The number of the centre key.
    pub epoch: u32,
    /// What it is about.
    pub kind: RecordKind,
}

impl RecordPlace {
    /// What the lock is bound to.
    fn aad(&self) -> Vec<u8> {
        let mut aad = label(&format!("{}-lock", self.kind.family()));
        lp(&mut aad, self.trial.as_str());
        lp(&mut aad, self.centre.as_str());
        lp(&mut aad, self.record.as_str());
        put_u32(&mut aad, self.epoch);
        lp(&mut aad, self.kind.as_str());
        aad
    }

    /// What the seal is bound to. Centre and epoch are in the key.
    #[cfg(feature = "offline")]
    pub(super) fn info(&self) -> Vec<u8> {
        let mut info = label(&format!("{}-record", self.kind.family()));
        lp(&mut info, self.trial.as_str());
        lp(&mut info, self.record.as_str());
        info
    }
}

macro_rules! bytes_of_a_kind {
    ($(#[$doc:meta])* $name:ident $length:ident) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq)]
        pub struct $name(Vec<u8>);

        impl $name {
            /// Takes bytes of exactly the kind's length.
            pub fn of(kind: RecordKind, bytes: &[u8]) -> Option<Self> {
                (bytes.len() == kind.$length()).then(|| Self(bytes.to_vec()))
            }

            /// The bytes.
            pub fn as_bytes(&self) -> &[u8] {
                &self.0
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({} bytes)"), self.0.len())
            }
        }
    };
}

bytes_of_a_kind!(
    /// A record under the centre key: what the device sends, and what a reader gets.
    SealedRecord sealed
);
bytes_of_a_kind!(
    /// A sealed record under the service's lock: the only form that is stored (I10).
    LockedRecord locked
);

impl ServerSecret {
    /// Locks a sealed record at its place. The nonce must be random and used for nothing else.
    pub fn lock_record(
        &self,
        sealed: &SealedRecord,
        at: &RecordPlace,
        nonce: [u8; 12],
    ) -> LockedRecord {
        LockedRecord(self.lock_bytes(&sealed.0, at.aad(), nonce))
    }

    /// Lifts the lock of a record.
    ///
    /// # Errors
    /// [`NotOurLock`] when the secret is another, the record was moved, or a byte was altered.
    pub fn lift_record(
        &self,
        locked: &LockedRecord,
        at: &RecordPlace,
    ) -> Result<SealedRecord, NotOurLock> {
        let bytes = self.lift_bytes(&locked.0, at.aad())?;
        SealedRecord::of(at.kind, &bytes).ok_or(NotOurLock)
    }
}

/// A text that does not fit into its kind's one length, or that would not come back as it was.
#[cfg(feature = "offline")]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DoesNotFit;

#[cfg(feature = "offline")]
impl fmt::Display for DoesNotFit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the record's text is too long for its kind, or ends with a space")
    }
}

#[cfg(feature = "offline")]
impl std::error::Error for DoesNotFit {}

/// Seals a record's text on its writer's own device.
///
/// # Errors
/// [`DoesNotFit`]: the fields of a record are bounded so that it always fits.
#[cfg(feature = "offline")]
pub fn seal_record(
    key: &CentreKey,
    at: &RecordPlace,
    text: &str,
    nonce: [u8; 12],
) -> Result<SealedRecord, DoesNotFit> {
    if text.len() > at.kind.plain() || text.ends_with(' ') {
        return Err(DoesNotFit);
    }
    let info = at.info();
    let mut filled = Zeroizing::new(text.as_bytes().to_vec());
    filled.resize(at.kind.plain(), b' ');
    Ok(SealedRecord(aead::seal(&key.record_key(&info), nonce, &info, &filled)))
}

/// The text of a record, on its reader's own device. Nothing when the key, the trial or the record's name is another, or
/// a byte was altered: the four cannot be told apart.
#[cfg(feature = "offline")]
pub fn open_record(
    key: &CentreKey,
    at: &RecordPlace,
    sealed: &SealedRecord,
) -> Option<Zeroizing<String>> {
    let info = at.info();
    let filled = aead::open(&key.record_key(&info), &info, &sealed.0)?;
    let text = std::str::from_utf8(&filled).ok()?;
    Some(Zeroizing::new(text.trim_end_matches(' ').to_owned()))
}

#[cfg(feature = "offline")]
#[cfg(test)]
mod tests {
    use super::*;
    use crate::sealing::fixture::{centre, trial};

    const TEXT: &str = r#"{"v":1,"lot":"AB12"}"#;

    fn place(kind: RecordKind) -> RecordPlace {
        let record = Reference::parse("K7Q29MXT").unwrap();
        RecordPlace { trial: trial(), centre: centre("east"), record, epoch: 1, kind }
    }

    fn key() -> CentreKey {
        CentreKey::from_bytes([5; 32])
    }

    fn secret() -> ServerSecret {
        ServerSecret::from_bytes([9; 32])
    }

    fn sealed(kind: RecordKind) -> SealedRecord {
        seal_record(&key(), &place(kind), TEXT, [3; 12]).unwrap()
    }

    // shows: I9, CO-5, DI-5
    #[test]
    fn every_record_of_a_kind_has_one_length_whatever_it_says() {
        for kind in RecordKind::ALL {
            for length in [0, 1, 40, kind.plain() - 1, kind.plain()] {
                let text = "x".repeat(length);
                let sealed = seal_record(&key(), &place(kind), &text, [3; 12]).unwrap();
                assert_eq!(sealed.as_bytes().len(), kind.sealed());
                assert_eq!(*open_record(&key(), &place(kind), &sealed).unwrap(), text);
                let locked = secret().lock_record(&sealed, &place(kind), [4; 12]);
                assert_eq!(locked.as_bytes().len(), kind.locked());
                assert_eq!(secret().lift_record(&locked, &place(kind)), Ok(sealed));
            }
            let long = "x".repeat(kind.plain() + 1);
            for text in [long.as_str(), "ends with a space "] {
                let refused = seal_record(&key(), &place(kind), text, [3; 12]);
                assert_eq!(refused, Err(DoesNotFit));
            }
        }
        assert_eq!(RecordKind::ALL.map(RecordKind::locked), [1080, 568, 4152]);
    }

    // shows: I10
    #[test]
    fn a_record_about_a_code_break_opens_as_no_other_kind_and_is_lifted_as_none() {
        let seal = |kind| seal_record(&key(), &place(kind), TEXT, [3; 12]).unwrap();
        let (pharmacy, about_a_break) = (place(RecordKind::Stock), place(RecordKind::Break));
        assert_ne!(pharmacy.info(), about_a_break.info());
        assert_ne!(pharmacy.aad()[..20], about_a_break.aad()[..20]);
        let sealed = seal(RecordKind::Break);
        assert!(open_record(&key(), &pharmacy, &sealed).is_none());
        let locked = secret().lock_record(&sealed, &about_a_break, [4; 12]);
        assert_eq!(secret().lift_record(&locked, &pharmacy), Err(NotOurLock));
    }

    // shows: I10
    #[test]
    fn a_record_opens_under_its_own_name_trial_and_centre_key_alone() {
        let kind = RecordKind::Preparation;
        let opens =
            |key: &CentreKey, at: RecordPlace| open_record(key, &at, &sealed(kind)).is_some();
        assert!(opens(&key(), place(kind)));
        let other = Reference::parse("ZZZZZZZZ").unwrap();
        let trial = TrialId::parse("TEST-0002").unwrap();
        assert!(!opens(&key(), RecordPlace { record: other, ..place(kind) }));
        assert!(!opens(&key(), RecordPlace { trial, ..place(kind) }));
        assert!(!opens(&CentreKey::from_bytes([6; 32]), place(kind)), "another centre's key");
    }

    // shows: I10
    #[test]
    fn a_lock_is_lifted_at_its_own_place_alone() {
        let kind = RecordKind::Stock;
        let locked = secret().lock_record(&sealed(kind), &place(kind), [4; 12]);
        assert!(secret().lift_record(&locked, &place(kind)).is_ok());
        let here = || place(kind);
        for moved in [
            RecordPlace { trial: TrialId::parse("TEST-0002").unwrap(), ..here() },
            RecordPlace { centre: centre("west"), ..here() },
            RecordPlace { record: Reference::parse("ZZZZZZZZ").unwrap(), ..here() },
            RecordPlace { epoch: 2, ..here() },
            RecordPlace { kind: RecordKind::Preparation, ..here() },
        ] {
            assert_eq!(secret().lift_record(&locked, &moved), Err(NotOurLock), "{moved:?}");
        }
        let thief = ServerSecret::from_bytes([8; 32]);
        assert_eq!(thief.lift_record(&locked, &here()), Err(NotOurLock));
    }

    #[test]
    fn a_flipped_bit_anywhere_is_refused_by_seal_and_lock() {
        let kind = RecordKind::Stock;
        let (sealed, at) = (sealed(kind), place(kind));
        let locked = secret().lock_record(&sealed, &at, [4; 12]);
        for bit in 0..kind.locked() * 8 {
            let mut bytes = locked.0.clone();
            bytes[bit / 8] ^= 1 << (bit % 8);
            let altered = LockedRecord::of(kind, &bytes).unwrap();
            assert_eq!(secret().lift_record(&altered, &at), Err(NotOurLock), "bit {bit}");
        }
        for bit in 0..kind.sealed() * 8 {
            let mut bytes = sealed.0.clone();
            bytes[bit / 8] ^= 1 << (bit % 8);
            let altered = SealedRecord::of(kind, &bytes).unwrap();
            assert!(open_record(&key(), &at, &altered).is_none(), "bit {bit}");
        }
    }

    /// The files that the browser's test opens too.
    #[test]
    fn records_have_the_bytes_of_the_vectors() {
        let pharmacy = include_str!("../../tests/vectors/pharmacy_record.json");
        let about_breaks = include_str!("../../tests/vectors/break_record.json");
        for file in [pharmacy, about_breaks] {
            let results = crate::sealing::vectors::check_file(file).unwrap();
            assert_eq!(results.len(), 2);
            for result in results {
                assert_eq!((result.values, result.difference), (4, None), "{}", result.name);
            }
            let altered = file.replacen("RJS-017", "RJS-018", 1);
            let results = crate::sealing::vectors::check_file(&altered).unwrap();
            assert_eq!(results[0].difference.as_ref().unwrap().value, "sealed");
        }
    }

    #[test]
    fn sealed_records_have_the_length_of_their_kind_and_are_not_printed() {
        let kind = RecordKind::Preparation;
        assert_eq!(format!("{:?}", sealed(kind)), "SealedRecord(1052 bytes)");
        assert_eq!(SealedRecord::of(kind, sealed(RecordKind::Stock).as_bytes()), None);
        assert_eq!(LockedRecord::of(kind, &[0; 1081]), None);
        assert_eq!(RecordKind::parse("other"), None);
    }
}
