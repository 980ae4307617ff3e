//! Sealing: an arm under its slot's own key, and the whole package for the service (design 4, 5).

use super::aead;
use super::arm::Arm;
use super::bytes::same;
use super::card::Card;
use super::centre_key::CentreKey;
use super::identity::Identity;
use super::list::List;
use super::manifest::SignedManifest;
use super::package::{Package, PackedSlot, PackedWrap, Report};
use super::signature::Purpose;
use super::slot::{Place, SealedArm, centre_of};
use super::wrap::{WrapPlace, wrap};
use crate::dice::{Dice, roll};
use crate::domain::ids::{CentreId, PersonId, StratumId};
use std::collections::BTreeMap;
use std::fmt;
use zeroize::Zeroizing;

/// How long a payload is, whatever the arm (I9).
const PAYLOAD: usize = 64;

/// `payload (64) = 01 ‖ arm index (1) ‖ 30 × 00 ‖ salt (32)`                                                design 4
fn payload(index: u8, salt: &[u8; 32]) -> Zeroizing<[u8; PAYLOAD]> {
    let mut payload = Zeroizing::new([0; PAYLOAD]);
    payload[0] = 1;
    payload[1] = index;
    payload[32..].copy_from_slice(salt);
    payload
}

/// Reads a payload back; nothing when it is not of this form.
pub(super) fn read_payload(payload: &[u8]) -> Option<(Arm, [u8; 32])> {
    let payload: &[u8; PAYLOAD] = payload.try_into().ok()?;
    let (head, salt) = payload.split_at(32);
    let formed = head[0] == 1 && head[2..].iter().all(|byte| *byte == 0);
    formed.then_some((Arm::of_index(head[1]), salt.try_into().ok()?))
}

/// `inner (92) = nonce 12 ‖ AES-256-GCM(slot key, nonce, aad, payload)`                                     design 4
///
/// The aad is the whole place: a slot that is moved to another trial, segment, stratum, position, code or epoch does
/// not open. Nonces come from dice; each slot key seals once an epoch.
pub fn seal(arm: &Arm, salt: &[u8; 32], at: &Place, key: &CentreKey, nonce: [u8; 12]) -> SealedArm {
    seal_index(arm.index(), salt, at, key, nonce)
}

/// The same from an arm's index, as test vectors give it.
pub(super) fn seal_index(
    index: u8,
    salt: &[u8; 32],
    at: &Place,
    key: &CentreKey,
    nonce: [u8; 12],
) -> SealedArm {
    let sealed = aead::seal(&key.slot_key(at), nonce, &at.aad(), &payload(index, salt)[..]);
    SealedArm::from_bytes(&sealed).expect("12 of nonce, 64 of payload, 16 of tag")
}

/// Why a list was not sealed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SealError {
    /// The manifest is of another list, or was signed by somebody else.
    OtherManifest,
    /// This stratum's name does not begin with a centre.
    NoCentre(StratumId),
    /// Nobody among the cards may hold this centre's key besides the statistician: nothing could be prepared there.
    NobodyAt(CentreId),
    /// This person's card does not hold a point of the curve.
    NotAPoint(PersonId),
    /// Two cards are of this person.
    TwoCards(PersonId),
}

impl fmt::Display for SealError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OtherManifest => f.write_str("the manifest is not this signer's of this list"),
            Self::NoCentre(stratum) => write!(f, "stratum {stratum} does not begin with a centre"),
            Self::NobodyAt(centre) => write!(f, "no card is of somebody who may open at {centre}"),
            Self::NotAPoint(person) => write!(f, "the card of {person} does not hold a key"),
            Self::TwoCards(person) => write!(f, "there are two cards of {person}"),
        }
    }
}

impl std::error::Error for SealError {}

