//! What the agent may do to the sessions, and which cells must be right then.

use std::{env, fmt};

use routelet_tests::lab::FrrVersion;

use super::{
    change::Change,
    peer::{Peer, Refresh},
};

/// How the agent's status calls frr-reload as the engine of a change.
const FRR_RELOAD: &str = "frr-reload";

/// The agent's `--clear`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Clears {
    /// Not said.
    Default,
    Hard,
    Soft,
    Never,
}

/// The most that an agent may do to a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Most {
    /// Reset it, where nothing else helps.
    Hard,
    /// Clear it softly.
    Soft,
    Nothing,
}

/// What an agent does that is not told.
const DEFAULT: Most = Most::Hard;

/// What must become of a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Must {
    /// The policy is in effect, everywhere.
    BeRight,
    /// Nothing that is allowed can bring the policy into effect. If the cell is right all the same, then this test
    /// does not see what it should.
    StayWrong,
    /// FRR may do it by itself, sooner or later.
    BeSeen,
}

// === impl Clears ===

impl Clears {
    /// What `ROUTELET_MATRIX_CLEAR` says.
    #[track_caller]
    pub(crate) fn read() -> Self {
        match env::var("ROUTELET_MATRIX_CLEAR").unwrap_or_default().as_str() {
            "" => Self::Default,
            "hard" => Self::Hard,
            "soft" => Self::Soft,
            "never" => Self::Never,
            other => panic!("ROUTELET_MATRIX_CLEAR is {other}, and not hard, soft or never"),
        }
    }

    /// The value for `--clear`, if it is to be said.
    pub(crate) fn argument(self) -> Option<&'static str> {
        match self {
            Self::Default => None,
            Self::Hard => Some("hard"),
            Self::Soft => Some("soft"),
            Self::Never => Some("never"),
        }
    }

    /// What must become of the cell of `change` and `peer`, if the agent brings it in by `engine`.
    pub(crate) fn must(self, version: FrrVersion, change: Change, peer: Peer, engine: &str) -> Must {
        let needs_reset = needs_reset(change, peer);
        match self.most() {
            Most::Soft if needs_reset => Must::StayWrong,
            Most::Soft | Most::Hard => Must::BeRight,
            Most::Nothing if needs_reset || is_left_by_frr(version, change, engine) => Must::StayWrong,
            Most::Nothing => Must::BeSeen,
        }
    }

    /// The most that the agent may do.
    pub(crate) fn most(self) -> Most {
        match self {
            Self::Default => DEFAULT,
            Self::Hard => Most::Hard,
            Self::Soft => Most::Soft,
            Self::Never => Most::Nothing,
        }
    }
}

impl fmt::Display for Clears {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.argument() {
            Some(argument) => write!(f, "--clear {argument}"),
            None => f.write_str("--clear not given"),
        }
    }
}

/// Whether only a new session brings the change into effect.
pub(crate) fn needs_reset(change: Change, peer: Peer) -> bool {
    peer.refresh == Refresh::Nothing && !change.is_outbound()
}

/// Whether FRR never looks again by itself, though the peer could be asked.
///
/// - An action that changes alone raises no event up to 7.5.1 (FRR #8110); frr-reload makes the entry anew.
/// - A list that a neighbor itself refers to raises none on any version.
/// - Without a delay timer no event counts.
fn is_left_by_frr(version: FrrVersion, change: Change, engine: &str) -> bool {
    let is_silent = change.is_action_only() && version == FrrVersion::V7_5_1 && engine != FRR_RELOAD;
    is_silent || change.is_without_delay_timer() || change == Change::NeighborList
}
