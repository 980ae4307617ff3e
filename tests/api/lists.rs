//! The list: imported once, approved by a second person, and nothing of it told to blinded readers.

use crate::house::{House, anonymous, refused};
use klero::cli::stage::{Play, Stage, TRIAL, cast, printed_name, signature};
use klero::dice::FixedDice;
use klero::domain::ids::PersonId;
use klero::domain::people::Role;
use klero::sealing::bytes::sha256;
use klero::sealing::ceremony::ListSecret;
use klero::sealing::identity::Identity;
use klero::sealing::list::{Design, List};
use klero::sealing::manifest::ListPurpose;
use klero::sealing::password::Cost;
use klero::sealing::seal::seal_package;
use klero::service::House as Service;
use klero::service::founding::{Means, found};
use klero::service::lists::NotImported;
use klero::service::people::Invitation;
use klero::store::Folder;
use klero::store::faults::NoFaults;
use klero::text::{Language, meaning};
use klero::trial_file;
use serde_json::json;
use std::collections::BTreeSet;

// shows: SG-6
#[test]
fn nothing_is_opened_or_issued_before_a_second_person_approved_the_report() {
    let house = House::raise_unopened();
    let open = json!({"reason": "begin", "signature": signature("spon-1", "decide-recruitment")});
    let early = house.post("spon-1", "/v1/recruitment/open", open.clone());
    refused(&early, 409, "list-not-reviewed");
    let reference = house.stage.screen_eligible(0, 1, true);
    refused(&house.stage.randomise(0, &reference), 409, "list-not-reviewed");
    let review = json!({"signature": signature("mon-1", "review-list")});
    let approved = house.post("mon-1", "/v1/lists/0/review", review);
    assert_eq!(approved.status, 200, "{}", approved.text);
    let (line, _) = house.check_receipt(&approved.body["receipt"]);
    assert_eq!(line["data"]["meaning"], meaning("review-list", Language::En));
    refused(&house.stage.randomise(0, &reference), 409, "centre-not-open");
    assert_eq!(house.post("spon-1", "/v1/recruitment/open", open).status, 200);
    // The trial is open, the centre is not.
    refused(&house.stage.randomise(0, &reference), 409, "centre-not-open");
    house.trail_is([
        "refused list-not-reviewed",
        "participant-screened",
        "eligibility-signed",
        "refused list-not-reviewed",
        "list-reviewed",
        "refused centre-not-open",
        "recruitment-opened",
        "refused centre-not-open",
    ]);
}

// shows: SG-6, AL-6, AT-10
#[test]
fn a_list_is_approved_once_and_with_a_signature() {
    let house = House::raise_unopened();
    let body = json!({"signature": signature("mon-1", "review-list")});
    let act = |path: &str, key: &str, body| house.act_once("mon-1", "POST", path, key, body);
    let path = "/v1/lists/0/review";
    let wrong = json!({"signature": signature("stat-1", "review-list")});
    refused(&act(path, "one-key-for-one-act", wrong), 401, "signature-needed");
    let first = act(path, "one-key-for-one-act", body.clone());
    let again = act(path, "one-key-for-one-act", body.clone());
    assert_eq!((first.status, again.body["repeated"].as_bool()), (200, Some(true)));
    assert_eq!(first.body["receipt"]["entry"], again.body["receipt"]["entry"]);
    let other = act("/v1/lists/1/review", "one-key-for-one-act", body.clone());
    refused(&other, 422, "idempotency-key-reused");
    refused(&act(path, "two-keys-for-an-act", body.clone()), 409, "wrong-state");
    let none = act("/v1/lists/1/review", "three-keys-an-act", body.clone());
    refused(&none, 404, "no-such-record");
    let odd = act("/v1/lists/00/review", "three-keys-an-act", body);
    assert_eq!(anonymous(&none), anonymous(&odd));
    house.trail_is([
        "refused signature-needed",
        "list-reviewed",
        "refused wrong-state",
        "refused no-such-record",
    ]);
}

// shows: CO-3, AT-3
#[test]
fn lists_show_commitments_and_counts_and_the_gauge_is_an_entry() {
    let house = House::raise();
    house.randomised(0, 1, true);
    house.so_far();
    let lists = house.get("mon-1", "/v1/lists");
    let list = &lists.body["lists"][0];
    assert_eq!((&list["segment"], &list["purpose"]), (&json!(0), &json!("training")));
    assert!(list["reviewed"].is_u64());
    assert!(house.pinned().arms.iter().all(|arm| !lists.text.contains(arm)));
    house.trail_is([]);
    let strata = house.get("stat-1", "/v1/lists/strata");
    let all = strata.body["strata"].as_array().unwrap();
    assert_eq!(all.len(), 8);
    let issued: u64 = all.iter().map(|stratum| stratum["issued"].as_u64().unwrap()).sum();
    assert_eq!(issued, 1);
    house.trail_is(["strata-read"]);
}

