//! `klero backup restore`: a data folder made again, from a backup alone or together with what was kept of the trail
//! elsewhere; and what is said when that would lose a code.

use super::backup::bad_copy;
use super::failure::{Done, Exit, Failure, ending, say};
use super::files::read_secret;
use super::house::{Place, means, refused};
use super::mirror;
use crate::domain::ids::PersonId;
use crate::limits::{PASSWORD_MAX, TEXT};
use crate::service::restore::{Attested, Restored, restore, trail_key};
use crate::store::OpenError;
use crate::store::backup::inspect;
use crate::store::restore::{Lost, NotRestored};
use clap::Args;
use serde_json::json;
use std::ops::Range;
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// Make the data folder again from a copy, as an administrator; never over a database
///
/// It refuses (exit 22) while entries that were answered are missing, and names them: going on would issue the same codes
/// again. With --from they are taken from a mirror of the trail: every line and every code comes back, and what no trail
/// holds (private records, granted keys, sealed pharmacy records, passwords) is named. A list or a rotation that came in
/// among them comes back from its file, with --package. Then the entry `restored` says who and why.
#[derive(Args)]
#[command(after_help = ending([
    "klero backup restore copy.db --data new --checkpoint /mnt/other/checkpoint --server-secret \
     /run/secret --by admin-1 --why Disk-failed",
    "klero backup restore copy.db --config klero.toml --by admin-1 --why Disk-failed --from export",
    "klero backup restore copy.db --config klero.toml --by admin-1 --why Drill \
     --password-file /run/word --from a --from b",
], &[Exit::NotThere, Exit::InUse, Exit::WrongWords, Exit::Unreadable, Exit::Schema, Exit::Exists,
     Exit::NotAllowed, Exit::NotVerified, Exit::Behind]))]
pub struct Restore {
    #[command(flatten)]
    place: Place,
    /// The copy
    file: PathBuf,
    /// An exported trail that was kept elsewhere, or a file of lines; may be given several times
    #[arg(long, value_name = "EXPORT")]
    from: Vec<PathBuf>,
    /// A list's package, a training list's or a rotation that came in since the copy; may be given several times
    #[arg(long, value_name = "FILE")]
    package: Vec<PathBuf>,
    /// The administrator who restores
    #[arg(long, value_name = "ID", value_parser = PersonId::parse)]
    by: PersonId,
    /// Why, in their words
    #[arg(long, value_name = "TEXT", value_parser = reason)]
    why: String,
    /// A file of mode 0600 with their password, or - for standard input; otherwise it is asked for
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
}

fn reason(text: &str) -> Result<String, String> {
    let plain = !text.trim().is_empty() && !text.chars().any(char::is_control);
    let fits = plain && text.chars().count() <= TEXT;
    if fits { Ok(text.to_owned()) } else { Err(format!("one line of 1 to {TEXT} characters")) }
}

impl Restore {
    /// All of it, or nothing.
    pub fn run(self) -> Result<Done, Failure> {
        let folder = self.place.folder()?;
        if folder.database().symlink_metadata().is_ok() {
            return Err(refused(&OpenError::Exists(folder.database())));
        }
        let found = inspect(&self.file).map_err(|error| bad_copy(&self.file, &error))?;
        let key = trail_key(&folder, &found.trial).map_err(|error| refused(&error))?;
        let mirror = mirror::read(&self.from, &self.package, found.entries, &key)?;
        let promised = folder.promised(&key).map_err(|error| refused(&error))?;
        // Told before anybody is asked for a password.
        mirror.covers(found.entries, promised.size).map_err(|error| not_restored(&error))?;
        let password = password(self.password_file.as_deref(), &self.by)?;
        let attested = Attested { by: self.by, password, why: self.why };
        let restored = restore(&folder, &self.file, &mirror, &attested, &means());
        let restored = restored.map_err(|error| not_restored(&error))?;
        say!("Every session has ended: everybody signs in again.");
        say!(
            "Next:  klero doctor, then klero serve; with the same --checkpoint and --server-secret"
        );
        Ok(told(&folder.path, &restored))
    }
}

