//! The first trial, from its file: every boundary of answers, eligibility, stratum, steps, visits, and the file itself.

#![allow(clippy::unwrap_used, reason = "a test stops where it stumbles")]

mod answers;
mod eligibility;
mod file;
mod logic;
mod records;
mod steps;
mod stratum;
mod visits;

use klero::domain::answers::{Answers, CODES, FieldProblem, Raw};
use klero::domain::ids::{CentreId, FieldId};
use klero::domain::time::{Date, Moment};
use klero::domain::trial::Trial;
use klero::trial_file;
use std::collections::BTreeMap;
use std::sync::LazyLock;

/// The file as it is shipped.
const FILE: &str = include_str!("../../deploy/nct04515719.toml");

static TRIAL: LazyLock<Trial> =
    LazyLock::new(|| trial_file::read(FILE).expect("the first trial reads"));

/// What a form sends.
type Form = BTreeMap<String, Raw>;

fn centre() -> CentreId {
    CentreId::parse("huashan").unwrap()
}

fn field(id: &str) -> FieldId {
    FieldId::parse(id).unwrap()
}

fn date(text: &str) -> Date {
    Date::parse(text).unwrap()
}

/// A minute in Shanghai.
fn at(minute: &str) -> Moment {
    TRIAL.zone.moment(minute).unwrap()
}

/// When the forms below are sent, unless a test says otherwise: Saturday noon.
fn noon() -> Moment {
    at("2026-11-21T12:00")
}

/// Somebody who is eligible without any warning.
const ELIGIBLE: [(&str, &str); 53] = [
    ("enrolment_number", "HSH-007"),
    ("initials", "ZXME"),
    ("birth_date", "1988-03-14"),
    ("sex", "female"),
    ("consent_given", "yes"),
    ("consent_signed_at", "2026-11-20T09:10"),
    ("consent_version", "1.0"),
    ("screening_date", "2026-11-21"),
    ("slicc_clinical", "3"),
    ("slicc_immunological", "2"),
    ("nephritis_sole", "no"),
    ("ana_positive", "yes"),
    ("dsdna_positive", "no"),
    ("activity_on", "2026-11-21"),
    ("activity_by", "Dr 李"),
    ("sledai", "4"),
    ("bilag_a", "0"),
    ("bilag_b", "0"),
    ("pga", "0.5"),
    ("organ_renal", "no"),
    ("organ_cns", "no"),
    ("organ_cardiopulmonary", "no"),
    ("organ_vasculitis", "no"),
    ("organ_fever", "no"),
    ("organ_haemolysis", "no"),
    ("organ_gut", "no"),
    ("new_activity", "no"),
    ("prednisone", "5"),
    ("background", "hydroxychloroquine"),
    ("stable_since", "2026-08-01"),
    ("lab_date", "2026-11-20"),
    ("alt", "20"),
    ("alt_uln", "40"),
    ("ast", "20"),
    ("ast_uln", "40"),
    ("weight", "55.5"),
    ("crcl", "90"),
    ("crcl_method", "measured"),
    ("hbsag", "negative"),
    ("hcv", "negative"),
    ("tspot", "negative"),
    ("cyclophosphamide_last", "never"),
    ("b_cell_last", "never"),
    ("zoster_last", "never"),
    ("malignancy_last", "never"),
    ("malignancy_ever", "no"),
    ("hiv", "no"),
    ("tb_active", "no"),
    ("other_infection", "no"),
    ("pregnant", "no"),
    ("breast_feeding", "no"),
    ("creatinine", "60"),
    ("maintenance_tolerated", "yes"),
];

/// The eligible form with some answers changed; an empty one is taken out.
fn form(changes: &[(&str, &str)]) -> Form {
    let mut form: Form = BTreeMap::new();
    for (id, text) in ELIGIBLE.iter().chain(changes) {
        if text.is_empty() {
            form.remove(*id);
        } else {
            form.insert((*id).to_owned(), Raw::One((*text).to_owned()));
        }
    }
    form
}

fn read_at(form: &Form, now: Moment) -> Result<Answers, Vec<FieldProblem>> {
    let read = Answers::read(&TRIAL, &centre(), form, now);
    for problem in read.as_ref().err().into_iter().flatten() {
        assert!(CODES.contains(&problem.code), "{} stands in the list of codes", problem.code);
    }
    read
}

/// The answers of a form that must be taken.
fn answers(changes: &[(&str, &str)]) -> Answers {
    read_at(&form(changes), noon()).expect("this form is taken")
}

/// The one problem of a form that must be refused.
fn refused(changes: &[(&str, &str)]) -> (String, &'static str) {
    match read_at(&form(changes), noon()).expect_err("this form is refused").as_slice() {
        [one] => (one.field.clone(), one.code),
        several => panic!("one problem, not {several:?}"),
    }
}
