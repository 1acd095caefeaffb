//! Brings configurations into FRR: does the steps of an [`Attempt`], and tells it what came of them.

mod attempt;
mod order;
mod outcome;

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use frr_driver::{
    config::{Config, Rendered, render},
    exec::{self, CommandError, Output},
    merge::Generation,
    quirks::FrrVersion,
    reload,
    vtysh::Ready,
};
use jiff::Timestamp;
use tokio::time::{Instant, sleep};
use tracing::{debug, warn};

pub(crate) use order::{EngineChoice, Order, Target};
pub(crate) use outcome::{Failure, Left, LineError, Outcome, Taken};

use crate::{
    desired::with_causes,
    frr::{Frr, needed},
    store::{Store, StoreError},
};
use attempt::{Attempt, Fact, Next, Step, Written};

/// The longest that all steps of one attempt may take: each has a limit of its own, and this is far beyond them.
const STEPS_MAX: usize = 64;

/// Carries out `order`; returns how it ended, and how long it took.
pub(crate) async fn apply(frr: &Frr, store: &Arc<Store>, order: Order) -> (Outcome, Duration) {
    let started = Instant::now();
    let last = frr.last_held();
    // Where FRR need not be read before, only the lines are waited for.
    let is_for_lines = order.may_be_lines() && last.as_ref().is_some_and(|last| last.is_trusted);
    let ready = if is_for_lines { ready(frr, store) } else { None };
    let hands = Hands { frr, store, generation: order.generation(), ready: Mutex::new(ready) };
    let (mut attempt, mut step) = Attempt::new(order, last);
    for _ in 0..STEPS_MAX {
        let at = Instant::now();
        let name = step.name();
        // On a thread of its own: it takes as long as FRR's print, and must not hold up who reads that.
        let meanwhile = tokio::task::spawn_blocking(move || {
            attempt.meanwhile();
            attempt
        });
        let (fact, thought) = tokio::join!(hands.do_step(step), meanwhile);
        attempt = match thought {
            Ok(attempt) => attempt,
            Err(error) => return (failed(with_causes(&error)), started.elapsed()),
        };
        debug!(step = name, elapsed_ms = at.elapsed().as_millis(), "step done");
        match attempt.next(fact) {
            Next::Do(next) => step = next,
            Next::End(outcome) => return (outcome, started.elapsed()),
        }
    }
    (failed("the attempt came to no end".to_owned()), started.elapsed())
}

/// Starts a vtysh for lines that are to be made; where that cannot be, it is started when they are there.
fn ready(frr: &Frr, store: &Store) -> Option<Ready> {
    let ready = Ready::start(&frr.vtysh(), &store.lines_file());
    ready.inspect_err(|error| debug!(reason = with_causes(error), "no vtysh waits for lines")).ok()
}

fn failed(reason: String) -> Outcome {
    Outcome::Failed(Box::new(Failure::new(reason)))
}

/// What the steps are done with.
struct Hands<'a> {
    frr: &'a Frr,
    store: &'a Arc<Store>,
    generation: Option<Generation>,
    /// A vtysh for the lines that are being made.
    ready: Mutex<Option<Ready>>,
}

// === impl Hands ===

