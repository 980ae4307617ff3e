//! A folder made again from a backup, and brought forward to what was promised with lines that a mirror has kept (CN-3).
//!
//! What a trail holds comes back byte for byte: every line, and with it every code that was issued. Lists and rotations come
//! back from their files. What else stands only beside the trail does not: private records, single wraps, cards, sealed
//! pharmacy records, passwords. The copy gets its name only when it reaches what the checkpoint store promised, verifies,
//! and says in an entry of its own that it was restored.

use super::apply::{Happened, apply};
use super::backup::copy_database;
use super::history::{self, Trail};
use super::keepsakes::Keepsakes;
use super::rebuild::verify_file;
use super::startup::{Folder, OpenError, check_stretch, trial_in};
use super::{StoreError, TrailFault, View, open_reader, order, upgrade};
use crate::dice::Dice;
use crate::domain::entry::{Entry, Fact, fact};
use crate::domain::time::Moment;
use crate::limits::CLOCK_BACK_MILLIS;
use crate::sealing::bytes::Hash;
use crate::sealing::checkpoint::Checkpoint;
use crate::sealing::line::{self, Head, Line};
use crate::sealing::lock::ServerSecret;
use crate::sealing::package::Package;
use crate::sealing::rotation::Rotation;
use crate::sealing::tree::leaf_hash;
use rusqlite::Connection;
use std::collections::BTreeMap;
use std::fmt;
use std::fs::{self, File};
use std::ops::Range;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

/// Why a folder was not restored. Nothing bears the database's name then.
#[derive(Debug)]
pub enum NotRestored {
    /// The backup, the folder, the checkpoint store.
    Open(OpenError),
    /// What was promised is not all there.
    Gap {
        /// Entries in the backup.
        stored: u64,
        /// Entries in the checkpoint store, or under a later checkpoint that came with the lines.
        promised: u64,
        /// The entries that nobody has given, from and to before.
        missing: Vec<Range<u64>>,
    },
    /// A line that was given does not fit.
    Mirror(TrailFault),
    /// In the gap something was taken in whose file no trail holds, and nobody gave it.
    NeedsFile {
        /// The entry.
        entry: u64,
        /// Its act.
        act: String,
        /// The file's SHA-256.
        hash: String,
    },
    /// Whoever restores is no administrator of this trial, or it is another password.
    NotTheirs,
}

impl fmt::Display for NotRestored {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Open(error) => error.fmt(f),
            Self::Gap { stored, promised, .. } => write!(
                f,
                "the backup has {stored} entries, {promised} were answered: {} are missing",
                promised.saturating_sub(*stored)
            ),
            Self::Mirror(fault) => write!(f, "entry {} of the mirror {}", fault.entry, fault.what),
            Self::NeedsFile { entry, act, .. } => {
                write!(f, "entry {entry} ({act}) took in a file that no trail holds")
            }
            Self::NotTheirs => f.write_str(
                "this is no administrator's account with its password as it stands in the backup",
            ),
        }
    }
}

impl std::error::Error for NotRestored {}

impl From<OpenError> for NotRestored {
    fn from(error: OpenError) -> Self {
        Self::Open(error)
    }
}

impl From<StoreError> for NotRestored {
    fn from(error: StoreError) -> Self {
        Self::Open(error.into())
    }
}

impl From<rusqlite::Error> for NotRestored {
    fn from(error: rusqlite::Error) -> Self {
        Self::Open(error.into())
    }
}

/// Lines that were kept elsewhere, by number, the signed checkpoints that came with them, and files that they name.
#[derive(Debug, Default)]
pub struct Mirror {
    /// Each line under its number.
    pub lines: BTreeMap<u64, String>,
    /// Checkpoints of this trail.
    pub heads: Vec<Checkpoint>,
    /// Packages and rotations that entries took in, each under its SHA-256 in hex.
    pub files: BTreeMap<String, String>,
}

impl Mirror {
    /// Do the lines reach from a backup of so many entries to what was promised, or further to the newest head that came
    /// with them? Returns how far.
    ///
    /// # Errors
    /// `Gap`, with every stretch that nobody gave.
    pub fn covers(&self, stored: u64, promised: u64) -> Result<u64, NotRestored> {
        let newest = self.heads.iter().map(|head| head.size).max().unwrap_or(0);
        let promised = promised.max(newest);
        let missing = missing(&self.lines, stored..promised);
        match missing.is_empty() {
            true => Ok(promised),
            false => Err(NotRestored::Gap { stored, promised, missing }),
        }
    }
}

