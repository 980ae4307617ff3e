//! Every boundary of the criteria, one value changed in an eligible form at a time.

use super::{FILE, Form, TRIAL, answers, at, field, form, read_at};
use klero::domain::eligibility::{Outcome, Verdict, judge};
use klero::domain::rule::Truth;
use klero::domain::trial::Effect;

fn verdict(changes: &[(&str, &str)]) -> Verdict {
    judge(&TRIAL, &answers(changes))
}

/// Eligible without warning.
fn fits(changes: &[(&str, &str)]) {
    let verdict = verdict(changes);
    assert_eq!(verdict.outcome, Outcome::Eligible, "{changes:?}: {verdict:?}");
    assert!(verdict.to_acknowledge().is_empty(), "{changes:?}");
}

/// Not eligible, for this criterion alone.
fn blocks(id: &str, changes: &[(&str, &str)]) {
    let verdict = verdict(changes);
    assert_eq!(verdict.outcome, Outcome::NotEligible, "{changes:?}");
    assert_eq!(verdict.blocked_by(), [id], "{changes:?}");
}

/// Eligible, and this must be acknowledged.
fn warns(id: &str, changes: &[(&str, &str)]) {
    let verdict = verdict(changes);
    assert_eq!(verdict.outcome, Outcome::Eligible, "{changes:?}");
    assert_eq!(verdict.to_acknowledge(), [id], "{changes:?}");
}

/// Unknown because of this field.
fn open(id: &str, changes: &[(&str, &str)], because: &[&str]) {
    let verdict = verdict(changes);
    assert_eq!(verdict.outcome, Outcome::Incomplete, "{changes:?}");
    let judged = verdict.criteria.iter().find(|judged| judged.id == id).unwrap();
    let because: Vec<_> = because.iter().map(|id| field(id)).collect();
    assert_eq!((judged.truth, &judged.open), (Truth::Unknown, &because), "{changes:?}");
}

// shows: AL-3
#[test]
fn the_eligible_form_is_eligible() {
    fits(&[]);
    assert_eq!(verdict(&[]).criteria.len(), 24);
    assert!(verdict(&[]).criteria.iter().all(|judged| judged.truth == Truth::Yes));
}

// shows: AL-3
#[test]
fn age_is_counted_in_full_years_on_the_day_of_consent() {
    blocks("I01", &[("birth_date", "2008-11-21")]); // 17 on 20 November 2026
    fits(&[("birth_date", "2008-11-20")]); // 18 that day
    fits(&[("birth_date", "1955-11-21")]); // 70, the last day
    warns("I01-r", &[("birth_date", "1955-11-20")]); // 71 that day
}

// shows: AL-3
#[test]
fn somebody_born_on_29_february_is_18_on_1_march() {
    let on = |consent: &str, day: &str| {
        let moment = format!("{consent}T09:00");
        let form = form(&[
            ("birth_date", "2008-02-29"),
            ("consent_signed_at", &moment),
            ("screening_date", day),
            ("activity_on", day),
            ("lab_date", day),
            ("stable_since", "2025-12-01"),
        ]);
        judge(&TRIAL, &read_at(&form, at("2026-03-02T12:00")).unwrap())
    };
    assert_eq!(on("2026-02-28", "2026-03-01").blocked_by(), ["I01"]);
    assert_eq!(on("2026-03-01", "2026-03-01").outcome, Outcome::Eligible);
}

// shows: AL-3
#[test]
fn slicc_needs_four_with_one_of_each_or_nephritis_alone_with_an_antibody() {
    let counts = |clinical, immunological| {
        vec![("slicc_clinical", clinical), ("slicc_immunological", immunological)]
    };
    fits(&counts("3", "1"));
    blocks("I02", &counts("1", "2"));
    let alone = |ana, dsdna| {
        [
            counts("4", "0"),
            vec![("nephritis_sole", "yes"), ("ana_positive", ana), ("dsdna_positive", dsdna)],
        ]
        .concat()
    };
    blocks("I02", &counts("4", "0"));
    blocks("I02", &counts("0", "4"));
    fits(&alone("yes", "no"));
    fits(&alone("no", "yes"));
    blocks("I02", &alone("no", "no"));
}

// shows: AL-3
#[test]
fn activity_scores_block_one_past_their_limits() {
    fits(&[("sledai", "6")]);
    blocks("I03a", &[("sledai", "7")]);
    fits(&[("bilag_a", "0"), ("bilag_b", "1")]);
    blocks("I03b", &[("bilag_a", "0"), ("bilag_b", "2")]);
    blocks("I03b", &[("bilag_a", "1"), ("bilag_b", "0")]);
}

// shows: AL-3
#[test]
fn treatment_is_bounded_stable_and_there() {
    fits(&[("prednisone", "20")]);
    blocks("I04a", &[("prednisone", "20.01")]);
    blocks("I04b", &[("stable_since", "2026-10-22")]); // 30 days before screening
    fits(&[("stable_since", "2026-10-21")]); // 31
    blocks("I04c", &[("prednisone", "0"), ("background", "none")]);
    fits(&[("prednisone", "0"), ("background", "hydroxychloroquine")]);
    fits(&[("prednisone", "0.01"), ("background", "none")]);
    blocks("I05", &[("consent_given", "no")]);
}

