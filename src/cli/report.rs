//! `klero report`: what the statistician alone may count, on a machine of their own. No page of the service can show it,
//! since the service knows no arm.

mod reconcile;
mod sealed;
mod told;

pub use reconcile::Reconcile;

use super::cosigned::cosigned_by;
use super::design;
use super::failure::{Done, Exit, Failure, ending, say};
use super::files::{Eyes, TRAIL_BYTES_MAX, must_be_new, read_text, write_new};
use super::package::read_manifest;
use super::trail_folder::{CHECKPOINT, LINES, TRAIL_KEY};
use super::words::Key;
use crate::sealing::bytes::Hash;
use crate::sealing::checkpoint::NOTE_BYTES_MAX;
use crate::sealing::disclosure::Disclosure;
use crate::sealing::identity::Identity;
use crate::sealing::manifest::MANIFEST_BYTES_MAX;
use crate::sealing::offline_record::{OFFLINE_RECORD_BYTES_MAX, SignedRecord};
use crate::sealing::report::Looked;
use crate::sealing::report::closed::{standing, tables};
use crate::sealing::report::leak::{Shown, collateral, exposure, leak, shown};
use crate::sealing::verify::Evidence;
use clap::Args;
use std::path::PathBuf;

/// What lies on the statistician's machine.
#[derive(Args)]
pub struct Sources {
    /// The signed manifests, segment 0 first
    #[arg(long, value_name = "FILE", num_args = 1.., required = true)]
    manifest: Vec<PathBuf>,
    /// The sealed list secrets, in the same order
    #[arg(long, value_name = "FILE", num_args = 1.., required = true)]
    secret: Vec<PathBuf>,
    #[command(flatten)]
    key: Key,
    /// The exported trail: a folder with trail.jsonl, checkpoint.txt and trail-key.txt
    #[arg(long, value_name = "FOLDER")]
    trail: PathBuf,
    /// The block sizes, where the manifests hold only a commitment to them
    #[arg(long, value_name = "N", value_delimiter = ',')]
    sizes: Vec<u32>,
    /// A trail key that was printed early, instead of the one in the export
    #[arg(long, value_name = "FILE")]
    trail_key: Option<PathBuf>,
    /// Checkpoints that others kept along the way
    #[arg(long, value_name = "FILE", num_args = 1..)]
    kept: Vec<PathBuf>,
    /// Keys of witnesses: each kept checkpoint must be cosigned by one of them
    #[arg(long, value_name = "FILE", num_args = 1.., requires = "kept")]
    witness: Vec<PathBuf>,
    /// Signed records of kit openings: what their holders learned is counted too
    #[arg(long, value_name = "RECORD", num_args = 1..)]
    record: Vec<PathBuf>,
    /// Write a page too, to print
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
}

/// The safety board's closed part: breaks, mistakes, stops and balance by arm, and what leaks by blocks
///
/// UNBLINDED. For the safety board alone; it is made here because the service knows no arm.
#[derive(Args)]
#[command(after_help = ending([
    "klero report closed --manifest manifest.txt --secret secret.json --identity stat-1.key.json \
     --trail export",
    "klero report closed --manifest manifest.txt --secret secret.json --identity stat-1.key.json \
     --trail export --html closed.html",
    "klero report closed --manifest manifest.txt --secret secret.json --identity stat-1.key.json \
     --trail export --sealed sealed-parts.json --json",
], EXITS))]
pub struct Closed {
    #[command(flatten)]
    sources: Sources,
    /// What klero break collect wrote: relatedness as judged once the arm was known
    #[arg(long, value_name = "FILE", num_args = 1..)]
    sealed: Vec<PathBuf>,
}

/// Who is in which arm, by centre, level and stratum, and how each list stands
///
/// UNBLINDED. For the statistician alone.
#[derive(Args)]
#[command(after_help = ending([
    "klero report balance --manifest manifest.txt --secret secret.json --identity stat-1.key.json \
     --trail export",
    "klero report balance --manifest manifest.txt --secret secret.json --identity stat-1.key.json \
     --trail export --html balance.html",
    "klero report balance --manifest manifest.txt --secret secret.json --identity stat-1.key.json \
     --trail export --json",
], EXITS))]
pub struct Balance {
    #[command(flatten)]
    sources: Sources,
}

