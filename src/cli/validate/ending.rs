//! The tests that end the service of the qualification: its trail disclosed, forged, set back, and checked whole.

use super::ground::Ground;
use super::operation::{TESTS, Test, codes, of, stands};
use super::{Came, Tested};
use crate::cli::house::means;
use crate::cli::study::Judged;
use crate::service::House;
use crate::service::founding::HouseError;
use crate::store::{Folder, OpenError};
use std::fs;
use std::path::Path;

/// The tests that end the service: its trail verified, forged, disclosed, its folder set back.
pub fn last(mut ground: Ground) -> Vec<Tested> {
    const LAST: &[Test] = &[
        Test {
            shows: &["SG-7", "RP-4", "AL-10"],
            does: "the secret is published, and everything checked from public files alone; then with swapped arms",
            expects: "every check passes; the swapped arms are found by the fifth",
            run: disclosed,
        },
        Test {
            shows: &["AT-2", "I7"],
            does: "one byte of one entry is altered in a copy of the database",
            expects: "found, in that entry",
            run: forged,
        },
        Test {
            shows: &["CN-3", "I7"],
            does: "an older copy of the database is put beside the present checkpoint store",
            expects: "it refuses to open",
            run: set_back,
        },
        Test {
            shows: &["AT-13", "I6"],
            does: "the folder as the tests left it is checked entry by entry, and every table against the trail",
            expects: "whole",
            run: whole,
        },
    ];
    let mut tested = vec![];
    for (number, test) in (TESTS.len() + 1..).zip(LAST) {
        let came = (test.run)(&mut ground);
        tested.push(of(&format!("OQ-{number:02}"), test, came));
    }
    tested
}

fn disclosed(ground: &mut Ground) -> Came {
    let judged = ground.stage.study.judged(ground.stage.house());
    let Judged { entries, honest, swapped } = judged.ok_or("the trail is not exported")?;
    match honest {
        None => {
            let found = matches!(&swapped, Some((5, _)));
            stands(found, format!("{entries} entries verified; swapped arms: {swapped:?}"))
        }
        Some((number, why)) => Err(format!("check {number}: {why}")),
    }
}

fn forged(ground: &mut Ground) -> Came {
    let copy = ground.folder.join("forged");
    fs::create_dir_all(&copy).map_err(|error| error.to_string())?;
    let copied = Folder::at(&copy);
    ground.stage.house().store.backup_to(&copied.database()).map_err(|error| error.to_string())?;
    let entry = codes(ground).len() as u64;
    alter(&copied.database(), entry).ok_or("no such entry in the copy")?;
    match copied.verify(false) {
        Err(OpenError::Damaged(fault)) => {
            stands(fault.entry == entry, format!("entry {entry} altered, found in {}", fault.entry))
        }
        _ => Err(format!("entry {entry} altered, not found")),
    }
}

/// Alters the year in one line, on the disk itself.
fn alter(file: &Path, entry: u64) -> Option<()> {
    let mut bytes = fs::read(file).ok()?;
    let mark = format!("\"seq\":{entry},\"at\":\"2");
    let at = bytes.windows(mark.len()).position(|window| window == mark.as_bytes())?;
    bytes[at + mark.len()] = if bytes[at + mark.len()] == b'0' { b'1' } else { b'0' };
    fs::write(file, bytes).ok()
}

fn set_back(ground: &mut Ground) -> Came {
    let older = ground.folder.join("older");
    fs::create_dir_all(&older).map_err(|error| error.to_string())?;
    let older = Folder::at(&older);
    ground.stage.house().store.backup_to(&older.database()).map_err(|error| error.to_string())?;
    ground.randomised(0)?;
    ground.stage.strike();
    let present = &ground.stage.folder;
    for (from, to) in
        [(&present.checkpoint, &older.checkpoint), (&present.server_secret, &older.server_secret)]
    {
        fs::copy(from, to).map_err(|error| error.to_string())?;
    }
    match House::open(&older, means()) {
        Err(HouseError::Open(OpenError::Behind { stored, promised })) => {
            Ok(format!("refused: {stored} entries, of {promised} that were promised"))
        }
        Err(_) => Err("refused for another reason".to_owned()),
        Ok(_) => Err("opened".to_owned()),
    }
}

fn whole(ground: &mut Ground) -> Came {
    match ground.stage.folder.verify(true) {
        Ok(checked) => Ok(format!("{} entries, every table as the trail says", checked.entries)),
        Err(error) => Err(error.to_string()),
    }
}
