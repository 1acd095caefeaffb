//! How many sessions a change may take down.

use frr_driver::{
    impact::{Impact, Life},
    session::{Session, SessionId},
};

use super::Attempt;

// === impl Attempt ===

impl Attempt {
    /// The sessions that frr-reload would take down, if they are more than may be. A transaction takes down none.
    pub(super) fn is_too_much(&mut self) -> Option<Vec<SessionId>> {
        let most = self.order.max_reset?;
        let impact = self.plan().impact.clone();
        let sessions = going_down(&impact, &self.order.sessions);
        (sessions.len() > most).then_some(sessions)
    }
}

/// Established sessions that the change takes down, for a moment or for good.
fn going_down(impact: &Impact, sessions: &[Session]) -> Vec<SessionId> {
    let goes = |session: &&Session| {
        let touch = impact.on(&session.id, session.peer_group.as_deref());
        matches!(touch.life, Life::Reset | Life::Removed)
    };
    sessions.iter().filter(|session| session.is_established()).filter(goes).map(|s| s.id.clone()).collect()
}
