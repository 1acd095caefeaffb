//! Hard clears: whose turn it is.

use super::*;

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_mins(1);

/// The first session is reset, and comes back after `away`.
fn reset_and_back(bench: &mut Bench, at: usize, away: Duration) {
    assert_eq!(bench.obey(), [(at, ClearKind::Hard)]);
    assert_eq!(bench.pass(away), []);
    bench.comes_up(at);
}

#[test]
fn one_is_reset_after_the_other_each_when_the_last_is_back_with_its_routes() {
    let mut bench = Bench::new(&[false, false]);
    bench.change(&[0, 1]);
    bench.sessions[0].families.get_mut(&FAMILY).unwrap().accepted = 0;
    bench.sessions[1].families.get_mut(&FAMILY).unwrap().accepted = 9;
    reset_and_back(&mut bench, 0, 3 * SECOND);
    bench.now += SECOND;
    bench.decider.observed(&bench.sessions, bench.now);
    assert_eq!(bench.obey(), [], "its routes may still come");
    assert_eq!(bench.pass(2 * SECOND), [(1, ClearKind::Hard)]);
    assert_eq!(bench.standing_of(0), None);
    bench.comes_up(1);
    bench.pass(3 * SECOND);
    assert_eq!(bench.standing_of(1), None);
    assert_eq!(bench.decider.take_ended().len(), 2);
}

#[test]
fn routes_that_were_there_are_waited_for() {
    let mut bench = Bench::new(&[false, false]);
    bench.change(&[0, 1]);
    reset_and_back(&mut bench, 0, SECOND);
    bench.sessions[0].families.get_mut(&FAMILY).unwrap().accepted = 0;
    assert_eq!(bench.pass(9 * SECOND), []);
    assert_eq!(bench.pass(3 * SECOND), [(1, ClearKind::Hard)], "the policy may let none in");
}

#[test]
fn nobody_is_reset_while_one_does_not_come_back() {
    let mut bench = Bench::new(&[false, false]);
    bench.change(&[0, 1]);
    assert_eq!(bench.obey(), [(0, ClearKind::Hard)]);
    assert_eq!(bench.pass(10 * MINUTE), []);
    assert!(matches!(bench.standing_of(0), Some(Standing::GaveUp(_))));
    assert!(matches!(bench.standing_of(1), Some(Standing::Suppressed(_))));
    bench.comes_up(0);
    assert_eq!(bench.pass(3 * SECOND), [(1, ClearKind::Hard)]);
}

#[test]
fn the_last_of_a_family_waits_for_one_that_is_about_to_come_back() {
    let mut bench = Bench::new(&[false, true]);
    bench.goes_down(1);
    bench.change(&[0]);
    assert_eq!(bench.obey(), []);
    assert!(matches!(bench.standing(), Some(Standing::Pending(why)) if why.contains("10.0.0.2")));
    bench.comes_up(1);
    assert_eq!(bench.pass(SECOND), [(0, ClearKind::Hard)]);
}

#[test]
fn the_last_of_a_family_is_reset_where_nobody_comes_back() {
    for change in [
        (|session: &mut Session| session.admin_down = true) as fn(&mut Session),
        |session| session.connections_established = Some(0),
        |session| session.last_reset = Some(LastReset { reason: None, ago: Some(Duration::from_hours(1)) }),
        |session| session.families.clear(),
    ] {
        let mut bench = Bench::new(&[false, true]);
        bench.goes_down(1);
        change(&mut bench.sessions[1]);
        bench.change(&[0]);
        assert_eq!(bench.obey(), [(0, ClearKind::Hard)]);
    }
}

#[test]
fn a_session_is_reset_three_times_an_hour_at_most() {
    let mut bench = Bench::new(&[false]);
    let mut resets = Vec::new();
    for _ in 0..60 {
        bench.change(&[0]);
        for _ in 0..60 {
            if !bench.pass(SECOND).is_empty() {
                resets.push(bench.now);
                bench.comes_up(0);
            }
        }
    }
    assert_eq!(resets.len(), 3);
    assert!(resets[1] >= resets[0] + MINUTE);
    assert!(resets[2] >= resets[1] + 5 * MINUTE);
    assert!(matches!(bench.standing(), Some(Standing::GaveUp(_))));
    let later = bench.pass(10 * MINUTE);
    assert_eq!(later, [(0, ClearKind::Hard)], "the policy still has to come into effect");
}

