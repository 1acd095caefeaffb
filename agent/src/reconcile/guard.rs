//! A confirmed commit: a change that costs sessions is taken back, unless they return in time.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use frr_driver::{
    config::Rendered,
    impact::{Impact, Life},
    merge::Generation,
    session::{Session, SessionId},
};
use jiff::Timestamp;
use tracing::{info, warn};

use super::{Action, Machine, State, Uptime};
use crate::store::Guarded;

/// A change that is not confirmed yet.
#[derive(Debug)]
pub(super) struct Guard {
    generation: Generation,
    /// What is kept if it is good; `None` until a restarted agent has seen that FRR holds it.
    rendered: Option<Arc<Rendered>>,
    /// What ran before it.
    before: Option<Generation>,
    /// Sessions that were established before it, and shall be again.
    established: BTreeSet<SessionId>,
    until: Until,
    /// The time is over, and FRR is being looked at.
    is_due: bool,
}

/// The end of a guard's time, by the agent's clock and by the wall's.
#[derive(Clone, Copy, Debug)]
pub(super) struct Until {
    pub(super) uptime: Uptime,
    pub(super) at: Timestamp,
}

// === impl Until ===

impl Until {
    /// Returns when `time` will have passed.
    pub(super) fn after(time: Duration, now: Uptime, at: Timestamp) -> Self {
        Self { uptime: now + time, at: at.checked_add(time).unwrap_or(at) }
    }
}

// === impl Guard ===

impl Guard {
    /// Returns the guard of an agent that is no more.
    pub(super) fn recalled(guarded: Guarded, until: Until) -> Self {
        Self {
            generation: Generation::known(guarded.generation),
            rendered: None,
            before: guarded.before.map(Generation::known),
            established: guarded.established.into_iter().collect(),
            until,
            is_due: false,
        }
    }

    /// Returns what the next agent has to know.
    pub(super) fn record(&self) -> Guarded {
        Guarded {
            generation: self.generation.to_string(),
            before: self.before.as_ref().map(ToString::to_string),
            established: self.established.iter().cloned().collect(),
            until: self.until.at,
        }
    }

    /// The sessions that shall be there in the end.
    pub(super) fn established(&self) -> impl Iterator<Item = &SessionId> {
        self.established.iter()
    }

    /// What ran before.
    pub(super) fn before(&self) -> Option<&Generation> {
        self.before.as_ref()
    }

    /// When FRR shall be looked at; `None` if it is.
    pub(super) fn deadline(&self) -> Option<Uptime> {
        (!self.is_due).then_some(self.until.uptime)
    }
}

// === impl Machine ===

impl Machine {
    /// Guards a change: the sessions that were established when it was begun, those apart that the change removes.
    ///
    /// A change during the time of another one prolongs it, and both stand or fall together.
    pub(super) fn start_guard(
        &mut self,
        generation: Generation,
        rendered: Arc<Rendered>,
        impact: &Impact,
        until: Until,
    ) {
        let stays =
            |session: &&Session| impact.on(&session.id, session.peer_group.as_deref()).life != Life::Removed;
        let established =
            self.sessions_before.iter().filter(|session| session.is_established()).filter(stays);
        let mut established: BTreeSet<SessionId> = established.map(|session| session.id.clone()).collect();
        let mut ran = self.applied.clone();
        if let Some(guard) = self.guard.take() {
            ran = guard.before;
            let removed = |id: &SessionId| impact.on(id, None).life == Life::Removed;
            established.extend(guard.established.into_iter().filter(|id| !removed(id)));
        }
        let rendered = Some(rendered);
        self.guard = Some(Guard { generation, rendered, before: ran, established, until, is_due: false });
    }

    /// FRR holds `generation`, and was not changed: whether that is what the guard is about.
    pub(super) fn is_guarded(&mut self, generation: &Generation, rendered: &Arc<Rendered>) -> bool {
        let Some(guard) = &mut self.guard else { return false };
        if guard.generation != *generation && guard.before.as_ref() == Some(generation) {
            // The change did not come to FRR before the agent died.
            self.guard = None;
            return false;
        }
        guard.generation.clone_from(generation);
        guard.rendered = Some(Arc::clone(rendered));
        true
    }

    /// The time is over: FRR is looked at once more before it is decided.
    pub(super) fn guard_is_due(&mut self, now: Uptime, actions: &mut Vec<Action>) {
        if let Some(guard) = &mut self.guard
            && !guard.is_due
            && now >= guard.until.uptime
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
        if self.state != State::Settled || self.guard.as_ref().is_none_or(|guard| now < guard.until.uptime) {
            return;
        }
        let is_up = |id: &SessionId| sessions.iter().any(|seen| seen.id == *id && seen.is_established());
        let Some(Guard { generation, rendered, established, .. }) = self.guard.take() else { return };
        let lost: Vec<String> = established.iter().filter(|id| !is_up(id)).map(ToString::to_string).collect();
        if lost.is_empty() {
            info!(%generation, "change confirmed: every session is back");
            match rendered {
                Some(rendered) => self.keep(generation, rendered, actions),
                None => self.wants_apply = true,
            }
            return;
        }
        let why = format!("{} did not come back after the change", lost.join(", "));
        warn!(%generation, reason = why, "change is taken back");
        self.known_bad = Some(generation.clone());
        self.go_back(generation, why, actions);
    }
}
