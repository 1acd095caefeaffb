//! Who is cleared after a change; when and how is the decider's, and tested there.

use routelet_status::snapshot::PolicyState;

use super::*;

/// A machine that has brought the extras in; returns what it then does.
fn changed(change: impl Fn(&mut Observation)) -> (Bench, Vec<Action>) {
    let mut bench = Bench::settled();
    bench.observe(&change);
    bench.write("extras", EXTRAS);
    let desired = applies(&bench.read(false)).unwrap();
    let actions = bench.taken(&desired, true);
    (bench, actions)
}

fn kinds(actions: &[Action]) -> Vec<ClearKind> {
    clears(actions).iter().map(|clear| clear.kind).collect()
}

/// bgpd takes what is sent.
fn answer(bench: &mut Bench, actions: &[Action]) -> Vec<Action> {
    let mut more = Vec::new();
    for clear in clears(actions) {
        more.extend(bench.step(Event::Cleared { clear, complaint: String::new() }));
    }
    more
}

fn cannot_be_asked(seen: &mut Observation) {
    let session = &mut seen.sessions.as_mut().unwrap()[0];
    session.can_route_refresh = false;
    session.connections_established = Some(1);
    session.uptime = Some(Duration::from_hours(1));
}

#[test]
fn the_session_that_a_change_touches_is_cleared_once() {
    let (mut bench, actions) = changed(|_| {});
    assert_eq!(kinds(&actions), [ClearKind::SoftIn]);
    answer(&mut bench, &actions);
    assert!(clears(&bench.observe(|_| {})).is_empty());
    assert!(bench.machine.is_waiting_for_frr(), "the effect is to be proven");
}

#[test]
fn a_touch_says_nothing_about_others() {
    let (_, actions) = changed(|seen| {
        let mut other = Session::unknown(SessionId::in_default_vrf("10.0.0.2"));
        other.state = SessionState::Established;
        other.families.insert(FAMILY, FamilyState::default());
        seen.sessions.as_mut().unwrap().push(other);
    });
    assert_eq!(clears(&actions).len(), 1);
}

#[test]
fn what_a_clear_changed_is_recorded() {
    let (mut bench, actions) = changed(|_| {});
    answer(&mut bench, &actions);
    assert_eq!(bench.machine.last_clear.as_ref().unwrap().outcome, None);
    let asked = |seen: &mut Observation| {
        let session = &mut seen.sessions.as_mut().unwrap()[0];
        session.route_refresh_sent = Some(1);
        session.families.get_mut(&FAMILY).unwrap().accepted = 3;
    };
    bench.observe(asked);
    bench.now += Duration::from_secs(1);
    let actions = bench.observe(asked);
    assert!(actions.iter().any(|action| matches!(action, Action::TimeClear { .. })));
    let clear = bench.machine.last_clear.clone().unwrap();
    assert_eq!((clear.prefixes_before, clear.outcome.unwrap().prefixes_after), (0, 3));
    assert!(bench.machine.policy_facts(bench.now).is_empty());
    assert!(!bench.machine.is_waiting_for_frr());
}

#[test]
fn a_reset_waits_for_a_look_and_is_on_the_disk_before_it_is_made() {
    let (mut bench, actions) = changed(cannot_be_asked);
    assert_eq!(kinds(&actions), []);
    assert_eq!(kinds(&bench.observe(cannot_be_asked)), [ClearKind::Hard]);
    assert_eq!(bench.doubts.resets.len(), 1);
    assert_eq!(bench.doubts.policies.len(), 1);
}

#[test]
fn nobody_is_reset_while_that_is_held() {
    let (mut bench, _) = changed(cannot_be_asked);
    let held = |seen: &mut Observation| {
        cannot_be_asked(seen);
        seen.hold = Some("fabric A".to_owned());
    };
    assert_eq!(kinds(&bench.observe(held)), []);
    let fact = bench.machine.policy_facts(bench.now).remove(0);
    assert_eq!(fact.state, PolicyState::Suppressed);
    assert!(fact.why.contains("fabric A"), "{}", fact.why);
    assert_eq!(kinds(&bench.observe(cannot_be_asked)), [ClearKind::Hard]);
}

