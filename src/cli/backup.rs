//! `klero backup`: a verified copy of the database, taken while acts go on.

use super::failure::{Done, Exit, Failure, ending};
use super::house::{Place, refused};
use clap::Args;
use serde_json::json;
use std::path::PathBuf;

/// Copy the database while acts go on, and verify the copy; neither a secret nor a key is in it
///
/// Keep the server secret and the checkpoint store on their own: a backup together with them is the whole house.
#[derive(Args)]
#[command(after_help = ending([
    "klero backup create --data /var/lib/klero /mnt/backup/2026-11-21.db",
    "klero backup create --data data klero-backup.db",
    "klero backup create --data data klero-backup.db --json",
], &[Exit::NotThere, Exit::Schema, Exit::Exists, Exit::NotVerified]))]
pub struct Create {
    #[command(flatten)]
    place: Place,
    /// The copy, which must be new
    destination: PathBuf,
}

impl Create {
    /// Copies, verifies, names.
    pub fn run(self) -> Result<Done, Failure> {
        let entries =
            self.place.folder()?.backup_to(&self.destination).map_err(|error| refused(&error))?;
        let file = self.destination.display().to_string();
        let text = format!("entries      {entries}, verified\nwritten      {file}");
        Ok(Done::new(text, json!({"entries": entries, "file": file})))
    }
}
