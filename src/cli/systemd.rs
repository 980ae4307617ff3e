//! What the service manager is told (sd_notify(3)): ready, alive, how it is, stopping. Without a manager that listens,
//! nothing is told and everything else is the same.

use crate::http::block_on;
use crate::service::House;
use crate::service::ready::{Pulse, Readiness};
use sd_notify::NotifyState;
use std::sync::{Arc, Weak};
use std::thread;
use std::time::Duration;

/// How often somebody looks, where no watchdog asks for more.
const LOOK: Duration = Duration::from_secs(10);

/// The start-up check is over and the port is bound: then it looks again and again, for as long as the house stands.
///
/// Alive is told only after a write that the writer answered: one that hangs, or whose disk fails under it, is ended and
/// begun anew. A full disk, a checkpoint store that is away, a clock that is off are told in words and by the port of
/// operations, and nobody is ended for them: a restart mends none of them, and whoever is up can still show people the
/// second road.
pub fn watch(house: &Arc<House>) {
    tell(&[NotifyState::Ready]);
    let house = Arc::downgrade(house);
    let every = sd_notify::watchdog_enabled().map_or(LOOK, |limit| (limit / 3).min(LOOK));
    let looking = move || look(&house, every);
    // Without the thread nobody is told that the service is alive, and a watchdog ends it: as it should.
    let _ = thread::Builder::new().name("klero-watch".into()).spawn(looking);
}

/// The end has begun.
pub fn stopping() {
    tell(&[NotifyState::Stopping, NotifyState::Status("finishing what runs")]);
}

fn look(house: &Weak<House>, every: Duration) {
    let mut known = None;
    while let Some(house) = house.upgrade() {
        let readiness = block_on(house.ready());
        drop(house);
        let words = words(&readiness);
        let status = NotifyState::Status(&words);
        match readiness.pulse {
            Pulse::Alive => tell(&[NotifyState::Watchdog, status]),
            Pulse::Lost => tell(&[status]),
        }
        if known.as_ref() != Some(&words) {
            if readiness.is_ready() {
                tracing::info!(state = words, "looked at the house");
            } else {
                tracing::error!(state = words, "looked at the house");
            }
            known = Some(words);
        }
        thread::sleep(every);
    }
}

/// For `systemctl status`: what is not as it must be, by the same words as the port of operations.
fn words(readiness: &Readiness) -> String {
    let reasons: Vec<_> = readiness.reasons().collect();
    if reasons.is_empty() {
        "ready".to_owned()
    } else {
        format!("not ready: {}", reasons.join(", "))
    }
}

/// A manager that does not listen any more is no reason to stop.
fn tell(state: &[NotifyState<'_>]) {
    let _ = sd_notify::notify(state);
}
