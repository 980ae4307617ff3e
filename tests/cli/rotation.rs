//! `klero key rotate` on the files of a whole small trial.

use crate::desk::Desk;
use klero::cli::stage::{Play, Stage};
use klero::dice::FixedDice;
use klero::sealing::identity::ITERATIONS;
use klero::sealing::rotation::Rotation;

const WORDS: &str = "six words of an invented passphrase";

/// Two participants with codes at one centre, and one whose key was taken; the service struck, its trail exported.
fn trial(desk: &Desk) -> Vec<String> {
    let (play, _) = Play::quick(desk.path("service"), 8);
    let stage = Stage::raise(play);
    let mut codes = vec![];
    for (number, lldas) in [(1, true), (2, false)] {
        let reference = stage.screen_eligible(0, number, lldas);
        codes.push(stage.randomise(0, &reference).text_at("code").to_owned());
    }
    let removal = serde_json::json!({"person": "i-rjs", "centre": "renji-south"});
    assert_eq!(stage.act("stat-1", "POST", "/v1/grants/remove", removal).status, 200);
    let dice = FixedDice::new(1);
    let signer = &stage.identities["stat-1"];
    desk.write_escrow(&stage, &dice);
    desk.write("stat-1.key.json", &signer.to_file(WORDS, ITERATIONS, &dice));
    desk.write_secret("words", WORDS);
    for (name, identity) in &stage.identities {
        desk.write(&format!("{name}.pub.json"), &identity.card().to_json());
    }
    desk.keep(stage);
    desk.data("trail export --data kept -o export");
    codes
}

// shows: AC-7, I10
#[test]
fn the_statisticians_machine_seals_what_is_left_for_those_who_stay() {
    let desk = Desk::new("rotation");
    let codes = trial(&desk);
    let with = |centre: &str, cards: &str| {
        format!(
            "key rotate {centre} --manifest export/manifest.txt --secret secret.json --identity \
             stat-1.key.json --words-file words --trail export --to {cards} -o rotation.json"
        )
    };
    desk.refused(18, "key-taken-away", &with("renji-south", "p-rjs.pub.json i-rjs.pub.json"));
    desk.refused(18, "no-such-centre", &with("nowhere", "p-rjs.pub.json"));
    desk.refused(2, "centre-without-holder", &with("renji-south", "hot-1.pub.json"));
    desk.data("key new --person p-rjs --role pharmacist --centre renji-south -o other.key.json --words-file w");
    desk.refused(18, "other-card", &with("renji-south", "other.pub.json"));
    let made = desk.data(&with("renji-south", "p-rjs.pub.json hot-1.pub.json"));
    assert_eq!(made["epoch"], 2);
    assert_eq!(made["given-to"], serde_json::json!(["p-rjs", "hot-1", "stat-1"]));
    assert_eq!(desk.mode("rotation.json"), 0o600);
    let rotation = Rotation::read(&desk.read("rotation.json")).expect("a rotation");
    assert_eq!(made["slots"], rotation.slots.len());
    assert!(rotation.slots.iter().all(|slot| slot.stratum.as_str().starts_with("renji-south/")));
    assert!(rotation.slots.iter().all(|slot| !codes.contains(&slot.code.to_string())));
    desk.refused(17, "file-exists", &with("renji-south", "p-rjs.pub.json"));
}
