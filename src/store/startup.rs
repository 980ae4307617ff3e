//! Opening a folder: nothing is answered before the trail's head fits the checkpoint store (I7).

use super::checkpoint_store::{self, CheckpointStore};
use super::faults::{Faults, NoFaults};
use super::figures::Figures;
use super::history::{self, Trail, TrailFault, Walk};
use super::order;
use super::release::ListTrees;
use super::tx::Memory;
use super::upgrade;
use super::writer::Writer;
use super::{Health, SCHEMA_VERSION, Store, StoreError, open_reader, open_writer};
use crate::clock::Clock;
use crate::dice::Dice;
use crate::domain::time::Moment;
use crate::sealing::bytes::Hash;
use crate::sealing::checkpoint::{Checkpoint, TrailKey, TrailSigner};
use crate::sealing::lock::ServerSecret;
use crate::sealing::{line, tree};
use rusqlite::{Connection, OptionalExtension};
use std::fmt;
use std::fs::{self, File, Metadata, OpenOptions};
use std::io::Read;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

/// Up to so many entries are checked before the first answer; of a longer trail, as many at its end.
const CHECKED_FIRST: u64 = 131_072;

/// Where a store's files are.
#[derive(Debug, Clone)]
pub struct Folder {
    /// The folder.
    pub path: PathBuf,
    /// The checkpoint store: another disk or host is better.
    pub checkpoint: PathBuf,
    /// The server secret: a systemd credential is better.
    pub server_secret: PathBuf,
}

/// Why a folder cannot be founded or opened. Every one of them has a remedy, which the command line names.
#[derive(Debug)]
pub enum OpenError {
    /// There is no store here.
    NotThere(PathBuf),
    /// There is one already: it is never overwritten.
    Exists(PathBuf),
    /// Another process has it open.
    InUse,
    /// A schema this program does not know.
    Schema(i32),
    /// A secret file that others may read.
    SecretIsOpen(PathBuf),
    /// The server secret is not 32 bytes, or not this store's.
    WrongSecret,
    /// The database ends before the last checkpoint: it was restored from an older backup.
    Behind {
        /// Entries in the database.
        stored: u64,
        /// Entries in the checkpoint store.
        promised: u64,
    },
    /// The database is not the one that the checkpoint was signed over.
    Inconsistent {
        /// The size at which they part.
        size: u64,
    },
    /// There is no checkpoint to compare with.
    CheckpointMissing(PathBuf),
    /// The trail does not fit together.
    Damaged(TrailFault),
    /// A projection does not fit the trail.
    Tables(&'static str),
    /// The disk or SQLite failed.
    Store(StoreError),
    /// A file could not be read or written.
    Io(PathBuf, std::io::Error),
}

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotThere(path) => write!(f, "there is no store at {}", path.display()),
            Self::Exists(path) => write!(f, "{} exists already", path.display()),
            Self::InUse => f.write_str("another process has this folder open"),
            Self::Schema(found) => {
                write!(f, "the database has schema {found}; this program knows {SCHEMA_VERSION}")
            }
            Self::SecretIsOpen(path) => {
                write!(f, "others may read {}; its mode must be 0600", path.display())
            }
            Self::WrongSecret => f.write_str("the server secret is not the one of this store"),
            Self::Behind { stored, promised } => write!(
                f,
                "the trail has {stored} entries, the checkpoint store remembers {promised}: \
                 this database is older than what was answered"
            ),
            Self::Inconsistent { size } => {
                write!(f, "the trail is not the one that was signed at {size} entries")
            }
            Self::CheckpointMissing(path) => {
                let path = path.display();
                write!(
                    f,
                    "the checkpoint store {path} is missing, or holds nothing that this store signed"
                )
            }
            Self::Damaged(fault) => write!(f, "entry {} {}", fault.entry, fault.what),
            Self::Tables(table) => write!(f, "the table {table} does not fit the trail"),
            Self::Store(error) => error.fmt(f),
            Self::Io(path, error) => write!(f, "{}: {error}", path.display()),
        }
    }
}

impl std::error::Error for OpenError {}

impl From<StoreError> for OpenError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<rusqlite::Error> for OpenError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Store(error.into())
    }
}

/// What was promised last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Promised {
    /// Entries.
    pub size: u64,
    /// The signed note.
    pub note: String,
}

/// What a store is opened with.
pub struct Opening {
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// The randomness.
    pub dice: Arc<dyn Dice>,
    /// What may fail; in earnest, nothing.
    pub faults: Box<dyn Faults>,
    /// The origin of checkpoints.
    pub origin: String,
}

