//! What an attempt shall do, and within which limits.

use std::sync::Arc;

use clap::ValueEnum;
use frr_driver::{
    merge::{Desired, Generation},
    session::Session,
};

/// What an attempt shall do.
#[derive(Clone, Debug)]
pub(crate) struct Order {
    /// What FRR shall run.
    pub(crate) target: Target,
    /// What FRR is changed with.
    pub(crate) engine: EngineChoice,
    /// FRR was not seen to run it yet.
    pub(crate) is_new: bool,
    /// Differences are only told.
    pub(crate) reports_only: bool,
    /// How many established sessions may go down at once; `None` = any number.
    pub(crate) max_reset: Option<usize>,
    /// The sessions as they were seen last.
    pub(crate) sessions: Vec<Session>,
}

// === impl Order ===

impl Order {
    /// Whether one `vtysh -f` may do it.
    pub(crate) fn may_be_lines(&self) -> bool {
        self.is_new && self.engine == EngineChoice::Auto && !self.reports_only
    }

    /// The generation that FRR shall run; `None` for the way back.
    pub(crate) fn generation(&self) -> Option<Generation> {
        match &self.target {
            Target::Desired(desired) => Some(desired.generation.clone()),
            Target::LastGood => None,
        }
    }
}

/// What FRR shall run.
#[derive(Clone, Debug)]
pub(crate) enum Target {
    /// What the sources say.
    Desired(Arc<Desired>),
    /// What it ran before.
    LastGood,
}

/// What FRR is changed with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum EngineChoice {
    /// One vtysh with the lines that are needed, for changes of policies and for what is only added; else frr-reload
    #[default]
    Auto,
    /// Always frr-reload
    FrrReload,
}
