//! `klero verify`: is a finished trial what it says? For everybody, from public files alone.

use super::failure::{Done, Exit, Failure, ending};
use super::files::{TRAIL_BYTES_MAX, read_text};
use super::trail_folder::{CHECKPOINT, LINES, TRAIL_KEY};
use crate::sealing::checkpoint::NOTE_BYTES_MAX;
use crate::sealing::data_set::{DATA_SET_BYTES_MAX, read_data_set};
use crate::sealing::disclosure::{DISCLOSURE_BYTES_MAX, Disclosure};
use crate::sealing::manifest::MANIFEST_BYTES_MAX;
use crate::sealing::verify::{Evidence, Outcome, Step, Verdict, verify};
use clap::Args;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// Re-create the list, and check every allocation, release and analysed arm against it
///
/// Seven checks, in their order; the first that fails is named, and those after it would prove nothing. Needs no
/// network and no database.
#[derive(Args)]
#[command(after_help = ending([
    "klero verify --manifest manifest.txt --disclosure disclosure.json --trail export --data data.csv",
    "klero verify --manifest manifest.txt manifest-1.txt --disclosure disclosure.json \
     disclosure-1.json --trail export --data data.csv",
    "klero verify --manifest manifest.txt --disclosure disclosure.json --trail export --data data.csv \
     --trail-key printed.txt --kept checkpoint-2027.txt",
], &[Exit::NotThere, Exit::Unreadable, Exit::NotVerified]))]
pub struct Verify {
    /// The signed manifests, segment 0 first
    #[arg(long, value_name = "FILE", num_args = 1.., required = true)]
    manifest: Vec<PathBuf>,
    /// The disclosures, in the same order
    #[arg(long, value_name = "FILE", num_args = 1.., required = true)]
    disclosure: Vec<PathBuf>,
    /// The exported trail: a folder with trail.jsonl, checkpoint.txt and trail-key.txt
    #[arg(long, value_name = "FOLDER")]
    trail: PathBuf,
    /// The analysis data set: CSV of participant,code,arm, with or without broken
    #[arg(long, value_name = "CSV")]
    data: PathBuf,
    /// A trail key that was printed early, instead of the one in the export
    #[arg(long, value_name = "FILE")]
    trail_key: Option<PathBuf>,
    /// Checkpoints that others kept along the way: they find a trail that was written anew
    #[arg(long, value_name = "FILE", num_args = 1..)]
    kept: Vec<PathBuf>,
}

impl Verify {
    /// One line a check.
    pub fn run(self) -> Result<Done, Failure> {
        let read_all = |files: &[PathBuf], most| -> Result<Vec<String>, Failure> {
            files.iter().map(|file| read_text(file, most)).collect()
        };
        let manifests = read_all(&self.manifest, MANIFEST_BYTES_MAX)?;
        let disclosures =
            self.disclosure.iter().map(|file| disclosure(file)).collect::<Result<Vec<_>, _>>()?;
        let key_file = self.trail_key.clone().unwrap_or_else(|| self.trail.join(TRAIL_KEY));
        let trail_key = read_text(&key_file, NOTE_BYTES_MAX)?;
        let checkpoint = read_text(&self.trail.join(CHECKPOINT), NOTE_BYTES_MAX)?;
        let kept = read_all(&self.kept, NOTE_BYTES_MAX)?;
        let lines = read_text(&self.trail.join(LINES), TRAIL_BYTES_MAX)?;
        let rows = read_data_set(&read_text(&self.data, DATA_SET_BYTES_MAX)?).map_err(|error| {
            let next = "export it as CSV with these columns";
            Failure::new(Exit::Unreadable, "data-set-unreadable", error, next)
        })?;
        let evidence = Evidence {
            manifests: &manifests,
            disclosures: &disclosures,
            checkpoint: &checkpoint,
            trail_key: trail_key.trim_end_matches('\n'),
            kept: &kept,
            data: &rows,
        };
        let verdict = verify(&evidence, lines.split_inclusive('\n'));
        let found = told(&verdict);
        match verdict.failure() {
            None => Ok(found),
            Some((step, why)) => {
                let what = format!("check {}, {}, does not hold", step.number, step.name);
                let next = "keep all files as they are, and tell whoever answers for the trial";
                let failure = Failure::new(Exit::NotVerified, "does-not-verify", what, next);
                Err(failure.because(why).having_found(found))
            }
        }
    }
}

fn disclosure(file: &Path) -> Result<Disclosure, Failure> {
    Disclosure::from_json(&read_text(file, DISCLOSURE_BYTES_MAX)?).map_err(|error| {
        let what = format!("{} is not a disclosure", file.display());
        let next = "use the file that klero list disclose wrote";
        Failure::new(Exit::Unreadable, "disclosure-unreadable", what, next).because(error)
    })
}

fn told(verdict: &Verdict) -> Done {
    let line = |step: &Step| {
        let (word, more) = match &step.outcome {
            Outcome::Fits(seen) => ("fits", seen.as_str()),
            Outcome::Failed(why) => ("FAILED", why.as_str()),
            Outcome::NotChecked => ("not checked", ""),
        };
        format!("{} {:<11} {word:<12} {more}", step.number, step.name).trim_end().to_owned()
    };
    let check = |step: &Step| -> Value {
        let (outcome, more) = match &step.outcome {
            Outcome::Fits(seen) => ("fits", Some(seen)),
            Outcome::Failed(why) => ("failed", Some(why)),
            Outcome::NotChecked => ("not-checked", None),
        };
        json!({"number": step.number, "name": step.name, "outcome": outcome, "more": more})
    };
    let lines: Vec<_> = verdict.steps.iter().map(line).collect();
    let checks: Vec<_> = verdict.steps.iter().map(check).collect();
    Done::new(lines.join("\n"), json!({"checks": checks}))
}
