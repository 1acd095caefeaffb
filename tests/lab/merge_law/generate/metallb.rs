//! What `MetalLB` in FRR mode gives a node.

use std::fmt::Write as _;

use routelet_tests::lab::metallb::{Base, Peer};

use super::{ASN, Draft, Neighbor, scope};

const OPTIONS: [&str; 8] = [
    "bfd profile fast",
    "password s3cret",
    "ebgp-multihop",
    "graceful-restart",
    "description gateway",
    "update-source 172.30.0.2",
    "bfd",
    "advertisement-interval 0",
];
const SERVICES: [&str; 4] = ["192.0.2.10/32", "192.0.2.11/32", "198.51.100.0/24", "2001:db8:aa::10/128"];

impl Draft<'_> {
    /// Returns a base, and its neighbors.
    pub(super) fn metallb(&mut self) -> (String, Vec<Neighbor>) {
        let mut base = Base::new("r1", ASN, [172, 30, 0, 2].into());
        let mut neighbors = Vec::new();
        for number in 0..self.rng.number(1..=4) {
            let address = if self.rng.chance(70) {
                format!("172.30.0.{}", number + 3)
            } else {
                format!("fd00:30::{}", number + 3)
            };
            let mut peer = Peer::new(address.parse().unwrap(), *self.rng.pick(&[64513, 64514, ASN]));
            let scope = scope("", &address);
            for option in OPTIONS {
                let is_of_ebgp = option == "ebgp-multihop";
                if self.rng.chance(20) && !(is_of_ebgp && (peer.asn == ASN || address.contains(':'))) {
                    peer = peer.option(option);
                    _ = self.used.may_say(&scope, option);
                }
            }
            if address.contains(':') {
                _ = self.used.may_say(&scope, "disable-connected-check");
            }
            let mut neighbor = Neighbor::new(
                "",
                address.clone(),
                if peer.asn == ASN {
                    "64512"
                } else if peer.asn == 64513 {
                    "64513"
                } else {
                    "64514"
                },
            );
            neighbor.inbound = Some(format!("{address}-in"));
            neighbors.push(neighbor);
            base = base.peer(peer);
        }
        for service in SERVICES {
            if self.rng.chance(50) {
                base = base.advertise(service);
            }
        }
        let mut tail = String::new();
        if self.rng.chance(40) {
            tail.push_str("\nbfd\n  profile fast\n    receive-interval 200\n    transmit-interval 200\n    echo-interval 60\n");
        }
        if self.rng.chance(30) {
            neighbors.push(vrf_peer(&mut tail));
        }
        if self.rng.chance(25) {
            neighbors.push(unnumbered_peer(&mut tail));
        }
        let mut text = base.append(&tail).render();
        // What belongs to the host is the host's.
        text = text.lines().filter(|line| !line.starts_with("hostname ")).collect::<Vec<_>>().join("\n");
        text.push('\n');
        (text, neighbors)
    }
}

/// A peer in a VRF, as `MetalLB` renders it.
fn vrf_peer(text: &mut String) -> Neighbor {
    let mut peer = Neighbor::new("red", "172.31.0.3", "64514");
    let map = "172.31.0.3-red-in";
    peer.inbound = Some(map.to_owned());
    _ = write!(
        text,
        "\nroute-map {map} deny 20\nip prefix-list 172.31.0.3-red-allowed-ipv4 seq 1 deny any\n\
         route-map 172.31.0.3-red-out permit 1\n  match ip address prefix-list 172.31.0.3-red-allowed-ipv4\n\n\
         router bgp {ASN} vrf red\n  no bgp ebgp-requires-policy\n  no bgp network import-check\n  \
         no bgp default ipv4-unicast\n\n  bgp router-id 172.30.0.2\n  neighbor 172.31.0.3 remote-as 64514\n  \
         neighbor 172.31.0.3 port 179\n  neighbor 172.31.0.3 timers 30 90\n\n  address-family ipv4 unicast\n    \
         neighbor 172.31.0.3 activate\n    neighbor 172.31.0.3 route-map {map} in\n    \
         neighbor 172.31.0.3 route-map 172.31.0.3-red-out out\n  exit-address-family\n"
    );
    peer
}

fn unnumbered_peer(text: &mut String) -> Neighbor {
    let mut peer = Neighbor::new("", "eth9", "external");
    peer.inbound = Some("eth9-in".to_owned());
    _ = write!(
        text,
        "\nroute-map eth9-in deny 20\nrouter bgp {ASN}\n  neighbor eth9 interface remote-as external\n  \
         neighbor eth9 timers 3 9\n\n  address-family ipv4 unicast\n    \
         neighbor eth9 activate\n    neighbor eth9 route-map eth9-in in\n  exit-address-family\n  \
         address-family ipv6 unicast\n    neighbor eth9 activate\n    neighbor eth9 route-map eth9-in in\n  \
         exit-address-family\n"
    );
    peer
}
