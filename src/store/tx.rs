//! What an act may do while it runs in the writer: read, append entries, ask for a slot. One `now` for a whole act.

use super::apply::{self, Happened};
use super::release::ListTrees;
use super::{StoreError, View, outbox};
use crate::clock::Clock;
use crate::dice::{Dice, roll};
use crate::domain::entry::Entry;
use crate::domain::ids::{PersonId, Reference, StratumId};
use crate::domain::time::Moment;
use crate::limits::CLOCK_BACK_MILLIS;
use crate::sealing::bytes::Hash;
use crate::sealing::line::{self, Head};
use rusqlite::Connection;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

/// Who acts. The service itself acts when it is founded and when it imports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stamp {
    /// A person's id, or `service`.
    pub by: String,
    /// A role's word, or `service`.
    pub role: String,
}

impl Stamp {
    /// A person in a role, or a machine.
    pub fn person(by: &PersonId, role: impl fmt::Display) -> Self {
        Self { by: by.to_string(), role: role.to_string() }
    }

    /// The service on its own account.
    pub fn service() -> Self {
        Self { by: "service".into(), role: "service".into() }
    }
}

/// What the writer keeps in memory: the trail's head and the next position of each stratum. Rebuilt at every start,
/// put back when a group fails.
#[derive(Debug, Clone)]
pub(super) struct Memory {
    pub next_seq: u64,
    pub prev: Hash,
    pub last_at: Moment,
    pub group_leaves: Vec<Hash>,
    pub group_lines: Vec<String>,
    /// How many slots of each stratum have been passed, issued or void, over all segments. The names are shared: only
    /// counts are copied.
    pub strata: Arc<BTreeMap<StratumId, usize>>,
    pub passed: Vec<u64>,
    /// How many codes are issued in the trial.
    pub issued: u64,
    /// A failure that ends the whole group, such as a full disk in the middle of an act.
    pub failed: Option<StoreError>,
    /// The checkpoint is to be put even if no entry is new: somebody wants to know whether it can be.
    pub put_wanted: bool,
}

/// An act in its savepoint.
pub struct Tx<'w> {
    connection: &'w Connection,
    memory: &'w mut Memory,
    clock: &'w dyn Clock,
    dice: &'w dyn Dice,
    lists: &'w Arc<ListTrees>,
    stamp: Stamp,
    now: Moment,
    receipt_for: Option<u64>,
    closed: bool,
}

impl<'w> Tx<'w> {
    pub(super) fn new(
        connection: &'w Connection,
        memory: &'w mut Memory,
        clock: &'w dyn Clock,
        dice: &'w dyn Dice,
        lists: &'w Arc<ListTrees>,
    ) -> Self {
        let now = clock.now();
        let (stamp, receipt_for) = (Stamp::service(), None);
        Self { connection, memory, clock, dice, lists, stamp, now, receipt_for, closed: false }
    }

    /// From here on nothing can be done: the group has failed already.
    pub(super) fn close(&mut self) {
        self.closed = true;
    }

    pub(super) fn receipt_for(&self) -> Option<u64> {
        self.receipt_for
    }

    /// Runs `act`; when it refuses, undoes everything it did.
    pub(super) fn in_savepoint<T, E: From<StoreError>>(
        &mut self,
        stamp: &Stamp,
        act: impl FnOnce(&mut Self) -> Result<T, E>,
    ) -> Result<T, E> {
        if self.closed {
            return Err(StoreError::Stopped.into());
        }
        if let Some(error) = self.memory.failed {
            return Err(error.into());
        }
        self.stamp = stamp.clone();
        self.receipt_for = None;
        self.now = self.read_clock()?;
        self.savepoint("SAVEPOINT act")?;
        let marks = (self.memory.next_seq, self.memory.prev, self.memory.last_at);
        let leaves = self.memory.group_leaves.len();
        let (strata, passed) = (Arc::clone(&self.memory.strata), self.memory.passed.clone());
        let issued = self.memory.issued;
        let done = act(self);
        if done.is_err() {
            (self.memory.next_seq, self.memory.prev, self.memory.last_at) = marks;
            self.memory.group_leaves.truncate(leaves);
            self.memory.group_lines.truncate(leaves);
            (self.memory.strata, self.memory.passed) = (strata, passed);
            self.memory.issued = issued;
            self.receipt_for = None;
            self.savepoint("ROLLBACK TO act")?;
        }
        self.savepoint("RELEASE act")?;
        done
    }

