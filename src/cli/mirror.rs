//! What was kept of a trail elsewhere, read for a restore: folders of `klero trail export`, or files of lines, such as
//! lines copied from receipts; and packages that came in. Whether they fit is for the restore to find.

use super::failure::{Exit, Failure};
use super::files::read_text;
use super::trail_folder::{CHECKPOINT, LINES};
use crate::limits::LINE;
use crate::sealing::bytes::{hex, sha256};
use crate::sealing::checkpoint::{NOTE_BYTES_MAX, TrailKey};
use crate::sealing::line;
use crate::sealing::package::PACKAGE_BYTES_MAX;
use crate::store::restore::Mirror;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

/// Reads every line from entry `first` on, every checkpoint that came with them, and every package.
///
/// # Errors
/// 10 when one is not there; 20 when something in it is not of this trail, or two of them differ.
pub fn read(
    from: &[PathBuf],
    packages: &[PathBuf],
    first: u64,
    key: &TrailKey,
) -> Result<Mirror, Failure> {
    let mut mirror = Mirror::default();
    for path in packages {
        let text = read_text(path, PACKAGE_BYTES_MAX)?;
        mirror.files.insert(hex(&sha256(text.as_bytes())), text);
    }
    for path in from {
        let lines = if path.is_dir() { path.join(LINES) } else { path.clone() };
        read_lines(&lines, first, &mut mirror)?;
        let note = path.join(CHECKPOINT);
        if path.is_dir() && note.exists() {
            let head = key.check(&read_text(&note, NOTE_BYTES_MAX)?);
            mirror.heads.push(head.map_err(|why| strange(&note, why))?);
        }
    }
    Ok(mirror)
}

fn read_lines(file: &Path, first: u64, mirror: &mut Mirror) -> Result<(), Failure> {
    let unread = |error: std::io::Error| {
        let missing = error.kind() == std::io::ErrorKind::NotFound;
        let (exit, code) =
            if missing { (Exit::NotThere, "file-missing") } else { (Exit::Failed, "file-unread") };
        let what = format!("{} could not be read", file.display());
        let next = "name the folder of an export, or a file of lines";
        Failure::new(exit, code, what, next).because(error)
    };
    let mut lines = BufReader::new(File::open(file).map_err(unread)?);
    loop {
        let mut text = String::new();
        let most = LINE as u64 + 2;
        lines.by_ref().take(most).read_line(&mut text).map_err(unread)?;
        if text.is_empty() {
            return Ok(());
        }
        let text = text.trim_end_matches(['\n', '\r']);
        if text.is_empty() {
            continue;
        }
        let (seq, _) = line::links(text).map_err(|why| strange(file, why))?;
        if seq < first {
            continue;
        }
        let before = mirror.lines.insert(seq, text.to_owned());
        if before.is_some_and(|before| before != text) {
            return Err(strange(file, format!("entry {seq} is told in two ways")));
        }
    }
}

fn strange(file: &Path, why: impl std::fmt::Display) -> Failure {
    let what = format!("{} is not of this trail", file.display());
    let next = "leave it out, and compare with other mirrors: somebody altered it, or it is another trial's";
    Failure::new(Exit::NotVerified, "mirror-strange", what, next).because(why)
}
