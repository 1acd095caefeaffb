//! Real time: a benchmark reads the clock.

use std::time::{Duration, Instant};

/// Returns what time it is.
pub(crate) fn now() -> Instant {
    #[expect(clippy::disallowed_methods, reason = "a benchmark reads the clock")]
    Instant::now()
}

/// Lets time pass.
pub(crate) fn pause(time: Duration) {
    #[expect(clippy::disallowed_methods, reason = "the distance between two measurements is time")]
    std::thread::sleep(time);
}
