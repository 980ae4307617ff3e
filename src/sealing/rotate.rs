//! A new key for a centre (design 4, grant, remove, rotate), on the statistician's machine and from the list: nobody
//! else may read slots in bulk.

use super::card::Card;
use super::centre_key::CentreKey;
use super::grant::grant_key;
use super::identity::Identity;
use super::list::List;
use super::package::PackedSlot;
use super::rotation::Rotation;
use super::seal::{SealError, seal};
use super::slot::centre_of;
use super::wrap::WrapPlace;
use crate::dice::{Dice, roll};
use crate::domain::ids::{CentreId, Code};
use std::collections::BTreeSet;

/// Makes a new centre key, wraps it to those of `stay` who may hold it, and seals the unissued slots anew.
///
/// Leaves and commitment stay as they are, so a dishonest rotator is found at the next opening. Issued slots keep
/// the key they were issued under: whoever was removed is refused their release, and never gets the new key.
///
/// # Errors
/// [`SealError`]: nobody who stays works at the centre, or a card holds no key.
pub fn rotate(
    list: &List,
    centre: &CentreId,
    epoch: u32,
    issued: &BTreeSet<Code>,
    (stay, statistician): (&[Card], &Identity),
    dice: &dyn Dice,
) -> Result<Rotation, SealError> {
    let at_centre = |card: &&Card| card.role.works_at_centres() && card.may_hold(centre);
    if stay.iter().find(at_centre).is_none() {
        return Err(SealError::NobodyAt(centre.clone()));
    }
    let key = CentreKey::roll(dice);
    let trial = list.design().trial.clone();
    let person = statistician.card().person.clone();
    let of = WrapPlace { trial: trial.clone(), centre: centre.clone(), epoch, person };
    let own = Some(statistician.card()).filter(|own| !stay.contains(own));
    let mut given = vec![];
    for card in stay.iter().chain(own).filter(|card| card.may_hold(centre)) {
        let one = grant_key(&key, &of, card, statistician, dice);
        given.push(one.map_err(|_| SealError::NotAPoint(card.person.clone()))?);
    }
    let mut slots = vec![];
    for (row, leaf) in list.rows().iter().zip(list.leaves()) {
        let here = centre_of(&row.stratum).as_ref() == Some(centre);
        if here && !issued.contains(&row.code) {
            let sealed = seal(&row.arm, &row.salt, &list.place(row, epoch), &key, roll(dice));
            let (stratum, position, code) = (row.stratum.clone(), row.position, row.code);
            slots.push(PackedSlot { stratum, position, code, epoch, leaf: *leaf, sealed });
        }
    }
    let segment = list.design().segment;
    Ok(Rotation { trial, segment, centre: centre.clone(), epoch, given, slots })
}

#[cfg(test)]
mod tests {
    use super::rotate;
    use crate::dice::FixedDice;
    use crate::sealing::bytes::hex;
    use crate::sealing::fixture::{Story, centre, person, statistician, story, trial};
    use crate::sealing::open::{NotProven, open};
    use crate::sealing::seal::SealError;
    use crate::sealing::slot::LeafPath;
    use crate::sealing::tree::path;
    use crate::sealing::wrap::{WrapPlace, unwrap};
    use std::collections::BTreeSet;

    // shows: I10
    #[test]
    fn who_stays_opens_the_unissued_slots_under_the_new_key_and_against_the_old_root() {
        let Story { list, package, hotline, cards } = story();
        let pinned = &package.manifest.manifest;
        let issued: BTreeSet<_> = list.rows()[..3].iter().map(|row| row.code).collect();
        let stay: Vec<_> = cards.iter().filter(|c| c.person != person("inv-e")).cloned().collect();
        let stat = statistician();
        let made = rotate(&list, &centre("east"), 2, &issued, (&stay, &stat), &FixedDice::new(9));
        let rotation = made.unwrap();
        let given: Vec<_> = rotation.given.iter().map(|g| g.grant.person.as_str()).collect();
        assert_eq!(given, ["ph-e", "hot-1", "stat-1"]);
        assert!(
            rotation.given.iter().all(|g| g.grant.is_signed(&stat.card().signing, &g.signature))
        );
        assert_eq!(rotation.slots.len(), 16 - 3, "two strata of eight, three issued");
        let at =
            WrapPlace { trial: trial(), centre: centre("east"), epoch: 2, person: person("hot-1") };
        let key = unwrap(&rotation.given[1].wrap, &at, hotline.opening()).unwrap();
        for slot in &rotation.slots {
            let index = list.rows().iter().position(|row| row.code == slot.code).unwrap();
            let row = &list.rows()[index];
            let path = path(list.leaves(), index as u64);
            let path = LeafPath { index: index as u64, size: pinned.total(), path };
            let arm = open(&slot.sealed, &list.place(row, 2), &key, &path, pinned).unwrap();
            assert_eq!(arm.name(pinned), row.arm.name(pinned));
            assert_eq!(slot.leaf, package.slots[index].leaf, "the commitment does not change");
            let before = &package.slots[index].sealed;
            let old = open(before, &list.place(row, 2), &key, &path, pinned).map(|_| ());
            assert_eq!(old, Err(NotProven::DoesNotOpen));
        }
        let text = rotation.to_json();
        assert!(list.rows().iter().all(|row| !text.contains(&hex(&row.salt))));
        assert!(text.starts_with(r#"{"klero":"rotation/v1","trial":"TEST-0001","segment":0,"centre":"east","epoch":2,"grants":[{"person":"ph-e","#));
    }

    #[test]
    fn a_centre_is_not_left_with_nobody_who_works_there() {
        let Story { list, cards, .. } = story();
        let stay: Vec<_> =
            cards.iter().filter(|c| !c.person.as_str().ends_with("-e")).cloned().collect();
        let stat = statistician();
        let made =
            rotate(&list, &centre("east"), 2, &BTreeSet::new(), (&stay, &stat), &FixedDice::new(9));
        assert_eq!(made, Err(SealError::NobodyAt(centre("east"))));
    }
}
