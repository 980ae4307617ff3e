//! Arms into blinded exports: from opened slots, or from a disclosure and the exported trail.

use crate::cli::failure::{Done, Exit, Failure, ending};
use crate::cli::files::{Eyes, TRAIL_BYTES_MAX, must_be_new, read_text, write_new};
use crate::cli::package::read_manifest;
use crate::cli::trail_folder::{CHECKPOINT, LINES, TRAIL_KEY};
use crate::export::fill::{Disclosed, Named, exposure, fill};
use crate::sealing::checkpoint::NOTE_BYTES_MAX;
use crate::sealing::disclosure::{DISCLOSURE_BYTES_MAX, Disclosure};
use crate::sealing::manifest::{MANIFEST_BYTES_MAX, SignedManifest};
use crate::sealing::published::{OPENINGS_BYTES_MAX, Openings};
use crate::sealing::report::Looked;
use crate::sealing::verify::Evidence;
use crate::trial_file::{FILE_BYTES_MAX, arm_doses, arm_words};
use clap::Args;
use serde_json::json;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The longest export that is filled, in bytes.
const EXPORT_BYTES_MAX: usize = 256 * 1024 * 1024;

/// Fill the arms into exports, after the disclosure: same rows, same order, and nothing else of them changes
///
/// Takes CSV, Dataset-JSON, ODM and FHIR files as they were exported. From an EC data set it makes EX. Every arm is proved
/// against the manifest first.
#[derive(Args)]
#[command(after_help = ending([
    "klero export fill dm.json adsl.json ec.json --manifest manifest.txt --openings issued.json \
     --trial trial.toml -o filled",
    "klero export fill records.xml --manifest manifest.txt --disclosure disclosure.json \
     --trail export -o filled",
    "klero export fill analysis.csv --manifest manifest.txt --openings issued.json -o filled --json",
], &[Exit::NotThere, Exit::Unreadable, Exit::Exists, Exit::NotVerified]))]
pub struct Fill {
    /// The exported files
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
    /// The signed manifests, segment 0 first
    #[arg(long, value_name = "FILE", num_args = 1.., required = true)]
    manifest: Vec<PathBuf>,
    /// The opened slots that klero list disclose --issued wrote
    #[arg(
        long,
        value_name = "FILE",
        conflicts_with = "disclosure",
        required_unless_present = "disclosure"
    )]
    openings: Option<PathBuf>,
    /// The disclosures, in the order of the manifests
    #[arg(long, value_name = "FILE", num_args = 1.., requires = "trail")]
    disclosure: Vec<PathBuf>,
    /// The exported trail: a folder with trail.jsonl, checkpoint.txt and trail-key.txt
    #[arg(long, value_name = "FOLDER")]
    trail: Option<PathBuf>,
    /// The trial's file, for the arms' names and doses instead of their ids
    #[arg(long, value_name = "FILE")]
    trial: Option<PathBuf>,
    /// The folder of the filled files, which must be new
    #[arg(short, long, value_name = "FOLDER")]
    output: PathBuf,
}

impl Fill {
    /// Proves, fills all of them, and only then writes.
    pub fn run(self) -> Result<Done, Failure> {
        must_be_new(&self.output)?;
        let manifests = self.manifest.iter().map(|file| read_manifest(file));
        let manifests: Vec<SignedManifest> = manifests.collect::<Result<_, _>>()?;
        let people = match &self.openings {
            Some(file) => opened(file, &manifests)?,
            None => self.disclosed()?,
        };
        let named = named(&manifests[0].manifest.arms, self.trial.as_deref())?;
        let arm = |(who, (code, arm)): (String, (String, String))| {
            let at = named.iter().position(|one| one.id == arm)?;
            Some((who, (code, at)))
        };
        let people = people.into_iter().map(arm).collect::<Option<BTreeMap<_, _>>>();
        let people = people.ok_or_else(|| unfit("an arm was disclosed that no manifest names"))?;
        let disclosed = Disclosed { arms: named, people };
        let mut filled = vec![];
        for file in &self.files {
            filled.push(one(file, &disclosed)?);
        }
        self.written(&filled)
    }

