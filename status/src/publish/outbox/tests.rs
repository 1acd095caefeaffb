use std::time::Duration;

use super::*;
use crate::{
    project::{
        project,
        tests::{bad, good},
    },
    snapshot::Snapshot,
};

/// An outbox and its clock.
struct Desk {
    outbox: Outbox,
    now: Uptime,
    nodes: u64,
}

impl Desk {
    fn new(heartbeat: Option<Duration>) -> Self {
        Self { outbox: Outbox::new(Pace::new(7), heartbeat, false), now: Uptime::ZERO, nodes: 1 }
    }

    /// A desk that has written everything of `report`.
    fn settled(report: &Report, heartbeat: Option<Duration>) -> Self {
        let mut desk = Self::new(heartbeat);
        desk.outbox.prepared(Vec::new(), 1, desk.now);
        desk.outbox.report(report, desk.now);
        desk.run(Duration::from_secs(5));
        desk
    }

    fn at(&self) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + i64::try_from(self.now.as_secs()).unwrap()).unwrap()
    }

    /// Lets `time` pass with an API server that takes everything; returns what is written, and when.
    fn run(&mut self, time: Duration) -> Vec<(Uptime, Write)> {
        self.run_with(time, |_| Outcome::Written)
    }

    fn run_with(&mut self, time: Duration, answer: impl Fn(&Write) -> Outcome) -> Vec<(Uptime, Write)> {
        let end = self.now + time;
        let mut writes = Vec::new();
        while self.now < end {
            while let Some(write) = self.outbox.next(self.now, self.at()) {
                writes.push((self.now, write.clone()));
                let outcome = answer(&write);
                self.outbox.done(write, outcome, self.now);
                assert!(writes.len() < 10_000, "no end of {writes:?}");
            }
            if self.outbox.wants_count(self.now) {
                self.outbox.counted(self.nodes, self.now);
            }
            let is_busy = self.outbox.deadline() <= self.now && !self.outbox.wants_preparation(self.now);
            assert!(!is_busy, "something is due, and nothing is written: {:?}", self.outbox);
            self.now = self.outbox.deadline().max(self.now + Duration::from_millis(1)).min(end);
        }
        writes
    }
}

fn report(snapshot: &Snapshot) -> Report {
    project(snapshot, None)
}

fn names(writes: &[(Uptime, Write)]) -> Vec<&str> {
    writes.iter().map(|(_, write)| write.key.name.as_str()).collect()
}

#[test]
fn everything_is_created_at_first_and_nothing_is_written_then() {
    let report = report(&good());
    let mut desk = Desk::new(None);
    desk.outbox.prepared(Vec::new(), 1, desk.now);
    desk.outbox.report(&report, desk.now);
    let writes = desk.run(Duration::from_secs(2));
    assert_eq!(writes.len(), 1 + report.sessions.len());
    assert!(writes.iter().all(|(_, write)| matches!(write.verb, Verb::Create(_))));
    assert_eq!(writes[0].1.key.kind, Kind::Node, "people look at the node first");

    for _ in 0..600 {
        desk.outbox.report(&report, desk.now);
        assert_eq!(desk.run(Duration::from_secs(1)), []);
    }
}

#[test]
fn what_the_api_server_has_is_not_written_again() {
    let report = report(&good());
    let mut desk = Desk::new(None);
    let existing = objects(&report, false).into_iter();
    let existing = existing.map(|(key, wanted)| Existing { key, content: Some(wanted.content) });
    desk.outbox.prepared(existing.collect(), 1, desk.now);
    desk.outbox.report(&report, desk.now);
    assert_eq!(desk.run(Duration::from_mins(10)), []);
}

#[test]
fn a_change_of_state_is_written_within_a_second_and_not_more_often() {
    let mut report = report(&good());
    let mut desk = Desk::settled(&report, None);
    let name = report.sessions[0].metadata.name.clone();
    let before = desk.now;
    for flap in 0..200 {
        report.sessions[0].status.flaps = Some(flap);
        desk.outbox.report(&report, desk.now);
        desk.now += Duration::from_millis(50);
        let writes = desk.run(Duration::from_millis(50));
        assert!(writes.iter().all(|(_, write)| write.key.name == name));
        if flap == 7 {
            assert!(desk.now.saturating_sub(before) < Duration::from_secs(1));
        }
    }
    let last = desk.run(Duration::from_secs(2));
    let Some((_, Write { verb: Verb::Update(wanted), .. })) = last.last() else { panic!("{last:?}") };
    let Content::Session(status) = &wanted.content else { panic!("{wanted:?}") };
    assert_eq!(status.flaps, Some(199), "the final state is not lost");
}

