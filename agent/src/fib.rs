//! The routes that the node really learned: those of BGP in the kernel, asked over netlink.
//!
//! The kernel filters by protocol and sends the rest piece by piece; only counts are kept, so a full table
//! costs no memory. All tables are looked at: those of VRFs have BGP routes too.

use std::{
    collections::{BTreeMap, BTreeSet},
    io,
    net::IpAddr,
    time::Duration,
};

use frr_driver::session::AddressFamily;
use nix::{
    net::if_::if_indextoname,
    sys::{
        socket::{setsockopt, sockopt::ReceiveTimeout},
        time::TimeVal,
    },
};
use routelet_status::snapshot::{Gateway, LearnedRoutes};
use tokio::time::Instant;

mod message;
mod socket;
#[cfg(test)]
mod tests;

use self::{
    message::{Hop, NextHop, Route},
    socket::{Dump, RouteSocket},
};

/// How long the kernel may take for one piece of an answer.
const PIECE_WITHIN: Duration = Duration::from_secs(2);

/// How long the whole look may take: a million routes take about 1 s.
const ALL_WITHIN: Duration = Duration::from_secs(20);

/// The most gateways that are told apart: a route server may hand out any number of next hops. Prefixes of
/// further ones are counted, their gateways are not.
const GATEWAYS_MAX: usize = 4096;

/// The most nexthop groups whose members are looked up. FRR makes one per set of next hops.
const GROUPS_MAX: usize = 65536;

/// Why the kernel's routes are not known.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FibError {
    /// The kernel refused, or the socket failed.
    #[error("kernel routes not readable")]
    Netlink(#[source] io::Error),
    /// The answer did not end in time.
    #[error("kernel routes not read within {ALL_WITHIN:?}")]
    TimedOut,
}

/// Counts while the kernel talks.
#[derive(Debug, Default)]
struct Tally {
    ipv4: u64,
    ipv6: u64,
    /// Prefixes by family and next hop.
    hops: BTreeMap<(AddressFamily, Hop), u64>,
    /// Prefixes by family and nexthop object, where the kernel did not say the next hops themselves.
    objects: BTreeMap<(AddressFamily, u32), u64>,
}

/// Returns what the kernel has from BGP; blocks for at most [`ALL_WITHIN`] and one piece.
pub(crate) fn learned_routes() -> Result<LearnedRoutes, FibError> {
    let deadline = Instant::now() + ALL_WITHIN;
    let mut socket = RouteSocket::open().map_err(FibError::Netlink)?;
    let piece = TimeVal::new(i64::try_from(PIECE_WITHIN.as_secs()).unwrap_or(1), 0);
    setsockopt(&socket, ReceiveTimeout, &piece).map_err(|errno| FibError::Netlink(errno.into()))?;

    let mut tally = Tally::default();
    for family in [message::AF_INET, message::AF_INET6] {
        socket.dump(&Dump::routes(family), deadline, |payload| {
            if let Some(route) = Route::parse(payload) {
                tally.add(route);
            }
        })?;
    }
    if !tally.objects.is_empty() {
        let mut objects = BTreeMap::new();
        socket.dump(&Dump::next_hops(), deadline, |payload| {
            if let Some(object) = NextHop::parse(payload)
                && objects.len() < GROUPS_MAX
            {
                objects.insert(object.id, object);
            }
        })?;
        tally.resolve(&objects);
    }
    Ok(tally.into_routes(interface_name))
}

fn interface_name(index: u32) -> Option<String> {
    let name = if_indextoname(index).ok()?;
    Some(name.to_string_lossy().into_owned())
}

// === impl Tally ===

impl Tally {
    /// Counts `route`, if it is one of BGP's.
    fn add(&mut self, route: Route) {
        if !route.is_learned() {
            return;
        }
        let family = match route.family {
            message::AF_INET => {
                self.ipv4 += 1;
                AddressFamily::Ipv4Unicast
            }
            message::AF_INET6 => {
                self.ipv6 += 1;
                AddressFamily::Ipv6Unicast
            }
            _ => return,
        };
        match route.object {
            Some(object) if route.hops.is_empty() => {
                if self.objects.len() < GROUPS_MAX || self.objects.contains_key(&(family, object)) {
                    *self.objects.entry((family, object)).or_default() += 1;
                }
            }
            Some(_) | None => self.add_hops(family, route.hops, 1),
        }
    }

    /// Counts `prefixes` for each of `hops`, once.
    fn add_hops(&mut self, family: AddressFamily, hops: Vec<Hop>, prefixes: u64) {
        for hop in BTreeSet::from_iter(hops) {
            if self.hops.len() < GATEWAYS_MAX || self.hops.contains_key(&(family, hop)) {
                *self.hops.entry((family, hop)).or_default() += prefixes;
            }
        }
    }

    /// Replaces nexthop objects by the next hops that they stand for; a group stands for its members'.
    fn resolve(&mut self, objects: &BTreeMap<u32, NextHop>) {
        for ((family, id), prefixes) in std::mem::take(&mut self.objects) {
            let Some(object) = objects.get(&id) else { continue };
            let members = object.members.iter().filter_map(|member| objects.get(member)?.hop);
            self.add_hops(family, object.hop.into_iter().chain(members).collect(), prefixes);
        }
    }

    fn into_routes(self, interface_name: impl Fn(u32) -> Option<String>) -> LearnedRoutes {
        let mut names = BTreeMap::new();
        let mut gateways = BTreeMap::new();
        for ((family, hop), prefixes) in self.hops {
            let interface = hop.interface.and_then(|index| {
                let name = names.entry(index).or_insert_with(|| interface_name(index));
                name.clone()
            });
            *gateways.entry(Gateway { family, next_hop: hop.gateway, interface }).or_default() += prefixes;
        }
        LearnedRoutes { ipv4: self.ipv4, ipv6: self.ipv6, gateways }
    }
}

/// A next hop's address, if there is one to show.
fn shown(address: IpAddr) -> Option<IpAddr> {
    (!address.is_unspecified()).then_some(address)
}
