//! The only room that knows SQL. One writer owns the order of everything; readers stand beside it (design 9).
//!
//! A store is a folder: `klero.db`, the server secret, the checkpoint store (which belongs on another disk), and a lock
//! that keeps a second service out. It never creates its database except in [`Folder::found`]: a wrong path must not
//! begin a second history.

mod accounts;
mod apply;
mod apply_accounts;
mod apply_drills;
mod apply_keys;
mod apply_notices;
mod apply_offline;
pub mod backup;
pub mod check;
pub mod checkpoint_store;
pub mod drafts;
pub mod drills;
mod exports;
pub mod factors;
pub mod faults;
pub mod figures;
mod founding;
mod history;
pub mod keepsakes;
pub mod keyring;
pub mod offline;
pub mod order;
pub mod outbox;
pub mod overview;
pub mod passkeys;
pub mod pharmacy;
mod probe;
pub mod queries;
mod rebuild;
pub mod records;
pub mod release;
pub mod repeats;
pub mod restore;
pub mod sealed_parts;
pub mod shelf;
mod sign_on;
mod startup;
pub mod tokens;
mod tx;
mod upgrade;
mod writer;

pub use history::{Trail, TrailFault};
pub use queries::View;
pub use startup::{Folder, OpenError, Opening, is_open_to_others};
pub use tx::{Stamp, Tx};
pub use writer::{Durable, Pending, Receipt, Refuses};

use crate::sealing::checkpoint::{TrailKey, TrailSigner};
use rusqlite::{Connection, OpenFlags};
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

/// The schema this program writes and reads. An older one that it knows is brought up when the folder is opened; any other
/// number is refused.
pub const SCHEMA_VERSION: i32 = 5;

/// Why the store could not do what was asked. Told apart by SQLite's codes, never by its words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StoreError {
    /// More acts are waiting than the queue holds: try again shortly.
    Busy,
    /// The disk has no room. Nothing was written.
    Full,
    /// The disk failed, or the file is not a database any more.
    Failed,
    /// A guard of the schema refused: a fault of this program, and nothing was written.
    Constraint,
    /// The checkpoint store cannot be written. What was asked may have been written; asking again tells.
    CheckpointStoreAway,
    /// The clock shows an earlier time than the trail's last entry.
    ClockOff,
    /// The trail does not fit together any more. Nothing is released.
    Damaged,
    /// The service is stopping.
    Stopped,
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            StoreError::Busy => "too many acts are waiting",
            StoreError::Full => "the disk is full",
            StoreError::Failed => "the database cannot be read or written",
            StoreError::Constraint => "the database refused a row that does not fit",
            StoreError::CheckpointStoreAway => "the checkpoint store cannot be written",
            StoreError::ClockOff => "the clock shows an earlier time than the last entry",
            StoreError::Damaged => "the trail does not fit together",
            StoreError::Stopped => "the store is stopping",
        })
    }
}

impl std::error::Error for StoreError {}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        use rusqlite::ErrorCode;
        match error.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => StoreError::Full,
            Some(ErrorCode::ConstraintViolation) => StoreError::Constraint,
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => StoreError::Busy,
            _ => StoreError::Failed,
        }
    }
}

/// An open store: the writer's queue, a few readers, and what the background check has found.
pub struct Store {
    writer: writer::Handle,
    readers: Mutex<Vec<Connection>>,
    database: PathBuf,
    signer: Arc<TrailSigner>,
    health: Arc<Health>,
    figures: Arc<figures::Figures>,
    lists: Arc<release::ListTrees>,
    // Held for as long as the store is open; the operating system lets go of it even after kill -9.
    _in_use: std::fs::File,
}

/// What is known to be wrong.
#[derive(Debug, Default)]
pub struct Health {
    damaged: AtomicBool,
    checked: AtomicBool,
    unwritable: AtomicBool,
    put_owed: AtomicBool,
    rereading: AtomicBool,
}

impl Health {
    /// Was damage found in the trail? Then nothing is written and nothing released.
    pub fn is_damaged(&self) -> bool {
        self.damaged.load(Ordering::SeqCst)
    }

    /// Has every entry been checked since the start, the background's part included?
    pub fn is_fully_checked(&self) -> bool {
        self.checked.load(Ordering::SeqCst)
    }

    /// Did the disk take the last group of acts?
    pub fn is_writable(&self) -> bool {
        !self.unwritable.load(Ordering::SeqCst)
    }

    /// Did the last checkpoint reach the checkpoint store?
    pub fn is_checkpoint_kept(&self) -> bool {
        !self.put_owed.load(Ordering::SeqCst)
    }

