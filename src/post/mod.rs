//! The only room that speaks to the world outside: mail to people, signed messages to programs. What is said is made from a
//! notice, which has no room for anything that was found; where it may go is in the house's configuration and nowhere else.
//!
//! Three quiet threads go their rounds: one looks what time has made known, one carries mail, one carries messages. None of
//! them is waited for: an act is done when it is durable, whoever is told when.

pub mod client;
pub mod letter;
pub mod mail;
#[cfg(feature = "oidc")]
pub mod sign_on;
pub mod webhook;

use crate::domain::notice::Notice;
use crate::domain::people::Role;
use crate::http::notices::message;
use crate::refusal::Refusal;
use crate::service::House;
use crate::service::deliveries::{Due, Tried, Way};
use letter::Letter;
use mail::Mailer;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;
use webhook::Programs;

/// How many deliveries a round carries of each kind.
const BATCH: u32 = 50;
/// How often what is due is looked for.
const ROUND: Duration = Duration::from_secs(2);
/// How often what time makes known is looked for.
const LOOK: Duration = Duration::from_secs(60);

/// Carries what is due.
pub struct Postman {
    /// How mail goes; none: nobody set it up, and mail waits.
    pub mail: Option<Mailer>,
    /// How messages to programs go.
    pub programs: Programs,
    /// What stands before the addresses of pages, `https://klero.example`; without it a mail has no link.
    pub site: Option<String>,
}

impl Postman {
    /// Carries everything of one kind that is due, once, and says how many.
    ///
    /// # Errors
    /// When the store fails: what was not noted is tried again.
    pub fn carry(&self, house: &House, way: Way) -> Result<usize, Refusal> {
        if way == Way::Mail && self.mail.is_none() {
            return Ok(0);
        }
        let due = house.due(way, BATCH)?;
        for one in &due {
            let tried = match way {
                Way::Mail => self.mail(house, one),
                Way::Webhook => self.program(house, one),
            };
            let standing = house.note_try(&one.delivery, tried)?;
            tracing::info!(
                event = one.delivery.which.entry,
                kind = one.delivery.kind.as_str(),
                way = way.as_str(),
                state = standing.as_str(),
                "notice carried"
            );
        }
        Ok(due.len())
    }

    fn mail(&self, house: &House, due: &Due) -> Tried {
        match (&self.mail, &due.to, due.role) {
            (Some(mailer), Some(to), Some(role)) => {
                let letter = self.letter(house, &due.notice, role);
                let id = format!("{}-{}", due.delivery.which.entry, due.delivery.which.target);
                mailer.send(&letter, to, &id, due.notice.at)
            }
            _ => Tried::Never("taken-back"),
        }
    }

    /// Mails that the service is ill, past the outbox, which cannot be written then. Says whether it is.
    ///
    /// # Errors
    /// When the store cannot even be read.
    pub fn alarm(&self, house: &House, told_before: bool) -> Result<bool, Refusal> {
        let Some((notice, readers)) = house.fault()? else { return Ok(false) };
        if let (false, Some(mailer)) = (told_before, &self.mail) {
            for (person, address) in readers {
                let letter = self.letter(house, &notice, person.role);
                let id = format!("fault-{}-{}", notice.at.millis(), person.id);
                let tried = mailer.send(&letter, &address, &id, notice.at);
                tracing::warn!(role = person.role.as_str(), ?tried, "told that the service is ill");
            }
        }
        Ok(true)
    }

    /// What somebody in this role is sent.
    pub fn letter(&self, house: &House, notice: &Notice, role: Role) -> Letter {
        Letter::of(notice, &house.trial, house.purpose(), self.site.as_deref(), role)
    }

    fn program(&self, house: &House, due: &Due) -> Tried {
        let Some(to) = &due.to else { return Tried::Never("taken-back") };
        let id = format!("event-{}", due.delivery.which.entry);
        let body = message(&due.notice);
        self.programs.send(house.targets(), to, &id, house.clock.now(), &body)
    }
}

/// The threads' rounds, until it is dropped.
pub struct Rounds {
    over: Arc<(Mutex<bool>, Condvar)>,
    threads: Vec<JoinHandle<()>>,
}

impl Rounds {
    /// Begins them.
    ///
    /// # Errors
    /// When a thread cannot be started.
    pub fn begin(house: Arc<House>, postman: Postman) -> io::Result<Self> {
        let postman = Arc::new(postman);
        let mut rounds = Self { over: Arc::default(), threads: vec![] };
        let (looks, alarms) = (Arc::clone(&house), Arc::clone(&postman));
        let ill = AtomicBool::new(false);
        rounds.every("klero-look", LOOK, move || {
            let before = ill.load(Ordering::SeqCst);
            ill.store(alarms.alarm(&looks, before)?, Ordering::SeqCst);
            looks.look().map(|_| ())
        })?;
        for (name, way) in [("klero-mail", Way::Mail), ("klero-webhook", Way::Webhook)] {
            let (house, postman) = (Arc::clone(&house), Arc::clone(&postman));
            rounds.every(name, ROUND, move || postman.carry(&house, way).map(|_| ()))?;
        }
        Ok(rounds)
    }

    fn every(
        &mut self,
        name: &str,
        gap: Duration,
        round: impl Fn() -> Result<(), Refusal> + Send + 'static,
    ) -> io::Result<()> {
        let over = Arc::clone(&self.over);
        let go = move || loop {
            if let Err(refusal) = round() {
                tracing::warn!(code = refusal.code.as_str(), "a round of notices failed");
            }
            let Ok(waiting) = over.0.lock() else { return };
            match over.1.wait_timeout_while(waiting, gap, |over| !*over) {
                Ok((over, _)) if !*over => {}
                _ => return,
            }
        };
        self.threads.push(std::thread::Builder::new().name(name.into()).spawn(go)?);
        Ok(())
    }
}

impl Drop for Rounds {
    /// Lets what is on its way arrive; nothing more is begun.
    fn drop(&mut self) {
        if let Ok(mut over) = self.over.0.lock() {
            *over = true;
        }
        self.over.1.notify_all();
        for thread in self.threads.drain(..) {
            // A panic of a round has said what it was; the service ends all the same.
            let _ = thread.join();
        }
    }
}
