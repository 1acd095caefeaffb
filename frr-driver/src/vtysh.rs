//! Runs vtysh, for what the daemons' sockets cannot do: checking and loading files, every daemon at once.
//!
//! Plain `vtysh -c` connects to every daemon, and hangs when one of them does (T18): ask the sockets first.

use std::{
    ffi::{OsStr, OsString},
    path::{Path, PathBuf},
    time::Duration,
};

use crate::{
    exec::{self, Command, CommandError, OUTPUT_BYTES_MAX, Output, Started},
    vty_socket::Daemon,
};

mod ready;
#[cfg(test)]
mod tests;

pub use ready::{Ready, let_go};

/// How vtysh is started.
#[derive(Clone, Debug)]
pub struct Vtysh {
    /// The program, looked up in `PATH` when it is a bare name.
    pub program: PathBuf,
    /// The folder of the daemons' sockets (`--vty_socket`); `None` is what FRR was built with.
    pub rundir: Option<PathBuf>,
    /// The folder of `vtysh.conf` and `frr.conf` (`--config_dir`); `None` is what FRR was built with.
    pub config_dir: Option<PathBuf>,
    /// How long one run may take.
    pub timeout: Duration,
    /// How many bytes it may write to either stream.
    pub output_bytes_max: usize,
}

// === impl Vtysh ===

impl Vtysh {
    /// How long one run may take, unless the caller says otherwise: loading 1,000 prefix-list lines takes
    /// FRR 8.4.4 52 s.
    pub const TIMEOUT: Duration = Duration::from_mins(2);

    /// Runs one command on every daemon that knows it.
    pub async fn run(&self, command: &str) -> Result<Output, CommandError> {
        exec::run(self.command(["-c", command])).await
    }

    /// Runs commands one after the other, in one session.
    pub async fn run_all(&self, commands: &[&str]) -> Result<Output, CommandError> {
        exec::run(self.command(commands.iter().flat_map(|command| ["-c", command]))).await
    }

    /// Runs one command on one daemon; works while others hang.
    pub async fn run_on(&self, daemon: Daemon, command: &str) -> Result<Output, CommandError> {
        exec::run(self.command(["-d", daemon.name(), "-c", command])).await
    }

    /// Checks the syntax of a file, without any daemon. Semantics are not checked (T6).
    pub async fn check(&self, file: &Path) -> Result<Output, CommandError> {
        exec::run(self.command([OsString::from("-C"), OsString::from("-f"), file.into()])).await
    }

    /// Loads a file into the daemons.
    pub async fn load(&self, file: &Path) -> Result<Output, CommandError> {
        exec::run(self.command([OsString::from("-f"), file.into()])).await
    }

    /// Starts it with these arguments.
    fn start<'a>(&self, args: impl IntoIterator<Item = &'a OsStr>) -> Result<Started, CommandError> {
        exec::start(self.command(args))
    }

    /// The command line for these arguments.
    fn command<A: Into<OsString>>(&self, args: impl IntoIterator<Item = A>) -> Command {
        let mut words = vec![self.program.clone().into_os_string()];
        for (option, dir) in [("--vty_socket", &self.rundir), ("--config_dir", &self.config_dir)] {
            if let Some(dir) = dir {
                words.extend([OsString::from(option), dir.into()]);
            }
        }
        words.extend(args.into_iter().map(Into::into));
        Command { output_bytes_max: self.output_bytes_max, ..Command::new(words, self.timeout) }
    }
}

impl Default for Vtysh {
    fn default() -> Self {
        Self {
            program: PathBuf::from("vtysh"),
            rundir: None,
            config_dir: None,
            timeout: Self::TIMEOUT,
            output_bytes_max: OUTPUT_BYTES_MAX,
        }
    }
}
