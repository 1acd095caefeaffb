//! What decides on the routes of one session, line by line, in the order in which bgpd asks.
//!
//! The order is that of `bgp_update` and `subgroup_announce_check` in `bgpd/bgp_route.c`, and of
//! `route_map_apply_ext` in `lib/routemap.c`; compared from 7.5.1 to 10.7.

mod attribute;
mod chain;
mod ends;
mod entry;
mod expand;
mod list;

use std::fmt;

use ipnet::IpNet;
use serde::Serialize;

pub use crate::check::instance::Side;
use crate::{
    check::instance::{Instance, instances},
    config::{Config, Origin, Statement},
    quirks::FrrVersion,
    session::{AddressFamily, PeerId, SessionId},
};

use chain::{Place, Way};
use expand::Policies;

/// How many neighbors are named where one is not found: enough to see a mistyped name.
const KNOWN_MAX: usize = 20;

/// What decides on the routes of one session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Explanation {
    /// The session; of a peer-group, its name is the peer.
    #[serde(flatten)]
    pub session: SessionId,
    /// What the peer is in the configuration.
    pub subject: Subject,
    /// On which side of the AS border it is.
    pub side: Side,
    /// Its AS as it is written; `None` = not said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remote_as: Option<String>,
    /// The peer-group that it inherits from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// The families that are active, or of which anything is said.
    pub families: Vec<Family>,
}

/// What a peer is in the configuration.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Subject {
    /// A neighbor.
    Neighbor,
    /// A dynamic neighbor of this listen range.
    Dynamic(String),
    /// A peer-group.
    Group,
}

/// What decides on the routes of one address family.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Family {
    /// The family.
    pub family: AddressFamily,
    /// Whether it is active; no route is exchanged otherwise.
    pub active: bool,
    /// What decides on the peer's routes.
    pub inbound: Chain,
    /// What decides on ours.
    pub outbound: Chain,
}

/// What decides on the routes of one direction.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Chain {
    /// All of it in one plain sentence, without a full stop.
    pub summary: String,
    /// How much gets through.
    pub outcome: Outcome,
    /// The lines, in the order in which FRR asks.
    pub steps: Vec<Step>,
}

/// How much gets through.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Outcome {
    /// Every route, as far as the configuration decides.
    Everything,
    /// Some routes.
    Some,
    /// No route.
    Nothing,
}

/// A line that decides, or something that FRR does without one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Step {
    /// What it is.
    pub kind: StepKind,
    /// The line in canonical words, secrets hidden; or what FRR does by itself.
    pub text: String,
    /// Where the line stands; `None` = FRR does it by itself.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "as_text")]
    pub source: Option<Origin>,
    /// The peer-group that says it, where the neighbor itself does not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub inherited_from: Option<String>,
    /// What should be known about it; empty = nothing.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub note: String,
    /// What it consists of, or refers to.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub steps: Vec<Step>,
}

/// What a step is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum StepKind {
    /// A line of the neighbor that is no filter.
    Attribute,
    /// A line of the neighbor that refers to a list or a route-map.
    Filter,
    /// An entry of a route-map.
    Entry,
    /// A `match` of such an entry.
    Match,
    /// A `set`.
    Set,
    /// A `call`.
    Call,
    /// What comes after a match, where that is not the end.
    OnMatch,
    /// An entry of a list.
    ListEntry,
    /// What FRR does without a line that says so.
    Implicit,
}

/// There is no such session in the configuration.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotFound {
    /// No BGP in that VRF.
    #[error("there is no BGP instance in VRF {vrf}; there are: {}", names(.known))]
    Vrf {
        /// The VRF that was asked for.
        vrf: String,
        /// The VRFs with BGP, at most 20.
        known: Vec<String>,
    },
    /// No such neighbor, listen range or peer-group.
    #[error("{peer} is no neighbor in VRF {vrf}{}; there are: {}", other_vrf(.elsewhere.as_deref()), names(.known))]
    Peer {
        /// The peer that was asked for.
        peer: PeerId,
        /// The VRF.
        vrf: String,
        /// Another VRF that has it.
        elsewhere: Option<String>,
        /// The neighbors there, at most 20.
        known: Vec<String>,
    },
}

