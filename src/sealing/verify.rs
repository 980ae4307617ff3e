//! The seven checks by which anybody tells whether a finished trial is what it says (design 5, disclosure). They need
//! no network and no database: manifest, disclosure, exported trail and data set are files that everybody may have.

use super::bytes::{hex, same};
use super::ceremony::{seed_commit, sizes_commit};
use super::data_set::DataRow;
use super::disclosure::Disclosure;
use super::line::Line;
use super::list::{Design, List, Row};
use super::manifest::{SignedManifest, Sizes};
use super::slot::centre_of;
use super::verify_releases::check_releases;
use super::verify_trail::{Told, TrailEvidence, check_trail, demand, need, number};
use crate::domain::ids::{CentreId, Code};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// What is looked at, as it was read.
pub struct Evidence<'e> {
    /// The manifest files, one for each segment, segment 0 first.
    pub manifests: &'e [String],
    /// The disclosures, in the same order.
    pub disclosures: &'e [Disclosure],
    /// The signed note over exactly the lines of the export.
    pub checkpoint: &'e str,
    /// The key it is signed with; better one that was printed early than the one in the export.
    pub trail_key: &'e str,
    /// Checkpoints that others kept along the way: they find a trail that was written anew.
    pub kept: &'e [String],
    /// The analysis data set.
    pub data: &'e [DataRow],
}

/// What came of the seven checks, in their order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// All seven.
    pub steps: Vec<Step>,
}

/// What came of one check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// From 1 to 7.
    pub number: usize,
    /// One word for it.
    pub name: &'static str,
    /// What came of it.
    pub outcome: Outcome,
}

/// Whether a check holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It holds; what was seen.
    Fits(String),
    /// It does not; the first thing that fails, and where.
    Failed(String),
    /// One before it failed: what came after would prove nothing.
    NotChecked,
}

impl Verdict {
    /// Do all seven hold?
    pub fn fits(&self) -> bool {
        self.steps.iter().all(|step| matches!(step.outcome, Outcome::Fits(_)))
    }

    /// The check that failed, and why.
    pub fn failure(&self) -> Option<(&Step, &str)> {
        self.steps.iter().find_map(|step| match &step.outcome {
            Outcome::Failed(why) => Some((step, why.as_str())),
            Outcome::Fits(_) | Outcome::NotChecked => None,
        })
    }
}

/// The checks, in their order.
pub const CHECKS: [&str; 7] =
    ["commitment", "list", "trail", "order", "arms", "releases", "breaks"];

/// Runs the checks up to the first that fails. `lines` are those of `trail.jsonl`, each with the line feed that ends
/// it, as `split_inclusive('\n')` gives them.
pub fn verify<'l>(evidence: &Evidence<'_>, lines: impl Iterator<Item = &'l str>) -> Verdict {
    let mut outcomes = vec![];
    let why = run(evidence, lines, &mut outcomes).err().map(Outcome::Failed);
    let outcomes = outcomes.into_iter().map(Outcome::Fits).chain(why);
    let outcomes = outcomes.chain(std::iter::repeat(Outcome::NotChecked));
    let step = |((number, name), outcome)| Step { number, name, outcome };
    Verdict { steps: (1..).zip(CHECKS).zip(outcomes).map(step).collect() }
}

fn run<'l>(
    evidence: &Evidence<'_>,
    lines: impl Iterator<Item = &'l str>,
    fits: &mut Vec<String>,
) -> Result<(), String> {
    let manifests = check_commitment(evidence)?;
    fits.push(format!("manifest {}", hex(&manifests[0].hash())));
    let lists = check_list(evidence, &manifests)?;
    let slots = Slots::of(&lists);
    fits.push(format!("{} slots drawn again, with the root that was committed to", slots.0.len()));
    let (checkpoint, key, kept) = (evidence.checkpoint, evidence.trail_key, evidence.kept);
    let told = check_trail(&TrailEvidence { checkpoint, key, kept }, &manifests, lines)?;
    fits.push(format!("{} entries, each chained and under the checkpoint", told.size));
    fits.push(check_order(&lists, &told)?);
    let arms = check_arms(evidence, &slots, &told)?;
    fits.push(format!("{arms} participants, each with the arm of the list"));
    let hashes: Vec<String> = manifests.iter().map(|signed| hex(&signed.hash())).collect();
    let releases = check_releases(&hashes, &slots.centres(), &told)?;
    fits.push(format!("{releases} releases, each to somebody entitled then"));
    let broken = check_breaks(evidence, &told)?;
    let silent = evidence.data.iter().any(|row| row.broken.is_none());
    let reported = if silent { "which the data set does not tell" } else { "as reported" };
    fits.push(format!("{broken} codes broken, {reported}"));
    Ok(())
}

