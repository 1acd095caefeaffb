//! `routelet apply --now`: a person lets the agent apply what it holds back.

use std::{path::PathBuf, process::ExitCode};

use anyhow::Context as _;
use clap::Args;

use super::{answer::tell, frr_args::block_on, run::default_state_dir};
use crate::control;

/// The flags of `routelet apply`.
#[derive(Args, Debug)]
#[command(after_help = "\
Asks the agent that runs on this node, and waits for what comes of it. Root and the agent's own user may ask.
Exit code: 0 = FRR runs what the sources say; 1 = it does not, and why; 2 = wrong usage.")]
pub(crate) struct ApplyArgs {
    /// Apply what --max-reset holds back, and try again what FRR did not take
    #[arg(long, required = true)]
    now: bool,
    /// Where the agent keeps its state
    #[arg(long, env = "ROUTELET_STATE_DIR", value_name = "DIR", default_value = default_state_dir().as_os_str())]
    state_dir: PathBuf,
}

// === impl ApplyArgs ===

impl ApplyArgs {
    /// Asks the agent; fails if it cannot.
    pub(crate) fn run(self) -> anyhow::Result<ExitCode> {
        let answer = block_on(control::apply_now(&self.state_dir))?
            .with_context(|| format!("no agent answers in {}", self.state_dir.display()))?;
        tell(&answer)
    }
}
