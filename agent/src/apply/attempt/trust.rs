//! A change of policies is sent to an FRR that was read a moment ago without reading it again before: afterwards it is
//! read in any case, and what somebody else changed meanwhile is found then.

use frr_driver::{plan::Plan, quirks::FrrVersion};
use tracing::info;

use super::{Attempt, Comparison, Next, Phase, SENDS_MAX};
use crate::frr::Held;

/// Whether FRR was read before it was written to.
#[derive(Debug, Default)]
pub(super) enum Trust {
    /// It was.
    #[default]
    None,
    /// Not in this attempt.
    Given,
    /// Not in this attempt, and it held something else; this was sent.
    Betrayed(Plan),
}

// === impl Attempt ===

impl Attempt {
    /// Every daemon answers.
    pub(super) fn asked(&mut self, version: FrrVersion) -> Next {
        // Another FRR may say the same in other words.
        let is_same = self.version == version;
        self.version = version;
        self.guess = self.guess.take().filter(|_| is_same);
        match self.guess.as_ref().and_then(Comparison::held_for_policies).cloned() {
            Some(held) => {
                self.trust = Trust::Given;
                self.compare(&held)
            }
            None => self.read(Phase::Reading),
        }
    }

    /// FRR was read after the lines of a transaction were sent.
    pub(super) fn lines_read(&mut self, held: &Held) -> Next {
        let verdict = self.verify(held);
        if verdict.is_settled() {
            self.plan = self.by_lines.take();
            return self.taken(held, &verdict);
        }
        if matches!(self.trust, Trust::Given) {
            self.trust = Trust::Betrayed(self.by_lines.take().unwrap_or_default());
            return self.compare(held);
        }
        let is_quiet = self.written.complaints.is_empty() && self.written.failure.is_none();
        if let Some(lines) = self.lines.clone().filter(|_| is_quiet && self.sends < SENDS_MAX) {
            return self.send_lines(lines);
        }
        let (missing, extra) = (verdict.missing.len(), verdict.extra.len());
        info!(missing, extra, "frr-reload makes what the transaction left undone");
        self.by_reload()
    }

    /// Returns what was changed, with what was sent on trust.
    pub(super) fn whole_plan(&mut self) -> Plan {
        let plan = self.plan.take().unwrap_or_default();
        match std::mem::take(&mut self.trust) {
            Trust::Betrayed(earlier) => plan.after(earlier),
            Trust::None | Trust::Given => plan,
        }
    }
}
