use frr_driver::{
    merge::merge,
    reload::SyntaxError,
    session::{Session, SessionId, SessionState},
};
use jiff::Timestamp;

use super::*;
use crate::{apply::EngineChoice, store::LastGood};

const VERSION: FrrVersion = FrrVersion(8, 4, 4);
const BASE: &str = "\
router bgp 64512
 neighbor 10.0.0.1 remote-as 64513
";
/// Neither a policy alone nor only more: frr-reload has to do it.
const WANTED: &str = "\
router bgp 64512
 bgp router-id 1.1.1.1
 neighbor 10.0.0.1 remote-as 64514
";

/// An attempt, and the names of its steps.
struct Bench {
    attempt: Attempt,
    version: FrrVersion,
    steps: Vec<&'static str>,
    next: Option<Step>,
    outcome: Option<Outcome>,
}

impl Bench {
    fn new(wanted: &str) -> Self {
        Self::with(wanted, VERSION, |_| {})
    }

    fn with(wanted: &str, version: FrrVersion, change: impl FnOnce(&mut Order)) -> Self {
        let mut order = Order {
            target: Target::Desired(Arc::new(merge(wanted, &[], version))),
            engine: EngineChoice::Auto,
            is_new: true,
            reports_only: false,
            max_reset: None,
            sessions: vec![established("10.0.0.1")],
        };
        change(&mut order);
        let (attempt, step) = Attempt::new(order, None);
        let steps = vec![step.name()];
        Self { attempt, version, steps, next: Some(step), outcome: None }
    }

    fn take(&mut self, fact: Fact) -> &mut Self {
        assert!(self.outcome.is_none(), "{:?}", self.outcome);
        self.attempt.meanwhile();
        match self.attempt.next(fact) {
            Next::Do(step) => {
                self.steps.push(step.name());
                self.next = Some(step);
            }
            Next::End(outcome) => self.outcome = Some(outcome),
        }
        self
    }

    fn asked(&mut self) -> &mut Self {
        self.take(Fact::Asked(Ok(self.version)))
    }

    fn read(&mut self, running: &str) -> &mut Self {
        self.take(Fact::Read(Ok(Held::of_bgpd(running, VERSION))))
    }

    fn written(&mut self, complaint: &str) -> &mut Self {
        let complaints = (!complaint.is_empty()).then(|| complaint.to_owned()).into_iter().collect();
        self.take(Fact::Written(Written { complaints, ..Written::default() }))
    }

    /// Everything up to the first frr-reload.
    fn reloading(wanted: &str, version: FrrVersion) -> Self {
        let mut bench = Self::with(wanted, version, |_| {});
        bench.asked().read(BASE).take(Fact::Stored(Ok(()))).take(Fact::Printed(Ok("hostname x\n".into())));
        bench.take(Fact::Checked(Ok(vec![]))).take(Fact::Stored(Ok(())));
        assert_eq!(bench.steps, ["ask", "read", "checkpoint", "print", "check", "store", "reload"]);
        bench
    }

    fn failure(&self) -> &Failure {
        let Some(Outcome::Failed(failure)) = &self.outcome else { panic!("{:?}", self.outcome) };
        failure
    }
}

fn established(peer: &str) -> Session {
    let mut session = Session::unknown(SessionId::in_default_vrf(peer));
    session.state = SessionState::Established;
    session
}

fn last_good() -> Fact {
    let (generation, text) = ("abc".to_owned(), BASE.to_owned());
    Fact::LastGood(Ok(Some(LastGood { generation, time: Timestamp::UNIX_EPOCH, text })))
}

#[test]
fn what_was_compared_beforehand_counts_if_frr_is_still_the_same() {
    let last = Held::of_bgpd(BASE, VERSION);
    let mut order = Bench::new(POLICY).attempt.order;
    order.sessions.clear();
    let begun = || {
        let last = LastHeld { held: last.clone(), is_trusted: false };
        let (mut attempt, _) = Attempt::new(order.clone(), Some(last));
        attempt.meanwhile();
        attempt.next(Fact::Asked(Ok(VERSION)));
        attempt.meanwhile();
        assert!(attempt.guess.is_some());
        attempt
    };
    assert!(matches!(begun().next(Fact::Read(Ok(last.clone()))), Next::Do(Step::Checkpoint(..))));
    let other = Held::of_bgpd(POLICY, VERSION);
    assert!(matches!(begun().next(Fact::Read(Ok(other))), Next::End(Outcome::Taken(_))));
}