// shows: AL-3
#[test]
fn laboratory_values_block_or_warn_one_step_past_their_limits() {
    fits(&[("alt", "80")]);
    blocks("E01", &[("alt", "80.4")]);
    blocks("E01", &[("alt", "80.1")]);
    fits(&[("ast", "80")]);
    warns("E01-r", &[("ast", "80.1")]);
    fits(&[("crcl", "60")]);
    blocks("E02", &[("crcl", "59.9")]);
    blocks("E07a", &[("hbsag", "positive")]);
    warns("E07-r", &[("hcv", "positive")]);
    warns("E07-r", &[("hcv", "not-tested")]);
    warns("E07c-w", &[("tspot", "positive")]);
    warns("E07c-w", &[("tspot", "indeterminate")]);
}

// shows: AL-3
#[test]
fn pregnancy_and_breast_feeding_block_women_and_are_not_asked_of_men() {
    blocks("E03", &[("pregnant", "yes")]);
    blocks("E03", &[("breast_feeding", "yes")]);
    fits(&[("sex", "male"), ("pregnant", ""), ("breast_feeding", "")]);
    open("E03", &[("pregnant", "")], &["pregnant"]);
    blocks("E03", &[("pregnant", "not-sure"), ("breast_feeding", "yes")]);
}

// shows: AL-3
#[test]
fn infections_and_tumours_block_or_warn() {
    blocks("E07b", &[("hiv", "yes")]);
    blocks("E07c", &[("tb_active", "yes")]);
    blocks("E07d", &[("other_infection", "yes")]);
    warns("E06-r", &[("malignancy_ever", "yes")]);
}

/// A form of which the look-back days are counted from 31 August 2026.
fn in_august(changes: &[(&str, &str)]) -> Form {
    let august = [
        ("consent_signed_at", "2026-08-30T10:00"),
        ("screening_date", "2026-08-31"),
        ("activity_on", "2026-08-31"),
        ("lab_date", "2026-08-31"),
        ("stable_since", "2026-06-01"),
    ];
    form(&[&august, changes].concat())
}

fn august(changes: &[(&str, &str)]) -> Verdict {
    judge(&TRIAL, &read_at(&in_august(changes), at("2026-09-01T12:00")).unwrap())
}

// shows: AL-3
#[test]
fn a_look_back_counts_calendar_months_cut_to_the_end_of_the_month() {
    // Six months before 31 August is 28 February, three are 31 May, five years 31 August 2021.
    for (id, field, last_good, first_bad) in [
        ("E04a", "cyclophosphamide_last", "2026-02-28", "2026-03-01"),
        ("E04b", "b_cell_last", "2025-08-31", "2025-09-01"),
        ("E05", "zoster_last", "2026-05-31", "2026-06-01"),
        ("E06", "malignancy_last", "2021-08-31", "2021-09-01"),
    ] {
        assert_eq!(august(&[(field, last_good)]).outcome, Outcome::Eligible, "{field}");
        assert_eq!(august(&[(field, first_bad)]).blocked_by(), [id]);
        assert_eq!(august(&[(field, "never")]).outcome, Outcome::Eligible);
        assert_eq!(august(&[(field, "2026-08-31")]).blocked_by(), [id]);
        assert_eq!(august(&[(field, "2026-09-01")]).blocked_by(), [id], "after screening");
        assert_eq!(august(&[(field, "")]).outcome, Outcome::Incomplete);
        assert_eq!(august(&[(field, "")]).missing, [super::field(field)]);
    }
}

// shows: AL-3
#[test]
fn a_day_known_to_the_month_or_year_counts_as_its_last() {
    assert_eq!(august(&[("cyclophosphamide_last", "2026-03")]).blocked_by(), ["E04a"]);
    assert_eq!(august(&[("cyclophosphamide_last", "2026-02")]).outcome, Outcome::Eligible);
    assert_eq!(august(&[("cyclophosphamide_last", "2025")]).outcome, Outcome::Eligible);
    assert_eq!(august(&[("cyclophosphamide_last", "2026")]).blocked_by(), ["E04a"]);
    assert_eq!(august(&[("malignancy_last", "2021")]).blocked_by(), ["E06"]);
    assert_eq!(august(&[("malignancy_last", "2020")]).outcome, Outcome::Eligible);
}

// shows: AL-3
#[test]
fn an_unanswered_value_is_not_a_no_and_is_named() {
    open("E04a", &[("cyclophosphamide_last", "")], &["cyclophosphamide_last"]);
    open("E01", &[("alt_uln", "not-sure")], &["alt_uln"]);
    open("I01", &[("consent_signed_at", "")], &["consent_signed_at"]);
    open("E07c-w", &[("tspot", "")], &["tspot"]);
    // An answer that the form alone asks for stops the signature as well.
    let incomplete = verdict(&[("weight", "")]);
    assert_eq!(incomplete.outcome, Outcome::Incomplete);
    assert!(incomplete.criteria.iter().all(|judged| judged.truth == Truth::Yes));
    assert_eq!(incomplete.missing, [field("weight")]);
    // One that is false already is not saved by what is still open.
    assert_eq!(
        verdict(&[("weight", ""), ("hiv", "yes"), ("hcv", "")]).outcome,
        Outcome::NotEligible
    );
    // One branch that holds is enough, whatever the other would say.
    assert_eq!(verdict(&[("background", "")]).blocked_by(), Vec::<&str>::new());
    let judged = verdict(&[("background", "")]);
    assert!(judged.criteria.iter().all(|judged| judged.truth == Truth::Yes));
}

