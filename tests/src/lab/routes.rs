//! The routes that FRR put into a node's kernel.

use std::{collections::BTreeMap, net::IpAddr};

use serde::Deserialize;

use super::{LabError, Node};

/// BGP routes in the kernel: prefix → its next hops, sorted; host routes have their `/32` or `/128`.
pub type KernelRoutes = BTreeMap<String, Vec<NextHop>>;

/// Where packets of a route go.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct NextHop {
    /// The next router; `None` for a route that only names an interface.
    pub gateway: Option<IpAddr>,
    /// The interface; empty if the kernel names none (blackhole).
    pub interface: String,
}

/// A route in `ip -json route show`, iproute2 5.10 to 6.x.
#[derive(Debug, Deserialize)]
struct WireRoute {
    dst: String,
    #[serde(flatten)]
    single: WireHop,
    #[serde(default)]
    nexthops: Vec<WireHop>,
}

/// A next hop; `via` is a gateway of the other family.
#[derive(Debug, Deserialize)]
struct WireHop {
    gateway: Option<IpAddr>,
    via: Option<WireVia>,
    dev: Option<String>,
}

#[derive(Debug, Deserialize)]
struct WireVia {
    host: IpAddr,
}

impl Node {
    /// Returns the routes of protocol bgp in the main table, IPv4 and IPv6.
    pub fn kernel_routes(&self) -> Result<KernelRoutes, LabError> {
        let mut routes = KernelRoutes::new();
        for (family, default, length) in [("-4", "0.0.0.0/0", "/32"), ("-6", "::/0", "/128")] {
            let text = self.ip(&[family, "-json", "route", "show", "proto", "bgp"])?;
            collect(&mut routes, parse(&text)?, default, length);
        }
        Ok(routes)
    }
}

impl WireRoute {
    fn into_hops(self) -> Vec<NextHop> {
        let hops = if self.nexthops.is_empty() { vec![self.single] } else { self.nexthops };
        let next_hop = |hop: WireHop| NextHop {
            gateway: hop.gateway.or(hop.via.map(|via| via.host)),
            interface: hop.dev.unwrap_or_default(),
        };
        hops.into_iter().map(next_hop).collect()
    }
}

/// Adds the routes of one family, whose default route is `default` and whose host routes have `length`.
fn collect(routes: &mut KernelRoutes, family: Vec<WireRoute>, default: &str, length: &str) {
    for route in family {
        let prefix = match route.dst.as_str() {
            "default" => default.to_owned(),
            dst if dst.contains('/') => dst.to_owned(),
            dst => format!("{dst}{length}"),
        };
        // Old kernels list an IPv6 route once per next hop.
        let hops = routes.entry(prefix).or_default();
        hops.extend(route.into_hops());
        hops.sort();
    }
}

/// Parses the answer of `ip`; no route at all may be an empty text.
fn parse(text: &str) -> Result<Vec<WireRoute>, LabError> {
    let text = if text.trim().is_empty() { "[]" } else { text };
    serde_json::from_str(text).map_err(|source| LabError::Unreadable {
        command: "ip -json route show proto bgp".to_owned(),
        text: text.chars().take(400).collect(),
        source,
    })
}

#[cfg(test)]
mod tests;
