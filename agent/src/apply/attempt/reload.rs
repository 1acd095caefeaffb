//! The change that frr-reload makes: printed, checked, stored, run, and judged by what FRR holds afterwards.

use frr_driver::{
    plan::PlanLine,
    reload::{self, SyntaxError, host_lines},
};
use routelet_status::snapshot::Engine;

use super::{
    Attempt, Next, Phase, Step, is_taken,
    lines::{missing_lines, refused_line},
};
use crate::{
    apply::outcome::{LineError, Outcome},
    frr::Held,
};

/// How often frr-reload is run for one attempt, where nothing says that the lines are at fault.
pub(super) const RELOADS_MAX: u32 = 2;

// === impl Attempt ===

impl Attempt {
    pub(super) fn by_reload(&mut self) -> Next {
        // Where lines were to do it, it is not there yet.
        self.plan();
        match self.is_too_much() {
            Some(sessions) if !self.is_written => Next::End(Outcome::Held { sessions }),
            Some(_) => {
                self.fail("frr-reload would take down too many sessions".to_owned(), Vec::new(), false)
            }
            None => self.step(Phase::Printing, Step::Print),
        }
    }

    pub(super) fn check_file(&mut self, print: &str) -> Next {
        self.host = host_lines(print);
        // It may have been rendered without them.
        self.file = None;
        let file = self.file();
        self.step(Phase::CheckingFile, Step::Check(file))
    }

    pub(super) fn checked(&mut self, errors: &[SyntaxError]) -> Next {
        if errors.is_empty() {
            let file = self.file();
            return self.step(Phase::Storing, Step::Store(file));
        }
        let errors: Vec<LineError> = errors.iter().map(refused_line).collect();
        if !self.is_written {
            return Next::End(Outcome::Refused { errors });
        }
        // Lines of a transaction were sent already.
        self.fail("FRR refuses lines".to_owned(), errors, true)
    }

    pub(super) fn reload(&mut self) -> Next {
        self.engine = Some(Engine::FrrReload);
        self.is_written = true;
        self.reloads += 1;
        let file = self.file();
        self.step(Phase::Reloading, Step::Reload(file))
    }

    /// FRR holds the configuration when a re-read says so, whatever the exit code was.
    pub(super) fn judge(&mut self, held: &Held) -> Next {
        let verdict = self.verify(held);
        if is_taken(&verdict) && !self.is_blind(held, &verdict) {
            return self.swept(held, &verdict);
        }
        let is_complained_about = !self.written.complaints.is_empty();
        if verdict.missing.is_empty() && !self.is_whole_sent {
            // frr-reload compares with the union of the daemons, and sees no difference there.
            self.is_whole_sent = true;
            let file = self.file();
            return self.step(Phase::Sending, Step::Send(file));
        }
        if self.is_poisoned() && !self.is_cured {
            // What FRR complains of may be what somebody else wrote, long ago.
            self.is_cured = true;
            return self.step(Phase::Curing, Step::Cure);
        }
        if !is_complained_about && self.reloads < RELOADS_MAX {
            return self.reload();
        }
        let missing: Vec<&PlanLine> = verdict.missing.iter().chain(&verdict.missing_in_bgpd).collect();
        let reason = match &self.written.failure {
            Some(failure) => format!("{failure}, and {} lines are not in effect", missing.len()),
            None => format!("FRR did not take {} of the lines", missing.len()),
        };
        let reason = self.illegible(held).unwrap_or(reason);
        let lines = missing_lines(&missing, &self.written.complaints);
        // Where the tools saw nothing wrong, twice, the same would come of it again.
        let is_content = is_complained_about || self.written.failure.is_none();
        self.fail(reason, lines, is_content)
    }

    /// Whether FRR may refuse whatever comes, for the sake of what it refused before (T7).
    pub(super) fn is_poisoned(&self) -> bool {
        self.version.keeps_refused_candidate()
            && self.written.complaints.iter().any(|complaint| reload::is_refused_commit(complaint))
    }
}
