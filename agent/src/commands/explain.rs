//! `routelet explain`: what decides on the routes from and to a peer.

use std::{fmt::Write as _, process::ExitCode};

use anyhow::bail;
use clap::{Args, builder::Resettable};
use frr_driver::{
    config::Config,
    explain::{Chain, Explanation, Family, Outcome, Side, Step, StepKind, Subject, explain},
    quirks::FrrVersion,
    session::{PeerId, SessionId, VRF_DEFAULT},
};

use super::{
    diagnostic::visible,
    frr_args::{FrrArgs, block_on},
    inputs::Inputs,
    output::OutputArgs,
    paint::{BOLD, DIM, GREEN, Paint, RED},
    running::RunningArgs,
    source_args::SourceArgs,
};

#[cfg(test)]
mod tests;

/// How far a step is indented below what refers to it.
const INDENT: usize = 2;

/// The widest line that places are aligned to: what is longer pushes its own place aside.
const ALIGN_COLUMNS_MAX: usize = 70;

/// The flags of `routelet explain`.
///
/// Where the sources are is not read from the environment here: without flags, what runs is meant.
#[derive(Args, Debug)]
#[command(
    mut_arg("base", |arg| arg.env(Resettable::Reset).conflicts_with("file")),
    mut_arg("extras", |arg| arg.env(Resettable::Reset)),
    mut_arg("contributions", |arg| arg.env(Resettable::Reset)),
    after_help = EXAMPLES
)]
pub(crate) struct ExplainArgs {
    /// The peer: its address, its interface, an address of a listen range, or the name of a peer-group
    #[arg(value_name = "PEER")]
    peer: String,
    /// The VRF that the session is in
    #[arg(long, value_name = "NAME", default_value = VRF_DEFAULT)]
    vrf: String,
    #[command(flatten)]
    sources: SourceArgs,
    #[command(flatten)]
    frr: FrrArgs,
    #[command(flatten)]
    running: RunningArgs,
    #[command(flatten)]
    output: OutputArgs,
}

const EXAMPLES: &str = "\
Explains what the FRR here runs; with --base, what the sources say together; with --running, a print.
Exit code: 0 = explained; 1 = no such peer, sources are refused, or FRR cannot be asked; 2 = wrong usage.

Examples:
  routelet explain 10.0.0.1
  routelet explain eth0 --vrf red -o json
  routelet explain 10.0.0.1 --base /etc/routelet/base/frr.conf --extras /etc/routelet/extras
  ssh node vtysh -c \"'show running-config'\" | routelet explain 10.0.0.1 --running -";

/// A line of the text: how deep it stands, the step, and its left part.
struct Row<'a> {
    left: String,
    step: &'a Step,
}

// === impl ExplainArgs ===

impl ExplainArgs {
    /// Explains the session; fails if there is none, or nothing to read it from.
    pub(crate) fn run(self) -> anyhow::Result<ExitCode> {
        self.sources.specs()?;
        let Some((config, version)) = self.config()? else { return Ok(ExitCode::FAILURE) };
        let session = SessionId { vrf: self.vrf.clone(), peer: PeerId::from(self.peer.as_str()) };
        let explanation = explain(&config, &session, version)?;
        self.output.show(&explanation, render)?;
        Ok(ExitCode::SUCCESS)
    }

    /// What is to be explained, and the version that it is for; `None` = the sources are refused, and it was told why.
    fn config(&self) -> anyhow::Result<Option<(Config, FrrVersion)>> {
        if !self.sources.are_given() {
            let running = block_on(self.running.read(&self.frr))??;
            return Ok(Some((running.union, running.version)));
        }
        let running = block_on(async { self.frr.frr().version().await })?;
        let inputs = Inputs::read(&self.sources, self.frr.version(&running))?;
        if inputs.tell_refusals()? {
            return Ok(None);
        }
        match inputs.config() {
            Some(config) => Ok(Some((config, inputs.version))),
            None => bail!("there is no base"),
        }
    }
}

