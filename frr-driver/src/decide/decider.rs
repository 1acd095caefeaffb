//! The machine of all policies that changed: events in, clears out, `now` as an argument; no I/O.

use std::{collections::BTreeMap, time::Duration};

use serde::{Deserialize, Serialize};

use super::{
    Most, PolicyId, Standing,
    evidence::accepted_in_all,
    resets::{Away, Blocked, Resets},
    triage::{Idle, Means, means, triage},
    watched::{Proof, Stage, Watched},
};
use crate::{
    clear::ClearKind,
    impact::{Direction, Impact, Life},
    quirks::FrrVersion,
    session::{AddressFamily, Policy, Session, SessionId},
};

/// How many policies are watched: far more than a node has, and bounded.
const WATCHED_MAX: usize = 4096;

/// What is said of policies that were there before anybody watched them.
const UNPROVEN: &str = "nobody knows whether its routes went through its policies";

/// What is allowed now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rules<'a> {
    /// The most that may be done to a session.
    pub most: Most,
    /// Why no session is reset for the time being.
    pub hold: Option<&'a str>,
}

/// A clear that is to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Clear {
    /// Whose session.
    pub session: SessionId,
    /// Which family; a hard clear concerns all.
    pub family: AddressFamily,
    /// How.
    pub kind: ClearKind,
    /// Why, for people.
    pub reason: String,
}

/// What came of a clear in the end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ended {
    /// The clear.
    pub clear: Clear,
    /// When it was sent.
    pub at: Duration,
    /// How long it took until the effect was proven, or given up.
    pub took: Duration,
    /// The prefixes before and after: accepted ones, or sent ones for [`ClearKind::SoftOut`].
    pub prefixes: (u64, u64),
    /// Why it had no effect, if so.
    pub failure: Option<String>,
}

/// A policy that one agent leaves to the next.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Left {
    /// Which.
    pub policy: PolicyId,
    /// Nothing tells whether it is in effect, and no session is reset for it.
    pub is_unproven: bool,
}

/// Why a clear that a person wants is not sent.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// There is no such session.
    #[error("there is no session with {0}")]
    Unknown(SessionId),
    /// It comes up with every policy in effect.
    #[error("the session with {0} is not established: there is nothing to clear")]
    Down(SessionId),
    /// Neither route refresh nor a stored Adj-RIB-In.
    #[error("{0} cannot be asked for its routes again, and they are not stored: only --hard helps")]
    NeedsHard(SessionId),
    /// One at a time.
    #[error("{0} was reset and is not back yet: one session at a time")]
    Busy(SessionId),
}

/// Everything that is known of policies that changed. It is told of sessions in the order of their ids.
#[derive(Clone, Debug, Default)]
pub struct Decider {
    watched: BTreeMap<PolicyId, Watched>,
    resets: Resets,
    ended: Vec<Ended>,
}

// === impl Decider ===

impl Decider {
    /// FRR was changed: the policies of the sessions that it touches are watched from now on.
    ///
    /// `timer` is FRR's [delay timer](super::delay_timer).
    pub fn changed(
        &mut self,
        impact: &Impact,
        sessions: &[Session],
        version: FrrVersion,
        timer: Option<Duration>,
        now: Duration,
    ) {
        for (session, _) in impact.sessions.iter().filter(|(_, touch)| touch.life == Life::Removed) {
            self.watched.retain(|policy, _| policy.session != *session);
            self.resets.forget(session);
        }
        for session in sessions {
            let touch = impact.on(&session.id, session.peer_group.as_deref());
            let ways = [(Direction::In, &touch.policy_in), (Direction::Out, &touch.policy_out)];
            for (direction, families) in ways {
                for &family in families {
                    let policy = PolicyId { session: session.id.clone(), family, direction };
                    if let Err(idle) = triage(session, &policy, &touch) {
                        tracing::debug!(%policy, reason = idle.as_str(), "not cleared");
                        if idle != Idle::LeftToFrr {
                            self.forget_unless_away(&policy);
                        }
                        continue;
                    }
                    let mut watched = Watched::new(&policy, session, "the policy changed", timer, now);
                    if touch.is_late(family, direction) && !version.binds_late_maps_at_once() {
                        watched = watched.bound_late();
                    }
                    self.watch(policy, watched);
                }
            }
        }
    }

