//! A running node: commands inside it, its command line, its interfaces.

use std::{
    ffi::OsStr,
    fs::File,
    os::fd::AsFd as _,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
        mpsc,
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use nix::sched::{CloneFlags, setns};
use serde_json::Value;

use super::{LabError, Output, Root, Spawned, exec::Exec};

/// Where what [`Node::spawn`] started writes its output, inside the node.
const SPAWN_LOGS: &str = "/var/log/lab";

/// A handle to a running node; cheap to clone, of no use once its lab has gone.
#[derive(Clone, Debug)]
pub struct Node {
    pub(crate) name: String,
    pub(crate) root: Root,
    pub(crate) pid: u32,
    pub(crate) daemons: Vec<String>,
    pub(crate) spawned: Arc<AtomicUsize>,
}

impl Node {
    /// Returns the name in the topology.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the root file system under the node's own files: the FRR version that was asked for and found.
    pub fn root(&self) -> &Root {
        &self.root
    }

    /// Returns the pid of the node's init on this machine; `/proc/<pid>/ns` are its namespaces.
    pub fn pid(&self) -> u32 {
        self.pid
    }

    /// Runs a command inside, to its end, whatever its exit code; at most 30 s.
    pub fn exec<S: AsRef<OsStr>>(&self, argv: impl IntoIterator<Item = S>) -> Result<Output, LabError> {
        self.inside(argv).output()
    }

    /// Like [`Self::exec`], with another time limit.
    pub fn exec_within<S: AsRef<OsStr>>(
        &self,
        limit: Duration,
        argv: impl IntoIterator<Item = S>,
    ) -> Result<Output, LabError> {
        self.inside(argv).timeout(limit).output()
    }

    /// Runs a command inside and returns what it printed; any exit code but 0 is an error.
    pub fn run<S: AsRef<OsStr>>(&self, argv: impl IntoIterator<Item = S>) -> Result<String, LabError> {
        self.inside(argv).run()
    }

    /// Starts a command inside and returns it with the path of its log, which is inside too.
    pub fn spawn<S: AsRef<OsStr>>(
        &self,
        argv: impl IntoIterator<Item = S>,
    ) -> Result<(Spawned, String), LabError> {
        let number = self.spawned.fetch_add(1, Ordering::Relaxed);
        let path = format!("{SPAWN_LOGS}/{number}.log");
        Ok((self.spawn_logged(argv, &path)?, path))
    }

    /// Starts a command inside that appends its output to `log`, a path inside.
    pub(crate) fn spawn_logged<S: AsRef<OsStr>>(
        &self,
        argv: impl IntoIterator<Item = S>,
        log: &str,
    ) -> Result<Spawned, LabError> {
        let log: File = self.append_to(log)?;
        self.inside(argv).spawn(log)
    }

    /// Runs one command of FRR's command line and returns what it printed.
    pub fn vtysh(&self, command: &str) -> Result<String, LabError> {
        self.run(["vtysh", "-c", command])
    }

    /// Runs commands of FRR's command line one after the other, in one session (`configure terminal` holds).
    pub fn vtysh_all(&self, commands: &[&str]) -> Result<String, LabError> {
        self.run(["vtysh"].into_iter().chain(commands.iter().flat_map(|&command| ["-c", command])))
    }

    /// Runs a `show … json` command and returns the document.
    pub fn vtysh_json(&self, command: &str) -> Result<Value, LabError> {
        let text = self.vtysh(command)?;
        serde_json::from_str(&text).map_err(|source| LabError::Unreadable {
            command: command.to_owned(),
            text: text.chars().take(400).collect(),
            source,
        })
    }

    /// Returns what FRR says of its BGP session with `peer`: `Established`, `Active`, …; `None` if it has none.
    pub fn bgp_state(&self, peer: &str) -> Result<Option<String>, LabError> {
        let neighbors = self.vtysh_json(&format!("show bgp neighbors {peer} json"))?;
        Ok(neighbors.get(peer).and_then(|neighbor| neighbor.get("bgpState")?.as_str()).map(str::to_owned))
    }

    /// Takes the interface `name` down, as if somebody pulled the cable here.
    pub fn link_down(&self, name: &str) -> Result<(), LabError> {
        self.ip(&["link", "set", name, "down"]).map(drop)
    }

    /// Takes the interface `name` up again.
    pub fn link_up(&self, name: &str) -> Result<(), LabError> {
        self.ip(&["link", "set", name, "up"]).map(drop)
    }

    /// Runs this machine's `ip` in the node's network namespace.
    pub fn ip(&self, arguments: &[&str]) -> Result<String, LabError> {
        let target = format!("--target={}", self.pid);
        let enter = ["nsenter", target.as_str(), "--net", "ip"];
        Exec::new(enter.iter().chain(arguments)).run()
    }

    /// Runs `work` in a thread of this process that is in the node's network namespace.
    ///
    /// Sockets that it opens stay there.
    pub fn in_network<T: Send>(&self, work: impl FnOnce() -> T + Send) -> Result<T, LabError> {
        let entered = thread::scope(|scope| scope.spawn(|| self.enter_network().map(|()| work())).join());
        entered.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    }

    /// Starts a thread of this process that stays in the node's network namespace.
    pub(crate) fn thread_in_network(
        &self,
        work: impl FnOnce() + Send + 'static,
    ) -> Result<JoinHandle<()>, LabError> {
        let (sender, entered) = mpsc::channel();
        let node = self.clone();
        let thread = thread::spawn(move || {
            let is_there = node.enter_network();
            let may_work = is_there.is_ok();
            if sender.send(is_there).is_ok() && may_work {
                work();
            }
        });
        let ended = || LabError::Topology(format!("no thread in the network of {}", self.name));
        entered.recv().unwrap_or_else(|_| Err(ended()))?;
        Ok(thread)
    }

    /// Puts this thread into the node's network namespace, for good.
    fn enter_network(&self) -> Result<(), LabError> {
        let path = format!("/proc/{}/ns/net", self.pid);
        let namespace = File::open(&path).map_err(LabError::file("open", path.as_str()))?;
        let entered = setns(namespace.as_fd(), CloneFlags::CLONE_NEWNET);
        entered.map_err(|errno| LabError::file("enter", path)(errno.into()))
    }

    /// Returns the command that runs `argv` in the node's namespaces.
    pub(crate) fn inside<S: AsRef<OsStr>>(&self, argv: impl IntoIterator<Item = S>) -> Exec {
        let target = format!("--target={}", self.pid);
        let enter = ["nsenter", &target, "--mount", "--uts", "--ipc", "--net", "--pid", "--"];
        let enter = enter.into_iter().map(|word| OsStr::new(word).to_owned());
        Exec::new(enter.chain(argv.into_iter().map(|word| word.as_ref().to_owned())))
    }
}