/// Every slot of every segment by its code.
struct Slots<'l>(BTreeMap<String, (&'l List, &'l Row)>);

impl<'l> Slots<'l> {
    fn of(lists: &'l [List]) -> Self {
        let rows = lists.iter().flat_map(|list| list.rows().iter().map(move |row| (list, row)));
        Self(rows.map(|(list, row)| (row.code.to_string(), (list, row))).collect())
    }

    fn arm(&self, code: &str) -> Option<&'l str> {
        self.0.get(code).map(|(list, row)| row.arm.name_among(&list.design().arms))
    }

    fn centres(&self) -> BTreeMap<String, Option<CentreId>> {
        self.0.iter().map(|(code, (_, row))| (code.clone(), centre_of(&row.stratum))).collect()
    }
}

/// (1) Signature, seed commitment, sizes commitment, beacon.
pub(super) fn check_commitment(evidence: &Evidence<'_>) -> Result<Vec<SignedManifest>, String> {
    demand(!evidence.manifests.is_empty(), || "there is no manifest".to_owned())?;
    demand(evidence.manifests.len() == evidence.disclosures.len(), || {
        let (manifests, disclosures) = (evidence.manifests.len(), evidence.disclosures.len());
        format!("there are {manifests} manifests and {disclosures} disclosures")
    })?;
    let mut all: Vec<SignedManifest> = vec![];
    for (segment, (file, said)) in (0u32..).zip(evidence.manifests.iter().zip(evidence.disclosures))
    {
        let signed =
            SignedManifest::parse(file).map_err(|error| format!("segment {segment}: {error}"))?;
        let m = &signed.manifest;
        let first = all.first().map_or(m, |first| &first.manifest);
        let of_one = m.trial == first.trial && m.purpose == first.purpose;
        demand(of_one && m.segment == segment, || {
            format!("the manifest given for segment {segment} is of another segment or trial")
        })?;
        let same_list =
            said.trial == m.trial && said.segment == segment && said.purpose == m.purpose;
        demand(same_list, || format!("segment {segment}: the disclosure is of another list"))?;
        demand(same(&seed_commit(&m.trial, segment, &said.secret), &m.seed_commit), || {
            format!("segment {segment}: the disclosed secret is not the one committed to")
        })?;
        demand(said.beacon == m.beacon, || {
            format!("segment {segment}: the disclosed beacon is not the manifest's")
        })?;
        let sizes = match &m.sizes {
            Sizes::Published(sizes) => *sizes == said.sizes,
            Sizes::Hidden(commit) => {
                same(commit, &sizes_commit(&m.trial, segment, &said.secret, &said.sizes))
            }
        };
        demand(sizes, || format!("segment {segment}: the disclosed sizes are not the manifest's"))?;
        all.push(signed);
    }
    Ok(all)
}