/// Whose allocation follows with certainty from the published design and what each holder was shown
///
/// UNBLINDED. For the statistician alone: participants are named with their arms.
#[derive(Args)]
#[command(after_help = ending([
    "klero report exposure --manifest manifest.txt --secret secret.json --identity stat-1.key.json \
     --trail export",
    "klero report exposure --manifest manifest.txt --secret secret.json --identity stat-1.key.json \
     --trail export --html exposure.html",
    "klero report exposure --manifest manifest.txt --secret secret.json --identity stat-1.key.json \
     --trail export --json",
], EXITS))]
pub struct Exposed {
    #[command(flatten)]
    sources: Sources,
}

/// How the commands of this file end.
pub const EXITS: &[Exit] = &[
    Exit::NotThere,
    Exit::WrongWords,
    Exit::OtherKey,
    Exit::Unreadable,
    Exit::Exists,
    Exit::NotAllowed,
    Exit::NotVerified,
    Exit::AlteredManifest,
];

/// The sources, read and unsealed.
pub struct Read {
    manifests: Vec<String>,
    disclosures: Vec<Disclosure>,
    checkpoint: String,
    trail_key: String,
    kept: Vec<String>,
    lines: String,
    outside: Vec<Shown>,
    configuration: Hash,
    identity: Identity,
}

impl Sources {
    /// Reads everything, and unseals the list secrets.
    pub fn read(&self) -> Result<Read, Failure> {
        self.html.as_deref().map_or(Ok(()), must_be_new)?;
        if self.manifest.len() != self.secret.len() {
            let (manifests, secrets) = (self.manifest.len(), self.secret.len());
            let what = format!("{manifests} manifests and {secrets} list secrets were named");
            let next = "name a secret for each manifest, segment 0 first";
            return Err(Failure::new(Exit::Usage, "secret-for-each-manifest", what, next));
        }
        let signed = self.manifest.iter().map(|file| read_manifest(file));
        let signed = signed.collect::<Result<Vec<_>, _>>()?;
        let texts = |files: &[PathBuf], most| -> Result<Vec<String>, Failure> {
            files.iter().map(|file| read_text(file, most)).collect()
        };
        let manifests = texts(&self.manifest, MANIFEST_BYTES_MAX)?;
        let key_file = self.trail_key.clone().unwrap_or_else(|| self.trail.join(TRAIL_KEY));
        let trail_key = read_text(&key_file, NOTE_BYTES_MAX)?.trim_end_matches('\n').to_owned();
        let checkpoint = read_text(&self.trail.join(CHECKPOINT), NOTE_BYTES_MAX)?;
        let kept = texts(&self.kept, NOTE_BYTES_MAX)?;
        cosigned_by(&kept, &self.witness)?;
        let lines = read_text(&self.trail.join(LINES), TRAIL_BYTES_MAX)?;
        let records = texts(&self.record, OFFLINE_RECORD_BYTES_MAX)?;
        let outside =
            records.iter().zip(&self.record).map(|(text, file)| opened_outside(text, file));
        let outside = outside.collect::<Result<Vec<_>, _>>()?;
        let identity = design::statistician(&self.key)?;
        let mut disclosures = vec![];
        for (signed, file) in signed.iter().zip(&self.secret) {
            let manifest = &signed.manifest;
            let escrow = design::read_escrow_of(file, manifest)?;
            disclosures.push(Disclosure {
                trial: manifest.trial.clone(),
                segment: manifest.segment,
                purpose: manifest.purpose,
                sizes: design::of_manifest(manifest, &self.sizes)?.sizes,
                beacon: manifest.beacon.clone(),
                secret: design::unseal(&escrow, &identity)?,
            });
        }
        let configuration = signed[0].manifest.configuration;
        Ok(Read {
            manifests,
            disclosures,
            checkpoint,
            trail_key,
            kept,
            lines,
            outside,
            configuration,
            identity,
        })
    }

