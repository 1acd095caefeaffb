//! How FRR may be changed: with what, how far, and what then happens.

use std::{path::PathBuf, time::Duration};

use clap::{Args, ValueEnum};
use frr_driver::decide::Most;

use crate::{apply::EngineChoice, observe::Hold, reconcile::Settings};

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
    /// What is done to a session that kept the old policy
    #[arg(long, env = "ROUTELET_CLEAR", value_name = "MOST", value_enum, default_value_t = ClearArg::Hard)]
    clear: ClearArg,
    /// While there is text in this file, no session is reset; the text says why
    #[arg(long, env = "ROUTELET_HOLD", value_name = "FILE")]
    hold: Option<PathBuf>,
}

/// The most that is done to a session that kept the old policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum ClearArg {
    /// It is reset, where its peer cannot be asked for its routes again; one at a time
    Hard,
    /// Its peer is asked for its routes again
    Soft,
    /// Nothing: what would help is reported
    Never,
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
            clear: match self.clear {
                ClearArg::Hard => Most::Hard,
                ClearArg::Soft => Most::Soft,
                ClearArg::Never => Most::Never,
            },
        }
    }

    /// The file that holds resets back.
    pub(crate) fn hold(&self) -> Option<Hold> {
        self.hold.clone().map(Hold::new)
    }
}
