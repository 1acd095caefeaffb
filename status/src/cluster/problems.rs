//! What is wrong in the cluster, in words: the same thing on many nodes is said once.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::{
    Extent, NodeLine, SessionLine,
    fold::number,
    health::{NodeHealth, SessionHealth},
    seen::Unread,
};
use crate::{
    condition::ConditionType,
    table::{node_problems, peer, session_problem},
};

/// The most problems that are told without being asked for.
const PROBLEMS_MAX: usize = 30;

/// The most nodes that a problem names without being asked for.
const NAMED_MAX: usize = 3;

/// On how many nodes a peer must be down before the peer is the problem, and not the nodes.
const NODES_MIN: usize = 2;

/// How far a heartbeat may be ahead of this machine's clock; seconds. Clocks that are kept differ by less.
const AHEAD_SEC_MAX: i64 = 60;

/// Something that is wrong on these nodes.
struct Problem<'a> {
    text: String,
    nodes: Vec<&'a str>,
}

/// Says what is wrong, one thing a line: what concerns most nodes first, then the worst nodes.
pub(super) fn problems(
    nodes: &[NodeLine<'_>],
    sessions: &[SessionLine<'_>],
    extent: Extent,
    now: Timestamp,
) -> Vec<String> {
    let mut lines: Vec<String> = clocks(nodes, now).into_iter().collect();
    let (peers, down_peers) = down_peers(sessions, extent);
    lines.extend(peers);
    let mut by_node: BTreeMap<&str, Vec<&SessionLine<'_>>> = BTreeMap::new();
    for line in sessions {
        by_node.entry(&line.seen.node).or_default().push(line);
    }
    let mut found = Found::default();
    for line in nodes {
        let own = by_node.remove(line.name).unwrap_or_default();
        of_node(line, &mut found, sessions_are_told(&own, &down_peers));
        for line in own {
            of_session(line, &mut found);
        }
    }
    for line in by_node.into_values().flatten() {
        of_session(line, &mut found);
    }
    let mut problems = found.problems;
    problems.sort_by_key(|problem| std::cmp::Reverse(problem.nodes.len()));
    lines.extend(problems.iter().map(|problem| {
        let Problem { text, nodes } = problem;
        match nodes.len() {
            count if count <= NAMED_MAX => format!("{}: {text}", nodes.join(", ")),
            count => format!("{} nodes ({}): {text}", number(count), names(nodes, extent)),
        }
    }));
    if extent == Extent::Screen && lines.len() > PROBLEMS_MAX {
        let more = lines.len() - PROBLEMS_MAX;
        lines.truncate(PROBLEMS_MAX);
        lines.push(format!("… and {} more; --all shows them", number(more)));
    }
    lines
}

/// Problems by their text, in the order in which they were found.
#[derive(Default)]
struct Found<'a> {
    problems: Vec<Problem<'a>>,
    by_text: BTreeMap<String, usize>,
}

impl<'a> Found<'a> {
    fn add(&mut self, node: &'a str, text: String) {
        let known = self.by_text.get(&text).and_then(|at| self.problems.get_mut(*at));
        match known {
            Some(problem) if problem.nodes.last() != Some(&node) => problem.nodes.push(node),
            Some(_) => {}
            None => {
                self.by_text.insert(text.clone(), self.problems.len());
                self.problems.push(Problem { text, nodes: vec![node] });
            }
        }
    }
}

fn of_node<'a>(line: &NodeLine<'a>, found: &mut Found<'a>, sessions_are_told: bool) {
    let said = match (&line.seen.status, line.health) {
        (Err(Unread::NothingYet), _) => return found.add(line.name, "has reported nothing yet".to_owned()),
        (Err(Unread::Unreadable { why, .. }), _) => {
            return found.add(line.name, format!("BGPNode is not readable: {why}"));
        }
        (Ok(_), NodeHealth::Silent { .. }) => {
            let text =
                "the agent is silent, and what it reported last counts no more; FRR goes on without it";
            return found.add(line.name, text.to_owned());
        }
        (Ok(status), _) => status,
    };
    for problem in node_problems(said) {
        if problem.kind != Some(ConditionType::SessionsEstablished) || !sessions_are_told {
            found.add(line.name, problem.text);
        }
    }
    // The summary repeats the others.
    for odd in line.seen.odd.iter().filter(|odd| odd.kind != "Ready") {
        if let Some(text) = odd.problem() {
            found.add(line.name, text);
        }
    }
}