/// An attempt where FRR was read a moment ago, and held `running`.
fn trusting(wanted: &str, running: &str, change: impl FnOnce(&mut Order)) -> Bench {
    let mut bench = Bench::with(wanted, VERSION, change);
    let last = LastHeld { held: Held::of_bgpd(running, VERSION), is_trusted: true };
    bench.attempt = Attempt::new(bench.attempt.order, Some(last)).0;
    bench
}

#[test]
fn a_policy_is_sent_to_an_frr_that_was_read_a_moment_ago() {
    let mut bench = trusting(POLICY, BASE, |_| {});
    bench.asked().take(Fact::Stored(Ok(()))).written("").read(POLICY);
    assert_eq!(bench.steps, ["ask", "checkpoint", "send", "read"]);
    let Some(Outcome::Taken(taken)) = &bench.outcome else { panic!("{:?}", bench.outcome) };
    assert_eq!((taken.engine, taken.plan.adds.len()), (Some(Engine::Transaction), 1));
}

#[test]
fn everything_else_is_compared_with_what_frr_holds_now() {
    let not_trusted = |bench: &mut Bench| {
        bench.asked();
        assert_eq!(bench.steps, ["ask", "read"]);
    };
    not_trusted(&mut trusting(WANTED, BASE, |_| {}));
    // A new neighbor is no policy, and what is there already needs no line.
    not_trusted(&mut trusting(&format!("{BASE} neighbor 10.0.0.2 remote-as 64513\n"), BASE, |_| {}));
    not_trusted(&mut trusting(POLICY, POLICY, |_| {}));
    not_trusted(&mut trusting(POLICY, BASE, |order| order.reports_only = true));
    not_trusted(&mut trusting(POLICY, BASE, |order| order.engine = EngineChoice::FrrReload));
    not_trusted(&mut trusting(POLICY, BASE, |order| order.target = Target::LastGood));
    // Another FRR may say the same in other words.
    let mut bench = trusting(POLICY, BASE, |_| {});
    bench.take(Fact::Asked(Ok(FrrVersion(10, 7, 1))));
    assert_eq!(bench.steps, ["ask", "read"]);
}

#[test]
fn what_somebody_typed_a_moment_ago_is_found_afterwards() {
    let typed = "route-map M permit 5\n";
    let mut bench = trusting(POLICY, BASE, |_| {});
    bench.asked().take(Fact::Stored(Ok(()))).written("").read(&format!("{typed}{POLICY}"));
    // What is left to do is found out anew.
    bench.take(Fact::Stored(Ok(()))).written("").read(POLICY);
    assert_eq!(bench.steps, ["ask", "checkpoint", "send", "read", "checkpoint", "send", "read"]);
    let Some(Outcome::Taken(taken)) = &bench.outcome else { panic!("{:?}", bench.outcome) };
    let lines =
        |lines: &[frr_driver::plan::PlanLine]| lines.iter().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!(lines(&taken.plan.adds), ["ip prefix-list P seq 5 permit 10.0.0.0/8"]);
    assert_eq!(lines(&taken.plan.removes), ["route-map M permit 5"]);
}

#[test]
fn what_runs_already_is_not_written() {
    let mut bench = Bench::new(WANTED);
    bench.asked().read(WANTED);
    assert_eq!(bench.steps, ["ask", "read"]);
    assert!(matches!(&bench.outcome, Some(Outcome::Taken(taken)) if taken.engine.is_none()));
}

#[test]
fn a_change_is_taken_when_a_reading_says_so_whatever_frr_said() {
    let mut bench = Bench::reloading(WANTED, VERSION);
    bench.written("% Configuration failed.").read(WANTED);
    let Some(Outcome::Taken(taken)) = &bench.outcome else { panic!("{:?}", bench.outcome) };
    assert_eq!(taken.engine, Some(Engine::FrrReload));
    assert!(taken.rendered.reveal().starts_with("hostname x\n"));
}

/// Only a policy changes.
const POLICY: &str = "\
ip prefix-list P seq 5 permit 10.0.0.0/8
router bgp 64512
 neighbor 10.0.0.1 remote-as 64513
";

