//! What an agent said before it was started again: since when things are so does not begin anew with it.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::{
    condition::{Condition, ConditionStatus, ConditionType, Reason},
    report::Report,
};

#[cfg(test)]
mod tests;

/// The conditions of the objects that were reported, by the name of the object.
#[derive(Clone, Debug, Default)]
pub struct Recall {
    known: BTreeMap<(String, ConditionType), (ConditionStatus, Timestamp)>,
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
        Self { known }
    }

    /// Gives each condition that is as it was the time since when it was so, once it is known how it is.
    pub fn amend(&mut self, report: &mut Report) {
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
