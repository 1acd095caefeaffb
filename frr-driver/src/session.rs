//! The vocabulary of BGP sessions: who, in which VRF, which address family, in which state.

use std::{fmt, net::IpAddr, str::FromStr};

use serde::{Deserialize, Serialize};

/// An address family of BGP (AFI/SAFI), as far as FRR negotiates it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
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

    /// The name in labels and status: `ipv4-unicast`, as OpenConfig spells it in lower case.
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
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
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
