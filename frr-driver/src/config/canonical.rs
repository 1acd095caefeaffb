//! One spelling for each statement: what people write becomes what FRR prints.

use std::net::Ipv6Addr;

use ipnet::IpNet;

use super::grammar::Context;
use crate::quirks::FrrVersion;

/// What decides about FRR's defaults.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Dialect {
    pub(super) version: FrrVersion,
    /// `frr defaults datacenter`.
    pub(super) datacenter: bool,
}

/// What becomes of a line.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// The line, in canonical words.
    Set(Vec<String>),
    /// The line states a default: FRR prints nothing, and whatever was set under the key is gone.
    Default,
}

/// Lines of the host or the file format, not of the routing configuration: FRR prints its own.
pub(super) fn belongs_to_host(words: &[&str]) -> bool {
    matches!(
        words,
        ["hostname" | "domainname" | "banner", ..]
            | ["frr", "version", ..]
            | ["frr", "defaults", "traditional"]
            | [
                "service",
                "integrated-vtysh-config" | "password-encryption" | "advanced-vty" | "terminal-length",
                ..
            ]
            | ["line", "vty"]
            | ["ip" | "ipv6", "forwarding"]
            | ["no", "ip" | "ipv6", "forwarding"]
            | ["no", "banner" | "hostname" | "domainname", ..]
    )
}

/// Defaults that are on: their `no` form is a statement of its own, and is printed.
const ON_BY_DEFAULT_BGP: &[&str] = &[
    "bgp ebgp-requires-policy",
    "bgp network import-check",
    "bgp fast-external-failover",
    "bgp client-to-client reflection",
    "bgp suppress-duplicates",
    "bgp graceful-restart notification",
    "bgp hard-administrative-reset",
    "bgp enforce-first-as",
    "bgp reject-as-sets",
    "bgp default ipv4-unicast",
];

/// What `frr defaults datacenter` switches on.
const ON_IN_DATACENTER: &[&str] = &[
    "bgp log-neighbor-changes",
    "bgp deterministic-med",
    "bgp default show-hostname",
    "bgp default show-nexthop-hostname",
];

/// Settings at their default: FRR prints nothing (measured on four versions).
const AT_DEFAULT: &[&str] = &[
    "bgp default local-preference 100",
    "bgp default subgroup-pkt-queue-max 40",
    "bgp default-originate timer 5",
    "bgp listen limit 100",
    "bgp conditional-advertisement timer 60",
    "bgp graceful-restart restart-time 120",
    "bgp graceful-restart stalepath-time 360",
    "bgp graceful-restart rib-stale-time 500",
    "bgp route-map delay-timer 5",
    "bgp session-dscp 48",
    "bgp input-queue-limit 10000",
    "bgp output-queue-limit 10000",
    "zebra route-map delay-timer 5",
    "distance bgp 20 200 200",
    "write-quanta 64",
    "read-quanta 10",
    "log facility daemon",
    "log timestamp precision 0",
    "detect-multiplier 3",
    "receive-interval 300",
    "transmit-interval 300",
    "echo-interval 50",
    "echo transmit-interval 50",
    "echo receive-interval 50",
    "minimum-ttl 254",
    "link-detect",
];

fn is_on_by_default(text: &str, dialect: Dialect) -> bool {
    ON_BY_DEFAULT_BGP.contains(&text) || (dialect.datacenter && ON_IN_DATACENTER.contains(&text))
}

/// Lines that FRR takes and never prints.
fn is_never_printed(context: Context, words: &[&str]) -> bool {
    matches!(
        (context, words),
        (Context::RouteMap, ["set", "forwarding-address", ..] | ["optimization", ..])
            | (Context::Bgp, ["use-underlays-nexthop-weight"])
            | (Context::Top, ["route-map", _, "optimization", ..])
    )
}

/// Returns the canonical form of a positive line.
pub(super) fn positive(context: Context, words: &[&str], dialect: Dialect) -> Form {
    if is_never_printed(context, words) {
        return Form::Default;
    }
    let mut words = spell(context, words);
    rewrite(context, &mut words);
    let version = dialect.version;
    let text = words.join(" ");
    let view: Vec<&str> = words.iter().map(String::as_str).collect();
    let is_default = AT_DEFAULT.contains(&text.as_str())
        || (context == Context::Bgp && is_on_by_default(&text, dialect))
        || text == if dialect.datacenter { "timers bgp 3 9" } else { "timers bgp 60 180" }
        || matches!(view.as_slice(), ["neighbor", _, "port", "179"] | ["neighbor", _, "ebgp-multihop", "1"])
        || (matches!(view.as_slice(), ["neighbor", _, "send-community"]))
        || (version.nht_resolves_via_default()
            && matches!(view.as_slice(), ["ip" | "ipv6", "nht", "resolve-via-default"]))
        || (version.enforces_first_as() && matches!(view.as_slice(), ["neighbor", _, "enforce-first-as"]));
    if is_default { Form::Default } else { Form::Set(words) }
}

