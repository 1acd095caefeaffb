//! What the agent knows at one moment: the input of everything that is published.

use std::{collections::BTreeMap, net::IpAddr, time::Duration};

use frr_driver::{
    clear::ClearKind,
    loss::Loss,
    session::{AddressFamily, Session, SessionId},
    vty_socket::Daemon,
};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One moment. `None` is always "not known", never "nothing".
#[derive(Clone, Debug, PartialEq)]
pub struct Snapshot {
    /// The node's name.
    pub node: String,
    /// When this was known.
    pub now: Timestamp,
    /// How long until the next snapshot.
    pub period: Duration,
    /// FRR's daemons; `None` until they were looked at.
    pub frr: Option<FrrState>,
    /// The sources, in the order in which they are merged; `None` until they were read.
    pub sources: Option<Vec<SourceState>>,
    /// The configuration.
    pub config: ConfigState,
    /// The sessions; `None` if bgpd could not be asked.
    pub sessions: Option<Vec<Session>>,
    /// Routes before policy, where that is known.
    pub received_pre_policy: BTreeMap<(SessionId, AddressFamily), u64>,
    /// Policies that changed and are not in effect everywhere; in effect is what is not listed.
    pub policies: Vec<PolicyFact>,
    /// What the kernel has from BGP; `None` if it could not be asked.
    pub routes: Option<LearnedRoutes>,
    /// The last clear of each session.
    pub clears: BTreeMap<SessionId, ClearFact>,
    /// The last clear of all.
    pub last_clear: Option<ClearFact>,
    /// Why no route of these arrives, although some were announced.
    pub losses: BTreeMap<(SessionId, AddressFamily), Loss>,
    /// The families of which the kernel keeps routes from BGP that bgpd does not have.
    pub orphaned: Vec<AddressFamily>,
}

/// FRR, as far as it answers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FrrState {
    /// `10.7.1`.
    pub version: Option<String>,
    /// The daemons that the configuration needs.
    pub daemons: Vec<(Daemon, DaemonState)>,
}

/// Whether a daemon answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DaemonState {
    /// It does.
    Up,
    /// Nobody listens on its socket.
    Down,
    /// It listens and does not answer.
    Hung,
}

/// A source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceState {
    /// `base`, `extras`, or as configured.
    pub name: String,
    /// What it may say.
    pub policy: SourcePolicy,
    /// Of the version in force.
    pub digest: Option<String>,
    /// When the version in force was accepted.
    pub accepted_at: Option<Timestamp>,
    /// The mounted version is in force. A missing optional contribution is accepted.
    pub accepted: bool,
    /// Why it is not.
    pub errors: Vec<SourceError>,
}

/// What a source may say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum SourcePolicy {
    /// Anything: the node's own configuration.
    Base,
    /// Prefix-lists, and what decides on routes from a peer.
    Extras,
    /// Anything but what belongs to the agent or the host.
    Full,
}

/// An error in a source.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceError {
    /// From 1 on; `None` where it concerns no single line.
    pub line: Option<usize>,
    /// What is wrong; without secrets.
    pub message: String,
}

/// The configuration, and what became of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ConfigState {
    /// The digest of the desired configuration; `None` while there is none.
    pub generation: Option<String>,
    /// The digest of the one that FRR was last seen to run.
    pub applied_generation: Option<String>,
    /// When that was applied.
    pub applied_at: Option<Timestamp>,
    /// What the last apply used.
    pub engine: Option<Engine>,
    /// How the last apply ended.
    pub result: Option<ApplyResult>,
    /// How long the last apply took.
    pub duration: Option<Duration>,
    /// Lines that the last apply added.
    pub added: usize,
    /// Lines that the last apply removed.
    pub removed: usize,
    /// Why the desired configuration does not run yet, or why the last apply failed; without secrets.
    pub pending: Option<String>,
    /// The same for machines; `None` = it is on its way.
    pub trouble: Option<Trouble>,
    /// What somebody else changed in FRR, and what stays so: `-` lines that are gone, `+` lines that are new.
    pub drift: Vec<String>,
}

/// Why FRR does not run what is desired.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Trouble {
    /// Refused before anything was changed.
    Rejected,
    /// Nothing was changed, for a reason that is not in the lines.
    Failed,
    /// FRR took a part of it.
    PartiallyApplied,
    /// FRR did not take it; the last good one runs.
    RolledBack,
    /// It cost sessions; the last good one runs.
    GuardTripped,
    /// It would take too many sessions down.
    Held,
    /// Somebody changed FRR, and that is only reported.
    Drifted,
}

