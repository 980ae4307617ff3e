//! `klero kit count`: at the end, what lies in kit and safes against what the trail says was opened (EU-12).

use super::failure::{Done, Exit, Failure, ending};
use super::files::{Eyes, TRAIL_BYTES_MAX, must_be_new, read_text, write_new};
use super::package::read_manifest;
use super::trail_folder::{self, LINES};
use crate::domain::ids::Code;
use crate::domain::offline::Serial;
use crate::sealing::bytes::{hex, sha256};
use crate::sealing::kit::{
    KIT_FILE_BYTES_MAX, KIT_MANIFEST, KIT_WRAPS, kit_file_name, read_kit_slot, read_kit_wraps,
};
use crate::sealing::kit_count::{Counted, Seen, State, differences, taken_in};
use crate::sealing::letters::{INVENTORY_BYTES_MAX, Inventory};
use crate::sealing::offline_record::{OFFLINE_RECORD_BYTES_MAX, SignedRecord};
use crate::sealing::slot::centre_of;
use clap::Args;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// Count what was not opened: a kit against its manifest, letters and records against the trail
///
/// Count first, by the sheet that klero kit letters wrote, and type what was seen: a line SERIAL,STATE for each letter,
/// STATE being intact, opened or missing. Every opening must be in the trail (klero break import), and nothing else.
/// Ends with 20 when anything differs; the report feeds klero report reconcile --count.
#[derive(Args)]
#[command(after_help = ending([
    "klero kit count kit",
    "klero kit count --inventory inventory.json --seen seen.csv --trail export -o count.json",
    "klero kit count kit --inventory inventory.json --seen seen.csv --trail export \
     --record 7429133.offline.json --json",
], &[Exit::NotThere, Exit::Unreadable, Exit::Exists, Exit::NotVerified, Exit::AlteredManifest]))]
pub struct Count {
    /// The kit's folder
    #[arg(value_name = "KIT", required_unless_present = "inventory")]
    kit: Option<PathBuf>,
    /// The inventory of the letters
    #[arg(long, value_name = "FILE", requires = "seen", requires = "trail")]
    inventory: Option<PathBuf>,
    /// What was seen: SERIAL,STATE line by line
    #[arg(long, value_name = "CSV", requires = "inventory")]
    seen: Option<PathBuf>,
    /// The exported trail
    #[arg(long, value_name = "FOLDER")]
    trail: Option<PathBuf>,
    /// The signed records of kit openings
    #[arg(long, value_name = "RECORD", num_args = 1.., requires = "trail")]
    record: Vec<PathBuf>,
    /// The report, for the reconciliation
    #[arg(short, long, value_name = "FILE", requires = "trail")]
    output: Option<PathBuf>,
}

impl Count {
    /// Counts everything that was given, and names what differs.
    pub fn run(self) -> Result<Done, Failure> {
        self.output.as_deref().map_or(Ok(()), must_be_new)?;
        let kit = self.kit.as_deref().map(count_kit).transpose()?;
        let Some(folder) = &self.trail else {
            return Ok(kit.map_or_else(|| Done::new(String::new(), json!({})), |kit| kit.done()));
        };
        let checked = trail_folder::check(folder, None)?;
        let lines = read_text(&folder.join(LINES), TRAIL_BYTES_MAX)?;
        let taken = taken_in(&lines).map_err(trail_folder::damaged)?;
        let records = self.record.iter().map(|file| record_hash(file));
        let records = records.collect::<Result<BTreeSet<_>, _>>()?;
        let counted = match (&self.inventory, &self.seen) {
            (Some(inventory), Some(seen)) => Some(read_counted(inventory, seen)?),
            _ => None,
        };
        let mut found = differences(counted.as_ref(), &records, &taken);
        let missing = kit.as_ref().map_or(0, |kit| kit.missing());
        if missing > 0 {
            found.push(format!("{missing} slots are missing from the kit"));
        }
        let report = report(&checked.data, kit.as_ref(), counted.as_ref(), &taken, &found);
        if let Some(file) = &self.output {
            write_new(file, Eyes::All, &format!("{report}\n"))?;
        }
        let done = Done::new(told(kit.as_ref(), counted.as_ref(), &found), report);
        if found.is_empty() {
            return Ok(done);
        }
        let what = format!("{} differences between what lies there and the trail", found.len());
        let next = "look again; take in what was opened (klero break import); report the rest";
        Err(Failure::new(Exit::NotVerified, "count-differs", what, next).having_found(done))
    }
}

/// What is in a kit's folder.
struct Kit {
    slots: u64,
    here: u64,
}

impl Kit {
    fn missing(&self) -> u64 {
        self.slots.saturating_sub(self.here)
    }

    fn text(&self) -> String {
        let Self { slots, here } = self;
        format!("slots        {slots}\nin the kit   {here}\nmissing      {}", self.missing())
    }

    fn data(&self) -> Value {
        json!({"slots": self.slots, "in-the-kit": self.here, "missing": self.missing()})
    }

    fn done(&self) -> Done {
        Done::new(self.text(), self.data())
    }
}

