//! What would have the routes of a session judged by its new policy.

use super::PolicyId;
use crate::{
    impact::{Direction, Life, Touch},
    session::Session,
};

/// What it takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Means {
    /// A soft clear: the peer is asked again, or the stored Adj-RIB-In is used, or everything is sent again.
    Soft,
    /// A new session: the peer cannot be asked, and nothing is stored.
    Reset,
}

/// Why nothing has to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Idle {
    /// A session that comes up judges every route by the new policy.
    NotEstablished,
    /// The change resets the session by itself.
    ResetAnyway,
    /// FRR itself judges the routes again.
    LeftToFrr,
    /// The peer did not negotiate the family.
    FamilyNotNegotiated,
}

// === impl Idle ===

impl Idle {
    /// The reason in plain words.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::NotEstablished => "the session is not established",
            Self::ResetAnyway => "the change resets the session",
            Self::LeftToFrr => "FRR judges the routes again by itself",
            Self::FamilyNotNegotiated => "the peer does not have the family",
        }
    }
}

/// Decides what a change that touches `session` takes.
pub(super) fn triage(session: &Session, policy: &PolicyId, touch: &Touch) -> Result<Means, Idle> {
    if touch.life != Life::Stays {
        return Err(Idle::ResetAnyway);
    }
    let means = means(session, policy)?;
    if touch.is_left_to_frr(policy.family, policy.direction) {
        return Err(Idle::LeftToFrr);
    }
    Ok(means)
}

/// What has the routes of `policy` judged again as `session` is now.
pub(super) fn means(session: &Session, policy: &PolicyId) -> Result<Means, Idle> {
    if !session.is_established() {
        return Err(Idle::NotEstablished);
    }
    let Some(state) = session.families.get(&policy.family) else { return Err(Idle::FamilyNotNegotiated) };
    let replays = session.can_route_refresh || state.soft_reconfiguration_inbound;
    if policy.direction == Direction::Out || replays { Ok(Means::Soft) } else { Ok(Means::Reset) }
}
