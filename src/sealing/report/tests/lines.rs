//! The fifteen lines, each from a trial that was made up for it.

use super::{about, arm, break_row, look};
use crate::domain::entry::{Entry, Fact};
use crate::domain::time::Moment;
use crate::sealing::report::Looked;
use crate::sealing::report::reconcile::{
    Count, LINES, Pharmacy, Sources, Stands, Statement, reconcile,
};
use crate::sealing::tale::{Tale, disclosure};
use crate::sealing::verify::Verdict;

/// What lies beside list and trail.
struct Beside {
    verdict: Verdict,
    infusions: usize,
    vial_arm: Option<usize>,
    kept: usize,
    counts: Vec<Count>,
    pharmacy: Option<Pharmacy>,
    statements: Vec<Statement>,
}

/// Nothing, and a trial that fits.
fn nothing() -> Beside {
    Beside {
        verdict: Tale::honest().verdict(),
        infusions: 1,
        vial_arm: Some(0),
        kept: 0,
        counts: vec![],
        pharmacy: None,
        statements: vec![],
    }
}

impl Beside {
    fn line(&self, looked: &Looked, number: usize) -> (Stands, String) {
        let lines = reconcile(&Sources {
            looked,
            verdict: &self.verdict,
            with_data: false,
            infusions: self.infusions,
            vial_arm: self.vial_arm,
            kept: self.kept,
            records: 0,
            counts: &self.counts,
            pharmacy: self.pharmacy.clone(),
            statements: &self.statements,
            trail_hash: "hash".to_owned(),
        });
        let line = &lines[number - 1];
        assert_eq!((line.number, line.asks), (number, LINES[number - 1]));
        (line.stands, line.evidence.clone())
    }
}

fn stands(tale: &Tale, number: usize) -> (Stands, String) {
    nothing().line(&look(tale), number)
}

/// The honest tale, with everybody's eligibility signed before they were randomised.
fn signed() -> Tale {
    let mut tale = Tale::honest();
    let first = tale.first("randomised");
    for who in ["ES-001", "ES-002", "ES-003", "WE-001"] {
        tale.told.insert(first, ("inv-e", "investigator", about("eligibility-signed", who)));
    }
    tale
}

/// A statement for a line.
fn said(line: usize, document_fits: bool) -> Statement {
    Statement { line, says: "Demo monitor: seen, report.pdf".to_owned(), document_fits }
}

#[test]
fn the_line_about_rights_names_each_review_in_the_trail_and_still_waits_for_somebodys_word() {
    let mut tale = Tale::honest();
    let (stood, why) = stands(&tale, 12);
    assert!(
        stood == Stands::NotShown && why.starts_with("no signed review of the rights"),
        "{why}"
    );
    tale.told.push(("ad-1", "admin", Entry::new("person-disabled").on("person", "co-e")));
    tale.told.push(("mo-1", "monitor", Entry::new("access-reviewed").with("entries", 9u64)));
    let (stood, why) = stands(&tale, 12);
    let entry = tale.told.len() - 1;
    let ended = tale.told.iter().filter(|(_, _, told)| told.act == "person-disabled").count();
    let said = format!("rights reviewed in entries {entry}; {ended} accounts ended; no statement");
    assert!(stood == Stands::NotShown && why.starts_with(&said), "{why}, not {said}");
}

