//! The lab of one change: the node, the router of all peers, and a bystander whom nothing concerns.
//!
//! ```text
//!                  ┌─ net1 … net15 ─── one link and one session for each peer ─── peers, AS 64513
//!  node, AS 64512  │
//!                  └─ net16 ────────── its own policies, which never change ───── bystander, AS 64514
//! ```
//!
//! Each peer announces prefixes of its own, and has lists and maps of its own: what happens to one tells nothing of
//! another. They are one router because a route knows the session that it came through.

use std::fmt::Write as _;

use routelet_tests::lab::{FrrVersion, NodeSpec, Topology};

use super::{
    change::Change,
    peer::{Kind, Peer, Refresh, SERVICES, interface, service},
    policy::Policy,
};

pub(crate) const NODE: &str = "node";
pub(crate) const PEERS: &str = "peers";
pub(crate) const BYSTANDER: &str = "bystander";

/// Where the node's base is.
pub(crate) const BASE_PATH: &str = "/etc/routelet/base/frr.conf";

/// Where the node's extras are mounted.
pub(crate) const EXTRAS_PATH: &str = "/etc/routelet/extras";

/// The link of the bystander.
pub(crate) const BYSTANDER_LINK: u8 = 16;

/// The bystander as the node knows it, and the node as the bystander does.
pub(crate) const BYSTANDER_SESSION: &str = "172.31.16.3";
pub(crate) const BYSTANDER_FAR_SESSION: &str = "172.31.16.2";

/// What the bystander announces.
pub(crate) const BYSTANDER_PREFIXES: [&str; 2] = ["10.16.0.0/24", "10.16.1.0/24"];

const NODE_ASN: u32 = 64512;
const PEERS_ASN: u32 = 64513;
const BYSTANDER_ASN: u32 = 64514;

const DAEMONS: [&str; 4] = ["mgmtd", "zebra", "bgpd", "staticd"];

/// What every router has; nobody takes a peer for dead because this machine is busy.
const ROUTER: &str = " no bgp ebgp-requires-policy\n no bgp network import-check\n \
                      no bgp default ipv4-unicast\n timers bgp 10 30\n";

/// One change, with those whom it concerns.
#[derive(Clone, Debug)]
pub(crate) struct Bed {
    pub(crate) version: FrrVersion,
    pub(crate) change: Change,
    pub(crate) peers: Vec<Peer>,
}

// === impl Bed ===

impl Bed {
    /// The routers, as they are before the change.
    pub(crate) fn topology(&self) -> Topology {
        let base = self.base(&self.change.bases().0);
        let newest = FrrVersion::NEWEST;
        let mut topology = Topology::new()
            .node(
                NodeSpec::frr(NODE, self.version)
                    .daemons(&DAEMONS)
                    .file(BASE_PATH, &base)
                    .config(self.loaded_at_start()),
            )
            .node(NodeSpec::frr(PEERS, newest).daemons(&DAEMONS).config(self.far_side()))
            .node(NodeSpec::frr(BYSTANDER, newest).daemons(&DAEMONS).config(bystander()));
        let links = self.peers.iter().map(|peer| (peer.number, PEERS));
        for (number, far) in links.chain([(BYSTANDER_LINK, BYSTANDER)]) {
            let addresses =
                |host: u8| [format!("172.31.{number}.{host}/24"), format!("fd00:31:{number:x}::{host}/64")];
            let (here, there, interface) = (addresses(2), addresses(3), interface(number));
            topology = topology.link(
                (NODE, interface.as_str(), here.each_ref().map(String::as_str)),
                (far, interface.as_str(), there.each_ref().map(String::as_str)),
            );
        }
        topology
    }

    /// The base of the node, with `policy` for each peer.
    pub(crate) fn base(&self, policy: &Policy) -> String {
        let mut text = String::new();
        if self.change.is_without_delay_timer() {
            text.push_str("bgp route-map delay-timer 0\n");
        }
        self.peers.iter().for_each(|peer| text.push_str(&policy.render_objects(*peer)));
        _ = write!(
            text,
            "ip prefix-list bystander seq 5 permit {}\nroute-map bystander-in permit 10\n\
             route-map bystander-out permit 10\n  match ip address prefix-list bystander\n\
             router bgp {NODE_ASN}\n{ROUTER} bgp router-id 172.31.0.2\n",
            service(false, 0)
        );
        self.peers.iter().for_each(|peer| self.neighbor(*peer, &mut text));
        _ = writeln!(
            text,
            " neighbor {BYSTANDER_SESSION} remote-as {BYSTANDER_ASN}\n \
             neighbor {BYSTANDER_SESSION} timers connect 1"
        );
        for (family, is_six) in [("ipv4", false), ("ipv6", true)] {
            _ = writeln!(text, "  address-family {family} unicast");
            (0..SERVICES).for_each(|index| _ = writeln!(text, "    network {}", service(is_six, index)));
            for peer in self.peers.iter().filter(|peer| peer.is_six() == is_six) {
                let name = peer.policy_name();
                _ = writeln!(text, "    neighbor {name} activate");
                if peer.refresh == Refresh::Stored {
                    _ = writeln!(text, "    neighbor {name} soft-reconfiguration inbound");
                }
                text.push_str(&policy.render_references(*peer));
            }
            if !is_six {
                for words in ["activate", "route-map bystander-in in", "route-map bystander-out out"] {
                    _ = writeln!(text, "    neighbor {BYSTANDER_SESSION} {words}");
                }
            }
            text.push_str("  exit-address-family\n");
        }
        text
    }

