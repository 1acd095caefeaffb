//! The steps of an attempt, and what comes of them.

use std::{sync::Arc, time::Duration};

use frr_driver::{
    config::{Config, Rendered},
    quirks::FrrVersion,
    reload::SyntaxError,
};

use crate::{apply::outcome::Outcome, frr::Held, store::LastGood};

/// What is to be done next.
#[derive(Debug)]
pub(in crate::apply) enum Step {
    /// Ask every daemon that is needed, bgpd for its version.
    Ask,
    /// Read what FRR holds.
    Read(FrrVersion),
    /// Read what vtysh prints.
    Print,
    /// Ask FRR's parser.
    Check(Arc<Rendered>),
    /// Store this to go back to, if there is nothing else to go back to.
    Checkpoint(Arc<Config>, FrrVersion),
    /// Store what is about to be tried.
    Store(Arc<Rendered>),
    /// Load lines into FRR, in addition to what it runs.
    Send(Arc<Rendered>),
    /// Make FRR run this and nothing else.
    Reload(Arc<Rendered>),
    /// Make FRR forget what it refused.
    Cure,
    /// Wait.
    Pause(Duration),
    /// Fetch the last good configuration.
    LoadLastGood,
}

// === impl Step ===

impl Step {
    /// Whether the lines of a transaction may be sent next, or are.
    pub(in crate::apply) fn leads_to_lines(&self) -> bool {
        match self {
            Self::Ask | Self::Checkpoint(..) | Self::Send(_) => true,
            Self::Read(_)
            | Self::Print
            | Self::Check(_)
            | Self::Store(_)
            | Self::Reload(_)
            | Self::Cure
            | Self::Pause(_)
            | Self::LoadLastGood => false,
        }
    }

    /// Its name, for the log.
    pub(in crate::apply) fn name(&self) -> &'static str {
        match self {
            Self::Ask => "ask",
            Self::Read(_) => "read",
            Self::Print => "print",
            Self::Check(_) => "check",
            Self::Checkpoint(..) => "checkpoint",
            Self::Store(_) => "store",
            Self::Send(_) => "send",
            Self::Reload(_) => "reload",
            Self::Cure => "cure",
            Self::Pause(_) => "pause",
            Self::LoadLastGood => "load last good",
        }
    }
}

/// What came of a step.
#[derive(Debug)]
pub(in crate::apply) enum Fact {
    Asked(Result<FrrVersion, String>),
    Read(Result<Held, String>),
    Printed(Result<String, String>),
    Checked(Result<Vec<SyntaxError>, String>),
    Stored(Result<(), String>),
    Written(Written),
    Paused,
    LastGood(Result<Option<LastGood>, String>),
}

/// What FRR's tools said when something was written.
#[derive(Clone, Debug, Default)]
pub(in crate::apply) struct Written {
    /// What FRR complains about; whatever the exit code was.
    pub(in crate::apply) complaints: Vec<String>,
    /// Somebody else holds a lock.
    pub(in crate::apply) is_locked: bool,
    /// The tool did not come to its end.
    pub(in crate::apply) failure: Option<String>,
}

/// What is next: a step, or the end.
#[derive(Debug)]
pub(in crate::apply) enum Next {
    Do(Step),
    End(Outcome),
}
