//! The status of a session.

use frr_driver::{
    loss::Loss,
    session::{AddressFamily, FamilyState, Policy, Session, SessionState},
};
use jiff::Timestamp;

use super::{ago, node::policy_reason, second};
use crate::{
    condition::{ConditionType, Finding, Reason, date},
    message::bounded,
    session::{AfiSafiStatus, BfdStatus, BgpSessionStatus, GracefulRestartStatus, LastDown, PrefixCounts},
    snapshot::{PolicyFact, PolicyState, Snapshot},
};

/// Returns the status of `session`.
pub(super) fn status(
    snapshot: &Snapshot,
    session: &Session,
    previous: Option<&BgpSessionStatus>,
) -> BgpSessionStatus {
    let now = snapshot.now;
    let last_established = session
        .uptime
        .and_then(|uptime| ago(now, uptime, previous.and_then(|before| before.last_established)))
        .or(previous.and_then(|before| before.last_established));
    let last_down = last_down(session, now, previous);
    let since = if session.is_established() {
        last_established
    } else {
        // FRR counts from its own start for a peer that was never up.
        let was_up = session.connections_established.is_some_and(|count| count > 0);
        last_down.as_ref().filter(|_| was_up).and_then(|down| down.time)
    };
    let facts: Vec<_> = snapshot.policies.iter().filter(|fact| fact.session == session.id).collect();
    let afi_safis: Vec<_> = session
        .families
        .iter()
        .map(|(family, state)| afi_safi(snapshot, session, *family, state, &facts))
        .collect();
    let findings =
        vec![established(session), policy_in_effect(&facts), routes_accepted(snapshot, session, &afi_safis)];
    BgpSessionStatus {
        node: snapshot.node.clone(),
        peer: session.id.peer.clone(),
        vrf: session.id.vrf.clone(),
        local_as: session.local_as,
        peer_as: session.peer_as,
        peer_group: session.peer_group.as_deref().map(bounded),
        description: session.description.as_deref().map(bounded),
        interface: session.interface.clone(),
        remote_router_id: session.remote_router_id,
        enabled: !session.admin_down,
        dynamic: session.dynamic,
        session_state: session.state,
        since,
        established_transitions: session.connections_established,
        flaps: session.connections_dropped,
        last_established,
        last_down,
        prefixes: sum(&afi_safis),
        afi_safis,
        bfd: bfd(session, now, previous),
        graceful_restart: session.graceful_restart.as_ref().map(|restart| GracefulRestartStatus {
            local_mode: restart.local_mode.clone(),
            remote_mode: restart.remote_mode.clone(),
            peer_restarting: restart.restarting.is_some(),
        }),
        last_clear: snapshot.clears.get(&session.id).map(super::node::clear),
        conditions: date(findings, previous.map_or(&[][..], |before| &before.conditions), second(now)),
    }
}

/// Returns `previous` for a time when bgpd cannot be asked: who the peer is stays, how it is does not.
pub(super) fn unobserved(previous: &BgpSessionStatus, snapshot: &Snapshot) -> BgpSessionStatus {
    let now = snapshot.now;
    let unknown = |kind| match snapshot.frr {
        None => Finding::unknown(kind, Reason::NotObservedYet, ""),
        Some(_) => Finding::unknown(kind, Reason::NotObservable, "bgpd does not answer"),
    };
    let kinds = [ConditionType::Established, ConditionType::PolicyInEffect, ConditionType::RoutesAccepted];
    BgpSessionStatus {
        session_state: SessionState::Unknown,
        since: None,
        afi_safis: Vec::new(),
        prefixes: PrefixCounts::default(),
        bfd: None,
        graceful_restart: None,
        conditions: date(kinds.map(unknown).into(), &previous.conditions, second(now)),
        ..previous.clone()
    }
}

fn last_down(session: &Session, now: Timestamp, previous: Option<&BgpSessionStatus>) -> Option<LastDown> {
    // What FRR says of a peer that never went down is how it came up.
    let went_down = !session.is_established() || session.connections_dropped.is_some_and(|count| count > 0);
    let reset = session.last_reset.as_ref().filter(|_| went_down)?;
    let before = previous.and_then(|before| before.last_down.as_ref()).and_then(|down| down.time);
    Some(LastDown {
        time: reset.ago.and_then(|since| ago(now, since, before)),
        reason: reset.reason.as_deref().map(bounded),
    })
}

fn bfd(session: &Session, now: Timestamp, previous: Option<&BgpSessionStatus>) -> Option<BfdStatus> {
    let bfd = session.bfd.as_ref()?;
    let before = previous.and_then(|before| before.bfd.as_ref()).and_then(|bfd| bfd.since);
    Some(BfdStatus {
        state: bfd.state,
        since: bfd.since.and_then(|since| ago(now, since, before)),
        diagnostic: bfd.diagnostic.as_deref().map(bounded),
    })
}

