//! What follows with certainty: when the design is published, knowing some members of a block can tell the others.
//!
//! Blocks are taken as known, as they are to whoever counts the participants of a published design with one size; with
//! mixed or hidden sizes this is the worst that can be, and less follows in truth.

use super::closed::released;
use super::{Block, Issued, Looked, word};
use crate::domain::time::Moment;
use std::collections::{BTreeMap, BTreeSet};

/// Somebody learned what a code stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// The code.
    pub code: String,
    /// When.
    pub at: Moment,
    /// To whom.
    pub by: String,
    /// In which role.
    pub role: String,
    /// In an emergency, or outside the service; and not to prepare.
    pub broken: bool,
}

/// Blocks with so many known members, and what follows from them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leak {
    /// 1, 2, or 3 and more.
    pub known: &'static str,
    /// How many blocks.
    pub blocks: usize,
    /// How many allocations to participants are thereby certain.
    pub certain: usize,
    /// How many that are still to be made.
    pub certain_to_come: usize,
    /// How many participants these centres randomised after the first member was known.
    pub afterwards: usize,
}

/// A participant whose arm follows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Follows {
    /// The participant's number; none while the code is not issued.
    pub participant: Option<String>,
    /// The code.
    pub code: String,
    /// The name of the arm.
    pub arm: String,
}

/// What one person was shown, and what follows from all of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exposure {
    /// Who; or `all code breaks`.
    pub person: String,
    /// In which role.
    pub role: String,
    /// How many codes.
    pub shown: usize,
    /// How many allocations were certain to them before they were made.
    pub beforehand: usize,
    /// What follows now.
    pub follows: Vec<Follows>,
}

/// One code break, and what followed from it with all earlier ones.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Collateral {
    /// The participant whose code was broken.
    pub participant: String,
    /// When.
    pub at: Moment,
    /// By whom.
    pub by: String,
    /// Others of the block who became certain by it.
    pub follows: Vec<Follows>,
}

/// Everything anybody was shown, oldest first: releases, and openings outside the service that were handed in.
pub fn shown(looked: &Looked, outside: &[Shown]) -> Vec<Shown> {
    let mut all: Vec<Shown> = outside.to_vec();
    for act in ["release-for-preparation", "release-for-break"] {
        all.extend(released(looked, act).map(|(line, one)| Shown {
            code: one.code.clone(),
            at: line.at,
            by: line.by.clone(),
            role: line.role.clone(),
            broken: act == "release-for-break",
        }));
    }
    for (line, one) in released(looked, "break-imported") {
        let opened = word(line, "opened-at").and_then(|at| Moment::parse(&at));
        let of = Shown {
            code: one.code.clone(),
            at: opened.unwrap_or(line.at),
            by: word(line, "opener").unwrap_or_else(|| line.by.clone()),
            role: word(line, "opener-role").unwrap_or_else(|| line.role.clone()),
            broken: true,
        };
        // Handed in as a record too, it is the same opening.
        all.retain(|out| (&out.code, out.at, &out.by) != (&of.code, of.at, &of.by));
        all.push(of);
    }
    all.sort_by_key(|one| one.at);
    all
}

/// Which members of a block follow from those that are known: all others, once one arm alone is left.
fn follows<'b>(block: &'b Block, known: &BTreeSet<&str>) -> Vec<&'b (String, usize)> {
    let is_known = |member: &&(String, usize)| known.contains(member.0.as_str());
    if !block.members.iter().any(|member| is_known(&member)) {
        return vec![];
    }
    let open: Vec<_> = block.members.iter().filter(|member| !is_known(member)).collect();
    let arms: BTreeSet<usize> = open.iter().map(|(_, arm)| *arm).collect();
    if arms.len() == 1 { open } else { vec![] }
}

/// All that follows, by code.
fn told(looked: &Looked, found: &[&(String, usize)]) -> Vec<Follows> {
    let one = |(code, arm): &&(String, usize)| Follows {
        participant: looked
            .issued
            .iter()
            .find(|one| one.code == *code)
            .map(|one| one.participant.clone()),
        code: code.clone(),
        arm: looked.arms[*arm].clone(),
    };
    found.iter().map(one).collect()
}

