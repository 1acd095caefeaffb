//! `routelet clear`: a person has a session's routes judged again.

use std::{path::PathBuf, process::ExitCode};

use anyhow::Context as _;
use clap::Args;
use frr_driver::session::{PeerId, SessionId, VRF_DEFAULT};

use super::{answer::tell, frr_args::block_on, run::default_state_dir};
use crate::control;

/// The flags of `routelet clear`.
#[derive(Args, Debug)]
#[command(after_help = "\
Asks the agent that runs on this node, whatever its --clear and --hold say, and waits until the effect is proven.
One session is reset at a time. Root and the agent's own user may ask.
Exit code: 0 = the policies are in effect; 1 = they are not, and why; 2 = wrong usage.")]
pub(crate) struct ClearArgs {
    /// The peer, as FRR names it: an address or an interface
    peer: String,
    /// Ask the peer for its routes again, and send it ours again; the session stays (the default)
    #[arg(long, conflicts_with = "hard")]
    soft: bool,
    /// Reset the session, with all its address families
    #[arg(long)]
    hard: bool,
    /// The peer's VRF
    #[arg(long, value_name = "VRF", default_value = VRF_DEFAULT)]
    vrf: String,
    /// Where the agent keeps its state
    #[arg(long, env = "ROUTELET_STATE_DIR", value_name = "DIR", default_value = default_state_dir().as_os_str())]
    state_dir: PathBuf,
}

// === impl ClearArgs ===

impl ClearArgs {
    /// Asks the agent; fails if it cannot.
    pub(crate) fn run(self) -> anyhow::Result<ExitCode> {
        let session = SessionId { vrf: self.vrf, peer: PeerId::from(self.peer) };
        let answer = block_on(control::clear(&self.state_dir, &session, self.hard))?
            .with_context(|| format!("no agent answers in {}", self.state_dir.display()))?;
        tell(&answer)
    }
}
