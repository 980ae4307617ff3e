//! Every parser against files that were damaged on the way: each is read or refused, never a panic, and what is read is
//! written and read again the same. `KLERO_ROUNDS=1000000 cargo test --release --test parsers` looks for longer.

#![cfg(all(feature = "server", feature = "offline"))]
#![allow(clippy::unwrap_used, reason = "a test stops where it stumbles")]

use klero::cli::stage::{Play, Stage, TRIAL};
use klero::dice::{Dice, FixedDice, roll};
use klero::sealing::card::Card;
use klero::sealing::ceremony::Escrow;
use klero::sealing::checkpoint::TrailKey;
use klero::sealing::data_set::read_data_set;
use klero::sealing::disclosure::Disclosure;
use klero::sealing::identity::{ITERATIONS, Identity, passphrase};
use klero::sealing::line;
use klero::sealing::manifest::SignedManifest;
use klero::sealing::package::Package;
use klero::trial_file;
use std::path::PathBuf;

/// Damaged copies of each file.
const ROUNDS: usize = 1_500;

fn rounds() -> usize {
    std::env::var("KLERO_ROUNDS").ok().and_then(|n| n.parse().ok()).unwrap_or(ROUNDS)
}

/// Damage, drawn from a seed: the same in every run.
struct Damage(FixedDice);

impl Damage {
    fn below(&self, n: usize) -> usize {
        (u64::from_be_bytes(roll(&self.0 as &dyn Dice)) % n.max(1) as u64) as usize
    }

    /// A place between two characters.
    fn place(&self, text: &str) -> usize {
        let mut at = self.below(text.len() + 1);
        while !text.is_char_boundary(at) {
            at -= 1;
        }
        at
    }

    fn stretch(&self, text: &str) -> (usize, usize) {
        let (a, b) = (self.place(text), self.place(text));
        // Short stretches hit single fields; long ones hit the form.
        let most = a.min(b) + [1, 8, 64, text.len()][self.below(4)];
        let mut end = a.max(b).min(most);
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        (a.min(b).min(end), end)
    }

    /// One to three wounds.
    fn wound(&self, text: &str, other: &str) -> String {
        const ODD: [&str; 16] = [
            "",
            "\u{0}",
            "\n",
            "\r",
            "\"",
            "{",
            "}",
            "[[",
            "\\u0000",
            "-1",
            "18446744073709551616",
            "1e999",
            "null",
            "\u{202e}",
            "\u{ff11}",
            "=",
        ];
        let mut text = text.to_owned();
        for _ in 0..=self.below(3) {
            let (from, to) = self.stretch(&text);
            match self.below(6) {
                0 => text.replace_range(from..to, ""),
                1 => text.replace_range(from..to, ODD[self.below(ODD.len())]),
                2 => {
                    let again = text[from..to].to_owned();
                    text.insert_str(from, &again);
                }
                3 => text.truncate(from),
                4 => {
                    let (a, b) = self.stretch(other);
                    text.insert_str(from, &other[a..b]);
                }
                _ => {
                    let c = char::from(b' ' + self.below(95) as u8);
                    text.replace_range(from..to, &c.to_string());
                }
            }
        }
        text
    }
}

/// A file with what reads it: what is read is written again, for comparison.
type Reader<'r> = Box<dyn Fn(&str) -> Option<String> + 'r>;

fn seeds(stage: &Stage) -> Vec<(&'static str, String)> {
    let study = &stage.study;
    let design = study.list.design();
    let of = (&design.trial, design.segment, design.purpose);
    let card = stage.identities["stat-1"].card();
    let dice = FixedDice::new(5);
    let escrow = Escrow::seal(&study.secret, of, std::slice::from_ref(card), &dice);
    let mut lines = vec![];
    let checkpoint = stage.house().export_trail(|line| {
        lines.push(line.to_owned());
        Ok(())
    });
    let words = passphrase(&dice);
    vec![
        ("trial file", TRIAL.to_owned()),
        ("manifest", study.manifest.to_file_text()),
        ("package", study.package.clone()),
        ("public card", card.to_json()),
        ("escrow", escrow.unwrap().to_json()),
        ("disclosure", study.disclosure().to_json()),
        ("data set", study.data_set(lines.iter().map(String::as_str))),
        ("trail line", lines.iter().max_by_key(|line| line.len()).unwrap().clone()),
        ("checkpoint", checkpoint.unwrap()),
        ("identity", stage.identities["hot-1"].to_file(&words, ITERATIONS, &dice)),
    ]
}

fn reader<'r>(name: &str, key: &'r TrailKey) -> Reader<'r> {
    match name {
        "trial file" => {
            Box::new(|text| trial_file::read(text).ok().map(|trial| trial.id.to_string()))
        }
        "manifest" => Box::new(|text| Some(SignedManifest::parse(text).ok()?.to_file_text())),
        "package" => Box::new(|text| Some(Package::read(text).ok()?.to_json())),
        "public card" => Box::new(|text| Some(Card::from_json(text).ok()?.to_json())),
        "escrow" => Box::new(|text| Some(Escrow::from_json(text).ok()?.to_json())),
        "disclosure" => Box::new(|text| Some(Disclosure::from_json(text).ok()?.to_json())),
        "data set" => Box::new(|text| read_data_set(text).ok().map(|rows| rows.len().to_string())),
        "trail line" => Box::new(|text| line::parse(text).ok().map(|line| line.seq.to_string())),
        "checkpoint" => Box::new(|text| key.check(text).ok().map(|point| point.size.to_string())),
        "identity" => {
            Box::new(|text| Identity::from_file(text, "not the words").ok().map(|_| String::new()))
        }
        other => panic!("no reader for {other}"),
    }
}

fn stage() -> (Stage, PathBuf) {
    let folder = std::env::temp_dir().join(format!("klero-parsers-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    let (mut play, _) = Play::quick(folder.join("service"), 3);
    play.slots = 4;
    let stage = Stage::raise(play);
    let reference = stage.screen_eligible(0, 1, true);
    assert_eq!(stage.randomise(0, &reference).status, 201);
    (stage, folder)
}

// shows: I7, SG-8
#[test]
fn a_damaged_file_is_read_or_refused_and_what_is_read_is_written_again_the_same() {
    let (stage, folder) = stage();
    let key = TrailKey::parse(&stage.house().store.signer().vkey()).unwrap();
    let seeds = seeds(&stage);
    for (at, (name, whole)) in seeds.iter().enumerate() {
        let read = reader(name, &key);
        if *name != "identity" {
            assert!(read(whole).is_some(), "{name}: whole, it is read");
        }
        let damage = Damage(FixedDice::new(at as u64 + 17));
        // Unsealing costs what it must; a long file takes its time.
        let rounds = match *name {
            "identity" => rounds() / 50,
            "trial file" | "package" => rounds() / 5,
            _ => rounds(),
        };
        let mut refused = 0;
        for round in 0..rounds {
            let wounded = damage.wound(whole, &seeds[(at + round) % seeds.len()].1);
            match read(&wounded) {
                None => refused += 1,
                Some(written)
                    if ["manifest", "package", "public card", "escrow", "disclosure"]
                        .contains(name) =>
                {
                    assert_eq!(read(&written), Some(written.clone()), "{name}: round {round}");
                }
                Some(_) => {}
            }
        }
        assert!(refused * 2 > rounds, "{name}: damage is noticed, {refused} of {rounds}");
    }
    drop(stage);
    let _ = std::fs::remove_dir_all(folder);
}
