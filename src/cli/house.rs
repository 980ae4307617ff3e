//! The service's folder, as commands name and open it, and what is said when it does not open.

use super::failure::{Exit, Failure};
use super::trial;
use crate::clock::SystemClock;
use crate::config::{Config, Given, Settled};
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
    /// The house's configuration, such as deploy/klero.toml; the flags here stand above it
    #[arg(long, value_name = "FILE", env = "KLERO_CONFIG")]
    pub config: Option<PathBuf>,
    /// The data folder   [variable: KLERO_DATA]
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// The checkpoint store; another disk or host is better   [default: DIR/checkpoint]
    #[arg(long, value_name = "FILE")]
    pub checkpoint: Option<PathBuf>,
    /// The file with the server secret; a systemd credential is better   [default: DIR/server-secret]
    #[arg(long, value_name = "FILE")]
    pub server_secret: Option<PathBuf>,
}

/// The credential's name under systemd (`LoadCredentialEncrypted=server-secret:…`).
const CREDENTIAL: &str = "server-secret";

impl Place {
    /// The whole configuration: these flags and `others`, variables, file, defaults.
    ///
    /// # Errors
    /// 10 when there is no such file, 15 with everything that is wrong in it.
    pub fn settle(&self, others: Vec<Given>) -> Result<Settled, Failure> {
        let mut flags = others;
        let own = [
            ("service.data", "--data", &self.data),
            ("service.checkpoint", "--checkpoint", &self.checkpoint),
            ("service.server_secret_file", "--server-secret", &self.server_secret),
        ];
        for (setting, flag, path) in own {
            flags.extend(path.iter().map(|path| (setting, flag, path.as_os_str().to_owned())));
        }
        super::config::settle(self.config.as_deref(), flags)
    }

    /// The flags as they were given, for the line of another command: with a space before each.
    pub fn as_given(&self) -> String {
        let flags = [
            ("--config", &self.config),
            ("--data", &self.data),
            ("--checkpoint", &self.checkpoint),
            ("--server-secret", &self.server_secret),
        ];
        let given = flags.into_iter().filter_map(|(flag, path)| Some((flag, path.as_ref()?)));
        given.map(|(flag, path)| format!(" {flag} {}", path.display())).collect()
    }

    /// The folder, with what lies elsewhere.
    ///
    /// # Errors
    /// Of the configuration; 2 when nobody says where the data are.
    pub fn folder(&self) -> Result<Folder, Failure> {
        folder_of(&self.settle(vec![])?.config)
    }

    /// Opens the house: nobody else may have it open.
    ///
    /// # Errors
    /// Every reason for which nothing may be answered.
    pub fn open(&self) -> Result<House, Failure> {
        open(&self.folder()?)
    }
}

/// The folder that a configuration names.
///
/// # Errors
/// 2 when nobody says where the data are.
pub fn folder_of(config: &Config) -> Result<Folder, Failure> {
    let Some(data) = &config.service.data else {
        let next =
            "--data DIR, or the variable KLERO_DATA, or `data` below [service] in klero.toml";
        return Err(Failure::new(Exit::Usage, "no-data-folder", "which data folder?", next));
    };
    let mut folder = Folder::at(data);
    if let Some(checkpoint) = &config.service.checkpoint {
        folder.checkpoint.clone_from(checkpoint);
    }
    let credential = || {
        let given = std::env::var_os("CREDENTIALS_DIRECTORY").map(PathBuf::from);
        given.map(|given| given.join(CREDENTIAL)).filter(|file| file.exists())
    };
    if let Some(secret) = config.service.server_secret_file.clone().or_else(credential) {
        folder.server_secret = secret;
    }
    Ok(folder)
}

/// Opens a house: nobody else may have it open.
///
/// # Errors
/// Every reason for which nothing may be answered.
pub fn open(folder: &Folder) -> Result<House, Failure> {
    if !folder.database().exists() {
        return Err(refused(&OpenError::NotThere(folder.path.clone())));
    }
    House::open(folder, means()).map_err(|error| not_opened(&error, &folder.path))
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
            let next = "bring it forward from a mirror:  klero backup restore COPY --from EXPORT; \
                        deploy/run-books/restore.md";
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