impl Opening {
    /// In earnest.
    pub fn new(clock: Arc<dyn Clock>, dice: Arc<dyn Dice>, origin: String) -> Self {
        Self { clock, dice, faults: Box::new(NoFaults), origin }
    }
}

/// May others than its owner and root read a file?
pub fn is_open_to_others(file: &Metadata) -> bool {
    shows_to_others(file.mode(), file.uid(), file.gid())
}

/// A systemd credential belongs to root and is opened to its service by an access list, whose mask shows as the right of a
/// group to read; the group is root's own, and nobody may write.
fn shows_to_others(mode: u32, owner: u32, group: u32) -> bool {
    let credential = (owner, group) == (0, 0) && mode & 0o222 == 0;
    mode & (if credential { 0o037 } else { 0o077 }) != 0
}

impl Folder {
    /// A folder with everything inside it.
    pub fn at(path: &Path) -> Self {
        Self {
            path: path.to_owned(),
            checkpoint: path.join("checkpoint"),
            server_secret: path.join("server-secret"),
        }
    }

    /// The database file.
    pub fn database(&self) -> PathBuf {
        self.path.join("klero.db")
    }

    /// Reads the server secret.
    ///
    /// # Errors
    /// When it is not there, not 32 bytes, or readable by others.
    pub fn read_secret(&self) -> Result<ServerSecret, OpenError> {
        Ok(ServerSecret::from_bytes(*self.secret_bytes()?))
    }

    pub(super) fn secret_bytes(&self) -> Result<zeroize::Zeroizing<[u8; 32]>, OpenError> {
        let path = &self.server_secret;
        let failed = |e| OpenError::Io(path.clone(), e);
        let mut file = File::open(path).map_err(failed)?;
        if is_open_to_others(&file.metadata().map_err(failed)?) {
            return Err(OpenError::SecretIsOpen(path.clone()));
        }
        let mut bytes = zeroize::Zeroizing::new([0; 33]);
        let mut length = 0;
        loop {
            match file.read(&mut bytes[length..]).map_err(failed)? {
                0 => break,
                n => length += n,
            }
        }
        if length != 32 {
            return Err(OpenError::WrongSecret);
        }
        let mut secret = zeroize::Zeroizing::new([0; 32]);
        secret.copy_from_slice(&bytes[..32]);
        Ok(secret)
    }

    /// Opens the store, checks its head against the checkpoint store, and starts the writer.
    ///
    /// # Errors
    /// Every reason for which nothing may be answered from it.
    pub fn open(&self, secret: &ServerSecret, opening: Opening) -> Result<Store, OpenError> {
        if !self.database().exists() {
            return Err(OpenError::NotThere(self.path.clone()));
        }
        let in_use = self.lock()?;
        let connection = open_writer(&self.database())?;
        let version = upgrade::known_version(&connection)?;
        let signer = Arc::new(TrailSigner::new(&opening.origin, secret));
        let key = TrailKey::parse(&signer.vkey()).map_err(|_| OpenError::WrongSecret)?;
        let size = history::size(&connection)?;
        let (checkpoints, promised) = self.read_checkpoint(&key, size)?;
        let first = size.saturating_sub(CHECKED_FIRST);
        // Before the comparison with the checkpoint, which sees that something is wrong and not where.
        let fault = check_stretch(&connection, first, size)?;
        if let Some(fault) = fault {
            return Err(OpenError::Damaged(fault));
        }
        let promised_size = promised.as_ref().map_or(0, |checkpoint| checkpoint.size);
        compare_with_checkpoint(&connection, promised)?;
        order::check(&connection, version)?;
        // Not before the folder is known to be whole, and ours.
        upgrade::bring_up(&connection, version)?;
        let lists = Arc::new(ListTrees::default());
        lists.load(&connection)?;
        let (health, figures) = (Arc::new(Health::default()), Arc::new(Figures::default()));
        let writer = Writer {
            memory: load_memory(&connection)?,
            trail: Trail::load(&connection)?,
            connection,
            checkpoints,
            signer: Arc::clone(&signer),
            clock: opening.clock,
            dice: opening.dice,
            health: Arc::clone(&health),
            figures: Arc::clone(&figures),
            lists: Arc::clone(&lists),
            faults: opening.faults,
            // What was committed and never promised may be answered now, without a new entry, to whoever asks again.
            put_owed: promised_size < size,
        };
        let writer = writer.start().map_err(|e| OpenError::Io(self.path.clone(), e))?;
        self.check_the_rest(first, Arc::clone(&health));
        Ok(Store {
            writer,
            readers: Mutex::new(vec![]),
            database: self.database(),
            signer,
            health,
            figures,
            lists,
            _in_use: in_use,
        })
    }

