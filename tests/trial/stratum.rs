//! The stratum comes out of five items, and out of nothing else.

use super::{TRIAL, answers, centre, field};
use klero::domain::ids::CentreId;
use klero::domain::rule::Truth;
use klero::domain::stratum::compute;

const ORGANS: [&str; 7] = [
    "organ_renal",
    "organ_cns",
    "organ_cardiopulmonary",
    "organ_vasculitis",
    "organ_fever",
    "organ_haemolysis",
    "organ_gut",
];

fn level(changes: &[(&str, &str)]) -> Option<String> {
    let result = compute(&TRIAL, &centre(), &answers(changes));
    result.stratum.map(|stratum| stratum.to_string())
}

fn components(values: [&'static str; 5]) -> Vec<(&'static str, &'static str)> {
    let [sledai, organ, new, pga, prednisone] = values;
    vec![
        ("sledai", sledai),
        ("organ_renal", organ),
        ("new_activity", new),
        ("pga", pga),
        ("prednisone", prednisone),
    ]
}

// shows: AL-4, I8
#[test]
fn the_table_of_components_gives_its_strata() {
    for (values, gives) in [
        (["4", "no", "no", "1.0", "7.5"], Some("huashan/lldas")),
        (["0", "no", "no", "0", "0"], Some("huashan/lldas")),
        (["5", "no", "no", "1.0", "7.5"], Some("huashan/non-lldas")),
        (["4", "yes", "no", "0.5", "5"], Some("huashan/non-lldas")),
        (["4", "no", "yes", "0.5", "5"], Some("huashan/non-lldas")),
        (["5", "", "no", "2", "5"], None),
        (["4", "no", "no", "1.01", "5"], Some("huashan/non-lldas")),
        (["4", "no", "no", "1.1", "5"], Some("huashan/non-lldas")),
        (["4", "no", "no", "1.5", "5"], Some("huashan/non-lldas")), // the misprint's trap
        (["4", "no", "no", "1.0", "7.6"], Some("huashan/non-lldas")),
        (["6", "no", "no", "0.5", "5"], Some("huashan/non-lldas")),
        (["7", "no", "no", "0.5", "5"], None), // not eligible
    ] {
        assert_eq!(level(&components(values)).as_deref(), gives, "{values:?}");
    }
}

// shows: AL-4, I8
#[test]
fn activity_in_any_one_of_the_seven_organs_gives_the_other_stratum() {
    for organ in ORGANS {
        assert_eq!(level(&[(organ, "yes")]).as_deref(), Some("huashan/non-lldas"), "{organ}");
    }
}

// shows: AL-4, I8
#[test]
fn every_component_must_be_answered_even_where_one_alone_would_decide() {
    let all: Vec<&str> =
        ORGANS.into_iter().chain(["sledai", "new_activity", "pga", "prednisone"]).collect();
    for missing in all {
        for other in ["", "not-sure"] {
            let changes = [("organ_cns", "yes"), ("organ_gut", "yes"), (missing, other)];
            let result = compute(&TRIAL, &centre(), &answers(&changes));
            assert_eq!(result.stratum, None, "{missing}");
            assert_eq!(result.missing, [field(missing)]);
        }
    }
    assert_eq!(level(&[("weight", "")]).as_deref(), Some("huashan/lldas"), "no component");
}

// shows: AL-4
#[test]
fn the_items_are_shown_one_by_one() {
    let result = compute(&TRIAL, &centre(), &answers(&[("pga", "1.5"), ("new_activity", "")]));
    let items: Vec<(&str, Truth)> =
        result.items.iter().map(|(id, truth)| (id.as_str(), *truth)).collect();
    let (yes, no, unknown) = (Truth::Yes, Truth::No, Truth::Unknown);
    assert_eq!(items, [("L1", yes), ("L2", yes), ("L3", unknown), ("L4", no), ("L5", yes)]);
}

// shows: I8
#[test]
fn the_centre_is_the_accounts_and_the_strata_stand_in_manifest_order() {
    let at = |id: &str| compute(&TRIAL, &CentreId::parse(id).unwrap(), &answers(&[])).stratum;
    assert_eq!(at("sixth-people").map(|s| s.to_string()).as_deref(), Some("sixth-people/lldas"));
    assert_eq!(at("nowhere"), None);
    let strata: Vec<String> = TRIAL.strata().iter().map(|stratum| stratum.to_string()).collect();
    assert_eq!(
        strata,
        [
            "renji-south/lldas",
            "renji-south/non-lldas",
            "renji-west/lldas",
            "renji-west/non-lldas",
            "huashan/lldas",
            "huashan/non-lldas",
            "sixth-people/lldas",
            "sixth-people/non-lldas",
        ]
    );
}

// shows: AL-4
#[test]
fn the_unused_item_of_the_definition_changes_nothing() {
    assert_eq!(level(&[("maintenance_tolerated", "no")]).as_deref(), Some("huashan/lldas"));
}
