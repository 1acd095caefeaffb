//! The machine: events in, actions out, `now` as an argument; no I/O.
//!
//! ```text
//!            sources changed, FRR changed, asked for
//!   Settled ───────────────────────────────────────► Applying ──taken──► Settled (clear, observe)
//!      ▲                                              │     │
//!      └──────── known bad: waits for a change ◄──────┘     └─failed─► BackingOff ──time──► Applying
//! ```

mod clears;

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use frr_driver::{
    clear::ClearKind,
    merge::{Desired, Generation},
    quirks::FrrVersion,
    session::{AddressFamily, SessionId},
};
use jiff::Timestamp;
use routelet_status::snapshot::{ApplyResult, ClearFact, ConfigState, Engine, Snapshot, SourceError};
use tracing::{debug, info, warn};

use clears::Watched;

use crate::{
    apply::{Outcome, Taken},
    desired::{Accepted, Judged, Memory, judge, warnings},
    observe::Observation,
    source::Sources,
};

/// Time since the agent started.
pub(crate) type Uptime = Duration;

/// The first pause after a failed apply; doubled each time.
const BACK_OFF_MIN: Duration = Duration::from_secs(2);

/// The longest pause after failed applies: a person who repairs something waits no longer than this.
const BACK_OFF_MAX: Duration = Duration::from_mins(5);

/// What the command line decides.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    /// The node's name.
    pub(crate) node: String,
    /// How often FRR is looked at.
    pub(crate) period: Duration,
    /// Whether an empty base may wipe FRR.
    pub(crate) allow_empty_base: bool,
}

/// What happened.
#[derive(Debug)]
pub(crate) enum Event {
    /// The sources were read; `forced` = somebody asked (SIGHUP).
    SourcesRead { sources: Arc<Sources>, forced: bool },
    /// FRR and the kernel were looked at.
    Observed(Box<Observation>),
    /// An apply ended.
    Applied { generation: Generation, outcome: Box<Outcome> },
    /// A clear was sent; `complaint` is FRR's, empty if it had none.
    Cleared { session: SessionId, family: AddressFamily, kind: ClearKind, reason: String, complaint: String },
    /// [`Machine::next_deadline`] is reached.
    DeadlineReached,
}

/// What to do.
#[derive(Debug)]
pub(crate) enum Action {
    /// Bring this into FRR.
    Apply(Arc<Desired>),
    /// Clear softly; `reason` is for people.
    Clear { session: SessionId, family: AddressFamily, kind: ClearKind, reason: String },
    /// Look at FRR now.
    Observe,
    /// Remember the accepted version of a source.
    KeepAccepted { name: String, text: Option<Arc<str>> },
    /// Count an apply.
    CountApply { result: ApplyResult, duration: Duration },
    /// Count a rejected version of a source.
    CountRejection { source: String },
    /// Count a clear.
    CountClear { kind: ClearKind, is_sent: bool },
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum State {
    /// Nothing to do until something changes.
    Settled,
    /// FRR is being brought to this generation.
    Applying { generation: Generation },
    /// FRR did not take it; again at `until`.
    BackingOff { until: Uptime, attempt: u32 },
}

/// The agent's whole state; one task owns it.
#[derive(Debug)]
pub(crate) struct Machine {
    settings: Settings,
    state: State,
    sources: Option<Arc<Sources>>,
    memory: Memory,
    judged: Option<Judged>,
    observation: Option<Box<Observation>>,
    version: Option<FrrVersion>,
    config: ConfigState,
    applied: Option<Generation>,
    /// The generation that FRR's parser refused: not tried again.
    known_bad: Option<Generation>,
    /// What bgpd printed when the last apply was verified.
    verified_digest: Option<[u8; 32]>,
    wants_apply: bool,
    attempt: u32,
    watched: BTreeMap<(SessionId, AddressFamily, ClearKind), Watched>,
    last_clear: Option<ClearFact>,
}

// === impl Machine ===

impl Machine {
    /// Returns a machine that knows nothing but the versions that FRR took before a restart.
    pub(crate) fn new(settings: Settings, memory: Memory) -> Self {
        Self {
            settings,
            state: State::Settled,
            sources: None,
            memory,
            judged: None,
            observation: None,
            version: None,
            config: ConfigState::default(),
            applied: None,
            known_bad: None,
            verified_digest: None,
            wants_apply: false,
            attempt: 0,
            watched: BTreeMap::new(),
            last_clear: None,
        }
    }

