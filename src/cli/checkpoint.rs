//! `klero trail checkpoint`: the newest promise of the service, carried away to where the service cannot reach.

use super::failure::{Done, Exit, Failure, ending};
use super::files::{Eyes, write_new};
use super::house::{Place, refused};
use clap::Args;
use serde_json::json;
use std::path::{Path, PathBuf};

/// Print the newest signed checkpoint, or keep it in a folder under a name of its own; it may run beside the service
///
/// Whoever keeps checkpoints elsewhere can tell an old backup, and a trail that was written anew, from the one there was.
#[derive(Args)]
#[command(after_help = ending([
    "klero trail checkpoint --data /var/lib/klero",
    "klero trail checkpoint --data /var/lib/klero --to /mnt/witness",
    "klero trail checkpoint --data data --checkpoint /mnt/other/checkpoint --json",
], &[Exit::NotThere, Exit::Unreadable, Exit::Schema, Exit::NotAllowed, Exit::NotVerified]))]
pub struct Newest {
    #[command(flatten)]
    place: Place,
    /// A folder: one file a size of the trail, none ever written over
    #[arg(long, value_name = "FOLDER")]
    to: Option<PathBuf>,
}

impl Newest {
    /// Reads it from the checkpoint store, and checks its signature.
    pub fn run(self) -> Result<Done, Failure> {
        let newest = self.place.folder()?.newest_checkpoint().map_err(|error| refused(&error))?;
        let note = newest.note.trim_end();
        let told = json!({"size": newest.size, "checkpoint": newest.note});
        let Some(folder) = &self.to else { return Ok(Done::new(note, told)) };
        let file = folder.join(format!("{:012}.checkpoint", newest.size));
        keep(&file, &newest.note)?;
        let text = format!("entries      {}\nkept         {}", newest.size, file.display());
        Ok(Done::new(text, told))
    }
}

/// What is there already must be the same; anything else is what checkpoints are kept for.
fn keep(file: &Path, note: &str) -> Result<(), Failure> {
    match std::fs::read_to_string(file) {
        Ok(kept) if kept == note => Ok(()),
        Ok(_) => {
            let what = format!("{} holds another checkpoint of the same size", file.display());
            let next = "keep both, stop the service, and tell the monitor";
            Err(Failure::new(Exit::NotVerified, "trail-forked", what, next)
                .because("Two trails of one size were signed: one of them is not the true one."))
        }
        Err(_) => write_new(file, Eyes::All, note),
    }
}
