//! The agent, run next to FRR's daemons as in a pod.

use std::{
    net::{Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
    process::ExitStatus,
    time::Duration,
};

use nix::sys::signal::Signal;
use serde_json::Value;

use super::{LabError, Node, Response, Spawned};

/// Where the agent is in the node.
const PROGRAM: &str = "/usr/local/bin/routelet";

/// How long the agent may take to end when it is asked to.
const STOPPED_WITHIN: Duration = Duration::from_secs(10);

/// The workspace, whose `cargo build --release` makes the static binary.
const WORKSPACE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

/// What the agent is started with.
#[derive(Clone, Debug)]
pub struct AgentBuilder {
    node: Node,
    program: PathBuf,
    arguments: Vec<String>,
    environment: Vec<String>,
    state_dir: String,
    http_port: u16,
}

/// A running agent; killed when this value goes.
#[derive(Debug)]
pub struct Agent {
    node: Node,
    process: Spawned,
    log: String,
    state_dir: String,
    http_port: u16,
}

// === impl AgentBuilder ===

impl AgentBuilder {
    /// Uses the program at `path` on this machine.
    #[must_use]
    pub fn program(mut self, path: impl Into<PathBuf>) -> Self {
        self.program = path.into();
        self
    }

    /// Adds `--base PATH`, inside the node.
    #[must_use]
    pub fn base(self, path: &str) -> Self {
        self.args(["--base", path])
    }

    /// Adds `--extras PATH`, inside the node.
    #[must_use]
    pub fn extras(self, path: &str) -> Self {
        self.args(["--extras", path])
    }

    /// Sets the state directory, inside the node; `/var/lib/routelet` if not set.
    #[must_use]
    pub fn state_dir(mut self, path: impl Into<String>) -> Self {
        self.state_dir = path.into();
        self
    }

    /// Tells [`Agent::http_get`] where the agent listens; what makes it listen there is one of [`Self::args`].
    #[must_use]
    pub fn http_port(mut self, port: u16) -> Self {
        self.http_port = port;
        self
    }

    /// Adds arguments.
    #[must_use]
    pub fn args<S: Into<String>>(mut self, arguments: impl IntoIterator<Item = S>) -> Self {
        self.arguments.extend(arguments.into_iter().map(Into::into));
        self
    }

    /// Sets a variable of the agent's environment.
    #[must_use]
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.environment.push(format!("{name}={value}"));
        self
    }

    /// Starts `routelet run` with these arguments.
    pub fn start(self) -> Result<Agent, LabError> {
        self.node.install(&self.program, PROGRAM)?;
        let environment = std::iter::once("env".to_owned()).chain(self.environment);
        let argv = [PROGRAM, "run", "--state-dir", &self.state_dir].map(str::to_owned);
        let (process, log) = self.node.spawn(environment.chain(argv).chain(self.arguments))?;
        let (node, state_dir, http_port) = (self.node, self.state_dir, self.http_port);
        Ok(Agent { node, process, log, state_dir, http_port })
    }
}

// === impl Agent ===

impl Agent {
    /// Prepares an agent in `node`: the binary that `ROUTELET_BIN` names, or the one that
    /// `cargo build --release` made.
    pub fn builder(node: &Node) -> AgentBuilder {
        AgentBuilder {
            node: node.clone(),
            program: Self::binary(),
            arguments: Vec::new(),
            environment: Vec::new(),
            state_dir: "/var/lib/routelet".to_owned(),
            http_port: 7472,
        }
    }

    /// Returns the file of the agent on this machine.
    pub fn binary() -> PathBuf {
        std::env::var_os("ROUTELET_BIN").map_or_else(built, PathBuf::from)
    }

    /// Returns the node that the agent runs in.
    pub fn node(&self) -> &Node {
        &self.node
    }

    /// Asks the agent to end (SIGTERM) and waits until it has.
    pub fn stop(mut self) -> Result<ExitStatus, LabError> {
        self.process.signal(Signal::SIGTERM)?;
        self.process.wait(STOPPED_WITHIN)
    }

    /// Kills the agent (SIGKILL): a crash at any point.
    pub fn kill(mut self) {
        self.process.kill();
    }

    /// Sends `signal` to the agent.
    pub fn signal(&mut self, signal: Signal) -> Result<(), LabError> {
        self.process.signal(signal)
    }

    /// Returns the agent's process id on this machine.
    pub fn pid(&self) -> Option<u32> {
        self.process.pid()
    }

    /// Tells whether the agent runs.
    pub fn is_running(&mut self) -> bool {
        self.process.is_running()
    }

    /// Waits until the agent has ended by itself.
    pub fn wait(&mut self, deadline: Duration) -> Result<ExitStatus, LabError> {
        self.process.wait(deadline)
    }

    /// Returns what the agent has printed so far.
    pub fn log(&self) -> Result<String, LabError> {
        self.node.read_file(&self.log)
    }

    /// Returns the state directory, inside the node.
    pub fn state_dir(&self) -> &Path {
        Path::new(&self.state_dir)
    }

    /// Returns the agent's status, as its `status.json` has it.
    pub fn status_json(&self) -> Result<Value, LabError> {
        let path = format!("{}/status.json", self.state_dir);
        let text = self.node.read_file(&path)?;
        serde_json::from_str(&text).map_err(|source| LabError::Unreadable { command: path, text, source })
    }

    /// Requests `path` from the agent's HTTP server, on the node's 127.0.0.1.
    pub fn http_get(&self, path: &str) -> Result<Response, LabError> {
        self.node.http_get(SocketAddr::from((Ipv4Addr::LOCALHOST, self.http_port)), path)
    }
}

/// Returns where the workspace's build leaves the static binary.
fn built() -> PathBuf {
    let target = format!("target/{}-unknown-linux-gnu/release/routelet", std::env::consts::ARCH);
    Path::new(WORKSPACE).join(target)
}
