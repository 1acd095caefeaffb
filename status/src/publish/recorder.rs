//! Which events are written, and when: the same news again makes a series, and there is a limit to all of them.

use std::{collections::VecDeque, time::Duration};

use jiff::Timestamp;

use super::outbox::Uptime;
use crate::news::News;

#[cfg(test)]
mod tests;

/// News that wait to be written; when there are more, the oldest are of least use.
const WAITING_MAX: usize = 64;

/// Series that are remembered; more than a node with many peers that flap has.
const SERIES_MAX: usize = 256;

/// After this time the same news are news again; event viewers show an hour.
const SERIES_ENDS_AFTER: Duration = Duration::from_mins(10);

/// The shortest time between two counts of a series.
const SERIES_EVERY: Duration = Duration::from_secs(30);

/// Writes that may follow each other at once, and how fast they come back: enough for every session of a rack that
/// fails, and not for what flaps all day.
const BURST: u32 = 25;
const REFILL_EVERY: Duration = Duration::from_secs(5);

/// What is to be written.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum EventWrite {
    /// A new event.
    New { id: u64, news: News, at: Timestamp },
    /// It happened again: so often now, the last time then.
    Again { id: u64, count: i32, at: Timestamp },
}

/// The events of this agent.
#[derive(Debug)]
pub(crate) struct Recorder {
    waiting: VecDeque<Waiting>,
    series: Vec<Series>,
    /// Writes that may be done now, and since when that is counted.
    tokens: u32,
    counted_at: Uptime,
    left_out: u64,
}

#[derive(Debug)]
struct Waiting {
    id: u64,
    news: News,
    at: Timestamp,
    due: Uptime,
}

#[derive(Debug)]
struct Series {
    id: u64,
    news: News,
    count: i32,
    seen: (Uptime, Timestamp),
    /// What the API server has, and since when.
    written: Option<(i32, Uptime)>,
}

// === impl Recorder ===

impl Recorder {
    pub(crate) fn new() -> Self {
        Self {
            waiting: VecDeque::new(),
            series: Vec::new(),
            tokens: BURST,
            counted_at: Uptime::ZERO,
            left_out: 0,
        }
    }

    /// Takes news that happened `at`; `id` is a number for their name, `delay` is for the sake of the API server.
    ///
    /// News that come while others wait go with them: what happens at once is told at once.
    pub(crate) fn take(&mut self, news: News, id: u64, delay: Duration, now: Uptime, at: Timestamp) {
        self.series.retain(|series| now.saturating_sub(series.seen.0) < SERIES_ENDS_AFTER);
        if let Some(series) = self.series.iter_mut().find(|series| series.news == news) {
            series.count = series.count.saturating_add(1);
            series.seen = (now, at);
            return;
        }
        if self.series.len() >= SERIES_MAX {
            self.series.remove(0);
        }
        if self.waiting.len() >= WAITING_MAX {
            if let Some(oldest) = self.waiting.pop_front() {
                self.settle(oldest.id, None);
            }
            self.left_out += 1;
        }
        self.series.push(Series { id, news: news.clone(), count: 1, seen: (now, at), written: None });
        let due = self.waiting.back().map_or(now + delay, |last| last.due.max(now));
        self.waiting.push_back(Waiting { id, news, at, due });
    }

    /// Returns the next write that is due.
    pub(crate) fn next(&mut self, now: Uptime) -> Option<EventWrite> {
        self.refill(now);
        if self.tokens == 0 {
            return None;
        }
        if let Some(first) = self.waiting.front().filter(|first| first.due <= now) {
            return Some(EventWrite::New { id: first.id, news: first.news.clone(), at: first.at });
        }
        let series = self.series.iter().find(|series| series.due().is_some_and(|due| due <= now))?;
        Some(EventWrite::Again { id: series.id, count: series.count, at: series.seen.1 })
    }

    /// Takes that `write` was done, or that it never will.
    pub(crate) fn done(&mut self, write: &EventWrite, is_written: bool, now: Uptime) {
        self.tokens = self.tokens.saturating_sub(1);
        match write {
            EventWrite::New { id, .. } => {
                self.waiting.retain(|waiting| waiting.id != *id);
                self.settle(*id, is_written.then_some((1, now)));
            }
            EventWrite::Again { id, count, .. } => self.settle(*id, is_written.then_some((*count, now))),
        }
    }

    /// When something is due next.
    pub(crate) fn deadline(&self) -> Option<Uptime> {
        let waiting = self.waiting.front().map(|first| first.due);
        let due = self.series.iter().filter_map(Series::due).chain(waiting).min()?;
        Some(if self.tokens == 0 { due.max(self.counted_at + REFILL_EVERY) } else { due })
    }

    /// Holds back what waits `until` then.
    pub(crate) fn hold(&mut self, until: Uptime) {
        self.waiting.iter_mut().for_each(|waiting| waiting.due = waiting.due.max(until));
    }

    /// How many news were left out since this was asked the last time.
    pub(crate) fn take_left_out(&mut self) -> u64 {
        std::mem::take(&mut self.left_out)
    }

    /// A series whose event is not there is forgotten: the same news make a new one.
    fn settle(&mut self, id: u64, written: Option<(i32, Uptime)>) {
        match written {
            Some(written) => {
                self.series
                    .iter_mut()
                    .filter(|series| series.id == id)
                    .for_each(|series| series.written = Some(written));
            }
            None => self.series.retain(|series| series.id != id),
        }
    }

    fn refill(&mut self, now: Uptime) {
        while self.tokens < BURST && now.saturating_sub(self.counted_at) >= REFILL_EVERY {
            self.tokens += 1;
            self.counted_at += REFILL_EVERY;
        }
        if self.tokens >= BURST {
            self.counted_at = now;
        }
    }
}

// === impl Series ===

impl Series {
    /// When its count is written; `None` if the API server has it, or has no event yet.
    fn due(&self) -> Option<Uptime> {
        let (count, at) = self.written?;
        (count != self.count).then_some(at + SERIES_EVERY)
    }
}
