//! Every parser against files that were damaged on the way: each is read or refused, never a panic, and what is read is
//! written and read again the same. `KLERO_ROUNDS=1000000 cargo test --release --test parsers` looks for longer;
//! `tests/fuzz/run` searches the same readers with coverage guidance, from the same files.

#![cfg(all(feature = "server", feature = "offline"))]
#![allow(clippy::unwrap_used, reason = "a test stops where it stumbles")]

mod readers;

use klero::cli::stage::{Play, Stage, TRIAL};
use klero::dice::{Dice, FixedDice, roll};
use klero::domain::ids::{CentreId, PersonId};
use klero::domain::time::Moment;
use klero::sealing::ceremony::Escrow;
use klero::sealing::groups::{Groups, Labels, Meaning};
use klero::sealing::kit::{make_kit, read_kit_slot};
use klero::sealing::line::facts_json;
use klero::sealing::offline_record::OfflineRecord;
use klero::sealing::package::Package;
use klero::sealing::published::Openings;
use klero::sealing::rotate::rotate;
use klero::sealing::witness::{Cosigner, Submission};
use klero::sealing::{
    card, data_set, disclosure, identity, kit, offline_record, package, published,
};
use readers::{READERS, WORDS, hold};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

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

/// A whole file of each format, as the house itself writes it.
fn seeds(stage: &Stage) -> BTreeMap<&'static str, String> {
    let study = &stage.study;
    let design = study.list.design();
    let of = (&design.trial, design.segment, design.purpose);
    let dice = FixedDice::new(5);
    let statistician = &stage.identities["stat-1"];
    let mut lines = vec![];
    let checkpoint = stage.house().export_trail(|line| {
        lines.push(line.to_owned());
        Ok(())
    });
    let package = Package::read(&study.package).unwrap();
    let issued = [("RJS-001".to_owned(), study.list.rows()[0].code.to_string())];
    let openings = Openings::of(std::slice::from_ref(&study.list), &issued, None).unwrap();
    let labels = Labels::draw(&study.manifest.manifest, &study.secret).unwrap();
    let centre = CentreId::parse("huashan").unwrap();
    let stay = (package.cards.as_slice(), statistician);
    let rotation = rotate(&study.list, &centre, 2, &BTreeSet::new(), stay, &dice);
    let note = checkpoint.unwrap();
    let submission = Submission { old: 1, proof: vec![[7; 32]; 3], note: note.clone() };
    let with_private = lines.iter().position(|line| line.contains("\"private\""));
    let private = with_private.unwrap() as u64;
    let private = stage.house().store.read(|view| view.private_record(private));
    let mut seeds = BTreeMap::from([
        (
            "configuration",
            include_str!("../../deploy/klero.toml").replace("\n#", "\n").replace("\n ", "\n# "),
        ),
        ("trial", TRIAL.to_owned()),
        ("people", "person,name,role,centres,principal\nm-1,Demo,monitor,,no\n".to_owned()),
        ("manifest", study.manifest.to_file_text()),
        ("package", study.package.clone()),
        ("card", statistician.card().to_json()),
        (
            "escrow",
            Escrow::seal(&study.secret, of, std::slice::from_ref(statistician.card()), &dice)
                .unwrap()
                .to_json(),
        ),
        ("disclosure", study.disclosure().to_json()),
        ("groups", Groups::of(&openings, &labels).to_json()),
        (
            "meaning",
            Meaning { arm_a: labels.arm_a, salt: labels.salt, openings: openings.clone() }
                .to_json(),
        ),
        ("openings", openings.to_json()),
        ("data-set", study.data_set(lines.iter().map(String::as_str))),
        ("line", lines.iter().max_by_key(|line| line.len()).unwrap().clone()),
        ("private-record", facts_json(&private.unwrap().unwrap())),
        ("trail-key", stage.house().store.signer().vkey()),
        ("witness-key", Cosigner::from_seed("example.org/w", [3; 32]).unwrap().key().to_string()),
        ("submission", submission.to_text()),
        ("identity", stage.identities["hot-1"].to_file(WORDS, 1, &dice)),
        ("rotation", rotation.unwrap().to_json()),
        ("words", "2026-11-29T03:00:00.000Z".to_owned()),
    ]);
    seeds.extend(second_road(stage, &package));
    seeds
}

