//! The agents: the real projection and the real publisher, without FRR below them.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use jiff::Timestamp;
use routelet_status::{
    news::{self, News},
    project::project,
    publish::{Identity, Pod, Posted, Publisher, Settings},
    recall::Recall,
    report::Report,
};
use tokio::{
    runtime::Runtime,
    sync::{mpsc, watch},
    task::JoinHandle,
};

use crate::{bed::NAMESPACE, error::ScaleError, tally::Tally, world::World};

/// News that may wait for the publisher, as in the agent.
const NEWS_MAX: usize = 256;

/// All agents of a cluster.
pub(crate) struct Fleet {
    runtime: Arc<Runtime>,
    tally: Arc<Tally>,
    kubeconfig: std::path::PathBuf,
    members: Vec<Member>,
    starts: u64,
}

/// A node and its agent.
struct Member {
    world: Arc<Mutex<World>>,
    agent: Option<Agent>,
}

/// What an agent holds of its publisher.
struct Agent {
    said: Arc<Mutex<Option<Arc<Report>>>>,
    reports: watch::Sender<Option<Posted>>,
    news: mpsc::Sender<News>,
    publisher: JoinHandle<()>,
}

// === impl Fleet ===

impl Fleet {
    /// Returns the nodes, without agents.
    pub(crate) fn new(
        nodes: usize,
        runtime: Arc<Runtime>,
        kubeconfig: std::path::PathBuf,
        tally: Arc<Tally>,
    ) -> Self {
        let now = Timestamp::now();
        let member = |number| Member { world: Arc::new(Mutex::new(World::new(number, now))), agent: None };
        Self { runtime, tally, kubeconfig, members: (0..nodes).map(member).collect(), starts: 0 }
    }

    /// Starts all agents one after the other `within` that time; those that run are stopped first.
    pub(crate) fn start(&mut self, heartbeat: Option<Duration>, within: Duration) -> Result<(), ScaleError> {
        let started = crate::clock::now();
        let count = u32::try_from(self.members.len()).unwrap_or(u32::MAX);
        for number in 0..self.members.len() {
            let at = within / count * u32::try_from(number).unwrap_or_default();
            crate::clock::pass_until(started + at);
            self.start_one(number, heartbeat)?;
        }
        Ok(())
    }

    fn start_one(&mut self, number: usize, heartbeat: Option<Duration>) -> Result<(), ScaleError> {
        self.starts += 1;
        let seed = self.starts.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let Some(member) = self.members.get_mut(number) else { return Ok(()) };
        if let Some(agent) = member.agent.take() {
            agent.publisher.abort();
            match self.runtime.block_on(agent.publisher) {
                Err(error) if error.is_panic() => return Err(error.into()),
                Ok(()) | Err(_) => {}
            }
        }
        let node = lock(&member.world).node.clone();
        let pod = format!("routelet-{:05x}", self.starts);
        let pod = Pod { namespace: NAMESPACE.to_owned(), uid: Some(pod.clone()), name: pod };
        let kubeconfig = Some(self.kubeconfig.clone());
        let settings = Settings {
            identity: Identity { node, pod: Some(pod), kubeconfig },
            heartbeat,
            with_node_condition: false,
            seed,
        };
        let (reports, reports_receiver) = watch::channel(None);
        let (news, news_receiver) = mpsc::channel(NEWS_MAX);
        let (recalled_sender, recalled) = mpsc::channel(1);
        let tally = Arc::clone(&self.tally);
        let counts = move |counted| tally.count(counted);
        // Its deadlines and its connection belong to the runtime.
        let entered = self.runtime.enter();
        let publisher = tokio::spawn(
            Publisher::new(settings, reports_receiver, news_receiver, recalled_sender, counts).run(),
        );
        drop(entered);
        let said = Arc::new(Mutex::new(None));
        self.runtime.spawn(begin(Arc::clone(&member.world), Arc::clone(&said), reports.clone(), recalled));
        member.agent = Some(Agent { said, reports, news, publisher });
        Ok(())
    }

    /// Lets something happen at all nodes, one after the other `within` that time.
    pub(crate) fn happen(&self, within: Duration, change: impl Fn(&mut World, Timestamp)) {
        let started = crate::clock::now();
        let count = u32::try_from(self.members.len()).unwrap_or(u32::MAX);
        for (number, member) in self.members.iter().enumerate() {
            crate::clock::pass_until(started + within / count * u32::try_from(number).unwrap_or_default());
            let now = Timestamp::now();
            let mut world = lock(&member.world);
            change(&mut world, now);
            if let Some(agent) = &member.agent {
                agent.observe(&world, now, &self.tally);
            }
        }
    }

    /// Returns what the API server shall have in the end, by node; `None` where the agent has not said anything yet.
    pub(crate) fn wanted(&self) -> Vec<Option<Arc<Report>>> {
        let said = |member: &Member| lock(&member.agent.as_ref()?.said).clone();
        self.members.iter().map(said).collect()
    }
}

/// Says what is so, once it is known what was said before, as an agent in a new pod does.
async fn begin(
    world: Arc<Mutex<World>>,
    said: Arc<Mutex<Option<Arc<Report>>>>,
    reports: watch::Sender<Option<Posted>>,
    mut recalled: mpsc::Receiver<Option<Report>>,
) {
    let Some(stored) = recalled.recv().await else { return };
    let world = lock(&world);
    let snapshot = world.snapshot(Timestamp::now());
    let mut report = project(&snapshot, None);
    if let Some(stored) = stored {
        Recall::of(&stored).amend(&mut report);
        report = project(&snapshot, Some(&report));
    }
    let report = Arc::new(report);
    *lock(&said) = Some(Arc::clone(&report));
    reports.send_replace(Some(Posted { report, is_recalled: true }));
}

fn lock<T>(value: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    value.lock().unwrap_or_else(PoisonError::into_inner)
}

// === impl Agent ===

impl Agent {
    /// Publishes what is so now; nothing, as long as it is not known what was said before.
    fn observe(&self, world: &World, now: Timestamp, tally: &Tally) {
        let mut said = lock(&self.said);
        let Some(before) = said.clone() else { return };
        let report = Arc::new(project(&world.snapshot(now), Some(&before)));
        for news in news::between(&before, &report) {
            if self.news.try_send(news).is_err() {
                tally.count(routelet_status::publish::Counted::EventLeftOut);
            }
        }
        self.reports.send_replace(Some(Posted { report: Arc::clone(&report), is_recalled: true }));
        *said = Some(report);
    }
}
