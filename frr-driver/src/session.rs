//! The vocabulary of BGP sessions: who, in which VRF, which address family, in which state.

use std::{
    collections::BTreeMap,
    fmt,
    net::{IpAddr, Ipv4Addr},
    str::FromStr,
    time::Duration,
};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// An address family of BGP (AFI/SAFI), as far as FRR negotiates it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum AddressFamily {
    /// IPv4 unicast.
    Ipv4Unicast,
    /// IPv4 multicast.
    Ipv4Multicast,
    /// IPv4 VPN.
    Ipv4Vpn,
    /// IPv4 labeled unicast.
    Ipv4LabeledUnicast,
    /// IPv4 flowspec.
    Ipv4Flowspec,
    /// IPv6 unicast.
    Ipv6Unicast,
    /// IPv6 multicast.
    Ipv6Multicast,
    /// IPv6 VPN.
    Ipv6Vpn,
    /// IPv6 labeled unicast.
    Ipv6LabeledUnicast,
    /// IPv6 flowspec.
    Ipv6Flowspec,
    /// L2VPN EVPN.
    L2vpnEvpn,
}

impl AddressFamily {
    /// Every family, with FRR's name in `show … json` and the words that it takes in the configuration.
    const NAMES: [(Self, &'static str, &'static str); 11] = [
        (Self::Ipv4Unicast, "ipv4Unicast", "ipv4 unicast"),
        (Self::Ipv4Multicast, "ipv4Multicast", "ipv4 multicast"),
        (Self::Ipv4Vpn, "ipv4Vpn", "ipv4 vpn"),
        (Self::Ipv4LabeledUnicast, "ipv4LabeledUnicast", "ipv4 labeled-unicast"),
        (Self::Ipv4Flowspec, "ipv4Flowspec", "ipv4 flowspec"),
        (Self::Ipv6Unicast, "ipv6Unicast", "ipv6 unicast"),
        (Self::Ipv6Multicast, "ipv6Multicast", "ipv6 multicast"),
        (Self::Ipv6Vpn, "ipv6Vpn", "ipv6 vpn"),
        (Self::Ipv6LabeledUnicast, "ipv6LabeledUnicast", "ipv6 labeled-unicast"),
        (Self::Ipv6Flowspec, "ipv6Flowspec", "ipv6 flowspec"),
        (Self::L2vpnEvpn, "l2VpnEvpn", "l2vpn evpn"),
    ];

    /// Returns the family that FRR's JSON calls `name` (`ipv4Unicast`, …).
    pub fn from_json_name(name: &str) -> Option<Self> {
        Self::NAMES.iter().find(|(_, json, _)| *json == name).map(|(family, ..)| *family)
    }

    /// Returns whether `network` of this family may name `prefix`.
    pub fn takes_prefix(self, prefix: ipnet::IpNet) -> bool {
        match self {
            Self::Ipv4Unicast
            | Self::Ipv4Multicast
            | Self::Ipv4Vpn
            | Self::Ipv4LabeledUnicast
            | Self::Ipv4Flowspec => prefix.max_prefix_len() == 32,
            Self::Ipv6Unicast
            | Self::Ipv6Multicast
            | Self::Ipv6Vpn
            | Self::Ipv6LabeledUnicast
            | Self::Ipv6Flowspec => prefix.max_prefix_len() == 128,
            Self::L2vpnEvpn => true,
        }
    }

    /// Returns the family that the configuration calls `words` (`ipv4 unicast`, …; `ipv4` alone is unicast).
    pub fn from_config_words(words: &str) -> Option<Self> {
        match words {
            "ipv4" => Some(Self::Ipv4Unicast),
            "ipv6" => Some(Self::Ipv6Unicast),
            _ => Self::NAMES.iter().find(|(_, _, config)| *config == words).map(|(family, ..)| *family),
        }
    }

    /// The words that FRR's command line takes: `ipv4 unicast`, `l2vpn evpn`, ….
    pub fn config_words(self) -> &'static str {
        Self::NAMES.iter().find(|(family, ..)| *family == self).map_or("", |(.., config)| config)
    }

    /// The name in labels and status: `ipv4-unicast`, as `OpenConfig` spells it, in lower case.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ipv4Unicast => "ipv4-unicast",
            Self::Ipv4Multicast => "ipv4-multicast",
            Self::Ipv4Vpn => "ipv4-vpn",
            Self::Ipv4LabeledUnicast => "ipv4-labeled-unicast",
            Self::Ipv4Flowspec => "ipv4-flowspec",
            Self::Ipv6Unicast => "ipv6-unicast",
            Self::Ipv6Multicast => "ipv6-multicast",
            Self::Ipv6Vpn => "ipv6-vpn",
            Self::Ipv6LabeledUnicast => "ipv6-labeled-unicast",
            Self::Ipv6Flowspec => "ipv6-flowspec",
            Self::L2vpnEvpn => "l2vpn-evpn",
        }
    }
}