    fn report_group(&self, failed: Option<StoreError>, put_owed: bool) {
        let unwritable = matches!(failed, Some(StoreError::Full | StoreError::Failed));
        self.unwritable.store(unwritable, Ordering::SeqCst);
        self.put_owed.store(put_owed, Ordering::SeqCst);
    }

    fn report_fault(&self, fault: &TrailFault) {
        tracing::error!(entry = fault.entry, what = fault.what, "the trail is damaged");
        self.report_damage();
    }

    fn report_damage(&self) {
        self.damaged.store(true, Ordering::SeqCst);
    }
}

/// The name of the file with the cosigned checkpoint.
const COSIGNED: &str = "cosigned";

impl Store {
    /// Reads from a snapshot, beside the writer.
    ///
    /// # Errors
    /// What `read` returns, or the reader's own failure.
    pub fn read<T, E: From<StoreError>>(
        &self,
        read: impl FnOnce(&View<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let spare = self.readers.lock().map_err(|_| StoreError::Stopped)?.pop();
        let connection = match spare {
            Some(connection) => connection,
            None => open_reader(&self.database)?,
        };
        let answer = {
            let transaction = connection.unchecked_transaction().map_err(StoreError::from)?;
            read(&View::new(&transaction))
        };
        if let Ok(mut readers) = self.readers.lock() {
            readers.push(connection);
        }
        answer
    }

    /// The data folder.
    pub fn folder(&self) -> &Path {
        self.database.parent().unwrap_or(Path::new("."))
    }

    /// The trail's signing name and public key.
    pub fn signer(&self) -> &TrailSigner {
        &self.signer
    }

    /// The checkpoint that witnesses cosigned last, as whoever watches the trail put it beside the database. None when
    /// there is none, or when it is not of this very trail.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn cosigned(&self) -> Result<Option<String>, StoreError> {
        let Ok(note) = std::fs::read_to_string(self.database.with_file_name(COSIGNED)) else {
            return Ok(None);
        };
        let key = TrailKey::parse(&self.signer.vkey()).map_err(|_| StoreError::Failed)?;
        let Ok(checkpoint) = key.check(&note) else { return Ok(None) };
        self.read(|view| {
            let there = checkpoint.size <= view.trail_size()?;
            let ours = there && view.trail_root(checkpoint.size)? == checkpoint.root;
            Ok(ours.then_some(note))
        })
    }

    /// What is known to be wrong.
    pub fn health(&self) -> &Health {
        &self.health
    }

    /// How the writer fares.
    pub fn figures(&self) -> &figures::Figures {
        &self.figures
    }

    /// The sealed lists' trees, for leaf paths.
    pub fn lists(&self) -> &release::ListTrees {
        &self.lists
    }

    /// A consistent copy of the whole database into a new file, while acts go on.
    ///
    /// # Errors
    /// When the file exists or cannot be written.
    pub fn backup_to(&self, file: &Path) -> Result<(), StoreError> {
        if file.exists() {
            return Err(StoreError::Constraint);
        }
        let source = open_reader(&self.database)?;
        let mut copy = Connection::open(file)?;
        let backup = rusqlite::backup::Backup::new(&source, &mut copy)?;
        backup.run_to_completion(1024, std::time::Duration::ZERO, None)?;
        Ok(())
    }
}

impl Folder {
    /// Reads from the stored database without opening it for acts: beside a running service, or instead of it.
    ///
    /// # Errors
    /// When there is none, its schema is not this program's, or what `read` returns.
    pub fn look<T>(
        &self,
        read: impl FnOnce(&View<'_>) -> Result<T, StoreError>,
    ) -> Result<T, OpenError> {
        let version = self.schema()?;
        if version != SCHEMA_VERSION {
            return Err(OpenError::Schema(version));
        }
        let reader = open_reader(&self.database())?;
        let snapshot = reader.unchecked_transaction()?;
        Ok(read(&View::new(&snapshot))?)
    }
}

fn open_reader(database: &Path) -> Result<Connection, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(database, flags)?;
    connection.pragma_update(None, "query_only", true)?;
    connection.pragma_update(None, "cache_size", -4096)?;
    connection.busy_timeout(std::time::Duration::from_secs(5))?;
    connection.set_prepared_statement_cache_capacity(64);
    Ok(connection)
}

fn open_writer(database: &Path) -> Result<Connection, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(database, flags)?;
    set_durable(&connection)?;
    connection.set_prepared_statement_cache_capacity(128);
    Ok(connection)
}

/// Write-ahead log, and a sync at every commit: what was answered is on the disk. What is deleted is overwritten: a
/// wrap that was taken away, a private record that was erased.
fn set_durable(connection: &Connection) -> Result<(), StoreError> {
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "secure_delete", true)?;
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.pragma_update(None, "cache_size", -16384)?;
    connection.busy_timeout(std::time::Duration::from_secs(5))?;
    Ok(())
}
