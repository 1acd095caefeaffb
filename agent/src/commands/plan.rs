//! `routelet plan`: what would change in FRR, and whom it would touch.

use std::{borrow::Cow, fmt::Write as _, io, process::ExitCode};

use clap::Args;
use frr_driver::{
    check::Severity,
    config::Config,
    merge::{Desired, Generation},
    numbers::keep_numbers,
    plan::{PlanLine, plan},
    transaction::transaction,
    verify::verify,
};
use routelet_status::snapshot::Engine;
use serde::Serialize;

use super::{
    diagnostic::{Diagnostic, count, plural},
    frr_args::{FrrArgs, block_on},
    inputs::Inputs,
    output::OutputArgs,
    paint::{DIM, GREEN, Paint, print_error},
    running::{Running, RunningArgs},
    source_args::SourceArgs,
};

mod diff;
#[cfg(test)]
mod tests;
mod touched;

use touched::Touched;

/// The flags of `routelet plan`.
#[derive(Args, Debug)]
#[command(mut_arg("base", |arg| arg.required(true)), after_help = EXAMPLES)]
pub(crate) struct PlanArgs {
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
Nothing is changed. Exit code: 0 = there is a plan, or nothing is to be done; 1 = sources are refused, or FRR cannot
be asked; 2 = wrong usage.

Examples:
  routelet plan --base /etc/routelet/base/frr.conf --extras /etc/routelet/extras
  ssh node vtysh -c \"'show running-config'\" | routelet plan --base new.conf --running -";

/// What would change.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Report {
    /// The digest of what FRR would hold.
    generation: Generation,
    /// The FRR that it is for.
    frr_version: String,
    /// What the agent would change FRR with.
    engine: Engine,
    /// Why that is frr-reload.
    #[serde(skip_serializing_if = "Option::is_none")]
    engine_reason: Option<String>,
    /// Lines that come and go, removed ones first.
    changes: Vec<Change>,
    /// The sessions that the change touches.
    sessions: Vec<Touched>,
}

/// One line that comes or goes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
struct Change {
    /// Whether it comes or goes.
    action: Action,
    /// The headers of the blocks that it stands in, outermost first.
    blocks: Vec<String>,
    /// The line, secrets hidden.
    text: String,
    /// Where it was written.
    source: String,
    /// What should be known about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<Cow<'static, str>>,
}

/// What happens to a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
enum Action {
    Remove,
    Add,
}

// === impl PlanArgs ===

impl PlanArgs {
    /// Shows the plan; fails if sources are refused.
    pub(crate) fn run(self) -> anyhow::Result<ExitCode> {
        // Wrong usage is told before FRR is asked.
        self.sources.specs()?;
        let running = block_on(self.running.read(&self.frr))??;
        let inputs = Inputs::read(&self.sources, running.version)?;
        let problems = inputs.diagnostics();
        let (Some(desired), false) = (&inputs.judged.desired, inputs.is_refused()) else {
            print_error(&refused(&problems, Paint::on(&io::stderr())))?;
            return Ok(ExitCode::FAILURE);
        };
        print_error(&doubts(&problems, Paint::on(&io::stderr())))?;
        let report = Report::new(desired, &running);
        self.output.show(&report, Report::render)?;
        Ok(ExitCode::SUCCESS)
    }
}

/// Why there is no plan.
fn refused(problems: &[Diagnostic], paint: Paint) -> String {
    let mut text: String = problems.iter().map(|problem| problem.render(paint) + "\n").collect();
    text.push_str(&count(problems));
    text.push_str(": sources are refused, and their last accepted version would stay\n");
    text
}

/// What a person should know beside the plan: lines that FRR would not take.
fn doubts(problems: &[Diagnostic], paint: Paint) -> String {
    let errors = problems.iter().filter(|problem| problem.severity == Severity::Error);
    let mut text: String = errors.map(|problem| problem.render(paint) + "\n").collect();
    let warnings = problems.iter().filter(|problem| problem.severity == Severity::Warning).count();
    if warnings > 0 {
        let note = format!("{}; routelet validate shows them", plural(warnings, "warning"));
        text.push_str(&paint.paint(DIM, note));
        text.push('\n');
    }
    text
}