fn told(path: &Path, restored: &Restored) -> Done {
    let Restored { stored, recovered, entry, lost } = restored;
    let mut text = format!(
        "restored     {}\nentries      {stored} from the copy, {recovered} from mirrors\n\
         said in      entry {entry}\ncodes        every code that was issued is known",
        path.display()
    );
    let Lost { private, keys, pharmacy, accounts } = lost;
    for (entries, what) in [
        (private, "private records are lost: enter again what is needed"),
        (keys, "keys: register, grant or pass them on again"),
        (pharmacy, "sealed pharmacy records are lost: the pharmacy keeps its paper"),
        (accounts, "accounts have no password: invite these people under new names"),
    ] {
        if !entries.is_empty() {
            text.push_str(&format!("\nnot back     {what}: {}", numbers(entries)));
        }
    }
    let lost =
        json!({"private": private, "keys": keys, "pharmacy": pharmacy, "accounts": accounts});
    let data = json!({
        "data": path.display().to_string(), "stored": stored, "recovered": recovered,
        "entry": entry, "lost": lost,
    });
    Done::new(text, data)
}

fn numbers(entries: &[u64]) -> String {
    let all: Vec<String> = entries.iter().map(u64::to_string).collect();
    format!("entries {}", all.join(", "))
}

/// A password is never an argument or a variable, where others and logs would see it.
fn password(file: Option<&Path>, who: &PersonId) -> Result<Zeroizing<String>, Failure> {
    let Some(file) = file else { return asked(who) };
    let text = read_secret(file, PASSWORD_MAX + 2)?;
    Ok(Zeroizing::new(text.trim_end_matches(['\n', '\r']).to_owned()))
}

#[cfg(feature = "offline")]
fn asked(who: &PersonId) -> Result<Zeroizing<String>, Failure> {
    let prompt = format!("The sign-in password of {who}: ");
    rpassword::prompt_password(prompt)
        .map(Zeroizing::new)
        .map_err(|error| no_terminal().because(error))
}

#[cfg(not(feature = "offline"))]
fn asked(_who: &PersonId) -> Result<Zeroizing<String>, Failure> {
    Err(no_terminal())
}

fn no_terminal() -> Failure {
    let what = "the password could not be asked for: there is no terminal";
    let next = "--password-file FILE, or --password-file - to read it from a pipe";
    Failure::new(Exit::Usage, "password-needed", what, next)
}

/// Why nothing was restored.
pub fn not_restored(error: &NotRestored) -> Failure {
    let nothing = "Nothing was restored.";
    match error {
        NotRestored::Open(error) => refused(error),
        NotRestored::Gap { stored, promised, missing } => {
            let next = "find them, then restore again with --from: exports, mirrors, checkpoint-bearing \
                        receipts of the centres; deploy/run-books/restore.md";
            let all = stretches(missing);
            let why = format!(
                "The copy has {stored} entries, {promised} were answered. Missing: {all}.\nWhich codes \
                 were issued in them only these lines tell; going on would issue them again.\n{nothing}"
            );
            let lines: Vec<_> = missing.iter().map(|r| json!([r.start, r.end - 1])).collect();
            let data = json!({"stored": stored, "promised": promised, "missing": lines});
            Failure::new(Exit::Behind, "behind-checkpoint-store", error, next)
                .because(why)
                .having_found(Done::new(format!("missing      {all}"), data))
        }
        NotRestored::Mirror(_) => {
            let next = "leave that mirror out, and compare it with others: somebody altered it";
            Failure::new(Exit::NotVerified, "mirror-strange", error, next).because(nothing)
        }
        NotRestored::NeedsFile { hash, .. } => {
            let next = "ask the statistician for that file and give it with --package, or use a copy that was made after \
                        that entry";
            let why = format!(
                "Sealed slots are in no trail, and codes cannot follow without them. The file's SHA-256 is \
                 {hash}.\n{nothing}"
            );
            let data = json!({"sha256": hash});
            let found = Done::new(format!("missing      the file with SHA-256 {hash}"), data);
            Failure::new(Exit::Behind, "package-needed", error, next)
                .because(why)
                .having_found(found)
        }
        NotRestored::NotTheirs => {
            let next =
                "name an active administrator with --by, and the password of the time of the copy";
            Failure::new(Exit::WrongWords, "not-an-administrator", error, next).because(nothing)
        }
    }
}

/// `entries 118 to 131, entry 140`.
fn stretches(all: &[Range<u64>]) -> String {
    let one = |range: &Range<u64>| match range.end - range.start {
        1 => format!("entry {}", range.start),
        n => format!("entries {} to {} ({n})", range.start, range.end - 1),
    };
    all.iter().map(one).collect::<Vec<_>>().join(", ")
}
