use std::time::Duration;

use super::*;
use crate::{
    project::{project, tests::good},
    snapshot::Snapshot,
};

fn since(report: &Report, kind: ConditionType) -> Timestamp {
    report.node.status.condition(kind).unwrap().last_transition_time
}

/// A report of a day ago, and a new agent's first and second one.
fn reports() -> (Report, Report, Snapshot) {
    let now = good().now;
    let mut snapshot = good();
    snapshot.now = now - Duration::from_hours(24);
    let old = project(&snapshot, None);
    let unknown = Snapshot::unknown("node-1", now, Duration::from_secs(5));
    (old.clone(), project(&unknown, Some(&old)), good())
}

#[test]
fn what_is_as_it_was_is_so_since_then() {
    let (old, mut first, snapshot) = reports();
    let mut recall = Recall::of(&old);
    recall.amend(&mut first);
    assert_eq!(since(&first, ConditionType::Ready), first.time, "nobody knows yet");
    let mut second = project(&snapshot, Some(&first));
    recall.amend(&mut second);
    for condition in &second.node.status.conditions {
        assert_eq!(condition.last_transition_time, old.time, "{}", condition.kind);
    }
    for session in &second.sessions {
        assert!(session.status.conditions.iter().all(|condition| condition.last_transition_time == old.time));
    }
    let third = project(&snapshot, Some(&second));
    assert_eq!(since(&third, ConditionType::Ready), old.time, "and stays so");
}

#[test]
fn what_changed_changed_now() {
    let (old, mut first, mut snapshot) = reports();
    let mut recall = Recall::of(&old);
    recall.amend(&mut first);
    snapshot.sources.as_mut().unwrap()[0].accepted = false;
    let mut second = project(&snapshot, Some(&first));
    recall.amend(&mut second);
    assert_eq!(since(&second, ConditionType::SourcesAccepted), second.time);
    assert_eq!(since(&second, ConditionType::Ready), second.time);
    assert_eq!(since(&second, ConditionType::FrrReachable), old.time);

    let mut third = project(&good(), Some(&second));
    recall.amend(&mut third);
    assert_ne!(since(&third, ConditionType::SourcesAccepted), old.time, "that is over");
}

#[test]
fn times_that_are_a_second_off_are_no_change() {
    let old = project(&good(), None);
    let mut snapshot = good();
    snapshot.now += Duration::from_mins(1);
    // FRR counts whole seconds: what happened at the same moment seems to be a second later.
    for session in snapshot.sessions.as_mut().unwrap() {
        let later = |time: &mut Option<Duration>| *time = time.map(|time| time + Duration::from_secs(59));
        later(&mut session.uptime);
        later(&mut session.last_reset.as_mut().unwrap().ago);
        later(&mut session.bfd.as_mut().unwrap().since);
    }
    let mut first = project(&snapshot, None);
    assert_ne!(first.sessions, old.sessions);
    Recall::of(&old).amend(&mut first);
    assert_eq!(first.sessions, old.sessions);
    assert_eq!(project(&snapshot, Some(&first)).sessions, old.sessions, "and it stays so");
}

#[test]
fn a_session_that_was_lost_meanwhile_has_its_new_times() {
    let old = project(&good(), None);
    let mut snapshot = good();
    snapshot.now += Duration::from_mins(1);
    snapshot.sessions.as_mut().unwrap()[0].uptime = Some(Duration::from_secs(7));
    let mut first = project(&snapshot, None);
    let want = first.sessions.iter().map(|session| session.status.since).collect::<Vec<_>>();
    Recall::of(&old).amend(&mut first);
    assert_eq!(first.sessions.iter().map(|session| session.status.since).collect::<Vec<_>>(), want);
}

#[test]
fn when_a_lost_session_was_established_is_not_forgotten() {
    let up = project(&good(), None);
    let mut snapshot = good();
    snapshot.now += Duration::from_mins(1);
    let session = &mut snapshot.sessions.as_mut().unwrap()[0];
    session.state = frr_driver::session::SessionState::Active;
    session.uptime = None;
    let down = project(&snapshot, Some(&up));
    let mut first = project(&snapshot, None);
    assert_ne!(first.sessions, down.sessions);
    Recall::of(&down).amend(&mut first);
    assert_eq!(first.sessions, down.sessions);
}