// shows: AL-3
#[test]
fn an_unknown_criterion_stops_the_signature_even_where_the_form_does_not_ask_for_its_field() {
    let optional = FILE.replace(
        "rule = { field = \"hcv\", must-be = \"negative\" }",
        "rule = { field = \"maintenance_tolerated\", must-be = \"yes\" }",
    );
    let trial = klero::trial_file::read(&optional).unwrap();
    let verdict = judge(&trial, &answers(&[("maintenance_tolerated", "")]));
    assert_eq!((verdict.outcome, verdict.missing.len()), (Outcome::Incomplete, 0));
    let unknown = verdict.criteria.iter().find(|judged| judged.truth == Truth::Unknown).unwrap();
    assert_eq!(unknown.open, [field("maintenance_tolerated")]);
}

// shows: AL-3
#[test]
fn every_criterion_can_be_failed_and_does_what_the_file_says() {
    let failing: [(&str, &[(&str, &str)]); 24] = [
        ("I01", &[("birth_date", "2010-01-01")]),
        ("I01-r", &[("birth_date", "1940-01-01")]),
        ("I02", &[("slicc_clinical", "0")]),
        ("I03a", &[("sledai", "105")]),
        ("I03b", &[("bilag_a", "9")]),
        ("I04a", &[("prednisone", "60")]),
        ("I04b", &[("stable_since", "2026-11-21")]),
        ("I04c", &[("prednisone", "0"), ("background", "none")]),
        ("I05", &[("consent_given", "no")]),
        ("E01", &[("alt", "500")]),
        ("E01-r", &[("ast", "500")]),
        ("E02", &[("crcl", "0")]),
        ("E03", &[("pregnant", "yes")]),
        ("E04a", &[("cyclophosphamide_last", "2026-11-21")]),
        ("E04b", &[("b_cell_last", "2026")]),
        ("E05", &[("zoster_last", "2026-11")]),
        ("E06", &[("malignancy_last", "2025")]),
        ("E06-r", &[("malignancy_ever", "yes")]),
        ("E07a", &[("hbsag", "positive")]),
        ("E07b", &[("hiv", "yes")]),
        ("E07c", &[("tb_active", "yes")]),
        ("E07c-w", &[("tspot", "positive")]),
        ("E07d", &[("other_infection", "yes")]),
        ("E07-r", &[("hcv", "positive")]),
    ];
    let ids: Vec<&str> = TRIAL.criteria.iter().map(|criterion| criterion.id.as_str()).collect();
    assert_eq!(ids, failing.map(|(id, _)| id));
    for (id, changes) in failing {
        let warning = id.ends_with("-r") || id.ends_with("-w");
        let effect = if warning { Effect::Warn } else { Effect::Block };
        assert_eq!(TRIAL.criterion(id).map(|criterion| criterion.on_false), Some(effect));
        if warning { warns(id, changes) } else { blocks(id, changes) }
    }
}

// shows: AL-3
#[test]
fn cross_checks_ask_and_refuse_nothing() {
    let asked = |changes: &[(&str, &str)]| -> Vec<String> {
        answers(changes).cross_checks(&TRIAL).iter().map(|check| check.id.clone()).collect()
    };
    assert!(asked(&[]).is_empty());
    assert_eq!(asked(&[("organ_renal", "yes"), ("sledai", "3")]), ["renal-sledai"]);
    assert!(asked(&[("organ_renal", "yes"), ("sledai", "4")]).is_empty());
    assert_eq!(asked(&[("organ_vasculitis", "yes"), ("sledai", "7")]), ["cns-vasculitis-sledai"]);
    assert!(asked(&[("organ_cns", "yes"), ("sledai", "8")]).is_empty());
    assert_eq!(asked(&[("organ_fever", "yes"), ("sledai", "0")]), ["fever-sledai"]);
    assert!(asked(&[("organ_fever", "yes"), ("sledai", "")]).is_empty());
    fits(&[("organ_fever", "yes"), ("sledai", "0")]);
}

// shows: AL-3
#[test]
fn the_same_answers_are_judged_by_another_file_without_another_program() {
    let stricter = FILE.replace("at-most = 6, unit = \"points\"", "at-most = 3, unit = \"points\"");
    let stricter = klero::trial_file::read(&stricter).unwrap();
    let answers = answers(&[("sledai", "4")]);
    assert_eq!(judge(&stricter, &answers).blocked_by(), ["I03a"]);
    assert_eq!(judge(&TRIAL, &answers).outcome, Outcome::Eligible);
}