/// Returns the explanation as text; ends in a newline.
fn render(explanation: &Explanation, paint: Paint) -> String {
    let mut text = paint.paint(BOLD, heading(explanation)) + "\n";
    if explanation.families.is_empty() {
        text.push_str("\nno address family is active: no route is exchanged\n");
    }
    for family in &explanation.families {
        if !family.active {
            _ = write!(text, "\n{}\n", paint.paint(BOLD, format!("{}: not active", family.family)));
            continue;
        }
        for (way, chain) in [("in", &family.inbound), ("out", &family.outbound)] {
            text.push('\n');
            text.push_str(&direction(family, way, chain, paint));
        }
    }
    text
}

/// Who the peer is, on one line.
fn heading(explanation: &Explanation) -> String {
    let side = match explanation.side {
        Side::External => "external",
        Side::Internal => "internal",
        Side::Confederation => "of the confederation",
        Side::Unknown => "of an AS that is not known",
    };
    let number = |asn: &&String| asn.starts_with(|c: char| c.is_ascii_digit());
    let asn = explanation.remote_as.as_ref().filter(number).map(|asn| format!(", AS {asn}"));
    let what = match &explanation.subject {
        Subject::Neighbor => String::new(),
        Subject::Dynamic(range) => format!("dynamic neighbor of {range}, "),
        Subject::Group => "peer-group, ".to_owned(),
    };
    let group = explanation.group.as_ref().map(|group| format!(", peer-group {group}"));
    let session = &explanation.session;
    let vrf = if session.vrf == VRF_DEFAULT { String::new() } else { format!(", VRF {}", session.vrf) };
    let (asn, group) = (asn.unwrap_or_default(), group.unwrap_or_default());
    format!("{}: {what}{side}{asn}{group}{vrf}", session.peer)
}

fn direction(family: &Family, way: &str, chain: &Chain, paint: Paint) -> String {
    let style = match chain.outcome {
        Outcome::Everything => GREEN,
        Outcome::Some => BOLD,
        Outcome::Nothing => RED,
    };
    let title = paint.paint(BOLD, format!("{} {way}:", family.family));
    let mut text = format!("{title} {}\n", paint.paint(style, &chain.summary));
    let mut rows = Vec::new();
    chain.steps.iter().for_each(|step| collect(step, 1, &mut rows));
    let widths = rows.iter().filter(|row| row.step.source.is_some()).map(Row::width);
    let widest = widths.filter(|width| *width <= ALIGN_COLUMNS_MAX).max().unwrap_or(0);
    for row in &rows {
        let beside = row.beside();
        let left =
            if row.step.kind == StepKind::Implicit { paint.paint(DIM, &row.left) } else { row.left.clone() };
        text.push_str(&left);
        if !beside.is_empty() {
            text.push_str(&" ".repeat((widest + 2).saturating_sub(row.width()).max(2)));
            text.push_str(&paint.paint(DIM, beside));
        }
        text.push('\n');
    }
    text
}

fn collect<'a>(step: &'a Step, depth: usize, rows: &mut Vec<Row<'a>>) {
    rows.push(Row { left: " ".repeat(depth * INDENT) + &visible(&step.text), step });
    step.steps.iter().for_each(|inner| collect(inner, depth + 1, rows));
}

// === impl Row ===

impl Row<'_> {
    fn width(&self) -> usize {
        self.left.chars().count()
    }

    /// Where the line stands, and what is to be known about it.
    fn beside(&self) -> String {
        let source = self.step.source.as_ref().map(ToString::to_string);
        let group = self.step.inherited_from.as_ref().map(|group| format!("from peer-group {group}"));
        let notes = [group.unwrap_or_default(), visible(&self.step.note)];
        let notes: Vec<&str> = notes.iter().map(String::as_str).filter(|note| !note.is_empty()).collect();
        let notes = if notes.is_empty() { None } else { Some(format!("({})", notes.join("; "))) };
        source.into_iter().chain(notes).collect::<Vec<_>>().join(" ")
    }
}
