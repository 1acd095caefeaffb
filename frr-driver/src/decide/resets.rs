//! Hard clears: one at a time, each back with its routes before the next, and within a budget.

use std::time::Duration;

use super::{
    Standing,
    evidence::{Quiet, accepted_in_all, is_younger_than},
};
use crate::session::{AddressFamily, Session, SessionId};

/// How many hard clears a session gets within an hour at most.
pub const RESETS_PER_HOUR: usize = 3;

/// The time in which they are counted.
const BUDGET_TIME: Duration = Duration::from_hours(1);

/// The pauses after the first and the second hard clear of a session within the hour.
const BACK_OFF: [Duration; RESETS_PER_HOUR - 1] = [Duration::from_mins(1), Duration::from_mins(5)];

/// How long a session may take to come back: longer than FRR's `timers connect` (120 s by default).
const BACK_WITHIN: Duration = Duration::from_mins(3);

/// How long a session that is back may take to have as many routes as before; the new policy may let fewer in.
const ROUTES_WITHIN: Duration = Duration::from_secs(10);

/// How long after its end a session still counts as one that is about to come back.
const COMES_BACK_WITHIN: Duration = Duration::from_mins(5);

/// The hard clears of this node.
#[derive(Clone, Debug, Default)]
pub(super) struct Resets {
    /// When those of the last hour stop to count, oldest first; and whose they were.
    counted: Vec<(Duration, SessionId)>,
    away: Option<Away>,
}

/// A session that was reset, and is not back with its routes.
#[derive(Clone, Debug)]
pub(super) struct Away {
    pub(super) session: SessionId,
    pub(super) at: Duration,
    pub(super) reason: String,
    /// Any that it has: a hard clear concerns all.
    pub(super) family: AddressFamily,
    pub(super) accepted_before: u64,
    connections: Option<u64>,
    /// How long it had been up.
    uptime: Option<Duration>,
    /// It was seen to be away.
    was_gone: bool,
    back_at: Option<Duration>,
    quiet: Option<Quiet>,
    /// bgpd took the clear.
    is_taken: bool,
    is_late: bool,
}

/// Why a session is not reset now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Blocked {
    /// Another one has its turn.
    Turn(SessionId),
    /// Another one was reset and did not come back.
    NotBack(SessionId),
    /// It would take the last session of a family down, while this one is about to come back.
    Last(SessionId),
    /// It was reset not long ago.
    BackOff(Duration),
    /// It was reset as often as it may be, until then.
    Budget(Duration),
}

// === impl Resets ===

impl Resets {
    /// The session that was reset and is not back yet.
    pub(super) fn away(&self) -> Option<&Away> {
        self.away.as_ref()
    }

    /// Counts one that another agent made, which counts for `left`.
    pub(super) fn count(&mut self, session: SessionId, left: Duration, now: Duration) {
        self.counted.push((now + left.min(BUDGET_TIME), session));
        self.counted.sort();
    }

    /// Nobody is waited for: bgpd is another one.
    pub(super) fn forget_away(&mut self) {
        self.away = None;
    }

    /// `session` is not waited for: it goes.
    pub(super) fn forget(&mut self, session: &SessionId) {
        self.away.take_if(|away| away.session == *session);
    }

    /// Why `session` cannot be reset now, if so.
    pub(super) fn blocked(&self, session: &Session, sessions: &[Session], now: Duration) -> Option<Blocked> {
        self.busy(session)
            .or_else(|| self.spent(&session.id, now))
            .or_else(|| last_of_a_family(session, sessions).map(Blocked::Last))
    }

    /// Why nobody can be reset now, if so.
    pub(super) fn busy(&self, session: &Session) -> Option<Blocked> {
        let away = self.away.as_ref().filter(|away| away.session != session.id || !away.is_late)?;
        let id = away.session.clone();
        Some(if away.is_late { Blocked::NotBack(id) } else { Blocked::Turn(id) })
    }

    fn spent(&self, session: &SessionId, now: Duration) -> Option<Blocked> {
        let own = || self.counted.iter().filter(|(until, id)| id == session && *until > now);
        let made = own().count();
        if made >= RESETS_PER_HOUR {
            // The oldest of those that count makes room.
            let frees = made - RESETS_PER_HOUR;
            return own().nth(frees).map(|(until, _)| Blocked::Budget(*until));
        }
        let pause = BACK_OFF.get(made.checked_sub(1)?)?;
        let last = own().next_back().map(|(until, _)| until.saturating_sub(BUDGET_TIME))?;
        (now < last + *pause).then_some(Blocked::BackOff(last + *pause))
    }

