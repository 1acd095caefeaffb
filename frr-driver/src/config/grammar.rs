//! Which line opens a block, and which lines a context takes.

use std::net::IpAddr;

use ipnet::IpNet;
use serde::Serialize;

use crate::session::AddressFamily;

/// A node of FRR's command tree, as far as the agent tells them apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Context {
    /// The top level.
    Top,
    /// `router bgp …`.
    Bgp,
    /// `address-family …` of a BGP instance.
    Family(AddressFamily),
    /// `route-map NAME ACTION SEQ`.
    RouteMap,
    /// `interface NAME`.
    Interface,
    /// `vrf NAME`.
    Vrf,
    /// `bfd`.
    Bfd,
    /// `profile NAME` or `peer …` within `bfd`.
    BfdItem,
    /// A block whose words the agent does not know: kept as it was written.
    Opaque,
}

/// First words that only the top level takes: such a line closes every open block.
const TOP_WORDS: [&str; 32] = [
    "access-list",
    "agentx",
    "allow-external-route-update",
    "allow-reserved-ranges",
    "banner",
    "bfd",
    "configure",
    "debug",
    "do",
    "domainname",
    "dump",
    "enable",
    "fpm",
    "frr",
    "hostname",
    "interface",
    "key",
    "line",
    "log",
    "mgmt",
    "nexthop-group",
    "password",
    "pbr-map",
    "route-map",
    "router",
    "router-id",
    "rpki",
    "segment-routing",
    "service",
    "username",
    "vrf",
    "zebra",
];

/// Second words after `ip` or `ipv6` that only the top level takes (`vrf` blocks take routes and `nht` too).
const TOP_IP_WORDS: [&str; 11] = [
    "access-list",
    "as-path",
    "community-list",
    "extcommunity-list",
    "forwarding",
    "import-table",
    "large-community-list",
    "multicast-routing",
    "prefix-list",
    "ssmpingd",
    "zebra",
];

/// Second words after `bgp` that the top level takes, and `router bgp` does not.
const TOP_BGP_WORDS: [&str; 13] = [
    "as-path",
    "community",
    "community-list",
    "extcommunity-list",
    "input-queue-limit",
    "large-community-list",
    "route-map",
    "send-extra-data",
    "no-rib",
    "output-queue-limit",
    "process-cpu-limit",
    "session-dscp",
    "update-delay",
];

/// Attributes of a neighbor that belong to an address family.
const FAMILY_ATTRIBUTES: [&str; 26] = [
    "activate",
    "accept-own",
    "addpath-rx-paths-limit",
    "addpath-tx-all-paths",
    "addpath-tx-best-selected",
    "addpath-tx-bestpath-per-AS",
    "advertise-map",
    "allowas-in",
    "as-override",
    "attribute-unchanged",
    "default-originate",
    "disable-addpath-rx",
    "distribute-list",
    "dampening",
    "filter-list",
    "maximum-prefix",
    "maximum-prefix-out",
    "next-hop-self",
    "nexthop-local",
    "prefix-list",
    "remove-private-AS",
    "route-map",
    "route-reflector-client",
    "route-server-client",
    "send-community",
    "soft-reconfiguration",
];
const FAMILY_ATTRIBUTES_RARE: [&str; 4] = ["soo", "unsuppress-map", "weight", "encapsulation-srv6"];

/// First words of an address family, `neighbor` and `bgp` apart.
const FAMILY_WORDS: [&str; 24] = [
    "advertise",
    "advertise-all-vni",
    "advertise-default-gw",
    "advertise-pip",
    "advertise-svi-ip",
    "aggregate-address",
    "autort",
    "default-originate",
    "distance",
    "dup-addr-detection",
    "export",
    "flooding",
    "import",
    "label",
    "maximum-paths",
    "mac-vrf",
    "network",
    "nexthop",
    "rd",
    "redistribute",
    "retain",
    "route-target",
    "rt",
    "table-map",
];

