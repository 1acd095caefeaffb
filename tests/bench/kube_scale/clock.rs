//! Real time: a benchmark reads the clock.

use std::time::{Duration, Instant};

/// Returns what time it is.
pub(crate) fn now() -> Instant {
    #[expect(clippy::disallowed_methods, reason = "a benchmark reads the clock")]
    Instant::now()
}

/// Returns the seconds since `start`.
pub(crate) fn seconds_since(start: Instant) -> usize {
    usize::try_from(now().duration_since(start).as_secs()).unwrap_or(usize::MAX)
}

/// Lets time pass until `moment`.
pub(crate) fn pass_until(moment: Instant) {
    routelet_tests::lab::wait::pass(moment.saturating_duration_since(now()));
}

/// Returns `duration` in seconds, to a tenth.
pub(crate) fn tenths(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 10.0).round() / 10.0
}
