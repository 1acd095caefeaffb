//! The command line. Every flag of the agent can also be given as `ROUTELET_…`.

use std::{
    ffi::{OsStr, OsString},
    path::Path,
    process::ExitCode,
};

use clap::{Parser, Subcommand, error::ErrorKind};

use crate::{
    commands::{
        apply::ApplyArgs, clear::ClearArgs, crd::CrdArgs, explain::ExplainArgs, fmt::FmtArgs,
        install::InstallArgs, plan::PlanArgs, run::RunArgs, status::StatusArgs, validate::ValidateArgs,
    },
    source::SpecError,
};

/// A kubelet for routes: makes FRR do what the mounted configuration says, proves it, and reports it.
#[derive(Debug, Parser)]
#[command(version, max_term_width = 110)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Follow the mounted configuration and keep FRR to it.
    Run(Box<RunArgs>),
    /// Show what the agent on this node, or those of the whole cluster last reported.
    Status(StatusArgs),
    /// Let the agent apply what it holds back, or try again what FRR did not take.
    Apply(ApplyArgs),
    /// Have the routes of a session judged again by its policies.
    Clear(ClearArgs),
    /// Tell whether the agent and FRR would take the sources, and what is wrong with which line.
    Validate(Box<ValidateArgs>),
    /// Show what would change in FRR, and which sessions it would touch; changes nothing.
    Plan(Box<PlanArgs>),
    /// Print a configuration as FRR would hold it: each object once, in canonical words and order.
    Fmt(Box<FmtArgs>),
    /// Tell what decides on the routes from and to a peer, in the order in which FRR asks.
    Explain(Box<ExplainArgs>),
    /// Print the definitions of the custom resources, for `kubectl apply`.
    Crd(CrdArgs),
    /// Copy this program, for an init container.
    Install(InstallArgs),
}

// === impl Args ===

impl Args {
    /// Reads the command line; one that cannot be meant ends the process.
    pub(crate) fn of_this_process() -> Self {
        Self::parse_from(as_plugin(std::env::args_os().collect()))
    }

    /// Runs the command; sources that cannot be meant end it as wrong usage.
    pub(crate) fn run(self) -> anyhow::Result<ExitCode> {
        let result = match self.command {
            Command::Run(args) => args.run(),
            Command::Status(args) => args.run(),
            Command::Apply(args) => args.run(),
            Command::Clear(args) => args.run(),
            Command::Validate(args) => args.run(),
            Command::Plan(args) => args.run(),
            Command::Fmt(args) => args.run(),
            Command::Explain(args) => args.run(),
            Command::Crd(args) => args.run(),
            Command::Install(args) => args.run(),
        };
        result.map_err(|error| match error.downcast::<SpecError>() {
            Ok(error) => clap::Error::raw(ErrorKind::ValueValidation, format!("{error}\n")).exit(),
            Err(error) => error,
        })
    }
}

/// Under this name kubectl finds a program for `kubectl routelet`.
const PLUGIN: &str = "kubectl-routelet";

/// As a plugin of kubectl, it is about the cluster: `status --kube` is meant where nothing else is said.
fn as_plugin(mut line: Vec<OsString>) -> Vec<OsString> {
    let name = line.first().and_then(|path| Path::new(path).file_name());
    if name != Some(OsStr::new(PLUGIN)) {
        return line;
    }
    let said = line.get(1).map(|word| word.to_string_lossy().into_owned());
    let at = match said.as_deref() {
        Some("status") => 2,
        Some("-V" | "--version") => return line,
        Some(word) if !word.starts_with('-') => return line,
        Some(_) | None => {
            line.insert(1, "status".into());
            2
        }
    };
    line.insert(at, "--kube".into());
    line
}

#[cfg(test)]
mod tests;
