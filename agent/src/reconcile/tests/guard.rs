//! A change on trial, over a restart of the agent too.

use super::*;

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
fn a_guarded_change_is_good_when_the_sessions_are_there_in_the_end() {
    let mut bench = Bench::settled_with(|settings| settings.guard = Some(GUARD));
    bench.write("extras", EXTRAS);
    let desired = applies(&bench.read(false)).unwrap();
    assert_eq!(kept(&bench.taken(&desired, true)), []);
    bench.observe(no_longer_established);
    bench.now += GUARD;
    assert!(bench.step(Event::DeadlineReached).iter().any(|action| matches!(action, Action::Observe)));
    assert_eq!(kept(&bench.observe(|_| {})), std::slice::from_ref(&desired.generation));
}

#[test]
fn a_guarded_change_that_costs_a_session_is_taken_back_and_not_tried_again() {
    let mut bench = Bench::settled_with(|settings| settings.guard = Some(GUARD));
    let base = bench.machine.applied.clone().unwrap();
    bench.write("extras", EXTRAS);
    let desired = applies(&bench.read(false)).unwrap();
    bench.taken(&desired, true);
    bench.now += GUARD / 2;
    assert!(!goes_back(&bench.observe(no_longer_established)));
    bench.now += GUARD;
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
    let mut bench = Bench::settled_with(|settings| settings.guard = Some(GUARD));
    bench.write("extras", EXTRAS);
    let desired = applies(&bench.read(false)).unwrap();
    bench.observe(no_longer_established);
    bench.taken(&desired, true);
    bench.now += GUARD;
    assert!(goes_back(&bench.observe(no_longer_established)));
}

#[test]
fn what_could_not_be_taken_back_is_taken_back_later() {
    let mut bench = Bench::settled_with(|settings| settings.guard = Some(GUARD));
    bench.write("extras", EXTRAS);
    let desired = applies(&bench.read(false)).unwrap();
    bench.taken(&desired, true);
    bench.now += GUARD;
    assert!(goes_back(&bench.observe(no_longer_established)));
    bench.ended(failed(false, Left::Between { reason: "bgpd died".into() }));
    assert_eq!(bench.config().trouble, Some(Trouble::PartiallyApplied));
    bench.now = bench.machine.next_deadline().unwrap();
    assert!(goes_back(&bench.step(Event::DeadlineReached)));
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
    assert_eq!(bench.doubts.guard, None);
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
