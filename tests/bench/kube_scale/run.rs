//! A run: phases one after the other, and what is counted meanwhile.

use std::{sync::Arc, time::Duration};

use jiff::Timestamp;
use routelet_tests::lab::wait;

use crate::{
    bed::Bed,
    clock,
    error::ScaleError,
    fleet::Fleet,
    gauge::Gauge,
    report::{Audited, Phase, Report},
    selection::Selection,
    tally::{Sum, Tally},
    world::{self, SPINES},
};

/// The default of the agent.
pub(crate) const HEARTBEAT: Duration = Duration::from_mins(5);

/// Nothing more comes after so many seconds without a write.
const QUIET_SECONDS: usize = 8;

/// The longest that a phase may take until all is told.
const TOLD_WITHIN: Duration = Duration::from_mins(10);

/// Everything that a run consists of.
pub(crate) struct Run {
    pub(crate) selection: Selection,
    pub(crate) fleet: Fleet,
    pub(crate) tally: Arc<Tally>,
    pub(crate) report: Report,
    /// When each phase began and ended.
    times: Vec<(Timestamp, Timestamp)>,
    pub(crate) bed: Bed,
}

/// When a phase ends.
#[derive(Clone, Copy, Debug)]
pub(crate) enum End {
    /// When everything is told.
    Told,
    /// After this time, counted from its beginning.
    After(Duration),
}

// === impl Run ===

impl Run {
    /// Starts the cluster, without agents.
    pub(crate) fn start(selection: Selection) -> Result<Self, ScaleError> {
        let bed = Bed::start((0..selection.nodes).map(world::name).collect())?;
        let tally = Arc::new(Tally::new());
        let kubeconfig = bed.account.path().to_path_buf();
        let fleet = Fleet::new(selection.nodes, Arc::clone(&bed.runtime), kubeconfig, Arc::clone(&tally));
        let report =
            Report { nodes: selection.nodes, sessions: selection.nodes * SPINES, ..Report::default() };
        Ok(Self { selection, fleet, tally, report, times: Vec::new(), bed })
    }

    /// Does `act` and counts what is written until `end`.
    pub(crate) fn phase(
        &mut self,
        name: &'static str,
        end: End,
        act: impl FnOnce(&mut Self) -> Result<(), ScaleError>,
    ) -> Result<&Phase, ScaleError> {
        // A second belongs to one phase.
        let before = self.tally.second();
        wait::until("the next second", Duration::from_secs(2), || self.tally.second() > before)?;
        let (from, began, started) = (self.tally.second(), Timestamp::now(), clock::now());
        act(self)?;
        let wrong = match end {
            End::Told => self.until_told(from)?,
            End::After(time) => {
                clock::pass_until(started + time);
                Vec::new()
            }
        };
        let Sum { written, written_peak, last_written, failed, events, left_out } = self.tally.since(from);
        let seconds = self.tally.second() - from;
        let took = match end {
            End::Told => last_written.map_or(1, |last| last + 1),
            End::After(_) => seconds.max(1),
        };
        // Those who would look at it would see that it is not all told.
        let wrong = if let End::After(_) = end { self.wrong()? } else { wrong };
        for name in wrong.iter().take(5) {
            println!("  not told: {name}");
        }
        self.times.push((began, Timestamp::now()));
        self.report.phases.push(Phase {
            name,
            from,
            seconds,
            written,
            written_per_second: per_second(written, took),
            written_peak,
            written_by_second: self.tally.written_by_second(from),
            told_within_seconds: last_written.filter(|_| wrong.is_empty()).map(|last| last + 1),
            wrong: wrong.len(),
            failed,
            events,
            events_left_out: left_out,
            after: Gauge::read(&self.bed.server)?,
            audited: Audited::default(),
        });
        let phase = self.report.phases.last();
        let phase = phase.ok_or_else(|| ScaleError::Selection("no phase".to_owned()))?;
        println!(
            "{name}: {written} writes in {took} s, at most {written_peak}/s; {failed} failures, {events} events, \
             {} not told; {seconds} s",
            phase.wrong
        );
        Ok(phase)
    }

    /// Waits until nothing more comes and every object says what it should; returns those that do not in the end.
    fn until_told(&self, from: usize) -> Result<Vec<String>, ScaleError> {
        let started = clock::now();
        loop {
            // If that never ends, it is told what is wrong.
            let quiet = wait::until("the last write", TOLD_WITHIN, || {
                let quiet_from = self.tally.second().saturating_sub(QUIET_SECONDS);
                quiet_from > from && self.tally.since(quiet_from) == Sum::default()
            });
            if let Err(error) = quiet {
                println!("  {error}: {:?}", self.tally.since(from));
            }
            let wrong = self.wrong()?;
            if wrong.is_empty() || started.elapsed() > TOLD_WITHIN {
                return Ok(wrong);
            }
        }
    }

    fn wrong(&self) -> Result<Vec<String>, ScaleError> {
        Ok(self.bed.stored()?.wrong(&self.fleet.wanted()))
    }

    /// Adds what the audit log says, and the sizes of the objects.
    pub(crate) fn close(mut self) -> Result<Report, ScaleError> {
        let stored = self.bed.stored()?;
        self.report.node_bytes = stored.node_bytes;
        self.report.session_bytes = stored.session_bytes;
        self.report.without_owner = stored.without_owner;
        let requests = self.bed.server.requests()?;
        for ((began, ended), phase) in self.times.iter().zip(&mut self.report.phases) {
            let mut by_second = std::collections::BTreeMap::<i64, u64>::new();
            let own = requests.iter().filter(|request| request.user == self.bed.account.user());
            for request in own.filter(|request| request.time >= *began && request.time < *ended) {
                let audited = &mut phase.audited;
                if request.code == 429 || request.code >= 500 {
                    audited.refused += 1;
                }
                if !request.is_write() {
                    audited.reads += 1;
                    continue;
                }
                audited.writes += 1;
                *by_second.entry(request.time.as_second()).or_default() += 1;
                if request.subresource == "status" && request.code < 300 {
                    audited.statuses += 1;
                }
                if request.resource == "events" {
                    audited.events += 1;
                }
            }
            phase.audited.writes_peak = by_second.into_values().max().unwrap_or_default();
        }
        Ok(self.report)
    }
}

#[expect(clippy::cast_precision_loss, reason = "not that many")]
fn per_second(count: u64, seconds: usize) -> f64 {
    count as f64 / seconds.max(1) as f64
}