impl Hands<'_> {
    async fn do_step(&self, step: Step) -> Fact {
        if !step.leads_to_lines() {
            drop(self.take_ready());
        }
        match step {
            Step::Ask => Fact::Asked(self.ask().await),
            Step::Read(version) => Fact::Read(self.frr.held(version).await),
            Step::Print => Fact::Printed(self.frr.print().await),
            Step::Check(text) => Fact::Checked(self.check(&text).await),
            Step::Checkpoint(before, version) => Fact::Stored(self.checkpoint(before, version).await),
            Step::Store(text) => Fact::Stored(self.store(&text).await),
            Step::Send(text) => Fact::Written(self.send(&text).await),
            Step::Reload(text) => Fact::Written(self.reload(&text).await),
            Step::Cure => {
                // It fails, and shall.
                let output = self.frr.vtysh().run_all(&reload::FORGET_REFUSED).await;
                debug!(is_run = output.is_ok(), "FRR forgets what it refused");
                Fact::Written(Written::default())
            }
            Step::Pause(pause) => {
                sleep(pause).await;
                Fact::Paused
            }
            Step::LoadLastGood => Fact::LastGood(blocking(self.store, Store::load_last_good).await),
        }
    }

    async fn ask(&self) -> Result<FrrVersion, String> {
        let version = self.frr.version().await?;
        self.frr.answers(&needed(version)).await?;
        self.frr.claim()?;
        Ok(version)
    }

    async fn check(&self, text: &Arc<Rendered>) -> Result<Vec<reload::SyntaxError>, String> {
        let file = write_lines(self.store, text).await?;
        self.frr.refused_lines(&file, text).await
    }

    /// Before the first configuration of ours there is what FRR runs.
    async fn checkpoint(&self, before: Arc<Config>, version: FrrVersion) -> Result<(), String> {
        let text = move || render(&before, &[], version);
        blocking(self.store, move |store| store.write_first_good(Timestamp::now(), text)).await
    }

    async fn store(&self, text: &Arc<Rendered>) -> Result<(), String> {
        let Some(generation) = self.generation.clone() else { return Ok(()) };
        let text = Arc::clone(text);
        blocking(self.store, move |store| store.write_generation(generation.as_str(), text.reveal())).await?;
        Ok(())
    }

    fn take_ready(&self) -> Option<Ready> {
        self.ready.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Loads lines by one `vtysh -f`.
    async fn send(&self, text: &Arc<Rendered>) -> Written {
        let ready = self.take_ready();
        match write_lines(self.store, text).await {
            Ok(file) => {
                let _quiet = self.frr.quiet().await;
                written(match ready {
                    Some(ready) => ready.load().await,
                    None => self.frr.vtysh().load(&file).await,
                })
            }
            Err(reason) => Written { failure: Some(reason), ..Written::default() },
        }
    }

    async fn reload(&self, text: &Arc<Rendered>) -> Written {
        let (version, copy) = (self.frr.version().await, Arc::clone(text));
        let version = match version {
            Ok(version) => version,
            Err(reason) => return Written { failure: Some(reason), ..Written::default() },
        };
        let stored = blocking(self.store, move |store| store.write_reload_file(copy.reveal())).await;
        if let Err(reason) = stored {
            return Written { failure: Some(reason), ..Written::default() };
        }
        let directory = self.store.path().join("reload");
        let rundir = self.frr.other_rundir();
        let command = reload::command(&self.frr.reload_script, &directory, rundir.as_deref(), version);
        let _quiet = self.frr.quiet().await;
        written(exec::run(command).await)
    }
}

/// What FRR's tools said.
fn written(output: Result<Output, CommandError>) -> Written {
    let output = match output {
        Ok(output) => output,
        Err(error) => {
            // A lock that somebody else holds makes vtysh repeat itself without end (T13).
            let is_locked = matches!(error, CommandError::TooMuchOutput { .. });
            let failure = Some(with_causes(&error));
            return Written { complaints: Vec::new(), is_locked, failure };
        }
    };
    let complaints = reload::complaints(&output.text());
    for complaint in &complaints {
        warn!(reason = complaint, "FRR complains");
    }
    debug!(exit = output.status.code(), elapsed_ms = output.elapsed.as_millis(), "written");
    // An exit code proves nothing of what FRR holds, but a tool that failed may do better the next time.
    let failure = (!output.status.success()).then(|| format!("the writer failed ({})", output.status));
    let is_locked = reload::is_locked(&output.text());
    let complaints = if is_locked { Vec::new() } else { complaints };
    Written { complaints, is_locked, failure }
}

/// Writes lines for vtysh; returns the file.
async fn write_lines(store: &Arc<Store>, text: &Arc<Rendered>) -> Result<std::path::PathBuf, String> {
    let text = Arc::clone(text);
    blocking(store, move |store| store.write_lines(text.reveal())).await
}

async fn blocking<T: Send + 'static>(
    store: &Arc<Store>,
    work: impl FnOnce(&Store) -> Result<T, StoreError> + Send + 'static,
) -> Result<T, String> {
    let store = Arc::clone(store);
    match tokio::task::spawn_blocking(move || work(&store)).await {
        Ok(done) => done.map_err(|error| with_causes(&error)),
        Err(error) => Err(with_causes(&error)),
    }
}
