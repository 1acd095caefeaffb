//! What is left of a run: a table, and `target/scale.json`.

use std::{fmt::Write as _, fs, path::PathBuf};

use serde::Serialize;

use crate::{bed::Sizes, error::ScaleError, gauge::Gauge};

/// The target directory, if nothing else is said.
const TARGET: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../target");

/// Everything that was measured.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Report {
    pub(crate) nodes: usize,
    pub(crate) sessions: usize,
    pub(crate) processors: usize,
    /// The load before and after (`/proc/loadavg`): a busy machine's API server is a small one.
    pub(crate) load: Vec<String>,
    pub(crate) phases: Vec<Phase>,
    pub(crate) node_bytes: Sizes,
    pub(crate) session_bytes: Sizes,
    pub(crate) without_owner: usize,
    /// Targets that were missed.
    pub(crate) missed: Vec<String>,
}

/// One phase.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Phase {
    pub(crate) name: &'static str,
    /// The second of the run in which it began, and how many it took.
    pub(crate) from: usize,
    pub(crate) seconds: usize,
    pub(crate) written: u64,
    /// Over the time until the last write.
    pub(crate) written_per_second: f64,
    pub(crate) written_peak: u64,
    pub(crate) written_by_second: Vec<u64>,
    /// Until every final state was in the API server; absent where nothing happened.
    pub(crate) told_within_seconds: Option<usize>,
    /// Objects that did not say in the end what they should.
    pub(crate) wrong: usize,
    pub(crate) failed: u64,
    pub(crate) events: u64,
    pub(crate) events_left_out: u64,
    pub(crate) after: Gauge,
    pub(crate) audited: Audited,
}

/// What the audit log says of the agents.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Audited {
    /// Requests that asked for a change.
    pub(crate) writes: u64,
    /// The most in a second.
    pub(crate) writes_peak: u64,
    /// Of the status of an object, and taken: one for each that was written.
    pub(crate) statuses: u64,
    /// On events.
    pub(crate) events: u64,
    /// Reads.
    pub(crate) reads: u64,
    /// Refused with 429 or 5xx.
    pub(crate) refused: u64,
}

// === impl Report ===

impl Report {
    /// Returns the rows, as Markdown.
    pub(crate) fn table(&self) -> String {
        let mut text = String::from(
            "| phase | writes | mean /s | peak /s | all told after | failed | events | requests (audit) | \
             peak /s | refused | etcd MiB (in use) | server MiB | server CPU s | etcd CPU s |\n\
             |---|---|---|---|---|---|---|---|---|---|---|---|---|---|\n",
        );
        let mut cpu = (0.0, 0.0);
        for phase in &self.phases {
            let mib = |bytes: u64| bytes / (1024 * 1024);
            let after = &phase.after;
            // A server that was started again counts from zero.
            let spent = |now: f64, before: f64| if now >= before { now - before } else { now };
            let told = phase.told_within_seconds.map_or("–".to_owned(), |seconds| format!("{seconds} s"));
            let wrong = if phase.wrong == 0 { String::new() } else { format!(" **{} wrong**", phase.wrong) };
            // Writing to a string does not fail.
            let _ = writeln!(
                text,
                "| {} | {} | {:.0} | {} | {told}{wrong} | {} | {} (−{}) | {} | {} | {} | {} ({}) | {} | {:.0} | {:.0} |",
                phase.name,
                phase.written,
                phase.written_per_second,
                phase.written_peak,
                phase.failed,
                phase.events,
                phase.events_left_out,
                phase.audited.writes,
                phase.audited.writes_peak,
                phase.audited.refused,
                mib(after.database_bytes),
                mib(after.database_in_use_bytes),
                mib(after.apiserver_resident_bytes),
                spent(after.apiserver_cpu_seconds, cpu.0),
                spent(after.etcd_cpu_seconds, cpu.1),
            );
            cpu = (after.apiserver_cpu_seconds, after.etcd_cpu_seconds);
        }
        for (kind, sizes) in [("BGPNode", self.node_bytes), ("BGPSession", self.session_bytes)] {
            let mean = |sum: usize| sum.checked_div(sizes.count).unwrap_or_default();
            let _ = writeln!(
                text,
                "{kind}: {} objects, {} bytes each ({} of them managed fields), the largest {}",
                sizes.count,
                mean(sizes.sum),
                mean(sizes.managed_fields_sum),
                sizes.max
            );
        }
        for missed in &self.missed {
            let _ = writeln!(text, "missed: {missed}");
        }
        text
    }

    /// Writes the report, and returns where it is.
    pub(crate) fn write(&self) -> Result<PathBuf, ScaleError> {
        let folder =
            std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| PathBuf::from(TARGET), PathBuf::from);
        let path = folder.join("scale.json");
        let failed = || ScaleError::system(path.to_string_lossy());
        let text = serde_json::to_vec_pretty(self).map_err(|error| failed()(error.into()))?;
        fs::write(&path, text).map_err(failed())?;
        Ok(path)
    }
}
