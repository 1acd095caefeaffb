//! The status of the node.

use frr_driver::session::SessionState;

use super::second;
use crate::{
    condition::{ConditionStatus, ConditionType, Finding, Reason, date},
    message::bounded,
    node::{
        BgpNodeStatus, ClearStatus, ConfigStatus, DRIFT_LINES_MAX, DaemonStatus, FrrStatus, GATEWAYS_MAX,
        GatewayStatus, RouteCounts, SOURCE_ERRORS_MAX, SOURCES_MAX, SessionCounts, SourceErrorStatus,
        SourceStatus,
    },
    report::Object,
    session::BgpSessionStatus,
    snapshot::{
        ClearFact, ConfigState, DaemonState, LearnedRoutes, PolicyState, Snapshot, SourcePolicy, SourceState,
        Trouble,
    },
};

/// How many peers or daemons a message names: enough to begin with, the rest is in the lists.
const NAMED_MAX: usize = 5;

/// Returns the status of the node.
pub(super) fn status(
    snapshot: &Snapshot,
    sessions: &[Object<BgpSessionStatus>],
    previous: Option<&BgpNodeStatus>,
) -> BgpNodeStatus {
    let before = previous.map_or(&[][..], |status| &status.conditions);
    let gateways = snapshot.routes.as_ref().map(gateways).unwrap_or_default();
    BgpNodeStatus {
        conditions: date(findings(snapshot, sessions), before, second(snapshot.now)),
        frr: snapshot.frr.as_ref().map_or_else(FrrStatus::default, |frr| FrrStatus {
            version: frr.version.clone(),
            daemons: frr
                .daemons
                .iter()
                .map(|(name, state)| DaemonStatus { name: *name, up: *state == DaemonState::Up })
                .collect(),
        }),
        sources: snapshot.sources.iter().flatten().take(SOURCES_MAX).map(source).collect(),
        config: config(&snapshot.config),
        sessions: counts(snapshot, sessions),
        routes: snapshot.routes.as_ref().map(|routes| RouteCounts { ipv4: routes.ipv4, ipv6: routes.ipv6 }),
        gateway_count: gateways.len(),
        truncated: gateways.len() > GATEWAYS_MAX,
        gateways: gateways.into_iter().take(GATEWAYS_MAX).collect(),
        last_heartbeat: None,
        heartbeat_seconds: None,
        last_clear: snapshot.last_clear.as_ref().map(clear),
    }
}

/// Seconds, to the millisecond.
fn seconds(duration: std::time::Duration) -> f64 {
    (duration.as_secs_f64() * 1000.0).round() / 1000.0
}

/// The status of a clear.
pub(super) fn clear(clear: &ClearFact) -> ClearStatus {
    let outcome = clear.outcome.as_ref();
    ClearStatus {
        peer: clear.session.peer.clone(),
        vrf: clear.session.vrf.clone(),
        address_family: clear.family,
        kind: clear.kind,
        reason: bounded(&clear.reason),
        time: second(clear.at),
        prefixes_before: clear.prefixes_before,
        prefixes_after: outcome.map(|outcome| outcome.prefixes_after),
        duration_seconds: outcome.map(|outcome| seconds(outcome.took)),
        failure: outcome.and_then(|outcome| outcome.failure.as_deref()).map(bounded),
    }
}

fn source(source: &SourceState) -> SourceStatus {
    SourceStatus {
        name: source.name.clone(),
        policy: source.policy,
        digest: source.digest.clone(),
        accepted: source.accepted,
        accepted_time: source.accepted_at.map(second),
        errors: source
            .errors
            .iter()
            .take(SOURCE_ERRORS_MAX)
            .map(|error| SourceErrorStatus { line: error.line, message: bounded(&error.message) })
            .collect(),
        truncated: source.errors.len() > SOURCE_ERRORS_MAX,
    }
}

fn config(config: &ConfigState) -> ConfigStatus {
    // Milliseconds: what a stopwatch says is not more exact.
    ConfigStatus {
        generation: config.generation.clone(),
        applied_generation: config.applied_generation.clone(),
        applied_time: config.applied_at.map(second),
        engine: config.engine,
        result: config.result,
        duration_seconds: config.duration.map(seconds),
        added_lines: config.added,
        removed_lines: config.removed,
        drift: config.drift.iter().take(DRIFT_LINES_MAX).map(|line| bounded(line)).collect(),
    }
}

