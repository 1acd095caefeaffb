//! The loop: one task owns the machine, waits for one event, takes a step, does the actions.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use frr_driver::{clear, config::Rendered, merge::Generation, vty_socket::Daemon};
use jiff::Timestamp;
use routelet_status::{project::project, recall::Recall, report::Report};
use tokio::{
    signal::unix::{Signal, SignalKind, signal},
    sync::{mpsc, oneshot, watch},
    time::{Instant, sleep, sleep_until},
};
use tracing::{error, info, warn};

use crate::{
    apply::{Order, apply},
    control::{Answer, Request},
    desired::with_causes,
    frr::Frr,
    http::Published,
    kube::Kube,
    metrics::Metrics,
    observe::{Heart, Hold, Observation, Observer},
    persist::Persist,
    reconcile::{Action, Event, Machine},
    source::Delivery,
    store::Store,
};

/// How often FRR is looked at while something is awaited from it.
const PERIOD_WAITING: Duration = Duration::from_secs(1);

/// Results that may wait for the loop: each comes from an action of its own, and there are few at a time.
const RESULTS_MAX: usize = 256;

/// How often FRR's pulse is felt: a daemon that dies is known within this time.
const PULSE: Duration = Duration::from_secs(1);

/// How long an apply may be under way before it is reported: most are done before, and their report says more.
const REPORTED_AFTER: Duration = Duration::from_millis(250);

/// How old an agent may be to believe what Kubernetes has of its node: later it knows better since when things are so.
const RECALLED_WITHIN: Duration = Duration::from_mins(1);

/// What the loop works with.
pub(crate) struct Runner {
    pub(crate) machine: Machine,
    pub(crate) frr: Frr,
    pub(crate) store: Arc<Store>,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) period: Duration,
    pub(crate) sources: watch::Receiver<Option<Delivery>>,
    pub(crate) rereads: watch::Sender<u64>,
    pub(crate) published: watch::Sender<Arc<Published>>,
    pub(crate) requests: mpsc::Receiver<Request>,
    pub(crate) persist: Arc<Persist>,
    pub(crate) hold: Option<Hold>,
    pub(crate) kube: Option<Kube>,
    /// What the agent before this one reported.
    pub(crate) said: Option<Report>,
    pub(crate) recall: Recall,
    /// The last request to read again that was answered.
    pub(crate) answered: u64,
}

/// What the loop wakes up for.
enum Wake {
    Event(Event),
    Asked(Request),
    Observed(Box<(Observer, Observation)>),
    ObservationDue,
    ReportDue,
    Reread,
    Recalled(Option<Box<Report>>),
    ShutDown,
    Nothing,
}

/// What has come of the actions, and what is still under way.
struct InFlight {
    started: Instant,
    results: mpsc::Sender<Wake>,
    /// `None` while an observation is under way.
    observer: Option<Observer>,
    next_observation: Instant,
    report: Option<Arc<Report>>,
    /// When the news that an apply is under way is reported, if nothing else is before.
    report_due: Option<Instant>,
    /// Who waits for what comes of the desired configuration.
    waiting: Vec<oneshot::Sender<Answer>>,
    /// Who waits for what comes of a clear, by ticket.
    asked: BTreeMap<u64, oneshot::Sender<Answer>>,
    next_ticket: u64,
}

struct Signals {
    terminate: Signal,
    interrupt: Signal,
    hang_up: Signal,
}

// === impl Runner ===

impl Runner {
    /// Runs until SIGTERM or SIGINT; FRR keeps its configuration and its sessions.
    pub(crate) async fn run(mut self) -> std::io::Result<()> {
        let mut signals = Signals {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            hang_up: signal(SignalKind::hangup())?,
        };
        let (results, mut done) = mpsc::channel(RESULTS_MAX);
        let started = Instant::now();
        let mut in_flight = InFlight {
            started,
            results,
            observer: Some(Observer::new(self.frr.clone(), self.hold.clone())),
            next_observation: started,
            report: self.said.take().map(Arc::new),
            report_due: None,
            waiting: Vec::new(),
            asked: BTreeMap::new(),
            next_ticket: 0,
        };
        tokio::spawn(feel_the_pulse(Heart::new(self.frr.clone()), in_flight.results.clone()));
        loop {
            let wake = self.wait(&mut signals, &mut done, &in_flight).await;
            if matches!(wake, Wake::ShutDown) {
                break;
            }
            let Some(event) = self.take(wake, &mut in_flight).await else { continue };
            let is_news = !matches!(event, Event::DeadlineReached | Event::AcceptedKept { .. });
            let actions = self.machine.step(event, in_flight.started.elapsed(), Timestamp::now());
            let is_applying = actions.iter().any(|action| matches!(action, Action::Apply(_)));
            for action in actions {
                self.start(action, &mut in_flight).await;
            }
            if is_applying {
                in_flight.report_due.get_or_insert_with(|| Instant::now() + REPORTED_AFTER);
            } else if is_news {
                self.publish(&mut in_flight).await;
            }
            if let Some(verdict) = self.machine.verdict().filter(|_| !in_flight.waiting.is_empty()) {
                for waiting in in_flight.waiting.drain(..) {
                    // Who asked may have gone away.
                    drop(waiting.send(verdict.clone()));
                }
            }
        }
        info!("agent stopped, FRR goes on as it is");
        Ok(())
    }

