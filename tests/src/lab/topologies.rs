//! Topologies that many tests use.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::{
    FrrVersion, NodeSpec, Topology,
    gateway::Gateway,
    metallb::{Base, Peer},
};

/// The node of a cluster with two gateways, as in `MetalLB`'s documentation and in our demo.
///
/// ```text
///                        ┌─ eth-a 172.30.1.2 fd00:30:1::2 ─── 172.30.1.3 fd00:30:1::3  gw-a
///  node, AS 64512        │                                                             AS 64513
///                        └─ eth-b 172.30.2.2 fd00:30:2::2 ─── 172.30.2.3 fd00:30:2::3  gw-b
/// ```
///
/// Four sessions. Both gateways are in one AS, as those of a fabric, so that `MetalLB`'s unchanged base makes two
/// next hops of what both announce.
#[derive(Clone, Debug)]
pub struct TwoGateways {
    /// The node's FRR.
    pub version: FrrVersion,
    /// The gateways' FRR: another, so that a test of the node's version is one of that version alone.
    pub gateway_version: FrrVersion,
    /// What `MetalLB` renders for the node.
    pub base: Base,
    /// The router gw-a.
    pub gateway_a: Gateway,
    /// The router gw-b.
    pub gateway_b: Gateway,
}

impl TwoGateways {
    /// The name of the node.
    pub const NODE: &'static str = "node";
    /// The names of the gateways.
    pub const GATEWAYS: [&'static str; 2] = ["gw-a", "gw-b"];
    /// The node's interfaces, to gw-a and gw-b.
    pub const INTERFACES: [&'static str; 2] = ["eth-a", "eth-b"];
    /// The gateways' interface.
    pub const GATEWAY_INTERFACE: &'static str = "net1";
    /// The AS number of the node.
    pub const NODE_ASN: u32 = 64512;
    /// The AS number of both gateways.
    pub const GATEWAY_ASN: u32 = 64513;
    /// The node's addresses on the links to gw-a and gw-b.
    pub const NODE_ADDRESSES: [(Ipv4Addr, Ipv6Addr); 2] = [addresses(1, 2), addresses(2, 2)];
    /// The addresses of gw-a and gw-b.
    pub const GATEWAY_ADDRESSES: [(Ipv4Addr, Ipv6Addr); 2] = [addresses(1, 3), addresses(2, 3)];
    /// What both gateways announce.
    pub const SHARED: [&'static str; 4] =
        ["10.100.0.0/24", "10.100.1.0/24", "2001:db8:100::/64", "2001:db8:101::/64"];
    /// What only gw-a announces.
    pub const ONLY_A: [&'static str; 2] = ["10.1.0.0/24", "2001:db8:1::/64"];
    /// What only gw-b announces.
    pub const ONLY_B: [&'static str; 2] = ["10.2.0.0/24", "2001:db8:2::/64"];
    /// Where the node's base configuration is, for the agent's `--base`.
    pub const BASE_PATH: &'static str = "/etc/routelet/base/frr.conf";
    /// Where the node's extras should be mounted, for the agent's `--extras`.
    pub const EXTRAS_PATH: &'static str = "/etc/routelet/extras";

    /// Returns the topology with `version` on the node and the newest version on the gateways.
    pub fn new(version: FrrVersion) -> Self {
        let mut base = Base::new(Self::NODE, Self::NODE_ASN, Self::NODE_ADDRESSES[0].0);
        for (four, six) in Self::GATEWAY_ADDRESSES {
            base = base.peer(Peer::new(four.into(), Self::GATEWAY_ASN));
            base = base.peer(Peer::new(six.into(), Self::GATEWAY_ASN));
        }
        let gateway = |number: usize, own: [&str; 2]| {
            let (addresses, node) = match number {
                0 => (Self::GATEWAY_ADDRESSES[0], Self::NODE_ADDRESSES[0]),
                _ => (Self::GATEWAY_ADDRESSES[1], Self::NODE_ADDRESSES[1]),
            };
            Gateway::new(Self::GATEWAY_ASN, addresses.0)
                .neighbor(node.0.into(), Self::NODE_ASN)
                .neighbor(node.1.into(), Self::NODE_ASN)
                .announce(Self::SHARED)
                .announce(own)
        };
        let (gateway_a, gateway_b) = (gateway(0, Self::ONLY_A), gateway(1, Self::ONLY_B));
        Self { version, gateway_version: FrrVersion::NEWEST, base, gateway_a, gateway_b }
    }

    /// Returns the addresses of the four peers of the node.
    pub fn peers(&self) -> Vec<IpAddr> {
        self.base.peers.iter().map(|peer| peer.address).collect()
    }

    /// Returns the topology: the base is at [`Self::BASE_PATH`] and loaded, so the sessions come up, and no route
    /// gets in.
    pub fn topology(&self) -> Topology {
        let base = self.base.render();
        let node = NodeSpec::frr(Self::NODE, self.version).file(Self::BASE_PATH, &base).config(&base);
        let mut topology = Topology::new().node(node);
        let gateways = [&self.gateway_a, &self.gateway_b].into_iter().zip(Self::GATEWAYS);
        for (gateway, name) in gateways {
            topology = topology.node(NodeSpec::frr(name, self.gateway_version).config(gateway.render()));
        }
        let ends = Self::GATEWAYS.into_iter().zip(Self::INTERFACES);
        let addresses = Self::NODE_ADDRESSES.into_iter().zip(Self::GATEWAY_ADDRESSES);
        for ((gateway, interface), (here, there)) in ends.zip(addresses) {
            let length = |(four, six)| [format!("{four}/24"), format!("{six}/64")];
            let (here, there): ([String; 2], [String; 2]) = (length(here), length(there));
            topology = topology.link(
                (Self::NODE, interface, here.each_ref().map(String::as_str)),
                (gateway, Self::GATEWAY_INTERFACE, there.each_ref().map(String::as_str)),
            );
        }
        topology
    }
}

/// Returns [`TwoGateways`] with FRR `version` on the node.
pub fn two_gateways(version: FrrVersion) -> TwoGateways {
    TwoGateways::new(version)
}

/// Returns the addresses of `host` on the link `link`.
const fn addresses(link: u8, host: u8) -> (Ipv4Addr, Ipv6Addr) {
    let six = Ipv6Addr::new(0xfd00, 0x30, link as u16, 0, 0, 0, 0, host as u16);
    (Ipv4Addr::new(172, 30, link, host), six)
}
