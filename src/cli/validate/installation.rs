//! Installation qualification (IQ): which program this is, on which machine, and whether the machine does what the program
//! builds on.

use super::{Came, Tested};
use crate::clock::{Clock, SystemClock};
use crate::dice::{Dice, SystemDice, roll};
use crate::sealing::bytes::{hex, sha256};
use crate::sealing::vectors::check_file;
use crate::store::SCHEMA_VERSION;
use crate::trial_file;
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::PathBuf;

/// The vectors of every format, as they were shipped with the program.
const VECTORS: [&str; 3] = [
    include_str!("../../../tests/vectors/allocation_list.json"),
    include_str!("../../../tests/vectors/sealing.json"),
    include_str!("../../../tests/vectors/pharmacy_record.json"),
];
/// Random numbers that are drawn to see whether one comes twice.
const ROLLS: usize = 1_000;

/// Runs the installation tests.
pub fn tests(trial: &str) -> Vec<Tested> {
    let all: [(&[&str], &str, &str, Came); 7] = [
        (
            &["VA-1", "SG-2"],
            "the program is named, with the hash of its own file",
            "version, schema and SHA-256",
            program(),
        ),
        (&["VA-1"], "the machine is named", "operating system, kernel and processor", machine()),
        (
            &["SG-1", "VA-6"],
            "every value of the shipped test vectors is computed anew",
            "each as it stands in the vectors",
            vectors(),
        ),
        (
            &["VA-4"],
            "the trial file is read and named by its hash",
            "no mistake; open decisions are named",
            file(trial),
        ),
        (
            &["SG-4"],
            "the machine gives randomness",
            "no number twice in a thousand, none of zeros",
            randomness(),
        ),
        (&["AT-7"], "the clock is read again and again", "it never goes back", clock()),
        (
            &["CO-2", "I10"],
            "a secret file is made in the temporary folder, synced and read back",
            "mode 0600, the bytes as written",
            disk(),
        ),
    ];
    let tested =
        |(at, (shows, does, expects, came)): (usize, (&[&str], &str, &str, Came))| Tested {
            id: format!("IQ-{:02}", at + 1),
            shows: shows.iter().map(|id| (*id).to_owned()).collect(),
            does: does.to_owned(),
            expects: expects.to_owned(),
            came,
        };
    all.into_iter().enumerate().map(tested).collect()
}

/// The version of this program, as every report says it.
pub fn version() -> String {
    let commit = option_env!("KLERO_COMMIT").unwrap_or("not told when it was built");
    format!("klero {}, commit {commit}, schema {SCHEMA_VERSION}", env!("CARGO_PKG_VERSION"))
}

fn program() -> Came {
    let path = std::env::current_exe().map_err(|error| error.to_string())?;
    let bytes = fs::read(path).map_err(|error| error.to_string())?;
    Ok(format!("{}; SHA-256 {} over {} bytes", version(), hex(&sha256(&bytes)), bytes.len()))
}

/// The machine in words.
pub fn machine() -> Came {
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let system = fs::read_to_string("/etc/os-release").unwrap_or_default();
    let name = system.lines().find_map(|line| line.strip_prefix("PRETTY_NAME="));
    let name = name.unwrap_or(std::env::consts::OS).trim_matches('"').to_owned();
    Ok(format!("{name}, kernel {}, {}", kernel.trim(), std::env::consts::ARCH))
}

fn vectors() -> Came {
    let mut values = 0;
    for file in VECTORS {
        for case in check_file(file).map_err(|error| error.to_string())? {
            if let Some(difference) = case.difference {
                return Err(format!("case {}: {} differs", case.name, difference.value));
            }
            values += case.values;
        }
    }
    Ok(format!("{values} values agree"))
}

fn file(trial: &str) -> Came {
    let read =
        trial_file::read(trial).map_err(|findings| format!("{} mistakes", findings.len()))?;
    let open: Vec<&str> = read
        .decisions
        .iter()
        .filter(|one| one.answer.is_none())
        .map(|one| one.id.as_str())
        .collect();
    let open =
        if open.is_empty() { "none open".to_owned() } else { format!("open: {}", open.join(", ")) };
    Ok(format!("{}, SHA-256 {}; decisions {open}", read.id, hex(&sha256(trial.as_bytes()))))
}

fn randomness() -> Came {
    let dice = SystemDice::default();
    let mut rolled: Vec<[u8; 16]> = (0..ROLLS).map(|_| roll(&dice as &dyn Dice)).collect();
    let zeros = rolled.contains(&[0; 16]);
    rolled.sort_unstable();
    rolled.dedup();
    let fine = rolled.len() == ROLLS && !zeros;
    if fine {
        Ok(format!("{ROLLS} numbers of 128 bits, all different"))
    } else {
        Err("a number came twice".to_owned())
    }
}

fn clock() -> Came {
    let looks: Vec<_> = (0..1_000).map(|_| SystemClock.now()).collect();
    if looks.is_sorted() {
        Ok(format!("now {}", SystemClock.now()))
    } else {
        Err("it went back".to_owned())
    }
}

fn disk() -> Came {
    let name = hex(&roll::<8>(&SystemDice::default()));
    let path: PathBuf = std::env::temp_dir().join(format!("klero-validate-{name}"));
    let came = written(&path).map_err(|error| error.to_string());
    // What could not be removed holds nothing.
    let _ = fs::remove_file(&path);
    came?
}

fn written(path: &std::path::Path) -> std::io::Result<Came> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(b"nothing secret")?;
    file.sync_all()?;
    let mode = fs::metadata(path)?.permissions().mode() & 0o777;
    let fine = mode == 0o600 && fs::read(path)? == b"nothing secret";
    Ok(if fine { Ok("mode 600, as written".to_owned()) } else { Err(format!("mode {mode:o}")) })
}