/// What came back without its whole: what stands only beside the trail. Entry numbers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Lost {
    /// Private records: answers, names, free texts.
    pub private: Vec<u64>,
    /// Cards, granted and passed keys: registered, granted or passed on again.
    pub keys: Vec<u64>,
    /// Sealed pharmacy records.
    pub pharmacy: Vec<u64>,
    /// Accounts that began: their passwords are gone, so they are invited anew.
    pub accounts: Vec<u64>,
}

/// A database that is being restored, under a name that nobody opens.
pub struct Restoring {
    database: PathBuf,
    part: PathBuf,
    connection: Connection,
    promised: Checkpoint,
    from: u64,
    lost: Lost,
    // Held as long as the work goes on.
    _in_use: File,
}

impl Folder {
    /// Copies a backup into this folder, which must hold no database, and brings its schema up. What an earlier attempt
    /// left is taken away.
    ///
    /// # Errors
    /// When there is a database, or the backup is not whole.
    pub fn begin_restore(
        &self,
        backup: &Path,
        promised: Checkpoint,
    ) -> Result<Restoring, NotRestored> {
        let database = self.database();
        let failed = |path: &Path, e| OpenError::Io(path.to_owned(), e);
        for name in ["klero.db", "klero.db-wal", "klero.db-shm"] {
            let file = self.path.join(name);
            if file.symlink_metadata().is_ok() {
                return Err(OpenError::Exists(file).into());
            }
        }
        let mut folder = fs::DirBuilder::new();
        let made = folder.recursive(true).mode(0o700).create(&self.path);
        made.map_err(|e| failed(&self.path, e))?;
        let in_use = self.lock()?;
        let part = self.path.join("klero.db.restoring");
        remove_database(&part);
        super::backup::create_new(&part)?;
        let begun = copy_database(backup, &part).and_then(|connection| {
            let version = upgrade::known_version(&connection)?;
            let size = history::size(&connection)?;
            if let Some(fault) = check_stretch(&connection, 0, size)? {
                return Err(OpenError::Damaged(fault));
            }
            connection.pragma_update(None, "secure_delete", true)?;
            upgrade::bring_up(&connection, version)?;
            // Entries name bytes that no mirror holds.
            connection.pragma_update(None, "foreign_keys", false)?;
            connection.execute_batch("BEGIN IMMEDIATE")?;
            Ok((connection, size))
        });
        let (connection, from) = begun.inspect_err(|_| remove_database(&part))?;
        let lost = Lost::default();
        Ok(Restoring { database, part, connection, promised, from, lost, _in_use: in_use })
    }
}

impl Drop for Restoring {
    /// What did not get its name is nobody's.
    fn drop(&mut self) {
        remove_database(&self.part);
    }
}

fn remove_database(part: &Path) {
    for end in ["", "-journal", "-wal", "-shm"] {
        let mut file = part.as_os_str().to_owned();
        file.push(end);
        // Mostly there is none of them.
        let _ = fs::remove_file(PathBuf::from(file));
    }
}

impl Restoring {
    /// How many entries the backup has.
    pub fn stored(&self) -> u64 {
        self.from
    }

    /// How many entries the checkpoint store remembers.
    pub fn promised(&self) -> u64 {
        self.promised.size
    }

    /// Appends the lines up to what was promised, each checked, and applies them; what a list or a rotation brought is taken
    /// in again, locked with this secret.
    ///
    /// # Errors
    /// `Gap` with every entry that is missing; `Mirror` with the first that does not fit; `NeedsFile`.
    pub fn bring_forward(
        &mut self,
        mirror: &Mirror,
        secret: &ServerSecret,
        dice: &dyn Dice,
    ) -> Result<u64, NotRestored> {
        let stored = self.from;
        let promised = mirror.covers(stored, self.promised.size)?;
        let mut prev = leaf_of(&self.connection, stored)?;
        let mut leaves = vec![];
        for (seq, text) in mirror.lines.range(stored..promised.max(stored)) {
            let read = self.read(*seq, text, &prev)?;
            take_in(&Keepsakes::new(&self.connection, secret, dice), &read, &mirror.files)?;
            prev = self.take(&read, text)?;
            leaves.push(prev);
        }
        let mut trail = Trail::load_at(&self.connection, stored)?;
        trail.extend(&self.connection, &leaves)?;
        for head in mirror.heads.iter().chain([&self.promised]) {
            if history::root(&self.connection, head.size)? != head.root {
                return Err(OpenError::Inconsistent { size: head.size }.into());
            }
        }
        Ok(leaves.len() as u64)
    }

    /// One line: its number, and its place in the chain.
    fn read(&self, seq: u64, text: &str, prev: &Hash) -> Result<Line, NotRestored> {
        let read = line::parse(text).map_err(|_| fault(seq, "is not a line of this trail"))?;
        if read.seq != seq || read.prev != *prev {
            return Err(fault(seq, "does not chain to the entry before it"));
        }
        Ok(read)
    }