fn counts(snapshot: &Snapshot, sessions: &[Object<BgpSessionStatus>]) -> SessionCounts {
    let is_up = |object: &&Object<BgpSessionStatus>| object.status.session_state == SessionState::Established;
    let (total, established) = (sessions.len(), sessions.iter().filter(is_up).count());
    let summary = match snapshot.sessions {
        Some(_) => format!("{established}/{total}"),
        None => "?".to_owned(),
    };
    let is_without = |object: &&Object<BgpSessionStatus>| {
        snapshot
            .losses
            .keys()
            .any(|(session, _)| session.peer == object.status.peer && session.vrf == object.status.vrf)
    };
    let without_routes = sessions.iter().filter(is_without).count();
    SessionCounts { total, established, without_routes, summary }
}

/// The most used first.
fn gateways(routes: &LearnedRoutes) -> Vec<GatewayStatus> {
    let mut gateways: Vec<_> = routes.gateways.iter().collect();
    gateways.sort_by(|(a, a_count), (b, b_count)| b_count.cmp(a_count).then(a.cmp(b)));
    let status = |(gateway, prefixes): (&crate::snapshot::Gateway, &u64)| GatewayStatus {
        next_hop: gateway.next_hop,
        interface: gateway.interface.clone(),
        address_family: gateway.family,
        prefixes: *prefixes,
    };
    gateways.into_iter().map(status).collect()
}

fn findings(snapshot: &Snapshot, sessions: &[Object<BgpSessionStatus>]) -> Vec<Finding> {
    let mut findings = vec![
        sources_accepted(snapshot),
        frr_reachable(snapshot),
        config_applied(&snapshot.config),
        sessions_established(snapshot, sessions),
        policies_in_effect(snapshot),
        kernel_in_sync(snapshot),
    ];
    findings.insert(0, ready(&findings));
    findings
}

/// Sums up `others`: the first that is false, else the first that is unknown, names the reason.
fn ready(others: &[Finding]) -> Finding {
    let kind = ConditionType::Ready;
    // Where the kernel cannot be asked, everything else still tells.
    let counts = |other: &&Finding| {
        other.kind != ConditionType::KernelInSync || other.status == ConditionStatus::False
    };
    let bad: Vec<_> =
        others.iter().filter(counts).filter(|other| other.status != ConditionStatus::True).collect();
    let worst = bad.iter().find(|other| other.status == ConditionStatus::False).or(bad.first());
    let Some(worst) = worst else { return Finding::yes(kind, Reason::AllGood, "") };
    let names: Vec<_> = bad.iter().map(|other| format!("{}: {}", other.kind, other.reason)).collect();
    Finding { kind, status: worst.status, reason: worst.reason, message: names.join(", ") }
}

fn sources_accepted(snapshot: &Snapshot) -> Finding {
    let kind = ConditionType::SourcesAccepted;
    let Some(sources) = &snapshot.sources else {
        return Finding::unknown(kind, Reason::NotObservedYet, "");
    };
    let refused: Vec<_> = sources.iter().filter(|source| !source.accepted).map(refusal).collect();
    let has_base =
        sources.iter().any(|source| source.policy == SourcePolicy::Base && source.digest.is_some());
    if !refused.is_empty() {
        Finding::no(kind, Reason::SourceRejected, refused.join("; "))
    } else if has_base {
        Finding::yes(kind, Reason::AllAccepted, "")
    } else {
        Finding::no(kind, Reason::WaitingForBase, "there is no base configuration yet")
    }
}

/// Says why a source was refused, as far as one line can.
fn refusal(source: &SourceState) -> String {
    match source.errors.as_slice() {
        [] => format!("{} refused", source.name),
        [first, rest @ ..] => {
            let line = first.line.map_or_else(String::new, |line| format!("{line}:"));
            let more = if rest.is_empty() { String::new() } else { format!(" (and {} more)", rest.len()) };
            format!("{}:{line} {}{more}", source.name, first.message)
        }
    }
}

fn frr_reachable(snapshot: &Snapshot) -> Finding {
    let kind = ConditionType::FrrReachable;
    let Some(frr) = &snapshot.frr else { return Finding::unknown(kind, Reason::NotObservedYet, "") };
    let named = |state: DaemonState| {
        let of_state = frr.daemons.iter().filter(|(_, other)| *other == state);
        named(of_state.map(|(daemon, _)| daemon.name().to_owned()).collect())
    };
    match (named(DaemonState::Hung), named(DaemonState::Down)) {
        (Some(hung), _) => Finding::no(kind, Reason::DaemonHung, format!("{hung} does not answer")),
        (None, Some(down)) => Finding::no(kind, Reason::DaemonDown, format!("{down} does not run")),
        (None, None) => Finding::yes(kind, Reason::DaemonsUp, ""),
    }
}

