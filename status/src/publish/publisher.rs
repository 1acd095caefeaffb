//! The task that writes.

use std::{collections::BTreeMap, fmt, pin::Pin, sync::Arc, time::Duration};

use jiff::Timestamp;
use tokio::{
    sync::{mpsc, watch},
    time::{Instant, sleep_until},
};
use tracing::{debug, warn};

use super::{
    cluster::{Cluster, Found},
    identity::Identity,
    object::Content,
    outbox::{Existing, Outbox, Outcome, Uptime},
    pace::Pace,
    recorder::{EventWrite, Recorder},
    trouble::{Teller, Trouble},
};
use crate::{
    news::News,
    project::second,
    report::{API_VERSION, Metadata, Object, Report},
};

/// What the command line decides.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Who the agent is.
    pub identity: Identity,
    /// How often to say that the agent is there; `None` = never.
    pub heartbeat: Option<Duration>,
    /// Whether the `Node` gets a condition `RoutesLearned`.
    pub with_node_condition: bool,
    /// What the times that are chosen at random begin with; another one for each agent.
    pub seed: u64,
}

/// A report for the API server.
#[derive(Clone, Debug)]
pub struct Posted {
    /// What is to be said.
    pub report: Arc<Report>,
    /// The agent remembers what it said before it was started: what the API server has was read, or is not needed.
    pub is_recalled: bool,
}

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counted {
    /// An object was written or deleted.
    Written,
    /// It was not.
    Failed,
    /// An event was written.
    EventWritten,
    /// It never will be.
    EventLeftOut,
}

/// Writes what it is given, until the sender of the reports is gone.
pub struct Publisher {
    cluster: Cluster,
    outbox: Outbox,
    recorder: Recorder,
    teller: Teller,
    events_teller: Teller,
    with_node_condition: bool,
    reports: watch::Receiver<Option<Posted>>,
    news: mpsc::Receiver<News>,
    /// Takes what the API server had when this was started; `None` = nothing.
    recalled: mpsc::Sender<Option<Report>>,
    counts: Box<dyn Fn(Counted) + Send + Sync>,
    started: Instant,
    is_recalled: bool,
    /// Ends when what was written is lost; `None` while there is nothing to lose.
    vigil: Option<Pin<Box<dyn Future<Output = ()> + Send>>>,
}

enum Wake {
    Reported,
    News(News),
    Due,
    Lost,
    Gone,
}

// === impl Publisher ===

impl Publisher {
    /// Returns a publisher that has not begun.
    ///
    /// `recalled` gets what the API server has of this node, once; nothing is written until a report says that it
    /// was taken into account. `counts` is called for each write.
    pub fn new(
        settings: Settings,
        reports: watch::Receiver<Option<Posted>>,
        news: mpsc::Receiver<News>,
        recalled: mpsc::Sender<Option<Report>>,
        counts: impl Fn(Counted) + Send + Sync + 'static,
    ) -> Self {
        let Settings { identity, heartbeat, with_node_condition, seed } = settings;
        Self {
            cluster: Cluster::new(identity),
            outbox: Outbox::new(Pace::new(seed), heartbeat, with_node_condition),
            recorder: Recorder::new(),
            teller: Teller::new("Kubernetes is not told what happens; FRR, status.json and metrics go on"),
            events_teller: Teller::new("some events are not written"),
            with_node_condition,
            reports,
            news,
            recalled,
            counts: Box::new(counts),
            started: Instant::now(),
            is_recalled: false,
            vigil: None,
        }
    }

    /// Writes until the sender of the reports is gone.
    pub async fn run(mut self) {
        loop {
            match self.wait().await {
                Wake::Gone => return,
                Wake::Reported => self.take_report(),
                Wake::News(news) => self.take_news(news),
                Wake::Due => self.write().await,
                Wake::Lost => {
                    debug!("what was written is gone");
                    self.vigil = None;
                    self.outbox.lost(self.started.elapsed());
                }
            }
            self.keep_vigil().await;
        }
    }

