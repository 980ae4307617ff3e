//! The fifteen lines of the reconciliation at the end (requirements, section 4): each passes, fails, or is not shown.
//! What nobody can compute is shown by statements of people, with the hashes of their documents.

use super::closed::{BREAKS, standing};
use super::running::{clock, rights};
use super::{Issued, Looked, word};
use crate::domain::entry::{Fact, fact};
use crate::domain::time::Moment;
use crate::sealing::bytes::hex;
use crate::sealing::line::Line;
use crate::sealing::verify::Verdict;
use std::collections::{BTreeMap, BTreeSet};

/// The lines, in their order.
pub const LINES: [&str; 15] = [
    "codes generated = issued + set aside + left",
    "one code a participant, one participant a code",
    "codes issued in list order, without gaps",
    "list re-created, by two programs",
    "consent, signature, randomisation, preparation, infusion in order",
    "against the paper forms",
    "every preparation: arm = product",
    "stock balances by lot and centre",
    "breaks: trail = forms = kit and letters",
    "chain, tree, checkpoints",
    "clock, downtimes, restores",
    "rights reviewed, accounts closed, keys retired",
    "blind review, data lock, then disclosure",
    "exports handed over and confirmed",
    "archive restored on a clean machine",
];

/// How a line stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stands {
    /// It holds.
    Pass,
    /// It does not.
    Fail,
    /// Nothing that was given shows it.
    NotShown,
}

impl Stands {
    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Stands::Pass => "pass",
            Stands::Fail => "fail",
            Stands::NotShown => "not shown",
        }
    }
}

/// One line with its evidence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reconciled {
    /// From 1 to 15.
    pub number: usize,
    /// What it asks.
    pub asks: &'static str,
    /// How it stands.
    pub stands: Stands,
    /// Counts, entries, hashes, statements.
    pub evidence: String,
}

/// Somebody's word for a line, and whether its document is the one that was meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// For which line.
    pub line: usize,
    /// What it says, by whom, with which document.
    pub says: String,
    /// False when the document has another hash than the statement says.
    pub document_fits: bool,
}

/// What the pharmacies' figures come to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Pharmacy {
    /// How many preparations used another product than the arm's; none when it is not said.
    pub discordant: Option<u64>,
    /// Lots that do not balance; none when it is not said.
    pub unbalanced: Option<Vec<String>>,
    /// Vials used, and vials wasted with a record.
    pub vials: Option<(u64, u64)>,
}

/// What one count of kit and letters came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Count {
    /// How many letters were counted.
    pub letters: u64,
    /// The serials of those that were open.
    pub opened: Vec<String>,
    /// What differed.
    pub differences: Vec<String>,
}

/// Everything a reconciliation is made from.
pub struct Sources<'s> {
    /// List and trail.
    pub looked: &'s Looked,
    /// The seven checks, over the analysis data set if there is one.
    pub verdict: &'s Verdict,
    /// Was there a data set?
    pub with_data: bool,
    /// How many infusions one participant has at most.
    pub infusions: usize,
    /// The index of the arm whose product is counted in vials, if one alone is.
    pub vial_arm: Option<usize>,
    /// How many checkpoints others kept.
    pub kept: usize,
    /// How many records of kit openings were handed in.
    pub records: usize,
    /// What lay in kit and safes, as it was counted.
    pub counts: &'s [Count],
    /// The pharmacies' figures.
    pub pharmacy: Option<Pharmacy>,
    /// People's statements.
    pub statements: &'s [Statement],
    /// The hash of the exported trail.
    pub trail_hash: String,
}

pub(super) type Found = (Stands, String);

