//! The peers of the node: every kind of neighbor, with every way to read its routes again.

use std::fmt;

/// How many prefixes each peer announces.
pub(crate) const PREFIXES: u8 = 6;

/// How many services the node can announce, in each family.
pub(crate) const SERVICES: u8 = 3;

/// How the node knows a neighbor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    /// By its IPv4 address.
    Ipv4,
    /// By its IPv6 address, with IPv6 routes.
    Ipv6,
    /// By the interface, with link-local addresses.
    Unnumbered,
    /// As the member of a peer-group, which has the policies.
    Member,
    /// By a `bgp listen range`, whose peer-group has the policies.
    Dynamic,
}

/// What makes the node's policy judge the routes of a neighbor again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Refresh {
    /// The peer is asked for its routes (RFC 2918).
    Route,
    /// The node keeps what the peer announced: `soft-reconfiguration inbound`.
    Stored,
    /// Neither: only a new session does.
    Nothing,
}

/// A neighbor of the node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Peer {
    /// The number of the link; 1 to 15.
    pub(crate) number: u8,
    pub(crate) kind: Kind,
    pub(crate) refresh: Refresh,
}

// === impl Kind ===

impl Kind {
    pub(crate) const ALL: [Self; 5] = [Self::Ipv4, Self::Ipv6, Self::Unnumbered, Self::Member, Self::Dynamic];

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Ipv4 => "ipv4",
            Self::Ipv6 => "ipv6",
            Self::Unnumbered => "unnumbered",
            Self::Member => "member",
            Self::Dynamic => "dynamic",
        }
    }
}

// === impl Refresh ===

impl Refresh {
    pub(crate) const ALL: [Self; 3] = [Self::Route, Self::Stored, Self::Nothing];

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Route => "refresh",
            Self::Stored => "stored",
            Self::Nothing => "no-refresh",
        }
    }
}

// === impl Peer ===

impl Peer {
    /// Every kind with every way, numbered.
    pub(crate) fn all() -> impl Iterator<Item = Self> {
        let every = Kind::ALL.into_iter().flat_map(|kind| Refresh::ALL.map(|refresh| (kind, refresh)));
        (1..).zip(every).map(|(number, (kind, refresh))| Self { number, kind, refresh })
    }

    /// Whether its routes are IPv6 routes.
    ///
    /// An unnumbered peer has IPv4 routes with IPv6 next hops, which takes a capability: without any it has IPv6.
    pub(crate) fn is_six(self) -> bool {
        match self.kind {
            Kind::Ipv6 => true,
            Kind::Unnumbered => self.refresh == Refresh::Nothing,
            Kind::Ipv4 | Kind::Member | Kind::Dynamic => false,
        }
    }

    /// The word of FRR's `address-family`.
    pub(crate) fn family(self) -> &'static str {
        if self.is_six() { "ipv6" } else { "ipv4" }
    }

    /// The interface of the link, on both sides.
    pub(crate) fn interface(self) -> String {
        interface(self.number)
    }

    /// What the node calls it in `neighbor …`: what carries its policies, a peer-group if there is one.
    pub(crate) fn policy_name(self) -> String {
        match self.kind {
            Kind::Ipv4 | Kind::Ipv6 | Kind::Unnumbered => self.session(),
            Kind::Member => format!("G{}", self.number),
            Kind::Dynamic => format!("D{}", self.number),
        }
    }

    /// Whether a peer-group has its policies.
    pub(crate) fn has_group(self) -> bool {
        matches!(self.kind, Kind::Member | Kind::Dynamic)
    }

    /// The name of its session at the node.
    pub(crate) fn session(self) -> String {
        self.called(3)
    }

    /// The name of the session at the peer: the node as the peer knows it.
    pub(crate) fn far_session(self) -> String {
        self.called(2)
    }

    fn called(self, host: u8) -> String {
        match self.kind {
            Kind::Unnumbered => self.interface(),
            Kind::Ipv6 => format!("fd00:31:{:x}::{host}", self.number),
            Kind::Ipv4 | Kind::Member | Kind::Dynamic => format!("172.31.{}.{host}", self.number),
        }
    }

    /// The prefix `index` of those that it announces.
    pub(crate) fn prefix(self, index: u8) -> String {
        let number = self.number;
        if self.is_six() {
            format!("2001:db8:{number:x}:{:x}::/64", index + 1)
        } else {
            format!("10.{number}.{index}.0/24")
        }
    }

    /// All that it announces.
    pub(crate) fn prefixes(self) -> impl Iterator<Item = String> {
        (0..PREFIXES).map(move |index| self.prefix(index))
    }

    /// The service `index` of the node, in the peer's family.
    pub(crate) fn service(self, index: u8) -> String {
        service(self.is_six(), index)
    }
}

impl fmt::Display for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.kind.as_str(), self.refresh.as_str())
    }
}

/// The interface of link `number`, on both sides.
pub(crate) fn interface(number: u8) -> String {
    format!("net{number}")
}

/// The prefix of a service of the node; they do not touch, so that an entry for one is for that one.
pub(crate) fn service(is_six: bool, index: u8) -> String {
    if is_six { format!("2001:db8:f0:{:x}::/64", index + 1) } else { format!("198.51.100.{}/28", 16 * index) }
}