    async fn wait(&mut self) -> Wake {
        let due = self.started + self.deadline();
        tokio::select! {
            biased;
            changed = self.reports.changed() => if changed.is_ok() { Wake::Reported } else { Wake::Gone },
            Some(news) = self.news.recv() => Wake::News(news),
            () = sleep_until(due) => Wake::Due,
            () = ended(&mut self.vigil) => Wake::Lost,
        }
    }

    /// Watches over what is written, as long as there is something.
    async fn keep_vigil(&mut self) {
        if !self.outbox.has_node() {
            self.vigil = None;
        } else if self.vigil.is_none() {
            let pace = self.outbox.another_pace();
            // Without a client nothing would have been written.
            if let Ok(vigil) = self.cluster.vigil(pace).await {
                self.vigil = Some(Box::pin(vigil));
            }
        }
    }

    fn deadline(&self) -> Uptime {
        let objects = self.outbox.deadline();
        let events = self.recorder.deadline().map(|due| due.max(self.outbox.closed_until()));
        events.map_or(objects, |events| events.min(objects))
    }

    fn take_report(&mut self) {
        let posted = self.reports.borrow_and_update().clone();
        // What the API server has is asked for first: it may be older than what the agent knows of.
        let Some(posted) = posted.filter(|posted| posted.is_recalled) else { return };
        self.outbox.report(&posted.report, self.started.elapsed());
    }

    fn take_news(&mut self, news: News) {
        debug!(reason = %news.reason, note = news.note, "event");
        let (delay, id) = (self.outbox.spread_news(), self.outbox.number());
        self.recorder.take(news, id, delay, self.started.elapsed(), second(Timestamp::now()));
    }

    /// Does the one thing that is due first, so that what comes meanwhile is seen.
    async fn write(&mut self) {
        let now = self.started.elapsed();
        if self.outbox.wants_preparation(now) {
            self.prepare().await;
        } else if let Some(write) = self.outbox.next(now, Timestamp::now()) {
            let result = self.cluster.write(&write).await;
            let now = self.started.elapsed();
            self.tell(result.as_ref().err(), now);
            (self.counts)(if result.is_ok() { Counted::Written } else { Counted::Failed });
            let outcome = result.map_or_else(|trouble| trouble.outcome(), |()| Outcome::Written);
            if outcome == Outcome::Written {
                self.answered(now);
            }
            self.outbox.done(write, outcome, now);
        } else if let Some(write) = self.recorder.next(now) {
            let result = self.cluster.record(&write).await;
            let now = self.started.elapsed();
            self.recorded(&write, result, now);
        } else if self.outbox.wants_count(now) {
            self.count().await;
        }
        for _ in 0..self.recorder.take_left_out() {
            (self.counts)(Counted::EventLeftOut);
        }
    }

    fn recorded(&mut self, write: &EventWrite, result: Result<(), Trouble>, now: Uptime) {
        match result {
            Ok(()) => {
                self.recorder.done(write, true, now);
                self.answered(now);
                (self.counts)(Counted::EventWritten);
            }
            Err(trouble) if trouble.concerns_events_alone() => {
                // An event is gone after an hour. Else it may be there for the node, and only the pod's is not.
                let is_gone = matches!(trouble, Trouble::NotFound(_));
                self.recorder.done(write, !is_gone, now);
                (self.counts)(Counted::EventLeftOut);
                if !is_gone {
                    self.events_teller.failed(&trouble, now);
                }
            }
            Err(trouble) => {
                self.tell(Some(&trouble), now);
                if let Outcome::Failed { is_refusal, at_least } = trouble.outcome() {
                    self.outbox.pause(is_refusal, at_least, now);
                }
            }
        }
    }

