//! `klero doctor`: every check with its remedy; and `klero health`, by which systemd and containers ask a running service.

use super::core_dumps;
use super::failure::{Done, Exit, Failure, ending};
use super::house::{Place, folder_of, means, refused};
use super::sign_on;
use crate::config::{Config, Operations};
use crate::service::doctor::{Finding, State, examine};
use clap::Args;
use serde_json::{Value, json};
use std::path::Path;
use std::time::Duration;

/// How long a service may take to answer.
const PATIENCE: Duration = Duration::from_secs(5);
/// Free space below which the disk is nearly full, in MiB: some hundred thousand acts.
const FREE_MIB_MIN: u64 = 512;
/// Where the time service of systemd says that the clock is kept.
const SYNCHRONISED: &str = "/run/systemd/timesync/synchronized";

/// Look at everything that can go wrong, and say what to do about each
///
/// It only reads, so that it may run beside the service. The network is never asked, but for the hospital's sign-on where
/// klero.toml names one.
#[derive(Args)]
#[command(after_help = ending([
    "klero doctor --config /etc/klero/klero.toml",
    "klero doctor --data /var/lib/klero --checkpoint /mnt/other/checkpoint",
    "klero doctor --config klero.toml --json",
], &[Exit::NotThere, Exit::Unreadable, Exit::Mend]))]
pub struct Doctor {
    #[command(flatten)]
    place: Place,
}

/// Ask the running service whether it can work, for systemd and containers
#[derive(Args)]
#[command(visible_alias = "healthcheck", after_help = ending([
    "klero health",
    "klero health http://127.0.0.1:8788/health/live",
    "klero health --config /etc/klero/klero.toml --json",
], &[Exit::NotThere, Exit::Unreadable, Exit::Network]))]
pub struct Health {
    #[command(flatten)]
    place: Place,
    /// What is asked   [default: /health/ready at service.operations]
    url: Option<String>,
}

impl Doctor {
    /// Looks at the folder, the configuration and the machine.
    pub fn run(self) -> Result<Done, Failure> {
        let config = self.place.settle(vec![])?.config;
        let folder = folder_of(&config)?;
        let now = means().clock.now();
        let mut found = examine(&folder, now).map_err(|error| refused(&error))?;
        found.push(disk(&folder.path));
        found.push(time_service());
        found.push(core_dumps::examine());
        found.extend(sign_on::examine(&config, now));
        for warning in config.warnings() {
            found.push(Finding::note("configuration", warning.what, warning.next));
        }
        let ill = found.iter().filter(|one| one.state == State::Ill).count();
        let done = Done::new(told(&found), json!({"checks": as_json(&found), "mend": ill}));
        match ill {
            0 => Ok(done),
            n => {
                let what = format!("{n} of {} things must be mended", found.len());
                let next = "mend them from the top: what stands above may be the cause of what stands below";
                Err(Failure::new(Exit::Mend, "doctor-found", what, next).having_found(done))
            }
        }
    }
}

fn told(found: &[Finding]) -> String {
    let line = |one: &Finding| {
        let word = match one.state {
            State::Well => "well",
            State::Note => "note",
            State::Ill => "MEND",
        };
        let said = format!("{word}  {:<16} {}", one.check, one.said);
        if one.remedy.is_empty() { said } else { format!("{said}\n      → {}", one.remedy) }
    };
    found.iter().map(line).collect::<Vec<_>>().join("\n")
}

fn as_json(found: &[Finding]) -> Vec<Value> {
    let state = |state| match state {
        State::Well => "well",
        State::Note => "note",
        State::Ill => "mend",
    };
    let one = |f: &Finding| json!({"check": f.check, "state": state(f.state), "said": f.said, "remedy": f.remedy});
    found.iter().map(one).collect()
}

fn disk(folder: &Path) -> Finding {
    let remedy = "make room: backups belong on another disk (klero backup prune)";
    match rustix::fs::statvfs(folder) {
        Err(error) => Finding::ill("disk", format!("cannot be asked: {error}"), remedy),
        Ok(found) => {
            let free = found.f_bavail.saturating_mul(found.f_frsize) >> 20;
            let said = format!("{free} MiB free");
            if free < FREE_MIB_MIN {
                Finding::ill("disk", said, remedy)
            } else {
                Finding::well("disk", said)
            }
        }
    }
}

fn time_service() -> Finding {
    if Path::new(SYNCHRONISED).exists() {
        return Finding::well("time-service", "the machine's clock is synchronised");
    }
    let said = "whether the machine's clock is synchronised cannot be read here";
    Finding::note("time-service", said, "timedatectl, or chronyc tracking: within 2 seconds of UTC")
}

/// Whether it can work, at its port of operations; where there is none, whether it answers at all.
fn usual(config: &Config) -> String {
    let (mut at, path) = match config.service.operations {
        Operations::At(at) => (at, "/health/ready"),
        Operations::Off => (config.service.listen, "/v1/version"),
    };
    if at.ip().is_unspecified() {
        at.set_ip(std::net::Ipv4Addr::LOCALHOST.into());
    }
    format!("http://{at}{path}")
}

impl Health {
    /// Asks, and says what was answered.
    pub fn run(self) -> Result<Done, Failure> {
        let url = match self.url {
            Some(url) => url,
            None => usual(&self.place.settle(vec![])?.config),
        };
        let next = "look at its log: journalctl -u klero -n 50; deploy/run-books/service-down.md";
        let agent =
            ureq::Agent::config_builder().timeout_global(Some(PATIENCE)).proxy(None).build();
        let asked = ureq::Agent::new_with_config(agent).get(&url).call();
        match asked {
            Ok(answer) => {
                let status = answer.status().as_u16();
                Ok(Done::new(format!("answers      {url}"), json!({"url": url, "status": status})))
            }
            Err(ureq::Error::StatusCode(status)) => {
                let what = format!("the service is not ready: {url} answered {status}");
                Err(Failure::new(Exit::Network, "not-ready", what, next))
            }
            Err(error) => {
                let what = format!("no answer from {url}");
                Err(Failure::new(Exit::Network, "no-answer", what, next).because(error))
            }
        }
    }
}
