//! Replaces spellings that FRR prints in another way. Measured on four versions.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::{community, grammar::Context, static_route};
use crate::{quirks::FrrVersion, session::AddressFamily};

/// Returns the line that FRR prints for `words`, where it is another one.
pub(super) fn rewrite(context: Context, words: &[&str], version: FrrVersion) -> Option<String> {
    match context {
        Context::Bgp => bgp(words, version),
        Context::Family(AddressFamily::Ipv6Unicast) if version.redistributes_ipv6_tables() => match words {
            ["redistribute", "table", rest @ ..] => Some(join("redistribute table-direct", rest)),
            _ => family(words),
        },
        Context::Family(_) => family(words),
        Context::RouteMap => route_map(words, version),
        Context::Top => top(words).or_else(|| static_route::rewrite(words)),
        Context::Vrf => static_route::rewrite(words),
        Context::BfdItem | Context::Bfd => match words {
            ["peer", rest @ .., "vrf", "default"] => Some(join("peer", rest)),
            _ => None,
        },
        Context::Interface | Context::Opaque => None,
    }
}

fn bgp(words: &[&str], version: FrrVersion) -> Option<String> {
    match words {
        ["neighbor", peer, "ebgp-multihop"] if version.prints_multihop_255() => {
            Some(format!("neighbor {peer} ebgp-multihop 255"))
        }
        ["neighbor", peer, "ebgp-multihop", "255"] if !version.prints_multihop_255() => {
            Some(format!("neighbor {peer} ebgp-multihop"))
        }
        ["neighbor", peer, "bfd", a, b, c] if [a, b, c].iter().all(|word| is_number(word)) => {
            Some(format!("neighbor {peer} bfd"))
        }
        ["neighbor", peer, "enforce-multihop"] => Some(format!("neighbor {peer} disable-connected-check")),
        ["neighbor", peer, "local-as", number, rest @ ..] => {
            let number = without_zeros(number)?;
            Some(join(&format!("neighbor {peer} local-as {number}"), rest))
        }
        ["bgp", "shutdown", _, ..] => Some("bgp shutdown".to_owned()),
        ["bgp", "cluster-id", number] => {
            number.parse::<u32>().ok().map(|number| format!("bgp cluster-id {}", Ipv4Addr::from(number)))
        }
        ["bgp", "bestpath", "as-path", "multipath-relax", "no-as-set"] => {
            Some("bgp bestpath as-path multipath-relax".to_owned())
        }
        ["bgp", "bestpath", "med", "missing-as-worst", "confed"] => {
            Some("bgp bestpath med confed missing-as-worst".to_owned())
        }
        ["bgp", "max-med", "administrative", "4294967294"] => Some("bgp max-med administrative".to_owned()),
        ["update-delay", delay, establish_wait] if delay == establish_wait => {
            Some(format!("update-delay {delay}"))
        }
        ["timers", "bgp", keepalive, hold] => {
            let (keepalive, hold) = (keepalive.parse::<u32>().ok()?, hold.parse::<u32>().ok()?);
            Some(format!("timers bgp {} {hold}", keepalive.min(hold / 3)))
        }
        _ => None,
    }
}

fn family(words: &[&str]) -> Option<String> {
    match words {
        ["neighbor", peer, "allowas-in", "3"] => Some(format!("neighbor {peer} allowas-in")),
        ["neighbor", peer, "next-hop-self", "all"] => Some(format!("neighbor {peer} next-hop-self force")),
        ["neighbor", peer, "maximum-prefix", limit, "75", rest @ ..] => {
            Some(join(&format!("neighbor {peer} maximum-prefix {limit}"), rest))
        }
        ["neighbor", peer, "attribute-unchanged", which @ ..] => {
            let all = ["as-path", "next-hop", "med"];
            let chosen: Vec<&str> =
                all.into_iter().filter(|name| which.is_empty() || which.contains(name)).collect();
            Some(join(&format!("neighbor {peer} attribute-unchanged"), &chosen))
        }
        ["network", prefix, "mask", mask, rest @ ..] => {
            let net = ipnet::Ipv4Net::with_netmask(prefix.parse().ok()?, mask.parse().ok()?).ok()?;
            Some(join(&format!("network {}", net.trunc()), rest))
        }
        ["network", address, rest @ ..] => {
            let net = classful(address.parse().ok()?)?;
            Some(join(&format!("network {net}"), rest))
        }
        ["aggregate-address", prefix, options @ ..] => Some(aggregate(prefix, options)),
        ["bgp", "dampening", "15"] => Some("bgp dampening".to_owned()),
        _ => None,
    }
}

