//! What FRR held when it was read the last time, and whether it still does.

use std::{sync::PoisonError, time::Duration};

use frr_driver::vty_socket::{Daemon, Incarnation};
use tokio::time::Instant;

use super::{Frr, Held, Running};

/// How long a reading is taken for what FRR holds: twice the time between two observations, each of which reads it.
const TRUSTED_FOR: Duration = Duration::from_secs(10);

/// What was read the last time.
#[derive(Debug)]
pub(super) struct Last {
    held: Held,
    /// `None` where something was written since, or found to be otherwise.
    confirmed: Option<Confirmed>,
}

/// That FRR held this.
#[derive(Debug)]
struct Confirmed {
    at: Instant,
    by: Vec<(Daemon, Incarnation)>,
}

/// What FRR held when it was read the last time.
#[derive(Clone, Debug)]
pub(crate) struct LastHeld {
    pub(crate) held: Held,
    /// Nobody has written since, as far as the agent knows, and the same daemons run.
    ///
    /// Who builds on that has to read afterwards: somebody may have typed into vtysh a moment ago.
    pub(crate) is_trusted: bool,
}

// === impl Frr ===

impl Frr {
    /// What was held when it was last read.
    pub(crate) fn last_held(&self) -> Option<LastHeld> {
        self.last_held_at(Instant::now())
    }

    fn last_held_at(&self, now: Instant) -> Option<LastHeld> {
        let last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let Last { held, confirmed } = last.as_ref()?;
        let is_trusted = confirmed.as_ref().is_some_and(|confirmed| {
            now.duration_since(confirmed.at) < TRUSTED_FOR && confirmed.by == self.incarnations()
        });
        Some(LastHeld { held: held.clone(), is_trusted })
    }

    /// Loads `texts`, which were asked for at `since`, of the daemons `by`; they are the last reading from now on.
    pub(super) fn keep(
        &self,
        since: (Instant, Vec<(Daemon, Incarnation)>),
        load: impl FnOnce(Option<&Held>) -> Held,
    ) -> Held {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let held = load(last.as_ref().map(|last| &last.held));
        let (at, by) = since;
        *last = Some(Last { held: held.clone(), confirmed: Some(Confirmed { at, by }) });
        held
    }

    /// Compares what was read by the way, while nobody wrote, with the last reading.
    pub(super) fn confirm(&self, since: (Instant, Vec<(Daemon, Incarnation)>), running: &Running) {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(last) = last.as_mut() {
            let (at, by) = since;
            last.confirmed = last.held.is_of(running).then_some(Confirmed { at, by });
        }
    }

    /// From now on, the last reading is not what FRR holds.
    pub(super) fn distrust(&self) {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(last) = last.as_mut() {
            last.confirmed = None;
        }
    }

    /// The time, and the daemons that run: to be noted before they are asked.
    pub(super) fn since(&self) -> (Instant, Vec<(Daemon, Incarnation)>) {
        (Instant::now(), self.incarnations())
    }

    fn incarnations(&self) -> Vec<(Daemon, Incarnation)> {
        self.daemons().filter_map(|daemon| Some((daemon, self.socket(daemon).incarnation().ok()?))).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use frr_driver::quirks::FrrVersion;

    use super::*;

    fn read(frr: &Frr, text: &str) -> Held {
        let running = Running::of([(Daemon::Bgpd, text)]);
        frr.keep(frr.since(), |before| Held::load(running, FrrVersion(10, 7, 1), before))
    }

    fn is_trusted(frr: &Frr) -> bool {
        frr.last_held().is_some_and(|last| last.is_trusted)
    }

    #[tokio::test]
    async fn a_reading_is_trusted_until_something_happens() {
        let dir = tempfile::tempdir().unwrap();
        let socket = dir.path().join("bgpd.vty");
        fs::write(&socket, "").unwrap();
        let frr = Frr::new(dir.path().to_owned());
        assert!(frr.last_held().is_none());
        read(&frr, "router bgp 1\n");
        assert!(is_trusted(&frr));

        let running = |text| Running::of([(Daemon::Bgpd, text)]);
        frr.confirm(frr.since(), &running("router bgp 2\n"));
        assert!(!is_trusted(&frr), "somebody wrote");
        frr.confirm(frr.since(), &running("router bgp 1\n"));
        assert!(is_trusted(&frr));

        drop(frr.quiet().await);
        assert!(!is_trusted(&frr), "the agent wrote");
        read(&frr, "router bgp 1\n");

        let later = Instant::now() + TRUSTED_FOR;
        assert!(frr.last_held_at(later).is_some_and(|last| !last.is_trusted), "that is long ago");
        assert!(is_trusted(&frr));

        fs::remove_file(&socket).unwrap();
        assert!(!is_trusted(&frr), "the daemon is gone");
        fs::write(&socket, "").unwrap();
        assert!(!is_trusted(&frr), "it is another one");
    }
}
