//! The FRR beside a command, if there is one.

use std::{path::PathBuf, time::Duration};

use clap::Args;
use frr_driver::quirks::FrrVersion;

use crate::frr::{Frr, RUNDIR};

/// Where FRR is, and which version is meant.
#[derive(Args, Clone, Debug)]
pub(crate) struct FrrArgs {
    /// Where FRR's daemons have their sockets
    #[arg(long, env = "ROUTELET_RUNDIR", value_name = "DIR", default_value = RUNDIR)]
    pub(crate) rundir: PathBuf,
    /// The FRR that the configuration is for, as in 8.4.4 or 10.3 [default: the running one, else the newest known]
    #[arg(long, value_name = "VERSION")]
    pub(crate) frr_version: Option<FrrVersion>,
}

// === impl FrrArgs ===

impl FrrArgs {
    /// The FRR that may run here.
    pub(crate) fn frr(&self) -> Frr {
        Frr::new(self.rundir.clone())
    }

    /// Decides which version is meant; `running` is what FRR said.
    pub(crate) fn version(&self, running: &Result<FrrVersion, String>) -> FrrVersion {
        self.frr_version.or(running.as_ref().ok().copied()).unwrap_or_default()
    }
}

/// Runs `work` to its end.
pub(crate) fn block_on<T>(work: impl Future<Output = T>) -> std::io::Result<T> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let result = runtime.block_on(work);
    // A reader that hangs in a daemon's socket must not keep the command.
    runtime.shutdown_timeout(Duration::ZERO);
    Ok(result)
}
