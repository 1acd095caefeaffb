use super::*;
use crate::news::NewsReason;

fn at(now: Uptime) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + i64::try_from(now.as_secs()).unwrap()).unwrap()
}

/// A recorder and its clock.
struct Desk {
    recorder: Recorder,
    now: Uptime,
    next_id: u64,
}

impl Desk {
    fn new() -> Self {
        Self { recorder: Recorder::new(), now: Uptime::ZERO, next_id: 0 }
    }

    fn take(&mut self, note: &str) {
        self.next_id += 1;
        let news = News::normal(NewsReason::SessionDown, note);
        self.recorder.take(news, self.next_id, Duration::ZERO, self.now, at(self.now));
    }

    /// Everything that is due now, with an API server that takes it.
    fn written(&mut self) -> Vec<EventWrite> {
        let mut writes = Vec::new();
        while let Some(write) = self.recorder.next(self.now) {
            self.recorder.done(&write, true, self.now);
            writes.push(write);
        }
        writes
    }
}

#[test]
fn the_same_again_is_a_series() {
    let mut desk = Desk::new();
    let mut counts = Vec::new();
    let mut new = 0;
    for _ in 0..300 {
        desk.take("session with 10.0.0.1 was lost");
        for write in desk.written() {
            match write {
                EventWrite::New { .. } => new += 1,
                EventWrite::Again { count, .. } => counts.push(count),
            }
        }
        desk.now += Duration::from_secs(1);
    }
    assert_eq!(new, 1);
    assert!((8..=10).contains(&counts.len()), "{counts:?}");
    desk.now += SERIES_EVERY;
    let [EventWrite::Again { count: 300, .. }] = desk.written()[..] else { panic!("the last count is told") };
    assert_eq!(desk.recorder.deadline(), None);
}

#[test]
fn after_a_while_the_same_is_news_again() {
    let mut desk = Desk::new();
    desk.take("x");
    assert_eq!(desk.written().len(), 1);
    desk.now += SERIES_ENDS_AFTER;
    desk.take("x");
    assert!(matches!(desk.written()[..], [EventWrite::New { .. }]));
}

#[test]
fn a_flood_is_cut_off_and_counted() {
    let mut desk = Desk::new();
    for peer in 0..1000 {
        desk.take(&format!("session with {peer} was lost"));
    }
    assert_eq!(desk.recorder.take_left_out(), 1000 - 64);
    assert_eq!(desk.written().len(), 25);
    let mut late = 0;
    for _ in 0..600 {
        desk.now += Duration::from_secs(1);
        late += desk.written().len();
    }
    assert_eq!(late, 64 - 25, "one each five seconds");
}

#[test]
fn what_was_left_out_may_be_said_again() {
    let mut desk = Desk::new();
    for peer in 0..65 {
        desk.take(&format!("session with {peer} was lost"));
    }
    for _ in 0..3 {
        desk.written();
        desk.now += Duration::from_mins(3);
    }
    desk.take("session with 0 was lost");
    assert!(matches!(desk.written()[..], [EventWrite::New { .. }]));
}

#[test]
fn an_event_that_was_not_taken_is_not_counted_on() {
    let mut desk = Desk::new();
    desk.take("x");
    let write = desk.recorder.next(desk.now).unwrap();
    desk.recorder.done(&write, false, desk.now);
    desk.take("x");
    assert!(matches!(desk.written()[..], [EventWrite::New { .. }]));
}

#[test]
fn events_wait_for_their_turn() {
    let mut desk = Desk::new();
    let news = News::normal(NewsReason::SessionDown, "x");
    desk.recorder.take(news, 1, Duration::from_secs(20), desk.now, at(desk.now));
    assert_eq!(desk.written(), []);
    assert_eq!(desk.recorder.deadline(), Some(Duration::from_secs(20)));
    desk.now = Duration::from_secs(20);
    assert_eq!(desk.written().len(), 1);
}

#[test]
fn what_happens_at_once_is_told_at_once() {
    let mut desk = Desk::new();
    for (id, delay) in [(1, 20), (2, 40), (3, 5)] {
        let news = News::normal(NewsReason::SessionDown, &format!("{id}"));
        desk.recorder.take(news, id, Duration::from_secs(delay), desk.now, at(desk.now));
    }
    desk.now = Duration::from_secs(19);
    assert_eq!(desk.written(), []);
    desk.now = Duration::from_secs(20);
    assert_eq!(desk.written().len(), 3);
}

#[test]
fn what_waited_for_the_api_server_can_be_held_back() {
    let mut desk = Desk::new();
    let news = News::normal(NewsReason::SessionDown, "x");
    desk.recorder.take(news, 1, Duration::ZERO, desk.now, at(desk.now));
    desk.recorder.hold(Duration::from_secs(30));
    assert_eq!(desk.written(), []);
    assert_eq!(desk.recorder.deadline(), Some(Duration::from_secs(30)));
}
