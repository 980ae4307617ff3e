//! Release in two stages (RP-7): first whom group A and group B were, then which arm was A. The first file tells no arm; the
//! second proves that the groups of the first are the list's arms.
//!
//! ```text
//! commitment = SHA-256("klero/v1/group-meaning" ‖ 00 ‖ LP(trial) ‖ LP(A's arm) ‖ salt)
//! {"klero":"groups/v1","trial","purpose","commitment":"<hex 32>","groups":[{"participant","code","group"}…]}
//! {"klero":"meaning/v1","arm-a","salt":"<hex 32>","openings":{openings/v1}}
//! ```

use super::bytes::{Hash, hex, label, lp, same, sha256_of, unhex_array};
use super::ceremony::ListSecret;
use super::draw::ListKeys;
use super::manifest::{ListPurpose, Manifest, SLOTS_MAX};
use super::published::{NotReadable, OPENINGS_BYTES_MAX, Openings, OpeningsText};
use super::verify_trail::demand;
use crate::domain::ids::TrialId;
use serde::{Deserialize, Serialize};

const GROUPS_V1: &str = "groups/v1";
const MEANING_V1: &str = "meaning/v1";

/// Which arm is called A, and what hides that until the second stage.
pub struct Labels {
    /// The arm's name.
    pub arm_a: String,
    /// The salt.
    pub salt: [u8; 32],
}

impl Labels {
    /// Draws them from the secret of the trial's first segment. None: two stages are for two arms of equal size, since
    /// the groups' sizes would tell which is which.
    pub fn draw(first: &Manifest, secret: &ListSecret) -> Option<Self> {
        let [one, other] = first.arms.as_slice() else { return None };
        if first.ratio.first() != first.ratio.last() {
            return None;
        }
        let keys = ListKeys::new(&first.trial, first.segment, secret, &first.beacon);
        let (at, salt) = keys.group_a();
        Some(Self { arm_a: [one, other][at].clone(), salt })
    }

    /// What the first stage publishes of them.
    pub fn commitment(&self, trial: &TrialId) -> Hash {
        let mut text = label("group-meaning");
        lp(&mut text, trial.as_str());
        lp(&mut text, &self.arm_a);
        sha256_of(&[&text, &self.salt])
    }
}

/// One participant's group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// The enrolment number.
    pub participant: String,
    /// The code.
    pub code: String,
    /// `A` or `B`.
    pub group: char,
}

/// The first stage: everybody's group, and no arm.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Groups {
    /// The trial.
    pub trial: TrialId,
    /// Live or training.
    pub purpose: ListPurpose,
    /// To which arm is A.
    pub commitment: Hash,
    /// By participant.
    pub members: Vec<Member>,
}

/// The second stage: which arm was A, and every participant's slot opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Meaning {
    /// The arm that was called A.
    pub arm_a: String,
    /// The salt of the commitment.
    pub salt: [u8; 32],
    /// Everybody's slot.
    pub openings: Openings,
}

impl Groups {
    /// Whom each opened slot makes a member of which group. Only letters of it are ever written.
    pub fn of(openings: &Openings, labels: &Labels) -> Self {
        let members = openings.openings.iter().map(|one| Member {
            participant: one.participant.clone(),
            code: one.place.code.to_string(),
            group: if one.arm == labels.arm_a { 'A' } else { 'B' },
        });
        Self {
            trial: openings.trial.clone(),
            purpose: openings.purpose,
            commitment: labels.commitment(&openings.trial),
            members: members.collect(),
        }
    }

    /// The file.
    pub fn to_json(&self) -> String {
        let member = |one: &Member| MemberText {
            participant: one.participant.clone(),
            code: one.code.clone(),
            group: one.group,
        };
        let file = GroupsText {
            klero: GROUPS_V1.to_owned(),
            trial: self.trial.to_string(),
            purpose: self.purpose.as_str().to_owned(),
            commitment: hex(&self.commitment),
            groups: self.members.iter().map(member).collect(),
        };
        pretty(&file)
    }

