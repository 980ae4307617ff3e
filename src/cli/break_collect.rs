//! `klero break collect`: the sealed parts of code breaks' records, fetched from the service as they are. Nothing is opened
//! here; `klero report closed --sealed` opens them where the list secret is.

use super::client::{Client, refused};
use super::failure::{Done, Exit, Failure, ending};
use super::files::{Eyes, must_be_new, write_new};
use super::trail_folder::{self, LINES, damaged};
use crate::domain::entry::{Fact, fact};
use crate::domain::ids::PersonId;
use crate::refusal::Code;
use crate::sealing::line;
use crate::sealing::report::closed::SEALED;
use clap::Args;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};

/// Fetch the sealed parts of all code breaks' records, for the closed report
///
/// Which breaks have one is read from an export of the trail. Each is asked for by itself, and each reading is an entry.
/// What comes is still sealed; it opens with a key that the reader holds.
#[derive(Args)]
#[command(after_help = ending([
    "klero break collect --trail export --server http://127.0.0.1:8787 --name stat-1 \
     -o sealed-parts.json",
    "klero break collect --trail export --server http://127.0.0.1:8787 --name stat-1 \
     --password-file /run/password -o sealed-parts.json",
    "klero break collect --trail export --server http://127.0.0.1:8787 --name stat-1 \
     -o sealed-parts.json --json",
], &[Exit::InPart, Exit::NotThere, Exit::Exists, Exit::NotAllowed, Exit::NotVerified]))]
pub struct Collect {
    /// The export of the trail
    #[arg(long, value_name = "FOLDER")]
    trail: PathBuf,
    /// The service: https, or plain on its own host or through a tunnel
    #[arg(long, value_name = "URL")]
    server: String,
    /// Your account; the statistician's
    #[arg(long, value_name = "ACCOUNT", value_parser = PersonId::parse)]
    name: PersonId,
    /// A file of mode 0600 with the login password; otherwise it is asked for
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
    /// The file for klero report closed --sealed
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
}

impl Collect {
    /// Signs in, asks for each, signs out, writes the file.
    pub fn run(self) -> Result<Done, Failure> {
        must_be_new(&self.output)?;
        let breaks = sealed_about(&self.trail)?;
        let service = Client::to(&self.server)?;
        let (_, bearer) = service.enter(self.name.as_str(), self.password_file.as_deref())?;
        let fetched = fetch(&service, &bearer, &breaks);
        service.leave(&bearer);
        let (parts, keyless) = fetched?;
        write_new(&self.output, Eyes::Owner, &json!({"parts": parts}).to_string())?;
        let text = format!(
            "code breaks  {}\nfetched      {}\nwritten      {}",
            breaks.len(),
            parts.len(),
            self.output.display()
        );
        let file = self.output.display().to_string();
        let data = json!({"breaks": breaks.len(), "fetched": parts.len(), "without-key": keyless,
                          "file": file});
        let done = Done::new(text, data);
        if keyless.is_empty() {
            return Ok(done);
        }
        let what = format!("no key of yours opens what was sealed about {}", keyless.join(", "));
        let next = "let a holder of those centres' keys grant them to you, and collect again";
        Err(Failure::new(Exit::InPart, "no-key-for-some", what, next).having_found(done))
    }
}

/// The breaks about which something was sealed, by an export that holds.
fn sealed_about(folder: &Path) -> Result<BTreeSet<String>, Failure> {
    trail_folder::check(folder, None)?;
    let lines = BufReader::new(File::open(folder.join(LINES)).map_err(damaged)?).lines();
    let mut breaks = BTreeSet::new();
    for text in lines {
        let entry = line::parse(&text.map_err(damaged)?).map_err(damaged)?.entry;
        if let (SEALED, Some(Fact::Text(name))) = (entry.act.as_str(), fact(&entry.on, "reference"))
        {
            breaks.insert(name.clone());
        }
    }
    Ok(breaks)
}

/// What the service holds about each; and those of which this account could open nothing.
fn fetch(
    service: &Client,
    bearer: &str,
    breaks: &BTreeSet<String>,
) -> Result<(Vec<Value>, Vec<String>), Failure> {
    let (mut parts, mut keyless) = (vec![], vec![]);
    for name in breaks {
        let told = service.get_as(&format!("/v1/sealed-parts/{name}"), bearer)?;
        match told.status {
            200 => parts.push(told.body),
            _ if told.text_at("/code") == Code::NotGrantedYet.as_str() => {
                keyless.push(format!("B-{name}"));
            }
            _ => return Err(refused(&told)),
        }
    }
    Ok((parts, keyless))
}
