//! `routelet status`: what the agent on this node last reported.

use std::{
    io::{self, IsTerminal, Write},
    path::{Path, PathBuf},
    process::ExitCode,
    time::Duration,
};

use anyhow::{Context, bail};
use clap::{Args, ValueEnum};
use jiff::Timestamp;
use routelet_status::{
    duration::since,
    report::{API_VERSION, Report},
    table::{Width, table},
};

use super::run::default_state_dir;

#[cfg(test)]
mod tests;

/// After how many periods without a report the agent does not run any more: one may be long, two are not.
const STALE_PERIODS: u64 = 3;

/// How often `--watch` looks: the file is small, and a person does not see more.
const WATCH_EVERY: Duration = Duration::from_millis(500);

/// Clears the screen and goes to its top left (ECMA-48).
const CLEAR_SCREEN: &str = "\x1b[H\x1b[2J\x1b[3J";

/// The flags of `routelet status`.
#[derive(Debug, Args)]
pub(crate) struct StatusArgs {
    /// Where the agent keeps its state
    #[arg(long, env = "ROUTELET_STATE_DIR", value_name = "DIR", default_value = default_state_dir().as_os_str())]
    state_dir: PathBuf,
    /// How it is shown
    #[arg(short, long, value_enum, default_value_t = Format::Table)]
    output: Format,
    /// Show it again whenever it changes, until interrupted
    #[arg(short, long)]
    watch: bool,
}

/// How a report is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// Tables like kubectl's
    Table,
    /// More columns
    Wide,
    /// As the agent wrote it
    Json,
}

// === impl StatusArgs ===

impl StatusArgs {
    /// Shows the report; fails if there is none.
    pub(crate) fn run(self) -> anyhow::Result<ExitCode> {
        let file = self.state_dir.join("status.json");
        let mut shown = String::new();
        loop {
            let text = match show(&file, self.output, Timestamp::now()) {
                Err(error) if self.watch => format!("{error:#}\n"),
                result => result?,
            };
            if text != shown && !print(&text, self.watch)? {
                return Ok(ExitCode::SUCCESS);
            }
            if !self.watch {
                return Ok(ExitCode::SUCCESS);
            }
            shown = text;
            std::thread::park_timeout(WATCH_EVERY);
        }
    }
}

/// Returns what the report in `file` looks like at `now`.
fn show(file: &Path, format: Format, now: Timestamp) -> anyhow::Result<String> {
    let text = match std::fs::read_to_string(file) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            bail!("no agent has ever reported to {}: is --state-dir right?", file.display())
        }
        result => result.with_context(|| format!("{} is not readable", file.display()))?,
    };
    let width = match format {
        Format::Json => return Ok(text),
        Format::Table => Width::Normal,
        Format::Wide => Width::Wide,
    };
    let report: Report =
        serde_json::from_str(&text).with_context(|| format!("{} is no report", file.display()))?;
    if report.api_version != API_VERSION {
        bail!("{} is {}, not {API_VERSION}", file.display(), report.api_version);
    }
    let warning = staleness(&report, now).map_or_else(String::new, |warning| format!("{warning}\n\n"));
    Ok(format!("{warning}{}", table(&report, width, now)))
}

/// Says that the agent does not run any more, if that is so.
fn staleness(report: &Report, now: Timestamp) -> Option<String> {
    let age = now.as_second() - report.time.as_second();
    let age_max = i64::try_from(report.period_seconds.saturating_mul(STALE_PERIODS)).unwrap_or(i64::MAX);
    let ago = since(report.time, now);
    (age > age_max)
        .then(|| format!("The agent is not running: this is from {ago} ago. FRR goes on without it."))
}

/// Prints `text`, on an empty screen if it will change; returns false if nobody reads any more.
fn print(text: &str, watch: bool) -> io::Result<bool> {
    let mut stdout = io::stdout().lock();
    let head = match (watch, stdout.is_terminal()) {
        (false, _) => "",
        (true, true) => CLEAR_SCREEN,
        (true, false) => "\n",
    };
    let written = stdout.write_all(head.as_bytes()).and_then(|()| stdout.write_all(text.as_bytes()));
    match written.and_then(|()| stdout.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(false),
        result => result.map(|()| true),
    }
}
