//! How fast one account may ask. Counted by account and never by address: behind one address there is a whole hospital. Who
//! may have to break a code this minute is never slowed down.

use super::House;
use crate::domain::access::Caller;
use crate::domain::ids::PersonId;
use crate::domain::people::Role;
use crate::limits::{PACE_AT_ONCE, PACE_PER_SECOND};
use crate::refusal::{Code as Why, Refusal};
use std::collections::BTreeMap;
use std::sync::Mutex;

/// How fast.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pace {
    /// As fast as it goes: simulations and measurements.
    Any,
    /// As many requests at once, and as many a second from then on, as the limits say.
    Limited,
}

/// When each account will have been idle long enough, on the clock that nobody can set, in milliseconds. Only accounts that
/// signed in are in it, so it is no longer than the list of people.
#[derive(Debug)]
pub struct Paces {
    pace: Pace,
    free: Mutex<BTreeMap<PersonId, i64>>,
}

/// What one request takes, in milliseconds.
const STEP: i64 = 1000 / PACE_PER_SECOND;

impl Paces {
    /// Nobody has asked yet.
    pub fn new(pace: Pace) -> Self {
        Self { pace, free: Mutex::default() }
    }

    /// May this account ask now? Each request moves its moment of idleness on by one step; too far ahead, and it waits.
    fn may_ask(&self, caller: &Caller, now: i64) -> bool {
        if self.pace == Pace::Any || is_for_emergencies(caller.person.role) {
            return true;
        }
        let mut free = self.free.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let at = free.entry(caller.person.id.clone()).or_insert(now);
        let after = (*at).max(now) + STEP;
        if after - now > STEP * PACE_AT_ONCE {
            return false;
        }
        *at = after;
        true
    }
}

/// Who may break a code.
fn is_for_emergencies(role: Role) -> bool {
    match role {
        Role::Hotline | Role::Investigator => true,
        Role::Coordinator
        | Role::Pharmacist
        | Role::Statistician
        | Role::Monitor
        | Role::Sponsor
        | Role::Admin => false,
    }
}

impl House {
    /// Slows accounts down.
    #[must_use]
    pub fn paced(mut self, pace: Pace) -> Self {
        self.paces = Paces::new(pace);
        self
    }

    /// Lets a request of somebody who is signed in through, or not yet.
    ///
    /// # Errors
    /// `slow-down`: nothing was done, and a second later it may be asked again.
    pub fn let_through(&self, caller: &Caller) -> Result<(), Refusal> {
        let now = self.clock.steady();
        let may = self.paces.may_ask(caller, now);
        if may { Ok(()) } else { Err(Refusal::new(Why::SlowDown)) }
    }
}
