//! `klero init`: founds a service for one trial and its public commitment.

use super::failure::{Done, Exit, Failure, ending, say};
use super::house::{Place, means, not_opened};
use super::package::read_manifest;
use super::trial;
use crate::domain::ids::PersonId;
use crate::domain::people::Role;
use crate::limits::NAME;
use crate::service::founding::found;
use crate::service::people::Invitation;
use clap::Args;
use serde_json::json;
use std::path::PathBuf;

/// Found a service: folder, server secret, first entry, first administrator
#[derive(Args)]
#[command(after_help = ending([
    "klero init --data /var/lib/klero --trial trial.toml --manifest manifest.txt --admin admin-1 \
     --admin-name Wang",
    "klero init --data data --trial trial.toml --manifest manifest.txt --admin admin-1 \
     --admin-name Wang --checkpoint /mnt/other/checkpoint",
    "klero init --data data --trial trial.toml --manifest manifest.txt --admin admin-1 \
     --admin-name Wang --json",
], &[Exit::NotThere, Exit::Unreadable, Exit::Exists, Exit::NotVerified, Exit::AlteredManifest]))]
pub struct Init {
    #[command(flatten)]
    place: Place,
    /// The trial file
    #[arg(long, value_name = "FILE")]
    trial: PathBuf,
    /// The signed manifest: the commitment that the first entry names
    #[arg(long, value_name = "FILE")]
    manifest: PathBuf,
    /// The first administrator's id
    #[arg(long, value_name = "ID", value_parser = PersonId::parse)]
    admin: PersonId,
    /// The first administrator's printed name
    #[arg(long, value_name = "NAME", value_parser = printed_name)]
    admin_name: String,
}

fn printed_name(text: &str) -> Result<String, String> {
    let plain = !text.trim().is_empty() && !text.chars().any(char::is_control);
    let fits = plain && text.chars().count() <= NAME;
    if fits { Ok(text.to_owned()) } else { Err(format!("a name of 1 to {NAME} characters")) }
}

impl Init {
    /// Founds the folder and tells the administrator's token.
    pub fn run(self) -> Result<Done, Failure> {
        let (text, _) = trial::read(&self.trial)?;
        let manifest = read_manifest(&self.manifest)?;
        let admin = Invitation {
            person: self.admin.clone(),
            name: self.admin_name,
            role: Role::Admin,
            centres: vec![],
            principal: false,
        };
        let folder = self.place.folder()?;
        let token = found(&folder, &text, &manifest, admin, means())
            .map_err(|error| not_opened(&error, &self.trial))?;
        let data = folder.path.display().to_string();
        say!("The start token is shown once: {} chooses a password with it.", self.admin);
        let place = self.place.as_given();
        say!("Next:  klero list import{place} package.json    then    klero serve{place}");
        let text = format!("founded      {data}\nstart token  {}", token.as_str());
        Ok(Done::new(text, json!({"data": data, "admin": self.admin.as_str(), "token": *token})))
    }
}
