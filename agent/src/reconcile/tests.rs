use std::path::PathBuf;

use frr_driver::{
    plan::Plan,
    session::{FamilyState, Session, SessionState},
    vty_socket::Daemon,
};
use routelet_status::snapshot::DaemonState;

use super::{clears::LOOK_AGAIN_AFTER, *};
use crate::source::{SourceSpec, read_all};

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
const FAMILY: AddressFamily = AddressFamily::Ipv4Unicast;

/// A machine, its files and its clock.
struct Bench {
    machine: Machine,
    dir: tempfile::TempDir,
    now: Uptime,
}

impl Bench {
    fn new() -> Self {
        let settings = Settings { node: "n".into(), period: Duration::from_secs(5), allow_empty_base: false };
        let bench = Self {
            machine: Machine::new(settings, Memory::default()),
            dir: tempfile::tempdir().unwrap(),
            now: Duration::ZERO,
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
        self.machine.step(event, self.now, Timestamp::UNIX_EPOCH)
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
            version: Some(FrrVersion(8, 4, 4)),
            sessions: Some(vec![session]),
            running_digest: Some([1; 32]),
            ..Observation::default()
        };
        observation.frr.daemons = vec![(Daemon::Zebra, DaemonState::Up), (Daemon::Bgpd, DaemonState::Up)];
        change(&mut observation);
        self.step(Event::Observed(Box::new(observation)))
    }

    /// Ends an apply; `touches` = the plan changed what the session lets in.
    fn taken(&mut self, desired: &Desired, touches: bool) -> Vec<Action> {
        let mut plan = Plan::default();
        if touches {
            let running = frr_driver::config::load("r", BASE, FrrVersion(8, 4, 4));
            plan = frr_driver::plan::plan(&desired.config, &running, FrrVersion(8, 4, 4));
        }
        let taken = Taken { plan, unsettled: vec![], digest: Some([1; 32]), duration: Duration::ZERO };
        let outcome = Box::new(Outcome::Taken(Box::new(taken)));
        self.step(Event::Applied { generation: desired.generation.clone(), outcome })
    }

    fn failed(&mut self, desired: &Desired, outcome: Outcome) -> Vec<Action> {
        self.step(Event::Applied { generation: desired.generation.clone(), outcome: Box::new(outcome) })
    }

    /// A machine whose base is applied.
    fn settled() -> Self {
        let mut bench = Self::new();
        bench.read(false);
        let desired = applies(&bench.observe(|_| {})).unwrap();
        bench.taken(&desired, false);
        bench
    }
}

fn applies(actions: &[Action]) -> Option<Arc<Desired>> {
    let mut applies = actions.iter().filter_map(|action| {
        if let Action::Apply(desired) = action { Some(Arc::clone(desired)) } else { None }
    });
    let first = applies.next();
    assert!(applies.next().is_none(), "one apply at a time");
    first
}

fn clears(actions: &[Action]) -> usize {
    actions.iter().filter(|action| matches!(action, Action::Clear { .. })).count()
}

fn broken() -> Outcome {
    Outcome::Failed { reason: "no".into(), missing: vec![], digest: None, duration: Duration::ZERO }
}

#[test]
fn nothing_is_written_before_frr_was_seen() {
    let mut bench = Bench::new();
    assert!(applies(&bench.read(false)).is_none());
    assert!(applies(&bench.observe(|_| {})).is_some());
}

#[test]
fn nothing_is_written_while_a_daemon_is_silent() {
    for state in [DaemonState::Down, DaemonState::Hung] {
        let mut bench = Bench::new();
        bench.read(false);
        assert!(applies(&bench.observe(|seen| seen.frr.daemons[0].1 = state)).is_none());
        assert!(bench.machine.readiness().unwrap_err().contains("zebra"));
        assert!(applies(&bench.observe(|_| {})).is_some());
    }
}

#[test]
fn an_idle_machine_does_nothing() {
    let mut bench = Bench::settled();
    for _ in 0..100 {
        bench.now += Duration::from_secs(5);
        assert!(bench.observe(|_| {}).is_empty());
        assert!(bench.read(false).is_empty());
    }
    assert_eq!(bench.machine.next_deadline(), None);
    assert_eq!(bench.machine.readiness(), Ok(()));
}

#[test]
fn the_session_that_a_change_touches_is_cleared_once() {
    let mut bench = Bench::settled();
    bench.write("extras", EXTRAS);
    let desired = applies(&bench.read(false)).unwrap();
    let actions = bench.taken(&desired, true);
    assert_eq!(clears(&actions), 1);
    assert_eq!(clears(&bench.observe(|_| {})), 0);
}

