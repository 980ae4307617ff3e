//! Randomness, passed in. In earnest it is the operating system's; a fixed sequence serves demonstration and tests.

use ring::rand::{SecureRandom, SystemRandom};
use std::sync::atomic::{AtomicU64, Ordering};

/// Gives random bytes.
pub trait Dice: Send + Sync {
    /// Fills `bytes`.
    fn fill(&self, bytes: &mut [u8]);
}

/// `N` random bytes.
pub fn roll<const N: usize>(dice: &dyn Dice) -> [u8; N] {
    let mut bytes = [0; N];
    dice.fill(&mut bytes);
    bytes
}

/// The operating system's randomness.
#[derive(Debug)]
pub struct SystemDice(SystemRandom);

impl Default for SystemDice {
    fn default() -> Self {
        Self(SystemRandom::new())
    }
}

impl Dice for SystemDice {
    /// # Panics
    /// When the operating system has no randomness to give: nothing may go on without it.
    fn fill(&self, bytes: &mut [u8]) {
        self.0.fill(bytes).expect("the operating system gives randomness, or nothing may go on");
    }
}

/// The same bytes in every run: SHA-256 over a seed and a counter. Never for a live trial.
#[derive(Debug)]
pub struct FixedDice {
    seed: u64,
    rolled: AtomicU64,
}

impl FixedDice {
    /// A sequence named by its seed.
    pub fn new(seed: u64) -> Self {
        Self { seed, rolled: AtomicU64::new(0) }
    }
}

impl Dice for FixedDice {
    fn fill(&self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(32) {
            let count = self.rolled.fetch_add(1, Ordering::SeqCst);
            let mut text = [0; 16];
            text[..8].copy_from_slice(&self.seed.to_be_bytes());
            text[8..].copy_from_slice(&count.to_be_bytes());
            let hash = ring::digest::digest(&ring::digest::SHA256, &text);
            chunk.copy_from_slice(&hash.as_ref()[..chunk.len()]);
        }
    }
}