fn afi_safi(
    snapshot: &Snapshot,
    session: &Session,
    family: AddressFamily,
    state: &FamilyState,
    facts: &[&PolicyFact],
) -> AfiSafiStatus {
    let own = facts.iter().filter(|fact| fact.family == family);
    let worst = own.map(|fact| fact.state).max().unwrap_or(PolicyState::InEffect);
    AfiSafiStatus {
        name: family,
        prefixes: PrefixCounts {
            received_pre_policy: snapshot.received_pre_policy.get(&(session.id.clone(), family)).copied(),
            received: state.accepted,
            sent: state.sent.unwrap_or(0),
        },
        policy_in: policy_names(&state.inbound),
        policy_out: policy_names(&state.outbound),
        policy_in_effect: match worst {
            PolicyState::InEffect => Some(true),
            PolicyState::Unproven => None,
            PolicyState::Pending | PolicyState::Suppressed | PolicyState::GaveUp => Some(false),
        },
    }
}

/// Names what decides, in FRR's words.
fn policy_names(policy: &Policy) -> Vec<String> {
    let names = [
        ("route-map", &policy.route_map),
        ("prefix-list", &policy.prefix_list),
        ("filter-list", &policy.filter_list),
        ("distribute-list", &policy.distribute_list),
    ];
    names.into_iter().filter_map(|(kind, name)| Some(format!("{kind} {}", name.as_ref()?))).collect()
}

/// The sum over families; the routes before policy only if they are known for each.
fn sum(families: &[AfiSafiStatus]) -> PrefixCounts {
    let pre_policy: Option<Vec<u64>> =
        families.iter().map(|family| family.prefixes.received_pre_policy).collect();
    PrefixCounts {
        received_pre_policy: pre_policy.filter(|counts| !counts.is_empty()).map(|counts| counts.iter().sum()),
        received: families.iter().map(|family| family.prefixes.received).sum(),
        sent: families.iter().map(|family| family.prefixes.sent).sum(),
    }
}

fn established(session: &Session) -> Finding {
    let kind = ConditionType::Established;
    if session.is_established() {
        return Finding::yes(kind, Reason::SessionEstablished, "");
    }
    if session.admin_down {
        return Finding::no(kind, Reason::AdminDown, "shut down in the configuration");
    }
    if session.state == SessionState::Unknown {
        return Finding::unknown(kind, Reason::NotObservable, "bgpd names no state that is known");
    }
    let reason = session.last_reset.as_ref().and_then(|reset| reset.reason.as_deref());
    let message = match reason {
        Some(reason) => format!("{}: {reason}", session.state),
        None => session.state.to_string(),
    };
    Finding::no(kind, Reason::SessionDown, message)
}

fn policy_in_effect(facts: &[&PolicyFact]) -> Finding {
    let kind = ConditionType::PolicyInEffect;
    let worst = facts.iter().max_by_key(|fact| fact.state);
    match worst {
        Some(fact) if fact.state == PolicyState::Unproven => {
            Finding::unknown(kind, policy_reason(fact.state), format!("{}: {}", fact.family, fact.why))
        }
        Some(fact) if fact.state != PolicyState::InEffect => {
            Finding::no(kind, policy_reason(fact.state), format!("{}: {}", fact.family, fact.why))
        }
        Some(_) | None => Finding::yes(kind, Reason::InEffect, ""),
    }
}

/// Looks at each family apart: a loss in one must not hide behind another.
fn routes_accepted(snapshot: &Snapshot, session: &Session, families: &[AfiSafiStatus]) -> Finding {
    let kind = ConditionType::RoutesAccepted;
    if session.state == SessionState::Unknown {
        return Finding::unknown(kind, Reason::NotObservable, "");
    }
    if !session.is_established() {
        return Finding::no(kind, Reason::SessionDown, "");
    }
    let losses: Vec<_> = families
        .iter()
        .filter_map(|family| Some((family.name, snapshot.losses.get(&(session.id.clone(), family.name))?)))
        .collect();
    if let Some((_, first)) = losses.first() {
        let told: Vec<_> = losses.iter().map(|(family, loss)| format!("{family}: {loss}")).collect();
        return Finding::no(kind, loss_reason(first), told.join(". "));
    }
    let empty: Vec<_> = families.iter().filter(|family| family.prefixes.received == 0).collect();
    if empty.is_empty() {
        return Finding::yes(kind, Reason::RoutesReceived, "");
    }
    let is_missing = |family: &&&AfiSafiStatus| {
        session.families.get(&family.name).is_some_and(|state| state.inbound.missing)
    };
    let is_refused =
        |family: &&&AfiSafiStatus| family.prefixes.received_pre_policy.is_some_and(|count| count > 0);
    let (reason, message) = if let Some(family) = empty.iter().find(is_missing) {
        (Reason::PolicyMissing, format!("{}: no inbound policy, and bgp ebgp-requires-policy", family.name))
    } else if let Some(family) = empty.iter().find(is_refused) {
        (Reason::AllRefused, format!("{}: the inbound policy refuses every route", family.name))
    } else {
        let names: Vec<_> = empty.iter().map(|family| family.name.as_str()).collect();
        (Reason::NoRoutes, format!("{}: no routes", names.join(", ")))
    };
    Finding::no(kind, reason, message)
}

/// The reason that goes with a loss.
fn loss_reason(loss: &Loss) -> Reason {
    match loss {
        Loss::PolicyMissing => Reason::PolicyMissing,
        Loss::Undefined { .. } => Reason::PolicyUndefined,
        Loss::Entry { .. } | Loss::NoPermit { .. } => Reason::EntryDenies,
        Loss::List { .. } => Reason::ListMatchesNothing,
        Loss::Unexplained => Reason::AllRefused,
        Loss::NextHop { .. } => Reason::NextHopUnreachable,
    }
}