#[test]
fn a_change_of_policies_alone_is_sent_line_by_line() {
    let mut bench = Bench::new(POLICY);
    bench.asked().read(BASE).take(Fact::Stored(Ok(())));
    let Some(Step::Send(lines)) = &bench.next else { panic!("{:?}", bench.next) };
    assert_eq!(lines.reveal(), "ip prefix-list P seq 5 permit 10.0.0.0/8\n");
    bench.written("").read(POLICY);
    assert_eq!(bench.steps, ["ask", "read", "checkpoint", "send", "read"]);
    let Some(Outcome::Taken(taken)) = &bench.outcome else { panic!("{:?}", bench.outcome) };
    assert_eq!((taken.engine, taken.plan.adds.len()), (Some(Engine::Transaction), 1));
}

#[test]
fn words_that_are_not_common_are_checked_before_they_are_sent() {
    let mut bench = Bench::new(&format!("{POLICY}route-map R permit 10\n set frobnicate 5\n"));
    bench.asked().read(BASE).take(Fact::Stored(Ok(())));
    assert_eq!(bench.steps.last(), Some(&"check"));
    // The whole file names the line.
    bench.take(Fact::Checked(Ok(vec![SyntaxError { origin: None, message: "no".into() }])));
    assert_eq!(bench.steps.last(), Some(&"print"));
}

#[test]
fn lines_that_one_daemon_lost_are_sent_once_more() {
    let (deny, permit) = ("route-map R deny 20\n", "route-map R permit 20\n");
    let mut bench = Bench::new(&format!("{permit}{BASE}"));
    let (before, after) = (format!("{deny}{BASE}"), format!("{permit}{BASE}"));
    bench.asked().read(&before).take(Fact::Stored(Ok(()))).written("");
    bench.take(Fact::Read(Ok(Held::of_two(deny, &after, VERSION))));
    assert_eq!(bench.steps[3..], ["send", "read", "send"]);
    bench.written("").take(Fact::Read(Ok(Held::of_two(permit, &after, VERSION))));
    assert!(matches!(bench.outcome, Some(Outcome::Taken(_))));
}

#[test]
fn what_one_daemon_lost_long_ago_is_seen_and_sent() {
    let (deny, permit) = ("route-map R deny 20\n", "route-map R permit 20\n");
    let after = format!("{permit}{BASE}");
    let mut bench = Bench::new(&after);
    bench.asked().take(Fact::Read(Ok(Held::of_two(deny, &after, VERSION)))).take(Fact::Stored(Ok(())));
    let Some(Step::Send(lines)) = &bench.next else { panic!("{:?}", bench.next) };
    assert_eq!(lines.reveal(), permit);
}

#[test]
fn what_a_transaction_leaves_undone_frr_reload_makes() {
    let mut bench = Bench::new(POLICY);
    bench.asked().read(BASE).take(Fact::Stored(Ok(()))).written("% Configuration failed.").read(BASE);
    bench.take(Fact::Printed(Ok("hostname x\n".into()))).take(Fact::Checked(Ok(vec![])));
    bench.take(Fact::Stored(Ok(()))).written("").read(POLICY);
    assert_eq!(bench.steps[3..], ["send", "read", "print", "check", "store", "reload", "read"]);
    let Some(Outcome::Taken(taken)) = &bench.outcome else { panic!("{:?}", bench.outcome) };
    assert_eq!(taken.engine, Some(Engine::FrrReload));
    // What was rendered for the transaction lacks what belongs to the host.
    assert!(taken.rendered.reveal().starts_with("hostname x\n"), "{:?}", taken.rendered);
}

#[test]
fn frr_reload_does_everything_where_that_is_wanted() {
    let mut bench = Bench::with(POLICY, VERSION, |order| order.engine = EngineChoice::FrrReload);
    bench.asked().read(BASE).take(Fact::Stored(Ok(())));
    assert_eq!(bench.steps.last(), Some(&"print"));
}

#[test]
fn a_list_that_was_renumbered_is_one_line_more() {
    let before = format!("ip prefix-list P seq 1 permit 10.1.0.0/16\n{BASE}");
    let after = "ip prefix-list P seq 1 permit 10.0.0.0/16\nip prefix-list P seq 2 permit 10.1.0.0/16\n";
    let mut bench = Bench::new(&format!("{after}{BASE}"));
    bench.asked().read(&before).take(Fact::Stored(Ok(())));
    let Some(Step::Send(lines)) = &bench.next else { panic!("{:?}", bench.next) };
    assert_eq!(lines.reveal().lines().count(), 1, "{}", lines.reveal());
}

