//! Before frr-reload: what FRR runs must be UTF-8, or frr-reload dies of it at every run (T15).

use std::sync::Arc;

use frr_driver::{config::Rendered, illegible::mend, plan::PlanLine, verify::Verdict};
use routelet_status::snapshot::Engine;
use tracing::info;

use super::{Attempt, Fact, Next, Phase, Step};
use crate::frr::Held;

// === impl Attempt ===

impl Attempt {
    /// Runs frr-reload, after the lines that it cannot read.
    pub(super) fn reload_legibly(&mut self) -> Next {
        let mending = mend(&self.wanted, &self.before);
        if mending.is_empty() {
            return self.reload();
        }
        info!("lines that are not UTF-8 are replaced first");
        self.engine = Some(Engine::Transaction);
        self.is_written = true;
        self.step(Phase::Mending, Step::Send(Arc::new(mending.rendered)))
    }

    /// The same on the way back.
    pub(super) fn go_back_legibly(&mut self, file: Arc<Rendered>) -> Next {
        let Some(back) = &self.back else { return self.give_up("nothing to go back to".to_owned()) };
        let mending = mend(&back.config, &self.before);
        if mending.is_empty() {
            return self.reload_back(file);
        }
        self.step(Phase::MendingBack(file), Step::Send(Arc::new(mending.rendered)))
    }

    pub(super) fn next_legible(&mut self, phase: Phase, fact: Fact) -> Next {
        match (phase, fact) {
            (Phase::Mending, Fact::Written(written)) => {
                self.written = written;
                self.read(Phase::ReadingMended)
            }
            (Phase::ReadingMended, Fact::Read(Ok(held))) => {
                let verdict = self.verify(&held);
                if verdict.is_settled() { self.taken(&held, &verdict) } else { self.reload() }
            }
            // Whatever came of it: what FRR complained of before is of more interest.
            (Phase::MendingBack(file), Fact::Written(_)) => self.reload_back(file),
            (phase, fact) => self.give_up(format!("{fact:?} is no answer while {phase:?}")),
        }
    }

    /// Whether frr-reload died, and so left lines that it would have removed.
    pub(super) fn is_blind(&self, held: &Held, verdict: &Verdict) -> bool {
        let is_legible = |line: &PlanLine| !line.to_string().contains(char::REPLACEMENT_CHARACTER);
        verdict.extra.iter().any(is_legible) && self.illegible(held).is_some()
    }

    /// Names the lines of which frr-reload dies, and that nobody can replace without their bytes.
    pub(super) fn illegible(&self, held: &Held) -> Option<String> {
        let left = mend(&self.wanted, held.union()).left;
        let first = left.first()?;
        Some(format!(
            "FRR runs `{first}`, which is not UTF-8: frr-reload dies of it until somebody removes it"
        ))
    }
}
