//! How bad it is: the order in which nodes and sessions are shown.

use frr_driver::session::SessionState;
use jiff::Timestamp;

use super::seen::{Seen, Unread};
use crate::{
    condition::{Condition, ConditionStatus, ConditionType, Reason},
    node::BgpNodeStatus,
    session::BgpSessionStatus,
    table::session_problem,
};

/// How bad a node is, the worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NodeHealth {
    /// FRR does not answer.
    FrrUnreachable,
    /// No session is established.
    AllDown,
    /// Something else is wrong.
    NotReady,
    /// The agent said nothing for too long.
    Silent {
        /// When it said something the last time.
        last: Timestamp,
    },
    /// What it says is not understood.
    Unreadable,
    /// The agent does not know yet.
    Unknown,
    /// Nothing is wrong.
    Fine,
}

/// How bad a session is, the worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum SessionHealth {
    /// It is not established, and should be.
    Down,
    /// Routes were announced, and none arrives.
    NoRoutes,
    /// Its routes did not go through the present policies.
    OldPolicy,
    /// What it says is not understood.
    Unreadable,
    /// Nobody knows.
    Unknown,
    /// It is established, or shut down on purpose.
    Fine,
}

/// Decides how bad a node is at `now`.
pub(super) fn node_health(node: &Seen<BgpNodeStatus>, now: Timestamp) -> NodeHealth {
    let status = match &node.status {
        Ok(status) => status,
        Err(Unread::NothingYet) => return NodeHealth::Unknown,
        Err(Unread::Unreadable { .. }) => return NodeHealth::Unreadable,
    };
    if let Some(last) = silent_since(status, now) {
        return NodeHealth::Silent { last };
    }
    let odd = node.odd("Ready").map(|condition| condition.status.as_str());
    let known = status.condition(ConditionType::Ready).map(|condition| condition.status);
    match (known, odd) {
        (Some(ConditionStatus::True), _) | (None, Some("True")) => NodeHealth::Fine,
        (Some(ConditionStatus::Unknown), _) | (None, Some("Unknown") | None) => NodeHealth::Unknown,
        (Some(ConditionStatus::False), _) | (None, Some(_)) => {
            let fails = |kind| status.condition(kind).filter(|found| found.status == ConditionStatus::False);
            if fails(ConditionType::FrrReachable).is_some() {
                NodeHealth::FrrUnreachable
            } else if fails(ConditionType::SessionsEstablished)
                .is_some_and(|condition| condition.reason == Reason::AllDown)
            {
                NodeHealth::AllDown
            } else {
                NodeHealth::NotReady
            }
        }
    }
}

/// How many aspects of a node are wrong, as far as it is believed.
pub(super) fn wrong(node: &Seen<BgpNodeStatus>, health: NodeHealth) -> usize {
    if matches!(health, NodeHealth::Silent { .. }) {
        return 0;
    }
    let is_false = |condition: &&Condition| condition.status == ConditionStatus::False;
    node.status.as_ref().map_or(0, |status| status.conditions.iter().filter(is_false).count())
}

/// The last word of an agent that is silent: none for two and a half times as long as it promised.
///
/// One heartbeat may be lost or late without harm, two are not. Who promised nothing cannot be judged.
fn silent_since(status: &BgpNodeStatus, now: Timestamp) -> Option<Timestamp> {
    let (last, period) = (status.last_heartbeat?, status.heartbeat_seconds?);
    let silence = now.as_second().saturating_sub(last.as_second());
    let bound = i64::try_from(period.saturating_mul(5) / 2).unwrap_or(i64::MAX);
    (silence > bound).then_some(last)
}

/// Decides how bad a session is; `is_trusted` = its node's agent is there.
pub(super) fn session_health(session: &Seen<BgpSessionStatus>, is_trusted: bool) -> SessionHealth {
    let status = match &session.status {
        Ok(status) => status,
        Err(Unread::NothingYet) => return SessionHealth::Unknown,
        Err(Unread::Unreadable { .. }) => return SessionHealth::Unreadable,
    };
    if !is_trusted {
        return SessionHealth::Unknown;
    }
    if !status.enabled {
        return SessionHealth::Fine;
    }
    match status.session_state {
        SessionState::Established => {}
        SessionState::Unknown => return SessionHealth::Unknown,
        SessionState::Idle
        | SessionState::Connect
        | SessionState::Active
        | SessionState::OpenSent
        | SessionState::OpenConfirm => return SessionHealth::Down,
    }
    let policy = status.condition(ConditionType::PolicyInEffect);
    let odd_loss = |kind: &str| session.odd(kind).is_some_and(|odd| odd.status == "False");
    if session_problem(status).is_some() || odd_loss("RoutesAccepted") {
        SessionHealth::NoRoutes
    } else if policy.is_some_and(|policy| policy.status == ConditionStatus::False)
        || odd_loss("PolicyInEffect")
    {
        SessionHealth::OldPolicy
    } else {
        SessionHealth::Fine
    }
}

// === impl NodeHealth ===

impl NodeHealth {
    /// Orders by how bad it is, the worst first; silent agents by name, and not by time.
    pub(super) fn rank(self) -> u8 {
        match self {
            Self::FrrUnreachable => 0,
            Self::AllDown => 1,
            Self::NotReady => 2,
            Self::Silent { .. } => 3,
            Self::Unreadable => 4,
            Self::Unknown => 5,
            Self::Fine => 6,
        }
    }
}
