//! What is to be written to the API server, and when. Pure: `now` goes in, writes come out.
//!
//! ```text
//!              prepared(what the API server has)
//!  Unprepared ─────────────────────────────────► Prepared ──due──► write ──written──► …
//!      ▲                                             │               ├─failed──► pause, grows
//!      └──────────── gone: all data may be lost ─────┘◄──────────────┘─refused─► waits for another content
//! ```
//! A change of state is due at once, in a large cluster within a window; numbers at most every half minute.

use std::{collections::BTreeMap, time::Duration};

use jiff::Timestamp;

use super::{
    object::{Content, Key, Kind, Lag, Wanted, objects},
    pace::{Failures, Pace},
};
use crate::{
    condition::{ConditionStatus, ConditionType, Reason},
    report::Report,
};

#[cfg(test)]
mod tests;

/// Time since the agent started.
pub(crate) type Uptime = Duration;

/// How long a change is held back to see what else changes: one write tells it all.
const SETTLE: Duration = Duration::from_millis(300);

/// The shortest time between two writes of an object.
const STATES_EVERY: Duration = Duration::from_secs(1);

/// The shortest time between two writes of an object of which only numbers change.
const COUNTERS_EVERY: Duration = Duration::from_secs(30);

/// How long an agent may take to look at FRR for the first time before it says that it does not know.
const LOOK_WITHIN: Duration = Duration::from_secs(10);

/// How often it is looked at what the API server has: what somebody deleted is made again. Every agent asks for its
/// sessions among those of all.
const LOOK_EVERY: Duration = Duration::from_hours(1);

/// Events that every node writes when the whole fabric fails: some sessions, each on the node and on the pod.
const NEWS_WRITES: usize = 8;

/// When the nodes are counted again for the first time: who comes first in a rollout sees none beside it.
const COUNT_AFTER: Duration = Duration::from_mins(1);

/// The longest time between two counts; doubled with each until then. A cluster does not grow faster.
const COUNT_EVERY_MAX: Duration = Duration::from_hours(1);

/// What is to be written.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Write {
    pub(crate) key: Key,
    pub(crate) verb: Verb,
}

/// How it is written.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Verb {
    /// The object, then what it says.
    Create(Wanted),
    /// What it says.
    Update(Wanted),
    /// It is of the past.
    Delete,
}

/// What came of a write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// The API server has it.
    Written,
    /// The object is not there any more.
    Gone,
    /// This content is not taken; others may be.
    Invalid,
    /// Nothing can be written just now; `at_least` is what the API server asks for.
    Failed { is_refusal: bool, at_least: Duration },
}

/// An object that the API server has.
#[derive(Clone, Debug)]
pub(crate) struct Existing {
    pub(crate) key: Key,
    /// `None`: its metadata is not as it should be, or what it says cannot be read.
    pub(crate) content: Option<Content>,
}

/// The objects of this node.
#[derive(Debug)]
pub(crate) struct Outbox {
    slots: BTreeMap<Key, Slot>,
    pace: Pace,
    with_node_condition: bool,
    heartbeat: Option<Duration>,
    heartbeat_due: Option<Uptime>,
    is_prepared: bool,
    /// It was reported which sessions there are: what is not among them may be deleted.
    knows_sessions: bool,
    /// When what the API server has is looked at again.
    look_due: Uptime,
    /// When the nodes are counted again, and how long after that.
    count_due: Option<Uptime>,
    count_every: Duration,
    /// Nothing is tried before.
    closed_until: Uptime,
    failures: Failures,
}

#[derive(Debug, Default)]
struct Slot {
    /// `None`: to be deleted.
    wanted: Option<Wanted>,
    /// `None`: not there.
    stored: Option<Stored>,
    due: Option<(Uptime, Lag)>,
    written_at: Option<Uptime>,
    /// What the API server does not take.
    refused: Option<Wanted>,
}

#[derive(Debug)]
struct Stored(Option<Content>);

// === impl Outbox ===

impl Outbox {
    /// Returns an outbox that is not prepared; `heartbeat` = how often to say that the agent is there.
    pub(crate) fn new(pace: Pace, heartbeat: Option<Duration>, with_node_condition: bool) -> Self {
        Self {
            slots: BTreeMap::new(),
            pace,
            with_node_condition,
            heartbeat,
            heartbeat_due: None,
            is_prepared: false,
            knows_sessions: false,
            look_due: Uptime::ZERO,
            count_due: None,
            count_every: COUNT_AFTER,
            closed_until: Uptime::ZERO,
            failures: Failures::default(),
        }
    }

