//! `routelet fmt`: a configuration as FRR would hold it.

use std::{
    io::{self, Read as _, stdin},
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Arc,
};

use anyhow::{Context as _, bail};
use clap::Args;
use frr_driver::{
    config::{Config, Lost, lex, load, redact, render},
    quirks::FrrVersion,
};

use super::{
    diagnostic::visible,
    frr_args::{FrrArgs, block_on},
    inputs::Inputs,
    paint::{GREEN, Paint, RED, print, print_error},
    source_args::SourceArgs,
};
use crate::source::{Policy, Reading, SourceSpec, read_all};

#[cfg(test)]
mod tests;

/// The flags of `routelet fmt`.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct FmtArgs {
    /// Configurations, each by itself; - is the standard input [default: what the sources are together]
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,
    #[command(flatten)]
    sources: SourceArgs,
    #[command(flatten)]
    frr: FrrArgs,
    /// Print nothing, but name the files that are not in canonical form, each with its first differing line
    #[arg(long)]
    check: bool,
    /// Print passwords and keys as they are; without it they are hidden, and the print is no configuration to load
    #[arg(long, conflicts_with = "check")]
    show_secrets: bool,
}

const EXAMPLES: &str = "\
Each object comes once, in the words and the order that FRR needs; comments and what belongs to the host (hostname,
frr version, ip forwarding, …) are left out of the print. Comments and blank lines do not count for --check.
Exit code: 0 = printed, or canonical; 1 = not canonical, not readable or refused; 2 = wrong usage.