/// (2) List, codes, salts and root, drawn again.
pub(super) fn check_list(
    evidence: &Evidence<'_>,
    manifests: &[SignedManifest],
) -> Result<Vec<List>, String> {
    let mut taken: BTreeSet<Code> = BTreeSet::new();
    let mut lists = vec![];
    for (signed, said) in manifests.iter().zip(evidence.disclosures) {
        let m = &signed.manifest;
        let design = Design {
            trial: m.trial.clone(),
            purpose: m.purpose,
            segment: m.segment,
            arms: m.arms.clone(),
            ratio: m.ratio.clone(),
            sizes: said.sizes.clone(),
            hide_sizes: matches!(m.sizes, Sizes::Hidden(_)),
            slots: m.slots,
            strata: m.strata.iter().map(|(stratum, _)| stratum.clone()).collect(),
            configuration: m.configuration,
        };
        let list = List::draw(&design, &said.secret, &said.beacon, &taken)
            .map_err(|error| format!("segment {}: {error}", m.segment))?;
        for ((stratum, count), (_, again)) in m.strata.iter().zip(list.counts()) {
            demand(*count == again, || {
                format!(
                    "stratum {stratum} has {count} slots in the manifest and {again} when drawn again"
                )
            })?;
        }
        demand(same(&list.root(), &m.root), || {
            format!(
                "segment {}: the list drawn again has another root than the manifest",
                m.segment
            )
        })?;
        taken.extend(list.rows().iter().map(|row| row.code));
        lists.push(list);
    }
    Ok(lists)
}

/// (4) In every stratum the codes were issued in the order of the list, without repeat or reuse (I4). The one gap is a
/// code that was void before its turn; it is never issued. Says how many were issued and how many are void.
fn check_order(lists: &[List], told: &Told) -> Result<String, String> {
    let mut due: BTreeMap<&str, VecDeque<(&List, &Row)>> = BTreeMap::new();
    for list in lists {
        for row in list.rows() {
            due.entry(row.stratum.as_str()).or_default().push_back((list, row));
        }
    }
    let codes: BTreeSet<String> =
        lists.iter().flat_map(List::rows).map(|row| row.code.to_string()).collect();
    // Codes with the entries that issued or voided them.
    let (mut issued, mut void) = (BTreeMap::new(), BTreeMap::new());
    for line in &told.lines {
        match line.entry.act.as_str() {
            "code-voided" => {
                let (seq, code) = (line.seq, need(line, "code")?);
                demand(codes.contains(code), || {
                    format!("entry {seq}: code {code} was voided, and is on no list")
                })?;
                let before = issued.get(code).or(void.get(code));
                demand(before.is_none(), || {
                    let what = if void.contains_key(code) { "voided" } else { "issued" };
                    let before = before.unwrap_or(&0);
                    format!(
                        "entry {seq}: code {code} was voided, and had been {what} in entry {before}"
                    )
                })?;
                void.insert(code, seq);
            }
            "randomised" => {
                let code = check_turn(line, &mut due, &void)?;
                issued.insert(code, line.seq);
            }
            _ => {}
        }
    }
    Ok(format!("{} codes issued in list order, {} void", issued.len(), void.len()))
}

/// Was this code the next of its stratum?
fn check_turn<'t>(
    line: &'t Line,
    due: &mut BTreeMap<&'t str, VecDeque<(&List, &Row)>>,
    void: &BTreeMap<&str, u64>,
) -> Result<&'t str, String> {
    let (seq, code, stratum) = (line.seq, need(line, "code")?, need(line, "stratum")?);
    demand(!void.contains_key(code), || {
        let since = void.get(code).unwrap_or(&0);
        format!("entry {seq}: code {code} was issued, and is void since entry {since}")
    })?;
    let waiting = due.entry(stratum).or_default();
    while waiting.front().is_some_and(|(_, row)| void.contains_key(row.code.to_string().as_str())) {
        waiting.pop_front();
    }
    let (list, row) = waiting
        .pop_front()
        .ok_or_else(|| format!("entry {seq}: stratum {stratum} has no slot left to issue"))?;
    demand(row.code.to_string() == code, || {
        format!("entry {seq}: code {code} was issued in {stratum}, where {} was next", row.code)
    })?;
    let segment = list.design().segment;
    demand(number(&line.entry.data, "segment") == Some(u64::from(segment)), || {
        format!("entry {seq}: code {code} is of segment {segment}, the entry says otherwise")
    })?;
    Ok(code)
}

