//! Which sessions are cleared, how and when: after a change of policy, until there is evidence that it took effect.
//!
//! ```text
//!             ┌─ FRR reads again by itself ─────────────────────────────────┐
//!   Changed ──┼─ soft clear ──► SoftCleared ── evidence ────────────────────┼──► in effect
//!             │                   └─ three times without: GaveUp            │
//!             └─ cannot be asked ──► NeedsHard ── its turn ──► HardCleared ─┘
//!                                      └─ not allowed: Suppressed; too often: GaveUp
//! ```
//!
//! One policy is what judges the routes of one session, in one address family, in one direction. A session that comes
//! up has judged every route by the policy of that moment, so a policy is forgotten when its session goes down.

mod decider;
mod evidence;
mod resets;
mod triage;
mod watched;

#[cfg(test)]
mod tests;

use std::{fmt, time::Duration};

pub use decider::{Clear, Decider, Ended, Left, Refusal, Rules, prefixes};
pub use resets::RESETS_PER_HOUR;

use serde::{Deserialize, Serialize};

use crate::{
    clear::ClearKind,
    config::Config,
    impact::Direction,
    session::{AddressFamily, Session, SessionId},
};

/// FRR's `bgp route-map delay-timer`, unless the configuration says otherwise (`RMAP_DEFAULT_UPDATE_TIMER` in
/// `bgpd.h`).
const DELAY_TIMER_DEFAULT: Duration = Duration::from_secs(5);

/// What judges the routes of one session in one family and one direction.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct PolicyId {
    /// Whose session.
    pub session: SessionId,
    /// Which family.
    pub family: AddressFamily,
    /// Which way.
    pub direction: Direction,
}

/// The most that may be done to a session.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Most {
    /// Nothing: what would be done is only reported.
    Never,
    /// A soft clear.
    Soft,
    /// A reset, where nothing else helps.
    #[default]
    Hard,
}

/// How far a policy came that changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It is on its way; why it is not there yet.
    Pending(String),
    /// It may be in effect: nothing tells.
    Unproven(String),
    /// Only what is not allowed would help.
    Suppressed(String),
    /// What was tried did not help.
    GaveUp(String),
}

/// Returns how long FRR waits after a change of a policy before it looks again: seconds; `None` = it never does.
pub fn delay_timer(config: &Config) -> Option<Duration> {
    let mut lines = config.top.with_prefix("bgp route-map delay-timer");
    let seconds = lines.find_map(|(_, line)| line.statement.words().last()?.parse().ok());
    match seconds {
        None => Some(DELAY_TIMER_DEFAULT),
        Some(0) => None,
        Some(seconds) => Some(Duration::from_secs(seconds)),
    }
}

// === impl PolicyId ===

impl PolicyId {
    /// The prefixes that it lets through: accepted ones, or sent ones.
    fn prefixes(&self, session: &Session) -> u64 {
        let Some(state) = session.families.get(&self.family) else { return 0 };
        match self.direction {
            Direction::In => state.accepted,
            Direction::Out => state.sent.unwrap_or(0),
        }
    }

    /// The soft clear that has the routes of this policy judged again.
    pub fn soft_clear(&self) -> ClearKind {
        match self.direction {
            Direction::In => ClearKind::SoftIn,
            Direction::Out => ClearKind::SoftOut,
        }
    }
}

impl fmt::Display for PolicyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { session, family, direction } = self;
        let direction = match direction {
            Direction::In => "in",
            Direction::Out => "out",
        };
        write!(f, "{session} {family} {direction}")
    }
}
