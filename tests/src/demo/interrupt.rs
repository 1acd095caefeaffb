//! Ctrl-C: at any time, and nothing stays.

use std::{
    path::Path,
    process,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};

use nix::{
    sys::signal::{self, Signal},
    unistd::Pid,
};
use signal_hook::{consts, flag};

use super::screen::Screen;
use crate::lab::{Lab, LabError, wait};

/// How long the kernel may take to remove the nodes.
const GONE_WITHIN: Duration = Duration::from_secs(10);

/// The exit code of a program that Ctrl-C ended.
const INTERRUPTED: i32 = 130;

/// Much longer than anybody looks at a demo.
const FOR_EVER: Duration = Duration::from_hours(24 * 365);

/// Watches for SIGINT, SIGTERM and SIGHUP.
#[derive(Clone, Debug)]
pub(super) struct Interrupt {
    came: Arc<AtomicBool>,
    /// Whether somebody waits for it: then it is no interruption.
    is_expected: Arc<AtomicBool>,
    /// The inits of the nodes; each takes its node along.
    inits: Arc<Mutex<Vec<u32>>>,
}

impl Interrupt {
    /// Starts to watch; an unexpected signal removes the nodes and ends this process.
    pub(super) fn watch(screen: Screen) -> Result<Self, LabError> {
        let this = Self { came: Arc::default(), is_expected: Arc::default(), inits: Arc::default() };
        for number in [consts::SIGINT, consts::SIGTERM, consts::SIGHUP] {
            let registered = flag::register(number, Arc::clone(&this.came));
            let what = format!("to watch for signal {number}");
            registered.map_err(|source| LabError::Connection { what, source })?;
        }
        let watcher = this.clone();
        thread::spawn(move || {
            watcher.poll();
            if !watcher.is_expected.load(Ordering::SeqCst) {
                screen.last_word("\ninterrupted: removing the lab");
                watcher.remove_nodes();
                process::exit(INTERRUPTED);
            }
        });
        Ok(this)
    }

    /// Remembers the nodes of `lab`, so that they can be removed while somebody else uses it.
    pub(super) fn removes(&self, lab: &Lab) {
        *self.inits.lock().unwrap_or_else(PoisonError::into_inner) =
            lab.nodes().map(crate::lab::Node::pid).collect();
    }

    /// Waits for the signal.
    pub(super) fn wait(&self) {
        self.is_expected.store(true, Ordering::SeqCst);
        self.poll();
    }

    fn poll(&self) {
        let _ = wait::until("a signal", FOR_EVER, || self.came.load(Ordering::SeqCst));
    }

    fn remove_nodes(&self) {
        let inits = self.inits.lock().unwrap_or_else(PoisonError::into_inner);
        for &init in inits.iter() {
            let _ = signal::kill(Pid::from_raw(init.cast_signed()), Signal::SIGKILL);
        }
        let is_gone = |init: &u32| !Path::new(&format!("/proc/{init}")).exists();
        let _ = wait::until("the nodes to go", GONE_WITHIN, || inits.iter().all(is_gone));
    }
}