impl fmt::Display for AddressFamily {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A remote router, as the configuration and FRR name it.
///
/// Addresses are ordered before interfaces, IPv4 before IPv6.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(from = "String", into = "String")]
#[schemars(with = "String")]
pub enum PeerId {
    /// A peer with a configured (or dynamically accepted) address.
    Address(IpAddr),
    /// An unnumbered peer: the name of the interface.
    Interface(String),
}

impl From<String> for PeerId {
    fn from(text: String) -> Self {
        IpAddr::from_str(&text).map_or(Self::Interface(text), Self::Address)
    }
}

impl From<&str> for PeerId {
    fn from(text: &str) -> Self {
        Self::from(text.to_owned())
    }
}

impl From<PeerId> for String {
    fn from(peer: PeerId) -> Self {
        peer.to_string()
    }
}

impl fmt::Display for PeerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address(address) => address.fmt(f),
            Self::Interface(name) => f.write_str(name),
        }
    }
}

/// The name of the VRF that FRR calls `default`.
pub const VRF_DEFAULT: &str = "default";

/// A BGP session of this node: one peer in one VRF.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct SessionId {
    /// The VRF; [`VRF_DEFAULT`] for the default one, never empty.
    pub vrf: String,
    /// The remote router.
    pub peer: PeerId,
}

impl SessionId {
    /// Returns the session with `peer` in the default VRF.
    pub fn in_default_vrf(peer: impl Into<PeerId>) -> Self {
        Self { vrf: VRF_DEFAULT.to_owned(), peer: peer.into() }
    }
}

impl fmt::Display for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.vrf == VRF_DEFAULT { self.peer.fmt(f) } else { write!(f, "{}%{}", self.peer, self.vrf) }
    }
}

/// The state of a session (RFC 4271 §8.2.2), numbered as in RFC 4273 `bgpPeerState`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[repr(u8)]
pub enum SessionState {
    /// bgpd did not answer, or named a state that is not known.
    Unknown = 0,
    /// Refuses connections, or waits to start again.
    Idle = 1,
    /// Waits for its TCP connection.
    Connect = 2,
    /// Listens for the peer's TCP connection.
    Active = 3,
    /// OPEN sent.
    OpenSent = 4,
    /// OPEN exchanged.
    OpenConfirm = 5,
    /// Routes are exchanged.
    Established = 6,
}

impl SessionState {
    /// The state's name, as RFC 4271 and FRR spell it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unknown => "Unknown",
            Self::Idle => "Idle",
            Self::Connect => "Connect",
            Self::Active => "Active",
            Self::OpenSent => "OpenSent",
            Self::OpenConfirm => "OpenConfirm",
            Self::Established => "Established",
        }
    }
}

impl fmt::Display for SessionState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What bgpd says about one session. `None` is always "not said", never zero.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// Who, in which VRF.
    pub id: SessionId,
    /// Look at this first: some counters outlive the session (T21).
    pub state: SessionState,
    /// Our AS towards this peer.
    pub local_as: Option<u32>,
    /// The peer's AS; 0 while the AS of an `external` peer is not known yet.
    pub peer_as: Option<u32>,
    /// The peer group in the configuration.
    pub peer_group: Option<String>,
    /// The description in the configuration.
    pub description: Option<String>,
    /// The interface of an unnumbered peer.
    pub interface: Option<String>,
    /// The address of an unnumbered peer, once it is known.
    pub remote_address: Option<IpAddr>,
    /// The peer's router ID; never 0.0.0.0.
    pub remote_router_id: Option<Ipv4Addr>,
    /// Shut down on purpose (`neighbor … shutdown`).
    pub admin_down: bool,
    /// Accepted by a `bgp listen range`, not configured by itself.
    pub dynamic: bool,
    /// Since it was established, in whole seconds; only while it is.
    pub uptime: Option<Duration>,
    /// How often it was established since bgpd started.
    pub connections_established: Option<u64>,
    /// How often it was lost since bgpd started. Lost for dynamic peers, which are created anew.
    pub connections_dropped: Option<u64>,
    /// Why it went down the last time; FRR fills this also for a peer that was never up.
    pub last_reset: Option<LastReset>,
    /// ROUTE-REFRESH messages sent: grows with each soft clear that asks the peer.
    pub route_refresh_sent: Option<u64>,
    /// UPDATE messages received.
    pub updates_received: Option<u64>,
    /// Both sides announced the route refresh capability. False while not established.
    pub can_route_refresh: bool,
    /// The address families that are activated, with their counters and policies.
    pub families: BTreeMap<AddressFamily, FamilyState>,
    /// The BFD session that guards it, if one is configured.
    pub bfd: Option<Bfd>,
    /// Graceful restart, as negotiated.
    pub graceful_restart: Option<GracefulRestart>,
}

