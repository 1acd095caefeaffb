//! Clears after a policy change: who gets one, and whether it worked.

use std::time::Duration;

use frr_driver::{
    clear::ClearKind,
    decide::{self, Decision, Reason},
    session::{AddressFamily, SessionId},
};
use jiff::Timestamp;
use routelet_status::snapshot::{ClearFact, Direction, PolicyFact, PolicyState};
use tracing::{debug, info, warn};

use super::{Action, Machine, Uptime};
use crate::{apply::Taken, observe::Observation};

/// How long after a soft clear the agent looks whether FRR read the routes again: FRR's own delay timer (5 s by
/// default) has fired by then, and a map that was made anew is bound (up to 10.3).
pub(super) const LOOK_AGAIN_AFTER: Duration = Duration::from_secs(6);

/// How many sessions × families are watched after clears: far more than a node has, and bounded.
const WATCHED_MAX: usize = 4096;

/// A policy that changed and whose effect is not proven yet.
#[derive(Clone, Debug)]
pub(super) struct Watched {
    pub(super) due: Uptime,
    /// `routeRefreshSent` before the clear, as far as it is known.
    refresh_sent_before: Option<u64>,
    /// `routeRefreshSent` when the clear was seen to be out; `None` until then.
    refresh_sent: Option<u64>,
    pub(super) again: bool,
    pub(super) fact: PolicyFact,
}

// === impl Machine ===

impl Machine {
    pub(super) fn decide(&mut self, taken: &Taken, actions: &mut Vec<Action>) {
        let sessions = self.observation.as_ref().and_then(|observation| observation.sessions.as_deref());
        for decision in decide::after_change(&taken.plan.impact, sessions.unwrap_or_default()) {
            let Decision { session, family, action } = decision;
            match action {
                decide::Action::Clear(kind) => {
                    let reason = "the policy changed".to_owned();
                    actions.push(Action::Clear { session, family, kind, reason });
                }
                decide::Action::Leave(reason) => {
                    debug!(peer = %session, %family, reason = reason.as_str(), "not cleared");
                    if reason == Reason::NeedsHardClear {
                        self.suppress(session, family, reason);
                    }
                }
            }
        }
    }

    fn suppress(&mut self, session: SessionId, family: AddressFamily, reason: Reason) {
        warn!(peer = %session, %family, reason = reason.as_str(), "session keeps the old policy");
        let why = reason.as_str().to_owned();
        let fact = PolicyFact {
            session: session.clone(),
            family,
            direction: Direction::In,
            state: PolicyState::Suppressed,
            why,
        };
        let watched =
            Watched { due: Duration::MAX, refresh_sent_before: None, refresh_sent: None, again: true, fact };
        self.watch(session, family, ClearKind::SoftIn, watched);
    }

    #[expect(clippy::too_many_arguments, reason = "the fields of one event")]
    pub(super) fn cleared(
        &mut self,
        session: SessionId,
        family: AddressFamily,
        kind: ClearKind,
        reason: String,
        complaint: &str,
        now: Uptime,
        at: Timestamp,
        actions: &mut Vec<Action>,
    ) {
        actions.push(Action::CountClear { kind, is_sent: complaint.is_empty() });
        if complaint.is_empty() {
            info!(peer = %session, %family, action = kind.as_str(), reason, "session cleared");
        } else {
            warn!(peer = %session, %family, action = kind.as_str(), reason = complaint, "clear was refused");
        }
        let fact = PolicyFact {
            session: session.clone(),
            family,
            direction: if kind == ClearKind::SoftOut { Direction::Out } else { Direction::In },
            state: PolicyState::Pending,
            why: if complaint.is_empty() {
                "cleared, waiting for evidence".to_owned()
            } else {
                complaint.to_owned()
            },
        };
        let seen = self.observation.as_ref().and_then(|observation| observation.sessions.as_ref());
        let refresh_sent_before = seen
            .and_then(|sessions| sessions.iter().find(|seen| seen.id == session))
            .and_then(|session| session.route_refresh_sent);
        let again = self.watched.get(&(session.clone(), family, kind)).is_some_and(|watched| watched.again);
        let watched =
            Watched { due: now + LOOK_AGAIN_AFTER, refresh_sent_before, refresh_sent: None, again, fact };
        self.watch(session.clone(), family, kind, watched);
        self.last_clear = Some(ClearFact { session, family, kind, reason, at });
        actions.push(Action::Observe);
    }

    fn watch(&mut self, session: SessionId, family: AddressFamily, kind: ClearKind, watched: Watched) {
        if self.watched.len() < WATCHED_MAX {
            self.watched.insert((session, family, kind), watched);
        }
    }

    /// Notes what the sessions show of the clears: the refresh went out, or the session came up anew.
    pub(super) fn prove(&mut self, observation: &Observation, now: Uptime) {
        let Some(sessions) = &observation.sessions else { return };
        let late = self.version.is_some_and(|version| !version.binds_late_maps_at_once());
        self.watched.retain(|(id, family, _), watched| {
            let Some(session) = sessions.iter().find(|session| session.id == *id) else { return false };
            if !session.is_established() || !session.families.contains_key(family) {
                return false;
            }
            // Only a reset brings the policy in: no refresh proves anything.
            if watched.fact.state == PolicyState::Suppressed {
                return true;
            }
            if watched.refresh_sent.is_none() {
                watched.refresh_sent = session.route_refresh_sent;
            }
            // The peer was asked for everything again, with the map bound: the new policy judges what comes.
            if !late && session.route_refresh_sent > watched.refresh_sent_before {
                return false;
            }
            now < watched.due || !watched.again
        });
    }

    /// When the delay timer is over: where a map was made anew, FRR up to 10.3 bound it only now. It reads the
    /// routes again by itself then; where it did not, the agent clears once more.
    pub(super) fn look_again(&mut self, now: Uptime, actions: &mut Vec<Action>) {
        let late = self.version.is_some_and(|version| !version.binds_late_maps_at_once());
        let sessions = self.observation.as_ref().and_then(|observation| observation.sessions.as_deref());
        let sessions = sessions.unwrap_or_default();
        self.watched.retain(|(id, family, kind), watched| {
            if now < watched.due {
                return true;
            }
            let sent = sessions
                .iter()
                .find(|session| session.id == *id)
                .and_then(|session| session.route_refresh_sent);
            let has_refreshed = watched.refresh_sent.is_some() && sent > watched.refresh_sent;
            if *kind == ClearKind::SoftIn && late && !watched.again && !has_refreshed {
                watched.again = true;
                watched.due = now + LOOK_AGAIN_AFTER;
                let reason = "a route-map made anew is bound late".to_owned();
                actions.push(Action::Clear { session: id.clone(), family: *family, kind: *kind, reason });
                return true;
            }
            false
        });
    }
}
