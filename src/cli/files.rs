//! Files that commands read and write: bounded when read, never overwritten, secrets for their owner's eyes alone.

use super::failure::{Exit, Failure};
#[cfg(feature = "server")]
use crate::store::is_open_to_others as shows_to_others;
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::Path;
#[cfg(feature = "offline")]
use std::path::PathBuf;
use zeroize::Zeroizing;

/// The longest exported trail that is read at once, in bytes: ten million entries.
#[cfg(feature = "offline")]
pub const TRAIL_BYTES_MAX: usize = 8 * 1024 * 1024 * 1024;

/// Who may read a new file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Eyes {
    /// Everybody: what is in it is public.
    All,
    /// Its owner alone (mode 0600).
    Owner,
}

/// Reads a text of at most `most` bytes; `-` is standard input.
///
/// # Errors
/// 10 when it is not there, 15 when it is too long or not text.
pub fn read_text(path: &Path, most: usize) -> Result<String, Failure> {
    String::from_utf8(read_bytes(path, most)?).map_err(|_| {
        let what = format!("{} is not text in UTF-8", path.display());
        Failure::new(Exit::Unreadable, "file-not-text", what, "check which file it is")
    })
}

/// The same for what may be in any coding.
///
/// # Errors
/// 10 when it is not there, 15 when it is too long.
pub fn read_bytes(path: &Path, most: usize) -> Result<Vec<u8>, Failure> {
    let mut bytes = vec![];
    let limit = most as u64 + 1;
    let read = if path == Path::new("-") {
        io::stdin().take(limit).read_to_end(&mut bytes)
    } else {
        File::open(path).and_then(|file| file.take(limit).read_to_end(&mut bytes))
    };
    read.map_err(|error| unread(path, &error))?;
    if bytes.len() > most {
        let what = format!("{} is longer than {most} bytes", path.display());
        return Err(Failure::new(
            Exit::Unreadable,
            "file-too-long",
            what,
            "check which file it is",
        ));
    }
    Ok(bytes)
}

/// Why a file could not be read.
fn unread(path: &Path, error: &io::Error) -> Failure {
    let name = path.display();
    if error.kind() == io::ErrorKind::NotFound {
        let what = format!("there is no {name}");
        return Failure::new(Exit::NotThere, "file-missing", what, "check the path");
    }
    let what = format!("{name} could not be read");
    Failure::new(Exit::Failed, "file-unread", what, "check its permissions and the disk")
        .because(error)
}

/// Reads a file with a secret: nobody but its owner may read it.
///
/// # Errors
/// 18 when others may, and those of [`read_text`].
pub fn read_secret(path: &Path, max: usize) -> Result<Zeroizing<String>, Failure> {
    if is_open_to_others(path) {
        let what = format!("others may read {}", path.display());
        let next = format!("chmod 600 {}", path.display());
        return Err(Failure::new(Exit::NotAllowed, "file-open-to-others", what, next));
    }
    read_text(path, max).map(Zeroizing::new)
}

/// Refuses when a file is there already, before any work is done for it.
///
/// # Errors
/// 17.
pub fn must_be_new(path: &Path) -> Result<(), Failure> {
    match path.symlink_metadata() {
        Ok(_) => Err(exists(path)),
        Err(_) => Ok(()),
    }
}

fn exists(path: &Path) -> Failure {
    let what = format!("{} exists already", path.display());
    Failure::new(Exit::Exists, "file-exists", what, "name another file, or move this one away")
        .because("Nothing was changed: files are never overwritten.")
}

/// Writes a new file, durably. What could not be written whole is taken away again.
///
/// # Errors
/// 17 when it exists, 1 when the disk does not take it.
pub fn write_new(path: &Path, eyes: Eyes, text: &str) -> Result<(), Failure> {
    write_new_bytes(path, eyes, text.as_bytes())
}

/// The same for what is no text.
///
/// # Errors
/// As [`write_new`].
pub fn write_new_bytes(path: &Path, eyes: Eyes, bytes: &[u8]) -> Result<(), Failure> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(
        &mut options,
        if eyes == Eyes::Owner { 0o600 } else { 0o644 },
    );
    #[cfg(not(unix))]
    let _ = eyes;
    let mut file = options.open(path).map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => exists(path),
        _ => unwritten(path, &error),
    })?;
    file.write_all(bytes).and_then(|()| file.sync_all()).map_err(|error| {
        let _ = std::fs::remove_file(path);
        unwritten(path, &error)
    })
}

fn unwritten(path: &Path, error: &io::Error) -> Failure {
    let what = format!("{} could not be written", path.display());
    let next = "check that its folder is there, may be written, and has room";
    Failure::new(Exit::Failed, "file-unwritten", what, next).because(error)
}

/// Replaces a secret file by a new text: whole or not at all.
///
/// # Errors
/// 1 when the disk does not take it; the old file is then as it was.
#[cfg(feature = "offline")]
pub fn replace(path: &Path, text: &str) -> Result<(), Failure> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".new");
    let new = path.with_file_name(name);
    write_new(&new, Eyes::Owner, text)?;
    std::fs::rename(&new, path).map_err(|error| {
        let _ = std::fs::remove_file(&new);
        unwritten(path, &error)
    })
}

/// May others than the owner read it? Pipes and the like belong to nobody else.
pub fn is_open_to_others(path: &Path) -> bool {
    std::fs::metadata(path).is_ok_and(|file| file.is_file() && shows_to_others(&file))
}

#[cfg(all(unix, not(feature = "server")))]
fn shows_to_others(file: &std::fs::Metadata) -> bool {
    std::os::unix::fs::MetadataExt::mode(file) & 0o077 != 0
}

#[cfg(all(not(unix), not(feature = "server")))]
fn shows_to_others(_: &std::fs::Metadata) -> bool {
    false
}

/// `x.key.json` is `x.pub.json`; whatever else a file is called, `.pub.json` takes the place of its extension.
#[cfg(feature = "offline")]
pub fn beside(path: &Path, old: &str, new: &str) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    match name.strip_suffix(old) {
        Some(stem) => path.with_file_name(format!("{stem}{new}")),
        None => path.with_extension(new.trim_start_matches('.')),
    }
}

#[cfg(all(test, feature = "offline"))]
mod tests {
    use super::beside;
    use std::path::Path;

    #[test]
    fn a_card_lies_beside_its_identity() {
        let card = |path| beside(Path::new(path), ".key.json", ".pub.json");
        assert_eq!(card("a/p-1.key.json"), Path::new("a/p-1.pub.json"));
        assert_eq!(card("a/p-1.json"), Path::new("a/p-1.pub.json"));
        assert_eq!(card("p-1"), Path::new("p-1.pub.json"));
    }
}
