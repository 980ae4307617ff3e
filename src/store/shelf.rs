//! The shelf of backups: how the copies in a folder are named, which of them may go, and a note beside the data of what
//! was copied, verified and tried last, which the running service reads.

use super::backup::{fits_its_hash, hash_file};
use super::startup::{Folder, OpenError};
use crate::domain::entry::{Fact, Facts, fact};
use crate::domain::time::{Date, Moment};
use crate::sealing::line::{facts_from_json, facts_json};
use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

/// The note's name in the data folder.
const NOTE: &str = "backups.json";

/// A copy on the shelf.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Copy {
    /// When it was made, by its name.
    pub at: Moment,
    /// Where it is.
    pub file: PathBuf,
}

/// `klero-2026-11-21T081530Z.db`: no centre, no person, and it sorts by time.
pub fn name_at(now: Moment) -> String {
    let text = now.to_string();
    format!("klero-{}Z.db", text.get(..19).unwrap_or(&text).replace(':', ""))
}

fn read_name(name: &str) -> Option<Moment> {
    let stamp = name.strip_prefix("klero-")?.strip_suffix("Z.db")?;
    let (day, time) = stamp.split_once('T')?;
    let part = |from: usize| time.get(from..from + 2);
    let read = format!("{day}T{}:{}:{}Z", part(0)?, part(2)?, part(4)?);
    Moment::parse(&read).filter(|at| name_at(*at) == name)
}

/// The copies in a folder, newest first. What has another name is nobody's business here.
///
/// # Errors
/// When the folder cannot be read.
pub fn copies(folder: &Path) -> Result<Vec<Copy>, OpenError> {
    let failed = |e| OpenError::Io(folder.to_owned(), e);
    let mut all = vec![];
    for entry in fs::read_dir(folder).map_err(failed)? {
        let file = entry.map_err(failed)?.path();
        let name = file.file_name().map(|name| name.to_string_lossy().into_owned());
        if let Some(at) = name.as_deref().and_then(read_name) {
            all.push(Copy { at, file });
        }
    }
    all.sort_by(|a, b| b.cmp(a));
    Ok(all)
}

/// Which copies may go, oldest last: of so many days, weeks and months that have any, the newest stays; and so do the
/// newest that fits the hash written when it was verified, and whatever is newer.
///
/// # Errors
/// When a copy cannot be read.
pub fn superfluous(copies: &[Copy], keep: [u32; 3]) -> Result<Vec<Copy>, OpenError> {
    let mut kept = BTreeSet::new();
    for copy in copies {
        kept.insert(copy.file.clone());
        if fits_its_hash(&copy.file)?.1 == Some(true) {
            break;
        }
    }
    for (kind, most) in keep.into_iter().enumerate() {
        let mut seen = BTreeSet::new();
        for copy in copies {
            if seen.len() < most as usize && seen.insert(period(copy.at, kind)) {
                kept.insert(copy.file.clone());
            }
        }
    }
    Ok(copies.iter().filter(|copy| !kept.contains(&copy.file)).cloned().collect())
}

/// The day, week (from Monday) or month of a moment, in UTC.
fn period(at: Moment, kind: usize) -> i32 {
    let text = at.to_string();
    let day = text.get(..10).and_then(Date::parse);
    let (Some(day), Some(monday)) = (day, Date::new(1970, 1, 5)) else { return 0 };
    let [year, month, _] = day.parts();
    match kind {
        0 => day.days_since(monday),
        1 => day.days_since(monday).div_euclid(7),
        _ => i32::from(year) * 12 + i32::from(month),
    }
}

/// Takes a copy from the shelf, with the hash beside it.
///
/// # Errors
/// When it cannot be removed.
pub fn remove(copy: &Copy) -> Result<(), OpenError> {
    fs::remove_file(&copy.file).map_err(|e| OpenError::Io(copy.file.clone(), e))?;
    // A copy that was not finished has none.
    let _ = fs::remove_file(hash_file(&copy.file));
    Ok(())
}

/// One thing that was done with a copy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Done {
    /// When.
    pub at: Moment,
    /// The copy's name, without its folder.
    pub file: String,
    /// How many entries it had.
    pub entries: u64,
    /// How many of the codes that were issued by then it could not give back; of a drill alone.
    pub lost: u64,
}

/// What was done last with the copies.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Shelf {
    /// The last copy.
    pub created: Option<Done>,
    /// The last that was verified after it was made.
    pub verified: Option<Done>,
    /// The last that was restored to try it.
    pub drilled: Option<Done>,
}

const KINDS: [&str; 3] = ["created", "verified", "drilled"];

impl Shelf {
    fn parts(&self) -> [&Option<Done>; 3] {
        [&self.created, &self.verified, &self.drilled]
    }
}

impl Folder {
    /// What was noted of copies beside these data; nothing when nobody noted anything, or it does not read.
    pub fn shelf(&self) -> Shelf {
        let text = fs::read_to_string(self.path.join(NOTE)).unwrap_or_default();
        let facts = facts_from_json(text.trim_end()).unwrap_or_default();
        let of = |name| match fact(&facts, name) {
            Some(Fact::Group(done)) => read_done(done),
            _ => None,
        };
        Shelf { created: of(KINDS[0]), verified: of(KINDS[1]), drilled: of(KINDS[2]) }
    }

