//! One look at FRR and the kernel: cheap commands over the daemons' sockets, never a table dump.

mod hold;
mod losses;
mod pulse;

use std::{collections::BTreeMap, path::Path, time::Duration};

use frr_driver::{
    loss::Loss,
    quirks::FrrVersion,
    session::{AddressFamily, Session, SessionId},
    show::{
        BFD_PEERS, NEIGHBORS, Unreadable, VERSION, attach_bfd, bfd_peers, neighbors, prefix_counts,
        prefix_counts_command,
    },
    vty_socket::{Daemon, Incarnation, VtyError, VtySocket},
};
use routelet_status::snapshot::{DaemonState, FrrState, LearnedRoutes};
use tokio::time::Instant;
use tracing::debug;

pub(crate) use hold::Hold;
use losses::Losses;
pub(crate) use pulse::{Heart, Pulse};

use crate::{
    fib,
    frr::{Frr, RunningDigest, needed, read_version},
};

/// Walking a table costs bgpd or the kernel time: at most one part in this many is spent on it.
const WALK_SHARE: u32 = 50;

/// What one look showed.
#[derive(Debug, Default)]
pub(crate) struct Observation {
    /// The version that bgpd tells.
    pub(crate) version: Option<FrrVersion>,
    /// The daemons.
    pub(crate) frr: FrrState,
    /// Which run of each daemon: another value means a restart.
    pub(crate) incarnations: Vec<(Daemon, Option<Incarnation>)>,
    /// The digest of what bgpd says it runs.
    pub(crate) running: Option<RunningDigest>,
    /// Who said it; empty if nobody was asked.
    pub(crate) speakers: Vec<String>,
    /// The sessions; `None` if bgpd could not be asked.
    pub(crate) sessions: Option<Vec<Session>>,
    /// Routes before policy, where bgpd stores them.
    pub(crate) received_pre_policy: BTreeMap<(SessionId, AddressFamily), u64>,
    /// What the kernel has from BGP.
    pub(crate) routes: Option<LearnedRoutes>,
    /// Why no session is reset for the time being: what people wrote into the file of `--hold`.
    pub(crate) hold: Option<String>,
    /// Why no route of these arrives.
    pub(crate) losses: BTreeMap<(SessionId, AddressFamily), Loss>,
    /// The families of which the kernel keeps routes that bgpd does not have.
    pub(crate) orphaned: Vec<AddressFamily>,
    /// What was not understood.
    pub(crate) unreadable: Vec<Unreadable>,
}

/// Looks at FRR, over connections that stay open.
pub(crate) struct Observer {
    frr: Frr,
    hold: Option<Hold>,
    sockets: BTreeMap<&'static str, VtySocket>,
    fib: Walk<LearnedRoutes>,
    pre_policy: Walk<BTreeMap<(SessionId, AddressFamily), u64>>,
    losses: Losses,
}

/// The last result of something that costs, and when it may be done again.
struct Walk<T> {
    last: Option<T>,
    due: Option<Instant>,
}

// === impl Observation ===

impl Observation {
    /// Returns whether every daemon that is needed answers.
    pub(crate) fn is_ready(&self) -> bool {
        self.not_ready().is_none()
    }

    /// Why nothing can be written; `None` if it can.
    pub(crate) fn not_ready(&self) -> Option<String> {
        let silent = self.frr.daemons.iter().find(|(_, state)| *state != DaemonState::Up);
        match silent {
            Some((daemon, DaemonState::Hung)) => Some(format!("{} hangs", daemon.name())),
            Some((daemon, DaemonState::Up | DaemonState::Down)) => {
                Some(format!("{} does not answer", daemon.name()))
            }
            None if self.version.is_none() => Some("bgpd tells no version".to_owned()),
            None => None,
        }
    }

    /// Whether the daemons are as `pulse` felt them.
    pub(crate) fn has(&self, pulse: &Pulse) -> bool {
        self.frr.daemons == pulse.daemons && self.incarnations == pulse.incarnations
    }

    /// Takes over what `pulse` says of the daemons; whether they are other ones, the next observation tells.
    pub(crate) fn take(&mut self, pulse: &Pulse) {
        self.frr.daemons.clone_from(&pulse.daemons);
        if pulse.daemons.iter().any(|(daemon, state)| *daemon == Daemon::Bgpd && *state != DaemonState::Up) {
            self.sessions = None;
        }
    }
}

// === impl Observer ===

impl std::fmt::Debug for Observer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Observer").field("frr", &self.frr).finish_non_exhaustive()
    }
}

impl Observer {
    /// Returns an observer of `frr`, and of the file of `--hold`.
    pub(crate) fn new(frr: Frr, hold: Option<Hold>) -> Self {
        Self {
            frr,
            hold,
            sockets: BTreeMap::new(),
            fib: Walk { last: None, due: None },
            pre_policy: Walk { last: None, due: None },
            losses: Losses::default(),
        }
    }