    /// Takes what is to be said from now on.
    pub(crate) fn report(&mut self, report: &Report, now: Uptime) {
        if !is_looked_at(report) && now < LOOK_WITHIN {
            return;
        }
        let mut wanted = objects(report, self.with_node_condition);
        if let Some(heartbeat) = self.heartbeat {
            for object in wanted.values_mut() {
                if let Content::Node(status) = &mut object.content {
                    status.heartbeat_seconds = Some(heartbeat.as_secs());
                }
            }
        }
        if are_sessions_known(report) {
            self.knows_sessions = true;
            for (key, slot) in &mut self.slots {
                if key.kind == Kind::Session && !wanted.contains_key(key) {
                    slot.wanted = None;
                }
            }
        }
        for (key, wanted) in wanted {
            self.slots.entry(key).or_default().wanted = Some(wanted);
        }
        self.slots.retain(|_, slot| slot.wanted.is_some() || slot.stored.is_some());
        self.schedule(now);
    }

    /// Takes what the API server has, and how many nodes say something there.
    pub(crate) fn prepared(&mut self, existing: Vec<Existing>, nodes: u64, now: Uptime) {
        self.counted(nodes, now);
        for slot in self.slots.values_mut() {
            slot.stored = None;
        }
        for Existing { key, content } in existing {
            self.slots.entry(key).or_default().stored = Some(Stored(content));
        }
        self.is_prepared = true;
        self.look_due = now + self.pace.about(LOOK_EVERY);
        if self.heartbeat_due.is_none() {
            // Whoever restarts all agents does not make their hearts beat at once.
            self.heartbeat_due = self.heartbeat.map(|heartbeat| now + self.pace.within(heartbeat));
        }
        self.schedule(now);
    }

    /// Takes how many nodes say something: later changes are spread accordingly.
    pub(crate) fn counted(&mut self, nodes: u64, now: Uptime) {
        self.pace.set_nodes(nodes);
        self.count_due = Some(now + self.pace.about(self.count_every));
        self.count_every = (self.count_every * 2).min(COUNT_EVERY_MAX);
    }

    /// Whether to count the nodes.
    pub(crate) fn wants_count(&self, now: Uptime) -> bool {
        self.is_prepared && now >= self.closed_until && self.count_due.is_some_and(|due| due <= now)
    }

    /// Whether to look at what the API server has.
    pub(crate) fn wants_preparation(&self, now: Uptime) -> bool {
        (!self.is_prepared || now >= self.look_due) && now >= self.closed_until
    }

    /// Returns the next write that is due.
    pub(crate) fn next(&self, now: Uptime, at: Timestamp) -> Option<Write> {
        if !self.is_prepared || now < self.closed_until {
            return None;
        }
        let due = |(key, slot): (&Key, &Slot)| Some((self.due(key, slot)?, key.clone()));
        let (_, key) = self.slots.iter().filter_map(due).filter(|(due, _)| *due <= now).min()?;
        let slot = self.slots.get(&key)?;
        let verb = match (&slot.wanted, &slot.stored) {
            (None, _) => Verb::Delete,
            (Some(wanted), stored) => {
                let mut wanted = wanted.clone();
                if let (Content::Node(status), Some(_)) = (&mut wanted.content, self.heartbeat) {
                    status.last_heartbeat = Timestamp::from_second(at.as_second()).ok();
                }
                let is_whole = stored.as_ref().is_some_and(|stored| stored.0.is_some());
                if is_whole { Verb::Update(wanted) } else { Verb::Create(wanted) }
            }
        };
        Some(Write { key, verb })
    }

    /// Takes what came of a write.
    pub(crate) fn done(&mut self, write: Write, outcome: Outcome, now: Uptime) {
        match outcome {
            Outcome::Written => self.written(write, now),
            Outcome::Gone if write.verb == Verb::Delete => self.written(write, now),
            Outcome::Gone => {
                self.is_prepared = false;
                self.pause(false, Duration::ZERO, now);
            }
            Outcome::Invalid => {
                if let Some(slot) = self.slots.get_mut(&write.key) {
                    slot.refused.clone_from(&slot.wanted);
                    slot.due = None;
                }
                if write.key.kind == Kind::Node {
                    self.heartbeat_due = self.heartbeat.map(|heartbeat| now + self.pace.about(heartbeat));
                }
            }
            Outcome::Failed { is_refusal, at_least } => self.pause(is_refusal, at_least, now),
        }
    }

    /// Whether the object of the node was written, as far as is known.
    pub(crate) fn has_node(&self) -> bool {
        let has = |(key, slot): (&Key, &Slot)| key.kind == Kind::Node && slot.stored.is_some();
        self.is_prepared && self.slots.iter().any(has)
    }

    /// Takes that what was written may not be there any more; it was lost at every node.
    pub(crate) fn lost(&mut self, now: Uptime) {
        self.is_prepared = false;
        self.closed_until = self.closed_until.max(now + self.pace.spread(1));
    }

    /// Returns the pace of something that every node does.
    pub(crate) fn another_pace(&mut self) -> Pace {
        self.pace.another()
    }

    /// Nothing more is tried for some time; whatever fails, fails for all objects.
    pub(crate) fn pause(&mut self, is_refusal: bool, at_least: Duration, now: Uptime) {
        self.closed_until = now + self.failures.pause(is_refusal, &mut self.pace).max(at_least);
    }

