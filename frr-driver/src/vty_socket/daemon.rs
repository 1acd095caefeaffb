//! FRR's daemons.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A daemon of FRR that has a vty socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Daemon {
    /// Management daemon (10.0 and later): prefix-lists, route-maps and static routes of the others.
    Mgmtd,
    /// Kernel routes and interfaces.
    Zebra,
    /// BGP.
    Bgpd,
    /// Static routes.
    Staticd,
    /// BFD.
    Bfdd,
    /// OSPF.
    Ospfd,
    /// `OSPFv3`.
    Ospf6d,
    /// IS-IS.
    Isisd,
    /// RIP.
    Ripd,
    /// `RIPng`.
    Ripngd,
    /// EIGRP.
    Eigrpd,
    /// Babel.
    Babeld,
    /// `OpenFabric`.
    Fabricd,
    /// LDP.
    Ldpd,
    /// NHRP.
    Nhrpd,
    /// PIM.
    Pimd,
    /// `PIMv6`.
    Pim6d,
    /// Policy-based routing.
    Pbrd,
    /// Segment routing policies.
    Pathd,
    /// VRRP.
    Vrrpd,
    /// The supervisor.
    Watchfrr,
}

// === impl Daemon ===

impl Daemon {
    /// Every daemon, in the order in which FRR starts them.
    pub const ALL: [Self; 21] = [
        Self::Mgmtd,
        Self::Zebra,
        Self::Bgpd,
        Self::Staticd,
        Self::Bfdd,
        Self::Ospfd,
        Self::Ospf6d,
        Self::Isisd,
        Self::Ripd,
        Self::Ripngd,
        Self::Eigrpd,
        Self::Babeld,
        Self::Fabricd,
        Self::Ldpd,
        Self::Nhrpd,
        Self::Pimd,
        Self::Pim6d,
        Self::Pbrd,
        Self::Pathd,
        Self::Vrrpd,
        Self::Watchfrr,
    ];

    /// The name of the program, of its socket and of its `vtysh -d` option.
    pub fn name(self) -> &'static str {
        match self {
            Self::Mgmtd => "mgmtd",
            Self::Zebra => "zebra",
            Self::Bgpd => "bgpd",
            Self::Staticd => "staticd",
            Self::Bfdd => "bfdd",
            Self::Ospfd => "ospfd",
            Self::Ospf6d => "ospf6d",
            Self::Isisd => "isisd",
            Self::Ripd => "ripd",
            Self::Ripngd => "ripngd",
            Self::Eigrpd => "eigrpd",
            Self::Babeld => "babeld",
            Self::Fabricd => "fabricd",
            Self::Ldpd => "ldpd",
            Self::Nhrpd => "nhrpd",
            Self::Pimd => "pimd",
            Self::Pim6d => "pim6d",
            Self::Pbrd => "pbrd",
            Self::Pathd => "pathd",
            Self::Vrrpd => "vrrpd",
            Self::Watchfrr => "watchfrr",
        }
    }

    /// Returns the daemon of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|daemon| daemon.name() == name)
    }
}

impl fmt::Display for Daemon {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
