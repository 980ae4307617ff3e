//! Sign-in passwords: Argon2id, at most two at once, the rest wait (an attacker must not be able to fill the memory).

use crate::dice::{Dice, roll};
use crate::sealing::password::{Cost, Hashed};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::oneshot;
use zeroize::Zeroizing;

type Job = Box<dyn FnOnce() + Send>;

/// Waits before a wrong password is answered; the first slips cost nothing.
pub(super) async fn rest(wait: Duration) {
    if !wait.is_zero() {
        tokio::time::sleep(wait).await;
    }
}

/// Two threads that hash.
pub struct Passwords {
    jobs: Sender<Job>,
    cost: Cost,
    /// What a password is compared with when there is none: an unknown name must take as long as a known one.
    nobody: String,
}

impl Passwords {
    /// Starts the two threads.
    pub fn start(cost: Cost, dice: &dyn Dice) -> Self {
        let (jobs, queue) = channel::<Job>();
        let queue = Arc::new(Mutex::new(queue));
        for _ in 0..2 {
            let queue = Arc::clone(&queue);
            std::thread::spawn(move || {
                loop {
                    let job = match queue.lock() {
                        Ok(queue) => queue.recv(),
                        Err(_) => return,
                    };
                    match job {
                        Ok(job) => job(),
                        Err(_) => return,
                    }
                }
            });
        }
        let nobody = Hashed::new(&hex_of(roll::<16>(dice)), roll(dice), cost).into_string();
        Self { jobs, cost, nobody }
    }

    /// Hashes a new password.
    pub async fn hash(&self, password: Zeroizing<String>, salt: [u8; 16]) -> Option<String> {
        let cost = self.cost;
        self.run(move || Hashed::new(&password, salt, cost).into_string()).await
    }

    /// Does the password fit the stored hash? Takes as long when there is none.
    pub async fn fit(&self, password: Zeroizing<String>, hash: Option<String>) -> bool {
        let known = hash.is_some();
        let hash = hash.unwrap_or_else(|| self.nobody.clone());
        let fits = self.run(move || Hashed::read(&hash).is_some_and(|h| h.fits(&password))).await;
        known && fits == Some(true)
    }

    async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Option<T> {
        let (answer, waiting) = oneshot::channel();
        let job = Box::new(move || {
            // The caller may have gone away; then nobody wants the answer.
            let _ = answer.send(work());
        });
        self.jobs.send(job).ok()?;
        waiting.await.ok()
    }
}

fn hex_of(bytes: [u8; 16]) -> String {
    crate::sealing::bytes::hex(&bytes)
}
