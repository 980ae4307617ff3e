//! Everything that can be found out about a data folder without the service: for `klero doctor`, beside it or when it
//! does not start. Each check is one function and a line of [`CHECKS`].

use super::drills::{Trodden, roads_in};
use super::founding::founded_in;
use super::openers::thin_in;
use super::restore::trail_key;
use crate::domain::drill::{AMBER_DAYS, Light, days_since};
use crate::domain::time::Moment;
use crate::domain::trial::Trial;
use crate::limits::{BACKUP_HOURS_MAX, CLOCK_BACK_MILLIS, DRILL_DAYS_MAX, UNCONFIRMED_SECONDS};
use crate::sealing::line;
use crate::store::backup::inspect;
use crate::store::shelf::Done;
use crate::store::{Folder, OpenError, SCHEMA_VERSION, StoreError};
use crate::trial_file;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;

/// How one thing is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// As it should be.
    Well,
    /// It cannot be found out here, or should be seen to one day.
    Note,
    /// It must be mended.
    Ill,
}

/// One thing that was looked at.
#[derive(Debug, Clone)]
pub struct Finding {
    /// What was looked at, in one word; never renamed.
    pub check: &'static str,
    /// How it is.
    pub state: State,
    /// What was found.
    pub said: String,
    /// What to do; empty when it is well.
    pub remedy: String,
}

impl Finding {
    /// As it should be.
    pub fn well(check: &'static str, said: impl Into<String>) -> Self {
        Self { check, state: State::Well, said: said.into(), remedy: String::new() }
    }

    /// To be seen to, or not to be found out.
    pub fn note(check: &'static str, said: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { check, state: State::Note, said: said.into(), remedy: remedy.into() }
    }

    /// To be mended.
    pub fn ill(check: &'static str, said: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { check, state: State::Ill, said: said.into(), remedy: remedy.into() }
    }
}

/// What the checks look at.
struct Patient<'p> {
    folder: &'p Folder,
    now: Moment,
    /// The trial as it was founded; none when it does not read.
    trial: Option<Trial>,
}

/// A check, and its word.
type Check = (&'static str, fn(&Patient<'_>) -> Result<Finding, OpenError>);

/// All of them, in the order of what hangs on what.
const CHECKS: [Check; 15] = [
    ("folder", modes),
    ("server-secret", secret),
    ("schema", schema),
    ("integrity", integrity),
    ("checkpoint-store", promised),
    ("checkpoint-disk", apart),
    ("clock", clock),
    ("decisions", decisions),
    ("list", list),
    ("key-holders", holders),
    ("emergency-drill", practised),
    ("openings", openings),
    ("backup", backup),
    ("backup-verified", verified),
    ("backup-drill", drilled),
];

/// Looks at everything. Reads only, so that it may run beside the service.
///
/// # Errors
/// When there is no database to look at.
pub fn examine(folder: &Folder, now: Moment) -> Result<Vec<Finding>, OpenError> {
    if !folder.database().exists() {
        return Err(OpenError::NotThere(folder.path.clone()));
    }
    let founded = folder.look(|view| founded_in(view).map_err(|_| StoreError::Damaged)).ok();
    let trial = founded.and_then(|(text, _)| trial_file::read(&text).ok());
    let patient = Patient { folder, now, trial };
    let look = |(check, look): &Check| {
        look(&patient).unwrap_or_else(|error| {
            let remedy = "mend what stands above, then look again";
            Finding::ill(check, error.to_string(), remedy)
        })
    };
    Ok(CHECKS.iter().map(look).collect())
}

fn modes(of: &Patient<'_>) -> Result<Finding, OpenError> {
    let database = of.folder.database();
    for path in [&of.folder.path, &database, &of.folder.checkpoint] {
        let found = std::fs::metadata(path).map_err(|e| OpenError::Io(path.clone(), e))?;
        if found.permissions().mode() & 0o077 != 0 {
            let (path, mode) = (path.display(), if found.is_dir() { 700 } else { 600 });
            let remedy = format!("chmod {mode} {path}");
            return Ok(Finding::ill("folder", format!("others may read {path}"), remedy));
        }
    }
    Ok(Finding::well("folder", "only its owner may read the data"))
}

fn secret(of: &Patient<'_>) -> Result<Finding, OpenError> {
    let remedy = |error: &OpenError| match error {
        OpenError::SecretIsOpen(path) => format!("chmod 600 {}", path.display()),
        _ => "name the secret that this folder was founded with: --server-secret FILE".to_owned(),
    };
    let key = of.folder.trial_of().and_then(|trial| trail_key(of.folder, &trial));
    Ok(match key {
        Err(error) => Finding::ill("server-secret", error.to_string(), remedy(&error)),
        Ok(_) if of.folder.server_secret.starts_with(&of.folder.path) => Finding::note(
            "server-secret",
            "it lies in the data folder: whoever copies the folder has the whole house",
            "give it to systemd as a credential, or put it on another disk: service.server_secret_file",
        ),
        Ok(_) => Finding::well("server-secret", "read, and closed to others"),
    })
}

