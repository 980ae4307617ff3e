//! The one writer: it owns the order (design 9).
//!
//! Acts wait in a bounded queue. The writer takes what is there (at most [`GROUP`]), runs each in a savepoint of its own,
//! commits once, puts one signed checkpoint into the checkpoint store, and only then answers. If the commit fails, its
//! memory goes back to what it was and every caller is told; nothing is half done.

use super::checkpoint_store::CheckpointStore;
use super::faults::{Faults, Step};
use super::figures::Figures;
use super::history::Trail;
use super::pharmacy::{LiftedRecords, WantedRecords};
use super::release::{ListTrees, Released, Wanted};
use super::tx::{Memory, Stamp, Tx};
use super::{Health, StoreError};
use crate::clock::Clock;
use crate::dice::Dice;
use crate::domain::entry::Entry;
use crate::limits::{GROUP, QUEUE};
use crate::meter::Begun;
use crate::sealing::bytes::Hash;
use crate::sealing::checkpoint::TrailSigner;
use crate::sealing::lock::{NotOurLock, ServerSecret};
use rusqlite::Connection;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use tokio::sync::oneshot;

/// A refusal that may leave an entry of its own, after everything the act did has been undone.
pub trait Refuses: From<StoreError> + Send + 'static {
    /// The entry, if this refusal leaves one.
    fn entry(&self) -> Option<Entry>;
}

/// What proves that an entry stands in the trail: the line, its path, the signed head (design 7).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// The entry's number.
    pub seq: u64,
    /// The line, byte for byte.
    pub line: String,
    /// The inclusion proof in the checkpoint's tree.
    pub proof: Vec<Hash>,
    /// The signed note.
    pub checkpoint: String,
}

/// An answer whose group is on the disk and whose root is in the checkpoint store. The writer alone makes one (I3, I6).
#[derive(Debug)]
pub struct Durable<T> {
    value: T,
    receipt: Receipt,
}

impl<T> Durable<T> {
    /// The number of the entry that its receipt is about.
    pub fn entry(&self) -> u64 {
        self.receipt.seq
    }

    /// The answer and its receipt.
    pub fn into_parts(self) -> (T, Receipt) {
        (self.value, self.receipt)
    }
}

impl<U> Durable<(Wanted, U)> {
    /// Parts what is to be released from what is said beside it.
    pub fn split(self) -> (Durable<Wanted>, U) {
        let (wanted, beside) = self.value;
        (Durable { value: wanted, receipt: self.receipt }, beside)
    }
}

impl Durable<Wanted> {
    /// Lifts the lock: the one way a sealed arm leaves the house, and only after its entry is durable (I3).
    ///
    /// # Errors
    /// When the slot was not locked by this server secret.
    pub fn release(self, secret: &ServerSecret) -> Result<Released, NotOurLock> {
        self.value.lift(secret, self.receipt)
    }
}

impl Durable<WantedRecords> {
    /// Lifts the locks of records, only after the entry that says they are read is durable (I3).
    ///
    /// # Errors
    /// When a record was not locked by this server secret.
    pub fn lift_records(self, secret: &ServerSecret) -> Result<LiftedRecords, NotOurLock> {
        self.value.lift_all(secret, self.receipt)
    }
}

/// An answer that is not there yet.
pub struct Pending<T, E>(oneshot::Receiver<Result<Durable<T>, E>>);

impl<T, E: From<StoreError>> Pending<T, E> {
    /// Waits for it.
    ///
    /// # Errors
    /// The act's refusal, or the store's failure.
    pub async fn answer(self) -> Result<Durable<T>, E> {
        self.0.await.unwrap_or_else(|_| Err(StoreError::Stopped.into()))
    }

    /// Waits for it on a thread of its own.
    ///
    /// # Errors
    /// The act's refusal, or the store's failure.
    pub fn wait(self) -> Result<Durable<T>, E> {
        self.0.blocking_recv().unwrap_or_else(|_| Err(StoreError::Stopped.into()))
    }
}

/// What a finished act gets to know of its group.
enum Outcome {
    Stands(Receipt),
    Failed(StoreError),
}

