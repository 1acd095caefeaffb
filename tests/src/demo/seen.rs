//! What the demo looks at, and how it is shown.

use std::{collections::BTreeMap, fmt, time::Duration};

use serde_json::Value;

use crate::lab::{KernelRoutes, LabError, NextHop, Node};

/// What FRR says of a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Session {
    pub(super) state: String,
    /// Routes that the inbound policy let through.
    pub(super) accepted: u64,
    pub(super) connections: Connections,
    pub(super) up: Duration,
}

/// How often a session came up and went down since FRR's start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Connections {
    established: u64,
    dropped: u64,
}

/// The sessions of a node, by peer.
pub(super) type Sessions = BTreeMap<String, Session>;

/// Which prefixes the kernel has, each with the number of its next hops.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Prefixes(BTreeMap<String, usize>);

/// Asks FRR for its sessions.
pub(super) fn sessions(node: &Node) -> Result<Sessions, LabError> {
    let neighbors = node.vtysh_json("show bgp neighbors json")?;
    let neighbors = neighbors.as_object().into_iter().flatten();
    // The default instance says what it is among its neighbors.
    let peers = neighbors.filter(|(_, neighbor)| neighbor.get("bgpState").is_some());
    Ok(peers.map(|(peer, neighbor)| (peer.clone(), Session::of(neighbor))).collect())
}

/// Returns [`Connections`] by peer: they stay the same as long as no session goes down or comes up.
pub(super) fn connections(sessions: &Sessions) -> BTreeMap<&str, Connections> {
    sessions.iter().map(|(peer, session)| (peer.as_str(), session.connections)).collect()
}

/// Returns the lines of `show bgp summary` that tell of peers, with the heading.
pub(super) fn summary(node: &Node) -> Result<Vec<String>, LabError> {
    let text = node.vtysh("show bgp summary")?;
    let mut lines = Vec::new();
    for line in text.lines() {
        let is_heading = line.starts_with("Neighbor") && lines.is_empty();
        let is_peer = line.starts_with(|c: char| c.is_ascii_hexdigit()) && line.contains(" 4 ");
        if is_heading || is_peer {
            lines.push(line.trim_end().to_owned());
        }
    }
    Ok(lines)
}

/// Returns the actions of entry 20 of all `route-map <peer>-in` in FRR's running configuration.
pub(super) fn actions_of_20(node: &Node) -> Result<BTreeMap<String, String>, LabError> {
    let running = node.vtysh("show running-config")?;
    let entry = |line: &str| {
        let mut words = line.strip_prefix("route-map ")?.split_whitespace();
        let (map, action, sequence) = (words.next()?, words.next()?, words.next()?);
        (map.ends_with("-in") && sequence == "20").then(|| (map.to_owned(), action.to_owned()))
    };
    Ok(running.lines().filter_map(entry).collect())
}

/// Shows `routes` as a table, IPv4 first: a prefix, then its next hops.
pub(super) fn table(routes: &KernelRoutes) -> Vec<String> {
    let (six, four): (Vec<_>, Vec<_>) = routes.iter().partition(|(prefix, _)| prefix.contains(':'));
    let row = |(prefix, hops): (&String, &Vec<NextHop>)| {
        let hops: Vec<_> = hops.iter().map(|hop| format!("{:<30}", next_hop(hop))).collect();
        format!("{prefix:<19} {}", hops.join(" ")).trim_end().to_owned()
    };
    four.into_iter().chain(six).map(row).collect()
}

fn next_hop(hop: &NextHop) -> String {
    let gateway = hop.gateway.map_or_else(String::new, |gateway| format!("via {gateway} "));
    format!("{gateway}dev {}", hop.interface)
}

/// Returns the field at `path` (a JSON pointer) as text without quotes, or `-`.
pub(super) fn text_at(document: &Value, path: &str) -> String {
    match document.pointer(path) {
        None | Some(Value::Null) => "-".to_owned(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    }
}

// === impl Session ===

impl Session {
    fn of(neighbor: &Value) -> Self {
        let number = |field: &str| neighbor.get(field).and_then(Value::as_u64).unwrap_or_default();
        let families = neighbor.get("addressFamilyInfo").and_then(Value::as_object).into_iter().flatten();
        let accepted = families.filter_map(|(_, family)| family.get("acceptedPrefixCounter")?.as_u64());
        Self {
            state: text_at(neighbor, "/bgpState"),
            accepted: accepted.sum(),
            connections: Connections {
                established: number("connectionsEstablished"),
                dropped: number("connectionsDropped"),
            },
            up: Duration::from_millis(number("bgpTimerUpMsec")),
        }
    }

    pub(super) fn is_established(&self) -> bool {
        self.state == "Established"
    }
}

impl fmt::Display for Connections {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.established, self.dropped)
    }
}

// === impl Prefixes ===

impl Prefixes {
    /// Adds `prefixes` with so many next hops.
    pub(super) fn with(mut self, prefixes: &[&str], hops: usize) -> Self {
        self.0.extend(prefixes.iter().map(|&prefix| (prefix.to_owned(), hops)));
        self
    }

    pub(super) fn of(routes: &KernelRoutes) -> Self {
        Self(routes.iter().map(|(prefix, hops)| (prefix.clone(), hops.len())).collect())
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }
}

impl fmt::Display for Prefixes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let all: Vec<_> = self.0.iter().map(|(prefix, hops)| format!("{prefix} ({hops})")).collect();
        f.write_str(if all.is_empty() { "no BGP route" } else { "" })?;
        f.write_str(&all.join(", "))
    }
}