/// (5) Every participant is in the data set once, with their code, and with the arm of that code's leaf.
fn check_arms(evidence: &Evidence<'_>, slots: &Slots<'_>, told: &Told) -> Result<usize, String> {
    let mut randomised: BTreeMap<&str, &str> = BTreeMap::new();
    for line in told.of("randomised") {
        let participant = need(line, "participant")?;
        let before = randomised.insert(participant, need(line, "code")?);
        demand(before.is_none(), || {
            format!("entry {}: participant {participant} was randomised again", line.seq)
        })?;
    }
    for row in evidence.data {
        let (at, who) = (row.line, &row.participant);
        let code = randomised.remove(who.as_str()).ok_or_else(|| {
            format!(
                "data set, line {at}: participant {who} was not randomised, or stands there twice"
            )
        })?;
        demand(row.code == code, || {
            format!(
                "data set, line {at}: participant {who} has code {}, the trail says {code}",
                row.code
            )
        })?;
        demand(slots.arm(code) == Some(row.arm.as_str()), || {
            let arm = slots.arm(code).unwrap_or("nothing");
            format!(
                "data set, line {at}: participant {who}, code {code} is {}, the list says {arm}",
                row.arm
            )
        })?;
    }
    let missing = randomised.keys().next();
    demand(missing.is_none(), || {
        format!("participant {} was randomised and is not in the data set", missing.unwrap_or(&""))
    })?;
    Ok(evidence.data.len())
}

/// (7) Whose code was broken by the trail is `yes` in the data set, and nobody else.
fn check_breaks(evidence: &Evidence<'_>, told: &Told) -> Result<usize, String> {
    let mut broken = BTreeSet::new();
    for line in told.of("release-for-break").chain(told.of("break-imported")) {
        broken.insert(need(line, "participant")?);
    }
    for row in evidence.data {
        let was = broken.contains(row.participant.as_str());
        demand(row.broken.is_none_or(|said| said == was), || {
            let (at, who) = (row.line, &row.participant);
            let (said, found) = if was { ("no", "was") } else { ("yes", "was not") };
            format!(
                "data set, line {at}: broken is {said}, but by the trail the code of {who} {found} broken"
            )
        })?;
    }
    Ok(broken.len())
}

#[cfg(test)]
mod tests {
    use super::{CHECKS, Outcome};
    use crate::domain::entry::Entry;
    use crate::sealing::bytes::hex;
    use crate::sealing::fixture::{design, manifest};
    use crate::sealing::list::Design;
    use crate::sealing::manifest::ListPurpose;
    use crate::sealing::tale::{Tale, disclosure, failed, sign_again};

    fn says(tale: &Tale) -> (usize, String) {
        failed(&tale.verdict())
    }

    fn set(entry: &mut Entry, name: &str, value: &str) {
        let facts = entry.on.iter_mut().chain(&mut entry.data);
        facts.filter(|(n, _)| n == name).for_each(|(_, fact)| *fact = value.into());
    }

    // shows: SG-7, AL-10
    #[test]
    fn an_honest_trial_fits_in_all_seven_checks() {
        let verdict = Tale::honest().verdict();
        let names: Vec<_> = verdict.steps.iter().map(|step| (step.number, step.name)).collect();
        assert_eq!(names, (1..).zip(CHECKS).collect::<Vec<_>>());
        let seen: Vec<_> = verdict.steps.iter().map(|step| format!("{:?}", step.outcome)).collect();
        assert!(verdict.fits(), "{seen:#?}");
        assert!(seen[3].contains("4 codes") && seen[4].contains("4 participants"), "{seen:#?}");
        assert!(seen[5].contains("4 releases"), "{seen:#?}");
        assert!(seen[6].contains("2 codes broken, as reported"), "{seen:#?}");
    }

    #[test]
    fn what_comes_after_the_first_failure_is_not_checked() {
        let mut tale = Tale::honest();
        assert!(tale.data.contains("active") && tale.data.contains("placebo"), "both arms occur");
        tale.data = tale.data.replace("active", "placebo");
        let verdict = tale.verdict();
        assert_eq!(verdict.failure().map(|(step, _)| step.name), Some("arms"));
        assert!(!verdict.fits());
        assert!(verdict.steps[5..].iter().all(|step| step.outcome == Outcome::NotChecked));
    }

