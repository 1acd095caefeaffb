//! The machine: events in, actions out, `now` as an argument; no I/O.
//!
//! ```text
//!            sources changed, FRR changed, asked for
//!   Settled ───────────────────────────────────────► Applying ──taken──► Settled (keep, clear, observe)
//!    ▲  ▲                                             │  ▲   └─failed─► BackingOff ──time──► Applying
//!    │  └── known bad, or held: waits for a change ◄──┘  └── a guarded session is lost: back to the last good one
//! ```

mod applied;
mod applying;
mod clears;
mod doubts;
mod guard;
mod keeping;
mod observed;
mod sources;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use frr_driver::{
    clear::ClearKind,
    config::Rendered,
    decide::{Clear, Decider, Left, Most},
    merge::Generation,
    quirks::FrrVersion,
    session::{Session, SessionId},
    vty_socket::{Daemon, Incarnation},
};
use jiff::Timestamp;
use routelet_status::{
    news::News,
    snapshot::{ApplyResult, ClearFact, ConfigState, Snapshot},
};

use clears::Asked;
use guard::Guard;
use keeping::Unkept;

use crate::{
    apply::{EngineChoice, Order, Outcome},
    desired::{Judged, Memory},
    frr::RunningDigest,
    observe::{Observation, Pulse},
    source::{Digest, Sources},
    store::{Doubts, Guarded},
};

/// Time since the agent started.
pub(crate) type Uptime = Duration;

/// What the command line decides.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    /// The node's name.
    pub(crate) node: String,
    /// How often FRR is looked at.
    pub(crate) period: Duration,
    /// Whether an empty base may wipe FRR.
    pub(crate) allow_empty_base: bool,
    /// What FRR is changed with.
    pub(crate) engine: EngineChoice,
    /// Whether what somebody else changed in FRR is changed back.
    pub(crate) repairs_drift: bool,
    /// How long a session may stay away after a change; `None` = it is not looked at.
    pub(crate) guard: Option<Duration>,
    /// How many established sessions a change may take down; `None` = any number.
    pub(crate) max_reset: Option<usize>,
    /// The most that may be done to a session that kept the old policy.
    pub(crate) clear: Most,
}

/// What happened.
#[derive(Debug)]
pub(crate) enum Event {
    /// The sources were read; `forced` = somebody asked (SIGHUP).
    SourcesRead { sources: Arc<Sources>, forced: bool },
    /// FRR and the kernel were looked at.
    Observed(Box<Observation>),
    /// FRR's pulse was felt.
    Felt(Pulse),
    /// An apply ended.
    Applied { outcome: Box<Outcome>, duration: Duration },
    /// The last good configuration was stored; `error` = it could not be.
    Kept { generation: Generation, error: Option<String> },
    /// The accepted version of a source was stored; `error` = it could not be.
    AcceptedKept { name: String, error: Option<String> },
    /// A clear was sent; `complaint` is FRR's, empty if it had none.
    Cleared { clear: Clear, complaint: String },
    /// A person wants a session to be cleared, and waits for [`Action::Answer`].
    ClearAsked { ticket: u64, session: SessionId, is_hard: bool },
    /// A person wants what is held, or known to be bad, to be applied.
    ApplyNow,
    /// [`Machine::next_deadline`] is reached.
    DeadlineReached,
}

