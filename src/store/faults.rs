//! Places where a test may let the world fail. In earnest nothing is there, and the calls come to nothing.

/// The steps of a group of acts, in order (design 6 and 9).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// The transaction has begun; nothing is written.
    Begun,
    /// An act's rows and its entry are in the transaction.
    ActDone,
    /// Everything is in the transaction, nothing committed.
    BeforeCommit,
    /// Committed, and not yet in the checkpoint store.
    AfterCommit,
    /// In the checkpoint store, and nobody answered.
    AfterPut,
}

impl Step {
    /// All of them, in order.
    pub const ALL: [Step; 5] =
        [Step::Begun, Step::ActDone, Step::BeforeCommit, Step::AfterCommit, Step::AfterPut];
}

/// Decides what fails where.
pub trait Faults: Send {
    /// Called at each step; an error lets that step fail as a disk would.
    fn at(&mut self, step: Step) -> std::io::Result<()>;
}

/// The world as it is.
#[derive(Debug)]
pub struct NoFaults;

impl Faults for NoFaults {
    fn at(&mut self, _: Step) -> std::io::Result<()> {
        Ok(())
    }
}
