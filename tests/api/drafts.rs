//! Drafts: for their author, for 72 hours, and in no entry.

use crate::house::House;
use klero::domain::access::Caller;
use klero::domain::answers::Raw;
use klero::domain::ids::Reference;
use klero::http::block_on;
use klero::limits::{DRAFT, DRAFT_SECONDS, DRAFTS};
use klero::refusal::{Code, Refusal};
use klero::service::drafts::Draft;
use std::collections::BTreeMap;

fn caller(house: &House, who: &str) -> Caller {
    house.stage.house().caller(house.stage.token(who)).unwrap()
}

fn draft(reference: Option<&Reference>, initials: &str) -> Draft {
    let one = |text: &str| Raw::One(text.to_owned());
    let answers = [
        ("initials".to_owned(), one(initials)),
        ("notes".to_owned(), one("\"quoted\" \\ 抄写\n")),
        ("drugs".to_owned(), Raw::Many(vec!["hcq".to_owned(), String::new()])),
    ];
    Draft {
        reference: reference.cloned(),
        kind: "screening".to_owned(),
        about: Some(Reference::from_bytes([7; 5])),
        answers: answers.into(),
    }
}

fn keep(house: &House, who: &Caller, draft: Draft) -> Result<Reference, Refusal> {
    block_on(house.stage.house().keep_draft(who, draft))
}

fn initials(house: &House, who: &Caller, reference: &Reference) -> Result<String, Refusal> {
    let kept = block_on(house.stage.house().draft(who, reference))?;
    assert_eq!((&kept.reference, kept.kind.as_str()), (reference, "screening"));
    assert_eq!(kept.about, Some(Reference::from_bytes([7; 5])));
    assert!(kept.answers.len() == 3 && kept.answers["notes"] == draft(None, "").answers["notes"]);
    Ok(kept.answers["initials"].as_slice()[0].clone())
}

fn is_no_record<T>(answer: Result<T, Refusal>) -> bool {
    answer.err().is_some_and(|refusal| refusal.code == Code::NoSuchRecord)
}

// shows: AC-6, AT-15 (nobody but the author, and no entry of it)
#[test]
fn a_draft_is_its_authors_alone_and_leaves_no_entry() {
    let house = House::raise();
    let (author, other) = (caller(&house, "c-rjs"), caller(&house, "c-hsh"));
    let first = keep(&house, &author, draft(None, "DEMO")).unwrap();
    assert_eq!(initials(&house, &author, &first).unwrap(), "DEMO");
    // Kept again under the same reference: one draft, as it stands now.
    assert_eq!(keep(&house, &author, draft(Some(&first), "MODE")).unwrap(), first);
    assert_eq!(initials(&house, &author, &first).unwrap(), "MODE");
    assert!(is_no_record(initials(&house, &other, &first)));
    assert!(is_no_record(keep(&house, &other, draft(Some(&first), "OMED"))));
    let service = house.stage.house();
    assert!(is_no_record(block_on(service.drop_draft(&other, &first))));
    assert!(block_on(service.drafts(&other)).unwrap().is_empty());
    assert_eq!(initials(&house, &author, &first).unwrap(), "MODE");
    block_on(service.drop_draft(&author, &first)).unwrap();
    assert!(is_no_record(block_on(service.drop_draft(&author, &first))));
    assert!(is_no_record(initials(&house, &author, &first)));
    house.trail_is([]);
    // Who may not screen has no forms to keep; that is refused like any other act.
    for who in ["i-rjs", "admin-1"] {
        let refused = keep(&house, &caller(&house, who), draft(None, "DEMO"));
        assert_eq!(refused.unwrap_err().code, Code::NotYourRole);
    }
    house.trail_is(["refused not-your-role"; 2]);
}

#[test]
fn a_draft_is_gone_after_72_hours_and_the_oldest_goes_when_there_are_too_many() {
    let house = House::raise();
    // Taken before their sessions end by idleness.
    let (author, stranger) = (caller(&house, "c-rjs"), caller(&house, "c-hsh"));
    let first = keep(&house, &author, draft(None, "DEMO")).unwrap();
    house.clock.step(DRAFT_SECONDS - 1);
    assert!(initials(&house, &author, &first).is_ok());
    house.clock.step(1);
    assert!(is_no_record(initials(&house, &author, &first)));
    assert!(block_on(house.stage.house().drafts(&author)).unwrap().is_empty());
    let rows = || {
        let database = rusqlite::Connection::open(house.stage.folder.database()).unwrap();
        let sql = "SELECT count(*) FROM drafts";
        database.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap()
    };
    assert_eq!(rows(), 1, "it is never read, and goes with the next one that is kept");
    let other = keep(&house, &stranger, draft(None, "OMED")).unwrap();
    assert_eq!(rows(), 1);
    let mut kept = vec![];
    for number in 0..=DRAFTS {
        house.clock.step(1);
        kept.push(keep(&house, &author, draft(None, &format!("D{number}"))).unwrap());
    }
    let found = block_on(house.stage.house().drafts(&author)).unwrap();
    let found: Vec<_> = found.into_iter().rev().map(|kept| kept.reference).collect();
    assert_eq!(found, kept[1..], "all but the oldest, newest first");
    assert!(initials(&house, &stranger, &other).is_ok(), "another's stays");
    house.trail_is([]);
}

#[test]
fn a_draft_may_be_as_long_as_the_limit() {
    let house = House::raise();
    let author = caller(&house, "c-rjs");
    let frame = r#"{"answers":{"note":""}}"#.len();
    let long = |length: usize| {
        let answers = BTreeMap::from([("note".to_owned(), Raw::One("x".repeat(length - frame)))]);
        keep(&house, &author, Draft { answers, ..draft(None, "") })
    };
    let kept = long(DRAFT).unwrap();
    assert!(block_on(house.stage.house().draft(&author, &kept)).is_ok());
    assert_eq!(long(DRAFT + 1).unwrap_err().code, Code::TooLarge);
    house.trail_is([]);
}
