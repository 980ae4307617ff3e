//! `klero backup`: verified copies of the database, taken while acts go on; which of them are kept; and whether they come
//! back when they are tried.

use super::failure::{Done, Exit, Failure, ending, say};
use super::house::{Place, folder_of, means, refused};
use super::mirror;
use super::restore::{Restore, not_restored};
use crate::clock::Clock;
use crate::clock::SystemClock;
use crate::config::{Config, Retention};
use crate::domain::time::Moment;
use crate::sealing::bytes::hex;
use crate::service::restore::{trail_key, try_restore};
use crate::store::backup::{Inspected, hash_file, inspect};
use crate::store::shelf::{self, Shelf, copies, name_at, superfluous};
use crate::store::{Folder, OpenError};
use clap::{Args, Subcommand};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// What is done with copies.
#[derive(Subcommand)]
pub enum Verb {
    Create(Create),
    Verify(Verify),
    Restore(Box<Restore>),
    Drill(Drill),
    Prune(Prune),
}

impl Verb {
    /// Does it.
    pub fn run(self) -> Result<Done, Failure> {
        match self {
            Verb::Create(create) => create.run(),
            Verb::Verify(verify) => verify.run(),
            Verb::Restore(restore) => restore.run(),
            Verb::Drill(drill) => drill.run(),
            Verb::Prune(prune) => prune.run(),
        }
    }
}

/// Copy the database while acts go on, and verify the copy; neither a secret nor a key is in it
///
/// Keep the server secret and the checkpoint store on their own: a backup together with them is the whole house.
#[derive(Args)]
#[command(after_help = ending([
    "klero backup create --config /etc/klero/klero.toml",
    "klero backup create --data /var/lib/klero /mnt/backup/2026-11-21.db",
    "klero backup create --data data klero-backup.db --json",
], &[Exit::NotThere, Exit::Unreadable, Exit::Schema, Exit::Exists, Exit::NotVerified]))]
pub struct Create {
    #[command(flatten)]
    place: Place,
    /// The copy, which must be new   [default: a name by the time, in backup.folder]
    destination: Option<PathBuf>,
}

/// Check a copy: its hash, every entry, every table; beside a data folder also that no secret is in it
#[derive(Args)]
#[command(after_help = ending([
    "klero backup verify /mnt/backup/2026-11-21.db",
    "klero backup verify --config /etc/klero/klero.toml",
    "klero backup verify klero-backup.db --json",
], &[Exit::NotThere, Exit::Unreadable, Exit::Schema, Exit::NotVerified]))]
pub struct Verify {
    #[command(flatten)]
    place: Place,
    /// The copy   [default: the newest in backup.folder]
    file: Option<PathBuf>,
}

/// Delete copies that need not be kept; never the newest that fits its hash, nor a newer one
#[derive(Args)]
#[command(after_help = ending([
    "klero backup prune --config /etc/klero/klero.toml",
    "klero backup prune /mnt/backup --keep daily=14,weekly=8,monthly=24",
    "klero backup prune /mnt/backup --dry-run",
], &[Exit::NotThere, Exit::Unreadable]))]
pub struct Prune {
    #[command(flatten)]
    place: Place,
    /// The folder of copies   [default: backup.folder]
    folder: Option<PathBuf>,
    /// Of so many days, weeks and months the newest stays   [default: backup.keep]
    #[arg(long, value_name = "RULE")]
    keep: Option<String>,
    /// Say what would be deleted, and delete nothing
    #[arg(long)]
    dry_run: bool,
}

/// Restore a copy into a scratch folder, check it there, and say which issued codes it could not give back
///
/// The result is noted in the data folder; the running service takes it into the trail.
#[derive(Args)]
#[command(after_help = ending([
    "klero backup drill --config /etc/klero/klero.toml",
    "klero backup drill --data /var/lib/klero /mnt/backup/2026-11-21.db",
    "klero backup drill --data data copy.db --from export",
], &[Exit::InPart, Exit::NotThere, Exit::Unreadable, Exit::Schema, Exit::NotVerified]))]
pub struct Drill {
    #[command(flatten)]
    place: Place,
    /// The copy   [default: the newest in backup.folder]
    file: Option<PathBuf>,
    /// An exported trail that is kept elsewhere, for what is newer than the copy; may be given several times
    #[arg(long, value_name = "EXPORT")]
    from: Vec<PathBuf>,
    /// A list's package or a rotation that came in since the copy; may be given several times
    #[arg(long, value_name = "FILE")]
    package: Vec<PathBuf>,
}

