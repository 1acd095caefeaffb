//! What happened: the events of a node, for `kubectl describe node` and `kubectl get events`.

use std::{collections::HashMap, fmt};

use crate::{
    condition::{Condition, ConditionStatus, ConditionType, Reason},
    message::bounded,
    node::{BgpNodeStatus, ClearStatus},
    report::{Object, Report},
    session::BgpSessionStatus,
    snapshot::ApplyResult,
};
use frr_driver::{
    clear::ClearKind,
    session::{SessionState, VRF_DEFAULT},
};

#[cfg(test)]
mod tests;

/// The beginning of a generation's digest: enough to tell two apart.
const GENERATION_CHARS: usize = 12;

/// One thing that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct News {
    /// What.
    pub reason: NewsReason,
    /// A person should look at it.
    pub is_warning: bool,
    /// The name of the `BGPSession` that it is about, if it is about one.
    pub session: Option<String>,
    /// For people; at most 512 bytes, without secrets.
    pub note: String,
}

/// What can happen to a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NewsReason {
    /// FRR runs another configuration.
    ConfigApplied,
    /// A source, or what all of them make, was refused before anything was changed.
    ConfigRejected,
    /// A change waits for a person, because of what it would cost.
    ConfigHeld,
    /// FRR did not take a configuration.
    ApplyFailed,
    /// The last good configuration was put back.
    RolledBack,
    /// A session came up.
    SessionEstablished,
    /// A session was lost.
    SessionDown,
    /// The agent cleared a session.
    SessionCleared,
    /// A daemon of FRR was started anew.
    FrrRestarted,
    /// A daemon of FRR that is needed does not answer.
    FrrNotReachable,
    /// Somebody changed FRR, which is only reported.
    DriftFound,
    /// Somebody changed FRR, and it was changed back.
    DriftRepaired,
}

/// Returns what happened from `before` to `after`, in the order in which it is told best.
pub fn between(before: &Report, after: &Report) -> Vec<News> {
    let mut news = Vec::new();
    of_node(&before.node.status, &after.node.status, &mut news);
    // Sessions that were there when the agent came are not new.
    let were_known = before.node.status.condition(ConditionType::SessionsEstablished);
    let were_known = were_known.is_some_and(|condition| condition.status != ConditionStatus::Unknown);
    let before: HashMap<_, _> =
        before.sessions.iter().map(|object| (&object.metadata.name, &object.status)).collect();
    for session in &after.sessions {
        let before = before.get(&session.metadata.name).copied();
        if before.is_some() || were_known {
            of_session(before, session, &mut news);
        }
    }
    news
}

fn of_node(before: &BgpNodeStatus, after: &BgpNodeStatus, news: &mut Vec<News>) {
    if let Some(condition) = became_false(before, after, ConditionType::SourcesAccepted)
        && condition.reason == Reason::SourceRejected
    {
        news.push(News::warning(NewsReason::ConfigRejected, &condition.message));
    }
    if let Some(condition) = became_false(before, after, ConditionType::FrrReachable) {
        news.push(News::warning(NewsReason::FrrNotReachable, &condition.message));
    }
    if let Some(condition) = became_false(before, after, ConditionType::ConfigApplied)
        && let Some(reason) = trouble(condition.reason)
    {
        news.push(News::warning(reason, &condition.message));
    }
    let config = &after.config;
    let is_other = before.config.applied_generation != config.applied_generation;
    if let Some(generation) = config.applied_generation.as_deref().filter(|_| is_other)
        && config.result == Some(ApplyResult::Applied)
    {
        let generation = generation.get(..GENERATION_CHARS).unwrap_or(generation);
        let engine = config.engine.map_or("nothing to do", |engine| engine.as_str());
        let took = config.duration_seconds.unwrap_or_default();
        news.push(News::normal(
            NewsReason::ConfigApplied,
            &format!(
                "FRR runs generation {generation}: {} lines added, {} removed, in {took} s ({engine})",
                config.added_lines, config.removed_lines
            ),
        ));
    }
}

/// Returns the condition of this type if it is false now, and was not, or for another reason.
fn became_false<'a>(
    before: &BgpNodeStatus,
    after: &'a BgpNodeStatus,
    kind: ConditionType,
) -> Option<&'a Condition> {
    let now = after.condition(kind).filter(|condition| condition.status == ConditionStatus::False)?;
    let is_old = before.condition(kind).is_some_and(|before| {
        (before.status, before.reason, &before.message) == (now.status, now.reason, &now.message)
    });
    (!is_old).then_some(now)
}

/// What it is called when a configuration does not run for this reason; `None` = it is on its way.
#[expect(clippy::wildcard_enum_match_arm, reason = "all others are of other conditions")]
fn trouble(reason: Reason) -> Option<NewsReason> {
    match reason {
        Reason::ConfigRejected => Some(NewsReason::ConfigRejected),
        Reason::ApplyFailed | Reason::PartiallyApplied => Some(NewsReason::ApplyFailed),
        Reason::RolledBack | Reason::GuardTripped => Some(NewsReason::RolledBack),
        Reason::Held => Some(NewsReason::ConfigHeld),
        Reason::Drifted => Some(NewsReason::DriftFound),
        _ => None,
    }
}

