//! Manifests and packages as files: read, and held against each other. No arm is in either.

use super::failure::{Done, Exit, Failure, ending};
use super::files::read_text;
use super::trial;
use crate::domain::ids::CentreId;
use crate::sealing::bytes::{hex, sha256};
use crate::sealing::manifest::{MANIFEST_BYTES_MAX, Manifest, SignedManifest};
use crate::sealing::package::{PACKAGE_BYTES_MAX, Package, PackageError};
use clap::Args;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Check a package against its manifest, as the service does when it imports it
#[derive(Args)]
#[command(after_help = ending([
    "klero list verify --manifest manifest.txt --package package.json",
    "klero list verify --manifest manifest.txt --package package.json --trial trial.toml",
    "klero list verify --manifest manifest.txt --package package.json --json",
], &[Exit::NotThere, Exit::Unreadable, Exit::NotVerified, Exit::AlteredManifest]))]
pub struct Verify {
    /// The published manifest
    #[arg(long, value_name = "FILE")]
    manifest: PathBuf,
    /// The package
    #[arg(long, value_name = "FILE")]
    package: PathBuf,
    /// The trial file that the manifest should be signed over
    #[arg(long, value_name = "FILE")]
    trial: Option<PathBuf>,
}

impl Verify {
    /// Signature, counts, codes, leaves against the root, wraps.
    pub fn run(self) -> Result<Done, Failure> {
        let signed = read_manifest(&self.manifest)?;
        let (package, json) = read_package(&self.package)?;
        let text = self.trial.as_deref().map(trial::read).transpose()?.map(|(text, _)| text);
        if package.manifest.hash() != signed.hash() {
            let what = format!("{} is of another manifest", self.package.display());
            let next = "find the package that was sealed for this very manifest";
            return Err(Failure::new(Exit::NotVerified, "package-of-another-manifest", what, next));
        }
        check(&package, &signed.manifest, text.as_deref())?;
        Ok(record(&package, &json, &self.package))
    }
}

/// A signed manifest.
///
/// # Errors
/// 25 when it is not one that its signer signed.
pub fn read_manifest(file: &Path) -> Result<SignedManifest, Failure> {
    let text = read_text(file, MANIFEST_BYTES_MAX)?;
    SignedManifest::parse(&text).map_err(|error| altered(file, &error.to_string()))
}

/// What is said of a manifest that cannot be trusted.
pub fn altered(file: &Path, why: &str) -> Failure {
    let what = format!("the manifest in {} is not one that its signer signed", file.display());
    let next = "compare it with the published one; open nothing until you know who altered it";
    Failure::new(Exit::AlteredManifest, "manifest-altered", what, next).because(why)
}

/// A package, with the text it was read from.
///
/// # Errors
/// 15 when it is none, 25 when its manifest was altered.
pub fn read_package(file: &Path) -> Result<(Package, String), Failure> {
    let text = read_text(file, PACKAGE_BYTES_MAX)?;
    let package = Package::read(&text).map_err(|error| match error {
        PackageError::Manifest(why) => altered(file, &why.to_string()),
        other => {
            let what = format!("{} is not a package that can be used", file.display());
            let next = "use the file that klero list seal wrote";
            Failure::new(Exit::Unreadable, "package-unreadable", what, next).because(other)
        }
    })?;
    Ok((package, text))
}

/// Does everything in the package belong together, to this manifest, and to this trial file?
///
/// # Errors
/// 20 with the first thing that does not.
pub fn check(package: &Package, manifest: &Manifest, trial: Option<&str>) -> Result<(), Failure> {
    let configuration = trial.map_or(manifest.configuration, |text| sha256(text.as_bytes()));
    package.check(&manifest.trial, &configuration, manifest.purpose).map_err(|error| {
        let next = "seal the list again, and import nothing until this verifies";
        Failure::new(Exit::NotVerified, "package-does-not-verify", error, next)
    })
}

/// Who holds which centre's key, what the report counts, and the hash that the import entry will hold.
pub fn record(package: &Package, json: &str, file: &Path) -> Done {
    let (manifest, report) = (&package.manifest.manifest, &package.report);
    let mut holders: BTreeMap<&CentreId, Vec<&str>> = BTreeMap::new();
    for wrap in &package.wraps {
        holders.entry(&wrap.centre).or_default().push(wrap.person.as_str());
    }
    let mut text = format!(
        "trial        {}, segment {}, {}\nslots        {} in {} strata\n\
         report       {} blocks, {} unbalanced; {} codes twice\n",
        manifest.trial,
        manifest.segment,
        manifest.purpose.as_str(),
        package.slots.len(),
        manifest.strata.len(),
        report.blocks,
        report.unbalanced_blocks,
        report.duplicate_codes
    );
    for (centre, people) in &holders {
        text.push_str(&format!("key of       {centre}: {}\n", people.join(", ")));
    }
    let hashes = [&manifest.root, &package.manifest.hash(), &sha256(json.as_bytes())];
    let [root, signed, whole] = hashes.map(|hash| hex(hash));
    text.push_str(&format!(
        "root         {root}\nmanifest     {signed}\npackage      {whole}\nfile         {}",
        file.display()
    ));
    let held: Vec<Value> =
        holders.iter().map(|(c, people)| json!({"centre": c.as_str(), "people": people})).collect();
    let data = json!({
        "trial": manifest.trial.as_str(), "segment": manifest.segment,
        "purpose": manifest.purpose.as_str(), "slots": package.slots.len(),
        "blocks": report.blocks, "unbalanced-blocks": report.unbalanced_blocks,
        "duplicate-codes": report.duplicate_codes, "holders": held,
        "root": root, "manifest": signed, "package": whole, "file": file.display().to_string(),
    });
    Done::new(text, data)
}