/// Blocks by how many members are known from breaks and openings outside the service.
pub fn leak(looked: &Looked, shown: &[Shown]) -> Vec<Leak> {
    let broken: Vec<&Shown> = shown.iter().filter(|one| one.broken).collect();
    let known: BTreeSet<&str> = broken.iter().map(|one| one.code.as_str()).collect();
    let issued: BTreeSet<&str> = looked.issued.iter().map(|one| one.code.as_str()).collect();
    let of = |known| Leak { known, blocks: 0, certain: 0, certain_to_come: 0, afterwards: 0 };
    let mut all = ["1", "2", "3 or more"].map(of);
    let mut later: [BTreeSet<&str>; 3] = Default::default();
    for block in &looked.blocks {
        let in_block = |code: &str| block.members.iter().any(|(member, _)| member == code);
        let members = block.members.iter().filter(|(code, _)| known.contains(code.as_str()));
        let Some(at) = members.count().checked_sub(1).map(|at| at.min(2)) else { continue };
        let found = follows(block, &known);
        let made = found.iter().filter(|(code, _)| issued.contains(code.as_str())).count();
        all[at].blocks += 1;
        all[at].certain += made;
        all[at].certain_to_come += found.len() - made;
        let first = broken.iter().filter(|one| in_block(&one.code)).map(|one| one.at).min();
        let after = |one: &&Issued| one.centre == block.centre && first.is_some_and(|f| one.at > f);
        later[at].extend(looked.issued.iter().filter(after).map(|one| one.participant.as_str()));
    }
    for (leak, later) in all.iter_mut().zip(later) {
        leak.afterwards = later.len();
    }
    all.to_vec()
}

/// What follows for each person from everything they were shown, and from all code breaks together.
pub fn exposure(looked: &Looked, shown: &[Shown]) -> Vec<Exposure> {
    let mut people: BTreeMap<(&str, &str), Vec<&Shown>> = BTreeMap::new();
    for one in shown {
        people.entry((&one.by, &one.role)).or_default().push(one);
    }
    let mut all: Vec<Exposure> =
        people.iter().map(|((by, role), seen)| exposed(looked, by, role, seen)).collect();
    let broken: Vec<&Shown> = shown.iter().filter(|one| one.broken).collect();
    all.push(exposed(looked, "all code breaks", "together", &broken));
    all
}

fn exposed(looked: &Looked, by: &str, role: &str, seen: &[&Shown]) -> Exposure {
    let known: BTreeSet<&str> = seen.iter().map(|one| one.code.as_str()).collect();
    let found: Vec<_> = looked.blocks.iter().flat_map(|block| follows(block, &known)).collect();
    // As it was when each code was issued.
    let certain_then = |one: &&Issued| {
        let before = seen.iter().filter(|shown| shown.at < one.at);
        let known: BTreeSet<&str> = before.map(|shown| shown.code.as_str()).collect();
        let holds = |block: &&Block| block.members.iter().any(|(code, _)| *code == one.code);
        let block = looked.blocks.iter().find(holds);
        block.is_some_and(|block| follows(block, &known).iter().any(|(code, _)| *code == one.code))
    };
    Exposure {
        person: by.to_owned(),
        role: role.to_owned(),
        shown: known.len(),
        beforehand: looked.issued.iter().filter(certain_then).count(),
        follows: told(looked, &found),
    }
}

/// For each code break: who else became certain by it, to whoever knew all earlier ones too.
pub fn collateral(looked: &Looked, shown: &[Shown]) -> Vec<Collateral> {
    let mut known: BTreeSet<&str> = BTreeSet::new();
    let mut certain: BTreeSet<&str> = BTreeSet::new();
    let mut all = vec![];
    for one in shown.iter().filter(|one| one.broken) {
        known.insert(&one.code);
        let found = looked.blocks.iter().flat_map(|block| follows(block, &known));
        let new: Vec<_> = found.filter(|(code, _)| certain.insert(code)).collect();
        let of = looked.issued.iter().find(|issued| issued.code == one.code);
        all.push(Collateral {
            participant: of.map_or_else(|| one.code.clone(), |of| of.participant.clone()),
            at: one.at,
            by: one.by.clone(),
            follows: told(looked, &new),
        });
    }
    all
}
