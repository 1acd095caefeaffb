//! What a line sets: two lines with the same key set the same thing, and the later one wins.
//!
//! Measured on four versions; what is not in the tables is its own key, whole text.

use std::{collections::HashMap, sync::LazyLock};

use super::{grammar::Context, static_route};
use crate::quirks::FrrVersion;

/// What a line sets.
pub(super) struct Key {
    /// Identity among its siblings.
    pub(super) text: String,
    /// Whether the tables know the line: `no` of a known line leaves nothing behind.
    pub(super) known: bool,
}

/// A pattern word: itself, `*` = any word, part of the key; `?` = any word, a value.
/// `...` at the end = the rest is the value, and may be missing.
type Pattern = &'static str;

const TOP: &[Pattern] = &[
    "hostname ...",
    "domainname ...",
    "frr version ...",
    "frr defaults ...",
    "log file ...",
    "log syslog ...",
    "log stdout ...",
    "log monitor ...",
    "log facility ...",
    "log timestamp precision ...",
    "log record-priority",
    "log commands",
    "ip router-id ...",
    "ipv6 router-id ...",
    "router-id ...",
    "ip protocol * ...",
    "ipv6 protocol * ...",
    "ip nht resolve-via-default",
    "ipv6 nht resolve-via-default",
    "bgp route-map delay-timer ...",
    "bgp update-delay ...",
    "bgp send-extra-data zebra",
    "bgp no-rib",
    "bgp graceful-shutdown",
    "bgp suppress-fib-pending",
    "zebra route-map delay-timer ...",
    "bgp session-dscp ...",
    "bgp input-queue-limit ...",
    "bgp output-queue-limit ...",
    "ip prefix-list * description ...",
    "ipv6 prefix-list * description ...",
    "access-list * remark ...",
    "ipv6 access-list * remark ...",
    "service *",
];

const BGP: &[Pattern] = &[
    "bgp router-id ...",
    "bgp cluster-id ...",
    "bgp confederation identifier ...",
    "bgp coalesce-time ...",
    "bgp conditional-advertisement timer ...",
    "bgp default local-preference ...",
    "bgp default subgroup-pkt-queue-max ...",
    "bgp default show-hostname",
    "bgp default show-nexthop-hostname",
    "bgp default shutdown",
    "bgp default *",
    "bgp default-originate timer ...",
    "bgp graceful-restart restart-time ...",
    "bgp graceful-restart stalepath-time ...",
    "bgp graceful-restart rib-stale-time ...",
    "bgp graceful-restart select-defer-time ...",
    "bgp long-lived-graceful-restart stale-time ...",
    "bgp listen limit ...",
    "bgp listen range * ...",
    "bgp max-med on-startup ...",
    "bgp max-med administrative ...",
    "bgp bestpath med ...",
    "bgp bestpath bandwidth ...",
    "bgp bestpath as-path multipath-relax ...",
    "bgp bestpath as-path *",
    "bgp minimum-holdtime ...",
    "bgp tcp-keepalive ...",
    "bgp update-delay ...",
    "bgp shutdown ...",
    "bgp reject-as-sets",
    "bgp suppress-fib-pending",
    "bgp fast-external-failover",
    "bgp client-to-client reflection",
    "bgp network import-check",
    "bgp ebgp-requires-policy",
    "bgp suppress-duplicates",
    "bgp hard-administrative-reset",
    "bgp enforce-first-as",
    "bgp graceful-restart notification",
    "bgp graceful-restart preserve-fw-state",
    "bgp graceful-restart disable-eor",
    "bgp graceful-restart",
    "bgp graceful-restart-disable",
    "bgp allow-martian-nexthop",
    "bgp labeled-unicast ...",
    "bgp ipv6-auto-ra",
    "bgp per-source-nhg",
    "bgp graceful-shutdown",
    "bgp always-compare-med",
    "bgp deterministic-med",
    "bgp log-neighbor-changes",
    "bgp route-reflector allow-outbound-policy",
    "bgp disable-ebgp-connected-route-check",
    "bgp fast-convergence",
    "bgp bestpath compare-routerid",
    "bgp bestpath peer-type multipath-relax",
    "timers bgp ...",
    "update-delay ...",
    "coalesce-time ...",
    "read-quanta ...",
    "write-quanta ...",
    "neighbor * interface ...",
    "neighbor * remote-as ...",
    "neighbor * local-as ...",
    "neighbor * local-role ...",
    "neighbor * description ...",
    "neighbor * password ...",
    "neighbor * ebgp-multihop ...",
    "neighbor * ttl-security hops ...",
    "neighbor * update-source ...",
    "neighbor * port ...",
    "neighbor * timers connect ...",
    "neighbor * timers delayopen ...",
    "neighbor * timers ...",
    "neighbor * tcp-mss ...",
    "neighbor * advertisement-interval ...",
    "neighbor * shutdown ...",
    "neighbor * peer-group ...",
    "neighbor * bfd profile ...",
    "neighbor * bfd check-control-plane-failure",
    "neighbor * bfd strict",
    "neighbor * bfd ...",
    "neighbor * passive",
    "neighbor * solo",
    "neighbor * disable-connected-check",
    "neighbor * dont-capability-negotiate",
    "neighbor * override-capability",
    "neighbor * strict-capability-match",
    "neighbor * sender-as-path-loop-detection",
    "neighbor * extended-optional-parameters",
    "neighbor * enforce-first-as",
    "neighbor * graceful-restart",
    "neighbor * graceful-restart-helper",
    "neighbor * graceful-restart-disable",
    "neighbor * graceful-shutdown",
    "neighbor * capability *",
    "neighbor * path-attribute discard ...",
    "neighbor * path-attribute treat-as-withdraw ...",
];

