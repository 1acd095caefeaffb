//! One attempt to bring a configuration into FRR, as a machine: facts in, the next step out, no I/O.
//!
//! ```text
//! ask ─► read ─► plan ─┬─ nothing to do ──────────────────────────────────────────────► taken
//!     (then checkpoint) ├─ transaction: check? ─► send ─► read ─► verify ────────────────► taken
//!                      │                                          └─ not taken ─┐
//!                      └─ frr-reload: print ─► check ─► store ─► mend? ─► reload ─► read ─► verify ► taken
//!                                                                   ▲                      │ not taken
//!                                                                   └──────── once more ───┤
//!                                   failed ◄─ verify ◄─ read ◄─ reload ◄─ load last good ◄─┘
//! ```
//! A change of policies alone skips the first `read` if the last one is a moment old (`trust.rs`).

mod back;
mod comparison;
mod legible;
mod limit;
mod lines;
mod reload;
mod step;
mod sweep;
mod trust;

use std::{sync::Arc, time::Duration};

use frr_driver::{
    config::{Config, Rendered, render},
    plan::{Plan, plan},
    quirks::FrrVersion,
    transaction::{NotATransaction, Transaction},
    verify::Verdict,
};
use routelet_status::snapshot::Engine;

use tracing::info;

use super::{
    order::{EngineChoice, Order, Target},
    outcome::{Failure, Left, Outcome, Taken},
};
use crate::frr::{Held, LastHeld};
use back::Back;
use comparison::{Comparison, verdict};
use lines::LINES_NAMED_MAX;
pub(super) use step::{Fact, Next, Step, Written};
use trust::Trust;

/// How often the lines of a transaction are sent: FRR 10.3 may lose some without a complaint.
const SENDS_MAX: u32 = 2;

/// How often a lock that somebody else holds is tried, and the pause in between: mgmtd holds it for some 0.3 s.
const LOCK_TRIES_MAX: u32 = 5;
const LOCK_PAUSE: Duration = Duration::from_millis(400);

/// Where the attempt is: what the next fact answers.
#[derive(Debug)]
enum Phase {
    Asking,
    Reading,
    Checkpointing,
    CheckingLines(Arc<Rendered>),
    SendingLines,
    ReadingLines,
    Printing,
    CheckingFile,
    Storing,
    /// What frr-reload cannot read is being replaced.
    Mending,
    ReadingMended,
    Reloading,
    Curing,
    Locked(Engine),
    ReadingFile,
    /// bgpd lost lines that another daemon kept: the whole file is sent.
    Sending,
    /// frr-reload left lines that nobody wants: they are taken away.
    Sweeping,
    LoadingLastGood,
    PrintingBack,
    CuringBack(Arc<Rendered>),
    MendingBack(Arc<Rendered>),
    GoingBack,
    ReadingBack,
}

/// An attempt under way.
#[derive(Debug)]
pub(super) struct Attempt {
    order: Order,
    phase: Phase,
    version: FrrVersion,
    /// What FRR held when it was last read, before this attempt.
    last: Option<LastHeld>,
    /// What has to be done, if that is still what it holds.
    guess: Option<Comparison>,
    trust: Trust,
    /// What FRR shall hold, with the numbers that it has already.
    wanted: Config,
    before: Arc<Config>,
    /// What separates the two, for frr-reload; made when it is needed.
    plan: Option<Plan>,
    /// The lines that make the change where nobody sees it halfway, or why there are none.
    change: Option<Result<Transaction, NotATransaction>>,
    /// What separates the two for a change that goes line by line: it touches less.
    by_lines: Option<Plan>,
    /// For frr-reload, with the host's lines.
    file: Option<Arc<Rendered>>,
    /// The lines of a transaction.
    lines: Option<Arc<Rendered>>,
    host: Vec<String>,
    engine: Option<Engine>,
    reloads: u32,
    is_whole_sent: bool,
    sweeps: u32,
    /// How often what FRR forgets was written anew.
    reminders: u32,
    sends: u32,
    is_cured: bool,
    lock_tries: u32,
    written: Written,
    /// Something was sent to FRR.
    is_written: bool,
    failure: Option<Failure>,
    back: Option<Back>,
}

// === impl Attempt ===