fn schema(of: &Patient<'_>) -> Result<Finding, OpenError> {
    Ok(match of.folder.schema()? {
        SCHEMA_VERSION => Finding::well("schema", format!("version {SCHEMA_VERSION}")),
        older => Finding::note(
            "schema",
            format!("version {older}; this program has {SCHEMA_VERSION}"),
            "take a backup; klero serve brings it up when it starts",
        ),
    })
}

fn integrity(of: &Patient<'_>) -> Result<Finding, OpenError> {
    let remedy = "keep the folder as it is, and restore a backup: deploy/run-books/restore.md";
    Ok(match inspect(&of.folder.database()) {
        Ok(found) => {
            let said = format!("{} entries, {} against the tables", found.entries, found.compared);
            Finding::well("integrity", said)
        }
        Err(error) => Finding::ill("integrity", error.to_string(), remedy),
    })
}

fn promised(of: &Patient<'_>) -> Result<Finding, OpenError> {
    let key = trail_key(of.folder, &of.folder.trial_of()?)?;
    // In this order: what is committed meanwhile is promised later.
    let promised = of.folder.promised(&key)?;
    let (stored, root) = of.folder.look(|view| {
        let stored = view.trail_size()?;
        Ok((stored, view.trail_root(stored.min(promised.size))?))
    })?;
    let says = format!("{stored} entries, {} remembered", promised.size);
    let remedy = "do not start the service; deploy/run-books/restore.md";
    Ok(match () {
        () if stored < promised.size => Finding::ill("checkpoint-store", says, remedy),
        () if root != promised.root => {
            Finding::ill("checkpoint-store", "it remembers another trail", remedy)
        }
        () => Finding::well("checkpoint-store", says),
    })
}

fn apart(of: &Patient<'_>) -> Result<Finding, OpenError> {
    let device = |path: &Path| {
        std::fs::metadata(path).map(|m| m.dev()).map_err(|e| OpenError::Io(path.to_owned(), e))
    };
    Ok(match device(&of.folder.path)? == device(&of.folder.checkpoint)? {
        false => Finding::well("checkpoint-disk", "on another device than the data"),
        true => Finding::ill(
            "checkpoint-disk",
            "the checkpoint store is on the data's own disk: lost together, an old backup cannot be told",
            "stop the service, move the file to another disk or host, and set service.checkpoint",
        ),
    })
}

fn clock(of: &Patient<'_>) -> Result<Finding, OpenError> {
    let last = of.folder.look(|view| {
        let last = view.trail_size()?.checked_sub(1);
        let text = last.map(|seq| view.line(seq)).transpose()?.flatten();
        Ok(text.and_then(|text| line::parse(&text).ok()).map(|line| line.at))
    })?;
    let behind = |last: Moment| of.now.millis() + CLOCK_BACK_MILLIS < last.millis();
    Ok(match last {
        Some(last) if behind(last) => {
            let said = format!("it shows {}, the last entry was written at {last}", of.now);
            Finding::ill(
                "clock",
                said,
                "set the clock right (timedatectl); acts are refused until then",
            )
        }
        _ => Finding::well("clock", "not behind the last entry"),
    })
}

fn trial<'p>(of: &'p Patient<'_>) -> Result<&'p Trial, OpenError> {
    of.trial.as_ref().ok_or(OpenError::Store(StoreError::Damaged))
}

fn decisions(of: &Patient<'_>) -> Result<Finding, OpenError> {
    let open: Vec<String> =
        trial(of)?.unanswered_decisions().iter().map(|d| d.id.clone()).collect();
    Ok(match open.is_empty() {
        true => Finding::well("decisions", "every one has a signed answer"),
        false => Finding::ill(
            "decisions",
            format!("without a signed answer: {}", open.join(", ")),
            "the principal investigator signs each; a live list is refused until then",
        ),
    })
}

fn list(of: &Patient<'_>) -> Result<Finding, OpenError> {
    let lists = of.folder.look(|view| view.lists())?;
    let waiting = lists.iter().filter(|list| list.reviewed.is_none()).count();
    Ok(match (lists.len(), waiting) {
        (0, _) => Finding::ill("list", "none is imported", "klero list import package.json"),
        (_, 0) => Finding::well("list", "imported, and its report approved"),
        _ => Finding::ill(
            "list",
            "its report is not approved: nothing can be issued from it",
            "a monitor reads and approves it: page List",
        ),
    })
}