    // shows: SG-7
    #[test]
    fn check_1_finds_an_altered_manifest_and_another_secret_beacon_or_size() {
        let mut tale = Tale::honest();
        tale.manifests[0] = tale.manifests[0].replace("made-up", "famous");
        let signature = "segment 0: the manifest's signature does not fit it".to_owned();
        assert_eq!(says(&tale), (1, signature));
        let mut tale = Tale::honest();
        tale.disclosures[0] = disclosure(0, [8; 32]);
        let other = "segment 0: the disclosed secret is not the one committed to".to_owned();
        assert_eq!(says(&tale), (1, other));
        let mut tale = Tale::honest();
        tale.disclosures[0].beacon = b"round 4244".to_vec();
        assert_eq!(says(&tale).1, "segment 0: the disclosed beacon is not the manifest's");
        let mut tale = Tale::honest();
        tale.disclosures[0].sizes = vec![8];
        assert_eq!(says(&tale).1, "segment 0: the disclosed sizes are not the manifest's");
        let mut tale = Tale::honest();
        tale.disclosures[0].purpose = ListPurpose::Training;
        assert_eq!(says(&tale).1, "segment 0: the disclosure is of another list");
        let mut tale = Tale::honest();
        tale.disclosures.push(disclosure(1, [8; 32]));
        assert_eq!(says(&tale).1, "there are 1 manifests and 2 disclosures");
        let mut tale = Tale::honest();
        tale.manifests.push(tale.manifests[0].clone());
        tale.disclosures.push(disclosure(0, [8; 32]));
        let twice = "the manifest given for segment 1 is of another segment or trial";
        assert_eq!(says(&tale).1, twice);
        // Signed by the right person, for segment 1, of another trial or to practise with.
        let text = tale.story.package.manifest.text.replace("segment: 0", "segment: 1");
        for (from, to) in [("TEST-0001", "TEST-0002"), ("purpose: live", "purpose: training")] {
            tale.manifests[1] = sign_again(&text.replace(from, to));
            assert_eq!(says(&tale), (1, twice.to_owned()), "{to}");
        }
        (tale.manifests, tale.disclosures) = (vec![], vec![]);
        assert_eq!(says(&tale).1, "there is no manifest");
    }

    // shows: SG-7, SG-9
    #[test]
    fn check_1_opens_the_commitment_to_hidden_sizes() {
        let mut tale = Tale::honest();
        let hidden = Design { hide_sizes: true, ..design(8) };
        let signed = manifest(&crate::sealing::fixture::draw(&hidden));
        let hash = hex(&signed.hash());
        for at in [0, tale.first("list-imported")] {
            set(&mut tale.told[at].2, "manifest", &hash);
        }
        tale.manifests = vec![signed.to_file_text()];
        assert!(tale.verdict().fits(), "{:?}", tale.verdict());
        tale.disclosures[0].sizes = vec![8];
        assert_eq!(says(&tale).1, "segment 0: the disclosed sizes are not the manifest's");
    }

    // shows: SG-1, SG-7
    #[test]
    fn check_2_finds_a_list_that_was_not_drawn_from_the_secret() {
        // The statistician flipped every arm, and signed for that list.
        let mut tale = Tale::honest();
        let mirrored = manifest(&tale.story.list.mirrored());
        tale.manifests = vec![mirrored.to_file_text()];
        let root = "segment 0: the list drawn again has another root than the manifest".to_owned();
        assert_eq!(says(&tale), (2, root));
        let mut tale = Tale::honest();
        let text = tale.story.package.manifest.text.replace("slots: 8", "slots: 6");
        tale.manifests = vec![sign_again(&text)];
        assert!(
            tale.verdict().failure().is_some_and(|(step, _)| step.number == 3),
            "the same rows"
        );
        let text = text.replace("stratum: 8 east/mild", "stratum: 7 east/mild");
        tale.manifests = vec![sign_again(&text)];
        let count = "stratum east/mild has 7 slots in the manifest and 8 when drawn again";
        assert_eq!(says(&tale), (2, count.to_owned()));
    }