impl Create {
    /// Copies, verifies, names, writes the hash.
    pub fn run(self) -> Result<Done, Failure> {
        let config = self.place.settle(vec![])?.config;
        let (folder, now) = (folder_of(&config)?, SystemClock.now());
        let file = match self.destination {
            Some(file) => file,
            None => shelf_of(&config, None)?.join(name_at(now)),
        };
        let found = folder.backup_to(&file).map_err(|error| refused(&error))?;
        let done = done_with(&file, now, &found);
        note(&folder, |shelf| shelf.created = Some(done));
        let (name, hash) = (file.display().to_string(), hex(&found.hash));
        let entries = found.entries;
        let text =
            format!("entries      {entries}, verified\nwritten      {name}\nsha256       {hash}");
        Ok(Done::new(text, json!({"entries": entries, "file": name, "sha256": hash})))
    }
}

impl Verify {
    /// Reads the copy whole.
    pub fn run(self) -> Result<Done, Failure> {
        let config = self.place.settle(vec![])?.config;
        let file = or_newest(self.file, &config)?;
        let found = inspect(&file).map_err(|error| bad_copy(&file, &error))?;
        if found.hash_fits == Some(false) {
            let what = format!("{} is not the file that was verified", file.display());
            let next = "keep it as it is, and use another copy";
            let hash = hash_file(&file);
            return Err(Failure::new(Exit::NotVerified, "backup-altered", what, next)
                .because(format!("Its hash differs from the one in {}.", hash.display())));
        }
        let name = file.display().to_string();
        let mut text = format!("file         {name}\n{}", told(&found));
        let mut data = as_json(&found);
        data["file"] = json!(name);
        // Without a data folder only the file itself can be judged.
        if config.service.data.is_some() {
            let folder = folder_of(&config)?;
            let behind = beside(&folder, &file, &found)?;
            let done = done_with(&file, SystemClock.now(), &found);
            note(&folder, |shelf| shelf.verified = Some(done));
            data["behind"] = json!(behind);
            text.push_str(&match behind {
                0 => "\nrestorable   alone: nothing was answered since".to_owned(),
                n => format!(
                    "\nrestorable   with a mirror of the trail: {n} entries were answered since"
                ),
            });
        }
        Ok(Done::new(text, data))
    }
}

/// What a copy is beside its folder: free of its secret, of the same trail, and so many entries behind.
fn beside(folder: &Folder, file: &Path, found: &Inspected) -> Result<u64, Failure> {
    let of = |error: &OpenError| refused(error);
    if folder.secret_is_in(file).map_err(|e| of(&e))? {
        let what = format!("the server secret is in {}", file.display());
        let next = "destroy the copy, and found out how it came there: no command of this program puts it in";
        return Err(Failure::new(Exit::NotVerified, "secret-in-backup", what, next));
    }
    let key = trail_key(folder, &found.trial).map_err(|e| of(&e))?;
    let promised = folder.promised(&key).map_err(|e| of(&e))?;
    Ok(promised.size.saturating_sub(found.entries))
}

impl Prune {
    /// Deletes what need not stay.
    pub fn run(self) -> Result<Done, Failure> {
        let config = self.place.settle(vec![])?.config;
        let folder = shelf_of(&config, self.folder)?;
        let Retention { daily, weekly, monthly } = match self.keep.as_deref() {
            None => config.backup.keep,
            Some(rule) => Retention::parse(rule).ok_or_else(|| {
                let next = "write it as daily=14,weekly=8,monthly=24";
                Failure::new(Exit::Usage, "wrong-usage", "--keep is no rule", next)
            })?,
        };
        let all = copies(&folder).map_err(|error| refused(&error))?;
        let gone = superfluous(&all, [daily, weekly, monthly]).map_err(|error| refused(&error))?;
        for copy in gone.iter().filter(|_| !self.dry_run) {
            shelf::remove(copy).map_err(|error| refused(&error))?;
        }
        let names: Vec<String> = gone.iter().map(|copy| copy.file.display().to_string()).collect();
        let word = if self.dry_run { "would delete" } else { "deleted" };
        let mut text = format!("kept         {} of {}", all.len() - gone.len(), all.len());
        names.iter().for_each(|name| text.push_str(&format!("\n{word:<12} {name}")));
        Ok(Done::new(text, json!({"kept": all.len() - gone.len(), "deleted": names})))
    }
}

impl Drill {
    /// Tries it.
    pub fn run(self) -> Result<Done, Failure> {
        let config = self.place.settle(vec![])?.config;
        let folder = folder_of(&config)?;
        let file = or_newest(self.file, &config)?;
        let found = inspect(&file).map_err(|error| bad_copy(&file, &error))?;
        if found.hash_fits == Some(false) {
            return Err(bad_copy(&file, &OpenError::Tables("file")));
        }
        let key = trail_key(&folder, &found.trial).map_err(|error| refused(&error))?;
        let mirror = mirror::read(&self.from, &self.package, found.entries, &key)?;
        let scratch = Scratch::beside(&file)?;
        let mut inside = folder.clone();
        inside.path.clone_from(&scratch.0);
        let tried = try_restore(&inside, &file, &mirror, means().dice.as_ref());
        let tried = tried.map_err(|error| not_restored(&error))?;
        // What is issued now and did not come back.
        let codes = folder.look(|view| view.codes_since(tried.entries));
        let codes = codes.map_err(|error| refused(&error))?;
        let at = means().clock.now();
        let mut done = done_with(&file, at, &found);
        (done.entries, done.lost) = (tried.entries, codes.len() as u64);
        note(&folder, |shelf| shelf.drilled = Some(done));
        drilled(&file, found.entries, tried.entries, codes)
    }
}