    /// Reads the file; unknown keys are refused.
    ///
    /// # Errors
    /// Which part is wrong.
    pub fn from_json(text: &str) -> Result<Self, NotReadable> {
        if text.len() > OPENINGS_BYTES_MAX {
            return Err(NotReadable("its length"));
        }
        let file: GroupsText = serde_json::from_str(text).map_err(|_| NotReadable("its JSON"))?;
        let lettered = file.groups.iter().all(|one| matches!(one.group, 'A' | 'B'));
        if file.klero != GROUPS_V1 {
            return Err(NotReadable("klero"));
        }
        if !lettered || file.groups.len() > SLOTS_MAX as usize {
            return Err(NotReadable("groups"));
        }
        let member = |one: MemberText| Member {
            participant: one.participant,
            code: one.code,
            group: one.group,
        };
        Ok(Self {
            trial: TrialId::parse(&file.trial).map_err(|_| NotReadable("trial"))?,
            purpose: ListPurpose::parse(&file.purpose).ok_or(NotReadable("purpose"))?,
            commitment: unhex_array(&file.commitment).ok_or(NotReadable("commitment"))?,
            members: file.groups.into_iter().map(member).collect(),
        })
    }
}

impl Meaning {
    /// Are the groups of the first stage the arms of the list, under the commitment that was made then?
    ///
    /// # Errors
    /// What does not fit.
    pub fn explains(&self, groups: &Groups) -> Result<(), String> {
        let labels = Labels { arm_a: self.arm_a.clone(), salt: self.salt };
        let commitment = labels.commitment(&groups.trial);
        demand(same(&commitment, &groups.commitment), || {
            "another arm was called A when the groups were published".to_owned()
        })?;
        for one in &groups.members {
            let opened = self.openings.of_participant(&one.participant);
            let opened = opened.filter(|opened| opened.place.code.to_string() == one.code);
            let opened =
                opened.ok_or_else(|| format!("{}: the slot is not opened", one.participant))?;
            demand((opened.arm == self.arm_a) == (one.group == 'A'), || {
                format!("{}: was published in group {}", one.participant, one.group)
            })?;
        }
        Ok(())
    }

    /// The file.
    pub fn to_json(&self) -> String {
        pretty(&MeaningText {
            klero: MEANING_V1.to_owned(),
            arm_a: self.arm_a.clone(),
            salt: hex(&self.salt),
            openings: self.openings.to_text(),
        })
    }

    /// Reads the file; unknown keys are refused.
    ///
    /// # Errors
    /// Which part is wrong.
    pub fn from_json(text: &str) -> Result<Self, NotReadable> {
        if text.len() > OPENINGS_BYTES_MAX {
            return Err(NotReadable("its length"));
        }
        let file: MeaningText = serde_json::from_str(text).map_err(|_| NotReadable("its JSON"))?;
        if file.klero != MEANING_V1 {
            return Err(NotReadable("klero"));
        }
        let salt = unhex_array(&file.salt).ok_or(NotReadable("salt"))?;
        Ok(Self { arm_a: file.arm_a, salt, openings: file.openings.read()? })
    }
}