fn route_map(words: &[&str], version: FrrVersion) -> Option<String> {
    match words {
        ["continue", number] => Some(format!("on-match goto {number}")),
        ["match", "ipv6", "next-hop", hop]
            if version.names_ipv6_next_hop_address() && hop.parse::<Ipv6Addr>().is_ok() =>
        {
            Some(format!("match ipv6 next-hop address {hop}"))
        }
        ["match", "rpki", state] if version.names_rpki_extcommunity() => {
            Some(format!("match rpki-extcommunity {state}"))
        }
        ["set", "community", members @ ..] => {
            let members = community::sorted(members.iter().copied());
            Some(format!("set community {}", members.join(" ")))
        }
        _ => None,
    }
}

fn top(words: &[&str]) -> Option<String> {
    match words {
        ["log", kind @ ("file" | "syslog" | "stdout" | "monitor"), rest @ .., "debugging"] => {
            Some(join(&format!("log {kind}"), rest))
        }
        ["router-id", id] => Some(format!("ip router-id {id}")),
        ["bgp", "update-delay", delay, establish_wait] if delay == establish_wait => {
            Some(format!("bgp update-delay {delay}"))
        }
        _ => None,
    }
}

/// Lines that FRR prints instead of the one that was written, where they are several.
pub(super) fn expand(words: &[&str], version: FrrVersion) -> Option<Vec<String>> {
    const NORTHBOUND: [&str; 7] = [
        "callbacks configuration",
        "callbacks state",
        "callbacks rpc",
        "callbacks notify",
        "notifications",
        "events",
        "libyang",
    ];
    let lines = |words: &[&str], prefix: &str| words.iter().map(|word| format!("{prefix} {word}")).collect();
    match words {
        ["debug", "bgp", "updates"] => Some(lines(&["in", "out"], "debug bgp updates")),
        ["debug", "mgmt", kinds @ ..] if kinds.len() > 1 => Some(lines(kinds, "debug mgmt")),
        ["debug", "northbound"] => {
            let known: Vec<&str> = NORTHBOUND
                .into_iter()
                .filter(|word| *word != "callbacks notify" || version.debugs_northbound_notify())
                .collect();
            Some(lines(&known, "debug northbound"))
        }
        _ => None,
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
    !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_digit())
}

/// A number that was written with leading zeros, without them.
pub(super) fn without_zeros(word: &str) -> Option<u32> {
    if word.len() > 1 && word.starts_with('0') && is_number(word) { word.parse().ok() } else { None }
}

/// The network of an address without a length, by its class (`bgpd`, `str2prefix` after `netmask_str2prefix_str`).
fn classful(address: Ipv4Addr) -> Option<ipnet::Ipv4Net> {
    let length = match address.octets() {
        [0..=127, ..] => 8,
        [128..=191, ..] => 16,
        [192..=223, ..] => 24,
        _ => 32,
    };
    ipnet::Ipv4Net::new(address, length).ok().map(|net| net.trunc())
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

/// `bgp bestpath med`: the words add up (`bgpd/bgp_vty.c`, `bgp_bestpath_med`).
pub(super) fn bestpath_med(words: &[&str], before: Option<&str>) -> String {
    let said =
        |word: &str| words.contains(&word) || before.is_some_and(|line| line.split(' ').any(|w| w == word));
    let all: Vec<&str> = ["confed", "missing-as-worst"].into_iter().filter(|word| said(word)).collect();
    join("bgp bestpath med", &all)
}

/// `maximum-paths ibgp N`: an `equal-cluster-length` of before stays.
pub(super) fn maximum_paths(words: &[&str], before: Option<&str>) -> String {
    const KEPT: &str = "equal-cluster-length";
    let keeps = before.is_some_and(|line| line.ends_with(KEPT));
    join(&words.join(" "), if keeps { &[KEPT] } else { &[] })
}

/// `redistribute X`: what is said adds up with what was said before; `metric` is printed before `route-map`.
pub(super) fn redistribute(words: &[&str], before: Option<&str>) -> String {
    let protocol = words.iter().take_while(|word| !matches!(**word, "metric" | "route-map")).count();
    let before: Vec<&str> = before.unwrap_or_default().split(' ').collect();
    let value = |keyword: &str| {
        [words, &before].into_iter().find_map(|words| {
            let at = words.iter().position(|word| *word == keyword)?;
            words.get(at + 1).copied()
        })
    };
    let mut text = words.get(..protocol).unwrap_or_default().join(" ");
    for keyword in ["metric", "route-map"] {
        if let Some(value) = value(keyword) {
            text = join(&text, &[keyword, value]);
        }
    }
    text
}