    /// FRR runs what it shall, and nobody knows what its routes went through: policies of before are looked after.
    pub fn adopt(&mut self, sessions: &[Session], most: Most, timer: Option<Duration>, now: Duration) {
        for session in sessions {
            for (&family, state) in &session.families {
                let ways = [(Direction::In, &state.inbound), (Direction::Out, &state.outbound)];
                for (direction, named) in ways {
                    let policy = PolicyId { session: session.id.clone(), family, direction };
                    if !has_any(named) || self.watched.contains_key(&policy) {
                        continue;
                    }
                    let Ok(means) = means(session, &policy) else { continue };
                    let mut watched = Watched::new(&policy, session, UNPROVEN, timer, now);
                    if means == Means::Reset || most == Most::Never {
                        watched.stage = Stage::Over(Standing::Unproven(UNPROVEN.to_owned()));
                    }
                    self.watch(policy, watched);
                }
            }
        }
    }

    /// Goes on where the agent before this one was.
    pub fn resume(
        &mut self,
        left: Vec<Left>,
        sessions: &[Session],
        version: FrrVersion,
        timer: Option<Duration>,
        now: Duration,
    ) {
        for Left { policy, is_unproven } in left {
            let Some(session) = find(sessions, &policy.session) else {
                continue;
            };
            let why = "the policy changed before the agent was started";
            let mut watched = Watched::new(&policy, session, why, timer, now);
            if is_unproven {
                watched.stage = Stage::Over(Standing::Unproven(UNPROVEN.to_owned()));
            } else if !version.binds_late_maps_at_once() {
                // The map may have been made a moment ago.
                watched = watched.bound_late();
            }
            self.watch(policy, watched);
        }
    }

    /// bgpd is another one: all its sessions are new.
    pub fn forget_all(&mut self) {
        self.watched.clear();
        self.resets.forget_away();
    }

    /// A person wants `session` to be cleared. A hard clear is to be sent at once, soft ones come with
    /// [`Self::soft_clears`].
    ///
    /// # Errors
    /// If it would not do what is wanted.
    pub fn ask(
        &mut self,
        id: &SessionId,
        is_hard: bool,
        sessions: &[Session],
        now: Duration,
    ) -> Result<Option<Clear>, Refusal> {
        let session = find(sessions, id).ok_or_else(|| Refusal::Unknown(id.clone()))?;
        if !session.is_established() {
            return Err(Refusal::Down(id.clone()));
        }
        let why = "a person asked for it";
        if is_hard {
            if let Some(Blocked::Turn(other)) = self.resets.busy(session) {
                return Err(Refusal::Busy(other));
            }
            return Ok(Some(self.reset(session, why, now)));
        }
        let ways = [Direction::In, Direction::Out];
        let policies = session
            .families
            .keys()
            .flat_map(|&family| ways.map(|direction| PolicyId { session: id.clone(), family, direction }));
        let policies: Vec<_> = policies.collect();
        if policies.iter().any(|policy| means(session, policy) != Ok(Means::Soft)) {
            return Err(Refusal::NeedsHard(id.clone()));
        }
        for policy in policies {
            let watched = Watched::new(&policy, session, why, None, now).asked();
            self.watch(policy, watched);
        }
        Ok(None)
    }

    /// Takes in what the sessions show.
    pub fn observed(&mut self, sessions: &[Session], now: Duration) {
        let ended = &mut self.ended;
        self.watched.retain(|policy, watched| {
            let session = find(sessions, &policy.session);
            match watched.look(policy, session, now) {
                Proof::Open => true,
                Proof::Down => false,
                Proof::InEffect => {
                    ended.extend(
                        watched.soft_cleared_at().map(|at| end_of(policy, watched, session, at, now)),
                    );
                    false
                }
            }
        });
        if let Some(away) = self.resets.look(sessions, now) {
            self.watched.retain(|policy, watched| {
                policy.session != away.session || watched.stage != Stage::HardCleared
            });
            let after = find(sessions, &away.session).map_or(0, accepted_in_all);
            self.ended.push(end_of_reset(away, after, None, now));
        }
    }

    /// What bgpd made of a clear; `complaint` is empty if it took it.
    pub fn answered(&mut self, clear: &Clear, complaint: &str, sessions: &[Session], now: Duration) {
        if clear.kind == ClearKind::Hard {
            if let Some(away) = self.resets.answered(&clear.session, complaint) {
                let before = away.accepted_before;
                for (policy, watched) in &mut self.watched {
                    if policy.session == away.session && watched.stage == Stage::HardCleared {
                        watched.stage = Stage::Over(Standing::GaveUp(complaint.to_owned()));
                    }
                }
                self.ended.push(end_of_reset(away, before, Some(complaint.to_owned()), now));
            }
            return;
        }
        for (policy, watched) in &mut self.watched {
            let is_it = policy.session == clear.session
                && policy.family == clear.family
                && policy.soft_clear() == clear.kind;
            if is_it {
                let session = find(sessions, &policy.session);
                watched.answered(complaint, now);
                if let Stage::Over(Standing::GaveUp(why)) = &watched.stage {
                    let failure = Some(why.clone());
                    self.ended.push(Ended { failure, ..end_of(policy, watched, session, now, now) });
                }
            }
        }
    }