    fn disclosed(&self) -> Result<BTreeMap<String, (String, String)>, Failure> {
        let folder = self.trail.clone().unwrap_or_default();
        let manifests = self.manifest.iter().map(|file| read_text(file, MANIFEST_BYTES_MAX));
        let manifests: Vec<String> = manifests.collect::<Result<_, _>>()?;
        let mut disclosures = vec![];
        for file in &self.disclosure {
            let text = read_text(file, DISCLOSURE_BYTES_MAX)?;
            disclosures
                .push(Disclosure::from_json(&text).map_err(|error| unreadable(file, error))?);
        }
        let key = read_text(&folder.join(TRAIL_KEY), NOTE_BYTES_MAX)?;
        let evidence = Evidence {
            manifests: &manifests,
            disclosures: &disclosures,
            checkpoint: &read_text(&folder.join(CHECKPOINT), NOTE_BYTES_MAX)?,
            trail_key: key.trim_end_matches('\n'),
            kept: &[],
            data: &[],
        };
        let lines = read_text(&folder.join(LINES), TRAIL_BYTES_MAX)?;
        let looked = Looked::at(&evidence, &lines).map_err(unfit)?;
        let issued = looked.issued.iter().map(|one| {
            let arm = looked.arms.get(one.arm).cloned().unwrap_or_default();
            (one.participant.clone(), (one.code.clone(), arm))
        });
        Ok(issued.collect())
    }

    fn written(&self, filled: &[(String, String, usize)]) -> Result<Done, Failure> {
        std::fs::create_dir(&self.output).map_err(|error| {
            let what = format!("{} could not be made", self.output.display());
            let next = "check that the folder around it is there and may be written";
            Failure::new(Exit::Failed, "file-unwritten", what, next).because(error)
        })?;
        let (mut text, mut all) = (vec![], vec![]);
        for (name, bytes, places) in filled {
            let file = self.output.join(name);
            write_new(&file, Eyes::Owner, bytes)?;
            text.push(format!("{places:>6} places filled   {}", file.display()));
            all.push(json!({"file": file.display().to_string(), "places": places}));
        }
        Ok(Done::new(text.join("\n"), json!({"files": all})))
    }
}

/// Name, text and count of a filled file.
fn one(file: &Path, disclosed: &Disclosed) -> Result<(String, String, usize), Failure> {
    let text = read_text(file, EXPORT_BYTES_MAX)?;
    let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let left = |why| {
        let what = format!("{} was not filled", file.display());
        let next = "nothing was written; give the file as it was exported, and all disclosures";
        Failure::new(Exit::NotVerified, "not-filled", what, next).because(why)
    };
    if let Some(made) = exposure(&text, disclosed).map_err(left)? {
        let rows = made.matches("\"EX\"").count().saturating_sub(1);
        return Ok((in_place_of_ec(&name), made, rows));
    }
    let (text, places) = fill(&text, disclosed).map_err(left)?;
    Ok((name, text, places))
}

/// `NCT04515719-ec.json` becomes `NCT04515719-ex.json`; whatever else it is called keeps its name behind `ex-`.
fn in_place_of_ec(name: &str) -> String {
    match name.strip_suffix("ec.json") {
        Some(before) => format!("{before}ex.json"),
        None => format!("ex-{name}"),
    }
}

/// Participant, code and arm of every opened slot, each proved.
fn opened(
    file: &Path,
    manifests: &[SignedManifest],
) -> Result<BTreeMap<String, (String, String)>, Failure> {
    let text = read_text(file, OPENINGS_BYTES_MAX)?;
    let openings = Openings::from_json(&text).map_err(|error| unreadable(file, error))?;
    openings.prove(manifests).map_err(unfit)?;
    let all = openings.openings.into_iter();
    Ok(all.map(|one| (one.participant, (one.place.code.to_string(), one.arm))).collect())
}

/// The manifest's arms with the words of the trial file, if it is given.
fn named(arms: &[String], trial: Option<&Path>) -> Result<Vec<Named>, Failure> {
    let text = trial.map(|file| read_text(file, FILE_BYTES_MAX)).transpose()?;
    let (words, doses) = match &text {
        Some(text) => (arm_words(text), arm_doses(text)),
        None => (vec![], vec![]),
    };
    if text.is_some() && words.len() != arms.len() {
        return Err(unfit("the trial file has other arms than the manifest"));
    }
    let one = |(at, id): (usize, &String)| Named {
        id: id.clone(),
        name: words.get(at).map_or_else(|| id.clone(), |words| words.en.clone()),
        dose_mg: doses.get(at).copied().flatten(),
    };
    Ok(arms.iter().enumerate().map(one).collect())
}

fn unfit(why: impl std::fmt::Display) -> Failure {
    let what = "what was disclosed does not fit the commitment";
    let next = "keep all files as they are, and tell whoever answers for the trial";
    Failure::new(Exit::NotVerified, "does-not-verify", what, next).because(why)
}

fn unreadable(file: &Path, why: impl std::fmt::Display) -> Failure {
    let what = format!("{} cannot be read", file.display());
    let next = "use the file that klero list disclose wrote";
    Failure::new(Exit::Unreadable, "paper-unreadable", what, next).because(why)
}