    /// What a line does to the tables; returns its leaf.
    fn take(&mut self, read: &Line, text: &str) -> Result<Hash, NotRestored> {
        let leaf = leaf_hash(text.as_bytes());
        insert(&self.connection, read.seq, &leaf, text)?;
        let happened = Happened { seq: read.seq, at: read.at, by: &read.by, entry: &read.entry };
        let applied = apply(&self.connection, &happened);
        applied.map_err(|_| fault(read.seq, "does not follow from the backup"))?;
        self.lost.note(read);
        Ok(leaf)
    }

    /// What came back without its whole.
    pub fn lost(&self) -> &Lost {
        &self.lost
    }

    /// Questions to the restored database.
    pub fn view(&self) -> View<'_> {
        View::new(&self.connection)
    }

    /// Checks everything, without giving it its name: a drill ends here. Returns how many entries there are.
    ///
    /// # Errors
    /// What does not fit.
    pub fn check(&self) -> Result<u64, NotRestored> {
        self.connection.execute_batch("COMMIT")?;
        order::check(&self.connection, super::SCHEMA_VERSION)?;
        // A drill writes no entry that says what came from a mirror.
        let mirrored = self.from..history::size(&self.connection)?;
        let checked = verify_file(&self.part, true, mirrored)?;
        Ok(checked.entries)
    }

    /// Ends every session, writes the entry `restored`, checks everything, and only then gives the database its name.
    /// Returns that entry's number.
    ///
    /// # Errors
    /// What does not fit; nothing bears the name then.
    pub fn finish(self, entry: Entry, now: Moment, salt: [u8; 16]) -> Result<u64, NotRestored> {
        let seq = history::size(&self.connection)?;
        let last: String = self.connection.query_row(
            "SELECT line FROM entries ORDER BY seq DESC LIMIT 1",
            [],
            |row| row.get(0),
        )?;
        let last = line::parse(&last).map_err(|_| StoreError::Damaged)?.at;
        if now.millis() + CLOCK_BACK_MILLIS < last.millis() {
            return Err(StoreError::ClockOff.into());
        }
        let prev = leaf_of(&self.connection, seq)?;
        let head = Head { seq, at: now.max(last), by: "service", role: "service", prev };
        let written = line::write(&head, &entry, salt).map_err(|_| StoreError::Constraint)?;
        insert(&self.connection, seq, &written.leaf, &written.line)?;
        if let Some(record) = &written.private {
            let sql = "INSERT INTO private_records (seq, record) VALUES (?1, ?2)";
            self.connection.execute(sql, (seq as i64, record))?;
        }
        let happened = Happened { seq, at: head.at, by: "service", entry: &entry };
        apply(&self.connection, &happened)?;
        Trail::load_at(&self.connection, seq)?.extend(&self.connection, &[written.leaf])?;
        // Whoever was signed in, invited or dismissed since the backup: its sessions and passwords are not today's. A
        // passkey or a link to the hospital's sign-on may have been removed since because it was in wrong hands, and is an
        // extra: whoever has it still adds it again.
        self.connection.execute_batch(
            "DELETE FROM sessions;
             DELETE FROM passkeys;
             DELETE FROM sign_on_links;
             DELETE FROM invitations WHERE person NOT IN (SELECT id FROM people WHERE state = 'invited');
             DELETE FROM credentials WHERE person IN (SELECT id FROM people WHERE state <> 'active');",
        )?;
        self.check()?;
        let failed = |path: &Path, e| OpenError::Io(path.to_owned(), e);
        File::open(&self.part).and_then(|f| f.sync_all()).map_err(|e| failed(&self.part, e))?;
        fs::hard_link(&self.part, &self.database).map_err(|e| failed(&self.database, e))?;
        let folder = self.database.parent().unwrap_or(Path::new("."));
        File::open(folder).and_then(|f| f.sync_all()).map_err(|e| failed(folder, e))?;
        Ok(seq)
    }
}

fn fault(entry: u64, what: &'static str) -> NotRestored {
    NotRestored::Mirror(TrailFault { entry, what })
}

