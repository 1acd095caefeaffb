//! What goes wrong.

use std::time::Duration;

use nix::sys::signal::Signal;
use routelet_tests::lab::{Agent, topologies::TwoGateways, wait};

use crate::{rng::Rng, story::Story};

/// How long bgpd is silent: longer than the sessions' hold time.
const SILENT: Duration = Duration::from_secs(10);

/// The folder of the state, with a size of its own.
pub(super) const STATE_DIR: &str = "/var/lib/routelet";

/// Kills what has this name, again and again for a second.
const HUNT: &str = "for i in $(seq 20); do pkill -KILL \"$@\"; sleep 0.05; done; true";

/// A fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    AgentDies,
    ReloadDies,
    VtyshDies,
    BgpdDies,
    ZebraDies,
    BgpdHangs,
    DiskIsFull,
    FrrDirectoryIsReadOnly,
    TwoAgents,
}

const ALL: [Fault; 9] = [
    Fault::AgentDies,
    Fault::ReloadDies,
    Fault::VtyshDies,
    Fault::BgpdDies,
    Fault::ZebraDies,
    Fault::BgpdHangs,
    Fault::DiskIsFull,
    Fault::FrrDirectoryIsReadOnly,
    Fault::TwoAgents,
];

/// What stays wrong until it is mended.
#[derive(Default)]
pub(super) struct Wounds {
    is_full: bool,
    is_read_only: bool,
    others: Vec<Agent>,
    /// Sessions may have been lost, and not through the agent.
    pub(super) cost_sessions: bool,
}

// === impl Fault ===

impl Fault {
    pub(super) fn random(rng: &mut Rng) -> Self {
        *rng.pick(&ALL)
    }
}

// === impl Wounds ===

impl Wounds {
    /// Lets `fault` happen.
    pub(super) fn inflict(&mut self, fault: Fault, story: &mut Story) {
        match fault {
            Fault::AgentDies => {
                story.take_agent().kill();
                story.start_agent_with(&[]);
            }
            Fault::ReloadDies => drop(story.node().spawn(["sh", "-c", HUNT, "hunt", "-f", "frr-reload.py"])),
            Fault::VtyshDies => drop(story.node().spawn(["sh", "-c", HUNT, "hunt", "-x", "vtysh"])),
            Fault::BgpdDies => self.die(&["bgpd"], story),
            // watchfrr restarts bgpd with zebra.
            Fault::ZebraDies => self.die(&["zebra", "bgpd"], story),
            Fault::BgpdHangs => {
                self.cost_sessions = true;
                story.node().signal_daemon("bgpd", Signal::SIGSTOP).unwrap();
                pause(SILENT);
                story.node().signal_daemon("bgpd", Signal::SIGCONT).unwrap();
            }
            Fault::DiskIsFull => {
                let filler = format!("{STATE_DIR}/filler");
                // It fails when the disk is full, which is what is wanted.
                story.node().exec(["dd", "if=/dev/zero", &format!("of={filler}"), "bs=4k"]).unwrap();
                self.is_full = true;
            }
            Fault::FrrDirectoryIsReadOnly => {
                if !self.is_read_only {
                    story.node().run(["mount", "-o", "bind,ro", "/etc/frr", "/etc/frr"]).unwrap();
                }
                self.is_read_only = true;
            }
            Fault::TwoAgents => {
                for (number, state_dir) in [STATE_DIR, "/var/lib/other"].into_iter().enumerate() {
                    let port = 7480 + self.others.len() + number;
                    let agent = Agent::builder(story.node())
                        .base(TwoGateways::BASE_PATH)
                        .extras(TwoGateways::EXTRAS_PATH)
                        .state_dir(state_dir)
                        .args(["--period", "1", "--http", &format!("127.0.0.1:{port}")])
                        .start()
                        .unwrap();
                    self.others.push(agent);
                }
            }
        }
    }

    /// As with watchfrr: the daemons are back after a moment, and read FRR's own file.
    fn die(&mut self, daemons: &[&str], story: &Story) {
        self.cost_sessions = true;
        for daemon in daemons {
            story.node().signal_daemon(daemon, Signal::SIGKILL).unwrap();
        }
        pause(Duration::from_millis(500));
        for daemon in daemons {
            story.node().start_daemon(daemon).unwrap();
        }
        // A vtysh that is hunted dies too: the agent brings the rest.
        drop(story.node().load_config());
    }

    /// Mends everything.
    pub(super) fn mend(&mut self, story: &mut Story) {
        if std::mem::take(&mut self.is_full) {
            story.node().run(["rm", "-f", &format!("{STATE_DIR}/filler")]).unwrap();
        }
        if std::mem::take(&mut self.is_read_only) {
            story.node().run(["umount", "/etc/frr"]).unwrap();
        }
        for other in self.others.drain(..) {
            other.kill();
        }
        if !story.agent().is_running() {
            drop(story.take_agent());
            story.start_agent_with(&[]);
        }
    }
}

/// Lets time pass: what happens within it is the point.
pub(super) fn pause(time: Duration) {
    drop(wait::until("the moment", time, || false));
}