/// Returns the canonical form of `no` + `words`, if it is a statement of its own and not only a removal.
pub(super) fn negative(context: Context, words: &[&str], known: bool, dialect: Dialect) -> Form {
    let text = words.join(" ");
    let version = dialect.version;
    let stands = match words {
        ["ip" | "ipv6", "nht", "resolve-via-default"] => version.nht_resolves_via_default(),
        ["neighbor", _, "enforce-first-as"] => version.enforces_first_as(),
        ["neighbor", _, "capability", kind] => matches!(*kind, "software-version" | "dynamic" | "link-local"),
        ["neighbor", _, "send-community", ..] | ["ip" | "ipv6", "forwarding"] => true,
        _ if context == Context::Bgp && is_on_by_default(&text, dialect) => true,
        _ => !known && matches!(context, Context::Top | Context::Bgp | Context::Interface | Context::Opaque),
    };
    if !stands {
        return Form::Default;
    }
    let mut form = vec!["no".to_owned()];
    form.extend(spell(context, words));
    Form::Set(form)
}

/// Words after which the rest of the line is text that FRR keeps as it is.
fn free_text_from(words: &[&str]) -> usize {
    let keywords = ["description", "remark", "message", "password", "hostname", "banner", "file"];
    words.iter().position(|word| keywords.contains(word)).map_or(words.len(), |at| at + 1)
}

/// Spells addresses and prefixes as FRR prints them: RFC 5952, host bits masked where FRR masks them.
pub(super) fn spell(context: Context, words: &[&str]) -> Vec<String> {
    let text_from = free_text_from(words);
    let masks = masks_host_bits(context, words);
    let mut is_name = false;
    let mut spelled = Vec::with_capacity(words.len());
    for (at, word) in words.iter().enumerate() {
        let keep = at >= text_from || is_name;
        is_name = matches!(
            *word,
            "route-map"
                | "prefix-list"
                | "access-list"
                | "distribute-list"
                | "filter-list"
                | "peer-group"
                | "profile"
        );
        spelled.push(if keep { (*word).to_owned() } else { address(word, masks) });
    }
    spelled
}

fn masks_host_bits(context: Context, words: &[&str]) -> bool {
    match words {
        ["ip" | "ipv6", "prefix-list" | "access-list" | "route", ..]
        | ["access-list" | "network" | "aggregate-address", ..]
        | ["bgp", "listen", ..] => context != Context::Interface,
        _ => false,
    }
}

fn address(word: &str, mask: bool) -> String {
    if !word.contains([':', '/']) {
        return word.to_owned();
    }
    if let Ok(address) = word.parse::<Ipv6Addr>() {
        return address.to_string();
    }
    match word.parse::<IpNet>() {
        Ok(prefix) if mask => prefix.trunc().to_string(),
        Ok(prefix) => prefix.to_string(),
        Err(_) => word.to_owned(),
    }
}

/// Replaces spellings that FRR prints in another way.
fn rewrite(context: Context, words: &mut Vec<String>) {
    let view: Vec<&str> = words.iter().map(String::as_str).collect();
    let replaced: Option<String> = match (context, view.as_slice()) {
        (Context::Bgp, ["neighbor", peer, "ebgp-multihop"]) => {
            Some(format!("neighbor {peer} ebgp-multihop 255"))
        }
        (Context::Bgp, ["neighbor", peer, "bfd", a, b, c]) if [a, b, c].iter().all(|w| is_number(w)) => {
            Some(format!("neighbor {peer} bfd"))
        }
        (Context::Bgp, ["neighbor", peer, "enforce-multihop"]) => {
            Some(format!("neighbor {peer} disable-connected-check"))
        }
        (Context::Bgp, ["neighbor", peer, "local-as", number, rest @ ..]) => {
            number.parse::<u32>().ok().map(|number| join(&format!("neighbor {peer} local-as {number}"), rest))
        }
        (Context::Bgp, ["bgp", "shutdown", ..]) => Some("bgp shutdown".to_owned()),
        (Context::Bgp, ["bgp", "cluster-id", number]) => {
            number.parse::<u32>().ok().map(|n| format!("bgp cluster-id {}", std::net::Ipv4Addr::from(n)))
        }
        (Context::Bgp, ["bgp", "bestpath", "as-path", "multipath-relax", "no-as-set"]) => {
            Some("bgp bestpath as-path multipath-relax".to_owned())
        }
        (Context::Bgp, ["bgp", "max-med", "administrative", "4294967294"]) => {
            Some("bgp max-med administrative".to_owned())
        }
        (Context::Bgp, ["timers", "bgp", keepalive, hold]) => {
            match (keepalive.parse::<u32>(), hold.parse::<u32>()) {
                (Ok(keepalive), Ok(hold)) => Some(format!("timers bgp {} {hold}", keepalive.min(hold / 3))),
                _ => None,
            }
        }
        (Context::Family(_), ["neighbor", peer, "allowas-in", "3"]) => {
            Some(format!("neighbor {peer} allowas-in"))
        }
        (Context::Family(_), ["neighbor", peer, "next-hop-self", "all"]) => {
            Some(format!("neighbor {peer} next-hop-self force"))
        }
        (Context::Family(_), ["neighbor", peer, "maximum-prefix", limit, "75", rest @ ..]) => {
            Some(join(&format!("neighbor {peer} maximum-prefix {limit}"), rest))
        }
        (Context::Family(_), ["neighbor", peer, "send-community", "both" | "all" | "standard"]) => {
            Some(format!("neighbor {peer} send-community"))
        }
        (Context::Family(_), ["aggregate-address", prefix, options @ ..]) => Some(aggregate(prefix, options)),
        (Context::Family(_), ["bgp", "dampening", "15"]) => Some("bgp dampening".to_owned()),
        (Context::RouteMap, ["continue", number]) => Some(format!("on-match goto {number}")),
        (Context::RouteMap, ["match", "ipv6", "next-hop", "address", hop]) => {
            Some(format!("match ipv6 next-hop {hop}"))
        }
        (Context::RouteMap, ["set", "community", members @ ..]) => Some(sorted_communities(members)),
        (
            Context::Top,
            ["log", kind @ ("file" | "syslog" | "stdout" | "monitor"), rest @ .., "debugging"],
        ) => Some(join(&format!("log {kind}"), rest)),
        (Context::BfdItem, ["peer", rest @ .., "vrf", "default"]) => Some(join("peer", rest)),
        (Context::Top | Context::Vrf, ["ip" | "ipv6", "route", ..]) => Some(static_route(&view)),
        _ => None,
    };
    if let Some(text) = replaced {
        *words = text.split(' ').map(str::to_owned).collect();
    }
}

