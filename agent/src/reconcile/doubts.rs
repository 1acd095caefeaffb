//! What is held against configurations survives the agent: a change that nobody confirmed is still on trial, and what
//! FRR did not take is not tried again.

use std::time::Duration;

use frr_driver::merge::Generation;
use jiff::{SignedDuration, Timestamp};
use tracing::{info, warn};

use super::{
    Action, Errand, Machine, State, Uptime,
    guard::{Guard, Until},
};
use crate::{
    observe::Observation,
    store::{Doubts, Guarded, KnownBad, Undo},
};

/// The longest time that is left of a guard: a clock that was set back would prolong it.
const LEFT_MAX: Duration = Duration::from_hours(1);

// === impl Machine ===

impl Machine {
    /// Takes over the doubts of the agent before this one, now that it is known whether FRR is the same.
    pub(super) fn recall(
        &mut self,
        seen: &Observation,
        now: Uptime,
        at: Timestamp,
        actions: &mut Vec<Action>,
    ) {
        let Some(doubts) = self.recalled.take() else { return };
        let is_same_frr = doubts.frr == seen.incarnations;
        for (session, until) in &doubts.resets {
            self.decider.count_reset(session.clone(), left(*until, at), now);
        }
        self.resets.extend(doubts.resets);
        if let Some(guarded) = doubts.guard {
            let rest = left(guarded.until, at);
            // Another FRR has just begun with its sessions.
            let rest = if is_same_frr { rest } else { self.settings.guard.unwrap_or(rest) };
            info!(generation = guarded.generation, left_s = rest.as_secs(), "change is still on trial");
            self.guard = Some(Guard::recalled(guarded, Until::after(rest, now, at)));
        }
        if !is_same_frr {
            return;
        }
        self.to_resume = doubts.policies;
        if let Some(Undo { generation, why }) = doubts.undo {
            warn!(generation, reason = why, "change is taken back");
            self.to_undo = Some((Generation::known(generation), why));
            self.state = State::BackingOff { until: now };
        }
        if let Some(KnownBad { generation, trouble, runs }) = doubts.known_bad {
            info!(generation, "generation is known to be bad");
            self.known_bad = Some(Generation::known(generation));
            self.config.applied_generation.clone_from(&runs);
            self.applied = runs.map(Generation::known);
            if let Some((trouble, message)) = trouble {
                self.trouble(trouble, message);
            }
        }
        if !doubts.refused.is_empty() {
            self.memory.refused_by_frr.extend(doubts.refused);
            self.judge_sources(at, actions);
        }
    }

    /// Has the doubts stored where they are not the ones on the disk: before anything else is done.
    pub(super) fn keep_doubts(&mut self, actions: &mut Vec<Action>) {
        if self.recalled.is_some() {
            return;
        }
        let doubts = self.doubts();
        if doubts != self.doubted {
            self.doubted = doubts.clone();
            actions.insert(0, Action::KeepDoubts(Box::new(doubts)));
        }
    }

    fn doubts(&self) -> Doubts {
        let under_way = match &self.state {
            State::Applying(Errand::Back { generation, why }) => Some((generation, why)),
            State::Applying(Errand::Forward { .. }) | State::Settled | State::BackingOff { .. } => None,
        };
        let undo = under_way.or(self.to_undo.as_ref().map(|(generation, why)| (generation, why)));
        let known_bad = self.known_bad.as_ref().map(|generation| KnownBad {
            generation: generation.to_string(),
            trouble: self.config.trouble.zip(self.config.pending.clone()),
            runs: self.applied.as_ref().map(ToString::to_string),
        });
        let mut doubts = Doubts {
            frr: Vec::new(),
            guard: self.trial.clone().or_else(|| self.guard.as_ref().map(Guard::record)),
            undo: undo.map(|(generation, why)| Undo { generation: generation.to_string(), why: why.clone() }),
            known_bad,
            refused: self.memory.refused_by_frr.clone(),
            policies: self.decider.left().chain(self.to_resume.iter().cloned()).collect(),
            resets: self.resets.clone(),
        };
        if let Some(seen) = self.observation.as_ref().filter(|_| !doubts.is_empty()) {
            doubts.frr.clone_from(&seen.incarnations);
        }
        doubts
    }

    /// A change that is about to be made is on trial from now on, should the agent not live to see it.
    pub(super) fn put_on_trial(&mut self, generation: &Generation, now: Uptime, at: Timestamp) {
        let Some(time) = self.settings.guard else { return };
        let up = self.sessions_before.iter().filter(|session| session.is_established());
        let up = up.map(|session| session.id.clone());
        let guard = self.guard.as_ref();
        let earlier = guard.into_iter().flat_map(Guard::established).cloned();
        let established: std::collections::BTreeSet<_> = up.chain(earlier).collect();
        let before = guard.map_or(self.applied.as_ref(), Guard::before);
        self.trial = Some(Guarded {
            generation: generation.to_string(),
            before: before.map(ToString::to_string),
            established: established.into_iter().collect(),
            until: Until::after(time, now, at).at,
        });
    }
}

/// How much time is left.
fn left(until: Timestamp, at: Timestamp) -> Duration {
    let left = until.duration_since(at);
    if left <= SignedDuration::ZERO { Duration::ZERO } else { left.unsigned_abs().min(LEFT_MAX) }
}
