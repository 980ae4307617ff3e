//! The service's folder, as commands name and open it, and what is said when it does not open.

use super::failure::{Exit, Failure};
use super::trial;
use crate::clock::SystemClock;
use crate::dice::SystemDice;
use crate::service::House;
use crate::service::founding::{HouseError, Means};
use crate::store::{Folder, OpenError};
use clap::Args;
use std::fmt::Display;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Where the service's files are.
#[derive(Args)]
pub struct Place {
    /// The data folder
    #[arg(long, value_name = "DIR", env = "KLERO_DATA")]
    pub data: PathBuf,
    /// The checkpoint store; another disk or host is better   [default: DIR/checkpoint]
    #[arg(long, value_name = "FILE", env = "KLERO_CHECKPOINT")]
    pub checkpoint: Option<PathBuf>,
    /// The file with the server secret; a systemd credential is better   [default: DIR/server-secret]
    #[arg(long, value_name = "FILE", env = "KLERO_SERVER_SECRET")]
    pub server_secret: Option<PathBuf>,
}

impl Place {
    /// The folder, with what lies elsewhere.
    pub fn folder(&self) -> Folder {
        let mut folder = Folder::at(&self.data);
        if let Some(checkpoint) = &self.checkpoint {
            folder.checkpoint.clone_from(checkpoint);
        }
        if let Some(secret) = &self.server_secret {
            folder.server_secret.clone_from(secret);
        }
        folder
    }

    /// Opens the house: nobody else may have it open.
    ///
    /// # Errors
    /// Every reason for which nothing may be answered.
    pub fn open(&self) -> Result<House, Failure> {
        let folder = self.folder();
        if !folder.database().exists() {
            return Err(refused(&OpenError::NotThere(folder.path)));
        }
        House::open(&folder, means()).map_err(|error| not_opened(&error, &self.data))
    }
}

/// The machine's clock and dice.
pub fn means() -> Means {
    Means::new(Arc::new(SystemClock), Arc::new(SystemDice::default()))
}

/// Why a house was not founded or opened. `file` is the trial file, where there is one.
pub fn not_opened(error: &HouseError, file: &Path) -> Failure {
    match error {
        HouseError::Open(error) => refused(error),
        HouseError::Trial(findings) => trial::wrong(file, findings),
        HouseError::OtherConfiguration => {
            let next = "sign a manifest over this very trial file:  klero list generate";
            Failure::new(Exit::NotVerified, "other-configuration", error, next)
        }
        HouseError::NotFounded => {
            let next = "restore a backup, or found a new folder:  klero init";
            Failure::new(Exit::NotVerified, "not-founded", error, next)
        }
        HouseError::Store(error) => store_failed(error),
    }
}

fn store_failed(error: impl Display) -> Failure {
    let next = "check the disk, then the folder:  klero trail verify --data DIR";
    Failure::new(Exit::Failed, "store-failed", error, next)
}

/// Why a folder does not open, with the remedy.
pub fn refused(error: &OpenError) -> Failure {
    let failed = |exit, code, next: &str| Failure::new(exit, code, error, next);
    match error {
        OpenError::NotThere(_) => {
            failed(Exit::NotThere, "no-store", "check --data, or found one:  klero init")
        }
        OpenError::Exists(_) => failed(Exit::Exists, "store-exists", "choose another folder")
            .because("Nothing was changed: a second history is never begun over a first."),
        OpenError::InUse => {
            failed(Exit::InUse, "folder-in-use", "stop the service, then try again")
        }
        OpenError::Schema(_) => {
            let next = "run the program that knows this schema, or restore a backup";
            failed(Exit::Schema, "schema-unknown", next).because("Nothing was changed.")
        }
        OpenError::SecretIsOpen(path) => {
            let next = format!("chmod 600 {}", path.display());
            Failure::new(Exit::NotAllowed, "file-open-to-others", error, next)
        }
        OpenError::WrongSecret => {
            let next = "name the secret this folder was founded with:  --server-secret FILE";
            failed(Exit::Unreadable, "wrong-server-secret", next)
        }
        OpenError::Behind { .. } => {
            let next =
                "restore the newest backup; codes may have been issued that it does not know";
            failed(Exit::Behind, "behind-checkpoint-store", next)
                .because("Going on would issue the same codes again.")
        }
        OpenError::CheckpointMissing(_) => {
            let next = "name it:  --checkpoint FILE; without it an old backup could not be told";
            failed(Exit::NotThere, "checkpoint-missing", next)
        }
        OpenError::Inconsistent { .. } | OpenError::Damaged(_) | OpenError::Tables(_) => {
            let next = "keep the folder as it is, restore a verified backup, and tell the monitor";
            failed(Exit::NotVerified, "trail-damaged", next)
        }
        OpenError::Io(_, cause) if cause.kind() == ErrorKind::NotFound => {
            failed(Exit::NotThere, "file-missing", "check --data and the paths beside it")
        }
        OpenError::Io(_, cause) if cause.kind() == ErrorKind::AlreadyExists => {
            failed(Exit::Exists, "store-exists", "choose another folder")
        }
        OpenError::Io(..) => failed(Exit::Failed, "file-unread", "check permissions and the disk"),
        OpenError::Store(cause) => store_failed(cause),
    }
}
