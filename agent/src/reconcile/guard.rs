//! A confirmed commit: a change that costs sessions is taken back, unless they return in time.

use std::{collections::BTreeSet, sync::Arc};

use frr_driver::{
    config::Rendered,
    impact::{Impact, Life},
    merge::Generation,
    session::{Session, SessionId},
};
use tracing::{info, warn};

use super::{Action, Machine, State, Uptime};

/// A change that is not confirmed yet.
#[derive(Debug)]
pub(super) struct Guard {
    generation: Generation,
    rendered: Arc<Rendered>,
    /// Sessions that were established before it, and shall be again.
    established: BTreeSet<SessionId>,
    until: Uptime,
    /// The time is over, and FRR is being looked at.
    is_due: bool,
}

// === impl Guard ===

impl Guard {
    /// When FRR shall be looked at; `None` if it is.
    pub(super) fn deadline(&self) -> Option<Uptime> {
        (!self.is_due).then_some(self.until)
    }
}

// === impl Machine ===

impl Machine {
    /// Guards a change: the sessions that are established now, those apart that the change removes.
    ///
    /// A change during the time of another one prolongs it, and both stand or fall together.
    pub(super) fn start_guard(
        &mut self,
        generation: Generation,
        rendered: Arc<Rendered>,
        impact: &Impact,
        before: &[Session],
        until: Uptime,
    ) {
        let stays =
            |session: &&Session| impact.on(&session.id, session.peer_group.as_deref()).life != Life::Removed;
        let established = before.iter().filter(|session| session.is_established()).filter(stays);
        let mut established: BTreeSet<SessionId> = established.map(|session| session.id.clone()).collect();
        if let Some(guard) = self.guard.take() {
            let removed = |id: &SessionId| impact.on(id, None).life == Life::Removed;
            established.extend(guard.established.into_iter().filter(|id| !removed(id)));
        }
        self.guard = Some(Guard { generation, rendered, established, until, is_due: false });
    }

    /// The time is over: FRR is looked at once more before it is decided.
    pub(super) fn guard_is_due(&mut self, now: Uptime, actions: &mut Vec<Action>) {
        if let Some(guard) = &mut self.guard
            && !guard.is_due
            && now >= guard.until
        {
            guard.is_due = true;
            actions.push(Action::Observe);
        }
    }

    /// Confirms the guarded change, or takes it back.
    pub(super) fn decide_guard(&mut self, now: Uptime, actions: &mut Vec<Action>) {
        let Some(sessions) = self.observation.as_ref().and_then(|seen| seen.sessions.as_ref()) else {
            return;
        };
        if self.state != State::Settled || self.guard.as_ref().is_none_or(|guard| now < guard.until) {
            return;
        }
        let is_up = |id: &SessionId| sessions.iter().any(|seen| seen.id == *id && seen.is_established());
        let Some(Guard { generation, rendered, established, .. }) = self.guard.take() else { return };
        let lost: Vec<String> = established.iter().filter(|id| !is_up(id)).map(ToString::to_string).collect();
        if lost.is_empty() {
            info!(%generation, "change confirmed: every session is back");
            return self.keep(generation, rendered, actions);
        }
        let why = format!("{} did not come back after the change", lost.join(", "));
        warn!(%generation, reason = why, "change is taken back");
        self.known_bad = Some(generation.clone());
        self.go_back(generation, why, actions);
    }
}
