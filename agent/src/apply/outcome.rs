//! How an attempt to bring a configuration into FRR ended.

use std::sync::Arc;

use frr_driver::{config::Rendered, plan::Plan, session::SessionId};
use routelet_status::snapshot::{Engine, SourceError};

use crate::frr::RunningDigest;

/// A line of a source that FRR did not take: the source's name, where it has one, and what is wrong.
pub(crate) type LineError = (Option<String>, SourceError);

/// How an attempt ended.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// FRR holds the configuration.
    Taken(Box<Taken>),
    /// FRR's parser refuses lines; nothing was written.
    Refused { errors: Vec<LineError> },
    /// FRR does not hold the configuration.
    Failed(Box<Failure>),
    /// The change would take more sessions down than it may; nothing was written.
    Held { sessions: Vec<SessionId> },
    /// What FRR runs differs, and is only reported.
    Drifted { plan: Box<Plan>, digest: Option<RunningDigest> },
    /// A daemon that is needed does not answer, or somebody else writes; nothing was written.
    NotReady { reason: String },
}

/// A configuration that FRR holds.
#[derive(Debug)]
pub(crate) struct Taken {
    /// What was changed.
    pub(crate) plan: Plan,
    /// How; `None` if nothing had to be.
    pub(crate) engine: Option<Engine>,
    /// Lines that still run although nobody wants them.
    pub(crate) unsettled: Vec<String>,
    /// What is to be kept as the last good configuration.
    pub(crate) rendered: Arc<Rendered>,
    /// Of what the daemons run; `None` if they could not all be asked.
    pub(crate) digest: Option<RunningDigest>,
}

/// An attempt that failed.
#[derive(Debug)]
pub(crate) struct Failure {
    /// What happened, for people.
    pub(crate) reason: String,
    /// The lines that are not in effect.
    pub(crate) lines: Vec<LineError>,
    /// Whether the lines are at fault: the same would fail again.
    pub(crate) is_content: bool,
    /// What FRR holds now.
    pub(crate) left: Left,
    /// Of what the daemons run; `None` if they could not all be asked.
    pub(crate) digest: Option<RunningDigest>,
}

/// What a failed attempt left behind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Left {
    /// What was there before: nothing was written.
    Untouched,
    /// The last good configuration; of which generation, where one was kept.
    LastGood { generation: Option<String> },
    /// Something in between; why nothing better.
    Between { reason: String },
}

// === impl Failure ===

impl Failure {
    /// Returns a failure before anything was written, of which no line is known to be at fault.
    pub(crate) fn new(reason: String) -> Self {
        Self { reason, lines: Vec::new(), is_content: false, left: Left::Untouched, digest: None }
    }
}