    /// Returns what the machine has to know of `wake`.
    async fn take(&mut self, wake: Wake, in_flight: &mut InFlight) -> Option<Event> {
        match wake {
            Wake::ShutDown | Wake::Nothing => None,
            Wake::Reread => {
                info!("asked to read the sources again");
                self.rereads.send_modify(|request| *request += 1);
                None
            }
            Wake::Recalled(stored) => {
                self.recall(stored, in_flight).await;
                None
            }
            Wake::ObservationDue => {
                self.start_observation(in_flight);
                None
            }
            Wake::ReportDue => {
                self.publish(in_flight).await;
                None
            }
            Wake::Observed(both) => {
                let (observer, observation) = *both;
                in_flight.observer = Some(observer);
                Some(Event::Observed(Box::new(observation)))
            }
            Wake::Asked(Request::ApplyNow { answer }) => {
                in_flight.waiting.push(answer);
                Some(Event::ApplyNow)
            }
            Wake::Asked(Request::Clear { session, is_hard, answer }) => {
                let ticket = in_flight.next_ticket;
                in_flight.next_ticket += 1;
                in_flight.asked.insert(ticket, answer);
                Some(Event::ClearAsked { ticket, session, is_hard })
            }
            Wake::Event(event) => Some(event),
        }
    }

    async fn wait(
        &mut self,
        signals: &mut Signals,
        done: &mut mpsc::Receiver<Wake>,
        in_flight: &InFlight,
    ) -> Wake {
        let deadline = self.machine.next_deadline().map(|deadline| in_flight.started + deadline);
        let observation = in_flight.observer.as_ref().map(|_| in_flight.next_observation);
        tokio::select! {
            biased;
            _ = signals.terminate.recv() => Wake::ShutDown,
            _ = signals.interrupt.recv() => Wake::ShutDown,
            _ = signals.hang_up.recv() => Wake::Reread,
            Some(wake) = done.recv() => wake,
            Some(request) = self.requests.recv() => Wake::Asked(request),
            stored = recalled(&mut self.kube) => Wake::Recalled(stored.map(Box::new)),
            Ok(()) = self.sources.changed() => {
                let delivery = self.sources.borrow_and_update().clone();
                delivery.map_or(Wake::Nothing, |delivery| self.read(delivery))
            }
            () = until(observation) => Wake::ObservationDue,
            () = until(in_flight.report_due) => Wake::ReportDue,
            () = until(deadline) => Wake::Event(Event::DeadlineReached),
        }
    }

    fn read(&mut self, delivery: Delivery) -> Wake {
        let forced = delivery.answers > self.answered;
        self.answered = delivery.answers;
        Wake::Event(Event::SourcesRead { sources: delivery.sources, forced })
    }

    fn start_observation(&self, in_flight: &mut InFlight) {
        let Some(mut observer) = in_flight.observer.take() else { return };
        let period =
            if self.machine.is_waiting_for_frr() { PERIOD_WAITING.min(self.period) } else { self.period };
        in_flight.next_observation = Instant::now() + period;
        let results = in_flight.results.clone();
        tokio::spawn(async move {
            let observation = observer.observe().await;
            // The loop is gone only when the agent ends.
            drop(results.send(Wake::Observed(Box::new((observer, observation)))).await);
        });
    }

    async fn start(&self, action: Action, in_flight: &mut InFlight) {
        match action {
            Action::Apply(order) => self.start_apply(*order, in_flight),
            Action::Keep { generation, rendered } => self.keep(generation, rendered, in_flight),
            Action::Clear(clear) => {
                let (frr, results) = (self.frr.clone(), in_flight.results.clone());
                tokio::spawn(async move {
                    let command = clear::command(&clear.session, clear.family, clear.kind);
                    let complaint = match frr.socket(Daemon::Bgpd).ask(&command).await {
                        Ok(reply) => {
                            clear::judge(&reply.text).err().map(|error| error.complaint).unwrap_or_default()
                        }
                        Err(error) => with_causes(&error),
                    };
                    let event = Event::Cleared { clear, complaint };
                    drop(results.send(Wake::Event(event)).await);
                });
            }
            Action::Answer { ticket, answer } => {
                // Who asked may have gone away.
                drop(in_flight.asked.remove(&ticket).map(|waiting| waiting.send(answer)));
            }
            Action::Observe => {
                in_flight.next_observation = Instant::now();
                if let Some(observer) = &mut in_flight.observer {
                    observer.expect_change();
                }
            }
            Action::KeepAccepted { name, text } => {
                let (store, results) = (Arc::clone(&self.store), in_flight.results.clone());
                tokio::task::spawn_blocking(move || {
                    let kept = match text {
                        Some(text) => store.save_accepted(&name, &text),
                        None => store.forget_accepted(&name),
                    };
                    let error = kept.err().map(|error| with_causes(&error));
                    // The loop is gone only when the agent ends.
                    drop(results.blocking_send(Wake::Event(Event::AcceptedKept { name, error })));
                });
            }
            Action::KeepDoubts(doubts) => {
                let store = Arc::clone(&self.store);
                let kept = tokio::task::spawn_blocking(move || store.write_doubts(&doubts)).await;
                if let Ok(Err(error)) = kept {
                    warn!(
                        reason = with_causes(&error),
                        "a restart would forget what is bad or not confirmed"
                    );
                }
            }
            Action::CountApply { result, duration } => self.metrics.applied(result, duration),
            Action::CountRejection { source } => self.metrics.rejected(&source),
            Action::CountClear { kind, is_sent } => self.metrics.cleared(kind, is_sent),
            Action::TimeClear { kind, took } => self.metrics.clear_took(kind, took),
            Action::CountDrift { is_repaired } => self.metrics.drifted(is_repaired),
            Action::Tell(news) => {
                if let Some(kube) = &self.kube {
                    kube.tell(news);
                }
            }
        }
    }