    async fn prepare(&mut self) {
        let result = self.cluster.look(self.with_node_condition).await;
        let now = self.started.elapsed();
        self.tell(result.as_ref().err(), now);
        match result {
            Err(trouble) => {
                (self.counts)(Counted::Failed);
                let Outcome::Failed { is_refusal, at_least } = trouble.outcome() else {
                    return self.outbox.pause(true, Duration::ZERO, now);
                };
                self.outbox.pause(is_refusal, at_least, now);
            }
            Ok(found) => {
                if !found.has_node {
                    warn!(
                        "there is no Node of this name: the objects have no owner, nobody deletes them with it"
                    );
                }
                self.recall(&found).await;
                self.outbox.prepared(found.existing, found.nodes, now);
                self.answered(now);
            }
        }
    }

    /// Takes that the API server answers: what waits for that waits at every node.
    fn answered(&mut self, now: Uptime) {
        if self.outbox.is_away() {
            self.outbox.back(now);
            self.recorder.hold(now + self.outbox.spread_news());
        }
    }

    async fn count(&mut self) {
        let result = self.cluster.count().await;
        let now = self.started.elapsed();
        self.tell(result.as_ref().err(), now);
        match result {
            Ok(nodes) => {
                self.outbox.counted(nodes, now);
                self.answered(now);
            }
            Err(trouble) => {
                (self.counts)(Counted::Failed);
                let at_least = match trouble.outcome() {
                    Outcome::Failed { at_least, .. } => at_least,
                    Outcome::Written | Outcome::Gone | Outcome::Invalid => Duration::ZERO,
                };
                self.outbox.pause(matches!(trouble, Trouble::Forbidden(_)), at_least, now);
            }
        }
    }

    /// Gives the agent what it said before it was started.
    async fn recall(&mut self, found: &Found) {
        if !std::mem::replace(&mut self.is_recalled, true) {
            // Who does not take it ends.
            drop(self.recalled.send(report(&found.existing)).await);
        }
    }

    fn tell(&mut self, trouble: Option<&Trouble>, now: Uptime) {
        match trouble {
            // An object that somebody deleted is made anew.
            Some(Trouble::NotFound(what)) => debug!(what, "gone"),
            Some(trouble) => {
                self.teller.failed(trouble, now);
                if trouble.wants_new_client() {
                    self.cluster.forget_client();
                }
            }
            None => self.teller.succeeded(now),
        }
    }
}

async fn ended(vigil: &mut Option<Pin<Box<dyn Future<Output = ()> + Send>>>) {
    match vigil {
        Some(vigil) => vigil.await,
        None => std::future::pending().await,
    }
}

/// The report that was written as these objects; `None` if the node's is not among them.
fn report(existing: &[Existing]) -> Option<Report> {
    let metadata =
        |existing: &Existing| Metadata { name: existing.key.name.clone(), labels: BTreeMap::new() };
    let object = |kind: &str| (API_VERSION.to_owned(), kind.to_owned());
    let mut node = None;
    let mut sessions = Vec::new();
    for existing in existing {
        match &existing.content {
            Some(Content::Node(status)) => {
                let (api_version, kind) = object("BGPNode");
                node = Some(Object {
                    api_version,
                    kind,
                    metadata: metadata(existing),
                    status: (**status).clone(),
                });
            }
            Some(Content::Session(status)) => {
                let (api_version, kind) = object("BGPSession");
                sessions.push(Object {
                    api_version,
                    kind,
                    metadata: metadata(existing),
                    status: (**status).clone(),
                });
            }
            Some(Content::NodeCondition(_)) | None => {}
        }
    }
    let node = node?;
    Some(Report {
        api_version: API_VERSION.to_owned(),
        time: node.status.last_heartbeat.unwrap_or(Timestamp::UNIX_EPOCH),
        period_seconds: 0,
        node,
        sessions,
    })
}

// === impl Publisher ===

impl fmt::Debug for Publisher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Publisher").field("outbox", &self.outbox).finish_non_exhaustive()
    }
}