    /// Takes one event and says what to do. `now` is the agent's clock, `at` the wall clock for status fields.
    pub(crate) fn step(&mut self, event: Event, now: Uptime, at: Timestamp) -> Vec<Action> {
        let mut actions = Vec::new();
        match event {
            Event::SourcesRead { sources, forced } => {
                self.sources = Some(sources);
                self.wants_apply |= forced;
                if forced {
                    self.known_bad = None;
                }
                self.judge_sources(at, &mut actions);
            }
            Event::Observed(observation) => self.observed(observation, now, at, &mut actions),
            Event::Applied { generation, outcome } => {
                self.applied(&generation, *outcome, now, at, &mut actions);
            }
            Event::Cleared { session, family, kind, reason, complaint } => {
                self.cleared(session, family, kind, reason, &complaint, now, at, &mut actions);
            }
            Event::DeadlineReached => {}
        }
        self.look_again(now, &mut actions);
        self.apply_if_due(now, &mut actions);
        actions
    }

    /// When [`Event::DeadlineReached`] is wanted next.
    pub(crate) fn next_deadline(&self) -> Option<Uptime> {
        let back_off = match self.state {
            State::BackingOff { until, .. } => Some(until),
            State::Settled | State::Applying { .. } => None,
        };
        let look_again =
            self.watched.values().filter(|watched| !watched.again).map(|watched| watched.due).min();
        [back_off, look_again].into_iter().flatten().min()
    }

    /// Whether FRR holds a configuration of ours, or there is none to hold.
    pub(crate) fn readiness(&self) -> Result<(), String> {
        match &self.judged {
            None => Err("the sources were not read yet".to_owned()),
            Some(judged) if judged.desired.is_none() => Ok(()),
            Some(_) if self.applied.is_some() => Ok(()),
            Some(_) => Err(self.config.pending.clone().unwrap_or_else(|| "not applied yet".to_owned())),
        }
    }

    /// Whether FRR is looked at more often, because something is awaited from it.
    pub(crate) fn is_waiting_for_frr(&self) -> bool {
        !self.observation.as_ref().is_some_and(|observation| observation.is_ready())
    }

    /// Everything that is known, for publishing.
    pub(crate) fn snapshot(&self, at: Timestamp) -> Snapshot {
        let mut snapshot = Snapshot::unknown(self.settings.node.clone(), at, self.settings.period);
        if let Some(observation) = &self.observation {
            snapshot.frr = Some(observation.frr.clone());
            snapshot.sessions.clone_from(&observation.sessions);
            snapshot.routes.clone_from(&observation.routes);
            snapshot.received_pre_policy.clone_from(&observation.received_pre_policy);
        }
        snapshot.sources = self.judged.as_ref().map(|judged| judged.states.clone());
        snapshot.config = self.config.clone();
        snapshot.policies = self.watched.values().map(|watched| watched.fact.clone()).collect();
        snapshot.last_clear.clone_from(&self.last_clear);
        snapshot
    }

    // --- sources ---

    fn judge_sources(&mut self, at: Timestamp, actions: &mut Vec<Action>) {
        let Some(sources) = &self.sources else { return };
        let version = self.version.unwrap_or_default();
        let judged = judge(sources, &self.memory, version, self.settings.allow_empty_base);
        self.report_sources(&judged, actions);
        let generation = judged.desired.as_ref().map(|desired| desired.generation.clone());
        // Before FRR has told its version, the defaults that decide about equality are a guess.
        if let Some(desired) = judged.desired.as_ref().filter(|_| self.version.is_some())
            && self.config.generation.as_deref() != Some(desired.generation.as_str())
        {
            info!(generation = %desired.generation, "configuration changed");
            for warning in warnings(desired) {
                warn!(reason = warning, "part of a contribution has no effect");
            }
        }
        if self.version.is_some() {
            self.config.generation = generation.as_ref().map(ToString::to_string);
        }
        self.wants_apply |= generation.is_some() && generation != self.applied;
        if judged.desired.is_none() {
            self.config.pending = Some(judged.waits_for.clone());
        } else if generation == self.applied {
            self.config.pending = None;
        }
        self.judged = Some(judged);
        if generation.is_some() && generation == self.applied {
            self.accept_used(at, actions);
        }
    }

    /// Logs and counts what is new among the errors of the sources.
    fn report_sources(&self, judged: &Judged, actions: &mut Vec<Action>) {
        for state in &judged.states {
            let before =
                self.judged.as_ref().and_then(|judged| judged.states.iter().find(|s| s.name == state.name));
            if state.errors.is_empty() || before.is_some_and(|before| before.errors == state.errors) {
                if state.errors.is_empty() && before.is_some_and(|before| !before.errors.is_empty()) {
                    info!(source = state.name, "source accepted again");
                }
                continue;
            }
            actions.push(Action::CountRejection { source: state.name.clone() });
            for SourceError { line, message } in &state.errors {
                let place = line.map_or_else(|| state.name.clone(), |line| format!("{}:{line}", state.name));
                warn!(
                    source = place,
                    reason = message,
                    "source refused, its last accepted version stays in force"
                );
            }
        }
    }

