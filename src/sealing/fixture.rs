//! A small made-up trial for the tests of this room.

use super::card::Card;
use super::ceremony::ListSecret;
use super::identity::Identity;
use super::list::{Design, List};
use super::manifest::{ListPurpose, SignedManifest};
use super::package::Package;
use super::seal::seal_package;
use crate::dice::FixedDice;
use crate::domain::ids::{CentreId, PersonId, StratumId, TrialId};
use crate::domain::people::Role;
use std::collections::BTreeSet;

/// The secret of every list here.
pub const SECRET: [u8; 32] = [7; 32];
/// Its beacon.
pub const BEACON: &[u8] = b"round 4243";

pub fn trial() -> TrialId {
    TrialId::parse("TEST-0001").unwrap()
}

pub fn centre(id: &str) -> CentreId {
    CentreId::parse(id).unwrap()
}

pub fn person(id: &str) -> PersonId {
    PersonId::parse(id).unwrap()
}

/// Somebody with keys; who works at a centre works at `east`.
pub fn identity(seed: u64, id: &str, role: Role) -> Identity {
    identity_at(seed, id, role, "east")
}

pub fn identity_at(seed: u64, id: &str, role: Role, at: &str) -> Identity {
    let centres = if role.works_at_centres() { vec![centre(at)] } else { vec![] };
    Identity::generate(&person(id), role, &centres, &FixedDice::new(seed)).unwrap()
}

/// Two arms, 1:1, blocks of four, two strata at each of two centres.
pub fn design(slots: u32) -> Design {
    let strata = ["east/mild", "east/severe", "west/mild", "west/severe"];
    Design {
        trial: trial(),
        purpose: ListPurpose::Live,
        segment: 0,
        arms: vec!["active".to_owned(), "placebo".to_owned()],
        ratio: vec![1, 1],
        sizes: vec![4],
        hide_sizes: false,
        slots,
        strata: strata.iter().map(|id| StratumId::parse(id).unwrap()).collect(),
        configuration: [9; 32],
    }
}

pub fn draw(design: &Design) -> List {
    List::draw(design, &ListSecret::from_bytes(SECRET), BEACON, &BTreeSet::new()).unwrap()
}

/// The statistician of every list here.
pub fn statistician() -> Identity {
    identity(90, "stat-1", Role::Statistician)
}

pub fn manifest(list: &List) -> SignedManifest {
    list.manifest("round 4243 of a made-up beacon", &statistician()).unwrap()
}

/// A list, sealed to pharmacist and investigator of both centres, the hotline and the statistician.
pub struct Story {
    pub list: List,
    pub cards: Vec<Card>,
    pub hotline: Identity,
    pub package: Package,
}

impl Story {
    pub fn of(list: List) -> Self {
        let hotline = identity(10, "hot-1", Role::Hotline);
        let cards = [
            identity_at(11, "ph-e", Role::Pharmacist, "east"),
            identity_at(12, "ph-w", Role::Pharmacist, "west"),
            identity_at(13, "inv-e", Role::Investigator, "east"),
            identity_at(14, "inv-w", Role::Investigator, "west"),
        ];
        let mut cards: Vec<Card> = cards.iter().map(|one| one.card().clone()).collect();
        cards.push(hotline.card().clone());
        let signed = manifest(&list);
        let dice = FixedDice::new(20);
        let package = seal_package(&list, &signed, &cards, &statistician(), 1, &dice).unwrap();
        Self { list, cards, hotline, package }
    }
}

/// Eight slots a stratum.
pub fn story() -> Story {
    Story::of(draw(&design(8)))
}
