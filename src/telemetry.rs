//! Logs: JSON lines on stderr. No line names a person, a code, an identifier or a reason; paths appear as route
//! templates. What is unblinding is not in a log because the service does not know it.

use tracing_subscriber::EnvFilter;

/// Starts logging, at `info` unless `KLERO_LOG` says otherwise. A panic is a line too: where it was, never what it said,
/// which could hold a value.
pub fn start() {
    let filter = EnvFilter::try_from_env("KLERO_LOG").unwrap_or_else(|_| EnvFilter::new("info"));
    let lines = tracing_subscriber::fmt().json().with_env_filter(filter).with_target(false);
    // A log that nobody takes any more must not stop an act: the default would panic over it.
    let lines = lines.log_internal_errors(false);
    // Logging that was started before, as tests do, stays as it was.
    let _ = lines.with_writer(std::io::stderr).try_init();
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!(place, "a fault of this program");
    }));
}
