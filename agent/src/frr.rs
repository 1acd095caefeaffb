//! The FRR beside the agent: how its daemons, vtysh and frr-reload are reached.

mod digest;
mod held;
mod last;
mod running;
mod writer;

use std::{
    fs::File,
    path::{Path, PathBuf},
    sync::{Arc, OnceLock},
    time::Duration,
};

use frr_driver::{
    config::Rendered,
    quirks::FrrVersion,
    reload::{self, SyntaxError},
    show::version,
    vty_socket::{Daemon, Reply, VtyError, VtySocket},
    vtysh::Vtysh,
};

pub(crate) use digest::RunningDigest;
pub(crate) use held::Held;
use last::Last;
pub(crate) use last::LastHeld;
pub(crate) use running::Running;

use tokio::{sync::Mutex, task::JoinSet};

use crate::desired::with_causes;

/// How long a daemon may take to answer a cheap question; a busy bgpd with 500k routes took 0.3 s.
const ANSWER_DEADLINE: Duration = Duration::from_secs(2);

/// Where FRR is.
#[derive(Clone, Debug)]
pub(crate) struct Frr {
    /// The folder of the daemons' sockets.
    pub(crate) rundir: PathBuf,
    /// frr-reload.py.
    pub(crate) reload_script: PathBuf,
    /// The lock, once it is ours.
    claimed: Arc<OnceLock<File>>,
    /// Held by who writes, and by who reads what runs.
    writing: Arc<Mutex<()>>,
    /// What was read the last time, loaded.
    last: Arc<std::sync::Mutex<Option<Last>>>,
}

// === impl Frr ===

/// The folder that every build of FRR uses unless it is told otherwise.
pub(crate) const RUNDIR: &str = "/var/run/frr";

impl Frr {
    /// Returns the FRR whose daemons have their sockets in `rundir`.
    pub(crate) fn new(rundir: PathBuf) -> Self {
        Self {
            rundir,
            reload_script: PathBuf::from(reload::SCRIPT),
            claimed: Arc::default(),
            writing: Arc::default(),
            last: Arc::default(),
        }
    }

    /// Returns the same, changed by another script than FRR's own.
    pub(crate) fn with_reload_script(self, reload_script: PathBuf) -> Self {
        Self { reload_script, ..self }
    }

    /// Returns a client of `daemon`.
    pub(crate) fn socket(&self, daemon: Daemon) -> VtySocket {
        VtySocket::new(&self.rundir, daemon).with_deadline(ANSWER_DEADLINE)
    }

    /// Asks bgpd for its version.
    pub(crate) async fn version(&self) -> Result<FrrVersion, String> {
        let reply =
            self.socket(Daemon::Bgpd).ask("show version").await.map_err(|error| with_causes(&error))?;
        read_version(&reply.text).ok_or_else(|| "bgpd tells no version".to_owned())
    }

    /// Returns whether every daemon of `needed` answers; the reason names the first that does not.
    pub(crate) async fn answers(&self, needed: &[Daemon]) -> Result<(), String> {
        let answers = self.ask_each(needed.iter().copied(), "show version", ANSWER_DEADLINE).await;
        let answers = answers.into_iter().map(|(daemon, answer)| match answer {
            Ok(_) => Ok(()),
            Err(error) => Err(format!("{} does not answer: {}", daemon.name(), with_causes(&error))),
        });
        answers.collect()
    }

    /// Asks all of `daemons` at the same time; returns what each said, in their order.
    async fn ask_each(
        &self,
        daemons: impl Iterator<Item = Daemon>,
        command: &'static str,
        deadline: Duration,
    ) -> Vec<(Daemon, Result<Reply, VtyError>)> {
        let mut asked = JoinSet::new();
        for daemon in daemons {
            let mut socket = self.socket(daemon).with_deadline(deadline);
            asked.spawn(async move { (daemon, socket.ask(command).await) });
        }
        let mut answers = asked.join_all().await;
        answers.sort_by_key(|(daemon, _)| *daemon);
        answers
    }

    /// Asks FRR's parser about a rendered file; returns the lines that it refuses.
    pub(crate) async fn refused_lines(
        &self,
        file: &Path,
        rendered: &Rendered,
    ) -> Result<Vec<SyntaxError>, String> {
        let output = self.vtysh().check(file).await.map_err(|error| with_causes(&error))?;
        if output.status.success() {
            return Ok(Vec::new());
        }
        let errors = reload::syntax_errors(&output.text(), rendered);
        if errors.is_empty() {
            return Err(format!("vtysh refuses the configuration without saying why ({})", output.status));
        }
        Ok(errors)
    }

    /// Returns vtysh, for what the sockets cannot do.
    pub(crate) fn vtysh(&self) -> Vtysh {
        Vtysh { rundir: self.other_rundir(), ..Vtysh::default() }
    }

    /// The folder of the sockets, if it is not the one that FRR was built with.
    pub(crate) fn other_rundir(&self) -> Option<PathBuf> {
        (self.rundir.as_os_str() != RUNDIR).then(|| self.rundir.clone())
    }
}

/// Reads the answer to `show version`.
pub(crate) fn read_version(text: &str) -> Option<FrrVersion> {
    version(text).value
}

/// The daemons without which nothing is written: frr-reload would exit 0, and their lines would be lost.
pub(crate) fn needed(version: FrrVersion) -> Vec<Daemon> {
    let mut needed = vec![Daemon::Zebra, Daemon::Bgpd];
    if version.has_mgmtd() {
        needed.insert(0, Daemon::Mgmtd);
    }
    needed
}
