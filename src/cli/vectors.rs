//! `klero vectors`: does this program mean the same bytes as everybody else's?

use super::failure::{Done, Exit, Failure, ending};
use super::files::read_text;
use crate::sealing::vectors::{CaseResult, VECTORS_BYTES_MAX, check_file};
use clap::{Args, Subcommand};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// The verbs.
#[derive(Subcommand)]
pub enum Verb {
    Check(Check),
}

/// Compute every value of the test vectors anew, and compare
#[derive(Args)]
#[command(after_help = ending([
    "klero vectors check tests/vectors/sealing.json",
    "klero vectors check tests/vectors/*.json",
    "klero vectors check mine.json --json",
], &[Exit::NotThere, Exit::Unreadable, Exit::NotVerified]))]
pub struct Check {
    /// Files of vectors, as the repository has them under tests/vectors
    #[arg(required = true)]
    files: Vec<PathBuf>,
}

impl Check {
    /// One line a case; stops at the first difference.
    pub fn run(self) -> Result<Done, Failure> {
        let (mut lines, mut cases) = (vec![], vec![]);
        for file in &self.files {
            let text = read_text(file, VECTORS_BYTES_MAX)?;
            let results = check_file(&text).map_err(|error| {
                let what = format!("{} holds no vectors that can be checked", file.display());
                let next = "compare its form with the files under tests/vectors";
                Failure::new(Exit::Unreadable, "vectors-unreadable", what, next).because(error)
            })?;
            for case in results {
                if case.difference.is_some() {
                    let found = Done::new(lines.join("\n"), json!({"cases": cases}));
                    return Err(differs(file, &case).having_found(found));
                }
                lines.push(format!("{:<32} {:>3} values agree", case.name, case.values));
                cases.push(found(file, &case));
            }
        }
        lines.push(format!("all {} cases agree", cases.len()));
        Ok(Done::new(lines.join("\n"), json!({"cases": cases})))
    }
}

fn found(file: &Path, case: &CaseResult) -> Value {
    json!({"file": file.display().to_string(), "case": case.name, "values": case.values})
}

fn differs(file: &Path, case: &CaseResult) -> Failure {
    let (mut value, mut why) = (String::new(), String::new());
    if let Some(difference) = &case.difference {
        value.clone_from(&difference.value);
        why = format!("file      {}\ncomputed  {}", difference.expected, difference.found);
    }
    let what = format!("{}: case {}: {value} differs", file.display(), case.name);
    let next = "find out which of the two is wrong before anything is drawn or opened";
    Failure::new(Exit::NotVerified, "vector-differs", what, next).because(why)
}
