//! Soft clears, and what proves them.

use super::*;
use crate::impact::Life;

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn a_policy_that_changed_is_cleared_once_and_proven() {
    let mut bench = Bench::new(&[true, true]);
    bench.change(&[0]);
    assert_eq!(bench.obey(), [(0, ClearKind::SoftIn)]);
    assert!(matches!(bench.standing(), Some(Standing::Pending(_))));
    bench.sessions[0].families.get_mut(&FAMILY).unwrap().accepted = 9;
    assert_eq!(bench.pass(3 * SECOND), []);
    assert_eq!(bench.standing(), None);
    let ended = bench.decider.take_ended();
    assert_eq!(ended.len(), 1);
    assert_eq!((ended[0].prefixes, ended[0].failure.as_deref()), ((4, 9), None));
}

#[test]
fn routes_that_still_come_in_are_no_proof() {
    let mut bench = Bench::new(&[true]);
    bench.change(&[0]);
    bench.obey();
    for _ in 0..5 {
        bench.sessions[0].updates_received = bench.sessions[0].updates_received.map(|count| count + 100);
        bench.pass(SECOND);
        assert!(bench.standing().is_some());
    }
    bench.pass(2 * SECOND);
    assert_eq!(bench.standing(), None);
}

#[test]
fn what_bgpd_does_not_do_is_tried_three_times_and_given_up() {
    let mut bench = Bench::new(&[true]);
    bench.change(&[0]);
    let mut sent = 0;
    for _ in 0..120 {
        for clear in bench.clears() {
            sent += 1;
            bench.decider.answered(&clear, "", &bench.sessions, bench.now);
        }
        bench.now += SECOND;
        bench.tell_time();
        bench.decider.observed(&bench.sessions, bench.now);
    }
    assert_eq!(sent, 3);
    assert!(matches!(bench.standing(), Some(Standing::GaveUp(_))));
    assert_eq!(bench.decider.take_ended().len(), 1);
    assert!(!bench.decider.is_waiting());
    bench.goes_down(0);
    bench.pass(SECOND);
    assert_eq!(bench.standing(), None, "a new session judges every route anew");
}

#[test]
fn a_refused_clear_is_tried_again_and_then_given_up_in_bgpds_words() {
    let mut bench = Bench::new(&[true]);
    bench.change(&[0]);
    for _ in 0..120 {
        for clear in bench.clears() {
            bench.decider.answered(&clear, "% no", &bench.sessions, bench.now);
        }
        bench.now += SECOND;
    }
    assert_eq!(bench.standing(), Some(Standing::GaveUp("% no".to_owned())));
}

#[test]
fn what_bgpd_cannot_do_softly_is_done_hard() {
    let mut bench = Bench::new(&[true]);
    bench.change(&[0]);
    let clear = bench.clears().remove(0);
    let complaint = "% BGP: Inbound soft reconfig for P not possible as it has neither refresh capability, nor inbound soft reconfig";
    bench.decider.answered(&clear, complaint, &bench.sessions, bench.now);
    assert_eq!(bench.obey(), [(0, ClearKind::Hard)]);
}

#[test]
fn stored_routes_are_judged_at_once() {
    let mut bench = Bench::new(&[false]);
    bench.sessions[0].families.get_mut(&FAMILY).unwrap().soft_reconfiguration_inbound = true;
    bench.change(&[0]);
    assert_eq!(bench.obey(), [(0, ClearKind::SoftIn)]);
    bench.pass(SECOND);
    assert_eq!(bench.standing(), None);
}

#[test]
fn what_is_sent_is_sent_again_at_once() {
    let mut bench = Bench::new(&[false]);
    bench.change_with(&[0], |touch| touch.policy_out = std::mem::take(&mut touch.policy_in));
    assert_eq!(bench.obey(), [(0, ClearKind::SoftOut)]);
    bench.pass(SECOND);
    assert_eq!(bench.standing(), None);
}

#[test]
fn who_needs_nothing_is_left() {
    let left = |change: fn(&mut Bench), also: fn(&mut Touch)| {
        let mut bench = Bench::new(&[true]);
        change(&mut bench);
        bench.change_with(&[0], also);
        assert_eq!(bench.obey(), []);
        assert_eq!(bench.standing(), None);
    };
    left(|bench| bench.goes_down(0), |_| {});
    left(|bench| bench.sessions[0].families.clear(), |_| {});
    left(|_| {}, |touch| touch.life = Life::Reset);
    left(|_| {}, |touch| _ = touch.left_to_frr.insert((FAMILY, Direction::In)));
}

/// A map that is made anew, on a version that binds it when its timer fires.
fn late(timer: Option<Duration>, can_refresh: bool) -> Bench {
    let mut bench = Bench::new(&[can_refresh]);
    bench.timer = timer;
    bench.change_with(&[0], |touch| _ = touch.late.insert((FAMILY, Direction::In)));
    bench
}

