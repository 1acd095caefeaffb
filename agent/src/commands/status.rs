//! `routelet status`: what the agent on this node last reported, or those of the whole cluster.

use std::{
    io::{self, IsTerminal, Write},
    path::{Path, PathBuf},
    process::ExitCode,
    time::Duration,
};

use anyhow::{Context, bail};
use clap::{Args, ValueEnum, error::ErrorKind};
use jiff::Timestamp;
use routelet_status::{
    duration::since,
    report::{API_VERSION, Report},
    table::{Width, table},
};
use serde::Serialize;

use self::kube::KubeArgs;
use super::run::default_state_dir;

mod kube;
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
#[command(after_help = EXAMPLES)]
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
    #[command(flatten, next_help_heading = "The whole cluster")]
    cluster: KubeArgs,
}

const EXAMPLES: &str = "\
Exit code: 0 = shown, whatever it says; 1 = there is nothing to show, and why; 2 = wrong usage.
What is wrong comes first. A cluster that is larger than a screen is shown as far as it is not fine; the same problem
on many nodes is told once. An agent that misses its heartbeats counts as silent, and what it said last does not count.
Linked as kubectl-routelet somewhere in PATH, it is `kubectl routelet`: the same as routelet status --kube.

Examples:
  routelet status                                  # this node
  routelet status --kube --watch                   # the cluster, until interrupted
  routelet status --kube --peer 10.0.0.1 -o wide   # who talks to this gateway
  routelet status --kube -o json | jq '.items[].status.conditions'";

/// How a report is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// Tables like kubectl's
    Table,
    /// More columns
    Wide,
    /// As the agent wrote it
    Json,
    /// The same as YAML
    Yaml,
}

/// What machines read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Document {
    /// RFC 8259.
    Json,
    /// YAML 1.2.
    Yaml,
}

// === impl StatusArgs ===

impl StatusArgs {
    /// Shows the report or the cluster; fails if there is none.
    pub(crate) fn run(self) -> anyhow::Result<ExitCode> {
        if self.cluster.kube { self.run_cluster() } else { self.run_node() }
    }

    fn run_cluster(&self) -> anyhow::Result<ExitCode> {
        let width = match self.output.shape() {
            Ok(_) if self.watch => {
                let message =
                    "--watch shows tables; for machines there is kubectl get bgpnodes,bgpsessions -w\n";
                clap::Error::raw(ErrorKind::ArgumentConflict, message).exit()
            }
            Ok(document) => return self.cluster.show_document(document),
            Err(width) => width,
        };
        if self.watch { self.cluster.watch_table(width) } else { self.cluster.show_table(width) }
    }

    fn run_node(self) -> anyhow::Result<ExitCode> {
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

// === impl Format ===

impl Format {
    /// The document, or how wide the table is.
    fn shape(self) -> Result<Document, Width> {
        match self {
            Self::Json => Ok(Document::Json),
            Self::Yaml => Ok(Document::Yaml),
            Self::Table => Err(Width::Normal),
            Self::Wide => Err(Width::Wide),
        }
    }
}

// === impl Document ===

impl Document {
    /// Returns `value` in this form; ends in a newline.
    fn text(self, value: &impl Serialize) -> anyhow::Result<String> {
        Ok(match self {
            Self::Json => harmless(&(serde_json::to_string_pretty(value)? + "\n")),
            Self::Yaml => serde_saphyr::to_string(value)?,
        })
    }

    /// Returns the list of `items`, each of them in this form, as kubectl prints it; ends in a newline.
    fn list(self, items: &[String]) -> String {
        let indented = |item: &String, indent: &str| item.trim_end().replace('\n', &format!("\n{indent}"));
        match self {
            Self::Json => {
                let items: Vec<_> = items.iter().map(|item| indented(item, "    ")).collect();
                let items = if items.is_empty() {
                    String::new()
                } else {
                    format!("\n    {}\n  ", items.join(",\n    "))
                };
                format!("{{\n  \"apiVersion\": \"v1\",\n  \"kind\": \"List\",\n  \"items\": [{items}]\n}}\n")
            }
            Self::Yaml if items.is_empty() => "apiVersion: v1\nkind: List\nitems: []\n".to_owned(),
            Self::Yaml => {
                let items: Vec<_> = items.iter().map(|item| indented(item, "  ")).collect();
                format!("apiVersion: v1\nkind: List\nitems:\n- {}\n", items.join("\n- "))
            }
        }
    }
}

/// Escapes the control characters that JSON allows in its strings: they must not drive the terminal.
fn harmless(json: &str) -> String {
    let escaped = |c: char| match c {
        '\n' => c.to_string(),
        c if c.is_control() => format!("\\u{:04x}", u32::from(c)),
        c => c.to_string(),
    };
    json.chars().map(escaped).collect()
}

/// Returns what the report in `file` looks like at `now`.
fn show(file: &Path, format: Format, now: Timestamp) -> anyhow::Result<String> {
    let text = match std::fs::read_to_string(file) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            bail!(
                "no agent has ever reported to {}: is --state-dir right? --kube shows the cluster",
                file.display()
            )
        }
        result => result.with_context(|| format!("{} is not readable", file.display()))?,
    };
    let width = match format.shape() {
        Ok(Document::Json) => return Ok(harmless(&text)),
        Ok(document) => {
            let value: serde_json::Value =
                serde_json::from_str(&text).with_context(|| format!("{} is no report", file.display()))?;
            return document.text(&value);
        }
        Err(width) => width,
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