// shows: I4
#[test]
fn a_code_set_aside_is_passed_over_and_one_that_was_issued_all_the_same_is_found() {
    let void = |tale: &Tale, row: usize| {
        let code = tale.story.list.rows()[row].code.to_string();
        ("stat-1", "statistician", Entry::new("code-voided").on("code", code))
    };
    let mut tale = Tale::honest();
    let after = tale.randomised(3, "ES-013");
    tale.told.push(("co-e", "coordinator", after.clone()));
    let (found, why) = stands(&tale, 3);
    assert!(found == Stands::Fail && why.contains("was not the next"), "row 2 was left out: {why}");
    let at = tale.told.len() - 1;
    tale.told.insert(at, void(&tale, 2));
    assert_eq!(stands(&tale, 3).0, Stands::Pass);
    assert_eq!(
        stands(&tale, 1),
        (
            Stands::Pass,
            "32 = 5 + 1 + 26 in 4 strata; 0 marked randomised in error, counted apart".into()
        )
    );
    let issued = tale.randomised(2, "ES-014");
    tale.told.push(("co-e", "coordinator", issued));
    assert_eq!((stands(&tale, 3).0, stands(&tale, 1).0), (Stands::Fail, Stands::Fail));
    let mut tale = Tale::honest();
    let again = tale.randomised(0, "ES-009");
    tale.told.push(("co-e", "coordinator", again));
    assert_eq!(stands(&tale, 2).0, Stands::Fail, "one code twice");
    let (found, why) = stands(&tale, 1);
    assert!(found == Stands::Fail && why.starts_with("32 = 4 + 0 + 28"), "five were issued: {why}");
}

// shows: AL-1
#[test]
fn a_step_that_is_missing_or_out_of_order_fails_its_line_by_the_participant() {
    let (found, why) = stands(&Tale::honest(), 5);
    assert!(found == Stands::Fail && why.starts_with("ES-001: a step is missing"), "{why}");
    let mut tale = signed();
    let (found, why) = stands(&tale, 5);
    assert_eq!(found, Stands::NotShown, "consent is nobody's line: {why}");
    assert!(why.contains("in order for 4 randomised, 0 infused"), "{why}");
    let early = about("infusion-recorded", "ES-001").with("started", "2020-01-01T00:00:00.000Z");
    tale.told.push(("co-e", "coordinator", early));
    assert!(stands(&tale, 5).1.starts_with("ES-001: a step"), "infused before it was prepared");
    // The tale prepares for ES-001 twice, without saying for which visit.
    let (found, why) = stands(&tale, 7);
    assert!(found == Stands::NotShown && why.contains("at most 1 of 1"), "{why}");
}

// shows: RP-5
#[test]
fn mistakes_are_counted_apart_and_each_in_its_own_line() {
    let mut tale = Tale::honest();
    for mistake in
        ["randomised-in-error", "another", "wrong-product", "wrong-product", "wrong-product"]
    {
        let entry = about("mistake-recorded", "ES-001").with("mistake", mistake);
        tale.told.push(("co-e", "coordinator", entry));
    }
    assert!(stands(&tale, 1).1.ends_with("; 1 marked randomised in error, counted apart"));
    assert!(stands(&tale, 7).1.contains("; 3 recorded as wrong product"));
}

#[test]
fn what_fails_a_check_of_the_verification_fails_its_line() {
    let looked = look(&Tale::honest());
    let changed = |change: fn(&mut Tale)| {
        let mut tale = Tale::honest();
        change(&mut tale);
        let verdict = tale.verdict();
        let number = verdict.failure().unwrap().0.number;
        (
            number,
            Beside {
                verdict,
                statements: (4..=15).map(|line| said(line, true)).collect(),
                kept: 2,
                ..nothing()
            },
        )
    };
    let failing = [
        changed(|tale| tale.disclosures[0] = disclosure(0, [8; 32])),
        changed(|tale| tale.kept = vec!["no note".to_owned()]),
        changed(|tale| tale.data = tale.data.replace("active", "placebo")),
    ];
    let numbers: Vec<usize> = failing.iter().map(|(number, _)| *number).collect();
    assert_eq!(numbers, [1, 3, 5]);
    for (number, beside) in failing {
        let why = beside.verdict.failure().unwrap().1.to_owned();
        for (line, fails) in [(4, number <= 2), (10, number == 3), (2, number == 5), (3, false)] {
            let (found, evidence) = beside.line(&looked, line);
            assert_eq!(found == Stands::Fail, fails, "check {number}, line {line}: {evidence}");
            assert!(!fails || evidence.contains(&why), "{evidence}");
        }
    }
}

// shows: SG-9
#[test]
fn checkpoints_show_something_only_when_others_kept_one() {
    let looked = look(&Tale::honest());
    assert_eq!(nothing().line(&looked, 10).0, Stands::NotShown);
    let (found, why) = Beside { kept: 2, ..nothing() }.line(&looked, 10);
    assert!(found == Stands::Pass && why.ends_with("2 kept by others fit"), "{why}");
}

