//! The metrics of BGP sessions.

use std::collections::{BTreeMap, BTreeSet};

use frr_driver::session::{BfdState, Session, SessionId};
use prometheus::{IntCounterVec, Registry};
use routelet_status::snapshot::{PolicyFact, PolicyState, Snapshot};

use super::series::{Series, Values, bit, count, counters, seconds};

/// How far the start of a session may move before it is another one; seconds. FRR says whole seconds.
const START_JITTER_SECONDS: f64 = 2.0;

/// The labels of a session; those of an address family of a session.
const SESSION: [&str; 2] = ["peer", "vrf"];
const FAMILY: [&str; 3] = ["peer", "vrf", "afi_safi"];
const LOSS: [&str; 4] = ["peer", "vrf", "afi_safi", "reason"];

#[derive(Debug)]
pub(super) struct SessionMetrics {
    up: Series,
    state: Series,
    admin_up: Series,
    established_at: Series,
    bfd_up: Series,
    flaps: IntCounterVec,
    accepted: Series,
    sent: Series,
    received_pre_policy: Series,
    stale: Series,
    policy_in_effect: Series,
    lost: Series,
    /// What was last seen of each session.
    seen: BTreeMap<SessionId, Seen>,
}

/// What tells whether a session went down between two looks.
#[derive(Clone, Copy, Debug, Default)]
struct Seen {
    dropped: u64,
    /// When it was established, if that loss is not counted yet.
    established_at: Option<f64>,
}

/// The values of one look: those of sessions, and those of their address families.
#[derive(Debug, Default)]
struct Look {
    sessions: [Values; 5],
    families: [Values; 5],
}

// === impl SessionMetrics ===

impl SessionMetrics {
    pub(super) fn register(registry: &Registry) -> Result<Self, prometheus::Error> {
        let of_session = |name: &str, help: &str| Series::register(registry, name, help, &SESSION);
        let of_family = |name: &str, help: &str| Series::register(registry, name, help, &FAMILY);
        Ok(Self {
            up: of_session(
                "routelet_bgp_session_up",
                "Whether the BGP session is established (1) or not (0).",
            )?,
            state: of_session(
                "routelet_bgp_session_state",
                "State of the BGP session: 0 unknown, 1 idle, 2 connect, 3 active, 4 opensent, \
                 5 openconfirm, 6 established (RFC 4273).",
            )?,
            admin_up: of_session(
                "routelet_bgp_session_admin_up",
                "Whether the BGP session is wanted (1) or shut down in the configuration (0).",
            )?,
            established_at: of_session(
                "routelet_bgp_session_established_timestamp_seconds",
                "When the BGP session was established; only while it is.",
            )?,
            bfd_up: of_session(
                "routelet_bfd_session_up",
                "Whether the BFD session of the peer is up (1) or not (0).",
            )?,
            flaps: counters(
                registry,
                "routelet_bgp_session_flaps_total",
                "How often the BGP session was lost.",
                &SESSION,
            )?,
            accepted: of_family(
                "routelet_bgp_prefixes_accepted",
                "Prefixes from the peer that the inbound policy let through.",
            )?,
            sent: of_family("routelet_bgp_prefixes_sent", "Prefixes announced to the peer.")?,
            received_pre_policy: of_family(
                "routelet_bgp_prefixes_received_pre_policy",
                "Prefixes from the peer before the inbound policy; only where FRR can tell.",
            )?,
            stale: of_family(
                "routelet_bgp_prefixes_stale",
                "Prefixes of a lost session that graceful restart keeps in use.",
            )?,
            policy_in_effect: of_family(
                "routelet_bgp_policy_in_effect",
                "Whether all routes went through the present policies (1) or not (0); absent where nothing tells.",
            )?,
            lost: Series::register(
                registry,
                "routelet_bgp_routes_lost",
                "There only while a peer announces routes and none of them arrives, with the reason; always 1.",
                &LOSS,
            )?,
            seen: BTreeMap::new(),
        })
    }

