//! The status of a session: `BGPSession`. The names are those of `OpenConfig`.
//!
//! But for conditions, lists are atomic and left out while they are empty: of one that is merged by its keys and becomes
//! empty, server-side apply makes null, and then refuses it (1.20).

use std::net::Ipv4Addr;

use frr_driver::session::{AddressFamily, BfdState, PeerId, SessionState};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    condition::{CONDITIONS_MAX, Condition},
    message::MESSAGE_BYTES_MAX,
    node::ClearStatus,
    schema::Time,
};

/// The most address families of a session; FRR negotiates 11.
pub(crate) const AFI_SAFIS_MAX: usize = 16;

/// The most policies of an address family in one direction: one of each kind.
pub(crate) const POLICIES_MAX: usize = 4;

/// What there is to know about a session.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct BgpSessionStatus {
    /// Whose session.
    pub node: String,
    /// With whom.
    pub peer: PeerId,
    /// In which VRF.
    pub vrf: String,
    /// Our AS.
    #[serde(rename = "localAS", skip_serializing_if = "Option::is_none")]
    pub local_as: Option<u32>,
    /// The peer's AS.
    #[serde(rename = "peerAS", skip_serializing_if = "Option::is_none")]
    pub peer_as: Option<u32>,
    /// The peer group.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = MESSAGE_BYTES_MAX))]
    pub peer_group: Option<String>,
    /// The description; at most 512 bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = MESSAGE_BYTES_MAX))]
    pub description: Option<String>,
    /// The interface of an unnumbered peer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interface: Option<String>,
    /// The peer's router ID, once it is known.
    #[serde(rename = "remoteRouterID", skip_serializing_if = "Option::is_none")]
    pub remote_router_id: Option<Ipv4Addr>,
    /// Not shut down on purpose.
    pub enabled: bool,
    /// Accepted by a listen range.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub dynamic: bool,
    /// `Unknown` while bgpd does not answer.
    pub session_state: SessionState,
    /// Since when it is established, or is not; absent if it never was.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Time>")]
    pub since: Option<Timestamp>,
    /// How often it was established since bgpd started.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub established_transitions: Option<u64>,
    /// How often it was lost since bgpd started.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub flaps: Option<u64>,
    /// When it was established the last time.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Time>")]
    pub last_established: Option<Timestamp>,
    /// Its last end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_down: Option<LastDown>,
    /// Its address families.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = AFI_SAFIS_MAX))]
    pub afi_safis: Vec<AfiSafiStatus>,
    /// The sum over its address families.
    pub prefixes: PrefixCounts,
    /// Its BFD session, if one is configured.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bfd: Option<BfdStatus>,
    /// Graceful restart, as negotiated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub graceful_restart: Option<GracefulRestartStatus>,
    /// Its last clear.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_clear: Option<ClearStatus>,
    /// All of them, from the first write on.
    #[schemars(length(max = CONDITIONS_MAX), extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["type"]))]
    pub conditions: Vec<Condition>,
}

/// The end of a session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("x-kubernetes-map-type" = "atomic"))]
pub struct LastDown {
    /// When.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Time>")]
    pub time: Option<Timestamp>,
    /// Why, in FRR's words.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = MESSAGE_BYTES_MAX))]
    pub reason: Option<String>,
}

/// One address family.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct AfiSafiStatus {
    /// Which one.
    pub name: AddressFamily,
    /// Its prefixes.
    #[serde(flatten)]
    pub prefixes: PrefixCounts,
    /// The policies for routes from the peer: `route-map X`, `prefix-list Y`, ….
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = POLICIES_MAX))]
    pub policy_in: Vec<String>,
    /// The policies for routes to the peer.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = POLICIES_MAX))]
    pub policy_out: Vec<String>,
    /// All its routes went through the present policies; absent where nothing tells.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy_in_effect: Option<bool>,
}

/// Prefixes of a session.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PrefixCounts {
    /// Announced by the peer, before policy; absent, not zero, where FRR cannot tell cheaply.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub received_pre_policy: Option<u64>,
    /// Announced by the peer and let through by the policies.
    pub received: u64,
    /// Announced to the peer.
    pub sent: u64,
}

/// A BFD session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("x-kubernetes-map-type" = "atomic"))]
pub struct BfdStatus {
    /// Whether the path is alive.
    pub state: BfdState,
    /// Since when; absent while not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Time>")]
    pub since: Option<Timestamp>,
    /// Why it went down.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = MESSAGE_BYTES_MAX))]
    pub diagnostic: Option<String>,
}

/// Graceful restart.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("x-kubernetes-map-type" = "atomic"))]
pub struct GracefulRestartStatus {
    /// Ours.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub local_mode: Option<String>,
    /// The peer's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remote_mode: Option<String>,
    /// The peer restarts, and its routes are kept.
    pub peer_restarting: bool,
}

// === impl BgpSessionStatus ===

impl BgpSessionStatus {
    /// Returns the condition of this type.
    pub fn condition(&self, kind: crate::condition::ConditionType) -> Option<&Condition> {
        self.conditions.iter().find(|condition| condition.kind == kind)
    }
}
