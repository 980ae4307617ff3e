//! `klero serve`: the service, and the two commands that say what it speaks and stores.

use super::drill_notes;
use super::failure::{Done, Exit, Failure, ending, say};
use super::house::{Place, folder_of, open, refused};
use crate::config::Given;
use crate::http;
use crate::http::openapi::Description;
use crate::store::SCHEMA_VERSION;
use clap::Args;
use serde_json::{Value, json};
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;

/// Run the service until it is asked to end
///
/// It speaks plain HTTP: outside loopback it belongs behind a proxy that speaks TLS.
#[derive(Args)]
#[command(after_help = ending([
    "klero serve --config /etc/klero/klero.toml",
    "klero serve --data /var/lib/klero --listen 127.0.0.1:8787 --https",
    "klero serve --data data --checkpoint /mnt/other/checkpoint --server-secret /run/secret",
], &[Exit::NotThere, Exit::InUse, Exit::Unreadable, Exit::Schema, Exit::NotAllowed,
     Exit::NotVerified, Exit::Behind]))]
pub struct Serve {
    #[command(flatten)]
    place: Place,
    /// Where it listens; port 0 takes a free one   [default: 127.0.0.1:8787]
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<SocketAddr>,
    /// The proxy's public address is https: browsers may remember that
    #[arg(long)]
    https: bool,
}

/// Say which schema a folder has, and which this program knows
#[derive(Args)]
#[command(after_help = ending([
    "klero schema status --data /var/lib/klero",
    "klero schema status --data data --json",
    "klero schema status",
], &[Exit::NotThere, Exit::Schema, Exit::NotVerified]))]
pub struct SchemaStatus {
    /// The data folder; without it only what this program knows is said
    #[arg(long, value_name = "DIR", env = "KLERO_DATA")]
    data: Option<std::path::PathBuf>,
}

/// Print the description of the interface (OpenAPI 3.1)
#[derive(Args)]
#[command(after_help = ending([
    "klero openapi",
    "klero openapi > openapi.json",
    "klero openapi --json",
], &[]))]
pub struct OpenApi {}

impl Serve {
    /// The flags that stand above the configuration.
    fn given(&self) -> Vec<Given> {
        let listen = self.listen.map(|at| ("service.listen", "--listen", at.to_string().into()));
        let https = self.https.then(|| ("service.https", "--https", "true".into()));
        listen.into_iter().chain(https).collect()
    }

    /// Opens the house, listens, answers.
    pub fn run(self) -> Result<Done, Failure> {
        crate::telemetry::start();
        let config = self.place.settle(self.given())?.config;
        let listen = config.service.listen;
        let house = Arc::new(open(&folder_of(&config)?)?);
        let not_listening = |error: std::io::Error| {
            let what = format!("{listen} cannot be listened on");
            let next = "choose another --listen, or stop what listens there";
            Failure::new(Exit::Failed, "not-listening", what, next).because(error)
        };
        let listener = TcpListener::bind(listen).map_err(not_listening)?;
        let address = listener.local_addr().map_err(not_listening)?;
        let mut served = http::served(Arc::clone(&house), crate::web::pages());
        if config.service.https {
            served = served.behind_https();
        }
        let notes = drill_notes::watch(&house);
        say!("listening on http://{address} for {}", house.trial.id);
        http::block_on(http::serve(listener, served, std::future::pending()))
            .map_err(not_listening)?;
        drop(notes);
        Ok(Done::new("", json!({"address": address.to_string()})))
    }
}

impl SchemaStatus {
    /// Reads the folder's schema without opening it for writing.
    pub fn run(self) -> Result<Done, Failure> {
        let Some(data) = &self.data else {
            let text = format!("this program knows schema {SCHEMA_VERSION}");
            return Ok(Done::new(text, json!({"known": SCHEMA_VERSION})));
        };
        let folder = crate::store::Folder::at(data);
        let trial = folder.trial_of().map_err(|error| refused(&error))?;
        let stored = folder.schema().map_err(|error| refused(&error))?;
        let known = match stored {
            SCHEMA_VERSION => "which this program knows".to_owned(),
            _ => format!("which this program brings up to {SCHEMA_VERSION} when it opens it"),
        };
        let text = format!("trial        {trial}\nschema       {stored}, {known}");
        let stored = json!({"known": SCHEMA_VERSION, "stored": stored, "trial": trial});
        Ok(Done::new(text, stored))
    }
}

impl OpenApi {
    /// The document that the service gives at `/openapi.json`.
    pub fn run(self) -> Result<Done, Failure> {
        let Description(text) = Description::of(&http::service::table());
        let data: Value = serde_json::from_str(&text).map_err(|error| {
            let next = "report it: this is a fault of the program";
            Failure::new(Exit::Failed, "internal", "the description is not JSON", next)
                .because(error)
        })?;
        Ok(Done::new(text, data))
    }
}
