use std::time::Duration;

use super::*;
use crate::project::{
    project,
    tests::{bad, good},
};

fn told(before: &Report, after: &Report) -> Vec<String> {
    let line = |news: News| {
        let kind = if news.is_warning { "Warning" } else { "Normal" };
        format!("{kind} {}: {}", news.reason, news.note)
    };
    between(before, after).into_iter().map(line).collect()
}

#[test]
fn nothing_new_is_no_news() {
    let report = project(&good(), None);
    assert_eq!(told(&report, &report), [""; 0]);
    let mut later = good();
    later.now += Duration::from_mins(5);
    assert_eq!(told(&report, &project(&later, Some(&report))), [""; 0]);
}

#[test]
fn golden_of_a_bad_day() {
    let before = project(&good(), None);
    let after = project(&bad(), Some(&before));
    insta::assert_snapshot!("bad-day", told(&before, &after).join("\n"));
    insta::assert_snapshot!("good-again", told(&after, &project(&good(), Some(&after))).join("\n"));
}

#[test]
fn a_session_that_came_and_went_between_two_looks_is_told() {
    let before = project(&good(), None);
    let mut after = before.clone();
    let status = &mut after.sessions[0].status;
    status.flaps = status.flaps.map(|flaps| flaps + 1);
    status.established_transitions = status.established_transitions.map(|count| count + 1);
    let reasons: Vec<_> = between(&before, &after).into_iter().map(|news| news.reason).collect();
    assert_eq!(reasons, [NewsReason::SessionDown, NewsReason::SessionEstablished]);
}

#[test]
fn a_bgpd_that_does_not_answer_has_lost_no_session() {
    let before = project(&good(), None);
    let mut snapshot = good();
    snapshot.sessions = None;
    let unknown = project(&snapshot, Some(&before));
    assert_eq!(told(&before, &unknown), [""; 0]);
    assert_eq!(told(&unknown, &project(&good(), Some(&unknown))), [""; 0]);
}

#[test]
fn a_new_session_is_told_when_it_is_established() {
    let after = project(&good(), None);
    let mut before = after.clone();
    let new = before.sessions.remove(0).metadata.name;
    let news = between(&before, &after);
    assert_eq!(news.len(), 1);
    assert_eq!((news[0].reason, news[0].session.as_ref()), (NewsReason::SessionEstablished, Some(&new)));
}
