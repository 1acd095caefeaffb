//! What `MetalLB` in FRR mode gives a node: the base configuration, and the users' `bgpextras`.
//!
//! The shape is that of `MetalLB` v0.15 (`internal/bgp/frr/templates/frr.tmpl`), down to the order, the blank lines
//! and what is missing (no `exit`, no `!`); only the log goes to a file, since no daemon has a stdout here.

use std::{
    fmt::Write as _,
    net::{IpAddr, Ipv4Addr},
};

/// The configuration that `MetalLB`'s speaker renders for a node.
#[derive(Clone, Debug)]
pub struct Base {
    /// The host name.
    pub hostname: String,
    /// The AS number of the node.
    pub asn: u32,
    /// The BGP identifier.
    pub router_id: Ipv4Addr,
    /// The peers.
    pub peers: Vec<Peer>,
    /// The prefixes of the cluster's services, IPv4 and IPv6, announced to every peer.
    pub advertised: Vec<String>,
    /// What follows `router bgp`, word for word: `bfd` profiles, or the extras that `MetalLB` itself appends.
    pub tail: String,
}

/// A `BGPPeer` of `MetalLB`; it has one address family, that of its address.
#[derive(Clone, Debug)]
pub struct Peer {
    /// Its address.
    pub address: IpAddr,
    /// Its AS number.
    pub asn: u32,
    /// More lines, without `neighbor <address>` before them: `password secret`, `bfd profile fast`.
    pub options: Vec<String>,
}

/// What the users let in.
#[derive(Clone, Copy, Debug)]
pub enum Filter<'a> {
    /// Everything: `route-map <peer>-in permit 20` without a match.
    Everything,
    /// What a prefix-list has, by IPv4 and IPv6 prefixes (`10.0.0.0/8 le 32`).
    Prefixes(&'a [&'a str]),
}

/// The prefix-list of the extras, in both families.
const LIST: &str = "filtered";

// === impl Base ===

impl Base {
    /// Returns the base of a node without peers and services.
    pub fn new(hostname: impl Into<String>, asn: u32, router_id: Ipv4Addr) -> Self {
        Self {
            hostname: hostname.into(),
            asn,
            router_id,
            peers: Vec::new(),
            advertised: Vec::new(),
            tail: String::new(),
        }
    }

    /// Adds a peer.
    #[must_use]
    pub fn peer(mut self, peer: Peer) -> Self {
        self.peers.push(peer);
        self
    }

    /// Adds the prefix of a service.
    #[must_use]
    pub fn advertise(mut self, prefix: impl Into<String>) -> Self {
        self.advertised.push(prefix.into());
        self
    }

    /// Adds text behind everything, as `MetalLB` does with the extras.
    #[must_use]
    pub fn append(mut self, text: &str) -> Self {
        self.tail.push_str(text);
        self
    }

    /// Returns the `frr.conf`.
    pub fn render(&self) -> String {
        let mut text = format!(
            "log file /var/log/frr/frr.log informational\nlog timestamp precision 3\nhostname {}\n\
             ip nht resolve-via-default\nipv6 nht resolve-via-default\n",
            self.hostname
        );
        for peer in &self.peers {
            self.render_policy(&mut text, peer.address);
        }
        _ = write!(
            text,
            "\nrouter bgp {}\n  no bgp ebgp-requires-policy\n  no bgp network import-check\n  \
             no bgp default ipv4-unicast\n  bgp graceful-restart preserve-fw-state\n\n  bgp router-id {}\n",
            self.asn, self.router_id
        );
        self.peers.iter().for_each(|peer| peer.render_neighbor(&mut text));
        self.peers.iter().for_each(|peer| peer.render_family(&mut text));
        for (family, prefixes) in [("ipv4", self.advertised(false)), ("ipv6", self.advertised(true))] {
            if !prefixes.is_empty() {
                _ = writeln!(text, "\n  address-family {family} unicast");
                for prefix in prefixes {
                    _ = writeln!(text, "    network {prefix}");
                }
                text.push_str("  exit-address-family\n");
            }
        }
        text.push('\n');
        text.push_str(&self.tail);
        text
    }