#[test]
fn what_the_parser_refuses_is_not_written() {
    let mut bench =
        Bench::new("router bgp 64512\n frobnicate\n bgp router-id 1.1.1.1\n neighbor 10.0.0.1 remote-as 1\n");
    bench.asked().read(BASE).take(Fact::Stored(Ok(()))).take(Fact::Printed(Ok(String::new())));
    let origin = Some(frr_driver::config::Origin { source: "base".into(), line: 2 });
    bench.take(Fact::Checked(Ok(vec![SyntaxError { origin, message: "Unknown command".into() }])));
    let Some(Outcome::Refused { errors }) = &bench.outcome else { panic!("{:?}", bench.outcome) };
    assert_eq!((errors[0].0.as_deref(), errors[0].1.line), (Some("base"), Some(2)));
    assert_eq!(bench.steps.last(), Some(&"check"));
}

#[test]
fn lines_that_are_missing_without_a_complaint_are_sent_once_more_and_then_taken_back() {
    let mut bench = Bench::reloading(WANTED, VERSION);
    bench.written("").read(BASE).written("").read(BASE).take(last_good()).written("").read(BASE);
    assert_eq!(bench.steps[7..], ["read", "reload", "read", "load last good", "reload", "read"]);
    let failure = bench.failure();
    assert_eq!(failure.left, Left::LastGood { generation: Some("abc".into()) });
    assert!(failure.is_content, "t11: a daemon that is off takes nothing, and nobody says so");
    assert_eq!(failure.lines.len(), 2);
}

#[test]
fn a_tool_that_was_killed_is_no_fault_of_the_lines() {
    let mut bench = Bench::reloading(WANTED, VERSION);
    let killed = || Fact::Written(Written { failure: Some("killed".into()), ..Written::default() });
    bench.take(killed()).read(BASE).take(killed()).read(BASE).take(last_good()).written("").read(BASE);
    assert!(!bench.failure().is_content);
}

#[test]
fn lines_that_frr_complains_of_are_taken_back_at_once_and_named() {
    let mut bench = Bench::reloading(WANTED, VERSION);
    let complaint = "line 3: Failure to communicate[13] to bgpd, line: bgp router-id 1.1.1.1";
    bench.written(complaint).read(BASE).take(last_good()).written("").read(BASE);
    assert_eq!(bench.steps[7..], ["read", "load last good", "reload", "read"]);
    let failure = bench.failure();
    assert!(failure.is_content);
    let [(source, error)] = failure.lines.as_slice() else { panic!("{:?}", failure.lines) };
    assert_eq!((source.as_deref(), error.line), (Some("base"), Some(2)));
}

#[test]
fn t7_a_candidate_that_somebody_poisoned_is_thrown_away_and_the_change_tried_again() {
    let mut bench = Bench::reloading(WANTED, FrrVersion(10, 7, 1));
    bench.written("% Configuration failed.").read(BASE).written("% Configuration failed.");
    bench.written("").read(WANTED);
    assert_eq!(bench.steps[7..], ["read", "cure", "reload", "read"]);
    assert!(matches!(bench.outcome, Some(Outcome::Taken(_))));
}

#[test]
fn t7_a_candidate_that_the_change_poisoned_is_thrown_away_before_the_way_back() {
    let mut bench = Bench::reloading(WANTED, FrrVersion(10, 7, 1));
    bench.written("% Configuration failed.").read(BASE).written("");
    bench.written("% Configuration failed.").read(BASE).take(last_good());
    bench.written("").written("").read(BASE);
    assert_eq!(
        bench.steps[7..],
        ["read", "cure", "reload", "read", "load last good", "cure", "reload", "read"]
    );
    assert!(bench.failure().is_content);
    assert_eq!(bench.failure().left, Left::LastGood { generation: Some("abc".into()) });
}

#[test]
fn t13_a_lock_of_somebody_else_is_waited_for() {
    let mut bench = Bench::reloading(WANTED, VERSION);
    for _ in 0..LOCK_TRIES_MAX {
        bench.take(Fact::Written(Written { is_locked: true, ..Written::default() })).take(Fact::Paused);
    }
    bench.written("").read(WANTED);
    assert!(matches!(bench.outcome, Some(Outcome::Taken(_))));
}