/// All fifteen lines.
pub fn reconcile(sources: &Sources<'_>) -> Vec<Reconciled> {
    let looked = sources.looked;
    let computed: [Found; 15] = [
        codes(looked),
        checked(sources, 5, one_each(looked)),
        checked(sources, 4, in_order(looked)),
        stated(sources, 4, list(sources)),
        stated(sources, 5, steps(looked)),
        stated(sources, 6, (Stands::Pass, String::new())),
        products(sources),
        stock(sources),
        checked(sources, 7, stated(sources, 9, breaks(sources))),
        checkpoints(sources),
        stated(sources, 11, clock(looked)),
        checked(sources, 6, stated(sources, 12, rights(looked))),
        stated(sources, 13, disclosed(looked)),
        stated(sources, 14, exports(sources)),
        stated(sources, 15, (Stands::Pass, String::new())),
    ];
    let line = |((number, asks), (stands, evidence)): ((usize, &'static str), Found)| Reconciled {
        number,
        asks,
        stands,
        evidence,
    };
    (1..).zip(LINES).zip(computed).map(line).collect()
}

/// The same, failed when that check of `klero verify` fails.
fn checked(sources: &Sources<'_>, check: usize, found: Found) -> Found {
    match sources.verdict.failure() {
        Some((step, why)) if step.number == check => {
            (Stands::Fail, format!("klero verify, check {check}: {why}. {}", found.1))
        }
        _ => found,
    }
}

/// The same, shown only when somebody states it; failed when a statement's document is another one.
fn stated(sources: &Sources<'_>, line: usize, (stands, evidence): Found) -> Found {
    let said: Vec<&Statement> = sources.statements.iter().filter(|s| s.line == line).collect();
    let words: Vec<&str> = said.iter().map(|one| one.says.as_str()).collect();
    let evidence = [evidence, words.join("; ")]
        .iter()
        .filter(|t| !t.is_empty())
        .cloned()
        .collect::<Vec<_>>()
        .join("; ");
    match () {
        () if said.iter().any(|one| !one.document_fits) => {
            (Stands::Fail, format!("a document has another hash than its statement: {evidence}"))
        }
        () if stands == Stands::Fail => (Stands::Fail, evidence),
        () if said.is_empty() => {
            let missing = format!("no statement for line {line}");
            let evidence =
                if evidence.is_empty() { missing } else { format!("{evidence}; {missing}") };
            (Stands::NotShown, evidence)
        }
        () => (stands, evidence),
    }
}

fn codes(looked: &Looked) -> Found {
    let all = standing(looked);
    let strange: Vec<String> = looked
        .issued
        .iter()
        .filter(|one| looked.voided.contains(&one.code))
        .map(|one| one.code.clone())
        .collect();
    let fits = |one: &super::closed::Standing| {
        let issued = looked.issued.iter().filter(|row| row.stratum == one.stratum).count();
        one.drawn == one.issued + one.voided + one.left && issued == one.issued
    };
    let sum = |of: fn(&super::closed::Standing) -> usize| all.iter().map(of).sum::<usize>();
    let errors = looked
        .acts("mistake-recorded")
        .filter(|line| word(line, "mistake").as_deref() == Some("randomised-in-error"));
    let evidence = format!(
        "{} = {} + {} + {} in {} strata; {} marked randomised in error, counted apart",
        sum(|one| one.drawn),
        sum(|one| one.issued),
        sum(|one| one.voided),
        sum(|one| one.left),
        all.len(),
        errors.count()
    );
    match (strange.is_empty(), all.iter().all(fits)) {
        (true, true) => (Stands::Pass, evidence),
        (false, _) => {
            (Stands::Fail, format!("set aside and issued: {}; {evidence}", strange.join(", ")))
        }
        (true, false) => (Stands::Fail, evidence),
    }
}

fn one_each(looked: &Looked) -> Found {
    let (mut people, mut codes) = (BTreeSet::new(), BTreeSet::new());
    for one in &looked.issued {
        if !people.insert(&one.participant) || !codes.insert(&one.code) {
            return (
                Stands::Fail,
                format!("entry {}: {} or its code for the second time", one.seq, one.participant),
            );
        }
    }
    (Stands::Pass, format!("{} participants, {} codes", people.len(), codes.len()))
}

/// In each stratum the next code of the list that was not set aside before.
fn in_order(looked: &Looked) -> Found {
    let voided: BTreeMap<String, u64> = looked
        .acts("code-voided")
        .filter_map(|line| Some((word(line, "code")?, line.seq)))
        .collect();
    let mut due: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for block in &looked.blocks {
        let codes = block.members.iter().map(|(code, _)| code.as_str());
        due.entry(&block.stratum).or_default().extend(codes);
    }
    let mut next: BTreeMap<&str, usize> = BTreeMap::new();
    for one in &looked.issued {
        let codes = due.get(one.stratum.as_str()).map_or(&[][..], Vec::as_slice);
        let at = next.entry(&one.stratum).or_insert(0);
        while codes.get(*at).is_some_and(|code| voided.get(*code).is_some_and(|seq| *seq < one.seq))
        {
            *at += 1;
        }
        if codes.get(*at) != Some(&one.code.as_str()) {
            let why =
                format!("entry {}: code {} was not the next of {}", one.seq, one.code, one.stratum);
            return (Stands::Fail, why);
        }
        *at += 1;
    }
    (
        Stands::Pass,
        format!(
            "{} codes in {} strata, {} set aside",
            looked.issued.len(),
            due.len(),
            voided.len()
        ),
    )
}

fn list(sources: &Sources<'_>) -> Found {
    let hashes: Vec<String> = sources.looked.manifests.iter().map(|hash| hex(hash)).collect();
    let evidence = format!("this program: the list fits manifest {}", hashes.join(", "));
    match sources.verdict.failure() {
        Some((step, why)) if step.number <= 2 => (Stands::Fail, why.to_owned()),
        _ => (Stands::Pass, evidence),
    }
}

/// Signature, randomisation, first preparation, infusion. Consent is in private records, so somebody must state it.
fn steps(looked: &Looked) -> Found {
    let first = |act: &str, one: &Issued, at: fn(&Line) -> Option<Moment>| {
        let mine = looked
            .acts(act)
            .filter(|line| word(line, "participant").as_deref() == Some(&one.participant));
        mine.filter_map(at).min()
    };
    let entered = |line: &Line| Some(line.at);
    let started = |line: &Line| word(line, "started").and_then(|at| Moment::parse(&at));
    let mut infused = 0;
    for one in &looked.issued {
        let signed = first("eligibility-signed", one, entered);
        let prepared = first("release-for-preparation", one, entered);
        let infusion = first("infusion-recorded", one, started);
        infused += usize::from(infusion.is_some());
        let all = [signed, Some(one.at), prepared, infusion];
        let known: Vec<Moment> = all.into_iter().flatten().collect();
        let skipped = signed.is_none() || (infusion.is_some() && prepared.is_none());
        if skipped || known.windows(2).any(|two| two[0] > two[1]) {
            return (
                Stands::Fail,
                format!(
                    "{}: a step is missing or out of order (code issued in entry {})",
                    one.participant, one.seq
                ),
            );
        }
    }
    let count = looked.issued.len();
    (
        Stands::Pass,
        format!(
            "signature to infusion in order for {count} randomised, {infused} infused; consent stands in private records"
        ),
    )
}

fn products(sources: &Sources<'_>) -> Found {
    let looked = sources.looked;
    let mut visits: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for line in looked.acts("release-for-preparation") {
        let (who, visit) = (word(line, "participant"), word(line, "visit"));
        visits.entry(who.unwrap_or_default()).or_default().insert(visit.unwrap_or_default());
    }
    let most = visits.values().map(BTreeSet::len).max().unwrap_or(0);
    let wrong = looked.acts("mistake-recorded");
    let wrong =
        wrong.filter(|line| word(line, "mistake").as_deref() == Some("wrong-product")).count();
    let evidence = format!(
        "{} visits prepared, at most {most} of {} for one participant; {wrong} recorded as wrong product",
        visits.values().map(BTreeSet::len).sum::<usize>(),
        sources.infusions
    );
    let found = |discordant: &Option<u64>| match discordant {
        Some(0) => {
            (Stands::Pass, format!("{evidence}; the pharmacies' records name no discordance"))
        }
        Some(count) => {
            (Stands::Fail, format!("{evidence}; {count} discordances in the pharmacies' records"))
        }
        None => (Stands::NotShown, format!("{evidence}; the pharmacies' report does not say")),
    };
    match &sources.pharmacy {
        _ if most > sources.infusions => (Stands::Fail, evidence),
        Some(pharmacy) => found(&pharmacy.discordant),
        None => (Stands::NotShown, format!("{evidence}; no pharmacy report")),
    }
}

fn stock(sources: &Sources<'_>) -> Found {
    let Some(pharmacy) = &sources.pharmacy else {
        return (Stands::NotShown, "no pharmacy report".to_owned());
    };
    let Some(unbalanced) = &pharmacy.unbalanced else {
        return (Stands::NotShown, "the pharmacies' report does not say".to_owned());
    };
    if !unbalanced.is_empty() {
        return (Stands::Fail, format!("not balanced: {}", unbalanced.join(", ")));
    }
    let looked = sources.looked;
    let active = looked
        .acts("release-for-preparation")
        .filter(|line| looked.about(line).is_some_and(|one| Some(one.arm) == sources.vial_arm));
    let active = active.count() as u64;
    match (pharmacy.vials, sources.vial_arm) {
        (Some((used, wasted)), Some(_)) if used > active + wasted => (
            Stands::Fail,
            format!("{used} vials used, {active} active preparations and {wasted} wasted"),
        ),
        (Some((used, wasted)), Some(_)) => (
            Stands::Pass,
            format!(
                "every lot balances; {used} vials used, {active} active preparations, {wasted} wasted"
            ),
        ),
        _ => (Stands::Pass, "every lot balances; vials are not said".to_owned()),
    }
}

fn breaks(sources: &Sources<'_>) -> Found {
    let looked = sources.looked;
    let all: Vec<&Line> = BREAKS.iter().flat_map(|act| looked.acts(act)).collect();
    let offline = looked.acts("break-imported").count();
    let incidents = looked.acts("unissued-opened").count();
    let followed: BTreeSet<String> =
        looked.acts("follow-up-recorded").filter_map(|line| word(line, "reference")).collect();
    let open =
        all.iter().filter(|line| word(line, "reference").is_none_or(|r| !followed.contains(&r)));
    let entries: Vec<String> = all.iter().map(|line| line.seq.to_string()).collect();
    let data = if sources.with_data { "with the data set" } else { "no data set" };
    let evidence = format!(
        "{} breaks in the trail (entries {}), {offline} of them without the service, {incidents} openings of \
         nobody's code, {} without follow-up, {} kit records; {data}",
        all.len(),
        if entries.is_empty() { "none".to_owned() } else { entries.join(", ") },
        open.count(),
        sources.records
    );
    counted(sources, evidence)
}

/// The count agrees when nothing differed, and the same letters are open as the trail says.
fn counted(sources: &Sources<'_>, evidence: String) -> Found {
    if sources.counts.is_empty() {
        return (Stands::Pass, format!("{evidence}; kit and letters not counted"));
    }
    let taken = ["break-imported", "unissued-opened"].into_iter();
    let said: BTreeSet<String> = taken
        .flat_map(|act| sources.looked.acts(act).filter_map(|line| word(line, "serial")))
        .collect();
    let open: BTreeSet<String> = sources.counts.iter().flat_map(|one| one.opened.clone()).collect();
    let letters: u64 = sources.counts.iter().map(|one| one.letters).sum();
    let evidence = format!("{evidence}; {letters} letters counted, {} open", open.len());
    let first = sources.counts.iter().flat_map(|one| &one.differences).next();
    match first {
        Some(differs) => (Stands::Fail, format!("counted: {differs}; {evidence}")),
        None if said != open => {
            (Stands::Fail, format!("other letters are open than the trail says; {evidence}"))
        }
        None => (Stands::Pass, evidence),
    }
}

fn checkpoints(sources: &Sources<'_>) -> Found {
    let looked = sources.looked;
    let evidence = format!("{} entries under root {}", looked.size, hex(&looked.root));
    match (sources.verdict.failure(), sources.kept) {
        (Some((step, why)), _) if step.number == 3 => (Stands::Fail, why.to_owned()),
        (_, 0) => {
            (Stands::NotShown, format!("{evidence}; no checkpoint that others kept was given"))
        }
        (_, kept) => (Stands::Pass, format!("{evidence}; {kept} kept by others fit")),
    }
}

/// The trail's own file, the exports that the trail names, and whose copies were confirmed.
fn exports(sources: &Sources<'_>) -> Found {
    let looked = sources.looked;
    let mut confirmed: BTreeSet<String> = BTreeSet::new();
    for line in looked.acts("export-confirmed") {
        if let Some(Fact::List(centres)) = fact(&line.entry.data, "centres") {
            confirmed.extend(centres.iter().filter_map(|centre| match centre {
                Fact::Text(centre) => Some(centre.clone()),
                _ => None,
            }));
        }
    }
    let exported = looked.acts("exported").count();
    let names: Vec<&str> = confirmed.iter().map(String::as_str).collect();
    let confirmed = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
    let evidence = format!(
        "trail.jsonl {}; {exported} exports in the trail; copies confirmed by centre: {confirmed}",
        sources.trail_hash
    );
    (Stands::Pass, evidence)
}

fn disclosed(looked: &Looked) -> Found {
    let last = looked.acts("disclosed").last();
    let told = last.map_or_else(
        || "no disclosure in the trail".to_owned(),
        |line| format!("disclosed in entry {}", line.seq),
    );
    (Stands::Pass, told)
}
