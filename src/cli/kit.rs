//! `klero kit`: the emergency kit, for the day when the service is down.

use super::failure::{Done, Exit, Failure, ending, say};
use super::files::{Eyes, must_be_new, write_new};
use super::kit_count::Count;
use super::letters::{Letters, Prove};
use super::package::{check, read_package};
use crate::domain::ids::CentreId;
use crate::sealing::kit::make_kit;
use clap::{Args, Subcommand};
use serde_json::json;
use std::path::{Path, PathBuf};

/// The verbs.
#[derive(Subcommand)]
pub enum Verb {
    Make(Make),
    Letters(Box<Letters>),
    Prove(Prove),
    Count(Box<Count>),
}

impl Verb {
    /// Runs it.
    pub fn run(self) -> Result<Done, Failure> {
        match self {
            Verb::Make(make) => make.run(),
            Verb::Letters(letters) => letters.run(),
            Verb::Prove(prove) => prove.run(),
            Verb::Count(count) => count.run(),
        }
    }
}

/// Make the emergency kit: one sealed file a slot, openable by the hotline without the service
///
/// Keep it apart from keys. It is the one thing that opens without the service's half.
#[derive(Args)]
#[command(after_help = ending([
    "klero kit make --package package.json -o kit",
    "klero kit make --package package.json -o /media/kit",
    "klero kit make --package package.json --centre huashan -o kit-huashan",
], &[Exit::NotThere, Exit::Unreadable, Exit::Exists, Exit::NotAllowed, Exit::NotVerified,
     Exit::AlteredManifest]))]
pub struct Make {
    /// The package that klero list seal wrote
    #[arg(long, value_name = "FILE")]
    package: PathBuf,
    /// One centre's slots alone, for a kit that lies there
    #[arg(long, value_name = "ID", value_parser = CentreId::parse)]
    centre: Option<CentreId>,
    /// The kit's folder, which must be new
    #[arg(short, long, value_name = "DIR")]
    output: PathBuf,
}

impl Make {
    /// Writes every file of the kit.
    pub fn run(self) -> Result<Done, Failure> {
        must_be_new(&self.output)?;
        let (package, _) = read_package(&self.package)?;
        check(&package, &package.manifest.manifest, None)?;
        let files = make_kit(&package, self.centre.as_ref()).map_err(|error| {
            let next = "seal the list with a hotline card:  klero list seal --to …";
            Failure::new(Exit::NotAllowed, "kit-without-hotline", error, next)
        })?;
        make_folder(&self.output)?;
        for file in &files {
            write_new(&self.output.join(&file.name), Eyes::Owner, &file.text)?;
        }
        // Manifest and wraps are no slots.
        let slots = files.len() - 2;
        say!("Seal the kit, write down who has it, and keep it apart from every key.");
        let text = format!("slots        {slots}\nwritten      {}", self.output.display());
        Ok(Done::new(text, json!({"slots": slots, "kit": self.output.display().to_string()})))
    }
}

/// A new folder that only its owner may enter.
pub(super) fn make_folder(path: &Path) -> Result<(), Failure> {
    let mut folder = std::fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut folder, 0o700);
    folder.create(path).map_err(|error| {
        let what = format!("{} could not be made", path.display());
        let next = "check that the folder above it is there and may be written";
        Failure::new(Exit::Failed, "folder-unwritten", what, next).because(error)
    })
}