    /// The soft clears that are due.
    pub fn soft_clears(&mut self, most: Most, sessions: &[Session], now: Duration) -> Vec<Clear> {
        let mut clears = Vec::new();
        for (policy, watched) in &mut self.watched {
            let Some(session) = find(sessions, &policy.session) else {
                continue;
            };
            let cleared_at = watched.soft_cleared_at();
            if let Some(kind) = watched.act(policy, session, most, now) {
                clears.push(Clear {
                    session: policy.session.clone(),
                    family: policy.family,
                    kind,
                    reason: watched.why.clone(),
                });
            }
            if let (Some(at), Stage::Over(Standing::GaveUp(why))) = (cleared_at, &watched.stage) {
                let failure = Some(why.clone());
                self.ended.push(Ended { failure, ..end_of(policy, watched, Some(session), at, now) });
            }
        }
        clears
    }

    /// The hard clear that is due: at most one at a time. `sessions` must be as they were just seen.
    pub fn hard_clear(&mut self, rules: Rules<'_>, sessions: &[Session], now: Duration) -> Option<Clear> {
        if rules.most != Most::Hard || rules.hold.is_some() {
            return None;
        }
        let mut in_need: Vec<&Session> =
            sessions.iter().filter(|session| self.needs_reset(&session.id, now)).collect();
        // What carries the fewest routes is missed the least.
        in_need.sort_by_key(|session| (accepted_in_all(session), &session.id));
        let free =
            in_need.into_iter().find(|session| self.resets.blocked(session, sessions, now).is_none())?;
        let why = "the policy changed, and the peer cannot be asked for its routes again";
        Some(self.reset(free, why, now))
    }

    /// Whether `session` was reset and is not back.
    pub fn is_away(&self, session: &SessionId) -> bool {
        self.resets.away().is_some_and(|away| away.session == *session)
    }

    /// Whether no session is waited for that was reset.
    #[cfg(test)]
    pub(super) fn resets_nobody(&self) -> bool {
        self.resets.away().is_none()
    }

    /// What came of clears since the last call.
    pub fn take_ended(&mut self) -> Vec<Ended> {
        std::mem::take(&mut self.ended)
    }