/// Reads every file, and compares the count with the manifest's, for the centres whose keys are wrapped in it.
fn count_kit(folder: &Path) -> Result<Kit, Failure> {
    let signed = read_manifest(&folder.join(KIT_MANIFEST))?;
    let manifest = &signed.manifest;
    let altered = |name: &str| {
        let what = format!("{name} is not of this kit");
        let next = "find out who put it there, and compare with another copy of the kit";
        Failure::new(Exit::NotVerified, "kit-altered", what, next)
    };
    let wraps = read_kit_wraps(&read_text(&folder.join(KIT_WRAPS), KIT_FILE_BYTES_MAX)?);
    let wraps = wraps.map_err(|_| altered(KIT_WRAPS))?;
    let centres: BTreeSet<_> = wraps.iter().map(|wrap| wrap.centre.clone()).collect();
    let of_kit = |centre: Option<_>| centre.is_some_and(|centre| centres.contains(&centre));
    let mut codes: BTreeSet<Code> = BTreeSet::new();
    for name in names(folder)? {
        if name == KIT_MANIFEST || name == KIT_WRAPS {
            continue;
        }
        let slot = read_kit_slot(&read_text(&folder.join(&name), KIT_FILE_BYTES_MAX)?);
        let ours = slot.ok().filter(|slot| {
            let of_list = slot.at.trial == manifest.trial && slot.at.segment == manifest.segment;
            of_list && kit_file_name(&slot.at.code) == name && of_kit(centre_of(&slot.at.stratum))
        });
        codes.insert(ours.ok_or_else(|| altered(&name))?.at.code);
    }
    let here = manifest.strata.iter().filter(|(stratum, _)| of_kit(centre_of(stratum)));
    let slots = here.map(|(_, count)| u64::from(*count)).sum();
    Ok(Kit { slots, here: codes.len() as u64 })
}

fn names(folder: &Path) -> Result<Vec<String>, Failure> {
    let unread = |error: std::io::Error| {
        let what = format!("the folder {} could not be read", folder.display());
        Failure::new(Exit::Failed, "folder-unread", what, "check its permissions").because(error)
    };
    let mut names = vec![];
    for entry in std::fs::read_dir(folder).map_err(unread)? {
        names.push(entry.map_err(unread)?.file_name().to_string_lossy().into_owned());
    }
    names.sort();
    Ok(names)
}

fn record_hash(file: &Path) -> Result<String, Failure> {
    let text = read_text(file, OFFLINE_RECORD_BYTES_MAX)?;
    let signed = SignedRecord::from_json(text.trim()).map_err(|error| {
        let what = format!("{} is no record of a kit opening", file.display());
        let next = "use the file that klero open --kit wrote";
        Failure::new(Exit::Unreadable, "record-unreadable", what, next).because(error)
    })?;
    Ok(hex(&sha256(signed.record.text().as_bytes())))
}

/// The inventory, with what was seen of each letter.
fn read_counted(inventory: &Path, seen: &Path) -> Result<Counted, Failure> {
    let unreadable = |file: &Path, why: String, next: &str| {
        let what = format!("{} cannot be used", file.display());
        Failure::new(Exit::Unreadable, "count-unreadable", what, next).because(why)
    };
    let text = read_text(inventory, INVENTORY_BYTES_MAX)?;
    let next = "use the inventory that klero kit letters wrote";
    let inventory = Inventory::read(&text).map_err(|why| unreadable(inventory, why, next))?;
    let mut all: Seen = BTreeMap::new();
    let text = read_text(seen, INVENTORY_BYTES_MAX)?;
    let lines = text.trim_start_matches('\u{feff}').lines();
    for (number, line) in (1..).zip(lines) {
        let (serial, state) = line.split_once(',').unwrap_or((line, ""));
        if line.trim().is_empty() || (number == 1 && serial.trim().eq_ignore_ascii_case("serial")) {
            continue;
        }
        let read = Serial::parse(serial).zip(State::parse(state));
        let Some((serial, state)) = read else {
            let why = format!("Line {number} is not SERIAL,STATE.");
            return Err(unreadable(seen, why, "write intact, opened or missing after each serial"));
        };
        if all.insert(serial.to_string(), state).is_some() {
            let why = format!("Line {number} counts {serial} for the second time.");
            return Err(unreadable(seen, why, "count each letter once"));
        }
    }
    Ok(Counted { inventory, seen: all })
}

fn report(
    trail: &Value,
    kit: Option<&Kit>,
    counted: Option<&Counted>,
    taken: &[crate::sealing::kit_count::Taken],
    found: &[String],
) -> Value {
    let letters = counted.map(|counted| {
        let of = |state| counted.seen.values().filter(|one| **one == state).count();
        let opened = counted.seen.iter().filter(|(_, state)| **state == State::Opened);
        json!({
            "segment": counted.inventory.segment, "listed": counted.inventory.letters.len(),
            "intact": of(State::Intact), "missing": of(State::Missing),
            "opened": opened.map(|(serial, _)| serial).collect::<Vec<_>>(),
        })
    });
    json!({
        "klero": "kit-count/v1", "entries": trail["entries"], "root": trail["root"],
        "kit": kit.map(Kit::data), "letters": letters,
        "taken-in": taken.iter().map(|one| one.entry).collect::<Vec<_>>(),
        "differences": found,
    })
}

fn told(kit: Option<&Kit>, counted: Option<&Counted>, found: &[String]) -> String {
    let mut text = kit.map_or_else(String::new, |kit| format!("{}\n", kit.text()));
    if let Some(counted) = counted {
        let of = |state| counted.seen.values().filter(|one| **one == state).count();
        text.push_str(&format!(
            "letters      {}\nintact       {}\nopened       {}\nmissing      {}\n",
            counted.inventory.letters.len(),
            of(State::Intact),
            of(State::Opened),
            of(State::Missing)
        ));
    }
    match found {
        [] => text.push_str("agrees with the trail"),
        found => found.iter().for_each(|one| text.push_str(&format!("differs      {one}\n"))),
    }
    text
}
