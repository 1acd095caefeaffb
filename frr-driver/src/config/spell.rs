//! Addresses and prefixes as FRR prints them: RFC 5952, host bits masked where FRR masks them.

use std::net::Ipv6Addr;

use ipnet::IpNet;

use super::grammar::Context;
use crate::quirks::FrrVersion;

/// Words after which the rest of the line is text that FRR keeps as it is.
const FREE_TEXT: [&str; 8] =
    ["description", "remark", "message", "password", "hostname", "banner", "file", "key-string"];

/// Words after which a name follows, which keeps its spelling whatever it looks like.
const BEFORE_A_NAME: [&str; 13] = [
    "route-map",
    "prefix-list",
    "access-list",
    "distribute-list",
    "filter-list",
    "peer-group",
    "profile",
    "community-list",
    "call",
    "unsuppress-map",
    "suppress-map",
    "advertise-map",
    "table-map",
];

/// Returns `words` with each address and prefix as FRR prints it; `None` where they are so already.
pub(super) fn spell(context: Context, words: &[&str], version: FrrVersion) -> Option<Vec<String>> {
    if !words.iter().any(|word| word.bytes().any(|byte| matches!(byte, b':' | b'/'))) {
        return None;
    }
    if context == Context::RouteMap && keeps_spelling(words, version) {
        return None;
    }
    let text_from = words.iter().position(|word| FREE_TEXT.contains(word)).unwrap_or(words.len());
    let masks = masks_host_bits(context, words);
    let mut is_name = false;
    let mut spelled: Option<Vec<String>> = None;
    for (at, word) in words.iter().enumerate() {
        let keep = at > text_from || is_name;
        is_name = BEFORE_A_NAME.contains(word);
        let Some(other) = (!keep).then(|| address(word, masks)).flatten() else { continue };
        let all = spelled.get_or_insert_with(|| words.iter().map(|word| (*word).to_owned()).collect());
        if let Some(slot) = all.get_mut(at) {
            *slot = other;
        }
    }
    spelled
}

/// Clauses of a route-map that 7.5.1 stores as they are written.
fn keeps_spelling(words: &[&str], version: FrrVersion) -> bool {
    version.keeps_clause_spelling()
        && matches!(
            words,
            ["match", "ipv6", "next-hop", ..]
                | ["match", "peer", ..]
                | ["set", "ipv6", "next-hop", "global", _]
        )
}

fn masks_host_bits(context: Context, words: &[&str]) -> bool {
    match words {
        ["ip" | "ipv6", "prefix-list" | "access-list" | "route", ..]
        | ["access-list" | "network" | "aggregate-address", ..]
        | ["bgp", "listen", ..] => context != Context::Interface,
        _ => false,
    }
}

/// The other spelling of `word`, if it is an address or prefix that FRR prints in another way.
fn address(word: &str, mask: bool) -> Option<String> {
    if !word.contains([':', '/']) {
        return None;
    }
    let spelled = if let Ok(address) = word.parse::<Ipv6Addr>() {
        address.to_string()
    } else {
        let prefix = word.parse::<IpNet>().ok()?;
        if mask { prefix.trunc().to_string() } else { prefix.to_string() }
    };
    (spelled != word).then_some(spelled)
}
