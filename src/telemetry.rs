//! Logs: JSON lines on stderr. No line names a person, a code, an identifier or a reason; paths appear as route
//! templates. What is unblinding is not in a log because the service does not know it.

use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::ParseError;

/// Starts logging what `filter` lets through. A panic is a line too: where it was, never what it said, which could hold a
/// value.
///
/// # Errors
/// When the filter is none.
pub fn start(filter: &str) -> Result<(), ParseError> {
    let filter = EnvFilter::builder().parse(filter)?;
    // What checks passkeys would write down the bytes that it could not read, and those are somebody's.
    let filter = filter.add_directive("webauthn_rs_core=off".parse()?);
    let lines = tracing_subscriber::fmt().json().with_env_filter(filter).with_target(false);
    // The request a line belongs to stands in it once.
    let lines = lines.with_current_span(true).with_span_list(false);
    // A log that nobody takes any more must not stop an act: the default would panic over it.
    let lines = lines.log_internal_errors(false);
    // Logging that was started before, as tests do, stays as it was.
    let _ = lines.with_writer(std::io::stderr).try_init();
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!(place, "a fault of this program");
    }));
    Ok(())
}