    fn render_policy(&self, text: &mut String, peer: IpAddr) {
        _ = writeln!(text, "route-map {peer}-in deny 20");
        for (keyword, family, six) in [("ip", "ipv4", false), ("ipv6", "ipv6", true)] {
            text.push_str("\n\n");
            let mut sequence = 0;
            // MetalLB announces a service in the family of the session only.
            if six == peer.is_ipv6() {
                for prefix in self.advertised(six) {
                    sequence += 1;
                    _ = writeln!(
                        text,
                        "{keyword} prefix-list {peer}-allowed-{family} seq {sequence} permit {prefix}"
                    );
                }
            }
            if sequence == 0 {
                _ = writeln!(text, "{keyword} prefix-list {peer}-allowed-{family} seq 1 deny any");
            }
        }
        for (number, keyword, family) in [(1, "ip", "ipv4"), (2, "ipv6", "ipv6")] {
            _ = writeln!(
                text,
                "\nroute-map {peer}-out permit {number}\n  \
                 match {keyword} address prefix-list {peer}-allowed-{family}"
            );
        }
    }

    fn advertised(&self, six: bool) -> Vec<&str> {
        self.advertised.iter().map(String::as_str).filter(|prefix| prefix.contains(':') == six).collect()
    }
}

// === impl Peer ===

impl Peer {
    /// Returns the peer at `address` in the AS `asn`.
    pub fn new(address: IpAddr, asn: u32) -> Self {
        Self { address, asn, options: Vec::new() }
    }

    /// Adds a line of `neighbor <address>`.
    #[must_use]
    pub fn option(mut self, words: impl Into<String>) -> Self {
        self.options.push(words.into());
        self
    }

    /// Hold and connect times are short, so that tests are.
    fn render_neighbor(&self, text: &mut String) {
        let (address, asn) = (self.address, self.asn);
        _ = writeln!(text, "  neighbor {address} remote-as {asn}");
        for option in ["port 179", "timers 3 9", "timers connect 1"] {
            _ = writeln!(text, "  neighbor {address} {option}");
        }
        self.options.iter().for_each(|option| _ = writeln!(text, "  neighbor {address} {option}"));
        if address.is_ipv6() {
            _ = writeln!(text, "  neighbor {address} disable-connected-check");
        }
    }

    fn render_family(&self, text: &mut String) {
        let (address, family) = (self.address, if self.address.is_ipv6() { "ipv6" } else { "ipv4" });
        _ = write!(
            text,
            "\n  address-family {family} unicast\n    neighbor {address} activate\n    \
             neighbor {address} route-map {address}-in in\n    \
             neighbor {address} route-map {address}-out out\n  exit-address-family\n"
        );
    }
}

/// Returns the text of the key `extras` in the `ConfigMap` `bgpextras` that lets in what `filter` says, as the
/// users write it (without `seq`, without `exit`).
pub fn extras<'a>(peers: impl IntoIterator<Item = &'a Peer>, filter: Filter<'_>) -> String {
    let mut text = String::new();
    let prefixes = match filter {
        Filter::Everything => [].as_slice(),
        Filter::Prefixes(prefixes) => prefixes,
    };
    for prefix in prefixes {
        let keyword = if prefix.contains(':') { "ipv6" } else { "ip" };
        _ = writeln!(text, "{keyword} prefix-list {LIST} permit {prefix}");
    }
    for peer in peers {
        _ = writeln!(text, "route-map {}-in permit 20", peer.address);
        let keyword = if peer.address.is_ipv6() { "ipv6" } else { "ip" };
        match filter {
            Filter::Everything => {}
            Filter::Prefixes(_) => _ = writeln!(text, "  match {keyword} address prefix-list {LIST}"),
        }
    }
    text
}
