//! When FRR is changed, and when not.

use super::*;

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
fn what_was_accepted_is_stored_as_soon_as_the_disk_takes_it() {
    let kept_again = |actions: &[Action]| {
        let is_text = |text: &Option<Arc<str>>| text.as_deref() == Some(BASE);
        actions.iter().filter(|it| matches!(it, Action::KeepAccepted { text, .. } if is_text(text))).count()
    };
    let mut bench = Bench::settled();
    let kept =
        |error: Option<&str>| Event::AcceptedKept { name: "base".into(), error: error.map(str::to_owned) };
    bench.step(kept(Some("no space left on device")));
    assert_eq!(kept_again(&bench.observe(|_| {})), 1);
    assert_eq!(kept_again(&bench.observe(|_| {})), 1);
    bench.step(kept(None));
    assert_eq!(kept_again(&bench.observe(|_| {})), 0);
}
