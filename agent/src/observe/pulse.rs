//! FRR's pulse: whether the daemons that are needed answer, and are still the same. Felt every second, so that a
//! daemon that dies or hangs is known long before the next observation is due.

use std::{collections::BTreeMap, time::Duration};

use frr_driver::{
    show::VERSION,
    vty_socket::{Daemon, Incarnation, VtyError, VtySocket},
};
use routelet_status::snapshot::DaemonState;
use tokio::task::JoinSet;

use super::{daemon_state, guess_needed};
use crate::frr::{Frr, needed, read_version};

/// How long a daemon may take to say that it lives. A bgpd that dumps a large table is silent for longer (500k routes:
/// 3 s), and counts as hanging for so long: nothing is written meanwhile.
const DEADLINE: Duration = Duration::from_millis(1500);

/// The daemons, as they were just now.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Pulse {
    /// Whether each of those that are needed answers.
    pub(crate) daemons: Vec<(Daemon, DaemonState)>,
    /// Which process each of them is.
    pub(crate) incarnations: Vec<(Daemon, Option<Incarnation>)>,
}

/// Feels FRR's pulse; keeps its connections open.
#[derive(Debug)]
pub(crate) struct Heart {
    frr: Frr,
    needed: Vec<Daemon>,
    sockets: BTreeMap<Daemon, VtySocket>,
}

// === impl Heart ===

impl Heart {
    pub(crate) fn new(frr: Frr) -> Self {
        Self { frr, needed: Vec::new(), sockets: BTreeMap::new() }
    }

    /// Asks all needed daemons at once.
    pub(crate) async fn feel(&mut self) -> Pulse {
        if self.needed.is_empty() {
            self.needed = guess_needed(&self.frr);
        }
        let mut asked = JoinSet::new();
        for daemon in &self.needed {
            let socket = self.sockets.remove(daemon);
            let mut socket = socket.unwrap_or_else(|| self.frr.socket(*daemon).with_deadline(DEADLINE));
            asked.spawn(async move {
                let answer: Result<String, VtyError> = socket.ask(VERSION).await.map(|reply| reply.text);
                (socket, answer)
            });
        }
        let mut states = BTreeMap::new();
        while let Some(answer) = asked.join_next().await {
            let Ok((socket, answer)) = answer else { continue };
            let daemon = socket.daemon();
            if daemon == Daemon::Bgpd
                && let Some(version) = answer.as_ref().ok().and_then(|text| read_version(text))
            {
                self.needed = needed(version);
            }
            let incarnation = socket.incarnation().ok();
            states.insert(daemon, (daemon_state(&answer), incarnation));
            self.sockets.insert(daemon, socket);
        }
        let mut pulse = Pulse::default();
        for daemon in &self.needed {
            let Some((state, incarnation)) = states.get(daemon) else { continue };
            pulse.daemons.push((*daemon, *state));
            pulse.incarnations.push((*daemon, *incarnation));
        }
        pulse
    }
}
