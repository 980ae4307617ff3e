//! Answers arrive as text, and are taken or refused field by field.

use super::{
    ELIGIBLE, FILE, Form, TRIAL, answers, at, centre, date, field, form, noon, read_at, refused,
};
use klero::domain::answers::{Answers, Raw, Value};
use klero::domain::ids::CentreId;
use klero::domain::quantity::Quantity;
use klero::domain::trial::{FieldKind, Range};
use klero::trial_file::read;
use proptest::prelude::*;

fn codes(form: &Form) -> Vec<(String, &'static str)> {
    let problems = read_at(form, noon()).expect_err("this form is refused");
    problems.into_iter().map(|problem| (problem.field, problem.code)).collect()
}

fn many(texts: &[&str]) -> Raw {
    Raw::Many(texts.iter().map(|text| (*text).to_owned()).collect())
}

/// A form with one field, usual or not, confirmed.
fn confirmed(id: &str, text: &str) -> Form {
    let mut form = form(&[(id, text)]);
    form.insert("confirmed".to_owned(), many(&[id]));
    form
}

// shows: AL-3, I8
#[test]
fn every_number_is_taken_at_both_ends_of_its_range_and_refused_one_step_past_them() {
    let mut seen = 0;
    for field in &TRIAL.fields {
        let (range, places): (&Range, usize) = match &field.kind {
            FieldKind::Integer(range) => (range, 0),
            FieldKind::Decimal { places, range } => (range, *places),
            _ => continue,
        };
        seen += 1;
        let id = field.id.as_str();
        let step = if places == 0 { "1".to_owned() } else { format!("0.{:0>places$}", "1") };
        let step = Quantity::parse(&step).unwrap().0;
        for end in [range.from, range.to] {
            assert!(read_at(&confirmed(id, &end.to_string()), noon()).is_ok(), "{id} {end}");
        }
        let past = range.to.plus(step).unwrap().to_string();
        let problems = read_at(&confirmed(id, &past), noon()).unwrap_err();
        assert_eq!((problems[0].field.as_str(), problems[0].code), (id, "num-range"));
        assert_eq!(problems[0].max, Some(range.to.to_string()));
        assert_eq!(problems[0].min, Some(range.from.to_string()));
        if range.from > Quantity::ZERO {
            assert_eq!(refused(&[(id, "0")]), (id.to_owned(), "num-range"));
        }
        let finer = format!("1.{:0>width$}", "1", width = places + 1);
        assert_eq!(refused(&[(id, &finer)]), (id.to_owned(), "num-places"));
        assert_eq!(refused(&[(id, "-1")]), (id.to_owned(), "number-form"));
    }
    assert_eq!(seen, 14);
}

// shows: AL-3
#[test]
fn an_unusual_number_is_taken_only_when_it_is_confirmed() {
    for (id, usual, unusual) in [("prednisone", "60", "60.01"), ("ast", "500", "500.1")] {
        assert!(read_at(&form(&[(id, usual)]), noon()).is_ok());
        assert_eq!(refused(&[(id, unusual)]), (id.to_owned(), "num-confirm"));
        assert!(read_at(&confirmed(id, unusual), noon()).is_ok());
    }
    let mut other = form(&[("prednisone", "61")]);
    other.insert("confirmed".to_owned(), many(&["alt"]));
    assert_eq!(codes(&other), [("prednisone".to_owned(), "num-confirm")]);
}

// shows: AL-7
#[test]
fn the_four_identity_fields_must_be_there_at_once_and_nothing_else_must() {
    let identity = ["enrolment_number", "initials", "birth_date", "sex"];
    for id in identity {
        assert_eq!(codes(&form(&[(id, "")]))[0], (id.to_owned(), "required"));
        assert_eq!(codes(&form(&[(id, "not-sure")]))[0], (id.to_owned(), "required"));
    }
    let mut only: Form = form(&[]);
    only.retain(|id, _| identity.contains(&id.as_str()));
    let found = read_at(&only, noon()).unwrap();
    assert_eq!(found.identity().enrolment_number.as_str(), "HSH-007");
    assert_eq!(found.identity().birth_date, date("1988-03-14"));
    assert_eq!(
        (found.identity().initials.as_str(), found.identity().sex.as_str()),
        ("ZXME", "female")
    );
    assert_eq!(codes(&Form::new()).len(), 4);
}