/// How a drill ends: well, or with every code that is in no copy and no mirror.
fn drilled(file: &Path, stored: u64, entries: u64, codes: Vec<String>) -> Result<Done, Failure> {
    let name = file.display().to_string();
    let mut text = format!(
        "restored     {name}\nentries      {stored} from the copy, {} from the mirror; every table fits",
        entries - stored
    );
    let data = json!({"file": name, "stored": stored, "entries": entries, "lost": codes});
    if codes.is_empty() {
        text.push_str("\ncodes        every code that is issued came back");
        return Ok(Done::new(text, data));
    }
    codes.iter().for_each(|code| text.push_str(&format!("\nnot back     {code}")));
    let what = format!("{} issued codes would not have come back", codes.len());
    let next = "keep a mirror of the trail elsewhere (klero trail export) and drill with --from; back up more often";
    Err(Failure::new(Exit::InPart, "codes-not-in-backup", what, next)
        .because("A restore would refuse to issue until their entries are found: no code is issued twice.")
        .having_found(Done::new(text, data)))
}

/// A folder that is gone with the value, whatever happens: what is in it is personal data.
struct Scratch(PathBuf);

impl Scratch {
    fn beside(file: &Path) -> Result<Self, Failure> {
        let name = format!(".klero-drill-{}", std::process::id());
        let folder = file.with_file_name(name);
        match folder.symlink_metadata() {
            Ok(_) => Err(refused(&OpenError::Exists(folder))),
            Err(_) => Ok(Self(folder)),
        }
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // A drill that failed early made none.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// The folder of copies: the one that is named, else the configured one.
fn shelf_of(config: &Config, named: Option<PathBuf>) -> Result<PathBuf, Failure> {
    named.or_else(|| config.backup.folder.clone()).ok_or_else(|| {
        let next = "name it, or set `folder` below [backup] in klero.toml";
        Failure::new(Exit::Usage, "no-backup-folder", "which folder of backups?", next)
    })
}

/// The copy that was named, or the newest on the shelf.
fn or_newest(named: Option<PathBuf>, config: &Config) -> Result<PathBuf, Failure> {
    match named {
        Some(file) => Ok(file),
        None => newest(&shelf_of(config, None)?),
    }
}

fn newest(folder: &Path) -> Result<PathBuf, Failure> {
    let all = copies(folder).map_err(|error| refused(&error))?;
    all.into_iter().next().map(|copy| copy.file).ok_or_else(|| {
        let what = format!("there is no backup in {}", folder.display());
        Failure::new(Exit::NotThere, "no-backup", what, "make one:  klero backup create")
    })
}

fn done_with(file: &Path, at: Moment, found: &Inspected) -> shelf::Done {
    let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
    shelf::Done { at, file: name, entries: found.entries, lost: 0 }
}

/// Notes it beside the data. A folder that cannot be written costs the note and nothing else.
fn note(folder: &Folder, change: impl FnOnce(&mut Shelf)) {
    if let Err(error) = folder.note(change) {
        say!("note: this was not noted for the health page: {error}");
    }
}

/// Why a copy is none to restore from.
pub fn bad_copy(file: &Path, error: &OpenError) -> Failure {
    match error {
        OpenError::NotThere(_) => {
            let what = format!("there is no {}", file.display());
            Failure::new(Exit::NotThere, "file-missing", what, "check the path")
        }
        OpenError::Schema(_) => refused(error),
        _ => {
            let what = format!("{} does not verify", file.display());
            let next = "keep it as it is, and use another copy";
            Failure::new(Exit::NotVerified, "backup-damaged", what, next).because(error)
        }
    }
}

fn told(found: &Inspected) -> String {
    let compared = match found.compared {
        0 => format!("schema {}: tables are compared where it is restored", found.schema),
        n => format!("{n} entries applied anew; every table fits"),
    };
    let hash = match found.hash_fits {
        Some(_) => "fits the hash beside it",
        None => "no hash lies beside it",
    };
    format!(
        "trial        {}\nentries      {}, the last at {}\ntables       {compared}\nsha256       {}, {hash}",
        found.trial,
        found.entries,
        found.last,
        hex(&found.hash)
    )
}

fn as_json(found: &Inspected) -> Value {
    json!({
        "trial": found.trial, "entries": found.entries, "compared": found.compared,
        "last": found.last.to_string(), "schema": found.schema, "sha256": hex(&found.hash),
        "hashFits": found.hash_fits,
    })
}
