//! The router on the other side: announces prefixes, takes whatever comes.

use std::{
    fmt::Write as _,
    net::{IpAddr, Ipv4Addr},
};

/// A gateway of the nodes.
#[derive(Clone, Debug)]
pub struct Gateway {
    /// The AS number.
    pub asn: u32,
    /// The BGP identifier.
    pub router_id: Ipv4Addr,
    /// The nodes: address and AS number; the address family is that of the address.
    pub neighbors: Vec<(IpAddr, u32)>,
    /// The prefixes that it announces, IPv4 and IPv6; they need not exist.
    pub prefixes: Vec<String>,
    /// More lines of a neighbor, for all of them: `password secret`, `bfd`.
    pub options: Vec<String>,
}

impl Gateway {
    /// Returns a gateway without neighbors and prefixes.
    pub fn new(asn: u32, router_id: Ipv4Addr) -> Self {
        Self { asn, router_id, neighbors: Vec::new(), prefixes: Vec::new(), options: Vec::new() }
    }

    /// Adds a node.
    #[must_use]
    pub fn neighbor(mut self, address: IpAddr, asn: u32) -> Self {
        self.neighbors.push((address, asn));
        self
    }

    /// Adds a line to every neighbor.
    #[must_use]
    pub fn option(mut self, words: impl Into<String>) -> Self {
        self.options.push(words.into());
        self
    }

    /// Announces prefixes.
    #[must_use]
    pub fn announce<S: Into<String>>(mut self, prefixes: impl IntoIterator<Item = S>) -> Self {
        self.prefixes.extend(prefixes.into_iter().map(Into::into));
        self
    }

    /// Returns the `frr.conf`.
    pub fn render(&self) -> String {
        let mut text = format!(
            "router bgp {}\n no bgp ebgp-requires-policy\n no bgp network import-check\n \
             no bgp default ipv4-unicast\n bgp router-id {}\n",
            self.asn, self.router_id
        );
        for (address, asn) in &self.neighbors {
            _ = writeln!(text, " neighbor {address} remote-as {asn}");
            let options = ["timers 3 9", "timers connect 1"].into_iter();
            let options = options.chain(self.options.iter().map(String::as_str));
            options.for_each(|option| _ = writeln!(text, " neighbor {address} {option}"));
        }
        for (family, six) in [("ipv4", false), ("ipv6", true)] {
            _ = writeln!(text, " address-family {family} unicast");
            for prefix in self.prefixes.iter().filter(|prefix| prefix.contains(':') == six) {
                _ = writeln!(text, "  network {prefix}");
            }
            for (address, _) in self.neighbors.iter().filter(|(address, _)| address.is_ipv6() == six) {
                _ = writeln!(text, "  neighbor {address} activate");
            }
            text.push_str(" exit-address-family\n");
        }
        text.push_str("exit\n");
        text
    }
}
