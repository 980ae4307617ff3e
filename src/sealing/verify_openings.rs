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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::entry::Entry;
    use crate::sealing::data_set::read_data_set;
    use crate::sealing::fixture::{SECRET, centre};
    use crate::sealing::groups::Labels;
    use crate::sealing::list::List;
    use crate::sealing::manifest::ListPurpose;
    use crate::sealing::published::Opening;
    use crate::sealing::tale::{Tale, failed};
    use crate::sealing::{ceremony::ListSecret, slot::Place};

    /// What is published of a trial, each paper to be changed before it is looked at.
    struct Published {
        tale: Tale,
        openings: Openings,
        groups: Groups,
        meaning: Meaning,
    }

    /// Whom the trail says was randomised, with the code.
    fn issued(tale: &Tale) -> Vec<(String, String)> {
        let fact = |entry: &Entry, name: &str| {
            let found = entry.on.iter().find(|(known, _)| known == name).unwrap();
            let crate::domain::entry::Fact::Text(text) = &found.1 else { panic!("a text") };
            text.clone()
        };
        let randomised = tale.told.iter().filter(|(.., entry)| entry.act == "randomised");
        randomised.map(|(.., entry)| (fact(entry, "participant"), fact(entry, "code"))).collect()
    }

    impl Published {
        fn of(tale: Tale, lists: &[List]) -> Self {
            let openings = Openings::of(lists, &issued(&tale), None).unwrap();
            let manifest = SignedManifest::parse(&tale.manifests[0]).unwrap();
            let secret = ListSecret::from_bytes(SECRET);
            let labels = Labels::draw(&manifest.manifest, &secret).unwrap();
            let groups = Groups::of(&openings, &labels);
            let Labels { arm_a, salt } = labels;
            let meaning = Meaning { arm_a, salt, openings: openings.clone() };
            Self { tale, openings, groups, meaning }
        }

        fn honest() -> Self {
            let tale = Tale::honest();
            let list = crate::sealing::fixture::draw(&crate::sealing::fixture::design(8));
            Self::of(tale, &[list])
        }

        /// One opened slot.
        fn opened(&mut self, who: &str) -> &mut Opening {
            self.openings.openings.iter_mut().find(|one| one.participant == who).unwrap()
        }

        fn looked_at(&self, openings: bool, groups: bool, meaning: bool, data: bool) -> Verdict {
            let lines = self.tale.lines();
            let note = self.tale.note(&lines);
            let rows = read_data_set(&self.tale.data).unwrap();
            let papers = Papers {
                manifests: &self.tale.manifests,
                trail: TrailEvidence {
                    checkpoint: &note,
                    key: &self.tale.signer.vkey(),
                    kept: &[],
                },
                openings: openings.then_some(&self.openings),
                groups: groups.then_some(&self.groups),
                meaning: meaning.then_some(&self.meaning),
                data: data.then_some(rows.as_slice()),
            };
            verify_papers(&papers, lines.iter().map(String::as_str))
        }

        /// Openings and data: which check fails, and why.
        fn says(&self) -> (usize, String) {
            failed(&self.looked_at(true, false, false, true))
        }
    }

    fn seen(verdict: &Verdict) -> Vec<String> {
        let word = |outcome: &Outcome| match outcome {
            Outcome::Fits(seen) => seen.clone(),
            Outcome::NotChecked => "-".to_owned(),
            Outcome::Failed(why) => format!("NOT {why}"),
        };
        verdict.steps.iter().map(|step| word(&step.outcome)).collect()
    }

    // shows: RP-4, RP-7
    #[test]
    fn honest_papers_fit_and_a_paper_that_is_not_given_is_not_checked() {
        let honest = Published::honest();
        let size = honest.tale.told.len();
        let begin =
            ["1 manifests, signed by stat-1".to_owned(), format!("{size} entries, 4 participants")];
        let arm = &honest.meaning.arm_a;
        let all = [
            "4 participants, each with a group and no arm".to_owned(),
            "4 slots opened, each under the root and in list order".to_owned(),
            format!("group A was {arm}, as committed to with the groups"),
            "4 participants, each with the arm of the opened slot".to_owned(),
        ];
        for (openings, groups, meaning, data, shown) in [
            (false, true, true, true, [true, true, true, true]),
            (false, true, false, true, [true, false, false, false]),
            (true, false, false, true, [false, true, false, true]),
            (true, false, false, false, [false, true, false, false]),
        ] {
            let verdict = honest.looked_at(openings, groups, meaning, data);
            let names: Vec<_> = verdict.steps.iter().map(|step| step.name).collect();
            assert_eq!(names, OPENED);
            let expected = all.iter().zip(shown);
            let expected = expected.map(|(said, shown)| if shown { said.as_str() } else { "-" });
            let expected: Vec<_> = begin.iter().map(String::as_str).chain(expected).collect();
            assert_eq!(seen(&verdict), expected);
        }
        let alone = honest.looked_at(false, false, true, false);
        assert_eq!(failed(&alone).1, "a meaning explains groups, and none were given");
    }

    // shows: RP-4, SG-7
    #[test]
    fn papers_of_another_trial_purpose_or_segment_are_refused() {
        let other = (1, "what was published is of another trial or purpose".to_owned());
        let mut changed = Published::honest();
        changed.openings.trial = crate::domain::ids::TrialId::parse("TEST-0002").unwrap();
        assert_eq!(changed.says(), other);
        let mut changed = Published::honest();
        changed.openings.purpose = ListPurpose::Training;
        assert_eq!(changed.says(), other);
        let mut changed = Published::honest();
        changed.groups.purpose = ListPurpose::Training;
        assert_eq!(failed(&changed.looked_at(false, true, false, false)), other);
        let mut changed = Published::honest();
        changed.groups.trial = crate::domain::ids::TrialId::parse("TEST-0002").unwrap();
        assert_eq!(failed(&changed.looked_at(false, true, false, false)), other);
        let mut changed = Published::honest();
        changed.meaning.openings.purpose = ListPurpose::Training;
        assert_eq!(failed(&changed.looked_at(false, true, true, false)), other);
        // The same manifest twice; one of another trial; one for practice.
        let honest = &Published::honest().tale.manifests[0];
        let text = honest.split("\nsignature: ").next().unwrap();
        let second = text.replace("segment: 0", "segment: 1");
        for (given, fits) in [
            (honest.clone(), false),
            (crate::sealing::tale::sign_again(&second.replace("TEST-0001", "TEST-0002")), false),
            (
                crate::sealing::tale::sign_again(
                    &second.replace("purpose: live", "purpose: training"),
                ),
                false,
            ),
            (crate::sealing::tale::sign_again(&second), true),
        ] {
            let mut changed = Published::honest();
            changed.tale.manifests.push(given);
            let why = "the manifest given for segment 1 is of another segment or trial";
            let (step, said) = changed
                .looked_at(true, false, false, false)
                .failure()
                .map_or_else(|| (0, String::new()), |(step, why)| (step.number, why.to_owned()));
            assert_eq!((step, said.as_str()) == (1, why), !fits, "{said}");
        }
        let mut none = Published::honest();
        none.tale.manifests.clear();
        assert_eq!(none.says(), (1, "there is no manifest".to_owned()));
    }

    // shows: RP-4, I4
    #[test]
    fn a_slot_that_is_opened_for_somebody_else_twice_or_not_at_all_is_found() {
        let code =
            |published: &mut Published, who: &str| published.opened(who).place.code.to_string();
        let mut changed = Published::honest();
        changed.openings.openings.remove(0);
        assert_eq!(changed.says(), (4, "ES-001: not opened".to_owned()));
        let mut changed = Published::honest();
        changed.openings.centre = Some(centre("east"));
        assert_eq!(changed.says(), (4, "WE-001: of another centre".to_owned()));
        let mut changed = Published::honest();
        let (one, other) = (code(&mut changed, "ES-001"), code(&mut changed, "ES-003"));
        assert_ne!(one, other);
        changed.opened("ES-001").participant = "ES-00x".to_owned();
        changed.opened("ES-003").participant = "ES-001".to_owned();
        changed.opened("ES-00x").participant = "ES-003".to_owned();
        let why = format!("ES-003: code {one} is opened, and was not issued to them");
        assert_eq!(changed.says(), (4, why));
        for who in ["ES-001", "ES-009"] {
            let mut changed = Published::honest();
            let mut again = changed.opened("ES-001").clone();
            again.participant = who.to_owned();
            changed.openings.openings.push(again);
            assert_eq!(changed.says(), (4, format!("{who}: opened twice")));
        }
        let mut changed = Published::honest();
        let mut again = changed.opened("ES-003").clone();
        again.participant = "ES-001".to_owned();
        changed.openings.openings.push(again);
        assert_eq!(changed.says(), (4, "ES-001: opened twice".to_owned()));
        let mut changed = Published::honest();
        changed.opened("ES-001").arm = "neither".to_owned();
        assert_eq!(changed.says(), (4, "ES-001: no such arm".to_owned()));
        let mut changed = Published::honest();
        changed.opened("ES-001").place.segment = 1;
        assert_eq!(changed.says().1, "ES-001: no manifest of that segment was given");
        // The trail says another stratum than the slot's.
        let mut changed = Published::honest();
        let at = changed.tale.first("randomised");
        changed.tale.told[at].2.data[0].1 = "east/severe".into();
        let why = "ES-001: randomised in east/severe, opened in another stratum";
        assert_eq!(changed.says(), (4, why.to_owned()));
    }

    // shows: RP-4, I4, AL-5
    #[test]
    fn slots_are_opened_in_the_order_of_issue_and_no_more_is_left_out_than_is_void() {
        // Who came first got what stands behind.
        let mut tale = Tale::honest();
        let at = tale.first("randomised");
        tale.told.swap(at, at + 2);
        let list = || crate::sealing::fixture::draw(&crate::sealing::fixture::design(8));
        let changed = Published::of(tale, &[list()]);
        let why = "ES-001: issued after a slot that stands behind it";
        assert_eq!(changed.says(), (4, why.to_owned()));
        // ES-004 gets the sixth slot of a stratum of which two were issued: three are passed over.
        let with_void = |rows: &[usize]| {
            let mut tale = Tale::honest();
            tale.told.push(("co-e", "coordinator", tale.randomised(5, "ES-004")));
            for row in rows {
                let code = list().rows()[*row].code.to_string();
                let void = Entry::new("code-voided").on("code", code);
                tale.told.push(("stat-1", "statistician", void));
            }
            let published = Published::of(tale, &[list()]);
            seen(&published.looked_at(true, false, false, false))[3].clone()
        };
        let fits = "5 slots opened, each under the root and in list order";
        let why = |void: usize| format!("NOT 3 slots were passed over, and {void} codes are void");
        assert_eq!(with_void(&[]), why(0));
        assert_eq!(with_void(&[2, 3]), why(2));
        assert_eq!(with_void(&[2, 3, 3]), why(2));
        assert_eq!(with_void(&[2, 3, 4]), fits);
        // A second segment goes on where the first ends.
        let mut tale = Tale::honest();
        let second = tale.goes_on();
        let both = Published::of(tale, &[list(), second]);
        let fits = both.looked_at(true, true, true, true);
        assert!(fits.fits(), "{:?}", seen(&fits));
        assert_eq!(seen(&fits)[3], "12 slots opened, each under the root and in list order");
        let place = |segment, position| Place {
            segment,
            position,
            ..both
                .openings
                .openings
                .iter()
                .find(|one| one.participant == "EX-009")
                .unwrap()
                .place
                .clone()
        };
        let read = |text: &String| SignedManifest::parse(text).unwrap();
        let manifests: Vec<_> = both.tale.manifests.iter().map(read).collect();
        assert_eq!((turn(&place(0, 7), &manifests), turn(&place(1, 0), &manifests)), (7, 8));
    }

    // shows: RP-4
    #[test]
    fn the_data_set_has_everybody_once_with_the_arm_that_was_opened() {
        let honest = Published::honest().tale.data;
        let rows: Vec<&str> = honest.lines().collect();
        let says = |data: String| {
            let mut changed = Published::honest();
            changed.tale.data = data;
            changed.says()
        };
        let twice = "participant ES-001 was not randomised, or stands there twice";
        assert_eq!(
            says(format!("{honest}{}\n", rows[1])),
            (6, format!("data set, line 6: {twice}"))
        );
        let left_out = says(honest.replace(&format!("{}\n", rows[2]), ""));
        assert_eq!(
            left_out,
            (6, "participant ES-002 was opened and is not in the data set".to_owned())
        );
        let code = rows[1].split(',').nth(1).unwrap();
        let (arm, other) =
            if rows[1].contains("active") { ("active", "placebo") } else { ("placebo", "active") };
        let why = format!("data set, line 2: participant ES-001 was opened as code {code}, {arm}");
        assert_eq!(says(honest.replacen(arm, other, 1)), (6, why.clone()));
        assert_eq!(says(honest.replacen(code, "0000000", 1)), (6, why));
        // One centre's opened slots say nothing of the other's rows.
        let mut east = Published::honest();
        east.openings.centre = Some(centre("east"));
        east.openings.openings.retain(|one| one.participant.starts_with("ES"));
        let fits = east.looked_at(true, false, false, true);
        assert_eq!(seen(&fits)[5], "3 participants, each with the arm of the opened slot");
    }

    // shows: RP-7
    #[test]
    fn everybody_is_in_one_group_under_the_code_of_the_trail() {
        let fails = |change: fn(&mut Groups)| {
            let mut changed = Published::honest();
            change(&mut changed.groups);
            failed(&changed.looked_at(false, true, false, false))
        };
        let says = |words: &str| (3, words.to_owned());
        assert_eq!(fails(|groups| drop(groups.members.pop())), says("WE-001: has no group"));
        let code = Published::honest().groups.members[0].code.clone();
        let twice = format!("ES-001: not randomised with code {code}, or published twice");
        assert_eq!(fails(|groups| groups.members.push(groups.members[0].clone())), says(&twice));
        let strange = "ES-001: not randomised with code 0000000, or published twice";
        assert_eq!(fails(|groups| groups.members[0].code = "0000000".to_owned()), says(strange));
    }
}