// shows: AL-7
#[test]
fn initials_are_four_letters_and_never_a_name_or_an_identity_number() {
    for taken in ["SHHA", "HEBI", "WLMQ", "ZHE-", "Z-M-", "zxme"] {
        assert_eq!(
            answers(&[("initials", taken)]).identity().initials,
            taken.to_uppercase(),
            "{taken}"
        );
    }
    for wrong in ["ZXM", "ZXMEE", "-XME", "ZX-E", "Z ME", "Z.ME"] {
        assert_eq!(
            refused(&[("initials", wrong)]),
            ("initials".to_owned(), "init-format"),
            "{wrong}"
        );
    }
    for name in ["张小梅", "ＺＸＭＥ", "310101198803140012", "310101880314001", "ZXM1", "ÄXME"]
    {
        assert_eq!(refused(&[("initials", name)]), ("initials".to_owned(), "init-cjk"), "{name}");
    }
}

// shows: AL-7
#[test]
fn an_enrolment_number_has_the_centres_prefix_and_three_digits() {
    assert_eq!(
        answers(&[("enrolment_number", "hsh-000")]).identity().enrolment_number.as_str(),
        "HSH-000"
    );
    for wrong in ["RJS-007", "HSH-07", "HSH-0007", "HSH007", "007", "HSH-00７"] {
        let found = refused(&[("enrolment_number", wrong)]);
        assert_eq!(found, ("enrolment_number".to_owned(), "enrol-format"), "{wrong}");
    }
    let nowhere = CentreId::parse("nowhere").unwrap();
    assert!(Answers::read(&TRIAL, &nowhere, &form(&[]), noon()).is_err());
}

#[test]
fn texts_are_bounded_in_characters_and_hold_no_telephone_or_identity_number() {
    assert!(answers(&[("activity_by", &"李".repeat(60))]).get(&field("activity_by")).is_some());
    assert_eq!(refused(&[("activity_by", &"李".repeat(61))]).1, "text-too-long");
    assert_eq!(refused(&[("activity_by", &"x".repeat(201))]).1, "text-too-long");
    let other = |text: &str| {
        let mut form = form(&[("background_other", text)]);
        form.insert("background".to_owned(), many(&["other"]));
        read_at(&form, noon()).map_err(|problems| problems[0].code)
    };
    assert!(other(&"x".repeat(80)).is_ok());
    assert_eq!(other(&"x".repeat(81)), Err("text-too-long"));
    // One letter, or more than one space or hyphen, ends a row of digits.
    let apart = ["123456x789012", "123456  789012", "123456 - 789012", "123456--789012"];
    let usual = ["雷公藤 20 mg", "since 2026-03-14", "1234567890", "call 12345 or 67890"];
    for fine in [usual, apart].concat() {
        assert!(other(fine).is_ok(), "{fine}");
    }
    for number in [
        "13800138000",
        "138 0013 8000",
        "138-0013-8000",
        "id 310101198803140012",
        "31010119880314001X",
        "310101880314001",
        "１３８００１３８０００",
    ] {
        assert_eq!(other(number), Err("identity-in-text"), "{number}");
    }
    assert_eq!(other("two\nlines"), Err("text-control"));
}

// shows: AL-2
#[test]
fn consent_is_not_signed_in_the_future_and_only_on_a_form_approved_at_that_centre_on_that_day() {
    assert!(read_at(&form(&[]), noon()).is_ok());
    let late = [("consent_signed_at", "2026-11-21T12:01")];
    assert_eq!(refused(&late), ("consent_signed_at".to_owned(), "date-future"));
    assert!(read_at(&form(&[("consent_signed_at", "2026-11-21T12:00")]), noon()).is_ok());
    for wrong in [
        "2026-11-20",
        "2026-11-20 09:10",
        "2026-11-20T9:10",
        "2026-11-20T24:00",
        "2026-11-31T10:00",
    ] {
        assert_eq!(refused(&[("consent_signed_at", wrong)]).1, "moment-format", "{wrong}");
    }
    assert_eq!(refused(&[("consent_version", "9.9")]).1, "consent-form-unknown");
    let day_before = [
        ("consent_signed_at", "2021-03-18T23:59"),
        ("screening_date", "2021-03-19"),
        ("activity_on", "2021-03-19"),
        ("lab_date", "2021-03-19"),
        ("stable_since", "2021-01-01"),
    ];
    assert_eq!(refused(&day_before), ("consent_version".to_owned(), "consent-form-unknown"));
    let first_day = [day_before.as_slice(), &[("consent_signed_at", "2021-03-19T00:00")]].concat();
    assert!(read_at(&form(&first_day), noon()).is_ok());
}

