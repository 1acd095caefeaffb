//! What comes of an attempt.

use std::time::Duration;

use frr_driver::{merge::Generation, plan::Plan};
use jiff::Timestamp;
use routelet_status::{
    news::{News, NewsReason},
    snapshot::{ApplyResult, Trouble},
};
use tracing::{debug, info, warn};

use super::{Action, Errand, Machine, State, Uptime, applying::BACK_OFF_MIN, guard::Until};
use crate::apply::{Failure, Left, LineError, Outcome, Taken};

/// How many lines of a change by somebody else are named.
const DRIFT_LINES_MAX: usize = 16;

// === impl Machine ===

impl Machine {
    pub(super) fn applied(
        &mut self,
        outcome: Outcome,
        duration: Duration,
        now: Uptime,
        at: Timestamp,
        actions: &mut Vec<Action>,
    ) {
        let State::Applying(errand) = std::mem::replace(&mut self.state, State::Settled) else { return };
        self.trial = None;
        match (errand, outcome) {
            (Errand::Forward { generation, is_drift }, Outcome::Taken(taken)) => {
                if is_drift {
                    drift_is_repaired(&taken.plan, actions);
                }
                self.taken(&generation, &taken, duration, now, at, actions);
            }
            (Errand::Forward { generation, .. }, Outcome::Refused { errors }) => {
                log_lines(&errors);
                self.config.result = Some(ApplyResult::Rejected);
                self.trouble(Trouble::Rejected, "FRR refuses a line of the sources".to_owned());
                self.known_bad = Some(generation.clone());
                self.wants_apply |= self.config.generation.as_deref() != Some(generation.as_str());
                actions.push(Action::CountApply { result: ApplyResult::Rejected, duration });
                self.remember_refusal(errors);
                self.judge_sources(at, actions);
            }
            (Errand::Forward { generation, .. }, Outcome::Failed(failure)) => {
                self.failed(&generation, *failure, duration, now, at, actions);
            }
            (Errand::Back { generation, why }, Outcome::Failed(failure)) => {
                self.is_back(&generation, &why, &failure, duration, now, actions);
            }
            (Errand::Forward { generation, .. }, Outcome::Held { sessions }) => {
                let named: Vec<String> = sessions.iter().map(ToString::to_string).collect();
                let most = self.settings.max_reset.unwrap_or_default();
                let message = format!(
                    "held: it would take down {} established sessions ({}), and --max-reset is {most}; \
                     `routelet apply --now` applies it",
                    named.len(),
                    named.join(", ")
                );
                warn!(%generation, reason = message, "change is held");
                self.trouble(Trouble::Held, message);
                self.held = Some((generation, sessions));
            }
            (Errand::Forward { .. }, Outcome::Drifted { plan, digest }) => {
                self.verified = digest;
                self.drift_is_seen(&plan, actions);
            }
            (errand, Outcome::NotReady { reason }) => {
                self.wait_for(reason);
                self.attempt = self.attempt.saturating_add(1);
                self.state = State::BackingOff { until: now + BACK_OFF_MIN };
                match errand {
                    Errand::Back { generation, why } => self.to_undo = Some((generation, why)),
                    Errand::Forward { .. } => self.wants_apply = true,
                }
            }
            (Errand::Back { .. }, outcome) => debug!(?outcome, "no answer to an order to go back"),
        }
        actions.push(Action::Observe);
    }

