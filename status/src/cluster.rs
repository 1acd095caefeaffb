//! What the agents of a whole cluster report, laid out like the output of kubectl: what is wrong comes first.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use crate::{
    duration::since,
    node::BgpNodeStatus,
    session::BgpSessionStatus,
    table::{
        UNKNOWN, Width, columns::columns, known, node_row, node_titles, problem_list, session_row,
        session_titles,
    },
};

mod fold;
mod health;
mod problems;
mod seen;
#[cfg(test)]
mod tests;

pub use self::seen::Seen;
use self::{
    fold::{fold, number},
    health::{NodeHealth, SessionHealth, node_health, session_health, wrong},
    problems::problems,
    seen::Unread,
};

/// The objects of a cluster, by their names.
#[derive(Clone, Debug, Default)]
pub struct Cluster {
    /// Every `BGPNode`; its name is that of the node.
    pub nodes: BTreeMap<String, Seen<BgpNodeStatus>>,
    /// Every `BGPSession`.
    pub sessions: BTreeMap<String, Seen<BgpSessionStatus>>,
}

/// How a cluster is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct View {
    /// How much of an object.
    pub width: Width,
    /// How many objects.
    pub extent: Extent,
}

/// How many objects are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    /// What a person can look at: of long lists only what is not fine.
    Screen,
    /// All.
    All,
}

/// A node, judged.
struct NodeLine<'a> {
    name: &'a str,
    seen: &'a Seen<BgpNodeStatus>,
    health: NodeHealth,
}

/// A session, judged.
struct SessionLine<'a> {
    name: &'a str,
    seen: &'a Seen<BgpSessionStatus>,
    /// Its node has an object, too.
    has_node: bool,
    health: SessionHealth,
}

/// Where a row of a node has `READY` and `CONFIG`.
const READY: usize = 1;
const CONFIG: usize = 2;

// === impl Cluster ===

impl Cluster {
    /// Leaves the nodes out that none of the sessions is of.
    #[must_use]
    pub fn of_sessions(mut self) -> Self {
        let nodes: BTreeSet<&str> = self.sessions.values().map(|seen| seen.node.as_str()).collect();
        self.nodes.retain(|name, _| nodes.contains(name.as_str()));
        self
    }
}

/// Returns the summary, the tables of nodes and sessions, and below them what is wrong; ends in a newline.
pub fn table(cluster: &Cluster, view: View, now: Timestamp) -> String {
    let nodes = nodes(cluster, now);
    let sessions = sessions(cluster, &nodes);
    if nodes.is_empty() && sessions.is_empty() {
        return "No agent has reported to this cluster.\n".to_owned();
    }
    let mut text = format!("{}\n\n", summary(&nodes, &sessions));
    text.push_str(&node_table(&nodes, view, now));
    text.push('\n');
    text.push_str(&session_table(&sessions, view, now));
    text.push_str(&problem_list(&problems(&nodes, &sessions, view.extent, now)));
    text
}

/// The nodes, the worst first.
fn nodes<'a>(cluster: &'a Cluster, now: Timestamp) -> Vec<NodeLine<'a>> {
    let line = |(name, seen): (&'a String, &'a Seen<BgpNodeStatus>)| NodeLine {
        name,
        seen,
        health: node_health(seen, now),
    };
    let mut nodes: Vec<_> = cluster.nodes.iter().map(line).collect();
    nodes.sort_by_key(|line| (line.health.rank(), std::cmp::Reverse(wrong(line.seen, line.health))));
    nodes
}

/// The sessions, the worst first, then by node.
fn sessions<'a>(cluster: &'a Cluster, nodes: &[NodeLine<'_>]) -> Vec<SessionLine<'a>> {
    let is_silent: BTreeMap<&str, bool> =
        nodes.iter().map(|line| (line.name, matches!(line.health, NodeHealth::Silent { .. }))).collect();
    let line = |(name, seen): (&'a String, &'a Seen<BgpSessionStatus>)| {
        let silent = is_silent.get(seen.node.as_str());
        let health = session_health(seen, silent == Some(&false));
        SessionLine { name, seen, has_node: silent.is_some(), health }
    };
    let mut sessions: Vec<_> = cluster.sessions.iter().map(line).collect();
    sessions.sort_by_key(|line| (line.health, line.seen.node.as_str()));
    sessions
}

/// The cluster in a line.
fn summary(nodes: &[NodeLine<'_>], sessions: &[SessionLine<'_>]) -> String {
    let ready = nodes.iter().filter(|line| line.health == NodeHealth::Fine).count();
    let silent = nodes.iter().filter(|line| matches!(line.health, NodeHealth::Silent { .. })).count();
    let is_shut = |line: &&SessionLine<'_>| {
        line.health == SessionHealth::Fine && line.seen.status.as_ref().is_ok_and(|status| !status.enabled)
    };
    let shut = sessions.iter().filter(is_shut).count();
    let is_unknown =
        |line: &&SessionLine<'_>| matches!(line.health, SessionHealth::Unknown | SessionHealth::Unreadable);
    let unknown = sessions.iter().filter(is_unknown).count();
    let down = sessions.iter().filter(|line| line.health == SessionHealth::Down).count();
    let established = sessions.len() - shut - unknown - down;
    let part = |count: usize, what: &str| (count > 0).then(|| format!(", {} {what}", number(count)));
    let agents = if silent == 1 { "agent is silent" } else { "agents are silent" };
    let others = [part(down, "down"), part(unknown, "unknown"), part(shut, "shut down on purpose")];
    format!(
        "Nodes: {} of {} ready{}. Sessions: {} of {} established{}.",
        number(ready),
        number(nodes.len()),
        part(silent, agents).unwrap_or_default(),
        number(established),
        number(sessions.len()),
        others.into_iter().flatten().collect::<String>(),
    )
}

