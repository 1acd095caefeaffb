//! An agent that is measured: told by its file, asked by its status.

use std::{fs, os::unix::fs::MetadataExt as _, time::Duration};

use routelet_tests::lab::{Agent, Node, wait};
use serde::Deserialize;

use crate::{error::BenchError, way::Sample};

/// Where the agent's base is.
const BASE: &str = "/etc/routelet/base/frr.conf";

/// How long an apply may take: frr-reload deletes a thousand lines in a minute or three.
const APPLIED_WITHIN: Duration = Duration::from_mins(10);

/// How much of the log is shown when something went wrong; lines.
const LOG_LINES: usize = 20;

/// A running agent, and what it has applied.
#[derive(Debug)]
pub(crate) struct Driven {
    agent: Agent,
    generation: String,
}

/// What the agent's status says of the configuration.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Config {
    generation: Option<String>,
    applied_generation: Option<String>,
    duration_seconds: Option<f64>,
    engine: Option<String>,
}

// === impl Config ===

impl Config {
    /// Returns what `agent` says; nothing while it says nothing.
    pub(crate) fn of(agent: &Agent) -> Self {
        let status = agent.status_json().unwrap_or_default();
        let config = status.pointer("/node/status/config").cloned().unwrap_or_default();
        serde_json::from_value(config).unwrap_or_default()
    }

    /// Whether FRR runs what the sources say.
    pub(crate) fn is_applied(&self) -> bool {
        self.generation.is_some() && self.generation == self.applied_generation
    }
}

// === impl Driven ===

impl Driven {
    /// Starts an agent with `engine` that finds `text` in FRR already.
    pub(crate) fn start(node: &Node, engine: &str, text: &str) -> Result<Self, BenchError> {
        node.write_file(BASE, text)?;
        let arguments = ["--engine", engine].into_iter().chain(log_filter());
        let agent = Agent::builder(node).base(BASE).args(arguments).start()?;
        let mut driven = Self { agent, generation: String::new() };
        driven.applied()?;
        Ok(driven)
    }

    /// Changes the file, and waits until FRR runs it; the time is that of the apply, as the agent has measured it.
    pub(crate) fn set(&mut self, text: &str) -> Result<Sample, BenchError> {
        self.agent.node().replace_file(BASE, text)?;
        self.applied()
    }

    /// Writes the file again, as it is.
    pub(crate) fn write_again(&self, text: &str) -> Result<(), BenchError> {
        Ok(self.agent.node().replace_file(BASE, text)?)
    }

    /// Asks the agent to compare the file and FRR anew.
    pub(crate) fn look_again(&mut self) -> Result<(), BenchError> {
        Ok(self.agent.signal(nix::sys::signal::Signal::SIGHUP)?)
    }

    /// Returns the user and system time of the agent so far, with all processes that it started and that ended.
    pub(crate) fn cpu(&self) -> Result<Duration, BenchError> {
        let pid = self.agent.pid().unwrap_or_default();
        let path = format!("/proc/{pid}/stat");
        let text = fs::read_to_string(&path).map_err(BenchError::file(path.as_str()))?;
        cpu_of(&text).ok_or(BenchError::Unreadable { what: path, text })
    }

    /// Waits until FRR runs another generation than before.
    fn applied(&mut self) -> Result<Sample, BenchError> {
        // Its status is large; it is read when it is another one.
        let path = format!("/proc/{}/root/var/lib/routelet/status.json", self.agent.node().pid());
        let (mut seen, mut config) = (None, Config::default());
        let waited = wait::until("the agent to apply", APPLIED_WITHIN, || {
            let inode = fs::metadata(&path).ok().map(|file| (file.ino(), file.mtime_nsec()));
            if inode.is_some() && inode != seen {
                seen = inode;
                config = Config::of(&self.agent);
            }
            let applied = config.applied_generation.as_ref().filter(|it| **it != self.generation);
            applied.filter(|_| config.is_applied()).cloned()
        });
        let Ok(generation) = waited else {
            return Err(self.not_applied(&config));
        };
        self.generation = generation;
        let time = config.duration_seconds.map(Duration::from_secs_f64);
        let unreadable =
            || BenchError::Unreadable { what: "status.json".to_owned(), text: format!("{config:?}") };
        Ok(Sample { time: time.ok_or_else(unreadable)?, engine: config.engine, ..Sample::default() })
    }

    fn not_applied(&self, config: &Config) -> BenchError {
        let log = self.agent.log().unwrap_or_default();
        let lines: Vec<&str> = log.lines().collect();
        BenchError::NotApplied {
            node: self.agent.node().name().to_owned(),
            within: APPLIED_WITHIN,
            status: format!("{config:?}"),
            log: lines.get(lines.len().saturating_sub(LOG_LINES)..).unwrap_or_default().join("\n"),
        }
    }

    /// Returns what the agent has logged: with `ROUTELET_BENCH_LOG=debug` also the steps of its applies.
    pub(crate) fn log(&self) -> String {
        self.agent.log().unwrap_or_default()
    }
}

/// What `ROUTELET_BENCH_LOG` says: `debug` shows where an apply spends its time.
pub(crate) fn log_filter() -> Vec<&'static str> {
    if is_profiling() { vec!["--log", "debug"] } else { Vec::new() }
}

/// Whether the steps of the applies are to be shown.
pub(crate) fn is_profiling() -> bool {
    std::env::var("ROUTELET_BENCH_LOG").is_ok_and(|value| value == "debug")
}

/// Reads `utime`, `stime`, `cutime` and `cstime` (proc(5)); the kernel counts in hundredths of a second.
fn cpu_of(stat: &str) -> Option<Duration> {
    const TICK: Duration = Duration::from_millis(10);
    let (_, fields) = stat.rsplit_once(')')?;
    let ticks = fields.split_whitespace().skip(11).take(4).map(str::parse::<u32>);
    ticks.sum::<Result<u32, _>>().ok().map(|ticks| TICK * ticks)
}
