//! Founding a folder: schema, server secret and checkpoint store, never over an old one.

use super::checkpoint_store::CheckpointStore;
use super::startup::{Folder, OpenError};
use super::{SCHEMA_VERSION, set_durable};
use crate::dice::Dice;
use rusqlite::Connection;
use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;

const SCHEMA: &str = include_str!("../../schema.sql");
/// `klro`: so that `file` and a wrong program can tell whose database it is.
const APPLICATION_ID: i32 = 0x6b6c_726f;

impl Folder {
    /// Makes a new store: schema, server secret, checkpoint store. Never over an old one.
    ///
    /// # Errors
    /// When anything of it exists, or cannot be written.
    pub fn found(&self, dice: &dyn Dice) -> Result<(), OpenError> {
        fs::create_dir_all(&self.path).map_err(|e| OpenError::Io(self.path.clone(), e))?;
        let mode = fs::Permissions::from_mode(0o700);
        fs::set_permissions(&self.path, mode).map_err(|e| OpenError::Io(self.path.clone(), e))?;
        let files = [self.database(), self.server_secret.clone(), self.checkpoint.clone()];
        if let Some(file) = files.iter().find(|file| file.symlink_metadata().is_ok()) {
            return Err(OpenError::Exists(file.clone()));
        }
        let made = self.make(dice);
        if made.is_err() {
            // None of them was there before: what a full disk or a wrong path left of them is nobody's.
            files.iter().for_each(|file| drop(fs::remove_file(file)));
        }
        made
    }

    fn make(&self, dice: &dyn Dice) -> Result<(), OpenError> {
        let secret = zeroize::Zeroizing::new(crate::dice::roll::<32>(dice));
        write_new(&self.server_secret, &secret[..])?;
        CheckpointStore::create(&self.checkpoint)
            .map_err(|e| OpenError::Io(self.checkpoint.clone(), e))?;
        write_new(&self.database(), &[])?;
        let connection = Connection::open(self.database())?;
        connection.pragma_update(None, "application_id", APPLICATION_ID)?;
        set_durable(&connection)?;
        connection.execute_batch(&format!("BEGIN;{SCHEMA}\nCOMMIT;"))?;
        connection.pragma_update(None, "user_version", SCHEMA_VERSION)?;
        // Each name is durable, wherever its file was put.
        sync_folder(&self.path)?;
        let beside = [&self.server_secret, &self.checkpoint];
        beside.into_iter().filter_map(|file| file.parent()).try_for_each(sync_folder)
    }
}

fn write_new(path: &Path, bytes: &[u8]) -> Result<(), OpenError> {
    let failed = |e| OpenError::Io(path.to_owned(), e);
    let mut options = OpenOptions::new();
    let file = options.write(true).create_new(true).mode(0o600).open(path);
    let mut file = file.map_err(failed)?;
    file.write_all(bytes).and_then(|()| file.sync_all()).map_err(failed)
}

fn sync_folder(path: &Path) -> Result<(), OpenError> {
    let folder = File::open(path).and_then(|folder| folder.sync_all());
    folder.map_err(|e| OpenError::Io(path.to_owned(), e))
}