#[test]
fn t25_what_bgpd_alone_lost_is_sent_as_a_whole() {
    let mut bench = Bench::reloading(WANTED, VERSION);
    bench.written("").take(Fact::Read(Ok(Held::lost_by_bgpd(WANTED, BASE, VERSION))));
    assert_eq!(bench.steps.last(), Some(&"send"));
    bench.written("").read(WANTED);
    assert!(matches!(bench.outcome, Some(Outcome::Taken(_))));
}

#[test]
fn t28_what_frr_reload_could_not_remove_goes_line_by_line() {
    let goto = "route-map R permit 10\n on-match goto 20\nroute-map R permit 20\n";
    let wanted = format!("route-map R permit 10\nroute-map R permit 20\n{WANTED}");
    let left = format!("{goto}{WANTED}");
    let mut bench = Bench::new(&wanted);
    bench.asked().read(&format!("{goto}{BASE}")).take(Fact::Stored(Ok(())));
    bench
        .take(Fact::Printed(Ok("hostname x\n".into())))
        .take(Fact::Checked(Ok(vec![])))
        .take(Fact::Stored(Ok(())));
    bench.written("").read(&left);
    let Some(Step::Send(lines)) = &bench.next else { panic!("{:?}", bench.next) };
    assert!(!lines.reveal().contains("on-match"), "{}", lines.reveal());
    bench.written("").read(&wanted);
    assert!(matches!(&bench.outcome, Some(Outcome::Taken(taken)) if taken.unsettled.is_empty()));
}

#[test]
fn t28_what_nobody_can_remove_stays_and_is_named() {
    let stays = "bfd\n profile fast\n  detect-multiplier 5\n";
    let mut bench = Bench::new(WANTED);
    bench.asked().read(&format!("{BASE}{stays}")).take(Fact::Stored(Ok(())));
    bench
        .take(Fact::Printed(Ok("hostname x\n".into())))
        .take(Fact::Checked(Ok(vec![])))
        .take(Fact::Stored(Ok(())));
    bench.written("").read(&format!("{WANTED}{stays}"));
    let Some(Outcome::Taken(taken)) = &bench.outcome else { panic!("{:?}", bench.outcome) };
    assert_eq!(taken.unsettled.len(), 1);
}

#[test]
fn c2_what_frr_reload_made_itself_it_takes_back() {
    let mut bench = Bench::reloading(WANTED, VERSION);
    bench.written("").read(&WANTED.replace(" bgp router-id", " bgp always-compare-med\n bgp router-id"));
    assert_eq!(bench.steps.last(), Some(&"reload"));
    bench.written("").read(WANTED);
    assert!(matches!(&bench.outcome, Some(Outcome::Taken(taken)) if taken.unsettled.is_empty()));
}

/// A description that somebody typed in Latin-1, as it is read.
const TYPED: &str = "\
router bgp 64512
 neighbor 10.0.0.1 remote-as 64513
 neighbor 10.0.0.1 description caf\u{fffd}
";

/// Everything up to what is done about a description that frr-reload cannot read.
fn illegible(wanted: &str) -> Bench {
    let mut bench = Bench::new(wanted);
    bench.asked().read(TYPED).take(Fact::Stored(Ok(()))).take(Fact::Printed(Ok(String::new())));
    bench.take(Fact::Checked(Ok(vec![]))).take(Fact::Stored(Ok(())));
    bench
}

#[test]
fn t15_what_frr_reload_cannot_read_goes_before_it() {
    let mut bench = illegible(WANTED);
    let Some(Step::Send(lines)) = &bench.next else { panic!("{:?}", bench.next) };
    assert_eq!(lines.reveal(), "router bgp 64512\n no neighbor 10.0.0.1 description\n");
    bench.written("").read(BASE).written("").read(WANTED);
    assert_eq!(bench.steps[3..], ["print", "check", "store", "send", "read", "reload", "read"]);
    assert!(matches!(&bench.outcome, Some(Outcome::Taken(taken)) if taken.engine == Some(Engine::FrrReload)));
}

#[test]
fn t15_where_nothing_else_differs_frr_reload_has_nothing_to_do() {
    let mut bench = illegible(BASE);
    bench.written("").read(BASE);
    assert_eq!(bench.steps[6..], ["send", "read"]);
    let Some(Outcome::Taken(taken)) = &bench.outcome else { panic!("{:?}", bench.outcome) };
    assert_eq!((taken.engine, taken.plan.removes.len()), (Some(Engine::Transaction), 1));
}

