//! What the sources say, and what of it is remembered.

use std::{collections::BTreeMap, sync::Arc};

use jiff::Timestamp;
use routelet_status::snapshot::SourceError;
use tracing::{info, warn};

use super::{Action, Machine};
use crate::{
    apply::LineError,
    desired::{Accepted, Judged, Version, judge, warnings},
    source::Digest,
};

/// What is stored of an accepted version; of several files nothing is.
fn stored_text(version: &Version) -> Option<Arc<str>> {
    match version.files.as_slice() {
        [(_, text)] => Some(Arc::clone(&text.0)),
        _ => None,
    }
}

// === impl Machine ===

impl Machine {
    pub(super) fn judge_sources(&mut self, at: Timestamp, actions: &mut Vec<Action>) {
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
        } else if generation == self.applied && self.config.drift.is_empty() {
            self.config.pending = None;
            self.config.trouble = None;
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

    /// What went into a configuration that FRR took is accepted: kept for when a later version is refused.
    pub(super) fn accept_used(&mut self, at: Timestamp, actions: &mut Vec<Action>) {
        let Some(judged) = &mut self.judged else { return };
        if judged.desired.as_ref().map(|desired| &desired.generation) != self.applied.as_ref() {
            return;
        }
        for (name, version) in &judged.used {
            if self.memory.accepted.get(name).is_some_and(|accepted| accepted.version == *version) {
                continue;
            }
            let accepted = Accepted { version: version.clone(), at };
            self.memory.accepted.insert(name.clone(), accepted);
            for state in judged.states.iter_mut().filter(|state| state.name == *name) {
                state.accepted_at = Some(at);
            }
            if let Some(text) = stored_text(version) {
                actions.push(Action::KeepAccepted { name: name.clone(), text: Some(text) });
            }
        }
        let used = &judged.used;
        let gone: Vec<String> =
            self.memory.accepted.keys().filter(|name| !used.contains_key(*name)).cloned().collect();
        for name in gone {
            self.memory.accepted.remove(&name);
            actions.push(Action::KeepAccepted { name, text: None });
        }
    }

    /// Notes whether the accepted version of `name` is on the disk.
    pub(super) fn accepted_kept(&mut self, name: &str, error: Option<String>) {
        match error {
            None => {
                self.unkept_sources.remove(name);
            }
            Some(reason) => {
                if self.unkept_sources.insert(name.to_owned()) {
                    warn!(source = name, reason, "accepted version cannot be kept, and will be tried again");
                }
            }
        }
    }

    /// Tries again to store what could not be: the next agent falls back to what is on the disk.
    pub(super) fn keep_accepted_again(&self, actions: &mut Vec<Action>) {
        actions.extend(self.unkept_sources.iter().map(|name| {
            let accepted = self.memory.accepted.get(name);
            let text = accepted.and_then(|accepted| stored_text(&accepted.version));
            Action::KeepAccepted { name: name.clone(), text }
        }));
    }

    /// The versions of the sources that these lines are from are not used again while they stay as they are.
    pub(super) fn remember_refusal(&mut self, errors: Vec<LineError>) {
        for (label, error) in errors {
            let name =
                label.as_deref().and_then(|label| label.split('/').next()).unwrap_or(frr_driver::merge::BASE);
            // Not the version that is mounted by now: that one was not tried.
            let Some(digest) = self.tried.get(name).copied() else { continue };
            let entry =
                self.memory.refused_by_frr.entry(name.to_owned()).or_insert_with(|| (digest, Vec::new()));
            if entry.0 != digest {
                *entry = (digest, Vec::new());
            }
            entry.1.push(error);
        }
    }

    /// The versions of the sources that the desired configuration is made of.
    pub(super) fn versions_used(&self) -> BTreeMap<String, Digest> {
        let used = self.judged.iter().flat_map(|judged| &judged.used);
        used.map(|(name, version)| (name.clone(), version.digest)).collect()
    }

    /// Whatever was refused may be tried again.
    pub(super) fn forget_refusals(&mut self) {
        self.known_bad = None;
        self.memory.refused_by_frr.clear();
    }
}
