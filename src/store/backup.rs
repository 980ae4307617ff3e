//! A backup: a consistent copy of the database, taken while acts go on, and verified before it bears its name
//! (design 9). It holds no server secret and no key; with the checkpoint store, which is not in it, an old one is told.

use super::rebuild::verify_file;
use super::startup::{Folder, OpenError, check_stretch, trial_in};
use super::{SCHEMA_VERSION, history, open_reader, order, upgrade};
use crate::domain::time::Moment;
use crate::sealing::bytes::{Hash, hex, sha256_read};
use crate::sealing::line;
use rusqlite::Connection;
use std::collections::BTreeSet;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// How many pages are copied at a time.
const PAGES: i32 = 1024;

/// What a backup was found to hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inspected {
    /// Whose trail it is.
    pub trial: String,
    /// Its schema.
    pub schema: i32,
    /// How many entries it has, each of them checked.
    pub entries: u64,
    /// How many of them were also compared with the tables; none when its schema is an older one, which is brought up
    /// only where it is restored.
    pub compared: u64,
    /// When its last entry was written.
    pub last: Moment,
    /// How many codes are issued in it.
    pub issued: u64,
    /// SHA-256 of the file.
    pub hash: Hash,
    /// Did it fit the hash that was written beside the copy? None: there is no such file.
    pub hash_fits: Option<bool>,
}

impl Folder {
    /// Copies the database into a new file, checks the copy's every entry and table, and only then gives it its name;
    /// its hash is written beside it. Reads only, so that it may run beside the service.
    ///
    /// # Errors
    /// When the file exists, the disk fails, or the copy does not verify; nothing is left behind then.
    pub fn backup_to(&self, file: &Path) -> Result<Inspected, OpenError> {
        if !self.database().exists() {
            return Err(OpenError::NotThere(self.path.clone()));
        }
        let named = hash_file(file);
        if let Some(there) = [file, &named].into_iter().find(|f| f.symlink_metadata().is_ok()) {
            return Err(OpenError::Exists(there.to_owned()));
        }
        let part = part_of(file);
        let failed = |e: io::Error| OpenError::Io(part.clone(), e);
        create_new(&part)?;
        let copied = copy_database(&self.database(), &part).and_then(|copy| {
            drop(copy);
            let found = inspect(&part)?;
            File::open(&part).and_then(|copy| copy.sync_all()).map_err(failed)?;
            // A link, unlike a rename, does not overwrite what came to be there meanwhile.
            fs::hard_link(&part, file).map_err(|e| OpenError::Io(file.to_owned(), e))?;
            Ok(found)
        });
        // Without its name the copy is nobody's.
        let _ = fs::remove_file(&part);
        let found = copied?;
        // Last: a backup without a hash beside it is one that was not finished.
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        let line = format!("{}  {name}\n", hex(&found.hash));
        create_new(&named)?
            .write_all(line.as_bytes())
            .map_err(|e| OpenError::Io(named.clone(), e))?;
        let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
        let folder = folder.unwrap_or(Path::new("."));
        File::open(&named).and_then(|f| f.sync_all()).map_err(failed)?;
        File::open(folder).and_then(|f| f.sync_all()).map_err(failed)?;
        Ok(found)
    }

    /// Does a file hold this folder's server secret, plain or in hex? A backup must not (I10).
    ///
    /// # Errors
    /// When either cannot be read.
    pub fn secret_is_in(&self, file: &Path) -> Result<bool, OpenError> {
        let secret = self.secret_bytes()?;
        let wanted = [secret.to_vec(), hex(&secret[..]).into_bytes()].map(zeroize::Zeroizing::new);
        let failed = |e| OpenError::Io(file.to_owned(), e);
        let mut source = File::open(file).map_err(failed)?;
        let mut piece: Vec<u8> = vec![];
        loop {
            let read = (&mut source).take(1 << 20).read_to_end(&mut piece).map_err(failed)?;
            let found = |wanted: &[u8]| piece.windows(wanted.len()).any(|w| w == wanted);
            if wanted.iter().any(|wanted| found(wanted)) {
                return Ok(true);
            }
            if read == 0 {
                return Ok(false);
            }
            // It may stand across two pieces.
            piece.drain(..piece.len().saturating_sub(64));
        }
    }
}

/// Where the hash of a backup stands.
pub fn hash_file(file: &Path) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(".sha256");
    PathBuf::from(name)
}