/// The end of a session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastReset {
    /// FRR's words (`bgpd/bgp_vty.c peer_down_str`); absent on 10.3 for a peer that was never reset.
    pub reason: Option<String>,
    /// How long ago.
    pub ago: Option<Duration>,
}

/// One address family of a session.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FamilyState {
    /// Prefixes that the inbound policy let through; 0 while not established.
    pub accepted: u64,
    /// Prefixes of a lost session that graceful restart still keeps in use.
    pub stale: u64,
    /// Prefixes announced to the peer; absent while not established.
    pub sent: Option<u64>,
    /// `neighbor … maximum-prefix`.
    pub prefixes_max: Option<u64>,
    /// What decides on routes from the peer.
    pub inbound: Policy,
    /// What decides on routes to the peer.
    pub outbound: Policy,
    /// `soft-reconfiguration inbound`: the Adj-RIB-In is stored, so a policy can be run again without the peer.
    pub soft_reconfiguration_inbound: bool,
}

/// The policy of one direction: the names that the neighbor, or its peer group, refers to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Policy {
    /// `neighbor … route-map`. Named also if no such route-map exists, which denies all.
    pub route_map: Option<String>,
    /// `neighbor … prefix-list`.
    pub prefix_list: Option<String>,
    /// `neighbor … filter-list` (AS path).
    pub filter_list: Option<String>,
    /// `neighbor … distribute-list` (access list).
    pub distribute_list: Option<String>,
    /// Everything is discarded because `bgp ebgp-requires-policy` found no policy (RFC 8212).
    pub missing: bool,
}

/// A BFD session, as seen by whoever reported it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bfd {
    /// Whether the path is alive.
    pub state: BfdState,
    /// For how long; only bfdd knows.
    pub since: Option<Duration>,
    /// Why it went down (RFC 5880 §4.1); only bfdd knows, and never `ok`.
    pub diagnostic: Option<String>,
}

/// The state of a BFD session (RFC 5880 §4.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
pub enum BfdState {
    /// bgpd has no word from bfdd, or named a state that is not known.
    Unknown,
    /// Shut down on purpose.
    AdminDown,
    /// No packets from the peer.
    Down,
    /// Packets from the peer, which does not see ours yet.
    Init,
    /// Both ways.
    Up,
}

/// Graceful restart of one session (RFC 4724).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GracefulRestart {
    /// Our mode: `Restart`, `Helper`, `Disable`.
    pub local_mode: Option<String>,
    /// The peer's mode; absent until it was negotiated.
    pub remote_mode: Option<String>,
    /// The peer restarts: its routes are kept for this long, unless it comes back before.
    pub restarting: Option<Duration>,
}

// === impl Session ===

impl Session {
    /// Returns a session of which nothing is known.
    pub fn unknown(id: SessionId) -> Self {
        Self {
            id,
            state: SessionState::Unknown,
            local_as: None,
            peer_as: None,
            peer_group: None,
            description: None,
            interface: None,
            remote_address: None,
            remote_router_id: None,
            admin_down: false,
            dynamic: false,
            uptime: None,
            connections_established: None,
            connections_dropped: None,
            last_reset: None,
            route_refresh_sent: None,
            updates_received: None,
            can_route_refresh: false,
            families: BTreeMap::new(),
            bfd: None,
            graceful_restart: None,
        }
    }

    /// Whether routes are exchanged.
    pub fn is_established(&self) -> bool {
        self.state == SessionState::Established
    }
}

// === impl BfdState ===

impl BfdState {
    /// The name in status and labels.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unknown => "Unknown",
            Self::AdminDown => "AdminDown",
            Self::Down => "Down",
            Self::Init => "Init",
            Self::Up => "Up",
        }
    }
}

impl fmt::Display for BfdState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
