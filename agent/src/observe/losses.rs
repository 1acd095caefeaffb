//! Asks bgpd why no route of a session arrives: only of sessions that are suspicious, and of few at a time.

use std::collections::{BTreeMap, BTreeSet};

use frr_driver::{
    loss::{self, Loss, Reading, Suspect},
    session::{AddressFamily, Session, SessionId},
    show::{RouteMapCounters, next_hops, next_hops_command, route_map, route_map_command},
    vty_socket::Daemon,
};

use super::{Observation, Observer};
use crate::frr::{Held, Running};

/// How many route-maps bgpd is asked about in one observation: each costs it less than 1 ms, and the others wait for
/// the next one.
const ASKED_MAX: usize = 16;

/// In how many VRFs it is asked for its next hops: that walks a cache with an entry for each next hop.
const VRFS_MAX: usize = 4;

/// How often the kernel must be seen with routes that bgpd does not have: it removes routes a moment after bgpd.
const ORPHANED_LOOKS_MIN: u32 = 3;

/// The families whose routes the kernel has.
const FAMILIES: [AddressFamily; 2] = [AddressFamily::Ipv4Unicast, AddressFamily::Ipv6Unicast];

type Key = (SessionId, AddressFamily);

/// What is remembered of suspicious sessions.
#[derive(Debug, Default)]
pub(super) struct Losses {
    /// What ran when a session was last suspicious, loaded.
    held: Option<Held>,
    suspects: BTreeMap<Key, Remembered>,
    /// How many looks there were.
    looks: u64,
    /// How often the kernel was seen with routes of a family that bgpd does not have.
    orphaned: BTreeMap<AddressFamily, u32>,
}

#[derive(Debug, Default)]
struct Remembered {
    suspect: Option<Suspect>,
    loss: Option<Loss>,
    /// The look at which it was last asked about.
    asked: u64,
}

// === impl Losses ===

impl Losses {
    /// Forgets whom nobody suspects any more; returns whom to ask about, those first that wait longest.
    fn choose(&mut self, sessions: &[Session]) -> Vec<Key> {
        self.looks += 1;
        let keys: BTreeSet<Key> =
            sessions.iter().filter(|session| session.is_established()).flat_map(silent).collect();
        self.suspects.retain(|key, _| keys.contains(key));
        for key in &keys {
            self.suspects.entry(key.clone()).or_default();
        }
        let mut keys: Vec<Key> = keys.into_iter().collect();
        keys.sort_by_key(|key| self.suspects.get(key).map(|remembered| remembered.asked));
        keys.truncate(ASKED_MAX);
        keys
    }

    /// Counts one fresh look at the kernel.
    pub(super) fn look_for_orphans(&mut self, observation: &Observation) {
        let (Some(sessions), Some(routes)) = (&observation.sessions, &observation.routes) else {
            self.orphaned.clear();
            return;
        };
        // An aggregate of our own leads nowhere.
        let gateways = routes.gateways.keys().filter(|gateway| gateway.next_hop.is_some());
        let in_kernel: BTreeSet<AddressFamily> = gateways.map(|gateway| gateway.family).collect();
        let before = std::mem::take(&mut self.orphaned);
        for family in loss::orphaned(sessions, in_kernel) {
            let looks = before.get(&family).copied().unwrap_or(0).saturating_add(1);
            self.orphaned.insert(family, looks);
        }
    }

    /// The families of which that was seen often enough.
    pub(super) fn orphaned(&self) -> Vec<AddressFamily> {
        let often = self.orphaned.iter().filter(|(_, looks)| **looks >= ORPHANED_LOOKS_MIN);
        often.map(|(family, _)| *family).collect()
    }
}

/// The families of which a session accepts nothing.
fn silent(session: &Session) -> impl Iterator<Item = Key> {
    let is_silent =
        |family: &AddressFamily| session.families.get(family).is_some_and(|state| state.accepted == 0);
    FAMILIES.into_iter().filter(is_silent).map(|family| (session.id.clone(), family))
}

/// The map that decides on the routes of this session and family alone.
fn own_map(sessions: &[Session], session: &Session, family: AddressFamily) -> Option<String> {
    let name = session.families.get(&family)?.inbound.route_map.as_ref()?;
    let uses = sessions.iter().flat_map(|session| session.families.values());
    let maps = uses.flat_map(|state| [&state.inbound.route_map, &state.outbound.route_map]);
    (maps.flatten().filter(|other| *other == name).count() == 1).then(|| name.clone())
}

