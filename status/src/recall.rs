//! What an agent said before it was started again: since when things are so does not begin anew with it.

use std::collections::BTreeMap;

use frr_driver::session::SessionState;
use jiff::Timestamp;

use crate::{
    condition::{Condition, ConditionStatus, ConditionType, Reason},
    project::is_same,
    report::Report,
    session::BgpSessionStatus,
};

#[cfg(test)]
mod tests;

/// The conditions of the objects that were reported, and the times of the sessions, by the name of the object.
#[derive(Clone, Debug, Default)]
pub struct Recall {
    known: BTreeMap<(String, ConditionType), (ConditionStatus, Timestamp)>,
    times: BTreeMap<String, Times>,
}

/// The times of a session that are computed from FRR's uptimes.
#[derive(Clone, Copy, Debug)]
struct Times {
    since: Option<Timestamp>,
    last_established: Option<Timestamp>,
    last_down: Option<Timestamp>,
    bfd: Option<Timestamp>,
}

// === impl Recall ===

impl Recall {
    /// Returns what `report` says.
    pub fn of(report: &Report) -> Self {
        let mut known = BTreeMap::new();
        let node = &report.node;
        let sessions =
            report.sessions.iter().map(|object| (&object.metadata.name, &object.status.conditions));
        for (name, conditions) in sessions.chain([(&node.metadata.name, &node.status.conditions)]) {
            for condition in conditions {
                let said = (condition.status, condition.last_transition_time);
                known.insert((name.clone(), condition.kind), said);
            }
        }
        let times = report.sessions.iter();
        let times = times.map(|object| (object.metadata.name.clone(), Times::of(&object.status)));
        Self { known, times: times.collect() }
    }

    /// Gives each condition that is as it was the time since when it was so, once it is known how it is.
    ///
    /// The times of sessions stay too, where they are those of the same event: computed anew they may be a second off,
    /// and each would be a change to be told.
    pub fn amend(&mut self, report: &mut Report) {
        for object in &mut report.sessions {
            if object.status.session_state == SessionState::Unknown {
                continue;
            }
            if let Some(times) = self.times.remove(&object.metadata.name) {
                times.amend(&mut object.status);
            }
        }
        if self.known.is_empty() {
            return;
        }
        let node = &mut report.node;
        let sessions = report.sessions.iter_mut();
        let sessions = sessions.map(|object| (&object.metadata.name, &mut object.status.conditions));
        for (name, conditions) in sessions.chain([(&node.metadata.name, &mut node.status.conditions)]) {
            for condition in conditions.iter_mut().filter(|condition| is_decided(condition)) {
                let Some((status, since)) = self.known.remove(&(name.clone(), condition.kind)) else {
                    continue;
                };
                if status == condition.status {
                    condition.last_transition_time = since.min(condition.last_transition_time);
                }
            }
        }
    }
}

/// Whether a condition says how things are; at its start an agent does not know.
fn is_decided(condition: &Condition) -> bool {
    !matches!(
        condition.reason,
        Reason::NotObservedYet | Reason::NoConfig | Reason::Pending | Reason::WaitingForBase
    )
}

// === impl Times ===

impl Times {
    fn of(status: &BgpSessionStatus) -> Self {
        Self {
            since: status.since,
            last_established: status.last_established,
            last_down: status.last_down.as_ref().and_then(|down| down.time),
            bfd: status.bfd.as_ref().and_then(|bfd| bfd.since),
        }
    }

    fn amend(self, status: &mut BgpSessionStatus) {
        keep(self.since, &mut status.since);
        keep(self.last_established, &mut status.last_established);
        // Of a session that is down, FRR does not tell it: nobody else knows.
        status.last_established = status.last_established.or(self.last_established);
        if let Some(down) = &mut status.last_down {
            keep(self.last_down, &mut down.time);
        }
        if let Some(bfd) = &mut status.bfd {
            keep(self.bfd, &mut bfd.since);
        }
    }
}

/// Keeps what was said of the same event.
fn keep(before: Option<Timestamp>, time: &mut Option<Timestamp>) {
    if before.zip(*time).is_some_and(|(before, now)| is_same(before, now)) {
        *time = before;
    }
}
