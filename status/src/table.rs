//! A report for people, laid out like the output of kubectl.

use frr_driver::session::{SessionState, VRF_DEFAULT};
use jiff::Timestamp;

use crate::{
    condition::{Condition, ConditionStatus, ConditionType, Reason},
    duration::since,
    node::BgpNodeStatus,
    report::Report,
    session::BgpSessionStatus,
};

pub(crate) mod columns;
#[cfg(test)]
mod tests;

use self::columns::{columns, visible};

/// How much is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Width {
    /// What fits on a screen.
    Normal,
    /// Also generation, reasons, flaps.
    Wide,
}

/// Stands for what is not known.
pub(crate) const UNKNOWN: &str = "-";

/// Returns the tables of node and sessions, and below them what is wrong; ends in a newline.
pub fn table(report: &Report, width: Width, now: Timestamp) -> String {
    let mut text = node_table(report, width);
    text.push('\n');
    text.push_str(&session_table(report, width, now));
    text.push_str(&problem_list(&problems(report)));
    text
}

/// What is wrong, below the tables; nothing if nothing is.
pub(crate) fn problem_list(problems: &[String]) -> String {
    let title = if problems.is_empty() { "" } else { "\nPROBLEMS\n" };
    problems.iter().fold(title.to_owned(), |text, problem| text + &visible(problem) + "\n")
}

fn node_table(report: &Report, width: Width) -> String {
    columns(&node_titles(width), &[node_row(&report.node.metadata.name, &report.node.status, width)])
}

/// The titles of the columns of [`node_row`].
pub(crate) fn node_titles(width: Width) -> Vec<&'static str> {
    let mut titles = vec!["NODE", "READY", "CONFIG", "SESSIONS", "IPV4", "IPV6", "GATEWAYS", "FRR"];
    if width == Width::Wide {
        titles.extend(["GENERATION", "REASON"]);
    }
    titles
}

/// What is said of a node in a line.
pub(crate) fn node_row(name: &str, status: &BgpNodeStatus, width: Width) -> Vec<String> {
    let mut row = vec![
        name.to_owned(),
        condition(status, ConditionType::Ready, |condition| condition.status.to_string()),
        condition(status, ConditionType::ConfigApplied, |condition| condition.reason.to_string()),
        status.sessions.summary.clone(),
        known(status.routes.map(|routes| routes.ipv4)),
        known(status.routes.map(|routes| routes.ipv6)),
        known(status.routes.map(|_| status.gateway_count)),
        known(status.frr.version.as_ref()),
    ];
    if width == Width::Wide {
        row.push(known(status.config.applied_generation.as_deref().map(short)));
        row.push(condition(status, ConditionType::Ready, |condition| condition.reason.to_string()));
    }
    row
}

fn session_table(report: &Report, width: Width, now: Timestamp) -> String {
    if report.sessions.is_empty() {
        let known = report
            .node
            .status
            .condition(ConditionType::SessionsEstablished)
            .is_some_and(|condition| condition.status != ConditionStatus::Unknown);
        return if known { "No sessions.\n" } else { "Sessions are not known.\n" }.to_owned();
    }
    let rows: Vec<_> = report.sessions.iter().map(|object| session_row(&object.status, width, now)).collect();
    columns(&session_titles(width), &rows)
}

/// The titles of the columns of [`session_row`].
pub(crate) fn session_titles(width: Width) -> Vec<&'static str> {
    let mut titles =
        vec!["NODE", "PEER", "ASN", "VRF", "STATE", "SINCE", "RECEIVED", "ACCEPTED", "SENT", "BFD"];
    if width == Width::Wide {
        titles.extend(["LAST-REASON", "FLAPS"]);
    }
    titles
}

