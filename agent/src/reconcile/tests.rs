//! A machine without I/O, and what it is told.

mod applying;
mod clears;
mod guard;
mod refusals;

use std::path::PathBuf;

use frr_driver::{
    config::{load, render},
    merge::Desired,
    plan::{Plan, plan},
    session::{AddressFamily, FamilyState, Session, SessionState},
    vty_socket::Daemon,
};
use routelet_status::snapshot::{DaemonState, Engine, SourceError, Trouble};

use super::*;
use crate::{
    apply::{Failure, Left, Taken, Target},
    source::{SourceSpec, read_all},
};

const BASE: &str = "\
route-map 10.0.0.1-in deny 20
router bgp 64512
 no bgp default ipv4-unicast
 neighbor 10.0.0.1 remote-as 64513
 address-family ipv4 unicast
  neighbor 10.0.0.1 activate
  neighbor 10.0.0.1 route-map 10.0.0.1-in in
";
const EXTRAS: &str = "route-map 10.0.0.1-in permit 20\n";
const VERSION: FrrVersion = FrrVersion(8, 4, 4);
const FAMILY: AddressFamily = AddressFamily::Ipv4Unicast;

/// A machine, its files, its clock, and what it had stored against configurations.
struct Bench {
    machine: Machine,
    dir: tempfile::TempDir,
    now: Uptime,
    /// How far the wall's clock is ahead of the agent's.
    ahead: Duration,
    doubts: Doubts,
}

impl Bench {
    fn new() -> Self {
        Self::with(|_| {})
    }

    fn with(change: impl FnOnce(&mut Settings)) -> Self {
        let mut settings = Settings {
            node: "n".into(),
            period: Duration::from_secs(5),
            allow_empty_base: false,
            engine: EngineChoice::Auto,
            repairs_drift: true,
            guard: None,
            max_reset: None,
            clear: Most::Hard,
        };
        change(&mut settings);
        let bench = Self {
            machine: Machine::new(settings, Memory::default(), Doubts::default()),
            dir: tempfile::tempdir().unwrap(),
            now: Duration::ZERO,
            ahead: Duration::ZERO,
            doubts: Doubts::default(),
        };
        bench.write("base", BASE);
        bench
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path(name), text).unwrap();
    }

    fn step(&mut self, event: Event) -> Vec<Action> {
        let at = Timestamp::UNIX_EPOCH + self.ahead + self.now;
        let mut actions = self.machine.step(event, self.now, at);
        if let Some(Action::KeepDoubts(_)) = actions.first()
            && let Action::KeepDoubts(doubts) = actions.remove(0)
        {
            self.doubts = *doubts;
        }
        assert!(!actions.iter().any(|action| matches!(action, Action::KeepDoubts(_))), "comes first");
        actions
    }

    /// Kills the agent; another one starts after `away`, and reads its sources.
    fn restart(&mut self, away: Duration) {
        let memory = Memory {
            accepted: self.machine.memory.accepted.clone(),
            last_good: self.machine.applied.clone(),
            ..Memory::default()
        };
        // As they are on the disk.
        let doubts = serde_json::from_str(&serde_json::to_string(&self.doubts).unwrap()).unwrap();
        self.machine = Machine::new(self.machine.settings.clone(), memory, doubts);
        self.ahead += self.now + away;
        self.now = Duration::ZERO;
        assert!(applies(&self.read(false)).is_none(), "FRR was not seen yet");
    }

    fn read(&mut self, forced: bool) -> Vec<Action> {
        let extras: SourceSpec = format!("extras={}", self.path("extras").display()).parse().unwrap();
        let sources = Arc::new(read_all(&[SourceSpec::base(self.path("base")), extras]));
        self.step(Event::SourcesRead { sources, forced })
    }

    fn observe(&mut self, change: impl FnOnce(&mut Observation)) -> Vec<Action> {
        let mut session = Session::unknown(SessionId::in_default_vrf("10.0.0.1"));
        session.state = SessionState::Established;
        session.can_route_refresh = true;
        session.route_refresh_sent = Some(0);
        session.families.insert(FAMILY, FamilyState::default());
        let mut observation = Observation {
            version: Some(VERSION),
            sessions: Some(vec![session]),
            running: Some(digest("verified")),
            ..Observation::default()
        };
        observation.frr.daemons = vec![(Daemon::Zebra, DaemonState::Up), (Daemon::Bgpd, DaemonState::Up)];
        change(&mut observation);
        self.step(Event::Observed(Box::new(observation)))
    }

    /// Ends an apply; `touches` = the plan changed what the session lets in.
    fn taken(&mut self, desired: &Desired, touches: bool) -> Vec<Action> {
        let mut changes = Plan::default();
        if touches {
            changes = plan(&desired.config, &load("r", BASE, VERSION), VERSION);
        }
        let taken = Taken {
            plan: changes,
            engine: touches.then_some(Engine::FrrReload),
            unsettled: vec![],
            rendered: Arc::new(render(&desired.config, &[], VERSION)),
            digest: Some(digest("verified")),
        };
        let mut actions = self.ended(Outcome::Taken(Box::new(taken)));
        for kept in kept(&actions) {
            actions.extend(self.step(Event::Kept { generation: kept, error: None }));
        }
        actions
    }

    fn ended(&mut self, outcome: Outcome) -> Vec<Action> {
        self.step(Event::Applied { outcome: Box::new(outcome), duration: Duration::ZERO })
    }

    fn config(&self) -> ConfigState {
        self.machine.snapshot(Duration::ZERO, Timestamp::UNIX_EPOCH).config
    }

    /// A machine whose base is applied.
    fn settled() -> Self {
        Self::settled_with(|_| {})
    }

    fn settled_with(change: impl FnOnce(&mut Settings)) -> Self {
        let mut bench = Self::with(change);
        bench.read(false);
        let desired = applies(&bench.observe(|_| {})).unwrap();
        bench.taken(&desired, false);
        bench
    }
}

fn digest(text: &str) -> RunningDigest {
    RunningDigest::of([text])
}

fn orders(actions: &[Action]) -> Vec<&Order> {
    let mut orders = Vec::new();
    for action in actions {
        if let Action::Apply(order) = action {
            orders.push(&**order);
        }
    }
    orders
}

fn applies(actions: &[Action]) -> Option<Arc<Desired>> {
    let orders = orders(actions);
    assert!(orders.len() <= 1, "one apply at a time");
    match &orders.first()?.target {
        Target::Desired(desired) => Some(Arc::clone(desired)),
        Target::LastGood => panic!("an order to go back"),
    }
}

fn goes_back(actions: &[Action]) -> bool {
    orders(actions).iter().any(|order| matches!(order.target, Target::LastGood))
}

fn kept(actions: &[Action]) -> Vec<Generation> {
    let mut kept = Vec::new();
    for action in actions {
        if let Action::Keep { generation, .. } = action {
            kept.push(generation.clone());
        }
    }
    kept
}

fn clears(actions: &[Action]) -> Vec<Clear> {
    let mut clears = Vec::new();
    for action in actions {
        if let Action::Clear(clear) = action {
            clears.push(clear.clone());
        }
    }
    clears
}

fn failed(is_content: bool, left: Left) -> Outcome {
    Outcome::Failed(Box::new(Failure { is_content, left, ..Failure::new("no".into()) }))
}

fn no_longer_established(seen: &mut Observation) {
    for session in seen.sessions.iter_mut().flatten() {
        session.state = SessionState::Active;
    }
}
