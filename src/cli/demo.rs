//! The demonstration: the whole story of a trial with made-up people, against a real service on loopback. Each step
//! says what it expects, and the last line counts how many came out so.

use super::open::open_release;
use super::stage::{Play, Stage, signature};
use super::study::Judged;
use crate::domain::ids::Code;
use crate::sealing::bytes::hex;
use crate::sealing::centre_key::CentreKey;
use crate::sealing::lock::ServerSecret;
use crate::sealing::manifest::Manifest;
use crate::sealing::open::{NotProven, open};
use crate::sealing::slot::{LeafPath, SealedArm};
use crate::sealing::wrap::{WrapPlace, unwrap};
use crate::store::{Folder, OpenError};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

/// What one step says: what was done, what came of it, and whether that was expected.
struct Said(&'static str, String, bool);

/// Plays the story, printing one line a step. True when every step came out as expected.
pub fn play(seed: u64, out: &mut dyn Write) -> std::io::Result<bool> {
    let folder = std::env::temp_dir().join(format!("klero-demo-{}", std::process::id()));
    let done = play_in(&folder, seed, out);
    // Nothing is kept; what could not be removed is in the system's temporary folder.
    let _ = fs::remove_dir_all(&folder);
    done
}

fn play_in(folder: &Path, seed: u64, out: &mut dyn Write) -> std::io::Result<bool> {
    fs::create_dir_all(folder)?;
    writeln!(
        out,
        "Demonstration of NCT04515719: 4 centres x 2 strata, 1:1, blocks of four, invented people.\n\
         A training list: every code begins with 9. Nothing is kept."
    )?;
    let (play, _) = Play::quick(folder.join("service"), seed);
    let mut story =
        Story { stage: Stage::raise(play), folder: folder.to_owned(), notes: BTreeMap::new() };
    let acts: [(&str, Act); 8] = [
        ("statistician", drew),
        ("coordinator", randomised),
        ("service", tried_to_open),
        ("pharmacist", prepared),
        ("hotline", broke),
        ("thief", stole),
        ("monitor", verified),
        ("statistician", disclosed),
    ];
    let mut fine = 0;
    for (number, (who, act)) in (1..).zip(acts) {
        let Said(what, came, expected) = act(&mut story);
        fine += usize::from(expected);
        let mark = if expected { "" } else { "   <-- NOT AS EXPECTED" };
        writeln!(out, "{number:>2}  {who:<13}{what:<40}{came}{mark}")?;
        out.flush()?;
    }
    writeln!(out, "{fine} of 8 as expected.   Next:  klero demo --serve    or    klero init")?;
    Ok(fine == 8)
}

/// One step of the story.
type Act = fn(&mut Story) -> Said;

/// The stage, and what the people wrote down along the way.
struct Story {
    stage: Stage,
    folder: PathBuf,
    notes: BTreeMap<&'static str, String>,
}

impl Story {
    fn commitment(&self) -> String {
        self.stage.send("GET", "/v1/commitment", &[], None).text
    }

    fn pinned(&self) -> &Manifest {
        &self.stage.study.manifest.manifest
    }
}

fn drew(story: &mut Story) -> Said {
    let list = &story.stage.study.list;
    let root = hex(&list.root()[..8]);
    let root: Vec<&str> = (0..4).map(|i| &root[4 * i..4 * i + 4]).collect();
    let published = story.commitment();
    let committed = published.contains(&hex(&list.root()));
    let says = format!("{} slots, root {} …", list.rows().len(), root.join(" "));
    Said("drew, sealed and committed to the list", says, committed)
}

fn randomised(story: &mut Story) -> Said {
    let stage = &story.stage;
    let mut first = None;
    for (centre, number, lldas) in [(0, 1, true), (0, 2, false), (2, 1, true), (3, 1, true)] {
        let reference = stage.screen_eligible(centre, number, lldas);
        let answer = stage.randomise(centre, &reference);
        let again = stage.randomise(centre, &reference);
        let same = answer.text_at("code") == again.text_at("code") && again.status == 200;
        let fine = answer.status == 201 && same && !answer.text.contains("arm");
        first.get_or_insert((answer, true)).1 &= fine;
    }
    let (answer, fine) = first.unwrap_or_else(|| unreachable!("four were randomised above"));
    let code = answer.text_at("code").to_owned();
    let grouped = Code::parse(&code).map_or(code.clone(), |code| code.grouped());
    let says = format!("code {grouped}, entry {}", answer.body["receipt"]["index"]);
    story.notes.insert("code", code);
    Said("entered and randomised RJS-001", says, fine)
}

/// The service lifts its own lock, as only it can, and tries everything it has as a key.
fn tried_to_open(story: &mut Story) -> Said {
    let house = story.stage.house();
    let secret = fs::read(&story.stage.folder.server_secret).unwrap_or_default();
    let Ok(secret) = <[u8; 32]>::try_from(secret) else {
        return Said("tried to open it", "has no secret".into(), false);
    };
    let own = ServerSecret::from_bytes(secret);
    let trial = &house.trial.id;
    let slots = house.store.read(|view| view.locked_slots(trial)).unwrap_or_default();
    let keys = [secret, [0; 32], house.configuration, house.manifest.hash()];
    let total = story.pinned().total();
    let shut = slots.iter().all(|(at, locked)| {
        let Ok(sealed) = own.lift(locked, at) else { return false };
        let path = LeafPath { index: 0, size: total, path: vec![] };
        keys.iter().all(|key| {
            let opened = open(&sealed, at, &CentreKey::from_bytes(*key), &path, story.pinned());
            opened.err() == Some(NotProven::DoesNotOpen)
        })
    });
    let fine = shut && slots.len() == story.stage.study.list.rows().len();
    Said("tried to open it", "could not, as it must be".into(), fine)
}

fn prepared(story: &mut Story) -> Said {
    let code = story.notes["code"].clone();
    let body = json!({"code": code, "identifier": "DEMO", "visit": "V1"});
    let reply = story.stage.act("p-rjs", "POST", "/v1/preparations", body);
    let identity = &story.stage.identities["p-rjs"];
    let opened = open_release(&reply.text, &story.commitment(), identity);
    let (says, fine) = match opened {
        Ok(opened) => {
            let fits = story.stage.study.arms().get(&code) == Some(&opened.arm.as_str());
            let kept = send_receipt(story, "p-rjs", "preparations", &reply.body, &opened.receipt);
            (format!("one arm, for holders' eyes; fits the root{}", kept.0), fits && kept.1)
        }
        Err(failure) => (failure.to_string(), false),
    };
    story.notes.insert("release", reply.text);
    Said("released and opened it", says, fine)
}

/// The holder's device signs that it opened, and whether it fitted: never what.
fn send_receipt(
    story: &Story,
    who: &str,
    place: &str,
    release: &Value,
    receipt: &Value,
) -> (&'static str, bool) {
    let reference = release["reference"].as_str().unwrap_or_default();
    let path = format!("/v1/{place}/{reference}/opened");
    let reply = story.stage.act(who, "POST", &path, receipt.clone());
    if reply.status == 200 { ("; receipt kept", true) } else { ("; receipt refused", false) }
}

fn broke(story: &mut Story) -> Said {
    let mut body = json!({
        "participant": "HSH-001", "identifier": "1988-01-01",
        "requester": "Demo physician, Demo emergency department", "callBack": "000",
        "category": "sae-management", "whatHappened": "an invented emergency",
        "depends": true, "how": "an antidote would be chosen by it",
    });
    body["signature"] = signature("hot-1", "break-code");
    let stage = &story.stage;
    let reply = stage.act("hot-1", "POST", "/v1/breaks", body);
    let identity = &stage.identities["hot-1"];
    let opened = open_release(&reply.text, &story.commitment(), identity);
    let Ok(opened) = opened else {
        return Said("broke the code of HSH-001", "did not open".into(), false);
    };
    let kept = send_receipt(story, "hot-1", "breaks", &reply.body, &opened.receipt);
    let told = reply.body["told"].as_array().map_or(0, Vec::len);
    // What the sponsor can now read: that, never what.
    let seen = stage.get("spon-1", "/v1/breaks");
    let silent = story.pinned().arms.iter().all(|arm| !seen.text.contains(arm));
    let names = reply.body["told"].to_string().replace(['[', ']', '"'], "").replace(',', ", ");
    let says = format!("{told} people told that, none told what: {names}");
    Said("broke the code of HSH-001", says, kept.1 && silent && seen.text.contains("HSH-001"))
}

/// Database, backup, and a pharmacist's key with its six words: everything but the server secret.
fn stole(story: &mut Story) -> Said {
    let copy = story.folder.join("stolen.db");
    let house = story.stage.house();
    if house.store.backup_to(&copy).is_err() {
        return Said("took database, backup and one key", "no backup".into(), false);
    }
    let identity = &story.stage.identities["p-rjs"];
    let card = identity.card();
    let at = WrapPlace {
        trial: house.trial.id.clone(),
        centre: card.centres[0].clone(),
        epoch: 1,
        person: card.person.clone(),
    };
    let held = house.store.read(|view| view.wrap(&at.centre, 1, &at.person)).ok().flatten();
    let key = held.and_then(|held| unwrap(&held.wrap, &at, identity.opening()).ok());
    let slots = house.store.read(|view| view.locked_slots(&house.trial.id)).unwrap_or_default();
    let total = story.pinned().total();
    let path = LeafPath { index: 0, size: total, path: vec![] };
    let mut opened = 0;
    for (place, locked) in &slots {
        // The lock is nonce, the sealed 92 bytes encrypted, tag: the thief tries every stretch of it.
        for from in 0..=120 - 92 {
            let guess = SealedArm::from_bytes(&locked.as_bytes()[from..from + 92]);
            let shut = |key: &CentreKey, sealed: &SealedArm| {
                open(sealed, place, key, &path, story.pinned()).err()
                    == Some(NotProven::DoesNotOpen)
            };
            if let (Some(key), Some(sealed)) = (&key, &guess) {
                opened += usize::from(!shut(key, sealed));
            }
        }
    }
    let fine = key.is_some() && opened == 0 && !slots.is_empty();
    Said("took database, backup and one key", "opened nothing, as it must be".into(), fine)
}

fn verified(story: &mut Story) -> Said {
    let honest = story.stage.folder.verify(true);
    let Ok(honest) = honest else {
        return Said("verified the trail", "it does not verify".into(), false);
    };
    // The thief's copy, with one byte of one line altered.
    let copy = story.folder.join("stolen.db");
    let forged = story.folder.join("forged");
    let entry = 17;
    let found =
        forge(&copy, &forged, entry).and_then(|()| match Folder::at(&forged).verify(false) {
            Err(OpenError::Damaged(fault)) => Some(fault.entry),
            _ => None,
        });
    let says = match found {
        Some(at) => format!("{} entries; an altered byte found in entry {at}", honest.entries),
        None => format!("{} entries; an altered byte was not found", honest.entries),
    };
    Said("verified the trail and its tables", says, found == Some(entry))
}

/// Alters the year in one line of a copied database, on the disk itself.
fn forge(copy: &Path, folder: &Path, entry: u64) -> Option<()> {
    let mut bytes = fs::read(copy).ok()?;
    let mark = format!("\"seq\":{entry},\"at\":\"2026");
    let at = bytes.windows(mark.len()).position(|window| window == mark.as_bytes())?;
    bytes[at + mark.len() - 1] = b'7';
    fs::create_dir_all(folder).ok()?;
    fs::write(Folder::at(folder).database(), bytes).ok()
}

fn disclosed(story: &mut Story) -> Said {
    let what = "published the secret";
    let Some(judged) = story.stage.study.judged(story.stage.house()) else {
        return Said(what, "no export".into(), false);
    };
    let Judged { honest, swapped, .. } = judged;
    let says = match (&honest, &swapped) {
        (None, Some((5, _))) => "list re-created, every allocation fits; swapped arms found".into(),
        (Some((number, why)), _) => format!("check {number} failed: {why}"),
        (None, _) => "swapped arms were not found".to_owned(),
    };
    let found = swapped.is_some_and(|(number, _)| number == 5);
    Said(what, says, honest.is_none() && found)
}