#[test]
fn another_agent_goes_on_where_the_first_was_killed() {
    let (mut bench, actions) = changed(|_| {});
    assert_eq!(clears(&actions).len(), 1);
    bench.restart(Duration::from_secs(1));
    let desired = applies(&bench.observe(|_| {})).unwrap();
    let actions = bench.taken(&desired, false);
    assert_eq!(kinds(&actions), [ClearKind::SoftIn], "nobody knows whether the first one was sent");
}

#[test]
fn another_agent_does_not_reset_more_often() {
    let (mut bench, _) = changed(cannot_be_asked);
    bench.observe(cannot_be_asked);
    bench.restart(Duration::from_secs(1));
    let desired = applies(&bench.observe(cannot_be_asked)).unwrap();
    bench.taken(&desired, false);
    assert_eq!(kinds(&bench.observe(cannot_be_asked)), []);
    bench.now += Duration::from_mins(2);
    assert_eq!(kinds(&bench.observe(cannot_be_asked)), [ClearKind::Hard]);
}

#[test]
fn who_was_there_before_the_agent_is_asked_once() {
    let named = |seen: &mut Observation| {
        let session = &mut seen.sessions.as_mut().unwrap()[0];
        session.families.get_mut(&FAMILY).unwrap().inbound.route_map = Some("10.0.0.1-in".to_owned());
    };
    let mut bench = Bench::new();
    bench.read(false);
    let desired = applies(&bench.observe(named)).unwrap();
    let actions = bench.taken(&desired, false);
    assert_eq!(kinds(&actions), [ClearKind::SoftIn]);
    answer(&mut bench, &actions);
    for _ in 0..2 {
        bench.now += Duration::from_secs(1);
        bench.observe(|seen| {
            named(seen);
            seen.sessions.as_mut().unwrap()[0].route_refresh_sent = Some(1);
        });
    }
    bench.restart(Duration::from_secs(1));
    let desired = applies(&bench.observe(named)).unwrap();
    assert_eq!(kinds(&bench.taken(&desired, false)), [], "the agent before knew them");
}

#[test]
fn another_bgpd_has_no_old_policies() {
    let (mut bench, actions) = changed(|_| {});
    answer(&mut bench, &actions);
    let other = r#"{"inode": 7, "changed_sec": 1, "changed_nsec": 0}"#;
    let other = serde_json::from_str(other).unwrap();
    bench.observe(|seen| seen.incarnations = vec![(Daemon::Bgpd, Some(other))]);
    assert!(bench.machine.policy_facts(bench.now).is_empty());
}

#[test]
fn a_person_is_told_what_came_of_it() {
    let mut bench = Bench::settled();
    let session = SessionId::in_default_vrf("10.0.0.1");
    let ask = |session: &SessionId| Event::ClearAsked { ticket: 1, session: session.clone(), is_hard: false };
    let answers = |actions: &[Action]| {
        let mut answers = Vec::new();
        for action in actions {
            if let Action::Answer { ticket: 1, answer } = action {
                answers.push(answer.clone());
            }
        }
        answers.pop()
    };
    let unknown = bench.step(ask(&SessionId::in_default_vrf("net9")));
    assert!(answers(&unknown).unwrap().unwrap_err().contains("net9"));
    let actions = bench.step(ask(&session));
    assert_eq!(kinds(&actions), [ClearKind::SoftIn, ClearKind::SoftOut]);
    assert_eq!(answers(&actions), None);
    answer(&mut bench, &actions);
    let is_asked = |seen: &mut Observation| {
        seen.sessions.as_mut().unwrap()[0].route_refresh_sent = Some(1);
    };
    bench.now += Duration::from_secs(1);
    bench.observe(is_asked);
    bench.now += Duration::from_secs(1);
    let told = answers(&bench.observe(is_asked)).unwrap().unwrap();
    assert!(told.contains("ipv4-unicast in: accepted 0 → 0"), "{told}");
    assert!(told.contains("ipv4-unicast out"), "{told}");
}
