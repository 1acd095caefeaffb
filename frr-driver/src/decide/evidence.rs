//! What a session shows of the policy that its routes went through.

use std::time::Duration;

use crate::session::Session;

/// FRR tells the uptime in whole seconds, and the answer is older than `now` by what it took to read it.
const UPTIME_JITTER: Duration = Duration::from_secs(2);

/// How long nothing must have come in before the peer counts as having answered.
const QUIET: Duration = Duration::from_millis(800);

/// How long a peer is waited for that never stops sending.
const QUIET_WITHIN: Duration = Duration::from_secs(10);

/// Whether what comes in has stopped: the same counts at two looks, some time apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Quiet {
    counts: (Option<u64>, u64),
    since: Duration,
    first: Duration,
}

/// Whether `session` came up after `since`: all its routes were judged since then.
pub(super) fn is_younger(session: &Session, since: Duration, now: Duration) -> bool {
    let age = now.saturating_sub(since);
    session.is_established() && session.uptime.is_some_and(|uptime| uptime + UPTIME_JITTER <= age)
}

/// Whether `session` is younger than it would be had it stayed up, `since` it was up for `uptime`.
pub(super) fn is_younger_than(session: &Session, uptime: Option<Duration>, since: Duration) -> bool {
    let stayed = uptime.map(|uptime| uptime + since);
    session.uptime.is_some_and(|now| stayed.is_some_and(|stayed| now + UPTIME_JITTER < stayed))
}

/// The prefixes that all inbound policies let through.
pub(super) fn accepted_in_all(session: &Session) -> u64 {
    session.families.values().map(|state| state.accepted).sum()
}

// === impl Quiet ===

impl Quiet {
    /// Takes another look at `session`; returns whether it is quiet by now.
    pub(super) fn look(last: &mut Option<Self>, session: &Session, now: Duration) -> bool {
        let counts = (session.updates_received, accepted_in_all(session));
        let quiet = last.get_or_insert(Self { counts, since: now, first: now });
        if quiet.counts != counts {
            (quiet.counts, quiet.since) = (counts, now);
        }
        now >= quiet.since + QUIET || now >= quiet.first + QUIET_WITHIN
    }
}