fn pretty(file: &impl Serialize) -> String {
    let mut text = serde_json::to_string_pretty(file).expect("plain texts and numbers");
    text.push('\n');
    text
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct GroupsText {
    klero: String,
    trial: String,
    purpose: String,
    commitment: String,
    groups: Vec<MemberText>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct MemberText {
    participant: String,
    code: String,
    group: char,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct MeaningText {
    klero: String,
    arm_a: String,
    salt: String,
    openings: OpeningsText,
}

#[cfg(test)]
mod tests {
    use super::{Groups, Labels, Meaning, NotReadable, SLOTS_MAX};
    use crate::sealing::ceremony::ListSecret;
    use crate::sealing::fixture::{SECRET, design, draw, manifest};
    use crate::sealing::list::List;
    use crate::sealing::published::Openings;

    fn published(list: &List) -> (Groups, Meaning) {
        let issued = [(0, "ES-001"), (1, "ES-002"), (2, "ES-003"), (9, "ES-004"), (17, "WE-001")];
        let issued = issued.map(|(row, who)| (who.to_owned(), list.rows()[row].code.to_string()));
        let first = &manifest(list).manifest;
        let labels = Labels::draw(first, &ListSecret::from_bytes(SECRET)).unwrap();
        let openings = Openings::of(std::slice::from_ref(list), &issued, None).unwrap();
        let groups = Groups::of(&openings, &labels);
        (groups, Meaning { arm_a: labels.arm_a, salt: labels.salt, openings })
    }

    // shows: RP-7, I2
    #[test]
    fn the_first_stage_of_a_list_and_of_its_mirror_differ_in_nothing_but_the_letters() {
        let list = draw(&design(8));
        let (here, _) = published(&list);
        let (there, _) = published(&list.mirrored());
        let turned = |letter| if letter == 'A' { 'B' } else { 'A' };
        for (one, other) in here.members.iter().zip(&there.members) {
            assert_eq!((&one.participant, &one.code), (&other.participant, &other.code));
            assert_eq!(one.group, turned(other.group));
        }
        let letters: String = here.members.iter().map(|one| one.group).collect();
        assert!(letters.contains('A') && letters.contains('B'), "{letters}");
        let (here, mut there) = (here.to_json(), there);
        there.members.iter_mut().for_each(|one| one.group = turned(one.group));
        assert_eq!(here, there.to_json());
        for arm in &list.design().arms {
            assert!(!here.contains(arm.as_str()), "{arm}");
        }
    }

    // shows: RP-7
    #[test]
    fn the_meaning_explains_the_groups_it_was_published_with_and_no_others() {
        let list = draw(&design(8));
        let (groups, meaning) = published(&list);
        assert_eq!(meaning.explains(&groups), Ok(()));
        assert_eq!(Groups::from_json(&groups.to_json()).as_ref(), Ok(&groups));
        let mut read = Meaning::from_json(&meaning.to_json()).unwrap();
        assert_eq!(read.explains(&groups), Ok(()));
        assert_eq!(read.openings.prove(&[manifest(&list)]), Ok(()));
        assert!(read.openings.prove(&[manifest(&list.mirrored())]).is_err());
        read.salt[0] ^= 1;
        assert!(read.explains(&groups).unwrap_err().contains("another arm was called A"));
        let mut moved = groups.clone();
        moved.members[3].group = if moved.members[3].group == 'A' { 'B' } else { 'A' };
        assert!(meaning.explains(&moved).unwrap_err().starts_with("ES-004: was published"));
        moved.members[3].participant = "ES-009".to_owned();
        assert!(meaning.explains(&moved).unwrap_err().ends_with("is not opened"));
    }

    // shows: RP-7
    #[test]
    fn letters_come_from_the_secret_and_two_stages_are_for_two_arms_of_equal_size() {
        let list = draw(&design(4));
        let first = manifest(&list).manifest;
        let of = |seed: u8| Labels::draw(&first, &ListSecret::from_bytes([seed; 32])).unwrap();
        let drawn: Vec<String> = (0..32).map(|seed| of(seed).arm_a).collect();
        for arm in &first.arms {
            assert!(drawn.iter().filter(|one| *one == arm).count() > 5, "{drawn:?}");
        }
        assert_eq!((of(3).arm_a, of(3).salt), (of(3).arm_a, of(3).salt));
        assert_ne!(of(3).commitment(&first.trial), of(4).commitment(&first.trial));
        let mut uneven = first.clone();
        uneven.ratio = vec![2, 1];
        assert!(Labels::draw(&uneven, &ListSecret::from_bytes(SECRET)).is_none());
        let mut three = first;
        three.arms.push("third".to_owned());
        three.ratio.push(1);
        assert!(Labels::draw(&three, &ListSecret::from_bytes(SECRET)).is_none());
    }

    #[test]
    fn a_file_of_groups_has_two_letters_and_no_more_members_than_a_list_has_slots() {
        let list = draw(&design(8));
        let (groups, _) = published(&list);
        let third = groups.to_json().replacen("\"group\": \"A\"", "\"group\": \"C\"", 1);
        assert_eq!(Groups::from_json(&third), Err(NotReadable("groups")));
        let most = SLOTS_MAX as usize;
        let mut many = groups.clone();
        many.members = many.members.iter().cycle().take(most).cloned().collect();
        assert_eq!(Groups::from_json(&many.to_json()).map(|read| read.members.len()), Ok(most));
        many.members.push(groups.members[0].clone());
        assert_eq!(Groups::from_json(&many.to_json()), Err(NotReadable("groups")));
    }
}