    /// Notes that `session` is reset now.
    pub(super) fn begin(&mut self, session: &Session, reason: String, now: Duration) {
        self.counted.retain(|(until, _)| *until > now);
        self.counted.push((now + BUDGET_TIME, session.id.clone()));
        self.away = Some(Away {
            session: session.id.clone(),
            at: now,
            reason,
            family: session.families.keys().next().copied().unwrap_or(AddressFamily::Ipv4Unicast),
            accepted_before: accepted_in_all(session),
            connections: session.connections_established,
            uptime: session.uptime,
            was_gone: false,
            back_at: None,
            quiet: None,
            is_taken: false,
            is_late: false,
        });
    }

    /// What bgpd made of the clear; returns the one that it did not take.
    pub(super) fn answered(&mut self, session: &SessionId, complaint: &str) -> Option<Away> {
        let away = self.away.as_mut().filter(|away| away.session == *session && !away.is_taken)?;
        if complaint.is_empty() {
            away.is_taken = true;
            return None;
        }
        self.away.take()
    }

    /// Looks whether the session is back with its routes; returns it if so.
    pub(super) fn look(&mut self, sessions: &[Session], now: Duration) -> Option<Away> {
        let is_shut = |session: &Session| session.admin_down;
        self.away.take_if(|away| sessions.iter().any(|seen| seen.id == away.session && is_shut(seen)));
        let away = self.away.as_mut().filter(|away| away.is_taken)?;
        let seen = sessions.iter().find(|session| session.id == away.session && session.is_established());
        // A dynamic neighbor counts from the beginning each time it comes.
        let is_new = |session: &&Session| {
            let counts_more = !session.dynamic && session.connections_established > away.connections;
            counts_more || away.was_gone || is_younger_than(session, away.uptime, now.saturating_sub(away.at))
        };
        let Some(session) = seen.filter(is_new) else {
            away.was_gone |= seen.is_none();
            (away.back_at, away.quiet) = (None, None);
            away.is_late = now >= away.at + BACK_WITHIN;
            return None;
        };
        let back_at = *away.back_at.get_or_insert(now);
        let has_routes = accepted_in_all(session) >= away.accepted_before;
        let is_quiet = Quiet::look(&mut away.quiet, session, now);
        if is_quiet && (has_routes || now >= back_at + ROUTES_WITHIN) {
            return self.away.take();
        }
        None
    }

    /// When something is to be looked at again.
    pub(super) fn deadline(&self, now: Duration) -> Option<Duration> {
        self.away.as_ref().map(|away| away.at + BACK_WITHIN).filter(|late| *late > now)
    }
}

// === impl Away ===

impl Away {
    /// Whether it should have come back long ago.
    pub(super) fn is_late(&self) -> bool {
        self.is_late
    }
}

/// The session that is about to come back, if `session` is the last that is established of one of its families.
fn last_of_a_family(session: &Session, sessions: &[Session]) -> Option<SessionId> {
    let others = || sessions.iter().filter(|other| other.id != session.id && other.id.vrf == session.id.vrf);
    session.families.keys().find_map(|family| {
        let mut of_family = others().filter(|other| other.families.contains_key(family));
        if of_family.clone().any(Session::is_established) {
            return None;
        }
        of_family.find(|other| is_coming_back(other)).map(|other| other.id.clone())
    })
}

fn is_coming_back(session: &Session) -> bool {
    let was_up = session.connections_established.is_some_and(|count| count > 0);
    let ago = session.last_reset.as_ref().and_then(|reset| reset.ago);
    was_up && !session.admin_down && ago.is_some_and(|ago| ago < COMES_BACK_WITHIN)
}

// === impl Blocked ===

impl Blocked {
    /// What people are told.
    pub(super) fn standing(&self, now: Duration) -> Standing {
        let minutes = |until: &Duration| until.saturating_sub(now).as_secs().div_ceil(60);
        match self {
            Self::Turn(other) => Standing::Pending(format!("will be reset when {other} is back")),
            Self::NotBack(other) => Standing::Suppressed(format!(
                "nobody is reset: {other} was, and did not come back within {} s",
                BACK_WITHIN.as_secs()
            )),
            Self::Last(other) => {
                Standing::Pending(format!("the last of its family, will be reset when {other} is back"))
            }
            Self::BackOff(until) => {
                Standing::Pending(format!("was reset not long ago, will be again in {} min", minutes(until)))
            }
            Self::Budget(until) => Standing::GaveUp(format!(
                "was reset {RESETS_PER_HOUR} times within an hour, the next is possible in {} min",
                minutes(until)
            )),
        }
    }
}