#[test]
fn what_another_agent_did_counts() {
    let mut bench = Bench::new(&[false]);
    for left in [10, 20, 30] {
        bench.decider.count_reset(id(0), left * MINUTE, bench.now);
    }
    bench.change(&[0]);
    assert_eq!(bench.pass(9 * MINUTE), []);
    assert_eq!(bench.pass(2 * MINUTE), [(0, ClearKind::Hard)]);
}

#[test]
fn what_is_not_allowed_or_held_is_said() {
    for rules in [
        Rules { most: Most::Soft, hold: None },
        Rules { most: Most::Never, hold: None },
        Rules { most: Most::Hard, hold: Some("fabric A is mended") },
    ] {
        let mut bench = Bench::new(&[false]);
        bench.rules = rules;
        bench.change(&[0]);
        assert_eq!(bench.pass(MINUTE), []);
        let Some(Standing::Suppressed(why)) = bench.standing() else { panic!("{:?}", bench.standing()) };
        assert!(why.contains(rules.hold.unwrap_or("--clear forbids it")), "{why}");
        assert!(!bench.decider.is_waiting());
        bench.rules = ALL;
        assert_eq!(bench.obey(), [(0, ClearKind::Hard)]);
    }
}

#[test]
fn a_reset_that_bgpd_refuses_is_given_up_in_its_words() {
    let mut bench = Bench::new(&[false]);
    bench.change(&[0]);
    let clear = bench.clears().remove(0);
    bench.decider.answered(&clear, "% Unknown neighbor", &bench.sessions, bench.now);
    assert_eq!(bench.standing(), Some(Standing::GaveUp("% Unknown neighbor".to_owned())));
    assert_eq!(bench.pass(MINUTE), []);
}

#[test]
fn a_dynamic_neighbor_that_counts_from_the_beginning_is_back_by_its_age() {
    let mut bench = Bench::new(&[false]);
    bench.sessions[0].dynamic = true;
    bench.change(&[0]);
    assert_eq!(bench.obey(), [(0, ClearKind::Hard)]);
    let gone = bench.sessions.remove(0);
    bench.pass(2 * SECOND);
    assert!(bench.decider.is_waiting(), "it is not in the list while it is away");
    bench.sessions.push(Session { connections_established: Some(0), ..gone });
    bench.comes_up(0);
    bench.pass(4 * SECOND);
    assert_eq!(bench.standing(), None);
    assert!(!bench.decider.is_waiting());
}

#[test]
fn a_dynamic_neighbor_that_is_back_at_once_is_seen() {
    for seen_gone in [false, true] {
        let mut bench = Bench::new(&[false, false]);
        bench.sessions[0].dynamic = true;
        bench.change(&[0, 1]);
        assert_eq!(bench.obey(), [(0, ClearKind::Hard)]);
        if seen_gone {
            bench.now += Duration::from_millis(900);
            bench.decider.observed(&bench.sessions, bench.now);
        }
        bench.now += Duration::from_millis(200);
        bench.sessions[0].connections_established = Some(0);
        bench.comes_up(0);
        assert_eq!(bench.pass(4 * SECOND), [(1, ClearKind::Hard)], "{seen_gone}");
    }
}

#[test]
fn a_change_while_a_session_is_away_costs_nothing_more() {
    let mut bench = Bench::new(&[false]);
    bench.change(&[0]);
    assert_eq!(bench.obey(), [(0, ClearKind::Hard)]);
    bench.pass(SECOND);
    bench.change(&[0]);
    assert_eq!(bench.pass(SECOND), []);
    bench.comes_up(0);
    assert_eq!(bench.pass(10 * MINUTE), []);
    assert_eq!(bench.standing(), None);
}

#[test]
fn another_bgpd_has_no_old_policies() {
    let mut bench = Bench::new(&[false, false]);
    bench.change(&[0, 1]);
    bench.obey();
    bench.decider.forget_all();
    assert_eq!(bench.pass(MINUTE), []);
    assert_eq!(bench.standing_of(1), None);
}