    // --- FRR ---

    fn observed(
        &mut self,
        observation: Box<Observation>,
        now: Uptime,
        at: Timestamp,
        actions: &mut Vec<Action>,
    ) {
        let before = self.observation.take();
        log_changes(before.as_deref(), &observation);
        if let Some(version) = observation.version
            && self.version != Some(version)
        {
            self.version = Some(version);
            self.judge_sources(at, actions);
        }
        let was_ready = before.as_ref().is_some_and(|before| before.is_ready());
        let restarted = before.as_ref().is_some_and(|before| before.incarnations != observation.incarnations);
        if observation.is_ready() && (!was_ready || restarted) {
            self.wants_apply = true;
            // Whatever failed may work with the daemons that are there now.
            self.known_bad = None;
            if let State::BackingOff { .. } = self.state {
                self.state = State::Settled;
                self.attempt = 0;
            }
        }
        let is_other =
            observation.running_digest.is_some() && observation.running_digest != self.verified_digest;
        if self.state == State::Settled && self.applied.is_some() && is_other {
            debug!("running configuration is not the one that was verified");
            self.wants_apply = true;
        }
        self.prove(&observation, now);
        self.observation = Some(observation);
    }

    fn apply_if_due(&mut self, now: Uptime, actions: &mut Vec<Action>) {
        let is_due = match &self.state {
            State::Settled => self.wants_apply,
            State::Applying { .. } => false,
            State::BackingOff { until, .. } => now >= *until || self.wants_apply && self.attempt == 0,
        };
        let Some(desired) = self.judged.as_ref().and_then(|judged| judged.desired.clone()) else { return };
        if !is_due || self.known_bad.as_ref() == Some(&desired.generation) {
            return;
        }
        match self.observation.as_ref().map(|observation| observation.not_ready()) {
            Some(None) => {}
            Some(Some(reason)) => {
                if self.config.pending.as_deref() != Some(reason.as_str()) {
                    warn!(%reason, "nothing is written until FRR answers");
                }
                self.config.pending = Some(reason);
                return;
            }
            None => return,
        }
        self.wants_apply = false;
        self.state = State::Applying { generation: desired.generation.clone() };
        actions.push(Action::Apply(desired));
    }

    fn applied(
        &mut self,
        generation: &Generation,
        outcome: Outcome,
        now: Uptime,
        at: Timestamp,
        actions: &mut Vec<Action>,
    ) {
        self.state = State::Settled;
        match outcome {
            Outcome::Taken(taken) => self.taken(generation, &taken, at, actions),
            Outcome::Refused { errors, duration } => {
                for (source, error) in &errors {
                    warn!(
                        source = source.as_deref().unwrap_or("merged"),
                        reason = error.message,
                        "FRR refuses a line"
                    );
                }
                self.config.result = Some(ApplyResult::Rejected);
                self.config.pending = Some("FRR refuses a line of the sources".to_owned());
                self.known_bad = Some(generation.clone());
                self.wants_apply |= self.config.generation.as_deref() != Some(generation.as_str());
                actions.push(Action::CountApply { result: ApplyResult::Rejected, duration });
                self.remember_refusal(errors);
                self.judge_sources(at, actions);
            }
            Outcome::Failed { reason, missing, digest, duration } => {
                self.attempt = self.attempt.saturating_add(1);
                let pause = back_off(self.attempt);
                warn!(%generation, %reason, attempt = self.attempt, "apply failed");
                for line in &missing {
                    warn!(reason = line, "line is not in effect");
                }
                self.verified_digest = digest;
                self.config.result = Some(ApplyResult::Failed);
                self.config.duration = Some(duration);
                self.config.pending = Some(if missing.is_empty() {
                    reason
                } else {
                    format!("{reason}: {}", missing.join("; "))
                });
                self.state = State::BackingOff { until: now + pause, attempt: self.attempt };
                actions.push(Action::CountApply { result: ApplyResult::Failed, duration });
            }
            Outcome::NotReady { reason } => {
                if self.config.pending.as_deref() != Some(reason.as_str()) {
                    warn!(%reason, "nothing is written until FRR answers");
                }
                self.config.pending = Some(reason);
                self.attempt = self.attempt.saturating_add(1);
                self.state = State::BackingOff { until: now + BACK_OFF_MIN, attempt: self.attempt };
            }
        }
        actions.push(Action::Observe);
    }