    fn start_apply(&self, order: Order, in_flight: &InFlight) {
        let (frr, store, results) = (self.frr.clone(), Arc::clone(&self.store), in_flight.results.clone());
        tokio::spawn(async move {
            let (outcome, duration) = apply(&frr, &store, order).await;
            let event = Event::Applied { outcome: Box::new(outcome), duration };
            drop(results.send(Wake::Event(event)).await);
        });
    }

    /// Stores the last good configuration, for the agent and for FRR's own start.
    fn keep(&self, generation: Generation, rendered: Arc<Rendered>, in_flight: &InFlight) {
        let (store, persist) = (Arc::clone(&self.store), Arc::clone(&self.persist));
        let results = in_flight.results.clone();
        tokio::spawn(async move {
            let stored = generation.clone();
            let kept = tokio::task::spawn_blocking(move || {
                let text = rendered.reveal();
                let kept = store.write_last_good(stored.as_str(), Timestamp::now(), text);
                persist.write(text);
                kept
            });
            let error = match kept.await {
                Ok(kept) => kept.err().map(|error| with_causes(&error)),
                Err(error) => Some(with_causes(&error)),
            };
            drop(results.send(Wake::Event(Event::Kept { generation, error })).await);
        });
    }

    /// Takes what Kubernetes had of this node: who comes into a new pod has no other memory.
    async fn recall(&mut self, stored: Option<Box<Report>>, in_flight: &mut InFlight) {
        let is_young = in_flight.started.elapsed() < RECALLED_WITHIN;
        let stored = stored.filter(|_| is_young).map(|stored| *stored);
        if let Some(kube) = &mut self.kube {
            kube.recall(stored, in_flight.report.as_mut().map(Arc::make_mut));
        }
        self.publish(in_flight).await;
    }

    /// Publishes to the file, the metrics and the server.
    async fn publish(&mut self, in_flight: &mut InFlight) {
        in_flight.report_due = None;
        let snapshot = self.machine.snapshot(in_flight.started.elapsed(), Timestamp::now());
        let mut report = project(&snapshot, in_flight.report.as_deref());
        self.recall.amend(&mut report);
        let report = Arc::new(report);
        self.metrics.update(&snapshot);
        self.published.send_replace(Arc::new(Published {
            report: Some(Arc::clone(&report)),
            ready: self.machine.readiness(),
            ticked_at: Instant::now(),
        }));
        if let Some(kube) = &self.kube {
            kube.publish(in_flight.report.as_deref(), &report);
        }
        in_flight.report = Some(Arc::clone(&report));
        let store = Arc::clone(&self.store);
        let written = tokio::task::spawn_blocking(move || match serde_json::to_vec_pretty(&*report) {
            Ok(json) => store.write_status(&json).map_err(|error| with_causes(&error)),
            Err(error) => Err(with_causes(&error)),
        });
        if let Ok(Err(reason)) = written.await {
            error!(reason, "status cannot be written");
        }
    }
}

/// Waits until it is known what Kubernetes had of this node.
async fn recalled(kube: &mut Option<Kube>) -> Option<Report> {
    match kube {
        Some(kube) => kube.recalled().await,
        None => std::future::pending().await,
    }
}

async fn until(at: Option<Instant>) {
    match at {
        Some(at) => sleep_until(at).await,
        None => std::future::pending().await,
    }
}

/// Tells of every change of FRR's pulse.
async fn feel_the_pulse(mut heart: Heart, results: mpsc::Sender<Wake>) {
    let mut last = None;
    loop {
        let pulse = heart.feel().await;
        if last.as_ref() != Some(&pulse) {
            last = Some(pulse.clone());
            if results.send(Wake::Event(Event::Felt(pulse))).await.is_err() {
                return;
            }
        }
        sleep(PULSE).await;
    }
}
