//! The checks of what is published of a list before its secret is, or instead of it: groups, their meaning, opened slots.
//! They need no network and no database.

use super::data_set::DataRow;
use super::groups::{Groups, Meaning};
use super::manifest::SignedManifest;
use super::published::Openings;
use super::slot::{Place, centre_of};
use super::verify::{Outcome, Step, Verdict};
use super::verify_trail::{Told, TrailEvidence, check_trail, demand, need};
use crate::domain::ids::{CentreId, StratumId};
use std::collections::{BTreeMap, BTreeSet};

/// What is looked at. A paper that is not given is not checked.
pub struct Papers<'e> {
    /// The manifest files, segment 0 first.
    pub manifests: &'e [String],
    /// The exported trail's checkpoint, key, and kept checkpoints.
    pub trail: TrailEvidence<'e>,
    /// Opened slots.
    pub openings: Option<&'e Openings>,
    /// The first stage.
    pub groups: Option<&'e Groups>,
    /// The second.
    pub meaning: Option<&'e Meaning>,
    /// The analysis data set.
    pub data: Option<&'e [DataRow]>,
}

/// The checks, in their order.
pub const OPENED: [&str; 6] = ["commitment", "trail", "groups", "openings", "meaning", "arms"];

/// Whom the trail says was randomised: participant to code and stratum, in the order of the entries.
struct Issued<'t>(Vec<(&'t str, &'t str, &'t str)>);

impl<'t> Issued<'t> {
    fn of(told: &'t Told) -> Result<Self, String> {
        let one =
            |line| Ok((need(line, "participant")?, need(line, "code")?, need(line, "stratum")?));
        Ok(Self(told.of("randomised").map(one).collect::<Result<_, String>>()?))
    }

    fn codes(&self) -> BTreeMap<&'t str, &'t str> {
        self.0.iter().map(|(who, code, _)| (*who, *code)).collect()
    }
}

/// Runs the checks up to the first that fails. `lines` are those of `trail.jsonl`, each with its line feed.
pub fn verify_papers<'l>(papers: &Papers<'_>, lines: impl Iterator<Item = &'l str>) -> Verdict {
    let mut outcomes: Vec<Option<String>> = vec![];
    let why = run(papers, lines, &mut outcomes).err().map(Outcome::Failed);
    let seen = |seen: Option<String>| seen.map_or(Outcome::NotChecked, Outcome::Fits);
    let outcomes = outcomes.into_iter().map(seen).chain(why);
    let outcomes = outcomes.chain(std::iter::repeat(Outcome::NotChecked));
    let step = |((number, name), outcome)| Step { number, name, outcome };
    Verdict { steps: (1..).zip(OPENED).zip(outcomes).map(step).collect() }
}

fn run<'l>(
    papers: &Papers<'_>,
    lines: impl Iterator<Item = &'l str>,
    seen: &mut Vec<Option<String>>,
) -> Result<(), String> {
    let manifests = check_manifests(papers)?;
    seen.push(Some(format!(
        "{} manifests, signed by {}",
        manifests.len(),
        manifests[0].manifest.signer
    )));
    let told = check_trail(&papers.trail, &manifests, lines)?;
    let issued = Issued::of(&told)?;
    seen.push(Some(format!("{} entries, {} participants", told.size, issued.0.len())));
    let groups = papers.groups.map(|groups| check_groups(groups, &issued)).transpose()?;
    seen.push(groups.map(|n| format!("{n} participants, each with a group and no arm")));
    let openings = papers.openings.or(papers.meaning.map(|meaning| &meaning.openings));
    let opened = openings.map(|openings| check_openings(openings, &manifests, &issued, &told));
    let opened = opened.transpose()?;
    seen.push(opened.map(|n| format!("{n} slots opened, each under the root and in list order")));
    let explained = match (papers.meaning, papers.groups) {
        (Some(meaning), Some(groups)) => {
            meaning.explains(groups)?;
            Some(format!("group A was {}, as committed to with the groups", meaning.arm_a))
        }
        (Some(_), None) => return Err("a meaning explains groups, and none were given".to_owned()),
        (None, _) => None,
    };
    seen.push(explained);
    let arms = match (papers.data, openings) {
        (Some(data), Some(openings)) => Some(check_arms(data, openings, &issued)?),
        _ => None,
    };
    seen.push(arms.map(|n| format!("{n} participants, each with the arm of the opened slot")));
    Ok(())
}

fn check_manifests(papers: &Papers<'_>) -> Result<Vec<SignedManifest>, String> {
    let mut all: Vec<SignedManifest> = vec![];
    for (segment, file) in (0u32..).zip(papers.manifests) {
        let signed =
            SignedManifest::parse(file).map_err(|error| format!("segment {segment}: {error}"))?;
        let first = all.first().unwrap_or(&signed);
        let (m, first) = (&signed.manifest, &first.manifest);
        let of_one = m.trial == first.trial && m.purpose == first.purpose && m.segment == segment;
        demand(of_one, || {
            format!("the manifest given for segment {segment} is of another segment or trial")
        })?;
        all.push(signed);
    }
    let m = &all.first().ok_or("there is no manifest")?.manifest;
    let openings = papers.openings.into_iter().chain(papers.meaning.map(|m| &m.openings));
    let said = openings.map(|one| (&one.trial, one.purpose));
    let said = said.chain(papers.groups.map(|one| (&one.trial, one.purpose)));
    for (trial, purpose) in said {
        demand(*trial == m.trial && purpose == m.purpose, || {
            "what was published is of another trial or purpose".to_owned()
        })?;
    }
    Ok(all)
}