// === impl Report ===

impl Report {
    /// Compares as the agent does before it applies.
    fn new(desired: &Desired, running: &Running) -> Self {
        let version = running.version;
        let config = keep_numbers(&desired.config, &running.union, version);
        let (plan, engine, engine_reason) = match transaction(&config, &running.union, version) {
            Ok(change) => (change.plan, Engine::Transaction, None),
            Err(reason) => {
                (plan(&config, &running.union, version), Engine::FrrReload, Some(reason.to_string()))
            }
        };
        let note = |line: &PlanLine| {
            let is_renamed = plan.adds.iter().any(|add| is_same_object(add, line));
            (!is_renamed && is_full_block(&running.union, line)).then_some("with all its lines".into())
        };
        let removes = plan.removes.iter();
        let mut changes: Vec<Change> = removes.map(|line| change(line, Action::Remove, note(line))).collect();
        let both_numbers = |line: &PlanLine| line.renumbered.map(|numbers| numbers.to_string().into());
        changes.extend(plan.adds.iter().map(|line| change(line, Action::Add, both_numbers(line))));
        if let Some(bgpd) = &running.bgpd {
            let lost = verify(&config, &running.union, bgpd, version).missing_in_bgpd;
            changes.extend(lost.iter().map(|line| change(line, Action::Add, Some("bgpd lost it".into()))));
        }
        Self {
            generation: desired.generation.clone(),
            frr_version: version.to_string(),
            engine,
            engine_reason,
            changes,
            sessions: touched::touched(&plan.impact),
        }
    }

    fn render(&self, paint: Paint) -> String {
        if self.changes.is_empty() {
            let generation = &self.generation;
            return format!("{}: FRR runs generation {generation}\n", paint.paint(GREEN, "nothing to do"));
        }
        let mut text = diff::render(&self.changes, paint);
        text.push('\n');
        if !self.sessions.is_empty() {
            text.push_str(&touched::table(&self.sessions, paint));
            text.push('\n');
        }
        let of = |action| self.changes.iter().filter(|change| change.action == action).count();
        let (adds, removes) = (of(Action::Add), of(Action::Remove));
        let (adds, removes) = (plural(adds, "line"), removes);
        _ = writeln!(text, "{adds} to add, {removes} to remove; {}", touched::summary(&self.sessions));
        let how = match &self.engine_reason {
            None => "by one vtysh: nobody sees the change halfway".to_owned(),
            Some(reason) => format!("by frr-reload: {reason}"),
        };
        _ = writeln!(text, "{}", paint.paint(DIM, how));
        text
    }
}

fn change(line: &PlanLine, action: Action, note: Option<Cow<'static, str>>) -> Change {
    Change {
        action,
        blocks: line.blocks.clone(),
        text: line.statement.to_string(),
        source: line.statement.origin.to_string(),
        note,
    }
}

/// Whether `line` is the header of a block that is removed as a whole: a plan names only the header.
fn is_full_block(running: &Config, line: &PlanLine) -> bool {
    let mut tree = &running.top;
    for header in &line.blocks {
        let found = tree.iter().find(|(_, node)| node.statement.to_string() == *header);
        let Some((_, node)) = found else { return false };
        tree = &node.children;
    }
    tree.iter().any(|(_, node)| node.statement == line.statement && !node.children.is_empty())
}

/// Whether two headers are of one block that only changes its header: an entry's action, an instance's AS.
fn is_same_object(one: &PlanLine, other: &PlanLine) -> bool {
    let object = |line: &PlanLine| match line.statement.words().as_slice() {
        ["route-map", name, _, number] => vec![(*name).to_owned(), (*number).to_owned()],
        ["router", "bgp", _, rest @ ..] => rest.iter().map(|word| (*word).to_owned()).collect(),
        _ => vec![line.statement.to_string()],
    };
    one.blocks == other.blocks
        && one.statement.words().first() == other.statement.words().first()
        && object(one) == object(other)
}