// shows: SG-8, SG-10
#[test]
fn a_package_is_imported_once() {
    let house = House::raise();
    let again = house.stage.house().import_list(&house.stage.study.package);
    assert!(matches!(again, Err(NotImported::AlreadyImported)), "{again:?}");
    let altered = house.stage.study.package.replacen("\"epoch\":1", "\"epoch\":2", 1);
    assert_ne!(altered, house.stage.study.package);
    let refused = house.stage.house().import_list(&altered);
    assert!(matches!(refused, Err(NotImported::Package(_))), "{refused:?}");
    house.trail_is([]);
}

/// A house that was founded for the live trial, as its configuration is shipped: with open decisions.
fn live(folder: &Folder) -> (Service, String) {
    let dice = || std::sync::Arc::new(FixedDice::new(5));
    let (_, clock) = Play::quick(std::path::PathBuf::new(), 5);
    let means = || Means {
        clock: clock.clone(),
        dice: dice(),
        cost: Cost::CHEAP,
        faults: Box::new(NoFaults),
    };
    let trial = trial_file::read(TRIAL).unwrap();
    let written = trial_file::read_design(TRIAL).unwrap();
    let design = Design {
        trial: trial.id.clone(),
        purpose: ListPurpose::Live,
        segment: 0,
        arms: written.arms,
        ratio: written.ratio,
        sizes: written.sizes,
        slots: 4,
        strata: trial.strata(),
        configuration: sha256(TRIAL.as_bytes()),
        hide_sizes: false,
    };
    let secret = ListSecret::roll(dice().as_ref());
    let list = List::draw(&design, &secret, b"beacon", &BTreeSet::new()).unwrap();
    let holders = cast().into_iter().filter(|(_, role, _)| role.holds_keys());
    let identities: Vec<Identity> = holders
        .map(|(id, role, centres)| {
            let person = PersonId::parse(&id).unwrap();
            Identity::generate(&person, role, &centres, dice().as_ref()).unwrap()
        })
        .collect();
    let statistician = identities.iter().find(|i| i.card().role == Role::Statistician).unwrap();
    let manifest = list.manifest("an invented beacon", statistician).unwrap();
    let cards: Vec<_> = identities.iter().map(|identity| identity.card().clone()).collect();
    let package = seal_package(&list, &manifest, &cards, statistician, 1, dice().as_ref());
    let admin = Invitation {
        person: PersonId::parse("admin-1").unwrap(),
        name: printed_name("admin-1"),
        role: Role::Admin,
        centres: vec![],
        principal: false,
    };
    found(folder, TRIAL, &manifest, admin, means()).unwrap();
    (Service::open(folder, means()).unwrap(), package.unwrap().to_json())
}

// shows: design 10 (a live trial does not begin while its configuration has open questions)
#[test]
fn a_live_list_is_not_imported_while_decisions_are_open() {
    let path = std::env::temp_dir().join(format!("klero-api-live-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&path);
    let folder = Folder::at(&path);
    let (service, package) = live(&folder);
    let Err(NotImported::DecisionsOpen(open)) = service.import_list(&package) else {
        panic!("a live list was imported over open decisions");
    };
    assert!(open.contains(&"age_upper_limit".to_owned()), "{open:?}");
    drop(service);
    assert!(folder.verify(true).is_ok());
    std::fs::remove_dir_all(&path).unwrap();
}

// shows: design 10
#[test]
fn live_recruitment_is_not_opened_while_decisions_are_open() {
    let house = House::raise_live_undecided();
    let body = json!({"reason": "begin", "signature": signature("spon-1", "decide-recruitment")});
    refused(&house.post("spon-1", "/v1/recruitment/open", body), 409, "decisions-open");
    house.trail_is(["refused decisions-open"]);
}

// shows: SG-8 (a list of another purpose is no list of this trial)
#[test]
fn a_training_package_is_refused_by_a_live_service() {
    let path = std::env::temp_dir().join(format!("klero-api-mixed-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&path);
    let folder = Folder::at(&path);
    let (service, _) = live(&folder);
    let house = House::raise();
    let stage: &Stage = &house.stage;
    let refused = service.import_list(&stage.study.package);
    assert!(matches!(refused, Err(NotImported::Package(_))), "{refused:?}");
    drop(service);
    std::fs::remove_dir_all(&path).unwrap();
    house.trail_is([]);
}