/// What to do.
#[derive(Debug)]
pub(crate) enum Action {
    /// Bring this into FRR.
    Apply(Box<Order>),
    /// Store this as the last good configuration.
    Keep { generation: Generation, rendered: Arc<Rendered> },
    /// Clear a session.
    Clear(Clear),
    /// Tell a person what came of what was asked for.
    Answer { ticket: u64, answer: Result<String, String> },
    /// Look at FRR now.
    Observe,
    /// Remember the accepted version of a source.
    KeepAccepted { name: String, text: Option<Arc<str>> },
    /// Remember what is held against configurations; before anything that comes after it.
    KeepDoubts(Box<Doubts>),
    /// Count an apply.
    CountApply { result: ApplyResult, duration: Duration },
    /// Count a rejected version of a source.
    CountRejection { source: String },
    /// Count a clear.
    CountClear { kind: ClearKind, is_sent: bool },
    /// Note how long it took until a clear was proven to have helped.
    TimeClear { kind: ClearKind, took: Duration },
    /// Count a change that somebody else made.
    CountDrift { is_repaired: bool },
    /// Tell people what the status does not show.
    Tell(News),
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum State {
    /// Nothing to do until something changes.
    Settled,
    /// FRR is being changed.
    Applying(Errand),
    /// FRR did not take it; again at `until`.
    BackingOff { until: Uptime },
}

/// Why FRR is being changed.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Errand {
    /// To this generation; `is_drift` = it was in force already.
    Forward { generation: Generation, is_drift: bool },
    /// From this generation back to the last good one; why.
    Back { generation: Generation, why: String },
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
    /// The last run of each daemon that was seen.
    incarnations: BTreeMap<Daemon, Incarnation>,
    config: ConfigState,
    applied: Option<Generation>,
    /// The versions of the sources that the last attempt was made with.
    tried: BTreeMap<String, Digest>,
    /// The generation that FRR did not take, or that cost sessions: not tried again.
    known_bad: Option<Generation>,
    /// The generation that would take too many sessions down, and which were established then.
    held: Option<(Generation, Vec<SessionId>)>,
    /// The generation that a person wants whatever it takes down.
    released: Option<Generation>,
    /// What FRR printed when the last apply was verified.
    verified: Option<RunningDigest>,
    wants_apply: bool,
    /// FRR is another one, or somebody asked: what differs is not what somebody typed.
    is_anew: bool,
    /// The generation to be taken back, and why.
    to_undo: Option<(Generation, String)>,
    attempt: u32,
    /// The sessions as they were when FRR was last begun to be changed.
    sessions_before: Vec<Session>,
    guard: Option<Guard>,
    /// The guard of the change under way, should the agent not live to see its end.
    trial: Option<Guarded>,
    /// The doubts of the agent before this one, until FRR was seen.
    recalled: Option<Doubts>,
    /// The doubts that are on the disk.
    doubted: Doubts,
    unkept: Option<Unkept>,
    /// The sources whose accepted version is not on the disk.
    unkept_sources: BTreeSet<String>,
    decider: Decider,
    /// When the decider wants to be asked again.
    clears_due: Option<Uptime>,
    /// The policies that the agent before this one could not prove.
    to_resume: Vec<Left>,
    /// FRR held a configuration of ours since the agent was started.
    has_applied: bool,
    /// The hard clears that count, and until when; also those of the agent before this one.
    resets: Vec<(SessionId, Timestamp)>,
    /// People who wait.
    asked: Vec<Asked>,
    /// The last clear of each session, and of all.
    clears: BTreeMap<SessionId, ClearFact>,
    last_clear: Option<ClearFact>,
}

// === impl Machine ===