fn node_table(nodes: &[NodeLine<'_>], view: View, now: Timestamp) -> String {
    if nodes.is_empty() {
        return "No nodes.\n".to_owned();
    }
    let bad = nodes.partition_point(|line| line.health != NodeHealth::Fine);
    let folded = fold(nodes, bad, ["node", "nodes"], view.extent);
    let mut titles = node_titles(view.width);
    if view.width == Width::Wide {
        titles.push("HEARTBEAT");
    }
    let row = |line: &NodeLine<'_>| {
        let mut row = node_line(line, &titles, view.width, now);
        if view.width == Width::Wide {
            let last = line.seen.status.as_ref().ok().and_then(|status| status.last_heartbeat);
            row.push(known(last.map(|last| since(last, now))));
        }
        row
    };
    rows_and_rest(&titles, &folded.rows.iter().map(row).collect::<Vec<_>>(), folded.rest)
}

/// The row of a node, without its heartbeat.
fn node_line(line: &NodeLine<'_>, titles: &[&str], width: Width, now: Timestamp) -> Vec<String> {
    let (ready, reason) = match (&line.seen.status, line.health) {
        (Ok(status), NodeHealth::Silent { .. }) => {
            let last = status.last_heartbeat.map_or_else(String::new, |last| since(last, now));
            (format!("Silent({last})"), "AgentSilent")
        }
        (Err(Unread::Unreadable { .. }), _) => ("Unreadable".to_owned(), UNKNOWN),
        (Err(Unread::NothingYet), _) => ("Unknown".to_owned(), UNKNOWN),
        (Ok(status), _) => {
            let mut row = node_row(line.name, status, width);
            if let (Some(odd), Some(cell)) = (line.seen.odd("Ready"), row.get_mut(READY)) {
                cell.clone_from(&odd.status);
            }
            if let (Some(odd), Some(cell)) = (line.seen.odd("ConfigApplied"), row.get_mut(CONFIG)) {
                cell.clone_from(&odd.reason);
            }
            if let (Some(odd), Width::Wide, Some(cell)) = (line.seen.odd("Ready"), width, row.last_mut()) {
                cell.clone_from(&odd.reason);
            }
            return row;
        }
    };
    let cell = |title: &&str| match *title {
        "NODE" => Some(line.name.to_owned()),
        "READY" => Some(ready.clone()),
        "REASON" => Some(reason.to_owned()),
        "SESSIONS" => Some("?".to_owned()),
        "HEARTBEAT" => None,
        _ => Some(UNKNOWN.to_owned()),
    };
    titles.iter().filter_map(cell).collect()
}

fn session_table(sessions: &[SessionLine<'_>], view: View, now: Timestamp) -> String {
    if sessions.is_empty() {
        return "No sessions.\n".to_owned();
    }
    let bad = sessions.partition_point(|line| line.health != SessionHealth::Fine);
    let folded = fold(sessions, bad, ["session", "sessions"], view.extent);
    let titles = session_titles(view.width);
    let row = |line: &SessionLine<'_>| session_line(line, &titles, view.width, now);
    rows_and_rest(&titles, &folded.rows.iter().map(row).collect::<Vec<_>>(), folded.rest)
}

/// The row of a session; what nobody vouches for is not shown.
fn session_line(line: &SessionLine<'_>, titles: &[&str], width: Width, now: Timestamp) -> Vec<String> {
    let status = line.seen.status.as_ref();
    if let (Ok(status), false) = (status, line.health == SessionHealth::Unknown) {
        return session_row(status, width, now);
    }
    let peer = match status {
        Ok(status) => status.peer.to_string(),
        Err(Unread::Unreadable { peer: Some(peer), .. }) => peer.clone(),
        Err(Unread::Unreadable { peer: None, .. } | Unread::NothingYet) => line.name.to_owned(),
    };
    let state = if line.health == SessionHealth::Unreadable { "Unreadable" } else { "Unknown" };
    let cell = |title: &&str| match *title {
        "NODE" => line.seen.node.clone(),
        "PEER" => peer.clone(),
        "ASN" => known(status.ok().and_then(|status| status.peer_as)),
        "VRF" => known(status.ok().map(|status| &status.vrf)),
        "STATE" => state.to_owned(),
        _ => UNKNOWN.to_owned(),
    };
    titles.iter().map(cell).collect()
}

/// The rows, if there are any, and what stands for those that are not shown.
fn rows_and_rest(titles: &[&str], rows: &[Vec<String>], rest: Option<String>) -> String {
    let mut text = if rows.is_empty() { String::new() } else { columns(titles, rows) };
    text.extend(rest.map(|rest| format!("{rest}\n")));
    text
}
