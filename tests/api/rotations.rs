//! A centre's next key: what is taken in, what is refused, and what whoever left can open afterwards.

use crate::house::{House, fields, refused};
use klero::cli::stage::{CENTRES, Reply};
use klero::dice::FixedDice;
use klero::domain::ids::{CentreId, Code};
use klero::sealing::card::Card;
use klero::sealing::identity::Identity;
use klero::sealing::open::NotProven;
use klero::sealing::rotate::rotate;
use klero::sealing::rotation::Rotation;
use klero::sealing::slot::Wrap;
use rusqlite::Connection;
use serde_json::{Value, json};
use std::collections::BTreeSet;

const CENTRE: &str = "renji-south";

/// What `klero key rotate` makes at the statistician's: everybody's cards but those of `gone`.
fn made(house: &House, epoch: u32, issued: &[&str], gone: &[&str]) -> Rotation {
    let stage = &house.stage;
    let stays = |card: &&Card| !gone.contains(&card.person.as_str());
    let cards = stage.identities.values().map(Identity::card);
    let stay: Vec<Card> = cards.filter(stays).cloned().collect();
    let issued: BTreeSet<Code> = issued.iter().map(|code| Code::parse(code).unwrap()).collect();
    let centre = CentreId::parse(CENTRE).unwrap();
    let by = &stage.identities["stat-1"];
    let dice = FixedDice::new(u64::from(epoch));
    rotate(&stage.study.list, &centre, epoch, &issued, (&stay, by), &dice).unwrap()
}

fn send(house: &House, rotation: &Rotation) -> Reply {
    house.post("stat-1", "/v1/rotations", json!({"rotation": rotation.to_json()}))
}

fn wish(code: &str) -> Value {
    json!({"code": code, "identifier": "DEMO", "visit": "V1"})
}

// shows: I10, AC-7 (an old wrap opens nothing that is issued after a rotation, not even with the service's help)
#[test]
fn whoever_left_opens_no_code_that_is_issued_after_the_rotation_and_who_stays_opens_all() {
    let mut house = House::raise();
    assert_eq!(CENTRES[0].0, CENTRE);
    let (_, _, before) = house.randomised(0, 1, true);
    let wraps = house.get("p-rjs", &format!("/v1/wraps/{CENTRE}"));
    let stolen = wraps.body["wraps"][0].clone();
    house.admit("p-rjs-2", "pharmacist", &[CENTRE]);
    let removal = json!({"person": "p-rjs", "centre": CENTRE});
    assert_eq!(house.post("stat-1", "/v1/grants/remove", removal).status, 200);
    house.so_far();
    let taken = send(&house, &made(&house, 2, &[&before], &["p-rjs"]));
    assert_eq!(taken.status, 201, "{}", taken.text);
    let (line, _) = house.check_receipt(&taken.body["receipt"]);
    assert_eq!((&line["act"], &line["centre"]), (&json!("key-rotated"), &json!(CENTRE)));
    assert_eq!(line["data"]["epoch"], 2);
    let names: Vec<_> = line["data"].as_object().unwrap().keys().cloned().collect();
    assert_eq!(names, ["segment", "epoch", "file", "sealed", "wraps"], "no count of slots");
    house.trail_is(["key-rotated"]);
    let (_, _, after) = house.randomised(0, 2, true);
    let hot = &house.stage.identities["hot-1"];
    for (code, epoch) in [(&before, 1), (&after, 2)] {
        let body = emergency(code);
        let release = house.post("hot-1", "/v1/breaks", body);
        assert_eq!(release.status, 201, "{}", release.text);
        assert_eq!(release.body["slot"]["epoch"], epoch);
        assert_eq!(house.open(&release.body, hot), Ok(house.drawn(code)));
        // With the sealed arm in hand, and the wrap that was theirs.
        let mut theirs = release.body.clone();
        theirs["wrap"] = stolen.clone();
        let theirs = house.open(&theirs, &house.stage.identities["p-rjs"]);
        let expected = if epoch == 1 { Ok(house.drawn(code)) } else { Err(NotProven::DoesNotOpen) };
        assert_eq!(theirs, expected, "{code}");
    }
    house.so_far();
    // The service gives them nothing at all.
    refused(&house.post("p-rjs", "/v1/preparations", wish(&after)), 403, "not-granted-yet");
    house.trail_is(["refused not-granted-yet"]);
}

fn emergency(code: &str) -> Value {
    json!({
        "participant": code, "identifier": "DEMO", "requester": "Demo", "callBack": "000",
        "category": "sae-management", "whatHappened": "an invented emergency", "depends": true,
        "how": "by an antidote",
        "signature": klero::cli::stage::signature("hot-1", "break-code"),
    })
}

