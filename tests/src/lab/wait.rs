//! Waiting for a condition: polls with a deadline, the only place of the lab that sleeps.

use std::{
    fmt,
    time::{Duration, Instant},
};

use super::LabError;

/// Time between two looks: short against what FRR does, long against what a look costs.
const POLL_INTERVAL: Duration = Duration::from_millis(25);

/// What a look at a condition can return: the value that is waited for, or what was seen instead.
pub trait Probe {
    /// The value that is waited for.
    type Value;

    /// Splits into the value or what was seen instead.
    fn outcome(self) -> Result<Self::Value, String>;
}

impl<T> Probe for Option<T> {
    type Value = T;

    fn outcome(self) -> Result<T, String> {
        self.ok_or_else(|| "nothing yet".to_owned())
    }
}

impl Probe for bool {
    type Value = ();

    fn outcome(self) -> Result<(), String> {
        if self { Ok(()) } else { Err("not yet".to_owned()) }
    }
}

impl<T, E: fmt::Display> Probe for Result<T, E> {
    type Value = T;

    fn outcome(self) -> Result<T, String> {
        self.map_err(|error| error.to_string())
    }
}

/// Looks again and again until `probe` has a value, at most until `deadline` has passed.
///
/// The error names `what`, and what the last look returned instead.
pub fn until<P: Probe>(
    what: &str,
    deadline: Duration,
    mut probe: impl FnMut() -> P,
) -> Result<P::Value, LabError> {
    #[expect(clippy::disallowed_methods, reason = "a deadline of a test is real time")]
    let started = Instant::now();
    loop {
        match probe().outcome() {
            Ok(value) => return Ok(value),
            Err(last) if started.elapsed() >= deadline => {
                return Err(LabError::NotInTime { what: what.to_owned(), after: deadline, last });
            }
            Err(_) => {}
        }
        #[expect(clippy::disallowed_methods, reason = "the one place that polls")]
        std::thread::sleep(POLL_INTERVAL);
    }
}

/// Looks again and again until `probe` has returned the same value for as long as `quiet`.
pub fn unchanged<T: PartialEq>(
    what: &str,
    quiet: Duration,
    deadline: Duration,
    mut probe: impl FnMut() -> T,
) -> Result<T, LabError> {
    let now = || {
        #[expect(clippy::disallowed_methods, reason = "measures real time")]
        Instant::now()
    };
    let (mut last, mut since) = (probe(), now());
    until(what, deadline, || {
        let value = probe();
        if value != last {
            (last, since) = (value, now());
        }
        since.elapsed() >= quiet
    })?;
    Ok(last)
}

/// Lets time pass: for what must not happen meanwhile.
pub fn pass(time: Duration) {
    #[expect(clippy::disallowed_methods, reason = "nothing to wait for")]
    std::thread::sleep(time);
}

/// Runs `work` and returns its value and how long it took.
pub fn timed<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    #[expect(clippy::disallowed_methods, reason = "measures real time")]
    let started = Instant::now();
    let value = work();
    (value, started.elapsed())
}
