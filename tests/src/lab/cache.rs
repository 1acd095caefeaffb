//! What is expensive to make, kept on this machine.

use std::{path::PathBuf, process::Stdio};

use super::{LabError, exec::Exec};

/// Where the cache is if `ROUTELET_CACHE` does not say otherwise.
const DEFAULT: &str = "/var/cache/routelet";

/// Returns the folder of the cache.
pub(crate) fn folder() -> PathBuf {
    std::env::var_os("ROUTELET_CACHE").map_or_else(|| PathBuf::from(DEFAULT), PathBuf::from)
}

/// Runs a script that builds something into the cache; its progress goes to our stderr.
pub(crate) fn build(script: &[&str]) -> Result<(), LabError> {
    // In a process group of its own it does not see Ctrl-C; it goes with the thread that waits for it below.
    let script = Exec::new(["setpriv", "--pdeathsig", "TERM"].iter().chain(script)).inherit_environment();
    let command = script.to_string();
    let child = script.spawn_piped(Stdio::inherit())?;
    let output = child.wait_with_output();
    let output = output.map_err(|source| LabError::Spawn { program: command.clone(), source })?;
    if output.status.success() {
        return Ok(());
    }
    Err(LabError::CommandFailed { command, status: output.status, output: "see above".to_owned() })
}
