//! The command line. Every flag of the agent can also be given as `ROUTELET_…`.

use std::process::ExitCode;

use clap::{Parser, Subcommand, error::ErrorKind};

use crate::{
    commands::{
        apply::ApplyArgs, clear::ClearArgs, crd::CrdArgs, explain::ExplainArgs, fmt::FmtArgs, plan::PlanArgs,
        run::RunArgs, status::StatusArgs, validate::ValidateArgs,
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
    /// Show what the agent on this node last reported.
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
}

// === impl Args ===

impl Args {
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
        };
        result.map_err(|error| match error.downcast::<SpecError>() {
            Ok(error) => clap::Error::raw(ErrorKind::ValueValidation, format!("{error}\n")).exit(),
            Err(error) => error,
        })
    }
}

#[cfg(test)]
mod tests;