/// Seals a whole list: a random centre key for each centre, wrapped to every card that may hold it, every slot under
/// its own key; with the report that a second person approves. What comes out holds no arm, no secret and no key.
///
/// `epoch` numbers the centre keys and must be one that these centres never had: a later segment, or a training list
/// beside the live one, takes another. The statistician's own card is added when it is not among `cards`.
///
/// # Errors
/// [`SealError`] names what does not fit; nothing has left the machine then.
pub fn seal_package(
    list: &List,
    manifest: &SignedManifest,
    cards: &[Card],
    statistician: &Identity,
    epoch: u32,
    dice: &dyn Dice,
) -> Result<Package, SealError> {
    let m = &manifest.manifest;
    let ours = same(&m.root, &list.root()) && m.signer_key == statistician.card().signing;
    if !ours || !manifest.is_genuine() {
        return Err(SealError::OtherManifest);
    }
    let mut cards = cards.to_vec();
    if !cards.contains(statistician.card()) {
        cards.push(statistician.card().clone());
    }
    let twice = (1..cards.len()).find(|n| cards[..*n].iter().any(|c| c.person == cards[*n].person));
    if let Some(twice) = twice {
        return Err(SealError::TwoCards(cards[twice].person.clone()));
    }
    let (keys, wraps) = centre_keys(list, &cards, epoch, dice)?;
    let slots = list.rows().iter().zip(list.leaves()).map(|(row, leaf)| {
        let centre = centre_of(&row.stratum).expect("every stratum's centre was given a key");
        let sealed = seal(&row.arm, &row.salt, &list.place(row, epoch), &keys[&centre], roll(dice));
        let (stratum, position, code) = (row.stratum.clone(), row.position, row.code);
        PackedSlot { stratum, position, code, epoch, leaf: *leaf, sealed }
    });
    Ok(Package {
        manifest: manifest.clone(),
        report: report(list, statistician),
        slots: slots.collect(),
        cards,
        wraps,
    })
}

type CentreKeys = BTreeMap<CentreId, CentreKey>;

fn centre_keys(
    list: &List,
    cards: &[Card],
    epoch: u32,
    dice: &dyn Dice,
) -> Result<(CentreKeys, Vec<PackedWrap>), SealError> {
    let (mut keys, mut wraps) = (CentreKeys::new(), vec![]);
    for stratum in &list.design().strata {
        let centre = centre_of(stratum).ok_or_else(|| SealError::NoCentre(stratum.clone()))?;
        if keys.contains_key(&centre) {
            continue;
        }
        let at_centre = |card: &&Card| card.role.works_at_centres() && card.may_hold(&centre);
        if cards.iter().find(at_centre).is_none() {
            return Err(SealError::NobodyAt(centre));
        }
        let key = CentreKey::roll(dice);
        for card in cards.iter().filter(|card| card.may_hold(&centre)) {
            let (trial, person) = (list.design().trial.clone(), card.person.clone());
            let at = WrapPlace { trial, centre: centre.clone(), epoch, person: person.clone() };
            let wrap = wrap(&key, &at, &card.opening, dice)
                .map_err(|_| SealError::NotAPoint(person.clone()))?;
            wraps.push(PackedWrap { centre: centre.clone(), epoch, person, wrap });
        }
        keys.insert(centre, key);
    }
    Ok((keys, wraps))
}

/// Counted from the list itself, and signed; no assignment can be told from it.
fn report(list: &List, statistician: &Identity) -> Report {
    let balance = list.balance();
    let few = |count: usize| u32::try_from(count).expect("a segment has 100,000 slots at most");
    let mut report = Report {
        strata: list.counts(),
        blocks: few(balance.blocks),
        unbalanced_blocks: few(balance.unbalanced_blocks),
        duplicate_codes: few(balance.duplicate_codes),
        root: list.root(),
        program: concat!("klero ", env!("CARGO_PKG_VERSION")).to_owned(),
        signature: [0; 64],
    };
    report.signature = statistician.sign(Purpose::Manifest, report.signed_text().as_bytes());
    report
}

#[cfg(test)]
mod tests {
    use super::{SealError, payload, read_payload, seal_package};
    use crate::dice::FixedDice;
    use crate::domain::people::Role;
    use crate::sealing::bytes::hex;
    use crate::sealing::card::Card;
    use crate::sealing::fixture::{
        Story, design, draw, identity_at, manifest, person, statistician, story, trial,
    };
    use crate::sealing::list::Design;
    use crate::sealing::manifest::ListPurpose;
    use crate::sealing::open::open;
    use crate::sealing::package::Package;
    use crate::sealing::slot::{LeafPath, Place, centre_of};
    use crate::sealing::tree::path;
    use crate::sealing::wrap::{WrapPlace, unwrap};

    // shows: I1, SG-7
    #[test]
    fn what_is_sealed_passes_the_services_checks_and_opens_for_whom_it_was_sealed() {
        let Story { list, package, hotline, .. } = story();
        package.check(&trial(), &[9; 32], ListPurpose::Live).unwrap();
        let package = Package::read(&package.to_json()).unwrap();
        let m = &package.manifest.manifest;
        for (index, (slot, row)) in package.slots.iter().zip(list.rows()).enumerate() {
            let at = WrapPlace {
                trial: trial(),
                centre: centre_of(&slot.stratum).unwrap(),
                epoch: 1,
                person: person("hot-1"),
            };
            let wrap =
                package.wraps.iter().find(|w| (&w.centre, &w.person) == (&at.centre, &at.person));
            let key = unwrap(&wrap.unwrap().wrap, &at, hotline.opening()).unwrap();
            let path = path(list.leaves(), index as u64);
            let path = LeafPath { index: index as u64, size: m.total(), path };
            let at: Place = list.place(row, 1);
            let arm = open(&slot.sealed, &at, &key, &path, m).unwrap();
            assert_eq!(arm.name(m), row.arm.name(m));
        }
    }