#[test]
fn t15_the_way_back_is_made_legible_too() {
    let mut bench = Bench::with(WANTED, VERSION, |order| order.target = Target::LastGood);
    bench.asked().read(TYPED).take(last_good()).take(Fact::Printed(Ok(String::new())));
    bench.written("").written("").read(BASE);
    assert_eq!(bench.steps[2..], ["load last good", "print", "send", "reload", "read"]);
    assert_eq!(bench.failure().left, Left::LastGood { generation: Some("abc".into()) });
}

#[test]
fn t15_a_name_that_nobody_can_say_is_told_and_no_fault_of_the_lines() {
    let running = format!("{BASE}bgp as-path access-list caf\u{fffd} seq 5 permit 1\n");
    let mut bench = Bench::new(WANTED);
    bench.asked().read(&running).take(Fact::Stored(Ok(()))).take(Fact::Printed(Ok("hostname x\n".into())));
    bench.take(Fact::Checked(Ok(vec![]))).take(Fact::Stored(Ok(())));
    let died = || Fact::Written(Written { failure: Some("exit 1".into()), ..Written::default() });
    bench
        .take(died())
        .read(&running)
        .take(died())
        .read(&running)
        .take(last_good())
        .take(died())
        .read(&running);
    let failure = bench.failure();
    assert!(!failure.is_content);
    assert!(failure.reason.contains("access-list caf\u{fffd}"), "{}", failure.reason);
}

#[test]
fn t15_what_a_dead_frr_reload_did_not_remove_is_not_done() {
    let typed =
        format!("{BASE} neighbor 10.0.0.2 remote-as 1\nbgp as-path access-list caf\u{fffd} permit 1\n");
    let mut bench = Bench::new(BASE);
    bench.asked().read(&typed).take(Fact::Stored(Ok(()))).take(Fact::Printed(Ok("hostname x\n".into())));
    bench.take(Fact::Checked(Ok(vec![]))).take(Fact::Stored(Ok(())));
    let died = || Fact::Written(Written { failure: Some("exit 1".into()), ..Written::default() });
    bench.take(died()).read(&typed).written("").read(&typed).take(died()).read(&typed);
    bench.take(last_good()).take(died()).read(&typed);
    assert!(bench.failure().reason.contains("access-list caf\u{fffd}"));
}

#[test]
fn without_a_last_good_configuration_what_ran_before_runs_again() {
    let mut bench = Bench::reloading(WANTED, VERSION);
    bench.written("% Configuration failed.").read("router bgp 64512\n").take(Fact::LastGood(Ok(None)));
    let Some(Step::Reload(file)) = &bench.next else { panic!("{:?}", bench.next) };
    assert!(file.reveal().contains("neighbor 10.0.0.1 remote-as 64513"));
    bench.written("").read(BASE);
    assert_eq!(bench.failure().left, Left::LastGood { generation: None });
}

#[test]
fn a_way_back_that_fails_says_what_differs() {
    let mut bench = Bench::reloading(WANTED, VERSION);
    bench.written("% Configuration failed.").read("").take(last_good()).written("").read("");
    assert!(matches!(&bench.failure().left, Left::Between { reason } if reason.contains("2 lines differ")));
}

#[test]
fn a_frr_that_dies_after_the_change_is_no_fault_of_the_lines() {
    let mut bench = Bench::reloading(WANTED, VERSION);
    bench.written("").take(Fact::Read(Err("bgpd is not running".into())));
    assert!(!bench.failure().is_content);
    assert!(matches!(&bench.failure().left, Left::Between { reason } if reason == "bgpd is not running"));
}

#[test]
fn a_frr_that_is_not_there_is_waited_for() {
    let mut bench = Bench::new(WANTED);
    bench.take(Fact::Asked(Err("bgpd is not running".into())));
    assert!(matches!(bench.outcome, Some(Outcome::NotReady { .. })));
}

#[test]
fn a_disk_that_is_full_leaves_frr_as_it_is() {
    let mut bench = Bench::with(WANTED, VERSION, |_| {});
    bench.asked().read(BASE).take(Fact::Stored(Ok(()))).take(Fact::Printed(Ok(String::new())));
    bench.take(Fact::Checked(Ok(vec![]))).take(Fact::Stored(Err("no space".into())));
    assert_eq!(bench.failure().left, Left::Untouched);
}