    fn taken(&mut self, generation: &Generation, taken: &Taken, at: Timestamp, actions: &mut Vec<Action>) {
        let is_unchanged = taken.plan.is_empty();
        let result = if is_unchanged { ApplyResult::Unchanged } else { ApplyResult::Applied };
        if is_unchanged {
            debug!(%generation, "FRR holds the configuration already");
        } else {
            info!(
                %generation,
                added = taken.plan.adds.len(),
                removed = taken.plan.removes.len(),
                elapsed_ms = u64::try_from(taken.duration.as_millis()).unwrap_or(u64::MAX),
                "configuration applied"
            );
        }
        for line in &taken.unsettled {
            warn!(reason = line, "line stays although nobody wants it");
        }
        self.attempt = 0;
        self.verified_digest = taken.digest;
        if self.applied.as_ref() != Some(generation) || !is_unchanged {
            self.config.applied_at = Some(at);
            self.config.engine = Some(Engine::FrrReload);
            self.config.result = Some(result);
            self.config.duration = Some(taken.duration);
            self.config.added = taken.plan.adds.len();
            self.config.removed = taken.plan.removes.len();
            actions.push(Action::CountApply { result, duration: taken.duration });
        }
        self.applied = Some(generation.clone());
        self.config.applied_generation = Some(generation.to_string());
        self.config.pending = None;
        // The sources may have changed while this was under way.
        let newest = self.judged.as_ref().and_then(|judged| judged.desired.as_ref());
        self.wants_apply |= newest.is_some_and(|newest| newest.generation != *generation);
        self.accept_used(at, actions);
        self.decide(taken, actions);
    }

    /// What went into a configuration that FRR took is accepted: kept for when a later version is refused.
    fn accept_used(&mut self, at: Timestamp, actions: &mut Vec<Action>) {
        let Some(judged) = &self.judged else { return };
        if judged.desired.as_ref().map(|desired| &desired.generation) != self.applied.as_ref() {
            return;
        }
        let mut is_new = false;
        for (name, version) in &judged.used {
            if self.memory.accepted.get(name).is_some_and(|accepted| accepted.version == *version) {
                continue;
            }
            is_new = true;
            let accepted = Accepted { version: version.clone(), at };
            self.memory.accepted.insert(name.clone(), accepted);
            if let [(_, text)] = version.files.as_slice() {
                actions.push(Action::KeepAccepted { name: name.clone(), text: Some(Arc::clone(&text.0)) });
            }
        }
        let used = &judged.used;
        let gone: Vec<String> =
            self.memory.accepted.keys().filter(|name| !used.contains_key(*name)).cloned().collect();
        is_new |= !gone.is_empty();
        for name in gone {
            self.memory.accepted.remove(&name);
            actions.push(Action::KeepAccepted { name, text: None });
        }
        if is_new {
            self.judge_sources(at, actions);
        }
    }

    fn remember_refusal(&mut self, errors: Vec<(Option<String>, SourceError)>) {
        let Some(judged) = &self.judged else { return };
        for (label, error) in errors {
            let name =
                label.as_deref().and_then(|label| label.split('/').next()).unwrap_or(frr_driver::merge::BASE);
            let Some(version) = judged.used.get(name) else { continue };
            let entry = self
                .memory
                .refused_by_frr
                .entry(name.to_owned())
                .or_insert_with(|| (version.digest, Vec::new()));
            if entry.0 != version.digest {
                *entry = (version.digest, Vec::new());
            }
            entry.1.push(error);
        }
    }
}

fn back_off(attempt: u32) -> Duration {
    BACK_OFF_MIN.saturating_mul(2_u32.saturating_pow(attempt.saturating_sub(1))).min(BACK_OFF_MAX)
}

/// Logs what changed between two observations: an idle agent is silent.
fn log_changes(before: Option<&Observation>, now: &Observation) {
    for (daemon, state) in &now.frr.daemons {
        let state_before =
            before.and_then(|o| o.frr.daemons.iter().find(|(d, _)| d == daemon)).map(|(_, state)| state);
        if state_before.is_some_and(|before| before != state) {
            info!(daemon = daemon.name(), state = ?state, "FRR daemon changed");
        }
    }
    let (Some(sessions), Some(sessions_before)) =
        (&now.sessions, before.and_then(|before| before.sessions.as_ref()))
    else {
        return;
    };
    for session in sessions {
        let state_before = sessions_before.iter().find(|s| s.id == session.id).map(|s| s.state);
        let was_up = state_before == Some(frr_driver::session::SessionState::Established);
        if was_up != session.is_established() {
            let reason =
                session.last_reset.as_ref().and_then(|reset| reset.reason.as_deref()).unwrap_or_default();
            let state_before = state_before.map_or("none", |state| state.as_str());
            info!(peer = %session.id, state = %session.state, state_before, reason, "session changed");
        }
    }
}

#[cfg(test)]
mod tests;
