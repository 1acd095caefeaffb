//! Conditions, as Kubernetes has them: positive, a state and not a transition, all set from the first write on.

use std::fmt;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

mod reason;

pub use reason::Reason;

use crate::{
    message::{MESSAGE_BYTES_MAX, bounded},
    schema::{Time, camel_case},
};

/// The most conditions of an object.
pub(crate) const CONDITIONS_MAX: usize = 16;

/// One aspect of an object, and since when it is so.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("x-kubernetes-map-type" = "atomic"))]
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
    /// Why, for people; at most 512 bytes.
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
            message: told(finding.reason, &finding.message),
            last_transition_time: before.map_or(now, |before| before.last_transition_time),
        }
    };
    findings.into_iter().map(date).collect()
}

/// Returns the message, or what the reason says by itself: servers before 1.22 take an empty text in a list for none
/// at all, and refuse it.
fn told(reason: Reason, message: &str) -> String {
    if message.is_empty() { reason.meaning().to_owned() } else { bounded(message) }
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