#[test]
fn one_write_a_second_is_the_most_for_an_object() {
    let mut report = report(&good());
    let mut desk = Desk::settled(&report, None);
    let mut times = Vec::new();
    for flap in 0..100 {
        report.sessions[0].status.flaps = Some(flap);
        desk.outbox.report(&report, desk.now);
        times.extend(desk.run(Duration::from_millis(100)).into_iter().map(|(at, _)| at));
    }
    assert!(times.windows(2).all(|pair| pair[1].saturating_sub(pair[0]) >= STATES_EVERY), "{times:?}");
    assert!(times.len() >= 8, "{times:?}");
}

#[test]
fn numbers_are_written_every_half_minute_at_most() {
    let mut report = report(&good());
    let mut desk = Desk::settled(&report, None);
    let mut writes = Vec::new();
    for count in 0..600 {
        report.sessions[0].status.prefixes.received = count;
        desk.outbox.report(&report, desk.now);
        writes.extend(desk.run(Duration::from_secs(1)));
    }
    assert!((15..=20).contains(&writes.len()), "{}", writes.len());
}

#[test]
fn what_happens_does_not_wait_for_the_numbers() {
    let mut report = report(&good());
    let mut desk = Desk::settled(&report, None);
    report.sessions[0].status.prefixes.received = 1000;
    desk.outbox.report(&report, desk.now);
    desk.run(Duration::from_secs(2));
    report.sessions[0].status.prefixes.received = 1001;
    desk.outbox.report(&report, desk.now);
    assert_eq!(desk.run(Duration::from_secs(2)), []);
    report.sessions[0].status.flaps = Some(77);
    desk.outbox.report(&report, desk.now);
    assert_eq!(desk.run(Duration::from_secs(1)).len(), 1);
}

#[test]
fn a_heart_beats_and_says_how_often() {
    let report = report(&good());
    let mut desk = Desk::settled(&report, Some(Duration::from_mins(5)));
    let writes = desk.run(Duration::from_hours(1));
    assert!((10..=15).contains(&writes.len()), "{}", writes.len());
    for (_, write) in &writes {
        let Verb::Update(Wanted { content: Content::Node(status), .. }) = &write.verb else {
            panic!("{write:?}")
        };
        assert_eq!(status.heartbeat_seconds, Some(300));
        assert!(status.last_heartbeat.is_some());
    }
}

#[test]
fn a_session_that_is_gone_is_deleted() {
    let mut report = report(&good());
    let mut desk = Desk::settled(&report, None);
    let gone = report.sessions.remove(0).metadata.name;
    desk.outbox.report(&report, desk.now);
    let writes = desk.run(Duration::from_secs(2));
    assert_eq!(names(&writes), [gone.as_str()]);
    assert_eq!(writes[0].1.verb, Verb::Delete);
}

#[test]
fn nothing_is_deleted_while_bgpd_does_not_answer() {
    let known = report(&good());
    let mut desk = Desk::settled(&known, None);
    let mut snapshot = good();
    snapshot.sessions = None;
    let mut report = project(&snapshot, Some(&known));
    report.sessions.remove(0);
    desk.outbox.report(&report, desk.now);
    let writes = desk.run(Duration::from_secs(2));
    assert!(writes.iter().all(|(_, write)| matches!(write.verb, Verb::Update(_))), "{writes:?}");
}

#[test]
fn what_another_agent_left_is_deleted() {
    let report = report(&good());
    let mut desk = Desk::new(None);
    let key = Key::new(Kind::Session, "node-1.default.192.0.2.99");
    desk.outbox.prepared(vec![Existing { key: key.clone(), content: None }], 1, desk.now);
    desk.outbox.report(&report, desk.now);
    let writes = desk.run(Duration::from_secs(2));
    assert!(writes.iter().any(|(_, write)| write.key == key && write.verb == Verb::Delete));
}

#[test]
fn an_agent_that_has_not_reported_yet_deletes_nothing() {
    let mut desk = Desk::new(None);
    let existing = objects(&report(&good()), true).into_iter();
    let existing = existing.map(|(key, wanted)| Existing { key, content: Some(wanted.content) });
    desk.outbox.prepared(existing.collect(), 1, desk.now);
    assert_eq!(desk.run(Duration::from_mins(30)), []);
    // bgpd cannot be asked: nobody knows which sessions there are.
    let mut snapshot = good();
    snapshot.sessions = None;
    desk.outbox.report(&report(&snapshot), desk.now);
    let writes = desk.run(Duration::from_mins(5));
    assert_eq!(names(&writes), ["node-1"]);
    assert!(matches!(writes[0].1.verb, Verb::Update(_)));
}