/// Joins `head` and `rest` by blanks.
pub(super) fn join(head: &str, rest: &[&str]) -> String {
    let mut text = head.to_owned();
    for word in rest {
        text.push(' ');
        text.push_str(word);
    }
    text
}

fn is_number(word: &str) -> bool {
    !word.is_empty() && word.bytes().all(|b| b.is_ascii_digit())
}

/// `ip route A.B.C.D MASK NEXTHOP` is a prefix with a length, and a distance of 1 is not printed.
fn static_route(words: &[&str]) -> String {
    let mut words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
    let mask = words.get(3).and_then(|word| word.parse::<std::net::Ipv4Addr>().ok());
    let base = words.get(2).and_then(|word| word.parse::<std::net::Ipv4Addr>().ok());
    if let (Some(base), Some(mask)) = (base, mask)
        && let Ok(prefix) = ipnet::Ipv4Net::with_netmask(base, mask)
    {
        words.splice(2..4, [prefix.trunc().to_string()]);
    }
    if let Some(hop) = words.get_mut(3)
        && matches!(hop.as_str(), "null0" | "Null0")
    {
        "blackhole".clone_into(hop);
    }
    if words.len() > 4
        && words.last().is_some_and(|word| word == "1")
        && words.get(words.len() - 2).is_none_or(|word| !matches!(word.as_str(), "tag" | "table" | "label"))
    {
        words.pop();
    }
    words.join(" ")
}

/// `aggregate-address`: the options in the order of FRR's print.
fn aggregate(prefix: &str, options: &[&str]) -> String {
    const ORDER: [&str; 6] =
        ["as-set", "summary-only", "route-map", "origin", "matching-MED-only", "suppress-map"];
    let mut text = format!("aggregate-address {prefix}");
    for option in ORDER {
        let Some(at) = options.iter().position(|word| *word == option) else { continue };
        let takes_value = matches!(option, "route-map" | "origin" | "suppress-map");
        let words = options.get(at..=at + usize::from(takes_value)).unwrap_or_default();
        text = join(&text, words);
    }
    text
}

/// `set community`: members sorted by value, each once, `additive` last.
fn sorted_communities(members: &[&str]) -> String {
    let value = |member: &&&str| -> (u32, u32) {
        match **member {
            "internet" => (0, 0),
            "graceful-shutdown" => (65535, 0),
            "accept-own" => (65535, 1),
            "route-filter-translated-v4" => (65535, 2),
            "route-filter-v4" => (65535, 3),
            "route-filter-translated-v6" => (65535, 4),
            "route-filter-v6" => (65535, 5),
            "llgr-stale" => (65535, 6),
            "no-llgr" => (65535, 7),
            "accept-own-nexthop" => (65535, 8),
            "blackhole" => (65535, 666),
            "no-export" => (65535, 65281),
            "no-advertise" => (65535, 65282),
            "local-AS" | "no-export-subconfed" => (65535, 65283),
            "no-peer" => (65535, 65284),
            "additive" => (u32::MAX, u32::MAX),
            other => {
                let (high, low) = other.split_once(':').unwrap_or((other, "0"));
                (high.parse().unwrap_or(u32::MAX - 1), low.parse().unwrap_or_default())
            }
        }
    };
    let mut sorted: Vec<&&str> = members.iter().collect();
    sorted.sort_by_key(value);
    sorted.dedup_by_key(|member| value(member));
    let words: Vec<&str> = sorted.into_iter().copied().collect();
    join("set community", &words)
}
