//! After frr-reload: lines that nobody wants.
//!
//! Some it could not remove: where a `no …` fails, frr-reload up to 8.4.4 tries it with fewer words, and 10.x gives up
//! (`no on-match goto 20`, T28). Some it made itself: where `frr defaults` changes, what was printed goes without
//! saying, and its absence is taken for a wish to set the opposite (C2). And entries that FRR 7.5.1 has forgotten.

use std::sync::Arc;

use frr_driver::{
    config::Rendered, forgotten::forgotten, plan::PlanLine, transaction::transaction, verify::Verdict,
};
use tracing::info;

use super::{Attempt, Next, Phase, Step, reload::RELOADS_MAX};
use crate::frr::Held;

/// What one `vtysh -f` does not remove, a second would not either.
const SWEEPS_MAX: u32 = 1;

// === impl Attempt ===

impl Attempt {
    /// FRR holds the configuration; what it holds beside goes, where a transaction can say it.
    pub(super) fn swept(&mut self, held: &Held, verdict: &Verdict) -> Next {
        if let Some(lines) = self.remind() {
            return self.step(Phase::Sweeping, Step::Send(Arc::new(lines)));
        }
        if verdict.extra.is_empty() || self.sweeps >= SWEEPS_MAX {
            return self.taken(held, verdict);
        }
        if self.reloads < RELOADS_MAX && verdict.extra.iter().any(|line| !self.is_of_before(line)) {
            return self.reload();
        }
        self.sweeps += 1;
        let there = held.against(&self.wanted);
        match transaction(&self.wanted, &there, self.version) {
            Ok(change) if !change.reveal().is_empty() => {
                info!(lines = verdict.extra.len(), "frr-reload left lines that nobody wants");
                self.step(Phase::Sweeping, Step::Send(Arc::new(change.rendered)))
            }
            Ok(_) | Err(_) => self.taken(held, verdict),
        }
    }

    /// Lines by which FRR finds again what it prints and has forgotten; once.
    fn remind(&mut self) -> Option<Rendered> {
        if self.reloads == 0 || self.reminders > 0 {
            return None;
        }
        self.reminders += 1;
        forgotten(&self.wanted, self.plan.as_ref()?, self.version)
    }

    /// Whether `line` ran before, and should have gone.
    fn is_of_before(&self, line: &PlanLine) -> bool {
        let text = line.to_string();
        self.plan.iter().flat_map(|plan| &plan.removes).any(|before| before.to_string() == text)
    }
}