/// How a configuration is brought into FRR.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Engine {
    /// `frr-reload.py`.
    FrrReload,
    /// One `vtysh -f` with the lines that are needed.
    Transaction,
}

/// How an apply ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
pub enum ApplyResult {
    /// FRR runs what is desired.
    Applied,
    /// It did already.
    Unchanged,
    /// Refused before anything was changed.
    Rejected,
    /// FRR did not take it, and nobody could put the last good one back.
    Failed,
    /// FRR did not take it; the last good one runs.
    RolledBack,
}

/// The direction of a policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    /// Routes from the peer.
    In,
    /// Routes to the peer.
    Out,
}

/// A policy that changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyFact {
    /// Whose.
    pub session: SessionId,
    /// Of which family.
    pub family: AddressFamily,
    /// Which way.
    pub direction: Direction,
    /// What became of it.
    pub state: PolicyState,
    /// Why, for people; may be empty.
    pub why: String,
}

/// How far a changed policy came. Ordered from good to bad.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PolicyState {
    /// There is evidence that the routes went through it.
    InEffect,
    /// Nothing tells, and nothing says the contrary.
    Unproven,
    /// Not yet.
    Pending,
    /// Only a clear that is not allowed would help.
    Suppressed,
    /// Clears did not help.
    GaveUp,
}

/// What the kernel has from BGP.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LearnedRoutes {
    /// IPv4 prefixes.
    pub ipv4: u64,
    /// IPv6 prefixes.
    pub ipv6: u64,
    /// How many prefixes use which gateway; one with several next hops counts for each.
    pub gateways: BTreeMap<Gateway, u64>,
}

/// A next hop of routes from BGP. Ordered by interface last, as tables show it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Gateway {
    /// The family of the prefixes, not of the next hop.
    pub family: AddressFamily,
    /// Its address; `None` for routes out of an interface.
    pub next_hop: Option<IpAddr>,
    /// The interface that it is reached by.
    pub interface: Option<String>,
}

/// A clear.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClearFact {
    /// Whose session.
    pub session: SessionId,
    /// Which family; a hard clear concerns all.
    pub family: AddressFamily,
    /// How.
    pub kind: ClearKind,
    /// Why.
    pub reason: String,
    /// When.
    pub at: Timestamp,
    /// Prefixes before it: accepted ones, or sent ones for [`ClearKind::SoftOut`].
    pub prefixes_before: u64,
    /// What came of it; `None` while that is open.
    pub outcome: Option<ClearOutcome>,
}

/// What came of a clear.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClearOutcome {
    /// Prefixes after it.
    pub prefixes_after: u64,
    /// Until it was proven to have helped, or given up.
    pub took: Duration,
    /// Why it did not help, if so.
    pub failure: Option<String>,
}

// === impl Engine ===

impl Engine {
    /// The name in logs and labels.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::FrrReload => "frr-reload",
            Self::Transaction => "transaction",
        }
    }
}

// === impl ApplyResult ===

impl ApplyResult {
    /// Every result.
    pub const ALL: [Self; 5] =
        [Self::Applied, Self::Unchanged, Self::Rejected, Self::Failed, Self::RolledBack];

    /// The name in labels.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Applied => "applied",
            Self::Unchanged => "unchanged",
            Self::Rejected => "rejected",
            Self::Failed => "failed",
            Self::RolledBack => "rolled_back",
        }
    }

    /// Whether FRR runs what is desired.
    pub fn is_success(self) -> bool {
        matches!(self, Self::Applied | Self::Unchanged)
    }
}

// === impl Snapshot ===

impl Snapshot {
    /// Returns a snapshot of which nothing is known yet.
    pub fn unknown(node: impl Into<String>, now: Timestamp, period: Duration) -> Self {
        Self {
            node: node.into(),
            now,
            period,
            frr: None,
            sources: None,
            config: ConfigState::default(),
            sessions: None,
            received_pre_policy: BTreeMap::new(),
            policies: Vec::new(),
            routes: None,
            clears: BTreeMap::new(),
            last_clear: None,
            losses: BTreeMap::new(),
            orphaned: Vec::new(),
        }
    }
}