    // shows: I4, AL-5
    #[test]
    fn check_4_finds_a_code_out_of_order_skipped_or_from_elsewhere() {
        let code = |tale: &Tale, row: usize| tale.story.list.rows()[row].code.to_string();
        let mut tale = Tale::honest();
        let at = tale.first("randomised");
        let skipped = code(&tale, 3);
        set(&mut tale.told[at].2, "code", &skipped);
        let next = code(&tale, 0);
        let why =
            format!("entry {at}: code {skipped} was issued in east/mild, where {next} was next");
        assert_eq!(says(&tale), (4, why));
        let mut tale = Tale::honest();
        tale.told.swap(at, at + 2);
        assert_eq!(says(&tale).0, 4);
        let mut tale = Tale::honest();
        set(&mut tale.told[at].2, "stratum", "east/none");
        assert_eq!(
            says(&tale).1,
            format!("entry {at}: stratum east/none has no slot left to issue")
        );
        let mut tale = Tale::honest();
        tale.told[at].2.data.retain(|(name, _)| name != "segment");
        assert!(says(&tale).1.contains("is of segment 0, the entry says otherwise"));
        let mut tale = Tale::honest();
        tale.told[at].2.on.retain(|(name, _)| name != "code");
        assert_eq!(says(&tale).1, format!("entry {at}: randomised does not say its code"));
    }

    // shows: I5, AL-10
    #[test]
    fn check_5_finds_another_arm_another_code_and_whoever_is_missing_or_double() {
        let mut tale = Tale::honest();
        let line = tale.data.lines().nth(1).unwrap_or_default().to_owned();
        let turned = if line.contains("active") {
            line.replace("active", "placebo")
        } else {
            line.replace("placebo", "active")
        };
        tale.data = tale.data.replace(&line, &turned);
        let (number, why) = says(&tale);
        assert_eq!(number, 5);
        assert!(
            why.starts_with("data set, line 2: participant ES-001, code ")
                && why.contains("the list says"),
            "{why}"
        );
        tale.data = Tale::honest().data.replace(&format!("{line}\n"), "");
        assert_eq!(says(&tale).1, "participant ES-001 was randomised and is not in the data set");
        tale.data = format!("{}{line}\n", Tale::honest().data);
        let twice =
            "data set, line 6: participant ES-001 was not randomised, or stands there twice";
        assert_eq!(says(&tale).1, twice);
        tale.data = Tale::honest().data.replace("ES-001", "ES-009");
        assert!(says(&tale).1.contains("participant ES-009 was not randomised"));
        let code = tale.story.list.rows()[0].code.to_string();
        tale.data = Tale::honest().data.replace(&code, "7429133");
        let why =
            format!("data set, line 2: participant ES-001 has code 7429133, the trail says {code}");
        assert_eq!(says(&tale), (5, why));
        let mut tale = Tale::honest();
        let entry = tale.randomised(2, "ES-001");
        let at = tale.told.len();
        tale.told.push(("co-e", "coordinator", entry));
        assert_eq!(
            says(&tale),
            (5, format!("entry {at}: participant ES-001 was randomised again"))
        );
    }

    // shows: SG-10
    #[test]
    fn a_second_segment_goes_on_where_the_first_ends() {
        let mut tale = Tale::honest();
        tale.goes_on();
        assert!(tale.verdict().fits(), "{:?}", tale.verdict());
    }

    /// The honest tale with the code of this row voided at its end.
    fn voided(row: usize) -> Tale {
        let mut tale = Tale::honest();
        let code = tale.story.list.rows()[row].code.to_string();
        tale.told.push(("stat-1", "statistician", Entry::new("code-voided").on("code", code)));
        tale
    }