#[test]
fn a_change_that_comes_while_another_is_applied_is_not_lost() {
    let mut bench = Bench::settled();
    bench.write("extras", EXTRAS);
    let first = applies(&bench.read(false)).unwrap();
    // Back to what is applied already: the change under way makes it a change again.
    std::fs::remove_file(bench.path("extras")).unwrap();
    assert!(applies(&bench.read(false)).is_none());
    let second = applies(&bench.taken(&first, true)).unwrap();
    assert_ne!(first.generation, second.generation);
}

#[test]
fn a_failed_apply_is_tried_again_with_growing_pauses() {
    let mut bench = Bench::new();
    bench.read(false);
    let desired = applies(&bench.observe(|_| {})).unwrap();
    for pause in [2, 4, 8, 16, 32, 64, 128, 256, 300, 300] {
        assert!(applies(&bench.failed(&desired, broken())).is_none());
        let deadline = bench.machine.next_deadline().unwrap();
        assert_eq!(deadline, bench.now + Duration::from_secs(pause));
        bench.now = deadline;
        assert!(applies(&bench.step(Event::DeadlineReached)).is_some());
    }
}

#[test]
fn what_frr_refuses_is_not_tried_again_until_it_changes() {
    let mut bench = Bench::new();
    bench.write("base", &format!("{BASE}frobnicate yes\n"));
    bench.read(false);
    let desired = applies(&bench.observe(|_| {})).unwrap();
    let error = SourceError { line: Some(8), message: "FRR refuses this line".into() };
    let errors = vec![(Some("base".to_owned()), error)];
    bench.failed(&desired, Outcome::Refused { errors, duration: Duration::ZERO });
    for _ in 0..10 {
        bench.now += Duration::from_mins(1);
        assert!(applies(&bench.observe(|_| {})).is_none());
    }
    let snapshot = bench.machine.snapshot(Timestamp::UNIX_EPOCH);
    assert_eq!(snapshot.sources.unwrap()[0].errors[0].line, Some(8));
    bench.write("base", BASE);
    assert!(applies(&bench.read(false)).is_some());
}

#[test]
fn a_restart_and_a_change_by_hand_are_looked_into_once() {
    let mut bench = Bench::settled();
    let desired = applies(&bench.observe(|seen| seen.running_digest = Some([2; 32]))).unwrap();
    assert!(applies(&bench.taken(&desired, false)).is_none());
    assert!(applies(&bench.observe(|_| {})).is_none());
    let restarted = |seen: &mut Observation| seen.incarnations = vec![(Daemon::Bgpd, None)];
    let desired = applies(&bench.observe(restarted)).unwrap();
    assert!(applies(&bench.taken(&desired, false)).is_none());
    assert!(applies(&bench.observe(restarted)).is_none());
}

#[test]
fn whoever_asks_gets_an_apply() {
    let mut bench = Bench::settled();
    assert!(applies(&bench.read(true)).is_some());
}

/// Up to 10.3 a map made anew is bound when the delay timer fires: FRR asks the peer then, or the agent does.
#[track_caller]
fn looks_again(refreshes_after: u64, want: usize) {
    let mut bench = Bench::settled();
    let session = SessionId::in_default_vrf("10.0.0.1");
    let (kind, reason, complaint) = (ClearKind::SoftIn, String::new(), String::new());
    bench.step(Event::Cleared { session, family: FAMILY, kind, reason, complaint });
    let sent = |count| {
        move |seen: &mut Observation| {
            for session in seen.sessions.iter_mut().flatten() {
                session.route_refresh_sent = Some(count);
            }
        }
    };
    bench.observe(sent(1));
    bench.now += LOOK_AGAIN_AFTER;
    assert_eq!(clears(&bench.observe(sent(1 + refreshes_after))), want);
}

#[test]
fn a_session_that_frr_did_not_read_again_is_cleared_again() {
    looks_again(0, 1);
}

#[test]
fn a_session_that_frr_read_again_is_left() {
    looks_again(1, 0);
}

#[test]
fn a_touch_says_nothing_about_others() {
    let mut bench = Bench::settled();
    bench.write("extras", EXTRAS);
    let desired = applies(&bench.read(false)).unwrap();
    bench.observe(|seen| {
        let mut other = Session::unknown(SessionId::in_default_vrf("10.0.0.2"));
        other.state = SessionState::Established;
        other.families.insert(FAMILY, FamilyState::default());
        seen.sessions.as_mut().unwrap().push(other);
    });
    assert_eq!(clears(&bench.taken(&desired, true)), 1);
}