impl Attempt {
    /// Returns an attempt and its first step; `last` is what FRR held when it was last read.
    pub(super) fn new(order: Order, last: Option<LastHeld>) -> (Self, Step) {
        let attempt = Self {
            order,
            phase: Phase::Asking,
            version: FrrVersion::default(),
            last,
            guess: None,
            trust: Trust::None,
            wanted: Config::default(),
            before: Arc::default(),
            plan: None,
            change: None,
            by_lines: None,
            file: None,
            lines: None,
            host: Vec::new(),
            engine: None,
            reloads: 0,
            is_whole_sent: false,
            sweeps: 0,
            reminders: 0,
            sends: 0,
            is_cured: false,
            lock_tries: 0,
            written: Written::default(),
            is_written: false,
            failure: None,
            back: None,
        };
        (attempt, Step::Ask)
    }

    /// Takes what came of the last step, and says what is next.
    pub(super) fn next(&mut self, fact: Fact) -> Next {
        let phase = std::mem::replace(&mut self.phase, Phase::Asking);
        match (phase, fact) {
            (Phase::Asking, Fact::Asked(Ok(version))) => self.asked(version),
            (Phase::Asking, Fact::Asked(Err(reason))) | (Phase::Reading, Fact::Read(Err(reason))) => {
                Next::End(Outcome::NotReady { reason })
            }
            (Phase::Reading, Fact::Read(Ok(held))) => self.compare(&held),
            (Phase::Checkpointing, Fact::Stored(Ok(()))) => self.write(),

            (Phase::CheckingLines(lines), Fact::Checked(Ok(errors))) if errors.is_empty() => {
                self.send_lines(lines)
            }
            // The whole file tells where a line comes from, and whether the others would be taken.
            (Phase::CheckingLines(_), Fact::Checked(_)) => self.by_reload(),
            (Phase::SendingLines, Fact::Written(written)) => {
                if written.is_locked && self.lock_tries < LOCK_TRIES_MAX {
                    return self.wait_for_lock(Engine::Transaction);
                }
                self.written = written;
                self.read(Phase::ReadingLines)
            }
            (Phase::ReadingLines, Fact::Read(Ok(held))) => self.lines_read(&held),

            (Phase::Printing, Fact::Printed(Ok(print))) => self.check_file(&print),
            (Phase::CheckingFile, Fact::Checked(Ok(errors))) => self.checked(&errors),
            (Phase::Storing, Fact::Stored(Ok(()))) => self.reload_legibly(),
            (Phase::Reloading, Fact::Written(written)) => {
                if written.is_locked && self.lock_tries < LOCK_TRIES_MAX {
                    return self.wait_for_lock(Engine::FrrReload);
                }
                self.written = written;
                self.read(Phase::ReadingFile)
            }
            (Phase::Locked(Engine::Transaction), Fact::Paused) => match self.lines.clone() {
                Some(lines) => self.send_lines(lines),
                None => self.reload(),
            },
            (Phase::Locked(Engine::FrrReload), Fact::Paused) | (Phase::Curing, Fact::Written(_)) => {
                self.reload()
            }
            (Phase::ReadingFile, Fact::Read(Ok(held))) => self.judge(&held),
            (Phase::Sending | Phase::Sweeping, Fact::Written(written)) => {
                self.written = written;
                self.read(Phase::ReadingFile)
            }

            (
                _,
                Fact::Read(Err(reason))
                | Fact::Printed(Err(reason))
                | Fact::Checked(Err(reason))
                | Fact::Stored(Err(reason)),
            ) => self.give_up(reason),
            (phase, fact) => self.next_back(phase, fact),
        }
    }

    /// The same on the way back.
    fn next_back(&mut self, phase: Phase, fact: Fact) -> Next {
        match (phase, fact) {
            (Phase::LoadingLastGood, Fact::LastGood(last_good)) => self.go_back(last_good),
            (Phase::PrintingBack, Fact::Printed(Ok(print))) => self.printed_back(&print),
            (Phase::CuringBack(file), Fact::Written(_)) => self.step(Phase::GoingBack, Step::Reload(file)),
            (Phase::GoingBack, Fact::Written(written)) => {
                self.written = written;
                self.read(Phase::ReadingBack)
            }
            (Phase::ReadingBack, Fact::Read(Ok(held))) => self.is_back(&held),
            (phase, fact) => self.next_legible(phase, fact),
        }
    }

    fn read(&mut self, phase: Phase) -> Next {
        self.step(phase, Step::Read(self.version))
    }

    fn step(&mut self, phase: Phase, step: Step) -> Next {
        self.phase = phase;
        Next::Do(step)
    }

