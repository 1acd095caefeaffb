//! What the API server has, or shall have.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::{
    condition::{Condition, ConditionStatus, Reason},
    node::BgpNodeStatus,
    report::Report,
    session::{BgpSessionStatus, PrefixCounts},
};

/// What an object is, and its name. Nodes come before sessions: people look at them first.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Key {
    pub(crate) kind: Kind,
    pub(crate) name: String,
}

/// The kinds of objects.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    /// The condition of the `Node` itself.
    NodeCondition,
    /// `BGPNode`.
    Node,
    /// `BGPSession`.
    Session,
}

/// What an object says.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Content {
    NodeCondition(RoutesLearned),
    Node(Box<BgpNodeStatus>),
    Session(Box<BgpSessionStatus>),
}

/// The condition `RoutesLearned` of a `Node`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub(crate) struct RoutesLearned {
    pub(crate) status: ConditionStatus,
    pub(crate) reason: Reason,
    #[serde(default)]
    pub(crate) message: String,
}

/// The content of an object, and its labels.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Wanted {
    pub(crate) labels: BTreeMap<String, String>,
    pub(crate) content: Content,
}

/// How far what the API server has is behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Lag {
    /// Not at all.
    None,
    /// Numbers differ.
    Counters,
    /// Something happened.
    State,
}

/// Returns the objects of `report`.
pub(crate) fn objects(report: &Report, with_node_condition: bool) -> BTreeMap<Key, Wanted> {
    let node = &report.node;
    let mut objects = BTreeMap::new();
    objects.insert(
        Key::new(Kind::Node, &node.metadata.name),
        Wanted {
            labels: node.metadata.labels.clone(),
            content: Content::Node(Box::new(node.status.clone())),
        },
    );
    if with_node_condition {
        let content = Content::NodeCondition(routes_learned(&node.status));
        objects.insert(
            Key::new(Kind::NodeCondition, &node.metadata.name),
            Wanted { labels: BTreeMap::new(), content },
        );
    }
    for session in &report.sessions {
        objects.insert(
            Key::new(Kind::Session, &session.metadata.name),
            Wanted {
                labels: session.metadata.labels.clone(),
                content: Content::Session(Box::new(session.status.clone())),
            },
        );
    }
    objects
}

fn routes_learned(status: &BgpNodeStatus) -> RoutesLearned {
    let (status, reason, message) = match status.routes {
        None => (ConditionStatus::Unknown, Reason::NotObservable, "the kernel was not asked".to_owned()),
        Some(routes) if routes.ipv4 + routes.ipv6 == 0 => {
            (ConditionStatus::False, Reason::NoRoutes, "no route from BGP is in the kernel".to_owned())
        }
        Some(routes) => (
            ConditionStatus::True,
            Reason::RoutesReceived,
            format!("{} IPv4 and {} IPv6 routes from BGP are in the kernel", routes.ipv4, routes.ipv6),
        ),
    };
    RoutesLearned { status, reason, message }
}

// === impl Key ===

impl Key {
    pub(crate) fn new(kind: Kind, name: &str) -> Self {
        Self { kind, name: name.to_owned() }
    }
}

// === impl Content ===

impl Content {
    /// Tells how far `self`, which the API server has, is behind `wanted`.
    pub(crate) fn lag(&self, wanted: &Self) -> Lag {
        if self.unstamped() == wanted.unstamped() {
            Lag::None
        } else if self.states() == wanted.states() {
            Lag::Counters
        } else {
            Lag::State
        }
    }

    /// Without what only says that the agent is there.
    fn unstamped(&self) -> Self {
        let mut content = self.clone();
        if let Self::Node(status) = &mut content {
            status.last_heartbeat = None;
            status.heartbeat_seconds = None;
        }
        content
    }

    /// Without the numbers that change by themselves.
    fn states(&self) -> Self {
        let mut content = self.unstamped();
        match &mut content {
            Self::NodeCondition(condition) => condition.message.clear(),
            Self::Node(status) => {
                status.routes = status.routes.map(|_| crate::node::RouteCounts::default());
                status.gateways.iter_mut().for_each(|gateway| gateway.prefixes = 0);
                // They are sorted by that number.
                status.gateways.sort_by(|a, b| {
                    (a.address_family, a.next_hop, &a.interface).cmp(&(
                        b.address_family,
                        b.next_hop,
                        &b.interface,
                    ))
                });
            }
            Self::Session(status) => {
                status.prefixes = PrefixCounts::default();
                status.afi_safis.iter_mut().for_each(|family| family.prefixes = PrefixCounts::default());
                status.conditions.iter_mut().for_each(without_numbers);
            }
        }
        content
    }
}

/// Takes the numbers out of the message: it may count what was refused.
fn without_numbers(condition: &mut Condition) {
    condition.message.retain(|c| !c.is_ascii_digit());
}