fn config_applied(config: &ConfigState) -> Finding {
    let kind = ConditionType::ConfigApplied;
    let why = config.pending.clone().unwrap_or_default();
    if config.generation.is_none() {
        return Finding::unknown(kind, Reason::NoConfig, why);
    }
    if config.generation == config.applied_generation && config.trouble != Some(Trouble::Drifted) {
        return Finding::yes(kind, Reason::Applied, why);
    }
    let reason = match config.trouble {
        Some(Trouble::Rejected) => Reason::ConfigRejected,
        Some(Trouble::Failed) => Reason::ApplyFailed,
        Some(Trouble::PartiallyApplied) => Reason::PartiallyApplied,
        Some(Trouble::RolledBack) => Reason::RolledBack,
        Some(Trouble::GuardTripped) => Reason::GuardTripped,
        Some(Trouble::Held) => Reason::Held,
        Some(Trouble::Drifted) => Reason::Drifted,
        None => Reason::Pending,
    };
    Finding::no(kind, reason, why)
}

fn sessions_established(snapshot: &Snapshot, sessions: &[Object<BgpSessionStatus>]) -> Finding {
    let kind = ConditionType::SessionsEstablished;
    if snapshot.sessions.is_none() {
        let reason = if snapshot.frr.is_none() { Reason::NotObservedYet } else { Reason::NotObservable };
        return Finding::unknown(kind, reason, "");
    }
    let wanted: Vec<_> =
        sessions.iter().map(|object| &object.status).filter(|status| status.enabled).collect();
    if wanted.is_empty() {
        return Finding::yes(kind, Reason::NoneConfigured, "");
    }
    let is_down = |status: &&&BgpSessionStatus| status.session_state != SessionState::Established;
    let down: Vec<_> = wanted.iter().filter(is_down).collect();
    let reason = if down.len() == wanted.len() { Reason::AllDown } else { Reason::SomeDown };
    let name = |status: &&&BgpSessionStatus| format!("{} is {}", status.peer, status.session_state);
    match named(down.iter().map(name).collect()) {
        None => Finding::yes(kind, Reason::AllEstablished, ""),
        Some(names) => Finding::no(kind, reason, names),
    }
}

fn policies_in_effect(snapshot: &Snapshot) -> Finding {
    let kind = ConditionType::PoliciesInEffect;
    if snapshot.sessions.is_none() {
        let reason = if snapshot.frr.is_none() { Reason::NotObservedYet } else { Reason::NotObservable };
        return Finding::unknown(kind, reason, "");
    }
    let worst = snapshot.policies.iter().map(|fact| fact.state).max().unwrap_or(PolicyState::InEffect);
    let facts = snapshot.policies.iter().filter(|fact| fact.state == worst);
    let name = |fact: &crate::snapshot::PolicyFact| {
        let why = if fact.why.is_empty() { String::new() } else { format!(": {}", fact.why) };
        format!("{} {}{why}", fact.session, fact.family)
    };
    let message = named(facts.map(name).collect()).unwrap_or_default();
    if worst <= PolicyState::Unproven {
        // What nobody can know is no trouble of the node.
        return Finding::yes(kind, policy_reason(worst), message);
    }
    Finding::no(kind, policy_reason(worst), message)
}

fn kernel_in_sync(snapshot: &Snapshot) -> Finding {
    let kind = ConditionType::KernelInSync;
    if snapshot.sessions.is_none() || snapshot.routes.is_none() {
        let reason = if snapshot.frr.is_none() { Reason::NotObservedYet } else { Reason::NotObservable };
        return Finding::unknown(kind, reason, "");
    }
    match named(snapshot.orphaned.iter().map(ToString::to_string).collect()) {
        None => Finding::yes(kind, Reason::InSync, ""),
        Some(families) => Finding::no(
            kind,
            Reason::RoutesOrphaned,
            format!(
                "the kernel keeps routes of {families} that bgpd does not have; ip route show proto bgp lists them"
            ),
        ),
    }
}

/// The reason that goes with the state of a policy.
pub(super) fn policy_reason(state: PolicyState) -> Reason {
    match state {
        PolicyState::InEffect => Reason::InEffect,
        PolicyState::Unproven => Reason::NotProven,
        PolicyState::Pending => Reason::ReevaluationPending,
        PolicyState::Suppressed => Reason::ClearSuppressed,
        PolicyState::GaveUp => Reason::GaveUp,
    }
}

/// Joins the first of `names`; `None` if there are none.
fn named(names: Vec<String>) -> Option<String> {
    let more = names.len().saturating_sub(NAMED_MAX);
    let shown = names.into_iter().take(NAMED_MAX).collect::<Vec<_>>().join(", ");
    match (shown.is_empty(), more) {
        (true, _) => None,
        (false, 0) => Some(shown),
        (false, more) => Some(format!("{shown} and {more} more")),
    }
}