    /// When something is due next.
    pub(crate) fn deadline(&self) -> Uptime {
        if !self.is_prepared {
            return self.closed_until;
        }
        let due = self.slots.iter().filter_map(|(key, slot)| self.due(key, slot));
        let due = due.chain(self.count_due).fold(self.look_due, Uptime::min);
        due.max(self.closed_until)
    }

    /// Until when nothing is tried.
    pub(crate) fn closed_until(&self) -> Uptime {
        self.closed_until
    }

    /// How long to hold back news that every node may have to tell just now.
    pub(crate) fn spread_news(&mut self) -> Duration {
        self.pace.spread(NEWS_WRITES)
    }

    /// Returns a number for a name.
    pub(crate) fn number(&mut self) -> u64 {
        self.pace.number()
    }

    fn due(&self, key: &Key, slot: &Slot) -> Option<Uptime> {
        let due = slot.due.map(|(due, _)| due);
        let is_alive = key.kind == Kind::Node && slot.wanted.is_some() && slot.wanted != slot.refused;
        let heartbeat = self.heartbeat_due.filter(|_| is_alive);
        due.into_iter().chain(heartbeat).min()
    }

    /// How many writes it takes: an object that is made needs two, for its status is a part of its own.
    fn writes(&self, key: &Key, lag: Lag) -> usize {
        let is_made = |slot: &Slot| slot.stored.as_ref().is_none_or(|stored| stored.0.is_none());
        match lag {
            Lag::None => 0,
            Lag::Counters | Lag::State => 1 + usize::from(self.slots.get(key).is_some_and(is_made)),
        }
    }

    /// Whether the last thing that was tried failed.
    pub(crate) fn is_away(&self) -> bool {
        self.failures.is_any()
    }

    /// Takes that the API server answers again: what waited is spread, as it waited at every node.
    pub(crate) fn back(&mut self, now: Uptime) {
        if std::mem::take(&mut self.failures).is_any() {
            self.slots.values_mut().for_each(|slot| slot.due = None);
            self.schedule(now);
        }
    }

    fn written(&mut self, write: Write, now: Uptime) {
        match write.verb {
            Verb::Delete => {
                self.slots.remove(&write.key);
            }
            Verb::Create(wanted) | Verb::Update(wanted) => {
                if write.key.kind == Kind::Node {
                    self.heartbeat_due = self.heartbeat.map(|heartbeat| now + self.pace.about(heartbeat));
                }
                if let Some(slot) = self.slots.get_mut(&write.key) {
                    slot.stored = Some(Stored(Some(wanted.content)));
                    slot.written_at = Some(now);
                    slot.due = None;
                    slot.refused = None;
                }
            }
        }
        self.back(now);
        self.schedule(now);
    }

    fn lag(&self, key: &Key, slot: &Slot) -> Lag {
        // An agent that has not reported yet does not know better than the one before it.
        let is_past = key.kind == Kind::Session && self.knows_sessions;
        if slot.wanted.is_none() && !is_past { Lag::None } else { slot.lag() }
    }

    /// Decides when what is behind is written.
    fn schedule(&mut self, now: Uptime) {
        let lags: Vec<(Key, Lag)> =
            self.slots.iter().map(|(key, slot)| (key.clone(), self.lag(key, slot))).collect();
        let behind: usize = lags.iter().map(|(key, lag)| self.writes(key, *lag)).sum();
        let soon = now + SETTLE + self.pace.spread(behind);
        for (key, lag) in lags {
            let Some(slot) = self.slots.get_mut(&key) else { continue };
            let every = match lag {
                Lag::None => {
                    slot.due = None;
                    continue;
                }
                Lag::Counters => COUNTERS_EVERY,
                Lag::State => STATES_EVERY,
            };
            if slot.due.is_some_and(|(_, due_for)| due_for >= lag) {
                continue;
            }
            let due = slot.written_at.map_or(soon, |written_at| soon.max(written_at + every));
            // What waits for its numbers does not wait longer because something happened.
            let due = slot.due.map_or(due, |(before, _)| before.min(due));
            slot.due = Some((due, lag));
        }
    }
}

// === impl Slot ===

impl Slot {
    fn lag(&self) -> Lag {
        match (&self.wanted, &self.stored) {
            (None, None) => Lag::None,
            (Some(wanted), _) if self.refused.as_ref() == Some(wanted) => Lag::None,
            (None, Some(_)) | (Some(_), None | Some(Stored(None))) => Lag::State,
            (Some(wanted), Some(Stored(Some(stored)))) => stored.lag(&wanted.content),
        }
    }
}

/// Whether everything was looked at once: until then nothing is said that a moment later is wrong.
fn is_looked_at(report: &Report) -> bool {
    report.node.status.conditions.iter().all(|condition| condition.reason != Reason::NotObservedYet)
}

/// Whether bgpd was asked: a session that it does not have is of the past only then.
fn are_sessions_known(report: &Report) -> bool {
    let condition = report.node.status.condition(ConditionType::SessionsEstablished);
    condition.is_some_and(|condition| condition.status != ConditionStatus::Unknown)
}