    fn look(&self) -> Result<(Looked, Vec<Shown>), Failure> {
        self.look_with(|_, _| Ok(())).map(|(looked, shown, ())| (looked, shown))
    }

    /// The same, and what else is opened with the statistician's identity.
    fn look_with<T>(
        &self,
        open: impl FnOnce(&Looked, &Identity) -> Result<T, Failure>,
    ) -> Result<(Looked, Vec<Shown>, T), Failure> {
        let read = self.read()?;
        let looked = read.looked()?;
        let shown = shown(&looked, &read.outside);
        let opened = open(&looked, &read.identity)?;
        say!("{MARK}: what follows names arms. Keep it from everybody who is blinded.");
        Ok((looked, shown, opened))
    }
}

impl Read {
    /// List and trail, checked and laid beside each other.
    fn looked(&self) -> Result<Looked, Failure> {
        Looked::at(&self.evidence(), &self.lines).map_err(|why| {
            let what = "list and trail do not fit each other";
            let next = "klero verify names the check; keep all files as they are";
            Failure::new(Exit::NotVerified, "does-not-verify", what, next).because(why)
        })
    }

    /// What is verified, without a data set.
    fn evidence(&self) -> Evidence<'_> {
        Evidence {
            manifests: &self.manifests,
            disclosures: &self.disclosures,
            checkpoint: &self.checkpoint,
            trail_key: &self.trail_key,
            kept: &self.kept,
            data: &[],
        }
    }
}

fn opened_outside(text: &str, file: &std::path::Path) -> Result<Shown, Failure> {
    let signed = SignedRecord::from_json(text.trim_end()).map_err(|error| {
        let what = format!("{} is no record of a kit opening", file.display());
        let next = "use the file that klero open --kit wrote";
        Failure::new(Exit::Unreadable, "record-unreadable", what, next).because(error)
    })?;
    let record = signed.record;
    Ok(Shown {
        code: record.code.to_string(),
        at: record.at,
        by: record.by.to_string(),
        role: "kit".to_owned(),
        broken: true,
    })
}

/// What stands on everything that these commands write.
pub const MARK: &str = "UNBLINDED 非盲文件";

impl Closed {
    /// Counts by arm.
    pub fn run(self) -> Result<Done, Failure> {
        let open = |looked: &Looked, own: &Identity| sealed::judged(&self.sealed, looked, own);
        let (looked, shown, judged) = self.sources.look_with(open)?;
        let (tables, leak) = (tables(&looked, &judged), leak(&looked, &shown));
        let report = told::Report {
            title: "Closed part of the safety board's report",
            looked: &looked,
            parts: [told::by_arm(&looked, &tables), told::leaks(&leak)].concat(),
            notes: told::CLOSED_NOTES,
        };
        finish(&report, self.sources.html)
    }
}

impl Balance {
    /// Counts by arm, and the lists.
    pub fn run(self) -> Result<Done, Failure> {
        let (looked, _) = self.sources.look()?;
        let tables = crate::sealing::report::closed::balance(&looked);
        let lists = told::lists(&standing(&looked));
        let report = told::Report {
            title: "Balance of the arms",
            looked: &looked,
            parts: [told::by_arm(&looked, &tables), lists].concat(),
            notes: &[],
        };
        finish(&report, self.sources.html)
    }
}

impl Exposed {
    /// Who knows what follows.
    pub fn run(self) -> Result<Done, Failure> {
        let (looked, shown) = self.sources.look()?;
        let (people, breaks) = (exposure(&looked, &shown), collateral(&looked, &shown));
        let report = told::Report {
            title: "Exposure: what follows from what was shown",
            looked: &looked,
            parts: told::exposed(&people, &breaks),
            notes: told::EXPOSURE_NOTES,
        };
        finish(&report, self.sources.html)
    }
}

fn finish(report: &told::Report<'_>, html: Option<PathBuf>) -> Result<Done, Failure> {
    let mut done = Done::new(report.text(), report.data());
    if let Some(file) = html {
        write_new(&file, Eyes::Owner, &report.page())?;
        done.text.push_str(&format!("\nwritten  {}", file.display()));
        done.data["html"] = file.display().to_string().into();
    }
    Ok(done)
}