fn of_session<'a>(line: &SessionLine<'a>, found: &mut Found<'a>) {
    match (&line.seen.status, line.health) {
        (Err(Unread::Unreadable { why, .. }), _) => {
            found.add(&line.seen.node, format!("BGPSession {} is not readable: {why}", line.name));
        }
        (Ok(_), SessionHealth::Unknown) if !line.has_node => {
            found.add(&line.seen.node, "there are sessions of it, and no BGPNode".to_owned());
        }
        (Ok(status), SessionHealth::NoRoutes | SessionHealth::OldPolicy) => {
            if let Some(text) = session_problem(status) {
                found.add(&line.seen.node, text);
            }
            for text in line.seen.odd.iter().filter_map(super::seen::OddCondition::problem) {
                found.add(&line.seen.node, format!("{}: {text}", peer(status)));
            }
        }
        (Ok(_) | Err(Unread::NothingYet), _) => {}
    }
}

/// Names the peers that are down on several nodes, those of most nodes first; and returns them.
fn down_peers(sessions: &[SessionLine<'_>], extent: Extent) -> (Vec<String>, BTreeSet<String>) {
    let mut by_peer: BTreeMap<String, (Vec<&str>, usize)> = BTreeMap::new();
    for line in sessions {
        let Ok(status) = &line.seen.status else { continue };
        if !status.enabled || line.health == SessionHealth::Unknown {
            continue;
        }
        let (down, all) = by_peer.entry(peer(status)).or_default();
        *all += 1;
        if line.health == SessionHealth::Down {
            down.push(&line.seen.node);
        }
    }
    by_peer.retain(|_, (down, _)| down.len() >= NODES_MIN);
    let mut peers: Vec<_> = by_peer.iter().collect();
    peers.sort_by_key(|(_, (down, _))| std::cmp::Reverse(down.len()));
    let lines = peers.iter().map(|(peer, (down, all))| {
        let of = if *all == down.len() { "all of".to_owned() } else { format!("{} of", number(down.len())) };
        format!("{peer}: not established on {of} {} nodes ({})", number(*all), names(down, extent))
    });
    (lines.collect(), by_peer.keys().cloned().collect())
}

/// Whether everything that is down of a node's sessions is told with its peer.
fn sessions_are_told(own: &[&SessionLine<'_>], peers: &BTreeSet<String>) -> bool {
    let mut down = own.iter().filter(|line| line.health == SessionHealth::Down).peekable();
    let is_told =
        |line: &&SessionLine<'_>| line.seen.status.as_ref().is_ok_and(|status| peers.contains(&peer(status)));
    down.peek().is_some() && down.all(is_told)
}

fn names(nodes: &[&str], extent: Extent) -> String {
    let named = match extent {
        Extent::All => nodes.len(),
        Extent::Screen => NAMED_MAX,
    };
    let more = if nodes.len() > named { ", …" } else { "" };
    format!("{}{more}", nodes.iter().take(named).copied().collect::<Vec<_>>().join(", "))
}

/// Says that heartbeats cannot be judged by this machine's clock, if that is so.
fn clocks(nodes: &[NodeLine<'_>], now: Timestamp) -> Option<String> {
    let is_ahead = |line: &&NodeLine<'_>| {
        let last = line.seen.status.as_ref().ok().and_then(|status| status.last_heartbeat);
        last.is_some_and(|last| last.as_second() - now.as_second() > AHEAD_SEC_MAX)
    };
    let first = nodes.iter().find(is_ahead)?;
    let count = nodes.iter().filter(is_ahead).count();
    let more = if count == 1 { String::new() } else { format!(" and of {} more", number(count - 1)) };
    Some(format!(
        "the clocks of {}{more} are ahead of this machine's: one of them is wrong, and silence is not judged well",
        first.name
    ))
}