/// What lies ready, and what comes back, when the service is away.
fn second_road(stage: &Stage, package: &Package) -> [(&'static str, String); 5] {
    let kit = make_kit(package, None).unwrap();
    let slot = &read_kit_slot(&kit[2].text).unwrap();
    let record = OfflineRecord {
        code: slot.at.code,
        at: Moment::parse("2026-11-29T03:00:00.000Z").unwrap(),
        by: PersonId::parse("hot-1").unwrap(),
        reason: "the service is dead".to_owned(),
        fits: true,
    };
    let letters = format!(
        r#"{{"klero":"letters/v1","trial":"{}","segment":0,"manifest":"{}","places":{{"A":"safe","B":"ward"}},
            "letters":[{{"serial":"huashan-0-0001-A","code":"{}"}}]}}"#,
        slot.at.trial,
        "00".repeat(32),
        slot.at.code
    );
    [
        ("kit-slot", kit[2].text.clone()),
        ("kit-wraps", kit[1].text.clone()),
        ("released-slot", slot.to_json()),
        ("letters", letters),
        ("offline-record", record.sign(&stage.identities["hot-1"]).unwrap().to_json()),
    ]
}

fn stage(named: &str) -> (Stage, PathBuf) {
    let folder = std::env::temp_dir().join(format!("klero-parsers-{}-{named}", std::process::id()));
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    let (mut play, _) = Play::quick(folder.join("service"), 3);
    play.slots = 4;
    let stage = Stage::raise(play);
    let reference = stage.screen_eligible(0, 1, true);
    assert_eq!(stage.randomise(0, &reference).status, 201);
    (stage, folder)
}

/// Where the search begins: one whole file of each format.
fn write_seeds(seeds: &BTreeMap<&'static str, String>, folder: &Path) {
    for (name, whole) in seeds {
        let of = folder.join(name);
        std::fs::create_dir_all(&of).unwrap();
        std::fs::write(of.join("whole"), whole).unwrap();
    }
}

// shows: I7, SG-8
#[test]
fn a_damaged_file_is_read_or_refused_and_what_is_read_is_written_again_the_same() {
    let (stage, folder) = stage("damaged");
    let seeds = seeds(&stage);
    if let Some(folder) = std::env::var_os("KLERO_SEEDS") {
        write_seeds(&seeds, Path::new(&folder));
    }
    for (at, (name, _)) in READERS.iter().enumerate() {
        let whole = &seeds[name];
        assert!(hold(name, whole.as_bytes()).is_some(), "{name}: whole, it is read");
        let damage = Damage(FixedDice::new(at as u64 + 17));
        // A long file takes its time.
        let rounds = if whole.len() > 20_000 { rounds() / 10 } else { rounds() };
        let others: Vec<&String> = seeds.values().collect();
        let refused = (0..rounds).filter(|round| {
            let wounded = damage.wound(whole, others[(at + round) % others.len()]);
            hold(name, wounded.as_bytes()).is_none()
        });
        let refused = refused.count();
        assert!(refused * 4 > rounds, "{name}: damage is noticed, {refused} of {rounds}");
    }
    drop(stage);
    let _ = std::fs::remove_dir_all(folder);
}

// shows: SG-8
#[test]
fn a_file_is_read_at_its_longest_and_refused_one_byte_past_it() {
    let (stage, folder) = stage("longest");
    let seeds = seeds(&stage);
    for (name, longest) in [
        ("card", card::CARD_BYTES_MAX),
        ("data-set", data_set::DATA_SET_BYTES_MAX),
        ("disclosure", disclosure::DISCLOSURE_BYTES_MAX),
        ("identity", identity::IDENTITY_BYTES_MAX),
        ("kit-slot", kit::KIT_FILE_BYTES_MAX),
        ("offline-record", offline_record::OFFLINE_RECORD_BYTES_MAX),
        ("openings", published::OPENINGS_BYTES_MAX),
        ("groups", published::OPENINGS_BYTES_MAX),
        ("meaning", published::OPENINGS_BYTES_MAX),
        ("rotation", package::PACKAGE_BYTES_MAX),
    ] {
        let whole = &seeds[name];
        // What is blank is read over; so nothing but its length is at fault.
        let mut text = format!("{whole}{}", "\n".repeat(longest - whole.len()));
        assert!(hold(name, text.as_bytes()).is_some(), "{name}: {longest} bytes");
        text.push('\n');
        assert_eq!(hold(name, text.as_bytes()), None, "{name}: one more");
    }
    drop(stage);
    let _ = std::fs::remove_dir_all(folder);
}