// shows: AL-2, VA-4
#[test]
fn a_form_that_was_replaced_is_refused_after_its_last_day_and_its_successor_before_its_first() {
    let two = FILE.replace(
        "consent_versions = [{ id = \"1.0\", from = \"2021-03-19\" }]",
        "consent_versions = [{ id = \"1.0\", from = \"2021-03-19\", until = \"2026-11-19\" }, \
         { id = \"2.0\", from = \"2026-11-20\" }]",
    );
    let trial = read(&two).unwrap();
    let signed = |version: &str, day: &str| {
        let moment = format!("{day}T09:10");
        let form = form(&[("consent_version", version), ("consent_signed_at", &moment)]);
        let found = Answers::read(&trial, &centre(), &form, noon());
        found.map(|_| ()).map_err(|problems| problems[0].code)
    };
    assert_eq!(signed("1.0", "2026-11-19"), Ok(()));
    assert_eq!(signed("1.0", "2026-11-20"), Err("consent-form-unknown"));
    assert_eq!(signed("2.0", "2026-11-20"), Ok(()));
    assert_eq!(signed("2.0", "2026-11-19"), Err("consent-form-unknown"));
    assert_eq!(signed("3.0", "2026-11-20"), Err("consent-form-unknown"));
    let again = read(&two.replace("\"2.0\"", "\"1.0\"")).unwrap();
    let form = form(&[("consent_signed_at", "2026-11-20T09:10")]);
    assert!(Answers::read(&again, &centre(), &form, noon()).is_ok(), "approved a second time");
}

// shows: AL-2
#[test]
fn consent_counts_only_when_it_was_given_and_when_is_known() {
    assert_eq!(answers(&[]).consent_at(), Some(at("2026-11-20T09:10")));
    assert_eq!(answers(&[("consent_given", "no")]).consent_at(), None);
    assert_eq!(answers(&[("consent_given", "")]).consent_at(), None);
    assert_eq!(answers(&[("consent_signed_at", "not-sure")]).consent_at(), None);
}

// shows: AL-1
#[test]
fn days_keep_their_order_and_none_lies_in_the_future() {
    let code = |changes: &[(&str, &str)]| refused(changes);
    let order = |id: &str| (id.to_owned(), "date-order");
    let future = |id: &str| (id.to_owned(), "date-future");
    assert_eq!(
        code(&[("screening_date", "2026-11-19"), ("activity_on", "2026-11-19")]),
        order("screening_date")
    );
    assert!(read_at(&form(&[("screening_date", "2026-11-20")]), noon()).is_ok());
    assert_eq!(code(&[("activity_on", "2026-11-20")]), order("activity_on"));
    assert_eq!(code(&[("activity_on", "2026-11-22")]), future("activity_on"));
    assert_eq!(code(&[("previous_on", "2026-11-21")]), order("previous_on"));
    assert!(read_at(&form(&[("previous_on", "2026-11-20")]), noon()).is_ok());
    assert_eq!(code(&[("lab_date", "2026-11-06")]), order("lab_date"));
    assert!(read_at(&form(&[("lab_date", "2026-11-07")]), noon()).is_ok());
    assert_eq!(code(&[("stable_since", "2026-11-22")]), future("stable_since"));
    for id in ["cyclophosphamide_last", "b_cell_last", "zoster_last", "malignancy_last"] {
        assert_eq!(code(&[(id, "2026-11-22")]), future(id));
        assert_eq!(code(&[(id, "2026-12")]), future(id));
        assert_eq!(code(&[(id, "2027")]), future(id));
        assert!(read_at(&form(&[(id, "2026-11")]), noon()).is_ok());
        assert!(read_at(&form(&[(id, "2026")]), noon()).is_ok());
    }
    let problem = &read_at(&form(&[("activity_on", "2026-11-20")]), noon()).unwrap_err()[0];
    assert_eq!(problem.other, Some(field("screening_date")));
    assert_eq!(problem.min.as_deref(), Some("2026-11-21"));
}

// shows: AL-2
#[test]
fn a_day_begins_at_midnight_in_shanghai() {
    let today = [("screening_date", "2026-11-22"), ("activity_on", "2026-11-22")];
    assert!(read_at(&form(&today), at("2026-11-21T23:59")).is_err());
    assert!(read_at(&form(&today), at("2026-11-22T00:00")).is_ok());
    let signed = [("consent_signed_at", "2026-11-21T23:59")];
    assert!(
        read_at(&form(&signed), at("2026-11-22T00:00")).is_ok(),
        "consent and screening on one day"
    );
    let signed = [("consent_signed_at", "2026-11-22T00:00")];
    let problems = read_at(&form(&signed), at("2026-11-22T00:00")).unwrap_err();
    assert_eq!(problems[0].code, "date-order");
}