const FAMILY: &[Pattern] = &[
    "neighbor * activate",
    "neighbor * route-map ? in",
    "neighbor * route-map ? out",
    "neighbor * prefix-list ? in",
    "neighbor * prefix-list ? out",
    "neighbor * distribute-list ? in",
    "neighbor * distribute-list ? out",
    "neighbor * filter-list ? in",
    "neighbor * filter-list ? out",
    "neighbor * unsuppress-map ...",
    "neighbor * default-originate ...",
    "neighbor * weight ...",
    "neighbor * allowas-in ...",
    "neighbor * maximum-prefix ...",
    "neighbor * maximum-prefix-out ...",
    "neighbor * advertise-map ...",
    "neighbor * addpath-rx-paths-limit ...",
    "neighbor * capability orf ...",
    "neighbor * disable-addpath-rx",
    "neighbor * attribute-unchanged ...",
    "neighbor * next-hop-self force",
    "neighbor * next-hop-self",
    "neighbor * nexthop-local unchanged",
    "neighbor * as-override",
    "neighbor * accept-own",
    "neighbor * dampening ...",
    "neighbor * remove-private-AS",
    "neighbor * remove-private-AS all",
    "neighbor * remove-private-AS replace-AS",
    "neighbor * remove-private-AS all replace-AS",
    "neighbor * route-reflector-client",
    "neighbor * route-server-client",
    "neighbor * send-community *",
    "neighbor * send-community",
    "neighbor * soft-reconfiguration inbound",
    "neighbor * soo ...",
    "network * ...",
    "aggregate-address * ...",
    "redistribute table * ...",
    "redistribute table-direct * ...",
    "redistribute ospf * ...",
    "redistribute * ...",
    "distance bgp ...",
    "maximum-paths ibgp ...",
    "maximum-paths ...",
    "table-map ...",
    "import vrf route-map ...",
    "import vrf *",
    "rd vpn export ...",
    "label vpn export ...",
    "nexthop vpn export ...",
    "route-map vpn *  ...",
    "bgp dampening ...",
];

const ROUTE_MAP: &[Pattern] = &[
    "call ...",
    "description ...",
    "on-match ...",
    "match ip address prefix-list ...",
    "match ip address prefix-len ...",
    "match ip address ...",
    "match ip next-hop prefix-list ...",
    "match ip next-hop prefix-len ...",
    "match ip next-hop address ...",
    "match ip next-hop type ...",
    "match ip next-hop ...",
    "match ip route-source prefix-list ...",
    "match ip route-source ...",
    "match ipv6 address prefix-list ...",
    "match ipv6 address prefix-len ...",
    "match ipv6 address ...",
    "match ipv6 next-hop prefix-list ...",
    "match ipv6 next-hop type ...",
    "match ipv6 next-hop ...",
    "match evpn * ...",
    "match * ...",
    "set as-path prepend ...",
    "set as-path exclude ...",
    "set as-path replace ...",
    "set ip next-hop peer-address",
    "set ip next-hop unchanged",
    "set ip next-hop ...",
    "set ipv6 next-hop global ...",
    "set ipv6 next-hop local ...",
    "set ipv6 next-hop *",
    "set ipv4 vpn next-hop ...",
    "set ipv6 vpn next-hop ...",
    "set comm-list ? delete",
    "set large-comm-list ? delete",
    "set extended-comm-list ? delete",
    "set extcommunity * ...",
    "set evpn gateway-ip * ...",
    "set * ...",
];