type Finish = Box<dyn FnOnce(Outcome) + Send>;
/// Runs in the writer: gives the entry its receipt is about (if there is one), and how to answer.
type Job = Box<dyn FnOnce(&mut Tx<'_>) -> Done + Send>;

pub(super) struct Done {
    receipt_for: Option<u64>,
    finish: Finish,
}

/// The way into the writer's queue.
pub(super) struct Handle {
    queue: Option<SyncSender<Job>>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Drop for Handle {
    /// Lets the writer finish what is queued.
    fn drop(&mut self) {
        self.queue = None;
        if let Some(thread) = self.thread.take() {
            // A panic of the writer has already been told to every caller as `Stopped`.
            let _ = thread.join();
        }
    }
}

impl super::Store {
    /// Queues an act. Everything it writes, and its entry, commits together or not at all (I6).
    ///
    /// The act must append at least one entry: nothing changes without one.
    pub fn write<T, E>(
        &self,
        stamp: Stamp,
        act: impl FnOnce(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
    ) -> Pending<T, E>
    where
        T: Send + 'static,
        E: Refuses,
    {
        let (answer, pending) = oneshot::channel();
        let job: Job = Box::new(move |tx| run(tx, stamp, act, answer));
        // On failure the job is dropped and with it the answer's sender, which the caller reads as `Stopped`.
        let Some(queue) = &self.writer.queue else { return Pending(pending) };
        // Counted first: the writer may take it before we come to it.
        self.figures.waiting.one();
        if let Err(refused) = queue.try_send(job) {
            self.figures.waiting.take(1);
            if let TrySendError::Full(_) = refused {
                let (answer, busy) = oneshot::channel();
                let _ = answer.send(Err(StoreError::Busy.into()));
                return Pending(busy);
            }
        }
        Pending(pending)
    }
}

/// One act in its savepoint. A refusal undoes it, then leaves its own entry.
fn run<T, E>(
    tx: &mut Tx<'_>,
    stamp: Stamp,
    act: impl FnOnce(&mut Tx<'_>) -> Result<T, E>,
    answer: oneshot::Sender<Result<Durable<T>, E>>,
) -> Done
where
    T: Send + 'static,
    E: Refuses,
{
    // Nobody waits any more for a dropped answer; the act stands all the same.
    match tx.in_savepoint(&stamp, act) {
        Ok(value) => Done {
            receipt_for: tx.receipt_for(),
            finish: Box::new(move |outcome| {
                let _ = answer.send(match outcome {
                    Outcome::Stands(receipt) => Ok(Durable { value, receipt }),
                    Outcome::Failed(error) => Err(error.into()),
                });
            }),
        },
        Err(refusal) => {
            if let Some(entry) = refusal.entry() {
                // The refusal is told even if its entry cannot be kept: it changed nothing.
                let _ = tx.in_savepoint::<_, StoreError>(&stamp, |tx| tx.append(entry));
            }
            Done {
                receipt_for: None,
                finish: Box::new(move |outcome| {
                    let _ = answer.send(Err(match outcome {
                        Outcome::Failed(error) => error.into(),
                        Outcome::Stands(_) => refusal,
                    }));
                }),
            }
        }
    }
}

/// Everything the writer owns.
pub(super) struct Writer {
    pub connection: Connection,
    pub memory: Memory,
    pub trail: Trail,
    pub checkpoints: CheckpointStore,
    pub signer: Arc<TrailSigner>,
    pub clock: Arc<dyn Clock>,
    pub dice: Arc<dyn Dice>,
    pub health: Arc<Health>,
    pub figures: Arc<Figures>,
    pub lists: Arc<ListTrees>,
    pub faults: Box<dyn Faults>,
    /// The last commit's checkpoint did not reach its store, in this life or the one before: nothing is answered until
    /// it does.
    pub put_owed: bool,
}

impl Writer {
    pub(super) fn start(self) -> std::io::Result<Handle> {
        let (queue, jobs) = sync_channel(QUEUE);
        let writer = std::thread::Builder::new().name("klero-writer".into());
        let thread = writer.spawn(move || self.work(&jobs))?;
        Ok(Handle { queue: Some(queue), thread: Some(thread) })
    }

    fn work(mut self, jobs: &Receiver<Job>) {
        while let Ok(first) = jobs.recv() {
            let mut group = vec![first];
            group.extend(jobs.try_iter().take(GROUP - 1));
            self.figures.waiting.take(group.len() as u64);
            self.figures.groups.saw(group.len() as u64);
            self.run_group(group);
        }
        // A tidy end: the log is folded into the file, so that a copy of the file alone is whole.
        let _ = self.connection.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)");
    }

    fn run_group(&mut self, group: Vec<Job>) {
        let mut finishes = Vec::with_capacity(group.len());
        let outcome = self.commit_group(group, &mut finishes);
        self.health.report_group(outcome.as_ref().err().copied(), self.put_owed);
        match outcome {
            Ok(checkpoint) => self.answer(finishes, &checkpoint),
            Err(error) => {
                self.figures.failed.one();
                tracing::error!(%error, "a group of acts failed");
                finishes.into_iter().for_each(|done| (done.finish)(Outcome::Failed(error)));
            }
        }
    }

    /// The group's rows, one commit, one checkpoint. Afterwards memory and disk agree, whatever happened.
    fn commit_group(
        &mut self,
        group: Vec<Job>,
        finishes: &mut Vec<Done>,
    ) -> Result<String, StoreError> {
        // The last group's lines are not wanted any more, and not worth a copy.
        self.memory.group_leaves.clear();
        self.memory.group_lines.clear();
        self.memory.put_wanted = false;
        let before = self.memory.clone();
        let trail_before = self.trail.clone();
        let written = self.write_group(group, finishes);
        if let Err(error) = written {
            self.memory = before;
            self.trail = trail_before;
            // If even this fails, the connection is in its old transaction and the next BEGIN says so.
            let _ = self.connection.execute_batch("ROLLBACK");
            return Err(error);
        }
        let nothing_new = self.memory.group_leaves.is_empty() && !self.memory.put_wanted;
        if nothing_new && !self.put_owed {
            return Ok(self.signer.sign(self.trail.size(), &self.trail.root()));
        }
        let away = |_| StoreError::CheckpointStoreAway;
        self.put_owed = true;
        self.faults.at(Step::AfterCommit).map_err(away)?;
        let checkpoint = self.signer.sign(self.trail.size(), &self.trail.root());
        let begun = Begun::new();
        self.checkpoints.put(&checkpoint).map_err(away)?;
        self.figures.put(begun.micros(), self.clock.now());
        self.faults.at(Step::AfterPut).map_err(away)?;
        self.put_owed = false;
        Ok(checkpoint)
    }

    fn write_group(&mut self, group: Vec<Job>, finishes: &mut Vec<Done>) -> Result<(), StoreError> {
        if self.health.is_damaged() {
            // Every waiting act must be told, so each is run against a store that writes nothing.
            finishes.extend(group.into_iter().map(|job| self.refuse(job)));
            return Err(StoreError::Damaged);
        }
        let begun = self.connection.execute_batch("BEGIN IMMEDIATE").map_err(StoreError::from);
        let begun = begun.and_then(|()| self.fault(Step::Begun));
        if let Err(error) = begun {
            finishes.extend(group.into_iter().map(|job| self.refuse(job)));
            return Err(error);
        }
        let mut failed = None;
        for job in group {
            if failed.is_some() {
                // Nothing more may run: SQLite may have ended the transaction, and a savepoint would then commit.
                finishes.push(self.refuse(job));
                continue;
            }
            let mut tx = Tx::new(
                &self.connection,
                &mut self.memory,
                self.clock.as_ref(),
                self.dice.as_ref(),
                &self.lists,
            );
            finishes.push(job(&mut tx));
            failed = self.memory.failed.take();
            if failed.is_none() {
                failed = self.fault(Step::ActDone).err();
            }
        }
        failed.map_or(Ok(()), Err)?;
        self.trail.extend(&self.connection, &self.memory.group_leaves)?;
        self.fault(Step::BeforeCommit)?;
        let begun = Begun::new();
        self.connection.execute_batch("COMMIT")?;
        self.figures.commits.saw(begun.micros());
        Ok(())
    }

    fn fault(&mut self, step: Step) -> Result<(), StoreError> {
        self.faults.at(step).map_err(|_| StoreError::Failed)
    }

    /// Runs an act against nothing, only to learn how its caller is told.
    fn refuse(&mut self, job: Job) -> Done {
        let mut tx = Tx::new(
            &self.connection,
            &mut self.memory,
            self.clock.as_ref(),
            self.dice.as_ref(),
            &self.lists,
        );
        tx.close();
        job(&mut tx)
    }

    fn answer(&mut self, finishes: Vec<Done>, checkpoint: &str) {
        let first = self.trail.size() - self.memory.group_leaves.len() as u64;
        let paths = self.trail.paths_of_group(&self.memory.group_leaves);
        for done in finishes {
            let receipt = match done.receipt_for {
                Some(seq) if seq >= first => {
                    let at = (seq - first) as usize;
                    Ok((seq, self.memory.group_lines[at].clone(), paths[at].clone()))
                }
                Some(seq) => self.trail.receipt(&self.connection, seq),
                None => Ok((0, String::new(), vec![])),
            };
            (done.finish)(match receipt {
                Ok((seq, line, proof)) => {
                    Outcome::Stands(Receipt { seq, line, proof, checkpoint: checkpoint.to_owned() })
                }
                Err(error) => Outcome::Failed(error),
            });
        }
    }
}
