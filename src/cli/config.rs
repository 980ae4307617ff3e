//! `klero config`: the house's configuration, checked and shown with the origin of every value.

use super::failure::{Done, Exit, Failure, ending};
use super::files::read_text;
use super::house::Place;
use crate::config::{self, FILE_BYTES_MAX, Given, Mistake, Settled, Sources};
use clap::{Args, Subcommand};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// What is done with it.
#[derive(Subcommand)]
pub enum Verb {
    Check(Check),
    Show(Show),
}

impl Verb {
    /// Does it.
    pub fn run(self) -> Result<Done, Failure> {
        match self {
            Verb::Check(check) => check.run(),
            Verb::Show(show) => show.run(),
        }
    }
}

/// Say what is wrong or doubtful in a klero.toml, by line
#[derive(Args)]
#[command(after_help = ending([
    "klero config check deploy/klero.toml",
    "klero config check /etc/klero/klero.toml --json",
    "klero config check klero.toml",
], &[Exit::NotThere, Exit::Unreadable]))]
pub struct Check {
    /// The file
    file: PathBuf,
}

/// Show every value that holds, and where it came from: flag, variable, file or default
#[derive(Args)]
#[command(after_help = ending([
    "klero config show --config /etc/klero/klero.toml",
    "klero config show --config klero.toml --data /srv/klero",
    "klero config show --json",
], &[Exit::NotThere, Exit::Unreadable]))]
pub struct Show {
    #[command(flatten)]
    place: Place,
}

/// Flags, the environment, this file, defaults.
///
/// # Errors
/// 10 when the file is not there, 15 with everything that is wrong.
pub fn settle(file: Option<&Path>, flags: Vec<Given>) -> Result<Settled, Failure> {
    let text = file.map(|file| read_text(file, FILE_BYTES_MAX)).transpose()?.unwrap_or_default();
    let variable = |name: &str| std::env::var_os(name).filter(|text| !text.is_empty());
    let sources = Sources { flags, variable: &variable, file: &text };
    config::settle(&sources).map_err(|mistakes| wrong(file, &mistakes))
}

fn wrong(file: Option<&Path>, mistakes: &[Mistake]) -> Failure {
    let what = match file {
        Some(file) => format!("{} has mistakes", file.display()),
        None => "the configuration has mistakes".to_owned(),
    };
    let next = "mend each of them; deploy/klero.toml shows every key";
    let found = Done::new(told(file, "error", mistakes), json!({"mistakes": listed(mistakes)}));
    Failure::new(Exit::Unreadable, "configuration-wrong", what, next).having_found(found)
}

/// `klero.toml:3: error: … → …`
fn told(file: Option<&Path>, kind: &str, mistakes: &[Mistake]) -> String {
    let line = |mistake: &Mistake| {
        let place = match (file, mistake.line) {
            (Some(file), Some(line)) => format!("{}:{line}: ", file.display()),
            _ => String::new(),
        };
        format!("{place}{kind}: {} → {}", mistake.what, mistake.next)
    };
    mistakes.iter().map(line).collect::<Vec<_>>().join("\n")
}

fn listed(mistakes: &[Mistake]) -> Vec<Value> {
    let one = |m: &Mistake| json!({"line": m.line, "what": m.what, "next": m.next});
    mistakes.iter().map(one).collect()
}

impl Check {
    /// Reads the file alone, whatever the environment says.
    pub fn run(self) -> Result<Done, Failure> {
        let text = read_text(&self.file, FILE_BYTES_MAX)?;
        let sources = Sources { flags: vec![], variable: &|_| None, file: &text };
        let settled = config::settle(&sources).map_err(|m| wrong(Some(&self.file), &m))?;
        let warnings = settled.config.warnings();
        let text = match warnings.is_empty() {
            true => "nothing to mend".to_owned(),
            false => told(Some(&self.file), "warning", &warnings),
        };
        Ok(Done::new(text, json!({"warnings": listed(&warnings)})))
    }
}

impl Show {
    /// Value by value.
    pub fn run(self) -> Result<Done, Failure> {
        let settled = self.place.settle(vec![])?;
        let width = settled.shown.iter().map(|one| one.name.len()).max().unwrap_or(0);
        let line =
            |one: &config::Shown| format!("{:width$}  {}   ({})", one.name, one.value, one.origin);
        let text = settled.shown.iter().map(line).collect::<Vec<_>>().join("\n");
        let one = |one: &config::Shown| json!({"name": one.name, "value": one.value, "origin": one.origin.to_string()});
        let all: Vec<Value> = settled.shown.iter().map(one).collect();
        Ok(Done::new(text, json!({"settings": all})))
    }
}
