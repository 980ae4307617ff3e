//! Whom the demonstration and the tests are played with: accounts, passwords, and a participant's answers. All of it is
//! plainly invented.

use crate::domain::ids::CentreId;
use crate::domain::people::Role;
use crate::domain::trial::{Centre, Trial};
use crate::text::{self, Language};
use serde_json::{Value, json};

/// The centres with the initials of their staff's accounts.
pub const CENTRES: [(&str, &str); 4] =
    [("renji-south", "rjs"), ("renji-west", "rjw"), ("huashan", "hsh"), ("sixth-people", "sph")];

/// Somebody in the play: account, role, centre.
pub type Player = (String, Role, Vec<CentreId>);

/// Everybody in the play of the first trial.
pub fn cast() -> Vec<Player> {
    let centre = |id| CentreId::parse(id).expect("the centres above are well formed");
    cast_at(&CENTRES.map(|(id, letters)| (centre(id), letters.to_owned())))
}

/// The centres of a trial, with the initials of their staff's accounts: the prefix of their enrolment numbers.
pub fn centres_of(trial: &Trial) -> Vec<(CentreId, String)> {
    let centre = |centre: &Centre| (centre.id.clone(), centre.prefix.to_lowercase());
    trial.centres.iter().map(centre).collect()
}

/// Everybody in a play at these centres.
pub fn cast_at(centres: &[(CentreId, String)]) -> Vec<Player> {
    let mut cast = vec![
        ("admin-1".to_owned(), Role::Admin, vec![]),
        ("stat-1".to_owned(), Role::Statistician, vec![]),
        ("mon-1".to_owned(), Role::Monitor, vec![]),
        ("spon-1".to_owned(), Role::Sponsor, vec![]),
        ("hot-1".to_owned(), Role::Hotline, vec![]),
        ("hot-2".to_owned(), Role::Hotline, vec![]),
    ];
    for (centre, letters) in centres {
        for (initial, role) in
            [("c", Role::Coordinator), ("i", Role::Investigator), ("p", Role::Pharmacist)]
        {
            cast.push((format!("{initial}-{letters}"), role, vec![centre.clone()]));
        }
    }
    cast
}

/// The printed name of an account of the play: plainly invented.
pub fn printed_name(person: &str) -> String {
    format!("Demo {person}")
}

/// The sign-in password of an account of the play.
pub fn password(person: &str) -> String {
    format!("demo password of {person}")
}

/// A signature in the words of the act.
pub fn signature(who: &str, act: &str) -> Value {
    json!({"password": password(who), "meaning": text::meaning(act, Language::En)})
}

/// Answers of an eligible participant, invented: born on a 1 January, initials that spell nothing.
pub fn answers(number: &str, lldas: bool, day: &str) -> Value {
    let mut answers = serde_json::Map::new();
    let mut say = |field: &str, answer: &str| {
        answers.insert(field.to_owned(), answer.into());
    };
    say("enrolment_number", number);
    say("consent_signed_at", &format!("{day}T00:10"));
    say("sledai", if lldas { "4" } else { "6" });
    ["screening_date", "activity_on", "lab_date"].iter().for_each(|field| say(field, day));
    ALWAYS.iter().for_each(|(field, answer)| say(field, answer));
    NO.iter().for_each(|field| say(field, "no"));
    NEVER.iter().for_each(|field| say(field, "never"));
    answers.insert("background".to_owned(), json!(["hydroxychloroquine"]));
    Value::Object(answers)
}

const ALWAYS: [(&str, &str); 27] = [
    ("initials", "DEMO"),
    ("birth_date", "1988-01-01"),
    ("sex", "female"),
    ("consent_given", "yes"),
    ("consent_version", "1.0"),
    ("slicc_clinical", "3"),
    ("slicc_immunological", "2"),
    ("ana_positive", "yes"),
    ("dsdna_positive", "yes"),
    ("activity_by", "Demo assessor"),
    ("bilag_a", "0"),
    ("bilag_b", "0"),
    ("pga", "0.5"),
    ("prednisone", "5"),
    ("stable_since", "2026-01-01"),
    ("alt", "20"),
    ("alt_uln", "40"),
    ("ast", "20"),
    ("ast_uln", "40"),
    ("weight", "60"),
    ("crcl", "90"),
    ("crcl_method", "measured"),
    ("hbsag", "negative"),
    ("hcv", "negative"),
    ("tspot", "negative"),
    ("maintenance_tolerated", "yes"),
    ("creatinine", "60"),
];

const NO: [&str; 15] = [
    "nephritis_sole",
    "new_activity",
    "malignancy_ever",
    "hiv",
    "tb_active",
    "other_infection",
    "pregnant",
    "breast_feeding",
    "organ_renal",
    "organ_cns",
    "organ_cardiopulmonary",
    "organ_vasculitis",
    "organ_fever",
    "organ_haemolysis",
    "organ_gut",
];

const NEVER: [&str; 4] = ["cyclophosphamide_last", "b_cell_last", "zoster_last", "malignancy_last"];