    /// The policies whose effect is not proven.
    pub fn standings<'a>(
        &'a self,
        rules: Rules<'a>,
        sessions: &'a [Session],
        now: Duration,
    ) -> impl Iterator<Item = (&'a PolicyId, Standing)> {
        self.watched.iter().map(move |(policy, watched)| {
            let session = find(sessions, &policy.session);
            let standing = match (&watched.stage, session) {
                (Stage::NeedsHard, Some(session)) => self.wait(watched, session, rules, sessions, now),
                (Stage::HardCleared, _) if self.resets.away().is_some_and(Away::is_late) => {
                    Standing::GaveUp("was reset, and did not come back in time".to_owned())
                }
                _ => watched.standing(),
            };
            (policy, standing)
        })
    }

    /// What is to be looked after when the agent is started again.
    pub fn left(&self) -> impl Iterator<Item = Left> {
        self.watched.iter().map(|(policy, watched)| Left {
            policy: policy.clone(),
            is_unproven: matches!(watched.stage, Stage::Over(Standing::Unproven(_))),
        })
    }

    /// Counts a hard clear that the agent before this one made, which counts for `left`.
    pub fn count_reset(&mut self, session: SessionId, left: Duration, now: Duration) {
        self.resets.count(session, left, now);
    }

    /// Whether the sessions shall be looked at often, because something is awaited from them.
    pub fn is_waiting(&self) -> bool {
        self.watched.values().any(Watched::is_moving)
            || self.resets.away().is_some_and(|away| !away.is_late())
    }

    /// Whether it is open what comes of a clear of `session`.
    pub fn is_clearing(&self, session: &SessionId) -> bool {
        let mut own = self.watched.iter().filter(|(policy, _)| policy.session == *session);
        own.any(|(_, watched)| watched.is_moving())
            || self.resets.away().is_some_and(|away| away.session == *session && !away.is_late())
    }

    /// When there is something to be sent or given up next, as far as time decides that.
    pub fn deadline(&self, now: Duration) -> Option<Duration> {
        let of_policies = self.watched.values().filter_map(Watched::deadline);
        of_policies.chain(self.resets.deadline(now)).filter(|deadline| *deadline > now).min()
    }

    fn watch(&mut self, policy: PolicyId, watched: Watched) {
        if self.watched.len() < WATCHED_MAX || self.watched.contains_key(&policy) {
            self.watched.insert(policy, watched);
        }
    }

    /// A session that is being reset comes up with the newest policy.
    fn forget_unless_away(&mut self, policy: &PolicyId) {
        if self.watched.get(policy).is_some_and(|watched| watched.stage != Stage::HardCleared) {
            self.watched.remove(policy);
        }
    }

    /// A policy whose map is not bound yet would not be in effect after a reset.
    fn needs_reset(&self, session: &SessionId, now: Duration) -> bool {
        let mut own = self.watched.iter().filter(|(policy, _)| policy.session == *session);
        own.clone().any(|(_, watched)| watched.stage == Stage::NeedsHard)
            && own.all(|(_, watched)| now >= watched.counts_from())
    }

    fn reset(&mut self, session: &Session, reason: &str, now: Duration) -> Clear {
        self.resets.begin(session, reason.to_owned(), now);
        let own = self.watched.iter_mut().filter(|(policy, _)| policy.session == session.id);
        own.for_each(|(_, watched)| watched.stage = Stage::HardCleared);
        let family = self.resets.away().map_or(AddressFamily::Ipv4Unicast, |away| away.family);
        Clear { session: session.id.clone(), family, kind: ClearKind::Hard, reason: reason.to_owned() }
    }

    /// What a policy waits for that needs a reset.
    fn wait(
        &self,
        watched: &Watched,
        session: &Session,
        rules: Rules<'_>,
        sessions: &[Session],
        now: Duration,
    ) -> Standing {
        const WHY: &str = "the peer cannot be asked for its routes again: only a hard clear helps";
        match (rules.most, rules.hold) {
            (Most::Never | Most::Soft, _) => Standing::Suppressed(format!("{WHY}, and --clear forbids it")),
            (Most::Hard, Some(hold)) => Standing::Suppressed(format!("{WHY}, and is held: {hold}")),
            (Most::Hard, None) if now < watched.counts_from() => {
                Standing::Pending("will be reset when FRR has the new route-map".to_owned())
            }
            (Most::Hard, None) => match self.resets.blocked(session, sessions, now) {
                Some(blocked) => blocked.standing(now),
                None => watched.standing(),
            },
        }
    }
}

/// The prefixes that `clear` is about: accepted ones, or sent ones for [`ClearKind::SoftOut`].
pub fn prefixes(clear: &Clear, sessions: &[Session]) -> u64 {
    let session = find(sessions, &clear.session);
    let direction = match clear.kind {
        ClearKind::Hard => return session.map_or(0, accepted_in_all),
        ClearKind::SoftIn => Direction::In,
        ClearKind::SoftOut => Direction::Out,
    };
    let policy = PolicyId { session: clear.session.clone(), family: clear.family, direction };
    session.map_or(0, |session| policy.prefixes(session))
}

/// Returns the session of that id.
fn find<'a>(sessions: &'a [Session], id: &SessionId) -> Option<&'a Session> {
    let at = sessions.binary_search_by(|session| session.id.cmp(id)).ok()?;
    sessions.get(at)
}

fn has_any(policy: &Policy) -> bool {
    let Policy { route_map, prefix_list, filter_list, distribute_list, missing: _ } = policy;
    [route_map, prefix_list, filter_list, distribute_list].into_iter().any(Option::is_some)
}

fn end_of(
    policy: &PolicyId,
    watched: &Watched,
    session: Option<&Session>,
    at: Duration,
    now: Duration,
) -> Ended {
    let after = session.map_or(0, |session| policy.prefixes(session));
    Ended {
        clear: Clear {
            session: policy.session.clone(),
            family: policy.family,
            kind: policy.soft_clear(),
            reason: watched.why.clone(),
        },
        at,
        took: now.saturating_sub(at),
        prefixes: (watched.prefixes_before, after),
        failure: None,
    }
}

fn end_of_reset(away: Away, after: u64, failure: Option<String>, now: Duration) -> Ended {
    let Away { session, at, reason, accepted_before, family, .. } = away;
    Ended {
        clear: Clear { session, family, kind: ClearKind::Hard, reason },
        at,
        took: now.saturating_sub(at),
        prefixes: (accepted_before, after),
        failure,
    }
}