/// Takes in again what an entry took in from a file: without it no later entry can be applied. The entry names the file by
/// its hash, so it is the very one that was checked when it came.
fn take_in(
    keepsakes: &Keepsakes<'_>,
    read: &Line,
    files: &BTreeMap<String, String>,
) -> Result<(), NotRestored> {
    let act = read.entry.act.as_str();
    let name = match act {
        "list-imported" | "drill-list-imported" => "package",
        "key-rotated" => "file",
        _ => return Ok(()),
    };
    let strange = || fault(read.seq, "took in a file that cannot be read");
    let Some(Fact::Text(hash)) = fact(&read.entry.data, name) else { return Err(strange()) };
    let needed =
        || NotRestored::NeedsFile { entry: read.seq, act: act.to_owned(), hash: hash.clone() };
    let file = files.get(hash).ok_or_else(needed)?;
    if act == "key-rotated" {
        keepsakes.rotation(&Rotation::read(file).map_err(|_| strange())?)?;
        return Ok(());
    }
    let package = Package::read(file).map_err(|_| strange())?;
    match act {
        "list-imported" => keepsakes.list(&package)?,
        _ => keepsakes.drill_list(&package)?,
    }
    Ok(())
}

impl Lost {
    fn note(&mut self, read: &Line) {
        if read.private.is_some() {
            self.private.push(read.seq);
        }
        match read.entry.act.as_str() {
            "key-registered" | "key-granted" | "slot-key-passed" => self.keys.push(read.seq),
            "preparation-recorded" | "stock-recorded" => self.pharmacy.push(read.seq),
            "account-activated" => self.accounts.push(read.seq),
            _ => {}
        }
    }
}

fn insert(connection: &Connection, seq: u64, leaf: &Hash, text: &str) -> Result<(), StoreError> {
    connection
        .prepare_cached("INSERT INTO entries (seq, leaf, line) VALUES (?1, ?2, ?3)")?
        .execute((seq as i64, &leaf[..], text))?;
    Ok(())
}

fn leaf_of(connection: &Connection, before: u64) -> Result<Hash, StoreError> {
    let sql = "SELECT leaf FROM entries WHERE seq = ?1";
    match before.checked_sub(1) {
        None => Ok([0; 32]),
        Some(seq) => Ok(connection.query_row(sql, [seq as i64], |row| row.get(0))?),
    }
}

/// The numbers of a stretch that are not there, as stretches.
fn missing(lines: &BTreeMap<u64, String>, wanted: Range<u64>) -> Vec<Range<u64>> {
    let mut missing: Vec<Range<u64>> = vec![];
    let mut next = wanted.start;
    for seq in lines.range(wanted.start..wanted.end.max(wanted.start)).map(|(seq, _)| *seq) {
        if seq > next {
            missing.push(next..seq);
        }
        next = seq + 1;
    }
    if next < wanted.end {
        missing.push(next..wanted.end);
    }
    missing
}

/// The stretches of the trail that came from a mirror, as the entries `restored` name them.
pub(super) fn gaps(connection: &Connection) -> Result<Vec<Range<u64>>, StoreError> {
    let sql = "SELECT line FROM entries WHERE instr(line, '\"act\":\"restored\"') > 0";
    let mut statement = connection.prepare(sql)?;
    let mut rows = statement.query([])?;
    let mut gaps = vec![];
    while let Some(row) = rows.next()? {
        let text = row.get_ref(0)?.as_str().map_err(|_| StoreError::Damaged)?;
        let read = line::parse(text).map_err(|_| StoreError::Damaged)?;
        let number = |name| match fact(&read.entry.data, name) {
            Some(Fact::Number(number)) => Some(*number),
            _ => None,
        };
        if let ("restored", Some(from), Some(to)) =
            (read.entry.act.as_str(), number("from"), number("to"))
        {
            gaps.push(from..to);
        }
    }
    Ok(gaps)
}

/// Whose trail a backup holds, and how many entries.
///
/// # Errors
/// When it is no database of this program.
pub fn read_backup(backup: &Path) -> Result<(String, u64), OpenError> {
    if !backup.exists() {
        return Err(OpenError::NotThere(backup.to_owned()));
    }
    let reader = open_reader(backup)?;
    Ok((trial_in(&reader)?, history::size(&reader)?))
}

#[cfg(test)]
mod tests {
    use super::missing;
    use std::collections::BTreeMap;

    #[test]
    fn what_is_missing_of_a_stretch_is_told_as_stretches() {
        let lines = |all: &[u64]| -> BTreeMap<u64, String> {
            all.iter().map(|seq| (*seq, String::new())).collect()
        };
        assert_eq!(missing(&lines(&[]), 3..6), std::slice::from_ref(&(3..6)));
        assert_eq!(missing(&lines(&[3, 5, 9]), 3..6), std::slice::from_ref(&(4..5)));
        assert_eq!(missing(&lines(&[2, 4]), 3..6), [3..4, 5..6]);
        assert_eq!(missing(&lines(&[3, 4, 5]), 3..6), []);
        assert_eq!(missing(&lines(&[3]), 6..6), []);
    }
}