#[test]
fn what_nobody_can_compute_is_shown_by_a_statement_whose_document_is_the_one_meant() {
    let mut tale = signed();
    let looked = look(&tale);
    let with = |statements: Vec<Statement>| Beside { statements, ..nothing() };
    for line in [5, 6] {
        assert_eq!(nothing().line(&looked, line).0, Stands::NotShown);
        assert_eq!(with(vec![said(line + 1, true)]).line(&looked, line).0, Stands::NotShown);
        let (found, why) = with(vec![said(line, true)]).line(&looked, line);
        assert!(found == Stands::Pass && why.ends_with("report.pdf"), "{why}");
        let (found, why) = with(vec![said(line, true), said(line, false)]).line(&looked, line);
        assert!(found == Stands::Fail && why.starts_with("a document has another hash"), "{why}");
    }
    // A statement does not mend what fails.
    let early = about("infusion-recorded", "ES-001").with("started", "2020-01-01T00:00:00.000Z");
    tale.told.push(("co-e", "coordinator", early));
    assert_eq!(with(vec![said(5, true)]).line(&look(&tale), 5).0, Stands::Fail);
}

// shows: AL-1
#[test]
fn infusions_after_their_preparation_are_counted() {
    let mut tale = signed();
    for who in ["ES-001", "ES-002"] {
        let infused = about("infusion-recorded", who).with("started", "2030-01-01T00:00:00.000Z");
        tale.told.push(("co-e", "coordinator", infused));
    }
    assert!(stands(&tale, 5).1.contains("in order for 4 randomised, 2 infused"));
    let never = about("infusion-recorded", "ES-003").with("started", "2030-01-01T00:00:00.000Z");
    tale.told.push(("co-e", "coordinator", never));
    assert!(stands(&tale, 5).1.starts_with("ES-003: a step is missing"), "it was never prepared");
}

// shows: DI-10
#[test]
fn products_and_stock_stand_as_the_pharmacies_say_and_never_above_what_was_prepared() {
    let looked = look(&Tale::honest());
    let of = |pharmacy: Pharmacy| Beside { pharmacy: Some(pharmacy), ..nothing() };
    let discordant = |discordant| Pharmacy { discordant, ..Pharmacy::default() };
    assert_eq!(nothing().line(&looked, 7).0, Stands::NotShown);
    assert_eq!(of(discordant(None)).line(&looked, 7).0, Stands::NotShown);
    assert_eq!(of(discordant(Some(0))).line(&looked, 7).0, Stands::Pass);
    let (found, why) = of(discordant(Some(2))).line(&looked, 7);
    assert!(found == Stands::Fail && why.contains("2 discordances"), "{why}");
    let many = Beside { infusions: 0, ..of(discordant(Some(0))) };
    assert_eq!(many.line(&looked, 7).0, Stands::Fail, "more visits than there are infusions");

    // The tale prepares row 0 twice and row 8 once.
    let tale = Tale::honest();
    let prepared = [0, 0, 8].into_iter().filter(|row| arm(&tale, *row) == 0).count() as u64;
    let vials = |vials| Pharmacy { unbalanced: Some(vec![]), vials, ..Pharmacy::default() };
    assert_eq!(nothing().line(&looked, 8).0, Stands::NotShown);
    assert_eq!(of(Pharmacy::default()).line(&looked, 8).0, Stands::NotShown);
    for (used, wasted, stood) in [
        (prepared + 3, 3, Stands::Pass),
        (prepared, 0, Stands::Pass),
        (prepared + 4, 3, Stands::Fail),
        (prepared + 1, 0, Stands::Fail),
    ] {
        let (found, why) = of(vials(Some((used, wasted)))).line(&looked, 8);
        assert_eq!(found, stood, "{why}");
        let counted = format!("{used} vials used, {prepared} active preparations");
        assert!(why.contains(&counted) && why.contains(&format!("{wasted} wasted")), "{why}");
    }
    let silent = "every lot balances; vials are not said".to_owned();
    assert_eq!(of(vials(None)).line(&looked, 8), (Stands::Pass, silent.clone()));
    let none = Beside { vial_arm: None, ..of(vials(Some((99, 0)))) };
    assert_eq!(none.line(&looked, 8), (Stands::Pass, silent));
    let lost = Pharmacy { unbalanced: Some(vec!["B-1 at east".to_owned()]), ..Pharmacy::default() };
    assert_eq!(of(lost).line(&looked, 8), (Stands::Fail, "not balanced: B-1 at east".to_owned()));
}

