//! `klero kit`: the emergency kit, for the day when the service is down.

use super::failure::{Done, Exit, Failure, ending, say};
use super::files::{Eyes, must_be_new, read_text, write_new};
use super::package::{check, read_manifest, read_package};
use crate::domain::ids::Code;
use crate::sealing::kit::{
    KIT_FILE_BYTES_MAX, KIT_MANIFEST, KIT_WRAPS, kit_file_name, make_kit, read_kit_slot,
};
use clap::Args;
use serde_json::json;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Make the emergency kit: one sealed file a slot, openable by the hotline without the service
///
/// Keep it apart from keys. It is the one thing that opens without the service's half.
#[derive(Args)]
#[command(after_help = ending([
    "klero kit make --package package.json -o kit",
    "klero kit make --package package.json -o /media/kit",
    "klero kit make --package package.json -o kit --json",
], &[Exit::NotThere, Exit::Unreadable, Exit::Exists, Exit::NotAllowed, Exit::NotVerified,
     Exit::AlteredManifest]))]
pub struct Make {
    /// The package that klero list seal wrote
    #[arg(long, value_name = "FILE")]
    package: PathBuf,
    /// The kit's folder, which must be new
    #[arg(short, long, value_name = "DIR")]
    output: PathBuf,
}

/// Count a kit's slots against its manifest: what is missing was taken out
#[derive(Args)]
#[command(after_help = ending([
    "klero kit count kit",
    "klero kit count /media/kit",
    "klero kit count kit --json",
], &[Exit::NotThere, Exit::NotVerified, Exit::AlteredManifest]))]
pub struct Count {
    /// The kit's folder
    folder: PathBuf,
}

impl Make {
    /// Writes every file of the kit.
    pub fn run(self) -> Result<Done, Failure> {
        must_be_new(&self.output)?;
        let (package, _) = read_package(&self.package)?;
        check(&package, &package.manifest.manifest, None)?;
        let files = make_kit(&package).map_err(|error| {
            let next = "seal the list with a hotline card:  klero list seal --to …";
            Failure::new(Exit::NotAllowed, "kit-without-hotline", error, next)
        })?;
        make_folder(&self.output)?;
        for file in &files {
            write_new(&self.output.join(&file.name), Eyes::Owner, &file.text)?;
        }
        let slots = package.slots.len();
        say!("Seal the kit, write down who has it, and keep it apart from every key.");
        let text = format!("slots        {slots}\nwritten      {}", self.output.display());
        Ok(Done::new(text, json!({"slots": slots, "kit": self.output.display().to_string()})))
    }
}

/// A new folder that only its owner may enter.
fn make_folder(path: &Path) -> Result<(), Failure> {
    let mut folder = std::fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut folder, 0o700);
    folder.create(path).map_err(|error| {
        let what = format!("{} could not be made", path.display());
        let next = "check that the folder above it is there and may be written";
        Failure::new(Exit::Failed, "folder-unwritten", what, next).because(error)
    })
}

impl Count {
    /// Reads every file, and compares the count with the manifest's.
    pub fn run(self) -> Result<Done, Failure> {
        let signed = read_manifest(&self.folder.join(KIT_MANIFEST))?;
        let manifest = &signed.manifest;
        let mut codes: BTreeSet<Code> = BTreeSet::new();
        for name in names(&self.folder)? {
            if name == KIT_MANIFEST || name == KIT_WRAPS {
                continue;
            }
            let slot = read_kit_slot(&read_text(&self.folder.join(&name), KIT_FILE_BYTES_MAX)?);
            let ours = slot.ok().filter(|slot| {
                let of_list =
                    slot.at.trial == manifest.trial && slot.at.segment == manifest.segment;
                of_list && kit_file_name(&slot.at.code) == name
            });
            let slot = ours.ok_or_else(|| {
                let what = format!("{name} is not a slot of this kit");
                let next = "find out who put it there, and compare with another copy of the kit";
                Failure::new(Exit::NotVerified, "kit-altered", what, next)
            })?;
            codes.insert(slot.at.code);
        }
        let (all, here) = (manifest.total(), codes.len() as u64);
        let missing = all.saturating_sub(here);
        let text = format!("slots        {all}\nin the kit   {here}\nmissing      {missing}");
        Ok(Done::new(text, json!({"slots": all, "in-the-kit": here, "missing": missing})))
    }
}

fn names(folder: &Path) -> Result<Vec<String>, Failure> {
    let unread = |error: std::io::Error| {
        let what = format!("the folder {} could not be read", folder.display());
        Failure::new(Exit::Failed, "folder-unread", what, "check its permissions").because(error)
    };
    let mut names = vec![];
    for entry in std::fs::read_dir(folder).map_err(unread)? {
        names.push(entry.map_err(unread)?.file_name().to_string_lossy().into_owned());
    }
    names.sort();
    Ok(names)
}
