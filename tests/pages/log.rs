//! Everything that this process logs, for tests that look for what must not be in it.

use std::io::{self, Write};
use std::sync::{Mutex, Once};

static LINES: Mutex<Vec<u8>> = Mutex::new(Vec::new());

struct Ear;

impl Write for Ear {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        LINES.lock().map_err(|_| io::Error::other("a listener panicked"))?.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Listens from here on.
pub fn listen(to: &str) {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let ear = tracing_subscriber::fmt().json().with_env_filter(to).with_writer(|| Ear).finish();
        tracing::subscriber::set_global_default(ear).expect("nobody listens yet");
    });
}

/// What was logged so far.
pub fn so_far() -> String {
    String::from_utf8_lossy(&LINES.lock().expect("no listener panicked")).into_owned()
}
