//! The trial's file: TOML into [`Trial`], keeping no arm; every mistake with its line and what to do about it (design 10).
//!
//! The file is read twice, by two kinds of people. The service reads [`read`] and gets centres, fields, rules, visits and
//! words. The statistician's commands read `read_design` and get arms, ratio, sizes and slots as well. Both read the same
//! bytes, whose hash stands in the list's manifest.

mod assemble;
mod form;
mod list;
mod review;
mod rules;
mod sections;
mod table;
mod whole;

#[cfg(feature = "offline")]
pub use list::{ListDesign, arm_doses, arm_preparations, arm_vials, arm_words, read_design};
pub use review::render;

use crate::domain::trial::Trial;
use std::fmt;
use table::{Notes, Table};

/// The file is no larger, in bytes.
pub const FILE_BYTES_MAX: usize = 256 * 1024;

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The file is not taken.
    Error,
    /// It is taken, and somebody should know.
    Warning,
}

/// Something found in the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// How bad it is.
    pub severity: Severity,
    /// The line, counted from 1.
    pub line: usize,
    /// What was found, in plain English.
    pub what: String,
    /// What to do.
    pub next: String,
}

impl fmt::Display for Finding {
    /// `error, line 12: … → …`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = match self.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        write!(f, "{word}, line {}: {}\n  → {}", self.line, self.what, self.next)
    }
}

/// What checking came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checked {
    /// The trial, when there was no error.
    pub trial: Option<Trial>,
    /// Errors and warnings, by line.
    pub findings: Vec<Finding>,
}

/// Reads the file. Warnings do not matter here; errors are told all together.
pub fn read(text: &str) -> Result<Trial, Vec<Finding>> {
    let Checked { trial, mut findings } = check(text);
    findings.retain(|finding| finding.severity == Severity::Error);
    match trial {
        Some(trial) if findings.is_empty() => Ok(trial),
        _ => Err(findings),
    }
}

/// Reads the file and tells all that is wrong or doubtful in it.
pub fn check(text: &str) -> Checked {
    let notes = Notes::of(text);
    let trial = with_root(text, &notes, assemble::trial);
    let trial = trial.flatten().filter(|_| !notes.has_errors());
    Checked { trial, findings: notes.into_findings() }
}

/// Parses the text and hands the outermost table on; says where the text is no TOML, or too much of it.
fn with_root<T>(text: &str, notes: &Notes, hand: impl Fn(&Table<'_>) -> T) -> Option<T> {
    if text.len() > FILE_BYTES_MAX {
        let what = format!("the file has {} bytes, more than {FILE_BYTES_MAX}", text.len());
        notes.error(1, what, "a trial fits into a quarter of that: is this the right file?");
        return None;
    }
    let (root, mistakes) = toml::de::DeTable::parse_recoverable(text);
    for mistake in &mistakes {
        let line = mistake.span().map_or(1, |span| notes.line(span.start));
        let what = format!("this is not TOML: {}", mistake.message());
        notes.error(line, what, "mend this line first: later mistakes may come from it");
    }
    mistakes.is_empty().then(|| hand(&Table::root(notes, root.get_ref())))
}
