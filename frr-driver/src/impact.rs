//! Which sessions a change touches, and how.
//!
//! Measured on four versions, bare and through frr-reload; a statement that is not known here counts as a reset.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::{
    config::{Config, Tree},
    plan::PlanLine,
    quirks::FrrVersion,
    session::{AddressFamily, PeerId, SessionId},
};

/// How a change touches one session.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Touch {
    /// Families whose inbound policy changes: the routes that were received must be judged again.
    pub policy_in: BTreeSet<AddressFamily>,
    /// Families whose outbound policy changes: what was sent must be judged again.
    pub policy_out: BTreeSet<AddressFamily>,
    /// What becomes of the session itself.
    pub life: Life,
}

/// What becomes of a session.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub enum Life {
    /// It stays as it is.
    #[default]
    Stays,
    /// It is new.
    Added,
    /// It goes.
    Removed,
    /// It goes down and comes back.
    Reset,
}

/// The sessions that a change touches; a session that is not in it stays as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Impact {
    /// By configured session.
    #[serde(serialize_with = "as_pairs")]
    pub sessions: BTreeMap<SessionId, Touch>,
    /// By peer-group, for dynamic neighbors: VRF, name of the group.
    #[serde(serialize_with = "as_pairs")]
    pub groups: BTreeMap<(String, String), Touch>,
}

fn as_pairs<K: Serialize, V: Serialize, S: serde::Serializer>(
    map: &BTreeMap<K, V>,
    s: S,
) -> Result<S::Ok, S::Error> {
    s.collect_seq(map)
}

impl Impact {
    /// Returns how the change touches a session that FRR runs; `group` is its peer-group.
    pub fn on(&self, session: &SessionId, group: Option<&str>) -> Touch {
        if let Some(touch) = self.sessions.get(session) {
            return touch.clone();
        }
        let group = group.and_then(|group| self.groups.get(&(session.vrf.clone(), group.to_owned())));
        group.cloned().unwrap_or_default()
    }
}

/// Computes what `adds` and `removes` (the difference between `desired` and `running`) touch.
pub(crate) fn impact(
    desired: &Config,
    running: &Config,
    adds: &[PlanLine],
    removes: &[PlanLine],
    version: FrrVersion,
) -> Impact {
    let _ = version;
    let changed = changed_policies(desired, running, adds, removes);
    let mut impact = Impact::default();
    for (config, other, life) in [(desired, running, Life::Added), (running, desired, Life::Removed)] {
        for session in crate::merge::sessions(config) {
            if !crate::merge::sessions(other).contains(&session) {
                impact.sessions.entry(session).or_default().life = life;
            }
        }
    }
    for line in adds.iter().chain(removes) {
        statement_effect(line, desired, running, &mut impact);
    }
    for config in [desired, running] {
        for (vrf, instance) in config.bgp_instances() {
            for (_, family) in instance.children.with_prefix("address-family ") {
                let Some(crate::config::Context::Family(name)) = family.opens else { continue };
                for (_, node) in family.children.iter() {
                    let words = node.statement.words();
                    if let Some((direction, policies)) = references(&words)
                        && policies.iter().any(|policy| changed.contains(policy))
                    {
                        touch(&mut impact, config, vrf, whom(&words), name, direction);
                    }
                }
            }
        }
    }
    impact
}

/// A route-map, or a list by its kind.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Policy {
    RouteMap(String),
    PrefixList(String),
    AccessList(String),
    AsPathList(String),
    CommunityList(String),
}

impl Policy {
    /// The policy that a top-level line belongs to.
    fn of(words: &[&str]) -> Option<Self> {
        let name = |name: &&str| (*name).to_owned();
        match words {
            ["route-map", map, ..] => Some(Self::RouteMap(name(map))),
            ["ip" | "ipv6", "prefix-list", list, ..] => Some(Self::PrefixList(name(list))),
            ["ip" | "ipv6" | "mac", "access-list", list, ..] | ["access-list", list, ..] => {
                Some(Self::AccessList(name(list)))
            }
            ["bgp", "as-path", "access-list", list, ..] => Some(Self::AsPathList(name(list))),
            ["bgp", kind, "standard" | "expanded", list, ..] | ["bgp", kind, list, ..]
                if kind.ends_with("community-list") =>
            {
                Some(Self::CommunityList(name(list)))
            }
            _ => None,
        }
    }

