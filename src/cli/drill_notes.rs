//! Restore drills run beside the service, which alone may write the trail: it looks for their note, and takes it in.

use crate::service::House;
use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::time::Duration;

/// How often the note of a drill is looked for.
const LOOK_EVERY: Duration = Duration::from_secs(60);

/// Looks for the note of a drill, now and each minute, until the sender is dropped.
pub fn watch(house: &Arc<House>) -> Sender<()> {
    let (alive, ended) = channel::<()>();
    let house = Arc::downgrade(house);
    let look = move || {
        while let Some(house) = house.upgrade() {
            if let Err(refusal) = house.take_in_drill() {
                tracing::warn!(code = refusal.code.as_str(), "a drill was not taken in");
            }
            drop(house);
            if ended.recv_timeout(LOOK_EVERY) != Err(RecvTimeoutError::Timeout) {
                return;
            }
        }
    };
    // Without the thread drills are only noted, which the health page shows all the same.
    let _ = std::thread::Builder::new().name("klero-drills".into()).spawn(look);
    alive
}
