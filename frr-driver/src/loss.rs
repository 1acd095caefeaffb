//! Why no route of a peer gets as far as the kernel.
//!
//! A loss is claimed only where routes were announced: where bgpd stores the Adj-RIB-In, or counted prefixes at the
//! peer's own route-map, or received UPDATEs beyond the End-of-RIB markers (RFC 4724: one for each family and connection;
//! measured on 7.5.1, 8.4.4, 10.3 and 10.7: a route refresh brings no further one).

mod announced;
mod inbound;
#[cfg(test)]
mod tests;

use std::{fmt, net::IpAddr};

pub use self::{
    announced::{Reading, Suspect, read},
    inbound::{Inbound, fingerprint, inbound},
};
use crate::{
    session::{AddressFamily, Session},
    show::NextHop,
};

/// How many names a message has: enough to begin with.
const NAMED_MAX: usize = 3;

/// Why no route of a session and address family arrives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Loss {
    /// There is no inbound policy, and `bgp ebgp-requires-policy` (RFC 8212).
    PolicyMissing,
    /// A map or list that is named does not exist.
    Undefined {
        /// `route-map X`, `ip prefix-list Y`.
        name: String,
        /// The line that names it.
        by: String,
    },
    /// This entry denies what comes to it.
    Entry {
        /// `route-map 10.0.0.1-in deny 20`.
        entry: String,
        /// The prefixes that came to it; `None` where FRR does not count them.
        invoked: Option<u64>,
    },
    /// No entry of this map permits anything.
    NoPermit {
        /// `route-map X`.
        map: String,
    },
    /// What might permit something asks these lists, and they match none of the routes.
    List {
        /// `ip prefix-list X`, ….
        lists: Vec<String>,
        /// Who asks them.
        by: String,
    },
    /// The policies refuse everything; nobody found out which line does.
    Unexplained,
    /// Routes are accepted, and no route leads to their next hops.
    NextHop {
        /// The next hops; never empty.
        next_hops: Vec<IpAddr>,
    },
}

/// Returns the next hops that keep the `accepted` routes of a family out of the kernel; `None` if any can be reached.
pub fn unreachable(family: AddressFamily, accepted: u64, next_hops: &[NextHop]) -> Option<Loss> {
    let six = match family {
        AddressFamily::Ipv4Unicast => false,
        AddressFamily::Ipv6Unicast => true,
        AddressFamily::Ipv4Multicast
        | AddressFamily::Ipv4Vpn
        | AddressFamily::Ipv4LabeledUnicast
        | AddressFamily::Ipv4Flowspec
        | AddressFamily::Ipv6Multicast
        | AddressFamily::Ipv6Vpn
        | AddressFamily::Ipv6LabeledUnicast
        | AddressFamily::Ipv6Flowspec
        | AddressFamily::L2vpnEvpn => return None,
    };
    let used = next_hops.iter().filter(|hop| hop.paths > 0 && hop.address.is_ipv6() == six);
    let of_family: Vec<&NextHop> = used.collect();
    if of_family.iter().any(|hop| hop.is_valid) {
        return None;
    }
    // An IPv4 prefix may have an IPv6 next hop (RFC 8950): what is unreachable must be all that was accepted.
    let paths: u64 = of_family.iter().map(|hop| hop.paths).sum();
    let next_hops = of_family.iter().map(|hop| hop.address).collect();
    (paths > 0 && paths >= accepted).then_some(Loss::NextHop { next_hops })
}

/// Returns the families whose routes the kernel has from BGP although bgpd has none of any peer.
///
/// `in_kernel` are the families of routes with a next hop: an aggregate of our own has none.
pub fn orphaned(
    sessions: &[Session],
    in_kernel: impl IntoIterator<Item = AddressFamily>,
) -> Vec<AddressFamily> {
    let six = |family: AddressFamily| family.config_words().starts_with("ipv6");
    let brings = |from: AddressFamily, to: AddressFamily| {
        // EVPN brings prefixes of both.
        from == AddressFamily::L2vpnEvpn || six(from) == six(to)
    };
    let has_any = |family: AddressFamily| {
        sessions
            .iter()
            .flat_map(|session| &session.families)
            .any(|(from, state)| brings(*from, family) && (state.accepted > 0 || state.stale > 0))
    };
    // While no session is up, graceful restart may keep them on purpose.
    let is_up = sessions.iter().any(Session::is_established);
    in_kernel.into_iter().filter(|family| is_up && !has_any(*family)).collect()
}

// === impl Loss ===

impl Loss {
    /// The name in labels.
    pub fn reason(&self) -> &'static str {
        match self {
            Self::PolicyMissing => "policy_missing",
            Self::Undefined { .. } => "policy_undefined",
            Self::Entry { .. } | Self::NoPermit { .. } => "entry_denies",
            Self::List { .. } => "list_matches_nothing",
            Self::Unexplained => "all_refused",
            Self::NextHop { .. } => "next_hop_unreachable",
        }
    }
}

/// What is wrong, then what to do.
impl fmt::Display for Loss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::PolicyMissing => f.write_str(
                "no inbound policy, and bgp ebgp-requires-policy; give the neighbor a route-map in",
            ),
            Self::Undefined { name, by } => {
                write!(f, "{name} does not exist, so FRR refuses every route ({by}); define it")
            }
            Self::Entry { entry, invoked } => {
                write!(f, "refused by {entry}")?;
                if let Some(invoked) = invoked {
                    let times = if *invoked == 1 { "time" } else { "times" };
                    write!(f, " (invoked {invoked} {times})")?;
                }
                f.write_str("; permit what is wanted in this entry, or before it")
            }
            Self::NoPermit { map } => {
                write!(f, "{map} has no entry that permits anything; add one that permits what is wanted")
            }
            Self::List { lists, by } => {
                let verb = if lists.len() == 1 { "matches" } else { "match" };
                write!(f, "{} {verb} none of the peer's routes ({by}); ", named(lists))?;
                f.write_str("compare it with what the peer announces")
            }
            Self::Unexplained => f.write_str("the inbound policies refuse every route"),
            Self::NextHop { next_hops } => {
                let (hop, verb) = if next_hops.len() == 1 { ("hop", "is") } else { ("hops", "are") };
                write!(f, "next {hop} {} {verb} unreachable: routes are accepted, ", named(next_hops))?;
                f.write_str("and not in the kernel; add a route to it, or let the peer set another")
            }
        }
    }
}

/// Joins the first of `names`.
fn named(names: &[impl ToString]) -> String {
    let shown = names.iter().take(NAMED_MAX).map(ToString::to_string).collect::<Vec<_>>().join(", ");
    match names.len().saturating_sub(NAMED_MAX) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}