    // shows: I1, I11
    #[test]
    fn a_centre_key_goes_to_its_own_centre_the_hotline_and_the_statistician_alone() {
        let mut given: Vec<_> = story()
            .package
            .wraps
            .iter()
            .map(|wrap| format!("{} {}", wrap.centre, wrap.person))
            .collect();
        given.sort();
        let all = [
            "east hot-1",
            "east inv-e",
            "east ph-e",
            "east stat-1",
            "west hot-1",
            "west inv-w",
            "west ph-w",
            "west stat-1",
        ];
        assert_eq!(given, all);
    }

    // shows: I1
    #[test]
    fn neither_salts_nor_secret_nor_arms_of_slots_are_in_a_package() {
        let Story { list, package, .. } = story();
        let text = package.to_json();
        assert!(!text.contains(&hex(&crate::sealing::fixture::SECRET)));
        for row in list.rows() {
            assert!(text.contains(&row.code.to_string()));
            assert!(!text.contains(&hex(&row.salt)));
        }
        let names: usize = ["active", "placebo"].iter().map(|arm| text.matches(arm).count()).sum();
        assert_eq!(names, 2, "once each, in the manifest");
    }

    // shows: I2, I9
    #[test]
    fn two_worlds_have_packages_of_one_length_that_differ_in_sealed_bytes_alone() {
        let (here, there) = (story(), Story::of(draw(&design(8)).mirrored()));
        assert_eq!(here.package.to_json().len(), there.package.to_json().len());
        assert_eq!(here.package.wraps, there.package.wraps);
        for (one, other) in here.package.slots.iter().zip(&there.package.slots) {
            assert_eq!(
                (&one.stratum, one.position, one.code),
                (&other.stratum, other.position, other.code)
            );
            assert_eq!(one.sealed.as_bytes()[..12], other.sealed.as_bytes()[..12], "the same dice");
            assert_ne!(one.sealed, other.sealed);
            assert_ne!(one.leaf, other.leaf);
        }
    }

    // shows: SG-2
    #[test]
    fn nothing_is_sealed_under_a_strangers_manifest_or_for_nobody() {
        let Story { list, package, cards, .. } = story();
        let seal = |list, manifest, cards: &[Card], by| {
            seal_package(list, manifest, cards, by, 1, &FixedDice::new(1)).map(|_| ()).unwrap_err()
        };
        let stat = statistician();
        let stranger = identity_at(5, "stat-1", Role::Statistician, "east");
        assert_eq!(seal(&list, &package.manifest, &cards, &stranger), SealError::OtherManifest);
        let mirrored = list.mirrored();
        assert_eq!(seal(&mirrored, &package.manifest, &cards, &stat), SealError::OtherManifest);
        let east: Vec<Card> =
            cards.iter().filter(|c| !c.person.as_str().ends_with("-w")).cloned().collect();
        let nobody = SealError::NobodyAt(crate::sealing::fixture::centre("west"));
        assert_eq!(seal(&list, &package.manifest, &east, &stat), nobody);
        let twice = [cards.clone(), vec![cards[0].clone()]].concat();
        let two = SealError::TwoCards(cards[0].person.clone());
        assert_eq!(seal(&list, &package.manifest, &twice, &stat), two);
        let stratum = crate::domain::ids::StratumId::parse("East/x").unwrap();
        let nowhere = draw(&Design { strata: vec![stratum.clone()], ..design(4) });
        let signed = manifest(&nowhere);
        assert_eq!(seal(&nowhere, &signed, &cards, &stat), SealError::NoCentre(stratum));
    }

    // shows: I9
    #[test]
    fn a_payload_of_another_form_is_nobodys_arm() {
        let salt = [7; 32];
        let whole = payload(1, &salt);
        assert_eq!(
            read_payload(&whole[..]).map(|(arm, read)| (arm.index(), read)),
            Some((1, salt))
        );
        for at in [0, 2, 17, 31] {
            let mut other = payload(1, &salt);
            other[at] ^= 2;
            assert!(read_payload(&other[..]).is_none(), "byte {at}");
        }
        let mut neither = payload(1, &salt);
        (neither[0], neither[31]) = (2, 1);
        assert!(read_payload(&neither[..]).is_none());
        assert!(read_payload(&whole[1..]).is_none() && read_payload(&[]).is_none());
    }
}
