//! The checkpoint store: the last signed (size, root), kept apart from the database (design 7).
//!
//! A database restored from an old backup is shorter than the checkpoint remembered here, and is refused: otherwise the
//! service would issue the same codes again. It is meant for another disk or host.
//!
//! Two places of 1,024 bytes are written in turn, so that a torn write loses the newest checkpoint, never both; which of
//! them is whole is told by its signature.

use crate::sealing::checkpoint::{Checkpoint, TrailKey};
use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::Path;

const PLACE: usize = 1024;

/// An open checkpoint store.
#[derive(Debug)]
pub struct CheckpointStore {
    file: File,
    next: u64,
}

impl CheckpointStore {
    /// Makes a new one; an existing file is never overwritten.
    ///
    /// # Errors
    /// When the file exists or its folder cannot be written.
    pub fn create(path: &Path) -> io::Result<Self> {
        let file =
            OpenOptions::new().read(true).write(true).create_new(true).mode(0o600).open(path)?;
        file.set_len(2 * PLACE as u64)?;
        file.sync_all()?;
        Ok(Self { file, next: 0 })
    }

    /// Opens an existing one, and reads the newest whole checkpoint, if there is one.
    ///
    /// # Errors
    /// When the file is not there or cannot be read.
    pub fn open(path: &Path, key: &TrailKey) -> io::Result<(Self, Option<Checkpoint>)> {
        let file = OpenOptions::new().read(true).write(true).open(path)?;
        let (newest, found) = read_newest(&file, key)?;
        let checkpoint = found.map(|(_, checkpoint)| checkpoint);
        Ok((Self { file, next: 1 - newest }, checkpoint))
    }

    /// Writes a signed note over the older of the two, durably.
    ///
    /// # Errors
    /// When the disk cannot keep it; the other place is untouched.
    pub fn put(&mut self, note: &str) -> io::Result<()> {
        let mut place = [0; PLACE];
        let bytes = note.as_bytes();
        place
            .get_mut(..bytes.len())
            .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "checkpoint too long"))?
            .copy_from_slice(bytes);
        self.file.write_all_at(&place, self.next * PLACE as u64)?;
        self.file.sync_data()?;
        self.next = 1 - self.next;
        Ok(())
    }
}

/// The newest whole note of a store that a service may have open.
///
/// # Errors
/// When the file is not there or cannot be read.
pub(super) fn newest(path: &Path, key: &TrailKey) -> io::Result<Option<(String, Checkpoint)>> {
    Ok(read_newest(&File::open(path)?, key)?.1)
}

/// A note, and what it says.
type Noted = (String, Checkpoint);

/// The newest of the two places, and what stands in it.
fn read_newest(file: &File, key: &TrailKey) -> io::Result<(u64, Option<Noted>)> {
    let places = [read_place(file, 0, key)?, read_place(file, 1, key)?];
    let size = |place: &Option<Noted>| place.as_ref().map_or(0, |(_, noted)| noted.size + 1);
    let newest = usize::from(size(&places[1]) >= size(&places[0]) && places[1].is_some());
    Ok((newest as u64, places.into_iter().nth(newest).flatten()))
}

fn read_place(file: &File, place: u64, key: &TrailKey) -> io::Result<Option<Noted>> {
    let mut bytes = [0; PLACE];
    if file.metadata()?.len() < 2 * PLACE as u64 {
        return Ok(None);
    }
    file.read_exact_at(&mut bytes, place * PLACE as u64)?;
    let end = bytes.iter().position(|b| *b == 0).unwrap_or(PLACE);
    let note = std::str::from_utf8(&bytes[..end]).ok();
    Ok(note.and_then(|note| Some((note.to_owned(), key.check(note).ok()?))))
}
