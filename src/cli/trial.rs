//! `klero trial`: the trial's file, checked and shown to those who must agree with it.

use super::failure::{Done, Exit, Failure, ending, say};
use super::files::read_text;
use crate::domain::trial::Trial;
use crate::trial_file::{self, FILE_BYTES_MAX, Finding, Severity};
use clap::Args;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// Find every mistake in a trial file, or show all of it for review, in both languages
#[derive(Args)]
#[command(after_help = ending([
    "klero trial check deploy/nct04515719.toml",
    "klero trial check deploy/nct04515719.toml | less",
    "klero trial check mine.toml --json",
], &[Exit::NotThere, Exit::Unreadable]))]
pub struct Check {
    /// The trial file
    file: PathBuf,
}

impl Check {
    /// Findings as `FILE:LINE: error: what → next`, as editors read them.
    pub fn run(self) -> Result<Done, Failure> {
        let text = read_text(&self.file, FILE_BYTES_MAX)?;
        let checked = trial_file::check(&text);
        let lines: Vec<_> = checked.findings.iter().map(|f| one_line(&self.file, f)).collect();
        let findings: Vec<_> = checked.findings.iter().map(as_json).collect();
        let Some(trial) = checked.trial else {
            let found = Done::new(lines.join("\n"), json!({"findings": findings}));
            return Err(has_errors(&self.file, &checked.findings).having_found(found));
        };
        for line in &lines {
            say!("{line}");
        }
        let rendered = trial_file::render(&trial, &text);
        let data = json!({
            "trial": trial.id.as_str(), "findings": findings, "rendered": rendered,
            "open-decisions": trial.unanswered_decisions().len(),
        });
        Ok(Done::new(rendered.trim_end(), data))
    }
}

fn one_line(file: &Path, finding: &Finding) -> String {
    let Finding { line, what, next, .. } = finding;
    format!("{}:{line}: {}: {what} → {next}", file.display(), severity(finding))
}

fn severity(finding: &Finding) -> &'static str {
    match finding.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    }
}

fn as_json(finding: &Finding) -> Value {
    let Finding { line, what, next, .. } = finding;
    json!({"severity": severity(finding), "line": line, "what": what, "next": next})
}

fn has_errors(file: &Path, findings: &[Finding]) -> Failure {
    let count = findings.iter().filter(|f| f.severity == Severity::Error).count();
    let errors = if count == 1 { "one error" } else { "several errors" };
    let what = format!("{} has {errors}", file.display());
    let next = format!("mend it, then:  klero trial check {}", file.display());
    Failure::new(Exit::Unreadable, "trial-file-wrong", what, next)
        .because("Nothing is drawn, founded or served from a trial file with an error.")
}

/// A trial file that another command needs, with its text, whose hash stands in the manifest.
///
/// # Errors
/// 15 with every finding.
pub fn read(file: &Path) -> Result<(String, Trial), Failure> {
    let text = read_text(file, FILE_BYTES_MAX)?;
    match trial_file::read(&text) {
        Ok(trial) => Ok((text, trial)),
        Err(findings) => Err(wrong(file, &findings)),
    }
}

/// What a command that needs the file says about its mistakes.
pub fn wrong(file: &Path, findings: &[Finding]) -> Failure {
    for finding in findings {
        say!("{}", one_line(file, finding));
    }
    has_errors(file, findings)
}