    /// One process a folder; the lock goes with the process, however it ends.
    pub(super) fn lock(&self) -> Result<File, OpenError> {
        let path = self.path.join("in-use");
        let failed = |e| OpenError::Io(path.clone(), e);
        let mut options = OpenOptions::new();
        let options = options.create(true).truncate(false).write(true).mode(0o600);
        let file = options.open(&path).map_err(failed)?;
        match file.try_lock() {
            Ok(()) => Ok(file),
            Err(fs::TryLockError::WouldBlock) => Err(OpenError::InUse),
            Err(fs::TryLockError::Error(error)) => Err(failed(error)),
        }
    }

    /// Reads what was promised last. A database that ends before it was restored from an older backup.
    fn read_checkpoint(
        &self,
        key: &TrailKey,
        size: u64,
    ) -> Result<(CheckpointStore, Option<Checkpoint>), OpenError> {
        let missing = || OpenError::CheckpointMissing(self.checkpoint.clone());
        let (store, checkpoint) =
            CheckpointStore::open(&self.checkpoint, key).map_err(|_| missing())?;
        match &checkpoint {
            // A folder that is being founded. Its first entries were promised before anybody was told of them.
            None if size == 0 => Ok((store, checkpoint)),
            None => Err(missing()),
            Some(promised) if promised.size > size => {
                Err(OpenError::Behind { stored: size, promised: promised.size })
            }
            Some(_) => Ok((store, checkpoint)),
        }
    }

    /// A long trail's beginning is checked beside the first answers; damage there stops the service.
    fn check_the_rest(&self, end: u64, health: Arc<Health>) {
        if end == 0 {
            health.checked.store(true, std::sync::atomic::Ordering::SeqCst);
            return;
        }
        let database = self.database();
        let check = move || {
            let checked = open_reader(&database).and_then(|reader| check_stretch(&reader, 0, end));
            match checked {
                Ok(None) => health.checked.store(true, std::sync::atomic::Ordering::SeqCst),
                Ok(Some(fault)) => health.report_fault(&fault),
                Err(error) => {
                    tracing::error!(%error, "the trail could not be checked to its beginning");
                    health.report_damage();
                }
            }
        };
        // Without the thread nothing is checked, which `is_fully_checked` then says for ever.
        let _ = std::thread::Builder::new().name("klero-check".into()).spawn(check);
    }
}

/// The database may be ahead of the checkpoint store by what was never answered; never different.
fn compare_with_checkpoint(
    connection: &Connection,
    promised: Option<Checkpoint>,
) -> Result<(), OpenError> {
    match promised {
        Some(Checkpoint { size, root, .. }) if history::root(connection, size)? != root => {
            Err(OpenError::Inconsistent { size })
        }
        _ => Ok(()),
    }
}

/// Checks entries `first..end`: lines, leaves, chain, and the stored nodes that lie wholly inside.
pub(super) fn check_stretch(
    connection: &Connection,
    first: u64,
    end: u64,
) -> Result<Option<TrailFault>, StoreError> {
    // Whole tiles only: a stored node can be compared when all its leaves were recomputed.
    let first = first - first % 65_536;
    let mut walk = Walk { next: first, prev: leaf_before(connection, first)? };
    let mut stored = connection.prepare("SELECT hash FROM nodes WHERE level = ?1 AND idx = ?2")?;
    let mut tile: Vec<Hash> = Vec::with_capacity(256);
    let mut tiles: Vec<Hash> = Vec::with_capacity(256);
    while walk.next < end {
        let to = (walk.next + 256).min(end);
        tile.clear();
        let at = walk.next;
        let fault = history::check(connection, &mut walk, to, &mut |leaf| tile.push(leaf))?;
        if fault.is_some() {
            return Ok(fault);
        }
        let mut node = |level: u32, idx: u64| -> Result<Option<Hash>, StoreError> {
            Ok(stored.query_row((level, idx as i64), |row| row.get(0)).optional()?)
        };
        let wrong = |entry| Ok(Some(TrailFault { entry, what: "does not fit the stored tree" }));
        if tile.len() == 256 {
            let hash = tree::root(&tile);
            if node(8, at / 256)? != Some(hash) {
                return wrong(at);
            }
            tiles.push(hash);
            if tiles.len() == 256 {
                if node(16, at / 65_536)? != Some(tree::root(&tiles)) {
                    return wrong(at);
                }
                tiles.clear();
            }
        }
    }
    Ok(None)
}

fn leaf_before(connection: &Connection, first: u64) -> Result<Hash, StoreError> {
    if first == 0 {
        return Ok([0; 32]);
    }
    let sql = "SELECT leaf FROM entries WHERE seq = ?1";
    let leaf = connection.query_row(sql, [first as i64 - 1], |row| row.get(0)).optional()?;
    leaf.ok_or(StoreError::Damaged)
}

