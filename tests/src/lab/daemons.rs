//! FRR's daemons in a node: start, stop, signal.

use std::{path::Path, time::Duration};

use nix::sys::signal::Signal;

use super::{LabError, Node, wait};

/// How long a daemon may take to end after SIGTERM: 10.x cleans up for a second or two.
const STOPPED_WITHIN: Duration = Duration::from_secs(15);

/// How long the configuration may take to load at start.
const LOADED_WITHIN: Duration = Duration::from_mins(1);

/// Starts the daemons that are named in `$@`, and loads the configuration, in one process start from outside.
const START: &str = r#"
set -e
for daemon in "$@"; do
  [ -x /usr/lib/frr/$daemon ] || continue
  # A log that root made is one that the daemon cannot open again.
  [ -e /var/log/frr/$daemon.log ] || install -o frr -g frr -m 640 /dev/null /var/log/frr/$daemon.log
  /usr/lib/frr/$daemon -d -A 127.0.0.1 --log file:/var/log/frr/$daemon.log --log-level debugging \
    >>/var/log/frr/start.log 2>&1 || { cat /var/log/frr/start.log >&2; exit 1; }
done
"#;

impl Node {
    /// Returns the daemons that this node runs: those of the topology that its version has.
    pub fn daemons(&self) -> &[String] {
        &self.daemons
    }

    /// Starts the daemon `name` without configuration; [`Self::load_config`] loads it, as watchfrr would do.
    pub fn start_daemon(&self, name: &str) -> Result<(), LabError> {
        self.start_daemons(&[name])
    }

    /// Loads `/etc/frr/frr.conf` into the daemons (`vtysh -b`), as at the start of FRR.
    pub fn load_config(&self) -> Result<String, LabError> {
        self.inside(["vtysh", "-b"]).timeout(LOADED_WITHIN).run()
    }

    /// Stops the daemon `name` with SIGTERM and waits until it has ended; kills it if it does not.
    pub fn stop_daemon(&self, name: &str) -> Result<(), LabError> {
        let pid = self.daemon_pid(name)?;
        self.signal_daemon(name, Signal::SIGTERM)?;
        let what = format!("{name} on {} to end", self.name);
        wait::until(&what, STOPPED_WITHIN, || !self.has_process(pid)).or_else(|_| {
            self.signal_daemon(name, Signal::SIGKILL)?;
            wait::until(&what, STOPPED_WITHIN, || !self.has_process(pid))
        })
    }

    /// Sends `signal` to the daemon `name`: SIGSTOP hangs it, SIGCONT goes on, SIGKILL is a crash.
    pub fn signal_daemon(&self, name: &str, signal: Signal) -> Result<(), LabError> {
        let pid = self.daemon_pid(name)?;
        self.run(["kill", "-s", signal.as_str().trim_start_matches("SIG"), &pid.to_string()]).map(drop)
    }

    /// Returns the pid of the daemon `name` inside the node, as its pid file says.
    pub fn daemon_pid(&self, name: &str) -> Result<u32, LabError> {
        let path = format!("/run/frr/{name}.pid");
        let text = self.read_file(&path)?;
        text.trim().parse().map_err(|error: std::num::ParseIntError| LabError::Start {
            node: self.name.clone(),
            cause: format!("{path} holds {text:?} and not a pid: {error}"),
        })
    }

    /// Tells whether the node has a process `pid` (as numbered inside).
    pub fn has_process(&self, pid: u32) -> bool {
        Path::new(&format!("/proc/{}/root/proc/{pid}", self.pid)).exists()
    }

    pub(crate) fn start_daemons(&self, names: &[&str]) -> Result<(), LabError> {
        let script = ["sh", "-c", START, "start"];
        self.inside(script.iter().chain(names)).timeout(LOADED_WITHIN).run().map(drop)
    }
}