    fn taken(
        &mut self,
        generation: &Generation,
        taken: &Taken,
        duration: Duration,
        now: Uptime,
        at: Timestamp,
        actions: &mut Vec<Action>,
    ) {
        let is_unchanged = taken.engine.is_none();
        let result = if is_unchanged { ApplyResult::Unchanged } else { ApplyResult::Applied };
        if is_unchanged {
            debug!(%generation, "FRR holds the configuration already");
        } else {
            info!(
                %generation,
                added = taken.plan.adds.len(),
                removed = taken.plan.removes.len(),
                engine = taken.engine.map_or("none", routelet_status::snapshot::Engine::as_str),
                elapsed_ms = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX),
                "configuration applied"
            );
        }
        for line in &taken.unsettled {
            warn!(reason = line, "line stays although nobody wants it");
        }
        self.attempt = 0;
        self.is_anew = false;
        self.to_undo = None;
        self.verified = taken.digest;
        if self.applied.as_ref() != Some(generation) || !is_unchanged {
            self.config.applied_at = Some(at);
            self.config.engine = taken.engine;
            self.config.result = Some(result);
            self.config.duration = Some(duration);
            self.config.added = taken.plan.adds.len();
            self.config.removed = taken.plan.removes.len();
            actions.push(Action::CountApply { result, duration });
        }
        if let Some(time) = self.settings.guard.filter(|_| !is_unchanged) {
            let (rendered, until) = (taken.rendered.clone(), Until::after(time, now, at));
            self.start_guard(generation.clone(), rendered, &taken.plan.impact, until);
        } else if !self.is_guarded(generation, &taken.rendered) {
            self.keep(generation.clone(), taken.rendered.clone(), actions);
        }
        self.applied = Some(generation.clone());
        self.held = None;
        self.config.applied_generation = Some(generation.to_string());
        self.config.pending = None;
        self.config.trouble = None;
        self.config.drift.clear();
        // The sources may have changed while this was under way.
        let newest = self.judged.as_ref().and_then(|judged| judged.desired.as_ref());
        self.wants_apply |= newest.is_some_and(|newest| newest.generation != *generation);
        self.accept_used(at, actions);
        self.decide(generation, taken, now);
    }

    fn failed(
        &mut self,
        generation: &Generation,
        failure: Failure,
        duration: Duration,
        now: Uptime,
        at: Timestamp,
        actions: &mut Vec<Action>,
    ) {
        let Failure { reason, lines, is_content, left, digest } = failure;
        warn!(%generation, %reason, attempt = self.attempt + 1, "apply failed");
        log_lines(&lines);
        let named: Vec<&str> = lines.iter().map(|(_, error)| error.message.as_str()).collect();
        let message = if named.is_empty() { reason } else { format!("{reason}: {}", named.join("; ")) };
        let result = self.note_left(&left, message);
        self.verified = digest;
        self.config.result = Some(result);
        self.config.duration = Some(duration);
        actions.push(Action::CountApply { result, duration });
        if is_content {
            self.known_bad = Some(generation.clone());
            self.remember_refusal(lines);
            self.judge_sources(at, actions);
            if self.applied.is_none() {
                self.to_undo = Some((generation.clone(), "FRR took only a part of it".to_owned()));
                self.back_off(now);
            }
        } else {
            self.back_off(now);
        }
    }

    /// What FRR holds after a failure; returns how to count it.
    fn note_left(&mut self, left: &Left, message: String) -> ApplyResult {
        match left {
            Left::Untouched => {
                self.trouble(Trouble::Failed, message);
                ApplyResult::Failed
            }
            Left::LastGood { generation } => {
                let there = generation.as_deref().map_or("what FRR ran before", |_| "the last good one");
                info!(generation = generation.as_deref(), "{there} runs again");
                self.applied = generation.clone().map(Generation::known);
                self.config.applied_generation.clone_from(generation);
                self.trouble(Trouble::RolledBack, format!("{message}; {there} runs again"));
                ApplyResult::RolledBack
            }
            Left::Between { reason } => {
                warn!(%reason, "FRR is left between two configurations");
                self.applied = None;
                self.config.applied_generation = None;
                self.trouble(Trouble::PartiallyApplied, format!("{message}; {reason}"));
                ApplyResult::Failed
            }
        }
    }

    /// What came of taking a guarded change back.
    fn is_back(
        &mut self,
        generation: &Generation,
        why: &str,
        failure: &Failure,
        duration: Duration,
        now: Uptime,
        actions: &mut Vec<Action>,
    ) {
        let result = self.note_left(&failure.left, format!("guard: {why}"));
        self.config.result = Some(result);
        self.config.duration = Some(duration);
        self.verified = failure.digest;
        actions.push(Action::CountApply { result, duration });
        if result == ApplyResult::RolledBack {
            self.config.trouble = Some(Trouble::GuardTripped);
            return;
        }
        warn!(%generation, "the last good configuration could not be put back, and will be tried again");
        self.to_undo = Some((generation.clone(), why.to_owned()));
        self.back_off(now);
    }

    fn drift_is_seen(&mut self, plan: &Plan, actions: &mut Vec<Action>) {
        let lines = drift_lines(plan);
        if self.config.drift == lines {
            return;
        }
        for line in &lines {
            warn!(reason = line, "somebody changed FRR");
        }
        actions.push(Action::CountDrift { is_repaired: false });
        let message = format!("somebody changed FRR, which is only reported: {}", lines.join("; "));
        self.trouble(Trouble::Drifted, message);
        self.config.drift = lines;
    }
}

/// The lines that somebody took away (`-`) or added (`+`), as seen from what is desired.
fn drift_lines(plan: &Plan) -> Vec<String> {
    let gone = plan.adds.iter().map(|line| format!("- {line}"));
    let new = plan.removes.iter().map(|line| format!("+ {line}"));
    gone.chain(new).take(DRIFT_LINES_MAX).collect()
}

fn log_lines(lines: &[LineError]) {
    for (source, error) in lines {
        let source = source.as_deref().unwrap_or("merged");
        let place = error.line.map_or_else(|| source.to_owned(), |line| format!("{source}:{line}"));
        warn!(source = place, reason = error.message, "line is not in effect");
    }
}

fn drift_is_repaired(plan: &Plan, actions: &mut Vec<Action>) {
    if plan.is_empty() {
        return;
    }
    let lines = drift_lines(plan);
    for line in &lines {
        warn!(reason = line, "somebody had changed FRR, repaired");
    }
    let note = format!("somebody had changed FRR, which was changed back: {}", lines.join("; "));
    actions.push(Action::Tell(News::warning(NewsReason::DriftRepaired, &note)));
    actions.push(Action::CountDrift { is_repaired: true });
}
