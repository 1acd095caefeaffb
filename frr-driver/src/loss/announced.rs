//! Whether a peer of which nothing is accepted has announced anything.

use super::{Inbound, Loss};
use crate::{
    quirks::FrrVersion,
    session::{AddressFamily, Session},
    show::RouteMapCounters,
};

/// What was read of a session and family of which nothing is accepted.
#[derive(Clone, Debug)]
pub struct Reading<'a> {
    /// The session.
    pub session: &'a Session,
    /// The family.
    pub family: AddressFamily,
    /// The stored Adj-RIB-In; `None` where it is not stored.
    pub stored: Option<u64>,
    /// What its map counted; `None` if it has none, or if others use it too.
    pub counters: Option<RouteMapCounters>,
    /// [`super::fingerprint`] of the configuration that runs.
    pub fingerprint: u64,
    /// What the configuration says.
    pub inbound: Inbound,
    /// The version of FRR.
    pub version: FrrVersion,
}

/// What is remembered of it from one look to the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Suspect {
    fingerprint: u64,
    /// What the map had counted when these policies came; what counts is what came since.
    base: u64,
    /// What it had counted at this look.
    invoked: u64,
}

/// Judges one look; returns why nothing is accepted, and what to remember. `None` = nothing was announced, as far as
/// can be told.
///
/// Where the configuration lets nothing in, what was announced at any time was refused. Elsewhere a route may have
/// been accepted and withdrawn: so only what came to the map since these policies are in force counts, and only if
/// nothing was accepted one look later either.
pub fn read(reading: &Reading<'_>, before: Option<Suspect>) -> (Option<Loss>, Suspect) {
    let Reading { session, family, inbound, .. } = reading;
    let invoked = reading.counters.as_ref().and_then(|counters| counters.invoked).unwrap_or(0);
    let suspect = match before {
        Some(before) if before.fingerprint == reading.fingerprint => {
            // The counters were cleared.
            Suspect { base: before.base.min(invoked), invoked, ..before }
        }
        Some(before) => {
            Suspect { fingerprint: reading.fingerprint, base: before.invoked.min(invoked), invoked }
        }
        None => {
            let base = if has_never_permitted(reading) { 0 } else { invoked };
            Suspect { fingerprint: reading.fingerprint, base, invoked }
        }
    };
    if session.families.get(family).is_some_and(|state| state.inbound.missing) {
        return (Some(Loss::PolicyMissing), suspect);
    }
    let is_stored = reading.stored.is_some_and(|stored| stored > 0);
    let was_refused = if inbound.lets_nothing_in {
        invoked > 0 || has_updates(session)
    } else {
        before
            .is_some_and(|before| before.fingerprint == suspect.fingerprint && before.invoked > suspect.base)
    };
    // What never came to the map was dropped before: our own AS in its path, or a list.
    let is_explained = was_refused || inbound.lets_nothing_in || invoked > 0;
    let loss = match (is_stored || was_refused, is_explained) {
        (false, _) => None,
        (true, false) => Some(Loss::Unexplained),
        (true, true) => Some(counted(reading)),
    };
    (loss, suspect)
}

/// What is suspected, with FRR's count.
fn counted(reading: &Reading<'_>) -> Loss {
    let mut loss = reading.inbound.suspected.clone();
    if let (Loss::Entry { entry, invoked }, Some(counters)) = (&mut loss, &reading.counters)
        && reading.version.counts_route_map_entries()
    {
        let number = entry.rsplit(' ').next().and_then(|number| number.parse().ok());
        *invoked =
            number.and_then(|number: u32| counters.entries.get(&number).copied()).filter(|count| *count > 0);
    }
    loss
}

/// Whether every prefix that ever came to the map was refused: no entry that permits was ever asked.
fn has_never_permitted(reading: &Reading<'_>) -> bool {
    let Some(counters) = &reading.counters else { return false };
    let is_unused = |entry: &u32| counters.entries.get(entry) == Some(&0);
    let permits = &reading.inbound.permits;
    reading.version.counts_route_map_entries() && !permits.is_empty() && permits.iter().all(is_unused)
}

/// Whether UPDATEs came beyond the End-of-RIB markers. An UPDATE does not say of which family it was: with several, it
/// is no evidence.
fn has_updates(session: &Session) -> bool {
    let beyond = match (session.updates_received, session.connections_established) {
        (Some(updates), Some(connections)) => updates > connections,
        (_, _) => false,
    };
    session.families.len() == 1 && beyond
}