#[test]
fn an_agent_that_has_not_looked_yet_says_nothing() {
    let mut desk = Desk::new(None);
    desk.outbox.prepared(Vec::new(), 1, desk.now);
    desk.outbox.report(&report(&Snapshot::unknown("node-1", good().now, Duration::from_secs(5))), desk.now);
    assert_eq!(desk.run(LOOK_WITHIN), []);
    desk.outbox.report(&report(&Snapshot::unknown("node-1", good().now, Duration::from_secs(5))), desk.now);
    assert_eq!(names(&desk.run(Duration::from_secs(1))), ["node-1"]);
}

#[test]
fn an_api_server_that_is_away_gets_the_newest_when_it_is_back() {
    let mut report = report(&good());
    let mut desk = Desk::settled(&report, None);
    let away = |_: &Write| Outcome::Failed { is_refusal: false, at_least: Duration::ZERO };
    let mut tries = 0;
    for flap in 0..60 {
        report.sessions[0].status.flaps = Some(flap);
        desk.outbox.report(&report, desk.now);
        tries += desk.run_with(Duration::from_secs(1), away).len();
    }
    assert!((8..40).contains(&tries), "{tries}");
    let back = desk.now;
    let writes = desk.run(Duration::from_secs(10));
    let [(at, Write { verb: Verb::Update(Wanted { content: Content::Session(status), .. }), .. })] =
        &writes[..]
    else {
        panic!("{writes:?}")
    };
    assert_eq!(status.flaps, Some(59));
    assert!(at.saturating_sub(back) < Duration::from_secs(6));
}

#[test]
fn what_is_lost_is_made_again() {
    let good_report = report(&good());
    let mut desk = Desk::settled(&good_report, None);
    let bad_report = report(&bad());
    desk.outbox.report(&bad_report, desk.now);
    let writes = desk.run_with(Duration::from_secs(2), |_| Outcome::Gone);
    assert_eq!(writes.len(), 1, "it is looked first what else is gone");
    desk.now += Duration::from_secs(5);
    assert!(desk.outbox.wants_preparation(desk.now));
    desk.outbox.prepared(Vec::new(), 1, desk.now);
    let writes = desk.run(Duration::from_secs(5));
    assert_eq!(writes.len(), 1 + bad_report.sessions.len());
    assert!(writes.iter().all(|(_, write)| matches!(write.verb, Verb::Create(_))));
}

#[test]
fn what_somebody_deleted_is_made_again_within_the_hour() {
    let report = report(&good());
    let mut desk = Desk::settled(&report, None);
    assert_eq!(desk.run(Duration::from_mins(40)), []);
    assert!(!desk.outbox.wants_preparation(desk.now));
    desk.run(Duration::from_mins(35));
    assert!(desk.outbox.wants_preparation(desk.now));
    let mut existing = objects(&report, false);
    let (gone, _) = existing.pop_last().unwrap();
    let existing = existing.into_iter().map(|(key, wanted)| Existing { key, content: Some(wanted.content) });
    desk.outbox.prepared(existing.collect(), 1, desk.now);
    assert!(!desk.outbox.wants_preparation(desk.now));
    let writes = desk.run(Duration::from_secs(2));
    assert_eq!(names(&writes), [gone.name.as_str()]);
}

#[test]
fn what_is_not_taken_holds_up_nothing_else() {
    let mut report = report(&good());
    let mut desk = Desk::settled(&report, Some(Duration::from_mins(5)));
    for session in &mut report.sessions {
        session.status.flaps = Some(77);
    }
    let name = report.sessions[0].metadata.name.clone();
    desk.outbox.report(&report, desk.now);
    let answer = |write: &Write| if write.key.name == name { Outcome::Invalid } else { Outcome::Written };
    let writes = desk.run_with(Duration::from_mins(4), answer);
    assert_eq!(names(&writes).iter().filter(|written| **written == name).count(), 1, "{writes:?}");
    report.sessions[0].status.flaps = Some(78);
    desk.outbox.report(&report, desk.now);
    assert!(
        names(&desk.run(Duration::from_secs(2))).contains(&name.as_str()),
        "another content may be taken"
    );
}

