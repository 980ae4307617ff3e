//! `klero verify`: is a finished trial what it says? For everybody, from public files alone.

use super::cosigned::cosigned_by;
use super::failure::{Done, Exit, Failure, ending};
use super::files::{TRAIL_BYTES_MAX, read_text};
use super::trail_folder::{CHECKPOINT, LINES, TRAIL_KEY};
use crate::sealing::checkpoint::NOTE_BYTES_MAX;
use crate::sealing::data_set::{DATA_SET_BYTES_MAX, DataRow, read_data_set};
use crate::sealing::disclosure::{DISCLOSURE_BYTES_MAX, Disclosure};
use crate::sealing::groups::{Groups, Meaning};
use crate::sealing::manifest::MANIFEST_BYTES_MAX;
use crate::sealing::published::{NotReadable, OPENINGS_BYTES_MAX, Openings};
use crate::sealing::verify::{Evidence, Outcome, Step, Verdict, verify};
use crate::sealing::verify_openings::{Papers, verify_papers};
use crate::sealing::verify_trail::TrailEvidence;
use clap::Args;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// Re-create the list, and check every allocation, release and analysed arm against it
///
/// Seven checks, in their order; the first that fails is named, and those after it would prove nothing. Needs no
/// network and no database. Before the secret is disclosed, --openings checks single slots that were opened, --groups
/// the first stage of a release in two, and --meaning the second: that its groups are the list's arms.
#[derive(Args)]
#[command(after_help = ending([
    "klero verify --manifest manifest.txt --disclosure disclosure.json --trail export --data data.csv",
    "klero verify --manifest manifest.txt manifest-1.txt --disclosure disclosure.json \
     disclosure-1.json --trail export --data data.csv",
    "klero verify --manifest manifest.txt --groups groups.json --meaning meaning.json --trail export \
     --data data.csv --trail-key printed.txt --kept checkpoint-2027.txt",
], &[Exit::NotThere, Exit::Unreadable, Exit::NotVerified]))]
pub struct Verify {
    /// The signed manifests, segment 0 first
    #[arg(long, value_name = "FILE", num_args = 1.., required = true)]
    manifest: Vec<PathBuf>,
    /// The disclosures, in the same order
    #[arg(long, value_name = "FILE", num_args = 1..,
          required_unless_present_any = ["openings", "groups", "meaning"])]
    disclosure: Vec<PathBuf>,
    /// Opened slots, before the secret is disclosed or instead of it
    #[arg(long, value_name = "FILE", conflicts_with_all = ["disclosure", "meaning"])]
    openings: Option<PathBuf>,
    /// Everybody's group, A or B, from the first stage of a release in two
    #[arg(long, value_name = "FILE", conflicts_with = "disclosure")]
    groups: Option<PathBuf>,
    /// Which arm was A, from the second stage
    #[arg(long, value_name = "FILE", requires = "groups", conflicts_with = "disclosure")]
    meaning: Option<PathBuf>,
    /// The exported trail: a folder with trail.jsonl, checkpoint.txt and trail-key.txt
    #[arg(long, value_name = "FOLDER")]
    trail: PathBuf,
    /// The analysis data set: CSV of participant,code,arm, with or without broken
    #[arg(long, value_name = "CSV", required_unless_present_any = ["openings", "groups"])]
    data: Option<PathBuf>,
    /// A trail key that was printed early, instead of the one in the export
    #[arg(long, value_name = "FILE")]
    trail_key: Option<PathBuf>,
    /// Checkpoints that others kept along the way: they find a trail that was written anew
    #[arg(long, value_name = "FILE", num_args = 1..)]
    kept: Vec<PathBuf>,
    /// Keys of witnesses: each kept checkpoint must be cosigned by one of them
    #[arg(long, value_name = "FILE", num_args = 1.., requires = "kept")]
    witness: Vec<PathBuf>,
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
        cosigned_by(&kept, &self.witness)?;
        let lines = read_text(&self.trail.join(LINES), TRAIL_BYTES_MAX)?;
        let rows = self.data.as_deref().map(rows).transpose()?;
        let trail_key = trail_key.trim_end_matches('\n');
        let lines = lines.split_inclusive('\n');
        let verdict = if disclosures.is_empty() {
            let trail = TrailEvidence { checkpoint: &checkpoint, key: trail_key, kept: &kept };
            self.papers(&manifests, trail, rows.as_deref(), lines)?
        } else {
            let evidence = Evidence {
                manifests: &manifests,
                disclosures: &disclosures,
                checkpoint: &checkpoint,
                trail_key,
                kept: &kept,
                data: rows.as_deref().unwrap_or_default(),
            };
            verify(&evidence, lines)
        };
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

impl Verify {
    /// What was published before the secret, or instead of it.
    fn papers<'l>(
        &self,
        manifests: &[String],
        trail: TrailEvidence<'_>,
        data: Option<&[DataRow]>,
        lines: impl Iterator<Item = &'l str>,
    ) -> Result<Verdict, Failure> {
        let openings = published(self.openings.as_deref(), Openings::from_json)?;
        let groups = published(self.groups.as_deref(), Groups::from_json)?;
        let meaning = published(self.meaning.as_deref(), Meaning::from_json)?;
        let (openings, groups) = (openings.as_ref(), groups.as_ref());
        let papers = Papers { manifests, trail, openings, groups, meaning: meaning.as_ref(), data };
        Ok(verify_papers(&papers, lines))
    }
}

/// A file that was published, if one was named.
fn published<T>(
    file: Option<&Path>,
    read: impl FnOnce(&str) -> Result<T, NotReadable>,
) -> Result<Option<T>, Failure> {
    let Some(file) = file else { return Ok(None) };
    let paper = read(&read_text(file, OPENINGS_BYTES_MAX)?).map_err(|error| {
        let what = format!("{} cannot be read", file.display());
        let next = "use the file that klero list disclose wrote";
        Failure::new(Exit::Unreadable, "paper-unreadable", what, next).because(error)
    })?;
    Ok(Some(paper))
}

fn rows(file: &Path) -> Result<Vec<DataRow>, Failure> {
    read_data_set(&read_text(file, DATA_SET_BYTES_MAX)?).map_err(|error| {
        let next = "export it as CSV with these columns";
        Failure::new(Exit::Unreadable, "data-set-unreadable", error, next)
    })
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
