//! When to write: all agents of a cluster see the same failure at the same moment, and the API server is one.

use std::time::Duration;

/// How many writes a second all agents of a cluster make together when everything changes at once.
///
/// On two cores that it shared, an API server 1.20 took 100 to 450 (deploy/SCALE.md); one node in a small cluster does
/// not notice.
const CLUSTER_WRITES_PER_SEC: f64 = 500.0;

/// The longest time that a change of state is held back for the sake of the API server.
const WINDOW_MAX: Duration = Duration::from_mins(1);

/// The first pause after a failure; doubled with each further one.
const BACK_OFF_MIN: Duration = Duration::from_millis(500);

/// The longest pause while the API server is away: in a small cluster it is seen within this time that it is back.
const BACK_OFF_MAX: Duration = Duration::from_secs(5);

/// The longest pause while it refuses: that a person mends something is seen within this time. It is also what brings
/// the agents of a large cluster, which do not know yet how many they are, down to what a busy API server takes.
const REFUSED_BACK_OFF_MAX: Duration = Duration::from_secs(30);

/// How many writes wait at a node whose API server refuses: its own object, and those of some sessions.
const REFUSED_WRITES: usize = 5;

/// Chooses times at random, within windows that grow with the cluster.
#[derive(Debug)]
pub(crate) struct Pace {
    random: fastrand::Rng,
    nodes: u64,
}

/// What failed in a row, and how much of it, at the end, was refused.
#[derive(Debug, Default)]
pub(crate) struct Failures {
    all: u32,
    refused: u32,
}

// === impl Pace ===

impl Pace {
    /// Returns the pace of a cluster of one node; the same `seed` gives the same times.
    pub(crate) fn new(seed: u64) -> Self {
        Self { random: fastrand::Rng::with_seed(seed), nodes: 1 }
    }

    /// Returns the pace of something else in the same cluster.
    pub(crate) fn another(&mut self) -> Self {
        Self { random: self.random.fork(), nodes: self.nodes }
    }

    /// Sets how many nodes there are.
    pub(crate) fn set_nodes(&mut self, nodes: u64) {
        self.nodes = nodes.max(1);
    }

    /// Returns how long to wait before one of `writes` that every node may have to do just now.
    pub(crate) fn spread(&mut self, writes: usize) -> Duration {
        self.window(writes).mul_f64(self.random.f64())
    }

    /// Returns `interval`, a fifth shorter or longer.
    pub(crate) fn about(&mut self, interval: Duration) -> Duration {
        interval.mul_f64(0.8 + 0.4 * self.random.f64())
    }

    /// Returns a moment within `interval`.
    pub(crate) fn within(&mut self, interval: Duration) -> Duration {
        interval.mul_f64(self.random.f64())
    }

    /// Returns how long to pause after so many `failures` in a row.
    fn back_off(&mut self, failures: u32, is_refusal: bool) -> Duration {
        let max = if is_refusal { REFUSED_BACK_OFF_MAX } else { BACK_OFF_MAX };
        let doubled = BACK_OFF_MIN.saturating_mul(1 << failures.saturating_sub(1).min(10)).min(max);
        // Everyone who is refused has all of its writes still to do.
        let writes = if is_refusal { REFUSED_WRITES } else { 1 };
        doubled.mul_f64(0.5 + 0.5 * self.random.f64()) + self.spread(writes)
    }

    /// Returns a number for a name.
    pub(crate) fn number(&mut self) -> u64 {
        self.random.u64(..)
    }

    #[expect(clippy::cast_precision_loss, reason = "not that many nodes")]
    fn window(&self, writes: usize) -> Duration {
        let seconds = self.nodes as f64 * writes as f64 / CLUSTER_WRITES_PER_SEC;
        Duration::from_secs_f64(seconds.min(WINDOW_MAX.as_secs_f64()))
    }
}

// === impl Failures ===

impl Failures {
    /// Takes one more, and returns how long to pause after it.
    pub(crate) fn pause(&mut self, is_refusal: bool, pace: &mut Pace) -> Duration {
        self.all = self.all.saturating_add(1);
        // A server that comes back refuses for some seconds: that it was away for long does not make those longer.
        self.refused = if is_refusal { self.refused.saturating_add(1) } else { 0 };
        pace.back_off(if is_refusal { self.refused } else { self.all }, is_refusal)
    }

    /// Whether there are any.
    pub(crate) fn is_any(&self) -> bool {
        self.all > 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_window(nodes: u64, writes: usize, want: Duration) {
        let mut pace = Pace::new(1);
        pace.set_nodes(nodes);
        assert_eq!(pace.window(writes), want);
    }

    #[test]
    fn a_small_cluster_does_not_wait_and_a_large_one_not_for_ever() {
        check_window(1, 1, Duration::from_millis(2));
        check_window(100, 5, Duration::from_secs(1));
        check_window(5000, 5, Duration::from_secs(50));
        check_window(5000, 500, WINDOW_MAX);
    }

    #[test]
    fn pauses_grow_up_to_a_limit() {
        let mut pace = Pace::new(1);
        for (failures, want) in [(1, 500), (2, 1000), (4, 4000), (5, 5000), (60, 5000)] {
            let pause = pace.back_off(failures, false);
            let want = Duration::from_millis(want);
            assert!(pause >= want / 2 && pause <= want + Duration::from_millis(2), "{failures}: {pause:?}");
        }
        assert!(pace.back_off(60, true) >= REFUSED_BACK_OFF_MAX / 2);
    }

    #[test]
    fn what_comes_back_after_long_may_refuse_for_a_moment() {
        let (mut pace, mut failures) = (Pace::new(1), Failures::default());
        for _ in 0..20 {
            failures.pause(false, &mut pace);
        }
        assert!(failures.pause(true, &mut pace) < Duration::from_secs(1));
        assert!(failures.pause(true, &mut pace) < Duration::from_secs(2));
    }

    #[test]
    fn a_large_cluster_gives_a_busy_api_server_time() {
        let mut pace = Pace::new(1);
        pace.set_nodes(5000);
        let sum: Duration = (0..1000).map(|_| pace.back_off(60, true)).sum();
        assert!(sum / 1000 > Duration::from_secs(40), "120 tries a second, and not 500: {:?}", sum / 1000);
    }
}