fn load_memory(connection: &Connection) -> Result<Memory, StoreError> {
    let size = history::size(connection)?;
    let last: Option<String> = connection
        .query_row("SELECT line FROM entries ORDER BY seq DESC LIMIT 1", [], |row| row.get(0))
        .optional()?;
    let last_at = match last {
        Some(text) => line::parse(&text).map_err(|_| StoreError::Damaged)?.at,
        None => Moment::from_millis(0),
    };
    let strata = order::strata(connection)?;
    Ok(Memory {
        next_seq: size,
        prev: leaf_before(connection, size)?,
        last_at,
        group_leaves: vec![],
        group_lines: vec![],
        strata: Arc::new(strata.names),
        passed: strata.passed,
        issued: strata.issued,
        failed: None,
        put_wanted: false,
    })
}

impl Folder {
    /// The newest checkpoint that the service promised, checked by its signature. The service may be running.
    ///
    /// # Errors
    /// When there is no store, no secret to know the signature by, or no whole checkpoint.
    pub fn newest_checkpoint(&self) -> Result<Promised, OpenError> {
        let origin = format!("klero/{}", self.trial_of()?);
        let signer = TrailSigner::new(&origin, &self.read_secret()?);
        let key = TrailKey::parse(&signer.vkey()).map_err(|_| OpenError::WrongSecret)?;
        let found = checkpoint_store::newest(&self.checkpoint, &key);
        let found = found.map_err(|error| OpenError::Io(self.checkpoint.clone(), error))?;
        let missing = || OpenError::CheckpointMissing(self.checkpoint.clone());
        found.map(|(note, checkpoint)| Promised { size: checkpoint.size, note }).ok_or_else(missing)
    }

    /// The schema of the stored database.
    ///
    /// # Errors
    /// When there is no store, or this program does not know its schema.
    pub fn schema(&self) -> Result<i32, OpenError> {
        if !self.database().exists() {
            return Err(OpenError::NotThere(self.path.clone()));
        }
        upgrade::known_version(&open_reader(&self.database())?)
    }

    /// The trial that the first entry names: part of the name under which checkpoints are signed, so it is read before
    /// the signatures are.
    ///
    /// # Errors
    /// When there is no store, or its first entry does not read.
    pub fn trial_of(&self) -> Result<String, OpenError> {
        if !self.database().exists() {
            return Err(OpenError::NotThere(self.path.clone()));
        }
        trial_in(&open_reader(&self.database())?)
    }

    /// What was promised last: the newest checkpoint in the checkpoint store.
    ///
    /// # Errors
    /// When the store is not there, or holds nothing that was signed with this key.
    pub fn promised(&self, key: &TrailKey) -> Result<Checkpoint, OpenError> {
        let missing = || OpenError::CheckpointMissing(self.checkpoint.clone());
        let (_, promised) = CheckpointStore::open(&self.checkpoint, key).map_err(|_| missing())?;
        promised.ok_or_else(missing)
    }
}

/// The trial that a database's first entry names.
pub(super) fn trial_in(reader: &Connection) -> Result<String, OpenError> {
    upgrade::known_version(reader)?;
    let fault = |what| OpenError::Damaged(TrailFault { entry: 0, what });
    let sql = "SELECT line FROM entries WHERE seq = 0";
    let first: Option<String> = reader.query_row(sql, [], |row| row.get(0)).optional()?;
    let first = line::parse(&first.ok_or_else(|| fault("is missing"))?);
    let first = first.map_err(|_| fault("is not a line of this trail"))?;
    match crate::domain::entry::fact(&first.entry.data, "trial") {
        Some(crate::domain::entry::Fact::Text(trial)) => Ok(trial.clone()),
        _ => Err(fault("names no trial")),
    }
}

#[cfg(test)]
mod tests {
    use super::shows_to_others;

    #[test]
    fn a_secret_is_its_owners_or_a_credential_of_root() {
        assert!(!shows_to_others(0o100_600, 1000, 1000) && !shows_to_others(0o100_400, 0, 0));
        assert!(!shows_to_others(0o100_440, 0, 0), "as systemd gives a credential to a service");
        for (mode, owner, group) in [
            (0o100_440, 1000, 1000),
            (0o100_440, 0, 1000),
            (0o100_604, 1000, 1000),
            (0o100_444, 0, 0),
            (0o100_660, 0, 0),
        ] {
            assert!(shows_to_others(mode, owner, group), "{mode:o} {owner}:{group}");
        }
    }
}
