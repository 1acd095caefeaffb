//! The fabric as one node sees it, and what its agent would observe of that.

use std::{net::Ipv4Addr, time::Duration};

use frr_driver::{
    session::{
        AddressFamily, Bfd, BfdState, FamilyState, GracefulRestart, LastReset, Policy, Session, SessionId,
        SessionState,
    },
    vty_socket::Daemon,
};
use jiff::Timestamp;
use routelet_status::snapshot::{
    ApplyResult, ConfigState, DaemonState, Engine, FrrState, Gateway, LearnedRoutes, Snapshot, SourcePolicy,
    SourceState,
};

/// Sessions of a node: one with each spine.
pub(crate) const SPINES: usize = 4;

/// Prefixes that a spine announces.
const PREFIXES: u64 = 120;

/// How often an agent looks.
const PERIOD: Duration = Duration::from_secs(5);

/// A node, and what became of its sessions.
#[derive(Clone, Debug)]
pub(crate) struct World {
    pub(crate) node: String,
    number: usize,
    applied_at: Timestamp,
    spines: [Spine; SPINES],
}

/// A session with a spine.
#[derive(Clone, Copy, Debug)]
struct Spine {
    is_up: bool,
    /// Since when.
    since: Timestamp,
    /// When it came up the last time.
    established: Timestamp,
    /// When it went down the last time.
    lost: Option<Timestamp>,
    flaps: u64,
}

// === impl World ===

impl World {
    /// Returns node `number` on which everything is well for an hour.
    pub(crate) fn new(number: usize, now: Timestamp) -> Self {
        // Not all at the same fraction of a second, as it is.
        let fraction = i64::try_from(number * 7919 % 1000).unwrap_or_default();
        let since = now - jiff::SignedDuration::from_millis(3_600_000 + fraction);
        let node = name(number);
        let spine = Spine { is_up: true, since, established: since, lost: None, flaps: 0 };
        Self { node, number, applied_at: since, spines: [spine; SPINES] }
    }

    /// Takes the sessions with `spines` down or up.
    pub(crate) fn set(&mut self, spines: &[usize], is_up: bool, now: Timestamp) {
        for number in spines {
            let Some(spine) = self.spines.get_mut(*number) else { continue };
            if spine.is_up == is_up {
                continue;
            }
            spine.is_up = is_up;
            spine.since = now;
            if is_up {
                spine.established = now;
            } else {
                spine.flaps += 1;
                spine.lost = Some(now);
            }
        }
    }

    /// Returns what the agent observes.
    pub(crate) fn snapshot(&self, now: Timestamp) -> Snapshot {
        let gateways = self.spines.iter().enumerate().filter(|(_, spine)| spine.is_up);
        let gateways = gateways.flat_map(|(number, _)| {
            [AddressFamily::Ipv4Unicast, AddressFamily::Ipv6Unicast].map(|family| {
                let interface = Some(format!("eth{number}"));
                (Gateway { family, next_hop: Some(peer(number).into()), interface }, PREFIXES)
            })
        });
        let routes = if self.spines.iter().any(|spine| spine.is_up) { PREFIXES } else { 0 };
        Snapshot {
            frr: Some(FrrState {
                version: Some("10.7.1".to_owned()),
                daemons: [Daemon::Zebra, Daemon::Bgpd, Daemon::Bfdd, Daemon::Mgmtd]
                    .map(|daemon| (daemon, DaemonState::Up))
                    .into(),
            }),
            sources: Some(vec![
                self.source("base", SourcePolicy::Base),
                self.source("extras", SourcePolicy::Extras),
            ]),
            config: ConfigState {
                generation: Some(self.digest()),
                applied_generation: Some(self.digest()),
                applied_at: Some(self.applied_at),
                engine: Some(Engine::FrrReload),
                result: Some(ApplyResult::Applied),
                duration: Some(Duration::from_millis(1234)),
                added: 180,
                ..ConfigState::default()
            },
            sessions: Some(
                self.spines.iter().enumerate().map(|(number, spine)| spine.session(number, now)).collect(),
            ),
            routes: Some(LearnedRoutes { ipv4: routes, ipv6: routes, gateways: gateways.collect() }),
            ..Snapshot::unknown(self.node.clone(), now, PERIOD)
        }
    }

    /// A digest as the agent has it: 64 hexadecimal digits.
    fn digest(&self) -> String {
        format!("{:064x}", self.number)
    }

    fn source(&self, name: &str, policy: SourcePolicy) -> SourceState {
        SourceState {
            name: name.to_owned(),
            policy,
            digest: Some(self.digest()),
            accepted_at: Some(self.applied_at),
            accepted: true,
            errors: Vec::new(),
        }
    }
}

// === impl Spine ===

impl Spine {
    fn session(&self, number: usize, now: Timestamp) -> Session {
        let (state, bfd) = if self.is_up {
            (SessionState::Established, BfdState::Up)
        } else {
            (SessionState::Active, BfdState::Down)
        };
        let policy = |name: &str| Policy { route_map: Some(format!("fabric-{name}")), ..Policy::default() };
        let family = FamilyState {
            accepted: if self.is_up { PREFIXES } else { 0 },
            sent: self.is_up.then_some(3),
            inbound: policy("in"),
            outbound: policy("out"),
            ..FamilyState::default()
        };
        Session {
            state,
            local_as: Some(4_200_000_001),
            peer_as: Some(4_200_000_000),
            peer_group: Some("fabric".to_owned()),
            description: Some(format!("spine-{number} swp17")),
            remote_router_id: Some(peer(number)),
            uptime: self.is_up.then(|| seconds(self.since, now)),
            connections_established: Some(self.flaps + u64::from(self.is_up)),
            connections_dropped: Some(self.flaps),
            last_reset: self.lost.map(|lost| LastReset {
                reason: Some("BGP Notification send Cease/BFD Down".to_owned()),
                ago: Some(seconds(lost, now)),
            }),
            can_route_refresh: self.is_up,
            families: [AddressFamily::Ipv4Unicast, AddressFamily::Ipv6Unicast]
                .map(|name| (name, family.clone()))
                .into(),
            bfd: Some(Bfd {
                state: bfd,
                since: Some(seconds(self.since, now)),
                diagnostic: (!self.is_up).then(|| "control detection time expired".to_owned()),
            }),
            graceful_restart: Some(GracefulRestart {
                local_mode: Some("Helper".to_owned()),
                remote_mode: Some("Helper".to_owned()),
                restarting: None,
            }),
            ..Session::unknown(SessionId::in_default_vrf(peer(number).to_string()))
        }
    }
}

/// Returns the name of node `number`.
pub(crate) fn name(number: usize) -> String {
    format!("node-{number:05}")
}

fn peer(number: usize) -> Ipv4Addr {
    Ipv4Addr::new(10, 255, 0, u8::try_from(number + 1).unwrap_or(u8::MAX))
}

/// Whole seconds, as FRR counts them.
fn seconds(since: Timestamp, now: Timestamp) -> Duration {
    Duration::from_secs(u64::try_from(now.duration_since(since).as_secs()).unwrap_or_default())
}