#[test]
fn a_failure_of_the_fabric_is_told_over_half_a_minute_in_a_large_cluster() {
    let mut report = report(&good());
    let mut firsts = Vec::new();
    for seed in 0..200 {
        let mut desk = Desk::settled(&report, None);
        desk.outbox.pace = Pace::new(seed);
        desk.nodes = 5000;
        desk.outbox.counted(desk.nodes, desk.now);
        for session in &mut report.sessions {
            session.status.flaps = Some(seed);
        }
        report.node.status.sessions.established = usize::try_from(seed).unwrap();
        desk.outbox.report(&report, desk.now);
        let begin = desk.now;
        let writes = desk.run(Duration::from_secs(90));
        assert_eq!(writes.len(), 1 + report.sessions.len(), "every final state is written");
        firsts.extend(writes.iter().map(|(at, _)| at.saturating_sub(begin).as_secs()));
    }
    let in_first_second = firsts.iter().filter(|at| **at == 0).count();
    assert!(in_first_second * 15 < firsts.len(), "{in_first_second} of {}", firsts.len());
    assert!(firsts.iter().max().is_some_and(|last| (20..=62).contains(last)));
}

#[test]
fn who_comes_first_counts_again() {
    let report = report(&good());
    let mut desk = Desk::settled(&report, None);
    assert!(!desk.outbox.wants_count(desk.now), "it was counted just now");
    let mut counts = 0;
    let end = desk.now + Duration::from_hours(24);
    while desk.now < end {
        desk.now = desk.outbox.deadline();
        if desk.outbox.wants_preparation(desk.now) {
            let existing = objects(&report, false).into_iter();
            let existing = existing.map(|(key, wanted)| Existing { key, content: Some(wanted.content) });
            desk.outbox.prepared(existing.collect(), 5000, desk.now);
            continue;
        }
        assert!(desk.outbox.wants_count(desk.now), "nothing else is due");
        desk.outbox.counted(5000, desk.now);
        counts += 1;
        if counts == 1 {
            assert!(desk.now < Duration::from_mins(2), "{:?}", desk.now);
        }
    }
    assert!(counts < 40, "{counts} counts in a day");
}

#[test]
fn what_waited_for_the_api_server_is_spread_when_it_answers_anything() {
    let mut report = report(&good());
    let mut desk = Desk::settled(&report, None);
    desk.outbox.counted(5000, desk.now);
    desk.outbox.pause(false, Duration::ZERO, desk.now);
    report.sessions[0].status.flaps = Some(17);
    desk.outbox.report(&report, desk.now);
    desk.now += Duration::from_mins(2);
    assert!(desk.outbox.is_away());
    desk.outbox.back(desk.now);
    assert!(!desk.outbox.is_away());
    assert_eq!(desk.outbox.next(desk.now, desk.at()), None, "not at once");
    desk.nodes = 5000;
    assert_eq!(desk.run(Duration::from_mins(1)).len(), 1);
}

#[test]
fn a_server_that_comes_back_is_asked_again_soon_however_long_it_was_away() {
    let mut desk = Desk::settled(&report(&good()), None);
    for _ in 0..20 {
        desk.outbox.pause(false, Duration::ZERO, desk.now);
        desk.now = desk.outbox.closed_until();
    }
    // Connections are taken, and it is not ready.
    desk.outbox.pause(true, Duration::ZERO, desk.now);
    assert!(desk.outbox.closed_until() < desk.now + Duration::from_secs(1));
    for _ in 0..20 {
        desk.now = desk.outbox.closed_until();
        desk.outbox.pause(true, Duration::ZERO, desk.now);
    }
    assert!(desk.outbox.closed_until() > desk.now + Duration::from_secs(10), "it refuses for other reasons");
}

#[test]
fn an_object_that_is_made_counts_twice() {
    let report = report(&good());
    let objects = 1 + report.sessions.len();
    let mut desk = Desk::new(None);
    desk.outbox.prepared(Vec::new(), 1000, desk.now);
    desk.outbox.report(&report, desk.now);
    let made: usize = desk.outbox.slots.iter().map(|(key, slot)| desk.outbox.writes(key, slot.lag())).sum();
    assert_eq!(made, 2 * objects);
    desk.run(Duration::from_mins(2));
    let kept: usize = desk.outbox.slots.iter().map(|(key, slot)| desk.outbox.writes(key, slot.lag())).sum();
    assert_eq!(kept, 0);
}