    /// A savepoint that cannot be set or undone ends the group: what would be committed is unknown.
    fn savepoint(&mut self, sql: &'static str) -> Result<(), StoreError> {
        let done = self.connection.prepare_cached(sql).and_then(|mut s| s.execute([]));
        done.map(|_| ()).map_err(|error| {
            let error = StoreError::from(error);
            self.memory.failed = Some(error);
            error
        })
    }

    /// The clock, never earlier than the last entry; further back than a moment is refused (AT-7).
    fn read_clock(&self) -> Result<Moment, StoreError> {
        let now = self.clock.now();
        if now.millis() + CLOCK_BACK_MILLIS < self.memory.last_at.millis() {
            return Err(StoreError::ClockOff);
        }
        Ok(now.max(self.memory.last_at))
    }

    /// The act's one `now`.
    pub fn now(&self) -> Moment {
        self.now
    }

    /// Who acts.
    pub fn stamp(&self) -> &Stamp {
        &self.stamp
    }

    /// Questions to the store, answered from inside this act.
    pub fn view(&self) -> View<'_> {
        View::new(self.connection)
    }

    pub(super) fn connection(&self) -> &Connection {
        self.connection
    }

    pub(super) fn dice(&self) -> &dyn Dice {
        self.dice
    }

    /// This group puts a checkpoint, whether or not it has a new entry.
    pub(super) fn want_put(&mut self) {
        self.memory.put_wanted = true;
    }

    pub(super) fn lists(&self) -> Arc<ListTrees> {
        Arc::clone(self.lists)
    }

    /// Random bytes.
    pub fn roll<const N: usize>(&self) -> [u8; N] {
        roll(self.dice)
    }

    /// A new random reference.
    pub fn reference(&self) -> Reference {
        Reference::from_bytes(self.roll())
    }

    /// Appends an entry and applies what it says to the projections. Returns its number; the act's receipt is about the
    /// last one appended, unless [`Tx::receipt_about`] says otherwise.
    ///
    /// # Errors
    /// When the line is too long, or a row does not fit: the act is then undone.
    pub fn append(&mut self, entry: Entry) -> Result<u64, StoreError> {
        let seq = self.memory.next_seq;
        let head = Head {
            seq,
            at: self.now,
            by: &self.stamp.by,
            role: &self.stamp.role,
            prev: self.memory.prev,
        };
        let written =
            line::write(&head, &entry, self.roll()).map_err(|_| StoreError::Constraint)?;
        self.connection
            .prepare_cached("INSERT INTO entries (seq, leaf, line) VALUES (?1, ?2, ?3)")?
            .execute((seq as i64, &written.leaf[..], &written.line))?;
        if let Some(record) = &written.private {
            self.connection
                .prepare_cached("INSERT INTO private_records (seq, record) VALUES (?1, ?2)")?
                .execute((seq as i64, record))?;
        }
        let happened = Happened { seq, at: self.now, by: &self.stamp.by, entry: &entry };
        apply::apply(self.connection, &happened)?;
        // In the same transaction: whoever is to be told will be, or the act was never done.
        outbox::queue(self.connection, &happened)?;
        self.memory.next_seq += 1;
        self.memory.prev = written.leaf;
        self.memory.last_at = self.now;
        self.memory.group_leaves.push(written.leaf);
        self.memory.group_lines.push(written.line);
        self.receipt_for = Some(seq);
        Ok(seq)
    }

    /// The number of the entry appended last.
    pub fn last_appended(&self) -> u64 {
        self.memory.next_seq.saturating_sub(1)
    }

    /// The act's receipt is about this entry: a repeated act proves the first one.
    pub fn receipt_about(&mut self, seq: u64) {
        self.receipt_for = Some(seq);
    }

    /// How many slots of the stratum have been passed, and one more. The count follows the list's order (I4).
    pub(super) fn pass_next(&mut self, stratum: &StratumId) -> Option<u64> {
        let at = *self.memory.strata.get(stratum)?;
        let passed = self.memory.passed.get_mut(at)?;
        *passed += 1;
        Some(*passed - 1)
    }

    /// The slot that was passed last is issued.
    pub(super) fn count_issued(&mut self) {
        self.memory.issued += 1;
    }

    /// How many codes are issued in the trial.
    pub fn issued(&self) -> u64 {
        self.memory.issued
    }

    /// After an import: the strata that can be issued from.
    pub(super) fn forget_strata(&mut self) -> Result<(), StoreError> {
        let strata = super::order::strata(self.connection)?;
        self.memory.strata = Arc::new(strata.names);
        (self.memory.passed, self.memory.issued) = (strata.passed, strata.issued);
        Ok(())
    }
}
