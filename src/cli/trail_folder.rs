//! An exported trail: a folder that anybody can check without the service (design 7).

use super::failure::{Done, Exit, Failure};
use super::files::read_text;
use crate::limits::LINE;
use crate::sealing::bytes::{Hash, hex, same};
use crate::sealing::checkpoint::{Checkpoint, NOTE_BYTES_MAX, TrailKey};
use crate::sealing::line;
use crate::sealing::tree::{Frontier, leaf_hash};
use serde_json::json;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

/// Every line, each with a line feed.
pub const LINES: &str = "trail.jsonl";
/// The signed note over exactly those lines.
pub const CHECKPOINT: &str = "checkpoint.txt";
/// The key it is signed with.
pub const TRAIL_KEY: &str = "trail-key.txt";

/// Checks every line of the export, its chain, and the signed checkpoint over all of them. `key` is a file with a key
/// that was printed early; without it the export's own is believed.
///
/// # Errors
/// 20 with the first entry that does not fit.
pub fn check(folder: &Path, key: Option<&Path>) -> Result<Done, Failure> {
    let own = folder.join(TRAIL_KEY);
    let vkey = read_text(key.unwrap_or(&own), NOTE_BYTES_MAX)?;
    let trail_key = TrailKey::parse(vkey.trim_end_matches('\n')).map_err(damaged)?;
    let note = read_text(&folder.join(CHECKPOINT), NOTE_BYTES_MAX)?;
    let signed = trail_key.check(&note).map_err(damaged)?;
    let tree = read_lines(&folder.join(LINES))?;
    under(&signed, &tree)?;
    let root = hex(&signed.root);
    let text = format!(
        "entries      {}\norigin       {}\nroot         {root}\nchain, tree and checkpoint fit",
        signed.size, signed.origin
    );
    let data = json!({"entries": signed.size, "origin": signed.origin, "root": root});
    Ok(Done::new(text, data))
}

/// What is said of a trail that does not hold.
pub fn damaged(why: impl std::fmt::Display) -> Failure {
    let what = "the trail does not verify";
    let next = "keep everything as it is, and compare with a backup and with kept checkpoints";
    Failure::new(Exit::NotVerified, "trail-damaged", what, next).because(why)
}

fn under(signed: &Checkpoint, tree: &Frontier) -> Result<(), Failure> {
    let size = tree.size();
    if signed.size != size {
        let why = format!("The checkpoint is over {} entries, the trail has {size}.", signed.size);
        return Err(damaged(why));
    }
    if same(&signed.root, &tree.root()) {
        return Ok(());
    }
    // Every line but the last is held by the one after it.
    let last = size.saturating_sub(1);
    Err(damaged(format!("Entry {last} was altered, or the whole trail is another one.")))
}

/// Line by line, since a trail may be larger than the memory.
fn read_lines(file: &Path) -> Result<Frontier, Failure> {
    let unread = |error: std::io::Error| {
        let missing = error.kind() == std::io::ErrorKind::NotFound;
        let (exit, code) =
            if missing { (Exit::NotThere, "file-missing") } else { (Exit::Failed, "file-unread") };
        let what = format!("{} could not be read", file.display());
        Failure::new(exit, code, what, "name the folder of an export").because(error)
    };
    let mut lines = BufReader::new(File::open(file).map_err(unread)?);
    let (mut tree, mut prev) = (Frontier::empty(), [0; 32]);
    loop {
        let mut bytes = vec![];
        // The line, its line feed, and one byte by which a longer one shows.
        let most = LINE as u64 + 2;
        lines.by_ref().take(most).read_until(b'\n', &mut bytes).map_err(unread)?;
        if bytes.is_empty() {
            return Ok(tree);
        }
        prev = check_line(tree.size(), &bytes, &prev)
            .map_err(|why| damaged(format!("Entry {} {why}.", tree.size())))?;
        tree.push(prev);
    }
}

/// The leaf hash of one line with its line feed, when it is the entry that comes after `prev`.
///
/// # Errors
/// What is wrong with it.
pub fn check_line(seq: u64, bytes: &[u8], prev: &Hash) -> Result<Hash, String> {
    let text = bytes.strip_suffix(b"\n").ok_or("is cut: its line does not end")?;
    let text = std::str::from_utf8(text).map_err(|_| "is not text")?;
    let line = line::parse(text).map_err(|error| format!("does not read: {error}"))?;
    match () {
        () if line.seq != seq => Err(format!("carries the number {}", line.seq)),
        () if !same(&line.prev, prev) => Err("does not chain to the entry before it".to_owned()),
        () => Ok(leaf_hash(text.as_bytes())),
    }
}