// === impl Observer ===

impl Observer {
    /// Finds out why no route of a session arrives; `running` is what FRR runs, if it could be read.
    pub(super) async fn find_losses(&mut self, observation: &mut Observation, running: Option<Running>) {
        let Some(sessions) = observation.sessions.take() else {
            self.losses = Losses::default();
            return;
        };
        self.find_losses_of(&sessions, observation, running).await;
        observation.sessions = Some(sessions);
    }

    async fn find_losses_of(
        &mut self,
        sessions: &[Session],
        observation: &mut Observation,
        running: Option<Running>,
    ) {
        let chosen = self.losses.choose(sessions);
        if chosen.is_empty() {
            self.losses.held = None;
        } else if let (Some(running), Some(version)) = (running, observation.version) {
            let before = self.losses.held.take().or_else(|| self.frr.last_held().map(|last| last.held));
            let loading = tokio::task::spawn_blocking(move || Held::load(running, version, before.as_ref()));
            let Ok(held) = loading.await else { return };
            let fingerprint = loss::fingerprint(held.bgpd());
            for key in chosen {
                let (id, family) = &key;
                let Some(session) = sessions.iter().find(|session| session.id == *id) else { continue };
                let Some(state) = session.families.get(family) else { continue };
                let counters = match own_map(sessions, session, *family) {
                    Some(name) => self.count(&name, observation).await,
                    None => None,
                };
                let reading = Reading {
                    session,
                    family: *family,
                    stored: observation.received_pre_policy.get(&key).copied(),
                    counters,
                    fingerprint,
                    inbound: loss::inbound(held.bgpd(), &state.inbound, *family),
                    version,
                };
                if let Some(remembered) = self.losses.suspects.get_mut(&key) {
                    let (found, suspect) = loss::read(&reading, remembered.suspect);
                    *remembered =
                        Remembered { suspect: Some(suspect), loss: found, asked: self.losses.looks };
                }
            }
            self.losses.held = Some(held);
        }
        let known = self.losses.suspects.iter();
        let known = known.filter_map(|(key, remembered)| Some((key.clone(), remembered.loss.clone()?)));
        observation.losses = known.collect();
        self.find_unreachable(observation, sessions).await;
    }

    async fn count(&mut self, name: &str, observation: &mut Observation) -> Option<RouteMapCounters> {
        let text = self.ask(Daemon::Bgpd, &route_map_command(name)).await.ok()?;
        let mut parsed = route_map(&text);
        observation.unreadable.append(&mut parsed.unreadable);
        Some(parsed.value)
    }

    /// Looks at the next hops where bgpd accepted routes of a family, and the kernel has none.
    async fn find_unreachable(&mut self, observation: &mut Observation, sessions: &[Session]) {
        let Some(routes) = &observation.routes else { return };
        let missing: Vec<AddressFamily> = [routes.ipv4, routes.ipv6]
            .into_iter()
            .zip(FAMILIES)
            .filter_map(|(count, family)| (count == 0).then_some(family))
            .collect();
        let mut without: BTreeMap<&str, Vec<(Key, u64)>> = BTreeMap::new();
        for session in sessions.iter().filter(|session| session.is_established()) {
            for (family, state) in session.families.iter().filter(|(_, state)| state.accepted > 0) {
                if missing.contains(family) {
                    let key = (session.id.clone(), *family);
                    without.entry(&session.id.vrf).or_default().push((key, state.accepted));
                }
            }
        }
        for (vrf, keys) in without.into_iter().take(VRFS_MAX) {
            let Ok(text) = self.ask(Daemon::Bgpd, &next_hops_command(vrf)).await else { continue };
            let mut parsed = next_hops(&text);
            observation.unreadable.append(&mut parsed.unreadable);
            for (key, _) in &keys {
                let of_family = keys.iter().filter(|((_, family), _)| *family == key.1);
                let accepted = of_family.map(|(_, accepted)| accepted).sum();
                if let Some(found) = loss::unreachable(key.1, accepted, &parsed.value) {
                    observation.losses.insert(key.clone(), found);
                }
            }
        }
    }
}