// shows: I4, I6
#[test]
fn a_code_issued_meanwhile_or_a_rotation_taken_in_meanwhile_makes_the_file_out_of_date() {
    let house = House::raise();
    let old = made(&house, 2, &[], &[]);
    let (_, _, code) = house.randomised(0, 1, true);
    house.so_far();
    refused(&send(&house, &old), 409, "rotation-outdated");
    // One that leaves out a slot which is not issued is not made from this list.
    let (other, new) = (made(&house, 2, &[], &[]), made(&house, 2, &[&code], &[]));
    let left_out = other.slots.iter().rfind(|slot| slot.code.to_string() != code).unwrap().code;
    let fewer = made(&house, 2, &[&code, &left_out.to_string()], &[]);
    refused(&send(&house, &fewer), 422, "rotation-does-not-fit");
    let key = "one-key-for-one-act";
    let body = json!({"rotation": new.to_json()});
    let first = house.act_once("stat-1", "POST", "/v1/rotations", key, body.clone());
    let again = house.act_once("stat-1", "POST", "/v1/rotations", key, body);
    assert_eq!((first.status, again.body["repeated"].as_bool()), (201, Some(true)));
    refused(&send(&house, &made(&house, 2, &[&code], &[])), 409, "rotation-outdated");
    refused(&send(&house, &made(&house, 4, &[&code], &[])), 422, "rotation-does-not-fit");
    assert_eq!(send(&house, &made(&house, 3, &[&code], &[])).status, 201, "and once more");
    house.trail_is([
        "refused rotation-outdated",
        "refused rotation-does-not-fit",
        "key-rotated",
        "refused rotation-outdated",
        "refused rotation-does-not-fit",
        "key-rotated",
    ]);
    // Each of these is the newest of three.
    let (_, _, next) = house.randomised(0, 2, true);
    let release = house.post("p-rjs", "/v1/preparations", wish(&next));
    assert_eq!(release.body["slot"]["epoch"], 3);
    assert_eq!(house.open(&release.body, &house.stage.identities["p-rjs"]), Ok(house.drawn(&next)));
    house.so_far();
}

// shows: I11, AC-8
#[test]
fn a_rotation_gives_the_key_to_nobody_who_may_not_hold_it_and_by_nobody_but_its_sender() {
    let house = House::raise();
    let good = made(&house, 2, &[], &[]);
    let with = |change: &dyn Fn(&mut Rotation)| {
        let mut rotation = good.clone();
        change(&mut rotation);
        send(&house, &rotation)
    };
    let unfit = "rotation-does-not-fit";
    refused(&with(&|r| r.given[0].signature[5] ^= 1), 422, "signature-does-not-verify");
    refused(
        &with(&|r| r.given[0].wrap = Wrap::from_bytes(&[7; 113]).unwrap()),
        422,
        "signature-does-not-verify",
    );
    house.trail_is(["refused signature-does-not-verify"; 2]);
    let person = |name: &str| klero::domain::ids::PersonId::parse(name).unwrap();
    for who in ["p-hsh", "c-rjs", "admin-1", "nobody-here"] {
        refused(&with(&|r| r.given[0].grant.person = person(who)), 422, unfit);
    }
    refused(&with(&|r| r.given[0].grant.fingerprint = [0; 16]), 422, unfit);
    refused(&with(&|r| r.given[0].grant.by = person("hot-1")), 422, unfit);
    refused(&with(&|r| r.given[1] = r.given[0].clone()), 422, unfit);
    // Nobody who works there.
    let works = |r: &mut Rotation| {
        r.given.retain(|one| {
            one.grant.person.as_str().len() < 6 && !one.grant.person.as_str().ends_with("rjs")
        })
    };
    refused(&with(&works), 422, unfit);
    refused(&with(&|r| r.slots[0].leaf[0] ^= 1), 422, unfit);
    refused(&with(&|r| r.slots.swap(0, 1)), 422, unfit);
    refused(&with(&|r| r.slots[0].epoch = 1), 422, unfit);
    refused(&with(&|r| r.segment = 1), 422, unfit);
    refused(
        &with(&|r| r.trial = klero::domain::ids::TrialId::parse("OTHER-1").unwrap()),
        422,
        unfit,
    );
    refused(&with(&|r| r.centre = CentreId::parse("nowhere").unwrap()), 404, "no-such-record");
    house.so_far();
    let none = house.post("stat-1", "/v1/rotations", json!({"rotation": "{}"}));
    assert_eq!(fields(&none), ["/rotation bytes-form"]);
    for who in ["hot-1", "p-rjs", "admin-1", "mon-1"] {
        let body = json!({"rotation": good.to_json()});
        refused(&house.post(who, "/v1/rotations", body), 403, "not-your-role");
    }
    house.trail_is(["refused not-your-role"; 4]);
    assert_eq!(send(&house, &good).status, 201);
    house.trail_is(["key-rotated"]);
}

// shows: I7, I10 (what was sealed anew is under the service's lock, and held by the trail)
#[test]
fn slots_that_were_sealed_anew_are_kept_locked_and_an_exchanged_one_is_found() {
    let mut house = House::raise();
    let rotation = made(&house, 2, &[], &[]);
    assert_eq!(send(&house, &rotation).status, 201);
    house.so_far();
    let folder = house.stage.folder.clone();
    house.stage.strike();
    let base = Connection::open(folder.database()).unwrap();
    let rows = "SELECT sealed FROM resealed";
    let kept: Vec<Vec<u8>> =
        base.prepare(rows).unwrap().query_map([], |row| row.get(0)).unwrap().flatten().collect();
    assert_eq!(kept.len(), rotation.slots.len());
    for slot in &rotation.slots {
        let sealed = slot.sealed.as_bytes();
        assert!(kept.iter().all(|row| row.windows(92).all(|part| part != sealed)));
    }
    assert!(base.execute("UPDATE resealed SET epoch = 3", []).is_err());
    assert!(base.execute("DELETE FROM resealed", []).is_err());
    assert!(folder.verify(true).is_ok());
    base.execute_batch(
        "DROP TRIGGER resealed_never_change;
         UPDATE resealed SET sealed = zeroblob(120) WHERE position = 1;",
    )
    .unwrap();
    let said = folder.verify(true).map(|_| ()).unwrap_err().to_string();
    assert_eq!(said, "the table resealed does not fit the trail");
    // What stands there is damaged on purpose, and goes without being asked once more.
    std::fs::remove_dir_all(&folder.path).unwrap();
    std::mem::forget(house);
}
