//! The list is extended by a second committed segment, from the command line alone: drawn with the codes of the first left
//! out, sealed, imported into the stopped service, approved, issued from; and everything of the first stays as it was.

use crate::desk::{Desk, TRIAL};
use crate::staged::{caller, entries, once, prepare, randomise, signed, sound, wait};
use klero::cli::stage::{Play, Stage};
use klero::dice::FixedDice;
use klero::domain::ids::Reference;
use klero::sealing::identity::{ITERATIONS, passphrase};
use klero::sealing::manifest::SignedManifest;
use klero::sealing::package::Package;
use std::collections::BTreeSet;

const SIGN: &str = "--identity stat-1.key.json --words-file stat-1.words";

/// A trial whose first stratum is used up, struck, with the statistician's files of segment 0.
fn used_up(desk: &Desk) -> Vec<Reference> {
    let (mut play, _) = Play::quick(desk.path("service"), 6);
    play.slots = 4;
    let stage = Stage::raise(play);
    let people: Vec<String> = (1..=6).map(|n| stage.screen_eligible(0, n, true)).collect();
    for reference in &people[..4] {
        assert_eq!(stage.randomise(0, reference).status, 201);
    }
    assert_eq!(stage.randomise(0, &people[4]).status, 409, "used up");
    let (study, dice) = (&stage.study, FixedDice::new(77));
    let (statistician, words) = (&stage.identities["stat-1"], passphrase(&dice));
    desk.write_secret("stat-1.key.json", &statistician.to_file(&words, ITERATIONS, &dice));
    desk.write_secret("stat-1.words", &words);
    for (name, identity) in &stage.identities {
        desk.write(&format!("{name}.pub.json"), &identity.card().to_json());
    }
    desk.write_escrow(&stage, &dice);
    desk.write("manifest.txt", &study.manifest.to_file_text());
    desk.write("package.json", &study.package);
    desk.write("disclosure.json", &study.disclosure().to_json());
    desk.keep(stage);
    people.iter().map(|text| Reference::parse(text).expect("a reference")).collect()
}

/// The public cards of everybody who may hold a key.
fn cards(desk: &Desk) -> String {
    let package = Package::read(&desk.read("package.json")).expect("a package");
    let holders: BTreeSet<_> = package.wraps.iter().map(|wrap| wrap.person.to_string()).collect();
    // The signer's own card is added by the command.
    let others = holders.iter().filter(|name| *name != "stat-1");
    others.map(|name| format!(" {name}.pub.json")).collect()
}

fn seal_segment_1(desk: &Desk) {
    let secret = "list secret --purpose training --segment 1 --to stat-1.pub.json -o secret-1.json";
    desk.data(&format!("{secret} --trial {TRIAL}"));
    let generate = format!(
        "list generate --trial {TRIAL} --secret secret-1.json {SIGN} --beacon 0badcafe \
         --beacon-description lottery --slots 4 -o manifest-1.txt"
    );
    desk.refused(2, "taken-needed", &generate);
    assert_eq!(desk.data(&format!("{generate} --taken package.json"))["segment"], 1);
    let seal = format!(
        "list seal --trial {TRIAL} --manifest manifest-1.txt --secret secret-1.json {SIGN} \
         --taken package.json -o"
    );
    let to = cards(desk);
    desk.data(&format!("{seal} package-1.json --to{to}"));
    // Under the number of a key that these centres have already: its wraps would be lost.
    desk.data(&format!("{seal} same-key.json --epoch 1 --to{to}"));
    desk.refused(18, "centre-key-taken", "list import --data kept same-key.json");
    let code = |file: &str| {
        let package = Package::read(&desk.read(file)).expect("a package");
        package.slots.iter().map(|slot| slot.code).collect::<BTreeSet<_>>()
    };
    let (first, second) = (code("package.json"), code("package-1.json"));
    assert!(first.is_disjoint(&second) && second.len() == first.len());
}

// shows: SG-10, SG-7, I4, AL-5
#[test]
fn a_list_grows_by_a_committed_segment_and_everything_of_the_first_still_proves_itself() {
    let desk = Desk::new("extension");
    let people = used_up(&desk);
    seal_segment_1(&desk);
    let house = sound(&desk.path("kept"));
    // By the play's own clock, as everything before it.
    house.import_list(&desk.read("package-1.json")).expect("the next segment");
    assert_eq!(house.extensions().expect("read"), [""; 0], "no device is to open by it yet");
    let (monitor, signature) = (caller("mon-1"), signed("mon-1", "review-list"));
    let refused = randomise(&house, "rjs", &people[4], "before the approval");
    assert!(refused.is_err(), "not approved yet");
    wait(house.review_list(&monitor, 1, &signature, once("review"))).expect("approved");
    // What devices hold a code of the second segment against, signed like the first.
    assert_eq!(house.extensions().expect("read"), [desk.read("manifest-1.txt")]);
    let mut codes = vec![];
    for one in &people {
        codes.push(randomise(&house, "rjs", one, one.as_str()).expect("a code").value.code);
    }
    // Released under its own key, each proves itself against the root of its own segment.
    let manifests = ["manifest.txt", "manifest-1.txt"]
        .map(|file| SignedManifest::parse(&desk.read(file)).expect("signed").manifest);
    for (at, segment) in [(0, 0u32), (3, 0), (4, 1), (5, 1)] {
        let handed = prepare(&house, "rjs", &codes[at], None, &format!("prepare {at}"));
        let released = handed.expect("the holder has the key of that segment").released;
        assert_eq!((released.place.segment, released.place.epoch), (segment, segment + 1));
        assert_eq!(released.leaf_path.size, manifests[segment as usize].total());
    }
    let before = entries(&house);
    drop(house);
    desk.refused(17, "list-already-imported", "list import --data kept package-1.json");
    desk.data("trail verify --data kept --tables");
    desk.data("trail export --data kept -o export");
    let line = format!("list disclose --manifest manifest-1.txt --secret secret-1.json {SIGN}");
    desk.data(&format!("{line} --taken package.json -o disclosure-1.json --csv list-1.csv"));
    let of_0 = format!("list disclose --manifest manifest.txt --secret secret.json {SIGN}");
    desk.data(&format!("{of_0} -o again.json --csv list-0.csv"));
    let lists = desk.read("list-0.csv") + &desk.read("list-1.csv");
    let mut data = "participant,code,arm\n".to_owned();
    for (number, code) in (1..).zip(&codes) {
        let row = lists.lines().find(|row| row.contains(&format!(",{code},"))).expect("a row");
        let arm = row.split(',').nth(3).expect("an arm");
        data.push_str(&format!("RJS-00{number},{code},{arm}\n"));
    }
    desk.write("data.csv", &data);
    let verified = desk.data(
        "verify --manifest manifest.txt manifest-1.txt --disclosure disclosure.json \
         disclosure-1.json --trail export --data data.csv",
    );
    assert!(verified["checks"].to_string().contains("6 codes issued in list order, 0 void"));
    assert!(before > 60, "{before}");
}