fn of_session(before: Option<&BgpSessionStatus>, object: &Object<BgpSessionStatus>, news: &mut Vec<News>) {
    let now = &object.status;
    if now.session_state == SessionState::Unknown {
        return;
    }
    let about = |reason, is_warning, note: &str| News {
        reason,
        is_warning,
        session: Some(object.metadata.name.clone()),
        note: bounded(note),
    };
    let whom = whom(now);
    let is_up = now.session_state == SessionState::Established;
    if was_lost(before, now) {
        let why = now.last_down.as_ref().and_then(|down| down.reason.as_deref());
        let why = why.map_or_else(String::new, |why| format!(": {why}"));
        let on_purpose = if now.enabled { "" } else { " (shut down in the configuration)" };
        let note = format!("session with {whom} was lost{why}{on_purpose}");
        news.push(about(NewsReason::SessionDown, now.enabled, &note));
    }
    if is_up && came_up(before, now) {
        news.push(about(
            NewsReason::SessionEstablished,
            false,
            &format!("session with {whom} is established"),
        ));
    }
    let clear = now.last_clear.as_ref().filter(|clear| is_telling(clear));
    if let Some(clear) =
        clear.filter(|clear| before.and_then(|before| before.last_clear.as_ref()) != Some(*clear))
    {
        news.push(about(NewsReason::SessionCleared, clear.failure.is_some(), &cleared(&whom, clear)));
    }
}

fn whom(status: &BgpSessionStatus) -> String {
    let vrf = match status.vrf.as_str() {
        VRF_DEFAULT => String::new(),
        vrf => format!(" in VRF {vrf}"),
    };
    let number = status.peer_as.map_or_else(String::new, |number| format!(" (AS {number})"));
    format!("{}{vrf}{number}", status.peer)
}

/// Counts tell of what nobody saw; states tell where there are no counts, or bgpd began to count anew.
fn was_lost(before: Option<&BgpSessionStatus>, now: &BgpSessionStatus) -> bool {
    let Some(before) = before else { return false };
    let was_up = before.session_state == SessionState::Established;
    let is_up = now.session_state == SessionState::Established;
    let is_counted = before.flaps.zip(now.flaps).is_some_and(|(before, now)| now > before);
    is_counted || was_up && !is_up
}

fn came_up(before: Option<&BgpSessionStatus>, now: &BgpSessionStatus) -> bool {
    let Some(before) = before else { return true };
    if matches!(before.session_state, SessionState::Established | SessionState::Unknown) {
        before.established_transitions.is_some()
            && now.established_transitions != before.established_transitions
    } else {
        true
    }
}

/// Whether a clear is over, and has cost or changed something.
fn is_telling(clear: &ClearStatus) -> bool {
    let is_over = clear.duration_seconds.is_some();
    let is_other = clear.prefixes_after.is_some_and(|after| after != clear.prefixes_before);
    is_over && (clear.kind == ClearKind::Hard || is_other || clear.failure.is_some())
}

fn cleared(whom: &str, clear: &ClearStatus) -> String {
    let kind = match clear.kind {
        ClearKind::Hard => "session reset",
        ClearKind::SoftIn => "routes asked for again",
        ClearKind::SoftOut => "routes sent again",
    };
    let after = clear.prefixes_after.map_or_else(String::new, |after| format!(" → {after}"));
    let took = clear.duration_seconds.unwrap_or_default();
    let outcome =
        clear.failure.as_ref().map_or_else(String::new, |failure| format!("; it did not help: {failure}"));
    format!(
        "{whom} {}: {kind} ({}), {}{after} prefixes, {took} s{outcome}",
        clear.address_family, clear.reason, clear.prefixes_before
    )
}

// === impl News ===

impl News {
    /// Returns news of the node that nobody has to do anything about.
    pub fn normal(reason: NewsReason, note: &str) -> Self {
        Self { reason, is_warning: false, session: None, note: bounded(note) }
    }

    /// Returns news of the node that a person should look at.
    pub fn warning(reason: NewsReason, note: &str) -> Self {
        Self { is_warning: true, ..Self::normal(reason, note) }
    }
}

// === impl NewsReason ===

impl NewsReason {
    /// The reason of the event.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ConfigApplied => "ConfigApplied",
            Self::ConfigRejected => "ConfigRejected",
            Self::ConfigHeld => "ConfigHeld",
            Self::ApplyFailed => "ApplyFailed",
            Self::RolledBack => "RolledBack",
            Self::SessionEstablished => "SessionEstablished",
            Self::SessionDown => "SessionDown",
            Self::SessionCleared => "SessionCleared",
            Self::FrrRestarted => "FRRRestarted",
            Self::FrrNotReachable => "FRRNotReachable",
            Self::DriftFound => "DriftFound",
            Self::DriftRepaired => "DriftRepaired",
        }
    }

    /// What the agent did when it happened, as events have it.
    pub(crate) fn action(self) -> &'static str {
        match self {
            Self::ConfigApplied | Self::ApplyFailed | Self::ConfigHeld => "Apply",
            Self::ConfigRejected => "Validate",
            Self::RolledBack => "RollBack",
            Self::SessionEstablished | Self::SessionDown | Self::FrrNotReachable | Self::DriftFound => {
                "Observe"
            }
            Self::SessionCleared => "Clear",
            Self::FrrRestarted | Self::DriftRepaired => "Repair",
        }
    }
}

impl fmt::Display for NewsReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
