//! The process that holds a node's namespaces.

use std::{
    io::{BufRead as _, BufReader, Read as _},
    path::Path,
    process::{Child, ChildStdin, ChildStdout, Stdio},
    time::Duration,
};

use super::{LabError, exec::Exec, wait};

/// What runs as the init of a node.
const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/scripts/holder.sh");

/// How long the kernel may take to kill and reap all processes of a node.
const GONE_WITHIN: Duration = Duration::from_secs(10);

/// A node's init; when this value goes, or this process, the kernel removes the node with all that is in it.
///
/// Not by `PR_SET_PDEATHSIG`: that fires when the *thread* that started the process ends, and a test may well
/// start a lab in one thread and use it in another.
#[derive(Debug)]
pub(crate) struct Holder {
    name: String,
    child: Child,
    /// The node lives as long as this end of the pipe is open; no other process has it (close-on-exec).
    alive: Option<ChildStdin>,
    stdout: Option<ChildStdout>,
    pid: u32,
}

impl Holder {
    /// Starts the init of node `name`, with an overlay over `root` as its files (none for a switch).
    ///
    /// Returns at once; [`Self::ready`] waits.
    pub(crate) fn start(
        label: &str,
        name: &str,
        root: Option<&Path>,
        stage: &Path,
    ) -> Result<Self, LabError> {
        let unshare = ["unshare", "--mount", "--propagation", "private", "--net", "--uts", "--ipc", "--pid"];
        let fork = ["--fork", "--kill-child", "bash", SCRIPT, label, name];
        let mut argv: Vec<_> = unshare.iter().chain(&fork).map(Path::new).collect();
        argv.push(root.unwrap_or(Path::new("-")));
        argv.push(stage);
        let mut child = Exec::new(argv).spawn_piped(Stdio::piped())?;
        let (alive, stdout) = (child.stdin.take(), child.stdout.take());
        Ok(Self { name: name.to_owned(), child, alive, stdout, pid: 0 })
    }

    /// Waits until the node's files are mounted, and returns the pid of its init.
    pub(crate) fn ready(&mut self) -> Result<u32, LabError> {
        let mut line = String::new();
        if let Some(stdout) = self.stdout.take() {
            BufReader::new(stdout)
                .read_line(&mut line)
                .map_err(LabError::file("read the output of", self.name.clone()))?;
        }
        if let Some(pid) = line.strip_prefix("ready ").and_then(|pid| pid.trim().parse().ok()) {
            self.pid = pid;
            return Ok(pid);
        }
        let mut cause = line;
        self.alive = None;
        if let Some(mut stderr) = self.child.stderr.take() {
            let _ = stderr.read_to_string(&mut cause);
        }
        Err(LabError::Start { node: self.name.clone(), cause })
    }

    /// Lets the node go, without waiting.
    ///
    /// Its init sees the end of its input and ends; the kernel kills the rest of the pid namespace, reaps it, and
    /// only then does `unshare` see its child end.
    pub(crate) fn release(&mut self) {
        self.alive = None;
    }
}

impl Drop for Holder {
    fn drop(&mut self) {
        self.release();
        let gone =
            wait::until("the node to go", GONE_WITHIN, || matches!(self.child.try_wait(), Ok(Some(_))));
        if gone.is_err() {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}
