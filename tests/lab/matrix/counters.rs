//! What FRR and the agent count: resets, requests for routes, clears.

use std::{collections::BTreeMap, time::Duration};

use frr_driver::clear::ClearKind;
use routelet_tests::lab::{Agent, Lab, Node};
use serde_json::Value;

use super::{
    bed::{BYSTANDER, BYSTANDER_FAR_SESSION, BYSTANDER_SESSION, NODE, PEERS},
    look::json,
    peer::Peer,
};

/// FRR tells the uptime in whole seconds.
const UPTIME_JITTER: Duration = Duration::from_millis(1500);

/// One end of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct End {
    pub(crate) is_up: bool,
    established: u64,
    dropped: u64,
    /// How often this end asked for the routes of the other.
    pub(crate) refreshes_sent: u64,
    updates_sent: u64,
    updates_received: u64,
    uptime: Duration,
}

/// Both ends of all sessions.
#[derive(Clone, Debug)]
pub(crate) struct Counters {
    pub(crate) peers: BTreeMap<Peer, [End; 2]>,
    pub(crate) bystander: [End; 2],
    /// How often the agent cleared, softly and hard.
    pub(crate) clears: Clears,
}

/// The agent's clears that bgpd took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Clears {
    pub(crate) soft: u64,
    pub(crate) hard: u64,
}

// === impl End ===

impl End {
    /// Whether it was reset since `before`, which was `between` ago.
    ///
    /// A dynamic neighbor that comes back counts from the beginning: only its uptime tells.
    pub(crate) fn was_reset(&self, before: &Self, between: Duration) -> bool {
        let counts = |end: &Self| (end.is_up, end.established, end.dropped);
        counts(self) != counts(before) || self.uptime + UPTIME_JITTER < before.uptime + between
    }

    /// Whether anything but keepalives went over it since `before`.
    pub(crate) fn was_touched(&self, before: &Self, between: Duration) -> bool {
        let counts = |end: &Self| (end.refreshes_sent, end.updates_sent, end.updates_received);
        self.was_reset(before, between) || counts(self) != counts(before)
    }
}

// === impl Counters ===

impl Counters {
    /// Reads all; `None` for a session that is not there tells its name.
    pub(crate) fn read(lab: &Lab, peers: &[Peer], agent: &Agent) -> Result<Self, String> {
        let (near, far) = (neighbors(lab.node(NODE)), neighbors(lab.node(PEERS)));
        let ends = |peer: &Peer| -> Result<(Peer, [End; 2]), String> {
            Ok((*peer, [end(&near, &peer.session())?, end(&far, &peer.far_session())?]))
        };
        let beyond = neighbors(lab.node(BYSTANDER));
        Ok(Self {
            peers: peers.iter().map(ends).collect::<Result<_, _>>()?,
            bystander: [end(&near, BYSTANDER_SESSION)?, end(&beyond, BYSTANDER_FAR_SESSION)?],
            clears: Clears::of(agent),
        })
    }

    /// The sessions that are not established.
    pub(crate) fn down(&self) -> Vec<String> {
        let is_down = |ends: &[End; 2]| ends.iter().any(|end| !end.is_up);
        let peers = self.peers.iter().filter(|(_, ends)| is_down(ends)).map(|(peer, _)| peer.to_string());
        peers.chain(is_down(&self.bystander).then(|| BYSTANDER.to_owned())).collect()
    }

    /// What moves when anything happens to a session: everything but uptimes.
    pub(crate) fn still(&self) -> Vec<[End; 2]> {
        let without_uptime = |ends: &[End; 2]| ends.map(|end| End { uptime: Duration::ZERO, ..end });
        self.peers.values().chain([&self.bystander]).map(without_uptime).collect()
    }
}

// === impl Clears ===

impl Clears {
    /// What the agent's metrics say.
    pub(crate) fn of(agent: &Agent) -> Self {
        let metrics = agent.http_get("/metrics").unwrap().body;
        let sent = |kind: ClearKind| {
            let labels = format!("{{kind=\"{}\",result=\"sent\"}} ", kind.as_str());
            let mut lines = metrics.lines();
            let value =
                lines.find_map(|line| line.strip_prefix("routelet_bgp_clears_total")?.strip_prefix(&labels));
            value.map_or(0_u64, |value| value.parse().unwrap())
        };
        let soft = sent(ClearKind::SoftIn) + sent(ClearKind::SoftOut);
        Self { soft, hard: sent(ClearKind::Hard) }
    }

    /// The clears since `before`.
    pub(crate) fn since(self, before: Self) -> Self {
        Self { soft: self.soft - before.soft, hard: self.hard - before.hard }
    }
}

fn neighbors(node: &Node) -> Value {
    json(node, "show bgp neighbors json")
}

fn end(neighbors: &Value, session: &str) -> Result<End, String> {
    let end = &neighbors[session];
    if !end.is_object() {
        return Err(format!("{session} is not there"));
    }
    let count = |value: &Value| value.as_u64().unwrap_or_default();
    let messages = &end["messageStats"];
    Ok(End {
        is_up: end["bgpState"] == "Established",
        established: count(&end["connectionsEstablished"]),
        dropped: count(&end["connectionsDropped"]),
        refreshes_sent: count(&messages["routeRefreshSent"]),
        updates_sent: count(&messages["updatesSent"]),
        updates_received: count(&messages["updatesRecv"]),
        uptime: Duration::from_millis(count(&end["bgpTimerUpMsec"])),
    })
}
