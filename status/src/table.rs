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

mod columns;
#[cfg(test)]
mod tests;

use self::columns::columns;

/// How much is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Width {
    /// What fits on a screen.
    Normal,
    /// Also generation, reasons, flaps.
    Wide,
}

/// Stands for what is not known.
const UNKNOWN: &str = "-";

/// Returns the tables of node and sessions, and below them what is wrong; ends in a newline.
pub fn table(report: &Report, width: Width, now: Timestamp) -> String {
    let mut text = node_table(report, width);
    text.push('\n');
    text.push_str(&session_table(report, width, now));
    let problems = problems(report);
    if !problems.is_empty() {
        text.push_str("\nPROBLEMS\n");
        for problem in problems {
            text.push_str(&problem);
            text.push('\n');
        }
    }
    text
}

fn node_table(report: &Report, width: Width) -> String {
    let status = &report.node.status;
    let mut titles = vec!["NODE", "READY", "CONFIG", "SESSIONS", "IPV4", "IPV6", "GATEWAYS", "FRR"];
    let mut row = vec![
        report.node.metadata.name.clone(),
        condition(status, ConditionType::Ready, |condition| condition.status.to_string()),
        condition(status, ConditionType::ConfigApplied, |condition| condition.reason.to_string()),
        status.sessions.summary.clone(),
        known(status.routes.map(|routes| routes.ipv4)),
        known(status.routes.map(|routes| routes.ipv6)),
        known(status.routes.map(|_| status.gateway_count)),
        known(status.frr.version.as_ref()),
    ];
    if width == Width::Wide {
        titles.extend(["GENERATION", "REASON"]);
        row.push(known(status.config.applied_generation.as_deref().map(short)));
        row.push(condition(status, ConditionType::Ready, |condition| condition.reason.to_string()));
    }
    columns(&titles, &[row])
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
    let mut titles =
        vec!["NODE", "PEER", "ASN", "VRF", "STATE", "SINCE", "RECEIVED", "ACCEPTED", "SENT", "BFD"];
    if width == Width::Wide {
        titles.extend(["LAST-REASON", "FLAPS"]);
    }
    let rows: Vec<_> = report.sessions.iter().map(|object| session_row(&object.status, width, now)).collect();
    columns(&titles, &rows)
}

fn session_row(status: &BgpSessionStatus, width: Width, now: Timestamp) -> Vec<String> {
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
    let status = &report.node.status;
    let mut problems = Vec::new();
    for source in &status.sources {
        for error in &source.errors {
            let line = error.line.map_or_else(String::new, |line| format!(":{line}"));
            problems.push(format!("{}{line}: {}", source.name, error.message));
        }
    }
    // The summary repeats the others, and each refused line is there already.
    let is_told = |kind| {
        matches!(kind, ConditionType::Ready) || kind == ConditionType::SourcesAccepted && !problems.is_empty()
    };
    let told: Vec<_> = status.conditions.iter().filter(|condition| !is_told(condition.kind)).collect();
    problems.extend(told.into_iter().filter_map(|condition| problem("", condition)));
    for object in &report.sessions {
        // Sessions that are down are among the node's conditions; no routes at all may be what is meant.
        let accepted = object.status.condition(ConditionType::RoutesAccepted);
        let refused = accepted.filter(|condition| is_loss(condition.reason));
        let whose = match object.status.vrf.as_str() {
            VRF_DEFAULT => format!("{}: ", object.status.peer),
            vrf => format!("{} in VRF {vrf}: ", object.status.peer),
        };
        problems.extend(refused.and_then(|condition| problem(&whose, condition)));
    }
    problems
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

fn known(value: Option<impl ToString>) -> String {
    value.map_or_else(|| UNKNOWN.to_owned(), |value| value.to_string())
}

/// The beginning of a digest: enough to tell two generations apart.
fn short(digest: &str) -> &str {
    digest.get(..12).unwrap_or(digest)
}