#[test]
fn more_sessions_than_may_go_down_hold_a_change() {
    for (most, is_held) in [(Some(0), true), (Some(1), false), (None, false)] {
        let mut bench = Bench::with(WANTED, VERSION, |order| order.max_reset = most);
        bench.asked().read(BASE);
        assert_eq!(matches!(bench.outcome, Some(Outcome::Held { .. })), is_held, "{most:?}");
    }
}

#[test]
fn a_transaction_takes_no_session_down_and_is_not_held() {
    let mut bench = Bench::with(POLICY, VERSION, |order| order.max_reset = Some(0));
    bench.asked().read(BASE).take(Fact::Stored(Ok(())));
    assert_eq!(bench.steps.last(), Some(&"send"));
}

#[test]
fn what_is_only_reported_is_not_written() {
    let mut bench = Bench::with(WANTED, VERSION, |order| order.reports_only = true);
    bench.asked().read(BASE);
    let Some(Outcome::Drifted { plan, .. }) = &bench.outcome else { panic!("{:?}", bench.outcome) };
    assert_eq!((plan.adds.len(), plan.removes.len()), (2, 1));
}

#[test]
fn an_order_to_go_back_loads_the_last_good_configuration() {
    let mut bench = Bench::with(WANTED, VERSION, |order| order.target = Target::LastGood);
    bench.asked().read(WANTED).take(last_good()).take(Fact::Printed(Ok(String::new())));
    bench.written("").read(BASE);
    assert_eq!(bench.steps, ["ask", "read", "load last good", "print", "reload", "read"]);
    assert_eq!(bench.failure().left, Left::LastGood { generation: Some("abc".into()) });
}

/// Whatever comes, an attempt ends, and says what is left if something was written.
#[test]
fn every_course_of_events_comes_to_an_end() {
    let mut seed = 1_u64;
    let mut random = |below: u64| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) % below
    };
    for _ in 0..4_000 {
        let version = [VERSION, FrrVersion(10, 7, 1)][usize::try_from(random(2)).unwrap()];
        let wanted = [WANTED, POLICY][usize::try_from(random(2)).unwrap()];
        let mut bench = Bench::with(wanted, version, |_| {});
        while bench.outcome.is_none() {
            assert!(bench.steps.len() < 40, "{:?}", bench.steps);
            let works = random(8) > 0;
            let error = || Err::<(), _>("no".to_owned());
            let running = [BASE, wanted, "", TYPED][usize::try_from(random(4)).unwrap()];
            let fact = match bench.next.as_ref().unwrap() {
                Step::Ask => Fact::Asked(if works { Ok(version) } else { Err("no".into()) }),
                Step::Read(_) if works => Fact::Read(Ok(Held::of_bgpd(running, VERSION))),
                Step::Read(_) => Fact::Read(Err("no".into())),
                Step::Print => Fact::Printed(if works { Ok(String::new()) } else { Err("no".into()) }),
                Step::Check(_) if works => Fact::Checked(Ok(vec![])),
                Step::Check(_) => Fact::Checked(Ok(vec![SyntaxError { origin: None, message: "no".into() }])),
                Step::Checkpoint(..) | Step::Store(_) => Fact::Stored(if works { Ok(()) } else { error() }),
                Step::Send(_) | Step::Reload(_) | Step::Cure => Fact::Written(Written {
                    complaints: if works { vec![] } else { vec!["% Configuration failed.".into()] },
                    is_locked: random(4) == 0,
                    failure: None,
                }),
                Step::Pause(_) => Fact::Paused,
                Step::LoadLastGood if works => last_good(),
                Step::LoadLastGood => {
                    Fact::LastGood(if random(2) == 0 { Ok(None) } else { Err("no".into()) })
                }
            };
            bench.take(fact);
        }
        let is_written = bench.steps.iter().any(|step| matches!(*step, "send" | "reload"));
        match bench.outcome.unwrap() {
            Outcome::Failed(failure) => assert_eq!(failure.left == Left::Untouched, !is_written),
            Outcome::Taken(taken) => assert_eq!(taken.engine.is_some(), is_written),
            Outcome::Refused { .. } | Outcome::NotReady { .. } => assert!(!is_written),
            other @ (Outcome::Held { .. } | Outcome::Drifted { .. }) => panic!("{other:?}"),
        }
    }
}
