//! When FRR is changed.

use std::time::Duration;

use frr_driver::merge::Generation;
use jiff::Timestamp;
use routelet_status::snapshot::Trouble;
use tracing::{info, warn};

use super::{Action, Errand, Machine, State, Uptime};
use crate::apply::{Order, Target};

/// The first pause after a failed apply; doubled each time.
pub(super) const BACK_OFF_MIN: Duration = Duration::from_secs(2);

/// The longest pause after failed applies: a person who repairs something waits no longer than this.
const BACK_OFF_MAX: Duration = Duration::from_mins(5);

// === impl Machine ===

impl Machine {
    pub(super) fn apply_if_due(&mut self, now: Uptime, at: Timestamp, actions: &mut Vec<Action>) {
        let is_due = match &self.state {
            State::Settled => self.wants_apply,
            State::Applying(_) => false,
            State::BackingOff { until } => now >= *until || self.wants_apply && self.attempt == 0,
        };
        if let State::BackingOff { until } = self.state
            && now >= until
            && let Some((generation, why)) = self.to_undo.take()
        {
            return self.go_back(generation, why, actions);
        }
        let Some(judged) = &self.judged else { return };
        let Some(desired) = judged.desired.clone() else { return };
        let generation = &desired.generation;
        let is_new = self.applied.as_ref() != Some(generation);
        let is_held = self.held.as_ref().is_some_and(|(held, _)| held == generation);
        if !is_due || self.known_bad.as_ref() == Some(generation) || is_held {
            return;
        }
        match self.observation.as_ref().map(|observation| observation.not_ready()) {
            Some(None) => {}
            Some(Some(reason)) => return self.wait_for(reason),
            None => return,
        }
        if let Some(reason) = self.is_unkept() {
            self.config.pending = Some(reason);
            return;
        }
        let is_drift = !is_new && !self.is_anew;
        let is_released = self.released.as_ref() == Some(generation);
        let sessions = self.observation.as_ref().and_then(|observation| observation.sessions.clone());
        // An observation in between may see some down already.
        self.sessions_before = sessions.unwrap_or_default();
        self.tried = self.versions_used();
        self.wants_apply = false;
        if is_new {
            self.put_on_trial(generation, now, at);
        }
        self.state = State::Applying(Errand::Forward { generation: generation.clone(), is_drift });
        actions.push(Action::Apply(Box::new(Order {
            target: Target::Desired(desired),
            engine: self.settings.engine,
            is_new,
            reports_only: is_drift && !self.settings.repairs_drift && !is_released,
            max_reset: self.settings.max_reset.filter(|_| !is_released),
            sessions: self.sessions_before.clone(),
        })));
    }

    /// Takes `generation` back.
    pub(super) fn go_back(&mut self, generation: Generation, why: String, actions: &mut Vec<Action>) {
        self.state = State::Applying(Errand::Back { generation, why });
        actions.push(Action::Apply(Box::new(Order {
            target: Target::LastGood,
            engine: self.settings.engine,
            is_new: false,
            reports_only: false,
            max_reset: None,
            sessions: Vec::new(),
        })));
    }

    /// Says once that nothing is written, and why.
    pub(super) fn wait_for(&mut self, reason: String) {
        if self.config.pending.as_deref() != Some(reason.as_str()) {
            warn!(%reason, "nothing is written until FRR answers");
        }
        self.config.pending = Some(reason);
    }

    /// A person has looked at what is held or known to be bad, and wants it.
    pub(super) fn apply_now(&mut self, at: Timestamp, actions: &mut Vec<Action>) {
        info!("asked to apply now");
        self.forget_refusals();
        self.judge_sources(at, actions);
        self.held = None;
        self.released =
            self.judged.as_ref().and_then(|judged| judged.desired.as_ref()).map(|d| d.generation.clone());
        self.wants_apply = true;
        self.is_anew = true;
        if let State::BackingOff { .. } = self.state {
            self.settle();
        }
    }

    pub(super) fn settle(&mut self) {
        self.state = State::Settled;
        self.attempt = 0;
    }

    pub(super) fn back_off(&mut self, now: Uptime) {
        self.attempt = self.attempt.saturating_add(1);
        let doubled = 2_u32.saturating_pow(self.attempt.saturating_sub(1));
        let pause = BACK_OFF_MIN.saturating_mul(doubled).min(BACK_OFF_MAX);
        self.state = State::BackingOff { until: now + pause };
    }

    /// Why FRR does not run what is desired.
    pub(super) fn trouble(&mut self, trouble: Trouble, message: String) {
        self.config.trouble = Some(trouble);
        self.config.pending = Some(message);
    }
}
