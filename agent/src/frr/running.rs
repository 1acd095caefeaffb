//! What FRR runs, asked of each daemon over its socket: no process is started.

use std::time::Duration;

use frr_driver::{
    exec::{CommandError, Output},
    quirks::FrrVersion,
    reload::running_config,
    vty_socket::{Daemon, VtyError},
    vtysh::Vtysh,
};
use tokio::sync::MutexGuard;
use tracing::debug;

use super::{Frr, digest::RunningDigest, held::Held};
use crate::desired::with_causes;

/// How long reading the running configuration may take (8,500 lines: 0.3 s).
const READ_TIMEOUT: Duration = Duration::from_secs(20);

/// The command that each daemon answers with its own part.
const RUNNING_CONFIG: &str = "show running-config";

/// What vtysh says of all daemons together, where it had to be asked.
pub(super) const ALL: &str = "running";

/// What FRR runs; holds passwords.
#[derive(Clone, Default, PartialEq, Eq)]
pub(crate) struct Running {
    /// Who says what, in the order of the daemons.
    pub(super) parts: Vec<(String, String)>,
    /// What bgpd says of itself.
    pub(super) bgpd: String,
}

// === impl Running ===

impl std::fmt::Debug for Running {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let names = self.parts.iter().map(|(name, _)| name);
        f.debug_list().entries(names).finish()
    }
}

impl Running {
    /// Returns what these daemons say.
    #[cfg(test)]
    pub(crate) fn of<'a>(texts: impl IntoIterator<Item = (Daemon, &'a str)>) -> Self {
        let mut running = Self::default();
        texts.into_iter().for_each(|(daemon, text)| running.add(daemon, text.to_owned()));
        running
    }

    fn add(&mut self, daemon: Daemon, text: String) {
        if daemon == Daemon::Bgpd {
            self.bgpd.clone_from(&text);
        }
        self.parts.push((daemon.name().to_owned(), text));
    }

    /// Returns the daemons that answered.
    pub(crate) fn names(&self) -> Vec<String> {
        self.parts.iter().map(|(name, _)| name.clone()).collect()
    }

    /// Returns the digest of what was read; `None` if vtysh had to be asked, which says it in other words.
    pub(crate) fn digest(&self) -> Option<RunningDigest> {
        let is_by_daemon = !self.parts.iter().any(|(name, _)| name == ALL);
        is_by_daemon.then(|| RunningDigest::of(self.parts.iter().map(|(_, text)| text.as_str())))
    }
}

// === impl Frr ===

impl Frr {
    /// Reads what each daemon runs, unless somebody writes to them: FRR 10.3 loses lines that are written while its
    /// configuration is read.
    pub(crate) async fn running_if_quiet(&self) -> Option<Running> {
        let _quiet = self.writing.try_lock().ok()?;
        let since = self.since();
        let running = self.running().await.ok()?;
        self.confirm(since, &running);
        Some(running)
    }

    /// Waits until nobody reads or writes, to write; while the guard lives, nobody else does.
    pub(crate) async fn quiet(&self) -> MutexGuard<'_, ()> {
        let quiet = self.writing.lock().await;
        self.distrust();
        quiet
    }

    /// Reads what each daemon runs; where a socket gives no answer to the end, vtysh is asked.
    pub(crate) async fn running(&self) -> Result<Running, String> {
        match self.running_by_daemon().await {
            Ok(running) => Ok(running),
            Err(error) if error.is_hung() => Err(with_causes(&error)),
            Err(error) => {
                debug!(reason = with_causes(&error), "vtysh is asked for the running configuration");
                self.running_by_vtysh().await
            }
        }
    }

    /// All at the same time: each prints its own part, and bgpd's takes as long as the others' together.
    async fn running_by_daemon(&self) -> Result<Running, VtyError> {
        let answers = self.ask_each(self.daemons(), RUNNING_CONFIG, READ_TIMEOUT).await;
        let mut running = Running::default();
        for (daemon, answer) in answers {
            match answer {
                Ok(reply) => running.add(daemon, running_config(&reply.text).to_owned()),
                // Its socket outlived it.
                Err(VtyError::NotRunning { .. }) if daemon != Daemon::Bgpd => {}
                Err(error) => return Err(error),
            }
        }
        Ok(running)
    }

    /// Reads what each daemon runs, and loads it; of what was read the last time, what it was loaded to is taken.
    pub(crate) async fn held(&self, version: FrrVersion) -> Result<Held, String> {
        let since = self.since();
        let running = self.running().await?;
        let frr = self.clone();
        let load = move |before: Option<&Held>| Held::load(running, version, before);
        let loaded = tokio::task::spawn_blocking(move || frr.keep(since, load));
        loaded.await.map_err(|error| with_causes(&error))
    }

    async fn running_by_vtysh(&self) -> Result<Running, String> {
        let text = |output| read(output).map(|text| running_config(&text).to_owned());
        let union = text(self.reader().run(RUNNING_CONFIG).await)?;
        let bgpd = text(self.reader().run_on(Daemon::Bgpd, RUNNING_CONFIG).await)?;
        Ok(Running { parts: vec![(ALL.to_owned(), union)], bgpd })
    }

    /// Reads what vtysh prints of all daemons: as frr-reload will compare it.
    pub(crate) async fn print(&self) -> Result<String, String> {
        read(self.reader().run(RUNNING_CONFIG).await)
    }

    fn reader(&self) -> Vtysh {
        Vtysh { timeout: READ_TIMEOUT, ..self.vtysh() }
    }

    /// The daemons that have, or had, a socket here, and a configuration.
    pub(crate) fn daemons(&self) -> impl Iterator<Item = Daemon> {
        let has_socket = |daemon: &Daemon| self.rundir.join(format!("{}.vty", daemon.name())).exists();
        Daemon::ALL.into_iter().filter(|daemon| *daemon != Daemon::Watchfrr).filter(has_socket)
    }
}

fn read(output: Result<Output, CommandError>) -> Result<String, String> {
    match output {
        Ok(output) if output.status.success() => Ok(output.stdout),
        Ok(output) => Err(format!("vtysh cannot read the running configuration: {}", output.stderr.trim())),
        Err(error) => Err(with_causes(&error)),
    }
}