    /// The keys of the extras, with an entry for each peer.
    ///
    /// What is for a peer-group is no extra in the sense of `bgpextras`, which names peers: it has a key, and a
    /// contribution, of its own.
    pub(crate) fn extras(&self) -> [(&'static str, String); 2] {
        let (mut peers, mut groups) = (String::new(), String::new());
        for peer in &self.peers {
            let text = if peer.has_group() { &mut groups } else { &mut peers };
            _ = writeln!(text, "route-map {}-in permit 20", peer.policy_name());
        }
        [("extras", peers), ("groups", groups)]
    }

    /// What FRR starts with: the extras appended, as `MetalLB` does it.
    fn loaded_at_start(&self) -> String {
        let mut text = self.base(&self.change.bases().0);
        if self.change.extras().0 {
            text.push_str("exit\n");
            text.extend(self.extras().map(|(_, entries)| entries));
        }
        text
    }

    /// The lines of a neighbor that are of no address family.
    fn neighbor(&self, peer: Peer, text: &mut String) {
        let (session, name) = (peer.session(), peer.policy_name());
        match peer.kind {
            Kind::Ipv4 | Kind::Ipv6 => _ = writeln!(text, " neighbor {session} remote-as {PEERS_ASN}"),
            Kind::Unnumbered => {
                _ = writeln!(text, " neighbor {session} interface v6only remote-as {PEERS_ASN}");
            }
            Kind::Member => {
                _ = write!(
                    text,
                    " neighbor {name} peer-group\n neighbor {name} remote-as {PEERS_ASN}\n \
                     neighbor {session} peer-group {name}\n"
                );
            }
            Kind::Dynamic => {
                _ = write!(
                    text,
                    " neighbor {name} peer-group\n neighbor {name} remote-as {PEERS_ASN}\n \
                     bgp listen range 172.31.{}.0/24 peer-group {name}\n",
                    peer.number
                );
            }
        }
        if peer.kind != Kind::Dynamic {
            _ = writeln!(text, " neighbor {name} timers connect 1");
        }
        // 7.5.1 and a newer router do not agree unless both are without capabilities: the session flaps.
        if peer.refresh == Refresh::Nothing && self.version == FrrVersion::V7_5_1 {
            _ = writeln!(text, " neighbor {name} dont-capability-negotiate");
        }
    }

    /// The router that all peers are.
    fn far_side(&self) -> String {
        let mut text = String::new();
        for peer in &self.peers {
            let keyword = if peer.is_six() { "ipv6" } else { "ip" };
            for (number, prefix) in (1..).zip(peer.prefixes()) {
                _ = writeln!(text, "{keyword} prefix-list own{0} seq {number} permit {prefix}", peer.number);
            }
            _ = write!(
                text,
                "route-map own{0} permit 10\n match {keyword} address prefix-list own{0}\n",
                peer.number
            );
        }
        _ = write!(text, "router bgp {PEERS_ASN}\n{ROUTER} bgp router-id 172.31.0.3\n");
        for peer in &self.peers {
            let name = peer.far_session();
            let kind = if peer.kind == Kind::Unnumbered { "interface v6only " } else { "" };
            _ = writeln!(text, " neighbor {name} {kind}remote-as {NODE_ASN}");
            _ = writeln!(text, " neighbor {name} timers connect 1");
            if peer.refresh == Refresh::Nothing {
                _ = writeln!(text, " neighbor {name} dont-capability-negotiate");
            }
        }
        for (family, is_six) in [("ipv4", false), ("ipv6", true)] {
            _ = writeln!(text, " address-family {family} unicast");
            for peer in self.peers.iter().filter(|peer| peer.is_six() == is_six) {
                let name = peer.far_session();
                peer.prefixes().for_each(|prefix| _ = writeln!(text, "  network {prefix}"));
                _ = writeln!(text, "  neighbor {name} activate");
                _ = writeln!(text, "  neighbor {name} route-map own{} out", peer.number);
            }
            text.push_str(" exit-address-family\n");
        }
        text
    }
}

fn bystander() -> String {
    let mut text = format!("router bgp {BYSTANDER_ASN}\n{ROUTER} bgp router-id 172.31.0.4\n");
    _ = write!(
        text,
        " neighbor {BYSTANDER_FAR_SESSION} remote-as {NODE_ASN}\n \
         neighbor {BYSTANDER_FAR_SESSION} timers connect 1\n address-family ipv4 unicast\n"
    );
    for prefix in BYSTANDER_PREFIXES {
        _ = writeln!(text, "  network {prefix}");
    }
    text + &format!("  neighbor {BYSTANDER_FAR_SESSION} activate\n exit-address-family\n")
}