    /// Does what will be needed after the step under way, while others work on that.
    pub(super) fn meanwhile(&mut self) {
        if matches!(self.phase, Phase::Asking) {
            if let Some(last) = self.last.take_if(|last| last.is_trusted) {
                self.version = last.held.version();
                self.guess = self.comparison(&last.held);
            }
        } else if matches!(self.phase, Phase::Reading) {
            // Mostly FRR still holds what it did when it was last read.
            if let Some(last) = self.last.take() {
                self.guess = self.comparison(&last.held);
            }
        } else if matches!(self.phase, Phase::SendingLines) {
            self.file();
        }
    }

    // --- what there is to do ---

    /// What frr-reload has to do.
    fn plan(&mut self) -> &Plan {
        self.plan.get_or_insert_with(|| plan(&self.wanted, &self.before, self.version))
    }

    fn comparison(&self, held: &Held) -> Option<Comparison> {
        let Target::Desired(desired) = &self.order.target else { return None };
        let is_auto = self.order.engine == EngineChoice::Auto && !self.order.reports_only;
        Some(Comparison::new(&desired.config, held, self.version, is_auto))
    }

    fn compare(&mut self, held: &Held) -> Next {
        let guess = self.guess.take().filter(|guess| guess.is_of(held));
        let Some(comparison) = guess.or_else(|| self.comparison(held)) else {
            self.before = Arc::clone(held.union());
            return self.step(Phase::LoadingLastGood, Step::LoadLastGood);
        };
        let verdict = comparison.verdict;
        self.wanted = comparison.wanted;
        self.before = comparison.before;
        self.plan = comparison.plan;
        self.change = comparison.change;
        if verdict.is_settled() {
            return self.taken(held, &verdict);
        }
        if self.order.reports_only {
            let plan = Box::new(self.plan().clone());
            return Next::End(Outcome::Drifted { plan, digest: held.digest() });
        }
        if !matches!(self.change, Some(Ok(_))) && self.is_too_much().is_some() {
            return self.by_reload();
        }
        let before = Arc::clone(&self.before);
        self.step(Phase::Checkpointing, Step::Checkpoint(before, self.version))
    }

    /// Writes, by the engine that fits.
    fn write(&mut self) -> Next {
        match self.change.take() {
            Some(Ok(change)) => {
                let is_plain = change.is_plain();
                let lines = Arc::new(change.rendered);
                self.by_lines = Some(change.plan);
                if is_plain {
                    return self.send_lines(lines);
                }
                self.step(Phase::CheckingLines(Arc::clone(&lines)), Step::Check(lines))
            }
            Some(Err(reason)) => {
                info!(%reason, "frr-reload makes this change");
                self.by_reload()
            }
            None => self.by_reload(),
        }
    }

    fn send_lines(&mut self, lines: Arc<Rendered>) -> Next {
        self.engine = Some(Engine::Transaction);
        self.sends += 1;
        self.is_written = true;
        self.lines = Some(Arc::clone(&lines));
        self.step(Phase::SendingLines, Step::Send(lines))
    }

    /// What frr-reload, or FRR's own start, reads.
    fn file(&mut self) -> Arc<Rendered> {
        let render = || Arc::new(render(&self.wanted, &self.host, self.version));
        Arc::clone(self.file.get_or_insert_with(render))
    }

    fn wait_for_lock(&mut self, engine: Engine) -> Next {
        self.lock_tries += 1;
        self.step(Phase::Locked(engine), Step::Pause(LOCK_PAUSE * self.lock_tries))
    }

    // --- what came of it ---

    fn verify(&self, held: &Held) -> Verdict {
        verdict(&self.wanted, held, self.version)
    }

    fn taken(&mut self, held: &Held, verdict: &Verdict) -> Next {
        let unsettled = verdict.extra.iter().take(LINES_NAMED_MAX).map(ToString::to_string).collect();
        Next::End(Outcome::Taken(Box::new(Taken {
            plan: self.whole_plan(),
            engine: self.engine,
            unsettled,
            rendered: self.file(),
            digest: held.digest(),
        })))
    }

    /// Ends where FRR cannot be read or the disk cannot be written: the next attempt begins anew.
    fn give_up(&mut self, reason: String) -> Next {
        let left = if self.is_written { Left::Between { reason: reason.clone() } } else { Left::Untouched };
        let failure = self.failure.take().unwrap_or_else(|| Failure::new(reason));
        Next::End(Outcome::Failed(Box::new(Failure { left, ..failure })))
    }
}

/// Whether FRR holds what it shall; lines that nobody wants may stay.
fn is_taken(verdict: &Verdict) -> bool {
    verdict.missing.is_empty() && verdict.missing_in_bgpd.is_empty()
}

#[cfg(test)]
mod tests;
