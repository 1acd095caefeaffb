//! Whom to clear after a change, and why the others not.

use crate::{
    clear::ClearKind,
    impact::{Direction, Impact, Life, Touch},
    session::{AddressFamily, Session, SessionId},
};

/// What is done about one family of a session after a change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// Whose session.
    pub session: SessionId,
    /// Which family.
    pub family: AddressFamily,
    /// What is done.
    pub action: Action,
}

/// Doing nothing is a decision, with a reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// The routes of this direction are judged again, without a reset.
    Clear(ClearKind),
    /// Nothing is done.
    Leave(Reason),
}

/// Why nothing is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// A session that comes up judges every route by the new policy.
    NotEstablished,
    /// The change resets the session by itself.
    ResetAnyway,
    /// FRR itself judges the routes again.
    LeftToFrr,
    /// The peer did not negotiate the family.
    FamilyNotNegotiated,
    /// Neither route refresh nor a stored Adj-RIB-In: a soft clear would do nothing.
    NeedsHardClear,
}

impl Reason {
    /// The reason in plain words.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NotEstablished => "the session is not established",
            Self::ResetAnyway => "the change resets the session",
            Self::LeftToFrr => "FRR judges the routes again by itself",
            Self::FamilyNotNegotiated => "the peer does not have the family",
            Self::NeedsHardClear => {
                "neither route refresh nor soft-reconfiguration inbound: only a hard clear applies the policy"
            }
        }
    }
}

/// Decides, for each session that `impact` touches, what makes the new policy judge its routes.
///
/// The clear goes out at once: waiting for `bgp route-map delay-timer` takes 5 to 14 s, a soft clear 0.2 to 0.4 s,
/// and where only an entry's action changed FRR 7.4 to 7.5 never looks again by itself.
pub fn after_change(impact: &Impact, sessions: &[Session]) -> Vec<Decision> {
    let mut decisions = Vec::new();
    for session in sessions {
        let touch = impact.on(&session.id, session.peer_group.as_deref());
        let kinds = [(ClearKind::SoftIn, &touch.policy_in), (ClearKind::SoftOut, &touch.policy_out)];
        for (kind, families) in kinds {
            for family in families {
                let action = decide(session, *family, kind, &touch);
                decisions.push(Decision { session: session.id.clone(), family: *family, action });
            }
        }
    }
    decisions
}

fn decide(session: &Session, family: AddressFamily, kind: ClearKind, touch: &Touch) -> Action {
    if touch.life != Life::Stays {
        return Action::Leave(Reason::ResetAnyway);
    }
    if !session.is_established() {
        return Action::Leave(Reason::NotEstablished);
    }
    let Some(state) = session.families.get(&family) else {
        return Action::Leave(Reason::FamilyNotNegotiated);
    };
    let direction = if kind == ClearKind::SoftIn { Direction::In } else { Direction::Out };
    if touch.is_left_to_frr(family, direction) {
        return Action::Leave(Reason::LeftToFrr);
    }
    let replays = session.can_route_refresh || state.soft_reconfiguration_inbound;
    if kind == ClearKind::SoftIn && !replays {
        return Action::Leave(Reason::NeedsHardClear);
    }
    Action::Clear(kind)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::{FamilyState, SessionState};

    const FAMILY: AddressFamily = AddressFamily::Ipv4Unicast;

    #[track_caller]
    fn check(change: impl FnOnce(&mut Session, &mut Touch), want: Action) {
        let mut session = Session::unknown(SessionId::in_default_vrf("10.0.0.1"));
        session.state = SessionState::Established;
        session.can_route_refresh = true;
        session.families.insert(FAMILY, FamilyState::default());
        let mut touch = Touch::default();
        touch.policy_in.insert(FAMILY);
        change(&mut session, &mut touch);
        let mut impact = Impact::default();
        impact.sessions.insert(session.id.clone(), touch);
        let decisions = after_change(&impact, &[session]);
        assert_eq!(decisions.iter().map(|decision| decision.action).collect::<Vec<_>>(), [want]);
    }

    #[test]
    fn a_changed_inbound_policy_is_cleared_softly() {
        check(|_, _| {}, Action::Clear(ClearKind::SoftIn));
    }

    #[test]
    fn a_changed_outbound_policy_is_sent_again() {
        check(
            |_, touch| touch.policy_out = std::mem::take(&mut touch.policy_in),
            Action::Clear(ClearKind::SoftOut),
        );
    }

    #[test]
    fn a_session_that_is_down_is_left() {
        check(|session, _| session.state = SessionState::Active, Action::Leave(Reason::NotEstablished));
    }

    #[test]
    fn a_session_that_the_change_resets_is_left() {
        check(|_, touch| touch.life = Life::Reset, Action::Leave(Reason::ResetAnyway));
    }

    #[test]
    fn a_soft_clear_that_would_do_nothing_is_not_sent() {
        check(|session, _| session.can_route_refresh = false, Action::Leave(Reason::NeedsHardClear));
        check(
            |session, _| {
                session.can_route_refresh = false;
                if let Some(state) = session.families.get_mut(&FAMILY) {
                    state.soft_reconfiguration_inbound = true;
                }
            },
            Action::Clear(ClearKind::SoftIn),
        );
    }

    #[test]
    fn what_frr_does_by_itself_is_not_done_twice() {
        check(
            |_, touch| {
                touch.left_to_frr.insert((FAMILY, Direction::In));
            },
            Action::Leave(Reason::LeftToFrr),
        );
        check(
            |_, touch| {
                touch.left_to_frr.insert((FAMILY, Direction::Out));
            },
            Action::Clear(ClearKind::SoftIn),
        );
    }

    #[test]
    fn a_family_that_the_peer_lacks_is_left() {
        check(|session, _| session.families.clear(), Action::Leave(Reason::FamilyNotNegotiated));
    }

    #[test]
    fn a_session_that_is_not_touched_is_not_mentioned() {
        let session = Session::unknown(SessionId::in_default_vrf("10.0.0.2"));
        assert_eq!(after_change(&Impact::default(), &[session]), []);
    }
}