/// Does the file fit the hash beside it, which is written when a copy was verified? None: there is none.
///
/// # Errors
/// When it cannot be read.
pub fn fits_its_hash(file: &Path) -> Result<(Hash, Option<bool>), OpenError> {
    let failed = |e| OpenError::Io(file.to_owned(), e);
    let hash = sha256_read(&mut File::open(file).map_err(failed)?).map_err(failed)?;
    let told = fs::read_to_string(hash_file(file)).ok();
    let fits = told.map(|told| told.split_whitespace().next() == Some(&hex(&hash)));
    Ok((hash, fits))
}

/// Checks a backup: the file against its hash, the database's own integrity, tables that this program knows and no
/// others, every entry, every table against the trail, and the order in which codes were issued.
///
/// # Errors
/// The first thing that does not fit.
pub fn inspect(file: &Path) -> Result<Inspected, OpenError> {
    if !file.exists() {
        return Err(OpenError::NotThere(file.to_owned()));
    }
    let (hash, hash_fits) = fits_its_hash(file)?;
    let reader = open_reader(file)?;
    let trial = trial_in(&reader)?;
    let schema = upgrade::known_version(&reader)?;
    let whole: String = reader.query_row("PRAGMA integrity_check", [], |row| row.get(0))?;
    if whole != "ok" {
        return Err(super::StoreError::Failed.into());
    }
    only_known(&reader)?;
    let entries = history::size(&reader)?;
    if let Some(fault) = check_stretch(&reader, 0, entries)? {
        return Err(OpenError::Damaged(fault));
    }
    order::check(&reader, schema)?;
    let last: String =
        reader.query_row("SELECT line FROM entries ORDER BY seq DESC LIMIT 1", [], |row| {
            row.get(0)
        })?;
    let last = line::parse(&last).map_err(|_| super::StoreError::Damaged)?.at;
    let issued: i64 = reader.query_row("SELECT count(*) FROM allocations", [], |row| row.get(0))?;
    drop(reader);
    // An older one too is a backup: it is brought up where it is restored, and compared there.
    let compared = match schema {
        SCHEMA_VERSION => verify_file(file, true, 0..0)?.compared,
        _ => 0,
    };
    let issued = issued.unsigned_abs();
    Ok(Inspected { trial, schema, entries, compared, last, issued, hash, hash_fits })
}

/// Nothing but the tables and columns of `schema.sql`, none of which is for an arm or a secret.
fn only_known(reader: &Connection) -> Result<(), OpenError> {
    let model = Connection::open_in_memory()?;
    model.execute_batch(include_str!("../../schema.sql"))?;
    let all = |connection: &Connection| -> rusqlite::Result<BTreeSet<(String, String, String)>> {
        let sql = "SELECT m.name, c.name, c.type FROM sqlite_schema m, pragma_table_info(m.name) c
                   WHERE m.type IN ('table', 'view') AND m.name NOT LIKE 'sqlite\\_%' ESCAPE '\\'";
        let mut statement = connection.prepare(sql)?;
        statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?.collect()
    };
    match all(reader)?.is_subset(&all(&model)?) {
        true => Ok(()),
        false => Err(OpenError::Tables("sqlite_schema")),
    }
}

/// A new file that only its owner may read.
pub(super) fn create_new(file: &Path) -> Result<File, OpenError> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true).mode(0o600).open(file).map_err(|e| match e.kind() {
        io::ErrorKind::AlreadyExists => OpenError::Exists(file.to_owned()),
        _ => OpenError::Io(file.to_owned(), e),
    })
}

/// Copies a database into a file that is there and empty, as one file without a log beside it.
pub(super) fn copy_database(from: &Path, to: &Path) -> Result<Connection, OpenError> {
    if !from.exists() {
        return Err(OpenError::NotThere(from.to_owned()));
    }
    let source = open_reader(from)?;
    // An older one too: it is copied before it is brought up.
    upgrade::known_version(&source)?;
    let mut copy = Connection::open(to)?;
    let pause = std::time::Duration::ZERO;
    rusqlite::backup::Backup::new(&source, &mut copy)?.run_to_completion(PAGES, pause, None)?;
    copy.pragma_update(None, "journal_mode", "DELETE")?;
    copy.pragma_update(None, "synchronous", "FULL")?;
    Ok(copy)
}

fn part_of(file: &Path) -> PathBuf {
    let mut name = file.file_name().unwrap_or_default().to_owned();
    name.push(".part");
    file.with_file_name(name)
}