/// Everybody who was randomised is in exactly one group, under the code that the trail says.
fn check_groups(groups: &Groups, issued: &Issued<'_>) -> Result<usize, String> {
    let mut left = issued.codes();
    for one in &groups.members {
        let who = one.participant.as_str();
        demand(left.remove(who) == Some(one.code.as_str()), || {
            format!("{who}: not randomised with code {}, or published twice", one.code)
        })?;
    }
    let missing = left.keys().next();
    demand(missing.is_none(), || format!("{}: has no group", missing.unwrap_or(&"")))?;
    Ok(groups.members.len())
}

/// Each opened slot proves itself, was issued to that participant, and nobody who should be opened is missing.
fn check_openings(
    openings: &Openings,
    manifests: &[SignedManifest],
    issued: &Issued<'_>,
    told: &Told,
) -> Result<usize, String> {
    openings.prove(manifests)?;
    let codes = issued.codes();
    for one in &openings.openings {
        let (who, code) = (one.participant.as_str(), one.place.code.to_string());
        demand(codes.get(who) == Some(&code.as_str()), || {
            format!("{who}: code {code} is opened, and was not issued to them")
        })?;
    }
    let centre = |stratum: &str| StratumId::parse(stratum).ok().as_ref().and_then(centre_of);
    let here = |at: Option<CentreId>| openings.centre.is_none() || at == openings.centre;
    for (who, _, stratum) in &issued.0 {
        let opened = openings.of_participant(who);
        demand(opened.is_some() == here(centre(stratum)), || {
            format!("{who}: {}", if opened.is_some() { "of another centre" } else { "not opened" })
        })?;
        demand(opened.is_none_or(|one| one.place.stratum.as_str() == *stratum), || {
            format!("{who}: randomised in {stratum}, opened in another stratum")
        })?;
    }
    check_order(openings, manifests, issued, told)?;
    Ok(openings.openings.len())
}

/// In each stratum the opened slots ascend in the order of issue; at most as many are left out as codes are void.
fn check_order(
    openings: &Openings,
    manifests: &[SignedManifest],
    issued: &Issued<'_>,
    told: &Told,
) -> Result<(), String> {
    let (mut due, mut left_out) = (BTreeMap::<&str, u64>::new(), 0);
    for one in issued.0.iter().filter_map(|(who, ..)| openings.of_participant(who)) {
        let next = due.entry(one.place.stratum.as_str()).or_insert(0);
        let at = turn(&one.place, manifests);
        demand(at >= *next, || {
            format!("{}: issued after a slot that stands behind it", one.participant)
        })?;
        left_out += at - *next;
        *next = at + 1;
    }
    let void: BTreeSet<&str> =
        told.of("code-voided").map(|line| need(line, "code")).collect::<Result<_, _>>()?;
    demand(left_out <= void.len() as u64, || {
        format!("{left_out} slots were passed over, and {} codes are void", void.len())
    })
}

/// How many slots of its stratum stand before this one, over all segments.
fn turn(place: &Place, manifests: &[SignedManifest]) -> u64 {
    let before = manifests.iter().take(place.segment as usize);
    let slots = before.flat_map(|signed| &signed.manifest.strata);
    let here = slots.filter(|(stratum, _)| *stratum == place.stratum);
    here.map(|(_, count)| u64::from(*count)).sum::<u64>() + u64::from(place.position)
}

/// The data set has everybody who was opened once, with the arm of the opened slot.
fn check_arms(data: &[DataRow], openings: &Openings, issued: &Issued<'_>) -> Result<usize, String> {
    let mut left: BTreeSet<&str> = issued.0.iter().map(|(who, ..)| *who).collect();
    let mut compared = 0;
    for row in data {
        let (at, who) = (row.line, row.participant.as_str());
        demand(left.remove(who), || {
            format!(
                "data set, line {at}: participant {who} was not randomised, or stands there twice"
            )
        })?;
        let Some(one) = openings.of_participant(who) else { continue };
        let fits = row.code == one.place.code.to_string() && row.arm == one.arm;
        demand(fits, || {
            let (code, arm) = (one.place.code, &one.arm);
            format!("data set, line {at}: participant {who} was opened as code {code}, {arm}")
        })?;
        compared += 1;
    }
    let missing = left.iter().find(|who| openings.of_participant(who).is_some());
    demand(missing.is_none(), || {
        format!("participant {} was opened and is not in the data set", missing.unwrap_or(&""))
    })?;
    Ok(compared)
}
