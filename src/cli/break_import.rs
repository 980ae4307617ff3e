//! `klero break import`: what was opened from the kit while the service was away is taken in when it is back (EU-12).

use super::break_collect::Collect;
use super::client::{Client, refused};
use super::failure::{Done, Exit, Failure, ending};
use super::files::read_text;
use crate::domain::ids::PersonId;
use crate::sealing::bytes::{hex, sha256};
use crate::sealing::offline_record::{OFFLINE_RECORD_BYTES_MAX, SignedRecord};
use crate::text::{Language, meaning};
use clap::{Args, Subcommand};
use serde_json::json;
use std::path::PathBuf;

/// The verbs.
#[derive(Subcommand)]
pub enum Verb {
    Import(Import),
    Collect(Collect),
}

impl Verb {
    /// Runs it.
    pub fn run(self) -> Result<Done, Failure> {
        match self {
            Verb::Import(import) => import.run(),
            Verb::Collect(collect) => collect.run(),
        }
    }
}

/// Take in the signed record of a kit opening, once the service is back
///
/// It counts as a code break with all that follows from one. The same record counts once, however often it is brought.
/// A letter that was opened by hand has no record: the page /breaks/letter takes it in.
#[derive(Args)]
#[command(after_help = ending([
    "klero break import 7429133.offline.json --server http://127.0.0.1:8787 --name hot-1 \
     --category sae-management",
    "klero break import 7429133.offline.json --server http://127.0.0.1:8787 --name hot-1 \
     --category pregnancy --password-file /run/password",
    "klero break import 7429133.offline.json --server http://127.0.0.1:8787 --name hot-1 \
     --category sae-management --json",
], &[Exit::NotThere, Exit::Unreadable, Exit::NotAllowed]))]
pub struct Import {
    /// The record that klero open --kit wrote
    record: PathBuf,
    /// The service: https, or plain on its own host or through a tunnel
    #[arg(long, value_name = "URL")]
    server: String,
    /// Your account; a hotline's
    #[arg(long, value_name = "ACCOUNT", value_parser = PersonId::parse)]
    name: PersonId,
    /// Why, in a word of the trial file
    #[arg(long, value_name = "WORD")]
    category: String,
    /// A file of mode 0600 with the login password; otherwise it is asked for
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
}

impl Import {
    /// Signs in, brings the record, signs out.
    pub fn run(self) -> Result<Done, Failure> {
        let text = read_text(&self.record, OFFLINE_RECORD_BYTES_MAX)?;
        let signed = SignedRecord::from_json(text.trim()).map_err(|error| {
            let what = format!("{} is no record of a kit opening", self.record.display());
            let next = "use the file that klero open --kit wrote";
            Failure::new(Exit::Unreadable, "record-unreadable", what, next).because(error)
        })?;
        let service = Client::to(&self.server)?;
        let (password, bearer) =
            service.enter(self.name.as_str(), self.password_file.as_deref())?;
        let json = ("content-type", "application/json");
        // The same record is the same act, whoever tries it how often.
        let once = hex(&sha256(signed.record.text().as_bytes()));
        let body = json!({
            "record": text, "category": self.category,
            "signature": {"password": *password, "meaning": meaning("import-break", Language::En)},
        });
        let headers = [json, ("authorization", bearer.as_str()), ("idempotency-key", &once)];
        let taken = service.post("/v1/breaks/import", &headers, body.to_string());
        service.leave(&bearer);
        let taken = taken?;
        if !matches!(taken.status, 200 | 201) {
            return Err(refused(&taken));
        }
        let (code, again) = (signed.record.code.grouped(), taken.body["repeated"] == true);
        let what = match taken.body["incident"] == true {
            true => "incident     nobody has this code; it is void now".to_owned(),
            false => format!(
                "participant  {}\nbreak        B-{}\nfollow-up    due in 24 hours",
                taken.text_at("/participant"),
                taken.text_at("/reference")
            ),
        };
        let again = if again { "\nit was taken in before" } else { "" };
        let mut data = taken.body.clone();
        if let Some(fields) = data.as_object_mut() {
            fields.remove("receipt");
        }
        Ok(Done::new(format!("code         {code}\n{what}{again}"), data))
    }
}
