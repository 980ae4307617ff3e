//! What the statistician alone can count: list and trail laid beside each other, on a machine that the service never
//! sees. Everything here knows arms; arms go out by their names, never as numbers.

pub mod closed;
pub mod leak;
pub mod reconcile;
mod running;

use super::bytes::Hash;
use super::line::{self, Line};
use super::list::List;
use super::manifest::SignedManifest;
use super::slot::centre_of;
use super::verify::{Evidence, check_commitment, check_list};
use super::verify_trail::{TrailEvidence, check_trail, text};
use crate::domain::entry::{Fact, fact};
use crate::domain::time::Moment;
use std::collections::{BTreeMap, BTreeSet};

/// The acts that are counted; all others are checked as lines and let go.
const COUNTED: [&str; 23] = [
    "randomised",
    "release-for-preparation",
    "release-for-break",
    "break-imported",
    "unissued-opened",
    "follow-up-recorded",
    "sealed-part-kept",
    "mistake-recorded",
    "answers-corrected",
    "treatment-ended",
    "treatment-resumed",
    "participation-ended",
    "infusion-recorded",
    "infusion-missed",
    "code-voided",
    "accident-recorded",
    "break-closed",
    "eligibility-signed",
    "disclosed",
    "exported",
    "export-confirmed",
    "access-reviewed",
    "person-disabled",
];

/// One allocation.
#[derive(Debug, Clone)]
pub struct Issued {
    /// The entry that made it.
    pub seq: u64,
    /// When.
    pub at: Moment,
    /// The participant's number.
    pub participant: String,
    /// The code.
    pub code: String,
    /// The centre whose list it is from, whatever centre the participant moved to.
    pub centre: String,
    /// The level of the factors within the centre.
    pub level: String,
    /// The stratum.
    pub stratum: String,
    /// Which of [`Looked::arms`].
    pub arm: usize,
}

/// One block of the list.
#[derive(Debug, Clone)]
pub struct Block {
    /// Its stratum.
    pub stratum: String,
    /// The stratum's centre.
    pub centre: String,
    /// Codes with their arms, in list order.
    pub members: Vec<(String, usize)>,
}

/// List and trail, checked and laid beside each other.
pub struct Looked {
    /// The trial.
    pub trial: String,
    /// The arms' names, in the manifest's order.
    pub arms: Vec<String>,
    /// Every allocation, in the order of the trail.
    pub issued: Vec<Issued>,
    /// Codes that were set aside and never issued.
    pub voided: BTreeSet<String>,
    /// Every block of every segment.
    pub blocks: Vec<Block>,
    /// The entries that are counted.
    pub lines: Vec<Line>,
    /// How many entries the trail has.
    pub size: u64,
    /// The signed root over them.
    pub root: Hash,
    /// The hash of each segment's manifest.
    pub manifests: Vec<Hash>,
    /// When the last entry was made.
    pub until: Option<Moment>,
}

impl Looked {
    /// Checks commitment, list and trail as `klero verify` does, and lays them beside each other. `trail` is the whole
    /// text of `trail.jsonl`.
    ///
    /// # Errors
    /// The first thing that does not fit, in words.
    pub fn at(evidence: &Evidence<'_>, trail: &str) -> Result<Self, String> {
        let manifests = check_commitment(evidence)?;
        let lists = check_list(evidence, &manifests)?;
        let (checkpoint, key, kept) = (evidence.checkpoint, evidence.trail_key, evidence.kept);
        let note = TrailEvidence { checkpoint, key, kept };
        let told = check_trail(&note, &manifests, trail.split_inclusive('\n'))?;
        let root = super::checkpoint::TrailKey::parse(key)
            .and_then(|key| key.check(checkpoint))
            .map_err(|error| error.to_string())?
            .root;
        let mut lines = vec![];
        let mut until = None;
        for text in trail.split_inclusive('\n') {
            let line = line::parse(text.trim_end_matches('\n')).map_err(|e| e.to_string())?;
            until = Some(line.at);
            if COUNTED.contains(&line.entry.act.as_str()) {
                lines.push(line);
            }
        }
        Self::of(&manifests, &lists, (lines, told.size, root, until))
    }

    fn of(
        manifests: &[SignedManifest],
        lists: &[List],
        (lines, size, root, until): (Vec<Line>, u64, Hash, Option<Moment>),
    ) -> Result<Self, String> {
        let blocks: Vec<Block> = lists.iter().flat_map(blocks_of).collect();
        let of_code: BTreeMap<&str, (&Block, usize)> = blocks
            .iter()
            .flat_map(|block| block.members.iter().map(move |(code, arm)| (code, (block, *arm))))
            .map(|(code, at)| (code.as_str(), at))
            .collect();
        let mut issued = vec![];
        for line in lines.iter().filter(|line| line.entry.act == "randomised") {
            let said = |name: &str| text(&line.entry.on, name).unwrap_or_default().to_owned();
            let code = said("code");
            let (block, arm) = of_code
                .get(code.as_str())
                .ok_or_else(|| format!("entry {}: code {code} is in no list", line.seq))?;
            issued.push(Issued {
                seq: line.seq,
                at: line.at,
                participant: said("participant"),
                code,
                centre: block.centre.clone(),
                level: level_of(&block.stratum).to_owned(),
                stratum: block.stratum.clone(),
                arm: *arm,
            });
        }
        let voided = lines.iter().filter(|line| line.entry.act == "code-voided");
        let voided = voided.filter_map(|line| text(&line.entry.on, "code")).map(str::to_owned);
        Ok(Self {
            trial: manifests[0].manifest.trial.to_string(),
            arms: manifests[0].manifest.arms.clone(),
            issued,
            voided: voided.collect(),
            manifests: manifests.iter().map(SignedManifest::hash).collect(),
            blocks,
            lines,
            size,
            root,
            until,
        })
    }

    /// The entries of this act.
    pub fn acts<'l>(&'l self, act: &'l str) -> impl Iterator<Item = &'l Line> {
        self.lines.iter().filter(move |line| line.entry.act == act)
    }

    /// The allocation that an entry is about, by its participant.
    pub fn about(&self, line: &Line) -> Option<&Issued> {
        let participant = text(&line.entry.on, "participant")?;
        self.issued.iter().find(|one| one.participant == participant)
    }
}

fn blocks_of(list: &List) -> impl Iterator<Item = Block> {
    list.blocks().map(|rows| {
        let stratum = &rows[0].stratum;
        let member = |row: &super::list::Row| (row.code.to_string(), usize::from(row.arm.index()));
        Block {
            stratum: stratum.to_string(),
            centre: centre_of(stratum).map_or_else(String::new, |centre| centre.to_string()),
            members: rows.iter().map(member).collect(),
        }
    })
}

fn level_of(stratum: &str) -> &str {
    stratum.split_once('/').map_or("", |(_, level)| level)
}

/// A word, a number, or yes and no, as it stands in an entry; nothing when it is not there.
pub fn word(line: &Line, name: &str) -> Option<String> {
    match fact(&line.entry.data, name).or_else(|| fact(&line.entry.on, name))? {
        Fact::Text(text) => Some(text.clone()),
        Fact::Number(number) => Some(number.to_string()),
        Fact::Yes(yes) => Some(if *yes { "yes" } else { "no" }.to_owned()),
        Fact::List(_) | Fact::Group(_) => None,
    }
}

#[cfg(test)]
mod tests;
