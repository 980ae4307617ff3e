//! No image of the memory: it would hold the server secret, or an opened arm.

use crate::service::doctor::Finding;
#[cfg(target_os = "linux")]
use rustix::process::{DumpableBehavior, dumpable_behavior, set_dumpable_behavior};

/// From now on nobody writes this process's memory into a file when it dies, and no other process of its user reads it.
///
/// A limit does not do this: what collects dumps for systemd gets them through a pipe, and Debian's takes them whatever
/// the limit of the process is.
pub fn forbid() {
    // A kernel that knows no such thing has other means, and nobody would be served by a service that does not start.
    #[cfg(target_os = "linux")]
    let _ = set_dumpable_behavior(DumpableBehavior::NotDumpable);
}

/// Of this process, which has asked for the same as the service.
pub fn examine() -> Finding {
    #[cfg(target_os = "linux")]
    if matches!(dumpable_behavior(), Ok(DumpableBehavior::NotDumpable)) {
        return Finding::well("core-dumps", "none is written");
    }
    Finding::note(
        "core-dumps",
        "the program cannot forbid them here: the server secret would be in one",
        "kernel.core_pattern = |/bin/false, or Storage=none in coredump.conf",
    )
}
