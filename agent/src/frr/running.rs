//! What FRR runs, asked of each daemon over its socket: no process is started.

use std::time::Duration;

use frr_driver::{
    config::{Config, Loader, load},
    exec::{CommandError, Output},
    plan::PlanLine,
    quirks::FrrVersion,
    reload::running_config,
    verify::stale,
    vty_socket::{Daemon, VtyError},
    vtysh::Vtysh,
};
use tokio::sync::MutexGuard;
use tracing::debug;

use super::{Frr, digest::RunningDigest};
use crate::desired::with_causes;

/// How long reading the running configuration may take (8,500 lines: 0.3 s).
const READ_TIMEOUT: Duration = Duration::from_secs(20);

/// The command that each daemon answers with its own part.
const RUNNING_CONFIG: &str = "show running-config";

/// What vtysh says of all daemons together, where it had to be asked.
const ALL: &str = "running";

/// What FRR runs; holds passwords.
#[derive(Clone)]
pub(crate) struct Running {
    /// Who says what, in the order in which it is loaded.
    parts: Vec<(String, String)>,
    /// What bgpd says of itself.
    bgpd: String,
}

// === impl Running ===

impl std::fmt::Debug for Running {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let names = self.parts.iter().map(|(name, _)| name);
        f.debug_list().entries(names).finish()
    }
}

impl Running {
    /// Returns what bgpd, and no other daemon, runs.
    #[cfg(test)]
    pub(crate) fn of_bgpd(text: &str) -> Self {
        Self { parts: vec![(Daemon::Bgpd.name().to_owned(), text.to_owned())], bgpd: text.to_owned() }
    }

    /// Returns what zebra kept and bgpd lost.
    #[cfg(test)]
    pub(crate) fn lost_by_bgpd(union: &str, bgpd: &str) -> Self {
        Self { parts: vec![(Daemon::Zebra.name().to_owned(), union.to_owned())], bgpd: bgpd.to_owned() }
    }

    /// Returns what bgpd took, and another daemon did not.
    #[cfg(test)]
    pub(crate) fn of_two(other: &str, bgpd: &str) -> Self {
        let mut running = Self::of_bgpd(bgpd);
        running.parts.insert(0, (Daemon::Mgmtd.name().to_owned(), other.to_owned()));
        running
    }

    /// Returns what all daemons together hold.
    pub(crate) fn union(&self, version: FrrVersion) -> Config {
        let mut loader = Loader::new(version);
        for (name, text) in &self.parts {
            loader.load(name, text);
        }
        loader.finish()
    }

    /// Returns what all daemons together hold; who holds lines that `desired` does not is believed most.
    ///
    /// FRR 10.3 lets mgmtd lose lines of a file, without a complaint, while somebody reads its configuration: then two
    /// daemons hold two versions of one entry.
    pub(crate) fn against(&self, desired: &Config, version: FrrVersion) -> Config {
        let stale: Vec<bool> =
            self.parts.iter().map(|part| !of_part(desired, part, version).is_empty()).collect();
        let mut loader = Loader::new(version);
        for believed in [false, true] {
            for ((name, text), _) in self.parts.iter().zip(&stale).filter(|(_, stale)| **stale == believed) {
                loader.load(name, text);
            }
        }
        loader.finish()
    }

    /// Returns the lines that any daemon holds, and that `desired` does not have.
    pub(crate) fn stale(&self, desired: &Config, version: FrrVersion) -> Vec<PlanLine> {
        let mut lines = Vec::new();
        for line in self.parts.iter().flat_map(|part| of_part(desired, part, version)) {
            if !lines.iter().any(|there: &PlanLine| there.to_string() == line.to_string()) {
                lines.push(line);
            }
        }
        lines
    }

    /// Returns what bgpd holds.
    pub(crate) fn bgpd(&self, version: FrrVersion) -> Config {
        load(Daemon::Bgpd.name(), &self.bgpd, version)
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
        self.running().await.ok()
    }

    /// Waits until nobody reads or writes; while the guard lives, nobody else does.
    pub(crate) async fn quiet(&self) -> MutexGuard<'_, ()> {
        self.writing.lock().await
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

    async fn running_by_daemon(&self) -> Result<Running, VtyError> {
        let mut running = Running { parts: Vec::new(), bgpd: String::new() };
        for daemon in self.daemons() {
            let mut socket = self.socket(daemon).with_deadline(READ_TIMEOUT);
            let text = match socket.ask(RUNNING_CONFIG).await {
                Ok(reply) => running_config(&reply.text).to_owned(),
                // Its socket outlived it.
                Err(VtyError::NotRunning { .. }) if daemon != Daemon::Bgpd => continue,
                Err(error) => return Err(error),
            };
            if daemon == Daemon::Bgpd {
                running.bgpd.clone_from(&text);
            }
            running.parts.push((daemon.name().to_owned(), text));
        }
        Ok(running)
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

/// The lines of one daemon that `desired` does not have.
fn of_part(desired: &Config, (name, text): &(String, String), version: FrrVersion) -> Vec<PlanLine> {
    stale(desired, &load(name, text, version), version)
}
