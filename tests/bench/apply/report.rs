//! What is left of a run: `target/bench.json`.

use std::{collections::BTreeMap, fs, path::PathBuf, time::Duration};

use serde::Serialize;

use crate::{error::BenchError, ratio::Ratio, rounds::median, way::Sample};

/// The target directory, if nothing else is said.
const TARGET: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../target");

/// Everything that was measured.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Report {
    /// Processors of the machine.
    pub(crate) processors: usize,
    /// The load before and after (`/proc/loadavg`): on a busy machine times say little, and ratios more.
    pub(crate) load: Vec<String>,
    pub(crate) cells: Vec<CellReport>,
    pub(crate) left_out: Vec<LeftOut>,
}

/// One version and size.
#[derive(Debug, Default, Serialize)]
pub(crate) struct CellReport {
    pub(crate) version: String,
    /// The package that really ran.
    pub(crate) package: String,
    /// What ran: neighbors and list lines, or the two gateways.
    pub(crate) size: String,
    /// By change, then by way.
    pub(crate) measured: BTreeMap<&'static str, BTreeMap<&'static str, Measured>>,
    pub(crate) ratios: BTreeMap<&'static str, RatioReport>,
}

/// What one way took.
#[derive(Debug, Serialize)]
pub(crate) struct Measured {
    /// `time` or `cpu`.
    pub(crate) what: &'static str,
    pub(crate) median_seconds: f64,
    pub(crate) repeats: u32,
    /// Each repeat; empty where only the sum is known.
    pub(crate) seconds: Vec<f64>,
    /// What the agent changed FRR with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) engine: Option<String>,
}

/// A ratio and what it shall be.
#[derive(Debug, Serialize)]
pub(crate) struct RatioReport {
    pub(crate) value: f64,
    pub(crate) target: Option<String>,
    pub(crate) met: Option<bool>,
}

/// What was not measured.
#[derive(Debug, Serialize)]
pub(crate) struct LeftOut {
    pub(crate) cell: String,
    pub(crate) reason: &'static str,
}

// === impl Report ===

impl Report {
    /// Writes the report, and returns where it is.
    pub(crate) fn write(&self) -> Result<PathBuf, BenchError> {
        let folder =
            std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| PathBuf::from(TARGET), PathBuf::from);
        let path = folder.join("bench.json");
        let file = || BenchError::file(path.to_string_lossy());
        let text = serde_json::to_vec_pretty(self).map_err(|error| file()(error.into()))?;
        fs::write(&path, text).map_err(file())?;
        Ok(path)
    }
}

// === impl CellReport ===

impl CellReport {
    /// Adds the times of one way; none is nothing.
    pub(crate) fn add(
        &mut self,
        change: &'static str,
        way: &'static str,
        samples: &[Sample],
    ) -> Option<Duration> {
        self.add_values(change, way, "time", samples, |sample| sample.time)
    }

    /// Adds the CPU times of one way.
    pub(crate) fn add_cpu(
        &mut self,
        change: &'static str,
        way: &'static str,
        samples: &[Sample],
    ) -> Option<Duration> {
        self.add_values(change, way, "cpu", samples, |sample| sample.cpu)
    }

    /// Adds the mean of many repeats of which only the sum is known.
    pub(crate) fn add_mean(&mut self, change: &'static str, way: &'static str, mean: Duration, repeats: u32) {
        let measured = Measured {
            what: "cpu",
            median_seconds: mean.as_secs_f64(),
            repeats,
            seconds: Vec::new(),
            engine: None,
        };
        self.measured.entry(change).or_default().insert(way, measured);
    }

    fn add_values(
        &mut self,
        change: &'static str,
        way: &'static str,
        what: &'static str,
        samples: &[Sample],
        value: impl Fn(&Sample) -> Duration,
    ) -> Option<Duration> {
        let values: Vec<Duration> = samples.iter().map(value).collect();
        let seconds = values.iter().map(Duration::as_secs_f64).collect();
        let (repeats, middle) = (u32::try_from(values.len()).unwrap_or(u32::MAX), median(values)?);
        let engine = samples.last().and_then(|sample| sample.engine.clone());
        let measured = Measured { what, median_seconds: middle.as_secs_f64(), repeats, seconds, engine };
        self.measured.entry(change).or_default().insert(way, measured);
        Some(middle)
    }

    /// Adds a ratio.
    pub(crate) fn add_ratio(&mut self, ratio: &Ratio) {
        let report = RatioReport {
            value: ratio.value,
            target: ratio.target.map(|target| target.to_string()),
            met: ratio.is_met(),
        };
        self.ratios.insert(ratio.name, report);
    }
}
