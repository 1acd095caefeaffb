//! The status of a node: `BGPNode`.
//!
//! But for conditions, lists are atomic and left out while they are empty: of one that is merged by its keys and becomes
//! empty, server-side apply makes null, and then refuses it (1.20). Parts are atomic too: one agent writes all of them,
//! and what the API server notes on who wrote which field was a third of an object.

use std::net::IpAddr;

use frr_driver::{
    clear::ClearKind,
    session::{AddressFamily, PeerId},
    vty_socket::Daemon,
};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    condition::{CONDITIONS_MAX, Condition},
    message::MESSAGE_BYTES_MAX,
    schema::Time,
    snapshot::{ApplyResult, Engine, SourcePolicy},
};

/// The most gateways in a status: more than a rack has, and 64 of them fill 8 KB.
pub const GATEWAYS_MAX: usize = 64;

/// The most sources in a status: a base, and far more contributions than anybody mounts.
pub const SOURCES_MAX: usize = 32;

/// The most daemons in a status; FRR has 20.
pub(crate) const DAEMONS_MAX: usize = 32;

/// The most errors per source in a status: people mend them from the top.
pub const SOURCE_ERRORS_MAX: usize = 16;

/// The most lines of a drift in a status: enough to see what somebody did.
pub const DRIFT_LINES_MAX: usize = 16;

/// What there is to know about a node.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct BgpNodeStatus {
    /// All of them, from the first write on.
    #[schemars(length(max = CONDITIONS_MAX), extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["type"]))]
    pub conditions: Vec<Condition>,
    /// The FRR of this node.
    pub frr: FrrStatus,
    /// The mounted sources, in the order in which they are merged.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = SOURCES_MAX))]
    pub sources: Vec<SourceStatus>,
    /// The configuration that they make.
    pub config: ConfigStatus,
    /// How many sessions there are.
    pub sessions: SessionCounts,
    /// Routes learned by BGP and installed in the kernel; absent while not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub routes: Option<RouteCounts>,
    /// Where those routes lead to, the most used first; at most 64.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = GATEWAYS_MAX))]
    pub gateways: Vec<GatewayStatus>,
    /// How many gateways there are, also those that are not listed.
    pub gateway_count: usize,
    /// Not all gateways are listed.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub truncated: bool,
    /// When the agent last said that it is there; only in the custom resource: the file has its own time.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Time>")]
    pub last_heartbeat: Option<Timestamp>,
    /// How long until the next one, while the agent runs; absent if it does not say it regularly.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub heartbeat_seconds: Option<u64>,
    /// The last session that the agent cleared.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_clear: Option<ClearStatus>,
}

/// FRR, as far as it answers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("x-kubernetes-map-type" = "atomic"))]
pub struct FrrStatus {
    /// `10.7.1`; absent while not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// The daemons that the configuration needs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = DAEMONS_MAX))]
    pub daemons: Vec<DaemonStatus>,
}

/// A daemon of FRR.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct DaemonStatus {
    /// Which one.
    pub name: Daemon,
    /// It answers.
    pub up: bool,
}

/// A mounted source.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SourceStatus {
    /// `base`, `extras`, or as configured.
    pub name: String,
    /// What it may say.
    pub policy: SourcePolicy,
    /// Of the version in force; absent if none is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub digest: Option<String>,
    /// The mounted version is in force.
    pub accepted: bool,
    /// When the version in force was accepted.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Time>")]
    pub accepted_time: Option<Timestamp>,
    /// Why the mounted version was refused; at most 16.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = SOURCE_ERRORS_MAX))]
    pub errors: Vec<SourceErrorStatus>,
    /// Not all errors are listed.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub truncated: bool,
}

/// An error in a source.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SourceErrorStatus {
    /// From 1 on; absent where it concerns no single line.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<usize>,
    /// What is wrong.
    #[schemars(length(max = MESSAGE_BYTES_MAX))]
    pub message: String,
}

/// The merged configuration, and what became of it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("x-kubernetes-map-type" = "atomic"))]
pub struct ConfigStatus {
    /// The digest of the desired configuration; absent while there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub generation: Option<String>,
    /// The digest of the configuration that FRR was last seen to run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub applied_generation: Option<String>,
    /// When it was applied.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Time>")]
    pub applied_time: Option<Timestamp>,
    /// What the last apply used.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub engine: Option<Engine>,
    /// How the last apply ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub result: Option<ApplyResult>,
    /// How long the last apply took.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duration_seconds: Option<f64>,
    /// Lines that the last apply added.
    pub added_lines: usize,
    /// Lines that the last apply removed.
    pub removed_lines: usize,
    /// What somebody else changed in FRR, and what stays so: `-` lines that are gone, `+` lines that are new; at
    /// most 16.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = DRIFT_LINES_MAX), inner(length(max = MESSAGE_BYTES_MAX)))]
    pub drift: Vec<String>,
}

/// Sessions, those that are shut down on purpose included.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("x-kubernetes-map-type" = "atomic"))]
pub struct SessionCounts {
    /// All.
    pub total: usize,
    /// Those that exchange routes.
    pub established: usize,
    /// Those whose peer announces routes of a family, and none of them arrives; no fault of the node.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub without_routes: usize,
    /// Both, for a column: `3/4`; `?` while bgpd cannot be asked.
    pub summary: String,
}

/// Prefixes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("x-kubernetes-map-type" = "atomic"))]
pub struct RouteCounts {
    /// IPv4.
    pub ipv4: u64,
    /// IPv6.
    pub ipv6: u64,
}

/// A next hop that routes learned by BGP use.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct GatewayStatus {
    /// Its address; absent for routes out of an interface.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_hop: Option<IpAddr>,
    /// The interface that it is reached by.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interface: Option<String>,
    /// The family of the prefixes: an IPv4 prefix may have an IPv6 next hop (RFC 8950).
    pub address_family: AddressFamily,
    /// How many prefixes use it; one with several next hops counts for each.
    pub prefixes: u64,
}

/// A clear.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("x-kubernetes-map-type" = "atomic"))]
pub struct ClearStatus {
    /// Whose session.
    pub peer: PeerId,
    /// In which VRF.
    pub vrf: String,
    /// Which family; a hard clear concerns all.
    pub address_family: AddressFamily,
    /// How.
    pub kind: ClearKind,
    /// Why.
    #[schemars(length(max = MESSAGE_BYTES_MAX))]
    pub reason: String,
    /// When.
    #[schemars(with = "Time")]
    pub time: Timestamp,
    /// Prefixes before it: accepted ones; for `SoftOut`, those that were sent.
    pub prefixes_before: u64,
    /// The same after it; absent while it is open what comes of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prefixes_after: Option<u64>,
    /// Until it was proven to have helped, or given up; seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duration_seconds: Option<f64>,
    /// Why it did not help, if so.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = MESSAGE_BYTES_MAX))]
    pub failure: Option<String>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde gives it so")]
fn is_zero(count: &usize) -> bool {
    *count == 0
}

// === impl BgpNodeStatus ===

impl BgpNodeStatus {
    /// Returns the condition of this type.
    pub fn condition(&self, kind: crate::condition::ConditionType) -> Option<&Condition> {
        self.conditions.iter().find(|condition| condition.kind == kind)
    }
}
