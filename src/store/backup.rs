//! A backup: a consistent copy of the database, taken while acts go on, and verified before it bears its name
//! (design 9). It holds no server secret and no key; with the checkpoint store, which is not in it, an old one is told.

use super::startup::{Folder, OpenError, check_stretch};
use super::{history, open_reader};
use rusqlite::Connection;
use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// How many pages are copied at a time.
const PAGES: i32 = 1024;

impl Folder {
    /// Copies the database into a new file, checks the copy's every entry, and only then gives it its name. Returns
    /// how many entries it has. Reads only, so that it may run beside the service.
    ///
    /// # Errors
    /// When the file exists, the disk fails, or the copy does not verify; nothing is left behind then.
    pub fn backup_to(&self, file: &Path) -> Result<u64, OpenError> {
        if !self.database().exists() {
            return Err(OpenError::NotThere(self.path.clone()));
        }
        if file.symlink_metadata().is_ok() {
            return Err(OpenError::Exists(file.to_owned()));
        }
        let part = part_of(file);
        let failed = |e: io::Error| match e.kind() {
            io::ErrorKind::AlreadyExists => OpenError::Exists(part.clone()),
            _ => OpenError::Io(part.clone(), e),
        };
        let mut options = OpenOptions::new();
        options.write(true).create_new(true).mode(0o600).open(&part).map_err(failed)?;
        let copied = self.copy_to(&part).and_then(|entries| {
            File::open(&part).and_then(|copy| copy.sync_all()).map_err(failed)?;
            // A link, unlike a rename, does not overwrite what came to be there meanwhile.
            fs::hard_link(&part, file).map_err(|e| OpenError::Io(file.to_owned(), e))?;
            Ok(entries)
        });
        // Without its name the copy is nobody's.
        let _ = fs::remove_file(&part);
        let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
        let folder = folder.unwrap_or(Path::new("."));
        let entries = copied?;
        File::open(folder).and_then(|f| f.sync_all()).map_err(failed)?;
        Ok(entries)
    }

    fn copy_to(&self, part: &Path) -> Result<u64, OpenError> {
        let source = open_reader(&self.database())?;
        // An older one too: it is copied before it is brought up.
        super::upgrade::known_version(&source)?;
        let mut copy = Connection::open(part)?;
        rusqlite::backup::Backup::new(&source, &mut copy)?.run_to_completion(
            PAGES,
            std::time::Duration::ZERO,
            None,
        )?;
        // One file, without a log beside it.
        copy.pragma_update(None, "journal_mode", "DELETE")?;
        let whole: String = copy.query_row("PRAGMA integrity_check", [], |row| row.get(0))?;
        if whole != "ok" {
            return Err(super::StoreError::Failed.into());
        }
        let entries = history::size(&copy)?;
        match check_stretch(&copy, 0, entries)? {
            Some(fault) => Err(OpenError::Damaged(fault)),
            None => Ok(entries),
        }
    }
}

fn part_of(file: &Path) -> PathBuf {
    let mut name = file.file_name().unwrap_or_default().to_owned();
    name.push(".part");
    file.with_file_name(name)
}
