//! `klero serve`: the service, and the two commands that say what it speaks and stores.

use super::drill_notes;
use super::failure::{Done, Exit, Failure, ending, say};
use super::files;
use super::house::{Place, folder_of, open, refused};
use super::systemd;
use crate::config::{Config, Given, Operations, Origin, Settled};
use crate::http::openapi::Description;
use crate::http::{self, Port, Served, Tls};
use crate::service::House;
use crate::service::pace::Pace;
use crate::store::SCHEMA_VERSION;
use clap::Args;
use serde_json::{Value, json};
use std::ffi::OsString;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::sync::Arc;

/// Run the service until it is asked to end
///
/// It speaks plain HTTP, or TLS with a certificate of its own: outside loopback it needs one of the two, this or a proxy.
/// Beside it, on a port for loopback alone, it tells whoever runs the machine how it is: /health/live, /health/ready and
/// /metrics.
#[derive(Args)]
#[command(after_help = ending([
    "klero serve --config /etc/klero/klero.toml",
    "klero serve --data /var/lib/klero --listen 0.0.0.0:8443 --tls-cert cert.pem --tls-key key.pem",
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
    /// Where it tells how it is, or `off`   [default: 127.0.0.1:8788, if it is free]
    #[arg(long, value_name = "ADDRESS")]
    operations: Option<OsString>,
    /// The certificate, in PEM, with those that vouch for it: then this process speaks TLS itself
    #[arg(long, value_name = "FILE")]
    tls_cert: Option<PathBuf>,
    /// The certificate's key, in PEM; nobody else may read it
    #[arg(long, value_name = "FILE")]
    tls_key: Option<PathBuf>,
    /// What is logged: error, warn, info, debug, or a filter of `tracing`   [default: info]
    #[arg(long, value_name = "LEVEL")]
    log: Option<OsString>,
}

/// The longest certificate or key, in bytes: a chain has a few kilobytes.
const PEM_BYTES_MAX: usize = 256 * 1024;

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
        let text = |path: &PathBuf| path.as_os_str().to_owned();
        let flags = [
            ("service.listen", "--listen", self.listen.map(|at| at.to_string().into())),
            ("service.https", "--https", self.https.then(|| "true".into())),
            ("service.operations", "--operations", self.operations.clone()),
            ("service.tls_cert", "--tls-cert", self.tls_cert.as_ref().map(text)),
            ("service.tls_key_file", "--tls-key", self.tls_key.as_ref().map(text)),
            ("service.log", "--log", self.log.clone()),
        ];
        let given = flags.into_iter();
        given.filter_map(|(setting, flag, text)| Some((setting, flag, text?))).collect()
    }

    /// Opens the house, listens, answers.
    pub fn run(self) -> Result<Done, Failure> {
        let settled = self.place.settle(self.given())?;
        let config = &settled.config;
        crate::telemetry::start(config.service.log.as_str()).map_err(|error| {
            let next = "name a level:  --log info";
            Failure::new(Exit::Unreadable, "log-unknown", "the log's level is not understood", next)
                .because(error)
        })?;
        let tls = tls(config)?;
        let house = Arc::new(open(&folder_of(config)?)?.paced(Pace::Limited));
        passkeys(config, &house)?;
        let listen = config.service.listen;
        let failed = |error| not_listening(listen, error);
        let listener = TcpListener::bind(listen).map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let scheme = if tls.is_some() { "https" } else { "http" };
        let mut served = http::served(Arc::clone(&house), crate::web::pages());
        if config.service.https || tls.is_some() {
            served = served.behind_https();
        }
        let operations = beside(&settled)?;
        let rounds = super::outside::begin(config, &house)?;
        super::sign_on::begin(config, &house)?;
        let notes = drill_notes::watch(&house);
        say!("listening on {scheme}://{address} for {}", house.trial.id);
        let operations = operations.map(|listener| told(listener, &house, &served));
        systemd::watch(&house);
        let main = Port { listener, served, tls };
        let until = std::future::pending();
        let ended = http::block_on(http::serve_beside(main, operations, until, systemd::stopping));
        ended.map_err(failed)?;
        drop((rounds, notes));
        Ok(Done::new("", json!({"address": address.to_string()})))
    }
}

/// The port of operations. One that was named must be free; the usual one is done without when something else has it, since
/// an emergency does not wait for a metric.
fn beside(settled: &Settled) -> Result<Option<TcpListener>, Failure> {
    let Operations::At(address) = settled.config.service.operations else { return Ok(None) };
    let usual = |shown: &crate::config::Shown| {
        shown.name == "service.operations" && shown.origin == Origin::Default
    };
    match TcpListener::bind(address) {
        Ok(bound) => Ok(Some(bound)),
        Err(error) if settled.shown.iter().any(usual) => {
            tracing::warn!(%error, %address, "no port of operations: its usual address is taken");
            Ok(None)
        }
        Err(error) => Err(not_listening(address, error)),
    }
}

/// Where passkeys are made, if anywhere.
fn passkeys(config: &Config, house: &House) -> Result<(), Failure> {
    let Some(site) = &config.passkeys.origin else { return Ok(()) };
    if house.take_passkeys(site.as_str()) {
        return Ok(());
    }
    let what = "passkeys.origin is set, and this program cannot take passkeys there";
    let next = "take the key out of the configuration, or build with the feature `passkeys`";
    Err(Failure::new(Exit::Unreadable, "configuration-wrong", what, next))
}

/// Certificate and key, where this process speaks TLS itself.
fn tls(config: &Config) -> Result<Option<Tls>, Failure> {
    let (certificate, key) = match (&config.service.tls_cert, &config.service.tls_key_file) {
        (None, None) => return Ok(None),
        (Some(certificate), Some(key)) => (certificate, key),
        _ => {
            let next = "name both:  --tls-cert FILE --tls-key FILE";
            let what = "a certificate needs its key, and a key its certificate";
            return Err(Failure::new(Exit::Unreadable, "certificate-wrong", what, next));
        }
    };
    let key = files::read_secret(key, PEM_BYTES_MAX)?;
    let certificate = files::read_text(certificate, PEM_BYTES_MAX)?;
    Tls::read(certificate.as_bytes(), key.as_bytes()).map(Some).map_err(|error| {
        let next = "name both files as the authority gave them:  --tls-cert FILE --tls-key FILE";
        let what = "the certificate cannot be used";
        Failure::new(Exit::Unreadable, "certificate-wrong", what, next).because(error)
    })
}

/// What the port of operations serves, said aloud.
fn told(listener: TcpListener, house: &Arc<House>, main: &Served) -> Port {
    if let Ok(address) = listener.local_addr() {
        say!("operations on http://{address}");
    }
    let served = http::operations::served(Arc::clone(house), main);
    Port { listener, served, tls: None }
}

fn not_listening(address: SocketAddr, error: io::Error) -> Failure {
    let what = format!("{address} cannot be listened on");
    let next = "choose another --listen or --operations, or stop what listens there";
    Failure::new(Exit::Failed, "not-listening", what, next).because(error)
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