/// What is said of a session in a line.
pub(crate) fn session_row(status: &BgpSessionStatus, width: Width, now: Timestamp) -> Vec<String> {
    let established = status.session_state == SessionState::Established;
    let state = if status.enabled { status.session_state.to_string() } else { "AdminDown".to_owned() };
    let since = match status.since {
        Some(then) => since(then, now),
        None if status.session_state == SessionState::Unknown => UNKNOWN.to_owned(),
        None => "never".to_owned(),
    };
    let mut row = vec![
        status.node.clone(),
        status.peer.to_string(),
        known(status.peer_as),
        status.vrf.clone(),
        state,
        since,
        known(status.prefixes.received_pre_policy),
        known(established.then_some(status.prefixes.received)),
        known(established.then_some(status.prefixes.sent)),
        known(status.bfd.as_ref().map(|bfd| bfd.state)),
    ];
    if width == Width::Wide {
        row.push(known(status.last_down.as_ref().and_then(|down| down.reason.as_ref())));
        row.push(known(status.flaps));
    }
    row
}

/// Says in words what is wrong: refused lines, then conditions that do not hold.
fn problems(report: &Report) -> Vec<String> {
    let node = node_problems(&report.node.status).into_iter().map(|problem| problem.text);
    // Sessions that are down are among the node's conditions; no routes at all may be what is meant.
    node.chain(report.sessions.iter().filter_map(|object| session_problem(&object.status))).collect()
}

/// Something that is wrong with a node.
pub(crate) struct NodeProblem {
    /// The condition that does not hold; absent for a line that was refused.
    pub(crate) kind: Option<ConditionType>,
    /// In words.
    pub(crate) text: String,
}

/// Says in words what is wrong with a node.
pub(crate) fn node_problems(status: &BgpNodeStatus) -> Vec<NodeProblem> {
    let mut problems = Vec::new();
    for source in &status.sources {
        for error in &source.errors {
            let line = error.line.map_or_else(String::new, |line| format!(":{line}"));
            let text = format!("{}{line}: {}", source.name, error.message);
            problems.push(NodeProblem { kind: None, text });
        }
    }
    // The summary repeats the others, and each refused line is there already.
    let has_lines = !problems.is_empty();
    let is_told =
        |kind| matches!(kind, ConditionType::Ready) || kind == ConditionType::SourcesAccepted && has_lines;
    let told = status.conditions.iter().filter(|condition| !is_told(condition.kind));
    problems.extend(told.filter_map(|condition| {
        Some(NodeProblem { kind: Some(condition.kind), text: problem("", condition)? })
    }));
    problems
}

/// Says in words that a session's routes were announced and do not arrive.
pub(crate) fn session_problem(status: &BgpSessionStatus) -> Option<String> {
    let refused = status.condition(ConditionType::RoutesAccepted)?;
    if !is_loss(refused.reason) {
        return None;
    }
    problem(&format!("{}: ", peer(status)), refused)
}

/// Whose session, as far as it must be said.
pub(crate) fn peer(status: &BgpSessionStatus) -> String {
    match status.vrf.as_str() {
        VRF_DEFAULT => status.peer.to_string(),
        vrf => format!("{} in VRF {vrf}", status.peer),
    }
}

/// Whether routes were announced and do not arrive; else there may be none.
fn is_loss(reason: Reason) -> bool {
    matches!(
        reason,
        Reason::PolicyMissing
            | Reason::AllRefused
            | Reason::PolicyUndefined
            | Reason::EntryDenies
            | Reason::ListMatchesNothing
            | Reason::NextHopUnreachable
    )
}

fn problem(whose: &str, condition: &Condition) -> Option<String> {
    if condition.status != ConditionStatus::False {
        return None;
    }
    let message =
        if condition.message.is_empty() { String::new() } else { format!(": {}", condition.message) };
    Some(format!("{whose}{} is false ({}){message}", condition.kind, condition.reason))
}

fn condition(status: &BgpNodeStatus, kind: ConditionType, show: fn(&Condition) -> String) -> String {
    known(status.condition(kind).map(show))
}

/// The value, if it is known.
pub(crate) fn known(value: Option<impl ToString>) -> String {
    value.map_or_else(|| UNKNOWN.to_owned(), |value| value.to_string())
}

/// The beginning of a digest: enough to tell two generations apart.
fn short(digest: &str) -> &str {
    digest.get(..12).unwrap_or(digest)
}