    /// One more participant in the first stratum gets the code of this row.
    fn one_more(tale: &mut Tale, row: usize) {
        tale.told.push(("co-e", "coordinator", tale.randomised(row, "ES-004")));
        let row = &tale.story.list.rows()[row];
        let arm = row.arm.name(&tale.story.package.manifest.manifest);
        tale.data.push_str(&format!("ES-004,{},{arm},no\n", row.code));
    }

    // shows: I4
    #[test]
    fn check_4_lets_exactly_void_codes_be_left_out_and_counts_them() {
        let mut tale = voided(2);
        one_more(&mut tale, 3);
        let seen = tale.verdict();
        assert!(seen.fits(), "{seen:?}");
        assert!(format!("{:?}", seen.steps[3]).contains("5 codes issued in list order, 1 void"));
        assert!(voided(5).verdict().fits(), "its turn has not come");
        let code = |row: usize| Tale::honest().story.list.rows()[row].code;
        let mut tale = voided(2);
        one_more(&mut tale, 4);
        assert!(says(&tale).1.ends_with(&format!("where {} was next", code(3))));
        let mut tale = voided(10);
        one_more(&mut tale, 3);
        assert!(says(&tale).1.ends_with(&format!("where {} was next", code(2))), "another gap");
        let mut tale = Tale::honest();
        one_more(&mut tale, 3);
        let late = Entry::new("code-voided").on("code", code(2).to_string());
        tale.told.push(("stat-1", "statistician", late));
        assert!(says(&tale).1.ends_with(&format!("where {} was next", code(2))), "too late");
    }

    // shows: I4, AL-8
    #[test]
    fn check_4_finds_a_void_code_that_was_issued_and_a_void_of_what_cannot_be_void() {
        let mut tale = voided(2);
        one_more(&mut tale, 2);
        let (number, why) = says(&tale);
        assert!(number == 4 && why.contains("was issued, and is void since entry"), "{why}");
        let (number, why) = says(&voided(1));
        assert!(number == 4 && why.contains("was voided, and had been issued in entry"), "{why}");
        let mut tale = voided(2);
        tale.told.push(tale.told[tale.first("code-voided")].clone());
        let (number, why) = says(&tale);
        assert!(number == 4 && why.contains("was voided, and had been voided in entry"), "{why}");
        let mut tale = voided(2);
        let at = tale.first("code-voided");
        set(&mut tale.told[at].2, "code", "1234560");
        let (number, why) = says(&tale);
        assert!(number == 4 && why.ends_with("was voided, and is on no list"), "{why}");
        tale.told[at].2.on.clear();
        assert!(says(&tale).1.ends_with("code-voided does not say its code"));
    }

    // shows: I11
    #[test]
    fn check_6_finds_a_code_that_somebody_voided_who_may_not() {
        for (by, role) in [("co-e", "coordinator"), ("hot-1", "hotline"), ("mon-1", "monitor")] {
            let mut tale = voided(2);
            let at = tale.first("code-voided");
            (tale.told[at].0, tale.told[at].1) = (by, role);
            let (number, why) = says(&tale);
            assert!(number == 6 && why.contains(": code-voided of code "), "{by}: {why}");
        }
    }

    // shows: EU-12
    #[test]
    fn check_7_finds_a_break_that_is_not_reported_and_one_that_never_was() {
        let mut tale = Tale::honest();
        tale.data = tale.data.replacen("yes", "no", 1);
        let silent =
            "data set, line 4: broken is no, but by the trail the code of ES-003 was broken";
        assert_eq!(says(&tale), (7, silent.to_owned()));
        tale.data = Tale::honest().data.replacen("no\n", "yes\n", 1);
        let invented =
            "data set, line 2: broken is yes, but by the trail the code of ES-001 was not broken";
        assert_eq!(says(&tale), (7, invented.to_owned()));
        tale.data =
            Tale::honest().data.replace(",yes", "").replace(",no", "").replace(",broken", "");
        let verdict = tale.verdict();
        assert!(verdict.fits());
        assert!(format!("{:?}", verdict.steps[6]).contains("which the data set does not tell"));
    }
}