    /// The policies that a clause of a route-map refers to.
    fn referred(words: &[&str]) -> Vec<Self> {
        let name = |name: &&str| (*name).to_owned();
        match words {
            ["call", map] => vec![Self::RouteMap(name(map))],
            ["match", _, _, "prefix-list", list] => vec![Self::PrefixList(name(list))],
            ["match", "as-path", list] => vec![Self::AsPathList(name(list))],
            ["match", "community" | "large-community" | "extcommunity", list, ..]
            | ["set", "comm-list" | "large-comm-list" | "extended-comm-list", list, ..] => {
                vec![Self::CommunityList(name(list))]
            }
            ["match", "ip" | "ipv6", "address" | "next-hop" | "route-source", list] => {
                vec![Self::AccessList(name(list))]
            }
            _ => Vec::new(),
        }
    }
}

/// Policies whose text changed, and those that refer to them, in any number of steps.
fn changed_policies(
    desired: &Config,
    running: &Config,
    adds: &[PlanLine],
    removes: &[PlanLine],
) -> BTreeSet<Policy> {
    let mut changed = BTreeSet::new();
    for line in adds.iter().chain(removes) {
        let outermost = line.blocks.first().map_or(line.statement.reveal(), String::as_str);
        changed.extend(Policy::of(&outermost.split(' ').collect::<Vec<_>>()));
    }
    loop {
        let before = changed.len();
        for config in [desired, running] {
            for (_, entry) in config.top.with_prefix("route-map ") {
                let refers = |(_, clause): (&str, &crate::config::Node)| {
                    Policy::referred(&clause.statement.words()).iter().any(|policy| changed.contains(policy))
                };
                if entry.children.iter().any(refers) {
                    changed.extend(Policy::of(&entry.statement.words()));
                }
            }
        }
        if changed.len() == before {
            return changed;
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Direction {
    In,
    Out,
}

/// The policies that a line of an address family applies, and in which direction.
fn references(words: &[&str]) -> Option<(Direction, Vec<Policy>)> {
    let direction = |word: &str| if word == "in" { Direction::In } else { Direction::Out };
    let name = |name: &&str| (*name).to_owned();
    match words {
        ["neighbor", _, "route-map", map, way] => Some((direction(way), vec![Policy::RouteMap(name(map))])),
        ["neighbor", _, "prefix-list", list, way] => {
            Some((direction(way), vec![Policy::PrefixList(name(list))]))
        }
        ["neighbor", _, "distribute-list", list, way] => {
            Some((direction(way), vec![Policy::AccessList(name(list))]))
        }
        ["neighbor", _, "filter-list", list, way] => {
            Some((direction(way), vec![Policy::AsPathList(name(list))]))
        }
        ["neighbor", _, "advertise-map", rest @ ..] => {
            Some((Direction::Out, rest.iter().map(|map| Policy::RouteMap(name(map))).collect()))
        }
        ["neighbor", _, "unsuppress-map", map] | [.., "route-map", map] => {
            Some((Direction::Out, vec![Policy::RouteMap(name(map))]))
        }
        _ => None,
    }
}

/// The neighbor that a line names; `None` = every session of the instance.
fn whom<'a>(words: &[&'a str]) -> Option<&'a str> {
    match words {
        ["neighbor", peer, ..] => Some(peer),
        _ => None,
    }
}

fn touch(
    impact: &mut Impact,
    config: &Config,
    vrf: &str,
    peer: Option<&str>,
    family: AddressFamily,
    direction: Direction,
) {
    for touch in touched(impact, config, vrf, peer) {
        let set = if direction == Direction::In { &mut touch.policy_in } else { &mut touch.policy_out };
        set.insert(family);
    }
}