fn holders(of: &Patient<'_>) -> Result<Finding, OpenError> {
    let trial = trial(of)?;
    let thin = of.folder.look(|view| thin_in(view, trial))?;
    let place = |one: &super::openers::Thin| match &one.centre {
        Some(centre) => centre.to_string(),
        None => "hotline".to_owned(),
    };
    let places: Vec<String> = thin.iter().map(place).collect();
    Ok(match places.is_empty() {
        true => Finding::well("key-holders", "at least two at every centre and at the hotline"),
        false => Finding::ill(
            "key-holders",
            format!("fewer than two at: {}", places.join(", ")),
            "invite a second holder there, and have the key granted",
        ),
    })
}

/// The roads of an emergency, each by the age of its last drill that was passed (EU-18).
fn practised(of: &Patient<'_>) -> Result<Finding, OpenError> {
    let trial = trial(of)?;
    let roads = of.folder.look(|view| roads_in(view, trial))?;
    let word = |road: &Trodden| {
        let place = road.centre.as_ref().map_or("hotline", |centre| centre.as_str());
        match road.passed {
            Some(at) => format!("{place} {} days ago", days_since(at, of.now)),
            None => format!("{place} never"),
        }
    };
    let all = |wanted: &dyn Fn(&Trodden) -> bool| {
        let these = roads.iter().filter(|road| wanted(road)).map(word);
        these.collect::<Vec<_>>().join(", ")
    };
    let light = |road: &Trodden| Light::since(road.passed, of.now);
    let late = all(&|road| road.needed && light(road) == Light::Red);
    let due = all(&|road| road.needed && light(road) == Light::Amber);
    let ahead = all(&|road| !road.needed);
    let remedy = "the hotline, and an investigator of each centre, drills once a month: page Drill";
    let check = "emergency-drill";
    Ok(if !late.is_empty() {
        let said = format!("no drill passed within {AMBER_DAYS} days: {late}");
        Finding::ill(check, said, remedy)
    } else if !due.is_empty() {
        Finding::note(check, format!("due again: {due}"), remedy)
    } else if !ahead.is_empty() {
        let said = format!("not yet passed where nothing is open yet: {ahead}");
        Finding::note(check, said, "a live centre opens only after a passed drill: page Drill")
    } else {
        Finding::well(check, format!("passed: {}", all(&|_| true)))
    })
}

fn openings(of: &Patient<'_>) -> Result<Finding, OpenError> {
    let before = of.now.plus_seconds(-UNCONFIRMED_SECONDS);
    Ok(match of.folder.look(|view| view.unconfirmed(before))? {
        0 => {
            Finding::well("openings", "every release was confirmed, or is younger than ten minutes")
        }
        n => Finding::note(
            "openings",
            format!("{n} releases without a confirmed opening; each counts as unblinded"),
            "a monitor asks the holders: page Trail, openings",
        ),
    })
}

/// The words of a thing done with a copy, and whether it is too long ago.
fn age(of: &Patient<'_>, done: &Done, seconds_max: i64) -> (String, bool) {
    let late = done.at.plus_seconds(seconds_max) < of.now;
    (format!("{}, {} entries, at {}", done.file, done.entries, done.at), late)
}

fn backup(of: &Patient<'_>) -> Result<Finding, OpenError> {
    let remedy = "klero backup create; then the timer of deploy/ that does it every night";
    let Some(done) = of.folder.shelf().created else {
        return Ok(Finding::ill("backup", "none was ever made here", remedy));
    };
    let (said, late) = age(of, &done, BACKUP_HOURS_MAX * 3600);
    Ok(if late { Finding::ill("backup", said, remedy) } else { Finding::well("backup", said) })
}

fn verified(of: &Patient<'_>) -> Result<Finding, OpenError> {
    let remedy = "klero backup verify FILE, where the copy is kept";
    let Some(done) = of.folder.shelf().verified else {
        return Ok(Finding::ill("backup-verified", "no copy was ever read again", remedy));
    };
    let (said, late) = age(of, &done, DRILL_DAYS_MAX * 86_400);
    Ok(match late {
        true => Finding::ill("backup-verified", said, remedy),
        false => Finding::well("backup-verified", said),
    })
}

fn drilled(of: &Patient<'_>) -> Result<Finding, OpenError> {
    let remedy = "klero backup drill: a backup that was never restored is a hope";
    let Some(done) = of.folder.shelf().drilled else {
        return Ok(Finding::ill("backup-drill", "none was ever restored to try it", remedy));
    };
    let (mut said, late) = age(of, &done, DRILL_DAYS_MAX * 86_400);
    if done.lost > 0 {
        said.push_str(&format!("; {} issued codes were in no copy and no mirror", done.lost));
        let remedy = "keep a mirror of the trail elsewhere, and drill with --from";
        return Ok(Finding::note("backup-drill", said, remedy));
    }
    Ok(match late {
        true => Finding::ill("backup-drill", said, remedy),
        false => Finding::well("backup-drill", said),
    })
}