Examples:
  routelet fmt frr.conf
  routelet fmt --check base/*.conf
  routelet fmt --show-secrets - < old.conf > new.conf
  routelet fmt --base frr.conf --extras extras.conf      # what base and extras are together";

/// A configuration to print.
struct Text {
    /// What it is called where it is not canonical.
    name: String,
    /// The text as it was; holds passwords.
    written: String,
}

/// The first line in which a text is not canonical.
#[derive(Debug, PartialEq, Eq)]
struct Difference {
    /// From 1; one more than there are where lines are missing at the end.
    line: u32,
    /// What stands there; `None` = nothing, lines are missing. Secrets hidden.
    written: Option<String>,
    /// What should stand there; `None` = nothing, the line should go. Secrets hidden.
    canonical: Option<String>,
}

// === impl FmtArgs ===

impl FmtArgs {
    /// Prints or checks the files.
    pub(crate) fn run(self) -> anyhow::Result<ExitCode> {
        self.sources.specs()?;
        let running = block_on(async { self.frr.frr().version().await })?;
        let version = self.frr.version(&running);
        if self.files.is_empty() {
            return self.merged(version);
        }
        let texts: Vec<Text> = self.files.iter().map(|file| read(file)).collect::<anyhow::Result<_>>()?;
        if self.check {
            let paint = Paint::on(&io::stdout());
            let told: Vec<String> = texts.iter().filter_map(|text| told(text, version, paint)).collect();
            print(&told.concat())?;
            return Ok(if told.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE });
        }
        let lost: String = texts.iter().map(|text| lost(&load(&text.name, &text.written, version))).collect();
        print_error(&lost)?;
        if !lost.is_empty() {
            return Ok(ExitCode::FAILURE);
        }
        for text in &texts {
            if texts.len() > 1 {
                print(&format!("! {}\n", visible(&text.name)))?;
            }
            print(&self.shown(&canonical(&text.written, version)))?;
        }
        Ok(ExitCode::SUCCESS)
    }

    /// Prints what the sources are together.
    fn merged(&self, version: FrrVersion) -> anyhow::Result<ExitCode> {
        if !self.sources.are_given() || self.check {
            bail!(
                "which configuration? a FILE, - for the standard input{}",
                if self.check { "" } else { ", or --base" }
            );
        }
        let inputs = Inputs::read(&self.sources, version)?;
        if inputs.tell_refusals()? {
            return Ok(ExitCode::FAILURE);
        }
        let lost = inputs.config().map(|config| lost(&config)).unwrap_or_default();
        print_error(&lost)?;
        if !lost.is_empty() {
            return Ok(ExitCode::FAILURE);
        }
        if let Some(rendered) = inputs.rendered() {
            print(&self.shown(rendered.reveal()))?;
        }
        Ok(ExitCode::SUCCESS)
    }

    fn shown(&self, text: &str) -> String {
        if self.show_secrets {
            return text.to_owned();
        }
        text.lines().map(|line| redact(line) + "\n").collect()
    }
}

/// Reads a file as the agent reads a source: text, no larger than it takes.
fn read(file: &Path) -> anyhow::Result<Text> {
    if file.as_os_str() == "-" {
        let mut written = String::new();
        stdin().lock().read_to_string(&mut written).context("cannot read the standard input")?;
        return Ok(Text { name: "<stdin>".to_owned(), written });
    }
    let spec = SourceSpec { name: "file".to_owned(), path: file.to_owned(), policy: Policy::Base };
    let reading = read_all(&[spec]).readings.into_iter().next().map(|(_, reading)| reading);
    match reading {
        Some(Reading::Present(files)) => {
            let written = files.into_iter().map(|file| file.text).collect();
            Ok(Text { name: file.display().to_string(), written })
        }
        Some(Reading::Unreadable(errors)) => {
            let reasons: Vec<String> =
                errors.iter().map(|error| crate::desired::with_causes(error)).collect();
            bail!("{}", reasons.join("; "))
        }
        Some(Reading::Missing) | None => bail!("{} does not exist", file.display()),
    }
}

/// Names the blocks that FRR would throw away: a print without them would not say what was meant.
fn lost(config: &Config) -> String {
    let line = |lost: &Lost| {
        let Lost { statement, reason } = lost;
        visible(&format!("{}: {reason}: `{statement}`", statement.origin)) + "\n"
    };
    config.lost.iter().map(line).collect()
}

fn canonical(written: &str, version: FrrVersion) -> String {
    render(&load("file", written, version), &[], version).reveal().to_owned()
}

/// Says in what a text is not canonical; `None` = in nothing.
fn told(text: &Text, version: FrrVersion, paint: Paint) -> Option<String> {
    let Difference { line, written, canonical } = difference(&text.written, version)?;
    let shown = |mark: &str, style, line: Option<String>| {
        line.map_or_else(String::new, |line| paint.paint(style, format!("{mark}{}", visible(&line))) + "\n")
    };
    let lines = shown("- ", RED, written) + &shown("+ ", GREEN, canonical);
    Some(format!("{}:{line}: not canonical\n{lines}", visible(&text.name)))
}

fn difference(written: &str, version: FrrVersion) -> Option<Difference> {
    let canonical = canonical(written, version);
    let lines = lex(&Arc::from("file"), written);
    let raw: Vec<&str> = written.split('\n').collect();
    let at = |number: u32| usize::try_from(number).ok().and_then(|number| number.checked_sub(1));
    let mut said = lines.iter().map(|line| {
        let raw = at(line.origin.line).and_then(|index| raw.get(index)).copied().unwrap_or_default();
        (line.origin.line, raw.trim_end())
    });
    let mut wanted = canonical.lines();
    loop {
        let (said, wanted) = (said.next(), wanted.next());
        let end = || u32::try_from(written.lines().count()).unwrap_or(u32::MAX).saturating_add(1);
        match (said, wanted) {
            (None, None) => return None,
            (Some((_, said)), Some(wanted)) if said == wanted => {}
            (said, wanted) => {
                return Some(Difference {
                    line: said.map_or_else(end, |(line, _)| line),
                    written: said.map(|(_, said)| redact(said)),
                    canonical: wanted.map(redact),
                });
            }
        }
    }
}