/// The entries of the sessions that `peer` stands for: itself, the members of a group, or everyone.
fn touched<'a>(impact: &'a mut Impact, config: &Config, vrf: &str, peer: Option<&str>) -> Vec<&'a mut Touch> {
    let Some(instance) = config.top.get(&format!("router bgp vrf {vrf}")) else { return Vec::new() };
    let is_group = |name: &str| {
        instance
            .children
            .get(&format!("neighbor {name} peer-group"))
            .is_some_and(|node| node.statement.words().len() == 3)
    };
    let sessions: BTreeSet<SessionId> = crate::merge::sessions(config)
        .into_iter()
        .filter(|session| session.vrf == vrf)
        .filter(|session| match peer {
            None => true,
            Some(peer) if is_group(peer) => {
                group_of(&instance.children, &session.peer).as_deref() == Some(peer)
            }
            Some(peer) => session.peer == PeerId::from(peer),
        })
        .collect();
    let groups: BTreeSet<(String, String)> = instance
        .children
        .with_prefix("neighbor ")
        .filter_map(|(_, node)| match node.statement.words().as_slice() {
            ["neighbor", group, "peer-group"] => Some((*group).to_owned()),
            _ => None,
        })
        .filter(|group| peer.is_none_or(|peer| peer == group))
        .map(|group| (vrf.to_owned(), group))
        .collect();
    for session in &sessions {
        impact.sessions.entry(session.clone()).or_default();
    }
    for group in &groups {
        impact.groups.entry(group.clone()).or_default();
    }
    let of_sessions =
        impact.sessions.iter_mut().filter(|(id, _)| sessions.contains(*id)).map(|(_, touch)| touch);
    let of_groups = impact.groups.iter_mut().filter(|(id, _)| groups.contains(*id)).map(|(_, touch)| touch);
    of_sessions.chain(of_groups).collect()
}

fn group_of(instance: &Tree, peer: &PeerId) -> Option<String> {
    instance.with_prefix(&format!("neighbor {peer} ")).find_map(|(_, node)| {
        match node.statement.words().as_slice() {
            ["neighbor", _, .., "peer-group", group] => Some((*group).to_owned()),
            _ => None,
        }
    })
}

/// What a changed line of `router bgp` does by itself.
enum Effect {
    Nothing,
    Policy(Direction),
    Reset,
}

fn statement_effect(line: &PlanLine, desired: &Config, running: &Config, impact: &mut Impact) {
    let Some(instance) = line.blocks.first().filter(|block| block.starts_with("router bgp")) else { return };
    let vrf = instance.split_once(" vrf ").map_or("default", |(_, vrf)| vrf);
    let words = line.statement.words();
    let words = words.strip_prefix(&["no"]).unwrap_or(&words);
    let family = line
        .blocks
        .get(1)
        .and_then(|block| block.strip_prefix("address-family "))
        .and_then(AddressFamily::from_config_words);
    let effect = effect(words, family.is_some());
    for config in [desired, running] {
        match (&effect, family) {
            (Effect::Nothing, _) | (Effect::Policy(_), None) => {}
            (Effect::Policy(direction), Some(family)) => {
                touch(impact, config, vrf, whom(words), family, *direction);
            }
            (Effect::Reset, _) => {
                for touch in touched(impact, config, vrf, whom(words)) {
                    if touch.life == Life::Stays {
                        touch.life = Life::Reset;
                    }
                }
            }
        }
    }
}

fn effect(words: &[&str], in_family: bool) -> Effect {
    match words {
        ["neighbor", _, "route-map" | "prefix-list" | "distribute-list" | "filter-list", _, "in"]
        | ["neighbor", _, "weight" | "allowas-in", ..] => Effect::Policy(Direction::In),
        ["neighbor", _, "route-map" | "prefix-list" | "distribute-list" | "filter-list", _, "out"]
        | [
            "neighbor",
            _,
            "unsuppress-map"
            | "default-originate"
            | "next-hop-self"
            | "remove-private-AS"
            | "send-community"
            | "as-override"
            | "attribute-unchanged"
            | "advertise-map",
            ..,
        ] => Effect::Policy(Direction::Out),
        [
            "neighbor",
            _,
            "description"
            | "timers"
            | "advertisement-interval"
            | "bfd"
            | "maximum-prefix"
            | "soft-reconfiguration",
            ..,
        ]
        | [
            "address-family" | "timers" | "update-delay" | "coalesce-time" | "read-quanta" | "write-quanta",
            ..,
        ]
        | [
            "bgp",
            "bestpath"
            | "log-neighbor-changes"
            | "network"
            | "deterministic-med"
            | "always-compare-med"
            | "listen"
            | "ebgp-requires-policy"
            | "default"
            | "graceful-restart",
            ..,
        ] => Effect::Nothing,
        [
            "network" | "aggregate-address" | "redistribute" | "maximum-paths" | "distance" | "table-map",
            ..,
        ] if in_family => Effect::Nothing,
        _ => Effect::Reset,
    }
}

#[cfg(test)]
mod tests;