/// Returns the context that `words` open within `context`, if they are the header of a block.
pub(super) fn opens(context: Context, words: &[&str]) -> Option<Context> {
    match (context, words) {
        (Context::Top, ["router", "bgp", ..]) => Some(Context::Bgp),
        (Context::Top, ["route-map", _, "permit" | "deny", _]) => Some(Context::RouteMap),
        (Context::Top, ["interface", _, ..]) => Some(Context::Interface),
        (Context::Top, ["vrf", _]) => Some(Context::Vrf),
        (Context::Top, ["bfd"]) => Some(Context::Bfd),
        (Context::Bgp, ["address-family", family @ ..]) => {
            AddressFamily::from_config_words(&family.join(" ")).map(Context::Family).or(Some(Context::Opaque))
        }
        (Context::Bfd, ["profile", _] | ["peer", ..]) => Some(Context::BfdItem),
        (
            Context::Top,
            ["router" | "line" | "pbr-map" | "rpki" | "l2vpn", ..]
            | ["key", "chain", _]
            | ["nexthop-group", _]
            | ["segment-routing"]
            | ["mpls", "ldp"],
        )
        | (Context::Vrf, ["rpki"])
        | (Context::Bgp, ["segment-routing", ..])
        | (Context::Family(AddressFamily::L2vpnEvpn), ["vni", _]) => Some(Context::Opaque),
        _ => None,
    }
}

/// Returns whether `context` takes the line `words` (without a leading `no`).
pub(super) fn takes(context: Context, words: &[&str]) -> bool {
    let first = words.first().copied().unwrap_or_default();
    let second = words.get(1).copied().unwrap_or_default();
    match context {
        Context::Top => true,
        Context::Bgp => match first {
            "bgp" => !TOP_BGP_WORDS.contains(&second),
            "segment-routing" | "rpki" => words.len() > 1,
            "ip" | "ipv6" | "mpls" => false,
            _ => !TOP_WORDS.contains(&first),
        },
        Context::Family(family) => match first {
            // A prefix, or protocol, of the other family is no word of this one.
            "network" | "aggregate-address"
                if prefix(second).is_some_and(|net| !family.takes_prefix(net)) =>
            {
                false
            }
            "redistribute" if matches!(second, "ospf" | "rip" | "eigrp") => !is_ipv6(family),
            "redistribute" if matches!(second, "ospf6" | "ripng") => is_ipv6(family),
            "bgp" => second == "dampening",
            "neighbor" => is_family_line(words),
            _ => FAMILY_WORDS.contains(&first) || first.starts_with("vni") || first.starts_with("exit"),
        },
        Context::RouteMap => {
            matches!(
                first,
                "match" | "set" | "call" | "continue" | "on-match" | "description" | "optimization"
            )
        }
        Context::Interface | Context::Opaque => !is_top_only(words),
        Context::Vrf => match first {
            "ip" | "ipv6" => !TOP_IP_WORDS.contains(&second),
            "vni" | "mpls" | "netns" => true,
            "rpki" => words.len() == 1,
            _ => false,
        },
        Context::Bfd => matches!(first, "profile" | "peer"),
        Context::BfdItem => !is_top_only(words) && first != "peer" && first != "neighbor",
    }
}

fn prefix(word: &str) -> Option<IpNet> {
    word.parse().ok().or_else(|| word.parse::<IpAddr>().ok().map(IpNet::from))
}

fn is_ipv6(family: AddressFamily) -> bool {
    family.takes_prefix(IpNet::from(IpAddr::from([0_u16; 8])))
}

fn is_top_only(words: &[&str]) -> bool {
    let first = words.first().copied().unwrap_or_default();
    let second = words.get(1).copied().unwrap_or_default();
    match first {
        _ if opens(Context::Top, words).is_some() => true,
        "ip" | "ipv6" => {
            TOP_IP_WORDS.contains(&second) || matches!(second, "route" | "nht" | "protocol" | "router-id")
        }
        "bgp" => TOP_BGP_WORDS.contains(&second),
        "bfd" | "rpki" | "segment-routing" => second.is_empty(),
        _ => TOP_WORDS.contains(&first),
    }
}

/// Returns whether a line of `router bgp` belongs to an address family (ipv4 unicast, where none is open).
pub(super) fn is_family_line(words: &[&str]) -> bool {
    match words {
        [
            "network" | "aggregate-address" | "redistribute" | "distance" | "maximum-paths" | "table-map"
            | "import" | "rd" | "rt",
            ..,
        ]
        | ["neighbor", _, "capability", "orf", ..]
        | ["bgp", "dampening", ..] => true,
        ["neighbor", _, attribute, ..] => {
            FAMILY_ATTRIBUTES.contains(attribute) || FAMILY_ATTRIBUTES_RARE.contains(attribute)
        }
        _ => false,
    }
}
