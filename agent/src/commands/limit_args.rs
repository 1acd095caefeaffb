//! How FRR may be changed: with what, how far, and what then happens.

use std::time::Duration;

use clap::{Args, ValueEnum};

use crate::{apply::EngineChoice, reconcile::Settings};

/// The flags that limit what a change may do.
#[derive(Args, Clone, Debug)]
pub(crate) struct LimitArgs {
    /// What FRR is changed with
    #[arg(long, env = "ROUTELET_ENGINE", value_name = "ENGINE", value_enum, default_value_t = EngineChoice::Auto)]
    engine: EngineChoice,
    /// What is done about changes that somebody else makes in FRR
    #[arg(long, env = "ROUTELET_DRIFT", value_name = "POLICY", value_enum, default_value_t = Drift::Repair)]
    drift: Drift,
    /// Take a change back if sessions that it cost are not back after so many seconds [default: no guard]
    #[arg(long, env = "ROUTELET_GUARD", value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..=3600))]
    guard: Option<u64>,
    /// Hold a change that would take down more established sessions than this [default: no limit]
    #[arg(long, env = "ROUTELET_MAX_RESET", value_name = "SESSIONS")]
    max_reset: Option<usize>,
}

/// What is done about changes that somebody else makes in FRR.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Drift {
    /// They are changed back, and reported
    Repair,
    /// They are only reported
    Report,
}

// === impl LimitArgs ===

impl LimitArgs {
    /// Returns what the machine shall keep to.
    pub(crate) fn settings(&self, node: String, period: Duration, allow_empty_base: bool) -> Settings {
        Settings {
            node,
            period,
            allow_empty_base,
            engine: self.engine,
            repairs_drift: self.drift == Drift::Repair,
            guard: self.guard.map(Duration::from_secs),
            max_reset: self.max_reset,
        }
    }
}