/// Explains what decides on the routes of `session`; the peer may also be a dynamic one, or a peer-group's name.
pub fn explain(config: &Config, session: &SessionId, version: FrrVersion) -> Result<Explanation, NotFound> {
    let instances = instances(config);
    let Some(instance) = instances.iter().find(|instance| instance.vrf == session.vrf) else {
        let known = instances.iter().map(|instance| instance.vrf.to_owned());
        return Err(NotFound::Vrf { vrf: session.vrf.clone(), known: known.take(KNOWN_MAX).collect() });
    };
    let Some((name, subject)) = find(instance, &session.peer) else {
        let elsewhere = instances.iter().find(|other| find(other, &session.peer).is_some());
        let known = instance.neighbors.keys().map(|name| (*name).to_owned());
        return Err(NotFound::Peer {
            peer: session.peer.clone(),
            vrf: session.vrf.clone(),
            elsewhere: elsewhere.map(|other| other.vrf.to_owned()),
            known: known.take(KNOWN_MAX).collect(),
        });
    };
    let policies = Policies::new(config);
    let families = instance.families_of(name).into_iter().map(|family| {
        let chain = |way| chain::chain(Place { instance, name, family, way, version }, &policies);
        Family {
            family,
            active: instance.is_active(name, family),
            inbound: chain(Way::In),
            outbound: chain(Way::Out),
        }
    });
    let group = match subject {
        Subject::Dynamic(_) => Some(name),
        Subject::Neighbor | Subject::Group => instance.group_of(name),
    };
    Ok(Explanation {
        session: session.clone(),
        side: instance.side(name),
        remote_as: instance.remote_as(name).map(str::to_owned),
        group: group.map(str::to_owned),
        families: families.collect(),
        subject,
    })
}

/// Returns the name whose lines hold for `peer`, and what the peer is by them.
fn find<'a>(instance: &Instance<'a>, peer: &PeerId) -> Option<(&'a str, Subject)> {
    let named = instance.neighbors.iter().find(|(name, _)| PeerId::from(**name) == *peer);
    if let Some((name, neighbor)) = named {
        return Some((*name, if neighbor.is_group() { Subject::Group } else { Subject::Neighbor }));
    }
    let PeerId::Address(address) = peer else { return None };
    let ranges = instance.listen_ranges().into_iter();
    let containing = ranges.filter_map(|(_, range, group)| {
        let network: IpNet = range.parse().ok()?;
        network.contains(address).then_some((network.prefix_len(), range, group))
    });
    let (_, range, group) = containing.max_by_key(|(length, ..)| *length)?;
    Some((group, Subject::Dynamic(range.to_owned())))
}

fn names(known: &[String]) -> String {
    if known.is_empty() { "none".to_owned() } else { known.join(", ") }
}

fn other_vrf(elsewhere: Option<&str>) -> String {
    elsewhere.map_or_else(String::new, |vrf| format!(" (but in VRF {vrf})"))
}

#[expect(clippy::ref_option, reason = "serde gives it so")]
fn as_text<T: fmt::Display, S: serde::Serializer>(value: &Option<T>, s: S) -> Result<S::Ok, S::Error> {
    match value {
        Some(value) => s.collect_str(value),
        None => s.serialize_none(),
    }
}

// === impl Step ===

impl Step {
    fn of(kind: StepKind, statement: &Statement) -> Self {
        Self { source: Some(statement.origin.clone()), ..Self::without_line(kind, statement.to_string()) }
    }

    /// Returns what FRR does without a line.
    fn implicit(text: impl Into<String>) -> Self {
        Self::without_line(StepKind::Implicit, text.into())
    }

    fn without_line(kind: StepKind, text: String) -> Self {
        Self { kind, text, source: None, inherited_from: None, note: String::new(), steps: Vec::new() }
    }
}

#[cfg(test)]
mod tests;