impl Machine {
    /// Returns a machine that knows nothing but what the agent before it took for good, and what not.
    pub(crate) fn new(settings: Settings, memory: Memory, doubts: Doubts) -> Self {
        Self {
            settings,
            state: State::Settled,
            sources: None,
            memory,
            judged: None,
            observation: None,
            version: None,
            incarnations: BTreeMap::new(),
            config: ConfigState::default(),
            applied: None,
            tried: BTreeMap::new(),
            known_bad: None,
            held: None,
            released: None,
            verified: None,
            wants_apply: false,
            is_anew: true,
            to_undo: None,
            attempt: 0,
            sessions_before: Vec::new(),
            guard: None,
            trial: None,
            doubted: doubts.clone(),
            recalled: Some(doubts),
            unkept: None,
            unkept_sources: BTreeSet::new(),
            decider: Decider::default(),
            clears_due: None,
            to_resume: Vec::new(),
            has_applied: false,
            resets: Vec::new(),
            asked: Vec::new(),
            clears: BTreeMap::new(),
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
                self.is_anew |= forced;
                if forced {
                    self.forget_refusals();
                }
                self.judge_sources(at, &mut actions);
            }
            Event::Observed(observation) => {
                self.observed(observation, now, at, &mut actions);
                self.keep_accepted_again(&mut actions);
            }
            Event::Felt(pulse) => self.felt(&pulse, &mut actions),
            Event::Applied { outcome, duration } => self.applied(*outcome, duration, now, at, &mut actions),
            Event::Kept { generation, error } => self.kept(&generation, error),
            Event::AcceptedKept { name, error } => self.accepted_kept(&name, error),
            Event::Cleared { clear, complaint } => self.cleared(&clear, &complaint, now, at, &mut actions),
            Event::ClearAsked { ticket, session, is_hard } => {
                self.clear_asked(ticket, session, is_hard, now, at, &mut actions);
            }
            Event::ApplyNow => self.apply_now(at, &mut actions),
            Event::DeadlineReached => self.guard_is_due(now, &mut actions),
        }
        self.apply_if_due(now, at, &mut actions);
        self.clear(now, at, &mut actions);
        self.keep_doubts(&mut actions);
        actions
    }

    /// When [`Event::DeadlineReached`] is wanted next.
    pub(crate) fn next_deadline(&self) -> Option<Uptime> {
        let back_off = match self.state {
            State::BackingOff { until } => Some(until),
            State::Settled | State::Applying(_) => None,
        };
        let guard = self.guard.as_ref().and_then(Guard::deadline);
        [back_off, self.clears_due, guard].into_iter().flatten().min()
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

    /// Returns what has come of the sources; `None` while that is open.
    pub(crate) fn verdict(&self) -> Option<Result<String, String>> {
        let judged = self.judged.as_ref()?;
        let wanted = judged.desired.as_ref().map(|desired| &desired.generation);
        let mut reasons = judged.refused_lines();
        match (&self.state, &self.config.pending, &self.applied) {
            (State::Applying(_), ..) => return None,
            (State::Settled, None, Some(applied)) if wanted == Some(applied) => {
                let runs = format!("FRR runs generation {applied}");
                if reasons.is_empty() {
                    return Some(Ok(runs));
                }
                reasons.push(format!("{runs}, without what is refused"));
            }
            (State::Settled | State::BackingOff { .. }, pending, _) => {
                let pending = pending.as_deref().unwrap_or("nothing is applied");
                if !reasons.iter().any(|reason| reason == pending) {
                    reasons.insert(0, pending.to_owned());
                }
            }
        }
        Some(Err(reasons.join("; ")))
    }

    /// Whether FRR is looked at more often, because something is awaited from it.
    pub(crate) fn is_waiting_for_frr(&self) -> bool {
        !self.observation.as_ref().is_some_and(|observation| observation.is_ready())
            || self.decider.is_waiting()
    }

    /// Everything that is known, for publishing.
    pub(crate) fn snapshot(&self, now: Uptime, at: Timestamp) -> Snapshot {
        let mut snapshot = Snapshot::unknown(self.settings.node.clone(), at, self.settings.period);
        if let Some(observation) = &self.observation {
            snapshot.frr = Some(observation.frr.clone());
            snapshot.sessions.clone_from(&observation.sessions);
            snapshot.routes.clone_from(&observation.routes);
            snapshot.received_pre_policy.clone_from(&observation.received_pre_policy);
            snapshot.losses.clone_from(&observation.losses);
            snapshot.orphaned.clone_from(&observation.orphaned);
        }
        snapshot.sources = self.judged.as_ref().map(|judged| judged.states.clone());
        snapshot.config = self.config.clone();
        snapshot.policies = self.policy_facts(now);
        snapshot.clears.clone_from(&self.clears);
        snapshot.last_clear.clone_from(&self.last_clear);
        snapshot
    }
}

#[cfg(test)]
mod tests;