#[test]
fn a_birth_date_lies_in_the_past_and_at_most_120_years_ago() {
    let birth = |day: &str| read_at(&form(&[("birth_date", day)]), noon()).map_err(|p| p[0].code);
    assert_eq!(birth("2026-11-21").err(), Some("date-future"));
    assert!(birth("2026-11-20").is_ok());
    assert!(birth("1906-11-21").is_ok());
    assert_eq!(birth("1906-11-20").err(), Some("date-too-old"));
    for wrong in ["1988-02-30", "1988-2-3", "14.03.1988", "1988-03", "1988-03-14T00:00", "never"] {
        assert_eq!(birth(wrong).err(), Some("date-form"), "{wrong}");
    }
}

#[test]
fn a_choice_is_one_of_those_offered() {
    assert_eq!(refused(&[("hbsag", "Negative")]).1, "choice-unknown");
    assert_eq!(refused(&[("hiv", "true")]).1, "choice-unknown");
    let background = |texts: &[&str]| {
        let mut form = form(&[]);
        form.insert("background".to_owned(), many(texts));
        read_at(&form, noon()).map_err(|p| p[0].code)
    };
    assert_eq!(background(&["none", "azathioprine"]).err(), Some("choice-none-and-others"));
    assert_eq!(background(&["azathioprine", "azathioprine"]).err(), Some("doubled"));
    assert_eq!(background(&["aspirin"]).err(), Some("choice-unknown"));
    assert_eq!(background(&["azathioprine", "aspirin"]).err(), Some("choice-unknown"));
    assert_eq!(background(&["tacrolimus"; 65]).err(), Some("choice-unknown"));
    let ticked = background(&["tacrolimus", "azathioprine"]).unwrap();
    let in_form_order = vec!["azathioprine".to_owned(), "tacrolimus".to_owned()];
    assert_eq!(ticked.get(&field("background")), Some(&Value::Several(in_form_order)));
    assert!(background(&[]).unwrap().get(&field("background")).is_none());
    let mut two = form(&[]);
    two.insert("hiv".to_owned(), many(&["no", "yes"]));
    assert_eq!(codes(&two), [("hiv".to_owned(), "wrong-type")]);
}

#[test]
fn more_than_any_field_needs_is_refused_before_it_is_looked_at() {
    let blank = |count| {
        let mut form = form(&[]);
        form.insert("background".to_owned(), many(&vec![""; count]));
        read_at(&form, noon()).map(|answers| answers.get(&field("background")).is_none())
    };
    assert_eq!(blank(64), Ok(true), "as if unanswered");
    assert_eq!(blank(65).unwrap_err()[0].code, "choice-unknown");
    assert_eq!(refused(&[("initials", &"Z".repeat(200))]).1, "init-format");
    let long = read_at(&form(&[("initials", &"Z".repeat(201))]), noon()).unwrap_err();
    assert_eq!((long[0].code, long[0].max.as_deref()), ("text-too-long", Some("200")));
}

#[test]
fn a_problem_says_between_what_an_answer_must_lie() {
    let ends = |changes: &[(&str, &str)]| {
        let problem = read_at(&form(changes), noon()).unwrap_err().remove(0);
        (problem.code, problem.min, problem.max)
    };
    let some = |text: &str| Some(text.to_owned());
    let today = some("2026-11-21");
    assert_eq!(ends(&[("stable_since", "2026-11-22")]), ("date-future", None, today));
    let oldest = some("1906-11-21");
    assert_eq!(ends(&[("birth_date", "1900-01-01")]), ("date-too-old", oldest, None));
    let before = some("2026-11-20");
    assert_eq!(ends(&[("previous_on", "2026-11-21")]), ("date-order", None, before));
    let earliest = some("2026-11-07");
    assert_eq!(ends(&[("lab_date", "2026-11-06")]), ("date-order", earliest, None));
    let longest = ends(&[("activity_by", &"x".repeat(61))]);
    assert_eq!(longest, ("text-too-long", None, some("60")));
    let digits = ends(&[("activity_by", "tel 13800138000")]);
    assert_eq!(digits, ("identity-in-text", None, some("10")));
    assert_eq!(ends(&[("prednisone", "7.555")]), ("num-places", None, some("2")));
    assert_eq!(ends(&[("prednisone", "61")]), ("num-confirm", None, some("60")));
}

#[test]
fn a_question_can_hang_on_a_yes_or_a_no() {
    for (choice, asked) in [("yes", false), ("no", true)] {
        let changed = FILE.replace(
            "id = \"other_infection\"\n",
            &format!(
                "id = \"other_infection\"\nonly_when = {{ field = \"tb_active\", choice = \"{choice}\" }}\n"
            ),
        );
        let trial = read(&changed).unwrap();
        let found = Answers::read(&trial, &centre(), &form(&[]), noon());
        assert_eq!(found.is_ok(), asked, "{choice}");
    }
}

