//! The whole trail read again while the service works: every line, its chain and the tree, from one snapshot beside the
//! writer. The check itself is the one of every start.

use super::startup::check_stretch;
use super::{Health, Store, StoreError, TrailFault, history, open_reader};
use crate::sealing::bytes::Hash;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use tokio::sync::oneshot;

/// What reading everything again found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WholeCheck {
    /// How many entries there were when it began.
    pub size: u64,
    /// The root over them, or the first entry that does not fit.
    pub root: Result<Hash, TrailFault>,
    /// Does the trail still begin with what was seen before? True when nothing was.
    pub same_beginning: bool,
}

impl Store {
    /// Reads the whole trail again on a thread of its own, and compares its beginning with what was seen `before`: a
    /// size, and the root over so many entries. What does not fit stops the service, as at a start.
    ///
    /// # Errors
    /// `Busy` while another such check runs; when the disk fails.
    pub async fn check_whole(&self, before: Option<(u64, Hash)>) -> Result<WholeCheck, StoreError> {
        let (database, health) = (self.database.clone(), Arc::clone(&self.health));
        // One at a time: each reads everything, and a long trail takes seconds of a core.
        if health.rereading.swap(true, Ordering::SeqCst) {
            return Err(StoreError::Busy);
        }
        let (answer, checked) = oneshot::channel();
        let ended = Arc::clone(&health);
        let check = move || {
            let found = read_again(&database, &health, before);
            health.rereading.store(false, Ordering::SeqCst);
            // Whoever asked may have gone away; damage has been reported all the same.
            let _ = answer.send(found);
        };
        if std::thread::Builder::new().name("klero-verify".into()).spawn(check).is_err() {
            ended.rereading.store(false, Ordering::SeqCst);
            return Err(StoreError::Busy);
        }
        checked.await.unwrap_or(Err(StoreError::Failed))
    }
}

fn read_again(
    database: &Path,
    health: &Health,
    before: Option<(u64, Hash)>,
) -> Result<WholeCheck, StoreError> {
    let reader = open_reader(database)?;
    let snapshot = reader.unchecked_transaction()?;
    let size = history::size(&snapshot)?;
    if let Some(fault) = check_stretch(&snapshot, 0, size)? {
        health.report_fault(&fault);
        return Ok(WholeCheck { size, root: Err(fault), same_beginning: false });
    }
    let same_beginning = match before {
        Some((seen, _)) if seen > size => false,
        Some((seen, root)) => history::root(&snapshot, seen)? == root,
        None => true,
    };
    if !same_beginning {
        tracing::error!("the trail does not begin with what was verified before");
        health.report_damage();
    }
    Ok(WholeCheck { size, root: Ok(history::root(&snapshot, size)?), same_beginning })
}
