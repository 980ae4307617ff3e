//! Checkpoints that others kept, and the keys of the witnesses who cosigned them.

use super::failure::{Exit, Failure};
use super::files::read_text;
use crate::sealing::checkpoint::NOTE_BYTES_MAX;
use crate::sealing::witness::WitnessKey;
use std::path::{Path, PathBuf};

/// A witness's key from a file.
///
/// # Errors
/// 15 when it is none.
pub fn read_witness_key(file: &Path) -> Result<WitnessKey, Failure> {
    WitnessKey::parse(&read_text(file, NOTE_BYTES_MAX)?).ok_or_else(|| {
        let what = format!("{} holds no witness key", file.display());
        let next = "use the key that klero witness new printed";
        Failure::new(Exit::Unreadable, "witness-key-unreadable", what, next)
    })
}

/// Every note must be cosigned by one of these witnesses; with no witness given nothing is asked.
///
/// # Errors
/// 20 with the first that is not.
pub fn cosigned_by(notes: &[String], witnesses: &[PathBuf]) -> Result<(), Failure> {
    let keys = witnesses.iter().map(|file| read_witness_key(file));
    let keys = keys.collect::<Result<Vec<_>, _>>()?;
    let bare = notes.iter().find(|note| !keys.iter().any(|key| key.cosigned(note).is_some()));
    match bare.filter(|_| !keys.is_empty()) {
        None => Ok(()),
        Some(note) => {
            let size = note.lines().nth(1).unwrap_or("?");
            let what =
                format!("a kept checkpoint over {size} entries is cosigned by no witness given");
            let next = "ask its witness for the note as it was cosigned";
            Err(Failure::new(Exit::NotVerified, "not-cosigned", what, next))
        }
    }
}