#[test]
fn what_is_not_asked_of_somebody_is_not_answered() {
    let male = [("sex", "male"), ("pregnant", ""), ("breast_feeding", "")];
    assert!(read_at(&form(&male), noon()).is_ok());
    let pregnant = [("sex", "male"), ("breast_feeding", "")];
    assert_eq!(refused(&pregnant), ("pregnant".to_owned(), "not-asked"));
    let problem = &read_at(&form(&pregnant), noon()).unwrap_err()[0];
    assert_eq!(problem.other, Some(field("sex")), "the answer because of which it is not asked");
    assert_eq!(refused(&[("background_other", "aspirin")]).1, "not-asked");
    let asked = |changes: &[(&str, &str)]| answers(changes).missing(&TRIAL);
    assert_eq!(asked(&[("background", "other")]), [field("background_other")]);
    assert_eq!(asked(&[("pregnant", "")]), [field("pregnant")]);
    assert_eq!(asked(&[("creatinine", ""), ("maintenance_tolerated", "")]), []);
}

// shows: AL-4
#[test]
fn a_field_nobody_asks_for_is_refused_and_its_name_is_not_repeated() {
    for stratum in ["stratum", "lldas"] {
        assert_eq!(codes(&form(&[(stratum, "lldas")])), [(stratum.to_owned(), "unknown-field")]);
    }
    assert_eq!(
        codes(&form(&[("张三 310101198803140012", "x")])),
        [(String::new(), "unknown-field")]
    );
}

#[test]
fn not_sure_is_kept_and_counts_as_unanswered() {
    let unsure = answers(&[("sledai", "not-sure")]);
    assert!(unsure.get(&field("sledai")).is_none());
    assert_eq!(unsure.missing(&TRIAL), [field("sledai")]);
    assert_eq!(unsure.to_raw().get("sledai"), Some(&Raw::One("not-sure".to_owned())));
}

#[test]
fn nothing_that_is_printed_for_a_log_names_a_person() {
    let form = form(&[]);
    let answers = answers(&[]);
    let problems = read_at(&super::form(&[("initials", "张小梅")]), noon()).unwrap_err();
    let printed = format!("{form:?} {answers:?} {:?} {problems:?}", answers.identity());
    let many = many(&["one", "another"]);
    let how_many = format!("Answers({})", answers.to_raw().len());
    assert_eq!(format!("{answers:?} {:?}", answers.identity()), format!("{how_many} Identity(..)"));
    assert_eq!(format!("{many:?} {:?}", form["sex"]), "Raw(2 texts) Raw(one text)");
    for person in ["ZXME", "1988", "HSH-007", "female", "李", "张"] {
        assert!(!printed.contains(person), "{person} in {printed}");
    }
}

proptest! {
    // shows: AL-10
    #[test]
    fn answers_read_back_from_the_texts_they_give(
        kept in prop::collection::vec(any::<bool>(), ELIGIBLE.len()),
        pga in 0_u32..=300,
        month in 1_u32..=10,
        drugs in prop::sample::subsequence(vec!["azathioprine", "methotrexate", "tacrolimus"], 0..=3),
    ) {
        let mut form = form(&[]);
        for ((id, _), kept) in ELIGIBLE.iter().zip(kept).skip(4) {
            if !kept {
                form.insert((*id).to_owned(), Raw::One("not-sure".to_owned()));
            }
        }
        form.insert("pga".to_owned(), Raw::One(format!("{}.{:02}", pga / 100, pga % 100)));
        form.insert("zoster_last".to_owned(), Raw::One(format!("2026-{month:02}")));
        form.insert("background".to_owned(), many(&drugs));
        form.insert("confirmed".to_owned(), many(&["prednisone"]));
        let first = read_at(&form, noon()).unwrap();
        let again = read_at(&first.to_raw(), noon()).unwrap();
        prop_assert_eq!(&first.to_raw(), &again.to_raw());
        prop_assert!(first == again);
    }

    #[test]
    fn no_text_whatever_makes_a_field_stumble(
        number in 0..TRIAL.fields.len(),
        texts in prop::collection::vec("[0-9.:T-]{1,12}|.{0,30}", 0..4),
    ) {
        let mut form = form(&[]);
        form.insert(TRIAL.fields[number].id.as_str().to_owned(), Raw::Many(texts));
        if let Ok(taken) = read_at(&form, noon()) {
            prop_assert!(read_at(&taken.to_raw(), noon()).is_ok_and(|again| again == taken));
        }
    }
}
