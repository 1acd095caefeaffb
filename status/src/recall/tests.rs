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
