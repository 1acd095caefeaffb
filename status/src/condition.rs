//! Conditions, as Kubernetes has them: positive, a state and not a transition, all set from the first write on.

use std::fmt;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    message::{MESSAGE_BYTES_MAX, bounded},
    schema::{Time, camel_case},
};

/// The most conditions of an object.
pub(crate) const CONDITIONS_MAX: usize = 16;

/// One aspect of an object, and since when it is so.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Condition {
    /// Which aspect.
    #[serde(rename = "type")]
    #[schemars(schema_with = "camel_case")]
    pub kind: ConditionType,
    /// Whether it is so.
    pub status: ConditionStatus,
    /// Why, for machines.
    #[schemars(schema_with = "camel_case")]
    pub reason: Reason,
    /// Why, for people; at most 512 bytes, may be empty.
    #[schemars(length(max = MESSAGE_BYTES_MAX))]
    pub message: String,
    /// When `status` changed the last time.
    #[schemars(with = "Time")]
    pub last_transition_time: Timestamp,
}

/// The aspects of a node, then those of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum ConditionType {
    /// Summary of a node: all its other conditions are true.
    Ready,
    /// Every mounted source is in force as it is.
    SourcesAccepted,
    /// Every daemon that the configuration needs answers.
    #[serde(rename = "FRRReachable")]
    FrrReachable,
    /// FRR runs the desired configuration.
    ConfigApplied,
    /// Every session that is not shut down on purpose is established.
    SessionsEstablished,
    /// Every session's routes went through the present policies.
    PoliciesInEffect,
    /// The kernel has no routes from BGP that bgpd does not have.
    KernelInSync,
    /// This session is established.
    Established,
    /// This session's routes went through the present policies.
    PolicyInEffect,
    /// The inbound policies let at least one route of each family of this session through, and the kernel can use it.
    RoutesAccepted,
}

/// Whether a condition holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
pub enum ConditionStatus {
    /// It holds.
    True,
    /// It does not.
    False,
    /// Not known (yet).
    Unknown,
}

/// Why a condition holds or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Reason {
    /// Everything is as it should be.
    AllGood,
    /// Nobody has looked yet.
    NotObservedYet,
    /// bgpd could not be asked.
    NotObservable,

    /// All sources are in force.
    AllAccepted,
    /// At least one source was refused; its last accepted version stays in force.
    SourceRejected,
    /// The base configuration is not there yet.
    WaitingForBase,

    /// All needed daemons answer.
    DaemonsUp,
    /// A needed daemon does not run.
    DaemonDown,
    /// A needed daemon runs and does not answer.
    DaemonHung,

    /// The running configuration is the desired one.
    Applied,
    /// There is no desired configuration yet.
    NoConfig,
    /// The desired configuration waits, or is on its way.
    Pending,
    /// The desired configuration was refused before anything was changed.
    ConfigRejected,
    /// FRR did not take the desired configuration.
    ApplyFailed,
    /// FRR took a part of the desired configuration.
    PartiallyApplied,
    /// FRR did not take it: the last good configuration runs.
    RolledBack,
    /// It cost sessions that did not come back in time: the last good configuration runs.
    GuardTripped,
    /// It would take more sessions down than it may, and waits for a person.
    Held,
    /// Somebody else changed FRR, which is only reported.
    Drifted,

    /// All are established.
    AllEstablished,
    /// There are none.
    NoneConfigured,
    /// Some are established, some are not.
    SomeDown,
    /// None is established.
    AllDown,

    /// The policies are in effect.
    InEffect,
    /// Nothing tells whether the policies are in effect.
    NotProven,
    /// A policy changed, and its routes were not evaluated again yet.
    ReevaluationPending,
    /// Only a clear that is not allowed would help.
    ClearSuppressed,
    /// Clears did not help.
    GaveUp,

    /// The session is established.
    SessionEstablished,
    /// The session is not established.
    SessionDown,
    /// The session is shut down on purpose.
    AdminDown,

    /// Routes were accepted.
    RoutesReceived,
    /// The peer announced nothing, or the policies refuse everything.
    NoRoutes,
    /// The peer announced routes, and the policies refuse them all.
    AllRefused,
    /// A policy is required and missing (RFC 8212).
    PolicyMissing,
    /// A map or list that is named does not exist, so that every route is refused.
    PolicyUndefined,
    /// An entry of the route-map refuses every route.
    EntryDenies,
    /// What might permit something asks prefix-lists that match none of the routes.
    ListMatchesNothing,
    /// Routes are accepted, and their next hops are unreachable.
    NextHopUnreachable,

    /// The kernel has what bgpd has.
    InSync,
    /// The kernel keeps routes from BGP that bgpd does not have.
    RoutesOrphaned,
}

/// A condition that has no time yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Finding {
    pub(crate) kind: ConditionType,
    pub(crate) status: ConditionStatus,
    pub(crate) reason: Reason,
    pub(crate) message: String,
}

/// Dates `findings`: the time of a condition stays while its status does.
pub(crate) fn date(findings: Vec<Finding>, previous: &[Condition], now: Timestamp) -> Vec<Condition> {
    let date = |finding: Finding| {
        let before =
            previous.iter().find(|before| before.kind == finding.kind && before.status == finding.status);
        Condition {
            kind: finding.kind,
            status: finding.status,
            reason: finding.reason,
            message: bounded(&finding.message),
            last_transition_time: before.map_or(now, |before| before.last_transition_time),
        }
    };
    findings.into_iter().map(date).collect()
}

// === impl Finding ===

impl Finding {
    pub(crate) fn yes(kind: ConditionType, reason: Reason, message: impl Into<String>) -> Self {
        Self { kind, status: ConditionStatus::True, reason, message: message.into() }
    }

    pub(crate) fn no(kind: ConditionType, reason: Reason, message: impl Into<String>) -> Self {
        Self { kind, status: ConditionStatus::False, reason, message: message.into() }
    }

    pub(crate) fn unknown(kind: ConditionType, reason: Reason, message: impl Into<String>) -> Self {
        Self { kind, status: ConditionStatus::Unknown, reason, message: message.into() }
    }
}

// === impl ConditionType ===

impl fmt::Display for ConditionType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::FrrReachable => f.write_str("FRRReachable"),
            Self::Ready
            | Self::SourcesAccepted
            | Self::ConfigApplied
            | Self::SessionsEstablished
            | Self::PoliciesInEffect
            | Self::KernelInSync
            | Self::Established
            | Self::PolicyInEffect
            | Self::RoutesAccepted => fmt::Debug::fmt(self, f),
        }
    }
}

// === impl ConditionStatus ===

impl fmt::Display for ConditionStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

// === impl Reason ===

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}