#[test]
fn a_map_that_is_bound_late_is_proven_by_what_frr_then_does() {
    let mut bench = late(TIMER, true);
    assert_eq!(bench.obey(), [(0, ClearKind::SoftIn)]);
    assert_eq!(bench.pass(4 * SECOND), []);
    assert!(bench.standing().is_some(), "the map is not bound yet");
    bench.refresh(0);
    assert_eq!(bench.pass(3 * SECOND), []);
    assert_eq!(bench.standing(), None);
}

#[test]
fn a_map_that_is_bound_late_is_cleared_again_where_frr_does_nothing() {
    let mut bench = late(TIMER, true);
    bench.obey();
    assert_eq!(bench.pass(8 * SECOND), [(0, ClearKind::SoftIn)]);
    bench.pass(2 * SECOND);
    assert_eq!(bench.standing(), None);
}

#[test]
fn a_map_that_is_bound_late_is_there_before_the_reset() {
    let mut bench = late(TIMER, false);
    assert_eq!(bench.pass(5 * SECOND), []);
    assert_eq!(bench.pass(2 * SECOND), [(0, ClearKind::Hard)]);
}

#[test]
fn without_a_timer_a_map_is_bound_at_once() {
    let mut bench = late(None, true);
    assert_eq!(bench.obey(), [(0, ClearKind::SoftIn)]);
    bench.pass(2 * SECOND);
    assert_eq!(bench.standing(), None);
}

#[test]
fn the_newest_version_binds_at_once() {
    let mut bench = Bench::new(&[false]);
    bench.version = FrrVersion(10, 7, 1);
    bench.change_with(&[0], |touch| _ = touch.late.insert((FAMILY, Direction::In)));
    assert_eq!(bench.obey(), [(0, ClearKind::Hard)]);
}

#[test]
fn with_never_frr_is_watched_and_nothing_is_sent() {
    let mut bench = Bench::new(&[true]);
    bench.rules.most = Most::Never;
    bench.change(&[0]);
    assert_eq!(bench.pass(4 * SECOND), []);
    bench.refresh(0);
    assert_eq!(bench.pass(3 * SECOND), []);
    assert_eq!(bench.standing(), None, "FRR did it by itself");
    bench.change(&[0]);
    assert_eq!(bench.pass(30 * SECOND), []);
    assert!(matches!(bench.standing(), Some(Standing::Suppressed(_))));
    assert!(!bench.decider.is_waiting());
}

#[test]
fn with_never_what_nothing_tells_is_not_claimed() {
    let mut bench = Bench::new(&[true]);
    bench.rules.most = Most::Never;
    bench.sessions[0].families.get_mut(&FAMILY).unwrap().soft_reconfiguration_inbound = true;
    bench.change(&[0]);
    bench.pass(30 * SECOND);
    assert!(matches!(bench.standing(), Some(Standing::Unproven(_))));
}

#[test]
fn who_is_adopted_is_asked_once_or_left_unproven() {
    let mut bench = Bench::new(&[true, false, true]);
    for session in bench.sessions.iter_mut().take(2) {
        session.families.get_mut(&FAMILY).unwrap().inbound.route_map = Some("m".to_owned());
    }
    bench.decider.adopt(&bench.sessions, Most::Hard, TIMER, bench.now);
    assert_eq!(bench.obey(), [(0, ClearKind::SoftIn)], "the third has no policy");
    assert_eq!(bench.pass(5 * SECOND), []);
    assert_eq!(bench.standing(), None);
    assert!(matches!(bench.standing_of(1), Some(Standing::Unproven(_))));
}

#[test]
fn a_person_gets_what_is_not_allowed_otherwise() {
    let mut bench = Bench::new(&[true]);
    bench.rules = Rules { most: Most::Never, hold: Some("fabric A") };
    assert_eq!(bench.decider.ask(&id(0), false, &bench.sessions, bench.now), Ok(None));
    assert_eq!(bench.obey(), [(0, ClearKind::SoftIn), (0, ClearKind::SoftOut)]);
    bench.pass(2 * SECOND);
    assert!(!bench.decider.is_clearing(&id(0)));
    let clear = bench.decider.ask(&id(0), true, &bench.sessions, bench.now).unwrap().unwrap();
    assert_eq!(clear.kind, ClearKind::Hard);
    assert!(bench.decider.is_clearing(&id(0)));
}

#[test]
fn a_person_is_told_what_cannot_be_done() {
    let mut bench = Bench::new(&[false, true]);
    let mut ask = |number, is_hard| bench.decider.ask(&id(number), is_hard, &bench.sessions, bench.now);
    assert_eq!(ask(9, true), Err(Refusal::Unknown(id(9))));
    assert_eq!(ask(0, false), Err(Refusal::NeedsHard(id(0))));
    assert!(ask(0, true).is_ok());
    assert_eq!(ask(1, true), Err(Refusal::Busy(id(0))));
    bench.goes_down(1);
    assert_eq!(bench.decider.ask(&id(1), false, &bench.sessions, bench.now), Err(Refusal::Down(id(1))));
}