    /// Sets all gauges to what `snapshot` knows.
    ///
    /// While bgpd does not answer, the sessions that were seen last stay, as down: a series that vanishes
    /// raises no alert.
    pub(super) fn update(&mut self, snapshot: &Snapshot) {
        let mut look = Look::default();
        if let Some(sessions) = &snapshot.sessions {
            self.forget(sessions);
            for session in sessions {
                let start = self.count_flaps(session, seconds(snapshot.now));
                look.add(snapshot, session, start);
            }
        } else {
            for id in self.seen.keys() {
                look.add_unknown(id);
            }
        }
        // While bgpd does not answer, it is not known.
        let losses = snapshot.losses.iter().filter(|_| snapshot.sessions.is_some());
        let lost = losses.map(|((session, family), loss)| {
            let reason = [family.to_string(), loss.reason().to_owned()];
            (labels(session).into_iter().chain(reason).collect(), 1.0)
        });
        self.lost.replace(lost.collect());
        let Look { sessions, families } = look;
        let of_session =
            [&mut self.up, &mut self.state, &mut self.admin_up, &mut self.established_at, &mut self.bfd_up];
        let of_family = [
            &mut self.accepted,
            &mut self.sent,
            &mut self.received_pre_policy,
            &mut self.stale,
            &mut self.policy_in_effect,
        ];
        let all = of_session.into_iter().zip(sessions).chain(of_family.into_iter().zip(families));
        for (series, values) in all {
            series.replace(values);
        }
    }

    /// Counts the losses of `session` since the last look; returns when it was established, if it is.
    ///
    /// FRR's own counter begins anew with bgpd, and with each life of a dynamic peer: a later start tells too.
    fn count_flaps(&mut self, session: &Session, now: f64) -> Option<f64> {
        let before = self.seen.get(&session.id).copied();
        let dropped = session.connections_dropped.unwrap_or(0);
        let known = before.and_then(|before| before.established_at);
        let start = session.uptime.map(|uptime| now - uptime.as_secs_f64());
        let moved = |start: f64| known.is_some_and(|known| (start - known).abs() > START_JITTER_SECONDS);
        let counted = match before {
            Some(before) if dropped >= before.dropped => dropped - before.dropped,
            Some(_) | None => dropped,
        };
        let uncounted = u64::from(counted == 0 && start.is_some_and(moved));
        self.flaps.with_label_values(&labels(&session.id)).inc_by(counted + uncounted);
        // The same start is told with the same number, though FRR's seconds do not begin when ours do.
        let start = start.map(|start| if moved(start) { start } else { known.unwrap_or(start) });
        // While it is down and nobody counted, the next start tells.
        let established_at = if counted == 0 { start.or(known) } else { start };
        self.seen.insert(session.id.clone(), Seen { dropped, established_at });
        start
    }

    /// Removes the counters of peers that are gone.
    fn forget(&mut self, sessions: &[Session]) {
        let present: BTreeSet<_> = sessions.iter().map(|session| &session.id).collect();
        let flaps = &self.flaps;
        self.seen.retain(|id, _| {
            let stays = present.contains(id);
            if !stays {
                // Absent already is as good.
                let _ = flaps.remove_label_values(&labels(id));
            }
            stays
        });
    }
}

// === impl Look ===

impl Look {
    fn add(&mut self, snapshot: &Snapshot, session: &Session, start: Option<f64>) {
        let labels = labels(&session.id).to_vec();
        let of_session = [
            Some(bit(session.is_established())),
            Some(f64::from(session.state as u8)),
            Some(bit(!session.admin_down)),
            start,
            session.bfd.as_ref().map(|bfd| bit(bfd.state == BfdState::Up)),
        ];
        fill(&mut self.sessions, &labels, of_session);
        for (family, counts) in &session.families {
            let own = |fact: &&PolicyFact| fact.session == session.id && fact.family == *family;
            let worst = snapshot.policies.iter().filter(own).map(|fact| fact.state).max();
            let in_effect = match worst.unwrap_or(PolicyState::InEffect) {
                PolicyState::InEffect => Some(bit(true)),
                PolicyState::Unproven => None,
                PolicyState::Pending | PolicyState::Suppressed | PolicyState::GaveUp => Some(bit(false)),
            };
            let of_family = [
                Some(count(counts.accepted)),
                counts.sent.map(count),
                snapshot.received_pre_policy.get(&(session.id.clone(), *family)).copied().map(count),
                Some(count(counts.stale)),
                in_effect,
            ];
            let labels: Vec<_> = labels.iter().cloned().chain([family.to_string()]).collect();
            fill(&mut self.families, &labels, of_family);
        }
    }

    fn add_unknown(&mut self, id: &SessionId) {
        fill(&mut self.sessions, &labels(id), [Some(0.0), Some(0.0), None, None, None]);
    }
}

/// Adds the values that are known, each to its own series.
fn fill<const N: usize>(series: &mut [Values; N], labels: &[String], values: [Option<f64>; N]) {
    for (series, value) in series.iter_mut().zip(values) {
        if let Some(value) = value {
            series.insert(labels.to_vec(), value);
        }
    }
}

fn labels(session: &SessionId) -> [String; 2] {
    [session.peer.to_string(), session.vrf.clone()]
}
