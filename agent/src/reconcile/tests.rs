use std::path::PathBuf;

use frr_driver::{
    config::{load, render},
    merge::Desired,
    plan::{Plan, plan},
    session::{FamilyState, Session, SessionState},
    vty_socket::Daemon,
};
use routelet_status::snapshot::{DaemonState, Engine, SourceError, Trouble};

use super::{clears::LOOK_AGAIN_AFTER, *};
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
        let memory = Memory { accepted: self.machine.memory.accepted.clone(), ..Memory::default() };
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
        self.machine.snapshot(Timestamp::UNIX_EPOCH).config
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

fn clears(actions: &[Action]) -> usize {
    actions.iter().filter(|action| matches!(action, Action::Clear { .. })).count()
}

fn failed(is_content: bool, left: Left) -> Outcome {
    Outcome::Failed(Box::new(Failure { is_content, left, ..Failure::new("no".into()) }))
}

fn no_longer_established(seen: &mut Observation) {
    for session in seen.sessions.iter_mut().flatten() {
        session.state = SessionState::Active;
    }
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
    applies(&bench.observe(|_| {})).unwrap();
    for pause in [2, 4, 8, 16, 32, 64, 128, 256, 300, 300] {
        assert!(applies(&bench.ended(failed(false, Left::Untouched))).is_none());
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
    applies(&bench.observe(|_| {})).unwrap();
    let error = SourceError { line: Some(8), message: "FRR refuses this line".into() };
    let errors = vec![(Some("base".to_owned()), error)];
    bench.ended(Outcome::Refused { errors });
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
    let desired = applies(&bench.observe(|seen| seen.running = Some(digest("typed")))).unwrap();
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

#[test]
fn nothing_new_is_tried_while_the_last_good_configuration_is_not_on_the_disk() {
    let mut bench = Bench::settled();
    bench.write("extras", EXTRAS);
    let first = applies(&bench.read(false)).unwrap();
    let (generation, full) = (first.generation.clone(), Some("no space".to_owned()));
    bench.taken(&first, true);
    bench.machine.unkept = None;
    let actions = &mut Vec::new();
    bench.machine.keep(generation.clone(), Arc::new(render(&first.config, &[], VERSION)), actions);
    bench.step(Event::Kept { generation: generation.clone(), error: full });
    bench.write("extras", "");
    assert!(applies(&bench.read(false)).is_none());
    assert!(bench.config().pending.unwrap().contains("no space"));
    assert_eq!(kept(&bench.observe(|_| {})), std::slice::from_ref(&generation));
    assert!(applies(&bench.step(Event::Kept { generation, error: None })).is_some());
}

#[test]
fn lines_that_frr_does_not_take_are_not_tried_again_and_their_source_is_named() {
    let mut bench = Bench::settled();
    bench.write("extras", EXTRAS);
    let first = applies(&bench.read(false)).unwrap();
    let base = bench.machine.applied.clone().unwrap();
    let left = Left::LastGood { generation: Some(base.to_string()) };
    let error = SourceError { line: Some(1), message: "FRR did not take this line".into() };
    let lines = vec![(Some("extras".to_owned()), error)];
    let digest = Some(digest("verified"));
    let failure = Failure { is_content: true, left, lines, digest, ..Failure::new("no".into()) };
    // Without the contribution that is what runs already.
    assert!(applies(&bench.ended(Outcome::Failed(Box::new(failure)))).is_none());
    assert_ne!(bench.machine.applied.as_ref(), Some(&first.generation));
    let snapshot = bench.machine.snapshot(Timestamp::UNIX_EPOCH);
    assert!(!snapshot.sources.unwrap()[1].accepted);
    assert!(applies(&bench.observe(|_| {})).is_none());
    // Another FRR may take it.
    let other = |seen: &mut Observation| seen.incarnations = vec![(Daemon::Bgpd, None)];
    assert_eq!(applies(&bench.observe(other)).unwrap().generation, first.generation);
}

#[test]
fn a_guarded_change_is_good_when_the_sessions_are_there_in_the_end() {
    let guard = Duration::from_secs(30);
    let mut bench = Bench::settled_with(|settings| settings.guard = Some(guard));
    bench.write("extras", EXTRAS);
    let desired = applies(&bench.read(false)).unwrap();
    assert_eq!(kept(&bench.taken(&desired, true)), []);
    bench.observe(no_longer_established);
    bench.now += guard;
    assert!(bench.step(Event::DeadlineReached).iter().any(|action| matches!(action, Action::Observe)));
    assert_eq!(kept(&bench.observe(|_| {})), std::slice::from_ref(&desired.generation));
}

#[test]
fn a_guarded_change_that_costs_a_session_is_taken_back_and_not_tried_again() {
    let guard = Duration::from_secs(30);
    let mut bench = Bench::settled_with(|settings| settings.guard = Some(guard));
    let base = bench.machine.applied.clone().unwrap();
    bench.write("extras", EXTRAS);
    let desired = applies(&bench.read(false)).unwrap();
    bench.taken(&desired, true);
    bench.now += guard / 2;
    assert!(!goes_back(&bench.observe(no_longer_established)));
    bench.now += guard;
    assert!(goes_back(&bench.observe(no_longer_established)));
    let left = Left::LastGood { generation: Some(base.to_string()) };
    bench.ended(failed(false, left));
    assert_eq!(bench.config().trouble, Some(Trouble::GuardTripped));
    assert!(bench.config().pending.unwrap().contains("10.0.0.1"));
    assert!(applies(&bench.observe(|_| {})).is_none());
    assert!(applies(&bench.step(Event::ApplyNow)).is_some());
}

#[test]
fn a_session_that_went_down_while_frr_was_changed_is_guarded_too() {
    let guard = Duration::from_secs(30);
    let mut bench = Bench::settled_with(|settings| settings.guard = Some(guard));
    bench.write("extras", EXTRAS);
    let desired = applies(&bench.read(false)).unwrap();
    bench.observe(no_longer_established);
    bench.taken(&desired, true);
    bench.now += guard;
    assert!(goes_back(&bench.observe(no_longer_established)));
}

#[test]
fn a_session_that_cannot_be_asked_keeps_the_old_policy_until_it_is_reset() {
    let no_refresh = |observation: &mut Observation| {
        let session = &mut observation.sessions.as_mut().unwrap()[0];
        session.can_route_refresh = false;
        // The capability may have been there once.
        session.route_refresh_sent = Some(3);
    };
    let mut bench = Bench::settled();
    bench.observe(no_refresh);
    bench.write("extras", EXTRAS);
    let desired = applies(&bench.read(false)).unwrap();
    bench.taken(&desired, true);
    bench.observe(no_refresh);
    assert_eq!(bench.machine.watched.len(), 1);
    bench.observe(no_longer_established);
    assert_eq!(bench.machine.watched.len(), 0);
}

#[test]
fn what_could_not_be_taken_back_is_taken_back_later() {
    let mut bench = Bench::settled_with(|settings| settings.guard = Some(Duration::from_secs(30)));
    bench.write("extras", EXTRAS);
    let desired = applies(&bench.read(false)).unwrap();
    bench.taken(&desired, true);
    bench.now += Duration::from_secs(30);
    assert!(goes_back(&bench.observe(no_longer_established)));
    bench.ended(failed(false, Left::Between { reason: "bgpd died".into() }));
    assert_eq!(bench.config().trouble, Some(Trouble::PartiallyApplied));
    bench.now = bench.machine.next_deadline().unwrap();
    assert!(goes_back(&bench.step(Event::DeadlineReached)));
}

#[test]
fn a_change_that_is_held_waits_for_a_person_or_for_the_sessions() {
    let mut bench = Bench::settled_with(|settings| settings.max_reset = Some(0));
    bench.write("extras", EXTRAS);
    let order = bench.read(false);
    assert_eq!(orders(&order)[0].max_reset, Some(0));
    let sessions = vec![SessionId::in_default_vrf("10.0.0.1")];
    bench.ended(Outcome::Held { sessions: sessions.clone() });
    assert_eq!(bench.config().trouble, Some(Trouble::Held));
    assert!(applies(&bench.observe(|_| {})).is_none());
    let released = bench.step(Event::ApplyNow);
    assert_eq!(orders(&released)[0].max_reset, None);

    bench.ended(Outcome::Held { sessions });
    assert!(applies(&bench.observe(no_longer_established)).is_some());
}

#[test]
fn what_somebody_typed_is_only_reported_where_that_is_wanted() {
    let mut bench = Bench::settled_with(|settings| settings.repairs_drift = false);
    let typed = |seen: &mut Observation| seen.running = Some(digest("typed"));
    let actions = bench.observe(typed);
    assert!(orders(&actions)[0].reports_only);
    let running = load("r", "route-map typed permit 10\n", VERSION);
    let desired = applies(&actions).unwrap();
    let difference = Box::new(plan(&desired.config, &running, VERSION));
    bench.ended(Outcome::Drifted { plan: difference, digest: Some(digest("typed")) });
    assert_eq!(bench.config().trouble, Some(Trouble::Drifted));
    assert!(bench.config().drift.contains(&"+ route-map typed permit 10".to_owned()));
    assert!(applies(&bench.observe(typed)).is_none());
    // A FRR that has lost everything is another matter.
    let other = |seen: &mut Observation| seen.incarnations = vec![(Daemon::Bgpd, None)];
    assert!(!orders(&bench.observe(other))[0].reports_only);
}

#[test]
fn what_frr_says_of_one_version_is_no_refusal_of_the_next() {
    let mut bench = Bench::new();
    bench.write("base", &format!("{BASE}frobnicate yes\n"));
    bench.read(false);
    applies(&bench.observe(|_| {})).unwrap();
    // The author mends it while FRR is being asked.
    bench.write("base", BASE);
    bench.read(false);
    let error = SourceError { line: Some(8), message: "FRR refuses this line".into() };
    let mended = applies(&bench.ended(Outcome::Refused { errors: vec![(Some("base".to_owned()), error)] }));
    assert!(!mended.unwrap().config.top.iter().any(|(key, _)| key.contains("frobnicate")));
    assert!(bench.machine.snapshot(Timestamp::UNIX_EPOCH).sources.unwrap()[0].errors.is_empty());
}

const GUARD: Duration = Duration::from_secs(30);

/// A machine that made a guarded change just now.
fn guarded() -> (Bench, Arc<Desired>) {
    let mut bench = Bench::settled_with(|settings| settings.guard = Some(GUARD));
    bench.write("extras", EXTRAS);
    let desired = applies(&bench.read(false)).unwrap();
    bench.taken(&desired, true);
    (bench, desired)
}

#[test]
fn a_guard_goes_on_after_a_restart_for_the_time_that_is_left() {
    let (mut bench, desired) = guarded();
    bench.now += GUARD / 3;
    bench.observe(|_| {});
    bench.restart(GUARD / 3);
    let again = applies(&bench.observe(|_| {})).unwrap();
    assert_eq!(again.generation, desired.generation);
    assert_eq!(kept(&bench.taken(&again, false)), [], "not confirmed yet");
    assert_eq!(bench.machine.next_deadline(), Some(GUARD / 3));
    bench.now += GUARD / 3;
    assert_eq!(kept(&bench.observe(|_| {})), std::slice::from_ref(&desired.generation));
    assert_eq!(bench.doubts, Doubts::default());
}

#[test]
fn a_session_that_is_lost_leads_back_after_a_restart_too() {
    let (mut bench, desired) = guarded();
    bench.restart(Duration::ZERO);
    let again = applies(&bench.observe(no_longer_established)).unwrap();
    bench.taken(&again, false);
    bench.now += GUARD;
    assert!(goes_back(&bench.observe(no_longer_established)));
    // Killed once more, on the way back.
    bench.restart(Duration::ZERO);
    assert!(goes_back(&bench.observe(no_longer_established)));
    bench.ended(failed(false, Left::LastGood { generation: Some("base".into()) }));
    assert_eq!(bench.machine.known_bad.as_ref(), Some(&desired.generation));
    assert!(applies(&bench.observe(|_| {})).is_none());
}

#[test]
fn a_guard_whose_time_is_over_is_decided_at_the_first_look() {
    let (mut bench, _) = guarded();
    bench.restart(GUARD * 2);
    assert!(goes_back(&bench.observe(no_longer_established)));

    let (mut bench, desired) = guarded();
    bench.restart(GUARD * 2);
    let again = applies(&bench.observe(|_| {})).unwrap();
    assert_eq!(kept(&bench.taken(&again, false)), std::slice::from_ref(&desired.generation));
}

#[test]
fn another_frr_has_the_whole_time_for_its_sessions() {
    let (mut bench, _) = guarded();
    bench.restart(GUARD * 2);
    let other = |seen: &mut Observation| {
        seen.incarnations = vec![(Daemon::Bgpd, None)];
        no_longer_established(seen);
    };
    assert!(!goes_back(&bench.observe(other)));
    assert_eq!(bench.machine.guard.as_ref().unwrap().deadline(), Some(GUARD));
}

#[test]
fn a_clock_that_was_set_back_prolongs_no_guard_without_end() {
    let (mut bench, _) = guarded();
    bench.doubts.guard.as_mut().unwrap().until = Timestamp::MAX;
    bench.restart(Duration::ZERO);
    bench.observe(|_| {});
    assert_eq!(bench.machine.next_deadline(), Some(Duration::from_hours(1)));
}

#[test]
fn an_agent_that_dies_while_it_makes_a_change_leaves_it_on_trial() {
    let mut bench = Bench::settled_with(|settings| settings.guard = Some(GUARD));
    bench.write("extras", EXTRAS);
    let desired = applies(&bench.read(false)).unwrap();
    // FRR has the change.
    bench.restart(Duration::ZERO);
    let again = applies(&bench.observe(|_| {})).unwrap();
    assert_eq!(kept(&bench.taken(&again, false)), []);
    bench.now += GUARD;
    assert!(goes_back(&bench.observe(no_longer_established)));

    // FRR never had it, and the change is withdrawn.
    let mut bench = Bench::settled_with(|settings| settings.guard = Some(GUARD));
    let base = bench.machine.applied.clone().unwrap();
    bench.write("extras", EXTRAS);
    assert_eq!(applies(&bench.read(false)).unwrap().generation, desired.generation);
    std::fs::remove_file(bench.path("extras")).unwrap();
    bench.restart(Duration::ZERO);
    let again = applies(&bench.observe(|_| {})).unwrap();
    assert_eq!(
        (&again.generation, kept(&bench.taken(&again, false)).as_slice()),
        (&base, std::slice::from_ref(&base))
    );
    assert_eq!(bench.machine.next_deadline(), None);
}

/// A machine whose extras FRR did not take.
fn refused() -> (Bench, Generation) {
    let mut bench = Bench::settled();
    bench.write("extras", EXTRAS);
    let bad = applies(&bench.read(false)).unwrap().generation.clone();
    let base = bench.machine.applied.clone().unwrap();
    let error = SourceError { line: Some(1), message: "FRR did not take this line".into() };
    let failure = Failure {
        is_content: true,
        left: Left::LastGood { generation: Some(base.to_string()) },
        lines: vec![(Some("extras".to_owned()), error)],
        digest: Some(digest("verified")),
        ..Failure::new("no".into())
    };
    assert!(applies(&bench.ended(Outcome::Failed(Box::new(failure)))).is_none());
    (bench, bad)
}

#[test]
fn what_frr_did_not_take_is_not_tried_again_by_the_next_agent() {
    let (mut bench, bad) = refused();
    bench.restart(Duration::ZERO);
    // What runs is looked at, without the source that was refused.
    let order = applies(&bench.observe(|_| {})).unwrap();
    assert_ne!(order.generation, bad);
    bench.taken(&order, false);
    let sources = bench.machine.snapshot(Timestamp::UNIX_EPOCH).sources.unwrap();
    assert_eq!((sources[1].accepted, sources[1].errors[0].line), (false, Some(1)));
    // Until it changes.
    bench.write("extras", &format!("{EXTRAS}ip prefix-list P seq 5 permit any\n"));
    assert!(applies(&bench.read(false)).is_some());
}

#[test]
fn a_person_or_another_frr_may_have_it_tried_again() {
    let (mut bench, bad) = refused();
    bench.restart(Duration::ZERO);
    let order = applies(&bench.observe(|_| {})).unwrap();
    bench.taken(&order, false);
    assert_eq!(applies(&bench.step(Event::ApplyNow)).unwrap().generation, bad);

    let (mut bench, bad) = refused();
    bench.restart(Duration::ZERO);
    let other = |seen: &mut Observation| seen.incarnations = vec![(Daemon::Bgpd, None)];
    assert_eq!(applies(&bench.observe(other)).unwrap().generation, bad);
}

#[test]
fn what_tripped_the_guard_is_known_to_the_next_agent_and_why() {
    let (mut bench, desired) = guarded();
    let base = bench.doubts.guard.as_ref().unwrap().before.clone();
    bench.now += GUARD;
    assert!(goes_back(&bench.observe(no_longer_established)));
    bench.ended(failed(false, Left::LastGood { generation: base.clone() }));
    bench.restart(Duration::ZERO);
    assert!(applies(&bench.observe(|_| {})).is_none());
    let config = bench.config();
    assert_eq!((config.trouble, config.applied_generation), (Some(Trouble::GuardTripped), base));
    assert!(config.pending.unwrap().contains("10.0.0.1"));
    assert_eq!(bench.machine.readiness(), Ok(()));
    assert_eq!(applies(&bench.step(Event::ApplyNow)).unwrap().generation, desired.generation);
    assert_eq!(bench.doubts.known_bad, None);
}
