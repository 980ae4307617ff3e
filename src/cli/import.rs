//! `klero list import`: takes the statistician's package into a stopped folder.

use super::failure::{Done, Exit, Failure, ending, say};
use super::files::read_text;
use super::house::Place;
use crate::sealing::package::{PACKAGE_BYTES_MAX, PackageError};
use crate::service::lists::NotImported;
use clap::Args;
use serde_json::json;
use std::path::PathBuf;

/// Check a package, lock its slots, and keep them; a monitor approves the report before any is issued
#[derive(Args)]
#[command(after_help = ending([
    "klero list import --data /var/lib/klero package.json",
    "klero list import --data data --checkpoint /mnt/other/checkpoint package.json",
    "klero list import --data data --drill drill-package.json --json",
], &[Exit::NotThere, Exit::InUse, Exit::Unreadable, Exit::Schema, Exit::Exists, Exit::NotAllowed,
     Exit::NotVerified, Exit::Behind, Exit::AlteredManifest]))]
pub struct Import {
    #[command(flatten)]
    place: Place,
    /// A training list to practise with, kept beside the list that issues
    #[arg(long)]
    drill: bool,
    /// The package
    package: PathBuf,
}

impl Import {
    /// All of it, or nothing.
    pub fn run(self) -> Result<Done, Failure> {
        let json = read_text(&self.package, PACKAGE_BYTES_MAX)?;
        let house = self.place.open()?;
        if self.drill {
            house.import_drill_list(&json).map_err(|error| refused(&error))?;
            say!(
                "Next: hotline and investigators drill, before their centre is opened and every month."
            );
        } else {
            house.import_list(&json).map_err(|error| refused(&error))?;
            say!("Next: a monitor signs the list's report; until then nothing can be issued.");
        }
        let file = self.package.display().to_string();
        let text = format!("imported     {file}");
        Ok(Done::new(text, json!({"package": file, "trial": house.trial.id.as_str()})))
    }
}

fn refused(error: &NotImported) -> Failure {
    let failed = |exit, code, next: &str| {
        Failure::new(exit, code, error, next).because("Nothing was imported.")
    };
    match error {
        NotImported::Package(PackageError::Manifest(_)) => {
            let next = "compare it with the published manifest";
            failed(Exit::AlteredManifest, "manifest-altered", next)
        }
        NotImported::Package(PackageError::NotAPackage | PackageError::TooLong) => {
            let next = "use the file that klero list seal wrote";
            failed(Exit::Unreadable, "package-unreadable", next)
        }
        NotImported::Package(_) | NotImported::NotTheCommitment => {
            let next = "have it sealed again:  klero list seal";
            failed(Exit::NotVerified, "list-does-not-verify", next)
        }
        NotImported::AlreadyImported => {
            let next = "an extension is a segment of its own:  klero list secret --segment N";
            failed(Exit::Exists, "list-already-imported", next)
        }
        NotImported::OutOfOrder => {
            failed(Exit::NotAllowed, "segment-out-of-order", "import the segments in their order")
        }
        NotImported::CodeTaken => {
            let next = "draw it again with the packages of earlier segments:  --taken package.json";
            failed(Exit::NotVerified, "code-taken", next)
        }
        NotImported::CentreKeyTaken => {
            let next = "seal it again under a number that these centres never had:  --epoch N";
            failed(Exit::NotAllowed, "centre-key-taken", next)
        }
        NotImported::KeyNumber => {
            let next = "seal a training list beside the live one, and no other, with  --drill";
            failed(Exit::NotAllowed, "key-number", next)
        }
        NotImported::OtherCard(_) => {
            let next = "seal it again with the cards that are registered here";
            failed(Exit::NotAllowed, "other-card", next)
        }
        NotImported::DecisionsOpen(_) => {
            let next =
                "have the principal investigator sign each answer, and put it into the trial file";
            failed(Exit::NotAllowed, "decisions-open", next)
        }
        NotImported::Store(_) => {
            let next = "check the disk, then the folder:  klero trail verify --data DIR";
            failed(Exit::Failed, "store-failed", next)
        }
    }
}
