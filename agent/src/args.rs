//! The command line. Every flag can also be given as `ROUTELET_…`.

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::commands::{run::RunArgs, status::StatusArgs};

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
}

// === impl Args ===

impl Args {
    /// Runs the command.
    pub(crate) fn run(self) -> anyhow::Result<ExitCode> {
        match self.command {
            Command::Run(args) => args.run(),
            Command::Status(args) => args.run(),
        }
    }
}