    /// Looks once; what costs is done only if it is due.
    pub(crate) async fn observe(&mut self) -> Observation {
        let mut observation = Observation::default();
        let version = self.ask(Daemon::Bgpd, VERSION).await;
        observation.version = version.as_ref().ok().and_then(|text| read_version(text));
        let wanted = observation.version.map_or_else(|| guess_needed(&self.frr), needed);
        for daemon in wanted {
            let state = if daemon == Daemon::Bgpd {
                daemon_state(&version)
            } else {
                daemon_state(&self.ask(daemon, VERSION).await)
            };
            let incarnation = self.socket(daemon).incarnation().ok();
            observation.incarnations.push((daemon, incarnation));
            observation.frr.daemons.push((daemon, state));
        }
        observation.frr.version = observation.version.map(|version| version.to_string());
        if version.is_ok() {
            self.ask_bgpd(&mut observation).await;
        }
        let running = if observation.is_ready() { self.frr.running_if_quiet().await } else { None };
        if let Some(running) = &running {
            observation.running = running.digest();
            observation.speakers = running.names();
        }
        if let Some(hold) = &self.hold {
            observation.hold = hold.read().await;
        }
        self.read_fib().await;
        let is_fresh = self.read_fib().await;
        observation.routes.clone_from(&self.fib.last);
        self.find_losses(&mut observation, running).await;
        if is_fresh {
            self.losses.look_for_orphans(&observation);
        }
        observation.orphaned = self.losses.orphaned();
        for unreadable in &observation.unreadable {
            debug!(
                command = unreadable.command,
                reason = unreadable.cause,
                at = unreadable.at,
                "not understood"
            );
        }
        observation
    }

    async fn ask_bgpd(&mut self, observation: &mut Observation) {
        let Ok(text) = self.ask(Daemon::Bgpd, NEIGHBORS).await else { return };
        let mut parsed = neighbors(&text);
        observation.unreadable.append(&mut parsed.unreadable);
        let mut sessions = parsed.value;
        if sessions.iter().any(|session| session.bfd.is_some())
            && let Ok(text) = self.ask(Daemon::Bfdd, BFD_PEERS).await
        {
            let mut peers = bfd_peers(&text);
            attach_bfd(&mut sessions, &peers.value);
            observation.unreadable.append(&mut peers.unreadable);
        }
        self.count_pre_policy(&sessions, &mut observation.unreadable).await;
        if let Some(counts) = &self.pre_policy.last {
            observation.received_pre_policy.clone_from(counts);
        }
        observation.sessions = Some(sessions);
    }

    /// Counts the stored Adj-RIB-In of sessions with `soft-reconfiguration inbound`; nothing else tells cheaply.
    async fn count_pre_policy(&mut self, sessions: &[Session], unreadable: &mut Vec<Unreadable>) {
        let started = Instant::now();
        if self.pre_policy.due.is_some_and(|due| started < due) {
            return;
        }
        let mut counts = BTreeMap::new();
        for session in sessions.iter().filter(|session| session.is_established()) {
            for (family, state) in &session.families {
                if !state.soft_reconfiguration_inbound {
                    continue;
                }
                let command = prefix_counts_command(&session.id, *family);
                let Ok(text) = self.ask(Daemon::Bgpd, &command).await else { continue };
                let mut parsed = prefix_counts(&text);
                unreadable.append(&mut parsed.unreadable);
                if let Some(count) = parsed.value.adj_rib_in {
                    counts.insert((session.id.clone(), *family), count);
                }
            }
        }
        self.pre_policy = Walk::done(counts, started);
    }

    /// Reads the kernel's routes if that is due; returns whether it was, and they could be read.
    async fn read_fib(&mut self) -> bool {
        let started = Instant::now();
        if self.fib.due.is_some_and(|due| started < due) {
            return false;
        }
        let read = tokio::task::spawn_blocking(fib::learned_routes).await;
        match read {
            Ok(Ok(routes)) => {
                self.fib = Walk::done(routes, started);
                return true;
            }
            Ok(Err(error)) => {
                debug!(reason = crate::desired::with_causes(&error), "the kernel's routes cannot be read");
                self.fib = Walk { last: None, due: None };
            }
            Err(_) => {}
        }
        false
    }

    /// Looks at the kernel's routes at the next observation, whatever the last look cost.
    pub(crate) fn expect_change(&mut self) {
        self.fib.due = None;
    }

    fn socket(&mut self, daemon: Daemon) -> &mut VtySocket {
        let frr = &self.frr;
        self.sockets.entry(daemon.name()).or_insert_with(|| frr.socket(daemon))
    }

    async fn ask(&mut self, daemon: Daemon, command: &str) -> Result<String, VtyError> {
        self.socket(daemon).ask(command).await.map(|reply| reply.text)
    }
}

/// Before any daemon has told its version: mgmtd is needed where its socket is.
fn guess_needed(frr: &Frr) -> Vec<Daemon> {
    let socket = |daemon: Daemon| frr.rundir.join(format!("{}.vty", daemon.name()));
    let has = |path: &Path| path.exists();
    let mut daemons = vec![Daemon::Zebra, Daemon::Bgpd];
    if has(&socket(Daemon::Mgmtd)) {
        daemons.insert(0, Daemon::Mgmtd);
    }
    daemons
}

fn daemon_state(answer: &Result<String, VtyError>) -> DaemonState {
    match answer {
        Ok(_) => DaemonState::Up,
        Err(error) if error.is_hung() => DaemonState::Hung,
        Err(_) => DaemonState::Down,
    }
}

// === impl Walk ===

impl<T> Walk<T> {
    fn done(value: T, started: Instant) -> Self {
        let pause: Duration = started.elapsed() * WALK_SHARE;
        Self { last: Some(value), due: Some(Instant::now() + pause) }
    }
}
