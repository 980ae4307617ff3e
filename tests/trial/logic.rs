//! Three values: what is decided stays decided, and what is unknown says why.

use super::{ELIGIBLE, Form, TRIAL, centre, form, noon, read_at};
use klero::domain::answers::Raw;
use klero::domain::eligibility::{Outcome, judge};
use klero::domain::rule::Truth;
use klero::domain::stratum::compute;
use proptest::prelude::*;

fn truth() -> impl Strategy<Value = Truth> {
    prop_oneof![Just(Truth::No), Just(Truth::Unknown), Just(Truth::Yes)]
}

fn not(truth: Truth) -> Truth {
    match truth {
        Truth::No => Truth::Yes,
        Truth::Unknown => Truth::Unknown,
        Truth::Yes => Truth::No,
    }
}

/// Other answers for some fields of the eligible form, good and bad.
fn anybody() -> impl Strategy<Value = Form> {
    let some = |texts: &[&'static str]| prop::sample::select(texts.to_vec());
    (
        some(&["0", "4", "5", "6", "7"]),
        some(&["0", "1", "1.01", "1.5", "3"]),
        some(&["0", "7.5", "7.6", "20", "20.01"]),
        some(&["none", "hydroxychloroquine"]),
        some(&["no", "yes"]),
        some(&["no", "yes"]),
        some(&["no", "yes"]),
        some(&["never", "2026-05-21", "2026-05-22", "2026-05", "2026"]),
        some(&["negative", "positive"]),
        some(&["0", "3", "4"]),
        some(&["1940-01-01", "1988-03-14", "2009-01-01"]),
    )
        .prop_map(
            |(sledai, pga, dose, drug, renal, new, sole, last, virus, clinical, born)| {
                form(&[
                    ("sledai", sledai),
                    ("pga", pga),
                    ("prednisone", dose),
                    ("background", drug),
                    ("organ_renal", renal),
                    ("new_activity", new),
                    ("nephritis_sole", sole),
                    ("cyclophosphamide_last", last),
                    ("hbsag", virus),
                    ("hcv", virus),
                    ("slicc_clinical", clinical),
                    ("birth_date", born),
                ])
            },
        )
}

proptest! {
    // shows: AL-3
    #[test]
    fn all_and_any_follow_kleene(values in prop::collection::vec(truth(), 0..6)) {
        let all = Truth::all(values.clone());
        let any = Truth::any(values.clone());
        prop_assert_eq!(all == Truth::Yes, values.iter().all(|value| *value == Truth::Yes));
        prop_assert_eq!(all == Truth::No, values.contains(&Truth::No));
        prop_assert_eq!(any == Truth::Yes, values.contains(&Truth::Yes));
        prop_assert_eq!(any == Truth::No, values.iter().all(|value| *value == Truth::No));
        prop_assert_eq!(not(all), Truth::any(values.iter().map(|value| not(*value))));
    }

    // shows: AL-3, I8
    #[test]
    fn an_answer_that_is_added_decides_what_was_unknown_and_overturns_nothing(
        full in anybody(),
        kept in prop::collection::vec(prop::bool::weighted(0.8), ELIGIBLE.len()),
    ) {
        let mut part = full.clone();
        for ((id, _), kept) in ELIGIBLE.iter().zip(kept).skip(4) {
            if !kept {
                part.insert((*id).to_owned(), Raw::One("not-sure".to_owned()));
            }
        }
        let (part, full) = (read_at(&part, noon()).unwrap(), read_at(&full, noon()).unwrap());
        let (before, after) = (judge(&TRIAL, &part), judge(&TRIAL, &full));
        for (one, other) in before.criteria.iter().zip(&after.criteria) {
            prop_assert_eq!(one.truth == Truth::Unknown, !one.open.is_empty());
            prop_assert!(one.truth == Truth::Unknown || one.truth == other.truth, "{}", one.id);
            prop_assert!(other.truth != Truth::Unknown);
            prop_assert!(one.open.iter().all(|field| part.get(field).is_none()));
        }
        prop_assert!(before.outcome == Outcome::Incomplete || before.outcome == after.outcome);
        let (before, after) =
            (compute(&TRIAL, &centre(), &part), compute(&TRIAL, &centre(), &full));
        if let Some(stratum) = before.stratum
            && let Some(later) = after.stratum
        {
            prop_assert_eq!(stratum, later);
        }
        for ((id, one), (_, other)) in before.items.iter().zip(&after.items) {
            prop_assert!(*one == Truth::Unknown || one == other, "{}", id);
        }
    }
}
