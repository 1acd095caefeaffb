//! What the publishers say that they did, by the second.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Instant,
};

use routelet_status::publish::Counted;

use crate::clock;

/// The longest run; seconds.
const SECONDS_MAX: usize = 2 * 60 * 60;

/// Counts of one second.
#[derive(Debug, Default)]
struct Second {
    written: AtomicU64,
    failed: AtomicU64,
    events: AtomicU64,
    left_out: AtomicU64,
}

/// The counts of all publishers.
#[derive(Debug)]
pub(crate) struct Tally {
    started: Instant,
    seconds: Vec<Second>,
}

/// The sum over some seconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Sum {
    /// Objects written or deleted.
    pub(crate) written: u64,
    /// The most in a second.
    pub(crate) written_peak: u64,
    /// Seconds from the first one until the last write of an object.
    pub(crate) last_written: Option<usize>,
    /// Writes, or looks at what is there, that failed.
    pub(crate) failed: u64,
    /// Events (each may be written on a node and on a pod).
    pub(crate) events: u64,
    /// Events that never will be written.
    pub(crate) left_out: u64,
}

// === impl Tally ===

impl Tally {
    pub(crate) fn new() -> Self {
        Self { started: clock::now(), seconds: (0..SECONDS_MAX).map(|_| Second::default()).collect() }
    }

    pub(crate) fn count(&self, counted: Counted) {
        let Some(second) = self.seconds.get(self.second()) else { return };
        let place = match counted {
            Counted::Written => &second.written,
            Counted::Failed => &second.failed,
            Counted::EventWritten => &second.events,
            Counted::EventLeftOut => &second.left_out,
        };
        place.fetch_add(1, Ordering::Relaxed);
    }

    /// Returns the number of this second.
    pub(crate) fn second(&self) -> usize {
        clock::seconds_since(self.started)
    }

    /// Returns the sum from second `from` to now.
    pub(crate) fn since(&self, from: usize) -> Sum {
        let mut sum = Sum::default();
        for (number, second) in self.seconds.iter().skip(from).take(self.second() + 1 - from).enumerate() {
            let written = second.written.load(Ordering::Relaxed);
            if written > 0 {
                sum.last_written = Some(number);
            }
            sum.written += written;
            sum.written_peak = sum.written_peak.max(written);
            sum.failed += second.failed.load(Ordering::Relaxed);
            sum.events += second.events.load(Ordering::Relaxed);
            sum.left_out += second.left_out.load(Ordering::Relaxed);
        }
        sum
    }

    /// Returns the objects written in each second from `from` to now.
    pub(crate) fn written_by_second(&self, from: usize) -> Vec<u64> {
        let seconds = self.seconds.iter().skip(from).take(self.second() + 1 - from);
        seconds.map(|second| second.written.load(Ordering::Relaxed)).collect()
    }
}