const BFD_ITEM: &[Pattern] = &[
    "detect-multiplier ...",
    "receive-interval ...",
    "transmit-interval ...",
    "echo-interval ...",
    "echo transmit-interval ...",
    "echo receive-interval ...",
    "minimum-ttl ...",
    "profile ...",
    "label ...",
    "shutdown",
    "passive-mode",
    "echo-mode",
    "log-session-changes",
];

const INTERFACE: &[Pattern] = &["description ...", "bandwidth ...", "shutdown", "link-detect", "multicast"];

const VRF: &[Pattern] = &["vni ...", "ip router-id ...", "ip protocol * ...", "ip nht resolve-via-default"];

/// Returns what `words` (without a leading `no`) set in `context`.
pub(super) fn key(context: Context, words: &[&str], version: FrrVersion) -> Key {
    if matches!(context, Context::Top | Context::Vrf)
        && let Some(text) = static_route::key(words, version)
    {
        return Key { text, known: true };
    }
    // One setting, three words for it (`bgpd/bgp_addpath.c`).
    if let ["neighbor", peer, attribute, ..] = words
        && attribute.starts_with("addpath-tx-")
    {
        return Key { text: format!("neighbor {peer} addpath-tx"), known: true };
    }
    let index: &Index = match context {
        Context::Top => &TOP_INDEX,
        Context::Bgp => &BGP_INDEX,
        Context::Family(_) => &FAMILY_INDEX,
        Context::RouteMap => &ROUTE_MAP_INDEX,
        Context::Interface => &INTERFACE_INDEX,
        Context::Vrf => &VRF_INDEX,
        Context::BfdItem => &BFD_ITEM_INDEX,
        Context::Bfd | Context::Opaque => return Key { text: words.join(" "), known: false },
    };
    match index.get(bucket(words)).into_iter().flatten().find_map(|pattern| matched(pattern, words)) {
        Some(text) => Key { text, known: true },
        None => Key { text: words.join(" "), known: false },
    }
}

/// Patterns by [`bucket`]: a context has up to a hundred, and a bucket a handful.
type Index = HashMap<&'static str, Vec<Vec<&'static str>>>;

static TOP_INDEX: LazyLock<Index> = LazyLock::new(|| index(TOP));
static BGP_INDEX: LazyLock<Index> = LazyLock::new(|| index(BGP));
static FAMILY_INDEX: LazyLock<Index> = LazyLock::new(|| index(FAMILY));
static ROUTE_MAP_INDEX: LazyLock<Index> = LazyLock::new(|| index(ROUTE_MAP));
static INTERFACE_INDEX: LazyLock<Index> = LazyLock::new(|| index(INTERFACE));
static VRF_INDEX: LazyLock<Index> = LazyLock::new(|| index(VRF));
static BFD_ITEM_INDEX: LazyLock<Index> = LazyLock::new(|| index(BFD_ITEM));

fn index(patterns: &[Pattern]) -> Index {
    let mut index = Index::new();
    for pattern in patterns {
        let tokens: Vec<&'static str> = pattern.split_ascii_whitespace().collect();
        index.entry(bucket(&tokens)).or_default().push(tokens);
    }
    index
}

/// The word that tells patterns apart best: the attribute of a neighbor, else the first word.
fn bucket<'a>(words: &[&'a str]) -> &'a str {
    match words {
        ["neighbor", _, attribute, ..] => attribute,
        [first, ..] => first,
        [] => "",
    }
}

fn matched(pattern: &[&str], words: &[&str]) -> Option<String> {
    let mut key = String::new();
    let mut rest = words.iter();
    for token in pattern {
        if *token == "..." {
            return Some(key);
        }
        let word = rest.next()?;
        match *token {
            "?" => continue,
            "*" => {}
            literal if literal == *word => {}
            _ => return None,
        }
        if !key.is_empty() {
            key.push(' ');
        }
        key.push_str(word);
    }
    rest.next().is_none().then_some(key)
}

/// The patterns of `context`, for a test that holds another table against this one.
#[cfg(test)]
pub(crate) fn patterns(context: Context) -> &'static [&'static str] {
    match context {
        Context::Top => TOP,
        Context::Bgp => BGP,
        Context::Family(_) => FAMILY,
        Context::RouteMap => ROUTE_MAP,
        Context::Interface => INTERFACE,
        Context::Vrf => VRF,
        Context::BfdItem => BFD_ITEM,
        Context::Bfd | Context::Opaque => &[],
    }
}
