//! The trail as C2SP tlog-tiles: written from an export, and read back.

#[cfg(feature = "server")]
use super::failure::Exit;
use super::failure::{Done, Failure};
use super::files::read_text;
#[cfg(feature = "server")]
use super::trail_folder::CHECKPOINT;
use super::trail_folder::{self, LINES, TRAIL_KEY, damaged};
use crate::sealing::bytes::{Hash, same};
use crate::sealing::checkpoint::{Checkpoint, NOTE_BYTES_MAX, TrailKey};
use crate::sealing::tiles::{TILE, entries_path, hash_tiles, unbundle};
#[cfg(feature = "server")]
use crate::sealing::tiles::{bundle, leaves_of};
use crate::sealing::tree::root;
use serde_json::json;
use std::fs;
use std::path::Path;

/// The signed note of a folder of tiles.
const NOTE: &str = "checkpoint";

/// Is this a folder of tiles?
pub fn is_tiles(folder: &Path) -> bool {
    folder.join(NOTE).is_file() && !folder.join(LINES).exists()
}

/// Writes an export, which was checked before, as tiles into a new folder.
///
/// # Errors
/// Those of reading and writing.
#[cfg(feature = "server")]
pub fn write(export: &Path, folder: &Path) -> Result<usize, Failure> {
    use std::io::{BufRead, BufReader, Write};
    let unwritten = |error: std::io::Error| {
        let what = format!("the tiles could not be written to {}", folder.display());
        let next = "check that its folder is there, may be written, and has room";
        Failure::new(Exit::Failed, "file-unwritten", what, next).because(error)
    };
    fs::create_dir(folder).map_err(unwritten)?;
    let put = |name: &str, bytes: &[u8]| -> std::io::Result<()> {
        let path = folder.join(name);
        path.parent().map_or(Ok(()), fs::create_dir_all)?;
        let mut file = fs::OpenOptions::new().write(true).create_new(true).open(path)?;
        file.write_all(bytes)?;
        file.sync_all()
    };
    let lines = BufReader::new(fs::File::open(export.join(LINES)).map_err(unwritten)?);
    let (mut leaves, mut held, mut files) = (vec![], vec![], 0);
    let mut keep = |held: &mut Vec<String>, leaves: &mut Vec<_>| -> Result<(), Failure> {
        if held.is_empty() {
            return Ok(());
        }
        let index = (leaves.len() / TILE) as u64;
        leaves.extend(leaves_of(held));
        let bytes = bundle(held.iter().map(String::as_str));
        let bytes = bytes.ok_or_else(|| damaged("A line is too long for a tile."))?;
        put(&entries_path(index, held.len()), &bytes).map_err(unwritten)?;
        held.clear();
        files += 1;
        Ok(())
    };
    for line in lines.lines() {
        held.push(line.map_err(unwritten)?);
        if held.len() == TILE {
            keep(&mut held, &mut leaves)?;
        }
    }
    keep(&mut held, &mut leaves)?;
    for (name, bytes) in hash_tiles(&leaves) {
        put(&name, &bytes).map_err(unwritten)?;
        files += 1;
    }
    for (from, to) in [(TRAIL_KEY, TRAIL_KEY), (CHECKPOINT, NOTE)] {
        put(to, read_text(&export.join(from), NOTE_BYTES_MAX)?.as_bytes()).map_err(unwritten)?;
    }
    Ok(files)
}

/// Reads every tile back: lines chain, hashes are theirs, and the signed checkpoint is over exactly them.
///
/// # Errors
/// 20 with the first file that does not fit.
pub fn check(folder: &Path, key: Option<&Path>) -> Result<Done, Failure> {
    let (signed, _) = read(folder, key)?;
    let text = format!(
        "entries      {}\norigin       {}\nchain, tiles and checkpoint fit",
        signed.size, signed.origin
    );
    Ok(Done::new(text, json!({"entries": signed.size, "origin": signed.origin})))
}

/// The leaf hashes of a folder of tiles, which is checked first.
///
/// # Errors
/// Those of [`check`].
#[cfg(all(feature = "server", feature = "offline"))]
pub fn leaves(folder: &Path) -> Result<Vec<Hash>, Failure> {
    read(folder, None).map(|(_, leaves)| leaves)
}

fn read(folder: &Path, key: Option<&Path>) -> Result<(Checkpoint, Vec<Hash>), Failure> {
    let own = folder.join(TRAIL_KEY);
    let vkey = read_text(key.unwrap_or(&own), NOTE_BYTES_MAX)?;
    let key = TrailKey::parse(vkey.trim_end_matches('\n')).map_err(damaged)?;
    let signed = key.check(&read_text(&folder.join(NOTE), NOTE_BYTES_MAX)?).map_err(damaged)?;
    let file = |name: &str| {
        fs::read(folder.join(name)).map_err(|error| damaged(format!("{name}: {error}.")))
    };
    let size = usize::try_from(signed.size).map_err(damaged)?;
    let (mut leaves, mut prev) = (vec![], [0; 32]);
    while leaves.len() < size {
        let width = TILE.min(size - leaves.len());
        let name = entries_path((leaves.len() / TILE) as u64, width);
        let lines = unbundle(&file(&name)?).filter(|lines| lines.len() == width);
        let lines = lines.ok_or_else(|| damaged(format!("{name} does not hold {width} lines.")))?;
        for line in &lines {
            let seq = leaves.len() as u64;
            let bytes = format!("{line}\n");
            prev = trail_folder::check_line(seq, bytes.as_bytes(), &prev)
                .map_err(|why| damaged(format!("Entry {seq} {why}.")))?;
            leaves.push(prev);
        }
    }
    for (name, bytes) in hash_tiles(&leaves) {
        if file(&name)? != bytes {
            return Err(damaged(format!("{name} does not hold the hashes of its entries.")));
        }
    }
    if !same(&root(&leaves), &signed.root) {
        return Err(damaged("The checkpoint is over other entries."));
    }
    Ok((signed, leaves))
}