// shows: EU-12
#[test]
fn breaks_agree_with_what_was_counted_in_kit_and_safes_or_the_line_says_what_differs() {
    let mut tale = Tale::honest();
    let letter = tale.release("break-imported", 0, "ES-001").with("serial", "east-0-0001-A");
    tale.told.push(("inv-e", "investigator", letter));
    break_row(&mut tale, 8, "ES-002");
    let at = tale.told.len() - 1;
    tale.told[at].2.on.retain(|(name, _)| name != "reference");
    let looked = look(&tale);
    let count = |opened: &[&str], differences: &[&str]| Count {
        letters: 16,
        opened: opened.iter().map(|text| (*text).to_owned()).collect(),
        differences: differences.iter().map(|text| (*text).to_owned()).collect(),
    };
    let with = |counts| Beside { counts, statements: vec![said(9, true)], ..nothing() };
    let (found, why) = with(vec![]).line(&looked, 9);
    assert!(found == Stands::Pass && why.contains("kit and letters not counted"), "{why}");
    // No follow-up was recorded for any of the four, of which one has no reference.
    assert!(
        why.starts_with("4 breaks in the trail") && why.contains(" 4 without follow-up"),
        "{why}"
    );
    let (found, why) = with(vec![count(&["east-0-0001-A"], &[]), count(&[], &[])]).line(&looked, 9);
    assert!(found == Stands::Pass && why.contains("32 letters counted, 1 open"), "{why}");
    for opened in [&[][..], &["east-0-0002-A"], &["east-0-0001-A", "east-0-0002-A"]] {
        let (found, why) = with(vec![count(opened, &[])]).line(&looked, 9);
        assert!(found == Stands::Fail && why.contains("other letters are open"), "{why}");
    }
    let (found, why) = with(vec![count(&["east-0-0001-A"], &["one is missing"])]).line(&looked, 9);
    assert!(found == Stands::Fail && why.contains("counted: one is missing"), "{why}");
    tale.told.push(("inv-e", "investigator", about("follow-up-recorded", "ES-003")));
    let (_, why) = with(vec![]).line(&look(&tale), 9);
    assert!(why.contains(" 1 without follow-up"), "all but one carry that reference: {why}");
}

#[test]
fn the_clock_and_the_copies_of_exports_are_read_from_the_trail() {
    let mut tale = Tale::honest();
    let centres: Vec<Fact> = ["east", "west"].map(Fact::from).to_vec();
    let confirmed = Entry::new("export-confirmed").with("centres", centres);
    for entry in [Entry::new("exported"), Entry::new("exported"), confirmed] {
        tale.told.push(("mon-1", "monitor", entry));
    }
    let with = |line| Beside { statements: vec![said(line, true)], ..nothing() };
    let (found, why) = with(14).line(&look(&tale), 14);
    let copies = "trail.jsonl hash; 2 exports in the trail; copies confirmed by centre: east, west";
    assert!(found == Stands::Pass && why.starts_with(copies), "{why}");
    assert!(with(14).line(&look(&Tale::honest()), 14).1.contains("confirmed by centre: none"));
    let mut looked = look(&tale);
    let (found, why) = with(11).line(&looked, 11);
    assert!(found == Stands::Pass && why.starts_with("no counted entry is older"), "{why}");
    let last = looked.lines.len() - 1;
    looked.lines[last].at = Moment::from_millis(0);
    let entry = looked.lines[last].seq;
    let (found, why) = with(11).line(&looked, 11);
    assert!(
        found == Stands::Fail && why.starts_with(&format!("time goes back at entries {entry};")),
        "{why}"
    );
}