    /// Notes what was done, over what was noted before: whole or not at all.
    ///
    /// # Errors
    /// When the data folder cannot be written.
    pub fn note(&self, change: impl FnOnce(&mut Shelf)) -> Result<(), OpenError> {
        let mut shelf = self.shelf();
        change(&mut shelf);
        let group = |done: &Done| {
            let text = |name: &str, text: String| (name.to_owned(), Fact::Text(text));
            Fact::Group(vec![
                text("at", done.at.to_string()),
                text("file", done.file.clone()),
                ("entries".to_owned(), Fact::Number(done.entries)),
                ("lost".to_owned(), Fact::Number(done.lost)),
            ])
        };
        let named = KINDS.into_iter().zip(shelf.parts());
        let facts: Facts = named
            .filter_map(|(name, done)| Some((name.to_owned(), group(done.as_ref()?))))
            .collect();
        let (file, new) = (self.path.join(NOTE), self.path.join("backups.json.new"));
        let written = File::create(&new)
            .and_then(|mut f| {
                f.write_all(facts_json(&facts).as_bytes()).and_then(|()| f.sync_all())
            })
            .and_then(|()| fs::rename(&new, &file));
        written.map_err(|e| OpenError::Io(file, e))
    }
}

fn read_done(facts: &Facts) -> Option<Done> {
    let text = |name| match fact(facts, name) {
        Some(Fact::Text(text)) => Some(text.clone()),
        _ => None,
    };
    let number = |name| match fact(facts, name) {
        Some(Fact::Number(number)) => Some(*number),
        _ => None,
    };
    Some(Done {
        at: Moment::parse(&text("at")?)?,
        file: text("file")?,
        entries: number("entries")?,
        lost: number("lost")?,
    })
}

#[cfg(test)]
mod tests {
    use super::{Copy, name_at, period, read_name, superfluous};
    use crate::domain::time::Moment;
    use std::path::PathBuf;

    fn at(text: &str) -> Moment {
        Moment::parse(text).expect("a moment")
    }

    #[test]
    fn a_copy_is_named_by_its_second_and_read_back_from_its_name() {
        let name = name_at(at("2026-11-21T08:15:30.123Z"));
        assert_eq!(name, "klero-2026-11-21T081530Z.db");
        assert_eq!(read_name(&name), Some(at("2026-11-21T08:15:30Z")));
        for other in ["klero-2026-11-21.db", "copy.db", "klero-2026-11-21T0815Z.db", "klero-Z.db"] {
            assert_eq!(read_name(other), None, "{other}");
        }
    }

    #[test]
    fn weeks_begin_on_monday_and_months_with_their_first() {
        let week = |text| period(at(text), 1);
        assert_eq!(week("2026-11-23T00:00:00Z"), week("2026-11-29T23:59:59Z"));
        assert_ne!(week("2026-11-22T23:59:59Z"), week("2026-11-23T00:00:00Z"));
        let month = |text| period(at(text), 2);
        assert_eq!(month("2026-11-30T23:59:59Z") + 1, month("2026-12-01T00:00:00Z"));
        assert_eq!(month("2026-12-31T00:00:00Z") + 1, month("2027-01-01T00:00:00Z"));
    }

    // shows: CN-2
    #[test]
    fn the_newest_verified_copy_stays_whatever_is_asked() {
        let folder = std::env::temp_dir().join(format!("klero-shelf-{}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("a temporary folder");
        let copy = |text: &str, verified: bool| {
            let (at, file) = (at(text), folder.join(name_at(at(text))));
            std::fs::write(&file, text).expect("it is written");
            if verified {
                let line =
                    crate::sealing::bytes::hex(&crate::sealing::bytes::sha256(text.as_bytes()));
                std::fs::write(super::hash_file(&file), line).expect("it is written");
            }
            Copy { at, file }
        };
        let all = [
            copy("2026-11-21T20:00:00Z", false),
            copy("2026-11-21T08:00:00Z", true),
            copy("2026-11-20T08:00:00Z", true),
            copy("2026-11-19T08:00:00Z", true),
            copy("2026-10-01T08:00:00Z", true),
        ];
        let gone = |keep| -> Vec<PathBuf> {
            let gone = superfluous(&all, keep).expect("they read");
            gone.into_iter().map(|copy| copy.file).collect()
        };
        let files = |range: std::ops::Range<usize>| -> Vec<PathBuf> {
            all[range].iter().map(|copy| copy.file.clone()).collect()
        };
        assert_eq!(gone([0, 0, 0]), files(2..5), "the unfinished one and the newest verified stay");
        assert_eq!(gone([2, 0, 0]), files(3..5));
        assert_eq!(gone([0, 0, 2]), files(2..4), "one of each month");
        assert_eq!(gone([9, 9, 9]), Vec::<PathBuf>::new());
        std::fs::remove_dir_all(&folder).expect("it is removed");
    }
}
